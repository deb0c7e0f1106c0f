//! The store on both engines: the same tests, the same answers.

use std::future::Future;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::{ChargeKind, DebtType};
use oblik_domain::metering::{EnergyKind, Occasion};
use oblik_domain::period::Period;
use oblik_domain::states::{
    ActState, CountersignState, InvoiceState, ItemEvent, ItemState, LetterState, Life, RunAccountState, TicketState,
};
use oblik_domain::tariff::{PriceComponent, ZoneScheme};
use oblik_test_servers::postgres::Postgres;

use crate::statement::Statement;
use crate::*;

mod certificates;
mod ground;
mod knowledge;
mod ledger;
mod migration;
mod reading_acts;
mod runs;
mod samples;
mod standing;

fn now() -> DateTime<Utc> {
    "2026-11-02T08:00:00Z".parse().unwrap()
}

fn lease(owner: &str, at: DateTime<Utc>) -> Lease {
    Lease { owner: owner.to_owned(), now: at, lasts: TimeDelta::seconds(60) }
}

/// Runs a test on a new SQLite file and on a new PostgreSQL database.
fn on_both<F, Fut>(test: F)
where
    F: Fn(Store) -> Fut,
    Fut: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start().expect("PostgreSQL for the test");
    runtime.block_on(async {
        let sqlite = Store::open(&Place::Sqlite(folder.path().join("oblik.db"))).await.unwrap();
        test(sqlite.clone()).await;
        sqlite.close().await;
        let postgres = Store::open(&Place::Postgres(postgres.database().unwrap())).await.unwrap();
        test(postgres.clone()).await;
        postgres.close().await;
    });
}

fn mail<'a>(origin: &'a str, bytes: &'a [u8]) -> NewItem<'a> {
    NewItem { source: "mailbox:test", kind: SourceKind::Mail, origin, name: "a mail", bytes, received_at: now() }
}

async fn receive(store: &Store, new: &NewItem<'_>) -> Receipt {
    let mut tx = store.begin("test").await.unwrap();
    let receipt = tx.receive(new).await.unwrap();
    tx.commit().await.unwrap();
    receipt
}

const ALL: &[&[&Statement]] = &[
    crate::acts::STATEMENTS,
    crate::booked::STATEMENTS,
    crate::certificates::STATEMENTS,
    crate::charges::STATEMENTS,
    crate::confirmations::STATEMENTS,
    crate::countersigning::STATEMENTS,
    crate::files::STATEMENTS,
    crate::ground::STATEMENTS,
    crate::history::STATEMENTS,
    crate::intervals::STATEMENTS,
    crate::invoices::STATEMENTS,
    crate::items::STATEMENTS,
    crate::journal::STATEMENTS,
    crate::lease::STATEMENTS,
    crate::letters::STATEMENTS,
    crate::master::STATEMENTS,
    crate::payments::STATEMENTS,
    crate::prices::STATEMENTS,
    crate::proof::STATEMENTS,
    crate::queue::STATEMENTS,
    crate::reading_acts::STATEMENTS,
    crate::readings::STATEMENTS,
    crate::signed_readings::STATEMENTS,
    crate::runs::STATEMENTS,
    crate::sources::STATEMENTS,
    crate::standing::STATEMENTS,
    crate::status::STATEMENTS,
    crate::tickets::STATEMENTS,
    crate::versions::STATEMENTS,
];

#[test]
fn every_statement_is_one_that_both_engines_take() {
    on_both(|store| async move {
        for statement in ALL.iter().copied().flatten() {
            let mut tx = store.begin("test").await.unwrap();
            let prepared = tx.prepare(statement).await;
            assert!(prepared.is_ok(), "{} on {}: {prepared:?}", statement.name, store.engine_name());
            tx.roll_back().await.unwrap();
        }
    });
}

