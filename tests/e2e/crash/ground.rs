//! Where a case happens: a folder, a mailbox, a drop and a database of its own, fresh from a prepared one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use oblik_e2e::{AUTHSERV, PASSPHRASE, listed, program, shared_postgres, world};
use oblik_test_servers::dovecot::{Dovecot, PASSWORD};
use oblik_test_servers::postfix::{Destination, Postfix, Settings};
use oblik_test_servers::postgres::Postgres;
use tempfile::TempDir;

use crate::scene::{PDF_CUSTOMER, Scene, Sent};
use crate::sweep::Depth;

/// A copy travels in well under a second here; what has not come by then never left.
const JOURNAL_WAIT: &str = "5s";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Dovecot and Postfix of all cases.
pub struct Servers {
    pub dovecot: Dovecot,
    pub postfix: Postfix,
    /// Cases there are mailboxes for, two each.
    cases: usize,
    used: std::sync::atomic::AtomicUsize,
}

impl Servers {
    /// `None`, and a line that says so, where they are not installed or may not run.
    pub fn start() -> Option<Self> {
        let cases = if Depth::asked() == Depth::Full { 600 } else { 80 };
        let names = (0..cases).flat_map(|case| [format!("acts{case}@test.local"), format!("journal{case}@test.local")]);
        let users: Vec<String> = names.chain(["clients@test.local".to_owned()]).collect();
        let users: Vec<&str> = users.iter().map(String::as_str).collect();
        let dovecot = Dovecot::start(&users);
        let postfix = dovecot.as_ref().and_then(|dovecot| {
            Postfix::start(&Settings {
                destination: Destination::Lmtp(dovecot.lmtp_port),
                tls: Some((dovecot.certificates.chain.clone(), dovecot.certificates.key.clone())),
                sasl_socket: Some(dovecot.sasl_socket()),
                ..Settings::default()
            })
        });
        let (Some(dovecot), Some(postfix)) = (dovecot, postfix) else {
            println!("skipped: Dovecot or Postfix is not here, or we may not run them");
            return None;
        };
        Some(Self { dovecot, postfix, cases, used: std::sync::atomic::AtomicUsize::new(0) })
    }
}

/// An installation whose accounts and prices are imported and whose form is issued; cases begin as its copies.
pub struct Prepared {
    folder: TempDir,
    postgres: Option<(Arc<Mutex<Postgres>>, String)>,
    pub scene: Scene,
}

impl Prepared {
    /// `None`, and a line that says so, without PostgreSQL.
    pub fn new(engine: Engine, oblik: &Path) -> Option<Self> {
        let postgres = match engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let server = shared_postgres()?;
                let url = locked(&server).database().expect("a database");
                Some((server, url))
            }
        };
        let folder = tempfile::Builder::new().prefix("ocp").tempdir_in("/tmp").expect("a folder");
        let path = folder.path();
        let random: [u8; 80] = std::array::from_fn(|at| u8::try_from(at).unwrap_or_default());
        oblik_sample::lay_out(path, world(), &world().supplier, PASSPHRASE, &random).expect("lay the world out");
        fs::write(path.join("keys/mail.pass"), PASSWORD).expect("write a password");
        fs::set_permissions(path.join("keys/mail.pass"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("close it");
        fs::write(path.join("master.xml"), world().master_data_xml()).expect("write the master data");
        fs::write(path.join("act.xml"), world().act_xml(world().customer(PDF_CUSTOMER), world().month())).expect("write an act");
        let store = store_line(path, postgres.as_ref().map(|(_, url)| url.as_str()));
        let paths = Paths { keys: path, case: path, name: "prepared", store: &store };
        fs::write(path.join("oblik.toml"), paths.configuration(None)).expect("write the configuration");
        let (contract, month) = (world().customer(PDF_CUSTOMER).contract().to_string(), world().month().to_string());
        let issue = ["act", "issue", "--account", &contract, "--period", &month, "--xml", "act.xml", "--out", "form.pdf"];
        for arguments in [&["import", "master.xml"][..], &issue[..]] {
            let output = Command::new(oblik).current_dir(path).args(["--config", "oblik.toml"]).args(arguments).output();
            let output = output.expect("run oblik");
            assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        let scene = Scene::new(&fs::read(path.join("form.pdf")).expect("the form"));
        Some(Self { folder, postgres, scene })
    }
}

fn store_line(folder: &Path, postgres: Option<&str>) -> String {
    match postgres {
        Some(url) => format!("postgres = \"{url}\""),
        None => format!("sqlite = \"{}\"", folder.join("oblik.db").display()),
    }
}

/// One case's place.
pub struct Ground<'a> {
    prepared: &'a Prepared,
    pub servers: Option<&'a Servers>,
    folder: TempDir,
    /// Domain of the letters' Message-IDs, its own for each case: the servers are shared.
    pub domain: String,
    pub acts: String,
    pub journal: String,
    database: Option<String>,
    starts: std::cell::Cell<u32>,
}

