//! A partner's drop on a real OpenSSH server.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use oblik_channels::sftp::{SftpBounds, SftpDrop};
use oblik_channels::source::{DropFolder, Look, Settle, Strange, StrangeBecause};
use oblik_config::{Secret, Sftp};
use oblik_test_servers::sshd::{Sshd, make_key};

fn settings(server: &Sshd) -> Sftp {
    Sftp {
        host: "127.0.0.1".into(),
        port: server.port,
        user: server.user.clone(),
        key: Secret(server.client_key.clone()),
        host_key: server.host_key.clone(),
        path: server.drop.to_str().unwrap().into(),
    }
}

fn bounds() -> SftpBounds {
    SftpBounds { rest: Duration::from_millis(20), ..SftpBounds::default() }
}

async fn open(server: &Sshd) -> SftpDrop {
    SftpDrop::open_with(&settings(server), bounds()).await.unwrap()
}

fn absent() {
    eprintln!("skipped: OpenSSH is not installed");
}

fn names(look: &Look) -> Vec<&str> {
    look.ready.iter().map(|sighting| sighting.name.as_str()).collect()
}

/// Every file below `folder`, as paths relative to it.
fn files(folder: &Path) -> Vec<String> {
    let output = Command::new("find").arg(folder).args(["-type", "f", "-printf", "%P\n"]).output().unwrap();
    let mut found: Vec<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
    found.sort();
    found
}

