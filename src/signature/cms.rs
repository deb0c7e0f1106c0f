//! The outer structure of CMS `SignedData` (RFC 5652), walked by slices.
//!
//! One strange element (an attribute certificate, another kind of revocation data) never spoils the rest: it is passed over.

use std::borrow::Cow;

use oblik_domain::limits;

use crate::asn1::{
    AlgorithmId, Element, INTEGER, Malformed, OCTET_STRING, Oid, Read, Reader, SEQUENCE, SET, ber, context, context_primitive,
};
use crate::oids;

/// `SignedData` as received.
#[derive(Debug)]
pub(crate) struct SignedData<'a> {
    pub content_type: Oid,
    pub content: Option<&'a [u8]>,
    /// Certificates in DER.
    pub certificates: Vec<&'a [u8]>,
    pub signers: Vec<SignerInfo<'a>>,
}

#[derive(Debug)]
pub(crate) struct SignerInfo<'a> {
    pub identifier: SignerIdentifier<'a>,
    pub digest_algorithm: AlgorithmId,
    /// `[0] IMPLICIT SET OF Attribute` as received.
    pub signed_attributes: Option<Element<'a>>,
    pub attributes: Vec<Attribute<'a>>,
    pub signature_algorithm: AlgorithmId,
    pub signature: &'a [u8],
    pub unsigned_attributes: Vec<Attribute<'a>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum SignerIdentifier<'a> {
    IssuerAndSerial { issuer: Element<'a>, serial: &'a [u8] },
    KeyIdentifier(&'a [u8]),
}

#[derive(Debug)]
pub(crate) struct Attribute<'a> {
    pub oid: Oid,
    pub values: Vec<Element<'a>>,
}

/// The message in DER: as received when that is DER, else made so. White space of a text file and the zeros that fill the
/// room in a PDF may follow it, nothing else.
pub(crate) fn to_der(input: &[u8]) -> Read<Cow<'_, [u8]>> {
    let mut reader = Reader::new(input);
    let (der, rest) = match reader.next() {
        Ok(element) if SignedData::of(element.raw).is_ok() => (Cow::Borrowed(element.raw), reader.rest()),
        _ => {
            let (der, taken) = ber::to_der(input)?;
            (Cow::Owned(der), input.get(taken..).unwrap_or_default())
        }
    };
    let is_padding = rest.iter().all(|octet| *octet == 0 || octet.is_ascii_whitespace());
    if is_padding { Ok(der) } else { Err(Malformed("there are bytes after the message")) }
}

impl<'a> SignedData<'a> {
    pub fn of(der: &'a [u8]) -> Read<Self> {
        let mut outer = Element::only(der)?.tagged(SEQUENCE)?.reader();
        if Oid::of(outer.next()?)? != oids::SIGNED_DATA {
            return Err(Malformed("the message is not signed data"));
        }
        let wrapped = outer.expect(context(0))?;
        outer.finish()?;
        let mut reader = Element::only(wrapped.value)?.tagged(SEQUENCE)?.reader();
        reader.expect(INTEGER)?;
        reader.expect(SET)?;
        let mut encapsulated = reader.expect(SEQUENCE)?.reader();
        let content_type = Oid::of(encapsulated.next()?)?;
        let content = match encapsulated.optional(context(0))? {
            Some(field) => Some(Element::only(field.value)?.tagged(OCTET_STRING)?.value),
            None => None,
        };
        encapsulated.finish()?;
        let certificates = match reader.optional(context(0))? {
            Some(set) => set.reader().all()?.into_iter().filter(|each| each.tag == SEQUENCE).map(|each| each.raw).collect(),
            None => Vec::new(),
        };
        reader.optional(context(1))?;
        let infos = reader.expect(SET)?.reader().all()?;
        reader.finish()?;
        // One more than allowed is enough to know that there are too many.
        let signers: Read<Vec<_>> = infos.into_iter().take(limits::CMS_SIGNERS + 1).map(SignerInfo::of).collect();
        Ok(Self { content_type, content, certificates, signers: signers? })
    }
}

impl<'a> SignerInfo<'a> {
    fn of(element: Element<'a>) -> Read<Self> {
        let mut reader = element.tagged(SEQUENCE)?.reader();
        reader.expect(INTEGER)?;
        let sid = reader.next()?;
        let identifier = if sid.tag == context_primitive(0) {
            SignerIdentifier::KeyIdentifier(sid.value)
        } else {
            let mut parts = sid.tagged(SEQUENCE)?.reader();
            let issuer = parts.expect(SEQUENCE)?;
            let serial = parts.expect(INTEGER)?.value;
            parts.finish()?;
            SignerIdentifier::IssuerAndSerial { issuer, serial }
        };
        let digest_algorithm = AlgorithmId::of(reader.next()?)?;
        let signed_attributes = reader.optional(context(0))?;
        let attributes = signed_attributes.map_or(Ok(Vec::new()), attributes)?;
        let signature_algorithm = AlgorithmId::of(reader.next()?)?;
        let signature = reader.expect(OCTET_STRING)?.value;
        let unsigned_attributes = reader.optional(context(1))?.map_or(Ok(Vec::new()), attributes_of_any_form)?;
        reader.finish()?;
        Ok(Self {
            identifier,
            digest_algorithm,
            signed_attributes,
            attributes,
            signature_algorithm,
            signature,
            unsigned_attributes,
        })
    }

    /// Values of every signed attribute of this type, attribute by attribute.
    pub fn attribute(&self, oid: &const_oid::ObjectIdentifier) -> Vec<&Attribute<'a>> {
        self.attributes.iter().filter(|attribute| attribute.oid == *oid).collect()
    }
}

fn attributes(set: Element<'_>) -> Read<Vec<Attribute<'_>>> {
    set.reader().all()?.into_iter().map(attribute).collect()
}

/// Unsigned attributes prove nothing: one that cannot be read is passed over.
fn attributes_of_any_form(set: Element<'_>) -> Read<Vec<Attribute<'_>>> {
    Ok(set.reader().all()?.into_iter().filter_map(|element| attribute(element).ok()).collect())
}

fn attribute(element: Element<'_>) -> Read<Attribute<'_>> {
    let mut reader = element.tagged(SEQUENCE)?.reader();
    let oid = Oid::of(reader.next()?)?;
    let values = reader.expect(SET)?.reader().all()?;
    reader.finish()?;
    Ok(Attribute { oid, values })
}
