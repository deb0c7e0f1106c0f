//! Signed attributes, counter-signatures, signatures that stand twice and messages in messages, each held to its rules.

use const_oid::ObjectIdentifier;

use super::proofs::{CONTENT, UNPROVEN, judge, judge_at, plain, policy, shown, signature_of};
use crate::algorithm::Digest;
use crate::asn1::write;
use crate::forge::{self, Message, Party, at, attribute, pki, with_unsigned};
use crate::{Policy, judge_enclosing, oids};

#[test]
fn counter_signatures_are_judged_and_do_not_weigh() {
    let pki = pki();
    let message = plain();
    let countered = |by: &Party, over: &[u8]| {
        let mut counter = Message::new(by, over);
        counter.has_content_type = false;
        let info = counter.signer().0;
        with_unsigned(&message, |_| vec![attribute(&oids::COUNTER_SIGNATURE, info)])
    };
    let mut trust = forge::trust();
    trust.add_intermediates(&pki.second_signer.certificate.der).unwrap();
    let moment = "2026-11-20T12:00:00Z";
    let judged = judge_at(&countered(&pki.second_signer, &signature_of(&message)), &trust, moment);
    assert_eq!(shown(&judged), UNPROVEN);
    let counter = &judged.signatures[0].counter_signatures[0];
    assert_eq!(
        (counter.indication.as_str(), counter.level, counter.holder.name.as_str()),
        ("TOTAL-PASSED", "B-B", "second signer")
    );
    for broken in [
        countered(&pki.second_signer, b"another signature"),
        countered(&pki.stranger, &signature_of(&message)),
        with_unsigned(&message, |_| vec![attribute(&oids::COUNTER_SIGNATURE, write::null())]),
    ] {
        let judged = judge_at(&broken, &trust, moment);
        assert_eq!(shown(&judged), UNPROVEN);
        assert!(judged.signatures[0].counter_signatures.iter().all(|one| one.indication != crate::Indication::TotalPassed));
        assert!(judged.all_findings().any(|finding| finding.code.as_str() == "SIG-COUNTER"));
    }
}

#[test]
fn signed_attributes_are_held_to_their_rules() {
    let pki = pki();
    let identifier = |oid: &str, digest: &[u8]| {
        let hash = write::sequence(&[&forge::digest_id(Digest::Sha256), &write::octets(digest)]);
        attribute(&oids::SIGNATURE_POLICY, write::sequence(&[&write::oid(&ObjectIdentifier::new(oid).unwrap()), &hash]))
    };
    let known = "policies = { \"1.2.3\" = { digest = \"SHA-256\", value = \"00ff\" } }";
    let policy = Policy::parse(&policy().text().replace("policies = {}", known)).unwrap();
    let telling = Policy::parse(&policy.text().replace("unknown_policy = \"refuse\"", "unknown_policy = \"tell\"")).unwrap();
    let protection = |digest: Digest, signature: &ObjectIdentifier| {
        let inner = write::element(0xa1, &write::oid(signature));
        attribute(&oids::ALGORITHM_PROTECTION, write::sequence(&[&forge::digest_id(digest), &inner]))
    };
    let hints = |inner: &[u8]| attribute(&oids::CONTENT_HINTS, write::sequence(&[inner, &write::oid(&oids::DATA)]));
    let first = |digest: Vec<u8>, issuer: &Party| {
        let inner = write::sequence(&[&write::octets(&digest), &forge::issuer_serial(issuer)]);
        write::sequence(&[&write::sequence(&[&inner])])
    };
    let sha1 = Digest::Sha1.compute(&pki.signer.certificate.der).unwrap();
    let sha256 = pki.signer.certificate.sha256.to_vec();
    let v1 = attribute(&oids::SIGNING_CERTIFICATE, first(sha1.clone(), &pki.signer));
    let own = forge::reference(&pki.signer);
    let foreign = attribute(&oids::SIGNING_CERTIFICATE_V2, first(sha256.clone(), &pki.second_signer));
    let other = forge::reference(&pki.second_signer);
    let constraints = "INDETERMINATE SIG_CONSTRAINTS_FAILURE";
    let format = "TOTAL-FAILED FORMAT_FAILURE";
    let cases: Vec<(&str, Vec<Vec<u8>>, &Policy, &str)> = vec![
        ("known policy", vec![own.clone(), identifier("1.2.3", &[0, 0xff])], &policy, "TOTAL-PASSED"),
        (
            "known policy, other text",
            vec![own.clone(), identifier("1.2.3", &[0, 0xfe])],
            &policy,
            "INDETERMINATE POLICY_PROCESSING_ERROR",
        ),
        ("unknown policy", vec![own.clone(), identifier("1.2.4", &[0])], &policy, "INDETERMINATE SIGNATURE_POLICY_NOT_AVAILABLE"),
        ("unknown policy, told", vec![own.clone(), identifier("1.2.4", &[0])], &telling, "TOTAL-PASSED"),
        ("implied policy", vec![own.clone(), attribute(&oids::SIGNATURE_POLICY, write::null())], &policy, "TOTAL-PASSED"),
        ("unreadable policy", vec![own.clone(), attribute(&oids::SIGNATURE_POLICY, write::octets(b""))], &policy, format),
        ("algorithms", vec![own.clone(), protection(Digest::Sha256, &oids::ECDSA_SHA256)], &policy, "TOTAL-PASSED"),
        ("other digest", vec![own.clone(), protection(Digest::Sha384, &oids::ECDSA_SHA256)], &policy, constraints),
        ("other signature", vec![own.clone(), protection(Digest::Sha256, &oids::ECDSA_SHA384)], &policy, constraints),
        ("hints", vec![own.clone(), hints(&write::element(0x0c, b"text/plain"))], &policy, "TOTAL-PASSED"),
        ("hints as octets", vec![own.clone(), hints(&write::octets(b"String"))], &policy, format),
        ("first version", vec![v1.clone()], &policy, "TOTAL-PASSED"),
        ("both versions", vec![v1, own.clone()], &policy, constraints),
        ("twice", vec![own.clone(), own.clone()], &policy, format),
        ("another's certificate", vec![other], &policy, constraints),
        ("another's issuer and serial", vec![foreign], &policy, constraints),
        ("a time that is none", vec![own.clone(), attribute(&oids::SIGNING_TIME, write::null())], &policy, format),
        (
            "a time before the certificate",
            vec![own.clone(), attribute(&oids::SIGNING_TIME, write::element(0x17, b"190101000000Z"))],
            &policy,
            constraints,
        ),
        (
            "unknown",
            vec![own.clone(), attribute(&ObjectIdentifier::new_unwrap("1.2.3.4.1"), write::null())],
            &policy,
            "TOTAL-PASSED",
        ),
        ("a type twice", vec![own, attribute(&oids::CONTENT_TYPE, write::oid(&oids::DATA))], &policy, format),
    ];
    for (name, attributes, policy, expected) in cases {
        let mut message = Message::new(&pki.signer, CONTENT);
        message.attributes = attributes;
        let judged = judge_enclosing(&message.finish(), &forge::trust(), policy, at("2026-11-20T12:00:00Z"));
        let sub = judged.sub_indication.map_or("", |sub| sub.as_str());
        assert_eq!(
            format!("{} {sub}", judged.indication.as_str()).trim(),
            expected,
            "{name} {:?}",
            judged.signatures[0].findings
        );
    }
}