#[test]
fn the_database_names_the_states_of_the_domain_and_no_other() {
    fn words<S: Life>(all: &[S]) -> String {
        let quoted: Vec<String> = all.iter().map(|state| format!("'{state}'")).collect();
        format!("CHECK (state IN ({}))", quoted.join(", "))
    }
    macro_rules! migrations {
        ($engine:literal) => {
            [
                include_str!(concat!("../../migrations/", $engine, "/0001_house.sql")),
                include_str!(concat!("../../migrations/", $engine, "/0003_billing.sql")),
                include_str!(concat!("../../migrations/", $engine, "/0005_countersigning.sql")),
            ]
        };
    }
    for [first, billing, countersigning] in [migrations!("sqlite"), migrations!("postgres")] {
        for check in [words(ItemState::ALL), words(InvoiceState::ALL), words(LetterState::ALL)] {
            assert!(first.contains(&check), "{check}");
        }
        let check = words(RunAccountState::ALL);
        assert!(billing.contains(&check), "{check}");
        for check in [words(ActState::ALL), words(CountersignState::ALL), words(TicketState::ALL)] {
            assert!(countersigning.contains(&check), "{check}");
        }
    }
}

#[test]
fn the_database_names_the_words_of_the_domain_and_no_other() {
    fn check<W: std::fmt::Display>(column: &str, all: &[W]) -> String {
        let quoted: Vec<String> = all.iter().map(|word| format!("'{word}'")).collect();
        format!("CHECK ({column} IN ({}))", quoted.join(", "))
    }
    for migration in
        [include_str!("../../migrations/sqlite/0003_billing.sql"), include_str!("../../migrations/postgres/0003_billing.sql")]
    {
        for check in [
            check("component", PriceComponent::ALL),
            check("occasion", Occasion::ALL),
            check("kind", EnergyKind::ALL),
            check("debt", DebtType::ALL),
            check("kind", ChargeKind::ALL),
            check("scheme", ZoneScheme::ALL),
        ] {
            assert!(migration.contains(&check), "{check}");
        }
    }
}

#[test]
fn the_same_bytes_from_the_same_source_are_one_item() {
    on_both(|store| async move {
        let Receipt::New(first) = receive(&store, &mail("imap:1:1", b"one")).await else { panic!("new") };
        // Another UID, another UIDVALIDITY: still the same message.
        assert_eq!(receive(&store, &mail("imap:1:2", b"one")).await, Receipt::Duplicate(first));
        assert_eq!(receive(&store, &mail("imap:2:1", b"one")).await, Receipt::Duplicate(first));
        // The same UID under another UIDVALIDITY is another message when its bytes are.
        assert!(matches!(receive(&store, &mail("imap:2:2", b"two")).await, Receipt::New(_)));
        assert!(matches!(
            receive(&store, &NewItem { source: "mailbox:other", ..mail("imap:1:1", b"one") }).await,
            Receipt::New(_)
        ));
        let mut tx = store.read().await.unwrap();
        let known = tx.known_origins("mailbox:test", &["imap:1:1", "imap:1:2", "imap:1:3"]).await.unwrap();
        assert_eq!(known.into_iter().collect::<Vec<_>>(), ["imap:1:1", "imap:1:2"]);
    });
}

#[test]
fn a_late_daemons_write_touches_nothing() {
    on_both(|store| async move {
        receive(&store, &mail("1", b"one")).await;
        let mut tx = store.begin("test").await.unwrap();
        let early = tx.claim_items(ItemState::Received, &lease("early", now()), 10).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.begin("test").await.unwrap();
        assert!(tx.claim_items(ItemState::Received, &lease("other", now()), 1).await.unwrap().is_empty());
        // The lease has run out: another takes over, and the first comes back too late.
        let late = now() + TimeDelta::seconds(61);
        let taken = tx.claim_items(ItemState::Received, &lease("other", late), 1).await.unwrap();
        assert_eq!((taken.len(), taken[0].attempt), (1, 2));
        let lost = tx.step(&early[0], ItemState::Received, ItemEvent::NothingToSay, late).await;
        assert!(matches!(lost, Err(StoreError::LeaseLost { .. })), "{lost:?}");
        let forbidden = tx.step(&taken[0], ItemState::Received, ItemEvent::Answered, late).await;
        assert!(matches!(forbidden, Err(StoreError::ForbiddenStep { .. })), "{forbidden:?}");
        tx.step(&taken[0], ItemState::Received, ItemEvent::NothingToSay, late).await.unwrap();
        tx.commit().await.unwrap();
    });
}

