//! That a month left out and billed after the next one charges nothing twice: `oblik_billing::follows` beside the documents.

use oblik_billing::follows;
use oblik_domain::bill::{Bill, VolumeRow};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::invoice::IssuerRole;
use oblik_store::{Result, Tx};

/// E7 with the later period and its invoice, when that has charged what this bill would charge.
pub(crate) async fn charged_later(tx: &mut Tx, bill: &Bill) -> Result<Option<Finding>> {
    let Some(later) = tx.next_billed_period(&bill.contract, bill.period).await? else { return Ok(None) };
    let documents = tx.bills_of_period(&bill.contract, later).await?;
    // The newest of each issuer: what the operator charges by stands in its own.
    let newest = |issuer: IssuerRole| documents.iter().rev().find(|document| document.invoice.issuer == issuer);
    let newest = IssuerRole::ALL.iter().filter_map(|issuer| newest(*issuer));
    let Some(billed) = newest.clone().next() else { return Ok(None) };
    let later_rows: Vec<VolumeRow> = newest.flat_map(|document| document.invoice.bill.rows.iter().cloned()).collect();
    if follows(&bill.rows, &later_rows) {
        return Ok(None);
    }
    let finding = Finding::error(Code::AlreadyBilled).with("contract", &bill.contract);
    Ok(Some(finding.with("period", later).with("invoice", &billed.number)))
}
