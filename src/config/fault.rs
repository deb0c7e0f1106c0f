//! What is wrong with a configuration file, as a person reads it: where, what, and what to write instead.
//!
//! The line itself is shown, but never what may be a secret: an administrator pastes these messages into tickets.

use std::fmt;
use std::path::{Path, PathBuf};

/// Faults told of one file; the rest is counted.
const SHOWN: usize = 50;
/// Characters of a line that are shown.
const LINE_CHARS: usize = 140;
/// A line with one of these words is shown only up to its first `=`.
const SECRET_WORDS: [&str; 9] = ["pass", "pwd", "pin", "parol", "token", "secret", "postgres", "credential", "key"];

/// One fault of a configuration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// From 1; 0 when the fault is of the whole file.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// `mailbox[0].imap.host`; empty for the whole file.
    pub key: String,
    pub what: String,
    /// What to write or do.
    pub instead: String,
    shown: String,
}

impl Fault {
    /// A fault at the byte `at` of `text`.
    pub(crate) fn at(text: &str, at: usize, key: &str, what: String, instead: String) -> Self {
        let before = text.get(..at.min(text.len())).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |position| position + 1);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        let shown = text.get(start..).unwrap_or_default().lines().next().unwrap_or_default();
        Self { line, column, key: key.to_owned(), what, instead, shown: without_secret(shown) }
    }
}

/// The same fault with its line shown up to the first `=`: the value of a key nobody knows may be a secret.
pub(crate) fn concealed(mut fault: Fault) -> Fault {
    if let Some((key, _)) = fault.shown.split_once('=') {
        fault.shown = format!("{key}= …");
    }
    fault
}

fn without_secret(line: &str) -> String {
    let plain: String = line.chars().map(|c| if c == '\t' || c.is_control() { ' ' } else { c }).take(LINE_CHARS).collect();
    let small = plain.to_lowercase();
    if !SECRET_WORDS.iter().any(|word| small.contains(word)) {
        return plain.trim_end().to_owned();
    }
    plain.split_once('=').map_or(plain.trim_end().to_owned(), |(key, _)| format!("{key}= …"))
}

/// Everything that is wrong with a configuration file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    file: Option<PathBuf>,
    list: Vec<Fault>,
}

impl Faults {
    pub(crate) fn new(mut list: Vec<Fault>) -> Self {
        list.sort_by_key(|fault| (fault.line, fault.column));
        Self { file: None, list }
    }

    pub(crate) fn unreadable(file: &Path, why: &str) -> Self {
        let instead = "give the file's name with --config, and let the user oblik read it".to_owned();
        let what = format!("cannot be read: {why}");
        let fault = Fault { line: 0, column: 0, key: String::new(), what, instead, shown: String::new() };
        Self { file: Some(file.to_owned()), list: vec![fault] }
    }

    /// The same faults, told of the file at `path`.
    #[must_use]
    pub fn of(mut self, path: &Path) -> Self {
        self.file = Some(path.to_owned());
        self
    }

    /// In the order of the file.
    pub fn list(&self) -> &[Fault] {
        &self.list
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.as_deref().unwrap_or(Path::new("configuration")).display();
        for fault in self.list.iter().take(SHOWN) {
            write!(f, "{file}:")?;
            if fault.line > 0 {
                write!(f, "{}:{}:", fault.line, fault.column)?;
            }
            if !fault.key.is_empty() {
                write!(f, " {}:", fault.key)?;
            }
            writeln!(f, " {}", fault.what)?;
            if !fault.shown.is_empty() {
                writeln!(f, "    | {}", fault.shown)?;
                if fault.column <= fault.shown.chars().count() {
                    writeln!(f, "    | {:>1$}", "^", fault.column)?;
                }
            }
            writeln!(f, "    = {}", fault.instead)?;
        }
        if self.list.len() > SHOWN {
            writeln!(f, "{file}: {} more", self.list.len() - SHOWN)?;
        }
        match self.list.len() {
            1 => write!(f, "1 fault in {file}"),
            count => write!(f, "{count} faults in {file}"),
        }
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_may_hold_a_secret_is_cut_at_its_equals_sign() {
        for (line, shown) in [
            ("port = 993", "port = 993"),
            ("password = \"hunter2\"", "password = …"),
            ("imap = { host = \"h\", PassWord = \"hunter2\" }", "imap = …"),
            ("postgres = \"postgres://u:hunter2@h/d\"", "postgres = …"),
            ("passwrd hunter2", "passwrd hunter2"),
        ] {
            assert_eq!(without_secret(line), shown);
        }
    }

    #[test]
    fn line_and_column_count_from_one_and_in_characters() {
        let text = "a = 1\nб = \"є\" x\n";
        for (at, line, column) in [(0, 1, 1), (4, 1, 5), (6, 2, 1), (8, 2, 2), (text.len(), 3, 1), (999, 3, 1)] {
            let fault = Fault::at(text, at, "", String::new(), String::new());
            assert_eq!((fault.line, fault.column), (line, column), "{at}");
        }
        // In the middle of a letter there is no place; nothing panics.
        assert_eq!(Fault::at(text, 7, "", String::new(), String::new()).line, 1);
    }
}
