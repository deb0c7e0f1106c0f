//! The daemon's life as systemd sees it: ready, reloaded, watched, drained, alone.

use std::time::Duration;

use oblik_e2e::{Daemon, Engine, FilesAt, House, Plan, act_mail, listed, wait_until, world};
use oblik_sample::mail::in_maildir;

use crate::signing::detached;

fn house() -> Option<House> {
    House::furnished(Plan { files: FilesAt::Nowhere, ..Plan::folders(Engine::Sqlite) })
}

fn act(number: usize) -> Vec<u8> {
    act_mail(world().customer(number), u64::try_from(number).unwrap(), detached(world().customer(number)))
}

const SOON: Duration = Duration::from_secs(30);

#[test]
fn a_reload_takes_a_good_file_and_keeps_the_old_one_when_the_new_is_broken() {
    let Some(house) = house() else { return };
    let daemon = house.daemon();
    house.deliver(&act(1));
    house.wait_letters(1, SOON);
    // A second mailbox, with a mail in it.
    let second = house.folder().join("mail/second");
    for half in ["tmp", "new", "cur"] {
        std::fs::create_dir_all(second.join(half)).unwrap();
    }
    std::fs::write(second.join("new/1.mail"), in_maildir(&act(2))).unwrap();
    let more = format!("\n[[mailbox]]\nname = \"second\"\nschedule = \"1s\"\nmaildir = \"{}\"\n", second.display());
    house.configure("one", |text| text + &more);
    daemon.sighup();
    house.wait_letters(2, SOON);
    assert!(
        daemon.told().iter().any(|said| said.contains("RELOADING=1") && said.contains("MONOTONIC_USEC=")),
        "{:?}",
        daemon.told()
    );

    house.configure("one", |text| text.replace("[trust]", "[trsut]") + &more);
    daemon.sighup();
    assert!(daemon.log().contains("the old one stays"), "{}", daemon.log());
    house.deliver(&act(3));
    house.wait_letters(3, SOON);
    // A file that reads well and names what is not there is no better.
    house.configure("one", |text| text.replace("keys/supplier.p12", "keys/gone.p12"));
    daemon.sighup();
    std::fs::write(second.join("new/2.mail"), in_maildir(&act(4))).unwrap();
    house.wait_letters(4, SOON);
    daemon.sigterm();
}

#[test]
fn a_burst_is_drained_on_sigterm_and_nothing_is_answered_twice_after_it() {
    let Some(house) = house() else { return };
    let daemon = house.daemon();
    for number in 1..=20 {
        house.deliver(&act(number));
    }
    wait_until("the first of the burst to be taken in", SOON, || house.waiting_mails() < 20);
    let took = daemon.sigterm();
    assert!(took < Duration::from_mins(1), "{took:?}");
    let taken_in = 20 - house.waiting_mails();
    assert_eq!(house.raw_letters().len(), taken_in, "what was taken in is finished");
    let daemon = house.daemon();
    house.wait_letters(20, Duration::from_mins(1));
    house.wait_idle(SOON);
    daemon.sigterm();
    assert_eq!(house.raw_letters().len(), 20);
    assert_eq!(house.run(&["audit", "verify"]).code, 0);
}

#[test]
fn an_end_that_is_asked_for_during_a_reload_comes() {
    let Some(house) = house() else { return };
    let daemon = house.daemon();
    for number in 1..=6 {
        house.deliver(&act(number));
    }
    wait_until("the mails to be taken in", SOON, || house.waiting_mails() == 0);
    daemon.signal("-HUP");
    assert!(daemon.sigterm() < SOON);
    assert_eq!(house.raw_letters().len(), 6);
}

#[test]
fn systemd_hears_each_turn_and_the_watchdog_is_fed() {
    let Some(house) = house() else { return };
    let daemon = house.daemon_with("one", &[("WATCHDOG_USEC", "1000000")]);
    let fed = |daemon: &Daemon| daemon.told().iter().filter(|said| said.contains("WATCHDOG=1")).count();
    wait_until("the watchdog to be fed", SOON, || fed(&daemon) >= 4);
    assert!(daemon.told().iter().any(|said| said.contains("STATUS=")), "{:?}", daemon.told());
    daemon.signal("-TERM");
    wait_until("STOPPING", SOON, || daemon.told().iter().any(|said| said.contains("STOPPING=1")));
}

#[test]
fn a_second_daemon_on_the_same_state_is_refused_and_told_who_runs() {
    let Some(house) = house() else { return };
    let daemon = house.daemon();
    let second = house.run(&["run"]);
    assert_eq!(second.code, 2, "{second:?}");
    assert!(second.err.contains(&format!("process {}", daemon.pid())), "{second:?}");
    // The commands beside it work.
    assert_eq!(house.run(&["status"]).code, 0);
    house.deliver(&act(1));
    house.wait_letters(1, SOON);
    daemon.kill9();
    assert!(house.daemon().sigterm() < SOON, "a killed daemon leaves no lock");
}

#[test]
fn a_daemon_that_cannot_begin_says_why_and_ends() {
    let Some(house) = house() else { return };
    for (change, told) in [("sqlite = ", "sqlit"), ("edrpou = \"1", "supplier.edrpou"), ("anchors", "ancors")] {
        let config = house.configure("bad", |text| match change {
            "sqlite = " => text.replace("sqlite = ", "sqlit = "),
            "anchors" => text.replace("anchors = ", "ancors = "),
            _ => text.replace("edrpou = \"12345678\"", "edrpou = \"1\""),
        });
        let ran = oblik_e2e::run(house.folder(), &["--config", config.to_str().unwrap(), "run"]);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(told) && ran.err.contains("bad.toml:"), "{ran:?}");
    }
    assert_eq!(listed(&house.folder().join("state/bad")), Vec::<String>::new());
}
