//! Which encoding a file is in, told from its first bytes.
//!
//! Three encodings are taken: UTF-8, UTF-16 and windows-1251. A declaration that contradicts the bytes is refused: two
//! programs would read two documents (T8).

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1251};

/// The declaration must end within these bytes.
pub(crate) const SNIFF_BYTES: usize = 256;

/// An encoding, and how many bytes of mark stand before the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sniffed {
    pub encoding: &'static Encoding,
    pub mark_bytes: usize,
}

/// Tells the encoding from the first [`SNIFF_BYTES`] of a file.
///
/// # Errors
/// Says in English why the file cannot be read. Source: XML 1.0 appendix F.
pub(crate) fn sniff(head: &[u8]) -> Result<Sniffed, String> {
    let (encoding, mark_bytes) = match head {
        [0, 0, ..] | [0xFF, 0xFE, 0, 0, ..] => return Err("UTF-32 is not read; use UTF-8".to_owned()),
        [0xEF, 0xBB, 0xBF, ..] => (UTF_8, 3),
        [0xFF, 0xFE, ..] => (UTF_16LE, 2),
        [0xFE, 0xFF, ..] => (UTF_16BE, 2),
        [b'<', 0, ..] => (UTF_16LE, 0),
        [0, b'<', ..] => (UTF_16BE, 0),
        _ => (UTF_8, 0),
    };
    let text: String = narrow(head.get(mark_bytes..).unwrap_or_default(), encoding);
    let Some(declared) = declared_encoding(&text)? else { return Ok(Sniffed { encoding, mark_bytes }) };
    let wide = encoding != UTF_8;
    match declared.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" if !wide => Ok(Sniffed { encoding, mark_bytes }),
        "windows-1251" | "cp1251" if !wide && mark_bytes == 0 => Ok(Sniffed { encoding: WINDOWS_1251, mark_bytes }),
        "utf-16" | "utf16" if wide => Ok(Sniffed { encoding, mark_bytes }),
        "utf-16le" if encoding == UTF_16LE => Ok(Sniffed { encoding, mark_bytes }),
        "utf-16be" if encoding == UTF_16BE => Ok(Sniffed { encoding, mark_bytes }),
        "utf-8" | "utf8" | "windows-1251" | "cp1251" | "utf-16" | "utf16" | "utf-16le" | "utf-16be" => {
            Err(format!("encoding {declared:?} is declared, but the first bytes are {}", encoding.name()))
        }
        _ => Err(format!("encoding {declared:?} is not read; use UTF-8, UTF-16 or windows-1251")),
    }
}

/// The head as ASCII; what is not ASCII becomes U+FFFD.
fn narrow(head: &[u8], encoding: &'static Encoding) -> String {
    let ascii = |unit: u16| match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte),
        _ => char::REPLACEMENT_CHARACTER,
    };
    if encoding == UTF_8 {
        return head.iter().map(|byte| ascii(u16::from(*byte))).collect();
    }
    let (units, _) = head.as_chunks::<2>();
    let unit = |pair: &[u8; 2]| if encoding == UTF_16LE { u16::from_le_bytes(*pair) } else { u16::from_be_bytes(*pair) };
    units.iter().map(|pair| ascii(unit(pair))).collect()
}

fn declared_encoding(text: &str) -> Result<Option<&str>, String> {
    let Some(rest) = text.strip_prefix("<?xml").filter(|rest| rest.starts_with([' ', '\t', '\r', '\n'])) else {
        return Ok(None);
    };
    let Some((declaration, _)) = rest.split_once("?>") else {
        return Err(format!("the XML declaration does not end within {SNIFF_BYTES} bytes"));
    };
    let Some((_, after)) = declaration.split_once("encoding") else { return Ok(None) };
    // The exact grammar of the declaration is checked when it is read as a token.
    let value = after.trim_start().strip_prefix('=').map(str::trim_start).unwrap_or_default();
    let quote = value.chars().next().filter(|c| *c == '"' || *c == '\'');
    let name = quote.and_then(|quote| value.strip_prefix(quote)?.split_once(quote)).map(|(name, _)| name);
    name.map(Some).ok_or_else(|| "the XML declaration is not well-formed".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_known_by_mark_and_declaration() {
        let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
        let cases: &[(&[u8], &'static Encoding, usize)] = &[
            (b"<a/>", UTF_8, 0),
            (b"\xEF\xBB\xBF<a/>", UTF_8, 3),
            (b"<?xml version='1.0' encoding='UTF-8'?><a/>", UTF_8, 0),
            (b"<?xml version='1.0' encoding = \"Windows-1251\" ?><a/>", WINDOWS_1251, 0),
            (b"\xFE\xFF\0<\0a", UTF_16BE, 2),
            (&wide("<?xml version='1.0' encoding='utf-16'?><a/>"), UTF_16LE, 0),
            (b"", UTF_8, 0),
        ];
        for (head, encoding, mark_bytes) in cases {
            assert_eq!(sniff(head), Ok(Sniffed { encoding, mark_bytes: *mark_bytes }), "{head:?}");
        }
    }

    #[test]
    fn a_declaration_that_contradicts_the_bytes_is_refused() {
        let long = format!("<?xml version='1.0' encoding='UTF-8'{}?>", " ".repeat(300));
        let cases: &[&[u8]] = &[
            b"<?xml version='1.0' encoding='UTF-16'?><a/>",
            b"<?xml version='1.0' encoding='KOI8-U'?><a/>",
            b"\xEF\xBB\xBF<?xml version='1.0' encoding='windows-1251'?><a/>",
            b"\xFF\xFE\0\0<\0\0\0",
            b"<?xml version='1.0' encoding=UTF-8?><a/>",
            long.as_bytes(),
        ];
        for head in cases {
            assert!(sniff(&head[..head.len().min(SNIFF_BYTES)]).is_err(), "{head:?}");
        }
    }
}
