//! The rules of the calculation, by subject, in one program: linking costs more than the tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where its ground is wrong")]

mod bills;
mod corrections;
mod money;
mod network;
mod plausibility;
mod rerating;
mod whole;
