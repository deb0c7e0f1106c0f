//! Words of the PDF documents that are grammar or names of values; every text an administrator may change is in
//! `template.toml`.

use chrono::{Datelike, NaiveDate};
use oblik_domain::bill::LineKind;
use oblik_domain::metering::{EnergyKind, VoltageClass, Zone};
use oblik_domain::period::Period;

use crate::numbers::{date, month_genitive, month_name};
pub use crate::steps::{loss_part, rule, step_formula, step_result, step_subject, step_unit};
use crate::terms;

pub const LANGUAGE: &str = "uk";
pub const HRYVNIA: &str = "грн";
/// What never stands at the beginning of a line without its figure.
pub const AFTER_FIGURES: [&str; 4] = ["%", HRYVNIA, "кВт", "року"];

/// `№ 270000017 від 01.01.2024`.
pub fn numbered_of(number: &str, day: NaiveDate) -> String {
    format!("№\u{a0}{number} від\u{a0}{}", date(day))
}

/// `4 листопада 2026 року`.
pub fn long_date(day: NaiveDate) -> String {
    match Period::of(day) {
        Some(period) => format!("{}\u{a0}{}", day.day(), month_genitive(period).replace(' ', "\u{a0}")),
        None => date(day),
    }
}

/// `жовтень 2026`.
pub fn month(period: Period) -> String {
    month_name(period).replace(' ', "\u{a0}")
}

/// `Споживач: `: a label before its value.
pub fn label(name: &str) -> String {
    format!("{name}: ")
}

/// What a document corrects, and why.
pub fn corrects(number: &str, day: NaiveDate, reason: &str) -> String {
    format!("До рахунку {}. Причина: {reason}", numbered_of(number, day))
}

/// In the letter with a correction that takes money off.
pub const NOTHING_TO_PAY: &str = "Сплачувати за цим документом не потрібно: на цю суму зменшено нараховане за період.";

/// What a line of money is for, as a sentence begins.
pub fn line_kind(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Supply => "Постачання електричної енергії",
        LineKind::Transmission => "Послуга з передачі",
        LineKind::Distribution => "Послуга з розподілу",
        LineKind::ReactiveConsumed => "Реактивна енергія, споживання",
        LineKind::ReactiveGenerated => "Реактивна енергія, генерація",
        LineKind::ReactiveExcess => "Реактивна енергія, надбавка за tgφ",
        LineKind::ReactiveDiscount => "Реактивна енергія, знижка за добове регулювання",
        LineKind::LimitConsumption => "Перевищення заявленого обсягу споживання",
        LineKind::LimitPower => "Перевищення заявленої потужності",
        LineKind::Penalty => "Пеня",
        LineKind::AnnualInterest => "Три проценти річних",
        LineKind::Inflation => "Інфляційне збільшення боргу",
    }
}

/// The unit of a line's quantity.
pub fn line_unit(kind: LineKind) -> &'static str {
    match kind.unit() {
        "kvarh" => terms::unit(EnergyKind::ReactiveImport),
        "kW" => "кВт",
        _ => terms::unit(EnergyKind::ActiveImport),
    }
}

pub fn class_digit(class: VoltageClass) -> &'static str {
    match class {
        VoltageClass::First => "1",
        VoltageClass::Second => "2",
    }
}

/// The zone a price is for; a price for all zones says so.
pub fn price_zone(zone: Zone) -> &'static str {
    match zone {
        Zone::Total => "усі зони",
        other => terms::zone(other),
    }
}

/// A zone as an act numbers it: (1) night, (2) half-peak, (3) peak.
pub fn act_zone(zone: Zone) -> String {
    match zone {
        Zone::Night => format!("(1) {}", terms::zone(zone)),
        Zone::HalfPeak => format!("(2) {}", terms::zone(zone)),
        Zone::Peak => format!("(3) {}", terms::zone(zone)),
        other => terms::zone(other).to_owned(),
    }
}

/// СА, СР, ГР.
pub fn kind(kind: EnergyKind) -> &'static str {
    match kind {
        EnergyKind::ActiveImport => "СА",
        EnergyKind::ReactiveImport => "СР",
        EnergyKind::ReactiveExport => "ГР",
    }
}

pub const ATTACHMENT_DESCRIPTION: &str = "Дані акта для машинного оброблення";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_in_words_keeps_together() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        assert_eq!(long_date(day), "20\u{a0}листопада\u{a0}2026\u{a0}року");
        assert_eq!(numbered_of("27", day), "№\u{a0}27 від\u{a0}20.11.2026");
    }
}
