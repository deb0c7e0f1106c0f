//! Every reference file of other validators, with the verdict it must have and the reason; and that each verdict repeats.

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use crate::cms::{self, SignedData, SignerInfo};
use crate::evidence::{Evidence, EvidenceError};
use crate::material::Material;
use crate::report::report;
use crate::signer::long_term;
use crate::{Indication, Judged, Judgement, Policy, Trust, judge_file, oids};

fn folder(part: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata").join(part);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no reference files in {part}");
    None
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

fn der(bytes: &[u8]) -> Vec<u8> {
    let text = crate::judge::unwrap_text(bytes);
    cms::to_der(text.as_deref().unwrap_or(bytes)).unwrap().into_owned()
}

/// Every certificate anywhere in the message.
fn material(bytes: &[u8]) -> Material {
    let der = der(bytes);
    let message = SignedData::of(&der).unwrap();
    let mut all = message.material();
    for signer in &message.signers {
        all = long_term::material(signer, &all).into_owned();
        for (_, value) in signer.unsigned(&oids::COUNTER_SIGNATURE) {
            if let Ok(counter) = SignerInfo::of(value) {
                all = long_term::material(&counter, &all).into_owned();
            }
        }
    }
    all
}

/// Trust in the top certificates of the message: only the rest of it can fail.
fn trust_in(material: &Material) -> Trust {
    let mut trust = Trust::default();
    for certificate in &material.certificates {
        let mut others = material.certificates.iter().filter(|other| other.sha256 != certificate.sha256);
        if certificate.names_itself() || !others.any(|other| certificate.may_be_issued_by(other)) {
            trust.add_anchors(&certificate.der).unwrap();
        }
    }
    trust
}

/// The Ukrainian root, with all that is known below it.
fn ukrainian(mut trust: Trust) -> Trust {
    for path in folder("dstu/uapki-certs").iter().flat_map(|folder| files_below(folder)) {
        let bytes = std::fs::read(&path).unwrap();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.starts_with("CAO-") {
            trust.add_anchors(&bytes).unwrap();
        } else if path.extension().is_some_and(|kind| kind == "cer") {
            trust.add_intermediates(&bytes).unwrap();
        } else {
            trust.add_crls(&bytes).unwrap();
        }
    }
    trust
}

/// A minute after the last time that the message itself tells.
fn time_of(judged: &Judged) -> DateTime<Utc> {
    let signatures = judged.signatures.iter().flat_map(|one| std::iter::once(one).chain(&one.counter_signatures));
    let times =
        signatures.flat_map(|one| one.signing_time.into_iter().chain(one.timestamps.iter().filter_map(|stamp| stamp.time)));
    times.max().unwrap_or(judged.moment) + TimeDelta::seconds(60)
}

/// Indication, sub-indication, and of each signature its level, its timestamps and its counter-signatures: `+` what passed.
fn shown(judged: &Judged) -> String {
    let sign = |indication| if indication == Indication::TotalPassed { '+' } else { '-' };
    let one = |judgement: &Judgement| {
        let stamps = judgement.timestamps.iter().map(|stamp| format!(" {}{}", stamp.kind.as_str(), sign(stamp.indication)));
        let counters = judgement.counter_signatures.iter().map(|one| format!(" counter{}", sign(one.indication)));
        format!("[{}{}{}]", judgement.level, stamps.collect::<String>(), counters.collect::<String>())
    };
    let sub = judged.sub_indication.map(|sub| format!(" {}", sub.as_str())).unwrap_or_default();
    format!("{}{sub} {}", judged.indication.as_str(), judged.signatures.iter().map(one).collect::<String>())
}

/// Policies of signatures are told here, so that the rest of the file is seen.
fn policy() -> Policy {
    let text = Policy::embedded().text().replace("unknown_policy = \"refuse\"", "unknown_policy = \"tell\"");
    Policy::parse(&text).unwrap()
}

/// A file with the content that lies beside it, where it has none of its own: the right one, or none at all.
fn read(path: &Path) -> (Vec<u8>, Option<Vec<u8>>) {
    let bytes = std::fs::read(path).unwrap();
    let is_detached = SignedData::of(&der(&bytes)).unwrap().content.is_none();
    let beside = std::fs::read(format!("{}.content", path.display()));
    let beside = beside.or_else(|_| std::fs::read(path.with_file_name("message.content")));
    (bytes, is_detached.then(|| beside.unwrap_or_default()))
}

const TAMPERED: &str = "its content is not known";

