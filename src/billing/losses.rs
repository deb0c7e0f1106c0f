//! Losses between a meter and the balance boundary, and who bears them. Source: R-LOSS-1, R-LOSS-2.
//!
//! The losses of a point are those of its elements one after another, from the meter outwards: what one loses flows through the
//! next. They are whole kilowatt-hours by part, and their sum is shared out among the zones and measured parts of the period,
//! so that it is the same sum. Reactive losses are counted where reactive energy is measured.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, Utc};
use oblik_domain::Decimal;
use oblik_domain::bill::{LossPart, LossRow, NetVolume, TraceStep, VolumeRow};
use oblik_domain::calendar::hours_between;
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, Loss, LossSharing, PointTerms, UsagePoint};
use oblik_domain::money::rounded;
use oblik_domain::period::kyiv_midnight;

use crate::fed::{self, Sub};
use crate::loss_elements::{Flow, Lost, lost};
use crate::loss_zones::ZoneSplit;
use crate::network::{self, out_of_range, unusable};
use crate::prices::Held;
use crate::shares::split;
use crate::trace::{input, step, text};
use crate::{BillingInput, loss_zones};

/// K_gr of R-LOSS-2.
const FORM_FACTOR: &str = "form-factor";
/// tgφ where reactive energy is not measured.
const NORMATIVE_TG: &str = "normative-tg";

