//! What is read to repeat a verdict and to hand out everything it rests on.

use chrono::{DateTime, Utc};
use oblik_domain::states::ActState;

use crate::invoices::{StoredInvoice, invoices, stored};
use crate::journal::{JournalEntry, entry};
use crate::statement::{Record, statements, values};
use crate::{Result, Tx};

statements! {
    ACT = "SELECT item_id, form, state, waiting_since FROM act WHERE id = $1";
    BLOB = "SELECT bytes FROM blob WHERE sha256 = $1";
    JUDGED = "SELECT act_id FROM verdict WHERE judged_at >= $1 AND act_id > $2 ORDER BY act_id LIMIT 500";
    INVOICE = invoices!("WHERE series = $1 AND year = $2 AND running = $3");
    LINKS = "SELECT at, event, subject, subject_id, detail, seq, prev, hash FROM journal WHERE subject = $1 AND subject_id = $2 ORDER BY seq";
}

/// An act as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAct {
    pub item_id: i64,
    pub form: String,
    pub state: ActState,
    /// Since when it waits, or waited, for the status of its certificates.
    pub waiting_since: Option<DateTime<Utc>>,
}

/// A journal entry in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalLink {
    pub seq: i64,
    pub entry: JournalEntry,
    /// The hash of the entry before it.
    pub prev: String,
    pub hash: String,
}

impl Tx {
    pub async fn act(&mut self, id: i64) -> Result<Option<StoredAct>> {
        let Some(mut row) = self.row_or_none(&ACT, values![id]).await? else { return Ok(None) };
        Ok(Some(StoredAct {
            item_id: row.integer()?,
            form: row.text()?,
            state: row.parsed(ActState::parse)?,
            waiting_since: row.instant_or_null()?,
        }))
    }

    /// As [`Tx::blob`], where it may not be there.
    pub async fn blob_if_there(&mut self, sha256: &str) -> Result<Option<Vec<u8>>> {
        self.row_or_none(&BLOB, values![sha256]).await?.map(|mut row| row.bytes()).transpose()
    }

    /// A page of the acts judged since `since`, after act `after`, at most 500.
    pub async fn acts_judged_since(&mut self, since: DateTime<Utc>, after: i64) -> Result<Vec<i64>> {
        let rows = self.rows(&JUDGED, values![since.timestamp_micros(), after]).await?;
        rows.into_iter().map(|mut row| row.integer()).collect()
    }

    /// The invoice of a number, and the act it is for.
    pub async fn invoice_numbered(
        &mut self,
        series: &str,
        year: u16,
        running: u32,
    ) -> Result<Option<(StoredInvoice, Option<i64>)>> {
        let row = self.row_or_none(&INVOICE, values![series, i64::from(year), i64::from(running)]).await?;
        let Some(invoice) = row.map(|mut row| stored(&mut row)).transpose()? else { return Ok(None) };
        let act = self.act_of_invoice(invoice.id).await?;
        Ok(Some((invoice, act)))
    }

    /// Everything the journal says of one subject, each entry with its hashes.
    pub async fn journal_links(&mut self, subject: &str, id: &str) -> Result<Vec<JournalLink>> {
        let link = |mut row: Record| {
            let entry = entry(&mut row)?;
            Ok(JournalLink { entry, seq: row.integer()?, prev: row.text()?, hash: row.text()? })
        };
        self.rows(&LINKS, values![subject, id]).await?.into_iter().map(link).collect()
    }
}
