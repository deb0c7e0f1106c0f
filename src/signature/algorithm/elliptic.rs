//! ECDSA over the curves of NIST, with any digest.

use aws_lc_rs::digest::{self, Digest as Imported};
use aws_lc_rs::signature::{self as lc, VerificationAlgorithm};

use crate::algorithm::{Curve, Digest};

/// Whether the value is right; `None` when it is not computed.
///
/// ECDSA signs a number, the digest's upper bits (FIPS 186-5 §6.4.2), and does not know which digest it was. So a digest
/// is handed to aws-lc as the SHA-2 of its size; a shorter one with zeros before it, which is the same number.
pub(super) fn ecdsa(curve: Curve, point: &[u8], digest: Digest, message: &[u8], signature: &[u8]) -> Option<bool> {
    let value = digest.compute(message)?;
    let (octets, algorithm, verification) = match (curve, value.len()) {
        (Curve::P256, ..=32) => (32, &digest::SHA256, &lc::ECDSA_P256_SHA256_ASN1),
        (Curve::P256, ..=48) => (48, &digest::SHA384, &lc::ECDSA_P256_SHA384_ASN1),
        (Curve::P256, _) => (64, &digest::SHA512, &lc::ECDSA_P256_SHA512_ASN1),
        (Curve::P384, ..=32) => (32, &digest::SHA256, &lc::ECDSA_P384_SHA256_ASN1),
        (Curve::P384, ..=48) => (48, &digest::SHA384, &lc::ECDSA_P384_SHA384_ASN1),
        (Curve::P384, _) => (64, &digest::SHA512, &lc::ECDSA_P384_SHA512_ASN1),
        (Curve::P521, ..=32) => (32, &digest::SHA256, &lc::ECDSA_P521_SHA256_ASN1),
        (Curve::P521, ..=48) => (48, &digest::SHA384, &lc::ECDSA_P521_SHA384_ASN1),
        (Curve::P521, _) => (64, &digest::SHA512, &lc::ECDSA_P521_SHA512_ASN1),
    };
    let mut number = vec![0; octets - value.len()];
    number.extend(value);
    let number = Imported::import_less_safe(&number, algorithm).ok()?;
    Some(verification.verify_digest_sig(point, &number, signature).is_ok())
}
