//! A real Dovecot: IMAP with STARTTLS and with TLS from the first byte, LMTP, and its socket for the SMTP server's logins.
//!
//! Mails are put into and read from its Maildirs directly, so what a test knows does not pass through what it tests.

use std::fmt::Write as _;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

use crate::certs::Certificates;
use crate::oauth::Introspection;
use crate::postfix::{free_port, is_root, signal};

const DOVECOT: &str = "/usr/sbin/dovecot";
/// Owner of the mails when we are root; no account of that number is needed.
const MAIL_UID: u32 = 5000;
/// Everybody's password: what careless quoting would break.
pub const PASSWORD: &str = "pa\"ss\\wörd {5}";

/// The server; it and its children end when it is dropped.
pub struct Dovecot {
    folder: TempDir,
    child: Option<Child>,
    oauth: Introspection,
    delivered: AtomicU32,
    /// Plain until STARTTLS.
    pub imap_port: u16,
    /// TLS from the first byte.
    pub imaps_port: u16,
    pub lmtp_port: u16,
    pub certificates: Certificates,
}

impl Dovecot {
    /// `None` when Dovecot is not installed. A user's OAuth token is [`Introspection::token`] of its name.
    pub fn start(users: &[&str]) -> Option<Self> {
        if !Path::new(DOVECOT).exists() {
            return None;
        }
        // The way to a Unix socket may have 107 bytes: the folder's name stays short.
        let folder = tempfile::Builder::new().prefix("dc").tempdir_in("/tmp").expect("a folder for Dovecot");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("open the folder to Dovecot");
        let certificates = Certificates::make(&folder.path().join("certs"));
        let mut dovecot = Self {
            folder,
            child: None,
            oauth: Introspection::start(),
            delivered: AtomicU32::new(0),
            imap_port: free_port(),
            imaps_port: free_port(),
            lmtp_port: free_port(),
            certificates,
        };
        dovecot.lay_out(users);
        dovecot.resume();
        Some(dovecot)
    }

    /// Starts the server again after [`Self::kill`]; now and then a port is still held by a dying child.
    pub fn resume(&mut self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.try_start() {
            assert!(Instant::now() < deadline, "Dovecot does not answer; its log:\n{}", self.log());
        }
    }

