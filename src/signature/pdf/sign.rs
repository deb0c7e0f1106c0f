//! Signing a PDF: PAdES B-B (EN 319 142-1 §6) in one appended revision.
//!
//! The first signature certifies: later revisions may only sign (DocMDP with P 2). It can leave an empty field for the
//! customer, which a later signature fills.

use chrono::{DateTime, Utc};
use lopdf::{Dictionary, Object, ObjectId};

use super::append::Appendix;
use super::revision::{Revision, load};
use crate::signing::{Signer, SigningError};

/// How a PDF is to be signed.
#[derive(Debug, Clone)]
pub struct PdfSigning {
    /// Who signs, as readers show it.
    pub name: String,
    pub reason: String,
    pub location: String,
    pub signing_time: DateTime<Utc>,
    /// An empty signature field of this name is filled; else one is made.
    pub field_name: String,
    /// Leaves an empty field of this name for the customer, unless there is one.
    pub customer_field: Option<String>,
}

/// Octets reserved for the signature beyond what it takes now.
const ROOM_OCTETS: usize = 1024;
/// Digits of an offset in `/ByteRange`: any file of up to 9 GB.
const OFFSET_DIGITS: usize = 10;

/// `pdf` with one more revision that signs all of it. The bytes of `pdf` are an exact prefix of what is returned, which
/// depends on the arguments alone (with RSA; ECDSA signatures are random).
///
/// # Errors
/// [`SigningError::Pdf`] when `pdf` cannot be read or the field is signed already; [`SigningError::Arithmetic`].
pub fn sign(pdf: &[u8], signer: &Signer, signing: &PdfSigning) -> Result<Vec<u8>, SigningError> {
    let refuse = |detail: &str| SigningError::Pdf(detail.to_owned());
    let revision = load(pdf, pdf.len()).map_err(|finding| refuse(&format!("{} {}", finding.code, finding.value("detail"))))?;
    let fields = revision.signature_fields().map_err(|_| refuse("too many form fields"))?;
    let existing = fields.iter().find(|field| field.name == signing.field_name);
    if existing.is_some_and(|field| field.value.is_some()) {
        return Err(SigningError::Pdf(format!("the field {} is signed already", signing.field_name)));
    }
    let is_first = fields.iter().all(|field| field.value.is_none());
    let customer_field = signing
        .customer_field
        .as_deref()
        .filter(|name| *name != signing.field_name && !fields.iter().any(|field| field.name == *name));

    let mut appendix = Appendix::new(pdf, &revision.document);
    let signature_id = appendix.new_id();
    let mut new_fields = Vec::new();
    match existing {
        Some(field) => {
            let mut dictionary = revision.dictionary(field.id).cloned().unwrap_or_default();
            dictionary.set("V", signature_id);
            appendix.object(field.id, &Object::Dictionary(dictionary))?;
        }
        None => new_fields.push((signing.field_name.as_str(), Some(signature_id))),
    }
    new_fields.extend(customer_field.map(|name| (name, None)));
    place_fields(&revision, &mut appendix, &new_fields, is_first.then_some(signature_id))?;

    let reserved = signer.message(&[], None, None)?.len() + ROOM_OCTETS;
    let draft = dictionary_text(signing, is_first, reserved);
    let start = appendix.raw(signature_id, draft.text.as_bytes());
    let mut out = appendix.finish()?;
    fill(&mut out, start, &draft, signer)?;
    Ok(out)
}

/// Makes the fields, hangs them into form and page, and writes the catalog when it changes.
fn place_fields(
    revision: &Revision,
    appendix: &mut Appendix<'_>,
    new_fields: &[(&str, Option<ObjectId>)],
    certifies: Option<ObjectId>,
) -> Result<(), SigningError> {
    let refuse = |detail: &str| SigningError::Pdf(detail.to_owned());
    let mut catalog = revision.catalog();
    let mut catalog_changed = false;
    let page = revision.document.page_iter().next().ok_or_else(|| refuse("it has no page"))?;
    let mut ids = Vec::new();
    for (name, value) in new_fields {
        let id = appendix.new_id();
        appendix.object(id, &Object::Dictionary(widget(name, page, *value)))?;
        ids.push(Object::Reference(id));
    }
    if !ids.is_empty() {
        append_to_array(revision, appendix, page, "Annots", &ids)?;
        let mut form = revision.form().cloned().unwrap_or_default();
        let fields = match form.get(b"Fields").ok() {
            Some(Object::Reference(id)) => {
                grow(revision, appendix, *id, &ids)?;
                None
            }
            Some(Object::Array(fields)) => Some(fields.iter().chain(&ids).cloned().collect()),
            _ => Some(ids.clone()),
        };
        if let Some(fields) = fields {
            form.set("Fields", Object::Array(fields));
        }
        form.set("SigFlags", Object::Integer(3));
        let form_id = if let Ok(Object::Reference(id)) = revision.catalog().get(b"AcroForm") {
            *id
        } else {
            let id = appendix.new_id();
            catalog.set("AcroForm", id);
            catalog_changed = true;
            id
        };
        appendix.object(form_id, &Object::Dictionary(form))?;
    }
    if let Some(signature) = certifies {
        let mut permissions = match revision.entry(&revision.catalog(), b"Perms") {
            Some(Object::Dictionary(permissions)) => permissions.clone(),
            _ => Dictionary::new(),
        };
        permissions.set("DocMDP", signature);
        catalog.set("Perms", permissions);
        catalog_changed = true;
    }
    if catalog_changed {
        let id = revision.catalog_id().ok_or_else(|| refuse("it has no catalog"))?;
        appendix.object(id, &Object::Dictionary(catalog))?;
    }
    Ok(())
}

