//! Register a partner's file: checked whole, applied whole or not at all, acknowledged in the same transaction.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use oblik_domain::account::AccountRecord;
use oblik_domain::act::{PreviousReadings, dial_end, register_name, required_registers};
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::ids::ContractNumber;
use oblik_domain::limits::XML_FAULTS;
use oblik_domain::period::{Period, kyiv_day};
use oblik_domain::states::{ItemEvent, ItemState};
use oblik_domain::tariff::{Parameter, Tariff};
use oblik_edi::{
    AccountEntry, AckError, AckLevel, AckOutcome, Acknowledgement, DETECT_BYTES, FileSummary, Format, MasterItem, MasterRecord,
    MeterRecord, ReadError, detect, read_master_data, read_meter_file, write_acknowledgement,
};
use oblik_store::{About, Claimed, ItemWork, Lease, LetterClass, NewLetter, Purpose, Result, StoreError, Tx};
use serde_json::json;
use tokio::sync::mpsc;
use tracing::info;

use crate::House;
use crate::station::{Station, Trouble};

pub(crate) struct RegisterFile;

/// Records handed from the reader to the writer at a time.
const CHUNK: usize = 512;

/// What a file came to.
pub(crate) struct Checked {
    bytes: Arc<Vec<u8>>,
    format: Option<Format>,
    level: AckLevel,
    summary: Option<FileSummary>,
    findings: Vec<Finding>,
    /// Findings past those kept.
    omitted: u64,
}

impl Station for RegisterFile {
    type Work = ItemWork;
    type Answer = Checked;
    const NAME: &'static str = "register-file";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, _: i64) -> Result<Vec<Claimed<ItemWork>>> {
        // One at a time: each may hold hundreds of thousands of records.
        tx.claim_items(ItemState::Filed, lease, 1).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ItemWork>]) -> Result<Vec<std::result::Result<Checked, Trouble>>> {
        let mut answers = Vec::with_capacity(claimed.len());
        for claim in claimed {
            let mut tx = house.store.read().await?;
            let bytes = Arc::new(tx.blob(&claim.work.blob_sha256).await?);
            answers.push(check(&mut tx, claim, bytes).await?);
            tx.roll_back().await?;
        }
        Ok(answers)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, checked: &Checked) -> Result<()> {
        let now = house.now();
        let outcome = settle(tx, claim, checked, now).await?;
        let mut findings = checked.findings.clone();
        if let (AckOutcome::Duplicate, Some(summary)) = (outcome, &checked.summary) {
            findings.push(Finding::warning(Code::FileDuplicate).with("message", &summary.header.message_id));
        }
        tx.put_findings(claim.id, Self::NAME, &findings).await?;
        acknowledge(tx, claim, checked, outcome, now).await?;
        tx.step(claim, ItemState::Filed, ItemEvent::FileSettled, now).await?;
        let format = checked.format.map(Format::as_str);
        tx.journal(now, "file settled", "item", claim.id, &json!({ "format": format, "outcome": outcome.as_str() }));
        info!(item.id = claim.id, format, outcome = outcome.as_str(), "file settled");
        Ok(())
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ItemWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<ItemState, _>(claim, due).await
    }

    async fn item(&self, _: &mut Tx, claim: &Claimed<ItemWork>) -> Result<Option<i64>> {
        Ok(Some(claim.id))
    }
}

/// Whether a source may replace accounts and prices: the administrator's own import, never a partner's drop.
fn may_change_master_data(source: &str) -> bool {
    source.starts_with("cli:")
}

/// Whatever is to be known before anything is changed.
async fn check(tx: &mut Tx, claim: &Claimed<ItemWork>, bytes: Arc<Vec<u8>>) -> Result<std::result::Result<Checked, Trouble>> {
    let format = detect(bytes.get(..DETECT_BYTES.min(bytes.len())).unwrap_or_default());
    let refused = |findings: Vec<Finding>| Checked {
        bytes: bytes.clone(),
        format,
        level: AckLevel::Technical,
        summary: None,
        findings,
        omitted: 0,
    };
    let (Some(Format::MeterReadings | Format::MasterData), Some(format)) = (format, format) else {
        // What it fails of in detail: the checker knows whether it is XML at all.
        let report = oblik_edi::check(BufReader::new(bytes.as_slice()));
        let mut findings = report.map(|report| report.errors).unwrap_or_default();
        let unsigned = format == Some(Format::ReadingAct);
        let detail = if unsigned { "a reading act counts only when signed, by mail" } else { "no format that is taken in here" };
        findings.push(Finding::error(Code::FileFormat).with("detail", detail));
        return Ok(Ok(refused(findings)));
    };
    if format == Format::MasterData && !may_change_master_data(&claim.work.source) {
        let detail = "master data is taken only from the administrator: oblik import";
        return Ok(Ok(refused(vec![Finding::error(Code::FileFormat).with("detail", detail)])));
    }
    // First pass: is the file good at all? A fault may stand at its very end.
    let first = bytes.clone();
    let read = tokio::task::spawn_blocking(move || match format {
        Format::MasterData => read_master_data(BufReader::new(first.as_slice()), &mut |_| ()),
        _ => read_meter_file(BufReader::new(first.as_slice()), &mut |_| ()),
    });
    let summary = match read.await {
        Ok(Ok(summary)) => summary,
        Ok(Err(ReadError::Findings(findings))) => return Ok(Ok(refused(findings))),
        Ok(Err(cause)) => return Ok(Err(Trouble::retry(crate::station::report(&cause)))),
        Err(panic) => return Ok(Err(Trouble::park(format!("reading the file: {panic}")))),
    };
    let mut checked = Checked {
        bytes,
        format: Some(format),
        level: AckLevel::Business,
        findings: summary.findings.clone(),
        summary: Some(summary),
        omitted: 0,
    };
    if refuses(&checked.findings) {
        return Ok(Ok(checked));
    }
    // Second pass: does each record fit what is known?
    if format == Format::MeterReadings {
        let today = kyiv_day(claim.work.received_at);
        let mut ground = Ground::default();
        let mut records = stream(checked.bytes.clone(), meter_records);
        while let Some(chunk) = records.recv().await {
            for record in chunk {
                let Some(finding) = ground.examine(tx, &record, today).await? else { continue };
                if checked.findings.len() < XML_FAULTS {
                    checked.findings.push(finding);
                } else {
                    checked.omitted += 1;
                }
            }
        }
    }
    Ok(Ok(checked))
}

