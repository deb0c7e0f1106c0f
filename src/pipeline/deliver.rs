//! Deliver: letters leave. An attempt is recorded before the first byte that could be taken for good, its outcome after.
//!
//! SMTP alone cannot be exactly-once (RFC 1047): what was being sent when we died, or when the answer was lost, is *in
//! doubt* and settled by [`crate::doubt`], never by sending blindly.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::join_all;
use oblik_channels::smtp::{Envelope, Lent, Patience, SmtpError, SmtpPool};
use oblik_channels::source::{DropFolder, DropSource};
use oblik_config::Delivery;
use oblik_crashpoint::point;
use oblik_domain::states::{LetterEvent, LetterState};
use oblik_store::{Claimed, Lease, LetterWork, Result};
use serde_json::json;
use tracing::{info, warn};

use crate::station::report;
use crate::{House, Turn};

/// A claim on a letter outlasts every deadline of RFC 5321 §4.5.3.2 together: while a daemon lives, nobody else doubts it.
const LEASE_LASTS: TimeDelta = TimeDelta::minutes(25);
/// Letters prepared together when they go into folders, where each is a rename.
const FOLDER_BATCH: i64 = 64;
/// After this a letter that nobody takes is left to a person.
const OLDEST: TimeDelta = TimeDelta::days(3);
/// The first wait after a refusal for now, and the longest.
const WAIT_LEAST: TimeDelta = TimeDelta::seconds(30);
const WAIT_MOST: TimeDelta = TimeDelta::hours(1);

/// Delivers letters; keeps connections between them.
pub struct Postman {
    route: Route,
    answers: crate::doubt::JournalAnswers,
}

enum Route {
    Smtp(Box<SmtpRoute>),
    Maildir(std::path::PathBuf),
}

struct SmtpRoute {
    pool: SmtpPool,
    connections: usize,
    journal: Option<String>,
}

/// A letter and its bytes.
type Loaded = (Claimed<LetterWork>, Vec<u8>);

/// What one attempt came to.
pub(crate) enum Outcome {
    Accepted(String),
    ForNow(String),
    ForGood(String),
    AnswerLost(String),
}

impl Postman {
    pub fn new(house: &House) -> Self {
        let route = match &house.config.delivery {
            Delivery::Maildir(path) => Route::Maildir(path.clone()),
            Delivery::Smtp(smtp) => Route::Smtp(Box::new(SmtpRoute {
                pool: SmtpPool::new(smtp.clone(), Patience::STANDARD),
                connections: smtp.connections.max(1),
                journal: smtp.journal_address.clone(),
            })),
        };
        Self { route, answers: crate::doubt::JournalAnswers::default() }
    }

    /// Takes one step with the letters that are due, and with those in doubt.
    ///
    /// # Errors
    /// The store failed.
    pub fn turn<'a>(&'a self, house: &'a House) -> futures::future::BoxFuture<'a, Result<Turn>> {
        // Boxed: the compiler cannot see through the futures of parallel sends that this one may change threads.
        Box::pin(self.step(house))
    }

    async fn step(&self, house: &House) -> Result<Turn> {
        let mut turn = crate::doubt::notice_lost_answers(house, &Self::lease(house)).await?;
        let settled = crate::doubt::settle(house, &Self::lease(house), &self.answers).await?;
        let delivered = self.deliver(house).await?;
        turn.moved += settled.moved + delivered.moved;
        turn.troubled += settled.troubled + delivered.troubled;
        Ok(turn)
    }

    /// Closes idle connections.
    pub async fn close(&self) {
        if let Route::Smtp(smtp) = &self.route {
            smtp.pool.close().await;
        }
    }

    fn lease(house: &House) -> Lease {
        Lease { lasts: LEASE_LASTS, ..house.lease() }
    }

    async fn deliver(&self, house: &House) -> Result<Turn> {
        let most = match &self.route {
            Route::Smtp(smtp) => i64::try_from(smtp.connections).unwrap_or(FOLDER_BATCH),
            Route::Maildir(_) => FOLDER_BATCH,
        };
        let mut tx = house.store.begin("claim-letters").await?;
        let claimed = tx.claim_letters(LetterState::Due, &Self::lease(house), most).await?;
        if claimed.is_empty() {
            tx.roll_back().await?;
            return Ok(Turn::default());
        }
        tx.commit().await?;
        let mut turn = Turn::default();
        let mut by_channel: BTreeMap<String, Vec<Loaded>> = BTreeMap::new();
        let mut tx = house.store.read().await?;
        for claim in claimed {
            let bytes = tx.blob(&claim.work.blob_sha256).await?;
            by_channel.entry(claim.work.channel.clone()).or_default().push((claim, bytes));
        }
        tx.roll_back().await?;
        for (channel, letters) in by_channel {
            let part = match (channel.strip_prefix("drop:"), &self.route) {
                (Some(name), _) => to_drop(house, name, letters).await?,
                _ if channel.starts_with("cli:") => to_folder(house, channel.trim_start_matches("cli:"), letters).await?,
                (None, Route::Maildir(path)) => to_maildir(house, path, letters).await?,
                (None, Route::Smtp(smtp)) => smtp.send(house, letters).await?,
            };
            turn.moved += part.moved;
            turn.troubled += part.troubled;
        }
        Ok(turn)
    }
}

