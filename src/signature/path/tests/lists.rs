//! Lists of every kind: in parts, continued, contradicting each other, by other hands, and such as are not understood.

use super::world::{List, World, authority, delta_of, extension, november, number, openssl_passes, party, reasons, strange};
use crate::asn1::{context, context_primitive, write};
use crate::oids;
use crate::policy::Policy;

const PASSED: &str = "PASSED";
const REVOKED: &str = "REVOKED SIG-REVOKED";
const SUSPENDED: &str = "TRY_LATER SIG-SUSPENDED";
const UNKNOWN: &str = "TRY_LATER SIG-REVOCATION-UNKNOWN";
const HOLD: Option<u8> = Some(6);
const REMOVED: Option<u8> = Some(8);
const DAY: &str = "2026-11-02";

/// Where OpenSSL answers otherwise, with the reason.
const OTHERWISE: [(&str, &str); 5] = [
    ("that has ended", "it still hears a delta list whose end has passed"),
    ("a revocation is not lifted", "it takes back any reason; RFC 5280 §5.3.1 lets holds be lifted"),
    ("a revocation that a newer list forgets", "it asks the newest list only; a revocation is for ever"),
    ("a revocation on a list that has ended", "the same"),
    ("an end that is not told", "it lets such a list stand for ever; RFC 5280 §5.1.2.5 requires the field"),
];

fn confirm(world: &World, expected: &str, case: &str) {
    if world.material.revocation_lists.is_empty() {
        return;
    }
    let is_otherwise = OTHERWISE.iter().any(|(known, _)| *known == case);
    assert_eq!(openssl_passes(world) == (expected == PASSED), !is_otherwise, "openssl verify: {case}");
}

fn delta(number_: u64, base: u64) -> List {
    november().of("2026-11-10", Some("2026-11-30")).numbered(&[number(number_), delta_of(base)])
}

fn newer() -> List {
    november().of("2026-11-10", Some("2026-12-10")).numbered(&[number(11)])
}

#[test]
fn lists_together_say_what_the_gravest_and_newest_of_them_says() {
    let november_ = november;
    for (case, lists, expected) in [
        ("nothing", vec![], UNKNOWN),
        ("clean", vec![november_()], PASSED),
        ("revoked", vec![november_().revoking(DAY, Some(1))], REVOKED),
        ("revoked without a reason", vec![november_().revoking(DAY, None)], REVOKED),
        ("on hold", vec![november_().revoking(DAY, HOLD)], SUSPENDED),
        ("hold lifted by a newer list", vec![november_().revoking(DAY, HOLD), newer()], PASSED),
        ("held by a newer list", vec![november_(), newer().revoking(DAY, HOLD)], SUSPENDED),
        ("on hold and revoked in one list", vec![november_().revoking(DAY, HOLD).revoking(DAY, None)], REVOKED),
        ("a revocation that a newer list forgets", vec![november_().revoking(DAY, None), newer()], REVOKED),
        (
            "a revocation on a list that has ended",
            vec![november_().of("2026-10-01", Some("2026-11-01")).revoking("2026-10-01", None), november_()],
            REVOKED,
        ),
        (
            "a hold on a list that has ended",
            vec![november_().of("2026-10-01", Some("2026-11-01")).revoking("2026-10-01", HOLD)],
            SUSPENDED,
        ),
        ("an end that is not told", vec![november_().of("2026-11-19", None)], UNKNOWN),
        ("version 1", vec![List { is_first_version: true, ..november_() }], PASSED),
        ("version 1, revoked", vec![List { is_first_version: true, ..november_().revoking(DAY, None) }], REVOKED),
    ] {
        let world = lists.iter().fold(World::new(|_| ()), World::with);
        assert_eq!(world.now(), expected, "{case}");
        confirm(&world, expected, case);
        let world = lists.iter().rev().fold(World::new(|_| ()), World::with);
        assert_eq!(world.now(), expected, "{case}, the other way round");
    }
}

