//! Appending a revision to a PDF: new and changed objects, their cross-reference section, a trailer that names the one before.
//!
//! The bytes that were there stay as they are.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use lopdf::ObjectId;

use super::base::{Base, refuse};
use super::text::{Entries, items, refer, reference, with_item};
use crate::algorithm::sha256;
use crate::signing::SigningError;

pub(super) struct Appendix<'a> {
    base: &'a Base<'a>,
    /// What this revision writes.
    objects: BTreeMap<ObjectId, Vec<u8>>,
    next_number: u32,
}

impl<'a> Appendix<'a> {
    pub fn new(base: &'a Base<'a>) -> Self {
        Self { base, objects: BTreeMap::new(), next_number: base.next_number }
    }

    pub fn new_id(&mut self) -> ObjectId {
        let id = (self.next_number, 0);
        self.next_number += 1;
        id
    }

    /// Writes an object, in the place of what it was.
    pub fn put(&mut self, id: ObjectId, text: impl Into<Vec<u8>>) {
        self.objects.insert(id, text.into());
    }

    /// Writes a new object.
    pub fn add(&mut self, text: impl Into<Vec<u8>>) -> ObjectId {
        let id = self.new_id();
        self.put(id, text);
        id
    }

    /// The text of an object as it is by now.
    pub fn object(&self, id: ObjectId) -> Option<Vec<u8>> {
        self.objects.get(&id).cloned().or_else(|| self.base.object(id).map(std::borrow::Cow::into_owned))
    }

    pub fn entries(&self, id: ObjectId) -> Option<Entries> {
        Entries::of(&self.object(id)?)
    }

    /// `value`, or what it refers to.
    pub fn follow(&self, value: &[u8]) -> Option<Vec<u8>> {
        match reference(value) {
            Some(id) => self.object(id),
            None => Some(value.to_vec()),
        }
    }

    pub fn catalog_id(&self) -> Result<ObjectId, SigningError> {
        self.base.trailer.get("Root").and_then(reference).ok_or_else(|| refuse("it has no catalog"))
    }

    pub fn catalog(&self) -> Result<Entries, SigningError> {
        self.entries(self.catalog_id()?).ok_or_else(|| refuse("it has no catalog"))
    }

    /// Adds `item` to the array at `key` of `owner`, wherever that array stands; one is made where there is none.
    pub fn push(&mut self, owner: &mut Entries, key: &str, item: &str) -> Result<(), SigningError> {
        let broken = || refuse(format!("its {key} cannot be read"));
        let Some(value) = owner.get(key).map(<[u8]>::to_vec) else {
            owner.set(key, format!("[{item}]"));
            return Ok(());
        };
        if let Some(id) = reference(&value)
            && let Some(array) = self.object(id).filter(|text| items(text).is_some())
        {
            self.put(id, with_item(&array, item.as_bytes()).ok_or_else(broken)?);
        } else if items(&value).is_some() {
            owner.set(key, with_item(&value, item.as_bytes()).ok_or_else(broken)?);
        } else {
            // One alone may stand without an array.
            owner.set(key, [b"[", value.as_slice(), b" ", item.as_bytes(), b"]"].concat());
        }
        Ok(())
    }

    /// The file with this revision, and where the text of the object `marked` begins.
    pub fn finish(mut self, marked: ObjectId) -> Result<(Vec<u8>, usize), SigningError> {
        let pdf = self.base.pdf;
        let size = self.objects.values().map(|text| text.len() + 24 + 22).sum::<usize>();
        let mut out = Vec::with_capacity(pdf.len() + size + 512);
        out.extend_from_slice(pdf);
        if out.last() != Some(&b'\n') {
            out.push(b'\n');
        }
        let mut offsets = BTreeMap::new();
        let mut mark = None;
        for (id, text) in &self.objects {
            offsets.insert(*id, out.len());
            out.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
            if *id == marked {
                mark = Some(out.len());
            }
            out.extend_from_slice(text);
            out.extend_from_slice(b"\nendobj\n");
        }
        let start = out.len();
        if self.base.has_xref_stream {
            self.stream(&mut out, offsets)?;
        } else {
            self.table(&mut out, &offsets);
        }
        out.extend_from_slice(format!("startxref\n{start}\n%%EOF\n").as_bytes());
        Ok((out, mark.ok_or_else(|| refuse("nothing was written"))?))
    }

