//! The rounds: one task for each mailbox, drop and station, and one for the post. They wake each other; the state column
//! tells what there is to do, so a missed call costs a second and nothing else.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use oblik_channels::error::ChannelError;
use oblik_channels::source::{DropSource, MailSource, Woke};
use oblik_config::{Drop, Mailbox, Schedule};
use oblik_pipeline::{House, IntakeError, Postman, Taken, Turn, take_drop, take_mailbox};
use oblik_store::{Lease, StoreError};
use tokio::sync::{Notify, watch};
use tracing::{info, warn};

use crate::schedule::next_after;

/// A source is ours for this long, unless we say again that we live: another daemon waits no longer for a dead one.
const SOURCE_LEASE: TimeDelta = TimeDelta::minutes(1);
/// How often that is said; a database that is away for half a minute costs no lease.
const SOURCE_PULSE: Duration = Duration::from_secs(15);
/// How long a round rests when nothing called it: another daemon's work is found this soon.
const REST: Duration = Duration::from_secs(1);
/// After the store failed.
const STORE_REST: Duration = Duration::from_secs(5);
/// After a source failed: doubling from the first to the last.
const SOURCE_REST: Duration = Duration::from_secs(10);
const SOURCE_REST_MOST: Duration = Duration::from_mins(10);
/// Another daemon has the source; it may have died.
const TAKEN_REST: Duration = Duration::from_secs(20);

/// What the rounds share.
#[derive(Clone)]
pub(crate) struct Bells {
    /// Something was taken in or took a step.
    pub work: Arc<Notify>,
    /// A letter may be due.
    pub post: Arc<Notify>,
    /// Turn true when the rounds shall end: intake first, then the stations, the post last.
    pub intake_ends: watch::Receiver<bool>,
    pub stations_end: watch::Receiver<bool>,
    pub post_ends: watch::Receiver<bool>,
}

async fn ended(mut flag: watch::Receiver<bool>) {
    // A sender that is gone has ended everything.
    let _ = flag.wait_for(|ended| *ended).await;
}

/// Sleeps until the bell, the time, or the end; true at the end.
pub(crate) async fn rest(bell: Arc<Notify>, time: Duration, end: watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = bell.notified() => false,
        () = tokio::time::sleep(time) => false,
        () = ended(end) => true,
    }
}

/// A station's round. Ends with an error only when the device under the database fails: then the handle must not be used
/// again.
pub(crate) async fn station(house: House, name: &'static str, bells: Bells) -> Result<(), StoreError> {
    while !*bells.stations_end.borrow() {
        match oblik_pipeline::turn(&house, name).await {
            Ok(Turn { moved: 0, .. }) => {
                if rest(bells.work.clone(), REST, bells.stations_end.clone()).await {
                    break;
                }
            }
            Ok(_) => {
                bells.work.notify_waiters();
                bells.post.notify_waiters();
            }
            Err(cause) if cause.is_device_failure() => return Err(cause),
            Err(cause) => {
                warn!(station = name, error = %told(&cause), "the store failed, the station rests");
                if rest(Arc::default(), STORE_REST, bells.stations_end.clone()).await {
                    break;
                }
            }
        }
    }
    Ok(())
}

/// The post's round.
pub(crate) async fn post(house: House, bells: Bells) -> Result<(), StoreError> {
    let postman = Postman::new(&house);
    while !*bells.post_ends.borrow() {
        match postman.turn(&house).await {
            Ok(Turn { moved: 0, .. }) => {
                if rest(bells.post.clone(), REST, bells.post_ends.clone()).await {
                    break;
                }
            }
            Ok(_) => {}
            Err(cause) if cause.is_device_failure() => return Err(cause),
            Err(cause) => {
                warn!(error = %told(&cause), "the store failed, the post rests");
                if rest(Arc::default(), STORE_REST, bells.post_ends.clone()).await {
                    break;
                }
            }
        }
    }
    postman.close().await;
    Ok(())
}

/// A source as its round sees it.
pub(crate) enum Source {
    Mailbox(Mailbox),
    Drop(Drop),
}

