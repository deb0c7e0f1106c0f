//! What a signed act must not contain: anything that acts, hides or changes what is shown.

use lopdf::{Dictionary, Object};

use super::attack::Attack;
use super::revision::Revision;
use crate::verdict::Facts;

/// Nesting of direct objects that is looked into; `lopdf` bounds what it reads, this bounds our own stack.
const DEPTH_MAX: usize = 100;
/// Annotations held against each other on one page.
const ANNOTATIONS_MAX: usize = 300;

/// Pairs of annotations that are held against each other in one file.
const COMPARISONS_MAX: usize = 1_000_000;

/// Kinds of action that do more than move about the document or open a link that was clicked.
const ACTIONS: [(&[u8], Attack); 17] = [
    (b"JavaScript", Attack::JavaScript),
    (b"Launch", Attack::Launch),
    (b"SubmitForm", Attack::SubmitForm),
    (b"ImportData", Attack::ExternalReference),
    (b"GoToR", Attack::ExternalReference),
    (b"GoToE", Attack::ExternalReference),
    (b"ResetForm", Attack::Action),
    (b"Hide", Attack::Action),
    (b"SetOCGState", Attack::OptionalContent),
    (b"Rendition", Attack::RichMedia),
    (b"Movie", Attack::RichMedia),
    (b"Sound", Attack::RichMedia),
    (b"RichMediaExecute", Attack::RichMedia),
    (b"GoTo3DView", Attack::RichMedia),
    (b"Trans", Attack::Action),
    (b"GoToDp", Attack::Action),
    (b"Thread", Attack::Action),
];

/// Annotations that may lie over other content and cover it.
const COVERING: [&[u8]; 10] =
    [b"FreeText", b"Stamp", b"Redact", b"Square", b"Circle", b"Polygon", b"Watermark", b"Screen", b"3D", b"FileAttachment"];