impl<'a> Ground<'a> {
    /// Copies the prepared state. With `servers`, mail comes by IMAP and goes by SMTP; without, both are Maildirs.
    pub fn new(prepared: &'a Prepared, servers: Option<&'a Servers>) -> Self {
        let folder = tempfile::Builder::new().prefix("oc").tempdir_in("/tmp").expect("a folder");
        let name: String = folder.path().to_string_lossy().chars().filter(char::is_ascii_alphanumeric).collect();
        let name = name.to_lowercase();
        let number = servers.map(|servers| servers.used.fetch_add(1, std::sync::atomic::Ordering::Relaxed)).unwrap_or_default();
        assert!(servers.is_none_or(|servers| number < servers.cases), "more cases than mailboxes");
        let database = prepared.postgres.as_ref().map(|(server, url)| {
            let template = database_name(url);
            locked(server)
                .sql("postgres", &format!("CREATE DATABASE \"{name}\" TEMPLATE {template}"))
                .expect("copy the database");
            url.replacen(&format!("/{template}?"), &format!("/{name}?"), 1)
        });
        if database.is_none() {
            fs::copy(prepared.folder.path().join("oblik.db"), folder.path().join("oblik.db")).expect("copy the database");
        }
        for part in ["mail/in/tmp", "mail/in/new", "mail/in/cur", "mail/out/tmp", "mail/out/new", "mail/out/cur", "drop/in"] {
            fs::create_dir_all(folder.path().join(part)).expect("a folder");
        }
        let (acts, journal) = (format!("acts{number}@test.local"), format!("journal{number}@test.local"));
        let domain = format!("{name}.example");
        let ground = Self { prepared, servers, folder, domain, acts, journal, database, starts: std::cell::Cell::new(0) };
        let store = store_line(ground.path(), ground.database.as_deref());
        let paths = Paths { keys: prepared.folder.path(), case: ground.path(), name: &name, store: &store };
        let configuration = paths.configuration(servers.map(|servers| (servers, ground.acts.as_str(), ground.journal.as_str())));
        fs::write(ground.path().join("oblik.toml"), configuration).expect("write the configuration");
        ground
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Puts mails into the mailbox, in their order.
    pub fn deliver(&self, mails: &[Sent]) {
        let copies = mails.iter().flat_map(|mail| std::iter::repeat_n(mail, mail.copies));
        for (number, mail) in copies.enumerate() {
            if let Some(servers) = self.servers {
                servers.dovecot.deliver(&self.acts, &mail.bytes);
            } else {
                let path = self.path().join("mail/in/new").join(format!("{number:04}.crash"));
                write_aged(&path, &mail.bytes, Duration::from_secs(300 - u64::try_from(number).unwrap_or_default()));
            }
        }
    }

    /// Puts the scene's files into the partner's drop, rested.
    pub fn place_files(&self) {
        for file in &self.prepared.scene.files {
            write_aged(&self.path().join("drop/in").join(file.name), &file.bytes, Duration::from_mins(2));
        }
    }

    /// Starts the daemon; `environment` may arm it.
    pub fn start(&self, oblik: &Path, environment: &[(&str, &str)]) -> Child {
        let number = self.starts.replace(self.starts.get() + 1);
        let log = fs::File::create(self.path().join(format!("daemon-{number}.log"))).expect("the daemon's log");
        let mut command = Command::new(oblik);
        command.current_dir(self.path()).args(["--config", "oblik.toml", "--log", "info", "--log-format", "human", "run"]);
        command.env_remove("NOTIFY_SOCKET").env_remove("WATCHDOG_USEC").envs(environment.iter().copied());
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a second handle")).stderr(log);
        command.spawn().expect("start the daemon")
    }

    pub fn logs(&self) -> String {
        let texts = (0..self.starts.get()).map(|number| {
            let text = fs::read_to_string(self.path().join(format!("daemon-{number}.log"))).unwrap_or_default();
            let lines: Vec<&str> = text.lines().collect();
            format!("--- start {number}\n{}\n", lines[lines.len().saturating_sub(40)..].join("\n"))
        });
        texts.collect()
    }

    /// What must lie between a crash and the next start: somebody reads the letters in the Maildir, which renames them, and
    /// on PostgreSQL the leases of the dead run out. With SQLite the next start knows that it is alone.
    pub fn time_passes(&self) {
        let out = self.path().join("mail/out");
        for name in listed(&out.join("new")) {
            fs::rename(out.join("new").join(&name), out.join("cur").join(format!("{name}:2,S"))).expect("read a letter");
        }
        if self.database.is_some() {
            let tables = ["item", "act", "reading_act", "countersigning", "letter", "source_lease"]
                .map(|table| format!("UPDATE {table} SET lease_until = 0"));
            self.ask(&[&tables[..], &["UPDATE invoice SET lease_until = 0 WHERE state = 'drafted'".to_owned()]].concat());
        }
    }

    /// Asks the database, each question a line; what stands in the rows, a line each.
    pub fn ask(&self, questions: &[impl AsRef<str>]) -> Vec<String> {
        let questions: Vec<&str> = questions.iter().map(AsRef::as_ref).collect();
        let said = if let (Some((server, _)), Some(url)) = (&self.prepared.postgres, &self.database) {
            locked(server).sql(database_name(url), &questions.join(";\n")).expect("ask PostgreSQL")
        } else {
            let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("crash/ask.py");
            let database = self.path().join("oblik.db");
            let told = program(python(), &[script, database], questions.join("\n").as_bytes()).expect("python3");
            assert!(told.good, "{}", told.err);
            told.out
        };
        said.lines().map(str::to_owned).collect()
    }

    pub fn inbox(&self) -> Vec<Vec<u8>> {
        match self.servers {
            Some(servers) => servers.dovecot.mails(&self.acts, "INBOX"),
            None => contents(&[self.path().join("mail/in/new"), self.path().join("mail/in/cur")]),
        }
    }

    /// Where mails are moved once they were taken in, or set apart.
    pub fn archive(&self) -> Vec<Vec<u8>> {
        let folders = ["Archive", "Quarantine"];
        if let Some(servers) = self.servers {
            return folders.iter().flat_map(|folder| servers.dovecot.mails(&self.acts, folder)).collect();
        }
        let halves = folders.map(|folder| ["new", "cur"].map(|half| self.path().join(format!("mail/in/.{folder}/{half}"))));
        contents(halves.as_flattened())
    }

    /// The letters that left, as their receivers have them. On the servers these are the journal's copies.
    pub fn letters(&self) -> Vec<Vec<u8>> {
        match self.servers {
            Some(servers) => {
                ["INBOX", "Archive"].iter().flat_map(|folder| servers.dovecot.mails(&self.journal, folder)).collect()
            }
            None => contents(&[self.path().join("mail/out/new"), self.path().join("mail/out/cur")]),
        }
    }

    /// How often each letter was accepted, by Message-ID: queue ids of Postfix, files in the Maildir.
    pub fn accepted(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        if let Some(servers) = self.servers {
            let ours = format!("@{}>", self.domain);
            let accepted = servers.postfix.accepted().into_iter().filter(|(id, _)| id.ends_with(&ours));
            counts.extend(accepted.map(|(id, queue_ids)| (id, queue_ids.len())));
        } else {
            for letter in self.letters() {
                *counts.entry(crate::truth::field(&letter, "message-id").unwrap_or_default()).or_default() += 1;
            }
        }
        counts
    }

    pub fn drop(&self) -> PathBuf {
        self.path().join("drop")
    }

    pub fn journal_holds(&self, oblik: &Path) -> bool {
        let mut command = Command::new(oblik);
        command
            .current_dir(self.path())
            .args(["--config", "oblik.toml", "audit", "verify"])
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().expect("run oblik").success()
    }
}

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        if let (Some((server, _)), Some(url)) = (&self.prepared.postgres, &self.database) {
            let _ = locked(server).sql("postgres", &format!("DROP DATABASE \"{}\" WITH (FORCE)", database_name(url)));
        }
    }
}

