//! CMS messages in DER, BER, PEM and base64, enclosing and detached.

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    world.holds(&world.enclosing(data), data, None);
    world.holds(&world.detached(&world.content, data), data, Some(&world.content));
}
