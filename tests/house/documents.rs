//! The documents say what the code says: the list of findings is made from it, and every test or file a document names exists.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use oblik_domain::finding::{Code, Finding};
use oblik_words::findings::{sentence, short};

use crate::source::{Kind, pieces};
use crate::{assert_none, tree};

/// Documents whose names of tests and files are held to the tree.
const HELD: &[&str] = &[
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/coverage.md",
    "docs/crash-testing.md",
    "docs/findings.md",
    "docs/parameters.md",
    "docs/states.md",
];

/// Codes that no station raises, and what says the same instead.
const UNRAISED: &[(&str, &str)] = &[];

/// Compares a document with what it is made from; with `OBLIK_UPDATE_DOCS=1` writes it.
pub fn assert_document(path: &str, made: &str) {
    if std::env::var_os("OBLIK_UPDATE_DOCS").is_some() {
        std::fs::write(tree::root().join(path), made).unwrap_or_else(|cause| panic!("write {path}: {cause}"));
    }
    let is = std::fs::read_to_string(tree::root().join(path)).unwrap_or_default();
    let first = is.lines().zip(made.lines()).zip(1..).find(|((is, made), _)| is != made);
    assert!(
        is == made,
        "{path} is not what the code says, first at {first:?}.\nMake it anew: OBLIK_UPDATE_DOCS=1 cargo test -p oblik-house-tests"
    );
}

/// One line of the `codes!` list with what stands above it.
struct Listed {
    section: String,
    variant: String,
    code: String,
    meaning: String,
}

/// The list as it stands in the source: sections and meanings are comments there.
fn listed() -> Vec<Listed> {
    let source = tree::read("src/domain/finding.rs");
    let body = source.split_once("\ncodes! {").and_then(|(_, rest)| rest.split_once("\n}")).expect("the codes! list").0;
    let (mut listed, mut section, mut meaning) = (Vec::new(), String::new(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix("// --- ") {
            title.clone_into(&mut section);
        } else if let Some(text) = line.strip_prefix("/// ") {
            let _ = write!(meaning, "{}{text}", if meaning.is_empty() { "" } else { " " });
        } else if let Some((variant, code)) = line.split_once(" = ") {
            let code = code.trim_matches(['"', ',']).to_owned();
            listed.push(Listed {
                section: section.clone(),
                variant: variant.to_owned(),
                code,
                meaning: std::mem::take(&mut meaning),
            });
        }
    }
    listed
}

#[test]
fn the_list_of_findings_is_the_codes_own() {
    let listed = listed();
    let codes: Vec<&str> = listed.iter().map(|listed| listed.code.as_str()).collect();
    let all: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes, all, "the list as read from the source");

    let mut made = String::from(
        "# Findings\n\nWhat Oblik finds wrong with something it was sent. A code is stable for ever: letters end with it, and JSON and\n\
         acknowledgements carry it. *Values* are what a finding knows besides its code. The Ukrainian texts are those of `src/words`, here\n\
         without values; with them the sentence names the meter, the day or the limit.\n\n\
         This file is made from the code: `OBLIK_UPDATE_DOCS=1 cargo test -p oblik-house-tests`.\n",
    );
    let mut section = "";
    for (Listed { section: title, code, meaning, .. }, of) in listed.iter().zip(Code::ALL) {
        if title != section {
            section = title;
            let mut letters = title.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
            let _ = write!(
                made,
                "\n## {first}{}\n\n| code | meaning | коротко | що зробити |\n|---|---|---|---|\n",
                letters.as_str()
            );
        }
        let told = sentence(&Finding::error(*of));
        let _ = writeln!(made, "| `{code}` | {meaning} | {} | {} |", short(*of), told.todo);
    }
    assert_document("docs/findings.md", &made);
}

#[test]
fn every_finding_is_raised_somewhere() {
    let mut raised = BTreeSet::new();
    for path in tree::files("src", ".rs") {
        if tree::is_for_tests(&path) || tree::package_of(&path) == "words" || path == "src/domain/finding.rs" {
            continue;
        }
        for three in crate::source::program(&tree::read(&path)).windows(4) {
            let [code, first, second, variant] = three else { continue };
            if let Kind::Word(variant) = &variant.kind
                && code.is_word("Code")
                && first.is_sign(':')
                && second.is_sign(':')
            {
                raised.insert(variant.clone());
            }
        }
    }
    let mut faults = Vec::new();
    for Listed { variant, code, .. } in listed() {
        let excused = UNRAISED.iter().any(|(excused, _)| *excused == code);
        if raised.contains(&variant) == excused {
            faults.push(format!("{code} ({variant}){}", if excused { " is excused and raised" } else { "" }));
        }
    }
    assert_none("every finding is raised somewhere", &faults);
}

/// Names of all test functions of the workspace.
fn tests() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in tree::rust() {
        for two in pieces(&tree::read(&path)).windows(2) {
            let [keyword, name] = two else { continue };
            if let Kind::Word(name) = &name.kind
                && keyword.is_word("fn")
            {
                found.insert(name.clone());
            }
        }
    }
    found
}

#[test]
fn documents_name_only_tests_and_files_that_exist() {
    let tests = tests();
    let mut faults = Vec::new();
    for path in HELD {
        for (line, text) in (1..).zip(tree::read(path).lines()) {
            for quoted in text.split('`').skip(1).step_by(2) {
                // A test's name is a sentence, so it has many joints; a path has a folder and an ending.
                let is_name = quoted.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
                    && quoted.matches('_').count() >= 3;
                let known_folder = ["src/", "tests/", "docs/", "migrations/", "schemas/", "scripts/", "systemd/", "benches/"];
                let is_path =
                    known_folder.iter().any(|folder| quoted.starts_with(folder)) && !quoted.contains(['*', '<', ' ', '…']);
                if is_name && !tests.contains(quoted) {
                    faults.push(format!("{path}:{line}: no test {quoted}"));
                }
                if is_path && !tree::root().join(quoted).exists() {
                    faults.push(format!("{path}:{line}: no file {quoted}"));
                }
            }
            for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                let file = target.split('#').next().unwrap_or_default();
                let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
                if !file.is_empty() && !file.contains("://") && !tree::root().join(folder).join(file).exists() {
                    faults.push(format!("{path}:{line}: a link to {file}, which is not there"));
                }
            }
        }
    }
    assert_none("documents name only tests and files that exist", &faults);
}
