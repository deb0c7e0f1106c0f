//! A partner's drop on their SFTP server: `in/`, `ack/`, `out/`, `error/`, `archive/YYYY/MM/`.
//!
//! The same rules as for a local folder, with less to hold on to: the server's clock is not ours, a link is followed
//! when a file is opened, and a name that is no UTF-8 cannot be asked for. So a file is taken only when the listing
//! calls it regular, its name is a plain one, and two looks agree about it.

use std::collections::HashMap;

use oblik_config::Sftp;
use oblik_domain::limits;

pub use crate::sftp_session::SftpBounds;

use crate::clock;
use crate::error::ChannelError;
use crate::file_name::{FileName, is_unfinished, shown};
use crate::sftp_session::{Read, Renamed, Seen, SftpSession};
use crate::source::{
    DropFolder, Failed, Fetch, Fetched, LOOK_ITEMS, Look, Origin, Place, Settle, Sighting, Strange, StrangeBecause,
};

/// A file this old by the server's clock has rested, however wrong that clock may be. Seconds.
const SURELY_RESTED_S: i64 = 3600;
/// Entries of a folder that are read at most; unfinished and strange ones count too.
const FOLDER_ENTRIES: usize = 10 * LOOK_ITEMS;
/// Names tried beside a taken one.
const NAMES_BESIDE: u32 = 1000;

/// A drop, open.
#[derive(Debug)]
pub struct SftpDrop {
    session: SftpSession,
    root: String,
    bounds: SftpBounds,
}

impl SftpDrop {
    pub async fn open(settings: &Sftp) -> Result<Self, ChannelError> {
        Self::open_with(settings, SftpBounds::default()).await
    }

    /// The folder itself must be there; those below are made when missing.
    pub async fn open_with(settings: &Sftp, bounds: SftpBounds) -> Result<Self, ChannelError> {
        let session = SftpSession::open(settings, bounds).await?;
        let root = match settings.path.trim_end_matches('/') {
            "" if settings.path.starts_with('/') => "/".to_owned(),
            "" => ".".to_owned(),
            path => path.to_owned(),
        };
        if !session.look(&format!("{root}/.")).await?.is_some_and(|seen| seen.folder) {
            let doing = format!("open drop {} at sftp {}", shown(&root), settings.host);
            return Err(ChannelError::permanent(doing, "there is no such folder"));
        }
        for part in ["in", "ack", "out", "error", "archive"] {
            session.make_folders(&root, part).await?;
        }
        Ok(Self { session, root, bounds })
    }

    /// What lies finished in `in/`. Waits for the pause of [`SftpBounds::rest`] when there are fresh files.
    pub async fn list(&mut self) -> Result<Look, ChannelError> {
        let (mut look, fresh) = self.look_once().await?;
        if !fresh.is_empty() {
            tokio::time::sleep(self.bounds.rest).await;
            let (_, again) = self.look_once().await?;
            let rested = fresh.into_iter().filter(|(name, seen)| again.get(name) == Some(seen));
            look.ready.extend(rested.map(|(name, seen)| sighting(name, seen)));
        }
        look.ready.sort_by(|a, b| age(a).cmp(&age(b)).then_with(|| a.name.cmp(&b.name)));
        look.ready.truncate(LOOK_ITEMS);
        look.strange.truncate(LOOK_ITEMS);
        Ok(look)
    }

    async fn look_once(&self) -> Result<(Look, HashMap<FileName, Seen>), ChannelError> {
        let now = clock::now().timestamp();
        let mut look = Look::default();
        let mut fresh = HashMap::new();
        for (name, seen) in self.session.list(&self.within("in"), FOLDER_ENTRIES).await? {
            if is_unfinished(&name) {
                continue;
            }
            let Ok(checked) = FileName::parse(&name) else {
                look.strange.push(Strange { label: shown(&name), why: StrangeBecause::Name });
                continue;
            };
            if !seen.regular {
                look.strange.push(Strange { label: shown(&name), why: StrangeBecause::NotAFile });
            } else if seen.mtime > 0 && now - i64::from(seen.mtime) > SURELY_RESTED_S {
                look.ready.push(sighting(checked, seen));
            } else {
                fresh.insert(checked, seen);
            }
        }
        Ok((look, fresh))
    }

    /// The bytes of these files; every one of them is accounted for in the answer.
    pub async fn fetch(&mut self, wanted: &[Sighting]) -> Result<Fetch, ChannelError> {
        let mut answer = Fetch::default();
        for sighting in wanted.iter().cloned() {
            match self.fetch_one(&sighting).await? {
                Read::Whole(bytes) => answer.fetched.push(Fetched { sighting, bytes }),
                Read::Changed => answer.vanished.push(sighting),
                Read::Refused(error) => answer.failed.push(Failed { sighting, error }),
            }
        }
        Ok(answer)
    }

