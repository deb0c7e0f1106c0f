//! A file with one of its parts changed, for every part it has; and what the verdict must then say.

use chrono::TimeDelta;

use crate::ber::{Certificate, Node, Parts};
use crate::case::{Case, Given};

/// A changed file.
pub struct Mutant {
    pub part: String,
    pub given: Given,
    /// The sub-indications that name what was done.
    pub expected: &'static [&'static str],
    /// Why OpenSSL may take it all the same.
    pub may_be_taken: Option<&'static str>,
}

const CONTENT: &[&str] = &["HASH_FAILURE"];
const SIGNATURE: &[&str] = &["SIG_CRYPTO_FAILURE"];
/// What was a point of a curve may be none any more, and then is a key of no known kind.
const KEY: &[&str] =
    &["SIG_CRYPTO_FAILURE", "CERTIFICATE_CHAIN_GENERAL_FAILURE", "CRYPTO_CONSTRAINTS_FAILURE", "NO_CERTIFICATE_CHAIN_FOUND"];
const CHAIN: &[&str] = &["CERTIFICATE_CHAIN_GENERAL_FAILURE"];
const NO_CHAIN: &[&str] = &["NO_CERTIFICATE_CHAIN_FOUND"];
const ALGORITHM: &[&str] = &["CRYPTO_CONSTRAINTS_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE", "FORMAT_FAILURE"];

/// Every part of `case` changed, one at a time.
pub fn of(case: &Case) -> Vec<Mutant> {
    let parts = Parts::of(&case.given.message);
    let mut all = Gathered { case, mutants: Vec::new() };
    all.content(&parts);
    all.attributes(&parts);
    all.signer(&parts);
    all.chain(&parts);
    all.around();
    all.mutants
}

struct Gathered<'a> {
    case: &'a Case,
    mutants: Vec<Mutant>,
}

