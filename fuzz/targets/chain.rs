//! Certificates of authorities, between a root and a signer whose message is sound.

use oblik_signature::{Trust, judge_detached};

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let mut trust = world.root();
    // Either all the certificates of a file or none.
    let before = trust.anchors().count();
    let _ = trust.add_intermediates(data);
    assert_eq!(trust.anchors().count(), before);
    let judged = judge_detached(&world.content, &world.bare, &trust, &world.policy, world.moment);
    world.holds(&judged, &world.bare, Some(&world.content));

    // As a root of trust it is whom the configuration names: only reading it and looking for a path is asked.
    let mut trust = Trust::default();
    if trust.add_anchors(data).is_ok() {
        let _ = judge_detached(&world.content, &world.bare, &trust, &world.policy, world.moment);
    }
}
