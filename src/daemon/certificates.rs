//! The round of keys and certificates: a key that was replaced is opened anew, and that a certificate ends is told in time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use oblik_pipeline::{House, tell_certificates};
use oblik_store::StoreError;
use tracing::{error, info, warn};

use crate::rounds::{Bells, rest, told};

/// How often keys and certificates are looked at.
const LOOK: Duration = Duration::from_mins(1);

/// The round.
pub(crate) async fn certificates(house: House, bells: Bells) -> Result<(), StoreError> {
    let mut keyless = BTreeSet::new();
    while !*bells.stations_end.borrow() {
        let issuers = house.issuers.clone();
        // A token may take its time.
        let looked = tokio::task::spawn_blocking(move || issuers.look_again()).await;
        match looked {
            Ok(0) => {}
            // What waited for a key may go on.
            Ok(_) => bells.work.notify_waiters(),
            Err(_) => error!("looking at the keys again broke"),
        }
        say_who_has_no_key(&house, &mut keyless);
        match tell_certificates(&house).await {
            Ok(0) => {}
            Ok(_) => bells.post.notify_waiters(),
            Err(cause) if cause.is_device_failure() => return Err(cause),
            Err(cause) => warn!(error = %told(&cause), "certificates could not be looked at"),
        }
        if rest(Arc::default(), LOOK, bells.stations_end.clone()).await {
            break;
        }
    }
    Ok(())
}

/// Once when it begins, and when it is over.
fn say_who_has_no_key(house: &House, keyless: &mut BTreeSet<String>) {
    let now = house.now();
    for (_, _, keys) in house.issuers.keyrings() {
        let whose = keys.whose().to_owned();
        if keys.signer_at(now).is_some() {
            if keyless.remove(&whose) {
                info!(issuer = whose, "a key signs again");
            }
        } else if keyless.insert(whose.clone()) {
            error!(issuer = whose, "no key has a valid certificate: nothing is signed, documents wait");
        }
    }
}
