//! PKCS#12 files, both ways between Oblik and OpenSSL.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use oblik_signature::pkcs12::{self, Pkcs12Error, Salts};
use oblik_signature::{KeyAlgorithm, RemoteKey, RemoteKeyError, Signer, SigningError, judge_detached};

use crate::common::{self, CONTENT, Desk, PASSED, moment, pki, policy, shown, signer, trust};

#[test]
fn key_files_that_openssl_writes_open() {
    let desk = Desk::new();
    for more in [
        &[][..],
        &["-keypbe", "AES-128-CBC", "-certpbe", "AES-192-CBC", "-macalg", "sha512"],
        &["-legacy", "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"],
        &["-keypbe", "DES-EDE3-CBC", "-certpbe", "AES-256-CBC"],
        &["-keypbe", "NONE", "-certpbe", "NONE"],
        &["-keypbe", "AES-256-CBC", "-certpbe", "NONE", "-iter", "1"],
    ] {
        for party in ["rsa", "p256", "p384"] {
            let (certificate, key) = (format!("{party}.pem"), format!("{party}.key"));
            let mut arguments = vec![
                "pkcs12",
                "-export",
                "-in",
                &certificate,
                "-inkey",
                &key,
                "-certfile",
                "intermediate.pem",
                "-passout",
                "pass:пароль 1",
                "-out",
                "key.p12",
            ];
            arguments.extend(more);
            desk.run("openssl", &arguments);
            let signer =
                Signer::from_pkcs12(&desk.get("key.p12"), "пароль 1").unwrap_or_else(|error| panic!("{party} {more:?}: {error}"));
            let message = signer.sign_cms_detached(CONTENT, moment()).unwrap();
            assert_eq!(shown(&judge_detached(CONTENT, &message, &trust(), &policy(), moment())), PASSED);
        }
        let wrong = Signer::from_pkcs12(&desk.get("key.p12"), "пароль 2").unwrap_err();
        assert_eq!(wrong, SigningError::Pkcs12(Pkcs12Error::Passphrase));
    }
    let old = ["pkcs12", "-export", "-legacy", "-in", "rsa.pem", "-inkey", "rsa.key", "-passout", "pass:x", "-out", "key.p12"];
    desk.run("openssl", &old);
    let refused = Signer::from_pkcs12(&desk.get("key.p12"), "x").unwrap_err();
    assert!(matches!(refused, SigningError::Pkcs12(Pkcs12Error::Protection(_))), "{refused}");
}

#[test]
fn openssl_opens_key_files_that_oblik_writes() {
    let desk = Desk::new();
    let party = &pki().rsa;
    let salts = Salts::from_random(&std::array::from_fn(|n| u8::try_from(n).unwrap()));
    let certificates = [party.der.clone(), pki().intermediate.der.clone()];
    let file = pkcs12::write(&party.key.serialize_der(), &certificates, "Постачальник", "слово", &salts).unwrap();
    desk.put("ours.p12", &file);
    let text = desk.run("openssl", &["pkcs12", "-in", "ours.p12", "-passin", "pass:слово", "-nodes", "-info"]);
    for expected in ["BEGIN PRIVATE KEY", "BEGIN CERTIFICATE", "AES-256-CBC", "hmacWithSHA256"] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
    assert!(!desk.try_run("openssl", &["pkcs12", "-in", "ours.p12", "-passin", "pass:other", "-nodes"]).0);
    let opened = Signer::from_pkcs12(&file, "слово").unwrap();
    assert_eq!(opened.subject(), signer(party).subject());
    for told in [opened.holder().name, opened.authority()] {
        assert!(!told.is_empty() && !told.contains('='), "{told} is no name as people read it");
    }
}

#[test]
fn damaged_key_files_are_refused_without_panic() {
    let desk = Desk::new();
    desk.run(
        "openssl",
        &["pkcs12", "-export", "-in", "p256.pem", "-inkey", "p256.key", "-passout", "pass:x", "-out", "key.p12", "-iter", "1"],
    );
    let file = desk.get("key.p12");
    let whole = pkcs12::read(&file, "x").unwrap();
    for at in 0..file.len() {
        let mut mutated = file.clone();
        mutated[at] ^= 0x41;
        // What is not under the integrity check (a parameter that nobody reads) may change, what is inside may not.
        if let Ok(content) = pkcs12::read(&mutated, "x") {
            assert_eq!(content.private_key, whole.private_key, "octet {at}");
            assert_eq!(content.certificates, whole.certificates, "octet {at}");
        }
        assert!(pkcs12::read(&file[..at], "x").is_err(), "cut at {at}");
    }
}

