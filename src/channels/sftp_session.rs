//! One SFTP connection: the host's key is pinned, every request ends in time, every answer is bounded.
//!
//! Requests are made one by one over the raw protocol: the convenient layer above it reads a folder of any size into
//! memory, and follows links.

use std::fmt;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use oblik_config::Sftp;
use russh::Disconnect;
use russh::client::Handle;
use russh_sftp::client::error::Error as SftpFault;
use russh_sftp::client::rawsession::Limits;
use russh_sftp::client::{Config as SftpConfig, RawSftpSession};
use russh_sftp::extensions;
use russh_sftp::protocol::{FileAttributes, FileType, OpenFlags, StatusCode};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutStream;

use crate::error::ChannelError;
use crate::sftp_connect::{self, PinnedKey};

/// Bytes asked for at once: 16 × 128 KiB keep a fast line full and end in time on one of 280 kbit/s.
const PIECE_BYTES: u32 = 128 * 1024;
const PIECES_AT_ONCE: usize = 16;
/// Piece for servers that do not tell their limits. Source: draft-ietf-secsh-filexfer-02 §3, which promises 34,000 bytes.
const MODEST_PIECE_BYTES: u32 = 32 * 1024;

/// How long a partner's server may take.
#[derive(Debug, Clone, Copy)]
pub struct SftpBounds {
    /// Name, TCP, key exchange, login and the start of SFTP together.
    pub connect: Duration,
    /// Silence after which we ask whether the peer lives; two unanswered questions end the connection.
    pub keepalive: Duration,
    /// One request, whole seconds.
    pub request: Duration,
    /// A file that looks the same after this pause has been finished by its writer.
    pub rest: Duration,
}

impl Default for SftpBounds {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { connect: seconds(30), keepalive: seconds(15), request: seconds(60), rest: seconds(3) }
    }
}

/// What is known of a remote file without opening it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seen {
    pub regular: bool,
    pub folder: bool,
    pub size: u64,
    /// Seconds since 1970; zero when the server does not tell.
    pub mtime: u32,
}

impl From<&FileAttributes> for Seen {
    fn from(attributes: &FileAttributes) -> Self {
        let kind = attributes.file_type();
        Self {
            regular: kind == FileType::File,
            folder: kind == FileType::Dir,
            size: attributes.size.unwrap_or(0),
            mtime: attributes.mtime.unwrap_or(0),
        }
    }
}

/// What became of reading a file.
pub(crate) enum Read {
    Whole(Vec<u8>),
    /// It is gone, or no longer the file that was seen.
    Changed,
    /// The server answers, but does not give this one.
    Refused(ChannelError),
}

/// What became of a rename that must not overwrite.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Renamed {
    Done,
    /// The new name is taken; nothing was changed.
    Taken,
    /// The old name is gone.
    Missing,
}

pub(crate) struct SftpSession {
    raw: RawSftpSession,
    ssh: Handle<PinnedKey>,
    host: String,
    fsync: bool,
    read_bytes: u32,
    write_bytes: usize,
}

impl SftpSession {
    pub async fn open(settings: &Sftp, bounds: SftpBounds) -> Result<Self, ChannelError> {
        match timeout(bounds.connect, connect(settings, bounds)).await {
            Ok(outcome) => outcome,
            Err(late) => Err(ChannelError::temporary(format!("connect sftp {}", settings.host), late)),
        }
    }

    pub async fn close(self) {
        self.raw.close_session().ok();
        self.ssh.disconnect(Disconnect::ByApplication, "", "").await.ok();
    }

    /// At most `most` entries of a folder with what the server says of them, `.` and `..` left out. A folder that does
    /// not exist is an empty one.
    pub async fn list(&self, folder: &str, most: usize) -> Result<Vec<(String, Seen)>, ChannelError> {
        let failed = |fault| self.failed("list a folder", fault);
        let handle = match self.raw.opendir(folder).await {
            Ok(handle) => handle.handle,
            Err(fault) if is(&fault, StatusCode::NoSuchFile) => return Ok(Vec::new()),
            Err(fault) => return Err(failed(fault)),
        };
        let mut found = Vec::new();
        while found.len() < most {
            match self.raw.readdir(handle.as_str()).await {
                Ok(names) if names.files.is_empty() => break,
                Ok(names) => {
                    let entries = names.files.iter().filter(|file| file.filename != "." && file.filename != "..");
                    found.extend(entries.map(|file| (file.filename.clone(), Seen::from(&file.attrs))));
                }
                Err(fault) if is(&fault, StatusCode::Eof) => break,
                Err(fault) => return Err(failed(fault)),
            }
        }
        self.raw.close(handle).await.map_err(failed)?;
        found.truncate(most);
        Ok(found)
    }

