//! The world's faults, in two kinds: wait and try again, or a person must look. What is not known is temporary.

use std::time::Duration;

/// What lies under a fault: an I/O error, a server's refusal, a broken rule of the protocol.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// A fault outside. `doing` says what was tried (`fetch uid 17 of INBOX at mx.example`); the cause is the `source`.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    #[error("{doing}")]
    Temporary {
        doing: String,
        /// How long to leave the other side alone; none when the caller's own schedule will do.
        retry_after: Option<Duration>,
        source: Cause,
    },
    #[error("{doing}")]
    Permanent { doing: String, source: Cause },
}

impl ChannelError {
    pub fn temporary(doing: impl Into<String>, cause: impl Into<Cause>) -> Self {
        Self::Temporary { doing: doing.into(), retry_after: None, source: cause.into() }
    }

    pub fn retry_after(doing: impl Into<String>, after: Duration, cause: impl Into<Cause>) -> Self {
        Self::Temporary { doing: doing.into(), retry_after: Some(after), source: cause.into() }
    }

    pub fn permanent(doing: impl Into<String>, cause: impl Into<Cause>) -> Self {
        Self::Permanent { doing: doing.into(), source: cause.into() }
    }

    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Permanent { .. })
    }
}
