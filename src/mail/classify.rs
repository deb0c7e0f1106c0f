//! What a message is to Oblik: a signed act, a report on a letter of ours, a machine's, or nothing it can take.
//!
//! One business document a mail. Whatever is beside it is listed and not read, so nobody can believe that an unsigned
//! neighbour was accepted with it (T4).

use oblik_domain::finding::{Code, Finding};
use sha2::{Digest, Sha256};

use crate::dsn::{self, Dsn};
use crate::loops;
use crate::parse::{Message, entity_parts};
use crate::sniff::{Kind, Part, extension};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// Written by a machine: kept, never answered. An act in it is found with [`signed_act`].
    Machine(Finding),
    /// A report on a letter of ours.
    Dsn(Dsn),
    Act(Box<Candidate>),
    /// Nothing to take, and why.
    Nothing(Vec<Finding>),
}

/// Something signed that may be an act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    pub signed: Signed,
    /// Labels of attachments beside it that are not read.
    pub ignored: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// A PDF with its signature inside.
    Pdf(Part),
    /// A file and its detached CMS.
    Detached { content: Part, signature: Part },
    /// A CMS with the file inside.
    Enclosing(Part),
    /// A container of ASiC with files and signatures inside.
    Asic(Part),
    /// `multipart/signed`: the entity as it was signed, line ends CRLF, and its detached CMS. Of the verified entity only
    /// [`act_within`] may be read.
    SmimeSigned { content: Vec<u8>, signature: Vec<u8> },
    /// An opaque S/MIME message; of the content the CMS yields only [`act_within`] may be read.
    SmimeEnclosing(Part),
}

impl Signed {
    fn signature(&self) -> &[u8] {
        match self {
            Self::Detached { signature, .. } => &signature.bytes,
            Self::SmimeSigned { signature, .. } => signature,
            Self::Pdf(_) | Self::Enclosing(_) | Self::Asic(_) | Self::SmimeEnclosing(_) => &[],
        }
    }

    /// What tells two candidates apart.
    fn key(&self) -> [u8; 32] {
        let bytes = match self {
            Self::Pdf(part) | Self::Enclosing(part) | Self::Asic(part) | Self::SmimeEnclosing(part) => &part.bytes,
            Self::Detached { content, .. } => &content.bytes,
            Self::SmimeSigned { content, .. } => content,
        };
        Sha256::digest(bytes).into()
    }
}

/// Decides what `message` is; `own` are all addresses Oblik receives on or writes from.
pub fn classify(message: &Message, own: &[&str]) -> Intent {
    if let Some(report) = dsn::read(message) {
        return Intent::Dsn(report);
    }
    if let Err(sign) = loops::may_reply(message, own) {
        return Intent::Machine(sign);
    }
    match signed_act(message) {
        Ok(candidate) => Intent::Act(Box::new(candidate)),
        Err(findings) => Intent::Nothing(findings),
    }
}

/// The one signed act of a message.
///
/// # Errors
/// Why there is none: [`Code::MailSeveralActs`], [`Code::PdfBroken`], [`Code::MailUnsigned`], [`Code::MailSignatureAlone`],
/// [`Code::MailArchive`], [`Code::MailPhoto`] or [`Code::MailNoAct`]; of a message with something encrypted, opened or not,
/// always [`Code::MailEncrypted`]: what differed would tell what is inside (T5).
pub fn signed_act(message: &Message) -> Result<Candidate, Vec<Finding>> {
    let is_encrypted = message.parts.iter().any(|part| matches!(part.kind, Kind::Encrypted { .. }));
    find(message).map_err(|findings| if is_encrypted { vec![Finding::error(Code::MailEncrypted)] } else { findings })
}

/// The one detached signature of a message that holds no document it could be over, put over `document` of ours: its sender may
/// have kept the file and sent the signature alone. Whether it names that document is for who verifies it.
pub fn lone_signature(message: &Message, document: &[u8]) -> Option<Signed> {
    if signed_act(message).is_ok() || message.parts.iter().any(is_document) {
        return None;
    }
    let mut signatures = message.parts.iter().filter(|part| part.kind == Kind::Cms { encloses: false });
    let (one, other) = (signatures.next()?, signatures.next());
    if other.is_some_and(|other| other.bytes != one.bytes) || signatures.next().is_some() {
        return None;
    }
    Some(Signed::Detached { content: bare_document(document)?, signature: one.clone() })
}

/// The S/MIME signature over a whole message that brings one document: what counts when that document carries no signature of
/// the sender's own.
pub fn smime_around(message: &Message) -> Option<Signed> {
    let parts = &message.parts;
    let around = parts.iter().enumerate().rev().find_map(|(index, part)| match &part.kind {
        Kind::SmimeSigned { content, signature } => Some((index, content, signature)),
        _ => None,
    });
    let (index, content, signature) = around?;
    let within = (0..parts.len()).filter(|at| is_within(parts, *at, index));
    let documents = within.filter(|at| parts.get(*at).is_some_and(is_document)).count();
    (documents == 1).then(|| Signed::SmimeSigned { content: content.clone(), signature: signature.clone() })
}

