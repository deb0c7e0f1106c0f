//! A Maildir as a mailbox: `new/` and `cur/` are the inbox, `.Archive` and `.Quarantine` (Maildir++) take what is settled.
//!
//! Also the way letters are delivered without a mail server: [`deliver`]. Source: maildir(5), Maildir++.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oblik_domain::limits;

use crate::dir::{Dir, Entry, Placed, Seen, on_disk};
use crate::error::ChannelError;
use crate::file_name::{FileName, shown};
use crate::source::{Failed, Fetch, Fetched, Half, LOOK_ITEMS, Look, Origin, Place, Settle, Sighting, Strange, StrangeBecause};

const ARCHIVE: &str = ".Archive";
const QUARANTINE: &str = ".Quarantine";
/// Names tried beside a taken one.
const NAMES_BESIDE: u32 = 1000;

/// A Maildir, open by its handle.
#[derive(Debug)]
pub struct Maildir {
    path: PathBuf,
    root: Arc<Dir>,
}

impl Maildir {
    /// The folder itself must be there: a misspelt path is a fault to be told, not an empty mailbox. `new`, `cur` and
    /// `tmp` are made when missing.
    pub async fn open(path: &Path) -> Result<Self, ChannelError> {
        let path = path.to_owned();
        let doing = format!("open maildir {}", path.display());
        let opened = on_disk(move || {
            let root = Dir::open(&path)?;
            for part in ["tmp", "new", "cur"] {
                root.sub_or_new(part)?;
            }
            Ok(Self { path, root: Arc::new(root) })
        });
        opened.await.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ChannelError::permanent(doing, error),
            _ => ChannelError::temporary(doing, error),
        })
    }

    pub async fn list(&mut self) -> Result<Look, ChannelError> {
        self.on_root("list", |root| {
            let mut look = Look::default();
            for half in [Half::New, Half::Cur] {
                list_half(&root, half, &mut look)?;
            }
            look.ready.sort_by(|a, b| age(a).cmp(&age(b)).then_with(|| a.origin.cmp(&b.origin)));
            look.ready.truncate(LOOK_ITEMS);
            Ok(look)
        })
        .await
    }

    pub async fn fetch(&mut self, wanted: &[Sighting]) -> Result<Fetch, ChannelError> {
        let wanted = wanted.to_vec();
        let at = self.path.clone();
        self.on_root("fetch from", move |root| {
            let mut answer = Fetch::default();
            for sighting in wanted {
                fetch_one(&root, &at, sighting, &mut answer)?;
            }
            Ok(answer)
        })
        .await
    }

    pub async fn settle(&mut self, sighting: &Sighting, how: Settle) -> Result<(), ChannelError> {
        let Place::Maildir { half, file, .. } = sighting.place.clone() else {
            return Err(foreign(&self.path, sighting));
        };
        let target = match how {
            Settle::Accepted | Settle::Duplicate => ARCHIVE,
            Settle::Quarantine => QUARANTINE,
        };
        self.on_root("settle in", move |root| move_to(&root, half, &file, target)).await
    }

    pub async fn find_message_ids(&mut self, folder: &str, ids: &[String]) -> Result<Vec<String>, ChannelError> {
        let sub = match folder {
            "INBOX" | "" => None,
            name => Some(FileName::parse(name).map_err(|fault| ChannelError::permanent(format!("open folder {name}"), fault))?),
        };
        let ids = ids.to_vec();
        self.on_root("search", move |root| match sub {
            None => find(&root, &ids),
            Some(name) => match root.sub(&format!(".{name}")) {
                Ok(dir) => find(&dir, &ids),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
                Err(error) => Err(error),
            },
        })
        .await
    }

    async fn on_root<T: Send + 'static>(
        &self,
        doing: &str,
        work: impl FnOnce(Arc<Dir>) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ChannelError> {
        let root = Arc::clone(&self.root);
        let told = |error| ChannelError::temporary(format!("{doing} maildir {}", self.path.display()), error);
        on_disk(move || work(root)).await.map_err(told)
    }
}

/// Puts a letter into `new/` of the Maildir at `path`, which is made when missing, under a name that is the letter's
/// own: a second delivery of the same letter changes nothing, even when it has been read meanwhile.
///
/// # Errors
/// Permanent when the name is not allowed.
pub async fn deliver(path: &Path, name: &str, bytes: Vec<u8>) -> Result<(), ChannelError> {
    let doing = format!("deliver into maildir {}", path.display());
    let name = FileName::parse(name).map_err(|fault| ChannelError::permanent(doing.clone(), fault))?;
    let path = path.to_owned();
    on_disk(move || deliver_now(&path, &name, &bytes)).await.map_err(|error| ChannelError::temporary(doing, error))
}

fn deliver_now(path: &Path, name: &FileName, bytes: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(path)?;
    let root = Dir::open(path)?;
    let (tmp, new, cur) = (root.sub_or_new("tmp")?, root.sub_or_new("new")?, root.sub_or_new("cur")?);
    let name = OsStr::new(name.as_str());
    let read_already = cur.names()?.iter().any(|other| stem(other) == name.as_bytes());
    if read_already || new.look(name)?.is_some() {
        return new.sync();
    }
    tmp.write(name, bytes)?;
    match tmp.rename(name, &new, name)? {
        Placed::Done => new.sync(),
        Placed::Taken => tmp.remove(name).and_then(|()| new.sync()),
        Placed::Gone => Err(io::Error::other("somebody removed the letter from tmp")),
    }
}

