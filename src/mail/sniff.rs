//! What an attachment is: its first bytes say it, and what the sender declared must not speak against it (T7).

use oblik_domain::limits;

use crate::transfer::base64;

/// One leaf of a message, or a signed S/MIME entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// A label for people: no path, no control or direction characters; empty when there was none. Never a file name.
    pub name: String,
    /// `type/subtype` as declared, lower case.
    pub declared: String,
    /// Decoded. CMS in PEM or bare base64 is here as DER or BER; an S/MIME entity has none.
    pub bytes: Vec<u8>,
    pub kind: Kind,
    /// Shown inside the text rather than attached: a logo, the text itself.
    pub inline: bool,
    /// Lies in a forwarded message.
    pub forwarded: bool,
    /// Index, in the list of parts, of the S/MIME entity whose signature covers this part.
    pub inside: Option<usize>,
    /// Came out of an encryption: nothing of it is quoted in an answer (T5).
    pub opened: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// `signed`: holds a signature field.
    Pdf {
        signed: bool,
    },
    /// CMS SignedData in a file. `encloses`: the signed content is inside.
    Cms {
        encloses: bool,
    },
    /// `multipart/signed` of S/MIME: the signed entity as it was signed, line ends CRLF, and the detached CMS.
    SmimeSigned {
        content: Vec<u8>,
        signature: Vec<u8>,
    },
    /// CMS that is encrypted. `opened`: with our key, and its parts follow.
    Encrypted {
        opened: bool,
    },
    /// A container of ASiC: files and their signatures in one archive.
    Asic,
    /// `application/pkcs7-mime`, signed-data: the whole message inside one CMS.
    SmimeEnclosing,
    Xml,
    Photo,
    Archive,
    Text,
    Html,
    Other,
}

/// Declarations that say nothing.
const GENERIC: &[&str] = &[
    "",
    "application/octet-stream",
    "application/octetstream",
    "application/x-download",
    "application/download",
    "application/force-download",
    "application/x-force-download",
    "application/unknown",
    "application/x-unknown",
    "binary/octet-stream",
];

struct Family {
    declared: &'static [&'static str],
    extensions: &'static [&'static str],
}

const PDF: Family = Family { declared: &["application/pdf", "application/x-pdf"], extensions: &["pdf"] };
const XML: Family = Family { declared: &["application/xml", "text/xml", "text/plain"], extensions: &["xml"] };
const CMS: Family = Family {
    declared: &[
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "application/cms",
        "application/pgp-signature",
        "text/plain",
    ],
    extensions: &["p7s", "p7m", "p7e", "p7", "p7b", "sig", "sign", "cms", "der", "pem"],
};
/// Types and extensions of EN 319 162-1 §4.3.2 and §4.4.2; some programs say what the archive is rather than the container.
const ASIC: Family = Family {
    declared: &[
        "application/vnd.etsi.asic-e+zip",
        "application/vnd.etsi.asic-s+zip",
        "application/zip",
        "application/x-zip-compressed",
        "application/x-zip",
    ],
    extensions: &["asice", "asics", "sce", "scs", "zip"],
};

impl Family {
    /// Whether declaration and label allow these bytes to be of the family.
    fn agrees(&self, declared: &str, name: &str) -> bool {
        let extension = extension(name);
        let named = extension.is_empty() || self.extensions.contains(&extension.as_str());
        let typed = GENERIC.contains(&declared) || self.declared.contains(&declared);
        // Mail programs guess odd types for extensions they do not know: a label that fits is enough, one that speaks
        // against it is not.
        named && (typed || !extension.is_empty() && !declared.starts_with("image/") && !declared.starts_with("text/html"))
    }
}

/// The label's extension, lower case; empty when it has none.
pub(crate) fn extension(name: &str) -> String {
    name.rsplit_once('.').map_or_else(String::new, |(_, extension)| extension.to_lowercase())
}

