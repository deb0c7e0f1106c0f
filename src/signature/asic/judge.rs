//! The judge of ASiC containers: their form, then each CAdES signature over the file or manifest it covers.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use super::manifest::{Manifest, Reference};
use super::package::{Meta, Package, claimed};
use super::zip::Entry;
use crate::algorithm::{Digest, sha256};
use crate::judge::{broken, gather, judge_cms, looks_like_cms, prove};
use crate::moments::Moments;
use crate::path::{Effort, Ground};
use crate::policy::Policy;
use crate::trust::Trust;
use crate::verdict::{Container, Facts, Judged, Judgement, SignedDocument, SignedKind, SubIndication};

/// Judges every signature of a container.
///
/// [`Judged::signed`] is the one file of a container whose every signature covers it and passed. Of a container with several
/// files nothing is handed out; [`Judged::documents`] lists what all of its signatures cover.
pub fn judge_asic(bytes: &[u8], trust: &Trust, policy: &Policy, moment: impl Into<Moments>) -> Judged {
    let effort = Effort::default();
    let ground = Ground::new(trust, policy, moment, &effort);
    let package = match Package::read(bytes) {
        Ok(package) => package,
        Err(finding) => return broken(claimed(bytes), finding, ground),
    };
    let mut file = Facts::default();
    let covered = match package.container {
        Container::AsicS => simple(&package, ground, &mut file),
        _ => extended(&package, ground, &mut file),
    };
    parts(&package, &mut file);
    conclude(&package, covered, file, ground)
}

/// One CAdES file's signatures and the names of the data objects they cover.
struct Covered {
    judgements: Vec<Judgement>,
    names: BTreeSet<String>,
}

fn wrong(detail: impl std::fmt::Display) -> Finding {
    Finding::error(Code::AsicFormat).with("detail", detail)
}

/// ASiC-S with CAdES, §4.3.3.2: one data object, one `signature.p7s` over its bytes.
fn simple(package: &Package, ground: Ground<'_>, file: &mut Facts) -> Vec<Covered> {
    if package.of_kind(Meta::Manifest).next().is_some() {
        file.fail(SubIndication::FormatFailure, wrong("an ASiC-S container has a manifest"));
    }
    let signatures: Vec<&Entry> = package.of_kind(Meta::Signature).collect();
    let [document] = package.documents.as_slice() else {
        let detail = format!("an ASiC-S container holds {} files instead of one", package.documents.len());
        file.fail(SubIndication::FormatFailure, wrong(detail));
        return Vec::new();
    };
    match signatures.as_slice() {
        [] => Vec::new(),
        [signature] if signature.name == "META-INF/signature.p7s" => {
            let names = BTreeSet::from([document.name.clone()]);
            vec![cades(signature, &document.bytes, names, &Facts::default(), ground, file)]
        }
        _ => {
            file.fail(SubIndication::FormatFailure, wrong("an ASiC-S container has another signature than signature.p7s"));
            Vec::new()
        }
    }
}

/// ASiC-E with CAdES, §4.4.3.2: each signature over a manifest that names its files by digest.
fn extended(package: &Package, ground: Ground<'_>, file: &mut Facts) -> Vec<Covered> {
    let mut covered = Vec::new();
    let mut used = BTreeSet::new();
    let mut covered_names = BTreeSet::new();
    for entry in package.of_kind(Meta::Manifest) {
        let manifest = match Manifest::read(&entry.bytes) {
            Ok(manifest) => manifest,
            Err(detail) => {
                file.fail(SubIndication::FormatFailure, wrong(detail));
                continue;
            }
        };
        let Some((kind, signature)) = package.meta.iter().find(|(_, each)| each.name == manifest.signature) else {
            file.fail(SubIndication::NoSignature, wrong(format!("the signature {} is not there", manifest.signature)));
            continue;
        };
        if !used.insert(manifest.signature.clone()) {
            file.fail(SubIndication::FormatFailure, wrong("two manifests name one signature"));
            continue;
        }
        if *kind != Meta::Signature {
            // A timestamp proves when the files were there, not who signed them.
            file.tell(Finding::information(Code::AsicNotJudged).with("name", &entry.name));
            continue;
        }
        if covered.len() >= limits::CMS_SIGNERS {
            let finding = Finding::error(Code::SignatureLimit).with("what", "signatures").with("limit", limits::CMS_SIGNERS);
            file.fail(SubIndication::FormatFailure, finding);
            break;
        }
        let mut facts = Facts::default();
        for reference in &manifest.references {
            check(reference, package, ground, &mut facts);
        }
        let names: BTreeSet<String> = manifest.references.iter().map(|reference| reference.name.clone()).collect();
        covered_names.extend(names.iter().cloned());
        covered.push(cades(signature, &entry.bytes, names, &facts, ground, file));
    }
    for signature in package.of_kind(Meta::Signature).filter(|each| !used.contains(&each.name)) {
        file.fail(SubIndication::FormatFailure, wrong(format!("no manifest names the signature {}", signature.name)));
    }
    if !covered.is_empty() {
        for document in package.documents.iter().filter(|document| !covered_names.contains(&document.name)) {
            let finding = Finding::error(Code::AsicUnsignedFile).with("name", &document.name);
            file.fail(SubIndication::SigConstraintsFailure, finding);
        }
    }
    covered
}

