//! `[trust.list]`: the trusted list whose services are believed, and who may sign it.

use std::path::PathBuf;

use oblik_domain::limits;

use crate::keys::Keys;

/// A trusted list (ETSI TS 119 612) in a file.
#[derive(Debug, Clone)]
pub struct TrustedListAt {
    pub file: PathBuf,
    /// Certificates the list may be signed by: a folder (or file) of PEM and DER.
    pub signers: PathBuf,
    /// How long after its next update a list is still believed.
    pub grace_days: u16,
}

/// A year: whoever wants more does not want a list.
const GRACE_DAYS: std::ops::RangeInclusive<u16> = 0..=366;

pub(crate) fn list(keys: &Keys<'_>) -> Option<TrustedListAt> {
    let file = keys.required("file", "\"trust/TL-UA-EC.xml\"", |value| keys.reader.path(value));
    let signers = keys.required("signers", "\"trust/list-signers\"", |value| keys.reader.path(value));
    let grace_days = keys.integer("grace_days", &GRACE_DAYS).unwrap_or(limits::TRUSTED_LIST_GRACE_DAYS);
    keys.finish();
    Some(TrustedListAt { file: file?, signers: signers?, grace_days })
}