    /// What lies at `path`, links not followed.
    pub async fn look(&self, path: &str) -> Result<Option<Seen>, ChannelError> {
        match self.raw.lstat(path).await {
            Ok(found) => Ok(Some(Seen::from(&found.attrs))),
            Err(fault) if is(&fault, StatusCode::NoSuchFile) => Ok(None),
            Err(fault) => Err(self.failed("look at a file", fault)),
        }
    }

    /// The whole file, when from open to end it is the regular file that was `seen`.
    pub async fn read(&self, path: &str, seen: Seen) -> Result<Read, ChannelError> {
        // Looked at first: opening a pipe waits for ever, and a link leads elsewhere.
        if !seen.regular || self.look(path).await? != Some(seen) {
            return Ok(Read::Changed);
        }
        let handle = match self.raw.open(path, OpenFlags::READ, FileAttributes::empty()).await {
            Ok(handle) => handle.handle,
            Err(fault) => return self.unread(fault),
        };
        let outcome = self.read_open(&handle, seen).await;
        match self.close_after(handle, outcome).await {
            Ok(read) => Ok(read),
            Err(fault) => self.unread(fault),
        }
    }

    fn unread(&self, fault: SftpFault) -> Result<Read, ChannelError> {
        if is(&fault, StatusCode::NoSuchFile) {
            return Ok(Read::Changed);
        }
        let answered = matches!(fault, SftpFault::Status(_));
        let error = self.failed("read a file", fault);
        if answered { Ok(Read::Refused(error)) } else { Err(error) }
    }

    async fn read_open(&self, handle: &str, seen: Seen) -> Result<Read, SftpFault> {
        if !self.is_still(handle, seen).await? {
            return Ok(Read::Changed);
        }
        let size = seen.size;
        let (mut bytes, mut asked) = (Vec::new(), 0);
        let mut flying = FuturesOrdered::new();
        loop {
            while asked < size && flying.len() < PIECES_AT_ONCE {
                let length = u32::try_from(size - asked).unwrap_or(u32::MAX).min(self.read_bytes);
                flying.push_back(self.read_piece(handle, asked, length));
                asked += u64::from(length);
            }
            match flying.next().await {
                Some(piece) => bytes.extend_from_slice(&piece?),
                None => break,
            }
        }
        let whole = u64::try_from(bytes.len()).is_ok_and(|read| read == size);
        if whole && self.is_still(handle, seen).await? { Ok(Read::Whole(bytes)) } else { Ok(Read::Changed) }
    }

    async fn is_still(&self, handle: &str, seen: Seen) -> Result<bool, SftpFault> {
        Ok(Seen::from(&self.raw.fstat(handle).await?.attrs) == seen)
    }

    /// A server may answer with less than was asked; only the end of the file ends it.
    async fn read_piece(&self, handle: &str, offset: u64, length: u32) -> Result<Vec<u8>, SftpFault> {
        let wanted = usize::try_from(length).unwrap_or(usize::MAX);
        let mut piece = Vec::new();
        while piece.len() < wanted {
            let done = u32::try_from(piece.len()).unwrap_or(length);
            match self.raw.read(handle, offset + u64::from(done), length - done).await {
                Ok(data) if data.data.is_empty() => break,
                Ok(data) if data.data.len() > wanted - piece.len() => return Err(SftpFault::UnexpectedPacket),
                Ok(data) => piece.extend_from_slice(&data.data),
                Err(fault) if is(&fault, StatusCode::Eof) => break,
                Err(fault) => return Err(fault),
            }
        }
        Ok(piece)
    }

    /// Writes a file that must not be there yet, and brings it to the server's disk where the server can do that.
    pub async fn write_new(&self, path: &str, bytes: &[u8]) -> Result<(), ChannelError> {
        let flags = OpenFlags::CREATE | OpenFlags::EXCLUDE | OpenFlags::WRITE;
        let opened = self.raw.open(path, flags, FileAttributes::empty()).await;
        let handle = opened.map_err(|fault| self.failed("create a file", fault))?.handle;
        let outcome = self.write_open(&handle, bytes).await;
        self.close_after(handle, outcome).await.map_err(|fault| self.failed("write a file", fault))
    }

    /// Closes the file unless the connection is gone: nobody would answer, and we would wait.
    async fn close_after<T>(&self, handle: String, outcome: Result<T, SftpFault>) -> Result<T, SftpFault> {
        if matches!(outcome, Ok(_) | Err(SftpFault::Status(_))) {
            self.raw.close(handle).await?;
        }
        outcome
    }

    async fn write_open(&self, handle: &str, bytes: &[u8]) -> Result<(), SftpFault> {
        let (mut pieces, mut offset) = (bytes.chunks(self.write_bytes), 0);
        let mut flying = FuturesOrdered::new();
        loop {
            while flying.len() < PIECES_AT_ONCE
                && let Some(piece) = pieces.next()
            {
                flying.push_back(self.raw.write(handle, offset, piece.to_vec()));
                offset += u64::try_from(piece.len()).unwrap_or(u64::MAX);
            }
            match flying.next().await {
                Some(written) => drop(written?),
                None => break,
            }
        }
        if self.fsync {
            self.raw.fsync(handle).await?;
        }
        Ok(())
    }

