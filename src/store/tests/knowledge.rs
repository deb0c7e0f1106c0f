//! What was known when, of accounts, prices, readings and interval data.

use oblik_domain::dated::Dated;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::metering::{EnergyKind, IntervalSeries, Occasion, Quality, Reading, Register, Zone};
use oblik_domain::money::Price;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, ZoneHours, ZoneScheme};

use super::samples::*;
use super::*;

#[test]
fn an_account_is_known_as_it_was_known_at_any_instant() {
    on_both(|store| async move {
        let item = item(&store).await;
        let first = record(1, vec![point(1, 0, &[])]);
        let (early, late) = (at("2026-10-01T00:00:00Z"), at("2026-10-20T00:00:00Z"));
        let mut tx = store.begin("test").await.unwrap();
        assert!(tx.put_account(&first, item, early).await.unwrap());
        // The same again is nothing new.
        assert!(!tx.put_account(&first, item, at("2026-10-10T00:00:00Z")).await.unwrap());
        // A file that names another point and meter leaves those there were; terms and names are replaced.
        let mut second = record(1, vec![point(1, 1, &[("2026-10-15", 0)])]);
        second.account.name = "ТОВ нове".to_owned();
        second.account.emails = vec!["New@Example.com".to_owned()];
        assert!(tx.put_account(&second, item, late).await.unwrap());
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        for (instant, known) in [
            (early - TimeDelta::microseconds(1), None),
            (early, Some(1)),
            (late - TimeDelta::microseconds(1), Some(1)),
            (late, Some(2)),
        ] {
            let record = tx.account_record_known_at(&contract(1), instant).await.unwrap();
            assert_eq!(record.map(|record| record.points.len()), known, "{instant}");
        }
        let known = tx.account_record(&contract(1)).await.unwrap().unwrap();
        assert_eq!(
            (known.account.name.as_str(), known.account.emails.as_slice()),
            ("ТОВ нове", &["new@example.com".to_owned()][..])
        );
        assert_eq!(known.points, [point(1, 0, &[]), point(1, 1, &[("2026-10-15", 0)])]);
        assert_eq!(known.meters, [meter(0, "M0"), meter(1, "M1")]);
        // The tables beside find it by what is known now.
        assert_eq!(tx.accounts_of_address("NEW@example.com").await.unwrap(), [contract(1)]);
        assert!(tx.accounts_of_address("a1@example.com").await.unwrap().is_empty());
        assert_eq!(tx.accounts_of_edrpou(&known.account.edrpou).await.unwrap(), [contract(1)]);
        assert_eq!(tx.register_owner(&reading(1, "M1", "2026-10", 0).register).await.unwrap(), Some(contract(1)));
    });
}

#[test]
fn a_meter_named_again_keeps_its_other_registers() {
    on_both(|store| async move {
        let first = record(1, vec![point(1, 0, &[])]);
        let mut second = first.clone();
        second.meters[0].registers = vec![Register { kind: EnergyKind::ReactiveImport, zone: Zone::Total, digits: 5 }];
        put_accounts(&store, &[first, second]).await;
        let mut tx = store.read().await.unwrap();
        let known = tx.account_record(&contract(1)).await.unwrap().unwrap();
        let kinds: Vec<_> = known.meters[0].registers.iter().map(|register| (register.kind, register.digits)).collect();
        assert_eq!(kinds, [(EnergyKind::ActiveImport, 6), (EnergyKind::ReactiveImport, 5)]);
        // What the tables alone tell is the same.
        assert_eq!(tx.relational_record(&contract(1)).await.unwrap(), Some(known));
    });
}

#[test]
fn a_point_belongs_to_one_account() {
    on_both(|store| async move {
        let item = put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        let mut tx = store.begin("test").await.unwrap();
        let stolen = tx.put_account(&record(2, vec![point(2, 0, &[])]), item, now()).await;
        assert!(matches!(stolen, Err(StoreError::Rows { .. })), "{stolen:?}");
    });
}

fn tariff(component: PriceComponent, price: &str, from: &str) -> Tariff {
    let price = Price::new(price.parse().unwrap()).unwrap();
    Tariff { component, product: None, voltage_class: None, zone: Some(Zone::Night), price, from: day(from), to: None }
}