/// Judges the signers of one CAdES file over `content`; `facts` weigh on each of them.
fn cades(
    signature: &Entry,
    content: &[u8],
    names: BTreeSet<String>,
    facts: &Facts,
    ground: Ground<'_>,
    file: &mut Facts,
) -> Covered {
    let judged = judge_cms(&signature.bytes, Some(content), ground, 0);
    if judged.signatures.is_empty() {
        let mut found = Facts { findings: judged.findings, worst: judged.sub_indication };
        found.append(facts.clone());
        file.append(found);
    }
    let listed: Vec<&str> = names.iter().map(String::as_str).collect();
    let covers = format!("{} by {}", listed.join(", "), signature.name);
    let mut judgements = judged.signatures;
    for judgement in &mut judgements {
        judgement.covers.clone_from(&covers);
        weigh(judgement, facts);
    }
    Covered { judgements, names }
}

/// Adds facts from outside of the CMS message to a signature's verdict.
fn weigh(judgement: &mut Judgement, facts: &Facts) {
    let mut all = Facts { findings: std::mem::take(&mut judgement.findings), worst: judgement.sub_indication };
    all.append(facts.clone());
    judgement.indication = all.indication();
    judgement.sub_indication = all.worst;
    judgement.findings = all.findings;
}

/// Whether the file of a reference is there and is the one that was signed.
fn check(reference: &Reference, package: &Package, ground: Ground<'_>, facts: &mut Facts) {
    let Some(entry) = package.file(&reference.name) else {
        facts.fail(SubIndication::SignedDataNotFound, wrong(format!("the signed file {} is not there", reference.name)));
        return;
    };
    let unknown = |algorithm: &str| Finding::error(Code::SignatureAlgorithm).with("algorithm", algorithm);
    let Some(digest) = Digest::of_uri(&reference.algorithm) else {
        facts.fail(SubIndication::CryptoConstraintsFailure, unknown(&reference.algorithm));
        return;
    };
    if !ground.policy.takes_digest(digest, ground.proven) {
        facts.fail(SubIndication::CryptoConstraintsFailure, unknown(digest.as_str()));
    }
    match digest.compute(&entry.bytes) {
        Some(computed) if computed == reference.digest => {}
        Some(_) => facts.fail(SubIndication::HashFailure, Finding::error(Code::SignatureTampered)),
        None => facts.fail(SubIndication::CryptoConstraintsFailure, unknown(digest.as_str())),
    }
}

/// What lies in the container beside files and their CAdES signatures.
fn parts(package: &Package, file: &mut Facts) {
    if package.of_kind(Meta::Xades).next().is_some() {
        file.fail(SubIndication::SigConstraintsFailure, Finding::error(Code::AsicXades));
    }
    for unknown in package.of_kind(Meta::Unknown) {
        let finding = Finding::error(Code::AsicUnsignedFile).with("name", &unknown.name);
        file.fail(SubIndication::SigConstraintsFailure, finding);
    }
    let signs_itself = |document: &&Entry| {
        let bytes = &document.bytes;
        let is_signed_pdf = bytes.starts_with(b"%PDF-") && bytes.windows(10).any(|window| window == b"/ByteRange");
        is_signed_pdf || super::is_zip(bytes) || looks_like_cms(bytes)
    };
    for inner in package.of_kind(Meta::Beside).chain(package.documents.iter().filter(signs_itself)) {
        file.tell(Finding::information(Code::AsicNotJudged).with("name", &inner.name));
    }
}

fn conclude(package: &Package, covered: Vec<Covered>, mut file: Facts, ground: Ground<'_>) -> Judged {
    let is_signed_by_all = |entry: &&Entry| !covered.is_empty() && covered.iter().all(|each| each.names.contains(&entry.name));
    let documents: Vec<&Entry> = package.documents.iter().filter(is_signed_by_all).collect();
    let listed =
        documents.iter().map(|entry| SignedDocument { name: entry.name.clone(), sha256: sha256(&entry.bytes) }).collect();
    let judgements: Vec<Judgement> = covered.into_iter().flat_map(|each| each.judgements).collect();
    if judgements.is_empty() && file.worst.is_none() {
        file.fail(SubIndication::NoSignature, Finding::error(Code::SignatureMissing));
    }
    if judgements.len() > limits::CMS_SIGNERS {
        let finding = Finding::error(Code::SignatureLimit).with("what", "signers").with("limit", limits::CMS_SIGNERS);
        file.fail(SubIndication::FormatFailure, finding);
    }
    let is_alone = judgements.is_empty();
    let mut judged = gather(package.container, judgements, file.findings.clone(), ground);
    judged.documents = listed;
    if let Some(worst) = file.worst {
        let own = (worst.indication(), Reverse(Some(worst)));
        if is_alone || own > (judged.indication, Reverse(judged.sub_indication)) {
            judged.indication = worst.indication();
            judged.sub_indication = Some(worst);
        }
    }
    if let ([document], 1) = (documents.as_slice(), package.documents.len()) {
        prove(&mut judged, &document.bytes, SignedKind::PlainContent);
    }
    judged
}
