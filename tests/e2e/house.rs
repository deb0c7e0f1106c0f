//! One installation: a folder with keys and a configuration, a database, and servers of its own.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use oblik_sample::Customer;
use oblik_sample::mail::in_maildir;
use oblik_test_servers::dovecot::{Dovecot, PASSWORD};
use oblik_test_servers::oauth::Introspection;
use oblik_test_servers::postfix::{Destination, Postfix, Settings};
use oblik_test_servers::postgres::Postgres;
use oblik_test_servers::sshd::Sshd;
use serde_json::Value;
use tempfile::TempDir;

use crate::config::Places;
use crate::{Daemon, Letter, PASSPHRASE, Ran, run, shared_postgres, wait_for, wait_until, world};

/// The database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Where acts arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailAt {
    /// Dovecot, with a password.
    Imap,
    /// Dovecot, with an access token.
    ImapToken,
    Maildir,
}

/// Where the partner's files arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FilesAt {
    Nowhere,
    Folder,
    Sftp,
}

/// How letters leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostAt {
    /// Postfix, which hands everything over to Dovecot: TLS, login, and a journal copy of each letter.
    SmtpJournal,
    /// The same without the journal.
    Smtp,
    /// A server of the test's own on this port, without TLS and login.
    Plain(u16),
    Maildir,
}

/// What a house shall have.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    pub engine: Engine,
    pub mail: MailAt,
    pub files: FilesAt,
    pub post: PostAt,
    /// When the mailbox is looked at.
    pub schedule: &'static str,
}

impl Plan {
    /// Real servers throughout.
    pub fn servers(engine: Engine) -> Self {
        Self { engine, mail: MailAt::Imap, files: FilesAt::Nowhere, post: PostAt::SmtpJournal, schedule: "1s" }
    }

    /// No server but, perhaps, the database.
    pub fn folders(engine: Engine) -> Self {
        Self { engine, mail: MailAt::Maildir, files: FilesAt::Folder, post: PostAt::Maildir, schedule: "1s" }
    }
}

/// User of the mailbox of acts.
const ACTS: &str = "acts@test.local";
/// The same mailbox's user where tokens are given: their stub does not take an at sign.
const ACTS_BY_TOKEN: &str = "acts";
const JOURNAL: &str = "journal@test.local";
const CLIENTS: &str = "clients@test.local";

pub struct House {
    // Daemons hold nothing of the house; servers and folder go when the house goes.
    folder: TempDir,
    pub plan: Plan,
    /// Present when acts arrive by IMAP or letters leave by Postfix.
    pub dovecot: Option<Dovecot>,
    pub postfix: Option<Postfix>,
    pub sshd: Option<Sshd>,
    pub postgres: Option<Arc<Mutex<Postgres>>>,
    /// URL of the database, where it is PostgreSQL.
    database: Option<String>,
    written: AtomicU32,
}

impl House {
    /// A house whose database knows every customer. `None`, and a line that says so, when a server is not installed.
    pub fn furnished(plan: Plan) -> Option<Self> {
        let house = Self::build(plan)?;
        house.import_master(&world().master_data_xml());
        Some(house)
    }

    /// A house with an empty database.
    pub fn build(plan: Plan) -> Option<Self> {
        let postgres = if plan.engine == Engine::Postgres { Some(shared_postgres()?) } else { None };
        Self::build_on(plan, postgres)
    }

    /// The same on a server of PostgreSQL that the test has to itself.
    pub fn build_on(plan: Plan, postgres: Option<Arc<Mutex<Postgres>>>) -> Option<Self> {
        let smtp = matches!(plan.post, PostAt::Smtp | PostAt::SmtpJournal);
        let dovecot = if smtp || plan.mail != MailAt::Maildir {
            Some(some("Dovecot", Dovecot::start(&[ACTS, ACTS_BY_TOKEN, JOURNAL, CLIENTS]))?)
        } else {
            None
        };
        let postfix = match dovecot.as_ref().filter(|_| smtp) {
            Some(dovecot) => Some(some("Postfix, or the right to run it,", Postfix::start(&beside(dovecot)))?),
            None => None,
        };
        let sshd = if plan.files == FilesAt::Sftp { Some(some("OpenSSH", Sshd::start())?) } else { None };
        let database = postgres.as_ref().map(|server| locked(server).database().expect("a database"));
        let folder = tempfile::Builder::new().prefix("ob").tempdir_in("/tmp").expect("a folder");
        let house = Self { folder, plan, dovecot, postfix, sshd, postgres, database, written: AtomicU32::new(0) };
        house.lay_out();
        Some(house)
    }

