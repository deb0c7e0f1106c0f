//! Content-Transfer-Encoding (RFC 2045 §6), read leniently: a signature tells whether the bytes are right.

/// Decodes a body; an encoding nobody knows leaves it as it is.
pub fn decode(body: &[u8], encoding: &str) -> Vec<u8> {
    // Comments after the token are allowed by RFC 2045 and written by some gateways.
    let token = encoding.split(['(', ';', ' ', '\t']).next().unwrap_or_default();
    if token.eq_ignore_ascii_case("base64") {
        base64(body)
    } else if token.eq_ignore_ascii_case("quoted-printable") {
        quoted_printable(body)
    } else {
        body.to_vec()
    }
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

/// Base64; what is outside the alphabet is skipped, padding ends a run (concatenated runs occur).
pub fn base64(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
    let (mut group, mut held) = (0_u32, 0_u32);
    let flush = |group: u32, held: u32, bytes: &mut Vec<u8>| {
        let [_, first, second, third] = (group << (6 * (4 - held))).to_be_bytes();
        match held {
            4 => bytes.extend([first, second, third]),
            3 => bytes.extend([first, second]),
            2 => bytes.push(first),
            _ => {}
        }
    };
    for byte in text {
        if let Some(value) = sextet(*byte) {
            group = (group << 6) | value;
            held += 1;
        }
        if held == 4 || (*byte == b'=' && held > 0) {
            flush(group, held, &mut bytes);
            (group, held) = (0, 0);
        }
    }
    flush(group, held, &mut bytes);
    bytes
}

fn hex_value(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// The byte that two hexadecimal digits write.
pub fn hex_pair(pair: &[u8]) -> Option<u8> {
    match pair {
        [high, low, ..] => Some(hex_value(*high)? << 4 | hex_value(*low)?),
        _ => None,
    }
}

/// Quoted-printable; a broken escape stays as written, white space before a line's end goes (RFC 2045 §6.7).
pub fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = line.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |last| last + 1);
        let (content, ending) = line.split_at(end);
        let mut rest = content;
        let mut soft = false;
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if *first != b'=' {
                bytes.push(*first);
            } else if let Some(byte) = hex_pair(after) {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            } else if after.is_empty() {
                soft = true;
            } else {
                bytes.push(b'=');
            }
        }
        if !soft {
            let newline = if ending.ends_with(b"\r\n") { b"\r\n".as_slice() } else { ending };
            if newline.ends_with(b"\n") {
                bytes.extend_from_slice(if newline == b"\r\n" { b"\r\n" } else { b"\n" });
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_read_past_what_does_not_belong() {
        let cases: [(&str, &[u8]); 7] = [
            ("", b""),
            ("TQ==", b"M"),
            ("TWE=", b"Ma"),
            ("TWFu", b"Man"),
            ("TW\r\nFu\r\n", b"Man"),
            ("TQ==TWFu", b"MMan"),
            ("TWFuT", b"Man"),
        ];
        for (text, bytes) in cases {
            assert_eq!(decode(text.as_bytes(), "BASE64 (comment)"), bytes, "{text}");
        }
    }

    #[test]
    fn quoted_printable_keeps_what_is_no_escape() {
        let cases: [(&str, &[u8]); 8] = [
            ("a=3Db", b"a=b"),
            ("a=\r\nb", b"ab"),
            ("a= \t\r\nb", b"ab"),
            ("a  \r\nb", b"a\r\nb"),
            ("a=zz", b"a=zz"),
            ("=d0=96\n", "Ж\n".as_bytes()),
            ("end=", b"end"),
            ("\r\n\r\n", b"\r\n\r\n"),
        ];
        for (text, bytes) in cases {
            assert_eq!(quoted_printable(text.as_bytes()), bytes, "{text:?}");
        }
    }
}
