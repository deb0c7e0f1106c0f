//! RSA as aws-lc does it, and by hand what aws-lc does not: SHA-224 and SHA-3, PSS with SHA-1 or a short key.
//!
//! Such signatures are weak or rare, not malformed. They are computed so that policy can say its word on them; a finding "wrong
//! signature" would send the customer after the wrong fault.

use aws_lc_rs::signature::{self as lc, RsaPssSaltLength, VerificationAlgorithm};
use rsa::traits::PublicKeyParts;
use rsa::{BoxedUint, RsaPublicKey};

use crate::algorithm::Digest;
use crate::asn1::{Element, INTEGER, SEQUENCE, write};

/// Whether the value is right; `None` when it is not computed.
pub(super) fn pkcs1(der: &[u8], bits: usize, digest: Digest, message: &[u8], signature: &[u8]) -> Option<bool> {
    let parameters = match (digest, bits) {
        (Digest::Sha256, 2048..) => &lc::RSA_PKCS1_2048_8192_SHA256,
        (Digest::Sha384, 2048..) => &lc::RSA_PKCS1_2048_8192_SHA384,
        (Digest::Sha512, 2048..) => &lc::RSA_PKCS1_2048_8192_SHA512,
        (Digest::Sha1, 1024..) => &lc::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
        (Digest::Sha256, 1024..) => &lc::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (Digest::Sha512, 1024..) => &lc::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        _ => return pkcs1_by_hand(der, digest, message, signature),
    };
    Some(parameters.verify_sig(der, message, signature).is_ok())
}

/// As [`pkcs1`], for PSS with this length of salt.
pub(super) fn pss(der: &[u8], bits: usize, digest: Digest, salt_octets: u16, message: &[u8], signature: &[u8]) -> Option<bool> {
    let parameters = match (digest, bits) {
        (Digest::Sha256, 2048..) => lc::RSA_PSS_2048_8192_SHA256,
        (Digest::Sha384, 2048..) => lc::RSA_PSS_2048_8192_SHA384,
        (Digest::Sha512, 2048..) => lc::RSA_PSS_2048_8192_SHA512,
        _ => return pss_by_hand(der, digest, usize::from(salt_octets), message, signature),
    };
    let parameters = parameters.with_pss_salt_length(RsaPssSaltLength::Custom(salt_octets));
    Some(parameters.verify_sig(der, message, signature).is_ok())
}

/// The signature raised to the public exponent, as many octets as the modulus has, and the bits of the modulus.
fn opened(der: &[u8], signature: &[u8]) -> Option<(Vec<u8>, usize)> {
    let mut reader = Element::only(der).ok()?.tagged(SEQUENCE).ok()?.reader();
    let modulus = reader.expect(INTEGER).ok()?.magnitude().ok()?;
    let exponent = reader.expect(INTEGER).ok()?.magnitude().ok()?;
    let precision = u32::try_from(modulus.len() * 8).ok()?;
    let key = RsaPublicKey::new(BoxedUint::from_be_slice(modulus, precision).ok()?, BoxedUint::from_be_slice(exponent, 64).ok()?)
        .ok()?;
    // Source: RFC 8017 §8.2.2: as long as the modulus, and below it.
    if signature.len() != modulus.len() || signature >= modulus {
        return None;
    }
    let value = BoxedUint::from_be_slice(signature, key.n().bits_precision()).ok()?;
    let opened = rsa::hazmat::rsa_encrypt(&key, &value).ok()?.to_be_bytes();
    let start = opened.len().checked_sub(modulus.len())?;
    let bits = usize::try_from(key.n().bits_vartime()).ok()?;
    Some((opened.get(start..)?.to_vec(), bits))
}

/// Source: RFC 8017 §9.2; what the value must be is built and compared whole, so nothing can hide in the padding.
fn pkcs1_by_hand(der: &[u8], digest: Digest, message: &[u8], signature: &[u8]) -> Option<bool> {
    let hash = digest.compute(message)?;
    let algorithm = write::sequence(&[&write::oid(digest.oid()?), &write::null()]);
    let info = write::sequence(&[&algorithm, &write::octets(&hash)]);
    let Some((opened, _)) = opened(der, signature) else { return Some(false) };
    // At least eight octets of padding.
    let Some(padding) = opened.len().checked_sub(info.len() + 3).filter(|octets| *octets >= 8) else { return Some(false) };
    let expected = [&[0, 1][..], &vec![0xff; padding], &[0], &info].concat();
    Some(opened == expected)
}

/// Source: RFC 8017 §9.1.2 (EMSA-PSS-VERIFY).
fn pss_by_hand(der: &[u8], digest: Digest, salt_octets: usize, message: &[u8], signature: &[u8]) -> Option<bool> {
    let hash = digest.compute(message)?;
    let Some((opened, bits)) = opened(der, signature) else { return Some(false) };
    Some(is_pss_encoding(&opened, bits.saturating_sub(1), digest, &hash, salt_octets).unwrap_or(false))
}

/// `None` where something does not fit.
fn is_pss_encoding(opened: &[u8], bits: usize, digest: Digest, hash: &[u8], salt_octets: usize) -> Option<bool> {
    // A modulus of 8k + 1 bits has one octet more than the encoded message.
    let (above, encoded) = opened.split_at_checked(opened.len().checked_sub(bits.div_ceil(8))?)?;
    let (&trailer, encoded) = encoded.split_last()?;
    let (masked, checked) = encoded.split_at_checked(encoded.len().checked_sub(hash.len())?)?;
    let mask = mask(digest, checked, masked.len())?;
    let mut block: Vec<u8> = masked.iter().zip(&mask).map(|(octet, mask)| octet ^ mask).collect();
    let unused = (8 - bits % 8) % 8;
    let allowed = 0xff_u8.checked_shr(u32::try_from(unused).ok()?)?;
    let is_framed = above.iter().all(|octet| *octet == 0) && trailer == 0xbc && masked.first()? & !allowed == 0;
    *block.first_mut()? &= allowed;
    let (padding, salt) = block.split_at_checked(block.len().checked_sub(salt_octets)?)?;
    let (&one, zeros) = padding.split_last()?;
    let is_padded = one == 1 && zeros.iter().all(|octet| *octet == 0);
    let again = digest.compute_pieces(&[&[0; 8], hash, salt])?;
    Some(is_framed && is_padded && again == checked)
}

/// MGF1, RFC 8017 §B.2.1.
fn mask(digest: Digest, seed: &[u8], octets: usize) -> Option<Vec<u8>> {
    let mut mask = Vec::new();
    let mut counter = 0_u32;
    while mask.len() < octets {
        mask.extend(digest.compute_pieces(&[seed, &counter.to_be_bytes()])?);
        counter += 1;
    }
    mask.truncate(octets);
    Some(mask)
}
