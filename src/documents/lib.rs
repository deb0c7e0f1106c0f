//! Invoices and reading acts as PDF files.
//!
//! Values in, bytes out: no clock, no files, nothing of the machine. The same values give the same bytes, on any thread.
//! Files are PDF/A-3a and PDF/UA-1; a signature is appended later as a revision of its own.

mod balance;
mod breakdown;
mod clean;
mod draw;
mod emit;
mod figures;
mod geometry;
mod invoice;
mod paragraph;
mod parties;
mod payment_qr;
mod reading_act;
mod reasons;
mod sheet;
mod style;
mod table;
mod typeface;

use oblik_domain::invoice::Invoice;

pub use payment_qr::{Payment, payment_address};
pub use reading_act::ActForm;

/// Name of the attachment that holds an act's data.
pub const ACT_ATTACHMENT: &str = "oblik-act.xml";

/// Why no document came about. None of these depends on what a customer sent.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    #[error("read typeface {0}")]
    Typeface(&'static str),
    #[error("write document: {0}")]
    Engine(String),
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
    pub fn invoice_pdf(&self, invoice: &Invoice) -> Result<Vec<u8>, DocumentError> {
        invoice::pdf(&self.faces, invoice)
    }

    /// The reading act for the customer to sign, with `act_xml` inside as [`ACT_ATTACHMENT`], byte for byte.
    ///
    /// # Errors
    /// [`DocumentError::Engine`] when the PDF engine refuses a page.
    pub fn reading_act_pdf(&self, form: &ActForm<'_>, act_xml: &[u8]) -> Result<Vec<u8>, DocumentError> {
        reading_act::pdf(&self.faces, form, act_xml)
    }
}
