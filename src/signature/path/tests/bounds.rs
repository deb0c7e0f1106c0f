//! What is made to be slow, or is honestly large.

use super::world::{Party, SERIAL, World, authority, integer, november, params, party, shown};
use crate::asn1::{time, write};
use crate::crl::RevocationList;
use crate::path::Effort;

#[test]
fn a_list_of_a_hundred_thousand_entries_is_asked_without_being_unfolded() {
    let world = World::new(|_| ());
    let mut list = november();
    let day = time::encode(super::world::at("2026-11-02"));
    // Descending, every second number, so that order and absence are both seen.
    list.entries = (0..100_000_u64).rev().map(|number| write::sequence(&[&integer(0x10_0000 + 2 * number), &day])).collect();
    let der = list.signed_by(&world.root);
    let read = RevocationList::of(&der).unwrap();
    let asks = |serial: u64| {
        let mut certificate = (*world.leaf.certificate).clone();
        certificate.serial = integer(serial)[2..].to_vec();
        read.entry(&certificate).is_some()
    };
    for (serial, is_there) in
        [(0x10_0000, true), (0x10_0001, false), (0x10_0000 + 2 * 99_999, true), (0x10_0000 + 2 * 100_000, false), (SERIAL, false)]
    {
        assert_eq!(asks(serial), is_there, "{serial:x}");
    }
    let mut world = world;
    world.material.add_revocation_list(&der);
    assert_eq!(world.now(), "PASSED");
}

/// A message of many authorities that share a name, each of which may have issued the signer and each other.
#[test]
fn a_maze_of_authorities_and_lists_ends_and_is_told() {
    let mut world = World::new(|_| ());
    let twins: Vec<Party> = (0..20).map(|_| party(authority("ЦСК"), None)).collect();
    let certificates = || twins.iter().map(|twin| std::sync::Arc::clone(&twin.certificate));
    world.material.certificates.extend(certificates());
    let missing = party(authority("ЦСК"), None);
    world.leaf = party(params("Підписувач"), Some(&missing));
    assert_eq!(world.now(), "CERTIFICATE_CHAIN_GENERAL_FAILURE SIG-CHAIN");

    let mut world = World::new(|_| ());
    world.material.certificates.extend(certificates());
    for (position, twin) in twins.iter().enumerate() {
        let mut list = november();
        list.extensions = vec![super::world::number(u64::try_from(position).unwrap())];
        world.material.add_revocation_list(&list.revoking("2026-11-02", None).signed_by(twin));
    }
    assert_eq!(world.now(), "CERTIFICATE_CHAIN_GENERAL_FAILURE SIG-REVOCATION-UNKNOWN,SIG-LIMIT");
}

/// Eight signers with a dozen timestamps each are as many searches: what all of them cost is bounded as well.
#[test]
fn the_searches_of_one_file_share_what_it_may_cost() {
    let world = World::new(|_| ()).with(&november());
    let says = |effort: &Effort| shown(&world.judge_within(effort, "2026-11-20", "2026-11-20"));
    // The certificate and the list.
    let effort = Effort::of(4);
    assert_eq!(says(&effort), "PASSED");
    assert_eq!(says(&effort), "PASSED");
    assert!(says(&effort).contains("SIG-LIMIT") && says(&effort) != "PASSED", "{}", says(&effort));
    assert!(says(&Effort::of(1)).contains("SIG-LIMIT"));
}
