//! Who signed a list or an answer, and whether he may: his own path is built and judged like any other.

use std::sync::Arc;

use super::{Sources, Subject, judge_first};
use crate::algorithm::SignatureAlgorithm;
use crate::asn1::AlgorithmId;
use crate::certificate::{Certificate, usage};
use crate::crl::RevocationList;
use crate::ocsp::OcspResponse;
use crate::path::budget::Signer;
use crate::path::{DEPTH_MAX, Ground, Inquiry, Path, Purpose, rules, search};

/// Whether somebody who may signed `list`.
pub(super) fn of_list(list: &RevocationList, subject: Subject<'_>, inquiry: Inquiry<'_>) -> Option<Signer> {
    let root = subject.above.last()?.sha256;
    let own = |certificate| is_told_by_itself(certificate) && names_signer(list, certificate);
    if inquiry.signed_list == Some(list.sha256)
        && own(subject.certificate)
        && inquiry.ground.trust.issued_list(list, subject.certificate)
    {
        return Some(Signer::Issuer);
    }
    let key = (list.sha256, subject.issuer.sha256, root, inquiry.depth, inquiry.ground.proven);
    inquiry.budget.remembered(key, || find(list, subject, inquiry))
}

fn find(list: &RevocationList, subject: Subject<'_>, inquiry: Inquiry<'_>) -> Option<Signer> {
    let ground = at(list.this_update, inquiry.ground);
    if !has_sound_digest(&list.signature_algorithm, ground) {
        return None;
    }
    let signed = |certificate: &Arc<Certificate>| {
        names_signer(list, certificate) && inquiry.budget.spend() && ground.trust.issued_list(list, certificate)
    };
    if signed(subject.issuer) {
        return Some(Signer::Issuer);
    }
    if inquiry.depth >= DEPTH_MAX {
        return None;
    }
    let others = ground.trust.known().chain(&inquiry.material.certificates).chain(subject.above);
    let mut seen = vec![subject.issuer.sha256];
    for other in others {
        // Of all that is known few have the name: only those are remembered and held against each other.
        if !names_signer(list, other) || seen.contains(&other.sha256) {
            continue;
        }
        seen.push(other.sha256);
        if signed(other) {
            let anchor = subject.above.last().map(|root| root.sha256);
            let inquiry = Inquiry { ground, anchor, depth: inquiry.depth + 1, signed_list: Some(list.sha256), ..inquiry };
            if search(other, Purpose::RevocationList, inquiry).facts.worst.is_none() {
                return Some(Signer::Other(Arc::clone(other)));
            }
        }
    }
    None
}

/// Whether the authority that issued the certificate of a list's signer says in it that its status stands in the signer's own
/// lists.
fn is_told_by_itself(signer: &Certificate) -> bool {
    let issuers = signer.extensions.crl_points.iter().flat_map(|point| &point.issuers);
    { issuers }.any(|issuer| issuer.is_directory(&signer.subject))
}

fn names_signer(list: &RevocationList, certificate: &Certificate) -> bool {
    let is_of_key = match (&list.authority_key_id, &certificate.extensions.subject_key_id) {
        (Some(authority), Some(subject)) => authority == subject,
        _ => true,
    };
    list.issuer == certificate.subject && is_of_key && certificate.allows(usage::CRL_SIGN)
}

/// Whether the issuer or a responder he named signed `response`.
///
/// Source: RFC 6960 §4.2.2.2.
pub(super) fn of_answer(response: &OcspResponse, subject: Subject<'_>, inquiry: Inquiry<'_>) -> Option<Signer> {
    let root = subject.above.last()?.sha256;
    let key = (response.sha256, subject.issuer.sha256, root, inquiry.depth, inquiry.ground.proven);
    inquiry.budget.remembered(key, || responder(response, subject, inquiry))
}

fn responder(response: &OcspResponse, subject: Subject<'_>, inquiry: Inquiry<'_>) -> Option<Signer> {
    let ground = at(response.produced_at, inquiry.ground);
    if !has_sound_digest(&response.signature_algorithm, ground) {
        return None;
    }
    let signed = |certificate: &Arc<Certificate>| {
        response.responder.names(certificate) && inquiry.budget.spend() && ground.trust.answered(response, certificate)
    };
    if signed(subject.issuer) {
        return Some(Signer::Issuer);
    }
    let others = response.certificates.iter().chain(ground.trust.known()).chain(&inquiry.material.certificates);
    let mut seen = vec![subject.issuer.sha256];
    for other in others {
        let may_be = response.responder.names(other) && other.may_be_issued_by(subject.issuer);
        if !may_be || seen.contains(&other.sha256) {
            continue;
        }
        seen.push(other.sha256);
        if signed(other) && inquiry.budget.spend() && ground.trust.issued(other, subject.issuer) {
            let inquiry = Inquiry { ground, depth: inquiry.depth + 1, signed_list: None, ..inquiry };
            if is_fit(other, subject, inquiry) {
                return Some(Signer::Other(Arc::clone(other)));
            }
        }
    }
    None
}

/// The path above the responder is the subject's own and already judged.
fn is_fit(responder: &Arc<Certificate>, subject: Subject<'_>, inquiry: Inquiry<'_>) -> bool {
    let certificates: Vec<Arc<Certificate>> = [responder].into_iter().chain(subject.above).cloned().collect();
    let facts = rules::facts(&certificates, Purpose::OcspResponder, inquiry.ground);
    if facts.worst.is_some() {
        return false;
    }
    if responder.extensions.is_not_checked {
        return true;
    }
    if inquiry.depth > DEPTH_MAX {
        return false;
    }
    let mut path = Path { certificates, ..Path::default() };
    judge_first(&mut path, Sources::Lists, inquiry);
    path.facts.worst.is_none()
}

fn has_sound_digest(algorithm: &AlgorithmId, ground: Ground<'_>) -> bool {
    let digest = SignatureAlgorithm::of(algorithm).ok().and_then(|algorithm| algorithm.digest);
    digest.is_some_and(|digest| ground.policy.takes_digest(digest, ground.proven))
}

/// What was said after the proven time is judged as of when it was said: its signer may be younger than the signature.
fn at(said_at: chrono::DateTime<chrono::Utc>, ground: Ground<'_>) -> Ground<'_> {
    Ground { proven: said_at.clamp(ground.proven, ground.moment.max(ground.proven)), ..ground }
}
