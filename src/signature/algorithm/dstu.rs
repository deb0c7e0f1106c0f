//! Keys and signatures of DSTU 4145-2002 as certificates and messages carry them.
//!
//! A key names one of the standard's curves, or describes one number by number; another curve than the standard's is never
//! computed with, because its author may know things about it. The same holds for the substitution box of GOST 34.311.

use oblik_dstu4145::{Curve, Explicit, reversed};

use crate::algorithm::PublicKey;
use crate::algorithm::scheme::ByteOrder;
use crate::asn1::{AlgorithmId, Element, INTEGER, Malformed, OCTET_STRING, OID, Oid, Read, SEQUENCE, context};
use crate::oids;

/// The substitution box of DSTU GOST 28147:2009 that is used without being named, packed as certificates carry it.
pub(super) const DEFAULT_BOX: [u8; 64] = [
    0xa9, 0xd6, 0xeb, 0x45, 0xf1, 0x3c, 0x70, 0x82, 0x80, 0xc4, 0x96, 0x7b, 0x23, 0x1f, 0x5e, 0xad, 0xf6, 0x58, 0xeb, 0xa4, 0xc0,
    0x37, 0x29, 0x1d, 0x38, 0xd9, 0x6b, 0xf0, 0x25, 0xca, 0x4e, 0x17, 0xf8, 0xe9, 0x72, 0x0d, 0xc6, 0x15, 0xb4, 0x3a, 0x28, 0x97,
    0x5f, 0x0b, 0xc1, 0xde, 0xa3, 0x64, 0x38, 0xb5, 0x64, 0xea, 0x2c, 0x17, 0x9f, 0xd0, 0x12, 0x3e, 0x6d, 0xb8, 0xfa, 0xc5, 0x79,
    0x04,
];

/// The byte order of a key with this identifier; `None` when it is of another kind.
pub(super) fn key_order(oid: &Oid) -> Option<ByteOrder> {
    if *oid == oids::DSTU4145_GOST_BIG_ENDIAN {
        return Some(ByteOrder::Big);
    }
    let little = [
        oids::DSTU4145_GOST,
        oids::DSTU4145_KUPYNA_256,
        oids::DSTU4145_KUPYNA_256_PB,
        oids::DSTU4145_KUPYNA_384,
        oids::DSTU4145_KUPYNA_384_PB,
        oids::DSTU4145_KUPYNA_512,
        oids::DSTU4145_KUPYNA_512_PB,
    ];
    little.iter().any(|known| oid == known).then_some(ByteOrder::Little)
}

/// The key of a `SubjectPublicKeyInfo`: a compressed point in an OCTET STRING.
pub(super) fn key(algorithm: &AlgorithmId, octets: &[u8], order: ByteOrder) -> PublicKey {
    let unknown = |why: &str| PublicKey::Unknown(format!("DSTU 4145 with {why}"));
    let Some(parameters) = algorithm.parameters.as_deref() else { return unknown("no curve") };
    let curve = match curve(parameters, order) {
        Ok(curve) => curve,
        Err(Malformed(why)) => return unknown(why),
    };
    let Ok(point) = Element::only(octets).and_then(|element| element.tagged(OCTET_STRING)) else {
        return unknown("a key that is no OCTET STRING");
    };
    match oblik_dstu4145::PublicKey::of(curve, &little(point.value, order)) {
        Ok(key) => PublicKey::Dstu(key),
        Err(fault) => unknown(fault.as_str()),
    }
}

fn little(octets: &[u8], order: ByteOrder) -> Vec<u8> {
    match order {
        ByteOrder::Little => octets.to_vec(),
        ByteOrder::Big => reversed(octets),
    }
}

/// `DSTU4145Params`: the curve, and the substitution box where it is said.
fn curve(parameters: &[u8], order: ByteOrder) -> Read<Curve> {
    let element = Element::only(parameters)?;
    // Some programs name the curve without the sequence around it.
    if element.tag == OID {
        return named(element);
    }
    let mut reader = element.tagged(SEQUENCE)?.reader();
    let described = reader.next()?;
    let curve = if described.tag == OID { named(described)? } else { explicit(described, order)? };
    if let Some(packed) = reader.optional(OCTET_STRING)?
        && packed.value != DEFAULT_BOX
    {
        return Err(Malformed("another substitution box than the default one"));
    }
    reader.finish()?;
    Ok(curve)
}

fn named(element: Element<'_>) -> Read<Curve> {
    let oid = Oid::of(element)?;
    let place = oid.0.strip_prefix(oids::DSTU4145_CURVES.as_bytes());
    let known = Curve::ALL.into_iter().find(|curve| place == Some(&[curve.place()]));
    known.ok_or(Malformed("a curve that is not the standard's"))
}

/// `ECBinary`: field, A, B, order, base point.
fn explicit(element: Element<'_>, order: ByteOrder) -> Read<Curve> {
    let mut reader = element.tagged(SEQUENCE)?.reader();
    if let Some(version) = reader.optional(context(0))?
        && Element::only(version.value)?.tagged(INTEGER)?.small()? != 0
    {
        return Err(Malformed("a curve of an unknown version"));
    }
    let mut field = reader.expect(SEQUENCE)?.reader();
    let bits = field.expect(INTEGER)?.small()?;
    let terms = match field.next()? {
        one if one.tag == INTEGER => vec![one.small()?],
        several => several
            .tagged(SEQUENCE)?
            .reader()
            .all()?
            .into_iter()
            .map(|term| term.tagged(INTEGER)?.small())
            .collect::<Read<_>>()?,
    };
    field.finish()?;
    let a = reader.expect(INTEGER)?.small()?;
    let b = little(reader.expect(OCTET_STRING)?.value, order);
    let n = reversed(reader.expect(INTEGER)?.magnitude()?);
    let base = little(reader.expect(OCTET_STRING)?.value, order);
    reader.finish()?;
    let explicit = Explicit { bits, terms: &terms, a, b: &b, order: &n, base: &base };
    Curve::of_explicit(&explicit).ok_or(Malformed("a curve that is not the standard's"))
}

/// Whether `signature` is that of `key` over `hash`: r ‖ s as they are, or in an OCTET STRING of their own.
///
/// One in 65,536 bare signatures begins like an OCTET STRING of its length, so both readings are tried.
pub(super) fn verify(key: &oblik_dstu4145::PublicKey, order: ByteOrder, hash: &[u8], signature: &[u8]) -> bool {
    let wrapped = Element::only(signature).and_then(|element| element.tagged(OCTET_STRING)).ok();
    let is_valid = |octets: &[u8]| key.verify(hash, &little(octets, order));
    wrapped.is_some_and(|element| is_valid(element.value)) || is_valid(signature)
}
