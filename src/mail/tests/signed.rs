//! S/MIME as OpenSSL writes it: the slices we cut verify with OpenSSL, and with nothing else than what was signed.
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

/// Runs OpenSSL in `folder`; `None` when it is not there.
fn openssl(folder: &Path, arguments: &[&str]) -> Option<bool> {
    let run = Command::new("openssl").args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if let Ok(status) = run {
        return Some(status.success());
    }
    println!("skipped: openssl is not installed");
    None
}

fn with_key() -> Option<tempfile::TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let made = openssl(
        folder.path(),
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
            "-subj",
            "/CN=Signer",
            "-days",
            "2",
        ],
    )?;
    assert!(made);
    Some(folder)
}

fn sign(folder: &Path, tool: &str, entity: &[u8], more: &[&str]) -> String {
    std::fs::write(folder.join("entity"), entity).unwrap();
    let mut arguments =
        vec![tool, "-sign", "-in", "entity", "-out", "signed", "-signer", "cert.pem", "-inkey", "key.pem", "-md", "sha256"];
    arguments.extend(more);
    assert_eq!(openssl(folder, &arguments), Some(true));
    String::from_utf8(std::fs::read(folder.join("signed")).unwrap()).unwrap()
}

fn verifies(folder: &Path, content: &[u8], signature: &[u8]) -> bool {
    std::fs::write(folder.join("content"), content).unwrap();
    std::fs::write(folder.join("signature"), signature).unwrap();
    let arguments = ["cms", "-verify", "-binary", "-noverify", "-inform", "DER", "-in", "signature", "-content", "content"];
    openssl(folder, &arguments).unwrap()
}

fn pdf_entity(pdf: &str) -> String {
    format!(
        "Content-Type: application/pdf; name=\"act.pdf\"\r\nContent-Disposition: attachment; filename=\"act.pdf\"\r\n\r\n{pdf}"
    )
}

#[test]
fn the_slice_of_a_signed_entity_is_what_openssl_signed() {
    let Some(folder) = with_key() else { return };
    let folder = folder.path();
    let pdf = "%PDF-1.7\r\nplain\r\n%%EOF";
    let multipart = format!(
        "Content-Type: multipart/mixed; boundary=inner\r\n\r\npreamble\r\n--inner\r\nContent-Type: text/plain\r\n\r\nact \r\n\r\n--inner\r\n{}\r\n--inner--\r\nepilogue\r\n\r\n",
        pdf_entity(pdf)
    );
    let entities = [
        ("a bare act", pdf_entity(pdf)),
        ("a final line break", pdf_entity("%PDF-1.7\r\nplain\r\n%%EOF\r\n")),
        ("trailing blank lines", pdf_entity("%PDF-1.7\r\nplain\r\n%%EOF\r\n\r\n\r\n")),
        ("dashes inside", pdf_entity("%PDF-1.7\r\n--\r\n------\r\n--x--\r\n%%EOF")),
        ("white space at line ends", pdf_entity("%PDF-1.7 \t\r\nplain \r\n%%EOF ")),
        ("a long line", pdf_entity(&format!("%PDF-1.7\r\n{}\r\n%%EOF", "x".repeat(100_000)))),
        ("eight bits", pdf_entity("%PDF-1.7\r\nАкт\r\n%%EOF")),
        ("a multipart with an epilogue", multipart),
        ("a message inside", format!("Content-Type: message/rfc822\r\n\r\nFrom: x@y\r\n{}", pdf_entity(pdf))),
    ];
    for (case, entity) in &entities {
        for tool in ["cms", "smime"] {
            let mail = format!("{HEAD}{}", sign(folder, tool, entity.as_bytes(), &["-binary", "-crlfeol"]));
            let message = Message::parse(mail.as_bytes()).unwrap_or_else(|finding| panic!("{case}: {finding:?}"));
            let Intent::Act(candidate) = classify(&message, OWN) else { panic!("{case}: {:?}", message.parts) };
            let Signed::SmimeSigned { content, signature } = candidate.signed else { panic!("{case}") };
            assert_eq!(String::from_utf8_lossy(&content), *entity, "{case}");
            assert!(verifies(folder, &content, &signature), "{case} {tool}");
            let mut changed = content.clone();
            let last = changed.len() - 1;
            changed[last] ^= 1;
            assert!(!verifies(folder, &changed, &signature), "{case}: a changed byte must not verify");
            assert!(act_within(&content).unwrap().bytes.starts_with(b"%PDF-1.7"), "{case}");
        }
    }
}

#[test]
fn a_message_that_lost_its_carriage_returns_is_given_them_back() {
    let Some(folder) = with_key() else { return };
    let folder = folder.path();
    let mail = sign(folder, "cms", pdf_entity("%PDF-1.7\r\nplain\r\n%%EOF").as_bytes(), &["-binary", "-crlfeol"]);
    let bare = format!("{HEAD}{mail}").replace("\r\n", "\n");
    let candidate = signed_act(&Message::parse(bare.as_bytes()).unwrap()).unwrap();
    let Signed::SmimeSigned { content, signature } = candidate.signed else { panic!() };
    assert!(verifies(folder, &content, &signature));
}

