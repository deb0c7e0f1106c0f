//! Connections of every mail protocol: TCP with a deadline and a watchdog, then TLS that is always verified.
//!
//! Plain text is for loopback only and is refused for any other peer, after its name was resolved (T27).

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use oblik_config::{Tls, TlsMode};
use tokio::io::{AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// How long a peer may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Name resolution and TCP, all addresses together.
    pub connect: Duration,
    /// The TLS handshake.
    pub handshake: Duration,
    /// One read or write without a single byte of progress; a slow large mail is not cut, a dead peer is.
    pub silence: Duration,
}

#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("read trusted roots {path}")]
    Roots { path: PathBuf, source: io::Error },
    #[error("no trusted root is known: neither the system nor ca_file has one")]
    NoRoots,
    #[error("{0:?} is no host name")]
    HostName(String),
    #[error("resolve {host}")]
    Resolve { host: String, source: io::Error },
    #[error("{host} is not this machine; without TLS only this machine is spoken to")]
    PlainTextAbroad { host: String },
    #[error("connect {host}:{port}")]
    Tcp { host: String, port: u16, source: io::Error },
    #[error("connect {host}:{port}: no answer in time")]
    TcpTimeout { host: String, port: u16 },
    #[error("TLS with {host}")]
    Handshake { host: String, source: io::Error },
    #[error("TLS with {host}: no answer in time")]
    HandshakeTimeout { host: String },
    #[error("{host} sent bytes ahead of TLS; they may be an attacker's")]
    BytesBeforeTls { host: String },
}

impl ConnectError {
    /// Only a person can mend it: another name, another certificate, another setting.
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Roots { .. } | Self::NoRoots | Self::HostName(_) | Self::PlainTextAbroad { .. })
    }

    pub fn is_timeout(&self) -> bool {
        match self {
            Self::TcpTimeout { .. } | Self::HandshakeTimeout { .. } => true,
            Self::Tcp { source, .. } | Self::Handshake { source, .. } => source.kind() == io::ErrorKind::TimedOut,
            _ => false,
        }
    }
}

/// TCP under a watchdog.
pub type Watched = Pin<Box<TimeoutStream<TcpStream>>>;

/// A connection, plain or under TLS.
#[derive(Debug)]
pub enum Wire {
    Plain(Watched),
    Tls(Box<TlsStream<Watched>>),
}

impl Wire {
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Plain(tcp) => tcp.get_ref().local_addr(),
            Self::Tls(tls) => tls.get_ref().0.get_ref().local_addr(),
        }
    }

    pub fn is_tls(&self) -> bool {
        matches!(self, Self::Tls(_))
    }
}

/// Connects as the settings say; with [`TlsMode::StartTls`] the wire is still plain and must go through [`upgrade`]
/// before anything confidential is said.
pub async fn open(host: &str, port: u16, tls: &Tls, bounds: Bounds) -> Result<Wire, ConnectError> {
    let tcp = connect(host, port, tls.mode, bounds).await?;
    match tls.mode {
        TlsMode::Implicit => handshake(tcp, host, tls, bounds).await,
        TlsMode::StartTls | TlsMode::None => Ok(Wire::Plain(tcp)),
    }
}

/// Plain to TLS after the server agreed to STARTTLS.
///
/// # Errors
/// [`ConnectError::BytesBeforeTls`] when the server (or one in the middle) sent more than its agreement: such bytes
/// would be taken for the encrypted server's words. Source: CVE-2011-0411, RFC 3207 §6.
pub async fn upgrade(plain: BufReader<Wire>, host: &str, tls: &Tls, bounds: Bounds) -> Result<Wire, ConnectError> {
    if !plain.buffer().is_empty() {
        return Err(ConnectError::BytesBeforeTls { host: host.to_owned() });
    }
    match plain.into_inner() {
        Wire::Plain(tcp) => handshake(tcp, host, tls, bounds).await,
        encrypted @ Wire::Tls(_) => Ok(encrypted),
    }
}