fn locked(server: &Mutex<Postgres>) -> std::sync::MutexGuard<'_, Postgres> {
    server.lock().unwrap_or_else(PoisonError::into_inner)
}

fn database_name(url: &str) -> &str {
    url.split("localhost/").nth(1).and_then(|rest| rest.split('?').next()).expect("a name")
}

fn python() -> &'static str {
    // A wrapper that chooses among versions costs more than the question.
    if Path::new("/usr/bin/python3").exists() { "/usr/bin/python3" } else { "python3" }
}

fn write_aged(path: &Path, bytes: &[u8], age: Duration) {
    fs::write(path, bytes).expect("write a file");
    let file = fs::File::options().write(true).open(path).expect("open a file");
    file.set_modified(SystemTime::now() - age).expect("date a file");
}

/// The bytes of every file in these folders, sorted.
pub fn contents(folders: &[PathBuf]) -> Vec<Vec<u8>> {
    let files = folders.iter().flat_map(|folder| listed(folder).into_iter().map(move |name| folder.join(name)));
    let mut all: Vec<Vec<u8>> = files.filter(|path| path.is_file()).filter_map(|path| fs::read(path).ok()).collect();
    all.sort();
    all
}

struct Paths<'a> {
    /// Folder of keys and trust.
    keys: &'a Path,
    /// Folder of the case's own state.
    case: &'a Path,
    name: &'a str,
    store: &'a str,
}

