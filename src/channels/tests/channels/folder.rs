//! Drops as partners use and misuse them.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, SystemTime};

use oblik_channels::folder::FolderDrop;
use oblik_channels::source::{DropFolder, Look, Settle, StrangeBecause};
use tempfile::TempDir;

struct Partner {
    folder: TempDir,
    drop: FolderDrop,
}

impl Partner {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let drop = FolderDrop::open(folder.path()).await.unwrap();
        Self { folder, drop }
    }

    /// Writes a file that was last touched so many seconds ago (or ahead).
    fn put(&self, name: &str, text: &str, age_s: i64) {
        let path = self.folder.path().join("in").join(name);
        fs::write(&path, text).unwrap();
        touch(&path, age_s);
    }

    async fn look(&mut self) -> Look {
        self.drop.list().await.unwrap()
    }

    fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.folder.path().join(folder)) else { return Vec::new() };
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// `archive/YYYY/MM` of the one month there is.
    fn archived(&self) -> Vec<String> {
        let year = self.names("archive").pop().unwrap();
        let month = self.names(&format!("archive/{year}")).pop().unwrap();
        assert_eq!((year.len(), month.len()), (4, 2));
        self.names(&format!("archive/{year}/{month}"))
    }
}

fn touch(path: &Path, age_s: i64) {
    #[expect(clippy::disallowed_methods, reason = "the test sets the clock of a file")]
    let now = SystemTime::now();
    let shift = Duration::from_secs(age_s.unsigned_abs());
    let time = if age_s >= 0 { now - shift } else { now + shift };
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[tokio::test]
async fn finished_files_are_taken_oldest_first_and_unfinished_ones_wait() {
    let mut partner = Partner::new().await;
    partner.put("b.xml", "<b/>", 60);
    partner.put("акт №1.xml", "<a/>", 120);
    partner.put("b.xml.p7s", "sig", 60);
    for name in ["c.xml.tmp", "c.part", "c.filepart", ".hidden", "c.xml~"] {
        partner.put(name, "x", 60);
    }
    partner.put("fresh.xml", "<f/>", 0);
    let look = partner.look().await;
    let names: Vec<&str> = look.ready.iter().map(|sighting| &*sighting.name).collect();
    assert_eq!(names[0], "акт №1.xml");
    assert_eq!(names.len(), 3);
    assert!(look.strange.is_empty());
    let fetch = partner.drop.fetch(&look.ready).await.unwrap();
    assert_eq!(fetch.fetched[0].bytes, b"<a/>");
    assert_eq!(fetch.fetched.len(), 3);
}

#[tokio::test]
async fn a_file_rests_by_its_own_age_or_by_two_equal_looks() {
    let mut partner = Partner::new().await;
    partner.put("young.xml", "x", 2);
    partner.put("old.xml", "x", 4);
    // Its writer's clock runs ahead: its age never tells.
    partner.put("future.xml", "x", -3600);
    partner.put("grows.xml", "x", -3600);
    let names = |look: &Look| look.ready.iter().map(|sighting| sighting.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&partner.look().await), ["old.xml"]);
    tokio::time::sleep(Duration::from_millis(1600)).await;
    partner.put("grows.xml", "xx", -3600);
    partner.look().await;
    tokio::time::sleep(Duration::from_millis(1600)).await;
    let mut now = names(&partner.look().await);
    now.sort();
    assert_eq!(now, ["future.xml", "old.xml", "young.xml"]);
}

#[tokio::test]
async fn strange_names_and_things_are_told_and_never_touched() {
    let mut partner = Partner::new().await;
    let within = partner.folder.path().join("in");
    for name in ["-rf", "a\nb.xml", "%2e%2e", "a\u{202e}lmx.exe", "a:b"] {
        partner.put(name, "x", 60);
    }
    fs::write(within.join(std::ffi::OsStr::from_bytes(b"\xe0\xea\xf2.xml")), "x").unwrap();
    fs::write(within.join("a".repeat(255)), "x").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", within.join("link.xml")).unwrap();
    fs::create_dir(within.join("folder.xml")).unwrap();
    assert!(Command::new("mkfifo").arg(within.join("pipe.xml")).status().unwrap().success());
    let look = partner.look().await;
    assert!(look.ready.is_empty(), "{:?}", look.ready);
    let of = |why| look.strange.iter().filter(|strange| strange.why == why).count();
    assert_eq!((of(StrangeBecause::Name), of(StrangeBecause::NotAFile)), (7, 3));
    assert!(look.strange.iter().all(|strange| !strange.label.contains(['\n', '\u{202e}'])));
    assert!(look.strange.iter().any(|strange| strange.label == "-rf"));
}

