//! Fetching what a certificate points to: revocation lists, OCSP responses, certificates of issuers.
//!
//! The address is a stranger's word. Its host must be one the administrator named, the address it resolves to must be one of
//! the Internet, and that very address is the one connected to: a name that resolves differently a moment later leads
//! nowhere else. What comes is bounded in size and time; no cookie, no proxy, no compression, and every redirection is
//! judged anew. Whether the content is worth anything its own signature tells.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base64::Engine as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, HOST, HeaderValue, LOCATION, USER_AGENT,
};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use oblik_config::{Online, Tls, TlsMode};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};
use tokio_io_timeout::TimeoutStream;

use crate::fetch_address::may_be_reached;
use crate::fetch_hosts::Hosts;
use crate::fetch_url::Url;
use crate::tls::{Bounds, ConnectError, Wire, handshake};

/// What is asked for; it decides how much is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    Certificate,
    RevocationList,
    OcspResponse,
    /// Of RFC 3161.
    Timestamp,
}

impl What {
    /// The longest body taken. The largest public lists have some tens of thousands of entries of 40 octets.
    fn most_bytes(self) -> usize {
        match self {
            Self::Certificate => 1024 * 1024,
            Self::RevocationList => 20 * 1024 * 1024,
            Self::OcspResponse | Self::Timestamp => 64 * 1024,
        }
    }

    /// Type of the request that is posted for it (RFC 6960 appendix A.1, RFC 3161 §3.4).
    fn request_type(self) -> &'static str {
        match self {
            Self::Timestamp => "application/timestamp-query",
            _ => "application/ocsp-request",
        }
    }
}

/// Why nothing was fetched.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    #[error("{0:?} is no address of HTTP that is asked")]
    Url(String),
    #[error("{host}:{port} is not among the allowed hosts")]
    NotAllowed { host: String, port: u16 },
    #[error("{host} leads to {address}, which is no address of the Internet and not allowed")]
    Inside { host: String, address: IpAddr },
    #[error("{what} is left alone for {} s more", .left.as_secs())]
    Paused { what: String, left: Duration },
    #[error("connect")]
    Connect(#[from] ConnectError),
    #[error("no whole answer within {} s", .0.as_secs())]
    TooSlow(Duration),
    #[error("ask {host}")]
    Protocol {
        host: String,
        #[source]
        source: hyper::Error,
    },
    #[error("{host} answers {status}")]
    Status { host: String, status: u16 },
    #[error("more than {0} redirections, or one that leads nowhere")]
    Redirections(usize),
    #[error("the answer is longer than {0} octets")]
    TooLong(usize),
    #[error("the answer is encoded, which nobody asked for")]
    Encoded,
}

impl FetchError {
    /// Whether asking again later may bring another answer.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Url(_) | Self::NotAllowed { .. } | Self::Inside { .. } => false,
            Self::Connect(cause) => !cause.is_permanent(),
            _ => true,
        }
    }

    /// Whether it tells of the whole host rather than of one address at it.
    fn is_of_host(&self) -> bool {
        match self {
            Self::Connect(_) | Self::TooSlow(_) | Self::Protocol { .. } | Self::Inside { .. } => true,
            Self::Status { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    pub connect: Duration,
    /// Without a single octet of progress.
    pub silence: Duration,
    /// The whole exchange, redirections and all.
    pub whole: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), silence: Duration::from_secs(10), whole: Duration::from_mins(1) }
    }
}

const REDIRECTIONS: usize = 3;
/// RFC 9110 asks for no less than 8000 octets of a line; all lines together are not longer here.
const HEAD_BYTES: usize = 16 * 1024;
const HEADERS: usize = 64;
/// Lists in memory at the same time while they come in, twenty megabytes each at most.
const LISTS_AT_ONCE: usize = 3;
const AT_ONCE: usize = 16;

/// Asks the hosts of the configuration, and nobody else.
#[derive(Debug)]
pub struct Fetcher {
    online: Online,
    patience: Patience,
    tls: Tls,
    /// What is said of who asks; only to hosts that may know it.
    authorization: Option<HeaderValue>,
    hosts: Hosts,
    lists: Semaphore,
    others: Semaphore,
}

impl Fetcher {
    pub fn new(online: Online, patience: Patience) -> Self {
        let (lists, others) = (Semaphore::new(LISTS_AT_ONCE), Semaphore::new(AT_ONCE));
        let tls = Tls { mode: TlsMode::Implicit, ca_file: None };
        Self { online, patience, tls, authorization: None, hosts: Hosts::default(), lists, others }
    }

