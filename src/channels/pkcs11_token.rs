//! A token: its module, which is loaded once for the whole process, its slot, which may move, and its login.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::{Slot, TokenInfo};
use cryptoki::types::AuthPin;
use oblik_config::TokenKeyAt;

use crate::pkcs11::{TokenError, shown};
use crate::secret;

/// Modules of this process. A library is initialized once and never finalized: a house that ends must not take the sessions of
/// the one that follows it.
static MODULES: Mutex<BTreeMap<PathBuf, Arc<Module>>> = Mutex::new(BTreeMap::new());

struct Module {
    library: Pkcs11,
    /// Digests of PINs that were refused, by token. Held while a login is tried: one at a time.
    refused: Mutex<BTreeMap<String, Vec<u8>>>,
}

/// A token that is configured; it need not be present.
pub(crate) struct Token {
    pub at: TokenKeyAt,
    module: Arc<Module>,
}

impl Token {
    pub fn of(at: &TokenKeyAt) -> Result<Self, TokenError> {
        let module = module(&at.module).map_err(|source| TokenError::Module { module: shown(&at.module), source })?;
        Ok(Self { at: at.clone(), module })
    }

    /// The token as messages name it.
    pub fn name(&self) -> String {
        match (&self.at.token, &self.at.serial) {
            (Some(label), Some(serial)) => format!("{label} ({serial})"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => String::new(),
        }
    }

    pub fn key_name(&self) -> String {
        let id = self.at.id.as_deref().map(hex::encode);
        self.at.key.iter().cloned().chain(id).collect::<Vec<_>>().join(" ")
    }

    pub fn failed(&self, doing: &'static str, source: Error) -> TokenError {
        TokenError::Failed { doing, token: self.name(), source }
    }

    pub fn library(&self) -> &Pkcs11 {
        &self.module.library
    }

    /// Where the token is now.
    pub fn slot(&self) -> Result<(Slot, TokenInfo), TokenError> {
        let slots = match self.library().get_slots_with_token() {
            // So it is after the module was shut down under us, or in a process that forked.
            Err(Error::Pkcs11(RvError::CryptokiNotInitialized, _)) => {
                initialize(self.library()).and_then(|()| self.library().get_slots_with_token())
            }
            slots => slots,
        };
        let slots = slots.map_err(|source| self.failed("list the slots", source))?;
        // A slot that cannot be looked at is another's matter.
        let tokens = slots.into_iter().filter_map(|slot| Some((slot, self.library().get_token_info(slot).ok()?)));
        let is = |named: &Option<String>, found: &str| named.as_ref().is_none_or(|name| name.trim() == found.trim());
        let mut found = tokens.filter(|(_, info)| is(&self.at.token, info.label()) && is(&self.at.serial, info.serial_number()));
        match (found.next(), found.next()) {
            (None, _) => Err(TokenError::TokenAbsent { token: self.name() }),
            (Some(one), None) => Ok(one),
            (Some(_), Some(_)) => Err(TokenError::TokenAmbiguous { token: self.name() }),
        }
    }

    /// Logs in, unless the process is logged in already.
    pub fn login(&self, session: &Session, info: &TokenInfo) -> Result<(), TokenError> {
        if info.login_required() { self.log_in(session, info, UserType::User) } else { Ok(()) }
    }

    /// The PIN once more, for a key that wants it before each signature.
    pub fn confirm(&self, session: &Session) -> Result<(), TokenError> {
        let (_, info) = self.slot()?;
        self.log_in(session, &info, UserType::ContextSpecific)
    }

    fn log_in(&self, session: &Session, info: &TokenInfo, user: UserType) -> Result<(), TokenError> {
        let token = self.name();
        let mut refused = self.module.refused.lock().unwrap_or_else(PoisonError::into_inner);
        if info.user_pin_locked() {
            return Err(TokenError::PinLocked { token });
        }
        let which = format!("{} {}", info.serial_number(), info.label());
        let Some(file) = &self.at.pin else {
            if !info.protected_authentication_path() {
                return Err(TokenError::PinMissing { token });
            }
            return settled(session.login(user, None)).map_err(|source| self.failed("log in", source));
        };
        let pin = secret::read(file).map_err(|source| TokenError::Pin { token: self.name(), source })?;
        let digest = digest::digest(&digest::SHA256, pin.as_bytes()).as_ref().to_vec();
        if refused.get(&which) == Some(&digest) {
            return Err(TokenError::PinRefused { token });
        }
        if info.user_pin_final_try() {
            return Err(TokenError::PinLastTry { token });
        }
        match settled(session.login(user, Some(&AuthPin::from(pin.as_str())))) {
            Ok(()) => {
                refused.remove(&which);
                Ok(())
            }
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinInvalid | RvError::PinLenRange | RvError::PinExpired, _)) => {
                refused.insert(which, digest);
                Err(TokenError::PinRefused { token })
            }
            Err(Error::Pkcs11(RvError::PinLocked, _)) => {
                refused.insert(which, digest);
                Err(TokenError::PinLocked { token })
            }
            Err(source) => Err(self.failed("log in", source)),
        }
    }
}

/// Another session of this process may have logged in before.
fn settled(login: Result<(), Error>) -> Result<(), Error> {
    match login {
        Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
        login => login,
    }
}

fn module(path: &Path) -> Result<Arc<Module>, Error> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let library = Pkcs11::new(path)?;
    initialize(&library)?;
    let module = Arc::new(Module { library, refused: Mutex::default() });
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn initialize(library: &Pkcs11) -> Result<(), Error> {
    match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => Ok(()),
        initialized => initialized,
    }
}
