//! Keys and certificates, against OpenSSL.

use chrono::{Datelike as _, Months, TimeDelta};
use oblik_sample::{Algorithm, Authority, Keys, Subject, Utility, Validity};

use crate::{now, run, utility};

fn days(from: i64, to: i64) -> Validity {
    let today = now().date_naive();
    Validity { from: today + TimeDelta::days(from), to: today + TimeDelta::days(to) }
}

#[test]
fn openssl_finds_every_certificate_good_and_no_two_serials_alike() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let root = file("root.pem", &utility().authority.root_pem());
    let between = file("between.pem", &utility().authority.intermediates_pem());
    let lists = file("lists.pem", &utility().authority.crls_pem(now()).unwrap());
    let at = now().timestamp().to_string();
    let mut serials = std::collections::BTreeSet::new();
    for customer in &utility().customers {
        let own = file("own.pem", &customer.identity.certificate_pem());
        let arguments = [
            "verify",
            "-x509_strict",
            "-attime",
            &at,
            "-crl_check_all",
            "-CRLfile",
            &lists,
            "-CAfile",
            &root,
            "-untrusted",
            &between,
            &own,
        ];
        let Some((good, told)) = run("openssl", &arguments, None) else { return };
        assert!(good, "{told}");
        let (_, told) =
            run("openssl", &["x509", "-in", &own, "-noout", "-serial", "-subject", "-ext", "keyUsage"], None).unwrap();
        assert!(told.contains("Digital Signature, Non Repudiation"), "{told}");
        assert!(told.contains(&format!("NTRUA-{}", customer.record.account.edrpou)), "{told}");
        assert!(serials.insert(told.lines().next().unwrap().to_owned()), "{told}");
    }
}

#[test]
fn openssl_opens_the_key_file_with_its_passphrase_alone() {
    for number in [1, 3] {
        let identity = &utility().by_number(number).unwrap().identity;
        let p12 = identity.pkcs12("пароль 1", &[7; 80]).unwrap();
        let Some((good, told)) = run("openssl", &["pkcs12", "-nodes", "-passin", "pass:пароль 1"], Some(&p12)) else {
            return;
        };
        assert!(good && told.contains("PRIVATE KEY") && told.matches("BEGIN CERTIFICATE").count() == 3, "{told}");
        let (good, _) = run("openssl", &["pkcs12", "-nodes", "-passin", "pass:other"], Some(&p12)).unwrap();
        assert!(!good);
    }
}

#[test]
fn a_revoked_certificate_stands_on_the_list() {
    let mut keys = Keys::generate(1).unwrap();
    let mut authority = Authority::new("ЦСК", &mut keys, days(-10, 10)).unwrap();
    let subject = Subject { common_name: "Хтось".to_owned(), ..Subject::default() };
    for algorithm in [Algorithm::Rsa2048, Algorithm::P256] {
        let identity = authority.issue(&subject, algorithm, &mut keys, days(-5, 5)).unwrap();
        authority.revoke(&identity, now() - TimeDelta::days(1));
    }
    let lists = authority.crls_pem(now()).unwrap();
    for (at, revoked) in lists.split_inclusive("-----END X509 CRL-----\n").zip([0, 1, 1]) {
        let Some((good, told)) = run("openssl", &["crl", "-noout", "-text"], Some(at.as_bytes())) else { return };
        assert!(good, "{told}");
        assert_eq!(told.matches("Serial Number:").count(), revoked, "{told}");
    }
}

#[test]
fn the_same_moment_makes_the_same_world_but_for_its_keys() {
    let (one, other) = (Utility::new(now(), 4).unwrap(), Utility::new(now(), 4).unwrap());
    assert_eq!(one.master_data_xml(), other.master_data_xml());
    assert_eq!(one.period.last_day(), now().date_naive().with_day0(0).unwrap() - TimeDelta::days(1));
    assert_eq!(one.opening_period.first_day() + Months::new(1), one.period.first_day());
}
