//! Statements tell what the ledger, the prices and the account hold.

use oblik_documents::{Figure, Report};
use oblik_domain::account::{Limit, LimitKind};
use oblik_domain::metering::Disconnection;
use oblik_domain::statement::StatementKind;

use super::*;
use crate::{Stated, StatementRequest, report};

impl World {
    async fn stated(&self, customer: &Customer, kind: StatementKind) -> Report {
        let request = StatementRequest { contract: customer.contract().clone(), kind, from: None, to: None };
        match report(&self.house, &request).await.unwrap() {
            Stated::Report(report) => *report,
            other => panic!("{other:?}"),
        }
    }
}

/// The figures of a column, by its place.
fn column(report: &Report, table: usize, column: usize) -> Vec<Figure> {
    report.tables[table].rows.iter().map(|row| row[column].clone()).collect()
}

#[tokio::test]
async fn statements_of_money_tell_what_the_ledger_tells() {
    let world = World::new(2).await;
    let customer = &world.customers[0];
    let bill = world.billed_now(customer).await;
    let invoice = world.invoice_of(customer).await;
    let half = Kopiykas(bill.total.0 / 2);
    let purpose = invoice.invoice.payment_purpose();
    let today = oblik_domain::period::kyiv_day(world.house.now()).to_string();
    enter_payment(&world.house, &payment("1", half, &today, &purpose)).await.unwrap();

    let told = world.told(customer, world.house.now()).await;
    let balance = world.stated(customer, StatementKind::Balance).await;
    assert_eq!(balance.tables[0].total[4], Figure::Money(told.statement.total.closing));
    assert_eq!(balance.tables[0].total[4], Figure::Money(bill.total - half));
    assert_eq!(column(&balance, 1, 6), told.open.iter().map(|open| Figure::Money(open.open)).collect::<Vec<_>>());

    let charges = world.stated(customer, StatementKind::Charges).await;
    assert_eq!(charges.tables[0].total[6], Figure::Money(bill.total));
    assert_eq!(column(&charges, 1, 8), bill.lines.iter().map(|line| Figure::Money(line.net)).collect::<Vec<_>>());

    let payments = world.stated(customer, StatementKind::Payments).await;
    assert_eq!(column(&payments, 0, 2), [Figure::Money(half)]);
    assert_eq!(payments.tables[0].total[2], Figure::Money(half));
    let parts = column(&payments, 1, 6).into_iter().map(|part| match part {
        Figure::Money(sum) => sum.0,
        other => panic!("{other:?}"),
    });
    assert_eq!(parts.sum::<i64>(), half.0);
    // Nothing of another account.
    let other = world.stated(&world.customers[1], StatementKind::Payments).await;
    assert!(other.tables.iter().all(|table| table.rows.is_empty()));
}

#[tokio::test]
async fn a_day_gone_by_is_told_as_it_stood_at_its_end() {
    let world = World::new(1).await;
    let customer = &world.customers[0];
    world.owe(customer, 12_345, "2026-09-20").await;
    let today = oblik_domain::period::kyiv_day(world.house.now());
    let at = |to: NaiveDate| StatementRequest {
        contract: customer.contract().clone(),
        kind: StatementKind::Balance,
        from: Some(today - Days::new(9)),
        to: Some(to),
    };
    for (to, expected) in [(today, 12_345), (days_after(today, 30), 12_345), (today - Days::new(1), 0)] {
        let Stated::Report(report) = report(&world.house, &at(to)).await.unwrap() else { panic!("{to}") };
        assert_eq!(report.tables[0].total[4], Figure::Money(Kopiykas(expected)), "{to}");
    }
}

#[tokio::test]
async fn statements_of_the_contract_tell_meters_limits_disconnections_and_prices() {
    let world = World::new(1).await;
    let customer = &world.customers[0];
    let off = world.house.now() - TimeDelta::days(3);
    let mut tx = world.house.store.begin("test").await.unwrap();
    let mut record = tx.account_record(customer.contract()).await.unwrap().unwrap();
    record.points[0].disconnections.push(Disconnection { from: off, to: None, reason: "борг".to_owned() });
    record.account.limits.push(Limit {
        kind: LimitKind::Consumption,
        period: world.utility.period,
        amount: 5000.into(),
        registered_on: world.utility.period.first_day(),
        area: None,
    });
    tx.put_account(&record, 1, world.house.now()).await.unwrap();
    tx.commit().await.unwrap();

    let meters = world.stated(customer, StatementKind::Meters).await;
    let serials: Vec<Figure> = record.meters.iter().map(|meter| Figure::text(meter.serial.as_str())).collect();
    assert_eq!(column(&meters, 0, 2), serials);
    assert_eq!(meters.tables[1].rows.len(), record.meters.iter().map(|meter| meter.registers.len()).sum::<usize>());
    let limits = world.stated(customer, StatementKind::Limits).await;
    assert_eq!(column(&limits, 0, 3), [Figure::Number(5000.into())]);
    let disconnections = world.stated(customer, StatementKind::Disconnections).await;
    assert_eq!(column(&disconnections, 0, 3), [Figure::Instant(off)]);
    assert_eq!(column(&disconnections, 0, 4), [Figure::Nothing]);
    let tariffs = world.stated(customer, StatementKind::Tariffs).await;
    assert!(!tariffs.tables[0].rows.is_empty());
    let contract = world.stated(customer, StatementKind::Contract).await;
    assert_eq!(contract.tables[1].rows.len(), record.points.len());
    // Each is a page, a file of values and a workbook.
    for kind in StatementKind::ALL {
        let report = world.stated(customer, *kind).await;
        let issuing = &world.house.issuers.supplier;
        assert!(world.house.typesetter.report_pdf(&report, &issuing.template).unwrap().starts_with(b"%PDF"), "{kind}");
        assert!(report.csv().unwrap().len() > 200 && report.xlsx().unwrap().starts_with(b"PK"), "{kind}");
    }
}

#[tokio::test]
async fn an_unknown_account_has_no_statement() {
    let world = World::new(1).await;
    let contract = oblik_domain::ids::ContractNumber::parse("279999999").unwrap();
    let request = StatementRequest { contract, kind: StatementKind::Contract, from: None, to: None };
    assert!(matches!(report(&world.house, &request).await.unwrap(), Stated::UnknownAccount));
}
