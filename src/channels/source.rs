//! Where items come from, as one shape: mailboxes and partners' drops.
//!
//! The order that keeps every item: `list`, `fetch`, commit the bytes, only then `settle`. A crash between the last two
//! shows the same [`Origin`] again, and the store answers with [`Settle::Duplicate`].
//! After any `Err` a source is spent: drop it and open it anew.

use std::ffi::OsString;
use std::fmt;
use std::time::Duration;

use oblik_config::{Drop, DropAt, Mailbox, MailboxAt};

use crate::error::ChannelError;
use crate::file_name::FileName;
use crate::folder::FolderDrop;
use crate::imap::ImapSession;
use crate::maildir::Maildir;
use crate::sftp::SftpDrop;

/// Sightings of one look at most; the rest is seen by the next look.
pub const LOOK_ITEMS: usize = 10_000;

/// Identity of one sighting at its source: `imap:UIDVALIDITY:UID`, `maildir:NAME:SIZE:MTIME_NS`,
/// `folder:NAME:SIZE:MTIME_NS`, `sftp:NAME:SIZE:MTIME_S`. Unique within one source, stable between looks.
///
/// It is a hint that saves work, never proof that content is the same: servers reuse UIDs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An item seen at its source, not yet taken.
#[derive(Debug, Clone)]
pub struct Sighting {
    pub origin: Origin,
    /// For people; never a path.
    pub name: String,
    /// As the source states it; may be compared with `limits` before anything is fetched.
    pub size_bytes: u64,
    pub(crate) place: Place,
}

#[derive(Debug, Clone)]
pub(crate) enum Place {
    Imap { uid_validity: u32, uid: u32 },
    Maildir { half: Half, file: OsString, modified: i128 },
    Dropped { name: FileName, modified: i128 },
}

/// The two folders of a Maildir that make its inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Half {
    New,
    Cur,
}

/// What one look found.
#[derive(Debug, Default)]
pub struct Look {
    pub ready: Vec<Sighting>,
    pub strange: Vec<Strange>,
}

/// Something that lies there and is not taken; a person should hear of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strange {
    /// Fit to be shown: controls escaped, length bounded.
    pub label: String,
    pub why: StrangeBecause,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrangeBecause {
    /// Its name is not one we would ever join to a folder.
    Name,
    /// A folder, symbolic link, pipe or device.
    NotAFile,
}

/// An item with all its bytes.
#[derive(Debug)]
pub struct Fetched {
    pub sighting: Sighting,
    pub bytes: Vec<u8>,
}

/// What became of a request: each sighting is in exactly one list.
#[derive(Debug, Default)]
pub struct Fetch {
    pub fetched: Vec<Fetched>,
    /// Gone or changed since they were seen: moved by a person, overwritten, under another UIDVALIDITY.
    pub vanished: Vec<Sighting>,
    /// There, but their bytes cannot be had; the others are not held up by them.
    pub failed: Vec<Failed>,
}

#[derive(Debug)]
pub struct Failed {
    pub sighting: Sighting,
    pub error: ChannelError,
}

/// What to do with an item at its source once its fate is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    Accepted,
    /// Seen before; archived like the first.
    Duplicate,
    /// Too large or not readable: kept apart for a person.
    Quarantine,
}

/// How a wait ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Woke {
    NewMail,
    Timeout,
}

/// Folders we write at a partner's drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DropFolder {
    Ack,
    Out,
}

impl DropFolder {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ack => "ack",
            Self::Out => "out",
        }
    }
}

/// A mailbox, open.
#[derive(Debug)]
pub enum MailSource {
    Imap(Box<ImapSession>),
    Maildir(Maildir),
}

impl MailSource {
    pub async fn open(mailbox: &Mailbox) -> Result<Self, ChannelError> {
        match &mailbox.at {
            MailboxAt::Imap(imap) => Ok(Self::Imap(Box::new(ImapSession::open(imap).await?))),
            MailboxAt::Maildir(path) => Ok(Self::Maildir(Maildir::open(path).await?)),
        }
    }

    /// What lies in the inbox, oldest first, at most [`LOOK_ITEMS`].
    pub async fn list(&mut self) -> Result<Look, ChannelError> {
        match self {
            Self::Imap(imap) => imap.list().await,
            Self::Maildir(maildir) => maildir.list().await,
        }
    }

