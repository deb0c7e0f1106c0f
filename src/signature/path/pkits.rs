//! The test suite of NIST for path validation (PKITS), whole, as listed with expected verdicts by others.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use chrono::DateTime;
use serde::Deserialize;

use super::{Effort, Ground, Purpose, find};
use crate::certificate::Certificate;
use crate::material::Material;
use crate::{Policy, Trust};

/// Cases that do not apply, each with its reason.
const NOT_APPLYING: [(&str, &str); 2] = [
    ("40104", "signed with DSA, which no policy of ours takes (FIPS 186-5 ended it) and the library does not compute"),
    ("40105", "signed with DSA whose parameters come from the issuer: as 40104"),
];

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
    params: Params,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

/// Inputs of RFC 5280 §6.1.1.
#[derive(Deserialize, Default)]
struct Params {
    user_initial_policy_set: Option<Vec<String>>,
    #[serde(default)]
    initial_explicit_policy: bool,
    #[serde(default)]
    initial_policy_mapping_inhibit: bool,
    #[serde(default)]
    initial_any_policy_inhibit: bool,
}

impl Case {
    fn policy(&self) -> Policy {
        let status = if self.revocation == Some(false) { "off" } else { "required" };
        let text = Policy::embedded().text().replace("status = \"if-available\"", &format!("status = \"{status}\""));
        let text = text.replace("[\"nonRepudiation\", \"digitalSignature\"]", "[]");
        let inputs = format!(
            "[certificate]\npolicies_any_of = {:?}\nrequire_explicit_policy = {}\ninhibit_policy_mapping = {}\ninhibit_any_policy = {}\n",
            self.params.user_initial_policy_set.as_deref().unwrap_or_default(),
            self.params.initial_explicit_policy,
            self.params.initial_policy_mapping_inhibit,
            self.params.initial_any_policy_inhibit,
        );
        Policy::parse(&text.replace("[certificate]\n", &inputs)).unwrap()
    }

    fn passes(&self, folder: &FilePath) -> bool {
        let read = |part: &str, name: &str| std::fs::read(folder.join("rsa2048-nist").join(part).join(name)).unwrap();
        let mut trust = Trust::default();
        trust.add_anchors(&read("certs", "TrustAnchorRootCertificate.crt")).unwrap();
        for name in &self.other_certs {
            // A certificate that cannot be read is one that is not there.
            let _ = trust.add_intermediates(&read("certs", name));
        }
        for name in self.crls.iter().map(String::as_str).chain(["TrustAnchorRootCRL.crl"]) {
            let _ = trust.add_crls(&read("crls", name));
        }
        let moment = DateTime::parse_from_rfc3339("2020-01-01T00:00:00Z").unwrap().to_utc();
        let (policy, material) = (self.policy(), Material::default());
        let Ok(leaf) = Certificate::of(&read("certs", &self.cert)) else { return false };
        let found =
            find(&Arc::new(leaf), Purpose::Signature, &material, Ground::new(&trust, &policy, moment, &Effort::default()));
        if std::env::var_os("PKITS_VERBOSE").is_some() {
            println!("{} {}: {:?}", self.id, self.name, found.facts);
        }
        found.facts.worst.is_none()
    }
}

fn folder() -> Option<PathBuf> {
    let folder = FilePath::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata/pkits");
    folder.is_dir().then_some(folder)
}

#[test]
fn every_case_of_pkits_is_answered_as_its_authors_expect() {
    let Some(folder) = folder() else {
        println!("skipped: no PKITS");
        return;
    };
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(folder.join("pkits.json")).unwrap()).unwrap();
    assert_eq!(cases.len(), 246);
    let mut otherwise = Vec::new();
    for case in &cases {
        let passes = case.passes(&folder);
        if passes != case.error.is_none() {
            let answer = if passes { "passed" } else { "refused" };
            otherwise.push(format!("{} {} {answer}, expected: {:?}", case.id, case.name, case.error));
        }
    }
    println!("PKITS: {} of {} as expected", cases.len() - otherwise.len(), cases.len());
    let applies = |told: &&String| !NOT_APPLYING.iter().any(|(case, _)| told.starts_with(case));
    assert_eq!(otherwise.iter().filter(applies).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(otherwise.len(), NOT_APPLYING.len(), "a case that does not apply is answered as expected");
}
