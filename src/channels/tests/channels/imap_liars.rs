//! Against a server that lies, stumbles and stops: whatever it does, it never means "no mail".

use std::sync::{Arc, Mutex};
use std::time::Duration;

use oblik_channels::error::ChannelError;
use oblik_channels::imap::ImapSession;
use oblik_channels::source::{Settle, Woke};
use oblik_config::{Imap, ImapLogin, Secret, Tls, TlsMode};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What is done instead of the usual, by the beginning of a command; `TAG` in it becomes the command's.
type Rule = (&'static str, Act);

#[derive(Debug, Clone)]
enum Act {
    Say(&'static str),
    SayLong(String),
    SayAndClose(&'static str),
    Hang,
}

const GREETING: &str = "greeting";

struct Liar {
    imap: Imap,
    heard: Arc<Mutex<Vec<String>>>,
    _secret: TempDir,
}

impl Liar {
    async fn with(rules: &[Rule]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (rules, log) = (rules.to_vec(), Arc::clone(&heard));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, rules.clone(), Arc::clone(&log)));
            }
        });
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "hidden-word").unwrap();
        let imap = Imap {
            host: "127.0.0.1".into(),
            port,
            tls: Tls { mode: TlsMode::None, ca_file: None },
            user: "anna".into(),
            login: ImapLogin::Password(Secret(secret)),
            folder: "INBOX".into(),
            archive: "Archive".into(),
            idle: true,
        };
        Self { imap, heard, _secret: folder }
    }

    async fn open(&self) -> ImapSession {
        ImapSession::open(&self.imap).await.unwrap()
    }

    fn heard(&self, word: &str) -> bool {
        self.heard.lock().unwrap().iter().any(|line| line.contains(word))
    }
}

async fn talk(stream: TcpStream, rules: Vec<Rule>, heard: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    perform(&mut stream, "", GREETING, &rules).await?;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_owned();
        heard.lock().unwrap().push(line.clone());
        let (tag, command) = line.split_once(' ').unwrap_or(("", &line));
        perform(&mut stream, tag, command, &rules).await?;
    }
}

async fn perform(stream: &mut BufReader<TcpStream>, tag: &str, command: &str, rules: &[Rule]) -> Option<()> {
    let act = rules.iter().find(|(start, _)| command.starts_with(start)).map_or_else(|| usual(command), |(_, act)| act.clone());
    let (text, close) = match &act {
        Act::Say(text) => ((*text).to_owned(), false),
        Act::SayLong(text) => (text.clone(), false),
        Act::SayAndClose(text) => ((*text).to_owned(), true),
        Act::Hang => std::future::pending().await,
    };
    stream.write_all(text.replace("TAG", tag).as_bytes()).await.ok()?;
    stream.flush().await.ok()?;
    if close {
        stream.shutdown().await.ok()?;
        return None;
    }
    Some(())
}

/// A good server with two mails: UID 11, "first", and UID 12, "other".
fn usual(command: &str) -> Act {
    let starts = |start: &str| command.starts_with(start);
    Act::Say(match command {
        GREETING => "* OK ready\r\n",
        "CAPABILITY" => "* CAPABILITY IMAP4rev1 IDLE MOVE UIDPLUS\r\nTAG OK done\r\n",
        _ if starts("SELECT") => SELECTED,
        _ if starts("FETCH 1:2 (UID RFC822.SIZE)") => {
            "* 1 FETCH (UID 11 RFC822.SIZE 5)\r\n* 2 FETCH (UID 12 RFC822.SIZE 5)\r\nTAG OK done\r\n"
        }
        _ if starts("UID FETCH 11:12 (UID BODY.PEEK[])") => {
            "* 1 FETCH (UID 11 BODY[] {5}\r\nfirst)\r\n* 2 FETCH (UID 12 BODY[] {5}\r\nother)\r\nTAG OK done\r\n"
        }
        _ if starts("UID SEARCH UID 11") => "* SEARCH 11\r\nTAG OK done\r\n",
        _ if starts("UID SEARCH UID 12") => "* SEARCH 12\r\nTAG OK done\r\n",
        _ if starts("UID MOVE 11") => "* OK [COPYUID 9 11 1] moved\r\n* 1 EXPUNGE\r\nTAG OK [COPYUID 9 11 1] done\r\n",
        "IDLE" => "+ idling\r\n* 3 EXISTS\r\n",
        "DONE" | "" => "",
        _ => "TAG OK done\r\n",
    })
}

