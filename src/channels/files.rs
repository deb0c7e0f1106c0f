//! Files of the administrator's: keys, certificates, policies. Small, read whole.

use std::io;
use std::path::{Path, PathBuf};

/// A configuration file, key or certificate is never larger.
const MOST_BYTES: u64 = 16 * 1024 * 1024;

/// Reads a file whole.
///
/// # Errors
/// It cannot be read, or is larger than 16 MiB.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    if std::fs::metadata(path)?.len() > MOST_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 16 MiB"));
    }
    std::fs::read(path)
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
