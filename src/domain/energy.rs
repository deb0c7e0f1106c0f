//! Energy as meters show it and as documents print it, exact. Source: R-RND, R-VOL-1.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use rust_decimal::{Decimal, RoundingStrategy};

/// What a register shows, in thousandths of its unit: Wh for active, varh for reactive energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct RegisterTotal(pub i64);

impl RegisterTotal {
    /// `None` for a negative value, more than three decimals, or past nine integer digits (no meter has more).
    pub fn from_units(kwh: Decimal) -> Option<Self> {
        let normal = kwh.normalize();
        if normal.is_sign_negative() || normal.scale() > 3 || normal >= Decimal::from(1_000_000_000_u64) {
            return None;
        }
        let thousandths = normal.checked_mul(Decimal::ONE_THOUSAND)?;
        i64::try_from(thousandths.trunc()).ok().map(Self)
    }

    /// The value as on the dial, in kWh or kvarh.
    pub fn units(self) -> Decimal {
        Decimal::new(self.0, 3).normalize()
    }
}

impl fmt::Display for RegisterTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.units().fmt(f)
    }
}

/// Whole kilowatt-hours (or kilovar-hours) of a printed row (R-RND).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Kwh(pub i64);

impl Kwh {
    pub const ZERO: Self = Self(0);

    /// Rounded half away from zero to whole kilowatt-hours; `None` when it does not fit.
    pub fn rounded(kwh: Decimal) -> Option<Self> {
        let rounded = kwh.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        i64::try_from(rounded).ok().map(Self)
    }
}

impl fmt::Display for Kwh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Add for Kwh {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Kwh {
    fn sum<I: Iterator<Item = Self>>(volumes: I) -> Self {
        volumes.fold(Self::ZERO, Add::add)
    }
}

/// Calculation coefficient («розрахунковий коефіцієнт»): current times voltage transformer ratio, above zero (R-VOL-2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Coefficient(Decimal);

impl Coefficient {
    /// `None` unless above zero, at most 1 000 000 and of at most four decimals.
    pub fn new(ratio: Decimal) -> Option<Self> {
        let normal = ratio.normalize();
        let fits = normal > Decimal::ZERO && normal <= Decimal::from(1_000_000_u32) && normal.scale() <= 4;
        fits.then_some(Self(normal))
    }

    pub fn value(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Coefficient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
