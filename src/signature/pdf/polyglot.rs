//! Bytes that are no part of the PDF: another file in the same bytes, which another program will open.
//!
//! Data of streams may look like anything; between the objects, before the first and behind the last, only a PDF may stand.

use oblik_domain::finding::Finding;

use super::attack::Attack;
use super::bytes::find_all;

/// What other kinds of file are known by.
const MARKS: [(&[u8], &str); 9] = [
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"This program cannot be run in DOS mode", "a program"),
    (b"\x7fELF", "a program"),
    (b"<?php", "a script"),
    (b"\x89PNG\r\n\x1a\n", "an image"),
    (b"\xff\xd8\xff\xe0", "an image"),
];
/// Web pages, in any case of letters; each begins with `<`.
const TAGS: [&[u8]; 5] = [b"<!doctype html", b"<html", b"<script", b"<iframe", b"<svg"];
/// The length of a ZIP archive's last record, where its comment's length stands, and the longest comment.
const ZIP_END: usize = 22;
const ZIP_COMMENT_MAX: usize = 65_535;
/// Readers that are not strict look for a header this far in.
const HEADER_WITHIN: usize = 1024;

/// What is wrong with the beginning of a file that does not begin as a PDF; `None` when no PDF begins later either.
pub(super) fn before_header(bytes: &[u8]) -> Option<Finding> {
    let head = bytes.get(..HEADER_WITHIN.min(bytes.len())).unwrap_or_default();
    find_all(head, b"%PDF-").next().map(|at| Attack::Polyglot.finding(format!("{at} bytes stand before the PDF")))
}

/// Another kind of file outside the streams of `pdf`.
pub(super) fn judge(pdf: &[u8], in_stream: &dyn Fn(usize) -> bool) -> Option<Finding> {
    for (mark, what) in MARKS {
        if let Some(at) = find_all(pdf, mark).find(|at| !in_stream(*at)) {
            return Some(Attack::Polyglot.finding(format!("{what} stands at {at}")));
        }
    }
    let is_line =
        |at: usize| at.checked_sub(1).and_then(|before| pdf.get(before)).is_none_or(|byte| matches!(byte, b'\r' | b'\n' | b'%'));
    if let Some(at) = find_all(pdf, b"%PDF-").skip(1).find(|at| !in_stream(*at) && is_line(*at)) {
        return Some(Attack::Polyglot.finding(format!("a second PDF begins at {at}")));
    }
    for at in memchr::memchr_iter(b'<', pdf) {
        let is_tag = |tag: &&[u8]| pdf.get(at..at + tag.len()).is_some_and(|text| text.eq_ignore_ascii_case(tag));
        // Strings in hexadecimal and dictionaries begin with the same sign: the next one tells.
        let is_letter = pdf.get(at + 1).is_some_and(|next| matches!(next, b'!' | b'h' | b'H' | b's' | b'S' | b'i' | b'I'));
        if is_letter && TAGS.iter().any(is_tag) && !in_stream(at) {
            return Some(Attack::Polyglot.finding(format!("a web page stands at {at}")));
        }
    }
    zip_at_end(pdf).map(|at| Attack::Polyglot.finding(format!("a ZIP archive ends the file from {at} on")))
}

/// A ZIP archive is read from its end: its last record may lie in a stream's data and still make the file one.
fn zip_at_end(pdf: &[u8]) -> Option<usize> {
    let from = pdf.len().saturating_sub(ZIP_END + ZIP_COMMENT_MAX);
    find_all(pdf.get(from..)?, b"PK\x05\x06").map(|at| from + at).find(|at| {
        let length = pdf.get(at + ZIP_END - 2..at + ZIP_END).and_then(|length| length.try_into().ok()).map(u16::from_le_bytes);
        length.is_some_and(|length| at + ZIP_END + usize::from(length) == pdf.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_are_seen_outside_streams_only() {
        let nowhere = |_: usize| false;
        let everywhere = |_: usize| true;
        for (text, is_other) in [
            (&b"%PDF-1.7\n1 0 obj <</A<68746d6c>>> endobj"[..], false),
            (b"%PDF-1.7\n%PK\x03\x04", true),
            (b"%PDF-1.7\n%<hTmL>", true),
            (b"%PDF-1.7\n%<SCRIPT src=x>", true),
            (b"%PDF-1.7\n%%EOF\n%PDF-1.4\n", true),
            (b"%PDF-1.7\n(see %PDF-1.4)", false),
            (b"%PDF-1.7\nMZ This program cannot be run in DOS mode", true),
        ] {
            assert_eq!(judge(text, &nowhere).is_some(), is_other, "{}", String::from_utf8_lossy(text));
            assert_eq!(judge(text, &everywhere), None);
        }
    }

    #[test]
    fn an_archive_that_ends_with_the_file_is_seen_in_a_stream_too() {
        let end = |comment: u16| [&b"%PDF-1.7\nstream PK\x05\x06"[..], &[0; 16], &comment.to_le_bytes(), b"endstream"].concat();
        let everywhere = |_: usize| true;
        assert!(judge(&end(9), &everywhere).is_some());
        assert_eq!(judge(&end(8), &everywhere), None);
        assert_eq!(judge(&end(10), &everywhere), None);
    }

    #[test]
    fn bytes_before_the_header_are_named() {
        assert!(before_header(b"GIF89a\n%PDF-1.7").is_some());
        assert!(before_header(&[&[0; 1024][..], b"%PDF-1.7"].concat()).is_none());
        assert!(before_header(b"nothing").is_none());
    }
}
