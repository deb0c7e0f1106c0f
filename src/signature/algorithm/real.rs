//! Keys and signatures of real Ukrainian certificates, and what happens when one is touched.

use std::path::{Path, PathBuf};

use super::scheme::ByteOrder;
use super::{Digest, Outcome, PublicKey, Scheme, SignatureAlgorithm, verify};
use crate::asn1::{Element, write};
use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::oids;

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata/dstu");
    if !folder.is_dir() {
        println!("skipped: no reference files in dstu");
    }
    folder.is_dir().then_some(folder)
}

fn certificates(folder: &Path) -> Vec<Certificate> {
    let mut found = Vec::new();
    for part in ["uapki-certs", "jkurwa"] {
        for entry in std::fs::read_dir(folder.join(part)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "cer") {
                found.push(Certificate::of(&std::fs::read(path).unwrap()).unwrap());
            }
        }
    }
    found
}

fn signed_by(certificate: &Certificate, issuer: &Certificate) -> Outcome {
    let algorithm = SignatureAlgorithm::of(&certificate.signature_algorithm).unwrap();
    verify(&issuer.key, algorithm.scheme, algorithm.digest.unwrap(), &certificate.signed, &certificate.signature)
}

#[test]
fn every_real_certificate_is_signed_by_its_issuer_and_by_nobody_else() {
    let Some(folder) = folder() else { return };
    let all = certificates(&folder);
    let mut names = Vec::new();
    let mut signed = 0;
    for certificate in &all {
        names.push(certificate.key.name());
        for issuer in &all {
            let is_issuer = certificate.may_be_issued_by(issuer);
            signed += usize::from(is_issuer);
            let expected = if is_issuer { Outcome::Valid } else { Outcome::Invalid };
            assert_eq!(signed_by(certificate, issuer), expected, "{} by {}", certificate.subject, issuer.subject);
        }
    }
    names.sort();
    println!("{signed} signatures on {} certificates; keys {names:?}", all.len());
    assert!(signed >= 8 && names.iter().any(|name| name == "DSTU 4145 m=431"));
}

#[test]
fn a_real_revocation_list_is_signed_by_its_issuer() {
    let Some(folder) = folder() else { return };
    let path = std::fs::read_dir(folder.join("uapki-certs")).unwrap().map(|entry| entry.unwrap().path());
    let path = { path }.find(|path| path.extension().is_some_and(|extension| extension == "crl")).unwrap();
    let list = RevocationList::of(&std::fs::read(path).unwrap()).unwrap();
    let algorithm = SignatureAlgorithm::of(&list.signature_algorithm).unwrap();
    for issuer in certificates(&folder) {
        let is_issuer = issuer.subject == list.issuer && issuer.extensions.subject_key_id == list.authority_key_id;
        let expected = if is_issuer { Outcome::Valid } else { Outcome::Invalid };
        let outcome = verify(&issuer.key, algorithm.scheme, algorithm.digest.unwrap(), list.signed(), &list.signature);
        assert_eq!(outcome, expected, "{}", issuer.subject);
    }
}

/// `SubjectPublicKeyInfo` with the parameters and the octets of a key.
fn info(parameters: &[u8], octets: &[u8]) -> Vec<u8> {
    let algorithm = write::sequence(&[&write::oid(&oids::DSTU4145_GOST), parameters]);
    write::sequence(&[&algorithm, &write::element(crate::asn1::BIT_STRING, &[&[0], octets].concat())])
}

fn key(info: &[u8]) -> PublicKey {
    PublicKey::of(Element::only(info).unwrap()).unwrap()
}

#[test]
fn explicit_numbers_named_curves_and_boxes_are_read_and_others_refused_by_name() {
    // A point of the curve m = 257, in each way to say which curve.
    let curve = |number: u8| {
        let oid = [oids::DSTU4145_CURVES.as_bytes(), &[number]].concat();
        write::element(crate::asn1::OID, &oid)
    };
    let base = hex::decode("b60fd2d8dce8a93423c6101bca91c47a007e6c300b26cd556c9b0e7d20ef292a00").unwrap();
    let octets = write::octets(&base);
    let refused = |parameters: &[u8], octets: &[u8]| match key(&info(parameters, octets)) {
        PublicKey::Unknown(name) => name,
        known => panic!("{} was taken", known.name()),
    };
    for parameters in
        [write::sequence(&[&curve(6)]), curve(6), write::sequence(&[&curve(6), &write::octets(&super::dstu::DEFAULT_BOX)])]
    {
        assert_eq!(key(&info(&parameters, &octets)).name(), "DSTU 4145 m=257");
    }
    let mut other_box = super::dstu::DEFAULT_BOX;
    other_box[7] ^= 1;
    for (parameters, octets, name) in [
        (write::sequence(&[&curve(10)]), octets.clone(), "DSTU 4145 with a curve that is not the standard's"),
        (write::sequence(&[&curve(5)]), octets.clone(), "DSTU 4145 with a point of another length"),
        (write::null(), octets.clone(), "DSTU 4145 with no curve"),
        (
            write::sequence(&[&curve(6), &write::octets(&other_box)]),
            octets.clone(),
            "DSTU 4145 with another substitution box than the default one",
        ),
        (write::sequence(&[&curve(6)]), base.clone(), "DSTU 4145 with a key that is no OCTET STRING"),
        (write::sequence(&[&curve(6)]), write::octets(&[0; 33]), "DSTU 4145 with a point that is not on the curve"),
    ] {
        assert_eq!(refused(&parameters, &octets), name);
    }
    let Some(folder) = folder() else { return };
    for certificate in certificates(&folder) {
        assert!(matches!(certificate.key, PublicKey::Dstu(_)), "{} has {}", certificate.subject, certificate.key.name());
    }
}

