//! What the stations share: the store, the keys, the rules and the clock.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use oblik_config::Config;
use oblik_documents::Typesetter;
use oblik_signature::signing::Signer;
use oblik_signature::{Policy, Trust};
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
    pub signer: Arc<Signer>,
    pub typesetter: Arc<Typesetter>,
    /// Names this process in leases.
    pub owner: Arc<str>,
    clock: fn() -> DateTime<Utc>,
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
    #[error("read the passphrase of the supplier's key")]
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
        let signer = read_signer(&config)?;
        let typesetter = Typesetter::new()?;
        let store = Store::open(&place).await?;
        Ok(Self {
            store,
            config: Arc::new(config),
            trust: Arc::new(trust),
            policy: Arc::new(policy),
            signer: Arc::new(signer),
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
    add("trust anchors", &config.trust.anchors, &mut |bytes| trust.add_anchors(bytes))?;
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
    Ok((trust, policy))
}

fn read_signer(config: &Config) -> Result<Signer, Assembly> {
    let path = &config.signing.pkcs12;
    let bytes = oblik_channels::files::read(path).map_err(|source| Assembly::File {
        what: "the supplier's key",
        path: path.display().to_string(),
        source,
    })?;
    let passphrase = oblik_channels::secret::read(&config.signing.passphrase)?;
    Signer::from_pkcs12(&bytes, &passphrase).map_err(|reason| Assembly::Unusable {
        what: "the supplier's key",
        path: path.display().to_string(),
        reason: reason.to_string(),
    })
}
