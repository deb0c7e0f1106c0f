//! The judgement on one signer, put together from what was found.

use std::sync::Arc;

use oblik_domain::finding::Code;

use super::Family;
use super::attributes::Claims;
use super::timestamps::Proofs;
use crate::algorithm::{Digest, Scheme};
use crate::certificate::Certificate;
use crate::identity;
use crate::material::Material;
use crate::path::{Ground, Path};
use crate::verdict::{ChainLink, Facts, Judgement, TimestampKind};

/// Everything known of one signature.
pub(super) struct Outcome {
    pub claims: Claims,
    pub certificate: Option<Arc<Certificate>>,
    pub algorithms: Option<(Digest, Scheme)>,
    pub path: Path,
    pub family: Family,
    pub facts: Facts,
    pub proofs: Proofs,
    pub counter_signatures: Vec<Judgement>,
    pub content_sha256: Option<[u8; 32]>,
}

pub(super) fn judgement(outcome: Outcome, material: &Material, ground: Ground<'_>) -> Judgement {
    let (format, level) = form(&outcome);
    let level = raised(level, &outcome, material);
    let Outcome { claims, certificate, algorithms, path, mut facts, proofs, counter_signatures, family, content_sha256 } =
        outcome;
    let certificate = certificate.as_deref();
    let (holder, contradictions) = certificate.map(identity::holder).unwrap_or_default();
    if family != Family::Timestamp {
        facts.findings.extend(contradictions);
    }
    let chain = path.certificates.iter().map(|certificate| ChainLink {
        subject: certificate.subject.to_string(),
        serial: certificate.serial_hex(),
        sha256: certificate.sha256,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        is_anchor: ground.trust.is_anchor(certificate),
    });
    let mut wanted = path.wanted;
    wanted.extend(proofs.verdicts.iter().flat_map(|verdict| verdict.wanted.iter().cloned()));
    Judgement {
        format,
        level,
        holder,
        subject: certificate.map_or_else(String::new, |certificate| certificate.subject.to_string()),
        serial: certificate.map_or_else(String::new, Certificate::serial_hex),
        issuer: certificate.map_or_else(String::new, |certificate| certificate.issuer.to_string()),
        signing_time: claims.signing_time,
        timestamp_time: proofs.time,
        algorithm: algorithm_name(certificate, algorithms),
        digest: algorithms.map_or_else(String::new, |(digest, _)| digest.as_str().to_owned()),
        covers: String::new(),
        indication: facts.indication(),
        sub_indication: facts.worst,
        findings: facts.findings,
        chain: chain.collect(),
        timestamps: proofs.verdicts,
        counter_signatures,
        certificates: path.certificates,
        revocation_lists: path.revocation_lists,
        ocsp_responses: path.ocsp_responses,
        witnesses: path.witnesses,
        wanted,
        considered: material.certificates.clone(),
        content_sha256,
    }
}

/// Format and level of the signature itself; timestamps and values raise it.
fn form(outcome: &Outcome) -> (&'static str, &'static str) {
    let refers = !outcome.claims.references.is_empty();
    let is_baseline = refers && (outcome.claims.signing_time.is_some() || outcome.family == Family::Pades);
    let level = match (refers, is_baseline, outcome.claims.names_policy) {
        (false, ..) => "",
        (_, true, _) => "B-B",
        (_, _, true) => "EPES",
        _ => "BES",
    };
    match (outcome.family, refers) {
        (Family::Pades, _) => ("PAdES", level),
        (Family::PdfPkcs7, _) => ("PDF-PKCS7", ""),
        (Family::Timestamp, _) => ("RFC 3161", ""),
        (Family::Counter | Family::Cms, true) => ("CAdES", level),
        (Family::Counter | Family::Cms, false) => ("CMS", ""),
    }
}

/// The level that timestamps and values raise the signature to (EN 319 122-1 §6 and §7): only what passed counts.
fn raised(level: &'static str, outcome: &Outcome, material: &Material) -> &'static str {
    let (stamped, valued, archived) = match level {
        "B-B" => ("B-T", "B-LT", "B-LTA"),
        "BES" | "EPES" => ("T", "XL", "A"),
        _ => return level,
    };
    let is_archived = outcome.proofs.has(TimestampKind::Archive);
    match (is_archived || outcome.proofs.has(TimestampKind::Signature), has_values(&outcome.path, material), is_archived) {
        (false, ..) => level,
        (true, false, _) => stamped,
        (true, true, false) => valued,
        (true, true, true) => archived,
    }
}

/// Whether the message itself holds the path below its root and the status of each certificate of it.
fn has_values(path: &Path, material: &Material) -> bool {
    let below_root = path.certificates.len().saturating_sub(1);
    let holds = |sha256: [u8; 32]| material.certificates.iter().any(|known| known.sha256 == sha256);
    let has_lists =
        path.revocation_lists.iter().all(|list| material.revocation_lists.iter().any(|known| known.sha256 == list.sha256));
    let has_responses =
        path.ocsp_responses.iter().all(|one| material.ocsp_responses.iter().any(|known| known.sha256 == one.sha256));
    let has_status = path.revocation_lists.len() + path.ocsp_responses.len() > 0
        && !path.facts.findings.iter().any(|finding| finding.code == Code::RevocationUnknown);
    let mut certificates = path.certificates.iter().take(below_root);
    below_root > 0 && certificates.all(|each| holds(each.sha256)) && has_status && has_lists && has_responses
}

fn algorithm_name(certificate: Option<&Certificate>, algorithms: Option<(Digest, Scheme)>) -> String {
    let key = certificate.map(|certificate| certificate.key.name());
    match (key, algorithms) {
        (Some(key), Some((_, Scheme::RsaPss { .. }))) => format!("{key} PSS"),
        (Some(key), _) => key,
        (None, Some((_, scheme))) => scheme.as_str().to_owned(),
        (None, None) => String::new(),
    }
}
