//! Partners' files beyond readings at the end of a month: payments, interval series, and what accounts are taken over with.

use oblik_config::Payments;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::{ChargeKind, NewPayment};
use oblik_domain::metering::{EnergyKind, IntervalSeries, Occasion, Quality, Reading};
use oblik_domain::money::Kopiykas;
use oblik_edi::{
    AckLevel, AckOutcome, Acknowledgement, FileHeader, read_acknowledgement, write_master_data, write_meter_entries,
    write_payments,
};
use oblik_sample::{Accounts, Case};

use super::*;

const IMPORT: &str = "cli:/import";
/// The drop of the embedded configuration, as a daemon names it.
const DROP: &str = "drop:partner";

fn header(message_id: &str) -> FileHeader {
    FileHeader { message_id: message_id.to_owned(), sender: "АТ «Банк»".to_owned(), created_at: start(), record_count: 0 }
}

fn payment(reference: &str, kopiykas: i64, purpose: &str) -> NewPayment {
    NewPayment {
        source: "АТ «Банк»".to_owned(),
        reference: reference.to_owned(),
        amount: Kopiykas(kopiykas),
        paid_on: "2026-11-01".parse().unwrap(),
        payer: "Платник".to_owned(),
        payer_edrpou: None,
        purpose: purpose.to_owned(),
    }
}

impl World {
    async fn file(&self, source: &str, name: &str, bytes: &[u8]) -> Acknowledgement {
        let (Receipt::New(item) | Receipt::Duplicate(item)) = take_file(&self.house, source, name, bytes).await.unwrap();
        run_until_idle(&self.house).await.unwrap();
        let mut tx = self.house.store.read().await.unwrap();
        let letter = tx.letters_of(item).await.unwrap().remove(0);
        read_acknowledgement(&tx.blob(&letter.blob_sha256).await.unwrap()).unwrap()
    }

    async fn pay(&self, source: &str, message: &str, payments: &[NewPayment]) -> Acknowledgement {
        self.file(source, &format!("{message}.xml"), &write_payments(&header(message), payments)).await
    }

    async fn paid(&self, contract: &ContractNumber) -> Vec<Kopiykas> {
        let payments = self.house.store.read().await.unwrap().payments_of(contract, None).await.unwrap();
        payments.into_iter().map(|(payment, _)| payment.amount).collect()
    }

    async fn measure(
        &self,
        message: &str,
        series: &[IntervalSeries],
        readings: &[Reading],
        contract: &ContractNumber,
    ) -> Acknowledgement {
        let series: Vec<_> = series.iter().map(|series| (contract.clone(), series.clone())).collect();
        let readings: Vec<_> = readings.iter().map(|reading| (contract.clone(), reading.clone())).collect();
        self.file(DROP, &format!("{message}.xml"), &write_meter_entries(&header(message), &readings, &series)).await
    }
}

fn told(ack: &Acknowledgement) -> Vec<(&str, Option<u64>)> {
    ack.errors.iter().map(|error| (error.code.as_str(), error.record)).collect()
}

#[tokio::test]
async fn a_payment_told_twice_is_booked_once_and_told() {
    let world = World::new(2).await;
    let contract = world.utility.customers[0].contract().clone();
    let purpose = format!("За активну електроенергію, договір {contract}");
    let (first, second) = (payment("1", 100_000, &purpose), payment("2", 25_050, &purpose));
    let ack = world.pay(IMPORT, "a", std::slice::from_ref(&first)).await;
    assert_eq!((ack.level, ack.outcome, ack.accepted, ack.refused), (AckLevel::Business, AckOutcome::Accepted, 1, 0));
    assert_eq!(world.paid(&contract).await, [Kopiykas(100_000)]);
    // A statement that was sent again with one line more.
    let ack = world.pay(IMPORT, "b", &[first.clone(), second.clone()]).await;
    assert_eq!((ack.outcome, ack.accepted, ack.refused), (AckOutcome::Partly, 1, 1));
    assert_eq!(told(&ack), [("FILE-DUPLICATE", Some(1))]);
    assert!(ack.errors[0].place.is_some());
    assert_eq!(world.paid(&contract).await, [Kopiykas(100_000), Kopiykas(25_050)]);
    // The same line with another sum, day or purpose is somebody's mistake: nothing of the file is booked.
    let third = payment("3", 1, &purpose);
    let others = [
        NewPayment { amount: Kopiykas(100_001), ..first.clone() },
        NewPayment { paid_on: "2026-10-31".parse().unwrap(), ..first.clone() },
        NewPayment { purpose: "Інше".to_owned(), ..first.clone() },
        NewPayment { payer: "Інший".to_owned(), ..first.clone() },
        // And so is what cannot be.
        NewPayment { reference: "4".to_owned(), paid_on: "2026-11-03".parse().unwrap(), ..first.clone() },
        NewPayment { reference: "5".to_owned(), amount: Kopiykas(10_000_000_000_001), ..first.clone() },
    ];
    for (index, other) in others.into_iter().enumerate() {
        let ack = world.pay(IMPORT, &format!("c{index}"), &[third.clone(), other.clone()]).await;
        assert_eq!((ack.outcome, ack.accepted), (AckOutcome::Refused, 0), "{other:?}");
        assert_eq!(told(&ack), [("FILE-RECORD", Some(2))], "{other:?}");
    }
    assert_eq!(world.paid(&contract).await.len(), 2);
    // What names nobody waits for an operator.
    world.pay(IMPORT, "d", &[payment("6", 300, "Оплата")]).await;
    assert_eq!(world.house.store.read().await.unwrap().count_unassigned_payments().await.unwrap(), 1);
}

