//! Keys in tokens of SoftHSM2. Its library is loaded once for a process and told by the environment where its tokens lie, so each
//! test runs itself again in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use cryptoki::context::Pkcs11;
use oblik_channels::TokenKeyKind;
use oblik_channels::pkcs11::{TokenError, TokenKey};
use oblik_config::{Secret, TokenKeyAt};
use oblik_test_servers::softhsm::SoftHsm;

const FOLDER: &str = "OBLIK_TEST_TOKENS";
const PIN: &str = "438291";
/// Logs every call to the library it stands before; of OpenSC.
const SPY: [&str; 2] = ["/usr/lib/x86_64-linux-gnu/pkcs11-spy.so", "/usr/lib/pkcs11/pkcs11-spy.so"];

/// The folder of the tokens, in the process of its own; in the other, that process is run.
fn apart(name: &str, tokens: impl FnOnce(&SoftHsm)) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return Some(folder.into());
    }
    let folder = tempfile::tempdir().unwrap();
    let hsm = SoftHsm::in_folder(folder.path())?;
    hsm.add_token("supplier", PIN);
    tokens(&hsm);
    std::fs::write(folder.path().join("pin"), format!("{PIN}\n")).unwrap();
    let (variable, value) = hsm.environment();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("pkcs11::{name}"), "--nocapture"])
        .env(variable, value)
        .env(FOLDER, folder.path())
        .env("PKCS11SPY", SoftHsm::module())
        .env("PKCS11SPY_OUTPUT", folder.path().join("spy.log"))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    told.lines().filter(|line| line.contains("signatures a second")).for_each(|line| println!("{line}"));
    None
}

fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

