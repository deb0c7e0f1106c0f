//! ASiC (EN 319 162-1): a ZIP archive of files and the CAdES signatures over them.
//!
//! What is signed is what may be read: a container with a file that no signature covers is refused, as is one that two readers
//! of ZIP could see differently. What lies in a file is not opened: a signed PDF, a CMS message or another archive in a
//! container is a file like any other, and only the container's own signatures count.

mod judge;
mod manifest;
mod package;
mod zip;

pub use judge::judge_asic;

fn is_zip(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK\x03\x04")
}

/// Whether `bytes` are a ZIP archive that has, or says to have, the parts of a container.
pub fn looks_like_asic(bytes: &[u8]) -> bool {
    let says = || bytes.get(30..).is_some_and(|rest| rest.starts_with(b"mimetypeapplication/vnd.etsi.asic-"));
    is_zip(bytes) && (says() || bytes.windows(9).any(|window| window == b"META-INF/"))
}
