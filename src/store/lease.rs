//! Claims with fencing: work belongs to one daemon for a while, and a late one's write touches nothing.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::states::{
    ActState, CountersignState, InvoiceState, ItemState, LetterState, Life, ReadingActState, RunAccountState,
};

use crate::statement::{Record, Statement, statements, values};
use crate::{Result, StoreError, Tx};

/// Who claims, when, and for how long.
#[derive(Debug, Clone)]
pub struct Lease {
    pub owner: String,
    pub now: DateTime<Utc>,
    pub lasts: TimeDelta,
}

impl Lease {
    pub(crate) fn until(&self) -> i64 {
        (self.now + self.lasts).timestamp_micros()
    }
}

/// Work that is ours until its lease runs out.
#[derive(Debug, Clone)]
pub struct Claimed<T> {
    pub id: i64,
    pub fence: i64,
    /// This attempt, counted from one; it was recorded before the work began (T26).
    pub attempt: i64,
    pub work: T,
}

/// Writes the claim of one table in both dialects: `$1` owner, `$2` until, `$3` now, `$4` most, `$5` state.
///
/// Several are claimed only of what was never tried; what was tried before is claimed alone (`$4` is 1), so that work which
/// ends the daemon wears out its own attempts and not those of sixty others. A letter (`again`) wears out nothing.
macro_rules! claim {
    ($table:literal, $columns:literal) => {
        claim!(@ $table, $columns, " AND (attempts = 0 OR $4 = 1)", "")
    };
    (postgres $table:literal, $columns:literal) => {
        claim!(@ $table, $columns, " AND (attempts = 0 OR $4 = 1)", " FOR UPDATE SKIP LOCKED")
    };
    (again $table:literal, $columns:literal) => {
        claim!(@ $table, $columns, "", "")
    };
    (again postgres $table:literal, $columns:literal) => {
        claim!(@ $table, $columns, "", " FOR UPDATE SKIP LOCKED")
    };
    (@ $table:literal, $columns:literal, $which:literal, $lock:literal) => {
        concat!(
            "UPDATE ", $table, " SET lease_owner = $1, lease_until = $2, fence = fence + 1, attempts = attempts + 1 WHERE id IN (SELECT id FROM ",
            $table, " WHERE state = $5 AND due_at <= $3 AND lease_until <= $3", $which, " ORDER BY due_at, id LIMIT $4", $lock, ") RETURNING id, fence, attempts, ", $columns
        )
    };
}
pub(crate) use claim;

macro_rules! step_of {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET state = $1, due_at = $2, attempts = 0, lease_owner = NULL, lease_until = 0, fence = fence + 1 ",
            "WHERE id = $3 AND state = $4 AND fence = $5"
        )
    };
}

macro_rules! step_free_of {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET state = $1, due_at = $2, attempts = 0, lease_owner = NULL, lease_until = 0, fence = fence + 1 ",
            "WHERE id = $3 AND state = $4"
        )
    };
}

macro_rules! put_back_of {
    ($table:literal) => {
        concat!("UPDATE ", $table, " SET due_at = $1, lease_owner = NULL, lease_until = 0 WHERE id = $2 AND fence = $3")
    };
}

statements! {
    STEP_ITEM = step_of!("item");
    STEP_ACT = step_of!("act");
    STEP_INVOICE = step_of!("invoice");
    STEP_LETTER = step_of!("letter");
    STEP_RUN_ACCOUNT = step_of!("run_account");
    STEP_READING_ACT = step_of!("reading_act");
    STEP_COUNTERSIGNING = step_of!("countersigning");
    FREE_ITEM = step_free_of!("item");
    FREE_ACT = step_free_of!("act");
    FREE_INVOICE = step_free_of!("invoice");
    FREE_LETTER = step_free_of!("letter");
    FREE_RUN_ACCOUNT = step_free_of!("run_account");
    FREE_READING_ACT = step_free_of!("reading_act");
    FREE_COUNTERSIGNING = step_free_of!("countersigning");
    BACK_ITEM = put_back_of!("item");
    BACK_ACT = put_back_of!("act");
    BACK_INVOICE = put_back_of!("invoice");
    BACK_LETTER = put_back_of!("letter");
    BACK_RUN_ACCOUNT = put_back_of!("run_account");
    BACK_READING_ACT = put_back_of!("reading_act");
    BACK_COUNTERSIGNING = put_back_of!("countersigning");
}

