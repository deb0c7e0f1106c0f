//! What a message brings along beside its signatures: certificates and their status. Nothing of it is trusted; a path built
//! from it still ends in a configured root, and a status still carries a signature of its own.

use std::sync::Arc;

use crate::asn1::{Element, Oid, context};
use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::ocsp::OcspResponse;
use crate::oids;

/// Things of each kind that are kept. A signature with all its validation data has some ten.
const EACH_MAX: usize = 100;

/// Certificates, revocation lists and OCSP responses of one message. What cannot be read is as if it were not there.
#[derive(Debug, Default, Clone)]
pub(crate) struct Material {
    pub certificates: Vec<Arc<Certificate>>,
    pub revocation_lists: Vec<Arc<RevocationList>>,
    pub ocsp_responses: Vec<Arc<OcspResponse>>,
}

impl Material {
    /// Adds a certificate in DER.
    pub fn add_certificate(&mut self, der: &[u8]) {
        if let Ok(certificate) = Certificate::of(der) {
            keep(&mut self.certificates, Arc::new(certificate), |known| known.sha256);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.certificates.is_empty() && self.revocation_lists.is_empty() && self.ocsp_responses.is_empty()
    }

    /// Adds what `other` has and this has not.
    pub fn append(&mut self, other: &Self) {
        other.certificates.iter().for_each(|one| keep(&mut self.certificates, Arc::clone(one), |known| known.sha256));
        other.revocation_lists.iter().for_each(|one| keep(&mut self.revocation_lists, Arc::clone(one), |known| known.sha256));
        other.ocsp_responses.iter().for_each(|one| keep(&mut self.ocsp_responses, Arc::clone(one), |known| known.sha256));
    }

    /// Adds a `RevocationInfoChoice` in DER: a `CertificateList`, or an OCSP response as RFC 5940 §2.1 has it.
    pub fn add_revocation_list(&mut self, der: &[u8]) {
        if let Some(response) = other_format(der) {
            self.add_ocsp_response(response);
        } else if let Ok(list) = RevocationList::of(der) {
            keep(&mut self.revocation_lists, Arc::new(list), |known| known.sha256);
        }
    }

    /// Adds an `OCSPResponse` or a bare `BasicOCSPResponse` in DER.
    pub fn add_ocsp_response(&mut self, der: &[u8]) {
        if let Ok(response) = OcspResponse::of(der) {
            keep(&mut self.ocsp_responses, Arc::new(response), |known| known.sha256);
        }
    }
}

fn keep<T>(list: &mut Vec<Arc<T>>, one: Arc<T>, sha256: impl Fn(&T) -> [u8; 32]) {
    if list.len() < EACH_MAX && !list.iter().any(|known| sha256(known) == sha256(&one)) {
        list.push(one);
    }
}

/// The OCSP response in an `OtherRevocationInfoFormat`: RFC 5940's, or the bare `id-pkix-ocsp-basic` that CAdES has beside it.
fn other_format(der: &[u8]) -> Option<&[u8]> {
    let element = Element::only(der).ok().filter(|element| element.tag == context(1))?;
    let mut reader = element.reader();
    let format = Oid::of(reader.next().ok()?).ok()?;
    let response = reader.next().ok()?;
    (format == oids::RI_OCSP_RESPONSE || format == oids::OCSP_BASIC).then_some(response.raw)
}
