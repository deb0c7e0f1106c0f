//! The answer: `OCSPResponse`, or the bare `BasicOCSPResponse` that signatures and PDFs carry.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::limits;

use super::{explicit, nonce_among};
use crate::algorithm::{Digest, sha256};
use crate::asn1::{
    self, AlgorithmId, BIT_STRING, BOOLEAN, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, Malformed, OCTET_STRING, Oid, Read,
    SEQUENCE, context, context_primitive,
};
use crate::certificate::Certificate;
use crate::name::Name;
use crate::oids;

#[derive(Debug)]
pub(crate) struct OcspResponse {
    pub der: Vec<u8>,
    pub sha256: [u8; 32],
    pub signed: Vec<u8>,
    pub signature: Vec<u8>,
    pub signature_algorithm: AlgorithmId,
    pub responder: ResponderId,
    pub produced_at: DateTime<Utc>,
    pub answers: Vec<SingleResponse>,
    pub nonce: Option<Vec<u8>>,
    /// What the responder brings along for its own path.
    pub certificates: Vec<Arc<Certificate>>,
    /// Whether the response has a critical extension that is not known.
    pub is_strange: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResponderId {
    Name(Name),
    /// SHA-1 of the responder's key.
    Key(Vec<u8>),
}

impl ResponderId {
    /// Whether this names the holder of `certificate`. RFC 6960 §4.2.1 has SHA-1 of the key, Ukraine's order of 2012 its own
    /// digest; which of them proves nothing, the signature does.
    pub fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Name(name) => *name == certificate.subject,
            Self::Key(value) => {
                let of_length: &[Digest] = match value.len() {
                    20 => &[Digest::Sha1],
                    32 => &[Digest::Gost34311, Digest::Sha256, Digest::Kupyna256],
                    _ => &[],
                };
                of_length.iter().any(|digest| digest.compute(&certificate.key_octets).as_ref() == Some(value))
            }
        }
    }
}

/// A certificate as answers name it, by digests of its issuer's name and key. Each digest is computed once, however many answers
/// there are.
pub(crate) struct CertificateId<'a> {
    certificate: &'a Certificate,
    issuer: &'a Certificate,
    known: RefCell<BTreeMap<Digest, Digests>>,
}

/// Of the issuer's name as the certificate writes it, of its name as its own certificate writes it, and of its key.
type Digests = Option<[Vec<u8>; 3]>;

impl<'a> CertificateId<'a> {
    pub fn of(certificate: &'a Certificate, issuer: &'a Certificate) -> Self {
        Self { certificate, issuer, known: RefCell::default() }
    }

