//! Whom Oblik trusts: certificates the configuration names, and nothing a message brings along.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::algorithm::{Outcome, SignatureAlgorithm, verify};
use crate::asn1::AlgorithmId;
use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::pem;

/// Why bytes of the configuration are not what they should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TrustError {
    #[error("no certificate found")]
    NoCertificate,
    #[error("no revocation list found")]
    NoRevocationList,
    #[error("certificate {position} cannot be read: {detail}")]
    Certificate { position: usize, detail: String },
    #[error("revocation list {position} cannot be read: {detail}")]
    RevocationList { position: usize, detail: String },
}

/// Roots of trust (pinned by the SHA-256 of their whole encoding), known intermediate certificates, revocation lists.
///
/// Share one by `Arc`: it remembers which certificate signed which, so a chain seen before costs one verification.
#[derive(Debug, Default)]
pub struct Trust {
    anchors: Vec<Arc<Certificate>>,
    intermediates: Vec<Arc<Certificate>>,
    revocation_lists: Vec<Arc<RevocationList>>,
    outcomes: Mutex<Outcomes>,
}

/// Whether the issuer signed: by digest of what is signed (certificate or list) and of the issuer's certificate.
type Outcomes = HashMap<([u8; 32], [u8; 32]), bool>;

/// Remembered outcomes: 64 octets each, far more than a supplier has customers' certificates.
const OUTCOMES_MAX: usize = 50_000;

impl Trust {
    /// Adds the certificates of `bytes` (PEM with any number, or one in DER) as roots of trust; how many.
    ///
    /// # Errors
    /// [`TrustError`] when there is none or one cannot be read; then nothing was added.
    pub fn add_anchors(&mut self, bytes: &[u8]) -> Result<usize, TrustError> {
        Ok(add(&mut self.anchors, certificates(bytes)?))
    }

    /// Adds certificates that may stand between a signer and a root. They are no roots of trust themselves.
    ///
    /// # Errors
    /// As [`Self::add_anchors`].
    pub fn add_intermediates(&mut self, bytes: &[u8]) -> Result<usize, TrustError> {
        Ok(add(&mut self.intermediates, certificates(bytes)?))
    }

    /// Adds revocation lists (PEM or DER). Their signatures are checked when they are used.
    ///
    /// # Errors
    /// [`TrustError`] when there is none or one cannot be read; then nothing was added.
    pub fn add_crls(&mut self, bytes: &[u8]) -> Result<usize, TrustError> {
        let lists = contents(bytes, &["X509 CRL"]);
        if lists.is_empty() {
            return Err(TrustError::NoRevocationList);
        }
        let mut read = Vec::new();
        for (position, der) in lists.iter().enumerate() {
            let list = RevocationList::of(der)
                .map_err(|malformed| TrustError::RevocationList { position: position + 1, detail: malformed.to_string() })?;
            read.push(Arc::new(list));
        }
        let count = read.len();
        self.revocation_lists.extend(read);
        Ok(count)
    }

    /// Human names and SHA-256 of the roots of trust.
    pub fn anchors(&self) -> impl Iterator<Item = (String, [u8; 32])> {
        self.anchors.iter().map(|anchor| (anchor.subject.human(), anchor.sha256))
    }

    pub(crate) fn is_anchor(&self, certificate: &Certificate) -> bool {
        self.anchors.iter().any(|anchor| anchor.sha256 == certificate.sha256)
    }

    pub(crate) fn known(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.anchors.iter().chain(&self.intermediates)
    }

    pub(crate) fn revocation_lists(&self) -> &[Arc<RevocationList>] {
        &self.revocation_lists
    }

    pub(crate) fn issued(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.remember((certificate.sha256, issuer.sha256), || {
            holds(issuer, &certificate.signature_algorithm, &certificate.signed, &certificate.signature)
        })
    }

    pub(crate) fn issued_list(&self, list: &RevocationList, issuer: &Certificate) -> bool {
        self.remember((list.sha256, issuer.sha256), || holds(issuer, &list.signature_algorithm, &list.signed, &list.signature))
    }

    fn remember(&self, key: ([u8; 32], [u8; 32]), compute: impl FnOnce() -> bool) -> bool {
        if let Some(known) = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return *known;
        }
        let outcome = compute();
        let mut outcomes = self.outcomes.lock().unwrap_or_else(PoisonError::into_inner);
        if outcomes.len() >= OUTCOMES_MAX {
            outcomes.clear();
        }
        outcomes.insert(key, outcome);
        outcome
    }
}

fn holds(issuer: &Certificate, algorithm: &AlgorithmId, signed: &[u8], signature: &[u8]) -> bool {
    match SignatureAlgorithm::of(algorithm) {
        Ok(SignatureAlgorithm { scheme, digest: Some(digest) }) => {
            verify(&issuer.key, scheme, digest, signed, signature) == Outcome::Valid
        }
        _ => false,
    }
}

fn add(to: &mut Vec<Arc<Certificate>>, certificates: Vec<Certificate>) -> usize {
    let count = certificates.len();
    for certificate in certificates {
        if !to.iter().any(|known| known.sha256 == certificate.sha256) {
            to.push(Arc::new(certificate));
        }
    }
    count
}

fn contents(bytes: &[u8], labels: &[&str]) -> Vec<Vec<u8>> {
    if pem::is_pem(bytes) {
        let blocks = pem::blocks(bytes).into_iter();
        blocks.filter(|(label, _)| labels.contains(&label.as_str())).map(|(_, der)| der).collect()
    } else if bytes.is_empty() {
        Vec::new()
    } else {
        vec![bytes.to_vec()]
    }
}

pub(crate) fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>, TrustError> {
    let found = contents(bytes, &["CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE"]);
    if found.is_empty() {
        return Err(TrustError::NoCertificate);
    }
    let read = found.iter().enumerate().map(|(position, der)| {
        Certificate::of(der)
            .map_err(|malformed| TrustError::Certificate { position: position + 1, detail: malformed.to_string() })
    });
    read.collect()
}
