//! Archive timestamps of CAdES: over the signature, its attributes, its certificates and their status, so that what was
//! provable once stays provable.
//!
//! Version 3 (EN 319 122-1 §5.5.3) stamps an index of digests that stands in the token itself; version 2 (TS 101 733 §6.4.1)
//! stamps the message as it lay there.

use std::collections::BTreeSet;

use crate::algorithm::Digest;
use crate::asn1::{AlgorithmId, Element, Malformed, OCTET_STRING, OID, Read, SEQUENCE, write};
use crate::cms::{Attribute, SignedData, SignerInfo};
use crate::oids;

use super::Content;

/// What an archive timestamp covers beside the signature itself.
pub(super) enum Coverage<'a> {
    Index(HashIndex<'a>),
    /// The unsigned attributes before it, as they stand.
    Attributes(Vec<&'a [u8]>),
}

impl Coverage<'_> {
    /// Whether `value` of the unsigned `attribute` is under the timestamp.
    pub fn covers(&self, attribute: &Attribute<'_>, value: Element<'_>) -> bool {
        match self {
            Self::Index(index) => {
                let digests = [index.digest_of(attribute, Some(value)), index.digest_of(attribute, None)];
                digests.iter().flatten().any(|digest| index.attributes.contains(&digest.as_slice()))
            }
            Self::Attributes(before) => before.contains(&attribute.raw),
        }
    }
}

/// `ATSHashIndex` in one of its three versions.
pub(super) struct HashIndex<'a> {
    raw: &'a [u8],
    digest: Digest,
    certificates: Vec<&'a [u8]>,
    lists: Vec<&'a [u8]>,
    attributes: Vec<&'a [u8]>,
    /// The first version digests whole attributes, the others each value with its type.
    is_by_value: bool,
}

impl<'a> HashIndex<'a> {
    /// The one index among the unsigned attributes of the token's signer.
    pub fn of(token: &SignerInfo<'a>) -> Read<Self> {
        const KINDS: [(const_oid::ObjectIdentifier, bool); 3] =
            [(oids::HASH_INDEX_V3, true), (oids::HASH_INDEX_V2, true), (oids::HASH_INDEX, false)];
        let mut found = Vec::new();
        for attribute in &token.unsigned_attributes {
            let kind = KINDS.iter().find(|(oid, _)| attribute.oid == *oid);
            found.extend(kind.into_iter().flat_map(|(_, by_value)| attribute.values.iter().map(|value| (*value, *by_value))));
        }
        match found.as_slice() {
            [(value, is_by_value)] => Self::read(*value, *is_by_value),
            _ => Err(Malformed("an archive timestamp has not exactly one index")),
        }
    }

    fn read(value: Element<'a>, is_by_value: bool) -> Read<Self> {
        let mut parts = value.tagged(SEQUENCE)?.reader().all()?.into_iter().peekable();
        let is_algorithm = |part: &Element<'_>| part.value.first() == Some(&OID);
        let digest = match parts.next_if(is_algorithm) {
            Some(algorithm) => Digest::of(&AlgorithmId::of(algorithm)?).ok_or(Malformed("an index uses an unknown digest"))?,
            None => Digest::Sha256,
        };
        let mut lists = [Vec::new(), Vec::new(), Vec::new()];
        for list in &mut lists {
            let part = parts.next().ok_or(Malformed("an index is cut short"))?;
            let octets: Read<Vec<&[u8]>> =
                part.tagged(SEQUENCE)?.reader().all()?.into_iter().map(|each| Ok(each.tagged(OCTET_STRING)?.value)).collect();
            *list = octets?;
        }
        let [certificates, lists, attributes] = lists;
        Ok(Self { raw: value.raw, digest, certificates, lists, attributes, is_by_value })
    }

    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The digest by which the index would name `value` of `attribute`; without a value, the whole attribute.
    fn digest_of(&self, attribute: &Attribute<'_>, value: Option<Element<'_>>) -> Option<Vec<u8>> {
        match value {
            Some(value) if self.is_by_value => self.digest.compute_pieces(&[&write::element(OID, &attribute.oid.0), value.raw]),
            None if !self.is_by_value => self.digest.compute(attribute.raw),
            _ => None,
        }
    }

    /// Whatever the index names must be there: something was taken away otherwise.
    pub fn is_complete(&self, signer: &SignerInfo<'_>, message: &SignedData<'_>) -> bool {
        let digests_of = |set: Option<Element<'_>>| -> BTreeSet<Vec<u8>> {
            let all = set.and_then(|set| set.reader().all().ok()).unwrap_or_default();
            all.iter().filter_map(|each| self.digest.compute(each.raw)).collect()
        };
        let certificates = digests_of(message.certificate_choices);
        let lists = digests_of(message.revocation_choices);
        let attributes: BTreeSet<Vec<u8>> = signer
            .unsigned_attributes
            .iter()
            .flat_map(|attribute| {
                let values = attribute.values.iter().map(move |value| self.digest_of(attribute, Some(*value)));
                values.chain([self.digest_of(attribute, None)]).flatten()
            })
            .collect();
        let all_in = |named: &[&[u8]], there: &BTreeSet<Vec<u8>>| named.iter().all(|one| there.contains(*one));
        all_in(&self.certificates, &certificates) && all_in(&self.lists, &lists) && all_in(&self.attributes, &attributes)
    }
}

/// What a timestamp of version 3 is made over, in pieces; `digest` is the token's.
pub(super) fn third_version(
    index: &HashIndex<'_>,
    digest: Digest,
    signer: &SignerInfo<'_>,
    message: &SignedData<'_>,
    content: &Content<'_>,
) -> Option<Vec<Vec<u8>>> {
    Some(vec![
        write::element(OID, &message.content_type.0),
        digest.compute_pieces(content)?,
        signer.fields.to_vec(),
        index.raw.to_vec(),
    ])
}

/// What a timestamp of version 2 may be made over: programs differ in whether the unsigned attributes keep their own tag.
///
/// `before` are the unsigned attributes that stood there already.
pub(super) fn second_version(
    signer: &SignerInfo<'_>,
    message: &SignedData<'_>,
    content: &Content<'_>,
    before: &[&Attribute<'_>],
) -> [Vec<Vec<u8>>; 2] {
    let mut head = vec![message.encapsulated.to_vec()];
    if message.content.is_none() {
        head.extend(content.iter().map(|piece| piece.to_vec()));
    }
    head.extend(message.certificate_choices.map(|set| set.raw.to_vec()));
    head.extend(message.revocation_choices.map(|set| set.raw.to_vec()));
    head.push(signer.fields.to_vec());
    let attributes: Vec<u8> = before.iter().flat_map(|attribute| attribute.raw.iter().copied()).collect();
    let tagged = write::element(crate::asn1::context(1), &attributes);
    let mut second = head.clone();
    head.push(attributes);
    second.push(tagged);
    [head, second]
}
