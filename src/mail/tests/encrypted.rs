//! Encrypted mail and containers, as OpenSSL and mail programs write them: what is opened is read within the same bounds, and
//! nothing of it leaks into what is said without it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

use std::path::Path;
use std::process::{Command, Stdio};

use oblik_domain::finding::Code;
use oblik_mail::{Intent, Kind, Message, Signed, act_within, classify, signed_act};

const OWN: &[&str] = &["acts@oblenergo.ua"];
const HEAD: &str = "From: buh@customer.ua\r\nTo: acts@oblenergo.ua\r\nSubject: act\r\n";
const XML: &str = "<?xml version=\"1.0\"?><act/>";

/// A folder with two keys, when OpenSSL is there.
fn desk() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["signer", "ours", "other"] {
        let (key, certificate, subject) = (format!("{name}.key"), format!("{name}.pem"), format!("/CN={name}"));
        let new = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", &key, "-out", &certificate, "-subj", &subject];
        if !openssl(folder.path(), &new)? {
            return None;
        }
    }
    Some(folder)
}

fn openssl(folder: &Path, arguments: &[&str]) -> Option<bool> {
    let run = Command::new("openssl").args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if let Ok(status) = run {
        return Some(status.success());
    }
    println!("skipped: openssl is not installed");
    None
}

fn cms(folder: &Path, input: &[u8], arguments: &[&str]) -> Vec<u8> {
    std::fs::write(folder.join("in"), input).unwrap();
    let mut all = vec!["cms", "-in", "in", "-out", "out", "-binary"];
    all.extend(arguments);
    assert_eq!(openssl(folder, &all), Some(true), "{arguments:?}");
    std::fs::read(folder.join("out")).unwrap()
}

fn sign(folder: &Path, entity: &[u8], more: &[&str]) -> Vec<u8> {
    cms(folder, entity, &[&["-sign", "-signer", "signer.pem", "-inkey", "signer.key"], more].concat())
}

fn encrypt(folder: &Path, entity: &[u8], to: &str) -> Vec<u8> {
    cms(folder, entity, &["-encrypt", "-aes256", &format!("{to}.pem")])
}

/// What our key opens; OpenSSL is the opener, so that nothing of ours is needed.
fn opener(folder: &Path) -> impl Fn(&[u8]) -> Option<Vec<u8>> {
    let folder = folder.to_owned();
    move |cms| {
        std::fs::write(folder.join("cipher"), cms).unwrap();
        let arguments = [
            "cms", "-decrypt", "-binary", "-inform", "DER", "-in", "cipher", "-out", "plain", "-recip", "ours.pem", "-inkey",
            "ours.key",
        ];
        (openssl(&folder, &arguments)? && folder.join("plain").is_file()).then(|| std::fs::read(folder.join("plain")).unwrap())
    }
}

fn mail(entity: &[u8]) -> Vec<u8> {
    [HEAD.as_bytes(), entity].concat()
}

fn act_entity() -> Vec<u8> {
    format!(
        "Content-Type: application/xml; name=\"act.xml\"\r\nContent-Disposition: attachment; filename=\"act.xml\"\r\n\r\n{XML}\r\n"
    )
    .into_bytes()
}

fn found(folder: &Path, raw: &[u8]) -> Result<Signed, Vec<Code>> {
    let message = Message::parse_opening(raw, &opener(folder)).unwrap();
    let codes = |findings: Vec<oblik_domain::finding::Finding>| findings.iter().map(|finding| finding.code).collect();
    signed_act(&message).map(|candidate| candidate.signed).map_err(codes)
}

