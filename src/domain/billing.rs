//! From readings to money, with the reason of every figure.
//!
//! Pure: prices, parameters and readings come in as values. A missing price is a finding that names it, never a guess.
//! Source: R-RND, R-VOL-1, R-VOL-2, R-PRICE-1, R-PRICE-2, R-VAT-1, R-PARAM.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::account::AccountRecord;
use crate::act::{PreviousReadings, required_registers};
use crate::energy::{Coefficient, Kwh, RegisterTotal};
use crate::finding::{Code, Finding};
use crate::ids::{ContractNumber, Eic};
use crate::metering::{EnergyKind, RegisterKey, VoltageClass, Zone};
use crate::money::{Kopiykas, Price};
use crate::period::Period;
use crate::tariff::{Parameter, PriceComponent, Tariff, VAT_RATE};

/// What a period's calculation is made from.
#[derive(Debug, Clone)]
pub struct BillingInput<'a> {
    pub record: &'a AccountRecord,
    pub period: Period,
    /// The last reading of each register before the period.
    pub opening: PreviousReadings,
    /// The reading of each register at the end of the period.
    pub closing: PreviousReadings,
    pub tariffs: &'a [Tariff],
    pub parameters: &'a [Parameter],
}

/// One row of the calculation of volume: a register and what went through it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VolumeRow {
    pub register: RegisterKey,
    pub voltage_class: VoltageClass,
    pub opening: RegisterTotal,
    pub closing: RegisterTotal,
    pub coefficient: Coefficient,
    /// Whole kWh or kvarh (R-VOL-2).
    pub volume: Kwh,
}

/// One line of money.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BillLine {
    pub component: PriceComponent,
    pub voltage_class: VoltageClass,
    /// [`Zone::Total`] where one price serves several zones.
    pub zone: Zone,
    pub quantity: Kwh,
    pub price: Price,
    pub net: Kopiykas,
}

/// One step of the calculation: enough to do it again by hand.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TraceStep {
    /// Rule id, such as `R-VOL-2`.
    pub rule: Cow<'static, str>,
    pub subject: String,
    pub formula: String,
    pub result: String,
}

/// The calculation of one account's period.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bill {
    pub contract: ContractNumber,
    pub period: Period,
    pub rows: Vec<VolumeRow>,
    pub lines: Vec<BillLine>,
    pub net: Kopiykas,
    /// Per cent.
    pub vat_rate: Decimal,
    pub vat: Kopiykas,
    pub total: Kopiykas,
    pub trace: Vec<TraceStep>,
}

impl Bill {
    /// Active energy of the period, kWh.
    pub fn active_volume(&self) -> Kwh {
        let active = self.rows.iter().filter(|row| row.register.kind == EnergyKind::ActiveImport);
        active.map(|row| row.volume).sum()
    }
}

/// Calculates a period.
///
/// # Errors
/// Every finding that stops it: [`Code::ReadingsIncomplete`] (E6), [`Code::ReadingGoesBackwards`] (E9),
/// [`Code::ParameterMissing`] (E2), [`Code::OutOfRange`].
pub fn compute(input: &BillingInput<'_>) -> Result<Bill, Vec<Finding>> {
    let mut trace = Vec::new();
    let rows = volume_rows(input, &mut trace)?;
    let lines = priced_lines(input, &rows, &mut trace)?;
    let net: Kopiykas = lines.iter().map(|line| line.net).sum();
    let vat_rate = parameter(input.parameters, VAT_RATE, input.period).map_err(|finding| vec![finding])?;
    let vat = Kopiykas::from_hryvnias(net.hryvnias() * vat_rate / Decimal::ONE_HUNDRED).ok_or_else(|| vec![range("vat")])?;
    let total = net + vat;
    trace.push(TraceStep {
        rule: Cow::Borrowed("R-VAT-1"),
        subject: "document".to_owned(),
        formula: format!("round2({net} × {vat_rate} / 100)"),
        result: vat.to_string(),
    });
    let contract = input.record.account.contract.clone();
    Ok(Bill { contract, period: input.period, rows, lines, net, vat_rate, vat, total, trace })
}

