//! Tickets: what a customer writes about a document instead of signing it becomes a thread that a person answers (RQ-F04).
//!
//! Who writes must be at a registered address of the account the thread is of; who cannot prove to be there is heard and told
//! nothing. What a stranger writes is kept as bytes and never quoted.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::states::{CountersignEvent, CountersignState, ItemEvent, ItemState, TicketEvent, TicketState};
use oblik_mail::{Message, objects};
use oblik_store::{Claimed, ItemWork, NewItem, Purpose, Receipt, Result, SourceKind, StoreError, StoredTicket, Tx};
use oblik_store::{TicketAuthor, TicketKind, TicketMessage};
use oblik_words::letters_copies;
use serde_json::json;
use tracing::info;

use crate::House;
use crate::answer::{Decision, NOT_REGISTERED, may_know, message_seen};
use crate::classify::INTENT_OBJECTION;
use crate::countersign::missed_from;
use crate::house::parse;
use crate::outgoing::{Enclosed, Outgoing, Telling, outgoing};
use crate::station::report;
use crate::threads::{self, named_invoice};

/// Characters of a text that an operator sends or is shown.
pub const TICKET_TEXT_CHARS: usize = 10_000;

/// Messages of a ticket that are shown, the newest.
const SHOWN: usize = 200;

/// Letters of a customer's into one ticket that are acknowledged in a day: what writes without an end need not have a mark of
/// a machine (RFC 3834 §2).
const TOLD_A_DAY: usize = 3;

/// A letter that a person shall answer.
pub(crate) struct Opening {
    contract: ContractNumber,
    invoice: Option<i64>,
    kind: TicketKind,
    /// The ticket it was written in answer to.
    joins: Option<i64>,
    from: String,
    /// Whether its sender may hear of it.
    is_proven: bool,
}

