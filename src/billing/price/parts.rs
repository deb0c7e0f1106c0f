//! Volumes over the days of each price: as measured, or in proportion to days. What is apportioned always adds up.
//! Source: R-PRICE-3.

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::account::PriceChange;
use oblik_domain::bill::{NetVolume, TraceInput, TraceStep};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, Zone};
use oblik_domain::tariff::ZoneScheme;

use super::segments::{Segment, Wanted};
use crate::BillingInput;
use crate::intervals::energy_between;
use crate::shares::{Portion, split};
use crate::trace::{input, step, text};

/// What is priced in one zone, in measured parts.
pub(super) struct Need<'a> {
    pub wanted: Wanted,
    chunks: Vec<Chunk<'a>>,
}

/// Energy of some days that is known in one sum only.
struct Chunk<'a> {
    from: NaiveDate,
    to: NaiveDate,
    volume: Kwh,
    /// The point whose intervals tell how it lay over the days.
    metered: Option<(&'a Eic, Zone)>,
    sources: Vec<&'a NetVolume>,
}

/// What one segment of a price comes to.
#[derive(Default)]
pub(super) struct Share {
    pub quantity: Kwh,
    pub inputs: Vec<TraceInput>,
}

/// The active volumes by class and zone, in the parts that were measured by themselves.
pub(super) fn needs<'a>(billing: &BillingInput<'a>, volumes: &'a [NetVolume], change: PriceChange) -> Vec<Need<'a>> {
    let active = |volume: &&NetVolume| volume.kind == EnergyKind::ActiveImport;
    let mut needs: Vec<Need<'a>> = Vec::new();
    for volume in volumes.iter().filter(active) {
        let of_point = |other: &&NetVolume| active(other) && other.point == volume.point;
        // After a replacement the scheme may be another: zones of the same days are of one.
        let beside = |other: &&NetVolume| other.from < volume.to && volume.from < other.to;
        let has_day = volumes.iter().filter(of_point).filter(beside).any(|other| other.zone == Zone::Day);
        let scheme = if has_day { ZoneScheme::Two } else { ZoneScheme::Three };
        let wanted = Wanted { class: volume.voltage_class, scheme, zone: volume.zone };
        let mut chunk = Chunk { from: volume.from, to: volume.to, volume: volume.net, metered: None, sources: vec![volume] };
        if change == PriceChange::Measured {
            let has_intervals = |point: &Eic| {
                billing.intervals.iter().any(|series| series.point == *point && series.kind == EnergyKind::ActiveImport)
            };
            chunk.metered = has_intervals(&volume.point).then_some((&volume.point, volume.zone));
        } else {
            // Parts that a reading divides are one again.
            let of_zone = |other: &&NetVolume| of_point(other) && other.zone == volume.zone;
            let days = volumes.iter().filter(of_zone).map(|other| (other.from, other.to));
            (chunk.from, chunk.to) = days.fold((chunk.from, chunk.to), |(from, to), day| (from.min(day.0), to.max(day.1)));
        }
        match needs.iter_mut().find(|need| need.wanted == wanted) {
            Some(need) => add(&mut need.chunks, chunk),
            None => needs.push(Need { wanted, chunks: vec![chunk] }),
        }
    }
    needs.sort_by_key(|need| (need.wanted.class, need.wanted.zone));
    needs
}

fn add<'a>(chunks: &mut Vec<Chunk<'a>>, chunk: Chunk<'a>) {
    let same = |other: &&mut Chunk<'a>| (other.from, other.to, other.metered) == (chunk.from, chunk.to, chunk.metered);
    match chunks.iter_mut().find(same) {
        Some(sum) => {
            sum.volume = sum.volume + chunk.volume;
            sum.sources.extend(chunk.sources);
        }
        None => chunks.push(chunk),
    }
}

