//! What a customer owes, and what each payment pays for: from charges and payments alone, for any instant.
//!
//! Pure: nothing about allocation is stored, so that a balance can be told as it was known at any time and no two places can
//! disagree. Source: R-PAY, R-SALDO, R-ADV, R-PEN.

mod allocate;
mod debt;
mod inflation;
mod order;
mod planned;
mod purpose;
mod sanctions;
mod stated;
mod statement;

pub use allocate::{Entries, Ledger, Source};
pub use debt::DebtDays;
pub use order::{AllocationOrder, DEFAULT_ORDER};
pub use planned::{Instalment, final_settlement, instalments};
pub use purpose::{KnownInvoice, Placed, Unmatched, Why, place};
pub use sanctions::{AccrualRow, Accrued, Given, Lookup, SanctionInput, accrue, interval_rows};
pub use stated::{Stated, read_purpose};
pub use statement::{Advance, OpenCharge, PaidPart, PaymentPart, PaymentReport, Statement, StatementRow};