    fn lay_out(&self) {
        let random: [u8; 80] = std::array::from_fn(|at| u8::try_from(at).unwrap_or_default());
        oblik_sample::lay_out(self.folder(), world(), &world().supplier, PASSPHRASE, &random).expect("lay the world out");
        let secrets = [("mail.pass", PASSWORD.to_owned()), ("mail.token", Introspection::token(ACTS_BY_TOKEN))];
        for (name, secret) in secrets {
            self.write_secret(name, &secret);
        }
        for half in ["tmp", "new", "cur"] {
            fs::create_dir_all(self.folder().join("mail/out").join(half)).expect("a Maildir");
        }
        if let Some(sshd) = &self.sshd {
            sshd.place("in/first", b"");
            fs::remove_file(sshd.drop.join("in/first")).expect("empty the drop");
        }
        self.configure("one", |text| text);
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file of `keys/` anew, as a program that renews tokens does.
    pub fn write_secret(&self, name: &str, secret: &str) {
        let path = self.folder().join("keys").join(name);
        fs::write(&path, secret).expect("write a secret");
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("close a secret");
    }

    /// Writes the configuration of a daemon of this house, changed by `change`; its path. The state folder bears the name.
    pub fn configure(&self, name: &str, change: impl FnOnce(String) -> String) -> PathBuf {
        let path = self.folder().join(format!("{name}.toml"));
        fs::write(&path, change(self.configuration(name))).expect("write the configuration");
        path
    }

    fn configuration(&self, name: &str) -> String {
        let folder = self.folder();
        let state = folder.join("state").join(name);
        fs::create_dir_all(&state).expect("the state folder");
        let store = match &self.database {
            Some(url) => format!("postgres = \"{url}\""),
            None => format!("sqlite = \"{}\"", state.join("oblik.db").display()),
        };
        let drop = match (self.plan.files, &self.sshd) {
            (FilesAt::Nowhere, _) => None,
            (_, None) => Some(format!("folder = \"{}\"", folder.join("drop").display())),
            (_, Some(sshd)) => Some(format!(
                "[drop.sftp]\nhost = \"127.0.0.1\"\nport = {}\nuser = \"{}\"\nkey = \"{}\"\nhost_key = \"{}\"\npath = \"{}\"",
                sshd.port,
                sshd.user,
                sshd.client_key.display(),
                sshd.host_key,
                sshd.drop.display()
            )),
        };
        let mailbox = match self.plan.mail {
            MailAt::Maildir => format!("maildir = \"{}\"", folder.join("mail/in").display()),
            MailAt::Imap => self.imap(ACTS, "password", "mail.pass"),
            MailAt::ImapToken => self.imap(ACTS_BY_TOKEN, "access_token", "mail.token"),
        };
        let journal = (self.plan.post == PostAt::SmtpJournal).then(|| self.imap(JOURNAL, "password", "mail.pass"));
        let schedule = self.plan.schedule;
        Places { folder, state: &state, store, schedule, mailbox, journal, drop, delivery: self.delivery() }.text()
    }

    fn imap(&self, user: &str, how: &str, secret: &str) -> String {
        let dovecot = self.dovecot();
        format!(
            "[mailbox.imap]\nhost = \"127.0.0.1\"\nport = {}\nca_file = \"{}\"\nuser = \"{user}\"\n{how} = \"{}/keys/{secret}\"",
            dovecot.imaps_port,
            dovecot.certificates.ca.display(),
            self.folder().display()
        )
    }

    fn delivery(&self) -> String {
        let folder = self.folder().display();
        match (self.plan.post, &self.postfix) {
            (PostAt::Plain(port), _) => format!("[delivery.smtp]\nhost = \"127.0.0.1\"\nport = {port}\ntls = \"none\"\n"),
            (PostAt::Maildir, _) | (_, None) => format!("maildir = \"{folder}/mail/out\"\n"),
            (post, Some(postfix)) => {
                let journal = if post == PostAt::SmtpJournal {
                    format!("journal_address = \"{JOURNAL}\"\njournal_mailbox = \"journal\"\njournal_wait = \"5s\"\n")
                } else {
                    String::new()
                };
                format!(
                    "[delivery.smtp]\nhost = \"127.0.0.1\"\nport = {}\nca_file = \"{}\"\nuser = \"{ACTS}\"\n\
                     password = \"{folder}/keys/mail.pass\"\n{journal}",
                    postfix.smtps_port,
                    self.dovecot().certificates.ca.display()
                )
            }
        }
    }

    pub fn dovecot(&self) -> &Dovecot {
        self.dovecot.as_ref().expect("a house with Dovecot")
    }

    pub fn postfix(&self) -> &Postfix {
        self.postfix.as_ref().expect("a house with Postfix")
    }

    /// Calls the program with this house's configuration.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let config = self.folder().join("one.toml");
        run(self.folder(), &[&["--config", config.to_str().expect("a plain path")], arguments].concat())
    }

    /// The same, answered in JSON, whatever its exit code.
    pub fn json(&self, arguments: &[&str]) -> Value {
        self.run(&[&["--json"], arguments].concat()).json()
    }

