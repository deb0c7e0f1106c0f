//! Keys from passphrases, and the ciphers of key files (RFC 7292 appendix B, RFC 8018).

use std::num::NonZeroU32;

use aws_lc_rs::cipher::{self, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::pbkdf2;
use zeroize::Zeroizing;

use super::Pkcs12Error;
use crate::algorithm::Digest;
use crate::asn1::{AlgorithmId, Element, INTEGER, OCTET_STRING, SEQUENCE, write};
use crate::block::BlockCipher;
use crate::oids;

/// More rounds than any program writes: a file that asks for more would only waste time.
const ROUNDS_MAX: u64 = 10_000_000;

/// The `ID` octet of RFC 7292 appendix B.3.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Key,
    Iv,
    Integrity,
}

impl Purpose {
    fn octet(self) -> u8 {
        match self {
            Self::Key => 1,
            Self::Iv => 2,
            Self::Integrity => 3,
        }
    }
}

/// The key derivation of RFC 7292 appendix B.2.
pub(super) fn pkcs12(
    digest: Digest,
    purpose: Purpose,
    passphrase: &str,
    salt: &[u8],
    rounds: u64,
    length: usize,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    if rounds == 0 || rounds > ROUNDS_MAX {
        return Err(Pkcs12Error::Malformed("an unreasonable number of rounds"));
    }
    let block = if matches!(digest, Digest::Sha384 | Digest::Sha512) { 128 } else { 64 };
    let compute = |bytes: &[u8]| digest.compute(bytes).ok_or_else(|| Pkcs12Error::Protection(digest.as_str().to_owned()));
    let secret: Zeroizing<Vec<u8>> = Zeroizing::new(passphrase.encode_utf16().chain([0]).flat_map(u16::to_be_bytes).collect());
    let mut input = Zeroizing::new(fill(salt, block));
    input.extend_from_slice(&fill(&secret, block));
    let mut out = Zeroizing::new(Vec::new());
    loop {
        let mut first = vec![purpose.octet(); block];
        first.extend_from_slice(&input);
        let mut value = compute(&first)?;
        for _ in 1..rounds {
            value = compute(&value)?;
        }
        out.extend_from_slice(&value);
        if out.len() >= length {
            out.truncate(length);
            return Ok(out);
        }
        let addend = fill(&value, block);
        for chunk in input.chunks_mut(block) {
            let mut carry = 1_u16;
            for (octet, add) in chunk.iter_mut().zip(addend.iter().take(block)).rev() {
                let [high, low] = (u16::from(*octet) + u16::from(*add) + carry).to_be_bytes();
                *octet = low;
                carry = u16::from(high);
            }
        }
    }
}

/// `bytes` repeated to a whole number of blocks; nothing stays nothing.
fn fill(bytes: &[u8], block: usize) -> Vec<u8> {
    let length = bytes.len().div_ceil(block) * block;
    bytes.iter().copied().cycle().take(length).collect()
}

pub(super) fn decrypt(algorithm: &AlgorithmId, cipher: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let parameters = algorithm.parameters.as_deref().ok_or(Pkcs12Error::Malformed("a cipher without parameters"))?;
    let mut reader = Element::only(parameters)?.tagged(SEQUENCE)?.reader();
    if algorithm.oid == oids::PBE_SHA1_3DES {
        let salt = reader.expect(OCTET_STRING)?.value;
        let rounds = reader.expect(INTEGER)?.small()?;
        let key = pkcs12(Digest::Sha1, Purpose::Key, passphrase, salt, rounds, 24)?;
        let iv = pkcs12(Digest::Sha1, Purpose::Iv, passphrase, salt, rounds, 8)?;
        return BlockCipher::TripleDes.open(&key, &iv, cipher).ok_or(Pkcs12Error::Passphrase);
    }
    if algorithm.oid != oids::PBES2 {
        return Err(Pkcs12Error::Protection(algorithm.oid.to_string()));
    }
    let derivation = AlgorithmId::of(reader.next()?)?;
    let scheme = AlgorithmId::of(reader.next()?)?;
    let block = BlockCipher::of(&scheme.oid).ok_or_else(|| Pkcs12Error::Protection(scheme.oid.to_string()))?;
    let key = pbkdf2_key(&derivation, passphrase, block.key_bytes())?;
    let iv = scheme.parameters.as_deref().ok_or(Pkcs12Error::Malformed("a cipher without an initial vector"))?;
    let iv = Element::only(iv)?.tagged(OCTET_STRING)?.value;
    block.open(&key, iv, cipher).ok_or(Pkcs12Error::Passphrase)
}

