//! Against a real Dovecot.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use oblik_channels::imap::ImapSession;
use oblik_channels::source::{Settle, Sighting, Woke};
use oblik_config::{Imap, ImapLogin, Secret, Tls, TlsMode};
use oblik_test_servers::dovecot::{Dovecot, PASSWORD};
use oblik_test_servers::oauth::Introspection;
use tempfile::TempDir;

/// A server of this test alone, and the settings of a mailbox at it.
struct Ground {
    server: Dovecot,
    secrets: TempDir,
    imap: Imap,
}

impl Ground {
    fn lay() -> Option<Self> {
        let Some(server) = Dovecot::start(&["anna"]) else {
            println!("skipped: Dovecot is not installed");
            return None;
        };
        let secrets = tempfile::tempdir().unwrap();
        let imap = Imap {
            host: "localhost".into(),
            port: server.imaps_port,
            tls: Tls { mode: TlsMode::Implicit, ca_file: Some(server.certificates.ca.clone()) },
            user: "anna".into(),
            login: ImapLogin::Password(secret(secrets.path(), "password", PASSWORD)),
            folder: "INBOX".into(),
            archive: "Archive".into(),
            idle: true,
        };
        Some(Self { server, secrets, imap })
    }

    async fn open(&self) -> ImapSession {
        ImapSession::open(&self.imap).await.unwrap()
    }
}

fn secret(folder: &Path, name: &str, text: &str) -> Secret {
    let path = folder.join(name);
    std::fs::write(&path, format!("{text}\n")).unwrap();
    Secret(path)
}

fn mail(number: usize, size: usize) -> Vec<u8> {
    let head = format!("From: a@b.example\r\nMessage-ID: <m{number}@b.example>\r\nSubject: {number}\r\n\r\n");
    let mut mail = head.into_bytes();
    // Every byte but CR, LF and NUL, which a mail store may change.
    let body = (0_u8..=255).filter(|byte| !matches!(byte, 0 | b'\r' | b'\n')).cycle();
    mail.extend(body.take(size.saturating_sub(mail.len() + 2)));
    mail.extend_from_slice(b"\r\n");
    mail
}

fn origins(sightings: &[Sighting]) -> BTreeSet<String> {
    sightings.iter().map(|sighting| sighting.origin.to_string()).collect()
}

#[tokio::test]
async fn all_ways_to_log_in_work_and_wrong_secrets_do_not() {
    let Some(ground) = Ground::lay() else { return };
    let token = |text: &str| ImapLogin::Xoauth2(secret(ground.secrets.path(), "token", text));
    let password = |text: &str| ImapLogin::Password(secret(ground.secrets.path(), "other", text));
    let port = |mode| if mode == TlsMode::Implicit { ground.server.imaps_port } else { ground.server.imap_port };
    for (mode, word, good) in [
        (TlsMode::Implicit, PASSWORD, true),
        (TlsMode::StartTls, PASSWORD, true),
        (TlsMode::None, PASSWORD, true),
        (TlsMode::Implicit, "wrong", false),
    ] {
        let tls = Tls { mode, ..ground.imap.tls.clone() };
        let imap = Imap { port: port(mode), tls, login: password(word), ..ground.imap.clone() };
        let opened = ImapSession::open(&imap).await;
        assert_eq!(opened.is_ok(), good, "{mode:?} {word}: {:?}", opened.err());
    }
    let imap = Imap { login: token(&Introspection::token("anna")), ..ground.imap.clone() };
    let mut session = ImapSession::open(&imap).await.unwrap();
    assert!(session.list().await.unwrap().ready.is_empty());
    session.close().await;
    for bad in ["token-of-borys"] {
        let error = ImapSession::open(&Imap { login: token(bad), ..ground.imap.clone() }).await.unwrap_err();
        assert!(!error.is_permanent(), "somebody renews tokens: {error}");
        assert!(!format!("{error:?}").contains(bad));
    }
}

#[tokio::test]
async fn a_server_we_cannot_verify_hears_no_password() {
    let Some(ground) = Ground::lay() else { return };
    for mode in [TlsMode::Implicit, TlsMode::StartTls] {
        let port = if mode == TlsMode::Implicit { ground.server.imaps_port } else { ground.server.imap_port };
        let imap = Imap { port, tls: Tls { mode, ca_file: None }, ..ground.imap.clone() };
        assert!(ImapSession::open(&imap).await.is_err());
    }
    assert!(!ground.server.log().contains("Login: user=<anna>"), "{}", ground.server.log());
}

