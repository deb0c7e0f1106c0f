//! Reading a TOML table key by key, collecting what is wrong.
//!
//! The keys that were asked for are the keys that exist: whatever else stands in the table is a fault with a suggestion, so
//! the code that reads is the only list of keys.

use std::cell::RefCell;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::Secret;
use crate::fault::{Fault, concealed};

/// Why a value will not do, and what would.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub what: String,
    pub instead: String,
}

pub(crate) fn wrong<T>(what: impl Into<String>, instead: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { what: what.into(), instead: instead.into() })
}

/// The file being read.
pub(crate) struct Reader<'t> {
    pub text: &'t str,
    pub base: &'t Path,
    pub credentials: &'t Path,
    pub faults: RefCell<Vec<Fault>>,
}

impl Reader<'_> {
    pub fn refuse(&self, at: usize, key: &str, wrong: Wrong) {
        self.faults.borrow_mut().push(Fault::at(self.text, at, key, wrong.what, wrong.instead));
    }

    pub fn path(&self, value: &str) -> Result<PathBuf, Wrong> {
        if value.is_empty() || value.chars().any(char::is_control) {
            return wrong("a path cannot be empty or hold control characters", "write a path, absolute or relative to this file");
        }
        if value.starts_with("~/") || value.contains('$') {
            return wrong("~ and $ are not expanded here", "write the whole path, or one relative to this file");
        }
        Ok(self.base.join(value))
    }

    pub fn secret(&self, value: &str) -> Result<Secret, Wrong> {
        const INSTEAD: &str =
            "write \"credential:NAME\" and LoadCredential=NAME:/path in the unit, or a path with a slash (\"./NAME\")";
        if let Some(name) = value.strip_prefix("credential:") {
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
            if name.is_empty() || name.starts_with('.') || !plain {
                return wrong("a credential's name has letters, digits, - _ and . only", INSTEAD);
            }
            return Ok(Secret(self.credentials.join(name)));
        }
        // The secret itself, pasted here, seldom has a slash; a path can always be given one.
        if !value.contains('/') {
            return wrong("this is neither a credential nor a path; the secret itself must never stand here", INSTEAD);
        }
        self.path(value).map(Secret)
    }
}

/// One table, with the keys that were asked for.
pub(crate) struct Keys<'r> {
    pub reader: &'r Reader<'r>,
    table: &'r DeTable<'r>,
    path: String,
    at: usize,
    known: RefCell<Vec<&'static str>>,
}

