//! How files look: their length, their opening, the names they declare; and that every schema has its example.

use crate::source::{Kind, program};
use crate::{assert_none, tree};

/// A file of more lines has two duties. 200 is usual, 400 long.
const LINES: usize = 500;

/// Suffixes that say nothing of what a thing is.
const EMPTY_WORDS: &[&str] = &["Manager", "Service", "Handler", "Util", "Utils", "Helper", "Helpers"];

#[test]
fn no_file_is_longer_than_five_hundred_lines() {
    let mut faults = Vec::new();
    for path in tree::rust() {
        let lines = tree::read(&path).lines().count();
        if lines > LINES {
            faults.push(format!("{path}: {lines} lines"));
        }
    }
    assert_none("no file is longer than 500 lines", &faults);
}

#[test]
fn a_file_opens_with_why() {
    let opens = |path: &String| tree::read(path).trim_start().starts_with("//!");
    let faults: Vec<String> = tree::rust().into_iter().filter(|path| !opens(path)).collect();
    assert_none("a file opens with `//!` and why it is there", &faults);
}

#[test]
fn names_say_what_a_thing_is() {
    let mut faults = Vec::new();
    for path in tree::files("src", ".rs") {
        for two in program(&tree::read(&path)).windows(2) {
            let [keyword, name] = two else { continue };
            let declares = ["struct", "enum", "trait", "type", "union"].iter().any(|word| keyword.is_word(word));
            let Kind::Word(called) = &name.kind else { continue };
            if declares && EMPTY_WORDS.iter().any(|word| called.ends_with(word)) {
                faults.push(format!("{path}:{}: {called}", name.line));
            }
        }
    }
    assert_none("names are the field's own", &faults);
}

#[test]
fn every_schema_has_an_example() {
    let schemas = tree::files("schemas", ".xsd");
    assert!(!schemas.is_empty());
    let missing = |schema: &&String| !tree::root().join(schema.replace(".xsd", ".example.xml")).exists();
    let faults: Vec<String> = schemas.iter().filter(missing).cloned().collect();
    assert_none("every schema has an example beside it", &faults);
}

#[test]
fn a_migration_opens_with_why_and_stands_for_both_engines() {
    let named = |engine: &str| -> Vec<String> {
        let files = tree::files(&format!("migrations/{engine}"), ".sql");
        files.iter().filter_map(|path| path.rsplit('/').next()).map(str::to_owned).collect()
    };
    assert_eq!(named("sqlite"), named("postgres"));
    let opens = |path: &String| tree::read(path).starts_with("-- Why: ");
    let faults: Vec<String> = tree::files("migrations", ".sql").into_iter().filter(|path| !opens(path)).collect();
    assert_none("a migration's first line says why", &faults);
}