fn half_name(half: Half) -> &'static str {
    match half {
        Half::New => "new",
        Half::Cur => "cur",
    }
}

fn list_half(root: &Dir, half: Half, look: &mut Look) -> io::Result<()> {
    let dir = root.sub(half_name(half))?;
    for file in dir.names()? {
        if file.as_bytes().starts_with(b".") {
            continue;
        }
        match dir.look(&file)? {
            Some(Entry::File(seen)) => look.ready.push(sighting(half, file, seen)),
            Some(Entry::Other) => {
                look.strange.push(Strange { label: shown(&file.to_string_lossy()), why: StrangeBecause::NotAFile });
            }
            None => {}
        }
    }
    Ok(())
}

fn sighting(half: Half, file: OsString, seen: Seen) -> Sighting {
    let name = stem(&file).escape_ascii().to_string();
    Sighting {
        origin: Origin::new(format!("maildir:{name}:{}:{}", seen.size_bytes, seen.modified)),
        name: shown(&file.to_string_lossy()),
        size_bytes: seen.size_bytes,
        place: Place::Maildir { half, file, modified: seen.modified },
    }
}

/// The name without its flags, which change when somebody reads the mail.
fn stem(file: &OsStr) -> &[u8] {
    let bytes = file.as_bytes();
    bytes.split(|byte| *byte == b':').next().unwrap_or(bytes)
}

fn age(sighting: &Sighting) -> i128 {
    match sighting.place {
        Place::Maildir { modified, .. } => modified,
        _ => 0,
    }
}

fn fetch_one(root: &Dir, at: &Path, sighting: Sighting, answer: &mut Fetch) -> io::Result<()> {
    let Place::Maildir { half, file, modified } = &sighting.place else {
        let error = foreign(at, &sighting);
        answer.failed.push(Failed { sighting, error });
        return Ok(());
    };
    if sighting.size_bytes > limits::MAIL_BYTES {
        let error = ChannelError::permanent(format!("fetch {}", sighting.name), "larger than the limit of a mail");
        answer.failed.push(Failed { sighting, error });
        return Ok(());
    }
    let seen = Seen { size_bytes: sighting.size_bytes, modified: *modified };
    match root.sub(half_name(*half))?.read(file, seen)? {
        Some(bytes) => answer.fetched.push(Fetched { sighting, bytes }),
        None => answer.vanished.push(sighting),
    }
    Ok(())
}

fn move_to(root: &Dir, half: Half, file: &OsStr, target: &str) -> io::Result<()> {
    let folder = root.sub_or_new(target)?;
    for part in ["tmp", "new"] {
        folder.sub_or_new(part)?;
    }
    let to = folder.sub_or_new("cur")?;
    let Some((from, file)) = whereabouts(root, half, file)? else { return Ok(()) };
    for n in 0..NAMES_BESIDE {
        if from.rename(&file, &to, &settled_name(stem(&file), n))? != Placed::Taken {
            return to.sync();
        }
    }
    Err(io::Error::other("every name beside a taken one is taken"))
}

/// Where the mail is now: a reader may have moved it to `cur/` or changed its flags since it was seen.
fn whereabouts(root: &Dir, half: Half, file: &OsStr) -> io::Result<Option<(Dir, OsString)>> {
    let seen_in = root.sub(half_name(half))?;
    if seen_in.look(file)?.is_some() {
        return Ok(Some((seen_in, file.to_owned())));
    }
    let cur = root.sub("cur")?;
    let now = cur.names()?.into_iter().find(|other| stem(other) == stem(file));
    Ok(now.map(|name| (cur, name)))
}

fn settled_name(stem: &[u8], n: u32) -> OsString {
    let mut name = stem.to_vec();
    if n > 0 {
        name.extend_from_slice(format!(".{n}").as_bytes());
    }
    name.extend_from_slice(b":2,S");
    OsStr::from_bytes(&name).to_owned()
}

fn find(dir: &Dir, ids: &[String]) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for half in [Half::New, Half::Cur] {
        let dir = dir.sub(half_name(half))?;
        for file in dir.names()? {
            let Some(Entry::File(seen)) = dir.look(&file)? else { continue };
            if seen.size_bytes > limits::MAIL_BYTES {
                continue;
            }
            if let Some(id) = dir.read(&file, seen)?.as_deref().and_then(message_id)
                && ids.contains(&id)
                && !found.contains(&id)
            {
                found.push(id);
            }
        }
    }
    Ok(found)
}

/// The first Message-ID of the header, folded lines joined, or none.
fn message_id(mail: &[u8]) -> Option<String> {
    let head = mail.get(..limits::MAIL_HEADER_BYTES.min(mail.len()))?;
    let mut value: Option<String> = None;
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let folded = line.starts_with(b" ") || line.starts_with(b"\t");
        match &mut value {
            Some(value) if folded => value.push_str(&String::from_utf8_lossy(line)),
            Some(_) => break,
            None if line.is_empty() => break,
            None => {
                let (name, rest) = line.split_at_checked("message-id:".len()).unwrap_or((line, b""));
                value = name.eq_ignore_ascii_case(b"message-id:").then(|| String::from_utf8_lossy(rest).into_owned());
            }
        }
    }
    value.map(|value| value.trim().to_owned())
}

fn foreign(path: &Path, sighting: &Sighting) -> ChannelError {
    ChannelError::permanent(format!("find {} in maildir {}", sighting.name, path.display()), "it was seen at another source")
}