#[test]
fn a_delta_list_continues_the_list_it_names() {
    let base = november;
    let address = write::element(context_primitive(6), b"http://example.ua/delta.crl");
    let point = write::element(context(0), &write::element(context(0), &address));
    let points = write::sequence(&[&write::sequence(&[&point])]);
    let freshest = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 46], points);
    let idp = || reasons(0x7f80);
    for (case, base, delta, expected) in [
        ("only a delta", None, delta(11, 10), UNKNOWN),
        ("only a delta, revoking", None, delta(11, 10).revoking(DAY, None), REVOKED),
        ("nothing new", Some(base()), delta(11, 10), PASSED),
        ("revoked since", Some(base()), delta(11, 10).revoking(DAY, None), REVOKED),
        ("held since", Some(base()), delta(11, 10).revoking(DAY, HOLD), SUSPENDED),
        ("hold lifted", Some(base().revoking(DAY, HOLD)), delta(11, 10).revoking(DAY, REMOVED), PASSED),
        ("hold that became a revocation", Some(base().revoking(DAY, HOLD)), delta(11, 10).revoking(DAY, Some(1)), REVOKED),
        ("a revocation is not lifted", Some(base().revoking(DAY, Some(1))), delta(11, 10).revoking(DAY, REMOVED), REVOKED),
        ("of an earlier base", Some(base().revoking(DAY, HOLD)), delta(11, 9).revoking(DAY, REMOVED), PASSED),
        ("of a later base", Some(base().revoking(DAY, HOLD)), delta(12, 11).revoking(DAY, REMOVED), SUSPENDED),
        ("older than the base", Some(base().revoking(DAY, HOLD)), delta(9, 9).revoking(DAY, REMOVED), SUSPENDED),
        ("of another scope", Some(base().revoking(DAY, HOLD)), delta(11, 10).plus(idp()).revoking(DAY, REMOVED), SUSPENDED),
        (
            "that has ended",
            Some(base().revoking(DAY, HOLD)),
            delta(11, 10).of("2026-11-10", Some("2026-11-11")).revoking(DAY, REMOVED),
            SUSPENDED,
        ),
        (
            "that is not understood",
            Some(base().revoking(DAY, HOLD)),
            delta(11, 10).plus(strange(true)).revoking(DAY, REMOVED),
            REVOKED,
        ),
    ] {
        // OpenSSL asks delta lists only about certificates that say where they are.
        let world = World::new(|params| params.custom_extensions = vec![freshest.clone()]);
        let world = base.iter().fold(world, World::with).with(&delta);
        assert_eq!(world.now(), expected, "{case}");
        confirm(&world, expected, case);
    }
}

#[test]
fn lists_of_some_reasons_count_when_together_they_cover_all() {
    let some = |bits: u16| november().plus(reasons(bits));
    // keyCompromise and cACompromise; the rest.
    let (first, second) = (0x6000, 0x1f80);
    for (case, lists, expected) in [
        ("all at once", vec![some(0x7f80)], PASSED),
        ("one part", vec![some(first)], UNKNOWN),
        ("both parts", vec![some(first), some(second)], PASSED),
        ("one reason is missing", vec![some(first), some(second & !0x0080)], UNKNOWN),
        ("revoked by one part", vec![some(first).revoking(DAY, Some(1)), some(second)], REVOKED),
        ("revoked by the only part", vec![some(first).revoking(DAY, Some(1))], REVOKED),
        ("held by the part that may", vec![some(first), some(second).revoking(DAY, HOLD)], SUSPENDED),
    ] {
        let world = lists.iter().fold(World::new(|_| ()), World::with);
        assert_eq!(world.now(), expected, "{case}");
        confirm(&world, expected, case);
    }
}

#[test]
fn a_list_that_is_not_understood_revokes_and_never_clears() {
    let unknown_reason = |is_critical| november().entry(DAY, &[strange(is_critical)]);
    for (case, list, expected) in [
        ("a critical extension", november().plus(strange(true)), UNKNOWN),
        ("one that is not critical", november().plus(strange(false)), PASSED),
        ("a critical extension, named", november().plus(strange(true)).revoking(DAY, HOLD), REVOKED),
        ("a critical extension of the entry", unknown_reason(true), REVOKED),
        ("one of the entry that is not critical", unknown_reason(false), REVOKED),
    ] {
        assert_eq!(World::new(|_| ()).with(&list).now(), expected, "{case}");
    }
}

