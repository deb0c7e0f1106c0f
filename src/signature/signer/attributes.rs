//! What the signer says under his signature: the signed attributes of CMS and CAdES, held against their rules.

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding, Level};

use super::Family;
use super::reference::{self, Reference};
use crate::algorithm::{Digest, SignatureAlgorithm};
use crate::asn1::{self, AlgorithmId, Element, NULL, OCTET_STRING, Oid, Read, SEQUENCE, UTF8_STRING, context};
use crate::cms::{SignedData, SignerInfo};
use crate::oids;
use crate::path::Ground;
use crate::policy::NamedPolicy;
use crate::verdict::{Facts, SubIndication};

/// What the signed attributes say.
#[derive(Debug, Default)]
pub(super) struct Claims {
    pub signing_time: Option<DateTime<Utc>>,
    /// References to the signer's certificate: one in a sound signature.
    pub references: Vec<Reference>,
    pub names_policy: bool,
}

fn wrong(detail: impl std::fmt::Display) -> Finding {
    Finding::error(Code::SignatureAttributes).with("detail", detail)
}

pub(super) fn judge(
    signer: &SignerInfo<'_>,
    message: &SignedData<'_>,
    family: Family,
    ground: Ground<'_>,
    facts: &mut Facts,
) -> Claims {
    let mut claims = Claims::default();
    if signer.signed_attributes.is_none() {
        if ground.policy.needs_signed_attributes() || message.content_type != oids::DATA || family == Family::Timestamp {
            facts.fail(SubIndication::SigConstraintsFailure, wrong("there are no signed attributes"));
        }
        return claims;
    }
    for (position, attribute) in signer.attributes.iter().enumerate() {
        // Several authorities may have stamped the content (EN 319 122-1 §5.2.8); anything else is said once.
        let may_repeat = attribute.oid == oids::CONTENT_TIMESTAMP;
        if !may_repeat && signer.attributes.iter().take(position).any(|earlier| earlier.oid == attribute.oid) {
            facts.fail(SubIndication::FormatFailure, wrong(format!("the attribute {} stands twice", attribute.oid)));
        }
        if !KNOWN.iter().any(|known| attribute.oid == *known) {
            let finding = Finding::information(Code::SignatureAttributes);
            facts.tell(finding.with("detail", format!("the attribute {} is signed and not known", attribute.oid)));
        }
    }
    content_type(signer, message, family, facts);
    claims.signing_time = signing_time(signer, facts);
    content_hints(signer, message, facts);
    algorithm_protection(signer, facts);
    claims.names_policy = signature_policy(signer, ground, facts);
    match reference::all(signer) {
        Ok(references) => claims.references = references,
        Err(malformed) => facts.fail(SubIndication::FormatFailure, wrong(format!("signingCertificate: {malformed}"))),
    }
    if claims.references.is_empty() && (ground.policy.needs_signing_certificate() || family == Family::Timestamp) {
        facts.fail(SubIndication::SigConstraintsFailure, wrong("there is no signingCertificate"));
    }
    claims
}

/// Signed attributes that are checked or say nothing that a verdict could need. Any other is told.
const KNOWN: [const_oid::ObjectIdentifier; 18] = [
    oids::CONTENT_TYPE,
    oids::MESSAGE_DIGEST,
    oids::SIGNING_TIME,
    oids::SIGNING_CERTIFICATE,
    oids::SIGNING_CERTIFICATE_V2,
    oids::SIGNATURE_POLICY,
    oids::CONTENT_HINTS,
    oids::CONTENT_REFERENCE,
    oids::COMMITMENT_TYPE,
    oids::SIGNER_LOCATION,
    oids::SIGNER_ATTRIBUTES,
    oids::SIGNER_ATTRIBUTES_V2,
    oids::MIME_TYPE,
    oids::SMIME_CAPABILITIES,
    oids::ALGORITHM_PROTECTION,
    oids::CONTENT_TIMESTAMP,
    oids::REVOCATION_ARCHIVAL,
    oids::SMIME_ENCRYPTION_KEY,
];

