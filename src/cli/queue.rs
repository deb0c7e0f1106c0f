//! `oblik queue`: what waits for a person, and the person's word.

use anyhow::{Context as _, Result};
use oblik_domain::states::{ItemState, LetterState};
use oblik_pipeline::House;
use oblik_store::{QueuedItem, StoreError, WaitingAct};
use serde_json::{Value, json};

use crate::arguments::Queue;
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, what: Queue) -> Result<Ending> {
    let house = setup.open().await?;
    let told = match what {
        Queue::List => list(&house).await?,
        Queue::Show { item } => show(&house, item).await?,
        Queue::Retry { item, reason } => decide(&house, Decision::RetryItem, item, &reason).await?,
        Queue::Release { letter, reason } => decide(&house, Decision::ReleaseLetter, letter, &reason).await?,
        Queue::Refuse { id, letter: true, reason } => decide(&house, Decision::CloseLetter, id, &reason).await?,
        Queue::Refuse { id, letter: false, reason } => decide(&house, Decision::RefuseItem, id, &reason).await?,
    };
    if setup.json {
        print::json(&told);
    }
    house.store.close().await;
    Ok(Ending::Done)
}

async fn list(house: &House) -> Result<Value> {
    let mut tx = house.store.read().await?;
    let (queue, waiting) = (tx.queue().await?, tx.waiting_acts().await?);
    tx.roll_back().await?;
    let (mut items, mut letters) = (Vec::new(), Vec::new());
    for queued in &queue {
        match queued {
            QueuedItem::Item { id, source, name, received_at, cause, .. } => {
                items.push(vec![
                    id.to_string(),
                    source.clone(),
                    name.clone(),
                    received_at.format("%Y-%m-%d %H:%M").to_string(),
                    cause.clone(),
                ]);
            }
            QueuedItem::Letter { id, state, recipient, subject, last_reply, .. } => {
                letters.push(vec![id.to_string(), state.to_string(), recipient.clone(), subject.clone(), last_reply.clone()]);
            }
        }
    }
    if queue.is_empty() {
        eprintln!("nothing waits for a person");
    }
    if !items.is_empty() {
        print::table(&["item", "source", "name", "received", "cause"], &items);
        eprintln!("next: oblik queue show ITEM; oblik queue retry ITEM --reason …; oblik queue refuse ITEM --reason …");
    }
    if !letters.is_empty() {
        print::table(&["letter", "state", "to", "subject", "last reply"], &letters);
        eprintln!("next: oblik queue release LETTER --reason …; oblik queue refuse LETTER --letter --reason …");
    }
    list_waiting(house, &waiting);
    Ok(queue.iter().map(queued).chain(waiting.iter().map(|act| waits(house, act))).collect())
}

/// Acts that wait for no person, but for somebody who can tell the status of their certificates.
fn list_waiting(house: &House, waiting: &[WaitingAct]) {
    if waiting.is_empty() {
        return;
    }
    let row = |act: &WaitingAct| {
        let until = print::waits_until(&house.config, act.since);
        let times = [act.since, act.due, until].map(print::minute);
        [act.act.to_string(), act.item.to_string(), act.name.clone()].into_iter().chain(times).collect()
    };
    let rows: Vec<Vec<String>> = waiting.iter().map(row).collect();
    print::table(&["act", "item", "name", "waits for status since", "next look", "until"], &rows);
    eprintln!("next: nothing, or oblik queue retry ITEM --reason … to look now");
}

fn waits(house: &House, act: &WaitingAct) -> Value {
    json!({
        "act": act.act, "item": act.item, "source": act.source, "name": act.name, "waits_for": "status",
        "waiting_since": act.since, "next_look": act.due, "until": print::waits_until(&house.config, act.since),
    })
}

fn queued(queued: &QueuedItem) -> Value {
    match queued {
        QueuedItem::Item { id, source, kind, name, received_at, cause } => {
            json!({ "item": id, "source": source, "kind": kind, "name": name, "received_at": received_at, "cause": cause })
        }
        QueuedItem::Letter { id, state, channel, recipient, subject, written_at, last_reply } => {
            json!({ "letter": id, "state": state.as_str(), "channel": channel, "to": recipient, "subject": subject, "written_at": written_at, "last_reply": last_reply })
        }
    }
}

