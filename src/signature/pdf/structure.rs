//! A file that reads in one way only: one place for each object, each key once, one catalog.

use std::collections::HashSet;

use lopdf::Object;
use lopdf::xref::XrefEntry;
use oblik_domain::finding::{Code, Finding};

use super::attack::Attack;
use super::bytes::{Streams, find_all, revision_ends};
use super::lexer::{header_at, key_twice, regular_end, skip_space};
use super::object_streams::{STREAM_BYTES, pairs};
use super::revision::Revision;
use super::{polyglot, xref};
use crate::verdict::Facts;

/// Collects into `facts` every way in which programs may read `last`, the whole file, otherwise than here.
pub(super) fn judge(pdf: &[u8], last: &Revision, facts: &mut Facts) {
    let streams = Streams::of(pdf, last);
    let in_stream = |at: usize| streams.contain(at);
    let is_linearized = last.document.linearization.is_some();
    if let Err(finding) = xref::judge(pdf, last.document.xref_start, is_linearized, &in_stream) {
        facts.fail(crate::SubIndication::SigConstraintsFailure, finding);
    }
    if let Some(finding) = polyglot::judge(pdf, &in_stream) {
        facts.fail(crate::SubIndication::SigConstraintsFailure, finding);
    }
    if let Some(number) = object_twice(pdf, &in_stream) {
        Attack::DuplicateObject.refuse(format!("object {number} stands twice in one revision"), facts);
    }
    if let Some(length) = wrong_linearization(pdf, last) {
        Attack::Linearization.refuse(format!("the file says it has {length} bytes"), facts);
    }
    objects(pdf, last, facts);
}

/// Checks that objects stand where the cross-reference says, with each key once. Also for a revision that is not the last.
pub(super) fn objects(pdf: &[u8], revision: &Revision, facts: &mut Facts) {
    for (number, entry) in &revision.document.reference_table.entries {
        let XrefEntry::Normal { offset, generation } = entry else { continue };
        let Ok(offset) = usize::try_from(*offset) else { continue };
        let Some((id, body)) = header_at(pdf, offset).filter(|(id, _)| *id == (*number, *generation)) else {
            Attack::XrefMismatch.refuse(format!("object {number} is not where the table says"), facts);
            return;
        };
        if let Some(key) = key_twice(pdf, body) {
            let key = String::from_utf8_lossy(&key).into_owned();
            Attack::DuplicateKey.refuse(format!("object {} has {key} twice", id.0), facts);
            return;
        }
    }
    if let Err(finding) = object_streams(revision) {
        facts.fail(crate::SubIndication::SigConstraintsFailure, finding);
    }
}

/// The numbers an object stream says it holds must be those the cross-reference expects, each once.
fn object_streams(revision: &Revision) -> Result<(), Finding> {
    for (container, object) in &revision.document.objects {
        let Object::Stream(stream) = object else { continue };
        if !stream.dict.has_type(b"ObjStm") {
            continue;
        }
        let refuse = |detail: String| Attack::ObjectStreamRedefinition.finding(detail);
        let content = stream
            .get_plain_content_with_limit(STREAM_BYTES)
            .map_err(|_| Finding::error(Code::PdfBroken).with("detail", "an object stream cannot be read"))?;
        let first = stream.dict.get(b"First").and_then(Object::as_i64).ok().and_then(|first| usize::try_from(first).ok());
        let first = first.filter(|first| *first <= content.len()).unwrap_or(content.len());
        let head = content.get(..first).unwrap_or_default();
        let pairs = pairs(head);
        let mut numbers = HashSet::new();
        for (number, offset) in &pairs {
            if !numbers.insert(*number) {
                return Err(refuse(format!("object {number} stands twice in the object stream {}", container.0)));
            }
            if let Some(key) = key_twice(&content, skip_space(&content, first.saturating_add(*offset))) {
                let key = String::from_utf8_lossy(&key).into_owned();
                return Err(Attack::DuplicateKey.finding(format!("object {number} has {key} twice")));
            }
        }
        for (number, entry) in &revision.document.reference_table.entries {
            let XrefEntry::Compressed { container: told, index } = entry else { continue };
            if *told == container.0 && pairs.get(usize::from(*index)).is_none_or(|(found, _)| found != number) {
                return Err(refuse(format!("object {number} is not where the table says in the object stream {told}")));
            }
        }
    }
    Ok(())
}

/// The length a linearized file claims, when it had that length at no end of a revision.
fn wrong_linearization(pdf: &[u8], last: &Revision) -> Option<usize> {
    let claimed = last.document.linearization.as_ref()?.file_length;
    let claimed = usize::try_from(claimed).ok()?;
    // Blanks may follow the mark before the next revision begins.
    let is_end = revision_ends(pdf).into_iter().any(|end| end <= claimed && claimed - end <= 2);
    (!is_end).then_some(claimed)
}

/// The number of an object that one revision defines twice: readers disagree on which counts.
fn object_twice(pdf: &[u8], in_stream: &dyn Fn(usize) -> bool) -> Option<u32> {
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
