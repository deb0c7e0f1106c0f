//! A small utility with its customers, their keys and their mails: for the demo, the tests and the benchmarks.
//!
//! All of it is invented; codes and addresses are of ranges nobody is given (ЄДРПОУ from 99…, domains under `.example`).
//! Everything but the keys depends on the arguments alone, so two worlds of one moment and size read the same.

mod accounts;
mod acts;
mod authority;
mod cases;
mod codes;
mod layout;
pub mod mail;
mod names;
mod package;
mod pem;
pub mod phrases;
mod prices;
mod utility;
mod wrong;

pub use accounts::Accounts;
pub use authority::{Algorithm, Authority, Identity, Keys, Subject, Validity};
pub use cases::Case;
pub use layout::{PASSPHRASE_FILE, lay_out};
pub use package::Package;
pub use utility::{Customer, Utility};

/// A photograph of a meter, as people send it in place of an act (JPEG).
pub const METER_PHOTO: &[u8] = include_bytes!("meter.jpg");

/// Why a piece of the world could not be made. None of these depends on what somebody sent.
#[derive(Debug, thiserror::Error)]
pub enum SampleError {
    #[error("make a certificate")]
    Certificate(#[from] rcgen::Error),
    #[error("sign")]
    Signing(#[from] oblik_signature::SigningError),
    #[error("write a key file")]
    KeyFile(#[from] oblik_signature::pkcs12::Pkcs12Error),
    #[error("set a reading act")]
    Document(#[from] oblik_documents::DocumentError),
    #[error("make an identifier")]
    Identifier(#[from] oblik_domain::ids::IdError),
    #[error("{0} does not fit what it stands for")]
    Value(&'static str),
    #[error("write the world into its folder")]
    Disk(#[from] std::io::Error),
}

/// A figure that looks random and depends on its seed alone (the mixer of SplitMix64).
pub(crate) fn mix(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The element that `seed` falls on; lists are never empty.
pub(crate) fn pick<T: Copy>(list: &[T], seed: u64) -> Result<T, SampleError> {
    let length = u64::try_from(list.len()).unwrap_or(u64::MAX);
    let at = seed.checked_rem(length).and_then(|at| usize::try_from(at).ok());
    at.and_then(|at| list.get(at)).copied().ok_or(SampleError::Value("an empty list"))
}
