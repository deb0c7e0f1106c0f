//! Where the parts of a CMS message lie: a walk over BER that shares no line with the one under test.

use std::ops::Range;

/// An element by its places in the bytes it was read from.
#[derive(Debug, Clone)]
pub struct Node {
    pub tag: u8,
    pub whole: Range<usize>,
    pub content: Range<usize>,
    pub children: Vec<Node>,
}

impl Node {
    /// The element that begins at `at`. Only for what good programs wrote: it panics on anything else.
    pub fn read(bytes: &[u8], at: usize) -> Self {
        let tag = bytes[at];
        assert_ne!(tag & 0x1f, 0x1f, "a long tag");
        let first = usize::from(bytes[at + 1]);
        let (mut start, mut length) = (at + 2, Some(first));
        if first == 0x80 {
            length = None;
        } else if first > 0x80 {
            start += first - 0x80;
            length = Some(bytes[at + 2..start].iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)));
        }
        let (mut children, mut end) = (Vec::new(), start);
        if tag & 0x20 == 0 {
            end += length.expect("a length");
            return Self { tag, whole: at..end, content: start..end, children };
        }
        loop {
            match length {
                Some(length) if end >= start + length => break,
                None if bytes[end..].starts_with(&[0, 0]) => break,
                _ => children.push(Self::read(bytes, end)),
            }
            end = children.last().expect("a child").whole.end;
        }
        let after = if length.is_none() { end + 2 } else { end };
        Self { tag, whole: at..after, content: start..end, children }
    }

    /// Where the octets of a string lie that may be written in pieces.
    pub fn pieces(&self) -> Vec<Range<usize>> {
        if self.children.is_empty() { vec![self.content.clone()] } else { self.children.iter().flat_map(Self::pieces).collect() }
    }
}

/// The parts of a `SignedData` message, of its first signer and its chain.
pub struct Parts {
    /// Pieces of the content, when it is inside.
    pub content: Vec<Range<usize>>,
    pub identifier: Node,
    pub digest_algorithm: Node,
    pub attributes: Vec<Node>,
    pub signature_algorithm: Node,
    pub signature: Node,
    /// The signer's certificate, then its issuer's, as far as they are there.
    pub chain: Vec<Node>,
    /// Whether there are several certificates of that issuer.
    pub is_cross_certified: bool,
}

impl Parts {
    pub fn of(message: &[u8]) -> Self {
        let outer = Node::read(message, 0);
        let fields = &outer.children[1].children[0].children;
        let content = fields[2].children.get(1).map(|explicit| explicit.children[0].pieces()).unwrap_or_default();
        let certificates = fields.iter().find(|field| field.tag == 0xa0).map(|set| set.children.clone()).unwrap_or_default();
        let signer = fields.last().expect("signers").children[0].clone();
        let mut rest = signer.children.iter().skip(1).cloned();
        let (identifier, digest_algorithm) = (rest.next().expect("a sid"), rest.next().expect("a digest"));
        let mut rest = rest.peekable();
        let attributes = rest.next_if(|node| node.tag == 0xa0).map(|set| set.children).unwrap_or_default();
        let (signature_algorithm, signature) = (rest.next().expect("an algorithm"), rest.next().expect("a signature"));
        let mut chain: Vec<Node> = certificates.iter().filter(|one| is_of(message, one, &identifier)).take(1).cloned().collect();
        let issuer = chain.first().map(|leaf| message[Certificate::of(leaf).issuer.whole.clone()].to_vec()).unwrap_or_default();
        let above = certificates.iter().filter(|one| message[Certificate::of(one).subject.whole.clone()] == *issuer);
        let is_cross_certified = above.clone().count() > 1;
        chain.extend(above.take(1).cloned());
        Self { content, identifier, digest_algorithm, attributes, signature_algorithm, signature, chain, is_cross_certified }
    }
}

fn is_of(message: &[u8], certificate: &Node, identifier: &Node) -> bool {
    let parts = Certificate::of(certificate);
    if let [issuer, serial] = identifier.children.as_slice() {
        return message[parts.issuer.whole.clone()] == message[issuer.whole.clone()]
            && message[parts.serial.whole.clone()] == message[serial.whole.clone()];
    }
    // subjectKeyIdentifier: id-ce 14, then the octets in two strings.
    let id = &message[identifier.content.clone()];
    let wanted = [&[0x55, 0x1d, 0x0e, 0x04, 0x16, 0x04, 0x14], id].concat();
    message[certificate.whole.clone()].windows(wanted.len()).any(|window| window == wanted)
}

/// The parts of a certificate of version 3.
pub struct Certificate<'a> {
    pub serial: &'a Node,
    pub issuer: &'a Node,
    pub validity: &'a Node,
    pub subject: &'a Node,
    pub key: &'a Node,
    pub signed: &'a Node,
    pub signature: &'a Node,
}

impl<'a> Certificate<'a> {
    pub fn of(node: &'a Node) -> Self {
        let signed = &node.children[0];
        let [_, serial, _, issuer, validity, subject, key, ..] = signed.children.as_slice() else {
            panic!("a certificate of another version")
        };
        Self { serial, issuer, validity, subject, key, signed, signature: &node.children[2] }
    }
}
