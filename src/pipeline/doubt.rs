//! Letters in doubt: perhaps taken, perhaps not.
//!
//! The journal copy settles most: our own mailbox was a recipient of the same transaction, and acceptance is atomic per
//! DATA. Without it, money waits for a person and a notice goes again with the same Message-ID.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_channels::source::MailSource;
use oblik_config::{Delivery, MailboxAt, Smtp};
use oblik_crashpoint::point;
use oblik_domain::states::{LetterEvent, LetterState};
use oblik_store::{Claimed, Lease, LetterClass, LetterWork, Result};
use serde_json::json;
use tracing::{info, warn};

use crate::station::report;
use crate::{House, Turn};

/// The longest rest between two looks into the journal.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Since when the journal has answered each look, as far as this daemon knows.
///
/// While the journal's server is away, copies wait before it and travel on later than it comes back: the wait for them begins
/// anew then. What is not known after a start is taken for the worse.
#[derive(Debug, Default)]
pub(crate) struct JournalAnswers(Mutex<Option<DateTime<Utc>>>);

impl JournalAnswers {
    fn since(&self, journal: &Journal, now: DateTime<Utc>) -> DateTime<Utc> {
        let mut since = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match journal {
            Journal::Holds(_) => *since.get_or_insert(now),
            Journal::None | Journal::Unreachable => {
                *since = None;
                now
            }
        }
    }
}

/// Letters that were being sent when their daemon died: nobody knows what became of them.
pub(crate) async fn notice_lost_answers(house: &House, lease: &Lease) -> Result<Turn> {
    let mut tx = house.store.begin("lost-answers").await?;
    let abandoned = tx.claim_letters(LetterState::Sending, lease, 64).await?;
    if abandoned.is_empty() {
        tx.roll_back().await?;
        return Ok(Turn::default());
    }
    for claim in &abandoned {
        tx.end_attempt(claim.id, "unknown", "the program ended during the attempt", lease.now).await?;
        tx.step(claim, LetterState::Sending, LetterEvent::AnswerLost, lease.now).await?;
        tx.journal(lease.now, "letter in doubt", "letter", claim.id, &json!({}));
        warn!(letter.id = claim.id, "letter in doubt");
    }
    tx.commit().await?;
    Ok(Turn { moved: abandoned.len(), troubled: 0 })
}

/// What is known of a letter in doubt.
enum Known {
    Delivered,
    NotDelivered,
    /// Ask again later.
    NotYet,
    Nothing,
}

/// Settles the letters in doubt that can be settled now.
pub(crate) async fn settle(house: &House, lease: &Lease, answers: &JournalAnswers) -> Result<Turn> {
    let mut tx = house.store.begin("claim-doubts").await?;
    let doubtful = tx.claim_letters(LetterState::InDoubt, lease, 64).await?;
    if doubtful.is_empty() {
        tx.roll_back().await?;
        return Ok(Turn::default());
    }
    tx.commit().await?;
    let mut tx = house.store.read().await?;
    let mut since = Vec::with_capacity(doubtful.len());
    for claim in &doubtful {
        since.push(tx.last_attempt_ended(claim.id).await?.unwrap_or(lease.now));
    }
    tx.roll_back().await?;
    let known = learn(house, &doubtful, &since, (lease.now, answers)).await;
    let mut tx = house.store.begin("settle-doubts").await?;
    let now = lease.now;
    let mut turn = Turn::default();
    for (claim, known) in doubtful.iter().zip(known) {
        let event = match (known, claim.work.class) {
            (Known::Delivered, _) => LetterEvent::FoundInJournal,
            (Known::NotDelivered, _) | (Known::Nothing, LetterClass::Notice) => LetterEvent::AbsentFromJournal,
            (Known::Nothing, LetterClass::Money) => LetterEvent::NobodyKnows,
            (Known::NotYet, _) => {
                tx.put_back::<LetterState, _>(claim, now + look_again(house)).await?;
                turn.troubled += 1;
                continue;
            }
        };
        let state = tx.step(claim, LetterState::InDoubt, event, now).await?;
        tx.journal(now, "doubt settled", "letter", claim.id, &json!({ "event": event.as_str() }));
        info!(letter.id = claim.id, event = event.as_str(), state = state.as_str(), "doubt settled");
        turn.moved += 1;
    }
    tx.commit().await?;
    Ok(turn)
}

