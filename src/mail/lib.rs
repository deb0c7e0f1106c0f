//! Mail as values: reading what strangers sent, deciding what it is, writing what we answer.
//!
//! Pure: no socket, no clock. The MIME tree is walked by our own reader, so that the bytes a signature is verified over and
//! the bytes an act is read from are cut by the same hand, and so that no nesting can exhaust a stack (T4, T9).

pub mod authentication;
pub mod charset;
pub mod classify;
pub mod command;
pub mod compose;
pub mod dsn;
pub mod fresh;
pub mod headers;
mod html;
pub mod loops;
mod mime;
pub mod objection;
pub mod parameters;
pub mod parse;
pub mod sniff;
mod transfer;

pub use classify::{Candidate, Intent, Signed, act_within, classify, lone_signature, signed_act, smime_around};
pub use command::{Request, document_numbers, request};
pub use compose::{Attachment, ComposeError, Letter, message_id, render, reply_subject};
pub use dsn::{Dsn, DsnRecipient};
pub use loops::may_reply;
pub use mime::Opener;
pub use objection::{objects, objects_within, says_something};
pub use parse::Message;
pub use sniff::{Kind, Part};
