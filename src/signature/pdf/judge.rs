//! The judge of signed PDFs (threat T6).

use std::ops::Range;

use chrono::{DateTime, Utc};
use lopdf::{Dictionary, Object, ObjectId};
use oblik_domain::account::CertificateHolder;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use super::lexer;
use super::revision::{FieldValue, Revision, SignatureField, load, revision_ends};
use super::{active, changes};
use crate::cms::{self, SignedData};
use crate::judge::{broken, gather, judge_message, prove, unsigned};
use crate::path::Ground;
use crate::policy::Policy;
use crate::signer::Family;
use crate::trust::Trust;
use crate::verdict::{Container, Facts, Judged, Judgement, SignedKind, SubIndication};

/// Changes told of one signature; more say nothing new.
const CHANGES_TOLD: usize = 5;

/// Judges every signature of a PDF.
pub fn judge_pdf(pdf: &[u8], trust: &Trust, policy: &Policy, moment: DateTime<Utc>) -> Judged {
    let ground = Ground { trust, policy, moment };
    let last = match load(pdf, pdf.len()) {
        Ok(revision) => revision,
        Err(finding) => return broken(Container::Pdf, finding, ground),
    };
    let fields = match last.signature_fields() {
        Ok(fields) => fields,
        Err(finding) => return broken(Container::Pdf, finding, ground),
    };
    let mut signed: Vec<Signed> =
        fields.into_iter().filter(|field| field.value.is_some()).map(|field| Signed::of(pdf, &last, field)).collect();
    if let Some(finding) = stray_signature(&last, &signed) {
        return broken(Container::Pdf, finding, ground);
    }
    if signed.is_empty() {
        return unsigned(Container::Pdf, ground);
    }
    if signed.len() > limits::CMS_SIGNERS {
        let finding = Finding::error(Code::SignatureLimit).with("what", "signatures").with("limit", limits::CMS_SIGNERS);
        return broken(Container::Pdf, finding, ground);
    }
    signed.sort_by_key(Signed::end);
    one_field_each(&mut signed);
    let ends: Vec<usize> = signed.iter().skip(1).map(Signed::end).collect();
    for (position, one) in signed.iter_mut().enumerate() {
        match ends.get(position) {
            Some(next_end) => one.compare(pdf, *next_end),
            None => one.nothing_but_validation_data(pdf, &last),
        }
    }
    let mut file = Facts::default();
    active::judge(pdf, &last, &mut file);
    let count = signed.len();
    let mut judgements = Vec::new();
    for (position, mut one) in signed.into_iter().enumerate() {
        one.facts.append(file.clone());
        judgements.push(one.judge(pdf, position + 1, count, ground));
    }
    let end = judgements.iter().map(|(_, end)| *end).max().unwrap_or(0);
    let mut judged = gather(Container::Pdf, judgements.into_iter().map(|(judgement, _)| judgement).collect(), Vec::new(), ground);
    prove(&mut judged, pdf.get(..end).unwrap_or_default(), SignedKind::PdfRevision);
    judged
}

/// A signature dictionary that no field of the form holds: something removed it from sight, or never put it there.
fn stray_signature(last: &Revision, signed: &[Signed]) -> Option<Finding> {
    let held: Vec<ObjectId> = signed.iter().filter_map(|one| one.dictionary_id).collect();
    let stray = last.document.objects.iter().find(|(id, object)| {
        object.as_dict().is_ok_and(|dictionary| dictionary.has(b"ByteRange") && dictionary.has(b"Contents")) && !held.contains(id)
    });
    stray.map(|(id, _)| byte_range(&format!("the signature in object {} stands in no field of the form", id.0)))
}

fn one_field_each(signed: &mut [Signed]) {
    let ids: Vec<Option<ObjectId>> = signed.iter().map(|one| one.dictionary_id).collect();
    for one in signed {
        if one.dictionary_id.is_some() && ids.iter().filter(|id| **id == one.dictionary_id).count() > 1 {
            one.facts.fail(SubIndication::FormatFailure, byte_range("several fields share one signature"));
        }
    }
}

fn byte_range(detail: &str) -> Finding {
    Finding::error(Code::PdfByteRange).with("detail", detail)
}

/// A field with a signature, and the revision that signature was made over.
struct Signed {
    field: SignatureField,
    dictionary_id: Option<ObjectId>,
    dictionary: Dictionary,
    /// Where `/Contents` stands: from `<` to behind `>`.
    gap: Option<Range<usize>>,
    revision: Option<Revision>,
    facts: Facts,
}

impl Signed {
    fn of(pdf: &[u8], last: &Revision, field: SignatureField) -> Self {
        let mut one = Self {
            field,
            dictionary_id: None,
            dictionary: Dictionary::new(),
            gap: None,
            revision: None,
            facts: Facts::default(),
        };
        let located = one.locate(pdf, last);
        if let Err(finding) = located {
            one.facts.fail(SubIndication::FormatFailure, finding);
        }
        one
    }

