//! An issuer's keys, open: those in files and those in tokens, looked at again while the daemon runs.
//!
//! A file that changed is opened anew. What cannot be opened never takes the place of a key that is open: the operator is told,
//! once. A token that is away is waited for, because intake and everything else need no key.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use oblik_channels::TokenKeyKind;
use oblik_channels::files::{self, Stamp};
use oblik_channels::pkcs11::{TokenError, TokenKey};
use oblik_config::{SigningKey, TokenKeyAt};
use oblik_signature::signing::Signer;
use oblik_signature::{KeyAlgorithm, RemoteKey, RemoteKeyError};
use tracing::{error, info};

use crate::house::{Assembly, read_key};
use crate::patience::{self, Patience, Waited};
use crate::station::report;

const WHAT: &str = "a key that signs";

/// Keys of one issuer.
#[derive(Debug)]
pub struct Keyring {
    /// The issuer, as the log names it.
    whose: String,
    slots: Mutex<Vec<Slot>>,
}

#[derive(Debug, Clone)]
struct Slot {
    at: SigningKey,
    open: Option<Arc<Signer>>,
    /// The key's files as they were when it was opened last, or when that failed.
    seen: Vec<Option<Stamp>>,
    /// What was told last of why it cannot be opened.
    trouble: Option<String>,
    patience: Patience,
}

impl Keyring {
    /// Opens the keys. May take as long as a token does: not for the threads of the runtime.
    ///
    /// # Errors
    /// [`Assembly`] when there is no key and none can be expected: nothing but files that cannot be opened.
    pub fn open(whose: impl Into<String>, keys: &[SigningKey]) -> Result<Self, Assembly> {
        let (mut slots, mut refused) = (Vec::new(), None);
        for at in keys {
            let patience = Patience::of(patience::DEVICE);
            let mut slot = Slot { at: at.clone(), open: None, seen: stamps(at), trouble: None, patience };
            match open(at, &slot.patience) {
                Ok(signer) => slot.open = Some(Arc::new(signer)),
                Err(cause) => {
                    slot.trouble = Some(report(&cause));
                    refused.get_or_insert(cause);
                }
            }
            slots.push(slot);
        }
        let hopeless = slots.iter().all(|slot| slot.open.is_none() && matches!(slot.at, SigningKey::File(_)));
        if let Some(cause) = refused.filter(|_| hopeless) {
            return Err(cause);
        }
        let ring = Self { whose: whose.into(), slots: Mutex::new(slots) };
        ring.slots().iter().filter_map(|slot| slot.trouble.as_ref()).for_each(|trouble| ring.tell(trouble));
        Ok(ring)
    }

    /// Keys that are open and lie nowhere.
    #[cfg(test)]
    pub(crate) fn of(signers: Vec<Arc<Signer>>) -> Self {
        let nowhere = oblik_config::KeyFile {
            pkcs12: std::path::PathBuf::new(),
            passphrase: oblik_config::Secret(std::path::PathBuf::new()),
        };
        let slot = |signer| Slot {
            at: SigningKey::File(nowhere.clone()),
            open: Some(signer),
            seen: Vec::new(),
            trouble: None,
            patience: Patience::of(patience::DEVICE),
        };
        Self { whose: "supplier".to_owned(), slots: Mutex::new(signers.into_iter().map(slot).collect()) }
    }

    /// Looks at every key again: opens what changed and what could not be opened before. How many keys are others now.
    pub fn look_again(&self) -> usize {
        let known = self.slots().clone();
        let mut changed = 0;
        for (position, mut slot) in known.into_iter().enumerate() {
            // Before it is read: what changes meanwhile is seen the next time.
            let seen = stamps(&slot.at);
            let waits_for_token = slot.open.is_none() && matches!(slot.at, SigningKey::Token(_));
            if seen == slot.seen && !waits_for_token {
                continue;
            }
            slot.seen = seen;
            match open(&slot.at, &slot.patience) {
                Ok(signer) => {
                    info!(issuer = self.whose, certificate.serial = signer.serial(), "a key was opened anew");
                    slot.open = Some(Arc::new(signer));
                    slot.trouble = None;
                    changed += 1;
                }
                Err(cause) => {
                    let trouble = report(&cause);
                    if slot.trouble.as_ref() != Some(&trouble) {
                        self.tell(&trouble);
                    }
                    slot.trouble = Some(trouble);
                }
            }
            if let Some(place) = self.slots().get_mut(position) {
                *place = slot;
            }
        }
        changed
    }

