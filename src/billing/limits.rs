//! Exceeding declared consumption and power, where the profile still charges for it. No VAT. Source: R-LIM-1, R-LIM-2.

use std::ops::Range;

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::account::{Limit, LimitKind, LimitProfile};
use oblik_domain::bill::{BillLine, LineKind, NetVolume, TraceStep};
use oblik_domain::dated;
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::Eic;
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, UsagePoint, Zone};
use oblik_domain::money::{Kopiykas, Price, rounded};
use oblik_domain::tariff::PriceComponent;

use crate::intervals::greatest_power;
use crate::network::{end, terms};
use crate::prices::PriceKey;
use crate::trace::{input, step};
use crate::{BillingInput, network};

/// What exceeding costs; nothing where the profile is off. A limit that is not registered is a note.
///
/// # Errors
/// [`Code::ParameterMissing`] (E2), [`Code::ValidityOverlap`], [`Code::OutOfRange`].
pub(crate) fn lines(
    billing: &BillingInput<'_>,
    volumes: &[NetVolume],
    energy: &[BillLine],
    notes: &mut Vec<Finding>,
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<BillLine>, Vec<Finding>> {
    let profile = dated::on(&billing.record.account.terms, billing.period.last_day()).map(|terms| terms.limits);
    if profile.unwrap_or_default() == LimitProfile::None {
        return Ok(Vec::new());
    }
    let (mut lines, mut findings) = (Vec::new(), Vec::new());
    for kind in LimitKind::ALL {
        let exceeded = match kind {
            LimitKind::Consumption => consumption(billing, volumes, energy, notes, trace),
            LimitKind::PowerMorning | LimitKind::PowerEvening => power(billing, *kind, notes, trace),
        };
        match exceeded {
            Ok(exceeded) => lines.extend(exceeded),
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(lines) } else { Err(findings) }
}

/// The double value of what was consumed above the limit: its ordinary price is billed already, this is the other.
fn consumption(
    billing: &BillingInput<'_>,
    volumes: &[NetVolume],
    energy: &[BillLine],
    notes: &mut Vec<Finding>,
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<BillLine>, Finding> {
    let too_much = || Finding::error(Code::OutOfRange).with("what", LineKind::LimitConsumption);
    let limits = registered(billing, LimitKind::Consumption)?;
    if limits.is_empty() {
        notes.push(not_set(billing, LimitKind::Consumption));
    }
    let used = |area: Option<&str>| -> Kwh {
        let active = volumes.iter().filter(|volume| volume.kind == EnergyKind::ActiveImport);
        let own = points(billing, area);
        active.filter(|volume| own.iter().any(|point| point.eic == volume.point)).map(|volume| volume.net).sum()
    };
    let whole = used(None);
    // What the operator charges by documents of its own is no part of our price.
    let own = energy.iter().filter(|line| line.debt == DebtType::Active);
    let net: Kopiykas = own.map(|line| line.net).sum();
    let average = net.hryvnias().checked_div(Decimal::from(whole.0)).map(|price| rounded(price, 4));
    // Without consumption there is no excess, and no average.
    let Some(average) = average.and_then(Price::new) else { return Ok(Vec::new()) };
    let factor = billing.prices.held_of_period("limit-factor", billing.period)?;
    let mut lines = Vec::new();
    for limit in limits {
        let used = used(limit.area.as_deref());
        let above = Decimal::from(used.0).checked_sub(limit.amount).ok_or_else(too_much)?;
        let excess = Kwh::rounded(above).ok_or_else(too_much)?;
        if excess <= Kwh::ZERO {
            continue;
        }
        let amount = Decimal::from(excess.0).checked_mul(average.value()).and_then(|sum| sum.checked_mul(factor.value()));
        let amount = amount.and_then(Kopiykas::from_hryvnias).ok_or_else(too_much)?;
        let rounds = if limit.amount.normalize().is_integer() { "" } else { "round0" };
        let formula = format!("round2({rounds}({used} − {}) × round4({net} / {whole}) × {})", limit.amount, factor.value());
        let mut told = step("R-LIM-1", subject(LineKind::LimitConsumption, limit), formula, amount);
        told.inputs = vec![
            input("limit", limit.amount, limit_source(limit)),
            input("average price", average, "step R-PRICE-1"),
            input("factor", factor.value(), factor.to_string()),
        ];
        trace.push(told);
        let line = line(billing, LineKind::LimitConsumption, DebtType::LimitConsumption, amount);
        lines.push(BillLine { quantity: Some(excess), price: Some(average), factor: Some(factor.value()), ..line });
    }
    Ok(lines)
}

/// Twice the greatest half-hour's energy of an area in the control hours, above the declared power.
fn power(
    billing: &BillingInput<'_>,
    kind: LimitKind,
    notes: &mut Vec<Finding>,
    trace: &mut Vec<TraceStep>,
) -> Result<Vec<BillLine>, Finding> {
    let too_much = || Finding::error(Code::OutOfRange).with("what", LineKind::LimitPower);
    let limits = registered(billing, kind)?;
    if limits.is_empty() && !billing.intervals.is_empty() {
        notes.push(not_set(billing, kind));
    }
    let mut lines = Vec::new();
    for limit in limits {
        let own = points(billing, limit.area.as_deref());
        let eics: Vec<&Eic> = own.iter().map(|point| &point.eic).collect();
        let hours = control_hours(billing, kind)?;
        let Some(first) = own.first() else { continue };
        let Some(power) = greatest_power(billing, &eics, hours.clone()) else { continue };
        let above = power.checked_sub(limit.amount).ok_or_else(too_much)?;
        if above <= Decimal::ZERO {
            continue;
        }
        let day = billing.period.last_day();
        let product = billing.record.account.product_on(day);
        let key = PriceKey { component: PriceComponent::Power, product, class: first.voltage_class, zone: Zone::Total };
        let tariff = billing.prices.price(key, day)?;
        let factor = billing.prices.held_of_period("power-factor", billing.period)?;
        let amount = above.checked_mul(tariff.price.value()).and_then(|sum| sum.checked_mul(factor.value()));
        let amount = amount.and_then(Kopiykas::from_hryvnias).ok_or_else(too_much)?;
        let formula = format!("round2(({power} − {}) × {} × {})", limit.amount, tariff.price, factor.value());
        let mut told = step("R-LIM-2", subject(LineKind::LimitPower, limit), formula, amount);
        told.inputs = vec![
            input("greatest power", power, format!("intervals {:02}:00 to {:02}:00", hours.start, hours.end)),
            input("limit", limit.amount, limit_source(limit)),
            input("price", tariff.price, format!("price {} from {}", tariff.component, tariff.from)),
            input("factor", factor.value(), factor.to_string()),
        ];
        trace.push(told);
        let whole = above.normalize();
        let quantity = whole.is_integer().then(|| Kwh::rounded(whole)).flatten();
        let line = line(billing, LineKind::LimitPower, DebtType::LimitPower, amount);
        lines.push(BillLine { quantity, price: Some(tariff.price), factor: Some(factor.value()), ..line });
    }
    Ok(lines)
}

/// The limits of the period, one for each area: the last of those registered in time.
///
/// # Errors
/// [`Code::ValidityOverlap`] where one is for the whole account and another for an area; E2 of the parameter.
fn registered<'a>(billing: &BillingInput<'a>, kind: LimitKind) -> Result<Vec<&'a Limit>, Finding> {
    let days = billing.prices.parameter_of_period("limit-registration-days", billing.period)?;
    let days = u64::try_from(days.trunc()).unwrap_or_default();
    let latest = billing.period.last_day().checked_sub_days(chrono::Days::new(days)).unwrap_or(NaiveDate::MIN);
    let of_period = |limit: &&Limit| limit.kind == kind && limit.period == billing.period && limit.registered_on <= latest;
    let mut found: Vec<&Limit> = Vec::new();
    for limit in billing.record.account.limits.iter().filter(of_period) {
        match found.iter_mut().find(|other| other.area == limit.area) {
            Some(other) if other.registered_on <= limit.registered_on => *other = limit,
            Some(_) => {}
            None => found.push(limit),
        }
    }
    // The same excess would be charged for the whole account and for its area.
    match (found.iter().find(|limit| limit.area.is_none()), found.iter().find(|limit| limit.area.is_some())) {
        (Some(whole), Some(part)) => {
            let finding = Finding::error(Code::ValidityOverlap).with("what", format!("limit {kind}"));
            Err(finding.with("first", limit_source(whole)).with("second", limit_source(part)))
        }
        _ => Ok(found),
    }
}

/// The account's points of an area, or all of them.
fn points<'a>(billing: &BillingInput<'a>, area: Option<&str>) -> Vec<&'a UsagePoint> {
    let of_area = |point: &&UsagePoint| {
        let Some((_, to)) = network::supplied(point, billing.period) else { return false };
        let own = to.pred_opt().and_then(|day| terms(point, day)).and_then(|terms| terms.area.as_deref());
        area.is_none() || own == area
    };
    billing.record.points.iter().filter(of_area).collect()
}

