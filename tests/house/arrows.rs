//! Who may depend on whom: `cli → daemon → pipeline → {store, channels, …} → domain`, and nothing back or across.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::source::{Kind, pieces};
use crate::{assert_none, tree};

/// The whole list of arrows between packages under `src/`. `store` and `channels` never meet; what a document means is known
/// without either.
const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("crashpoint", &[]),
    ("dstu4145", &[]),
    ("signature", &["domain", "dstu4145"]),
    ("trustlist", &["domain", "signature"]),
    ("billing", &["domain"]),
    // The words of payment purposes are Ukrainian.
    ("ledger", &["domain", "words"]),
    ("edi", &["domain"]),
    ("words", &["domain"]),
    ("mail", &["domain", "words"]),
    ("documents", &["domain", "words"]),
    ("config", &["domain"]),
    ("store", &["domain", "crashpoint"]),
    ("channels", &["domain", "config"]),
    (
        "pipeline",
        &[
            "domain",
            "crashpoint",
            "signature",
            "trustlist",
            "mail",
            "billing",
            "ledger",
            "edi",
            "documents",
            "words",
            "config",
            "store",
            "channels",
        ],
    ),
    ("daemon", &["domain", "config", "store", "channels", "pipeline", "words"]),
    // A small utility with its customers: for the demo, the tests and the figures. It knows neither store nor channels.
    ("sample", &["domain", "signature", "billing", "edi", "documents", "words", "mail"]),
    (
        "cli",
        &[
            "domain",
            "signature",
            "trustlist",
            "mail",
            "billing",
            "ledger",
            "edi",
            "documents",
            "words",
            "config",
            "store",
            "channels",
            "pipeline",
            "daemon",
            "sample",
            "crashpoint",
        ],
    ),
];

/// What a document means is decided here, without sockets, threads of a runtime, or SQL.
const PURE: &[&str] = &["domain", "dstu4145", "signature", "trustlist", "mail", "billing", "ledger", "edi", "documents", "words"];

/// Crates by which a pure package would get out of its walls, directly or through another crate.
const WALLS: &[&str] =
    &["tokio", "mio", "socket2", "sqlx", "russh", "rustls", "hyper", "reqwest", "async-", "futures-executor", "rusqlite"];

/// Dependencies that are declared for what they switch on in another crate, not to be named.
const FOR_THEIR_FEATURES: &[(&str, &str, &str)] = &[];

fn manifest(path: &str) -> toml::Table {
    tree::read(path).parse().unwrap_or_else(|fault| panic!("{path}: {fault}"))
}

fn packages() -> BTreeSet<String> {
    tree::files("src", "/Cargo.toml").iter().map(|path| tree::package_of(path).to_owned()).collect()
}

fn names(manifest: &toml::Table, section: &str) -> Vec<String> {
    manifest.get(section).and_then(toml::Value::as_table).map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

#[test]
fn packages_depend_only_along_the_arrows() {
    let arrows: BTreeMap<_, BTreeSet<_>> = ARROWS.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    let mut faults = Vec::new();
    for package in packages() {
        let Some(allowed) = arrows.get(package.as_str()) else {
            faults.push(format!("src/{package} has no place in ARROWS of tests/house/arrows.rs"));
            continue;
        };
        let path = format!("src/{package}/Cargo.toml");
        for section in ["dependencies", "build-dependencies"] {
            for name in names(&manifest(&path), section) {
                if let Some(to) = name.strip_prefix("oblik-")
                    && !allowed.contains(to)
                {
                    faults.push(format!("{path}: {package} must not know {to}"));
                }
            }
        }
    }
    assert_none("packages depend only along the arrows", &faults);
}

#[test]
fn the_arrows_lead_one_way() {
    // Whatever stands later may know what stands earlier; so no circle is possible.
    let mut earlier = BTreeSet::from(["crashpoint", "words"]);
    let place = |name: &str| ARROWS.iter().position(|(from, _)| *from == name);
    for (from, to) in ARROWS {
        for known in *to {
            assert!(earlier.contains(known) || place(known) < place(from), "{from} → {known}");
        }
        earlier.insert(from);
    }
}

#[test]
fn the_program_is_its_command_line() {
    assert_eq!(names(&manifest("Cargo.toml"), "dependencies"), ["oblik-cli"]);
}

#[test]
fn pure_packages_stay_within_their_walls() {
    let mut faults = Vec::new();
    for package in PURE {
        let tree = crates_below(&format!("oblik-{package}"));
        for (name, features) in tree {
            let outside = WALLS.iter().any(|wall| name == *wall || (wall.ends_with('-') && name.starts_with(wall)));
            if outside {
                faults.push(format!("oblik-{package} reaches the crate {name}"));
            }
            if name == "lettre" && features.split(',').any(|feature| feature == "smtp-transport") {
                faults.push(format!("oblik-{package} has lettre with smtp-transport, which opens sockets"));
            }
            if name == "chrono" && features.split(',').any(|feature| feature == "clock" || feature == "now") {
                faults.push(format!("oblik-{package} has chrono with a clock"));
            }
        }
    }
    assert_none("pure packages stay within their walls", &faults);
}

/// Every crate a package is built with when it is built alone, with its features.
fn crates_below(package: &str) -> BTreeMap<String, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut tree = Command::new(cargo);
    tree.current_dir(tree::root()).args(["tree", "--locked", "-p", package, "-e", "normal", "--prefix", "none", "-f", "{p} {f}"]);
    let output = tree.output().expect("run cargo tree");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let one = |line: &str| {
        let mut words = line.split(' ').filter(|word| !word.starts_with('(') && !word.starts_with('v'));
        Some((words.next()?.to_owned(), words.next().unwrap_or_default().to_owned()))
    };
    text.lines().filter_map(one).collect()
}

