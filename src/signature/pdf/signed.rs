//! One signature of a PDF: its field, its dictionary, the revision it was made over, and what the bytes say of all three.

use std::ops::Range;
use std::rc::Rc;

use lopdf::{Dictionary, Object, ObjectId};
use oblik_domain::finding::Finding;

use super::attack::Attack;
use super::bytes::revision_ends;
use super::changes::{self, Change, Difference};
use super::lexer;
use super::revision::{FieldValue, Revision, Revisions, SignatureField};
use crate::verdict::{Facts, SubIndication};

/// Changes told of one signature; more say nothing new.
const CHANGES_TOLD: usize = 5;

/// A field with a signature, and the revision that signature was made over.
pub(super) struct Signed {
    pub field: SignatureField,
    pub dictionary_id: Option<ObjectId>,
    pub dictionary: Dictionary,
    /// Where `/Contents` stands: from `<` to behind `>`.
    pub gap: Option<Range<usize>>,
    pub revision: Option<Rc<Revision>>,
    pub facts: Facts,
    /// Where the dictionary stands.
    offset: usize,
}

impl Signed {
    pub fn of(pdf: &[u8], last: &Revision, field: SignatureField, revisions: &mut Revisions<'_>) -> Self {
        let mut one = Self {
            field,
            dictionary_id: None,
            dictionary: Dictionary::new(),
            gap: None,
            revision: None,
            facts: Facts::default(),
            offset: 0,
        };
        let located = one.locate(pdf, last, revisions);
        if let Err(finding) = located {
            one.facts.fail(SubIndication::FormatFailure, finding);
        }
        one
    }

    /// Finds dictionary, byte range and revision, and holds them against the bytes.
    fn locate(&mut self, pdf: &[u8], last: &Revision, revisions: &mut Revisions<'_>) -> Result<(), Finding> {
        let wrapped = |detail: &str| Attack::SignatureWrapping.finding(detail);
        let replaced = |detail: &str| Attack::ReplacedSignature.finding(detail);
        let forged = |detail: &str| Attack::UniversalForgery.finding(detail);
        let Some(FieldValue::Indirect(id)) = self.field.value else {
            return Err(forged("the signature is not an object of its own"));
        };
        self.dictionary_id = Some(id);
        self.dictionary = last.dictionary(id).cloned().ok_or_else(|| forged("the field has no signature dictionary"))?;
        match self.dictionary.get(b"Contents") {
            Ok(Object::String(octets, _)) if octets.iter().any(|octet| *octet != 0) => {}
            Ok(_) => return Err(forged("the signature is empty")),
            Err(_) => return Err(forged("the signature is missing")),
        }
        let (gap, end) = ranges(&self.dictionary)?;
        if end > pdf.len() {
            return Err(wrapped("it reaches past the end of the file"));
        }
        if !revision_ends(pdf).contains(&end) {
            return Err(wrapped("it does not end where a revision ends"));
        }
        let revision = revisions.at(end)?;
        let fields = revision.signature_fields()?;
        if !fields.iter().any(|field| field.id == self.field.id && field.value == Some(FieldValue::Indirect(id))) {
            return Err(replaced("the field does not hold this signature in the signed revision"));
        }
        if revision.dictionary(id) != Some(&self.dictionary) {
            return Err(replaced("the signature was replaced after the signed revision"));
        }
        self.offset = revision.offset(id).ok_or_else(|| forged("the signature stands in a compressed stream"))?;
        self.check_gap(pdf, id, &gap)?;
        self.gap = Some(gap);
        self.revision = Some(revision);
        Ok(())
    }

    /// The gap must be exactly the `<hex>` of this dictionary's `/Contents`.
    fn check_gap(&self, pdf: &[u8], id: ObjectId, gap: &Range<usize>) -> Result<(), Finding> {
        let wrapped = |detail: &str| Attack::SignatureWrapping.finding(detail);
        let entries = lexer::dictionary_at(pdf, self.offset, id)
            .ok_or_else(|| Attack::UniversalForgery.finding("the signature dictionary cannot be read"))?;
        for (position, entry) in entries.iter().enumerate() {
            if entries.iter().take(position).any(|earlier| earlier.key == entry.key) {
                return Err(Attack::SignatureWrapping.finding("the signature dictionary has an entry twice"));
            }
        }
        let contents = entries.iter().find(|entry| entry.key == b"Contents").map(|entry| entry.value.clone());
        if contents.as_ref() != Some(gap) {
            return Err(wrapped("it leaves out something other than the signature itself"));
        }
        let value = pdf.get(gap.clone()).unwrap_or_default();
        let digits = value.strip_prefix(b"<").and_then(|rest| rest.strip_suffix(b">"));
        let octets = digits.and_then(|digits| hex::decode(digits).ok()).filter(|octets| !octets.is_empty());
        let octets = octets.ok_or_else(|| wrapped("the signature is not written in hexadecimal"))?;
        match self.dictionary.get(b"Contents") {
            Ok(Object::String(parsed, _)) if *parsed == octets => Ok(()),
            _ => Err(wrapped("the signature is not what its dictionary holds")),
        }
    }

