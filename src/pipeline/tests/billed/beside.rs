//! Acts, readings and runs that meet: nobody is refused for what another did meanwhile, and no bill is made of old readings.

use super::*;
use crate::bill::Calculate;
use crate::run::Run as RunStation;
use crate::station::Station;

impl World {
    /// Takes an act in and turns these stations once each.
    async fn act_through(&self, customer: &Customer, number: u64, stations: &[&str]) -> i64 {
        self.table.put(LISTS, self.lists());
        let item = self.take(customer, number).await;
        for station in stations {
            turn(&self.house, station).await.unwrap();
        }
        item
    }

    async fn act_state(&self, item: i64) -> ActState {
        self.house.store.read().await.unwrap().act_of_item(item).await.unwrap().unwrap().2
    }
}

#[tokio::test]
async fn the_run_bills_for_an_act_that_is_registered_and_the_act_is_answered_with_the_invoice() {
    let world = World::new(1).await;
    let item = world.act_through(&world.customers[0], 1, &["classify", "verify", "register"]).await;
    assert_eq!(world.act_state(item).await, ActState::Registered);
    let act = world.act(item).await;
    // The station `bill` has it claimed and is slow.
    let mut tx = world.house.store.begin("test").await.unwrap();
    let claims = Calculate.claim(&mut tx, &world.house.lease(), 64).await.unwrap();
    tx.commit().await.unwrap();
    let answers = Calculate.ask(&world.house, &claims).await.unwrap();
    let run = world.begin(MissingReadings::Refuse).await;
    world.run_on().await;
    assert_eq!(world.progress(&run).await, RunProgress { billed: 1, ..RunProgress::default() });
    assert_eq!(world.act_state(item).await, ActState::Billed);
    // It comes too late, and tells nobody that the period is billed.
    let mut tx = world.house.store.begin("test").await.unwrap();
    assert!(Calculate.commit(&world.house, &mut tx, &claims[0], answers[0].as_ref().unwrap()).await.is_err());
    tx.roll_back().await.unwrap();
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
    assert!(!world.codes(item).await.contains(&Code::AlreadyBilled));
    let mut tx = world.house.store.read().await.unwrap();
    assert_eq!(tx.invoices_of_act(act).await.unwrap()[0].state, InvoiceState::Issued);
    assert_eq!(world.all_invoices().await.len(), 1);
}

#[tokio::test]
async fn the_run_finds_what_an_act_has_billed() {
    let world = World::new(1).await;
    let run = world.begin(MissingReadings::Refuse).await;
    let item = world.act_through(&world.customers[0], 1, &["classify", "verify", "register", "bill"]).await;
    world.run_on().await;
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
    assert_eq!(world.progress(&run).await, RunProgress { skipped: 1, ..RunProgress::default() });
    assert_eq!(world.all_invoices().await.len(), 1);
}

#[tokio::test]
async fn the_run_estimates_nothing_while_a_verified_act_is_on_its_way() {
    let world = World::new(2).await;
    let item = world.act_through(&world.customers[0], 1, &["classify", "verify"]).await;
    assert_eq!(world.act_state(item).await, ActState::Verified);
    world.read(&world.customers).await;
    let run = world.begin(MissingReadings::Estimate).await;
    world.run_on().await;
    assert_eq!(world.progress(&run).await, RunProgress { due: 1, billed: 1, ..RunProgress::default() });
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
    set_clock(start() + TimeDelta::minutes(1));
    world.run_on().await;
    assert_eq!(world.progress(&run).await, RunProgress { billed: 1, skipped: 1, ..RunProgress::default() });
    assert_eq!(world.all_invoices().await.len(), 2);
}

#[tokio::test]
async fn an_act_that_does_not_go_on_is_told_by_the_run_and_billed_over_by_nobody() {
    let world = World::new(1).await;
    world.act_through(&world.customers[0], 1, &["classify", "verify"]).await;
    world.read(&world.customers).await;
    let run = world.begin(MissingReadings::Refuse).await;
    for seconds in [0, 20, 40] {
        assert_eq!(world.progress(&run).await.due, 1, "{seconds}");
        set_clock(start() + TimeDelta::seconds(seconds));
        world.run_on().await;
    }
    assert_eq!(world.progress(&run).await, RunProgress { refused: 1, ..RunProgress::default() });
    let refusals = world.house.store.read().await.unwrap().run_refusals(run.id, 0, 9).await.unwrap();
    assert_eq!(codes(&refusals[0].findings), [Code::ActUnderWay]);
    assert!(world.all_invoices().await.is_empty());
}

#[tokio::test]
async fn what_was_entered_after_the_run_asked_is_in_the_bill() {
    let world = World::new(2).await;
    world.read(&world.customers).await;
    let customer = &world.customers[0];
    let (contract, period) = (customer.contract(), world.utility.period);
    world.begin(MissingReadings::Refuse).await;
    let mut tx = world.house.store.begin("test").await.unwrap();
    let claims = RunStation.claim(&mut tx, &world.house.lease(), 64).await.unwrap();
    tx.commit().await.unwrap();
    let answers = RunStation.ask(&world.house, &claims).await.unwrap();
    let before = bill(preview(&world.house, contract, period, How::default()).await.unwrap());
    enter_reading(&world.house, &world.entry(customer, 2500), ANNA).await.unwrap().unwrap();
    let after = bill(preview(&world.house, contract, period, How::default()).await.unwrap());
    assert_ne!(before.total, after.total);
    let mut tx = world.house.store.begin("test").await.unwrap();
    for (claim, answer) in claims.iter().zip(&answers) {
        RunStation.commit(&world.house, &mut tx, claim, answer.as_ref().unwrap()).await.unwrap();
    }
    tx.commit().await.unwrap();
    let invoices = world.all_invoices().await;
    assert_eq!(invoices.len(), 2);
    assert_eq!(invoices.iter().find(|invoice| invoice.contract == *contract).unwrap().total, after.total);
}

#[tokio::test]
async fn what_was_entered_after_an_acts_bill_was_asked_for_is_in_the_bill() {
    let world = World::new(1).await;
    let customer = &world.customers[0];
    let (contract, period) = (customer.contract(), world.utility.period);
    let item = world.act_through(customer, 1, &["classify", "verify", "register"]).await;
    let mut tx = world.house.store.begin("test").await.unwrap();
    let claims = Calculate.claim(&mut tx, &world.house.lease(), 64).await.unwrap();
    tx.commit().await.unwrap();
    let answers = Calculate.ask(&world.house, &claims).await.unwrap();
    enter_reading(&world.house, &world.entry(customer, 2500), ANNA).await.unwrap().unwrap();
    let after = bill(preview(&world.house, contract, period, How::default()).await.unwrap());
    let mut tx = world.house.store.begin("test").await.unwrap();
    Calculate.commit(&world.house, &mut tx, &claims[0], answers[0].as_ref().unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.all_invoices().await[0].total, after.total);
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.standing(item).await, (ItemState::Done, ActState::Invoiced, 1));
}