#[test]
fn every_declared_dependency_is_used() {
    let mut faults = Vec::new();
    for package in packages() {
        let path = format!("src/{package}/Cargo.toml");
        let manifest = manifest(&path);
        // A dependency whose feature is switched by one of ours is used.
        let passed_on = manifest.get("features").map(ToString::to_string).unwrap_or_default();
        let mut words = BTreeSet::new();
        for file in tree::files(&format!("src/{package}"), ".rs") {
            words.extend(pieces(&tree::read(&file)).into_iter().filter_map(|piece| match piece.kind {
                Kind::Word(word) => Some(word),
                _ => None,
            }));
        }
        for section in ["dependencies", "dev-dependencies"] {
            for name in names(&manifest, section) {
                let excused = FOR_THEIR_FEATURES.iter().any(|(of, excused, _)| *of == package && *excused == name);
                if passed_on.contains(&format!("{name}/")) {
                    continue;
                }
                if words.contains(&name.replace('-', "_")) == excused {
                    faults.push(format!(
                        "{path}: {name} of [{section}] is {}",
                        if excused { "excused and used" } else { "not used" }
                    ));
                }
            }
        }
    }
    assert_none("every declared dependency is used", &faults);
}

#[test]
fn no_version_is_named_for_nobody() {
    let mut asked = BTreeSet::new();
    for path in ["src", "tests", "benches"]
        .into_iter()
        .flat_map(|folder| tree::files(folder, "Cargo.toml"))
        .chain(["Cargo.toml".to_owned()])
    {
        let manifest = manifest(&path);
        asked.extend(["dependencies", "dev-dependencies"].into_iter().flat_map(|section| names(&manifest, section)));
    }
    let root = manifest("Cargo.toml");
    let workspace = root["workspace"].as_table().expect("[workspace]");
    let faults: Vec<String> = names(workspace, "dependencies").into_iter().filter(|name| !asked.contains(name)).collect();
    assert_none("every crate of [workspace.dependencies] is asked for by a package", &faults);
}

#[test]
fn versions_and_lints_are_said_once_for_all() {
    let mut faults = Vec::new();
    for path in ["src", "tests", "benches"].into_iter().flat_map(|folder| tree::files(folder, "Cargo.toml")) {
        let manifest = manifest(&path);
        let workspace =
            |value: Option<&toml::Value>| value.and_then(|value| value.get("workspace")).and_then(toml::Value::as_bool);
        if workspace(manifest.get("lints")) != Some(true) {
            faults.push(format!("{path}: [lints] workspace = true is missing"));
        }
        for section in ["dependencies", "dev-dependencies"] {
            let table = manifest.get(section).and_then(toml::Value::as_table).cloned().unwrap_or_default();
            for (name, said) in table {
                if workspace(Some(&said)) != Some(true) {
                    faults.push(format!(
                        "{path}: {name} names a version of its own; it belongs into the root's [workspace.dependencies]"
                    ));
                }
            }
        }
    }
    assert_none("versions and lints are said once for all", &faults);
}
