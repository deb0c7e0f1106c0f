//! An account of one point with the meters, readings and confirmations a case needs, and its rows as text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where its ground is wrong")]

mod dates;
mod estimates;
mod points;
mod properties;
mod registers;

use oblik_domain::account::{Account, AccountRecord, SelfBilling};
use oblik_domain::bill::{TraceStep, VolumeRow};
use oblik_domain::confirmation::{Confirmation, Confirmed};
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::finding::Finding;
use oblik_domain::ids::{ContractNumber, Edrpou, Eic, MeterSerial};
use oblik_domain::metering::{
    EnergyKind, Meter, Occasion, PointTerms, Quality, Reading, Register, RegisterKey, Supply, UsagePoint, VoltageClass,
    VolumeSource, Zone,
};
use oblik_domain::period::Period;
use oblik_domain::{Decimal, NaiveDate};

use super::{charged, gross, of_point, rows};
use crate::{BillingInput, MissingReadings, PriceBook};

const POINT: &str = "62Z2700000010017";

const SECOND: &str = "62Z2700000020012";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn total(text: &str) -> RegisterTotal {
    RegisterTotal::from_units(decimal(text)).unwrap()
}

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn point(eic: &str) -> UsagePoint {
    UsagePoint {
        eic: Eic::parse(eic).unwrap(),
        contract: ContractNumber::parse("270000017").unwrap(),
        name: "Цех".to_owned(),
        address: "м. Рівне".to_owned(),
        voltage_class: VoltageClass::Second,
        from: day("2020-01-01"),
        to: None,
        terms: Vec::new(),
        disconnections: Vec::new(),
    }
}

/// A meter of one active register of five digits at [`POINT`].
fn meter(serial: &str, coefficient: &str, installed: &str, removed: Option<&str>) -> Meter {
    Meter {
        serial: MeterSerial::parse(serial).unwrap(),
        point: Eic::parse(POINT).unwrap(),
        model: "НІК".to_owned(),
        coefficient: Coefficient::new(decimal(coefficient)).unwrap(),
        installed_on: day(installed),
        removed_on: removed.map(day),
        registers: vec![Register { kind: EnergyKind::ActiveImport, zone: Zone::Total, digits: 5 }],
        coefficients: Vec::new(),
    }
}

fn dated(from: &str, to: Option<&str>, coefficient: &str) -> Dated<Coefficient> {
    Dated { from: day(from), to: to.map(day), value: Coefficient::new(decimal(coefficient)).unwrap() }
}

fn key(serial: &str) -> RegisterKey {
    let (kind, zone) = (EnergyKind::ActiveImport, Zone::Total);
    RegisterKey { point: Eic::parse(POINT).unwrap(), meter: MeterSerial::parse(serial).unwrap(), kind, zone }
}

/// At the end of a month, read on its last day.
fn end(serial: &str, month: &str, shown: &str) -> Reading {
    let period = period(month);
    let (quality, occasion) = (Quality::Actual, Occasion::PeriodEnd);
    Reading { register: key(serial), period, read_on: period.last_day(), total: total(shown), quality, occasion }
}

fn on(serial: &str, read_on: &str, occasion: Occasion, shown: &str) -> Reading {
    let (read_on, quality) = (day(read_on), Quality::Actual);
    Reading { register: key(serial), period: Period::of(read_on).unwrap(), read_on, total: total(shown), quality, occasion }
}

fn estimated(reading: Reading) -> Reading {
    Reading { quality: Quality::Estimated, ..reading }
}

struct World {
    record: AccountRecord,
    readings: Vec<Reading>,
    confirmations: Vec<Confirmation>,
    missing: MissingReadings,
    period: Period,
}

impl World {
    /// October 2026 of these meters; what is not read is refused.
    fn of(meters: Vec<Meter>, readings: Vec<Reading>) -> Self {
        let record = AccountRecord {
            account: Account {
                contract: ContractNumber::parse("270000017").unwrap(),
                contract_date: day("2020-01-01"),
                name: "ТОВ «Млин»".to_owned(),
                edrpou: Edrpou::parse("00131512").unwrap(),
                vat_number: String::new(),
                address: "м. Рівне".to_owned(),
                emails: vec!["buh@mlyn.example".to_owned()],
                product: "free".to_owned(),
                self_billing: SelfBilling::Allowed,
                branch: None,
                terms: Vec::new(),
                limits: Vec::new(),
            },
            points: vec![point(POINT)],
            meters,
            signers: Vec::new(),
        };
        let (confirmations, missing, period) = (Vec::new(), MissingReadings::Refuse, period("2026-10"));
        Self { record, readings, confirmations, missing, period }
    }

    /// One meter of coefficient 1 that stood all the time.
    fn plain(readings: Vec<Reading>) -> Self {
        Self::of(vec![meter("M-1", "1", "2020-01-01", None)], readings)
    }

    fn estimating(self) -> Self {
        Self { missing: MissingReadings::Estimate, ..self }
    }

    fn confirmed(mut self, opening: &str, closing: &str) -> Self {
        let what = Confirmed::Rollover { register: key("M-1"), opening: total(opening), closing: total(closing) };
        self.confirmations.push(Confirmation {
            contract: self.record.account.contract.clone(),
            period: self.period,
            what,
            reason: "фото приладу".to_owned(),
            operator: "olena".to_owned(),
            approved_by: None,
            confirmed_at: "2026-11-02T08:00:00Z".parse().unwrap(),
        });
        self
    }

    fn calculated(&self) -> Calculated {
        let mut readings = self.readings.clone();
        readings
            .sort_by(|one, other| (&one.register, one.period, one.read_on).cmp(&(&other.register, other.period, other.read_on)));
        let prices = PriceBook::default();
        let billing = BillingInput {
            confirmations: &self.confirmations,
            missing: self.missing,
            ..BillingInput::new(&self.record, self.period, &readings, &prices)
        };
        let (mut notes, mut trace) = (Vec::new(), Vec::new());
        let rows = rows(&billing, &mut notes, &mut trace);
        Calculated { rows, notes, trace }
    }
}

struct Calculated {
    rows: Result<Vec<VolumeRow>, Vec<Finding>>,
    notes: Vec<Finding>,
    trace: Vec<TraceStep>,
}

impl Calculated {
    /// `M-1 10-01..11-01 250` for each row, with `estimated`, `operator` or `rolled` behind it; else the findings.
    fn told(&self) -> String {
        let quality = |row: &VolumeRow| if row.quality == Quality::Actual { String::new() } else { format!(" {}", row.quality) };
        let rolled = |row: &VolumeRow| if row.rolled_over { " rolled" } else { "" };
        let row = |row: &VolumeRow| {
            let (from, to) = (row.from.format("%m-%d"), row.to.format("%m-%d"));
            format!("{} {from}..{to} {}{}{}", row.register.meter, row.volume, quality(row), rolled(row))
        };
        match &self.rows {
            Ok(rows) => rows.iter().map(row).collect::<Vec<_>>().join("; "),
            Err(findings) => findings.iter().map(finding).collect::<Vec<_>>().join("; "),
        }
    }

    /// `RULE formula = result` of the steps of one rule.
    fn steps(&self, rule: &str) -> Vec<String> {
        let of = self.trace.iter().filter(|step| step.rule == rule);
        of.map(|step| format!("{}: {} = {}", step.subject, step.formula, step.result)).collect()
    }
}

/// Its code and its values.
fn finding(finding: &Finding) -> String {
    let values = finding.values.iter().map(|(_, value)| value.as_str());
    std::iter::once(finding.code.as_str()).chain(values).collect::<Vec<_>>().join(" ")
}
