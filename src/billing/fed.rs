//! Sub-consumers: what is fed through a point is taken off it, zone by zone. Source: R-VOL-5, R-VOL-5b, R-REACT-SUB.
//!
//! A sub-consumer takes through its feeder what its meter shows and what its own network loses; what it shares of the feeder's
//! losses is in neither. A sub-consumer of a sub-consumer is inside of that one, and so only taken off its own feeder.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::account::Relation;
use oblik_domain::bill::{FedRow, LossRow, NetVolume, TraceStep, VolumeRow};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, Meter, UsagePoint, Zone};

use crate::loss_zones::{self, ZoneSplit};
use crate::network::{out_of_range, unusable};
use crate::shares::split_in_groups;
use crate::trace::{input, step, text};
use crate::{BillingInput, MissingReadings, intervals, losses, network, volume};

/// The greatest tgφ that is assumed of a sub-consumer without a reactive meter (R-REACT-SUB).
const SUB_TG_CAP: &str = "sub-tg-cap";

/// A point of the network around the account, with its volumes; its own losses are in them, nothing is shared.
pub(crate) struct Known<'a> {
    pub point: &'a UsagePoint,
    pub volumes: Vec<NetVolume>,
    /// The losses of a point that is not charged; of one that is, the bill has them.
    pub losses: Option<Vec<LossRow>>,
    /// What is worth telling of a sub-consumer's readings.
    pub note: Option<Finding>,
}

/// What a point is measured by: what was read of it, where that is known already.
struct Metered<'a> {
    point: &'a UsagePoint,
    meters: &'a [Meter],
    read: Option<Vec<VolumeRow>>,
}

impl Known<'_> {
    /// What the point's meters measured of a kind; `None` when it does not fit.
    pub(crate) fn gross(&self, kind: EnergyKind) -> Option<i64> {
        let of_kind = self.volumes.iter().filter(|volume| volume.kind == kind);
        of_kind.into_iter().try_fold(0_i64, |sum, volume| sum.checked_add(volume.gross.0))
    }
}

/// A point that is fed through another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sub {
    pub feeder: Eic,
    pub point: Eic,
    /// Whether it is a point that this account is charged for.
    pub charged: bool,
    /// Its reactive energy is not measured but follows from the feeder's tgφ.
    pub reactive_by_tg: bool,
    /// Gross and losses, in order; what is fed through it is still in them.
    pub volumes: Vec<NetVolume>,
    /// How its reactive energy came to be.
    pub told: Option<TraceStep>,
}

impl Sub {
    /// What it takes of a kind through its feeder; `None` when it does not fit.
    pub(crate) fn taken(&self, kind: EnergyKind) -> Option<i64> {
        let of_kind = self.volumes.iter().filter(|volume| volume.kind == kind);
        of_kind.into_iter().try_fold(0_i64, |sum, volume| sum.checked_add(volume.gross.0)?.checked_add(volume.losses.0))
    }
}

