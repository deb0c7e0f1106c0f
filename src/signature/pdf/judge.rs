//! The judge of signed PDFs (threat T6).

use lopdf::ObjectId;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use super::attack::Attack;
use super::bytes::{Streams, find_all};
use super::revision::{Revision, Revisions};
use super::signed::Signed;
use super::validation_data::ValidationData;
use super::{active, attachments, damaged, message, structure};
use crate::judge::{broken, gather, prove, unsigned};
use crate::moments::Moments;
use crate::path::{Effort, Ground};
use crate::policy::Policy;
use crate::timestamp;
use crate::trust::Trust;
use crate::verdict::{
    Container, Facts, Indication, Judged, Judgement, SignedKind, SubIndication, TimestampKind, TimestampVerdict,
};

/// Judges every signature of a PDF. Document timestamps prove the time of the signatures before them and are listed there.
pub fn judge_pdf(pdf: &[u8], trust: &Trust, policy: &Policy, moment: impl Into<Moments>) -> Judged {
    let effort = Effort::default();
    let ground = Ground::new(trust, policy, moment, &effort);
    match signatures(pdf) {
        Ok(found) => found.judge(pdf, ground),
        Err(findings) => {
            let mut findings = findings.into_iter();
            let first = findings.next().unwrap_or_else(|| Finding::error(Code::PdfBroken));
            let mut judged = broken(Container::Pdf, first, ground);
            for finding in findings {
                judged.indication = Indication::TotalFailed;
                judged.sub_indication = Some(SubIndication::FormatFailure);
                judged.findings.push(finding);
            }
            judged
        }
    }
}

/// What a file holds, found and compared, and no certificate looked at yet.
struct Found {
    /// Signatures and document timestamps, in the order they were made.
    signed: Vec<Signed>,
    /// What is wrong with the file itself.
    file: Facts,
    data: ValidationData,
}

fn signatures(pdf: &[u8]) -> Result<Found, Vec<Finding>> {
    let one = |finding: Finding| vec![finding];
    let mut revisions = Revisions::new(pdf);
    let last = revisions.at(pdf.len()).map_err(|finding| damaged::findings(pdf, finding))?;
    let fields = last.signature_fields().map_err(one)?;
    let filled = fields.into_iter().filter(|field| field.value.is_some()).take(limits::PDF_REVISIONS + 1);
    let mut signed: Vec<Signed> = filled.map(|field| Signed::of(pdf, &last, field, &mut revisions)).collect();
    if let Some(finding) = stray_signature(&last, &signed) {
        return Err(one(finding));
    }
    if signed.is_empty() {
        let streams = Streams::of(pdf, &last);
        if find_all(pdf, b"/ByteRange").any(|at| !streams.contain(at)) {
            return Err(one(Attack::HiddenSignature.finding("a signature is there that the file does not lead to")));
        }
    }
    let persons = signed.iter().filter(|one| !one.is_timestamp()).count();
    if persons > limits::CMS_SIGNERS || signed.len() > limits::PDF_REVISIONS {
        return Err(one(Finding::error(Code::SignatureLimit).with("what", "signatures").with("limit", limits::CMS_SIGNERS)));
    }
    signed.sort_by_key(Signed::end);
    one_field_each(&mut signed);
    let mut ends = Vec::new();
    for position in 0..signed.len() {
        let (before, from) = signed.split_at_mut(position);
        let Some((this, after)) = from.split_first_mut() else { break };
        if let Some(earlier) = before.last() {
            this.follows(earlier);
        }
        match after.first().map(Signed::end) {
            Some(next_end) => this.compare(next_end, &mut revisions),
            None => this.nothing_but_validation_data(pdf, &last),
        }
        ends.push(this.end());
    }
    let mut file = Facts::default();
    if persons > 0 {
        active::judge(&last, &mut file);
        attachments::judge(&last, &mut file);
        structure::judge(pdf, &last, &mut file);
        for earlier in revisions.known().iter().filter(|revision| revision.end < pdf.len()) {
            structure::objects(pdf, earlier, &mut file);
        }
    }
    Ok(Found { signed, file, data: ValidationData::of(&last) })
}

/// A signature dictionary that no field of the form holds: something removed it from sight, or never put it there.
fn stray_signature(last: &Revision, signed: &[Signed]) -> Option<Finding> {
    let held: Vec<ObjectId> = signed.iter().filter_map(|one| one.dictionary_id).collect();
    let stray = last.document.objects.iter().find(|(id, object)| {
        object.as_dict().is_ok_and(|dictionary| dictionary.has(b"ByteRange") && dictionary.has(b"Contents")) && !held.contains(id)
    });
    stray.map(|(id, _)| {
        Attack::HiddenSignature.finding(format!("the signature in object {} stands in no field of the form", id.0))
    })
}

fn one_field_each(signed: &mut [Signed]) {
    let ids: Vec<Option<ObjectId>> = signed.iter().map(|one| one.dictionary_id).collect();
    for one in signed {
        if one.dictionary_id.is_some() && ids.iter().filter(|id| **id == one.dictionary_id).count() > 1 {
            one.facts.fail(SubIndication::FormatFailure, Attack::SharedSignature.finding("several fields share one signature"));
        }
    }
}

