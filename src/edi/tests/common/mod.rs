//! What several tests share: the schemas beside their examples, and xmllint as the outside judge.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oblik_edi::Format;

pub fn schema_file(format: Format) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(format!("{}.xsd", format.as_str()))
}

pub fn example(format: Format) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas").join(format!("{}.example.xml", format.as_str()));
    std::fs::read_to_string(path).unwrap()
}

/// Whether xmllint can be asked; says so when not.
pub fn xmllint_is_there() -> bool {
    let there = Command::new("xmllint").arg("--version").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    if !there {
        println!("skipped: xmllint is not installed");
    }
    there
}

/// Which of `documents` xmllint finds valid.
pub fn xmllint(format: Format, documents: &[Vec<u8>]) -> Vec<bool> {
    let folder = tempfile::tempdir().unwrap();
    let name = |index: usize| folder.path().join(format!("{index}.xml"));
    for (index, document) in documents.iter().enumerate() {
        std::fs::File::create(name(index)).unwrap().write_all(document).unwrap();
    }
    let mut valid = vec![false; documents.len()];
    let indices: Vec<usize> = (0..documents.len()).collect();
    for batch in indices.chunks(400) {
        let output = Command::new("xmllint")
            .args(["--noout", "--nonet", "--schema"])
            .arg(schema_file(format))
            .args(batch.iter().map(|index| name(*index)))
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&output.stderr).into_owned();
        for line in report.lines() {
            let Some(path) = line.strip_suffix(" validates") else { continue };
            let index = Path::new(path).file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<usize>().ok());
            if let Some(slot) = index.and_then(|index| valid.get_mut(index)) {
                *slot = true;
            }
        }
    }
    valid
}