    fn try_start(&mut self) -> bool {
        self.kill();
        let mut command = Command::new(DOVECOT);
        command.arg("-F").arg("-c").arg(self.config()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("start Dovecot");
        let deadline = Instant::now() + Duration::from_secs(5);
        let up = loop {
            if TcpStream::connect(("127.0.0.1", self.imaps_port)).is_ok() {
                break true;
            }
            if child.try_wait().is_ok_and(|ended| ended.is_some()) || Instant::now() > deadline {
                break false;
            }
            sleep(Duration::from_millis(5));
        };
        self.child = Some(child);
        up
    }

    /// Ends the server at once, as a loss of power would.
    pub fn kill(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let children = descendants(child.id());
        child.kill().ok();
        child.wait().ok();
        for child in children {
            signal("-KILL", child);
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/dovecot.log")).unwrap_or_default()
    }

    /// For `smtpd_sasl_path` of Postfix.
    pub fn sasl_socket(&self) -> PathBuf {
        self.folder.path().join("run/sasl-postfix")
    }

    /// Puts a mail into the user's inbox.
    pub fn deliver(&self, user: &str, mail: &[u8]) {
        let number = self.delivered.fetch_add(1, Ordering::Relaxed);
        let maildir = self.maildir(user);
        let name = format!("{:010}.{number:06}.test", 1_700_000_000 + number);
        let (tmp, new) = (maildir.join("tmp").join(&name), maildir.join("new").join(&name));
        fs::write(&tmp, mail).expect("write a mail");
        give(&tmp);
        fs::rename(&tmp, &new).expect("deliver a mail");
    }

    /// The mails of a folder (`INBOX` or a name as Maildir++ writes it), sorted by their bytes.
    pub fn mails(&self, user: &str, folder: &str) -> Vec<Vec<u8>> {
        let maildir = self.maildir(user);
        let maildir = if folder == "INBOX" { maildir } else { maildir.join(format!(".{folder}")) };
        let halves = ["new", "cur"].iter().filter_map(|half| fs::read_dir(maildir.join(half)).ok());
        let mut mails: Vec<Vec<u8>> = halves.flatten().filter_map(|file| fs::read(file.ok()?.path()).ok()).collect();
        mails.sort();
        mails
    }

    /// Whether any mail of the inbox has the flag of being read.
    pub fn any_seen(&self, user: &str) -> bool {
        let Ok(entries) = fs::read_dir(self.maildir(user).join("cur")) else { return false };
        entries
            .filter_map(Result::ok)
            .any(|entry| entry.file_name().to_string_lossy().split_once(":2,").is_some_and(|(_, flags)| flags.contains('S')))
    }

    /// Gives the inbox another UIDVALIDITY; the UIDs stay.
    pub fn set_uid_validity(&self, user: &str, uid_validity: u32) {
        self.doveadm(&["mailbox", "update", "--uid-validity", &uid_validity.to_string(), "-u", user, "INBOX"]);
    }

    /// Makes the server forget its numbers: a new UIDVALIDITY, and UIDs begin at 1 again for other mails.
    ///
    /// The number is the second in which the server makes it, so that second must be over: the same UIDVALIDITY with other mails
    /// under old UIDs is no server's (RFC 3501 §2.3.1.1).
    #[expect(clippy::disallowed_methods, reason = "the server numbers by the clock")]
    pub fn forget_uids(&self, user: &str) {
        let list = fs::read_to_string(self.maildir(user).join("dovecot-uidlist")).unwrap_or_default();
        let made: u64 = list.split_whitespace().find_map(|word| word.strip_prefix('V')?.parse().ok()).unwrap_or(0);
        let second = || SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        while second() <= made {
            sleep(Duration::from_millis(20));
        }
        for entry in fs::read_dir(self.maildir(user)).expect("list the Maildir").filter_map(Result::ok) {
            if entry.file_name().to_string_lossy().starts_with("dovecot") {
                fs::remove_file(entry.path()).expect("remove an index");
            }
        }
    }

    pub fn doveadm(&self, arguments: &[&str]) -> String {
        let output = Command::new("doveadm").arg("-c").arg(self.config()).args(arguments).output().expect("run doveadm");
        assert!(output.status.success(), "doveadm {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("dovecot.conf")
    }

    fn maildir(&self, user: &str) -> PathBuf {
        self.folder.path().join("mail").join(user).join("Mail")
    }

    fn lay_out(&self, users: &[&str]) {
        let base = self.folder.path();
        for name in ["run", "state", "log"] {
            fs::create_dir(base.join(name)).expect("a folder of Dovecot");
        }
        let me = fs::metadata("/proc/self").expect("our own ids");
        let (uid, gid) = if is_root() { (MAIL_UID, MAIL_UID) } else { (me.uid(), me.gid()) };
        let mut accounts = String::new();
        for user in users {
            for part in ["tmp", "new", "cur"] {
                fs::create_dir_all(self.maildir(user).join(part)).expect("a Maildir");
                give(&self.maildir(user).join(part));
            }
            let home = base.join("mail").join(user);
            give(&home);
            give(&home.join("Mail"));
            writeln!(accounts, "{user}:{PASSWORD}:{uid}:{gid}::{}::", home.display()).unwrap();
        }
        fs::write(base.join("users"), accounts).expect("write the accounts");
        let settings = format!(
            "introspection_mode = post\nintrospection_url = http://127.0.0.1:{}/introspect\nusername_attribute = username\n\
             active_attribute = active\nactive_value = true\n",
            self.oauth.port
        );
        fs::write(base.join("oauth2.conf.ext"), settings).expect("write the OAuth settings");
        fs::write(self.config(), self.settings()).expect("write the settings");
    }

    fn settings(&self) -> String {
        let base = self.folder.path().display().to_string();
        let (internal, login) = if is_root() { ("dovecot".to_owned(), "dovenull".to_owned()) } else { (whoami(), whoami()) };
        SETTINGS
            .replace("@BASE@", &base)
            .replace("@INTERNAL@", &internal)
            .replace("@LOGIN@", &login)
            .replace("@CHAIN@", &self.certificates.chain.display().to_string())
            .replace("@KEY@", &self.certificates.key.display().to_string())
            .replace("@IMAPS_PORT@", &self.imaps_port.to_string())
            .replace("@IMAP_PORT@", &self.imap_port.to_string())
            .replace("@LMTP_PORT@", &self.lmtp_port.to_string())
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.kill();
    }
}

fn give(path: &Path) {
    if is_root() {
        chown(path, Some(MAIL_UID), Some(MAIL_UID)).expect("give a file to its reader");
    }
}

fn whoami() -> String {
    let output = Command::new("id").arg("-un").output().expect("ask our own name");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Children, theirs, and so on.
fn descendants(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let children = fs::read_to_string(path).unwrap_or_default();
    let children: Vec<u32> = children.split_whitespace().filter_map(|child| child.parse().ok()).collect();
    let deeper: Vec<u32> = children.iter().flat_map(|child| descendants(*child)).collect();
    children.into_iter().chain(deeper).collect()
}

const SETTINGS: &str = "base_dir = @BASE@/run
state_dir = @BASE@/state
instance_name = @BASE@
log_path = @BASE@/log/dovecot.log
protocols = imap lmtp
listen = 127.0.0.1
default_internal_user = @INTERNAL@
default_internal_group = @INTERNAL@
default_login_user = @LOGIN@
first_valid_uid = 1
mail_home = @BASE@/mail/%n
mail_location = maildir:~/Mail
ssl = yes
ssl_cert = <@CHAIN@
ssl_key = <@KEY@
ssl_min_protocol = TLSv1.2
disable_plaintext_auth = yes
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
mail_max_userip_connections = 200
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%u @BASE@/users
  mechanisms = plain login
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = @BASE@/oauth2.conf.ext
}
userdb {
  driver = passwd-file
  args = username_format=%u @BASE@/users
}
namespace inbox {
  inbox = yes
  separator = /
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = @IMAP_PORT@
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = @IMAPS_PORT@
    ssl = yes
  }
  chroot =
}
service lmtp {
  inet_listener lmtp {
    address = 127.0.0.1
    port = @LMTP_PORT@
  }
}
service auth {
  unix_listener sasl-postfix {
    mode = 0666
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
service old-stats {
  chroot =
}
service ipc {
  chroot =
}
service imap-urlauth-login {
  chroot =
}
";
