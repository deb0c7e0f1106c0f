//! Files attached to a signed PDF: where the act's numbers are read from.

use lopdf::{Dictionary, Object, ObjectId};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use super::revision::{Revision, load};
use crate::verdict::{SignedKind, Verified};

/// Nodes of the name tree that are looked at, and its depth.
const NODES_MAX: usize = 500;
const DEPTH_MAX: usize = 10;

/// The content of the attached file `name` of a signed PDF.
///
/// # Errors
/// A finding when the bytes are no PDF, when there is no such file or more than one, or when it unfolds past the limit.
pub fn embedded_file(verified: &Verified, name: &str) -> Result<Vec<u8>, Finding> {
    if verified.kind() != SignedKind::PdfRevision {
        return Err(Finding::error(Code::PdfBroken).with("detail", "it is not a PDF"));
    }
    file_within(verified.bytes(), name)
}

/// As [`embedded_file`], of a PDF that lies in verified bytes: one revision of them, or an attachment of a signed message.
///
/// # Errors
/// As [`embedded_file`].
pub fn file_within(pdf: &[u8], name: &str) -> Result<Vec<u8>, Finding> {
    let broken = |detail: String| Finding::error(Code::PdfBroken).with("detail", detail);
    let revision = load(pdf, pdf.len())?;
    let named = named_files(&revision);
    let wanted = named.iter().map(|file| file.specification);
    let wanted = wanted.filter(|specification| file_name(&revision, specification).as_deref() == Some(name));
    let wanted: Vec<&Dictionary> = wanted.collect();
    let specification = match wanted.as_slice() {
        [] => return Err(broken(format!("the file {name} is not attached"))),
        [one] => one,
        _ => return Err(broken(format!("the file {name} is attached more than once"))),
    };
    let files = revision.entry(specification, b"EF").and_then(|files| files.as_dict().ok());
    let stream = files.and_then(|files| revision.entry(files, b"F").or_else(|| revision.entry(files, b"UF")));
    let stream = stream.and_then(|stream| stream.as_stream().ok());
    let stream = stream.ok_or_else(|| broken(format!("the attached file {name} has no content")))?;
    stream
        .decompressed_content_with_limit(limits::PDF_STREAM_BYTES)
        .map_err(|error| broken(format!("the attached file {name} cannot be read: {error}")))
}

/// A file in the list of attached files (`/EmbeddedFiles`).
pub(super) struct Named<'a> {
    /// Its name in the list.
    pub key: String,
    /// The object its specification is; `None` where that is written in the list itself.
    pub id: Option<ObjectId>,
    pub specification: &'a Dictionary,
}

/// The files that are attached to the document as readers list them.
pub(super) fn named_files(revision: &Revision) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    let Ok(catalog) = revision.document.catalog() else { return found };
    if let Some(Object::Dictionary(names)) = revision.entry(catalog, b"Names")
        && let Some(Object::Dictionary(root)) = revision.entry(names, b"EmbeddedFiles")
    {
        let mut budget = NODES_MAX;
        collect(revision, root, DEPTH_MAX, &mut budget, &mut found);
    }
    found
}

fn collect<'a>(revision: &'a Revision, node: &'a Dictionary, depth: usize, budget: &mut usize, found: &mut Vec<Named<'a>>) {
    let (Some(depth), Some(left)) = (depth.checked_sub(1), budget.checked_sub(1)) else { return };
    *budget = left;
    if let Some(Object::Array(pairs)) = revision.entry(node, b"Names") {
        for pair in pairs.chunks(2).take(NODES_MAX) {
            let [key, value] = pair else { continue };
            let Some(specification) = revision.follow(value).and_then(|value| value.as_dict().ok()) else { continue };
            let key = revision.follow(key).and_then(|key| lopdf::decode_text_string(key).ok()).unwrap_or_default();
            found.push(Named { key, id: value.as_reference().ok(), specification });
        }
    }
    if let Some(Object::Array(kids)) = revision.entry(node, b"Kids") {
        for kid in kids.iter().take(NODES_MAX) {
            if let Some(Object::Dictionary(kid)) = revision.follow(kid) {
                collect(revision, kid, depth, budget, found);
            }
        }
    }
}

fn file_name(revision: &Revision, specification: &Dictionary) -> Option<String> {
    let name = revision.entry(specification, b"UF").or_else(|| revision.entry(specification, b"F"))?;
    lopdf::decode_text_string(name).ok()
}