enum Open {
    Mailbox(MailSource),
    Drop(DropSource),
}

impl Source {
    /// Its name in the store.
    fn name(&self) -> String {
        match self {
            Self::Mailbox(mailbox) => format!("mailbox:{}", mailbox.name),
            Self::Drop(drop) => format!("drop:{}", drop.name),
        }
    }

    fn schedule(&self) -> &Schedule {
        match self {
            Self::Mailbox(mailbox) => &mailbox.schedule,
            Self::Drop(drop) => &drop.schedule,
        }
    }

    fn idles(&self) -> bool {
        matches!(self, Self::Mailbox(Mailbox { at: oblik_config::MailboxAt::Imap(imap), .. }) if imap.idle)
    }

    async fn open(&self) -> Result<Open, ChannelError> {
        Ok(match self {
            Self::Mailbox(mailbox) => Open::Mailbox(MailSource::open(mailbox).await?),
            Self::Drop(drop) => Open::Drop(DropSource::open(drop).await?),
        })
    }
}

impl Open {
    async fn take(&mut self, house: &House, name: &str, fence: i64) -> Result<Taken, IntakeError> {
        match self {
            Self::Mailbox(source) => take_mailbox(house, name, fence, source).await,
            Self::Drop(source) => take_drop(house, name, fence, source).await,
        }
    }

    async fn close(self) {
        match self {
            Self::Mailbox(source) => source.close().await,
            Self::Drop(source) => source.close().await,
        }
    }
}

fn source_lease(house: &House) -> Lease {
    Lease { lasts: SOURCE_LEASE, ..house.lease() }
}

/// Keeps a lease alive beside whatever is done under it; ends when it is lost.
async fn keep(house: &House, name: &str, fence: Option<i64>) {
    let Some(fence) = fence else { return std::future::pending().await };
    loop {
        tokio::time::sleep(SOURCE_PULSE).await;
        let renewed = async {
            let mut tx = house.store.begin("source").await?;
            let ours = tx.renew_source(name, fence, &source_lease(house)).await?;
            tx.commit().await?;
            Ok::<_, StoreError>(ours)
        };
        match renewed.await {
            Ok(true) => {}
            Ok(false) => return,
            // It may still hold; what is taken in is only committed when it does.
            Err(cause) => warn!(source = name, error = %told(&cause), "the lease could not be renewed"),
        }
    }
}

async fn take_lease(house: &House, name: &str) -> Result<Option<i64>, StoreError> {
    let mut tx = house.store.begin("source").await?;
    let fence = tx.take_source(name, &source_lease(house)).await?;
    tx.commit().await?;
    Ok(fence)
}

async fn give_back(house: &House, name: &str, fence: i64) -> Result<(), StoreError> {
    let mut tx = house.store.begin("source").await?;
    tx.give_source_back(name, fence).await?;
    tx.commit().await
}

