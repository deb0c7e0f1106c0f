//! The files of the workspace, without what is built.

use std::fs;
use std::path::{Path, PathBuf};

/// The workspace's own folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the workspace")
}

/// The text of a file, by its path from the root.
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|cause| panic!("read {path}: {cause}"))
}

/// Every file below a folder whose name ends so, as paths from the root with `/`, sorted.
pub fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found);
    let from_root = |path: PathBuf| path.strip_prefix(root()).expect("below the root").to_string_lossy().into_owned();
    let mut named: Vec<String> = found.into_iter().map(from_root).filter(|path| path.ends_with(ending)).collect();
    named.sort();
    named
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Every Rust file of the workspace.
pub fn rust() -> Vec<String> {
    ["src", "tests", "benches"].into_iter().flat_map(|folder| files(folder, ".rs")).collect()
}

/// The name of the package folder a path of `src/` lies in: `src/store/items.rs` is of `store`, `src/main.rs` of none.
pub fn package_of(path: &str) -> &str {
    let rest = path.strip_prefix("src/").unwrap_or_default();
    rest.split_once('/').map_or("", |(package, _)| package)
}

/// Whether a file is only ever compiled for tests, examples or figures.
pub fn is_for_tests(path: &str) -> bool {
    path.ends_with("/tests.rs") || ["/tests/", "/examples/", "/benches/"].iter().any(|folder| path.contains(folder))
}
