//! Whom Oblik trusts: certificates the configuration names, and nothing a message brings along.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use oblik_domain::limits;

use crate::algorithm::{Outcome, SignatureAlgorithm, verify};
use crate::asn1::AlgorithmId;
use crate::certificate::Certificate;
use crate::cms::{self, SignedData};
use crate::crl::RevocationList;
use crate::fetched::Fetched;
use crate::judge::looks_like_cms;
use crate::listed::{self, Listed, ListedFor, Listing, Standing};
use crate::ocsp::OcspResponse;
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
    #[error("OCSP response cannot be read: {detail}")]
    OcspResponse { detail: String },
}

/// Roots of trust (pinned by the SHA-256 of their whole encoding), known intermediate certificates, revocation lists.
///
/// It remembers which certificate signed which, so a chain seen before costs one verification. A clone is cheap and shares that
/// memory: what was fetched for one verdict is added to a clone.
#[derive(Debug, Default, Clone)]
pub struct Trust {
    anchors: Vec<Arc<Certificate>>,
    listed: Vec<Arc<Listed>>,
    intermediates: Vec<Arc<Certificate>>,
    revocation_lists: Vec<Arc<RevocationList>>,
    ocsp_responses: Vec<Arc<OcspResponse>>,
    outcomes: Arc<Mutex<Outcomes>>,
}

/// Whether the issuer signed: by digest of what is signed (certificate or list) and of the issuer's certificate.
type Outcomes = HashMap<([u8; 32], [u8; 32]), bool>;

