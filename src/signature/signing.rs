//! The supplier's signature: CMS in the form CAdES B-B (EN 319 122-1 §6).

use chrono::{DateTime, Utc};
use oblik_domain::account::CertificateHolder;

use crate::algorithm::{Curve, Digest, PublicKey};
use crate::asn1::{self, INTEGER, SEQUENCE, SET, context, write};
use crate::certificate::Certificate;
use crate::signing_key::{Key, RemoteKey, RemoteKeyError};
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
    /// Where the key lives did not answer; it may later.
    #[error("sign with the key")]
    Remote(#[from] RemoteKeyError),
    #[error("sign PDF: {0}")]
    Pdf(String),
    /// More room must be reserved.
    #[error("the signature or timestamp is {0} octets larger than its place")]
    Room(usize),
}

/// A key with its certificate and the certificates up to, but not including, the root.
pub struct Signer {
    key: Key,
    certificate: Certificate,
    chain: Vec<Vec<u8>>,
}

/// A certificate of ours: what a person must know to renew it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// As RFC 4514 writes names.
    pub subject: String,
    /// Hexadecimal.
    pub serial: String,
    /// SHA-256 of the certificate, hexadecimal.
    pub sha256: String,
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
}

impl Held {
    pub(crate) fn of(certificate: &Certificate) -> Self {
        Self {
            subject: certificate.subject.to_string(),
            serial: certificate.serial_hex(),
            sha256: hex::encode(crate::algorithm::sha256(&certificate.der)),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
        }
    }
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
        Self::of(Key::of(pkcs8)?, certificates)
    }

    /// With a key that lives elsewhere, and certificates in DER in any order. The key signs once, to show whose it is.
    ///
    /// # Errors
    /// [`SigningError::Remote`] when the key does not answer, [`SigningError::Mismatch`] when none of the certificates is its own.
    pub fn with_key(certificates: &[Vec<u8>], key: Box<dyn RemoteKey>) -> Result<Self, SigningError> {
        Self::of(Key::elsewhere(key)?, certificates)
    }

    fn of(key: Key, certificates: &[Vec<u8>]) -> Result<Self, SigningError> {
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

    /// Who issued the certificate, by the name people know it by.
    pub fn authority(&self) -> String {
        self.certificate.issuer.human()
    }

    pub fn not_before(&self) -> DateTime<Utc> {
        self.certificate.not_before
    }

    pub fn not_after(&self) -> DateTime<Utc> {
        self.certificate.not_after
    }

    /// Its certificate, as a person is told of it.
    pub fn held(&self) -> Held {
        Held::of(&self.certificate)
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

    fn message(
        &self,
        pieces: &[&[u8]],
        carried: Option<&[u8]>,
        signing_time: Option<DateTime<Utc>>,
    ) -> Result<Vec<u8>, SigningError> {
        Ok(self.make(pieces, signing_time)?.message(carried, &[]))
    }

    /// Signs `pieces`. `signing_time` is absent in PAdES, where the signature dictionary tells it (EN 319 142-1 §5.3).
    pub(crate) fn make(&self, pieces: &[&[u8]], signing_time: Option<DateTime<Utc>>) -> Result<Made, SigningError> {
        let content_digest = self.key.digest().compute_pieces(pieces).ok_or(SigningError::Arithmetic)?;
        let signed_attributes = self.attributes(&content_digest, signing_time)?;
        let signature = self.key.sign(&signed_attributes)?;
        self.made(&signed_attributes, signature)
    }

    /// Octets that a message over content beside it takes at most, without signing time and unsigned attributes.
    pub(crate) fn longest(&self) -> Result<usize, SigningError> {
        let digest = self.key.digest().compute(&[]).ok_or(SigningError::Arithmetic)?;
        // Two integers in a sequence, each as long as the curve's order and an octet of sign.
        let signature = match &self.certificate.key {
            PublicKey::Rsa { bits, .. } => bits.div_ceil(8),
            PublicKey::Ec { curve: Curve::P256, .. } => 72,
            _ => 104,
        };
        Ok(self.made(&self.attributes(&digest, None)?, vec![0; signature])?.message(None, &[]).len())
    }

    fn made(&self, signed_attributes: &[u8], value: Vec<u8>) -> Result<Made, SigningError> {
        let digest_id = write::sequence(&[&write::oid(digest_oid(self.key.digest()))]);
        // Under the signature the attributes are a SET; in the message the same content is tagged [0].
        let set = asn1::Element::only(signed_attributes).map_err(|_| SigningError::Arithmetic)?;
        let signer = [
            write::small_integer(1),
            self.issuer_and_serial(),
            digest_id.clone(),
            write::element(context(0), set.value),
            self.key.algorithm_id(),
            write::octets(&value),
        ];
        let mut certificates = vec![self.certificate.der.clone()];
        certificates.extend(self.chain.iter().cloned());
        certificates.sort();
        Ok(Made { value, digest_id, signer: signer.concat(), certificates: certificates.concat() })
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

/// A signature that is made and in no message yet: what is known only after it can be added.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    value: Vec<u8>,
    digest_id: Vec<u8>,
    /// The fields of its `SignerInfo`.
    signer: Vec<u8>,
    certificates: Vec<u8>,
}

impl Made {
    /// The signature value, which a timestamp is made over.
    pub fn value(&self) -> &[u8] {
        &self.value
    }

    /// The CMS message, with the content when it is `carried`, and with `unsigned` attributes in DER.
    pub fn message(&self, carried: Option<&[u8]>, unsigned: &[Vec<u8>]) -> Vec<u8> {
        let mut signer = self.signer.clone();
        if !unsigned.is_empty() {
            let mut attributes = unsigned.to_vec();
            attributes.sort();
            signer.extend(write::element(context(1), &attributes.concat()));
        }
        let content = carried.map(|content| write::explicit(0, &write::octets(content))).unwrap_or_default();
        let signed_data = write::sequence(&[
            &write::small_integer(1),
            &write::element(SET, &self.digest_id),
            &write::sequence(&[&write::oid(&oids::DATA), &content]),
            &write::element(context(0), &self.certificates),
            &write::element(SET, &write::element(SEQUENCE, &signer)),
        ]);
        write::sequence(&[&write::oid(&oids::SIGNED_DATA), &write::explicit(0, &signed_data)])
    }
}

fn digest_oid(digest: Digest) -> &'static const_oid::ObjectIdentifier {
    match digest {
        Digest::Sha384 => &oids::SHA384,
        _ => &oids::SHA256,
    }
}
