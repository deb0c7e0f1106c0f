//! The state of the house in figures.

use chrono::{DateTime, Utc};

use crate::statement::{Record, statements, values};
use crate::{Result, Tx};

statements! {
    DEPTHS = "SELECT 'item', state, COUNT(*), MIN(received_at) FROM item WHERE state <> 'done' GROUP BY state \
              UNION ALL SELECT 'act', state, COUNT(*), MIN(made_at) FROM act WHERE state IN ('received', 'verified', 'registered', 'billed') GROUP BY state \
              UNION ALL SELECT 'invoice', state, COUNT(*), MIN(drafted_at) FROM invoice WHERE state = 'drafted' GROUP BY state \
              UNION ALL SELECT 'letter', state, COUNT(*), MIN(written_at) FROM letter WHERE state NOT IN ('delivered') GROUP BY state \
              UNION ALL SELECT 'run-account', state, COUNT(*), MIN(started_at) FROM run_account JOIN billing_run ON billing_run.id = run_id WHERE state = 'due' GROUP BY state \
              UNION ALL SELECT 'reading-act', state, COUNT(*), MIN(due_at) FROM reading_act WHERE state = 'due' GROUP BY state \
              UNION ALL SELECT 'payment', 'unassigned', COUNT(*), MIN(booked_at) FROM payment \
                        WHERE NOT EXISTS (SELECT 1 FROM payment_assignment WHERE payment_id = payment.id) HAVING COUNT(*) > 0 \
              UNION ALL SELECT 'countersigning', state, COUNT(*), MIN(since) FROM countersigning WHERE state <> 'received' GROUP BY state \
              UNION ALL SELECT 'ticket', state, COUNT(*), MIN(moved_at) FROM ticket WHERE state <> 'closed' GROUP BY state ORDER BY 1, 2";
    SOURCES = "SELECT source, last_success, last_trouble FROM source_lease ORDER BY source";
    UNFINISHED = "SELECT (SELECT COUNT(*) FROM item WHERE state NOT IN ('done', 'parked')) + (SELECT COUNT(*) FROM letter WHERE state IN ('due', 'sending') AND due_at <= $1) \
                  + (SELECT COUNT(*) FROM letter WHERE state = 'in-doubt' AND due_at <= $1)";
    WAITING = "SELECT act.id, act.item_id, item.source, item.name, act.waiting_since, act.due_at FROM act JOIN item ON item.id = act.item_id \
               WHERE act.state = 'received' AND act.waiting_since IS NOT NULL AND item.state = 'acting' ORDER BY act.waiting_since, act.id LIMIT 1000";
    WAITING_OF = "SELECT act.id, act.item_id, item.source, item.name, act.waiting_since, act.due_at FROM act JOIN item ON item.id = act.item_id \
                  WHERE act.item_id = $1 AND act.state = 'received' AND act.waiting_since IS NOT NULL AND item.state = 'acting'";
    COUNT_WAITING = "SELECT COUNT(*), MIN(act.waiting_since), MIN(act.due_at) FROM act JOIN item ON item.id = act.item_id \
                     WHERE act.state = 'received' AND act.waiting_since IS NOT NULL AND item.state = 'acting'";
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

/// An act that waits for the status of its certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingAct {
    pub act: i64,
    pub item: i64,
    pub source: String,
    pub name: String,
    pub since: DateTime<Utc>,
    /// When it is looked at again.
    pub due: DateTime<Utc>,
}

/// All acts that wait. What is parked waits for a person instead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    pub count: i64,
    pub oldest: Option<DateTime<Utc>>,
    pub next_due: Option<DateTime<Utc>>,
}

fn waiting_act(mut row: Record) -> Result<WaitingAct> {
    Ok(WaitingAct {
        act: row.integer()?,
        item: row.integer()?,
        source: row.text()?,
        name: row.text()?,
        since: row.instant()?,
        due: row.instant()?,
    })
}

impl Tx {
    /// Acts that wait for the status of their certificates, the oldest first, at most a thousand.
    pub async fn waiting_acts(&mut self) -> Result<Vec<WaitingAct>> {
        self.rows(&WAITING, values![]).await?.into_iter().map(waiting_act).collect()
    }

    /// The act of `item`, when it waits for the status of its certificates.
    pub async fn waiting_act_of(&mut self, item: i64) -> Result<Option<WaitingAct>> {
        self.row_or_none(&WAITING_OF, values![item]).await?.map(waiting_act).transpose()
    }

    pub async fn waiting(&mut self) -> Result<Waiting> {
        let mut row = self.row(&COUNT_WAITING, values![]).await?;
        Ok(Waiting { count: row.integer()?, oldest: row.instant_or_null()?, next_due: row.instant_or_null()? })
    }

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
