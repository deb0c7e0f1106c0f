//! Timestamps of our own signatures: asked one by one, the answer held against its request.

use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use oblik_channels::secret::SecretError;
use oblik_channels::timestamp::StampAuthority;
use oblik_config::{Level, SignatureLevel, WithoutTimestamp};
use oblik_signature::{Stamp, stamp_answer, stamp_request};

use crate::station::report;

/// Octets for a token of an authority that none was seen of: those of large chains have some six thousand.
const FIRST_ROOM: usize = 8 * 1024;
/// By how much tokens of one authority differ: numbers, fractions of seconds, the signature of ECDSA.
const SPARE_ROOM: usize = 64;
/// Longer than this no token is taken.
const MOST_ROOM: usize = 32 * 1024;
/// How far the authority's clock and ours may be apart.
pub(crate) const CLOCKS_APART: TimeDelta = TimeDelta::minutes(5);

/// Who answers requests for timestamps: an authority, or in tests a program.
pub trait AskStamp: Send + Sync {
    /// The answer to a `TimeStampReq`, or why there is none.
    fn ask<'a>(&'a self, request: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, String>>;

    /// What came was no answer to the request.
    fn was_useless(&self) {}
}

impl AskStamp for StampAuthority {
    fn ask<'a>(&'a self, request: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, String>> {
        async move { self.ask(request).await.map_err(|cause| report(&cause)) }.boxed()
    }

    fn was_useless(&self) {
        self.was_useless();
    }
}

/// How far documents are raised, and by whom. One for the whole process.
pub struct Stamping {
    pub level: Level,
    pub without: WithoutTimestamp,
    authority: Option<Box<dyn AskStamp>>,
    /// Octets of the largest token seen; 0 before the first.
    largest: AtomicUsize,
}

impl Stamping {
    pub(crate) fn open(config: &SignatureLevel) -> Result<Self, SecretError> {
        let authority = config.service.as_ref().map(StampAuthority::new).transpose()?;
        let authority = authority.map(|authority| -> Box<dyn AskStamp> { Box::new(authority) });
        Ok(Self::with(config.level, config.without, authority))
    }

    pub fn with(level: Level, without: WithoutTimestamp, authority: Option<Box<dyn AskStamp>>) -> Self {
        Self { level, without, authority, largest: AtomicUsize::new(0) }
    }

    /// Octets to reserve for a token.
    pub(crate) fn room(&self) -> usize {
        match (self.level, self.largest.load(Ordering::Relaxed)) {
            (Level::Basic, _) => 0,
            (_, 0) => FIRST_ROOM,
            (_, largest) => largest + SPARE_ROOM,
        }
    }

    /// A timestamp of what has this SHA-256.
    ///
    /// # Errors
    /// Why there is none, for the operator.
    pub(crate) async fn stamp(&self, sha256: [u8; 32], now: impl Fn() -> DateTime<Utc>) -> Result<Stamp, String> {
        let authority = self.authority.as_ref().ok_or("there is no authority of timestamps")?;
        let nonce = oblik_channels::clock::random_bytes::<16>().map_err(|cause| report(&cause))?;
        let answer = authority.ask(&stamp_request(&sha256, &nonce)).await?;
        let stamp = stamp_answer(&answer, &sha256, &nonce).map_err(|cause| {
            authority.was_useless();
            report(&cause)
        })?;
        if (stamp.made_by - now()).abs() > CLOCKS_APART {
            return Err(format!("the clock of the authority says {}, ours {}", stamp.made_by, now()));
        }
        if stamp.token.len() > MOST_ROOM {
            return Err(format!("the token has {} octets", stamp.token.len()));
        }
        self.largest.fetch_max(stamp.token.len(), Ordering::Relaxed);
        Ok(stamp)
    }
}
