//! From readings to money, exact to the kopiyka, with the reason of every figure.
//!
//! Pure: accounts, readings, prices and confirmations come in as values; what is missing is a finding that names it, never
//! a guess. Each rule has its file, and each figure of a bill a step in its trace. Source: `billing-rules`, rule ids `R-…`.

mod catalogue;
mod compute;
mod continuity;
mod correct;
mod estimate;
mod fed;
mod input;
mod intervals;
mod limits;
mod loss_elements;
mod loss_zones;
mod losses;
mod network;
mod plausibility;
mod price;
mod prices;
mod reactive;
mod shares;
mod split;
mod totals;
mod trace;
mod volume;

pub use catalogue::{Entry, catalogue, catalogued};
pub use compute::{Calculation, compute};
pub use continuity::follows;
pub use correct::{Billed, correct, standing_sanctions};
pub use input::{BillingInput, MissingReadings};
pub use intervals::{energy_between, greatest_power};
pub use prices::{Held, PriceBook, PriceKey};
pub use split::{BilledPart, OPERATOR_DEBTS, Part, correct_parts, split};
