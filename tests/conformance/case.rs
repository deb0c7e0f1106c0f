//! One signed file: how it is judged, and what must come of it.

use std::io::{Cursor, Write as _};

use chrono::{DateTime, Utc};
use oblik_conformance_tests::workshop::Workshop;
use oblik_signature::{Indication, Judged, Policy, Trust, judge_detached, judge_enclosing, judge_file};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// How the bytes of a message are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    Binary,
    Pem,
    /// Base64 in lines without a label, as mail carries it.
    Base64,
    /// In a container of ASiC-S with what it signs.
    Asic,
}

/// What OpenSSL says of a file as it was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Second {
    /// What the judge says.
    Same,
    /// The opposite, and why both are right.
    Differs(&'static str),
    /// Nothing: it cannot verify such a file.
    Mute,
}

/// A message with everything it is judged by.
#[derive(Clone)]
pub struct Given {
    pub message: Vec<u8>,
    pub content: Option<Vec<u8>>,
    pub anchor: Vec<u8>,
    pub moment: DateTime<Utc>,
}

#[derive(Clone)]
pub struct Case {
    pub name: String,
    pub given: Given,
    pub carried: Carried,
    pub policy: Policy,
    /// What is proven.
    pub signed: Vec<u8>,
    /// Key and scheme of each signer, as the report names them.
    pub algorithms: Vec<String>,
    pub digests: Vec<&'static str>,
    /// The sub-indication a file is refused with as it is; nothing when it passes.
    pub refused: Option<&'static str>,
    pub second: Second,
    /// A root that signed none of this.
    pub stranger: Vec<u8>,
}

impl Case {
    /// A file that passes, with one signer.
    pub fn new(name: &str, shop: &Workshop, message: Vec<u8>, is_detached: bool, algorithm: &str, digest: &'static str) -> Self {
        let content = is_detached.then(|| shop.content.clone());
        Self {
            name: name.to_owned(),
            given: Given { message, content, anchor: shop.certificate_der("root"), moment: shop.moment },
            carried: Carried::Binary,
            policy: Policy::embedded(),
            signed: shop.content.clone(),
            algorithms: vec![algorithm.to_owned()],
            digests: vec![digest],
            refused: None,
            second: Second::Same,
            stranger: shop.certificate_der("other-root"),
        }
    }

    /// The same message and content in a container of ASiC-S.
    pub fn in_container(&self) -> Self {
        Self { name: format!("{}, ASiC-S", self.name), carried: Carried::Asic, ..self.clone() }
    }

    pub fn judge(&self, given: &Given) -> Judged {
        let mut trust = Trust::default();
        trust.add_anchors(&given.anchor).expect("a root");
        let message = match self.carried {
            Carried::Binary | Carried::Asic => given.message.clone(),
            Carried::Pem => pem(&given.message).into_bytes(),
            Carried::Base64 => lines(&given.message).into_bytes(),
        };
        match &given.content {
            Some(content) if self.carried == Carried::Asic => {
                judge_file(&asic(content, &message), None, &trust, &self.policy, given.moment)
            }
            Some(content) => judge_detached(content, &message, &trust, &self.policy, given.moment),
            None => judge_enclosing(&message, &trust, &self.policy, given.moment),
        }
    }

    /// What is wrong with the verdict on the file as it was made.
    pub fn fault(&self) -> Option<String> {
        let judged = self.judge(&self.given);
        let says = said(&judged);
        let expected = self.refused.map_or_else(|| "TOTAL-PASSED".to_owned(), str::to_owned);
        if says != expected {
            return Some(format!("{}: {says} instead of {expected}: {:?}", self.name, judged.all_findings().collect::<Vec<_>>()));
        }
        let algorithms: Vec<&str> = judged.signatures.iter().map(|one| one.algorithm.as_str()).collect();
        let digests: Vec<&str> = judged.signatures.iter().map(|one| one.digest.as_str()).collect();
        if !agree(&algorithms, &self.algorithms) || !agree(&digests, &self.digests) {
            return Some(format!("{}: reported as {algorithms:?} with {digests:?}", self.name));
        }
        let proven = judged.signed.as_ref().map(|signed| signed.bytes() == self.signed);
        let expected = if self.refused.is_none() { Some(true) } else { None };
        (proven != expected).then(|| format!("{}: proven {proven:?} instead of {expected:?}", self.name))
    }
}

/// Signers stand in a set: their order says nothing.
fn agree<T: AsRef<str>>(one: &[&str], other: &[T]) -> bool {
    let sorted = |mut list: Vec<String>| {
        list.sort();
        list
    };
    sorted(one.iter().map(ToString::to_string).collect()) == sorted(other.iter().map(|each| each.as_ref().to_owned()).collect())
}

/// The verdict in a word: the sub-indication, or that it passed.
pub fn said(judged: &Judged) -> String {
    match (judged.indication, judged.sub_indication) {
        (Indication::TotalPassed, None) => "TOTAL-PASSED".to_owned(),
        (Indication::TotalPassed, Some(sub)) => format!("TOTAL-PASSED with {}", sub.as_str()),
        (_, Some(sub)) => sub.as_str().to_owned(),
        (other, None) => other.as_str().to_owned(),
    }
}

fn lines(bytes: &[u8]) -> String {
    let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
    let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).expect("ASCII")).collect();
    lines.join("\n") + "\n"
}

/// EN 319 162-1 §4.3: the media type first, then one file and its signature.
fn asic(content: &[u8], message: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let files = [
        ("mimetype", &b"application/vnd.etsi.asic-s+zip"[..], CompressionMethod::Stored),
        ("akt.xml", content, CompressionMethod::Deflated),
        ("META-INF/signature.p7s", message, CompressionMethod::Deflated),
    ];
    for (name, bytes, method) in files {
        archive.start_file(name, SimpleFileOptions::default().compression_method(method)).expect("a file begins");
        archive.write_all(bytes).expect("memory");
    }
    archive.finish().expect("an archive").into_inner()
}

fn pem(bytes: &[u8]) -> String {
    format!("-----BEGIN CMS-----\n{}-----END CMS-----\n", lines(bytes))
}
