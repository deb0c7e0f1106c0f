//! Mailboxes that push, that want tokens, and whose server dies and forgets its numbers.

use std::time::{Duration, Instant};

use oblik_e2e::{Engine, FilesAt, House, MailAt, Plan, PostAt, act_mail, wait_until, world};

use crate::signing::detached;

fn act(number: usize) -> Vec<u8> {
    act_mail(world().customer(number), u64::try_from(number).unwrap(), detached(world().customer(number)))
}

const SOON: Duration = Duration::from_secs(40);

#[test]
fn a_mail_is_answered_at_once_though_the_schedule_comes_once_an_hour() {
    let plan = Plan { post: PostAt::Smtp, schedule: "1h", ..Plan::servers(Engine::Sqlite) };
    let Some(house) = House::furnished(plan) else { return };
    let daemon = house.daemon();
    house.deliver(&act(1));
    house.wait_letters(1, SOON);
    let mut slowest = Duration::ZERO;
    for number in 2..=4 {
        let began = Instant::now();
        house.deliver_by_smtp(world().customer(number).email(), &act(number));
        wait_until("the answer", SOON, || house.raw_letters().len() == number);
        slowest = slowest.max(began.elapsed());
    }
    assert!(slowest < Duration::from_secs(12), "{slowest:?}");
    assert!(daemon.sigterm() < Duration::from_secs(15), "a wait for mail holds up no drain");
}

#[test]
fn a_bad_token_is_a_trouble_that_status_shows_while_the_rest_goes_on() {
    let plan = Plan { mail: MailAt::ImapToken, files: FilesAt::Folder, ..Plan::folders(Engine::Sqlite) };
    let Some(house) = House::furnished(plan) else { return };
    let good = std::fs::read_to_string(house.folder().join("keys/mail.token")).unwrap();
    house.write_secret("mail.token", "a-token-of-yesterday");
    house.deliver(&act(1));
    let daemon = house.daemon();
    let source = |name: &str| {
        let status = house.json(&["status"]);
        let sources = status["sources"].as_array().unwrap().clone();
        sources.into_iter().find(|source| source["source"] == name)
    };
    wait_until("the trouble to be shown", SOON, || source("mailbox:acts").is_some_and(|acts| acts["trouble"].is_string()));
    let trouble = source("mailbox:acts").unwrap();
    assert!(trouble["last_success"].is_null(), "{trouble}");
    assert!(!trouble.to_string().contains("token-of-yesterday"), "a secret is shown: {trouble}");
    house.place("notes.txt", b"no readings");
    house.wait_ack("notes.txt.ack.xml");
    // The program that renews tokens did so; a reload tries at once.
    house.write_secret("mail.token", &good);
    daemon.sighup();
    house.wait_letters(1, SOON);
    wait_until("the trouble to be over", SOON, || source("mailbox:acts").is_some_and(|acts| acts["trouble"].is_null()));
    daemon.sigterm();
}

#[test]
fn every_mail_is_answered_once_though_the_server_dies_and_forgets_its_numbers() {
    let Some(mut house) = House::furnished(Plan { post: PostAt::Smtp, ..Plan::servers(Engine::Sqlite) }) else { return };
    let daemon = house.daemon();
    for number in 1..=6 {
        house.deliver(&act(number));
    }
    wait_until("the first answer", SOON, || !house.raw_letters().is_empty());
    // Killed in the midst of it; mail goes on arriving; the same numbers then mean other mails.
    house.dovecot.as_mut().unwrap().kill();
    for number in 7..=10 {
        house.deliver(&act(number));
    }
    house.dovecot().forget_uids(house.acts_user());
    house.dovecot.as_mut().unwrap().resume();
    wait_until("ten answers", Duration::from_secs(90), || house.postfix().accepted().len() == 10);
    // A new UIDVALIDITY under a daemon that is connected; mails it has seen lie there again, as after a restore.
    house.dovecot().set_uid_validity(house.acts_user(), 7);
    for number in [1, 5, 10, 11] {
        house.deliver(&act(number));
    }
    wait_until("the eleventh answer", Duration::from_secs(90), || house.postfix().accepted().len() == 11);
    house.wait_idle(Duration::from_mins(1));
    daemon.sigterm();
    wait_until("the letters to arrive", SOON, || house.raw_letters().len() >= 11);
    // Dovecot takes the letters too: one it had stored when it died is brought again. What counts is what Postfix was given.
    let mut letters = house.letters();
    letters.sort_by(|one, other| one.id.cmp(&other.id));
    letters.dedup_by(|one, other| one.id == other.id);
    for number in 1..=11 {
        let to = world().customer(number).email();
        assert_eq!(letters.iter().filter(|letter| letter.to == to).count(), 1, "{to}");
    }
    let accepted = house.postfix().accepted();
    assert!(accepted.len() == 11 && accepted.values().all(|queue_ids| queue_ids.len() == 1), "{accepted:?}");
}
