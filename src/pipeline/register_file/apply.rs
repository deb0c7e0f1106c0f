//! A good file applied, record by record, in the transaction of its acknowledgement.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use oblik_domain::dated::Dated;
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, Tariff, ZoneHours};
use oblik_edi::{AccountEntry, MasterItem, MasterRecord, MeterEntry, MeterRecord, PaymentRecord};
use oblik_store::{Claimed, ItemWork, Result, StoreError, Tx};
use serde_json::json;
use tokio::sync::mpsc::Receiver;

use super::ground::span;
use crate::{Registered, register_payment};

type Unbilled = BTreeSet<(ContractNumber, Period)>;

/// Billed since the check: the transaction is undone and the file is checked again.
async fn still_unbilled(tx: &mut Tx, contract: &ContractNumber, period: Period, known: &mut Unbilled) -> Result<()> {
    let key = (contract.clone(), period);
    if known.contains(&key) {
        return Ok(());
    }
    if tx.invoice_of_period(contract, period).await?.is_some() {
        return Err(StoreError::AlreadyThere { statement: "invoice of the period" });
    }
    known.insert(key);
    Ok(())
}

pub(super) async fn apply_readings(
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    mut records: Receiver<Vec<MeterRecord>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let (mut unbilled, mut read) = (Unbilled::new(), Unbilled::new());
    while let Some(chunk) = records.recv().await {
        for MeterRecord { contract, entry, .. } in chunk {
            match entry {
                MeterEntry::Reading(reading) => {
                    still_unbilled(tx, &contract, reading.period, &mut unbilled).await?;
                    tx.put_reading(&reading, claim.id, now).await?;
                    read.insert((contract, reading.period));
                }
                MeterEntry::Intervals(series) => {
                    for period in span(&series).map(|(_, periods)| periods).unwrap_or_default() {
                        still_unbilled(tx, &contract, period, &mut unbilled).await?;
                    }
                    tx.put_intervals(&series, claim.id, now).await?;
                }
            }
        }
    }
    // Their acts are made after the file, by a station of their own.
    for (contract, period) in &read {
        tx.note_readings(contract, *period, now).await?;
    }
    Ok(())
}

pub(super) async fn apply_master_data(
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    mut records: Receiver<Vec<MasterItem>>,
    now: DateTime<Utc>,
) -> Result<()> {
    let (mut tariffs, mut parameters): (Vec<Tariff>, Vec<Parameter>) = (Vec::new(), Vec::new());
    let mut zone_hours: Vec<Dated<ZoneHours>> = Vec::new();
    while let Some(chunk) = records.recv().await {
        for item in chunk {
            match item.record {
                MasterRecord::Account(entry) => apply_account(tx, claim, &entry, now).await?,
                MasterRecord::Tariff(tariff) => tariffs.push(tariff),
                MasterRecord::Parameter(parameter) => parameters.push(parameter),
                MasterRecord::ZoneHours(hours) => zone_hours.push(hours),
            }
        }
    }
    // A file that names no price changes none.
    if !tariffs.is_empty() {
        tx.put_tariffs(&tariffs, now).await?;
    }
    if !parameters.is_empty() {
        tx.put_parameters(&parameters, now).await?;
    }
    if !zone_hours.is_empty() {
        tx.put_zone_hours(&zone_hours, now).await?;
    }
    Ok(())
}

/// An account with what it was taken over with; none of that undoes what happened since.
async fn apply_account(tx: &mut Tx, claim: &Claimed<ItemWork>, entry: &AccountEntry, now: DateTime<Utc>) -> Result<()> {
    let AccountEntry { record, openings, history, balances } = entry;
    let contract = &record.account.contract;
    tx.put_account(record, claim.id, now).await?;
    for reading in openings {
        tx.put_opening_reading(reading, claim.id, now).await?;
    }
    for month in history {
        if tx.invoice_of_period(contract, month.period).await?.is_none() {
            tx.put_billed_volume(contract, month, now).await?;
        }
    }
    for balance in balances {
        tx.put_charge(balance, now).await?;
    }
    tx.journal(now, "account imported", "account", contract, &json!({}));
    Ok(())
}

/// Payments that were known before are passed over; the check has told of them.
pub(super) async fn apply_payments(
    tx: &mut Tx,
    mut records: Receiver<Vec<PaymentRecord>>,
    series: &[&str],
    now: DateTime<Utc>,
) -> Result<()> {
    while let Some(chunk) = records.recv().await {
        for PaymentRecord { payment, .. } in chunk {
            // The check asks what is asked here, so this is a change of days or of rules between the two: all is undone.
            if let Registered::Refused(_) = register_payment(tx, &payment, series, now).await? {
                return Err(StoreError::Meaning { statement: "register payment", column: 0, value: payment.reference });
            }
        }
    }
    Ok(())
}
