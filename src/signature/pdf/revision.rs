//! One revision of a PDF: the file up to an end-of-file mark, as a reader of that day saw it.

use std::rc::Rc;

use lopdf::xref::XrefEntry;
use lopdf::{Dictionary, Document, LoadOptions, Object, ObjectId};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use super::attack::Attack;
use super::bytes::find_all;
use super::{object_streams, polyglot};

/// Signature fields looked at in one file, and how deep fields may nest.
const FIELDS_MAX: usize = 200;
const FIELD_DEPTH_MAX: usize = 8;

#[derive(Debug)]
pub(super) struct Revision {
    pub document: Document,
    /// Length of the file up to the end of this revision.
    pub end: usize,
}

/// A field of type Sig, by the object it is.
#[derive(Debug, Clone)]
pub(super) struct SignatureField {
    pub id: ObjectId,
    /// Full name, from the topmost field down.
    pub name: String,
    /// The signature dictionary; `None` for an empty field.
    pub value: Option<FieldValue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldValue {
    Indirect(ObjectId),
    Direct,
}

/// Reads the first `end` bytes of `pdf` strictly: a damaged file is refused, never repaired.
pub(super) fn load(pdf: &[u8], end: usize) -> Result<Revision, Finding> {
    let broken = |detail: &str| Finding::error(Code::PdfBroken).with("detail", detail);
    let bytes = pdf.get(..end).ok_or_else(|| broken("it is cut short"))?;
    if pdf.len() > limits::PDF_BYTES {
        return Err(Finding::error(Code::SignatureLimit).with("what", "bytes of a PDF").with("limit", limits::PDF_BYTES));
    }
    // Readers that look for the header further on see another file than those that do not.
    if !bytes.starts_with(b"%PDF-") {
        return Err(polyglot::before_header(bytes).unwrap_or_else(|| broken("it does not begin as a PDF")));
    }
    if find_all(bytes, b"/XRefStm").next().is_some() {
        return Err(Attack::HybridReference.finding("it has two cross-reference tables for one revision"));
    }
    let each = object_streams::check(bytes)?;
    let options = LoadOptions { strict: true, max_decompressed_size: Some(each), ..LoadOptions::default() };
    let mut document = Document::load_mem_with_options(bytes, options).map_err(|error| broken(&error.to_string()))?;
    if document.objects.len() > limits::PDF_OBJECTS {
        return Err(Finding::error(Code::SignatureLimit).with("what", "objects of a PDF").with("limit", limits::PDF_OBJECTS));
    }
    if document.xref_section_count > limits::PDF_REVISIONS {
        return Err(Finding::error(Code::SignatureLimit).with("what", "revisions").with("limit", limits::PDF_REVISIONS));
    }
    if document.is_encrypted() || document.was_encrypted() {
        return Err(Attack::Encryption.finding("it is encrypted"));
    }
    document.catalog().map_err(|_| broken("it has no catalog"))?;
    // An object stream may hold objects that no cross-reference names: to a reader they do not exist.
    let Document { objects, reference_table, .. } = &mut document;
    objects.retain(|id, _| reference_table.get(id.0).is_some_and(|entry| entry.is_normal() || entry.is_compressed()));
    Ok(Revision { document, end })
}

/// The revisions of a file, each read once.
pub(super) struct Revisions<'a> {
    pdf: &'a [u8],
    known: Vec<Rc<Revision>>,
}

impl<'a> Revisions<'a> {
    pub fn new(pdf: &'a [u8]) -> Self {
        Self { pdf, known: Vec::new() }
    }

    /// The file as it was when it had `end` bytes.
    pub fn at(&mut self, end: usize) -> Result<Rc<Revision>, Finding> {
        if let Some(known) = self.known.iter().find(|revision| revision.end == end) {
            return Ok(Rc::clone(known));
        }
        let revision = Rc::new(load(self.pdf, end)?);
        self.known.push(Rc::clone(&revision));
        Ok(revision)
    }

    pub fn known(&self) -> &[Rc<Revision>] {
        &self.known
    }
}

