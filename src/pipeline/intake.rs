//! Taking in: bytes are committed first, only then may the source forget them (promise 1).

use oblik_channels::error::ChannelError;
use oblik_channels::source::{DropSource, Fetch, Fetched, Look, MailSource, Settle, Sighting};
use oblik_crashpoint::point;
use oblik_domain::limits::{FILE_BYTES, MAIL_BYTES, QUEUE_ITEMS};
use oblik_store::{NewItem, Receipt, Result, SourceKind, StoreError};
use tracing::{info, warn};

use crate::House;

/// Messages fetched and committed at a time: IMAP is fastest at ten to fifty, and one durable commit carries them all.
const BATCH: usize = 32;
/// Bytes fetched at a time, so that fifty large messages do not lie in memory together.
const BATCH_BYTES: u64 = 64 * 1024 * 1024;

/// What a look at a source came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Taken {
    pub new: usize,
    pub duplicate: usize,
    pub quarantined: usize,
    /// Things that lie there and are never taken (odd names, folders, links).
    pub strange: usize,
    /// Intake rested because too much waits already; everything stays at its source.
    pub paused: bool,
}

/// What can go wrong while taking in.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    #[error(transparent)]
    Channel(#[from] ChannelError),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another daemon took the source over: what we were about to commit is its work now.
    #[error("the lease on {source_name} was lost")]
    LeaseLost { source_name: String },
}

/// A source that is open and ours.
enum Open<'a> {
    Mail(&'a mut MailSource),
    Drop(&'a mut DropSource),
}

impl Open<'_> {
    async fn list(&mut self) -> std::result::Result<Look, ChannelError> {
        point("before", "list");
        let look = match self {
            Self::Mail(source) => source.list().await,
            Self::Drop(source) => source.list().await,
        };
        point("after", "list");
        look
    }

    async fn fetch(&mut self, wanted: &[Sighting]) -> std::result::Result<Fetch, ChannelError> {
        point("before", "fetch");
        let fetch = match self {
            Self::Mail(source) => source.fetch(wanted).await,
            Self::Drop(source) => source.fetch(wanted).await,
        };
        point("after", "fetch");
        fetch
    }

    /// Moves one sighting at its source; the last thing that happens to it there.
    async fn settle(&mut self, sighting: &Sighting, how: Settle) -> std::result::Result<(), ChannelError> {
        point("before", "settle");
        match self {
            Self::Mail(source) => source.settle(sighting, how).await?,
            Self::Drop(source) => source.settle(sighting, how).await?,
        }
        point("after", "settle");
        Ok(())
    }

    fn kind(&self) -> SourceKind {
        match self {
            Self::Mail(_) => SourceKind::Mail,
            Self::Drop(_) => SourceKind::File,
        }
    }

    fn most_bytes(&self) -> u64 {
        match self {
            Self::Mail(_) => MAIL_BYTES,
            Self::Drop(_) => FILE_BYTES,
        }
    }
}

/// Takes in what lies in a mailbox. `fence` is the token of our lease on it.
pub async fn take_mailbox(
    house: &House,
    name: &str,
    fence: i64,
    source: &mut MailSource,
) -> std::result::Result<Taken, IntakeError> {
    take(house, name, fence, Open::Mail(source)).await
}

/// Takes in what lies in a partner's drop.
pub async fn take_drop(
    house: &House,
    name: &str,
    fence: i64,
    source: &mut DropSource,
) -> std::result::Result<Taken, IntakeError> {
    take(house, name, fence, Open::Drop(source)).await
}

async fn take(house: &House, name: &str, fence: i64, mut source: Open<'_>) -> std::result::Result<Taken, IntakeError> {
    let mut taken = Taken::default();
    let look = source.list().await?;
    taken.strange = look.strange.len();
    for strange in &look.strange {
        if house.is_news(name, &strange.label) {
            warn!(source = name, label = %strange.label, why = ?strange.why, "lies there and is not taken");
        }
    }
    let mut waiting = Vec::new();
    for sighting in look.ready {
        if sighting.size_bytes > source.most_bytes() {
            warn!(source = name, origin = %sighting.origin, size_bytes = sighting.size_bytes, "too large, set apart");
            note_too_large(house, name, &sighting).await?;
            source.settle(&sighting, Settle::Quarantine).await?;
            taken.quarantined += 1;
        } else {
            waiting.push(sighting);
        }
    }
    let mut rest = waiting.as_slice();
    while !rest.is_empty() {
        let batch = batch_of(rest);
        let (now, later) = rest.split_at(batch);
        rest = later;
        if !take_batch(house, name, fence, &mut source, now, &mut taken).await? {
            break;
        }
    }
    let mut tx = house.store.begin("source").await?;
    tx.source_went_well(name, house.now()).await?;
    tx.commit().await?;
    Ok(taken)
}