#[tokio::test]
async fn payments_come_only_from_whom_the_configuration_trusts() {
    let mut world = World::new(1).await;
    let contract = world.utility.customers[0].contract().clone();
    let paid = payment("1", 500, &format!("Договір {contract}"));
    let ack = world.pay(DROP, "a", std::slice::from_ref(&paid)).await;
    assert_eq!((ack.level, ack.outcome, told(&ack)), (AckLevel::Technical, AckOutcome::Refused, vec![("FILE-FORMAT", None)]));
    assert!(world.paid(&contract).await.is_empty());
    let mut config = (*world.house.config).clone();
    config.drops[0].payments = Payments::Taken;
    world.house.config = Arc::new(config);
    let ack = world.pay(DROP, "b", std::slice::from_ref(&paid)).await;
    assert_eq!(ack.outcome, AckOutcome::Accepted);
    // The same line by another way is the same payment.
    let ack = world.pay(IMPORT, "c", &[paid]).await;
    assert_eq!((ack.outcome, ack.accepted, told(&ack)), (AckOutcome::Partly, 0, vec![("FILE-DUPLICATE", Some(1))]));
    assert_eq!(world.paid(&contract).await, [Kopiykas(500)]);
}

#[tokio::test]
async fn interval_series_and_readings_between_months_are_stored_where_they_fit() {
    let world = World::new(2).await;
    let customer = &world.utility.customers[0];
    let (contract, point) = (customer.contract().clone(), customer.record.points[0].eic.clone());
    let of = |start: &str, count: i64| IntervalSeries {
        point: point.clone(),
        kind: EnergyKind::ActiveImport,
        start: start.parse().unwrap(),
        minutes: 30,
        values: (0..count).map(RegisterTotal).collect(),
    };
    // October has an hour more: 1490 half-hours from midnight to midnight of Kyiv.
    let month = of("2026-09-30T21:00:00Z", 1490);
    let ack = world.measure("a", std::slice::from_ref(&month), &[], &contract).await;
    assert_eq!((ack.outcome, ack.accepted), (AckOutcome::Accepted, 1), "{:?}", ack.errors);
    let stored =
        world.house.store.read().await.unwrap().intervals(std::slice::from_ref(&point), world.utility.period).await.unwrap();
    assert_eq!(stored, [month]);
    let stranger = world.utility.customers[1].record.points[0].eic.clone();
    let bad = [
        (vec![of("2026-11-02T07:30:00Z", 2)], "to come"),
        (vec![IntervalSeries { point: stranger, ..of("2026-10-01T00:00:00Z", 1) }], "has no point"),
        (vec![of("2026-10-01T00:00:00Z", 4), of("2026-10-01T01:30:00Z", 1)], "share a time with those of record 1"),
    ];
    for (index, (series, detail)) in bad.into_iter().enumerate() {
        let ack = world.measure(&format!("b{index}"), &series, &[], &contract).await;
        assert_eq!(ack.outcome, AckOutcome::Refused, "{detail}");
        assert!(ack.errors[0].message.contains(detail), "{:?}", ack.errors);
    }
    let good = [of("2026-11-02T07:30:00Z", 1), of("2026-10-01T00:00:00Z", 4), of("2026-10-01T02:00:00Z", 1)];
    let ack = world.measure("c", &good, &[], &contract).await;
    assert_eq!((ack.outcome, ack.accepted), (AckOutcome::Accepted, 3), "{:?}", ack.errors);

    let opening = &customer.openings[0];
    let control = |day: &str, more: i64| Reading {
        register: opening.register.clone(),
        period: world.utility.period,
        read_on: day.parse().unwrap(),
        total: RegisterTotal(opening.total.0 + more),
        quality: Quality::Actual,
        occasion: Occasion::Control,
    };
    let ack = world.measure("d", &[], &[control("2026-10-16", 5000), control("2026-10-20", 7000)], &contract).await;
    assert_eq!((ack.outcome, ack.accepted), (AckOutcome::Accepted, 2), "{:?}", ack.errors);
    let ground = world.house.store.read().await.unwrap().ground(&contract, world.utility.period).await.unwrap().unwrap();
    let controls = ground.readings.iter().filter(|reading| reading.occasion == Occasion::Control).count();
    assert_eq!(controls, 2, "each day has its own");
}

