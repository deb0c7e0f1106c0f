//! Messages made to be slow: everything here is read before any signature is known to be good.

use super::proofs::{CONTENT, UNPROVEN, judge, plain, shown};
use crate::algorithm::Digest;
use crate::asn1::write;
use crate::forge::{self, Message, Token, at, attribute, pki, with_unsigned};
use crate::{Indication, oids};

const JUNE: &str = "2026-06-01T12:00:05Z";

fn unknown(n: u32) -> Vec<u8> {
    attribute(&const_oid::ObjectIdentifier::from_arcs([1, 2, 3, n]).unwrap(), write::null())
}

#[test]
fn countless_attributes_are_not_read() {
    let mut message = Message::new(&pki().signer, CONTENT);
    message.attributes.extend((0..60_000).map(unknown));
    let judged = judge(&message.finish());
    assert_eq!(judged.sub_indication.map(crate::SubIndication::as_str), Some("FORMAT_FAILURE"));
    assert!(judged.all_findings().count() < 10);
    let unsigned = with_unsigned(&plain(), |_| (0..60_000).map(unknown).collect());
    assert_ne!(judge(&unsigned).indication, Indication::TotalPassed);
    let some = with_unsigned(&plain(), |_| (0..40).map(unknown).collect());
    assert_eq!(shown(&judge(&some)), UNPROVEN);
}

#[test]
fn of_countless_timestamps_of_the_content_some_are_judged() {
    let token = Token::new(&pki().second_tsa, CONTENT, at(JUNE)).finish();
    let mut message = Message::new(&pki().signer, CONTENT);
    message.attributes.extend((0..60).map(|_| attribute(&oids::CONTENT_TIMESTAMP, token.clone())));
    let judged = judge(&message.finish());
    assert_eq!(judged.signatures[0].timestamps.len(), oblik_domain::limits::CMS_TIMESTAMPS);
    assert!(judged.all_findings().any(|finding| finding.code.as_str() == "SIG-LIMIT"));
}

#[test]
fn an_index_that_names_countless_things_is_looked_up() {
    let digests = |from: u32, count: u32| -> Vec<u8> {
        let each = (from..from + count).map(|n| write::octets(&Digest::Sha256.compute(&n.to_be_bytes()).unwrap()));
        write::sequence(&[&each.collect::<Vec<_>>().concat()])
    };
    let index = write::sequence(&[&forge::digest_id(Digest::Sha256), &digests(0, 0), &digests(1, 30_000), &digests(0, 0)]);
    let mut message = Message::new(&pki().signer, CONTENT);
    message.lists = (0..30_000_u32).map(|n| write::element(0xa1, &write::octets(&n.to_be_bytes()))).collect();
    let archived = with_unsigned(&message.finish(), |_| {
        let mut token = Token::new(&pki().tsa, b"", at(JUNE));
        token.unsigned = vec![attribute(&oids::HASH_INDEX_V3, index)];
        vec![attribute(&oids::ARCHIVE_TIMESTAMP_V3, token.finish()); 2]
    });
    assert_eq!(shown(&judge(&archived)), UNPROVEN);
}
