//! Answer: what became of an item is told, to an address that may know it, once.
//!
//! The reply matrix stands here: a valid signature of a bound signer opens the account's facts to its registered address;
//! a registered address alone learns what is wrong with its own message; a stranger learns nothing; a machine is never
//! answered (RFC 3834).

use chrono::{DateTime, TimeDelta, Utc};
use oblik_config::Unproven;
use oblik_domain::account::{AccountRecord, Calculation};
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::Invoice;
use oblik_domain::period::Period;
use oblik_domain::states::{ActState, ItemEvent, ItemState};
use oblik_mail::compose::AutoSubmitted;
use oblik_mail::{Attachment, Kind, Letter, Message, message_id, render, reply_subject};
use oblik_store::{About, Claimed, ItemWork, Lease, LetterClass, NewLetter, Purpose, Result, StoreError, Tx};
use oblik_words::commands::Command;
use oblik_words::letters::{self, ActSeen, MessageSeen, Text};
use oblik_words::letters_billing;
use serde_json::json;
use tracing::info;

use crate::House;
use crate::ask::{self, Requested};
use crate::calculate::Ready;
use crate::classify::{INTENT_ACT_BY_MACHINE, INTENT_CALCULATE, INTENT_TRIAL, INTENT_TRIAL_UNSIGNED};
use crate::station::{Station, Trouble, report};

pub(crate) struct Answer;

/// Notices an address gets in a day at most: the breaker against loops that no header gave away (T16).
const NOTICES_A_DAY: i64 = 20;

/// Why a stranger hears nothing.
pub(crate) const NOT_REGISTERED: &str = "the sender is not registered";

/// What is said, and to whom.
pub(crate) enum Said {
    Letter(Box<Draft>),
    /// The bill the sender asked for: the letter comes with it.
    Bill(Box<Ready>),
    /// Nothing, and why.
    Silence(&'static str),
}

pub(crate) struct Draft {
    purpose: Purpose,
    class: LetterClass,
    to: String,
    subject: String,
    message_id: String,
    bytes: Vec<u8>,
}

/// A decision before it is written out.
struct Telling {
    purpose: Purpose,
    to: String,
    /// Whether it continues the sender's thread: only when it goes to the sender.
    in_thread: bool,
    text: Text,
    invoice: Option<(Box<Invoice>, Vec<u8>)>,
}

impl Station for Answer {
    type Work = ItemWork;
    type Answer = Said;
    const NAME: &'static str = "answer";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<ItemWork>>> {
        tx.claim_items(ItemState::Answerable, lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ItemWork>]) -> Result<Vec<std::result::Result<Said, Trouble>>> {
        let mut tx = house.store.read().await?;
        let mut answers = Vec::with_capacity(claimed.len());
        for claim in claimed {
            answers.push(say(house, &mut tx, claim).await?);
        }
        tx.roll_back().await?;
        Ok(answers)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, said: &Said) -> Result<()> {
        let now = house.now();
        match said {
            Said::Letter(draft) if withheld(tx, draft, now).await? => {
                tx.journal(now, "answer withheld", "item", claim.id, &json!({ "why": "too many notices to this address today" }));
            }
            Said::Letter(draft) => {
                let letter = NewLetter {
                    about: About::Item(claim.id),
                    purpose: draft.purpose,
                    class: draft.class,
                    channel: "mail",
                    recipient: &draft.to,
                    subject: &draft.subject,
                    message_id: &draft.message_id,
                    bytes: &draft.bytes,
                };
                tx.write_letter(&letter, now).await?;
                let detail = json!({ "message_id": draft.message_id, "purpose": draft.purpose.as_str() });
                tx.journal(now, "letter written", "item", claim.id, &detail);
            }
            Said::Bill(ready) => return ask::bill(house, tx, claim, ready, now).await,
            Said::Silence(why) => {
                if *why == NOT_REGISTERED {
                    tx.put_findings(claim.id, Self::NAME, &[Finding::information(Code::MailSenderUnknown)]).await?;
                }
                tx.journal(now, "nothing answered", "item", claim.id, &json!({ "why": why }));
                info!(item.id = claim.id, why, "nothing answered");
            }
        }
        tx.step(claim, ItemState::Answerable, ItemEvent::Answered, now).await.map(drop)
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ItemWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<ItemState, _>(claim, due).await
    }

