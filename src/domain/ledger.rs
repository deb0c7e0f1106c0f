//! What customers owe and pay: values of the ledger. `ledger` the package says what they come to.
//!
//! Source: billing-rules 2.8, 2.10.

use chrono::{DateTime, NaiveDate, Utc};

use crate::ids::{ContractNumber, Edrpou};
use crate::invoice::InvoiceNumber;
use crate::metering::word_enum;
use crate::money::Kopiykas;
use crate::period::Period;

word_enum!(
    /// What a debt is for; payments never cross from one to another by themselves (R-PAY-2).
    DebtType {
        /// АЕ, active energy with the network services the supplier charges.
        Active = "active",
        /// РЕ, reactive energy.
        Reactive = "reactive",
        LimitConsumption = "limit-consumption",
        LimitPower = "limit-power",
        Penalty = "penalty",
        Inflation = "inflation",
        AnnualInterest = "annual-interest",
        Transit = "transit",
        Services = "services",
        /// Paid before it is owed.
        Advance = "advance",
        Distribution = "distribution",
        Transmission = "transmission",
    }
);

word_enum!(
    /// Why an amount stands in the ledger.
    ChargeKind {
        /// The balance an account was taken over with; negative for an advance.
        Opening = "opening",
        Invoice = "invoice",
        /// An adjustment document (R-CORR).
        Adjustment = "adjustment",
        /// A planned payment: owed on its day, settled by the period's invoice (R-ADV).
        Planned = "planned",
        WriteOff = "write-off",
        Offset = "offset",
    }
);

/// An amount charged to an account. Never changed and never deleted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Charge {
    /// Orders charges of the same day; unique.
    pub id: i64,
    pub contract: ContractNumber,
    pub debt: DebtType,
    pub period: Period,
    pub kind: ChargeKind,
    /// With VAT; negative where the customer is owed.
    pub amount: Kopiykas,
    /// The last day to pay.
    pub due_on: NaiveDate,
    /// When it was booked: from then on it counts.
    pub booked_at: DateTime<Utc>,
    pub invoice: Option<InvoiceNumber>,
}

/// Money that came in. Never changed; what is known of it later is an [`Assignment`].
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Payment {
    /// Orders payments of the same day; unique.
    pub id: i64,
    /// The bank's reference, unique with its source: the same line of a statement is one payment.
    pub reference: String,
    pub amount: Kopiykas,
    /// The day the bank books it on.
    pub paid_on: NaiveDate,
    /// When we learned of it: from then on it counts.
    pub booked_at: DateTime<Utc>,
    pub payer: String,
    pub payer_edrpou: Option<Edrpou>,
    /// «Призначення платежу», as the bank gave it.
    pub purpose: String,
}

/// Whose a payment is and what for: read from its purpose or said by an operator. The newest counts.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Assignment {
    pub payment: i64,
    pub contract: ContractNumber,
    pub intent: PaymentIntent,
    pub assigned_at: DateTime<Utc>,
    /// `None` when it was read from the purpose.
    pub operator: Option<String>,
}

/// What a payment is said to be for.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct PaymentIntent {
    pub debt: Option<DebtType>,
    pub period: Option<Period>,
    pub invoice: Option<InvoiceNumber>,
}

/// An amount to be charged, before the store gives it its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCharge {
    pub contract: ContractNumber,
    pub debt: DebtType,
    pub period: Period,
    pub kind: ChargeKind,
    /// With VAT; negative where the customer is owed.
    pub amount: Kopiykas,
    pub due_on: NaiveDate,
    pub invoice: Option<InvoiceNumber>,
}

/// A payment as a bank or an operator tells it, before the store gives it its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPayment {
    /// Who told it: the partner of a file, `operator` for one typed in. The reference is unique within it.
    pub source: String,
    pub reference: String,
    /// More than zero.
    pub amount: Kopiykas,
    pub paid_on: NaiveDate,
    pub payer: String,
    pub payer_edrpou: Option<Edrpou>,
    pub purpose: String,
}
