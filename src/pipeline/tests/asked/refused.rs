//! E1 to E9 as a customer meets them: what is told, what is kept, what replaces it.

use super::*;

#[tokio::test]
async fn e1_is_told_with_the_months_before_and_e3_with_whom_to_wait_for() {
    let world = World::with_lists(2).await;
    world
        .change(0, |record| {
            let value = Terms { volume_min: Some(Kwh(100_000_000)), ..Terms::default() };
            record.account.terms = vec![Dated { from: "2020-01-01".parse().unwrap(), to: None, value }];
        })
        .await;
    world.change(1, |record| record.account.self_billing = SelfBilling::Forbidden).await;
    for (at, code) in [(0, "E1"), (1, "E3")] {
        let item = Mail::new(world.customers[at].email(), "Акт").with(world.act_of(at)).take(&world, 1).await;
        assert_eq!((world.state(item).await, world.invoices_of(at).await), (Some(ActState::Unbilled), 0));
        assert_eq!(codes_in(&world.letter(item).await.1), [code]);
        let asked = Mail::new(world.customers[at].email(), CALCULATE).take(&world, 2).await;
        assert_eq!(codes_in(&world.letter(asked).await.1), [code]);
    }
}

#[tokio::test]
async fn e4_what_no_signed_act_states_is_not_calculated_at_the_customers_word() {
    let world = World::with_lists(1).await;
    let customer = &world.customers[0];
    let own = customer.email();
    let nothing = Mail::new(own, CALCULATE).take(&world, 1).await;
    assert_eq!(codes_in(&world.letter(nothing).await.1), ["E6"]);
    let act = world.utility.reading_act(customer, world.utility.period);
    let readings: Vec<_> = act.readings().into_iter().map(|reading| (act.contract.clone(), reading)).collect();
    let file = write_meter_file(&world.utility.header("amr"), &readings);
    take_file(&world.house, "drop:erp", "amr.xml", &file).await.unwrap();
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.readings(0).await, readings.len());
    let unsigned = Mail::new(own, CALCULATE).take(&world, 2).await;
    let (_, text) = world.letter(unsigned).await;
    assert_eq!((codes_in(&text), world.invoices_of(0).await), (vec!["E4"], 0));
    // The same readings in a signed act, and its word in the same mail.
    let signed = Mail::new(own, CALCULATE).with(world.act_of(0)).take(&world, 3).await;
    assert_eq!(world.state(signed).await, Some(ActState::Invoiced));
}

#[tokio::test]
async fn e6_and_e9_keep_the_readings_and_a_newer_act_replaces_them() {
    let world = World::with_lists(2).await;
    let own = [0, 1].map(|at| world.customers[at].email());
    let mut partial = world.utility.reading_act(&world.customers[0], world.utility.period);
    partial.rows.truncate(1);
    let partial = Mail::new(own[0], "Акт").with(signed(&world.customers[0], write_reading_act(&partial))).take(&world, 1).await;
    let mut below = world.utility.reading_act(&world.customers[1], world.utility.period);
    let opening = world.customers[1].opening();
    below.rows[0].total.0 = opening[&below.rows[0].register].0 - 25_000;
    let below = Mail::new(own[1], "Акт").with(signed(&world.customers[1], write_reading_act(&below))).take(&world, 2).await;
    for (at, item, code) in [(0, partial, "E6"), (1, below, "E9")] {
        assert_eq!((world.state(item).await, world.readings(at).await > 0), (Some(ActState::Unbilled), true), "{code}");
        let (to, text) = world.letter(item).await;
        assert_eq!((to.as_str(), codes_in(&text)), (own[at], vec![code]), "{text}");
        let whole = Mail::new(own[at], "Акт").with(world.act_of(at)).take(&world, 10 + u64::try_from(at).unwrap()).await;
        assert_eq!((world.state(whole).await, world.invoices_of(at).await), (Some(ActState::Invoiced), 1), "{code}");
    }
}

