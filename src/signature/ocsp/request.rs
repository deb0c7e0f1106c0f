//! The question: one certificate by the digests of its issuer's name and key, and a nonce where the caller has one.

use crate::algorithm::Digest;
use crate::asn1::{Element, INTEGER, Read, SEQUENCE, context, write};
use crate::certificate::Certificate;
use crate::oids;

/// `OCSPRequest` in DER about `certificate`, which `issuer` issued.
///
/// The identifier uses SHA-1: it names and proves nothing, and RFC 5019 §2.1.1 makes it the one every responder knows.
pub(crate) fn request(certificate: &Certificate, issuer: &Certificate, nonce: Option<&[u8]>) -> Vec<u8> {
    let digest = |bytes: &[u8]| write::octets(&Digest::Sha1.compute(bytes).unwrap_or_default());
    let id = write::sequence(&[
        &write::sequence(&[&write::oid(&oids::SHA1), &write::null()]),
        &digest(&certificate.issuer.raw),
        &digest(&issuer.key_octets),
        &write::element(INTEGER, &certificate.serial),
    ]);
    let list = write::sequence(&[&write::sequence(&[&id])]);
    write::sequence(&[&write::sequence(&[&list, &nonce.map_or_else(Vec::new, extensions)])])
}

/// `request`, which has no nonce, with one: random octets, 32 as RFC 9654 §2.1 advises. Nothing when it is no plain request.
pub fn ocsp_request_with_nonce(request: &[u8], nonce: &[u8]) -> Option<Vec<u8>> {
    let mut outer = Element::only(request).ok()?.tagged(SEQUENCE).ok()?.reader();
    let mut inner = outer.expect(SEQUENCE).ok()?.reader();
    let list = inner.expect(SEQUENCE).ok()?;
    outer.finish().and(inner.finish()).ok()?;
    Some(write::sequence(&[&write::sequence(&[list.raw, &extensions(nonce)])]))
}

/// `requestExtensions` with a nonce.
fn extensions(nonce: &[u8]) -> Vec<u8> {
    let value = write::octets(&write::octets(nonce));
    write::explicit(2, &write::sequence(&[&write::sequence(&[&write::oid(&oids::OCSP_NONCE), &value])]))
}

pub(super) fn nonce_of(request: &[u8]) -> Read<Option<Vec<u8>>> {
    let mut outer = Element::only(request)?.tagged(SEQUENCE)?.reader();
    let mut inner = outer.expect(SEQUENCE)?.reader();
    inner.optional(context(0))?;
    inner.optional(context(1))?;
    inner.expect(SEQUENCE)?;
    super::explicit(&mut inner, 2)?.map_or(Ok(None), super::nonce_among)
}
