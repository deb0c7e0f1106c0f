//! Faults at every verb, by a scripted server: which of them leave a letter in doubt, and none other does.

use std::time::Duration;

use oblik_channels::smtp::{Envelope, Outcome, Patience, Phase, SmtpConnection, SmtpError, SmtpPool};
use oblik_config::{Smtp, Tls, TlsMode};
use oblik_test_servers::smtp_script::{Act, ScriptedSmtp, Verb};

const LETTER: &[u8] = b"Message-ID: <1@test.local>\r\nSubject: one\r\n\r\ntext\r\n";

/// Short enough for a test that waits for its end, long enough for a busy machine.
fn patience() -> Patience {
    let second = Duration::from_millis(700);
    Patience { greeting: second, command: second, data: second, block: second, final_dot: second, ..Patience::STANDARD }
}

fn settings(server: &ScriptedSmtp) -> Smtp {
    Smtp {
        host: "127.0.0.1".into(),
        port: server.port(),
        tls: Tls { mode: TlsMode::None, ca_file: None },
        user: None,
        password: None,
        connections: 2,
        journal_address: None,
        journal_mailbox: None,
        journal_wait: Duration::from_mins(15),
    }
}

fn envelope() -> Envelope {
    Envelope { from: "bills@test.local".into(), to: vec!["a@test.local".into(), "b@test.local".into()] }
}

async fn send(server: &ScriptedSmtp, letter: &[u8]) -> Result<(), SmtpError> {
    let mut connection = SmtpConnection::open_with(&settings(server), patience()).await?;
    connection.begin(&envelope(), 60).await?;
    connection.data(letter).await.map(drop)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Transient(u16),
    Permanent(u16),
    Lost,
    TimedOut,
}

