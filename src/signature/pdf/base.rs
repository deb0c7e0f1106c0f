//! A PDF as it is appended to: where its objects stand, and nothing read that is not asked for.
//!
//! A file is read from its cross-references alone, as long as nothing is asked for that lies in an object stream. What is not
//! understood this way is read whole.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;

use lopdf::ObjectId;
use lopdf::xref::XrefType;
use oblik_domain::limits;

use super::lexer::{header_at, regular_end, skip_space, value_end};
use super::object_streams::{STREAM_BYTES, stream_at};
use super::revision::{Revision, SignatureField, load};
use super::text::{Entries, integer, items, reference};
use crate::signing::SigningError;

const DEPTH_MAX: usize = 32;
/// Entries of a table that are at least as long as this in any file.
const ENTRY_BYTES: usize = 10;

#[derive(Debug)]
pub(super) struct Base<'a> {
    pub pdf: &'a [u8],
    pub trailer: Entries,
    pub xref_start: usize,
    pub has_xref_stream: bool,
    /// The first object number that nothing has.
    pub next_number: u32,
    objects: Objects,
}

#[derive(Debug)]
enum Objects {
    /// Read one by one; the file whole once something in an object stream is asked for.
    Places(HashMap<u32, Place>, OnceCell<Option<Box<Revision>>>),
    Whole(Box<Revision>),
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// Offset and generation.
    Plain(usize, u16),
    InStream,
    Free,
}

pub(super) fn refuse(detail: impl Into<String>) -> SigningError {
    SigningError::Pdf(detail.into())
}

impl<'a> Base<'a> {
    /// # Errors
    /// [`SigningError::Pdf`] when `pdf` cannot be read.
    pub fn read(pdf: &'a [u8]) -> Result<Self, SigningError> {
        if let Some(base) = places(pdf) {
            return Ok(base);
        }
        let revision = whole(pdf)?;
        let document = &revision.document;
        let mut trailer = Entries::default();
        for key in ["Root", "Info", "ID"] {
            if let Ok(value) = document.trailer.get(key.as_bytes()) {
                trailer.set(key, written(value)?);
            }
        }
        let in_table = document.reference_table.entries.keys().next_back().copied().unwrap_or(0);
        let size = document.reference_table.size.saturating_sub(1);
        Ok(Self {
            pdf,
            trailer,
            xref_start: document.xref_start,
            has_xref_stream: matches!(document.reference_table.cross_reference_type, XrefType::CrossReferenceStream),
            next_number: document.max_id.max(in_table).max(size).saturating_add(1),
            objects: Objects::Whole(Box::new(revision)),
        })
    }

    /// The text of an object; of a stream, its dictionary.
    pub fn object(&self, id: ObjectId) -> Option<Cow<'a, [u8]>> {
        match &self.objects {
            Objects::Places(places, whole_file) => match places.get(&id.0)? {
                Place::Plain(offset, generation) => {
                    let (found, body) = header_at(self.pdf, *offset)?;
                    let end = value_end(self.pdf, body, DEPTH_MAX)?;
                    (found == id && *generation == id.1).then(|| self.pdf.get(body..end).map(Cow::Borrowed))?
                }
                Place::InStream => {
                    let revision = whole_file.get_or_init(|| whole(self.pdf).ok().map(Box::new));
                    in_revision(revision.as_deref()?, id)
                }
                Place::Free => None,
            },
            Objects::Whole(revision) => in_revision(revision, id),
        }
    }

    /// The signature fields of the form.
    ///
    /// # Errors
    /// [`SigningError::Pdf`]
    pub fn signature_fields(&self, form: Option<&Entries>) -> Result<Vec<SignatureField>, SigningError> {
        let is_empty =
            form.and_then(|form| form.get("Fields")).is_none_or(|fields| items(fields).is_some_and(|all| all.is_empty()));
        if is_empty {
            return Ok(Vec::new());
        }
        let fields = match &self.objects {
            Objects::Places(..) => whole(self.pdf)?.signature_fields(),
            Objects::Whole(revision) => revision.signature_fields(),
        };
        fields.map_err(|_| refuse("too many form fields"))
    }
}

fn whole(pdf: &[u8]) -> Result<Revision, SigningError> {
    load(pdf, pdf.len()).map_err(|finding| refuse(format!("{} {}", finding.code, finding.value("detail"))))
}

fn in_revision<'a>(revision: &Revision, id: ObjectId) -> Option<Cow<'a, [u8]>> {
    let object = revision.document.get_object(id).ok()?;
    let text = match object.as_stream() {
        Ok(stream) => written(&lopdf::Object::Dictionary(stream.dict.clone())),
        Err(_) => written(object),
    };
    text.ok().map(Cow::Owned)
}

fn written(object: &lopdf::Object) -> Result<Vec<u8>, SigningError> {
    let mut text = Vec::new();
    lopdf::Writer::write_object(&mut text, object).map_err(|error| refuse(error.to_string()))?;
    Ok(text)
}

