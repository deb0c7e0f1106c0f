//! Keys of issuers: which one signs when, how one takes over from another, and that the end of a certificate is told.

mod tokens;

use chrono::NaiveDate;
use oblik_config::{KeyFile, Secret, SigningKey};
use oblik_domain::invoice::IssuerRole::{Operator, Supplier};
use oblik_sample::{Algorithm, Subject, Validity};
use oblik_store::LetterWork;

use super::*;
use crate::{Issuers, Keyring, tell_certificates};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A key of the supplier's, valid from midnight to midnight (UTC), as a PKCS#12 file.
fn key_file(utility: &mut Utility, (from, to): (&str, &str)) -> Vec<u8> {
    let subject = Subject {
        common_name: format!("Постачальник {from}"),
        organization: Some("Постачальник".to_owned()),
        edrpou: None,
        rnokpp: None,
        email: None,
    };
    let validity = Validity { from: day(from), to: day(to) };
    let identity = utility.authority.issue(&subject, Algorithm::P256, &mut utility.keys, validity).unwrap();
    identity.pkcs12("secret", &[7; 80]).unwrap()
}

struct Desk {
    folder: tempfile::TempDir,
    utility: Utility,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap(), utility: Utility::new(start(), 0).unwrap() };
        std::fs::write(desk.folder.path().join("pass"), "secret\n").unwrap();
        desk
    }

    fn put(&mut self, name: &str, validity: (&str, &str)) -> SigningKey {
        let bytes = key_file(&mut self.utility, validity);
        self.write(name, &bytes)
    }

    fn write(&self, name: &str, bytes: &[u8]) -> SigningKey {
        let path = self.folder.path().join(name);
        oblik_channels::files::write(&path, bytes).unwrap();
        SigningKey::File(KeyFile { pkcs12: path, passphrase: Secret(self.folder.path().join("pass")) })
    }
}

fn signs(ring: &Keyring, at: &str) -> Option<String> {
    ring.signer_at(at.parse().unwrap()).map(|signer| signer.subject())
}

#[test]
fn of_the_valid_keys_the_one_that_lasts_longest_signs_and_none_past_its_end() {
    let mut desk = Desk::new();
    let keys = [
        desk.put("old.p12", ("2026-01-01", "2026-12-01")),
        desk.put("new.p12", ("2026-11-10", "2027-12-01")),
        desk.put("short.p12", ("2026-11-01", "2026-11-20")),
    ];
    let ring = Keyring::open("supplier", &keys).unwrap();
    for (at, from) in [
        ("2025-12-31T23:59:59Z", None),
        ("2026-01-01T00:00:00Z", Some("2026-01-01")),
        ("2026-11-05T00:00:00Z", Some("2026-01-01")),
        ("2026-11-09T23:59:59Z", Some("2026-01-01")),
        ("2026-11-10T00:00:00Z", Some("2026-11-10")),
        ("2027-12-01T00:00:00Z", Some("2026-11-10")),
        ("2027-12-01T00:00:01Z", None),
    ] {
        let found = signs(&ring, at);
        assert_eq!(found.is_some(), from.is_some(), "{at}: {found:?}");
        assert!(from.is_none_or(|from| found.is_some_and(|subject| subject.contains(from))), "{at}");
    }
    assert_eq!(ring.next_after(start()), Some("2026-11-10T00:00:00Z".parse().unwrap()));
    assert_eq!(ring.next_after("2026-11-10T00:00:00Z".parse().unwrap()), None);
}

#[test]
fn a_key_file_that_changes_is_opened_anew_and_a_broken_one_drops_no_key() {
    let mut desk = Desk::new();
    let keys = [desk.put("key.p12", ("2026-01-01", "2026-12-01"))];
    let ring = Keyring::open("supplier", &keys).unwrap();
    let now = "2026-11-02T08:00:00Z";
    assert_eq!((ring.look_again(), ring.look_again()), (0, 0));
    let old = signs(&ring, now).unwrap();

    desk.write("key.p12", b"half a file");
    assert_eq!((ring.look_again(), ring.troubles().len()), (0, 1));
    assert_eq!(signs(&ring, now).as_ref(), Some(&old));
    std::fs::remove_file(desk.folder.path().join("key.p12")).unwrap();
    assert_eq!((ring.look_again(), ring.troubles().len()), (0, 1));
    assert_eq!(signs(&ring, now).as_ref(), Some(&old));

    desk.put("key.p12", ("2026-10-01", "2027-12-01"));
    assert_eq!((ring.look_again(), ring.troubles().len()), (1, 0));
    assert!(signs(&ring, now).unwrap().contains("2026-10-01"));
    // A passphrase that changes is another key, too.
    std::fs::write(desk.folder.path().join("pass"), "another\n").unwrap();
    assert_eq!((ring.look_again(), ring.troubles().len()), (0, 1));
    assert!(!ring.troubles()[0].contains("another"));
    assert!(signs(&ring, now).is_some());
}

