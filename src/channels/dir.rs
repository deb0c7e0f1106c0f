//! A folder held by its handle, so that whoever may write beside it cannot lead us elsewhere with a symbolic link.
//!
//! Only the way to the outermost folder is the operator's own and followed as written; below it nothing is followed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RenameFlags, Stat};
use rustix::io::Errno;

const OPEN_DIR: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

#[derive(Debug)]
pub(crate) struct Dir(OwnedFd);

/// What a name stands for, without following it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Entry {
    File(Seen),
    Other,
}

/// A regular file's outer state; when it is the same twice, nobody wrote in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub size_bytes: u64,
    /// Nanoseconds since 1970; the file system's clock.
    pub modified: i128,
}

/// Whether a file found its new name free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    Done,
    Taken,
    /// What was to be moved is not there.
    Gone,
}

impl Dir {
    pub fn open(path: &Path) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(CWD, path, OPEN_DIR, Mode::empty())?))
    }

    pub fn sub(&self, name: &str) -> io::Result<Self> {
        Ok(Self(rustix::fs::openat(&self.0, name, OPEN_DIR | OFlags::NOFOLLOW, Mode::empty())?))
    }

    pub fn sub_or_new(&self, name: &str) -> io::Result<Self> {
        match rustix::fs::mkdirat(&self.0, name, Mode::RWXU | Mode::RWXG) {
            Ok(()) => rustix::fs::fsync(&self.0)?,
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        self.sub(name)
    }

    /// All names but `.` and `..`, in no order.
    pub fn names(&self) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in rustix::fs::Dir::read_from(&self.0)? {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name != b"." && name != b".." {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    /// `None` when nothing has that name.
    pub fn look(&self, name: &OsStr) -> io::Result<Option<Entry>> {
        match rustix::fs::statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(Some(entry(&stat))),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The bytes of a file that is still as it was seen, before and after reading; `None` when it is not.
    pub fn read(&self, name: &OsStr, seen: Seen) -> io::Result<Option<Vec<u8>>> {
        // NONBLOCK: a pipe put in the file's place must not hang us before we know that it is one.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let handle = match rustix::fs::openat(&self.0, name, flags, Mode::empty()) {
            Ok(handle) => handle,
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if entry(&rustix::fs::fstat(&handle)?) != Entry::File(seen) {
            return Ok(None);
        }
        let mut file = File::from(handle);
        let mut bytes = Vec::with_capacity(usize::try_from(seen.size_bytes).map_err(io::Error::other)?);
        Read::by_ref(&mut file).take(seen.size_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        let whole = u64::try_from(bytes.len()).is_ok_and(|length| length == seen.size_bytes);
        let same = entry(&rustix::fs::fstat(&file)?) == Entry::File(seen);
        Ok((whole && same).then_some(bytes))
    }

    /// Gives a file another name, here or in another folder of the same file system, never over another file.
    pub fn rename(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> io::Result<Placed> {
        match rustix::fs::renameat_with(&self.0, name, &to.0, new_name, RenameFlags::NOREPLACE) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => self.link(name, to, new_name),
            Ok(()) => Ok(Placed::Done),
            Err(Errno::EXIST) => Ok(Placed::Taken),
            Err(Errno::NOENT) => Ok(Placed::Gone),
            Err(error) => Err(error.into()),
        }
    }

    /// For file systems that cannot rename without clobbering (NFS): the link is the exclusive step.
    fn link(&self, name: &OsStr, to: &Self, new_name: &OsStr) -> io::Result<Placed> {
        match rustix::fs::linkat(&self.0, name, &to.0, new_name, AtFlags::empty()) {
            Ok(()) => {}
            Err(Errno::EXIST) => return Ok(Placed::Taken),
            Err(Errno::NOENT) => return Ok(Placed::Gone),
            Err(error) => return Err(error.into()),
        }
        rustix::fs::unlinkat(&self.0, name, AtFlags::empty())?;
        Ok(Placed::Done)
    }

    /// Writes a new file to the disk, not only to memory. What an earlier attempt left under that name is replaced.
    pub fn write(&self, name: &OsStr, bytes: &[u8]) -> io::Result<()> {
        self.remove(name)?;
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let mode = Mode::RUSR | Mode::WUSR | Mode::RGRP | Mode::WGRP;
        let mut file = File::from(rustix::fs::openat(&self.0, name, flags, mode)?);
        file.write_all(bytes)?;
        file.sync_all()
    }

    pub fn remove(&self, name: &OsStr) -> io::Result<()> {
        match rustix::fs::unlinkat(&self.0, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Makes names that were made or moved here survive a loss of power.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(&self.0)?)
    }
}

fn entry(stat: &Stat) -> Entry {
    match (FileType::from_raw_mode(stat.st_mode), u64::try_from(stat.st_size)) {
        (FileType::RegularFile, Ok(size_bytes)) => {
            let modified = i128::from(stat.st_mtime) * 1_000_000_000 + i128::from(stat.st_mtime_nsec);
            Entry::File(Seen { size_bytes, modified })
        }
        _ => Entry::Other,
    }
}

/// Runs work on files away from the threads that serve sockets.
pub(crate) async fn on_disk<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(stopped) => Err(io::Error::other(stopped)),
    }
}