fn causes(error: &(dyn std::error::Error + 'static)) -> String {
    let all: Vec<String> = std::iter::successors(Some(error), |error| error.source()).map(ToString::to_string).collect();
    all.join("; ")
}

#[tokio::test]
async fn a_file_is_listed_fetched_and_archived() {
    let Some(server) = Sshd::start() else { return absent() };
    let mut drop = open(&server).await;
    let large: Vec<u8> = (0..3_000_000_u32).flat_map(u32::to_le_bytes).collect();
    for (name, bytes) in [("акт №1.xml", b"<act/>".as_slice()), ("empty.xml", b""), ("large.xml", &large)] {
        server.place(&format!("in/{name}"), bytes);
    }
    let look = drop.list().await.unwrap();
    let mut seen = names(&look);
    seen.sort_unstable();
    assert_eq!(seen, ["empty.xml", "large.xml", "акт №1.xml"]);
    assert!(look.strange.is_empty());
    assert!(look.ready.iter().all(|sighting| sighting.origin.as_str().starts_with(&format!("sftp:{}:", sighting.name))));

    let fetch = drop.fetch(&look.ready).await.unwrap();
    assert_eq!((fetch.fetched.len(), fetch.vanished.len(), fetch.failed.len()), (3, 0, 0));
    for fetched in &fetch.fetched {
        assert_eq!(fetched.bytes, fs::read(server.drop.join("in").join(&fetched.sighting.name)).unwrap());
    }
    for sighting in &look.ready {
        let how = if sighting.name == "empty.xml" { Settle::Quarantine } else { Settle::Accepted };
        drop.settle(sighting, how).await.unwrap();
        drop.settle(sighting, how).await.expect("what is settled may be settled again");
    }
    let now = oblik_channels::clock::now().format("%Y/%m").to_string();
    let expected = [format!("archive/{now}/large.xml"), format!("archive/{now}/акт №1.xml"), "error/empty.xml".to_owned()];
    assert_eq!(files(&server.drop), expected);
    assert!(drop.list().await.unwrap().ready.is_empty());
    drop.close().await;
}

#[tokio::test]
async fn what_is_no_finished_plain_file_is_left_alone() {
    let Some(server) = Sshd::start() else { return absent() };
    let mut drop = open(&server).await;
    let inbox = server.drop.join("in");
    server.place("in/good.xml", b"good");
    fs::write(server.drop.join("secret"), b"secret").unwrap();
    std::os::unix::fs::symlink(server.drop.join("secret"), inbox.join("link.xml")).unwrap();
    assert!(Command::new("mkfifo").arg(inbox.join("pipe.xml")).status().unwrap().success());
    fs::create_dir(inbox.join("folder.xml")).unwrap();
    let bad = [b"-rf".as_slice(), b"a\nb.xml", b"\xe0\xea\xf2.xml", b"a%n.xml", b"a\\b.xml"];
    let unfinished = [b"a.xml.tmp".as_slice(), b".hidden.xml", b"b.part", b"c.filepart", b"d.xml~"];
    for name in bad.iter().chain(&unfinished) {
        fs::write(inbox.join(std::ffi::OsStr::from_bytes(name)), b"x").unwrap();
    }
    let look = tokio::time::timeout(Duration::from_secs(20), drop.list()).await.expect("a pipe must not be opened").unwrap();
    assert_eq!(names(&look), ["good.xml"]);
    let of = |why| look.strange.iter().filter(|strange| strange.why == why).count();
    assert_eq!((of(StrangeBecause::NotAFile), of(StrangeBecause::Name)), (3, bad.len()), "{:?}", look.strange);
    assert!(look.strange.contains(&Strange { label: "a\\u{a}b.xml".into(), why: StrangeBecause::Name }));

    // One that becomes a link after it was seen is not followed.
    fs::remove_file(inbox.join("good.xml")).unwrap();
    std::os::unix::fs::symlink(server.drop.join("secret"), inbox.join("good.xml")).unwrap();
    let fetch = drop.fetch(&look.ready).await.unwrap();
    assert_eq!((fetch.fetched.len(), fetch.vanished.len()), (0, 1));
}

#[tokio::test]
async fn a_file_that_still_grows_is_not_taken() {
    let Some(server) = Sshd::start() else { return absent() };
    let mut drop =
        SftpDrop::open_with(&settings(&server), SftpBounds { rest: Duration::from_millis(300), ..bounds() }).await.unwrap();
    server.place("in/growing.xml", b"a");
    server.place("in/rested.xml", b"a");
    let path = server.drop.join("in/growing.xml");
    let grow = async {
        tokio::time::sleep(Duration::from_millis(120)).await;
        fs::write(&path, b"ab").unwrap();
    };
    let (look, ()) = tokio::join!(drop.list(), grow);
    assert_eq!(names(&look.unwrap()), ["rested.xml"]);
    let look = drop.list().await.unwrap();
    assert_eq!(look.ready.len(), 2);

    // An old one needs no pause.
    for name in ["growing.xml", "rested.xml"] {
        assert!(
            Command::new("touch").args(["-d", "2 hours ago"]).arg(server.drop.join("in").join(name)).status().unwrap().success()
        );
    }
    let mut patient =
        SftpDrop::open_with(&settings(&server), SftpBounds { rest: Duration::from_mins(1), ..bounds() }).await.unwrap();
    let old = tokio::time::timeout(Duration::from_secs(20), patient.list()).await.unwrap().unwrap();
    assert_eq!(old.ready.len(), 2);
}

#[tokio::test]
async fn a_file_overwritten_since_it_was_seen_is_neither_taken_nor_moved() {
    let Some(server) = Sshd::start() else { return absent() };
    let mut drop = open(&server).await;
    server.place("in/act.xml", b"first");
    let look = drop.list().await.unwrap();
    server.place("in/act.xml", b"second, longer");
    let fetch = drop.fetch(&look.ready).await.unwrap();
    assert_eq!((fetch.fetched.len(), fetch.vanished.len()), (0, 1));
    drop.settle(&look.ready[0], Settle::Accepted).await.unwrap();
    assert_eq!(files(&server.drop), ["in/act.xml"]);

    // One of them that cannot be read does not hold up the others.
    server.place("in/closed.xml", b"closed");
    Command::new("chmod").arg("000").arg(server.drop.join("in/closed.xml")).status().unwrap();
    let look = drop.list().await.unwrap();
    let fetch = drop.fetch(&look.ready).await.unwrap();
    assert_eq!(fetch.fetched.len() + fetch.failed.len(), 2);
    assert!(fetch.fetched.iter().any(|fetched| fetched.bytes == b"second, longer"));
    assert!(fetch.failed.iter().all(|failed| failed.sighting.name == "closed.xml" && !failed.error.is_permanent()));
}

#[tokio::test]
async fn nothing_in_the_archive_is_ever_overwritten() {
    let Some(server) = Sshd::start() else { return absent() };
    let mut drop = open(&server).await;
    for content in [b"one".as_slice(), b"two", b"three"] {
        server.place("in/act.xml", content);
        let look = drop.list().await.unwrap();
        drop.settle(&look.ready[0], Settle::Duplicate).await.unwrap();
    }
    let month = server.drop.join("archive").join(oblik_channels::clock::now().format("%Y/%m").to_string());
    let content = |name: &str| fs::read_to_string(month.join(name)).unwrap();
    assert_eq!((content("act.xml"), content("act.1.xml"), content("act.2.xml")), ("one".into(), "two".into(), "three".into()));
}

#[tokio::test]
async fn an_answer_is_put_whole_once_and_over_nothing() {
    let Some(server) = Sshd::start() else { return absent() };
    let mut drop = open(&server).await;
    let large: Vec<u8> = (0..2_500_000_u32).flat_map(u32::to_le_bytes).collect();
    for (name, bytes) in [("a.ack.xml", b"<ack/>".as_slice()), ("empty", b""), ("large.xml", &large)] {
        // A piece left behind by an attempt that died is no obstacle.
        server.place(&format!("ack/{name}.tmp"), b"half");
        drop.put(DropFolder::Ack, name, bytes).await.unwrap();
        assert_eq!(fs::read(server.drop.join("ack").join(name)).unwrap(), bytes, "{name}");
        drop.put(DropFolder::Ack, name, bytes).await.expect("the same bytes again are fine");
    }
    for other in [b"<ack>".as_slice(), b"<axx/>", b""] {
        assert!(drop.put(DropFolder::Ack, "a.ack.xml", other).await.unwrap_err().is_permanent());
    }
    assert_eq!(fs::read(server.drop.join("ack/a.ack.xml")).unwrap(), b"<ack/>");
    for bad in ["../x", "/etc/x", "", ".x", "a/b", "a\nb", "a\0b"] {
        assert!(drop.put(DropFolder::Out, bad, b"x").await.unwrap_err().is_permanent(), "{bad:?}");
    }
    assert_eq!(files(&server.drop), ["ack/a.ack.xml", "ack/empty", "ack/large.xml"]);

    // The half-written name may be a trap: nothing is written through it.
    let target = server.drop.join("target");
    std::os::unix::fs::symlink(&target, server.drop.join("out/b.xml.tmp")).unwrap();
    drop.put(DropFolder::Out, "b.xml", b"new").await.unwrap();
    assert!(!target.exists() && !server.drop.join("out/b.xml").is_symlink());
}

#[tokio::test]
async fn folders_that_are_missing_are_made_but_not_the_drop_itself() {
    let Some(server) = Sshd::start() else { return absent() };
    let mut drop = open(&server).await;
    for folder in ["in", "ack", "out", "error", "archive"] {
        assert!(server.drop.join(folder).is_dir(), "{folder}");
    }
    fs::remove_dir(server.drop.join("out")).unwrap();
    drop.put(DropFolder::Out, "x.xml", b"x").await.unwrap();
    fs::remove_dir(server.drop.join("in")).unwrap();
    assert!(drop.list().await.unwrap().ready.is_empty());

    let elsewhere = Sftp { path: server.drop.join("nowhere").to_str().unwrap().into(), ..settings(&server) };
    assert!(SftpDrop::open_with(&elsewhere, bounds()).await.unwrap_err().is_permanent());
    // Relative to where the login leads, which is the drop here.
    let relative = Sftp { path: "./".into(), ..settings(&server) };
    let mut drop = SftpDrop::open_with(&relative, bounds()).await.unwrap();
    server.place("in/rel.xml", b"x");
    assert_eq!(names(&drop.list().await.unwrap()), ["rel.xml"]);
}

#[tokio::test]
async fn another_host_key_ends_the_talk_and_is_named() {
    let Some(server) = Sshd::start() else { return absent() };
    let folder = tempfile::tempdir().unwrap();
    make_key(&folder.path().join("other"));
    let public = |path: &Path| fs::read_to_string(path).unwrap().split(' ').take(2).collect::<Vec<_>>().join(" ");
    let pinned_other = Sftp { host_key: public(&folder.path().join("other.pub")), ..settings(&server) };
    let error = SftpDrop::open_with(&pinned_other, bounds()).await.unwrap_err();
    assert!(error.is_permanent());
    let line = folder.path().join("line");
    fs::write(&line, &server.host_key).unwrap();
    let fingerprint = Command::new("ssh-keygen").arg("-lf").arg(&line).output().unwrap();
    let fingerprint = String::from_utf8(fingerprint.stdout).unwrap().split(' ').nth(1).unwrap().to_owned();
    assert!(causes(&error).contains(&fingerprint), "{} does not name {fingerprint}", causes(&error));
    assert!(!server.log().contains("Accepted publickey"), "no login was tried with a stranger");

    let with_comment = Sftp { host_key: format!("{} partner@host", server.host_key), ..settings(&server) };
    assert!(SftpDrop::open_with(&with_comment, bounds()).await.is_ok());
    let rsa = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7";
    for host_key in ["", "ssh-ed25519", "ssh-ed25519 AAAA", rsa] {
        let broken = Sftp { host_key: host_key.into(), ..settings(&server) };
        assert!(SftpDrop::open_with(&broken, bounds()).await.unwrap_err().is_permanent(), "{host_key:?}");
    }
}

#[tokio::test]
async fn a_key_or_user_that_is_not_taken_needs_a_person() {
    let Some(server) = Sshd::start() else { return absent() };
    let folder = tempfile::tempdir().unwrap();
    make_key(&folder.path().join("other"));
    fs::write(folder.path().join("garbage"), "no key\n").unwrap();
    for (key, permanent) in [("other", true), ("garbage", true), ("missing", false)] {
        let wrong = Sftp { key: Secret(folder.path().join(key)), ..settings(&server) };
        assert_eq!(SftpDrop::open_with(&wrong, bounds()).await.unwrap_err().is_permanent(), permanent, "{key}");
    }
    let stranger = Sftp { user: "nosuchuser".into(), ..settings(&server) };
    assert!(SftpDrop::open_with(&stranger, bounds()).await.unwrap_err().is_permanent());
    let closed = Sftp { port: 1, ..settings(&server) };
    assert!(!SftpDrop::open_with(&closed, bounds()).await.unwrap_err().is_permanent());
}

#[tokio::test]
async fn a_frozen_server_ends_in_an_error_soon() {
    let Some(server) = Sshd::start() else { return absent() };
    let short = SftpBounds { connect: Duration::from_secs(3), keepalive: Duration::from_millis(500), ..bounds() };
    let bound = Duration::from_secs(10);
    let large = vec![b'x'; 40_000_000];
    for case in ["list", "put"] {
        let mut drop = SftpDrop::open_with(&settings(&server), short).await.unwrap();
        server.freeze();
        let started = Instant::now();
        let failed = match case {
            "list" => drop.list().await.map(|_| ()),
            _ => drop.put(DropFolder::Out, "large", &large).await,
        };
        server.thaw();
        assert!(failed.is_err_and(|error| !error.is_permanent()), "{case}");
        assert!(started.elapsed() < bound, "{case} took {:?}", started.elapsed());
    }
    server.freeze();
    let started = Instant::now();
    let refused = SftpDrop::open_with(&settings(&server), short).await;
    server.thaw();
    assert!(refused.is_err_and(|error| !error.is_permanent()) && started.elapsed() < bound);
    assert!(open(&server).await.list().await.is_ok(), "thawed, it works again");
}

#[tokio::test]
async fn a_server_frozen_in_the_midst_of_a_put_leaves_no_finished_file() {
    let Some(server) = Sshd::start() else { return absent() };
    let short = SftpBounds { keepalive: Duration::from_millis(500), ..bounds() };
    let mut drop = SftpDrop::open_with(&settings(&server), short).await.unwrap();
    let large = vec![b'x'; 200_000_000];
    let half = server.drop.join("out/large.tmp");
    let freeze = async {
        while fs::metadata(&half).map_or(0, |metadata| metadata.len()) < 1_000_000 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        server.freeze();
        Instant::now()
    };
    let (put, frozen) = tokio::join!(drop.put(DropFolder::Out, "large", &large), freeze);
    server.thaw();
    assert!(frozen.elapsed() < Duration::from_secs(10), "it took {:?}", frozen.elapsed());
    assert!(put.is_err_and(|error| !error.is_permanent()));
    assert!(!server.drop.join("out/large").exists());
    let mut again = open(&server).await;
    again.put(DropFolder::Out, "large", &large).await.unwrap();
    assert_eq!(fs::metadata(server.drop.join("out/large")).unwrap().len(), 200_000_000);
}

#[tokio::test]
async fn thousands_of_files_are_listed_oldest_first() {
    let Some(server) = Sshd::start() else { return absent() };
    let mut drop = open(&server).await;
    for n in 0..3000 {
        fs::write(server.drop.join(format!("in/{n:04}.xml")), b"x").unwrap();
    }
    assert!(Command::new("touch").args(["-d", "3 hours ago"]).arg(server.drop.join("in/1234.xml")).status().unwrap().success());
    let look = drop.list().await.unwrap();
    assert_eq!((look.ready.len(), look.ready[0].name.as_str()), (3000, "1234.xml"));
}