    async fn let_wait(&self, _: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, due: DateTime<Utc>) -> Result<()> {
        tx.let_item_wait(claim, due).await
    }

    async fn item(&self, _: &mut Tx, claim: &Claimed<ItemWork>) -> Result<Option<i64>> {
        Ok(Some(claim.id))
    }
}

async fn withheld(tx: &mut Tx, draft: &Draft, now: DateTime<Utc>) -> Result<bool> {
    Ok(draft.class == LetterClass::Notice && tx.notices_to(&draft.to, now - TimeDelta::days(1)).await? >= NOTICES_A_DAY)
}

async fn say(house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>) -> Result<std::result::Result<Said, Trouble>> {
    let raw = tx.blob(&claim.work.blob_sha256).await?;
    let message = Message::parse(&raw).ok();
    let findings: Vec<Finding> = tx.findings(claim.id).await?.iter().map(oblik_store::StoredFinding::to_finding).collect();
    let intent = tx.intent(claim.id).await?.unwrap_or_default();
    let telling = match tx.act_of_item(claim.id).await? {
        Some((act, _, state)) => match of_act(house, tx, claim, message.as_ref(), &findings, (act, state), &intent).await? {
            Ok(decision) => decision,
            Err(trouble) => return Ok(Err(trouble)),
        },
        None if intent == INTENT_CALCULATE => match ask::requested(house, tx, claim, message.as_ref()).await? {
            Ok(Requested::Bill(ready)) => return Ok(Ok(Said::Bill(ready))),
            Ok(Requested::Letter(text)) => to_sender(message.as_ref(), text),
            Ok(Requested::Silence(why)) => Err(why),
            Err(trouble) => return Ok(Err(trouble)),
        },
        None => of_message(house, tx, claim, message.as_ref(), &findings, &intent).await?,
    };
    let telling = match telling {
        Ok(telling) => telling,
        Err(why) => return Ok(Ok(Said::Silence(why))),
    };
    Ok(written(house, claim, message.as_ref(), telling))
}

type Decision = std::result::Result<Telling, &'static str>;

fn to_sender(message: Option<&Message>, text: Text) -> Decision {
    let to = message.map(|message| message.from.clone()).ok_or("it has no readable sender")?;
    Ok(Telling { purpose: Purpose::Answer, to, in_thread: true, text, invoice: None })
}

async fn of_act(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    findings: &[Finding],
    (act, state): (i64, ActState),
    intent: &str,
) -> Result<std::result::Result<Decision, Trouble>> {
    let by_machine = intent == INTENT_ACT_BY_MACHINE;
    let content = tx.signed_content(act).await?;
    let Some(content) = content.filter(|_| state != ActState::Rejected) else {
        return of_rejected(house, tx, claim, message, findings, act, by_machine).await.map(Ok);
    };
    let silence = |why| Ok(Ok(Err(why)));
    let Some(record) = tx.account_record(&content.contract).await? else { return silence("the account is gone") };
    let verdict = tx.verdict(act).await?;
    let emails = &record.account.emails;
    let sender = message.map(|message| message.from.as_str());
    let sender = sender.filter(|from| !by_machine && emails.iter().any(|email| email == from));
    let Some(to) = sender.or(emails.first().map(String::as_str)) else { return silence("the account has no address") };
    let seen = ActSeen {
        contract: content.contract.clone(),
        period: content.period,
        received: claim.work.received_at,
        sha256: content.content_sha256.clone(),
        signer: verdict.as_ref().map(|verdict| verdict.signer_name.clone()).unwrap_or_default(),
        serial: verdict.map(|verdict| verdict.signer_serial).unwrap_or_default(),
        ignored: message.and_then(|message| oblik_mail::signed_act(message).ok()).map(|act| act.ignored).unwrap_or_default(),
    };
    let supplier = &house.config.supplier.seller.name;
    let mut invoice = None;
    let text = match state {
        ActState::Invoiced => {
            let stored = tx.invoice_of_act(act).await?;
            let Some((stored, sha256)) = stored.and_then(|stored| stored.pdf_sha256.clone().map(|sha256| (stored, sha256)))
            else {
                return silence("the invoice has no document");
            };
            let text = letters::act_invoiced(&seen, &stored.invoice);
            invoice = Some((stored.invoice, tx.blob(&sha256).await?));
            text
        }
        ActState::Unbilled if waits(&record, content.period) && !refuses(findings) => {
            letters_billing::calculation_waits(&seen, findings, supplier)
        }
        ActState::Unbilled => letters::calculation_not_possible(&seen, &ask::weightiest(findings), supplier),
        ActState::Refused if intent == INTENT_TRIAL => match ask::tried(house, claim.id, &content, &seen, findings).await? {
            Ok(text) => text,
            Err(trouble) => return Ok(Err(trouble)),
        },
        ActState::Refused if !by_machine => letters::act_refused(&seen, findings, supplier),
        ActState::Repeated if !by_machine => {
            let accepted =
                tx.accepted_with(&content.content_sha256).await?.map_or(seen.received, |accepted| accepted.accepted_at);
            letters::act_repeated(&seen, accepted, supplier)
        }
        _ => return silence("nothing new, and a machine sent it"),
    };
    let purpose = if by_machine { Purpose::Notice } else { Purpose::Answer };
    Ok(Ok(Ok(Telling { purpose, to: to.to_owned(), in_thread: sender.is_some(), text, invoice })))
}

