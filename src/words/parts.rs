//! Names that the parts of an invoice print: debts, short months, volumes in thousands.

use chrono::NaiveDate;
use oblik_domain::account::LimitKind;
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::VoltageClass;
use oblik_domain::period::Period;

use crate::numbers::{date, month_name};

/// What a debt is for, as a row of a table begins.
pub fn debt(debt: DebtType) -> &'static str {
    match debt {
        DebtType::Active => "Активна енергія",
        DebtType::Reactive => "Реактивна енергія",
        DebtType::LimitConsumption => "Перевищення обсягу",
        DebtType::LimitPower => "Перевищення потужності",
        DebtType::Penalty => "Пеня",
        DebtType::Inflation => "Інфляційні",
        DebtType::AnnualInterest => "3 % річних",
        DebtType::Transit => "Транзит",
        DebtType::Services => "Послуги",
        DebtType::Advance => "Аванс",
        DebtType::Distribution => "Розподіл",
        DebtType::Transmission => "Передача",
    }
}

/// `жов`; January with its year, `січ 2026`.
pub fn month_short(period: Period) -> String {
    let short: String = month_name(period).chars().take(3).collect();
    if period.month() == 1 { format!("{short}\u{a0}{}", period.year()) } else { short }
}

/// `жовтень 2026`.
pub fn month(period: Period) -> String {
    month_name(period).replace(' ', "\u{a0}")
}

/// `01.10.2026 – 31.10.2026`.
pub fn days(first: NaiveDate, last: NaiveDate) -> String {
    format!("{}\u{a0}– {}", date(first), date(last))
}

/// A declared limit's name and its unit.
pub fn limit(kind: LimitKind) -> (&'static str, &'static str) {
    match kind {
        LimitKind::Consumption => ("споживання", "кВт·год"),
        LimitKind::PowerMorning => ("потужність у ранкові години контролю", "кВт"),
        LimitKind::PowerEvening => ("потужність у вечірні години контролю", "кВт"),
    }
}

/// `1 клас`, where a column has no room for more.
pub fn class(class: VoltageClass) -> &'static str {
    match class {
        VoltageClass::First => "1\u{a0}клас",
        VoltageClass::Second => "2\u{a0}клас",
    }
}

/// Thousands and millions of a unit, for figures that have no room.
pub fn scaled(unit: &str, thousands: u32) -> String {
    match thousands {
        0 => unit.to_owned(),
        1 => format!("тис.\u{a0}{unit}"),
        _ => format!("млн\u{a0}{unit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_month_has_its_three_letters() {
        let told: Vec<String> = (1..=12)
            .filter_map(|month| Period::new(2026, month))
            .map(month_short)
            .map(|name| name.replace('\u{a0}', " "))
            .collect();
        assert_eq!(told.join(" "), "січ 2026 лют бер кві тра чер лип сер вер жов лис гру");
    }
}
