//! Policies of signatures.

use oblik_signature::Policy;

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(policy) = Policy::parse(text) {
        assert_eq!(policy.text(), text);
        let _ = oblik_signature::judge_detached(&world.content, &world.bare, &world.trust(), &policy, world.moment);
    }
}