#[test]
fn a_signature_that_stands_twice_is_no_second_signer() {
    let pki = pki();
    let message = Message::new(&pki.signer, CONTENT);
    let signer = message.signer().0;
    assert_eq!(shown(&judge(&message.wrap(std::slice::from_ref(&signer)))), UNPROVEN);
    let judged = judge(&message.wrap(&[signer.clone(), signer]));
    assert_eq!(judged.sub_indication, Some(crate::SubIndication::SigConstraintsFailure));
    assert!(judged.all_findings().any(|finding| finding.code.as_str() == "SIG-TWICE"));
    let two = judge(&message.wrap(&[message.signer().0, message.signer().0]));
    assert_eq!(two.signatures.len(), 2);
    assert_eq!(two.indication, crate::Indication::TotalPassed, "one person may sign twice");
}

#[test]
fn messages_in_messages_pass_only_when_every_signature_does() {
    let pki = pki();
    let inner = plain();
    let outer = |content: &[u8]| Message::new(&pki.second_signer, content).finish();
    let judged = judge(&outer(&inner));
    assert_eq!((judged.signatures.len(), judged.signed.as_ref().unwrap().bytes()), (2, CONTENT));
    let names: Vec<&str> = judged.signatures.iter().map(|one| one.holder.name.as_str()).collect();
    assert_eq!(names, ["signer", "second signer"]);
    let stranger = Message::new(&pki.stranger, CONTENT).finish();
    for content in [stranger.clone(), inner[..inner.len() - 1].to_vec(), outer(&outer(&inner))] {
        let judged = judge(&outer(&content));
        assert!(judged.signed.is_none(), "{:?}", judged.sub_indication);
        assert_ne!(judged.indication, crate::Indication::TotalPassed);
    }
    let unsigned = Message::new(&pki.signer, CONTENT).wrap(&[]);
    assert_eq!(judge(&unsigned).sub_indication, Some(crate::SubIndication::NoSignature));
    assert!(judge(&outer(&unsigned)).signed.is_none());
    assert!(judge(&Message::new(&pki.stranger, &inner).finish()).signed.is_none());
    assert_eq!(judge(&outer(&outer(&inner))).signed.unwrap().bytes(), CONTENT);
}
