//! Digests, keys and signatures: what an identifier names, and whether the arithmetic holds.
//!
//! Nothing here judges. A weak algorithm is computed where that is possible, so that the finding says "refused by
//! policy" and not "wrong signature"; `policy` refuses it.

mod digest;
mod dstu;
mod elliptic;
mod key;
mod rsa;
mod scheme;

use aws_lc_rs::signature::{ED25519, VerificationAlgorithm};

pub use digest::Digest;
pub(crate) use digest::sha256;
pub(crate) use key::{Curve, PublicKey, RsaUse};
pub(crate) use scheme::{ByteOrder, Scheme, SignatureAlgorithm};

/// What the arithmetic says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Valid,
    Invalid,
    /// Not computed: what is not known, by name.
    Unknown(String),
}

/// Whether `signature` is that of `message` by the holder of `key`.
pub(crate) fn verify(key: &PublicKey, scheme: Scheme, digest: Digest, message: &[u8], signature: &[u8]) -> Outcome {
    let outcome = match (key, scheme) {
        (PublicKey::Rsa { allows: RsaUse::Pss | RsaUse::PssWith(_), .. }, Scheme::RsaPkcs1) => {
            return Outcome::Unknown("RSA PKCS#1 by a key for RSA-PSS".to_owned());
        }
        (PublicKey::Rsa { allows: RsaUse::PssWith(allowed), .. }, Scheme::RsaPss { salt_octets })
            if allowed.digest != digest || allowed.salt_octets > salt_octets =>
        {
            return Outcome::Unknown("RSA-PSS with other parameters than its key allows".to_owned());
        }
        (PublicKey::Rsa { der, bits, .. }, Scheme::RsaPkcs1) => rsa::pkcs1(der, *bits, digest, message, signature),
        (PublicKey::Rsa { der, bits, .. }, Scheme::RsaPss { salt_octets }) => {
            rsa::pss(der, *bits, digest, salt_octets, message, signature)
        }
        (PublicKey::Ec { curve, point }, Scheme::Ecdsa) => elliptic::ecdsa(*curve, point, digest, message, signature),
        (PublicKey::Ed25519(point), Scheme::Ed25519) => Some(ED25519.verify_sig(point, message, signature).is_ok()),
        (PublicKey::Dstu(key), Scheme::Dstu(order)) => {
            digest.compute(message).map(|hash| dstu::verify(key, order, &hash, signature))
        }
        (PublicKey::Unknown(name), _) => return Outcome::Unknown(name.clone()),
        // A key of one family and a signature of another never fit.
        _ => return Outcome::Invalid,
    };
    match outcome {
        Some(true) => Outcome::Valid,
        Some(false) => Outcome::Invalid,
        None => Outcome::Unknown(format!("{} with {}", key.name(), digest.as_str())),
    }
}

#[cfg(test)]
mod real;
