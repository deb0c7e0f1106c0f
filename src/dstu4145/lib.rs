//! DSTU 4145-2002, the Ukrainian signature over elliptic curves of binary fields: verification only, with its hashes.
//!
//! Most qualified signatures of Ukraine are made with it, and no library of those Oblik stands on knows it. Everything here is
//! public (keys, hashes, signatures), so nothing needs to take constant time. Octet strings are little-endian, as the
//! Ukrainian profiles write them; who holds the big-endian ones reverses them ([`reversed`]).

mod curve;
mod field;
mod gost;
mod hash;
mod key;
mod point;
mod product;
mod scalar;

pub use curve::{Curve, Explicit};
pub use hash::{Hash, Hasher};
pub use key::{KeyFault, PublicKey};

/// The octets the other way round: a big-endian key or signature for this package, which reads little-endian ones.
///
/// A big-endian signature is `s ‖ r`, so its reversal is the little-endian `r ‖ s`.
pub fn reversed(octets: &[u8]) -> Vec<u8> {
    octets.iter().rev().copied().collect()
}
