//! What every station does the same: claim, read and ask, decide and commit, in batches that share one durable commit.
//!
//! The durable commit is the bottleneck, not the cryptography, so a turn commits many answers at once. When a batch does
//! not commit, each answer is committed alone, so that one that cannot does not hold up the others.

use std::future::Future;

use chrono::TimeDelta;
use oblik_domain::limits::ITEM_ATTEMPTS;
use oblik_store::{Claimed, Lease, Result, StoreError, Tx};
use tracing::{info, warn};

use crate::House;

/// Things a turn claims at most. Fifty answers a commit carry 6 000 rows a second where one carries a hundred.
const BATCH: i64 = 64;

/// Why a station could not answer.
#[derive(Debug, Clone)]
pub enum Trouble {
    /// The world's: again, later. The default for anything unknown.
    Retry { cause: String, after: TimeDelta },
    /// The world's as well, and foreseen: nobody can tell now. It wears out no attempt.
    Wait { cause: String, due: chrono::DateTime<chrono::Utc> },
    /// Ours, or past help: a person must look.
    Park { cause: String },
}

impl Trouble {
    pub fn retry(cause: impl Into<String>) -> Self {
        Self::Retry { cause: cause.into(), after: TimeDelta::seconds(30) }
    }

    pub fn park(cause: impl Into<String>) -> Self {
        Self::Park { cause: cause.into() }
    }
}

/// What a turn came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turn {
    /// Things that took a step.
    pub moved: usize,
    /// Things given back or parked.
    pub troubled: usize,
}

/// A place in the row.
pub(crate) trait Station: Sync {
    /// What is claimed.
    type Work: Send + Sync;
    /// What the pure function made of it.
    type Answer: Send + Sync;
    const NAME: &'static str;

    fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> impl Future<Output = Result<Vec<Claimed<Self::Work>>>> + Send;

    /// Reads what is needed and asks what it means; one answer for each claim, in order.
    fn ask(
        &self,
        house: &House,
        claimed: &[Claimed<Self::Work>],
    ) -> impl Future<Output = Result<Vec<std::result::Result<Self::Answer, Trouble>>>> + Send;

    /// Makes one answer true.
    fn commit(
        &self,
        house: &House,
        tx: &mut Tx,
        claimed: &Claimed<Self::Work>,
        answer: &Self::Answer,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Gives a claim back, due at the lease's time.
    fn put_back(
        &self,
        tx: &mut Tx,
        claimed: &Claimed<Self::Work>,
        due: chrono::DateTime<chrono::Utc>,
    ) -> impl Future<Output = Result<()>> + Send;

    /// Gives a claim back that waits for the world, without wearing out an attempt. Most stations wait for nothing.
    fn let_wait(
        &self,
        house: &House,
        tx: &mut Tx,
        claimed: &Claimed<Self::Work>,
        due: chrono::DateTime<chrono::Utc>,
    ) -> impl Future<Output = Result<()>> + Send {
        let _ = house;
        self.put_back(tx, claimed, due)
    }

    /// The item this work belongs to, for parking; `None` when it belongs to none.
    fn item(&self, tx: &mut Tx, claimed: &Claimed<Self::Work>) -> impl Future<Output = Result<Option<i64>>> + Send;
}

/// Lets a station make one turn.
pub(crate) async fn turn<S: Station>(house: &House, station: &S) -> Result<Turn> {
    let lease = house.lease();
    // A look that writes nothing costs no durable commit: claim only when something waits.
    let mut tx = house.store.begin(S::NAME).await?;
    let mut claimed = station.claim(&mut tx, &lease, BATCH).await?;
    if claimed.is_empty() {
        // What was tried before goes alone.
        claimed = station.claim(&mut tx, &lease, 1).await?;
    }
    if claimed.is_empty() {
        tx.roll_back().await?;
        return Ok(Turn::default());
    }
    tx.commit().await?;

    let (tired, fresh): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|claim| claim.attempt > ITEM_ATTEMPTS);
    let mut outcome = Turn::default();
    for claim in &tired {
        let cause = format!("{}: {} attempts did not end", S::NAME, claim.attempt - 1);
        give_up(house, station, claim, &cause).await?;
        outcome.troubled += 1;
    }
    if fresh.is_empty() {
        return Ok(outcome);
    }

    let answers = station.ask(house, &fresh).await?;
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (claim, answer) in fresh.iter().zip(answers) {
        match answer {
            Ok(answer) => good.push((claim, answer)),
            Err(trouble) => bad.push((claim, trouble)),
        }
    }
    outcome.moved = commit_all(house, station, &good, &mut bad).await?;
    outcome.troubled += bad.len();
    for (claim, trouble) in bad {
        set_aside(house, station, claim, trouble).await?;
    }
    Ok(outcome)
}