/// A source's round: look, take in, wait for the schedule or for the server's word.
pub(crate) async fn intake(house: House, source: Source, bells: Bells) -> Result<(), StoreError> {
    let name = source.name();
    let mut open: Option<Open> = None;
    let mut pause = SOURCE_REST;
    let mut held = None;
    while !*bells.intake_ends.borrow() {
        let looked = look(&house, &source, &name, &mut open, &mut held).await;
        let wait = match looked {
            Ok(Some(taken)) => {
                pause = SOURCE_REST;
                if taken.new > 0 {
                    bells.work.notify_waiters();
                }
                if taken.paused {
                    warn!(source = name, "intake rests: too much waits already");
                }
                None
            }
            Ok(None) => Some(TAKEN_REST),
            Err(IntakeError::Store(cause)) if cause.is_device_failure() => return Err(cause),
            Err(cause) => {
                // A source is spent after any error.
                open = None;
                let text = told(&cause);
                let now = asked_to_rest(&cause).unwrap_or(pause).max(pause);
                warn!(source = name, error = %text, rest_s = now.as_secs(), "the source could not be read");
                note_trouble(&house, &name, &text).await;
                // Another daemon may reach what we do not.
                if let Some(fence) = held.take()
                    && let Err(cause) = give_back(&house, &name, fence).await
                {
                    warn!(source = name, error = %told(&cause), "the lease was not given back, it runs out");
                }
                pause = (pause * 2).min(SOURCE_REST_MOST);
                Some(now)
            }
        };
        let next = next_after(source.schedule(), house.now(), Duration::ZERO);
        let until_next = (next - house.now()).to_std().unwrap_or_default();
        let end = ended(bells.intake_ends.clone());
        let lost = keep(&house, &name, held);
        match (wait, open.as_mut()) {
            (Some(wait), _) => tokio::select! { () = tokio::time::sleep(wait) => {}, () = end => {}, () = lost => {} },
            (None, Some(Open::Mailbox(mailbox))) if source.idles() => {
                let woke = tokio::select! { woke = mailbox.wait(until_next) => Some(woke), () = end => None, () = lost => None };
                match woke {
                    Some(Ok(Woke::NewMail | Woke::Timeout)) => {}
                    // The source is spent: by an error, or because its wait was cut short.
                    Some(Err(cause)) => {
                        info!(source = name, error = %told(&cause), "waiting for mail ended, opening anew");
                        open = None;
                        tokio::time::sleep(REST).await;
                    }
                    None => open = None,
                }
            }
            (None, _) => tokio::select! { () = tokio::time::sleep(until_next) => {}, () = end => {}, () = lost => {} },
        }
    }
    if let Some(open) = open {
        open.close().await;
    }
    match held {
        Some(fence) => give_back(&house, &name, fence).await,
        None => Ok(()),
    }
}

/// How long the other side must be left alone, when the fault says so: servers lock accounts after refused logins.
fn asked_to_rest(cause: &IntakeError) -> Option<Duration> {
    match cause {
        IntakeError::Channel(ChannelError::Temporary { retry_after, .. }) => *retry_after,
        _ => None,
    }
}

/// One look at a source; `None` while another daemon has it.
async fn look(
    house: &House,
    source: &Source,
    name: &str,
    open: &mut Option<Open>,
    held: &mut Option<i64>,
) -> Result<Option<Taken>, IntakeError> {
    let Some(fence) = take_lease(house, name).await? else {
        *open = None;
        *held = None;
        return Ok(None);
    };
    *held = Some(fence);
    if open.is_none() {
        *open = Some(source.open().await?);
    }
    let Some(opened) = open.as_mut() else { return Ok(None) };
    let taken = tokio::select! {
        taken = opened.take(house, name, fence) => taken?,
        // Cut short in the midst, the source is spent.
        () = keep(house, name, *held) => return Err(IntakeError::LeaseLost { source_name: name.to_owned() }),
    };
    Ok(Some(taken))
}

async fn note_trouble(house: &House, name: &str, text: &str) {
    let noted = async {
        let mut tx = house.store.begin("source").await?;
        tx.source_troubled(name, text).await?;
        tx.commit().await
    };
    if let Err(cause) = noted.await {
        warn!(source = name, error = %told(&cause), "its trouble could not be noted");
    }
}

/// Looks at every mailbox and drop once, for the demo and for tests of one pass: what was taken in, all together.
///
/// # Errors
/// The first source that cannot be read.
pub async fn look_once(house: &House) -> Result<Taken, IntakeError> {
    let mailboxes = house.config.mailboxes.iter().cloned().map(Source::Mailbox);
    let mut all = Taken::default();
    for source in mailboxes.chain(house.config.drops.iter().cloned().map(Source::Drop)) {
        let (name, mut open, mut held) = (source.name(), None, None);
        if let Some(taken) = look(house, &source, &name, &mut open, &mut held).await? {
            all.new += taken.new;
            all.duplicate += taken.duplicate;
            all.quarantined += taken.quarantined;
            all.strange += taken.strange;
        }
        if let Some(open) = open {
            open.close().await;
        }
        if let Some(fence) = held {
            give_back(house, &name, fence).await?;
        }
    }
    Ok(all)
}

/// An error with its causes, in one line.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