/// Name, verdict at its own time with its own top certificates trusted, reason.
const EXPECTED: &[(&str, &str, &str)] = &[
    (
        "cms/validation/CAdESDoubleLTA.p7m",
        "TOTAL-PASSED [B-T archive+ archive+ signature+]",
        "two archive timestamps of version 3, the newer by another authority; the OCSP answer is of the second before the proof",
    ),
    (
        "cms/validation/Signature-C-BES-4.p7m",
        "TOTAL-PASSED [B-B content+]",
        "a stamp over content, which proves nothing of the signature",
    ),
    ("cms/validation/Signature-CBp-B-1.p7m", "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE [B-B]", "SHA-1"),
    (
        "cms/validation/cades-ats-v3-wrong-crl.p7s",
        "TOTAL-FAILED HASH_FAILURE [B-T archive- archive- signature+]",
        "its content is not known; the index names a list that is not there",
    ),
    (
        "cms/validation/cades-broken-sig-tst.p7m",
        "TOTAL-FAILED SIG_CRYPTO_FAILURE [B-B signature-]",
        "signature value and timestamp are broken; OpenSSL says the same",
    ),
    (
        "cms/validation/cades-double-signing-certificate.p7m",
        "TOTAL-FAILED FORMAT_FAILURE []",
        "two references to the signer's certificate",
    ),
    (
        "cms/validation/cades-duplicated-signed-attrs.p7m",
        "TOTAL-FAILED FORMAT_FAILURE [T signature+]",
        "attributes with two values where one must stand",
    ),
    ("cms/validation/cades-e-lt.p7m", "TOTAL-PASSED [B-LT signature+]", "certificates and status in CAdES's attributes"),
    (
        "cms/validation/cades-extended-a.pkcs7",
        "TOTAL-PASSED [T archive+ signature+]",
        "an extended form: it names a policy and no time",
    ),
    (
        "cms/validation/cades-invalid-ocsp-responses-encoding.p7s",
        "TOTAL-FAILED HASH_FAILURE [B-LT signature+]",
        "its content is not known; answers that cannot be read are passed over",
    ),
    (
        "cms/validation/cades-level-b-sig-policy-invalid-digest-algo.p7m",
        "TOTAL-PASSED [B-B]",
        "its policy is not known and told here; Oblik's own policy refuses it, see below",
    ),
    (
        "cms/validation/cms-no-sign-cert.p7m",
        "INDETERMINATE NO_SIGNING_CERTIFICATE_FOUND []",
        "no certificate and no reference to one",
    ),
    (
        "cms/validation/cms-wrong-sign-cert-hash-algo.pkcs7",
        "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE [B-B]",
        "SHA-1 for the signature and for the reference",
    ),
    (
        "cms/validation/counterSignedLTA.p7s",
        "TOTAL-PASSED [B-B archive- signature- counter+]",
        "the stamps' authority was certified by SHA-1: nothing is proven",
    ),
    (
        "cms/validation/dss-1220/CAdES-BpLTA_modified_ats_hash_element.p7m",
        "TOTAL-PASSED [B-B archive- signature-]",
        "the archive's index was changed and the authority was certified by SHA-1: the signature stands by itself",
    ),
    (
        "cms/validation/dss-1344/screenshot.png.signed_qes_detached.p7s",
        "TOTAL-FAILED HASH_FAILURE [B-T archive- signature+]",
        TAMPERED,
    ),
    (
        "cms/validation/dss-1419/CAdES-BpB-att-SHA3_224-SHA256withRSA.p7m",
        "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE [B-B]",
        "two digests for one signature",
    ),
    (
        "cms/validation/dss-1419/CAdES-BpB-att-SHA3_224-SHA3_224withRSA.p7m",
        "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE [B-B]",
        "SHA3-224 is too short for policy",
    ),
    ("cms/validation/dss-1419/CAdES-BpB-att-SHA3_512-SHA3_512withRSA.p7m", "TOTAL-PASSED [B-B]", "SHA-3"),
    (
        "cms/validation/dss-1619/CAdES-XL-T1-Double-AV2.png.p7m",
        "TOTAL-PASSED [B-T archive+ signature+ content+][B-T archive+ signature+ content+]",
        "two signers, archive timestamps of version 2",
    ),
    (
        "cms/validation/dss-1892/detached_with_counter_sig.p7m",
        "TOTAL-FAILED HASH_FAILURE [B-T signature+ counter+]",
        "its content is not known; the counter-signature over the value stands",
    ),
    (
        "cms/validation/dss-2011/cades-content-tst.pkcs7",
        "TOTAL-FAILED HASH_FAILURE [B-B content- content-]",
        "its content is not known, nor what was stamped",
    ),
    ("cms/validation/dss-2011/cades-enveloping-broken.pkcs7", "TOTAL-FAILED HASH_FAILURE [B-B]", "content that was changed"),
    (
        "cms/validation/dss-667/BER_reordered_prova.txt.p7m",
        "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE [B-B]",
        "RSA of 1024 bits; attributes signed in DER order, sent in another",
    ),
    ("cms/validation/dss-667/DER_reordered_prova.txt.p7m", "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE [B-B]", "RSA of 1024 bits"),
    (
        "cms/validation/dss-768/FD1&FD2&FEA.pdf.p7m",
        "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE [B-B][B-B][B-B]",
        "RSA of 1024 bits",
    ),
    (
        "cms/validation/dss2059.p7s",
        "TOTAL-PASSED [B-T archive+ signature+]",
        "status of one authority is not there, so no level of long term",
    ),
    ("cms/validation/evidence-record/C-B-B-basic.p7m", "TOTAL-PASSED [B-B]", "nothing to object to"),
    (
        "cms/validation/evidence-record/C-E-ERS-basic-invalid-sig.p7m",
        "TOTAL-PASSED [B-B]",
        "its evidence record is invalid and not judged; OpenSSL takes the signature too",
    ),
    (
        "cms/validation/evidence-record/C-E-ERS-detached_renewed_hashtree.p7s",
        "TOTAL-FAILED HASH_FAILURE [B-LT signature+]",
        TAMPERED,
    ),
    (
        "cms/validation/evidence-record/C-E-ERS_renewed_hashtree.p7m",
        "TOTAL-PASSED [B-LT signature+]",
        "the evidence record is told and not judged",
    ),
    (
        "cms/validation/evidence-record/C-E-ERS_renewed_hashtree_invalid.p7m",
        "TOTAL-PASSED [B-LT signature+]",
        "as above: an evidence record proves nothing here, good or bad",
    ),
    (
        "cms/validation/evidence-record/Double-C-E-ERS-detached_hashtree_renewal.p7m",
        "TOTAL-FAILED HASH_FAILURE [B-T signature+][B-LT signature+]",
        TAMPERED,
    ),
    (
        "cms/validation/evidence-record/Signature-C-LTA-d233a2d9-a257-40dc-bcdb-bf4516b6d1da.p7m",
        "TOTAL-PASSED [B-T archive+ signature+ content+]",
        "three authorities of time; status of an authority is not there",
    ),
    (
        "cms/validation/wrongContentHints.p7m",
        "TOTAL-FAILED FORMAT_FAILURE [B-B counter+]",
        "contentHints in octets where text must stand",
    ),
    (
        "dstu/jkurwa/message.p7",
        "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE [B-B]",
        "a test certificate with an extension that cannot be read",
    ),
    ("dstu/jkurwa/message_detached.p7", "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE [B-B]", "the same certificate"),
    ("dstu/uapki-verify/02-verify-cades-bes-attached-data.p7s", "TOTAL-PASSED [B-B]", "a real Ukrainian e-seal"),
    (
        "dstu/uapki-verify/03-verify-cades-t-attached-data.p7s",
        "TOTAL-PASSED [B-T signature+ content+]",
        "a real Ukrainian authority of time, its certificate from the configuration",
    ),
    (
        "dstu/uapki-verify/04-verify-cades-bes-attached-data-and-custom-attributes.p7s",
        "TOTAL-PASSED [B-B]",
        "signed attributes of its own are told",
    ),
    ("dstu/uapki-verify/05-verify-cades-bes-detached-data.p7s", "TOTAL-PASSED [B-B]", "with its content beside it"),
    (
        "dstu/uapki-verify/06-verify-cades-bes-detached-data-invalid-content.p7s",
        "TOTAL-FAILED HASH_FAILURE [B-B]",
        "with other content beside it",
    ),
];

