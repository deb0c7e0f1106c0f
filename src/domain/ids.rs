//! Identifiers of the field, each a type of its own: a value that exists has passed its check. A copy shares the text: a calculation
//! names its points in every row.
//!
//! Source: `forms-and-formats` (EIC, ЄДРПОУ, РНОКПП, IBAN, contract number).

use std::fmt;
use std::sync::Arc;

/// Why a text is not the identifier it was read as.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("{what} has {found} characters where {expected} are needed")]
    Length { what: &'static str, found: usize, expected: usize },
    #[error("{what} holds the character {found:?}, which it cannot have")]
    Character { what: &'static str, found: char },
    #[error("{what} has a wrong check character")]
    Check { what: &'static str },
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $parse:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Arc<str>);

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                (*id.0).to_owned()
            }
        }

        impl $name {
            /// Reads and checks `text`; white space around it is not part of it.
            ///
            /// # Errors
            /// [`IdError`] names what is wrong.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                $parse(text.trim()).map(|text| Self(text.into()))
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

identifier!(
    /// Number of the supply contract, which is also the customer's login: nine digits that begin with 27 (RQ-A12).
    ContractNumber, contract_number
);
identifier!(
    /// Energy Identification Code, sixteen characters, the last a check character (ENTSO-E EIC reference manual).
    Eic, eic
);
identifier!(
    /// ЄДРПОУ: number of a legal entity in the state register, eight digits. Old codes may fail the check digit, so it is
    /// asked for with [`Edrpou::check_digit_holds`] and never a reason to refuse.
    Edrpou, edrpou
);
identifier!(
    /// РНОКПП: a person's taxpayer number, ten digits with a check digit.
    Rnokpp, rnokpp
);
identifier!(
    /// Ukrainian IBAN: UA, two check digits, six of the bank, nineteen of the account (ISO 13616).
    Iban, iban
);
identifier!(
    /// Serial number of a meter as on its plate: 1 to 32 characters, letters, digits, `-`, `/`, `.`, `№` or a space.
    MeterSerial, meter_serial
);

fn digits(what: &'static str, text: &str, expected: usize) -> Result<String, IdError> {
    if let Some(found) = text.chars().find(|c| !c.is_ascii_digit()) {
        return Err(IdError::Character { what, found });
    }
    if text.len() != expected {
        return Err(IdError::Length { what, found: text.len(), expected });
    }
    Ok(text.to_owned())
}

fn contract_number(text: &str) -> Result<String, IdError> {
    let number = digits("contract number", text, 9)?;
    if number.starts_with("27") { Ok(number) } else { Err(IdError::Check { what: "contract number" }) }
}

const EIC_ALPHABET: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-";

fn eic(text: &str) -> Result<String, IdError> {
    const WHAT: &str = "EIC";
    let mut weighted: u32 = 0;
    let mut count: u32 = 0;
    let mut last = 0;
    for c in text.chars() {
        let position = EIC_ALPHABET.chars().position(|known| known == c);
        let value = position.and_then(|p| u32::try_from(p).ok()).ok_or(IdError::Character { what: WHAT, found: c })?;
        if count < 15 {
            weighted += (16 - count) * value;
        }
        last = value;
        count += 1;
        if count > 16 {
            break;
        }
    }
    if count != 16 {
        return Err(IdError::Length { what: WHAT, found: text.chars().count(), expected: 16 });
    }
    // A code whose check character would be "-" (36) is never issued.
    let expected = 36 - (weighted + 36) % 37;
    if expected == last && last != 36 { Ok(text.to_owned()) } else { Err(IdError::Check { what: WHAT }) }
}

fn edrpou(text: &str) -> Result<String, IdError> {
    digits("ЄДРПОУ", text, 8)
}

fn weighted_sum(digits: &str, weights: &[i32]) -> i32 {
    let values = digits.bytes().map(|b| i32::from(b.saturating_sub(b'0')));
    values.zip(weights).map(|(value, weight)| value * weight).sum()
}

fn last_digit(digits: &str) -> i32 {
    digits.bytes().last().map_or(-1, |b| i32::from(b.saturating_sub(b'0')))
}

impl Edrpou {
    /// Whether the eighth digit agrees with the other seven. A warning when not: codes of before 1996 may fail.
    pub fn check_digit_holds(&self) -> bool {
        let weights: [i32; 7] =
            if matches!(self.0.as_bytes().first(), Some(b'3'..=b'5')) { [7, 1, 2, 3, 4, 5, 6] } else { [1, 2, 3, 4, 5, 6, 7] };
        let mut remainder = weighted_sum(&self.0, &weights) % 11;
        if remainder == 10 {
            remainder = weighted_sum(&self.0, &weights.map(|weight| weight + 2)) % 11 % 10;
        }
        remainder == last_digit(&self.0)
    }
}

fn rnokpp(text: &str) -> Result<String, IdError> {
    let number = digits("РНОКПП", text, 10)?;
    let sum = weighted_sum(&number, &[-1, 5, 7, 9, 4, 6, 10, 5, 7]);
    if sum.rem_euclid(11) % 10 == last_digit(&number) { Ok(number) } else { Err(IdError::Check { what: "РНОКПП" }) }
}

fn iban(text: &str) -> Result<String, IdError> {
    const WHAT: &str = "IBAN";
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let Some(rest) = compact.strip_prefix("UA") else { return Err(IdError::Check { what: WHAT }) };
    let number = digits(WHAT, rest, 27)?;
    let (check, account) = number.split_at(2);
    // Letters count as 10..=35: "UA" is 3010. The whole, with country and check digits moved to the end, is 1 modulo 97.
    let remainder = account.bytes().chain(*b"3010").chain(check.bytes());
    let remainder = remainder.fold(0_u32, |acc, b| (acc * 10 + u32::from(b.saturating_sub(b'0'))) % 97);
    if remainder == 1 { Ok(compact) } else { Err(IdError::Check { what: WHAT }) }
}

fn meter_serial(text: &str) -> Result<String, IdError> {
    const WHAT: &str = "meter serial";
    let length = text.chars().count();
    if length == 0 || length > 32 {
        return Err(IdError::Length { what: WHAT, found: length, expected: 32 });
    }
    match text.chars().find(|c| !(c.is_alphanumeric() || "-/.№ ".contains(*c))) {
        Some(found) => Err(IdError::Character { what: WHAT, found }),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_eic_is_known_by_its_check_character() {
        // The last three are codes of ENTSO-E's public list.
        for good in [
            "62Z2700000010017",
            "62Z2700000010025",
            "62Z2700000010033",
            "62Z000000000001B",
            "62W000000000001G",
            "62X0000000000012",
            "10Y1001C--00003F",
            "10YUA-WEPS-----0",
            "10Y1001A1001A83F",
        ] {
            assert_eq!(Eic::parse(good).map(|e| e.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(Eic::parse("62Z2700000010018"), Err(IdError::Check { what: "EIC" }));
        // A Cyrillic З looks like the Latin Z's neighbour on the keyboard and must not pass for it.
        assert_eq!(Eic::parse("62З2700000010017"), Err(IdError::Character { what: "EIC", found: 'З' }));
        assert!(matches!(Eic::parse("62Z27000000100177"), Err(IdError::Length { found: 17, .. })));
        assert!(matches!(Eic::parse(""), Err(IdError::Length { found: 0, .. })));
    }

    #[test]
    fn an_edrpou_tells_whether_its_check_digit_holds() {
        for (code, holds) in [("00131512", true), ("05424874", true), ("00100227", true), ("43395033", true), ("00131513", false)]
        {
            assert_eq!(Edrpou::parse(code).map(|c| c.check_digit_holds()), Ok(holds), "{code}");
        }
        assert!(Edrpou::parse("1234567").is_err());
    }

    #[test]
    fn a_taxpayer_number_needs_its_check_digit() {
        assert!(Rnokpp::parse("1759013776").is_ok());
        assert_eq!(Rnokpp::parse("1759013777"), Err(IdError::Check { what: "РНОКПП" }));
    }

    #[test]
    fn an_iban_is_one_modulo_ninety_seven() {
        assert!(Iban::parse("UA213223130000026007233566001").is_ok());
        assert!(Iban::parse("UA21 322313 0000026007233566001").is_ok());
        assert_eq!(Iban::parse("UA213223130000026007233566002"), Err(IdError::Check { what: "IBAN" }));
        assert_eq!(Iban::parse("GB82WEST12345698765432"), Err(IdError::Check { what: "IBAN" }));
    }

    #[test]
    fn a_contract_number_is_nine_digits_from_27() {
        assert!(ContractNumber::parse(" 270000017 ").is_ok());
        for bad in ["280000017", "27000001", "2700000170", "27000001a", ""] {
            assert!(ContractNumber::parse(bad).is_err(), "{bad}");
        }
    }
}
