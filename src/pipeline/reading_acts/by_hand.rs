//! Acts at an operator's word: one made of readings that are typed or known, and one that is sent again.

use oblik_domain::act::{ReadingAct, examine};
use oblik_domain::finding::{Finding, refuses};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::{Period, kyiv_day};
use oblik_store::Result;
use serde_json::json;

use super::making::{Basis, next_version, typeset};
use super::post::{ActFile, Sending, current_act, send};
use crate::House;
use crate::bill::already_billed;
use crate::station::Trouble;

/// What an operator wants made.
#[derive(Debug, Clone)]
pub struct ActByHand<'a> {
    pub act: &'a ReadingAct,
    pub operator: &'a str,
    /// Whether it is mailed to the account's first address, or handed over by the operator.
    pub mailed: bool,
}

/// What came of it.
#[derive(Debug)]
pub enum MadeByHand {
    Issued {
        version: i64,
        pdf: Vec<u8>,
        xml: Vec<u8>,
        notes: Vec<Finding>,
    },
    /// Readings that no act may state.
    Refused(Vec<Finding>),
    UnknownAccount,
    /// The page cannot be set: ours to mend.
    Broken(String),
}

/// What came of sending an act again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ActAgain {
    Sent {
        version: i64,
        to: String,
    },
    /// No act of the period waits for a signature.
    NoAct,
    NoAddress,
}

/// The act of what is known of an account's period; `None` while a reading lacks.
///
/// # Errors
/// The store failed.
pub async fn known_act(house: &House, contract: &ContractNumber, period: Period) -> Result<Option<ReadingAct>> {
    let mut tx = house.store.read().await?;
    let act = match tx.account_record(contract).await? {
        None => None,
        Some(record) => Basis::known(&mut tx, record, period).await?.map(|basis| basis.act),
    };
    tx.roll_back().await?;
    Ok(act)
}

/// Makes an act's next version at an operator's word; the one that held before is void from now on.
///
/// # Errors
/// The store failed.
pub async fn issue_act(house: &House, by_hand: &ActByHand<'_>) -> Result<MadeByHand> {
    let ActByHand { act, operator, mailed } = by_hand;
    let (contract, period) = (&act.contract, act.period);
    let mut tx = house.store.begin("act-issue").await?;
    tx.hold_account(contract).await?;
    let now = house.now();
    let Some(record) = tx.account_record(contract).await? else {
        return tx.roll_back().await.map(|()| MadeByHand::UnknownAccount);
    };
    let opening = tx.readings_before(contract, period).await?;
    let mut notes = examine(act, &record, &opening, kyiv_day(now));
    notes.extend(already_billed(&mut tx, contract, period).await?);
    if refuses(&notes) {
        return tx.roll_back().await.map(|()| MadeByHand::Refused(notes));
    }
    let acts = tx.reading_acts_of(contract, period).await?;
    let known = tx.readings_of_period(contract, period).await?;
    let readings = known.into_iter().map(|(reading, _)| reading).collect();
    let to = record.account.emails.first().cloned().filter(|_| *mailed);
    let basis = Basis { record, act: (*act).clone(), opening, readings, version: next_version(&acts), bill: None };
    let made = match typeset(&house.typesetter, &house.issuers, basis, &house.config.mail.from_address, kyiv_day(now)) {
        Ok(made) => made,
        Err(Trouble::Park { cause } | Trouble::Retry { cause, .. } | Trouble::Wait { cause, .. }) => {
            return tx.roll_back().await.map(|()| MadeByHand::Broken(cause));
        }
    };
    let replaced = acts.iter().find(|act| act.holds());
    let version = made.basis.version;
    tx.put_reading_act_by_hand((contract, period), &made.stored(Some(operator), now), replaced).await?;
    tx.put_issued_reading_act(&made.pdf, contract, period, now).await?;
    if let Some(to) = to {
        let replaced = replaced.and_then(|act| act.version);
        let sending = Sending { contract, period, version, replaced, pdf: &made.pdf, by: Some(operator) };
        send(house, &mut tx, &sending, &to, now).await?;
    }
    let detail = json!({ "who": operator, "period": period.to_string(), "version": version });
    tx.journal(now, "act form issued", "account", contract, &detail);
    tx.commit().await?;
    Ok(MadeByHand::Issued { version, pdf: made.pdf, xml: made.xml, notes })
}

/// Sends the act that waits for its signature again, the same bytes.
///
/// # Errors
/// The store failed.
pub async fn send_act_again(house: &House, contract: &ContractNumber, period: Period, operator: &str) -> Result<ActAgain> {
    let mut tx = house.store.begin("act-send").await?;
    let now = house.now();
    let Some(ActFile { version, pdf, .. }) = current_act(&mut tx, contract, period).await? else {
        return tx.roll_back().await.map(|()| ActAgain::NoAct);
    };
    let record = tx.account_record(contract).await?;
    let Some(to) = record.and_then(|record| record.account.emails.first().cloned()) else {
        return tx.roll_back().await.map(|()| ActAgain::NoAddress);
    };
    let sending = Sending { contract, period, version, replaced: None, pdf: &pdf, by: Some(operator) };
    send(house, &mut tx, &sending, &to, now).await?;
    let detail = json!({ "who": operator, "period": period.to_string(), "version": version });
    tx.journal(now, "reading act sent again", "account", contract, &detail);
    tx.commit().await?;
    Ok(ActAgain::Sent { version, to })
}