impl Revision {
    pub fn catalog_id(&self) -> Option<ObjectId> {
        self.document.trailer.get(b"Root").and_then(Object::as_reference).ok()
    }

    pub fn catalog(&self) -> Dictionary {
        self.document.catalog().cloned().unwrap_or_default()
    }

    /// The value of `key`, followed through references.
    pub fn entry<'a>(&'a self, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
        dictionary.get(key).ok().and_then(|value| self.follow(value))
    }

    pub fn follow<'a>(&'a self, object: &'a Object) -> Option<&'a Object> {
        self.document.dereference(object).ok().map(|(_, object)| object)
    }

    pub fn dictionary(&self, id: ObjectId) -> Option<&Dictionary> {
        self.document.get_object(id).ok().and_then(|object| object.as_dict().ok())
    }

    pub fn form(&self) -> Option<&Dictionary> {
        let catalog = self.document.catalog().ok()?;
        self.entry(catalog, b"AcroForm")?.as_dict().ok()
    }

    /// Where the object stands in the file; `None` inside an object stream.
    pub fn offset(&self, id: ObjectId) -> Option<usize> {
        match self.document.reference_table.get(id.0)? {
            XrefEntry::Normal { offset, generation } if *generation == id.1 => usize::try_from(*offset).ok(),
            _ => None,
        }
    }

    /// Every signature field the form holds.
    pub fn signature_fields(&self) -> Result<Vec<SignatureField>, Finding> {
        let mut found = Vec::new();
        let Some(form) = self.form() else { return Ok(found) };
        let roots = self.entry(form, b"Fields").and_then(|fields| fields.as_array().ok());
        let mut budget = limits::PDF_OBJECTS;
        for field in roots.into_iter().flatten() {
            self.collect(field, "", false, FIELD_DEPTH_MAX, &mut budget, &mut found)?;
        }
        Ok(found)
    }

    fn collect(
        &self,
        field: &Object,
        parent_name: &str,
        is_signature: bool,
        depth: usize,
        budget: &mut usize,
        found: &mut Vec<SignatureField>,
    ) -> Result<(), Finding> {
        let too_many = || Finding::error(Code::SignatureLimit).with("what", "form fields").with("limit", FIELDS_MAX);
        *budget = budget.checked_sub(1).ok_or_else(too_many)?;
        let depth = depth.checked_sub(1).ok_or_else(too_many)?;
        let Some(id) = field.as_reference().ok() else { return Ok(()) };
        let Some(dictionary) = self.dictionary(id) else { return Ok(()) };
        let is_signature = match self.entry(dictionary, b"FT") {
            Some(Object::Name(name)) => name == b"Sig",
            _ => is_signature,
        };
        let own = self.entry(dictionary, b"T").and_then(|name| lopdf::decode_text_string(name).ok()).unwrap_or_default();
        let name =
            if parent_name.is_empty() || own.is_empty() { format!("{parent_name}{own}") } else { format!("{parent_name}.{own}") };
        let value = match dictionary.get(b"V") {
            Ok(Object::Reference(value)) => Some(FieldValue::Indirect(*value)),
            Ok(Object::Null) | Err(_) => None,
            Ok(_) => Some(FieldValue::Direct),
        };
        let kids = self.entry(dictionary, b"Kids").and_then(|kids| kids.as_array().ok());
        if is_signature && (value.is_some() || kids.is_none() || dictionary.has(b"T")) {
            if found.len() >= FIELDS_MAX {
                return Err(too_many());
            }
            found.push(SignatureField { id, name: name.clone(), value });
        }
        for kid in kids.into_iter().flatten() {
            // A widget without a name of its own belongs to its field; only fields are asked further.
            let is_field =
                kid.as_reference().ok().and_then(|kid| self.dictionary(kid)).is_some_and(|kid| kid.has(b"T") || kid.has(b"V"));
            if is_field {
                self.collect(kid, &name, is_signature, depth, budget, found)?;
            }
        }
        Ok(())
    }
}