fn kind(error: &SmtpError) -> Kind {
    match &error.outcome {
        Outcome::Transient(reply) => Kind::Transient(reply.code),
        Outcome::Permanent(reply) => Kind::Permanent(reply.code),
        Outcome::Lost(_) => Kind::Lost,
        Outcome::TimedOut => Kind::TimedOut,
        Outcome::Unfit(why) => panic!("{why}"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certain {
    NothingLeft,
    InDoubt,
}

#[tokio::test]
async fn a_letter_is_in_doubt_only_between_its_final_dot_and_the_reply() {
    use Certain::{InDoubt, NothingLeft};
    use Kind::{Lost, Permanent, TimedOut, Transient};
    let rcpt = || Phase::Recipient("a@test.local".into());
    let cyrillic = |code: &str| Act::Say([code.as_bytes(), b" \xc2\xb3\xe4\xec\xee\xe2\xe0\r\n"].concat());
    #[rustfmt::skip]
    let table = vec![
        (Verb::Greeting, Act::Close, Phase::Greeting, Lost, NothingLeft),
        (Verb::Greeting, Act::Hang, Phase::Greeting, TimedOut, NothingLeft),
        (Verb::Greeting, Act::reply("421 busy"), Phase::Greeting, Transient(421), NothingLeft),
        (Verb::Greeting, Act::reply("554 go away"), Phase::Greeting, Permanent(554), NothingLeft),
        (Verb::Greeting, Act::reply("SSH-2.0-x"), Phase::Greeting, Lost, NothingLeft),
        (Verb::Greeting, Act::Say(vec![b'2'; 100_000]), Phase::Greeting, Lost, NothingLeft),
        (Verb::Greeting, Act::Say(b"220-more\r\n".repeat(1000)), Phase::Greeting, Lost, NothingLeft),
        (Verb::Ehlo, Act::Close, Phase::Hello, Lost, NothingLeft),
        (Verb::Ehlo, Act::Hang, Phase::Hello, TimedOut, NothingLeft),
        (Verb::Ehlo, Act::reply("502 what"), Phase::Hello, Permanent(502), NothingLeft),
        (Verb::Mail, Act::Close, Phase::Mail, Lost, NothingLeft),
        (Verb::Mail, Act::Hang, Phase::Mail, TimedOut, NothingLeft),
        (Verb::Mail, Act::reply("452 disk"), Phase::Mail, Transient(452), NothingLeft),
        (Verb::Mail, Act::reply("550 sender"), Phase::Mail, Permanent(550), NothingLeft),
        (Verb::Mail, Act::reply("354 go"), Phase::Mail, Lost, NothingLeft),
        (Verb::Rcpt, Act::Close, rcpt(), Lost, NothingLeft),
        (Verb::Rcpt, Act::Hang, rcpt(), TimedOut, NothingLeft),
        (Verb::Rcpt, Act::reply("450 grey"), rcpt(), Transient(450), NothingLeft),
        (Verb::Rcpt, Act::reply("550 nobody"), rcpt(), Permanent(550), NothingLeft),
        (Verb::Rcpt, cyrillic("550"), rcpt(), Permanent(550), NothingLeft),
        (Verb::Data, Act::Close, Phase::Data, Lost, NothingLeft),
        (Verb::Data, Act::Hang, Phase::Data, TimedOut, NothingLeft),
        (Verb::Data, Act::reply("451 later"), Phase::Data, Transient(451), NothingLeft),
        (Verb::Data, Act::reply("554 no"), Phase::Data, Permanent(554), NothingLeft),
        (Verb::Data, Act::reply("250 ok"), Phase::Data, Lost, NothingLeft),
        (Verb::Data, Act::reply("354 go\r\n250 early"), Phase::Body, Lost, NothingLeft),
        (Verb::Dot, Act::reply("451 later"), Phase::FinalDot, Transient(451), NothingLeft),
        (Verb::Dot, Act::reply("421 closing"), Phase::FinalDot, Transient(421), NothingLeft),
        (Verb::Dot, Act::reply("552 too large"), Phase::FinalDot, Permanent(552), NothingLeft),
        (Verb::Dot, cyrillic("554"), Phase::FinalDot, Permanent(554), NothingLeft),
        (Verb::Dot, Act::SayAndClose(b"554 no\r\n".to_vec()), Phase::FinalDot, Permanent(554), NothingLeft),
        (Verb::Dot, Act::Close, Phase::FinalDot, Lost, InDoubt),
        (Verb::Dot, Act::Hang, Phase::FinalDot, TimedOut, InDoubt),
        (Verb::Dot, Act::AcceptAndClose, Phase::FinalDot, Lost, InDoubt),
        (Verb::Dot, Act::AcceptAndHang, Phase::FinalDot, TimedOut, InDoubt),
        (Verb::Dot, Act::SayAndClose(b"25".to_vec()), Phase::FinalDot, Lost, InDoubt),
        (Verb::Dot, Act::SayAndClose(b"250-half\r\n".to_vec()), Phase::FinalDot, Lost, InDoubt),
        (Verb::Dot, Act::reply("354 go"), Phase::FinalDot, Lost, InDoubt),
        (Verb::Dot, Act::reply("hello"), Phase::FinalDot, Lost, InDoubt),
    ];
    for (verb, act, phase, expected, certain) in table {
        let told = format!("{verb:?} {act:?}");
        let accepts = matches!(act, Act::AcceptAndClose | Act::AcceptAndHang);
        let server = ScriptedSmtp::with(verb, act);
        let error = send(&server, LETTER).await.expect_err(&told);
        assert_eq!((&error.phase, kind(&error)), (&phase, expected), "{told}");
        assert_eq!(error.in_doubt(), certain == InDoubt, "{told}");
        assert_eq!(error.nothing_left(), certain == NothingLeft, "{told}");
        assert_eq!(server.accepted().len(), usize::from(accepts), "{told}");
        assert!(!error.to_string().contains('@'), "an address would reach the log: {error}");
    }
}

#[tokio::test]
async fn a_server_that_stops_reading_the_text_has_not_accepted_it() {
    let large = [b"Subject: large\r\n\r\n".as_slice(), &b"0123456789\r\n".repeat(1_500_000)].concat();
    for (act, expected) in
        [(Act::Close, None), (Act::Hang, Some(Kind::TimedOut)), (Act::SayAndClose(b"552 5.3.4 too large\r\n".to_vec()), None)]
    {
        let server = ScriptedSmtp::with(Verb::Body, act);
        let error = send(&server, &large).await.unwrap_err();
        assert!(error.nothing_left(), "{error}");
        assert!(expected.is_none_or(|expected| kind(&error) == expected), "{error}");
        assert_eq!(server.accepted().len(), 0);
    }
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let server =
        ScriptedSmtp::start(|verb, _| if verb == Verb::Dot { Act::Slow(Duration::from_millis(300)) } else { Act::Usual });
    send(&server, LETTER).await.unwrap();
    assert_eq!(server.accepted(), [LETTER]);
}

#[tokio::test]
async fn one_refused_recipient_refuses_the_letter_and_frees_the_connection() {
    for (line, refused_for_good) in [("550 5.1.1 <b@test.local> nobody here", true), ("450 4.2.1 later", false)] {
        let server = ScriptedSmtp::start(move |verb, nth| match (verb, nth) {
            (Verb::Rcpt, 1) => Act::reply(line),
            _ => Act::Usual,
        });
        let mut connection = SmtpConnection::open_with(&settings(&server), patience()).await.unwrap();
        let error = connection.begin(&envelope(), 60).await.unwrap_err();
        assert_eq!(error.refused_recipient(), Some("b@test.local"));
        assert_eq!(error.letter_refused(), refused_for_good);
        assert!(!error.to_string().contains('@'), "{error}");
        assert!(connection.data(LETTER).await.is_err(), "no text without an envelope");

        assert!(connection.is_ready());
        connection.begin(&Envelope { to: vec!["a@test.local".into()], ..envelope() }, 60).await.unwrap();
        connection.data(LETTER).await.unwrap();
        let verbs: Vec<String> = server.commands().iter().map(|line| line[..4].to_owned()).collect();
        assert_eq!(verbs, ["EHLO", "MAIL", "RCPT", "RCPT", "RSET", "MAIL", "RCPT", "DATA"]);
        assert_eq!((server.accepted().len(), server.connections()), (1, 1));
    }
}

#[tokio::test]
async fn a_connection_whose_caller_stopped_waiting_is_never_used_again() {
    let server = ScriptedSmtp::start(|verb, nth| match (verb, nth) {
        (Verb::Dot, 0) => Act::Slow(Duration::from_millis(400)),
        (Verb::Dot, 1) => Act::reply("552 the second is refused"),
        _ => Act::Usual,
    });
    let pool = SmtpPool::new(settings(&server), patience());
    let mut first = pool.take().await.unwrap();
    first.begin(&envelope(), 60).await.unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(100), first.data(LETTER)).await.is_err());
    assert!(!first.is_ready());
    pool.give_back(first);

    let mut second = pool.take().await.unwrap();
    second.begin(&envelope(), 60).await.unwrap();
    let error = second.data(LETTER).await.unwrap_err();
    assert_eq!(kind(&error), Kind::Permanent(552), "the reply to another letter was taken for ours");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_pool_reuses_the_clean_and_lends_no_more_than_allowed() {
    let server = ScriptedSmtp::start(|_, _| Act::Usual);
    let pool = SmtpPool::new(Smtp { connections: 1, ..settings(&server) }, patience());
    for _ in 0..3 {
        let mut lent = pool.take().await.unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(50), pool.take()).await.is_err(), "only one is allowed");
        lent.begin(&envelope(), 60).await.unwrap();
        lent.data(LETTER).await.unwrap();
        pool.give_back(lent);
    }
    assert_eq!((server.connections(), server.accepted().len()), (1, 3));

    let mut lent = pool.take().await.unwrap();
    lent.begin(&envelope(), 60).await.unwrap();
    pool.give_back(lent);
    pool.take().await.unwrap();
    assert_eq!(server.connections(), 2, "one with an open transaction must not come back");
}