#[test]
fn what_was_tried_before_is_claimed_alone() {
    on_both(|store| async move {
        for text in [b"one", b"two", b"six"] {
            receive(&store, &mail(&format!("{text:?}"), text)).await;
        }
        let mut tx = store.begin("test").await.unwrap();
        let mut claimed = Vec::new();
        for (seconds, most) in [(0, 2), (61, 64), (61, 64), (61, 1), (61, 1), (61, 1)] {
            let lease = lease("daemon", now() + TimeDelta::seconds(seconds));
            let batch = tx.claim_items(ItemState::Received, &lease, most).await.unwrap();
            claimed.push(batch.iter().map(|claim| (claim.id, claim.attempt)).collect::<Vec<_>>());
        }
        let first = claimed[0][0].0;
        let alone = |id, attempt| vec![(id, attempt)];
        assert_eq!(claimed[0], [(first, 1), (first + 1, 1)]);
        assert_eq!(claimed[1..], [alone(first + 2, 1), vec![], alone(first, 2), alone(first + 1, 2), vec![]]);
        tx.commit().await.unwrap();
    });
}

#[test]
fn an_act_that_waits_wears_out_no_attempt_and_is_due_at_its_time() {
    on_both(|store| async move {
        let Receipt::New(item) = receive(&store, &mail("1", b"one")).await else { panic!("new") };
        let mut tx = store.begin("test").await.unwrap();
        tx.add_act(item, "pdf", now()).await.unwrap();
        let mut since = None;
        for minutes in [0, 5, 10, 20, 40] {
            let at = now() + TimeDelta::minutes(minutes);
            let claimed = tx.claim_acts(ActState::Received, &lease("daemon", at), 64).await.unwrap();
            assert_eq!(claimed.iter().map(|claim| (claim.attempt, claim.work.waiting_since)).collect::<Vec<_>>(), [(1, since)]);
            let due = at + TimeDelta::minutes(minutes.max(5));
            tx.let_act_wait(&claimed[0], at, due).await.unwrap();
            let early = lease("daemon", due - TimeDelta::seconds(1));
            assert!(tx.claim_acts(ActState::Received, &early, 64).await.unwrap().is_empty());
            since = Some(now());
        }
        let (act, ..) = tx.act_of_item(item).await.unwrap().unwrap();
        let stored = tx.act(act).await.unwrap().unwrap();
        assert_eq!((stored.state, stored.waiting_since), (ActState::Received, since));
        let claimed_item = tx.claim_items(ItemState::Received, &lease("daemon", now()), 1).await.unwrap();
        tx.step(&claimed_item[0], ItemState::Received, ItemEvent::ActFound, now()).await.unwrap();
        // It is told of, and an operator has it looked at before its time.
        let due = now() + TimeDelta::minutes(80);
        let waiting = tx.waiting().await.unwrap();
        assert_eq!((waiting.count, waiting.oldest, waiting.next_due), (1, since, Some(due)));
        let told = tx.waiting_act_of(item).await.unwrap().unwrap();
        assert_eq!(tx.waiting_acts().await.unwrap(), std::slice::from_ref(&told));
        assert_eq!((told.act, told.item, told.due), (act, item, due));
        let sooner = now() + TimeDelta::minutes(41);
        assert!(tx.claim_acts(ActState::Received, &lease("daemon", sooner), 64).await.unwrap().is_empty());
        assert_eq!(tx.retry_item(item, sooner).await.unwrap(), ItemState::Acting);
        assert!(tx.retry_item(item, sooner).await.is_err(), "it is due already");
        assert_eq!(tx.claim_acts(ActState::Received, &lease("daemon", sooner), 64).await.unwrap().len(), 1);
        // Once parked it waits for a person.
        tx.park(item, "a test", sooner).await.unwrap();
        assert_eq!((tx.waiting().await.unwrap().count, tx.waiting_acts().await.unwrap().len()), (0, 0));
        tx.retry_item(item, sooner).await.unwrap();
        // A late daemon lets nothing wait that another has.
        let at = now() + TimeDelta::hours(9);
        let early = tx.claim_acts(ActState::Received, &lease("early", at), 64).await.unwrap();
        tx.claim_acts(ActState::Received, &lease("other", at + TimeDelta::seconds(61)), 1).await.unwrap();
        assert!(matches!(tx.let_act_wait(&early[0], at, at).await, Err(StoreError::LeaseLost { .. })));
        tx.commit().await.unwrap();
    });
}

