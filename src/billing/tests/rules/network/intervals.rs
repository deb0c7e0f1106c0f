//! Interval data: zones by the clock of Europe/Kyiv, whole rows, what is missing, power, energy between days.

use oblik_billing::{energy_between, greatest_power};
use oblik_domain::account::Relation;
use oblik_domain::calendar::hours_between;
use oblik_domain::dated::Dated;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::metering::{EnergyKind, IntervalSeries, PointTerms, Supply, VolumeSource, Zone};
use oblik_domain::period::kyiv_midnight;
use oblik_domain::tariff::{ZoneHours, ZoneScheme};
use oblik_domain::{DateTime, Decimal, Utc};
use proptest::prelude::*;

use crate::network::{ACTIVE, Case, Measured, REACTIVE, day, decimal, eic, fed_through, of, refusals};

fn by_intervals() -> PointTerms {
    PointTerms { volume_source: VolumeSource::Intervals, ..PointTerms::default() }
}

fn series(number: u16, kind: EnergyKind, start: &str, minutes: u8, values: Vec<i64>) -> IntervalSeries {
    let values = values.into_iter().map(RegisterTotal).collect();
    IntervalSeries { point: eic(number), kind, start: start.parse().unwrap(), minutes, values }
}

/// Every interval the same, from the first instant of a day to that of another.
fn even(number: u16, kind: EnergyKind, (from, to): (&str, &str), minutes: u8, thousandths: i64) -> IntervalSeries {
    let start = kyiv_midnight(day(from)).unwrap();
    let count = usize::try_from(hours_between(day(from), day(to)) * 60 / i64::from(minutes)).unwrap();
    series(number, kind, &start.to_rfc3339(), minutes, vec![thousandths; count])
}

const TWO: [Measured; 2] = [(ACTIVE, Zone::Night, 0), (ACTIVE, Zone::Day, 0)];
const THREE: [Measured; 3] = [(ACTIVE, Zone::Night, 0), (ACTIVE, Zone::HalfPeak, 0), (ACTIVE, Zone::Peak, 0)];
const ONE: [Measured; 1] = [(ACTIVE, Zone::Total, 0)];

fn case(period: &str, registers: &[Measured], intervals: Vec<IntervalSeries>) -> Case {
    let mut case = Case::new(period).own(1, by_intervals(), registers);
    case.intervals = intervals;
    case
}

fn gross(case: &Case, number: u16, kind: EnergyKind) -> Vec<(Zone, i64)> {
    of(&case.bill().unwrap(), number, kind).into_iter().map(|(zone, gross, _, _, _)| (zone, gross)).collect()
}

#[test]
fn each_hour_of_kyiv_counts_in_its_zone_on_days_of_23_and_25_hours_too() {
    for (period, days, two, three) in [
        ("2026-09", ("2026-09-01", "2026-10-01"), [240, 480], [210, 330, 180]),
        // The hour that is left out on the 29th, and the one that is there twice on the 25th, are of the night.
        ("2026-03", ("2026-03-01", "2026-04-01"), [247, 496], [216, 341, 186]),
        ("2026-10", ("2026-10-01", "2026-11-01"), [249, 496], [218, 341, 186]),
        ("2026-02", ("2026-02-01", "2026-03-01"), [224, 448], [196, 308, 168]),
    ] {
        // 1 kWh an hour.
        for (minutes, thousandths) in [(60, 1000), (30, 500), (15, 250)] {
            let intervals = || vec![even(1, ACTIVE, days, minutes, thousandths)];
            let night_and_day: Vec<i64> = gross(&case(period, &TWO, intervals()), 1, ACTIVE).iter().map(|zone| zone.1).collect();
            assert_eq!(night_and_day, two, "{period} {minutes}");
            let zones = gross(&case(period, &THREE, intervals()), 1, ACTIVE);
            assert_eq!(
                zones,
                [(Zone::Night, three[0]), (Zone::HalfPeak, three[1]), (Zone::Peak, three[2])],
                "{period} {minutes}"
            );
            assert_eq!(gross(&case(period, &ONE, intervals()), 1, ACTIVE), [(Zone::Total, two[0] + two[1])]);
        }
    }
}