#[test]
fn an_act_signed_and_then_encrypted_is_found() {
    let Some(folder) = desk() else { return };
    let folder = folder.path();
    for more in [&["-crlfeol"][..], &["-nodetach"]] {
        let signed = sign(folder, &act_entity(), more);
        for rounds in 1..=2 {
            let mut raw = signed.clone();
            for _ in 0..rounds {
                raw = encrypt(folder, &raw, "ours");
            }
            match found(folder, &mail(&raw)).unwrap() {
                Signed::SmimeSigned { content, .. } => assert!(act_within(&content).unwrap().bytes.starts_with(XML.as_bytes())),
                Signed::SmimeEnclosing(part) => assert!(part.opened),
                other => panic!("{other:?}"),
            }
        }
        // Deeper than any program encrypts.
        let thrice = (0..3).fold(signed.clone(), |raw, _| encrypt(folder, &raw, "ours"));
        assert_eq!(found(folder, &mail(&thrice)).unwrap_err(), [Code::MailEncrypted]);
        // Without a key, with another's, and read without opening.
        let to_other = mail(&encrypt(folder, &signed, "other"));
        assert_eq!(found(folder, &to_other).unwrap_err(), [Code::MailEncrypted]);
        let Intent::Nothing(findings) = classify(&Message::parse(&to_other).unwrap(), OWN) else { panic!() };
        assert_eq!(findings[0].code, Code::MailEncrypted);
    }
}

#[test]
fn files_that_were_encrypted_alone_and_pairs_inside_are_found() {
    let Some(folder) = desk() else { return };
    let folder = folder.path();
    let enclosing = sign(folder, XML.as_bytes(), &["-nodetach", "-outform", "DER"]);
    let cipher = cms(folder, &enclosing, &["-encrypt", "-aes256", "-outform", "DER", "ours.pem"]);
    for (name, declared) in [("act.xml.p7s.p7e", "application/octet-stream"), ("act.p7m", "application/pkcs7-mime")] {
        let head =
            format!("Content-Type: {declared}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\r\n");
        let raw = mail(&[head.as_bytes(), &cipher].concat());
        assert!(matches!(found(folder, &raw), Ok(Signed::Enclosing(_))), "{name}");
    }
    let detached = sign(folder, XML.as_bytes(), &["-outform", "PEM"]);
    let pair = format!(
        "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nsecret words\r\n--b\r\n\
         Content-Type: application/xml; name=\"act.xml\"\r\n\r\n{XML}\r\n--b\r\n\
         Content-Type: application/octet-stream; name=\"act.xml.p7s\"\r\n\r\n{}\r\n--b\r\n\
         Content-Type: application/octet-stream; name=\"private.bin\"\r\n\r\nx\r\n--b--\r\n",
        String::from_utf8(detached).unwrap()
    );
    let message = Message::parse_opening(&mail(&encrypt(folder, pair.as_bytes(), "ours")), &opener(folder)).unwrap();
    let candidate = signed_act(&message).unwrap();
    assert!(matches!(candidate.signed, Signed::Detached { .. }));
    // What was encrypted is not told in the clear: neither words nor names of files.
    assert_eq!((message.fresh_text.as_str(), candidate.ignored.len()), ("", 0));
}

#[test]
fn a_signature_around_an_encryption_covers_nothing_in_it() {
    let Some(folder) = desk() else { return };
    let folder = folder.path();
    let cipher = encrypt(folder, &act_entity(), "ours");
    let at = cipher.windows(12).position(|window| window.eq_ignore_ascii_case(b"content-type")).unwrap_or(0);
    let entity = &cipher[at.min(cipher.len())..];
    let raw = mail(&sign(folder, entity, &["-crlfeol"]));
    assert_eq!(found(folder, &raw).unwrap_err(), [Code::MailEncrypted]);
    // Thrice wrapped, the signature inside is the act's.
    let inner = encrypt(folder, &sign(folder, &act_entity(), &["-crlfeol"]), "ours");
    let raw = mail(&sign(folder, &inner, &["-crlfeol"]));
    let Signed::SmimeSigned { content, .. } = found(folder, &raw).unwrap() else { panic!() };
    assert!(act_within(&content).unwrap().bytes.starts_with(XML.as_bytes()));
}

