//! What a judge says: indications of ETSI EN 319 102-1, findings, and the bytes that were proven.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::account::CertificateHolder;
use oblik_domain::finding::{Code, Finding};

use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::ocsp::OcspResponse;
use crate::trust::Trust;

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
/// The best signature time is that of the earliest timestamp that passed, else the moment of arrival: what is expired or
/// revoked by then was so when the signature was first known to exist.
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
    /// The signature policy at hand is not the one the signature names.
    PolicyProcessingError,
    NoCertificateChainFound,
    CertificateChainGeneralFailure,
    RevokedCaNoPoe,
    NotYetValid,
    Expired,
    /// Nothing proves that the signature is older than the end of a certificate, or what its status was before that.
    OutOfBoundsNoPoe,
    CryptoConstraintsFailure,
    ChainConstraintsFailure,
    SigConstraintsFailure,
    /// Timestamps contradict each other: what must be older is younger.
    TimestampOrderFailure,
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
            Self::PolicyProcessingError => "POLICY_PROCESSING_ERROR",
            Self::NotYetValid => "NOT_YET_VALID",
            Self::Expired => "EXPIRED",
            Self::OutOfBoundsNoPoe => "OUT_OF_BOUNDS_NO_POE",
            Self::RevokedCaNoPoe => "REVOKED_CA_NO_POE",
            Self::CertificateChainGeneralFailure => "CERTIFICATE_CHAIN_GENERAL_FAILURE",
            Self::ChainConstraintsFailure => "CHAIN_CONSTRAINTS_FAILURE",
            Self::NoCertificateChainFound => "NO_CERTIFICATE_CHAIN_FOUND",
            Self::TimestampOrderFailure => "TIMESTAMP_ORDER_FAILURE",
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
    /// ASiC-S: one file and its CAdES in a ZIP archive.
    AsicS,
    /// ASiC-E: files, manifests and CAdES in a ZIP archive.
    AsicE,
}

impl Container {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Detached => "detached",
            Self::Enclosing => "enclosing",
            Self::Pdf => "pdf",
            Self::AsicS => "asic-s",
            Self::AsicE => "asic-e",
        }
    }
}

/// The verdict on one signature, with the facts it rests on.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// `CMS`, `CAdES`, `PAdES` or `PDF-PKCS7`.
    pub format: &'static str,
    /// `B-B`, `B-T`, `B-LT`, `B-LTA` when the form is a baseline one, else `BES`, `EPES`, `T`, `XL`, `A` or empty.
    pub level: &'static str,
    pub holder: CertificateHolder,
    /// Subject of the signer's certificate as RFC 4514 writes names; empty when there is none.
    pub subject: String,
    /// Serial number in hexadecimal.
    pub serial: String,
    pub issuer: String,
    /// What the signer claims; proves nothing.
    pub signing_time: Option<DateTime<Utc>>,
    /// What the earliest timestamp over the signature proves that passed.
    pub timestamp_time: Option<DateTime<Utc>>,
    pub algorithm: String,
    pub digest: String,
    /// What the signature covers, for people and logs.
    pub covers: String,
    pub indication: Indication,
    pub sub_indication: Option<SubIndication>,
    pub findings: Vec<Finding>,
    /// From the signer's certificate to the last one found.
    pub chain: Vec<ChainLink>,
    /// Every timestamp of the signature, with a verdict of its own.
    pub timestamps: Vec<TimestampVerdict>,
    /// Signatures over this one; they do not weigh on it.
    pub counter_signatures: Vec<Self>,
    pub(crate) certificates: Vec<Arc<Certificate>>,
    pub(crate) revocation_lists: Vec<Arc<RevocationList>>,
    pub(crate) ocsp_responses: Vec<Arc<OcspResponse>>,
    /// Certificates of those who signed lists and answers, where they are not of the chain.
    pub(crate) witnesses: Vec<Arc<Certificate>>,
    pub(crate) wanted: Vec<Wanted>,
    /// Every certificate the message brought along, used or not: what was looked at once must be there again.
    pub(crate) considered: Vec<Arc<Certificate>>,
    /// SHA-256 of the content this signer was judged over, where the signature made it known.
    pub(crate) content_sha256: Option<[u8; 32]>,
}

