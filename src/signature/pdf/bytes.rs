//! A PDF as bytes: what stands where, before anything is understood.

use std::ops::Range;

use oblik_domain::limits;

use super::lexer::{dictionary_entries, header_at, skip_space};
use super::revision::Revision;

/// Places of `needle`, first to last.
pub(super) fn find_all<'a>(haystack: &'a [u8], needle: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    memchr::memmem::find_iter(haystack, needle)
}

/// Lengths of the file at each of its end-of-file marks, with and without the line end that follows: where a revision may
/// end.
///
/// A document that Oblik issued and a customer signed is found again by the digest of one of these prefixes.
pub fn revision_ends(pdf: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    for at in find_all(pdf, b"%%EOF") {
        let end = at + 5;
        ends.push(end);
        match pdf.get(end..) {
            Some([b'\r', b'\n', ..]) => ends.extend([end + 1, end + 2]),
            Some([b'\r' | b'\n', ..]) => ends.push(end + 1),
            _ => {}
        }
        if ends.len() >= 3 * limits::PDF_REVISIONS {
            break;
        }
    }
    ends
}

/// Where the data of a revision's streams lies; what stands there is content, whatever it looks like.
pub(super) struct Streams(Vec<Range<usize>>);

impl Streams {
    pub fn of(pdf: &[u8], revision: &Revision) -> Self {
        let streams = revision.document.objects.iter().filter_map(|(id, object)| Some((*id, object.as_stream().ok()?)));
        let ranges = streams.filter_map(|(id, stream)| {
            let start = data_start(pdf, revision.offset(id)?)?;
            Some(start..start.saturating_add(stream.content.len()))
        });
        let mut ranges: Vec<Range<usize>> = ranges.collect();
        ranges.sort_by_key(|range| range.start);
        Self(ranges)
    }

    pub fn contain(&self, at: usize) -> bool {
        let next = self.0.partition_point(|range| range.start <= at);
        next.checked_sub(1).and_then(|index| self.0.get(index)).is_some_and(|range| range.contains(&at))
    }
}

/// Where the data of the stream begins whose object stands at `offset`.
fn data_start(pdf: &[u8], offset: usize) -> Option<usize> {
    let (_, body) = header_at(pdf, offset)?;
    let (_, end) = dictionary_entries(pdf, body)?;
    let at = skip_space(pdf, end);
    match pdf.get(at..)?.strip_prefix(b"stream")? {
        [b'\r', b'\n', ..] => Some(at + 8),
        [b'\n' | b'\r', ..] => Some(at + 7),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revisions_end_at_their_marks_with_or_without_a_line_end() {
        assert_eq!(revision_ends(b"a%%EOF\nb%%EOF\r\nc%%EOF"), [6, 7, 13, 14, 15, 21]);
        assert_eq!(revision_ends(b"nothing"), Vec::<usize>::new());
    }
}
