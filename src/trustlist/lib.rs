//! The trusted list of a country (ETSI TS 119 612): who may issue certificates, since when, and until when.
//!
//! The bytes of the file go in; services with their status come out, and only when the list's own signature (XAdES) is one by a
//! configured signer over the whole file. What was canonicalized for the signature is the very tree that is read. There is no
//! clock and no file here.

mod c14n;
mod content;
mod fault;
mod list;
mod service;
mod signature;
mod tree;
mod xades;

pub use fault::ListFault;
pub use list::{Expectation, Freshness, Provider, Signers, TrustedList};
pub use service::{Entry, Period, ServiceKind, Status};
