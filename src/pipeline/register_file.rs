//! Register a partner's file: checked whole, applied whole or not at all, acknowledged in the same transaction.

mod apply;
mod ground;

use std::io::BufReader;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_config::Payments;
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::limits::XML_FAULTS;
use oblik_domain::states::{ItemEvent, ItemState};
use oblik_edi::{
    AckError, AckLevel, AckOutcome, Acknowledgement, DETECT_BYTES, FileSummary, Format, MasterItem, MeterRecord, PaymentRecord,
    ReadError, detect, read_master_data, read_meter_file, read_payments, write_acknowledgement,
};
use oblik_store::{About, Claimed, ItemWork, Lease, LetterClass, NewLetter, Purpose, Result, Tx};
use serde_json::json;
use tokio::sync::mpsc;
use tracing::info;

use self::apply::{apply_master_data, apply_payments, apply_readings};
use self::ground::{Ground, examine_branch, examine_payment};
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
    /// Records that tell what is known already, and change nothing.
    known: u64,
}

impl Checked {
    /// Keeps a finding, as many as are told. One that refuses the file goes before one that does not.
    fn note(&mut self, finding: Finding) {
        if self.findings.len() < XML_FAULTS {
            return self.findings.push(finding);
        }
        self.omitted += 1;
        let milder = |kept: &&mut Finding| kept.level < finding.level;
        if let Some(kept) = self.findings.iter_mut().rev().find(milder) {
            *kept = finding;
        }
    }
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
            answers.push(check(house, &mut tx, claim, bytes).await?);
            tx.roll_back().await?;
        }
        Ok(answers)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, checked: &Checked) -> Result<()> {
        let now = house.now();
        let outcome = settle(house, tx, claim, checked, now).await?;
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

/// Why a format is not taken from a source. Accounts and prices come by the administrator's own import only, never from a
/// partner's drop; payments also from drops that are trusted with them.
fn refused_from(house: &House, format: Format, source: &str) -> Option<&'static str> {
    let by_administrator = source.starts_with("cli:");
    let from_drop = source.strip_prefix("drop:");
    let trusted =
        || house.config.drops.iter().any(|drop| from_drop == Some(drop.name.as_str()) && drop.payments == Payments::Taken);
    match format {
        Format::MasterData if !by_administrator => Some("master data is taken only from the administrator: oblik import"),
        Format::Payments if !by_administrator && !trusted() => {
            Some("payments are taken only from the administrator and from drops that the configuration trusts with them")
        }
        Format::ReadingAct => Some("a reading act counts only when signed, by mail"),
        Format::Acknowledgement => Some("no format that is taken in here"),
        _ => None,
    }
}

