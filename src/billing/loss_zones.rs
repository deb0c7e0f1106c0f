//! Losses by zone: in proportion to what each zone took, or to its hours. Source: R-LOSS-2.

use std::collections::BTreeMap;

use oblik_domain::Decimal;
use oblik_domain::bill::{LossRow, NetVolume, TraceStep};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::Finding;
use oblik_domain::metering::Zone;
use oblik_domain::tariff::ZoneScheme;

use crate::network::{out_of_range, unusable};
use crate::shares::split_in_groups;
use crate::trace::{step, text};
use crate::{BillingInput, intervals};

/// 0: in proportion to the zones' volumes, 1: to their hours.
const LOSS_ZONE_SPLIT: &str = "loss-zone-split";

/// How losses are shared out among zones.
#[derive(Debug, Clone, Copy)]
pub(crate) enum ZoneSplit<'a> {
    Volume,
    /// By the zones' hours of the day, each a part of 24 to two decimals.
    Hours(&'a BillingInput<'a>),
}

/// The way that the parameter names.
pub(crate) fn zone_split<'a>(billing: &'a BillingInput<'a>) -> Result<ZoneSplit<'a>, Vec<Finding>> {
    let chosen = billing.prices.parameter_of_period(LOSS_ZONE_SPLIT, billing.period).map_err(|finding| vec![finding])?;
    match chosen {
        proportional if proportional.is_zero() => Ok(ZoneSplit::Volume),
        by_hours if by_hours == Decimal::ONE => Ok(ZoneSplit::Hours(billing)),
        other => Err(vec![unusable(LOSS_ZONE_SPLIT, other, billing.period.last_day())]),
    }
}

/// Sets the losses of volumes, which are in order, to the sums of `parts`, each zone's rounded, the last zone the rest.
pub(crate) fn distribute(
    volumes: &mut [NetVolume],
    parts: &[LossRow],
    zones: ZoneSplit<'_>,
    trace: &mut Vec<TraceStep>,
) -> Result<(), Finding> {
    if parts.is_empty() {
        return Ok(());
    }
    for own in volumes.chunk_by_mut(|one, other| (&one.point, one.kind) == (&other.point, other.kind)) {
        let Some((point, kind)) = own.first().map(|volume| (volume.point.clone(), volume.kind)) else { continue };
        let parts: Vec<Kwh> =
            parts.iter().filter(|part| part.point == point && part.kind == kind).map(|part| part.volume).collect();
        if parts.is_empty() {
            continue;
        }
        let lost = parts.iter().try_fold(0_i64, |sum, part| sum.checked_add(part.0)).ok_or_else(|| out_of_range("losses"))?;
        let sums: Vec<String> = parts.iter().map(Kwh::to_string).collect();
        trace.push(step("R-LOSS-2", text!("{point} {kind}"), sums.join(" + "), lost));
        let weights: Vec<(Zone, i64)> = own.iter().map(|volume| (volume.zone, volume.gross.0)).collect();
        let hundredths = hundredths(zones, &weights)?;
        let weight = |zone: Zone| hundredths.get(&zone).copied().unwrap_or_default();
        let groups: Option<(&dyn Fn(Zone) -> i64, i64)> = if hundredths.is_empty() { None } else { Some((&weight, 100)) };
        let (values, told) = split_in_groups(lost, &weights, groups).ok_or_else(|| out_of_range("losses"))?;
        for (volume, value) in own.iter_mut().zip(values) {
            volume.losses = Kwh(value);
            volume.net = volume.gross + volume.losses;
        }
        if told.len() > 1 {
            let steps = told
                .into_iter()
                .map(|(zone, share)| step("R-LOSS-2", text!("{point} {kind}/{zone}"), share.formula, share.value));
            trace.extend(steps);
        }
    }
    Ok(())
}

/// Each zone's hours as hundredths of the day, where zones are shared out by hours and there are any.
fn hundredths(zones: ZoneSplit<'_>, weights: &[(Zone, i64)]) -> Result<BTreeMap<Zone, i64>, Finding> {
    let ZoneSplit::Hours(billing) = zones else { return Ok(BTreeMap::new()) };
    let scheme = match weights.last() {
        Some((Zone::Day, _)) => ZoneScheme::Two,
        Some((Zone::Total, _)) | None => return Ok(BTreeMap::new()),
        Some(_) => ZoneScheme::Three,
    };
    let day = billing.period.last_day();
    let hours = intervals::zone_hours(billing.prices, scheme, day)?;
    let mut shares = BTreeMap::new();
    for (zone, _) in weights {
        let count = hours.iter().filter(|hour| *hour == zone).count();
        // Rounded half away from zero: count × 100 / 24.
        let share = i64::try_from(count).ok().map(|count| (count * 200 + 24) / 48);
        shares.insert(*zone, share.ok_or_else(|| out_of_range("zone-hours"))?);
    }
    Ok(shares)
}
