//! The chain of cross-reference sections as it stands in the bytes: one way from the end of the file to its beginning, or
//! the file is refused. Where trailers disagree, readers do too.

use std::collections::HashSet;
use std::ops::Range;

use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use super::attack::Attack;
use super::bytes::find_all;
use super::lexer::{Entry, dictionary_entries, header_at, regular_end, skip_space};

/// One cross-reference section, table or stream.
struct Section {
    at: usize,
    /// Where the word `trailer` stands, for a table.
    trailer: Option<usize>,
    entries: Vec<Entry>,
}

/// Refuses a chain that loops or splits, and trailers beside it. `start` is where the last section stands; `in_stream`
/// says of a place whether it lies inside a stream's data.
pub(super) fn judge(pdf: &[u8], start: usize, is_linearized: bool, in_stream: &dyn Fn(usize) -> bool) -> Result<(), Finding> {
    let sections = chain(pdf, start, is_linearized)?;
    let trailers: Vec<usize> = sections.iter().filter_map(|section| section.trailer).collect();
    let roots: Vec<Option<&[u8]>> = sections.iter().map(|section| value(pdf, &section.entries, b"Root")).collect();
    if is_linearized
        && let [.., one, other] = roots.as_slice()
        && differ(*one, *other)
    {
        return Err(Attack::RootAmbiguity.finding("two trailers of one revision name different catalogs"));
    }
    for at in find_all(pdf, b"trailer").filter(|at| !in_stream(*at)) {
        let is_word = regular_end(pdf, at) == at + 7 && at.checked_sub(1).is_none_or(|before| is_line_end(pdf.get(before)));
        if !is_word || trailers.contains(&at) {
            continue;
        }
        if let Some((entries, _)) = dictionary_entries(pdf, skip_space(pdf, at + 7)) {
            let stray = value(pdf, &entries, b"Root");
            let attack = if roots.contains(&stray) { Attack::XrefMismatch } else { Attack::RootAmbiguity };
            return Err(attack.finding(format!("a trailer at {at} belongs to no revision")));
        }
    }
    let starts: HashSet<usize> = sections.iter().map(|section| section.at).collect();
    for at in find_all(pdf, b"startxref").filter(|at| !in_stream(*at)) {
        let told = number(pdf, skip_space(pdf, at + 9));
        let is_known = told.is_some_and(|told| starts.contains(&told) || (told == 0 && is_linearized));
        if !is_known && at.checked_sub(1).is_none_or(|before| is_line_end(pdf.get(before))) {
            return Err(Attack::XrefMismatch.finding(format!("startxref at {at} leads to no section in use")));
        }
    }
    Ok(())
}

fn is_line_end(byte: Option<&u8>) -> bool {
    byte.is_none_or(|byte| matches!(byte, b'\r' | b'\n'))
}

fn differ(one: Option<&[u8]>, other: Option<&[u8]>) -> bool {
    let numbers = |text: &[u8]| {
        text.split(|byte| !byte.is_ascii_digit()).filter(|part| !part.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    matches!((one, other), (Some(one), Some(other)) if numbers(one) != numbers(other))
}

fn chain(pdf: &[u8], start: usize, is_linearized: bool) -> Result<Vec<Section>, Finding> {
    let mut sections: Vec<Section> = Vec::new();
    let mut next = Some(start);
    while let Some(at) = next {
        if sections.iter().any(|section| section.at == at) {
            return Err(Attack::XrefLoop.finding(format!("the section at {at} leads back to itself")));
        }
        if sections.len() >= limits::PDF_REVISIONS {
            return Err(Finding::error(Code::SignatureLimit).with("what", "revisions").with("limit", limits::PDF_REVISIONS));
        }
        let found = section(pdf, at)?;
        if let Some(key) = twice(&found.entries) {
            return Err(Attack::DuplicateKey.finding(format!("a trailer has {} twice", String::from_utf8_lossy(key))));
        }
        if value(pdf, &found.entries, b"XRefStm").is_some() {
            return Err(Attack::HybridReference.finding("it has two cross-reference tables for one revision"));
        }
        next = match found.entries.iter().find(|entry| entry.key == b"Prev") {
            None => None,
            Some(entry) => Some(
                number(pdf, entry.value.start).ok_or_else(|| Attack::XrefMismatch.finding("/Prev is no place in the file"))?,
            ),
        };
        // Only a linearized file's first section stands before the one it names.
        if next.is_some_and(|next| next > at) && !is_linearized {
            return Err(Attack::XrefMismatch.finding(format!("the section at {at} names a later one as earlier")));
        }
        sections.push(found);
    }
    Ok(sections)
}

fn twice(entries: &[Entry]) -> Option<&[u8]> {
    let mut seen = HashSet::new();
    entries.iter().find(|entry| !seen.insert(&entry.key)).map(|entry| entry.key.as_slice())
}

fn value<'a>(pdf: &'a [u8], entries: &[Entry], key: &[u8]) -> Option<&'a [u8]> {
    entries.iter().find(|entry| entry.key == key).and_then(|entry| pdf.get(entry.value.clone()))
}

fn number(pdf: &[u8], at: usize) -> Option<usize> {
    std::str::from_utf8(pdf.get(at..regular_end(pdf, at))?).ok()?.parse().ok()
}

fn section(pdf: &[u8], at: usize) -> Result<Section, Finding> {
    let wrong = || Attack::XrefMismatch.finding(format!("no section stands at {at}"));
    let start = skip_space(pdf, at);
    if pdf.get(start..regular_end(pdf, start)) == Some(b"xref") {
        let trailer = table(pdf, start + 4)?;
        let (entries, _) = dictionary_entries(pdf, skip_space(pdf, trailer + 7)).ok_or_else(wrong)?;
        return Ok(Section { at, trailer: Some(trailer), entries });
    }
    let (_, body) = header_at(pdf, start).ok_or_else(wrong)?;
    let (entries, _) = dictionary_entries(pdf, body).ok_or_else(wrong)?;
    Ok(Section { at, trailer: None, entries })
}

/// Walks a table's subsections; where its `trailer` stands.
fn table(pdf: &[u8], from: usize) -> Result<usize, Finding> {
    let wrong = |detail: &str| Attack::XrefMismatch.finding(detail);
    let cut = || wrong("a cross-reference table is cut short");
    let mut numbers: Vec<Range<usize>> = Vec::new();
    let mut at = skip_space(pdf, from);
    loop {
        if pdf.get(at..regular_end(pdf, at)) == Some(b"trailer") {
            numbers.sort_by_key(|run| run.start);
            let is_twice = numbers.windows(2).any(|pair| matches!(pair, [one, next] if next.start < one.end));
            return if is_twice { Err(wrong("a cross-reference table has an object twice")) } else { Ok(at) };
        }
        let first = number(pdf, at).ok_or_else(cut)?;
        at = skip_space(pdf, regular_end(pdf, at));
        let count = number(pdf, at).ok_or_else(cut)?;
        at = skip_space(pdf, regular_end(pdf, at));
        if count > 0 {
            numbers.push(first..first.checked_add(count).ok_or_else(cut)?);
        }
        for _ in 0..count {
            for _ in 0..3 {
                let end = regular_end(pdf, at);
                if end == at {
                    return Err(cut());
                }
                at = skip_space(pdf, end);
            }
        }
    }
}
