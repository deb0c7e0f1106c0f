//! Status by revocation lists, RFC 5280 §6.3: lists in scope, newest first, until every reason is covered.

use std::sync::Arc;

use super::{Learnt, Subject, is_fresh, is_of_the_future, remembers, signers};
use crate::certificate::Certificate;
use crate::crl::{Entry, RevocationList};
use crate::general_name::{ALL_REASONS, HOLD_REASON};
use crate::path::budget::Signer;
use crate::path::{Ground, Inquiry};

struct Candidate<'a> {
    list: &'a Arc<RevocationList>,
    reasons: u16,
    entry: Option<Entry>,
}

pub(super) fn learn(subject: Subject<'_>, inquiry: Inquiry<'_>) -> Learnt {
    let candidates = candidates(subject.certificate, inquiry);
    let mut learnt = Learnt::default();
    // Reasons that a fresh list speaks of.
    let mut covered = 0;
    for candidate in &candidates {
        let list = candidate.list;
        let is_fresh =
            is_list_fresh(list, inquiry.ground) && remembers(subject.certificate, list.this_update, list.keeps_expired_since);
        let delta = if is_fresh && !list.is_delta() { delta(list, &candidates, subject, inquiry) } else { None };
        let entry = combined(candidate.entry, delta.as_ref().and_then(|(delta, _)| delta.entry));
        let is_revoked = entry.is_some_and(|entry| list.is_strange || !(entry.is_hold() || entry.is_removal()));
        let is_heard = is_fresh && !list.is_delta() && !list.is_strange && candidate.reasons & !covered != 0;
        // What was held when it was last spoken of stays held until something newer says otherwise.
        let is_held = !list.is_delta() && !list.is_strange && entry.is_some_and(|entry| entry.is_hold());
        if !is_revoked && !is_heard && (!is_held || covered & HOLD_REASON != 0) {
            continue;
        }
        let Some(signer) = signers::of_list(list, subject, inquiry) else { continue };
        match entry {
            Some(entry) if is_revoked => learnt.revoke(entry.since(), inquiry.ground),
            Some(entry) if entry.is_hold() && entry.since() <= inquiry.ground.proven && covered & HOLD_REASON == 0 => {
                // Newest first: an older list says nothing against a newer one.
                learnt.suspended.get_or_insert((entry.since(), list.this_update));
            }
            _ => {}
        }
        if is_heard {
            covered |= candidate.reasons;
            learnt.good = Some(learnt.good.map_or(list.this_update, |good| good.min(list.this_update)));
        }
        for (list, signer) in delta.map(|(delta, signer)| (delta.list, signer)).into_iter().chain([(list, signer)]) {
            learnt.lists.push(Arc::clone(list));
            learnt.witnesses.extend(signer.witness());
        }
    }
    if covered != ALL_REASONS {
        learnt.good = None;
    }
    learnt
}

/// Lists that speak of `certificate`, newest first.
fn candidates<'a>(certificate: &Certificate, inquiry: Inquiry<'a>) -> Vec<Candidate<'a>> {
    let mut candidates: Vec<Candidate<'a>> = Vec::new();
    for list in inquiry.ground.trust.revocation_lists().iter().chain(&inquiry.material.revocation_lists) {
        let reasons = list.reasons_for(certificate);
        let is_there = || candidates.iter().any(|known| known.list.sha256 == list.sha256);
        if reasons != 0 && !is_of_the_future(list.this_update, inquiry.ground) && !is_there() {
            candidates.push(Candidate { list, reasons, entry: list.entry(certificate) });
        }
    }
    // Of lists of one instant the one that holds comes first: a newer list lifts a suspension, another one does not.
    let is_held = |candidate: &Candidate<'_>| candidate.entry.is_some_and(|entry| entry.is_hold());
    candidates.sort_by_key(|candidate| (std::cmp::Reverse(candidate.list.this_update), !is_held(candidate)));
    candidates
}

/// The newest delta list that continues `complete`, with its signer.
fn delta<'a>(
    complete: &RevocationList,
    candidates: &'a [Candidate<'a>],
    subject: Subject<'_>,
    inquiry: Inquiry<'_>,
) -> Option<(&'a Candidate<'a>, Signer)> {
    let fitting = candidates.iter().filter(|delta| delta.list.continues(complete) && !delta.list.is_strange);
    let mut fresh = fitting.filter(|delta| is_list_fresh(delta.list, inquiry.ground));
    fresh.find_map(|delta| signers::of_list(delta.list, subject, inquiry).map(|signer| (delta, signer)))
}

/// A revocation is never taken back, a suspension by its removal.
fn combined(complete: Option<Entry>, delta: Option<Entry>) -> Option<Entry> {
    match (complete, delta) {
        (Some(complete), Some(_)) if !complete.is_hold() && !complete.is_removal() => Some(complete),
        (complete, delta) => delta.or(complete),
    }
}

fn is_list_fresh(list: &RevocationList, ground: Ground<'_>) -> bool {
    is_fresh(list.this_update, list.next_update, ground.policy.list_age_max(), ground)
}
