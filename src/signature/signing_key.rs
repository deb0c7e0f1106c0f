//! The private key under a signature: in memory, or elsewhere (a smart card, a hardware module) behind [`RemoteKey`].

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use crate::algorithm::{self, Curve, Digest, Outcome, PublicKey, Scheme};
use crate::asn1::{INTEGER, write};
use crate::oids;
use crate::signing::SigningError;

/// Octets of the smallest RSA modulus we sign with: 2048 bits.
const RSA_OCTETS_LEAST: usize = 256;
/// What a key elsewhere signs to show whose it is.
const PROOF: &[u8] = b"oblik: whose key is this";

/// What a key signs with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2), 2048 bits or more.
    Rsa,
    /// ECDSA over P-256 with SHA-256.
    P256,
    /// ECDSA over P-384 with SHA-384.
    P384,
}

/// Why a key that lives elsewhere made no signature. Nothing secret stands in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RemoteKeyError(pub String);

/// A private key that never comes here.
pub trait RemoteKey: Send + Sync {
    fn algorithm(&self) -> KeyAlgorithm;

    /// The signature of `message`, which is not digested yet: for RSA as it stands, for ECDSA r and s of the curve's width one
    /// after the other (PKCS #11 v2.40 §2.3.1).
    ///
    /// # Errors
    /// The key cannot be reached, or would not sign. It may later.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, RemoteKeyError>;
}

pub(crate) enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
    Elsewhere {
        key: Box<dyn RemoteKey>,
        /// Its signature of [`PROOF`].
        proof: Vec<u8>,
    },
}

impl Key {
    pub fn of(pkcs8: &[u8]) -> Result<Self, SigningError> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(pkcs8) {
            let enough = pair.public_modulus_len() >= RSA_OCTETS_LEAST;
            return if enough { Ok(Self::Rsa(Box::new(pair))) } else { Err(SigningError::Key) };
        }
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8) {
            return Ok(Self::P256(Box::new(pair)));
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8);
        pair.map(|pair| Self::P384(Box::new(pair))).map_err(|_| SigningError::Key)
    }

    pub fn elsewhere(key: Box<dyn RemoteKey>) -> Result<Self, SigningError> {
        let proof = sign_elsewhere(&*key, PROOF)?;
        if key.algorithm() == KeyAlgorithm::Rsa && proof.len() < RSA_OCTETS_LEAST {
            return Err(SigningError::Key);
        }
        Ok(Self::Elsewhere { key, proof })
    }

    pub fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Rsa(_) => KeyAlgorithm::Rsa,
            Self::P256(_) => KeyAlgorithm::P256,
            Self::P384(_) => KeyAlgorithm::P384,
            Self::Elsewhere { key, .. } => key.algorithm(),
        }
    }

    pub fn belongs_to(&self, public: &PublicKey) -> bool {
        match (self, public) {
            (Self::Rsa(pair), PublicKey::Rsa { der, .. }) => pair.public_key().as_ref() == der.as_slice(),
            (Self::P256(pair), PublicKey::Ec { curve: Curve::P256, point })
            | (Self::P384(pair), PublicKey::Ec { curve: Curve::P384, point }) => pair.public_key().as_ref() == point.as_slice(),
            (Self::Elsewhere { key, proof }, public) => {
                let scheme = match (key.algorithm(), public) {
                    (KeyAlgorithm::Rsa, PublicKey::Rsa { .. }) => Scheme::RsaPkcs1,
                    (KeyAlgorithm::P256, PublicKey::Ec { curve: Curve::P256, .. })
                    | (KeyAlgorithm::P384, PublicKey::Ec { curve: Curve::P384, .. }) => Scheme::Ecdsa,
                    _ => return false,
                };
                algorithm::verify(public, scheme, self.digest(), PROOF, proof) == Outcome::Valid
            }
            _ => false,
        }
    }

    pub fn digest(&self) -> Digest {
        match self.algorithm() {
            KeyAlgorithm::Rsa | KeyAlgorithm::P256 => Digest::Sha256,
            KeyAlgorithm::P384 => Digest::Sha384,
        }
    }

    pub fn algorithm_id(&self) -> Vec<u8> {
        match self.algorithm() {
            KeyAlgorithm::Rsa => write::sequence(&[&write::oid(&oids::RSA_SHA256), &write::null()]),
            KeyAlgorithm::P256 => write::sequence(&[&write::oid(&oids::ECDSA_SHA256)]),
            KeyAlgorithm::P384 => write::sequence(&[&write::oid(&oids::ECDSA_SHA384)]),
        }
    }

    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| SigningError::Arithmetic)?;
                Ok(signature)
            }
            Self::P256(pair) | Self::P384(pair) => {
                let signature = pair.sign(&random, message).map_err(|_| SigningError::Arithmetic)?;
                Ok(signature.as_ref().to_vec())
            }
            Self::Elsewhere { key, .. } => sign_elsewhere(&**key, message),
        }
    }
}

/// The signature as CMS wants it: that of ECDSA as a sequence of two integers (RFC 5480 §2.2).
fn sign_elsewhere(key: &dyn RemoteKey, message: &[u8]) -> Result<Vec<u8>, SigningError> {
    let signature = key.sign(message)?;
    let width = match key.algorithm() {
        KeyAlgorithm::Rsa => return Ok(signature),
        KeyAlgorithm::P256 => 32,
        KeyAlgorithm::P384 => 48,
    };
    match signature.split_at_checked(width) {
        Some((r, s)) if s.len() == width => Ok(write::sequence(&[&positive(r), &positive(s)])),
        _ => Err(RemoteKeyError(format!("the signature has {} octets in the place of {}", signature.len(), 2 * width)).into()),
    }
}

/// An INTEGER of octets without a sign.
fn positive(octets: &[u8]) -> Vec<u8> {
    let mut value: Vec<u8> = octets.iter().copied().skip_while(|octet| *octet == 0).collect();
    if value.first().is_none_or(|first| *first >= 0x80) {
        value.insert(0, 0);
    }
    write::element(INTEGER, &value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_is_as_short_as_it_can_be_and_never_negative() {
        for (octets, der) in [
            ([0, 0, 1], &[2, 1, 1][..]),
            ([0, 0, 0x7f], &[2, 1, 0x7f]),
            ([0, 0, 0x80], &[2, 2, 0, 0x80]),
            ([0, 0, 0], &[2, 1, 0]),
            ([0xff, 0, 0], &[2, 4, 0, 0xff, 0, 0]),
        ] {
            assert_eq!(positive(&octets), der, "{octets:?}");
        }
    }
}
