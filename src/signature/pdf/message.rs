//! The message in a PDF signature's gap, by the form its dictionary names.

use chrono::{DateTime, Utc};
use lopdf::{Dictionary, Object};
use oblik_domain::finding::{Code, Finding};

use super::signed::Signed;
use crate::algorithm::Digest;
use crate::cms::{self, SignedData};
use crate::judge::judge_message;
use crate::material::Material;
use crate::path::Ground;
use crate::signer::Family;
use crate::verdict::{Container, Facts, Judgement, SubIndication};

/// The ranges the signature covers: before its gap, and behind it.
pub(super) fn covered<'a>(signed: &Signed, pdf: &'a [u8]) -> Option<[&'a [u8]; 2]> {
    let gap = signed.gap.clone()?;
    Some([pdf.get(..gap.start)?, pdf.get(gap.end..signed.end())?])
}

/// The octets of `/Contents`, with the zeros that fill its room.
pub(super) fn octets(signed: &Signed) -> Option<&[u8]> {
    match signed.dictionary.get(b"Contents") {
        Ok(Object::String(octets, _)) => Some(octets),
        _ => None,
    }
}

fn form(detail: impl std::fmt::Display) -> (SubIndication, Finding) {
    (SubIndication::FormatFailure, Finding::error(Code::SignatureFormat).with("detail", detail))
}

/// Judges the message in the gap over what the signature covers.
pub(super) fn judge(
    signed: &Signed,
    pdf: &[u8],
    data: &Material,
    ground: Ground<'_>,
) -> Result<Judgement, (SubIndication, Finding)> {
    let family = match signed.kind() {
        Some(b"ETSI.CAdES.detached") => Family::Pades,
        Some(b"adbe.pkcs7.detached" | b"adbe.pkcs7.sha1") => Family::PdfPkcs7,
        // A bare RSA signature over SHA-1, its certificate in the dictionary (ISO 32000-1 §12.8.3.2).
        Some(b"adbe.x509.rsa_sha1") => {
            let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", "adbe.x509.rsa_sha1 (SHA-1)");
            return Err((SubIndication::CryptoConstraintsFailure, finding));
        }
        Some(other) => {
            let detail = format!("signatures of the kind {} are not judged", String::from_utf8_lossy(other));
            return Err((SubIndication::SigConstraintsFailure, form(detail).1));
        }
        None => return Err(form("the signature does not say its kind")),
    };
    let (Some(octets), Some(ranges)) = (octets(signed), covered(signed, pdf)) else {
        return Err(form("the signature is empty"));
    };
    let der = cms::to_der(octets).map_err(form)?;
    let message = SignedData::of(&der).map_err(form)?;
    if message.signers.len() != 1 {
        return Err(form("a signature in a PDF has exactly one signer"));
    }
    let mut material = message.material();
    material.append(data);
    if signed.kind() == Some(b"adbe.pkcs7.sha1") {
        return judge_sha1(&message, &ranges, &material, ground);
    }
    if message.content.is_some() {
        return Err(form("the detached signature carries content of its own"));
    }
    one(&message, &ranges, &material, family, ground)
}

/// `adbe.pkcs7.sha1`: the message holds the SHA-1 of what the signature covers (ISO 32000-1 §12.8.3.3.1).
fn judge_sha1(
    message: &SignedData<'_>,
    ranges: &[&[u8]; 2],
    material: &Material,
    ground: Ground<'_>,
) -> Result<Judgement, (SubIndication, Finding)> {
    let content = message.content.ok_or_else(|| form("the signature holds no digest of the file"))?;
    let mut judgement = one(message, &[content], material, Family::PdfPkcs7, ground)?;
    let mut facts = Facts { findings: std::mem::take(&mut judgement.findings), worst: judgement.sub_indication };
    if Digest::Sha1.compute_pieces(ranges).as_deref() != Some(content) {
        facts.fail(SubIndication::HashFailure, Finding::error(Code::SignatureTampered));
    }
    if !ground.policy.takes_digest(Digest::Sha1, ground.proven) {
        let finding = Finding::error(Code::SignatureAlgorithm).with("algorithm", "adbe.pkcs7.sha1 (SHA-1)");
        facts.fail(SubIndication::CryptoConstraintsFailure, finding);
    }
    judgement.indication = facts.indication();
    judgement.sub_indication = facts.worst;
    judgement.findings = facts.findings;
    Ok(judgement)
}

fn one(
    message: &SignedData<'_>,
    content: &[&[u8]],
    material: &Material,
    family: Family,
    ground: Ground<'_>,
) -> Result<Judgement, (SubIndication, Finding)> {
    let mut judged = judge_message(message, content, material, family, Container::Pdf, ground);
    judged.signatures.pop().ok_or_else(|| {
        let sub_indication = judged.sub_indication.unwrap_or(SubIndication::FormatFailure);
        (sub_indication, judged.findings.pop().unwrap_or_else(|| Finding::error(Code::SignatureFormat)))
    })
}

/// `/M`, the time the signer claims: `D:YYYYMMDDHHmmSS` with an offset.
pub(super) fn signing_time(dictionary: &Dictionary) -> Option<DateTime<Utc>> {
    let Ok(Object::String(text, _)) = dictionary.get(b"M") else { return None };
    let text: String = std::str::from_utf8(text).ok()?.strip_prefix("D:")?.chars().filter(|c| *c != '\'').collect();
    let (stamp, zone) = text.split_at_checked(14)?;
    let zone = if zone.is_empty() || zone.starts_with('Z') { "+0000" } else { zone };
    let read = DateTime::parse_from_str(&format!("{stamp}{zone}"), "%Y%m%d%H%M%S%z").ok()?;
    Some(read.with_timezone(&Utc))
}
