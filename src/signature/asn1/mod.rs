//! Reading ASN.1 as slices of the bytes that were received.
//!
//! Signatures are made over bytes, so nothing here is ever encoded again: a reader hands out slices, and what is hashed is
//! what came. Lengths are strict DER; what is BER goes through [`ber::to_der`] first.

pub(crate) mod ber;
pub(crate) mod time;
pub(crate) mod write;

use std::borrow::Cow;

use const_oid::ObjectIdentifier;

pub(crate) const BOOLEAN: u8 = 0x01;
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const ENUMERATED: u8 = 0x0a;
pub(crate) const UTF8_STRING: u8 = 0x0c;
pub(crate) const PRINTABLE_STRING: u8 = 0x13;
pub(crate) const T61_STRING: u8 = 0x14;
pub(crate) const IA5_STRING: u8 = 0x16;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const UNIVERSAL_STRING: u8 = 0x1c;
pub(crate) const BMP_STRING: u8 = 0x1e;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// Tag of a constructed context-specific element: `[n]` that holds others.
pub(crate) const fn context(n: u8) -> u8 {
    0xa0 | n
}

/// Tag of a primitive context-specific element: `[n] IMPLICIT` of a string or integer.
pub(crate) const fn context_primitive(n: u8) -> u8 {
    0x80 | n
}

/// What could not be read: a phrase for the finding's `detail`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Malformed(pub &'static str);

pub(crate) type Read<T> = Result<T, Malformed>;

/// One element: its tag, its content, and the whole as it stands in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub tag: u8,
    pub value: &'a [u8],
    pub raw: &'a [u8],
}

impl<'a> Element<'a> {
    /// The one element that `bytes` is, with nothing after it.
    pub fn only(bytes: &'a [u8]) -> Read<Self> {
        let mut reader = Reader::new(bytes);
        let element = reader.next()?;
        reader.finish()?;
        Ok(element)
    }

    pub fn tagged(self, tag: u8) -> Read<Self> {
        if self.tag == tag { Ok(self) } else { Err(Malformed("an element has another tag than expected")) }
    }

    pub fn reader(self) -> Reader<'a> {
        Reader::new(self.value)
    }

    pub fn boolean(self) -> Read<bool> {
        match self.value {
            [0] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(Malformed("a BOOLEAN is neither true nor false")),
        }
    }

    /// A small non-negative integer.
    pub fn small(self) -> Read<u64> {
        match self.value {
            [] => Err(Malformed("an INTEGER is empty")),
            [first, ..] if *first >= 0x80 => Err(Malformed("an INTEGER is negative")),
            bytes if bytes.len() > 8 => Err(Malformed("an INTEGER is larger than expected")),
            bytes => Ok(bytes.iter().fold(0_u64, |acc, byte| (acc << 8) | u64::from(*byte))),
        }
    }

    /// A non-negative integer's magnitude, without leading zeros.
    pub fn magnitude(self) -> Read<&'a [u8]> {
        match self.value {
            [] => Err(Malformed("an INTEGER is empty")),
            [first, ..] if *first >= 0x80 => Err(Malformed("an INTEGER is negative")),
            bytes => {
                let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
                Ok(bytes.get(zeros..).unwrap_or_default())
            }
        }
    }

    /// The octets of a BIT STRING without unused bits: a key or a signature.
    pub fn bit_octets(self) -> Read<&'a [u8]> {
        match self.value.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(Malformed("a BIT STRING does not hold whole octets")),
        }
    }

    /// The first sixteen named bits of a BIT STRING, bit 0 the highest.
    pub fn named_bits(self) -> Read<u16> {
        match self.value {
            [unused, bits @ ..] if *unused < 8 => {
                let high = bits.first().copied().unwrap_or(0);
                let low = bits.get(1).copied().unwrap_or(0);
                Ok(u16::from_be_bytes([high, low]))
            }
            _ => Err(Malformed("a BIT STRING of named bits is malformed")),
        }
    }

    /// Characters of any of the string types of X.520; what cannot be read is replaced.
    pub fn text(self) -> String {
        match self.tag {
            BMP_STRING => {
                let units: Vec<u16> =
                    self.value.chunks_exact(2).map(|pair| pair.iter().fold(0, |a, b| (a << 8) | u16::from(*b))).collect();
                String::from_utf16_lossy(&units)
            }
            UNIVERSAL_STRING => {
                let points = self.value.chunks_exact(4).map(|four| four.iter().fold(0, |a, b| (a << 8) | u32::from(*b)));
                points.map(|point| char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
            }
            T61_STRING => match std::str::from_utf8(self.value) {
                Ok(text) => text.to_owned(),
                Err(_) => self.value.iter().map(|byte| char::from(*byte)).collect(),
            },
            _ => match std::str::from_utf8(self.value) {
                Ok(text) => text.to_owned(),
                Err(_) => String::from_utf8_lossy(self.value).into_owned(),
            },
        }
    }
}