    /// Trusts for HTTPS the authorities in `ca_file` as well, beside the system's.
    #[must_use]
    pub fn trusting(mut self, ca_file: std::path::PathBuf) -> Self {
        self.tls.ca_file = Some(ca_file);
        self
    }

    /// Tells every host that is asked this user and password (RFC 7617). For a fetcher of one host.
    #[must_use]
    pub fn authorized(mut self, user: &str, password: &str) -> Self {
        let credentials = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        self.authorization = HeaderValue::from_str(&format!("Basic {credentials}")).ok().map(|mut value| {
            value.set_sensitive(true);
            value
        });
        self
    }

    /// What lies at `url`; with a `request` it is posted there (RFC 6960 appendix A.1).
    ///
    /// # Errors
    /// [`FetchError`]; [`FetchError::may_pass`] tells which are worth another try.
    pub async fn fetch(&self, what: What, url: &str, request: &[u8]) -> Result<Vec<u8>, FetchError> {
        let first = Url::parse(url).ok_or_else(|| FetchError::Url(url.chars().take(200).collect()))?;
        self.allowed(&first)?;
        self.not_paused(&first.origin())?;
        self.not_paused(url)?;
        let turnstile = if what == What::RevocationList { &self.lists } else { &self.others };
        let asked = async {
            // Closed semaphores there are none.
            let _slot = turnstile.acquire().await.ok();
            timeout(self.patience.whole, self.follow(what, first.clone(), request))
                .await
                .unwrap_or(Err(FetchError::TooSlow(self.patience.whole)))
        };
        let fetched = asked.await;
        match &fetched {
            Ok(_) => {
                self.hosts.succeeded(&first.origin());
                self.hosts.succeeded(url);
            }
            Err(FetchError::Paused { .. }) => {}
            Err(error) if error.is_of_host() => self.hosts.failed(&first.origin(), Instant::now()),
            Err(_) => self.hosts.failed(url, Instant::now()),
        }
        fetched
    }

    /// What came from `url` was not what it should be: it is not asked for again at once.
    pub fn was_useless(&self, url: &str) {
        self.hosts.failed(url, Instant::now());
    }

    fn allowed(&self, url: &Url) -> Result<(), FetchError> {
        if self.online.allows(&url.host, url.port) {
            return Ok(());
        }
        Err(FetchError::NotAllowed { host: url.host.clone(), port: url.port })
    }

    fn not_paused(&self, what: &str) -> Result<(), FetchError> {
        match self.hosts.paused(what, Instant::now()) {
            Some(left) => Err(FetchError::Paused { what: what.chars().take(200).collect(), left }),
            None => Ok(()),
        }
    }

    async fn follow(&self, what: What, first: Url, request: &[u8]) -> Result<Vec<u8>, FetchError> {
        let mut url = first;
        for _ in 0..=REDIRECTIONS {
            let turnstile = self.hosts.turnstile(&url.origin());
            let _turn = turnstile.acquire().await.ok();
            // Whoever waited may have waited for the one that found the host dead.
            self.not_paused(&url.origin())?;
            match self.exchange(what, &url, request).await? {
                Answer::Body(bytes) => return Ok(bytes),
                Answer::Elsewhere(location) => {
                    url = url.join(&location).ok_or(FetchError::Redirections(REDIRECTIONS))?;
                    self.allowed(&url)?;
                }
            }
        }
        Err(FetchError::Redirections(REDIRECTIONS))
    }

