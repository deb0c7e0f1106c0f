//! Mailboxes and drops: who looks at each, and when it last went well.

use chrono::{DateTime, Utc};

use crate::statement::{statements, values};
use crate::{Lease, Result, Tx};

statements! {
    ENSURE = "INSERT INTO source_lease (source) VALUES ($1) ON CONFLICT (source) DO NOTHING";
    TAKE = "UPDATE source_lease SET lease_owner = $2, lease_until = $3, fence = fence + 1 \
            WHERE source = $1 AND (lease_until <= $4 OR lease_owner = $2) RETURNING fence";
    HOLDS = "SELECT fence FROM source_lease WHERE source = $1 AND fence = $2",
        postgres: "SELECT fence FROM source_lease WHERE source = $1 AND fence = $2 FOR UPDATE";
    GIVE_BACK = "UPDATE source_lease SET lease_owner = NULL, lease_until = 0 WHERE source = $1 AND fence = $2";
    RENEW = "UPDATE source_lease SET lease_until = $3 WHERE source = $1 AND fence = $2";
    FREE_SOURCES = "UPDATE source_lease SET lease_owner = NULL, lease_until = 0 WHERE lease_until > 0 AND ($1 = '' OR lease_owner = $1)";
    FREE_ITEMS = "UPDATE item SET lease_until = 0 WHERE lease_until > 0 AND ($1 = '' OR lease_owner = $1)";
    FREE_ACTS = "UPDATE act SET lease_until = 0 WHERE lease_until > 0 AND ($1 = '' OR lease_owner = $1)";
    FREE_DRAFTS = "UPDATE invoice SET lease_until = 0 WHERE lease_until > 0 AND state = 'drafted' AND ($1 = '' OR lease_owner = $1)";
    FREE_READING_ACTS = "UPDATE reading_act SET lease_until = 0 WHERE lease_until > 0 AND ($1 = '' OR lease_owner = $1)";
    FREE_COUNTERSIGNINGS = "UPDATE countersigning SET lease_until = 0 WHERE lease_until > 0 AND ($1 = '' OR lease_owner = $1)";
    FREE_RUN_ACCOUNTS = "UPDATE run_account SET lease_until = 0 WHERE lease_until > 0 AND ($1 = '' OR lease_owner = $1)";
    FREE_LETTERS = "UPDATE letter SET lease_until = 0 WHERE lease_until > 0 AND ($1 = '' OR lease_owner = $1)";
    WENT_WELL = "UPDATE source_lease SET last_success = $2, last_trouble = NULL WHERE source = $1";
    TROUBLED = "UPDATE source_lease SET last_trouble = $2 WHERE source = $1";
}

impl Tx {
    /// Takes a source for a while; its fencing token, or `None` while another daemon has it.
    pub async fn take_source(&mut self, source: &str, lease: &Lease) -> Result<Option<i64>> {
        self.execute(&ENSURE, values![source]).await?;
        let values = values![source, lease.owner.as_str(), lease.until(), lease.now.timestamp_micros()];
        self.row_or_none(&TAKE, values).await?.map(|mut row| row.integer()).transpose()
    }

    /// Whether the source is still ours; to be asked in the transaction that takes its messages in.
    pub async fn holds_source(&mut self, source: &str, fence: i64) -> Result<bool> {
        Ok(self.row_or_none(&HOLDS, values![source, fence]).await?.is_some())
    }

    pub async fn give_source_back(&mut self, source: &str, fence: i64) -> Result<()> {
        self.execute(&GIVE_BACK, values![source, fence]).await.map(drop)
    }

    /// Lengthens our lease on a source; false when another daemon has taken it since.
    pub async fn renew_source(&mut self, source: &str, fence: i64, lease: &Lease) -> Result<bool> {
        Ok(self.execute(&RENEW, values![source, fence, lease.until()]).await? == 1)
    }

    /// Ends the leases of `owner`, or all of them: nobody waits for the dead. How many there were. For a daemon that begins
    /// and knows that no other goes by this name, or that it is alone.
    pub async fn release_leases(&mut self, owner: Option<&str>) -> Result<u64> {
        let owner = owner.unwrap_or_default();
        let mut released = 0;
        for statement in [
            &FREE_SOURCES,
            &FREE_ITEMS,
            &FREE_ACTS,
            &FREE_READING_ACTS,
            &FREE_DRAFTS,
            &FREE_COUNTERSIGNINGS,
            &FREE_RUN_ACCOUNTS,
            &FREE_LETTERS,
        ] {
            released += self.execute(statement, values![owner]).await?;
        }
        Ok(released)
    }

    pub async fn source_went_well(&mut self, source: &str, at: DateTime<Utc>) -> Result<()> {
        self.execute(&ENSURE, values![source]).await?;
        self.execute_one(&WENT_WELL, values![source, at.timestamp_micros()]).await
    }

    /// Notes why a source could not be read. `trouble` is our own wording, never the server's text.
    pub async fn source_troubled(&mut self, source: &str, trouble: &str) -> Result<()> {
        self.execute(&ENSURE, values![source]).await?;
        self.execute_one(&TROUBLED, values![source, trouble]).await
    }
}
