//! Signatures judged and made: bytes in, values out.
//!
//! Facts first, then policy, then verdict. There is no clock here, no socket and no file: the moment, the certificates and
//! the policy are arguments, so a verdict can be repeated years later. What passed comes out as [`Verified`], the only
//! bytes the rest of Oblik parses.

mod algorithm;
mod asic;
mod asn1;
mod block;
mod certificate;
mod cms;
#[cfg(test)]
mod corpus;
mod crl;
mod enveloped;
pub mod evidence;
mod fetched;
#[cfg(test)]
mod forge;
mod general_name;
mod identity;
mod judge;
mod listed;
mod material;
mod moments;
mod name;
mod ocsp;
mod oids;
mod path;
pub mod pdf;
mod pem;
pub mod pkcs12;
mod policy;
pub mod raw;
mod relevant;
#[cfg(test)]
mod repeats;
pub mod report;
mod signer;
pub mod signing;
mod signing_key;
mod stamping;
mod timestamp;
mod trust;
mod verdict;

pub use algorithm::Digest;
pub use asic::{judge_asic, looks_like_asic};
pub use enveloped::{CannotOpen, Decryptor, DecryptorError, judge_unopened, looks_encrypted, open};
pub use fetched::Fetched;
pub use judge::{judge_detached, judge_enclosing, judge_file, looks_like_cms, names_content};
pub use listed::{Granted, ListedFor, Listing};
pub use moments::Moments;
pub use ocsp::{ocsp_nonce_matches, ocsp_request_with_nonce};
pub use pdf::judge_pdf;
pub use pem::to_pem;
pub use policy::{Policy, PolicyError, RevocationStatus};
pub use signing::{Held, Signer, SigningError};
pub use signing_key::{KeyAlgorithm, RemoteKey, RemoteKeyError};
pub use stamping::{Stamp, StampError, stamp_answer, stamp_request};
pub use trust::{Trust, TrustError, certificates_of};
pub use verdict::{
    ChainLink, Container, Indication, Judged, Judgement, SignedDocument, SignedKind, SubIndication, TimestampKind,
    TimestampVerdict, Verified, Wanted, WantedKind,
};
