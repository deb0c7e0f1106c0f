//! Remind: a customer whose signed copy did not come within its term is written to, once.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::states::{CountersignEvent, CountersignState};
use oblik_mail::compose::AutoSubmitted;
use oblik_mail::{Letter, message_id, render};
use oblik_store::{
    About, AwaitedWork, Claimed, Lease, LetterClass, NewLetter, Purpose, Result, SignatureStatus, StoredInvoice, Tx,
};
use oblik_words::letters_copies;
use serde_json::json;
use tracing::info;

use crate::House;
use crate::answer::registered_address;
use crate::parcel::page_attachment;
use crate::station::{Station, Trouble, report};

pub(crate) struct Remind;

/// What is to be written.
pub(crate) enum Reminder {
    Letter(Box<Letter>),
    /// Nothing, and why.
    Nothing(&'static str),
}

/// What did not reach the customer yet is looked at again this much later.
const NOT_SENT: TimeDelta = TimeDelta::days(1);

impl Station for Remind {
    type Work = AwaitedWork;
    type Answer = Reminder;
    const NAME: &'static str = "remind";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<AwaitedWork>>> {
        tx.claim_awaited(lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<AwaitedWork>]) -> Result<Vec<std::result::Result<Reminder, Trouble>>> {
        let mut tx = house.store.read().await?;
        let mut answers = Vec::with_capacity(claimed.len());
        for claim in claimed {
            answers.push(reminder(house, &mut tx, claim).await?);
        }
        tx.roll_back().await?;
        Ok(answers)
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<AwaitedWork>, reminder: &Reminder) -> Result<()> {
        let (now, invoice) = (house.now(), claim.work.invoice_id);
        // Taken first: a copy that came meanwhile has moved the row, and nothing is written.
        tx.step(claim, CountersignState::Awaited, CountersignEvent::TermEnded, now).await?;
        let letter = match reminder {
            Reminder::Letter(letter) => letter,
            Reminder::Nothing(why) => {
                tx.journal(now, "not reminded", "invoice", invoice, &json!({ "why": why }));
                return Ok(());
            }
        };
        let bytes = render(letter).map_err(|_| oblik_store::StoreError::Rows {
            statement: "reminder of an invoice",
            expected: "a writable address",
            found: 0,
        })?;
        let new = NewLetter {
            about: About::Invoice(invoice),
            purpose: Purpose::Notice,
            class: LetterClass::Notice,
            channel: "mail",
            recipient: &letter.to,
            subject: &letter.subject,
            message_id: &letter.message_id,
            bytes: &bytes,
        };
        tx.write_letter(&new, now).await?;
        tx.journal(now, "reminded of the signed copy", "invoice", invoice, &json!({ "message_id": letter.message_id }));
        info!(invoice.id = invoice, "reminded of the signed copy");
        Ok(())
    }

    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<AwaitedWork>, due: DateTime<Utc>) -> Result<()> {
        tx.put_back::<CountersignState, _>(claim, due).await
    }

    async fn let_wait(&self, _: &House, tx: &mut Tx, claim: &Claimed<AwaitedWork>, due: DateTime<Utc>) -> Result<()> {
        tx.let_awaited_wait(claim, due).await
    }

    async fn item(&self, _: &mut Tx, _: &Claimed<AwaitedWork>) -> Result<Option<i64>> {
        Ok(None)
    }
}

async fn reminder(house: &House, tx: &mut Tx, claim: &Claimed<AwaitedWork>) -> Result<std::result::Result<Reminder, Trouble>> {
    let nothing = |why| Ok(Ok(Reminder::Nothing(why)));
    let id = claim.work.invoice_id;
    if house.config.countersigning.days == 0 {
        return nothing("nobody is reminded any more");
    }
    if tx.is_reminded(id).await? {
        return nothing("reminded before");
    }
    if tx.signature_status(id).await? == SignatureStatus::Created {
        let cause = "the invoice has not reached the customer".to_owned();
        return Ok(Err(Trouble::Wait { cause, due: house.now() + NOT_SENT }));
    }
    let stored = tx.invoice(id).await?;
    let Some(to) = registered_address(tx, Some(&stored.contract)).await? else { return nothing("the account has no address") };
    let Some(sha256) = stored.pdf_sha256.clone() else { return nothing("the invoice has no document") };
    let pdf = tx.blob(&sha256).await?;
    let letter = written(house, claim, &stored, (&sha256, &pdf), to);
    // What cannot be written is found here, where it holds up nobody else.
    Ok(match render(&letter) {
        Ok(_) => Ok(Reminder::Letter(Box::new(letter))),
        Err(cause) => Err(Trouble::retry(report(&cause))),
    })
}

fn written(
    house: &House,
    claim: &Claimed<AwaitedWork>,
    stored: &StoredInvoice,
    (sha256, pdf): (&str, &[u8]),
    to: String,
) -> Letter {
    let text = letters_copies::copy_awaited(&stored.invoice, sha256, claim.work.since);
    Letter {
        id: format!("reminder-{}", stored.id),
        from_name: house.config.mail.from_name.clone(),
        from_address: house.config.mail.from_address.clone(),
        to,
        subject: text.subject,
        message_id: message_id(&format!("countersign-reminder/{}", stored.number), house.mail_domain()),
        in_reply_to: None,
        references: Vec::new(),
        date: house.now(),
        body: text.body,
        attachments: vec![page_attachment(&stored.invoice, pdf)],
        auto_submitted: AutoSubmitted::Generated,
    }
}