type Sink<T> = mpsc::Sender<Vec<T>>;

/// Reads a file on a blocking thread, handing its records over in chunks.
fn stream<T: Send + 'static>(bytes: Arc<Vec<u8>>, read: fn(&[u8], &mut dyn FnMut(T))) -> mpsc::Receiver<Vec<T>> {
    let (sender, receiver): (Sink<T>, _) = mpsc::channel(4);
    tokio::task::spawn_blocking(move || {
        let mut chunk = Vec::with_capacity(CHUNK);
        // A receiver that is gone has stopped asking; the rest is read for nothing and dropped.
        read(&bytes, &mut |record| {
            chunk.push(record);
            if chunk.len() == CHUNK {
                let _ = sender.blocking_send(std::mem::take(&mut chunk));
            }
        });
        let _ = sender.blocking_send(chunk);
    });
    receiver
}

// The first pass has shown that these end well; what they say of faults is known.
fn meter_records(bytes: &[u8], sink: &mut dyn FnMut(MeterRecord)) {
    let _ = read_meter_file(BufReader::new(bytes), sink);
}

fn master_records(bytes: &[u8], sink: &mut dyn FnMut(MasterItem)) {
    let _ = read_master_data(BufReader::new(bytes), sink);
}

/// What is known of the account of the last record: files come grouped by account, so this is read once for each.
#[derive(Default)]
struct Ground {
    of: Option<(ContractNumber, Period)>,
    record: Option<AccountRecord>,
    previous: PreviousReadings,
    billed: bool,
}

impl Ground {
    async fn stand_on(&mut self, tx: &mut Tx, contract: &ContractNumber, period: Period) -> Result<()> {
        if self.of.as_ref().is_some_and(|(own, at)| own == contract && *at == period) {
            return Ok(());
        }
        self.record = tx.account_record(contract).await?;
        self.previous = tx.readings_before(contract, period).await?;
        self.billed = tx.invoice_of_period(contract, period).await?.is_some();
        self.of = Some((contract.clone(), period));
        Ok(())
    }

    async fn examine(&mut self, tx: &mut Tx, record: &MeterRecord, today: NaiveDate) -> Result<Option<Finding>> {
        let reading = &record.reading;
        self.stand_on(tx, &record.contract, reading.period).await?;
        let refused = |code: Code, detail: String| {
            Some(Finding::error(code).with("detail", detail).with("record", record.record_no).at(record.line, record.column))
        };
        let Some(account) = &self.record else {
            return Ok(refused(Code::FileRecord, format!("contract {} is not known", record.contract)));
        };
        let name = || format!("{} {} {}", reading.register.point, reading.register.meter, register_name(&reading.register));
        let Some(register) = required_registers(account, reading.period).get(&reading.register).copied() else {
            return Ok(refused(
                Code::FileRecord,
                format!("contract {} has no register {} in {}", record.contract, name(), reading.period),
            ));
        };
        if reading.read_on > today || Period::of(today).is_some_and(|now| reading.period > now) {
            return Ok(refused(Code::FileRecord, format!("the reading is of {}, which is to come", reading.read_on)));
        }
        if reading.total.units() >= dial_end(register.digits) {
            return Ok(refused(
                Code::FileRecord,
                format!("{} shows {} digits, the value is {}", name(), register.digits, reading.total),
            ));
        }
        if self.billed {
            let detail = format!("contract {} is billed for {}", record.contract, reading.period);
            return Ok(refused(Code::AlreadyBilled, detail));
        }
        if let Some(previous) = self.previous.get(&reading.register).filter(|previous| reading.total < **previous) {
            let detail = format!("{} showed {previous} before, {} now", name(), reading.total);
            return Ok(refused(Code::ReadingGoesBackwards, detail));
        }
        Ok(None)
    }
}

