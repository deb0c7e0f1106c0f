//! What the stations share: the store, the keys, the rules and the clock.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::issuing::Issuers;
use crate::{Online, Stamping};
use chrono::{DateTime, TimeDelta, Utc};
use oblik_config::{Config, KeyFile};
use oblik_documents::Typesetter;
use oblik_domain::finding::Finding;
use oblik_mail::Message;
use oblik_signature::{Decryptor, Policy, Trust};
use oblik_store::{Lease, Place, Store, StoreError};

/// How long a claim lasts. A station's turn takes well under a second; a daemon that died is waited for this long.
const LEASE_LASTS: TimeDelta = TimeDelta::seconds(120);

/// Everything the stations work with. Cheap to clone.
#[derive(Clone)]
pub struct House {
    pub store: Store,
    pub config: Arc<Config>,
    pub trust: Arc<Trust>,
    pub policy: Arc<Policy>,
    /// Fetching of what certificates point to, when the configuration names hosts.
    pub online: Option<Arc<Online>>,
    /// Who stamps the time of our signatures, and how far they are raised.
    pub stamping: Arc<Stamping>,
    pub issuers: Arc<Issuers>,
    /// Keys that mail may be encrypted to.
    pub decryptors: Arc<Vec<Decryptor>>,
    pub typesetter: Arc<Typesetter>,
    /// Names this process in leases.
    pub owner: Arc<str>,
    pub(crate) clock: fn() -> DateTime<Utc>,
    /// What lies at sources and is never taken, as far as it was told: once is enough.
    told: Arc<Mutex<BTreeSet<(String, String)>>>,
}

/// Odd things remembered at most; past this they are told again.
const TOLD_MOST: usize = 10_000;

