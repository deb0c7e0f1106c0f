//! Object streams before anything reads them: each object lies in a place of its own.
//!
//! A reader parses from every offset at the head of such a stream. When thousands of them lead into one large object, a few
//! kilobytes cost minutes; and objects that lie in each other are read differently by different readers.

use lopdf::{Dictionary, Object, Stream};
use oblik_domain::finding::{Code, Finding};

use super::attack::Attack;
use super::bytes::find_all;
use super::lexer::{Entry, decode_name, dictionary_entries, header_at, regular_end, skip_space, value_end};

/// Object streams of one file.
const STREAMS_MAX: usize = 200;
/// What one object or cross-reference stream may unfold to; they are small in any honest file.
pub(super) const STREAM_BYTES: usize = 8 * 1024 * 1024;
/// What all of them may unfold to, and the least that each may.
const STREAMS_BYTES: usize = 64 * 1024 * 1024;
const STREAM_BYTES_MIN: usize = 256 * 1024;
/// A dictionary's nesting that is read, and how far before its type it may begin.
const DEPTH_MAX: usize = 4;
const HEAD_BYTES: usize = 4096;

/// Checks every object stream of `pdf`; what each may unfold to when it is read.
pub(super) fn check(pdf: &[u8]) -> Result<usize, Finding> {
    let places = places(pdf);
    if places.len() > STREAMS_MAX {
        return Err(Finding::error(Code::SignatureLimit).with("what", "object streams").with("limit", STREAMS_MAX));
    }
    let each = (STREAMS_BYTES / places.len().max(1)).clamp(STREAM_BYTES_MIN, STREAM_BYTES);
    for place in places {
        let stream = stream(pdf, place).ok_or_else(|| {
            Finding::error(Code::PdfBroken).with("detail", format!("the object stream at {place} cannot be read"))
        })?;
        let content = stream
            .get_plain_content_with_limit(each)
            .map_err(|_| Finding::error(Code::SignatureLimit).with("what", "bytes of an object stream").with("limit", each))?;
        let first = stream.dict.get(b"First").and_then(Object::as_i64).ok().and_then(|first| usize::try_from(first).ok());
        if !lie_apart(&content, first.unwrap_or(0)) {
            return Err(Attack::ObjectStreamRedefinition.finding("objects of a stream lie in each other"));
        }
    }
    Ok(each)
}

/// Places of the name `ObjStm`, however it is written.
fn places(pdf: &[u8]) -> Vec<usize> {
    let plain = find_all(pdf, b"/ObjStm");
    // A letter of the name in hexadecimal hides it from a search; no honest program writes one.
    let escaped = find_all(pdf, b"#").filter_map(|at| {
        let from = at.saturating_sub(6);
        let slash = from + pdf.get(from..at)?.iter().rposition(|byte| *byte == b'/')?;
        let name = pdf.get(slash + 1..regular_end(pdf, slash + 1))?;
        let is_first = name.iter().position(|byte| *byte == b'#') == Some(at - slash - 1);
        (is_first && decode_name(name) == b"ObjStm").then_some(slash)
    });
    // One more than allowed is enough to know that there are too many.
    plain.chain(escaped).take(STREAMS_MAX + 1).collect()
}

/// The stream in whose dictionary `place` lies, read from the bytes alone: its length and filters must stand in it.
fn stream(pdf: &[u8], place: usize) -> Option<Stream> {
    let from = place.saturating_sub(HEAD_BYTES);
    let keyword = from + memchr::memmem::rfind(pdf.get(from..place)?, b"obj")?;
    // Back over the generation and the number.
    let mut offset = keyword;
    for _ in 0..2 {
        let head = pdf.get(from..offset)?.trim_ascii_end();
        offset = from + head.iter().rposition(|byte| !byte.is_ascii_digit()).map_or(0, |at| at + 1);
    }
    stream_at(pdf, offset)
}

/// The stream whose object stands at `offset`, read from the bytes alone.
pub(super) fn stream_at(pdf: &[u8], offset: usize) -> Option<Stream> {
    let (_, body) = header_at(pdf, offset)?;
    let (entries, end) = dictionary_entries(pdf, body)?;
    let at = skip_space(pdf, end);
    let start = match pdf.get(at..)?.strip_prefix(b"stream")? {
        [b'\r', b'\n', ..] => at + 8,
        [b'\n' | b'\r', ..] => at + 7,
        _ => return None,
    };
    let dictionary = dictionary(pdf, &entries, DEPTH_MAX)?;
    let length = usize::try_from(dictionary.get(b"Length").ok()?.as_i64().ok()?).ok()?;
    Some(Stream::new(dictionary, pdf.get(start..start.checked_add(length)?)?.to_vec()))
}

fn dictionary(pdf: &[u8], entries: &[Entry], depth: usize) -> Option<Dictionary> {
    let mut dictionary = Dictionary::new();
    for entry in entries {
        let is_used = matches!(entry.key.as_slice(), b"Length" | b"First" | b"Filter" | b"DecodeParms") || depth < DEPTH_MAX;
        if is_used {
            dictionary.set(entry.key.clone(), value(pdf, entry.value.start, depth)?);
        }
    }
    Some(dictionary)
}

