//! What calculations stand on: related points, readings, history and confirmations, one account or many at a time.

use oblik_domain::account::Relation;
use oblik_domain::bill::MonthVolume;
use oblik_domain::confirmation::{Confirmation, Confirmed};
use oblik_domain::energy::{Kwh, RegisterTotal};
use oblik_domain::metering::{EnergyKind, IntervalSeries};

use super::samples::*;
use super::*;

/// Account 1 feeds account 2's point 1 until November and account 3's point 2; account 2's point 1 is fed through
/// account 4's point 3 from then on, beside account 5's point 4.
async fn street(store: &Store) -> i64 {
    let records = [
        record(1, vec![point(1, 0, &[])]),
        record(2, vec![point(2, 1, &[("2026-01-01", 0), ("2026-11-01", 3)])]),
        record(3, vec![point(3, 2, &[("2026-01-01", 0)])]),
        record(4, vec![point(4, 3, &[])]),
        record(5, vec![point(5, 4, &[("2026-01-01", 3)])]),
    ];
    put_accounts(store, &records).await
}

fn related(ground: &Ground) -> Vec<(Relation, u32)> {
    let number = |related: &oblik_domain::account::RelatedPoint| {
        assert_eq!(related.meters.len(), 1);
        assert_eq!(related.meters[0].point, related.point.eic);
        (related.relation, related.point.contract.as_str()[2..].parse().unwrap())
    };
    ground.related.iter().map(number).collect()
}

#[test]
fn points_are_related_as_the_terms_of_the_period_say() {
    use Relation::{FedBeside, FedByUs, FeedsUs};
    on_both(|store| async move {
        type Joined = &'static [(Relation, u32)];
        street(&store).await;
        let cases: &[(&str, u32, Joined)] = &[
            ("2026-10", 1, &[(FedByUs, 2), (FedByUs, 3)]),
            ("2026-11", 1, &[(FedByUs, 3)]),
            ("2026-10", 2, &[(FeedsUs, 1), (FedBeside, 3)]),
            ("2026-11", 2, &[(FeedsUs, 4), (FedBeside, 5)]),
            ("2026-10", 3, &[(FeedsUs, 1), (FedBeside, 2)]),
            ("2026-10", 4, &[(FedByUs, 5)]),
            ("2026-11", 4, &[(FedByUs, 2), (FedByUs, 5)]),
            ("2025-12", 2, &[]),
        ];
        let mut tx = store.read().await.unwrap();
        for (period, of, expected) in cases {
            let ground = tx.ground(&contract(*of), month(period)).await.unwrap().unwrap();
            assert_eq!(related(&ground), *expected, "account {of} in {period}");
        }
        assert_eq!(tx.ground(&contract(9), month("2026-10")).await.unwrap(), None);
    });
}

