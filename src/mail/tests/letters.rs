//! Letters as another program reads them: Python's `email` finds the same words, names and bytes that went in.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout, reason = "tests")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use oblik_domain::account::{Account, SelfBilling};
use oblik_domain::bill::Bill;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::{ContractNumber, Edrpou, Iban};
use oblik_domain::invoice::{Invoice, InvoiceNumber, Seller};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::{DateTime, Decimal, Utc};
use oblik_mail::compose::AutoSubmitted;
use oblik_mail::{Attachment, Letter, Message, may_reply, message_id, render, reply_subject};
use oblik_words::letters::{self, ActSeen, Enclosed, EnclosedKind, MessageSeen, Text};

fn moment() -> DateTime<Utc> {
    "2026-11-21T12:05:09Z".parse().unwrap()
}

fn act() -> ActSeen {
    ActSeen {
        contract: ContractNumber::parse("270000017").unwrap(),
        period: Period::parse("2026-10").unwrap(),
        received: moment(),
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
        signer: "Іваненко Іван Іванович, АТ «Харківський <b>завод</b>» & Ко".to_owned(),
        serial: "5E984D526F82F38F04000000A5BC1D00".to_owned(),
        ignored: vec!["фото.jpg".to_owned()],
    }
}

fn invoice() -> Invoice {
    let period = Period::parse("2026-10").unwrap();
    let contract = ContractNumber::parse("270000017").unwrap();
    let seller = Seller {
        name: "ТОВ «Облік Енерго»".to_owned(),
        edrpou: Edrpou::parse("00131512").unwrap(),
        vat_number: "001315126547".to_owned(),
        address: "м. Луцьк".to_owned(),
        iban: Iban::parse("UA213223130000026007233566001").unwrap(),
        bank: "АТ «Ощадбанк»".to_owned(),
        phone: "+380 332 000 000".to_owned(),
        email: "acts@oblenergo.ua".to_owned(),
        licence: String::new(),
    };
    let buyer = Account {
        contract: contract.clone(),
        contract_date: period.first_day(),
        name: "АТ «ХОБЗ»".to_owned(),
        edrpou: Edrpou::parse("05424874").unwrap(),
        vat_number: String::new(),
        address: String::new(),
        emails: vec!["buh@customer.ua".to_owned()],
        product: "business".to_owned(),
        self_billing: SelfBilling::Allowed,
        branch: None,
        terms: Vec::new(),
        limits: Vec::new(),
    };
    let bill = Bill {
        contract,
        period,
        rows: Vec::new(),
        losses: Vec::new(),
        fed: Vec::new(),
        volumes: Vec::new(),
        lines: Vec::new(),
        reactive: Vec::new(),
        zone_comparison: None,
        net: Kopiykas(585_715_880),
        vat_rate: Decimal::from(20),
        vat: Kopiykas(117_143_176),
        total: Kopiykas(702_859_056),
        charges: Vec::new(),
        correction: None,
        trace: Vec::new(),
    };
    let number = InvoiceNumber { series: "ОЕ".to_owned(), year: 2026, running: 1 };
    let due = period.last_day();
    Invoice {
        number,
        issued_on: due,
        due_on: due,
        seller,
        buyer,
        points: Vec::new(),
        bill,
        issuer: oblik_domain::invoice::IssuerRole::Supplier,
        prepaid: Kopiykas::ZERO,
        history: Vec::new(),
        standing: None,
    }
}

fn enclosed() -> Vec<Enclosed> {
    let file = |name: &str, kind| Enclosed { name: name.to_owned(), number: invoice().number, kind };
    let page = file("rahunok-2026-000001.pdf", EnclosedKind::Page(oblik_domain::invoice::IssuerRole::Supplier));
    vec![page, file("rahunok-2026-000001.xml", EnclosedKind::MachineReadable)]
}

fn every_text() -> Vec<(&'static str, Text)> {
    let supplier = "ТОВ «Облік Енерго»";
    let seen = MessageSeen { received: moment(), sha256: act().sha256 };
    let findings = vec![
        Finding::error(Code::ReadingGoesBackwards)
            .with("meter", "0012345")
            .with("register", "active-import/night")
            .with("previous", "10500")
            .with("current", "10499"),
        Finding::error(Code::ReadingsIncomplete).with("registers", "0012346 (active-import/peak), 0012346 (active-import/night)"),
    ];
    let missing = [Finding::error(Code::ParameterMissing)
        .with("parameter", "vat-rate")
        .with("day", "2026-10-01")
        .with("reason", "expired")];
    vec![
        ("accepted", letters::act_accepted(&act(), supplier)),
        ("repeated", letters::act_repeated(&act(), moment(), supplier)),
        ("refused", letters::act_refused(&act(), &findings, supplier)),
        ("unbilled", letters::calculation_not_possible(&act(), &missing, supplier)),
        ("message", letters::message_refused(&seen, &[Finding::error(Code::MailUnsigned)], supplier)),
        ("signer", letters::signer_not_authorised(&seen, supplier)),
        ("invoice", letters::invoice_issued(&[&invoice()], &enclosed())),
        ("invoiced", letters::act_invoiced(&act(), &[&invoice()], &enclosed())),
    ]
}

