//! From a signer's certificate to a root of trust: building the path, then asking RFC 5280 about it.
//!
//! Certificates of the message and of the configuration may stand in between; a path ends only in a certificate that the
//! configuration names as root. Building is bounded in depth and in signature checks (T20, T21).

mod budget;
mod names;
mod policies;
mod rules;
mod status;
mod wanted;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

pub(crate) use policies::PolicySettings;

pub(crate) use self::budget::Effort;
use self::budget::{Budget, CHECKS_MAX};
use crate::algorithm::{PublicKey, SignatureAlgorithm};
use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::listed::{ListedFor, Standing};
use crate::material::Material;
use crate::moments::Moments;
use crate::ocsp::OcspResponse;
use crate::policy::Policy;
use crate::trust::Trust;
use crate::verdict::{Facts, SubIndication, Wanted};

/// Against what a path is judged.
#[derive(Clone, Copy)]
pub(crate) struct Ground<'a> {
    pub trust: &'a Trust,
    pub policy: &'a Policy,
    /// When the verdict is given.
    pub moment: DateTime<Utc>,
    /// By when the signature provably existed, the "best signature time" of EN 319 102-1: `moment`, or earlier when a
    /// timestamp says so.
    pub proven: DateTime<Utc>,
    /// What is left of the checks one file may cost.
    pub effort: &'a Effort,
}

impl<'a> Ground<'a> {
    /// A moment alone is no proof that the signature is older.
    pub fn new(trust: &'a Trust, policy: &'a Policy, moments: impl Into<Moments>, effort: &'a Effort) -> Self {
        let moments = moments.into();
        Self { trust, policy, moment: moments.now, proven: moments.proven(), effort }
    }
}

/// What the first certificate of a path was used for; it decides which key usages its holder needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Signing documents.
    Signature,
    /// Timestamps: the one and critical purpose id-kp-timeStamping (RFC 3161 §2.3).
    Timestamp,
    /// OCSP answers on behalf of the authority that issued it: id-kp-OCSPSigning (RFC 6960 §4.2.2.2).
    OcspResponder,
    /// Revocation lists: cRLSign.
    RevocationList,
}

impl Purpose {
    /// Which services of a trusted list may end a path from such a certificate.
    fn listed_for(self) -> &'static [ListedFor] {
        match self {
            Self::Signature | Self::RevocationList => &[ListedFor::Certificates],
            Self::Timestamp => &[ListedFor::Timestamps],
            Self::OcspResponder => &[ListedFor::Certificates, ListedFor::StatusAnswers],
        }
    }
}

/// The best path found, from the signer up, and what is wrong with it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Path {
    pub certificates: Vec<Arc<Certificate>>,
    pub facts: Facts,
    pub revocation_lists: Vec<Arc<RevocationList>>,
    pub ocsp_responses: Vec<Arc<OcspResponse>>,
    /// Certificates of those who signed these lists and answers, where they are not of the path.
    pub witnesses: Vec<Arc<Certificate>>,
    /// What would have to be fetched to know more.
    pub wanted: Vec<Wanted>,
}

/// How deep paths to those who signed lists may nest: a list's signer, and the signer of the list that tells his status.
const DEPTH_MAX: usize = 2;

/// Paths to a root that are judged, with the status of all their certificates. Cross-certified sets have two or three.
const COMPLETE_MAX: usize = 12;

/// What a search is about beside its leaf.
#[derive(Clone, Copy)]
struct Inquiry<'a> {
    material: &'a Material,
    ground: Ground<'a>,
    budget: &'a Budget<'a>,
    /// Zero for the path asked for; more for those of list signers.
    depth: usize,
    /// The only root that counts, by SHA-256, where another path has decided that.
    anchor: Option<[u8; 32]>,
    /// The list whose signer the path is about, by SHA-256.
    signed_list: Option<[u8; 32]>,
}

/// The path from `leaf`, used for `purpose`; `material` is the message's own, in any order.
pub(crate) fn find(leaf: &Arc<Certificate>, purpose: Purpose, material: &Material, ground: Ground<'_>) -> Path {
    let budget = Budget::new(ground.effort);
    let mut path =
        search(leaf, purpose, Inquiry { material, ground, budget: &budget, depth: 0, anchor: None, signed_list: None });
    if budget.is_overdrawn() {
        let finding = Finding::error(Code::SignatureLimit).with("what", "signature checks").with("limit", CHECKS_MAX);
        path.facts.fail(SubIndication::CertificateChainGeneralFailure, finding);
    }
    path
}

fn search(leaf: &Arc<Certificate>, purpose: Purpose, inquiry: Inquiry<'_>) -> Path {
    let mut search =
        Search { purpose, inquiry, complete_left: COMPLETE_MAX, complete: None, incomplete: Vec::new(), forged: None };
    search.extend(&mut vec![Arc::clone(leaf)]);
    match search.complete {
        Some(path) => path,
        None => search.unfinished(),
    }
}

struct Search<'a> {
    purpose: Purpose,
    inquiry: Inquiry<'a>,
    complete_left: usize,
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
        let standing = self.standing(&top);
        if standing != Standing::Between {
            let mut judged = rules::judge(path, self.purpose, self.inquiry);
            standing.tell(&top, &mut judged.facts);
            self.complete_left = self.complete_left.saturating_sub(1);
            let is_clean = judged.facts.worst.is_none();
            if is_clean || self.complete.is_none() {
                self.complete = Some(judged);
            }
            return is_clean || self.complete_left == 0;
        }
        if path.len() >= limits::PATH_CERTIFICATES {
            return false;
        }
        for issuer in self.candidates(&top, path) {
            if !self.inquiry.budget.spend() {
                return true;
            }
            if !self.inquiry.ground.trust.issued(&top, &issuer) {
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

    /// How `top` stands as the end of this path. Where another path has decided the root, its standing was asked there.
    fn standing(&self, top: &Certificate) -> Standing {
        match self.inquiry.anchor {
            Some(decided) if decided == top.sha256 => Standing::Root,
            Some(_) => Standing::Between,
            None => self.inquiry.ground.trust.standing(top, self.purpose.listed_for(), self.inquiry.ground.proven),
        }
    }

    /// Possible issuers of `top`, roots and other configured certificates before those of the message.
    fn candidates(&self, top: &Certificate, path: &[Arc<Certificate>]) -> Vec<Arc<Certificate>> {
        let mut found: Vec<Arc<Certificate>> = Vec::new();
        for candidate in self.inquiry.ground.trust.known().chain(&self.inquiry.material.certificates) {
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
        let mut wanted = None;
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
                wanted = if is_root { None } else { wanted::issuer(top) };
            }
        }
        // What else is wrong with the certificates that are known helps the sender as well.
        facts.append(rules::validity(&self.incomplete, self.inquiry.ground));
        Path { certificates: self.incomplete, facts, wanted: wanted.into_iter().collect(), ..Path::default() }
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
#[cfg(test)]
mod tests;
