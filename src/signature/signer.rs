//! One signature of a CMS message: its attributes, its arithmetic, its certificate, its path.
//!
//! Facts are collected to the end even when the first is fatal, so that one answer tells the sender everything.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::account::CertificateHolder;
use oblik_domain::finding::{Code, Finding};

use crate::algorithm::{Digest, Outcome, Scheme, SignatureAlgorithm, verify};
use crate::asn1::{self, AlgorithmId, Element, OCTET_STRING, Oid, Read, SEQUENCE, SET, write};
use crate::certificate::Certificate;
use crate::cms::{SignedData, SignerIdentifier, SignerInfo};
use crate::name::Name;
use crate::oids;
use crate::path::{self, Ground, Path};
use crate::verdict::{ChainLink, Facts, Judgement, SubIndication};

/// What is signed, in the pieces it is made of: a PDF's ranges, or one whole.
pub(crate) type Content<'a> = [&'a [u8]];

/// Which family of formats the message was found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    Cms,
    /// `ETSI.CAdES.detached`
    Pades,
    /// `adbe.pkcs7.detached`
    PdfPkcs7,
}

/// Judges one signer of `message` over `content`.
pub(crate) fn judge(
    signer: &SignerInfo<'_>,
    message: &SignedData<'_>,
    content: &Content<'_>,
    family: Family,
    ground: Ground<'_>,
) -> Judgement {
    let mut facts = Facts::default();
    let pool = pool(message);
    let algorithms = algorithms(signer, ground, &mut facts);
    let claims = attributes(signer, message, ground, &mut facts);
    if let Some((digest, _)) = algorithms {
        content_digest(signer, digest, content, &mut facts);
    }
    let certificate = certificate(signer, &claims, algorithms, content, &pool, ground, &mut facts);
    let path = certificate.as_ref().map(|certificate| path::find(certificate, &pool, ground));
    let path = path.unwrap_or_default();
    facts.append(path.facts.clone());
    if signer.unsigned_attributes.iter().any(|attribute| attribute.oid == oids::COUNTER_SIGNATURE) {
        facts.tell(
            Finding::information(Code::SignatureAttributes).with("detail", "a counter-signature is there and was not judged"),
        );
    }
    judgement(&claims, certificate.as_deref(), algorithms, path, family, facts, ground)
}

fn pool(message: &SignedData<'_>) -> Vec<Arc<Certificate>> {
    message.certificates.iter().filter_map(|der| Certificate::of(der).ok()).map(Arc::new).collect()
}

/// The content's digest and the scheme, when both are known; policy's word on them.
fn algorithms(signer: &SignerInfo<'_>, ground: Ground<'_>, facts: &mut Facts) -> Option<(Digest, Scheme)> {
    let mut refuse = |algorithm: String| {
        facts
            .fail(SubIndication::CryptoConstraintsFailure, Finding::error(Code::SignatureAlgorithm).with("algorithm", algorithm));
    };
    let Some(digest) = Digest::of(&signer.digest_algorithm) else {
        refuse(signer.digest_algorithm.oid.to_string());
        return None;
    };
    let algorithm = match SignatureAlgorithm::of(&signer.signature_algorithm) {
        Ok(algorithm) => algorithm,
        Err(name) => {
            refuse(name);
            return None;
        }
    };
    if !ground.policy.takes_digest(digest, ground.moment) {
        refuse(algorithm.name(digest));
    }
    // The digest stands in two places: they must agree, or two programs may see two signatures.
    if algorithm.digest.is_some_and(|inner| inner != digest) {
        refuse(format!("{} over content digested with {}", algorithm.name(algorithm.digest.unwrap_or(digest)), digest.as_str()));
    }
    Some((digest, algorithm.scheme))
}