#[test]
fn the_hours_of_a_year_are_8760_or_8784() {
    for (year, hours) in [(2026, 8760), (2027, 8760), (2028, 8784)] {
        let (from, to) = (format!("{year}-01-01"), format!("{}-01-01", year + 1));
        let case = case(&format!("{year}-06"), &THREE, vec![even(1, ACTIVE, (&from, &to), 60, 1000)]);
        let energy =
            |zone| case.with_input(|input| energy_between(input, &eic(1), ACTIVE, (day(&from), day(&to)), zone)).unwrap();
        assert_eq!(energy(Zone::Total), Decimal::from(hours));
        assert_eq!(energy(Zone::Night) + energy(Zone::HalfPeak) + energy(Zone::Peak), Decimal::from(hours));
    }
}

#[test]
fn what_the_registers_say_only_controls_the_intervals() {
    let days = ("2026-09-01", "2026-10-01");
    let registers = [(ACTIVE, Zone::Night, 111), (ACTIVE, Zone::Day, 222), (REACTIVE, Zone::Total, 333)];
    let mut case = case("2026-09", &registers, vec![even(1, ACTIVE, days, 60, 1000), even(1, REACTIVE, days, 30, 250)]);
    assert_eq!(gross(&case, 1, ACTIVE), [(Zone::Night, 240), (Zone::Day, 480)]);
    // Each kind has the zones of its own registers.
    assert_eq!(gross(&case, 1, REACTIVE), [(Zone::Total, 360)]);
    let bill = case.bill().unwrap();
    assert_eq!(bill.rows.iter().map(|row| row.volume.0).collect::<Vec<_>>(), [111, 222, 333]);
    assert_eq!(bill.active_volume().0, 720);
    let steps: Vec<&str> = bill.trace.iter().filter(|step| step.rule == "R-INT").map(|step| step.formula.as_str()).collect();
    assert_eq!(steps, ["round0(0 + 240) − round0(0)", "round0(240 + 480) − round0(240)", "round0(0 + 360) − round0(0)"]);
    // And need not be read.
    case.readings.clear();
    assert_eq!(case.bill().unwrap().active_volume().0, 720);
    // A point that is measured by registers is not touched by its intervals.
    case.record.points[0].terms.clear();
    assert!(refusals(case.bill())[0].starts_with("E6"));
}

#[test]
fn the_first_hour_that_is_missing_is_named() {
    let refused = |intervals: Vec<IntervalSeries>| refusals(case("2026-10", &ONE, intervals).bill());
    let e6 = |moment: &str| vec![format!("E6 registers={} (active-import) {moment}", eic(1))];
    // October is 2026-09-30T21:00Z to 2026-10-31T22:00Z.
    let of = |start: &str, count: usize| series(1, ACTIVE, start, 60, vec![1000; count]);
    assert_eq!(refused(vec![]), e6("2026-10-01 00:00+03:00"));
    assert_eq!(refused(vec![of("2026-09-30T21:00:00Z", 745)]), ["good"]);
    assert_eq!(refused(vec![of("2026-09-30T21:00:00Z", 744)]), e6("2026-10-31 23:00+02:00"));
    assert_eq!(refused(vec![of("2026-09-30T22:00:00Z", 744)]), e6("2026-10-01 00:00+03:00"));
    // What lies outside of the period neither counts nor harms.
    let wide = case("2026-10", &ONE, vec![of("2026-09-30T19:00:00Z", 750)]);
    assert_eq!(gross(&wide, 1, ACTIVE), [(Zone::Total, 745)]);
    // In parts, in any order; with a hole in the repeated hour.
    assert_eq!(refused(vec![of("2026-10-25T00:00:00Z", 166), of("2026-09-30T21:00:00Z", 579)]), ["good"]);
    assert_eq!(refused(vec![of("2026-10-25T01:00:00Z", 165), of("2026-09-30T21:00:00Z", 579)]), e6("2026-10-25 03:00+03:00"));
    assert_eq!(refused(vec![of("2026-10-25T01:00:00Z", 165), of("2026-09-30T21:00:00Z", 578)]), e6("2026-10-25 02:00+03:00"));
    // Intervals that do not begin with the hour leave its beginning open.
    assert_eq!(refused(vec![of("2026-09-30T20:30:00Z", 746)]), e6("2026-10-01 00:00+03:00"));
    // A kind that the meter has and the AMR did not deliver.
    let both = [(ACTIVE, Zone::Total, 0), (REACTIVE, Zone::Total, 0)];
    let missing = refusals(case("2026-10", &both, vec![of("2026-09-30T21:00:00Z", 745)]).bill());
    assert_eq!(missing, [format!("E6 registers={} (reactive-import) 2026-10-01 00:00+03:00", eic(1))]);
}

