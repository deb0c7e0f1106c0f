//! Bounds on everything from outside. One place, so that a reader can judge them together.
//!
//! Anchors: Postfix, EU DSS and Go's own bounds; starting values of `threats` (T9, T20).

/// A whole message as received.
pub const MAIL_BYTES: u64 = 25 * MIB;
pub const MAIL_HEADER_BYTES: usize = 100 * 1024;
pub const MAIL_PARTS: usize = 100;
pub const MAIL_DEPTH: usize = 10;
/// Encryptions inside one another.
pub const MAIL_ENCRYPTIONS: usize = 2;
pub const MAIL_DECODED_BYTES: usize = 60 * 1024 * 1024;
/// Characters of a subject or name that are ever shown.
pub const LABEL_CHARS: usize = 200;

/// Files of one letter of ours, before their encoding, past which what also lies in another of them stays out.
pub const LETTER_ATTACHMENTS_BYTES: usize = 12 * 1024 * 1024;

/// A partner's file in a drop.
pub const FILE_BYTES: u64 = 512 * MIB;
/// A reading act's XML.
pub const ACT_XML_BYTES: usize = 5 * 1024 * 1024;
pub const XML_DEPTH: usize = 32;
pub const XML_TAG_BYTES: usize = 16 * 1024;
pub const XML_TEXT_BYTES: usize = 64 * 1024;
/// Faults reported of one file; the rest is counted.
pub const XML_FAULTS: usize = 100;

/// A trusted list: the largest published have a few megabytes.
pub const TRUSTED_LIST_BYTES: usize = 16 * 1024 * 1024;
/// Days a trusted list is still believed after its next one was due: lists come late by days, and are dated for half a year.
pub const TRUSTED_LIST_GRACE_DAYS: u16 = 14;

pub const PDF_BYTES: usize = 20 * 1024 * 1024;
pub const PDF_OBJECTS: usize = 20_000;
pub const PDF_REVISIONS: usize = 20;
pub const PDF_STREAM_BYTES: usize = 50 * 1024 * 1024;

pub const CMS_BYTES: usize = 5 * 1024 * 1024;
pub const CMS_SIGNERS: usize = 8;
pub const CMS_CERTIFICATES: usize = 20;
/// Attributes of one signature, signed and unsigned each. An honest one has twenty.
pub const CMS_ATTRIBUTES: usize = 200;
/// One certificate. The largest honest ones, with pictures in them, have some ten kilobytes.
pub const CERTIFICATE_BYTES: usize = 128 * 1024;
pub const CERTIFICATE_EXTENSIONS: usize = 100;
/// Names that one certificate or list gives to one thing.
pub const GENERAL_NAMES: usize = 500;
/// Timestamps of one signature that are judged: an archive renewed every year for ten years.
pub const CMS_TIMESTAMPS: usize = 12;
/// Counter-signatures of one signature, and the timestamps of each.
pub const COUNTER_SIGNATURES: usize = 4;
pub const COUNTER_TIMESTAMPS: usize = 3;
/// Signed messages that hold one another.
pub const CMS_DEPTH: usize = 3;
/// Keys a message may be encrypted to; a letter to a mailing list has many.
pub const CMS_RECIPIENTS: usize = 200;
/// From the signer to the root; PKITS has paths of six.
pub const PATH_CERTIFICATES: usize = 8;
pub const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A revocation list from the configuration or fetched: the largest Ukrainian lists are of some ten megabytes.
pub const REVOCATION_LIST_BYTES: usize = 64 * 1024 * 1024;
pub const OCSP_BYTES: usize = 256 * 1024;
/// Certificates one OCSP answer may speak of; ours ask about one.
pub const OCSP_ANSWERS: usize = 100;

/// A container as received; what it decompresses to is bounded as a mail's parts are.
pub const ASIC_BYTES: usize = 25 * 1024 * 1024;
pub const ASIC_ENTRIES: usize = 100;
pub const ASIC_NAME_BYTES: usize = 512;
/// `mimetype=` and a media type.
pub const ASIC_COMMENT_BYTES: usize = 128;
pub const ASIC_MANIFEST_BYTES: usize = 1024 * 1024;
/// How much larger than its compressed form a file may be; XML of meters stays below 40.
pub const ASIC_RATIO: usize = 100;

/// Rows of one reading act: 300 meters of twelve registers.
pub const ACT_ROWS: usize = 3600;

/// How often an item is tried before it is parked for a person (T26).
pub const ITEM_ATTEMPTS: i64 = 3;
/// Items waiting before intake pauses; mail stays on its server meanwhile.
pub const QUEUE_ITEMS: i64 = 100_000;

const MIB: u64 = 1024 * 1024;