#[test]
fn a_signature_reads_bare_or_in_an_octet_string_and_no_other_way() {
    let Some(folder) = folder() else { return };
    let all = certificates(&folder);
    let (certificate, issuer) = all
        .iter()
        .find_map(|certificate| {
            all.iter()
                .find(|issuer| certificate.may_be_issued_by(issuer) && !certificate.names_itself())
                .map(|issuer| (certificate, issuer))
        })
        .unwrap();
    let algorithm = SignatureAlgorithm::of(&certificate.signature_algorithm).unwrap();
    let check =
        |signature: &[u8]| verify(&issuer.key, algorithm.scheme, algorithm.digest.unwrap(), &certificate.signed, signature);
    let bare = Element::only(&certificate.signature).unwrap().value.to_vec();
    assert_eq!(check(&certificate.signature), Outcome::Valid);
    assert_eq!(check(&bare), Outcome::Valid);
    for other in [
        oblik_dstu4145::reversed(&bare),
        [&bare[..], &[0]].concat(),
        write::octets(&certificate.signature),
        Vec::new(),
        vec![4, 0],
    ] {
        assert_eq!(check(&other), Outcome::Invalid);
    }
    // Another digest than the signature's, and another kind of signature.
    assert_eq!(verify(&issuer.key, algorithm.scheme, Digest::Kupyna256, &certificate.signed, &bare), Outcome::Invalid);
    assert_eq!(verify(&issuer.key, Scheme::Ecdsa, Digest::Sha256, &certificate.signed, &bare), Outcome::Invalid);
}

/// Keys and signatures BouncyCastle made over "abc": its keys are always big-endian, its signatures of either order.
#[test]
fn big_endian_keys_and_signatures_are_read_by_their_identifiers() {
    for (bits, key, signature, order) in [
        (
            257,
            "30483020060d2a862402010101010301010101300f060d2a86240201010101030101020603240004\
             2101c473bf64649e48f4472cdb95b0d0e9d871b07bf6ebaa5ec60cae2e042f6b2dfd",
            "044026c2c2fc319033ee79176217f16c6ec13bf2a6b0fa4538a1e5d00f14640053d40eb8472a0178\
             ca998f70e2b45fc002cab45ba2ee7b23be416573821f47609d7b",
            ByteOrder::Big,
        ),
        (
            257,
            "30483020060d2a862402010101010301010101300f060d2a86240201010101030101020603240004\
             2101419786420acde37a970d46c0de4f0f466daaf3697ff072efd8752cd62bbfb455",
            "04400af3c58398a299b98cb305a80609da41cee55246d9be8cfd63228a6aa42ba06847312527739f\
             6bf9a5862405ce36a1154eb4d9b1c943d693f5ffcdfcfbff3323",
            ByteOrder::Little,
        ),
        (
            431,
            "305d3020060d2a862402010101010301010101300f060d2a86240201010101030101020903390004\
             363f5c654f9734bfd7c3434c3423723e0844b6a9bf045c56c3aeb6accdd7e351c33151e12d304c73\
             f53459cd069919a97d27c94d6ba6e4",
            "046c31da39c0ae1a6fa61330a8979030153e9ca644668517a2bd6a8d04a44bb7eb25e06de38306a6\
             f2570ebf83099e2532436b021c010d511fc5f3d29b3902d91336df31464a95a32a76c801f0158b22\
             40c33d13378df25ba71e2410c1157ad7ddea57237be9cbbaef000e32c1cc",
            ByteOrder::Big,
        ),
    ] {
        let info = hex::decode(key).unwrap();
        let (key, signature) = (self::key(&info), hex::decode(signature).unwrap());
        assert_eq!(key.name(), format!("DSTU 4145 m={bits}"));
        let check = |order, message: &[u8]| verify(&key, Scheme::Dstu(order), Digest::Gost34311, message, &signature);
        let other = if order == ByteOrder::Big { ByteOrder::Little } else { ByteOrder::Big };
        assert_eq!(check(order, b"abc"), Outcome::Valid);
        assert_eq!(check(other, b"abc"), Outcome::Invalid);
        assert_eq!(check(order, b"abd"), Outcome::Invalid);
    }
}
