//! An act on its way to who signs it: each sending is kept, with its letter.

use chrono::{DateTime, Utc};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_domain::states::ReadingActState;
use oblik_mail::compose::AutoSubmitted;
use oblik_mail::{Attachment, Letter, message_id, render};
use oblik_store::{About, LetterClass, NewLetter, Purpose, Result, StoreError, StoredReadingAct, Tx, sha256_hex};
use oblik_words::letters_acts::{self, ActToSign};
use serde_json::json;

use super::making::act_file_name;
use crate::House;
use crate::entries::keep;

/// The acts that the house sends by itself; letters of these count as answers to nobody.
const BY_HOUSE: &str = "house:acts";

pub(super) struct Sending<'a> {
    pub contract: &'a ContractNumber,
    pub period: Period,
    pub version: i64,
    /// The version that this one made void.
    pub replaced: Option<i64>,
    pub pdf: &'a [u8],
    /// Who asked to have it sent again; `None` where it is sent for the first time.
    pub by: Option<&'a str>,
}

/// An act as a file of a letter.
#[derive(Debug, Clone)]
pub(crate) struct ActFile {
    pub version: i64,
    pub name: String,
    pub pdf: Vec<u8>,
}

impl ActFile {
    pub fn attachment(&self) -> Attachment {
        Attachment { name: self.name.clone(), media_type: "application/pdf".to_owned(), bytes: self.pdf.clone() }
    }
}

/// The act of an account's period that waits for its signature, the bytes as they were issued.
pub(crate) async fn current_act(tx: &mut Tx, contract: &ContractNumber, period: Period) -> Result<Option<ActFile>> {
    let acts = tx.reading_acts_of(contract, period).await?;
    file_of(tx, acts.iter().find(|act| act.state == ReadingActState::Issued)).await
}

/// The version of an account's period whose signed copy was registered.
pub(crate) async fn signed_version(tx: &mut Tx, contract: &ContractNumber, period: Period) -> Result<Option<i64>> {
    let acts = tx.reading_acts_of(contract, period).await?;
    Ok(acts.iter().find(|act| act.state == ReadingActState::Signed).and_then(|act| act.version))
}

async fn file_of(tx: &mut Tx, act: Option<&StoredReadingAct>) -> Result<Option<ActFile>> {
    let Some(act) = act else { return Ok(None) };
    let (Some(version), Some(sha256)) = (act.version, &act.pdf_sha256) else { return Ok(None) };
    let name = act_file_name(&act.contract, act.period, version);
    Ok(Some(ActFile { version, name, pdf: tx.blob(sha256).await? }))
}

/// Writes the letter with an act.
pub(super) async fn send(house: &House, tx: &mut Tx, sending: &Sending<'_>, to: &str, now: DateTime<Utc>) -> Result<()> {
    let Sending { contract, period, version, replaced, pdf, by } = sending;
    let name = act_file_name(contract, *period, *version);
    let pdf_sha256 = sha256_hex(pdf);
    let said = json!({
        "act": name, "contract": contract.as_str(), "period": period.to_string(), "version": version, "pdf_sha256": pdf_sha256, "who": by,
    });
    let item = keep(tx, BY_HOUSE, "act.json", &said, now).await?;
    let what = ActToSign { contract: (*contract).clone(), period: *period, version: *version, replaced: *replaced };
    let text = letters_acts::act_to_sign(&what, &house.config.supplier.seller.name);
    let letter = Letter {
        id: format!("item-{item}"),
        from_name: house.config.mail.from_name.clone(),
        from_address: house.config.mail.from_address.clone(),
        to: to.to_owned(),
        subject: text.subject,
        message_id: message_id(&format!("act/{pdf_sha256}/{}", now.timestamp_micros()), house.mail_domain()),
        in_reply_to: None,
        references: Vec::new(),
        date: now,
        body: text.body,
        attachments: vec![ActFile { version: *version, name, pdf: pdf.to_vec() }.attachment()],
        auto_submitted: AutoSubmitted::Generated,
    };
    // An address that cannot be written to was refused at import.
    let unwritable = StoreError::Rows { statement: "letter of an act", expected: "a writable address", found: 0 };
    let bytes = render(&letter).map_err(|_| unwritable)?;
    let new = NewLetter {
        about: About::Item(item),
        purpose: Purpose::Notice,
        class: LetterClass::Notice,
        channel: "mail",
        recipient: to,
        subject: &letter.subject,
        message_id: &letter.message_id,
        bytes: &bytes,
    };
    tx.write_letter(&new, now).await?;
    tx.journal(
        now,
        "letter written",
        "item",
        item,
        &json!({ "message_id": letter.message_id, "purpose": Purpose::Notice.as_str() }),
    );
    Ok(())
}
