//! Answers and lists by somebody who wants a bad certificate to look good, and what is only written another way.

use rcgen::{DnType, DnValue, ExtendedKeyUsagePurpose, Issuer, SerialNumber};

use super::world::{Answer, List, Party, SERIAL, World, authority, generalized, good, november, params, party, response, signed};
use crate::algorithm::Digest;
use crate::asn1::{ENUMERATED, context, write};
use crate::ocsp::OcspResponse;
use crate::{Policy, oids};

const PASSED: &str = "PASSED";
const SUSPENDED: &str = "TRY_LATER SIG-SUSPENDED";

fn if_available(mut world: World) -> World {
    world.policy = Policy::embedded();
    world
}

fn held(since: &str) -> Vec<u8> {
    let reason = write::explicit(0, &write::element(ENUMERATED, &[6]));
    write::element(context(1), &[generalized(since), reason].concat())
}

#[test]
fn a_suspension_that_was_told_last_is_not_forgotten_when_its_list_or_answer_ends() {
    let ended = || november().of("2026-10-01", Some("2026-10-02"));
    let with = |lists: &[List]| lists.iter().fold(if_available(World::new(|_| ())), World::with).now();
    assert_eq!(with(&[ended().revoking("2026-09-30", Some(6))]), SUSPENDED);
    assert_eq!(with(&[ended().revoking("2026-09-30", Some(6)), november()]), PASSED, "a newer list lifts it");
    let older = ended().of("2026-09-01", Some("2026-09-02"));
    assert_eq!(with(&[ended(), older.revoking("2026-08-30", Some(6))]), SUSPENDED, "two ended lists: nothing fresh is known");

    let mut world = if_available(World::new(|_| ()));
    let answer = Answer { this_update: "2026-11-01", ..Answer::of(&world, held("2026-10-30")) };
    let der = response(&[answer], &world.root, &[]);
    world.material.add_ocsp_response(&der);
    assert_eq!(world.now(), SUSPENDED);
    assert_eq!(world.with(&november().of("2026-11-10", Some("2026-12-01"))).now(), PASSED);
}

fn responder(root: &Party) -> Party {
    let mut params = params("OCSP");
    params.serial_number = Some(SerialNumber::from(SERIAL));
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    party(params, Some(root))
}

/// Who holds the key of a revoked responder can write any day into an answer.
#[test]
fn a_responder_that_is_revoked_by_now_vouches_for_nothing() {
    for (revoked, counts) in [(None, true), (Some("2026-11-19T18:00:00Z"), false), (Some("2026-11-04"), false)] {
        let mut world = World::new(|params| params.serial_number = Some(SerialNumber::from(SERIAL + 1)));
        let responder = responder(&world.root);
        let answer = Answer { serial: SERIAL + 1, ..Answer::of(&world, good()) };
        world.material.add_ocsp_response(&response(&[answer], &responder, &[]));
        let list = november().of("2026-11-20", Some("2026-12-01"));
        let world = world.with(&revoked.map_or(list.clone(), |since| list.revoking(since, Some(1))));
        // The answer is of 19 November, noon; the signature is older.
        let path = world.judge("2026-11-05", "2026-11-20");
        assert_eq!(!path.ocsp_responses.is_empty(), counts, "{revoked:?}");
    }
}

#[test]
fn an_authority_revoked_since_leaves_no_proof_that_what_it_issued_is_older() {
    let root = party(authority("Корінь"), None);
    let mut issuing = authority("ЦСК");
    issuing.serial_number = Some(SerialNumber::from(SERIAL));
    let issuing = party(issuing, Some(&root));
    for (revoked, expected) in
        [(None, PASSED), (Some("2026-11-15"), "REVOKED_CA_NO_POE SIG-REVOKED"), (Some("2026-11-21"), PASSED)]
    {
        let mut world = World::new(|_| ());
        world.leaf = party(params("Підписувач"), Some(&issuing));
        world.root = Party { key: super::world::key(), params: root.params.clone(), certificate: root.certificate.clone() };
        world.material.certificates.push(issuing.certificate.clone());
        let list = november().of("2026-11-20", Some("2026-12-01"));
        let list = revoked.map_or(list.clone(), |since| list.revoking(since, Some(2)));
        world.material.add_revocation_list(&list.signed_by(&root));
        world.material.add_revocation_list(&november().signed_by(&issuing));
        assert_eq!(world.shown("2026-11-05", "2026-11-20"), expected, "{revoked:?}");
    }
}

#[test]
fn an_authority_is_meant_by_its_name_as_it_or_its_customers_certificate_writes_it() {
    let mut world = World::new(|_| ());
    let mut written = authority("x");
    written.distinguished_name = rcgen::DistinguishedName::new();
    written.distinguished_name.push(DnType::CommonName, DnValue::PrintableString("Centre".try_into().unwrap()));
    world.root = party(written, None);
    let otherwise = authority("Centre");
    let issuer = Issuer::from_params(&otherwise, &world.root.key);
    let mut leaf = params("Підписувач");
    leaf.serial_number = Some(SerialNumber::from(SERIAL));
    let key = super::world::key();
    let certificate = leaf.signed_by(&key, &issuer).unwrap();
    world.leaf.certificate = std::sync::Arc::new(crate::certificate::Certificate::of(certificate.der()).unwrap());
    let (leaf, root) = (world.leaf.certificate.clone(), world.root.certificate.clone());
    assert_ne!(leaf.issuer.raw, root.subject.raw);
    for (name, expected) in
        [(&leaf.issuer.raw, PASSED), (&root.subject.raw, PASSED), (&leaf.subject.raw, "TRY_LATER SIG-REVOCATION-UNKNOWN")]
    {
        world.material = crate::material::Material::default();
        let answer = Answer { name: Digest::Sha1.compute(name).unwrap(), ..Answer::of(&world, good()) };
        let der = response(&[answer], &world.root, &[]);
        world.material.add_ocsp_response(&der);
        assert_eq!(world.now(), expected);
    }
    // RFC 6960 §4.1.1: what is asked is the name in the certificate.
    let asked = crate::ocsp::request(&leaf, &root, None);
    let named = Digest::Sha1.compute(&leaf.issuer.raw).unwrap();
    assert!(asked.windows(20).any(|window| window == named));
}

