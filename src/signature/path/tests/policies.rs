//! Certificate policies beside PKITS: what the operator may ask for, and trees that would grow without end.

use std::sync::Arc;

use super::world::{Party, authority, params, party};
use crate::asn1::write;
use crate::certificate::Certificate;
use crate::path::PolicySettings;
use crate::path::policies::hold;

fn oid(number: usize) -> const_oid::ObjectIdentifier {
    const_oid::ObjectIdentifier::new(&format!("1.2.3.{number}")).unwrap()
}

fn named(policies: &[const_oid::ObjectIdentifier]) -> rcgen::CustomExtension {
    let list: Vec<Vec<u8>> = policies.iter().map(|policy| write::sequence(&[&write::oid(policy)])).collect();
    rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 32], write::sequence(&[&list.concat()]))
}

fn mapped(pairs: &[(usize, usize)]) -> rcgen::CustomExtension {
    let list: Vec<Vec<u8>> =
        pairs.iter().map(|(from, to)| write::sequence(&[&write::oid(&oid(*from)), &write::oid(&oid(*to))])).collect();
    rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 33], write::sequence(&[&list.concat()]))
}

fn wanted(policies: &[usize], require_explicit: bool) -> PolicySettings {
    let any_of = policies.iter().map(|number| oid(*number).as_bytes().to_vec()).collect();
    PolicySettings { any_of, require_explicit, ..PolicySettings::default() }
}

/// Signer first, root last; each with its extensions, from below the root down.
fn path(extensions: Vec<Vec<rcgen::CustomExtension>>) -> Vec<Arc<Certificate>> {
    let mut chain: Vec<Party> = vec![party(authority("A"), None)];
    let last = extensions.len() - 1;
    for (position, extensions) in extensions.into_iter().enumerate() {
        let mut params = if position == last { params("X") } else { authority(&format!("A{position}")) };
        params.custom_extensions = extensions;
        let next = party(params, chain.last());
        chain.push(next);
    }
    chain.iter().rev().map(|party| Arc::clone(&party.certificate)).collect()
}

#[test]
fn a_policy_counts_under_the_name_the_root_knows_it_by() {
    // The authority knows policy 1, its customers have policy 2, which is the same.
    let path = path(vec![vec![named(&[oid(1)]), mapped(&[(1, 2)])], vec![named(&[oid(2)])]]);
    for (policies, require_explicit, expected) in
        [(&[1][..], true, true), (&[2], true, false), (&[], true, true), (&[3, 1], true, true), (&[2], false, true)]
    {
        assert_eq!(hold(&path, &wanted(policies, require_explicit)), Ok(expected), "{policies:?} {require_explicit}");
    }
    let inhibited = PolicySettings { inhibit_mapping: true, ..wanted(&[1], true) };
    assert_eq!(hold(&path, &inhibited), Ok(false));
}

#[test]
fn mappings_that_multiply_at_every_level_cost_no_more_than_their_number() {
    let policies: Vec<_> = (1..=8).map(oid).collect();
    let all: Vec<(usize, usize)> = (1..=8).flat_map(|from| (1..=8).map(move |to| (from, to))).collect();
    let mut levels: Vec<_> = (0..12).map(|_| vec![named(&policies), mapped(&all)]).collect();
    levels.push(vec![named(&policies)]);
    let path = path(levels);
    // As a tree, 8 to the power of 13 leaves.
    assert_eq!(hold(&path, &wanted(&[5], true)), Ok(true));
    assert_eq!(hold(&path, &wanted(&[9], true)), Ok(false));
}

#[test]
fn what_cannot_be_read_or_counted_is_refused() {
    let too_many: Vec<_> = (1..=65).map(oid).collect();
    for extensions in [named(&too_many), named(&[])] {
        assert!(hold(&path(vec![vec![extensions]]), &wanted(&[], true)).is_err());
    }
    assert_eq!(hold(&path(vec![vec![named(&too_many[..64])]]), &wanted(&[64], true)), Ok(true));
    assert_eq!(hold(&path(vec![vec![]]), &wanted(&[], true)), Ok(false));
    assert_eq!(hold(&path(vec![vec![]]), &wanted(&[], false)), Ok(true));
}
