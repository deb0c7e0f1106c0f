//! The daemon's life: what it tells systemd, what it is told by signals, and that it is the only one.
//!
//! Without systemd nothing is told and nothing fails. Source: sd_notify(3), systemd.service(5).

use std::ffi::OsString;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sd_notify::NotifyState;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Characters of a status line that are sent.
const STATUS_CHARS: usize = 200;

/// The line to systemd.
#[derive(Debug)]
pub struct Lifecycle {
    socket: Option<OsString>,
    watchdog: Option<Duration>,
    alive_at: Mutex<Option<Instant>>,
}

impl Lifecycle {
    /// From `NOTIFY_SOCKET` and `WATCHDOG_USEC`, as systemd sets them.
    pub fn from_environment() -> Self {
        Self::new(std::env::var_os("NOTIFY_SOCKET"), sd_notify::watchdog_enabled())
    }

    /// `socket` is a path, or `@name` for one in the abstract namespace; `watchdog` is the longest silence systemd bears.
    pub fn new(socket: Option<OsString>, watchdog: Option<Duration>) -> Self {
        let socket = socket.filter(|socket| !socket.is_empty());
        Self { socket, watchdog: watchdog.filter(|limit| !limit.is_zero()), alive_at: Mutex::new(None) }
    }

    /// Start-up is done, or a reload: the configuration holds and the sources are being looked at.
    pub fn ready(&self, status: &str) {
        self.tell(&[NotifyState::Ready, NotifyState::Status(&plain(status))]);
    }

    /// A reload begins; [`Self::ready`] ends it, also when the old configuration is kept.
    pub fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.tell(&[NotifyState::Reloading, now]),
            // systemd from 253 on kills a daemon that says RELOADING without the time; without it, it need not know.
            Err(error) => tracing::warn!(%error, "monotonic clock cannot be read, the reload is not told"),
        }
    }

    /// Draining begins.
    pub fn stopping(&self) {
        self.tell(&[NotifyState::Stopping]);
    }

    /// One line for `systemctl status`.
    pub fn status(&self, status: &str) {
        self.tell(&[NotifyState::Status(&plain(status))]);
    }

    /// The main loop has done a round: claimed or looked, and spoken with the store.
    ///
    /// Call it only there. A timer that called it would prove that the timer lives. May be called as often as wanted; systemd
    /// hears it at most eight times in its limit.
    pub fn alive(&self) {
        let Some(limit) = self.watchdog else { return };
        let Ok(mut last) = self.alive_at.lock() else { return };
        if last.is_none_or(|last| last.elapsed() >= limit / 8) {
            *last = Some(Instant::now());
            self.tell(&[NotifyState::Watchdog]);
        }
    }

    /// How often [`Self::alive`] must be called at least: half of what systemd bears. Absent when nobody watches.
    pub fn watchdog(&self) -> Option<Duration> {
        self.watchdog.map(|limit| limit / 2)
    }

    /// Start-up or draining goes on and needs at most this long from now (a migration, a long delivery).
    pub fn needs(&self, longer: Duration) {
        let micros = u32::try_from(longer.as_micros()).unwrap_or(u32::MAX);
        self.tell(&[NotifyState::ExtendTimeoutUsec(micros)]);
    }

    fn tell(&self, states: &[NotifyState<'_>]) {
        let Some(socket) = &self.socket else { return };
        let lines: Vec<String> = states.iter().map(NotifyState::to_string).collect();
        let message = lines.join("\n") + "\n";
        if let Err(error) = send(socket.as_bytes(), message.as_bytes()) {
            tracing::warn!(%error, "systemd does not hear");
        }
    }
}

fn send(socket: &[u8], message: &[u8]) -> io::Result<()> {
    let address = match socket.split_first() {
        Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(socket))?,
    };
    let datagram = UnixDatagram::unbound()?;
    // A hung service manager must not hang the main loop.
    datagram.set_nonblocking(true)?;
    datagram.send_to_addr(message, &address).map(drop)
}

/// One line: a line break would begin another assignment.
fn plain(status: &str) -> String {
    status.chars().map(|c| if c.is_control() { ' ' } else { c }).take(STATUS_CHARS).collect()
}

