//! A database from before billing was whole opens with everything it held.

use oblik_domain::energy::{Kwh, RegisterTotal};
use oblik_domain::ledger::{ChargeKind, DebtType};
use oblik_domain::metering::{Occasion, Quality};
use oblik_domain::money::Kopiykas;

use super::samples::*;
use super::*;

/// What the second version of the schema held, written as that version wrote it.
const BEFORE: &[&str] = &[
    "INSERT INTO blob (sha256, bytes, size_bytes) VALUES ('00', 'x', 1)",
    "INSERT INTO item (source, kind, identity, name, blob_sha256, received_at, state, due_at) VALUES ('cli:import', 'file', 'i', 'n', '00', 1, 'done', 1)",
    "INSERT INTO item (source, kind, identity, name, blob_sha256, received_at, state, due_at) VALUES ('mailbox:acts', 'mail', 'm', 'n', '00', 1, 'acting', 1)",
    "INSERT INTO act (item_id, form, state, made_at, due_at, waiting_since, attempts, fence) VALUES (2, 'pdf', 'received', 5, 6, 7, 2, 9)",
    "INSERT INTO verdict (act_id, indication, policy_sha256, evidence_sha256, judged_at, signer_name, signer_serial, certificate_sha256) \
     VALUES (1, 'TOTAL-PASSED', '00', '00', 8, 'x', '1', '2')",
    "INSERT INTO account (contract, contract_date, name, edrpou, vat_number, address, product, self_billing) VALUES \
     ('270000001', '2020-01-01', 'ТОВ 1', '00131512', '', 'м. Рівне', 'base', 'allowed'), ('270000002', '2020-01-01', 'ТОВ 2', '00131512', '', 'м. Рівне', 'base', 'forbidden')",
    "INSERT INTO account_email (contract, ordinal, address) VALUES ('270000001', 1, 'a1@example.com')",
    "INSERT INTO usage_point (eic, contract, name, address, voltage_class, valid_from) VALUES ('62Z000000000001B', '270000001', 'Цех', 'м. Рівне', '2', '2020-01-01')",
    "INSERT INTO meter (point, serial, model, coefficient, installed_on) VALUES ('62Z000000000001B', 'M0', 'NIK 2303', '40', '2020-01-01')",
    "INSERT INTO register (point, serial, kind, zone, digits) VALUES ('62Z000000000001B', 'M0', 'active-import', 'total', 6)",
    "INSERT INTO tariff (component, product, voltage_class, zone, price, valid_from) VALUES ('supply', 'base', '2', 'night', '4.5', '2026-01-01')",
    "INSERT INTO parameter (name, value, valid_from, valid_to) VALUES ('vat-rate', '20', '2015-01-01', NULL)",
    "INSERT INTO reading (point, serial, kind, zone, period, read_on, total, quality, item_id, known_at, superseded_at) VALUES \
     ('62Z000000000001B', 'M0', 'active-import', 'total', 24320, '2026-09-30', 90, 'actual', 1, 10, NULL), \
     ('62Z000000000001B', 'M0', 'active-import', 'total', 24321, '2026-10-31', 100, 'actual', 1, 10, 20), \
     ('62Z000000000001B', 'M0', 'active-import', 'total', 24321, '2026-10-31', 110, 'actual', 1, 20, NULL)",
    r#"INSERT INTO invoice (contract, period, revision, series, year, running, net, vat, total, snapshot, drafted_at, state, due_at) VALUES ('270000001', 24321, 1, 'ОЕ', 2026, 1, 36000, 7200, 43200,
'{"number":{"series":"ОЕ","year":2026,"running":1},"issued_on":"2026-11-02","due_on":"2026-11-09",
"seller":{"name":"ТОВ Постачальник","edrpou":"00131512","vat_number":"001315112345","address":"м. Рівне","iban":"UA213223130000026007233566001","bank":"банк","phone":"","email":"b@example.com","licence":""},
"buyer":{"contract":"270000001","contract_date":"2020-01-01","name":"ТОВ 1","edrpou":"00131512","vat_number":"","address":"м. Рівне","emails":["a1@example.com"],"product":"base","self_billing":"Allowed"},
"points":[{"eic":"62Z000000000001B","contract":"270000001","name":"Цех","address":"м. Рівне","voltage_class":"2","from":"2020-01-01","to":null}],
"bill":{"contract":"270000001","period":{"year":2026,"month":10},"rows":[
{"register":{"point":"62Z000000000001B","meter":"M0","kind":"active-import","zone":"night"},"voltage_class":"2","opening":90,"closing":110,"coefficient":"40","volume":50},
{"register":{"point":"62Z000000000001B","meter":"M0","kind":"active-import","zone":"day"},"voltage_class":"2","opening":90,"closing":110,"coefficient":"40","volume":30},
{"register":{"point":"62Z000000000001B","meter":"M0","kind":"reactive-import","zone":"total"},"voltage_class":"2","opening":90,"closing":110,"coefficient":"40","volume":7}],
"lines":[{"component":"supply","voltage_class":"2","zone":"total","quantity":80,"price":"4.5","net":36000}],
"net":36000,"vat_rate":"20","vat":7200,"total":43200,"trace":[{"rule":"R-VAT-1","subject":"document","formula":"round2(360.00 × 20 / 100)","result":"72.00"}]}}', 30, 'issued', 0)"#,
];

