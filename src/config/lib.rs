//! The configuration: one TOML file, read once, all its faults told together.
//!
//! Secrets are never in it: they are paths of files, or `credential:NAME`, a systemd credential (`LoadCredential=`).

mod billing;
mod check;
mod countersigning;
mod fault;
mod issuers;
mod keys;
mod list;
mod online;
mod read;
mod schedule;
mod signature_level;
mod signing_keys;

use std::path::{Path, PathBuf};
use std::time::Duration;

use oblik_domain::invoice::Seller;

pub use billing::{Billing, Eyes, WithoutReadings};
pub use countersigning::Countersigning;
pub use fault::{Fault, Faults};
pub use issuers::{Branch, Operator, OperatorBills};
pub use list::TrustedListAt;
pub use online::{AllowedHost, Network, Online};
pub use schedule::parse as parse_schedule;
pub use signature_level::{Level, SignatureLevel, TimestampAuthority, WithoutTimestamp};
pub use signing_keys::{Signing, SigningKey, TokenKeyAt};

/// Everything the daemon is told.
#[derive(Debug, Clone)]
pub struct Config {
    /// Folder of the daemon's own files: the lock, spools. The folder of the SQLite file unless named.
    pub state_dir: PathBuf,
    pub store: StoreAt,
    pub supplier: Supplier,
    /// The distribution operator, where this house issues its documents too.
    pub operator: Option<Operator>,
    /// Branches of the supplier that differ from it.
    pub branches: Vec<Branch>,
    /// The supplier's keys.
    pub signing: Signing,
    pub signature_level: SignatureLevel,
    /// Keys that mail may be encrypted to, the newest first; those that were replaced stay for what was written to them.
    pub decryption: Vec<KeyFile>,
    pub trust: TrustPaths,
    pub mail: Mail,
    pub mailboxes: Vec<Mailbox>,
    pub drops: Vec<Drop>,
    pub delivery: Delivery,
    pub billing: Billing,
    pub documents: Documents,
    pub operations: Operations,
    pub countersigning: Countersigning,
}

impl Config {
    /// Reads `text`; relative paths in it are relative to `base`, the folder of the file.
    ///
    /// # Errors
    /// [`Faults`]: everything that is wrong, not only the first.
    pub fn parse(text: &str, base: &Path) -> Result<Self, Faults> {
        read::config(text, base, &credentials())
    }

    /// Reads the file at `path`; its faults name it.
    ///
    /// # Errors
    /// [`Faults`], also when the file cannot be read.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        let text = std::fs::read(path).map_err(|error| Faults::unreadable(path, &error.to_string()))?;
        let text = String::from_utf8(text).map_err(|_| Faults::unreadable(path, "it is not UTF-8 text"))?;
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let base = absolute.parent().unwrap_or(Path::new("/"));
        Self::parse(&text, base).map_err(|faults| faults.of(path))
    }

    /// What holds when there is no configuration file: everything lies under `dir`, no server is needed, and the supplier is
    /// [`Standing::Sample`]. The key and trust anchors it names are made by the demo.
    #[expect(
        clippy::expect_used,
        clippy::missing_panics_doc,
        reason = "the text is compiled in, depends on no input, and a test parses it"
    )]
    pub fn embedded(dir: &Path) -> Self {
        let mut config = read::config(embedded_text(), dir, &credentials()).expect("embedded configuration");
        config.supplier.standing = Standing::Sample;
        config
    }
}

/// The text of [`Config::embedded`], for a folder that shall be usable with `--config`.
pub fn embedded_text() -> &'static str {
    include_str!("embedded.toml")
}

/// A commented configuration file with every key, for a new installation.
pub fn example() -> &'static str {
    include_str!("../../systemd/oblik.toml.example")
}

/// The folder of `credential:NAME`. Outside the unit (`config check` by hand) it is the one systemd will make.
fn credentials() -> PathBuf {
    std::env::var_os("CREDENTIALS_DIRECTORY").map_or_else(|| PathBuf::from("/run/credentials/oblik.service"), PathBuf::from)
}

/// Where the state lies: a file of SQLite, or PostgreSQL by one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreAt {
    Sqlite(PathBuf),
    /// A `postgres://` URL; its password, when there is one, comes from the file that `PGPASSFILE` names.
    Postgres(String),
}

/// How documents look.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Documents {
    /// The supplier's template; the embedded one when absent.
    pub template: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct Supplier {
    pub seller: Seller,
    pub standing: Standing,
    /// Before the year in invoice numbers; may be empty.
    pub invoice_series: String,
}

/// Whether the supplier's particulars are somebody's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Real,
    /// Invented, for the demo: its invoices bind nobody.
    Sample,
}

