//! The program under test: with its crash points armed, and once more with the broken orders built in.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::mutants;

/// The program as it is, with its crash points armed.
pub fn armed() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        cargo(&root());
        profile_folder().join("oblik-armed")
    })
}

/// The program with every mutant in it; `OBLIK_MUTANT` wakes one. Built from a copy: the tree itself has no such switch.
pub fn mutated() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let copy = target().join("crash/mutants");
        copy_tree(&copy);
        cargo(&copy);
        profile_folder().join("oblik-mutants")
    })
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// `target/PROFILE/deps/crash-…` is this very test.
fn profile_folder() -> PathBuf {
    let test = std::env::current_exe().expect("our own place");
    test.ancestors().nth(2).expect("target/PROFILE/deps/TEST").to_owned()
}

pub fn target() -> PathBuf {
    profile_folder().parent().expect("the target folder").to_owned()
}

/// Builds in the folder of the tests, so that the crates of others are not built again.
fn cargo(tree: &Path) {
    let folder = profile_folder();
    let folder = folder.file_name().and_then(OsStr::to_str).expect("the profile's folder");
    let profile = if folder == "debug" { "dev" } else { folder };
    let bin = if tree == root() { "oblik-armed" } else { "oblik-mutants" };
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(tree).args([
        "build",
        "--quiet",
        "-p",
        "oblik",
        "--bin",
        bin,
        "--features",
        "armed",
        "--profile",
        profile,
    ]);
    command.arg("--offline").arg("--target-dir").arg(target()).env_remove("CARGO_MANIFEST_DIR").stdin(Stdio::null());
    let output = command.output().expect("run cargo");
    assert!(output.status.success(), "{bin} does not build:\n{}", String::from_utf8_lossy(&output.stderr));
}

/// What the program is built from, with the mutants in it. A file whose text is right already keeps its time, so that
/// nothing is built twice.
fn copy_tree(copy: &Path) {
    let root = root();
    let mut texts = Vec::new();
    for part in
        ["src", "migrations", "schemas", "systemd", "tests/servers", "tests/e2e/crash/armed.rs", "Cargo.toml", "Cargo.lock"]
    {
        collect(&root.join(part), &mut texts);
    }
    for path in texts {
        let place = path.strip_prefix(&root).expect("below the root");
        let bytes = fs::read(&path).expect("read a source");
        let bytes = match String::from_utf8(bytes) {
            Ok(text) => mutants::change(&place.to_string_lossy(), alone(place, text)).into_bytes(),
            Err(other) => other.into_bytes(),
        };
        let to = copy.join(place);
        if fs::read(&to).is_ok_and(|there| there == bytes) || place == Path::new("Cargo.lock") && to.exists() {
            continue;
        }
        fs::create_dir_all(to.parent().expect("a folder")).expect("make a folder");
        fs::write(to, bytes).expect("write a source");
    }
}

/// The copy's workspace has the packages of the program only. They are of another version, because cargo names what it builds
/// by version and by place in the workspace: of the same one, they would take the place of the program's own.
fn alone(place: &Path, text: String) -> String {
    if place != Path::new("Cargo.toml") {
        return text;
    }
    let line = |line: &str| match line {
        members if members.starts_with("members = [") => "members = [\"src/*\"]".to_owned(),
        version if version.starts_with("version = ") => "version = \"0.0.0-mutants\"".to_owned(),
        other => other.to_owned(),
    };
    text.lines().map(|text| line(text) + "\n").collect()
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in fs::read_dir(path).expect("list a folder").flatten() {
            collect(&entry.path(), found);
        }
    } else {
        found.push(path.to_owned());
    }
}
