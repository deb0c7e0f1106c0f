//! `oblik run` as a child, with the test in the place of systemd.

use std::fs;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::{binary, wait_for, wait_until};

/// A start with an empty database takes a second in a debug build, more when the machine is busy.
const START: Duration = Duration::from_secs(40);

/// The daemon; killed when dropped.
pub struct Daemon {
    child: Option<Child>,
    told: Arc<Mutex<Vec<String>>>,
    log: PathBuf,
}

impl Daemon {
    /// Starts it and waits until it says READY. `folder` is a short path: a socket's way may have 107 bytes.
    ///
    /// # Panics
    /// When it ends instead.
    pub fn start(folder: &Path, config: &Path, environment: &[(&str, &str)]) -> Self {
        let mut daemon = Self::spawn(folder, config, environment);
        let began = Instant::now();
        while daemon.ready_count() == 0 {
            if let Some(status) = daemon.ended() {
                panic!("the daemon ended with {status} instead of becoming ready:\n{}", daemon.log());
            }
            assert!(began.elapsed() < START, "the daemon is not ready:\n{}", daemon.log());
            std::thread::sleep(Duration::from_millis(20));
        }
        daemon
    }

    /// Starts it and waits for nothing.
    pub fn spawn(folder: &Path, config: &Path, environment: &[(&str, &str)]) -> Self {
        let number = (0_u32..1000).find(|number| !folder.join(format!("daemon-{number}.log")).exists()).expect("a number");
        let (socket, log) = (folder.join(format!("notify-{number}")), folder.join(format!("daemon-{number}.log")));
        let told = listen(&socket);
        let output = fs::File::create(&log).expect("the daemon's log");
        let mut command = Command::new(binary());
        command.arg("--config").arg(config).args(["--log", "info", "--log-format", "human", "run"]);
        command.env("NOTIFY_SOCKET", &socket).env_remove("WATCHDOG_USEC").envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(output.try_clone().expect("a second handle")).stderr(output);
        let child = command.spawn().expect("start the daemon");
        Self { child: Some(child), told, log }
    }

    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a daemon that runs").id()
    }

    /// Everything it said to systemd, a message a line of `KEY=VALUE` lines.
    pub fn told(&self) -> Vec<String> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often it said READY: once when it began and once after each reload.
    pub fn ready_count(&self) -> usize {
        self.told().iter().filter(|message| message.lines().any(|line| line == "READY=1")).count()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Its exit status, when it has ended.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut().and_then(|child| child.try_wait().expect("ask for the child"))
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([name, &self.pid().to_string()]).status().expect("run kill");
        assert!(status.success(), "kill {name}");
    }

    /// Reload, and READY again.
    pub fn sighup(&self) {
        let before = self.ready_count();
        self.signal("-HUP");
        wait_until("READY after a reload", START, || self.ready_count() > before);
    }

    /// Drains; waits for its end, which is a good one.
    pub fn sigterm(mut self) -> Duration {
        let began = Instant::now();
        self.signal("-TERM");
        let status = wait_for("the end of a drain", Duration::from_secs(90), || self.ended());
        assert!(status.success(), "the daemon ended with {status}:\n{}", self.log());
        self.child = None;
        began.elapsed()
    }

    /// As a loss of power would.
    pub fn kill9(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.end();
        if std::thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            println!("--- the end of {}\n{}", self.log.display(), lines[lines.len().saturating_sub(60)..].join("\n"));
        }
    }
}

/// Collects what is said to a socket, in a thread that ends with the last hold on the list.
fn listen(socket: &Path) -> Arc<Mutex<Vec<String>>> {
    let datagram = UnixDatagram::bind(socket).expect("a socket for sd_notify");
    datagram.set_read_timeout(Some(Duration::from_millis(200))).expect("a time limit");
    let told = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::downgrade(&told);
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while heard.strong_count() > 0 {
            let Ok(length) = datagram.recv(&mut buffer) else { continue };
            let Some(told) = heard.upgrade() else { return };
            let message = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
            told.lock().unwrap_or_else(PoisonError::into_inner).push(message);
        }
    });
    told
}