#[tokio::test]
async fn a_file_overwritten_since_it_was_seen_is_neither_taken_nor_moved() {
    let mut partner = Partner::new().await;
    partner.put("act.xml", "<one/>", 60);
    let first = partner.look().await.ready;
    partner.put("act.xml", "<two/>", 30);
    assert_eq!(partner.drop.fetch(&first).await.unwrap().vanished.len(), 1);
    partner.drop.settle(&first[0], Settle::Accepted).await.unwrap();
    assert_eq!(partner.names("in"), ["act.xml"]);
    let second = partner.look().await.ready;
    assert_ne!(first[0].origin, second[0].origin);
    assert_eq!(partner.drop.fetch(&second).await.unwrap().fetched[0].bytes, b"<two/>");
}

#[tokio::test]
async fn settled_files_never_cover_one_another() {
    let mut partner = Partner::new().await;
    for (text, how) in [("1", Settle::Accepted), ("2", Settle::Duplicate), ("3", Settle::Accepted), ("4", Settle::Quarantine)] {
        partner.put("act.xml", text, 60);
        let look = partner.look().await;
        partner.drop.settle(&look.ready[0], how).await.unwrap();
        partner.drop.settle(&look.ready[0], how).await.unwrap();
    }
    assert_eq!(partner.archived(), ["act.1.xml", "act.2.xml", "act.xml"]);
    assert_eq!(partner.names("error"), ["act.xml"]);
    assert!(partner.names("in").is_empty());
}

#[tokio::test]
async fn an_answer_is_written_whole_once_and_never_over_another() {
    let mut partner = Partner::new().await;
    let root = partner.folder.path().to_owned();
    // What a crash in the midst of writing leaves, and what a partner may leave to lead us astray.
    fs::write(root.join("ack/a.ack.xml.tmp"), "hal").unwrap();
    std::os::unix::fs::symlink(root.join("in/target"), root.join("ack/b.ack.xml.tmp")).unwrap();
    for name in ["a.ack.xml", "b.ack.xml"] {
        for _ in 0..2 {
            partner.drop.put(DropFolder::Ack, name, b"whole").await.unwrap();
        }
        assert_eq!(fs::read(root.join("ack").join(name)).unwrap(), b"whole");
        let other = partner.drop.put(DropFolder::Ack, name, b"other").await.unwrap_err();
        assert!(other.is_permanent());
        assert_eq!(fs::read(root.join("ack").join(name)).unwrap(), b"whole");
    }
    assert_eq!(partner.names("ack"), ["a.ack.xml", "b.ack.xml"]);
    assert!(partner.names("in").is_empty());
    partner.drop.put(DropFolder::Out, "empty", b"").await.unwrap();
    for bad in ["../x", "/etc/x", "a/b", ".x", ""] {
        assert!(partner.drop.put(DropFolder::Out, bad, b"x").await.unwrap_err().is_permanent(), "{bad}");
    }
    std::os::unix::fs::symlink("/nowhere", root.join("out/link")).unwrap();
    assert!(partner.drop.put(DropFolder::Out, "link", b"x").await.is_err());
}

#[tokio::test]
async fn a_folder_turned_into_a_link_is_not_followed() {
    let mut partner = Partner::new().await;
    let elsewhere = tempfile::tempdir().unwrap();
    partner.put("act.xml", "x", 60);
    let look = partner.look().await;
    let archive = partner.folder.path().join("archive");
    fs::remove_dir(&archive).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), &archive).unwrap();
    assert!(partner.drop.settle(&look.ready[0], Settle::Accepted).await.is_err());
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 0);
    assert_eq!(partner.names("in"), ["act.xml"]);
}

#[tokio::test]
async fn a_drop_that_is_not_there_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    assert!(FolderDrop::open(&folder.path().join("absent")).await.unwrap_err().is_permanent());
}
