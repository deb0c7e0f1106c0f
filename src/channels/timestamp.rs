//! The authority of timestamps: one address, asked by POST (RFC 3161 §3.4).
//!
//! It is asked as whatever certificates point to is asked: its host and nobody else, bounded in size and time, left alone for a
//! while when it fails. What it answers the caller holds against the request.

use std::time::Duration;

use oblik_config::TimestampAuthority;

use crate::fetch::{FetchError, Fetcher, Patience, What};
use crate::secret::{self, SecretError};

/// Invoices wait for it: an authority that takes longer is as good as silent.
const PATIENCE: Patience =
    Patience { connect: Duration::from_secs(5), silence: Duration::from_secs(10), whole: Duration::from_secs(15) };

#[derive(Debug)]
pub struct StampAuthority {
    fetcher: Fetcher,
    url: String,
}

impl StampAuthority {
    /// # Errors
    /// [`SecretError`] when the password cannot be read.
    pub fn new(service: &TimestampAuthority) -> Result<Self, SecretError> {
        let mut fetcher = Fetcher::new(service.online.clone(), PATIENCE);
        if let Some(file) = &service.ca_file {
            fetcher = fetcher.trusting(file.clone());
        }
        if let Some((user, password)) = &service.login {
            fetcher = fetcher.authorized(user, &secret::read(password)?);
        }
        Ok(Self { fetcher, url: service.url.clone() })
    }

    /// The answer to a `TimeStampReq`, as it came.
    ///
    /// # Errors
    /// [`FetchError`]
    pub async fn ask(&self, request: &[u8]) -> Result<Vec<u8>, FetchError> {
        self.fetcher.fetch(What::Timestamp, &self.url, request).await
    }

    /// What came was no answer to the request: it is not asked again at once.
    pub fn was_useless(&self) {
        self.fetcher.was_useless(&self.url);
    }
}
