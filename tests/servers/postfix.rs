//! A real Postfix: plain, STARTTLS and SMTPS ports, and the log as the truth about what was accepted.
//!
//! Runs only as root (Postfix changes users). Every accepted letter has a queue id; the same Message-ID under two queue
//! ids is a letter that was sent twice, whatever the sender believes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::sshd::family;

const MASTER: &str = "/usr/lib/postfix/sbin/master";
/// Owner of the Maildir that the `virtual` transport writes; no account of that number is needed.
const MAIL_UID: u32 = 5000;

/// Where accepted letters for `test.local` go; those for other domains are discarded after they were logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    Discard,
    /// One Maildir for all recipients, read with [`Postfix::delivered`].
    Maildir,
    /// A port of loopback that speaks LMTP.
    Lmtp(u16),
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub destination: Destination,
    /// Certificate chain and key in PEM; without them there is only the plain port.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Dovecot's authentication socket; with it the STARTTLS and SMTPS ports ask for a login.
    pub sasl_socket: Option<PathBuf>,
    /// Largest message, bytes.
    pub size_limit: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { destination: Destination::Discard, tls: None, sasl_socket: None, size_limit: 60_000_000 }
    }
}

/// The server; it ends when dropped.
pub struct Postfix {
    folder: TempDir,
    master: Option<Child>,
    /// Plain text, no login. It refuses `nobody@test.local` for good and `later@test.local` for now.
    pub port: u16,
    /// STARTTLS is required.
    pub submission_port: u16,
    /// TLS from the first byte.
    pub smtps_port: u16,
}

