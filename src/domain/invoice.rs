//! The invoice as issued: what the PDF shows and the machine-readable twin says. Names: EN 16931.

use chrono::NaiveDate;

use crate::account::Account;
use crate::bill::Bill;
use crate::ids::{Edrpou, Iban};
use crate::metering::UsagePoint;

/// The supplier: who issues and is paid (EN 16931 BG-4).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Seller {
    pub name: String,
    pub edrpou: Edrpou,
    /// ІПН, twelve digits.
    pub vat_number: String,
    pub address: String,
    pub iban: Iban,
    pub bank: String,
    pub phone: String,
    pub email: String,
    /// The licence text printed in the head; may be empty.
    pub licence: String,
}

/// Number of an invoice: series, year and a running number without holes (promise 6).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct InvoiceNumber {
    pub series: String,
    pub year: u16,
    pub running: u32,
}

impl std::fmt::Display for InvoiceNumber {
    /// `ОЕ-2026-000001`; without a series `2026-000001`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.series.is_empty() {
            write!(f, "{}-", self.series)?;
        }
        write!(f, "{:04}-{:06}", self.year, self.running)
    }
}

/// An invoice ready to be rendered: everything its document shows.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Invoice {
    pub number: InvoiceNumber,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    pub seller: Seller,
    pub buyer: Account,
    pub points: Vec<UsagePoint>,
    pub bill: Bill,
}

impl Invoice {
    /// Text for the payment order («призначення платежу»), which allocation later reads back (R-PAY-4).
    pub fn payment_purpose(&self) -> String {
        format!(
            "За активну е/е за {:02}.{}, дог. {}, рах. № {} від {}, у т.ч. ПДВ {}% {} грн",
            self.bill.period.month(),
            self.bill.period.year(),
            self.buyer.contract,
            self.number,
            self.issued_on.format("%d.%m.%Y"),
            self.bill.vat_rate.normalize(),
            self.bill.vat.to_string().replace('.', ","),
        )
    }
}
