//! Digests: what an identifier names, and its value over pieces of any size.

use aws_lc_rs::digest;
use oblik_dstu4145::{Hash, Hasher};
use sha3::Digest as _;

use crate::asn1::AlgorithmId;
use crate::oids;

/// A digest Oblik recognises. MD5 is recognised to be refused by its name, and never computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Digest {
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
    Sha3_224,
    Sha3_256,
    Sha3_384,
    Sha3_512,
    Gost34311,
    Kupyna256,
    Kupyna384,
    Kupyna512,
}

/// Every digest with its identifier and its name, which policy files use.
const KNOWN: [(Digest, const_oid::ObjectIdentifier, &str); 14] = [
    (Digest::Md5, oids::MD5, "MD5"),
    (Digest::Sha1, oids::SHA1, "SHA-1"),
    (Digest::Sha224, oids::SHA224, "SHA-224"),
    (Digest::Sha256, oids::SHA256, "SHA-256"),
    (Digest::Sha384, oids::SHA384, "SHA-384"),
    (Digest::Sha512, oids::SHA512, "SHA-512"),
    (Digest::Sha3_224, oids::SHA3_224, "SHA3-224"),
    (Digest::Sha3_256, oids::SHA3_256, "SHA3-256"),
    (Digest::Sha3_384, oids::SHA3_384, "SHA3-384"),
    (Digest::Sha3_512, oids::SHA3_512, "SHA3-512"),
    (Digest::Gost34311, oids::GOST_34311, "GOST 34.311"),
    (Digest::Kupyna256, oids::KUPYNA_256, "Kupyna-256"),
    (Digest::Kupyna384, oids::KUPYNA_384, "Kupyna-384"),
    (Digest::Kupyna512, oids::KUPYNA_512, "Kupyna-512"),
];

/// A digest being computed.
enum State {
    Aws(digest::Context),
    Sha3_224(Box<sha3::Sha3_224>),
    Ukrainian(Hasher),
}

impl Digest {
    pub const ALL: [Self; 14] = [
        Self::Md5,
        Self::Sha1,
        Self::Sha224,
        Self::Sha256,
        Self::Sha384,
        Self::Sha512,
        Self::Sha3_224,
        Self::Sha3_256,
        Self::Sha3_384,
        Self::Sha3_512,
        Self::Gost34311,
        Self::Kupyna256,
        Self::Kupyna384,
        Self::Kupyna512,
    ];

