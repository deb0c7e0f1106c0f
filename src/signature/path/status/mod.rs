//! The status of every certificate of a path but its root, by the lists and answers that are at hand.
//!
//! Revoked by either counts; of good and suspended the fresher counts. What is not known by anything fresh, authentic and in
//! scope is unknown and never good.

mod answers;
mod lists;
mod signers;

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use oblik_domain::finding::{Code, Finding};

use super::{Ground, Inquiry, Path, wanted};
use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::ocsp::OcspResponse;
use crate::policy::RevocationStatus;
use crate::verdict::SubIndication;

/// How far the clocks of authorities and ours may disagree.
const SKEW: Duration = Duration::minutes(5);

/// Which sources may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sources {
    Every,
    /// A responder does not vouch for itself.
    Lists,
}

/// What lists or answers say of one certificate.
#[derive(Debug, Default)]
struct Learnt {
    /// Since when it is not to be relied on, at or before the proven time.
    revoked: Option<DateTime<Utc>>,
    /// Since when it is on hold, and when that was said.
    suspended: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Revoked after the proven time.
    revoked_later: Option<DateTime<Utc>>,
    /// When it was last said to be good.
    good: Option<DateTime<Utc>>,
    lists: Vec<Arc<RevocationList>>,
    responses: Vec<Arc<OcspResponse>>,
    /// Certificates of those who said so, where they are not of the path.
    witnesses: Vec<Arc<Certificate>>,
}

enum Standing {
    Good,
    Suspended(DateTime<Utc>),
    Revoked(DateTime<Utc>),
    Unknown,
}

impl Learnt {
    fn standing(&self) -> Standing {
        if let Some(at) = self.revoked {
            return Standing::Revoked(at);
        }
        match (self.suspended, self.good) {
            (Some((since, said_at)), good) if good.is_none_or(|good| good <= said_at) => Standing::Suspended(since),
            (_, Some(_)) => Standing::Good,
            _ => Standing::Unknown,
        }
    }

    /// A revocation weighs by whether it came before the proven time.
    fn revoke(&mut self, since: DateTime<Utc>, ground: Ground<'_>) {
        let to = if since <= ground.proven { &mut self.revoked } else { &mut self.revoked_later };
        *to = Some(to.map_or(since, |known| known.min(since)));
    }

    fn join(&mut self, other: Self) {
        let earlier = |one: Option<DateTime<Utc>>, two: Option<DateTime<Utc>>| one.into_iter().chain(two).min();
        self.revoked = earlier(self.revoked, other.revoked);
        self.revoked_later = earlier(self.revoked_later, other.revoked_later);
        self.suspended = self.suspended.into_iter().chain(other.suspended).max_by_key(|(_, said_at)| *said_at);
        self.good = self.good.max(other.good);
        self.lists.extend(other.lists);
        self.responses.extend(other.responses);
        self.witnesses.extend(other.witnesses);
    }
}

/// A certificate whose status is asked, with the path above it, its issuer first.
#[derive(Clone, Copy)]
struct Subject<'a> {
    certificate: &'a Arc<Certificate>,
    issuer: &'a Arc<Certificate>,
    above: &'a [Arc<Certificate>],
}

/// Judges the status of the path's certificates, each against the one above it.
pub(super) fn judge(path: &mut Path, sources: Sources, inquiry: Inquiry<'_>) {
    if inquiry.ground.policy.revocation() == RevocationStatus::Off {
        return;
    }
    let certificates = path.certificates.clone();
    let mut above = certificates.as_slice();
    while let [certificate, rest @ ..] = above {
        let Some(issuer) = rest.first() else { break };
        above = rest;
        let is_leaf = path.certificates.first().is_some_and(|leaf| Arc::ptr_eq(leaf, certificate));
        let sources = if is_leaf { sources } else { Sources::Every };
        one(path, Subject { certificate, issuer, above: rest }, is_leaf, sources, inquiry);
    }
}

/// Judges the status of the path's first certificate only.
pub(super) fn judge_first(path: &mut Path, sources: Sources, inquiry: Inquiry<'_>) {
    let certificates = path.certificates.clone();
    if inquiry.ground.policy.revocation() != RevocationStatus::Off
        && let [certificate, above @ ..] = certificates.as_slice()
        && let Some(issuer) = above.first()
    {
        one(path, Subject { certificate, issuer, above }, true, sources, inquiry);
    }
}