impl<'r> Keys<'r> {
    pub fn new(reader: &'r Reader<'r>, table: &'r DeTable<'r>, path: String, at: usize) -> Self {
        Self { reader, table, path, at, known: RefCell::new(Vec::new()) }
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn find(&self, key: &'static str) -> Option<&'r Spanned<DeValue<'r>>> {
        self.known.borrow_mut().push(key);
        self.table.get(key)
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Names keys that may stand here and are read only beside others.
    pub fn may_stand(&self, keys: &[&'static str]) {
        self.known.borrow_mut().extend(keys);
    }

    /// Whether `key` is an array without anything in it.
    pub fn is_empty_list(&self, key: &str) -> bool {
        self.table.get(key).and_then(|value| value.get_ref().as_array()).is_some_and(|array| array.is_empty())
    }

    /// The text of `key`, unchecked: for comparing sections whose values were checked on their own.
    pub fn text(&self, key: &str) -> Option<&'r str> {
        self.table.get(key)?.get_ref().as_str()
    }

    fn mistyped(&self, key: &str, found: &Spanned<DeValue<'_>>, needed: &str) {
        let what = format!("{} stands here where {needed} is needed", article(found.get_ref().type_str()));
        let instead = match needed {
            "a string" => format!("write it in quotes: {key} = \"…\""),
            "an array of tables" => format!("write its head in double brackets: [[{key}]]"),
            "a table" => format!("write its head in brackets: [{}]", self.name(key)),
            "an array of strings" => format!("write it in brackets: {key} = [\"…\", \"…\"]"),
            "true or false" => format!("write {key} = true or {key} = false, without quotes"),
            _ => format!("write {key} = … with {needed}"),
        };
        self.reader.refuse(found.span().start, &self.name(key), Wrong { what, instead });
    }

    /// Refuses the value of `key`, or the table when it is absent.
    pub fn refuse(&self, key: &str, what: impl Into<String>, instead: impl Into<String>) {
        let at = self.table.get(key).map_or(self.at, |value| value.span().start);
        self.reader.refuse(at, &self.name(key), Wrong { what: what.into(), instead: instead.into() });
    }

    fn missing(&self, key: &str, example: &str) {
        let instead = match self.path.as_str() {
            "" => format!("add {example}"),
            path => format!("add {key} = {example} under [{path}]"),
        };
        self.reader.refuse(self.at, &self.name(key), Wrong { what: "is missing".to_owned(), instead });
    }

    pub fn optional<T>(&self, key: &'static str, parse: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        let found = self.find(key)?;
        let Some(text) = found.get_ref().as_str() else {
            self.mistyped(key, found, "a string");
            return None;
        };
        parse(text).map_err(|wrong| self.reader.refuse(found.span().start, &self.name(key), wrong)).ok()
    }

    pub fn required<T>(&self, key: &'static str, example: &str, parse: impl FnOnce(&str) -> Result<T, Wrong>) -> Option<T> {
        if !self.has(key) {
            self.known.borrow_mut().push(key);
            self.missing(key, example);
            return None;
        }
        self.optional(key, parse)
    }

    pub fn path(&self, key: &'static str) -> Option<PathBuf> {
        self.optional(key, |value| self.reader.path(value))
    }

    pub fn secret(&self, key: &'static str) -> Option<Secret> {
        self.optional(key, |value| self.reader.secret(value))
    }

    pub fn integer(&self, key: &'static str, range: &RangeInclusive<u16>) -> Option<u16> {
        let found = self.find(key)?;
        let Some(integer) = found.get_ref().as_integer() else {
            self.mistyped(key, found, "an integer");
            return None;
        };
        let value = u16::from_str_radix(integer.as_str(), integer.radix()).ok().filter(|value| range.contains(value));
        if value.is_none() {
            let what = format!("{integer} is out of range");
            self.refuse(key, what, format!("write a number from {} to {}", range.start(), range.end()));
        }
        value
    }

    pub fn flag(&self, key: &'static str) -> Option<bool> {
        let found = self.find(key)?;
        let flag = found.get_ref().as_bool();
        if flag.is_none() {
            self.mistyped(key, found, "true or false");
        }
        flag
    }

    /// An array of strings; every wrong one is told.
    pub fn list<T>(&self, key: &'static str, parse: impl Fn(&str) -> Result<T, Wrong>) -> Option<Vec<T>> {
        let found = self.find(key)?;
        let Some(array) = found.get_ref().as_array() else {
            self.mistyped(key, found, "an array of strings");
            return None;
        };
        let one = |entry: &Spanned<DeValue<'_>>| {
            let Some(text) = entry.get_ref().as_str() else {
                self.mistyped(key, entry, "a string");
                return None;
            };
            parse(text).map_err(|wrong| self.reader.refuse(entry.span().start, &self.name(key), wrong)).ok()
        };
        let read: Vec<Option<T>> = array.iter().map(one).collect();
        read.into_iter().collect()
    }

    pub fn table(&self, key: &'static str) -> Option<Keys<'r>> {
        let found = self.find(key)?;
        if let DeValue::Table(table) = found.get_ref() {
            return Some(Keys::new(self.reader, table, self.name(key), found.span().start));
        }
        self.mistyped(key, found, "a table");
        None
    }

    pub fn required_table(&self, key: &'static str) -> Option<Keys<'r>> {
        if !self.has(key) {
            self.known.borrow_mut().push(key);
            self.missing(key, &format!("a section [{}]; `oblik config example` shows it", self.name(key)));
            return None;
        }
        self.table(key)
    }

    pub fn tables(&self, key: &'static str) -> Vec<Keys<'r>> {
        let Some(found) = self.find(key) else { return Vec::new() };
        let Some(array) = found.get_ref().as_array() else {
            self.mistyped(key, found, "an array of tables");
            return Vec::new();
        };
        let entries = array.iter().enumerate().filter_map(|(index, entry)| {
            if let DeValue::Table(table) = entry.get_ref() {
                return Some(Keys::new(self.reader, table, format!("{}[{index}]", self.name(key)), entry.span().start));
            }
            self.mistyped(key, entry, "an array of tables");
            None
        });
        entries.collect()
    }

    /// Exactly one of `keys` must stand in the table; tells when it is none or several.
    pub fn exactly_one(&self, keys: &[&'static str], purpose: &str) {
        let present: Vec<&str> = keys.iter().copied().filter(|key| self.has(key)).collect();
        match present.as_slice() {
            [_] => {}
            [] => {
                let what = format!("says nothing of {purpose}");
                self.reader.refuse(self.at, &self.path, Wrong { what, instead: format!("add one of {}", keys.join(", ")) });
            }
            [.., last] => {
                let what = format!("{} cannot stand together", present.join(" and "));
                self.refuse(last, what, format!("keep one of {}", keys.join(", ")));
            }
        }
    }

    /// Tells of every key nobody asked for.
    pub fn finish(&self) {
        let known = self.known.borrow();
        for (key, _) in self.table.iter().filter(|(key, _)| !known.contains(&key.get_ref().as_ref())) {
            let name: String = key.get_ref().chars().filter(|c| !c.is_control()).take(64).collect();
            let instead = match nearest(&name, &known) {
                Some(near) => format!("did you mean {near}?"),
                None => format!("known here: {}", known.join(", ")),
            };
            let what = "no such key is known".to_owned();
            let fault = Fault::at(self.reader.text, key.span().start, &self.name(&name), what, instead);
            self.reader.faults.borrow_mut().push(concealed(fault));
        }
    }
}

fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let small = name.to_lowercase().replace('-', "_");
    let distances = known.iter().map(|key| (strsim::osa_distance(&small, key), *key));
    let (distance, key) = distances.min()?;
    (distance <= 1 + key.chars().count() / 4).then_some(key)
}

fn article(kind: &str) -> String {
    if kind.starts_with(['a', 'i']) { format!("an {kind}") } else { format!("a {kind}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_key_is_suggested_only_when_it_is_near() {
        let known = ["host", "port", "password", "journal_mailbox"];
        for (name, near) in [
            ("hots", Some("host")),
            ("Port", Some("port")),
            ("pasword", Some("password")),
            ("journal-mailbox", Some("journal_mailbox")),
            ("journal_mail", Some("journal_mailbox")),
            ("timeout", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, &known), near, "{name}");
        }
    }
}
