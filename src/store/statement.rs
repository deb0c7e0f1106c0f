//! A statement and its values, the same for both engines.

use crate::{Result, StoreError};

/// One SQL statement. `postgres` is there where the engines differ.
#[derive(Debug)]
pub struct Statement {
    pub name: &'static str,
    pub sql: &'static str,
    pub postgres: Option<&'static str>,
}

/// Declares statements and lists them, so that a test can prepare each on both engines.
macro_rules! statements {
    ($($name:ident = $sql:expr $(, postgres: $postgres:expr)?;)+) => {
        $(const $name: crate::statement::Statement = crate::statement::Statement {
            name: stringify!($name),
            sql: $sql,
            postgres: statements!(@postgres $($postgres)?),
        };)+
        /// Every statement of this file.
        #[cfg(test)]
        pub const STATEMENTS: &[&crate::statement::Statement] = &[$(&$name),+];
    };
    (@postgres) => { None };
    (@postgres $sql:expr) => { Some($sql) };
}
pub(crate) use statements;

/// A value bound to a statement or read from a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Integer(Option<i64>),
    Text(Option<String>),
    Bytes(Option<Vec<u8>>),
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(Some(value))
    }
}

impl From<Option<i64>> for Value {
    fn from(value: Option<i64>) -> Self {
        Self::Integer(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<String>> for Value {
    fn from(value: Option<String>) -> Self {
        Self::Text(value)
    }
}

impl From<Option<&str>> for Value {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::Bytes(Some(value.to_vec()))
    }
}

/// Makes the list of values of a call.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$(crate::statement::Value::from($value)),*] };
}
pub(crate) use values;

/// One row of an answer. Columns are taken in order, so a reader's calls stand as the statement's columns do.
#[derive(Debug)]
pub struct Record {
    statement: &'static str,
    columns: std::vec::IntoIter<Value>,
    next: usize,
}

impl Record {
    pub(crate) fn new(statement: &'static str, columns: Vec<Value>) -> Self {
        Self { statement, columns: columns.into_iter(), next: 0 }
    }

    fn wrong(&self, value: impl std::fmt::Debug) -> StoreError {
        StoreError::Meaning { statement: self.statement, column: self.next, value: format!("{value:?}") }
    }

    fn value(&mut self) -> Result<Value> {
        self.next += 1;
        self.columns.next().ok_or_else(|| StoreError::Meaning {
            statement: self.statement,
            column: self.next,
            value: "nothing".to_owned(),
        })
    }

    pub fn integer_or_null(&mut self) -> Result<Option<i64>> {
        match self.value()? {
            Value::Integer(value) => Ok(value),
            // SQLite gives a NULL no type of its own.
            Value::Text(None) | Value::Bytes(None) => Ok(None),
            other => Err(self.wrong(other)),
        }
    }

    pub fn text_or_null(&mut self) -> Result<Option<String>> {
        match self.value()? {
            Value::Text(value) => Ok(value),
            Value::Integer(None) | Value::Bytes(None) => Ok(None),
            other => Err(self.wrong(other)),
        }
    }

    pub fn integer(&mut self) -> Result<i64> {
        self.integer_or_null()?.ok_or_else(|| self.wrong("NULL"))
    }

    pub fn text(&mut self) -> Result<String> {
        self.text_or_null()?.ok_or_else(|| self.wrong("NULL"))
    }

    pub fn bytes(&mut self) -> Result<Vec<u8>> {
        match self.value()? {
            Value::Bytes(Some(value)) => Ok(value),
            other => Err(self.wrong(other)),
        }
    }

    /// A column read as a value of the domain; what does not read is an error that names the column.
    pub fn parsed<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<T> {
        let text = self.text()?;
        parse(&text).ok_or_else(|| self.wrong(text))
    }

    pub fn parsed_or_null<T>(&mut self, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        let Some(text) = self.text_or_null()? else { return Ok(None) };
        parse(&text).map(Some).ok_or_else(|| self.wrong(text))
    }

    /// An integer column read as a value of the domain.
    pub fn counted<T>(&mut self, read: impl FnOnce(i64) -> Option<T>) -> Result<T> {
        let value = self.integer()?;
        read(value).ok_or_else(|| self.wrong(value))
    }

    /// An instant, stored as microseconds UTC.
    pub fn instant(&mut self) -> Result<chrono::DateTime<chrono::Utc>> {
        self.counted(chrono::DateTime::from_timestamp_micros)
    }

    pub fn instant_or_null(&mut self) -> Result<Option<chrono::DateTime<chrono::Utc>>> {
        Ok(self.integer_or_null()?.and_then(chrono::DateTime::from_timestamp_micros))
    }
}

/// Hexadecimal SHA-256, the name of a blob.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}
