//! R-VOL-1, R-VOL-2, R-VOL-3: differences, coefficients, dials, replacements, control readings.

use super::*;

#[test]
fn a_row_is_the_difference_times_the_coefficient_rounded_half_away_from_zero() {
    // Opening, closing, coefficient, volume. The first is the example of R-VOL-2.
    let cases = [
        ("12345.60", "12401.85", "40", 2250_i64),
        ("0", "0", "40", 0),
        ("10", "10.499", "1", 0),
        ("10", "10.5", "1", 1),
        ("10", "11.5", "1", 2),
        ("10", "10.012", "41.5", 0),
        ("10", "10.013", "41.5", 1),
        ("0", "99999.999", "1000000", 99_999_999_000),
    ];
    for (opening, closing, coefficient, volume) in cases {
        let readings = vec![end("M-1", "2026-09", opening), end("M-1", "2026-10", closing)];
        let calculated = World::of(vec![meter("M-1", coefficient, "2020-01-01", None)], readings).calculated();
        assert_eq!(calculated.told(), format!("M-1 10-01..11-01 {volume}"), "{opening} {closing} {coefficient}");
        let step =
            format!("M-1 active-import/total: round0(({} − {}) × {coefficient}) = {volume}", total(closing), total(opening));
        assert_eq!(calculated.steps("R-VOL-2"), [step]);
    }
}

#[test]
fn each_figure_of_a_row_says_where_it_came_from() {
    let mut changed = meter("M-1", "40", "2020-01-01", None);
    changed.coefficients = vec![dated("2026-10-16", Some("2027-01-01"), "60")];
    let mut readings = vec![end("M-1", "2026-09", "100"), on("M-1", "2026-10-16", Occasion::Control, "110")];
    readings.push(Reading { quality: Quality::Operator, ..end("M-1", "2026-10", "120") });
    let calculated = World::of(vec![changed], readings).calculated();
    assert_eq!(calculated.told(), "M-1 10-01..10-16 400; M-1 10-16..11-01 600 operator");
    let sources = |at: usize| {
        let inputs = calculated.trace[at].inputs.iter();
        inputs.map(|input| format!("{} {} {}", input.name, input.value, input.source)).collect::<Vec<_>>()
    };
    assert_eq!(
        sources(0),
        [
            "opening 100 reading 2026-09-30 actual",
            "closing 110 reading 2026-10-16 actual control",
            "coefficient 40 meter from 2020-01-01"
        ]
    );
    assert_eq!(
        sources(1),
        [
            "opening 110 reading 2026-10-16 actual control",
            "closing 120 reading 2026-10-31 operator",
            "coefficient 60 coefficient from 2026-10-16 to 2027-01-01"
        ]
    );
}

#[test]
fn a_total_that_fell_is_refused_until_a_rollover_is_confirmed_for_these_very_readings() {
    let world = |opening: &str, closing: &str| World::plain(vec![end("M-1", "2026-09", opening), end("M-1", "2026-10", closing)]);
    let refused = "E9 M-1 active-import/total 99990 20 30 62Z2700000010017";
    assert_eq!(world("99990", "20").calculated().told(), refused);
    assert_eq!(world("99990", "20").confirmed("99990", "20.001").calculated().told(), refused);
    assert_eq!(world("99990", "20").confirmed("99990.001", "20").calculated().told(), refused);
    let rolled = world("99990", "20").confirmed("99990", "20").calculated();
    assert_eq!(rolled.told(), "M-1 10-01..11-01 30 rolled");
    assert_eq!(rolled.steps("R-VOL-1"), ["M-1 active-import/total: 100000 − 99990 + 20 = 30"]);
    assert_eq!(rolled.steps("R-VOL-2"), ["M-1 active-import/total: round0((100000 − 99990 + 20) × 1) = 30"]);
    let confirmed = rolled.trace[0].inputs.last().unwrap();
    assert_eq!((confirmed.name.as_ref(), confirmed.source.as_str()), ("rollover", "confirmation olena 2026-11-02"));
    // Another register's confirmation is none for this one.
    for change in [
        |register: &mut RegisterKey| register.zone = Zone::Night,
        |register: &mut RegisterKey| register.kind = EnergyKind::ReactiveImport,
        |register: &mut RegisterKey| register.meter = MeterSerial::parse("M-2").unwrap(),
        |register: &mut RegisterKey| register.point = Eic::parse(SECOND).unwrap(),
    ] {
        let mut other = world("99990", "20").confirmed("99990", "20");
        let Confirmed::Rollover { register, .. } = &mut other.confirmations[0].what else { unreachable!() };
        change(register);
        assert_eq!(other.calculated().told(), refused);
        // Nor does it hide the right one.
        assert_eq!(other.confirmed("99990", "20").calculated().told(), "M-1 10-01..11-01 30 rolled");
    }
    // What did not fall is no rollover, whatever was confirmed; the least fall is one.
    assert_eq!(world("50", "50").confirmed("50", "50").calculated().told(), "M-1 10-01..11-01 0");
    assert_eq!(world("50", "49.999").confirmed("50", "49.999").calculated().told(), "M-1 10-01..11-01 100000 rolled");
    assert_eq!(world("50", "49.999").calculated().told(), "E9 M-1 active-import/total 50 49.999 99999.999 62Z2700000010017");
    assert_eq!(world("99999.999", "0").confirmed("99999.999", "0").calculated().told(), "M-1 10-01..11-01 0 rolled");
}

