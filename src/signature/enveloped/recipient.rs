//! Those a message is encrypted to: `RecipientInfo` by key transport (RFC 5652 §6.2.1) or key agreement (RFC 5753).

use aws_lc_rs::agreement::{self, UnparsedPublicKey};
use aws_lc_rs::cipher::{self, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::key_wrap::{AES_128, AES_256, AesKek, KeyWrap};
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512, OaepAlgorithm};
use zeroize::Zeroizing;

use super::{Decryptor, Key};
use crate::algorithm::Digest;
use crate::asn1::{AlgorithmId, Element, INTEGER, OCTET_STRING, Read, SEQUENCE, context, context_primitive, write};
use crate::cms::SignerIdentifier as Identifier;
use crate::oids;
use crate::signer::reference::fits;

/// A recipient of a kind Oblik has keys for.
pub(super) enum Recipient<'a> {
    Transport { identifier: Identifier<'a>, algorithm: AlgorithmId, key: &'a [u8] },
    Agreement(Agreement<'a>),
}

pub(super) struct Agreement<'a> {
    /// The sender's point, made for this message.
    point: &'a [u8],
    user_key: Option<Element<'a>>,
    algorithm: AlgorithmId,
    /// Each recipient with its wrapped key.
    keys: Vec<(Identifier<'a>, &'a [u8])>,
}

impl<'a> Recipient<'a> {
    /// `None` for a kind that needs another secret than our keys.
    pub fn of(element: Element<'a>) -> Read<Option<Self>> {
        let mut reader = element.reader();
        if element.tag == SEQUENCE {
            reader.expect(INTEGER)?;
            let identifier = identifier(reader.next()?, false)?;
            let algorithm = AlgorithmId::of(reader.next()?)?;
            let key = reader.expect(OCTET_STRING)?.value;
            reader.finish()?;
            return Ok(Some(Self::Transport { identifier, algorithm, key }));
        }
        if element.tag != context(1) {
            return Ok(None);
        }
        reader.expect(INTEGER)?;
        let originator = Element::only(reader.expect(context(0))?.value)?;
        if originator.tag != context(1) {
            // A static key of the sender: not used in mail.
            return Ok(None);
        }
        let mut public = originator.reader();
        public.expect(SEQUENCE)?;
        let point = public.next()?.bit_octets()?;
        let user_key = reader.optional(context(1))?;
        let algorithm = AlgorithmId::of(reader.next()?)?;
        let mut keys = Vec::new();
        for each in reader.expect(SEQUENCE)?.reader().all()? {
            let mut each = each.tagged(SEQUENCE)?.reader();
            let identifier = identifier(each.next()?, true)?;
            keys.push((identifier, each.expect(OCTET_STRING)?.value));
        }
        reader.finish()?;
        Ok(Some(Self::Agreement(Agreement { point, user_key, algorithm, keys })))
    }

    /// Whether it names `decryptor`, whose key is of its kind.
    pub fn is(&self, decryptor: &Decryptor) -> bool {
        match (self, &decryptor.key) {
            (Self::Transport { identifier, .. }, Key::Rsa { .. }) => fits(&decryptor.certificate, *identifier),
            (Self::Agreement(agreement), Key::Ec(_)) => agreement.wrapped_for(decryptor).is_some(),
            _ => false,
        }
    }

    /// The key of the content for `decryptor`: `length` octets.
    pub fn content_key(&self, decryptor: &Decryptor, length: usize) -> Option<Zeroizing<Vec<u8>>> {
        match (self, &decryptor.key) {
            (Self::Transport { algorithm, key, .. }, Key::Rsa { oaep, pkcs1 }) => {
                let mut out = Zeroizing::new(vec![0; oaep.min_output_size()]);
                if algorithm.oid == oids::RSA {
                    // Wrong padding and a wrong length go on as a wrong key does.
                    let mut made = decryptor.stand_in_key(key, length);
                    if let Ok(opened) = pkcs1.decrypt(key, &mut out)
                        && opened.len() == length
                    {
                        made = Zeroizing::new(opened.to_vec());
                    }
                    return Some(made);
                }
                let (scheme, label) = oaep_scheme(algorithm)?;
                let opened = oaep.decrypt(scheme, key, &mut out, Some(&label)).ok()?;
                (opened.len() == length).then(|| Zeroizing::new(opened.to_vec()))
            }
            (Self::Agreement(agreement), Key::Ec(own)) => {
                agreement.unwrap(own, agreement.wrapped_for(decryptor)?).filter(|key| key.len() == length)
            }
            _ => None,
        }
    }
}

