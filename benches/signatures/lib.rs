//! What is verified for the figures, and the time it took.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "only figures use it")]

pub mod chain;
pub mod large;

use std::time::Duration;

/// Processor time of this thread so far.
pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}