const SELECTED: &str =
    "* FLAGS (\\Seen)\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 5] fine\r\n* OK [UIDNEXT 13] next\r\nTAG OK [READ-WRITE] done\r\n";

#[tokio::test]
async fn the_good_server_of_these_tests_is_understood() {
    let liar = Liar::with(&[("UID SEARCH UID 11", Act::Say("* SEARCH\r\nTAG OK\r\n"))]).await;
    let mut session = liar.open().await;
    let look = session.list().await.unwrap();
    let fetch = session.fetch(&look.ready).await.unwrap();
    let bodies: Vec<&[u8]> = fetch.fetched.iter().map(|fetched| &*fetched.bytes).collect();
    assert_eq!(bodies, [&b"first"[..], b"other"]);
    session.settle(&look.ready[0], Settle::Accepted).await.unwrap();
}

#[tokio::test]
async fn no_failure_of_a_listing_looks_like_an_empty_mailbox() {
    let deep = Act::SayLong(format!("* 1 FETCH {}\r\nTAG OK\r\n", "(".repeat(100_000)));
    let table: Vec<Rule> = vec![
        ("SELECT", Act::Say("TAG NO not now\r\n")),
        ("SELECT", Act::Say("TAG BAD what\r\n")),
        ("SELECT", Act::SayAndClose("* BYE shutting down\r\n")),
        ("SELECT", Act::SayAndClose("")),
        ("SELECT", Act::SayAndClose("* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\n")),
        ("SELECT", Act::Say("* 0 EXISTS\r\nTAG OK no uidvalidity\r\n")),
        ("SELECT", Act::Say("* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\nTAG OK [READ-ONLY] done\r\n")),
        ("SELECT", Act::Say("A9999 OK done\r\n")),
        ("SELECT", Act::Say("+ go on\r\n")),
        ("FETCH", Act::Say("TAG NO not now\r\n")),
        ("FETCH", Act::Say("TAG BAD what\r\n")),
        ("FETCH", Act::Say("TAG OK nothing\r\n")),
        ("FETCH", Act::Say("* 1 FETCH (UID 11 RFC822.SIZE 5)\r\nTAG OK done\r\n")),
        ("FETCH", Act::Say("* 1 FETCH (UID 11 RFC822.SIZE 5)\r\nTAG NO rest is lost\r\n")),
        ("FETCH", Act::SayAndClose("* 1 FETCH (UID 11 RFC822.SIZE 5)\r\n")),
        ("FETCH", Act::SayAndClose("* 1 FETCH (UID 11 RFC822.SI")),
        ("FETCH", Act::Say("* BYE\r\nTAG OK\r\n")),
        ("FETCH", Act::Say("* 1 FETCH (UID 11 RFC822.SIZE 5)\r\n* 2 FETCH (UID 11 RFC822.SIZE 5)\r\nTAG OK\r\n")),
        ("FETCH", Act::Say("* 1 FETCH (UID 11 RFC822.SIZE 5)\r\n* 1 FETCH (UID 12 RFC822.SIZE 5)\r\nTAG OK\r\n")),
        ("FETCH", Act::Say("* OK [UIDVALIDITY 6] other numbers now\r\nTAG OK\r\n")),
        ("FETCH", Act::Say("\0\0\0 not IMAP\r\nTAG OK\r\n")),
        ("FETCH", Act::Say("* OK [ALERT]я\r\nTAG OK\r\n")),
        ("FETCH", deep),
        ("FETCH", Act::SayLong("* OK x".repeat(100_000))),
    ];
    for rule in table {
        let liar = Liar::with(std::slice::from_ref(&rule)).await;
        let looked = liar.open().await.list().await;
        assert!(looked.is_err(), "{rule:?} was taken for {looked:?}");
    }
}

