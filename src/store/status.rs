//! The state of the house in figures.

use chrono::{DateTime, Utc};

use crate::statement::{Record, statements, values};
use crate::{Result, Tx};

statements! {
    DEPTHS = "SELECT 'item', state, COUNT(*), MIN(received_at) FROM item WHERE state <> 'done' GROUP BY state \
              UNION ALL SELECT 'act', state, COUNT(*), MIN(made_at) FROM act WHERE state IN ('received', 'verified', 'registered', 'billed') GROUP BY state \
              UNION ALL SELECT 'invoice', state, COUNT(*), MIN(drafted_at) FROM invoice WHERE state = 'drafted' GROUP BY state \
              UNION ALL SELECT 'letter', state, COUNT(*), MIN(written_at) FROM letter WHERE state NOT IN ('delivered') GROUP BY state ORDER BY 1, 2";
    SOURCES = "SELECT source, last_success, last_trouble FROM source_lease ORDER BY source";
    UNFINISHED = "SELECT (SELECT COUNT(*) FROM item WHERE state NOT IN ('done', 'parked')) + (SELECT COUNT(*) FROM letter WHERE state IN ('due', 'sending') AND due_at <= $1) \
                  + (SELECT COUNT(*) FROM letter WHERE state = 'in-doubt' AND due_at <= $1)";
    NEXT_DUE = "SELECT MIN(due_at) FROM letter WHERE state IN ('due', 'in-doubt')";
}

/// How many things of a kind are in a state, and since when the oldest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Depth {
    pub subject: String,
    pub state: String,
    pub count: i64,
    pub oldest: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    pub source: String,
    pub last_success: Option<DateTime<Utc>>,
    pub last_trouble: Option<String>,
}

impl Tx {
    pub async fn depths(&mut self) -> Result<Vec<Depth>> {
        let rows = self.rows(&DEPTHS, values![]).await?;
        let depth = |mut row: Record| {
            Ok(Depth { subject: row.text()?, state: row.text()?, count: row.integer()?, oldest: row.instant_or_null()? })
        };
        rows.into_iter().map(depth).collect::<Result<_>>()
    }

    pub async fn sources(&mut self) -> Result<Vec<SourceStatus>> {
        let rows = self.rows(&SOURCES, values![]).await?;
        let source = |mut row: Record| {
            Ok(SourceStatus { source: row.text()?, last_success: row.instant_or_null()?, last_trouble: row.text_or_null()? })
        };
        rows.into_iter().map(source).collect::<Result<_>>()
    }

    /// Items and letters that could move now.
    pub async fn unfinished(&mut self, now: DateTime<Utc>) -> Result<i64> {
        self.row(&UNFINISHED, values![now.timestamp_micros()]).await?.integer()
    }

    /// When the next letter falls due.
    pub async fn next_letter_due(&mut self) -> Result<Option<DateTime<Utc>>> {
        self.row(&NEXT_DUE, values![]).await?.instant_or_null()
    }
}