/// Runs a test on databases of both engines that were made by the second version and opened by this one.
fn on_both_from_before<F, Fut>(test: F)
where
    F: Fn(Store) -> Fut,
    Fut: Future<Output = ()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let postgres = Postgres::start().expect("PostgreSQL for the test");
    runtime.block_on(async {
        for place in [Place::Sqlite(folder.path().join("oblik.db")), Place::Postgres(postgres.database().unwrap())] {
            let old = Store::connect(&place).await.unwrap();
            old.migrate(2).await.unwrap();
            let mut tx = old.begin("test").await.unwrap();
            for sql in BEFORE {
                // SQLite keeps bytes apart from text.
                let sql = if old.engine_name() == "sqlite" && sql.starts_with("INSERT INTO blob") {
                    "INSERT INTO blob (sha256, bytes, size_bytes) VALUES ('00', x'00', 1)"
                } else {
                    sql
                };
                tx.raw(sql).await.unwrap();
            }
            tx.commit().await.unwrap();
            old.close().await;
            // Opened twice: what was filled in is filled in once.
            Store::open(&place).await.unwrap().close().await;
            let store = Store::open(&place).await.unwrap();
            test(store.clone()).await;
            store.close().await;
        }
    });
}

#[test]
fn accounts_from_before_have_one_version_known_since_ever() {
    on_both_from_before(|store| async move {
        let mut tx = store.begin("test").await.unwrap();
        let known = tx.account_record(&contract(1)).await.unwrap().unwrap();
        assert_eq!(known, record(1, vec![point(1, 0, &[])]));
        assert_eq!(tx.account_record_known_at(&contract(1), DateTime::UNIX_EPOCH).await.unwrap(), Some(known.clone()));
        let bare = tx.account_record(&contract(2)).await.unwrap().unwrap();
        assert_eq!((bare.account.self_billing, bare.points.len()), (oblik_domain::account::SelfBilling::Forbidden, 0));
        assert_eq!(tx.raw("UPDATE account_version SET superseded_at = NULL").await.unwrap(), 2);
        // The same told again is nothing new.
        assert!(!tx.put_account(&known, 1, now()).await.unwrap());
    });
}