    fn table(&self, out: &mut Vec<u8>, offsets: &BTreeMap<ObjectId, usize>) {
        let trailer = self.trailer(out).text();
        out.extend_from_slice(b"xref\n");
        for run in runs(offsets) {
            let first = run.first().map_or(0, |(id, _)| id.0);
            out.extend_from_slice(format!("{first} {}\n", run.len()).as_bytes());
            for (id, offset) in run {
                out.extend_from_slice(format!("{offset:010} {:05} n\r\n", id.1).as_bytes());
            }
        }
        out.extend_from_slice(b"trailer\n");
        out.extend_from_slice(&trailer);
        out.push(b'\n');
    }

    fn stream(&mut self, out: &mut Vec<u8>, mut offsets: BTreeMap<ObjectId, usize>) -> Result<(), SigningError> {
        let id = self.new_id();
        offsets.insert(id, out.len());
        let mut content = Vec::new();
        let mut index = String::new();
        for run in runs(&offsets) {
            let _ = write!(index, "{} {} ", run.first().map_or(0, |(id, _)| id.0), run.len());
            for (id, offset) in run {
                let offset = u32::try_from(offset).map_err(|_| refuse("the file is too large"))?;
                content.push(1);
                content.extend_from_slice(&offset.to_be_bytes());
                content.extend_from_slice(&id.1.to_be_bytes());
            }
        }
        let mut dictionary = self.trailer(out);
        dictionary.set("Type", "/XRef");
        dictionary.set("W", "[1 4 2]");
        dictionary.set("Index", format!("[{}]", index.trim_end()));
        dictionary.set("Length", content.len().to_string());
        out.extend_from_slice(format!("{} {} obj\n", id.0, id.1).as_bytes());
        out.extend_from_slice(&dictionary.text());
        out.extend_from_slice(b"\nstream\n");
        out.extend_from_slice(&content);
        out.extend_from_slice(b"\nendstream\nendobj\n");
        Ok(())
    }

    fn trailer(&self, out: &[u8]) -> Entries {
        let mut trailer = Entries::default();
        trailer.set("Size", self.next_number.to_string());
        for key in ["Root", "Info"] {
            if let Some(value) = self.base.trailer.get(key) {
                trailer.set(key, value);
            }
        }
        trailer.set("Prev", self.base.xref_start.to_string());
        // The second part tells revisions apart; made from the content, the file is the same each time. Where the file has parts
        // already they stand for what was there.
        let parts = self.base.trailer.get("ID").and_then(|id| self.follow(id));
        let parts = parts.as_deref().and_then(items).filter(|parts| parts.len() == 2);
        let seed = match &parts {
            Some(parts) => [parts.concat().as_slice(), out.get(self.base.pdf.len()..).unwrap_or_default()].concat(),
            None => out.to_vec(),
        };
        let revision = format!("<{}>", hex::encode_upper(sha256(&seed).get(..16).unwrap_or_default()));
        let first =
            parts.and_then(|parts| parts.first().map(|first| first.to_vec())).unwrap_or_else(|| revision.clone().into_bytes());
        trailer.set("ID", [b"[", first.as_slice(), revision.as_bytes(), b"]"].concat());
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

/// `12 0 R` of a list of objects.
pub(super) fn references(ids: &[ObjectId]) -> String {
    ids.iter().map(|id| refer(*id)).collect::<Vec<_>>().join(" ")
}