/// A copy that may travel for seconds only is not waited for by the minute.
fn look_again(house: &House) -> TimeDelta {
    let wait = match &house.config.delivery {
        Delivery::Smtp(smtp) => smtp.journal_wait.min(LOOK_AGAIN),
        Delivery::Maildir(_) => LOOK_AGAIN,
    };
    TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX)
}

/// What is known of each; `since` is when its attempt ended, from which on its copy may be on its way. Not when it was
/// written: a letter that waited long for its server has a copy as young as any.
async fn learn(
    house: &House,
    doubtful: &[Claimed<LetterWork>],
    since: &[DateTime<Utc>],
    (now, answers): (DateTime<Utc>, &JournalAnswers),
) -> Vec<Known> {
    let Delivery::Smtp(smtp) = &house.config.delivery else {
        // Putting a file of the same name and the same bytes again changes nothing.
        return doubtful.iter().map(|_| Known::NotDelivered).collect();
    };
    let journal = if doubtful.iter().any(is_mail) { search(house, smtp, doubtful).await } else { Journal::None };
    let answers_since = answers.since(&journal, now);
    let learn = |(claim, since): (&Claimed<LetterWork>, &DateTime<Utc>)| {
        let travelled = (now - *since.max(&answers_since)).to_std().unwrap_or_default();
        match &journal {
            _ if !is_mail(claim) => Known::NotDelivered,
            Journal::None => Known::Nothing,
            Journal::Unreachable => Known::NotYet,
            Journal::Holds(ids) if ids.contains(&claim.work.message_id) => Known::Delivered,
            Journal::Holds(_) if travelled < smtp.journal_wait => Known::NotYet,
            Journal::Holds(_) => Known::NotDelivered,
        }
    };
    doubtful.iter().zip(since).map(learn).collect()
}

fn is_mail(claim: &Claimed<LetterWork>) -> bool {
    claim.work.channel == "mail"
}

/// The mailbox that receives a copy of every letter.
enum Journal {
    /// None is configured.
    None,
    Unreachable,
    Holds(Vec<String>),
}

async fn search(house: &House, smtp: &Smtp, doubtful: &[Claimed<LetterWork>]) -> Journal {
    let Some(name) = smtp.journal_mailbox.as_ref().filter(|_| smtp.journal_address.is_some()) else { return Journal::None };
    let Some(mailbox) = house.config.mailboxes.iter().find(|mailbox| mailbox.name == *name) else { return Journal::None };
    let ids: Vec<String> = doubtful.iter().map(|claim| claim.work.message_id.clone()).collect();
    // A journal that is polled as well has its copies moved.
    let folders = match &mailbox.at {
        MailboxAt::Imap(imap) => vec![imap.folder.clone(), imap.archive.clone()],
        MailboxAt::Maildir(_) => vec!["INBOX".to_owned(), "Archive".to_owned()],
    };
    point("before", "journal-search");
    let found = async {
        let mut source = MailSource::open(mailbox).await?;
        let mut found = Vec::new();
        for folder in folders {
            found.extend(source.find_message_ids(&folder, &ids).await?);
        }
        source.close().await;
        Ok::<_, oblik_channels::error::ChannelError>(found)
    };
    let found = found.await;
    point("after", "journal-search");
    match found {
        Ok(found) => Journal::Holds(found),
        Err(cause) => {
            warn!(mailbox = name, error = %report(&cause), "the journal mailbox cannot be searched");
            Journal::Unreachable
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_for_a_copy_begins_anew_when_the_journal_was_away() {
        let answers = JournalAnswers::default();
        let minute = |count| DateTime::UNIX_EPOCH + TimeDelta::minutes(count);
        for (looked, journal, since) in [
            (1, Journal::Holds(Vec::new()), 1),
            (2, Journal::Holds(Vec::new()), 1),
            (3, Journal::Unreachable, 3),
            (50, Journal::Unreachable, 50),
            (51, Journal::Holds(Vec::new()), 51),
            (60, Journal::Holds(Vec::new()), 51),
        ] {
            assert_eq!(answers.since(&journal, minute(looked)), minute(since), "look of minute {looked}");
        }
    }
}
