//! `ASiCManifest` (EN 319 162-1 §A.4): which files a signature covers, by their digests.
//!
//! What is signed are the manifest's bytes, so it is read by one strict hand: no document type, no comment, no processing
//! instruction, no element this file does not name outside of extensions, and no critical extension.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oblik_domain::limits;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};
use quick_xml::reader::NsReader;

const ASIC: &str = "http://uri.etsi.org/02918/v1.2.1#";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// What a manifest says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Manifest {
    /// Name of the signature over this manifest.
    pub signature: String,
    pub references: Vec<Reference>,
}

/// One file that is signed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Reference {
    pub name: String,
    /// URI of the digest's algorithm.
    pub algorithm: String,
    pub digest: Vec<u8>,
}

/// What an open element is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Node {
    Manifest,
    SigReference,
    DataObjectReference,
    DigestMethod,
    DigestValue,
    /// Anything may stand in it; only what is critical must be understood.
    Extension,
}

struct Walk {
    manifest: Manifest,
    open: Vec<Node>,
    is_rooted: bool,
    digest: String,
    /// Children of the reference that is open, to have each once.
    methods: usize,
    values: usize,
}

impl Manifest {
    /// Reads a manifest in UTF-8.
    ///
    /// # Errors
    /// A phrase for the finding's `detail`.
    pub fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        if bytes.len() > limits::ASIC_MANIFEST_BYTES {
            return Err("the manifest is too long");
        }
        let text = std::str::from_utf8(bytes).map_err(|_| "the manifest is not in UTF-8")?;
        let mut reader = NsReader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        reader.config_mut().expand_empty_elements = true;
        let mut walk =
            Walk { manifest: Self::default(), open: Vec::new(), is_rooted: false, digest: String::new(), methods: 0, values: 0 };
        loop {
            let (namespace, event) = reader.read_resolved_event().map_err(|_| "the manifest is not well-formed XML")?;
            match event {
                Event::Start(element) => {
                    let namespace = bound(&namespace);
                    walk.start(namespace, &element)?;
                }
                Event::End(_) => walk.end()?,
                Event::Text(text) => walk.text(&text.xml10_content())?,
                Event::Decl(declaration) => match declaration.encoding() {
                    None => {}
                    Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => {}
                    Some(_) => return Err("the manifest is not in UTF-8"),
                },
                Event::Eof if walk.open.is_empty() && walk.is_rooted => return walk.done(),
                _ => return Err("the manifest holds what it may not: a document type, a comment, a reference or an instruction"),
            }
        }
    }
}

fn bound<'a>(namespace: &ResolveResult<'a>) -> &'a str {
    match namespace {
        ResolveResult::Bound(Namespace(name)) => name,
        ResolveResult::Unbound | ResolveResult::Unknown(_) => "",
    }
}

/// The value of an attribute without a prefix.
fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, &'static str> {
    const WRONG: &str = "an attribute in the manifest is malformed";
    let mut found = None;
    for attribute in element.attributes() {
        let attribute = attribute.map_err(|_| WRONG)?;
        if attribute.key.as_ref() == name {
            found = Some(attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|_| WRONG)?.into_owned());
        }
    }
    Ok(found)
}

impl Walk {
    fn start(&mut self, namespace: &str, element: &BytesStart<'_>) -> Result<(), &'static str> {
        if self.open.len() >= limits::XML_DEPTH {
            return Err("the manifest is nested too deep");
        }
        // Every attribute is looked at, so that a doubled one is a fault everywhere.
        let critical = attribute(element, "Critical")?;
        let local = element.local_name();
        let node = match (self.open.last(), namespace, local.as_ref()) {
            (None, ASIC, "ASiCManifest") if !self.is_rooted => {
                self.is_rooted = true;
                Node::Manifest
            }
            (Some(Node::Manifest), ASIC, "SigReference") if self.manifest.signature.is_empty() => {
                self.manifest.signature = file_name(element)?;
                Node::SigReference
            }
            (Some(Node::Manifest), ASIC, "DataObjectReference") if !self.manifest.signature.is_empty() => {
                if self.manifest.references.len() >= limits::ASIC_ENTRIES {
                    return Err("the manifest names too many files");
                }
                let name = file_name(element)?;
                if self.manifest.references.iter().any(|known| known.name == name) {
                    return Err("the manifest names a file twice");
                }
                self.manifest.references.push(Reference { name, ..Reference::default() });
                (self.methods, self.values) = (0, 0);
                Node::DataObjectReference
            }
            (Some(Node::DataObjectReference), DSIG, "DigestMethod") => {
                self.methods += 1;
                let algorithm = attribute(element, "Algorithm")?.ok_or("a digest in the manifest has no algorithm")?;
                if let Some(last) = self.manifest.references.last_mut() {
                    last.algorithm = algorithm;
                }
                Node::DigestMethod
            }
            (Some(Node::DataObjectReference), DSIG, "DigestValue") => {
                self.values += 1;
                self.digest.clear();
                Node::DigestValue
            }
            (Some(Node::Manifest), ASIC, "ASiCManifestExtensions")
            | (Some(Node::DataObjectReference), ASIC, "DataObjectReferenceExtensions") => Node::Extension,
            (Some(Node::Extension), ..) => {
                let is_extension = namespace == ASIC && local.as_ref() == "Extension";
                if is_extension && critical.is_some_and(|value| !matches!(value.trim(), "false" | "0")) {
                    return Err("the manifest has a critical extension that is not known");
                }
                Node::Extension
            }
            _ => return Err("the manifest holds an element that is unknown or out of place"),
        };
        self.open.push(node);
        Ok(())
    }

    fn end(&mut self) -> Result<(), &'static str> {
        match self.open.pop() {
            Some(Node::DigestValue) => {
                let compact: String = self.digest.split_ascii_whitespace().collect();
                let digest = STANDARD.decode(compact).map_err(|_| "a digest in the manifest is not base64")?;
                if let Some(last) = self.manifest.references.last_mut() {
                    last.digest = digest;
                }
            }
            Some(Node::DataObjectReference) if (self.methods, self.values) != (1, 1) => {
                return Err("a file in the manifest does not have exactly one digest");
            }
            Some(_) => {}
            None => return Err("the manifest is not well-formed XML"),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), &'static str> {
        match self.open.last() {
            Some(Node::DigestValue) => self.digest.push_str(text),
            Some(Node::Extension) => {}
            _ if text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) => {}
            _ => return Err("the manifest holds text out of place"),
        }
        Ok(())
    }

    fn done(self) -> Result<Manifest, &'static str> {
        if self.manifest.references.is_empty() {
            return Err("the manifest names no signature or no file");
        }
        Ok(self.manifest)
    }
}