fn letter(text: Text, attachments: Vec<Attachment>) -> Letter {
    Letter {
        id: "letter-7".to_owned(),
        from_name: "Облік Енерго".to_owned(),
        from_address: "acts@oblenergo.ua".to_owned(),
        to: "buh@customer.ua".to_owned(),
        subject: text.subject,
        message_id: message_id("letter-7", "oblenergo.ua"),
        in_reply_to: Some("<1@customer.ua>".to_owned()),
        references: vec!["<0@customer.ua>".to_owned(), "<1@customer.ua>".to_owned()],
        date: moment(),
        body: text.body,
        attachments,
        auto_submitted: AutoSubmitted::Replied,
    }
}

fn files() -> Vec<Attachment> {
    let file = |name: &str, media_type: &str, bytes: &[u8]| Attachment {
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        bytes: bytes.to_vec(),
    };
    vec![
        file(
            "Рахунок ОЕ-2026-000001 за жовтень 2026 року, договір 270000017.pdf",
            "application/pdf",
            b"%PDF-1.7\n\0\r\n.\n%%EOF",
        ),
        file("invoice.xml", "application/xml", b"<?xml version=\"1.0\"?>\n<a/>\n"),
    ]
}

/// Header values, words and files as Python reads them, one a line.
const READER: &str = r#"
import sys, email, email.policy, hashlib, re
from html.parser import HTMLParser
class Words(HTMLParser):
    def __init__(self): super().__init__(); self.out = []; self.silent = 0
    def handle_starttag(self, tag, attrs):
        self.silent += tag in ("style", "title")
        self.out.append(" ")
    def handle_endtag(self, tag): self.silent -= tag in ("style", "title"); self.out.append(" ")
    def handle_data(self, data):
        if not self.silent: self.out.append(data)
raw = sys.stdin.buffer.read()
m = email.message_from_bytes(raw, policy=email.policy.default)
for name in ("Subject", "From", "To", "Message-ID", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress", "X-Oblik-Id", "Date"):
    print(name + "=" + "|".join(str(v) for v in m.get_all(name, [])))
words = lambda text: " ".join(re.findall(r"[^\W_]+|[−«»%№]", re.sub(r"(?m)^\s*\d+\. ", " ", text.lower())))
print("plain=" + words(m.get_body(("plain",)).get_content()))
w = Words(); w.feed(m.get_body(("html",)).get_content()); print("html=" + words("".join(w.out)))
for part in m.iter_attachments():
    print("file=" + part.get_filename() + "|" + part.get_content_type() + "|" + hashlib.sha256(part.get_payload(decode=True)).hexdigest())
print("defects=" + "|".join(repr(d) for p in m.walk() for d in p.defects))
"#;

/// `None` when there is no Python to ask.
fn python(script: &str, input: &[u8]) -> Option<String> {
    let spawned = Command::new("python3").arg("-c").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = spawned else {
        println!("skipped: python3 is not installed");
        return None;
    };
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(String::from_utf8(output.stdout).unwrap())
}

fn line<'a>(told: &'a str, name: &str) -> &'a str {
    told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap_or_else(|| panic!("{name} in {told}"))
}

#[test]
fn another_program_reads_what_was_written() {
    for (name, text) in every_text() {
        let subject = text.subject.clone();
        let raw = render(&letter(text, files())).unwrap();
        std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.eml")), &raw).unwrap();
        let Some(told) = python(READER, &raw) else { return };
        assert_eq!(line(&told, "Subject"), subject);
        assert_eq!(line(&told, "From"), "Облік Енерго <acts@oblenergo.ua>");
        assert_eq!(line(&told, "To"), "buh@customer.ua");
        assert_eq!(line(&told, "In-Reply-To"), "<1@customer.ua>");
        assert_eq!(line(&told, "References"), "<0@customer.ua> <1@customer.ua>");
        assert_eq!(line(&told, "Auto-Submitted"), "auto-replied");
        assert_eq!(line(&told, "X-Auto-Response-Suppress"), "All");
        assert_eq!(line(&told, "X-Oblik-Id"), "letter-7");
        assert_eq!(line(&told, "Date"), "Sat, 21 Nov 2026 12:05:09 +0000");
        assert_eq!(line(&told, "defects"), "");
        assert_eq!(line(&told, "plain"), line(&told, "html"), "{name}: the two forms say different things");
        assert!(line(&told, "plain").len() > 200, "{name}");
        let found: Vec<_> = told.lines().filter_map(|line| line.strip_prefix("file=")).collect();
        assert_eq!(found.len(), 2, "{told}");
        for (found, sent) in found.iter().zip(files()) {
            use sha2::Digest;
            let digest = hex::encode(sha2::Sha256::digest(&sent.bytes));
            assert_eq!(*found, format!("{}|{}|{digest}", sent.name, sent.media_type));
        }
    }
}

