//! Maildirs as people and programs leave them.

use std::fs;
use std::path::Path;

use oblik_channels::maildir::{Maildir, deliver};
use oblik_channels::source::{Settle, Sighting, StrangeBecause};
use tempfile::TempDir;

fn make() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for part in ["tmp", "new", "cur"] {
        fs::create_dir(folder.path().join(part)).unwrap();
    }
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn mail(number: u32) -> Vec<u8> {
    format!("Subject: {number}\nMESSAGE-id:\n <m{number}@b.example>\n\nbody {number}\n").into_bytes()
}

#[tokio::test]
async fn mails_of_both_folders_are_seen_taken_and_settled() {
    let folder = make();
    fs::write(folder.path().join("new/1.a"), mail(1)).unwrap();
    fs::write(folder.path().join("cur/2.b:2,S"), mail(2)).unwrap();
    fs::write(folder.path().join("cur/3.c:2,"), mail(3)).unwrap();
    fs::write(folder.path().join("tmp/4.d"), mail(4)).unwrap();
    let mut maildir = Maildir::open(folder.path()).await.unwrap();
    let look = maildir.list().await.unwrap();
    assert_eq!(look.ready.len(), 3);
    let fetch = maildir.fetch(&look.ready).await.unwrap();
    let mut bodies: Vec<Vec<u8>> = fetch.fetched.into_iter().map(|fetched| fetched.bytes).collect();
    bodies.sort();
    assert_eq!(bodies, [mail(1), mail(2), mail(3)]);
    let by = |start: &str| look.ready.iter().find(|sighting| sighting.name.starts_with(start)).unwrap().clone();
    maildir.settle(&by("1"), Settle::Accepted).await.unwrap();
    maildir.settle(&by("2"), Settle::Duplicate).await.unwrap();
    maildir.settle(&by("3"), Settle::Quarantine).await.unwrap();
    maildir.settle(&by("3"), Settle::Quarantine).await.unwrap();
    assert_eq!(names(&folder.path().join(".Archive/cur")), ["1.a:2,S", "2.b:2,S"]);
    assert_eq!(names(&folder.path().join(".Quarantine/cur")), ["3.c:2,S"]);
    assert!(maildir.list().await.unwrap().ready.is_empty());
    assert_eq!(
        maildir.find_message_ids("Archive", &["<m2@b.example>".into(), "<m3@b.example>".into()]).await.unwrap(),
        ["<m2@b.example>"]
    );
    assert!(maildir.find_message_ids("Nowhere", &["<m2@b.example>".into()]).await.unwrap().is_empty());
    assert!(maildir.find_message_ids("../x", &[]).await.is_err());
}

#[tokio::test]
async fn a_mail_that_somebody_reads_meanwhile_keeps_its_origin_and_is_settled() {
    let folder = make();
    fs::write(folder.path().join("new/1.a"), mail(1)).unwrap();
    let mut maildir = Maildir::open(folder.path()).await.unwrap();
    let before = maildir.list().await.unwrap().ready;
    fs::rename(folder.path().join("new/1.a"), folder.path().join("cur/1.a:2,RS")).unwrap();
    let after = maildir.list().await.unwrap().ready;
    assert_eq!(before[0].origin, after[0].origin);
    assert_eq!(maildir.fetch(&before).await.unwrap().vanished.len(), 1);
    maildir.settle(&before[0], Settle::Accepted).await.unwrap();
    assert_eq!(names(&folder.path().join(".Archive/cur")), ["1.a:2,S"]);
}

#[tokio::test]
async fn a_settled_mail_never_covers_another() {
    let folder = make();
    let mut maildir = Maildir::open(folder.path()).await.unwrap();
    for number in 1..=3 {
        fs::write(folder.path().join("new/same"), mail(number)).unwrap();
        let look = maildir.list().await.unwrap();
        maildir.settle(&look.ready[0], Settle::Accepted).await.unwrap();
    }
    assert_eq!(names(&folder.path().join(".Archive/cur")), ["same.1:2,S", "same.2:2,S", "same:2,S"]);
}