/// Reads the cross-references of a file; `None` where they are not as any program writes them.
fn places(pdf: &[u8]) -> Option<Base<'_>> {
    if !pdf.starts_with(b"%PDF-") || pdf.len() > limits::PDF_BYTES {
        return None;
    }
    let tail = pdf.len().saturating_sub(64);
    let mark = tail + memchr::memmem::rfind(pdf.get(tail..)?, b"startxref")?;
    let (xref_start, _) = number(pdf, skip_space(pdf, mark + 9))?;
    let has_xref_stream = !pdf.get(xref_start..)?.starts_with(b"xref");
    let mut places = HashMap::new();
    let mut newest = None;
    let mut next = Some(xref_start);
    let mut size = 0;
    for _ in 0..limits::PDF_REVISIONS {
        let Some(at) = next else { break };
        let is_table = pdf.get(at..)?.starts_with(b"xref");
        let trailer = if is_table { table(pdf, at, &mut places)? } else { stream(pdf, at, &mut places)? };
        if trailer.get("Encrypt").or_else(|| trailer.get("XRefStm")).is_some() {
            return None;
        }
        size = size.max(integer(trailer.get("Size")?)?);
        next = match trailer.get("Prev") {
            Some(previous) => Some(usize::try_from(integer(previous)?).ok()?),
            None => None,
        };
        newest.get_or_insert(trailer);
    }
    let trailer = newest.filter(|_| next.is_none())?;
    reference(trailer.get("Root")?)?;
    let highest = places.keys().max()?.checked_add(1)?;
    let next_number = highest.max(u32::try_from(size).ok()?);
    Some(Base { pdf, trailer, xref_start, has_xref_stream, next_number, objects: Objects::Places(places, OnceCell::new()) })
}

/// Reads the cross-reference stream at `at` into `places`, where newer ones stand already; its dictionary.
/// Source: ISO 32000-1 §7.5.8.
fn stream(pdf: &[u8], at: usize, places: &mut HashMap<u32, Place>) -> Option<Entries> {
    let (_, body) = header_at(pdf, at)?;
    let trailer = Entries::of(pdf.get(body..)?)?;
    if trailer.get("Type") != Some(b"/XRef") {
        return None;
    }
    let numbers = |key: &str| -> Option<Vec<usize>> {
        items(trailer.get(key)?)?.into_iter().map(|item| usize::try_from(integer(item)?).ok()).collect()
    };
    let widths = numbers("W").filter(|widths| widths.iter().all(|width| *width <= 4))?;
    let [kind, second, third] = widths[..] else { return None };
    // Without a first field all would be of one kind, which no file is.
    if kind == 0 {
        return None;
    }
    let sections = match trailer.get("Index") {
        Some(_) => numbers("Index")?,
        None => vec![0, usize::try_from(integer(trailer.get("Size")?)?).ok()?],
    };
    let content = stream_at(pdf, at)?.get_plain_content_with_limit(STREAM_BYTES).ok()?;
    let mut rows = content.chunks_exact(kind + second + third);
    let value = |octets: &[u8]| octets.iter().fold(0_usize, |value, octet| value << 8 | usize::from(*octet));
    for section in sections.chunks_exact(2) {
        let [first, count] = section else { return None };
        for index in 0..*count {
            let (what, rest) = rows.next()?.split_at_checked(kind)?;
            let (offset, generation) = rest.split_at_checked(second)?;
            let place = match value(what) {
                0 => Place::Free,
                1 => Place::Plain(value(offset), u16::try_from(value(generation)).ok()?),
                2 => Place::InStream,
                _ => return None,
            };
            places.entry(u32::try_from(first.checked_add(index)?).ok()?).or_insert(place);
        }
    }
    Some(trailer)
}

/// Reads the table at `at` into `places`, where newer ones stand already; its trailer.
fn table(pdf: &[u8], at: usize, places: &mut HashMap<u32, Place>) -> Option<Entries> {
    let mut at = skip_space(pdf, at + pdf.get(at..)?.starts_with(b"xref").then_some(4)?);
    while !pdf.get(at..)?.starts_with(b"trailer") {
        let (first, next) = number(pdf, at)?;
        let (count, next) = number(pdf, next)?;
        if count > pdf.len() / ENTRY_BYTES {
            return None;
        }
        at = next;
        for index in 0..count {
            let (offset, next) = number(pdf, at)?;
            let (generation, next) = number(pdf, next)?;
            let end = regular_end(pdf, next);
            let id = u32::try_from(first.checked_add(index)?).ok()?;
            match pdf.get(next..end)? {
                b"n" => drop(places.entry(id).or_insert(Place::Plain(offset, u16::try_from(generation).ok()?))),
                // Free: no offset, and an older table's does not count.
                b"f" => drop(places.entry(id).or_insert(Place::Free)),
                _ => return None,
            }
            at = skip_space(pdf, end);
        }
    }
    let start = skip_space(pdf, at + 7);
    Entries::of(pdf.get(start..value_end(pdf, start, DEPTH_MAX)?)?)
}

/// The number at `at`, and where the next word begins.
fn number(pdf: &[u8], at: usize) -> Option<(usize, usize)> {
    let end = regular_end(pdf, at);
    let number = std::str::from_utf8(pdf.get(at..end)?).ok()?.parse().ok()?;
    Some((number, skip_space(pdf, end)))
}