fn range(what: &str) -> Finding {
    Finding::error(Code::OutOfRange).with("what", what)
}

fn volume_rows(input: &BillingInput<'_>, trace: &mut Vec<TraceStep>) -> Result<Vec<VolumeRow>, Vec<Finding>> {
    let classes: BTreeMap<&Eic, VoltageClass> =
        input.record.points.iter().map(|point| (&point.eic, point.voltage_class)).collect();
    let meters = &input.record.meters;
    let (mut rows, mut findings, mut missing) = (Vec::new(), Vec::new(), Vec::new());
    for key in required_registers(input.record, input.period).into_keys() {
        let meter = meters.iter().find(|meter| meter.serial == key.meter && meter.point == key.point);
        let (Some(meter), Some(class)) = (meter, classes.get(&key.point)) else { continue };
        let (Some(opening), Some(closing)) = (input.opening.get(&key), input.closing.get(&key)) else {
            missing.push(format!("{} ({})", key.meter, crate::act::register_name(&key)));
            continue;
        };
        match volume(*opening, *closing, meter.coefficient) {
            Some(volume) => {
                trace.push(TraceStep {
                    rule: Cow::Borrowed("R-VOL-2"),
                    subject: format!("{} {}", key.meter, crate::act::register_name(&key)),
                    formula: format!("round0(({closing} − {opening}) × {})", meter.coefficient),
                    result: volume.to_string(),
                });
                rows.push(VolumeRow {
                    register: key,
                    voltage_class: *class,
                    opening: *opening,
                    closing: *closing,
                    coefficient: meter.coefficient,
                    volume,
                });
            }
            None => findings.push(
                Finding::error(Code::ReadingGoesBackwards)
                    .with("meter", &key.meter)
                    .with("register", crate::act::register_name(&key))
                    .with("previous", opening)
                    .with("current", closing),
            ),
        }
    }
    if !missing.is_empty() {
        findings.push(Finding::error(Code::ReadingsIncomplete).with("registers", missing.join(", ")));
    }
    if rows.is_empty() && findings.is_empty() {
        findings.push(Finding::error(Code::ReadingsIncomplete).with("registers", ""));
    }
    if findings.is_empty() { Ok(rows) } else { Err(findings) }
}

/// Energy between two readings of one register, whole kWh or kvarh: `round0((closing − opening) × coefficient)`.
///
/// `None` when the total fell (E9) or the product does not fit. Source: R-VOL-1, R-VOL-2.
pub fn volume(opening: RegisterTotal, closing: RegisterTotal, coefficient: Coefficient) -> Option<Kwh> {
    if closing < opening {
        return None;
    }
    let difference = closing.units().checked_sub(opening.units())?;
    Kwh::rounded(difference.checked_mul(coefficient.value())?)
}

/// What one price applies to.
struct Priced {
    quantity: Kwh,
    price: Price,
    zones: BTreeSet<Zone>,
}