#[test]
fn a_dial_shows_no_more_digits_than_it_has() {
    for (digits, closing, expected) in [
        (5, "99999.999", "M-1 10-01..11-01 100000"),
        (5, "100000", "ACT-DIGITS M-1 active-import/total 100000 5"),
        (6, "100000", "M-1 10-01..11-01 100000"),
        (3, "999.999", "M-1 10-01..11-01 1000"),
        (3, "1000", "ACT-DIGITS M-1 active-import/total 1000 3"),
    ] {
        let mut world = World::plain(vec![end("M-1", "2026-09", "0"), end("M-1", "2026-10", closing)]);
        world.record.meters[0].registers[0].digits = digits;
        assert_eq!(world.calculated().told(), expected);
    }
    // The dial of the rollover is the register's own.
    let mut world = World::plain(vec![end("M-1", "2026-09", "999990"), end("M-1", "2026-10", "5")]).confirmed("999990", "5");
    world.record.meters[0].registers[0].digits = 6;
    assert_eq!(world.calculated().told(), "M-1 10-01..11-01 15 rolled");
    let opening = World::plain(vec![end("M-1", "2026-09", "100000"), end("M-1", "2026-10", "5")]);
    assert_eq!(opening.calculated().told(), "ACT-DIGITS M-1 active-import/total 100000 5");
    let below_zero = Reading { total: RegisterTotal(-1), ..end("M-1", "2026-10", "0") };
    let told = World::plain(vec![end("M-1", "2026-09", "0"), below_zero]).calculated().told();
    assert_eq!(told, "ACT-DIGITS M-1 active-import/total -0.001 5");
}

#[test]
fn a_replaced_meter_makes_two_rows_each_with_its_own_coefficient() {
    let meters = || vec![meter("N-2", "80", "2026-10-12", None), meter("O-1", "60", "2020-01-01", Some("2026-10-12"))];
    let readings = || {
        vec![
            end("O-1", "2026-09", "100"),
            on("O-1", "2026-10-12", Occasion::Removed, "132.6"),
            on("N-2", "2026-10-12", Occasion::Installed, "3.5"),
            end("N-2", "2026-10", "31"),
        ]
    };
    // The example of R-VOL-3, the older meter first though its name is later.
    let calculated = World::of(meters(), readings()).calculated();
    assert_eq!(calculated.told(), "O-1 10-01..10-12 1956; N-2 10-12..11-01 2200");
    assert_eq!(calculated.steps("R-VOL-3"), [format!("{POINT} active-import/total: 1956 + 2200 = 4156")]);
    let sources: Vec<_> = calculated.trace[2].inputs.iter().map(|input| input.source.clone()).collect();
    assert_eq!(sources, ["step R-VOL-2 O-1 active-import/total", "step R-VOL-2 N-2 active-import/total"]);
    let volumes = gross(&calculated.rows.unwrap());
    assert_eq!(
        volumes.iter().map(|volume| (volume.from, volume.net.0)).collect::<Vec<_>>(),
        [(day("2026-10-01"), 1956), (day("2026-10-12"), 2200)]
    );
    // What is missing is named, all of it.
    let (named, at) = (|serial: &str| format!("{serial} (active-import/total)"), "2026-10-12");
    for (left_out, expected) in [
        (vec![1], format!("E6 {} {at} removed", named("O-1"))),
        (vec![2], format!("E6 {} {at} installed", named("N-2"))),
        (vec![3], format!("E6 {}", named("N-2"))),
        (vec![0], format!("E6 {} 2026-09-30 period-end", named("O-1"))),
        (vec![1, 2, 3], format!("E6 {} {at} removed; E6 {} {at} installed; E6 {}", named("O-1"), named("N-2"), named("N-2"))),
        (
            vec![0, 1, 2, 3],
            format!(
                "E6 {} 2026-09-30 period-end; E6 {} {at} removed; E6 {} {at} installed; E6 {}",
                named("O-1"),
                named("O-1"),
                named("N-2"),
                named("N-2")
            ),
        ),
    ] {
        let mut at = 0..;
        let mut some = readings();
        some.retain(|_| !left_out.contains(&at.next().unwrap()));
        assert_eq!(World::of(meters(), some).calculated().told(), expected, "{left_out:?}");
    }
    // An end of the month cannot stand for the reading at taking down.
    let mut other = readings();
    other[1] = Reading { read_on: day("2026-10-10"), ..end("O-1", "2026-10", "132.6") };
    assert_eq!(World::of(meters(), other).calculated().told(), "E6 O-1 (active-import/total) 2026-10-12 removed");
}

