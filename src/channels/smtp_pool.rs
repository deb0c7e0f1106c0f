//! Connections kept open between letters, few and clean.
//!
//! One comes back only when the caller says so after a letter that ended well. One that is dropped, by an error or by a
//! caller that stopped waiting, is closed: a pool that takes back what is dropped loses mail.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use oblik_config::Smtp;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::smtp::{Patience, SmtpConnection};
use crate::smtp_error::{Outcome, Phase, SmtpError};

/// Servers hang up on the idle after some minutes; we are earlier, so that no letter meets a closed door.
const IDLE: Duration = Duration::from_secs(20);

pub struct SmtpPool {
    settings: Smtp,
    patience: Patience,
    /// As many connections at once as the configuration allows.
    allowed: Arc<Semaphore>,
    idle: Mutex<Vec<(SmtpConnection, Instant)>>,
}

/// A connection on loan; dropping it closes it.
pub struct Lent {
    connection: SmtpConnection,
    permit: OwnedSemaphorePermit,
}

impl SmtpPool {
    pub fn new(settings: Smtp, patience: Patience) -> Self {
        let allowed = Arc::new(Semaphore::new(settings.connections.clamp(1, Semaphore::MAX_PERMITS)));
        Self { settings, patience, allowed, idle: Mutex::new(Vec::new()) }
    }

    /// An idle connection or a new one; waits while all that are allowed are on loan.
    pub async fn take(&self) -> Result<Lent, SmtpError> {
        let closed = |_| SmtpError::new(Phase::Connect, Outcome::Lost(std::io::ErrorKind::NotConnected.into()));
        let permit = Arc::clone(&self.allowed).acquire_owned().await.map_err(closed)?;
        let connection = match self.youngest() {
            Some(connection) => connection,
            None => SmtpConnection::open_with(&self.settings, self.patience).await?,
        };
        Ok(Lent { connection, permit })
    }

    /// Keeps the connection for the next letter when nothing is left unsaid on it, else closes it.
    pub fn give_back(&self, lent: Lent) {
        let Lent { connection, permit } = lent;
        if connection.is_ready() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push((connection, Instant::now()));
        }
        drop(permit);
    }

    /// Closes what is idle, for reload and shutdown.
    pub async fn close(&self) {
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for (connection, _) in idle {
            connection.quit().await;
        }
    }

    fn youngest(&self) -> Option<SmtpConnection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, since)| since.elapsed() < IDLE);
        idle.pop().map(|(connection, _)| connection)
    }
}

impl Deref for Lent {
    type Target = SmtpConnection;

    fn deref(&self) -> &SmtpConnection {
        &self.connection
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut SmtpConnection {
        &mut self.connection
    }
}
