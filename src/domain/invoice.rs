//! The invoice as issued: what the PDF shows and the machine-readable twin says. Names: EN 16931.

use chrono::NaiveDate;

use crate::account::Account;
use crate::bill::{Bill, MonthVolume};
use crate::ids::{Edrpou, Iban};
use crate::ledger::DebtType;
use crate::metering::{UsagePoint, word_enum};
use crate::money::Kopiykas;

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

impl InvoiceNumber {
    /// Reads what [`Self`] displays; the series may be empty or hold dashes. `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, running) = text.rsplit_once('-')?;
        let (series, year) = rest.rsplit_once('-').unwrap_or(("", rest));
        Some(Self { series: series.to_owned(), year: year.parse().ok()?, running: running.parse().ok()? })
    }
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

word_enum!(
    /// Who issues a document (RQ-F08).
    #[derive(Default)]
    IssuerRole {
        /// Who sells the energy, or one of its branches.
        #[default]
        Supplier = "supplier",
        /// The distribution operator (ОСР): reactive energy, and distribution where it charges that itself.
        Operator = "operator",
    }
);

/// How one type of debt stood when a document was made (R-SALDO): opening + charged − paid = closing.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DebtStanding {
    pub debt: DebtType,
    pub opening: Kopiykas,
    pub charged: Kopiykas,
    pub paid: Kopiykas,
    pub closing: Kopiykas,
    pub overdue: Kopiykas,
    /// Days since the oldest overdue amount was due; 0 where nothing is.
    pub overdue_days: u32,
}

/// Money that came in for one type of debt; negative where it had waited under this type and paid for another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PaymentShown {
    pub received_on: NaiveDate,
    /// Number of the payment order; may be empty.
    pub document: String,
    pub debt: DebtType,
    pub amount: Kopiykas,
}

/// How the account stood when a document was made: what «Інформаційне повідомлення» tells.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Standing {
    /// The first day it tells of, and the last.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub debts: Vec<DebtStanding>,
    /// In the order they came.
    pub payments: Vec<PaymentShown>,
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
    #[serde(default)]
    pub issuer: IssuerRole,
    /// Paid before it was issued, by planned payments and advances (EN 16931 BT-113); never above the total.
    #[serde(default)]
    pub prepaid: Kopiykas,
    /// Closed months before this one, oldest first, at most 24.
    #[serde(default)]
    pub history: Vec<MonthVolume>,
    /// `None` where nobody looked.
    #[serde(default)]
    pub standing: Option<Standing>,
}

impl Invoice {
    /// What is left to pay (EN 16931 BT-115).
    pub fn payable(&self) -> Kopiykas {
        self.bill.total - self.prepaid
    }

    /// The VAT in [`Self::payable`]: the document's, in proportion to what is left to pay of it, to the kopiyka.
    pub fn payable_vat(&self) -> Kopiykas {
        let (vat, left, total) = (i128::from(self.bill.vat.0), i128::from(self.payable().0), i128::from(self.bill.total.0));
        if left == total || total <= 0 {
            return self.bill.vat;
        }
        // Rounded half up; neither the VAT nor what is left of a total is negative where something was paid ahead.
        Kopiykas(i64::try_from((2 * vat * left + total).div_euclid(2 * total)).unwrap_or(self.bill.vat.0))
    }

    /// Text for the payment order («призначення платежу»), which allocation later reads back (R-PAY-4).
    pub fn payment_purpose(&self) -> String {
        let vat = match self.payable_vat() {
            Kopiykas::ZERO => "без ПДВ".to_owned(),
            vat => format!("у т.ч. ПДВ {}% {} грн", self.bill.vat_rate.normalize(), vat.to_string().replace('.', ",")),
        };
        format!(
            "{} за {:02}.{}, дог. {}, рах. № {} від {}, {vat}",
            self.paid_for(),
            self.bill.period.month(),
            self.bill.period.year(),
            self.buyer.contract,
            self.number,
            self.issued_on.format("%d.%m.%Y"),
        )
    }

    /// What is paid for: one type of debt at most, because several would contradict each other when they are read back; the
    /// number of the invoice says the rest.
    fn paid_for(&self) -> &'static str {
        let charged: Vec<DebtType> =
            self.bill.charges.iter().filter(|charge| charge.total > Kopiykas::ZERO).map(|charge| charge.debt).collect();
        match (charged.as_slice(), self.issuer) {
            ([], IssuerRole::Supplier) => "За активну е/е",
            ([debt], _) => of_debt(*debt),
            (several, IssuerRole::Supplier) if several.contains(&DebtType::Active) => "За активну е/е",
            (_, IssuerRole::Supplier) => "Оплата",
            (_, IssuerRole::Operator) => "За послуги ОСР",
        }
    }
}

/// A type of debt as the payment order names it.
fn of_debt(debt: DebtType) -> &'static str {
    match debt {
        DebtType::Active => "За активну е/е",
        DebtType::Reactive => "За реактивну е/е",
        DebtType::Distribution => "За розподіл е/е",
        DebtType::Transmission => "За передачу е/е",
        DebtType::Transit => "За транзит е/е",
        DebtType::LimitConsumption => "За перевищення обсягу е/е",
        DebtType::LimitPower => "За перевищення потужності",
        DebtType::Penalty => "Пеня",
        DebtType::AnnualInterest => "3% річних",
        DebtType::Inflation => "Інфляційні",
        DebtType::Services => "За послуги",
        DebtType::Advance => "Аванс",
    }
}
