//! Acts that must not count, and messages that must not be answered: who hears what, and that nothing is billed.

use std::collections::BTreeSet;
use std::time::Duration;

use oblik_e2e::{Engine, House, Letter, Plan, PostAt, act_mail, act_mail_with, wait_until, world};
use oblik_sample::mail::File;
use oblik_sample::{Customer, METER_PHOTO};

use crate::signing::{detached, enclosing, pdf, xml};

#[test]
fn what_is_bad_is_refused_to_the_right_address_or_not_answered_on_sqlite() {
    bad_ones(Engine::Sqlite);
}

#[test]
fn what_is_bad_is_refused_to_the_right_address_or_not_answered_on_postgresql() {
    bad_ones(Engine::Postgres);
}

/// What is to become of a mail.
enum Fate {
    /// A letter to the customer of that number that says this, in the sender's thread.
    Told(usize, &'static str),
    /// A letter to that customer out of the blue: the sender's mail is not named.
    Noticed(usize, &'static str),
    Silence,
}
use Fate::{Noticed, Silence, Told};

struct Case {
    name: &'static str,
    mail: Vec<u8>,
    fate: Fate,
}

fn customer(number: usize) -> &'static Customer {
    world().customer(number)
}

/// A mail of a customer, numbered as the customer.
fn of(number: usize, files: Vec<File>) -> Vec<u8> {
    act_mail(customer(number), u64::try_from(number).unwrap(), files)
}

/// A detached act in the name of one customer, signed by another's key.
fn signed_by(signer: &Customer, act: Vec<u8>) -> Vec<File> {
    let signature = signer.sign_detached(&act, world().now).unwrap();
    vec![File::xml("akt.xml", act), File::p7s("akt.xml.p7s", signature)]
}

fn with_text(from: usize, change: impl FnOnce(&str) -> String) -> Vec<File> {
    signed_by(customer(from), change(&String::from_utf8(xml(customer(from))).unwrap()).into_bytes())
}

fn bad_ones(engine: Engine) {
    let Some(house) = House::furnished(Plan { post: PostAt::Smtp, ..Plan::servers(engine) }) else { return };
    let daemon = house.daemon();
    // One good act, to be sent again; a bounce is nobody's to answer.
    house.deliver(&of(50, detached(customer(50))));
    house.wait_letters(1, Duration::from_secs(40));
    let mut cases = of_signatures(&house);
    cases.extend(of_documents(&house));
    cases.extend(of_senders());
    for case in &cases {
        house.deliver(&case.mail);
    }
    house.deliver(BOUNCE.replace('\n', "\r\n").as_bytes());
    house.wait_idle(Duration::from_secs(90));
    daemon.sigterm();
    let expected = 1 + cases.iter().filter(|case| !matches!(case.fate, Silence)).count();
    wait_until("every letter to arrive", Duration::from_secs(10), || house.raw_letters().len() >= expected);
    let letters = house.letters();
    each_has_its_fate(&cases, &letters);
    only_registered_addresses_heard(&house, &letters);
    nothing_is_billed(&house);
    let queue = house.json(&["queue", "list"]);
    assert_eq!(queue.as_array().map(Vec::len), Some(1), "the bounce alone waits for a person: {queue}");
    assert_eq!(house.run(&["audit", "verify"]).code, 0);
}

fn of_signatures(house: &House) -> Vec<Case> {
    let mut tampered = detached(customer(20));
    let at = tampered[0].bytes.windows(2).rposition(|pair| pair[0].is_ascii_digit() && pair[1] == b'<').unwrap();
    tampered[0].bytes[at] = if tampered[0].bytes[at] == b'9' { b'8' } else { b'9' };
    let mut tampered_pdf = pdf(house, customer(21));
    let middle = tampered_pdf[0].bytes.len() / 3;
    tampered_pdf[0].bytes[middle] ^= 1;
    let mut cut = pdf(house, customer(22));
    let half = cut[0].bytes.len() / 2;
    cut[0].bytes.truncate(half);
    // A byte of the comment after the header: the page is the same, the file is not the one we issued.
    let mut form = house.issue_act_pdf(customer(23));
    let comment = form.windows(2).position(|pair| pair == b"\n%").unwrap() + 2;
    form[comment] ^= 1;
    let not_issued = vec![File::pdf("akt.pdf", customer(23).sign_pdf(&form, world().now).unwrap())];
    let case = |name, number, files, code| Case { name, mail: of(number, files), fate: Told(number, code) };
    vec![
        case("tampered XML", 20, tampered, "SIG-TAMPERED"),
        case("tampered PDF", 21, tampered_pdf, "SIG-TAMPERED"),
        case("truncated PDF", 22, cut, "PDF-BROKEN"),
        case("a PDF that is not our form", 23, not_issued, "PDF-NOT-ISSUED"),
        case("untrusted authority", 31, signed_by(&world().untrusted, xml(customer(31))), "SIG-UNTRUSTED"),
        case("expired certificate", 32, signed_by(&world().expired, xml(customer(32))), "SIG-EXPIRED"),
        case("revoked certificate", 33, detached(customer(33)), "SIG-REVOKED"),
        case("signature alone", 34, detached(customer(34)).split_off(1), "MAIL-SIGNATURE-ALONE"),
        Case {
            name: "signed by the signer of another account",
            mail: of(26, signed_by(customer(26), xml(customer(25)))),
            fate: Noticed(25, "Документ не прийнято"),
        },
        Case {
            name: "the act of another account, from a stranger's address",
            mail: act_mail_with(customer(27), 127, signed_by(customer(27), xml(customer(28))), |draft| draft.from = STRANGER),
            fate: Noticed(28, "Документ не прийнято"),
        },
    ]
}

fn of_documents(house: &House) -> Vec<Case> {
    let case = |name, number, files, code| Case { name, mail: of(number, files), fate: Told(number, code) };
    let two_acts = [detached(customer(35)), signed_by(customer(35), xml(customer(36)))].concat();
    vec![
        case("XML that is none", 37, with_text(37, |text| text.replacen("</Period>", "", 1)), "ACT-XML"),
        case(
            "an element the schema does not know",
            38,
            with_text(38, |text| text.replacen("<Period>", "<Perid>", 1).replacen("</Period>", "</Perid>", 1)),
            "ACT-XML",
        ),
        case("a reading below the opening", 39, with_text(39, lowest_readings), "E9"),
        case("a month to come", 40, with_text(40, month_to_come), "ACT-PERIOD"),
        case("two acts in one mail", 35, two_acts, "MAIL-SEVERAL-ACTS"),
        case("an act without signature", 41, vec![File::pdf("akt.pdf", house.issue_act_pdf(customer(41)))], "MAIL-UNSIGNED"),
        case("a photograph", 42, vec![File::jpeg("IMG_1.jpg", METER_PHOTO.to_vec())], "MAIL-PHOTO"),
        case("words alone", 43, Vec::new(), "MAIL-NO-ACT"),
        Case {
            name: "the same act in another mail",
            mail: act_mail(customer(50), 1050, detached(customer(50))),
            fate: Told(50, "Вже прийнято"),
        },
        Case {
            name: "the same act as .p7m",
            mail: act_mail(customer(50), 2050, enclosing(customer(50))),
            fate: Told(50, "Вже прийнято"),
        },
        Case {
            name: "another's accepted act",
            mail: act_mail(customer(51), 51, detached(customer(50))),
            fate: Noticed(50, "Вже прийнято"),
        },
        Case { name: "the same mail, byte for byte", mail: of(50, detached(customer(50))), fate: Silence },
    ]
}

const STRANGER: &str = "boss@elsewhere.example";

fn of_senders() -> Vec<Case> {
    let photo = || vec![File::jpeg("IMG_2.jpg", METER_PHOTO.to_vec())];
    let silent = |name, number: usize, change: &dyn Fn(&mut oblik_sample::mail::Draft<'_>)| Case {
        name,
        mail: act_mail_with(customer(number), 500 + u64::try_from(number).unwrap(), photo(), |draft| change(draft)),
        fate: Silence,
    };
    vec![
        silent("an address of nobody", 44, &|draft| draft.from = STRANGER),
        silent("an address not proven", 44, &|draft| draft.authserv_id = None),
        silent("an answering machine", 45, &|draft| draft.fields = vec![("Auto-Submitted", "auto-replied")]),
        silent("a mailing list", 46, &|draft| draft.fields = vec![("List-Id", "<all.example>"), ("Precedence", "list")]),
        silent("our own address", 47, &|draft| draft.from = oblik_e2e::SUPPLIER),
        silent("a holiday notice", 48, &|draft| draft.subject = "Автоматична відповідь: у відпустці"),
        Case {
            name: "a good act from an address of nobody",
            mail: act_mail_with(customer(52), 52, detached(customer(52)), |draft| draft.from = STRANGER),
            fate: Noticed(52, "Рахунок у вкладенні"),
        },
        Case {
            name: "a good act that a machine sent",
            mail: act_mail_with(customer(53), 53, detached(customer(53)), |draft| {
                draft.fields = vec![("Auto-Submitted", "auto-generated")];
            }),
            fate: Noticed(53, "Рахунок у вкладенні"),
        },
        Case {
            name: "a bad act that a machine sent",
            mail: act_mail_with(customer(54), 54, with_text(54, month_to_come), |draft| {
                draft.fields = vec![("X-Loop", "robot")];
            }),
            fate: Silence,
        },
    ]
}

fn month_to_come(text: &str) -> String {
    text.replacen(&format!("<Period>{}", world().month()), "<Period>2199-01", 1)
}

/// Every register shows zero.
fn lowest_readings(text: &str) -> String {
    let registers: Vec<String> = text
        .split_inclusive("</Register>")
        .map(|piece| match piece.strip_suffix("</Register>").and_then(|open| open.rsplit_once('>')) {
            Some((open, _)) => format!("{open}>0</Register>"),
            None => piece.to_owned(),
        })
        .collect();
    registers.concat()
}

fn each_has_its_fate(cases: &[Case], letters: &[Letter]) {
    let questions = Letter::read_any(&cases.iter().map(|case| case.mail.clone()).collect::<Vec<_>>());
    for (case, question) in cases.iter().zip(questions) {
        let answers: Vec<&Letter> = letters.iter().filter(|letter| letter.header("in-reply-to") == question.id).collect();
        match case.fate {
            Told(number, what) => {
                let [answer] = answers.as_slice() else { panic!("{}: {} answers", case.name, answers.len()) };
                assert_eq!(answer.to, customer(number).email(), "{}", case.name);
                assert!(answer.says(what), "{}: wanted {what}\n{}", case.name, answer.text);
                assert!(answer.files.is_empty(), "{}", case.name);
            }
            Noticed(number, what) => {
                assert!(answers.is_empty(), "{} is answered in its thread", case.name);
                let is_notice = |letter: &&Letter| letter.to == customer(number).email() && !letter.headers_have("in-reply-to");
                let notices: Vec<&Letter> = letters.iter().filter(is_notice).collect();
                let [notice] = notices.as_slice() else { panic!("{}: {} notices", case.name, notices.len()) };
                assert!(notice.says(what), "{}: wanted {what}\n{}", case.name, notice.text);
                assert_eq!(notice.header("auto-submitted"), "auto-generated", "{}", case.name);
            }
            Silence if case.name == "the same mail, byte for byte" => assert_eq!(answers.len(), 1, "{}", case.name),
            Silence => assert!(answers.is_empty(), "{} is answered", case.name),
        }
    }
    let told = cases.iter().filter(|case| !matches!(case.fate, Silence)).count();
    assert_eq!(letters.len(), 1 + told, "{:?}", letters.iter().map(|letter| (&letter.to, &letter.subject)).collect::<Vec<_>>());
}

fn only_registered_addresses_heard(house: &House, letters: &[Letter]) {
    let registered: BTreeSet<&str> = world().customers.iter().map(Customer::email).collect();
    for to in house.recipients().values().flatten() {
        assert!(registered.contains(to.as_str()), "{to} is registered nowhere");
    }
    // A confidential document goes to its own account's address.
    for letter in letters {
        for customer in world().customers.iter().filter(|customer| customer.email() != letter.to) {
            let contract = customer.contract().as_str();
            assert!(!letter.text.contains(contract) && !letter.html.contains(contract), "{} hears of {contract}", letter.to);
        }
    }
}

fn nothing_is_billed(house: &House) {
    for number in (20..=48).chain([51, 54]) {
        let record = house.json(&["account", "show", customer(number).contract().as_str()]);
        assert_eq!(record["invoices"], serde_json::json!([]), "customer {number}");
        // What goes below the opening stands, unbilled, until somebody says what it is (E9).
        let stands = usize::from(number == 39);
        assert_eq!(record["acts"].as_array().map(Vec::len), Some(stands), "customer {number}");
    }
    for number in [50, 52, 53] {
        let record = house.json(&["account", "show", customer(number).contract().as_str()]);
        assert_eq!(record["invoices"].as_array().map(Vec::len), Some(1), "customer {number}");
    }
}

/// The report of another server that a letter of ours was not delivered.
const BOUNCE: &str = "Return-Path: <>
From: Mail Delivery System <mailer-daemon@mx.elsewhere.example>
To: acts@supplier.example
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce-1@mx.elsewhere.example>
Date: Sat, 21 Nov 2026 10:00:00 +0200
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=\"b1\"

--b1
Content-Type: text/plain

I'm sorry to have to inform you that your message could not be delivered.

--b1
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.elsewhere.example

Final-Recipient: rfc822; energo@elsewhere.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such user

--b1--
";
