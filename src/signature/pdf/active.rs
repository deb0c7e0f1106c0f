//! What a signed act must not contain: anything that acts, hides or changes what is shown.

use std::collections::HashSet;

use lopdf::{Dictionary, Object};
use oblik_domain::finding::{Code, Finding};

use super::lexer::{regular_end, skip_space};
use super::revision::{Revision, find_all};
use crate::verdict::{Facts, SubIndication};

/// Nesting of direct objects that is looked into; `lopdf` bounds what it reads, this bounds our own stack.
const DEPTH_MAX: usize = 100;

/// Kinds of action that do more than move about the document or open a link.
const ACTIONS: [&[u8]; 11] = [
    b"JavaScript",
    b"Launch",
    b"SubmitForm",
    b"ImportData",
    b"ResetForm",
    b"Hide",
    b"SetOCGState",
    b"Rendition",
    b"Movie",
    b"GoToE",
    b"RichMediaExecute",
];

pub(super) fn judge(pdf: &[u8], last: &Revision, facts: &mut Facts) {
    let mut reasons: Vec<&'static str> = Vec::new();
    let catalog = last.catalog();
    for (key, reason) in [(&b"OCProperties"[..], "it has optional content"), (b"AA", "it acts on its own")] {
        if catalog.has(key) {
            reasons.push(reason);
        }
    }
    if last.entry(&catalog, b"OpenAction").is_some_and(|action| !only_moves(action)) {
        reasons.push("it acts when it is opened");
    }
    if let Some(form) = last.form() {
        if form.has(b"XFA") {
            reasons.push("it has an XFA form");
        }
        if matches!(last.entry(form, b"NeedAppearances"), Some(Object::Boolean(true))) {
            reasons.push("its form is drawn by the reader");
        }
    }
    for object in last.document.objects.values() {
        walk(object, DEPTH_MAX, &mut reasons);
    }
    reasons.sort_unstable();
    reasons.dedup();
    for reason in reasons {
        facts.fail(SubIndication::SigConstraintsFailure, Finding::error(Code::PdfForbidden).with("detail", reason));
    }
    if let Some(number) = object_twice(pdf, last) {
        let finding = Finding::error(Code::PdfBroken).with("detail", format!("object {number} stands twice in one revision"));
        facts.fail(SubIndication::SigConstraintsFailure, finding);
    }
}

/// A destination, or an action that only goes to one.
fn only_moves(action: &Object) -> bool {
    match action {
        Object::Dictionary(dictionary) => matches!(dictionary.get(b"S"), Ok(Object::Name(name)) if name == b"GoTo"),
        Object::Array(_) | Object::Name(_) | Object::String(..) | Object::Null => true,
        _ => false,
    }
}

fn walk(object: &Object, depth: usize, reasons: &mut Vec<&'static str>) {
    let Some(depth) = depth.checked_sub(1) else {
        reasons.push("its objects are nested too deep");
        return;
    };
    match object {
        Object::Array(items) => items.iter().for_each(|item| walk(item, depth, reasons)),
        Object::Dictionary(dictionary) => dictionary_reasons(dictionary, depth, reasons),
        Object::Stream(stream) => dictionary_reasons(&stream.dict, depth, reasons),
        _ => {}
    }
}

fn dictionary_reasons(dictionary: &Dictionary, depth: usize, reasons: &mut Vec<&'static str>) {
    for (key, value) in dictionary {
        match key.as_slice() {
            b"JS" | b"JavaScript" => reasons.push("it has scripts"),
            b"AA" => reasons.push("it acts on its own"),
            b"RichMediaContent" | b"RichMediaSettings" => reasons.push("it has rich media"),
            b"S" if matches!(value, Object::Name(name) if ACTIONS.contains(&name.as_slice())) && dictionary.len() > 1 => {
                reasons.push("it has actions");
            }
            _ => {}
        }
        walk(value, depth, reasons);
    }
}

/// The number of an object that one revision defines twice: readers disagree on which counts.
fn object_twice(pdf: &[u8], last: &Revision) -> Option<u32> {
    let mut streams: Vec<std::ops::Range<usize>> = Vec::new();
    for object in last.document.objects.values() {
        if let Object::Stream(stream) = object
            && let Some(start) = stream.start_position
        {
            streams.push(start..start.saturating_add(stream.content.len()));
        }
    }
    streams.sort_by_key(|range| range.start);
    let in_stream = |at: usize| {
        let next = streams.partition_point(|range| range.start <= at);
        next.checked_sub(1).and_then(|index| streams.get(index)).is_some_and(|range| range.contains(&at))
    };
    let marks: Vec<usize> = find_all(pdf, b"%%EOF").filter(|at| !in_stream(*at)).collect();
    let mut seen: HashSet<(usize, u32)> = HashSet::new();
    for at in find_all(pdf, b" obj") {
        if in_stream(at) || regular_end(pdf, at + 1) != at + 4 {
            continue;
        }
        let Some(number) = object_number(pdf, at) else { continue };
        let revision = marks.partition_point(|mark| *mark < at);
        if !seen.insert((revision, number)) {
            return Some(number);
        }
    }
    None
}

/// The number of `12 0 obj` whose space before `obj` is at `at`.
fn object_number(pdf: &[u8], at: usize) -> Option<u32> {
    let head = pdf.get(at.saturating_sub(24)..at)?;
    let generation = head.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let before = head.get(..head.len().checked_sub(generation)?)?;
    let trimmed = before.trim_ascii_end();
    let digits = trimmed.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if generation == 0 || digits == 0 || trimmed.len() == before.len() {
        return None;
    }
    let number = trimmed.get(trimmed.len().checked_sub(digits)?..)?;
    std::str::from_utf8(number).ok()?.parse().ok().filter(|_| skip_space(pdf, at) == at + 1)
}
