//! Signature algorithms: how a value is made from a digest.

use crate::algorithm::Digest;
use crate::asn1::{AlgorithmId, Element, INTEGER, Malformed, Read, SEQUENCE, context};
use crate::oids;

/// How a signature value is made from a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    RsaPkcs1,
    RsaPss { salt_octets: u16 },
    Ecdsa,
    Ed25519,
    Dstu(ByteOrder),
}

/// How the octets of DSTU 4145 keys and signatures stand: little-endian in Ukraine, big-endian in BouncyCastle's variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ByteOrder {
    Little,
    Big,
}

impl Scheme {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaPkcs1 => "RSA",
            Self::RsaPss { .. } => "RSA-PSS",
            Self::Ecdsa => "ECDSA",
            Self::Ed25519 => "Ed25519",
            Self::Dstu(_) => "DSTU 4145",
        }
    }
}

/// A signature algorithm with its digest; `digest` is absent where the identifier (`rsaEncryption`) leaves it to the
/// message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignatureAlgorithm {
    pub scheme: Scheme,
    pub digest: Option<Digest>,
}

const RSA: Scheme = Scheme::RsaPkcs1;
const ECDSA: Scheme = Scheme::Ecdsa;
const DSTU: Scheme = Scheme::Dstu(ByteOrder::Little);

/// Sources: RFC 4055, RFC 5758, RFC 8702 and 9688 (SHA-3), RFC 8419 (Ed25519, whose digest in CMS is SHA-512), the identifiers
/// of Ukraine's order 2782/5 for DSTU 4145; with Kupyna both the identifier of the digest's size and that with the basis under it
/// are in use.
const SIMPLE: [(const_oid::ObjectIdentifier, Scheme, Option<Digest>); 30] = [
    (oids::RSA, RSA, None),
    (oids::RSA_MD5, RSA, Some(Digest::Md5)),
    (oids::RSA_SHA1, RSA, Some(Digest::Sha1)),
    (oids::RSA_SHA224, RSA, Some(Digest::Sha224)),
    (oids::RSA_SHA256, RSA, Some(Digest::Sha256)),
    (oids::RSA_SHA384, RSA, Some(Digest::Sha384)),
    (oids::RSA_SHA512, RSA, Some(Digest::Sha512)),
    (oids::RSA_SHA3_224, RSA, Some(Digest::Sha3_224)),
    (oids::RSA_SHA3_256, RSA, Some(Digest::Sha3_256)),
    (oids::RSA_SHA3_384, RSA, Some(Digest::Sha3_384)),
    (oids::RSA_SHA3_512, RSA, Some(Digest::Sha3_512)),
    (oids::EC_KEY, ECDSA, None),
    (oids::ECDSA_SHA1, ECDSA, Some(Digest::Sha1)),
    (oids::ECDSA_SHA224, ECDSA, Some(Digest::Sha224)),
    (oids::ECDSA_SHA256, ECDSA, Some(Digest::Sha256)),
    (oids::ECDSA_SHA384, ECDSA, Some(Digest::Sha384)),
    (oids::ECDSA_SHA512, ECDSA, Some(Digest::Sha512)),
    (oids::ECDSA_SHA3_224, ECDSA, Some(Digest::Sha3_224)),
    (oids::ECDSA_SHA3_256, ECDSA, Some(Digest::Sha3_256)),
    (oids::ECDSA_SHA3_384, ECDSA, Some(Digest::Sha3_384)),
    (oids::ECDSA_SHA3_512, ECDSA, Some(Digest::Sha3_512)),
    (oids::ED25519, Scheme::Ed25519, Some(Digest::Sha512)),
    (oids::DSTU4145_GOST, DSTU, Some(Digest::Gost34311)),
    (oids::DSTU4145_GOST_BIG_ENDIAN, Scheme::Dstu(ByteOrder::Big), Some(Digest::Gost34311)),
    (oids::DSTU4145_KUPYNA_256, DSTU, Some(Digest::Kupyna256)),
    (oids::DSTU4145_KUPYNA_256_PB, DSTU, Some(Digest::Kupyna256)),
    (oids::DSTU4145_KUPYNA_384, DSTU, Some(Digest::Kupyna384)),
    (oids::DSTU4145_KUPYNA_384_PB, DSTU, Some(Digest::Kupyna384)),
    (oids::DSTU4145_KUPYNA_512, DSTU, Some(Digest::Kupyna512)),
    (oids::DSTU4145_KUPYNA_512_PB, DSTU, Some(Digest::Kupyna512)),
];

impl SignatureAlgorithm {
    /// # Errors
    /// The name of what is not known, for a finding.
    pub fn of(id: &AlgorithmId) -> Result<Self, String> {
        if let Some((_, scheme, digest)) = SIMPLE.iter().find(|(oid, _, _)| id.oid == *oid) {
            return Ok(Self { scheme: *scheme, digest: *digest });
        }
        if id.oid == oids::RSA_PSS {
            let parameters = id.parameters.as_deref().ok_or(Malformed("no parameters"));
            let pss = parameters.and_then(PssParameters::of).map_err(|malformed| format!("RSA-PSS ({malformed})"))?;
            return Ok(Self { scheme: Scheme::RsaPss { salt_octets: pss.salt_octets }, digest: Some(pss.digest) });
        }
        Err(id.oid.to_string())
    }

    pub fn name(&self, digest: Digest) -> String {
        format!("{} with {}", self.scheme.as_str(), digest.as_str())
    }
}

/// `RSASSA-PSS-params` (RFC 4055 §3.1), of a signature or as the restriction of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PssParameters {
    pub digest: Digest,
    pub salt_octets: u16,
}

impl PssParameters {
    /// Absent fields mean SHA-1 and twenty octets of salt; the mask must use the same digest.
    pub fn of(parameters: &[u8]) -> Read<Self> {
        const UNKNOWN: Malformed = Malformed("an unknown digest");
        let mut digest = Digest::Sha1;
        let mut mask_digest = Digest::Sha1;
        let mut salt_octets = 20;
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
        Ok(Self { digest, salt_octets })
    }
}
