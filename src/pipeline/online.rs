//! What a judge wanted, from memory, from disk or from the network.
//!
//! Everything fetched is read once and held to what it should be. What was fetched before is used while its maker says that it is
//! the newest and it is not older than the configuration wants; when the judge wants it still, it is fetched anew. The same thing
//! is never fetched twice at the same time, and what comes too late for one turn is there for the next.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt as _;
use futures::future::{BoxFuture, Shared};
use oblik_channels::fetch::{Fetcher, Patience, What};
use oblik_channels::fetch_cache::FetchCache;
use oblik_signature::{Fetched, Trust, Wanted, WantedKind};
use tracing::{debug, warn};

use crate::station::report;

/// Addresses of one thing that are tried.
const ADDRESSES: usize = 4;
/// What says nothing of a newer one is taken for the newest so long.
const UNSAID: TimeDelta = TimeDelta::hours(1);
/// What was fetched within this time is not fetched again, however old its maker says it is: a turn asks several times, and the
/// next look at what waits comes later.
const JUST_NOW: TimeDelta = TimeDelta::minutes(4);
/// Things looked for at the same time; past it what is wanted is had later.
const COMING_MOST: usize = 4096;
/// A certificate of an issuer does not change; a new one has mostly a new address.
const CERTIFICATE_LASTS: TimeDelta = TimeDelta::days(7);
/// What was read and is held in memory, by the octets it was read from.
const MEMORY_BYTES: usize = 24 * 1024 * 1024;

/// Why an address gave nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missed {
    /// Another time perhaps.
    ForNow(String),
    ForGood(String),
}

/// Where bytes come from: the network, or in tests a table.
pub trait Fetch: Send + Sync {
    fn fetch<'a>(&'a self, kind: WantedKind, url: &'a str, request: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Missed>>;

    /// What came from `url` was not what it should be.
    fn was_useless(&self, _url: &str) {}
}

impl Fetch for Fetcher {
    fn fetch<'a>(&'a self, kind: WantedKind, url: &'a str, request: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, Missed>> {
        let what = match kind {
            WantedKind::Certificate => What::Certificate,
            WantedKind::RevocationList => What::RevocationList,
            WantedKind::OcspResponse => What::OcspResponse,
        };
        let fetch = async move {
            let fetched = self.fetch(what, url, request).await;
            fetched
                .map_err(|error| if error.may_pass() { Missed::ForNow(report(&error)) } else { Missed::ForGood(report(&error)) })
        };
        fetch.boxed()
    }

    fn was_useless(&self, url: &str) {
        self.was_useless(url);
    }
}

/// What asking for something came to.
#[derive(Debug, Clone)]
pub enum Obtained {
    Got(Held),
    /// Not now.
    Later,
    Never,
}

/// Something fetched, and when.
#[derive(Debug, Clone)]
pub struct Held {
    pub fetched: Fetched,
    pub at: DateTime<Utc>,
    kind: WantedKind,
    size: usize,
}

type Coming = Shared<BoxFuture<'static, Obtained>>;

/// Fetching with a memory. One for the whole process.
pub struct Online {
    fetch: Box<dyn Fetch>,
    /// What outlives the process; a command without a folder of its own has none.
    cache: Option<FetchCache>,
    max_age: TimeDelta,
    clock: fn() -> DateTime<Utc>,
    memory: Mutex<HashMap<String, Held>>,
    coming: Mutex<HashMap<String, Coming>>,
}

