//! Key files, opened with the passphrase the seeds were made with.

use oblik_signature::{Signer, pkcs12};

use crate::world::World;

pub fn run(_: &World, data: &[u8]) {
    if let Ok(content) = pkcs12::read(data, "fuzz") {
        let _ = Signer::new(&content.private_key, &content.certificates);
    }
}
