//! What a trusted list says of a certificate: which service it is of, and when that service was granted.
//!
//! A granted service ends a path as a root of trust does. One that is not granted ends it as well, with a finding: nothing
//! above it may vouch for it again.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding};
use serde::{Deserialize, Serialize};

use crate::certificate::Certificate;
use crate::verdict::{Facts, SubIndication};

/// What a listed service is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListedFor {
    /// Issuing certificates of signers.
    Certificates,
    Timestamps,
    /// Answering about the status of certificates (OCSP).
    StatusAnswers,
}

/// From the first moment to the first one after; `None` while the list knows no end.
pub type Granted = (DateTime<Utc>, Option<DateTime<Utc>>);

/// One service of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    pub listed_for: ListedFor,
    /// When the service was granted. Empty for one that never was.
    pub granted: Vec<Granted>,
    /// From when on the list is too old to say that anything is still granted.
    pub known_until: DateTime<Utc>,
}

#[derive(Debug)]
pub(crate) struct Listed {
    pub certificate: Arc<Certificate>,
    pub listing: Listing,
}

/// How a certificate stands as the end of a path. The order is from bad to good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Standing {
    /// No end of a path.
    Between,
    /// On the list, but its service was not granted then.
    NotGranted,
    /// On a list that is too old to say.
    Outdated,
    Root,
}

impl Listing {
    pub(crate) fn at(&self, proven: DateTime<Utc>) -> Standing {
        let holds = |(from, until): &&Granted| *from <= proven && until.is_none_or(|until| proven < until);
        match self.granted.iter().find(holds) {
            Some((_, None)) if proven >= self.known_until => Standing::Outdated,
            Some(_) => Standing::Root,
            None => Standing::NotGranted,
        }
    }
}

/// The best that the services of `listed` say of `certificate`.
///
/// A service is its key, not one encoding of its certificate (TS 119 612 §5.5.3): another certificate of the same name and key
/// is no root of trust, but it does not lead around a service that was withdrawn either.
pub(crate) fn standing(
    listed: &[Arc<Listed>],
    certificate: &Certificate,
    listed_for: &[ListedFor],
    proven: DateTime<Utc>,
) -> Standing {
    let services = listed.iter().filter(|service| listed_for.contains(&service.listing.listed_for));
    let mut best = Standing::Between;
    for service in services {
        let same = service.certificate.sha256 == certificate.sha256;
        let twin = service.certificate.key == certificate.key && service.certificate.subject == certificate.subject;
        if same || twin {
            best = best.max(service.listing.at(proven));
        }
    }
    let pinned = listed.iter().any(|service| service.certificate.sha256 == certificate.sha256);
    if best == Standing::Root && !pinned { Standing::Between } else { best }
}

impl Standing {
    /// Adds to `facts` why a path that ends in `certificate` does not count.
    pub fn tell(self, certificate: &Certificate, facts: &mut Facts) {
        let (problem, sub_indication) = match self {
            Self::Between | Self::Root => return,
            Self::NotGranted => ("withdrawn", SubIndication::NoCertificateChainFound),
            // A newer list may say it: to be judged again, never a pass.
            Self::Outdated => ("list-outdated", SubIndication::TryLater),
        };
        let finding = Finding::error(Code::SignatureUntrusted)
            .with("subject", certificate.subject.human())
            .with("issuer", certificate.subject.human())
            .with("problem", problem);
        facts.fail(sub_indication, finding);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_granted_from_its_first_moment_to_the_last_before_the_next() {
        let at = |seconds: i64| DateTime::<Utc>::from_timestamp(seconds, 0).unwrap();
        let granted = vec![(at(100), Some(at(200))), (at(300), None)];
        let listing = Listing { listed_for: ListedFor::Certificates, granted, known_until: at(400) };
        for (second, standing) in [
            (99, Standing::NotGranted),
            (100, Standing::Root),
            (199, Standing::Root),
            (200, Standing::NotGranted),
            (299, Standing::NotGranted),
            (300, Standing::Root),
            (399, Standing::Root),
            (400, Standing::Outdated),
        ] {
            assert_eq!(listing.at(at(second)), standing, "{second}");
        }
    }
}