    /// The bytes of these messages; every one of them is accounted for in the answer.
    pub async fn fetch(&mut self, wanted: &[Sighting]) -> Result<Fetch, ChannelError> {
        match self {
            Self::Imap(imap) => imap.fetch(wanted).await,
            Self::Maildir(maildir) => maildir.fetch(wanted).await,
        }
    }

    /// Moves a message out of the inbox. One that is already gone is settled.
    pub async fn settle(&mut self, sighting: &Sighting, how: Settle) -> Result<(), ChannelError> {
        match self {
            Self::Imap(imap) => imap.settle(sighting, how).await,
            Self::Maildir(maildir) => maildir.settle(sighting, how).await,
        }
    }

    /// Waits until new mail is announced or `max` is over. IMAP by IDLE, at most nine minutes at a time (RFC 2177 §3);
    /// a Maildir merely sleeps. May be dropped while waiting; the source is then spent.
    pub async fn wait(&mut self, max: Duration) -> Result<Woke, ChannelError> {
        match self {
            Self::Imap(imap) => imap.wait(max).await,
            Self::Maildir(_) => {
                tokio::time::sleep(max).await;
                Ok(Woke::Timeout)
            }
        }
    }

    /// Which of these Message-IDs (with their angle brackets) are in `folder`. A Maildir's folder is `INBOX` or the
    /// name of a subfolder.
    pub async fn find_message_ids(&mut self, folder: &str, ids: &[String]) -> Result<Vec<String>, ChannelError> {
        match self {
            Self::Imap(imap) => imap.find_message_ids(folder, ids).await,
            Self::Maildir(maildir) => maildir.find_message_ids(folder, ids).await,
        }
    }

    /// Says goodbye; nothing is lost when it is not called.
    pub async fn close(self) {
        if let Self::Imap(imap) = self {
            imap.close().await;
        }
    }
}

/// A partner's drop, open.
#[derive(Debug)]
pub enum DropSource {
    Folder(FolderDrop),
    Sftp(Box<SftpDrop>),
}

impl DropSource {
    pub async fn open(drop: &Drop) -> Result<Self, ChannelError> {
        match &drop.at {
            DropAt::Folder(path) => Ok(Self::Folder(FolderDrop::open(path).await?)),
            DropAt::Sftp(sftp) => Ok(Self::Sftp(Box::new(SftpDrop::open(sftp).await?))),
        }
    }

    /// What lies finished in `in/`. A file counts when its writer has let it rest; keep the source open between looks,
    /// since a drop whose clock runs ahead needs two of them.
    pub async fn list(&mut self) -> Result<Look, ChannelError> {
        match self {
            Self::Folder(folder) => folder.list().await,
            Self::Sftp(sftp) => sftp.list().await,
        }
    }

    pub async fn fetch(&mut self, wanted: &[Sighting]) -> Result<Fetch, ChannelError> {
        match self {
            Self::Folder(folder) => folder.fetch(wanted).await,
            Self::Sftp(sftp) => sftp.fetch(wanted).await,
        }
    }

    /// Moves a file to `archive/YYYY/MM/` or, for [`Settle::Quarantine`], to `error/`; never over another file. One
    /// that is gone or has been overwritten since is left alone.
    pub async fn settle(&mut self, sighting: &Sighting, how: Settle) -> Result<(), ChannelError> {
        match self {
            Self::Folder(folder) => folder.settle(sighting, how).await,
            Self::Sftp(sftp) => sftp.settle(sighting, how).await,
        }
    }

    /// Writes a file whole or not at all. Again with the same bytes is fine.
    ///
    /// # Errors
    /// Permanent when another file has that name, or when the name is not allowed.
    pub async fn put(&mut self, folder: DropFolder, name: &str, bytes: &[u8]) -> Result<(), ChannelError> {
        match self {
            Self::Folder(drop) => drop.put(folder, name, bytes).await,
            Self::Sftp(drop) => drop.put(folder, name, bytes).await,
        }
    }

    pub async fn close(self) {
        if let Self::Sftp(sftp) = self {
            sftp.close().await;
        }
    }
}
