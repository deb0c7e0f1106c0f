//! The crash test: the process is killed at every commit and at every call to the outside, lives again, and nothing may be
//! lost, doubled or wrong. `docs/crash-testing.md` tells what is proven and how to read a failure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test stops where its ground is not firm, and says why"
)]

mod case;
mod ground;
mod mutants;
mod program;
mod scene;
mod sweep;
mod truth;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use oblik_e2e::Letter;

use case::{Case, Outcome, Subject};
use ground::{Engine, Ground, Prepared, Servers};
use scene::{Scene, Sent};
use sweep::Depth;
use truth::Kind;

/// The tests take turns: each keeps all cores busy by itself.
fn turn() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn as_it_is() -> Subject<'static> {
    Subject { oblik: program::armed(), mutant: None, patience: case::PATIENCE }
}

/// What a mutant has not done soon it never does.
fn mutant_of(name: &'static str) -> Subject<'static> {
    Subject { oblik: program::mutated(), mutant: Some(name), patience: Duration::from_secs(12) }
}

/// A life without a death: what it passes, and that all is well then.
fn undisturbed(subject: Subject<'_>, prepared: &Prepared, servers: Option<&Servers>) -> BTreeMap<String, usize> {
    let scene = &prepared.scene;
    let ground = Ground::new(prepared, servers);
    ground.deliver(&scene.mails);
    ground.place_files();
    let mails: Vec<&Sent> = scene.mails.iter().collect();
    let outcome = Case::undisturbed().live(subject, &ground, &mails, prepared);
    assert!(outcome.violations.is_empty(), "without any crash: {}", sweep::told(&outcome));
    printed_numbers(&ground);
    let usual = sweep::places(&outcome.notes[0]);
    passes_the_stations(&usual);
    usual
}

/// The name of each attached invoice bears the number that is printed in it: the sweep then reads names.
fn printed_numbers(ground: &Ground<'_>) {
    let letters = ground.letters().into_iter().filter(|letter| !oblik_e2e::is_act_to_sign(letter)).collect::<Vec<_>>();
    let mut printed = 0;
    for letter in Letter::read(&letters).iter().filter(|letter| !letter.files.is_empty()) {
        let number = letter.files[0].0.trim_start_matches("rahunok-").trim_end_matches(".pdf").to_owned();
        assert_eq!(letter.names(), [format!("rahunok-{number}.pdf"), format!("rahunok-{number}.xml")]);
        let file = ground.path().join("invoice.pdf");
        std::fs::write(&file, letter.only_pdf()).expect("write a PDF");
        let Some(told) = oblik_e2e::program("pdftotext", &[file.as_os_str(), "-".as_ref()], b"") else { return };
        assert!(told.out.contains(&number), "{number} is not printed in its invoice:\n{}", told.out);
        printed += 1;
    }
    assert_eq!(printed, 3, "invoices of an undisturbed life");
}

/// Every station of documents is among what is tried.
fn passes_the_stations(usual: &BTreeMap<String, usize>) {
    for station in ["intake", "verify", "register", "bill", "issue", "act", "answer", "sending", "sent"] {
        for side in ["before", "after"] {
            let place = format!("{side}:commit:{station}");
            assert!(usual.contains_key(&place), "{place} is not passed: {usual:?}");
        }
    }
}

/// Places that only a life after a crash passes, each with a crash that leads to it.
fn of_recovery(usual: &BTreeMap<String, usize>, cases: &[Case], outcomes: &[Outcome]) -> Vec<Case> {
    let mut found = BTreeMap::<String, Vec<&Case>>::new();
    for (case, outcome) in cases.iter().zip(outcomes).filter(|(case, _)| case.places.len() == 1) {
        for place in outcome.notes.iter().skip(1).flatten().filter(|place| !usual.contains_key(*place)) {
            found.entry(place.clone()).or_default().push(case);
        }
    }
    // Death right after a send began leads to a doubt each time, other deaths only when a letter happened to be out.
    let certain = |lead: &&&Case| lead.places[0].contains("after:commit:sending");
    let case = |(place, leads): (String, Vec<&Case>)| {
        let lead = leads.iter().find(certain).unwrap_or(&leads[0]);
        Case { places: [&lead.places[..], &[format!("{place}#1")]].concat() }
    };
    found.into_iter().map(case).collect()
}

fn whole_sweep(title: &str, prepared: &Prepared, servers: Option<&Servers>, keep: impl Fn(&str) -> bool) {
    let began = Instant::now();
    let subject = as_it_is();
    let usual = undisturbed(subject, prepared, servers);
    let mut tried = usual.clone();
    tried.retain(|place, _| keep(place));
    let mut cases = sweep::cases(&tried, Depth::asked());
    let mut outcomes = sweep::run(&cases, subject, prepared, servers);
    let later = of_recovery(&usual, &cases, &outcomes);
    outcomes.extend(sweep::run(&later, subject, prepared, servers));
    cases.extend(later);
    sweep::conclude(title, began, &cases, &outcomes);
}

#[test]
fn nothing_is_lost_or_doubled_wherever_the_process_dies() {
    let _turn = turn();
    let prepared = Prepared::new(Engine::Sqlite, program::armed()).expect("SQLite needs no server");
    whole_sweep("Maildir, folder, SQLite", &prepared, None, |_| true);
}

/// On PostgreSQL the commits are other code, the calls to the outside the same.
#[test]
fn nor_with_postgresql() {
    let _turn = turn();
    let Some(prepared) = Prepared::new(Engine::Postgres, program::armed()) else { return };
    // Before a commit nothing is true yet, and what comes after the one before was tried there.
    let keep = |place: &str| Depth::asked() == Depth::Full || place.starts_with("after:commit:");
    whole_sweep("Maildir, folder, PostgreSQL", &prepared, None, keep);
}

/// With real servers: what the mailbox holds and what was accepted for delivery is Dovecot's and Postfix's word.
#[test]
fn nor_with_real_servers() {
    let _turn = turn();
    let Some(servers) = Servers::start() else { return };
    let prepared = Prepared::new(Engine::Sqlite, program::armed()).expect("SQLite needs no server");
    let told = ["fetch", "settle", "smtp", "intake", "sending", "sent", "journal", "doubt"];
    let keep = |place: &str| Depth::asked() == Depth::Full || told.iter().any(|part| place.contains(part));
    whole_sweep("IMAP, SMTP with journal, folder, SQLite", &prepared, Some(&servers), keep);
}

/// A mailbox whose server forgets its numbers: new mails come under the numbers of old ones.
fn uids_begin_anew(subject: Subject<'_>, prepared: &Prepared, servers: &Servers, place: &str) -> Outcome {
    let ground = Ground::new(prepared, Some(servers));
    let (first, second) = (&prepared.scene.mails, Scene::second_wave());
    ground.deliver(first);
    ground.place_files();
    let mut mails: Vec<&Sent> = first.iter().collect();
    let before = Case::of(place).live(subject, &ground, &mails, prepared);
    assert!(before.violations.is_empty(), "before the numbers began anew: {}", sweep::told(&before));
    servers.dovecot.forget_uids(&ground.acts);
    ground.deliver(&second);
    mails.extend(&second);
    Case::undisturbed().live(subject, &ground, &mails, prepared)
}

#[test]
fn uids_that_begin_anew_lose_no_mail() {
    let _turn = turn();
    let Some(servers) = Servers::start() else { return };
    let prepared = Prepared::new(Engine::Sqlite, program::armed()).expect("SQLite needs no server");
    let outcome = uids_begin_anew(as_it_is(), &prepared, &servers, "after:settle#3");
    assert!(outcome.violations.is_empty(), "{}", sweep::told(&outcome));
}

/// A mutant, where it is killed, and what must be seen of it.
type Trial = (&'static str, &'static [&'static str], &'static [Kind]);

const IN_FOLDERS: &[Trial] = &[
    (mutants::MOVED_BEFORE_STORED, &["before:commit:intake#1", "after:settle#4"], &[Kind::Lost]),
    (mutants::SPLIT_TRANSACTION, &["after:commit:half#1", "after:commit:half#2"], &[Kind::Wrong, Kind::Stuck]),
];
const ON_SERVERS: &[Trial] = &[
    (mutants::SENT_BEFORE_RECORDED, &["after:smtp-data#1", "after:smtp-data#2"], &[Kind::Doubled]),
    (mutants::BLIND_RESEND, &["after:smtp-data#1", "after:smtp-data#3"], &[Kind::Doubled]),
];

/// Kills a mutant at its places; each must be seen there. The same program with the mutant asleep must pass.
fn must_see(trials: &[Trial], prepared: &Prepared, servers: Option<&Servers>) {
    for (mutant, places, kinds) in trials {
        let cases: Vec<Case> = places.iter().map(|place| Case::of(*place)).collect();
        let subject = mutant_of(mutant);
        let outcomes = sweep::run(&cases, subject, prepared, servers);
        for (case, outcome) in cases.iter().zip(&outcomes) {
            println!("{mutant}, killed at {}: {}", case.places[0], sweep::told_briefly(outcome));
            let seen = outcome.violations.iter().any(|violation| kinds.contains(&violation.kind));
            assert!(seen, "{mutant}, killed at {}, is not seen: {}", case.places[0], sweep::told(outcome));
        }
        let asleep = Subject { oblik: program::mutated(), ..as_it_is() };
        let unchanged: Vec<Case> = cases.iter().filter(|case| !case.places[0].contains("half")).cloned().collect();
        for outcome in sweep::run(&unchanged, asleep, prepared, servers) {
            assert!(outcome.violations.is_empty(), "{mutant} asleep: {}", sweep::told(&outcome));
        }
    }
}

#[test]
fn the_harness_sees_orders_broken_in_folders() {
    let _turn = turn();
    let prepared = Prepared::new(Engine::Sqlite, program::armed()).expect("SQLite needs no server");
    must_see(IN_FOLDERS, &prepared, None);
}

#[test]
fn the_harness_sees_orders_broken_on_servers() {
    let _turn = turn();
    let Some(servers) = Servers::start() else { return };
    let prepared = Prepared::new(Engine::Sqlite, program::armed()).expect("SQLite needs no server");
    must_see(ON_SERVERS, &prepared, Some(&servers));
    let outcome = uids_begin_anew(mutant_of(mutants::UID_WITHOUT_VALIDITY), &prepared, &servers, "after:settle#3");
    println!("{}: {}", mutants::UID_WITHOUT_VALIDITY, sweep::told_briefly(&outcome));
    assert!(outcome.violations.iter().any(|violation| violation.kind == Kind::Lost), "not seen: {}", sweep::told(&outcome));
}
