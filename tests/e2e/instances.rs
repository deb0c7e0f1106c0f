//! Several daemons on one database, and a database that goes away.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oblik_e2e::{Engine, House, Plan, act_mail, wait_until, world};
use oblik_test_servers::postgres::Postgres;

use crate::signing::detached;

fn act(number: usize) -> Vec<u8> {
    act_mail(world().customer(number), u64::try_from(number).unwrap(), detached(world().customer(number)))
}

#[test]
fn two_daemons_share_one_mailbox_and_the_database_goes_away_and_comes_back() {
    // A server of its own: it is stopped.
    let Ok(server) = Postgres::start() else {
        println!("skipped: no PostgreSQL");
        return;
    };
    let server = Arc::new(Mutex::new(server));
    let plan = Plan::servers(Engine::Postgres);
    let Some(house) = House::build_on(plan, Some(server.clone())) else { return };
    house.import_master(&world().master_data_xml());
    house.configure("two", |text| text);
    let (one, two) = (house.daemon(), house.daemon_with("two", &[]));
    for number in 1..=40 {
        house.deliver(&act(number));
    }
    wait_until("half of the answers", Duration::from_secs(90), || house.raw_letters().len() >= 15);
    // One is killed and comes back; what it held is its own again at once, letters it was sending are looked up in the journal.
    one.kill9();
    let one = house.daemon();
    for number in 41..=50 {
        house.deliver(&act(number));
    }
    wait_until("fifty answers", Duration::from_secs(90), || house.raw_letters().len() >= 50);
    // It is taken away in good order: whichever had the mailbox, the other has it now.
    one.sigterm();
    for number in 51..=60 {
        house.deliver(&act(number));
    }
    wait_until("sixty answers", Duration::from_secs(90), || house.raw_letters().len() >= 60);

    server.lock().unwrap().stop();
    house.deliver(&act(61));
    std::thread::sleep(Duration::from_secs(5));
    server.lock().unwrap().resume().expect("PostgreSQL comes back");
    wait_until("an answer after the database came back", Duration::from_mins(1), || house.raw_letters().len() >= 61);
    house.wait_idle(Duration::from_secs(30));
    two.sigterm();

    let letters = house.letters();
    let receivers: BTreeSet<&str> = letters.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!((letters.len(), receivers.len()), (61, 61), "each was answered once");
    let accepted = house.postfix().accepted();
    assert!(accepted.len() == 61 && accepted.values().all(|queue_ids| queue_ids.len() == 1));
    assert_eq!(house.run(&["audit", "verify"]).code, 0);
}
