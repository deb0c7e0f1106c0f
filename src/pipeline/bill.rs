//! Bill: a registered period becomes a drafted invoice with its number, or findings that say why not.

use chrono::{DateTime, Utc};
use oblik_billing::MissingReadings;
use oblik_domain::bill::Bill;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_domain::states::{ActEvent, ActState, ItemEvent, ItemState};
use oblik_store::{ActWork, Claimed, Lease, Result, Tx};
use serde_json::json;

use crate::House;
use crate::calculate::{Answered, Asked, Calculated, Question, Ready, calculate, calculate_each, calculate_known_at};
use crate::classify::INTENT_ACT_TO_CALCULATE;
use crate::draft::draft;
use crate::station::{Station, Trouble};

pub(crate) struct Calculate;

/// What a period would come to, for `oblik bill --dry-run`.
#[derive(Debug)]
pub enum BillPreview {
    UnknownAccount,
    /// The bill, and what is worth telling of it.
    Bill(Box<Bill>, Vec<Finding>),
    Refused(Vec<Finding>),
    /// The calculation itself broke: ours to mend.
    Broken(String),
}

impl Station for Calculate {
    type Work = ActWork;
    type Answer = Answered;
    const NAME: &'static str = "bill";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<ActWork>>> {
        tx.claim_acts(ActState::Registered, lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<ActWork>]) -> Result<Vec<std::result::Result<Answered, Trouble>>> {
        let mut tx = house.store.read().await?;
        let known = tx.knowledge().await?;
        let (mut questions, mut contents) = (Vec::new(), Vec::new());
        for claim in claimed {
            let content = tx.signed_content(claim.id).await?;
            contents.push(content.is_some());
            let in_words = tx.intent(claim.work.item_id).await?.as_deref() == Some(INTENT_ACT_TO_CALCULATE);
            let asked = if in_words { Asked::ByCustomer } else { Asked::ByAct };
            questions
                .extend(content.map(|content| Question::new(&content.contract, content.period, asked, MissingReadings::Refuse)));
        }
        let calculated = calculate_each(house, &mut tx, &questions).await?;
        tx.roll_back().await?;
        let mut calculated = questions.into_iter().zip(calculated);
        let answers = contents.into_iter().map(|there| match there.then(|| calculated.next()).flatten() {
            None => Err(Trouble::park("a registered act without signed content")),
            Some((_, Ok(Calculated::UnknownAccount))) => Err(Trouble::park("a registered act without its account")),
            Some((question, answer)) => answer.map(|calculated| Answered { question, known: known.clone(), calculated }),
        });
        Ok(answers.collect())
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<ActWork>, answered: &Answered) -> Result<()> {
        let now = house.now();
        match &*answered.as_known_now(house, tx).await? {
            Calculated::Bill(ready) => {
                // The account's period may have been billed since we asked.
                if let Some(finding) = already_billed(tx, &ready.bill.contract, ready.bill.period).await? {
                    return refuse(tx, claim, &[finding], now).await;
                }
                tx.put_findings(claim.work.item_id, Self::NAME, &ready.notes).await?;
                draft(house, tx, Some(claim.id), ready, now).await?;
                tx.step(claim, ActState::Registered, ActEvent::Calculated, now).await?;
                Ok(())
            }
            Calculated::Refused(findings) => refuse(tx, claim, findings, now).await,
            Calculated::Waits | Calculated::NotSupplied | Calculated::UnknownAccount => refuse(tx, claim, &[], now).await,
        }
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<ActWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<ActState, _>(claim, due).await
    }

    async fn item(&self, _: &mut Tx, claim: &Claimed<ActWork>) -> Result<Option<i64>> {
        Ok(Some(claim.work.item_id))
    }
}

async fn refuse(tx: &mut Tx, claim: &Claimed<ActWork>, findings: &[Finding], now: DateTime<Utc>) -> Result<()> {
    tx.put_findings(claim.work.item_id, Calculate::NAME, findings).await?;
    tx.step(claim, ActState::Registered, ActEvent::CalculationRefused, now).await?;
    tx.step_free(claim.work.item_id, ItemState::Acting, ItemEvent::ActSettled, now).await?;
    let codes: Vec<_> = findings.iter().map(|finding| finding.code.as_str()).collect();
    let event = if codes.is_empty() { "calculation waits for the customer's word" } else { "calculation refused" };
    tx.journal(now, event, "act", claim.id, &json!({ "codes": codes }));
    Ok(())
}

