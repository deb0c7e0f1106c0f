//! Status by OCSP answers, RFC 6960.

use std::sync::Arc;

use chrono::DateTime;

use super::{Learnt, Subject, is_fresh, is_of_the_future, remembers, signers};
use crate::ocsp::{CertificateId, OcspResponse, SingleResponse, SingleStatus};
use crate::path::Inquiry;

/// `reasonCode` of a suspension.
const CERTIFICATE_HOLD: u8 = 6;

pub(super) fn learn(subject: Subject<'_>, inquiry: Inquiry<'_>) -> Learnt {
    let mut learnt = Learnt::default();
    let id = CertificateId::of(subject.certificate, subject.issuer);
    for response in inquiry.ground.trust.ocsp_responses().iter().chain(&inquiry.material.ocsp_responses) {
        let is_known = learnt.responses.iter().any(|known| known.sha256 == response.sha256);
        if let Some(answer) = answer(response, &id, inquiry).filter(|_| !is_known) {
            learnt.join(weigh(response, answer, subject, inquiry));
        }
    }
    learnt
}

/// The one answer of `response` about the subject. A response that says two things of one certificate says nothing.
fn answer<'a>(response: &'a OcspResponse, id: &CertificateId<'_>, inquiry: Inquiry<'_>) -> Option<&'a SingleResponse> {
    let mut about = response.answers.iter().filter(|answer| id.is_meant_by(answer));
    let first = about.next()?;
    let is_contradicted = about.any(|other| other.status != first.status);
    let is_impossible = first.this_update > response.produced_at + super::SKEW
        || is_of_the_future(first.this_update, inquiry.ground)
        || is_of_the_future(response.produced_at, inquiry.ground);
    (!is_contradicted && !is_impossible && !response.is_strange && !first.is_strange).then_some(first)
}

fn weigh(response: &Arc<OcspResponse>, answer: &SingleResponse, subject: Subject<'_>, inquiry: Inquiry<'_>) -> Learnt {
    let ground = inquiry.ground;
    let mut learnt = Learnt::default();
    let is_fresh = is_fresh(answer.this_update, answer.next_update, Some(ground.policy.answer_age_max()), ground)
        && remembers(subject.certificate, answer.this_update, answer.archive_cutoff);
    match answer.status {
        // "Never issued" is told as a suspension since 1970 (RFC 6960 §2.2) and is none.
        SingleStatus::Revoked { at, reason: Some(CERTIFICATE_HOLD) } if at != DateTime::UNIX_EPOCH => {
            // What was held when it was last spoken of stays held until something newer says otherwise.
            if at <= ground.proven {
                learnt.suspended = Some((at, answer.this_update));
            } else if is_fresh {
                learnt.good = Some(answer.this_update);
            }
        }
        SingleStatus::Revoked { at, .. } => {
            learnt.revoke(at, ground);
            if is_fresh && at > ground.proven {
                learnt.good = Some(answer.this_update);
            }
        }
        SingleStatus::Good if is_fresh => learnt.good = Some(answer.this_update),
        SingleStatus::Good | SingleStatus::Unknown => {}
    }
    let says_something = learnt.revoked.or(learnt.revoked_later).or(learnt.good).is_some() || learnt.suspended.is_some();
    match says_something.then(|| signers::of_answer(response, subject, inquiry)).flatten() {
        Some(signer) => {
            learnt.responses.push(Arc::clone(response));
            learnt.witnesses.extend(signer.witness());
            learnt
        }
        None => Learnt::default(),
    }
}