/// Adds the losses of each point to its volumes, and tells them by part; and the sub-consumers that share them.
pub(crate) fn add(
    billing: &BillingInput<'_>,
    rows: &[VolumeRow],
    volumes: &mut [NetVolume],
    notes: &mut Vec<Finding>,
    trace: &mut Vec<TraceStep>,
) -> Result<(Vec<LossRow>, Vec<Sub>), Vec<Finding>> {
    let mut parts: Vec<LossRow> = Vec::new();
    let mut findings = Vec::new();
    for point in billing.record.points.iter().filter(|point| has_losses(point)) {
        let own: Vec<&NetVolume> = volumes.iter().filter(|volume| volume.point == point.eic).collect();
        if own.is_empty() {
            continue;
        }
        match of_point(billing, point, &own, trace) {
            Ok(rows) => parts.extend(rows),
            Err(more) => findings.extend(more),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    let zones = if parts.is_empty() && billing.related.is_empty() { ZoneSplit::Volume } else { loss_zones::zone_split(billing)? };
    // What a sub-consumer takes through its feeder has its own losses in it, and none that it shares.
    loss_zones::distribute(volumes, &parts, zones, &mut Vec::new()).map_err(|finding| vec![finding])?;
    let known = fed::known(billing, rows, volumes, zones, trace)?;
    notes.extend(known.values().filter_map(|known| known.note.clone()));
    let subs = fed::subs(billing, &known)?;
    let feeders: BTreeSet<&Eic> = subs.iter().map(|sub| &sub.feeder).collect();
    for feeder in feeders {
        let Some(network) = known.get(feeder) else { continue };
        let shared = shared(billing, network, &subs, &parts, trace).ok_or_else(|| vec![out_of_range("losses")])?;
        parts.extend(shared);
    }
    loss_zones::distribute(volumes, &parts, zones, trace).map_err(|finding| vec![finding])?;
    Ok((parts, subs))
}

/// Whether any terms of a point have losses in them.
pub(crate) fn has_losses(point: &UsagePoint) -> bool {
    point.terms.iter().any(|dated| !dated.value.losses.is_empty())
}

/// Whether those fed through a point share its losses.
pub(crate) fn shares_losses(point: &UsagePoint, billing: &BillingInput<'_>) -> bool {
    let terms = network::supplied(point, billing.period).and_then(|(_, to)| network::terms(point, to.pred_opt()?));
    terms.is_some_and(|terms| terms.loss_sharing == LossSharing::Proportional)
}

/// What a network's sub-consumers bear of its losses, in proportion to what they take through it: off the owner's, onto those
/// points of theirs that are in this account. The owner has what is left, so that the whole is the same (R-LOSS-1).
fn shared(
    billing: &BillingInput<'_>,
    network: &fed::Known<'_>,
    subs: &[Sub],
    own_parts: &[LossRow],
    trace: &mut Vec<TraceStep>,
) -> Option<Vec<LossRow>> {
    let mut rows = Vec::new();
    if !shares_losses(network.point, billing) {
        return Some(rows);
    }
    let ours = |eic: &Eic| billing.record.points.iter().any(|point| point.eic == *eic);
    let feeder = &network.point.eic;
    for kind in [EnergyKind::ActiveImport, EnergyKind::ReactiveImport] {
        let of_feeder = |row: &&LossRow| row.point == *feeder && row.kind == kind && row.part != LossPart::Shared;
        let lost: Kwh = match network.losses.as_deref() {
            Some(rows) => rows.iter().filter(of_feeder).map(|row| row.volume).sum(),
            None => own_parts.iter().filter(of_feeder).map(|row| row.volume).sum(),
        };
        let gross: i64 = network.gross(kind)?;
        let takers: Vec<(&Sub, i64)> = subs
            .iter()
            .filter(|sub| sub.feeder == *feeder && !(sub.reactive_by_tg && kind == EnergyKind::ReactiveImport))
            .map(|sub| Some((sub, sub.taken(kind)?.max(0))))
            .collect::<Option<_>>()?;
        if lost == Kwh::ZERO || gross <= 0 || takers.is_empty() {
            continue;
        }
        let taken = takers.iter().try_fold(0_i64, |sum, (_, taken)| sum.checked_add(*taken))?;
        let mut weights: Vec<i64> = takers.iter().map(|(_, taken)| *taken).collect();
        weights.push(gross.checked_sub(taken)?.max(0));
        for ((sub, taken), share) in takers.iter().zip(split(lost.0, &weights, None)?) {
            let told = |point: &Eic, value: i64, formula: String| {
                let mut told = step("R-LOSS-1", text!("{point} {kind}"), formula, value);
                told.inputs = vec![
                    input("losses", lost, text!("point {feeder}")),
                    input("gross", gross, text!("point {feeder}")),
                    input("taken", taken, text!("point {}", sub.point)),
                ];
                told
            };
            let row = |point: &Eic, value| LossRow { point: point.clone(), kind, part: LossPart::Shared, volume: Kwh(value) };
            if ours(feeder) {
                trace.push(told(feeder, -share.value, text!("−({})", share.formula)));
                rows.push(row(feeder, -share.value));
            }
            if sub.charged {
                trace.push(told(&sub.point, share.value, share.formula));
                rows.push(row(&sub.point, share.value));
            }
        }
    }
    Some(rows)
}

/// The losses of a point by part, for volumes that are its own.
///
/// # Errors
/// E2 for a parameter, BILL-PARAMETER for a value that cannot be, BILL-DATE for a disconnection that ends before it begins,
/// BILL-RANGE.
pub(crate) fn of_point(
    billing: &BillingInput<'_>,
    point: &UsagePoint,
    volumes: &[&NetVolume],
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<LossRow>, Vec<Finding>> {
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    let spans = spans(point, billing);
    for (index, (span, terms)) in spans.iter().enumerate() {
        let Some(terms) = terms.filter(|terms| !terms.losses.is_empty()) else { continue };
        match of_span(billing, point, (*span, terms), flows(volumes, &spans, index).as_ref(), trace) {
            Ok(parts) => rows.extend(parts),
            Err(more) => findings.extend(more),
        }
    }
    if findings.is_empty() { Ok(rows) } else { Err(findings) }
}

type Days = (NaiveDate, NaiveDate);

/// The days of the period on which the same terms hold, with those terms; `None` where none do.
fn spans<'a>(point: &'a UsagePoint, billing: &BillingInput<'_>) -> Vec<(Days, Option<&'a PointTerms>)> {
    let Some((from, to)) = network::supplied(point, billing.period) else { return Vec::new() };
    let mut days = BTreeSet::from([from, to]);
    for dated in &point.terms {
        days.extend([Some(dated.from), dated.to].into_iter().flatten().filter(|day| from < *day && *day < to));
    }
    let days: Vec<NaiveDate> = days.into_iter().collect();
    let mut spans: Vec<(Days, Option<&PointTerms>)> = Vec::new();
    for (start, end) in days.iter().zip(days.iter().skip(1)) {
        let terms = network::terms(point, *start);
        match spans.last_mut() {
            Some(((_, last_end), last)) if *last == terms => *last_end = *end,
            _ => spans.push(((*start, *end), terms)),
        }
    }
    spans
}

/// What flows in one of the spans, of each kind: volumes that lie in several are cut by hours. `None` where it does not fit.
fn flows(volumes: &[&NetVolume], spans: &[(Days, Option<&PointTerms>)], index: usize) -> Option<BTreeMap<EnergyKind, i64>> {
    let mut sums = BTreeMap::new();
    for volume in volumes {
        let hours =
            |(span, _): &(Days, Option<&PointTerms>)| hours_between(span.0.max(volume.from), span.1.min(volume.to)).max(0);
        let hours: Vec<i64> = spans.iter().map(hours).collect();
        let flowing = split(volume.gross.0, &hours, None)?.get(index)?.value;
        let sum: &mut i64 = sums.entry(volume.kind).or_default();
        *sum = sum.checked_add(flowing)?;
    }
    Some(sums)
}

/// The losses of the days on which the same terms hold.
fn of_span(
    billing: &BillingInput<'_>,
    point: &UsagePoint,
    (days, terms): (Days, &PointTerms),
    flows: Option<&BTreeMap<EnergyKind, i64>>,
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<LossRow>, Vec<Finding>> {
    let eic = point.eic.as_str();
    let flows = flows.ok_or_else(|| vec![out_of_range("losses")])?;
    let measured = flows.get(&EnergyKind::ReactiveImport);
    let active = Decimal::from(flows.get(&EnergyKind::ActiveImport).copied().unwrap_or_default().max(0));
    let hours = hours(point, billing, days, terms).map_err(|finding| vec![finding])?;
    trace.push(hours.told);
    let physical = terms.losses.iter().any(|element| !matches!(element, Loss::Simplified { .. }));
    let (mut form_factor, mut reactive) = ((Decimal::ZERO, String::new()), Decimal::ZERO);
    if physical {
        let held = positive(billing, FORM_FACTOR).map_err(|finding| vec![finding])?;
        form_factor = (held.value(), held.to_string());
        reactive = match measured {
            Some(consumed) => Decimal::from((*consumed).max(0)),
            None => by_normative_tg(billing, point, terms, active, trace).map_err(|finding| vec![finding])?,
        };
    }
    let mut flow = Flow {
        point: eic,
        day: days.0,
        active,
        reactive,
        energised: hours.energised,
        loaded: hours.loaded,
        month: hours.month,
        form_factor,
    };
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    for element in &terms.losses {
        let parts = match lost(element, &flow) {
            Ok(parts) => parts,
            Err(more) => {
                findings.extend(more);
                continue;
            }
        };
        for Lost { kind, part, volume, formula, inputs } in parts {
            let flowing = if kind == EnergyKind::ActiveImport { &mut flow.active } else { &mut flow.reactive };
            *flowing = flowing.saturating_add(Decimal::from(volume.0));
            if kind != EnergyKind::ActiveImport && measured.is_none() {
                continue;
            }
            let mut told = step("R-LOSS-2", text!("{eic} {kind} {part}"), formula, volume);
            told.inputs = inputs;
            trace.push(told);
            rows.push(LossRow { point: point.eic.clone(), kind, part, volume });
        }
    }
    if findings.is_empty() { Ok(rows) } else { Err(findings) }
}

/// W_Q where it is not measured: W_P × the normative tgφ.
fn by_normative_tg(
    billing: &BillingInput<'_>,
    point: &UsagePoint,
    terms: &PointTerms,
    active: Decimal,
    trace: &mut Vec<TraceStep>,
) -> Result<Decimal, Finding> {
    let (tg, source) = match terms.normative_tg {
        Some(tg) if tg < Decimal::ZERO => {
            return Err(unusable(&text!("{} normative-tg", point.eic), tg, billing.period.first_day()));
        }
        Some(tg) => (tg, text!("point {}", point.eic)),
        None => {
            let held = positive(billing, NORMATIVE_TG)?;
            (held.value(), held.to_string())
        }
    };
    let reactive = active.checked_mul(tg).and_then(Kwh::rounded).ok_or_else(|| out_of_range("losses"))?;
    let subject = text!("{} {}", point.eic, EnergyKind::ReactiveImport);
    let mut told = step("R-LOSS-2", subject, text!("round0({active} × {tg})"), reactive);
    told.inputs = vec![input("tg", tg, source)];
    trace.push(told);
    Ok(Decimal::from(reactive.0))
}

/// A parameter of the period that must be above zero, with where it came from.
pub(crate) fn positive<'a>(billing: &BillingInput<'a>, name: &str) -> Result<Held<'a>, Finding> {
    let held = billing.prices.held_of_period(name, billing.period)?;
    if held.value() > Decimal::ZERO { Ok(held) } else { Err(unusable(name, held.value(), billing.period.last_day())) }
}

/// How long a network was energised and loaded.
struct Hours {
    energised: Decimal,
    loaded: Decimal,
    month: Decimal,
    told: TraceStep,
}

/// The hours of Europe/Kyiv between two days without those of disconnections, to a ten-thousandth of an hour.
fn hours(point: &UsagePoint, billing: &BillingInput<'_>, days: Days, terms: &PointTerms) -> Result<Hours, Finding> {
    let whole = Decimal::from(hours_between(days.0, days.1));
    let month = Decimal::from(hours_between(billing.period.first_day(), network::end(billing.period)));
    let off = rounded(Decimal::from(seconds_off(point, days)?) / Decimal::from(3600_u16), 4).normalize();
    let energised = whole.saturating_sub(off).max(Decimal::ZERO);
    let loaded = match terms.load_hours {
        None => energised,
        Some(load) if load < Decimal::ZERO => return Err(unusable(&text!("{} load-hours", point.eic), load, days.0)),
        Some(load) => {
            let part = load.checked_mul(whole).and_then(|product| product.checked_div(month));
            rounded(part.ok_or_else(|| out_of_range("load-hours"))?, 4).normalize().min(energised)
        }
    };
    let mut told = step("R-LOSS-2", text!("{} hours", point.eic), text!("{whole} − {off}"), energised);
    told.inputs = vec![
        input("hours", whole, text!("{} to {}", days.0, days.1)),
        input("disconnected", off, text!("point {} disconnections", point.eic)),
        input("loaded", loaded, text!("point {}", point.eic)),
    ];
    Ok(Hours { energised, loaded, month, told })
}

/// Seconds of the days on which a point was cut off; what several disconnections cover counts once.
fn seconds_off(point: &UsagePoint, days: Days) -> Result<i64, Finding> {
    let (Some(start), Some(end)) = (kyiv_midnight(days.0), kyiv_midnight(days.1)) else { return Ok(0) };
    let mut times: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
    for off in &point.disconnections {
        if let Some(to) = off.to.filter(|to| *to < off.from) {
            let what = text!("{} disconnection", point.eic);
            return Err(Finding::error(Code::DateImpossible).with("what", what).with("day", to));
        }
        times.push((off.from.max(start), off.to.unwrap_or(end).min(end)));
    }
    times.sort_unstable();
    let (mut counted, mut seconds) = (start, 0);
    for (from, to) in times {
        let from = from.max(counted);
        if from < to {
            seconds += (to - from).num_seconds();
            counted = to;
        }
    }
    Ok(seconds)
}
