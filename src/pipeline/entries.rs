//! Readings that no file brought: what an operator enters, and what was estimated.
//!
//! Every reading comes from an item. What an operator said is kept as one, with who and why, and so are estimates.

use chrono::{DateTime, NaiveDate, Utc};
use oblik_domain::act::{dial_end, register_name};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::{ContractNumber, MeterSerial};
use oblik_domain::metering::{EnergyKind, Occasion, Quality, Reading, RegisterKey, Zone};
use oblik_domain::period::{Period, kyiv_day};
use oblik_domain::states::{ItemEvent, ItemState};
use oblik_store::{NewItem, Receipt, Result, SourceKind, Tx};
use serde_json::{Value, json};

use crate::House;
use crate::confirm::Word;

const BY_OPERATOR: &str = "operator:readings";
const BY_ESTIMATE: &str = "billing:estimates";
const READINGS: &str = "readings.json";

/// Keeps what was said as an item of its own, with nothing left to do: its id.
pub(crate) async fn keep(tx: &mut Tx, source: &str, name: &str, said: &Value, now: DateTime<Utc>) -> Result<i64> {
    let bytes = said.to_string().into_bytes();
    let origin = format!("{}:{}", now.timestamp_micros(), oblik_store::sha256_hex(&bytes));
    let new = NewItem { source, kind: SourceKind::File, origin: &origin, name, bytes: &bytes, received_at: now };
    match tx.receive(&new).await? {
        Receipt::New(id) => tx.step_free(id, ItemState::Received, ItemEvent::NothingToSay, now).await.map(|_| id),
        Receipt::Duplicate(id) => Ok(id),
    }
}

/// Stores the estimates a bill was made with, so that the next reading trues them up (R-EST).
pub(crate) async fn put_estimates(
    tx: &mut Tx,
    contract: &ContractNumber,
    estimates: &[Reading],
    now: DateTime<Utc>,
) -> Result<()> {
    if estimates.is_empty() {
        return Ok(());
    }
    let item = keep(tx, BY_ESTIMATE, READINGS, &json!({ "contract": contract.as_str(), "estimates": estimates }), now).await?;
    for reading in estimates {
        tx.put_reading(reading, item, now).await?;
    }
    Ok(())
}

/// A reading that an operator enters: a control reading, or one told by telephone.
#[derive(Debug, Clone)]
pub struct Entry {
    pub contract: ContractNumber,
    pub period: Period,
    pub meter: MeterSerial,
    pub kind: EnergyKind,
    pub zone: Zone,
    pub total: RegisterTotal,
    pub read_on: NaiveDate,
    pub occasion: Occasion,
}

/// Stores an operator's reading; findings, and nothing stored, when it cannot be.
///
/// # Errors
/// The store failed.
pub async fn enter_reading(house: &House, entry: &Entry, word: Word<'_>) -> Result<std::result::Result<Reading, Vec<Finding>>> {
    let mut tx = house.store.begin("enter-reading").await?;
    let now = house.now();
    let read = match examined(&mut tx, entry, kyiv_day(now)).await? {
        Ok(reading) => reading,
        Err(findings) => return tx.roll_back().await.map(|()| Err(findings)),
    };
    let said = json!({
        "who": word.operator, "reason": word.reason, "contract": entry.contract.as_str(), "reading": &read,
    });
    let item = keep(&mut tx, BY_OPERATOR, READINGS, &said, now).await?;
    tx.put_reading(&read, item, now).await?;
    tx.note_readings(&entry.contract, entry.period, now).await?;
    let detail = json!({
        "who": word.operator, "reason": word.reason, "meter": entry.meter.as_str(), "register": register_name(&read.register),
        "period": entry.period.to_string(), "occasion": entry.occasion.as_str(),
    });
    tx.journal(now, "reading entered by operator", "account", entry.contract.as_str(), &detail);
    tx.commit().await?;
    Ok(Ok(read))
}

async fn examined(tx: &mut Tx, entry: &Entry, today: NaiveDate) -> Result<std::result::Result<Reading, Vec<Finding>>> {
    let Some(record) = tx.account_record(&entry.contract).await? else {
        return Ok(Err(vec![Finding::error(Code::ActAccountUnknown).with("contract", &entry.contract)]));
    };
    let meter = record.meters.iter().find(|meter| meter.serial == entry.meter);
    let of_kind = |register: &&oblik_domain::metering::Register| (register.kind, register.zone) == (entry.kind, entry.zone);
    let found = meter.and_then(|meter| Some((meter, meter.registers.iter().find(of_kind)?)));
    let named = |finding: Finding| finding.with("meter", &entry.meter).with("register", format!("{}/{}", entry.kind, entry.zone));
    let Some((meter, register)) = found else {
        return Ok(Err(vec![named(Finding::error(Code::ActRegisterUnknown)).with("point", "")]));
    };
    let mut findings = Vec::new();
    if entry.total.units() >= dial_end(register.digits) {
        findings.push(named(Finding::error(Code::ActDigits)).with("total", entry.total).with("digits", register.digits));
    }
    let impossible = |what: &str| Finding::error(Code::DateImpossible).with("what", what).with("day", entry.read_on);
    if entry.read_on > today {
        findings.push(impossible("a reading of a day to come"));
    }
    if entry.read_on < meter.installed_on || meter.removed_on.is_some_and(|removed| entry.read_on > removed) {
        findings.push(impossible("a reading of a day on which the meter did not stand"));
    }
    // Between months a reading counts on its day, which lies in the period or is the first day after it.
    let within = entry.read_on >= entry.period.first_day()
        && entry.read_on <= entry.period.last_day().succ_opt().unwrap_or(NaiveDate::MAX);
    if entry.occasion != Occasion::PeriodEnd && !within {
        findings.push(impossible("a reading outside its period"));
    }
    if !findings.is_empty() {
        return Ok(Err(findings));
    }
    let register = RegisterKey { point: meter.point.clone(), meter: entry.meter.clone(), kind: entry.kind, zone: entry.zone };
    let Entry { period, read_on, total, occasion, .. } = entry.clone();
    Ok(Ok(Reading { register, period, read_on, total, quality: Quality::Operator, occasion }))
}
