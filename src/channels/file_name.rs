//! Names that others gave their files. A name is checked once, here; only a checked one is ever joined to a folder.

use std::ffi::OsStr;
use std::fmt;

/// Bytes of a name: `NAME.ack.xml` and a suffix against clobbering must still fit the 255 of every file system.
pub const NAME_BYTES: usize = 200;

/// Endings of files that are still being written, as common programs name them.
const UNFINISHED: [&str; 4] = [".tmp", ".part", ".filepart", ".crdownload"];

/// A plain name: letters and digits of any script, inner spaces and `._-+()№`; no path, no control, no leading dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName(String);

/// Why a name was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NameFault {
    #[error("name is empty or longer than {NAME_BYTES} bytes")]
    Length,
    #[error("name is not UTF-8")]
    Encoding,
    #[error("name has a character that is not allowed")]
    Character,
}

impl FileName {
    /// # Errors
    /// [`NameFault`] for whatever is not on the white list.
    pub fn parse(name: &str) -> Result<Self, NameFault> {
        if name.is_empty() || name.len() > NAME_BYTES {
            return Err(NameFault::Length);
        }
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let last = |c: Option<char>| c.is_some_and(|c| is_inner(c) && c != ' ' && c != '.');
        if !edge(name.chars().next()) || !last(name.chars().last()) || !name.chars().all(is_inner) {
            return Err(NameFault::Character);
        }
        Ok(Self(name.to_owned()))
    }

    /// # Errors
    /// [`NameFault::Encoding`] when the name is not UTF-8, otherwise as [`FileName::parse`].
    pub fn from_os(name: &OsStr) -> Result<Self, NameFault> {
        Self::parse(name.to_str().ok_or(NameFault::Encoding)?)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The `n`-th name beside this one when it is taken: `act.xml` becomes `act.1.xml`.
    #[must_use]
    pub fn beside(&self, n: u32) -> Self {
        match self.0.rsplit_once('.') {
            Some((stem, ending)) => Self(format!("{stem}.{n}.{ending}")),
            None => Self(format!("{}.{n}", self.0)),
        }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// U+0300..=U+036F: combining marks, since some systems write `й` as two characters.
fn is_inner(c: char) -> bool {
    c.is_alphanumeric() || "._-+()№ ".contains(c) || ('\u{300}'..='\u{36f}').contains(&c)
}

/// A file its writer has not finished, or has hidden. Not strange, only not ours yet.
pub fn is_unfinished(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name.starts_with('.') || name.ends_with('~') || UNFINISHED.iter().any(|ending| lower.ends_with(ending))
}

/// A foreign name made fit to be shown: control characters and what reorders text escaped, length bounded.
pub fn shown(name: &str) -> String {
    let odd =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut out = String::new();
    for c in name.chars().take(oblik_domain::limits::LABEL_CHARS) {
        if odd(c) || c == char::REPLACEMENT_CHARACTER {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_pass_and_paths_do_not() {
        for good in ["act.xml", "акт_№1 (2).xml", "a", "_x", "X-1.xml.p7s", "и\u{306}.xml", &"a".repeat(NAME_BYTES)] {
            assert_eq!(FileName::parse(good).map(|n| n.to_string()), Ok(good.to_owned()), "{good}");
        }
        let bad = [
            ("", NameFault::Length),
            (&*"a".repeat(NAME_BYTES + 1), NameFault::Length),
            ("..", NameFault::Character),
            (".hidden", NameFault::Character),
            ("../etc/passwd", NameFault::Character),
            ("a/b", NameFault::Character),
            ("/abs", NameFault::Character),
            ("C:\\x", NameFault::Character),
            ("~root", NameFault::Character),
            ("-rf", NameFault::Character),
            ("a\nb", NameFault::Character),
            ("a\0b", NameFault::Character),
            ("a%2e", NameFault::Character),
            ("a ", NameFault::Character),
            ("a.", NameFault::Character),
            ("a\u{202e}b", NameFault::Character),
        ];
        for (name, fault) in bad {
            assert_eq!(FileName::parse(name), Err(fault), "{name:?}");
        }
    }

    #[test]
    fn a_name_beside_keeps_its_ending() {
        let beside = |name: &str| FileName::parse(name).map(|n| n.beside(2).to_string());
        assert_eq!(beside("act.xml"), Ok("act.2.xml".into()));
        assert_eq!(beside("act"), Ok("act.2".into()));
    }

    #[test]
    fn files_still_being_written_are_known_by_name() {
        for name in [".x", "a.tmp", "a.PART", "a.filepart", "a~"] {
            assert!(is_unfinished(name), "{name}");
        }
        for name in ["a.xml", "tmp", "a.tmp.xml", "part"] {
            assert!(!is_unfinished(name), "{name}");
        }
    }

    #[test]
    fn a_shown_name_cannot_move_the_cursor() {
        assert_eq!(shown("a\n\u{1b}[2J\u{202e}b"), "a\\u{a}\\u{1b}[2J\\u{202e}b");
    }
}
