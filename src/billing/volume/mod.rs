//! Volume: from readings of registers to rows of energy, and from rows to what each point consumed.
//!
//! Source: R-VOL-1, R-VOL-2, R-VOL-3, R-EST.

mod row;
mod timeline;

use oblik_domain::Decimal;
use oblik_domain::bill::{NetVolume, TraceStep, VolumeRow};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, Meter, Quality, Reading, Supply, UsagePoint, Zone};

use crate::trace::{input, step, text};
use crate::{BillingInput, MissingReadings, estimate, intervals, network};
use row::{Between, overlap};
pub(crate) use row::{changes, coefficient_input, energy};
pub(crate) use timeline::{Faults, Mark, Measured, Timeline};
use timeline::{examine_days, timeline};

/// The rows of the account's own points, those of sub-consumers with them ([`charged`] leaves those out). Where intervals
/// measure a point, its registers only control them: what is wrong with their readings stops nothing.
///
/// # Errors
/// Every finding that stands against its readings: E6, E9, `ACT-DIGITS`, `BILL-DATE`, `BILL-OVERLAP`, `BILL-RANGE`; a point
/// that no meter measures on any of its days is E6, registers that count the same energy are `BILL-PARAMETER`.
pub(crate) fn rows(
    billing: &BillingInput<'_>,
    notes: &mut Vec<Finding>,
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<VolumeRow>, Vec<Finding>> {
    let mut points: Vec<&UsagePoint> = billing.record.points.iter().collect();
    points.sort_by_key(|point| &point.eic);
    let mut meters: Vec<&Meter> = billing.record.meters.iter().collect();
    meters.sort_by_key(|meter| (&meter.point, meter.installed_on, &meter.serial));
    let (mut rows, mut faults) = (Vec::with_capacity(meters.len()), Faults::default());
    let mut by_intervals = false;
    for point in points {
        let start = meters.partition_point(|meter| meter.point < point.eic);
        let rest = meters.get(start..).unwrap_or_default();
        let own = rest.get(..rest.partition_point(|meter| meter.point == point.eic)).unwrap_or_default();
        if intervals::measures(point, billing) {
            by_intervals = true;
            rows.extend(control(billing, point, own, trace));
        } else {
            let told = faults.findings.len();
            measure(billing, point, own, &mut rows, &mut faults, trace);
            let supplied = network::supplied(point, billing.period);
            if faults.findings.len() == told
                && supplied.is_some_and(|(from, to)| !own.iter().any(|meter| stands(meter, from, to)))
            {
                faults.unmetered(point);
            }
        }
    }
    if !faults.are_none() {
        return Err(faults.into_findings());
    }
    if rows.is_empty() && !by_intervals {
        return Err(vec![Finding::error(Code::ReadingsIncomplete).with("registers", "")]);
    }
    notes.extend(estimated(&rows));
    Ok(rows)
}

/// Whether a meter with any register stood on some of the days.
pub(crate) fn stands(meter: &Meter, from: chrono::NaiveDate, to: chrono::NaiveDate) -> bool {
    let days = (meter.installed_on, meter.removed_on);
    !meter.registers.is_empty() && oblik_domain::dated::overlap(days, (from, Some(to)))
}

/// The rows of a point that intervals measure: all of them or none, and nothing estimated.
fn control(billing: &BillingInput<'_>, point: &UsagePoint, meters: &[&Meter], trace: &mut Vec<TraceStep>) -> Vec<VolumeRow> {
    let billing = BillingInput { missing: MissingReadings::Refuse, ..*billing };
    let (mut rows, mut faults, mut told) = (Vec::new(), Faults::default(), Vec::new());
    measure(&billing, point, meters, &mut rows, &mut faults, &mut told);
    if !faults.are_none() {
        return Vec::new();
    }
    trace.append(&mut told);
    rows
}

/// The rows of one point, whosever it is, by its meters: of the account, or of another that is joined to it.
///
/// # Errors
/// As [`rows`].
pub(crate) fn of_point<'a>(
    billing: &BillingInput<'_>,
    point: &UsagePoint,
    meters: impl IntoIterator<Item = &'a Meter>,
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<VolumeRow>, Vec<Finding>> {
    let mut meters: Vec<&Meter> = meters.into_iter().filter(|meter| meter.point == point.eic).collect();
    meters.sort_by_key(|meter| (meter.installed_on, &meter.serial));
    let (mut rows, mut faults) = (Vec::new(), Faults::default());
    measure(billing, point, &meters, &mut rows, &mut faults, trace);
    if faults.are_none() { Ok(rows) } else { Err(faults.into_findings()) }
}

/// What tells which rows are estimated (`BILL-ESTIMATED`); nothing when all were read.
pub(crate) fn estimated(rows: &[VolumeRow]) -> Option<Finding> {
    let estimated = rows.iter().filter(|row| row.quality == Quality::Estimated).map(|row| &row.register);
    let named: Vec<String> = estimated.map(|key| text!("{} ({}/{})", key.meter, key.kind, key.zone)).collect();
    (!named.is_empty()).then(|| Finding::warning(Code::VolumeEstimated).with("registers", named.join(", ")))
}

/// The rows of a point, by its meters in the order they were set up.
fn measure(
    billing: &BillingInput<'_>,
    point: &UsagePoint,
    meters: &[&Meter],
    rows: &mut Vec<VolumeRow>,
    faults: &mut Faults,
    trace: &mut Vec<TraceStep>,
) {
    let Some((first, end)) = network::supplied(point, billing.period) else { return };
    let (rows_before, mut is_replaced) = (rows.len(), false);
    for meter in meters {
        let (from, to) = (first.max(meter.installed_on), meter.removed_on.map_or(end, |removed| removed.min(end)));
        is_replaced |= from < to && (first < from || to < end);
        let readings = billing.readings_of_meter(&point.eic, &meter.serial);
        if let Some(finding) = overlap(meter, from, to) {
            faults.findings.push(finding);
            continue;
        }
        let mixed = twice(meter, from);
        if from < to && !mixed.is_empty() {
            faults.findings.extend(mixed);
            continue;
        }
        for (index, register) in meter.registers.iter().enumerate() {
            let same = |other: &&oblik_domain::metering::Register| (other.kind, other.zone) == (register.kind, register.zone);
            if meter.registers.iter().take(index).any(|other| same(&other)) {
                continue;
            }
            let measured = Measured { point, meter, register: *register, period: billing.period, from, to };
            let readings = of_register(readings, register.kind, register.zone);
            if from < to {
                read(billing, &measured, readings, rows, faults, trace);
            } else {
                // Of a meter that is no more, what was read before is billed.
                let now = readings.partition_point(|reading| reading.period < billing.period);
                examine_days(&measured, readings.get(now..).unwrap_or_default(), faults);
            }
        }
    }
    if is_replaced {
        tell_replacement(point, rows.get(rows_before..).unwrap_or_default(), trace);
    }
}

/// Registers of one meter and kind that count the same energy, which would be charged twice: a total beside zones, or zones of
/// two schemes.
fn twice(meter: &Meter, day: chrono::NaiveDate) -> Vec<Finding> {
    let of = |kind: EnergyKind| {
        let zones: Vec<Zone> =
            meter.registers.iter().filter(|register| register.kind == kind).map(|register| register.zone).collect();
        let has = |zone: Zone| zones.contains(&zone);
        let beside = has(Zone::Total) && zones.iter().any(|zone| *zone != Zone::Total);
        let schemes = has(Zone::Day) && (has(Zone::HalfPeak) || has(Zone::Peak));
        let named = || zones.iter().map(|zone| zone.as_str()).collect::<Vec<_>>().join(", ");
        (beside || schemes).then(|| network::unusable(&format!("{} {kind}", meter.serial), named(), day))
    };
    EnergyKind::ALL.iter().filter_map(|kind| of(*kind)).collect()
}

/// The readings of one register among those of its meter.
fn of_register(readings: &[Reading], kind: EnergyKind, zone: Zone) -> &[Reading] {
    let start = readings.partition_point(|reading| (reading.register.kind, reading.register.zone) < (kind, zone));
    let rest = readings.get(start..).unwrap_or_default();
    let count = rest.partition_point(|reading| (reading.register.kind, reading.register.zone) == (kind, zone));
    rest.get(..count).unwrap_or_default()
}

/// The rows of one register: from each of its readings to the next, the last of them estimated where nobody read it.
fn read(
    billing: &BillingInput<'_>,
    measured: &Measured<'_>,
    readings: &[Reading],
    rows: &mut Vec<VolumeRow>,
    faults: &mut Faults,
    trace: &mut Vec<TraceStep>,
) {
    let Some(mut known) = timeline(measured, readings, faults) else { return };
    let (mut actual, told) = (Decimal::ZERO, faults.findings.len());
    let (mut before, mut from) = (known.before, known.opening);
    for to in known.between.iter().copied().chain(known.closing) {
        if let Some((row, energy)) = row::row(billing, measured, Between { before, from, to }, faults, trace) {
            // A sum that does not fit is told where the estimate needs it.
            actual = actual.checked_add(energy).unwrap_or(Decimal::MAX);
            rows.push(row);
        }
        (before, from) = (None, to);
    }
    if known.closing.is_some() || faults.findings.len() > told {
        return;
    }
    if billing.missing == MissingReadings::Estimate {
        known.closing = estimate::closing(measured, &known, actual, trace);
    }
    if let Some(to) = known.closing {
        rows.extend(row::row(billing, measured, Between { before, from, to }, faults, trace).map(|(row, _)| row));
    } else if faults.findings.len() == told {
        faults.missing(measured);
    }
}

/// What the meters before and after a replacement measured together (R-VOL-3).
fn tell_replacement(point: &UsagePoint, rows: &[VolumeRow], trace: &mut Vec<TraceStep>) {
    let mut registers: Vec<_> = rows.iter().map(|row| (row.register.kind, row.register.zone)).collect();
    registers.sort_unstable();
    registers.dedup();
    for (kind, zone) in registers {
        let of = || rows.iter().filter(move |row| (row.register.kind, row.register.zone) == (kind, zone));
        if of().all(|row| of().next().is_some_and(|first| first.register.meter == row.register.meter)) {
            continue;
        }
        let formula = of().map(|row| row.volume.to_string()).collect::<Vec<_>>().join(" + ");
        let source = |row: &VolumeRow| text!("step R-VOL-2 {} {kind}/{zone}", row.register.meter);
        let inputs = of().map(|row| input("volume", row.volume, source(row))).collect();
        let sum: Kwh = of().map(|row| row.volume).sum();
        trace.push(TraceStep { inputs, ..step("R-VOL-3", text!("{} {kind}/{zone}", point.eic), formula, sum) });
    }
}

/// Gross volumes of the points the account is charged for; sub-consumers' are none of them (R-VOL-5).
pub(crate) fn charged(billing: &BillingInput<'_>, rows: &[VolumeRow]) -> Vec<NetVolume> {
    let subs = billing.record.points.iter().filter(|point| !is_charged(billing, point));
    let subs: Vec<&Eic> = subs.map(|point| &point.eic).collect();
    gross_where(rows, |row| !subs.contains(&&row.register.point))
}

/// Whether the account is charged for a point: by its terms of the first day it is supplied in the period.
pub(crate) fn is_charged(billing: &BillingInput<'_>, point: &UsagePoint) -> bool {
    let terms = network::supplied(point, billing.period).and_then(|(day, _)| network::terms(point, day));
    terms.is_none_or(|terms| terms.supply == Supply::Billed)
}

/// Gross volumes by point, kind, zone and measured part of the period, before losses and sub-consumers.
pub(crate) fn gross(rows: &[VolumeRow]) -> Vec<NetVolume> {
    gross_where(rows, |_| true)
}

fn gross_where(rows: &[VolumeRow], wanted: impl Fn(&VolumeRow) -> bool) -> Vec<NetVolume> {
    let key = |row: &VolumeRow| (row.register.kind, row.register.zone, row.from, row.to);
    let mut ordered: Vec<&VolumeRow> = rows.iter().filter(|row| wanted(row)).collect();
    ordered.sort_by(|one, other| one.register.point.cmp(&other.register.point).then_with(|| key(one).cmp(&key(other))));
    let same = |one: &&VolumeRow, other: &&VolumeRow| one.register.point == other.register.point && key(one) == key(other);
    let sum = |rows: &[&VolumeRow]| {
        let first = rows.first()?;
        let gross = rows.iter().map(|row| row.volume).sum();
        Some(NetVolume {
            point: first.register.point.clone(),
            voltage_class: first.voltage_class,
            kind: first.register.kind,
            zone: first.register.zone,
            from: first.from,
            to: first.to,
            gross,
            losses: Kwh::ZERO,
            fed: Kwh::ZERO,
            net: gross,
        })
    };
    ordered.chunk_by(same).filter_map(sum).collect()
}

#[cfg(test)]
mod tests;