/// That an account's period is billed (E7), when it is.
pub(crate) async fn already_billed(tx: &mut Tx, contract: &ContractNumber, period: Period) -> Result<Option<Finding>> {
    let invoice = tx.invoice_of_period(contract, period).await?;
    Ok(invoice.map(|invoice| {
        let finding = Finding::error(Code::AlreadyBilled).with("contract", contract);
        finding.with("period", period).with("invoice", invoice)
    }))
}

/// How an operator wants a period calculated.
#[derive(Debug, Clone, Copy, Default)]
pub struct How {
    /// Refused unless said otherwise.
    pub missing: Option<MissingReadings>,
    /// With what was known at an instant; for a look only.
    pub known_at: Option<DateTime<Utc>>,
}

impl How {
    fn question(self, contract: &ContractNumber, period: Period) -> Question {
        let asked = Question::by_operator(contract, period);
        Question { missing: self.missing.unwrap_or(asked.missing), ..asked }
    }
}

/// What a period would come to; nothing is stored.
///
/// # Errors
/// The store failed.
pub async fn preview(house: &House, contract: &ContractNumber, period: Period, how: How) -> Result<BillPreview> {
    let mut tx = house.store.read().await?;
    let question = how.question(contract, period);
    let calculated = match how.known_at {
        None => calculate(house, &mut tx, &question).await?,
        Some(instant) => calculate_known_at(house, &mut tx, &question, instant).await?,
    };
    tx.roll_back().await?;
    Ok(previewed(calculated))
}

/// What a question comes to, in the operator's transaction.
pub(crate) async fn preview_in(house: &House, tx: &mut Tx, question: &Question) -> Result<BillPreview> {
    Ok(previewed(calculate(house, tx, question).await?))
}

fn previewed(calculated: std::result::Result<Calculated, Trouble>) -> BillPreview {
    match told(calculated) {
        Ok(ready) => BillPreview::Bill(Box::new(ready.bill), ready.notes),
        Err(preview) => preview,
    }
}

/// What an operator is told when there is nothing to draft.
pub(crate) fn told(calculated: std::result::Result<Calculated, Trouble>) -> std::result::Result<Ready, BillPreview> {
    match calculated {
        Ok(Calculated::Bill(ready)) => Ok(*ready),
        Ok(Calculated::Refused(findings)) => Err(BillPreview::Refused(findings)),
        Ok(Calculated::Waits | Calculated::NotSupplied | Calculated::UnknownAccount) => Err(BillPreview::UnknownAccount),
        Err(Trouble::Retry { cause, .. } | Trouble::Wait { cause, .. } | Trouble::Park { cause }) => {
            Err(BillPreview::Broken(cause))
        }
    }
}

/// Calculates an account's period at an operator's word and drafts its invoice. The invoice leaves as soon as it is issued.
///
/// # Errors
/// The store failed. That the period is billed already is a finding (E7).
pub async fn bill_now(house: &House, contract: &ContractNumber, period: Period, how: How, operator: &str) -> Result<BillPreview> {
    let mut tx = house.store.begin("bill").await?;
    let now = house.now();
    tx.hold_account(contract).await?;
    if let Some(finding) = already_billed(&mut tx, contract, period).await? {
        tx.roll_back().await?;
        return Ok(BillPreview::Refused(vec![finding]));
    }
    let ready = match told(calculate(house, &mut tx, &how.question(contract, period)).await?) {
        Ok(ready) => ready,
        Err(preview) => return tx.roll_back().await.map(|()| preview),
    };
    let invoice = draft_for_unbilled(house, &mut tx, &ready, now).await?;
    tx.journal(now, "billed by operator", "invoice", invoice, &json!({ "who": operator }));
    tx.commit().await?;
    Ok(BillPreview::Bill(Box::new(ready.bill), ready.notes))
}

/// Drafts a bill that no act asks for at this moment; an act of the period goes on with it, whether it could not be
/// calculated or was just about to be.
pub(crate) async fn draft_for_unbilled(house: &House, tx: &mut Tx, ready: &Ready, now: DateTime<Utc>) -> Result<i64> {
    let act = tx.unbilled_act(&ready.bill.contract, ready.bill.period).await?;
    let (invoice, _) = draft(house, tx, act.map(|(id, ..)| id), ready, now).await?;
    if let Some((act, state, item)) = act {
        if state == ActState::Registered {
            // Its mail is not answered yet: the invoice is its answer.
            tx.put_findings(item, Calculate::NAME, &ready.notes).await?;
        }
        tx.step_free(act, state, ActEvent::Calculated, now).await?;
    }
    Ok(invoice)
}
