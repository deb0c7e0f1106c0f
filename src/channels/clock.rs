//! The clock and the dice: the one place that reads either. Everywhere else they are arguments.

use std::time::SystemTime;

use chrono::{DateTime, Utc};

/// The machine's time.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
    SystemTime::now().into()
}

/// The instant that is so long away; it goes on when the machine's time is set.
pub fn after(wait: std::time::Duration) -> tokio::time::Instant {
    tokio::time::Instant::now() + wait
}

/// The system's source of randomness gave nothing.
#[derive(Debug, thiserror::Error)]
#[error("read random bytes of the system")]
pub struct NoRandomness;

/// Random bytes of the operating system, fit for keys and tokens.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A name nobody else has: 128 random bits in hex. For owners of leases.
pub fn random_id() -> Result<String, NoRandomness> {
    random_bytes::<16>().map(hex::encode)
}