#[tokio::test]
async fn a_server_that_spoke_out_of_turn_is_not_believed() {
    let server = ScriptedSmtp::with(Verb::Rcpt, Act::reply("250 ok\r\n421 closing"));
    let error = send(&server, LETTER).await.unwrap_err();
    assert_eq!((kind(&error), error.phase), (Kind::Lost, Phase::Recipient("b@test.local".into())));
}

#[tokio::test]
async fn an_address_cannot_carry_a_command() {
    let server = ScriptedSmtp::start(|_, _| Act::Usual);
    let mut connection = SmtpConnection::open_with(&settings(&server), patience()).await.unwrap();
    for bad in ["a@b.c>\r\nRCPT TO:<x@y.z", "a@b.c\r\nDATA", "a@b.c> SIZE=1", "<a@b.c>", "a b@c.d", "a", "", "@", "a@b\n"] {
        let as_recipient = Envelope { from: "bills@test.local".into(), to: vec![bad.into()] };
        let error = connection.begin(&as_recipient, 60).await.unwrap_err();
        assert!(matches!(error.outcome, Outcome::Unfit(_)) && error.letter_refused(), "{bad:?}");
        if !bad.is_empty() {
            let as_sender = Envelope { from: bad.into(), to: vec!["a@test.local".into()] };
            assert!(matches!(connection.begin(&as_sender, 60).await.unwrap_err().outcome, Outcome::Unfit(_)), "{bad:?}");
        }
    }
    let abroad = Envelope { from: String::new(), to: vec!["пошта@test.local".into()] };
    assert!(matches!(connection.begin(&abroad, 60).await.unwrap_err().outcome, Outcome::Unfit(_)), "no SMTPUTF8 was offered");
    assert!(connection.begin(&envelope(), 1_000_001).await.unwrap_err().letter_refused(), "SIZE was 1000000");
    assert_eq!(server.commands().len(), 1, "only EHLO left");

    connection.begin(&Envelope { from: String::new(), ..envelope() }, 1_000_000).await.unwrap();
    assert_eq!(server.commands()[1], "MAIL FROM:<> SIZE=1000000 BODY=8BITMIME");
}