#[test]
fn one_key_that_opens_is_enough_to_begin_and_none_is_not() {
    let mut desk = Desk::new();
    let (good, broken) = (desk.put("good.p12", ("2026-01-01", "2026-12-01")), desk.write("broken.p12", b"x"));
    let ring = Keyring::open("supplier", &[broken.clone(), good]).unwrap();
    assert_eq!((ring.signers().len(), ring.troubles().len()), (1, 1));
    let refused = Keyring::open("supplier", &[broken.clone(), broken]).unwrap_err();
    assert!(refused.to_string().contains("broken.p12"), "{refused}");
}

#[test]
fn each_issuer_has_its_keys_and_who_has_none_the_suppliers() {
    let mut desk = Desk::new();
    let mut config = Config::embedded(desk.folder.path());
    let seller = config.supplier.seller.clone();
    config.signing.keys = vec![desk.put("supplier.p12", ("2026-01-01", "2026-12-01"))];
    let own = oblik_config::Signing { keys: vec![desk.put("operator.p12", ("2026-02-01", "2026-12-01"))] };
    let branch = |name: &str, signing| oblik_config::Branch {
        name: name.to_owned(),
        seller: seller.clone(),
        invoice_series: name.to_owned(),
        signing,
        template: None,
    };
    config.branches = vec![branch("plain", None), branch("own", Some(own.clone()))];
    config.operator = Some(oblik_config::Operator {
        seller: seller.clone(),
        invoice_series: "GR".to_owned(),
        signing: Some(own),
        template: None,
        bills: Vec::new(),
    });
    let issuers = Issuers::open(&config).unwrap();
    for (role, branch, series, from) in [
        (Supplier, None, config.supplier.invoice_series.as_str(), "2026-01-01"),
        (Supplier, Some("plain"), "plain", "2026-01-01"),
        (Supplier, Some("own"), "own", "2026-02-01"),
        (Supplier, Some("unknown"), config.supplier.invoice_series.as_str(), "2026-01-01"),
        (Operator, None, "GR", "2026-02-01"),
        (Operator, Some("plain"), "GR", "2026-02-01"),
    ] {
        let issuing = issuers.of(role, branch);
        let subject = issuing.signer_at(start()).unwrap().subject();
        assert!(issuing.invoice_series == series && subject.contains(from), "{branch:?}: {subject}");
    }
    let whose: Vec<&str> = issuers.keyrings().iter().map(|(_, _, keys)| keys.whose()).collect();
    assert_eq!(whose, ["supplier", "operator", "branch own"]);
}

#[tokio::test]
async fn invoices_wait_while_no_certificate_is_valid_and_leave_when_one_is() {
    let mut world = World::new(1).await;
    world.table.put(LISTS, world.lists());
    let mut desk = Desk::new();
    let mut config = Config::clone(&world.house.config);
    config.signing.keys =
        vec![desk.put("ended.p12", ("2025-01-01", "2026-11-02")), desk.put("tomorrow.p12", ("2026-11-03", "2027-11-03"))];
    world.house.issuers = Arc::new(Issuers::open(&config).unwrap());
    let item = world.take(&world.customers[0], 1).await;
    // Far more looks than an item has attempts.
    for minutes in (0..60).step_by(2) {
        world.at(minutes).await;
        assert_eq!(world.standing(item).await, (ItemState::Acting, ActState::Billed, 0), "{minutes}");
    }
    world.at(15 * 60 + 59).await;
    assert_eq!(world.standing(item).await, (ItemState::Acting, ActState::Billed, 0));
    world.at(16 * 60 + 2).await;
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
}

#[tokio::test]
async fn a_key_that_is_put_in_while_the_house_runs_signs_what_waited() {
    let mut world = World::new(1).await;
    world.table.put(LISTS, world.lists());
    let mut desk = Desk::new();
    let mut config = Config::clone(&world.house.config);
    config.signing.keys = vec![desk.put("key.p12", ("2025-01-01", "2026-11-02"))];
    world.house.issuers = Arc::new(Issuers::open(&config).unwrap());
    let item = world.take(&world.customers[0], 1).await;
    world.at(0).await;
    assert_eq!(world.standing(item).await, (ItemState::Acting, ActState::Billed, 0));
    desk.put("key.p12", ("2026-11-01", "2027-11-02"));
    assert_eq!(world.house.issuers.look_again(), 1);
    world.at(2).await;
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
}

