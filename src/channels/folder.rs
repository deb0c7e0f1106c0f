//! A partner's drop in a local folder: `in/`, `ack/`, `out/`, `error/`, `archive/YYYY/MM/`.
//!
//! The partner writes here with programs we do not know. So a file counts only when it has rested, is read by its
//! handle, and is moved only while it is still the one that was read.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use oblik_domain::limits;

use crate::clock;
use crate::dir::{Dir, Entry, Placed, Seen, on_disk};
use crate::error::ChannelError;
use crate::file_name::{FileName, is_unfinished, shown};
use crate::source::{
    DropFolder, Failed, Fetch, Fetched, LOOK_ITEMS, Look, Origin, Place, Settle, Sighting, Strange, StrangeBecause,
};

/// A writer that paused this long has finished. By the file system's clock, or by ours between two looks.
const REST: Duration = Duration::from_secs(3);
/// Names tried beside a taken one.
const NAMES_BESIDE: u32 = 1000;

/// A drop, open by its handle.
#[derive(Debug)]
pub struct FolderDrop {
    path: PathBuf,
    root: Arc<Dir>,
    /// Files of the last look that had not rested yet, and since when they have looked so.
    restless: HashMap<FileName, (Seen, Instant)>,
}

impl FolderDrop {
    /// The folder itself must be there; those below are made when missing.
    pub async fn open(path: &Path) -> Result<Self, ChannelError> {
        let path = path.to_owned();
        let doing = format!("open drop {}", path.display());
        let opened = on_disk(move || {
            let root = Dir::open(&path)?;
            for part in ["in", "ack", "out", "error", "archive"] {
                root.sub_or_new(part)?;
            }
            Ok(Self { path, root: Arc::new(root), restless: HashMap::new() })
        });
        opened.await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ChannelError::permanent(doing, error),
            _ => ChannelError::temporary(doing, error),
        })
    }

    pub async fn list(&mut self) -> Result<Look, ChannelError> {
        let now = clock::now().timestamp_nanos_opt().map_or(i128::MIN, i128::from);
        let before = std::mem::take(&mut self.restless);
        let (look, restless) = self.on_root("list", move |root| list_in(&root, now, &before)).await?;
        self.restless = restless;
        Ok(look)
    }

    pub async fn fetch(&mut self, wanted: &[Sighting]) -> Result<Fetch, ChannelError> {
        let wanted = wanted.to_vec();
        self.on_root("fetch from", move |root| {
            let dir = root.sub("in")?;
            let mut answer = Fetch::default();
            for sighting in wanted {
                fetch_one(&dir, sighting, &mut answer)?;
            }
            Ok(answer)
        })
        .await
    }

    pub async fn settle(&mut self, sighting: &Sighting, how: Settle) -> Result<(), ChannelError> {
        let Place::Dropped { name, modified } = sighting.place.clone() else {
            return Err(foreign(sighting));
        };
        let seen = Seen { size_bytes: sighting.size_bytes, modified };
        let (year, month) = (clock::now().format("%Y").to_string(), clock::now().format("%m").to_string());
        self.on_root("settle in", move |root| {
            let to = match how {
                Settle::Accepted | Settle::Duplicate => root.sub_or_new("archive")?.sub_or_new(&year)?.sub_or_new(&month)?,
                Settle::Quarantine => root.sub_or_new("error")?,
            };
            move_to(&root.sub("in")?, &name, seen, &to)
        })
        .await
    }

    /// See [`crate::source::DropSource::put`].
    pub async fn put(&mut self, folder: DropFolder, name: &str, bytes: &[u8]) -> Result<(), ChannelError> {
        let doing = format!("put {}/{} into drop {}", folder.as_str(), shown(name), self.path.display());
        let name = FileName::parse(name).map_err(|fault| ChannelError::permanent(doing.clone(), fault))?;
        let (root, bytes) = (Arc::clone(&self.root), bytes.to_vec());
        let put = on_disk(move || put_now(&root.sub_or_new(folder.as_str())?, &name, &bytes)).await;
        match put {
            Ok(Put::Written) => Ok(()),
            Ok(Put::NameTaken) => Err(ChannelError::permanent(doing, "another file has that name")),
            Err(error) => Err(ChannelError::temporary(doing, error)),
        }
    }

    async fn on_root<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl FnOnce(Arc<Dir>) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ChannelError> {
        let root = Arc::clone(&self.root);
        let told = |error| ChannelError::temporary(format!("{doing} drop {}", self.path.display()), error);
        on_disk(move || work(root)).await.map_err(told)
    }
}

type Restless = HashMap<FileName, (Seen, Instant)>;

