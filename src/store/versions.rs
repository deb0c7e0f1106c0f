//! Versions of accounts: what was known of an account, and when.
//!
//! A version is the whole record. It is superseded when something of it changes, and stays: a bill can be explained with
//! what was known when it was made.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use oblik_domain::account::AccountRecord;
use oblik_domain::ids::ContractNumber;
use oblik_domain::metering::{Meter, Register, UsagePoint};

use crate::statement::{Record, statements, values};
use crate::{Result, Store, StoreError, Tx};

statements! {
    CURRENT = "SELECT record FROM account_version WHERE contract = $1 AND superseded_at IS NULL";
    KNOWN_AT = "SELECT record FROM account_version WHERE contract = $1 AND known_at <= $2 AND (superseded_at IS NULL OR superseded_at > $2)";
    ALL_CURRENT = "SELECT contract, record FROM account_version WHERE superseded_at IS NULL AND contract IN (SELECT value FROM json_each($1))",
        postgres: "SELECT contract, record FROM account_version WHERE superseded_at IS NULL AND contract IN (SELECT jsonb_array_elements_text($1::jsonb))";
    ALL_KNOWN_AT = "SELECT contract, record FROM account_version WHERE known_at <= $2 AND (superseded_at IS NULL OR superseded_at > $2) \
                    AND contract IN (SELECT value FROM json_each($1))",
        postgres: "SELECT contract, record FROM account_version WHERE known_at <= $2 AND (superseded_at IS NULL OR superseded_at > $2) \
                   AND contract IN (SELECT jsonb_array_elements_text($1::jsonb))";
    SUPERSEDE = "UPDATE account_version SET superseded_at = $1 WHERE contract = $2 AND superseded_at IS NULL";
    ADD = "INSERT INTO account_version (contract, record, item_id, known_at) VALUES ($1, $2, $3, $4)";
    ADD_FIRST = "INSERT INTO account_version (contract, record, known_at) VALUES ($1, $2, 0) ON CONFLICT (contract) WHERE superseded_at IS NULL DO NOTHING";
    WITHOUT_VERSION = "SELECT contract FROM account WHERE NOT EXISTS (SELECT 1 FROM account_version WHERE account_version.contract = account.contract) ORDER BY contract";
}

impl Store {
    /// Gives every account from before versions were kept its first, known since before anybody kept count.
    pub(crate) async fn keep_first_versions(&self) -> Result<()> {
        let mut tx = self.read().await?;
        let bare = tx.rows(&WITHOUT_VERSION, values![]).await?.is_empty();
        tx.roll_back().await?;
        if bare {
            return Ok(());
        }
        let mut tx = self.begin("first versions").await?;
        for mut row in tx.rows(&WITHOUT_VERSION, values![]).await? {
            let contract = row.parsed(|text| ContractNumber::parse(text).ok())?;
            if let Some(record) = tx.relational_record(&contract).await? {
                tx.execute(&ADD_FIRST, values![contract.as_str(), json(&record)?]).await?;
            }
        }
        tx.commit().await
    }
}

impl Tx {
    /// Stores what `item` says of an account: added, or merged with what is known. Addresses, signers, terms and limits
    /// are replaced by those given; points, meters and registers that are not named stay. Nothing is written when nothing
    /// is new. Whether something was.
    ///
    /// # Errors
    /// [`StoreError::Rows`] when a point belongs to another account.
    pub async fn put_account(&mut self, record: &AccountRecord, item: i64, now: DateTime<Utc>) -> Result<bool> {
        let contract = &record.account.contract;
        let known = self.account_record(contract).await?;
        let merged = merged(known.as_ref(), record);
        if known.as_ref() == Some(&merged) {
            return Ok(false);
        }
        self.put_relations(&merged).await?;
        let at = now.timestamp_micros();
        self.execute(&SUPERSEDE, values![at, contract.as_str()]).await?;
        self.execute_one(&ADD, values![contract.as_str(), json(&merged)?, item, at]).await?;
        Ok(true)
    }

    /// The whole record of an account, or `None` when there is no such account.
    pub async fn account_record(&mut self, contract: &ContractNumber) -> Result<Option<AccountRecord>> {
        let row = self.row_or_none(&CURRENT, values![contract.as_str()]).await?;
        row.map(|mut row| read(&mut row)).transpose()
    }

    /// What was known of an account at an instant.
    pub async fn account_record_known_at(
        &mut self,
        contract: &ContractNumber,
        instant: DateTime<Utc>,
    ) -> Result<Option<AccountRecord>> {
        let row = self.row_or_none(&KNOWN_AT, values![contract.as_str(), instant.timestamp_micros()]).await?;
        row.map(|mut row| read(&mut row)).transpose()
    }

    /// The records of a batch of accounts, as known now or at an instant. `contracts` is a JSON list.
    pub(crate) async fn records(
        &mut self,
        contracts: &str,
        known: Option<DateTime<Utc>>,
    ) -> Result<BTreeMap<ContractNumber, AccountRecord>> {
        let rows = match known {
            None => self.rows(&ALL_CURRENT, values![contracts]).await?,
            Some(instant) => self.rows(&ALL_KNOWN_AT, values![contracts, instant.timestamp_micros()]).await?,
        };
        let entry = |mut row: Record| Ok((row.parsed(|text| ContractNumber::parse(text).ok())?, read(&mut row)?));
        rows.into_iter().map(entry).collect()
    }
}

fn read(row: &mut Record) -> Result<AccountRecord> {
    row.parsed(|text| serde_json::from_str(text).ok())
}

/// A value as it is kept in a column of text.
pub(crate) fn json(value: &impl serde::Serialize) -> Result<String> {
    let written = serde_json::to_string(value);
    written.map_err(|cause| StoreError::Engine { doing: "write a value", source: sqlx::Error::Encode(cause.into()) })
}

/// What is known with what is new, in one order whatever order they were told in.
fn merged(known: Option<&AccountRecord>, new: &AccountRecord) -> AccountRecord {
    let mut merged = new.clone();
    let contract = merged.account.contract.clone();
    for email in &mut merged.account.emails {
        *email = email.to_lowercase();
    }
    for signer in &mut merged.signers {
        signer.contract.clone_from(&contract);
    }
    let (known_points, known_meters) = known.map_or((&[][..], &[][..]), |known| (&known.points, &known.meters));
    let mut points: BTreeMap<_, UsagePoint> = BTreeMap::new();
    for mut point in known_points.iter().cloned().chain(merged.points) {
        point.contract.clone_from(&contract);
        points.insert(point.eic.clone(), point);
    }
    let mut meters: BTreeMap<_, Meter> = BTreeMap::new();
    for mut meter in known_meters.iter().cloned().chain(merged.meters) {
        let place = (meter.point.clone(), meter.serial.clone());
        let before = meters.remove(&place).map(|known| known.registers).unwrap_or_default();
        meter.registers = registers(before, meter.registers);
        meters.insert(place, meter);
    }
    merged.points = points.into_values().collect();
    merged.meters = meters.into_values().collect();
    merged
}

/// In the order of their words, as the tables give them.
fn registers(known: Vec<Register>, new: Vec<Register>) -> Vec<Register> {
    let word = |register: Register| ((register.kind.as_str(), register.zone.as_str()), register);
    let by_word: BTreeMap<_, _> = known.into_iter().chain(new).map(word).collect();
    by_word.into_values().collect()
}
