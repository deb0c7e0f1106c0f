//! How long a device is waited for: the library of a token runs in this process, and may never come back from a call.
//!
//! Such a call cannot be ended. It keeps its thread, nobody waits for it beyond its time, and until it comes back no other is begun.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use oblik_signature::{KeyAlgorithm, RemoteKey, RemoteKeyError};

/// A card signs in a second or two, and a few may stand in line before it. A claim lasts two minutes.
pub(crate) const DEVICE: Duration = Duration::from_secs(30);

/// Waits for one device. Its copies know of each other's calls.
#[derive(Debug, Clone)]
pub(crate) struct Patience {
    longest: Duration,
    /// Calls that are waited for no more and did not come back yet.
    lost: Arc<AtomicUsize>,
}

impl Patience {
    pub fn of(longest: Duration) -> Self {
        Self { longest, lost: Arc::default() }
    }

    /// What `work` comes to.
    ///
    /// # Errors
    /// Why nothing came of it in time.
    pub fn wait<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
        if self.lost.load(Ordering::Acquire) > 0 {
            return Err("the token still does not come back from an earlier call".to_owned());
        }
        let (done, came) = mpsc::sync_channel(1);
        let state = Arc::new(AtomicUsize::new(WAITED_FOR));
        let call = Call { state: Arc::clone(&state), lost: Arc::clone(&self.lost) };
        let begun = thread::Builder::new().name("token".to_owned()).spawn(move || {
            let outcome = work();
            drop(call);
            // Nobody may be there any more.
            let _ = done.send(outcome);
        });
        begun.map_err(|cause| format!("no thread for the token: {cause}"))?;
        match came.recv_timeout(self.longest) {
            Ok(outcome) => Ok(outcome),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err("the call of the token ended without an answer".to_owned()),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                // First counted, then told: the call that comes back now takes itself off.
                self.lost.fetch_add(1, Ordering::AcqRel);
                if state.swap(GIVEN_UP, Ordering::AcqRel) == BACK {
                    self.lost.fetch_sub(1, Ordering::AcqRel);
                }
                Err(format!("the token did not answer within {} s", self.longest.as_secs()))
            }
        }
    }
}

const WAITED_FOR: usize = 0;
const GIVEN_UP: usize = 1;
const BACK: usize = 2;

/// A call under way; it ends with the value, by a panic too.
struct Call {
    state: Arc<AtomicUsize>,
    lost: Arc<AtomicUsize>,
}

impl Drop for Call {
    fn drop(&mut self) {
        if self.state.swap(BACK, Ordering::AcqRel) == GIVEN_UP {
            self.lost.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// A key that is waited for only so long.
pub(crate) struct Waited<K> {
    key: Arc<K>,
    patience: Patience,
}

impl<K: RemoteKey> Waited<K> {
    pub fn new(key: K, patience: Patience) -> Self {
        Self { key: Arc::new(key), patience }
    }
}

impl<K: RemoteKey + 'static> RemoteKey for Waited<K> {
    fn algorithm(&self) -> KeyAlgorithm {
        self.key.algorithm()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, RemoteKeyError> {
        let (key, message) = (Arc::clone(&self.key), message.to_vec());
        self.patience.wait(move || key.sign(&message)).map_err(RemoteKeyError)?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_does_not_come_back_is_waited_for_once_and_others_begin_when_it_has() {
        let patience = Patience::of(Duration::from_millis(100));
        assert_eq!(patience.wait(|| 7), Ok(7));
        let (free, held) = mpsc::channel::<()>();
        let late = patience.wait(move || held.recv().is_ok());
        assert!(late.unwrap_err().contains("did not answer"));
        for _ in 0..3 {
            assert!(patience.clone().wait(|| 7).unwrap_err().contains("earlier call"));
        }
        drop(free);
        let mut looks = 0;
        while patience.wait(|| 7) != Ok(7) {
            looks += 1;
            assert!(looks < 500, "it came back, and is waited for still");
            thread::sleep(Duration::from_millis(10));
        }
    }

    #[test]
    fn a_call_that_dies_is_an_answer_too() {
        let patience = Patience::of(Duration::from_secs(10));
        let died = patience.wait(|| panic!("the module died"));
        assert_eq!(died.map(|()| 0), Err("the call of the token ended without an answer".to_owned()));
        assert_eq!(patience.wait(|| 7), Ok(7));
    }
}
