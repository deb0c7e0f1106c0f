//! The trusted list of the configuration, from its file into what is trusted.
//!
//! The number of the newest list that was ever used is kept in the state folder: whoever can put an older list in its place
//! could bring a withdrawn authority back.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_channels::{clock, files};
use oblik_config::TrustedListAt;
use oblik_signature::{Policy, Trust};
use oblik_trustlist::{Expectation, Freshness, Signers, TrustedList};
use tracing::{error, info, warn};

use crate::Assembly;

const SEQUENCE_FILE: &str = "trusted-list.sequence";
const SIGNERS: &str = "list signers";
const LIST: &str = "trusted list";

/// The certificates of the folder or file at `path`.
///
/// # Errors
/// [`Assembly`] when one cannot be read.
pub fn read_signers(path: &Path) -> Result<Signers, Assembly> {
    let mut signers = Signers::default();
    let unreadable = |source| Assembly::File { what: SIGNERS, path: path.display().to_string(), source };
    for (file, bytes) in files::read_folder(path).map_err(unreadable)? {
        signers.add(&bytes).map_err(|reason| unusable(SIGNERS, &file, reason.to_string()))?;
    }
    if signers.is_empty() { Err(unusable(SIGNERS, path, "no certificate found".to_owned())) } else { Ok(signers) }
}

/// The list at `file`, its signature checked.
///
/// # Errors
/// [`Assembly`] when it cannot be read or is not believed.
pub fn read_trusted_list(file: &Path, expected: Expectation<'_>) -> Result<TrustedList, Assembly> {
    let unreadable = |source| Assembly::File { what: LIST, path: file.display().to_string(), source };
    TrustedList::read(&files::read(file).map_err(unreadable)?, expected).map_err(|fault| unusable(LIST, file, fault.to_string()))
}

/// Adds the services of the configured list to `trust`.
pub(crate) fn add(at: &TrustedListAt, state_dir: &Path, trust: &mut Trust, policy: &Policy) -> Result<(), Assembly> {
    let signers = read_signers(&at.signers)?;
    let moment = clock::now();
    let known_sequence = known_sequence(state_dir)?;
    let list = read_trusted_list(&at.file, Expectation { signers: &signers, policy, moment, known_sequence })?;
    let grace = TimeDelta::days(at.grace_days.into());
    for reason in list.add_to(trust, grace) {
        warn!(%reason, "a certificate of the trusted list is left out");
    }
    if known_sequence != Some(list.sequence()) {
        remember(state_dir, list.sequence());
    }
    tell(&list, moment, grace);
    Ok(())
}

fn tell(list: &TrustedList, moment: DateTime<Utc>, grace: TimeDelta) {
    let granted = list.services_at(moment).filter(|(_, _, period)| period.status.is_granted()).count();
    info!(territory = list.territory(), sequence = list.sequence(), granted, next_update = %list.next_update(), "trusted list read");
    for reason in list.providers().iter().flat_map(|provider| &provider.left_out) {
        warn!(%reason, "a service of the trusted list is left out");
    }
    match list.freshness(moment, grace) {
        Freshness::Fresh => {}
        Freshness::Overdue { since } => warn!(%since, "a newer trusted list is due"),
        Freshness::Outdated { since } => {
            error!(%since, "the trusted list is too old: acts that depend on it wait for a newer one");
        }
    }
}

fn unusable(what: &'static str, path: &Path, reason: String) -> Assembly {
    Assembly::Unusable { what, path: path.display().to_string(), reason }
}

/// A file that cannot be read is not taken for one that is not there: it may have been damaged to that end.
fn known_sequence(state_dir: &Path) -> Result<Option<u64>, Assembly> {
    let path = state_dir.join(SEQUENCE_FILE);
    match files::read_text(&path) {
        Ok(text) => match text.trim().parse() {
            Ok(sequence) => Ok(Some(sequence)),
            Err(_) => Err(unusable("number of the last trusted list", &path, "not a number".to_owned())),
        },
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Assembly::File { what: "number of the last trusted list", path: path.display().to_string(), source }),
    }
}

fn remember(state_dir: &Path, sequence: u64) {
    let path = state_dir.join(SEQUENCE_FILE);
    if let Err(cause) = files::write(&path, format!("{sequence}\n").as_bytes()) {
        warn!(path = %path.display(), error = %cause, "the number of the trusted list is not kept, an older one would be taken");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_of_a_list_outlives_the_process_and_its_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(known_sequence(folder.path()).unwrap(), None);
        for sequence in [31, 32, u64::MAX] {
            remember(folder.path(), sequence);
            assert_eq!(known_sequence(folder.path()).unwrap(), Some(sequence));
        }
        std::fs::write(folder.path().join(SEQUENCE_FILE), "thirty").unwrap();
        assert!(matches!(known_sequence(folder.path()), Err(Assembly::Unusable { .. })));
    }

    #[test]
    fn a_folder_without_certificates_names_no_signer() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_signers(folder.path()).is_err());
        assert!(read_signers(&folder.path().join("absent")).is_err());
        std::fs::write(folder.path().join("signer.pem"), "no certificate").unwrap();
        assert!(read_signers(folder.path()).is_err());
    }
}
