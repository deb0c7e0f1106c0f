//! The SSH connection below SFTP: one host key is accepted, one key logs in, silence ends it.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use oblik_config::Sftp;
use russh::client::{self, AuthResult, Handle};
use russh::keys::ssh_key::{Algorithm, HashAlg, PublicKey};
use russh::keys::{PrivateKeyWithHashAlg, PublicKeyOrCertificate, decode_secret_key};
use russh::{Preferred, compression};
use tokio::net::TcpStream;
use tokio_io_timeout::TimeoutStream;

use crate::error::ChannelError;
use crate::secret::{self, SecretError};
use crate::sftp_session::SftpBounds;

const WINDOW_BYTES: u32 = 16 * 1024 * 1024;

/// Connects, compares the host key, logs in.
pub(crate) async fn ssh(settings: &Sftp, bounds: SftpBounds) -> Result<Handle<PinnedKey>, ChannelError> {
    let doing = || format!("connect sftp {}", settings.host);
    let pinned = PublicKey::from_openssh(&settings.host_key)
        .map_err(|error| ChannelError::permanent(format!("read the host key of sftp {}", settings.host), error))?;
    let config = Arc::new(ssh_config(&pinned, bounds));
    let tcp = TcpStream::connect((settings.host.as_str(), settings.port))
        .await
        .map_err(|error| ChannelError::temporary(doing(), error))?;
    tcp.set_nodelay(true).map_err(|error| ChannelError::temporary(doing(), error))?;
    // While a write is stuck the protocol asks no questions of life; the watchdog ends it as soon as they would.
    let mut watched = TimeoutStream::new(tcp);
    watched.set_write_timeout(Some(bounds.keepalive * 2));
    let mut ssh = client::connect_stream(config, Box::pin(watched), PinnedKey(pinned)).await.map_err(|fault| match fault {
        SshFault::WrongKey { .. } | SshFault::Ssh(russh::Error::NoCommonAlgo { .. }) => ChannelError::permanent(doing(), fault),
        SshFault::Ssh(_) => ChannelError::temporary(doing(), fault),
    })?;
    log_in(&mut ssh, settings).await?;
    Ok(ssh)
}

/// Only the pinned key's algorithm is offered, so that the server shows that key; no SHA-1, no compression.
fn ssh_config(pinned: &PublicKey, bounds: SftpBounds) -> client::Config {
    let key = match pinned.algorithm() {
        Algorithm::Rsa { .. } => {
            vec![Algorithm::Rsa { hash: Some(HashAlg::Sha512) }, Algorithm::Rsa { hash: Some(HashAlg::Sha256) }]
        }
        other => vec![other],
    };
    client::Config {
        window_size: WINDOW_BYTES,
        keepalive_interval: Some(bounds.keepalive),
        keepalive_max: 2,
        inactivity_timeout: Some(bounds.keepalive * 4),
        nodelay: true,
        preferred: Preferred { key: Cow::Owned(key), compression: Cow::Borrowed(&[compression::NONE]), ..Preferred::DEFAULT },
        ..client::Config::default()
    }
}

async fn log_in(ssh: &mut Handle<PinnedKey>, settings: &Sftp) -> Result<(), ChannelError> {
    let doing = || format!("log in at sftp {}", settings.host);
    let text = secret::read(&settings.key).map_err(|error| match error {
        SecretError::Read { .. } => ChannelError::temporary(doing(), error),
        _ => ChannelError::permanent(doing(), error),
    })?;
    let key = decode_secret_key(&text, None).map_err(|error| ChannelError::permanent(doing(), error))?;
    let hash = match ssh.best_supported_rsa_hash().await.map_err(|error| ChannelError::temporary(doing(), error))? {
        Some(Some(told)) => told,
        Some(None) | None => HashAlg::Sha512,
    };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), Some(hash));
    match ssh.authenticate_publickey(settings.user.as_str(), key).await {
        Ok(AuthResult::Success) => Ok(()),
        Ok(AuthResult::Failure { .. }) => Err(ChannelError::permanent(doing(), "the server does not take our key")),
        Err(error) => Err(ChannelError::temporary(doing(), error)),
    }
}

/// Accepts one key and no certificate.
pub(crate) struct PinnedKey(PublicKey);

#[derive(Debug)]
pub(crate) enum SshFault {
    WrongKey { seen: String },
    Ssh(russh::Error),
}

impl fmt::Display for SshFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongKey { seen } => write!(f, "the server shows another host key than the configured one: {seen}"),
            Self::Ssh(_) => f.write_str("ssh"),
        }
    }
}

impl std::error::Error for SshFault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::WrongKey { .. } => None,
            Self::Ssh(source) => Some(source),
        }
    }
}

impl From<russh::Error> for SshFault {
    fn from(error: russh::Error) -> Self {
        Self::Ssh(error)
    }
}

impl client::Handler for PinnedKey {
    type Error = SshFault;

    async fn check_server_key(&mut self, shown: &PublicKeyOrCertificate) -> Result<bool, SshFault> {
        let key = shown.public_key();
        if shown.certificate().is_none() && key.key_data() == self.0.key_data() {
            return Ok(true);
        }
        Err(SshFault::WrongKey { seen: key.fingerprint(HashAlg::Sha256).to_string() })
    }
}
