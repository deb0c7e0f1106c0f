//! The judge: bytes, trust, policy and a moment in; a verdict out. The same four give the same verdict for ever.

use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use crate::cms::{self, SignedData};
use crate::material::Material;
use crate::moments::Moments;
use crate::path::{Effort, Ground};
use crate::pem;
use crate::policy::Policy;
use crate::signer::{self, Content, Family};
use crate::trust::Trust;
use crate::verdict::{Container, Facts, Indication, Judged, Judgement, SignedKind, SubIndication, Verified};

/// Judges `cms` (DER, BER, PEM or bare base64) over `content`, which lies beside it.
///
/// A message that carries content of its own is refused: a reader might take that for what was signed (T4).
pub fn judge_detached(content: &[u8], cms: &[u8], trust: &Trust, policy: &Policy, moment: impl Into<Moments>) -> Judged {
    judge_cms(cms, Some(content), Ground::new(trust, policy, moment, &Effort::default()), 0)
}

/// Judges `cms` (DER, BER, PEM or bare base64), which holds what it signs.
pub fn judge_enclosing(cms: &[u8], trust: &Trust, policy: &Policy, moment: impl Into<Moments>) -> Judged {
    judge_cms(cms, None, Ground::new(trust, policy, moment, &Effort::default()), 0)
}

/// Judges a file by what it is: a PDF, an ASiC container, or CMS over `detached_content` when that is given.
pub fn judge_file(
    bytes: &[u8],
    detached_content: Option<&[u8]>,
    trust: &Trust,
    policy: &Policy,
    moment: impl Into<Moments>,
) -> Judged {
    let moments = moment.into();
    let effort = Effort::default();
    let ground = Ground::new(trust, policy, moments, &effort);
    if bytes.starts_with(b"%PDF-") {
        return crate::pdf::judge_pdf(bytes, trust, policy, moments);
    }
    if detached_content.is_none() && crate::asic::looks_like_asic(bytes) {
        return crate::asic::judge_asic(bytes, trust, policy, moments);
    }
    if looks_like_cms(bytes) {
        return judge_cms(bytes, detached_content, ground, 0);
    }
    if crate::enveloped::looks_encrypted(bytes) {
        return crate::enveloped::judge_unopened(trust, policy, moments);
    }
    unsigned(if detached_content.is_some() { Container::Detached } else { Container::Enclosing }, ground)
}

/// Whether every signer of a CMS message (DER, BER, PEM or bare base64) says its content is `content`: a detached signature that
/// came alone names its document by the digest it signs. Nothing else of it is looked at.
pub fn names_content(cms: &[u8], content: &[u8]) -> bool {
    if cms.len() > limits::CMS_BYTES {
        return false;
    }
    let unwrapped = unwrap_text(cms);
    let mut made = Vec::new();
    let Ok(message) = cms::read(unwrapped.as_deref().unwrap_or(cms), &mut made) else { return false };
    let names = |signer: &cms::SignerInfo<'_>| {
        let claimed = signer::content_digest_claimed(signer);
        claimed.is_some_and(|(digest, claimed)| digest.compute(content).is_some_and(|computed| computed == claimed))
    };
    message.content.is_none() && !message.signers.is_empty() && message.signers.iter().take(SIGNERS_LOOKED_AT).all(names)
}

/// Signers of a message whose digests are computed; more say nothing new.
const SIGNERS_LOOKED_AT: usize = 4;

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
pub(crate) fn unwrap_text(bytes: &[u8]) -> Option<Vec<u8>> {
    if pem::is_pem(bytes) {
        return pem::blocks(bytes).into_iter().find(|(label, _)| is_cms_label(label)).map(|(_, der)| der);
    }
    if bytes.first() == Some(&0x30) { None } else { pem::bare_base64(bytes) }
}

