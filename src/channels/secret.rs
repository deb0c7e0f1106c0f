//! Secrets: read from their file at the moment of use, wiped from memory when dropped, never printed.
//!
//! A path of the form `credential:NAME` means the systemd credential of that name (`LoadCredential=`), so that the
//! configuration need not know where systemd puts it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use oblik_config::Secret;
use zeroize::Zeroizing;

/// Largest secret, bytes. An RSA 8192 key in OpenSSH form has about 6,700.
const SECRET_BYTES: usize = 64 * 1024;

#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    #[error("read secret {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("secret {path} is larger than 64 KiB")]
    TooLarge { path: PathBuf },
    #[error("secret {path} is empty")]
    Empty { path: PathBuf },
    #[error("secret {path} is not UTF-8 text")]
    NotText { path: PathBuf },
    #[error("secret {0:?} is no name of a credential")]
    CredentialName(String),
    #[error("secret credential:{0} is named, but the program runs without CREDENTIALS_DIRECTORY")]
    NoCredentials(String),
}

/// The secret's text without its final line end.
///
/// Read anew at each call: a password changed on disk is used at the next login.
pub fn read(secret: &Secret) -> Result<Zeroizing<String>, SecretError> {
    read_in(secret, std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from).as_deref())
}

/// [`read`], with the folder of credentials as an argument.
pub fn read_in(secret: &Secret, credentials: Option<&Path>) -> Result<Zeroizing<String>, SecretError> {
    let path = place(secret, credentials)?;
    let bytes = bounded(&path)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| SecretError::NotText { path: path.clone() })?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(SecretError::Empty { path });
    }
    Ok(Zeroizing::new(text.to_owned()))
}

fn place(secret: &Secret, credentials: Option<&Path>) -> Result<PathBuf, SecretError> {
    let Some(name) = secret.0.to_str().and_then(|path| path.strip_prefix("credential:")) else {
        return Ok(secret.0.clone());
    };
    if name.is_empty() || name == "." || name == ".." || name.contains('/') {
        return Err(SecretError::CredentialName(name.to_owned()));
    }
    credentials.map(|folder| folder.join(name)).ok_or_else(|| SecretError::NoCredentials(name.to_owned()))
}

/// The buffer has its full size from the start: growth would leave unwiped copies behind.
fn bounded(path: &Path) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let failed = |source| SecretError::Read { path: path.to_owned(), source };
    let mut file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Zeroizing::new(vec![0; SECRET_BYTES + 1]);
    let mut filled = 0;
    while let Some(rest) = bytes.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest).map_err(failed)? {
            0 => break,
            count => filled += count,
        }
    }
    if filled > SECRET_BYTES {
        return Err(SecretError::TooLarge { path: path.to_owned() });
    }
    bytes.truncate(filled);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_folder(name: &str, content: &[u8]) -> (tempfile::TempDir, Secret) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        (folder, Secret(path))
    }

    #[test]
    fn a_secret_loses_one_line_end_and_nothing_else() {
        for (content, expected) in [("a", "a"), ("a\n", "a"), ("a\r\n", "a"), ("a\n\n", "a\n"), (" a b ", " a b ")] {
            let (_folder, secret) = in_folder("s", content.as_bytes());
            assert_eq!(*read_in(&secret, None).unwrap(), expected, "{content:?}");
        }
    }

    #[test]
    fn a_secret_that_cannot_be_one_is_refused() {
        for content in [b"".to_vec(), b"\n".to_vec(), b"\xff\xfe".to_vec(), vec![b'a'; SECRET_BYTES + 1]] {
            let (_folder, secret) = in_folder("s", &content);
            assert!(read_in(&secret, None).is_err(), "{} bytes", content.len());
        }
        let (_folder, largest) = in_folder("s", &vec![b'a'; SECRET_BYTES]);
        assert!(read_in(&largest, None).is_ok());
        assert!(matches!(read_in(&Secret("/nonexistent/s".into()), None), Err(SecretError::Read { .. })));
    }

    #[test]
    fn a_credential_is_found_by_name_and_is_no_path() {
        let (folder, _) = in_folder("smtp", b"word\n");
        let named = |name: &str| Secret(format!("credential:{name}").into());
        assert_eq!(*read_in(&named("smtp"), Some(folder.path())).unwrap(), "word");
        assert!(matches!(read_in(&named("smtp"), None), Err(SecretError::NoCredentials(_))));
        for name in ["", ".", "..", "../smtp", "a/b"] {
            assert!(matches!(read_in(&named(name), Some(folder.path())), Err(SecretError::CredentialName(_))), "{name}");
        }
    }
}
