//! ASiC containers: archives, manifests and the signatures in them.

use oblik_signature::{judge_asic, judge_file};

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let judged = judge_asic(data, &world.trust(), &world.policy, world.moment);
    world.holds(&judged, data, None);
    let as_file = judge_file(data, None, &world.trust(), &world.policy, world.moment);
    world.holds(&as_file, data, None);
}
