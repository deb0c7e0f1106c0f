//! The configuration of the daemon.

use oblik_config::Config;

use crate::world::World;

pub fn run(_: &World, data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = Config::parse(text, "/nowhere".as_ref());
    }
}