/// A life that has a table.
pub trait Stored: Life {
    #[doc(hidden)]
    const STEP: &'static Statement;
    #[doc(hidden)]
    const STEP_FREE: &'static Statement;
    #[doc(hidden)]
    const PUT_BACK: &'static Statement;
}

macro_rules! stored {
    ($($life:ty: $step:ident, $free:ident, $back:ident;)+) => {
        $(impl Stored for $life {
            const STEP: &'static Statement = &$step;
            const STEP_FREE: &'static Statement = &$free;
            const PUT_BACK: &'static Statement = &$back;
        })+
    };
}
stored! {
    ItemState: STEP_ITEM, FREE_ITEM, BACK_ITEM;
    ActState: STEP_ACT, FREE_ACT, BACK_ACT;
    InvoiceState: STEP_INVOICE, FREE_INVOICE, BACK_INVOICE;
    LetterState: STEP_LETTER, FREE_LETTER, BACK_LETTER;
    RunAccountState: STEP_RUN_ACCOUNT, FREE_RUN_ACCOUNT, BACK_RUN_ACCOUNT;
    ReadingActState: STEP_READING_ACT, FREE_READING_ACT, BACK_READING_ACT;
    CountersignState: STEP_COUNTERSIGNING, FREE_COUNTERSIGNING, BACK_COUNTERSIGNING;
}

pub(crate) fn after<S: Life>(id: i64, from: S, event: S::Event) -> Result<S> {
    from.after(event).ok_or_else(|| StoreError::ForbiddenStep {
        subject: S::SUBJECT,
        id,
        from: from.to_string(),
        event: event.to_string(),
    })
}

impl Tx {
    /// Claims what is due in a state, oldest id first; `work` reads the columns after id, fence and attempt.
    pub(crate) async fn claim<T>(
        &mut self,
        statement: &'static Statement,
        state: &str,
        (lease, most): (&Lease, i64),
        work: impl Fn(&mut Record) -> Result<T>,
    ) -> Result<Vec<Claimed<T>>> {
        let values = values![lease.owner.as_str(), lease.until(), lease.now.timestamp_micros(), most, state];
        let claimed = |mut row: Record| {
            let (id, fence, attempt) = (row.integer()?, row.integer()?, row.integer()?);
            Ok(Claimed { id, fence, attempt, work: work(&mut row)? })
        };
        let mut claimed = self.rows(statement, values).await?.into_iter().map(claimed).collect::<Result<Vec<_>>>()?;
        claimed.sort_by_key(|claim| claim.id);
        Ok(claimed)
    }

    /// Takes one step of a life we hold a claim on, and gives the claim back. `due` is when the next station may begin.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when another daemon has claimed it meanwhile; [`StoreError::ForbiddenStep`].
    pub async fn step<S: Stored, T>(&mut self, claimed: &Claimed<T>, from: S, event: S::Event, due: DateTime<Utc>) -> Result<S> {
        let to = after(claimed.id, from, event)?;
        let values = values![to.to_string(), due.timestamp_micros(), claimed.id, from.to_string(), claimed.fence];
        match self.execute(S::STEP, values).await? {
            1 => Ok(to),
            _ => Err(StoreError::LeaseLost { subject: S::SUBJECT, id: claimed.id }),
        }
    }

    /// Takes one step of a life that is moved by another's claim (the item of an act), or by an operator.
    pub async fn step_free<S: Stored>(&mut self, id: i64, from: S, event: S::Event, due: DateTime<Utc>) -> Result<S> {
        let to = after(id, from, event)?;
        match self.execute(S::STEP_FREE, values![to.to_string(), due.timestamp_micros(), id, from.to_string()]).await? {
            1 => Ok(to),
            _ => Err(StoreError::LeaseLost { subject: S::SUBJECT, id }),
        }
    }

    /// Gives a claim back undone, due again at `due`; the attempt stays counted.
    pub async fn put_back<S: Stored, T>(&mut self, claimed: &Claimed<T>, due: DateTime<Utc>) -> Result<()> {
        match self.execute(S::PUT_BACK, values![due.timestamp_micros(), claimed.id, claimed.fence]).await? {
            1 => Ok(()),
            _ => Err(StoreError::LeaseLost { subject: S::SUBJECT, id: claimed.id }),
        }
    }
}