/// Letters to an address that are due.
async fn letters_to(house: &House, address: &str) -> Vec<LetterWork> {
    let mut tx = house.store.begin("test").await.unwrap();
    let letters = tx.claim_letters(LetterState::Due, &house.lease(), 64).await.unwrap();
    tx.roll_back().await.unwrap();
    letters.into_iter().map(|claim| claim.work).filter(|work| work.recipient == address).collect()
}

#[tokio::test]
async fn the_end_of_a_certificate_is_told_once_at_each_threshold_over_restarts() {
    const OPS: &str = "ops@example.com.ua";
    let mut world = World::new(0).await;
    let mut desk = Desk::new();
    let mut config = Config::clone(&world.house.config);
    config.operations.alert = Some(OPS.to_owned());
    config.signing.keys = vec![desk.put("key.p12", ("2026-01-01", "2027-01-01"))];
    let ends: DateTime<Utc> = "2027-01-01T00:00:00Z".parse().unwrap();
    let mut told = 0;
    for (before, tells) in [
        (TimeDelta::days(30) + TimeDelta::seconds(1), 0),
        (TimeDelta::days(30), 1),
        (TimeDelta::days(29), 0),
        (TimeDelta::days(7) + TimeDelta::seconds(1), 0),
        (TimeDelta::days(7), 1),
        (TimeDelta::days(1) + TimeDelta::seconds(1), 0),
        (TimeDelta::days(1), 1),
        (TimeDelta::zero(), 0),
        (TimeDelta::seconds(-1), 1),
        (TimeDelta::days(-40), 0),
    ] {
        // A restart before each look: another process, the same state.
        let mut house = House::open(config.clone()).await.unwrap();
        house.clock = clock;
        world.house.store.close().await;
        world.house = house;
        set_clock(ends - before);
        assert_eq!(tell_certificates(&world.house).await.unwrap(), tells, "{before}");
        assert_eq!(tell_certificates(&world.house).await.unwrap(), 0, "{before}");
        told += tells;
        let letters = letters_to(&world.house, OPS).await;
        assert_eq!(letters.len(), told, "{before}");
    }
    let subjects: Vec<String> = letters_to(&world.house, OPS).await.into_iter().map(|letter| letter.subject).collect();
    let said = |what: &str| subjects.iter().filter(|subject| subject.ends_with(what)).count();
    assert_eq!((said(" 30"), said(" 7"), said(" 1"), said("закінчився")), (1, 1, 1, 1), "{subjects:?}");
    let certificates = world.house.certificates();
    let [certificate] = certificates.as_slice() else { panic!("{certificates:?}") };
    assert_eq!((certificate.days_left(ends), certificate.days_left(ends - TimeDelta::days(30))), (0, 30));
    assert_eq!(certificate.days_left(ends + TimeDelta::seconds(1)), -1);
    let mut tx = world.house.store.read().await.unwrap();
    let events = tx.journal_of("certificate", &certificate.held.sha256).await.unwrap();
    let events: Vec<&str> = events.iter().map(|entry| entry.event.as_str()).collect();
    assert_eq!(events, ["certificate ends", "certificate ends", "certificate ends", "certificate ended"]);
    tx.roll_back().await.unwrap();
    assert!(world.house.store.verify_journal().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_certificate_that_is_first_seen_near_its_end_is_told_once_and_without_an_address_not_by_letter() {
    let mut world = World::new(0).await;
    let mut desk = Desk::new();
    let mut config = Config::clone(&world.house.config);
    config.signing.keys = vec![desk.put("key.p12", ("2026-01-01", "2026-11-07"))];
    world.house.issuers = Arc::new(Issuers::open(&config).unwrap());
    set_clock(start());
    assert_eq!(tell_certificates(&world.house).await.unwrap(), 1);
    assert_eq!(tell_certificates(&world.house).await.unwrap(), 0);
    let mut tx = world.house.store.begin("test").await.unwrap();
    let letters = tx.claim_letters(LetterState::Due, &world.house.lease(), 64).await.unwrap();
    assert!(letters.iter().all(|letter| !letter.work.subject.contains("ертифікат")), "{letters:?}");
    tx.roll_back().await.unwrap();
}
