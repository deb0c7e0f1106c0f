//! Signed PDFs: judged revision by revision, signed by one appended revision.
//!
//! A signature counts when it covers its whole revision but for its own place, stands in that revision's form, and nothing
//! came after it but further signatures and validation data. Numbers are read from [`Verified`](crate::Verified) alone.
//! Every known attack is refused by its name.

mod active;
mod append;
mod attachments;
mod attack;
mod bytes;
mod changes;
mod damaged;
mod embedded;
mod judge;
mod lexer;
mod message;
mod object_streams;
mod permissions;
mod polyglot;
mod reach;
mod revision;
mod sign;
mod signed;
mod structure;
mod validation_data;
mod xref;

pub use bytes::revision_ends;
pub use embedded::{embedded_file, file_within};
pub use judge::judge_pdf;
pub use sign::{PdfSigning, sign};
pub use signed::changes_since;
