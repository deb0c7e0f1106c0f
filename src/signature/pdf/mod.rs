//! Signed PDFs: judged revision by revision, signed by one appended revision.
//!
//! A signature counts when it covers its whole revision but for its own place, stands in that revision's form, and nothing
//! came after it but further signatures and validation data. Numbers are read from [`Verified`](crate::Verified) alone.

mod active;
mod append;
mod changes;
mod embedded;
mod judge;
mod lexer;
mod revision;
mod sign;

pub use embedded::{embedded_file, file_within};
pub use judge::judge_pdf;
pub use revision::revision_ends;
pub use sign::{PdfSigning, sign};
