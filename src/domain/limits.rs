//! Bounds on everything from outside. One place, so that a reader can judge them together.
//!
//! Anchors: Postfix, EU DSS and Go's own bounds; starting values of `threats` (T9, T20).

/// A whole message as received.
pub const MAIL_BYTES: u64 = 25 * MIB;
pub const MAIL_HEADER_BYTES: usize = 100 * 1024;
pub const MAIL_PARTS: usize = 100;
pub const MAIL_DEPTH: usize = 10;
pub const MAIL_DECODED_BYTES: usize = 60 * 1024 * 1024;
/// Characters of a subject or name that are ever shown.
pub const LABEL_CHARS: usize = 200;

/// A partner's file in a drop.
pub const FILE_BYTES: u64 = 512 * MIB;
/// A reading act's XML.
pub const ACT_XML_BYTES: usize = 5 * 1024 * 1024;
pub const XML_DEPTH: usize = 32;
pub const XML_TAG_BYTES: usize = 16 * 1024;
pub const XML_TEXT_BYTES: usize = 64 * 1024;
/// Faults reported of one file; the rest is counted.
pub const XML_FAULTS: usize = 100;

pub const PDF_BYTES: usize = 20 * 1024 * 1024;
pub const PDF_OBJECTS: usize = 20_000;
pub const PDF_REVISIONS: usize = 20;
pub const PDF_STREAM_BYTES: usize = 50 * 1024 * 1024;

pub const CMS_BYTES: usize = 5 * 1024 * 1024;
pub const CMS_SIGNERS: usize = 8;
pub const CMS_CERTIFICATES: usize = 20;
pub const PATH_CERTIFICATES: usize = 5;
pub const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Rows of one reading act: 300 meters of twelve registers.
pub const ACT_ROWS: usize = 3600;

/// How often an item is tried before it is parked for a person (T26).
pub const ITEM_ATTEMPTS: i64 = 3;
/// Items waiting before intake pauses; mail stays on its server meanwhile.
pub const QUEUE_ITEMS: i64 = 100_000;

const MIB: u64 = 1024 * 1024;