    pub fn daemon(&self) -> Daemon {
        self.daemon_with("one", &[])
    }

    /// A daemon with the configuration of that name.
    pub fn daemon_with(&self, name: &str, environment: &[(&str, &str)]) -> Daemon {
        Daemon::start(self.folder(), &self.folder().join(format!("{name}.toml")), environment)
    }

    pub fn import_master(&self, xml: &[u8]) {
        let file = self.write("master.xml", xml);
        let told = self.run(&["--json", "import", file.to_str().expect("a plain path")]).good();
        assert_eq!(told["files"][0]["outcome"], "accepted", "{told}");
    }

    /// Writes a file under the house, with a number before its name.
    pub fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder().join(format!("{}-{name}", self.written.fetch_add(1, Ordering::Relaxed)));
        fs::write(&path, bytes).expect("write a file");
        path
    }

    /// The form that Oblik issues for a customer's act of the month, not signed yet.
    pub fn issue_act_pdf(&self, customer: &Customer) -> Vec<u8> {
        let xml = self.write("act.xml", &world().act_xml(customer, world().month()));
        let pdf = xml.with_extension("pdf");
        let (contract, month) = (customer.contract().to_string(), world().month().to_string());
        let paths = [xml.to_str().expect("a plain path"), pdf.to_str().expect("a plain path")];
        let arguments = ["act", "issue", "--account", &contract, "--period", &month, "--xml", paths[0], "--out", paths[1]];
        let ran = self.run(&arguments);
        assert_eq!(ran.code, 0, "{ran:?}");
        fs::read(pdf).expect("the form")
    }

    /// Puts a mail into the mailbox of acts, as a delivery agent does.
    pub fn deliver(&self, mail: &[u8]) {
        let mail = in_maildir(mail);
        match self.plan.mail {
            MailAt::Imap => self.dovecot().deliver(ACTS, &mail),
            MailAt::ImapToken => self.dovecot().deliver(ACTS_BY_TOKEN, &mail),
            MailAt::Maildir => {
                let name = format!("{:06}.e2e", self.written.fetch_add(1, Ordering::Relaxed));
                let (tmp, new) = (self.folder().join("mail/in/tmp").join(&name), self.folder().join("mail/in/new").join(&name));
                fs::write(&tmp, mail).expect("write a mail");
                fs::rename(tmp, new).expect("deliver a mail");
            }
        }
    }

    /// Sends a mail to the mailbox of acts through Postfix, as another server would.
    pub fn deliver_by_smtp(&self, from: &str, mail: &[u8]) {
        let script = "import smtplib,sys\nsmtplib.SMTP('127.0.0.1',int(sys.argv[1])).sendmail(sys.argv[2],[sys.argv[3]],sys.stdin.buffer.read())";
        let port = self.postfix().port.to_string();
        let told = crate::program("python3", &["-c", script, &port, from, ACTS], mail).expect("python3");
        assert!(told.good, "{}", told.err);
    }

    /// The user of the mailbox of acts.
    pub fn acts_user(&self) -> &'static str {
        if self.plan.mail == MailAt::ImapToken { ACTS_BY_TOKEN } else { ACTS }
    }

    /// What is left to be taken in.
    pub fn waiting_mails(&self) -> usize {
        match self.plan.mail {
            MailAt::Maildir => ["new", "cur"].iter().map(|half| listed(&self.folder().join("mail/in").join(half)).len()).sum(),
            _ => self.dovecot().mails(self.acts_user(), "INBOX").len(),
        }
    }

    /// The letters that arrived at the customers, journal copies left out.
    pub fn raw_letters(&self) -> Vec<Vec<u8>> {
        match self.plan.post {
            PostAt::Maildir => {
                let new = self.folder().join("mail/out/new");
                listed(&new).iter().map(|name| fs::read(new.join(name)).expect("a letter")).collect()
            }
            PostAt::Plain(_) => panic!("the test's own server has the letters"),
            PostAt::Smtp | PostAt::SmtpJournal => self.dovecot().mails(CLIENTS, "INBOX"),
        }
    }

    pub fn letters(&self) -> Vec<Letter> {
        Letter::read(&self.raw_letters())
    }

    /// Letters with an act that we made by ourselves, to be signed.
    pub fn acts_to_sign(&self) -> Vec<Letter> {
        let raw: Vec<_> = self.raw_letters().into_iter().filter(|raw| is_act_to_sign(raw)).collect();
        Letter::read(&raw)
    }

    /// Waits until that many letters have arrived, beside those with acts to be signed.
    pub fn wait_letters(&self, count: usize, within: Duration) -> Vec<Letter> {
        let others = || self.raw_letters().into_iter().filter(|raw| !is_act_to_sign(raw)).collect::<Vec<_>>();
        let raw = wait_for(&format!("{count} letters"), within, || Some(others()).filter(|raw| raw.len() >= count));
        assert_eq!(raw.len(), count, "more letters than there should be");
        Letter::read(&raw)
    }

    /// Waits until every mail was taken in and nothing is on its way; what waits for a person may wait.
    pub fn wait_idle(&self, within: Duration) {
        wait_until("nothing is on its way", within, || {
            // What a person of ours or the customer is waited for is not on its way.
            const STILL: [&str; 9] =
                ["parked", "held", "failed", "unbilled", "unassigned", "awaited", "disputed", "open", "answered"];
            let still = |queue: &Value| queue["state"].as_str().is_some_and(|state| STILL.contains(&state));
            self.waiting_mails() == 0
                && self.json(&["status"])["queues"].as_array().is_some_and(|queues| queues.iter().all(still))
        });
    }

    /// Envelope recipients of every letter that Postfix took responsibility for, by queue id.
    pub fn recipients(&self) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::<String, Vec<String>>::new();
        for line in self.postfix().log().lines() {
            let Some((_, rest)) = line.split_once("]: ") else { continue };
            let Some((id, rest)) = rest.split_once(": to=<") else { continue };
            let Some((to, rest)) = rest.split_once('>') else { continue };
            if rest.contains("status=sent") {
                found.entry(id.to_owned()).or_default().push(to.to_owned());
            }
        }
        found
    }

    /// The partner's folder, wherever it is served from.
    pub fn partner(&self) -> PathBuf {
        self.sshd.as_ref().map_or_else(|| self.folder().join("drop"), |sshd| sshd.drop.clone())
    }

    /// Puts a file into the partner's `in/`, whole and rested.
    pub fn place(&self, name: &str, bytes: &[u8]) {
        let unfinished = self.partner().join("in").join(format!("{name}.tmp"));
        fs::write(&unfinished, bytes).expect("write into the drop");
        let minute_ago = SystemTime::now() - Duration::from_mins(1);
        File::options().write(true).open(&unfinished).and_then(|file| file.set_modified(minute_ago)).expect("date the file");
        if let Some(sshd) = &self.sshd {
            sshd.own(&unfinished);
        }
        fs::rename(&unfinished, self.partner().join("in").join(name)).expect("finish the file");
    }

    /// Waits for an answer to a partner's file; its bytes.
    pub fn wait_ack(&self, name: &str) -> Vec<u8> {
        let path = self.partner().join("ack").join(name);
        wait_for(&format!("the acknowledgement {name}"), Duration::from_secs(40), || fs::read(&path).ok())
    }

    /// What the database says to a question, to explain a failure; never what a test believes.
    pub fn sql(&self, question: &str) -> String {
        if let (Some(server), Some(url)) = (&self.postgres, &self.database) {
            let name = url.rsplit_once('/').and_then(|(_, rest)| rest.split('?').next()).expect("a database's name");
            return locked(server).sql(name, question).unwrap_or_else(|fault| fault.to_string());
        }
        let file = self.folder().join("state/one/oblik.db");
        let told = crate::program("sqlite3", &[file.as_os_str(), question.as_ref()], b"");
        told.map(|told| told.out + &told.err).unwrap_or_default()
    }
}

