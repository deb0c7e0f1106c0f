//! A file that does not read as a PDF may still show by its bytes what was done to it.

use oblik_domain::finding::Finding;

use super::attack::Attack;
use super::bytes::find_all;
use super::lexer::{regular_end, skip_space};

/// Byte ranges looked at.
const RANGES_MAX: usize = 20;

/// `reason`, why it does not read, and, when that is no attack itself, the one that the byte ranges of its signatures show.
pub(super) fn findings(pdf: &[u8], reason: Finding) -> Vec<Finding> {
    let is_named = !reason.value("attack").is_empty();
    let mut found = vec![reason];
    if is_named {
        return found;
    }
    let mut covered = 0;
    for at in find_all(pdf, b"/ByteRange").take(RANGES_MAX) {
        let Some([start, first, second, length]) = numbers(pdf, at + b"/ByteRange".len()) else { continue };
        let gap = pdf.get(first..second).unwrap_or_default();
        let is_hexadecimal = gap
            .strip_prefix(b"<")
            .and_then(|gap| gap.strip_suffix(b">"))
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit));
        if start != 0 || !is_hexadecimal {
            found.push(Attack::SignatureWrapping.finding("it leaves out something other than the signature itself"));
            return found;
        }
        covered = covered.max(second.saturating_add(length));
    }
    if covered > 0 && covered < pdf.len() {
        found.push(Attack::IncrementalSaving.finding("bytes were added after the last signature"));
    }
    found
}

fn numbers(pdf: &[u8], at: usize) -> Option<[usize; 4]> {
    let mut at = skip_space(pdf, at);
    if pdf.get(at) != Some(&b'[') {
        return None;
    }
    at += 1;
    let mut numbers = [0; 4];
    for number in &mut numbers {
        at = skip_space(pdf, at);
        let end = regular_end(pdf, at);
        *number = std::str::from_utf8(pdf.get(at..end)?).ok()?.parse().ok()?;
        at = end;
    }
    Some(numbers)
}