/// What the administrator wants of the running daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Read the configuration again (SIGHUP).
    Reload,
    /// Finish what is begun, begin nothing, end (SIGTERM, SIGINT).
    Drain,
    /// End now (SIGTERM or SIGINT a second time). What was begun is taken up after the next start.
    Stop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    Hangup,
    End,
}

/// The orders that arrive as signals.
#[derive(Debug)]
pub struct Orders {
    hangup: Signal,
    terminate: Signal,
    interrupt: Signal,
    draining: bool,
}

impl Orders {
    /// From now on SIGHUP, SIGTERM and SIGINT are orders. Needs a tokio runtime.
    ///
    /// # Errors
    /// When the signals cannot be listened to.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            hangup: signal(SignalKind::hangup())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            draining: false,
        })
    }

    /// The next order. May be dropped and called again: no order is lost.
    pub async fn next(&mut self) -> Order {
        loop {
            let heard = tokio::select! {
                _ = self.terminate.recv() => Heard::End,
                _ = self.interrupt.recv() => Heard::End,
                _ = self.hangup.recv() => Heard::Hangup,
            };
            if let Some(order) = order(heard, self.draining) {
                self.draining |= order == Order::Drain;
                return order;
            }
        }
    }
}

fn order(heard: Heard, draining: bool) -> Option<Order> {
    match (heard, draining) {
        (Heard::Hangup, false) => Some(Order::Reload),
        // Who is leaving reads no new configuration.
        (Heard::Hangup, true) => None,
        (Heard::End, false) => Some(Order::Drain),
        (Heard::End, true) => Some(Order::Stop),
    }
}

/// Why the lock of the state folder was not had.
#[derive(Debug)]
pub enum LockError {
    /// Another daemon runs on this folder; its process id when it could be read.
    Held {
        path: PathBuf,
        by: Option<u32>,
    },
    Io {
        path: PathBuf,
        source: io::Error,
    },
}

impl std::fmt::Display for LockError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Held { path, by: Some(pid) } => {
                write!(f, "lock {}: process {pid} holds it and runs on this folder", path.display())
            }
            Self::Held { path, by: None } => {
                write!(f, "lock {}: another process holds it and runs on this folder", path.display())
            }
            Self::Io { path, .. } => write!(f, "lock {}", path.display()),
        }
    }
}

impl std::error::Error for LockError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::Held { .. } => None,
        }
    }
}

/// The proof that this daemon is alone on its state folder; held as long as the value lives, and freed by the kernel however
/// the process ends.
#[derive(Debug)]
pub struct OnlyInstance {
    _file: File,
}

