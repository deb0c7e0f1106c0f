//! Every Ukrainian sentence of Oblik, one file a lawyer can read for each area.
//!
//! What we saw, with the values; then what to do; the code closes it. No blame, no jargon, one action a letter. Numbers,
//! sums and dates are written here too, so that a letter and a document never spell the same thing in two ways.

pub mod body;
pub mod commands;
pub mod documents;
pub mod findings;
pub mod letters;
pub mod letters_billing;
pub mod marks;
pub mod numbers;
pub mod payments;
mod steps;
pub mod terms;
