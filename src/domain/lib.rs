//! What documents mean, and nothing else.
//!
//! This package reads no clock, no socket and no file: its manifest has nothing that could. Time, randomness and policy
//! are arguments. Every other package may use it; it uses none of them.

pub mod account;
pub mod act;
pub mod bill;
pub mod calendar;
pub mod confirmation;
pub mod dated;
pub mod energy;
pub mod finding;
pub mod ids;
pub mod invoice;
pub mod ledger;
pub mod limits;
pub mod metering;
pub mod money;
pub mod period;
pub mod statement;
pub mod states;
pub mod tariff;

pub use chrono::{DateTime, NaiveDate, Utc};
pub use rust_decimal::Decimal;