/// What the signed attributes say.
#[derive(Debug, Default)]
struct Claims {
    signing_time: Option<DateTime<Utc>>,
    /// Digest and value of each reference to the signer's certificate.
    certificate_digests: Vec<(Digest, Vec<u8>)>,
    refers_to_certificate: bool,
}

fn attributes(signer: &SignerInfo<'_>, message: &SignedData<'_>, ground: Ground<'_>, facts: &mut Facts) -> Claims {
    let mut claims = Claims::default();
    let wrong = |detail: String| Finding::error(Code::SignatureAttributes).with("detail", detail);
    if signer.signed_attributes.is_none() {
        if ground.policy.needs_signed_attributes() || message.content_type != oids::DATA {
            facts.fail(SubIndication::SigConstraintsFailure, wrong("there are no signed attributes".to_owned()));
        }
        return claims;
    }
    for (position, attribute) in signer.attributes.iter().enumerate() {
        if signer.attributes.iter().take(position).any(|earlier| earlier.oid == attribute.oid) {
            facts.fail(SubIndication::FormatFailure, wrong(format!("the attribute {} stands twice", attribute.oid)));
        }
    }
    match single(signer, &oids::CONTENT_TYPE).map(Oid::of) {
        Some(Ok(oid)) if oid == message.content_type => {}
        Some(Ok(_)) => facts.fail(SubIndication::FormatFailure, wrong("contentType differs from the content's type".to_owned())),
        _ => facts.fail(SubIndication::FormatFailure, wrong("contentType is not there exactly once".to_owned())),
    }
    if !signer.attribute(&oids::SIGNING_TIME).is_empty() {
        match single(signer, &oids::SIGNING_TIME).map(asn1::time::instant) {
            Some(Ok(at)) => claims.signing_time = Some(at),
            _ => facts.fail(SubIndication::FormatFailure, wrong("signingTime cannot be read".to_owned())),
        }
    }
    if !signer.attribute(&oids::SIGNATURE_POLICY).is_empty() {
        facts.fail(SubIndication::SignaturePolicyNotAvailable, wrong("it names a signature policy that is not known".to_owned()));
    }
    match certificate_references(signer) {
        Ok(digests) => {
            claims.refers_to_certificate = !digests.is_empty();
            claims.certificate_digests = digests;
        }
        Err(malformed) => facts.fail(SubIndication::FormatFailure, wrong(format!("signingCertificate: {malformed}"))),
    }
    if !claims.refers_to_certificate && ground.policy.needs_signing_certificate() {
        facts.fail(SubIndication::SigConstraintsFailure, wrong("there is no signingCertificate".to_owned()));
    }
    claims
}

/// The one value of an attribute that is there exactly once and single-valued.
fn single<'a>(signer: &SignerInfo<'a>, oid: &const_oid::ObjectIdentifier) -> Option<Element<'a>> {
    match signer.attribute(oid).as_slice() {
        [attribute] => match attribute.values.as_slice() {
            [value] => Some(*value),
            _ => None,
        },
        _ => None,
    }
}

/// The first `ESSCertID` of signing-certificate and of signing-certificate-v2: the signer's own (RFC 5035 §3, §4).
fn certificate_references(signer: &SignerInfo<'_>) -> Read<Vec<(Digest, Vec<u8>)>> {
    let mut digests = Vec::new();
    for (oid, is_second_version) in [(&oids::SIGNING_CERTIFICATE, false), (&oids::SIGNING_CERTIFICATE_V2, true)] {
        if signer.attribute(oid).is_empty() {
            continue;
        }
        let value = single(signer, oid).ok_or(asn1::Malformed("it is not there exactly once"))?;
        let mut reader = value.tagged(SEQUENCE)?.reader();
        let list = reader.expect(SEQUENCE)?;
        let mut first = list.reader().next()?.tagged(SEQUENCE)?.reader();
        let digest = match (is_second_version, first.optional(SEQUENCE)?) {
            (true, Some(algorithm)) => Digest::of(&AlgorithmId::of(algorithm)?).ok_or(asn1::Malformed("an unknown digest"))?,
            (true, None) => Digest::Sha256,
            (false, None) => Digest::Sha1,
            (false, Some(_)) => return Err(asn1::Malformed("an element is out of place")),
        };
        digests.push((digest, first.expect(OCTET_STRING)?.value.to_vec()));
    }
    Ok(digests)
}

