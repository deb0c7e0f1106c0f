//! Encrypted messages opened with our own key: CMS `EnvelopedData` (RFC 5652 §6) and `AuthEnvelopedData` (RFC 5083).
//!
//! Whatever fails, one error is told: a sender who could tell a wrong key from wrong padding could decrypt with our help what
//! he captured (RFC 3218). A wrong PKCS#1 v1.5 padding therefore goes on with a key nobody knows, and fails where a wrong key
//! would. What comes out proves nothing: anybody can encrypt to us, and CBC does not even keep it from being changed.

mod content;
mod recipient;

use std::borrow::Cow;

use aws_lc_rs::agreement::{self, ECDH_P256, ECDH_P384, ECDH_P521};
use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey};
use aws_lc_rs::signature::{KeyPair, RsaKeyPair};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::limits;
use zeroize::Zeroizing;

use crate::algorithm::{PublicKey, sha256};
use crate::asn1::{Element, INTEGER, Malformed, OCTET_STRING, Oid, Read, SEQUENCE, SET, ber, context};
use crate::certificate::Certificate;
use crate::judge::without_signatures;
use crate::moments::Moments;
use crate::path::{Effort, Ground};
use crate::policy::Policy;
use crate::signing::Held;
use crate::trust::Trust;
use crate::verdict::{Container, Facts, Judged, SubIndication};
use crate::{oids, pkcs12};
use content::Encrypted;
use recipient::Recipient;

/// Why a key cannot be used to open what is encrypted to it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecryptorError {
    #[error("open key file: {0}")]
    Pkcs12(#[from] pkcs12::Pkcs12Error),
    #[error("the key is neither RSA nor ECDH over P-256, P-384 or P-521")]
    Key,
    #[error("the file has no certificate of the key")]
    Mismatch,
}

/// A message that cannot be opened with our key; deliberately no more is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it cannot be opened with our key")]
pub struct CannotOpen;

impl From<Malformed> for CannotOpen {
    fn from(_: Malformed) -> Self {
        Self
    }
}

/// A private key with its certificate: somebody messages are encrypted to.
pub struct Decryptor {
    key: Key,
    certificate: Certificate,
    /// Makes the key that stands in for one with wrong padding: the same for the same message, unknown to anybody else.
    stand_in: Zeroizing<[u8; 32]>,
}

enum Key {
    Rsa { oaep: Box<OaepPrivateDecryptingKey>, pkcs1: Box<Pkcs1PrivateDecryptingKey> },
    Ec(Box<agreement::PrivateKey>),
}

impl std::fmt::Debug for Decryptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Decryptor({})", self.certificate.subject)
    }
}

impl Decryptor {
    /// Opens a PKCS#12 file.
    ///
    /// # Errors
    /// [`DecryptorError::Pkcs12`] for a wrong passphrase or a broken file, the other variants for what it holds.
    pub fn from_pkcs12(bytes: &[u8], passphrase: &str) -> Result<Self, DecryptorError> {
        let content = pkcs12::read(bytes, passphrase)?;
        Self::new(&content.private_key, &content.certificates)
    }

    /// From a private key in PKCS#8 and certificates in DER, one of them the key's.
    ///
    /// # Errors
    /// As [`Self::from_pkcs12`].
    pub fn new(pkcs8: &[u8], certificates: &[Vec<u8>]) -> Result<Self, DecryptorError> {
        let (key, public) = Key::of(pkcs8).ok_or(DecryptorError::Key)?;
        let own = |certificate: &Certificate| matches!(&certificate.key, PublicKey::Rsa { der: half, .. } | PublicKey::Ec { point: half, .. } if *half == public);
        let certificate = certificates.iter().filter_map(|der| Certificate::of(der).ok()).find(own);
        let stand_in = Zeroizing::new(sha256(&[b"stand-in".as_slice(), pkcs8].concat()));
        Ok(Self { key, certificate: certificate.ok_or(DecryptorError::Mismatch)?, stand_in })
    }

    /// Subject of the certificate as RFC 4514 writes names.
    pub fn subject(&self) -> String {
        self.certificate.subject.to_string()
    }

    /// The certificate that mail is encrypted to.
    pub fn held(&self) -> Held {
        Held::of(&self.certificate)
    }
}

impl Decryptor {
    /// What stands in for the content's key when its padding is wrong (as RFC 5246 §7.4.7.1 advises for the same cipher).
    fn stand_in_key(&self, encrypted: &[u8], length: usize) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(sha256(&[self.stand_in.as_slice(), encrypted].concat()).to_vec());
        key.truncate(length);
        key
    }
}