fn find(message: &Message) -> Result<Candidate, Vec<Finding>> {
    let parts = &message.parts;
    let mut found = files(parts);
    found.extend(envelopes(parts, &found)?);
    let mut distinct: Vec<([u8; 32], Vec<usize>, Signed)> = Vec::new();
    for (used, signed) in found {
        let key = signed.key();
        match distinct.iter_mut().find(|(known, _, _)| *known == key) {
            // The same act again; a second signature over it is listed, not read.
            Some((_, all, first)) if first.signature() == signed.signature() => all.extend(used),
            Some(_) => {}
            None => distinct.push((key, used, signed)),
        }
    }
    let mut distinct = distinct.into_iter();
    match (distinct.next(), distinct.next()) {
        (Some((_, used, signed)), None) => Ok(Candidate { signed, ignored: ignored(parts, &used) }),
        (Some(_), Some(_)) => Err(vec![Finding::error(Code::MailSeveralActs)]),
        (None, _) => Err(vec![Finding::error(why_nothing(parts))]),
    }
}

/// The act in verified bytes: a PDF or XML as they are, or the one PDF or XML of a MIME entity.
///
/// Parses the bytes anew and alone, so that nothing around the signature can be mistaken for what was signed.
///
/// # Errors
/// [`Code::MailNoAct`], [`Code::MailSeveralActs`], [`Code::MailEncrypted`] for a signature over what is encrypted, or what
/// the parser refuses.
pub fn act_within(verified: &[u8]) -> Result<Part, Vec<Finding>> {
    let bare = bare_document(verified);
    let parts = match bare {
        Some(part) => vec![part],
        None => entity_parts(verified).map_err(|finding| vec![finding])?,
    };
    let is_encrypted = parts.iter().any(|part| matches!(part.kind, Kind::Encrypted { .. }));
    let mut documents = parts.into_iter().filter(is_document);
    match (documents.next(), documents.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => Err(vec![Finding::error(Code::MailSeveralActs)]),
        (None, _) => Err(vec![Finding::error(if is_encrypted { Code::MailEncrypted } else { Code::MailNoAct })]),
    }
}

fn bare_document(bytes: &[u8]) -> Option<Part> {
    let xml = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start().starts_with(b"<");
    let declared = if xml { "application/xml" } else { "application/octet-stream" };
    let name = if xml { "xml.xml" } else { "" };
    let (kind, bytes) = crate::sniff::sniff(bytes.to_vec(), declared, name, false);
    let part = Part {
        name: String::new(),
        declared: declared.to_owned(),
        bytes,
        kind,
        inline: false,
        forwarded: false,
        inside: None,
        opened: false,
    };
    is_document(&part).then_some(part)
}

fn is_document(part: &Part) -> bool {
    matches!(part.kind, Kind::Pdf { .. } | Kind::Xml)
}

type Found = (Vec<usize>, Signed);

/// Signed files: detached pairs, enclosing CMS, signed PDFs. A PDF that a detached signature covers is that pair's content.
fn files(parts: &[Part]) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        match part.kind {
            Kind::Cms { encloses: true } => found.push((vec![index], Signed::Enclosing(part.clone()))),
            Kind::Asic => found.push((vec![index], Signed::Asic(part.clone()))),
            Kind::Cms { encloses: false } => {
                if let Some((at, content)) = covered(parts, index, part) {
                    let pair = Signed::Detached { content: content.clone(), signature: part.clone() };
                    found.push((vec![at, index], pair));
                }
            }
            _ => {}
        }
    }
    for (index, part) in parts.iter().enumerate() {
        // `act.pdf` beside an enclosing `act.pdf.p7m` is its copy.
        let copied = |signed: &Signed| matches!(signed, Signed::Enclosing(cms) if is_named_after(cms, part));
        let covered = found.iter().any(|(used, signed)| used.contains(&index) || copied(signed));
        if part.kind == (Kind::Pdf { signed: true }) && !covered {
            found.push((vec![index], Signed::Pdf(part.clone())));
        }
    }
    found
}

/// Whether the signature's label is the document's with one more extension.
fn is_named_after(signature: &Part, document: &Part) -> bool {
    let name = signature.name.to_lowercase();
    name.rsplit_once('.').is_some_and(|(stem, _)| !stem.is_empty() && stem == document.name.to_lowercase())
}

/// The document a detached signature belongs to: by its name, else the only one there is for the only signature there is.
/// Of several documents with that name the nearest, so that two pairs named alike stay two.
fn covered<'a>(parts: &'a [Part], own: usize, signature: &Part) -> Option<(usize, &'a Part)> {
    let documents = || parts.iter().enumerate().filter(|(_, part)| is_document(part));
    let name = signature.name.to_lowercase();
    let (stem, _) = name.rsplit_once('.').unwrap_or((name.as_str(), ""));
    let named = documents().filter(|(_, part)| is_named_after(signature, part));
    let exact = named.min_by_key(|(at, _)| at.abs_diff(own));
    let same_stem = || {
        let mut same = documents().filter(|(_, part)| {
            let name = part.name.to_lowercase();
            !stem.is_empty() && name.rsplit_once('.').is_some_and(|(own, _)| own == stem)
        });
        same.next().filter(|_| same.next().is_none())
    };
    let only = || {
        let signatures = parts.iter().filter(|part| part.kind == Kind::Cms { encloses: false }).count();
        let mut documents = documents();
        documents.next().filter(|_| documents.next().is_none() && signatures == 1)
    };
    // A PDF that is signed inside needs a signature that names it: the other may belong to something else.
    exact.or_else(same_stem).or_else(|| only().filter(|(_, part)| part.kind != Kind::Pdf { signed: true }))
}

