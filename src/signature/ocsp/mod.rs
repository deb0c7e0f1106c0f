//! OCSP (RFC 6960): answers read as received, questions written, and whether one belongs to the other.

mod request;
mod response;

pub use request::ocsp_request_with_nonce;
pub(crate) use request::request;
pub(crate) use response::{CertificateId, OcspResponse, SingleResponse, SingleStatus};

use crate::asn1::{Element, OCTET_STRING, Oid, Read, SEQUENCE, context};
use crate::oids;

/// Whether `response` carries the nonce of `request`: true as well when none was sent. What was fetched for a question with a
/// nonce and does not carry it may be an old answer played back.
///
/// Source: RFC 9654 §2.1.
pub fn ocsp_nonce_matches(request: &[u8], response: &[u8]) -> bool {
    let Ok(asked) = request::nonce_of(request) else { return false };
    match asked {
        None => true,
        Some(asked) => OcspResponse::of(response).is_ok_and(|response| response.nonce.as_deref() == Some(asked.as_slice())),
    }
}

/// The value of a nonce among `Extensions`. Some responders leave the inner OCTET STRING out.
fn nonce_among(extensions: Element<'_>) -> Read<Option<Vec<u8>>> {
    for extension in extensions.tagged(SEQUENCE)?.reader().all()? {
        let mut reader = extension.tagged(SEQUENCE)?.reader();
        let oid = Oid::of(reader.next()?)?;
        reader.optional(crate::asn1::BOOLEAN)?;
        let value = reader.expect(OCTET_STRING)?.value;
        if oid == oids::OCSP_NONCE {
            let inner = Element::only(value).and_then(|inner| inner.tagged(OCTET_STRING));
            return Ok(Some(inner.map_or(value, |inner| inner.value).to_vec()));
        }
    }
    Ok(None)
}

/// What stands in `[n] EXPLICIT`, when it is there.
fn explicit<'a>(reader: &mut crate::asn1::Reader<'a>, n: u8) -> Read<Option<Element<'a>>> {
    reader.optional(context(n))?.map(|field| Element::only(field.value)).transpose()
}