#[test]
fn a_number_that_was_not_used_is_used_next() {
    on_both(|store| async move {
        let mut numbers = Vec::new();
        for commits in [true, false, true] {
            let mut tx = store.begin("test").await.unwrap();
            numbers.push(tx.next_invoice_number("ОЕ", 2026).await.unwrap().to_string());
            if commits { tx.commit().await.unwrap() } else { tx.roll_back().await.unwrap() }
        }
        assert_eq!(numbers, ["ОЕ-2026-000001", "ОЕ-2026-000002", "ОЕ-2026-000002"]);
    });
}

#[test]
fn findings_of_a_station_that_runs_again_stand_once() {
    on_both(|store| async move {
        let Receipt::New(id) = receive(&store, &mail("1", b"one")).await else { panic!("new") };
        let mut tx = store.begin("test").await.unwrap();
        for _ in 0..2 {
            let finding = Finding::error(Code::ActXml).with("detail", "ф").at(3, 7);
            tx.put_findings(id, "verify", &[finding, Finding::warning(Code::ActSigner)]).await.unwrap();
        }
        let found = tx.findings(id).await.unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].to_finding(), Finding::error(Code::ActXml).with("detail", "ф").at(3, 7));
        tx.commit().await.unwrap();
    });
}

async fn journal(store: &Store, events: &[&'static str]) {
    for event in events {
        let mut tx = store.begin("test").await.unwrap();
        tx.journal(now(), event, "item", 1, &serde_json::json!({ "n": 1 }));
        tx.journal(now(), "twin", "item", 2, &serde_json::json!({}));
        tx.commit().await.unwrap();
    }
}

#[test]
fn the_journal_shows_any_later_change() {
    let faults: &[(&'static str, &[&'static str])] = &[
        ("it was changed", &["UPDATE journal SET detail = '{\"n\":2}' WHERE seq = 3"]),
        ("it was changed", &["UPDATE journal SET at = at + 1 WHERE seq = 1"]),
        ("an entry is missing", &["DELETE FROM journal WHERE seq = 4"]),
        ("entries are missing at the end", &["DELETE FROM journal WHERE seq = 6"]),
        ("it does not follow the entry before it", &["UPDATE journal SET prev = hash WHERE seq = 2"]),
        (
            "it was changed",
            &[
                "UPDATE journal SET seq = 99 WHERE seq = 2",
                "UPDATE journal SET seq = 2, prev = (SELECT prev FROM journal WHERE seq = 99) WHERE seq = 3",
                "UPDATE journal SET seq = 3 WHERE seq = 99",
            ],
        ),
    ];
    on_both(|store| async move {
        journal(&store, &["one", "two", "three"]).await;
        assert_eq!(store.verify_journal().await.unwrap(), Ok(6));
        // The engine itself refuses the change; an insider removes that guard first.
        let mut tx = store.begin("test").await.unwrap();
        assert!(tx.raw("UPDATE journal SET detail = '{}' WHERE seq = 1").await.is_err());
        tx.roll_back().await.unwrap();
        let mut tx = store.begin("test").await.unwrap();
        let postgres = store.engine_name() == "postgresql";
        for guard in if postgres {
            ["DROP TRIGGER journal_append_only ON journal", "DROP TRIGGER journal_never_deleted ON journal"]
        } else {
            ["DROP TRIGGER journal_append_only", "DROP TRIGGER journal_never_deleted"]
        } {
            tx.raw(guard).await.unwrap();
        }
        tx.commit().await.unwrap();
        for (reason, statements) in faults {
            // Each fault on a copy: what was there is put back after.
            let mut tx = store.begin("test").await.unwrap();
            tx.raw("CREATE TABLE kept AS SELECT * FROM journal").await.unwrap();
            for sql in *statements {
                tx.raw(sql).await.unwrap();
            }
            tx.commit().await.unwrap();
            let broken = store.verify_journal().await.unwrap().expect_err("a broken chain");
            assert_eq!(broken.reason, *reason, "{statements:?} on {}", store.engine_name());
            let mut tx = store.begin("test").await.unwrap();
            for sql in ["DELETE FROM journal", "INSERT INTO journal SELECT * FROM kept", "DROP TABLE kept"] {
                tx.raw(sql).await.unwrap();
            }
            tx.commit().await.unwrap();
            assert_eq!(store.verify_journal().await.unwrap(), Ok(6));
        }
    });
}