/// S/MIME envelopes with an act in them. An act signed by itself inside one wins over the envelope.
///
/// # Errors
/// [`Code::MailSeveralActs`] when an envelope holds two documents.
fn envelopes(parts: &[Part], files: &[Found]) -> Result<Vec<Found>, Vec<Finding>> {
    let mut found = Vec::new();
    for (index, part) in parts.iter().enumerate() {
        match &part.kind {
            Kind::SmimeEnclosing => found.push((vec![index], Signed::SmimeEnclosing(part.clone()))),
            Kind::SmimeSigned { content, signature } => {
                let within: Vec<usize> = (0..parts.len()).filter(|at| is_within(parts, *at, index)).collect();
                let signed_inside = files.iter().any(|(used, _)| used.iter().any(|at| within.contains(at)));
                let documents = within.iter().filter(|at| parts.get(**at).is_some_and(is_document)).count();
                if signed_inside || documents == 0 {
                    continue;
                }
                if documents > 1 {
                    return Err(vec![Finding::error(Code::MailSeveralActs)]);
                }
                let signed = Signed::SmimeSigned { content: content.clone(), signature: signature.clone() };
                found.push((within.into_iter().chain([index]).collect(), signed));
            }
            _ => {}
        }
    }
    // An envelope around an envelope signs the same act twice: the inner one is the act's.
    let inner: Vec<usize> = found.iter().filter_map(|(used, _)| used.last().copied()).collect();
    found.retain(|(used, _)| {
        let own = used.last().copied().unwrap_or_default();
        !inner.iter().any(|other| *other != own && is_within(parts, *other, own))
    });
    Ok(found)
}

/// Whether the part at `at` lies, at any depth, in the S/MIME entity at `envelope`.
fn is_within(parts: &[Part], at: usize, envelope: usize) -> bool {
    let mut around = parts.get(at).and_then(|part| part.inside);
    while let Some(one) = around {
        if one == envelope {
            return true;
        }
        // An entity always stands before its parts, so this ends.
        around = parts.get(one).and_then(|part| part.inside).filter(|next| *next < one);
    }
    false
}

/// Labels of what lies beside the act; texts and inline pictures are no attachments.
fn ignored(parts: &[Part], used: &[usize]) -> Vec<String> {
    let beside = parts.iter().enumerate().filter(|(index, part)| !used.contains(index) && !is_body(part) && !part.opened);
    let label = |part: &Part| if part.name.is_empty() { part.declared.clone() } else { part.name.clone() };
    beside.map(|(_, part)| label(part)).collect()
}

fn is_body(part: &Part) -> bool {
    match part.kind {
        Kind::Text | Kind::Html | Kind::SmimeSigned { .. } | Kind::Encrypted { opened: true } => true,
        Kind::Photo => part.inline,
        _ => false,
    }
}

/// Pictures smaller than this are logos.
const PHOTO_BYTES: usize = 30_000;

/// Whether a PDF lacks its end. Readers look for the mark in the last kilobyte (ISO 32000-1 annex H, note 18).
fn is_cut(part: &Part) -> bool {
    let end = part.bytes.len().saturating_sub(1024);
    let tail = part.bytes.get(end..).unwrap_or_default();
    matches!(part.kind, Kind::Pdf { .. }) && !tail.windows(5).any(|window| window == b"%%EOF")
}

fn why_nothing(parts: &[Part]) -> Code {
    let any = |is: fn(&Part) -> bool| parts.iter().any(is);
    let photo = |part: &Part| part.kind == Kind::Photo && (!part.inline || part.bytes.len() >= PHOTO_BYTES);
    let scan = |part: &Part| part.kind == Kind::Other && part.declared.starts_with("image/");
    if any(is_cut) {
        // Its signature stood at the end that is gone: that it is not signed would mislead who signed it.
        Code::PdfBroken
    } else if any(is_document) {
        Code::MailUnsigned
    } else if any(|part| part.kind == Kind::Cms { encloses: false }) {
        // The neighbour may be a file of a kind that is no act.
        let attached = parts.iter().any(|part| part.kind == Kind::Other && !extension(&part.name).is_empty());
        if attached { Code::MailNoAct } else { Code::MailSignatureAlone }
    } else if any(|part| part.kind == Kind::Archive) {
        Code::MailArchive
    } else if any(photo) || any(scan) {
        Code::MailPhoto
    } else {
        Code::MailNoAct
    }
}