/// How many of the first sightings make a batch by number and by bytes; one at least.
fn batch_of(sightings: &[Sighting]) -> usize {
    let mut bytes: u64 = 0;
    let fits = sightings.iter().take(BATCH).take_while(|sighting| {
        bytes = bytes.saturating_add(sighting.size_bytes);
        bytes <= BATCH_BYTES
    });
    fits.count().max(1)
}

/// Takes one batch; false when intake rests.
async fn take_batch(
    house: &House,
    name: &str,
    fence: i64,
    source: &mut Open<'_>,
    batch: &[Sighting],
    taken: &mut Taken,
) -> std::result::Result<bool, IntakeError> {
    let origins: Vec<&str> = batch.iter().map(|sighting| sighting.origin.as_str()).collect();
    let mut tx = house.store.read().await?;
    let known = tx.known_origins(name, &origins).await?;
    let full = tx.items_waiting().await? >= QUEUE_ITEMS;
    tx.roll_back().await?;
    let (seen, unseen): (Vec<Sighting>, Vec<Sighting>) =
        batch.iter().cloned().partition(|sighting| known.contains(sighting.origin.as_str()));
    // Committed before, but not moved then: a crash lay between.
    for sighting in &seen {
        source.settle(sighting, Settle::Duplicate).await?;
        taken.duplicate += 1;
    }
    if full {
        taken.paused = true;
        return Ok(false);
    }
    if unseen.is_empty() {
        return Ok(true);
    }
    let fetch = source.fetch(&unseen).await?;
    for failed in &fetch.failed {
        warn!(source = name, origin = %failed.sighting.origin, error = %crate::station::report(&failed.error), "cannot be fetched");
    }
    let receipts = store(house, name, fence, source.kind(), &fetch.fetched).await?;
    for (fetched, receipt) in fetch.fetched.iter().zip(receipts) {
        let how = match receipt {
            Receipt::New(id) => {
                info!(item.id = id, source = name, origin = %fetched.sighting.origin, size_bytes = fetched.bytes.len(), "item received");
                taken.new += 1;
                Settle::Accepted
            }
            Receipt::Duplicate(id) => {
                info!(item.id = id, source = name, origin = %fetched.sighting.origin, "the same bytes again");
                taken.duplicate += 1;
                Settle::Duplicate
            }
        };
        source.settle(&fetched.sighting, how).await?;
    }
    Ok(true)
}

/// Commits what was fetched, in one transaction that first makes sure the source is still ours.
async fn store(
    house: &House,
    name: &str,
    fence: i64,
    kind: SourceKind,
    fetched: &[Fetched],
) -> std::result::Result<Vec<Receipt>, IntakeError> {
    let mut tx = house.store.begin("intake").await?;
    if !tx.holds_source(name, fence).await? {
        tx.roll_back().await?;
        return Err(IntakeError::LeaseLost { source_name: name.to_owned() });
    }
    let received_at = house.now();
    let mut receipts = Vec::with_capacity(fetched.len());
    for Fetched { sighting, bytes } in fetched {
        let new = NewItem { source: name, kind, origin: sighting.origin.as_str(), name: &sighting.name, bytes, received_at };
        let receipt = tx.receive(&new).await?;
        if let Receipt::New(id) = receipt {
            tx.journal(received_at, "item received", "item", id, &serde_json::json!({ "source": name, "origin": new.origin }));
        }
        receipts.push(receipt);
    }
    tx.commit().await?;
    Ok(receipts)
}

async fn note_too_large(house: &House, name: &str, sighting: &Sighting) -> Result<()> {
    let mut tx = house.store.begin("quarantine").await?;
    let detail = serde_json::json!({ "origin": sighting.origin.as_str(), "size_bytes": sighting.size_bytes });
    tx.journal(house.now(), "too large, set apart", "source", name, &detail);
    tx.commit().await
}

/// Takes one message in as if a mailbox named `source` had delivered it.
pub async fn take_message(house: &House, source: &str, label: &str, bytes: &[u8]) -> Result<Receipt> {
    take_one(house, source, SourceKind::Mail, label, label, bytes).await
}

/// Takes one partner file in as if a drop named `source` had delivered it; each call is a delivery of its own.
pub async fn take_file(house: &House, source: &str, name: &str, bytes: &[u8]) -> Result<Receipt> {
    let origin = format!("{name}:{}", house.now().timestamp_micros());
    take_one(house, source, SourceKind::File, name, &origin, bytes).await
}

async fn take_one(house: &House, source: &str, kind: SourceKind, name: &str, origin: &str, bytes: &[u8]) -> Result<Receipt> {
    let mut tx = house.store.begin("intake").await?;
    let received_at = house.now();
    let receipt = tx.receive(&NewItem { source, kind, origin, name, bytes, received_at }).await?;
    if let Receipt::New(id) = receipt {
        tx.journal(received_at, "item received", "item", id, &serde_json::json!({ "source": source, "origin": origin }));
    }
    tx.commit().await?;
    Ok(receipt)
}
