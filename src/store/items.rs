//! Items: what was taken in, its bytes, its sightings and its findings.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding, Level};
use oblik_domain::states::ItemState;

use crate::lease::claim;
use crate::statement::{Record, sha256_hex, statements, values};
use crate::{Claimed, Lease, Result, StoreError, Tx};

statements! {
    PUT_BLOB = "INSERT INTO blob (sha256, bytes, size_bytes) VALUES ($1, $2, $3) ON CONFLICT (sha256) DO NOTHING";
    GET_BLOB = "SELECT bytes FROM blob WHERE sha256 = $1";
    ADD_ITEM = "INSERT INTO item (source, kind, identity, name, blob_sha256, received_at, state, due_at) \
                VALUES ($1, $2, $3, $4, $5, $6, 'received', $6) ON CONFLICT (source, identity) DO NOTHING RETURNING id";
    WAIT = "UPDATE item SET due_at = $1, attempts = 0, lease_owner = NULL, lease_until = 0 WHERE id = $2 AND fence = $3";
    FIND_ITEM = "SELECT id FROM item WHERE source = $1 AND identity = $2";
    ADD_SIGHTING = "INSERT INTO sighting (source, origin, item_id, seen_at) VALUES ($1, $2, $3, $4) ON CONFLICT (source, origin) DO NOTHING";
    KNOWN = "SELECT origin FROM sighting WHERE source = $1 AND origin IN (SELECT value FROM json_each($2))",
        postgres: "SELECT origin FROM sighting WHERE source = $1 AND origin IN (SELECT jsonb_array_elements_text($2::jsonb))";
    CLAIM = claim!("item", "source, kind, name, blob_sha256, received_at"),
        postgres: claim!(postgres "item", "source, kind, name, blob_sha256, received_at");
    ITEM = "SELECT source, kind, name, blob_sha256, received_at FROM item WHERE id = $1";
    STATE = "SELECT state FROM item WHERE id = $1";
    INTENT = "SELECT intent FROM item WHERE id = $1";
    SET_INTENT = "UPDATE item SET intent = $1 WHERE id = $2";
    SET_CAUSE = "UPDATE item SET cause = $1 WHERE id = $2";
    ADD_FINDING = "INSERT INTO finding (item_id, ordinal, station, code, level, named, line, col) \
                   SELECT $1, COALESCE(MAX(ordinal), 0) + 1, $2, $3, $4, $5, $6, $7 FROM finding WHERE item_id = $1",
        postgres: "INSERT INTO finding (item_id, ordinal, station, code, level, named, line, col) \
                   SELECT $1, COALESCE(MAX(ordinal), 0) + 1, $2, $3, $4, $5, $6::bigint, $7::bigint FROM finding WHERE item_id = $1";
    FORGET_FINDINGS = "DELETE FROM finding WHERE item_id = $1 AND station = $2";
    FINDINGS = "SELECT station, code, level, named, line, col FROM finding WHERE item_id = $1 ORDER BY ordinal";
    WAITING = "SELECT COUNT(*) FROM item WHERE state NOT IN ('done', 'parked')";
}

/// Where an item came from, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    Mail,
    File,
}

impl SourceKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::File => "file",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "mail" => Some(Self::Mail),
            "file" => Some(Self::File),
            _ => None,
        }
    }
}

/// Something to take in.
#[derive(Debug, Clone)]
pub struct NewItem<'a> {
    pub source: &'a str,
    pub kind: SourceKind,
    /// Its sighting at the source, such as UIDVALIDITY and UID.
    pub origin: &'a str,
    /// A label for people, never a path.
    pub name: &'a str,
    pub bytes: &'a [u8],
    pub received_at: DateTime<Utc>,
}

/// What taking in came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receipt {
    New(i64),
    /// The same bytes from the same source are this item already.
    Duplicate(i64),
}

/// An item as a station needs it; its bytes are fetched apart.
#[derive(Debug, Clone)]
pub struct ItemWork {
    pub source: String,
    pub kind: SourceKind,
    pub name: String,
    pub blob_sha256: String,
    pub received_at: DateTime<Utc>,
}

/// A finding with the station that found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFinding {
    pub station: String,
    pub code: Code,
    pub level: Level,
    pub named: Vec<(String, String)>,
    pub line: Option<i64>,
    pub column: Option<i64>,
}

impl Tx {
    /// Stores bytes under their hash; the hash.
    pub async fn put_blob(&mut self, bytes: &[u8]) -> Result<String> {
        let sha256 = sha256_hex(bytes);
        let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
        self.execute(&PUT_BLOB, values![sha256.as_str(), bytes, size]).await?;
        Ok(sha256)
    }

    pub async fn blob(&mut self, sha256: &str) -> Result<Vec<u8>> {
        self.row(&GET_BLOB, values![sha256]).await?.bytes()
    }

