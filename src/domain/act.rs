//! The reading act («акт надання показань»): what the customer signs, and what it is examined against.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::account::AccountRecord;
use crate::energy::RegisterTotal;
use crate::finding::{Code, Finding};
use crate::ids::{ContractNumber, Eic, MeterSerial};
use crate::metering::{EnergyKind, Quality, Reading, Register, RegisterKey, Zone};
use crate::period::Period;

/// A reading act as its XML says it, before anything was compared with the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingAct {
    pub contract: ContractNumber,
    pub period: Period,
    /// The day the registers were read.
    pub read_on: NaiveDate,
    pub rows: Vec<ActRow>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActRow {
    pub register: RegisterKey,
    pub total: RegisterTotal,
}

impl ReadingAct {
    /// The readings the act states.
    pub fn readings(&self) -> Vec<Reading> {
        let reading = |row: &ActRow| Reading {
            register: row.register.clone(),
            period: self.period,
            read_on: self.read_on,
            total: row.total,
            quality: Quality::Actual,
        };
        self.rows.iter().map(reading).collect()
    }
}

/// What was last read of each register before the act's period.
pub type PreviousReadings = BTreeMap<RegisterKey, RegisterTotal>;

/// The registers that must be read for `period`: of meters that stood on its last day, at points supplied on that day.
pub fn required_registers(record: &AccountRecord, period: Period) -> BTreeMap<RegisterKey, Register> {
    let day = period.last_day();
    let mut required = BTreeMap::new();
    let supplied = |point: &&crate::metering::UsagePoint| point.from <= day && point.to.is_none_or(|end| end > day);
    let points: BTreeSet<&Eic> = record.points.iter().filter(supplied).map(|point| &point.eic).collect();
    for meter in &record.meters {
        let stands = meter.installed_on <= day && meter.removed_on.is_none_or(|end| end > day);
        if !stands || !points.contains(&meter.point) {
            continue;
        }
        for register in &meter.registers {
            required.insert(key(&meter.point, &meter.serial, *register), *register);
        }
    }
    required
}

fn key(point: &Eic, meter: &MeterSerial, register: Register) -> RegisterKey {
    RegisterKey { point: point.clone(), meter: meter.clone(), kind: register.kind, zone: register.zone }
}

/// Examines an act against its account: everything that is wrong, not only the first.
///
/// Source: RQ-C04 (E6), R-VOL-1 (E9), T3 (period). `today` is the day of Europe/Kyiv on which the act arrived.
pub fn examine(act: &ReadingAct, record: &AccountRecord, previous: &PreviousReadings, today: NaiveDate) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !period_is_open(act.period, today) || act.read_on > today {
        findings.push(Finding::error(Code::ActPeriod).with("period", act.period).with("day", act.read_on));
    }
    let required = required_registers(record, act.period);
    let mut seen = BTreeSet::new();
    for row in &act.rows {
        let named = |finding: Finding| finding.with("meter", &row.register.meter).with("register", register_name(&row.register));
        let Some(register) = required.get(&row.register) else {
            findings.push(named(Finding::error(Code::ActRegisterUnknown)).with("point", &row.register.point));
            continue;
        };
        if !seen.insert(&row.register) {
            findings.push(named(Finding::error(Code::ActRegisterTwice)));
            continue;
        }
        if row.total.units() >= dial_end(register.digits) {
            findings.push(named(Finding::error(Code::ActDigits)).with("total", row.total).with("digits", register.digits));
            continue;
        }
        if let Some(before) = previous.get(&row.register).filter(|before| row.total < **before) {
            findings.push(named(Finding::error(Code::ReadingGoesBackwards)).with("previous", before).with("current", row.total));
        }
    }
    let missing: Vec<String> = required
        .keys()
        .filter(|register| !seen.contains(register))
        .map(|register| format!("{} ({})", register.meter, register_name(register)))
        .collect();
    if !missing.is_empty() {
        findings.push(Finding::error(Code::ReadingsIncomplete).with("registers", missing.join(", ")));
    }
    findings
}

/// An act may speak of the running month or of one of the twelve before it, never of a month that has not begun.
fn period_is_open(period: Period, today: NaiveDate) -> bool {
    Period::of(today).is_some_and(|now| (0..=12).contains(&(now.ordinal() - period.ordinal())))
}

/// The first value a dial of `digits` integer digits cannot show: 100000 for five.
pub fn dial_end(digits: u8) -> Decimal {
    Decimal::from(10_u64.saturating_pow(u32::from(digits)))
}

/// `active-import/night`: the register's name in findings.
pub fn register_name(register: &RegisterKey) -> String {
    name_of(register.kind, register.zone)
}

fn name_of(kind: EnergyKind, zone: Zone) -> String {
    format!("{kind}/{zone}")
}