async fn commit_all<'a, S: Station>(
    house: &House,
    station: &S,
    good: &[(&'a Claimed<S::Work>, S::Answer)],
    bad: &mut Vec<(&'a Claimed<S::Work>, Trouble)>,
) -> Result<usize> {
    if good.is_empty() {
        return Ok(0);
    }
    match commit_together(house, station, good).await {
        Ok(()) => return Ok(good.len()),
        Err(cause) if cause.is_device_failure() => return Err(cause),
        Err(cause) if good.len() == 1 => {
            bad.extend(good.first().map(|(claim, _)| (*claim, trouble_of(&cause))));
            return Ok(0);
        }
        Err(cause) => warn!(station = S::NAME, error = %cause, "batch did not commit, each alone now"),
    }
    let mut moved = 0;
    for one in good {
        match commit_together(house, station, std::slice::from_ref(one)).await {
            Ok(()) => moved += 1,
            Err(cause) if cause.is_device_failure() => return Err(cause),
            Err(cause) => bad.push((one.0, trouble_of(&cause))),
        }
    }
    Ok(moved)
}

async fn commit_together<S: Station>(house: &House, station: &S, answers: &[(&Claimed<S::Work>, S::Answer)]) -> Result<()> {
    let mut tx = house.store.begin(S::NAME).await?;
    for (claim, answer) in answers {
        station.commit(house, &mut tx, claim, answer).await?;
    }
    tx.commit().await
}

/// A step the table does not have is ours to mend; anything else may pass by itself.
fn trouble_of(cause: &StoreError) -> Trouble {
    match cause {
        StoreError::ForbiddenStep { .. } | StoreError::Meaning { .. } => Trouble::park(report(cause)),
        _ => Trouble::retry(report(cause)),
    }
}

/// An error with its causes, in one line.
pub(crate) fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

async fn set_aside<S: Station>(house: &House, station: &S, claim: &Claimed<S::Work>, trouble: Trouble) -> Result<()> {
    match trouble {
        Trouble::Park { cause } => give_up(house, station, claim, &format!("{}: {cause}", S::NAME)).await,
        Trouble::Wait { cause, due } => {
            info!(station = S::NAME, id = claim.id, %due, cause, "waits");
            let mut tx = house.store.begin(S::NAME).await?;
            match station.let_wait(house, &mut tx, claim, due).await {
                Ok(()) => tx.commit().await,
                Err(StoreError::LeaseLost { .. }) => tx.roll_back().await,
                Err(cause) => Err(cause),
            }
        }
        Trouble::Retry { cause, .. } if claim.attempt >= ITEM_ATTEMPTS => {
            give_up(house, station, claim, &format!("{}: {} attempts failed, the last with: {cause}", S::NAME, claim.attempt))
                .await
        }
        Trouble::Retry { cause, after } => {
            warn!(station = S::NAME, id = claim.id, attempt = claim.attempt, error = %cause, "put back, to be tried again");
            let mut tx = house.store.begin(S::NAME).await?;
            match station.put_back(&mut tx, claim, house.now() + after).await {
                Ok(()) => tx.commit().await,
                // Somebody else has it by now.
                Err(StoreError::LeaseLost { .. }) => tx.roll_back().await,
                Err(cause) => Err(cause),
            }
        }
    }
}

async fn give_up<S: Station>(house: &House, station: &S, claim: &Claimed<S::Work>, cause: &str) -> Result<()> {
    let mut tx = house.store.begin(S::NAME).await?;
    let now = house.now();
    let item = match station.item(&mut tx, claim).await? {
        Some(item) if tx.may_be_parked(item).await? => item,
        // An invoice that an operator asked for, or whose mail was answered before: it is tried again, more slowly.
        _ => {
            warn!(station = S::NAME, id = claim.id, error = cause, "cannot be done, and no item waits for it");
            station.put_back(&mut tx, claim, now + TimeDelta::hours(1)).await?;
            return tx.commit().await;
        }
    };
    tx.park(item, cause, now).await?;
    tx.journal(now, "item parked", "item", item, &serde_json::json!({ "station": S::NAME }));
    tx.commit().await?;
    info!(station = S::NAME, item.id = item, error = cause, "item parked for a person");
    Ok(())
}

/// Runs a pure function over many values on the blocking threads, as many at a time as there are cores; a panic becomes
/// [`Trouble::Park`] of the one value it happened for.
pub(crate) async fn ask_each<T, A, F>(values: Vec<T>, ask: F) -> Vec<std::result::Result<A, Trouble>>
where
    T: Send + 'static,
    A: Send + 'static,
    F: Fn(T) -> std::result::Result<A, Trouble> + Send + Sync + Clone + 'static,
{
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let mut running = std::collections::VecDeque::new();
    let mut answers = Vec::with_capacity(values.len());
    for value in values {
        if running.len() >= cores
            && let Some(oldest) = running.pop_front()
        {
            answers.push(joined(oldest).await);
        }
        let ask = ask.clone();
        running.push_back(tokio::task::spawn_blocking(move || ask(value)));
    }
    for rest in running {
        answers.push(joined(rest).await);
    }
    answers
}

async fn joined<A>(task: tokio::task::JoinHandle<std::result::Result<A, Trouble>>) -> std::result::Result<A, Trouble> {
    task.await.unwrap_or_else(|broken| {
        let Ok(panic) = broken.try_into_panic() else { return Err(Trouble::retry("the program is stopping")) };
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        Err(Trouble::park(format!("panicked: {}", text.unwrap_or_default())))
    })
}