#[tokio::test]
async fn mails_come_whole_stay_unread_and_leave_when_settled() {
    let Some(ground) = Ground::lay() else { return };
    let mails: Vec<Vec<u8>> = [200, 201, 60_000, 4 * 1024 * 1024 - 1, 4 * 1024 * 1024 + 1, 6 * 1024 * 1024]
        .into_iter()
        .enumerate()
        .map(|(n, size)| mail(n, size))
        .collect();
    for mail in &mails {
        ground.server.deliver("anna", mail);
    }
    let mut session = ground.open().await;
    let look = session.list().await.unwrap();
    let sizes: Vec<u64> = look.ready.iter().map(|sighting| sighting.size_bytes).collect();
    assert_eq!(sizes, mails.iter().map(|mail| u64::try_from(mail.len()).unwrap()).collect::<Vec<_>>());
    let fetch = session.fetch(&look.ready).await.unwrap();
    assert!(fetch.vanished.is_empty() && fetch.failed.is_empty());
    assert_eq!(fetch.fetched.len(), mails.len());
    for fetched in &fetch.fetched {
        let at = look.ready.iter().position(|sighting| sighting.origin == fetched.sighting.origin).unwrap();
        assert!(fetched.bytes == mails[at], "mail {at} differs");
    }
    assert!(!ground.server.any_seen("anna"));

    let how = [Settle::Accepted, Settle::Duplicate, Settle::Quarantine, Settle::Accepted, Settle::Accepted, Settle::Accepted];
    for (sighting, how) in look.ready.iter().zip(how) {
        session.settle(sighting, how).await.unwrap();
        session.settle(sighting, how).await.unwrap();
    }
    assert!(session.list().await.unwrap().ready.is_empty());
    assert!(ground.server.mails("anna", "INBOX").is_empty());
    assert_eq!(ground.server.mails("anna", "Archive").len(), 5);
    assert_eq!(ground.server.mails("anna", "Quarantine"), vec![mails[2].clone()]);
    session.close().await;
}

#[tokio::test]
async fn many_mails_are_all_accounted_for_though_people_take_some_away() {
    let Some(ground) = Ground::lay() else { return };
    for number in 0..1203 {
        ground.server.deliver("anna", &mail(number, 150));
    }
    let mut session = ground.open().await;
    let look = session.list().await.unwrap();
    assert_eq!(look.ready.len(), 1203);
    ground.server.doveadm(&["expunge", "-u", "anna", "mailbox", "INBOX", "uid", "3,700:702,1203"]);
    match session.fetch(&look.ready).await {
        // The server may tell us so outright; the next look then knows.
        Err(error) => assert!(!error.is_permanent(), "{error}"),
        Ok(fetch) => {
            assert_eq!(origins(&fetch.vanished).len(), 5);
            assert_eq!(fetch.fetched.len(), 1198);
            assert!(fetch.failed.is_empty());
        }
    }
    let mut session = ground.open().await;
    let look = session.list().await.unwrap();
    assert_eq!(look.ready.len(), 1198);
    let fetch = session.fetch(&look.ready).await.unwrap();
    let distinct: BTreeSet<Vec<u8>> = fetch.fetched.into_iter().map(|fetched| fetched.bytes).collect();
    assert_eq!(distinct.len(), 1198);
}

#[tokio::test]
async fn another_uidvalidity_makes_other_origins_and_moves_nothing_by_old_numbers() {
    let Some(ground) = Ground::lay() else { return };
    ground.server.deliver("anna", &mail(1, 200));
    let mut session = ground.open().await;
    let first = session.list().await.unwrap().ready;
    session.close().await;
    ground.server.set_uid_validity("anna", 77);
    let mut session = ground.open().await;
    let second = session.list().await.unwrap().ready;
    assert_eq!(origins(&second), BTreeSet::from(["imap:77:1".to_owned()]));
    assert!(origins(&first).is_disjoint(&origins(&second)));
    session.close().await;

    // UID 1 becomes the number of another mail.
    ground.server.kill_and_forget(&mail(2, 300));
    let mut session = ground.open().await;
    let third = session.list().await.unwrap().ready;
    assert_eq!(third.len(), 2);
    assert!(origins(&third).is_disjoint(&origins(&second)));
    session.settle(&second[0], Settle::Accepted).await.unwrap();
    let fetch = session.fetch(&second).await.unwrap();
    assert_eq!((fetch.fetched.len(), fetch.vanished.len()), (0, 1));
    assert_eq!(ground.server.mails("anna", "INBOX").len(), 2);
}

