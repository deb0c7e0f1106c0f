//! The policy file: data that says which facts matter.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use serde::Deserialize;

use crate::algorithm::{Digest, PublicKey, sha256};
use crate::certificate::{Certificate, usage};
use crate::path::PolicySettings;

/// What signatures are judged by. See `policy.toml` in this package for every key with its meaning.
#[derive(Debug, Clone)]
pub struct Policy {
    file: File,
    digests: BTreeMap<Digest, DateTime<Utc>>,
    sha256: [u8; 32],
    text: String,
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum PolicyError {
    #[error("read signature policy: {0}")]
    Syntax(#[from] toml::de::Error),
    #[error("read signature policy: unknown digest {0:?}")]
    Digest(String),
    #[error("read signature policy: {value:?} is no moment such as 2030-01-01T00:00:00Z")]
    Moment { value: String },
    #[error("read signature policy: unknown {what} {value:?}")]
    Value { what: &'static str, value: String },
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    version: u32,
    digests: BTreeMap<String, String>,
    keys: Keys,
    signature: Signature,
    certificate: CertificateRules,
    revocation: Revocation,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    rsa_bits_min: usize,
    curves: Vec<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signature {
    signed_attributes: Presence,
    signing_certificate: Presence,
    #[serde(default)]
    signing_certificate_digest: Weakness,
    #[serde(default)]
    unknown_policy: UnknownPolicy,
    /// Signature policies that are known, by identifier.
    #[serde(default)]
    policies: BTreeMap<String, KnownPolicy>,
    #[serde(default)]
    timestamp: Option<Presence>,
}

/// A signature policy by the digest of its text.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownPolicy {
    digest: String,
    value: String,
}

/// What becomes of a signature that names a signature policy nobody here knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum UnknownPolicy {
    #[default]
    Refuse,
    Tell,
}

/// What becomes of a weak digest where it lets nobody forge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Weakness {
    Refuse,
    #[default]
    Tell,
}

/// What this policy says of a signature policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NamedPolicy {
    Known,
    /// Known by its identifier, with another digest.
    Differs,
    /// Not known, and that keeps the signature from passing.
    Refused,
    Told,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Presence {
    Required,
    IfPresent,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct CertificateRules {
    key_usage_any_of: Vec<String>,
    extended_key_usage_any_of: Vec<String>,
    #[serde(default)]
    policies_any_of: Vec<String>,
    #[serde(default)]
    require_explicit_policy: bool,
    #[serde(default)]
    inhibit_policy_mapping: bool,
    #[serde(default)]
    inhibit_any_policy: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    status: RevocationStatus,
    #[serde(default = "one_day_hours")]
    ocsp_age_max_hours: u32,
    crl_age_max_hours: Option<u32>,
}

/// How much the status of certificates matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationStatus {
    Required,
    IfAvailable,
    Off,
}

const EMBEDDED: &str = include_str!("policy.toml");

impl Policy {
    /// The policy this package carries. It always reads: a test holds it.
    pub fn embedded() -> Self {
        match Self::parse(EMBEDDED) {
            Ok(policy) => policy,
            Err(error) => unreachable!("the embedded policy does not read: {error}"),
        }
    }

    /// # Errors
    /// [`PolicyError`] for anything unknown: a policy is never read half.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let file: File = toml::from_str(text)?;
        let mut digests = BTreeMap::new();
        for (name, until) in &file.digests {
            let digest = Digest::ALL.into_iter().find(|digest| digest.as_str() == name);
            let digest = digest.ok_or_else(|| PolicyError::Digest(name.clone()))?;
            let until = DateTime::parse_from_rfc3339(until).map_err(|_| PolicyError::Moment { value: until.clone() })?;
            digests.insert(digest, until.with_timezone(&Utc));
        }
        let unknown = |what, value: &String| Err(PolicyError::Value { what, value: value.clone() });
        if let Some(name) = file.certificate.key_usage_any_of.iter().find(|name| usage_bit(name).is_none()) {
            return unknown("key usage", name);
        }
        if let Some(name) = file.keys.curves.iter().find(|name| PublicKey::curves().all(|known| known != *name)) {
            return unknown("curve", name);
        }
        let digests_known = |name: &str| Digest::ALL.into_iter().any(|digest| digest.as_str() == name);
        if let Some(known) = file.signature.policies.values().find(|known| !digests_known(&known.digest)) {
            return Err(PolicyError::Digest(known.digest.clone()));
        }
        let purposes = &file.certificate.extended_key_usage_any_of;
        let policies = &file.certificate.policies_any_of;
        if let Some(name) = policies.iter().find(|name| const_oid::ObjectIdentifier::new(name).is_err()) {
            return unknown("certificate policy", name);
        }
        if let Some(name) = purposes.iter().find(|name| const_oid::ObjectIdentifier::new(name).is_err()) {
            return unknown("extended key usage", name);
        }
        Ok(Self { file, digests, sha256: sha256(text.as_bytes()), text: text.to_owned() })
    }

    /// Name and version, for people.
    pub fn title(&self) -> String {
        format!("{} {}", self.file.name, self.file.version)
    }

    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn revocation(&self) -> RevocationStatus {
        self.file.revocation.status
    }

    /// How old an OCSP answer may be at the time the status is asked for.
    pub(crate) fn answer_age_max(&self) -> Duration {
        Duration::hours(i64::from(self.file.revocation.ocsp_age_max_hours))
    }

    /// How old a revocation list may be, where its own end is not enough.
    pub(crate) fn list_age_max(&self) -> Option<Duration> {
        self.file.revocation.crl_age_max_hours.map(|hours| Duration::hours(i64::from(hours)))
    }