#[test]
fn prices_that_are_no_longer_listed_are_superseded_and_others_stay() {
    on_both(|store| async move {
        let supply = tariff(PriceComponent::Supply, "4.5", "2026-01-01");
        let (old, new) =
            (tariff(PriceComponent::Reactive, "3.20514", "2026-01-01"), tariff(PriceComponent::Reactive, "3.3", "2026-01-01"));
        let vat = Parameter { name: "vat-rate".to_owned(), value: 20.into(), from: day("2015-01-01"), to: None };
        let hours = |months: &[u8]| Dated {
            from: day("2026-01-01"),
            to: Some(day("2027-01-01")),
            value: ZoneHours { scheme: ZoneScheme::Two, months: months.to_vec(), hours: vec![Zone::Night; 24] },
        };
        let (early, late) = (at("2026-10-01T00:00:00Z"), at("2026-10-20T00:00:00Z"));
        let mut tx = store.begin("test").await.unwrap();
        tx.put_tariffs(&[supply.clone(), old.clone()], early).await.unwrap();
        tx.put_parameters(std::slice::from_ref(&vat), early).await.unwrap();
        tx.put_zone_hours(&[hours(&[1, 2])], early).await.unwrap();
        tx.put_tariffs(&[new.clone(), supply.clone()], late).await.unwrap();
        tx.put_parameters(std::slice::from_ref(&vat), late).await.unwrap();
        tx.put_zone_hours(&[hours(&[1, 2, 3])], late).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let before =
            PriceList { tariffs: vec![supply.clone(), old], parameters: vec![vat.clone()], zone_hours: vec![hours(&[1, 2])] };
        let after = PriceList { tariffs: vec![supply, new], parameters: vec![vat], zone_hours: vec![hours(&[1, 2, 3])] };
        assert_eq!(tx.price_list_known_at(early - TimeDelta::microseconds(1)).await.unwrap(), PriceList::default());
        assert_eq!(tx.price_list_known_at(early).await.unwrap(), before);
        assert_eq!(tx.price_list_known_at(late - TimeDelta::microseconds(1)).await.unwrap(), before);
        assert_eq!(tx.price_list_known_at(late).await.unwrap(), after);
        assert_eq!(tx.price_list().await.unwrap(), after);
        // Two prices stand and one was superseded: the one that did not change was not written again.
        tx.roll_back().await.unwrap();
        let mut tx = store.begin("test").await.unwrap();
        assert_eq!(tx.raw("UPDATE tariff SET product = product").await.unwrap(), 3);
        assert_eq!(tx.raw("UPDATE parameter SET name = name").await.unwrap(), 1);
        tx.roll_back().await.unwrap();
    });
}

async fn totals(store: &Store, period: &str, known: Option<DateTime<Utc>>) -> Vec<(i64, Quality, Occasion)> {
    let mut tx = store.read().await.unwrap();
    let ground = match known {
        None => tx.ground(&contract(1), month(period)).await.unwrap(),
        Some(instant) => tx.ground_known_at(&contract(1), month(period), instant).await.unwrap(),
    };
    ground.unwrap().readings.iter().map(|reading| (reading.total.0, reading.quality, reading.occasion)).collect()
}