/// Whether the account is calculated when its customer asks.
fn waits(record: &AccountRecord, period: Period) -> bool {
    record.account.terms_on(period.last_day()).calculation == Calculation::OnRequest
}

/// A signature that does not hold, or a signer who may not sign.
async fn of_rejected(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    findings: &[Finding],
    act: i64,
    by_machine: bool,
) -> Result<Decision> {
    if by_machine {
        return Ok(Err("a machine sent it"));
    }
    let stranger = findings.iter().any(|finding| matches!(finding.code, Code::ActSigner | Code::ActAccountUnknown));
    if !stranger {
        return of_message(house, tx, claim, message, findings, "").await;
    }
    // To the sender nothing; the customer hears that somebody signed for them, without what or who.
    let contract = tx.signed_content(act).await?.map(|content| content.contract);
    let Some(to) = registered_address(tx, contract.as_ref()).await? else {
        return Ok(Err("signed by a stranger for an unknown account"));
    };
    let in_thread = message.is_some_and(|message| message.from == to);
    let text = letters::signer_not_authorised(&message_seen(claim), &house.config.supplier.seller.name);
    Ok(Ok(Telling { purpose: Purpose::Notice, to, in_thread, text, invoice: None }))
}

async fn registered_address(tx: &mut Tx, contract: Option<&ContractNumber>) -> Result<Option<String>> {
    let Some(contract) = contract else { return Ok(None) };
    Ok(tx.account_record(contract).await?.and_then(|record| record.account.emails.into_iter().next()))
}

/// What is wrong with a message, told to its sender when that is a registered address.
async fn of_message(
    house: &House,
    tx: &mut Tx,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    findings: &[Finding],
    intent: &str,
) -> Result<Decision> {
    let Some(message) = message else { return Ok(Err("it has no readable sender")) };
    if tx.accounts_of_address(&message.from).await?.is_empty() {
        return Ok(Err(NOT_REGISTERED));
    }
    let may_know = match &house.config.mail.authserv_id {
        Some(own) => message.dmarc_pass(own),
        None => house.config.mail.unproven == Unproven::TechnicalStatus,
    };
    if !may_know {
        return Ok(Err("the sender's address is not proven"));
    }
    let bare: Vec<Finding>;
    let findings = if is_encrypted(message) {
        // Who sends it need not be who wrote it: what stood inside is not quoted, not even a name (T5).
        bare = findings.iter().map(|finding| Finding::new(finding.code, finding.level)).collect();
        &bare
    } else {
        findings
    };
    let (seen, supplier) = (message_seen(claim), &house.config.supplier.seller.name);
    let text = if intent == INTENT_TRIAL_UNSIGNED {
        letters_billing::signature_needed(&seen, Command::TrialCalculation, findings, supplier)
    } else {
        letters::message_refused(&seen, findings, supplier)
    };
    Ok(to_sender(Some(message), text))
}

fn is_encrypted(message: &Message) -> bool {
    message.parts.iter().any(|part| matches!(part.kind, Kind::Encrypted { .. }))
}

