//! A file as checked UTF-8 with a place for every character.
//!
//! Bytes are transcoded in pieces of fixed size, so memory does not grow with the file. Characters XML forbids and
//! bytes that are not of the encoding stop the reading exactly where they stand.

use std::io::{self, BufRead, Chain, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, Encoding, WINDOWS_1251};
use oblik_domain::finding::Place;
use oblik_domain::limits::{FILE_BYTES, XML_TEXT_BYTES};

use crate::sniff::{SNIFF_BYTES, sniff};

const PIECE_BYTES: usize = 16 * 1024;

/// Why a source gave no more.
#[derive(Debug)]
pub(crate) enum SourceFault {
    /// The world's fault, not the file's.
    Io(io::Error),
    /// The file is not XML; says why.
    Xml(String),
    /// The file is longer than [`FILE_BYTES`].
    File,
    /// One token is longer than [`XML_TEXT_BYTES`].
    Token,
}

pub(crate) struct Source<R> {
    inner: Chain<Cursor<Vec<u8>>, R>,
    encoding: &'static Encoding,
    decoder: Decoder,
    piece: Vec<u8>,
    at: usize,
    end: usize,
    finished: bool,
    place: Place,
    /// Bytes taken in.
    received: u64,
    /// Bytes of UTF-8 given out.
    consumed: u64,
    token_bytes: usize,
    /// Raised when what stands before it was read.
    pending: Option<String>,
    fault: Option<SourceFault>,
}

impl<R: BufRead> Source<R> {
    /// # Errors
    /// [`SourceFault`] when the encoding cannot be told or is not one of ours.
    pub(crate) fn new(mut inner: R) -> Result<Self, SourceFault> {
        let mut head = Vec::with_capacity(SNIFF_BYTES);
        let wanted = u64::try_from(SNIFF_BYTES).unwrap_or(u64::MAX);
        Read::take(&mut inner, wanted).read_to_end(&mut head).map_err(SourceFault::Io)?;
        let sniffed = sniff(&head).map_err(SourceFault::Xml)?;
        let text = head.split_off(sniffed.mark_bytes.min(head.len()));
        Ok(Self {
            inner: Cursor::new(text).chain(inner),
            encoding: sniffed.encoding,
            decoder: sniffed.encoding.new_decoder_without_bom_handling(),
            piece: vec![0; PIECE_BYTES],
            at: 0,
            end: 0,
            finished: false,
            place: Place { line: 1, column: 1 },
            received: 0,
            consumed: 0,
            token_bytes: 0,
            pending: None,
            fault: None,
        })
    }
}

impl<R> Source<R> {
    /// Where the next character stands.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// Bytes of UTF-8 read so far.
    pub(crate) fn consumed(&self) -> u64 {
        self.consumed
    }

    /// From here on a new token is measured.
    pub(crate) fn begin_token(&mut self) {
        self.token_bytes = 0;
    }

    pub(crate) fn take_fault(&mut self) -> Option<SourceFault> {
        self.fault.take()
    }
}

impl<R: BufRead> Source<R> {
    fn refill(&mut self) -> Result<(), SourceFault> {
        while self.at == self.end && !self.finished {
            if let Some(detail) = self.pending.take() {
                return Err(SourceFault::Xml(detail));
            }
            let input = match self.inner.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other.map_err(SourceFault::Io)?,
            };
            let last = input.is_empty();
            let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(input, &mut self.piece, last);
            self.inner.consume(read);
            self.received = self.received.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
            if self.received > FILE_BYTES {
                return Err(SourceFault::File);
            }
            (self.at, self.end) = (0, written);
            match result {
                DecoderResult::InputEmpty => self.finished = last,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    self.pending = Some(format!("bytes that are not {}", self.encoding.name()));
                }
            }
            // A second mark would be dropped unseen by the parser above.
            if self.consumed == 0 && self.piece.get(..written).is_some_and(|text| text.starts_with(b"\xEF\xBB\xBF")) {
                return Err(SourceFault::Xml("two byte order marks".to_owned()));
            }
            if let Some((offset, character)) = forbidden(self.piece.get(..written).unwrap_or_default(), self.encoding) {
                self.end = offset;
                self.finished = false;
                self.pending = Some(format!("the character U+{character:04X}, which XML forbids"));
            }
        }
        Ok(())
    }
}

