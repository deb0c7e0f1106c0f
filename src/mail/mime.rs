//! The MIME tree, walked within bounds and cut into slices of the bytes as received.
//!
//! Every entity is a slice of its parent: a nested part can never reach past the boundary around it, and the first child
//! of `multipart/signed` is exactly what was signed. Where readers could see different trees the message is refused
//! instead of interpreted (T4).

use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;

use crate::headers::{Headers, lines, without_ending};
use crate::parameters::Parameterised;
use crate::sniff::{Kind, Part, label, sniff};
use crate::transfer;

/// RFC 2046 allows 70 characters, Postfix looks at 100.
const BOUNDARY_BYTES: usize = 200;

/// Fields of an entity that may stand once.
const ONCE: [&str; 3] = ["content-type", "content-transfer-encoding", "content-disposition"];

pub(crate) fn too_large(what: &'static str, limit: impl std::fmt::Display) -> Finding {
    Finding::error(Code::MailTooLarge).with("what", what).with("limit", limit)
}

pub(crate) fn ambiguous(field: &str) -> Finding {
    Finding::error(Code::MailAmbiguous).with("field", field)
}

/// Opens an encrypted CMS message with our own key: its plain text, or nothing for any reason.
pub type Opener<'a> = dyn Fn(&[u8]) -> Option<Vec<u8>> + 'a;

/// The parts of one entity and what may still be spent on it.
#[derive(Default)]
pub(crate) struct Walk<'a> {
    pub parts: Vec<Part>,
    /// Header of the first message inside the entity.
    pub returned: Option<Headers>,
    entities: usize,
    decoded: usize,
    boundaries: Vec<Vec<u8>>,
    depth: usize,
    forwarded: bool,
    inside: Option<usize>,
    opener: Option<&'a Opener<'a>>,
    /// How many encryptions lie around.
    opened: usize,
    /// Set for entities that a digest or the root declares for their children.
    default_type: Option<&'a str>,
}

impl<'a> Walk<'a> {
    /// A walk that goes on inside of what `opener` opens.
    pub(crate) fn opening(opener: &'a Opener<'a>) -> Self {
        Self { opener: Some(opener), ..Self::default() }
    }

    /// Reads `entity` with everything in it.
    ///
    /// # Errors
    /// [`Code::MailTooLarge`] past a bound, [`Code::MailAmbiguous`] where the tree can be read in two ways.
    pub(crate) fn entity(&mut self, entity: &[u8]) -> Result<(), Finding> {
        self.entities += 1;
        if self.entities > limits::MAIL_PARTS {
            return Err(too_large("parts", limits::MAIL_PARTS));
        }
        if self.depth > limits::MAIL_DEPTH {
            return Err(too_large("depth", limits::MAIL_DEPTH));
        }
        let (headers, body) = Headers::split(entity);
        if body > limits::MAIL_HEADER_BYTES && !headers.fields().is_empty() {
            return Err(too_large("header-bytes", limits::MAIL_HEADER_BYTES));
        }
        for name in ONCE {
            headers.once(name)?;
        }
        let body = entity.get(body..).unwrap_or_default();
        let mut content_type = parameterised(&headers, "content-type")?;
        if content_type.value.is_empty() {
            self.default_type.unwrap_or("text/plain").clone_into(&mut content_type.value);
        }
        self.depth += 1;
        let walked = self.body(&headers, &content_type, body);
        self.depth -= 1;
        walked
    }

    fn body(&mut self, headers: &Headers, content_type: &Parameterised, body: &[u8]) -> Result<(), Finding> {
        let encoding = headers.token("content-transfer-encoding");
        let boundary = content_type.get("boundary").trim_end().as_bytes().to_vec();
        if content_type.value.starts_with("multipart/") && !boundary.is_empty() {
            if boundary.len() > BOUNDARY_BYTES {
                return Err(too_large("header-bytes", BOUNDARY_BYTES));
            }
            if self.boundaries.contains(&boundary) {
                return Err(ambiguous("boundary"));
            }
            let children = children(body, &boundary, limits::MAIL_PARTS)?;
            self.boundaries.push(boundary);
            let walked = self.multipart(content_type, &children);
            self.boundaries.pop();
            return walked;
        }
        // RFC 2046 §5.2.1 forbids any encoding that would have to be undone first.
        let transparent = matches!(encoding.as_str(), "" | "7bit" | "8bit" | "binary");
        if matches!(content_type.value.as_str(), "message/rfc822" | "message/global") && transparent {
            let outer = std::mem::replace(&mut self.forwarded, true);
            let default = self.default_type.take();
            if self.returned.is_none() && self.opened == 0 {
                self.returned = Some(Headers::split(body).0);
            }
            let walked = self.entity(body);
            self.forwarded = outer;
            self.default_type = default;
            return walked;
        }
        self.leaf(headers, content_type, transfer::decode(body, &encoding))
    }

