//! The two engines behind one transaction.

use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::postgres::{PgArguments, PgPool, PgPoolOptions, PgRow};
use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
};
use sqlx::{Column as _, Postgres, Row as _, Sqlite, Transaction, TypeInfo as _, ValueRef as _};

use crate::journal::JournalEntry;
use crate::statement::{Record, Statement, Value};
use crate::{Result, StoreError};

/// Where the state lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    Sqlite(PathBuf),
    /// `postgres://…`
    Postgres(String),
}

/// The database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Debug, Clone)]
enum Engine {
    /// One writer, because SQLite has one; readers beside it, because WAL lets them.
    Sqlite {
        writer: SqlitePool,
        readers: SqlitePool,
    },
    Postgres(PgPool),
}

/// A transaction. What it journals is written, chained, by its commit.
pub struct Tx {
    inner: Inner,
    label: &'static str,
    pub(crate) entries: Vec<JournalEntry>,
}

enum Inner {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

fn engine(doing: &'static str) -> impl Fn(sqlx::Error) -> StoreError {
    move |source| StoreError::Engine { doing, source }
}

impl Store {
    /// Opens the database and brings it to this version of the schema.
    ///
    /// # Errors
    /// The file or server cannot be reached, or its schema is newer than this program.
    pub async fn open(place: &Place) -> Result<Self> {
        let store = Self::connect(place).await?;
        store.migrate(usize::MAX).await?;
        store.keep_first_versions().await?;
        Ok(store)
    }

    pub(crate) async fn connect(place: &Place) -> Result<Self> {
        match place {
            Place::Sqlite(path) => Self::open_sqlite(path.clone()).await,
            Place::Postgres(url) => {
                let options = PgPoolOptions::new().max_connections(12).acquire_timeout(Duration::from_secs(20));
                Ok(Self { engine: Engine::Postgres(options.connect(url).await.map_err(engine("connect to postgresql"))?) })
            }
        }
    }

    /// Brings the schema as far as the first `most` migrations lead.
    pub(crate) async fn migrate(&self, most: usize) -> Result<()> {
        match &self.engine {
            Engine::Sqlite { writer, .. } => migrations(SQLITE_MIGRATIONS, most).run(writer).await?,
            Engine::Postgres(pool) => migrations(POSTGRES_MIGRATIONS, most).run(pool).await?,
        }
        Ok(())
    }

    async fn open_sqlite(path: PathBuf) -> Result<Self> {
        // FULL: NORMAL lost acknowledged commits in 6 of 15 power cuts, with every integrity check saying ok.
        let options = SqliteConnectOptions::from_str("sqlite:")
            .map_err(engine("name the database"))?
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(30))
            .pragma("trusted_schema", "OFF")
            .statement_cache_capacity(256);
        // A file of hundreds of thousands of readings is one transaction: whoever writes next waits for it.
        let pool = |most| {
            let options = SqlitePoolOptions::new().max_connections(most).min_connections(1);
            options.idle_timeout(None).max_lifetime(None).acquire_timeout(Duration::from_mins(10))
        };
        let writer = pool(1).connect_with(options.clone()).await.map_err(engine("open the database file"))?;
        let readers = pool(4).connect_lazy_with(options.pragma("query_only", "ON"));
        Ok(Self { engine: Engine::Sqlite { writer, readers } })
    }

    /// Begins a writing transaction. `label` names it in crash points and errors.
    pub async fn begin(&self, label: &'static str) -> Result<Tx> {
        let inner = match &self.engine {
            // IMMEDIATE: a transaction that reads first and writes later would fail when another wrote between.
            Engine::Sqlite { writer, .. } => Inner::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await.map_err(engine("begin"))?),
            Engine::Postgres(pool) => Inner::Postgres(pool.begin().await.map_err(engine("begin"))?),
        };
        Ok(Tx { inner, label, entries: Vec::new() })
    }

    /// Begins a transaction that only reads: it never waits for the writer.
    pub async fn read(&self) -> Result<Tx> {
        let inner = match &self.engine {
            Engine::Sqlite { readers, .. } => Inner::Sqlite(readers.begin().await.map_err(engine("begin reading"))?),
            Engine::Postgres(pool) => Inner::Postgres(pool.begin_with("BEGIN READ ONLY").await.map_err(engine("begin reading"))?),
        };
        Ok(Tx { inner, label: "read", entries: Vec::new() })
    }

    /// Closes every connection; the WAL of SQLite is folded into the file.
    pub async fn close(&self) {
        match &self.engine {
            Engine::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Engine::Postgres(pool) => pool.close().await,
        }
    }

    /// `sqlite` or `postgresql`.
    pub fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite { .. } => "sqlite",
            Engine::Postgres(_) => "postgresql",
        }
    }
}