impl Found {
    fn judge(self, pdf: &[u8], ground: Ground<'_>) -> Judged {
        let Self { signed, file, data } = self;
        let (stamps, persons): (Vec<Signed>, Vec<Signed>) = signed.into_iter().partition(Signed::is_timestamp);
        if persons.is_empty() {
            return unsigned(Container::Pdf, ground);
        }
        let stamps = Stamps::of(stamps, pdf, &data, ground);
        let count = persons.len();
        let end = persons.iter().map(Signed::end).max().unwrap_or(0);
        let mut judgements = Vec::new();
        for (position, mut one) in persons.into_iter().enumerate() {
            one.facts.append(file.clone());
            one.facts.append(stamps.facts.clone());
            let covers = if one.end() == pdf.len() {
                format!("entire file, signature {} of {count} ({})", position + 1, one.field.name)
            } else {
                format!("first {} of {} bytes, signature {} of {count} ({})", one.end(), pdf.len(), position + 1, one.field.name)
            };
            let mut judgement = judgement(&one, pdf, &data, &stamps, ground);
            judgement.covers = covers;
            judgements.push(judgement);
        }
        let mut judged = gather(Container::Pdf, judgements, Vec::new(), ground);
        prove(&mut judged, pdf.get(..end).unwrap_or_default(), SignedKind::PdfRevision);
        judged
    }
}

/// The document timestamps of a file.
struct Stamps {
    /// Each with how much of the file it stamps, and whether validation data is in that.
    verdicts: Vec<(usize, bool, TimestampVerdict)>,
    /// What is wrong with the place they stand in: a stamp that covers something else hides what it does not.
    facts: Facts,
}

impl Stamps {
    /// Judges the last one at the moment, each earlier one at the time the next proves.
    fn of(stamps: Vec<Signed>, pdf: &[u8], data: &ValidationData, ground: Ground<'_>) -> Self {
        let mut found = Self { verdicts: Vec::new(), facts: Facts::default() };
        let mut proven = ground.proven;
        for stamp in stamps.into_iter().rev() {
            found.facts.append(stamp.facts.clone());
            let (Some(token), Some(ranges)) = (message::octets(&stamp), message::covered(&stamp, pdf)) else { continue };
            let verdict = timestamp::judge(token, &ranges, TimestampKind::Document, &data.material, Ground { proven, ..ground });
            proven = verdict.proof().map_or(proven, |proof| proven.min(proof));
            let has_data = stamp.revision.as_ref().is_some_and(|revision| revision.catalog().has(b"DSS"));
            found.verdicts.push((stamp.end(), has_data, verdict));
        }
        found
    }

    fn over(&self, end: usize) -> impl Iterator<Item = &(usize, bool, TimestampVerdict)> {
        self.verdicts.iter().filter(move |(stamped, _, _)| *stamped > end)
    }
}

fn judgement(signed: &Signed, pdf: &[u8], data: &ValidationData, stamps: &Stamps, ground: Ground<'_>) -> Judgement {
    let end = signed.end();
    let proof = stamps.over(end).filter_map(|(_, _, verdict)| verdict.proof()).min();
    let ground = Ground { proven: proof.map_or(ground.proven, |proof| ground.proven.min(proof)), ..ground };
    let mut facts = signed.facts.clone();
    let judged = match signed.gap {
        Some(_) => message::judge(signed, pdf, &data.material, ground).map_err(Some),
        None => Err(None),
    };
    let mut judgement = match judged {
        Ok(judgement) => judgement,
        Err(reason) => {
            if let Some((sub_indication, finding)) = reason {
                facts.fail(sub_indication, finding);
            }
            Judgement::unreached("PDF")
        }
    };
    facts.append(Facts { findings: std::mem::take(&mut judgement.findings), worst: judgement.sub_indication });
    judgement.signing_time = judgement.signing_time.or_else(|| message::signing_time(&signed.dictionary));
    judgement.timestamps.extend(stamps.over(end).map(|(_, _, verdict)| verdict.clone()));
    judgement.timestamp_time = judgement.timestamp_time.into_iter().chain(proof).min();
    judgement.indication = facts.indication();
    judgement.sub_indication = facts.worst;
    judgement.findings = facts.findings;
    judgement.level =
        level(&judgement, data, stamps.over(end).any(|(_, has_data, verdict)| *has_data && verdict.proof().is_some()));
    judgement
}

/// The baseline level the file reaches (EN 319 142-1 §6): B-T with a proven time, B-LT when the status of every certificate
/// is in the file, B-LTA when a timestamp that passed covers that as well.
fn level(judgement: &Judgement, data: &ValidationData, is_archived: bool) -> &'static str {
    let is_baseline = judgement.format == "PAdES" && matches!(judgement.level, "B-B" | "B-T" | "B-LT");
    if !is_baseline || judgement.timestamp_time.is_none() {
        return judgement.level;
    }
    let knows_status = !judgement.findings.iter().any(|finding| finding.code == Code::RevocationUnknown);
    // The message itself may hold the status, or find what it needs in the store.
    match (judgement.level == "B-LT" || data.has_status && knows_status, is_archived) {
        (true, true) => "B-LTA",
        (true, false) => "B-LT",
        (false, _) => "B-T",
    }
}
