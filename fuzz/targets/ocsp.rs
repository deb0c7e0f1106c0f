//! OCSP answers: one that nobody gave never makes a status known.

use oblik_signature::judge_detached;

use crate::world::World;

pub fn run(world: &World, data: &[u8]) {
    let mut trust = world.trust();
    if trust.add_ocsp_responses(data).is_err() {
        return;
    }
    let judged = judge_detached(&world.content, &world.town, &trust, &world.strict, world.moment);
    world.holds(&judged, &world.town, Some(&world.content));
    if judged.signed.is_some() {
        let good = &world.good_answer;
        assert!(data.windows(good.len()).any(|window| window == good), "a status is taken from an answer that nobody gave");
    }
}
