//! Corrections: a billed period is rated anew with what is known now, and the difference leaves as a document of its own.
//!
//! Source: R-CORR. The original is never touched; each correction counts all documents before it.

use oblik_billing::{Billed, correct, standing_sanctions};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_store::{Result, Tx};
use serde_json::json;

use crate::House;
use crate::bill::{BillPreview, draft, told};
use crate::calculate::{Question, Ready, calculate};

/// What a correction would come to; nothing is stored.
///
/// # Errors
/// The store failed.
pub async fn preview_correction(house: &House, contract: &ContractNumber, period: Period, reason: &str) -> Result<BillPreview> {
    let mut tx = house.store.read().await?;
    let rerated = rerate(house, &mut tx, contract, period, reason).await?;
    tx.roll_back().await?;
    Ok(match rerated {
        Ok(ready) => BillPreview::Bill(Box::new(ready.bill), ready.notes),
        Err(preview) => preview,
    })
}

/// Rates a billed period anew at an operator's word and drafts the document of the difference.
///
/// # Errors
/// The store failed. That nothing differs is a finding.
pub async fn correct_now(
    house: &House,
    contract: &ContractNumber,
    period: Period,
    reason: &str,
    operator: &str,
) -> Result<BillPreview> {
    let mut tx = house.store.begin("correct").await?;
    tx.hold_account(contract).await?;
    let ready = match rerate(house, &mut tx, contract, period, reason).await? {
        Ok(ready) => ready,
        Err(preview) => return tx.roll_back().await.map(|()| preview),
    };
    let now = house.now();
    let (invoice, _) = draft(house, &mut tx, None, &ready, now).await?;
    tx.journal(now, "corrected by operator", "invoice", invoice, &json!({ "who": operator, "reason": reason }));
    tx.commit().await?;
    Ok(BillPreview::Bill(Box::new(ready.bill), ready.notes))
}

async fn rerate(
    house: &House,
    tx: &mut Tx,
    contract: &ContractNumber,
    period: Period,
    reason: &str,
) -> Result<std::result::Result<Ready, BillPreview>> {
    let documents = tx.bills_of_period(contract, period).await?.into_iter();
    let documents = documents.map(|stored| (stored.number, *stored.invoice));
    let billed: Vec<Billed> =
        documents.map(|(number, invoice)| Billed { number, issued_on: invoice.issued_on, bill: invoice.bill }).collect();
    if billed.is_empty() {
        let finding = Finding::error(Code::NothingToCorrect).with("contract", contract).with("period", period);
        return Ok(Err(BillPreview::Refused(vec![finding])));
    }
    let question = Question { sanctions: Some(standing_sanctions(&billed)), ..Question::by_operator(contract, period) };
    let ready = match told(calculate(house, tx, &question).await?) {
        Ok(ready) => ready,
        Err(preview) => return Ok(Err(preview)),
    };
    let Ready { bill, .. } = ready;
    Ok(match correct(&billed, bill, reason) {
        Ok(bill) => Ok(Ready { bill, ..ready }),
        Err(finding) => Err(BillPreview::Refused(vec![finding])),
    })
}