/// Names, whole numbers, arrays and dictionaries of them: all that says how a stream unfolds.
fn value(pdf: &[u8], at: usize, depth: usize) -> Option<Object> {
    let depth = depth.checked_sub(1)?;
    match pdf.get(at..)? {
        [b'<', b'<', ..] => {
            dictionary_entries(pdf, at).and_then(|(entries, _)| Some(Object::Dictionary(dictionary(pdf, &entries, depth)?)))
        }
        [b'[', ..] => {
            let mut items = Vec::new();
            let mut at = skip_space(pdf, at + 1);
            while pdf.get(at)? != &b']' {
                items.push(value(pdf, at, depth)?);
                at = skip_space(pdf, value_end(pdf, at, DEPTH_MAX)?);
            }
            Some(Object::Array(items))
        }
        [b'/', ..] => Some(Object::Name(decode_name(pdf.get(at + 1..regular_end(pdf, at + 1))?))),
        _ => {
            let end = value_end(pdf, at, 1)?;
            match pdf.get(at..end)? {
                b"null" => Some(Object::Null),
                b"true" => Some(Object::Boolean(true)),
                b"false" => Some(Object::Boolean(false)),
                number => Some(Object::Integer(std::str::from_utf8(number).ok()?.parse().ok()?)),
            }
        }
    }
}

/// Numbers and offsets at the head of an object stream.
pub(super) fn pairs(head: &[u8]) -> Vec<(u32, usize)> {
    let mut pairs = Vec::new();
    let mut at = skip_space(head, 0);
    let mut word = || {
        let end = regular_end(head, at);
        let word = head.get(at..end).and_then(|word| std::str::from_utf8(word).ok())?.parse::<u32>().ok();
        at = skip_space(head, end);
        word
    };
    while let (Some(number), Some(offset)) = (word(), word()) {
        pairs.push((number, usize::try_from(offset).unwrap_or(usize::MAX)));
    }
    pairs
}

/// Whether each object ends before the next one begins.
fn lie_apart(content: &[u8], first: usize) -> bool {
    let mut offsets: Vec<usize> = pairs(content.get(..first).unwrap_or_default())
        .into_iter()
        .map(|(_, offset)| first.saturating_add(offset))
        .filter(|offset| *offset < content.len())
        .collect();
    offsets.sort_unstable();
    let nexts = offsets.iter().skip(1).copied().chain([content.len()]);
    offsets.iter().zip(nexts).all(|(offset, next)| {
        // No further than to the next object: else one large object is read for each offset in it.
        *offset < next && content.get(..next).is_some_and(|own| value_end(own, skip_space(own, *offset), 100).is_some())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(head: &str, bodies: &str) -> Vec<u8> {
        let content = format!("{head} {bodies}");
        let first = head.len() + 1;
        format!("%PDF-1.7\n9 0 obj\n<</Type/ObjStm/N 1/First {first}/Length {}>>\nstream\n{content}\nendstream", content.len())
            .into_bytes()
    }

    #[test]
    fn objects_of_a_stream_lie_apart() {
        for (head, bodies, is_honest) in [
            ("1 0 2 8", "<</A 1>><</B 2>>", true),
            ("1 0 2 9", "<</A 1>> (text)", true),
            ("1 0", "[1 0 R]", true),
            ("", "", true),
            ("1 0 2 1", "[[1]]", false),
            ("1 0 2 0", "[1]", false),
            ("1 0 2 3", "[1 2 3]", false),
            ("1 0", "[1", false),
        ] {
            assert_eq!(check(&with(head, bodies)).is_ok(), is_honest, "{head} {bodies}");
        }
    }

    #[test]
    fn the_name_is_found_however_it_is_written() {
        let text = String::from_utf8(with("1 0 2 1", "[[1]]")).unwrap();
        for name in ["/ObjStm", "/#4fbjStm", "/O#62jStm", "/ObjSt#6d", "/#4F#62#6A#53#74#6D"] {
            assert!(check(text.replace("/ObjStm", name).as_bytes()).is_err(), "{name}");
        }
        assert!(check(text.replace("/ObjStm", "/Obj").as_bytes()).is_ok());
    }

    #[test]
    fn thousands_of_offsets_into_one_object_are_refused_at_once() {
        let head = (1..60_000).map(|number| format!("{number} 0")).collect::<Vec<_>>().join(" ");
        let bodies = format!("[{}]", "1 ".repeat(1_000_000));
        assert!(check(&with(&head, &bodies)).is_err());
    }

    #[test]
    fn a_length_that_lies_elsewhere_is_refused() {
        let text = String::from_utf8(with("1 0", "[1]")).unwrap();
        assert!(check(text.as_bytes()).is_ok());
        assert!(check(text.replace("/Length 7", "/Length 8 0 R").as_bytes()).is_err());
    }
}
