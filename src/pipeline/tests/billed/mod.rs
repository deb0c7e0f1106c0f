//! The month's run, corrections, and what a bill would have been with what was known then.

mod beside;
mod composed;
mod confirmed;

use oblik_billing::MissingReadings;
use oblik_config::Eyes;
use oblik_domain::bill::{Bill, MonthVolume};
use oblik_domain::energy::{Kwh, RegisterTotal};
use oblik_domain::finding::Finding;
use oblik_domain::ids::ContractNumber;
use oblik_domain::metering::{Occasion, Quality, Reading, RegisterKey};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::states::InvoiceState;
use oblik_store::{Run, RunProgress, StoredInvoice};

use super::*;
use crate::{
    BillPreview, Claim, Confirming, Entry, How, Word, approve, begin_run, begin_scheduled_run, bill_now, confirm, correct_now,
    enter_reading, finish_runs, preview, preview_correction, preview_run, turn,
};

const ANNA: Word<'static> = Word { operator: "anna", reason: "перевірено" };

impl World {
    /// What the registers of these customers showed at the end of the period, as meter files bring it.
    async fn read(&self, customers: &[Customer]) {
        let mut tx = self.house.store.begin("test").await.unwrap();
        for customer in customers {
            for (register, total) in self.utility.totals(customer, self.utility.period) {
                tx.put_reading(&self.reading(register, total), 1, self.house.now()).await.unwrap();
            }
        }
        tx.commit().await.unwrap();
    }

    fn reading(&self, register: RegisterKey, total: RegisterTotal) -> Reading {
        let period = self.utility.period;
        let (quality, occasion) = (Quality::Actual, Occasion::PeriodEnd);
        Reading { register, period, read_on: period.last_day(), total, quality, occasion }
    }

    /// Turns the station `run` until it has nothing to do.
    async fn run_on(&self) -> usize {
        let mut moved = 0;
        loop {
            match turn(&self.house, "run").await.unwrap().moved {
                0 => return moved,
                more => moved += more,
            }
        }
    }

    async fn begin(&self, missing: MissingReadings) -> Run {
        begin_run(&self.house, self.utility.period, missing, "anna").await.unwrap()
    }

    async fn progress(&self, run: &Run) -> RunProgress {
        self.house.store.read().await.unwrap().run_progress(run.id).await.unwrap()
    }

    async fn all_invoices(&self) -> Vec<StoredInvoice> {
        self.house.store.read().await.unwrap().invoices_after(0).await.unwrap()
    }

    /// An operator's reading at the end of the period, so much above what was read.
    fn entry(&self, customer: &Customer, above: i64) -> Entry {
        let (register, total) = self.utility.totals(customer, self.utility.period).into_iter().next().unwrap();
        Entry {
            contract: customer.contract().clone(),
            period: self.utility.period,
            meter: register.meter,
            kind: register.kind,
            zone: register.zone,
            total: RegisterTotal(total.0 + above),
            read_on: self.utility.period.last_day(),
            occasion: Occasion::PeriodEnd,
        }
    }
}

