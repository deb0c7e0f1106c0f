//! The test suite of NIST for path validation (PKITS), as listed with expected verdicts by others.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use chrono::DateTime;
use serde::Deserialize;

use super::{Ground, find};
use crate::certificate::Certificate;
use crate::{Policy, Trust};

#[derive(Deserialize)]
struct Case {
    id: String,
    name: String,
    cert: String,
    #[serde(default)]
    other_certs: Vec<String>,
    #[serde(default)]
    crls: Vec<String>,
    #[serde(default)]
    revocation: Option<bool>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

fn folder() -> Option<PathBuf> {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata/pkits");
    folder.is_dir().then_some(folder)
}

#[test]
fn pkits_is_never_answered_too_kindly() {
    let Some(folder) = folder() else {
        println!("skipped: no PKITS");
        return;
    };
    let read = |part: &str, name: &str| std::fs::read(folder.join("rsa2048-nist").join(part).join(name)).unwrap();
    let policy = |status: &str| {
        let text = Policy::embedded().text().replace("status = \"if-available\"", &format!("status = \"{status}\""));
        Policy::parse(&text.replace("[\"nonRepudiation\", \"digitalSignature\"]", "[]")).unwrap()
    };
    let (required, off) = (policy("required"), policy("off"));
    let moment = DateTime::parse_from_rfc3339("2020-01-01T00:00:00Z").unwrap().to_utc();
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(folder.join("pkits.json")).unwrap()).unwrap();
    let (mut agreed, mut too_strict, mut too_kind) = (0, Vec::new(), Vec::new());
    for case in &cases {
        let mut trust = Trust::default();
        trust.add_anchors(&read("certs", "TrustAnchorRootCertificate.crt")).unwrap();
        for name in &case.other_certs {
            // A certificate that cannot be read is one that is not there.
            let _ = trust.add_intermediates(&read("certs", name));
        }
        for name in case.crls.iter().map(String::as_str).chain(["TrustAnchorRootCRL.crl"]) {
            let _ = trust.add_crls(&read("crls", name));
        }
        let policy = if case.revocation == Some(false) { &off } else { &required };
        let passes = Certificate::of(&read("certs", &case.cert))
            .is_ok_and(|leaf| find(&Arc::new(leaf), &[], Ground { trust: &trust, policy, moment }).facts.worst.is_none());
        match (passes, case.error.is_none()) {
            (true, false) => too_kind.push(format!("{} {}", case.id, case.name)),
            (false, true) => too_strict.push(format!("{} {}", case.id, case.name)),
            _ => agreed += 1,
        }
    }
    println!("PKITS: {agreed} of {} as expected\nrefused: {too_strict:#?}\npassed: {too_kind:#?}", cases.len());
    // Certificate policies are not asked for (4.8), and a complete list that is in date needs no delta (4.15.4).
    too_kind.retain(|case| !case.starts_with("408") && !case.starts_with("41504"));
    assert_eq!(too_kind, Vec::<String>::new());
    assert!(agreed >= 189, "{agreed} of {}", cases.len());
}
