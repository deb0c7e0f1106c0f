//! Appending a revision to a PDF: new objects, their cross-reference section, a trailer that names the one before.
//!
//! The bytes that were there stay as they are.

use std::collections::BTreeMap;

use lopdf::xref::XrefType;
use lopdf::{Document, Object, ObjectId};

use crate::algorithm::sha256;
use crate::signing::SigningError;

pub(super) struct Appendix<'a> {
    previous: &'a Document,
    out: Vec<u8>,
    offsets: BTreeMap<ObjectId, usize>,
    next_number: u32,
}

impl<'a> Appendix<'a> {
    pub fn new(pdf: &[u8], previous: &'a Document) -> Self {
        let mut out = pdf.to_vec();
        if out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
        let in_table = previous.reference_table.entries.keys().next_back().copied().unwrap_or(0);
        let next_number = previous.max_id.max(in_table).max(previous.reference_table.size.saturating_sub(1)) + 1;
        Self { previous, out, offsets: BTreeMap::new(), next_number }
    }

    pub fn new_id(&mut self) -> ObjectId {
        let id = (self.next_number, 0);
        self.next_number += 1;
        id
    }

    pub fn object(&mut self, id: ObjectId, object: &Object) -> Result<(), SigningError> {
        let mut body = Vec::new();
        lopdf::Writer::write_object(&mut body, object).map_err(|error| SigningError::Pdf(error.to_string()))?;
        self.raw(id, &body);
        Ok(())
    }

    /// Writes an object from its text; where that text begins.
    pub fn raw(&mut self, id: ObjectId, body: &[u8]) -> usize {
        self.offsets.insert(id, self.out.len());
        self.out.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
        let start = self.out.len();
        self.out.extend_from_slice(body);
        self.out.extend_from_slice(b"\nendobj\n");
        start
    }

    /// Writes the cross-reference section in the form of the one before, and the trailer.
    pub fn finish(mut self) -> Result<Vec<u8>, SigningError> {
        let start = self.out.len();
        match self.previous.reference_table.cross_reference_type {
            XrefType::CrossReferenceTable => self.table()?,
            XrefType::CrossReferenceStream => self.stream()?,
        }
        self.out.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        Ok(self.out)
    }

    fn table(&mut self) -> Result<(), SigningError> {
        let trailer = self.trailer();
        self.out.extend_from_slice(b"xref\n");
        for run in runs(&self.offsets) {
            let first = run.first().map_or(0, |(id, _)| id.0);
            self.out.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
            for (id, offset) in run {
                self.out.extend_from_slice(format!("{offset:010} {:05} n\r\n", id.1).as_bytes());
            }
        }
        self.out.extend_from_slice(b"trailer\n");
        self.write(&Object::Dictionary(trailer))?;
        self.out.push(b'\n');
        Ok(())
    }

    fn stream(&mut self) -> Result<(), SigningError> {
        let id = self.new_id();
        self.offsets.insert(id, self.out.len());
        let mut content = Vec::new();
        let mut index = Vec::new();
        for run in runs(&self.offsets) {
            index.push(Object::from(run.first().map_or(0, |(id, _)| id.0)));
            index.push(Object::from(u32::try_from(run.len()).unwrap_or(u32::MAX)));
            for (id, offset) in run {
                let offset = u32::try_from(offset).map_err(|_| SigningError::Pdf("the file is too large".to_owned()))?;
                content.push(1);
                content.extend_from_slice(&offset.to_be_bytes());
                content.extend_from_slice(&id.1.to_be_bytes());
            }
        }
        let mut dictionary = self.trailer();
        dictionary.set("Type", Object::Name(b"XRef".to_vec()));
        dictionary.set("W", vec![Object::from(1), Object::from(4), Object::from(2)]);
        dictionary.set("Index", index);
        let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
        dictionary.set("Length", length);
        self.out.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
        self.write(&Object::Dictionary(dictionary))?;
        self.out.extend_from_slice(b"\nstream\n");
        self.out.extend_from_slice(&content);
        self.out.extend_from_slice(b"\nendstream\nendobj\n");
        Ok(())
    }

    fn write(&mut self, object: &Object) -> Result<(), SigningError> {
        lopdf::Writer::write_object(&mut self.out, object).map_err(|error| SigningError::Pdf(error.to_string()))
    }

    fn trailer(&self) -> lopdf::Dictionary {
        let mut trailer = lopdf::Dictionary::new();
        trailer.set("Size", self.next_number);
        for key in [&b"Root"[..], b"Info"] {
            if let Ok(value) = self.previous.trailer.get(key) {
                trailer.set(key, value.clone());
            }
        }
        trailer.set("Prev", Object::Integer(i64::try_from(self.previous.xref_start).unwrap_or(i64::MAX)));
        // The second part tells revisions apart; made from the content, the file is the same each time.
        let revision = sha256(&self.out).get(..16).unwrap_or_default().to_vec();
        let revision = Object::String(revision, lopdf::StringFormat::Hexadecimal);
        let first = self.previous.trailer.get(b"ID").and_then(Object::as_array).ok().and_then(|id| id.first().cloned());
        let first = match first {
            Some(Object::String(text, _)) => Object::String(text, lopdf::StringFormat::Hexadecimal),
            _ => revision.clone(),
        };
        trailer.set("ID", vec![first, revision]);
        trailer
    }
}

/// Runs of consecutive object numbers.
fn runs(offsets: &BTreeMap<ObjectId, usize>) -> Vec<Vec<(ObjectId, usize)>> {
    let mut runs: Vec<Vec<(ObjectId, usize)>> = Vec::new();
    for (id, offset) in offsets {
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|(last, _)| last.0 + 1 == id.0) => run.push((*id, *offset)),
            _ => runs.push(vec![(*id, *offset)]),
        }
    }
    runs
}