    pub fn as_str(self) -> &'static str {
        KNOWN.iter().find(|(digest, _, _)| *digest == self).map_or("", |(_, _, name)| name)
    }

    /// The digest of an `AlgorithmIdentifier` in a `digestAlgorithm` field. Its parameters say nothing: NULL, nothing, or the
    /// substitution box of GOST 34.311, of which Ukraine uses one.
    pub(crate) fn of(id: &AlgorithmId) -> Option<Self> {
        KNOWN.iter().find(|(_, oid, _)| id.oid == *oid).map(|(digest, _, _)| *digest)
    }

    /// The digest an `Algorithm` of an XML signature or of a manifest names. Sources: RFC 9231 §2.1. Ukraine's digests have no
    /// published names; taken are the two that stand in the containers of its central authority and of the state's own service
    /// (`xmldsig-more#gost34311` is Kazakhstan's, of another substitution box).
    pub fn of_uri(uri: &str) -> Option<Self> {
        Some(match uri {
            "http://www.w3.org/2001/04/xmldsig-more#md5" => Self::Md5,
            "http://www.w3.org/2000/09/xmldsig#sha1" => Self::Sha1,
            "http://www.w3.org/2001/04/xmlenc#sha256" => Self::Sha256,
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Self::Sha384,
            "http://www.w3.org/2001/04/xmlenc#sha512" => Self::Sha512,
            "http://www.w3.org/2007/05/xmldsig-more#sha3-256" => Self::Sha3_256,
            "http://www.w3.org/2007/05/xmldsig-more#sha3-384" => Self::Sha3_384,
            "http://www.w3.org/2007/05/xmldsig-more#sha3-512" => Self::Sha3_512,
            "http://www.w3.org/2001/04/xmlenc#gost34311" => Self::Gost34311,
            "http://www.w3.org/2001/04/xmlenc#dstu7564-256" => Self::Kupyna256,
            _ => return None,
        })
    }

    pub(crate) fn oid(self) -> Option<&'static const_oid::ObjectIdentifier> {
        const { &KNOWN }.iter().find(|(digest, _, _)| *digest == self).map(|(_, oid, _)| oid)
    }

    /// The digest of `bytes`; `None` for MD5.
    pub(crate) fn compute(self, bytes: &[u8]) -> Option<Vec<u8>> {
        self.compute_pieces(&[bytes])
    }

    /// As [`Self::compute`], over several pieces as if they were one.
    pub(crate) fn compute_pieces(self, pieces: &[&[u8]]) -> Option<Vec<u8>> {
        let mut state = self.state()?;
        for piece in pieces {
            match &mut state {
                State::Aws(context) => context.update(piece),
                State::Sha3_224(hasher) => hasher.update(piece),
                State::Ukrainian(hasher) => hasher.update(piece),
            }
        }
        Some(match state {
            State::Aws(context) => context.finish().as_ref().to_vec(),
            State::Sha3_224(hasher) => hasher.finalize().to_vec(),
            State::Ukrainian(hasher) => hasher.finish(),
        })
    }

    fn state(self) -> Option<State> {
        let algorithm = match self {
            Self::Md5 => return None,
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => &digest::SHA224,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
            Self::Sha3_224 => return Some(State::Sha3_224(Box::default())),
            Self::Sha3_256 => &digest::SHA3_256,
            Self::Sha3_384 => &digest::SHA3_384,
            Self::Sha3_512 => &digest::SHA3_512,
            Self::Gost34311 => return Some(State::Ukrainian(Hash::Gost34311.hasher())),
            Self::Kupyna256 => return Some(State::Ukrainian(Hash::Kupyna256.hasher())),
            Self::Kupyna384 => return Some(State::Ukrainian(Hash::Kupyna384.hasher())),
            Self::Kupyna512 => return Some(State::Ukrainian(Hash::Kupyna512.hasher())),
        };
        Some(State::Aws(digest::Context::new(algorithm)))
    }
}

/// SHA-256, by which Oblik names certificates, lists and documents.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digest_has_its_name_and_value() {
        // Of the three octets "abc": FIPS 180-4 and 202 examples; GOST and Kupyna are held by oblik-dstu4145.
        for (digest, name, start, length) in [
            (Digest::Sha1, "SHA-1", "a9993e36", 20),
            (Digest::Sha224, "SHA-224", "23097d22", 28),
            (Digest::Sha256, "SHA-256", "ba7816bf", 32),
            (Digest::Sha384, "SHA-384", "cb00753f", 48),
            (Digest::Sha512, "SHA-512", "ddaf35a1", 64),
            (Digest::Sha3_224, "SHA3-224", "e642824c", 28),
            (Digest::Sha3_256, "SHA3-256", "3a985da7", 32),
            (Digest::Sha3_384, "SHA3-384", "ec014982", 48),
            (Digest::Sha3_512, "SHA3-512", "b751850b", 64),
            (Digest::Gost34311, "GOST 34.311", "", 32),
            (Digest::Kupyna256, "Kupyna-256", "", 32),
            (Digest::Kupyna384, "Kupyna-384", "", 48),
            (Digest::Kupyna512, "Kupyna-512", "", 64),
        ] {
            let value = digest.compute(b"abc").unwrap();
            assert!(hex::encode(&value).starts_with(start), "{name}");
            assert_eq!((digest.as_str(), value.len()), (name, length));
            assert_eq!(digest.compute_pieces(&[b"a", b"", b"bc"]), Some(value), "{name}");
        }
        assert_eq!(Digest::Md5.compute(b"abc"), None);
        assert!(Digest::ALL.into_iter().all(|digest| digest.oid().is_some() && !digest.as_str().is_empty()));
    }
}