fn priced_lines(input: &BillingInput<'_>, rows: &[VolumeRow], trace: &mut Vec<TraceStep>) -> Result<Vec<BillLine>, Vec<Finding>> {
    let mut volumes: BTreeMap<(VoltageClass, Zone), Kwh> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.register.kind == EnergyKind::ActiveImport) {
        let volume = volumes.entry((row.voltage_class, row.register.zone)).or_default();
        *volume = *volume + row.volume;
    }
    let (mut lines, mut findings) = (Vec::new(), Vec::new());
    for component in PriceComponent::ALL {
        // Zones without a price of their own share one line, so that it is rounded once.
        let mut quantities: BTreeMap<(VoltageClass, Option<Zone>), Priced> = BTreeMap::new();
        for ((class, zone), volume) in &volumes {
            match price(input, *component, *class, *zone) {
                Ok(found) => {
                    let new = || Priced { quantity: Kwh::ZERO, price: found.price, zones: BTreeSet::new() };
                    let line = quantities.entry((*class, found.zone)).or_insert_with(new);
                    line.quantity = line.quantity + *volume;
                    line.zones.insert(*zone);
                }
                Err(finding) => findings.push(finding),
            }
        }
        for ((voltage_class, _), Priced { quantity, price, zones }) in quantities {
            let zone = zones.first().copied().filter(|_| zones.len() == 1).unwrap_or(Zone::Total);
            let amount = Decimal::from(quantity.0).checked_mul(price.value()).and_then(Kopiykas::from_hryvnias);
            let Some(net) = amount else {
                findings.push(range(component.as_str()));
                continue;
            };
            trace.push(TraceStep {
                rule: Cow::Borrowed("R-PRICE-1"),
                subject: format!("{component} class {voltage_class} {zone}"),
                formula: format!("round2({quantity} × {price})"),
                result: net.to_string(),
            });
            lines.push(BillLine { component: *component, voltage_class, zone, quantity, price, net });
        }
    }
    if findings.is_empty() { Ok(lines) } else { Err(findings) }
}

/// The price that fits best on every day of the period: a zone's own before one for all zones, a product's own before
/// one for all products, a class's own before one for both.
fn price<'a>(
    input: &'a BillingInput<'_>,
    component: PriceComponent,
    class: VoltageClass,
    zone: Zone,
) -> Result<&'a Tariff, Finding> {
    let product = &input.record.account.product;
    let fits = |tariff: &&Tariff| {
        tariff.component == component
            && tariff.product.as_ref().is_none_or(|own| own == product)
            && tariff.voltage_class.is_none_or(|own| own == class)
            && tariff.zone.is_none_or(|own| own == zone)
    };
    let candidates: Vec<&Tariff> = input.tariffs.iter().filter(fits).collect();
    let rank = |tariff: &&&Tariff| (tariff.zone.is_some(), tariff.product.is_some(), tariff.voltage_class.is_some());
    let valid = candidates.iter().filter(|tariff| spans(tariff.from, tariff.to, input.period));
    if let Some(best) = valid.max_by_key(rank) {
        return Ok(best);
    }
    let name = format!("{component} {product} class {class} {zone}");
    let validities = candidates.iter().map(|tariff| (tariff.from, tariff.to));
    Err(missing_parameter(&name, input.period, validities))
}

/// The value of a named parameter over the whole period (R-PARAM).
///
/// # Errors
/// [`Code::ParameterMissing`] says whether it is unknown, not yet valid or no longer valid.
pub fn parameter(parameters: &[Parameter], name: &str, period: Period) -> Result<Decimal, Finding> {
    let known = || parameters.iter().filter(|parameter| parameter.name == name);
    let valid = known().find(|parameter| spans(parameter.from, parameter.to, period));
    match valid {
        Some(parameter) => Ok(parameter.value),
        None => Err(missing_parameter(name, period, known().map(|parameter| (parameter.from, parameter.to)))),
    }
}

fn spans(from: NaiveDate, to: Option<NaiveDate>, period: Period) -> bool {
    from <= period.first_day() && to.is_none_or(|end| end > period.last_day())
}

fn missing_parameter(name: &str, period: Period, validities: impl Iterator<Item = (NaiveDate, Option<NaiveDate>)>) -> Finding {
    let mut reason = "missing";
    for (from, to) in validities {
        reason = if from > period.last_day() {
            "not-yet-valid"
        } else if to.is_some_and(|end| end <= period.first_day()) {
            "expired"
        } else {
            // A change inside the period needs the split of R-PRICE-3.
            "changes-inside-period"
        };
    }
    Finding::error(Code::ParameterMissing).with("parameter", name).with("day", period.first_day()).with("reason", reason)
}
