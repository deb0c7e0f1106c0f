//! What one verdict may cost: each search for a path, over all the paths that are tried and all that is judged on the way, and
//! all searches of a file together (T20, T21).

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::certificate::Certificate;

/// Signature checks of one search, whether remembered from before or not. An honest message needs three to ten.
pub(super) const CHECKS_MAX: usize = 100;

/// Signature checks of one file: of all its signers, timestamps and counter-signatures. An archive of two signers, renewed ten
/// times, needs some two hundred.
const FILE_CHECKS_MAX: usize = 1_000;

/// Signature checks that are left for a file.
#[derive(Debug)]
pub(crate) struct Effort(Cell<usize>);

impl Default for Effort {
    fn default() -> Self {
        Self::of(FILE_CHECKS_MAX)
    }
}

impl Effort {
    pub fn of(checks: usize) -> Self {
        Self(Cell::new(checks))
    }

    fn spend(&self) -> bool {
        let left = self.0.get().checked_sub(1);
        self.0.set(left.unwrap_or(0));
        left.is_some()
    }
}

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
pub(super) struct Budget<'a> {
    effort: &'a Effort,
    checks_left: Cell<usize>,
    is_overdrawn: Cell<bool>,
    signers: RefCell<HashMap<Key, Option<Signer>>>,
}

impl<'a> Budget<'a> {
    pub fn new(effort: &'a Effort) -> Self {
        Self { effort, checks_left: Cell::new(CHECKS_MAX), is_overdrawn: Cell::new(false), signers: RefCell::default() }
    }

    /// Whether one more check may be made.
    pub fn spend(&self) -> bool {
        let left = self.checks_left.get().checked_sub(1);
        self.checks_left.set(left.unwrap_or(0));
        let may = left.is_some() && self.effort.spend();
        self.is_overdrawn.set(self.is_overdrawn.get() || !may);
        may
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