impl Paths<'_> {
    fn configuration(&self, servers: Option<(&Servers, &str, &str)>) -> String {
        let Self { keys, case, name, store } = self;
        let (keys, case) = (keys.display(), case.display());
        let (mailboxes, delivery) = match servers {
            None => (
                format!("[[mailbox]]\nname = \"acts\"\nschedule = \"1s\"\nmaildir = \"{case}/mail/in\"\n"),
                format!("[delivery]\nmaildir = \"{case}/mail/out\"\n"),
            ),
            Some((servers, acts, journal)) => {
                let ca = servers.dovecot.certificates.ca.display();
                let imap = |name: &str, schedule: &str, user: &str| {
                    format!(
                        "[[mailbox]]\nname = \"{name}\"\nschedule = \"{schedule}\"\n[mailbox.imap]\nhost = \"127.0.0.1\"\nport = {}\n\
                         ca_file = \"{ca}\"\nuser = \"{user}\"\npassword = \"{keys}/keys/mail.pass\"\narchive = \"Archive\"\n",
                        servers.dovecot.imaps_port
                    )
                };
                (
                    imap("acts", "1s", acts) + &imap("journal", "1h", journal),
                    format!(
                        "[delivery.smtp]\nhost = \"127.0.0.1\"\nport = {}\nca_file = \"{ca}\"\nuser = \"{acts}\"\n\
                         password = \"{keys}/keys/mail.pass\"\njournal_address = \"{journal}\"\njournal_mailbox = \"journal\"\n\
                         journal_wait = \"{JOURNAL_WAIT}\"\n",
                        servers.postfix.smtps_port
                    ),
                )
            }
        };
        format!(
            "state_dir = \"{case}\"\n[store]\n{store}\n\n[supplier]\nname = \"ТОВ «Зразок Енерго»\"\nedrpou = \"12345678\"\n\
             vat_number = \"123456789012\"\naddress = \"33000, м. Рівне, вул. Зразкова, 1\"\niban = \"UA213223130000026007233566001\"\n\
             bank = \"АТ «Зразок Банк»\"\nphone = \"+380 00 000 00 00\"\nemail = \"office@supplier.example\"\ninvoice_series = \"CR\"\n\n\
             [signing]\npkcs12 = \"{keys}/keys/supplier.p12\"\npassphrase = \"{keys}/{}\"\n\n[trust]\nanchors = \"{keys}/trust/anchors\"\n\
             intermediates = \"{keys}/trust/intermediates\"\ncrls = \"{keys}/trust/crls\"\n\n[mail]\nfrom_name = \"Зразок Енерго\"\n\
             from_address = \"acts@{name}.example\"\nauthserv_id = \"{AUTHSERV}\"\n\n{mailboxes}\n[[drop]]\nname = \"partner\"\n\
             schedule = \"1s\"\nfolder = \"{case}/drop\"\n\n{delivery}",
            oblik_sample::PASSPHRASE_FILE
        )
    }
}
