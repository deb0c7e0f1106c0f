//! Real Ukrainian certificates and messages: DSTU 4145 with GOST 34.311-95, from the root of ЦЗО to a signer.

use std::path::Path;

use oblik_signature::{Judged, Trust, judge_detached, judge_enclosing};

use crate::common::{PASSED, at, detail, policy, shown, testdata};

const ROOT: &str = "uapki-certs/CAO-05E19E2CD92EA2990100000001000000C1000000.cer";
const AUTHORITY: &str = "uapki-certs/diia-CA-05E19E2CD92EA2990100000001000000E1000000.cer";
/// Inside the validity of the whole chain, and after the messages were signed.
const THEN: &str = "2023-10-01T00:00:00Z";

const BARE: &str = "uapki-verify/05-verify-cades-bes-detached-data.p7s";

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn chain(folder: &Path) -> Trust {
    let mut trust = Trust::default();
    trust.add_anchors(&read(folder, ROOT)).unwrap();
    trust.add_intermediates(&read(folder, AUTHORITY)).unwrap();
    trust
}

/// The verdict on a message, over the content beside it where that is there.
fn judge(folder: &Path, name: &str, trust: &Trust, moment: &str) -> Judged {
    let message = read(folder, name);
    match std::fs::read(folder.join(format!("{name}.content"))) {
        Ok(content) => judge_detached(&content, &message, trust, &policy(), at(moment)),
        Err(_) => judge_enclosing(&message, trust, &policy(), at(moment)),
    }
}

#[test]
fn real_messages_pass_at_their_time_and_name_their_signer() {
    let Some(folder) = testdata("dstu") else { return };
    let trust = chain(&folder);
    for name in [
        "uapki-verify/02-verify-cades-bes-attached-data.p7s",
        "uapki-verify/03-verify-cades-t-attached-data.p7s",
        "uapki-verify/04-verify-cades-bes-attached-data-and-custom-attributes.p7s",
        BARE,
    ] {
        let judged = judge(&folder, name, &trust, THEN);
        assert_eq!(shown(&judged), PASSED, "{name}\n{}", detail(&judged));
        let judgement = &judged.signatures[0];
        assert_eq!((judgement.algorithm.as_str(), judgement.digest.as_str()), ("DSTU 4145 m=257", "GOST 34.311"), "{name}");
        assert_eq!(judgement.holder.edrpou.as_ref().unwrap().as_str(), "43395033");
        assert_eq!(judgement.chain.len(), 3);
        // Two years later the certificates are over.
        assert_ne!(shown(&judge(&folder, name, &trust, "2026-11-20T00:00:00Z")), PASSED, "{name}");
        let nobody = judge(&folder, name, &Trust::default(), THEN);
        assert_eq!(shown(&nobody), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED", "{name}");
    }
}

#[test]
fn other_content_than_was_signed_is_told_as_such() {
    let Some(folder) = testdata("dstu") else { return };
    let name = "uapki-verify/06-verify-cades-bes-detached-data-invalid-content.p7s";
    let judged = judge(&folder, name, &chain(&folder), THEN);
    assert_eq!(shown(&judged), "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED");
    assert!(judged.signed.is_none());
}

#[test]
fn no_octet_of_a_real_message_changes_unnoticed() {
    let Some(folder) = testdata("dstu") else { return };
    let trust = chain(&folder);
    let (message, content) = (read(&folder, BARE), read(&folder, &format!("{BARE}.content")));
    let judge = |message: &[u8], content: &[u8]| judge_detached(content, message, &trust, &policy(), at(THEN));
    let whole = judge(&message, &content);
    assert_eq!(shown(&whole), PASSED);
    for position in 0..content.len() {
        let mut changed = content.clone();
        changed[position] ^= 0x10;
        assert_eq!(shown(&judge(&message, &changed)), "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED", "content, octet {position}");
    }
    let mut unnoticed = Vec::new();
    for position in 0..message.len() {
        let mut changed = message.clone();
        changed[position] ^= 0x01;
        let judged = judge(&changed, &content);
        if judged.signed.is_some() {
            // What is outside the signature may differ; who signed, with what and when, may not.
            let (before, after) = (&whole.signatures[0], &judged.signatures[0]);
            assert_eq!((&after.subject, after.signing_time), (&before.subject, before.signing_time), "octet {position}");
            assert_eq!((&after.algorithm, &after.chain), (&before.algorithm, &before.chain), "octet {position}");
            unnoticed.push(position);
        }
    }
    println!("{} of {} octets are free: versions, and digest algorithms listed ahead", unnoticed.len(), message.len());
    assert!(unnoticed.len() < 40, "{unnoticed:?}");
}

#[test]
fn attributes_out_of_order_verify_as_received() {
    let Some(folder) = testdata("dstu/jkurwa") else { return };
    for (name, content) in [("message.p7", None), ("message_detached.p7", Some(read(&folder, "message.content")))] {
        let message = read(&folder, name);
        let judged = match &content {
            Some(content) => judge_detached(content, &message, &Trust::default(), &policy(), at("2018-11-01T00:00:00Z")),
            None => judge_enclosing(&message, &Trust::default(), &policy(), at("2018-11-01T00:00:00Z")),
        };
        // The test authority is nobody's root; nothing is wrong with the signature.
        assert_eq!(shown(&judged), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED", "{name}\n{}", detail(&judged));
        assert_eq!(judged.signatures[0].algorithm, "DSTU 4145 m=257");
    }
}

#[test]
fn small_curves_and_old_digests_are_for_the_policy_to_refuse() {
    let Some(folder) = testdata("dstu") else { return };
    let embedded = policy();
    for (from, to) in [("\"DSTU-257\", ", ""), ("\"GOST 34.311\" = \"2031", "\"GOST 34.311\" = \"2021")] {
        let policy = oblik_signature::Policy::parse(&embedded.text().replacen(from, to, 1)).unwrap();
        let content = read(&folder, &format!("{BARE}.content"));
        let judged = judge_detached(&content, &read(&folder, BARE), &chain(&folder), &policy, at(THEN));
        assert_eq!(shown(&judged), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM", "{to}\n{}", detail(&judged));
    }
}
