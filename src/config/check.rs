//! What single values of the configuration must look like.

use std::net::IpAddr;

use oblik_domain::ids::{Edrpou, Iban};

use crate::keys::{Wrong, wrong};
use crate::{TlsMode, Unproven};

/// A line of text for people and documents.
pub(crate) fn line(value: &str) -> Result<String, Wrong> {
    let value = value.trim();
    if value.is_empty() {
        return wrong("the text is empty", "write the text");
    }
    line_or_nothing(value)
}

pub(crate) fn line_or_nothing(value: &str) -> Result<String, Wrong> {
    if value.chars().any(char::is_control) || value.chars().count() > 300 {
        return wrong("the text holds control characters or more than 300 characters", "write one line of up to 300 characters");
    }
    Ok(value.trim().to_owned())
}

/// Name of a mailbox or drop: it is a label in the journal, in metrics and on the command line.
pub(crate) fn name(value: &str) -> Result<String, Wrong> {
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
    if value.is_empty() || value.len() > 32 || !plain || value.starts_with(['-', '.']) {
        return wrong("this is no name", "write 1 to 32 letters a-z, digits, - _ or ., the first a letter or digit");
    }
    Ok(value.to_owned())
}

/// Before the year in an invoice number.
pub(crate) fn series(value: &str) -> Result<String, Wrong> {
    if value.chars().count() > 10 || !value.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '/') {
        return wrong("this is no series of invoices", "write up to 10 letters and digits, or leave the key out");
    }
    Ok(value.to_owned())
}

pub(crate) fn edrpou(value: &str) -> Result<Edrpou, Wrong> {
    Edrpou::parse(value).or_else(|error| wrong(error.to_string(), "write the eight digits of the state register"))
}

pub(crate) fn vat_number(value: &str) -> Result<String, Wrong> {
    if value.len() != 12 || !value.bytes().all(|b| b.is_ascii_digit()) {
        return wrong("a VAT payer's number has twelve digits", "write the twelve digits, in quotes");
    }
    Ok(value.to_owned())
}

pub(crate) fn iban(value: &str) -> Result<Iban, Wrong> {
    Iban::parse(value).or_else(|error| wrong(error.to_string(), "write the 29 characters from UA, as the bank gives them"))
}

/// A mailbox address; ASCII, for all our transports carry it.
pub(crate) fn address(value: &str) -> Result<String, Wrong> {
    const INSTEAD: &str = "write one address alone: name@example.com.ua";
    let local_letter = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    match value.rsplit_once('@') {
        Some((local, domain))
            if !local.is_empty()
                && local.len() <= 64
                && local.chars().all(local_letter)
                && host_holds(domain)
                && domain.contains('.') =>
        {
            Ok(value.to_owned())
        }
        _ => wrong("this is no mail address", INSTEAD),
    }
}

/// A name of the DNS or an address of IP.
pub(crate) fn host(value: &str) -> Result<String, Wrong> {
    if value.parse::<IpAddr>().is_ok() || host_holds(value) {
        return Ok(value.to_owned());
    }
    if value.contains("://") {
        return wrong(
            "this is a URL where a host is needed",
            "write the host alone: \"mail.example.com.ua\"; the port has its own key",
        );
    }
    if value.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok()) {
        return wrong("the port stands in the host", "write the host alone and the port by its own key: port = …");
    }
    wrong("this is no host", "write a DNS name or an IP address")
}

fn host_holds(value: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    value.len() <= 253 && value.strip_suffix('.').unwrap_or(value).split('.').all(label)
}

/// Whether what is sent to `host` stays on this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

pub(crate) fn tls(value: &str) -> Result<TlsMode, Wrong> {
    match value {
        "implicit" => Ok(TlsMode::Implicit),
        "starttls" => Ok(TlsMode::StartTls),
        "none" => Ok(TlsMode::None),
        _ => {
            wrong(format!("\"{}\" is no way of TLS", label(value)), "write \"implicit\", \"starttls\", or for loopback \"none\"")
        }
    }
}

pub(crate) fn unproven(value: &str) -> Result<Unproven, Wrong> {
    match value {
        "technical-status" => Ok(Unproven::TechnicalStatus),
        "silence" => Ok(Unproven::Silence),
        _ => wrong(format!("\"{}\" is not known here", label(value)), "write \"technical-status\" or \"silence\""),
    }
}

/// `postgres://` without a password, and never in the clear over a network.
pub(crate) fn postgres(value: &str) -> Result<String, Wrong> {
    const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];
    let rest = SCHEMES.iter().find_map(|scheme| value.strip_prefix(scheme));
    let Some(rest) = rest.filter(|rest| !rest.chars().any(|c| c.is_control() || c == ' ' || c == '#')) else {
        return wrong("this is no URL of PostgreSQL", "write \"postgres://USER@HOST/DATABASE\"");
    };
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = place.split_once('/').unwrap_or((place, ""));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    let parameters: Vec<(&str, &str)> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
    if user.contains(':') || user.to_ascii_lowercase().contains("%3a") || parameters.iter().any(|(key, _)| *key == "password") {
        return wrong(
            "the password stands in the URL",
            "take it out and let PGPASSFILE name a file of the user oblik with mode 0600, or let the server know the user by peer",
        );
    }
    if database.is_empty() && !parameters.iter().any(|(key, _)| *key == "dbname") {
        return wrong("the URL names no database", "write \"postgres://USER@HOST/DATABASE\"");
    }
    let hosts = parameters.iter().filter(|(key, _)| matches!(*key, "host" | "hostaddr")).map(|(_, host)| *host);
    let encrypted = parameters
        .iter()
        .any(|(key, mode)| matches!(*key, "sslmode" | "ssl-mode") && matches!(*mode, "require" | "verify-ca" | "verify-full"));
    if !encrypted && hosts.chain([host]).any(leaves_the_machine) {
        return wrong("the database is on another host and the URL does not demand TLS", "add ?sslmode=verify-full");
    }
    Ok(value.to_owned())
}