/// `RecipientIdentifier`, or within an agreement `KeyAgreeRecipientIdentifier`, whose key identifier stands in a sequence.
fn identifier(element: Element<'_>, in_agreement: bool) -> Read<Identifier<'_>> {
    if in_agreement && element.tag == context(0) {
        return Ok(Identifier::KeyIdentifier(element.reader().expect(OCTET_STRING)?.value));
    }
    if !in_agreement && element.tag == context_primitive(0) {
        return Ok(Identifier::KeyIdentifier(element.value));
    }
    let mut parts = element.tagged(SEQUENCE)?.reader();
    let issuer = parts.expect(SEQUENCE)?;
    let serial = parts.expect(INTEGER)?.value;
    parts.finish()?;
    Ok(Identifier::IssuerAndSerial { issuer, serial })
}

/// `RSAES-OAEP-params` (RFC 4055 §4.1): absent fields mean SHA-1; the mask must use the same digest. The second value is the
/// label.
fn oaep_scheme(algorithm: &AlgorithmId) -> Option<(&'static OaepAlgorithm, Vec<u8>)> {
    if algorithm.oid != oids::RSA_OAEP {
        return None;
    }
    let (mut digest, mut mask_digest, mut label) = (Digest::Sha1, Digest::Sha1, Vec::new());
    if let Some(parameters) = &algorithm.parameters {
        let mut reader = Element::only(parameters).ok()?.tagged(SEQUENCE).ok()?.reader();
        if let Some(field) = reader.optional(context(0)).ok()? {
            digest = Digest::of(&AlgorithmId::of(Element::only(field.value).ok()?).ok()?)?;
        }
        if let Some(field) = reader.optional(context(1)).ok()? {
            let mask = AlgorithmId::of(Element::only(field.value).ok()?).ok()?;
            let inner = mask.parameters.filter(|_| mask.oid == oids::MGF1)?;
            mask_digest = Digest::of(&AlgorithmId::of(Element::only(&inner).ok()?).ok()?)?;
        }
        if let Some(field) = reader.optional(context(2)).ok()? {
            let source = AlgorithmId::of(Element::only(field.value).ok()?).ok()?;
            let value = source.parameters.filter(|_| source.oid == oids::P_SPECIFIED)?;
            label = Element::only(&value).ok()?.tagged(OCTET_STRING).ok()?.value.to_vec();
        }
        reader.finish().ok()?;
    }
    let schemes = [
        (Digest::Sha1, &OAEP_SHA1_MGF1SHA1),
        (Digest::Sha256, &OAEP_SHA256_MGF1SHA256),
        (Digest::Sha384, &OAEP_SHA384_MGF1SHA384),
        (Digest::Sha512, &OAEP_SHA512_MGF1SHA512),
    ];
    let (_, scheme) = schemes.into_iter().find(|(known, _)| *known == digest)?;
    (digest == mask_digest).then_some((scheme, label))
}

impl Agreement<'_> {
    fn wrapped_for(&self, decryptor: &Decryptor) -> Option<&[u8]> {
        let own = self.keys.iter().find(|(identifier, _)| fits(&decryptor.certificate, *identifier));
        own.map(|(_, wrapped)| *wrapped)
    }

    fn unwrap(&self, own: &agreement::PrivateKey, wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let schemes = [
            (oids::STD_DH_SHA1, Digest::Sha1),
            (oids::STD_DH_SHA256, Digest::Sha256),
            (oids::STD_DH_SHA384, Digest::Sha384),
            (oids::STD_DH_SHA512, Digest::Sha512),
            // The cofactor of these curves is one.
            (oids::COFACTOR_DH_SHA1, Digest::Sha1),
            (oids::COFACTOR_DH_SHA256, Digest::Sha256),
            (oids::COFACTOR_DH_SHA384, Digest::Sha384),
            (oids::COFACTOR_DH_SHA512, Digest::Sha512),
        ];
        let (_, digest) = schemes.into_iter().find(|(oid, _)| self.algorithm.oid == *oid)?;
        let wrap = self.algorithm.parameters.as_deref()?;
        let wrap_algorithm = AlgorithmId::of(Element::only(wrap).ok()?).ok()?;
        let known = [(oids::AES128_WRAP, 16), (oids::AES192_WRAP, 24), (oids::AES256_WRAP, 32_usize)];
        let (_, kek_bytes) = known.into_iter().find(|(oid, _)| wrap_algorithm.oid == *oid)?;
        let peer = UnparsedPublicKey::new(own.algorithm(), self.point);
        let kek = agreement::agree(own, peer, (), |shared| self.derive(shared, digest, wrap, kek_bytes).ok_or(())).ok()?;
        let mut out = Zeroizing::new(vec![0; wrapped.len()]);
        let length = match kek_bytes {
            16 => AesKek::new(&AES_128, &kek).ok()?.unwrap(wrapped, &mut out).ok()?.len(),
            32 => AesKek::new(&AES_256, &kek).ok()?.unwrap(wrapped, &mut out).ok()?.len(),
            _ => return unwrap_by_192(&kek, wrapped),
        };
        out.truncate(length);
        Some(out)
    }

    /// The derivation of ANSI X9.63 over `ECC-CMS-SharedInfo` (RFC 5753 §7.2).
    fn derive(&self, shared: &[u8], digest: Digest, wrap: &[u8], length: usize) -> Option<Zeroizing<Vec<u8>>> {
        let user_key = self.user_key.map(|field| write::element(context(0), field.value)).unwrap_or_default();
        let bits = u32::try_from(length.checked_mul(8)?).ok()?.to_be_bytes();
        let info = write::sequence(&[wrap, &user_key, &write::explicit(2, &write::octets(&bits))]);
        let mut out = Zeroizing::new(Vec::new());
        for counter in 1_u32..=4 {
            out.extend(digest.compute_pieces(&[shared, &counter.to_be_bytes(), &info])?);
            if out.len() >= length {
                out.truncate(length);
                return Some(out);
            }
        }
        None
    }
}