#[test]
fn a_key_needs_its_own_certificate() {
    let error = Signer::new(&pki().rsa.key.serialize_der(), &[pki().p256.der.clone()]).unwrap_err();
    assert_eq!(error, SigningError::Mismatch { subject: "ФОП Коваль".to_owned() });
    assert_eq!(Signer::new(b"nonsense", &[pki().p256.der.clone()]).unwrap_err(), SigningError::Key);
}

/// A key in the place of a token's: signs as PKCS #11 says, r and s one after the other.
enum Elsewhere {
    Pair(EcdsaKeyPair, KeyAlgorithm),
    Rsa(RsaKeyPair),
    Silent,
    Short,
}

impl RemoteKey for Elsewhere {
    fn algorithm(&self) -> KeyAlgorithm {
        match self {
            Self::Pair(_, algorithm) => *algorithm,
            Self::Rsa(_) => KeyAlgorithm::Rsa,
            Self::Silent | Self::Short => KeyAlgorithm::P256,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, RemoteKeyError> {
        let random = SystemRandom::new();
        match self {
            Self::Pair(pair, _) => Ok(pair.sign(&random, message).unwrap().as_ref().to_vec()),
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                Ok(signature)
            }
            Self::Silent => Err(RemoteKeyError("the token is away".to_owned())),
            Self::Short => Ok(vec![1; 63]),
        }
    }
}

fn elsewhere(party: &common::Party) -> Elsewhere {
    let pkcs8 = party.key.serialize_der();
    let pair = |kind| EcdsaKeyPair::from_pkcs8(kind, &pkcs8);
    match (pair(&ECDSA_P256_SHA256_FIXED_SIGNING), pair(&ECDSA_P384_SHA384_FIXED_SIGNING)) {
        (Ok(pair), _) => Elsewhere::Pair(pair, KeyAlgorithm::P256),
        (_, Ok(pair)) => Elsewhere::Pair(pair, KeyAlgorithm::P384),
        _ => Elsewhere::Rsa(RsaKeyPair::from_pkcs8(&pkcs8).unwrap()),
    }
}

#[test]
fn a_key_that_lives_elsewhere_signs_as_one_in_a_file() {
    let desk = Desk::new();
    desk.put("content", CONTENT);
    for party in [&pki().rsa, &pki().p256, &pki().p384] {
        let certificates = [pki().intermediate.der.clone(), pki().p521.der.clone(), party.der.clone()];
        let signer = Signer::with_key(&certificates, Box::new(elsewhere(party))).unwrap();
        // Integers of ECDSA begin with zeros or a high bit in one of two messages.
        for _ in 0..16 {
            let message = signer.sign_cms_detached(CONTENT, moment()).unwrap();
            assert_eq!(shown(&judge_detached(CONTENT, &message, &trust(), &policy(), moment())), PASSED);
            desk.put("message.der", &message);
        }
        let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", "message.der", "-content", "content", "-noverify"];
        desk.run("openssl", &verify);
        assert_eq!(signer.certificate_der(), party.der.as_slice());
    }
}

#[test]
fn a_key_that_lives_elsewhere_shows_first_whose_it_is() {
    let other = Signer::with_key(&[pki().p384.der.clone()], Box::new(elsewhere(&pki().p256))).unwrap_err();
    assert!(matches!(other, SigningError::Mismatch { .. }), "{other}");
    let away = Signer::with_key(&[pki().p256.der.clone()], Box::new(Elsewhere::Silent)).unwrap_err();
    assert_eq!(away, SigningError::Remote(RemoteKeyError("the token is away".to_owned())));
    let short = Signer::with_key(&[pki().p256.der.clone()], Box::new(Elsewhere::Short)).unwrap_err();
    assert!(matches!(&short, SigningError::Remote(cause) if cause.0.contains("63 octets in the place of 64")), "{short:?}");
}