/// A stranger's file name as a label: the last component, without control, direction and invisible characters.
pub fn label(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown = |c: &char| {
        !c.is_control() && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let clean: String = last.chars().filter(shown).take(limits::LABEL_CHARS).collect();
    clean.trim().trim_start_matches('.').to_owned()
}

/// What a leaf is, and its bytes as they are to be used.
pub(crate) fn sniff(bytes: Vec<u8>, declared: &str, name: &str, inline: bool) -> (Kind, Vec<u8>) {
    if bytes.starts_with(b"%PDF-") {
        let signed = contains(&bytes, b"/ByteRange");
        return (if PDF.agrees(declared, name) { Kind::Pdf { signed } } else { Kind::Other }, bytes);
    }
    if let Some((encloses, binary)) = signed_data(&bytes) {
        let kind = match (CMS.agrees(declared, name), encloses) {
            (false, _) => Kind::Other,
            (true, true) if is_smime(declared, name) => Kind::SmimeEnclosing,
            (true, encloses) => Kind::Cms { encloses },
        };
        return (kind, binary.unwrap_or(bytes));
    }
    let bytes = match encrypted(bytes) {
        Ok(binary) => {
            return (if CMS.agrees(declared, name) { Kind::Encrypted { opened: false } } else { Kind::Other }, binary);
        }
        Err(bytes) => bytes,
    };
    let kind = if is_asic(&bytes, declared, name) {
        if ASIC.agrees(declared, name) { Kind::Asic } else { Kind::Other }
    } else if is_photo(&bytes) {
        Kind::Photo
    } else if is_archive(&bytes) && !is_office(&extension(name)) {
        Kind::Archive
    } else if is_xml(&bytes, declared, name) {
        if XML.agrees(declared, name) || declared.ends_with("+xml") { Kind::Xml } else { Kind::Other }
    } else {
        match declared {
            "text/plain" | "" if inline || name.is_empty() => Kind::Text,
            "text/html" if inline || name.is_empty() => Kind::Html,
            _ => Kind::Other,
        }
    };
    (kind, bytes)
}

/// An opaque S/MIME message, not a signed file that some program typed in the same way.
fn is_smime(declared: &str, name: &str) -> bool {
    let mime = matches!(declared, "application/pkcs7-mime" | "application/x-pkcs7-mime");
    mime && (name.is_empty() || name.eq_ignore_ascii_case("smime.p7m"))
}

pub(crate) fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    let Some(first) = needle.first() else { return true };
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| byte == first) {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(needle) {
            return true;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
    false
}

fn is_photo(bytes: &[u8]) -> bool {
    let brand = bytes.get(4..12).unwrap_or_default();
    let heic = [b"ftyphei", b"ftyphev", b"ftypmif", b"ftypavi"].iter().any(|start| brand.starts_with(*start));
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    let starts: [&[u8]; 6] = [b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*"];
    heic || webp || (bytes.len() > 20 && starts.iter().any(|start| bytes.starts_with(start)))
}

fn is_archive(bytes: &[u8]) -> bool {
    let starts: [&[u8]; 6] = [b"PK\x03\x04", b"PK\x05\x06", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"\x1f\x8b\x08", b"BZh"];
    starts.iter().any(|start| bytes.starts_with(start))
}

/// A ZIP archive that is called a container, says so itself, or has the names of one in it.
fn is_asic(bytes: &[u8], declared: &str, name: &str) -> bool {
    let called =
        declared.starts_with("application/vnd.etsi.asic-") || ["asice", "asics", "sce", "scs"].contains(&&*extension(name));
    let says = || bytes.get(30..).is_some_and(|rest| rest.starts_with(b"mimetypeapplication/vnd.etsi.asic-"));
    let holds = || contains(bytes, b"META-INF/") && (contains(bytes, b"ASiCManifest") || contains(bytes, b"META-INF/signature"));
    bytes.starts_with(b"PK\x03\x04") && !is_office(&extension(name)) && (called || says() || holds())
}

/// Documents that are zip inside and that nobody would call an archive.
fn is_office(extension: &str) -> bool {
    ["docx", "docm", "xlsx", "xlsm", "pptx", "odt", "ods", "odp", "epub"].contains(&extension)
}

fn is_xml(bytes: &[u8], declared: &str, name: &str) -> bool {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let wide = bytes.starts_with(b"\xff\xfe<\0") || bytes.starts_with(b"\xfe\xff\0<");
    let said = extension(name) == "xml" || declared.ends_with("/xml");
    text.starts_with(b"<?xml") || (said && (wide || text.starts_with(b"<")))
}

/// id-signedData, 1.2.840.113549.1.7.2 (RFC 5652 §5.1).
const SIGNED_DATA: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";

/// Whether `bytes` are CMS SignedData and whether the content is inside; the second value is the binary form of PEM or
/// base64. Only the outer frame is looked at: the signature package judges.
fn signed_data(bytes: &[u8]) -> Option<(bool, Option<Vec<u8>>)> {
    if let Some(encloses) = encloses(bytes) {
        return Some((encloses, None));
    }
    let binary = binary_of_text(bytes)?;
    encloses(&binary).map(|encloses| (encloses, Some(binary)))
}

/// id-envelopedData (RFC 5652 §6.1) and id-ct-authEnvelopedData (RFC 5083 §2.1).
const ENVELOPED: [&[u8]; 2] =
    [b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03", b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x01\x17"];

/// Encrypted CMS in its binary form.
///
/// # Errors
/// `bytes` themselves when they are something else.
fn encrypted(bytes: Vec<u8>) -> Result<Vec<u8>, Vec<u8>> {
    let is = |bytes: &[u8]| enter(bytes, 0x30).is_some_and(|inside| ENVELOPED.iter().any(|oid| inside.starts_with(oid)));
    if is(&bytes) {
        return Ok(bytes);
    }
    binary_of_text(&bytes).filter(|binary| is(binary)).ok_or(bytes)
}

/// What PEM or bare base64 hold.
fn binary_of_text(bytes: &[u8]) -> Option<Vec<u8>> {
    let text = bytes.trim_ascii_start();
    let body = if text.starts_with(b"-----BEGIN ") {
        let start = text.iter().position(|byte| *byte == b'\n')?;
        let body = text.get(start..)?;
        let end = body.windows(5).position(|window| window == b"-----").unwrap_or(body.len());
        body.get(..end)?
    } else if text.starts_with(b"MI") && text.iter().all(|b| b.is_ascii_alphanumeric() || b"+/=\r\n \t".contains(b)) {
        text
    } else {
        return None;
    };
    Some(base64(body))
}

/// `None` when this is no SignedData.
fn encloses(bytes: &[u8]) -> Option<bool> {
    let inside = enter(bytes, 0x30)?;
    let after = inside.strip_prefix(SIGNED_DATA)?;
    let signed_data = enter(enter(after, 0xa0)?, 0x30)?;
    let algorithms = skip(signed_data)?;
    let encapsulated = enter(skip(algorithms)?, 0x30)?;
    let content = skip(encapsulated)?;
    Some(content.first() == Some(&0xa0))
}

/// The content of the element at the start of `bytes`, when it has this tag. May run past the element's end.
fn enter(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, content) = length(rest)?;
    match length {
        Some(length) => Some(content.get(..length).unwrap_or(content)),
        None => Some(content),
    }
}

/// The length and what follows it; `None` inside for the indefinite form.
fn length(bytes: &[u8]) -> Option<(Option<usize>, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    match first {
        0..=0x7f => Some((Some(usize::from(*first)), rest)),
        0x80 => Some((None, rest)),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            let length = digits.iter().fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
            Some((Some(length), rest))
        }
        _ => None,
    }
}

