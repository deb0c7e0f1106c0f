//! The supplier's signature: CMS in the form CAdES B-B (EN 319 122-1 §6).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use chrono::{DateTime, Utc};
use oblik_domain::account::CertificateHolder;

use crate::algorithm::{Curve, Digest, PublicKey};
use crate::asn1::{self, INTEGER, SEQUENCE, SET, context, write};
use crate::certificate::Certificate;
use crate::{oids, pkcs12};

/// Why a key cannot be used or a signature not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningError {
    #[error("open key file: {0}")]
    Pkcs12(#[from] pkcs12::Pkcs12Error),
    #[error("read certificate: {0}")]
    Certificate(String),
    #[error("the key is neither RSA of 2048 bits or more nor ECDSA over P-256 or P-384")]
    Key,
    #[error("the key does not belong to the certificate of {subject}")]
    Mismatch { subject: String },
    #[error("compute signature")]
    Arithmetic,
    #[error("sign PDF: {0}")]
    Pdf(String),
}

/// A key with its certificate and the certificates up to, but not including, the root.
pub struct Signer {
    key: Key,
    certificate: Certificate,
    chain: Vec<Vec<u8>>,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    P256(Box<EcdsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.certificate.subject)
    }
}

impl Signer {
    /// Opens a PKCS#12 file.
    ///
    /// # Errors
    /// [`SigningError::Pkcs12`] for a wrong passphrase or a broken file, [`SigningError::Key`] and
    /// [`SigningError::Mismatch`] for what it holds.
    pub fn from_pkcs12(bytes: &[u8], passphrase: &str) -> Result<Self, SigningError> {
        let content = pkcs12::read(bytes, passphrase)?;
        Self::new(&content.private_key, &content.certificates)
    }

    /// From a private key in PKCS#8 and certificates in DER in any order.
    ///
    /// # Errors
    /// As [`Self::from_pkcs12`].
    pub fn new(pkcs8: &[u8], certificates: &[Vec<u8>]) -> Result<Self, SigningError> {
        let key = Key::of(pkcs8)?;
        let mut own = None;
        let mut chain = Vec::new();
        let mut first_subject = None;
        for der in certificates {
            let certificate = Certificate::of(der).map_err(|malformed| SigningError::Certificate(malformed.to_string()))?;
            first_subject.get_or_insert_with(|| certificate.subject.human());
            if own.is_none() && key.belongs_to(&certificate.key) {
                own = Some(certificate);
            } else if !certificate.names_itself() {
                chain.push(der.clone());
            }
        }
        let missing = || SigningError::Mismatch { subject: first_subject.unwrap_or_default() };
        Ok(Self { key, certificate: own.ok_or_else(missing)?, chain })
    }

    /// Subject as RFC 4514 writes names.
    pub fn subject(&self) -> String {
        self.certificate.subject.to_string()
    }

    /// Serial number in hexadecimal.
    pub fn serial(&self) -> String {
        self.certificate.serial_hex()
    }

    pub fn holder(&self) -> CertificateHolder {
        self.certificate.holder()
    }

    pub fn not_before(&self) -> DateTime<Utc> {
        self.certificate.not_before
    }

