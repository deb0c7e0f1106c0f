//! Every Ukrainian sentence of Oblik, one file a lawyer can read for each area.
//!
//! What we saw, with the values; then what to do; the code closes it. No blame, no jargon, one action a letter. Numbers,
//! sums and dates are written here too, so that a letter and a document never spell the same thing in two ways.

pub mod alerts;
pub mod body;
pub mod commands;
pub mod documents;
pub mod findings;
pub mod invoice_xml;
pub mod letters;
pub mod letters_acts;
pub mod letters_billing;
pub mod letters_copies;
pub mod marks;
pub mod numbers;
pub mod parts;
pub mod payments;
mod steps;
pub mod terms;
pub mod transliteration;

/// The template of all documents: how they look and what they say.
pub const TEMPLATE: &str = include_str!("template.toml");