/// `depth` is in how many signed messages this one lies.
pub(crate) fn judge_cms(cms: &[u8], detached: Option<&[u8]>, ground: Ground<'_>, depth: usize) -> Judged {
    let container = if detached.is_some() { Container::Detached } else { Container::Enclosing };
    let limit = if detached.is_some() { limits::CMS_BYTES } else { limits::MAIL_DECODED_BYTES };
    if cms.len() > limit {
        let finding = Finding::error(Code::SignatureLimit).with("what", "bytes of the signature").with("limit", limit);
        return broken(container, finding, ground);
    }
    let unwrapped = unwrap_text(cms);
    let input = unwrapped.as_deref().unwrap_or(cms);
    let malformed = |detail: &dyn std::fmt::Display| Finding::error(Code::SignatureFormat).with("detail", detail);
    let mut made = Vec::new();
    let message = match cms::read(input, &mut made) {
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
    let mut judged = judge_message(&message, &[content], &message.material(), Family::Cms, container, ground);
    for judgement in &mut judged.signatures {
        judgement.covers.clone_from(&covers);
    }
    if detached.is_none() && holds_content(content) {
        return nested(judged, content, ground, depth);
    }
    prove_content(&mut judged, content);
    judged
}

/// Whether `content` is itself a signed message with content of its own.
fn holds_content(content: &[u8]) -> bool {
    if !looks_like_cms(content) {
        return false;
    }
    let unwrapped = unwrap_text(content);
    let der = cms::to_der(unwrapped.as_deref().unwrap_or(content));
    // What looks like a message and cannot be read as one is judged as one, and refused.
    der.map_or(true, |der| SignedData::of(&der).map_or(true, |inner| inner.content.is_some()))
}

/// A signed message that another one holds: some programs let the second person sign the first one's message. Who signs the
/// outer one signs all that is in it, so every signature of both must pass, and what is proven is the innermost content.
fn nested(mut outer: Judged, content: &[u8], ground: Ground<'_>, depth: usize) -> Judged {
    if depth + 1 >= limits::CMS_DEPTH {
        let finding = Finding::error(Code::SignatureLimit).with("what", "messages in one another");
        return broken(Container::Enclosing, finding.with("limit", limits::CMS_DEPTH), ground);
    }
    let inner = judge_cms(content, None, ground, depth + 1);
    let signed = inner.signed.clone();
    let mut findings = std::mem::take(&mut outer.findings);
    findings.extend(inner.findings.iter().cloned());
    let inner_worst = (inner.indication, inner.sub_indication);
    let outer_worst = (outer.indication, outer.sub_indication);
    let mut signatures = inner.signatures;
    signatures.append(&mut outer.signatures);
    let mut judged = gather(Container::Enclosing, signatures, findings, ground);
    // An inner message without signatures has a verdict of its own.
    let worst = [inner_worst, outer_worst].into_iter().max_by_key(|(indication, sub)| (*indication, std::cmp::Reverse(*sub)));
    if let Some((indication, sub_indication)) = worst {
        (judged.indication, judged.sub_indication) = (indication, sub_indication);
    }
    if judged.indication == Indication::TotalPassed {
        judged.signed = signed;
    }
    judged
}

/// Judges every signer of `message` with the certificates and lists of `material`; what is proven is for the caller to say.
pub(crate) fn judge_message(
    message: &SignedData<'_>,
    content: &Content<'_>,
    material: &Material,
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
    let judgements = message.signers.iter().map(|signer| signer::judge(signer, message, content, material, family, ground));
    let mut judgements: Vec<Judgement> = judgements.collect();
    twice(message, &mut judgements);
    gather(container, judgements, Vec::new(), ground)
}

/// A signature that stands there again says nothing more, and makes one signer look like two.
fn twice(message: &SignedData<'_>, judgements: &mut [Judgement]) {
    for (position, (signer, judgement)) in message.signers.iter().zip(judgements).enumerate() {
        let is_again = message
            .signers
            .iter()
            .take(position)
            .any(|earlier| earlier.signature == signer.signature || earlier.fields == signer.fields);
        if is_again {
            let mut facts = Facts { findings: std::mem::take(&mut judgement.findings), worst: judgement.sub_indication };
            let finding = Finding::error(Code::SignatureTwice).with("signer", &judgement.holder.name);
            facts.fail(SubIndication::SigConstraintsFailure, finding);
            judgement.indication = facts.indication();
            judgement.sub_indication = facts.worst;
            judgement.findings = facts.findings;
        }
    }
}

/// The verdict on a file from those on its signatures: the worst.
pub(crate) fn gather(container: Container, signatures: Vec<Judgement>, findings: Vec<Finding>, ground: Ground<'_>) -> Judged {
    let worst = signatures.iter().max_by_key(|each| (each.indication, std::cmp::Reverse(each.sub_indication)));
    let (indication, sub_indication) = worst
        .map_or((Indication::Indeterminate, Some(SubIndication::NoSignature)), |worst| (worst.indication, worst.sub_indication));
    let mut wanted = Vec::new();
    for each in signatures.iter().flat_map(|judgement| &judgement.wanted) {
        if !wanted.contains(each) {
            wanted.push(each.clone());
        }
    }
    Judged {
        container,
        signatures,
        indication,
        sub_indication,
        findings,
        signed: None,
        documents: Vec::new(),
        moment: ground.moment,
        proven: ground.proven,
        policy_sha256: ground.policy.sha256(),
        wanted,
        trust: ground.trust.clone(),
    }
}

/// Hands out `bytes` as proven when everything passed, and only then.
pub(crate) fn prove(judged: &mut Judged, bytes: &[u8], kind: SignedKind) {
    if has_passed(judged) {
        judged.signed = Some(Verified::new(bytes, kind));
    }
}

/// As [`prove`], for the very content that every signer of `judged` was judged over.
fn prove_content(judged: &mut Judged, content: &[u8]) {
    let digest = judged.signatures.iter().find_map(|each| each.content_sha256);
    match digest {
        Some(sha256) if has_passed(judged) => {
            judged.signed = Some(Verified::digested(content, sha256, SignedKind::PlainContent));
        }
        _ => prove(judged, content, SignedKind::PlainContent),
    }
}

fn has_passed(judged: &Judged) -> bool {
    let mut signatures = judged.signatures.iter();
    judged.indication == Indication::TotalPassed
        && !judged.signatures.is_empty()
        && signatures.all(|each| each.indication == Indication::TotalPassed)
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
    let sub_indication = match finding.code {
        Code::PdfForbidden => SubIndication::SigConstraintsFailure,
        Code::SignatureMissing => SubIndication::NoSignature,
        _ => SubIndication::FormatFailure,
    };
    let mut facts = Facts::default();
    facts.fail(sub_indication, finding);
    without_signatures(container, facts, ground)
}

pub(crate) fn unsigned(container: Container, ground: Ground<'_>) -> Judged {
    let mut facts = Facts::default();
    facts.fail(SubIndication::NoSignature, Finding::error(Code::SignatureMissing));
    without_signatures(container, facts, ground)
}
