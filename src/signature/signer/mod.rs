//! One signature of a CMS message: its attributes, its arithmetic, its certificate, its path.
//!
//! Facts are collected to the end even when the first is fatal, so that one answer tells the sender everything.

mod archive;
mod attributes;
mod counter;
pub(crate) mod long_term;
mod outcome;
pub(crate) mod reference;
mod timestamps;

use std::borrow::Cow;

use oblik_domain::finding::{Code, Finding};

use self::attributes::single;
use self::outcome::Outcome;
use self::timestamps::{Proofs, Stamped};
use crate::algorithm::{self, Digest, Scheme, SignatureAlgorithm, verify};
use crate::asn1::{OCTET_STRING, SET, write};
use crate::certificate::Certificate;
use crate::cms::{SignedData, SignerInfo};
use crate::material::Material;
use crate::oids;
use crate::path::{self, Ground, Purpose};
use crate::verdict::{Facts, Judgement, SubIndication};

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
    /// A token of RFC 3161.
    Timestamp,
    /// A signature over another signature's value.
    Counter,
}

impl Family {
    fn purpose(self) -> Purpose {
        match self {
            Self::Timestamp => Purpose::Timestamp,
            _ => Purpose::Signature,
        }
    }
}

/// Judges one signer of `message` over `content`; `given` is what the message brings along.
pub(crate) fn judge(
    signer: &SignerInfo<'_>,
    message: &SignedData<'_>,
    content: &Content<'_>,
    given: &Material,
    family: Family,
    ground: Ground<'_>,
) -> Judgement {
    let mut facts = Facts::default();
    let mut proofs = Proofs::default();
    let mut material = Cow::Borrowed(given);
    if family != Family::Timestamp {
        material = long_term::material(signer, given);
        let stamped = Stamped { signer, message, content, material: &material, family };
        proofs = timestamps::judge(stamped, ground, &mut facts);
    }
    let around = ground;
    let ground = Ground { proven: proofs.proven.map_or(ground.proven, |proven| proven.min(ground.proven)), ..ground };
    timestamp_wanted(family, &proofs, ground, &mut facts);
    let algorithms = algorithms(signer, ground, &mut facts);
    let claims = attributes::judge(signer, message, family, ground, &mut facts);
    let content_sha256 = algorithms.and_then(|(digest, _)| content_digest(signer, digest, content, &mut facts));
    let certificate = reference::certificate(signer, &claims, &material, family, ground, &mut facts);
    if let (Some(certificate), Some((digest, scheme))) = (&certificate, algorithms) {
        arithmetic(signer, certificate, digest, scheme, content, &mut facts);
    }
    let path = certificate.as_ref().map(|certificate| path::find(certificate, family.purpose(), &material, ground));
    let path = path.unwrap_or_default();
    facts.append(path.facts.clone());
    let counter_signatures = match family {
        Family::Timestamp | Family::Counter => Vec::new(),
        // A counter-signature came later: what proves this signature proves nothing of it.
        _ => counter::judge_all(signer, message, &material, around, &mut facts),
    };
    let outcome = Outcome { claims, certificate, algorithms, path, family, facts, proofs, counter_signatures, content_sha256 };
    outcome::judgement(outcome, &material, ground)
}

/// Policy may ask for a proof of time, from each signer of a document.
fn timestamp_wanted(family: Family, proofs: &Proofs, ground: Ground<'_>, facts: &mut Facts) {
    if proofs.proven.is_none() && ground.policy.needs_timestamp() && !matches!(family, Family::Timestamp | Family::Counter) {
        let finding = Finding::error(Code::SignatureTimestamp).with("kind", "signature").with("authority", "");
        let finding = finding.with("problem", "missing").with("detail", "");
        facts.fail(SubIndication::SigConstraintsFailure, finding);
    }
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
    if !ground.policy.takes_digest(digest, ground.proven) {
        refuse(algorithm.name(digest));
    }
    // The digest stands in two places: they must agree, or two programs may see two signatures.
    if algorithm.digest.is_some_and(|inner| inner != digest) {
        refuse(format!("{} over content digested with {}", algorithm.name(algorithm.digest.unwrap_or(digest)), digest.as_str()));
    }
    Some((digest, algorithm.scheme))
}

/// The digest of its content as a signer states it, and by which algorithm.
pub(crate) fn content_digest_claimed<'a>(signer: &SignerInfo<'a>) -> Option<(Digest, &'a [u8])> {
    let claimed = single(signer, &oids::MESSAGE_DIGEST)?.tagged(OCTET_STRING).ok()?;
    Some((Digest::of(&signer.digest_algorithm)?, claimed.value))
}

/// Holds the content against its digest; its SHA-256 when that was computed, so that nobody need do it again.
fn content_digest(signer: &SignerInfo<'_>, digest: Digest, content: &Content<'_>, facts: &mut Facts) -> Option<[u8; 32]> {
    signer.signed_attributes?;
    let Some(Ok(claimed)) = single(signer, &oids::MESSAGE_DIGEST).map(|value| value.tagged(OCTET_STRING)) else {
        let detail = "messageDigest is not there exactly once";
        facts.fail(SubIndication::FormatFailure, Finding::error(Code::SignatureAttributes).with("detail", detail));
        return None;
    };
    let Some(computed) = digest.compute_pieces(content) else {
        let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", digest.as_str());
        facts.fail(SubIndication::CryptoConstraintsFailure, finding);
        return None;
    };
    if computed != claimed.value {
        facts.fail(SubIndication::HashFailure, Finding::error(Code::SignatureTampered));
    }
    if digest == Digest::Sha256 { computed.try_into().ok() } else { None }
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
            algorithm::Outcome::Invalid => {
                let parts = attributes.reader().all().unwrap_or_default();
                check(&write::set_of(parts.iter().map(|part| part.raw.to_vec()).collect()))
            }
            outcome => outcome,
        },
    };
    match outcome {
        algorithm::Outcome::Valid => {}
        algorithm::Outcome::Invalid => facts.fail(SubIndication::SigCryptoFailure, Finding::error(Code::SignatureInvalid)),
        algorithm::Outcome::Unknown(algorithm) => {
            let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", algorithm);
            facts.fail(SubIndication::CryptoConstraintsFailure, finding);
        }
    }
}

#[cfg(test)]
mod floods;
#[cfg(test)]
mod proofs;
#[cfg(test)]
mod shapes;
