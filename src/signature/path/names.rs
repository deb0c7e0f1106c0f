//! Name constraints, RFC 5280 §4.2.1.10.
//!
//! Directory names, mail addresses, hosts, addresses of resources and of networks are compared. A constraint on any other
//! form refuses certificates that have a name of that form.

use std::sync::Arc;

use oblik_domain::finding::{Code, Finding};

use crate::asn1::{Element, Malformed, Read, SEQUENCE, context, context_primitive};
use crate::certificate::Certificate;
use crate::general_name::{DIRECTORY, URI};
use crate::name::Name;
use crate::oids;
use crate::verdict::{Facts, SubIndication};

/// Tags of `GeneralName`.
const MAIL: u8 = context_primitive(1);
const HOST: u8 = context_primitive(2);
const ADDRESS: u8 = context_primitive(7);

/// Comparisons one path may cost; certificates with that many names and constraints are made to be slow.
const COMPARISONS_MAX: usize = 1 << 16;

pub(super) fn judge(path: &[Arc<Certificate>], facts: &mut Facts) {
    let mut comparisons_left = COMPARISONS_MAX;
    for (position, authority) in path.iter().enumerate().skip(1) {
        let Some(constraints) = authority.extensions.name_constraints.as_deref() else { continue };
        for (below, certificate) in path.iter().enumerate().take(position) {
            // A self-issued authority is exempt (key rollover); a signer never is.
            if below > 0 && certificate.names_itself() {
                continue;
            }
            if !obeys(certificate, constraints, &mut comparisons_left).unwrap_or(false) {
                let detail = format!("its names are outside what {} may name", authority.subject.human());
                let finding = Finding::error(Code::CertificateChain).with("subject", certificate.subject.human());
                facts.fail(SubIndication::CertificateChainGeneralFailure, finding.with("detail", detail));
            }
        }
    }
}

fn obeys(certificate: &Certificate, constraints: &[u8], comparisons_left: &mut usize) -> Read<bool> {
    let mut reader = Element::only(constraints)?.tagged(SEQUENCE)?.reader();
    let permitted = reader.optional(context(0))?;
    let excluded = reader.optional(context(1))?;
    reader.finish()?;
    let names = names_of(certificate)?;
    let permitted = permitted.map_or(Ok(Vec::new()), bases)?;
    let excluded = excluded.map_or(Ok(Vec::new()), bases)?;
    let comparisons = names.len().saturating_mul(permitted.len() + excluded.len());
    *comparisons_left = comparisons_left.checked_sub(comparisons).ok_or(Malformed("too many names to compare"))?;
    for base in excluded {
        for name in names.iter().filter(|name| name.tag() == base.tag) {
            if name.is_within(base)? {
                return Ok(false);
            }
        }
    }
    for name in &names {
        let of_form: Vec<&Element<'_>> = permitted.iter().filter(|base| base.tag == name.tag()).collect();
        let mut is_permitted = of_form.is_empty();
        for base in of_form {
            is_permitted |= name.is_within(*base)?;
        }
        if !is_permitted {
            return Ok(false);
        }
    }
    Ok(true)
}

