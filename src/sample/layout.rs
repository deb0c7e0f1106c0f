//! The folder of a world, as the configuration embedded in Oblik expects it: keys, trust, mailbox and drop.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::{Identity, SampleError, Utility};

/// Where the passphrase of the supplier's key lies, under the folder of the world.
pub const PASSPHRASE_FILE: &str = "keys/supplier.pass";

/// Writes a world into `dir`, which is made when missing: `keys/`, `trust/`, the Maildir `mail/in` and `drop/in`.
///
/// Secrets are readable by their owner alone.
///
/// # Errors
/// [`SampleError::Disk`] when a file cannot be written.
pub fn lay_out(
    dir: &Path,
    utility: &Utility,
    supplier: &Identity,
    passphrase: &str,
    random: &[u8; 80],
) -> Result<(), SampleError> {
    for folder in
        ["keys", "trust/anchors", "trust/intermediates", "trust/crls", "mail/in/tmp", "mail/in/new", "mail/in/cur", "drop/in"]
    {
        std::fs::create_dir_all(dir.join(folder))?;
    }
    write_secret(&dir.join("keys/supplier.p12"), &supplier.pkcs12(passphrase, random)?)?;
    write_secret(&dir.join(PASSPHRASE_FILE), format!("{passphrase}\n").as_bytes())?;
    std::fs::write(dir.join("trust/anchors/root.pem"), utility.authority.root_pem())?;
    std::fs::write(dir.join("trust/intermediates/issuing.pem"), utility.authority.intermediates_pem())?;
    std::fs::write(dir.join("trust/crls/lists.pem"), utility.authority.crls_pem(utility.now)?)?;
    Ok(())
}

/// The mode is set when the file is made, not after: there is no moment in which others could read it.
fn write_secret(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)
}