#[test]
fn a_meter_set_up_on_the_first_day_or_taken_down_after_the_last_measures_the_whole_period() {
    let whole = "M-1 10-01..11-01 30";
    let world = |installed: &str, removed: Option<&str>, readings: Vec<Reading>| {
        World::of(vec![meter("M-1", "1", installed, removed)], readings).calculated().told()
    };
    let set_up = on("M-1", "2026-10-01", Occasion::Installed, "5");
    assert_eq!(world("2026-10-01", None, vec![set_up.clone(), end("M-1", "2026-10", "35")]), whole);
    // The setting up says it better than the end of a month that was not this meter's.
    assert_eq!(world("2026-10-01", None, vec![end("M-1", "2026-09", "0"), set_up, end("M-1", "2026-10", "35")]), whole);
    assert_eq!(world("2026-10-01", None, vec![end("M-1", "2026-09", "5"), end("M-1", "2026-10", "35")]), whole);
    let taken_down = Reading { period: period("2026-10"), ..on("M-1", "2026-11-01", Occasion::Removed, "35") };
    assert_eq!(world("2020-01-01", Some("2026-11-01"), vec![end("M-1", "2026-09", "5"), taken_down]), whole);
    assert_eq!(world("2020-01-01", Some("2026-11-01"), vec![end("M-1", "2026-09", "5"), end("M-1", "2026-10", "35")]), whole);
    let missing = "E6 M-1 (active-import/total)";
    assert_eq!(world("2020-01-01", Some("2026-11-01"), vec![end("M-1", "2026-09", "5")]), missing);
    // Set up in a month nobody billed: nothing since is lost.
    let earlier = on("M-1", "2026-08-20", Occasion::Installed, "5");
    assert_eq!(world("2026-08-20", None, vec![earlier.clone(), end("M-1", "2026-10", "35")]), whole);
    assert_eq!(world("2026-08-20", None, vec![earlier, end("M-1", "2026-09", "15"), end("M-1", "2026-10", "45")]), whole);
    // Taken down on the very last day, the month's end is not its own any more.
    let last_day = vec![end("M-1", "2026-09", "5"), end("M-1", "2026-10", "35")];
    assert_eq!(world("2020-01-01", Some("2026-10-31"), last_day.clone()), format!("{missing} 2026-10-31 removed"));
    let last_day = last_day.into_iter().chain([on("M-1", "2026-10-31", Occasion::Removed, "30")]).collect();
    assert_eq!(world("2020-01-01", Some("2026-10-31"), last_day), "M-1 10-01..10-31 25");
    // Before its days and after them it has no part, and nothing measures the point.
    assert_eq!(world("2026-11-01", None, Vec::new()), "E6 62Z2700000010017");
    assert_eq!(world("2020-01-01", Some("2026-10-01"), Vec::new()), "E6 62Z2700000010017");
    assert_eq!(
        world("2020-01-01", Some("2026-10-02"), vec![end("M-1", "2026-09", "5")]),
        format!("{missing} 2026-10-02 removed")
    );
}

