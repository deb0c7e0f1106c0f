//! What may stand only in one place: SQL in `store`, Ukrainian in `words`, the clock in `channels`.

use crate::source::{Kind, Piece, program};
use crate::{assert_none, tree};

/// Files with Cyrillic in string literals outside `words`, and why.
const CYRILLIC: &[(&str, &str)] = &[
    ("src/domain/invoice.rs", "the payment purpose is a wire text that allocation reads back, not a sentence to a reader"),
    ("src/sample/", "names and addresses of the made-up customers"),
    ("src/mail/charset.rs", "letters by which a charset is told from another"),
];

/// Words of the field that have no other spelling; error texts for people may name them.
const TERMS: &[&str] = &["ЄДРПОУ", "РНОКПП", "ІПН", "СА", "СР", "ГР"];

/// Files that read the running clock outside `channels`, and why.
const STOPWATCHES: &[(&str, &str)] =
    &[("src/daemon/lifecycle.rs", "how long ago systemd was last told; no document depends on it")];

fn programs() -> Vec<(String, Vec<Piece>)> {
    let files = tree::files("src", ".rs").into_iter().filter(|path| !tree::is_for_tests(path));
    files.map(|path| (path.clone(), program(&tree::read(&path)))).collect()
}

fn excused<'a>(list: &'a [(&str, &str)], path: &str) -> Option<&'a str> {
    list.iter().find(|(place, _)| path.starts_with(place)).map(|(place, _)| *place)
}

/// An exception nobody needs any more hides the next fault.
fn unneeded(list: &[(&str, &str)], used: &[&str]) -> Vec<String> {
    let idle = list.iter().filter(|(place, _)| !used.contains(place));
    idle.map(|(place, _)| format!("{place}: the exception is not needed any more")).collect()
}

fn is_sql(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |first: &str, second: &str| {
        let at = words.iter().position(|word| *word == first);
        at.is_some_and(|at| words[at..].contains(&second))
    };
    after("SELECT", "FROM")
        || after("INSERT", "INTO")
        || after("UPDATE", "SET")
        || after("DELETE", "FROM")
        || after("CREATE", "TABLE")
}

#[test]
fn sql_stands_only_in_the_store() {
    let (mut faults, mut statements) = (Vec::new(), 0);
    for (path, pieces) in programs() {
        for Piece { line, kind } in pieces {
            let Kind::Text(text) = kind else { continue };
            if !is_sql(&text) {
                continue;
            }
            statements += 1;
            if tree::package_of(&path) != "store" {
                faults.push(format!("{path}:{line}: {text}"));
            }
        }
    }
    assert_none("SQL stands only in the store", &faults);
    assert!(statements > 50, "only {statements} statements are seen: who looks for them is blind");
    assert!(is_sql("SELECT id FROM item") && is_sql("INSERT INTO x") && !is_sql("select the item from the list, INTO it"));
}

#[test]
fn ukrainian_stands_only_in_words() {
    let (mut faults, mut used) = (Vec::new(), Vec::new());
    for (path, pieces) in programs() {
        if tree::package_of(&path) == "words" {
            continue;
        }
        for Piece { line, kind } in pieces {
            let Kind::Text(text) = kind else { continue };
            if !is_cyrillic(&text) {
                continue;
            }
            match excused(CYRILLIC, &path) {
                Some(place) => used.push(place),
                None => faults.push(format!("{path}:{line}: {text:?}")),
            }
        }
    }
    faults.extend(unneeded(CYRILLIC, &used));
    assert_none("Ukrainian stands only in src/words", &faults);
}

/// Whether a text has Cyrillic words other than [`TERMS`].
fn is_cyrillic(text: &str) -> bool {
    let words =
        text.split(|c: char| !c.is_alphabetic()).filter(|word| word.chars().any(|c| ('\u{400}'..='\u{52f}').contains(&c)));
    words.into_iter().any(|word| !TERMS.contains(&word))
}

#[test]
fn the_clock_is_read_only_in_channels() {
    let (mut faults, mut used) = (Vec::new(), Vec::new());
    for (path, pieces) in programs() {
        if tree::package_of(&path) == "channels" {
            continue;
        }
        for four in pieces.windows(4) {
            let [of, first, second, now] = four else { continue };
            let Kind::Word(clock) = &of.kind else { continue };
            if !(first.is_sign(':') && second.is_sign(':') && now.is_word("now")) {
                continue;
            }
            let fault = match clock.as_str() {
                "SystemTime" | "Utc" | "Local" => true,
                "Instant" => excused(STOPWATCHES, &path).inspect(|place| used.push(*place)).is_none(),
                _ => false,
            };
            if fault {
                faults.push(format!("{path}:{}: {clock}::now()", of.line));
            }
        }
    }
    faults.extend(unneeded(STOPWATCHES, &used));
    assert_none("the clock is read only in src/channels", &faults);
}

#[test]
fn no_statement_asks_the_database_for_the_time() {
    let mut faults = Vec::new();
    for path in tree::files("src/store", ".rs").into_iter().chain(tree::files("migrations", ".sql")) {
        for (line, text) in (1..).zip(tree::read(&path).lines()) {
            let lower = text.to_lowercase();
            for clock in [
                "current_timestamp",
                "datetime('now",
                "clock_timestamp()",
                "now()::",
                "strftime(",
                "unixepoch(",
                "randomblob(",
                "gen_random_uuid(",
            ] {
                if lower.contains(clock) {
                    faults.push(format!("{path}:{line}: {clock}"));
                }
            }
        }
    }
    assert_none("time and chance are arguments of every statement", &faults);
}

#[test]
fn every_crash_point_before_has_one_after() {
    let (mut faults, mut seen) = (Vec::new(), 0);
    for (path, pieces) in programs() {
        let named = |when: &str| {
            let mut names: Vec<String> = Vec::new();
            for five in pieces.windows(5) {
                let [point, open, at, comma, name] = five else { continue };
                if !(point.is_word("point") && open.is_sign('(') && comma.is_sign(',') && at.kind == Kind::Text(when.to_owned()))
                {
                    continue;
                }
                // A name made at run time follows a sign; it counts as one.
                names.push(if let Kind::Text(text) = &name.kind { text.clone() } else { "…".to_owned() });
            }
            names.sort();
            names
        };
        let (before, after) = (named("before"), named("after"));
        seen += before.len();
        if before != after {
            faults.push(format!("{path}: before {before:?}, after {after:?}"));
        }
    }
    assert_none("every crash point before a call has one after it", &faults);
    assert!(seen >= 5, "only {seen} crash points are seen: who looks for them is blind");
}
