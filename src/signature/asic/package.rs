//! What the files of a container are: data objects, and by their names the parts of `META-INF`.

use oblik_domain::finding::{Code, Finding};

use super::zip::{self, Archive, Entry};
use crate::verdict::Container;

const META_INF: &str = "META-INF/";
const MIMETYPE: &str = "mimetype";
/// EN 319 162-1 §4.3.2, §4.4.2.
const ASIC_S: &[u8] = b"application/vnd.etsi.asic-s+zip";
const ASIC_E: &[u8] = b"application/vnd.etsi.asic-e+zip";

/// A file of `META-INF` (EN 319 162-1 §4.3.3.2, §4.4.3.2, annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meta {
    /// CAdES.
    Signature,
    /// `ASiCManifest`: what a signature or a timestamp covers.
    Manifest,
    /// XAdES.
    Xades,
    /// Proofs of time and what OCF writes: they add nothing to what is signed.
    Beside,
    Unknown,
}

impl Meta {
    fn of(name: &str) -> Self {
        let name = name.strip_prefix(META_INF).unwrap_or(name);
        let (starts, ends, holds) = (|at| name.starts_with(at), |at| name.ends_with(at), |at| name.contains(at));
        if name.contains('/') {
            return Self::Unknown;
        }
        match () {
            () if holds("signature") && ends(".p7s") => Self::Signature,
            () if starts("ASiCManifest") && ends(".xml") => Self::Manifest,
            () if holds("signatures") && ends(".xml") => Self::Xades,
            () if holds("timestamp") && ends(".tst") => Self::Beside,
            () if (starts("ASiCArchiveManifest") || starts("ASiCEvidenceRecordManifest")) && ends(".xml") => Self::Beside,
            () if holds("evidencerecord") && (ends(".ers") || ends(".xml")) => Self::Beside,
            () if matches!(name, "manifest.xml" | "container.xml" | "metadata.xml") => Self::Beside,
            () => Self::Unknown,
        }
    }
}

/// A container with its files told apart.
#[derive(Debug)]
pub(super) struct Package {
    pub container: Container,
    /// Data objects: what people call the content.
    pub documents: Vec<Entry>,
    pub meta: Vec<(Meta, Entry)>,
}

impl Package {
    /// # Errors
    /// What [`zip::read`] refuses; [`Code::AsicFormat`] for a media type that contradicts itself; [`Code::SignatureMissing`]
    /// for an archive that is no container.
    pub fn read(bytes: &[u8]) -> Result<Self, Finding> {
        let Archive { entries, comment } = zip::read(bytes)?;
        let media_type = media_type(&entries, &comment)?;
        let (mut documents, mut meta) = (Vec::new(), Vec::new());
        for entry in entries {
            if entry.name == MIMETYPE {
                continue;
            }
            if entry.name.starts_with(META_INF) {
                meta.push((Meta::of(&entry.name), entry));
            } else {
                documents.push(entry);
            }
        }
        let has = |wanted: Meta| meta.iter().any(|(kind, _)| *kind == wanted);
        let container = match media_type {
            Some(container) => container,
            // A container may be known by its extension alone: then its form is that of its parts.
            None if has(Meta::Manifest) || has(Meta::Xades) => Container::AsicE,
            None if has(Meta::Signature) || has(Meta::Beside) => Container::AsicS,
            None => return Err(Finding::error(Code::SignatureMissing)),
        };
        Ok(Self { container, documents, meta })
    }

    pub fn of_kind(&self, wanted: Meta) -> impl Iterator<Item = &Entry> {
        self.meta.iter().filter(move |(kind, _)| *kind == wanted).map(|(_, entry)| entry)
    }

    /// A file by its name, wherever it lies.
    pub fn file(&self, name: &str) -> Option<&Entry> {
        self.documents.iter().chain(self.meta.iter().map(|(_, entry)| entry)).find(|entry| entry.name == name)
    }
}

/// What `bytes` claim to be, for the verdict on what cannot be read.
pub(super) fn claimed(bytes: &[u8]) -> Container {
    let is_simple = bytes.get(38..).is_some_and(|rest| rest.starts_with(ASIC_S));
    if is_simple { Container::AsicS } else { Container::AsicE }
}

/// The form by the file `mimetype`, else by the archive's comment; a type of neither form is that of the signed file
/// (§4.3.3.1).
fn media_type(entries: &[Entry], comment: &[u8]) -> Result<Option<Container>, Finding> {
    let broken = |detail: &str| Err(Finding::error(Code::AsicFormat).with("detail", detail));
    let named = match comment.strip_prefix(b"mimetype=") {
        Some(named) => Some(named),
        None if comment.is_empty() => None,
        None => return broken("the archive has a comment that is no media type"),
    };
    let written = match entries.iter().position(|entry| entry.name == MIMETYPE) {
        None => None,
        Some(0) => entries.first().filter(|entry| entry.is_plain),
        Some(_) => return broken("mimetype is not the first file"),
    };
    if written.is_none() && entries.iter().any(|entry| entry.name == MIMETYPE) {
        return broken("mimetype is compressed or has extra fields");
    }
    let written = written.map(|entry| entry.bytes.trim_ascii_end());
    if let (Some(written), Some(named)) = (written, named)
        && written != named
    {
        return broken("the archive has two media types");
    }
    Ok(match written.or(named) {
        Some(ASIC_S) => Some(Container::AsicS),
        Some(ASIC_E) => Some(Container::AsicE),
        _ => None,
    })
}
