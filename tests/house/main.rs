//! The rules of the house that no compiler knows.
//!
//! They read the source as text, so they say which file and line to look at. An exception stands in a list with its reason,
//! and one that is no longer needed fails too.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops where the source is not as it should be"
)]

mod arrows;
mod documents;
mod drawings;
mod licences;
mod parameters;
mod places;
mod shape;
mod source;
mod tree;

/// Fails with all faults at once, each on its line.
fn assert_none(rule: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{rule}:\n  {}\n", faults.join("\n  "));
}
