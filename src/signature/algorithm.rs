//! Digests, keys and signatures: what an identifier names, and whether the arithmetic holds.
//!
//! Nothing here judges. A weak algorithm is computed where the library still can, so that the finding says "refused by
//! policy" and not "wrong signature"; `policy` refuses it.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{self as lc, RsaPssSaltLength, VerificationAlgorithm};
use oblik_domain::limits;

use crate::asn1::{AlgorithmId, Element, INTEGER, Malformed, Oid, Read, SEQUENCE, context};
use crate::oids;

/// A digest Oblik recognises. MD5 is recognised to be refused by its name, and never computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    Md5,
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Digest {
    pub const ALL: [Self; 5] = [Self::Md5, Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// The digest of an `AlgorithmIdentifier` in a `digestAlgorithm` field.
    pub(crate) fn of(id: &AlgorithmId) -> Option<Self> {
        let known = [
            (oids::MD5, Self::Md5),
            (oids::SHA1, Self::Sha1),
            (oids::SHA256, Self::Sha256),
            (oids::SHA384, Self::Sha384),
            (oids::SHA512, Self::Sha512),
        ];
        known.into_iter().find(|(oid, _)| id.oid == *oid).map(|(_, digest)| digest)
    }

    /// The digest of `bytes`; `None` for MD5.
    pub(crate) fn compute(self, bytes: &[u8]) -> Option<Vec<u8>> {
        let algorithm = match self {
            Self::Md5 => return None,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        Some(digest::digest(algorithm, bytes).as_ref().to_vec())
    }

    /// As [`Self::compute`], over several pieces as if they were one.
    pub(crate) fn compute_pieces(self, pieces: &[&[u8]]) -> Option<Vec<u8>> {
        let algorithm = match self {
            Self::Md5 => return None,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        let mut context = digest::Context::new(algorithm);
        for piece in pieces {
            context.update(piece);
        }
        Some(context.finish().as_ref().to_vec())
    }
}

/// SHA-256, by which Oblik names certificates, lists and documents.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

/// How a signature value is made from a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    RsaPkcs1,
    RsaPss { salt_octets: u16 },
    Ecdsa,
}

/// A signature algorithm with its digest; `digest` is absent where the identifier (`rsaEncryption`) leaves it to the
/// message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignatureAlgorithm {
    pub scheme: Scheme,
    pub digest: Option<Digest>,
}

impl SignatureAlgorithm {
    /// # Errors
    /// The name of what is not known, for a finding.
    pub fn of(id: &AlgorithmId) -> Result<Self, String> {
        let simple = [
            (oids::RSA, Scheme::RsaPkcs1, None),
            (oids::RSA_MD5, Scheme::RsaPkcs1, Some(Digest::Md5)),
            (oids::RSA_SHA1, Scheme::RsaPkcs1, Some(Digest::Sha1)),
            (oids::RSA_SHA256, Scheme::RsaPkcs1, Some(Digest::Sha256)),
            (oids::RSA_SHA384, Scheme::RsaPkcs1, Some(Digest::Sha384)),
            (oids::RSA_SHA512, Scheme::RsaPkcs1, Some(Digest::Sha512)),
            (oids::EC_KEY, Scheme::Ecdsa, None),
            (oids::ECDSA_SHA1, Scheme::Ecdsa, Some(Digest::Sha1)),
            (oids::ECDSA_SHA256, Scheme::Ecdsa, Some(Digest::Sha256)),
            (oids::ECDSA_SHA384, Scheme::Ecdsa, Some(Digest::Sha384)),
            (oids::ECDSA_SHA512, Scheme::Ecdsa, Some(Digest::Sha512)),
        ];
        if let Some((_, scheme, digest)) = simple.into_iter().find(|(oid, _, _)| id.oid == *oid) {
            return Ok(Self { scheme, digest });
        }
        if id.oid == oids::RSA_PSS {
            return pss(id.parameters.as_deref()).map_err(|malformed| format!("RSA-PSS ({malformed})"));
        }
        Err(id.oid.to_string())
    }

    pub fn name(&self, digest: Digest) -> String {
        let scheme = match self.scheme {
            Scheme::RsaPkcs1 => "RSA",
            Scheme::RsaPss { .. } => "RSA-PSS",
            Scheme::Ecdsa => "ECDSA",
        };
        format!("{scheme} with {}", digest.as_str())
    }
}

/// `RSASSA-PSS-params` (RFC 4055 §3.1): absent fields mean SHA-1 and twenty octets of salt; the mask must use the same digest.
fn pss(parameters: Option<&[u8]>) -> Read<SignatureAlgorithm> {
    const UNKNOWN: Malformed = Malformed("an unknown digest");
    let mut digest = Digest::Sha1;
    let mut mask_digest = Digest::Sha1;
    let mut salt_octets = 20;
    let parameters = parameters.ok_or(Malformed("no parameters"))?;
    let mut reader = Element::only(parameters)?.tagged(SEQUENCE)?.reader();
    if let Some(field) = reader.optional(context(0))? {
        digest = Digest::of(&AlgorithmId::of(Element::only(field.value)?)?).ok_or(UNKNOWN)?;
    }
    if let Some(field) = reader.optional(context(1))? {
        let mask = AlgorithmId::of(Element::only(field.value)?)?;
        let inner = mask.parameters.filter(|_| mask.oid == oids::MGF1).ok_or(Malformed("an unknown mask"))?;
        mask_digest = Digest::of(&AlgorithmId::of(Element::only(&inner)?)?).ok_or(UNKNOWN)?;
    }
    if let Some(field) = reader.optional(context(2))? {
        let salt = Element::only(field.value)?.tagged(INTEGER)?.small()?;
        salt_octets = u16::try_from(salt).map_err(|_| Malformed("a salt too long"))?;
    }
    if let Some(field) = reader.optional(context(3))?
        && Element::only(field.value)?.small()? != 1
    {
        return Err(Malformed("an unknown trailer"));
    }
    reader.finish()?;
    if mask_digest != digest {
        return Err(Malformed("a mask of another digest"));
    }
    Ok(SignatureAlgorithm { scheme: Scheme::RsaPss { salt_octets }, digest: Some(digest) })
}

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
    },
    Ec {
        curve: Curve,
        point: Vec<u8>,
    },
    /// A key Oblik cannot use, by name.
    Unknown(String),
}