/// The one value of an attribute that is there exactly once and single-valued.
pub(super) fn single<'a>(signer: &SignerInfo<'a>, oid: &const_oid::ObjectIdentifier) -> Option<Element<'a>> {
    match signer.attribute(oid).as_slice() {
        [attribute] => match attribute.values.as_slice() {
            [value] => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

/// A counter-signature has none (RFC 5652 §11.4): it signs octets, not content of a type.
fn content_type(signer: &SignerInfo<'_>, message: &SignedData<'_>, family: Family, facts: &mut Facts) {
    if family == Family::Counter {
        if !signer.attribute(&oids::CONTENT_TYPE).is_empty() {
            facts.tell(
                Finding::new(Code::SignatureAttributes, Level::Warning).with("detail", "a counter-signature has a contentType"),
            );
        }
        return;
    }
    match single(signer, &oids::CONTENT_TYPE).map(Oid::of) {
        Some(Ok(oid)) if oid == message.content_type => {}
        Some(Ok(_)) => facts.fail(SubIndication::FormatFailure, wrong("contentType differs from the content's type")),
        _ => facts.fail(SubIndication::FormatFailure, wrong("contentType is not there exactly once")),
    }
}

fn signing_time(signer: &SignerInfo<'_>, facts: &mut Facts) -> Option<DateTime<Utc>> {
    if signer.attribute(&oids::SIGNING_TIME).is_empty() {
        return None;
    }
    let time = single(signer, &oids::SIGNING_TIME).and_then(|value| asn1::time::instant(value).ok());
    if time.is_none() {
        facts.fail(SubIndication::FormatFailure, wrong("signingTime cannot be read"));
    }
    time
}

/// `ContentHints` (RFC 2634 §2.9) tells a reader what lies innermost; another type than the message's own is odd and allowed.
fn content_hints(signer: &SignerInfo<'_>, message: &SignedData<'_>, facts: &mut Facts) {
    if signer.attribute(&oids::CONTENT_HINTS).is_empty() {
        return;
    }
    let read = |value: Element<'_>| -> Read<Oid> {
        let mut reader = value.tagged(SEQUENCE)?.reader();
        reader.optional(UTF8_STRING)?;
        let oid = Oid::of(reader.next()?)?;
        reader.finish()?;
        Ok(oid)
    };
    match single(signer, &oids::CONTENT_HINTS).map(read) {
        Some(Ok(oid)) if oid == message.content_type => {}
        Some(Ok(oid)) => {
            let detail = format!("contentHints says that the content is of the type {oid}");
            facts.tell(Finding::new(Code::SignatureAttributes, Level::Warning).with("detail", detail));
        }
        _ => facts.fail(SubIndication::FormatFailure, wrong("contentHints cannot be read")),
    }
}

/// RFC 6211: the algorithms under the signature are those beside it, so nobody changed them.
fn algorithm_protection(signer: &SignerInfo<'_>, facts: &mut Facts) {
    if signer.attribute(&oids::ALGORITHM_PROTECTION).is_empty() {
        return;
    }
    let agrees = |value: Element<'_>| -> Read<bool> {
        let mut reader = value.tagged(SEQUENCE)?.reader();
        let digest = AlgorithmId::of(reader.next()?)?;
        // [1] IMPLICIT SignatureAlgorithmIdentifier: a SEQUENCE under another tag.
        let field = reader.expect(context(1))?;
        reader.finish()?;
        let signature = AlgorithmId::of(Element { tag: SEQUENCE, ..field })?;
        // Defaults may be written or left out: the same algorithm stands in two encodings.
        let meaning = |id: &AlgorithmId| SignatureAlgorithm::of(id).ok();
        let is_same = signature == signer.signature_algorithm
            || meaning(&signature).is_some_and(|known| meaning(&signer.signature_algorithm) == Some(known));
        Ok(digest == signer.digest_algorithm && is_same)
    };
    match single(signer, &oids::ALGORITHM_PROTECTION).map(agrees) {
        Some(Ok(true)) => {}
        Some(Ok(false)) => {
            let detail = "cmsAlgorithmProtection names other algorithms than the message";
            facts.fail(SubIndication::SigConstraintsFailure, wrong(detail));
        }
        _ => facts.fail(SubIndication::FormatFailure, wrong("cmsAlgorithmProtection cannot be read")),
    }
}

/// Whether the signature names a policy (EN 319 122-1 §5.2.9); a known one must be the one that is known.
fn signature_policy(signer: &SignerInfo<'_>, ground: Ground<'_>, facts: &mut Facts) -> bool {
    if signer.attribute(&oids::SIGNATURE_POLICY).is_empty() {
        return false;
    }
    let Some(value) = single(signer, &oids::SIGNATURE_POLICY) else {
        facts.fail(SubIndication::FormatFailure, wrong("signaturePolicyIdentifier is not there exactly once"));
        return true;
    };
    if value.tag == NULL {
        facts.tell(Finding::information(Code::SignatureAttributes).with("detail", "it names an implied signature policy"));
        return true;
    }
    let Ok((oid, digest)) = policy_identifier(value) else {
        facts.fail(SubIndication::FormatFailure, wrong("signaturePolicyIdentifier cannot be read"));
        return true;
    };
    let digest = digest.as_ref().map(|(digest, value)| (*digest, value.as_slice()));
    match ground.policy.named(&oid.to_string(), digest) {
        NamedPolicy::Known => {}
        NamedPolicy::Differs => {
            let detail = format!("the signature policy {oid} has another digest than the known one");
            facts.fail(SubIndication::PolicyProcessingError, wrong(detail));
        }
        NamedPolicy::Refused => {
            let detail = format!("it names a signature policy that is not known: {oid}");
            facts.fail(SubIndication::SignaturePolicyNotAvailable, wrong(detail));
        }
        NamedPolicy::Told => {
            let detail = format!("it names a signature policy that is not known: {oid}");
            facts.tell(Finding::new(Code::SignatureAttributes, Level::Warning).with("detail", detail));
        }
    }
    true
}

/// The digest of a policy's text.
type PolicyDigest = (Digest, Vec<u8>);

/// Identifier and digest of `SignaturePolicyId`; no digest where its algorithm is not known.
fn policy_identifier(value: Element<'_>) -> Read<(Oid, Option<PolicyDigest>)> {
    let mut reader = value.tagged(SEQUENCE)?.reader();
    let oid = Oid::of(reader.next()?)?;
    let Some(hash) = reader.optional(SEQUENCE)? else { return Ok((oid, None)) };
    let mut hash = hash.reader();
    let algorithm = AlgorithmId::of(hash.next()?)?;
    let digest = hash.expect(OCTET_STRING)?.value.to_vec();
    Ok((oid, Digest::of(&algorithm).map(|algorithm| (algorithm, digest))))
}