    /// Gives a file another name unless that name is taken.
    ///
    /// Looks before and after: some servers overwrite where the protocol forbids it, and the protocol has no answer that
    /// means "taken". Source: draft-ietf-secsh-filexfer-02 §6.5.
    pub async fn rename(&self, old: &str, new: &str) -> Result<Renamed, ChannelError> {
        if self.look(new).await?.is_some() {
            return Ok(Renamed::Taken);
        }
        match self.raw.rename(old, new).await {
            Ok(_) => Ok(Renamed::Done),
            Err(fault) if self.look(old).await?.is_none() => {
                if is(&fault, StatusCode::NoSuchFile) || is(&fault, StatusCode::Failure) {
                    Ok(Renamed::Missing)
                } else {
                    Err(self.failed("rename a file", fault))
                }
            }
            Err(_) if self.look(new).await?.is_some() => Ok(Renamed::Taken),
            Err(fault) => Err(self.failed("rename a file", fault)),
        }
    }

    pub async fn remove(&self, path: &str) -> Result<(), ChannelError> {
        match self.raw.remove(path).await {
            Ok(_) => Ok(()),
            Err(fault) if is(&fault, StatusCode::NoSuchFile) => Ok(()),
            Err(fault) => Err(self.failed("remove a file", fault)),
        }
    }

    /// Makes `folder` where it is missing, below `root`, which must exist.
    pub async fn make_folders(&self, root: &str, folder: &str) -> Result<(), ChannelError> {
        let mut path = root.to_owned();
        for step in folder.split('/').filter(|step| !step.is_empty()) {
            path = format!("{path}/{step}");
            if self.look(&path).await?.is_some_and(|seen| seen.folder) {
                continue;
            }
            let made = self.raw.mkdir(path.as_str(), FileAttributes::empty()).await;
            if let Err(fault) = made
                && !self.look(&path).await?.is_some_and(|seen| seen.folder)
            {
                return Err(self.failed("make a folder", fault));
            }
        }
        Ok(())
    }

    fn failed(&self, doing: &str, fault: SftpFault) -> ChannelError {
        ChannelError::temporary(format!("{doing} at sftp {}", self.host), fault)
    }
}

impl fmt::Debug for SftpSession {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SftpSession").field("host", &self.host).finish_non_exhaustive()
    }
}

fn is(fault: &SftpFault, code: StatusCode) -> bool {
    matches!(fault, SftpFault::Status(status) if status.status_code == code)
}

async fn connect(settings: &Sftp, bounds: SftpBounds) -> Result<SftpSession, ChannelError> {
    let doing = || format!("connect sftp {}", settings.host);
    let ssh = sftp_connect::ssh(settings, bounds).await?;
    let channel = ssh.channel_open_session().await.map_err(|error| ChannelError::temporary(doing(), error))?;
    channel.request_subsystem(true, "sftp").await.map_err(|error| ChannelError::temporary(doing(), error))?;
    let sftp_config = SftpConfig {
        max_concurrent_reads: PIECES_AT_ONCE,
        max_concurrent_writes: PIECES_AT_ONCE,
        request_timeout_secs: bounds.request.as_secs().max(1),
        ..SftpConfig::default()
    };
    // Its writing task would wait for ever for the window of a connection that ended.
    let mut stream = TimeoutStream::new(channel.into_stream());
    stream.set_write_timeout(Some(bounds.request));
    let raw = RawSftpSession::new_with_config(Box::pin(stream), sftp_config);
    start(raw, ssh, settings.host.clone()).await.map_err(|error| ChannelError::temporary(doing(), error))
}

async fn start(mut raw: RawSftpSession, ssh: Handle<PinnedKey>, host: String) -> Result<SftpSession, SftpFault> {
    let version = raw.init().await?;
    let offers = |name| version.extensions.get(name).is_some_and(|version| version == "1");
    let mut limits = Limits::default();
    if offers(extensions::LIMITS) {
        limits = raw.limits().await?.into();
        raw.set_limits(limits);
    }
    let piece = |limit: Option<u64>| {
        let told = limit.map(|bytes| u32::try_from(bytes).unwrap_or(u32::MAX));
        told.map_or(MODEST_PIECE_BYTES, |bytes| bytes.clamp(1, PIECE_BYTES))
    };
    let write_bytes = usize::try_from(piece(limits.write_len)).unwrap_or(1);
    Ok(SftpSession { raw, ssh, host, fsync: offers(extensions::FSYNC), read_bytes: piece(limits.read_len), write_bytes })
}