    /// How much of the file is covered, its own place not counted.
    pub fn end(&self) -> usize {
        ranges(&self.dictionary).map_or(0, |(_, end)| end)
    }

    /// The `/SubFilter`, by which the form of the signature is known.
    pub fn kind(&self) -> Option<&[u8]> {
        self.dictionary.get(b"SubFilter").and_then(Object::as_name).ok()
    }

    /// Whether it is a document timestamp (EN 319 142-1 §5.4.3): a time for the file, and nobody's signature.
    pub fn is_timestamp(&self) -> bool {
        self.kind() == Some(b"ETSI.RFC3161") || self.dictionary.has_type(b"DocTimeStamp")
    }

    /// A signature stands in the revision it made, behind everything that was signed before.
    pub fn follows(&mut self, earlier: &Self) {
        if self.revision.is_some() && earlier.revision.is_some() && self.offset < earlier.end() {
            let finding = Attack::SignatureWrapping.finding("two signatures cover each other in part");
            self.facts.fail(SubIndication::FormatFailure, finding);
        }
    }

    /// What changed from this signature's revision to the next one's.
    pub fn compare(&mut self, next_end: usize, revisions: &mut Revisions<'_>) {
        let Some(revision) = self.revision.clone() else { return };
        if next_end == revision.end {
            return;
        }
        match revisions.at(next_end) {
            Ok(next) => self.changed(changes::forbidden(&revision, &next)),
            Err(finding) => self.facts.fail(SubIndication::FormatFailure, finding),
        }
    }

    /// After the last signature nothing may stand but a revision that adds validation data.
    pub fn nothing_but_validation_data(&mut self, pdf: &[u8], last: &Revision) {
        let Some(revision) = self.revision.clone() else { return };
        if revision.end == pdf.len() {
            return;
        }
        let mut differences = changes::forbidden(&revision, last);
        let is_revision = last.document.xref_start >= revision.end && revision_ends(pdf).contains(&pdf.len());
        if !is_revision || (differences.is_empty() && !changes::adds_validation_data(&revision, last)) {
            let detail = "bytes were added after the last signature";
            differences.push(Difference::other(Attack::IncrementalSaving, detail));
        }
        self.changed(differences);
    }

    fn changed(&mut self, differences: Vec<Difference>) {
        for finding in told(differences) {
            self.facts.fail(SubIndication::FormatFailure, finding);
        }
    }
}

/// Differences as they are told.
fn told(differences: Vec<Difference>) -> impl Iterator<Item = Finding> {
    let worst = differences.iter().map(|difference| difference.change).max();
    differences.into_iter().take(CHANGES_TOLD).map(move |difference| {
        let finding = match difference.attack {
            Some(attack) => attack.finding(difference.detail),
            None => Finding::error(oblik_domain::finding::Code::PdfChanged).with("detail", difference.detail),
        };
        finding.with("change", worst.map_or("", Change::as_str))
    })
}

/// What was changed since the revision that ends at `end`, and neither signing nor validation data explains.
///
/// A signature covers whatever its own revision changed. Who reads an earlier revision asks this as well: else the page that
/// was signed may show something else than what is read.
pub fn changes_since(pdf: &[u8], end: usize) -> Vec<Finding> {
    let mut revisions = Revisions::new(pdf);
    let compared = revisions.at(end).and_then(|old| Ok(changes::forbidden(&old, &*revisions.at(pdf.len())?)));
    match compared {
        Ok(differences) => told(differences).collect(),
        Err(finding) => vec![finding],
    }
}

/// Gap and end of `/ByteRange`, which must be four integers `0 a b c` with `a ≤ b`.
fn ranges(dictionary: &Dictionary) -> Result<(Range<usize>, usize), Finding> {
    let Ok(array) = dictionary.get(b"ByteRange").and_then(Object::as_array) else {
        return Err(Attack::UniversalForgery.finding("it does not say what it covers"));
    };
    let wrong = || Attack::UniversalForgery.finding("it is not four numbers that leave one gap");
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
