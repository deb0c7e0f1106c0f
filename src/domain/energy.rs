//! Energy as meters show it and as documents print it, exact. Source: R-RND, R-VOL-1.

use std::fmt;
use std::iter::Sum;
use std::ops::Add;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::money::plain;

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

    /// Rounded half away from zero to three decimals, below zero too; `None` when it does not fit (R-EST).
    pub fn rounded(units: Decimal) -> Option<Self> {
        Kwh::rounded(units.checked_mul(Decimal::ONE_THOUSAND)?).map(|thousandths| Self(thousandths.0))
    }

    /// The value as on the dial, in kWh or kvarh.
    pub fn units(self) -> Decimal {
        Decimal::new(self.0, 3).normalize()
    }
}

impl fmt::Display for RegisterTotal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As [`RegisterTotal::units`], without its divisions: a calculation prints many.
        let (whole, thousandths) = (self.0 / 1000, self.0 % 1000);
        match thousandths {
            0 => write!(f, "{whole}"),
            1..=999 if thousandths % 100 == 0 => write!(f, "{whole}.{}", thousandths / 100),
            1..=999 if thousandths % 10 == 0 => write!(f, "{whole}.{:02}", thousandths / 10),
            1..=999 => write!(f, "{whole}.{thousandths:03}"),
            _ => self.units().fmt(f),
        }
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
        plain(f, self.0)
    }
}

/// Energy between two readings of one register, whole kWh or kvarh: `round0((closing − opening) × coefficient)`.
///
/// `None` when the total fell (E9) or the product does not fit. Source: R-VOL-1, R-VOL-2.
pub fn volume(opening: RegisterTotal, closing: RegisterTotal, coefficient: Coefficient) -> Option<Kwh> {
    if closing < opening {
        return None;
    }
    let difference = closing.units().checked_sub(opening.units())?;
    Kwh::rounded(difference.checked_mul(coefficient.value())?)
}