async fn connect(host: &str, port: u16, mode: TlsMode, bounds: Bounds) -> Result<Watched, ConnectError> {
    let late = |_| ConnectError::TcpTimeout { host: host.to_owned(), port };
    let tcp = timeout(bounds.connect, first_that_answers(host, port, mode, bounds.connect)).await.map_err(late)??;
    // Nagle's algorithm makes each command of a dialogue wait about 40 ms for the peer's delayed acknowledgement.
    tcp.set_nodelay(true).map_err(|source| ConnectError::Tcp { host: host.to_owned(), port, source })?;
    let mut watched = TimeoutStream::new(tcp);
    watched.set_read_timeout(Some(bounds.silence));
    watched.set_write_timeout(Some(bounds.silence));
    Ok(Box::pin(watched))
}

async fn first_that_answers(host: &str, port: u16, mode: TlsMode, whole: Duration) -> Result<TcpStream, ConnectError> {
    let resolve = |source| ConnectError::Resolve { host: host.to_owned(), source };
    let mut addresses: Vec<SocketAddr> = tokio::net::lookup_host((host, port)).await.map_err(resolve)?.collect();
    if mode == TlsMode::None {
        addresses.retain(|address| address.ip().is_loopback());
        if addresses.is_empty() {
            return Err(ConnectError::PlainTextAbroad { host: host.to_owned() });
        }
    }
    let share = whole / u32::try_from(addresses.len()).unwrap_or(u32::MAX).max(1);
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(tcp)) => return Ok(tcp),
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    if last.kind() == io::ErrorKind::TimedOut {
        return Err(ConnectError::TcpTimeout { host: host.to_owned(), port });
    }
    Err(ConnectError::Tcp { host: host.to_owned(), port, source: last })
}

pub(crate) async fn handshake(tcp: Watched, host: &str, tls: &Tls, bounds: Bounds) -> Result<Wire, ConnectError> {
    let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::HostName(host.to_owned()))?;
    let connector = TlsConnector::from(Arc::new(client_config(tls.ca_file.as_deref())?));
    match timeout(bounds.handshake, connector.connect(name, tcp)).await {
        Ok(Ok(stream)) => Ok(Wire::Tls(Box::new(stream))),
        Ok(Err(source)) => Err(ConnectError::Handshake { host: host.to_owned(), source }),
        Err(_) => Err(ConnectError::HandshakeTimeout { host: host.to_owned() }),
    }
}

/// TLS 1.2 and 1.3, the system's roots and those of `ca_file`. The provider is named: a process-wide default would
/// depend on who asked first.
fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, ConnectError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(system_roots().iter().cloned());
    if let Some(path) = ca_file {
        add_roots(&mut roots, path)?;
    }
    if roots.is_empty() {
        return Err(ConnectError::NoRoots);
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|_| ConnectError::NoRoots)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

fn add_roots(roots: &mut RootCertStore, path: &Path) -> Result<(), ConnectError> {
    let failed = |source| ConnectError::Roots { path: path.to_owned(), source };
    let wrong = |error: String| failed(io::Error::new(io::ErrorKind::InvalidData, error));
    let bytes = std::fs::read(path).map_err(failed)?;
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        found = true;
    }
    if found { Ok(()) } else { Err(wrong("no certificate in PEM".to_owned())) }
}

/// Read once: some hundred files. A new set of roots is known after a restart; `ca_file` at the next connection.
fn system_roots() -> &'static [CertificateDer<'static>] {
    static ROOTS: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    ROOTS.get_or_init(|| rustls_native_certs::load_native_certs().certs)
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_read(cx, buffer),
            Self::Tls(tls) => Pin::new(tls).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_write(cx, bytes),
            Self::Tls(tls) => Pin::new(tls).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_flush(cx),
            Self::Tls(tls) => Pin::new(tls).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(tcp) => Pin::new(tcp).poll_shutdown(cx),
            Self::Tls(tls) => Pin::new(tls).poll_shutdown(cx),
        }
    }
}
