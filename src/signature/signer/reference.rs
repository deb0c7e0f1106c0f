//! The signer's certificate: the signed reference to it, and the choice among those that are at hand.

use std::sync::Arc;

use oblik_domain::finding::{Code, Finding, Level};

use super::Family;
use super::attributes::{Claims, single};
use crate::algorithm::Digest;
use crate::asn1::{AlgorithmId, Element, INTEGER, Malformed, OCTET_STRING, Read, SEQUENCE, context};
use crate::certificate::Certificate;
use crate::cms::{SignerIdentifier, SignerInfo};
use crate::material::Material;
use crate::name::Name;
use crate::oids;
use crate::path::Ground;
use crate::verdict::{Facts, SubIndication};

/// `ESSCertID` or `ESSCertIDv2` of the signer's own certificate (RFC 5035 §3, §4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    /// The digest, or the name of one that is not known.
    pub digest: Result<Digest, String>,
    pub value: Vec<u8>,
    /// Issuer and content octets of the serial number, where they are told.
    pub issuer: Option<(Name, Vec<u8>)>,
}

impl Reference {
    fn of(value: Element<'_>, is_second_version: bool) -> Read<Self> {
        let mut reader = value.tagged(SEQUENCE)?.reader();
        let list = reader.expect(SEQUENCE)?;
        // The first is the signer's; those after it only narrow the path.
        let mut first = list.reader().next()?.tagged(SEQUENCE)?.reader();
        let digest = match (is_second_version, first.optional(SEQUENCE)?) {
            (true, Some(algorithm)) => {
                let algorithm = AlgorithmId::of(algorithm)?;
                Digest::of(&algorithm).ok_or_else(|| algorithm.oid.to_string())
            }
            (true, None) => Ok(Digest::Sha256),
            (false, None) => Ok(Digest::Sha1),
            (false, Some(_)) => return Err(Malformed("an element is out of place")),
        };
        let value = first.expect(OCTET_STRING)?.value.to_vec();
        let issuer = first.optional(SEQUENCE)?.map(issuer_serial).transpose()?;
        first.finish()?;
        Ok(Self { digest, value, issuer })
    }

    fn names(&self, certificate: &Certificate) -> bool {
        match self.digest {
            Ok(Digest::Sha256) => self.value == certificate.sha256,
            Ok(digest) => digest.compute(&certificate.der).as_ref() == Some(&self.value),
            Err(_) => false,
        }
    }
}

/// `IssuerSerial`: the issuer is one directory name, as a certificate has one issuer.
fn issuer_serial(element: Element<'_>) -> Read<(Name, Vec<u8>)> {
    let mut reader = element.reader();
    let names = reader.expect(SEQUENCE)?.reader().all()?;
    let serial = reader.expect(INTEGER)?.value.to_vec();
    match names.as_slice() {
        [name] if name.tag == context(4) => Ok((Name::of(Element::only(name.value)?)?, serial)),
        _ => Err(Malformed("the issuer is not one directory name")),
    }
}

/// The signed references to the signer's certificate, attribute by attribute.
pub(super) fn all(signer: &SignerInfo<'_>) -> Read<Vec<Reference>> {
    let mut references = Vec::new();
    for (oid, is_second_version) in [(&oids::SIGNING_CERTIFICATE, false), (&oids::SIGNING_CERTIFICATE_V2, true)] {
        if !signer.attribute(oid).is_empty() {
            let value = single(signer, oid).ok_or(Malformed("it is not there exactly once"))?;
            references.push(Reference::of(value, is_second_version)?);
        }
    }
    Ok(references)
}

/// The signer's certificate: of those the identifier fits, the one the signed reference names, else the first.
pub(super) fn certificate(
    signer: &SignerInfo<'_>,
    claims: &Claims,
    material: &Material,
    family: Family,
    ground: Ground<'_>,
    facts: &mut Facts,
) -> Option<Arc<Certificate>> {
    let mut candidates: Vec<Arc<Certificate>> = Vec::new();
    for certificate in material.certificates.iter().chain(ground.trust.known()) {
        if fits(certificate, signer.identifier) && !candidates.iter().any(|known| known.sha256 == certificate.sha256) {
            candidates.push(Arc::clone(certificate));
        }
    }
    // Certificates with the same issuer and serial cannot both be right: the signed reference chooses.
    let referred = |certificate: &Arc<Certificate>| claims.references.iter().all(|reference| reference.names(certificate));
    candidates.sort_by_key(|certificate| !referred(certificate));
    let Some(certificate) = candidates.into_iter().next() else {
        let finding = Finding::error(Code::SignerCertificateMissing).with("issuer", issuer_of(signer.identifier));
        facts.fail(SubIndication::NoSigningCertificateFound, finding);
        return None;
    };
    references(claims, &certificate, family, ground, facts);
    // A certificate that is not valid now either is told as such, once, with advice that helps.
    let is_valid = |at| certificate.not_before <= at && at <= certificate.not_after;
    if claims.signing_time.is_some_and(|at| !is_valid(at)) && is_valid(ground.proven) {
        let detail = "signingTime lies outside the certificate's validity";
        facts.fail(SubIndication::SigConstraintsFailure, Finding::error(Code::SignatureAttributes).with("detail", detail));
    }
    Some(certificate)
}

/// Each reference names this certificate in full, and there is one: two may be read differently by two programs.
fn references(claims: &Claims, certificate: &Certificate, family: Family, ground: Ground<'_>, facts: &mut Facts) {
    let finding = |level, detail: String| Finding::new(Code::SignatureAttributes, level).with("detail", detail);
    let mut refuse = |detail: &str| facts.fail(SubIndication::SigConstraintsFailure, finding(Level::Error, detail.to_owned()));
    // Time-stamping authorities write both, for clients of RFC 3161 and of RFC 5816.
    if claims.references.len() > 1 && family != Family::Timestamp {
        refuse("signingCertificate is there in both versions");
    }
    if claims.references.iter().any(|reference| reference.digest.is_ok() && !reference.names(certificate)) {
        refuse("signingCertificate names another certificate than the signer's");
    }
    let differs = |(issuer, serial): &(Name, Vec<u8>)| *issuer != certificate.issuer || *serial != certificate.serial;
    if claims.references.iter().any(|reference| reference.issuer.as_ref().is_some_and(differs)) {
        refuse("signingCertificate tells another issuer or serial number than the signer's certificate");
    }
    // A weak digest here lets nobody forge: another certificate with the same digest would need the signer's key as well.
    for reference in &claims.references {
        let digest = match &reference.digest {
            Ok(digest) => *digest,
            Err(name) => {
                let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", name);
                facts.fail(SubIndication::CryptoConstraintsFailure, finding);
                continue;
            }
        };
        if family != Family::Timestamp && !ground.policy.takes_digest(digest, ground.proven) {
            let detail = format!("signingCertificate names the certificate by {}", digest.as_str());
            if ground.policy.needs_strong_references() {
                facts.fail(SubIndication::CryptoConstraintsFailure, finding(Level::Error, detail));
            } else {
                facts.tell(finding(Level::Warning, detail));
            }
        }
    }
}

pub(crate) fn fits(certificate: &Certificate, identifier: SignerIdentifier<'_>) -> bool {
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
