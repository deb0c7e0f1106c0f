//! What a customer asks for in so many words: a calculation (РОЗРАХУВАТИ), or what an act would come to on trial.
//!
//! The reply matrix holds here as for every mail. A calculation is started by a signed act, or from a registered address that
//! our own MX found authentic; what it led to goes to a registered address of that account alone.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_billing::MissingReadings;
use oblik_config::Unproven;
use oblik_domain::account::{AccountRecord, ActSignature};
use oblik_domain::act::register_name;
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::{Period, kyiv_day};
use oblik_domain::states::{ItemEvent, ItemState};
use oblik_edi::read_reading_act;
use oblik_mail::{Message, request};
use oblik_store::{Claimed, ItemWork, Result, SignedContent, StoreError, Tx};
use oblik_words::commands::Command;
use oblik_words::letters::{ActSeen, Text};
use oblik_words::{letters_acts, letters_billing};
use serde_json::json;
use tracing::info;

use crate::House;
use crate::answer::{NOT_REGISTERED, message_seen};
use crate::bill::{already_billed, draft_for_unbilled};
use crate::calculate::{Asked, Calculated, Question, Ready, calculate};
use crate::reading_acts::{ActFile, current_act, unsigned};
use crate::station::Trouble;

/// What a request led to.
pub(crate) enum Requested {
    /// It can be calculated: the invoice is the answer, and comes by its own letter.
    Bill(Box<Ready>),
    /// To the sender, in its thread.
    Letter(Text),
    /// The same with the act that is to be signed.
    Sign(Text, ActFile),
    /// The same where an act of this period should be signed and there is none (RQ-D02).
    NoAct(Text, ContractNumber, Period),
    Silence(&'static str),
}

/// A request to calculate that no act came with.
pub(crate) async fn requested(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
) -> Result<std::result::Result<Requested, Trouble>> {
    let silence = |why| Ok(Ok(Requested::Silence(why)));
    let Some(message) = message else { return silence("it has no readable sender") };
    let own = tx.accounts_of_address(&message.from).await?;
    if own.is_empty() {
        return silence(NOT_REGISTERED);
    }
    let (seen, supplier) = (message_seen(claim), &house.config.supplier.seller.name);
    let letter = |text| Ok(Ok(Requested::Letter(text)));
    match &house.config.mail.authserv_id {
        Some(mx) if message.dmarc_pass(mx) => {}
        // Nothing says who wrote it: it may be told how to sign, and moves nothing.
        None if house.config.mail.unproven == Unproven::TechnicalStatus => {
            let findings = [Finding::error(Code::MailUnsigned)];
            return letter(letters_billing::signature_needed(&seen, Command::Calculate, &findings, supplier));
        }
        _ => return silence("the sender's address is not proven"),
    }
    let named = request(message).and_then(|request| request.contract);
    let contract = match (named, own.as_slice()) {
        (Some(named), _) => own.iter().find(|own| **own == named),
        (None, [only]) => Some(only),
        (None, _) => None,
    };
    let Some(contract) = contract else {
        return letter(letters_billing::which_contract(&seen, Command::Calculate, supplier));
    };
    let Some(record) = tx.account_record(contract).await? else { return silence("the account is gone") };
    let period = period_to_bill(tx, contract, claim.work.received_at).await?;
    if tx.act_waits_for_bill(contract, period).await? {
        let (cause, due) = ("an act of the period is about to be calculated".to_owned(), house.now() + TimeDelta::seconds(5));
        return Ok(Err(Trouble::Wait { cause, due }));
    }
    let refused = |findings: &[Finding]| letters_billing::calculation_refused(contract, period, findings, supplier);
    if let Some(finding) = already_billed(tx, contract, period).await? {
        return letter(refused(&[finding]));
    }
    let mut findings: Vec<Finding> = not_signed(tx, &record, period).await?.into_iter().collect();
    let to_sign = match current_act(tx, contract, period).await? {
        _ if findings.is_empty() => ToSign::Nothing,
        Some(act) => ToSign::Act(act),
        None => ToSign::Lacking,
    };
    let question = Question::new(contract, period, Asked::ByCustomer, MissingReadings::Refuse);
    match calculate(house, tx, &question).await? {
        Ok(Calculated::Bill(ready)) if findings.is_empty() => Ok(Ok(Requested::Bill(ready))),
        Ok(Calculated::Bill(_)) => Ok(Ok(not_yet(contract, period, &findings, to_sign, supplier))),
        Ok(Calculated::Refused(more)) => {
            findings.extend(more);
            Ok(Ok(not_yet(contract, period, &findings, to_sign, supplier)))
        }
        Ok(Calculated::Waits | Calculated::NotSupplied | Calculated::UnknownAccount) => silence("there is nothing to calculate"),
        Err(trouble) => Ok(Err(trouble)),
    }
}

/// What a customer has to sign before anything is calculated.
enum ToSign {
    Nothing,
    Act(ActFile),
    /// Readings lack a signature, and there is no act of them.
    Lacking,
}

/// Why it is not calculated; with the act to be signed where readings lack a signature (E4).
fn not_yet(contract: &ContractNumber, period: Period, findings: &[Finding], to_sign: ToSign, supplier: &str) -> Requested {
    let refused = letters_billing::calculation_refused(contract, period, findings, supplier);
    match to_sign {
        ToSign::Act(act) => {
            let text = letters_acts::sign_first(contract, period, findings, Some(act.version), supplier);
            Requested::Sign(text, act)
        }
        // While a reading lacks there is nothing to be signed.
        ToSign::Lacking if findings.iter().all(|finding| finding.code != Code::ReadingsIncomplete) => {
            let text = letters_acts::sign_first(contract, period, findings, None, supplier);
            Requested::NoAct(text, contract.clone(), period)
        }
        _ => Requested::Letter(refused),
    }
}

/// The latest period that has readings; where there are only those the account was taken over with, the one after them.
async fn period_to_bill(tx: &mut Tx, contract: &ContractNumber, now: DateTime<Utc>) -> Result<Period> {
    let today = Period::of(kyiv_day(now)).or_else(|| Period::new(2000, 1));
    let next = |period: Period| Period::from_ordinal(period.ordinal() + 1);
    let period = match tx.last_read_periods(contract).await?.as_slice() {
        [latest, _, ..] => Some(*latest),
        [opening] => next(*opening),
        [] => today,
    };
    period.or(today).ok_or(StoreError::Rows { statement: "period to bill", expected: "a month", found: 0 })
}

/// That required registers have readings which no accepted act states, where the account's terms ask for signed ones (E4).
/// Interval data is our own system's.
async fn not_signed(tx: &mut Tx, record: &AccountRecord, period: Period) -> Result<Option<Finding>> {
    if record.account.terms_on(period.last_day()).act_signature == ActSignature::NotRequired {
        return Ok(None);
    }
    let unsigned = unsigned(tx, record, period).await?;
    let names: Vec<_> = unsigned.iter().map(|register| format!("{} ({})", register.meter, register_name(register))).collect();
    Ok((!names.is_empty()).then(|| Finding::error(Code::ActNotSigned).with("registers", names.join(", "))))
}

/// Drafts what was asked for, once: a period that was billed meanwhile is asked about again.
pub(crate) async fn bill(house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, ready: &Ready, now: DateTime<Utc>) -> Result<()> {
    let (contract, period) = (&ready.bill.contract, ready.bill.period);
    tx.hold_account(contract).await?;
    if already_billed(tx, contract, period).await?.is_some() || tx.act_waits_for_bill(contract, period).await? {
        return Err(StoreError::AlreadyThere { statement: "invoice of the period" });
    }
    // Readings may have come since it was asked: one customer's word costs a second look.
    let question = Question::new(contract, period, Asked::ByCustomer, MissingReadings::Refuse);
    let Ok(Calculated::Bill(ready)) = calculate(house, tx, &question).await? else {
        return Err(StoreError::AlreadyThere { statement: "what came since a calculation" });
    };
    let ready = &*ready;
    let invoice = draft_for_unbilled(house, tx, ready, now).await?;
    tx.put_findings(claim.id, "bill", &ready.notes).await?;
    tx.journal(now, "billed at the customer's word", "invoice", invoice, &json!({ "item": claim.id }));
    info!(item.id = claim.id, invoice.id = invoice, "billed at the customer's word");
    tx.step(claim, ItemState::Answerable, ItemEvent::Answered, now).await.map(drop)
}

/// What an act that was sent on trial would come to. Its readings stand for as long as the calculation lasts: what is written
/// here is never committed. `findings` are what verifying and examining it came to.
pub(crate) async fn tried(
    house: &House,
    item: i64,
    content: &SignedContent,
    seen: &ActSeen,
    findings: &[Finding],
) -> Result<std::result::Result<Text, Trouble>> {
    let supplier = &house.config.supplier.seller.name;
    if refuses(findings) {
        return Ok(Ok(letters_billing::trial_refused(seen, findings, supplier)));
    }
    let mut tx = house.store.begin("trial").await?;
    let xml = tx.blob(&content.act_xml_sha256).await?;
    let Ok(act) = read_reading_act(&xml) else {
        tx.roll_back().await?;
        return Ok(Err(Trouble::park("the XML of a verified act does not read")));
    };
    for reading in act.readings() {
        tx.put_reading(&reading, item, house.now()).await?;
    }
    let question = Question::new(&content.contract, content.period, Asked::ByCustomer, MissingReadings::Refuse);
    let calculated = calculate(house, &mut tx, &question).await;
    tx.roll_back().await?;
    Ok(match calculated? {
        Ok(Calculated::Bill(ready)) => {
            let notes: Vec<Finding> = findings.iter().chain(&ready.notes).cloned().collect();
            Ok(letters_billing::trial_calculated(seen, &ready.bill, &notes, supplier))
        }
        Ok(Calculated::Refused(refused)) => {
            let all: Vec<Finding> = findings.iter().cloned().chain(refused).collect();
            Ok(letters_billing::trial_refused(seen, &weightiest(&all), supplier))
        }
        Ok(Calculated::Waits | Calculated::NotSupplied | Calculated::UnknownAccount) => {
            Err(Trouble::park("a trial of an account that is gone"))
        }
        Err(trouble) => Err(trouble),
    })
}

/// Each thing once: what the act is warned of and its calculation refused for is told by the one that refuses.
pub(crate) fn weightiest(findings: &[Finding]) -> Vec<Finding> {
    let told_again = |finding: &&Finding| {
        let heavier = |other: &Finding| other.code == finding.code && other.level > finding.level;
        !findings.iter().any(heavier)
    };
    findings.iter().filter(told_again).cloned().collect()
}