impl Judgement {
    /// A judgement on a signature whose message could not be reached.
    pub(crate) fn unreached(format: &'static str) -> Self {
        Self {
            format,
            level: "",
            holder: CertificateHolder::default(),
            subject: String::new(),
            serial: String::new(),
            issuer: String::new(),
            signing_time: None,
            timestamp_time: None,
            algorithm: String::new(),
            digest: String::new(),
            covers: String::new(),
            indication: Indication::TotalFailed,
            sub_indication: None,
            findings: Vec::new(),
            chain: Vec::new(),
            timestamps: Vec::new(),
            counter_signatures: Vec::new(),
            certificates: Vec::new(),
            revocation_lists: Vec::new(),
            ocsp_responses: Vec::new(),
            witnesses: Vec::new(),
            wanted: Vec::new(),
            considered: Vec::new(),
            content_sha256: None,
        }
    }
}

/// What a timestamp was made over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimestampKind {
    /// The content, before it was signed.
    Content,
    /// The signature value.
    Signature,
    /// The signature with all that is needed to judge it.
    Archive,
    /// A revision of a PDF.
    Document,
}

impl TimestampKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Signature => "signature",
            Self::Archive => "archive",
            Self::Document => "document",
        }
    }
}

/// The verdict on one RFC 3161 token.
#[derive(Debug, Clone)]
pub struct TimestampVerdict {
    pub kind: TimestampKind,
    /// When the authority says it was made; absent when the token cannot be read.
    pub time: Option<DateTime<Utc>>,
    /// By when it was made at the latest: `time` with its accuracy. A proof only when the token passed.
    pub(crate) proves: Option<DateTime<Utc>>,
    /// Who made it: subject of its certificate, as RFC 4514 writes names.
    pub authority: String,
    /// Serial number of the token in hexadecimal.
    pub serial: String,
    pub policy: String,
    pub indication: Indication,
    pub sub_indication: Option<SubIndication>,
    pub findings: Vec<Finding>,
    pub chain: Vec<ChainLink>,
    pub(crate) certificates: Vec<Arc<Certificate>>,
    pub(crate) revocation_lists: Vec<Arc<RevocationList>>,
    pub(crate) ocsp_responses: Vec<Arc<OcspResponse>>,
    pub(crate) witnesses: Vec<Arc<Certificate>>,
    pub(crate) wanted: Vec<Wanted>,
    pub(crate) considered: Vec<Arc<Certificate>>,
}

impl TimestampVerdict {
    /// Something more that keeps the token from passing.
    pub(crate) fn fail(&mut self, sub_indication: SubIndication, detail: &str) {
        self.findings.push(Finding::error(Code::SignatureAttributes).with("detail", detail));
        let worst = self.sub_indication.map_or(sub_indication, |worst| worst.min(sub_indication));
        self.sub_indication = Some(worst);
        self.indication = worst.indication();
    }

    /// By when what was stamped existed, as far as this token proves it.
    pub(crate) fn proof(&self) -> Option<DateTime<Utc>> {
        self.proves.filter(|_| self.indication == Indication::TotalPassed)
    }
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
        Self::digested(bytes, crate::algorithm::sha256(bytes), kind)
    }

    /// As [`Self::new`], when the SHA-256 of `bytes` is known already: of a large act it takes as long as its signature.
    pub(crate) fn digested(bytes: &[u8], sha256: [u8; 32], kind: SignedKind) -> Self {
        Self { bytes: bytes.to_vec(), sha256, kind }
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
    /// Files of a container that all of its signatures cover, passed or not; for people.
    pub documents: Vec<SignedDocument>,
    /// When the verdict is given.
    pub moment: DateTime<Utc>,
    /// By when the file provably existed, timestamps in it aside.
    pub proven: DateTime<Utc>,
    pub policy_sha256: [u8; 32],
    /// What could be fetched to know more; judging again with it may change the verdict.
    pub wanted: Vec<Wanted>,
    /// What the verdict was given against, for its evidence.
    pub(crate) trust: Trust,
}

/// A file of a container, by its name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDocument {
    pub name: String,
    pub sha256: [u8; 32],
}

/// Something that is not at hand and says itself where it can be fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    pub kind: WantedKind,
    /// Addresses from a certificate, best first: a stranger's word, to be held against a list of allowed hosts.
    pub urls: Vec<String>,
    /// `OCSPRequest` in DER to be posted; empty for what is fetched by GET.
    pub request: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedKind {
    /// The certificate of an issuer.
    Certificate,
    RevocationList,
    OcspResponse,
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
