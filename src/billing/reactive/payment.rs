//! What the reactive energy of an area costs.

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::account::ReactiveProfile;
use oblik_domain::bill::{BillLine, LineKind, ReactiveRow, TraceStep};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, UsagePoint, Zone};
use oblik_domain::money::{Kopiykas, rounded};
use oblik_domain::tariff::{PriceComponent, Tariff};

use super::{Area, Measured, Terms, last_supplied_day, normative, normative_source};
use crate::BillingInput;
use crate::network::end;
use crate::prices::PriceKey;
use crate::trace::{input, step, text};

/// What was charged so far.
#[derive(Default)]
pub(super) struct Charged {
    pub lines: Vec<BillLine>,
    pub rows: Vec<ReactiveRow>,
}

/// A charged point with all its figures.
struct Figures<'p, 'a> {
    point: &'p Measured<'a>,
    equivalent: Decimal,
    tariff: &'a Tariff,
    consumed: Kopiykas,
    generated: Kopiykas,
    excess: Kopiykas,
}

/// What a low power factor adds.
struct Surcharge {
    tg: Decimal,
    /// What the payment is multiplied with.
    factor: Decimal,
    /// The same with its figures.
    formula: String,
}

/// Charges the points of an area that are to be charged.
pub(super) fn charge(
    billing: &BillingInput<'_>,
    area: &Area<'_>,
    terms: &Terms<'_>,
    charged: &mut Charged,
    trace: &mut Vec<TraceStep>,
) -> Result<(), Vec<Finding>> {
    let (mut figures, mut findings) = (Vec::new(), Vec::new());
    for point in &area.points {
        match of_point(billing, point, terms) {
            Ok(found) => figures.extend(found),
            Err(found) => findings.extend(found),
        }
    }
    if !findings.is_empty() {
        return Err(findings);
    }
    if figures.is_empty() {
        return Ok(());
    }
    let surcharge = surcharge(area, terms, trace).map_err(|finding| vec![finding])?;
    for figures in &figures {
        told(figures, terms, trace);
    }
    excess(&mut figures, &surcharge, terms, &area_name(area), trace).map_err(|finding| vec![finding])?;
    lines(billing, &figures, terms, (area, surcharge.factor), charged);
    charged.rows.extend(figures.iter().map(|figures| row(figures, area, surcharge.tg)));
    Ok(())
}

/// `None` for a point that stays under the profile's thresholds.
fn of_point<'p, 'a>(
    billing: &BillingInput<'a>,
    point: &'p Measured<'a>,
    terms: &Terms<'_>,
) -> Result<Option<Figures<'p, 'a>>, Vec<Finding>> {
    let lacks = |what: &str| {
        let finding = Finding::error(Code::ParameterMissing).with("parameter", text!("{what} {}", point.at.eic));
        finding.with("day", last_supplied_day(billing, point.at)).with("reason", "missing")
    };
    if (point.consumed, point.generated) == (Kwh::ZERO, Kwh::ZERO) {
        return Ok(None);
    }
    let mut findings = Vec::new();
    if terms.profile == ReactiveProfile::Order2018 {
        let least = terms.least_kvarh.value();
        if Decimal::from(point.consumed.0) <= least && Decimal::from(point.generated.0) <= least {
            return Ok(None);
        }
        match point.terms.permitted_power {
            Some(power) if power <= terms.least_kw.value() => return Ok(None),
            Some(_) => {}
            None => findings.push(lacks("permitted-power")),
        }
    }
    let tariff = price(billing, point.at).map_err(|finding| findings.push(finding)).ok();
    let equivalent = point.terms.reactive_equivalent;
    if equivalent.is_none() {
        findings.push(lacks("reactive-equivalent"));
    }
    let (Some(tariff), Some(equivalent), true) = (tariff, equivalent, findings.is_empty()) else { return Err(findings) };
    let pay = |energy: Kwh, times: Decimal| {
        let product = Decimal::from(energy.0).checked_mul(times)?.checked_mul(equivalent)?.checked_mul(tariff.price.value())?;
        Kopiykas::from_hryvnias(product)
    };
    let weight = generated_weight(terms);
    let payments = pay(point.consumed, Decimal::ONE).zip(pay(point.generated, weight));
    let (consumed, generated) =
        payments.ok_or_else(|| vec![Finding::error(Code::OutOfRange).with("what", PriceComponent::Reactive)])?;
    Ok(Some(Figures { point, equivalent, tariff, consumed, generated, excess: Kopiykas::ZERO }))
}

/// K of 2002; 2018 has none.
fn generated_weight(terms: &Terms<'_>) -> Decimal {
    if terms.profile == ReactiveProfile::Order2002 { terms.k.value() } else { Decimal::ONE }
}