/// Why a house cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum Assembly {
    #[error("open the database")]
    Store(#[from] StoreError),
    #[error("read {what} {path}")]
    File {
        what: &'static str,
        path: String,
        #[source]
        source: std::io::Error,
    },
    #[error("{what} {path}: {reason}")]
    Unusable { what: &'static str, path: String, reason: String },
    #[error("open the keys: the module of a token broke")]
    Broken,
    #[error("read the passphrase of a key")]
    Secret(#[from] oblik_channels::secret::SecretError),
    #[error("name this process")]
    Randomness(#[from] oblik_channels::clock::NoRandomness),
    #[error("prepare the fonts")]
    Documents(#[from] oblik_documents::DocumentError),
}

impl House {
    /// Opens everything a configuration names.
    ///
    /// # Errors
    /// [`Assembly`] names what cannot be opened.
    pub async fn open(config: Config) -> Result<Self, Assembly> {
        let place = match &config.store {
            oblik_config::StoreAt::Sqlite(path) => Place::Sqlite(path.clone()),
            oblik_config::StoreAt::Postgres(url) => Place::Postgres(url.clone()),
        };
        let (trust, policy) = read_trust(&config)?;
        let online = config.trust.online.as_ref().map(|online| open_online(online, &config.state_dir)).transpose()?;
        let at = config.clone();
        // A token may take its time, and the runtime's threads have none.
        let issuers = tokio::task::spawn_blocking(move || Issuers::open(&at)).await.map_err(|_| Assembly::Broken)??;
        let decryptors = config.decryption.iter().map(read_decryptor).collect::<Result<_, _>>()?;
        let stamping = Stamping::open(&config.signature_level)?;
        let typesetter = Typesetter::new()?;
        let store = Store::open(&place).await?;
        Ok(Self {
            store,
            config: Arc::new(config),
            trust: Arc::new(trust),
            policy: Arc::new(policy),
            online,
            stamping: Arc::new(stamping),
            issuers: Arc::new(issuers),
            decryptors: Arc::new(decryptors),
            typesetter: Arc::new(typesetter),
            owner: oblik_channels::clock::random_id()?.into(),
            clock: oblik_channels::clock::now,
            told: Arc::default(),
        })
    }

    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Whether an odd thing at a source was not told yet.
    pub(crate) fn is_news(&self, source: &str, label: &str) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.len() >= TOLD_MOST {
            told.clear();
        }
        told.insert((source.to_owned(), label.to_owned()))
    }

    /// A claim as of now.
    pub fn lease(&self) -> Lease {
        Lease { owner: self.owner.to_string(), now: self.now(), lasts: LEASE_LASTS }
    }

    /// The domain of our letters' Message-IDs.
    pub fn mail_domain(&self) -> &str {
        self.config.mail.from_address.rsplit_once('@').map_or("localhost", |(_, domain)| domain)
    }
}

/// Anchors, intermediates, revocation lists and policy, as the configuration names them.
pub(crate) fn read_trust(config: &Config) -> Result<(Trust, Policy), Assembly> {
    let mut trust = Trust::default();
    let unusable =
        |what, path: &std::path::Path, reason: String| Assembly::Unusable { what, path: path.display().to_string(), reason };
    let add = |what: &'static str,
               path: &std::path::Path,
               each: &mut dyn FnMut(&[u8]) -> Result<usize, oblik_signature::TrustError>| {
        for (file, bytes) in oblik_channels::files::read_folder(path).map_err(|source| Assembly::File {
            what,
            path: path.display().to_string(),
            source,
        })? {
            each(&bytes).map_err(|reason| unusable(what, &file, reason.to_string()))?;
        }
        Ok::<(), Assembly>(())
    };
    if let Some(path) = &config.trust.anchors {
        add("trust anchors", path, &mut |bytes| trust.add_anchors(bytes))?;
    }
    if let Some(path) = &config.trust.intermediates {
        add("intermediate certificates", path, &mut |bytes| trust.add_intermediates(bytes))?;
    }
    if let Some(path) = &config.trust.crls {
        add("revocation lists", path, &mut |bytes| trust.add_crls(bytes))?;
    }
    let policy = match &config.trust.policy {
        None => Policy::embedded(),
        Some(path) => {
            let text = oblik_channels::files::read_text(path).map_err(|source| Assembly::File {
                what: "signature policy",
                path: path.display().to_string(),
                source,
            })?;
            Policy::parse(&text).map_err(|reason| unusable("signature policy", path, reason.to_string()))?
        }
    };
    if let Some(list) = &config.trust.list {
        crate::trusted_list::add(list, &config.state_dir, &mut trust, &policy)?;
    }
    Ok((trust, policy))
}

/// Fetching, with its cache in `online` of the state folder.
///
/// # Errors
/// [`Assembly::File`] when the folder cannot be made.
pub fn open_online(config: &oblik_config::Online, state_dir: &std::path::Path) -> Result<Arc<Online>, Assembly> {
    let dir = state_dir.join("online");
    Online::open(config, &dir).map_err(|source| Assembly::File {
        what: "what was fetched, in",
        path: dir.display().to_string(),
        source,
    })
}

fn read_decryptor(file: &KeyFile) -> Result<Decryptor, Assembly> {
    read_key("a key that mail is encrypted to", file, Decryptor::from_pkcs12)
}

pub(crate) fn read_key<Key, Reason: ToString>(
    what: &'static str,
    file: &KeyFile,
    open: impl FnOnce(&[u8], &str) -> Result<Key, Reason>,
) -> Result<Key, Assembly> {
    let path = file.pkcs12.display().to_string();
    let bytes =
        oblik_channels::files::read(&file.pkcs12).map_err(|source| Assembly::File { what, path: path.clone(), source })?;
    let passphrase = oblik_channels::secret::read(&file.passphrase)?;
    open(&bytes, &passphrase).map_err(|reason| Assembly::Unusable { what, path, reason: reason.to_string() })
}

/// A message as received, opened where it is encrypted to us.
///
/// # Errors
/// As [`Message::parse`].
pub(crate) fn parse(raw: &[u8], decryptors: &[Decryptor]) -> Result<Message, Finding> {
    Message::parse_opening(raw, &|cms| oblik_signature::open(cms, decryptors).ok().map(|plain| plain.to_vec()))
}
