//! Issue: a numbered draft becomes a signed document, never changed again.

use chrono::{DateTime, Utc};
use oblik_domain::states::{ActEvent, ActState, InvoiceEvent, InvoiceState, ItemEvent, ItemState};
use oblik_store::{Claimed, InvoiceWork, Lease, Result, StoreError, Tx};
use serde_json::{Value, json};
use tracing::info;

use crate::House;
use crate::compose::{Composed, compose};
use crate::countersign::await_copy;
use crate::parcel::{Parcel, write_invoice_letter};
use crate::raise::{Raised, raise};
use crate::station::{Station, Trouble, ask_each};

pub(crate) struct Issue;

/// The files of one issued invoice.
pub(crate) struct Issued {
    raised: Raised,
    ubl: Vec<u8>,
}

impl Station for Issue {
    type Work = InvoiceWork;
    type Answer = Issued;
    const NAME: &'static str = "issue";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<InvoiceWork>>> {
        tx.claim_drafts(lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<InvoiceWork>]) -> Result<Vec<std::result::Result<Issued, Trouble>>> {
        let drafts: Vec<_> = claimed.iter().map(|claim| claim.work.invoice.clone()).collect();
        let (typesetter, issuers, now) = (house.typesetter.clone(), house.issuers.clone(), house.now());
        let room = house.stamping.room();
        let composed = ask_each(drafts, move |invoice| {
            let issuing = issuers.of(invoice.issuer, invoice.buyer.branch.as_deref());
            compose(&typesetter, issuing, &invoice, now, room)
        })
        .await;
        let (pages, ubls): (Vec<_>, Vec<_>) = composed
            .into_iter()
            .map(|composed| match composed {
                Ok(Composed { page, ubl }) => (Ok(page), ubl),
                Err(trouble) => (Err(trouble), Vec::new()),
            })
            .unzip();
        let raised = raise(house, pages).await;
        Ok(raised.into_iter().zip(ubls).map(|(raised, ubl)| raised.map(|raised| Issued { raised, ubl })).collect())
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<InvoiceWork>, issued: &Issued) -> Result<()> {
        let (now, Issued { raised, ubl }) = (house.now(), issued);
        // Two daemons that issue documents of one bill together would each see the other's as a draft still.
        tx.hold_account(&claim.work.invoice.buyer.contract).await?;
        tx.put_invoice_document(claim.id, &raised.pdf, Some(ubl), now).await?;
        tx.step(claim, InvoiceState::Drafted, InvoiceEvent::DocumentSigned, now).await?;
        await_copy(house, tx, claim.id, &claim.work.invoice, now).await?;
        let number = claim.work.invoice.number.to_string();
        tx.journal(now, "invoice issued", "invoice", claim.id, &journalled(&number, issued));
        info!(invoice.id = claim.id, invoice.number = number, level = raised.level.as_str(), "invoice issued");
        let first = claim.work.companion_of.unwrap_or(claim.id);
        let documents = tx.invoices_beside(first).await?;
        if documents.iter().any(|document| document.state != InvoiceState::Issued) {
            // The last of a bill's documents settles the act and is written of, with the others.
            return Ok(());
        }
        if let Some(act) = tx.act_of_invoice(first).await? {
            tx.step_free(act, ActState::Billed, ActEvent::InvoiceIssued, now).await?;
            let item = tx.item_of_act(act).await?;
            if tx.item_state(item).await? == ItemState::Acting {
                return tx.step_free(item, ItemState::Acting, ItemEvent::ActSettled, now).await.map(drop);
            }
            // The mail was answered when the period could not be calculated; the invoice follows on its own.
        }
        match Parcel::of(tx, documents).await? {
            Some(parcel) => write_invoice_letter(house, tx, first, parcel).await,
            None => Err(StoreError::Rows { statement: "document of an issued invoice", expected: "one row", found: 0 }),
        }
    }

    async fn let_wait(&self, _: &House, tx: &mut Tx, claim: &Claimed<InvoiceWork>, due: DateTime<Utc>) -> Result<()> {
        tx.let_draft_wait(claim, due).await
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<InvoiceWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<InvoiceState, _>(claim, due).await
    }

    async fn item(&self, tx: &mut Tx, claim: &Claimed<InvoiceWork>) -> Result<Option<i64>> {
        match tx.act_of_invoice(claim.id).await? {
            Some(act) => tx.item_of_act(act).await.map(Some),
            None => Ok(None),
        }
    }
}

fn journalled(number: &str, Issued { raised, ubl }: &Issued) -> Value {
    let (pdf, ubl) = (oblik_store::sha256_hex(&raised.pdf), oblik_store::sha256_hex(ubl));
    let mut told = json!({ "number": number, "pdf_sha256": pdf, "ubl_sha256": ubl, "level": raised.level.as_str() });
    if let (Some(told), Some(cause)) = (told.as_object_mut(), &raised.lacking) {
        told.insert("lacking".to_owned(), json!(cause));
    }
    told
}
