//! What may be fetched from outside when a certificate says where its status lies: nothing, unless hosts are named.
//!
//! A certificate's addresses are a stranger's word. The hosts are the administrator's, and so are the few private networks
//! they may lie in.

use std::net::IpAddr;
use std::time::Duration;

use crate::check;
use crate::keys::{Keys, Wrong, wrong};
use crate::schedule::interval;

/// Revocation lists change daily; some authorities publish them for a month and renew them on every revocation.
const MAX_AGE: Duration = Duration::from_hours(12);
const CACHE_MB: u16 = 256;

/// Fetching of revocation lists, OCSP responses and certificates of issuers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Online {
    /// Whom we ask; never empty.
    pub hosts: Vec<AllowedHost>,
    /// Networks that are no part of the Internet and may be reached all the same.
    pub allow_private: Vec<Network>,
    /// What was fetched longer ago is fetched anew, however long it says it is good.
    pub max_age: Duration,
    /// Room for what was fetched, on disk.
    pub cache_bytes: u64,
}

impl Online {
    /// Whether this host and port may be asked. Source of the usual ports: RFC 9110 §4.2.
    pub fn allows(&self, host: &str, port: u16) -> bool {
        self.hosts.iter().any(|allowed| allowed.covers(host, port))
    }
}

/// A host of the list: `czo.gov.ua`, `*.diia.gov.ua` (any name below it, not itself), `ocsp.example.com.ua:8080`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// In small letters, without the root's dot.
    name: String,
    below: Below,
    /// 80 and 443 unless it is named.
    port: Option<u16>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Below {
    Itself,
    AnyName,
}

impl AllowedHost {
    fn covers(&self, host: &str, port: u16) -> bool {
        let fits_port = self.port.map_or(port == 80 || port == 443, |named| named == port);
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        let fits_name = match self.below {
            Below::Itself => host == self.name,
            Below::AnyName => {
                host.strip_suffix(&self.name).and_then(|rest| rest.strip_suffix('.')).is_some_and(|l| !l.is_empty())
            }
        };
        fits_port && fits_name
    }
}

/// A network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Network {
    /// The network of one address.
    pub fn only(address: IpAddr) -> Self {
        Self { address, prefix: if address.is_ipv4() { 32 } else { 128 } }
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        let same = |one: u128, other: u128, bits: u32| {
            let shift = bits.saturating_sub(self.prefix);
            one.checked_shr(shift).unwrap_or(0) == other.checked_shr(shift).unwrap_or(0)
        };
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(one)) => same(u32::from(network).into(), u32::from(one).into(), 32),
            (IpAddr::V6(network), IpAddr::V6(one)) => same(network.into(), one.into(), 128),
            _ => false,
        }
    }
}

pub(crate) fn online(keys: &Keys<'_>) -> Option<Online> {
    let hosts = keys.list("hosts", allowed_host);
    if !keys.has("hosts") || hosts.as_ref().is_some_and(Vec::is_empty) {
        keys.refuse(
            "hosts",
            "nobody is named who may be asked",
            "write hosts = [\"czo.gov.ua\", \"*.diia.gov.ua\"], or leave [trust.online] out",
        );
    }
    let allow_private = keys.list("allow_private", network).unwrap_or_default();
    let max_age = keys.optional("max_age", interval).unwrap_or(MAX_AGE);
    let cache_mb = keys.integer("cache_mb", &(1..=4096)).unwrap_or(CACHE_MB);
    keys.finish();
    Some(Online { hosts: hosts?, allow_private, max_age, cache_bytes: u64::from(cache_mb) * 1024 * 1024 })
}

