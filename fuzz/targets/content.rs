//! Content beside a signature that is sound.

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let judged = world.detached(data, &world.bare);
    world.holds(&judged, &world.bare, Some(data));
    assert_eq!(judged.signed.is_some(), data == world.content);
}