#[test]
fn prices_and_readings_from_before_stand_as_they_stood() {
    on_both_from_before(|store| async move {
        let mut tx = store.begin("test").await.unwrap();
        let prices = tx.price_list().await.unwrap();
        assert_eq!((prices.tariffs.len(), prices.parameters.len(), prices.zone_hours.len()), (1, 1, 0));
        assert_eq!(tx.price_list_known_at(DateTime::UNIX_EPOCH).await.unwrap(), prices);
        // The same list again supersedes nothing, and prices of reactive energy and power are taken.
        tx.put_tariffs(&prices.tariffs, now()).await.unwrap();
        let mut more = prices.tariffs.clone();
        for component in PriceComponent::ALL {
            more.push(oblik_domain::tariff::Tariff { component: *component, product: None, ..prices.tariffs[0].clone() });
        }
        tx.put_tariffs(&more, now()).await.unwrap();
        assert_eq!(tx.price_list().await.unwrap().tariffs, more);
        assert_eq!(tx.price_list_known_at(now() - TimeDelta::microseconds(1)).await.unwrap(), prices);
        let ground = tx.ground(&contract(1), month("2026-10")).await.unwrap().unwrap();
        let seen =
            |ground: &Ground| -> Vec<_> { ground.readings.iter().map(|r| (r.period, r.total, r.quality, r.occasion)).collect() };
        let of = |period: &str, total| (month(period), RegisterTotal(total), Quality::Actual, Occasion::PeriodEnd);
        assert_eq!(seen(&ground), [of("2026-09", 90), of("2026-10", 110)]);
        for (micros, total) in [(10, 100), (19, 100), (20, 110)] {
            let instant = DateTime::from_timestamp_micros(micros).unwrap();
            let ground = tx.ground_known_at(&contract(1), month("2026-10"), instant).await.unwrap().unwrap();
            assert_eq!(seen(&ground), [of("2026-09", 90), of("2026-10", total)], "{micros}");
        }
        // A reading of the same register and period supersedes the one from before.
        assert!(tx.put_reading(&reading(0, "M0", "2026-10", 120), 1, now()).await.unwrap());
        let ground = tx.ground(&contract(1), month("2026-10")).await.unwrap().unwrap();
        assert_eq!(seen(&ground), [of("2026-09", 90), of("2026-10", 120)]);
    });
}

#[test]
fn invoices_from_before_are_charges_and_history() {
    on_both_from_before(|store| async move {
        let mut tx = store.begin("test").await.unwrap();
        let bills = tx.bills_of_period(&contract(1), month("2026-10")).await.unwrap();
        assert_eq!(bills.len(), 1);
        let line = &bills[0].invoice.bill.lines[0];
        assert_eq!((line.debt, line.vatable, line.net), (DebtType::Active, true, Kopiykas(36000)));
        let charges = tx.charges(&contract(1), None).await.unwrap();
        assert_eq!(charges.len(), 1);
        let charge = &charges[0];
        assert_eq!((charge.kind, charge.debt, charge.amount), (ChargeKind::Invoice, DebtType::Active, Kopiykas(43200)));
        assert_eq!((charge.period, charge.due_on), (month("2026-10"), day("2026-11-09")));
        assert_eq!((charge.booked_at.timestamp_micros(), charge.invoice.as_ref()), (30, Some(&bills[0].number)));
        let history = tx.history(&contract(1), month("2026-11")).await.unwrap();
        assert_eq!(
            history.iter().map(|volume| (volume.period, volume.active)).collect::<Vec<_>>(),
            [(month("2026-10"), Kwh(80))]
        );
        assert!(tx.history(&contract(2), month("2026-11")).await.unwrap().is_empty());
    });
}

#[test]
fn acts_from_before_stand_as_they_stood_and_may_be_countersigned() {
    on_both_from_before(|store| async move {
        let mut tx = store.begin("test").await.unwrap();
        let act = tx.act(1).await.unwrap().unwrap();
        assert_eq!((act.item_id, act.form.as_str(), act.state), (2, "pdf", ActState::Received));
        assert_eq!(act.waiting_since.map(|since| since.timestamp_micros()), Some(7));
        assert_eq!(tx.verdict(1).await.unwrap().unwrap().signer_name, "x");
        let claimed = tx.claim_acts(ActState::Received, &lease("anna", now()), 1).await.unwrap();
        assert_eq!((claimed.len(), claimed[0].fence, claimed[0].attempt), (1, 10, 3));
        tx.step(&claimed[0], ActState::Received, oblik_domain::states::ActEvent::CopyReceived, now()).await.unwrap();
        // Whoever points to an act still may not point to none.
        assert!(tx.raw("INSERT INTO signed_content (act_id, content_sha256, act_xml_sha256, contract, period) VALUES (99, '0', '00', '270000001', 1)").await.is_err());
        tx.roll_back().await.unwrap();
        let mut tx = store.begin("test").await.unwrap();
        assert!(tx.raw("UPDATE act SET state = 'lost'").await.is_err());
        tx.roll_back().await.unwrap();
    });
}
