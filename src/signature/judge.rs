//! The judge: bytes, trust, policy and a moment in; a verdict out. The same four give the same verdict for ever.

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use crate::cms::{self, SignedData};
use crate::path::Ground;
use crate::pem;
use crate::policy::Policy;
use crate::signer::{self, Content, Family};
use crate::trust::Trust;
use crate::verdict::{Container, Facts, Indication, Judged, Judgement, SignedKind, SubIndication, Verified};

/// Judges `cms` (DER, BER, PEM or bare base64) over `content`, which lies beside it.
///
/// A message that carries content of its own is refused: a reader might take that for what was signed (T4).
pub fn judge_detached(content: &[u8], cms: &[u8], trust: &Trust, policy: &Policy, moment: DateTime<Utc>) -> Judged {
    judge_cms(cms, Some(content), Ground { trust, policy, moment })
}

/// Judges `cms` (DER, BER, PEM or bare base64), which holds what it signs.
pub fn judge_enclosing(cms: &[u8], trust: &Trust, policy: &Policy, moment: DateTime<Utc>) -> Judged {
    judge_cms(cms, None, Ground { trust, policy, moment })
}

/// Judges a file by what it is: a PDF, or CMS over `detached_content` when that is given.
pub fn judge_file(
    bytes: &[u8],
    detached_content: Option<&[u8]>,
    trust: &Trust,
    policy: &Policy,
    moment: DateTime<Utc>,
) -> Judged {
    let ground = Ground { trust, policy, moment };
    if bytes.starts_with(b"%PDF-") {
        return crate::pdf::judge_pdf(bytes, trust, policy, moment);
    }
    if looks_like_cms(bytes) {
        return judge_cms(bytes, detached_content, ground);
    }
    unsigned(if detached_content.is_some() { Container::Detached } else { Container::Enclosing }, ground)
}

/// Whether `bytes` could be a CMS message in any of its wrappings.
pub fn looks_like_cms(bytes: &[u8]) -> bool {
    let is_wrapped = |bytes: &[u8]| {
        bytes.first() == Some(&0x30) && bytes.windows(9).take(32).any(|at| at == crate::oids::SIGNED_DATA.as_bytes())
    };
    if pem::is_pem(bytes) {
        return pem::blocks(bytes).iter().any(|(label, _)| is_cms_label(label));
    }
    is_wrapped(bytes) || (bytes.first() == Some(&b'M') && pem::bare_base64(bytes).is_some_and(|der| is_wrapped(&der)))
}

fn is_cms_label(label: &str) -> bool {
    matches!(label, "PKCS7" | "CMS" | "PKCS #7 SIGNED DATA")
}

/// The message without its text wrapping.
fn unwrap_text(bytes: &[u8]) -> Option<Vec<u8>> {
    if pem::is_pem(bytes) {
        return pem::blocks(bytes).into_iter().find(|(label, _)| is_cms_label(label)).map(|(_, der)| der);
    }
    if bytes.first() == Some(&0x30) { None } else { pem::bare_base64(bytes) }
}