/// What becomes of a letter that is a question or an objection.
pub(crate) enum Asked {
    Ticket(Box<Opening>),
    /// No thread of the sender's: told as any other letter.
    Other,
    Silence(&'static str),
}

/// Whose a question or an objection is, and about what.
pub(crate) async fn asked(house: &House, tx: &mut Tx, item: i64, message: Option<&Message>, intent: &str) -> Result<Asked> {
    let Some(message) = message else { return Ok(Asked::Silence("it has no readable sender")) };
    let own = tx.accounts_of_address(&message.from).await?;
    if own.is_empty() {
        return Ok(Asked::Silence(NOT_REGISTERED));
    }
    let is_objection = intent == INTENT_OBJECTION || objects(message);
    let kind = if is_objection { TicketKind::Objection } else { TicketKind::Question };
    let thread = threads::thread(tx, &threads::ids(message)).await?.unwrap_or_default();
    let opening = |contract, invoice, joins| {
        let from = message.from.clone();
        Ok(Asked::Ticket(Box::new(Opening { contract, invoice, kind, joins, from, is_proven: may_know(house, message) })))
    };
    if let Some(ticket) = &thread.ticket {
        return if own.contains(&ticket.contract) {
            opening(ticket.contract.clone(), ticket.invoice_id, Some(ticket.id))
        } else {
            Ok(Asked::Other)
        };
    }
    // What it encloses says more than the letter it answers.
    let enclosed = tx.invoices_of_item(item).await?.into_iter().next();
    if let Some(invoice) = enclosed.or(thread.invoice) {
        let stored = tx.invoice(invoice).await?;
        if !own.contains(&stored.contract) {
            return Ok(Asked::Other);
        }
        // A letter carries all documents of a bill; the mail may name another than the first.
        let named = named_invoice(tx, std::slice::from_ref(&stored.contract), message).await?;
        let beside = named.filter(|named| named.companion_of == Some(stored.companion_of.unwrap_or(stored.id)));
        return opening(stored.contract, Some(beside.map_or(invoice, |named| named.id)), None);
    }
    if !is_objection {
        return Ok(Asked::Other);
    }
    if let Some(invoice) = named_invoice(tx, &own, message).await? {
        return opening(invoice.contract, Some(invoice.id), None);
    }
    // An objection to nothing that is named: a person will ask which.
    match own.into_iter().next() {
        Some(contract) => opening(contract, None, None),
        None => Ok(Asked::Other),
    }
}

/// Keeps a letter in its ticket, which is opened when there is none: its number, and whether it is new. One ticket that is not
/// closed about one document, so that nobody opens a hundred.
async fn keep(tx: &mut Tx, item: i64, opening: &Opening, now: DateTime<Utc>) -> Result<(i64, bool)> {
    tx.hold_account(&opening.contract).await?;
    let joined = match opening.joins {
        Some(ticket) => tx.ticket(ticket).await?,
        None => tx.live_ticket(&opening.contract, opening.invoice).await?,
    };
    let (id, is_new) = match joined {
        Some(ticket) => {
            tx.step_ticket(ticket.id, ticket.state, TicketEvent::CustomerWrote, now).await?;
            if ticket.kind == TicketKind::Question && opening.kind == TicketKind::Objection && opening.is_proven {
                tx.ticket_becomes_objection(ticket.id).await?;
            }
            (ticket.id, false)
        }
        None => (tx.open_ticket(&opening.contract, opening.invoice, opening.kind, now).await?, true),
    };
    tx.add_ticket_message(id, item, TicketAuthor::Customer, &opening.from, now).await?;
    // A written address moves nothing (T1): a person reads what it says, and the copy is awaited all the same.
    if let (TicketKind::Objection, Some(invoice), true) = (opening.kind, opening.invoice, opening.is_proven)
        && let Some((row, state @ (CountersignState::Awaited | CountersignState::Reminded))) = tx.countersigning(invoice).await?
    {
        tx.step_free(row, state, CountersignEvent::Objected, now).await?;
    }
    let event = if is_new { "ticket opened" } else { "customer wrote in a ticket" };
    let detail = json!({
        "item": item, "kind": opening.kind.as_str(), "invoice": opening.invoice, "proven": opening.is_proven,
    });
    tx.journal(now, event, "ticket", id, &detail);
    info!(ticket.id = id, item.id = item, "{event}");
    Ok((id, is_new))
}

/// Keeps a letter, and what is told of it; the letter itself is written by who calls.
pub(crate) async fn take_in(house: &House, tx: &mut Tx, claim: &Claimed<ItemWork>, opening: &Opening) -> Result<Decision> {
    let (id, is_new) = keep(tx, claim.id, opening, house.now()).await?;
    if !opening.is_proven {
        return Ok(Err("the sender's address is not proven"));
    }
    let (seen, seller) = (message_seen(claim), &house.config.supplier.seller);
    let text = if is_new {
        letters_copies::ticket_opened(id, &seen, opening.kind == TicketKind::Objection && opening.invoice.is_some(), seller)
    } else if written_since(tx, id, house.now() - TimeDelta::days(1)).await? > TOLD_A_DAY {
        return Ok(Err("its sender was told often enough today"));
    } else {
        letters_copies::ticket_joined(id, &seen, seller)
    };
    Ok(Ok(Telling { purpose: Purpose::Answer, to: opening.from.clone(), in_thread: true, text, enclosed: Enclosed::Nothing }))
}

/// Letters of the customer's into a ticket since `from`.
async fn written_since(tx: &mut Tx, ticket: i64, from: DateTime<Utc>) -> Result<usize> {
    let is_recent = |message: &&TicketMessage| message.author == TicketAuthor::Customer && message.at > from;
    Ok(tx.ticket_messages(ticket).await?.iter().filter(is_recent).count())
}

/// What an operator did to a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handled {
    Done,
    NoTicket,
    /// It is closed, or has nobody to write to.
    NotPossible(&'static str),
}

/// Sends an operator's answer to the customer's registered address, in the thread the customer wrote in.
///
/// # Errors
/// The store cannot be reached; nothing is sent then.
pub async fn reply_to_ticket(house: &House, id: i64, text: &str, who: &str) -> Result<Handled> {
    let text: String = text.chars().filter(|c| *c == '\n' || !c.is_control()).take(TICKET_TEXT_CHARS).collect();
    if text.trim().is_empty() {
        return Ok(Handled::NotPossible("the answer is empty"));
    }
    let now = house.now();
    let mut tx = house.store.begin("ticket").await?;
    let Some(ticket) = tx.ticket(id).await? else { return Ok(Handled::NoTicket) };
    if ticket.state == TicketState::Closed {
        return Ok(Handled::NotPossible("it is closed"));
    }
    let emails = tx.account_record(&ticket.contract).await?.map(|record| record.account.emails).unwrap_or_default();
    let last = last_letter(house, &mut tx, id).await?;
    let own = last.as_ref().map(|last| last.from.clone()).filter(|from| emails.contains(from));
    let Some(to) = own.or_else(|| emails.first().cloned()) else {
        return Ok(Handled::NotPossible("the account has no address"));
    };
    let origin = format!("ticket-{id}:{}", now.timestamp_micros());
    let name = format!("ticket {id}");
    let new = NewItem {
        source: "cli:/ticket",
        kind: SourceKind::File,
        origin: &origin,
        name: &name,
        bytes: text.as_bytes(),
        received_at: now,
    };
    let Receipt::New(item) = tx.receive(&new).await? else {
        return Err(StoreError::AlreadyThere { statement: "answer in a ticket" });
    };
    tx.step_free(item, ItemState::Received, ItemEvent::NothingToSay, now).await?;
    tx.add_ticket_message(id, item, TicketAuthor::Operator, who, now).await?;
    tx.step_ticket(id, ticket.state, TicketEvent::OperatorReplied, now).await?;
    let telling = Telling {
        purpose: Purpose::Answer,
        in_thread: last.as_ref().is_some_and(|last| last.from == to),
        to,
        text: letters_copies::ticket_reply(id, &text, &house.config.supplier.seller),
        enclosed: Enclosed::Nothing,
    };
    let about = Outgoing { item, seed: format!("ticket/{id}/{item}") };
    let draft = outgoing(house, &about, last.as_ref(), telling).map_err(|cause| unwritable(&report(&cause)))?;
    draft.write(&mut tx, item, now).await?;
    tx.journal(now, "ticket answered", "ticket", id, &json!({ "item": item, "by": who }));
    tx.commit().await?;
    Ok(Handled::Done)
}

fn unwritable(cause: &str) -> StoreError {
    tracing::warn!(cause, "an answer cannot be written as a letter");
    StoreError::Rows { statement: "letter of a ticket", expected: "a writable address", found: 0 }
}

/// Closes a ticket, for a reason. Where no other objection to its invoice is open, its copy is awaited anew for a whole term.
///
/// # Errors
/// The store cannot be reached.
pub async fn close_ticket(house: &House, id: i64, reason: &str, who: &str) -> Result<Handled> {
    let now = house.now();
    let mut tx = house.store.begin("ticket").await?;
    let Some(ticket) = tx.ticket(id).await? else { return Ok(Handled::NoTicket) };
    if ticket.state == TicketState::Closed {
        return Ok(Handled::NotPossible("it is closed"));
    }
    tx.step_ticket(id, ticket.state, TicketEvent::ClosedByOperator, now).await?;
    if let Some(invoice) = ticket.invoice_id
        && !tx.is_objected(invoice).await?
        && let Some((row, CountersignState::Disputed)) = tx.countersigning(invoice).await?
    {
        let due = missed_from(house, now).unwrap_or(now);
        tx.step_free(row, CountersignState::Disputed, CountersignEvent::ObjectionSettled, due).await?;
    }
    let reason: String = reason.chars().filter(|c| !c.is_control()).take(300).collect();
    tx.journal(now, "ticket closed", "ticket", id, &json!({ "by": who, "reason": reason }));
    tx.commit().await?;
    Ok(Handled::Done)
}

/// The customer's newest letter in a ticket that still reads.
async fn last_letter(house: &House, tx: &mut Tx, ticket: i64) -> Result<Option<Message>> {
    let messages = tx.ticket_messages(ticket).await?;
    let Some(last) = messages.iter().rev().find(|message| message.author == TicketAuthor::Customer) else { return Ok(None) };
    let item = tx.item(last.item_id).await?;
    let raw = tx.blob(&item.blob_sha256).await?;
    Ok(parse(&raw, &house.decryptors).ok())
}

/// A ticket as an operator reads it.
#[derive(Debug, Clone)]
pub struct TicketThread {
    pub ticket: StoredTicket,
    /// The number of its invoice.
    pub invoice: Option<String>,
    /// Each message with its text, cleaned and bounded.
    pub messages: Vec<(TicketMessage, String)>,
    /// How many older ones there are.
    pub earlier: usize,
    /// Items of `messages` of which nothing says that the customer wrote them.
    pub unproven: Vec<i64>,
}

/// A ticket with all that was written in it; `None` when there is none.
///
/// # Errors
/// The store cannot be reached.
pub async fn ticket_thread(house: &House, id: i64) -> Result<Option<TicketThread>> {
    let mut tx = house.store.read().await?;
    let Some(ticket) = tx.ticket(id).await? else { return Ok(None) };
    let invoice = match ticket.invoice_id {
        Some(invoice) => Some(tx.invoice(invoice).await?.number.to_string()),
        None => None,
    };
    let (mut messages, mut unproven) = (Vec::new(), Vec::new());
    let kept = tx.ticket_messages(id).await?;
    let earlier = kept.len().saturating_sub(SHOWN);
    for message in kept.into_iter().skip(earlier) {
        let item = tx.item(message.item_id).await?;
        let raw = tx.blob(&item.blob_sha256).await?;
        let text = match message.author {
            TicketAuthor::Operator => String::from_utf8_lossy(&raw).into_owned(),
            TicketAuthor::Customer => {
                let letter = parse(&raw, &house.decryptors).ok();
                let mx = house.config.mail.authserv_id.as_ref();
                if !letter.as_ref().is_some_and(|letter| mx.is_some_and(|mx| letter.dmarc_pass(mx))) {
                    unproven.push(message.item_id);
                }
                letter.map(|letter| letter.fresh_text).unwrap_or_default()
            }
        };
        messages.push((message, shown(&text)));
    }
    tx.roll_back().await?;
    Ok(Some(TicketThread { ticket, invoice, messages, earlier, unproven }))
}

/// Without what would move a terminal's cursor or turn a line around.
fn shown(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().filter(|c| *c == '\n' || !(c.is_control() || turns(*c))).take(TICKET_TEXT_CHARS).collect()
}

/// Whether what a letter lacks can be told by a thread: it brings nothing that was meant to be taken.
pub(crate) fn is_bare(findings: &[Finding]) -> bool {
    findings.iter().all(|finding| matches!(finding.code, Code::MailNoAct | Code::CopyNotSigned))
}
