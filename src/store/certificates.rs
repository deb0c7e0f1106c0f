//! Certificates of ours: what was told of their end.

use chrono::{DateTime, Utc};

use crate::statement::{statements, values};
use crate::{Result, Tx};

statements! {
    TELL = "INSERT INTO certificate_told (certificate_sha256, days, told_at) VALUES ($1, $2, $3) ON CONFLICT (certificate_sha256, days) DO NOTHING";
    ADD_OWN = "INSERT INTO item (source, kind, identity, name, blob_sha256, received_at, state, due_at) \
               VALUES ($1, 'file', $2, $2, $3, $4, 'done', $4) RETURNING id";
}

impl Tx {
    /// Records that the end of a certificate is told at a threshold of days; false when it was told before.
    pub async fn tell_certificate(&mut self, sha256: &str, days: i64, now: DateTime<Utc>) -> Result<bool> {
        Ok(self.execute(&TELL, values![sha256, days, now.timestamp_micros()]).await? == 1)
    }

    /// An item of the house's own, done from the start: what a letter of nobody's asking hangs on; its id. Once for a source and name.
    pub async fn add_own_item(&mut self, source: &str, name: &str, bytes: &[u8], now: DateTime<Utc>) -> Result<i64> {
        let sha256 = self.put_blob(bytes).await?;
        self.row(&ADD_OWN, values![source, name, sha256, now.timestamp_micros()]).await?.integer()
    }
}
