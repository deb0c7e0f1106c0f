//! A certificate's public key: what it is, and what for.

use oblik_domain::limits;

use crate::algorithm::dstu;
use crate::algorithm::scheme::PssParameters;
use crate::asn1::{AlgorithmId, Element, INTEGER, Oid, Read, SEQUENCE};
use crate::oids;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

/// A certificate's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    /// `RSAPublicKey` in DER.
    Rsa {
        der: Vec<u8>,
        bits: usize,
        allows: RsaUse,
    },
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
    Ed25519(Vec<u8>),
    Dstu(oblik_dstu4145::PublicKey),
    /// A key Oblik cannot use, by name.
    Unknown(String),
}

/// What an RSA key's identifier allows. Source: RFC 4055 §1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RsaUse {
    /// `rsaEncryption`: PKCS#1 and PSS alike.
    Any,
    /// `RSASSA-PSS` without parameters: PSS with any.
    Pss,
    /// `RSASSA-PSS` with parameters: this digest, and no shorter salt.
    PssWith(PssParameters),
}

impl PublicKey {
    /// From `SubjectPublicKeyInfo`. A key of a kind or size that is not computed with becomes [`PublicKey::Unknown`].
    pub fn of(info: Element<'_>) -> Read<Self> {
        let mut reader = info.tagged(SEQUENCE)?.reader();
        let algorithm = AlgorithmId::of(reader.next()?)?;
        let key = reader.next()?.bit_octets()?;
        reader.finish()?;
        if algorithm.oid == oids::RSA {
            return rsa(key, RsaUse::Any);
        }
        if algorithm.oid == oids::RSA_PSS {
            return match algorithm.parameters.as_deref().map(PssParameters::of) {
                None => rsa(key, RsaUse::Pss),
                Some(Ok(parameters)) => rsa(key, RsaUse::PssWith(parameters)),
                Some(Err(malformed)) => Ok(Self::Unknown(format!("RSA-PSS ({malformed})"))),
            };
        }
        if algorithm.oid == oids::EC_KEY {
            return Ok(elliptic(&algorithm, key));
        }
        if algorithm.oid == oids::ED25519 {
            let is_whole = key.len() == 32 && algorithm.parameters.is_none();
            return Ok(if is_whole { Self::Ed25519(key.to_vec()) } else { Self::Unknown("Ed25519 of another form".to_owned()) });
        }
        if let Some(order) = dstu::key_order(&algorithm.oid) {
            return Ok(dstu::key(&algorithm, key, order));
        }
        Ok(Self::Unknown(algorithm.oid.to_string()))
    }

    pub fn name(&self) -> String {
        match self {
            Self::Rsa { bits, .. } => format!("RSA {bits}"),
            Self::Ec { curve: Curve::P256, .. } => "ECDSA P-256".to_owned(),
            Self::Ec { curve: Curve::P384, .. } => "ECDSA P-384".to_owned(),
            Self::Ec { curve: Curve::P521, .. } => "ECDSA P-521".to_owned(),
            Self::Ed25519(_) => "Ed25519".to_owned(),
            Self::Dstu(key) => format!("DSTU 4145 m={}", key.curve().bits()),
            Self::Unknown(name) => name.clone(),
        }
    }

    /// The name of the key's curve, as policy files have it.
    pub fn curve(&self) -> Option<&'static str> {
        match self {
            Self::Ec { curve: Curve::P256, .. } => Some("P-256"),
            Self::Ec { curve: Curve::P384, .. } => Some("P-384"),
            Self::Ec { curve: Curve::P521, .. } => Some("P-521"),
            Self::Ed25519(_) => Some("Ed25519"),
            Self::Dstu(key) => Some(key.curve().as_str()),
            Self::Rsa { .. } | Self::Unknown(_) => None,
        }
    }

    /// Every name [`Self::curve`] may give.
    pub fn curves() -> impl Iterator<Item = &'static str> {
        ["P-256", "P-384", "P-521", "Ed25519"]
            .into_iter()
            .chain(oblik_dstu4145::Curve::ALL.into_iter().map(oblik_dstu4145::Curve::as_str))
    }
}

fn elliptic(algorithm: &AlgorithmId, key: &[u8]) -> PublicKey {
    let named = algorithm.parameters.as_deref().map(|bytes| Element::only(bytes).and_then(Oid::of));
    let curve = match named {
        Some(Ok(oid)) if oid == oids::P256 => Curve::P256,
        Some(Ok(oid)) if oid == oids::P384 => Curve::P384,
        Some(Ok(oid)) if oid == oids::P521 => Curve::P521,
        Some(Ok(oid)) => return PublicKey::Unknown(format!("elliptic curve {oid}")),
        _ => return PublicKey::Unknown("elliptic curve without a name".to_owned()),
    };
    PublicKey::Ec { curve, point: key.to_vec() }
}

/// Bounds of T20: a large modulus or exponent costs seconds a verification.
fn rsa(der: &[u8], allows: RsaUse) -> Read<PublicKey> {
    let mut reader = Element::only(der)?.tagged(SEQUENCE)?.reader();
    let modulus = reader.expect(INTEGER)?.magnitude()?;
    let exponent = reader.expect(INTEGER)?.magnitude()?;
    reader.finish()?;
    let bits =
        (modulus.len() * 8).saturating_sub(modulus.first().map_or(0, |byte| usize::try_from(byte.leading_zeros()).unwrap_or(0)));
    if bits > *limits::RSA_BITS.end() {
        return Ok(PublicKey::Unknown(format!("RSA {bits}")));
    }
    if exponent.len() > 4 || exponent.last().is_none_or(|byte| byte % 2 == 0) || exponent == [1] {
        return Ok(PublicKey::Unknown(format!("RSA {bits} with a strange exponent")));
    }
    Ok(PublicKey::Rsa { der: der.to_vec(), bits, allows })
}