/// Certificates taken from one bag. The largest published ones hold an authority's whole history.
const BAG_MAX: usize = 500;

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

    /// Adds the certificate `der` of a service on a trusted list. It is a root of trust for what the service is for, while it was
    /// granted. A certificate that the configuration names itself ([`Self::add_anchors`]) needs no list.
    ///
    /// # Errors
    /// [`TrustError`] when it cannot be read.
    pub fn add_listed(&mut self, der: &[u8], listing: Listing) -> Result<(), TrustError> {
        let certificate =
            Certificate::of(der).map_err(|malformed| TrustError::Certificate { position: 1, detail: malformed.to_string() })?;
        self.listed.push(Arc::new(Listed { certificate: Arc::new(certificate), listing }));
        Ok(())
    }

    /// Adds certificates that may stand between a signer and a root: PEM, DER, or a bag of them (`.p7b`), as Ukrainian
    /// authorities publish theirs. They are no roots of trust themselves.
    ///
    /// # Errors
    /// As [`Self::add_anchors`].
    pub fn add_intermediates(&mut self, bytes: &[u8]) -> Result<usize, TrustError> {
        let bag = if pem::is_pem(bytes) { None } else { bag(bytes) };
        Ok(add(&mut self.intermediates, bag.map_or_else(|| certificates(bytes), Ok)?))
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
        for list in read {
            if !self.revocation_lists.iter().any(|known| known.sha256 == list.sha256) {
                self.revocation_lists.push(list);
            }
        }
        Ok(count)
    }

    /// Adds an `OCSPResponse` or `BasicOCSPResponse` in DER. Its signature is checked when it is used.
    ///
    /// # Errors
    /// [`TrustError::OcspResponse`]; a response that only says why there is no answer is one.
    pub fn add_ocsp_responses(&mut self, der: &[u8]) -> Result<usize, TrustError> {
        let response = OcspResponse::of(der).map_err(|malformed| TrustError::OcspResponse { detail: malformed.to_string() })?;
        if !self.ocsp_responses.iter().any(|known| known.sha256 == response.sha256) {
            self.ocsp_responses.push(Arc::new(response));
        }
        Ok(1)
    }

    /// Adds what was fetched. Of it nothing becomes a root of trust.
    pub fn add_fetched(&mut self, fetched: &Fetched) {
        fetched.give(self);
    }

    pub(crate) fn give_intermediates(&mut self, certificates: &[Arc<Certificate>]) {
        for certificate in certificates {
            if !self.intermediates.iter().any(|known| known.sha256 == certificate.sha256) {
                self.intermediates.push(Arc::clone(certificate));
            }
        }
    }

    pub(crate) fn give_lists(&mut self, lists: &[Arc<RevocationList>]) {
        // One list may lie at several addresses: it is searched, and kept as evidence, once.
        for list in lists {
            if !self.revocation_lists.iter().any(|known| known.sha256 == list.sha256) {
                self.revocation_lists.push(Arc::clone(list));
            }
        }
    }

    pub(crate) fn give_response(&mut self, response: &Arc<OcspResponse>) {
        if !self.ocsp_responses.iter().any(|known| known.sha256 == response.sha256) {
            self.ocsp_responses.push(Arc::clone(response));
        }
    }

    /// Human names and SHA-256 of the roots of trust.
    pub fn anchors(&self) -> impl Iterator<Item = (String, [u8; 32])> {
        self.anchors.iter().map(|anchor| (anchor.subject.human(), anchor.sha256))
    }

    pub(crate) fn is_anchor(&self, certificate: &Certificate) -> bool {
        self.known_roots().any(|anchor| anchor.sha256 == certificate.sha256)
    }

    /// How `certificate` stands as the end of a path, for a signature that existed at `proven`.
    pub(crate) fn standing(&self, certificate: &Certificate, listed_for: &[ListedFor], proven: DateTime<Utc>) -> Standing {
        if self.is_pinned(certificate) {
            return Standing::Root;
        }
        listed::standing(&self.listed, certificate, listed_for, proven)
    }

    /// Whether the configuration itself names `certificate` as root.
    pub(crate) fn is_pinned(&self, certificate: &Certificate) -> bool {
        self.anchors.iter().any(|anchor| anchor.sha256 == certificate.sha256)
    }

    pub(crate) fn listed(&self) -> &[Arc<Listed>] {
        &self.listed
    }

    fn known_roots(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.anchors.iter().chain(self.listed.iter().map(|service| &service.certificate))
    }

    pub(crate) fn known(&self) -> impl Iterator<Item = &Arc<Certificate>> {
        self.known_roots().chain(&self.intermediates)
    }

    pub(crate) fn revocation_lists(&self) -> &[Arc<RevocationList>] {
        &self.revocation_lists
    }

    pub(crate) fn ocsp_responses(&self) -> &[Arc<OcspResponse>] {
        &self.ocsp_responses
    }

    pub(crate) fn issued(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        self.remember((certificate.sha256, issuer.sha256), || {
            holds(issuer, &certificate.signature_algorithm, &certificate.signed, &certificate.signature)
        })
    }

    pub(crate) fn issued_list(&self, list: &RevocationList, issuer: &Certificate) -> bool {
        self.remember((list.sha256, issuer.sha256), || holds(issuer, &list.signature_algorithm, list.signed(), &list.signature))
    }

    pub(crate) fn answered(&self, response: &OcspResponse, responder: &Certificate) -> bool {
        self.remember((response.sha256, responder.sha256), || {
            holds(responder, &response.signature_algorithm, &response.signed, &response.signature)
        })
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

pub(crate) fn contents(bytes: &[u8], labels: &[&str]) -> Vec<Vec<u8>> {
    if pem::is_pem(bytes) {
        let blocks = pem::blocks(bytes).into_iter();
        blocks.filter(|(label, _)| labels.contains(&label.as_str())).map(|(_, der)| der).collect()
    } else if bytes.is_empty() {
        Vec::new()
    } else {
        vec![bytes.to_vec()]
    }
}

/// The certificates of a CMS message without signers; those that cannot be read are left out.
fn bag(bytes: &[u8]) -> Option<Vec<Certificate>> {
    if bytes.len() > limits::CMS_BYTES || !looks_like_cms(bytes) {
        return None;
    }
    let der = cms::to_der(bytes).ok()?;
    let message = SignedData::of(&der).ok().filter(|message| message.signers.is_empty())?;
    let read = message.certificates.iter().take(BAG_MAX).filter_map(|der| Certificate::of(der).ok());
    Some(read.collect::<Vec<_>>()).filter(|certificates| !certificates.is_empty())
}

/// The certificates of a file in PEM or DER, each in DER.
///
/// # Errors
/// [`TrustError`] when there is none or one cannot be read.
pub fn certificates_of(bytes: &[u8]) -> Result<Vec<Vec<u8>>, TrustError> {
    Ok(certificates(bytes)?.into_iter().map(|certificate| certificate.der).collect())
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
