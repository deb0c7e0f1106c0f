//! The configuration as an administrator meets it: a good file, and every way to get it wrong.

use super::*;
use proptest::prelude::*;

pub(super) const GOOD: &str = r#"[store]
sqlite = "oblik.db"

[supplier]
name = "Supplier"
edrpou = "12345678"
vat_number = "123456789012"
address = "Rivne"
iban = "UA213223130000026007233566001"
bank = "Bank"
phone = "+380 00 000 00 00"
email = "office@example.com.ua"

[signing]
pkcs12 = "keys/supplier.p12"
passphrase = "credential:supplier-passphrase"

[trust]
anchors = "trust"

[mail]
from_name = "Supplier"
from_address = "acts@example.com.ua"

[[mailbox]]
name = "acts"
schedule = "1m"
[mailbox.imap]
host = "mail.example.com.ua"
user = "acts"
password = "./hunter2"

[[mailbox]]
name = "journal"
schedule = "*/5 * * * *"
maildir = "mail/journal"

[[drop]]
name = "dso"
schedule = "10s"
[drop.sftp]
host = "sftp.example.com.ua"
user = "oblik"
key = "credential:dso"
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIKmH0k8Gq0vZr9Xz3m0wF1i0l0zq2mP0m0l0m0l0m0l"
path = "/exchange"

[[drop]]
name = "bank"
schedule = "10s"
folder = "bank"
payments = true

[delivery.smtp]
host = "localhost"
tls = "none"
journal_address = "journal@example.com.ua"
journal_mailbox = "journal"

[billing]

[trust.list]
file = "trust/list.xml"
signers = "trust/list-signers"

[operations]
"#;

pub(super) fn parse(text: &str) -> Result<Config, Faults> {
    read::config(text, Path::new("/etc/oblik"), Path::new("/run/credentials/oblik.service"))
}