/// T on the point's last day; it must be known on every day of the period.
fn price<'a>(billing: &BillingInput<'a>, point: &UsagePoint) -> Result<&'a Tariff, Finding> {
    let (first, end) = (billing.period.first_day(), end(billing.period));
    let on = |day: NaiveDate| {
        let product = billing.record.account.product_on(day);
        let key = PriceKey { component: PriceComponent::Reactive, product, class: point.voltage_class, zone: Zone::Total };
        billing.prices.price(key, day)
    };
    on(first)?;
    for day in billing.prices.changes_between(first, end) {
        on(*day)?;
    }
    on(last_supplied_day(billing, point))
}

/// tgφ of the area, and what П1 (2002) or Пс (2018) is multiplied with for П2.
fn surcharge(area: &Area<'_>, terms: &Terms<'_>, trace: &mut Vec<TraceStep>) -> Result<Surcharge, Finding> {
    let sum = |of: fn(&Measured<'_>) -> Kwh| area.points.iter().map(of).sum::<Kwh>();
    let (active, consumed) = (sum(|point| point.active), sum(|point| point.consumed));
    let too_much = || Finding::error(Code::OutOfRange).with("what", PriceComponent::Reactive);
    let cap = terms.cap.value();
    let (measured, formula) = if active == Kwh::ZERO {
        let tg = area.points.first().map_or(terms.normative.value(), |point| normative(&point.terms, terms));
        (tg, tg.to_string())
    } else {
        let tg = Decimal::from(consumed.0).checked_div(Decimal::from(active.0)).ok_or_else(too_much)?;
        (rounded(tg, 2), text!("round2({consumed} / {active})"))
    };
    let tg = measured.min(cap);
    let formula = if measured > cap { text!("{cap} < {formula}") } else { formula };
    let mut told = step(terms.rule, area_name(area), formula, tg);
    told.inputs = vec![
        input("WQ", consumed, "net reactive energy of the area"),
        input("WP", active, "net active energy of the area"),
        input("cap", cap, terms.cap.to_string()),
    ];
    if active == Kwh::ZERO {
        let source = area.points.first().map_or_else(String::new, |point| normative_source(&point.terms, terms));
        told.inputs.push(input("tg", measured, source));
    }
    trace.push(told);
    let threshold = terms.threshold.value();
    if tg <= threshold {
        return Ok(Surcharge { tg, factor: Decimal::ZERO, formula: String::new() });
    }
    let above = tg.checked_sub(threshold).and_then(|above| above.checked_mul(above));
    let (base, mut formula) = (terms.base.value(), text!("({tg} − {threshold})²"));
    let factor = if terms.profile == ReactiveProfile::Order2002 {
        formula = text!("{base} × {formula}");
        above.and_then(|above| above.checked_mul(base))
    } else {
        above
    };
    Ok(Surcharge { tg, factor: factor.ok_or_else(too_much)?.normalize(), formula })
}

/// Пс and Пг of a point.
fn told(figures: &Figures<'_, '_>, terms: &Terms<'_>, trace: &mut Vec<TraceStep>) {
    let Figures { point, equivalent, tariff, consumed, generated, .. } = figures;
    let weight = generated_weight(terms);
    let payments = [
        (EnergyKind::ReactiveImport, LineKind::ReactiveConsumed, point.consumed, Decimal::ONE, consumed),
        (EnergyKind::ReactiveExport, LineKind::ReactiveGenerated, point.generated, weight, generated),
    ];
    for (kind, line, energy, times, payment) in payments {
        if energy == Kwh::ZERO {
            continue;
        }
        let times_told = if times == Decimal::ONE { String::new() } else { text!(" × {times}") };
        let formula = text!("round2({energy}{times_told} × {equivalent} × {})", tariff.price);
        let mut told = step(terms.rule, text!("{line} {}", point.at.eic), formula, payment);
        told.inputs = vec![
            input("energy", energy, text!("net {} {kind}", point.at.eic)),
            input("D", equivalent, "terms of the point"),
            input("T", tariff.price, text!("price {} from {}", tariff.component, tariff.from)),
        ];
        if times != Decimal::ONE {
            told.inputs.push(input("K", times, terms.k.to_string()));
        }
        trace.push(told);
    }
}

/// П2, rounded once for the area; its points share it as they share what it is made of, the last takes what rounding leaves.
fn excess(
    figures: &mut [Figures<'_, '_>],
    surcharge: &Surcharge,
    terms: &Terms<'_>,
    area: &str,
    trace: &mut Vec<TraceStep>,
) -> Result<(), Finding> {
    let too_much = || Finding::error(Code::OutOfRange).with("what", LineKind::ReactiveExcess);
    let base = |figures: &Figures<'_, '_>| match terms.profile {
        ReactiveProfile::Order2002 => figures.consumed + figures.generated,
        _ => figures.consumed,
    };
    let times = |payment: Kopiykas| payment.hryvnias().checked_mul(surcharge.factor).and_then(Kopiykas::from_hryvnias);
    let all: Kopiykas = figures.iter().map(base).sum();
    let excess = times(all).ok_or_else(too_much)?;
    let mut left = excess;
    let count = figures.len();
    for (index, one) in figures.iter_mut().enumerate() {
        one.excess = if index + 1 == count { left } else { times(base(one)).ok_or_else(too_much)? };
        left = left - one.excess;
    }
    if excess != Kopiykas::ZERO {
        let mut told = step(
            terms.rule,
            text!("{} {area}", LineKind::ReactiveExcess),
            text!("round2({all} × {})", surcharge.formula),
            excess,
        );
        told.inputs = vec![
            input("payment", all, text!("step {}", terms.rule)),
            input("threshold", terms.threshold.value(), terms.threshold.to_string()),
        ];
        if terms.profile == ReactiveProfile::Order2002 {
            told.inputs.push(input("C", terms.base.value(), terms.base.to_string()));
        }
        trace.push(told);
    }
    Ok(())
}

fn lines(
    billing: &BillingInput<'_>,
    figures: &[Figures<'_, '_>],
    terms: &Terms<'_>,
    (area, surcharge): (&Area<'_>, Decimal),
    charged: &mut Charged,
) {
    for Figures { point, equivalent, tariff, consumed, generated, .. } in figures {
        let payments = [
            (LineKind::ReactiveConsumed, point.consumed, Decimal::ONE, *consumed),
            (LineKind::ReactiveGenerated, point.generated, generated_weight(terms), *generated),
        ];
        for (kind, energy, times, net) in payments {
            if energy != Kwh::ZERO {
                charged.lines.push(BillLine {
                    point: Some(point.at.eic.clone()),
                    voltage_class: Some(point.at.voltage_class),
                    quantity: Some(energy),
                    price: Some(tariff.price),
                    factor: equivalent.checked_mul(times).map(|factor| factor.normalize()),
                    ..line(billing, kind, net)
                });
            }
        }
    }
    let excess: Kopiykas = figures.iter().map(|figures| figures.excess).sum();
    if excess != Kopiykas::ZERO {
        let only = area.points.first().filter(|_| area.points.len() == 1).map(|point| point.at);
        charged.lines.push(BillLine {
            point: only.map(|point| point.eic.clone()),
            voltage_class: only.map(|point| point.voltage_class),
            factor: Some(surcharge),
            ..line(billing, LineKind::ReactiveExcess, excess)
        });
    }
}

/// П3: per cent of П1 + П2, where it was agreed. Only the older order knows it.
pub(super) fn discount(
    billing: &BillingInput<'_>,
    terms: &Terms<'_>,
    charged: &mut Charged,
    trace: &mut Vec<TraceStep>,
) -> Result<(), Finding> {
    let percent = terms.discount.value();
    let all: Kopiykas = charged.lines.iter().map(|line| line.net).sum();
    if terms.profile != ReactiveProfile::Order2002 || percent.is_zero() || all == Kopiykas::ZERO {
        return Ok(());
    }
    let share = all.hryvnias().checked_mul(percent).and_then(|product| product.checked_div(Decimal::ONE_HUNDRED));
    let discount = share.and_then(Kopiykas::from_hryvnias);
    let discount = discount.ok_or_else(|| Finding::error(Code::OutOfRange).with("what", LineKind::ReactiveDiscount))?;
    let net = Kopiykas::ZERO - discount;
    let mut told = step(terms.rule, LineKind::ReactiveDiscount.as_str(), text!("−round2({all} × {percent} / 100)"), net);
    told.inputs = vec![input("discount", percent, terms.discount.to_string())];
    trace.push(told);
    charged.lines.push(line(billing, LineKind::ReactiveDiscount, net));
    Ok(())
}

fn line(billing: &BillingInput<'_>, kind: LineKind, net: Kopiykas) -> BillLine {
    BillLine::of_sum(kind, DebtType::Reactive, (billing.period.first_day(), end(billing.period)), net)
}

fn row(figures: &Figures<'_, '_>, area: &Area<'_>, tg: Decimal) -> ReactiveRow {
    ReactiveRow {
        point: figures.point.at.eic.clone(),
        active: area.points.iter().map(|point| point.active).sum(),
        consumed: figures.point.consumed,
        generated: figures.point.generated,
        equivalent: figures.equivalent,
        price: figures.tariff.price,
        tg,
        payment_consumed: figures.consumed,
        payment_generated: figures.generated,
        payment_excess: figures.excess,
    }
}

/// The area's name, else its only point.
fn area_name(area: &Area<'_>) -> String {
    match (&area.name, area.points.first()) {
        (Some(name), _) => text!("area {name}"),
        (None, Some(point)) => point.at.eic.to_string(),
        (None, None) => String::new(),
    }
}
