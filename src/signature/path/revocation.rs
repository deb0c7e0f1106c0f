//! The status of every certificate of a path but its root, by the revocation lists that are at hand.

use std::sync::Arc;

use oblik_domain::finding::{Code, Finding};

use super::{Ground, Path};
use crate::algorithm::SignatureAlgorithm;
use crate::certificate::{Certificate, usage};
use crate::crl::{Entry, RevocationList};
use crate::policy::RevocationStatus;
use crate::verdict::SubIndication;

/// `reasonCode` of a list entry that takes an earlier entry back.
const REMOVED_FROM_LIST: u8 = 8;

enum Status {
    Good(Arc<RevocationList>),
    Revoked(Entry, Arc<RevocationList>),
    Unknown,
}

pub(super) fn judge(path: &mut Path, ground: Ground<'_>) {
    if ground.policy.revocation() == RevocationStatus::Off {
        return;
    }
    let certificates = path.certificates.clone();
    let pairs = certificates.iter().zip(certificates.iter().skip(1)).enumerate();
    for (position, (certificate, issuer)) in pairs {
        let subject = certificate.subject.human();
        match status(certificate, issuer, ground) {
            Status::Good(list) => path.revocation_lists.push(list),
            Status::Revoked(entry, list) => {
                let at = entry.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                let finding = Finding::error(Code::CertificateRevoked).with("subject", subject).with("at", at);
                let is_signer = position == 0;
                path.facts.fail(if is_signer { SubIndication::Revoked } else { SubIndication::RevokedCaNoPoe }, finding);
                path.revocation_lists.push(list);
            }
            Status::Unknown if ground.policy.revocation() == RevocationStatus::Required => {
                let finding = Finding::error(Code::RevocationUnknown).with("subject", subject);
                path.facts.fail(SubIndication::TryLater, finding);
            }
            Status::Unknown => path.facts.tell(Finding::information(Code::RevocationUnknown).with("subject", subject)),
        }
    }
}

fn status(certificate: &Certificate, issuer: &Certificate, ground: Ground<'_>) -> Status {
    let mut status = Status::Unknown;
    for list in ground.trust.revocation_lists() {
        if !list.reaches(certificate, ground.moment) || !may_sign(list, issuer, ground) {
            continue;
        }
        let entry = list.entry(&certificate.serial).filter(|entry| entry.reason != Some(REMOVED_FROM_LIST));
        match entry.filter(|entry| entry.at <= ground.moment) {
            Some(entry) => return Status::Revoked(entry, Arc::clone(list)),
            None => status = Status::Good(Arc::clone(list)),
        }
    }
    status
}

fn may_sign(list: &RevocationList, issuer: &Certificate, ground: Ground<'_>) -> bool {
    let has_sound_digest = SignatureAlgorithm::of(&list.signature_algorithm)
        .ok()
        .and_then(|algorithm| algorithm.digest)
        .is_some_and(|digest| ground.policy.takes_digest(digest, ground.moment));
    let is_of_key = match (&list.authority_key_id, &issuer.extensions.subject_key_id) {
        (Some(authority), Some(subject)) => authority == subject,
        _ => true,
    };
    has_sound_digest && is_of_key && issuer.allows(usage::CRL_SIGN) && ground.trust.issued_list(list, issuer)
}