/// Applies a good file, whole.
async fn settle(tx: &mut Tx, claim: &Claimed<ItemWork>, checked: &Checked, now: DateTime<Utc>) -> Result<AckOutcome> {
    let Some(summary) = checked.summary.as_ref().filter(|_| !refuses(&checked.findings)) else { return Ok(AckOutcome::Refused) };
    let (source, message_id) = (claim.work.source.as_str(), summary.header.message_id.as_str());
    if tx.applied_message(source, message_id, &claim.work.blob_sha256).await?.is_some() {
        return Ok(AckOutcome::Duplicate);
    }
    tx.put_applied_message(source, message_id, &claim.work.blob_sha256, claim.id, now).await?;
    match checked.format {
        Some(Format::MasterData) => apply_master_data(tx, claim, checked, now).await?,
        _ => apply_readings(tx, claim, checked, now).await?,
    }
    Ok(AckOutcome::Accepted)
}

async fn apply_readings(tx: &mut Tx, claim: &Claimed<ItemWork>, checked: &Checked, now: DateTime<Utc>) -> Result<()> {
    let mut records = stream(checked.bytes.clone(), meter_records);
    let mut unbilled = BTreeSet::new();
    while let Some(chunk) = records.recv().await {
        for MeterRecord { contract, reading, .. } in chunk {
            let key = (contract, reading.period);
            if !unbilled.contains(&key) {
                // Billed since the check: the transaction is undone and the file is checked again.
                if tx.invoice_of_period(&key.0, key.1).await?.is_some() {
                    return Err(StoreError::AlreadyThere { statement: "invoice of the period" });
                }
                unbilled.insert(key);
            }
            tx.put_reading(&reading, claim.id, now).await?;
        }
    }
    Ok(())
}

async fn apply_master_data(tx: &mut Tx, claim: &Claimed<ItemWork>, checked: &Checked, now: DateTime<Utc>) -> Result<()> {
    let mut records = stream(checked.bytes.clone(), master_records);
    let (mut tariffs, mut parameters): (Vec<Tariff>, Vec<Parameter>) = (Vec::new(), Vec::new());
    while let Some(chunk) = records.recv().await {
        for item in chunk {
            match item.record {
                MasterRecord::Account(entry) => {
                    let AccountEntry { record, openings } = *entry;
                    tx.put_account(&record).await?;
                    for reading in openings {
                        tx.put_opening_reading(&reading, claim.id, now).await?;
                    }
                    tx.journal(now, "account imported", "account", &record.account.contract, &json!({}));
                }
                MasterRecord::Tariff(tariff) => tariffs.push(tariff),
                MasterRecord::Parameter(parameter) => parameters.push(parameter),
            }
        }
    }
    // A file that names no price changes none.
    if !tariffs.is_empty() {
        tx.put_tariffs(&tariffs).await?;
    }
    if !parameters.is_empty() {
        tx.put_parameters(&parameters).await?;
    }
    Ok(())
}

/// Writes the acknowledgement into the outbox.
async fn acknowledge(
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    checked: &Checked,
    outcome: AckOutcome,
    now: DateTime<Utc>,
) -> Result<()> {
    let records = checked.summary.as_ref().map_or(0, |summary| summary.records);
    let accepted = if outcome == AckOutcome::Accepted { records } else { 0 };
    let told = if outcome == AckOutcome::Duplicate { &[] } else { checked.findings.as_slice() };
    let (errors, omitted) = AckError::list(told);
    let sha256 = hex::decode(&claim.work.blob_sha256).ok().and_then(|bytes| bytes.try_into().ok()).unwrap_or_default();
    let acknowledgement = Acknowledgement {
        file_name: claim.work.name.clone(),
        sha256,
        message_id: checked.summary.as_ref().map(|summary| summary.header.message_id.clone()),
        created_at: now,
        level: checked.level,
        outcome,
        accepted,
        refused: records - accepted,
        errors,
        errors_omitted: omitted + checked.omitted,
    };
    let bytes = write_acknowledgement(&acknowledgement);
    // A name that was answered before keeps its answer; the next has a number.
    let before = tx.files_answered(&claim.work.source, &claim.work.name, claim.id).await?;
    let name = match before {
        0 => format!("{}.ack.xml", claim.work.name),
        more => format!("{}.{}.ack.xml", claim.work.name, more + 1),
    };
    let message_id = format!("{}/{}/ack", claim.work.source, claim.id);
    let letter = NewLetter {
        about: About::Item(claim.id),
        purpose: Purpose::Acknowledgement,
        class: LetterClass::Notice,
        channel: &claim.work.source,
        recipient: "ack",
        subject: &name,
        message_id: &message_id,
        bytes: &bytes,
    };
    tx.write_letter(&letter, now).await
}
