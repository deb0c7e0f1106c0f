//! The policy file: data that says which facts matter.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::algorithm::{Curve, Digest, PublicKey, sha256};
use crate::certificate::{Certificate, usage};

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
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    status: RevocationStatus,
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
        if let Some(name) = file.keys.curves.iter().find(|name| curve(name).is_none()) {
            return unknown("curve", name);
        }
        let purposes = &file.certificate.extended_key_usage_any_of;
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

    pub(crate) fn takes_digest(&self, digest: Digest, moment: DateTime<Utc>) -> bool {
        self.digests.get(&digest).is_some_and(|until| moment < *until)
    }

    pub(crate) fn takes_key(&self, key: &PublicKey) -> bool {
        match key {
            PublicKey::Rsa { bits, .. } => *bits >= self.file.keys.rsa_bits_min,
            PublicKey::Ec { curve: used, .. } => self.file.keys.curves.iter().any(|name| curve(name) == Some(*used)),
            PublicKey::Unknown(_) => false,
        }
    }

    pub(crate) fn needs_signed_attributes(&self) -> bool {
        self.file.signature.signed_attributes == Presence::Required
    }

    pub(crate) fn needs_signing_certificate(&self) -> bool {
        self.file.signature.signing_certificate == Presence::Required
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

fn usage_bit(name: &str) -> Option<u16> {
    match name {
        "nonRepudiation" => Some(usage::NON_REPUDIATION),
        "digitalSignature" => Some(usage::DIGITAL_SIGNATURE),
        _ => None,
    }
}

fn curve(name: &str) -> Option<Curve> {
    match name {
        "P-256" => Some(Curve::P256),
        "P-384" => Some(Curve::P384),
        "P-521" => Some(Curve::P521),
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
            ("status = \"if-available\"", "status = \"maybe\""),
            ("[revocation]", "[revocations]"),
            ("\"2.5.29.37.0\"", "\"any\""),
        ] {
            assert!(Policy::parse(&EMBEDDED.replacen(from, to, 1)).is_err(), "{to}");
        }
    }
}