    /// What RFC 5280 §6.1.1 asks of certificate policies.
    pub(crate) fn policies(&self) -> PolicySettings {
        let rules = &self.file.certificate;
        let known = rules.policies_any_of.iter().filter_map(|name| const_oid::ObjectIdentifier::new(name).ok());
        PolicySettings {
            any_of: known.map(|oid| oid.as_bytes().to_vec()).collect(),
            require_explicit: rules.require_explicit_policy,
            inhibit_mapping: rules.inhibit_policy_mapping,
            inhibit_any: rules.inhibit_any_policy,
        }
    }

    pub(crate) fn takes_digest(&self, digest: Digest, moment: DateTime<Utc>) -> bool {
        self.digests.get(&digest).is_some_and(|until| moment < *until)
    }

    pub(crate) fn takes_key(&self, key: &PublicKey) -> bool {
        match key {
            PublicKey::Rsa { bits, .. } => *bits >= self.file.keys.rsa_bits_min,
            PublicKey::Unknown(_) => false,
            key => key.curve().is_some_and(|used| self.file.keys.curves.iter().any(|name| name == used)),
        }
    }

    pub(crate) fn needs_signed_attributes(&self) -> bool {
        self.file.signature.signed_attributes == Presence::Required
    }

    pub(crate) fn needs_signing_certificate(&self) -> bool {
        self.file.signature.signing_certificate == Presence::Required
    }

    /// Whether the reference to the signer's certificate must use a digest the policy takes.
    pub(crate) fn needs_strong_references(&self) -> bool {
        self.file.signature.signing_certificate_digest == Weakness::Refuse
    }

    /// Whether a signature passes only with a timestamp that passed.
    pub(crate) fn needs_timestamp(&self) -> bool {
        self.file.signature.timestamp == Some(Presence::Required)
    }

    /// The word on the signature policy `oid` with the digest of its text.
    pub(crate) fn named(&self, oid: &str, digest: Option<(Digest, &[u8])>) -> NamedPolicy {
        match self.file.signature.policies.get(oid) {
            Some(known) => {
                let agrees = digest.is_some_and(|(digest, value)| {
                    digest.as_str() == known.digest && hex::encode(value) == known.value.to_lowercase()
                });
                if agrees { NamedPolicy::Known } else { NamedPolicy::Differs }
            }
            None if self.file.signature.unknown_policy == UnknownPolicy::Refuse => NamedPolicy::Refused,
            None => NamedPolicy::Told,
        }
    }

    /// Whether the certificate's key usage lets its holder sign documents.
    pub(crate) fn takes_key_usage(&self, certificate: &Certificate) -> bool {
        let wanted = self.file.certificate.key_usage_any_of.iter().filter_map(|name| usage_bit(name));
        let wanted = wanted.fold(0, |all, bit| all | bit);
        wanted == 0 || certificate.allows(wanted)
    }

    /// Whether extended key usage, where it stands, names a purpose of the policy.
    pub(crate) fn takes_purposes(&self, certificate: &Certificate) -> bool {
        let wanted = &self.file.certificate.extended_key_usage_any_of;
        certificate
            .extensions
            .extended_key_usage
            .as_ref()
            .is_none_or(|(purposes, _)| wanted.is_empty() || purposes.iter().any(|purpose| wanted.contains(&purpose.to_string())))
    }
}

/// Policies written before OCSP was judged do not say.
fn one_day_hours() -> u32 {
    24
}

fn usage_bit(name: &str) -> Option<u16> {
    match name {
        "nonRepudiation" => Some(usage::NON_REPUDIATION),
        "digitalSignature" => Some(usage::DIGITAL_SIGNATURE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_policy_reads_and_refuses_weak_digests() {
        let policy = Policy::embedded();
        let day = |text: &str| DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc);
        assert!(policy.takes_digest(Digest::Sha256, day("2026-11-01T00:00:00Z")));
        assert!(!policy.takes_digest(Digest::Sha256, day("2036-01-01T00:00:00Z")));
        assert!(!policy.takes_digest(Digest::Sha1, day("2026-11-01T00:00:00Z")));
        assert!(!policy.takes_digest(Digest::Md5, day("2026-11-01T00:00:00Z")));
        let taken = Digest::ALL.into_iter().filter(|digest| policy.takes_digest(*digest, day("2026-11-01T00:00:00Z")));
        let taken: Vec<&str> = taken.map(Digest::as_str).collect();
        let sha2_and_3 = ["SHA-256", "SHA-384", "SHA-512", "SHA3-256", "SHA3-384", "SHA3-512"];
        assert_eq!(taken, [&sha2_and_3[..], &["GOST 34.311", "Kupyna-256", "Kupyna-384", "Kupyna-512"]].concat());
        assert_eq!(policy.revocation(), RevocationStatus::IfAvailable);
        assert_eq!(policy.sha256(), sha256(policy.text().as_bytes()));
    }

    #[test]
    fn a_policy_with_anything_unknown_is_refused() {
        for (from, to) in [
            ("\"SHA-384\"", "\"SHA-385\""),
            ("2036-01-01T00:00:00Z", "2036"),
            ("\"nonRepudiation\"", "\"everything\""),
            ("\"P-256\"", "\"P-192\""),
            ("\"DSTU-257\"", "\"DSTU-256\""),
            ("status = \"if-available\"", "status = \"maybe\""),
            ("[revocation]", "[revocations]"),
            ("\"2.5.29.37.0\"", "\"any\""),
        ] {
            assert!(Policy::parse(&EMBEDDED.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
