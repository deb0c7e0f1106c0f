//! Reading acts of customers, as data, as the form the supplier issues, and signed.

use chrono::{DateTime, Utc};
use oblik_documents::{ActForm, Template, Typesetter};
use oblik_domain::act::{ActRow, ReadingAct};
use oblik_domain::invoice::Seller;
use oblik_domain::period::{Period, kyiv_day};
use oblik_edi::write_reading_act;
use oblik_signature::pdf::PdfSigning;

use crate::utility::registers;
use crate::{Customer, SampleError, Utility};

impl Utility {
    /// What a customer's meters show at the end of `period`, or today when it has not ended.
    pub fn reading_act(&self, customer: &Customer, period: Period) -> ReadingAct {
        let totals = self.totals(customer, period);
        let row = |(register, _)| totals.get(&register).map(|total| ActRow { total: *total, register });
        ReadingAct {
            contract: customer.contract().clone(),
            period,
            read_on: period.last_day().min(kyiv_day(self.now)),
            rows: registers(&customer.record).into_iter().filter_map(row).collect(),
        }
    }

    /// The act as the XML a customer signs.
    pub fn act_xml(&self, customer: &Customer, period: Period) -> Vec<u8> {
        write_reading_act(&self.reading_act(customer, period))
    }

    /// The unsigned form with the act inside. Whoever uses it must register it as issued: Oblik takes no other PDF.
    ///
    /// # Errors
    /// [`SampleError::Document`] when the page cannot be set.
    pub fn act_pdf(
        &self,
        typesetter: &Typesetter,
        seller: &Seller,
        customer: &Customer,
        period: Period,
    ) -> Result<Vec<u8>, SampleError> {
        let act = self.reading_act(customer, period);
        let number = format!("{}/{period}", act.contract);
        let xml = write_reading_act(&act);
        let opening = customer.opening();
        let made_on = kyiv_day(self.now);
        let form = ActForm {
            seller,
            record: &customer.record,
            act: &act,
            opening: &opening,
            readings: &[],
            bill: None,
            number: &number,
            version: 1,
            made_on,
            reply_to: &seller.email,
        };
        Ok(typesetter.reading_act_pdf(&form, &Template::embedded(), &xml)?)
    }
}

impl Customer {
    /// Signs a PDF as the customer's program does: one more revision with the signature inside.
    ///
    /// # Errors
    /// [`SampleError::Signing`] when the file is no PDF.
    pub fn sign_pdf(&self, pdf: &[u8], at: DateTime<Utc>) -> Result<Vec<u8>, SampleError> {
        let signing = PdfSigning {
            name: self.identity.subject.common_name.clone(),
            reason: String::new(),
            location: String::new(),
            signing_time: at,
            field_name: "customer".to_owned(),
            customer_field: None,
            place: None,
        };
        Ok(oblik_signature::pdf::sign(pdf, &self.identity.signer()?, &signing)?)
    }

    /// A detached signature over a file: `.p7s`.
    ///
    /// # Errors
    /// [`SampleError::Signing`] when the library cannot.
    pub fn sign_detached(&self, content: &[u8], at: DateTime<Utc>) -> Result<Vec<u8>, SampleError> {
        Ok(self.identity.signer()?.sign_cms_detached(content, at)?)
    }

    /// A signature with the file inside: `.p7m`.
    ///
    /// # Errors
    /// [`SampleError::Signing`] when the library cannot.
    pub fn sign_enclosing(&self, content: &[u8], at: DateTime<Utc>) -> Result<Vec<u8>, SampleError> {
        Ok(self.identity.signer()?.sign_cms_enclosing(content, at)?)
    }
}
