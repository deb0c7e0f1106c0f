//! What a statement can fail of, as far as callers act differently on it.

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The lease ran out and another daemon took the work: whatever we thought is void.
    #[error("the lease on {subject} {id} was lost")]
    LeaseLost { subject: &'static str, id: i64 },
    /// A step the life's table does not have: ours to mend.
    #[error("{subject} {id} cannot go from {from} by {event}")]
    ForbiddenStep { subject: &'static str, id: i64, from: String, event: String },
    /// Something of that identity stands already.
    #[error("{statement}: it stands already")]
    AlreadyThere { statement: &'static str },
    #[error("{statement}: {expected} expected, {found} found")]
    Rows { statement: &'static str, expected: &'static str, found: u64 },
    #[error("{statement}: column {column} holds what it cannot mean: {value}")]
    Meaning { statement: &'static str, column: usize, value: String },
    #[error("{doing}")]
    Engine {
        doing: &'static str,
        #[source]
        source: sqlx::Error,
    },
    #[error("bring the database to this version")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

impl StoreError {
    /// Full disk or failing device: the handle must not be used again (operations: the rule from fsyncgate).
    pub fn is_device_failure(&self) -> bool {
        const SQLITE_IOERR: i32 = 10;
        const SQLITE_FULL: i32 = 13;
        let Self::Engine { source: sqlx::Error::Database(cause), .. } = self else { return false };
        let code = cause.code().and_then(|code| code.parse::<i32>().ok());
        code.is_some_and(|code| matches!(code & 0xff, SQLITE_IOERR | SQLITE_FULL))
    }
}