impl Key {
    /// The key, and its public half as certificates hold it.
    fn of(pkcs8: &[u8]) -> Option<(Self, Vec<u8>)> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(pkcs8) {
            let key = || PrivateDecryptingKey::from_pkcs8(pkcs8).ok();
            let oaep = Box::new(OaepPrivateDecryptingKey::new(key()?).ok()?);
            let pkcs1 = Box::new(Pkcs1PrivateDecryptingKey::new(key()?).ok()?);
            return Some((Self::Rsa { oaep, pkcs1 }, pair.public_key().as_ref().to_vec()));
        }
        [&ECDH_P256, &ECDH_P384, &ECDH_P521].into_iter().find_map(|curve| {
            let key = agreement::PrivateKey::from_private_key_der(curve, pkcs8).ok()?;
            let public = key.compute_public_key().ok()?.as_ref().to_vec();
            Some((Self::Ec(Box::new(key)), public))
        })
    }
}

/// Whether `bytes` are an encrypted CMS message, by the frame alone.
pub fn looks_encrypted(bytes: &[u8]) -> bool {
    let holds = |oid: &const_oid::ObjectIdentifier| bytes.windows(oid.as_bytes().len()).take(32).any(|at| at == oid.as_bytes());
    bytes.first() == Some(&SEQUENCE) && (holds(&oids::ENVELOPED_DATA) || holds(&oids::AUTH_ENVELOPED_DATA))
}

/// Opens `cms` (DER or BER) with the first of `decryptors` it is encrypted to.
///
/// # Errors
/// [`CannotOpen`], for every reason.
pub fn open(cms: &[u8], decryptors: &[Decryptor]) -> Result<Zeroizing<Vec<u8>>, CannotOpen> {
    if cms.len() > limits::MAIL_DECODED_BYTES || decryptors.is_empty() {
        return Err(CannotOpen);
    }
    let der = match Element::only(cms) {
        Ok(_) if Envelope::of(cms).is_ok() => Cow::Borrowed(cms),
        _ => Cow::Owned(ber::to_der(cms)?.0),
    };
    let envelope = Envelope::of(&der)?;
    let length = envelope.content.key_bytes();
    for decryptor in decryptors {
        // One recipient is tried: a message that names our key a thousand times costs what another costs.
        let Some(recipient) = envelope.recipients.iter().find(|recipient| recipient.is(decryptor)) else { continue };
        let key = recipient.content_key(decryptor, length).ok_or(CannotOpen)?;
        return envelope.content.open(&key, &envelope.attributes, envelope.tag).ok_or(CannotOpen);
    }
    Err(CannotOpen)
}

/// The verdict on what is encrypted and was not opened: whether it is signed cannot be known.
pub fn judge_unopened(trust: &Trust, policy: &Policy, moment: impl Into<Moments>) -> Judged {
    let mut facts = Facts::default();
    facts.fail(SubIndication::SignedDataNotFound, Finding::error(Code::MailEncrypted));
    without_signatures(Container::Enclosing, facts, Ground::new(trust, policy, moment, &Effort::default()))
}

struct Envelope<'a> {
    recipients: Vec<Recipient<'a>>,
    content: Encrypted<'a>,
    /// Authenticated attributes and tag of `AuthEnvelopedData`.
    attributes: Vec<u8>,
    tag: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn of(der: &'a [u8]) -> Read<Self> {
        let mut outer = Element::only(der)?.tagged(SEQUENCE)?.reader();
        let kind = Oid::of(outer.next()?)?;
        let is_authenticated = kind == oids::AUTH_ENVELOPED_DATA;
        if kind != oids::ENVELOPED_DATA && !is_authenticated {
            return Err(Malformed("the message is not encrypted"));
        }
        let wrapped = outer.expect(context(0))?;
        outer.finish()?;
        let mut reader = Element::only(wrapped.value)?.tagged(SEQUENCE)?.reader();
        reader.expect(INTEGER)?;
        reader.optional(context(0))?;
        let infos = reader.expect(SET)?.reader().all()?;
        if infos.len() > limits::CMS_RECIPIENTS {
            return Err(Malformed("it is encrypted to too many"));
        }
        // A recipient of a strange kind is somebody else.
        let recipients = infos.into_iter().filter_map(|info| Recipient::of(info).ok().flatten()).collect();
        let content = Encrypted::of(&mut reader)?;
        // GCM without its tag, or a tag without GCM, would be opened unauthenticated.
        if content.is_authenticated() != is_authenticated {
            return Err(Malformed("the cipher does not fit the message"));
        }
        let (attributes, tag) = if is_authenticated {
            (content::authenticated_attributes(&mut reader)?, reader.expect(OCTET_STRING)?.value)
        } else {
            (Vec::new(), [].as_slice())
        };
        reader.optional(context(if is_authenticated { 2 } else { 1 }))?;
        reader.finish()?;
        Ok(Self { recipients, content, attributes, tag })
    }
}