/// The file a `URI` names: a path in the container, percent-encoded or not.
fn file_name(element: &BytesStart<'_>) -> Result<String, &'static str> {
    const WRONG: &str = "the manifest names a file by something else than its path in the container";
    let uri = attribute(element, "URI")?.ok_or(WRONG)?;
    let mut octets = Vec::with_capacity(uri.len());
    let mut rest = uri.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first != b'%' {
            octets.push(*first);
            continue;
        }
        let (pair, after) = after.split_first_chunk::<2>().ok_or(WRONG)?;
        let mut octet = [0];
        hex::decode_to_slice(pair, &mut octet).map_err(|_| WRONG)?;
        octets.extend(octet);
        rest = after;
    }
    // Anything but the name of an entry will not be found among them.
    let name = String::from_utf8(octets).map_err(|_| WRONG)?;
    if name.is_empty() { Err(WRONG) } else { Ok(name) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<a:ASiCManifest xmlns:a="http://uri.etsi.org/02918/v1.2.1#" xmlns:d="http://www.w3.org/2000/09/xmldsig#">
  <a:SigReference URI="META-INF/signature1.p7s" MimeType="application/x-pkcs7-signature"/>
  <a:DataObjectReference URI="%D0%B0%D0%BA%D1%82%201.xml" MimeType="text/xml" Rootfile="true">
    <d:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>
    <d:DigestValue>
      AQI=
    </d:DigestValue>
    <a:DataObjectReferenceExtensions><a:Extension Critical="false"><x>y</x></a:Extension></a:DataObjectReferenceExtensions>
  </a:DataObjectReference>
</a:ASiCManifest>
"#;

    #[test]
    fn a_manifest_says_which_files_its_signature_covers() {
        let manifest = Manifest::read(GOOD.as_bytes()).unwrap();
        assert_eq!(manifest.signature, "META-INF/signature1.p7s");
        let reference = Reference {
            name: "акт 1.xml".to_owned(),
            algorithm: "http://www.w3.org/2001/04/xmlenc#sha256".to_owned(),
            digest: vec![1, 2],
        };
        assert_eq!(manifest.references, [reference]);
    }

    #[test]
    fn what_two_readers_could_read_in_two_ways_is_refused() {
        let reference = GOOD.get(GOOD.find("<a:DataObject").unwrap()..GOOD.find("</a:ASiCManifest").unwrap()).unwrap();
        for (from, to) in [
            ("AQI=", "AQ<!-- -->I="),
            ("AQI=", "AQ<![CDATA[I=]]>"),
            ("AQI=", "&#65;QI="),
            ("AQI=", "AQI"),
            ("<a:SigReference", "<?pi?><a:SigReference"),
            ("<a:ASiCManifest", "<!DOCTYPE a><a:ASiCManifest"),
            ("UTF-8", "windows-1251"),
            ("Critical=\"false\"", "Critical=\"true\""),
            ("URI=\"META", "URI=\"x\" URI=\"META"),
            ("Rootfile=\"true\"", "Rootfile=\"true\" Rootfile=\"false\""),
            ("%D0%B0", "%D0%ZZ"),
            ("%D0%B0", "%D0%"),
            ("URI=\"%D0%B0%D0%BA%D1%82%201.xml\"", "URI=\"\""),
            ("URI=\"%D0%B0%D0%BA%D1%82%201.xml\"", ""),
            ("http://uri.etsi.org/02918/v1.2.1#", "http://uri.etsi.org/02918/v1.2.2#"),
            ("<d:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>", ""),
            ("<d:DigestValue>", "<d:DigestValue/><d:DigestValue>"),
            ("  <a:SigReference", "text<a:SigReference"),
            ("<a:SigReference", "<a:SigReference URI=\"META-INF/signature2.p7s\"/><a:SigReference"),
            ("</a:ASiCManifest>", "</a:ASiCManifest><a/>"),
            ("</a:ASiCManifest>", ""),
            ("</a:ASiCManifest>", "</b>"),
            ("</a:ASiCManifest>", &format!("{reference}</a:ASiCManifest>")),
            (reference, ""),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD, "{from}");
            assert!(Manifest::read(text.as_bytes()).is_err(), "{from} -> {to}");
        }
        let deep = GOOD.replace("<x>y</x>", &format!("{}{}", "<x>".repeat(1000), "</x>".repeat(1000)));
        assert!(Manifest::read(deep.as_bytes()).is_err());
    }
}
