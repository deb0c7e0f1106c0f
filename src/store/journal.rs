//! The journal: append-only, each entry holding the hash of the one before it (promise 13).

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use crate::statement::{Record, statements, values};
use crate::{Result, Store, Tx};

statements! {
    LOCK_HEAD = "SELECT seq, hash FROM journal_head WHERE id = 1",
        postgres: "SELECT seq, hash FROM journal_head WHERE id = 1 FOR UPDATE";
    HEAD = "SELECT seq, hash FROM journal_head WHERE id = 1";
    APPEND = "INSERT INTO journal (seq, at, event, subject, subject_id, detail, prev, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    MOVE_HEAD = "UPDATE journal_head SET seq = $1, hash = $2 WHERE id = 1";
    PAGE = "SELECT seq, at, event, subject, subject_id, detail, prev, hash FROM journal WHERE seq > $1 ORDER BY seq LIMIT 1000";
    OF_SUBJECT = "SELECT at, event, subject, subject_id, detail FROM journal WHERE subject = $1 AND subject_id = $2 ORDER BY seq";
}

/// One entry, before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    pub at: DateTime<Utc>,
    pub event: String,
    pub subject: String,
    pub subject_id: String,
    /// JSON.
    pub detail: String,
}

/// The first place where the chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub seq: i64,
    pub reason: &'static str,
}

impl JournalEntry {
    /// SHA-256 over the previous hash and every field, each with its length before it, so that no two entries share a
    /// preimage.
    fn chained(&self, seq: i64, prev: &str) -> String {
        let mut hash = Sha256::new();
        hash.update([0_u8]);
        let (seq, at) = (seq.to_string(), self.at.timestamp_micros().to_string());
        for field in [prev, &seq, &at, &self.event, &self.subject, &self.subject_id, &self.detail] {
            hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
            hash.update(field.as_bytes());
        }
        hex::encode(hash.finalize())
    }
}

impl Tx {
    pub(crate) async fn write_journal(&mut self) -> Result<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        let mut head = self.row(&LOCK_HEAD, values![]).await?;
        let (mut seq, mut prev) = (head.integer()?, head.text()?);
        for entry in std::mem::take(&mut self.entries) {
            seq += 1;
            let hash = entry.chained(seq, &prev);
            let values = values![
                seq,
                entry.at.timestamp_micros(),
                entry.event,
                entry.subject,
                entry.subject_id,
                entry.detail,
                prev,
                hash.as_str()
            ];
            self.execute_one(&APPEND, values).await?;
            prev = hash;
        }
        self.execute_one(&MOVE_HEAD, values![seq, prev]).await
    }

    /// Everything the journal says of one subject, in order.
    pub async fn journal_of(&mut self, subject: &str, id: &str) -> Result<Vec<JournalEntry>> {
        let rows = self.rows(&OF_SUBJECT, values![subject, id]).await?;
        rows.into_iter().map(|mut row| entry(&mut row)).collect()
    }
}

impl Tx {
    /// A page of the journal after `seq`: place, entry and hash of each, at most a thousand.
    pub async fn journal_after(&mut self, seq: i64) -> Result<Vec<(i64, JournalEntry, String)>> {
        let rows = self.rows(&PAGE, values![seq]).await?;
        let placed = |mut row: Record| {
            let (seq, entry) = (row.integer()?, entry(&mut row)?);
            let (_prev, hash) = (row.text()?, row.text()?);
            Ok((seq, entry, hash))
        };
        rows.into_iter().map(placed).collect()
    }
}

pub(crate) fn entry(row: &mut Record) -> Result<JournalEntry> {
    Ok(JournalEntry {
        at: row.instant()?,
        event: row.text()?,
        subject: row.text()?,
        subject_id: row.text()?,
        detail: row.text()?,
    })
}

impl Store {
    /// Walks the whole chain: how many entries hold, or the first that does not.
    pub async fn verify_journal(&self) -> Result<std::result::Result<i64, Broken>> {
        let mut tx = self.read().await?;
        let mut head = tx.row(&HEAD, values![]).await?;
        let (head_seq, head_hash) = (head.integer()?, head.text()?);
        let (mut seq, mut prev) = (0, "0".repeat(64));
        loop {
            let page = tx.rows(&PAGE, values![seq]).await?;
            if page.is_empty() {
                break;
            }
            for mut row in page {
                let found = row.integer()?;
                let entry = entry(&mut row)?;
                let (stored_prev, stored_hash) = (row.text()?, row.text()?);
                seq += 1;
                let reason = if found != seq {
                    "an entry is missing"
                } else if stored_prev != prev {
                    "it does not follow the entry before it"
                } else if entry.chained(seq, &prev) != stored_hash {
                    "it was changed"
                } else {
                    prev = stored_hash;
                    continue;
                };
                return Ok(Err(Broken { seq, reason }));
            }
        }
        if seq != head_seq || prev != head_hash {
            return Ok(Err(Broken { seq: seq + 1, reason: "entries are missing at the end" }));
        }
        Ok(Ok(seq))
    }
}
