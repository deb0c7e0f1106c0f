//! Signed PDFs: judged revision by revision, signed by one appended revision.
//!
//! A signature counts when it covers its whole revision but for its own place, stands in that revision's form, and nothing
//! came after it but further signatures and validation data. Numbers are read from [`Verified`](crate::Verified) alone.
//! Every known attack is refused by its name.

mod active;
mod append;
mod attachments;
mod attack;
mod base;
mod bytes;
mod changes;
mod damaged;
mod embedded;
mod field;
mod gap;
mod judge;
mod lasting;
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
mod text;
mod validation_data;
mod xref;

pub use bytes::revision_ends;
pub use embedded::{embedded_file, file_within};
pub use field::WidgetPlace;
pub use judge::judge_pdf;
pub use lasting::{PreparedTimestamp, add_validation_data, prepare_timestamp};
pub use sign::{PdfSigning, Prepared, prepare, sign};
pub use signed::changes_since;
