//! Block ciphers in CBC mode with the padding of PKCS#7: opened for key files and encrypted mail, as others wrote them.

use aws_lc_rs::cipher::{self, DecryptionContext, PaddedBlockDecryptingKey, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, KeyIvInit};
use zeroize::Zeroizing;

use crate::asn1::Oid;
use crate::oids;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BlockCipher {
    Aes128,
    Aes192,
    Aes256,
    /// Of older programs; read, never written.
    TripleDes,
}

impl BlockCipher {
    pub fn of(oid: &Oid) -> Option<Self> {
        let known = [
            (oids::AES128_CBC, Self::Aes128),
            (oids::AES192_CBC, Self::Aes192),
            (oids::AES256_CBC, Self::Aes256),
            (oids::DES3_CBC, Self::TripleDes),
        ];
        known.into_iter().find(|(known, _)| oid == known).map(|(_, cipher)| cipher)
    }

    pub fn key_bytes(self) -> usize {
        match self {
            Self::Aes128 => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
        }
    }

    pub fn iv_bytes(self) -> usize {
        if self == Self::TripleDes { 8 } else { 16 }
    }

    /// The plain text; `None` when key, vector, length or padding do not fit.
    pub fn open(self, key: &[u8], iv: &[u8], text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let algorithm = match self {
            Self::Aes128 => &cipher::AES_128,
            Self::Aes192 => &cipher::AES_192,
            Self::Aes256 => &cipher::AES_256,
            Self::TripleDes => {
                let decryptor = cbc::Decryptor::<des::TdesEde3>::new_from_slices(key, iv).ok()?;
                return decryptor.decrypt_padded_vec::<Pkcs7>(text).map(Zeroizing::new).ok();
            }
        };
        let iv: [u8; 16] = iv.try_into().ok()?;
        let mut buffer = Zeroizing::new(text.to_vec());
        let key = UnboundCipherKey::new(algorithm, key).and_then(PaddedBlockDecryptingKey::cbc_pkcs7).ok()?;
        let length = key.decrypt(&mut buffer, DecryptionContext::Iv128(FixedLength::from(iv))).ok()?.len();
        buffer.truncate(length);
        Some(buffer)
    }
}