#[test]
fn a_reading_supersedes_only_its_own_slot() {
    on_both(|store| async move {
        let item = put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        let base = reading(0, "M0", "2026-10", 500);
        let of = |occasion, read_on: &str, total| Reading {
            occasion,
            read_on: day(read_on),
            total: RegisterTotal(total),
            ..base.clone()
        };
        let mut tx = store.begin("test").await.unwrap();
        for (minute, reading) in (0..).zip([
            of(Occasion::Control, "2026-10-10", 100),
            of(Occasion::Control, "2026-10-12", 120),
            of(Occasion::Control, "2026-10-10", 101),
            of(Occasion::Installed, "2026-10-02", 10),
            of(Occasion::Installed, "2026-10-03", 11),
            of(Occasion::Removed, "2026-10-31", 490),
            base.clone(),
        ]) {
            assert!(tx.put_reading(&reading, item, now() + TimeDelta::minutes(minute)).await.unwrap());
        }
        // Period ends are what acts are examined against.
        let key = base.register.clone();
        assert_eq!(tx.readings_at(&contract(1), month("2026-10")).await.unwrap().get(&key), Some(&RegisterTotal(500)));
        assert_eq!(tx.readings_before(&contract(1), month("2026-11")).await.unwrap().get(&key), Some(&RegisterTotal(500)));
        assert!(tx.readings_before(&contract(1), month("2026-10")).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        let seen: Vec<i64> = totals(&store, "2026-10", None).await.iter().map(|(total, _, _)| *total).collect();
        assert_eq!(seen, [11, 101, 120, 500, 490], "by the day of reading, a period end before others of its day");
        let then: Vec<i64> =
            totals(&store, "2026-10", Some(now() + TimeDelta::minutes(3))).await.iter().map(|(total, _, _)| *total).collect();
        assert_eq!(then, [10, 101, 120]);
        let next: Vec<i64> = totals(&store, "2026-11", None).await.iter().map(|(total, _, _)| *total).collect();
        assert_eq!(next, [500], "of other months only period ends");
    });
}

#[test]
fn an_estimate_never_supersedes_what_was_read() {
    on_both(|store| async move {
        let item = put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        let of = |quality, total| Reading { quality, total: RegisterTotal(total), ..reading(0, "M0", "2026-10", 0) };
        let mut tx = store.begin("test").await.unwrap();
        let steps = [
            (Quality::Estimated, 100, true),
            (Quality::Estimated, 110, true),
            (Quality::Actual, 120, true),
            (Quality::Estimated, 130, false),
            (Quality::Operator, 140, true),
            (Quality::Estimated, 150, false),
            (Quality::Actual, 160, true),
        ];
        for (minute, (quality, total, stands)) in (0..).zip(steps) {
            let put = tx.put_reading(&of(quality, total), item, now() + TimeDelta::minutes(minute)).await.unwrap();
            assert_eq!(put, stands, "{quality} {total}");
        }
        // An opening reading never takes the place of what stands.
        tx.put_opening_reading(&of(Quality::Actual, 1), item, now() + TimeDelta::minutes(9)).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(totals(&store, "2026-10", None).await, [(160, Quality::Actual, Occasion::PeriodEnd)]);
        for (minute, total, quality) in
            [(0, 100, Quality::Estimated), (1, 110, Quality::Estimated), (3, 120, Quality::Actual), (5, 140, Quality::Operator)]
        {
            let known = totals(&store, "2026-10", Some(now() + TimeDelta::minutes(minute))).await;
            assert_eq!(known, [(total, quality, Occasion::PeriodEnd)], "{minute}");
        }
        let mut tx = store.begin("test").await.unwrap();
        for sql in [
            "UPDATE reading SET total = 1 WHERE superseded_at IS NULL",
            "UPDATE reading SET superseded_at = 9 WHERE superseded_at IS NOT NULL",
            "DELETE FROM reading",
        ] {
            assert!(tx.raw(sql).await.is_err(), "{sql}");
            tx.roll_back().await.unwrap();
            tx = store.begin("test").await.unwrap();
        }
    });
}

fn series(start: &str, minutes: u8, values: &[i64]) -> IntervalSeries {
    let values = values.iter().copied().map(RegisterTotal).collect();
    IntervalSeries { point: eic(0), kind: EnergyKind::ActiveImport, start: at(start), minutes, values }
}

#[test]
fn a_newer_delivery_of_intervals_takes_the_place_of_its_own_time_only() {
    on_both(|store| async move {
        let item = put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        let delivered = series("2026-10-05T00:00:00Z", 60, &[1, 2, 3, 4, 5, 6]);
        let mut tx = store.begin("test").await.unwrap();
        tx.put_intervals(&delivered, item, now()).await.unwrap();
        // Of another kind at the same time, and of nothing at all: no clash.
        tx.put_intervals(&IntervalSeries { kind: EnergyKind::ReactiveImport, ..delivered.clone() }, item, now()).await.unwrap();
        tx.put_intervals(&series("2026-10-05T00:00:00Z", 60, &[]), item, now()).await.unwrap();
        let later = now() + TimeDelta::minutes(1);
        // Half-hours from 02:00 to 03:30: the hour from 03:00 is half theirs, so it is no longer whole.
        tx.put_intervals(&series("2026-10-05T02:00:00Z", 30, &[7, 8, 9]), item, later).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.read().await.unwrap();
        let active = |all: Vec<IntervalSeries>| -> Vec<_> {
            all.into_iter().filter(|series| series.kind == EnergyKind::ActiveImport).collect()
        };
        let known = active(tx.intervals(&[eic(0)], month("2026-10")).await.unwrap());
        let expected = [
            series("2026-10-05T00:00:00Z", 60, &[1, 2]),
            series("2026-10-05T02:00:00Z", 30, &[7, 8, 9]),
            series("2026-10-05T04:00:00Z", 60, &[5, 6]),
        ];
        assert_eq!(known, expected);
        let before = tx.ground_known_at(&contract(1), month("2026-10"), now()).await.unwrap().unwrap();
        assert_eq!(active(before.intervals), [delivered]);
        assert!(tx.intervals(&[eic(1)], month("2026-10")).await.unwrap().is_empty());
    });
}

#[test]
fn intervals_touch_a_month_of_kyiv() {
    on_both(|store| async move {
        let item = put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        // October 2026 in Kyiv is from 30 September 21:00 UTC to 31 October 22:00 UTC.
        let blocks = ["2026-09-30T20:00:00Z", "2026-09-30T21:00:00Z", "2026-10-31T21:00:00Z", "2026-10-31T22:00:00Z"];
        let mut tx = store.begin("test").await.unwrap();
        for block in blocks {
            tx.put_intervals(&series(block, 60, &[1]), item, now()).await.unwrap();
        }
        for (period, touching) in [("2026-09", &blocks[..1]), ("2026-10", &blocks[1..3]), ("2026-11", &blocks[3..])] {
            let starts: Vec<_> =
                tx.intervals(&[eic(0)], month(period)).await.unwrap().into_iter().map(|series| series.start).collect();
            assert_eq!(starts, touching.iter().map(|block| at(block)).collect::<Vec<_>>(), "{period}");
        }
    });
}

#[test]
fn readings_that_no_accepted_act_states_are_told_from_signed_ones() {
    on_both(|store| async move {
        let file = put_accounts(&store, &[record(1, vec![point(1, 0, &[]), point(1, 1, &[])])]).await;
        let Receipt::New(letter) = receive(&store, &mail("act", b"an act")).await else { panic!("new") };
        let mut tx = store.begin("test").await.unwrap();
        tx.add_act(letter, "pdf", now()).await.unwrap();
        let (act, ..) = tx.act_of_item(letter).await.unwrap().unwrap();
        for (number, serial, period, item) in
            [(0, "M0", "2026-08", file), (0, "M0", "2026-09", file), (0, "M0", "2026-10", letter), (1, "M1", "2026-10", file)]
        {
            tx.put_reading(&reading(number, serial, period, 5), item, now()).await.unwrap();
        }
        let signed = reading(0, "M0", "2026-10", 5).register;
        let unsigned = reading(1, "M1", "2026-10", 5).register;
        let october = month("2026-10");
        // The act is not accepted yet.
        assert_eq!(tx.unsigned_readings(&contract(1), october).await.unwrap(), [signed, unsigned.clone()]);
        let (content_sha256, act_xml_sha256) = ("aa".to_owned(), "bb".to_owned());
        let content = SignedContent { content_sha256, act_xml_sha256, contract: contract(1), period: october };
        tx.accept(&Acceptance { act_id: act, content: &content, at: now() }).await.unwrap();
        assert_eq!(tx.unsigned_readings(&contract(1), october).await.unwrap(), [unsigned]);
        assert!(tx.unsigned_readings(&contract(2), october).await.unwrap().is_empty());
        assert_eq!(tx.last_read_periods(&contract(1)).await.unwrap(), [october, month("2026-09")]);
        assert!(!tx.act_waits_for_bill(&contract(1), october).await.unwrap());
        assert_eq!(tx.raw("UPDATE act SET state = 'registered'").await.unwrap(), 1);
        assert!(tx.act_waits_for_bill(&contract(1), october).await.unwrap());
        assert!(!tx.act_waits_for_bill(&contract(1), month("2026-09")).await.unwrap());
        tx.commit().await.unwrap();
    });
}