#[test]
fn our_own_reader_reads_our_own_letter_and_does_not_answer_it() {
    for (name, text) in every_text() {
        let raw = render(&letter(text, files())).unwrap();
        let message = Message::parse(&raw).unwrap();
        assert_eq!(message.message_id, Some(message_id("letter-7", "oblenergo.ua")));
        let attached: Vec<_> =
            message.parts.iter().filter(|part| !part.inline).map(|part| (part.name.clone(), part.bytes.clone())).collect();
        let sent: Vec<_> = files().into_iter().map(|file| (file.name, file.bytes)).collect();
        assert_eq!(attached, sent, "{name}");
        assert_eq!(may_reply(&message, &["other@oblenergo.ua"]).unwrap_err().code, Code::MailFromMachine);
    }
}

#[test]
fn a_letter_written_again_is_the_same_bytes_with_canonical_lines() {
    for (name, text) in every_text() {
        let first = render(&letter(text.clone(), files())).unwrap();
        assert_eq!(first, render(&letter(text.clone(), files())).unwrap(), "{name}");
        assert_ne!(
            first,
            render(&Letter { message_id: message_id("letter-8", "oblenergo.ua"), ..letter(text, files()) }).unwrap()
        );
        let text = String::from_utf8(first.clone()).unwrap();
        assert!(!text.replace("\r\n", "").contains(['\r', '\n']), "{name}: a bare CR or LF");
        assert!(first.iter().all(u8::is_ascii), "{name}");
        assert!(first.split(|byte| *byte == b'\n').all(|line| line.len() <= 999), "{name}");
    }
}

#[test]
fn nothing_given_can_write_a_header_of_its_own() {
    let evil = "x\r\nBcc: evil@x.ua\r\n\r\nbody";
    let mut letter = letter(every_text().remove(0).1, Vec::new());
    letter.subject = evil.to_owned();
    letter.from_name = evil.to_owned();
    letter.id = evil.to_owned();
    letter.in_reply_to = Some(format!("<a@x{evil}>"));
    letter.references = vec![evil.to_owned(), "<ok@x>".to_owned()];
    letter.attachments =
        vec![Attachment { name: format!("{evil}\".pdf"), media_type: "application/pdf".to_owned(), bytes: vec![1] }];
    let raw = render(&letter).unwrap();
    let message = Message::parse(&raw).unwrap();
    assert!(!message.headers().has("bcc"));
    assert_eq!(message.references, ["<ok@x>"]);
    let names: Vec<_> = message.headers().fields().iter().map(|field| field.name.as_str()).collect();
    for name in &names {
        assert_eq!(names.iter().filter(|other| other == &name).count(), 1, "{name}");
    }
    for to in ["buh@customer.ua\r\nBcc: x@y", "a@x, b@y", "", "<a@x>"] {
        assert!(render(&Letter { to: to.to_owned(), ..letter.clone() }).is_err(), "{to:?}");
    }
    letter.attachments[0].media_type = "application/pdf\r\nX: y".to_owned();
    assert!(render(&letter).is_err());
}

#[test]
fn a_letter_loads_nothing() {
    for (name, text) in every_text() {
        let raw = render(&letter(text, Vec::new())).unwrap();
        let message = Message::parse(&raw).unwrap();
        let page = message.parts.iter().find(|part| part.declared == "text/html").unwrap();
        let page = String::from_utf8(page.bytes.clone()).unwrap();
        for loading in ["http", "src=", "url(", "<img", "<script", "<link", "@import", "<b>"] {
            assert!(!page.contains(loading), "{name}: {loading}");
        }
        assert!(page.contains("lang=\"uk\"") && page.contains("scope=\"row\""), "{name}");
    }
}

#[test]
fn no_subject_carries_what_is_private() {
    for (name, text) in every_text() {
        for private in ["270000017", "Іваненко", "ХОБЗ", "028", "ОЕ-2026"] {
            assert!(!text.subject.contains(private), "{name}: {}", text.subject);
        }
    }
}