fn list_in(root: &Dir, now: i128, before: &Restless) -> io::Result<(Look, Restless)> {
    let dir = root.sub("in")?;
    let mut look = Look::default();
    let mut restless = Restless::new();
    let mut names = dir.names()?;
    names.sort();
    for name in names {
        if name.to_str().is_some_and(is_unfinished) {
            continue;
        }
        let Ok(checked) = FileName::from_os(&name) else {
            look.strange.push(strange(&name, StrangeBecause::Name));
            continue;
        };
        match dir.look(&name)? {
            Some(Entry::File(seen)) => {
                let since = before.get(&checked).filter(|(was, _)| *was == seen).map_or_else(Instant::now, |(_, since)| *since);
                if has_rested(seen, now) || since.elapsed() >= REST {
                    look.ready.push(sighting(checked, seen));
                } else {
                    restless.insert(checked, (seen, since));
                }
            }
            Some(Entry::Other) => look.strange.push(strange(&name, StrangeBecause::NotAFile)),
            None => {}
        }
    }
    look.ready.sort_by_key(age);
    look.ready.truncate(LOOK_ITEMS);
    look.strange.truncate(LOOK_ITEMS);
    Ok((look, restless))
}

/// A file of the future (a clock runs ahead) never rests by this rule; two equal looks decide.
fn has_rested(seen: Seen, now: i128) -> bool {
    i128::try_from(REST.as_nanos()).is_ok_and(|rest| now.saturating_sub(seen.modified) >= rest)
}

fn age(sighting: &Sighting) -> i128 {
    match sighting.place {
        Place::Dropped { modified, .. } => modified,
        _ => 0,
    }
}

fn strange(name: &OsStr, why: StrangeBecause) -> Strange {
    Strange { label: shown(&name.to_string_lossy()), why }
}

fn sighting(name: FileName, seen: Seen) -> Sighting {
    Sighting {
        origin: Origin::new(format!("folder:{name}:{}:{}", seen.size_bytes, seen.modified)),
        name: name.to_string(),
        size_bytes: seen.size_bytes,
        place: Place::Dropped { name, modified: seen.modified },
    }
}

fn fetch_one(dir: &Dir, sighting: Sighting, answer: &mut Fetch) -> io::Result<()> {
    let Place::Dropped { name, modified } = &sighting.place else {
        let error = foreign(&sighting);
        answer.failed.push(Failed { sighting, error });
        return Ok(());
    };
    if sighting.size_bytes > limits::FILE_BYTES {
        let error = ChannelError::permanent(format!("fetch {name}"), "larger than the limit of a partner's file");
        answer.failed.push(Failed { sighting, error });
        return Ok(());
    }
    let seen = Seen { size_bytes: sighting.size_bytes, modified: *modified };
    match dir.read(OsStr::new(name.as_str()), seen)? {
        Some(bytes) => answer.fetched.push(Fetched { sighting, bytes }),
        None => answer.vanished.push(sighting),
    }
    Ok(())
}

fn move_to(from: &Dir, name: &FileName, seen: Seen, to: &Dir) -> io::Result<()> {
    let file = OsStr::new(name.as_str());
    if from.look(file)? != Some(Entry::File(seen)) {
        return Ok(());
    }
    for n in 0..NAMES_BESIDE {
        let new_name = if n == 0 { name.clone() } else { name.beside(n) };
        if from.rename(file, to, OsStr::new(new_name.as_str()))? != Placed::Taken {
            to.sync()?;
            return from.sync();
        }
    }
    Err(io::Error::other("every name beside a taken one is taken"))
}

#[derive(Debug, PartialEq, Eq)]
enum Put {
    Written,
    NameTaken,
}

fn put_now(dir: &Dir, name: &FileName, bytes: &[u8]) -> io::Result<Put> {
    let unfinished = format!("{name}.tmp");
    let (unfinished, name) = (OsStr::new(&unfinished), OsStr::new(name.as_str()));
    if dir.look(name)?.is_some() {
        return same(dir, name, bytes);
    }
    dir.write(unfinished, bytes)?;
    match dir.rename(unfinished, dir, name)? {
        Placed::Done => dir.sync().map(|()| Put::Written),
        Placed::Taken => dir.remove(unfinished).and_then(|()| same(dir, name, bytes)),
        Placed::Gone => Err(io::Error::other("somebody removed the file before it had its name")),
    }
}

/// An earlier attempt may have written the very file and died before it could say so.
fn same(dir: &Dir, name: &OsStr, bytes: &[u8]) -> io::Result<Put> {
    let Some(Entry::File(seen)) = dir.look(name)? else { return Ok(Put::NameTaken) };
    if u64::try_from(bytes.len()).is_ok_and(|length| length == seen.size_bytes)
        && dir.read(name, seen)?.is_some_and(|there| there == bytes)
    {
        dir.sync()?;
        return Ok(Put::Written);
    }
    Ok(Put::NameTaken)
}

fn foreign(sighting: &Sighting) -> ChannelError {
    ChannelError::permanent(format!("find {}", sighting.name), "it was seen at another source")
}
