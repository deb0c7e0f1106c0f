//! The rules of RFC 5280 §6.1 over a path that reaches a root, and the policy's over its certificates.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding};

use super::status::{self, Sources};
use super::{Ground, Inquiry, Path, PolicySettings, Purpose, names, policies};
use crate::algorithm::SignatureAlgorithm;
use crate::certificate::{Certificate, usage};
use crate::oids;
use crate::verdict::{Facts, SubIndication};

/// Judges `path`, signer first, root last.
pub(super) fn judge(path: &[Arc<Certificate>], purpose: Purpose, inquiry: Inquiry<'_>) -> Path {
    let facts = facts(path, purpose, inquiry.ground);
    let mut judged = Path { certificates: path.to_vec(), facts, ..Path::default() };
    status::judge(&mut judged, Sources::Every, inquiry);
    judged
}

/// All but the status of the certificates.
pub(super) fn facts(path: &[Arc<Certificate>], purpose: Purpose, ground: Ground<'_>) -> Facts {
    let mut facts = validity(path, ground);
    for (position, certificate) in path.iter().enumerate() {
        form(certificate, &mut facts);
        let is_root = position + 1 == path.len();
        algorithms(certificate, is_root, ground, &mut facts);
        if position == 0 {
            leaf(certificate, purpose, ground, &mut facts);
        } else {
            authority(certificate, path.get(1..position).unwrap_or_default(), is_root, &mut facts);
        }
    }
    names::judge(path, &mut facts);
    let settings = if purpose == Purpose::Signature { ground.policy.policies() } else { PolicySettings::default() };
    let detail = match policies::hold(path, &settings) {
        Ok(true) => return facts,
        Ok(false) => "it is not issued under a certificate policy that is asked for".to_owned(),
        Err(malformed) => format!("its certificate policies are faulty: {malformed}"),
    };
    if let Some(leaf) = path.first() {
        facts.fail(SubIndication::CertificateChainGeneralFailure, broken(leaf, &detail));
    }
    facts
}

/// Each certificate's validity at the proven time: what has expired since was valid when it was used.
pub(super) fn validity(path: &[Arc<Certificate>], ground: Ground<'_>) -> Facts {
    let moment = ground.proven;
    let mut facts = Facts::default();
    let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for certificate in path {
        let finding = |code| Finding::error(code).with("subject", certificate.subject.human());
        if moment < certificate.not_before {
            let finding = finding(Code::CertificateNotYetValid);
            facts.fail(
                SubIndication::NotYetValid,
                finding.with("from", stamp(certificate.not_before)).with("moment", stamp(moment)),
            );
        }
        if moment > certificate.not_after {
            let finding = finding(Code::CertificateExpired);
            // Without a proof of time the arrival is the earliest that is known of the signature; with one, it may still be older.
            let is_proven_late = ground.proven < ground.moment;
            let sub_indication = if is_proven_late { SubIndication::OutOfBoundsNoPoe } else { SubIndication::Expired };
            facts.fail(sub_indication, finding.with("until", stamp(certificate.not_after)).with("moment", stamp(moment)));
        }
    }
    facts
}

fn broken(certificate: &Certificate, detail: &str) -> Finding {
    Finding::error(Code::CertificateChain).with("subject", certificate.subject.human()).with("detail", detail)
}

fn form(certificate: &Certificate, facts: &mut Facts) {
    const GENERAL: SubIndication = SubIndication::CertificateChainGeneralFailure;
    if !certificate.algorithms_agree {
        facts.fail(GENERAL, broken(certificate, "the signature algorithm inside differs from the one outside"));
    }
    for fault in &certificate.extensions.faults {
        facts.fail(GENERAL, broken(certificate, &format!("its extensions are faulty: {fault}")));
    }
    for oid in &certificate.extensions.unknown_critical {
        facts.fail(GENERAL, broken(certificate, &format!("it has an unknown critical extension {oid}")));
    }
}

