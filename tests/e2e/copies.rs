//! The way back: an invoice that the customer signs and returns, and one that it objects to.

use std::time::Duration;

use oblik_e2e::{AUTHSERV, Engine, House, Letter, Plan, SUPPLIER, act_mail, program, world};
use oblik_sample::Customer;
use oblik_sample::mail::{Client, Draft, File};

use crate::signing::{by_pyhanko, detached};

const SOON: Duration = Duration::from_secs(40);
/// Who signs with the signer of our sample, who with pyHanko, and who objects.
const OURS: usize = 1;
const PYHANKO: usize = 2;
const OBJECTS: usize = 4;

/// What a customer writes in answer to a letter of ours.
fn reply(customer: &Customer, number: u64, to: &Letter, text: &str, files: Vec<File>) -> Vec<u8> {
    let subject = format!("Re: {}", to.subject);
    let draft = Draft {
        client: Client::Thunderbird,
        from_name: &customer.identity.subject.common_name,
        from: customer.email(),
        to: SUPPLIER,
        subject: &subject,
        text,
        sent_at: world().now,
        number,
        authserv_id: Some(AUTHSERV),
        files,
        fields: vec![("In-Reply-To", &to.id), ("References", &to.id)],
    };
    draft.compose()
}

/// The newest letter to a customer when so many have come in all.
fn newest<'a>(before: &[Letter], letters: &'a [Letter], number: usize) -> &'a Letter {
    let to = world().customer(number).email();
    let mut own = letters.iter().filter(|letter| letter.to == to && before.iter().all(|old| old.id != letter.id));
    let letter = own.next().unwrap_or_else(|| panic!("no new letter to {to}"));
    assert!(own.next().is_none(), "one letter is due to {to}");
    letter
}

#[test]
fn a_signed_invoice_comes_back_and_an_objection_opens_a_ticket() {
    let Some(house) = House::furnished(Plan::servers(Engine::Sqlite)) else { return };
    let daemon = house.daemon();
    for number in [OURS, PYHANKO, OBJECTS] {
        let customer = world().customer(number);
        house.deliver(&act_mail(customer, u64::try_from(number).unwrap(), detached(customer)));
    }
    let invoices = house.wait_letters(3, SOON);
    let of = |number: usize| newest(&[], &invoices, number);
    let signed = |number: usize| match number {
        OURS => Some(world().customer(OURS).sign_pdf(of(OURS).only_pdf(), world().now).unwrap()),
        _ => by_pyhanko(&house, world().customer(number), of(number).only_pdf(), "customer"),
    };
    let copies: Vec<(usize, Vec<u8>)> =
        [OURS, PYHANKO].into_iter().filter_map(|number| Some((number, signed(number)?))).collect();
    for (number, copy) in &copies {
        let (customer, letter) = (world().customer(*number), of(*number));
        let name = letter.names()[0].to_owned();
        let files = vec![File::pdf(name, copy.clone())];
        house.deliver(&reply(customer, 300 + customer.number, letter, "Доброго дня! Підписали.", files));
    }
    let receipts = house.wait_letters(3 + copies.len(), SOON);
    for (number, copy) in &copies {
        is_received(&house, of(*number), newest(&invoices, &receipts, *number), copy);
    }
    let answers = objection(&house, of(OBJECTS), &receipts);
    daemon.sigterm();
    assert_eq!(house.postfix().accepted().len(), answers);
    assert_eq!(house.run(&["audit", "verify"]).code, 0);
}

/// The receipt of a signed copy, and the copy itself as poppler judges it.
fn is_received(house: &House, invoice: &Letter, receipt: &Letter, copy: &[u8]) {
    let number = running(invoice);
    assert!(receipt.text.starts_with("ОТРИМАНО") && receipt.says("підпис перевірено"), "{}", receipt.text);
    assert!(receipt.text.contains(&number), "{number}: {}", receipt.text);
    assert!(receipt.files.is_empty() && receipt.header("auto-submitted") == "auto-replied", "{receipt:?}");
    let path = house.write("copy.pdf", copy);
    if let Some(told) = program("pdfsig", &["-nocert", path.to_str().unwrap()], b"") {
        assert_eq!(told.out.matches("Signature is Valid").count(), 2, "{}", told.out);
    }
    assert!(copy.starts_with(invoice.only_pdf()), "the copy holds the invoice as it was sent");
}

/// Year and number of an invoice by the name of its file, which has the series in Latin letters: `2026-000001`.
fn running(invoice: &Letter) -> String {
    let name = invoice.names()[0].trim_end_matches(".pdf").to_owned();
    let (rest, number) = name.rsplit_once('-').unwrap();
    let year = rest.rsplit_once('-').map_or(rest, |(_, year)| year);
    format!("{year}-{number}")
}

/// The objection, its ticket, the operator's answer and the end of it; how many letters left in all.
fn objection(house: &House, invoice: &Letter, before: &[Letter]) -> usize {
    let customer = world().customer(OBJECTS);
    assert_eq!(house.run(&["--json", "ticket", "list"]).good(), serde_json::json!([]));
    house.deliver(&reply(customer, 400, invoice, "Не погоджуюсь: показання з іншого лічильника.", Vec::new()));
    let letters = house.wait_letters(before.len() + 1, SOON);
    let opened = newest(before, &letters, OBJECTS);
    let list = house.run(&["--json", "ticket", "list"]).good();
    let [ticket] = list.as_array().unwrap().as_slice() else { panic!("{list}") };
    let told = (&ticket["account"], &ticket["kind"], &ticket["state"]);
    assert_eq!(told, (&customer.contract().as_str().into(), &"objection".into(), &"open".into()), "{ticket}");
    let number = running(invoice);
    assert!(ticket["invoice"].as_str().unwrap().ends_with(&number), "{ticket}");
    let id = ticket["ticket"].to_string();
    assert!(opened.says(&format!("Звернення № {id} зареєстровано")), "{}", opened.text);
    // The answer goes into the thread, and the customer's word is kept as it was written.
    let replied = house.run(&["--json", "ticket", "reply", &id, "--text", "Надішлемо акт заміни."]).good();
    assert_eq!(replied["state"], "answered");
    let letters_now = house.wait_letters(letters.len() + 1, SOON);
    let answer = newest(&letters, &letters_now, OBJECTS);
    assert!(answer.says("Надішлемо акт заміни."), "{}", answer.text);
    let shown = house.run(&["--json", "ticket", "show", &id]).good();
    let messages = shown["messages"].as_array().unwrap();
    assert!(messages.len() == 2 && messages[0]["text"].as_str().unwrap().contains("іншого лічильника"), "{shown}");
    assert_eq!(house.run(&["--json", "ticket", "close", &id, "--reason", "пояснено"]).good()["state"], "closed");
    assert_eq!(house.run(&["--json", "ticket", "list"]).good(), serde_json::json!([]));
    assert_eq!(house.run(&["ticket", "show", "999"]).code, 2);
    letters_now.len()
}