/// Goes over the elements of a value, one after another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    pub fn next(&mut self) -> Read<Element<'a>> {
        const SHORT: Malformed = Malformed("an element is cut short");
        let input = self.rest;
        let (&tag, after_tag) = input.split_first().ok_or(SHORT)?;
        if tag & 0x1f == 0x1f {
            return Err(Malformed("an element has a tag of several octets"));
        }
        let (&first, after_first) = after_tag.split_first().ok_or(SHORT)?;
        let (length, content) = if first < 0x80 {
            (usize::from(first), after_first)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 {
                return Err(Malformed("an element's length is indefinite or too large"));
            }
            let octets = after_first.get(..count).ok_or(SHORT)?;
            let length = octets.iter().fold(0_usize, |acc, byte| (acc << 8) | usize::from(*byte));
            if length < 0x80 || octets.first() == Some(&0) {
                return Err(Malformed("an element's length is not in its shortest form"));
            }
            (length, after_first.get(count..).ok_or(SHORT)?)
        };
        let value = content.get(..length).ok_or(SHORT)?;
        self.rest = content.get(length..).ok_or(SHORT)?;
        let raw = input.get(..input.len().saturating_sub(self.rest.len())).ok_or(SHORT)?;
        Ok(Element { tag, value, raw })
    }

    pub fn expect(&mut self, tag: u8) -> Read<Element<'a>> {
        if self.peek() == Some(tag) { self.next() } else { Err(Malformed("an element is missing or out of place")) }
    }

    pub fn optional(&mut self, tag: u8) -> Read<Option<Element<'a>>> {
        if self.peek() == Some(tag) { self.next().map(Some) } else { Ok(None) }
    }

    pub fn finish(&self) -> Read<()> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed("there are bytes after the last element")) }
    }

    /// The elements that are left.
    pub fn all(mut self) -> Read<Vec<Element<'a>>> {
        let mut elements = Vec::new();
        while !self.is_empty() {
            elements.push(self.next()?);
        }
        Ok(elements)
    }
}

/// The octets of `[n] IMPLICIT OCTET STRING`: in one piece, or in the pieces that BER allows.
pub(crate) fn implicit_octets(field: Element<'_>, n: u8) -> Read<Cow<'_, [u8]>> {
    if field.tag == context_primitive(n) {
        return Ok(Cow::Borrowed(field.value));
    }
    let pieces: Read<Vec<&[u8]>> = field
        .tagged(context(n))?
        .reader()
        .all()?
        .into_iter()
        .map(|piece| piece.tagged(OCTET_STRING).map(|piece| piece.value))
        .collect();
    Ok(Cow::Owned(pieces?.concat()))
}

/// An object identifier by its content octets; compared with the known ones, printed with dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Oid(pub Vec<u8>);

impl Oid {
    pub fn of(element: Element<'_>) -> Read<Self> {
        match element.tagged(OID)?.value {
            [] => Err(Malformed("an OBJECT IDENTIFIER is empty")),
            value => Ok(Self(value.to_vec())),
        }
    }
}

impl PartialEq<ObjectIdentifier> for Oid {
    fn eq(&self, other: &ObjectIdentifier) -> bool {
        self.0 == other.as_bytes()
    }
}

impl std::fmt::Display for Oid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match ObjectIdentifier::from_bytes(&self.0) {
            Ok(oid) => write!(f, "{oid}"),
            Err(_) => f.write_str("an unreadable object identifier"),
        }
    }
}

/// `AlgorithmIdentifier`: the algorithm and its parameters, NULL counting as none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlgorithmId {
    pub oid: Oid,
    pub parameters: Option<Vec<u8>>,
}

impl AlgorithmId {
    pub fn of(element: Element<'_>) -> Read<Self> {
        let mut reader = element.tagged(SEQUENCE)?.reader();
        let oid = Oid::of(reader.next()?)?;
        let parameters = if reader.is_empty() { None } else { Some(reader.next()?) };
        reader.finish()?;
        let parameters = parameters.filter(|element| element.tag != NULL).map(|element| element.raw.to_vec());
        Ok(Self { oid, parameters })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_strictly() {
        for (bytes, reads) in [
            (&[0x04, 0x01, 0x41][..], true),
            (&[0x04, 0x81, 0x01, 0x41], false),
            (&[0x04, 0x02, 0x41], false),
            (&[0x24, 0x80, 0x00, 0x00], false),
            (&[0x1f, 0x81, 0x01, 0x00], false),
            (&[0x04, 0x85, 1, 1, 1, 1, 1, 1], false),
            (&[0x04, 0x01, 0x41, 0x00], false),
            (&[], false),
        ] {
            assert_eq!(Element::only(bytes).is_ok(), reads, "{bytes:02x?}");
        }
    }
}
