//! What was fetched, kept on disk between starts: one file each, named by the hash of what was asked.
//!
//! Nothing here is trusted or precious. A file that was damaged is as if it were not there; when the room is used up, what was
//! written longest ago goes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{SHA256, digest};
use chrono::{DateTime, Utc};

const TITLE: &str = "oblik-fetched 1";
/// The first line is never longer.
const HEAD_BYTES: usize = 160;
/// A small file takes a block of the disk.
const BLOCK: u64 = 4096;
/// What another process was writing when it died.
const ABANDONED: Duration = Duration::from_hours(1);

/// A folder of what was fetched. Cheap to clone.
#[derive(Debug, Clone)]
pub struct FetchCache {
    dir: PathBuf,
    most_bytes: u64,
    /// Bytes in the folder, as far as this process knows.
    used: Arc<Mutex<u64>>,
}

/// Something fetched earlier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub fetched_at: DateTime<Utc>,
    pub bytes: Vec<u8>,
}

impl FetchCache {
    /// Opens the folder, which is made when missing.
    ///
    /// # Errors
    /// It cannot be made or read.
    pub fn open(dir: &Path, most_bytes: u64) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let cache = Self { dir: dir.to_owned(), most_bytes, used: Arc::default() };
        cache.make_room()?;
        Ok(cache)
    }

    /// The name of an answer: what was asked of which address.
    pub fn key(url: &str, request: &[u8]) -> String {
        let asked = [&u64::try_from(url.len()).unwrap_or(u64::MAX).to_be_bytes(), url.as_bytes(), request].concat();
        hex::encode(digest(&SHA256, &asked))
    }

    /// What is kept under `key`, unless it was damaged.
    pub fn get(&self, key: &str) -> Option<Kept> {
        let raw = std::fs::read(self.dir.join(key)).ok()?;
        let end = raw.iter().take(HEAD_BYTES).position(|octet| *octet == b'\n')?;
        let head = std::str::from_utf8(raw.get(..end)?).ok()?;
        let (at, sha256) = head.strip_prefix(TITLE)?.trim_start().split_once(' ')?;
        let bytes = raw.get(end + 1..)?;
        if hex::encode(digest(&SHA256, bytes)) != sha256 {
            return None;
        }
        let fetched_at = DateTime::parse_from_rfc3339(at).ok()?.with_timezone(&Utc);
        Some(Kept { fetched_at, bytes: bytes.to_vec() })
    }

    /// Keeps `bytes` under `key`, in place of what was there.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn put(&self, key: &str, fetched_at: DateTime<Utc>, bytes: &[u8]) -> io::Result<()> {
        let at = fetched_at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let head = format!("{TITLE} {at} {}\n", hex::encode(digest(&SHA256, bytes)));
        let own = crate::clock::random_id().map_err(io::Error::other)?;
        let hidden = self.dir.join(format!(".{key}.{own}"));
        let written = std::fs::write(&hidden, [head.as_bytes(), bytes].concat());
        if let Err(error) = written.and_then(|()| std::fs::rename(&hidden, self.dir.join(key))) {
            let _ = std::fs::remove_file(&hidden);
            return Err(error);
        }
        let is_full = {
            let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
            *used = used.saturating_add(room(u64::try_from(bytes.len()).unwrap_or(u64::MAX)));
            *used > self.most_bytes
        };
        if is_full { self.make_room() } else { Ok(()) }
    }

    /// Counts what is there; when it is too much, removes the oldest until a fifth is free.
    fn make_room(&self) -> io::Result<()> {
        let mut files = Vec::new();
        let mut total: u64 = 0;
        for entry in std::fs::read_dir(&self.dir)? {
            let entry = entry?;
            let Ok(seen) = entry.metadata() else { continue };
            if !seen.is_file() {
                continue;
            }
            let written = seen.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            if entry.file_name().to_string_lossy().starts_with('.') {
                if written.elapsed().is_ok_and(|age| age > ABANDONED) {
                    let _ = std::fs::remove_file(entry.path());
                }
                continue;
            }
            total = total.saturating_add(room(seen.len()));
            files.push((written, room(seen.len()), entry.path()));
        }
        if total > self.most_bytes {
            files.sort();
            let enough = self.most_bytes / 5 * 4;
            for (_, size, path) in files {
                if total <= enough {
                    break;
                }
                if std::fs::remove_file(path).is_ok() {
                    total = total.saturating_sub(size);
                }
            }
        }
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = total;
        Ok(())
    }
}

fn room(bytes: u64) -> u64 {
    bytes.div_ceil(BLOCK).max(1).saturating_mul(BLOCK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_was_kept_is_there_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let key = FetchCache::key("http://ca.example/a.crl", b"");
        let then = at("2026-11-02T08:00:00.000001Z");
        FetchCache::open(folder.path(), 1 << 20).unwrap().put(&key, then, b"one\ntwo").unwrap();
        let cache = FetchCache::open(folder.path(), 1 << 20).unwrap();
        assert_eq!(cache.get(&key), Some(Kept { fetched_at: then, bytes: b"one\ntwo".to_vec() }));
        cache.put(&key, then, b"three").unwrap();
        assert_eq!(cache.get(&key).unwrap().bytes, b"three");
        assert_eq!(cache.get(&FetchCache::key("http://ca.example/a.crl", b"x")), None);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_damaged_is_as_if_it_were_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FetchCache::open(folder.path(), 1 << 20).unwrap();
        let key = FetchCache::key("http://ca.example/a.crl", b"");
        cache.put(&key, at("2026-11-02T08:00:00Z"), b"a list").unwrap();
        let path = folder.path().join(&key);
        let good = std::fs::read(&path).unwrap();
        for cut in 0..good.len() {
            std::fs::write(&path, &good[..cut]).unwrap();
            assert_eq!(cache.get(&key), None, "cut at {cut}");
        }
        for place in 0..good.len() {
            let mut bad = good.clone();
            bad[place] ^= 1;
            std::fs::write(&path, &bad).unwrap();
            let got = cache.get(&key).map(|kept| kept.bytes);
            assert!(got.is_none() || got.as_deref() == Some(b"a list"), "flipped at {place}");
        }
    }

    #[test]
    fn when_the_room_is_used_up_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = FetchCache::open(folder.path(), 10 * BLOCK).unwrap();
        let keys: Vec<String> = (0..11).map(|n| FetchCache::key(&format!("http://ca.example/{n}"), b"")).collect();
        for (n, key) in (1_u64..).zip(&keys) {
            cache.put(key, at("2026-11-02T08:00:00Z"), b"a list").unwrap();
            let written = SystemTime::UNIX_EPOCH + Duration::from_secs(n);
            std::fs::File::open(folder.path().join(key)).unwrap().set_modified(written).unwrap();
        }
        let there: Vec<bool> = keys.iter().map(|key| cache.get(key).is_some()).collect();
        assert_eq!(there, [false, false, false, true, true, true, true, true, true, true, true]);
    }
}
