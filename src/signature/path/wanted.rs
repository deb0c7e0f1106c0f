//! What could be fetched to know more: addresses that certificates name themselves.

use crate::asn1::{Element, Oid, Read, SEQUENCE};
use crate::certificate::Certificate;
use crate::general_name::URI;
use crate::ocsp;
use crate::oids;
use crate::verdict::{Wanted, WantedKind};

/// Addresses taken of one certificate for one thing, and octets of each.
const URLS_MAX: usize = 4;
const URL_BYTES_MAX: usize = 1024;

/// What tells the status of `certificate`.
pub(super) fn status(certificate: &Certificate, issuer: &Certificate) -> Vec<Wanted> {
    let extensions = &certificate.extensions;
    let mut answer = wanted(WantedKind::OcspResponse, access(certificate, &oids::ACCESS_OCSP), Vec::new());
    if let Some(answer) = &mut answer {
        answer.request = ocsp::request(certificate, issuer, None);
    }
    // Each point may be a part of the whole, so each is wanted for itself.
    let points = extensions.crl_points.iter().chain(&extensions.freshest_crl).take(URLS_MAX);
    let lists =
        points.filter_map(|point| wanted(WantedKind::RevocationList, point.uris().map(str::to_owned).collect(), Vec::new()));
    answer.into_iter().chain(lists).collect()
}

/// The certificate of the issuer of `certificate`.
pub(super) fn issuer(certificate: &Certificate) -> Option<Wanted> {
    wanted(WantedKind::Certificate, access(certificate, &oids::ACCESS_CA_ISSUERS), Vec::new())
}

fn wanted(kind: WantedKind, urls: Vec<String>, request: Vec<u8>) -> Option<Wanted> {
    let mut urls: Vec<String> = urls.into_iter().filter(|url| is_fetchable(url)).take(URLS_MAX).collect();
    urls.dedup();
    (!urls.is_empty()).then_some(Wanted { kind, urls, request })
}

fn is_fetchable(url: &str) -> bool {
    let is_web = ["http://", "https://"]
        .iter()
        .any(|scheme| url.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme)) && url.len() > scheme.len());
    is_web && url.len() <= URL_BYTES_MAX && url.bytes().all(|byte| byte.is_ascii_graphic())
}

fn access(certificate: &Certificate, method: &const_oid::ObjectIdentifier) -> Vec<String> {
    let value = certificate.extensions.authority_information.as_deref();
    value.and_then(|value| descriptions(value, method).ok()).unwrap_or_default()
}

fn descriptions(value: &[u8], method: &const_oid::ObjectIdentifier) -> Read<Vec<String>> {
    let mut urls = Vec::new();
    for description in Element::only(value)?.tagged(SEQUENCE)?.reader().all()? {
        let mut reader = description.tagged(SEQUENCE)?.reader();
        let is_wanted = Oid::of(reader.next()?)? == *method;
        let location = reader.next()?;
        if is_wanted && location.tag == URI {
            urls.push(location.text());
        }
    }
    Ok(urls)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_addresses_of_the_web_are_wanted() {
        let long = format!("http://a/{}", "x".repeat(URL_BYTES_MAX));
        for (url, is_wanted) in [
            ("http://czo.gov.ua/x.crl", true),
            ("HTTPS://czo.gov.ua/", true),
            ("ldap://czo.gov.ua/", false),
            ("file:///etc/passwd", false),
            ("http://", false),
            ("http://a b/", false),
            ("http://a/\r\nHost: b", false),
            ("ЦЗО", false),
            (long.as_str(), false),
        ] {
            assert_eq!(is_fetchable(url), is_wanted, "{url}");
        }
    }
}
