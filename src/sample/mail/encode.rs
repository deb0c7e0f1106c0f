//! What mail makes of text and bytes: RFC 2045 (base64, quoted-printable), RFC 2047 (encoded words), RFC 2231 (parameters).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::WINDOWS_1251;

/// How a program writes letters outside ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    Utf8,
    Windows1251,
}

impl Charset {
    pub fn bytes(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Windows1251 => WINDOWS_1251.encode(text).0.into_owned(),
        }
    }
}

/// Base64 in lines of 76, each ended by CRLF.
pub fn base64_lines(bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let lines = text.as_bytes().chunks(76).map(|line| format!("{}\r\n", String::from_utf8_lossy(line)));
    lines.collect()
}

/// Text as quoted-printable, its lines ended by CRLF.
pub fn quoted_printable(text: &str, charset: Charset) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut width = 0;
        let bytes = charset.bytes(line);
        for (at, byte) in bytes.iter().enumerate() {
            let last = at + 1 == bytes.len();
            let plain = (matches!(byte, 33..=126) && *byte != b'=') || (*byte == b' ' && !last);
            let piece = if plain { char::from(*byte).to_string() } else { format!("={byte:02X}") };
            if width + piece.len() > 75 {
                out.push_str("=\r\n");
                width = 0;
            }
            width += piece.len();
            out.push_str(&piece);
        }
        out.push_str("\r\n");
    }
    out
}

/// A header's text: as it is when ASCII, else base64 words of at most 75 characters, folded.
pub fn words(text: &str, charset: Charset, name: &str) -> String {
    if text.is_ascii() {
        return text.to_owned();
    }
    let most = (75 - name.len() - 7) / 4 * 3;
    let mut pieces = vec![Vec::new()];
    for c in text.chars() {
        let bytes = charset.bytes(&c.to_string());
        if pieces.last().is_some_and(|piece| piece.len() + bytes.len() > most) {
            pieces.push(Vec::new());
        }
        if let Some(piece) = pieces.last_mut() {
            piece.extend(bytes);
        }
    }
    let words: Vec<_> = pieces.iter().map(|piece| format!("=?{name}?B?{}?=", STANDARD.encode(piece))).collect();
    words.join("\r\n ")
}

/// A parameter's value: quoted when ASCII, else by RFC 2231 in one piece.
pub fn parameter(name: &str, value: &str, charset: &str) -> String {
    if value.is_ascii() {
        return format!("{name}=\"{value}\"");
    }
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    let escaped: String = value.bytes().map(escape).collect();
    format!("{name}*={charset}''{escaped}")
}
