//! Who is spoken to at all, and for how long without an answer.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use oblik_channels::tls::{self, Bounds, ConnectError};
use oblik_config::{Tls, TlsMode};
use tokio::io::AsyncReadExt;

fn bounds(short: Duration) -> Bounds {
    Bounds { connect: short, handshake: short, silence: short }
}

fn with(mode: TlsMode) -> Tls {
    Tls { mode, ca_file: None }
}

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn plain_text_stays_on_this_machine() {
    for host in ["192.0.2.1", "10.0.0.1", "2001:db8::1", "0.0.0.0"] {
        let refused = tls::open(host, 25, &with(TlsMode::None), bounds(SHORT)).await;
        assert!(matches!(refused, Err(ConnectError::PlainTextAbroad { .. })), "{host}: {refused:?}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for host in ["127.0.0.1", "localhost"] {
        let wire = tls::open(host, port, &with(TlsMode::None), bounds(SHORT)).await.unwrap();
        assert!(!wire.is_tls());
    }
}

#[tokio::test]
async fn a_silent_peer_ends_in_an_error() {
    // It accepts by its backlog and never says a word.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let started = Instant::now();
    let handshake = tls::open("127.0.0.1", port, &with(TlsMode::Implicit), bounds(SHORT)).await;
    assert!(handshake.is_err_and(|error| error.is_timeout() && !error.is_permanent()));

    let mut wire = tls::open("127.0.0.1", port, &with(TlsMode::StartTls), bounds(SHORT)).await.unwrap();
    let silence = wire.read_u8().await.unwrap_err();
    assert_eq!(silence.kind(), std::io::ErrorKind::TimedOut);
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn what_only_a_person_can_mend_is_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for ca_file in [empty, folder.path().join("missing.pem")] {
        let tls = Tls { mode: TlsMode::Implicit, ca_file: Some(ca_file) };
        let error = tls::open("127.0.0.1", port, &tls, bounds(SHORT)).await.unwrap_err();
        assert!(matches!(error, ConnectError::Roots { .. }) && error.is_permanent(), "{error}");
    }
    drop(listener);
    let closed = tls::open("127.0.0.1", port, &with(TlsMode::Implicit), bounds(SHORT)).await.unwrap_err();
    assert!(matches!(closed, ConnectError::Tcp { .. }) && !closed.is_permanent(), "{closed}");
    let unknown = tls::open("no-such-host.invalid", 25, &with(TlsMode::Implicit), bounds(Duration::from_secs(5))).await;
    assert!(unknown.is_err_and(|error| !error.is_permanent()));
}
