//! The list as a value that only its signature lets come to be, and what it gives to [`Trust`].

use chrono::{DateTime, TimeDelta, Utc};
use oblik_signature::raw::{Ground, Signatory};
use oblik_signature::{Listing, Policy, Trust, TrustError};

use crate::content::{self, TL};
use crate::fault::ListFault;
use crate::service::{Entry, Period};
use crate::signature;
use crate::tree;

/// Lists are dated by hand, some for later on the day they are signed.
const AHEAD_MOST: TimeDelta = TimeDelta::days(1);

/// The certificates a list may be signed by. They are pins: nothing is issued by them, and nobody vouches for them.
#[derive(Debug, Clone, Default)]
pub struct Signers(Vec<Signatory>);

impl Signers {
    /// Adds the certificates of `bytes`, PEM or DER; how many.
    ///
    /// # Errors
    /// [`TrustError`] when there is none or one cannot be read.
    pub fn add(&mut self, bytes: &[u8]) -> Result<usize, TrustError> {
        let read = Signatory::all_of(bytes)?;
        let count = read.len();
        self.0.extend(read);
        Ok(count)
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Signatory> {
        self.0.iter()
    }
}

/// Against what a list is read.
#[derive(Debug, Clone, Copy)]
pub struct Expectation<'a> {
    pub signers: &'a Signers,
    /// Judges digests and keys of the list's signature.
    pub policy: &'a Policy,
    pub moment: DateTime<Utc>,
    /// The highest number of a list that was used before: an older list is refused, since it may grant what was withdrawn.
    pub known_sequence: Option<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    pub name: String,
    pub services: Vec<Entry>,
    /// Entries that cannot be read, each with its reason.
    pub left_out: Vec<String>,
}

/// Whether a list is still to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    Fresh,
    /// The next list is overdue since then; this one is still taken.
    Overdue {
        since: DateTime<Utc>,
    },
    /// Overdue for longer than is granted: nothing that depends on it passes.
    Outdated {
        since: DateTime<Utc>,
    },
}

/// A list whose signature was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustedList {
    scheme: content::Scheme,
    next_update: DateTime<Utc>,
    signer: String,
    signer_sha256: [u8; 32],
    providers: Vec<Provider>,
}

impl TrustedList {
    /// Reads the bytes of a list.
    ///
    /// # Errors
    /// [`ListFault`] says why none of it is believed.
    pub fn read(bytes: &[u8], expected: Expectation<'_>) -> Result<Self, ListFault> {
        let text = tree::text(bytes)?;
        let document = tree::parse(&text)?;
        let root = document.root_element();
        if !root.has_tag_name((TL, "TrustServiceStatusList")) {
            return Err(ListFault::NotAList(signature::cut(root.tag_name().name())));
        }
        let scheme = content::scheme(root)?;
        let ground = Ground { policy: expected.policy, moment: expected.moment };
        let signer = signature::check(&document, expected.signers, scheme.issued_at, ground)?;
        if scheme.issued_at > expected.moment + AHEAD_MOST {
            return Err(ListFault::Future(scheme.issued_at));
        }
        if let Some(known) = expected.known_sequence.filter(|known| scheme.sequence < *known) {
            return Err(ListFault::Older { known, found: scheme.sequence });
        }
        let next_update = scheme.next_update.ok_or(ListFault::Closed)?;
        let providers = content::providers(root)?;
        Ok(Self { scheme, next_update, signer: signer.subject(), signer_sha256: signer.sha256(), providers })
    }

    /// Country code of the scheme, such as `UA`.
    pub fn territory(&self) -> &str {
        &self.scheme.territory
    }

    pub fn operator(&self) -> &str {
        &self.scheme.operator
    }

    /// `TSLType`, a URI.
    pub fn kind(&self) -> &str {
        &self.scheme.kind
    }

    /// To be remembered and given as [`Expectation::known_sequence`] for the next list.
    pub fn sequence(&self) -> u64 {
        self.scheme.sequence
    }

    pub fn issued_at(&self) -> DateTime<Utc> {
        self.scheme.issued_at
    }

    pub fn next_update(&self) -> DateTime<Utc> {
        self.next_update
    }

    /// Human name and SHA-256 of the certificate that signed.
    pub fn signer(&self) -> (&str, [u8; 32]) {
        (&self.signer, self.signer_sha256)
    }

    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }

    /// Every service that had a status at `moment`, with its provider and that status.
    pub fn services_at(&self, moment: DateTime<Utc>) -> impl Iterator<Item = (&Provider, &Entry, &Period)> {
        let services =
            self.providers.iter().flat_map(|provider| provider.services.iter().map(move |service| (provider, service)));
        services.filter_map(move |(provider, service)| Some((provider, service, service.at(moment)?)))
    }

    pub fn freshness(&self, moment: DateTime<Utc>, grace: TimeDelta) -> Freshness {
        let since = self.next_update;
        if moment < since {
            Freshness::Fresh
        } else if moment < self.known_until(grace) {
            Freshness::Overdue { since }
        } else {
            Freshness::Outdated { since }
        }
    }

    fn known_until(&self, grace: TimeDelta) -> DateTime<Utc> {
        self.next_update.checked_add_signed(grace).unwrap_or(self.next_update)
    }

    /// Adds every service that can end a path to `trust`, granted or not; why a certificate could not be added.
    ///
    /// `grace` is for how long after its next update the list still says that something is granted.
    pub fn add_to(&self, trust: &mut Trust, grace: TimeDelta) -> Vec<String> {
        let mut left_out = Vec::new();
        for service in self.providers.iter().flat_map(|provider| &provider.services) {
            for (listed_for, granted) in service.grants() {
                for der in &service.certificates {
                    let listing = Listing { listed_for, granted: granted.clone(), known_until: self.known_until(grace) };
                    if let Err(reason) = trust.add_listed(der, listing) {
                        left_out.push(format!("{}: {reason}", service.name));
                    }
                }
            }
        }
        left_out
    }
}
