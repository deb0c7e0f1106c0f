//! Interval data of automatic meters: energy by zone, between days, and the greatest power.
//!
//! Hours are the clock hours of Europe/Kyiv, so the day of the change in autumn has its repeated hour in one zone and the day
//! of the change in spring lacks one. Source: R-RND (ККО 9.7.2), R-PRICE-2, R-PRICE-3 scheme (a), R-LIM-2.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use oblik_domain::Decimal;
use oblik_domain::bill::{NetVolume, TraceStep};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, IntervalSeries, Meter, PointTerms, UsagePoint, VolumeSource, Zone};
use oblik_domain::period::{kyiv_hour, kyiv_midnight, kyiv_offset_clock};
use oblik_domain::tariff::ZoneScheme;

use crate::trace::{input, step, text};
use crate::{BillingInput, PriceBook, network, volume};

/// One interval: its start, its minutes, its energy in thousandths.
type Interval = (DateTime<Utc>, u8, i64);

/// Replaces what registers measured by interval data where a point's terms say so; the registers only control it.
///
/// # Errors
/// [`Code::ReadingsIncomplete`] (E6) names the point and the first hour that is missing; [`Code::ParameterMissing`] (E2) where no
/// zone hours are known for a day.
pub(crate) fn take_over(
    billing: &BillingInput<'_>,
    volumes: &mut Vec<NetVolume>,
    trace: &mut Vec<TraceStep>,
) -> Result<(), Vec<Finding>> {
    let mut findings = Vec::new();
    for point in billing.record.points.iter().filter(|point| measures(point, billing) && volume::is_charged(billing, point)) {
        volumes.retain(|volume| volume.point != point.eic);
        match of_point(billing, point, &billing.record.meters, trace) {
            Ok(measured) => volumes.extend(measured),
            Err(more) => findings.extend(more),
        }
        volumes.sort_by(|one, other| network::order(one).cmp(&network::order(other)));
    }
    if findings.is_empty() { Ok(()) } else { Err(findings) }
}

/// Whether a point's volume comes from interval data.
pub(crate) fn measures(point: &UsagePoint, billing: &BillingInput<'_>) -> bool {
    terms(point, billing).is_some_and(|terms| terms.volume_source == VolumeSource::Intervals)
}

/// The terms of the first day of the period on which the point is supplied.
fn terms<'a>(point: &'a UsagePoint, billing: &BillingInput<'_>) -> Option<&'a PointTerms> {
    network::supplied(point, billing.period).and_then(|(from, _)| network::terms(point, from))
}

