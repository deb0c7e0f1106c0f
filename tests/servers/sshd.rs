//! A real OpenSSH server with one user, one drop and a host key of its own.
//!
//! As root it logs in a user made for it (a login of root itself is refused by many systems); otherwise the user that
//! runs the test, the only one an unprivileged sshd can serve.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::postfix::{free_port, is_root, signal};

const SSHD: &str = "/usr/sbin/sshd";
const USER: &str = "oblik-sftp";

/// The server; it ends when dropped, its sessions too.
pub struct Sshd {
    folder: TempDir,
    child: Child,
    pub port: u16,
    pub user: String,
    /// `ssh-ed25519 AAAA…`, as a configuration pins it.
    pub host_key: String,
    /// Private key of the client in OpenSSH form.
    pub client_key: PathBuf,
    /// The partner's folder, empty, owned by the user.
    pub drop: PathBuf,
}

impl Sshd {
    /// `None` when OpenSSH is not installed.
    pub fn start() -> Option<Self> {
        if !Path::new(SSHD).exists() {
            return None;
        }
        let folder = tempfile::Builder::new().prefix("ssh").tempdir_in("/tmp").expect("a folder for sshd");
        let base = folder.path().to_owned();
        fs::set_permissions(&base, fs::Permissions::from_mode(0o755)).expect("open the folder to the user");
        make_key(&base.join("host"));
        make_key(&base.join("client"));
        fs::copy(base.join("client.pub"), base.join("authorized_keys")).expect("authorize the client's key");
        let drop = base.join("drop");
        fs::create_dir(&drop).expect("the drop");
        let user = user_of(&drop);
        let port = free_port();
        fs::write(base.join("sshd_config"), config(&base, port, &user)).expect("write sshd_config");
        fs::create_dir_all("/run/sshd").ok();
        let child = Command::new(SSHD)
            .args(["-D", "-e", "-f"])
            .arg(base.join("sshd_config"))
            .stdout(Stdio::null())
            .stderr(fs::File::create(base.join("log")).expect("a log file"))
            .spawn()
            .expect("start sshd");
        let public = fs::read_to_string(base.join("host.pub")).expect("the host's public key");
        let host_key = public.split(' ').take(2).collect::<Vec<_>>().join(" ");
        let server = Self { client_key: base.join("client"), folder, child, port, user, host_key, drop };
        server.wait_for_answer();
        Some(server)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Puts a file into the drop as the user would, by rename.
    pub fn place(&self, path: &str, bytes: &[u8]) {
        let target = self.drop.join(path);
        if let Some(folder) = target.parent().filter(|folder| !folder.exists()) {
            fs::create_dir_all(folder).expect("a folder of the drop");
            self.own(folder);
        }
        let unfinished = target.with_extension("tmp");
        fs::write(&unfinished, bytes).expect("write into the drop");
        self.own(&unfinished);
        fs::rename(unfinished, target).expect("finish the file");
    }

    /// Gives a file of the drop to the user.
    pub fn own(&self, path: &Path) {
        let owner = fs::metadata(&self.drop).expect("the drop");
        chown(path, Some(owner.uid()), Some(owner.gid())).expect("give the file to the user");
    }

    /// Stops server and sessions as if the machine hung: connections stay, nothing answers.
    pub fn freeze(&self) {
        self.signal_all("-STOP");
    }

    pub fn thaw(&self) {
        self.signal_all("-CONT");
    }

    fn signal_all(&self, name: &str) {
        for pid in family(self.child.id()) {
            signal(name, pid);
        }
    }

    fn wait_for_answer(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
                stream.set_read_timeout(Some(Duration::from_secs(2))).ok();
                if stream.read_exact(&mut [0; 4]).is_ok() {
                    return;
                }
            }
            assert!(Instant::now() < deadline, "sshd does not answer; its log:\n{}", self.log());
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.signal_all("-KILL");
        self.child.wait().ok();
    }
}

fn config(base: &Path, port: u16, user: &str) -> String {
    let base = base.display();
    format!(
        "Port {port}
ListenAddress 127.0.0.1
HostKey {base}/host
PidFile {base}/pid
AuthorizedKeysFile {base}/authorized_keys
StrictModes no
UsePAM no
PasswordAuthentication no
KbdInteractiveAuthentication no
PubkeyAuthentication yes
AllowUsers {user}
MaxStartups 100:30:200
MaxSessions 50
LogLevel VERBOSE
Subsystem sftp internal-sftp
ForceCommand internal-sftp -d {base}/drop
AllowTcpForwarding no
X11Forwarding no
PermitTTY no
"
    )
}

/// A new key pair in OpenSSH form, `path` and `path.pub`.
pub fn make_key(path: &Path) {
    let status = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(path).status();
    assert!(status.expect("run ssh-keygen").success(), "ssh-keygen failed");
}

/// Who logs in; the drop becomes theirs.
fn user_of(drop: &Path) -> String {
    if !is_root() {
        let output = Command::new("id").arg("-un").output().expect("ask for our name");
        return String::from_utf8_lossy(&output.stdout).trim().to_owned();
    }
    let known = || fs::read_to_string("/etc/passwd").is_ok_and(|text| text.contains(&format!("\n{USER}:")));
    if !known() {
        // A second test may make the same user at the same moment; one of them succeeds.
        Command::new("useradd").args(["-r", "-M", "-d", "/nonexistent", "-s", "/bin/sh", USER]).status().ok();
        assert!(known(), "the user for sftp could not be made");
    }
    // A new account is locked, and sshd without PAM refuses the locked; `*` is no password but no lock.
    Command::new("usermod").args(["-p", "*", USER]).status().ok();
    let status = Command::new("chown").arg(format!("{USER}:")).arg(drop).status();
    assert!(status.expect("run chown").success(), "the drop could not be given away");
    USER.to_owned()
}

/// The process and all its descendants, the root first.
pub(crate) fn family(root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let pid: u32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
            // `pid (name) state ppid …`; the name may hold spaces and brackets.
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        found.extend(parents.iter().filter(|(_, of)| *of == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found
}