async fn show(house: &House, item: i64) -> Result<Value> {
    let mut tx = house.store.read().await?;
    let work = tx.item(item).await.with_context(|| format!("no item {item}"))?;
    let (state, findings, letters) = (tx.item_state(item).await?, tx.findings(item).await?, tx.letters_of(item).await?);
    let history = tx.journal_of("item", &item.to_string()).await?;
    let waiting = tx.waiting_act_of(item).await?;
    tx.roll_back().await?;
    eprintln!(
        "item {item}: {state}; {} {} ({}), received {}",
        work.source,
        work.name,
        work.blob_sha256,
        work.received_at.format("%Y-%m-%d %H:%M:%S UTC")
    );
    if let Some(act) = &waiting {
        let until = print::waits_until(&house.config, act.since);
        eprintln!(
            "  act {} waits for the status of certificates since {}, until {} at most; next look {}",
            act.act,
            print::minute(act.since),
            print::minute(until),
            print::minute(act.due)
        );
    }
    for finding in &findings {
        eprintln!("  {} by {}: {}", finding.code, finding.station, print::sentence(&finding.to_finding()));
    }
    for letter in &letters {
        eprintln!("  letter {} {} to {}: {}", letter.id, letter.state, letter.recipient, letter.subject);
    }
    for entry in &history {
        eprintln!("  {} {} {}", entry.at.format("%Y-%m-%d %H:%M:%S%.3f"), entry.event, entry.detail);
    }
    let letters: Vec<_> = letters.iter().map(|letter| json!({ "letter": letter.id, "state": letter.state.as_str(), "to": letter.recipient, "subject": letter.subject, "message_id": letter.message_id })).collect();
    let history: Vec<_> =
        history.iter().map(|entry| json!({ "at": entry.at, "event": entry.event, "detail": entry.detail })).collect();
    Ok(json!({
        "item": item, "state": state.as_str(), "source": work.source, "name": work.name, "sha256": work.blob_sha256, "received_at": work.received_at,
        "findings": print::stored_findings(&findings), "letters": letters, "history": history,
        "waiting": waiting.as_ref().map(|act| waits(house, act)),
    }))
}

/// What an operator may decide.
#[derive(Clone, Copy)]
enum Decision {
    RetryItem,
    RefuseItem,
    ReleaseLetter,
    CloseLetter,
}

impl Decision {
    /// What it is about, and the journal's event.
    fn told(self) -> (&'static str, &'static str) {
        match self {
            Self::RetryItem => ("item", "retried by operator"),
            Self::RefuseItem => ("item", "refused by operator"),
            Self::ReleaseLetter => ("letter", "released by operator"),
            Self::CloseLetter => ("letter", "closed by operator"),
        }
    }
}

/// Carries a decision out, and keeps who made it and why.
async fn decide(house: &House, decision: Decision, id: i64, reason: &str) -> Result<Value> {
    let now = house.now();
    let (subject, event) = decision.told();
    let mut tx = house.store.begin("operator").await?;
    let state = match decision {
        Decision::RetryItem => tx.retry_item(id, now).await.map(ItemState::as_str),
        Decision::RefuseItem => tx.refuse_item(id, now).await.map(ItemState::as_str),
        Decision::ReleaseLetter => tx.release_letter(id, now).await.map(LetterState::as_str),
        Decision::CloseLetter => tx.close_letter(id, now).await.map(LetterState::as_str),
    };
    let state = state.map_err(|cause| match cause {
        StoreError::LeaseLost { .. } | StoreError::ForbiddenStep { .. } | StoreError::Rows { .. } => {
            anyhow::anyhow!("{subject} {id} does not wait for that; oblik queue list shows what waits")
        }
        other => other.into(),
    })?;
    tx.journal(now, event, subject, id, &json!({ "who": print::operator(), "reason": reason }));
    tx.commit().await?;
    eprintln!("{subject} {id}: {state}");
    Ok(json!({ subject: id, "state": state }))
}
