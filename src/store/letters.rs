//! The outbox: whatever leaves, written in the transaction that made it true (promise 7).

use chrono::{DateTime, Utc};
use oblik_domain::states::LetterState;

use crate::lease::claim;
use crate::statement::{Record, statements, values};
use crate::{Claimed, Lease, Result, Tx};

statements! {
    ADD = "INSERT INTO letter (item_id, invoice_id, purpose, class, channel, recipient, subject, message_id, blob_sha256, written_at, state, due_at) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'due', $10)";
    CLAIM = claim!(again "letter", "class, channel, recipient, subject, message_id, blob_sha256, written_at"),
        postgres: claim!(again postgres "letter", "class, channel, recipient, subject, message_id, blob_sha256, written_at");
    BEGIN_ATTEMPT = "UPDATE letter SET state = 'sending' WHERE id = $1 AND state = 'due' AND fence = $2";
    ADD_ATTEMPT = "INSERT INTO attempt (letter_id, ordinal, began_at) SELECT $1, COALESCE(MAX(ordinal), 0) + 1, $2 FROM attempt WHERE letter_id = $1",
        postgres: "INSERT INTO attempt (letter_id, ordinal, began_at) SELECT $1::bigint, COALESCE(MAX(ordinal), 0) + 1, $2::bigint FROM attempt WHERE letter_id = $1";
    END_ATTEMPT = "UPDATE attempt SET ended_at = $2, outcome = $3, reply = $4 WHERE letter_id = $1 AND ended_at IS NULL";
    LAST_ENDED = "SELECT MAX(ended_at) FROM attempt WHERE letter_id = $1";
    LAST_REPLY = "UPDATE letter SET last_reply = $1 WHERE id = $2";
    TO_RECIPIENT_SINCE = "SELECT COUNT(*) FROM letter WHERE recipient = $1 AND written_at >= $2 AND class = 'notice' AND channel = 'mail' \
                          AND NOT EXISTS (SELECT 1 FROM item WHERE item.id = letter.item_id AND item.source = 'house:acts')";
    OF_ITEM = "SELECT id, purpose, channel, recipient, subject, message_id, blob_sha256, state FROM letter WHERE item_id = $1 ORDER BY id";
    ANSWERED_BEFORE = "SELECT COUNT(*) FROM item JOIN letter ON letter.item_id = item.id WHERE item.source = $1 AND item.name = $2 AND item.id <> $3";
}

/// Why a letter exists. An item has at most one of each: it is answered once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To the sender.
    Answer,
    /// To the customer's registered address, about something another sent.
    Notice,
    /// A file for a partner.
    Acknowledgement,
    /// An invoice that goes out on its own, not as an answer.
    Invoice,
}

impl Purpose {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Notice => "notice",
            Self::Acknowledgement => "acknowledgement",
            Self::Invoice => "invoice",
        }
    }
}

/// What a letter is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    Item(i64),
    Invoice(i64),
}

/// How a doubtful send is settled when nobody knows: money waits for a person, a notice is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LetterClass {
    Money,
    Notice,
}

impl LetterClass {
    fn as_str(self) -> &'static str {
        match self {
            Self::Money => "money",
            Self::Notice => "notice",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        match word {
            "money" => Some(Self::Money),
            "notice" => Some(Self::Notice),
            _ => None,
        }
    }
}

/// A letter to write.
#[derive(Debug, Clone)]
pub struct NewLetter<'a> {
    pub about: About,
    pub purpose: Purpose,
    pub class: LetterClass,
    /// `mail`, or `drop:NAME`.
    pub channel: &'a str,
    /// An address; for a drop its folder.
    pub recipient: &'a str,
    /// For a drop the file's name.
    pub subject: &'a str,
    pub message_id: &'a str,
    pub bytes: &'a [u8],
}

/// A letter to deliver; its bytes are fetched apart.
#[derive(Debug, Clone)]
pub struct LetterWork {
    pub class: LetterClass,
    pub channel: String,
    pub recipient: String,
    pub subject: String,
    pub message_id: String,
    pub blob_sha256: String,
    pub written_at: DateTime<Utc>,
}