/// Root certificates are trusted by their pin: only the signature *on* a certificate needs a sound digest.
fn algorithms(certificate: &Certificate, is_root: bool, ground: Ground<'_>, facts: &mut Facts) {
    let mut refuse = |algorithm: String| {
        let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", algorithm);
        facts.fail(SubIndication::CryptoConstraintsFailure, finding.with("subject", certificate.subject.human()));
    };
    if !ground.policy.takes_key(&certificate.key) {
        refuse(certificate.key.name());
    }
    if is_root {
        return;
    }
    match SignatureAlgorithm::of(&certificate.signature_algorithm) {
        Ok(algorithm) => match algorithm.digest {
            Some(digest) if ground.policy.takes_digest(digest, ground.proven) => {}
            Some(digest) => refuse(algorithm.name(digest)),
            None => refuse("a signature without a digest".to_owned()),
        },
        Err(name) => refuse(name),
    }
}

/// What the first certificate may be used for.
fn leaf(certificate: &Certificate, purpose: Purpose, ground: Ground<'_>, facts: &mut Facts) {
    let purposes = certificate.extensions.extended_key_usage.as_ref();
    let names = |oid| purposes.is_some_and(|(purposes, _)| purposes.iter().any(|purpose| *purpose == oid));
    let signs = certificate.allows(usage::DIGITAL_SIGNATURE | usage::NON_REPUDIATION);
    let is_fit = match purpose {
        Purpose::Signature => return signer(certificate, ground, facts),
        Purpose::Timestamp => {
            let is_only = purposes.is_some_and(|(purposes, is_critical)| *is_critical && purposes.len() == 1);
            signs && is_only && names(oids::KP_TIME_STAMPING)
        }
        Purpose::OcspResponder => signs && names(oids::KP_OCSP_SIGNING),
        Purpose::RevocationList => certificate.allows(usage::CRL_SIGN),
    };
    if !is_fit {
        let finding = Finding::error(Code::CertificateKeyUsage).with("subject", certificate.subject.human());
        facts.fail(SubIndication::ChainConstraintsFailure, finding);
    }
}

fn signer(certificate: &Certificate, ground: Ground<'_>, facts: &mut Facts) {
    let finding = |level| Finding::new(Code::CertificateKeyUsage, level).with("subject", certificate.subject.human());
    if !ground.policy.takes_key_usage(certificate) {
        facts.fail(SubIndication::ChainConstraintsFailure, finding(oblik_domain::finding::Level::Error));
    } else if !ground.policy.takes_purposes(certificate) {
        let is_critical = certificate.extensions.extended_key_usage.as_ref().is_some_and(|(_, critical)| *critical);
        if is_critical {
            facts.fail(SubIndication::ChainConstraintsFailure, finding(oblik_domain::finding::Level::Error));
        } else {
            facts.tell(finding(oblik_domain::finding::Level::Warning));
        }
    }
}

/// `below` are the certificates between this authority and the signer.
fn authority(certificate: &Certificate, below: &[Arc<Certificate>], is_root: bool, facts: &mut Facts) {
    const GENERAL: SubIndication = SubIndication::CertificateChainGeneralFailure;
    // A root of version 1 has no extensions; the configuration itself says that it is an authority.
    if is_root && certificate.version == 1 {
        return;
    }
    let Some(constraints) = certificate.extensions.basic_constraints.filter(|constraints| constraints.is_ca) else {
        facts.fail(GENERAL, broken(certificate, "it issued a certificate and is no certificate authority"));
        return;
    };
    let depth = below.iter().filter(|each| !each.names_itself()).count();
    let is_too_long = constraints.path_length.is_some_and(|allowed| u64::try_from(depth).is_ok_and(|depth| depth > allowed));
    if is_too_long {
        facts.fail(GENERAL, broken(certificate, "more authorities stand below it than it allows"));
    }
    if !certificate.allows(usage::KEY_CERT_SIGN) {
        facts.fail(GENERAL, broken(certificate, "its key may not sign certificates"));
    }
}
