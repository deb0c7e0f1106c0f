//! The whole program against real servers: what the tests share.
//!
//! A [`House`] is one installation with servers of its own, so that a test may kill them. What a test believes it reads
//! outside the program: from the log of Postfix, from the Maildirs of Dovecot, from the partner's folder. The database is
//! asked only to explain a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test stops where its ground is not firm, and says why"
)]

mod binary;
mod config;
mod daemon;
mod house;
mod letter;
mod outside;
mod world;

pub use binary::{Ran, binary, run};
pub use daemon::Daemon;
pub use house::{Engine, FilesAt, House, MailAt, Plan, PostAt, is_act_to_sign, listed};
pub use letter::Letter;
pub use outside::{Told, command, program, shared_postgres};
pub use world::{AUTHSERV, PASSPHRASE, SUPPLIER, World, act_mail, act_mail_with, world};

use std::time::{Duration, Instant};

/// Asks until there is an answer; stops the test, naming what was waited for, when there is none in time.
pub fn wait_for<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < within, "waited {} s in vain: {what}", within.as_secs());
        std::thread::sleep(Duration::from_millis(40));
    }
}

/// As [`wait_for`], for something that becomes true.
pub fn wait_until(what: &str, within: Duration, mut holds: impl FnMut() -> bool) {
    wait_for(what, within, || holds().then_some(()));
}
