//! Issued documents handed out again: the very bytes that were issued, whoever asks (RQ-F06).

use oblik_domain::invoice::InvoiceNumber;
use oblik_store::{Result, StoredInvoice, Tx};
use serde_json::json;

use crate::House;
use crate::parcel::file_stem;

/// A document as it was issued.
#[derive(Debug, Clone)]
pub struct HandedOut {
    pub invoice: StoredInvoice,
    /// Name and bytes: the signed page, and the machine-readable file where it has one. None while it is a draft.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The document of a number for an operator who takes it away; the journal says who did.
///
/// # Errors
/// The store failed.
pub async fn hand_out(house: &House, number: &InvoiceNumber, operator: &str) -> Result<Option<HandedOut>> {
    let mut tx = house.store.begin("hand out").await?;
    let Some((invoice, _)) = tx.invoice_numbered(&number.series, number.year, number.running).await? else {
        return tx.roll_back().await.map(|()| None);
    };
    let files = files(&mut tx, &invoice).await?;
    if files.is_empty() {
        tx.roll_back().await?;
    } else {
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        tx.journal(house.now(), "invoice handed out", "invoice", invoice.id, &json!({ "who": operator, "files": names }));
        tx.commit().await?;
    }
    Ok(Some(HandedOut { invoice, files }))
}

async fn files(tx: &mut Tx, invoice: &StoredInvoice) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for (sha256, extension) in [(&invoice.pdf_sha256, "pdf"), (&invoice.ubl_sha256, "xml")] {
        if let Some(sha256) = sha256 {
            files.push((format!("{}.{extension}", file_stem(&invoice.invoice)), tx.blob(sha256).await?));
        }
    }
    Ok(files)
}