    /// Takes something in: bytes, item and sighting. Once committed, the source may forget it.
    pub async fn receive(&mut self, new: &NewItem<'_>) -> Result<Receipt> {
        let sha256 = self.put_blob(new.bytes).await?;
        // A message is its bytes wherever it was seen; a file may be dropped again with the same bytes and is told so.
        let identity = match new.kind {
            SourceKind::Mail => sha256.as_str(),
            SourceKind::File => new.origin,
        };
        let at = new.received_at.timestamp_micros();
        let added = values![new.source, new.kind.as_str(), identity, new.name, sha256.as_str(), at];
        let receipt = match self.row_or_none(&ADD_ITEM, added).await? {
            Some(mut row) => Receipt::New(row.integer()?),
            None => Receipt::Duplicate(self.row(&FIND_ITEM, values![new.source, identity]).await?.integer()?),
        };
        let (Receipt::New(id) | Receipt::Duplicate(id)) = receipt;
        self.execute(&ADD_SIGHTING, values![new.source, new.origin, id, at]).await?;
        Ok(receipt)
    }

    /// Which of `origins` were taken in before.
    pub async fn known_origins(&mut self, source: &str, origins: &[&str]) -> Result<BTreeSet<String>> {
        let list = serde_json::Value::from(origins.to_vec()).to_string();
        let rows = self.rows(&KNOWN, values![source, list]).await?;
        rows.into_iter().map(|mut row| row.text()).collect()
    }

    /// Gives a claim on an item back that waits for others. That it waits is no failed attempt: its attempts begin anew.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when another daemon has claimed it meanwhile.
    pub async fn let_item_wait<T>(&mut self, claimed: &Claimed<T>, due: DateTime<Utc>) -> Result<()> {
        match self.execute(&WAIT, values![due.timestamp_micros(), claimed.id, claimed.fence]).await? {
            1 => Ok(()),
            _ => Err(StoreError::LeaseLost { subject: "item", id: claimed.id }),
        }
    }

    pub async fn claim_items(&mut self, state: ItemState, lease: &Lease, most: i64) -> Result<Vec<Claimed<ItemWork>>> {
        self.claim(&CLAIM, state.as_str(), (lease, most), item_work).await
    }

    pub async fn item(&mut self, id: i64) -> Result<ItemWork> {
        item_work(&mut self.row(&ITEM, values![id]).await?)
    }

    pub async fn item_state(&mut self, id: i64) -> Result<ItemState> {
        self.row(&STATE, values![id]).await?.parsed(ItemState::parse)
    }

    pub async fn set_intent(&mut self, id: i64, intent: &str) -> Result<()> {
        self.execute_one(&SET_INTENT, values![intent, id]).await
    }

    /// What `classify` found an item to be.
    pub async fn intent(&mut self, id: i64) -> Result<Option<String>> {
        self.row(&INTENT, values![id]).await?.text_or_null()
    }

    /// Why an item waits for a person.
    pub async fn set_cause(&mut self, id: i64, cause: &str) -> Result<()> {
        self.execute_one(&SET_CAUSE, values![cause, id]).await
    }

    /// Replaces what `station` found about an item; a station that runs again does not repeat itself.
    pub async fn put_findings(&mut self, item: i64, station: &str, findings: &[Finding]) -> Result<()> {
        self.execute(&FORGET_FINDINGS, values![item, station]).await?;
        for finding in findings {
            let named: Vec<_> = finding.values.iter().map(|(name, value)| serde_json::json!([name, value])).collect();
            let place = |value: fn(&oblik_domain::finding::Place) -> u64| {
                finding.place.as_ref().map(|place| i64::try_from(value(place)).unwrap_or(i64::MAX))
            };
            let (line, column) = (place(|place| place.line), place(|place| place.column));
            let named = serde_json::Value::from(named).to_string();
            let values = values![item, station, finding.code.as_str(), finding.level.as_str(), named, line, column];
            self.execute_one(&ADD_FINDING, values).await?;
        }
        Ok(())
    }

    pub async fn findings(&mut self, item: i64) -> Result<Vec<StoredFinding>> {
        let rows = self.rows(&FINDINGS, values![item]).await?;
        let finding = |mut row: Record| {
            Ok(StoredFinding {
                station: row.text()?,
                code: row.parsed(Code::parse)?,
                level: row.parsed(level)?,
                named: row.parsed(|text| serde_json::from_str(text).ok())?,
                line: row.integer_or_null()?,
                column: row.integer_or_null()?,
            })
        };
        rows.into_iter().map(finding).collect::<Result<_>>()
    }

    /// Items that still have a way to go.
    pub async fn items_waiting(&mut self) -> Result<i64> {
        self.row(&WAITING, values![]).await?.integer()
    }
}

fn level(word: &str) -> Option<Level> {
    [Level::Information, Level::Warning, Level::Error].into_iter().find(|level| level.as_str() == word)
}

fn item_work(row: &mut Record) -> Result<ItemWork> {
    Ok(ItemWork {
        source: row.text()?,
        kind: row.parsed(SourceKind::parse)?,
        name: row.text()?,
        blob_sha256: row.text()?,
        received_at: row.instant()?,
    })
}

impl StoredFinding {
    pub fn to_finding(&self) -> Finding {
        let finding = Finding::new(self.code, self.level);
        let finding = self.named.iter().fold(finding, |finding, (name, value)| finding.with(name.clone(), value));
        match (self.line.map(u64::try_from), self.column.map(u64::try_from)) {
            (Some(Ok(line)), Some(Ok(column))) => finding.at(line, column),
            _ => finding,
        }
    }
}