/// Records that these letters may leave from now on.
async fn begin(house: &House, letters: &[Loaded]) -> Result<()> {
    let mut tx = house.store.begin("sending").await?;
    for (claim, _) in letters {
        tx.begin_attempt(claim, house.now()).await?;
    }
    tx.commit().await
}

/// Records what came of attempts that were begun.
pub(crate) async fn conclude(house: &House, outcomes: &[(Claimed<LetterWork>, Outcome)]) -> Result<Turn> {
    let mut turn = Turn::default();
    if outcomes.is_empty() {
        return Ok(turn);
    }
    let now = house.now();
    let mut tx = house.store.begin("sent").await?;
    for (claim, outcome) in outcomes {
        let (event, word, reply, due) = match outcome {
            Outcome::Accepted(reply) => (LetterEvent::Accepted, "accepted", reply, now),
            Outcome::ForNow(reply) => (LetterEvent::RefusedForNow, "refused for now", reply, now + wait(claim, now)),
            Outcome::ForGood(reply) => (LetterEvent::RefusedForGood, "refused for good", reply, now),
            Outcome::AnswerLost(reply) => (LetterEvent::AnswerLost, "answer lost", reply, now),
        };
        tx.end_attempt(claim.id, word, reply, now).await?;
        tx.step(claim, LetterState::Sending, event, due).await?;
        tx.journal(now, "letter attempt ended", "letter", claim.id, &json!({ "outcome": word }));
        info!(letter.id = claim.id, letter.message_id = claim.work.message_id, outcome = word, "letter attempt ended");
        if matches!(outcome, Outcome::Accepted(_)) {
            turn.moved += 1;
        } else {
            turn.troubled += 1;
        }
    }
    tx.commit().await?;
    Ok(turn)
}

/// Half the letter's age, within bounds: waits double of themselves and need no counter.
pub(crate) fn wait(claim: &Claimed<LetterWork>, now: DateTime<Utc>) -> TimeDelta {
    ((now - claim.work.written_at) / 2).clamp(WAIT_LEAST, WAIT_MOST)
}

async fn to_maildir(house: &House, path: &std::path::Path, letters: Vec<Loaded>) -> Result<Turn> {
    begin(house, &letters).await?;
    let mut outcomes = Vec::with_capacity(letters.len());
    for (claim, bytes) in letters {
        point("before", "maildir");
        let outcome = match oblik_channels::maildir::deliver(path, &maildir_name(&claim.work.message_id), bytes).await {
            Ok(()) => Outcome::Accepted("in the maildir".to_owned()),
            Err(cause) => Outcome::ForNow(report(&cause)),
        };
        point("after", "maildir");
        outcomes.push((claim, outcome));
    }
    conclude(house, &outcomes).await
}

/// The name a letter has in a Maildir: the same at every attempt, so that a second is no double.
pub(crate) fn maildir_name(message_id: &str) -> String {
    format!("oblik-{}", oblik_store::sha256_hex(message_id.as_bytes()))
}

/// Answers to files the administrator imported: beside the files.
async fn to_folder(house: &House, folder: &str, letters: Vec<Loaded>) -> Result<Turn> {
    begin(house, &letters).await?;
    let mut outcomes = Vec::with_capacity(letters.len());
    for (claim, bytes) in letters {
        point("before", "put");
        let outcome = match oblik_channels::files::write(&std::path::Path::new(folder).join(&claim.work.subject), &bytes) {
            Ok(()) => Outcome::Accepted("in the folder".to_owned()),
            Err(cause) => Outcome::ForGood(format!("write the acknowledgement: {cause}")),
        };
        point("after", "put");
        outcomes.push((claim, outcome));
    }
    conclude(house, &outcomes).await
}

async fn to_drop(house: &House, name: &str, letters: Vec<Loaded>) -> Result<Turn> {
    let Some(settings) = house.config.drops.iter().find(|drop| drop.name == name) else {
        return later(house, letters, &format!("no drop named {name} in the configuration")).await;
    };
    let mut drop = match DropSource::open(settings).await {
        Ok(drop) => drop,
        Err(cause) => return later(house, letters, &report(&cause)).await,
    };
    begin(house, &letters).await?;
    let mut outcomes = Vec::with_capacity(letters.len());
    let mut broken = None;
    for (claim, bytes) in letters {
        let folder = if claim.work.recipient == DropFolder::Out.as_str() { DropFolder::Out } else { DropFolder::Ack };
        point("before", "put");
        let outcome = match &broken {
            Some(cause) => Outcome::ForNow(String::clone(cause)),
            None => match drop.put(folder, &claim.work.subject, &bytes).await {
                Ok(()) => Outcome::Accepted("in the folder".to_owned()),
                Err(cause) if cause.is_permanent() => Outcome::ForGood(report(&cause)),
                Err(cause) => {
                    // The drop is spent; what was not tried goes with the next turn.
                    let cause = report(&cause);
                    broken = Some(cause.clone());
                    Outcome::ForNow(cause)
                }
            },
        };
        point("after", "put");
        outcomes.push((claim, outcome));
    }
    drop.close().await;
    conclude(house, &outcomes).await
}