fn content_digest(signer: &SignerInfo<'_>, digest: Digest, content: &Content<'_>, facts: &mut Facts) {
    if signer.signed_attributes.is_none() {
        return;
    }
    if let Some(Ok(claimed)) = single(signer, &oids::MESSAGE_DIGEST).map(|value| value.tagged(OCTET_STRING)) {
        if digest.compute_pieces(content).is_some_and(|computed| computed != claimed.value) {
            facts.fail(SubIndication::HashFailure, Finding::error(Code::SignatureTampered));
        }
    } else {
        let detail = "messageDigest is not there exactly once";
        facts.fail(SubIndication::FormatFailure, Finding::error(Code::SignatureAttributes).with("detail", detail));
    }
}

/// The signer's certificate: of those the identifier fits, the one the signed reference names, else the first.
fn certificate(
    signer: &SignerInfo<'_>,
    claims: &Claims,
    algorithms: Option<(Digest, Scheme)>,
    content: &Content<'_>,
    pool: &[Arc<Certificate>],
    ground: Ground<'_>,
    facts: &mut Facts,
) -> Option<Arc<Certificate>> {
    let mut candidates: Vec<Arc<Certificate>> = Vec::new();
    for certificate in pool.iter().chain(ground.trust.known()) {
        if fits(certificate, signer.identifier) && !candidates.iter().any(|known| known.sha256 == certificate.sha256) {
            candidates.push(Arc::clone(certificate));
        }
    }
    // Certificates with the same issuer and serial cannot both be right: the signed reference chooses.
    let referred = |certificate: &Arc<Certificate>| {
        claims.certificate_digests.iter().all(|(digest, value)| digest.compute(&certificate.der).as_ref() == Some(value))
    };
    candidates.sort_by_key(|certificate| !referred(certificate));
    let Some(certificate) = candidates.into_iter().next() else {
        let finding = Finding::error(Code::SignerCertificateMissing).with("issuer", issuer_of(signer.identifier));
        facts.fail(SubIndication::NoSigningCertificateFound, finding);
        return None;
    };
    if !referred(&certificate) {
        let detail = "signingCertificate names another certificate than the signer's";
        facts.fail(SubIndication::SigConstraintsFailure, Finding::error(Code::SignatureAttributes).with("detail", detail));
    }
    if let Some((digest, scheme)) = algorithms {
        arithmetic(signer, &certificate, digest, scheme, content, facts);
    }
    // A certificate that is not valid now either is told as such, once, with advice that helps.
    let is_valid = |at| certificate.not_before <= at && at <= certificate.not_after;
    if claims.signing_time.is_some_and(|at| !is_valid(at)) && is_valid(ground.moment) {
        let detail = "signingTime lies outside the certificate's validity";
        facts.fail(SubIndication::SigConstraintsFailure, Finding::error(Code::SignatureAttributes).with("detail", detail));
    }
    Some(certificate)
}

fn fits(certificate: &Certificate, identifier: SignerIdentifier<'_>) -> bool {
    match identifier {
        SignerIdentifier::IssuerAndSerial { issuer, serial } => {
            certificate.serial == serial
                && (certificate.issuer.raw == issuer.raw || Name::of(issuer).is_ok_and(|name| name == certificate.issuer))
        }
        SignerIdentifier::KeyIdentifier(id) => certificate.extensions.subject_key_id.as_deref() == Some(id),
    }
}

