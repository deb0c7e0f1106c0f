//! Signatures judged and made: bytes in, values out.
//!
//! Facts first, then policy, then verdict. There is no clock here, no socket and no file: the moment, the certificates and
//! the policy are arguments, so a verdict can be repeated years later. What passed comes out as [`Verified`], the only
//! bytes the rest of Oblik parses.

mod algorithm;
mod asn1;
mod certificate;
mod cms;
mod crl;
pub mod evidence;
mod judge;
mod name;
mod oids;
mod path;
pub mod pdf;
mod pem;
pub mod pkcs12;
mod policy;
pub mod report;
mod signer;
pub mod signing;
mod trust;
mod verdict;

pub use algorithm::Digest;
pub use judge::{judge_detached, judge_enclosing, judge_file, looks_like_cms};
pub use pdf::judge_pdf;
pub use policy::{Policy, PolicyError, RevocationStatus};
pub use signing::{Signer, SigningError};
pub use trust::{Trust, TrustError};
pub use verdict::{ChainLink, Container, Indication, Judged, Judgement, SignedKind, SubIndication, Verified};