#[test]
fn whatever_is_wrong_inside_is_told_in_one_way() {
    let Some(folder) = desk() else { return };
    let folder = folder.path();
    let nested = |depth: usize| {
        (0..depth).fold("Content-Type: text/plain\r\n\r\nx".to_owned(), |inner, n| {
            format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n{inner}\r\n--b{n}--\r\n")
        })
    };
    let two = String::from_utf8(act_entity()).unwrap();
    let two = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n{two}\r\n--b\r\n{two}\r\n--b--\r\n");
    for (what, entity) in [
        ("nothing signed", act_entity()),
        ("a letter", b"Content-Type: text/plain\r\n\r\nhello".to_vec()),
        ("nothing", Vec::new()),
        ("rubbish", vec![0xff; 1000]),
        ("too deep", nested(20).into_bytes()),
        ("two types", b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx".to_vec()),
        ("an archive", b"Content-Type: application/zip; name=a.zip\r\n\r\nPK\x03\x04 zip".to_vec()),
        ("two acts", two.into_bytes()),
    ] {
        assert_eq!(found(folder, &mail(&encrypt(folder, &entity, "ours"))).unwrap_err(), [Code::MailEncrypted], "{what}");
    }
    // The depth around the encryption counts on inside.
    let signed = String::from_utf8(encrypt(folder, &sign(folder, &act_entity(), &["-crlfeol"]), "ours")).unwrap();
    let wrap = |depth: usize| {
        (0..depth).fold(signed.clone(), |inner, n| {
            format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n{inner}\r\n--b{n}--\r\n")
        })
    };
    assert!(found(folder, &mail(wrap(7).as_bytes())).is_ok());
    assert_eq!(found(folder, &mail(wrap(9).as_bytes())).unwrap_err(), [Code::MailEncrypted]);
}

#[test]
fn containers_are_known_by_name_type_or_content() {
    let container = b"PK\x03\x04................................META-INF/signature.p7s";
    let said = b"PK\x03\x04..........................mimetypeapplication/vnd.etsi.asic-e+zip";
    let plain = b"PK\x03\x04................................act.xml";
    let zip = Kind::Archive;
    let cases: [(&[u8], &str, &str, Kind); 14] = [
        (plain, "application/octet-stream", "act.asice", Kind::Asic),
        (plain, "application/octet-stream", "АКТ.SCE", Kind::Asic),
        (plain, "application/zip", "act.asics", Kind::Asic),
        (plain, "application/octet-stream", "act.scs", Kind::Asic),
        (plain, "application/vnd.etsi.asic-e+zip", "", Kind::Asic),
        (plain, "application/vnd.etsi.asic-s+zip", "act.zip", Kind::Asic),
        (container, "application/zip", "act.zip", Kind::Asic),
        (said, "application/octet-stream", "", Kind::Asic),
        (plain, "application/zip", "act.zip", zip),
        (container, "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "act.docx", Kind::Other),
        (container, "image/png", "act.asice", Kind::Other),
        (container, "application/zip", "act.exe", Kind::Other),
        (b"%PDF-1.7 %%EOF", "application/vnd.etsi.asic-e+zip", "act.asice", Kind::Other),
        (b"plain words", "application/vnd.etsi.asic-e+zip", "act.asice", Kind::Other),
    ];
    for (bytes, declared, name, kind) in cases {
        let head = format!("{HEAD}Content-Type: {declared}; name=\"{name}\"\r\nContent-Disposition: attachment\r\n\r\n");
        let message = Message::parse(&[head.as_bytes(), bytes].concat()).unwrap();
        assert_eq!(message.parts[0].kind, kind, "{declared} {name}");
        assert_eq!(
            matches!(classify(&message, OWN), Intent::Act(act) if matches!(act.signed, Signed::Asic(_))),
            kind == Kind::Asic
        );
    }
}
