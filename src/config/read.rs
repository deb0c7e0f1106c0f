//! The whole file into [`Config`], section by section.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use crate::billing::billing;
use crate::countersigning::countersigning;
use crate::fault::{Fault, Faults};
use crate::keys::{Keys, Reader, wrong};
use crate::list::list;
use crate::online::online;
use crate::schedule::{interval, schedule};
use crate::signature_level::signature_level;
use crate::{
    Branch, Config, Delivery, Documents, Drop, DropAt, Imap, ImapLogin, KeyFile, Mail, Mailbox, MailboxAt, Operations, Payments,
};
use crate::{Schedule, Sftp, Smtp, StoreAt, Tls, TlsMode, TrustPaths, Unproven, check, issuers, signing_keys};

/// Far above any real file.
const TEXT_BYTES: usize = 1024 * 1024;
const PORTS: std::ops::RangeInclusive<u16> = 1..=u16::MAX;
/// Relays were seen to defer a copy for four minutes.
const JOURNAL_WAIT: Duration = Duration::from_mins(15);
/// An authority that cannot say for a day whether its certificate holds is looked at by a person anyway.
const TRY_LATER_HOURS: u16 = 24;

pub(crate) fn config(text: &str, base: &Path, credentials: &Path) -> Result<Config, Faults> {
    if text.len() > TEXT_BYTES {
        let (what, instead) = ("the file is larger than 1 MiB", "give the configuration file");
        return Err(Faults::new(vec![Fault::at("", 0, "", what.to_owned(), instead.to_owned())]));
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        // What a file means that is not TOML is a guess: only its syntax is told, all of it.
        return Err(Faults::new(errors.iter().map(|error| syntax(text, error)).collect()));
    }
    let reader = Reader { text, base, credentials, faults: RefCell::new(Vec::new()) };
    let config = whole(&Keys::new(&reader, document.get_ref(), String::new(), 0));
    let faults = reader.faults.into_inner();
    match config {
        Some(config) if faults.is_empty() => Ok(config),
        _ => Err(Faults::new(faults)),
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> Fault {
    let message: String = error.message().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    let instead = "mend the TOML here: key = \"text\", key = 1, [section], [[list of sections]]";
    Fault::at(text, error.span().map_or(0, |span| span.start), "", format!("not TOML: {message}"), instead.to_owned())
}

fn whole(root: &Keys<'_>) -> Option<Config> {
    let state_dir = root.path("state_dir");
    let store = root.required_table("store").and_then(|keys| store(&keys));
    let (supplier_keys, operator_keys, branch_keys) =
        (root.required_table("supplier"), root.table("operator"), root.tables("branch"));
    let supplier = supplier_keys.as_ref().and_then(issuers::supplier);
    let operator = operator_keys.as_ref().map(issuers::operator);
    let branches: Vec<Option<Branch>> = branch_keys.iter().map(|keys| issuers::branch(keys, supplier.as_ref())).collect();
    issuers::together(supplier_keys.as_ref(), operator_keys.as_ref(), &branch_keys);
    let supplier_signing = root.required_table("signing");
    let signature_level = supplier_signing.as_ref().and_then(signature_level);
    let signing = supplier_signing.as_ref().and_then(signing_keys::signing);
    let decryption: Vec<Option<KeyFile>> = root.tables("decryption").iter().map(decryption).collect();
    let trust = root.required_table("trust").map(|keys| trust(&keys));
    let mail = root.required_table("mail").and_then(|keys| mail(&keys));
    let (mailbox_keys, drop_keys) = (root.tables("mailbox"), root.tables("drop"));
    let delivery_keys = root.required_table("delivery");
    let smtp_keys = delivery_keys.as_ref().and_then(|keys| keys.table("smtp"));
    let mailboxes: Vec<Option<Mailbox>> = mailbox_keys.iter().map(mailbox).collect();
    let drops: Vec<Option<Drop>> = drop_keys.iter().map(drop_at).collect();
    let delivery = delivery_keys.as_ref().and_then(|keys| delivery(keys, smtp_keys.as_ref()));
    let billing = root.table("billing").map(|keys| billing(&keys)).unwrap_or_default();
    let documents = root.table("documents").map(|keys| documents(&keys)).unwrap_or_default();
    let operations = root.table("operations").map(|keys| operations(&keys)).unwrap_or_default();
    let countersigning = root.table("countersigning").map(|keys| countersigning(&keys)).unwrap_or_default();
    root.finish();
    together(&mailbox_keys, &drop_keys, delivery_keys.as_ref(), smtp_keys.as_ref());

    let store = store?;
    let state_dir = match (state_dir, &store) {
        (Some(named), _) => named,
        (None, StoreAt::Sqlite(file)) => file.parent().map(Path::to_owned).unwrap_or_default(),
        (None, StoreAt::Postgres(_)) => PathBuf::from("/var/lib/oblik"),
    };
    let (supplier, signing, trust, mail, delivery) = (supplier?, signing?, trust?, mail?, delivery?);
    let mut signature_level = signature_level?;
    if let (Some(service), Some(online)) = (&mut signature_level.service, &trust.online) {
        service.online.allow_private.extend(&online.allow_private);
    }
    let (decryption, branches) = (decryption.into_iter().collect::<Option<_>>()?, branches.into_iter().collect::<Option<_>>()?);
    let operator = match operator {
        Some(operator) => Some(operator?),
        None => None,
    };
    let (mailboxes, drops) = (mailboxes.into_iter().collect::<Option<_>>()?, drops.into_iter().collect::<Option<_>>()?);
    Some(Config {
        state_dir,
        store,
        supplier,
        operator,
        branches,
        signing,
        signature_level,
        decryption,
        trust,
        mail,
        mailboxes,
        drops,
        delivery,
        billing,
        documents,
        operations,
        countersigning,
    })
}

/// What only the sections together can have wrong.
fn together(mailboxes: &[Keys<'_>], drops: &[Keys<'_>], delivery: Option<&Keys<'_>>, smtp: Option<&Keys<'_>>) {
    let mut names: Vec<&str> = Vec::new();
    for source in mailboxes.iter().chain(drops) {
        let Some(name) = source.text("name") else { continue };
        if names.contains(&name) {
            let instead = "give every mailbox and drop a name of its own; leases and the journal tell them by it";
            source.refuse("name", "another mailbox or drop has this name", instead);
        }
        names.push(name);
    }
    let mut folders: Vec<PathBuf> = Vec::new();
    let maildirs = mailboxes.iter().chain(delivery).map(|keys| (keys, "maildir"));
    for (keys, key) in maildirs.chain(drops.iter().map(|keys| (keys, "folder"))) {
        let Some(folder) = keys.text(key).and_then(|text| keys.reader.path(text).ok()) else { continue };
        if folders.contains(&folder) {
            let instead = "give each its own folder: what is taken in and what is sent must not meet";
            keys.refuse(key, "this folder is already used above", instead);
        }
        folders.push(folder);
    }
    if let Some((smtp, wanted)) = smtp.and_then(|smtp| Some((smtp, smtp.text("journal_mailbox")?))) {
        let known: Vec<&str> = mailboxes.iter().filter_map(|keys| keys.text("name")).collect();
        if !known.contains(&wanted) {
            let instead = format!("name a [[mailbox]] of this file; there are: {}", known.join(", "));
            smtp.refuse("journal_mailbox", "there is no such mailbox", instead);
        }
    }
}

fn store(keys: &Keys<'_>) -> Option<StoreAt> {
    keys.exactly_one(&["sqlite", "postgres"], "where the state lies");
    let sqlite = keys.path("sqlite").map(StoreAt::Sqlite);
    let postgres = keys.optional("postgres", check::postgres).map(StoreAt::Postgres);
    keys.finish();
    sqlite.or(postgres)
}

fn documents(keys: &Keys<'_>) -> Documents {
    let template = keys.path("template");
    keys.finish();
    Documents { template }
}

fn decryption(keys: &Keys<'_>) -> Option<KeyFile> {
    let file = signing_keys::file(keys);
    keys.finish();
    file
}

fn operations(keys: &Keys<'_>) -> Operations {
    let alert = keys.optional("alert", check::address);
    keys.finish();
    Operations { alert }
}

fn trust(keys: &Keys<'_>) -> TrustPaths {
    let list = keys.table("list").and_then(|keys| list(&keys));
    let anchors = if keys.has("list") { keys.path("anchors") } else { anchors(keys) };
    let (intermediates, crls, policy) = (keys.path("intermediates"), keys.path("crls"), keys.path("policy"));
    let try_later = Duration::from_hours(keys.integer("try_later_hours", &(0..=720)).unwrap_or(TRY_LATER_HOURS).into());
    let online = keys.table("online").and_then(|keys| online(&keys));
    keys.finish();
    TrustPaths { anchors, list, intermediates, crls, policy, online, try_later }
}

fn anchors(keys: &Keys<'_>) -> Option<PathBuf> {
    keys.required("anchors", "\"trust/anchors\"", |value| keys.reader.path(value))
}

fn mail(keys: &Keys<'_>) -> Option<Mail> {
    let from_name = keys.required("from_name", "\"…\"", check::line);
    let from_address = keys.required("from_address", "\"acts@example.com.ua\"", check::address);
    let authserv_id = keys.optional("authserv_id", check::host);
    let unproven = keys.optional("unproven", check::unproven).unwrap_or(Unproven::TechnicalStatus);
    keys.finish();
    Some(Mail { from_name: from_name?, from_address: from_address?, authserv_id, unproven })
}

fn name_and_schedule(keys: &Keys<'_>) -> Option<(String, Schedule)> {
    let name = keys.required("name", "\"acts\"", check::name);
    let schedule = keys.required("schedule", "\"1m\"", schedule);
    Some((name?, schedule?))
}

fn mailbox(keys: &Keys<'_>) -> Option<Mailbox> {
    let common = name_and_schedule(keys);
    keys.exactly_one(&["imap", "maildir"], "where the mail is");
    let maildir = keys.path("maildir").map(MailboxAt::Maildir);
    let imap = keys.table("imap").and_then(|keys| imap(&keys)).map(MailboxAt::Imap);
    keys.finish();
    let (name, schedule) = common?;
    Some(Mailbox { name, schedule, at: maildir.or(imap)? })
}

/// Host, TLS and port, where the port follows from the way of TLS unless it is named.
fn server(keys: &Keys<'_>, implicit: u16, starttls: u16, clear: u16) -> Option<(String, u16, Tls)> {
    let host = keys.required("host", "\"mail.example.com.ua\"", check::host);
    let port = keys.integer("port", &PORTS);
    let mode = keys.optional("tls", check::tls).unwrap_or(TlsMode::Implicit);
    let ca_file = keys.path("ca_file");
    let host = host?;
    if mode == TlsMode::None && !check::is_loopback(&host) {
        keys.refuse(
            "tls",
            format!("\"none\" is for loopback only, and {host} is another machine"),
            format!("write \"implicit\" (port {implicit}) or \"starttls\" (port {starttls})"),
        );
    }
    let usual = match mode {
        TlsMode::Implicit => implicit,
        TlsMode::StartTls => starttls,
        TlsMode::None => clear,
    };
    Some((host, port.unwrap_or(usual), Tls { mode, ca_file }))
}

fn imap(keys: &Keys<'_>) -> Option<Imap> {
    let server = server(keys, 993, 143, 143);
    let user = keys.required("user", "\"acts@example.com.ua\"", check::line);
    keys.exactly_one(&["password", "access_token"], "how to log in");
    let password = keys.secret("password").map(ImapLogin::Password);
    let token = keys.secret("access_token").map(ImapLogin::Xoauth2);
    let folder = keys.optional("folder", check::line).unwrap_or_else(|| "INBOX".to_owned());
    let archive = keys.optional("archive", check::line).unwrap_or_else(|| "Oblik".to_owned());
    let idle = keys.flag("idle").unwrap_or(true);
    if folder.eq_ignore_ascii_case(&archive) {
        keys.refuse("archive", format!("{archive} is also the folder that is polled"), "name another folder of the mailbox");
    }
    keys.finish();
    let (host, port, tls) = server?;
    Some(Imap { host, port, tls, user: user?, login: password.or(token)?, folder, archive, idle })
}

fn drop_at(keys: &Keys<'_>) -> Option<Drop> {
    let common = name_and_schedule(keys);
    keys.exactly_one(&["folder", "sftp"], "where the files are");
    let folder = keys.path("folder").map(DropAt::Folder);
    let sftp = keys.table("sftp").and_then(|keys| sftp(&keys)).map(DropAt::Sftp);
    let payments = if keys.flag("payments").unwrap_or(false) { Payments::Taken } else { Payments::Refused };
    keys.finish();
    let (name, schedule) = common?;
    Some(Drop { name, schedule, at: folder.or(sftp)?, payments })
}

fn sftp(keys: &Keys<'_>) -> Option<Sftp> {
    let host = keys.required("host", "\"sftp.example.com.ua\"", check::host);
    let port = keys.integer("port", &PORTS).unwrap_or(22);
    let user = keys.required("user", "\"oblik\"", check::line);
    let key = keys.required("key", "\"credential:partner-key\"", |value| keys.reader.secret(value));
    let host_key = keys.required("host_key", "\"ssh-ed25519 AAAA…\"", check::host_key);
    let path = keys.required("path", "\"/exchange\"", |value| {
        if value.split('/').any(|part| part == "..") {
            return wrong("the folder leads upwards", "write the partner's folder without ..");
        }
        check::line(value)
    });
    keys.finish();
    Some(Sftp { host: host?, port, user: user?, key: key?, host_key: host_key?, path: path? })
}

fn delivery(keys: &Keys<'_>, smtp_keys: Option<&Keys<'_>>) -> Option<Delivery> {
    keys.exactly_one(&["smtp", "maildir"], "how letters leave");
    let maildir = keys.path("maildir").map(Delivery::Maildir);
    let smtp = smtp_keys.and_then(smtp).map(Delivery::Smtp);
    keys.finish();
    smtp.or(maildir)
}

fn smtp(keys: &Keys<'_>) -> Option<Smtp> {
    let server = server(keys, 465, 587, 25);
    let user = keys.optional("user", check::line);
    let password = keys.secret("password");
    if keys.has("user") != keys.has("password") {
        keys.refuse("user", "user and password stand only together", "give both, or neither for a relay that knows us");
    }
    let connections = keys.integer("connections", &(1..=32)).unwrap_or(2);
    let journal_address = keys.optional("journal_address", check::address);
    let journal_mailbox = keys.optional("journal_mailbox", check::name);
    if keys.has("journal_address") != keys.has("journal_mailbox") {
        let what = "journal_address and journal_mailbox stand only together";
        keys.refuse("journal_address", what, "name the address and the mailbox that its letters arrive in, or neither");
    }
    let journal_wait = keys.optional("journal_wait", interval).unwrap_or(JOURNAL_WAIT);
    keys.finish();
    let (host, port, tls) = server?;
    let connections = usize::from(connections);
    Some(Smtp { host, port, tls, user, password, connections, journal_address, journal_mailbox, journal_wait })
}
