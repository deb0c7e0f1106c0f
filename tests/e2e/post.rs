//! Letters leave later when they cannot leave now, once each; what is refused for good waits for a person.

use std::collections::BTreeMap;
use std::thread;
use std::time::Duration;

use oblik_e2e::{Engine, FilesAt, House, MailAt, Plan, PostAt, act_mail, wait_for, wait_until, world};
use oblik_test_servers::smtp_script::{Act, ScriptedSmtp, Verb};
use serde_json::Value;

use crate::signing::detached;

#[test]
fn letters_wait_for_their_server_and_leave_once_on_sqlite() {
    letters_wait(Engine::Sqlite);
}

#[test]
fn letters_wait_for_their_server_and_leave_once_on_postgresql() {
    letters_wait(Engine::Postgres);
}

/// The first pause is half a minute: both wait for it together.
fn letters_wait(engine: Engine) {
    thread::scope(|scope| {
        scope.spawn(|| while_the_server_is_down(engine));
        scope.spawn(|| while_it_says_later(engine));
    });
}

const SOON: Duration = Duration::from_secs(40);
/// Half a minute's pause, and the time of a busy machine.
const AFTER_A_PAUSE: Duration = Duration::from_secs(80);

fn act(number: usize) -> Vec<u8> {
    act_mail(world().customer(number), u64::try_from(number).unwrap(), detached(world().customer(number)))
}

fn letters_in(house: &House, state: &str) -> u64 {
    let status = house.json(&["status"]);
    let queues = status["queues"].as_array().unwrap();
    let letters = queues.iter().filter(|queue| queue["what"] == "letter" && queue["state"] == state);
    letters.map(|queue| queue["count"].as_u64().unwrap()).sum()
}

fn while_the_server_is_down(engine: Engine) {
    let Some(mut house) = House::furnished(Plan { post: PostAt::Smtp, ..Plan::servers(engine) }) else { return };
    // Postfix refuses this address for good: somebody mistyped it.
    let master = String::from_utf8(world().master_data_xml()).unwrap();
    let mistyped = master.replace("clients+c60@test.local", "nobody@test.local").replacen("<MessageId>", "<MessageId>2-", 1);
    house.import_master(mistyped.as_bytes());
    house.postfix.as_mut().unwrap().stop();
    let daemon = house.daemon();
    let numbers = [1, 2, 3, 60];
    for number in numbers {
        house.deliver(&act(number));
    }
    wait_until("the letters to be written and waiting", SOON, || letters_in(&house, "due") == 4);
    wait_until("a try to have failed", SOON, || daemon.log().contains("letter waits"));
    house.postfix.as_mut().unwrap().resume();
    let letters = house.wait_letters(3, AFTER_A_PAUSE);
    // The signed page, and the same document for machines.
    assert!(letters.iter().all(|letter| letter.files.len() == 2 && letter.only_pdf().starts_with(b"%PDF")));
    refused_for_good_waits_for_a_person(&house);
    daemon.sigterm();
    let accepted = house.postfix().accepted();
    assert_eq!(accepted.len(), 3);
    assert!(accepted.values().all(|queue_ids| queue_ids.len() == 1), "{accepted:?}");
}

fn refused_for_good_waits_for_a_person(house: &House) {
    let queue = wait_for("the refused letter to be shown", SOON, || {
        let queue = house.json(&["queue", "list"]);
        Some(queue.as_array().unwrap().clone()).filter(|queue| !queue.is_empty())
    });
    let [letter] = queue.as_slice() else { panic!("{queue:?}") };
    assert_eq!((&letter["state"], &letter["to"]), (&"failed".into(), &"nobody@test.local".into()));
    assert!(letter["last_reply"].as_str().unwrap().contains("554"), "{letter}");
    // Released, it is tried again and refused again: the address is still wrong.
    let tries = house.postfix().log().matches("nobody@test.local").count();
    release(house, &letter["letter"]);
    wait_until("another try", SOON, || house.postfix().log().matches("nobody@test.local").count() > tries);
    wait_until("the letter to be refused again", SOON, || letters_in(house, "failed") == 1);
}