#[test]
fn intervals_that_cannot_be_are_named() {
    let refused = |intervals: Vec<IntervalSeries>| refusals(case("2026-10", &ONE, intervals).bill());
    let of = |start: &str, minutes: u8, values: Vec<i64>| series(1, ACTIVE, start, minutes, values);
    let whole = || of("2026-09-30T21:00:00Z", 60, vec![1000; 745]);
    let twice = refused(vec![whole(), of("2026-10-25T00:00:00Z", 60, vec![1])]);
    let what = format!("BILL-OVERLAP what={} (active-import) intervals", eic(1));
    assert_eq!(twice, [format!("{what}, first=2026-11-01 00:00+02:00, second=2026-10-25 03:00+03:00")]);
    for minutes in [0, 1, 20, 61] {
        let odd = refused(vec![of("2026-09-30T21:00:00Z", minutes, vec![1; 3000])]);
        assert_eq!(odd, [format!("BILL-PARAMETER parameter={} interval minutes, value={minutes}, day=2026-10-01", eic(1))]);
    }
    let mut negative = whole();
    negative.values[24] = RegisterTotal(-1);
    let named = format!("BILL-PARAMETER parameter={} (active-import) interval, value=-0.001, day=2026-10-02", eic(1));
    assert_eq!(refused(vec![negative]), [named]);
    let mut huge = whole();
    huge.values[0] = RegisterTotal(i64::MAX);
    assert_eq!(refused(vec![huge]), ["BILL-RANGE what=intervals"]);
    // A series at the end of time.
    let end = IntervalSeries { start: DateTime::<Utc>::MAX_UTC, ..of("2026-09-30T21:00:00Z", 60, vec![1, 1]) };
    assert_eq!(refused(vec![whole(), end]), ["good"]);
}

#[test]
fn zones_need_hours_that_say_which_is_which() {
    let days = ("2026-10-01", "2026-11-01");
    let refused = |change: &dyn Fn(&mut Vec<Dated<ZoneHours>>)| {
        let mut case = case("2026-10", &TWO, vec![even(1, ACTIVE, days, 60, 1000)]);
        change(&mut case.zone_hours);
        refusals(case.bill())
    };
    let e2 = |day: &str, reason: &str| vec![format!("E2 parameter=zone-hours two, day={day}, reason={reason}")];
    assert_eq!(refused(&|_| ()), ["good"]);
    assert_eq!(refused(&|hours| hours.retain(|dated| dated.value.scheme == ZoneScheme::Three)), e2("2026-10-01", "missing"));
    assert_eq!(refused(&|hours| hours[0].value.months = vec![9, 11]), e2("2026-10-01", "missing"));
    assert_eq!(refused(&|hours| hours[0].from = day("2026-10-02")), e2("2026-10-01", "not-yet-valid"));
    assert_eq!(refused(&|hours| hours[0].from = day("2026-10-01")), ["good"]);
    assert_eq!(refused(&|hours| hours[0].to = Some(day("2026-10-31"))), e2("2026-10-31", "expired"));
    assert_eq!(refused(&|hours| hours[0].to = Some(day("2026-11-01"))), ["good"]);
    // Hours that are not 24 of the scheme's zones are no hours at all.
    let odd = |found: Vec<String>| found[0].starts_with("BILL-PARAMETER parameter=zone-hours two");
    assert!(odd(refused(&|hours| hours[0].value.hours.truncate(23))));
    assert!(odd(refused(&|hours| hours[0].value.hours[7] = Zone::Peak)));
    // A meter without zones asks for none.
    let mut unzoned = case("2026-10", &ONE, vec![even(1, ACTIVE, days, 60, 1000)]);
    unzoned.zone_hours.clear();
    assert_eq!(refusals(unzoned.bill()), ["good"]);
}