pub(super) fn judge(last: &Revision, facts: &mut Facts) {
    let mut found: Vec<(Attack, &'static str)> = Vec::new();
    let catalog = last.catalog();
    for (key, attack, reason) in [
        (&b"OCProperties"[..], Attack::OptionalContent, "it has optional content"),
        (b"AA", Attack::AutomaticAction, "it acts on its own"),
        (b"Collection", Attack::SeveralAttachments, "it is a portfolio of files"),
    ] {
        if catalog.has(key) {
            found.push((attack, reason));
        }
    }
    if let Some(action) = last.entry(&catalog, b"OpenAction").filter(|action| !only_moves(action)) {
        match action.as_dict().ok().and_then(|action| kind(last, action)) {
            Some(b"URI") => found.push((Attack::AutomaticUri, "it opens an address when it is opened")),
            // It is found again among the objects, and named there.
            Some(kind) if ACTIONS.iter().any(|(known, _)| *known == kind) => {}
            _ => found.push((Attack::AutomaticAction, "it acts when it is opened")),
        }
    }
    if let Some(form) = last.form() {
        if form.has(b"XFA") {
            found.push((Attack::XfaForm, "it has an XFA form"));
        }
        if matches!(last.entry(form, b"NeedAppearances"), Some(Object::Boolean(true))) {
            found.push((Attack::NeedAppearances, "its form is drawn by the reader"));
        }
    }
    for object in last.document.objects.values() {
        walk(object, DEPTH_MAX, &mut found);
    }
    annotations(last, &mut found);
    found.sort_unstable_by_key(|(attack, reason)| (attack.as_str(), *reason));
    found.dedup();
    for (attack, reason) in found {
        attack.refuse(reason, facts);
    }
}

fn kind<'a>(last: &'a Revision, action: &'a Dictionary) -> Option<&'a [u8]> {
    last.entry(action, b"S").and_then(|kind| kind.as_name().ok())
}

/// A destination, or an action that only goes to one.
fn only_moves(action: &Object) -> bool {
    match action {
        Object::Dictionary(dictionary) => matches!(dictionary.get(b"S"), Ok(Object::Name(name)) if name == b"GoTo"),
        Object::Array(_) | Object::Name(_) | Object::String(..) | Object::Null => true,
        _ => false,
    }
}

fn walk(object: &Object, depth: usize, found: &mut Vec<(Attack, &'static str)>) {
    let Some(depth) = depth.checked_sub(1) else {
        found.push((Attack::DeepNesting, "its objects are nested too deep"));
        return;
    };
    match object {
        Object::Array(items) => items.iter().for_each(|item| walk(item, depth, found)),
        Object::Dictionary(dictionary) => entries(dictionary, depth, found),
        Object::Stream(stream) => {
            if stream.dict.has(b"F") {
                found.push((Attack::ExternalReference, "its content lies in another file"));
            }
            entries(&stream.dict, depth, found);
        }
        _ => {}
    }
}

fn entries(dictionary: &Dictionary, depth: usize, found: &mut Vec<(Attack, &'static str)>) {
    for (key, value) in dictionary {
        match key.as_slice() {
            b"JS" | b"JavaScript" => found.push((Attack::JavaScript, "it has scripts")),
            b"AA" => found.push((Attack::AutomaticAction, "it acts on its own")),
            b"RichMediaContent" | b"RichMediaSettings" | b"3DD" => found.push((Attack::RichMedia, "it has rich media")),
            b"Ref" if dictionary.has(b"BBox") => found.push((Attack::ExternalReference, "a page of another file is shown")),
            b"OPI" => found.push((Attack::ExternalReference, "an image lies in another file")),
            b"FS" if matches!(value, Object::Name(name) if name == b"URL") => {
                found.push((Attack::ExternalReference, "a file lies at an address"));
            }
            b"S" if dictionary.len() > 1 => {
                let action = value.as_name().ok().and_then(|name| ACTIONS.iter().find(|(kind, _)| *kind == name));
                // Slide transitions have the name of an action in a place of their own, structure elements have a parent.
                let is_action = !dictionary.has_type(b"Trans") && !dictionary.has(b"P");
                if let Some((_, attack)) = action.filter(|_| is_action) {
                    found.push((*attack, "it has actions"));
                }
            }
            _ => {}
        }
        walk(value, depth, found);
    }
}

struct Annotation {
    kind: Vec<u8>,
    /// Left, bottom, right, top in thousandths of a point.
    place: Option<[i64; 4]>,
    is_hidden: bool,
}

/// Annotations that cover others, and such as wait unseen: what is shown then depends on the reader.
fn annotations(last: &Revision, found: &mut Vec<(Attack, &'static str)>) {
    let mut comparisons = COMPARISONS_MAX;
    for page in last.document.page_iter().take(oblik_domain::limits::PDF_OBJECTS) {
        let items = last.dictionary(page).and_then(|page| last.entry(page, b"Annots")).and_then(|items| items.as_array().ok());
        let Some(items) = items else { continue };
        let on_page: Vec<Annotation> = items
            .iter()
            .take(ANNOTATIONS_MAX)
            .filter_map(|annotation| Some(annotation_of(last, last.follow(annotation)?.as_dict().ok()?)))
            .collect();
        for (position, one) in on_page.iter().enumerate() {
            if !COVERING.contains(&one.kind.as_slice()) {
                continue;
            }
            if one.kind == b"FileAttachment" {
                found.push((Attack::AttachmentAnnotation, "a file is attached to a page"));
            }
            if one.is_hidden {
                found.push((Attack::HiddenAnnotation, "an annotation is there and not shown"));
            }
            let Some(left) = comparisons.checked_sub(on_page.len()) else {
                found.push((Attack::OverlappingAnnotations, "it has too many annotations to hold against each other"));
                return;
            };
            comparisons = left;
            let others = on_page.iter().enumerate().filter(|(other, _)| *other != position).map(|(_, other)| other);
            if others.filter(|other| other.kind != b"Popup" && other.kind != b"Link").any(|other| overlap(one, other)) {
                found.push((Attack::OverlappingAnnotations, "an annotation covers another"));
            }
        }
    }
}

fn annotation_of(last: &Revision, dictionary: &Dictionary) -> Annotation {
    let kind = last.entry(dictionary, b"Subtype").and_then(|kind| kind.as_name().ok()).unwrap_or_default().to_vec();
    // Hidden and NoView, ISO 32000-1 table 165.
    let flags = last.entry(dictionary, b"F").and_then(|flags| flags.as_i64().ok()).unwrap_or(0);
    Annotation { kind, place: rectangle(last, dictionary), is_hidden: flags & 0b10_0010 != 0 }
}

/// A rectangle's left, bottom, right and top in thousandths of a point.
pub(super) fn rectangle(revision: &Revision, dictionary: &Dictionary) -> Option<[i64; 4]> {
    let sides = revision.entry(dictionary, b"Rect").and_then(|rectangle| rectangle.as_array().ok())?;
    let sides: Vec<i64> = sides.iter().filter_map(|side| thousandths(revision.follow(side)?)).collect();
    match *sides.as_slice() {
        [x1, y1, x2, y2] => Some([x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2)]),
        _ => None,
    }
}

fn thousandths(number: &Object) -> Option<i64> {
    match number {
        Object::Integer(whole) => whole.checked_mul(1000),
        Object::Real(real) => {
            let text = format!("{real:.3}").replace('.', "");
            text.parse().ok()
        }
        _ => None,
    }
}

fn overlap(one: &Annotation, other: &Annotation) -> bool {
    let (Some([left, bottom, right, top]), Some([x1, y1, x2, y2])) = (one.place, other.place) else { return false };
    left < x2 && x1 < right && bottom < y2 && y1 < top
}
