//! Money and prices, exact. Source: R-RND.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use rust_decimal::{Decimal, RoundingStrategy};

/// Rounded half away from zero to so many decimals (R-RND).
pub fn rounded(value: Decimal, decimals: u32) -> Decimal {
    value.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero)
}

/// Money in kopiykas, hundredths of a hryvnia.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize)]
pub struct Kopiykas(pub i64);

impl Kopiykas {
    pub const ZERO: Self = Self(0);

    /// A hryvnia amount rounded half away from zero to kopiykas; `None` past ±92 quadrillion hryvnias (R-RND).
    pub fn from_hryvnias(amount: Decimal) -> Option<Self> {
        let kopiykas = rounded(amount, 2).checked_mul(Decimal::ONE_HUNDRED)?;
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
        plain(f, self.hryvnias())
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
        Self::new(rounded(hryvnias_a_kwh, 5))
    }

    pub fn value(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        plain(f, self.0)
    }
}

/// Writes a decimal as it writes itself, without its divisions of 96 bits: a calculation prints many.
pub(crate) fn plain(f: &mut fmt::Formatter<'_>, value: Decimal) -> fmt::Result {
    let bare = f.width().is_none() && f.precision().is_none() && !f.sign_plus();
    let (true, Ok(mantissa), Ok(scale)) = (bare, i64::try_from(value.mantissa()), usize::try_from(value.scale())) else {
        return fmt::Display::fmt(&value, f);
    };
    let mut text = [b'0'; 32];
    let (mut left, mut used) = (mantissa.unsigned_abs(), 0);
    for (place, at) in text.iter_mut().rev().enumerate() {
        // The point stands after so many digits; a digit stands before it, be there any left or none.
        let point = usize::from(scale > 0 && place >= scale);
        if point == 1 && place == scale {
            *at = b'.';
            continue;
        }
        if left == 0 && place > scale + point {
            break;
        }
        *at = b'0' + u8::try_from(left % 10).unwrap_or_default();
        (left, used) = (left / 10, place + 1);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let digits = text.get(text.len().saturating_sub(used)..).and_then(|digits| std::str::from_utf8(digits).ok());
    match digits {
        Some(digits) => {
            f.write_str(sign)?;
            f.write_str(digits)
        }
        None => fmt::Display::fmt(&value, f),
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
    fn money_and_prices_print_as_their_decimals_do() {
        struct Plain(Decimal);
        impl fmt::Display for Plain {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                plain(f, self.0)
            }
        }
        let mantissas = [0, 1, 9, 10, 99, 100, 12_345, 1_000_000, i64::MAX, i64::MAX - 7];
        for mantissa in mantissas.into_iter().flat_map(|mantissa| [mantissa, -mantissa]).chain([i64::MIN]) {
            for scale in 0..=28 {
                let value = Decimal::new(mantissa, scale);
                assert_eq!(Plain(value).to_string(), value.to_string(), "{mantissa} e-{scale}");
            }
        }
        for value in [Decimal::MAX, Decimal::MIN, -Decimal::ZERO] {
            assert_eq!(Plain(value).to_string(), value.to_string());
        }
        let value = Decimal::new(-12_345, 2);
        let (padded, wanted) = (format!("{:>12}|{:.1}", Plain(value), Plain(value)), format!("{value:>12}|{value:.1}"));
        assert_eq!((padded, format!("{:+}", Plain(-value))), (wanted, "+123.45".to_owned()));
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
