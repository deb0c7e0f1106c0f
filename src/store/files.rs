//! Partners' messages: each applied once, known by its id and by its hash.

use chrono::{DateTime, Utc};

use crate::statement::{statements, values};
use crate::{Result, Tx};

statements! {
    APPLIED = "SELECT message_id, item_id, applied_at FROM partner_message WHERE source = $1 AND (message_id = $2 OR blob_sha256 = $3) ORDER BY applied_at LIMIT 1";
    ADD = "INSERT INTO partner_message (source, message_id, blob_sha256, item_id, applied_at) VALUES ($1, $2, $3, $4, $5)";
}

/// A message that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartnerMessage {
    pub message_id: String,
    pub item_id: i64,
    pub applied_at: DateTime<Utc>,
}

impl Tx {
    /// The message of this id or these bytes that was applied before.
    pub async fn applied_message(&mut self, source: &str, message_id: &str, sha256: &str) -> Result<Option<PartnerMessage>> {
        let Some(mut row) = self.row_or_none(&APPLIED, values![source, message_id, sha256]).await? else { return Ok(None) };
        Ok(Some(PartnerMessage { message_id: row.text()?, item_id: row.integer()?, applied_at: row.instant()? }))
    }

    pub async fn put_applied_message(
        &mut self,
        source: &str,
        message_id: &str,
        sha256: &str,
        item: i64,
        at: DateTime<Utc>,
    ) -> Result<()> {
        self.execute_one(&ADD, values![source, message_id, sha256, item, at.timestamp_micros()]).await
    }
}
