//! `oblik ticket`: what customers object to or ask, and what an operator answers.

use anyhow::{Result, bail};
use oblik_pipeline::{Handled, House, TICKET_TEXT_CHARS, close_ticket, reply_to_ticket, ticket_thread};
use oblik_store::{StoredTicket, TicketAuthor};
use serde_json::{Value, json};

use crate::arguments::Ticket;
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, what: Ticket) -> Result<Ending> {
    let house = setup.open().await?;
    let ending = match what {
        Ticket::List { all } => list(setup, &house, all).await?,
        Ticket::Show { ticket } => show(setup, &house, ticket).await?,
        Ticket::Reply { ticket, text } => {
            if text.chars().count() > TICKET_TEXT_CHARS {
                bail!("the answer is longer than {TICKET_TEXT_CHARS} characters: send it in parts");
            }
            handled(setup, ticket, "answered", reply_to_ticket(&house, ticket, &text, &print::operator()).await?)?
        }
        Ticket::Close { ticket, reason } => {
            handled(setup, ticket, "closed", close_ticket(&house, ticket, &reason, &print::operator()).await?)?
        }
    };
    house.store.close().await;
    Ok(ending)
}

fn told(ticket: &StoredTicket) -> Value {
    json!({
        "ticket": ticket.id, "account": ticket.contract.as_str(), "kind": ticket.kind.as_str(), "state": ticket.state.as_str(),
        "opened_at": ticket.opened_at, "moved_at": ticket.moved_at,
    })
}

async fn list(setup: &Setup, house: &House, all: bool) -> Result<Ending> {
    let mut tx = house.store.read().await?;
    let tickets = if all { tx.all_tickets().await? } else { tx.waiting_tickets().await? };
    let mut listed = Vec::with_capacity(tickets.len());
    for ticket in tickets {
        let invoice = match ticket.invoice_id {
            Some(invoice) => Some(tx.invoice(invoice).await?.number.to_string()),
            None => None,
        };
        listed.push((ticket, invoice));
    }
    tx.roll_back().await?;
    let rows: Vec<_> = listed
        .iter()
        .map(|(ticket, invoice)| {
            vec![
                ticket.id.to_string(),
                ticket.state.to_string(),
                ticket.kind.as_str().to_owned(),
                ticket.contract.to_string(),
                invoice.clone().unwrap_or_default(),
                print::minute(ticket.moved_at),
            ]
        })
        .collect();
    print::table(&["ticket", "state", "kind", "account", "invoice", "moved (UTC)"], &rows);
    if setup.json {
        let whole = |(ticket, invoice): &(StoredTicket, Option<String>)| with(told(ticket), "invoice", json!(invoice));
        print::json(&listed.iter().map(whole).collect());
    }
    Ok(Ending::Done)
}

fn with(mut told: Value, key: &str, value: Value) -> Value {
    if let Some(fields) = told.as_object_mut() {
        fields.insert(key.to_owned(), value);
    }
    told
}

async fn show(setup: &Setup, house: &House, id: i64) -> Result<Ending> {
    let Some(thread) = ticket_thread(house, id).await? else { bail!("no ticket {id}; oblik ticket list shows those there are") };
    let ticket = &thread.ticket;
    let invoice = thread.invoice.as_deref().unwrap_or("-");
    eprintln!("ticket {id}  {}  {}  account {}  invoice {invoice}", ticket.state, ticket.kind.as_str(), ticket.contract);
    if thread.earlier > 0 {
        eprintln!("{} older messages are not shown", thread.earlier);
    }
    let mut messages = Vec::with_capacity(thread.messages.len());
    for (message, text) in &thread.messages {
        let is_proven = !thread.unproven.contains(&message.item_id);
        let note = if is_proven { "" } else { ": NOT PROVEN to be the customer; ask before anything is done" };
        let (at, author) = (print::minute(message.at), message.author.as_str());
        eprintln!("\n{at} {author} ({}), item {}{note}", message.who, message.item_id);
        let shown = if text.is_empty() && message.author == TicketAuthor::Customer { "(its text cannot be shown)" } else { text };
        eprintln!("{shown}");
        messages.push(json!({
            "at": message.at, "author": message.author.as_str(), "who": message.who, "item": message.item_id, "text": text,
            "proven": is_proven,
        }));
    }
    if setup.json {
        print::json(&with(with(told(ticket), "invoice", json!(thread.invoice)), "messages", json!(messages)));
    }
    Ok(Ending::Done)
}

fn handled(setup: &Setup, id: i64, state: &str, handled: Handled) -> Result<Ending> {
    match handled {
        Handled::NoTicket => bail!("no ticket {id}; oblik ticket list shows those there are"),
        Handled::NotPossible(why) => bail!("ticket {id}: {why}; oblik ticket show {id} tells what was written"),
        Handled::Done => {
            eprintln!("ticket {id} {state}");
            if setup.json {
                print::json(&json!({ "ticket": id, "state": state }));
            }
            Ok(Ending::Done)
        }
    }
}
