//! Reading acts: what is read is written again to the same act.

use oblik_edi::{read_reading_act, write_reading_act};

use crate::world::World;

pub fn run(_: &World, data: &[u8]) {
    if let Ok(act) = read_reading_act(data) {
        assert_eq!(read_reading_act(&write_reading_act(&act)).as_ref(), Ok(&act));
    }
}