fn one(path: &mut Path, subject: Subject<'_>, is_leaf: bool, sources: Sources, inquiry: Inquiry<'_>) {
    let mut learnt = lists::learn(subject, inquiry);
    if sources == Sources::Every {
        learnt.join(answers::learn(subject, inquiry));
    }
    let ground = inquiry.ground;
    let finding = |code, level| Finding::new(code, level).with("subject", subject.certificate.subject.human());
    let stamp = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let later = learnt.revoked_later.filter(|at| learnt.revoked.is_none() && *at <= ground.moment);
    // The proof of time is one of the signature alone. What others made with a key that is in strange hands by now, certificates,
    // lists and answers, may have been dated back.
    let is_signers_own = is_leaf && inquiry.depth == 0;
    match learnt.standing() {
        Standing::Good | Standing::Unknown | Standing::Suspended(_) if later.is_some() && !is_signers_own => {
            let stamp = later.map(stamp).unwrap_or_default();
            path.facts.fail(SubIndication::RevokedCaNoPoe, error(&finding, Code::CertificateRevoked).with("at", stamp));
        }
        Standing::Good => {}
        Standing::Revoked(at) => {
            let sub_indication = if is_leaf { SubIndication::Revoked } else { SubIndication::RevokedCaNoPoe };
            path.facts.fail(sub_indication, error(&finding, Code::CertificateRevoked).with("at", stamp(at)));
        }
        Standing::Suspended(at) => {
            path.wanted.extend(wanted::status(subject.certificate, subject.issuer));
            path.facts.fail(SubIndication::TryLater, error(&finding, Code::CertificateSuspended).with("at", stamp(at)));
        }
        Standing::Unknown => {
            path.wanted.extend(wanted::status(subject.certificate, subject.issuer));
            // A certificate that has expired meanwhile counts by what was said while it was valid, and by nothing less.
            if (ground.proven..ground.moment).contains(&subject.certificate.not_after) {
                path.facts.fail(SubIndication::OutOfBoundsNoPoe, error(&finding, Code::RevocationUnknown));
            } else if ground.policy.revocation() == RevocationStatus::Required {
                path.facts.fail(SubIndication::TryLater, error(&finding, Code::RevocationUnknown));
            } else {
                path.facts.tell(finding(Code::RevocationUnknown, oblik_domain::finding::Level::Information));
            }
        }
    }
    if let Some(at) = later.filter(|_| is_signers_own) {
        let finding = finding(Code::CertificateRevokedLater, oblik_domain::finding::Level::Information);
        path.facts.tell(finding.with("at", stamp(at)).with("proven", stamp(ground.proven)));
    }
    path.revocation_lists.extend(learnt.lists);
    path.ocsp_responses.extend(learnt.responses);
    path.witnesses.extend(learnt.witnesses);
}

fn error(finding: &impl Fn(Code, oblik_domain::finding::Level) -> Finding, code: Code) -> Finding {
    finding(code, oblik_domain::finding::Level::Error)
}

/// Whether something said for a time tells the status at the proven time: said after it, or still standing then.
fn is_fresh(
    this_update: DateTime<Utc>,
    next_update: Option<DateTime<Utc>>,
    age_max: Option<Duration>,
    ground: Ground<'_>,
) -> bool {
    let is_young = age_max.is_none_or(|age_max| ground.proven - this_update <= age_max);
    // Without an end of its own only a bound on its age ends it.
    let stands = next_update.map_or(age_max.is_some(), |next| next >= ground.proven);
    this_update >= ground.proven || (stands && is_young)
}

fn is_of_the_future(at: DateTime<Utc>, ground: Ground<'_>) -> bool {
    at > ground.moment + SKEW
}

/// Whether something said at `this_update` can speak of `certificate`: what expires may be left out from then on.
fn remembers(certificate: &Certificate, this_update: DateTime<Utc>, kept_since: Option<DateTime<Utc>>) -> bool {
    this_update <= certificate.not_after || kept_since.is_some_and(|since| since <= certificate.not_after)
}