trait Forget {
    fn kill_and_forget(&self, other: &[u8]);
}

impl Forget for Dovecot {
    fn kill_and_forget(&self, other: &[u8]) {
        self.deliver("anna", other);
        self.forget_uids("anna");
    }
}

#[tokio::test]
async fn idle_wakes_for_new_mail_and_only_for_it() {
    let Some(ground) = Ground::lay() else { return };
    let mut session = ground.open().await;
    session.list().await.unwrap();
    assert_eq!(session.wait(Duration::from_millis(300)).await.unwrap(), Woke::Timeout);
    let server = &ground.server;
    let begun = Instant::now();
    let deliver = async {
        tokio::task::yield_now().await;
        server.deliver("anna", &mail(1, 200));
    };
    let (woke, ()) = tokio::join!(session.wait(Duration::from_secs(30)), deliver);
    assert_eq!(woke.unwrap(), Woke::NewMail);
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(session.list().await.unwrap().ready.len(), 1);

    // Mail that comes while another folder is open is not slept over.
    server.deliver("anna", &mail(2, 200));
    session.find_message_ids("INBOX", &[]).await.unwrap();
    assert_eq!(session.wait(Duration::from_secs(30)).await.unwrap(), Woke::NewMail);
}

#[tokio::test]
async fn message_ids_are_found_in_the_folder_named_and_nowhere_else() {
    let Some(ground) = Ground::lay() else { return };
    for number in [1, 2] {
        ground.server.deliver("anna", &mail(number, 200));
    }
    let imap = Imap { archive: "Журнал/Архів".into(), ..ground.imap.clone() };
    let mut session = ImapSession::open(&imap).await.unwrap();
    let look = session.list().await.unwrap();
    session.settle(&look.ready[0], Settle::Accepted).await.unwrap();
    let ids: Vec<String> = ["<m1@b.example>", "<m2@b.example>", "<m@b.example>"].map(String::from).into();
    assert_eq!(session.find_message_ids("Журнал/Архів", &ids).await.unwrap(), ["<m1@b.example>"]);
    assert_eq!(session.find_message_ids("INBOX", &ids).await.unwrap(), ["<m2@b.example>"]);
    assert_eq!(ground.server.mails("anna", "INBOX").len(), 1);
    assert!(session.find_message_ids("Nowhere", &ids).await.unwrap_err().is_permanent());
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_a_fault_not_an_empty_mailbox() {
    let Some(ground) = Ground::lay() else { return };
    let mut session = ImapSession::open(&Imap { folder: "Inbux".into(), ..ground.imap.clone() }).await.unwrap();
    let error = session.list().await.unwrap_err();
    assert!(error.is_permanent(), "{error:?}");
}

#[tokio::test]
async fn a_server_that_dies_is_an_error_and_its_return_brings_everything() {
    let Some(mut ground) = Ground::lay() else { return };
    ground.server.deliver("anna", &mail(1, 200));
    let mut session = ground.open().await;
    let look = session.list().await.unwrap();
    ground.server.kill();
    assert!(session.fetch(&look.ready).await.is_err());
    assert!(session.list().await.is_err(), "a spent session stays spent");
    assert!(session.wait(Duration::from_secs(5)).await.is_err());
    assert!(ImapSession::open(&ground.imap).await.is_err());
    ground.server.resume();
    let mut session = ground.open().await;
    assert_eq!(origins(&session.list().await.unwrap().ready), origins(&look.ready));
}

#[tokio::test]
async fn a_caller_that_stops_waiting_leaves_no_session_out_of_step() {
    let Some(ground) = Ground::lay() else { return };
    ground.server.deliver("anna", &mail(1, 200));
    let mut session = ground.open().await;
    session.list().await.unwrap();
    let cut = tokio::time::timeout(Duration::from_millis(100), session.wait(Duration::from_mins(1))).await;
    assert!(cut.is_err());
    assert!(session.list().await.is_err());
}
