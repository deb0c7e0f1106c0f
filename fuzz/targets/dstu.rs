//! Keys and signatures of DSTU 4145: a curve's number, a key, a hash and a signature, one after another.

use oblik_dstu4145::{Curve, PublicKey};

use crate::world::World;

/// Octets of a hash of GOST 34.311.
const HASH: usize = 32;

pub fn run(world: &World, data: &[u8]) {
    let Some((curve, rest)) = data.split_first() else { return };
    let curve = Curve::ALL[usize::from(*curve) % Curve::ALL.len()];
    let key_octets = curve.bits().div_ceil(8);
    let Some((key, rest)) = rest.split_at_checked(key_octets) else { return };
    let Some((hash, signature)) = rest.split_at_checked(HASH) else { return };
    let Ok(key) = PublicKey::of(curve, key) else { return };
    if key.verify(hash, signature) {
        assert!(world.ukrainian.iter().any(|known| known.ends_with(signature)), "a signature holds that nobody made");
    }
}