#[test]
fn a_technical_answer_tells_nothing_of_an_account() {
    for (name, text) in every_text().into_iter().filter(|(name, _)| ["message", "signer"].contains(name)) {
        let words = oblik_mail::compose::plain_text(&text.body);
        for private in ["270000017", "Іваненко", "ХОБЗ", "жовт", "грн", "0012345"] {
            assert!(!words.contains(private), "{name}: {words}");
        }
    }
}

#[test]
fn an_answer_keeps_the_subject_of_its_thread() {
    let cases = [
        ("Акт", "Re: Акт"),
        ("Re: RE: Акт", "Re: Акт"),
        ("Fwd: Re: Акт", "Re: Акт"),
        ("Re[4]: Акт", "Re: Акт"),
        ("НА: Відп: Акт", "Re: Акт"),
        ("  a\r\nBcc: x@y ", "Re: a Bcc: x@y"),
        ("", "Отримано"),
        ("Re: ", "Отримано"),
        ("акт\u{202e}fdp", "Re: актfdp"),
    ];
    for (original, reply) in cases {
        assert_eq!(reply_subject(original, "Отримано"), reply, "{original:?}");
    }
    assert_eq!(reply_subject(&"ж".repeat(500), "x").chars().count(), 124);
}

#[test]
fn an_identifier_is_the_same_for_the_same_letter() {
    let id = message_id("act 7 receipt", "oblenergo.ua");
    assert_eq!(id, message_id("act 7 receipt", "oblenergo.ua"));
    assert_ne!(id, message_id("act 8 receipt", "oblenergo.ua"));
    assert!(id.starts_with("<oblik.") && id.ends_with("@oblenergo.ua>"));
    assert_eq!(message_id("x", "a>\r\nb").matches(['\r', '>']).count(), 1);
}

/// Leaves of a message as Python cuts them.
const CUTTER: &str = r#"
import sys, email, email.policy, hashlib
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
for p in m.walk():
    if not p.is_multipart(): print(hashlib.sha256(p.get_payload(decode=True)).hexdigest(), p.get_filename() or "")
"#;

#[test]
fn python_cuts_a_message_into_the_same_files() {
    use sha2::Digest;
    let shapes = [
        "--o\r\nContent-Type: application/pdf; name=a.pdf\r\nContent-Transfer-Encoding: base64\r\n\r\nJVBERi0x\r\n\r\n--o\r\nContent-Type: application/octet-stream; name*=utf-8''%D0%90\r\n\r\nbare\r\n\r\n--o--\r\nepilogue",
        "preamble\r\n--o  \r\nContent-Type: application/x; name=\"q\"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3D=\r\nb\r\n--o\r\nContent-Type: multipart/mixed; boundary=oo\r\n\r\n--oo\r\nContent-Type: application/x; name=z\r\n\r\nz\r\n--oo--\r\n--o--",
        "--o\r\nContent-Type: application/x; name=x\r\n\r\n--ox\r\n-- o\r\n\r\n--o\r\nContent-Disposition: attachment; filename*0=lo; filename*1=ng\r\nContent-Type: application/x\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\nREVG\r\n--o--",
    ];
    for shape in shapes {
        let raw = format!("From: a@x.ua\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n{shape}");
        let Some(told) = python(CUTTER, raw.as_bytes()) else { return };
        let parts = Message::parse(raw.as_bytes()).unwrap().parts;
        let ours: Vec<_> =
            parts.iter().map(|part| format!("{} {}", hex::encode(sha2::Sha256::digest(&part.bytes)), part.name)).collect();
        assert_eq!(told.lines().collect::<Vec<_>>(), ours, "{shape}");
    }
}

#[test]
fn a_letter_asks_for_what_is_left_and_for_nothing_where_nothing_is() {
    let dense = |text: &str| text.replace(char::is_whitespace, "");
    let text = |prepaid| {
        let text = letters::invoice_issued(&[&Invoice { prepaid, ..invoice() }], &enclosed());
        String::from_utf8(render(&letter(text, Vec::new())).unwrap())
            .map(|raw| Message::parse(raw.as_bytes()).unwrap().fresh_text)
            .unwrap()
    };
    let total = invoice().bill.total;
    let half = text(Kopiykas(total.0 / 2));
    assert!(
        half.to_lowercase().contains("реквізити для оплати")
            && dense(&half).contains("585715,88")
            && !dense(&half).contains("1171431,76"),
        "{half}"
    );
    let paid = text(total);
    assert!(paid.contains("сплачувати за ним нічого не потрібно"), "{paid}");
    assert!(!paid.to_lowercase().contains("реквізити для оплати") && !paid.contains("Сплатити до"), "{paid}");
}
