//! What a usage point is calculated by: terms, losses, disconnections, and through which point it is fed.

use std::collections::BTreeMap;

use chrono::{NaiveDate, SecondsFormat};
use oblik_domain::Decimal;
use oblik_domain::dated::{self, Dated};
use oblik_domain::energy::Coefficient;
use oblik_domain::ids::Eic;
use oblik_domain::metering::{Disconnection, Loss, LossSharing, PointTerms, Supply, UsagePoint, VolumeSource};

use crate::extract::{Extract, instant, number, text};
use crate::record::Row;

/// Points one after another through which energy comes; more is a mistake of the data.
const FED_THROUGH_MAX: usize = 64;
/// The longest month, October with its hour more.
const MONTH_HOURS: i64 = 745;

/// The `Terms` of a point, each with the days it holds for.
pub(crate) fn extract_point_terms(point: Row<'_>, extract: &mut Extract<'_>) -> Vec<Dated<PointTerms>> {
    let read = |row, extract: &mut Extract<'_>| Some((row, one_terms(row, extract)?));
    let terms: Vec<_> = point.children("Terms").filter_map(|row| read(row, extract)).collect();
    extract.disjoint("terms of the point for", &terms);
    terms.into_iter().map(|(_, terms)| terms).collect()
}

fn one_terms(row: Row<'_>, extract: &mut Extract<'_>) -> Option<Dated<PointTerms>> {
    let validity = extract.validity(row);
    let supply = extract.word(row, "Supply", Supply::parse);
    let fed_through = extract.optional(row, "FedThrough", Eic::parse);
    let volume_source = extract.word(row, "VolumeSource", VolumeSource::parse);
    let permitted_power = extract.optional(row, "PermittedPower", number(Some));
    let reactive_equivalent = extract.optional(row, "ReactiveEquivalent", number(Some));
    let area = extract.optional(row, "Area", text);
    let normative_tg = extract.optional(row, "NormativeTg", number(Some));
    let losses = row.children_of(&["Transformer", "Line", "SimplifiedLosses"]);
    let losses: Option<Vec<Loss>> = losses.map(|row| extract_loss(row, extract)).collect();
    let loss_sharing = extract.word(row, "LossSharing", LossSharing::parse);
    let load_hours = extract.optional(row, "LoadHours", number(Some));
    let (supply, fed_through, load_hours) = (supply?, fed_through?, load_hours?);
    if supply == Supply::SubConsumer && fed_through.is_none() {
        extract.refuse(row, "a sub-consumer's point names no point it is fed through");
    }
    if let Some(hours) = load_hours.filter(|hours| *hours <= Decimal::ZERO || *hours > Decimal::from(MONTH_HOURS)) {
        let at = row.child("LoadHours").unwrap_or(row);
        extract.refuse(at, format!("LoadHours {hours} is not above 0 and at most {MONTH_HOURS}"));
    }
    let value = PointTerms {
        supply,
        fed_through,
        volume_source: volume_source?,
        permitted_power: permitted_power?,
        reactive_equivalent: reactive_equivalent?,
        area: area?,
        normative_tg: normative_tg?,
        losses: losses?,
        loss_sharing: loss_sharing?,
        load_hours,
    };
    let (from, to) = validity?;
    Some(Dated { from, to, value })
}

fn extract_loss(row: Row<'_>, extract: &mut Extract<'_>) -> Option<Loss> {
    let mut figure = |name: &str| extract.attribute(row, name, number(Some));
    match row.name() {
        "Transformer" => {
            let (rated_kva, no_load_kw, load_kw) = (figure("rated-kva"), figure("no-load-kw"), figure("load-kw"));
            let (no_load_current, short_circuit_voltage) = (figure("no-load-current"), figure("short-circuit-voltage"));
            let share = figure("share")?;
            if share <= Decimal::ZERO || share > Decimal::ONE {
                extract.refuse(row.attribute("share").unwrap_or(row), format!("share {share} is not above 0 and at most 1"));
            }
            Some(Loss::Transformer {
                rated_kva: rated_kva?,
                no_load_kw: no_load_kw?,
                load_kw: load_kw?,
                no_load_current: no_load_current?,
                short_circuit_voltage: short_circuit_voltage?,
                share,
            })
        }
        "Line" => {
            let (resistance, length, voltage) = (figure("resistance"), figure("length"), figure("voltage"));
            Some(Loss::Line { resistance: resistance?, length: length?, voltage: voltage? })
        }
        _ => {
            let (line, variable, constant) = (figure("line-percent"), figure("variable-percent"), figure("constant-kwh"));
            Some(Loss::Simplified { line_percent: line?, variable_percent: variable?, constant_kwh: constant? })
        }
    }
}