fn pbkdf2_key(derivation: &AlgorithmId, passphrase: &str, length: usize) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
    let parameters = derivation.parameters.as_deref().filter(|_| derivation.oid == oids::PBKDF2);
    let parameters = parameters.ok_or_else(|| Pkcs12Error::Protection(derivation.oid.to_string()))?;
    let mut reader = Element::only(parameters)?.tagged(SEQUENCE)?.reader();
    let salt = reader.expect(OCTET_STRING)?.value;
    let rounds = reader.expect(INTEGER)?.small()?;
    let rounds = Some(rounds).filter(|rounds| *rounds <= ROUNDS_MAX).and_then(|rounds| u32::try_from(rounds).ok());
    let rounds = rounds.and_then(NonZeroU32::new).ok_or(Pkcs12Error::Malformed("an unreasonable number of rounds"))?;
    reader.optional(INTEGER)?;
    let function = match reader.optional(SEQUENCE)?.map(AlgorithmId::of).transpose()? {
        None => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(id) if id.oid == oids::HMAC_SHA1 => pbkdf2::PBKDF2_HMAC_SHA1,
        Some(id) if id.oid == oids::HMAC_SHA256 => pbkdf2::PBKDF2_HMAC_SHA256,
        Some(id) if id.oid == oids::HMAC_SHA384 => pbkdf2::PBKDF2_HMAC_SHA384,
        Some(id) if id.oid == oids::HMAC_SHA512 => pbkdf2::PBKDF2_HMAC_SHA512,
        Some(id) => return Err(Pkcs12Error::Protection(id.oid.to_string())),
    };
    let mut key = Zeroizing::new(vec![0; length]);
    pbkdf2::derive(function, rounds, salt, passphrase.as_bytes(), &mut key);
    Ok(key)
}

/// `AlgorithmIdentifier` and cipher text of `plain` under PBES2 with AES-256.
pub(super) fn encrypt(
    plain: &[u8],
    passphrase: &str,
    salt: &[u8; 16],
    iv: &[u8; 16],
    rounds: u32,
) -> Result<(Vec<u8>, Vec<u8>), Pkcs12Error> {
    let mut key = Zeroizing::new(vec![0; 32]);
    let rounds_checked = NonZeroU32::new(rounds).ok_or(Pkcs12Error::Malformed("no rounds"))?;
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds_checked, salt, passphrase.as_bytes(), &mut key);
    let mut buffer = plain.to_vec();
    UnboundCipherKey::new(&cipher::AES_256, &key)
        .and_then(PaddedBlockEncryptingKey::cbc_pkcs7)
        .and_then(|key| key.less_safe_encrypt(&mut buffer, EncryptionContext::Iv128(FixedLength::from(*iv))))
        .map_err(|_| Pkcs12Error::Protection("AES-256".to_owned()))?;
    let function = write::sequence(&[&write::oid(&oids::HMAC_SHA256), &write::null()]);
    let derivation = write::sequence(&[&write::octets(salt), &write::small_integer(rounds), &function]);
    let parameters = write::sequence(&[
        &write::sequence(&[&write::oid(&oids::PBKDF2), &derivation]),
        &write::sequence(&[&write::oid(&oids::AES256_CBC), &write::octets(iv)]),
    ]);
    Ok((write::sequence(&[&write::oid(&oids::PBES2), &parameters]), buffer))
}
