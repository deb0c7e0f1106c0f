//! The outer structure of CMS `SignedData` (RFC 5652), walked by slices.
//!
//! One strange element (an attribute certificate, another kind of revocation data) never spoils the rest: it is passed over.

use std::borrow::Cow;

use oblik_domain::limits;

use crate::asn1::{
    AlgorithmId, Element, INTEGER, Malformed, OCTET_STRING, Oid, Read, Reader, SEQUENCE, SET, ber, context, context_primitive,
};
use crate::material::Material;
use crate::oids;

/// `SignedData` as received.
#[derive(Debug)]
pub(crate) struct SignedData<'a> {
    /// `encapContentInfo` as it stands.
    pub encapsulated: &'a [u8],
    pub content_type: Oid,
    pub content: Option<&'a [u8]>,
    /// `certificates [0]`, with every kind of certificate there is.
    pub certificate_choices: Option<Element<'a>>,
    /// `crls [1]`, with every kind of status there is.
    pub revocation_choices: Option<Element<'a>>,
    /// Certificates in DER.
    pub certificates: Vec<&'a [u8]>,
    /// `RevocationInfoChoice`s in DER.
    pub revocation_lists: Vec<&'a [u8]>,
    pub signers: Vec<SignerInfo<'a>>,
}

#[derive(Debug)]
pub(crate) struct SignerInfo<'a> {
    /// The fields from `version` to `signature`, as they stand.
    pub fields: &'a [u8],
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
    /// The whole as it stands.
    pub raw: &'a [u8],
    pub oid: Oid,
    pub values: Vec<Element<'a>>,
}

/// The message in DER: as received when that is DER, else made so. White space of a text file and the zeros that fill the
/// room in a PDF may follow it, nothing else.
pub(crate) fn to_der(input: &[u8]) -> Read<Cow<'_, [u8]>> {
    let mut reader = Reader::new(input);
    match reader.next() {
        Ok(element) if SignedData::of(element.raw).is_ok() => padding(reader.rest()).map(|()| Cow::Borrowed(element.raw)),
        _ => made_der(input).map(Cow::Owned),
    }
}

/// As [`to_der`] and [`SignedData::of`] in one; `made` is room for the DER of what is not.
pub(crate) fn read<'a>(input: &'a [u8], made: &'a mut Vec<u8>) -> Read<SignedData<'a>> {
    let mut reader = Reader::new(input);
    if let Ok(Ok(message)) = reader.next().map(|element| SignedData::of(element.raw)) {
        return padding(reader.rest()).map(|()| message);
    }
    *made = made_der(input)?;
    SignedData::of(made)
}

fn made_der(input: &[u8]) -> Read<Vec<u8>> {
    let (der, taken) = ber::to_der(input)?;
    padding(input.get(taken..).unwrap_or_default())?;
    Ok(der)
}

fn padding(rest: &[u8]) -> Read<()> {
    let is_padding = rest.iter().all(|octet| *octet == 0 || octet.is_ascii_whitespace());
    if is_padding { Ok(()) } else { Err(Malformed("there are bytes after the message")) }
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
        let encapsulated = reader.expect(SEQUENCE)?;
        let (content_type, content) = content(encapsulated)?;
        let certificate_choices = reader.optional(context(0))?;
        let revocation_choices = reader.optional(context(1))?;
        let infos = reader.expect(SET)?.reader().all()?;
        reader.finish()?;
        // One more than allowed is enough to know that there are too many.
        let signers: Read<Vec<_>> = infos.into_iter().take(limits::CMS_SIGNERS + 1).map(SignerInfo::of).collect();
        Ok(Self {
            encapsulated: encapsulated.raw,
            content_type,
            content,
            certificate_choices,
            revocation_choices,
            certificates: plain(certificate_choices)?,
            revocation_lists: all(revocation_choices)?,
            signers: signers?,
        })
    }

    /// What the message brings along.
    pub fn material(&self) -> Material {
        let mut material = Material::default();
        self.certificates.iter().for_each(|der| material.add_certificate(der));
        self.revocation_lists.iter().for_each(|der| material.add_revocation_list(der));
        material
    }
}

/// Type and octets of the content. PKCS #7 1.5 let content be any element; the octets under such a signature are not the ones
/// a reader sees, and no program that signs documents writes it, so it is not read.
fn content(encapsulated: Element<'_>) -> Read<(Oid, Option<&[u8]>)> {
    let mut reader = encapsulated.reader();
    let content_type = Oid::of(reader.next()?)?;
    let content = match reader.optional(context(0))? {
        Some(field) => {
            let octets = Element::only(field.value)?.tagged(OCTET_STRING);
            Some(octets.map_err(|_| Malformed("the content is not an OCTET STRING"))?.value)
        }
        None => None,
    };
    reader.finish()?;
    Ok((content_type, content))
}

/// Those of a set of choices that are a plain SEQUENCE: certificates of X.509.
fn plain(set: Option<Element<'_>>) -> Read<Vec<&[u8]>> {
    let all = set.map_or(Ok(Vec::new()), |set| set.reader().all())?;
    Ok(all.into_iter().filter(|each| each.tag == SEQUENCE).map(|each| each.raw).collect())
}

fn all(set: Option<Element<'_>>) -> Read<Vec<&[u8]>> {
    Ok(set.map_or(Ok(Vec::new()), |set| set.reader().all())?.into_iter().map(|each| each.raw).collect())
}

impl<'a> SignerInfo<'a> {
    pub fn of(element: Element<'a>) -> Read<Self> {
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
        let fields = element.value.get(..element.value.len().saturating_sub(reader.rest().len())).unwrap_or_default();
        let unsigned_attributes = reader.optional(context(1))?.map_or(Ok(Vec::new()), attributes_of_any_form)?;
        reader.finish()?;
        Ok(Self {
            fields,
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

    /// Every value of the unsigned attributes of this type, with the attribute it stands in.
    pub fn unsigned(&self, oid: &'static const_oid::ObjectIdentifier) -> impl Iterator<Item = (&Attribute<'a>, Element<'a>)> {
        let attributes = self.unsigned_attributes.iter().filter(move |attribute| attribute.oid == *oid);
        attributes.flat_map(|attribute| attribute.values.iter().map(move |value| (attribute, *value)))
    }
}

fn attributes(set: Element<'_>) -> Read<Vec<Attribute<'_>>> {
    bounded(set.reader().all()?)?.into_iter().map(attribute).collect()
}

/// Unsigned attributes prove nothing: one that cannot be read is passed over.
fn attributes_of_any_form(set: Element<'_>) -> Read<Vec<Attribute<'_>>> {
    Ok(bounded(set.reader().all()?)?.into_iter().filter_map(|element| attribute(element).ok()).collect())
}

/// Attributes are held against each other before anybody knows whose they are.
fn bounded(elements: Vec<Element<'_>>) -> Read<Vec<Element<'_>>> {
    if elements.len() > limits::CMS_ATTRIBUTES { Err(Malformed("there are more attributes than are read")) } else { Ok(elements) }
}

fn attribute(element: Element<'_>) -> Read<Attribute<'_>> {
    let mut reader = element.tagged(SEQUENCE)?.reader();
    let oid = Oid::of(reader.next()?)?;
    let values = reader.expect(SET)?.reader().all()?;
    reader.finish()?;
    Ok(Attribute { raw: element.raw, oid, values })
}
