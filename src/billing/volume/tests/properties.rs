//! What holds for any readings: nothing panics, order does not matter, and no energy is lost or made.

use oblik_domain::energy::Kwh;
use proptest::prelude::*;

use super::*;

fn sum(rows: &[VolumeRow]) -> i64 {
    rows.iter().map(|row| row.volume.0).sum()
}

/// Energy between two totals that did not fall, exact.
fn exact(opening: i64, closing: i64, coefficient: Decimal) -> Decimal {
    Decimal::new(closing - opening, 3) * coefficient
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    let near = (0_i64..130).prop_map(|days| day("2026-08-01") + chrono::Duration::days(days));
    prop_oneof![20 => near, 1 => Just(NaiveDate::MIN), 1 => Just(NaiveDate::MAX)]
}

fn any_period() -> impl Strategy<Value = Period> {
    (6_u8..=12).prop_map(|month| Period::new(2026, month).unwrap())
}

fn any_total() -> impl Strategy<Value = RegisterTotal> {
    let odd = prop_oneof![Just(i64::MIN), Just(i64::MAX), Just(-1), Just(0), Just(100_000_000), Just(99_999_999)];
    prop_oneof![8 => 0..100_000_000_i64, 4 => 0..1_000_000_i64, 1 => odd].prop_map(RegisterTotal)
}

fn any_reading() -> impl Strategy<Value = Reading> {
    let quality = proptest::sample::select(Quality::ALL);
    let occasion = proptest::sample::select(Occasion::ALL);
    (any_period(), any_day(), any_total(), quality, occasion, proptest::bool::ANY).prop_map(
        |(period, read_on, total, quality, occasion, second)| {
            let register = key(if second { "M-2" } else { "M-1" });
            Reading { register, period, read_on, total, quality, occasion }
        },
    )
}

/// A reading whose day fits its period, as most do.
fn sane_reading() -> impl Strategy<Value = Reading> {
    (any_reading(), 0..31_i64).prop_map(|(reading, days)| {
        let read_on = (reading.period.first_day() + chrono::Duration::days(days)).min(reading.period.last_day());
        Reading { read_on, ..reading }
    })
}

