//! Writing DER: from the inside out, each element from the bytes of those it holds.

use const_oid::ObjectIdentifier;

use super::{INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, SET, context};

pub(crate) fn push_length(out: &mut Vec<u8>, length: usize) {
    let octets = length.to_be_bytes();
    let significant: Vec<u8> = octets.into_iter().skip_while(|octet| *octet == 0).collect();
    match significant.as_slice() {
        [] => out.push(0),
        [one] if *one < 0x80 => out.push(*one),
        many => {
            out.push(0x80 | u8::try_from(many.len()).unwrap_or(8));
            out.extend_from_slice(many);
        }
    }
}

pub(crate) fn element(tag: u8, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 6);
    out.push(tag);
    push_length(&mut out, value.len());
    out.extend_from_slice(value);
    out
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// SET OF in DER: its elements in ascending order of their encodings.
pub(crate) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(SET, &parts.concat())
}

pub(crate) fn explicit(n: u8, inner: &[u8]) -> Vec<u8> {
    element(context(n), inner)
}

pub(crate) fn oid(oid: &ObjectIdentifier) -> Vec<u8> {
    element(OID, oid.as_bytes())
}

pub(crate) fn octets(value: &[u8]) -> Vec<u8> {
    element(OCTET_STRING, value)
}

pub(crate) fn null() -> Vec<u8> {
    element(NULL, &[])
}

pub(crate) fn small_integer(value: u32) -> Vec<u8> {
    let mut octets: Vec<u8> = value.to_be_bytes().into_iter().skip_while(|octet| *octet == 0).collect();
    if octets.first().is_none_or(|first| *first >= 0x80) {
        octets.insert(0, 0);
    }
    element(INTEGER, &octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_integers_take_their_shortest_form() {
        assert_eq!(element(4, &[7; 127]).get(..2), Some(&[4, 127][..]));
        assert_eq!(element(4, &[7; 128]).get(..3), Some(&[4, 0x81, 128][..]));
        assert_eq!(element(4, &[7; 256]).get(..4), Some(&[4, 0x82, 1, 0][..]));
        assert_eq!(small_integer(0), [2, 1, 0]);
        assert_eq!(small_integer(127), [2, 1, 127]);
        assert_eq!(small_integer(128), [2, 2, 0, 128]);
        assert_eq!(small_integer(2048), [2, 2, 8, 0]);
    }
}
