//! Named places where the crash harness may stop the process.
//!
//! There is one before and one after every commit and every call to the outside, so a new station or channel has them
//! without asking. In an ordinary build they are nothing; the feature `armed` belongs to the harness alone.

/// A place where the process may be stopped. `name` says what is about to happen or has just happened.
#[cfg(not(feature = "armed"))]
#[inline]
pub fn point(_before_or_after: &str, _name: &str) {}

/// A place where the process may be stopped: with `OBLIK_CRASH_AT=after:commit:bill#2` by SIGKILL at its second passage.
///
/// Each passage is noted in the file `OBLIK_CRASH_NOTES`, from which the harness learns which places there are.
#[cfg(feature = "armed")]
pub fn point(before_or_after: &str, name: &str) {
    armed::point(&format!("{before_or_after}:{name}"));
}

#[cfg(feature = "armed")]
mod armed {
    use std::collections::HashMap;
    use std::io::Write as _;
    use std::sync::{Mutex, PoisonError};

    static PASSAGES: Mutex<Option<HashMap<String, u32>>> = Mutex::new(None);

    pub fn point(place: &str) {
        if let Ok(notes) = std::env::var("OBLIK_CRASH_NOTES")
            && let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(notes)
        {
            // One write: others append at the same time.
            let _ = file.write_all(format!("{place}\n").as_bytes());
        }
        let Ok(wanted) = std::env::var("OBLIK_CRASH_AT") else { return };
        let (wanted_place, wanted_passage) = wanted.rsplit_once('#').unwrap_or((&wanted, "1"));
        if wanted_place != place {
            return;
        }
        let mut passages = PASSAGES.lock().unwrap_or_else(PoisonError::into_inner);
        let passage = passages.get_or_insert_default().entry(place.to_owned()).or_insert(0);
        *passage += 1;
        if wanted_passage.parse() == Ok(*passage) {
            kill();
        }
    }

    /// SIGKILL, as a power cut would look to the process: no destructor and no handler runs.
    fn kill() {
        let pid = std::process::id().to_string();
        let _ = std::process::Command::new("kill").args(["-KILL", &pid]).status();
        loop {
            std::thread::park();
        }
    }
}
