//! Who is asked how often: a few at a time of one host, and a host that fails is left alone for a while.
//!
//! Fifteen thousand acts may wait for the same dead server; the first of them finds that out and the others do not ask.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::Instant;

/// Exchanges with one host at the same time.
const AT_ONCE: usize = 4;
/// The first pause after a failure; it doubles with each further one.
const PAUSE_LEAST: Duration = Duration::from_secs(15);
const PAUSE_MOST: Duration = Duration::from_mins(10);
/// Names remembered at most: with `*.name` in the list of hosts a stranger may make up any number.
const REMEMBERED: usize = 4096;

#[derive(Debug, Default)]
pub(crate) struct Hosts {
    known: Mutex<HashMap<String, Arc<Semaphore>>>,
    pauses: Mutex<HashMap<String, Pause>>,
}

#[derive(Debug, Clone, Copy)]
struct Pause {
    failures: u32,
    until: Instant,
}

impl Hosts {
    /// The turnstile of a host.
    pub fn turnstile(&self, host: &str) -> Arc<Semaphore> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED {
            known.retain(|_, turnstile| turnstile.available_permits() < AT_ONCE);
        }
        Arc::clone(known.entry(host.to_owned()).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))))
    }

    /// How long `what` (a host, or one address at it) is still left alone.
    pub fn paused(&self, what: &str, now: Instant) -> Option<Duration> {
        let pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        let left = pauses.get(what)?.until.saturating_duration_since(now);
        (!left.is_zero()).then_some(left)
    }

    pub fn failed(&self, what: &str, now: Instant) {
        let mut pauses = self.pauses.lock().unwrap_or_else(PoisonError::into_inner);
        if pauses.len() >= REMEMBERED {
            pauses.retain(|_, pause| pause.until > now);
        }
        if pauses.len() >= REMEMBERED {
            pauses.clear();
        }
        let pause = pauses.entry(what.to_owned()).or_insert(Pause { failures: 0, until: now });
        // Exchanges that failed while it was left alone already had begun before: they say nothing new.
        if pause.until > now {
            return;
        }
        let doubled = 2_u32.saturating_pow(pause.failures.min(16));
        pause.failures = pause.failures.saturating_add(1);
        pause.until = now + PAUSE_LEAST.saturating_mul(doubled).min(PAUSE_MOST);
    }

    pub fn succeeded(&self, what: &str) {
        self.pauses.lock().unwrap_or_else(PoisonError::into_inner).remove(what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_pause_doubles_up_to_ten_minutes_and_ends_with_a_success() {
        let hosts = Hosts::default();
        let mut now = Instant::now();
        assert_eq!(hosts.paused("dead.example", now), None);
        for seconds in [15, 30, 60, 120, 240, 480, 600, 600] {
            hosts.failed("dead.example", now);
            hosts.failed("dead.example", now);
            assert_eq!(hosts.paused("dead.example", now), Some(Duration::from_secs(seconds)));
            assert_eq!(hosts.paused("other.example", now), None);
            now += Duration::from_secs(seconds);
            assert_eq!(hosts.paused("dead.example", now), None);
        }
        hosts.failed("dead.example", now);
        hosts.succeeded("dead.example");
        assert_eq!(hosts.paused("dead.example", now), None);
        hosts.failed("dead.example", now);
        assert_eq!(hosts.paused("dead.example", now), Some(PAUSE_LEAST));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let hosts = Hosts::default();
        for n in 0..(REMEMBERED + 10) {
            drop(hosts.turnstile(&format!("{n}.example")));
        }
        assert!(hosts.known.lock().unwrap().len() <= REMEMBERED);
    }
}
