//! Numbers as Ukrainian documents print them: `7 028 590,56`, the groups of three apart by a thin space.

use oblik_domain::Decimal;
use oblik_domain::energy::{Coefficient, Kwh, RegisterTotal};
use oblik_domain::money::{Kopiykas, Price};

use crate::typeface::THIN;

/// A decimal with all the places it has.
pub fn decimal(value: Decimal) -> String {
    let text = value.abs().to_string();
    let (whole, places) = text.split_once('.').unwrap_or((&text, ""));
    let mut out = String::with_capacity(text.len() + 8);
    if value.is_sign_negative() && !value.is_zero() {
        out.push('−');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            out.push(THIN);
        }
        out.push(digit);
    }
    if !places.is_empty() {
        out.push(',');
        out.push_str(places);
    }
    out
}

pub fn money(amount: Kopiykas) -> String {
    decimal(amount.hryvnias())
}

pub fn volume(volume: Kwh) -> String {
    decimal(Decimal::from(volume.0))
}

/// A price with its five places, so that points stand under points.
pub fn price(price: Price) -> String {
    let mut value = price.value();
    value.rescale(5);
    decimal(value)
}

pub fn coefficient(coefficient: Coefficient) -> String {
    decimal(coefficient.value())
}

/// A reading with `places` decimals, or more where it has more.
pub fn reading(total: RegisterTotal, places: u32) -> String {
    difference(total.units(), places)
}

pub fn difference(units: Decimal, places: u32) -> String {
    let mut value = units.normalize();
    if value.scale() < places {
        value.rescale(places);
    }
    decimal(value)
}

/// The decimals that the readings of a table need, for all of them to stand in line.
pub fn places(totals: impl Iterator<Item = RegisterTotal>) -> u32 {
    totals.map(|total| total.units().scale()).max().unwrap_or(0)
}

/// The numbers inside a formula in the same form; all else as it is.
pub fn formula(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    let mut number = String::new();
    for character in text.chars() {
        if character.is_ascii_digit() || (character == '.' && !number.is_empty()) {
            number.push(character);
            continue;
        }
        push_number(&mut out, &mut number);
        out.push(character);
    }
    push_number(&mut out, &mut number);
    out
}

fn push_number(out: &mut String, number: &mut String) {
    let text = std::mem::take(number);
    match text.parse::<Decimal>() {
        Ok(value) => out.push_str(&decimal(value)),
        Err(_) => out.push_str(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_of_three_are_thin_spaces_apart() {
        for (value, printed) in [
            ("7028590.56", "7 028 590,56"),
            ("999", "999"),
            ("1000", "1 000"),
            ("-0.05", "−0,05"),
            ("-0", "0"),
            ("0", "0"),
            ("123456.7890", "123 456,7890"),
        ] {
            assert_eq!(decimal(value.parse().unwrap()).replace(THIN, " "), printed);
        }
        assert_eq!(money(Kopiykas(i64::MIN)).replace(THIN, " "), "−92 233 720 368 547 758,08");
        assert_eq!(price(Price::new("2.5".parse().unwrap()).unwrap()), "2,50000");
        assert_eq!(reading(RegisterTotal(1_234_500), 3).replace(THIN, " "), "1 234,500");
    }

    #[test]
    fn a_formula_keeps_all_but_its_numbers() {
        assert_eq!(formula("(12345.5 − 12000) × 40").replace(THIN, " "), "(12 345,5 − 12 000) × 40");
        assert_eq!(formula("x × 1.2.3 .").replace(THIN, " "), "x × 1.2.3 .");
    }
}