fn judge_cms(cms: &[u8], detached: Option<&[u8]>, ground: Ground<'_>) -> Judged {
    let container = if detached.is_some() { Container::Detached } else { Container::Enclosing };
    let limit = if detached.is_some() { limits::CMS_BYTES } else { limits::MAIL_DECODED_BYTES };
    if cms.len() > limit {
        let finding = Finding::error(Code::SignatureLimit).with("what", "bytes of the signature").with("limit", limit);
        return broken(container, finding, ground);
    }
    let unwrapped = unwrap_text(cms);
    let input = unwrapped.as_deref().unwrap_or(cms);
    let malformed = |detail: &dyn std::fmt::Display| Finding::error(Code::SignatureFormat).with("detail", detail);
    let der = match cms::to_der(input) {
        Ok(der) => der,
        Err(error) => return broken(container, malformed(&error), ground),
    };
    let message = match SignedData::of(&der) {
        Ok(message) => message,
        Err(error) => return broken(container, malformed(&error), ground),
    };
    let content = match (detached, message.content) {
        (Some(_), Some(_)) => {
            return broken(container, malformed(&"the detached signature carries content of its own"), ground);
        }
        (Some(content), None) | (None, Some(content)) => content,
        (None, None) => {
            let mut facts = Facts::default();
            facts.fail(SubIndication::SignedDataNotFound, Finding::error(Code::MailSignatureAlone));
            return without_signatures(container, facts, ground);
        }
    };
    let covers = format!("{} bytes of {} content", content.len(), container.as_str());
    let mut judged = judge_message(&message, &[content], Family::Cms, container, ground);
    for judgement in &mut judged.signatures {
        judgement.covers.clone_from(&covers);
    }
    prove(&mut judged, content, SignedKind::PlainContent);
    judged
}

/// Judges every signer of `message`; what is proven is for the caller to say.
pub(crate) fn judge_message(
    message: &SignedData<'_>,
    content: &Content<'_>,
    family: Family,
    container: Container,
    ground: Ground<'_>,
) -> Judged {
    for (count, limit, what) in [
        (message.signers.len(), limits::CMS_SIGNERS, "signers"),
        (message.certificates.len(), limits::CMS_CERTIFICATES, "certificates"),
    ] {
        if count > limit {
            return broken(container, Finding::error(Code::SignatureLimit).with("what", what).with("limit", limit), ground);
        }
    }
    if message.signers.is_empty() {
        return unsigned(container, ground);
    }
    let judgements = message.signers.iter().map(|signer| signer::judge(signer, message, content, family, ground));
    gather(container, judgements.collect(), Vec::new(), ground)
}

/// The verdict on a file from those on its signatures: the worst.
pub(crate) fn gather(container: Container, signatures: Vec<Judgement>, findings: Vec<Finding>, ground: Ground<'_>) -> Judged {
    let worst = signatures.iter().max_by_key(|each| (each.indication, std::cmp::Reverse(each.sub_indication)));
    let (indication, sub_indication) = worst
        .map_or((Indication::Indeterminate, Some(SubIndication::NoSignature)), |worst| (worst.indication, worst.sub_indication));
    Judged {
        container,
        signatures,
        indication,
        sub_indication,
        findings,
        signed: None,
        moment: ground.moment,
        policy_sha256: ground.policy.sha256(),
    }
}

/// Hands out `bytes` as proven when everything passed, and only then.
pub(crate) fn prove(judged: &mut Judged, bytes: &[u8], kind: SignedKind) {
    let all_passed =
        !judged.signatures.is_empty() && judged.signatures.iter().all(|each| each.indication == Indication::TotalPassed);
    if all_passed && judged.indication == Indication::TotalPassed {
        judged.signed = Some(Verified::new(bytes, kind));
    }
}

pub(crate) fn without_signatures(container: Container, facts: Facts, ground: Ground<'_>) -> Judged {
    let mut judged = gather(container, Vec::new(), facts.findings, ground);
    if let Some(worst) = facts.worst {
        judged.indication = worst.indication();
        judged.sub_indication = Some(worst);
    }
    judged
}

pub(crate) fn broken(container: Container, finding: Finding, ground: Ground<'_>) -> Judged {
    // What is readable and only not allowed is no failure of form.
    let is_forbidden = finding.code == Code::PdfForbidden;
    let mut facts = Facts::default();
    facts.fail(if is_forbidden { SubIndication::SigConstraintsFailure } else { SubIndication::FormatFailure }, finding);
    without_signatures(container, facts, ground)
}

pub(crate) fn unsigned(container: Container, ground: Ground<'_>) -> Judged {
    let mut facts = Facts::default();
    facts.fail(SubIndication::NoSignature, Finding::error(Code::SignatureMissing));
    without_signatures(container, facts, ground)
}