#[test]
fn policy_bounds_the_age_of_lists() {
    let with = |list: List, hours: u32| {
        let mut world = World::new(|_| ()).with(&list);
        let text = world.policy.text().replace("# crl_age_max_hours = 168", &format!("crl_age_max_hours = {hours}"));
        world.policy = Policy::parse(&text).unwrap();
        world.now()
    };
    let of_yesterday = |next| november().of("2026-11-19", next);
    assert_eq!(with(of_yesterday(Some("2026-12-01")), 24), PASSED);
    assert_eq!(with(of_yesterday(Some("2026-12-01")), 23), UNKNOWN);
    assert_eq!(with(of_yesterday(None), 24), PASSED);
    assert_eq!(with(of_yesterday(None), 23), UNKNOWN);
}

/// Distribution points, or the issuing one, that name `issuer` as who signs the list.
fn indirect(issuer: &[u8], is_of_list: bool) -> Vec<u8> {
    let names = write::element(context(4), issuer);
    let name = write::element(context(0), &write::element(context(0), &names));
    if is_of_list {
        write::sequence(&[&name, &write::element(context_primitive(4), &[0xff])])
    } else {
        write::sequence(&[&write::sequence(&[&name, &write::element(context(2), &names)])])
    }
}

#[test]
fn an_indirect_list_counts_by_its_own_path_and_for_whom_it_names() {
    let root = party(authority("ЦСК"), None);
    let stranger = party(authority("ЦСК"), None);
    let signer_params = |name: &str| {
        let mut params = super::world::params(name);
        params.key_usages = vec![rcgen::KeyUsagePurpose::CrlSign];
        params
    };
    let signer = party(signer_params("Видавець списків"), Some(&root));
    let point = indirect(&signer.certificate.subject.raw, false);
    let mut leaf_params = super::world::params("Підписувач");
    leaf_params.serial_number = Some(rcgen::SerialNumber::from(super::world::SERIAL));
    leaf_params.custom_extensions = vec![rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 31], point)];
    let world = |by: &super::world::Party, list: &List, own: Option<&List>| {
        let mut world = World::new(|_| ());
        world.leaf = party(leaf_params.clone(), Some(&root));
        world.root = party(authority("не потрібний"), None);
        world.material.certificates.push(std::sync::Arc::clone(&by.certificate));
        world.material.add_revocation_list(&list.signed_by(by));
        // What tells the status of the list's signer.
        if let Some(own) = own {
            world.material.add_revocation_list(&own.signed_by(&root));
        }
        world.root = super::world::Party {
            key: super::world::key(),
            params: root.params.clone(),
            certificate: std::sync::Arc::clone(&root.certificate),
        };
        world.now()
    };
    let of_list = extension(&oids::ISSUING_DISTRIBUTION_POINT, true, &indirect(&signer.certificate.subject.raw, true));
    let list = || november().plus(of_list.clone());
    let named = |name: &[u8]| {
        let names = write::sequence(&[&write::element(context(4), name)]);
        extension(&oids::CERTIFICATE_ISSUER, true, &names)
    };
    let of_root = named(&root.certificate.subject.raw);
    let of_other = named(&signer.certificate.subject.raw);
    // The root's own list tells the signer's status, and, being general, the customer's as well: so it says "held".
    let own = november().revoking(DAY, HOLD);
    let only_authorities = november().plus(extension(
        &oids::ISSUING_DISTRIBUTION_POINT,
        true,
        &write::sequence(&[&write::element(context_primitive(2), &[0xff])]),
    ));
    for (case, by, list, own, expected) in [
        ("clean, nobody knows the signer's status", &signer, list(), None, UNKNOWN),
        ("clean, the signer's status out of scope", &signer, list(), Some(&only_authorities), UNKNOWN),
        ("revoked for the root's", &signer, list().entry(DAY, std::slice::from_ref(&of_root)), Some(&own), REVOKED),
        ("revoked for another's", &signer, list().entry(DAY, std::slice::from_ref(&of_other)), Some(&own), SUSPENDED),
        ("revoked without a name", &signer, list().revoking(DAY, None), Some(&own), SUSPENDED),
        (
            "by a stranger",
            &party(signer_params("Видавець списків"), Some(&stranger)),
            list().entry(DAY, &[of_root]),
            None,
            UNKNOWN,
        ),
    ] {
        assert_eq!(world(by, &list, own), expected, "{case}");
    }
}
