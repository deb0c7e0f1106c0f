//! The place in a file that a signature is put into, and the bytes around it that are signed.

use super::base::refuse;
use crate::signing::SigningError;

/// Digits of an offset in `/ByteRange`: any file of up to 9 GB.
const OFFSET_DIGITS: usize = 10;

/// Text of a signature dictionary with room for what is known only later.
pub(super) struct Draft {
    pub text: String,
    /// Within `text`: where the three offsets of `/ByteRange` stand, and the `<…>` of `/Contents`.
    range_at: usize,
    contents_at: usize,
    contents_length: usize,
}

impl Draft {
    /// `head` stands before byte range and contents of `octets` octets, `tail` behind them.
    pub fn new(head: &str, octets: usize, tail: &str) -> Self {
        let mut text = format!("<<{head}/ByteRange[0 ");
        let range_at = text.len();
        text.push_str(&" ".repeat(3 * (OFFSET_DIGITS + 1)));
        text.push_str("]/Contents");
        let contents_at = text.len();
        let contents_length = octets * 2 + 2;
        text.push('<');
        text.push_str(&"0".repeat(octets * 2));
        text.push('>');
        text.push_str(tail);
        text.push_str(">>");
        Self { text, range_at, contents_at, contents_length }
    }
}

/// A file with a place that is not filled yet.
#[derive(Debug, Clone)]
pub(super) struct Gap {
    out: Vec<u8>,
    start: usize,
    end: usize,
}

impl Gap {
    /// Writes the byte range of `draft`, whose text begins at `at` of `out`.
    pub fn new(mut out: Vec<u8>, at: usize, draft: &Draft) -> Self {
        let start = at + draft.contents_at;
        let end = start + draft.contents_length;
        let range = format!("{start} {end} {}", out.len().saturating_sub(end));
        put(&mut out, at + draft.range_at, range.as_bytes());
        Self { out, start, end }
    }

    /// What a signature covers: before its place, and behind it.
    pub fn covered(&self) -> [&[u8]; 2] {
        [self.out.get(..self.start).unwrap_or_default(), self.out.get(self.end..).unwrap_or_default()]
    }

    /// Octets there is room for.
    pub fn room(&self) -> usize {
        self.end.saturating_sub(self.start + 2) / 2
    }

    /// # Errors
    /// [`SigningError::Room`]
    pub fn fill(mut self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        if message.is_empty() {
            return Err(refuse("the signature is empty"));
        }
        if let Some(missing) = message.len().checked_sub(self.room()).filter(|missing| *missing > 0) {
            return Err(SigningError::Room(missing));
        }
        put(&mut self.out, self.start + 1, hex::encode(message).as_bytes());
        Ok(self.out)
    }
}

fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    for (place, byte) in out.iter_mut().skip(at).zip(bytes) {
        *place = *byte;
    }
}