/// The points that feed or are fed, and their volumes; nothing where the account stands alone.
///
/// The readings of those fed through us are told; those of whoever feeds us and of those beside us are not ours to show, and are
/// looked at only where losses are shared.
///
/// # Errors
/// What stands against the readings of any of them (E6, E9), or against their losses.
pub(crate) fn known<'a>(
    billing: &'a BillingInput<'a>,
    rows: &[VolumeRow],
    volumes: &[NetVolume],
    zones: ZoneSplit<'_>,
    trace: &mut Vec<TraceStep>,
) -> Result<BTreeMap<&'a Eic, Known<'a>>, Vec<Finding>> {
    let mut known = BTreeMap::new();
    let own = &billing.record.points;
    if billing.related.is_empty() && !own.iter().any(is_fed) {
        return Ok(known);
    }
    let mut findings = Vec::new();
    for point in own {
        let charged: Vec<NetVolume> = volumes.iter().filter(|volume| volume.point == point.eic).cloned().collect();
        if !charged.is_empty() {
            known.insert(&point.eic, Known { point, volumes: charged, losses: None, note: None });
            continue;
        }
        let read: Vec<VolumeRow> = rows.iter().filter(|row| row.register.point == point.eic).cloned().collect();
        match measured(billing, Metered { point, meters: &billing.record.meters, read: Some(read) }, zones, trace) {
            Ok(measured) => drop(known.insert(&point.eic, measured)),
            Err(more) => findings.extend(more),
        }
    }
    let feeds_us = |related: &&oblik_domain::account::RelatedPoint| related.relation == Relation::FeedsUs;
    let sharing: BTreeSet<&Eic> = billing
        .related
        .iter()
        .filter(feeds_us)
        .filter(|related| losses::has_losses(&related.point) && losses::shares_losses(&related.point, billing))
        .map(|related| &related.point.eic)
        .collect();
    for related in billing.related {
        let mut unshown = Vec::new();
        let told = match related.relation {
            Relation::FedByUs => &mut *trace,
            Relation::FeedsUs if sharing.contains(&related.point.eic) => &mut unshown,
            Relation::FedBeside if is_fed_by(&related.point, &sharing) => &mut unshown,
            Relation::FeedsUs | Relation::FedBeside => continue,
        };
        let shown = related.relation == Relation::FedByUs;
        match measured(billing, Metered { point: &related.point, meters: &related.meters, read: None }, zones, told) {
            Ok(Known { point, volumes, losses, note }) => {
                let note = note.filter(|_| shown);
                drop(known.insert(&related.point.eic, Known { point, volumes, losses, note }));
            }
            Err(more) => findings.extend(more),
        }
    }
    if findings.is_empty() { Ok(known) } else { Err(findings) }
}

fn is_fed(point: &UsagePoint) -> bool {
    point.terms.iter().any(|dated| dated.value.fed_through.is_some())
}

fn is_fed_by(point: &UsagePoint, feeders: &BTreeSet<&Eic>) -> bool {
    point.terms.iter().any(|dated| dated.value.fed_through.as_ref().is_some_and(|feeder| feeders.contains(feeder)))
}

/// The volumes of a point that is not charged here, with its own losses.
fn measured<'a>(
    billing: &BillingInput<'_>,
    Metered { point, meters, read }: Metered<'a>,
    zones: ZoneSplit<'_>,
    trace: &mut Vec<TraceStep>,
) -> Result<Known<'a>, Vec<Finding>> {
    let ours = read.is_some();
    let mut note = None;
    let mut volumes = if intervals::measures(point, billing) {
        intervals::of_point(billing, point, meters, trace)?
    } else if let Some(rows) = read {
        volume::gross(&rows)
    } else {
        // An estimate of another account's register is made and stored with that account's bill; here it counts once it is stored.
        let read = BillingInput { missing: MissingReadings::Refuse, ..*billing };
        let rows = volume::of_point(&read, point, meters, trace)?;
        note = volume::estimated(&rows);
        volume::gross(&rows)
    };
    // What another account's network is made of is not shown, only what it loses.
    let mut unshown = Vec::new();
    let told = if ours { trace } else { &mut unshown };
    let parts = losses::of_point(billing, point, &volumes.iter().collect::<Vec<_>>(), told)?;
    loss_zones::distribute(&mut volumes, &parts, zones, &mut Vec::new()).map_err(|finding| vec![finding])?;
    Ok(Known { point, volumes, losses: Some(parts), note })
}