    async fn fetch_one(&self, sighting: &Sighting) -> Result<Read, ChannelError> {
        let (name, seen) = match dropped(sighting) {
            Ok(found) => found,
            Err(error) => return Ok(Read::Refused(error)),
        };
        if seen.size > limits::FILE_BYTES {
            let doing = format!("fetch {name}");
            return Ok(Read::Refused(ChannelError::permanent(doing, "larger than the limit of a partner's file")));
        }
        self.session.read(&self.within(&format!("in/{name}")), seen).await
    }

    /// See [`crate::source::DropSource::settle`].
    pub async fn settle(&mut self, sighting: &Sighting, how: Settle) -> Result<(), ChannelError> {
        let (name, seen) = dropped(sighting)?;
        let from = self.within(&format!("in/{name}"));
        if self.session.look(&from).await? != Some(seen) {
            return Ok(());
        }
        let folder = match how {
            Settle::Accepted | Settle::Duplicate => clock::now().format("archive/%Y/%m").to_string(),
            Settle::Quarantine => "error".to_owned(),
        };
        self.session.make_folders(&self.root, &folder).await?;
        for n in 0..NAMES_BESIDE {
            let new_name = if n == 0 { name.clone() } else { name.beside(n) };
            match self.session.rename(&from, &self.within(&format!("{folder}/{new_name}"))).await? {
                Renamed::Done | Renamed::Missing => return Ok(()),
                Renamed::Taken => {}
            }
        }
        Err(ChannelError::permanent(format!("settle {name}"), "every name beside a taken one is taken"))
    }

    /// See [`crate::source::DropSource::put`].
    pub async fn put(&mut self, folder: DropFolder, name: &str, bytes: &[u8]) -> Result<(), ChannelError> {
        let doing = format!("put {}/{} over sftp", folder.as_str(), shown(name));
        let name = FileName::parse(name).map_err(|fault| ChannelError::permanent(doing.clone(), fault))?;
        self.session.make_folders(&self.root, folder.as_str()).await?;
        let path = self.within(&format!("{}/{name}", folder.as_str()));
        let unfinished = format!("{path}.tmp");
        if self.session.look(&path).await?.is_none() {
            self.session.remove(&unfinished).await?;
            self.session.write_new(&unfinished, bytes).await?;
            match self.session.rename(&unfinished, &path).await? {
                Renamed::Done => return Ok(()),
                Renamed::Taken => self.session.remove(&unfinished).await?,
                Renamed::Missing => return Err(ChannelError::temporary(doing, "the file was taken away while it was written")),
            }
        }
        // An earlier attempt may have written the very file and died before it could say so.
        if self.holds(&path, bytes).await? { Ok(()) } else { Err(ChannelError::permanent(doing, "another file has that name")) }
    }

    async fn holds(&self, path: &str, bytes: &[u8]) -> Result<bool, ChannelError> {
        let Some(seen) = self.session.look(path).await? else { return Ok(false) };
        if u64::try_from(bytes.len()).is_ok_and(|length| length != seen.size) {
            return Ok(false);
        }
        Ok(matches!(self.session.read(path, seen).await?, Read::Whole(there) if there == bytes))
    }

    /// Says goodbye; nothing is lost when it is not called.
    pub async fn close(self) {
        self.session.close().await;
    }

    fn within(&self, path: &str) -> String {
        format!("{}/{path}", self.root)
    }
}

fn sighting(name: FileName, seen: Seen) -> Sighting {
    Sighting {
        origin: Origin::new(format!("sftp:{name}:{}:{}", seen.size, seen.mtime)),
        name: name.to_string(),
        size_bytes: seen.size,
        place: Place::Dropped { name, modified: seen.mtime.into() },
    }
}

fn dropped(sighting: &Sighting) -> Result<(&FileName, Seen), ChannelError> {
    if let Place::Dropped { name, modified } = &sighting.place
        && let Ok(mtime) = u32::try_from(*modified)
    {
        return Ok((name, Seen { regular: true, folder: false, size: sighting.size_bytes, mtime }));
    }
    Err(ChannelError::permanent(format!("find {}", sighting.name), "it was seen at another source"))
}

fn age(sighting: &Sighting) -> i128 {
    match sighting.place {
        Place::Dropped { modified, .. } => modified,
        Place::Imap { .. } | Place::Maildir { .. } => 0,
    }
}