impl Gathered<'_> {
    fn add(&mut self, part: impl Into<String>, expected: &'static [&'static str], change: impl FnOnce(&mut Given)) {
        let mut given = self.case.given.clone();
        change(&mut given);
        self.mutants.push(Mutant { part: part.into(), given, expected, may_be_taken: None });
    }

    /// The lowest bit of the octet at `at` of the message.
    fn flip(&mut self, part: impl Into<String>, expected: &'static [&'static str], at: usize) {
        self.add(part, expected, |given| given.message[at] ^= 1);
    }

    /// OpenSSL may take what was added last.
    fn may_be_taken(&mut self, reason: &'static str) {
        self.mutants.last_mut().expect("a mutant").may_be_taken = Some(reason);
    }

    fn content(&mut self, parts: &Parts) {
        let expected = if parts.attributes.is_empty() { SIGNATURE } else { CONTENT };
        if let Some(content) = self.case.given.content.clone() {
            for at in [0, content.len() / 2, content.len() - 1] {
                self.add(format!("content at {at}"), expected, |given| given.content.as_mut().expect("content")[at] ^= 1);
            }
            self.add("content cut", expected, |given| {
                given.content.as_mut().expect("content").pop();
            });
            self.add("content continued", expected, |given| given.content.as_mut().expect("content").push(b' '));
        }
        let places: Vec<usize> = parts.content.iter().flat_map(Clone::clone).collect();
        if let (Some(first), Some(last)) = (places.first(), places.last()) {
            for at in [*first, places[places.len() / 2], *last] {
                self.flip(format!("content at {at}"), expected, at);
            }
        }
    }

    fn attributes(&mut self, parts: &Parts) {
        for attribute in &parts.attributes {
            let [oid, values] = attribute.children.as_slice() else { panic!("an attribute of another form") };
            let name = &self.case.given.message[oid.content.clone()];
            // pkcs-9 3, 4 and 5: content-type, message-digest, signing-time.
            let (part, expected, at) = match name.last() {
                Some(3) if name.len() == 9 => ("contentType", &["FORMAT_FAILURE"][..], values.content.end - 1),
                Some(4) if name.len() == 9 => ("messageDigest", CONTENT, values.content.end - 1),
                // The second digit of the seconds: the time stays one.
                Some(5) if name.len() == 9 => ("signingTime", SIGNATURE, values.content.end - 2),
                _ => ("another attribute", &["SIG_CRYPTO_FAILURE", "FORMAT_FAILURE"][..], values.content.end - 1),
            };
            self.flip(part, expected, at);
            self.flip(format!("type of {part}"), &["FORMAT_FAILURE", "HASH_FAILURE", "SIG_CRYPTO_FAILURE"], oid.content.end - 1);
        }
    }

    fn signer(&mut self, parts: &Parts) {
        let value = &parts.signature.content;
        for at in [value.start, value.start + value.len() / 2, value.end - 1] {
            self.flip(format!("signature at {}", at - value.start), SIGNATURE, at);
        }
        self.flip("digestAlgorithm", ALGORITHM, parts.digest_algorithm.children[0].content.end - 1);
        if parts.attributes.is_empty() {
            self.may_be_taken("without attributes it goes by the digests the message lists, not by the one the signer names");
        }
        self.flip("signatureAlgorithm", ALGORITHM, parts.signature_algorithm.children[0].content.end - 1);
        self.may_be_taken("it goes by digestAlgorithm and the key, whatever digest or curve signatureAlgorithm names");
        self.flip("signer's identifier", &["NO_SIGNING_CERTIFICATE_FOUND", "SIG_CRYPTO_FAILURE"], parts.identifier.whole.end - 1);
    }

    fn chain(&mut self, parts: &Parts) {
        let middle = |node: &Node| node.content.start + node.content.len() / 2;
        if let Some(leaf) = parts.chain.first() {
            let leaf = Certificate::of(leaf);
            self.flip("key of the signer's certificate", KEY, middle(&leaf.key.children[1]));
            self.flip("signature of the signer's certificate", CHAIN, leaf.signature.content.end - 1);
            self.flip("validity of the signer's certificate", CHAIN, leaf.validity.content.end - 2);
            self.flip("subject of the signer's certificate", CHAIN, leaf.subject.content.end - 1);
            let expected = &["CERTIFICATE_CHAIN_GENERAL_FAILURE", "NO_CERTIFICATE_CHAIN_FOUND"];
            self.flip("extensions of the signer's certificate", expected, leaf.signed.content.end - 1);
        }
        if let Some(authority) = parts.chain.get(1) {
            let authority = Certificate::of(authority);
            // Where another certificate of the same authority is at hand, that one leads to a root that is not trusted.
            let forged = if parts.is_cross_certified {
                &["CERTIFICATE_CHAIN_GENERAL_FAILURE", "NO_CERTIFICATE_CHAIN_FOUND"]
            } else {
                CHAIN
            };
            self.flip("key of the authority", KEY, middle(&authority.key.children[1]));
            self.flip("signature of the authority", forged, authority.signature.content.end - 1);
            self.flip("serial number of the authority", forged, authority.serial.content.end - 1);
            self.flip("name of the authority", NO_CHAIN, authority.subject.content.end - 1);
        }
    }

    fn around(&mut self) {
        let stranger = self.case.stranger.clone();
        self.add("another root", NO_CHAIN, |given| given.anchor = stranger);
        self.add("a moment too early", &["NOT_YET_VALID"], |given| given.moment -= TimeDelta::days(3));
        self.add("a moment too late", &["EXPIRED"], |given| given.moment += TimeDelta::days(800));
        self.add("message cut", &["FORMAT_FAILURE"], |given| {
            given.message.pop();
        });
        self.add("message continued", &["FORMAT_FAILURE"], |given| given.message.push(1));
        self.may_be_taken("it reads one message and leaves what follows it");
    }
}