#[test]
fn a_responder_is_named_by_a_digest_of_its_key_whichever_its_country_uses() {
    let by_key = |value: &dyn Fn(&[u8]) -> Vec<u8>| {
        let mut world = World::new(|_| ());
        let plain = response(&[Answer::of(&world, good())], &world.root, &[]);
        let parsed = OcspResponse::of(&plain).unwrap();
        let mut parts = crate::asn1::Element::only(&parsed.signed).unwrap().reader().all().unwrap();
        let named = write::explicit(2, &write::octets(&value(&world.root.certificate.key_octets)));
        parts.remove(0);
        let rest: Vec<u8> = parts.iter().flat_map(|part| part.raw.iter().copied()).collect();
        let der = signed(&write::sequence(&[&named, &rest]), &world.root, &[]);
        world.material.add_ocsp_response(&der);
        world.now()
    };
    for digest in [Digest::Sha1, Digest::Gost34311, Digest::Sha256, Digest::Kupyna256] {
        assert_eq!(by_key(&|key| digest.compute(key).unwrap()), PASSED, "{}", digest.as_str());
    }
    assert_eq!(by_key(&|_| vec![0; 32]), "TRY_LATER SIG-REVOCATION-UNKNOWN");
    assert_eq!(by_key(&|_| Vec::new()), "TRY_LATER SIG-REVOCATION-UNKNOWN");
}

/// Each of these took minutes: work that grows with the square of what somebody unknown sent.
mod floods {
    use super::*;
    use crate::asn1::time;
    use crate::certificate::Certificate;
    use crate::crl::RevocationList;
    use crate::path::tests::world::{at, extension, integer};

    #[test]
    fn a_certificate_of_countless_extensions_is_not_read() {
        let world = World::new(|_| ());
        let der = &world.leaf.certificate.der;
        let with = |count: u32| {
            let parts = crate::asn1::Element::only(der).unwrap().reader().all().unwrap();
            let mut inner: Vec<Vec<u8>> = parts[0].reader().all().unwrap().iter().map(|part| part.raw.to_vec()).collect();
            let oid = |n: u32| const_oid::ObjectIdentifier::from_arcs([1, 2, 3, n]).unwrap();
            let all: Vec<u8> = (0..count).flat_map(|n| extension(&oid(n), false, &[5, 0])).collect();
            inner.pop();
            inner.push(write::explicit(3, &write::sequence(&[&all])));
            let inner = write::sequence(&[&inner.concat()]);
            write::sequence(&[&inner, parts[1].raw, parts[2].raw])
        };
        assert!(Certificate::of(&with(60)).is_ok());
        assert!(Certificate::of(&with(200_000)).is_err());
    }

    #[test]
    fn a_list_that_names_one_number_or_one_issuer_countless_times_is_not_read() {
        let world = World::new(|_| ());
        let day = time::encode(at("2026-11-02"));
        let entry = |serial: u64, more: &[u8]| write::sequence(&[&integer(serial), &day, more]);
        let issuers = |count: usize| {
            let name = write::explicit(4, &world.root.certificate.subject.raw);
            let names = write::sequence(&[&name.repeat(count)]);
            write::sequence(&[&extension(&oids::CERTIFICATE_ISSUER, true, &names)])
        };
        let list = |entries: Vec<Vec<u8>>| {
            let mut list = november();
            list.entries = entries;
            list.signed_by(&world.root)
        };
        let twice = list(vec![entry(SERIAL, &issuers(1)), entry(SERIAL, &[])]);
        assert!(RevocationList::of(&twice).is_ok());
        let der = list((0..30_000).map(|_| entry(SERIAL, &[])).collect());
        assert!(RevocationList::of(&der).is_err(), "one number");
        let der = list(vec![entry(1, &issuers(30_000))]);
        assert!(RevocationList::of(&der).is_err(), "one issuer");
    }

    #[test]
    fn countless_answers_about_one_certificate_are_held_against_it_once() {
        let mut world = World::new(|_| ());
        let wrong =
            |world: &World| Answer { key: vec![7; 32], ..Answer::digested(world, good(), Digest::Gost34311, oids::GOST_34311) };
        for number in 0..100_u32 {
            let answers: Vec<Answer> = (0..100).map(|_| wrong(&world)).collect();
            let content = write::sequence(&[&write::oid(&oids::OCSP_NONCE), &write::octets(&number.to_be_bytes())]);
            let der = response(&answers, &world.root, &content);
            world.material.add_ocsp_response(&der);
        }
        assert_eq!(world.material.ocsp_responses.len(), 100);
        assert_eq!(world.now(), "TRY_LATER SIG-REVOCATION-UNKNOWN");
    }
}
