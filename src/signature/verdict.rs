//! What a judge says: indications of ETSI EN 319 102-1, findings, and the bytes that were proven.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::account::CertificateHolder;
use oblik_domain::finding::Finding;

use crate::certificate::Certificate;
use crate::crl::RevocationList;

/// The main status of a validation, EN 319 102-1 §5.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Indication {
    TotalPassed,
    Indeterminate,
    TotalFailed,
}

impl Indication {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TotalPassed => "TOTAL-PASSED",
            Self::Indeterminate => "INDETERMINATE",
            Self::TotalFailed => "TOTAL-FAILED",
        }
    }
}

/// Why a validation did not pass, EN 319 102-1 table 6: what fails first, then in the order of the process.
///
/// Without a timestamp the best signature time is the moment of arrival: what is expired or revoked at the moment was so
/// when the signature was first known to exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SubIndication {
    FormatFailure,
    HashFailure,
    SigCryptoFailure,
    Revoked,
    NoSignature,
    SignedDataNotFound,
    NoSigningCertificateFound,
    SignaturePolicyNotAvailable,
    NoCertificateChainFound,
    CertificateChainGeneralFailure,
    RevokedCaNoPoe,
    NotYetValid,
    Expired,
    CryptoConstraintsFailure,
    ChainConstraintsFailure,
    SigConstraintsFailure,
    /// The status of a certificate cannot be learnt now: to be judged again, never a pass.
    TryLater,
}

impl SubIndication {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FormatFailure => "FORMAT_FAILURE",
            Self::HashFailure => "HASH_FAILURE",
            Self::SigCryptoFailure => "SIG_CRYPTO_FAILURE",
            Self::Revoked => "REVOKED",
            Self::NoSignature => "NO_SIGNATURE",
            Self::SignedDataNotFound => "SIGNED_DATA_NOT_FOUND",
            Self::NoSigningCertificateFound => "NO_SIGNING_CERTIFICATE_FOUND",
            Self::CryptoConstraintsFailure => "CRYPTO_CONSTRAINTS_FAILURE",
            Self::SigConstraintsFailure => "SIG_CONSTRAINTS_FAILURE",
            Self::SignaturePolicyNotAvailable => "SIGNATURE_POLICY_NOT_AVAILABLE",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::Expired => "EXPIRED",
            Self::RevokedCaNoPoe => "REVOKED_CA_NO_POE",
            Self::CertificateChainGeneralFailure => "CERTIFICATE_CHAIN_GENERAL_FAILURE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::TryLater => "TRY_LATER",
        }
    }

    pub fn indication(self) -> Indication {
        match self {
            Self::FormatFailure | Self::HashFailure | Self::SigCryptoFailure | Self::Revoked => Indication::TotalFailed,
            _ => Indication::Indeterminate,
        }
    }
}

/// How signature and content lie together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// CMS beside the file it signs.
    Detached,
    /// CMS that holds what it signs.
    Enclosing,
    Pdf,
}

impl Container {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Detached => "detached",
            Self::Enclosing => "enclosing",
            Self::Pdf => "pdf",
        }
    }
}

/// The verdict on one signature, with the facts it rests on.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// `CMS`, `CAdES`, `PAdES` or `PDF-PKCS7`.
    pub format: &'static str,
    /// `B-B` when the form is a baseline one, else `BES` or empty.
    pub level: &'static str,
    pub holder: CertificateHolder,
    /// Subject of the signer's certificate as RFC 4514 writes names; empty when there is none.
    pub subject: String,
    /// Serial number in hexadecimal.
    pub serial: String,
    pub issuer: String,
    /// What the signer claims; proves nothing.
    pub signing_time: Option<DateTime<Utc>>,
    pub algorithm: String,
    pub digest: String,
    /// What the signature covers, for people and logs.
    pub covers: String,
    pub indication: Indication,
    pub sub_indication: Option<SubIndication>,
    pub findings: Vec<Finding>,
    /// From the signer's certificate to the last one found.
    pub chain: Vec<ChainLink>,
    pub(crate) certificates: Vec<Arc<Certificate>>,
    pub(crate) revocation_lists: Vec<Arc<RevocationList>>,
}

/// One certificate of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainLink {
    pub subject: String,
    pub serial: String,
    pub sha256: [u8; 32],
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
    /// Whether configuration names this certificate as a root of trust.
    pub is_anchor: bool,
}

/// What the signed bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedKind {
    /// The content of a CMS signature.
    PlainContent,
    /// A PDF up to the end of its last signed revision.
    PdfRevision,
}

/// Bytes that every signature over them proved: the only thing the rest of Oblik parses (threat T4).
///
/// There is no way to make one but to judge.
#[derive(Clone, PartialEq, Eq)]
pub struct Verified {
    bytes: Vec<u8>,
    sha256: [u8; 32],
    kind: SignedKind,
}

impl Verified {
    pub(crate) fn new(bytes: &[u8], kind: SignedKind) -> Self {
        Self { bytes: bytes.to_vec(), sha256: crate::algorithm::sha256(bytes), kind }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    pub fn kind(&self) -> SignedKind {
        self.kind
    }
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Verified({:?}, {} bytes, {})", self.kind, self.bytes.len(), hex::encode(self.sha256))
    }
}

/// The verdict on a file: its worst signature's.
#[derive(Debug, Clone)]
pub struct Judged {
    pub container: Container,
    pub signatures: Vec<Judgement>,
    pub indication: Indication,
    pub sub_indication: Option<SubIndication>,
    /// Findings about the file rather than one of its signatures.
    pub findings: Vec<Finding>,
    /// What was signed; there only when everything passed.
    pub signed: Option<Verified>,
    pub moment: DateTime<Utc>,
    pub policy_sha256: [u8; 32],
}

impl Judged {
    /// Every finding: the file's, then each signature's.
    pub fn all_findings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().chain(self.signatures.iter().flat_map(|judgement| &judgement.findings))
    }
}

/// Collects what is wrong; the verdict is that of the gravest.
#[derive(Debug, Default, Clone)]
pub(crate) struct Facts {
    pub findings: Vec<Finding>,
    pub worst: Option<SubIndication>,
}

impl Facts {
    /// Something that keeps the signature from passing.
    pub fn fail(&mut self, sub_indication: SubIndication, finding: Finding) {
        self.findings.push(finding);
        self.worst = Some(self.worst.map_or(sub_indication, |worst| worst.min(sub_indication)));
    }

    /// Something worth telling that does not weigh.
    pub fn tell(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    pub fn append(&mut self, other: Self) {
        self.findings.extend(other.findings);
        self.worst = match (self.worst, other.worst) {
            (Some(one), Some(two)) => Some(one.min(two)),
            (one, two) => one.or(two),
        };
    }

    pub fn indication(&self) -> Indication {
        self.worst.map_or(Indication::TotalPassed, SubIndication::indication)
    }
}