impl Tx {
    /// Adds to the journal what becomes true with this transaction. `detail` is JSON without names, texts or figures of
    /// customers beyond ids.
    #[expect(clippy::needless_pass_by_value, reason = "an id is a number or a reference")]
    pub fn journal(
        &mut self,
        at: DateTime<Utc>,
        event: &'static str,
        subject: &'static str,
        id: impl ToString,
        detail: &serde_json::Value,
    ) {
        self.entries.push(JournalEntry {
            at,
            event: event.to_owned(),
            subject: subject.to_owned(),
            subject_id: id.to_string(),
            detail: detail.to_string(),
        });
    }

    /// Makes everything of this transaction true at once, durably.
    pub async fn commit(mut self) -> Result<()> {
        self.write_journal().await?;
        let name = format!("commit:{}", self.label);
        oblik_crashpoint::point("before", &name);
        match self.inner {
            Inner::Sqlite(tx) => tx.commit().await,
            Inner::Postgres(tx) => tx.commit().await,
        }
        .map_err(engine("commit"))?;
        oblik_crashpoint::point("after", &name);
        Ok(())
    }

    pub async fn roll_back(self) -> Result<()> {
        match self.inner {
            Inner::Sqlite(tx) => tx.rollback().await,
            Inner::Postgres(tx) => tx.rollback().await,
        }
        .map_err(engine("roll back"))
    }

    /// Whether rows come to light in the order of their numbers: SQLite has one writer, PostgreSQL many.
    pub(crate) fn is_numbered_as_it_commits(&self) -> bool {
        matches!(self.inner, Inner::Sqlite(_))
    }

    /// Runs a statement; how many rows it touched.
    pub(crate) async fn execute(&mut self, statement: &'static Statement, values: Vec<Value>) -> Result<u64> {
        let done = match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = sqlx::query_with(statement.sql, sqlite_arguments(values)?);
                query.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
            Inner::Postgres(tx) => {
                let query = sqlx::query_with(statement.postgres.unwrap_or(statement.sql), postgres_arguments(values)?);
                query.execute(&mut **tx).await.map(|done| done.rows_affected())
            }
        };
        done.map_err(|source| failed(statement, source))
    }

    pub(crate) async fn rows(&mut self, statement: &'static Statement, values: Vec<Value>) -> Result<Vec<Record>> {
        let name = statement.name;
        match &mut self.inner {
            Inner::Sqlite(tx) => {
                let query = sqlx::query_with(statement.sql, sqlite_arguments(values)?);
                let rows = query.fetch_all(&mut **tx).await.map_err(|source| failed(statement, source))?;
                rows.iter().map(|row| Ok(Record::new(name, sqlite_columns(row).map_err(|e| failed(statement, e))?))).collect()
            }
            Inner::Postgres(tx) => {
                let query = sqlx::query_with(statement.postgres.unwrap_or(statement.sql), postgres_arguments(values)?);
                let rows = query.fetch_all(&mut **tx).await.map_err(|source| failed(statement, source))?;
                rows.iter().map(|row| Ok(Record::new(name, postgres_columns(row).map_err(|e| failed(statement, e))?))).collect()
            }
        }
    }

    pub(crate) async fn row_or_none(&mut self, statement: &'static Statement, values: Vec<Value>) -> Result<Option<Record>> {
        let mut rows = self.rows(statement, values).await?;
        if rows.len() > 1 {
            let found = u64::try_from(rows.len()).unwrap_or(u64::MAX);
            return Err(StoreError::Rows { statement: statement.name, expected: "one row at most", found });
        }
        Ok(rows.pop())
    }

    pub(crate) async fn row(&mut self, statement: &'static Statement, values: Vec<Value>) -> Result<Record> {
        let row = self.row_or_none(statement, values).await?;
        row.ok_or(StoreError::Rows { statement: statement.name, expected: "one row", found: 0 })
    }

    /// Runs a statement that touches exactly one row.
    pub(crate) async fn execute_one(&mut self, statement: &'static Statement, values: Vec<Value>) -> Result<()> {
        match self.execute(statement, values).await? {
            1 => Ok(()),
            found => Err(StoreError::Rows { statement: statement.name, expected: "one row", found }),
        }
    }

    #[cfg(test)]
    pub(crate) async fn prepare(&mut self, statement: &'static Statement) -> std::result::Result<(), sqlx::Error> {
        use sqlx::Executor as _;
        match &mut self.inner {
            Inner::Sqlite(tx) => tx.prepare(sqlx::AssertSqlSafe(statement.sql).into_sql_str()).await.map(drop),
            Inner::Postgres(tx) => {
                tx.prepare(sqlx::AssertSqlSafe(statement.postgres.unwrap_or(statement.sql)).into_sql_str()).await.map(drop)
            }
        }
    }

    #[cfg(test)]
    pub(crate) async fn raw(&mut self, sql: &'static str) -> std::result::Result<u64, sqlx::Error> {
        match &mut self.inner {
            Inner::Sqlite(tx) => sqlx::query(sql).execute(&mut **tx).await.map(|done| done.rows_affected()),
            Inner::Postgres(tx) => sqlx::query(sql).execute(&mut **tx).await.map(|done| done.rows_affected()),
        }
    }
}

