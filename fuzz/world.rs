//! What inputs are judged against, and which bytes were truly signed in it.

use std::collections::BTreeSet;
use std::path::Path;

use chrono::{DateTime, Utc};
use oblik_signature::evidence::Evidence;
use oblik_signature::{Container, Decryptor, Indication, Judged, Policy, Trust, judge_detached, judge_enclosing};
use oblik_trustlist::{Expectation, ListFault, Signers, TrustedList};

use crate::parts;

pub struct World {
    pub policy: Policy,
    /// The same, but the status of every certificate must be known.
    pub strict: Policy,
    pub moment: DateTime<Utc>,
    root: Vec<u8>,
    intermediates: Vec<u8>,
    /// A message with no certificate but the signer's, over `content`.
    pub bare: Vec<u8>,
    pub content: Vec<u8>,
    /// A message of the town, whose root issues itself, over `content`.
    pub town: Vec<u8>,
    /// `ResponseData` of the only answer by which the town's signer is good.
    pub good_answer: Vec<u8>,
    /// The town's, which messages are encrypted to.
    pub decryptors: Vec<Decryptor>,
    pub list_signers: Signers,
    /// Lists that were signed, as they are read.
    pub lists: Vec<TrustedList>,
    /// Signatures of DSTU 4145: curve, key, hash, signature.
    pub ukrainian: Vec<Vec<u8>>,
    /// SHA-256 of what was signed and of every certificate of this world, in hexadecimal; its revocation lists in base64.
    known: BTreeSet<String>,
    /// What signed PDFs of this world cover.
    pdfs: BTreeSet<Vec<u8>>,
}

impl World {
    pub fn read(folder: &Path) -> Self {
        let file = |name: &str| std::fs::read(folder.join(name)).unwrap_or_else(|cause| panic!("read {name}: {cause}"));
        let text = |name: &str| String::from_utf8(file(name)).expect("text");
        let policy = Policy::embedded();
        let decryptor =
            |name: &str| Decryptor::new(&file(&format!("{name}.key")), &[file(&format!("{name}.cer"))]).expect("a key");
        let mut list_signers = Signers::default();
        list_signers.add(&file("list-signers.pem")).expect("signers of lists");
        let lists = ["rsa", "p256", "p384", "p521", "inclusive"].map(|name| {
            let list = file(&format!("list-{name}.xml"));
            TrustedList::read(&list, list_expectation(&list_signers, &policy)).expect("a list")
        });
        let strict = policy.text().replace("status = \"if-available\"", "status = \"required\"");
        Self {
            strict: Policy::parse(&strict).expect("a policy"),
            policy,
            moment: DateTime::from_timestamp(text("moment").trim().parse().expect("seconds"), 0).expect("a moment"),
            root: [file("root.pem"), file("town.pem")].concat(),
            town: file("town.p7s"),
            good_answer: response_data(&file("good.ocsp")).expect("an answer"),
            decryptors: vec![decryptor("rsa"), decryptor("leaf")],
            list_signers,
            lists: lists.to_vec(),
            ukrainian: vec![file("m257"), file("m431")],
            intermediates: file("intermediates.pem"),
            bare: file("bare.p7s"),
            content: file("content"),
            known: text("known").lines().map(str::to_owned).collect(),
            pdfs: ["signed-1.pdf", "signed-2.pdf"].iter().map(|name| covered(&file(name))).collect(),
        }
    }

    /// The root alone.
    pub fn root(&self) -> Trust {
        let mut trust = Trust::default();
        trust.add_anchors(&self.root).expect("a root");
        trust
    }

    /// Root and authorities.
    pub fn trust(&self) -> Trust {
        let mut trust = self.root();
        trust.add_intermediates(&self.intermediates).expect("authorities");
        trust
    }

    pub fn enclosing(&self, message: &[u8]) -> Judged {
        judge_enclosing(message, &self.trust(), &self.policy, self.moment)
    }

    pub fn detached(&self, content: &[u8], message: &[u8]) -> Judged {
        judge_detached(content, message, &self.trust(), &self.policy, self.moment)
    }