#[test]
fn control_readings_split_the_row_and_a_changed_coefficient_needs_one() {
    let with = |coefficients: Vec<Dated<Coefficient>>, controls: &[(&str, &str)]| {
        let mut changed = meter("M-1", "40", "2020-01-01", None);
        changed.coefficients = coefficients;
        let mut readings = vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")];
        readings.extend(controls.iter().map(|(day, shown)| on("M-1", day, Occasion::Control, shown)));
        World::of(vec![changed], readings).calculated().told()
    };
    assert_eq!(with(vec![], &[("2026-10-16", "110")]), "M-1 10-01..10-16 400; M-1 10-16..11-01 800");
    assert_eq!(
        with(vec![], &[("2026-10-20", "120"), ("2026-10-02", "101")]),
        "M-1 10-01..10-02 40; M-1 10-02..10-20 760; M-1 10-20..11-01 400"
    );
    // On the first day the end of the month before says it already.
    assert_eq!(with(vec![], &[("2026-10-01", "100")]), "M-1 10-01..11-01 1200");
    let from = |day: &str| vec![dated(day, None, "60")];
    let e6 = |day: &str| format!("E6 M-1 (active-import/total) {day} control");
    assert_eq!(with(from("2026-10-16"), &[]), e6("2026-10-16"));
    assert_eq!(with(from("2026-10-16"), &[("2026-10-15", "110")]), e6("2026-10-16"));
    assert_eq!(with(from("2026-10-16"), &[("2026-10-16", "110")]), "M-1 10-01..10-16 400; M-1 10-16..11-01 1200");
    assert_eq!(with(from("2026-10-01"), &[]), "M-1 10-01..11-01 1800");
    assert_eq!(with(from("2026-10-02"), &[]), e6("2026-10-02"));
    assert_eq!(with(from("2026-10-31"), &[]), e6("2026-10-31"));
    assert_eq!(with(from("2026-11-01"), &[]), "M-1 10-01..11-01 1200");
    // Every day of change is named; one that changes nothing is none.
    let twice = || vec![dated("2026-10-05", Some("2026-10-16"), "60"), dated("2026-10-16", None, "80")];
    assert_eq!(with(twice(), &[]), format!("{}; {}", e6("2026-10-05"), e6("2026-10-16")));
    let same = vec![dated("2026-01-01", Some("2026-10-16"), "60"), dated("2026-10-16", None, "60")];
    assert_eq!(with(same, &[]), "M-1 10-01..11-01 1800");
    // An entry that ends gives back to the meter's own.
    assert_eq!(with(vec![dated("2026-01-01", Some("2026-10-16"), "60")], &[]), e6("2026-10-16"));
    let overlap = |to: &str, from: &str| vec![dated("2026-10-05", Some(to), "60"), dated(from, None, "80")];
    assert_eq!(
        with(overlap("2026-10-17", "2026-10-16"), &[]),
        "BILL-OVERLAP coefficient M-1 2026-10-05 – 2026-10-17 2026-10-16 –"
    );
    // Of other months it is told there.
    let past = vec![dated("2026-01-01", Some("2026-10-01"), "60"), dated("2026-09-30", Some("2026-10-01"), "80")];
    assert_eq!(with(past, &[]), "M-1 10-01..11-01 1200");
    let future = vec![dated("2026-11-01", None, "60"), dated("2026-11-01", None, "80")];
    assert_eq!(with(future, &[]), "M-1 10-01..11-01 1200");
    let past = vec![dated("2026-01-01", Some("2026-10-02"), "60"), dated("2026-09-30", Some("2026-10-02"), "80")];
    assert!(with(past, &[]).starts_with("BILL-OVERLAP"));
}

#[test]
fn an_opening_of_an_older_month_counts_with_all_that_was_consumed_since() {
    let mut readings = vec![end("M-1", "2026-07", "50"), end("M-1", "2026-08", "100"), end("M-1", "2026-10", "130")];
    readings.push(on("M-1", "2026-10-01", Occasion::Control, "120"));
    let calculated = World::plain(readings.clone()).calculated();
    assert_eq!(calculated.told(), "M-1 10-01..11-01 30");
    assert_eq!(calculated.trace[0].inputs[0].source, "reading 2026-08-31 actual");
    // A coefficient that changed since needs its reading as well.
    let mut changed = meter("M-1", "1", "2020-01-01", None);
    changed.coefficients = vec![dated("2026-09-10", None, "60")];
    let told = World::of(vec![changed], readings).calculated().told();
    assert_eq!(told, "E6 M-1 (active-import/total) 2026-09-10 control");
    // Readings of months to come say nothing of this one.
    let later = vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130"), end("M-1", "2026-11", "10")];
    assert_eq!(World::plain(later).calculated().told(), "M-1 10-01..11-01 30");
}