    fn multipart(&mut self, content_type: &Parameterised, children: &[&[u8]]) -> Result<(), Finding> {
        let inside = self.inside;
        let default = self.default_type.take();
        if content_type.value == "multipart/digest" {
            self.default_type = Some("message/rfc822");
        }
        let mut rest = children;
        if content_type.value == "multipart/signed" && is_smime(content_type, children) {
            let [content, signature] = children else { return Err(ambiguous("multipart/signed")) };
            let signature = detached(signature)?;
            self.entities += 1;
            self.parts.push(Part {
                name: String::new(),
                declared: content_type.value.clone(),
                bytes: Vec::new(),
                kind: Kind::SmimeSigned { content: canonical(content), signature },
                inline: false,
                forwarded: self.forwarded,
                inside,
                opened: self.opened > 0,
            });
            self.inside = Some(self.parts.len() - 1);
            rest = children.get(..1).unwrap_or_default();
        }
        let walked = rest.iter().try_for_each(|child| self.entity(child));
        self.inside = inside;
        self.default_type = default;
        walked
    }

    fn leaf(&mut self, headers: &Headers, content_type: &Parameterised, bytes: Vec<u8>) -> Result<(), Finding> {
        self.decoded = self.decoded.saturating_add(bytes.len());
        if self.decoded > limits::MAIL_DECODED_BYTES {
            return Err(too_large("decoded-bytes", limits::MAIL_DECODED_BYTES));
        }
        let disposition = parameterised(headers, "content-disposition").unwrap_or_default();
        let named = if disposition.get("filename").is_empty() { content_type.get("name") } else { disposition.get("filename") };
        let name = label(named);
        let attached = disposition.value == "attachment";
        let inline = !attached && (name.is_empty() || disposition.value == "inline" || headers.has("content-id"));
        let bytes = text_of(bytes, content_type, inline);
        let (kind, bytes) = sniff(bytes, &content_type.value, &name, inline);
        let declared = content_type.value.clone();
        let is_encrypted = matches!(kind, Kind::Encrypted { .. });
        let (forwarded, inside, opened) = (self.forwarded, self.inside, self.opened > 0);
        self.parts.push(Part { name, declared, bytes, kind, inline, forwarded, inside, opened });
        if is_encrypted {
            self.encrypted();
        }
        Ok(())
    }
}

impl Walk<'_> {
    /// Goes on inside the encrypted part that was pushed last. What cannot be opened and what cannot be read are one (T5).
    fn encrypted(&mut self) {
        let Some(opener) = self.opener.filter(|_| self.opened < limits::MAIL_ENCRYPTIONS) else { return };
        let Some(plain) = self.parts.last().and_then(|part| opener(&part.bytes)) else { return };
        let count = self.parts.len();
        let boundaries = std::mem::take(&mut self.boundaries);
        let default = self.default_type.take();
        // A signature around the encryption is over what nobody could read: it covers nothing in it.
        let inside = self.inside.take();
        self.opened += 1;
        let walked =
            if is_bare(&plain) { self.leaf(&Headers::default(), &Parameterised::default(), plain) } else { self.entity(&plain) };
        self.opened -= 1;
        (self.inside, self.default_type, self.boundaries) = (inside, default, boundaries);
        if walked.is_err() {
            self.parts.truncate(count);
        } else if let Some(part) = self.parts.get_mut(count.saturating_sub(1)) {
            part.kind = Kind::Encrypted { opened: true };
        }
    }
}

/// A file that was encrypted as it is, without the MIME header that RFC 8551 §3.1 wants around it.
fn is_bare(plain: &[u8]) -> bool {
    [b"%PDF-".as_slice(), b"PK\x03\x04", b"\x30\x80", b"\x30\x82", b"\x30\x83"].iter().any(|start| plain.starts_with(start))
}

/// The text a person wrote, in UTF-8; every other leaf keeps its bytes.
fn text_of(bytes: Vec<u8>, content_type: &Parameterised, inline: bool) -> Vec<u8> {
    let text = matches!(content_type.value.as_str(), "text/plain" | "text/html") && inline;
    // An inline XML declares its own charset, and a signature covers its bytes.
    if text && !bytes.trim_ascii_start().starts_with(b"<?xml") {
        let label = Some(content_type.get("charset")).filter(|label| !label.is_empty());
        return crate::charset::decode(&bytes, label).into_bytes();
    }
    bytes
}