/// What follows the element at the start of `bytes`; elements of indefinite length are walked, not recursed into.
fn skip(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    let mut open = 0_usize;
    loop {
        if open > 0 && rest.starts_with(&[0, 0]) {
            rest = rest.get(2..)?;
            open -= 1;
        } else {
            let (_, after) = rest.split_first()?;
            let (length, content) = length(after)?;
            if let Some(length) = length {
                rest = content.get(length..)?;
            } else {
                rest = content;
                open += 1;
            }
        }
        if open == 0 {
            return Some(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(bytes: &[u8], declared: &str, name: &str) -> Kind {
        sniff(bytes.to_vec(), declared, name, false).0
    }

    #[test]
    fn bytes_and_declaration_must_agree() {
        let pdf: &[u8] = b"%PDF-1.7 x /ByteRange [0 1 2 3] %%EOF";
        let signed = Kind::Pdf { signed: true };
        let cases: [(&[u8], &str, &str, Kind); 17] = [
            (pdf, "application/pdf", "act.pdf", signed.clone()),
            (pdf, "application/octet-stream", "АКТ.PDF", signed.clone()),
            (pdf, "", "", signed.clone()),
            (pdf, "application/pdf", "act.exe", Kind::Other),
            (pdf, "image/png", "act.pdf", Kind::Other),
            (b"%PDF-1.4 %%EOF", "application/pdf", "a.pdf", Kind::Pdf { signed: false }),
            (b"MZ..%PDF-1.4", "application/pdf", "a.pdf", Kind::Other),
            (b"<?xml version='1.0'?><act/>", "text/xml", "a.xml", Kind::Xml),
            (b"\xef\xbb\xbf<act/>", "application/octet-stream", "a.xml", Kind::Xml),
            (b"<act/>", "text/plain", "a.txt", Kind::Other),
            (b"<?xml version='1.0'?><svg/>", "image/svg+xml", "a.svg", Kind::Xml),
            (b"\xff\xd8\xff\xe0 and twenty bytes more", "application/pdf", "act.pdf", Kind::Photo),
            (b"PK\x03\x04....", "application/zip", "act.zip", Kind::Archive),
            (b"PK\x03\x04....", "application/zip", "act.docx", Kind::Other),
            (b"hello", "text/plain", "", Kind::Text),
            (b"hello", "text/plain", "note.txt", Kind::Other),
            (b"<p>", "text/html", "", Kind::Html),
        ];
        for (bytes, declared, name, expected) in cases {
            assert_eq!(kind(bytes, declared, name), expected, "{declared} {name}");
        }
    }

    #[test]
    fn a_label_carries_no_path_and_no_direction() {
        let cases = [
            ("../../etc/passwd", "passwd"),
            ("C:\\Users\\a\\акт.pdf", "акт.pdf"),
            ("акт.pdf\u{202e}fdp.exe", "акт.pdffdp.exe"),
            ("a\0b\r\n.pdf", "ab.pdf"),
            (".hidden", "hidden"),
            ("  ", ""),
        ];
        for (name, clean) in cases {
            assert_eq!(label(name), clean);
        }
        assert_eq!(label(&"ж".repeat(1000)).chars().count(), 200);
    }

    #[test]
    fn a_frame_of_cms_tells_whether_the_content_is_inside() {
        let mut der =
            b"\x30\x24\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x17\x30\x15\x02\x01\x01\x31\x00\x30\x0b".to_vec();
        der.extend(b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01");
        assert_eq!(encloses(&der), Some(false));
        der.extend(b"\xa0\x03\x04\x01x");
        assert_eq!(encloses(&der), Some(false), "past the end of the element");
        der[23] = 0x10;
        assert_eq!(encloses(&der), Some(true));
        let ber = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80\x02\x01\x01\x31\x80\x30\x80\0\0\0\0\x30\x80\x06\x01\x01\xa0\x80";
        assert_eq!(encloses(ber), Some(true));
        assert_eq!(encloses(b"0\x80"), None);
        assert_eq!(skip(&b"\x30\x80".repeat(1000)), None);
    }
}