    /// Whether `answer` speaks of this certificate: digest, name, key and serial number all fit.
    pub fn is_meant_by(&self, answer: &SingleResponse) -> bool {
        let Some(digest) = answer.digest.filter(|_| answer.serial == self.certificate.serial) else { return false };
        let mut known = self.known.borrow_mut();
        let of = |bytes: &[u8]| digest.compute(bytes);
        let compute = || Some([of(&self.certificate.issuer.raw)?, of(&self.issuer.subject.raw)?, of(&self.issuer.key_octets)?]);
        known
            .entry(digest)
            .or_insert_with(compute)
            .as_ref()
            .is_some_and(|[written, own, key]| (*written == answer.name || *own == answer.name) && *key == answer.key)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct SingleResponse {
    digest: Option<Digest>,
    name: Vec<u8>,
    key: Vec<u8>,
    /// Content octets of the serial number.
    pub serial: Vec<u8>,
    pub status: SingleStatus,
    pub this_update: DateTime<Utc>,
    pub next_update: Option<DateTime<Utc>>,
    /// From when on the responder remembers certificates that are expired.
    pub archive_cutoff: Option<DateTime<Utc>>,
    /// Whether the answer has a critical extension that is not known.
    pub is_strange: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SingleStatus {
    Good,
    Revoked { at: DateTime<Utc>, reason: Option<u8> },
    Unknown,
}

impl OcspResponse {
    pub fn of(der: &[u8]) -> Read<Self> {
        if der.len() > limits::OCSP_BYTES {
            return Err(Malformed("it is larger than is read"));
        }
        let basic = basic_of(der)?;
        let mut outer = basic.tagged(SEQUENCE)?.reader();
        let signed = outer.expect(SEQUENCE)?;
        let signature_algorithm = AlgorithmId::of(outer.next()?)?;
        let signature = outer.expect(BIT_STRING)?.bit_octets()?.to_vec();
        let certificates = match explicit(&mut outer, 0)? {
            Some(list) => certificates(list)?,
            None => Vec::new(),
        };
        outer.finish()?;

        let mut inner = signed.reader();
        if let Some(version) = explicit(&mut inner, 0)?
            && version.tagged(INTEGER)?.small()? != 0
        {
            return Err(Malformed("a version that is not known"));
        }
        let responder = responder(inner.next()?)?;
        let produced_at = asn1::time::instant(inner.expect(GENERALIZED_TIME)?)?;
        let list = inner.expect(SEQUENCE)?.reader().all()?;
        if list.len() > limits::OCSP_ANSWERS {
            return Err(Malformed("more answers than are read"));
        }
        let answers: Read<Vec<SingleResponse>> = list.into_iter().map(SingleResponse::of).collect();
        let extensions = explicit(&mut inner, 1)?;
        inner.finish()?;
        Ok(Self {
            der: der.to_vec(),
            sha256: sha256(basic.raw),
            signed: signed.raw.to_vec(),
            signature,
            signature_algorithm,
            responder,
            produced_at,
            answers: answers?,
            nonce: extensions.map_or(Ok(None), nonce_among)?,
            certificates,
            is_strange: extensions.map_or(Ok(false), has_unknown_critical)?,
        })
    }
}

/// The `BasicOCSPResponse` within. A response that says anything but "successful" carries none.
fn basic_of(der: &[u8]) -> Read<Element<'_>> {
    let whole = Element::only(der)?.tagged(SEQUENCE)?;
    let mut reader = whole.reader();
    let Some(status) = reader.optional(ENUMERATED)? else { return Ok(whole) };
    if status.value != [0] {
        return Err(Malformed("the responder refused to answer"));
    }
    let mut bytes = explicit(&mut reader, 0)?.ok_or(Malformed("there is no answer in it"))?.tagged(SEQUENCE)?.reader();
    reader.finish()?;
    if Oid::of(bytes.next()?)? != oids::OCSP_BASIC {
        return Err(Malformed("an answer of an unknown type"));
    }
    let basic = Element::only(bytes.expect(OCTET_STRING)?.value)?;
    bytes.finish()?;
    Ok(basic)
}

/// What cannot be read is as if it were not there.
fn certificates(list: Element<'_>) -> Read<Vec<Arc<Certificate>>> {
    let list = list.tagged(SEQUENCE)?.reader().all()?;
    if list.len() > limits::CMS_CERTIFICATES {
        return Err(Malformed("more certificates than are read"));
    }
    Ok(list.iter().filter_map(|each| Certificate::of(each.raw).ok().map(Arc::new)).collect())
}

fn responder(element: Element<'_>) -> Read<ResponderId> {
    let inner = Element::only(element.value)?;
    if element.tag == context(1) {
        Ok(ResponderId::Name(Name::of(inner)?))
    } else if element.tag == context(2) {
        Ok(ResponderId::Key(inner.tagged(OCTET_STRING)?.value.to_vec()))
    } else {
        Err(Malformed("a responder without a name"))
    }
}

impl SingleResponse {
    fn of(element: Element<'_>) -> Read<Self> {
        let mut reader = element.tagged(SEQUENCE)?.reader();
        let mut id = reader.expect(SEQUENCE)?.reader();
        let digest = Digest::of(&AlgorithmId::of(id.next()?)?);
        let name = id.expect(OCTET_STRING)?.value.to_vec();
        let key = id.expect(OCTET_STRING)?.value.to_vec();
        let serial = id.expect(INTEGER)?.value.to_vec();
        id.finish()?;
        let status = status(reader.next()?)?;
        let this_update = asn1::time::instant(reader.expect(GENERALIZED_TIME)?)?;
        let next_update = explicit(&mut reader, 0)?.map(asn1::time::instant).transpose()?;
        let extensions = explicit(&mut reader, 1)?;
        reader.finish()?;
        Ok(Self {
            digest,
            name,
            key,
            serial,
            status,
            this_update,
            next_update,
            archive_cutoff: extensions.map_or(Ok(None), archive_cutoff)?,
            is_strange: extensions.map_or(Ok(false), has_unknown_critical)?,
        })
    }
}

fn status(element: Element<'_>) -> Read<SingleStatus> {
    if element.tag == context_primitive(0) && element.value.is_empty() {
        return Ok(SingleStatus::Good);
    }
    if element.tag == context_primitive(2) && element.value.is_empty() {
        return Ok(SingleStatus::Unknown);
    }
    let mut reader = element.tagged(context(1))?.reader();
    let at = asn1::time::instant(reader.expect(GENERALIZED_TIME)?)?;
    let reason = explicit(&mut reader, 0)?.map(|reason| reason.tagged(ENUMERATED)).transpose()?;
    reader.finish()?;
    Ok(SingleStatus::Revoked { at, reason: reason.and_then(|reason| reason.value.first().copied()) })
}

fn archive_cutoff(extensions: Element<'_>) -> Read<Option<DateTime<Utc>>> {
    for extension in extensions.tagged(SEQUENCE)?.reader().all()? {
        let mut reader = extension.tagged(SEQUENCE)?.reader();
        let oid = Oid::of(reader.next()?)?;
        reader.optional(BOOLEAN)?;
        if oid == oids::OCSP_ARCHIVE_CUTOFF {
            return asn1::time::instant(Element::only(reader.expect(OCTET_STRING)?.value)?).map(Some);
        }
    }
    Ok(None)
}

/// Extensions that may be critical without changing what the answer means.
const KNOWN: [const_oid::ObjectIdentifier; 3] = [oids::OCSP_NONCE, oids::OCSP_ARCHIVE_CUTOFF, oids::OCSP_EXTENDED_REVOKE];

fn has_unknown_critical(extensions: Element<'_>) -> Read<bool> {
    for extension in extensions.tagged(SEQUENCE)?.reader().all()? {
        let mut reader = extension.tagged(SEQUENCE)?.reader();
        let oid = Oid::of(reader.next()?)?;
        let is_critical = reader.optional(BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
        if is_critical && !KNOWN.iter().any(|known| oid == *known) {
            return Ok(true);
        }
    }
    Ok(false)
}
