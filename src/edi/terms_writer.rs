//! Writes what accounts and points are calculated by; what is as if nothing were said is not said.

use std::fmt::Display;

use chrono::SecondsFormat;
use oblik_domain::account::{Account, PaymentScheme, Terms};
use oblik_domain::dated::Dated;
use oblik_domain::metering::{Disconnection, Loss, Meter, PointTerms};
use oblik_domain::tariff::ZoneHours;

use crate::master_data::AccountEntry;
use crate::master_writer::{NAME_CHARS, write_validity};
use crate::writer::{Writer, token};

const SHORT_NAME_CHARS: usize = 64;

/// A word of the schema, unless it is the one that holds by itself.
fn word<T: Display + Default + PartialEq>(writer: &mut Writer, name: &'static str, value: T) {
    writer.leaf_if(name, Some(value).filter(|value| *value != T::default()));
}

pub(crate) fn write_account_terms(writer: &mut Writer, account: &Account, entry: &AccountEntry) {
    for dated in &account.terms {
        write_terms(writer, dated);
    }
    for limit in &account.limits {
        writer.open("Limit", &[]);
        writer.leaf("Kind", limit.kind);
        writer.leaf("Period", limit.period);
        writer.leaf("Amount", limit.amount.normalize());
        writer.leaf("RegisteredOn", limit.registered_on);
        writer.leaf_if("Area", limit.area.as_ref().map(|area| token(area, SHORT_NAME_CHARS)));
        writer.close();
    }
    for month in &entry.history {
        writer.open("History", &[]);
        writer.leaf("Period", month.period);
        writer.leaf("Volume", month.active);
        writer.close();
    }
    for balance in &entry.balances {
        writer.open("Balance", &[]);
        writer.leaf("Debt", balance.debt);
        writer.leaf("Period", balance.period);
        writer.leaf("DueOn", balance.due_on);
        writer.leaf("Amount", balance.amount);
        writer.close();
    }
}

fn write_terms(writer: &mut Writer, dated: &Dated<Terms>) {
    let terms = &dated.value;
    writer.open("Terms", &[]);
    write_validity(writer, dated.from, dated.to);
    writer.leaf_if("Product", terms.product.as_ref());
    word(writer, "Calculation", terms.calculation);
    word(writer, "ActSignature", terms.act_signature);
    word(writer, "PriceChange", terms.price_change);
    word(writer, "ZonePrices", terms.zone_prices);
    word(writer, "NetworkServices", terms.network);
    word(writer, "ReactiveProfile", terms.reactive);
    word(writer, "LimitProfile", terms.limits);
    match &terms.payment {
        PaymentScheme::Fact => {}
        PaymentScheme::Planned(parts) => {
            writer.open("PlannedPayments", &[]);
            for part in parts {
                writer.empty("Part", &[("due-day", &part.due_day), ("percent", &part.percent.normalize())]);
            }
            writer.close();
        }
        PaymentScheme::Prepayment { due_day } => writer.empty("Prepayment", &[("due-day", due_day)]),
    }
    let sanctions = &terms.sanctions;
    let named =
        [("penalty", sanctions.penalty), ("annual-interest", sanctions.annual_interest), ("inflation", sanctions.inflation)];
    for (name, _) in named.into_iter().filter(|(_, charged)| *charged) {
        writer.leaf("Sanction", name);
    }
    writer.leaf_if("WindowDays", terms.window_days);
    writer.leaf_if("SettlementDay", terms.settlement_day);
    writer.leaf_if("VolumeMin", terms.volume_min);
    writer.leaf_if("VolumeMax", terms.volume_max);
    writer.close();
}

pub(crate) fn write_point_terms(writer: &mut Writer, dated: &Dated<PointTerms>) {
    let terms = &dated.value;
    writer.open("Terms", &[]);
    write_validity(writer, dated.from, dated.to);
    word(writer, "Supply", terms.supply);
    writer.leaf_if("FedThrough", terms.fed_through.as_ref());
    word(writer, "VolumeSource", terms.volume_source);
    writer.leaf_if("PermittedPower", terms.permitted_power.map(|kw| kw.normalize()));
    writer.leaf_if("ReactiveEquivalent", terms.reactive_equivalent.map(|equivalent| equivalent.normalize()));
    writer.leaf_if("Area", terms.area.as_ref().map(|area| token(area, SHORT_NAME_CHARS)));
    writer.leaf_if("NormativeTg", terms.normative_tg.map(|tangent| tangent.normalize()));
    for loss in &terms.losses {
        write_loss(writer, loss);
    }
    word(writer, "LossSharing", terms.loss_sharing);
    writer.leaf_if("LoadHours", terms.load_hours.map(|hours| hours.normalize()));
    writer.close();
}

fn write_loss(writer: &mut Writer, loss: &Loss) {
    match loss {
        Loss::Transformer { rated_kva, no_load_kw, load_kw, no_load_current, short_circuit_voltage, share } => writer.empty(
            "Transformer",
            &[
                ("rated-kva", &rated_kva.normalize()),
                ("no-load-kw", &no_load_kw.normalize()),
                ("load-kw", &load_kw.normalize()),
                ("no-load-current", &no_load_current.normalize()),
                ("short-circuit-voltage", &short_circuit_voltage.normalize()),
                ("share", &share.normalize()),
            ],
        ),
        Loss::Line { resistance, length, voltage } => writer.empty(
            "Line",
            &[("resistance", &resistance.normalize()), ("length", &length.normalize()), ("voltage", &voltage.normalize())],
        ),
        Loss::Simplified { line_percent, variable_percent, constant_kwh } => writer.empty(
            "SimplifiedLosses",
            &[
                ("line-percent", &line_percent.normalize()),
                ("variable-percent", &variable_percent.normalize()),
                ("constant-kwh", &constant_kwh.normalize()),
            ],
        ),
    }
}

pub(crate) fn write_disconnection(writer: &mut Writer, disconnection: &Disconnection) {
    let moment = |at: &chrono::DateTime<chrono::Utc>| at.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    writer.open("Disconnection", &[]);
    writer.leaf("From", moment(&disconnection.from));
    writer.leaf_if("To", disconnection.to.as_ref().map(moment));
    writer.leaf("Reason", token(&disconnection.reason, NAME_CHARS));
    writer.close();
}

pub(crate) fn write_coefficients(writer: &mut Writer, meter: &Meter) {
    for dated in &meter.coefficients {
        writer.open("CoefficientChange", &[]);
        write_validity(writer, dated.from, dated.to);
        writer.leaf("Coefficient", dated.value);
        writer.close();
    }
}

pub(crate) fn write_zone_hours(writer: &mut Writer, dated: &Dated<ZoneHours>) {
    writer.open("ZoneHours", &[]);
    write_validity(writer, dated.from, dated.to);
    writer.leaf("Scheme", dated.value.scheme);
    for month in &dated.value.months {
        writer.leaf("Month", month);
    }
    let hours = &dated.value.hours;
    let mut at = 0;
    while let Some(zone) = hours.get(at) {
        let end = hours.iter().skip(at).position(|other| other != zone).map_or(hours.len(), |length| at + length);
        writer.empty("Hours", &[("from", &at), ("to", &end), ("zone", zone)]);
        at = end;
    }
    writer.close();
}