impl PublicKey {
    /// From `SubjectPublicKeyInfo`. A key of a kind or size that is not computed with becomes [`PublicKey::Unknown`].
    pub fn of(info: Element<'_>) -> Read<Self> {
        let mut reader = info.tagged(SEQUENCE)?.reader();
        let algorithm = AlgorithmId::of(reader.next()?)?;
        let key = reader.next()?.bit_octets()?;
        reader.finish()?;
        if algorithm.oid == oids::RSA || algorithm.oid == oids::RSA_PSS {
            return rsa_key(key);
        }
        if algorithm.oid == oids::EC_KEY {
            let named = algorithm.parameters.as_deref().map(|bytes| Element::only(bytes).and_then(Oid::of));
            let curve = match named {
                Some(Ok(oid)) if oid == oids::P256 => Curve::P256,
                Some(Ok(oid)) if oid == oids::P384 => Curve::P384,
                Some(Ok(oid)) if oid == oids::P521 => Curve::P521,
                Some(Ok(oid)) => return Ok(Self::Unknown(format!("elliptic curve {oid}"))),
                _ => return Ok(Self::Unknown("elliptic curve without a name".to_owned())),
            };
            return Ok(Self::Ec { curve, point: key.to_vec() });
        }
        Ok(Self::Unknown(algorithm.oid.to_string()))
    }

    pub fn name(&self) -> String {
        match self {
            Self::Rsa { bits, .. } => format!("RSA {bits}"),
            Self::Ec { curve: Curve::P256, .. } => "ECDSA P-256".to_owned(),
            Self::Ec { curve: Curve::P384, .. } => "ECDSA P-384".to_owned(),
            Self::Ec { curve: Curve::P521, .. } => "ECDSA P-521".to_owned(),
            Self::Unknown(name) => name.clone(),
        }
    }
}

