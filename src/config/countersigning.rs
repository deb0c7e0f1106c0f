//! `[countersigning]`: how long an invoice's signed copy is awaited. The whole section may be left out.

use crate::keys::Keys;

/// Working days a customer has when nothing is configured.
const DAYS: u16 = 5;

/// What is asked of customers who have registered signers (RQ-F04).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Countersigning {
    /// Working days after the day of issue until the customer is reminded; zero for never.
    pub days: u16,
}

impl Default for Countersigning {
    fn default() -> Self {
        Self { days: DAYS }
    }
}

pub(crate) fn countersigning(keys: &Keys<'_>) -> Countersigning {
    let days = keys.integer("days", &(0..=60)).unwrap_or(DAYS);
    keys.finish();
    Countersigning { days }
}