fn leaves_the_machine(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    let socket = host.is_empty() || host.starts_with('/') || host.to_ascii_lowercase().starts_with("%2f");
    !socket && !is_loopback(host) && !is_loopback(name)
}

/// `ssh-ed25519 AAAA…`, as `ssh-keyscan` prints it without the host.
pub(crate) fn host_key(value: &str) -> Result<String, Wrong> {
    const KINDS: [&str; 5] = ["ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "ssh-rsa"];
    const INSTEAD: &str = "write the key itself, \"ssh-ed25519 AAAA…\": `ssh-keyscan -t ed25519 HOST` prints it after the host; compare its fingerprint with the partner";
    if value.starts_with("SHA256:") || value.starts_with("MD5:") {
        return wrong("this is a fingerprint, not the key", INSTEAD);
    }
    let mut words = value.split_ascii_whitespace();
    let (Some(kind), Some(blob)) = (words.next(), words.next()) else { return wrong("this is no host key", INSTEAD) };
    if !KINDS.contains(&kind) {
        let what = if KINDS.contains(&blob) { "the host stands before the key" } else { "this kind of host key is not known" };
        return wrong(what, INSTEAD);
    }
    let base64 = blob.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/=".contains(&b));
    if !blob.starts_with("AAAA") || !base64 || blob.len() < 68 || blob.len() > 2048 {
        return wrong("the host key is cut or damaged", INSTEAD);
    }
    Ok(format!("{kind} {blob}"))
}

/// A value as it may be shown in a message.
fn label(value: &str) -> String {
    value.chars().filter(|c| !c.is_control()).take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postgres_url_has_no_password_and_no_clear_way_over_a_network() {
        for good in [
            "postgres://oblik@localhost/oblik",
            "postgresql://oblik@127.0.0.1:5432/oblik",
            "postgres://oblik@[::1]:5432/oblik",
            "postgres:///oblik?host=/run/postgresql",
            "postgres://%2Frun%2Fpostgresql/oblik",
            "postgres://oblik@db.example.com/oblik?sslmode=verify-full",
        ] {
            assert_eq!(postgres(good).as_deref(), Ok(good));
        }
        for (bad, what) in [
            ("postgres://oblik:hunter2@localhost/oblik", "password"),
            ("postgres://oblik:@localhost/oblik", "password"),
            ("postgres://oblik%3Ahunter2@localhost/oblik", "password"),
            ("postgres://localhost/oblik?password=hunter2", "password"),
            ("postgres://oblik@localhost", "database"),
            ("postgres://oblik@db.example.com/oblik", "TLS"),
            ("postgres://oblik@db.example.com/oblik?sslmode=prefer", "TLS"),
            ("postgres://localhost/oblik?host=10.0.0.7", "TLS"),
            ("mysql://localhost/oblik", "PostgreSQL"),
            ("/var/lib/oblik.db", "PostgreSQL"),
            ("", "PostgreSQL"),
        ] {
            let wrong = postgres(bad).unwrap_err();
            assert!(wrong.what.contains(what) && !wrong.what.contains("hunter2"), "{bad}: {}", wrong.what);
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (host, holds) in [
            ("localhost", true),
            ("LocalHost", true),
            ("127.0.0.1", true),
            ("127.8.8.8", true),
            ("::1", true),
            ("localhost.example.com", false),
            ("128.0.0.1", false),
            ("::2", false),
            ("0.0.0.0", false),
        ] {
            assert_eq!(is_loopback(host), holds, "{host}");
        }
    }

    #[test]
    fn hosts_and_addresses_are_plain() {
        for good in ["mail.example.com", "localhost", "192.0.2.1", "2001:db8::1", "mail.example.com."] {
            assert!(host(good).is_ok(), "{good}");
        }
        for bad in
            ["", "imaps://mail.example.com", "mail.example.com:993", "mail example", "-a.example", "a..b", "пошта.укр", "a/b"]
        {
            assert!(host(bad).is_err(), "{bad}");
        }
        for good in ["acts@example.com.ua", "a+b.c@example.com"] {
            assert!(address(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "acts",
            "@example.com",
            "acts@",
            "acts@localhost",
            "a b@example.com",
            "A <a@example.com>",
            "a@b.c,d@e.f",
            "a@b\n.c",
        ] {
            assert!(address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_host_key_is_the_key_itself() {
        let blob = "AAAAC3NzaC1lZDI1NTE5AAAAIIKmH0k8Gq0vZr9Xz3m0wF1i0l0zq2mP0m0l0m0l0m0l";
        assert_eq!(host_key(&format!("ssh-ed25519 {blob} partner")), Ok(format!("ssh-ed25519 {blob}")));
        for (bad, what) in [
            (format!("sftp.example.com ssh-ed25519 {blob}"), "before the key"),
            ("SHA256:uNiVztksCsDhcc0u9e8BrDLlNY1vfOMmmYtWvIbrNlE".to_owned(), "fingerprint"),
            ("ssh-ed25519 AAAAC3Nz".to_owned(), "cut"),
            (format!("ssh-dss {blob}"), "not known"),
            (blob.to_owned(), "no host key"),
        ] {
            assert!(host_key(&bad).unwrap_err().what.contains(what), "{bad}");
        }
    }
}
