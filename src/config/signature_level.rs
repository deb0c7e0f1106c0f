//! How far our own signatures are to last: the level of EN 319 142-1, who stamps the time, and what happens when nobody does.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::keys::{Keys, Wrong, wrong};
use crate::online::{AllowedHost, Network, Online, allowed_host};
use crate::{Secret, check};

/// A level of PAdES baseline signatures, each with all of the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// The signature alone.
    #[default]
    Basic,
    /// With a timestamp over it.
    Timestamp,
    /// With certificates and their status in the file.
    LongTerm,
    /// With a timestamp over all of that.
    Archive,
}

impl Level {
    const ALL: [Self; 4] = [Self::Basic, Self::Timestamp, Self::LongTerm, Self::Archive];

    /// As EN 319 142-1 §6 names it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Basic => "B-B",
            Self::Timestamp => "B-T",
            Self::LongTerm => "B-LT",
            Self::Archive => "B-LTA",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }
}

/// What is done with an invoice when its level is out of reach now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WithoutTimestamp {
    /// It waits.
    #[default]
    Wait,
    /// It leaves at the level that was reached.
    Sign,
}

/// An authority of timestamps (RFC 3161 over HTTP).
#[derive(Debug, Clone)]
pub struct TimestampAuthority {
    pub url: String,
    /// Its host and nobody else.
    pub online: Online,
    pub login: Option<(String, Secret)>,
    /// Authorities for HTTPS in PEM, beside the system's.
    pub ca_file: Option<PathBuf>,
}

/// The level our documents are signed at.
#[derive(Debug, Clone, Default)]
pub struct SignatureLevel {
    pub level: Level,
    /// There at every level but the first.
    pub service: Option<TimestampAuthority>,
    pub without: WithoutTimestamp,
}

/// Reads the keys of `[signing]` that tell the level; the others are read elsewhere. `None` when something is wrong with them.
pub(crate) fn signature_level(keys: &Keys<'_>) -> Option<SignatureLevel> {
    let level = keys.optional("level", |value| match Level::parse(value) {
        Some(level) => Ok(level),
        None => wrong("this is no level of a signature", "write \"B-B\", \"B-T\", \"B-LT\" or \"B-LTA\""),
    });
    let url = keys.optional("timestamp_url", address);
    let user = keys.optional("timestamp_user", check::line);
    let password = keys.secret("timestamp_password");
    let ca_file = keys.path("timestamp_ca_file");
    let without = keys.optional("without_timestamp", |value| match value {
        "wait" => Ok(WithoutTimestamp::Wait),
        "sign" => Ok(WithoutTimestamp::Sign),
        _ => wrong(
            "this is none of the two",
            "write \"wait\" (the invoice waits) or \"sign\" (it leaves at the level that was reached)",
        ),
    });
    let wanted = level.unwrap_or_default();
    if wanted > Level::Basic && !keys.has("timestamp_url") {
        let instead = "add timestamp_url = \"http://…\", the address of an authority of timestamps, or write level = \"B-B\"";
        keys.refuse("level", format!("{} needs a timestamp", wanted.as_str()), instead);
        return None;
    }
    if wanted == Level::Basic && keys.has("timestamp_url") && (level.is_some() || !keys.has("level")) {
        keys.refuse(
            "timestamp_url",
            "nothing is stamped at level B-B",
            "write level = \"B-T\", \"B-LT\" or \"B-LTA\", or leave the address out",
        );
        return None;
    }
    if keys.has("timestamp_user") != keys.has("timestamp_password") {
        let missing = if keys.has("timestamp_user") { "timestamp_user" } else { "timestamp_password" };
        keys.refuse(missing, "user and password go together", "give both timestamp_user and timestamp_password, or none");
        return None;
    }
    let login = user.zip(password);
    let service = match url {
        Some((url, online)) => {
            if login.is_some() && !url.starts_with("https://") {
                keys.refuse(
                    "timestamp_password",
                    "the password would go in the clear",
                    "give an address of https, or leave the password out",
                );
                return None;
            }
            Some(TimestampAuthority { url, online, login, ca_file })
        }
        None if keys.has("timestamp_url") => return None,
        None => None,
    };
    if level.is_none() && keys.has("level") {
        return None;
    }
    Some(SignatureLevel { level: wanted, service, without: without.unwrap_or_default() })
}

/// The address, and whom it allows to ask.
fn address(value: &str) -> Result<(String, Online), Wrong> {
    const INSTEAD: &str = "write an address of HTTP: \"http://acsk.example.com.ua/services/tsp/\"";
    let Some((scheme, rest)) = value.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https")) else {
        return wrong("this is no address of HTTP", INSTEAD);
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if value.len() > 2000 || authority.contains('@') || !value.bytes().all(|octet| octet.is_ascii_graphic()) {
        return wrong("this is no plain address", INSTEAD);
    }
    let has_port = authority.rsplit_once(']').map_or(authority, |(_, rest)| rest).contains(':');
    let usual = if scheme == "https" { 443 } else { 80 };
    let named = if has_port { authority.to_owned() } else { format!("{authority}:{usual}") };
    let host: AllowedHost = match allowed_host(&named) {
        Ok(host) if !authority.starts_with("*.") => host,
        _ => return wrong("the address has no host", INSTEAD),
    };
    let literal = named.rsplit_once(':').map_or("", |(host, _)| host).trim_matches(['[', ']']).parse::<IpAddr>().ok();
    // An address that the administrator writes is the administrator's word.
    let allow_private = literal.map(Network::only).into_iter().collect();
    Ok((value.to_owned(), Online { hosts: vec![host], allow_private, max_age: Duration::ZERO, cache_bytes: 0 }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(more: &str) -> Result<SignatureLevel, Vec<String>> {
        let base = std::path::Path::new("/etc/oblik");
        let text = crate::embedded_text().replace("[signing]\n", &format!("[signing]\n{more}\n"));
        let config = crate::read::config(&text, base, base);
        config
            .map(|config| config.signature_level)
            .map_err(|faults| faults.list().iter().map(|fault| fault.key.clone()).collect())
    }

    #[test]
    fn a_level_and_its_authority_go_together() {
        let plain = read("").unwrap();
        assert_eq!((plain.level, plain.without, plain.service.is_none()), (Level::Basic, WithoutTimestamp::Wait, true));
        let full = "level = \"B-LTA\"\ntimestamp_url = \"http://10.0.0.5:8080/tsp\"\nwithout_timestamp = \"sign\"";
        let full = read(full).unwrap();
        assert_eq!((full.level, full.without), (Level::Archive, WithoutTimestamp::Sign));
        let online = full.service.unwrap().online;
        assert!(online.allows("10.0.0.5", 8080) && !online.allows("10.0.0.5", 80) && !online.allows("10.0.0.6", 8080));
        for (more, key) in [
            ("level = \"B-T\"", "signing.level"),
            ("level = \"T\"", "signing.level"),
            ("timestamp_url = \"http://tsa.example\"", "signing.timestamp_url"),
            ("level = \"B-T\"\ntimestamp_url = \"ftp://tsa.example\"", "signing.timestamp_url"),
            ("level = \"B-T\"\ntimestamp_url = \"http://u:p@tsa.example\"", "signing.timestamp_url"),
            ("without_timestamp = \"maybe\"", "signing.without_timestamp"),
        ] {
            let faults = read(more).unwrap_err();
            assert!(faults.iter().any(|fault| fault == key), "{more}: {faults:?}");
        }
    }
}