/// # Errors
/// E2 of the four parameters.
fn control_hours(billing: &BillingInput<'_>, kind: LimitKind) -> Result<Range<usize>, Finding> {
    let names = match kind {
        LimitKind::PowerEvening => ("control-hours-evening-from", "control-hours-evening-to"),
        _ => ("control-hours-morning-from", "control-hours-morning-to"),
    };
    let hour = |name: &str| {
        let hour = billing.prices.parameter_of_period(name, billing.period)?;
        Ok(usize::try_from(hour.trunc()).unwrap_or_default())
    };
    Ok(hour(names.0)?..hour(names.1)?)
}

fn not_set(billing: &BillingInput<'_>, kind: LimitKind) -> Finding {
    Finding::information(Code::LimitNotSet).with("kind", kind).with("period", billing.period)
}

fn subject(kind: LineKind, limit: &Limit) -> String {
    limit.area.as_ref().map_or_else(|| kind.to_string(), |area| format!("{kind} area {area}"))
}

fn limit_source(limit: &Limit) -> String {
    format!("limit {} registered {}", limit.kind, limit.registered_on)
}

fn line(billing: &BillingInput<'_>, kind: LineKind, debt: DebtType, net: Kopiykas) -> BillLine {
    BillLine::of_sum(kind, debt, (billing.period.first_day(), end(billing.period)), net)
}