    /// One request on a connection of its own.
    async fn exchange(&self, what: What, url: &Url, request: &[u8]) -> Result<Answer, FetchError> {
        let protocol = |source| FetchError::Protocol { host: url.host.clone(), source };
        let wire = self.connect(url).await?;
        let mut builder = http1::Builder::new();
        builder.max_buf_size(HEAD_BYTES).max_headers(HEADERS);
        let (mut sender, connection) = builder.handshake(TokioIo::new(wire)).await.map_err(protocol)?;
        let _driver = Driver(tokio::spawn(async move {
            let _ = connection.await;
        }));
        let mut asking = asking(what, url, request);
        if let Some(value) = self.authorization.clone().filter(|_| url.is_encrypted) {
            asking.headers_mut().insert(AUTHORIZATION, value);
        }
        let response = sender.send_request(asking).await.map_err(protocol)?;
        if let Some(location) = elsewhere(&response, request) {
            return Ok(Answer::Elsewhere(location));
        }
        if response.status() != StatusCode::OK {
            return Err(FetchError::Status { host: url.host.clone(), status: response.status().as_u16() });
        }
        let encodings = response.headers().get_all(CONTENT_ENCODING);
        if encodings.iter().any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
            return Err(FetchError::Encoded);
        }
        let body = read(response.into_body(), what.most_bytes(), &url.host).await?;
        Ok(Answer::Body(body))
    }

    /// Resolves, checks every address, and connects to one that was checked.
    async fn connect(&self, url: &Url) -> Result<Wire, FetchError> {
        let (host, port) = (url.host.as_str(), url.port);
        let late = |_| ConnectError::TcpTimeout { host: host.to_owned(), port };
        let tcp = timeout(self.patience.connect, self.first_that_answers(host, port)).await.map_err(late)??;
        let mut watched = TimeoutStream::new(tcp);
        watched.set_read_timeout(Some(self.patience.silence));
        watched.set_write_timeout(Some(self.patience.silence));
        let watched = Box::pin(watched);
        if !url.is_encrypted {
            return Ok(Wire::Plain(watched));
        }
        let bounds = Bounds { connect: self.patience.connect, handshake: self.patience.silence, silence: self.patience.silence };
        Ok(handshake(watched, host, &self.tls, bounds).await?)
    }

    async fn first_that_answers(&self, host: &str, port: u16) -> Result<TcpStream, FetchError> {
        let resolved = |source| ConnectError::Resolve { host: host.to_owned(), source };
        let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => tokio::net::lookup_host((host, port)).await.map_err(resolved)?.collect(),
        };
        let (outside, inside): (Vec<SocketAddr>, Vec<SocketAddr>) =
            addresses.into_iter().partition(|address| may_be_reached(address.ip(), &self.online.allow_private));
        if let (true, Some(address)) = (outside.is_empty(), inside.first()) {
            return Err(FetchError::Inside { host: host.to_owned(), address: address.ip() });
        }
        let share = self.patience.connect / u32::try_from(outside.len()).unwrap_or(u32::MAX).max(1);
        let mut last = std::io::Error::from(std::io::ErrorKind::AddrNotAvailable);
        for address in outside {
            match timeout(share, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => last = error,
                Err(_) => last = std::io::ErrorKind::TimedOut.into(),
            }
        }
        Err(ConnectError::Tcp { host: host.to_owned(), port, source: last }.into())
    }
}

enum Answer {
    Body(Vec<u8>),
    Elsewhere(String),
}

/// The task that moves octets; it ends with the exchange.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn asking(what: What, url: &Url, request: &[u8]) -> Request<Full<Bytes>> {
    let mut asking = Request::new(Full::new(Bytes::copy_from_slice(request)));
    asking.uri_mut().clone_from(&url.target);
    let headers = asking.headers_mut();
    headers.insert(HOST, url.authority.clone());
    for (name, value) in [
        (USER_AGENT, concat!("oblik/", env!("CARGO_PKG_VERSION"))),
        (ACCEPT, "*/*"),
        (ACCEPT_ENCODING, "identity"),
        (CONNECTION, "close"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !request.is_empty() {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(what.request_type()));
        *asking.method_mut() = Method::POST;
    }
    asking
}

/// Where the answer says it lies. What was posted is posted again only where the status says so (RFC 9110 §15.4).
fn elsewhere(response: &Response<Incoming>, request: &[u8]) -> Option<String> {
    let follows = match response.status().as_u16() {
        307 | 308 => true,
        301..=303 => request.is_empty(),
        _ => false,
    };
    let location = response.headers().get(LOCATION)?.to_str().ok()?;
    follows.then(|| location.to_owned())
}

async fn read(mut body: Incoming, most: usize, host: &str) -> Result<Vec<u8>, FetchError> {
    if body.size_hint().lower() > u64::try_from(most).unwrap_or(u64::MAX) {
        return Err(FetchError::TooLong(most));
    }
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|source| FetchError::Protocol { host: host.to_owned(), source })?;
        // Trailers are passed over.
        let Ok(data) = frame.into_data() else { continue };
        if bytes.len().saturating_add(data.len()) > most {
            return Err(FetchError::TooLong(most));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}
