//! PEM (RFC 7468), read leniently: text around the blocks is passed over.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Label and content of each readable block, in order.
pub(crate) fn blocks(bytes: &[u8]) -> Vec<(String, Vec<u8>)> {
    let text = String::from_utf8_lossy(bytes);
    let mut blocks = Vec::new();
    let mut rest = text.as_ref();
    while let Some((_, after)) = rest.split_once("-----BEGIN ") {
        let Some((label, body)) = after.split_once("-----") else { break };
        let end = format!("-----END {label}-----");
        let Some((body, after)) = body.split_once(end.as_str()) else {
            rest = body;
            continue;
        };
        let compact: String = body.chars().filter(|c| !c.is_whitespace()).collect();
        if let Ok(content) = STANDARD.decode(compact) {
            blocks.push((label.to_owned(), content));
        }
        rest = after;
    }
    blocks
}

/// `der` as one block of PEM, sixty-four characters a line (RFC 7468 §2).
pub fn to_pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut block = format!("-----BEGIN {label}-----\n");
    for (place, character) in text.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            block.push('\n');
        }
        block.push(character);
    }
    block + &format!("\n-----END {label}-----\n")
}

pub(crate) fn is_pem(bytes: &[u8]) -> bool {
    let head = bytes.get(..bytes.len().min(4096)).unwrap_or_default();
    head.windows(11).any(|window| window == b"-----BEGIN ")
}

/// As mailers carry CMS: base64 lines without any label.
pub(crate) fn bare_base64(bytes: &[u8]) -> Option<Vec<u8>> {
    let compact: Vec<u8> = bytes.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    if compact.len() < 64 { None } else { STANDARD.decode(compact).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(label: &str, der: &[u8]) -> String {
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
    }

    #[test]
    fn blocks_are_found_among_other_text_and_broken_ones_passed_over() {
        let one = write("CERTIFICATE", &[1; 100]);
        let text = format!(
            "subject=CN=x\n{one}\n-----BEGIN X-----\n!!!\n-----END X-----\n{}-----BEGIN Y-----\nAA",
            write("X509 CRL", &[2])
        );
        let read = blocks(text.as_bytes());
        assert_eq!(read, [("CERTIFICATE".to_owned(), vec![1; 100]), ("X509 CRL".to_owned(), vec![2])]);
        assert!(is_pem(text.as_bytes()));
    }
}