#[tokio::test]
async fn what_is_no_file_is_told_and_never_opened() {
    let folder = make();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("new/link")).unwrap();
    fs::create_dir(folder.path().join("cur/folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("new/pipe")).status().unwrap().success());
    let mut maildir = Maildir::open(folder.path()).await.unwrap();
    let look = maildir.list().await.unwrap();
    assert!(look.ready.is_empty());
    let mut labels: Vec<&str> = look.strange.iter().map(|strange| &*strange.label).collect();
    labels.sort_unstable();
    assert_eq!(labels, ["folder", "link", "pipe"]);
    assert!(look.strange.iter().all(|strange| strange.why == StrangeBecause::NotAFile));

    // A file that becomes a link or a pipe after it was seen.
    for (name, command) in [("turns", vec!["ln", "-s", "/etc/passwd"]), ("clogs", vec!["mkfifo"])] {
        let path = folder.path().join("new").join(name);
        fs::write(&path, mail(1)).unwrap();
        let seen: Vec<Sighting> = maildir.list().await.unwrap().ready;
        fs::remove_file(&path).unwrap();
        assert!(std::process::Command::new(command[0]).args(&command[1..]).arg(&path).status().unwrap().success());
        assert_eq!(maildir.fetch(&seen).await.unwrap().vanished.len(), 1);
    }
}

#[tokio::test]
async fn a_mail_at_the_limit_is_taken_and_one_byte_more_is_not() {
    let folder = make();
    let limit = oblik_domain::limits::MAIL_BYTES;
    for (name, size) in [("at", limit), ("over", limit + 1)] {
        fs::File::create(folder.path().join("new").join(name)).unwrap().set_len(size).unwrap();
    }
    let mut maildir = Maildir::open(folder.path()).await.unwrap();
    let look = maildir.list().await.unwrap();
    let fetch = maildir.fetch(&look.ready).await.unwrap();
    assert_eq!((fetch.fetched.len(), fetch.failed.len()), (1, 1));
    assert_eq!(fetch.failed[0].sighting.name, "over");
    assert!(fetch.failed[0].error.is_permanent());
}

#[tokio::test]
async fn a_misspelt_maildir_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    assert!(Maildir::open(&folder.path().join("absent")).await.unwrap_err().is_permanent());
    fs::write(folder.path().join("file"), "").unwrap();
    assert!(Maildir::open(&folder.path().join("file")).await.unwrap_err().is_permanent());
}

#[tokio::test]
async fn a_letter_is_delivered_once_however_often_it_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("customers/anna");
    for _ in 0..2 {
        deliver(&path, "letter-1", mail(1)).await.unwrap();
    }
    assert_eq!(names(&path.join("new")), ["letter-1"]);
    fs::rename(path.join("new/letter-1"), path.join("cur/letter-1:2,S")).unwrap();
    fs::write(path.join("tmp/letter-2"), "half").unwrap();
    deliver(&path, "letter-1", mail(1)).await.unwrap();
    deliver(&path, "letter-2", mail(2)).await.unwrap();
    assert_eq!(names(&path.join("new")), ["letter-2"]);
    assert_eq!(fs::read(path.join("new/letter-2")).unwrap(), mail(2));
    assert!(names(&path.join("tmp")).is_empty());
    assert!(deliver(&path, "../letter", mail(3)).await.unwrap_err().is_permanent());
}

#[tokio::test]
async fn sources_by_their_configuration_run_as_tasks_of_their_own() {
    use oblik_channels::source::{DropFolder, DropSource, MailSource, Woke};
    use oblik_config::{Drop, DropAt, Mailbox, MailboxAt, Schedule};
    use std::time::Duration;

    let folder = make();
    fs::write(folder.path().join("new/1.a"), mail(1)).unwrap();
    let schedule = || Schedule::Every(Duration::from_mins(1));
    let mailbox = Mailbox { name: "acts".into(), schedule: schedule(), at: MailboxAt::Maildir(folder.path().to_owned()) };
    let taken = tokio::spawn(async move {
        let mut source = MailSource::open(&mailbox).await.unwrap();
        let look = source.list().await.unwrap();
        let fetch = source.fetch(&look.ready).await.unwrap();
        source.settle(&look.ready[0], Settle::Accepted).await.unwrap();
        assert_eq!(source.find_message_ids("Archive", &["<m1@b.example>".into()]).await.unwrap().len(), 1);
        assert_eq!(source.wait(Duration::from_millis(1)).await.unwrap(), Woke::Timeout);
        source.close().await;
        fetch.fetched.len()
    });
    assert_eq!(taken.await.unwrap(), 1);

    let partner = tempfile::tempdir().unwrap();
    let drop = Drop {
        name: "dso".into(),
        schedule: schedule(),
        at: DropAt::Folder(partner.path().to_owned()),
        payments: oblik_config::Payments::Refused,
    };
    let put = tokio::spawn(async move {
        let mut source = DropSource::open(&drop).await.unwrap();
        source.put(DropFolder::Ack, "a.xml", b"<a/>").await.unwrap();
        assert!(source.list().await.unwrap().ready.is_empty());
        source.close().await;
    });
    put.await.unwrap();
    assert_eq!(names(&partner.path().join("ack")), ["a.xml"]);
}