    /// Finds dictionary, byte range and revision, and holds them against the bytes.
    fn locate(&mut self, pdf: &[u8], last: &Revision) -> Result<(), Finding> {
        let Some(FieldValue::Indirect(id)) = self.field.value else {
            return Err(byte_range("the signature is not an object of its own"));
        };
        self.dictionary_id = Some(id);
        self.dictionary = last.dictionary(id).cloned().ok_or_else(|| byte_range("the field has no signature dictionary"))?;
        let (gap, end) = ranges(&self.dictionary)?;
        if end > pdf.len() {
            return Err(byte_range("it reaches past the end of the file"));
        }
        if !revision_ends(pdf).contains(&end) {
            return Err(byte_range("it does not end where a revision ends"));
        }
        let revision = load(pdf, end)?;
        let fields = revision.signature_fields()?;
        if !fields.iter().any(|field| field.id == self.field.id && field.value == Some(FieldValue::Indirect(id))) {
            return Err(byte_range("the field does not hold this signature in the signed revision"));
        }
        if revision.dictionary(id) != Some(&self.dictionary) {
            return Err(byte_range("the signature was replaced after the signed revision"));
        }
        let offset = revision.offset(id).ok_or_else(|| byte_range("the signature stands in a compressed stream"))?;
        self.check_gap(pdf, offset, id, &gap)?;
        self.gap = Some(gap);
        self.revision = Some(revision);
        Ok(())
    }

    /// The gap must be exactly the `<hex>` of this dictionary's `/Contents`.
    fn check_gap(&self, pdf: &[u8], offset: usize, id: ObjectId, gap: &Range<usize>) -> Result<(), Finding> {
        let entries =
            lexer::dictionary_at(pdf, offset, id).ok_or_else(|| byte_range("the signature dictionary cannot be read"))?;
        for (position, entry) in entries.iter().enumerate() {
            if entries.iter().take(position).any(|earlier| earlier.key == entry.key) {
                return Err(byte_range("the signature dictionary has an entry twice"));
            }
        }
        let contents = entries.iter().find(|entry| entry.key == b"Contents").map(|entry| entry.value.clone());
        if contents.as_ref() != Some(gap) {
            return Err(byte_range("it leaves out something other than the signature itself"));
        }
        let value = pdf.get(gap.clone()).unwrap_or_default();
        let digits = value.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
        let octets = digits.and_then(|digits| hex::decode(digits).ok()).filter(|octets| !octets.is_empty());
        let octets = octets.ok_or_else(|| byte_range("the signature is not written in hexadecimal"))?;
        match self.dictionary.get(b"Contents") {
            Ok(Object::String(parsed, _)) if *parsed == octets => Ok(()),
            _ => Err(byte_range("the signature is not what its dictionary holds")),
        }
    }

    fn end(&self) -> usize {
        ranges(&self.dictionary).map_or(0, |(_, end)| end)
    }

    /// What changed from this signature's revision to the next one's.
    fn compare(&mut self, pdf: &[u8], next_end: usize) {
        let Some(revision) = &self.revision else { return };
        if next_end == revision.end {
            return;
        }
        match load(pdf, next_end) {
            Ok(next) => self.changed(changes::forbidden(revision, &next)),
            Err(finding) => self.facts.fail(SubIndication::FormatFailure, finding),
        }
    }

    /// After the last signature nothing may stand but a revision that adds validation data.
    fn nothing_but_validation_data(&mut self, pdf: &[u8], last: &Revision) {
        let Some(revision) = &self.revision else { return };
        if revision.end == pdf.len() {
            return;
        }
        let mut differences = changes::forbidden(revision, last);
        let is_revision = last.document.xref_start >= revision.end && revision_ends(pdf).contains(&pdf.len());
        if !is_revision || !changes::adds_validation_data(revision, last) {
            differences.push("bytes were added after the last signature".to_owned());
        }
        self.changed(differences);
    }

    fn changed(&mut self, details: Vec<String>) {
        for detail in details.into_iter().take(CHANGES_TOLD) {
            self.facts.fail(SubIndication::FormatFailure, Finding::error(Code::PdfChanged).with("detail", detail));
        }
    }

