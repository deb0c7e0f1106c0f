//! Channels against real servers, against servers that lie or die, and against what people put into folders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "a test stops where its ground gives way"
)]

mod fetch;
mod folder;
mod imap;
mod imap_liars;
mod maildir;
mod pkcs11;
mod sftp;
mod smtp;
mod smtp_faults;
mod stamps;
mod tls;

/// What a server does a moment after its reply: asked for again and again, at most ten seconds.
pub async fn soon<T>(mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(std::time::Instant::now() < deadline, "it did not come about within ten seconds");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}