#[test]
fn an_issued_invoice_cannot_be_changed_even_by_sql() {
    on_both(|store| async move {
        let mut tx = store.begin("test").await.unwrap();
        for sql in [
            "INSERT INTO account (contract, contract_date, name, edrpou, vat_number, address, product, self_billing) VALUES ('270000017', '2020-01-01', 'n', '00131512', '', 'a', 'p', 'allowed')",
            "INSERT INTO invoice (contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) VALUES ('270000017', 24321, 1, '', 2026, 1, 100, 20, 120, '{}', 0, 'issued', 0)",
        ] {
            tx.raw(sql).await.unwrap();
        }
        tx.commit().await.unwrap();
        for sql in [
            "UPDATE invoice SET due_at = 1",
            "DELETE FROM invoice",
            // A second invoice of the period, and a second of the number.
            "INSERT INTO invoice (contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) VALUES ('270000017', 24321, 1, '', 2026, 2, 100, 20, 120, '{}', 0, 'drafted', 0)",
            "INSERT INTO invoice (contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) VALUES ('270000017', 24322, 1, '', 2026, 1, 100, 20, 120, '{}', 0, 'drafted', 0)",
            // VAT that does not add up, and a state nobody knows.
            "INSERT INTO invoice (contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) VALUES ('270000017', 24322, 1, '', 2026, 2, 100, 20, 121, '{}', 0, 'drafted', 0)",
            "INSERT INTO invoice (contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) VALUES ('270000017', 24322, 1, '', 2026, 2, 100, 20, 120, '{}', 0, 'lost', 0)",
        ] {
            let mut tx = store.begin("test").await.unwrap();
            assert!(tx.raw(sql).await.is_err(), "{sql} on {}", store.engine_name());
            tx.roll_back().await.unwrap();
        }
        let mut tx = store.read().await.unwrap();
        let contract = ContractNumber::parse("270000017").unwrap();
        let period = Period::from_ordinal(24321).unwrap();
        let number = tx.invoice_of_period(&contract, period).await.unwrap().unwrap();
        assert_eq!(number.to_string(), "2026-000001");
    });
}

#[test]
fn a_source_belongs_to_one_daemon_at_a_time() {
    on_both(|store| async move {
        let mut tx = store.begin("test").await.unwrap();
        let first = tx.take_source("mailbox:a", &lease("one", now())).await.unwrap().expect("free");
        assert_eq!(tx.take_source("mailbox:a", &lease("two", now())).await.unwrap(), None);
        assert!(tx.holds_source("mailbox:a", first).await.unwrap());
        let late = now() + TimeDelta::seconds(61);
        let second = tx.take_source("mailbox:a", &lease("two", late)).await.unwrap().expect("run out");
        assert!(second > first);
        assert!(!tx.holds_source("mailbox:a", first).await.unwrap());
        tx.commit().await.unwrap();
    });
}
