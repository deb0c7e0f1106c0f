//! PKCS#12 (RFC 7292): the file a key lies in.
//!
//! Read as OpenSSL 3 and Java write it (PBES2 with AES) and as older programs do (SHA-1 with triple DES); written with
//! PBES2, AES-256 and HMAC-SHA-256. RC2 of forty bits is refused: such a file must be made anew.

mod derive;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use crate::asn1::{
    self, AlgorithmId, Element, INTEGER, Malformed, OCTET_STRING, Oid, Read, SEQUENCE, ber, context, context_primitive, write,
};
use crate::oids;

/// Why a key file cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Pkcs12Error {
    #[error("the file is not PKCS#12: {0}")]
    Malformed(&'static str),
    #[error("the passphrase is wrong")]
    Passphrase,
    #[error("the file is protected by {0}, which is not supported")]
    Protection(String),
    #[error("there is no private key in the file")]
    NoKey,
    #[error("there are several private keys in the file")]
    SeveralKeys,
}

impl From<Malformed> for Pkcs12Error {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed.0)
    }
}

/// What a key file holds.
pub struct Content {
    /// `PrivateKeyInfo` (PKCS#8) in DER.
    pub private_key: Zeroizing<Vec<u8>>,
    /// Certificates in DER, in the file's order.
    pub certificates: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Content({} certificates)", self.certificates.len())
    }
}

/// Opens a key file.
///
/// # Errors
/// [`Pkcs12Error::Passphrase`] when the integrity check fails, which is what a wrong passphrase looks like; the other
/// variants for files that cannot be used.
pub fn read(bytes: &[u8], passphrase: &str) -> Result<Content, Pkcs12Error> {
    let normal = match Element::only(bytes) {
        Ok(_) => bytes.to_vec(),
        Err(_) => ber::to_der(bytes)?.0,
    };
    let mut outer = Element::only(&normal)?.tagged(SEQUENCE)?.reader();
    if outer.expect(INTEGER)?.small()? != 3 {
        return Err(Pkcs12Error::Malformed("another version than 3"));
    }
    let (content_type, content) = content_info(outer.next()?)?;
    if content_type != oids::DATA {
        return Err(Pkcs12Error::Protection("a signature".to_owned()));
    }
    let safe = Element::only(content)?.tagged(OCTET_STRING)?.value;
    check_integrity(outer.next()?, safe, passphrase)?;

    let mut found = Found::default();
    let safe_der = match Element::only(safe) {
        Ok(_) => safe.to_vec(),
        Err(_) => ber::to_der(safe)?.0,
    };
    for info in Element::only(&safe_der)?.tagged(SEQUENCE)?.reader().all()? {
        let (content_type, content) = content_info(info)?;
        if content_type == oids::DATA {
            found.take_bags(Element::only(content)?.tagged(OCTET_STRING)?.value, passphrase)?;
        } else if content_type == oids::ENCRYPTED_DATA {
            let plain = decrypt_content(content, passphrase)?;
            found.take_bags(&plain, passphrase)?;
        }
    }
    match (found.keys.pop(), found.keys.is_empty()) {
        (None, _) => Err(Pkcs12Error::NoKey),
        (Some(_), false) => Err(Pkcs12Error::SeveralKeys),
        (Some(private_key), true) => Ok(Content { private_key, certificates: found.certificates }),
    }
}

/// Type and content of a `ContentInfo`.
fn content_info(element: Element<'_>) -> Read<(Oid, &[u8])> {
    let mut reader = element.tagged(SEQUENCE)?.reader();
    let oid = Oid::of(reader.next()?)?;
    Ok((oid, reader.expect(context(0))?.value))
}

