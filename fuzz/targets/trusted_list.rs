//! Trusted lists: what is read is what a signer of lists signed.

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    if let Ok(list) = world.read_list(data) {
        assert!(world.lists.contains(&list), "a list is believed that nobody signed");
    }
}
