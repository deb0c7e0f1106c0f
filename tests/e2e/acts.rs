//! The main job: a signed act arrives, a signed invoice goes back, in every form and by every program that signs.

use std::time::Duration;

use oblik_e2e::{Engine, House, Letter, Plan, act_mail, act_mail_with, wait_until, world};
use oblik_sample::Customer;
use oblik_sample::mail::File;

use crate::signing::{by_openssl, by_pyhanko, detached, enclosing, figures, judged_invoice, pdf, xml};

#[test]
fn every_form_of_act_is_answered_with_its_invoice_on_sqlite() {
    every_form_is_answered(Engine::Sqlite);
}

#[test]
fn every_form_of_act_is_answered_with_its_invoice_on_postgresql() {
    every_form_is_answered(Engine::Postgres);
}

/// A customer, how it signed, and its mail.
type Sent = (&'static Customer, &'static str, Vec<u8>);

fn every_form_is_answered(engine: Engine) {
    let Some(house) = House::furnished(Plan::servers(engine)) else { return };
    let sent = mails(&house);
    let daemon = house.daemon();
    for (_, _, mail) in &sent {
        house.deliver(mail);
    }
    let letters = house.wait_letters(sent.len(), Duration::from_mins(1));
    for ((customer, how, _), question) in
        sent.iter().zip(Letter::read(&sent.iter().map(|(_, _, mail)| mail.clone()).collect::<Vec<_>>()))
    {
        let answer = letters.iter().find(|letter| letter.to == customer.email());
        let answer = answer.unwrap_or_else(|| panic!("{how}: no letter to {}", customer.email()));
        is_an_answer(answer, &question, how);
        is_the_invoice(&house, customer, answer, how);
    }
    wait_until("the mailbox is empty", Duration::from_secs(10), || house.waiting_mails() == 0);
    // The journal's copies hold signed PDFs too: our own, no acts.
    assert!(!daemon.log().contains("signature-failed"), "{}", daemon.log());
    daemon.sigterm();
    numbers_have_no_holes(&house, &sent);
    every_letter_left_once(&house, &letters);
    assert_eq!(house.run(&["audit", "verify"]).code, 0);
}

fn mails(house: &House) -> Vec<Sent> {
    let mut sent: Vec<Sent> = Vec::new();
    let mut add = |number: usize, how: &'static str, files: &dyn Fn(&Customer) -> Option<Vec<File>>| {
        let customer = world().customer(number);
        if let Some(files) = files(customer) {
            sent.push((customer, how, act_mail(customer, u64::try_from(number).unwrap(), files)));
        }
    };
    add(1, "pdf, rsa", &|customer| Some(pdf(house, customer)));
    add(3, "pdf, ecdsa", &|customer| Some(pdf(house, customer)));
    add(2, "detached, rsa", &|customer| Some(detached(customer)));
    add(6, "detached, ecdsa", &|customer| Some(detached(customer)));
    add(4, "enclosing, rsa", &|customer| Some(enclosing(customer)));
    add(7, "enclosing, by the seal", &|customer| Some(enclosing(customer)));
    add(11, "detached, by the one certificate", &|customer| Some(detached(customer)));
    for (number, how) in [(5, "detached by openssl, rsa"), (9, "detached by openssl, ecdsa")] {
        add(number, how, &|customer| {
            let xml = xml(customer);
            let signature = by_openssl(house, customer, &xml, &[])?;
            Some(vec![File::xml("akt.xml", xml), File::p7s("akt.xml.p7s", signature)])
        });
    }
    for (number, how) in [(8, "enclosing by openssl, rsa"), (12, "enclosing by openssl, ecdsa")] {
        add(number, how, &|customer| {
            Some(vec![File::p7m("akt.xml.p7m", by_openssl(house, customer, &xml(customer), &["-nodetach"])?)])
        });
    }
    add(10, "pdf by pyHanko", &|customer| {
        Some(vec![File::pdf("akt.pdf", by_pyhanko(house, customer, &house.issue_act_pdf(customer), "Customer")?)])
    });
    for (number, opaque) in [(13, false), (14, true)] {
        let customer = world().customer(number);
        let signer = customer.identity.signer().unwrap();
        let mut mail = Vec::new();
        act_mail_with(customer, 100, vec![File::xml("akt.xml", xml(customer))], |draft| {
            draft.number = u64::try_from(number).unwrap();
            mail = if opaque { draft.smime_opaque(&signer) } else { draft.smime_signed(&signer) }.unwrap();
        });
        sent.push((customer, if opaque { "S/MIME opaque" } else { "S/MIME signed" }, mail));
    }
    sent
}

fn is_an_answer(answer: &Letter, question: &Letter, how: &str) {
    assert_eq!(answer.header("in-reply-to"), question.id, "{how}");
    assert!(answer.header("references").contains(&question.id), "{how}: {}", answer.header("references"));
    assert!(answer.subject.contains(&question.subject), "{how}: {}", answer.subject);
    assert!(answer.text.contains("Отримано") && answer.html.contains("Отримано"), "{how}: {}", answer.text);
    assert_eq!(answer.header("auto-submitted"), "auto-replied", "{how}");
    assert_eq!(answer.header("x-auto-response-suppress"), "All", "{how}");
}

fn is_the_invoice(house: &House, customer: &Customer, answer: &Letter, how: &str) {
    let figures = figures(house, &xml(customer));
    let contract = customer.contract().to_string();
    let record = house.json(&["account", "show", &contract]);
    let [invoice] = record["invoices"].as_array().unwrap().as_slice() else { panic!("{how}: {record}") };
    for name in ["net", "vat", "total"] {
        assert_eq!(invoice[name], figures[name], "{how}: {name} of {contract}");
    }
    let printed = judged_invoice(house, answer.only_pdf());
    let plain: String = printed.chars().filter(|c| !c.is_whitespace()).collect();
    let total = figures["total"].as_str().unwrap().replace('.', ",");
    let number = invoice["number"].as_str().unwrap();
    assert!(printed.contains(number) && plain.contains(&total), "{how}: {number}, {total} in\n{printed}");
    let told: String = answer.text.chars().filter(|c| !c.is_whitespace()).collect();
    assert!(told.contains(&total) && answer.text.contains(number), "{how}: {}", answer.text);
}

fn numbers_have_no_holes(house: &House, sent: &[Sent]) {
    let number = |(customer, _, _): &Sent| {
        let record = house.json(&["account", "show", customer.contract().as_str()]);
        record["invoices"][0]["number"].as_str().unwrap().rsplit('-').next().unwrap().parse::<usize>().unwrap()
    };
    let mut numbers: Vec<usize> = sent.iter().map(number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=sent.len()).collect::<Vec<_>>());
}

/// Each letter was taken by Postfix once, with the customer and the journal as its only receivers.
fn every_letter_left_once(house: &House, letters: &[Letter]) {
    let accepted = house.postfix().accepted();
    assert_eq!(accepted.len(), letters.len());
    let recipients = house.recipients();
    for letter in letters {
        let queue_ids: Vec<_> = accepted[&letter.id].iter().collect();
        let [queue_id] = queue_ids.as_slice() else { panic!("{} was taken {queue_ids:?}", letter.id) };
        let mut to = recipients[*queue_id].clone();
        to.sort();
        assert_eq!(to, [letter.to.as_str(), "journal@test.local"]);
    }
}