/// The key unwrap of RFC 3394 §2.2.2 for the one length of AES whose wrap the library does not have.
fn unwrap_by_192(kek: &[u8], wrapped: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let cipher = UnboundCipherKey::new(&cipher::AES_192, kek).and_then(DecryptingKey::ecb).ok()?;
    let (check, rest) = wrapped.split_first_chunk::<8>()?;
    let (blocks, []) = rest.as_chunks::<8>() else { return None };
    // Content keys have two to four blocks.
    if !(2..=4).contains(&blocks.len()) {
        return None;
    }
    let mut check = *check;
    let mut blocks = Zeroizing::new(blocks.to_vec());
    let mut step = 6 * u64::try_from(blocks.len()).ok()?;
    for _ in 0..6 {
        for block in blocks.iter_mut().rev() {
            let first = u64::from_be_bytes(check) ^ step;
            let mut pair = Zeroizing::new([first.to_be_bytes(), *block].concat());
            cipher.decrypt(&mut pair, DecryptionContext::None).ok()?;
            let (first, second) = pair.split_first_chunk::<8>()?;
            check = *first;
            *block = second.try_into().ok()?;
            step -= 1;
        }
    }
    verify_slices_are_equal(&check, &[0xa6; 8]).ok()?;
    Some(Zeroizing::new(blocks.concat()))
}