fn parameterised(headers: &Headers, name: &str) -> Result<Parameterised, Finding> {
    let parsed = Parameterised::parse(headers.all(name).next().unwrap_or_default());
    let structural = |name: &&String| matches!(name.as_str(), "boundary" | "protocol" | "charset");
    match parsed.ambiguous.iter().find(structural) {
        Some(parameter) => Err(ambiguous(parameter)),
        None => Ok(parsed),
    }
}

fn is_pkcs7_signature(media_type: &str) -> bool {
    matches!(media_type, "application/pkcs7-signature" | "application/x-pkcs7-signature")
}

fn is_smime(content_type: &Parameterised, children: &[&[u8]]) -> bool {
    let protocol = content_type.get("protocol").trim().to_ascii_lowercase();
    let typed = |child: &&[u8]| {
        let (headers, _) = Headers::split(child);
        parameterised(&headers, "content-type").is_ok_and(|parsed| is_pkcs7_signature(&parsed.value))
    };
    is_pkcs7_signature(&protocol) || (protocol.is_empty() && children.iter().any(typed))
}

/// A signed entity with the line ends it was signed with, CRLF (RFC 8551 §3.1.1): delivery agents keep mail with LF alone.
///
/// Where a single CR is left nobody has converted anything, and the bytes are the sender's.
fn canonical(entity: &[u8]) -> Vec<u8> {
    if entity.contains(&b'\r') {
        return entity.to_vec();
    }
    entity.split(|byte| *byte == b'\n').collect::<Vec<_>>().join(b"\r\n".as_slice())
}

/// The CMS of a signed entity's second child.
fn detached(child: &[u8]) -> Result<Vec<u8>, Finding> {
    let (headers, body) = Headers::split(child);
    for name in ONCE {
        headers.once(name)?;
    }
    let declared = parameterised(&headers, "content-type")?;
    if !is_pkcs7_signature(&declared.value) {
        return Err(ambiguous("multipart/signed"));
    }
    let body = child.get(body..).unwrap_or_default();
    Ok(transfer::decode(body, &headers.token("content-transfer-encoding")))
}

/// The entities between the delimiter lines, without the line break that belongs to the delimiter (RFC 2046 §5.1.1).
///
/// What follows the closing delimiter is not read; without one the last entity ends with the body.
fn children<'a>(body: &'a [u8], boundary: &[u8], most: usize) -> Result<Vec<&'a [u8]>, Finding> {
    let mut children = Vec::new();
    let mut start = None;
    let mut offset = 0;
    for line in lines(body) {
        let after = offset + line.len();
        if let Some(delimiter) = delimiter(line, boundary) {
            if let Some(start) = start {
                let child = body.get(start..offset).unwrap_or_default();
                children.push(without_ending(child));
            }
            if delimiter == Delimiter::Closing {
                return Ok(children);
            }
            if children.len() > most {
                return Err(too_large("parts", most));
            }
            start = Some(after);
        }
        offset = after;
    }
    if let Some(start) = start {
        children.push(body.get(start..).unwrap_or_default());
    }
    Ok(children)
}

#[derive(PartialEq)]
enum Delimiter {
    Opening,
    Closing,
}

fn delimiter(line: &[u8], boundary: &[u8]) -> Option<Delimiter> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    match rest.trim_ascii_end() {
        b"" => Some(Delimiter::Opening),
        b"--" if rest.starts_with(b"--") => Some(Delimiter::Closing),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_ends_before_the_line_break_of_its_delimiter() {
        let body = b"preamble\r\n--b \r\none\r\n\r\n--b\r\n\r\n--bb\r\ntwo\n--b--\r\nepilogue\r\n--b\r\nthree";
        let children = children(body, b"b", 10).unwrap();
        assert_eq!(children, [b"one\r\n".as_slice(), b"\r\n--bb\r\ntwo".as_slice()]);
    }

    #[test]
    fn a_message_cut_short_keeps_its_last_entity() {
        assert_eq!(children(b"--b\r\none", b"b", 10).unwrap(), [b"one".as_slice()]);
        assert!(children(b"none", b"b", 10).unwrap().is_empty());
        assert_eq!(children(&b"--b\n".repeat(1000), b"b", 10).unwrap_err().code, Code::MailTooLarge);
    }
}
