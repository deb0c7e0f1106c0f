//! PDF syntax as it stands in the bytes: where a dictionary's values begin and end.
//!
//! A parser that hands out values cannot say where they stood; a signature's gap must be the `/Contents` of its own
//! dictionary to the byte.

use std::collections::HashSet;
use std::ops::Range;

/// Deeper nesting than any signature dictionary has.
const DEPTH_MAX: usize = 32;

/// A key, decoded, with the place of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub key: Vec<u8>,
    pub value: Range<usize>,
}

/// The entries of the dictionary that the object at `offset` is; `None` when `offset` does not hold object `number` and
/// generation, or it is no dictionary.
pub(super) fn dictionary_at(bytes: &[u8], offset: usize, id: (u32, u16)) -> Option<Vec<Entry>> {
    let (found, body) = header_at(bytes, offset)?;
    if found == id { dictionary_entries(bytes, body).map(|(entries, _)| entries) } else { None }
}

/// Number and generation of the object whose header stands at `offset`, and where its body begins.
pub(super) fn header_at(bytes: &[u8], offset: usize) -> Option<((u32, u16), usize)> {
    let mut at = skip_space(bytes, offset);
    let mut word = || {
        let end = regular_end(bytes, at);
        let word = bytes.get(at..end).and_then(|word| std::str::from_utf8(word).ok());
        at = skip_space(bytes, end);
        word
    };
    let (number, generation, keyword) = (word()?, word()?, word()?);
    let id = (number.parse().ok()?, generation.parse().ok()?);
    (keyword == "obj").then_some((id, at))
}

/// The entries of the dictionary that begins at `at`, and where it ends.
pub(super) fn dictionary_entries(bytes: &[u8], at: usize) -> Option<(Vec<Entry>, usize)> {
    if !bytes.get(at..)?.starts_with(b"<<") {
        return None;
    }
    let mut entries = Vec::new();
    let mut at = skip_space(bytes, at + 2);
    while !bytes.get(at..)?.starts_with(b">>") {
        if bytes.get(at) != Some(&b'/') {
            return None;
        }
        let key_end = regular_end(bytes, at + 1);
        let key = decode_name(bytes.get(at + 1..key_end)?);
        let start = skip_space(bytes, key_end);
        let end = value_end(bytes, start, DEPTH_MAX)?;
        entries.push(Entry { key, value: start..end });
        at = skip_space(bytes, end);
    }
    Some((entries, at + 2))
}

/// A key that some dictionary within the value at `at` has twice. What cannot be read has none.
pub(super) fn key_twice(bytes: &[u8], at: usize) -> Option<Vec<u8>> {
    let mut found = None;
    walk(bytes, at, DEPTH_MAX, &mut found);
    found
}

/// The end of the value at `at`; the first key that stands twice in a dictionary of it goes to `twice`.
fn walk(bytes: &[u8], at: usize, depth: usize, twice: &mut Option<Vec<u8>>) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    match bytes.get(at..)? {
        [b'<', b'<', ..] => {
            let mut seen = HashSet::new();
            let mut at = skip_space(bytes, at + 2);
            while !bytes.get(at..)?.starts_with(b">>") {
                if bytes.get(at) != Some(&b'/') {
                    return None;
                }
                let key_end = regular_end(bytes, at + 1);
                let key = decode_name(bytes.get(at + 1..key_end)?);
                if twice.is_none() && !seen.insert(key.clone()) {
                    *twice = Some(key);
                }
                at = skip_space(bytes, walk(bytes, skip_space(bytes, key_end), depth, twice)?);
            }
            Some(at + 2)
        }
        [b'[', ..] => {
            let mut at = skip_space(bytes, at + 1);
            while bytes.get(at)? != &b']' {
                at = skip_space(bytes, walk(bytes, at, depth, twice)?);
            }
            Some(at + 1)
        }
        _ => value_end(bytes, at, depth + 1),
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, 0 | 9 | 10 | 12 | 13 | 32)
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%')
}

/// The first place at or after `at` that is neither white space nor in a comment.
pub(super) fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    loop {
        match bytes.get(at) {
            Some(byte) if is_space(*byte) => at += 1,
            Some(b'%') => {
                while bytes.get(at).is_some_and(|byte| !matches!(byte, 10 | 13)) {
                    at += 1;
                }
            }
            _ => return at,
        }
    }
}

/// The end of the run of regular characters that begins at `at`.
pub(super) fn regular_end(bytes: &[u8], at: usize) -> usize {
    let run = bytes.get(at..).unwrap_or_default().iter();
    at + run.take_while(|byte| !is_space(**byte) && !is_delimiter(**byte)).count()
}

