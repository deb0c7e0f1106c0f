//! Files of the administrator's: keys, certificates, policies. Small, read whole.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// A configuration file, key or certificate is never larger.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Reads a file whole.
///
/// # Errors
/// It cannot be read, or is larger than 16 MiB.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    // What a file says of its length need not hold: a device says none and never ends.
    let mut bytes = Vec::new();
    let read = std::fs::File::open(path)?.take(MOST_BYTES + 1).read_to_end(&mut bytes)?;
    if u64::try_from(read).is_ok_and(|read| read > MOST_BYTES) {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 16 MiB"));
    }
    Ok(bytes)
}

/// Reads a text file whole.
///
/// # Errors
/// As [`read`], or it is not UTF-8.
pub fn read_text(path: &Path) -> io::Result<String> {
    String::from_utf8(read(path)?).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "not UTF-8"))
}

/// Reads every file of a folder, by name; or the one file that `path` is. Hidden files and folders are passed over.
///
/// # Errors
/// As [`read`].
pub fn read_folder(path: &Path) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![(path.to_owned(), read(path)?)]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let entry = entry?;
        let hidden = entry.file_name().to_string_lossy().starts_with('.');
        if !hidden && std::fs::metadata(entry.path())?.is_file() {
            files.push(entry.path());
        }
    }
    files.sort();
    files.into_iter().map(|file| read(&file).map(|bytes| (file, bytes))).collect()
}

/// What tells a file from the one that lay there before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    modified: (i64, i64),
    size_bytes: u64,
    inode: u64,
}

/// The stamp of a file; `None` while it cannot be looked at.
pub fn stamp(path: &Path) -> Option<Stamp> {
    use std::os::unix::fs::MetadataExt as _;
    let found = std::fs::metadata(path).ok()?;
    Some(Stamp { modified: (found.mtime(), found.mtime_nsec()), size_bytes: found.len(), inode: found.ino() })
}

/// Writes a file whole: under another name first, then renamed, so that no reader sees half of it.
///
/// # Errors
/// It cannot be written.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::io::Write as _;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(path.file_name().unwrap_or_default());
    hidden.push(".tmp");
    let hidden = path.with_file_name(hidden);
    let mut file = std::fs::File::create(&hidden)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&hidden, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_an_end_is_read_no_further_than_the_bound() {
        let endless = read(Path::new("/dev/zero")).map_err(|cause| cause.kind());
        assert_eq!(endless.unwrap_err(), io::ErrorKind::FileTooLarge);
        assert_eq!(read(Path::new("/dev/null")).unwrap(), b"");
    }
}
