//! The two times of a judgement: when it is given, and by when the signature was there.

use chrono::{DateTime, Utc};

/// When a verdict is given and by when what is judged provably existed.
///
/// A moment alone stands for both. An act that waits for the status of its certificates is judged at a later `now`, with what is
/// known then, and its arrival stays the proof that it is no younger ("best signature time", EN 319 102-1 §5.5.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moments {
    pub now: DateTime<Utc>,
    proven: DateTime<Utc>,
}

impl Moments {
    /// `proven` is never later than `now`.
    pub fn new(now: DateTime<Utc>, proven: DateTime<Utc>) -> Self {
        Self { now, proven: proven.min(now) }
    }

    pub fn proven(&self) -> DateTime<Utc> {
        self.proven
    }
}

impl From<DateTime<Utc>> for Moments {
    fn from(moment: DateTime<Utc>) -> Self {
        Self::new(moment, moment)
    }
}
