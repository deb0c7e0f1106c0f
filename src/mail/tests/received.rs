//! Messages as mail programs write them, and as attackers do: what is read, and what is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, reason = "tests")]

use oblik_domain::finding::Code;
use oblik_mail::{Intent, Kind, Message, Signed, classify, may_reply};

const OWN: &[&str] = &["acts@oblenergo.ua"];
const SIGNED_PDF: &str = "%PDF-1.7\n1 0 obj<</Type/Sig/ByteRange[0 1 2 3]>>endobj\n%%EOF\n";
const PLAIN_PDF: &str = "%PDF-1.7\nno signature\n%%EOF\n";

/// A frame of SignedData; `encloses` puts content inside.
fn cms(encloses: bool, salt: u8) -> String {
    let mut content = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01".to_vec();
    if encloses {
        content.extend([0xa0, 3, 4, 1, salt]);
    }
    let mut signed = vec![2, 1, 1, 0x31, 0, 0x30, u8::try_from(content.len()).unwrap()];
    signed.extend(content);
    signed.extend([0x31, 3, 2, 1, salt]);
    let mut all = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02".to_vec();
    all.extend([0xa0, u8::try_from(signed.len()).unwrap() + 2, 0x30, u8::try_from(signed.len()).unwrap()]);
    all.extend(signed);
    let mut der = vec![0x30, u8::try_from(all.len()).unwrap()];
    der.extend(all);
    base64(&der)
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().chain(&[0; 2]).take(3).fold(0_usize, |group, byte| group << 8 | usize::from(*byte));
        for at in 0..4 {
            let letter = ALPHABET[group >> (18 - 6 * at) & 63];
            text.push(if at <= chunk.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

fn part(header: &str, body: &str) -> String {
    format!("--b\r\n{header}\r\n\r\n{body}\r\n")
}

fn file(name: &str, media_type: &str, text: &str) -> String {
    let encoded = base64(text.as_bytes());
    encoded_file(name, media_type, &encoded)
}

fn encoded_file(name: &str, media_type: &str, encoded: &str) -> String {
    let header = format!(
        "Content-Type: {media_type}; name=\"{name}\"\r\nContent-Transfer-Encoding: base64\r\n\
Content-Disposition: attachment; filename=\"{name}\""
    );
    part(&header, encoded)
}

fn text(words: &str) -> String {
    part("Content-Type: text/plain; charset=utf-8", words)
}

fn mixed(parts: &[String]) -> String {
    format!(
        "From: Buh <buh@customer.ua>\r\nTo: acts@oblenergo.ua\r\nSubject: act\r\nMessage-ID: <1@customer.ua>\r\n\
MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n{}--b--\r\n",
        parts.concat()
    )
}

fn intent(raw: &str) -> Intent {
    classify(&Message::parse(raw.as_bytes()).expect("parses"), OWN)
}

fn why(raw: &str) -> Code {
    match intent(raw) {
        Intent::Nothing(findings) => findings[0].code,
        other => panic!("{other:?}"),
    }
}

fn signed(raw: &str) -> (Signed, Vec<String>) {
    match intent(raw) {
        Intent::Act(candidate) => (candidate.signed, candidate.ignored),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_signed_act_is_found_in_every_form() {
    let pdf = file("act.pdf", "application/pdf", SIGNED_PDF);
    let bare = file("act.pdf", "application/pdf", PLAIN_PDF);
    let xml = file("act.xml", "application/xml", "<?xml version=\"1.0\"?><act/>");
    let detached = |name: &str| encoded_file(name, "application/octet-stream", &cms(false, 1));
    let enclosing = |name: &str| encoded_file(name, "application/octet-stream", &cms(true, 1));
    let cases: Vec<(&str, Vec<String>, &str, &[&str])> = vec![
        ("pdf", vec![text("act"), pdf.clone()], "pdf", &[]),
        ("pdf twice", vec![pdf.clone(), pdf.clone()], "pdf", &[]),
        ("pdf and a note", vec![pdf.clone(), file("note.docx", "application/msword", "PK\x03\x04")], "pdf", &["note.docx"]),
        ("pdf and xml", vec![pdf.clone(), xml.clone()], "pdf", &["act.xml"]),
        ("pair by name", vec![xml.clone(), detached("act.xml.p7s")], "detached", &[]),
        ("pair by stem", vec![xml.clone(), detached("ACT.p7s")], "detached", &[]),
        ("the only pair", vec![xml.clone(), detached("podpis.p7s")], "detached", &[]),
        ("pair beside another pdf", vec![xml.clone(), bare.clone(), detached("act.xml.p7s")], "detached", &["act.pdf"]),
        ("a signed pdf in a pair", vec![pdf.clone(), detached("act.pdf.p7s")], "detached", &[]),
        ("a signed pdf and a stray signature", vec![pdf.clone(), detached("smime.p7s")], "pdf", &["smime.p7s"]),
        ("enclosing", vec![enclosing("act.pdf.p7s")], "enclosing", &[]),
        ("enclosing and its copy", vec![bare.clone(), enclosing("act.pdf.p7m")], "enclosing", &["act.pdf"]),
        ("enclosing and its signed copy", vec![pdf.clone(), enclosing("act.pdf.p7m")], "enclosing", &["act.pdf"]),
        (
            "two signatures over one act",
            vec![xml.clone(), detached("act.xml.p7s"), encoded_file("act.p7s", "application/pkcs7-signature", &cms(false, 2))],
            "detached",
            &["act.p7s"],
        ),
    ];
    for (case, parts, form, beside) in cases {
        let (signed, ignored) = signed(&mixed(&parts));
        let found = match signed {
            Signed::Pdf(_) => "pdf",
            Signed::Detached { .. } => "detached",
            Signed::Enclosing(_) => "enclosing",
            Signed::Asic(_) => "asic",
            Signed::SmimeSigned { .. } | Signed::SmimeEnclosing(_) => "smime",
        };
        assert_eq!((found, ignored), (form, beside.iter().map(|name| (*name).to_owned()).collect()), "{case}");
    }
}

#[test]
fn what_is_no_act_is_named() {
    let pdf = |salt: &str| file(&format!("{salt}.pdf"), "application/pdf", &format!("{SIGNED_PDF}{salt}"));
    let bare = file("act.pdf", "application/pdf", PLAIN_PDF);
    let photo = |size: usize| "\u{7f}".repeat(size);
    let jpeg = |disposition: &str, size: usize| {
        let mut bytes = b"\xff\xd8\xff\xe0".to_vec();
        bytes.extend(photo(size).bytes());
        part(
            &format!(
                "Content-Type: image/jpeg\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <1>\r\nContent-Disposition: {disposition}; filename=a.jpg"
            ),
            &base64(&bytes),
        )
    };
    let alone = encoded_file("act.pdf.p7s", "application/pkcs7-signature", &cms(false, 1));
    let pair = |salt: u8| {
        let content = format!("{PLAIN_PDF}{salt}");
        [
            file("act.pdf", "application/pdf", &content),
            encoded_file("act.pdf.p7s", "application/pkcs7-signature", &cms(false, salt)),
        ]
    };
    let two_pairs_named_alike = [pair(1), pair(2)].concat();
    let cases: Vec<(Vec<String>, Code)> = vec![
        (vec![text("САЛЬДО")], Code::MailNoAct),
        (vec![text("x"), jpeg("inline", 900)], Code::MailNoAct),
        (vec![text("x"), jpeg("inline", 90_000)], Code::MailPhoto),
        (vec![text("x"), jpeg("attachment", 900)], Code::MailPhoto),
        (vec![file("act.zip", "application/zip", "PK\x03\x04....")], Code::MailArchive),
        (vec![bare.clone()], Code::MailUnsigned),
        (vec![bare, file("a.jpg", "image/jpeg", "not a photo")], Code::MailUnsigned),
        (vec![file("act.pdf", "application/pdf", PLAIN_PDF.trim_end().trim_end_matches("%%EOF"))], Code::PdfBroken),
        (two_pairs_named_alike, Code::MailSeveralActs),
        (vec![alone.clone()], Code::MailSignatureAlone),
        (vec![alone.clone(), file("act.docx", "application/msword", "PK\x03\x04....")], Code::MailNoAct),
        (vec![pdf("a"), pdf("b")], Code::MailSeveralActs),
        (vec![pdf("a"), encoded_file("act.p7m", "application/octet-stream", &cms(true, 1))], Code::MailSeveralActs),
        (vec![file("act.pdf\u{202e}fdp.exe", "application/pdf", SIGNED_PDF)], Code::MailNoAct),
        (vec![file("act.pdf", "application/pdf", &format!("x{SIGNED_PDF}"))], Code::MailNoAct),
    ];
    for (parts, code) in cases {
        assert_eq!(why(&mixed(&parts)), code);
    }
    assert_eq!(why(&mixed(&[])), Code::MailNoAct);
}

#[test]
fn an_act_is_found_however_a_program_wraps_it() {
    let pdf = base64(SIGNED_PDF.as_bytes());
    let shapes = [
        // Outlook: alternative in related in mixed, name of the file in both fields and in koi8-u.
        (
            "outlook",
            format!(
                "Return-Path: <buh@customer.ua>\nFrom: =?koi8-u?B?4tXIx8HM1MXSpsE=?= <Buh@Customer.UA>\nTo: <acts@oblenergo.ua>\nSubject: =?koi8-u?B?4cvU?=\nThread-Index: AdA\nX-Mailer: Microsoft Outlook 16.0\nContent-Type: multipart/mixed;\n\tboundary=\"----=_NextPart_000_0001\"\nContent-Language: uk\n\nThis is a multipart message in MIME format.\n\n------=_NextPart_000_0001\nContent-Type: multipart/related;\n\tboundary=\"----=_NextPart_001_0002\"\n\n------=_NextPart_001_0002\nContent-Type: multipart/alternative;\n\tboundary=\"----=_NextPart_002_0003\"\n\n------=_NextPart_002_0003\nContent-Type: text/plain;\n\tcharset=\"koi8-u\"\nContent-Transfer-Encoding: quoted-printable\n\n=E1=CB=D4=20\n\n------=_NextPart_002_0003\nContent-Type: text/html; charset=koi8-u\n\n<p>x</p>\n------=_NextPart_002_0003--\n\n------=_NextPart_001_0002\nContent-Type: image/png; name=image001.png\nContent-Transfer-Encoding: base64\nContent-ID: <image001.png@01>\n\niVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA=\n\n------=_NextPart_001_0002--\n\n------=_NextPart_000_0001\nContent-Type: application/pdf;\n\tname=\"=?koi8-u?B?4cvU?=.pdf\"\nContent-Transfer-Encoding: base64\nContent-Disposition: attachment;\n\tfilename=\"=?koi8-u?B?4cvU?=.pdf\"\n\n{pdf}\n\n------=_NextPart_000_0001--\n"
            ),
        ),
        // Thunderbird: RFC 2231 in two pieces.
        (
            "thunderbird",
            format!(
                "Message-ID: <a@customer.ua>\r\nFrom: \"Бухгалтерія\" <buh@customer.ua>\r\nTo: acts@oblenergo.ua\r\nSubject: =?UTF-8?B?0JDQutGC?=\r\nContent-Type: multipart/mixed; boundary=\"------------1\"\r\n\r\nThis is a multi-part message in MIME format.\r\n--------------1\r\nContent-Type: text/plain; charset=UTF-8; format=flowed\r\nContent-Transfer-Encoding: 8bit\r\n\r\nАкт\r\n--------------1\r\nContent-Type: application/pdf; name=\"=?UTF-8?B?0JDQutGCLnBkZg==?=\"\r\nContent-Disposition: attachment; filename*0*=UTF-8''%D0%90%D0%BA;\r\n filename*1*=%D1%82%2E%70%64%66\r\nContent-Transfer-Encoding: base64\r\n\r\n{pdf}\r\n\r\n--------------1--\r\n"
            ),
        ),
        // Apple Mail: the file inline between two texts, its name in NFD.
        (
            "apple",
            format!(
                "From: Buh <buh@customer.ua>\nContent-Type: multipart/mixed; boundary=\"Apple-Mail=_1\"\nSubject: =?utf-8?Q?=D0=90=D0=BA=D1=82?=\nMime-Version: 1.0 (Mac OS X Mail 16.0)\nTo: acts@oblenergo.ua\n\n--Apple-Mail=_1\nContent-Transfer-Encoding: quoted-printable\nContent-Type: text/plain;\n\tcharset=utf-8\n\n=D0=90=D0=BA=D1=82\n\n--Apple-Mail=_1\nContent-Disposition: inline;\n\tfilename*=utf-8''%D0%90%D0%BA%D1%82.pdf\nContent-Type: application/pdf;\n\tx-unix-mode=0644;\n\tname=\"=?utf-8?B?0JDQutGCLnBkZg==?=\"\nContent-Transfer-Encoding: base64\n\n{pdf}\n--Apple-Mail=_1\nContent-Type: text/plain\n\n\n--Apple-Mail=_1--\n"
            ),
        ),
        // Gmail in a browser.
        (
            "gmail",
            format!(
                "MIME-Version: 1.0\r\nFrom: Buh <buh@customer.ua>\r\nTo: acts@oblenergo.ua\r\nSubject: =?UTF-8?B?0JDQutGC?=\r\nContent-Type: multipart/mixed; boundary=\"0000000000001\"\r\n\r\n--0000000000001\r\nContent-Type: multipart/alternative; boundary=\"0000000000000\"\r\n\r\n--0000000000000\r\nContent-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\n0JDQutGC\r\n--0000000000000\r\nContent-Type: text/html; charset=\"UTF-8\"\r\n\r\n<div dir=\"ltr\">x</div>\r\n--0000000000000--\r\n--0000000000001\r\nContent-Type: application/pdf; name=\"=?UTF-8?B?0JDQutGCLnBkZg==?=\"\r\nContent-Disposition: attachment; filename=\"=?UTF-8?B?0JDQutGCLnBkZg==?=\"\r\nContent-Transfer-Encoding: base64\r\nX-Attachment-Id: f_1\r\nContent-ID: <f_1>\r\n\r\n{pdf}\r\n--0000000000001--"
            ),
        ),
        // A forwarded message as an attachment.
        (
            "forwarded",
            format!(
                "From: buh@customer.ua\nTo: acts@oblenergo.ua\nSubject: Fwd: =?windows-1251?Q?=C0=EA=F2?=\nContent-Type: multipart/mixed; boundary=o\n\n--o\nContent-Type: text/plain\n\nsee\n--o\nContent-Type: message/rfc822\n\nFrom: dir@customer.ua\nSubject: x\nContent-Type: application/pdf; name*=windows-1251''%C0%EA%F2.pdf\nContent-Transfer-Encoding: base64\n\n{pdf}\n--o--\n"
            ),
        ),
    ];
    for (program, raw) in shapes {
        let message = Message::parse(raw.as_bytes()).unwrap();
        assert_eq!(message.from, "buh@customer.ua", "{program}");
        assert!(message.subject.ends_with("Акт"), "{program}: {}", message.subject);
        let Intent::Act(candidate) = classify(&message, OWN) else { panic!("{program}") };
        let Signed::Pdf(pdf) = candidate.signed else { panic!("{program}") };
        assert_eq!((pdf.name.as_str(), pdf.bytes.as_slice()), ("Акт.pdf", SIGNED_PDF.as_bytes()), "{program}");
        assert!(candidate.ignored.is_empty(), "{program}: {:?}", candidate.ignored);
    }
}

#[test]
fn a_subject_in_raw_cyrillic_bytes_is_read() {
    for (charset, bytes) in
        [("1251", b"\xcf\xee\xea\xe0\xe7\xe0\xed\xed\xff".as_slice()), ("koi8", b"\xf0\xcf\xcb\xc1\xda\xc1\xce\xce\xd1")]
    {
        let raw = [b"From: a@x.ua\r\nSubject: ".as_slice(), bytes, b"\r\n\r\n", bytes].concat();
        let message = Message::parse(&raw).unwrap();
        assert_eq!((message.subject.as_str(), message.fresh_text.as_str()), ("Показання", "Показання"), "{charset}");
    }
}

#[test]
fn a_forged_from_is_read_in_one_way_or_refused() {
    let with = |from: &str| Message::parse(format!("{from}\r\nSubject: x\r\n\r\nx").as_bytes());
    // Two From fields; group; two addresses; an encoded word where the address must be; nothing.
    for from in [
        "From: ceo@customer.ua\r\nFrom: evil@x.ua",
        "From : ceo@customer.ua\r\nFrom: evil@x.ua",
        "From: customers: ceo@customer.ua;",
        "From: ceo@customer.ua, evil@x.ua",
        "From: =?utf-8?Q?ceo=40customer.ua?=",
        "From: ceo@customer.ua <evil@x.ua>",
        "From:",
        "Sender: ceo@customer.ua",
        "From: evil@x.ua\r\nSender: a@x\r\nSender: b@x",
    ] {
        assert_eq!(with(from).unwrap_err().code, Code::MailAmbiguous, "{from}");
    }
    // A display name that looks like an address, Sender beside From, a unicode local part: never the registered address.
    for from in [
        "From: \"ceo@customer.ua\" <evil@x.ua>",
        "From: =?utf-8?B?Y2VvQGN1c3RvbWVyLnVh?= <evil@x.ua>",
        "From: evil@x.ua\r\nSender: ceo@customer.ua\r\nReply-To: ceo@customer.ua",
        "From: \"ceo@customer.ua\\\" <x@y>\" <evil@x.ua>",
        "From: (ceo@customer.ua) evil@x.ua",
    ] {
        assert_eq!(with(from).unwrap().from, "evil@x.ua", "{from}");
    }
    assert_ne!(with("From: сео@customer.ua").unwrap().from, "ceo@customer.ua");
}

#[test]
fn a_structure_that_can_be_read_in_two_ways_is_refused() {
    let head = "From: a@x.ua\r\nSubject: x\r\n";
    let cases = [
        format!("{head}Content-Type: text/plain\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nx"),
        format!("{head}Content-Type: multipart/mixed; boundary=a; boundary=b\r\n\r\n--a\r\n\r\nx\r\n--a--"),
        format!(
            "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\nx\r\n--b--"
        ),
        format!(
            "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\n\r\nx\r\n--b--"
        ),
        format!(
            "{head}Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--"
        ),
        format!(
            "{head}Content-Type: multipart/signed; protocol=\"application/pkcs7-signature\"; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--"
        ),
        format!("{head}Subject: y\r\n\r\nx"),
    ];
    for raw in cases {
        assert_eq!(Message::parse(raw.as_bytes()).unwrap_err().code, Code::MailAmbiguous, "{raw}");
    }
    assert_eq!(Message::parse(b"").unwrap_err().code, Code::MailUnreadable);
    assert_eq!(Message::parse(b"no header at all").unwrap_err().code, Code::MailUnreadable);
}

#[test]
fn a_machine_is_never_answered() {
    let signs = [
        "Return-Path: <>",
        "Auto-Submitted: auto-replied",
        "Auto-Submitted: auto-generated (vacation)",
        "Precedence: bulk",
        "Precedence: list",
        "Precedence: JUNK",
        "List-Id: <x.example>",
        "List-Unsubscribe: <mailto:x@y>",
        "X-Auto-Response-Suppress: DR, OOF, AutoReply",
        "X-Auto-Response-Suppress: All",
        "X-Loop: a@x",
        "X-Autoreply: yes",
        "X-Apple-Action: VACATION/7",
        "X-MS-Exchange-Inbox-Rules-Loop: a@x",
        "X-Oblik-Id: 1",
        "X-Failed-Recipients: a@x",
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b",
        "Subject: Автоматична відповідь: відпустка",
        "Subject: =?utf-8?B?0JDQstGC0L7QvtGC0LLQtdGCOiB4?=",
        "Sender: MAILER-DAEMON@mx.ua",
    ];
    let with = |line: &str| {
        let subject = if line.starts_with("Subject") { "" } else { "Subject: x\r\n" };
        Message::parse(format!("{line}\r\nFrom: a@x.ua\r\n{subject}\r\nx").as_bytes()).unwrap()
    };
    for line in signs {
        assert_eq!(may_reply(&with(line), OWN).unwrap_err().code, Code::MailFromMachine, "{line}");
        assert!(matches!(classify(&with(line), OWN), Intent::Machine(_)), "{line}");
    }
    for line in [
        "Return-Path: <a@x.ua>",
        "Auto-Submitted: no",
        "Precedence: normal",
        "X-Auto-Response-Suppress: DR, RN",
        "Subject: Re: Автоматична відповідь потрібна",
    ] {
        assert_eq!(may_reply(&with(line), OWN), Ok(()), "{line}");
    }
    let from = |address: &str| Message::parse(format!("From: {address}\r\n\r\nx").as_bytes()).unwrap();
    for address in [
        "ACTS@oblenergo.ua",
        "acts+token@oblenergo.ua",
        "no-reply@x.ua",
        "MAILER-DAEMON@x.ua",
        "postmaster@x.ua",
        "bounce-1@x.ua",
    ] {
        assert!(may_reply(&from(address), OWN).is_err(), "{address}");
    }
    assert!(may_reply(&from("acts@x.ua"), OWN).is_ok());
    let hops = "Received: from a by b\r\n".repeat(31);
    assert!(may_reply(&with(hops.trim_end()), OWN).is_err());
}

#[test]
fn a_bounce_names_our_letter_and_its_fate() {
    let raw = "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.ua\r\nSubject: Undelivered\r\nAuto-Submitted: auto-replied\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nnotification\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.ua\r\n\r\nFinal-Recipient: rfc822; new@customer.ua\r\nOriginal-Recipient: rfc822;buh@customer.ua\r\nAction: failed\r\nStatus: 5.1.1 (no such)\r\n\r\nFinal-Recipient: rfc822; two@customer.ua\r\nAction: delayed\r\nStatus: 4.0.0\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <oblik.1@oblenergo.ua>\r\nX-Oblik-Id: letter-7\r\nSubject: x\r\nFrom: acts@oblenergo.ua\r\n\r\nx\r\n--b--\r\n";
    for raw in [raw.to_owned(), raw.replace("message/rfc822", "text/rfc822-headers")] {
        let Intent::Dsn(dsn) = intent(&raw) else { panic!() };
        assert_eq!(dsn.message_id.as_deref(), Some("<oblik.1@oblenergo.ua>"));
        assert!(dsn.failed());
        assert_eq!(dsn.oblik_id.as_deref(), Some("letter-7"));
        let told: Vec<_> =
            dsn.recipients.iter().map(|r| (r.address.as_str(), format!("{:?}", r.action), r.status.as_str())).collect();
        assert_eq!(told, [("buh@customer.ua", "Failed".to_owned(), "5.1.1"), ("two@customer.ua", "Delayed".to_owned(), "4.0.0")]);
    }
}

#[test]
fn a_delay_is_no_failure() {
    let raw = "From: MAILER-DAEMON@mx.ua\r\nContent-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.ua\r\n\r\nFinal-Recipient: rfc822; a@x.ua\r\nAction: delayed\r\nStatus: 4.4.1\r\n--b--\r\n";
    let Intent::Dsn(dsn) = intent(raw) else { panic!() };
    assert!(!dsn.failed() && dsn.message_id.is_none());
}

#[test]
fn an_attachment_of_a_machine_is_still_found_when_asked_for() {
    let raw =
        mixed(&[file("act.pdf", "application/pdf", SIGNED_PDF)]).replace("Subject: act", "Subject: act\r\nPrecedence: bulk");
    let message = Message::parse(raw.as_bytes()).unwrap();
    assert!(matches!(classify(&message, OWN), Intent::Machine(_)));
    assert!(oblik_mail::signed_act(&message).is_ok());
}

#[test]
fn names_tell_nothing_but_a_label() {
    let raw = mixed(&[part(
        "Content-Type: application/pdf; name=\"b.pdf\"\r\nContent-Disposition: attachment; filename=\"../../etc/пас\u{202e}.pdf\"; filename*=utf-8''..%2F..%2Fc%00.pdf",
        SIGNED_PDF,
    )]);
    let message = Message::parse(raw.as_bytes()).unwrap();
    let pdf = message.parts.iter().find(|part| matches!(part.kind, Kind::Pdf { .. })).unwrap();
    assert!(!pdf.name.contains(['/', '\\', '\0', '\u{202e}']), "{}", pdf.name);
}
