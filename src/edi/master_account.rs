//! What an account is calculated by: terms, declared limits, and what it was taken over with.

use std::collections::BTreeSet;

use oblik_domain::Decimal;
use oblik_domain::account::{
    ActSignature, Calculation, Limit, LimitKind, LimitProfile, NetworkServices, PaymentScheme, PlannedPart, PriceChange,
    ReactiveProfile, Sanctions, Terms, ZonePrices,
};
use oblik_domain::bill::MonthVolume;
use oblik_domain::dated::Dated;
use oblik_domain::energy::Kwh;
use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::{ChargeKind, DebtType, NewCharge};
use oblik_domain::period::Period;

use crate::extract::{Extract, day, known, number, text};
use crate::payments::kopiykas;
use crate::record::Row;

/// The `Terms` of an account, each with the days it holds for.
pub(crate) fn extract_terms(account: Row<'_>, extract: &mut Extract<'_>) -> Vec<Dated<Terms>> {
    let read = |row, extract: &mut Extract<'_>| Some((row, one_terms(row, extract)?));
    let terms: Vec<_> = account.children("Terms").filter_map(|row| read(row, extract)).collect();
    extract.disjoint("terms of the account for", &terms);
    terms.into_iter().map(|(_, terms)| terms).collect()
}

fn one_terms(row: Row<'_>, extract: &mut Extract<'_>) -> Option<Dated<Terms>> {
    let validity = extract.validity(row);
    let product = extract.optional(row, "Product", text);
    let calculation = extract.word(row, "Calculation", Calculation::parse);
    let act_signature = extract.word(row, "ActSignature", ActSignature::parse);
    let price_change = extract.word(row, "PriceChange", PriceChange::parse);
    let zone_prices = extract.word(row, "ZonePrices", ZonePrices::parse);
    let network = extract.word(row, "NetworkServices", NetworkServices::parse);
    let reactive = extract.word(row, "ReactiveProfile", ReactiveProfile::parse);
    let limits = extract.word(row, "LimitProfile", LimitProfile::parse);
    let payment = payment_scheme(row, extract);
    let sanctions = sanctions(row, extract);
    let window_days = extract.optional(row, "WindowDays", str::parse);
    let settlement_day = extract.optional(row, "SettlementDay", str::parse);
    let volume_min = extract.optional(row, "VolumeMin", kwh);
    let volume_max = extract.optional(row, "VolumeMax", kwh);
    let (volume_min, volume_max) = (volume_min?, volume_max?);
    if let (Some(least), Some(most)) = (volume_min, volume_max)
        && least > most
    {
        extract.refuse(row.child("VolumeMin").unwrap_or(row), format!("VolumeMin {least} is above VolumeMax {most}"));
    }
    let value = Terms {
        product: product?,
        calculation: calculation?,
        act_signature: act_signature?,
        price_change: price_change?,
        zone_prices: zone_prices?,
        network: network?,
        reactive: reactive?,
        limits: limits?,
        payment: payment?,
        sanctions,
        window_days: window_days?,
        settlement_day: settlement_day?,
        volume_min,
        volume_max,
    };
    let (from, to) = validity?;
    Some(Dated { from, to, value })
}

fn payment_scheme(row: Row<'_>, extract: &mut Extract<'_>) -> Option<PaymentScheme> {
    if let Some(prepayment) = row.child("Prepayment") {
        return Some(PaymentScheme::Prepayment { due_day: extract.attribute(prepayment, "due-day", str::parse)? });
    }
    let Some(planned) = row.child("PlannedPayments") else { return Some(PaymentScheme::Fact) };
    let mut parts = Vec::new();
    let mut whole = Decimal::ZERO;
    for part in planned.children("Part") {
        let due_day = extract.attribute(part, "due-day", str::parse);
        let percent = extract.attribute(part, "percent", number(Some));
        let (due_day, percent) = (due_day?, percent?);
        whole = whole.checked_add(percent)?;
        parts.push(PlannedPart { due_day, percent });
    }
    if whole > Decimal::ONE_HUNDRED {
        extract.refuse(planned, format!("the planned parts are {} per cent together, more than 100", whole.normalize()));
    }
    Some(PaymentScheme::Planned(parts))
}

fn sanctions(row: Row<'_>, extract: &mut Extract<'_>) -> Sanctions {
    let mut sanctions = Sanctions::default();
    for named in row.children("Sanction") {
        let flag = match named.text() {
            "penalty" => &mut sanctions.penalty,
            "annual-interest" => &mut sanctions.annual_interest,
            _ => &mut sanctions.inflation,
        };
        if std::mem::replace(flag, true) {
            extract.refuse(named, format!("the sanction {} stands twice", named.text()));
        }
    }
    sanctions
}

pub(crate) fn extract_limits(account: Row<'_>, extract: &mut Extract<'_>) -> Vec<Limit> {
    let (mut limits, mut seen) = (Vec::new(), BTreeSet::new());
    for row in account.children("Limit") {
        let Some(limit) = extract_limit(row, extract) else { continue };
        if seen.insert((limit.kind, limit.period, limit.area.clone())) {
            limits.push(limit);
        } else {
            extract.refuse(row, format!("the limit of {} for {} stands twice", limit.kind, limit.period));
        }
    }
    limits
}

fn extract_limit(row: Row<'_>, extract: &mut Extract<'_>) -> Option<Limit> {
    let kind = extract.child(row, "Kind", known(LimitKind::parse));
    let period = extract.child(row, "Period", known(Period::parse));
    let amount = extract.child(row, "Amount", number(Some));
    let registered_on = extract.child(row, "RegisteredOn", day);
    let area = extract.optional(row, "Area", text);
    Some(Limit { kind: kind?, period: period?, amount: amount?, registered_on: registered_on?, area: area? })
}

/// Closed months before the account was taken over, oldest first.
pub(crate) fn extract_history(account: Row<'_>, extract: &mut Extract<'_>) -> Vec<MonthVolume> {
    let mut history: Vec<MonthVolume> = Vec::new();
    for row in account.children("History") {
        let period = extract.child(row, "Period", known(Period::parse));
        let active = extract.child(row, "Volume", kwh);
        let (Some(period), Some(active)) = (period, active) else { continue };
        if history.iter().any(|month| month.period == period) {
            extract.refuse(row, format!("the month {period} stands twice in the history"));
        }
        history.push(MonthVolume { period, active });
    }
    history.sort_by_key(|month| month.period);
    history
}

/// Debts and advances the account was taken over with.
pub(crate) fn extract_balances(account: Row<'_>, contract: &ContractNumber, extract: &mut Extract<'_>) -> Vec<NewCharge> {
    let (mut balances, mut seen): (Vec<NewCharge>, BTreeSet<(DebtType, Period)>) = (Vec::new(), BTreeSet::new());
    for row in account.children("Balance") {
        let debt = extract.child(row, "Debt", known(DebtType::parse));
        let period = extract.child(row, "Period", known(Period::parse));
        let due_on = extract.child(row, "DueOn", day);
        let amount = extract.child(row, "Amount", number(kopiykas));
        let (Some(debt), Some(period), Some(due_on), Some(amount)) = (debt, period, due_on, amount) else { continue };
        if !seen.insert((debt, period)) {
            extract.refuse(row, format!("the balance of {debt} for {period} stands twice"));
        }
        let contract = contract.clone();
        balances.push(NewCharge { contract, debt, period, kind: ChargeKind::Opening, amount, due_on, invoice: None });
    }
    balances
}

fn kwh(text: &str) -> Result<Kwh, std::num::ParseIntError> {
    text.parse().map(Kwh)
}
