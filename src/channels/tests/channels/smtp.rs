//! Letters through a real Postfix: every way in, and every byte out again.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oblik_channels::smtp::{Envelope, Outcome, Patience, Phase, Reply, SmtpConnection, SmtpError, SmtpPool};
use oblik_config::{Secret, Smtp, Tls, TlsMode};
use oblik_test_servers::certs::Certificates;
use oblik_test_servers::dovecot::{Dovecot, PASSWORD};
use oblik_test_servers::postfix::{Destination, Postfix, Settings};

use tokio::task::JoinSet;

use crate::soon;

fn settings(port: u16, mode: TlsMode, ca: Option<&Path>) -> Smtp {
    Smtp {
        host: "localhost".into(),
        port,
        tls: Tls { mode, ca_file: ca.map(Path::to_owned) },
        user: None,
        password: None,
        connections: 2,
        journal_address: None,
        journal_mailbox: None,
        journal_wait: std::time::Duration::from_mins(15),
    }
}

fn envelope(to: &[&str]) -> Envelope {
    Envelope { from: "bills@test.local".into(), to: to.iter().map(|&to| to.to_owned()).collect() }
}

fn letter(id: &str, body: &[u8]) -> Vec<u8> {
    [format!("Message-ID: <{id}@test.local>\r\nSubject: {id}\r\n\r\n").as_bytes(), body].concat()
}

async fn send(settings: &Smtp, to: &[&str], letter: &[u8]) -> Result<(), SmtpError> {
    let mut connection = SmtpConnection::open(settings).await?;
    connection.begin(&envelope(to), u64::try_from(letter.len()).unwrap()).await?;
    let accepted = connection.data(letter).await?;
    assert_eq!(accepted.code, 250);
    assert!(accepted.text.contains("queued as"), "{}", accepted.text);
    connection.quit().await;
    Ok(())
}

fn absent() {
    eprintln!("skipped: Postfix is not installed, or this is not root");
}

#[tokio::test]
async fn every_byte_of_a_letter_arrives() {
    let Some(postfix) = Postfix::start(&Settings { destination: Destination::Maildir, ..Settings::default() }) else {
        return absent();
    };
    let bodies: Vec<(&str, Vec<u8>)> = vec![
        ("dots", b".\r\n..\r\n. a\r\n.a.\r\na\r\n\r\n.\r\n\r\n..b\r\n".to_vec()),
        ("first-dot", b".\r\n".to_vec()),
        ("longest-lines", [vec![b'x'; 998], b"\r\n".to_vec(), vec![b'.'; 998], b"\r\n".to_vec()].concat()),
        ("blank-end", b"text\r\n\r\n\r\n".to_vec()),
        ("no-body", Vec::new()),
        ("from-line", b"From me to you\r\n>From you\r\n".to_vec()),
        ("spaces", b"a \t \r\n \r\n\t\r\n".to_vec()),
        ("eight-bits", "Рахунок №1 — сплатіть\r\n".as_bytes().to_vec()),
        ("all-octets", (1..=255).filter(|byte| ![b'\r', b'\n'].contains(byte)).chain(*b"\r\n").collect()),
        ("large", b".0123456789\r\n".repeat(400_000)),
    ];
    let smtp = settings(postfix.port, TlsMode::None, None);
    for (id, body) in &bodies {
        send(&smtp, &["a@test.local"], &letter(id, body)).await.unwrap();
    }
    let delivered = soon(|| Some(postfix.delivered()).filter(|mails| mails.len() == bodies.len())).await;
    for (id, body) in &bodies {
        // A Maildir ends lines with LF; Postfix puts its trace fields before ours.
        let mut expected = letter(id, body);
        expected.retain(|&byte| byte != b'\r');
        assert!(delivered.iter().any(|mail| mail.ends_with(&expected)), "{id} arrived changed");
    }
    let accepted = postfix.accepted();
    for (id, _) in &bodies {
        assert_eq!(accepted.get(&format!("<{id}@test.local>")).map(BTreeSet::len), Some(1), "{id}");
    }
}

