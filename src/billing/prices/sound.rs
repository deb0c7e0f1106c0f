//! Whether prices and parameters can be used at all: one for a day, none that cannot be. Source: R-PARAM.

use chrono::NaiveDate;
use oblik_domain::dated::{self, Dated};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::tariff::{Parameter, Tariff, ZoneHours};

use super::PriceBook;
use crate::catalogue::catalogued;

type Validity = (NaiveDate, Option<NaiveDate>);

/// All that is wrong with the book.
pub(super) fn examine(book: &PriceBook) -> Vec<Finding> {
    let mut findings = Vec::new();
    for list in book.tariffs.values() {
        examine_validities(&mut findings, list, |tariff| (tariff.from, tariff.to), tariff_name);
        findings.extend(list.iter().filter_map(|tariff| too_dear(book, tariff)));
    }
    for list in book.parameters.values() {
        examine_validities(&mut findings, list, |parameter| (parameter.from, parameter.to), |parameter| parameter.name.clone());
        findings.extend(
            list.iter()
                .filter(|parameter| is_absurd(parameter))
                .map(|parameter| unusable(&parameter.name, &parameter.value, parameter.from)),
        );
    }
    examine_zone_hours(&mut findings, book);
    findings
}

/// Neighbours in order of their first days must not share a day.
fn examine_validities<T>(findings: &mut Vec<Finding>, list: &[T], days: impl Fn(&T) -> Validity, name: impl Fn(&T) -> String) {
    for entry in list {
        let (from, to) = days(entry);
        if let Some(end) = to.filter(|end| *end <= from) {
            findings.push(Finding::error(Code::DateImpossible).with("what", name(entry)).with("day", end));
        }
    }
    for (one, other) in list.iter().zip(list.iter().skip(1)) {
        if dated::overlap(days(one), days(other)) {
            let finding = Finding::error(Code::ValidityOverlap).with("what", name(one));
            findings.push(finding.with("first", written(days(one))).with("second", written(days(other))));
        }
    }
}

/// `2026-01-01 – 2026-03-31`, the last day included; open while it holds.
fn written((from, to): Validity) -> String {
    match to.and_then(|end| end.pred_opt()) {
        Some(last) => format!("{from} – {last}"),
        None => format!("{from} –"),
    }
}

fn tariff_name(tariff: &Tariff) -> String {
    let mut name = format!("{} {}", tariff.component, tariff.product.as_deref().unwrap_or_default());
    if let Some(class) = tariff.voltage_class {
        name = format!("{name} class {class}");
    }
    if let Some(zone) = tariff.zone {
        name = format!("{name} {zone}");
    }
    name.trim_end().to_owned()
}

fn too_dear(book: &PriceBook, tariff: &Tariff) -> Option<Finding> {
    let highest = book.parameter("price-highest", tariff.from).ok()?;
    let price = tariff.price.value();
    (price > highest).then(|| unusable(&tariff_name(tariff), &price, tariff.from))
}

/// Outside the bounds of the catalogue; negative, for a name it does not know.
fn is_absurd(parameter: &Parameter) -> bool {
    match catalogued(&parameter.name) {
        Some(entry) => parameter.value < entry.bounds.0 || parameter.value > entry.bounds.1,
        None => parameter.value.is_sign_negative() && !parameter.value.is_zero(),
    }
}

fn unusable(name: &str, value: &impl std::fmt::Display, day: NaiveDate) -> Finding {
    Finding::error(Code::ParameterUnusable).with("parameter", name).with("value", value).with("day", day)
}

/// Twenty-four zones of months there are, one list for a month of a scheme.
fn examine_zone_hours(findings: &mut Vec<Finding>, book: &PriceBook) {
    for (index, dated) in book.zone_hours.iter().enumerate() {
        let hours = &dated.value;
        let name = format!("zone-hours {}", hours.scheme);
        if hours.hours.len() != 24 {
            findings.push(unusable(&name, &hours.hours.len(), dated.from));
        }
        if let Some(month) = hours.months.iter().find(|month| !(1..=12).contains(*month)) {
            findings.push(unusable(&name, month, dated.from));
        }
        if let Some(end) = dated.to.filter(|end| *end <= dated.from) {
            findings.push(Finding::error(Code::DateImpossible).with("what", &name).with("day", end));
        }
        let of_same_month = |other: &&Dated<ZoneHours>| {
            other.value.scheme == hours.scheme && other.value.months.iter().any(|month| hours.months.contains(month))
        };
        let later = book.zone_hours.iter().skip(index + 1).filter(of_same_month);
        for other in later.filter(|other| dated::overlap((dated.from, dated.to), (other.from, other.to))) {
            let finding = Finding::error(Code::ValidityOverlap).with("what", &name);
            let validities = (written((dated.from, dated.to)), written((other.from, other.to)));
            findings.push(finding.with("first", validities.0).with("second", validities.1));
        }
    }
}
