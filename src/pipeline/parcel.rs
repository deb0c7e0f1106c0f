//! The documents of a bill as a letter carries them: each signed page, and beside it its machine-readable file.

use oblik_domain::invoice::{Invoice, IssuerRole};
use oblik_domain::limits::LETTER_ATTACHMENTS_BYTES;
use oblik_mail::{Attachment, Letter, compose::AutoSubmitted, message_id, render};
use oblik_store::{About, LetterClass, NewLetter, Purpose, Result, StoreError, StoredInvoice, Tx};
use oblik_words::letters::{self, Enclosed, EnclosedKind};
use oblik_words::transliteration::transliterated;
use serde_json::json;

use crate::House;
use crate::answer::registered_address;

/// Issued documents with the files that a letter takes along.
pub(crate) struct Parcel {
    pub documents: Vec<StoredInvoice>,
    pub attachments: Vec<Attachment>,
    pub enclosed: Vec<Enclosed>,
}

impl Parcel {
    /// The files of these documents; `None` where one of them is not issued. Every signed page goes along. Of the machine-readable
    /// files, which lie in the pages as well, those go along that keep the letter within its bound.
    pub async fn of(tx: &mut Tx, documents: Vec<StoredInvoice>) -> Result<Option<Self>> {
        let mut pages = Vec::with_capacity(documents.len());
        for document in &documents {
            let Some(sha256) = &document.pdf_sha256 else { return Ok(None) };
            pages.push(tx.blob(sha256).await?);
        }
        let mut bytes: usize = pages.iter().map(Vec::len).sum();
        let (mut attachments, mut enclosed) = (Vec::new(), Vec::new());
        for (document, page) in documents.iter().zip(pages) {
            let mut add = |kind, extension: &str, media_type: &str, bytes| {
                let name = format!("{}.{extension}", file_stem(&document.invoice));
                enclosed.push(Enclosed { name: name.clone(), number: document.number.clone(), kind });
                attachments.push(Attachment { name, media_type: media_type.to_owned(), bytes });
            };
            add(EnclosedKind::Page(document.invoice.issuer), "pdf", "application/pdf", page);
            let Some(sha256) = &document.ubl_sha256 else { continue };
            let ubl = tx.blob(sha256).await?;
            bytes = bytes.saturating_add(ubl.len());
            if bytes <= LETTER_ATTACHMENTS_BYTES {
                add(EnclosedKind::MachineReadable, "xml", "application/xml", ubl);
            }
        }
        Ok(Some(Self { documents, attachments, enclosed }))
    }

    pub fn invoices(&self) -> Vec<&Invoice> {
        self.documents.iter().map(|document| &*document.invoice).collect()
    }
}

/// `rahunok-OE-2026-000001`, the operator's `rahunok-osr-OR-2026-000001`: a file name that every system takes.
pub fn file_stem(invoice: &Invoice) -> String {
    // Numbers are unique with their series alone.
    let number = transliterated(&invoice.number.to_string());
    let plain: String = number.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    let kind = match invoice.issuer {
        IssuerRole::Supplier => "rahunok",
        IssuerRole::Operator => "rahunok-osr",
    };
    format!("{kind}-{}", plain.trim_start_matches('-'))
}

/// The signed page of an invoice, alone.
pub(crate) fn page_attachment(invoice: &Invoice, pdf: &[u8]) -> Attachment {
    Attachment { name: format!("{}.pdf", file_stem(invoice)), media_type: "application/pdf".to_owned(), bytes: pdf.to_vec() }
}

/// Writes the letter that carries documents which answer no message; it is the first one's, by `id`.
pub(crate) async fn write_invoice_letter(house: &House, tx: &mut Tx, id: i64, parcel: Parcel) -> Result<()> {
    let now = house.now();
    let missing = |statement, expected| StoreError::Rows { statement, expected, found: 0 };
    let Some(first) = parcel.documents.first().map(|document| document.invoice.clone()) else {
        return Err(missing("documents of an invoice letter", "one at least"));
    };
    let Some(to) = registered_address(tx, Some(&first.buyer.contract)).await? else {
        return Err(missing("address of an invoiced account", "one row at least"));
    };
    let text = letters::invoice_issued(&parcel.invoices(), &parcel.enclosed);
    let letter = Letter {
        id: format!("invoice-{id}"),
        from_name: house.config.mail.from_name.clone(),
        from_address: house.config.mail.from_address.clone(),
        to: to.clone(),
        subject: text.subject.clone(),
        message_id: message_id(&format!("invoice/{}", first.number), house.mail_domain()),
        in_reply_to: None,
        references: Vec::new(),
        date: now,
        body: text.body,
        attachments: parcel.attachments,
        auto_submitted: AutoSubmitted::Generated,
    };
    // An address that cannot be written to was refused at import; one that is broken later is seen in the journal.
    let bytes = render(&letter).map_err(|_| missing("letter of an invoice", "a writable address"))?;
    let new = NewLetter {
        about: About::Invoice(id),
        purpose: Purpose::Invoice,
        class: LetterClass::Money,
        channel: "mail",
        recipient: &to,
        subject: &letter.subject,
        message_id: &letter.message_id,
        bytes: &bytes,
    };
    tx.write_letter(&new, now).await?;
    tx.journal(now, "letter written", "invoice", id, &json!({ "message_id": letter.message_id }));
    Ok(())
}