pub(crate) fn message_seen(claim: &Claimed<ItemWork>) -> MessageSeen {
    MessageSeen { received: claim.work.received_at, sha256: claim.work.blob_sha256.clone() }
}

/// The letter, whole, with a Message-ID that is the same however often it is written.
fn written(
    house: &House,
    claim: &Claimed<ItemWork>,
    message: Option<&Message>,
    telling: Telling,
) -> std::result::Result<Said, Trouble> {
    let seed = format!("{}/{}/{}", claim.work.source, claim.work.blob_sha256, telling.purpose.as_str());
    let thread = message.filter(|_| telling.in_thread);
    let subject =
        thread.map_or_else(|| telling.text.subject.clone(), |message| reply_subject(&message.subject, &telling.text.subject));
    let in_reply_to = thread.and_then(|message| message.message_id.clone());
    let mut references = thread.map(|message| message.references.clone()).unwrap_or_default();
    references.extend(in_reply_to.clone());
    let class = if telling.invoice.is_some() { LetterClass::Money } else { LetterClass::Notice };
    let letter = Letter {
        id: format!("item-{}", claim.id),
        from_name: house.config.mail.from_name.clone(),
        from_address: house.config.mail.from_address.clone(),
        to: telling.to.clone(),
        subject: subject.clone(),
        message_id: message_id(&seed, house.mail_domain()),
        in_reply_to,
        references,
        date: house.now(),
        body: telling.text.body,
        attachments: telling.invoice.iter().map(|(invoice, pdf)| invoice_attachment(invoice, pdf)).collect(),
        auto_submitted: if thread.is_some() { AutoSubmitted::Replied } else { AutoSubmitted::Generated },
    };
    let bytes = render(&letter).map_err(|cause| Trouble::park(report(&cause)))?;
    let Letter { message_id, .. } = letter;
    Ok(Said::Letter(Box::new(Draft { purpose: telling.purpose, class, to: telling.to, subject, message_id, bytes })))
}

fn invoice_attachment(invoice: &Invoice, pdf: &[u8]) -> Attachment {
    Attachment {
        name: format!("{}.pdf", invoice_file_stem(invoice)),
        media_type: "application/pdf".to_owned(),
        bytes: pdf.to_vec(),
    }
}

/// `rahunok-2026-000001`: a file name that every system takes.
fn invoice_file_stem(invoice: &Invoice) -> String {
    let number = invoice.number.to_string();
    let plain: String = number.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    format!("rahunok-{}", plain.trim_start_matches('-'))
}

/// Writes the letter that carries an invoice which answers no message.
pub(crate) async fn write_invoice_letter(house: &House, tx: &mut Tx, id: i64, invoice: &Invoice, pdf: &[u8]) -> Result<()> {
    let now = house.now();
    let Some(to) = registered_address(tx, Some(&invoice.buyer.contract)).await? else {
        return Err(StoreError::Rows { statement: "address of an invoiced account", expected: "one row at least", found: 0 });
    };
    let text = letters::invoice_issued(invoice);
    let letter = Letter {
        id: format!("invoice-{id}"),
        from_name: house.config.mail.from_name.clone(),
        from_address: house.config.mail.from_address.clone(),
        to: to.clone(),
        subject: text.subject.clone(),
        message_id: message_id(&format!("invoice/{}", invoice.number), house.mail_domain()),
        in_reply_to: None,
        references: Vec::new(),
        date: now,
        body: text.body,
        attachments: vec![invoice_attachment(invoice, pdf)],
        auto_submitted: AutoSubmitted::Generated,
    };
    // An address that cannot be written to was refused at import; one that is broken later is seen in the journal.
    let bytes = render(&letter).map_err(|_| StoreError::Rows {
        statement: "letter of an invoice",
        expected: "a writable address",
        found: 0,
    })?;
    let new = NewLetter {
        about: About::Invoice(id),
        purpose: Purpose::Invoice,
        class: LetterClass::Money,
        channel: "mail",
        recipient: &to,
        subject: &letter.subject,
        message_id: &letter.message_id,
        bytes: &bytes,
    };
    tx.write_letter(&new, now).await?;
    tx.journal(now, "letter written", "invoice", id, &json!({ "message_id": letter.message_id }));
    Ok(())
}
