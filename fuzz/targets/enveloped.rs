//! Encrypted messages to our own keys, and what they hold.

use oblik_signature::{judge_file, looks_encrypted, open};

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let _ = looks_encrypted(data);
    let Ok(opened) = open(data, &world.decryptors) else { return };
    // Nothing is compressed in there.
    assert!(opened.len() <= data.len());
    let judged = judge_file(&opened, None, &world.trust(), &world.policy, world.moment);
    world.holds(&judged, &opened, None);
}