/// The end of the value at `at`, nested no deeper than `depth`.
pub(super) fn value_end(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    match bytes.get(at..)? {
        [b'<', b'<', ..] => {
            let mut at = skip_space(bytes, at + 2);
            while !bytes.get(at..)?.starts_with(b">>") {
                at = skip_space(bytes, value_end(bytes, at, depth)?);
            }
            Some(at + 2)
        }
        [b'[', ..] => {
            let mut at = skip_space(bytes, at + 1);
            while bytes.get(at)? != &b']' {
                at = skip_space(bytes, value_end(bytes, at, depth)?);
            }
            Some(at + 1)
        }
        [b'<', rest @ ..] => rest.iter().position(|byte| *byte == b'>').map(|length| at + length + 2),
        [b'(', ..] => literal_end(bytes, at),
        [b'/', ..] => Some(regular_end(bytes, at + 1)),
        [byte, ..] if !is_delimiter(*byte) => {
            let end = regular_end(bytes, at);
            (end > at).then(|| reference_end(bytes, at..end).unwrap_or(end))
        }
        _ => None,
    }
}

/// The end of `12 0 R` whose first number is at `number`.
fn reference_end(bytes: &[u8], number: Range<usize>) -> Option<usize> {
    let is_number =
        |range: Range<usize>| bytes.get(range).is_some_and(|text| !text.is_empty() && text.iter().all(u8::is_ascii_digit));
    let second = skip_space(bytes, number.end);
    let second_end = regular_end(bytes, second);
    let third = skip_space(bytes, second_end);
    let third_end = regular_end(bytes, third);
    let is_reference = is_number(number) && is_number(second..second_end) && bytes.get(third..third_end) == Some(b"R");
    is_reference.then_some(third_end)
}

fn literal_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut open = 0_usize;
    let mut at = start;
    loop {
        match bytes.get(at)? {
            b'\\' => at += 1,
            b'(' => open += 1,
            b')' => {
                open = open.checked_sub(1)?;
                if open == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

pub(super) fn decode_name(raw: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((byte, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| *byte == b'#').and_then(|digits| hex::decode(digits).ok());
        if let Some([value]) = escaped.as_deref() {
            name.push(*value);
            rest = after.get(2..).unwrap_or_default();
        } else {
            name.push(*byte);
            rest = after;
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_whatever_stands_before_them() {
        let text = b"junk 7 0 obj % comment\n<</A(a\\)(b) /Contents <00>)/B[1 0 R<</C/D>>]/E 12 0 R/F 1.5/Cont#65nts <AbCd>/G<</H(>>)>>>>\nendobj";
        let entries = dictionary_at(text, 5, (7, 0)).unwrap();
        let shown: Vec<(&str, &str)> = entries
            .iter()
            .map(|entry| (std::str::from_utf8(&entry.key).unwrap(), std::str::from_utf8(&text[entry.value.clone()]).unwrap()))
            .collect();
        assert_eq!(
            shown,
            [
                ("A", "(a\\)(b) /Contents <00>)"),
                ("B", "[1 0 R<</C/D>>]"),
                ("E", "12 0 R"),
                ("F", "1.5"),
                ("Contents", "<AbCd>"),
                ("G", "<</H(>>)>>")
            ]
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_found_however_it_is_written_and_however_deep() {
        for (text, expected) in [
            (&b"<</A 1/B 2>>"[..], None),
            (b"<</A<</A 1>>/B[<</A 1>><</A 2>>]>>", None),
            (b"<</A 1/B 2/A 3>>", Some("A")),
            (b"<</A 1/#41 3>>", Some("A")),
            (b"[1 0 R<</X[<</B(>>)/B 2>>]>>]", Some("B")),
            (b"(<</A 1/A 2>>)", None),
        ] {
            assert_eq!(key_twice(text, 0).as_deref(), expected.map(str::as_bytes), "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn another_object_or_broken_syntax_is_none() {
        for (text, id) in [
            (&b"7 0 obj <</A 1>>"[..], (8, 0)),
            (b"7 0 obj [1]", (7, 0)),
            (b"7 0 obj <</A (1>>", (7, 0)),
            (b"7 0 obj <</A", (7, 0)),
            (b"7 0 obj <<1 2>>", (7, 0)),
            (b"", (7, 0)),
        ] {
            assert_eq!(dictionary_at(text, 0, id), None);
        }
        let deep = [&b"7 0 obj <</A "[..], &b"[".repeat(10_000)].concat();
        assert_eq!(dictionary_at(&deep, 0, (7, 0)), None);
    }
}
