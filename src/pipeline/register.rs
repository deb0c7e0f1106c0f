//! Register: what a verified act says is examined against its account, and stands from then on.

use std::sync::Arc;

use oblik_domain::act::{examine, outside_window, reading_window};
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::period::kyiv_day;
use oblik_domain::states::{ActEvent, ActState, ItemEvent, ItemState};
use oblik_domain::tariff::Parameter;
use oblik_edi::read_reading_act;
use oblik_store::{Acceptance, AcceptedAct, ActWork, Claimed, Lease, Result, SignedContent, StoreError, Tx};
use serde_json::json;
use tracing::info;

use crate::House;
use crate::classify::INTENT_TRIAL;
use crate::reading_acts::{copy_registered, void_copy};
use crate::station::{Station, Trouble};

pub(crate) struct Register;

/// The act's XML, as the signature covered it.
pub(crate) struct Said {
    content: SignedContent,
    act: oblik_domain::act::ReadingAct,
    /// All there are, read once a turn: the reading window is one.
    parameters: Arc<Vec<Parameter>>,
}

impl Station for Register {
    type Work = ActWork;
    type Answer = Said;
    const NAME: &'static str = "register";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<ActWork>>> {
        tx.claim_acts(ActState::Verified, lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ActWork>]) -> Result<Vec<std::result::Result<Said, Trouble>>> {
        let mut tx = house.store.read().await?;
        let mut answers = Vec::with_capacity(claimed.len());
        let parameters = Arc::new(tx.price_list().await?.parameters);
        for claim in claimed {
            answers.push(said(&mut tx, claim.id, &parameters).await?);
        }
        tx.roll_back().await?;
        Ok(answers)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ActWork>, said: &Said) -> Result<()> {
        let now = house.now();
        let Said { content, act, parameters } = said;
        tx.hold_account(&act.contract).await?;
        // Asked again here, in the transaction that accepts: two copies may have been verified side by side.
        if let Some(accepted) = tx.accepted_with(&content.content_sha256).await? {
            tx.put_findings(claim.work.item_id, Self::NAME, &[already_accepted(&accepted)]).await?;
            tx.step(claim, ActState::Verified, ActEvent::SeenBefore, now).await?;
            tx.step_free(claim.work.item_id, ItemState::Acting, ItemEvent::ActSettled, now).await?;
            return Ok(());
        }
        let received_at = tx.item(claim.work.item_id).await?.received_at;
        let record = tx.account_record(&act.contract).await?;
        let record = record.ok_or(StoreError::Rows { statement: "account of a verified act", expected: "one row", found: 0 })?;
        let previous = tx.readings_before(&act.contract, act.period).await?;
        let arrived = kyiv_day(received_at);
        let mut findings = examine(act, &record, &previous, arrived);
        let window = reading_window(&record, act.period, parameters, &house.config.billing.calendar);
        findings.extend(window.and_then(|window| outside_window(act.period, &window, arrived)));
        findings.extend(void_copy(tx, content, act).await?);
        if let Some(invoice) = tx.invoice_of_period(&act.contract, act.period).await? {
            let billed = Finding::error(Code::AlreadyBilled).with("contract", &act.contract);
            findings.push(billed.with("period", act.period).with("invoice", invoice));
        }
        tx.put_findings(claim.work.item_id, Self::NAME, &findings).await?;
        if tx.intent(claim.work.item_id).await?.as_deref() == Some(INTENT_TRIAL) {
            tx.step(claim, ActState::Verified, ActEvent::TrialAsked, now).await?;
            tx.step_free(claim.work.item_id, ItemState::Acting, ItemEvent::ActSettled, now).await?;
            tx.journal(
                now,
                "act not registered: a trial was asked",
                "act",
                claim.id,
                &json!({ "contract": act.contract.as_str() }),
            );
            return Ok(());
        }
        if refuses(&findings) {
            tx.step(claim, ActState::Verified, ActEvent::ReadingsRefused, now).await?;
            tx.step_free(claim.work.item_id, ItemState::Acting, ItemEvent::ActSettled, now).await?;
            let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
            tx.journal(now, "act refused", "act", claim.id, &json!({ "contract": act.contract.as_str(), "codes": codes }));
            return Ok(());
        }
        let revision = tx.accept(&Acceptance { act_id: claim.id, content, at: now }).await?;
        for reading in act.readings() {
            tx.put_reading(&reading, claim.work.item_id, now).await?;
        }
        copy_registered(tx, content, act, now).await?;
        tx.step(claim, ActState::Verified, ActEvent::ReadingsFit, now).await?;
        let detail = json!({ "contract": act.contract.as_str(), "period": act.period.to_string(), "revision": revision, "content_sha256": content.content_sha256 });
        tx.journal(now, "act registered", "act", claim.id, &detail);
        info!(act.id = claim.id, item.id = claim.work.item_id, "act registered");
        Ok(())
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ActWork>, due: chrono::DateTime<chrono::Utc>) -> Result<()> {
        tx.put_back::<ActState, _>(claim, due).await
    }

    async fn item(&self, _: &mut Tx, claim: &Claimed<ActWork>) -> Result<Option<i64>> {
        Ok(Some(claim.work.item_id))
    }
}

/// That this very act was accepted before, and when.
pub(crate) fn already_accepted(accepted: &AcceptedAct) -> Finding {
    let finding =
        Finding::information(Code::ActAlreadyAccepted).with("contract", &accepted.contract).with("period", accepted.period);
    finding.with("accepted", accepted.accepted_at.to_rfc3339())
}

async fn said(tx: &mut Tx, act: i64, parameters: &Arc<Vec<Parameter>>) -> Result<std::result::Result<Said, Trouble>> {
    let Some(content) = tx.signed_content(act).await? else {
        return Ok(Err(Trouble::park("a verified act without signed content")));
    };
    let xml = tx.blob(&content.act_xml_sha256).await?;
    // It was read once, when it was verified; that it no longer reads is ours.
    Ok(match read_reading_act(&xml) {
        Ok(act) => Ok(Said { content, act, parameters: parameters.clone() }),
        Err(_) => Err(Trouble::park("the XML of a verified act does not read")),
    })
}