impl Postfix {
    /// `None` when Postfix is not installed or we are not root.
    pub fn start(settings: &Settings) -> Option<Self> {
        if !Path::new(MASTER).exists() || !is_root() {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("px").tempdir_in("/tmp").expect("a folder for Postfix");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("open the folder to Postfix");
        let mut postfix = Self { folder, master: None, port: free_port(), submission_port: free_port(), smtps_port: free_port() };
        postfix.lay_out(settings);
        postfix.resume();
        Some(postfix)
    }

    /// Starts the master again after [`Self::stop`].
    pub fn resume(&mut self) {
        let mut command = Command::new(MASTER);
        command.arg("-c").arg(self.folder.path()).arg("-d").stdout(Stdio::null()).stderr(Stdio::null());
        self.master = Some(command.spawn().expect("start the Postfix master"));
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "Postfix does not answer; its log:\n{}", self.log());
            sleep(Duration::from_millis(10));
        }
    }

    /// Ends the server as an operator would; the queue stays.
    pub fn stop(&mut self) {
        let Some(mut master) = self.master.take() else { return };
        // Asked before the master is gone: its children then belong to nobody.
        let children = family(master.id());
        signal("-TERM", master.id());
        let deadline = Instant::now() + Duration::from_secs(5);
        while master.try_wait().is_ok_and(|status| status.is_none()) && Instant::now() < deadline {
            sleep(Duration::from_millis(5));
        }
        master.kill().ok();
        master.wait().ok();
        for child in children.into_iter().skip(1) {
            signal("-KILL", child);
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/postfix.log")).unwrap_or_default()
    }

    /// Queue ids per Message-ID (with its angle brackets) of all letters the server took responsibility for.
    ///
    /// The log is written a moment after the reply; ask again before concluding that something is missing.
    pub fn accepted(&self) -> BTreeMap<String, BTreeSet<String>> {
        let log = self.log();
        let field = |line: &str, program: &str| {
            let (_, rest) = line.split_once(program)?;
            let (_, rest) = rest.split_once("]: ")?;
            rest.split_once(": ").map(|(id, text)| (id.to_owned(), text.to_owned()))
        };
        let queued: BTreeSet<String> = log
            .lines()
            .filter_map(|line| field(line, "postfix/qmgr["))
            .filter(|(_, text)| text.ends_with("(queue active)"))
            .map(|(id, _)| id)
            .collect();
        let mut found = BTreeMap::<String, BTreeSet<String>>::new();
        for (id, text) in log.lines().filter_map(|line| field(line, "postfix/cleanup[")) {
            if let Some(message_id) = text.strip_prefix("message-id=").filter(|_| queued.contains(&id)) {
                found.entry(message_id.to_owned()).or_default().insert(id);
            }
        }
        found
    }

    /// The letters in the Maildir of [`Destination::Maildir`], headers of delivery included.
    pub fn delivered(&self) -> Vec<Vec<u8>> {
        let new = self.folder.path().join("mail/inbox/new");
        let Ok(entries) = fs::read_dir(new) else { return Vec::new() };
        entries.filter_map(|entry| fs::read(entry.ok()?.path()).ok()).collect()
    }

    fn lay_out(&self, settings: &Settings) {
        let base = self.folder.path();
        let uid = account_number("/etc/passwd", "postfix");
        let postdrop = account_number("/etc/group", "postdrop");
        for name in ["queue", "data", "log", "mail"] {
            fs::create_dir(base.join(name)).expect("a folder of Postfix");
        }
        chown(base.join("data"), Some(uid), None).expect("own the data folder");
        chown(base.join("mail"), Some(MAIL_UID), Some(MAIL_UID)).expect("own the mail folder");
        let queues = ["active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "saved", "trace"];
        for name in queues.into_iter().chain(["private", "public", "maildrop", "pid"]) {
            let path = base.join("queue").join(name);
            fs::create_dir(&path).expect("a queue folder");
            let (owner, group, mode) = match name {
                "pid" => (0, None, 0o755),
                "public" => (uid, Some(postdrop), 0o710),
                "maildrop" => (uid, Some(postdrop), 0o1730),
                _ => (uid, None, 0o700),
            };
            chown(&path, Some(owner), group).expect("own a queue folder");
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("close a queue folder");
        }
        fs::write(base.join("refused"), "nobody@test.local REJECT\nlater@test.local DEFER\n").expect("write the refusals");
        fs::write(base.join("main.cf"), main_cf(base, settings)).expect("write main.cf");
        fs::write(base.join("master.cf"), self.master_cf(settings)).expect("write master.cf");
    }

    fn master_cf(&self, settings: &Settings) -> String {
        let mut text = format!("127.0.0.1:{} inet n - n - - smtpd\n", self.port);
        if settings.tls.is_some() {
            let who = if settings.sasl_socket.is_some() { "permit_sasl_authenticated" } else { "permit_mynetworks" };
            for (port, how) in
                [(self.submission_port, "smtpd_tls_security_level=encrypt"), (self.smtps_port, "smtpd_tls_wrappermode=yes")]
            {
                writeln!(text, "127.0.0.1:{port} inet n - n - - smtpd").unwrap();
                writeln!(text, "  -o {how}\n  -o smtpd_relay_restrictions={who},reject").unwrap();
            }
        }
        text + SERVICES
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.stop();
    }
}

fn main_cf(base: &Path, settings: &Settings) -> String {
    let base = base.display();
    let transport = match settings.destination {
        Destination::Discard => "discard:".to_owned(),
        Destination::Maildir => "virtual:".to_owned(),
        Destination::Lmtp(port) => format!("lmtp:inet:127.0.0.1:{port}"),
    };
    let mut text = format!(
        "compatibility_level = 3.6
queue_directory = {base}/queue
data_directory = {base}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
maillog_file = {base}/log/postfix.log
maillog_file_prefixes = {base}
myhostname = mx.test.local
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
alias_maps =
alias_database =
local_recipient_maps =
virtual_mailbox_domains = test.local
virtual_mailbox_base = {base}/mail
virtual_mailbox_maps = static:inbox/
virtual_uid_maps = static:{MAIL_UID}
virtual_gid_maps = static:{MAIL_UID}
virtual_mailbox_limit = 0
virtual_transport = {transport}
default_transport = discard:
relay_transport = discard:
recipient_delimiter = +
message_size_limit = {size}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access texthash:{base}/refused
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_peername_lookup = no
in_flow_delay = 0
local_header_rewrite_clients =
always_add_missing_headers = no
notify_classes =
bounce_queue_lifetime = 1h
maximal_queue_lifetime = 1h
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
",
        size = settings.size_limit
    );
    if let Some((chain, key)) = &settings.tls {
        writeln!(text, "smtpd_tls_cert_file = {}\nsmtpd_tls_key_file = {}", chain.display(), key.display()).unwrap();
        writeln!(text, "smtpd_tls_security_level = may\nsmtpd_tls_auth_only = yes").unwrap();
    }
    if let Some(socket) = &settings.sasl_socket {
        writeln!(text, "smtpd_sasl_type = dovecot\nsmtpd_sasl_path = unix:{}", socket.display()).unwrap();
        writeln!(text, "smtpd_sasl_auth_enable = yes").unwrap();
    }
    text
}

const SERVICES: &str = "pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
lmtp unix - - n - - lmtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
showq unix n - n - - showq
postlog unix-dgram n - n - 1 postlogd
";

/// The third field of the account's line.
fn account_number(file: &str, name: &str) -> u32 {
    let text = fs::read_to_string(file).expect("read the accounts");
    let prefix = format!("{name}:");
    let line = text.lines().find(|line| line.starts_with(&prefix)).expect("Postfix has its account");
    line.split(':').nth(2).and_then(|number| number.parse().ok()).expect("an account's number")
}

pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == 0)
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

pub(crate) fn signal(name: &str, pid: u32) {
    Command::new("kill").arg(name).arg(pid.to_string()).stderr(Stdio::null()).status().ok();
}