fn any_meter(serial: &'static str) -> impl Strategy<Value = Meter> {
    let coefficient = (1..100_000_000_i64).prop_map(|tens| Coefficient::new(Decimal::new(tens, 2)).unwrap());
    let entry = (any_day(), proptest::option::of(any_day()), coefficient);
    let coefficients = proptest::collection::vec(entry.prop_map(|(from, to, value)| Dated { from, to, value }), 0..4);
    let removed = proptest::option::of(any_day());
    (any_day(), removed, 0..30_u8, coefficients, proptest::bool::ANY).prop_map(
        move |(installed_on, removed_on, digits, coefficients, stands)| {
            let mut meter = meter(serial, "40", "2020-01-01", None);
            meter.registers[0].digits = if digits > 12 { 5 } else { digits };
            if stands {
                Meter { coefficients: Vec::new(), ..meter }
            } else {
                Meter { installed_on, removed_on, coefficients, ..meter }
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_was_read_is_rows_or_findings_and_never_a_panic(
        meters in (any_meter("M-1"), any_meter("M-2")),
        supplied in (any_day(), proptest::option::of(any_day())),
        readings in proptest::collection::vec(prop_oneof![any_reading(), sane_reading(), sane_reading()], 0..12),
        estimating in proptest::bool::ANY,
    ) {
        let mut world = World::of(vec![meters.0, meters.1], readings);
        if supplied.0 > day("2026-11-01") {
            (world.record.points[0].from, world.record.points[0].to) = supplied;
        }
        if estimating {
            world.missing = MissingReadings::Estimate;
        }
        let calculated = world.calculated();
        match &calculated.rows {
            Ok(rows) => {
                let (first, end) = (day("2026-10-01"), day("2026-11-01"));
                for row in rows {
                    prop_assert!(first <= row.from && row.from < row.to && row.to <= end, "{row:?}");
                }
                // The rows of a register follow each other, and each opens where the last one closed.
                for pair in rows.windows(2).filter(|pair| pair[0].register == pair[1].register) {
                    prop_assert_eq!((pair[0].to, pair[0].closing), (pair[1].from, pair[1].opening));
                }
                prop_assert_eq!(calculated.steps("R-VOL-2").len(), rows.len());
                prop_assert_eq!(gross(rows).iter().map(|volume| volume.net).sum::<Kwh>().0, sum(rows));
            }
            Err(findings) => prop_assert!(!findings.is_empty()),
        }
    }

    #[test]
    fn the_order_of_readings_changes_nothing(
        meters in (any_meter("M-1"), any_meter("M-2")),
        readings in proptest::collection::vec(sane_reading(), 0..10).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let of = |readings: Vec<Reading>| World::of(vec![meters.0.clone(), meters.1.clone()], readings).estimating().calculated();
        let (one, other) = (of(readings.0), of(readings.1));
        prop_assert_eq!(one.rows.is_ok(), other.rows.is_ok());
        if let (Ok(one), Ok(other)) = (one.rows, other.rows) {
            let told = |rows: Vec<VolumeRow>| rows.iter().map(|row| (row.from, row.opening, row.closing, row.volume)).collect::<Vec<_>>();
            prop_assert_eq!(told(one), told(other));
        }
    }

    #[test]
    fn splitting_a_period_changes_its_energy_by_no_more_than_the_rounding_of_its_rows(
        opening in 0..50_000_000_i64,
        steps in proptest::collection::btree_map(2..31_u32, 0..4_000_000_i64, 0..8),
        last in 0..4_000_000_i64,
        coefficient in 1..10_000_000_i64,
    ) {
        let coefficient = Decimal::new(coefficient, 4);
        let text = coefficient.to_string();
        let shown = |total: i64| RegisterTotal(total).units().to_string();
        let mut readings = vec![end("M-1", "2026-09", &shown(opening))];
        let mut total = opening;
        for (of_month, step) in &steps {
            total += step;
            readings.push(on("M-1", &format!("2026-10-{of_month:02}"), Occasion::Control, &shown(total)));
        }
        total += last;
        readings.push(end("M-1", "2026-10", &shown(total)));
        let split = World::of(vec![meter("M-1", &text, "2020-01-01", None)], readings).calculated().rows.unwrap();
        prop_assert_eq!(split.len(), steps.len() + 1);
        let whole = exact(opening, total, coefficient);
        let difference = (Decimal::from(sum(&split)) - whole).abs();
        prop_assert!(difference * Decimal::TWO <= Decimal::from(split.len()), "{difference} over {} rows", split.len());
    }

    #[test]
    fn estimates_and_what_trues_them_up_come_to_what_actual_readings_alone_come_to(
        start in 0..100_000_000_i64,
        steps in proptest::collection::vec((0..5_000_000_i64, proptest::bool::ANY), 2..8),
        coefficient in 1..10_000_000_i64,
    ) {
        let ratio = Decimal::new(coefficient, 4);
        let mut world = World::of(vec![meter("M-1", &ratio.to_string(), "2020-01-01", None)], Vec::new()).estimating();
        let dial = 100_000_000;
        let shown = |total: i64| RegisterTotal(total.rem_euclid(dial)).units().to_string();
        // Two actual ends to begin with, then each month is read or not; the last one is read.
        let first = steps[0].0;
        world.readings = vec![end("M-1", "2026-01", &shown(start)), end("M-1", "2026-02", &shown(start + first))];
        let (mut consumed, mut billed, mut rows_count) = (first, 0, 0_usize);
        for (index, (step, is_read)) in steps.iter().enumerate().skip(1) {
            consumed += step;
            let month = Period::from_ordinal(period("2026-02").ordinal() + i64::try_from(index).unwrap()).unwrap();
            world.period = month;
            let name = month.to_string();
            if *is_read || index + 1 == steps.len() {
                let previous = world.readings.last().unwrap().total;
                let closing = end("M-1", &name, &shown(start + consumed));
                // An operator has confirmed where the dial passed its end.
                let previously = previous.units().to_string();
                if closing.total < previous && previous.0 - closing.total.0 > dial / 2 {
                    world = world.confirmed(&previously, &closing.total.units().to_string());
                }
                world.readings.push(closing);
            }
            let rows = world.calculated();
            // Without an average of a day the month stays without a bill, and the next one takes it up.
            let Ok(rows) = rows.rows else {
                prop_assert!(index + 1 < steps.len(), "{}", rows.told());
                continue;
            };
            billed += sum(&rows);
            rows_count += rows.len();
            let last = rows.last().unwrap();
            if last.quality == Quality::Estimated {
                world.readings.push(Reading { total: last.closing, ..estimated(end("M-1", &name, "0")) });
            }
        }
        let alone = exact(first, consumed, ratio);
        let difference = (Decimal::from(billed) - alone).abs();
        prop_assert!(difference * Decimal::TWO <= Decimal::from(rows_count), "{billed} for {alone} over {rows_count} rows");
    }
}
