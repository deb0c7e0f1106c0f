//! Text from outside, made fit to print: what could hide, reorder or break a line is taken out.
//!
//! Source: Unicode UAX #15 (NFC), UTS #39 and TR #36 (bidirectional and invisible characters).

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::typeface::{KEEP, THIN};

/// Marks over one letter that are kept: two, as Vietnamese has; more is only meant to cover other lines.
const MARKS_A_LETTER: usize = 2;

/// `text` in NFC and on one line, without controls, invisible and bidirectional characters; more than `most` characters are
/// cut and end in `…`. White space becomes single spaces.
pub fn clean(text: &str, most: usize) -> Cow<'_, str> {
    if text.len() <= most && text.chars().all(is_plain) && !text.contains("  ") && text.trim_matches(' ').len() == text.len() {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let (mut count, mut marks, mut gap) = (0_usize, 0_usize, false);
    // Four input characters for each printed one bound the work on a text made of things that are dropped.
    for character in text.chars().take(most.saturating_mul(4)).nfc() {
        if is_hidden(character) {
            continue;
        }
        if character.is_whitespace() && character != KEEP && character != THIN || character.is_control() {
            gap = !out.is_empty();
            continue;
        }
        marks = if unicode_normalization::char::is_combining_mark(character) { marks + 1 } else { 0 };
        if marks > MARKS_A_LETTER || (marks > 0 && out.is_empty()) {
            continue;
        }
        if count >= most {
            out.push('…');
            return Cow::Owned(out);
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
            count += 1;
        }
        out.push(if is_private(character) { char::REPLACEMENT_CHARACTER } else { character });
        count += 1;
    }
    Cow::Owned(out)
}

/// Printable as it is: most texts are made of these alone.
fn is_plain(character: char) -> bool {
    matches!(character, ' '..='~' | 'Ѐ'..='џ' | 'Ґ' | 'ґ' | KEEP | THIN | '«' | '»' | '·' | '×' | '–' | '—' | '’' | '…' | '№' | '₴' | '−')
}

/// Invisible by design: joiners, direction marks and overrides, tags, variation selectors, soft hyphens.
pub fn is_hidden(character: char) -> bool {
    matches!(u32::from(character),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x202A..=0x202E
        | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x1BCA0..=0x1BCA3
        | 0x1D173..=0x1D17A | 0xE0000..=0xE0FFF)
}

/// Private use: PDF/A forbids it, and nobody can say what it looks like.
fn is_private(character: char) -> bool {
    matches!(u32::from(character), 0xE000..=0xF8FF | 0xF_0000..=0x10_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides_or_reorders_text_is_gone() {
        let cases = [
            ("ТОВ «Млин»", "ТОВ «Млин»"),
            ("  два \t\r\n рядки  ", "два рядки"),
            ("и\u{306}", "й"),
            ("\u{202E}fdp.exe\u{202C}", "fdp.exe"),
            ("a\u{200B}b\u{FEFF}c\u{AD}d", "abcd"),
            ("nul\0bell\u{7}", "nul bell"),
            ("\u{301}\u{301}a\u{301}\u{302}\u{303}\u{304}", "a\u{301}\u{302}"),
            ("\u{E001}", "\u{FFFD}"),
            ("", ""),
        ];
        for (text, expected) in cases {
            let expected: String = expected.nfc().collect();
            let found: String = clean(text, 200).nfc().take(expected.chars().count().max(1)).collect();
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn a_long_text_is_cut_where_its_limit_is() {
        assert_eq!(clean("абвг", 4), "абвг");
        assert_eq!(clean("абвгд", 4), "абвг…");
        assert_eq!(clean(&"ж".repeat(100_000), 200).chars().count(), 201);
        assert_eq!(clean(&"\u{200B}".repeat(100_000), 200), "");
    }
}