#[tokio::test]
async fn a_refused_recipient_is_told_with_the_servers_words() {
    let Some(postfix) = Postfix::start(&Settings::default()) else { return absent() };
    let smtp = settings(postfix.port, TlsMode::None, None);
    let mut connection = SmtpConnection::open(&smtp).await.unwrap();
    for (address, code, for_good) in [("nobody@test.local", 554, true), ("later@test.local", 450, false)] {
        let error = connection.begin(&envelope(&["a@test.local", address]), 100).await.unwrap_err();
        assert_eq!(error.refused_recipient(), Some(address));
        assert_eq!(error.reply().map(|reply| reply.code), Some(code));
        assert_eq!((error.nothing_left(), error.letter_refused()), (true, for_good));
        assert!(error.reply().and_then(Reply::enhanced).is_some_and(|code| code.ends_with(".7.1")));
        assert!(!error.to_string().contains('@'), "{error}");
    }
    connection.begin(&envelope(&["a@test.local", "c@elsewhere.test"]), 100).await.unwrap();
    connection.data(&letter("after-refusal", b"text\r\n")).await.unwrap();
    let accepted = soon(|| Some(postfix.accepted()).filter(|accepted| !accepted.is_empty())).await;
    assert_eq!(accepted.into_keys().collect::<Vec<_>>(), ["<after-refusal@test.local>"]);
}

#[tokio::test]
async fn a_letter_larger_than_the_server_takes_does_not_leave() {
    let Some(postfix) = Postfix::start(&Settings { size_limit: 20_000, ..Settings::default() }) else { return absent() };
    let smtp = settings(postfix.port, TlsMode::None, None);
    let mut connection = SmtpConnection::open(&smtp).await.unwrap();
    let error = connection.begin(&envelope(&["a@test.local"]), 20_001).await.unwrap_err();
    assert!(matches!(error.outcome, Outcome::Unfit(_)) && error.phase == Phase::Mail, "{error}");

    // One that grew after its size was told is refused by the server, at its end.
    connection.begin(&envelope(&["a@test.local"]), 100).await.unwrap();
    let error = connection.data(&letter("grown", &b"0123456789\r\n".repeat(3_000))).await.unwrap_err();
    assert_eq!((error.reply().map(|reply| reply.code), error.nothing_left()), (Some(552), true), "{error}");
}

#[tokio::test]
async fn both_ways_of_tls_work_and_only_with_the_right_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let ours = Certificates::make(&folder.path().join("ours"));
    let others = Certificates::make(&folder.path().join("others"));
    let tls = Some((ours.chain.clone(), ours.key.clone()));
    let Some(postfix) = Postfix::start(&Settings { tls, ..Settings::default() }) else { return absent() };
    let ways = [(postfix.submission_port, TlsMode::StartTls), (postfix.smtps_port, TlsMode::Implicit)];
    for (port, mode) in ways {
        let right = settings(port, mode, Some(&ours.ca));
        send(&right, &["a@test.local"], &letter(&format!("tls-{port}"), b"text\r\n")).await.unwrap();
        let by_address = Smtp { host: "127.0.0.1".into(), ..right.clone() };
        assert!(SmtpConnection::open(&by_address).await.is_ok(), "the certificate names the address");

        for untrusted in [Some(others.ca.as_path()), None] {
            let error = SmtpConnection::open(&settings(port, mode, untrusted)).await.err().unwrap();
            assert_eq!(error.phase, Phase::Tls, "{mode:?} {untrusted:?}: {error}");
        }
        let missing = settings(port, mode, Some(Path::new("/nonexistent/ca.pem")));
        assert_eq!(SmtpConnection::open(&missing).await.err().unwrap().phase, Phase::Tls);
    }
    // In plain text the submission port takes no letter.
    let error = send(&settings(postfix.submission_port, TlsMode::None, None), &["a@test.local"], b"x\r\n").await.unwrap_err();
    assert_eq!(error.reply().map(|reply| reply.code), Some(530));
    assert!(!error.letter_refused(), "that is the configuration's fault, not the letter's");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let other = Certificates::make_for(folder.path(), &["mail.elsewhere.test"]);
    let tls = Some((other.chain.clone(), other.key.clone()));
    let Some(postfix) = Postfix::start(&Settings { tls, ..Settings::default() }) else { return absent() };
    let error = SmtpConnection::open(&settings(postfix.smtps_port, TlsMode::Implicit, Some(&other.ca))).await.err().unwrap();
    assert_eq!(error.phase, Phase::Tls);
    let Outcome::Lost(cause) = &error.outcome else { panic!("{error}") };
    assert!(format!("{cause:?}").contains("NotValidForName"), "{cause:?}");
}