#[tokio::test]
async fn e8_an_act_outside_the_window_is_refused_with_its_dates() {
    let world = World::with_lists(2).await;
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let parameter =
        |name: &str, value: i64| Parameter { name: name.to_owned(), value: value.into(), from: day("2020-01-01"), to: None };
    let mut parameters = world.parameters().await;
    parameters.extend([parameter("reading-window-days", 1), parameter("settlement-day", 1)]);
    world.set_parameters(&parameters).await;
    assert_eq!(world.utility.period, Period::parse("2026-10").unwrap());
    // 1 November 2026 is a Sunday: the window is Monday the second, to midnight in Kyiv, which is 22:00 in UTC.
    set_clock("2026-11-02T21:59:59Z".parse().unwrap());
    let inside = Mail::new(world.customers[0].email(), "Акт").with(world.act_of(0)).take(&world, 1).await;
    assert_eq!(world.state(inside).await, Some(ActState::Invoiced));
    set_clock("2026-11-02T22:00:00Z".parse().unwrap());
    let late = Mail::new(world.customers[1].email(), "Акт").with(world.act_of(1)).take(&world, 2).await;
    assert_eq!((world.state(late).await, world.readings(1).await), (Some(ActState::Refused), 0));
    let (_, text) = world.letter(late).await;
    assert_eq!(codes_in(&text), ["E8"]);
    assert!(text.contains("02.11.2026") && text.contains("03.11.2026"), "{text}");
    let findings = world.house.store.read().await.unwrap().findings(late).await.unwrap();
    let stored: Vec<Finding> = findings.iter().map(oblik_store::StoredFinding::to_finding).collect();
    let e8 = stored.iter().find(|finding| finding.code == Code::OutsideWindow).unwrap();
    assert_eq!(["opens", "closes", "arrived"].map(|name| e8.value(name)), ["2026-11-02", "2026-11-02", "2026-11-03"]);
}

#[tokio::test]
async fn e9_in_a_partners_file_is_taken_with_a_warning_at_its_place() {
    let world = World::with_lists(2).await;
    let mut readings = Vec::new();
    for customer in &world.customers {
        let act = world.utility.reading_act(customer, world.utility.period);
        readings.extend(act.readings().into_iter().map(|reading| (act.contract.clone(), reading)));
    }
    readings[1].1.total.0 = 0;
    let file = write_meter_file(&world.utility.header("amr"), &readings);
    let acknowledged = async |name: &str, file: &[u8]| {
        let receipt = take_file(&world.house, "drop:erp", name, file).await.unwrap();
        let (Receipt::New(item) | Receipt::Duplicate(item)) = receipt;
        run_until_idle(&world.house).await.unwrap();
        let mut tx = world.house.store.read().await.unwrap();
        let letter = tx.letters_of(item).await.unwrap().remove(0);
        oblik_edi::read_acknowledgement(&tx.blob(&letter.blob_sha256).await.unwrap()).unwrap()
    };
    let told = acknowledged("amr.xml", &file).await;
    assert_eq!(
        (told.outcome, told.accepted, told.refused),
        (oblik_edi::AckOutcome::Accepted, u64::try_from(readings.len()).unwrap(), 0)
    );
    let [error] = told.errors.as_slice() else { panic!("{:?}", told.errors) };
    assert_eq!((error.code.as_str(), error.record), ("E9", Some(2)));
    assert!(error.message.starts_with("warning: ") && error.place.is_some(), "{error:?}");
    assert_eq!(world.readings(0).await + world.readings(1).await, readings.len());
    // A file with an error beside the warning is refused whole.
    readings[0].1.register.meter = oblik_domain::ids::MeterSerial::parse("99999999").unwrap();
    let told = acknowledged("wrong.xml", &write_meter_file(&world.utility.header("wrong"), &readings)).await;
    assert_eq!((told.outcome, told.accepted), (oblik_edi::AckOutcome::Refused, 0));
    let codes: Vec<_> = told.errors.iter().map(|error| error.code.as_str()).collect();
    assert_eq!(codes, ["FILE-RECORD", "E9"]);
}