/// Whom the house itself writes to.
#[derive(Debug, Clone, Default)]
pub struct Operations {
    /// Hears of certificates that end; nobody does by letter when absent.
    pub alert: Option<String>,
}

/// A private key: a PKCS#12 file and its passphrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyFile {
    pub pkcs12: PathBuf,
    pub passphrase: Secret,
}

/// Folders (or files) of PEM and DER.
#[derive(Debug, Clone)]
pub struct TrustPaths {
    /// May be absent where there is a list.
    pub anchors: Option<PathBuf>,
    /// The trusted list whose granted services are roots of trust as well.
    pub list: Option<TrustedListAt>,
    pub intermediates: Option<PathBuf>,
    pub crls: Option<PathBuf>,
    /// Policy of signatures; the embedded one when absent.
    pub policy: Option<PathBuf>,
    /// Fetching of what certificates point to; nothing is fetched when absent.
    pub online: Option<Online>,
    /// How long an act waits for the status of its certificates before it is rejected; zero for not at all.
    pub try_later: Duration,
}

#[derive(Debug, Clone)]
pub struct Mail {
    /// Name before the address in `From`.
    pub from_name: String,
    pub from_address: String,
    /// `authserv-id` of our own MX: only its `Authentication-Results` count (RFC 8601). Without it a sender's address is
    /// unproven.
    pub authserv_id: Option<String>,
    pub unproven: Unproven,
}

/// What a registered address whose mail is not proven to be its own may be told (threat model: reply matrix).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unproven {
    /// What is wrong with this very message, to the registered address; no facts of the account.
    TechnicalStatus,
    Silence,
}

/// A file with a secret. The path is in the configuration, the secret never is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret(pub PathBuf);

#[derive(Debug, Clone)]
pub struct Mailbox {
    pub name: String,
    pub schedule: Schedule,
    pub at: MailboxAt,
}

#[derive(Debug, Clone)]
pub enum MailboxAt {
    Imap(Imap),
    Maildir(PathBuf),
}

#[derive(Debug, Clone)]
pub struct Imap {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub user: String,
    pub login: ImapLogin,
    /// The folder that is polled.
    pub folder: String,
    /// Where what was taken in is moved.
    pub archive: String,
    /// Waits for new mail by IDLE between polls.
    pub idle: bool,
}

#[derive(Debug, Clone)]
pub enum ImapLogin {
    Password(Secret),
    /// SASL XOAUTH2; the file holds an access token that something else renews, read anew at each login.
    Xoauth2(Secret),
}

#[derive(Debug, Clone)]
pub struct Tls {
    pub mode: TlsMode,
    /// Trusted roots in PEM beside the system's.
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsMode {
    Implicit,
    StartTls,
    /// For loopback only; refused for any other host.
    None,
}

#[derive(Debug, Clone)]
pub struct Drop {
    pub name: String,
    pub schedule: Schedule,
    pub at: DropAt,
    pub payments: Payments,
}

/// Whether files of payments are taken from a drop: whoever writes there can make debts look paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Payments {
    #[default]
    Refused,
    Taken,
}

#[derive(Debug, Clone)]
pub enum DropAt {
    Folder(PathBuf),
    Sftp(Sftp),
}

#[derive(Debug, Clone)]
pub struct Sftp {
    pub host: String,
    pub port: u16,
    pub user: String,
    /// Private key in OpenSSH form.
    pub key: Secret,
    /// `ssh-ed25519 AAAA…`: the one host key that is accepted.
    pub host_key: String,
    /// The partner's folder, which holds `in/`, `ack/`, `out/`, `error/`, `archive/`.
    pub path: String,
}

/// When a source is looked at.
#[derive(Debug, Clone)]
pub enum Schedule {
    Every(Duration),
    /// In the clock of Europe/Kyiv.
    Cron(Box<cron::Schedule>),
}

/// How letters leave.
#[derive(Debug, Clone)]
pub enum Delivery {
    Smtp(Smtp),
    /// Into a Maildir: for the demo, tests and a local delivery agent.
    Maildir(PathBuf),
}

#[derive(Debug, Clone)]
pub struct Smtp {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub user: Option<String>,
    pub password: Option<Secret>,
    /// Connections kept open at most.
    pub connections: usize,
    /// Our own address, second recipient of each invoice: finding a letter there settles a doubtful send.
    pub journal_address: Option<String>,
    /// The mailbox (by its name) whose folder receives the journal copies.
    pub journal_mailbox: Option<String>,
    /// How long a copy may be on its way before its absence says that the letter was not taken.
    pub journal_wait: Duration,
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_issuers;