fn release(house: &House, letter: &Value) {
    let id = letter.to_string();
    let told = house.run(&["--json", "queue", "release", &id, "--reason", "the address is right now"]).good();
    assert_eq!(told["state"], "due", "{told}");
}

fn scripted(engine: Engine, script: impl Fn(Verb, usize) -> Act + Send + Sync + 'static) -> Option<(ScriptedSmtp, House)> {
    let server = ScriptedSmtp::start(script);
    let plan =
        Plan { mail: MailAt::Maildir, files: FilesAt::Nowhere, post: PostAt::Plain(server.port()), ..Plan::servers(engine) };
    Some((server, House::furnished(plan)?))
}

/// How often each Message-ID was accepted.
fn accepted(server: &ScriptedSmtp) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for text in server.accepted() {
        let text = String::from_utf8_lossy(&text).into_owned();
        let id = text.lines().find_map(|line| line.strip_prefix("Message-ID: ")).expect("a Message-ID").trim().to_owned();
        *found.entry(id).or_default() += 1;
    }
    found
}

fn while_it_says_later(engine: Engine) {
    let later = |verb, nth| match (verb, nth) {
        (Verb::Greeting, 0) => Act::SayAndClose(b"421 4.3.2 too busy\r\n".to_vec()),
        (Verb::Rcpt, 0 | 1) => Act::reply("450 4.2.0 come back later"),
        (Verb::Dot, 0) => Act::reply("451 4.3.0 no room just now"),
        _ => Act::Usual,
    };
    let Some((server, house)) = scripted(engine, later) else { return };
    let daemon = house.daemon();
    for number in 1..=4 {
        house.deliver(&act(number));
    }
    wait_until("every letter to be accepted", AFTER_A_PAUSE, || accepted(&server).len() == 4);
    house.wait_idle(SOON);
    daemon.sigterm();
    assert!(accepted(&server).values().all(|times| *times == 1), "{:?}", accepted(&server));
}

#[test]
fn a_released_letter_leaves_with_the_message_id_it_had() {
    let refused_once = |verb, nth| if (verb, nth) == (Verb::Rcpt, 0) { Act::reply("550 5.1.1 no such user") } else { Act::Usual };
    let Some((server, house)) = scripted(Engine::Sqlite, refused_once) else { return };
    let daemon = house.daemon();
    house.deliver(&act(5));
    wait_until("the letter to be refused", SOON, || letters_in(&house, "failed") == 1);
    assert!(accepted(&server).is_empty());
    let queue = house.json(&["queue", "list"]);
    assert!(queue[0]["last_reply"].as_str().unwrap().contains("550"), "{queue}");
    release(&house, &queue[0]["letter"]);
    wait_until("the letter to leave", SOON, || accepted(&server).len() == 1);
    house.wait_idle(SOON);
    daemon.sigterm();
    assert_eq!(house.json(&["queue", "list"]), serde_json::json!([]));
}

#[test]
fn an_invoice_whose_answer_was_lost_is_held_and_a_notice_is_sent_again() {
    let lost = |verb, nth| if (verb, nth) == (Verb::Dot, 0) { Act::AcceptAndClose } else { Act::Usual };
    let Some((server, house)) = scripted(Engine::Sqlite, lost) else { return };
    let daemon = house.daemon();
    house.deliver(&act(6));
    wait_until("the invoice to be held", SOON, || letters_in(&house, "held") == 1);
    let queue = house.json(&["queue", "list"]);
    assert_eq!(queue[0]["state"], "held", "{queue}");
    // Other letters go on meanwhile.
    house.deliver(&act_mail(world().customer(7), 7, Vec::new()));
    wait_until("the notice to leave", SOON, || accepted(&server).len() == 2);
    house.wait_idle(SOON);
    assert!(accepted(&server).values().all(|times| *times == 1), "{:?}", accepted(&server));
    // The operator saw it in the customer's mailbox.
    let id = queue[0]["letter"].to_string();
    let told = house.run(&["--json", "queue", "refuse", &id, "--letter", "--reason", "the customer has it"]).good();
    assert_eq!(told["state"], "failed", "{told}");
    daemon.sigterm();
    assert_eq!(accepted(&server).values().sum::<usize>(), 2);
}
