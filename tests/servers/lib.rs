//! Real servers for tests, each in a folder of its own, on a port of its own, gone when the value is dropped.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test stops where its server does not start"
)]

pub mod authority;
pub mod certs;
pub mod dovecot;
pub mod http;
pub mod oauth;
pub mod postfix;
pub mod postgres;
pub mod smtp_script;
pub mod softhsm;
pub mod sshd;