fn judge_as_of_then(path: &Path) -> Judged {
    let (bytes, beside) = read(path);
    let trust = ukrainian(trust_in(&material(&bytes)));
    let moment: DateTime<Utc> = "2026-11-20T00:00:00Z".parse().unwrap();
    let first = judge_file(&bytes, beside.as_deref(), &trust, &policy(), moment);
    judge_file(&bytes, beside.as_deref(), &trust, &policy(), time_of(&first))
}

fn messages() -> Vec<(String, PathBuf)> {
    let mut messages = Vec::new();
    for part in ["cms/validation", "dstu/jkurwa", "dstu/uapki-verify"] {
        let Some(folder) = folder(part) else { continue };
        for path in files_below(&folder) {
            let name = format!("{part}/{}", path.strip_prefix(&folder).unwrap().display());
            let kind = path.extension().unwrap_or_default().to_string_lossy().into_owned();
            if !["cer", "content"].contains(&kind.as_str()) {
                messages.push((name, path));
            }
        }
    }
    messages
}

#[test]
fn every_reference_message_has_its_expected_verdict() {
    let mut wrong = Vec::new();
    let messages = messages();
    for (name, path) in &messages {
        let got = shown(&judge_as_of_then(path));
        match EXPECTED.iter().find(|(known, ..)| known == name) {
            Some((_, expected, _)) if *expected == got => {}
            Some((.., reason)) => wrong.push(format!("{name}: {got} ({reason})")),
            None => wrong.push(format!("    (\"{name}\", \"{got}\", \"\"),")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{} reference messages judged", messages.len());
}

#[test]
fn a_signature_policy_nobody_knows_is_refused_where_policy_says_so() {
    let Some(folder) = folder("cms/validation") else { return };
    for name in ["cades-level-b-sig-policy-invalid-digest-algo.p7m", "cades-extended-a.pkcs7"] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let trust = trust_in(&material(&bytes));
        let first = judge_file(&bytes, None, &trust, &policy(), "2026-11-20T00:00:00Z".parse::<DateTime<Utc>>().unwrap());
        let judged = judge_file(&bytes, None, &trust, &Policy::embedded(), time_of(&first));
        assert_eq!(judged.sub_indication, Some(crate::SubIndication::SignaturePolicyNotAvailable), "{name}");
    }
}

fn told(judged: &Judged) -> String {
    serde_json::to_string(&report(judged, |finding| format!("{:?}", finding.values))).unwrap()
}

/// Now and then, with much else trusted: from its evidence each verdict is the same to the letter.
#[test]
fn every_verdict_repeats_from_its_evidence() {
    let mut kept = 0;
    for (name, path) in messages() {
        let (bytes, beside) = read(&path);
        let mut trust = ukrainian(trust_in(&material(&bytes)));
        for other in folder("dstu/jkurwa").iter().flat_map(|folder| files_below(folder)) {
            if other.extension().is_some_and(|kind| kind == "cer") {
                trust.add_anchors(&std::fs::read(other).unwrap()).unwrap();
            }
        }
        let policy = policy();
        for moment in [judge_as_of_then(&path).moment, "2026-11-20T00:00:00Z".parse().unwrap()] {
            let judged = judge_file(&bytes, beside.as_deref(), &trust, &policy, moment);
            let evidence = Evidence::of(&judged, &bytes, beside.as_deref()).to_bytes();
            kept = kept.max(evidence.len());
            let evidence = Evidence::from_bytes(&evidence).unwrap();
            let again = evidence.repeat(&bytes, beside.as_deref(), &policy).unwrap();
            assert_eq!(told(&judged), told(&again), "{name} at {moment}");
        }
    }
    println!("the largest evidence takes {kept} octets");
}

#[test]
fn evidence_of_the_first_version_reads_and_of_a_later_one_does_not() {
    let pki = crate::forge::pki();
    let message = crate::forge::Message::new(&pki.signer, b"readings").finish();
    let moment = crate::forge::at("2026-11-20T12:00:00Z");
    let judged = judge_file(&message, None, &crate::forge::trust(), &Policy::embedded(), moment);
    let mut value: serde_json::Value = serde_json::from_slice(&Evidence::of(&judged, &message, None).to_bytes()).unwrap();
    assert_eq!(value["version"], 2);
    assert_eq!(value["content_sha256"], hex::encode(judged.signed.as_ref().unwrap().sha256()));
    value["version"] = 3.into();
    let later = Evidence::from_bytes(value.to_string().as_bytes());
    assert!(matches!(later, Err(EvidenceError::Version(3))));
    value["version"] = 1.into();
    for field in ["content_sha256", "ocsp_responses"] {
        value.as_object_mut().unwrap().remove(field);
    }
    let first = Evidence::from_bytes(value.to_string().as_bytes()).unwrap();
    let again = first.repeat(&message, None, &Policy::embedded()).unwrap();
    assert_eq!(told(&judged), told(&again));
    assert!(matches!(first.repeat(b"other", None, &Policy::embedded()), Err(EvidenceError::Differs("document"))));
}