fn append_to_array(
    revision: &Revision,
    appendix: &mut Appendix<'_>,
    owner: ObjectId,
    key: &str,
    items: &[Object],
) -> Result<(), SigningError> {
    let mut dictionary = revision.dictionary(owner).cloned().unwrap_or_default();
    let array = match dictionary.get(key.as_bytes()).ok() {
        Some(Object::Reference(id)) => return grow(revision, appendix, *id, items),
        Some(Object::Array(array)) => array.iter().chain(items).cloned().collect(),
        _ => items.to_vec(),
    };
    dictionary.set(key, Object::Array(array));
    appendix.object(owner, &Object::Dictionary(dictionary))
}

fn grow(revision: &Revision, appendix: &mut Appendix<'_>, id: ObjectId, items: &[Object]) -> Result<(), SigningError> {
    let array = revision.document.get_object(id).and_then(Object::as_array).cloned().unwrap_or_default();
    appendix.object(id, &Object::Array(array.into_iter().chain(items.iter().cloned()).collect()))
}

/// A signature field that is its own widget, printable and outside the page: it shows nothing, so PDF/A needs no appearance
/// and PDF/UA no tag.
fn widget(name: &str, page: ObjectId, value: Option<ObjectId>) -> Dictionary {
    let mut field = Dictionary::new();
    field.set("Type", Object::Name(b"Annot".to_vec()));
    field.set("Subtype", Object::Name(b"Widget".to_vec()));
    field.set("FT", Object::Name(b"Sig".to_vec()));
    field.set("T", lopdf::text_string(name));
    field.set("TU", lopdf::text_string(name));
    // Print, and for a signed field Locked as well.
    field.set("F", Object::Integer(if value.is_some() { 132 } else { 4 }));
    field.set("Rect", vec![Object::Integer(-1); 4]);
    field.set("P", page);
    if let Some(value) = value {
        field.set("V", value);
    }
    field
}

/// Text of a signature dictionary with room for what is known only later.
struct Draft {
    text: String,
    /// Within `text`: where the three offsets of `/ByteRange` stand, and the `<…>` of `/Contents`.
    range_at: usize,
    contents_at: usize,
    contents_length: usize,
}

fn dictionary_text(signing: &PdfSigning, certifies: bool, reserved_octets: usize) -> Draft {
    let mut text = String::from("<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange[0 ");
    let range_at = text.len();
    text.push_str(&" ".repeat(3 * (OFFSET_DIGITS + 1)));
    text.push_str("]/Contents");
    let contents_at = text.len();
    let contents_length = reserved_octets * 2 + 2;
    text.push('<');
    text.push_str(&"0".repeat(reserved_octets * 2));
    text.push('>');
    let stamp = signing.signing_time.format("D:%Y%m%d%H%M%S+00'00'");
    text.extend(["/M(", &stamp.to_string(), ")"]);
    for (key, value) in [("/Name<", &signing.name), ("/Reason<", &signing.reason), ("/Location<", &signing.location)] {
        if !value.is_empty() {
            text.extend([key, &hex::encode_upper(text_string(value)), ">"]);
        }
    }
    if certifies {
        text.push_str("/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/V/1.2/P 2>>>>]");
    }
    text.push_str(">>");
    Draft { text, range_at, contents_at, contents_length }
}

/// UTF-16 with its mark, which every reader understands.
fn text_string(text: &str) -> Vec<u8> {
    [0xfe, 0xff].into_iter().chain(text.encode_utf16().flat_map(u16::to_be_bytes)).collect()
}

/// Writes the byte range, then the signature over everything but its own place.
fn fill(out: &mut [u8], start: usize, draft: &Draft, signer: &Signer) -> Result<(), SigningError> {
    let gap_start = start + draft.contents_at;
    let gap_end = gap_start + draft.contents_length;
    let range = format!("{gap_start} {gap_end} {}", out.len().saturating_sub(gap_end));
    put(out, start + draft.range_at, range.as_bytes());
    let before = out.get(..gap_start).unwrap_or_default();
    let after = out.get(gap_end..).unwrap_or_default();
    let message = signer.message(&[before, after], None, None)?;
    if message.len() * 2 + 2 > draft.contents_length {
        return Err(SigningError::Pdf("the signature is larger than its place".to_owned()));
    }
    put(out, gap_start + 1, hex::encode(message).as_bytes());
    Ok(())
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    for (place, byte) in out.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}
