//! The reading act («акт надання показань»): what the customer signs, and what it is examined against.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::account::AccountRecord;
use crate::calendar::{Calendar, ReadingWindow};
use crate::dated;
use crate::energy::RegisterTotal;
use crate::finding::{Code, Finding};
use crate::ids::{ContractNumber, Eic, MeterSerial};
use crate::metering::{EnergyKind, Occasion, Quality, Reading, Register, RegisterKey, Zone};
use crate::period::Period;
use crate::tariff::Parameter;

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
            occasion: Occasion::PeriodEnd,
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
/// What is missing or fell is a warning: the readings stand, the calculation refuses them (a dial may have passed its end, and
/// the rest may come by another act). `today` is the day of Europe/Kyiv on which the act arrived.
///
/// Source: RQ-C04 (E6), R-VOL-1 (E9), T3 (period).
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
            findings
                .push(named(Finding::warning(Code::ReadingGoesBackwards)).with("previous", before).with("current", row.total));
        }
    }
    let missing: Vec<String> = required
        .keys()
        .filter(|register| !seen.contains(register))
        .map(|register| format!("{} ({})", register.meter, register_name(register)))
        .collect();
    if !missing.is_empty() {
        findings.push(Finding::warning(Code::ReadingsIncomplete).with("registers", missing.join(", ")));
    }
    findings
}

/// The parameter for how many working days readings are taken; an account's terms go before it.
pub const READING_WINDOW_DAYS: &str = "reading-window-days";
/// The parameter for the day of the following month on which that begins; an account's terms go before it, and without either
/// it is the first.
pub const SETTLEMENT_DAY: &str = "settlement-day";

/// The reading window of an account's period by its terms of the period's last day, else by `parameters`; `None` when nothing
/// says how long it lasts. Source: R-WIN.
pub fn reading_window(
    record: &AccountRecord,
    period: Period,
    parameters: &[Parameter],
    calendar: &Calendar,
) -> Option<ReadingWindow> {
    let day = period.last_day();
    let terms = record.account.terms_on(day);
    let set = |name: &str| {
        let mut known = parameters.iter().filter(|parameter| parameter.name == name);
        let value = known.find(|parameter| dated::holds(parameter.from, parameter.to, day))?.value;
        u8::try_from(value.trunc()).ok()
    };
    let working_days = terms.window_days.or_else(|| set(READING_WINDOW_DAYS))?;
    let settlement_day = terms.settlement_day.or_else(|| set(SETTLEMENT_DAY)).unwrap_or(1);
    calendar.reading_window(period, settlement_day, working_days)
}

/// That an act came outside the reading window (E8), by the day of Europe/Kyiv on which we received it. Source: R-WIN.
pub fn outside_window(period: Period, window: &ReadingWindow, arrived: NaiveDate) -> Option<Finding> {
    let finding = || Finding::error(Code::OutsideWindow).with("period", period).with("opens", window.opens);
    (!window.contains(arrived)).then(|| finding().with("closes", window.closes).with("arrived", arrived))
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