    fn tell(&self, trouble: &str) {
        error!(issuer = self.whose, error = trouble, "a key cannot be opened; what is open goes on");
    }

    /// The issuer, as the log names it.
    pub fn whose(&self) -> &str {
        &self.whose
    }

    /// All that are open, in the order of the configuration.
    pub fn signers(&self) -> Vec<Arc<Signer>> {
        self.slots().iter().filter_map(|slot| slot.open.clone()).collect()
    }

    /// Why keys cannot be opened, one line each.
    pub fn troubles(&self) -> Vec<String> {
        self.slots().iter().filter_map(|slot| slot.trouble.clone()).collect()
    }

    /// The key that signs at an instant: of those whose certificate is valid then the one that lasts longest. None signs with a
    /// certificate that has not begun or has ended.
    pub fn signer_at(&self, at: DateTime<Utc>) -> Option<Arc<Signer>> {
        let valid = self.signers().into_iter().filter(|signer| signer.not_before() <= at && at <= signer.not_after());
        valid.max_by_key(|signer| signer.not_after())
    }

    /// When the next certificate begins.
    pub fn next_after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.signers().iter().map(|signer| signer.not_before()).filter(|begins| *begins > at).min()
    }

    fn slots(&self) -> MutexGuard<'_, Vec<Slot>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stamps(at: &SigningKey) -> Vec<Option<Stamp>> {
    at.files().iter().map(|path| files::stamp(path)).collect()
}

fn open(at: &SigningKey, patience: &Patience) -> Result<Signer, Assembly> {
    match at {
        SigningKey::File(file) => read_key(WHAT, file, Signer::from_pkcs12),
        SigningKey::Token(at) => open_token(at, patience),
    }
}

fn open_token(at: &TokenKeyAt, patience: &Patience) -> Result<Signer, Assembly> {
    let name = || [&at.token, &at.serial, &at.key].into_iter().flatten().cloned().collect::<Vec<_>>().join(" ");
    let unusable = |reason: String| Assembly::Unusable { what: "a key in the token", path: name(), reason };
    let own = at.clone();
    let opened = patience.wait(move || {
        let key = TokenKey::open(&own)?;
        let certificates = if own.certificate.is_none() { key.certificates()? } else { Vec::new() };
        Ok::<_, TokenError>((key, certificates))
    });
    let (key, held) = opened.map_err(unusable)?.map_err(|cause| unusable(cause.told()))?;
    let certificates = match &at.certificate {
        Some(path) => {
            let source =
                |source| Assembly::File { what: "the certificate of a token's key", path: path.display().to_string(), source };
            let bytes = files::read(path).map_err(source)?;
            oblik_signature::certificates_of(&bytes).map_err(|cause| unusable(format!("{}: {cause}", path.display())))?
        }
        None => held,
    };
    if certificates.is_empty() {
        return Err(unusable(
            "the token holds no certificate under the key's identifier; name a file by certificate = \"…\"".to_owned(),
        ));
    }
    Signer::with_key(&certificates, Box::new(Waited::new(InToken(key), patience.clone())))
        .map_err(|cause| unusable(report(&cause)))
}

/// A token's key as the signature package asks it.
struct InToken(TokenKey);

impl RemoteKey for InToken {
    fn algorithm(&self) -> KeyAlgorithm {
        match self.0.kind() {
            TokenKeyKind::Rsa => KeyAlgorithm::Rsa,
            TokenKeyKind::P256 => KeyAlgorithm::P256,
            TokenKeyKind::P384 => KeyAlgorithm::P384,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, RemoteKeyError> {
        self.0.sign(message).map_err(|cause| RemoteKeyError(cause.told()))
    }
}