    pub fn knows(&self, sha256: &[u8]) -> bool {
        self.known.contains(&hex(sha256))
    }

    /// As lists are read; of the moment their signatures are for.
    pub fn read_list(&self, list: &[u8]) -> Result<TrustedList, ListFault> {
        TrustedList::read(list, list_expectation(&self.list_signers, &self.policy))
    }

    /// Whether somebody signed this file; the room for signatures may hold them in any form.
    pub fn knows_pdf(&self, pdf: &[u8]) -> bool {
        self.pdfs.contains(&covered(pdf))
    }

    pub fn is_known_list(&self, base64: &str) -> bool {
        self.known.contains(base64)
    }

    /// A verdict holds together; what it proves was signed; and it can be told, kept and repeated.
    pub fn holds(&self, judged: &Judged, document: &[u8], detached: Option<&[u8]>) {
        let passed = judged.indication == Indication::TotalPassed;
        // Which file of a container with several is the act is not told: all of them are listed.
        let is_list = judged.container == Container::AsicE && judged.documents.len() > 1;
        assert_eq!(passed, judged.signed.is_some() || (passed && is_list), "a verdict passes exactly when it proves bytes");
        if passed {
            assert!(judged.documents.iter().all(|one| self.knows(&one.sha256)), "a file is proven that nobody signed");
        }
        assert_eq!(passed, judged.sub_indication.is_none());
        if let Some(signed) = &judged.signed {
            assert!(judged.signatures.iter().all(|one| one.indication == Indication::TotalPassed));
            assert!(self.knows(&signed.sha256()), "bytes are proven that nobody signed");
            for link in judged.signatures.iter().flat_map(|one| &one.chain) {
                assert!(self.knows(&link.sha256), "the path holds a certificate that nobody issued: {}", link.subject);
            }
        }
        for token in judged.signatures.iter().flat_map(|one| &one.timestamps) {
            if let (Indication::TotalPassed, Some(time)) = (token.indication, token.time) {
                let token = format!("token {} {}", token.serial, time.timestamp());
                assert!(self.known.contains(&token), "a time is proven that nobody stamped: {token}");
            }
        }
        let evidence = Evidence::of(judged, document, detached);
        let kept = Evidence::from_bytes(&evidence.to_bytes()).expect("evidence");
        assert_eq!(kept, evidence);
        serde_json::to_vec(&oblik_signature::report::report(judged, |finding| finding.code.as_str().to_owned()))
            .expect("a report");
    }
}

fn list_expectation<'a>(signers: &'a Signers, policy: &'a Policy) -> Expectation<'a> {
    let moment = "2026-11-20T12:00:00Z".parse().expect("a moment");
    Expectation { signers, policy, moment, known_sequence: None }
}

/// What is signed of an OCSP answer: the first element behind the name of its kind.
fn response_data(response: &[u8]) -> Option<Vec<u8>> {
    const BASIC: &[u8] = b"\x06\x09\x2b\x06\x01\x05\x05\x07\x30\x01\x01";
    let oid = response.windows(BASIC.len()).position(|window| window == BASIC)?;
    let (basic, _) = parts::contents(response, oid + BASIC.len());
    let data = *parts::children(response, basic).first()?;
    Some(response[data..parts::contents(response, data).1].to_vec())
}

/// The file without what stands in `/Contents <…>`: a signature does not cover itself.
fn covered(pdf: &[u8]) -> Vec<u8> {
    const KEY: &[u8] = b"/Contents";
    let mut covered = Vec::with_capacity(pdf.len());
    let mut rest = pdf;
    while let Some((octet, after)) = rest.split_first() {
        covered.push(*octet);
        rest = after;
        if covered.ends_with(KEY) {
            let blank = rest.iter().take_while(|octet| octet.is_ascii_whitespace()).count();
            let digits = rest[blank..].strip_prefix(b"<").unwrap_or_default();
            let count = digits.iter().take_while(|octet| octet.is_ascii_hexdigit()).count();
            if count > 1000 {
                covered.extend_from_slice(&rest[..blank]);
                rest = &digits[count..];
            }
        }
    }
    covered
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|octet| format!("{octet:02x}")).collect()
}