/// The first character XML 1.0 forbids. Source: XML 1.0 §2.2.
///
/// windows-1251 leaves 0x98 without a character; the decoder makes it U+0098, other programs refuse it.
fn forbidden(text: &[u8], encoding: &'static Encoding) -> Option<(usize, u32)> {
    let legacy = encoding == WINDOWS_1251;
    let mut from = 0;
    while let Some(found) =
        text.get(from..)?.iter().position(|b| (*b < 0x20 && !b"\t\n\r".contains(b)) || matches!(b, 0xEF | 0xC2))
    {
        let offset = from + found;
        match text.get(offset..)? {
            [0xEF, 0xBF, last @ (0xBE | 0xBF), ..] => return Some((offset, 0xFF40 + u32::from(*last))),
            [0xC2, 0x98, ..] if legacy => return Some((offset, 0x98)),
            [control @ 0..0x20, ..] => return Some((offset, u32::from(*control))),
            _ => from = offset + 1,
        }
    }
    None
}

/// The place after `text`, which begins at `place`.
pub(crate) fn advance(mut place: Place, text: &[u8]) -> Place {
    for byte in text {
        if *byte == b'\n' {
            place.line += 1;
            place.column = 1;
        } else {
            // The bytes that continue a character count nothing.
            place.column += u64::from(*byte & 0xC0 != 0x80);
        }
    }
    place
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(out)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let outcome = if self.token_bytes > XML_TEXT_BYTES { Err(SourceFault::Token) } else { self.refill() };
        if let Err(fault) = outcome {
            self.fault = Some(fault);
            return Err(io::Error::other("the source gives no more"));
        }
        Ok(self.piece.get(self.at..self.end).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        let upto = self.at.saturating_add(amount).min(self.end);
        let read = self.piece.get(self.at..upto).unwrap_or_default();
        self.place = advance(self.place, read);
        self.token_bytes = self.token_bytes.saturating_add(read.len());
        self.consumed = self.consumed.saturating_add(u64::try_from(read.len()).unwrap_or(u64::MAX));
        self.at = upto;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> (String, Place, Option<SourceFault>) {
        let mut source = Source::new(bytes).unwrap();
        let mut text = String::new();
        let mut small = [0; 7];
        loop {
            match source.read(&mut small) {
                Ok(0) => return (text, source.place(), None),
                // Seven bytes may cut a character, so the text is only as good as its ASCII.
                Ok(n) => text.push_str(&String::from_utf8_lossy(&small[..n])),
                Err(_) => return (text, source.place(), source.take_fault()),
            }
            source.begin_token();
        }
    }

    #[test]
    fn a_place_counts_characters_not_bytes() {
        let (_, place, fault) = read("<a>\nїжак\r\n№ €𝄞".as_bytes());
        assert_eq!((place.line, place.column), (3, 5));
        assert!(fault.is_none());
    }

    #[test]
    fn every_encoding_gives_the_same_text() {
        let declared = |name: &str| format!("<?xml version=\"1.0\" encoding=\"{name}\"?><a>Ґанок № 5</a>");
        let utf16: Vec<u8> = declared("UTF-16").encode_utf16().flat_map(u16::to_be_bytes).collect();
        let legacy = WINDOWS_1251.encode(&declared("windows-1251")).0.into_owned();
        for bytes in [declared("UTF-8").into_bytes(), utf16, legacy] {
            let mut source = Source::new(bytes.as_slice()).unwrap();
            let mut text = String::new();
            source.read_to_string(&mut text).unwrap();
            assert!(text.ends_with("<a>Ґанок № 5</a>"), "{text}");
        }
    }

    #[test]
    fn what_xml_forbids_stops_exactly_where_it_stands() {
        let cases: &[(&[u8], u64, u64)] = &[
            (b"<a>\n  \x07</a>", 2, 3),
            (b"<a>\0</a>", 1, 4),
            ("<a>ж\u{FFFE}</a>".as_bytes(), 1, 5),
            (b"<a>\xD0</a>", 1, 4),
            (b"<a>\xED\xA0\x80</a>", 1, 4),
            (b"<?xml version='1.0' encoding='windows-1251'?>\n<a>\x98</a>", 2, 4),
        ];
        for (bytes, line, column) in cases {
            let (_, place, fault) = read(bytes);
            assert_eq!((place.line, place.column), (*line, *column), "{bytes:?}");
            assert!(matches!(fault, Some(SourceFault::Xml(_))), "{bytes:?}: {fault:?}");
        }
    }
}