    pub fn not_after(&self) -> DateTime<Utc> {
        self.certificate.not_after
    }

    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate.der
    }

    /// A CMS message that signs `content` and does not carry it.
    ///
    /// # Errors
    /// [`SigningError::Arithmetic`] when the library fails.
    pub fn sign_cms_detached(&self, content: &[u8], signing_time: DateTime<Utc>) -> Result<Vec<u8>, SigningError> {
        self.message(&[content], None, Some(signing_time))
    }

    /// A CMS message that signs `content` and carries it.
    ///
    /// # Errors
    /// [`SigningError::Arithmetic`] when the library fails.
    pub fn sign_cms_enclosing(&self, content: &[u8], signing_time: DateTime<Utc>) -> Result<Vec<u8>, SigningError> {
        self.message(&[content], Some(content), Some(signing_time))
    }

    /// `signing_time` is absent in PAdES, where the signature dictionary tells it (EN 319 142-1 §5.3).
    pub(crate) fn message(
        &self,
        pieces: &[&[u8]],
        carried: Option<&[u8]>,
        signing_time: Option<DateTime<Utc>>,
    ) -> Result<Vec<u8>, SigningError> {
        let digest = self.key.digest();
        let digest_id = write::sequence(&[&write::oid(digest_oid(digest))]);
        let content_digest = digest.compute_pieces(pieces).ok_or(SigningError::Arithmetic)?;
        let signed_attributes = self.attributes(&content_digest, signing_time)?;
        let signature = self.key.sign(&signed_attributes)?;

        // Under the signature the attributes are a SET; in the message the same content is tagged [0].
        let set = asn1::Element::only(&signed_attributes).map_err(|_| SigningError::Arithmetic)?;
        let signer = write::sequence(&[
            &write::small_integer(1),
            &self.issuer_and_serial(),
            &digest_id,
            &write::element(context(0), set.value),
            &self.key.algorithm_id(),
            &write::octets(&signature),
        ]);
        let content = carried.map(|content| write::explicit(0, &write::octets(content))).unwrap_or_default();
        let mut certificates = vec![self.certificate.der.clone()];
        certificates.extend(self.chain.iter().cloned());
        certificates.sort();
        let signed_data = write::sequence(&[
            &write::small_integer(1),
            &write::element(SET, &digest_id),
            &write::sequence(&[&write::oid(&oids::DATA), &content]),
            &write::element(context(0), &certificates.concat()),
            &write::element(SET, &signer),
        ]);
        Ok(write::sequence(&[&write::oid(&oids::SIGNED_DATA), &write::explicit(0, &signed_data)]))
    }

    fn attributes(&self, content_digest: &[u8], signing_time: Option<DateTime<Utc>>) -> Result<Vec<u8>, SigningError> {
        let attribute =
            |oid: &const_oid::ObjectIdentifier, value: Vec<u8>| write::sequence(&[&write::oid(oid), &write::set_of(vec![value])]);
        let certificate_digest = Digest::Sha256.compute(&self.certificate.der).ok_or(SigningError::Arithmetic)?;
        // SHA-256 is the default of ESSCertIDv2 and therefore not written.
        let reference = write::sequence(&[&write::octets(&certificate_digest), &self.issuer_serial()]);
        let mut attributes = vec![
            attribute(&oids::CONTENT_TYPE, write::oid(&oids::DATA)),
            attribute(&oids::MESSAGE_DIGEST, write::octets(content_digest)),
            attribute(&oids::SIGNING_CERTIFICATE_V2, write::sequence(&[&write::sequence(&[&reference])])),
        ];
        attributes.extend(signing_time.map(|at| attribute(&oids::SIGNING_TIME, asn1::time::encode(at))));
        Ok(write::set_of(attributes))
    }

    fn issuer_and_serial(&self) -> Vec<u8> {
        write::sequence(&[&self.certificate.issuer.raw, &write::element(INTEGER, &self.certificate.serial)])
    }

    /// `IssuerSerial` of ESS: the issuer as general names.
    fn issuer_serial(&self) -> Vec<u8> {
        let names = write::element(SEQUENCE, &write::explicit(4, &self.certificate.issuer.raw));
        write::sequence(&[&names, &write::element(INTEGER, &self.certificate.serial)])
    }
}

fn digest_oid(digest: Digest) -> &'static const_oid::ObjectIdentifier {
    match digest {
        Digest::Sha384 => &oids::SHA384,
        _ => &oids::SHA256,
    }
}

impl Key {
    fn of(pkcs8: &[u8]) -> Result<Self, SigningError> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(pkcs8) {
            return if pair.public_modulus_len() >= 256 { Ok(Self::Rsa(Box::new(pair))) } else { Err(SigningError::Key) };
        }
        if let Ok(pair) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8) {
            return Ok(Self::P256(Box::new(pair)));
        }
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8);
        pair.map(|pair| Self::P384(Box::new(pair))).map_err(|_| SigningError::Key)
    }

    fn belongs_to(&self, public: &PublicKey) -> bool {
        match (self, public) {
            (Self::Rsa(pair), PublicKey::Rsa { der, .. }) => pair.public_key().as_ref() == der.as_slice(),
            (Self::P256(pair), PublicKey::Ec { curve: Curve::P256, point })
            | (Self::P384(pair), PublicKey::Ec { curve: Curve::P384, point }) => pair.public_key().as_ref() == point.as_slice(),
            _ => false,
        }
    }

    fn digest(&self) -> Digest {
        match self {
            Self::Rsa(_) | Self::P256(_) => Digest::Sha256,
            Self::P384(_) => Digest::Sha384,
        }
    }

    fn algorithm_id(&self) -> Vec<u8> {
        match self {
            Self::Rsa(_) => write::sequence(&[&write::oid(&oids::RSA_SHA256), &write::null()]),
            Self::P256(_) => write::sequence(&[&write::oid(&oids::ECDSA_SHA256)]),
            Self::P384(_) => write::sequence(&[&write::oid(&oids::ECDSA_SHA384)]),
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
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
        }
    }
}