async fn fill(store: &Store, item: i64) {
    let mut tx = store.begin("test").await.unwrap();
    for number in 0..5 {
        let serial = format!("M{number}");
        for (months, period) in (0..).zip(["2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]) {
            // Point 4 was not read in September.
            if (number, period) != (4, "2026-09") {
                let total = i64::try_from(number).unwrap() * 1000 + months;
                tx.put_reading(&reading(number, &serial, period, total), item, now()).await.unwrap();
            }
        }
        let series = IntervalSeries {
            point: eic(number),
            kind: EnergyKind::ActiveImport,
            start: at("2026-10-05T00:00:00Z"),
            minutes: 60,
            values: vec![RegisterTotal(7); 24],
        };
        tx.put_intervals(&series, item, now()).await.unwrap();
    }
    for of in [1, 2] {
        for back in 0..28 {
            let period = Period::from_ordinal(month("2026-11").ordinal() - back).unwrap();
            tx.put_billed_volume(&contract(of), &MonthVolume { period, active: Kwh(100 + back) }, now()).await.unwrap();
        }
        for reason in ["one", "two"] {
            tx.put_confirmation(&confirmation(of, reason)).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

fn confirmation(of: u32, reason: &str) -> Confirmation {
    Confirmation {
        contract: contract(of),
        period: month("2026-10"),
        what: Confirmed::Volume { volume: Kwh(500) },
        reason: reason.to_owned(),
        operator: "olena".to_owned(),
        approved_by: None,
        confirmed_at: now(),
    }
}

#[test]
fn a_batch_reads_what_each_account_alone_reads() {
    on_both(|store| async move {
        let item = street(&store).await;
        fill(&store, item).await;
        let mut tx = store.read().await.unwrap();
        for period in ["2026-10", "2026-11"].map(month) {
            let all: Vec<_> = [3, 1, 9, 2, 5, 4].map(contract).to_vec();
            let batch = tx.grounds(&all, period).await.unwrap();
            let mut singles = Vec::new();
            for contract in &all {
                let single = tx.ground(contract, period).await.unwrap();
                // What is known now was known now.
                assert_eq!(tx.ground_known_at(contract, period, now()).await.unwrap(), single);
                singles.extend(single);
            }
            assert_eq!(batch, singles, "{period}");
            assert_eq!(batch.len(), 5);
        }
    });
}

#[test]
fn readings_are_the_periods_and_the_last_two_period_ends_before_it() {
    on_both(|store| async move {
        let item = street(&store).await;
        fill(&store, item).await;
        let mut tx = store.read().await.unwrap();
        let ground = tx.ground(&contract(5), month("2026-10")).await.unwrap().unwrap();
        let seen: Vec<_> =
            ground.readings.iter().map(|reading| (reading.register.point.clone(), reading.period.to_string())).collect();
        let of = |number: usize, period: &str| (eic(number), period.to_owned());
        let expected = [
            of(3, "2026-08"),
            of(3, "2026-09"),
            of(3, "2026-10"),
            // Point 4 has no reading of September: the two before are taken.
            of(4, "2026-07"),
            of(4, "2026-08"),
            of(4, "2026-10"),
        ];
        assert_eq!(seen, expected);
        assert!(ground.readings.is_sorted_by_key(|reading| (reading.register.clone(), reading.period, reading.read_on)));
        assert_eq!(ground.intervals.iter().map(|series| series.point.clone()).collect::<Vec<_>>(), [eic(3), eic(4)]);
    });
}

#[test]
fn history_is_the_last_two_years_closed_months_as_they_were_known() {
    on_both(|store| async move {
        let item = street(&store).await;
        fill(&store, item).await;
        let mut tx = store.begin("test").await.unwrap();
        let history = tx.history(&contract(1), month("2026-11")).await.unwrap();
        let seen: Vec<_> = history.iter().map(|volume| (volume.period.to_string(), volume.active.0)).collect();
        assert_eq!((seen.len(), &seen[0], &seen[23]), (24, &("2024-11".to_owned(), 124), &("2026-10".to_owned(), 101)));
        // A correction takes the place of what was known; saying the same again does not.
        let later = now() + TimeDelta::minutes(1);
        for (minutes, active) in [(1, 77), (2, 77)] {
            let volume = MonthVolume { period: month("2026-10"), active: Kwh(active) };
            tx.put_billed_volume(&contract(1), &volume, now() + TimeDelta::minutes(minutes)).await.unwrap();
        }
        assert_eq!(tx.history(&contract(1), month("2026-11")).await.unwrap()[23].active, Kwh(77));
        let before = tx.ground_known_at(&contract(1), month("2026-11"), now()).await.unwrap().unwrap();
        assert_eq!(before.history[23].active, Kwh(101));
        let after = tx.ground_known_at(&contract(1), month("2026-11"), later).await.unwrap().unwrap();
        assert_eq!(after.history[23].active, Kwh(77));
        assert!(tx.history(&contract(3), month("2026-11")).await.unwrap().is_empty());
        tx.commit().await.unwrap();
    });
}

#[test]
fn a_confirmation_is_approved_once_by_another_operator() {
    on_both(|store| async move {
        street(&store).await;
        let mut tx = store.begin("test").await.unwrap();
        let id = tx.put_confirmation(&confirmation(1, "a rollover seen on site")).await.unwrap();
        let other = tx.put_confirmation(&confirmation(1, "another")).await.unwrap();
        let later = now() + TimeDelta::minutes(1);
        assert!(!tx.approve_confirmation(id, "olena", later).await.unwrap(), "four eyes are two people");
        assert!(!tx.approve_confirmation(id + 100, "petro", later).await.unwrap());
        assert!(tx.approve_confirmation(id, "petro", later).await.unwrap());
        assert!(!tx.approve_confirmation(id, "ivan", later).await.unwrap(), "approved already");
        let all = tx.confirmations(&contract(1), month("2026-10")).await.unwrap();
        let approved: Vec<_> = all.iter().map(|stored| (stored.id, stored.confirmation.approved_by.as_deref())).collect();
        assert_eq!(approved, [(id, Some("petro")), (other, None)]);
        assert_eq!(tx.confirmation(id).await.unwrap().as_ref(), all.first());
        assert_eq!(tx.unapproved_confirmations(10).await.unwrap(), all[1..]);
        let before = tx.ground_known_at(&contract(1), month("2026-10"), now()).await.unwrap().unwrap();
        assert_eq!(before.confirmations, [confirmation(1, "a rollover seen on site"), confirmation(1, "another")]);
        assert!(tx.confirmations(&contract(1), month("2026-11")).await.unwrap().is_empty());
        tx.commit().await.unwrap();
        for sql in [
            "UPDATE confirmation SET reason = ''",
            "DELETE FROM confirmation",
            "UPDATE approval SET operator = 'x'",
            "DELETE FROM approval",
        ] {
            let mut tx = store.begin("test").await.unwrap();
            assert!(tx.raw(sql).await.is_err(), "{sql}");
            tx.roll_back().await.unwrap();
        }
    });
}
