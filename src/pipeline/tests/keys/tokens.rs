//! Invoices signed by a token of SoftHSM2, judged by poppler, OpenSSL and pyHanko. The library is told by the environment where its
//! tokens lie, so the test runs itself again in a process of its own.

use std::process::Command;

use oblik_config::TokenKeyAt;
use oblik_test_servers::softhsm::SoftHsm;
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256, date_time_ymd};

use super::*;

const FOLDER: &str = "OBLIK_TEST_TOKENS";
const PIN: &str = "550913";
const NAME: &str = "tests::keys::tokens::invoices_signed_by_a_token_wait_for_it_and_are_valid_to_other_programs";

/// Keys with certificates that name themselves, in a token; their certificates in files.
fn add_keys(hsm: &SoftHsm, folder: &Path) {
    hsm.add_token("supplier", PIN);
    for (label, id, kind) in
        [("rsa", "01", &PKCS_RSA_SHA256), ("p256", "02", &PKCS_ECDSA_P256_SHA256), ("p384", "03", &PKCS_ECDSA_P384_SHA384)]
    {
        let key = KeyPair::generate_for(kind).unwrap();
        let mut of = CertificateParams::new(Vec::new()).unwrap();
        of.distinguished_name.push(DnType::CommonName, format!("Supplier {label}"));
        (of.not_before, of.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2036, 1, 1));
        let certificate = of.self_signed(&key).unwrap();
        std::fs::write(folder.join(format!("{label}.pem")), certificate.pem()).unwrap();
        hsm.add_key(("supplier", PIN), (label, id), &key.serialize_pem(), Some(certificate.der()));
    }
}

fn apart() -> bool {
    if std::env::var_os(FOLDER).is_some() {
        return true;
    }
    let folder = tempfile::tempdir().unwrap();
    let Some(hsm) = SoftHsm::in_folder(folder.path()) else { return false };
    add_keys(&hsm, folder.path());
    let (variable, value) = hsm.environment();
    let mut again = Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", NAME, "--nocapture"]).env(variable, value).env(FOLDER, folder.path());
    let output = again.output().unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && told.contains("1 passed"), "{told}");
    told.lines().filter(|line| line.starts_with("skipped")).for_each(|line| println!("{line}"));
    false
}

fn run(program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        println!("skipped: {program} is not installed");
        return None;
    };
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}\n{told}");
    Some(told)
}

fn at(folder: &Path, label: &str) -> SigningKey {
    SigningKey::Token(TokenKeyAt {
        module: SoftHsm::module().to_owned(),
        token: Some("supplier".to_owned()),
        serial: None,
        pin: Some(Secret(folder.join("pin"))),
        key: Some(label.to_owned()),
        id: None,
        // One is named by its file, the others lie in the token.
        certificate: (label == "p256").then(|| folder.join("p256.pem")),
    })
}

fn judge(folder: &Path, label: &str, pdf: &[u8], signer: &oblik_signature::Signer) {
    let [file, root, content, cms] =
        ["invoice.pdf", &format!("{label}.pem"), "content", "message.der"].map(|name| folder.join(name));
    std::fs::write(&file, pdf).unwrap();
    let [file, root, content, cms] = [&file, &root, &content, &cms].map(|path| path.to_str().unwrap());
    if let Some(told) = run("pdfsig", &["-nocert", file]) {
        assert!(told.contains("Signature is Valid") && told.contains("Total document signed"), "{told}");
    }
    std::fs::write(content, b"content").unwrap();
    std::fs::write(cms, signer.sign_cms_detached(b"content", start()).unwrap()).unwrap();
    let verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", cms, "-content", content, "-CAfile", root];
    run("openssl", &[&verify[..], &["-purpose", "any", "-no_check_time", "-out", "/dev/null"]].concat());
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin/pyhanko");
    if !own.exists() {
        println!("skipped: pyHanko is not installed");
        return;
    }
    let validate = ["sign", "validate", "--pretty-print", "--no-revocation-check", "--trust", root, file];
    let output = Command::new(own).args(validate).output().unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(told.contains("The signature is cryptographically sound"), "{told}");
}

#[tokio::test]
async fn invoices_signed_by_a_token_wait_for_it_and_are_valid_to_other_programs() {
    if !apart() {
        return;
    }
    let folder = std::path::PathBuf::from(std::env::var_os(FOLDER).unwrap());
    let mut world = World::new(3).await;
    world.table.put(LISTS, world.lists());
    let mut config = Config::clone(&world.house.config);
    config.signing.keys = vec![at(&folder, "rsa")];
    // Nobody can log in yet: the house opens all the same, and the invoice waits.
    world.house.issuers = Arc::new(Issuers::open(&config).unwrap());
    assert_eq!(world.house.issuers.supplier.keys.troubles().len(), 1);
    let waits = world.take(&world.customers[0], 1).await;
    for minutes in (0..20).step_by(2) {
        world.at(minutes).await;
        assert_eq!(world.standing(waits).await, (ItemState::Acting, ActState::Billed, 0), "{minutes}");
    }
    std::fs::write(folder.join("pin"), PIN).unwrap();
    assert_eq!(world.house.issuers.look_again(), 1);
    for (number, label) in ["rsa", "p256", "p384"].into_iter().enumerate() {
        config.signing.keys = vec![at(&folder, label)];
        let item = if number == 0 {
            waits
        } else {
            world.house.issuers = Arc::new(Issuers::open(&config).unwrap());
            world.take(&world.customers[number], 1).await
        };
        world.at(22 + i64::try_from(number).unwrap()).await;
        assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1), "{label}");
        let act = world.act(item).await;
        let mut tx = world.house.store.read().await.unwrap();
        let stored = tx.invoices_of_act(act).await.unwrap().remove(0);
        let pdf = tx.blob(&stored.pdf_sha256.unwrap()).await.unwrap();
        tx.roll_back().await.unwrap();
        judge(&folder, label, &pdf, &world.house.issuers.supplier.signer_at(clock()).unwrap());
    }
}