#[cfg(test)]
use sqlx::SqlSafeStr as _;

fn failed(statement: &'static Statement, source: sqlx::Error) -> StoreError {
    if source.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation) {
        return StoreError::AlreadyThere { statement: statement.name };
    }
    StoreError::Engine { doing: statement.name, source }
}

fn sqlite_arguments(values: Vec<Value>) -> Result<SqliteArguments> {
    use sqlx::Arguments as _;
    let mut arguments = SqliteArguments::default();
    for value in values {
        match value {
            Value::Integer(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(|cause| StoreError::Engine { doing: "bind a value", source: sqlx::Error::Encode(cause) })?;
    }
    Ok(arguments)
}

fn postgres_arguments(values: Vec<Value>) -> Result<PgArguments> {
    use sqlx::Arguments as _;
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Integer(value) => arguments.add(value),
            Value::Text(value) => arguments.add(value),
            Value::Bytes(value) => arguments.add(value),
        }
        .map_err(|cause| StoreError::Engine { doing: "bind a value", source: sqlx::Error::Encode(cause) })?;
    }
    Ok(arguments)
}

fn sqlite_columns(row: &SqliteRow) -> std::result::Result<Vec<Value>, sqlx::Error> {
    let column = |index: usize| {
        let raw = row.try_get_raw(index)?;
        let type_name = raw.type_info().name().to_owned();
        Ok(match type_name.as_str() {
            _ if raw.is_null() => Value::Text(None),
            "INTEGER" | "BOOLEAN" => Value::Integer(row.try_get_unchecked(index)?),
            "BLOB" => Value::Bytes(row.try_get_unchecked(index)?),
            _ => Value::Text(row.try_get_unchecked(index)?),
        })
    };
    (0..row.columns().len()).map(column).collect()
}

fn postgres_columns(row: &PgRow) -> std::result::Result<Vec<Value>, sqlx::Error> {
    let column = |(index, column): (usize, &sqlx::postgres::PgColumn)| {
        Ok(match column.type_info().name() {
            "INT8" => Value::Integer(row.try_get(index)?),
            "INT4" => Value::Integer(row.try_get::<Option<i32>, _>(index)?.map(i64::from)),
            "BYTEA" => Value::Bytes(row.try_get(index)?),
            _ => Value::Text(row.try_get(index)?),
        })
    };
    row.columns().iter().enumerate().map(column).collect()
}

const SQLITE_MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "house", include_str!("../../migrations/sqlite/0001_house.sql")),
    (2, "waiting", include_str!("../../migrations/sqlite/0002_waiting.sql")),
    (3, "billing", include_str!("../../migrations/sqlite/0003_billing.sql")),
    (4, "issuers", include_str!("../../migrations/sqlite/0004_issuers.sql")),
    (5, "countersigning", include_str!("../../migrations/sqlite/0005_countersigning.sql")),
    (6, "acts", include_str!("../../migrations/sqlite/0006_acts.sql")),
    (7, "signing", include_str!("../../migrations/sqlite/0007_signing.sql")),
];
const POSTGRES_MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "house", include_str!("../../migrations/postgres/0001_house.sql")),
    (2, "waiting", include_str!("../../migrations/postgres/0002_waiting.sql")),
    (3, "billing", include_str!("../../migrations/postgres/0003_billing.sql")),
    (4, "issuers", include_str!("../../migrations/postgres/0004_issuers.sql")),
    (5, "countersigning", include_str!("../../migrations/postgres/0005_countersigning.sql")),
    (6, "acts", include_str!("../../migrations/postgres/0006_acts.sql")),
    (7, "signing", include_str!("../../migrations/postgres/0007_signing.sql")),
];

fn migrations(list: &'static [(i64, &'static str, &'static str)], most: usize) -> sqlx::migrate::Migrator {
    use sqlx::migrate::{Migration, MigrationType};
    let migration = |(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(*version, (*name).into(), MigrationType::Simple, sqlx::SqlStr::from_static(sql), false)
    };
    sqlx::migrate::Migrator::with_migrations(list.iter().take(most).map(migration).collect())
}
