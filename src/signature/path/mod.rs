//! From a signer's certificate to a root of trust: building the path, then asking RFC 5280 about it.
//!
//! Certificates of the message and of the configuration may stand in between; a path ends only in a certificate that the
//! configuration names as root. Building is bounded in depth and in signature checks (T20, T21).

mod names;
mod revocation;
mod rules;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use crate::algorithm::{PublicKey, SignatureAlgorithm};
use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::policy::Policy;
use crate::trust::Trust;
use crate::verdict::{Facts, SubIndication};

/// Against what a path is judged.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub trust: &'a Trust,
    pub policy: &'a Policy,
    pub moment: DateTime<Utc>,
}

/// The best path found, from the signer up, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    pub certificates: Vec<Arc<Certificate>>,
    pub facts: Facts,
    pub revocation_lists: Vec<Arc<RevocationList>>,
}

/// Signature checks one search may cost. An honest message needs two or three.
const CHECKS_MAX: usize = 40;

/// The path from `leaf`; `pool` holds the message's own certificates, in any order.
pub(crate) fn find(leaf: &Arc<Certificate>, pool: &[Arc<Certificate>], ground: Ground<'_>) -> Path {
    let mut search = Search { pool, ground, checks_left: CHECKS_MAX, complete: None, incomplete: Vec::new(), forged: None };
    search.extend(&mut vec![Arc::clone(leaf)]);
    match search.complete {
        Some(path) => path,
        None => search.unfinished(),
    }
}

struct Search<'a> {
    pool: &'a [Arc<Certificate>],
    ground: Ground<'a>,
    checks_left: usize,
    /// A path to a root: the first without faults, else the first.
    complete: Option<Path>,
    /// The longest path that led nowhere.
    incomplete: Vec<Arc<Certificate>>,
    /// A certificate that names a known issuer who did not sign it, with that issuer.
    forged: Option<(Arc<Certificate>, Arc<Certificate>)>,
}

impl Search<'_> {
    /// Whether the search is over: a path without faults is found or the budget is spent.
    fn extend(&mut self, path: &mut Vec<Arc<Certificate>>) -> bool {
        let Some(top) = path.last().map(Arc::clone) else { return true };
        if path.len() > self.incomplete.len() {
            self.incomplete.clone_from(path);
        }
        if self.ground.trust.is_anchor(&top) {
            let judged = rules::judge(path, self.ground);
            let is_clean = judged.facts.worst.is_none();
            if is_clean || self.complete.is_none() {
                self.complete = Some(judged);
            }
            return is_clean;
        }
        if path.len() >= limits::PATH_CERTIFICATES {
            return false;
        }
        for issuer in self.candidates(&top, path) {
            if self.checks_left == 0 {
                return true;
            }
            self.checks_left -= 1;
            if !self.ground.trust.issued(&top, &issuer) {
                self.forged.get_or_insert((Arc::clone(&top), issuer));
                continue;
            }
            path.push(issuer);
            let is_over = self.extend(path);
            path.pop();
            if is_over {
                return true;
            }
        }
        false
    }

    /// Possible issuers of `top`, roots and other configured certificates before those of the message.
    fn candidates(&self, top: &Certificate, path: &[Arc<Certificate>]) -> Vec<Arc<Certificate>> {
        let mut found: Vec<Arc<Certificate>> = Vec::new();
        for candidate in self.ground.trust.known().chain(self.pool) {
            let stands = |list: &[Arc<Certificate>]| list.iter().any(|known| known.sha256 == candidate.sha256);
            if top.may_be_issued_by(candidate) && !stands(path) && !stands(&found) {
                found.push(Arc::clone(candidate));
            }
        }
        found
    }

    /// No path reached a root: says which certificate is missing, or which root is not trusted.
    fn unfinished(self) -> Path {
        let mut facts = Facts::default();
        if let Some(top) = self.incomplete.last() {
            let is_root = top.names_itself();
            let forged = self.forged.filter(|(certificate, _)| certificate.sha256 == top.sha256 && !is_root);
            if let Some((certificate, issuer)) = forged {
                let (sub_indication, finding) = not_signed(&certificate, &issuer);
                facts.fail(sub_indication, finding);
            } else {
                let problem = if is_root { "untrusted" } else { "missing" };
                let finding = Finding::error(Code::SignatureUntrusted)
                    .with("subject", top.subject.human())
                    .with("issuer", top.issuer.human())
                    .with("problem", problem);
                facts.fail(SubIndication::NoCertificateChainFound, finding);
            }
        }
        // What else is wrong with the certificates that are known helps the sender as well.
        facts.append(rules::validity(&self.incomplete, self.ground.moment));
        Path { certificates: self.incomplete, facts, revocation_lists: Vec::new() }
    }
}

/// A certificate whose named issuer did not sign it, or signed it in a way that is not computed here.
fn not_signed(certificate: &Certificate, issuer: &Certificate) -> (SubIndication, Finding) {
    let unknown = match (&issuer.key, SignatureAlgorithm::of(&certificate.signature_algorithm)) {
        (PublicKey::Unknown(name), _) => Some(name.clone()),
        (_, Err(name)) => Some(name),
        _ => None,
    };
    let subject = certificate.subject.human();
    if let Some(algorithm) = unknown {
        let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", algorithm).with("subject", subject);
        return (SubIndication::CryptoConstraintsFailure, finding);
    }
    let detail = format!("the certificate was not signed by {}", issuer.subject.human());
    let finding = Finding::error(Code::CertificateChain).with("subject", subject).with("detail", detail);
    (SubIndication::CertificateChainGeneralFailure, finding)
}

#[cfg(test)]
mod pkits;