#[tokio::test]
async fn no_failure_of_a_fetch_loses_or_shortens_a_mail() {
    let table: &[&str] = &[
        "TAG NO not now\r\n",
        "* 1 FETCH (UID 11 BODY[] {5}\r\nfirst)\r\nTAG NO rest is lost\r\n",
        "* 1 FETCH (UID 11 BODY[] {5}\r\nfirst)\r\n* 1 FETCH (UID 11 BODY[] {5}\r\nfalse)\r\nTAG OK\r\n",
        "* 1 FETCH (UID 11 BODY[]<0> {5}\r\nfirst)\r\nTAG OK\r\n",
        "* 1 FETCH (UID 11 BODY[] {500000000}\r\n",
        "* 1 FETCH (UID 11 BODY[] {99999999999999999999}\r\n",
        "* 1 FETCH (UID 11 BODY[] \"fi\\\"st\")\r\n* 2 FETCH (UID 12 BODY[] {5}\r\nother)\r\nTAG OK\r\n",
        "* 1 FETCH (BODY[] {5}\r\nfirst)\r\nTAG OK\r\n",
    ];
    for text in table {
        let liar = Liar::with(&[("UID FETCH", Act::Say(text))]).await;
        let mut session = liar.open().await;
        let look = session.list().await.unwrap();
        let fetched = session.fetch(&look.ready).await;
        assert!(fetched.is_err(), "{text:?} was taken for {fetched:?}");
    }
    for text in ["* 1 FETCH (UID 11 BODY[] {5}\r\nfir", "* 1 FETCH (UID 11 BODY[] {5}\r\nfirst)\r\n"] {
        let liar = Liar::with(&[("UID FETCH", Act::SayAndClose(text))]).await;
        let mut session = liar.open().await;
        let look = session.list().await.unwrap();
        assert!(session.fetch(&look.ready).await.is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn a_withheld_mail_is_told_and_does_not_hold_up_the_others() {
    let other = "* 2 FETCH (UID 12 BODY[] {5}\r\nother)\r\nTAG OK\r\n";
    let nil = "* 1 FETCH (UID 11 BODY[] NIL)\r\n* 2 FETCH (UID 12 BODY[] {5}\r\nother)\r\nTAG OK\r\n";
    let empty = "* 1 FETCH (UID 11 BODY[] {0}\r\n)\r\n* 2 FETCH (UID 12 BODY[] {5}\r\nother)\r\nTAG OK\r\n";
    for text in [other, nil, empty] {
        let liar = Liar::with(&[("UID FETCH", Act::Say(text))]).await;
        let mut session = liar.open().await;
        let look = session.list().await.unwrap();
        let fetch = session.fetch(&look.ready).await.unwrap();
        assert_eq!((fetch.fetched.len(), fetch.vanished.len(), fetch.failed.len()), (1, 0, 1), "{text:?}");
        let gone = [("UID FETCH", Act::Say(text)), ("UID SEARCH UID 11", Act::Say("TAG OK\r\n"))];
        let liar = Liar::with(&gone).await;
        let mut session = liar.open().await;
        let look = session.list().await.unwrap();
        let fetch = session.fetch(&look.ready).await.unwrap();
        assert_eq!((fetch.fetched.len(), fetch.vanished.len(), fetch.failed.len()), (1, 1, 0), "{text:?}");
    }
}

#[tokio::test]
async fn a_large_mail_comes_in_pieces_up_to_the_servers_own_end() {
    let listed = Act::Say("* 1 FETCH (UID 11 RFC822.SIZE 5000000)\r\n* 2 FETCH (UID 12 RFC822.SIZE 26214401)\r\nTAG OK\r\n");
    let piece = format!("* 1 FETCH (UID 11 BODY[]<0> {{262144}}\r\n{})\r\nTAG OK\r\n", "x".repeat(262_144));
    let rules = vec![
        ("FETCH", listed.clone()),
        ("UID FETCH 11 (UID BODY.PEEK[]<0.", Act::SayLong(piece.clone())),
        ("UID FETCH 11 (UID BODY.PEEK[]<262144.", Act::Say("* 1 FETCH (UID 11 BODY[]<262144> {3}\r\nend)\r\nTAG OK\r\n")),
        ("UID FETCH 11 (UID BODY.PEEK[]<262147.", Act::Say("* 1 FETCH (UID 11 BODY[]<262147> {0}\r\n)\r\nTAG OK\r\n")),
    ];
    let liar = Liar::with(&rules).await;
    let mut session = liar.open().await;
    let look = session.list().await.unwrap();
    let fetch = session.fetch(&look.ready).await.unwrap();
    assert_eq!(fetch.fetched[0].bytes.len(), 262_147);
    assert!(fetch.failed[0].error.is_permanent(), "26214401 bytes are one more than a mail may have");
    // A piece from elsewhere, or a server that never ends.
    let stuck = format!("* 1 FETCH (UID 11 BODY[]<0> {{262144}}\r\n{})\r\nTAG OK\r\n", "x".repeat(262_144));
    let liar = Liar::with(&[("FETCH", listed), ("UID FETCH 11", Act::SayLong(stuck))]).await;
    let mut session = liar.open().await;
    let look = session.list().await.unwrap();
    assert!(session.fetch(&look.ready).await.is_err());
}

#[tokio::test]
async fn ok_is_no_proof_that_a_mail_was_moved() {
    let no_move = ("CAPABILITY", Act::Say("* CAPABILITY IMAP4rev1 UIDPLUS\r\nTAG OK done\r\n"));
    let copied = ("UID COPY", Act::Say("TAG OK [COPYUID 9 11 1] done\r\n"));
    let bad: Vec<Vec<Rule>> = vec![
        vec![("UID MOVE", Act::Say("TAG OK nothing done\r\n"))],
        vec![("UID MOVE", Act::Say("TAG NO [OVERQUOTA] full\r\n"))],
        vec![("UID MOVE", Act::Say("TAG NO [TRYCREATE] no folder\r\n"))],
        vec![("UID MOVE", Act::Say("TAG NO [TRYCREATE] no folder\r\n")), ("CREATE", Act::Say("TAG BAD\r\n"))],
        vec![no_move.clone(), copied.clone()],
        vec![no_move.clone(), copied.clone(), ("UID STORE", Act::Say("TAG NO\r\n"))],
        vec![no_move.clone(), copied.clone(), ("UID EXPUNGE", Act::Say("TAG NO\r\n"))],
        vec![no_move.clone(), ("UID COPY", Act::Say("TAG NO\r\n"))],
    ];
    for rules in bad {
        let liar = Liar::with(&rules).await;
        let mut session = liar.open().await;
        let look = session.list().await.unwrap();
        assert!(session.settle(&look.ready[0], Settle::Accepted).await.is_err(), "{rules:?}");
        assert!(!liar.heard(" EXPUNGE") || liar.heard("UID EXPUNGE 11"), "never a bare EXPUNGE");
    }
    let liar = Liar::with(&[no_move, copied, ("UID SEARCH UID 11", Act::Say("* SEARCH\r\nTAG OK\r\n"))]).await;
    let mut session = liar.open().await;
    let look = session.list().await.unwrap();
    session.settle(&look.ready[0], Settle::Accepted).await.unwrap();
    assert!(liar.heard("UID STORE 11 +FLAGS.SILENT (\\Deleted)") && liar.heard("UID EXPUNGE 11"));

    let neither = Liar::with(&[("CAPABILITY", Act::Say("* CAPABILITY IMAP4rev1\r\nTAG OK\r\n"))]).await;
    assert!(ImapSession::open(&neither.imap).await.unwrap_err().is_permanent());
}

#[tokio::test]
async fn a_search_that_failed_has_not_found_nothing() {
    for act in
        [Act::Say("TAG NO\r\n"), Act::Say("TAG BAD\r\n"), Act::SayAndClose("* SEARCH 1\r\n"), Act::Say("* BYE\r\nTAG OK\r\n")]
    {
        for verb in ["UID SEARCH", "EXAMINE"] {
            let liar = Liar::with(&[(verb, act.clone())]).await;
            let found = liar.open().await.find_message_ids("Journal", &["<a@b>".into()]).await;
            assert!(found.is_err(), "{verb} {act:?}: {found:?}");
        }
    }
    let liar = Liar::with(&[]).await;
    let mut session = liar.open().await;
    assert!(session.find_message_ids("Journal", &["<a@b>".into()]).await.unwrap().is_empty());
    for bad in ["<a>\r\nA1 DELETE INBOX", "a@b", "<a\"b>"] {
        let error = session.find_message_ids("Journal", &[bad.into()]).await.unwrap_err();
        assert!(error.is_permanent());
    }
    assert!(session.find_message_ids("x\r\nA1 DELETE INBOX", &[]).await.is_err());
    assert!(!liar.heard("DELETE"));
}

#[tokio::test]
async fn idle_ends_well_or_with_an_error() {
    for (said, woke) in
        [("+ idling\r\n* 3 EXISTS\r\n", Woke::NewMail), ("+ idling\r\n* OK Still here\r\n* 1 EXPUNGE\r\n", Woke::Timeout)]
    {
        // DONE has no tag of its own: it ends the fifth command, IDLE.
        let liar = Liar::with(&[("IDLE", Act::Say(said)), ("DONE", Act::Say("A0005 OK done\r\n"))]).await;
        let mut session = liar.open().await;
        session.list().await.unwrap();
        assert_eq!(session.wait(Duration::from_millis(200)).await.unwrap(), woke);
        session.list().await.unwrap();
    }
    for act in [
        Act::Say("TAG NO\r\n"),
        Act::Say("TAG BAD\r\n"),
        Act::Say("TAG OK already over\r\n"),
        Act::SayAndClose(""),
        Act::SayAndClose("+ idling\r\n"),
        Act::Say("+ idling\r\n* BYE too long\r\n"),
    ] {
        let liar = Liar::with(&[("IDLE", act.clone())]).await;
        let mut session = liar.open().await;
        session.list().await.unwrap();
        let waited = session.wait(Duration::from_secs(20)).await;
        assert!(waited.is_err(), "{act:?}: {waited:?}");
    }
}

#[tokio::test]
async fn nothing_secret_is_said_before_tls() {
    let strip = |answer: &'static str| vec![("STARTTLS", Act::Say(answer))];
    for rules in [
        strip("TAG NO no such thing\r\n"),
        strip("TAG BAD no such thing\r\n"),
        // Bytes of one in the middle, to be taken for the encrypted server's.
        strip("TAG OK go\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nB2 OK done\r\n"),
        vec![(GREETING, Act::Say("* PREAUTH welcome\r\n"))],
        vec![(GREETING, Act::Say("* BYE full\r\n"))],
        vec![(GREETING, Act::SayAndClose(""))],
        vec![(GREETING, Act::SayLong("* OK".repeat(100_000)))],
    ] {
        let mut liar = Liar::with(&rules).await;
        liar.imap.tls.mode = TlsMode::StartTls;
        assert!(ImapSession::open(&liar.imap).await.is_err(), "{rules:?}");
        assert!(!liar.heard("LOGIN") && !liar.heard("AUTHENTICATE"), "{rules:?}");
    }
}

#[tokio::test]
async fn faults_tell_neither_password_nor_mail() {
    let echo: Vec<Vec<Rule>> = vec![
        vec![("LOGIN", Act::Say("TAG NO wrong: anna hidden-word\r\n"))],
        vec![("LOGIN", Act::Say("TAG BAD anna hidden-word\r\n"))],
        vec![("LOGIN", Act::Say("hidden-word not IMAP at all \0\r\n"))],
    ];
    for rules in echo {
        let liar = Liar::with(&rules).await;
        let error = ImapSession::open(&liar.imap).await.unwrap_err();
        assert!(!format!("{error:?}").contains("hidden-word"), "{error:?}");
    }
    let liar = Liar::with(&[("UID FETCH", Act::Say("* 1 FETCH (UID 11 BODY[] {5}\r\nfirst}}broken\r\n"))]).await;
    let mut session = liar.open().await;
    let look = session.list().await.unwrap();
    let error = session.fetch(&look.ready).await.unwrap_err();
    assert!(!format!("{error:?}").contains("first"), "{error:?}");
}

#[tokio::test]
async fn a_refused_login_is_not_repeated_at_once() {
    for (answer, patient) in
        [("TAG NO [AUTHENTICATIONFAILED] x\r\n", true), ("TAG NO x\r\n", true), ("TAG NO [UNAVAILABLE] x\r\n", false)]
    {
        let liar = Liar::with(&[("LOGIN", Act::Say(answer))]).await;
        let error = ImapSession::open(&liar.imap).await.unwrap_err();
        let ChannelError::Temporary { retry_after, .. } = error else { panic!("{error:?}") };
        assert_eq!(retry_after.is_some(), patient, "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_ends_in_an_error() {
    for (verb, opens) in [(GREETING, false), ("LOGIN", false), ("CAPABILITY", false), ("SELECT", true), ("IDLE", true)] {
        let liar = Liar::with(&[(verb, Act::Hang)]).await;
        let opened = tokio::time::timeout(Duration::from_mins(10), ImapSession::open(&liar.imap)).await.unwrap();
        assert_eq!(opened.is_ok(), opens, "{verb}");
        if let Ok(mut session) = opened {
            let both = async { session.list().await.and(session.wait(Duration::from_secs(30)).await) };
            assert!(tokio::time::timeout(Duration::from_mins(10), both).await.unwrap().is_err(), "{verb}");
        }
    }
}
