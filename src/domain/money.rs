//! Money and prices, exact. Source: R-RND.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use rust_decimal::{Decimal, RoundingStrategy};

/// Money in kopiykas, hundredths of a hryvnia.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Kopiykas(pub i64);

impl Kopiykas {
    pub const ZERO: Self = Self(0);

    /// A hryvnia amount rounded half away from zero to kopiykas; `None` past ±92 quadrillion hryvnias (R-RND).
    pub fn from_hryvnias(amount: Decimal) -> Option<Self> {
        let rounded = amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        let kopiykas = rounded.checked_mul(Decimal::ONE_HUNDRED)?;
        i64::try_from(kopiykas.trunc()).ok().map(Self)
    }

    /// The same amount in hryvnias, with two decimals.
    pub fn hryvnias(self) -> Decimal {
        Decimal::new(self.0, 2)
    }
}

impl fmt::Display for Kopiykas {
    /// Decimal hryvnias with a point and two decimals, `1234.50`: the form of JSON and XML.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.hryvnias().fmt(f)
    }
}

impl Add for Kopiykas {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Kopiykas {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Sum for Kopiykas {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// A price in hryvnias a kilowatt-hour (or kilovar-hour), without VAT, at most five decimals (R-RND).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Price(Decimal);

impl Price {
    /// `None` for a negative price or one with more than five decimals.
    pub fn new(hryvnias_a_kwh: Decimal) -> Option<Self> {
        let normal = hryvnias_a_kwh.normalize();
        (!normal.is_sign_negative() && normal.scale() <= 5).then_some(Self(normal))
    }

    /// Rounded half away from zero to five decimals, for zone prices made with a coefficient (R-PRICE-2).
    pub fn rounded(hryvnias_a_kwh: Decimal) -> Option<Self> {
        Self::new(hryvnias_a_kwh.round_dp_with_strategy(5, RoundingStrategy::MidpointAwayFromZero))
    }

    pub fn value(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_kopiyka_rounds_away_from_zero() {
        let cases = [("1.005", 101), ("1.0049999", 100), ("-1.005", -101), ("0.004", 0), ("0", 0)];
        for (amount, expected) in cases {
            assert_eq!(Kopiykas::from_hryvnias(amount.parse().unwrap()), Some(Kopiykas(expected)), "{amount}");
        }
        assert_eq!(Kopiykas::from_hryvnias(Decimal::MAX), None);
        assert_eq!(Kopiykas(123_450).to_string(), "1234.50");
        assert_eq!(Kopiykas(-5).to_string(), "-0.05");
    }

    #[test]
    fn a_price_has_at_most_five_decimals() {
        assert!(Price::new("4.12345".parse().unwrap()).is_some());
        assert!(Price::new("4.123450".parse().unwrap()).is_some());
        assert!(Price::new("4.123456".parse().unwrap()).is_none());
        assert!(Price::new("-0.1".parse().unwrap()).is_none());
        assert_eq!(Price::rounded("4.123455".parse().unwrap()).map(|p| p.to_string()), Some("4.12346".to_owned()));
    }
}
