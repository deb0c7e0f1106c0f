//! The authority of timestamps over HTTP: one that answers by OpenSSL, and the same one slow, endless, broken or locked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use oblik_channels::fetch::FetchError;
use oblik_channels::timestamp::StampAuthority;
use oblik_config::Config;
use oblik_test_servers::authority::{Authority, Manner};
use oblik_test_servers::certs::Certificates;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// `anna` with `щит і меч`, as RFC 7617 writes them.
const ANNA: &str = "Basic YW5uYTrRidC40YIg0ZYg0LzQtdGH";

/// The configuration's own words, so that what is tested is what an administrator can say.
fn asking(url: &str, more: &str) -> StampAuthority {
    let signing = format!("[signing]\nlevel = \"B-T\"\ntimestamp_url = \"{url}\"\n{more}\n");
    let text = oblik_config::embedded_text().replace("[signing]\n", &signing);
    let config = Config::parse(&text, Path::new("/")).unwrap();
    StampAuthority::new(&config.signature_level.service.unwrap()).unwrap()
}

/// `TimeStampReq` for a SHA-256 of zeros (RFC 3161 §2.4.1).
fn question() -> Vec<u8> {
    let head = [0x30, 0x39, 2, 1, 1, 0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
    [&head[..], &[0; 32], &[1, 1, 0xff]].concat()
}

/// The answer, or what is said of why there is none.
async fn asked(stamps: &StampAuthority) -> Result<Vec<u8>, String> {
    stamps.ask(&question()).await.map_err(|error| {
        assert!(error.may_pass(), "{error:?}");
        error.to_string()
    })
}

#[tokio::test]
async fn an_authority_answers_what_it_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let Some(authority) = Authority::start(folder.path()) else { return };
    let stamps = asking(&authority.url("tsp"), "");
    for manner in [Manner::Good, Manner::Slow(Duration::from_millis(200)), Manner::TimestampAsPage] {
        authority.meet(manner);
        let answer = asked(&stamps).await.unwrap();
        std::fs::write(folder.path().join("answer"), answer).unwrap();
        std::fs::write(folder.path().join("question"), question()).unwrap();
        let mut openssl = std::process::Command::new("openssl");
        openssl.args(["ts", "-verify", "-queryfile", "question", "-in", "answer", "-CAfile", "root.crt"]);
        openssl.args(["-untrusted", "stamps.crt"]);
        let told = openssl.current_dir(folder.path()).output().unwrap();
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    }
    let said = authority.asked();
    assert_eq!(said.len(), 3);
    assert!(said.iter().all(|one| one.method == "POST" && one.path == "/tsp" && one.body == question()));
    assert!(said.iter().all(|one| one.header("authorization").is_none()));
}

#[tokio::test]
async fn each_way_of_giving_no_answer_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let Some(authority) = Authority::start(folder.path()) else { return };
    for (manner, told) in [
        (Manner::Status(500), "127.0.0.1 answers 500"),
        (Manner::Status(404), "127.0.0.1 answers 404"),
        (Manner::Locked(ANNA), "127.0.0.1 answers 401"),
        (Manner::Huge(64 * 1024 + 1), "the answer is longer than 65536 octets"),
        (Manner::Huge(64 * 1024 * 1024), "the answer is longer than 65536 octets"),
    ] {
        authority.meet(manner.clone());
        let stamps = asking(&authority.url("tsp"), "");
        assert_eq!(asked(&stamps).await.unwrap_err(), told, "{manner:?}");
        // It is left alone for a while, however many documents wait.
        let seen = authority.asked().len();
        let again = asked(&stamps).await.unwrap_err();
        assert!(again.contains("is left alone for 1"), "{manner:?}: {again}");
        assert_eq!(authority.asked().len(), seen);
    }
    authority.meet(Manner::Huge(64 * 1024));
    let stamps = asking(&authority.url("tsp"), "");
    assert_eq!(asked(&stamps).await.unwrap().len(), 64 * 1024, "up to its bound an answer is taken");
    stamps.was_useless();
    assert!(asked(&stamps).await.unwrap_err().contains("is left alone"));
}

#[tokio::test]
async fn an_authority_that_stays_silent_is_left_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let Some(authority) = Authority::start(folder.path()) else { return };
    authority.meet(Manner::Slow(Duration::from_secs(30)));
    let stamps = Arc::new(asking(&authority.url("tsp"), ""));
    let waiting = tokio::spawn({
        let stamps = Arc::clone(&stamps);
        async move { asked(&stamps).await }
    });
    crate::soon(|| authority.asked().pop()).await;
    // From here on time passes by itself.
    tokio::time::pause();
    let began = Instant::now();
    let told = waiting.await.unwrap().unwrap_err();
    assert!(told == "ask 127.0.0.1" || told == "no whole answer within 15 s", "{told}");
    assert!(began.elapsed() <= Duration::from_secs(15), "{:?}", began.elapsed());
}

/// HTTPS before a port of this machine.
async fn front(certificates: &Certificates, behind: u16) -> u16 {
    let chain = CertificateDer::pem_file_iter(&certificates.chain).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(&certificates.key).unwrap();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((tcp, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut outer = acceptor.accept(tcp).await.ok()?;
                let mut inner = TcpStream::connect(("127.0.0.1", behind)).await.ok()?;
                tokio::io::copy_bidirectional(&mut outer, &mut inner).await.ok()
            });
        }
    });
    port
}

#[tokio::test]
async fn a_password_goes_over_https_and_to_the_authority_alone() {
    let folder = tempfile::tempdir().unwrap();
    let Some(authority) = Authority::start(&folder.path().join("authority")) else { return };
    authority.meet(Manner::Locked(ANNA));
    let certificates = Certificates::make(&folder.path().join("https"));
    let port = front(&certificates, authority.port()).await;
    let password = folder.path().join("password");
    std::fs::write(&password, "щит і меч\n").unwrap();
    let login = |password: &Path| {
        let (ca, password) = (certificates.ca.display(), password.display());
        format!("timestamp_user = \"anna\"\ntimestamp_password = \"{password}\"\ntimestamp_ca_file = \"{ca}\"")
    };
    let stamps = asking(&format!("https://127.0.0.1:{port}/tsp"), &login(&password));
    assert!(asked(&stamps).await.is_ok());
    assert_eq!(authority.asked().last().unwrap().header("authorization"), Some(ANNA));
    std::fs::write(&password, "щит\n").unwrap();
    let stamps = asking(&format!("https://127.0.0.1:{port}/tsp"), &login(&password));
    assert_eq!(asked(&stamps).await.unwrap_err(), "127.0.0.1 answers 401");
    // A host with another's certificate is told nothing.
    let strangers = Certificates::make_for(&folder.path().join("stranger"), &["other.example"]);
    let stranger = front(&strangers, authority.port()).await;
    let seen = authority.asked().len();
    let stamps = asking(&format!("https://127.0.0.1:{stranger}/tsp"), &login(&password));
    let error = stamps.ask(&question()).await.unwrap_err();
    assert!(matches!(error, FetchError::Connect(_)), "{error:?}");
    assert_eq!(authority.asked().len(), seen);
    // In the clear it is not even configured.
    let signing = format!("[signing]\nlevel = \"B-T\"\ntimestamp_url = \"{}\"\n{}\n", authority.url("tsp"), login(&password));
    let text = oblik_config::embedded_text().replace("[signing]\n", &signing);
    let faults = Config::parse(&text, Path::new("/")).unwrap_err();
    assert!(faults.list().iter().any(|fault| fault.key == "signing.timestamp_password"), "{:?}", faults.list());
}