#[test]
fn zones_are_whole_and_together_what_was_measured() {
    // Night 2.4, half-peak 3.4, peak 1.7: each by itself would be 2 + 3 + 2 = 7 of 7.5, which is 8.
    let mut values = vec![0; 720];
    (values[0], values[7], values[8]) = (2400, 3400, 1700);
    let start = kyiv_midnight(day("2026-09-01")).unwrap().to_rfc3339();
    let case = case("2026-09", &THREE, vec![series(1, ACTIVE, &start, 60, values)]);
    assert_eq!(gross(&case, 1, ACTIVE), [(Zone::Night, 2), (Zone::HalfPeak, 4), (Zone::Peak, 2)]);
}

#[test]
fn a_point_needs_intervals_of_the_days_it_is_supplied() {
    let mut case = case("2026-10", &ONE, vec![even(1, ACTIVE, ("2026-10-05", "2026-10-20"), 60, 1000)]);
    assert_eq!(refusals(case.bill()), [format!("E6 registers={} (active-import) 2026-10-01 00:00+03:00", eic(1))]);
    (case.record.points[0].from, case.record.points[0].to) = (day("2026-10-05"), Some(day("2026-10-20")));
    let bill = case.bill().unwrap();
    assert_eq!((bill.volumes[0].from, bill.volumes[0].to, bill.volumes[0].net.0), (day("2026-10-05"), day("2026-10-20"), 360));
    // Given up on the first day of the period, it is no part of it.
    let mut given_up = case.clone();
    (given_up.record.points[0].from, given_up.record.points[0].to) = (day("2020-01-01"), Some(day("2026-10-01")));
    assert_eq!(given_up.with_input(|input| oblik_billing::compute(input).map_or(0, |done| done.bill.volumes.len())), 0);
    case.record.points[0].to = Some(day("2026-10-21"));
    assert_eq!(refusals(case.bill()), [format!("E6 registers={} (active-import) 2026-10-20 00:00+03:00", eic(1))]);
}

#[test]
fn sub_consumers_by_intervals_are_taken_off_zone_by_zone() {
    let days = ("2026-09-01", "2026-10-01");
    let sub = PointTerms { volume_source: VolumeSource::Intervals, ..fed_through(1) };
    let mut main = case("2026-09", &TWO, vec![even(1, ACTIVE, days, 60, 1000), even(2, ACTIVE, days, 30, 100)]);
    let own = main.clone().own(2, PointTerms { supply: Supply::SubConsumer, ..sub.clone() }, &TWO);
    main = main.related(Relation::FedByUs, 2, sub, &TWO);
    for case in [own, main] {
        let bill = case.bill().unwrap();
        assert_eq!(of(&bill, 1, ACTIVE), [(Zone::Night, 240, 0, 48, 192), (Zone::Day, 480, 0, 96, 384)]);
        assert_eq!(bill.active_volume().0, 576);
    }
}

