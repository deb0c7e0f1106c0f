//! PDF syntax as it stands in the bytes: where a dictionary's values begin and end.
//!
//! A parser that hands out values cannot say where they stood; a signature's gap must be the `/Contents` of its own
//! dictionary to the byte.

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
    let mut at = skip_space(bytes, offset);
    for expected in [id.0.to_string(), id.1.to_string(), "obj".to_owned()] {
        let end = regular_end(bytes, at);
        if bytes.get(at..end)? != expected.as_bytes() {
            return None;
        }
        at = skip_space(bytes, end);
    }
    dictionary(bytes, at)
}

fn dictionary(bytes: &[u8], at: usize) -> Option<Vec<Entry>> {
    if bytes.get(at..)?.starts_with(b"<<") {
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
        Some(entries)
    } else {
        None
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

fn value_end(bytes: &[u8], at: usize, depth: usize) -> Option<usize> {
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

fn decode_name(raw: &[u8]) -> Vec<u8> {
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