/// A letter as the operator sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredLetter {
    pub id: i64,
    pub purpose: String,
    pub channel: String,
    pub recipient: String,
    pub subject: String,
    pub message_id: String,
    pub blob_sha256: String,
    pub state: LetterState,
}

impl Tx {
    pub async fn write_letter(&mut self, letter: &NewLetter<'_>, now: DateTime<Utc>) -> Result<()> {
        let sha256 = self.put_blob(letter.bytes).await?;
        let (item, invoice) = match letter.about {
            About::Item(id) => (Some(id), None),
            About::Invoice(id) => (None, Some(id)),
        };
        let values = values![
            item,
            invoice,
            letter.purpose.as_str(),
            letter.class.as_str(),
            letter.channel,
            letter.recipient,
            letter.subject,
            letter.message_id,
            sha256,
            now.timestamp_micros(),
        ];
        self.execute_one(&ADD, values).await
    }

    pub async fn claim_letters(&mut self, state: LetterState, lease: &Lease, most: i64) -> Result<Vec<Claimed<LetterWork>>> {
        self.claim(&CLAIM, state.as_str(), (lease, most), letter_work).await
    }

    /// Records that the bytes may leave from now on; the claim is kept. Committed before the first byte (promise 7).
    pub async fn begin_attempt<T>(&mut self, claimed: &Claimed<T>, now: DateTime<Utc>) -> Result<()> {
        self.execute_one(&BEGIN_ATTEMPT, values![claimed.id, claimed.fence]).await?;
        self.execute_one(&ADD_ATTEMPT, values![claimed.id, now.timestamp_micros()]).await
    }

    /// Records what came of the attempt that is open, if one is.
    pub async fn end_attempt(&mut self, letter: i64, outcome: &str, reply: &str, now: DateTime<Utc>) -> Result<()> {
        self.execute(&END_ATTEMPT, values![letter, now.timestamp_micros(), outcome, reply]).await?;
        self.execute_one(&LAST_REPLY, values![reply, letter]).await
    }

    /// When the last attempt that ended did so.
    pub async fn last_attempt_ended(&mut self, letter: i64) -> Result<Option<DateTime<Utc>>> {
        let ended = self.row(&LAST_ENDED, values![letter]).await?.integer_or_null()?;
        Ok(ended.and_then(DateTime::from_timestamp_micros))
    }

    /// Notices written to an address since a moment: the budget against loops (T16). Acts to be signed answer nobody.
    pub async fn notices_to(&mut self, recipient: &str, since: DateTime<Utc>) -> Result<i64> {
        self.row(&TO_RECIPIENT_SINCE, values![recipient, since.timestamp_micros()]).await?.integer()
    }

    /// How many other files of this name from this source were acknowledged.
    pub async fn files_answered(&mut self, source: &str, name: &str, item: i64) -> Result<i64> {
        self.row(&ANSWERED_BEFORE, values![source, name, item]).await?.integer()
    }

    pub async fn letters_of(&mut self, item: i64) -> Result<Vec<StoredLetter>> {
        let rows = self.rows(&OF_ITEM, values![item]).await?;
        let letter = |mut row: Record| {
            Ok(StoredLetter {
                id: row.integer()?,
                purpose: row.text()?,
                channel: row.text()?,
                recipient: row.text()?,
                subject: row.text()?,
                message_id: row.text()?,
                blob_sha256: row.text()?,
                state: row.parsed(LetterState::parse)?,
            })
        };
        rows.into_iter().map(letter).collect::<Result<_>>()
    }
}

fn letter_work(row: &mut Record) -> Result<LetterWork> {
    Ok(LetterWork {
        class: row.parsed(LetterClass::parse)?,
        channel: row.text()?,
        recipient: row.text()?,
        subject: row.text()?,
        message_id: row.text()?,
        blob_sha256: row.text()?,
        written_at: row.instant()?,
    })
}