/// What falls on each segment; `None` for a segment without any energy of its days. `subject` names the steps.
pub(super) fn shares(
    billing: &BillingInput<'_>,
    needs: &[&Need<'_>],
    segments: &[Segment<'_>],
    subject: &str,
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<Option<Share>>, Finding> {
    let mut together: Vec<Chunk<'_>> = Vec::new();
    for chunk in needs.iter().flat_map(|need| &need.chunks) {
        let Chunk { from, to, volume, metered, ref sources } = *chunk;
        add(&mut together, Chunk { from, to, volume, metered, sources: sources.clone() });
    }
    let mut shares: Vec<Option<Share>> = segments.iter().map(|_| None).collect();
    for chunk in &together {
        let touched: Vec<_> = shares
            .iter_mut()
            .zip(segments)
            .filter_map(|(share, segment)| {
                let (from, to) = (segment.from.max(chunk.from), segment.to.min(chunk.to));
                (from < to).then_some((share, from, to))
            })
            .collect();
        if touched.len() <= 1 {
            for (share, ..) in touched {
                let share = share.get_or_insert_default();
                share.quantity = share.quantity + chunk.volume;
                share.inputs.extend(chunk.sources.iter().map(|volume| told(volume)));
            }
            continue;
        }
        let days: Vec<_> = touched.iter().map(|(_, from, to)| (*from, *to)).collect();
        let (weights, unit) = weights(billing, chunk, &days);
        let too_much = || Finding::error(Code::OutOfRange).with("what", EnergyKind::ActiveImport);
        let portions = split(chunk.volume.0, &weights, None).ok_or_else(too_much)?;
        trace.extend(steps(chunk, &days, &weights, &portions, (subject, unit)));
        for ((share, from, to), portion) in touched.into_iter().zip(portions) {
            let share = share.get_or_insert_default();
            share.quantity = share.quantity + Kwh(portion.value);
            share.inputs.push(input("volume", portion.value, text!("step R-PRICE-3 {from} to {to}")));
        }
    }
    Ok(shares)
}

fn told(volume: &NetVolume) -> TraceInput {
    let NetVolume { point, kind, zone, from, to, net, .. } = volume;
    input("volume", net, text!("net {point} {kind}/{zone} {from} to {to}"))
}

/// How the volume lay over the days, and what that is counted in: watt-hours of intervals where they tell all of it, else days.
fn weights(billing: &BillingInput<'_>, chunk: &Chunk<'_>, days: &[(NaiveDate, NaiveDate)]) -> (Vec<i64>, &'static str) {
    if let Some((point, zone)) = chunk.metered {
        let measured = |days: &(NaiveDate, NaiveDate)| {
            let energy = energy_between(billing, point, EnergyKind::ActiveImport, *days, zone).ok()?;
            i64::try_from(energy.checked_mul(Decimal::ONE_THOUSAND)?.trunc()).ok()
        };
        let measured: Option<Vec<i64>> = days.iter().map(measured).collect();
        if let Some(measured) = measured.filter(|measured| measured.iter().any(|energy| *energy > 0)) {
            return (measured, "intervals");
        }
    }
    (days.iter().map(|(from, to)| (*to - *from).num_days()).collect(), "days")
}

fn steps(
    chunk: &Chunk<'_>,
    days: &[(NaiveDate, NaiveDate)],
    weights: &[i64],
    portions: &[Portion],
    (subject, unit): (&str, &'static str),
) -> Vec<TraceStep> {
    let step_of = |((portion, weight), (from, to)): ((&Portion, &i64), &(NaiveDate, NaiveDate))| {
        let mut told_step = step("R-PRICE-3", subject, portion.formula.clone(), portion.value);
        told_step.inputs = chunk.sources.iter().map(|volume| told(volume)).collect();
        told_step.inputs.push(input(unit, weight, text!("{from} to {to}")));
        told_step
    };
    portions.iter().zip(weights).zip(days).map(step_of).collect()
}