impl OnlyInstance {
    /// Locks `state_dir/oblik.lock`.
    ///
    /// # Errors
    /// [`LockError::Held`] when another process has it.
    pub fn claim(state_dir: &Path) -> Result<Self, LockError> {
        let path = state_dir.join("oblik.lock");
        let trouble = |source| LockError::Io { path: path.clone(), source };
        // Never truncated before the lock is had: it holds the other's process id.
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(&path);
        let mut file = options.map_err(trouble)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let _ = file.take(32).read_to_string(&mut text);
                return Err(LockError::Held { path, by: text.trim().parse().ok() });
            }
            Err(TryLockError::Error(source)) => return Err(trouble(source)),
        }
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        // The process id is a courtesy to the other; the lock holds without it, even on a full disk.
        if let Err(error) = written {
            tracing::warn!(%error, path = %path.display(), "process id cannot be written into the lock");
        }
        Ok(Self { _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> Vec<String> {
        let mut list = Vec::new();
        let mut buffer = [0; 1024];
        socket.set_nonblocking(true).unwrap();
        while let Ok(length) = socket.recv(&mut buffer) {
            list.push(String::from_utf8(buffer[..length].to_vec()).unwrap());
        }
        list
    }

    fn pair(watchdog: Option<Duration>) -> (tempfile::TempDir, UnixDatagram, Lifecycle) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        (folder, socket, Lifecycle::new(Some(path.into_os_string()), watchdog))
    }

    #[test]
    fn systemd_hears_each_turn_of_the_life() {
        let (_folder, socket, life) = pair(None);
        life.ready("2 mailboxes\nSTOPPING=1");
        life.status("idle");
        life.needs(Duration::from_secs(90));
        life.stopping();
        assert_eq!(
            heard(&socket),
            ["READY=1\nSTATUS=2 mailboxes STOPPING=1\n", "STATUS=idle\n", "EXTEND_TIMEOUT_USEC=90000000\n", "STOPPING=1\n"]
        );
    }

    #[test]
    fn a_reload_carries_the_monotonic_time() {
        let (_folder, socket, life) = pair(None);
        let boot: f64 = std::fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
        life.reloading();
        let message = heard(&socket).concat();
        let micros: f64 = message.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().trim().parse().unwrap();
        // The uptime includes time asleep, which the monotonic clock leaves out.
        assert!(micros > 0.0 && micros / 1e6 < boot + 60.0, "{message}");
    }

    #[test]
    fn the_watchdog_is_fed_only_when_there_is_one_and_not_faster_than_needed() {
        let (_folder, socket, life) = pair(None);
        life.alive();
        assert_eq!((heard(&socket).len(), life.watchdog()), (0, None));
        let (_folder, socket, life) = pair(Some(Duration::from_hours(1)));
        for _ in 0..1000 {
            life.alive();
        }
        assert_eq!(heard(&socket), ["WATCHDOG=1\n"]);
        assert_eq!(life.watchdog(), Some(Duration::from_mins(30)));
        let (_folder, socket, life) = pair(Some(Duration::from_nanos(8)));
        life.alive();
        std::thread::yield_now();
        life.alive();
        assert_eq!(heard(&socket).len(), 2);
    }

    #[test]
    fn an_abstract_socket_is_heard_too() {
        let name = format!("oblik-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Lifecycle::new(Some(format!("@{name}").into()), None).ready("");
        assert_eq!(heard(&socket), ["READY=1\nSTATUS=\n"]);
    }

    #[test]
    fn without_systemd_nothing_is_told_and_nothing_fails() {
        for socket in [None, Some(OsString::new()), Some("/nonexistent/notify".into()), Some("@".into())] {
            let life = Lifecycle::new(socket, Some(Duration::ZERO));
            life.ready("x");
            life.reloading();
            life.alive();
            life.stopping();
            assert_eq!(life.watchdog(), None);
        }
    }

    #[test]
    fn the_second_wish_to_end_ends_now() {
        for (heard, draining, expected) in [
            (Heard::Hangup, false, Some(Order::Reload)),
            (Heard::Hangup, true, None),
            (Heard::End, false, Some(Order::Drain)),
            (Heard::End, true, Some(Order::Stop)),
        ] {
            assert_eq!(order(heard, draining), expected);
        }
    }

    #[tokio::test]
    async fn real_signals_become_orders() {
        let mut orders = Orders::listen().unwrap();
        for (signal, expected) in [("HUP", Order::Reload), ("TERM", Order::Drain), ("INT", Order::Stop)] {
            let status = std::process::Command::new("sh").args(["-c", &format!("kill -{signal} $PPID")]).status().unwrap();
            assert!(status.success());
            assert_eq!(tokio::time::timeout(Duration::from_secs(10), orders.next()).await.unwrap(), expected);
        }
    }

    #[test]
    fn a_second_daemon_on_the_same_folder_is_told_who_runs() {
        let folder = tempfile::tempdir().unwrap();
        let first = OnlyInstance::claim(folder.path()).unwrap();
        let refused = OnlyInstance::claim(folder.path()).unwrap_err();
        assert!(matches!(&refused, LockError::Held { by: Some(pid), .. } if *pid == std::process::id()), "{refused}");
        drop(first);
        OnlyInstance::claim(folder.path()).unwrap();
        assert!(matches!(OnlyInstance::claim(Path::new("/nonexistent")), Err(LockError::Io { .. })));
    }

    #[test]
    fn a_lock_left_by_a_killed_daemon_is_free() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("oblik.lock"), "999999999999 and a longer rest\n").unwrap();
        let _held = OnlyInstance::claim(folder.path()).unwrap();
        let text = std::fs::read_to_string(folder.path().join("oblik.lock")).unwrap();
        assert_eq!(text, format!("{}\n", std::process::id()));
    }
}
