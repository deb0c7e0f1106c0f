//! Why a trusted list is not used: words for the administrator, since no customer sends one.

use chrono::{DateTime, Utc};
use oblik_signature::raw::Refused;

/// Why a file gives no list. There is no list in part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListFault {
    #[error("the file is larger than {limit} {what}")]
    TooLarge { what: &'static str, limit: usize },
    #[error("the file cannot be read as XML: {0}")]
    Xml(String),
    #[error("the root element is {0}, not TrustServiceStatusList of ETSI TS 119 612")]
    NotAList(String),
    #[error("the list's signature has a form that is not taken: {0}")]
    Form(String),
    #[error("the list's signature uses {what} {uri}, which is not taken")]
    Algorithm { what: &'static str, uri: String },
    #[error("the list's signature: {0}")]
    Refused(#[from] Refused),
    #[error("the digest of {0} is another than the signature has: the file was changed after it was signed")]
    Changed(&'static str),
    #[error("the list was signed by {subject} (SHA-256 {sha256}), who is none of the configured list signers")]
    Stranger { subject: String, sha256: String },
    #[error("the certificate of the list signer {subject} was not valid when the list was issued, {issued_at}")]
    SignerNotValid { subject: String, issued_at: DateTime<Utc> },
    #[error("{0}")]
    Content(String),
    #[error("the list is issued at {0}, more than a day from now")]
    Future(DateTime<Utc>),
    #[error("the list has number {found}; number {known} was used already")]
    Older { known: u64, found: u64 },
    #[error("the list names no next update: its scheme is closed")]
    Closed,
}

pub(crate) fn content(detail: impl Into<String>) -> ListFault {
    ListFault::Content(detail.into())
}

pub(crate) fn form(detail: impl Into<String>) -> ListFault {
    ListFault::Form(detail.into())
}