/// Postfix before Dovecot: its certificate, its logins, its mailboxes.
fn beside(dovecot: &Dovecot) -> Settings {
    Settings {
        destination: Destination::Lmtp(dovecot.lmtp_port),
        tls: Some((dovecot.certificates.chain.clone(), dovecot.certificates.key.clone())),
        sasl_socket: Some(dovecot.sasl_socket()),
        ..Settings::default()
    }
}

fn some<T>(what: &str, server: Option<T>) -> Option<T> {
    if server.is_none() {
        println!("skipped: {what} is not here");
    }
    server
}

fn locked(server: &Mutex<Postgres>) -> std::sync::MutexGuard<'_, Postgres> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Names in a folder, sorted; none when it is not there.
pub fn listed(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

impl Drop for House {
    fn drop(&mut self) {
        if std::thread::panicking() && crate::binary::is_built() {
            println!("--- what waits: {}", self.run(&["queue", "list"]).err);
            println!("--- status: {}", self.run(&["status"]).err);
            if let Some(postfix) = &self.postfix {
                let log = postfix.log();
                let lines: Vec<&str> = log.lines().collect();
                println!("--- the end of Postfix's log\n{}", lines[lines.len().saturating_sub(25)..].join("\n"));
            }
        }
    }
}

/// Whether a letter answers nobody and carries an act to be signed.
pub fn is_act_to_sign(raw: &[u8]) -> bool {
    let text = String::from_utf8_lossy(raw);
    text.contains("filename=\"akt-") && !text.to_lowercase().contains("\nin-reply-to:")
}