fn sum(invoices: &[StoredInvoice]) -> Kopiykas {
    invoices.iter().map(|invoice| invoice.total).sum()
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

fn bill(preview: BillPreview) -> Bill {
    match preview {
        BillPreview::Bill(bill, _) => *bill,
        other => panic!("{other:?}"),
    }
}

fn refused(preview: &BillPreview) -> Vec<Code> {
    match preview {
        BillPreview::Refused(findings) => codes(findings),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_months_run_bills_every_account_once_and_the_same_again_bills_nothing() {
    let world = World::new(60).await;
    world.read(&world.customers[3..]).await;
    let mut seen = Vec::new();
    let mut look = |done, all| seen.push((done, all));
    let dry = preview_run(&world.house, world.utility.period, MissingReadings::Refuse, &mut look).await.unwrap();
    assert_eq!((dry.accounts, dry.billed, dry.refused, dry.skipped), (60, 57, 3, 0));
    assert_eq!((seen, dry.codes[&Code::ReadingsIncomplete]), (vec![(60, 60)], 3));
    assert_eq!(world.all_invoices().await.len(), 0);

    let run = world.begin(MissingReadings::Refuse).await;
    assert_eq!(world.progress(&run).await, RunProgress { due: 60, ..RunProgress::default() });
    assert_eq!(world.run_on().await, 60);
    assert_eq!(world.progress(&run).await, RunProgress { due: 0, billed: 57, refused: 3, skipped: 0 });
    let invoices = world.all_invoices().await;
    assert_eq!((invoices.len(), sum(&invoices), sum(&invoices) > Kopiykas::ZERO), (57, dry.total, true));
    assert_eq!(invoices.iter().map(|invoice| invoice.number.running).collect::<Vec<_>>(), (1..=57).collect::<Vec<_>>());
    let mut tx = world.house.store.read().await.unwrap();
    let refusals = tx.run_refusals(run.id, 0, 100).await.unwrap();
    assert!(tx.run(run.id).await.unwrap().unwrap().finished_at.is_some());
    drop(tx);
    let told: Vec<_> = refusals.iter().map(|refusal| (refusal.contract.as_str(), codes(&refusal.findings))).collect();
    let missing = vec![Code::ReadingsIncomplete];
    assert_eq!(told, [("270000001", missing.clone()), ("270000002", missing.clone()), ("270000003", missing)]);

    // The schedule finds the month done; an operator's second run finds every bill.
    assert_eq!(begin_scheduled_run(&world.house, start()).await.unwrap(), None);
    let again = world.begin(MissingReadings::Refuse).await;
    world.run_on().await;
    assert_eq!(world.progress(&again).await, RunProgress { due: 0, billed: 0, refused: 3, skipped: 57 });
    assert_eq!(world.all_invoices().await, invoices);
}

#[tokio::test]
async fn a_refused_account_is_billed_by_the_same_command_once_its_readings_are_there() {
    let world = World::new(4).await;
    world.read(&world.customers[1..3]).await;
    let run = begin_scheduled_run(&world.house, start()).await.unwrap().unwrap();
    assert_eq!((run.period, run.asked_by.as_str()), (world.utility.period, "schedule"));
    // While the run is open, its refusals are tried again by beginning it again.
    assert_eq!(turn(&world.house, "run").await.unwrap().moved, 4);
    world.read(&world.customers).await;
    let run = world.begin(MissingReadings::Refuse).await;
    world.run_on().await;
    let progress = world.progress(&run).await;
    assert_eq!((progress.due, progress.refused, world.all_invoices().await.len()), (0, 0, 4));
}

#[tokio::test]
async fn an_account_without_supply_in_the_period_is_skipped() {
    let world = World::new(3).await;
    world.read(&world.customers).await;
    let mut left = world.customers[1].record.clone();
    for point in &mut left.points {
        point.to = Some(world.utility.period.first_day());
    }
    let mut tx = world.house.store.begin("test").await.unwrap();
    tx.put_account(&left, 1, world.house.now()).await.unwrap();
    tx.commit().await.unwrap();
    let run = world.begin(MissingReadings::Refuse).await;
    world.run_on().await;
    assert_eq!(world.progress(&run).await, RunProgress { due: 0, billed: 2, refused: 0, skipped: 1 });
}

#[tokio::test]
async fn a_run_broken_off_in_the_middle_goes_on_and_bills_nothing_twice() {
    let world = World::new(60).await;
    world.read(&world.customers).await;
    let run = world.begin(MissingReadings::Refuse).await;
    // A daemon claims twenty and is killed.
    let lost = world.house.lease();
    let mut tx = world.house.store.begin("test").await.unwrap();
    let claimed = tx.claim_run_accounts(&lost, 20).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.run_on().await, 40);
    assert_eq!(world.progress(&run).await, RunProgress { due: 20, billed: 40, ..RunProgress::default() });
    // The same command goes on; what is claimed stays so until its time runs out.
    assert_eq!(world.begin(MissingReadings::Refuse).await.id, run.id);
    assert_eq!(world.run_on().await, 0);
    set_clock(start() + TimeDelta::minutes(3));
    let mut other = world.house.clone();
    other.owner = "another".into();
    for _ in 0..20 {
        let (one, two) = tokio::join!(turn(&world.house, "run"), turn(&other, "run"));
        assert!(one.is_ok() && two.is_ok());
    }
    finish_runs(&world.house).await.unwrap();
    assert_eq!(world.progress(&run).await, RunProgress { due: 0, billed: 60, ..RunProgress::default() });
    let invoices = world.all_invoices().await;
    let contracts: std::collections::BTreeSet<&ContractNumber> = invoices.iter().map(|invoice| &invoice.contract).collect();
    assert_eq!((invoices.len(), contracts.len()), (60, 60));
    // The dead daemon comes back, too late.
    let mut tx = world.house.store.begin("test").await.unwrap();
    let late = oblik_store::RunOutcome::Refused { findings: &[] };
    assert!(tx.settle_run_account(&claimed[0], &late, world.house.now()).await.is_err());
    drop(tx);
    assert!(world.house.store.verify_journal().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_correction_is_a_document_of_its_own_and_the_original_stays() {
    let world = World::new(1).await;
    let customer = &world.customers[0];
    let (house, contract, period) = (&world.house, customer.contract(), world.utility.period);
    assert_eq!(refused(&preview_correction(house, contract, period, "").await.unwrap()), [Code::NothingToCorrect]);
    world.read(&world.customers).await;
    let original = bill(bill_now(house, contract, period, How::default(), "anna").await.unwrap());
    run_until_idle(house).await.unwrap();
    let issued = world.all_invoices().await;
    // The same readings come to the same bill.
    assert_eq!(refused(&correct_now(house, contract, period, "ніщо", "anna").await.unwrap()), [Code::NothingToCorrect]);

    let mut billed = original.total;
    for (minutes, above) in [(1, -1000), (2, 2500), (3, 0)] {
        set_clock(start() + TimeDelta::minutes(minutes));
        enter_reading(house, &world.entry(customer, above), ANNA).await.unwrap().unwrap();
        let rerated = bill(preview(house, contract, period, How::default()).await.unwrap());
        let tried = bill(preview_correction(house, contract, period, "показання").await.unwrap());
        let adjusted = bill(correct_now(house, contract, period, "показання", "anna").await.unwrap());
        assert_eq!(tried, adjusted);
        assert_eq!(adjusted.total, rerated.total - billed, "{above}");
        let correction = adjusted.correction.as_ref().unwrap();
        assert_eq!((&correction.original, correction.billed_total), (&issued[0].number, billed));
        assert_eq!(correction.rerated_total, rerated.total);
        assert_eq!(
            world.house.store.read().await.unwrap().history(contract, next(period)).await.unwrap()[0].active,
            rerated.active_volume()
        );
        billed = rerated.total;
    }
    assert_eq!(billed, original.total);
    run_until_idle(house).await.unwrap();
    let all = world.all_invoices().await;
    assert_eq!((all.len(), &all[0], sum(&all)), (4, &issued[0], original.total));
    assert!(all[1].total < Kopiykas::ZERO);
    // Each has its number and its document, and leaves by a letter of its own.
    assert!(all.iter().all(|invoice| invoice.state == InvoiceState::Issued && invoice.pdf_sha256.is_some()));
    assert_eq!(all.iter().map(|invoice| invoice.number.running).collect::<Vec<_>>(), [1, 2, 3, 4]);
    // The run meets a billed account.
    let run = world.begin(MissingReadings::Refuse).await;
    world.run_on().await;
    assert_eq!(world.progress(&run).await.skipped, 1);
}

fn next(period: Period) -> Period {
    Period::from_ordinal(period.ordinal() + 1).unwrap()
}

#[tokio::test]
async fn what_was_known_then_comes_to_what_it_came_to_then() {
    let world = World::new(1).await;
    world.read(&world.customers).await;
    let (house, contract, period) = (&world.house, world.customers[0].contract(), world.utility.period);
    let then = bill(preview(house, contract, period, How::default()).await.unwrap());
    let instant = house.now();
    set_clock(start() + TimeDelta::hours(1));
    enter_reading(house, &world.entry(&world.customers[0], 5000), ANNA).await.unwrap().unwrap();
    let mut tx = house.store.begin("test").await.unwrap();
    let dearer = world.utility.tariffs.iter().cloned().map(|mut tariff| {
        tariff.price = oblik_domain::money::Price::new(tariff.price.value() + oblik_domain::Decimal::ONE).unwrap();
        tariff
    });
    tx.put_tariffs(&dearer.collect::<Vec<_>>(), house.now()).await.unwrap();
    tx.commit().await.unwrap();
    let known_at = |instant| How { known_at: Some(instant), ..How::default() };
    let now = bill(preview(house, contract, period, How::default()).await.unwrap());
    assert!(now.total > then.total);
    assert_eq!(bill(preview(house, contract, period, known_at(house.now())).await.unwrap()), now);
    assert_eq!(bill(preview(house, contract, period, known_at(instant)).await.unwrap()), then);
    let before = preview(house, contract, period, known_at(start() - TimeDelta::days(1))).await.unwrap();
    assert!(matches!(before, BillPreview::UnknownAccount), "{before:?}");
}

#[tokio::test]
async fn the_run_estimates_where_it_was_told_to_and_the_next_reading_trues_it_up() {
    let world = World::new(2).await;
    let (house, period) = (&world.house, world.utility.period);
    let before = Period::from_ordinal(world.utility.opening_period.ordinal() - 1).unwrap();
    // The first account has the ends of two months to go by, the second has one.
    let customer = &world.customers[0];
    let mut tx = house.store.begin("test").await.unwrap();
    for reading in &customer.openings {
        let earlier = RegisterTotal(reading.total.0 - 30_000);
        let earlier = Reading { period: before, read_on: before.last_day(), total: earlier, ..reading.clone() };
        tx.put_reading(&earlier, 1, house.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let dry = preview_run(house, period, MissingReadings::Estimate, &mut |_, _| ()).await.unwrap();
    let run = world.begin(MissingReadings::Estimate).await;
    assert!(run.estimates);
    world.run_on().await;
    let progress = world.progress(&run).await;
    assert_eq!((progress.billed, progress.refused), (1, 1));
    assert_eq!((dry.billed, dry.refused, dry.codes[&Code::VolumeEstimated]), (1, 1, 1));
    let invoices = world.all_invoices().await;
    assert_eq!((invoices.len(), &invoices[0].contract, invoices[0].total), (1, customer.contract(), dry.total));
    // The estimate stands as a reading: the next month opens with it, until what is read trues it up.
    let stored = house.store.read().await.unwrap().ground(customer.contract(), period).await.unwrap().unwrap();
    let estimated: Vec<_> = stored.readings.iter().filter(|reading| reading.period == period).collect();
    assert!(!estimated.is_empty() && estimated.iter().all(|reading| reading.quality == Quality::Estimated));
    world.read(&world.customers[..1]).await;
    let adjusted = bill(correct_now(house, customer.contract(), period, "показання надійшли", "anna").await.unwrap());
    let actual = bill(preview(house, customer.contract(), period, How::default()).await.unwrap());
    assert_eq!(adjusted.total, actual.total - invoices[0].total);
}

#[tokio::test]
async fn a_month_whose_energy_is_in_a_later_bill_is_not_charged_again() {
    let world = World::new(2).await;
    let (left_out, doubted) = (&world.customers[0], &world.customers[1]);
    let period = world.utility.period;
    let next = Period::from_ordinal(period.ordinal() + 1).unwrap();
    // Nobody read the first customer's meters in the period; the other's were read, and not billed.
    world.read(std::slice::from_ref(doubted)).await;
    let mut tx = world.house.store.begin("test").await.unwrap();
    for customer in [left_out, doubted] {
        for (register, total) in world.utility.totals(customer, next) {
            let reading = Reading { period: next, read_on: next.last_day(), ..world.reading(register, total) };
            tx.put_reading(&reading, 1, world.house.now()).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
    let billed = |customer: &Customer, period| {
        let (house, contract) = (world.house.clone(), customer.contract().clone());
        async move { bill_now(&house, &contract, period, How::default(), "anna").await.unwrap() }
    };
    bill(billed(left_out, next).await);
    let second = bill(billed(doubted, next).await);
    world.read(std::slice::from_ref(left_out)).await;
    let told = billed(left_out, period).await;
    assert_eq!(refused(&told), [Code::AlreadyBilled]);
    assert!(matches!(&told, BillPreview::Refused(findings) if findings[0].value("period") == next.to_string()));
    // What ends where the later bill begins is charged, late as it is.
    let first = bill(billed(doubted, period).await);
    for row in &first.rows {
        let after = second.rows.iter().find(|after| after.register == row.register).unwrap();
        assert_eq!(row.closing, after.opening);
    }
}
