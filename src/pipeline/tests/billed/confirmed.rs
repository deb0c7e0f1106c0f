//! What operators confirm and enter: E1, E9, four eyes, readings by hand.

use super::*;

/// A world whose one account used a hundredth of what it uses now.
async fn doubted() -> (World, Kwh) {
    let world = World::new(1).await;
    world.read(&world.customers).await;
    let contract = world.customers[0].contract();
    let volume = bill(preview(&world.house, contract, world.utility.period, How::default()).await.unwrap()).active_volume();
    let mut tx = world.house.store.begin("test").await.unwrap();
    for back in 1..=3 {
        let period = Period::from_ordinal(world.utility.period.ordinal() - back).unwrap();
        let month = MonthVolume { period, active: Kwh(volume.0 / 100) };
        tx.put_billed_volume(contract, &month, world.house.now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    (world, volume)
}

#[tokio::test]
async fn a_volume_an_operator_confirmed_is_billed() {
    let (world, volume) = doubted().await;
    let (house, contract, period) = (&world.house, world.customers[0].contract(), world.utility.period);
    assert_eq!(refused(&bill_now(house, contract, period, How::default(), "anna").await.unwrap()), [Code::VolumeImplausible]);
    let other = confirm(house, contract, period, &Claim::Volume(Kwh(volume.0 + 1)), ANNA).await.unwrap();
    assert!(matches!(other, Confirming::OtherVolume(told) if told == volume.to_string()));
    let Confirming::Stored { id, leads_to, counts, .. } =
        confirm(house, contract, period, &Claim::Volume(volume), ANNA).await.unwrap()
    else {
        panic!("not stored");
    };
    assert!(counts);
    let leads_to = bill(leads_to);
    assert_eq!(leads_to.active_volume(), volume);
    assert_eq!(world.all_invoices().await.len(), 0);
    assert_eq!(bill(bill_now(house, contract, period, How::default(), "anna").await.unwrap()), leads_to);
    let again = confirm(house, contract, period, &Claim::Volume(volume), ANNA).await.unwrap();
    assert!(matches!(again, Confirming::NotDoubted(_)), "{id}: {again:?}");
    let links = house.store.read().await.unwrap().journal_links("account", contract.as_str()).await.unwrap();
    let told = links.iter().find(|link| link.entry.event == "confirmed by operator").unwrap();
    assert!(told.entry.detail.contains("anna"), "{:?}", told.entry);
}

#[tokio::test]
async fn with_four_eyes_a_confirmation_counts_when_another_operator_approved_it() {
    let (mut world, volume) = doubted().await;
    let mut config = Config::clone(&world.house.config);
    config.billing.eyes = Eyes::Four;
    world.house.config = Arc::new(config);
    let (house, contract, period) = (&world.house, world.customers[0].contract(), world.utility.period);
    let Confirming::Stored { id, leads_to, counts, .. } =
        confirm(house, contract, period, &Claim::Volume(volume), ANNA).await.unwrap()
    else {
        panic!("not stored");
    };
    // What it would lead to is shown, and does not count yet.
    assert_eq!((counts, bill(leads_to).active_volume()), (false, volume));
    let again = confirm(house, contract, period, &Claim::Volume(volume), ANNA).await.unwrap();
    assert!(matches!(again, Confirming::Known { id: known } if known == id));
    let to_bill = || bill_now(house, contract, period, How::default(), "anna");
    assert_eq!(refused(&to_bill().await.unwrap()), [Code::VolumeImplausible]);
    assert!(matches!(approve(house, id, "anna").await.unwrap(), Confirming::SameOperator));
    assert!(matches!(approve(house, id + 1, "borys").await.unwrap(), Confirming::UnknownConfirmation));
    assert_eq!(refused(&to_bill().await.unwrap()), [Code::VolumeImplausible]);
    let Confirming::Stored { confirmation, counts: true, .. } = approve(house, id, "borys").await.unwrap() else {
        panic!("not approved")
    };
    assert_eq!(confirmation.approved_by.as_deref(), Some("borys"));
    assert!(matches!(approve(house, id, "vira").await.unwrap(), Confirming::Known { .. }));
    assert_eq!(bill(to_bill().await.unwrap()).active_volume(), volume);
}

#[tokio::test]
async fn nothing_is_confirmed_that_is_not_doubted() {
    let world = World::new(1).await;
    world.read(&world.customers).await;
    let (house, contract, period) = (&world.house, world.customers[0].contract(), world.utility.period);
    let entry = world.entry(&world.customers[0], 0);
    let rollover = Claim::Rollover { meter: entry.meter, kind: entry.kind, zone: entry.zone };
    for claim in [Claim::Volume(Kwh(1)), rollover] {
        let confirming = confirm(house, contract, period, &claim, ANNA).await.unwrap();
        assert!(matches!(confirming, Confirming::NotDoubted(BillPreview::Bill(..))), "{confirming:?}");
    }
}

#[tokio::test]
async fn a_reading_that_cannot_be_is_not_entered() {
    let world = World::new(1).await;
    let good = world.entry(&world.customers[0], 0);
    let (last, tomorrow) = (good.period.last_day(), "2026-11-03".parse().unwrap());
    let unknown = oblik_domain::ids::MeterSerial::parse("404").unwrap();
    for (entry, expected) in [
        (
            Entry { contract: ContractNumber::parse("279999999").unwrap_or_else(|_| good.contract.clone()), ..good.clone() },
            Code::ActAccountUnknown,
        ),
        (Entry { meter: unknown, ..good.clone() }, Code::ActRegisterUnknown),
        (Entry { total: RegisterTotal(1_000_000_000), ..good.clone() }, Code::ActDigits),
        (Entry { read_on: tomorrow, ..good.clone() }, Code::DateImpossible),
        (Entry { read_on: "2000-01-01".parse().unwrap(), ..good.clone() }, Code::DateImpossible),
        (
            Entry { occasion: Occasion::Control, read_on: last.succ_opt().unwrap().succ_opt().unwrap(), ..good.clone() },
            Code::DateImpossible,
        ),
        (
            Entry { occasion: Occasion::Control, read_on: good.period.first_day().pred_opt().unwrap(), ..good.clone() },
            Code::DateImpossible,
        ),
    ] {
        let findings = enter_reading(&world.house, &entry, ANNA).await.unwrap().unwrap_err();
        assert_eq!(findings[0].code, expected, "{entry:?}");
    }
    for read_on in [good.period.first_day(), last.succ_opt().unwrap()] {
        let entry = Entry { occasion: Occasion::Control, read_on, ..good.clone() };
        let stored = enter_reading(&world.house, &entry, ANNA).await.unwrap().unwrap();
        assert_eq!((stored.quality, stored.read_on), (Quality::Operator, read_on));
    }
}

#[tokio::test]
async fn a_dial_that_passed_its_end_is_billed_when_an_operator_confirmed_it() {
    let world = World::new(1).await;
    let customer = &world.customers[0];
    world.read(&world.customers).await;
    let (house, contract, period) = (&world.house, customer.contract(), world.utility.period);
    // From near the dial's end to just past it.
    let entry = world.entry(customer, 0);
    let digits = customer.record.meters[0].registers[0].digits;
    let end = 10_i64.pow(u32::from(digits)) * 1000;
    let mut tx = house.store.begin("test").await.unwrap();
    let key = world.utility.totals(customer, period).into_keys().next().unwrap();
    let before = Period::from_ordinal(period.ordinal() - 1).unwrap();
    let opening = Reading { period: before, read_on: before.last_day(), ..world.reading(key, RegisterTotal(end - 100_000)) };
    tx.put_reading(&opening, 1, house.now()).await.unwrap();
    tx.commit().await.unwrap();
    let low = Entry { total: RegisterTotal(50_000), ..entry.clone() };
    enter_reading(house, &low, ANNA).await.unwrap().unwrap();
    let how = How::default();
    assert_eq!(refused(&preview(house, contract, period, how).await.unwrap()), [Code::ReadingGoesBackwards]);
    let claim = Claim::Rollover { meter: entry.meter.clone(), kind: entry.kind, zone: entry.zone };
    let Confirming::Stored { leads_to, .. } = confirm(house, contract, period, &claim, ANNA).await.unwrap() else {
        panic!("not stored")
    };
    let leads_to = bill(leads_to);
    let row = leads_to.rows.iter().find(|row| row.register.meter == entry.meter && row.rolled_over).unwrap();
    let coefficient = customer.record.meters[0].coefficient.value();
    assert_eq!(row.volume, Kwh::rounded(oblik_domain::Decimal::from(150) * coefficient).unwrap());
    // Another reading needs another confirmation.
    let other = Entry { total: RegisterTotal(60_000), ..low.clone() };
    enter_reading(house, &other, ANNA).await.unwrap().unwrap();
    assert_eq!(refused(&preview(house, contract, period, how).await.unwrap()), [Code::ReadingGoesBackwards]);
    enter_reading(house, &low, ANNA).await.unwrap().unwrap();
    assert_eq!(bill(bill_now(house, contract, period, how, "anna").await.unwrap()), leads_to);
}
