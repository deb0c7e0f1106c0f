//! The world as programs we did not write see it: openssl, xmllint, pdfsig and the mail reader of Python.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    clippy::print_stdout,
    reason = "a fault in a test may panic"
)]

mod accounts;
mod certificates;
mod documents;
mod mails;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use oblik_sample::Utility;

pub fn now() -> DateTime<Utc> {
    "2026-11-21T09:30:00Z".parse().unwrap()
}

/// One world for all tests: making keys takes a second.
pub fn utility() -> &'static Utility {
    static UTILITY: OnceLock<Utility> = OnceLock::new();
    UTILITY.get_or_init(|| Utility::new(now(), 24).unwrap())
}

pub fn schema(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(name)
}

/// Runs a program; its output when it is installed and content, `None` when it is not installed.
pub fn run(program: &str, arguments: &[&str], input: Option<&[u8]>) -> Option<(bool, String)> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        println!("{program} is not installed: nothing compared");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let bytes = input.unwrap_or_default().to_vec();
    let writer = std::thread::spawn(move || std::io::Write::write_all(&mut stdin, &bytes));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join().unwrap();
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Some((output.status.success(), told))
}
