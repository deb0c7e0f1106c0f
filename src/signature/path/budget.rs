//! What one verdict on a path may cost, over all the paths that are tried and all that is judged on the way (T20, T21).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::certificate::Certificate;

/// Signature checks of one search, whether remembered from before or not. An honest message needs three to ten.
const CHECKS_MAX: usize = 100;

/// What was signed, of whose certificates it is asked, under which root, how deep and as of when.
type Key = ([u8; 32], [u8; 32], [u8; 32], usize, DateTime<Utc>);

/// Who signed a list or an answer, and may.
#[derive(Debug, Clone)]
pub(super) enum Signer {
    /// The issuer of the certificate it is about.
    Issuer,
    Other(Arc<Certificate>),
}

impl Signer {
    /// His certificate, where it is not of the path.
    pub fn witness(self) -> Option<Arc<Certificate>> {
        match self {
            Self::Issuer => None,
            Self::Other(certificate) => Some(certificate),
        }
    }
}

#[derive(Debug)]
pub(super) struct Budget {
    checks_left: Cell<usize>,
    is_overdrawn: Cell<bool>,
    signers: RefCell<HashMap<Key, Option<Signer>>>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { checks_left: Cell::new(CHECKS_MAX), is_overdrawn: Cell::new(false), signers: RefCell::default() }
    }
}

impl Budget {
    pub const CHECKS_MAX: usize = CHECKS_MAX;

    /// Whether one more check may be made.
    pub fn spend(&self) -> bool {
        let left = self.checks_left.get().checked_sub(1);
        self.checks_left.set(left.unwrap_or(0));
        self.is_overdrawn.set(self.is_overdrawn.get() || left.is_none());
        left.is_some()
    }

    /// Whether something was left unchecked.
    pub fn is_overdrawn(&self) -> bool {
        self.is_overdrawn.get()
    }

    pub fn remembered(&self, key: Key, compute: impl FnOnce() -> Option<Signer>) -> Option<Signer> {
        if let Some(known) = self.signers.borrow().get(&key) {
            return known.clone();
        }
        let signer = compute();
        self.signers.borrow_mut().insert(key, signer.clone());
        signer
    }
}
