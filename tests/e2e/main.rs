//! End-to-end tests: the program as it is installed, real servers around it, the truth read outside of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test stops where its ground is not firm, and says why"
)]

mod acts;
mod bad;
mod billing;
mod commands;
mod containers;
mod copies;
mod documents;
mod files;
mod instances;
mod life;
mod mailbox;
mod post;
mod signing;
mod status;