/// Whatever is to be known before anything is changed.
async fn check(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    bytes: Arc<Vec<u8>>,
) -> Result<std::result::Result<Checked, Trouble>> {
    let format = detect(bytes.get(..DETECT_BYTES.min(bytes.len())).unwrap_or_default());
    let refused = |findings: Vec<Finding>| Checked {
        bytes: bytes.clone(),
        format,
        level: AckLevel::Technical,
        summary: None,
        findings,
        omitted: 0,
        known: 0,
    };
    let (format, why_not) = match format {
        Some(format) => (format, refused_from(house, format, &claim.work.source)),
        None => (Format::Acknowledgement, Some("no format that is taken in here")),
    };
    if let Some(detail) = why_not {
        // What it fails of in detail: the checker knows whether it is XML at all.
        let taken_elsewhere = matches!(format, Format::MasterData | Format::Payments);
        let report = oblik_edi::check(BufReader::new(bytes.as_slice())).map(|report| report.errors);
        let mut findings = if taken_elsewhere { Vec::new() } else { report.unwrap_or_default() };
        findings.push(Finding::error(Code::FileFormat).with("detail", detail));
        return Ok(Ok(refused(findings)));
    }
    // First pass: is the file good at all? A fault may stand at its very end.
    let first = bytes.clone();
    let read = tokio::task::spawn_blocking(move || match format {
        Format::MasterData => read_master_data(BufReader::new(first.as_slice()), &mut |_| ()),
        Format::Payments => read_payments(BufReader::new(first.as_slice()), &mut |_| ()),
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
        known: 0,
    };
    if refuses(&checked.findings) {
        return Ok(Ok(checked));
    }
    // Second pass: does each record fit what is known?
    match format {
        Format::MeterReadings => {
            let mut ground = Ground::new(claim.work.received_at);
            let mut records = stream(checked.bytes.clone(), meter_records);
            while let Some(chunk) = records.recv().await {
                for record in chunk {
                    if let Some(finding) = ground.examine(tx, &record).await? {
                        checked.note(finding);
                    }
                }
            }
        }
        Format::Payments => {
            let mut records = stream(checked.bytes.clone(), payment_records);
            while let Some(chunk) = records.recv().await {
                for record in chunk {
                    let Some(finding) = examine_payment(tx, &record, claim.work.received_at).await? else { continue };
                    checked.known += u64::from(finding.code == Code::FileDuplicate);
                    checked.note(finding);
                }
            }
        }
        Format::MasterData => {
            let mut records = stream(checked.bytes.clone(), master_records);
            while let Some(chunk) = records.recv().await {
                for item in chunk {
                    if let Some(finding) = examine_branch(house, &item) {
                        checked.note(finding);
                    }
                }
            }
        }
        _ => {}
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

fn payment_records(bytes: &[u8], sink: &mut dyn FnMut(PaymentRecord)) {
    let _ = read_payments(BufReader::new(bytes), sink);
}

fn master_records(bytes: &[u8], sink: &mut dyn FnMut(MasterItem)) {
    let _ = read_master_data(BufReader::new(bytes), sink);
}

/// Applies a good file, whole.
async fn settle(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    checked: &Checked,
    now: DateTime<Utc>,
) -> Result<AckOutcome> {
    let Some(summary) = checked.summary.as_ref().filter(|_| !refuses(&checked.findings)) else { return Ok(AckOutcome::Refused) };
    let (source, message_id) = (claim.work.source.as_str(), summary.header.message_id.as_str());
    if tx.applied_message(source, message_id, &claim.work.blob_sha256).await?.is_some() {
        return Ok(AckOutcome::Duplicate);
    }
    tx.put_applied_message(source, message_id, &claim.work.blob_sha256, claim.id, now).await?;
    match checked.format {
        Some(Format::MasterData) => apply_master_data(tx, claim, stream(checked.bytes.clone(), master_records), now).await?,
        Some(Format::Payments) => {
            apply_payments(tx, stream(checked.bytes.clone(), payment_records), &house.issuers.series(), now).await?;
        }
        _ => apply_readings(tx, claim, stream(checked.bytes.clone(), meter_records), now).await?,
    }
    Ok(if checked.known > 0 { AckOutcome::Partly } else { AckOutcome::Accepted })
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
    let accepted = match outcome {
        AckOutcome::Accepted | AckOutcome::Partly => records.saturating_sub(checked.known),
        AckOutcome::Refused | AckOutcome::Duplicate => 0,
    };
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_past_the_findings_that_are_told_still_refuses_the_file() {
        let mut checked = Checked {
            bytes: Arc::default(),
            format: None,
            level: AckLevel::Business,
            summary: None,
            findings: Vec::new(),
            omitted: 0,
            known: 0,
        };
        for _ in 0..XML_FAULTS {
            checked.note(Finding::warning(Code::ReadingGoesBackwards));
        }
        assert!(!refuses(&checked.findings) && checked.omitted == 0);
        checked.note(Finding::warning(Code::ReadingGoesBackwards));
        assert_eq!((checked.findings.len(), checked.omitted, refuses(&checked.findings)), (XML_FAULTS, 1, false));
        checked.note(Finding::error(Code::FileRecord));
        assert_eq!((checked.findings.len(), checked.omitted, refuses(&checked.findings)), (XML_FAULTS, 2, true));
    }
}
