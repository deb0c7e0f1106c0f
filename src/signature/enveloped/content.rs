//! What is encrypted and how: `EncryptedContentInfo` in CBC mode, or in GCM with its tag (RFC 5084 §3.2).

use std::borrow::Cow;

use aws_lc_rs::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, AES_192, AES_256, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::iv::FixedLength;
use zeroize::Zeroizing;

use crate::asn1::{
    AlgorithmId, Element, INTEGER, Malformed, OCTET_STRING, Oid, Read, Reader, SEQUENCE, context, implicit_octets,
};
use crate::block::BlockCipher;
use crate::oids;

/// The whole tag of GCM.
const TAG_BYTES: usize = 16;

pub(super) struct Encrypted<'a> {
    cipher: Cipher,
    text: Cow<'a, [u8]>,
}

enum Cipher {
    Cbc { cipher: BlockCipher, iv: Vec<u8> },
    Gcm { algorithm: &'static aead::Algorithm, nonce: [u8; 12], tag_bytes: usize },
}

impl<'a> Encrypted<'a> {
    pub fn of(reader: &mut Reader<'a>) -> Read<Self> {
        let mut info = reader.expect(SEQUENCE)?.reader();
        Oid::of(info.next()?)?;
        let cipher = Cipher::of(&AlgorithmId::of(info.next()?)?)?;
        let text = implicit_octets(info.next()?, 0)?;
        info.finish()?;
        Ok(Self { cipher, text })
    }

    pub fn is_authenticated(&self) -> bool {
        matches!(self.cipher, Cipher::Gcm { .. })
    }

    pub fn key_bytes(&self) -> usize {
        match &self.cipher {
            Cipher::Cbc { cipher, .. } => cipher.key_bytes(),
            Cipher::Gcm { algorithm, .. } => algorithm.key_len(),
        }
    }

    /// The plain text. `attributes` and `tag` are those of an authenticated message.
    pub fn open(&self, key: &[u8], attributes: &[u8], tag: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        match &self.cipher {
            Cipher::Cbc { cipher, iv } => cipher.open(key, iv, &self.text),
            Cipher::Gcm { tag_bytes, .. } if tag.len() != *tag_bytes => None,
            Cipher::Gcm { algorithm, nonce, tag_bytes: TAG_BYTES } => {
                let mut buffer = Zeroizing::new([&self.text, tag].concat());
                let key = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
                let nonce = Nonce::assume_unique_for_key(*nonce);
                let length = key.open_in_place(nonce, Aad::from(attributes), &mut buffer).ok()?.len();
                buffer.truncate(length);
                Some(buffer)
            }
            Cipher::Gcm { algorithm, nonce, .. } => self.open_with_short_tag(algorithm, *nonce, key, attributes, tag),
        }
    }

    /// The library takes whole tags only: the text is decrypted as the counter mode it is (NIST SP 800-38D §7.2), encrypted
    /// again for the whole tag, and the part of it that came is compared. Twelve octets is the default of RFC 5084.
    fn open_with_short_tag(
        &self,
        algorithm: &'static aead::Algorithm,
        nonce: [u8; 12],
        key: &[u8],
        attributes: &[u8],
        tag: &[u8],
    ) -> Option<Zeroizing<Vec<u8>>> {
        let cipher = match key.len() {
            16 => &AES_128,
            24 => &AES_192,
            _ => &AES_256,
        };
        let mut counter = [0; 16];
        counter.iter_mut().zip(nonce.iter().chain(&[0, 0, 0, 2])).for_each(|(octet, value)| *octet = *value);
        let mut plain = Zeroizing::new(self.text.to_vec());
        let decrypting = UnboundCipherKey::new(cipher, key).and_then(DecryptingKey::ctr).ok()?;
        decrypting.decrypt(&mut plain, DecryptionContext::Iv128(FixedLength::from(counter))).ok()?;
        let mut again = Zeroizing::new(plain.to_vec());
        let sealing = LessSafeKey::new(UnboundKey::new(algorithm, key).ok()?);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let whole = sealing.seal_in_place_separate_tag(nonce, Aad::from(attributes), &mut again).ok()?;
        verify_slices_are_equal(whole.as_ref().get(..tag.len())?, tag).ok()?;
        Some(plain)
    }
}

impl Cipher {
    fn of(id: &AlgorithmId) -> Read<Self> {
        const PARAMETERS: Malformed = Malformed("a cipher's parameters are malformed");
        let parameters = Element::only(id.parameters.as_deref().ok_or(PARAMETERS)?)?;
        if let Some(cipher) = BlockCipher::of(&id.oid) {
            let iv = parameters.tagged(OCTET_STRING)?.value.to_vec();
            return if iv.len() == cipher.iv_bytes() { Ok(Self::Cbc { cipher, iv }) } else { Err(PARAMETERS) };
        }
        let algorithm = match () {
            () if id.oid == oids::AES128_GCM => &aead::AES_128_GCM,
            () if id.oid == oids::AES192_GCM => &aead::AES_192_GCM,
            () if id.oid == oids::AES256_GCM => &aead::AES_256_GCM,
            () => return Err(Malformed("a cipher that is not known")),
        };
        let mut reader = parameters.tagged(SEQUENCE)?.reader();
        let nonce = reader.expect(OCTET_STRING)?.value.try_into().map_err(|_| PARAMETERS)?;
        let tag_bytes = reader.optional(INTEGER)?.map_or(Ok(12), Element::small)?;
        reader.finish()?;
        let tag_bytes = usize::try_from(tag_bytes).ok().filter(|bytes| (12..=TAG_BYTES).contains(bytes));
        Ok(Self::Gcm { algorithm, nonce, tag_bytes: tag_bytes.ok_or(PARAMETERS)? })
    }
}

/// `[1] IMPLICIT SET OF Attribute` of an authenticated message, as the SET it is authenticated as (RFC 5083 §2.2).
pub(super) fn authenticated_attributes(reader: &mut Reader<'_>) -> Read<Vec<u8>> {
    let attributes = reader.optional(context(1))?;
    Ok(attributes.map_or_else(Vec::new, |set| crate::asn1::write::element(crate::asn1::SET, set.value)))
}
