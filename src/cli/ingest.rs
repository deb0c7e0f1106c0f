//! `oblik ingest`: one message, as if a mailbox had delivered it.

use std::path::Path;

use anyhow::{Context as _, Result};
use oblik_domain::states::{ActState, ItemState};
use oblik_pipeline::{House, run_until_idle, take_message};
use oblik_store::Receipt;
use serde_json::{Value, json};

use crate::configuration::Setup;
use crate::{Ending, print};

/// The mailbox such messages are taken to come from.
const SOURCE: &str = "mailbox:ingest";

pub async fn run(setup: &Setup, file: &Path, from_address: Option<&str>) -> Result<Ending> {
    let raw = std::fs::read(file).with_context(|| format!("read {}", file.display()))?;
    let raw = match from_address {
        Some(address) => {
            [format!("Return-Path: <{}>\r\n", address.replace(['\r', '\n', '<', '>'], "")).into_bytes(), raw].concat()
        }
        None => raw,
    };
    let house = setup.open().await?;
    let label = file.file_name().unwrap_or_default().to_string_lossy();
    let receipt = take_message(&house, SOURCE, &label, &raw).await?;
    run_until_idle(&house).await?;
    let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
    let (told, ending) = outcome(&house, item, matches!(receipt, Receipt::Duplicate(_))).await?;
    if setup.json {
        print::json(&told);
    }
    // The letters lie in the outbox; the daemon's next round delivers them.
    house.store.close().await;
    Ok(ending)
}

async fn outcome(house: &House, item: i64, duplicate: bool) -> Result<(Value, Ending)> {
    let mut tx = house.store.read().await?;
    let (state, intent, findings) = (tx.item_state(item).await?, tx.intent(item).await?, tx.findings(item).await?);
    let letters = tx.letters_of(item).await?;
    let act = tx.act_of_item(item).await?;
    let (mut acts, mut invoices) = (Vec::new(), Vec::new());
    if let Some((id, form, act_state)) = &act {
        let content = tx.signed_content(*id).await?;
        let verdict = tx.verdict(*id).await?;
        acts.push(json!({
            "id": id, "form": form, "state": act_state.as_str(),
            "account": content.as_ref().map(|content| content.contract.to_string()),
            "period": content.as_ref().map(|content| content.period.to_string()),
            "waiting_since": tx.act(*id).await?.and_then(|act| act.waiting_since),
            "indication": verdict.as_ref().map(|verdict| verdict.indication.clone()),
            "sub_indication": verdict.and_then(|verdict| verdict.sub_indication),
        }));
        for invoice in tx.invoices_of_act(*id).await? {
            invoices.push(json!({ "number": invoice.number.to_string(), "issuer": invoice.invoice.issuer.as_str(), "account": invoice.contract.as_str(), "period": invoice.period.to_string(), "state": invoice.state.as_str(), "total": invoice.total.to_string() }));
        }
    }
    tx.roll_back().await?;
    eprintln!("item {item}: {}{}", state, if duplicate { ", the same bytes as before" } else { "" });
    for finding in &findings {
        eprintln!("  {}: {}", finding.code, print::sentence(&finding.to_finding()));
    }
    for letter in &letters {
        eprintln!("  letter to {}: {}", letter.recipient, letter.subject);
    }
    let refused = state == ItemState::Parked
        || matches!(act, Some((_, _, ActState::Rejected | ActState::Refused)))
        || (act.is_none() && findings.iter().any(|finding| finding.level == oblik_domain::finding::Level::Error));
    let letters: Vec<_> = letters.iter().map(|letter| json!({ "to": letter.recipient, "subject": letter.subject, "message_id": letter.message_id, "state": letter.state.as_str() })).collect();
    let told = json!({
        "item": item, "state": state.as_str(), "intent": intent, "duplicate": duplicate,
        "findings": print::stored_findings(&findings), "letters": letters, "acts": acts, "invoices": invoices,
    });
    let waits = matches!(act, Some((_, _, ActState::Received)));
    let ending = match (refused, waits) {
        (true, _) => Ending::Bad,
        (false, true) => Ending::Later,
        (false, false) => Ending::Done,
    };
    Ok((told, ending))
}