/// Those of the known points that are fed through another of them, in order of their feeders and their own codes.
///
/// # Errors
/// [`Code::ParameterUnusable`] for a point that feeds itself, over others or not; E2 for `sub-tg-cap`; [`Code::OutOfRange`].
pub(crate) fn subs(billing: &BillingInput<'_>, known: &BTreeMap<&Eic, Known<'_>>) -> Result<Vec<Sub>, Vec<Finding>> {
    let (mut subs, mut findings) = (Vec::new(), Vec::new());
    for (eic, sub) in known {
        let mut by_feeder: BTreeMap<&Eic, Vec<NetVolume>> = BTreeMap::new();
        for volume in &sub.volumes {
            if let Some(feeder) = feeder(sub.point, volume.from) {
                by_feeder.entry(feeder).or_default().push(volume.clone());
            }
        }
        for (feeder, volumes) in by_feeder {
            let Some(main) = known.get(feeder) else { continue };
            if feeds_itself(known, eic, sub.volumes.first().map_or_else(|| billing.period.first_day(), |volume| volume.from)) {
                findings.push(unusable(&text!("{eic} fed-through"), feeder, billing.period.first_day()));
                continue;
            }
            let mut sub = Sub {
                feeder: feeder.clone(),
                point: (*eic).clone(),
                charged: sub.losses.is_none(),
                reactive_by_tg: false,
                volumes,
                told: None,
            };
            match add_reactive(billing, main, &mut sub) {
                Ok(()) => subs.push(sub),
                Err(finding) => findings.push(finding),
            }
        }
    }
    subs.sort_by(|one, other| (&one.feeder, &one.point).cmp(&(&other.feeder, &other.point)));
    if findings.is_empty() { Ok(subs) } else { Err(findings) }
}

/// The point through which another is fed on a day.
fn feeder(point: &UsagePoint, day: NaiveDate) -> Option<&Eic> {
    network::terms(point, day.max(point.from)).and_then(|terms| terms.fed_through.as_ref())
}

fn feeds_itself(known: &BTreeMap<&Eic, Known<'_>>, eic: &Eic, day: NaiveDate) -> bool {
    let mut above = eic;
    for _ in 0..known.len() {
        match known.get(above).and_then(|known| feeder(known.point, day)) {
            Some(next) if next == eic => return true,
            Some(next) => above = next,
            None => return false,
        }
    }
    false
}

/// WQ = WP × min(tgφ of the main, cap), where the main's reactive energy is measured and the sub-consumer's is not.
fn add_reactive(billing: &BillingInput<'_>, main: &Known<'_>, sub: &mut Sub) -> Result<(), Finding> {
    let (active, reactive) = (EnergyKind::ActiveImport, EnergyKind::ReactiveImport);
    let has = |volumes: &[NetVolume]| volumes.iter().any(|volume| volume.kind == reactive);
    if !has(&main.volumes) || has(&sub.volumes) {
        return Ok(());
    }
    let range = || out_of_range("sub-consumers");
    let held = losses::positive(billing, SUB_TG_CAP)?;
    let cap = held.value();
    let taken = sub.taken(active).ok_or_else(range)?;
    let main_active = main.gross(active).ok_or_else(range)?;
    let main_reactive = main.gross(reactive).ok_or_else(range)?;
    // Without active energy the main has no tgφ; the cap is all that is known.
    let tg = Decimal::from(main_reactive).checked_div(Decimal::from(main_active.max(0)));
    let (exact, formula) = if tg.is_some_and(|tg| tg < cap) {
        let product = Decimal::from(taken).checked_mul(Decimal::from(main_reactive));
        let exact = product.and_then(|product| product.checked_div(Decimal::from(main_active)));
        (exact, text!("round0({taken} × {main_reactive} / {main_active})"))
    } else {
        (Decimal::from(taken).checked_mul(cap), text!("round0({taken} × {cap})"))
    };
    let consumed = exact.and_then(Kwh::rounded).ok_or_else(range)?;
    let Some(mut one) = sub.volumes.iter().find(|volume| volume.kind == active).cloned() else { return Ok(()) };
    let days = sub.volumes.iter().map(|volume| (volume.from, volume.to));
    let days = days.reduce(|(from, to), (other_from, other_to)| (from.min(other_from), to.max(other_to)));
    (one.from, one.to) = days.unwrap_or((one.from, one.to));
    (one.kind, one.zone, one.gross, one.losses, one.net) = (reactive, Zone::Total, consumed, Kwh::ZERO, consumed);
    let mut told = step("R-REACT-SUB", text!("{} {reactive}", sub.point), formula, consumed);
    told.inputs = vec![
        input("WP", taken, text!("point {}", sub.point)),
        input("WQ of the main", main_reactive, text!("point {}", sub.feeder)),
        input("WP of the main", main_active, text!("point {}", sub.feeder)),
        input("cap", cap, held.to_string()),
    ];
    sub.volumes.push(one);
    (sub.reactive_by_tg, sub.told) = (true, Some(told));
    Ok(())
}

