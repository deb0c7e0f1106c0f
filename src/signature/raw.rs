//! A signature value over bytes by the key of a certificate, for signatures in forms that other packages read (XML).
//!
//! Only the arithmetic and the policy's word on digests and keys: what was signed, and whether the signatory may, is the
//! caller's to find out.

use chrono::{DateTime, Utc};

use crate::algorithm::{ByteOrder, Digest, Outcome, PublicKey, Scheme, verify};
use crate::asn1::{INTEGER, write};
use crate::certificate::Certificate;
use crate::policy::Policy;
use crate::trust::{TrustError, certificates};

/// How a signature value is made and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    RsaPkcs1,
    /// With the mask of the same digest and a salt of its length.
    RsaPss,
    /// Both numbers one after the other, each as long as the field (RFC 4050 §3.3, IEEE P1363), not in DER.
    EcdsaPlain,
    /// DSTU 4145: both numbers one after the other, little-endian, bare or in an OCTET STRING.
    Dstu,
}

/// Why a signature does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("{0} is not taken by the signature policy")]
    Policy(String),
    #[error("{0} is not known")]
    Unknown(String),
    #[error("the signature value does not fit the key of the certificate")]
    Invalid,
}

/// Someone whose signature can be checked: a certificate with its key.
#[derive(Debug, Clone)]
pub struct Signatory(Certificate);

impl Signatory {
    /// The certificates of `bytes`: PEM with any number, or one in DER.
    ///
    /// # Errors
    /// [`TrustError`] when there is none or one cannot be read.
    pub fn all_of(bytes: &[u8]) -> Result<Vec<Self>, TrustError> {
        Ok(certificates(bytes)?.into_iter().map(Self).collect())
    }

    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    pub fn sha256(&self) -> [u8; 32] {
        self.0.sha256
    }

    /// Human name of the subject.
    pub fn subject(&self) -> String {
        self.0.subject.human()
    }

    pub fn not_before(&self) -> DateTime<Utc> {
        self.0.not_before
    }

    pub fn not_after(&self) -> DateTime<Utc> {
        self.0.not_after
    }

    /// Whether `value` is this certificate's signature of `message`.
    ///
    /// # Errors
    /// [`Refused`], also for a digest or key that `policy` does not take at `moment`.
    pub fn signed(&self, form: Form, digest: Digest, message: &[u8], value: &[u8], ground: Ground<'_>) -> Result<(), Refused> {
        let key = &self.0.key;
        if let PublicKey::Unknown(name) = key {
            return Err(Refused::Unknown(name.clone()));
        }
        if !ground.policy.takes_key(key) {
            return Err(Refused::Policy(key.name()));
        }
        let salt = digest_of(digest, &[], ground)?.len();
        let outcome = match (form, key) {
            (Form::RsaPkcs1, _) => verify(key, Scheme::RsaPkcs1, digest, message, value),
            (Form::RsaPss, _) => {
                let salt_octets = u16::try_from(salt).unwrap_or(u16::MAX);
                verify(key, Scheme::RsaPss { salt_octets }, digest, message, value)
            }
            (Form::EcdsaPlain, PublicKey::Ec { point, .. }) => {
                // An uncompressed point is one octet and both coordinates.
                let in_der = in_der(value, point.len().saturating_sub(1) / 2).ok_or(Refused::Invalid)?;
                verify(key, Scheme::Ecdsa, digest, message, &in_der)
            }
            (Form::EcdsaPlain, _) => Outcome::Invalid,
            (Form::Dstu, _) => verify(key, Scheme::Dstu(ByteOrder::Little), digest, message, value),
        };
        match outcome {
            Outcome::Valid => Ok(()),
            Outcome::Invalid => Err(Refused::Invalid),
            Outcome::Unknown(name) => Err(Refused::Unknown(name)),
        }
    }
}

/// Against what digests and keys are judged.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    pub policy: &'a Policy,
    pub moment: DateTime<Utc>,
}

/// The digest of `bytes`.
///
/// # Errors
/// [`Refused::Policy`] for a digest the policy does not take at its moment.
pub fn digest_of(digest: Digest, bytes: &[u8], ground: Ground<'_>) -> Result<Vec<u8>, Refused> {
    let refused = || Refused::Policy(digest.as_str().to_owned());
    if !ground.policy.takes_digest(digest, ground.moment) {
        return Err(refused());
    }
    digest.compute(bytes).ok_or_else(refused)
}

/// SHA-256, by which certificates and documents are named.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    crate::algorithm::sha256(bytes)
}

/// `ECDSA-Sig-Value` of both numbers; `None` when they are not of the field's length.
fn in_der(value: &[u8], octets: usize) -> Option<Vec<u8>> {
    if octets == 0 || value.len() != octets * 2 {
        return None;
    }
    let (r, s) = value.split_at_checked(octets)?;
    let integer = |number: &[u8]| {
        let mut octets: Vec<u8> = number.iter().copied().skip_while(|octet| *octet == 0).collect();
        if octets.first().is_none_or(|first| *first >= 0x80) {
            octets.insert(0, 0);
        }
        write::element(INTEGER, &octets)
    };
    Some(write::sequence(&[&integer(r), &integer(s)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_numbers_become_the_shortest_der() {
        for (plain, octets, der) in [
            (&[0, 1, 0x80, 0][..], 2, Some(vec![0x30, 8, 2, 1, 1, 2, 3, 0, 0x80, 0])),
            (&[0, 0, 0, 0][..], 2, Some(vec![0x30, 6, 2, 1, 0, 2, 1, 0])),
            (&[1, 2, 3][..], 2, None),
            (&[1, 2, 3, 4, 5, 6][..], 2, None),
            (&[][..], 0, None),
        ] {
            assert_eq!(in_der(plain, octets), der, "{plain:?}");
        }
    }
}
