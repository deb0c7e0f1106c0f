//! Timestamps and whatever else stands unsigned beside a sound signature: the input is its unsigned attributes.

use crate::parts::with_unsigned;
use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let message = with_unsigned(&world.town, data);
    world.holds(&world.detached(&world.content, &message), &message, Some(&world.content));
    world.holds(&world.enclosing(&message), &message, None);
}
