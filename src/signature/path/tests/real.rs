//! What Ukrainian authorities issue, as it was issued.

use std::path::Path;

use chrono::{DateTime, Utc};

use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::oids;
use crate::verdict::WantedKind;

fn read(name: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata/dstu/uapki-certs");
    let found = std::fs::read(folder.join(name)).ok();
    if found.is_none() {
        println!("skipped: no {name}");
    }
    found
}

#[test]
fn a_delta_list_of_two_hours_is_read() {
    let Some(der) = read("BED5083160DBC59BCDDF707C10293F58BB6ED263C6EA5893D3781B61F493BE57-delta-0ABEA7.crl") else { return };
    let list = RevocationList::of(&der).unwrap();
    assert!(list.is_delta() && !list.is_strange);
    let shown = |at: DateTime<Utc>| at.to_rfc3339();
    assert_eq!(shown(list.this_update), "2023-09-19T16:51:11+00:00");
    assert_eq!(list.next_update.map(shown).as_deref(), Some("2023-09-19T18:53:12+00:00"));
}

#[test]
fn a_customers_certificate_says_where_its_status_is_and_a_responder_what_it_is_for() {
    let (Some(customer), Some(authority)) =
        (read("diia-test-sign-7775603.cer"), read("diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer"))
    else {
        return;
    };
    let (customer, authority) = (Certificate::of(&customer).unwrap(), Certificate::of(&authority).unwrap());
    let wanted = crate::path::wanted::status(&customer, &authority);
    let urls: Vec<(WantedKind, &str)> = wanted.iter().map(|wanted| (wanted.kind, wanted.urls[0].as_str())).collect();
    assert_eq!(
        urls,
        [
            (WantedKind::OcspResponse, "http://ca.informjust.ua/services/ocsp/"),
            (WantedKind::RevocationList, "http://ca.informjust.ua/download/crls/CA-BED50831-Full-S17.crl"),
            (WantedKind::RevocationList, "http://ca.informjust.ua/download/crls/CA-BED50831-Delta-S17.crl"),
        ]
    );
    let issuer = crate::path::wanted::issuer(&customer).unwrap();
    assert_eq!(issuer.urls, ["http://ca.informjust.ua/uploads/certificates/diia.p7b"]);

    let Some(responder) = read("diia-ocsp-3ED5083160DBC59B0200000001000000202B0F00.cer") else { return };
    let responder = Certificate::of(&responder).unwrap();
    let (purposes, _) = responder.extensions.extended_key_usage.as_ref().unwrap();
    assert!(purposes.iter().any(|purpose| *purpose == oids::KP_OCSP_SIGNING));
    // It does not ask to be spared: its own status is needed.
    assert!(!responder.extensions.is_not_checked && responder.may_be_issued_by(&authority));
}

/// Ukrainian responders name certificates by GOST 34.311, ours are asked by SHA-1: both are the same certificate.
#[test]
fn an_answer_about_a_real_certificate_by_gost_34311_is_about_it_and_no_other() {
    use super::world::{Answer, World, good, response};
    use crate::algorithm::Digest;
    use crate::ocsp::{CertificateId, OcspResponse};

    let (Some(customer), Some(authority), Some(root)) = (
        read("diia-test-sign-7775603.cer"),
        read("diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer"),
        read("CAO-05E19E2CD92EA2990100000001000000C1000000.cer"),
    ) else {
        return;
    };
    let [customer, authority, root] = [customer, authority, root].map(|der| Certificate::of(&der).unwrap());
    let world = World::new(|_| ());
    let said = |digest: Digest, oid, issuer: &Certificate| {
        let answer = Answer {
            digest: oid,
            name: digest.compute(&issuer.subject.raw).unwrap(),
            key: digest.compute(&issuer.key_octets).unwrap(),
            serial: 1,
            ..Answer::of(&world, good())
        };
        let der = response(&[answer], &world.root, &[]);
        // The serial number stands as the certificate has it.
        let read = OcspResponse::of(&der).unwrap();
        let mut answer = read.answers[0].clone();
        answer.serial.clone_from(&customer.serial);
        answer
    };
    for (digest, oid) in [
        (Digest::Gost34311, oids::GOST_34311),
        (Digest::Kupyna256, oids::KUPYNA_256),
        (Digest::Sha1, oids::SHA1),
        (Digest::Sha256, oids::SHA256),
    ] {
        let id = CertificateId::of(&customer, &authority);
        assert!(id.is_meant_by(&said(digest, oid, &authority)), "{}", digest.as_str());
        assert!(!id.is_meant_by(&said(digest, oid, &root)), "{}", digest.as_str());
        assert!(!CertificateId::of(&root, &authority).is_meant_by(&said(digest, oid, &authority)));
    }
}
