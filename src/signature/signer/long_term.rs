//! What a signature carries for its own validation in later years: certificates and their status, in the attributes that
//! CAdES has for them and in the tokens of its timestamps. Nothing of it is trusted for standing there.

use std::borrow::Cow;

use crate::asn1::{Element, Read, SEQUENCE, context};
use crate::cms::{self, SignedData, SignerInfo};
use crate::material::Material;
use crate::oids;

/// Tokens that are searched for certificates and lists.
const TOKENS_MAX: usize = 16;

/// Attributes, signed and not, whose values are tokens of RFC 3161.
const TOKENS: [const_oid::ObjectIdentifier; 7] = [
    oids::CONTENT_TIMESTAMP,
    oids::SIGNATURE_TIMESTAMP,
    oids::ESC_TIMESTAMP,
    oids::REFERENCES_TIMESTAMP,
    oids::ARCHIVE_TIMESTAMP,
    oids::ARCHIVE_TIMESTAMP_V2,
    oids::ARCHIVE_TIMESTAMP_V3,
];

/// `around`, what the message brings along, with what `signer` adds to it.
pub(crate) fn material<'m>(signer: &SignerInfo<'_>, around: &'m Material) -> Cow<'m, Material> {
    let mut own = Material::default();
    values(signer, &mut own);
    for token in tokens(signer) {
        let Ok(der) = cms::to_der(token) else { continue };
        if let Ok(message) = SignedData::of(&der) {
            own.append(&message.material());
            message.signers.iter().for_each(|authority| values(authority, &mut own));
        }
    }
    if own.is_empty() {
        return Cow::Borrowed(around);
    }
    let mut all = around.clone();
    all.append(&own);
    Cow::Owned(all)
}

fn tokens<'a>(signer: &SignerInfo<'a>) -> impl Iterator<Item = &'a [u8]> {
    let attributes = signer.attributes.iter().chain(&signer.unsigned_attributes);
    let tokens = attributes.filter(|attribute| TOKENS.iter().any(|known| attribute.oid == *known));
    tokens.flat_map(|attribute| attribute.values.iter().map(|value| value.raw)).take(TOKENS_MAX)
}

/// What cannot be read is passed over: it proves nothing either way.
fn values(signer: &SignerInfo<'_>, to: &mut Material) {
    for (_, value) in signer.unsigned(&oids::CERTIFICATE_VALUES) {
        let certificates = value.tagged(SEQUENCE).and_then(|list| list.reader().all());
        certificates.unwrap_or_default().iter().for_each(|certificate| to.add_certificate(certificate.raw));
    }
    let archival = signer.attribute(&oids::REVOCATION_ARCHIVAL);
    let archival = archival.iter().flat_map(|attribute| attribute.values.iter().copied());
    for value in signer.unsigned(&oids::REVOCATION_VALUES).map(|(_, value)| value).chain(archival) {
        // A part that cannot be read is as if it were not there.
        let _ = statuses(value, to);
    }
}

/// `RevocationValues` (EN 319 122-1 §A.1.3.2) and `RevocationInfoArchival` of Adobe: lists, then OCSP answers.
fn statuses(value: Element<'_>, to: &mut Material) -> Read<()> {
    let mut reader = value.tagged(SEQUENCE)?.reader();
    if let Some(field) = reader.optional(context(0))? {
        let lists = Element::only(field.value)?.tagged(SEQUENCE)?.reader().all()?;
        for list in lists {
            to.add_revocation_list(list.raw);
        }
    }
    if let Some(field) = reader.optional(context(1))? {
        let answers = Element::only(field.value)?.tagged(SEQUENCE)?.reader().all()?;
        for answer in answers {
            to.add_ocsp_response(answer.raw);
        }
    }
    Ok(())
}