/// `MacData`: an HMAC over the safe by a key derived as in RFC 7292 appendix B.
fn check_integrity(mac_data: Element<'_>, safe: &[u8], passphrase: &str) -> Result<(), Pkcs12Error> {
    let mut reader = mac_data.tagged(SEQUENCE)?.reader();
    let mut digest_info = reader.expect(SEQUENCE)?.reader();
    let algorithm = AlgorithmId::of(digest_info.next()?)?;
    let expected = digest_info.expect(OCTET_STRING)?.value;
    let salt = reader.expect(OCTET_STRING)?.value;
    let rounds = reader.optional(INTEGER)?.map_or(Ok(1), Element::small)?;
    let (digest, mac) = match crate::algorithm::Digest::of(&algorithm) {
        Some(digest @ crate::algorithm::Digest::Sha1) => (digest, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        Some(digest @ crate::algorithm::Digest::Sha256) => (digest, hmac::HMAC_SHA256),
        Some(digest @ crate::algorithm::Digest::Sha384) => (digest, hmac::HMAC_SHA384),
        Some(digest @ crate::algorithm::Digest::Sha512) => (digest, hmac::HMAC_SHA512),
        _ => return Err(Pkcs12Error::Protection(algorithm.oid.to_string())),
    };
    let key = derive::pkcs12(digest, derive::Purpose::Integrity, passphrase, salt, rounds, expected.len())?;
    hmac::verify(&hmac::Key::new(mac, &key), safe, expected).map_err(|_| Pkcs12Error::Passphrase)
}

/// `EncryptedData`: the plain safe contents.
fn decrypt_content(content: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let mut reader = Element::only(content)?.tagged(SEQUENCE)?.reader();
    reader.expect(INTEGER)?;
    let mut info = reader.expect(SEQUENCE)?.reader();
    Oid::of(info.next()?)?;
    let algorithm = AlgorithmId::of(info.next()?)?;
    let cipher = asn1::implicit_octets(info.next()?, 0)?;
    derive::decrypt(&algorithm, &cipher, passphrase)
}

#[derive(Default)]
struct Found {
    keys: Vec<Zeroizing<Vec<u8>>>,
    certificates: Vec<Vec<u8>>,
}

impl Found {
    fn take_bags(&mut self, safe_contents: &[u8], passphrase: &str) -> Result<(), Pkcs12Error> {
        for bag in Element::only(safe_contents)?.tagged(SEQUENCE)?.reader().all()? {
            let mut reader = bag.tagged(SEQUENCE)?.reader();
            let oid = Oid::of(reader.next()?)?;
            let value = reader.expect(context(0))?.value;
            if oid == oids::KEY_BAG {
                self.keys.push(Zeroizing::new(value.to_vec()));
            } else if oid == oids::SHROUDED_KEY_BAG {
                let mut shrouded = Element::only(value)?.tagged(SEQUENCE)?.reader();
                let algorithm = AlgorithmId::of(shrouded.next()?)?;
                let cipher = shrouded.expect(OCTET_STRING)?.value;
                self.keys.push(derive::decrypt(&algorithm, cipher, passphrase)?);
            } else if oid == oids::CERTIFICATE_BAG {
                let mut certificate = Element::only(value)?.tagged(SEQUENCE)?.reader();
                if Oid::of(certificate.next()?)? == oids::X509_CERTIFICATE {
                    let der = Element::only(certificate.expect(context(0))?.value)?.tagged(OCTET_STRING)?;
                    self.certificates.push(der.value.to_vec());
                }
            }
        }
        Ok(())
    }
}

/// Randomness a new key file needs, an argument as all randomness is. Never used twice.
#[derive(Clone, Copy)]
pub struct Salts {
    pub key: [u8; 16],
    pub key_iv: [u8; 16],
    pub certificates: [u8; 16],
    pub certificates_iv: [u8; 16],
    pub integrity: [u8; 16],
}

impl Salts {
    /// From eighty random octets.
    pub fn from_random(random: &[u8; 80]) -> Self {
        let part = |from: usize| {
            let mut out = [0; 16];
            for (octet, source) in out.iter_mut().zip(random.iter().skip(from)) {
                *octet = *source;
            }
            out
        };
        Self { key: part(0), key_iv: part(16), certificates: part(32), certificates_iv: part(48), integrity: part(64) }
    }
}

/// Rounds of key derivation: a tenth of a second for each guess of the passphrase.
const ROUNDS: u32 = 100_000;

/// Writes a key file: `private_key` in PKCS#8, the first of `certificates` its own.
///
/// # Errors
/// [`Pkcs12Error::Protection`] when the library cannot encrypt.
pub fn write(
    private_key: &[u8],
    certificates: &[Vec<u8>],
    friendly_name: &str,
    passphrase: &str,
    salts: &Salts,
) -> Result<Vec<u8>, Pkcs12Error> {
    let attributes = bag_attributes(certificates.first().map(Vec::as_slice).unwrap_or_default(), friendly_name);
    let mut bags = Vec::new();
    for (position, der) in certificates.iter().enumerate() {
        let value = write::sequence(&[&write::oid(&oids::X509_CERTIFICATE), &write::explicit(0, &write::octets(der))]);
        let own: &[u8] = if position == 0 { &attributes } else { &[] };
        bags.push(write::sequence(&[&write::oid(&oids::CERTIFICATE_BAG), &write::explicit(0, &value), own]));
    }
    let certificate_safe = write::element(SEQUENCE, &bags.concat());
    let (algorithm, cipher) =
        derive::encrypt(&certificate_safe, passphrase, &salts.certificates, &salts.certificates_iv, ROUNDS)?;
    let encrypted = write::sequence(&[
        &write::small_integer(0),
        &write::sequence(&[&write::oid(&oids::DATA), &algorithm, &write::element(context_primitive(0), &cipher)]),
    ]);
    let encrypted_info = write::sequence(&[&write::oid(&oids::ENCRYPTED_DATA), &write::explicit(0, &encrypted)]);

    let (algorithm, cipher) = derive::encrypt(private_key, passphrase, &salts.key, &salts.key_iv, ROUNDS)?;
    let shrouded = write::sequence(&[&algorithm, &write::octets(&cipher)]);
    let key_bag = write::sequence(&[&write::oid(&oids::SHROUDED_KEY_BAG), &write::explicit(0, &shrouded), &attributes]);
    let key_info = data_info(&write::sequence(&[&key_bag]));

    let safe = write::sequence(&[&encrypted_info, &key_info]);
    let digest = crate::algorithm::Digest::Sha256;
    let mac_key = derive::pkcs12(digest, derive::Purpose::Integrity, passphrase, &salts.integrity, u64::from(ROUNDS), 32)?;
    let mac = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &mac_key), &safe);
    let digest_id = write::sequence(&[&write::oid(&oids::SHA256), &write::null()]);
    let mac_data = write::sequence(&[
        &write::sequence(&[&digest_id, &write::octets(mac.as_ref())]),
        &write::octets(&salts.integrity),
        &write::small_integer(ROUNDS),
    ]);
    Ok(write::sequence(&[&write::small_integer(3), &data_info(&safe), &mac_data]))
}

fn data_info(content: &[u8]) -> Vec<u8> {
    write::sequence(&[&write::oid(&oids::DATA), &write::explicit(0, &write::octets(content))])
}

/// What ties a key to its certificate for programs that go by attributes.
fn bag_attributes(certificate: &[u8], friendly_name: &str) -> Vec<u8> {
    let id = crate::algorithm::sha256(certificate);
    let name: Vec<u8> = friendly_name.encode_utf16().flat_map(u16::to_be_bytes).collect();
    write::set_of(vec![
        write::sequence(&[&write::oid(&oids::LOCAL_KEY_ID), &write::set_of(vec![write::octets(&id)])]),
        write::sequence(&[&write::oid(&oids::FRIENDLY_NAME), &write::set_of(vec![write::element(asn1::BMP_STRING, &name)])]),
    ])
}
