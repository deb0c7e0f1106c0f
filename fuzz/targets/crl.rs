//! Revocation lists: one that nobody signed never makes a status known.

use oblik_signature::evidence::Evidence;
use oblik_signature::judge_detached;

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let mut trust = world.trust();
    if trust.add_crls(data).is_err() {
        return;
    }
    let judged = judge_detached(&world.content, &world.bare, &trust, &world.strict, world.moment);
    world.holds(&judged, &world.bare, Some(&world.content));
    let evidence: serde_json::Value =
        serde_json::from_slice(&Evidence::of(&judged, &world.bare, Some(&world.content)).to_bytes()).expect("JSON");
    if judged.signed.is_none() {
        return;
    }
    // Evidence keeps every list that was at hand. What passes must pass by those alone that an authority of this world signed.
    let lists = evidence["revocation_lists"].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    let mut trust = world.trust();
    for list in lists.filter(|list| world.is_known_list(list)) {
        let pem = format!("-----BEGIN X509 CRL-----\n{list}\n-----END X509 CRL-----\n");
        trust.add_crls(pem.as_bytes()).expect("a list of this world");
    }
    let again = judge_detached(&world.content, &world.bare, &trust, &world.strict, world.moment);
    assert!(again.signed.is_some(), "a status is taken from a list that nobody signed");
}
