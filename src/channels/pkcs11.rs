//! Keys in smart cards and hardware modules: the maker's library (PKCS #11 v2.40), a token of it, a private key.
//!
//! The library runs in this process and may block for as long as its device does: nothing here is called on the threads of the
//! runtime. A PIN that was refused is never tried again, because a token locks itself after a few; a session that died is opened
//! anew once. The login belongs to the token and this process, so the sessions of all keys share it.

use std::path::Path;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use cryptoki::error::Error;
use cryptoki::object::{Attribute, AttributeType, CertificateType, ObjectClass};
use cryptoki::session::Session;
use oblik_config::TokenKeyAt;

use crate::pkcs11_session::{Opened, TokenKeyKind};
use crate::pkcs11_token::Token;
use crate::secret::SecretError;

/// Sessions of one key at most; tokens have few, and two cores ask for two.
const SESSIONS_MOST: usize = 8;

/// Why a token gave no key or no signature. No PIN stands in it.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("load the module {module}")]
    Module { module: String, source: Error },
    #[error("no token {token} is present")]
    TokenAbsent { token: String },
    #[error("several tokens are {token}: name the serial number, too")]
    TokenAmbiguous { token: String },
    #[error("no private key {key} is in the token {token}")]
    KeyAbsent { key: String, token: String },
    #[error("several private keys of the token {token} are {key}: name label and identifier")]
    KeyAmbiguous { key: String, token: String },
    #[error("the key {key} of the token {token} is neither RSA nor ECDSA over P-256 or P-384")]
    KeyKind { key: String, token: String },
    #[error("the token {token} offers no mechanism for the key {key}")]
    Mechanism { key: String, token: String },
    #[error("the PIN of the token {token} was refused, and is not tried again until its file holds another one")]
    PinRefused { token: String },
    #[error("the token {token} says that one more wrong PIN locks it: log in once with its maker's tool")]
    PinLastTry { token: String },
    #[error("the token {token} is locked")]
    PinLocked { token: String },
    #[error("the token {token} asks for a PIN, and none is configured")]
    PinMissing { token: String },
    #[error("read the PIN of the token {token}")]
    Pin { token: String, source: SecretError },
    #[error("{doing} (token {token})")]
    Failed { doing: &'static str, token: String, source: Error },
}

impl TokenError {
    /// Whether only a person can mend it: the same would be said again.
    pub fn needs_a_person(&self) -> bool {
        !matches!(self, Self::TokenAbsent { .. } | Self::Failed { .. })
    }

    /// The error with its causes, in one line.
    pub fn told(&self) -> String {
        let causes = std::iter::successors(std::error::Error::source(self), |cause| cause.source());
        causes.fold(self.to_string(), |text, cause| format!("{text}: {cause}"))
    }
}

/// A private key in a token. Cheap to ask from many threads at once.
pub struct TokenKey {
    token: Token,
    kind: TokenKeyKind,
    pool: Mutex<Pool>,
    freed: Condvar,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Opened>,
    /// Lent and idle.
    open: usize,
}

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenKey({} in {})", self.token.key_name(), self.token.name())
    }
}

impl TokenKey {
    /// Loads the module, finds the token, logs in and finds the key.
    ///
    /// # Errors
    /// [`TokenError`] names what is absent, refused or failed.
    pub fn open(at: &TokenKeyAt) -> Result<Self, TokenError> {
        let token = Token::of(at)?;
        let first = Opened::of(&token)?;
        let kind = first.kind();
        let pool = Mutex::new(Pool { idle: vec![first], open: 1 });
        Ok(Self { token, kind, pool, freed: Condvar::new() })
    }

    pub fn kind(&self) -> TokenKeyKind {
        self.kind
    }

    /// The signature of `message`, which is not digested yet: RSASSA-PKCS1-v1_5 with SHA-256, or r and s of ECDSA one after the
    /// other, with the digest of the curve's size.
    ///
    /// # Errors
    /// [`TokenError`], after a session that died was opened anew once.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        self.with_session(|opened| opened.sign(&self.token, message))
    }

    /// The certificates (DER) that the token holds under the key's identifier; none where it holds none.
    ///
    /// # Errors
    /// As [`Self::sign`].
    pub fn certificates(&self) -> Result<Vec<Vec<u8>>, TokenError> {
        self.with_session(|opened| {
            let read = certificates(opened.session(), opened.id());
            read.map_err(|source| self.token.failed("read the certificate", source))
        })
    }

    fn with_session<T>(&self, work: impl Fn(&Opened) -> Result<T, TokenError>) -> Result<T, TokenError> {
        let place = self.place();
        if let Some(opened) = place.idle() {
            match work(&opened) {
                Ok(done) => {
                    place.keep(opened);
                    return Ok(done);
                }
                Err(cause) if cause.needs_a_person() => return Err(cause),
                // The session died, and with it all of the token's.
                Err(_) => {
                    drop(opened);
                    self.forget();
                }
            }
        }
        let opened = Opened::of(&self.token)?;
        if opened.kind() != self.kind {
            let (key, token) = (self.token.key_name(), self.token.name());
            return Err(TokenError::KeyKind { key, token });
        }
        let done = work(&opened)?;
        place.keep(opened);
        Ok(done)
    }

    /// Waits for a place among the sessions.
    fn place(&self) -> Place<'_> {
        let mut pool = self.pool();
        while pool.idle.is_empty() && pool.open >= SESSIONS_MOST {
            pool = self.freed.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
        let idle = pool.idle.pop();
        if idle.is_none() {
            pool.open += 1;
        }
        Place { of: self, idle: Mutex::new(idle) }
    }

    fn forget(&self) {
        let dead = {
            let mut pool = self.pool();
            pool.open = pool.open.saturating_sub(pool.idle.len());
            std::mem::take(&mut pool.idle)
        };
        // Closed before another is opened: a module may use their numbers again.
        drop(dead);
        self.freed.notify_all();
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place among the sessions of a key, free again when dropped.
struct Place<'k> {
    of: &'k TokenKey,
    idle: Mutex<Option<Opened>>,
}

impl Place<'_> {
    fn idle(&self) -> Option<Opened> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, opened: Opened) {
        let mut pool = self.of.pool();
        pool.idle.push(opened);
        // What the drop takes away.
        pool.open += 1;
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut pool = self.of.pool();
        pool.open = pool.open.saturating_sub(1);
        self.of.freed.notify_one();
    }
}

fn certificates(session: &Session, id: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    let template = [
        Attribute::Class(ObjectClass::CERTIFICATE),
        Attribute::CertificateType(CertificateType::X_509),
        Attribute::Id(id.to_vec()),
    ];
    let mut found = Vec::new();
    for object in session.find_objects(&template)? {
        for attribute in session.get_attributes(object, &[AttributeType::Value])? {
            if let Attribute::Value(der) = attribute {
                found.push(der);
            }
        }
    }
    Ok(found)
}

/// A path as errors show it.
pub(crate) fn shown(path: &Path) -> String {
    path.display().to_string()
}
