//! What waits for a person, and what the person decides.

use chrono::{DateTime, Utc};
use oblik_domain::states::{ActState, ItemEvent, ItemState, LetterEvent, LetterState, Life as _};

use crate::statement::{Record, statements, values};
use crate::{Result, StoreError, Tx};

/// Work that is out of reach until somebody puts it back: later than any clock.
const NEVER: i64 = i64::MAX;

statements! {
    PARKED = "SELECT id, source, kind, name, received_at, cause FROM item WHERE state = 'parked' ORDER BY id LIMIT 1000";
    STILL_LETTERS = "SELECT id, state, channel, recipient, subject, written_at, last_reply FROM letter \
                     WHERE state IN ('held', 'failed', 'in-doubt') ORDER BY id LIMIT 1000";
    FREEZE_ACT = "UPDATE act SET due_at = $1, lease_owner = NULL, lease_until = 0, fence = fence + 1 WHERE item_id = $2 AND state IN ('received', 'verified', 'registered', 'billed')";
    THAW_ACT = "UPDATE act SET due_at = $1, attempts = 0 WHERE item_id = $2";
    HASTEN_ACT = "UPDATE act SET due_at = $1 WHERE item_id = $2 AND state = 'received' AND waiting_since IS NOT NULL AND due_at > $1";
    FREEZE_DRAFT = "UPDATE invoice SET due_at = $1, lease_owner = NULL, lease_until = 0, fence = fence + 1 WHERE state = 'drafted' AND (act_id IN (SELECT id FROM act WHERE item_id = $2) \
                    OR companion_of IN (SELECT asked.id FROM invoice AS asked JOIN act ON act.id = asked.act_id WHERE item_id = $2))";
    THAW_DRAFT = "UPDATE invoice SET due_at = $1, attempts = 0 WHERE state = 'drafted' AND (act_id IN (SELECT id FROM act WHERE item_id = $2) \
                    OR companion_of IN (SELECT asked.id FROM invoice AS asked JOIN act ON act.id = asked.act_id WHERE item_id = $2))";
    LETTER_STATE = "SELECT state FROM letter WHERE id = $1";
}

/// One thing that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueuedItem {
    Item {
        id: i64,
        source: String,
        kind: String,
        name: String,
        received_at: DateTime<Utc>,
        cause: String,
    },
    Letter {
        id: i64,
        state: LetterState,
        channel: String,
        recipient: String,
        subject: String,
        written_at: DateTime<Utc>,
        last_reply: String,
    },
}

impl Tx {
    /// Everything that waits for a person, at most a thousand items and a thousand letters.
    pub async fn queue(&mut self) -> Result<Vec<QueuedItem>> {
        let item = |mut row: Record| {
            Ok(QueuedItem::Item {
                id: row.integer()?,
                source: row.text()?,
                kind: row.text()?,
                name: row.text()?,
                received_at: row.instant()?,
                cause: row.text_or_null()?.unwrap_or_default(),
            })
        };
        let letter = |mut row: Record| {
            Ok(QueuedItem::Letter {
                id: row.integer()?,
                state: row.parsed(LetterState::parse)?,
                channel: row.text()?,
                recipient: row.text()?,
                subject: row.text()?,
                written_at: row.instant()?,
                last_reply: row.text_or_null()?.unwrap_or_default(),
            })
        };
        let items = self.rows(&PARKED, values![]).await?.into_iter().map(item);
        let items = items.collect::<Result<Vec<_>>>()?;
        let letters = self.rows(&STILL_LETTERS, values![]).await?.into_iter().map(letter);
        Ok(items.into_iter().chain(letters.collect::<Result<Vec<_>>>()?).collect())
    }

    /// Whether an item is still on its way.
    pub async fn may_be_parked(&mut self, item: i64) -> Result<bool> {
        Ok(self.item_state(item).await?.after(ItemEvent::GaveUp).is_some())
    }

    /// Parks an item from whatever state it is in: its act and draft rest until it is retried.
    pub async fn park(&mut self, item: i64, cause: &str, now: DateTime<Utc>) -> Result<()> {
        let from = self.item_state(item).await?;
        self.step_free(item, from, ItemEvent::GaveUp, now).await?;
        self.set_cause(item, cause).await?;
        self.execute(&FREEZE_ACT, values![NEVER, item]).await?;
        self.execute(&FREEZE_DRAFT, values![NEVER, item]).await.map(drop)
    }

    /// Puts a parked item back on its way, where it stood; one whose act waits for the status of certificates is looked at now.
    pub async fn retry_item(&mut self, item: i64, now: DateTime<Utc>) -> Result<ItemState> {
        if self.item_state(item).await? == ItemState::Acting
            && self.execute(&HASTEN_ACT, values![now.timestamp_micros(), item]).await? == 1
        {
            return Ok(ItemState::Acting);
        }
        let intent = self.intent(item).await?;
        let event = match self.act_of_item(item).await? {
            Some((_, _, ActState::Received | ActState::Verified | ActState::Registered | ActState::Billed)) => {
                ItemEvent::RetriedAct
            }
            Some(_) => ItemEvent::RetriedAnswer,
            None if intent.as_deref() == Some("file") => ItemEvent::RetriedFile,
            None => ItemEvent::Retried,
        };
        let state = self.step_free(item, ItemState::Parked, event, now).await?;
        self.execute(&THAW_ACT, values![now.timestamp_micros(), item]).await?;
        self.execute(&THAW_DRAFT, values![now.timestamp_micros(), item]).await?;
        Ok(state)
    }

    /// Closes a parked item for good: nothing more is done with it, and all of it stays stored.
    pub async fn refuse_item(&mut self, item: i64, now: DateTime<Utc>) -> Result<ItemState> {
        self.step_free(item, ItemState::Parked, ItemEvent::RefusedByOperator, now).await
    }

    /// Sends a held or failed letter again, with the Message-ID it has.
    pub async fn release_letter(&mut self, letter: i64, now: DateTime<Utc>) -> Result<LetterState> {
        let from = self.letter_state(letter).await?;
        self.step_free(letter, from, LetterEvent::ReleasedByOperator, now).await
    }

    /// Closes a held letter: it is not sent.
    pub async fn close_letter(&mut self, letter: i64, now: DateTime<Utc>) -> Result<LetterState> {
        let from = self.letter_state(letter).await?;
        self.step_free(letter, from, LetterEvent::ClosedByOperator, now).await
    }

    pub async fn letter_state(&mut self, letter: i64) -> Result<LetterState> {
        let row = self.row_or_none(&LETTER_STATE, values![letter]).await?;
        let mut row = row.ok_or(StoreError::Rows { statement: LETTER_STATE.name, expected: "one row", found: 0 })?;
        row.parsed(LetterState::parse)
    }
}
