//! Whatever arrives, reading it ends soon and never panics (T9, T26).
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::time::{Duration, Instant};

use oblik_domain::finding::Code;
use oblik_mail::{Message, act_within, classify};
use proptest::prelude::*;

const HEAD: &str = "From: a@x.ua\r\nSubject: x\r\n";

/// What [`Message::parse`] says within a time that even a busy machine keeps.
fn refused(raw: &[u8]) -> Code {
    let start = Instant::now();
    let code = Message::parse(raw).unwrap_err().code;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    code
}

#[test]
fn messages_nested_fifty_thousand_deep_are_refused_at_once() {
    let nested = "Content-Type: message/rfc822\r\n\r\n".repeat(50_000);
    assert_eq!(refused(format!("{HEAD}{nested}").as_bytes()), Code::MailTooLarge);
    let level = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
    let deep = (0..1000).map(level).collect::<Vec<_>>().concat();
    assert_eq!(refused(format!("{HEAD}{deep}").as_bytes()), Code::MailTooLarge);
}

#[test]
fn the_deepest_message_fits_a_small_stack() {
    let level = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n");
    let raw = format!("{HEAD}{}\r\nx", (0..10).map(level).collect::<Vec<_>>().concat());
    let reader = std::thread::Builder::new().stack_size(256 * 1024);
    assert!(reader.spawn(move || Message::parse(raw.as_bytes()).is_ok()).unwrap().join().unwrap());
}

#[test]
fn ten_levels_are_read_and_eleven_are_not() {
    let nested = |levels: usize| format!("{HEAD}{}x", "Content-Type: message/rfc822\r\n\r\n".repeat(levels));
    assert!(Message::parse(nested(10).as_bytes()).is_ok());
    assert_eq!(refused(nested(11).as_bytes()), Code::MailTooLarge);
}

#[test]
fn a_million_parts_are_refused_at_once() {
    let parts = |count: usize| {
        format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--", "--b\r\n\r\nx\r\n".repeat(count))
    };
    assert!(Message::parse(parts(99).as_bytes()).is_ok());
    assert_eq!(refused(parts(100).as_bytes()), Code::MailTooLarge);
    assert_eq!(refused(parts(1_000_000).as_bytes()), Code::MailTooLarge);
}

#[test]
fn a_long_header_and_a_large_message_are_refused() {
    assert_eq!(refused(format!("{HEAD}{}\r\n\r\nx", "X: y\r\n".repeat(100_000)).as_bytes()), Code::MailTooLarge);
    assert_eq!(refused(&"a:\n".repeat(8_000_000).into_bytes()), Code::MailTooLarge);
    assert_eq!(refused(&vec![b'x'; 25 * 1024 * 1024 + 1]), Code::MailTooLarge);
    let part =
        format!("{HEAD}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{}\r\n\r\nx\r\n--b--", "X: y\r\n".repeat(100_000));
    assert_eq!(refused(part.as_bytes()), Code::MailTooLarge);
}

#[test]
fn costly_fields_cost_little() {
    for piece in ["=?", "=?a?b?", "=?utf-8?B?", "<", "(", "\"", "a@x,", "\\", "=?u?Q?=?= "] {
        for field in ["From", "Subject", "References", "Content-Type", "Authentication-Results"] {
            let other = if field == "From" { "" } else { "From: a@x.ua\r\n" };
            let raw = format!("{other}{field}: {}\r\n\r\nx", piece.repeat(90_000 / piece.len()));
            let start = Instant::now();
            if let Ok(message) = Message::parse(raw.as_bytes()) {
                message.dmarc_pass("mx");
            }
            assert!(start.elapsed() < Duration::from_secs(2), "{field} {piece} {:?}", start.elapsed());
        }
    }
}

#[test]
fn a_large_message_of_long_lines_is_read_in_time() {
    let body = "<b>&amp;\r\n--b".repeat(2_000_000);
    let raw = format!(
        "{HEAD}Content-Type: multipart/alternative; boundary=bb\r\n\r\n--bb\r\nContent-Type: text/html\r\n\r\n{body}\r\n--bb--"
    );
    let start = Instant::now();
    assert!(Message::parse(raw.as_bytes()).is_ok());
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
}

const SEED: &[u8] = b"Return-Path: <a@x.ua>\r\nAuthentication-Results: mx.ua; dmarc=pass (p=none) header.from=x.ua\r\nFrom: =?utf-8?B?0JDQutGC?= <a@x.ua>\r\nTo: b@y.ua\r\nSubject: =?koi8-u?Q?=E1=CB=D4?=\r\nMessage-ID: <1@x.ua>\r\nReferences: <2@x.ua> <3@x.ua>\r\nContent-Type: multipart/mixed; boundary=\"m\"\r\n\r\n--m\r\nContent-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=s\r\n\r\n--s\r\nContent-Type: application/pdf; name*0*=utf-8''%D0; name*1*=%90.pdf\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n%PDF-1.7 /ByteRange =3D\r\n--s\r\nContent-Type: application/pkcs7-signature\r\nContent-Transfer-Encoding: base64\r\n\r\nMIAGCSqGSIb3DQEHAqCAMIACAQExADCABgkqhkiG9w0BBwGggA==\r\n--s--\r\n--m\r\nContent-Type: text/html\r\n\r\n<p>x &amp; <blockquote>y</blockquote>\r\n--m\r\nContent-Type: message/rfc822\r\n\r\nFrom: c@z.ua\r\n\r\nhello\r\n--m--\r\n";

fn read(raw: &[u8]) {
    if let Ok(message) = Message::parse(raw) {
        let _ = classify(&message, &["own@y.ua"]);
        message.dmarc_pass("mx.ua");
    }
    let _ = act_within(raw);
}

#[test]
fn the_seed_is_a_message() {
    assert!(Message::parse(SEED).unwrap().dmarc_pass("mx.ua"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn random_bytes_never_panic(raw in proptest::collection::vec(any::<u8>(), 0..600)) {
        read(&raw);
        read(&[HEAD.as_bytes(), &raw].concat());
        let _ = oblik_mail::headers::decode_text(&raw);
        let _ = oblik_mail::headers::addresses(&raw);
    }

    #[test]
    fn mutated_messages_never_panic(
        edits in proptest::collection::vec((0..SEED.len(), any::<u8>(), 0..4_u8), 1..12),
        cut in 0..SEED.len(),
    ) {
        let mut raw = SEED.to_vec();
        for (at, byte, how) in edits {
            let at = at % raw.len().max(1);
            match how {
                0 => raw[at] = byte,
                1 => raw.insert(at, byte),
                2 => { raw.remove(at); }
                _ => { let tail = raw[at..].to_vec(); raw.extend(tail); raw.truncate(20_000); }
            }
        }
        read(&raw);
        raw.truncate(cut.max(1));
        read(&raw);
    }

    #[test]
    fn random_letters_of_the_grammar_never_panic(text in "[-=?;:<>()\"@\\\\a-cA-C /\\r\\n\\t%'*0-9Жї]{0,300}") {
        read(format!("From: {text}\r\nContent-Type: {text}\r\nSubject: {text}\r\n\r\n{text}").as_bytes());
        read(format!("{HEAD}Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n{text}\r\n--a--").as_bytes());
        let _ = oblik_mail::fresh::fresh(&text);
        let _ = oblik_mail::reply_subject(&text, "x");
    }
}