/// Bounds of T20: a large modulus or exponent costs seconds a verification.
fn rsa_key(der: &[u8]) -> Read<PublicKey> {
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
    Ok(PublicKey::Rsa { der: der.to_vec(), bits })
}

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
        (PublicKey::Rsa { der, bits }, Scheme::RsaPkcs1) => {
            rsa_pkcs1(digest, *bits).map(|algorithm| algorithm.verify_sig(der, message, signature))
        }
        (PublicKey::Rsa { der, .. }, Scheme::RsaPss { salt_octets }) => {
            rsa_pss(digest, salt_octets).map(|algorithm| algorithm.verify_sig(der, message, signature))
        }
        (PublicKey::Ec { curve, point }, Scheme::Ecdsa) => {
            ecdsa(*curve, digest).map(|algorithm| algorithm.verify_sig(point, message, signature))
        }
        (PublicKey::Unknown(name), _) => return Outcome::Unknown(name.clone()),
        // A key of one family and a signature of another never fit.
        _ => return Outcome::Invalid,
    };
    match outcome {
        Some(Ok(())) => Outcome::Valid,
        Some(Err(_)) => Outcome::Invalid,
        None => Outcome::Unknown(format!("{} with {}", key.name(), digest.as_str())),
    }
}

fn rsa_pkcs1(digest: Digest, bits: usize) -> Option<&'static lc::RsaParameters> {
    match (digest, bits) {
        (Digest::Sha256, 2048..) => Some(&lc::RSA_PKCS1_2048_8192_SHA256),
        (Digest::Sha384, 2048..) => Some(&lc::RSA_PKCS1_2048_8192_SHA384),
        (Digest::Sha512, 2048..) => Some(&lc::RSA_PKCS1_2048_8192_SHA512),
        (Digest::Sha1, 1024..) => Some(&lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY),
        (Digest::Sha256, 1024..) => Some(&lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY),
        (Digest::Sha512, 1024..) => Some(&lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY),
        _ => None,
    }
}

fn rsa_pss(digest: Digest, salt_octets: u16) -> Option<lc::RsaParameters> {
    let algorithm = match digest {
        Digest::Sha256 => lc::RSA_PSS_2048_8192_SHA256,
        Digest::Sha384 => lc::RSA_PSS_2048_8192_SHA384,
        Digest::Sha512 => lc::RSA_PSS_2048_8192_SHA512,
        Digest::Md5 | Digest::Sha1 => return None,
    };
    Some(algorithm.with_pss_salt_length(RsaPssSaltLength::Custom(salt_octets)))
}

fn ecdsa(curve: Curve, digest: Digest) -> Option<&'static lc::EcdsaVerificationAlgorithm> {
    match (curve, digest) {
        (Curve::P256, Digest::Sha1) => Some(&lc::ECDSA_P256_SHA1_ASN1),
        (Curve::P256, Digest::Sha256) => Some(&lc::ECDSA_P256_SHA256_ASN1),
        (Curve::P256, Digest::Sha384) => Some(&lc::ECDSA_P256_SHA384_ASN1),
        (Curve::P256, Digest::Sha512) => Some(&lc::ECDSA_P256_SHA512_ASN1),
        (Curve::P384, Digest::Sha256) => Some(&lc::ECDSA_P384_SHA256_ASN1),
        (Curve::P384, Digest::Sha384) => Some(&lc::ECDSA_P384_SHA384_ASN1),
        (Curve::P384, Digest::Sha512) => Some(&lc::ECDSA_P384_SHA512_ASN1),
        (Curve::P521, Digest::Sha1) => Some(&lc::ECDSA_P521_SHA1_ASN1),
        (Curve::P521, Digest::Sha256) => Some(&lc::ECDSA_P521_SHA256_ASN1),
        (Curve::P521, Digest::Sha384) => Some(&lc::ECDSA_P521_SHA384_ASN1),
        (Curve::P521, Digest::Sha512) => Some(&lc::ECDSA_P521_SHA512_ASN1),
        (_, Digest::Md5) | (Curve::P384, Digest::Sha1) => None,
    }
}