impl Online {
    /// Fetching as the configuration allows it, with a cache in the folder `dir`.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(config: &oblik_config::Online, dir: &std::path::Path) -> std::io::Result<Arc<Self>> {
        let cache = FetchCache::open(dir, config.cache_bytes)?;
        Ok(Self::fetching(config, Some(cache)))
    }

    /// The same without anything kept on disk.
    pub fn without_cache(config: &oblik_config::Online) -> Arc<Self> {
        Self::fetching(config, None)
    }

    fn fetching(config: &oblik_config::Online, cache: Option<FetchCache>) -> Arc<Self> {
        let fetcher = Fetcher::new(config.clone(), Patience::default());
        let max_age = TimeDelta::from_std(config.max_age).unwrap_or(TimeDelta::hours(12));
        Self::with(Box::new(fetcher), cache, max_age, oblik_channels::clock::now)
    }

    pub(crate) fn with(
        fetch: Box<dyn Fetch>,
        cache: Option<FetchCache>,
        max_age: TimeDelta,
        clock: fn() -> DateTime<Utc>,
    ) -> Arc<Self> {
        Arc::new(Self { fetch, cache, max_age, clock, memory: Mutex::default(), coming: Mutex::default() })
    }

    /// `base` with the lists and certificates that are held and still the newest: most acts need nothing else.
    pub fn trust(&self, base: &Arc<Trust>) -> Arc<Trust> {
        let now = (self.clock)();
        let memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        let is_shared = |held: &&Held| held.kind != WantedKind::OcspResponse && self.is_newest(held, now);
        let mut held = memory.values().filter(is_shared).peekable();
        if held.peek().is_none() {
            return Arc::clone(base);
        }
        let mut trust = Trust::clone(base);
        held.for_each(|held| trust.add_fetched(&held.fetched));
        Arc::new(trust)
    }

    /// Begins to look for what is wanted, or joins who looks for it already; the work goes on when nobody waits for it any more.
    /// What was fetched before `fresh` does not do.
    pub fn obtain(self: &Arc<Self>, wanted: &Wanted, fresh: Option<DateTime<Utc>>) -> impl Future<Output = Obtained> + use<> {
        let name = name_of(wanted);
        let mut coming = self.coming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(joined) = coming.get(&name) {
            return joined.clone();
        }
        if coming.len() >= COMING_MOST {
            return futures::future::ready(Obtained::Later).boxed().shared();
        }
        let (this, own, wanted) = (Arc::clone(self), name.clone(), wanted.clone());
        let task = tokio::spawn(async move {
            let obtained = this.look(&wanted, fresh).await;
            this.coming.lock().unwrap_or_else(PoisonError::into_inner).remove(&own);
            obtained
        });
        let shared = async move { task.await.unwrap_or(Obtained::Later) }.boxed().shared();
        coming.insert(name, shared.clone());
        shared
    }

    async fn look(&self, wanted: &Wanted, fresh: Option<DateTime<Utc>>) -> Obtained {
        let now = (self.clock)();
        let urls = || wanted.urls.iter().take(ADDRESSES);
        for url in urls() {
            if let Some(held) = self.kept(wanted, url).await
                && (is_just_now(&held, now) || self.is_newest(&held, now) && fresh.is_none_or(|fresh| held.at > fresh))
            {
                return Obtained::Got(held);
            }
        }
        let mut obtained = Obtained::Never;
        for url in urls() {
            match self.fetch.fetch(wanted.kind, url, &wanted.request).await {
                Ok(bytes) => {
                    if let Some(held) = self.keep(wanted, url, bytes, now).await {
                        return Obtained::Got(held);
                    }
                    warn!(url, kind = ?wanted.kind, "what was fetched is not what it should be");
                    self.fetch.was_useless(url);
                    obtained = Obtained::Later;
                }
                Err(Missed::ForNow(cause)) => {
                    debug!(url, cause, "not fetched for now");
                    obtained = Obtained::Later;
                }
                Err(Missed::ForGood(cause)) => debug!(url, cause, "not fetched"),
            }
        }
        obtained
    }

    fn is_newest(&self, held: &Held, now: DateTime<Utc>) -> bool {
        let lasts = match (held.kind, held.fetched.newest_until()) {
            (WantedKind::Certificate, _) => return now - held.at <= CERTIFICATE_LASTS,
            (_, Some(until)) if until <= now => return false,
            (_, Some(_)) => self.max_age,
            (_, None) => self.max_age.min(UNSAID),
        };
        // What was fetched by a clock that was ahead is fetched anew.
        held.at <= now && now - held.at <= lasts
    }

    /// What memory or disk has of an address.
    async fn kept(&self, wanted: &Wanted, url: &str) -> Option<Held> {
        let key = FetchCache::key(url, &wanted.request);
        let held = self.memory.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        if held.as_ref().is_some_and(|held| held.kind == wanted.kind) {
            return held;
        }
        let (cache, wanted, own) = (self.cache.clone(), wanted.clone(), key.clone());
        let read = move || {
            let kept = cache?.get(&own)?;
            let fetched = Fetched::read(wanted.kind, &wanted.request, &kept.bytes)?;
            Some(Held { fetched, at: kept.fetched_at, kind: wanted.kind, size: kept.bytes.len() })
        };
        let held = tokio::task::spawn_blocking(read).await.ok()??;
        self.remember(key, held.clone());
        Some(held)
    }

    /// Reads what came and keeps it; `None` when it is not what was wanted.
    async fn keep(&self, wanted: &Wanted, url: &str, bytes: Vec<u8>, at: DateTime<Utc>) -> Option<Held> {
        let key = FetchCache::key(url, &wanted.request);
        let (cache, wanted, own) = (self.cache.clone(), wanted.clone(), key.clone());
        let read = move || {
            let fetched = Fetched::read(wanted.kind, &wanted.request, &bytes)?;
            if let Some(Err(cause)) = cache.map(|cache| cache.put(&own, at, &bytes)) {
                warn!(error = %cause, "what was fetched is not kept on disk");
            }
            Some(Held { fetched, at, kind: wanted.kind, size: bytes.len() })
        };
        let held = tokio::task::spawn_blocking(read).await.ok()??;
        self.remember(key, held.clone());
        Some(held)
    }

    fn remember(&self, key: String, held: Held) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.insert(key, held);
        while memory.values().map(|held| held.size).sum::<usize>() > MEMORY_BYTES {
            let oldest = memory.iter().min_by_key(|(_, held)| held.at).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            memory.remove(&oldest);
        }
    }
}

fn is_just_now(held: &Held, now: DateTime<Utc>) -> bool {
    held.at <= now && now - held.at <= JUST_NOW
}

/// Tells what is wanted from everything else that may be.
pub(crate) fn name_of(wanted: &Wanted) -> String {
    FetchCache::key(&format!("{:?} {}", wanted.kind, wanted.urls.join(" ")), &wanted.request)
}