    fn judge(self, pdf: &[u8], number: usize, count: usize, ground: Ground<'_>) -> (Judgement, usize) {
        let end = self.end();
        let mut facts = self.facts.clone();
        let judged = self.gap.clone().and_then(|gap| match self.message(pdf, gap, end, ground) {
            Ok(judgement) => Some(judgement),
            Err((sub_indication, finding)) => {
                facts.fail(sub_indication, finding);
                None
            }
        });
        let mut judgement = judged.unwrap_or_else(nothing_judged);
        let own = Facts { findings: std::mem::take(&mut judgement.findings), worst: judgement.sub_indication };
        facts.append(own);
        judgement.signing_time = judgement.signing_time.or_else(|| signing_time(&self.dictionary));
        judgement.indication = facts.indication();
        judgement.sub_indication = facts.worst;
        judgement.findings = facts.findings;
        judgement.covers = if end == pdf.len() {
            format!("entire file, signature {number} of {count} ({})", self.field.name)
        } else {
            format!("first {end} of {} bytes, signature {number} of {count} ({})", pdf.len(), self.field.name)
        };
        (judgement, end)
    }

    /// Judges the CMS message in the gap.
    fn message(
        &self,
        pdf: &[u8],
        gap: Range<usize>,
        end: usize,
        ground: Ground<'_>,
    ) -> Result<Judgement, (SubIndication, Finding)> {
        let form = |detail: &dyn std::fmt::Display| {
            (SubIndication::FormatFailure, Finding::error(Code::SignatureFormat).with("detail", detail))
        };
        let family = match self.dictionary.get(b"SubFilter").and_then(Object::as_name) {
            Ok(b"ETSI.CAdES.detached") => Family::Pades,
            Ok(b"adbe.pkcs7.detached") => Family::PdfPkcs7,
            Ok(other) => {
                let detail = format!("signatures of the kind {} are not judged", String::from_utf8_lossy(other));
                return Err((SubIndication::SigConstraintsFailure, form(&detail).1));
            }
            Err(_) => return Err(form(&"the signature does not say its kind")),
        };
        let Ok(Object::String(octets, _)) = self.dictionary.get(b"Contents") else {
            return Err(form(&"the signature is empty"));
        };
        let der = cms::to_der(octets).map_err(|error| form(&error))?;
        let message = SignedData::of(&der).map_err(|error| form(&error))?;
        if message.content.is_some() {
            return Err(form(&"the detached signature carries content of its own"));
        }
        if message.signers.len() != 1 {
            return Err(form(&"a signature in a PDF has exactly one signer"));
        }
        let before = pdf.get(..gap.start).unwrap_or_default();
        let after = pdf.get(gap.end..end).unwrap_or_default();
        let mut judged = judge_message(&message, &[before, after], family, Container::Pdf, ground);
        match judged.signatures.pop() {
            Some(judgement) => Ok(judgement),
            None => Err((
                judged.sub_indication.unwrap_or(SubIndication::FormatFailure),
                judged.findings.pop().unwrap_or_else(|| Finding::error(Code::SignatureFormat)),
            )),
        }
    }
}

/// Gap and end of `/ByteRange`, which must be four integers `0 a b c` with `a ≤ b`.
fn ranges(dictionary: &Dictionary) -> Result<(Range<usize>, usize), Finding> {
    let wrong = || byte_range("it is not four numbers that leave one gap");
    let array = dictionary.get(b"ByteRange").and_then(Object::as_array).map_err(|_| wrong())?;
    let numbers: Vec<usize> =
        array.iter().filter_map(|number| number.as_i64().ok()).filter_map(|number| usize::try_from(number).ok()).collect();
    match (numbers.as_slice(), array.len()) {
        (&[0, first, second, length], 4) if first < second && length > 0 => {
            let end = second.checked_add(length).ok_or_else(wrong)?;
            Ok((first..second, end))
        }
        _ => Err(wrong()),
    }
}

/// `/M`, the time the signer claims: `D:YYYYMMDDHHmmSS` with an offset.
fn signing_time(dictionary: &Dictionary) -> Option<DateTime<Utc>> {
    let Ok(Object::String(text, _)) = dictionary.get(b"M") else { return None };
    let text: String = std::str::from_utf8(text).ok()?.strip_prefix("D:")?.chars().filter(|c| *c != '\'').collect();
    let (stamp, zone) = text.split_at_checked(14)?;
    let zone = if zone.is_empty() || zone.starts_with('Z') { "+0000" } else { zone };
    let read = DateTime::parse_from_str(&format!("{stamp}{zone}"), "%Y%m%d%H%M%S%z").ok()?;
    Some(read.with_timezone(&Utc))
}

/// A judgement for a signature whose message could not be reached.
fn nothing_judged() -> Judgement {
    Judgement {
        format: "PDF",
        level: "",
        holder: CertificateHolder::default(),
        subject: String::new(),
        serial: String::new(),
        issuer: String::new(),
        signing_time: None,
        algorithm: String::new(),
        digest: String::new(),
        covers: String::new(),
        indication: crate::Indication::TotalFailed,
        sub_indication: None,
        findings: Vec::new(),
        chain: Vec::new(),
        certificates: Vec::new(),
        revocation_lists: Vec::new(),
    }
}