pub(crate) fn allowed_host(value: &str) -> Result<AllowedHost, Wrong> {
    const INSTEAD: &str = "write a host (\"czo.gov.ua\"), all names below one (\"*.diia.gov.ua\"), or with a port of its own (\"ocsp.example.com.ua:8080\")";
    let (below, rest) = match value.strip_prefix("*.") {
        Some(rest) => (Below::AnyName, rest),
        None => (Below::Itself, value),
    };
    let address_alone = rest.parse::<IpAddr>().is_ok();
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !address_alone => (host, Some(port)),
        _ => (rest, None),
    };
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let port = match port.map(str::parse::<u16>) {
        None => None,
        Some(Ok(port)) if port != 0 => Some(port),
        Some(_) => return wrong("this is no port", INSTEAD),
    };
    if below == Below::AnyName && !host.contains('.') {
        return wrong("this would be every host below a top-level domain", INSTEAD);
    }
    let Ok(host) = check::host(host) else { return wrong("this is no host", INSTEAD) };
    let name = host.strip_suffix('.').unwrap_or(&host).to_ascii_lowercase();
    Ok(AllowedHost { name, below, port })
}

fn network(value: &str) -> Result<Network, Wrong> {
    const INSTEAD: &str = "write a network of addresses: \"10.1.2.0/24\", \"fd00:1:2::/48\"";
    let Some((address, prefix)) = value.split_once('/') else { return wrong("the length of the prefix is missing", INSTEAD) };
    let (Ok(address), Ok(prefix)) = (address.parse::<IpAddr>(), prefix.parse::<u32>()) else {
        return wrong("this is no network", INSTEAD);
    };
    // A network wider than this is a mistake, and opens what the guard is there to close.
    let (least, most) = if address.is_ipv4() { (8, 32) } else { (32, 128) };
    if !(least..=most).contains(&prefix) {
        return wrong(format!("the prefix is not between {least} and {most}"), INSTEAD);
    }
    Ok(Network { address, prefix })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_itself_or_below_its_star_on_its_ports() {
        for (allowed, host, port, covered) in [
            ("czo.gov.ua", "czo.gov.ua", 80, true),
            ("czo.gov.ua", "CZO.gov.ua.", 443, true),
            ("czo.gov.ua", "czo.gov.ua", 8080, false),
            ("czo.gov.ua", "www.czo.gov.ua", 80, false),
            ("czo.gov.ua", "evilczo.gov.ua", 80, false),
            ("*.diia.gov.ua", "ca.diia.gov.ua", 80, true),
            ("*.diia.gov.ua", "a.b.diia.gov.ua", 80, true),
            ("*.diia.gov.ua", "diia.gov.ua", 80, false),
            ("*.diia.gov.ua", ".diia.gov.ua", 80, false),
            ("*.diia.gov.ua", "evildiia.gov.ua", 80, false),
            ("*.diia.gov.ua", "diia.gov.ua.evil.example", 80, false),
            ("ocsp.example:8080", "ocsp.example", 8080, true),
            ("ocsp.example:8080", "ocsp.example", 80, false),
            ("[fd00::1]:8080", "fd00::1", 8080, true),
            ("10.1.2.3", "10.1.2.3", 80, true),
        ] {
            let host_allowed = allowed_host(allowed).unwrap();
            assert_eq!(host_allowed.covers(host, port), covered, "{allowed} {host} {port}");
        }
    }

    #[test]
    fn what_is_no_host_or_too_wide_is_refused() {
        for bad in ["", "*", "*.ua", "http://czo.gov.ua", "czo.gov.ua:0", "czo.gov.ua:99999", "a b", "*.*.ua", "czo.gov.ua/crl"] {
            assert!(allowed_host(bad).is_err(), "{bad}");
        }
        for bad in ["10.0.0.1", "0.0.0.0/0", "10.0.0.0/7", "10.0.0.0/33", "::/0", "fd00::/129", "x/24"] {
            assert!(network(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_network_contains_what_begins_like_it() {
        for (of, address, contained) in [
            ("10.1.2.0/24", "10.1.2.0", true),
            ("10.1.2.0/24", "10.1.2.255", true),
            ("10.1.2.0/24", "10.1.3.0", false),
            ("10.1.2.3/32", "10.1.2.3", true),
            ("10.1.2.3/32", "10.1.2.4", false),
            ("fd00:1::/32", "fd00:1:ffff::1", true),
            ("fd00:1::/32", "fd00:2::1", false),
            ("10.1.2.0/24", "::ffff:10.1.2.3", false),
        ] {
            assert_eq!(network(of).unwrap().contains(address.parse().unwrap()), contained, "{of} {address}");
        }
    }
}
