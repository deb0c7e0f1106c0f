//! The hashes that go with the signature: GOST 34.311-95 with the Ukrainian substitution boxes, and Kupyna (DSTU 7564:2014).

use kupyna::{Digest, Kupyna256, Kupyna384, Kupyna512};

use crate::gost;

/// Which hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hash {
    Gost34311,
    Kupyna256,
    Kupyna384,
    Kupyna512,
}

/// A hash being computed, piece by piece.
#[derive(Clone)]
pub struct Hasher(State);

#[derive(Clone)]
enum State {
    Gost34311(Box<gost::Gost34311>),
    Kupyna256(Box<Kupyna256>),
    Kupyna384(Box<Kupyna384>),
    Kupyna512(Box<Kupyna512>),
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hasher")
    }
}

impl Hash {
    pub fn hasher(self) -> Hasher {
        Hasher(match self {
            Self::Gost34311 => State::Gost34311(Box::default()),
            Self::Kupyna256 => State::Kupyna256(Box::default()),
            Self::Kupyna384 => State::Kupyna384(Box::default()),
            Self::Kupyna512 => State::Kupyna512(Box::default()),
        })
    }

    pub fn of(self, bytes: &[u8]) -> Vec<u8> {
        let mut hasher = self.hasher();
        hasher.update(bytes);
        hasher.finish()
    }
}

impl Hasher {
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Gost34311(state) => state.update(bytes),
            State::Kupyna256(state) => state.update(bytes),
            State::Kupyna384(state) => state.update(bytes),
            State::Kupyna512(state) => state.update(bytes),
        }
    }

    /// The hash in the order of octets the standards print, which is the little-endian one of [`crate::PublicKey::verify`].
    pub fn finish(self) -> Vec<u8> {
        match self.0 {
            State::Gost34311(state) => state.finish(),
            State::Kupyna256(state) => state.finalize().to_vec(),
            State::Kupyna384(state) => state.finalize().to_vec(),
            State::Kupyna512(state) => state.finalize().to_vec(),
        }
    }
}