#[tokio::test]
async fn what_an_account_is_taken_over_with_counts_once() {
    let world = World::new(1).await;
    let accounts = Accounts::new(start(), 51).unwrap();
    let entry = accounts.case(Case::Planned).unwrap().clone();
    let contract = entry.record.account.contract.clone();
    let ack = world.file(IMPORT, "accounts.xml", &accounts.master_data_xml()).await;
    assert_eq!(ack.outcome, AckOutcome::Accepted, "{:?}", ack.errors);
    let stands = async || {
        let mut tx = world.house.store.read().await.unwrap();
        let record = tx.account_record(&contract).await.unwrap().unwrap();
        let history = tx.history(&contract, accounts.period).await.unwrap();
        let charges = tx.charges(&contract, None).await.unwrap();
        let prices = tx.price_list().await.unwrap();
        (record, history, charges, prices.zone_hours, prices.tariffs.len())
    };
    let (mut record, history, charges, zone_hours, tariffs) = stands().await;
    let mut expected = entry.record.clone();
    for meter in record.meters.iter_mut().chain(&mut expected.meters) {
        meter.registers.sort_unstable();
    }
    assert_eq!((&record, &history), (&expected, &entry.history));
    assert_eq!((zone_hours.len(), tariffs), (accounts.zone_hours.len(), accounts.tariffs.len()));
    let told: Vec<_> = charges.iter().map(|charge| (charge.kind, charge.debt, charge.amount)).collect();
    let expected: Vec<_> = entry.balances.iter().map(|balance| (ChargeKind::Opening, balance.debt, balance.amount)).collect();
    assert_eq!(told, expected);
    // The same data in a new message books nothing more.
    let header = FileHeader { message_id: "again".to_owned(), ..header("again") };
    let ack = world.file(IMPORT, "again.xml", &write_master_data(&header, &accounts.master_records())).await;
    assert_eq!(ack.outcome, AckOutcome::Accepted, "{:?}", ack.errors);
    let again = stands().await;
    assert_eq!((again.1, again.2), (history, charges));
}

#[tokio::test]
async fn a_branch_nobody_configured_is_told_of_and_the_account_is_taken() {
    let mut world = World::new(2).await;
    let issuing = world.house.issuers.supplier.clone();
    let branches = [("Захід".to_owned(), issuing)].into();
    world.house.issuers = Arc::new(crate::Issuers { branches, ..crate::Issuers::clone(&world.house.issuers) });
    let mut records = Vec::new();
    for (customer, branch) in world.customers.iter().zip(["Захід", "Схід"]) {
        let mut record = customer.record.clone();
        record.account.branch = Some(branch.to_owned());
        let (openings, history, balances) = (Vec::new(), Vec::new(), Vec::new());
        let entry = oblik_edi::AccountEntry { record, openings, history, balances };
        records.push(oblik_edi::MasterRecord::Account(Box::new(entry)));
    }
    let ack = world.file(IMPORT, "branches.xml", &write_master_data(&header("branches"), &records)).await;
    assert_eq!((ack.outcome, ack.accepted, ack.errors.len()), (AckOutcome::Accepted, 2, 1), "{ack:?}");
    assert!(format!("{:?}", ack.errors).contains("Схід"), "{:?}", ack.errors);
    let mut tx = world.house.store.read().await.unwrap();
    for (customer, branch) in world.customers.iter().zip(["Захід", "Схід"]) {
        let known = tx.account_record(customer.contract()).await.unwrap().unwrap();
        assert_eq!(known.account.branch.as_deref(), Some(branch));
    }
}
