//! Issue: a numbered draft becomes a signed document, never changed again.

use chrono::{DateTime, Utc};
use oblik_domain::states::{ActEvent, ActState, InvoiceEvent, InvoiceState, ItemEvent, ItemState};
use oblik_signature::pdf::PdfSigning;
use oblik_store::{Claimed, InvoiceWork, Lease, Result, Tx};
use serde_json::json;
use tracing::info;

use crate::House;
use crate::answer::write_invoice_letter;
use crate::station::{Station, Trouble, ask_each, report};

pub(crate) struct Issue;

impl Station for Issue {
    type Work = InvoiceWork;
    /// The signed PDF.
    type Answer = Vec<u8>;
    const NAME: &'static str = "issue";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<InvoiceWork>>> {
        tx.claim_drafts(lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<InvoiceWork>]) -> Result<Vec<std::result::Result<Vec<u8>, Trouble>>> {
        let drafts: Vec<_> = claimed.iter().map(|claim| claim.work.invoice.clone()).collect();
        let (typesetter, signer, now) = (house.typesetter.clone(), house.signer.clone(), house.now());
        Ok(ask_each(drafts, move |invoice| {
            let pdf = typesetter.invoice_pdf(&invoice).map_err(|cause| Trouble::park(report(&cause)))?;
            let signing = PdfSigning {
                name: invoice.seller.name.clone(),
                reason: oblik_words::letters::signing_reason(&invoice.number),
                location: String::new(),
                signing_time: now,
                field_name: "supplier".to_owned(),
                customer_field: Some("customer".to_owned()),
            };
            oblik_signature::pdf::sign(&pdf, &signer, &signing).map_err(|cause| Trouble::park(report(&cause)))
        })
        .await)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<InvoiceWork>, pdf: &Vec<u8>) -> Result<()> {
        let now = house.now();
        tx.put_invoice_document(claim.id, pdf, now).await?;
        tx.step(claim, InvoiceState::Drafted, InvoiceEvent::DocumentSigned, now).await?;
        let number = claim.work.invoice.number.to_string();
        tx.journal(
            now,
            "invoice issued",
            "invoice",
            claim.id,
            &json!({ "number": number, "pdf_sha256": oblik_store::sha256_hex(pdf) }),
        );
        info!(invoice.id = claim.id, invoice.number = number, "invoice issued");
        let Some(act) = claim.work.act_id else {
            return write_invoice_letter(house, tx, claim.id, &claim.work.invoice, pdf).await;
        };
        tx.step_free(act, ActState::Billed, ActEvent::InvoiceIssued, now).await?;
        let item = tx.item_of_act(act).await?;
        if tx.item_state(item).await? == ItemState::Acting {
            tx.step_free(item, ItemState::Acting, ItemEvent::ActSettled, now).await.map(drop)
        } else {
            // The mail was answered when the period could not be calculated; the invoice follows on its own.
            write_invoice_letter(house, tx, claim.id, &claim.work.invoice, pdf).await
        }
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<InvoiceWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<InvoiceState, _>(claim, due).await
    }

    async fn item(&self, tx: &mut Tx, claim: &Claimed<InvoiceWork>) -> Result<Option<i64>> {
        match claim.work.act_id {
            Some(act) => tx.item_of_act(act).await.map(Some),
            None => Ok(None),
        }
    }
}