/// The volumes of one point by interval data: one of each kind and zone, for the days of the period it was supplied.
///
/// Each is a whole number, and so is their sum: what rounding leaves goes on to the next zone, so that the zones of a kind are
/// together never half a kilowatt-hour from what was measured (R-RND, ККО 9.7.2).
pub(crate) fn of_point(
    billing: &BillingInput<'_>,
    point: &UsagePoint,
    meters: &[Meter],
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<NetVolume>, Vec<Finding>> {
    let Some((from, to)) = network::supplied(point, billing.period) else { return Ok(Vec::new()) };
    let own = meters.iter().filter(|meter| meter.point == point.eic && volume::stands(meter, from, to));
    let mut kinds: BTreeSet<EnergyKind> = own.flat_map(|meter| &meter.registers).map(|register| register.kind).collect();
    kinds.insert(EnergyKind::ActiveImport);
    let (mut volumes, mut findings) = (Vec::new(), Vec::new());
    for kind in kinds {
        let zones = match by_zone(billing, (&point.eic, kind), (from, to), scheme(&point.eic, kind, meters, (from, to))) {
            Ok(zones) => zones,
            Err(finding) => {
                findings.push(finding);
                continue;
            }
        };
        let exact: Vec<i64> = zones.values().copied().collect();
        let Some(rows) = whole_rows(&exact) else {
            findings.push(Finding::error(Code::OutOfRange).with("what", "intervals"));
            continue;
        };
        let mut before = Decimal::ZERO;
        for ((zone, exact), row) in zones.into_iter().zip(rows) {
            let energy = Decimal::new(exact, 3).normalize();
            let formula = text!("round0({before} + {energy}) − round0({before})");
            let mut told = step("R-INT", text!("{} {kind}/{zone}", point.eic), formula, row);
            told.inputs = vec![input("energy", energy, text!("intervals {from} to {to}"))];
            trace.push(told);
            before = before.saturating_add(energy);
            volumes.push(network::volume(point, kind, zone, (from, to), row));
        }
    }
    if findings.is_empty() { Ok(volumes) } else { Err(findings) }
}

/// Whole kilowatt-hours of successive rows, kWh: none is below zero where no measured one is, and the rows together are within
/// half a kilowatt-hour of what was measured. `None` when a figure does not fit.
///
/// Source: ККО 9.7.2 by R-RND, which allows one kilowatt-hour.
pub(crate) fn whole_rows(thousandths: &[i64]) -> Option<Vec<Kwh>> {
    let mut sum = 0_i64;
    let mut told = Kwh::ZERO;
    let mut rows = Vec::with_capacity(thousandths.len());
    for energy in thousandths {
        sum = sum.checked_add(*energy)?;
        let now = Kwh::rounded(Decimal::new(sum, 3))?;
        rows.push(Kwh(now.0.checked_sub(told.0)?));
        told = now;
    }
    Some(rows)
}

/// Energy of a point between the first instants of two days, exact, kWh or kvarh; [`Zone::Total`] is that of all zones.
///
/// For prices that change inside the period (R-PRICE-3, scheme a). Whether a day's zones are two or three follows from the
/// registers of the point's meters.
///
/// # Errors
/// E6 where a series does not cover the days, E2 where zone hours are missing, [`Code::OutOfRange`].
pub fn energy_between(
    billing: &BillingInput<'_>,
    point: &Eic,
    kind: EnergyKind,
    days: (NaiveDate, NaiveDate),
    zone: Zone,
) -> Result<Decimal, Finding> {
    let scheme = match zone {
        Zone::Total => None,
        _ => billing.related.iter().find(|related| related.point.eic == *point).map_or_else(
            || scheme(point, kind, &billing.record.meters, days),
            |related| scheme(point, kind, &related.meters, days),
        ),
    };
    let zones = by_zone(billing, (point, kind), days, scheme)?;
    Ok(Decimal::new(zones.get(&zone).copied().unwrap_or_default(), 3))
}

/// The greatest power that points took together in a half-hour of the period between two clock hours, kW: twice its energy.
///
/// `hours` are clock hours of Europe/Kyiv, the last one excluded. `None` where the interval data of any point is not whole,
/// or no half-hour lies between the hours. Source: R-LIM-2.
pub fn greatest_power(billing: &BillingInput<'_>, points: &[&Eic], hours: Range<usize>) -> Option<Decimal> {
    let (from, to) = (billing.period.first_day(), network::end(billing.period));
    // Twice the energy of each half-hour, thousandths: watts of its mean power.
    let mut watts: BTreeMap<i64, i64> = BTreeMap::new();
    for point in points {
        for (start, minutes, energy) in covered(billing, (point, EnergyKind::ActiveImport), (from, to)).ok()? {
            if !hours.contains(&kyiv_hour(start).1) {
                continue;
            }
            let half_hour = start.timestamp().div_euclid(HALF_HOUR_S);
            let (slots, doubled) = if minutes == 60 { (2, energy) } else { (1, energy.checked_mul(2)?) };
            for slot in half_hour..half_hour + slots {
                let sum = watts.entry(slot).or_default();
                *sum = sum.checked_add(doubled)?;
            }
        }
    }
    watts.into_values().max().map(|greatest| Decimal::new(greatest, 3).normalize())
}

const HALF_HOUR_S: i64 = 1800;

/// Whether the point's day has two zones, three, or none, by the registers that meters have for this kind of energy which stand
/// there on some of the days.
fn scheme(point: &Eic, kind: EnergyKind, meters: &[Meter], (from, to): (NaiveDate, NaiveDate)) -> Option<ZoneScheme> {
    let standing = meters.iter().filter(|meter| meter.point == *point && volume::stands(meter, from, to));
    let registers = standing.flat_map(|meter| &meter.registers);
    let mut found = None;
    for register in registers.filter(|register| register.kind == kind) {
        match register.zone {
            Zone::HalfPeak | Zone::Peak => return Some(ZoneScheme::Three),
            Zone::Night | Zone::Day => found = Some(ZoneScheme::Two),
            Zone::Total => {}
        }
    }
    found
}

/// Energy of each zone between two days, thousandths; every zone of the scheme has an entry.
fn by_zone(
    billing: &BillingInput<'_>,
    of: (&Eic, EnergyKind),
    days: (NaiveDate, NaiveDate),
    scheme: Option<ZoneScheme>,
) -> Result<BTreeMap<Zone, i64>, Finding> {
    let all: &[Zone] = match scheme {
        None => &[Zone::Total],
        Some(ZoneScheme::Two) => &[Zone::Night, Zone::Day],
        Some(ZoneScheme::Three) => &[Zone::Night, Zone::HalfPeak, Zone::Peak],
    };
    let mut sums: BTreeMap<Zone, i64> = all.iter().map(|zone| (*zone, 0)).collect();
    let mut hours_of: Option<(NaiveDate, &[Zone])> = None;
    for (start, _, energy) in covered(billing, of, days)? {
        let zone = match scheme {
            None => Zone::Total,
            Some(scheme) => {
                let (day, hour) = kyiv_hour(start);
                let hours = match hours_of {
                    Some((known, hours)) if known == day => hours,
                    _ => zone_hours(billing.prices, scheme, day)?,
                };
                hours_of = Some((day, hours));
                let zone = hours.get(hour).copied().filter(|zone| sums.contains_key(zone));
                zone.ok_or_else(|| network::unusable(&text!("zone-hours {scheme}"), text!("{hour:02}:00"), day))?
            }
        };
        let sum = sums.entry(zone).or_default();
        *sum = sum.checked_add(energy).ok_or_else(|| Finding::error(Code::OutOfRange).with("what", "intervals"))?;
    }
    Ok(sums)
}

/// The zones of a day's 24 clock hours.
///
/// # Errors
/// [`Code::ParameterMissing`] (E2) where none are known for the day.
pub(crate) fn zone_hours(book: &PriceBook, scheme: ZoneScheme, day: NaiveDate) -> Result<&[Zone], Finding> {
    let month = chrono::Datelike::month(&day);
    let of_month = |months: &[u8]| months.iter().any(|known| u32::from(*known) == month);
    let mut fitting = book.zone_hours().iter().filter(|dated| dated.value.scheme == scheme && of_month(&dated.value.months));
    let found = fitting.clone().find(|dated| dated.covers(day));
    found.map(|dated| dated.value.hours.as_slice()).ok_or_else(|| {
        let reason = match fitting.next_back() {
            None => "missing",
            Some(known) if known.from > day => "not-yet-valid",
            Some(_) => "expired",
        };
        let parameter = text!("zone-hours {scheme}");
        Finding::error(Code::ParameterMissing).with("parameter", parameter).with("day", day).with("reason", reason)
    })
}

/// The intervals from the first instant of a day to that of another, each instant once.
fn covered(
    billing: &BillingInput<'_>,
    (point, kind): (&Eic, EnergyKind),
    (from, to): (NaiveDate, NaiveDate),
) -> Result<Vec<Interval>, Finding> {
    let (Some(start), Some(end)) = (kyiv_midnight(from), kyiv_midnight(to)) else {
        return Err(Finding::error(Code::DateImpossible).with("what", "intervals").with("day", from));
    };
    let mut series: Vec<&IntervalSeries> =
        billing.intervals.iter().filter(|series| series.point == *point && series.kind == kind).collect();
    series.sort_by_key(|series| series.start);
    let missing = |moment| {
        let registers = text!("{point} ({kind}) {}", kyiv_offset_clock(moment));
        Finding::error(Code::ReadingsIncomplete).with("registers", registers)
    };
    let (mut intervals, mut next) = (Vec::new(), start);
    for one in series {
        if ![15, 30, 60].contains(&one.minutes) {
            return Err(network::unusable(&text!("{point} interval minutes"), one.minutes, from));
        }
        let length = TimeDelta::minutes(i64::from(one.minutes));
        let mut moment = one.start;
        for energy in &one.values {
            if moment >= end {
                break;
            }
            if moment >= start {
                if moment > next {
                    return Err(missing(next));
                }
                if moment < next {
                    let what = text!("{point} ({kind}) intervals");
                    let finding = Finding::error(Code::ValidityOverlap).with("what", what);
                    return Err(finding.with("first", kyiv_offset_clock(next)).with("second", kyiv_offset_clock(moment)));
                }
                if energy.0 < 0 {
                    return Err(network::unusable(&text!("{point} ({kind}) interval"), energy, kyiv_hour(moment).0));
                }
                intervals.push((moment, one.minutes, energy.0));
                next = moment.checked_add_signed(length).unwrap_or(end);
            }
            let Some(following) = moment.checked_add_signed(length) else { break };
            moment = following;
        }
    }
    if next < end { Err(missing(next)) } else { Ok(intervals) }
}
