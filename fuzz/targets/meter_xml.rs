//! Files of partners: meter readings, master data, acknowledgements, in any encoding.

use oblik_edi::{read_acknowledgement, read_master_data, read_meter_file};

use crate::world::World;

pub fn run(_: &World, data: &[u8]) {
    let (mut records, mut items) = (0_u64, 0_u64);
    let _ = read_meter_file(data, &mut |_| records += 1);
    let _ = read_master_data(data, &mut |_| items += 1);
    let _ = read_acknowledgement(data);
    let _ = oblik_edi::check(data);
}