#[test]
fn the_greatest_power_is_twice_the_energy_of_a_half_hour() {
    let days = ("2026-10-01", "2026-11-01");
    let power = |intervals: Vec<IntervalSeries>, points: &[u16], hours| {
        let case = case("2026-10", &ONE, intervals).own(2, by_intervals(), &ONE);
        let points: Vec<_> = points.iter().map(|number| eic(*number)).collect();
        case.with_input(|input| greatest_power(input, &points.iter().collect::<Vec<_>>(), hours))
    };
    let peak = |number, minutes, at: usize, energy: i64| {
        let mut series = even(number, ACTIVE, days, minutes, 1000);
        series.values[at] = RegisterTotal(energy);
        series
    };
    let kw = |text: &str| Some(decimal(text));
    assert_eq!(power(vec![even(1, ACTIVE, days, 30, 1000)], &[1], 0..24), kw("2"));
    assert_eq!(power(vec![even(1, ACTIVE, days, 60, 1000)], &[1], 0..24), kw("1"));
    assert_eq!(power(vec![even(1, ACTIVE, days, 15, 1000)], &[1], 0..24), kw("4"), "two quarters are a half-hour");
    assert_eq!(power(vec![peak(1, 15, 35, 1500)], &[1], 0..24), kw("5"));
    // 17:00 to 17:30 of the first day is half-hour 34.
    for (hours, expected) in
        [(17..18, "14.002"), (16..17, "2"), (18..20, "2"), (8..11, "2"), (0..24, "14.002"), (17..21, "14.002")]
    {
        assert_eq!(power(vec![peak(1, 30, 34, 7001)], &[1], hours.clone()), kw(expected), "{hours:?}");
    }
    assert_eq!(power(vec![peak(1, 30, 35, 7001)], &[1], 17..18), kw("14.002"), "17:30 is of the hour as well");
    assert_eq!(power(vec![peak(1, 30, 36, 7001)], &[1], 17..18), kw("2"));
    // Points of one area take together: at the same time, not each at its worst.
    let two = |at| vec![peak(1, 30, 34, 7000), peak(2, 30, at, 5000)];
    assert_eq!(power(two(34), &[1, 2], 0..24), kw("24"));
    assert_eq!(power(two(35), &[1, 2], 0..24), kw("16"));
    assert_eq!(power(vec![peak(1, 30, 34, 7000), even(2, ACTIVE, days, 60, 1000)], &[1, 2], 0..24), kw("15"));
    // Nothing to tell.
    assert_eq!(power(vec![peak(1, 30, 34, 7000)], &[1, 2], 0..24), None);
    assert_eq!(power(vec![peak(1, 30, 34, 7000)], &[], 0..24), None);
    assert_eq!(power(vec![peak(1, 30, 34, 7000)], &[1], 24..25), None);
    assert_eq!(power(vec![even(1, ACTIVE, ("2026-10-01", "2026-10-31"), 30, 1)], &[1], 0..24), None);
}

proptest! {
    #[test]
    fn energy_between_days_adds_up_and_whole_zones_are_within_a_kilowatt_hour(
        values in proptest::collection::vec(0_i64..2_000_000, 1440), cut in 1_u64..30, zones in 0_usize..3,
    ) {
        let registers: &[Measured] = [&ONE[..], &TWO[..], &THREE[..]][zones];
        let start = kyiv_midnight(day("2026-09-01")).unwrap().to_rfc3339();
        let exact = Decimal::new(values.iter().sum(), 3);
        let case = case("2026-09", registers, vec![series(1, ACTIVE, &start, 30, values)]);
        let cut = oblik_domain::calendar::days_after(day("2026-09-01"), cut);
        let energy = |from, to, zone| case.with_input(|input| energy_between(input, &eic(1), ACTIVE, (from, to), zone)).unwrap();
        let (first, end) = (day("2026-09-01"), day("2026-10-01"));
        prop_assert_eq!(energy(first, cut, Zone::Total) + energy(cut, end, Zone::Total), exact);
        let rows = gross(&case, 1, ACTIVE);
        let mut sum = Decimal::ZERO;
        for (zone, whole) in &rows {
            let measured = energy(first, end, *zone);
            prop_assert_eq!(energy(first, cut, *zone) + energy(cut, end, *zone), measured);
            prop_assert!((Decimal::from(*whole) - measured).abs() <= Decimal::ONE);
            prop_assert!(*whole >= 0);
            sum += Decimal::from(*whole);
        }
        prop_assert!((sum - exact).abs() <= decimal("0.5"));
    }
}
