//! Corrections: a billed period is rated anew with what is known now, and the difference leaves as a document of its own.
//!
//! Source: R-CORR. The original is never touched; each correction counts all documents before it.

use std::collections::BTreeSet;

use oblik_billing::{Billed, BilledPart, Part, correct, correct_parts, standing_sanctions};
use oblik_domain::bill::LineKind;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::IssuerRole;
use oblik_domain::ledger::DebtType;
use oblik_domain::period::Period;
use oblik_store::{Result, StoredInvoice, Tx};
use serde_json::json;

use crate::House;
use crate::bill::{BillPreview, told};
use crate::calculate::{Question, Ready, calculate};
use crate::draft::{debts_of_operator, draft};

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
    let documents: Vec<BilledPart> = tx.bills_of_period(contract, period).await?.into_iter().map(billed_part).collect();
    let billed: Vec<Billed> = documents.iter().map(|document| document.billed.clone()).collect();
    if billed.is_empty() {
        let finding = Finding::error(Code::NothingToCorrect).with("contract", contract).with("period", period);
        return Ok(Err(BillPreview::Refused(vec![finding])));
    }
    let of_operator = debts_of_operator(house);
    let operator_documents = Some(charges_distribution(&billed, &of_operator));
    let sanctions = Some(standing_sanctions(&billed));
    let question = Question { sanctions, operator_documents, ..Question::by_operator(contract, period) };
    let ready = match told(calculate(house, tx, &question).await?) {
        Ok(ready) => ready,
        Err(preview) => return Ok(Err(preview)),
    };
    let parts = correct_parts(&documents, &ready.bill, &of_operator, reason);
    let corrected = parts.and_then(|parts| Ok((correct(&billed, ready.bill.clone(), reason)?, parts)));
    Ok(match corrected {
        Ok((_, parts)) if lacks_issuer(house, &parts) => Err(BillPreview::Broken(NO_OPERATOR.to_owned())),
        Ok((bill, parts)) => Ok(Ready { bill, parts, ..ready }),
        Err(finding) => Err(BillPreview::Refused(vec![finding])),
    })
}

const NO_OPERATOR: &str =
    "the operator billed this period, and the configuration has no [operator] that could correct its document";

/// Whether a part is the operator's, and this house issues nothing in its name any more.
fn lacks_issuer(house: &House, parts: &[Part]) -> bool {
    house.issuers.operator.is_none() && parts.iter().any(|part| part.issuer == IssuerRole::Operator)
}

/// Whether a re-rating charges what the operator takes for distribution: where it was billed as the operator's before, or as
/// the supplier's and is the operator's now. What never was billed is not charged by a correction.
fn charges_distribution(billed: &[Billed], of_operator: &BTreeSet<DebtType>) -> bool {
    let mut lines = billed.iter().flat_map(|document| &document.bill.lines).filter(|line| line.kind == LineKind::Distribution);
    lines.any(|line| line.debt == DebtType::Distribution || of_operator.contains(&DebtType::Distribution))
}

fn billed_part(stored: StoredInvoice) -> BilledPart {
    let StoredInvoice { number, invoice, .. } = stored;
    BilledPart { issuer: invoice.issuer, billed: Billed { number, issued_on: invoice.issued_on, bill: invoice.bill } }
}