#[tokio::test]
async fn a_text_that_servers_read_differently_never_leaves() {
    let long = |octets: usize| [b"Subject: x\r\n\r\n".as_slice(), &vec![b'a'; octets], b"\r\n"].concat();
    for (text, fit) in [
        (b"a\r\n".to_vec(), true),
        (b"".to_vec(), false),
        (b"a".to_vec(), false),
        (b"a\n".to_vec(), false),
        (b"a\r\n\n.\nMAIL FROM:<x@y.z>\r\n".to_vec(), false),
        (b"a\r\r\n".to_vec(), false),
        (b"a\rb\r\n".to_vec(), false),
        (b"a\0b\r\n".to_vec(), false),
        (b"a\r\n.".to_vec(), false),
        (long(998), true),
        (long(999), false),
    ] {
        let server = ScriptedSmtp::start(|_, _| Act::Usual);
        let outcome = send(&server, &text).await;
        assert_eq!(outcome.is_ok(), fit, "{:?}", String::from_utf8_lossy(&text));
        if let Err(error) = outcome {
            assert!(error.nothing_left() && error.letter_refused());
            assert!(server.commands().iter().all(|line| line != "DATA"));
        } else {
            assert_eq!(server.accepted(), [text]);
        }
    }
}

#[tokio::test]
async fn eight_bits_leave_only_where_they_are_taken() {
    let server = ScriptedSmtp::with(Verb::Ehlo, Act::reply("250 old.test"));
    let error = send(&server, "Subject: x\r\n\r\nлист\r\n".as_bytes()).await.unwrap_err();
    assert!(matches!(error.outcome, Outcome::Unfit(_)) && error.nothing_left());
    send(&server, LETTER).await.unwrap();
    assert!(server.commands().contains(&"MAIL FROM:<bills@test.local>".to_owned()), "nothing is asked that was not offered");
}

#[tokio::test]
async fn a_server_without_starttls_or_with_early_words_gets_no_letter() {
    let offers = |reply: &'static str| {
        ScriptedSmtp::start(move |verb, _| match verb {
            Verb::Ehlo => Act::reply("250-script.test\r\n250 STARTTLS"),
            Verb::StartTls => Act::reply(reply),
            _ => Act::Usual,
        })
    };
    let plain = ScriptedSmtp::start(|_, _| Act::Usual);
    let table = [
        (plain, "does not offer STARTTLS"),
        (offers("220 go\r\n250 injected"), "connection lost"),
        (offers("454 not now"), "454"),
        (offers("220 go"), "connection lost"),
    ];
    for (server, told) in table {
        let tls = Tls { mode: TlsMode::StartTls, ca_file: None };
        let impatient = Patience { handshake: Duration::from_millis(300), ..patience() };
        let error = SmtpConnection::open_with(&Smtp { tls, ..settings(&server) }, impatient).await.err().unwrap();
        assert_eq!(error.phase, Phase::Tls, "{error}");
        assert!(error.to_string().contains(told), "{error} instead of {told}");
        assert!(server.commands().iter().all(|line| !line.starts_with("MAIL") && !line.starts_with("AUTH")));
    }
}