/// Takes the volumes of sub-consumers off the points they are fed through, and tells them.
///
/// # Errors
/// [`Code::VolumeNegative`] (E5) for any zone that falls below zero; [`Code::OutOfRange`].
pub(crate) fn take_off(
    billing: &BillingInput<'_>,
    subs: &[Sub],
    volumes: &mut [NetVolume],
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<FedRow>, Vec<Finding>> {
    let ours: BTreeSet<&Eic> = billing.record.points.iter().map(|point| &point.eic).collect();
    let mut rows = Vec::new();
    for sub in subs.iter().filter(|sub| ours.contains(&sub.feeder)) {
        for volume in sub.volumes.iter().filter(|volume| volume.losses != Kwh::ZERO) {
            let NetVolume { point, kind, zone, gross, losses, .. } = volume;
            trace.push(step("R-VOL-5", text!("{point} {kind}/{zone}"), text!("{gross} + {losses}"), *gross + *losses));
        }
        trace.extend(sub.told.clone());
        let taken = take_off_one(sub, volumes, trace).ok_or_else(|| vec![out_of_range("sub-consumers")])?;
        rows.extend(taken);
    }
    for volume in volumes.iter_mut() {
        let net = volume.gross.0.checked_add(volume.losses.0).and_then(|sum| sum.checked_sub(volume.fed.0));
        volume.net = Kwh(net.ok_or_else(|| vec![out_of_range("sub-consumers")])?);
        if volume.losses != Kwh::ZERO || volume.fed != Kwh::ZERO {
            let NetVolume { point, kind, zone, gross, losses, fed, net, .. } = &*volume;
            trace.push(step("R-VOL-5", text!("{point} {kind}/{zone}"), text!("{gross} + {losses} − {fed}"), net));
        }
    }
    let negative = negative(volumes);
    if negative.is_empty() { Ok(rows) } else { Err(negative) }
}

/// Takes one sub-consumer off its feeder; `None` when a figure does not fit.
fn take_off_one(sub: &Sub, volumes: &mut [NetVolume], trace: &mut Vec<TraceStep>) -> Option<Vec<FedRow>> {
    let mut taken: BTreeMap<(EnergyKind, Zone), i64> = BTreeMap::new();
    let mut parts: BTreeMap<(EnergyKind, NaiveDate, NaiveDate), BTreeMap<Zone, i64>> = BTreeMap::new();
    for volume in &sub.volumes {
        let zones = parts.entry((volume.kind, volume.from, volume.to)).or_default();
        let sum = zones.entry(volume.zone).or_default();
        *sum = sum.checked_add(volume.gross.0)?.checked_add(volume.losses.0)?;
    }
    for ((kind, from, to), zones) in parts {
        let main: Vec<(usize, &NetVolume)> =
            volumes.iter().enumerate().filter(|(_, volume)| volume.point == sub.feeder && volume.kind == kind).collect();
        let at_the_time: Vec<(usize, &NetVolume)> =
            main.iter().copied().filter(|(_, volume)| volume.from < to && from < volume.to).collect();
        let main = if at_the_time.is_empty() { main } else { at_the_time };
        let main_zones: BTreeSet<Zone> = main.iter().map(|(_, volume)| volume.zone).collect();
        // Zones that the main's meter does not have are no more than their sum.
        let shares: Vec<(Option<Zone>, i64)> = if zones.keys().all(|zone| main_zones.contains(zone)) {
            zones.into_iter().map(|(zone, volume)| (Some(zone), volume)).collect()
        } else {
            vec![(None, zones.into_values().try_fold(0_i64, i64::checked_add)?)]
        };
        let mut fed = Vec::new();
        for (zone, total) in shares {
            let of_zone: Vec<&(usize, &NetVolume)> =
                main.iter().filter(|(_, volume)| zone.is_none_or(|zone| zone == volume.zone)).collect();
            let weights = of_zone.iter().map(|(_, volume)| Some((volume.zone, weight(volume, from, to)?)));
            let weights: Vec<(Zone, i64)> = weights.collect::<Option<_>>()?;
            let (values, told) = split_in_groups(total, &weights, None)?;
            fed.extend(of_zone.iter().zip(values).map(|((index, _), value)| (*index, value)));
            for (zone, share) in told {
                let rule = if zone_is_shared(&weights) { "R-VOL-5b" } else { "R-VOL-5" };
                let mut step = step(rule, text!("{} {kind}/{zone}", sub.feeder), share.formula, share.value);
                step.inputs = vec![input("taken", total, text!("point {}", sub.point))];
                trace.push(step);
                let sum = taken.entry((kind, zone)).or_default();
                *sum = sum.checked_add(share.value)?;
            }
        }
        for (index, value) in fed {
            let volume = volumes.get_mut(index)?;
            volume.fed = Kwh(volume.fed.0.checked_add(value)?);
        }
    }
    let row =
        |((kind, zone), volume)| FedRow { point: sub.feeder.clone(), fed: sub.point.clone(), kind, zone, volume: Kwh(volume) };
    Some(taken.into_iter().map(row).collect())
}

fn zone_is_shared(weights: &[(Zone, i64)]) -> bool {
    weights.iter().any(|(zone, _)| weights.first().is_some_and(|(first, _)| first != zone))
}

/// What a measured part of the main weighs for some days: its gross, in proportion to the days where it lies partly outside.
fn weight(volume: &NetVolume, from: NaiveDate, to: NaiveDate) -> Option<i64> {
    let days = (volume.to - volume.from).num_days();
    let common = (volume.to.min(to) - volume.from.max(from)).num_days();
    if common >= days || common <= 0 {
        return Some(volume.gross.0);
    }
    i64::try_from(i128::from(volume.gross.0) * i128::from(common) / i128::from(days)).ok()
}

/// What is left below zero: a whole zone, or a measured part that only sub-consumers brought there. Zones are never netted.
fn negative(volumes: &[NetVolume]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for zone in volumes.chunk_by(|one, other| (&one.point, one.kind, one.zone) == (&other.point, other.kind, other.zone)) {
        let whole: Kwh = zone.iter().map(|part| part.net).sum();
        let of_part = |part: &&[NetVolume]| part.iter().any(|part| part.net < Kwh::ZERO && part.gross + part.losses >= Kwh::ZERO);
        let told = if whole < Kwh::ZERO { Some(zone) } else { zone.chunks(1).find(of_part) };
        let Some((told, first)) = told.and_then(|told| Some((told, told.first()?))) else { continue };
        let sum = |of: fn(&NetVolume) -> Kwh| -> Kwh { told.iter().map(of).sum() };
        let finding = Finding::error(Code::VolumeNegative).with("point", &first.point);
        let finding = finding.with("register", text!("{}/{}", first.kind, first.zone));
        let finding = finding.with("volume", sum(|part| part.gross)).with("fed", sum(|part| part.fed));
        findings.push(finding.with("losses", sum(|part| part.losses)));
    }
    findings
}