fn issuer_of(identifier: SignerIdentifier<'_>) -> String {
    match identifier {
        SignerIdentifier::IssuerAndSerial { issuer, .. } => Name::of(issuer).map_or_else(|_| String::new(), |name| name.human()),
        SignerIdentifier::KeyIdentifier(id) => hex::encode(id),
    }
}

/// Attributes are digested as received, as a SET; when that fails, in DER order, which some signers use unasked.
fn arithmetic(
    signer: &SignerInfo<'_>,
    certificate: &Certificate,
    digest: Digest,
    scheme: Scheme,
    content: &Content<'_>,
    facts: &mut Facts,
) {
    let check = |message: &[u8]| verify(&certificate.key, scheme, digest, message, signer.signature);
    let outcome = match signer.signed_attributes {
        None => check(&content.concat()),
        Some(attributes) => match check(&write::element(SET, attributes.value)) {
            Outcome::Invalid => {
                let parts = attributes.reader().all().unwrap_or_default();
                check(&write::set_of(parts.iter().map(|part| part.raw.to_vec()).collect()))
            }
            outcome => outcome,
        },
    };
    match outcome {
        Outcome::Valid => {}
        Outcome::Invalid => facts.fail(SubIndication::SigCryptoFailure, Finding::error(Code::SignatureInvalid)),
        Outcome::Unknown(algorithm) => {
            let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", algorithm);
            facts.fail(SubIndication::CryptoConstraintsFailure, finding);
        }
    }
}

fn judgement(
    claims: &Claims,
    certificate: Option<&Certificate>,
    algorithms: Option<(Digest, Scheme)>,
    path: Path,
    family: Family,
    facts: Facts,
    ground: Ground<'_>,
) -> Judgement {
    let is_baseline = claims.refers_to_certificate && (claims.signing_time.is_some() || family == Family::Pades);
    let (format, level) = match (family, claims.refers_to_certificate) {
        (Family::Pades, true) => ("PAdES", if is_baseline { "B-B" } else { "BES" }),
        (Family::Pades, false) => ("PAdES", ""),
        (Family::PdfPkcs7, _) => ("PDF-PKCS7", ""),
        (Family::Cms, true) => ("CAdES", if is_baseline { "B-B" } else { "BES" }),
        (Family::Cms, false) => ("CMS", ""),
    };
    let chain = path.certificates.iter().map(|certificate| ChainLink {
        subject: certificate.subject.to_string(),
        serial: certificate.serial_hex(),
        sha256: certificate.sha256,
        not_before: certificate.not_before,
        not_after: certificate.not_after,
        is_anchor: ground.trust.is_anchor(certificate),
    });
    Judgement {
        format,
        level,
        holder: certificate.map_or_else(CertificateHolder::default, Certificate::holder),
        subject: certificate.map_or_else(String::new, |certificate| certificate.subject.to_string()),
        serial: certificate.map_or_else(String::new, Certificate::serial_hex),
        issuer: certificate.map_or_else(String::new, |certificate| certificate.issuer.to_string()),
        signing_time: claims.signing_time,
        algorithm: algorithm_name(certificate, algorithms),
        digest: algorithms.map_or_else(String::new, |(digest, _)| digest.as_str().to_owned()),
        covers: String::new(),
        indication: facts.indication(),
        sub_indication: facts.worst,
        findings: facts.findings,
        chain: chain.collect(),
        certificates: path.certificates,
        revocation_lists: path.revocation_lists,
    }
}

fn algorithm_name(certificate: Option<&Certificate>, algorithms: Option<(Digest, Scheme)>) -> String {
    let key = certificate.map(|certificate| certificate.key.name());
    match (key, algorithms) {
        (Some(key), Some((_, Scheme::RsaPss { .. }))) => format!("{key} PSS"),
        (Some(key), _) => key,
        (None, Some((_, Scheme::Ecdsa))) => "ECDSA".to_owned(),
        (None, Some(_)) => "RSA".to_owned(),
        (None, None) => String::new(),
    }
}