pub(crate) fn extract_disconnections(point: Row<'_>, extract: &mut Extract<'_>) -> Vec<Disconnection> {
    let mut found = Vec::new();
    for row in point.children("Disconnection") {
        let from = extract.child(row, "From", instant);
        let to = extract.optional(row, "To", instant);
        let reason = extract.child(row, "Reason", text);
        let (Some(from), Some(to), Some(reason)) = (from, to, reason) else { continue };
        if let Some(end) = to.filter(|end| *end <= from) {
            extract.refuse(row.child("To").unwrap_or(row), format!("{end}, when it ended, does not come after {from}"));
        }
        found.push((row, Disconnection { from, to, reason }));
    }
    found.sort_by_key(|(_, disconnection)| disconnection.from);
    for pair in found.windows(2) {
        let [(_, one), (row, other)] = pair else { continue };
        if one.to.is_none_or(|end| other.from < end) {
            let at = other.from.to_rfc3339_opts(SecondsFormat::AutoSi, true);
            extract.refuse(*row, format!("the point is already disconnected at {at}"));
        }
    }
    found.into_iter().map(|(_, disconnection)| disconnection).collect()
}

/// Coefficients of other days, of a meter that stood on `stood`.
pub(crate) fn extract_coefficients(
    meter: Row<'_>,
    stood: (NaiveDate, Option<NaiveDate>),
    extract: &mut Extract<'_>,
) -> Vec<Dated<Coefficient>> {
    let mut found = Vec::new();
    for row in meter.children("CoefficientChange") {
        let validity = extract.validity(row);
        let value = extract.child(row, "Coefficient", number(Coefficient::new));
        let (Some((from, to)), Some(value)) = (validity, value) else { continue };
        if !dated::overlap((from, to), stood) {
            extract.refuse(row, "the coefficient holds on no day the meter stood");
        }
        found.push((row, Dated { from, to, value }));
    }
    extract.disjoint("coefficients of the meter for", &found);
    found.into_iter().map(|(_, coefficient)| coefficient).collect()
}

/// Refuses points that are fed through themselves, at once or in a circle within the account.
///
/// A circle that stands on any day stands on the day the last of its parts began, so only those days are looked at.
pub(crate) fn refuse_circles(account: Row<'_>, points: &[UsagePoint], extract: &mut Extract<'_>) {
    let known: BTreeMap<&Eic, &UsagePoint> = points.iter().map(|point| (&point.eic, point)).collect();
    let fed_through = |eic: &Eic, on: NaiveDate| {
        let terms = known.get(eic).and_then(|point| dated::on(&point.terms, on));
        terms.and_then(|terms| terms.fed_through.as_ref())
    };
    for point in points {
        for terms in &point.terms {
            let mut next = terms.value.fed_through.as_ref();
            let mut steps = 0;
            while let Some(eic) = next {
                if *eic == point.eic || steps == FED_THROUGH_MAX {
                    let at = row_of(account, &point.eic).unwrap_or(account);
                    let detail = match (steps, *eic == point.eic) {
                        (0, true) => "through itself".to_owned(),
                        (_, true) => format!("through itself, by {steps} points between"),
                        _ => format!("through more than {FED_THROUGH_MAX} points"),
                    };
                    extract.refuse(at, format!("the point {} is fed {detail}, on {}", point.eic, terms.from));
                    break;
                }
                next = fed_through(eic, terms.from);
                steps += 1;
            }
        }
    }
}

fn row_of<'r>(account: Row<'r>, eic: &Eic) -> Option<Row<'r>> {
    account.children("UsagePoint").find(|row| row.child("Eic").is_some_and(|own| own.text() == eic.as_str()))
}
