//! Invoices and reading acts as PDF files.
//!
//! Values in, bytes out: no clock, no files, nothing of the machine. The same values give the same bytes, on any thread.
//! Files are PDF/A-3a and PDF/UA-1; a signature is appended later as a revision of its own.

mod act_table;
mod acts;
mod apportion;
mod breakdown;
mod chart;
mod clean;
mod compact;
mod draw;
mod due;
mod emit;
mod figures;
mod geometry;
mod invoice;
mod notice;
mod paragraph;
mod parties;
mod payment_form;
mod payment_place;
mod payment_qr;
mod reactive;
mod reading_act;
mod reasons;
mod report;
mod sheet;
mod stamp;
mod standing;
mod style;
mod table;
mod template;
mod texts;
mod typeface;
mod worth;
mod zones;

use chrono::{DateTime, Utc};
use oblik_domain::invoice::Invoice;

pub use payment_form::{Payment, PaymentForm, payment_address};
pub use reading_act::ActForm;
pub use report::{Figure, Report, ReportTable};
pub use template::{Template, TemplateFault};
pub use texts::Text;

/// Name of the attachment that holds an act's data.
pub const ACT_ATTACHMENT: &str = "oblik-act.xml";

/// Name of the attachment that holds an invoice as UBL (EN 16931).
pub const INVOICE_ATTACHMENT: &str = "invoice.xml";

/// What a document is set with beside its values.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    pub template: &'a Template,
    /// Who will sign it; the page then shows a stamp.
    pub stamp: Option<&'a Stamp>,
    /// Files inside the document.
    pub attachments: &'a [Attachment<'a>],
}

/// The visible side of a signature: what the page says of it. The signature itself is appended later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// Who signs, as the certificate names it.
    pub name: String,
    /// Serial number of the certificate, hexadecimal.
    pub serial: String,
    /// Who issued the certificate.
    pub authority: String,
    pub at: DateTime<Utc>,
}

/// A file inside a document.
#[derive(Debug, Clone, Copy)]
pub struct Attachment<'a> {
    pub name: &'static str,
    pub mime_type: &'static str,
    pub description: &'static str,
    pub relation: Relation,
    pub data: &'a [u8],
}

/// What an attachment is to its document. Source: ISO 19005-3, AFRelationship.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// What the page was made from.
    Data,
    /// The same said in another way.
    Alternative,
}

/// A finished document, and where its stamp stands.
#[derive(Debug, Clone)]
pub struct Rendered {
    pub pdf: Vec<u8>,
    pub stamp: Option<StampPlace>,
}

/// Where a stamp stands, in thousandths of a point from the page's lower left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampPlace {
    /// From 0.
    pub page: usize,
    pub left: i64,
    pub bottom: i64,
    pub width: i64,
    pub height: i64,
}

/// Why no document came about. None of these depends on what a customer sent.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("read typeface {0}")]
    Typeface(&'static str),
    #[error("write document: {0}")]
    Engine(String),
    #[error("write table: {0}")]
    Table(String),
}

/// Sets documents. Holds the typefaces; make one and share it between threads.
pub struct Typesetter {
    faces: typeface::Faces,
}

impl Typesetter {
    /// # Errors
    /// [`DocumentError::Typeface`] when an embedded face is broken.
    pub fn new() -> Result<Self, DocumentError> {
        Ok(Self { faces: typeface::Faces::read()? })
    }

    /// The invoice: what to pay and how, its lines, its breakdown by register and the reason of every figure.
    ///
    /// # Errors
    /// [`DocumentError::Engine`] when the PDF engine refuses a page.
    pub fn invoice_pdf(&self, invoice: &Invoice, setting: &Setting<'_>) -> Result<Rendered, DocumentError> {
        invoice::pdf(&self.faces, invoice, setting)
    }

    /// The reading act for the customer to sign, with `act_xml` inside as [`ACT_ATTACHMENT`], byte for byte.
    ///
    /// # Errors
    /// [`DocumentError::Engine`] when the PDF engine refuses a page.
    pub fn reading_act_pdf(&self, form: &ActForm<'_>, template: &Template, act_xml: &[u8]) -> Result<Vec<u8>, DocumentError> {
        reading_act::pdf(&self.faces, form, template, act_xml)
    }
}