#[test]
fn an_opaque_message_and_a_signed_file_are_told_apart() {
    let Some(folder) = with_key() else { return };
    let folder = folder.path();
    let opaque = format!("{HEAD}{}", sign(folder, "cms", pdf_entity("%PDF-1.7\r\n%%EOF").as_bytes(), &["-binary", "-nodetach"]));
    let candidate = signed_act(&Message::parse(opaque.as_bytes()).unwrap()).unwrap();
    assert!(matches!(candidate.signed, Signed::SmimeEnclosing(_)), "{candidate:?}");

    // Files as signing programs make them: DER, PEM and BER, attached and detached.
    for (form, outform, stream) in [("DER", "DER", false), ("PEM", "PEM", false), ("BER", "DER", true)] {
        for encloses in [true, false] {
            if stream && !encloses {
                continue; // OpenSSL streams the content into the CMS whatever it is asked for.
            }
            let mut more = vec!["-binary", "-outform", outform];
            more.extend(encloses.then_some("-nodetach"));
            more.extend(stream.then_some("-stream"));
            std::fs::write(folder.join("entity"), b"<?xml version=\"1.0\"?><act/>").unwrap();
            let mut arguments =
                vec!["cms", "-sign", "-in", "entity", "-out", "signed", "-signer", "cert.pem", "-inkey", "key.pem"];
            arguments.extend(more);
            assert_eq!(openssl(folder, &arguments), Some(true));
            let bytes = std::fs::read(folder.join("signed")).unwrap();
            let file = [
                HEAD.as_bytes(),
                b"Content-Type: application/octet-stream; name=act.xml.p7s\r\nContent-Transfer-Encoding: binary\r\n\r\n",
                &bytes,
            ]
            .concat();
            let message = Message::parse(&file).unwrap();
            assert_eq!(message.parts[0].kind, Kind::Cms { encloses }, "{form} {encloses}");
            assert_eq!(message.parts[0].bytes.first(), Some(&0x30), "{form} {encloses}");
        }
    }
}

#[test]
fn an_act_signed_by_itself_wins_over_the_envelope_around_it() {
    let Some(folder) = with_key() else { return };
    let folder = folder.path();
    let signed_pdf = "%PDF-1.7\r\n/ByteRange [0 1 2 3]\r\n%%EOF";
    let mail = format!("{HEAD}{}", sign(folder, "cms", pdf_entity(signed_pdf).as_bytes(), &["-binary", "-crlfeol"]));
    let candidate = signed_act(&Message::parse(mail.as_bytes()).unwrap()).unwrap();
    let Signed::Pdf(pdf) = candidate.signed else { panic!("{:?}", candidate.signed) };
    assert_eq!(pdf.bytes, signed_pdf.as_bytes());
    // A signed envelope around a letter without any act is no act.
    let words = sign(folder, "cms", b"Content-Type: text/plain\r\n\r\nhello\r\n", &["-binary", "-crlfeol"]);
    let findings = signed_act(&Message::parse(format!("{HEAD}{words}").as_bytes()).unwrap()).unwrap_err();
    assert_eq!(findings[0].code, Code::MailNoAct);
}

#[test]
fn only_what_the_signature_covers_is_read() {
    let Some(folder) = with_key() else { return };
    let folder = folder.path();
    let good = pdf_entity("%PDF-1.7\r\ngood\r\n%%EOF");
    let signed = sign(folder, "cms", good.as_bytes(), &["-binary", "-crlfeol"]);
    // OpenSSL's own MIME-Version line stands first: the rest is the entity.
    let entity = signed.split_once("Content-Type:").map(|(_, rest)| format!("Content-Type:{rest}")).unwrap();
    let evil = pdf_entity("%PDF-1.7\r\nevil\r\n%%EOF").replace("act.pdf", "evil.pdf");
    let orders = [[&evil, &entity], [&entity, &evil]];
    for [first, second] in orders {
        let mail = format!(
            "{HEAD}Content-Type: multipart/mixed; boundary=outer\r\n\r\n--outer\r\n{first}\r\n--outer\r\n{second}\r\n--outer--\r\n"
        );
        let candidate = signed_act(&Message::parse(mail.as_bytes()).unwrap()).unwrap();
        assert_eq!(candidate.ignored, ["evil.pdf"]);
        let Signed::SmimeSigned { content, signature } = candidate.signed else { panic!() };
        assert!(verifies(folder, &content, &signature));
        assert!(act_within(&content).unwrap().bytes.windows(4).any(|window| window == b"good"));
    }
    // Two acts under one signature, a signed text beside an unsigned page: neither says which one was meant.
    let two = format!("Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n{good}\r\n--i\r\n{evil}\r\n--i--\r\n");
    let mail = format!("{HEAD}{}", sign(folder, "cms", two.as_bytes(), &["-binary", "-crlfeol"]));
    assert_eq!(signed_act(&Message::parse(mail.as_bytes()).unwrap()).unwrap_err()[0].code, Code::MailSeveralActs);
    assert_eq!(act_within(two.as_bytes()).unwrap_err()[0].code, Code::MailSeveralActs);
    // Cut before the closing boundary: whatever is left does not verify.
    let mail = format!("{HEAD}{signed}");
    let cut = &mail[..mail.find("good").unwrap()];
    assert_eq!(Message::parse(cut.as_bytes()).unwrap_err().code, Code::MailAmbiguous);
}