fn first_file(config: &Config) -> &KeyFile {
    match config.signing.keys.as_slice() {
        [SigningKey::File(file)] => file,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_good_file_becomes_the_configuration_with_its_defaults() {
    let config = parse(GOOD).unwrap();
    assert_eq!(config.store, StoreAt::Sqlite("/etc/oblik/oblik.db".into()));
    assert_eq!(config.state_dir, Path::new("/etc/oblik"));
    let postgres = parse(&GOOD.replace("sqlite = \"oblik.db\"", "postgres = \"postgres:///oblik\"")).unwrap();
    assert_eq!(postgres.state_dir, Path::new("/var/lib/oblik"));
    assert_eq!(config.supplier.standing, Standing::Real);
    assert_eq!(first_file(&config).pkcs12, Path::new("/etc/oblik/keys/supplier.p12"));
    assert_eq!(first_file(&config).passphrase, Secret("/run/credentials/oblik.service/supplier-passphrase".into()));
    assert_eq!(config.mail.unproven, Unproven::TechnicalStatus);
    let MailboxAt::Imap(imap) = &config.mailboxes[0].at else { panic!("the first mailbox is of IMAP") };
    assert_eq!((imap.port, imap.tls.mode, imap.idle), (993, TlsMode::Implicit, true));
    assert_eq!((imap.folder.as_str(), imap.archive.as_str()), ("INBOX", "Oblik"));
    assert!(matches!(&imap.login, ImapLogin::Password(Secret(path)) if path == Path::new("/etc/oblik/./hunter2")));
    assert!(matches!(config.mailboxes[1].schedule, Schedule::Cron(_)));
    assert!(matches!(&config.drops[0].at, DropAt::Sftp(sftp) if sftp.port == 22));
    assert_eq!((config.drops[0].payments, config.drops[1].payments), (Payments::Refused, Payments::Taken));
    assert!(matches!(&config.delivery, Delivery::Smtp(smtp) if smtp.port == 25 && smtp.connections == 2));
}

#[test]
fn keys_for_encrypted_mail_are_as_many_as_there_are() {
    assert!(parse(GOOD).unwrap().decryption.is_empty());
    let key = |name: &str| format!("\n[[decryption]]\npkcs12 = \"{name}.p12\"\npassphrase = \"credential:{name}\"\n");
    let config = parse(&format!("{GOOD}{}{}", key("new"), key("old"))).unwrap();
    let paths: Vec<_> = config.decryption.iter().map(|file| file.pkcs12.as_path()).collect();
    assert_eq!(paths, [Path::new("/etc/oblik/new.p12"), Path::new("/etc/oblik/old.p12")]);
    let faults = parse(&format!("{GOOD}{}", key("new").replace("pkcs12", "p12"))).unwrap_err();
    assert!(faults.to_string().contains("decryption[0].pkcs12"), "{faults}");
    let commented = example().replace("#[[decryption]]", "[[decryption]]").replace("#pkcs12 =", "pkcs12 =");
    assert_eq!(parse(&commented.replace("#passphrase =", "passphrase =")).unwrap().decryption.len(), 1);
}

#[test]
fn ports_follow_the_way_of_tls_unless_they_are_named() {
    for (tls, port) in [("tls = \"implicit\"", 993), ("tls = \"starttls\"", 143), ("tls = \"starttls\"\nport = 1143", 1143)] {
        let config = parse(&GOOD.replace("user = \"acts\"", &format!("user = \"acts\"\n{tls}"))).unwrap();
        assert!(matches!(&config.mailboxes[0].at, MailboxAt::Imap(imap) if imap.port == port), "{tls}");
    }
}

#[test]
fn the_example_is_a_configuration() {
    let config = parse(example()).unwrap();
    assert_eq!((config.mailboxes.len(), config.drops.len()), (2, 1));
    assert_eq!(first_file(&config).pkcs12, Path::new("/run/credentials/oblik.service/supplier.p12"));
    // Each line that is commented out must be a line that could be written.
    let alternatives = [
        ("sqlite = \"/var/lib/oblik/oblik.db\"\n", "#postgres = "),
        ("password = \"credential:acts-imap\"\n", "#access_token = "),
    ];
    for (line, alternative) in alternatives {
        let other = example().replace(line, "").replace(alternative, alternative.trim_start_matches('#'));
        assert!(parse(&other).is_ok(), "{}", parse(&other).unwrap_err());
    }
    let single =
        ["#state_dir", "#policy", "#port", "#tls", "#ca_file", "#folder = \"INBOX\"", "#archive", "#idle", "#connections"];
    let all = single.iter().chain(&["#licence", "#unproven"]).fold(example().to_owned(), |text, key| {
        assert!(text.contains(key), "{key}");
        text.replace(key, key.trim_start_matches('#'))
    });
    assert!(parse(&all).is_ok(), "{}", parse(&all).unwrap_err());
}

#[test]
fn every_key_is_in_the_example_and_in_the_reference() {
    let reference = include_str!("../../docs/administration.md");
    let heads: Vec<&str> = GOOD.lines().filter(|line| line.starts_with('[')).collect();
    let mut keys = Vec::new();
    // A key nobody knows is answered with all that are known there.
    for head in heads.iter().copied().chain([""]) {
        let text = GOOD.replacen(head, &format!("{head}\nqqqqqqqqqqqqqqqq = 1\n"), 1);
        let faults = parse(&text).unwrap_err();
        let known = faults.list().iter().find_map(|f| f.instead.strip_prefix("known here: ")).unwrap();
        keys.extend(known.split(", ").map(str::to_owned));
    }
    assert!(keys.len() > 50, "{keys:?}");
    for key in keys {
        let written = |text: &str, form: &str| text.contains(form);
        let section = ["[", "[[", "."].iter().any(|open| written(example(), &format!("{open}{key}]")));
        assert!(
            section || written(example(), &format!("\n{key} = ")) || written(example(), &format!("\n#{key} = ")),
            "example: {key}"
        );
        let headed = ["[", "[[", "."].iter().any(|open| written(reference, &format!("{open}{key}]")));
        assert!(headed || written(reference, &format!("`{key}`")), "reference: {key}");
    }
}

#[test]
fn billing_says_when_a_month_is_run_and_what_people_decide() {
    let none = parse(&GOOD.replace("[billing]\n", "")).unwrap().billing;
    assert!(none.run.is_none() && none.calendar.holidays.is_empty());
    assert_eq!((none.without_readings, none.eyes), (WithoutReadings::Refuse, Eyes::Two));
    let said = "[billing]\nrun = \"0 6 4 * *\"\nestimate = true\nfour_eyes = true\nholidays = [\"2027-01-01\", \"2027-08-24\"]\n";
    let all = parse(&GOOD.replace("[billing]\n", said)).unwrap().billing;
    assert!(matches!(all.run, Some(Schedule::Cron(_))));
    assert_eq!((all.without_readings, all.eyes), (WithoutReadings::Estimate, Eyes::Four));
    let days: Vec<String> = all.calendar.holidays.iter().map(ToString::to_string).collect();
    assert_eq!(days, ["2027-01-01", "2027-08-24"]);
    let commented = ["#[billing]", "#run =", "#estimate =", "#four_eyes =", "#holidays ="].into_iter();
    let commented = commented.fold(example().to_owned(), |text, line| {
        assert!(text.contains(line), "{line}");
        text.replace(line, line.trim_start_matches('#'))
    });
    assert_eq!(parse(&commented).unwrap().billing.calendar.holidays, all.calendar.holidays);
    for (wrong, key, what) in [
        ("run = \"1h\"", "billing.run", "no interval"),
        ("run = \"daily\"", "billing.run", "no interval"),
        ("run = true", "billing.run", "where a string is needed"),
        ("estimates = true", "billing.estimates", "no such key"),
        ("four_eyes = 4", "billing.four_eyes", "where true or false is needed"),
        ("holidays = [\"01.01.2027\"]", "billing.holidays", "no day"),
        ("holidays = \"2027-01-01\"", "billing.holidays", "where an array of strings is needed"),
    ] {
        let faults = parse(&GOOD.replace("[billing]\n", &format!("[billing]\n{wrong}\n"))).unwrap_err();
        let [fault] = faults.list() else { panic!("{faults}") };
        assert_eq!((fault.key.as_str(), fault.what.contains(what)), (key, true), "{wrong}: {}", fault.what);
    }
}

#[test]
fn without_a_file_everything_lies_under_one_folder() {
    let config = Config::embedded(Path::new("/tmp/demo"));
    assert_eq!(config.store, StoreAt::Sqlite("/tmp/demo/oblik.db".into()));
    assert_eq!(config.supplier.standing, Standing::Sample);
    assert!(matches!(&config.mailboxes[0].at, MailboxAt::Maildir(path) if path == Path::new("/tmp/demo/mail/in")));
    assert!(matches!(&config.drops[0].at, DropAt::Folder(path) if path == Path::new("/tmp/demo/drop")));
    assert!(matches!(&config.delivery, Delivery::Maildir(path) if path == Path::new("/tmp/demo/mail/out")));
    assert_eq!(config.trust.anchors.as_deref(), Some(Path::new("/tmp/demo/trust/anchors")));
    assert!(config.trust.list.is_none());
    assert_eq!(first_file(&config).pkcs12, Path::new("/tmp/demo/keys/supplier.p12"));
    assert_eq!(first_file(&config).passphrase, Secret("/tmp/demo/keys/supplier.pass".into()));
}

#[test]
fn a_trusted_list_may_stand_beside_anchors_or_instead_of_them() {
    let both = parse(GOOD).unwrap().trust;
    let (list, anchors) = (both.list.unwrap(), both.anchors.unwrap());
    assert_eq!((list.file, list.signers), ("/etc/oblik/trust/list.xml".into(), "/etc/oblik/trust/list-signers".into()));
    assert_eq!((list.grace_days, anchors), (14, "/etc/oblik/trust".into()));
    let alone = parse(&GOOD.replace("anchors = \"trust\"", "").replace("file =", "grace_days = 0\nfile =")).unwrap().trust;
    assert_eq!((alone.anchors, alone.list.unwrap().grace_days), (None, 0));
    let neither = GOOD.replace("anchors = \"trust\"", "").split("[trust.list]").next().unwrap().to_owned();
    assert!(parse(&neither).unwrap_err().list().iter().any(|fault| fault.key == "trust.anchors" && fault.what == "is missing"));
    let commented = "#[trust.list]\n#file = \"trust/TL-UA-EC.xml\"";
    assert!(example().contains(commented));
    let example = ["#[trust.list]", "#file =", "#signers =", "#grace_days ="].into_iter();
    let example = example.fold(super::example().to_owned(), |text, line| text.replace(line, line.trim_start_matches('#')));
    let list = parse(&example).unwrap().trust.list.unwrap();
    assert_eq!((list.grace_days, list.signers), (14, "/etc/oblik/trust/list-signers".into()));
}

#[test]
fn every_fault_names_its_key_and_what_to_write() {
    // (what stands in the good file, what an administrator wrote, key, what, instead)
    #[rustfmt::skip]
    let cases: &[(&str, &str, &str, &str, &str)] = &[
        ("[store]\nsqlite = \"oblik.db\"\n", "", "store", "is missing", "[store]"),
        ("sqlite = \"oblik.db\"", "", "store", "says nothing of where", "sqlite, postgres"),
        ("sqlite = \"oblik.db\"", "sqlite = \"a\"\npostgres = \"postgres:///b\"", "store.postgres", "cannot stand together", "keep one"),
        ("sqlite = \"oblik.db\"", "sqllite = \"a\"", "store.sqllite", "no such key", "did you mean sqlite?"),
        ("sqlite = \"oblik.db\"", "postgres = \"postgres://u:pw@h/d\"", "store.postgres", "password stands", "PGPASSFILE"),
        ("sqlite = \"oblik.db\"", "sqlite = \"~/oblik.db\"", "store.sqlite", "not expanded", "whole path"),
        ("sqlite = \"oblik.db\"", "sqlite = \"\"", "store.sqlite", "cannot be empty", "write a path"),
        ("sqlite = \"oblik.db\"", "sqlite = 5", "store.sqlite", "an integer stands", "in quotes"),
        ("[store]", "store = 1\n[stora]", "store", "an integer stands", "[store]"),
        ("edrpou = \"12345678\"", "edrpou = \"1234567\"", "supplier.edrpou", "7 characters", "eight digits"),
        ("edrpou = \"12345678\"", "edrpou = 12345678", "supplier.edrpou", "an integer", "edrpou = \"…\""),
        ("vat_number = \"123456789012\"", "vat_number = \"1234567890\"", "supplier.vat_number", "twelve", "twelve digits"),
        ("iban = \"UA21", "iban = \"UA22", "supplier.iban", "check character", "29 characters"),
        ("name = \"Supplier\"", "name = \" \"", "supplier.name", "empty", "write the text"),
        ("bank = \"Bank\"", "bank = \"a\\nb\"", "supplier.bank", "control characters", "one line"),
        ("email = \"office@example.com.ua\"", "email = \"office\"", "supplier.email", "no mail address", "name@example"),
        ("bank = \"Bank\"\n", "", "supplier.bank", "is missing", "add bank = \"…\" under [supplier]"),
        ("bank = \"Bank\"", "bank = \"Bank\"\ninvoice_series = \"A B\"", "supplier.invoice_series", "no series", "letters"),
        ("\"credential:supplier-passphrase\"", "\"secretword\"", "signing.passphrase", "secret itself", "LoadCredential"),
        ("\"credential:supplier-passphrase\"", "\"credential:../x\"", "signing.passphrase", "credential's name", "LoadCredential"),
        ("\"credential:supplier-passphrase\"", "\"credential:\"", "signing.passphrase", "credential's name", "LoadCredential"),
        ("anchors = \"trust\"", "anchor = \"trust\"", "trust.anchor", "no such key", "did you mean anchors?"),
        ("signers = \"trust/list-signers\"", "", "trust.list.signers", "is missing", "under [trust.list]"),
        ("file = \"trust/list.xml\"", "", "trust.list.file", "is missing", "TL-UA-EC.xml"),
        ("file = \"trust/list.xml\"", "file = \"l\"\ngrace_days = 367", "trust.list.grace_days", "out of range", "0 to 366"),
        ("file = \"trust/list.xml\"", "file = \"l\"\ngrace_days = \"7\"", "trust.list.grace_days", "a string", "an integer"),
        ("file = \"trust/list.xml\"", "file = \"l\"\ngrace = 7", "trust.list.grace", "no such key", "grace_days"),
        ("from_name = \"Supplier\"", "from_name = \"S\"\nunproven = \"loud\"", "mail.unproven", "not known", "silence"),
        ("[[mailbox]]\nname = \"acts\"", "[[mailbox]]\nname = \"my acts\"", "mailbox[0].name", "no name", "1 to 32"),
        ("name = \"journal\"", "name = \"acts\"", "mailbox[1].name", "another mailbox", "name of its own"),
        ("name = \"bank\"", "name = \"journal\"", "drop[1].name", "another mailbox", "name of its own"),
        ("schedule = \"1m\"", "schedule = \"1 minute\"", "mailbox[0].schedule", "2 cron fields", "\"30s\""),
        ("schedule = \"1m\"", "schedule = \"60\"", "mailbox[0].schedule", "no interval", "\"30s\""),
        ("schedule = \"1m\"", "schedule = \"0 9 30 2 *\"", "mailbox[0].schedule", "never comes", "exists"),
        ("host = \"mail.example.com.ua\"", "host = \"imaps://mail\"", "mailbox[0].imap.host", "a URL", "host alone"),
        ("host = \"mail.example.com.ua\"", "host = \"mail.example.com.ua:993\"", "mailbox[0].imap.host", "port stands", "port ="),
        ("user = \"acts\"", "user = \"acts\"\ntls = \"none\"", "mailbox[0].imap.tls", "loopback only", "\"starttls\" (port 143)"),
        ("user = \"acts\"", "user = \"acts\"\ntls = \"ssl\"", "mailbox[0].imap.tls", "no way of TLS", "implicit"),
        ("user = \"acts\"", "user = \"acts\"\nport = 0", "mailbox[0].imap.port", "out of range", "1 to 65535"),
        ("user = \"acts\"", "user = \"acts\"\nport = 65536", "mailbox[0].imap.port", "out of range", "1 to 65535"),
        ("user = \"acts\"", "user = \"acts\"\nport = \"993\"", "mailbox[0].imap.port", "a string", "an integer"),
        ("user = \"acts\"", "user = \"acts\"\nidle = \"yes\"", "mailbox[0].imap.idle", "a string", "without quotes"),
        ("user = \"acts\"", "user = \"acts\"\narchive = \"inbox\"", "mailbox[0].imap.archive", "polled", "another folder"),
        ("password = \"./hunter2\"", "", "mailbox[0].imap", "how to log in", "access_token"),
        ("password = \"./hunter2\"", "password = \"./a\"\naccess_token = \"./b\"", "mailbox[0].imap.access_token", "together", "keep one"),
        ("maildir = \"mail/journal\"", "", "mailbox[1]", "where the mail is", "imap, maildir"),
        ("[[drop]]\nname = \"bank\"", "[[drops]]\nname = \"bank\"", "drops", "no such key", "did you mean drop?"),
        ("key = \"credential:dso\"", "key = \"id_ed25519\"", "drop[0].sftp.key", "secret itself", "with a slash"),
        ("host_key = \"ssh-ed25519 AAAA", "host_key = \"SHA256:AAAA", "drop[0].sftp.host_key", "fingerprint", "ssh-keyscan"),
        ("path = \"/exchange\"", "path = \"/exchange/../x\"", "drop[0].sftp.path", "upwards", "without .."),
        ("payments = true", "payments = \"true\"", "drop[1].payments", "a string", "without quotes"),
        ("folder = \"bank\"", "folder = \"/etc/oblik/mail/journal\"", "drop[1].folder", "already used", "its own folder"),
        ("host = \"localhost\"", "host = \"relay.example.com\"", "delivery.smtp.tls", "loopback only", "port 465"),
        ("tls = \"none\"", "tls = \"none\"\nuser = \"u\"", "delivery.smtp.user", "only together", "neither"),
        ("tls = \"none\"", "tls = \"none\"\nconnections = 33", "delivery.smtp.connections", "out of range", "1 to 32"),
        ("journal_mailbox = \"journal\"", "journal_mailbox = \"jurnal\"", "delivery.smtp.journal_mailbox", "no such mailbox", "acts, journal"),
        ("journal_mailbox = \"journal\"", "", "delivery.smtp.journal_address", "only together", "or neither"),
        ("[delivery.smtp]", "[delivery]\nmaildir = \"mail/journal\"\n[delivery.smtp]", "delivery.maildir", "already used", "its own folder"),
        ("[delivery.smtp]", "[delivery]\nmaildir = \"out\"\n[delivery.smtp]", "delivery.maildir", "cannot stand together", "keep one"),
    ];
    for (stands, wrote, key, what, instead) in cases {
        assert!(GOOD.contains(stands), "{stands}");
        let faults = parse(&GOOD.replacen(stands, wrote, 1)).expect_err(wrote);
        let found = faults.list().iter().any(|f| f.key == *key && f.what.contains(what) && f.instead.contains(instead));
        assert!(found, "{wrote}\nwanted {key}: {what} = {instead}\n{faults}");
    }
}

#[test]
fn a_single_table_where_a_list_is_needed_is_told_with_its_brackets() {
    let single = GOOD.replacen("[[mailbox]]\nname = \"acts\"", "[mailbox]\nname = \"acts\"", 1);
    let single = single.replace("[[mailbox]]\nname = \"journal\"\nschedule = \"*/5 * * * *\"\nmaildir = \"mail/journal\"\n", "");
    let faults = parse(&single).unwrap_err();
    assert!(faults.list().iter().any(|f| f.key == "mailbox" && f.instead.contains("[[mailbox]]")), "{faults}");
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_file() {
    let text = GOOD.replace("edrpou = \"12345678\"", "edrpou = \"1\"").replace("tls = \"none\"", "tsl = \"none\"");
    let faults = parse(&text.replace("schedule = \"1m\"", "schedule = \"soon\"")).unwrap_err();
    let places: Vec<(usize, &str)> = faults.list().iter().map(|f| (f.line, f.key.as_str())).collect();
    assert_eq!(places, [(6, "supplier.edrpou"), (27, "mailbox[0].schedule"), (56, "delivery.smtp.tsl")]);
}

#[test]
fn a_fault_reads_as_file_line_column_the_line_and_what_to_do() {
    let faults = parse(&GOOD.replace("user = \"acts\"", "tls = \"none\"\nuser = \"acts\"")).unwrap_err();
    let expected = "\
/etc/oblik/oblik.toml:30:7: mailbox[0].imap.tls: \"none\" is for loopback only, and mail.example.com.ua is another machine
    | tls = \"none\"
    |       ^
    = write \"implicit\" (port 993) or \"starttls\" (port 143)
1 fault in /etc/oblik/oblik.toml";
    assert_eq!(faults.of(Path::new("/etc/oblik/oblik.toml")).to_string(), expected);
}

#[test]
fn what_is_not_toml_is_told_with_every_place() {
    let faults = parse(&GOOD.replace("bank = \"Bank\"", "bank = Bank").replace("tls = \"none\"", "tls none")).unwrap_err();
    let lines: Vec<usize> = faults.list().iter().map(|f| f.line).collect();
    assert!(lines.contains(&10) && lines.contains(&56), "{faults}");
    assert!(faults.list().iter().all(|f| f.what.starts_with("not TOML: ")), "{faults}");
}

#[test]
fn no_message_shows_a_secret() {
    for wrote in [
        "password = \"hunter2\"",
        "password = hunter2",
        "pasword = \"hunter2\"",
        "pwd = \"hunter2\"",
        "geheim = \"hunter2\"",
        "access_token = \"hunter2\"",
        "password = \"credential:hunter2!\"",
        "password = [\"hunter2\"]",
    ] {
        let faults = parse(&GOOD.replace("password = \"./hunter2\"", wrote)).unwrap_err();
        assert!(!format!("{faults} {faults:?}").contains("hunter2"), "{faults}");
    }
    let faults = parse(&GOOD.replace("sqlite = \"oblik.db\"", "postgres = \"postgres://u:hunter2@h/d\"")).unwrap_err();
    assert!(!format!("{faults} {faults:?}").contains("hunter2"), "{faults}");
}

#[test]
fn a_file_is_read_with_its_own_folder_as_the_base() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oblik.toml");
    std::fs::write(&path, GOOD).unwrap();
    assert_eq!(Config::load(&path).unwrap().store, StoreAt::Sqlite(folder.path().join("oblik.db")));
    std::fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(Config::load(&path).unwrap_err().to_string().contains("UTF-8"));
    let gone = Config::load(&folder.path().join("gone.toml")).unwrap_err().to_string();
    assert!(gone.contains("gone.toml: cannot be read") && gone.contains("--config"), "{gone}");
    assert!(parse(&"#".repeat(2_000_000)).is_err());
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,400}") {
        if let Err(faults) = parse(&text) {
            prop_assert!(!faults.list().is_empty());
            let _ = faults.to_string();
        }
    }

    #[test]
    fn no_mutation_of_a_good_file_panics(cuts in prop::collection::vec((0_usize..2000, 0_usize..12, "[\\[\\]\"=.\\n0-9a-zА-я{}',*/-]{0,6}"), 1..4)) {
        let mut characters: Vec<char> = GOOD.chars().collect();
        for (at, length, insert) in cuts {
            let at = at.min(characters.len());
            let end = (at + length).min(characters.len());
            characters.splice(at..end, insert.chars());
        }
        let text: String = characters.into_iter().collect();
        if let Err(faults) = parse(&text) {
            prop_assert!(!faults.list().is_empty());
            let _ = faults.to_string();
        }
    }

    #[test]
    fn no_schedule_panics(text in "[0-9*/,?A-Za-z -]{0,40}") {
        let _ = parse_schedule(&text);
    }
}

#[test]
fn a_signed_copy_is_awaited_for_working_days_or_not_at_all() {
    assert_eq!(parse(GOOD).unwrap().countersigning.days, 5);
    for (days, known) in [("0", Some(0)), ("60", Some(60)), ("61", None), ("-1", None)] {
        let text = format!("{GOOD}\n[countersigning]\ndays = {days}\n");
        assert_eq!(parse(&text).ok().map(|config| config.countersigning.days), known, "{days}");
    }
}
