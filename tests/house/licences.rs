//! Every crate of the program may be used and passed on: its licence is one that `deny.toml` allows.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::{assert_none, tree};

fn allowed() -> BTreeSet<String> {
    let deny: toml::Table = tree::read("deny.toml").parse().expect("deny.toml");
    let list = deny["licenses"]["allow"].as_array().expect("licenses.allow");
    list.iter().filter_map(toml::Value::as_str).map(str::to_owned).collect()
}

#[test]
fn every_crate_has_a_licence_we_allow() {
    let allowed = allowed();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut metadata = Command::new(cargo);
    // What other systems would be built with is not ours to judge, and need not be downloaded.
    metadata.current_dir(tree::root()).args([
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--filter-platform",
        "x86_64-unknown-linux-gnu",
    ]);
    let output = metadata.output().expect("run cargo metadata");
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON of cargo metadata");
    let (mut faults, mut used) = (Vec::new(), BTreeSet::new());
    for package in metadata["packages"].as_array().expect("packages") {
        let (name, version) = (package["name"].as_str().unwrap_or_default(), package["version"].as_str().unwrap_or_default());
        let Some(licence) = package["license"].as_str() else {
            faults.push(format!("{name} {version} names no licence"));
            continue;
        };
        match chosen(licence, &allowed) {
            Some(licences) => used.extend(licences),
            None => faults.push(format!("{name} {version}: {licence}")),
        }
    }
    let idle = allowed.difference(&used).map(|licence| format!("deny.toml allows {licence}, which no crate needs"));
    faults.extend(idle);
    assert_none("every crate has a licence that deny.toml allows", &faults);
}

/// The allowed licences by which an SPDX expression is fulfilled. Source: SPDX 2.3 annex D; `/` is the old way to write OR.
fn chosen(expression: &str, allowed: &BTreeSet<String>) -> Option<Vec<String>> {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let chosen = either(&words, &mut at, allowed);
    (at == words.len()).then_some(chosen).flatten()
}

fn either(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> Option<Vec<String>> {
    let mut chosen = both(words, at, allowed);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        let other = both(words, at, allowed);
        chosen = match (chosen, other) {
            // All that would do are in use: which one is taken is nobody's question.
            (Some(mut one), Some(other)) => {
                one.extend(other);
                Some(one)
            }
            (one, other) => one.or(other),
        };
    }
    chosen
}

fn both(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> Option<Vec<String>> {
    let mut chosen = one(words, at, allowed);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        let other = one(words, at, allowed);
        chosen = chosen.zip(other).map(|(mut one, other)| {
            one.extend(other);
            one
        });
    }
    chosen
}

fn one(words: &[&str], at: &mut usize, allowed: &BTreeSet<String>) -> Option<Vec<String>> {
    let word = *words.get(*at)?;
    *at += 1;
    if word == "(" {
        let chosen = either(words, at, allowed);
        *at += 1;
        return chosen;
    }
    let mut licence = word.to_owned();
    if words.get(*at) == Some(&"WITH") {
        licence = format!("{word} WITH {}", words.get(*at + 1)?);
        *at += 2;
    }
    allowed.contains(&licence).then(|| vec![licence])
}

#[test]
fn an_expression_of_licences_is_read() {
    let allowed = BTreeSet::from(["MIT".to_owned(), "ISC".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()]);
    let cases = [
        ("MIT", true),
        ("MIT OR GPL-3.0", true),
        ("GPL-3.0/MIT", true),
        ("ISC AND MIT", true),
        ("ISC AND GPL-3.0", false),
        ("(ISC OR GPL-3.0) AND MIT", true),
        ("ISC AND (GPL-3.0 OR BSL-1.0)", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("Apache-2.0", false),
        ("MIT nonsense", false),
    ];
    for (expression, fulfilled) in cases {
        assert_eq!(chosen(expression, &allowed).is_some(), fulfilled, "{expression}");
    }
}
