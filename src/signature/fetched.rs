//! What was fetched because a judge wanted it: read once, checked for its form, then given to a clone of the trust.
//!
//! An error page is no revocation list: what does not read as what was asked for is as if nothing had come. Whether it is good
//! for anything its signature says, where it is used.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::limits;

use crate::certificate::Certificate;
use crate::cms::{self, SignedData};
use crate::crl::RevocationList;
use crate::ocsp::{OcspResponse, ocsp_nonce_matches};
use crate::trust::{self, Trust};
use crate::verdict::WantedKind;

/// A revocation list, an OCSP response or certificates of issuers.
#[derive(Debug, Clone)]
pub struct Fetched(Content);

#[derive(Debug, Clone)]
enum Content {
    Certificates(Vec<Arc<Certificate>>),
    Lists(Vec<Arc<RevocationList>>),
    Response(Arc<OcspResponse>),
}

impl Fetched {
    /// Reads what came for `kind` (and for the `request` that was posted); `None` when it is not that.
    ///
    /// Lists and certificates may be DER or PEM, certificates also a "certs-only" CMS message (RFC 5280 §4.2.2.1).
    pub fn read(kind: WantedKind, request: &[u8], bytes: &[u8]) -> Option<Self> {
        match kind {
            WantedKind::Certificate => certificates(bytes).map(|all| Self(Content::Certificates(all))),
            WantedKind::RevocationList => {
                let all = trust::contents(bytes, &["X509 CRL"]);
                let read: Option<Vec<_>> = all.iter().map(|der| RevocationList::of(der).ok().map(Arc::new)).collect();
                read.filter(|lists| !lists.is_empty()).map(|lists| Self(Content::Lists(lists)))
            }
            WantedKind::OcspResponse => {
                let response = OcspResponse::of(bytes).ok()?;
                ocsp_nonce_matches(request, bytes).then(|| Self(Content::Response(Arc::new(response))))
            }
        }
    }

    /// Until when its maker says that it is the newest; `None` when that is not said, as with certificates.
    pub fn newest_until(&self) -> Option<DateTime<Utc>> {
        match &self.0 {
            Content::Certificates(_) => None,
            Content::Lists(lists) => lists.iter().filter_map(|list| list.next_update).min(),
            Content::Response(response) => response.answers.iter().filter_map(|answer| answer.next_update).min(),
        }
    }

    pub(crate) fn give(&self, trust: &mut Trust) {
        match &self.0 {
            Content::Certificates(all) => trust.give_intermediates(all),
            Content::Lists(lists) => trust.give_lists(lists),
            Content::Response(response) => trust.give_response(response),
        }
    }
}

fn certificates(bytes: &[u8]) -> Option<Vec<Arc<Certificate>>> {
    if let Ok(read) = trust::certificates(bytes) {
        return Some(read.into_iter().take(limits::CMS_CERTIFICATES).map(Arc::new).collect());
    }
    let der = cms::to_der(bytes).ok()?;
    let message = SignedData::of(&der).ok()?;
    let read = message.certificates.iter().take(limits::CMS_CERTIFICATES).filter_map(|der| Certificate::of(der).ok());
    let read: Vec<_> = read.map(Arc::new).collect();
    (!read.is_empty()).then_some(read)
}
