//! All sockets, all files, and the clock. Nothing here knows what a document means or how it is stored.
//!
//! Sources (IMAP, Maildir, SFTP, folders) show what lies there, hand over bytes whole or not at all, and move an item
//! away only when told that it is safe elsewhere. Everything that arrives is somebody else's: names never become paths
//! unchecked, sizes are bounded before memory is taken, silence ends in an error.

pub mod clock;
mod dir;
pub mod error;
pub mod fetch;
mod fetch_address;
pub mod fetch_cache;
mod fetch_hosts;
mod fetch_url;
pub mod file_name;
pub mod files;
pub mod folder;
pub mod imap;
mod imap_bounds;
mod imap_exec;
mod imap_fetch;
mod imap_login;
mod imap_text;
pub mod maildir;
pub mod pkcs11;
mod pkcs11_session;
mod pkcs11_token;
pub mod secret;
pub mod sftp;
mod sftp_connect;
mod sftp_session;
pub mod smtp;
mod smtp_error;
mod smtp_pool;
mod smtp_wire;
pub mod source;
pub mod timestamp;
pub mod tls;

pub use pkcs11_session::TokenKeyKind;
