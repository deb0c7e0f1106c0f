//! ПОПЕРЕДНІЙ РОЗРАХУНОК: figures for whom they may go to, and nothing registered.

use super::*;

#[tokio::test]
async fn a_trial_tells_the_figures_to_the_registered_address_and_registers_nothing() {
    let world = World::with_lists(2).await;
    let own = world.customers[0].email();
    let trial = Mail::new(own, TRIAL).with(world.act_of(0)).take(&world, 1).await;
    assert_eq!((world.standing(trial).await.0, world.state(trial).await), (ItemState::Done, Some(ActState::Refused)));
    assert_eq!((world.readings(0).await, world.invoices_of(0).await), (0, 0));
    let (to, text) = world.letter(trial).await;
    assert_eq!(to, own);
    // The figures are those of the invoice that follows when the act is sent for real.
    let real = Mail::new(own, "Акт").with(world.act_of(0)).take(&world, 2).await;
    assert_eq!(world.state(real).await, Some(ActState::Invoiced));
    let mut tx = world.house.store.read().await.unwrap();
    let invoice = tx.invoices_of_act(world.act(real).await).await.unwrap().remove(0).invoice;
    tx.roll_back().await.unwrap();
    let total = oblik_words::numbers::money(invoice.bill.total);
    assert!(text.contains(&format!("{total} грн")) && text.contains("Акт не зареєстровано"), "{text}");
    for row in &invoice.bill.rows {
        assert!(text.contains(&oblik_words::numbers::kwh(row.volume)), "{text}");
    }
    // Once it is accepted, a trial of the same act says so.
    let again = Mail::new(own, TRIAL).with(world.act_of(0)).take(&world, 3).await;
    assert_eq!(world.state(again).await, Some(ActState::Repeated));
    assert!(world.house.store.verify_journal().await.unwrap().is_ok());
}

#[tokio::test]
async fn a_trial_is_made_as_often_as_it_is_asked_for_and_a_repeated_mail_once() {
    let world = World::with_lists(1).await;
    let own = world.customers[0].email();
    let one = Mail::new(own, TRIAL).with(world.act_of(0)).take(&world, 1).await;
    let other = Mail::new(own, TRIAL).with(world.act_of(0)).take(&world, 2).await;
    assert_eq!(Mail::new(own, TRIAL).with(world.act_of(0)).take(&world, 1).await, one);
    assert_eq!((world.letters(one).await.len(), world.letters(other).await.len()), (1, 1));
    assert_eq!((world.readings(0).await, world.invoices_of(0).await), (0, 0));
}

#[tokio::test]
async fn a_trial_never_goes_to_who_only_carried_it() {
    let world = World::with_lists(2).await;
    let trial = Mail { proven: false, ..Mail::new(STRANGER, TRIAL) }.with(world.act_of(0)).take(&world, 1).await;
    assert_eq!(world.letter(trial).await.0, world.customers[0].email());
    // Signed by another account's signer: the customer hears that somebody did, and no figure.
    let xml = world.utility.act_xml(&world.customers[0], world.utility.period);
    let others = Mail::new(world.customers[1].email(), TRIAL).with(signed(&world.customers[1], xml)).take(&world, 2).await;
    let (to, text) = world.letter(others).await;
    assert_eq!(to, world.customers[0].email());
    assert!(!text.contains("грн") && !text.contains(world.customers[0].contract().as_str()), "{text}");
    // A machine gets no answer, and its trial is no act either.
    let machine = Mail { fields: vec![("Auto-Submitted", "auto-generated")], ..Mail::new(world.customers[0].email(), TRIAL) };
    let item = machine.with(world.act_of(0)).take(&world, 3).await;
    assert_eq!((world.letters(item).await.len(), world.state(item).await), (0, None));
}

#[tokio::test]
async fn a_trial_without_a_signature_tells_how_to_sign_and_nothing_else() {
    let world = World::with_lists(1).await;
    let customer = &world.customers[0];
    let xml = world.utility.act_xml(customer, world.utility.period);
    for (number, files, code) in [(1, Vec::new(), "MAIL-NO-ACT"), (2, vec![File::xml("akt.xml", xml)], "MAIL-UNSIGNED")] {
        let item = Mail::new(customer.email(), TRIAL).with(files.clone()).take(&world, number).await;
        let (to, text) = world.letter(item).await;
        assert_eq!((to.as_str(), codes_in(&text)), (customer.email(), vec![code]));
        assert!(!text.contains("грн") && !text.contains(customer.contract().as_str()), "{text}");
        let stranger = Mail::new(STRANGER, TRIAL).with(files.clone()).take(&world, number + 10).await;
        let forged = Mail { proven: false, ..Mail::new(customer.email(), TRIAL) }.with(files).take(&world, number + 20).await;
        assert_eq!((world.letters(stranger).await.len(), world.letters(forged).await.len()), (0, 0));
    }
}

#[tokio::test]
async fn a_trial_tells_what_would_refuse_the_act() {
    let world = World::with_lists(1).await;
    let customer = &world.customers[0];
    let mut act = world.utility.reading_act(customer, world.utility.period);
    act.rows.pop();
    let partial = Mail::new(customer.email(), TRIAL).with(signed(customer, write_reading_act(&act))).take(&world, 1).await;
    assert_eq!(codes_in(&world.letter(partial).await.1), ["E6"]);
    world.unbilled(0, 2).await;
    let calculated = Mail::new(customer.email(), CALCULATE).take(&world, 3).await;
    assert_eq!((world.letters(calculated).await.len(), world.invoices_of(0).await), (0, 1));
    let billed = Mail::new(customer.email(), TRIAL).with(signed(customer, write_reading_act(&act))).take(&world, 4).await;
    assert!(codes_in(&world.letter(billed).await.1).contains(&"E7"));
}