fn bases(list: Element<'_>) -> Read<Vec<Element<'_>>> {
    let mut bases = Vec::new();
    for subtree in list.reader().all()? {
        let mut reader = subtree.tagged(SEQUENCE)?.reader();
        bases.push(reader.next()?);
        // Minimum and maximum are not used by RFC 5280: their presence changes a meaning we do not know.
        reader.finish()?;
    }
    Ok(bases)
}

enum CertifiedName {
    Directory(Name),
    Mail(String),
    Host(String),
    Uri(String),
    Address(Vec<u8>),
    Other(u8),
}

fn names_of(certificate: &Certificate) -> Read<Vec<CertifiedName>> {
    let mut names = Vec::new();
    if !certificate.subject.is_empty() {
        names.push(CertifiedName::Directory(certificate.subject.clone()));
    }
    let mails = certificate.subject.attributes.iter().filter(|attribute| attribute.oid == oids::EMAIL);
    names.extend(mails.map(|attribute| CertifiedName::Mail(attribute.text.clone())));
    if let Some(alternatives) = certificate.extensions.subject_alt_name.as_deref() {
        for name in Element::only(alternatives)?.tagged(SEQUENCE)?.reader().all()? {
            names.push(match name.tag {
                DIRECTORY => CertifiedName::Directory(Name::of(Element::only(name.value)?)?),
                MAIL => CertifiedName::Mail(name.text()),
                HOST => CertifiedName::Host(name.text()),
                URI => CertifiedName::Uri(name.text()),
                ADDRESS => CertifiedName::Address(name.value.to_vec()),
                other => CertifiedName::Other(other),
            });
        }
    }
    Ok(names)
}

impl CertifiedName {
    fn tag(&self) -> u8 {
        match self {
            Self::Directory(_) => DIRECTORY,
            Self::Mail(_) => MAIL,
            Self::Host(_) => HOST,
            Self::Uri(_) => URI,
            Self::Address(_) => ADDRESS,
            Self::Other(tag) => *tag,
        }
    }

    fn is_within(&self, base: Element<'_>) -> Read<bool> {
        match self {
            Self::Directory(name) => Ok(name.is_within(&Name::of(Element::only(base.value)?)?)),
            Self::Mail(address) => Ok(mail_within(address, &base.text())),
            Self::Host(host) => Ok(host_within(host, &base.text())),
            Self::Uri(uri) => uri_within(uri, &base.text()),
            Self::Address(address) => address_within(address, base.value),
            Self::Other(_) => Err(Malformed("a constraint on an unknown form of name")),
        }
    }
}

/// A whole address, all addresses of a host, or all of a domain (`.example.ua`).
fn mail_within(address: &str, base: &str) -> bool {
    let Some((mailbox, host)) = address.rsplit_once('@') else { return false };
    match base.rsplit_once('@') {
        Some((base_mailbox, base_host)) => mailbox == base_mailbox && host.eq_ignore_ascii_case(base_host),
        None if base.starts_with('.') => host.to_ascii_lowercase().ends_with(&base.to_ascii_lowercase()),
        None => host.eq_ignore_ascii_case(base),
    }
}

fn host_within(host: &str, base: &str) -> bool {
    let (host, base) = (host.to_ascii_lowercase(), base.to_ascii_lowercase());
    let base = base.trim_start_matches('.');
    base.is_empty() || host == base || host.strip_suffix(base).is_some_and(|head| head.ends_with('.'))
}

/// The host of an address is the base, or lies in its domain (`.example.ua`). An address without a host name cannot be judged.
fn uri_within(uri: &str, base: &str) -> Read<bool> {
    const NO_HOST: Malformed = Malformed("an address without a host name");
    let (_, rest) = uri.split_once("://").ok_or(NO_HOST)?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    if host.is_empty() || host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok() {
        return Err(NO_HOST);
    }
    let base = base.to_ascii_lowercase();
    Ok(if base.starts_with('.') { host.ends_with(&base) && host.len() > base.len() } else { host == base })
}

/// `base` is an address and a mask of the same length.
fn address_within(address: &[u8], base: &[u8]) -> Read<bool> {
    if !matches!(address.len(), 4 | 16) || !matches!(base.len(), 8 | 32) {
        return Err(Malformed("an address of a strange length"));
    }
    let (network, mask) = base.split_at(base.len() / 2);
    let agrees = |((byte, network), mask): ((&u8, &u8), &u8)| byte & mask == network & mask;
    Ok(address.len() == network.len() && address.iter().zip(network).zip(mask).all(agrees))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mail_addresses_are_within_an_address_a_host_or_a_domain() {
        for (address, base, within) in [
            ("a@oblenergo.ua", "a@oblenergo.ua", true),
            ("b@oblenergo.ua", "a@oblenergo.ua", false),
            ("a@OBLENERGO.ua", "oblenergo.ua", true),
            ("a@x.oblenergo.ua", "oblenergo.ua", false),
            ("a@x.oblenergo.ua", ".oblenergo.ua", true),
            ("a@oblenergo.ua", ".oblenergo.ua", false),
            ("nonsense", "oblenergo.ua", false),
        ] {
            assert_eq!(mail_within(address, base), within, "{address} {base}");
        }
    }

    #[test]
    fn addresses_of_resources_and_of_networks_are_within_theirs() {
        for (uri, base, within) in [
            ("http://a.example.ua/x", ".example.ua", Ok(true)),
            ("http://example.ua/x", ".example.ua", Ok(false)),
            ("https://u@EXAMPLE.ua:8080?x", "example.ua", Ok(true)),
            ("http://badexample.ua", "example.ua", Ok(false)),
            ("http://10.0.0.1/x", "example.ua", Err(())),
            ("mailto:a@example.ua", "example.ua", Err(())),
        ] {
            assert_eq!(uri_within(uri, base).map_err(|_| ()), within, "{uri} {base}");
        }
        for (address, base, within) in [
            (&[10, 1, 2, 3][..], &[10, 1, 0, 0, 255, 255, 0, 0][..], Ok(true)),
            (&[10, 2, 2, 3], &[10, 1, 0, 0, 255, 255, 0, 0], Ok(false)),
            (&[10; 16], &[10, 1, 0, 0, 255, 255, 0, 0], Ok(false)),
            (&[10, 1, 2], &[10, 1, 0, 0, 255, 255, 0, 0], Err(())),
            (&[10, 1, 2, 3], &[10, 1, 0, 0], Err(())),
        ] {
            assert_eq!(address_within(address, base).map_err(|_| ()), within, "{address:?} {base:?}");
        }
    }

    #[test]
    fn host_names_are_within_their_domain_at_a_dot() {
        for (host, base, within) in
            [("a.example.ua", "example.ua", true), ("example.ua", "example.ua", true), ("badexample.ua", "example.ua", false)]
        {
            assert_eq!(host_within(host, base), within, "{host} {base}");
        }
    }
}
