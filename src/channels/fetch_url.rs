//! The address of something to fetch, cut into what is checked and what is sent, by one hand.

use hyper::Uri;
use hyper::header::HeaderValue;
use hyper::http::uri::PathAndQuery;

/// No address in a real certificate is longer.
const MOST_BYTES: usize = 2048;

/// An address of HTTP: absolute, without user, password and fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub is_encrypted: bool,
    /// In small letters; an address of IPv6 without its brackets.
    pub host: String,
    pub port: u16,
    /// What stands in `Host`.
    pub authority: HeaderValue,
    /// What stands in the request line.
    pub target: Uri,
}

impl Url {
    /// `None` for anything but a plain address of HTTP.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.split_once('#').map_or(text, |(before, _)| before);
        if text.len() > MOST_BYTES || !text.bytes().all(|octet| octet.is_ascii_graphic()) {
            return None;
        }
        let uri: Uri = text.parse().ok()?;
        let is_encrypted = match uri.scheme_str()? {
            "http" => false,
            "https" => true,
            _ => return None,
        };
        let authority = uri.authority()?;
        if authority.as_str().contains('@') {
            return None;
        }
        let host = uri.host()?.to_ascii_lowercase();
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).map_or(host.clone(), str::to_owned);
        let host = host.strip_suffix('.').map_or(host.clone(), str::to_owned);
        // What is left of the authority is the port, and a port that does not read is no port at all.
        let named = authority.as_str().rsplit_once(']').map_or(authority.as_str(), |(_, rest)| rest).contains(':');
        let usual = if is_encrypted { 443 } else { 80 };
        let port = if named { authority.port_u16()? } else { usual };
        if host.is_empty() || port == 0 {
            return None;
        }
        let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        let shown = if port == usual { bracketed } else { format!("{bracketed}:{port}") };
        let path = uri.path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        Some(Self { is_encrypted, host, port, authority: HeaderValue::from_str(&shown).ok()?, target: Uri::from(path) })
    }

    /// Where `location` leads from here: an address of its own, or a path at the same host (RFC 9110 §10.2.2).
    pub fn join(&self, location: &str) -> Option<Self> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Self::parse(&format!("{}{location}", self.origin()));
        }
        Self::parse(location)
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        let bracketed = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{}://{bracketed}:{}", if self.is_encrypted { "https" } else { "http" }, self.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_cut_into_what_is_checked_and_what_is_sent() {
        for (text, host, port, authority, target) in [
            ("http://czo.gov.ua", "czo.gov.ua", 80, "czo.gov.ua", "/"),
            ("HTTP://CZO.gov.ua./a/b.crl?x=1#y", "czo.gov.ua", 80, "czo.gov.ua", "/a/b.crl?x=1"),
            ("https://czo.gov.ua:443/a", "czo.gov.ua", 443, "czo.gov.ua", "/a"),
            ("http://czo.gov.ua:8080/a", "czo.gov.ua", 8080, "czo.gov.ua:8080", "/a"),
            ("http://[::1]:8080/a", "::1", 8080, "[::1]:8080", "/a"),
            ("http://127.0.0.1/a", "127.0.0.1", 80, "127.0.0.1", "/a"),
        ] {
            let url = Url::parse(text).unwrap_or_else(|| panic!("{text}"));
            let got = (url.host.as_str(), url.port, url.authority.to_str().unwrap(), url.target.to_string());
            assert_eq!(got, (host, port, authority, target.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_plain_address_of_http_is_not_asked() {
        for text in [
            "",
            "czo.gov.ua/a.crl",
            "/a.crl",
            "ldap://czo.gov.ua/cn=CA",
            "file:///etc/passwd",
            "ftp://czo.gov.ua/a",
            "http://",
            "http:///a",
            "http://czo.gov.ua@evil.example/",
            "http://user:pass@czo.gov.ua/",
            "http://czo.gov.ua:0/",
            "http://czo.gov.ua:99999/",
            "http://czo.gov.ua:/",
            "http://czo.gov.ua /a",
            "http://czo.gov.ua/a\r\nX: y",
            "http://цзо.укр/a",
        ] {
            assert_eq!(Url::parse(text), None, "{text:?}");
        }
        assert_eq!(Url::parse(&format!("http://a/{}", "x".repeat(MOST_BYTES))), None);
    }

    #[test]
    fn a_redirection_leads_to_an_address_or_a_path() {
        let from = Url::parse("http://ca.example:8080/a/b").unwrap();
        for (location, origin, target) in
            [("/c", "http://ca.example:8080", "/c"), ("https://other.example/d", "https://other.example:443", "/d")]
        {
            let to = from.join(location).unwrap();
            assert_eq!((to.origin().as_str(), to.target.to_string().as_str()), (origin, target));
        }
        for location in ["//other.example/x", "c", "ldap://x", ""] {
            assert_eq!(from.join(location), None, "{location}");
        }
    }
}
