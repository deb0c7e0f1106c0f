//! Signatures by programs we did not write, and a second opinion on them.
//!
//! OpenSSL, BouncyCastle, pyHanko and jkurwa make files; the tests judge each as it is and with every part changed. What is
//! here also serves the figures, which time the same programs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "only tests and figures use it"
)]

pub mod peer;
pub mod workshop;