fn secret(folder: &Path, name: &str, text: &str) -> Secret {
    let path: PathBuf = folder.join(name);
    std::fs::write(&path, format!("{text}\n")).unwrap();
    Secret(path)
}

#[tokio::test]
async fn a_login_opens_the_submission_ports() {
    let folder = tempfile::tempdir().unwrap();
    let (Some(dovecot), right, wrong) = (
        Dovecot::start(&["bills@test.local"]),
        secret(folder.path(), "right", PASSWORD),
        secret(folder.path(), "wrong", "guess"),
    ) else {
        eprintln!("skipped: Dovecot is not installed");
        return;
    };
    let certificates = &dovecot.certificates;
    let Some(postfix) = Postfix::start(&Settings {
        destination: Destination::Lmtp(dovecot.lmtp_port),
        tls: Some((certificates.chain.clone(), certificates.key.clone())),
        sasl_socket: Some(dovecot.sasl_socket()),
        ..Settings::default()
    }) else {
        return absent();
    };
    for (port, mode) in [(postfix.submission_port, TlsMode::StartTls), (postfix.smtps_port, TlsMode::Implicit)] {
        let with = |password: &Secret| Smtp {
            user: Some("bills@test.local".into()),
            password: Some(password.clone()),
            ..settings(port, mode, Some(&certificates.ca))
        };
        send(&with(&right), &["bills@test.local"], &letter(&format!("login-{port}"), b"text\r\n")).await.unwrap();
        let error = SmtpConnection::open(&with(&wrong)).await.err().unwrap();
        assert_eq!((error.phase.clone(), error.reply().map(|reply| reply.code)), (Phase::Auth, Some(535)));
        assert!(!error.letter_refused());
        let error = send(&settings(port, mode, Some(&certificates.ca)), &["a@test.local"], b"x\r\n").await.unwrap_err();
        assert!(error.refused_recipient().is_some(), "without login no relay: {error}");
        let unreadable = Secret("/nonexistent/password".into());
        assert_eq!(SmtpConnection::open(&with(&unreadable)).await.err().unwrap().phase, Phase::Auth);
    }
    soon(|| (dovecot.mails("bills@test.local", "INBOX").len() == 2).then_some(())).await;
}

#[tokio::test]
async fn a_hundred_letters_share_a_few_connections_and_each_is_accepted_once() {
    let Some(postfix) = Postfix::start(&Settings::default()) else { return absent() };
    let pool = Arc::new(SmtpPool::new(settings(postfix.port, TlsMode::None, None), Patience::STANDARD));
    let mut senders = JoinSet::new();
    for n in 0..120 {
        let pool = Arc::clone(&pool);
        senders.spawn(async move {
            let mut lent = pool.take().await.unwrap();
            lent.begin(&envelope(&["a@test.local"]), 200).await.unwrap();
            lent.data(&letter(&format!("many-{n}"), b"text\r\n")).await.unwrap();
            pool.give_back(lent);
        });
    }
    senders.join_all().await;
    pool.close().await;
    let accepted = soon(|| Some(postfix.accepted()).filter(|accepted| accepted.len() == 120)).await;
    assert!(accepted.values().all(|queue_ids| queue_ids.len() == 1));
    // Two at once, and one more each time a connection has carried its hundred.
    let connections = postfix.log().lines().filter(|line| line.contains(": connect from")).count();
    assert!((2..=5).contains(&connections), "{connections} connections");
}

#[tokio::test]
async fn a_server_that_is_gone_loses_no_letter() {
    let Some(mut postfix) = Postfix::start(&Settings::default()) else { return absent() };
    let smtp = settings(postfix.port, TlsMode::None, None);
    let mut connection = SmtpConnection::open(&smtp).await.unwrap();
    postfix.stop();
    let error = connection.begin(&envelope(&["a@test.local"]), 100).await.unwrap_err();
    assert!(error.nothing_left() && !error.letter_refused(), "{error}");
    assert_eq!(SmtpConnection::open(&smtp).await.err().unwrap().phase, Phase::Connect);
    postfix.resume();
    send(&smtp, &["a@test.local"], &letter("after", b"text\r\n")).await.unwrap();
}
