//! Judges that are not ours: CEN's rules run by Saxon, the schemas of UBL 2.1 by libxml2, and arithmetic in another language.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Python with Saxon and the rules, as `scripts/install-test-tools` lays it, or what the path has.
fn python() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin/python3");
    let has = |python: &Path| {
        let find = "from importlib.util import find_spec as f; exit(not (f('saxonche') and f('facturx')))";
        Command::new(python).args(["-c", find]).status().is_ok_and(|status| status.success())
    };
    let found = [ours, PathBuf::from("python3")].into_iter().find(|python| has(python));
    if found.is_none() {
        println!("skipped: Saxon and the rules of EN 16931 are not installed");
    }
    found
}

fn run(python: &Path, arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../edi/tests/invoices/judge.py");
    let output = Command::new(python).arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// What the judges say of each file: values, `broken` rules, `wrong` sums. `None`, said aloud, where they are not installed.
pub fn judged(files: &[(String, Vec<u8>)]) -> Option<Vec<Value>> {
    let python = python()?;
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (index, (name, xml)) in files.iter().enumerate() {
        let path = folder.path().join(format!("{index:04}-{}.xml", name.replace(' ', "-")));
        std::fs::write(&path, xml).unwrap();
        paths.push(path.to_str().unwrap().to_owned());
    }
    let said = run(&python, &paths.iter().map(String::as_str).collect::<Vec<_>>());
    let all: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(all.len(), files.len());
    Some(all)
}

/// What xmllint says against the schemas of UBL 2.1; nothing where a file is valid.
pub fn schema_faults(files: &[(String, Vec<u8>)]) -> Option<Vec<String>> {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata/xml/ubl21/maindoc");
    let schemas = if shared.is_dir() { shared } else { PathBuf::from(run(&python()?, &["--schemas"]).trim()) };
    let folder = tempfile::tempdir().unwrap();
    let mut faults = Vec::new();
    for (document, schema) in [("<Invoice ", "UBL-Invoice-2.1.xsd"), ("<CreditNote ", "UBL-CreditNote-2.1.xsd")] {
        let mut xmllint = Command::new("xmllint");
        xmllint.args(["--noout", "--nonet", "--schema"]).arg(schemas.join(schema));
        let of: Vec<_> = files.iter().filter(|(_, xml)| String::from_utf8_lossy(xml).contains(document)).collect();
        if of.is_empty() {
            continue;
        }
        for (index, (name, xml)) in of.iter().enumerate() {
            let path = folder.path().join(format!("{index:04}-{}.xml", name.replace(' ', "-")));
            std::fs::write(&path, xml).unwrap();
            xmllint.arg(path);
        }
        let Ok(output) = xmllint.output() else {
            println!("skipped: xmllint is not installed");
            return None;
        };
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(said.matches(" validates").count() + said.matches(" fails to validate").count(), of.len(), "{said}");
        faults.extend(said.lines().filter(|line| !line.ends_with(" validates")).map(str::to_owned));
    }
    Some(faults)
}
