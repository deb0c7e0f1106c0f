//! What an operator confirmed, so that a calculation that was refused may go on (E1, E9).
//!
//! A confirmation holds for exactly the figures it was given for: another reading needs another.

use chrono::{DateTime, Utc};

use crate::energy::{Kwh, RegisterTotal};
use crate::ids::ContractNumber;
use crate::metering::RegisterKey;
use crate::period::Period;

/// One confirmation, with who gave it and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Confirmation {
    pub contract: ContractNumber,
    pub period: Period,
    pub what: Confirmed,
    pub reason: String,
    pub operator: String,
    /// The second pair of eyes, where the configuration asks for one.
    pub approved_by: Option<String>,
    pub confirmed_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confirmed {
    /// The account's active volume is right though it lies outside its bounds (E1).
    Volume { volume: Kwh },
    /// The dial passed its end between these two readings (E9, R-VOL-1).
    Rollover { register: RegisterKey, opening: RegisterTotal, closing: RegisterTotal },
}