const KINDS: [(&str, &str, &[&str]); 3] = [
    ("rsa", "01", &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
    ("p256", "02", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]),
    ("p384", "03", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
];

/// A key of each kind with its certificate, made by OpenSSL.
fn add_keys(hsm: &SoftHsm) {
    let folder = hsm.tokens().parent().unwrap().to_owned();
    for (label, id, kind) in KINDS {
        let key = openssl(&folder, &[&["genpkey"], kind].concat());
        std::fs::write(folder.join(format!("{label}.pem")), &key).unwrap();
        let (key_file, der) = (format!("{label}.pem"), format!("{label}.der"));
        openssl(&folder, &["req", "-x509", "-key", &key_file, "-subj", "/CN=Supplier", "-outform", "DER", "-out", &der]);
        openssl(&folder, &["pkey", "-in", &key_file, "-pubout", "-out", &format!("{label}.pub")]);
        hsm.add_key(("supplier", PIN), (label, id), &key, Some(&std::fs::read(folder.join(der)).unwrap()));
    }
}

fn add_rsa(hsm: &SoftHsm) {
    let key = openssl(&hsm.tokens(), &[&["genpkey"], KINDS[0].2].concat());
    hsm.add_key(("supplier", PIN), ("rsa", "01"), &key, None);
}

fn at(folder: &Path, key: &str) -> TokenKeyAt {
    TokenKeyAt {
        module: SoftHsm::module().to_owned(),
        token: Some("supplier".to_owned()),
        serial: None,
        pin: Some(Secret(folder.join("pin"))),
        key: Some(key.to_owned()),
        id: None,
        certificate: None,
    }
}

/// r and s as OpenSSL wants them.
fn der(kind: TokenKeyKind, signature: Vec<u8>) -> Vec<u8> {
    if kind == TokenKeyKind::Rsa {
        return signature;
    }
    let (r, s) = signature.split_at(signature.len() / 2);
    let integer = |octets: &[u8]| {
        let mut value: Vec<u8> = octets.iter().copied().skip_while(|octet| *octet == 0).collect();
        if value.first().is_none_or(|first| *first > 0x7f) {
            value.insert(0, 0);
        }
        [&[2, u8::try_from(value.len()).unwrap()], value.as_slice()].concat()
    };
    let both = [integer(r), integer(s)].concat();
    [&[0x30, u8::try_from(both.len()).unwrap()], both.as_slice()].concat()
}

#[test]
fn keys_of_each_kind_sign_from_eight_threads_and_openssl_agrees() {
    let name = "keys_of_each_kind_sign_from_eight_threads_and_openssl_agrees";
    let Some(folder) = apart(name, add_keys) else { return };
    for ((label, id, _), kind) in KINDS.into_iter().zip([TokenKeyKind::Rsa, TokenKeyKind::P256, TokenKeyKind::P384]) {
        let by_id = TokenKeyAt { key: None, id: Some(hex(id)), ..at(&folder, label) };
        assert_eq!(TokenKey::open(&by_id).unwrap().kind(), kind);
        let key = TokenKey::open(&at(&folder, label)).unwrap();
        assert_eq!(key.certificates().unwrap(), [std::fs::read(folder.join(format!("{label}.der"))).unwrap()]);

        let (threads, each, begun) = (8, 25, Instant::now());
        let signatures: Vec<(Vec<u8>, Vec<u8>)> = std::thread::scope(|scope| {
            let work = |thread: usize| {
                let key = &key;
                move || {
                    let message = |n: usize| format!("message {n} of {thread}").into_bytes();
                    (0..each).map(|n| (message(n), key.sign(&message(n)).unwrap())).collect::<Vec<_>>()
                }
            };
            let running: Vec<_> = (0..threads).map(|thread| scope.spawn(work(thread))).collect();
            running.into_iter().flat_map(|one| one.join().unwrap()).collect()
        });
        let rate = u128::try_from(threads * each).unwrap() * 1000 / begun.elapsed().as_millis().max(1);
        println!("{label}: {rate} signatures a second by a token of SoftHSM2, eight threads");
        assert_eq!(signatures.len(), threads * each);
        let digest = if label == "p384" { "-sha384" } else { "-sha256" };
        for (message, signature) in signatures.into_iter().step_by(7) {
            std::fs::write(folder.join("message"), message).unwrap();
            std::fs::write(folder.join("signature"), der(kind, signature)).unwrap();
            let told =
                openssl(&folder, &["dgst", digest, "-verify", &format!("{label}.pub"), "-signature", "signature", "message"]);
            assert!(told.contains("Verified OK"), "{label}: {told}");
        }
    }
}

fn hex(id: &str) -> Vec<u8> {
    vec![id.parse().unwrap()]
}

#[test]
fn a_pin_that_was_refused_is_not_tried_again() {
    let Some(folder) = apart("a_pin_that_was_refused_is_not_tried_again", add_rsa) else { return };
    let Some(spy) = SPY.iter().map(PathBuf::from).find(|path| path.exists()) else {
        panic!("pkcs11-spy.so of OpenSC is missing")
    };
    let at = TokenKeyAt { module: spy, ..at(&folder, "rsa") };
    let logins = || std::fs::read_to_string(folder.join("spy.log")).unwrap().matches("C_Login\n").count();
    std::fs::write(folder.join("pin"), "771204\n").unwrap();
    for _ in 0..5 {
        let refused = TokenKey::open(&at).unwrap_err();
        assert!(matches!(refused, TokenError::PinRefused { .. }) && refused.needs_a_person(), "{refused}");
        assert!(!format!("{refused} {refused:?} {}", refused.told()).contains("771204"), "{refused}");
    }
    assert_eq!(logins(), 1);
    std::fs::write(folder.join("pin"), "551204\n").unwrap();
    assert!(matches!(TokenKey::open(&at).unwrap_err(), TokenError::PinRefused { .. }));
    assert_eq!(logins(), 2);
    std::fs::write(folder.join("pin"), format!("{PIN}\n")).unwrap();
    assert_eq!(TokenKey::open(&at).unwrap().sign(b"message").unwrap().len(), 256);
    assert_eq!(logins(), 3);
    let none = TokenKey::open(&TokenKeyAt { pin: None, key: Some("other".to_owned()), ..at.clone() }).unwrap_err();
    assert!(matches!(none, TokenError::PinMissing { .. }), "{none}");
    std::fs::remove_file(folder.join("pin")).unwrap();
    assert!(matches!(TokenKey::open(&at).unwrap_err(), TokenError::Pin { .. }));
}

#[test]
fn what_is_absent_or_named_twice_is_told_by_its_name() {
    let tokens = |hsm: &SoftHsm| {
        add_rsa(hsm);
        let folder = hsm.tokens();
        for id in ["07", "08"] {
            let key = openssl(&folder, &[&["genpkey"], KINDS[1].2].concat());
            hsm.add_key(("supplier", PIN), ("twin", id), &key, None);
        }
        let key = openssl(&folder, &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"]);
        hsm.add_key(("supplier", PIN), ("p521", "09"), &key, None);
        hsm.add_token("twins", PIN);
        hsm.add_token("twins", PIN);
    };
    let Some(folder) = apart("what_is_absent_or_named_twice_is_told_by_its_name", tokens) else { return };
    let rsa = at(&folder, "rsa");
    let told = |at: TokenKeyAt| TokenKey::open(&at).unwrap_err();
    let gone = told(TokenKeyAt { module: "/nonexistent/lib.so".into(), ..rsa.clone() });
    assert!(matches!(gone, TokenError::Module { .. }) && gone.told().contains("/nonexistent/lib.so"), "{gone}");
    let no_module = told(TokenKeyAt { module: folder.join("softhsm2.conf"), ..rsa.clone() });
    assert!(matches!(no_module, TokenError::Module { .. }), "{no_module}");
    let absent = told(TokenKeyAt { token: Some("other".to_owned()), ..rsa.clone() });
    assert!(matches!(absent, TokenError::TokenAbsent { .. }) && !absent.needs_a_person(), "{absent}");
    assert!(matches!(told(TokenKeyAt { serial: Some("00".to_owned()), ..rsa.clone() }), TokenError::TokenAbsent { .. }));
    let twins = told(TokenKeyAt { token: Some("twins".to_owned()), ..rsa.clone() });
    assert!(matches!(twins, TokenError::TokenAmbiguous { .. }), "{twins}");
    assert!(matches!(told(at(&folder, "none")), TokenError::KeyAbsent { .. }));
    assert!(matches!(told(TokenKeyAt { id: Some(vec![2]), ..rsa }), TokenError::KeyAbsent { .. }));
    assert!(matches!(told(at(&folder, "twin")), TokenError::KeyAmbiguous { .. }));
    assert!(TokenKey::open(&TokenKeyAt { id: Some(vec![8]), ..at(&folder, "twin") }).unwrap().certificates().unwrap().is_empty());
    let kind = told(at(&folder, "p521"));
    assert!(matches!(&kind, TokenError::KeyKind { key, .. } if key == "p521"), "{kind}");
}

#[test]
fn sessions_that_die_are_opened_anew_and_a_token_that_went_comes_back() {
    let name = "sessions_that_die_are_opened_anew_and_a_token_that_went_comes_back";
    let Some(folder) = apart(name, add_rsa) else { return };
    let key = TokenKey::open(&at(&folder, "rsa")).unwrap();
    let signature = key.sign(b"message").unwrap();
    // The library is shut down under us, as in a process that forked: every session is gone, and so is the login.
    let beside = || Pkcs11::new(SoftHsm::module()).unwrap();
    for _ in 0..3 {
        beside().finalize().unwrap();
        assert_eq!(key.sign(b"message").unwrap(), signature);
    }

    // The token is pulled out and put back, at another slot number.
    let (tokens, away) = (folder.join("tokens"), folder.join("away"));
    std::fs::rename(&tokens, &away).unwrap();
    std::fs::create_dir(&tokens).unwrap();
    beside().finalize().unwrap();
    for _ in 0..20 {
        let gone = key.sign(b"message").unwrap_err();
        assert!(matches!(gone, TokenError::TokenAbsent { .. }), "{gone}");
    }
    std::fs::remove_dir_all(&tokens).unwrap();
    std::fs::rename(&away, &tokens).unwrap();
    beside().finalize().unwrap();
    assert_eq!(key.sign(b"message").unwrap(), signature);
}