/// Gives letters back that were not begun.
async fn later(house: &House, letters: Vec<Loaded>, cause: &str) -> Result<Turn> {
    let mut tx = house.store.begin("letters-later").await?;
    let now = house.now();
    for (claim, _) in &letters {
        warn!(letter.id = claim.id, error = cause, "letter waits");
        if now - claim.work.written_at > OLDEST {
            tx.end_attempt(claim.id, "out of time", cause, now).await?;
            tx.step(claim, LetterState::Due, LetterEvent::OutOfTime, now).await?;
        } else {
            tx.put_back::<LetterState, _>(claim, now + wait(claim, now)).await?;
        }
    }
    tx.commit().await?;
    Ok(Turn { moved: 0, troubled: letters.len() })
}

impl SmtpRoute {
    /// Sends letters side by side: envelopes first, then one commit that says they are on their way, then the data.
    async fn send(&self, house: &House, letters: Vec<Loaded>) -> Result<Turn> {
        let mut offers = Vec::with_capacity(letters.len());
        for (claim, bytes) in letters {
            offers.push(self.offer(house, claim, bytes));
        }
        let (mut ready, mut lent, mut refused) = (Vec::new(), Vec::new(), Vec::new());
        for (claim, bytes, offered) in join_all(offers).await {
            match offered {
                Ok(connection) => {
                    ready.push((claim, bytes));
                    lent.push(connection);
                }
                Err(cause) => refused.push((claim, cause)),
            }
        }
        let mut turn = refuse(house, refused).await?;
        if ready.is_empty() {
            return Ok(turn);
        }
        begin(house, &ready).await?;
        let mut sends = Vec::with_capacity(ready.len());
        for ((claim, bytes), connection) in ready.into_iter().zip(lent) {
            sends.push(self.transmit(claim, bytes, connection));
        }
        let sent = conclude(house, &join_all(sends).await).await?;
        turn.moved += sent.moved;
        turn.troubled += sent.troubled;
        Ok(turn)
    }

    /// Offers the envelope. Nothing is taken before the data.
    async fn offer(&self, house: &House, claim: Claimed<LetterWork>, bytes: Vec<u8>) -> (Claimed<LetterWork>, Vec<u8>, Offered) {
        let mut to = vec![claim.work.recipient.clone()];
        to.extend(self.journal.clone());
        let envelope = Envelope { from: house.config.mail.from_address.clone(), to };
        let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        point("before", "smtp-envelope");
        let offered = self.open(&envelope, size).await;
        point("after", "smtp-envelope");
        (claim, bytes, offered)
    }

    async fn open(&self, envelope: &Envelope, size: u64) -> Offered {
        let mut connection = self.pool.take().await?;
        connection.begin(envelope, size).await?;
        Ok(connection)
    }

    async fn transmit(&self, claim: Claimed<LetterWork>, bytes: Vec<u8>, mut connection: Lent) -> (Claimed<LetterWork>, Outcome) {
        point("before", "smtp-data");
        let outcome = match connection.data(&bytes).await {
            Ok(accepted) => {
                self.pool.give_back(connection);
                Outcome::Accepted(format!("{} {}", accepted.code, accepted.text))
            }
            Err(cause) if cause.in_doubt() => Outcome::AnswerLost(cause.to_string()),
            Err(cause) if cause.letter_refused() => Outcome::ForGood(cause.to_string()),
            Err(cause) => Outcome::ForNow(cause.to_string()),
        };
        point("after", "smtp-data");
        (claim, outcome)
    }
}

/// A connection that has taken the envelope.
type Offered = std::result::Result<Lent, SmtpError>;

/// Envelopes that were not taken: nothing has left.
async fn refuse(house: &House, refused: Vec<(Claimed<LetterWork>, SmtpError)>) -> Result<Turn> {
    let troubled = refused.len();
    let (for_good, for_now): (Vec<_>, Vec<_>) = refused.into_iter().partition(|(_, cause)| cause.letter_refused());
    if !for_good.is_empty() {
        let mut tx = house.store.begin("refused").await?;
        let now = house.now();
        for (claim, cause) in for_good {
            tx.end_attempt(claim.id, "refused for good", &cause.to_string(), now).await?;
            tx.step(&claim, LetterState::Due, LetterEvent::RefusedForGood, now).await?;
            tx.journal(now, "letter refused for good", "letter", claim.id, &json!({}));
            warn!(letter.id = claim.id, error = %cause, "letter refused for good");
        }
        tx.commit().await?;
    }
    for (claim, cause) in for_now {
        later(house, vec![(claim, Vec::new())], &cause.to_string()).await?;
    }
    Ok(Turn { moved: 0, troubled })
}
