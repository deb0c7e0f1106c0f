//! R-EST: what nobody read is estimated, and the next reading trues it up.

use super::*;

fn month(before: &str, opening: &str) -> Vec<Reading> {
    vec![end("M-1", "2026-09", opening), end("M-1", "2026-08", before)]
}

#[test]
fn what_nobody_read_is_the_average_of_a_day_before_times_the_days() {
    // The example of R-EST: a period of 31 days before one of 30.
    let mut world = World::plain(vec![end("M-1", "2026-09", "5000"), end("M-1", "2026-10", "10000")]).estimating();
    world.period = period("2026-11");
    let calculated = world.calculated();
    assert_eq!(calculated.told(), "M-1 11-01..12-01 4839 estimated");
    let step = "M-1 active-import/total: round3(10000 + 5000 / 31 × 30 / 1) = 14838.71";
    assert_eq!(calculated.steps("R-EST"), [step]);
    assert_eq!(calculated.steps("R-VOL-2"), ["M-1 active-import/total: round0((14838.71 − 10000) × 1) = 4839"]);
    let inputs = |at: usize| {
        let inputs = calculated.trace[at].inputs.iter();
        inputs.map(|input| format!("{} {} {}", input.name, input.value, input.source)).collect::<Vec<_>>()
    };
    assert_eq!(
        inputs(0),
        [
            "before 5000 reading 2026-09-30 actual",
            "opening 10000 reading 2026-10-31 actual",
            "coefficient-before 1 meter from 2020-01-01",
            "coefficient 1 meter from 2020-01-01",
        ]
    );
    assert_eq!(inputs(1)[1], "closing 14838.71 step R-EST");
    let row = &calculated.rows.as_ref().unwrap()[0];
    assert_eq!((row.closing, row.quality), (total("14838.71"), Quality::Estimated));
    assert_eq!(calculated.notes.iter().map(finding).collect::<Vec<_>>(), ["BILL-ESTIMATED M-1 (active-import/total)"]);
    // Refused where it is not wished for, and not estimated where there is a reading.
    world.missing = MissingReadings::Refuse;
    assert_eq!(world.calculated().told(), "E6 M-1 (active-import/total)");
    world.missing = MissingReadings::Estimate;
    world.readings.push(end("M-1", "2026-11", "10001"));
    let calculated = world.calculated();
    assert_eq!((calculated.told().as_str(), calculated.notes.len()), ("M-1 11-01..12-01 1", 0));
}

#[test]
fn the_average_is_of_energy_over_all_the_days_between_the_ends_of_periods() {
    let told = |readings: Vec<Reading>, meter: Meter| World::of(vec![meter], readings).estimating().calculated().told();
    let plain = || meter("M-1", "1", "2020-01-01", None);
    // 62 days of July and August, then 61 of September, which nobody read, and October.
    let readings = vec![end("M-1", "2026-06", "0"), end("M-1", "2026-08", "620"), end("M-1", "2026-07", "300")];
    assert_eq!(told(readings, plain()), "M-1 10-01..11-01 630 estimated"); // 320 / 31 × 61 = 629.68
    let readings = vec![end("M-1", "2026-06", "0"), end("M-1", "2026-08", "620")];
    assert_eq!(told(readings, plain()), "M-1 10-01..11-01 610 estimated"); // 620 / 62 × 61
    // 30 days of September times coefficient 40, then 31.
    assert_eq!(told(month("0", "30"), meter("M-1", "40", "2020-01-01", None)), "M-1 10-01..11-01 1240 estimated");
    // A coefficient that is another since: the energy goes on, not the difference of the dial.
    let changed = |from: &str| Meter { coefficients: vec![dated(from, None, "80")], ..meter("M-1", "40", "2020-01-01", None) };
    assert_eq!(told(month("0", "30"), changed("2026-10-01")), "M-1 10-01..11-01 1240 estimated");
    assert_eq!(told(month("0", "30"), changed("2026-09-01")), "M-1 10-01..11-01 2480 estimated");
    // One that changed between tells nothing of a day, and one that changes now needs its reading.
    assert_eq!(told(month("0", "30"), changed("2026-09-02")), "E6 M-1 (active-import/total)");
    assert_eq!(told(month("0", "30"), changed("2026-10-02")), "E6 M-1 (active-import/total) 2026-10-02 control");
    // Since the meter was set up: 10 days.
    let set_up = || meter("M-1", "1", "2026-09-21", None);
    let readings = vec![on("M-1", "2026-09-21", Occasion::Installed, "0"), end("M-1", "2026-09", "100")];
    assert_eq!(told(readings, set_up()), "M-1 10-01..11-01 310 estimated");
}

#[test]
fn without_a_period_before_there_is_nothing_to_estimate_from() {
    let told = |readings: Vec<Reading>| World::plain(readings).estimating().calculated().told();
    let missing = "E6 M-1 (active-import/total)";
    assert_eq!(told(vec![end("M-1", "2026-09", "100")]), missing);
    assert_eq!(told(vec![]), missing);
    assert_eq!(told(vec![end("M-1", "2026-10", "100")]), format!("{missing} 2026-09-30 period-end"));
    assert_eq!(told(vec![end("M-1", "2026-08", "200"), end("M-1", "2026-09", "100")]), missing);
    assert_eq!(told(month("100", "100")), "M-1 10-01..11-01 0 estimated");
    // What the dial cannot have shown is no beginning.
    assert_eq!(told(month("100000", "50")), missing);
    // A meter set up in the month that nobody read since.
    let new = vec![meter("M-1", "1", "2026-10-12", None)];
    let set_up = on("M-1", "2026-10-12", Occasion::Installed, "100");
    assert_eq!(World::of(new, vec![set_up]).estimating().calculated().told(), missing);
    // The reading at taking down is never made up.
    let gone = vec![meter("M-1", "1", "2020-01-01", Some("2026-10-12"))];
    let told = World::of(gone, month("0", "30")).estimating().calculated().told();
    assert_eq!(told, "E6 M-1 (active-import/total) 2026-10-12 removed");
}

#[test]
fn after_the_last_reading_of_the_period_its_own_average_goes_on() {
    let with = |controls: &[(&str, &str)]| {
        let mut readings = month("0", "30000");
        readings.extend(controls.iter().map(|(day, shown)| on("M-1", day, Occasion::Control, shown)));
        World::plain(readings).estimating().calculated()
    };
    // 10 days of 15 kWh, then 21.
    let calculated = with(&[("2026-10-11", "30150")]);
    assert_eq!(calculated.told(), "M-1 10-01..10-11 150; M-1 10-11..11-01 315 estimated");
    assert_eq!(calculated.steps("R-EST"), ["M-1 active-import/total: round3(30150 + 150 / 10 × 21 / 1) = 30465"]);
    // The whole part that was read, not its last piece.
    let told = with(&[("2026-10-06", "30100"), ("2026-10-11", "30150")]).told();
    assert_eq!(told, "M-1 10-01..10-06 100; M-1 10-06..10-11 50; M-1 10-11..11-01 315 estimated");
    assert_eq!(with(&[("2026-10-31", "30300")]).told(), "M-1 10-01..10-31 300; M-1 10-31..11-01 10 estimated");
    // On the first day nothing of the period was read yet.
    assert_eq!(with(&[("2026-10-01", "30000")]).told(), "M-1 10-01..11-01 31000 estimated");
    // Energy again: the coefficient of the rest is another.
    let changed = Meter { coefficients: vec![dated("2026-10-11", None, "80")], ..meter("M-1", "40", "2020-01-01", None) };
    let readings = vec![end("M-1", "2026-09", "0"), on("M-1", "2026-10-11", Occasion::Control, "10")];
    let told = World::of(vec![changed], readings).estimating().calculated().told();
    assert_eq!(told, "M-1 10-01..10-11 400; M-1 10-11..11-01 840 estimated");
    // A meter set up in the period goes on as it began.
    let new = vec![meter("M-1", "1", "2026-10-12", None)];
    let readings = vec![on("M-1", "2026-10-12", Occasion::Installed, "0"), on("M-1", "2026-10-22", Occasion::Control, "100")];
    let told = World::of(new, readings).estimating().calculated().told();
    assert_eq!(told, "M-1 10-12..10-22 100; M-1 10-22..11-01 100 estimated");
    // A part that was read wrong is told, and nothing is estimated upon it.
    assert!(with(&[("2026-10-11", "29000")]).told().starts_with("E9"));
}

#[test]
fn an_estimate_goes_on_past_the_end_of_the_dial() {
    let world = |before: &str, opening: &str| World::plain(month(before, opening)).estimating().calculated();
    assert_eq!(world("0", "30000").rows.unwrap()[0].closing, total("61000"));
    // 30 days of 10, then 31: just to the end, and over it.
    assert_eq!(world("99389.999", "99689.999").told(), "M-1 10-01..11-01 310 estimated");
    let turned = world("99390", "99690");
    assert_eq!(turned.told(), "M-1 10-01..11-01 310 estimated rolled");
    assert_eq!(turned.rows.as_ref().unwrap()[0].closing, total("0"));
    assert_eq!(turned.steps("R-EST"), ["M-1 active-import/total: round3(99690 + 300 / 30 × 31 / 1) − 100000 = 0"]);
    assert_eq!(world("99450", "99750").rows.unwrap()[0].closing, total("60"));
    // The dial passed its end in the period before: 100 of its 30 days.
    assert_eq!(world("99950", "50").told(), "M-1 10-01..11-01 103 estimated");
    // By half a dial it fell for no reason at all.
    assert_eq!(world("50000", "0").told(), "E6 M-1 (active-import/total)");
    assert_eq!(world("50000.001", "0").told(), "M-1 10-01..11-01 51667 estimated");
    // Half a dial is too far to turn; short of its end it may go as far as it likes.
    assert_eq!(world("3225.807", "51612.903").told(), "M-1 10-01..11-01 50000 estimated rolled");
    assert_eq!(world("3225.806", "51612.903").told(), "E6 M-1 (active-import/total)");
    assert_eq!(world("0", "49000").told(), "M-1 10-01..11-01 50633 estimated");
    assert_eq!(world("0", "98000").told(), "E6 M-1 (active-import/total)");
}

#[test]
fn an_actual_reading_below_an_estimate_trues_it_up() {
    let world =
        |opening: Reading, closing: Reading| World::plain(vec![end("M-1", "2026-08", "4000"), opening, closing]).calculated();
    let (opening, closing) = (|shown: &str| end("M-1", "2026-09", shown), |shown: &str| end("M-1", "2026-10", shown));
    let trued = world(estimated(opening("5000")), closing("4900"));
    assert_eq!(trued.told(), "M-1 10-01..11-01 -100");
    assert_eq!(trued.steps("R-EST"), ["M-1 active-import/total: 4900 − 5000 = -100"]);
    assert_eq!(trued.steps("R-VOL-2"), ["M-1 active-import/total: round0((4900 − 5000) × 1) = -100"]);
    assert_eq!(trued.trace[0].inputs[0].source, "reading 2026-09-30 estimated");
    assert_eq!(world(estimated(opening("5000")), closing("5000")).told(), "M-1 10-01..11-01 0");
    assert_eq!(world(estimated(opening("5000")), closing("5100")).told(), "M-1 10-01..11-01 100");
    // After an actual reading it is E9, and after an operator's as well.
    let refused = "E9 M-1 active-import/total 5000 4900 99900 62Z2700000010017";
    assert_eq!(world(opening("5000"), closing("4900")).told(), refused);
    let operators = Reading { quality: Quality::Operator, ..opening("5000") };
    assert_eq!(world(operators, closing("4900")).told(), refused);
    // Half a dial is no error of an estimate: it may have passed its end, and that is confirmed.
    assert_eq!(world(estimated(opening("60000")), closing("10000")).told(), "M-1 10-01..11-01 -50000");
    let far = "E9 M-1 active-import/total 60000 9999.999 49999.999 62Z2700000010017";
    assert_eq!(world(estimated(opening("60000")), closing("9999.999")).told(), far);
    let confirmed = World::plain(vec![estimated(opening("60000")), closing("9999.999")]).confirmed("60000", "9999.999");
    assert_eq!(confirmed.calculated().told(), "M-1 10-01..11-01 50000 rolled");
    // Between two control readings nothing is estimated any more.
    let control = |day: &str, shown: &str| on("M-1", day, Occasion::Control, shown);
    let readings =
        vec![estimated(opening("5000")), control("2026-10-10", "4900"), control("2026-10-20", "4800"), closing("5000")];
    assert_eq!(World::plain(readings).calculated().told(), "E9 M-1 active-import/total 4900 4800 99900 62Z2700000010017");
    let readings = vec![estimated(opening("5000")), control("2026-10-10", "4900"), closing("5000")];
    assert_eq!(World::plain(readings).calculated().told(), "M-1 10-01..10-10 -100; M-1 10-10..11-01 100");
    // What was read is less than what was estimated: nobody knows what a day came to.
    let readings = vec![end("M-1", "2026-08", "4000"), estimated(opening("5000")), control("2026-10-10", "4900")];
    assert_eq!(World::plain(readings).estimating().calculated().told(), "E6 M-1 (active-import/total)");
}

#[test]
fn a_dial_that_an_estimate_turned_and_nobody_else_did_is_turned_back() {
    let told = |before: &str, opening: Reading, closing: &str| {
        let readings = vec![end("M-1", "2026-08", before), opening, end("M-1", "2026-10", closing)];
        World::plain(readings).calculated()
    };
    let guess = |shown: &str| estimated(end("M-1", "2026-09", shown));
    let back = told("99900", guess("20"), "99980");
    assert_eq!(back.told(), "M-1 10-01..11-01 -40");
    assert_eq!(back.steps("R-EST"), ["M-1 active-import/total: 99980 − 20 − 100000 = -40"]);
    assert_eq!(back.steps("R-VOL-2"), ["M-1 active-import/total: round0((99980 − 20 − 100000) × 1) = -40"]);
    // The dial did pass its end, by less than was estimated, and by more.
    assert_eq!(told("99900", guess("20"), "5").told(), "M-1 10-01..11-01 -15");
    assert_eq!(told("99900", guess("20"), "80").told(), "M-1 10-01..11-01 60");
    // An estimate that turned nothing, and a reading that is none: much was consumed.
    assert_eq!(told("0", guess("20"), "99980").told(), "M-1 10-01..11-01 99960");
    assert_eq!(told("99900", end("M-1", "2026-09", "20"), "99980").told(), "M-1 10-01..11-01 99960");
    // The turning may lie an estimate further back; an estimate itself goes as far as it says.
    let chain = |opening: Reading, closing: Reading| {
        let readings = vec![estimated(end("M-1", "2026-08", "10")), opening, closing];
        World::plain(readings).calculated().told()
    };
    assert_eq!(chain(guess("20"), end("M-1", "2026-10", "99980")), "M-1 10-01..11-01 -40");
    assert_eq!(chain(end("M-1", "2026-09", "20"), end("M-1", "2026-10", "99980")), "M-1 10-01..11-01 99960");
    let goes_on = chain(guess("20"), estimated(end("M-1", "2026-10", "99980")));
    assert_eq!(goes_on, "M-1 10-01..11-01 99960 estimated");
    // Half a dial, both sides, of what the estimate fell and of what is read now.
    assert_eq!(told("50020", guess("20"), "99980").told(), "M-1 10-01..11-01 99960");
    assert_eq!(told("50020.001", guess("20"), "99980").told(), "M-1 10-01..11-01 -40");
    assert_eq!(told("99900", guess("20"), "50020").told(), "M-1 10-01..11-01 50000");
    assert_eq!(told("99900", guess("20"), "50020.001").told(), "M-1 10-01..11-01 -50000");
}

#[test]
fn an_estimate_that_is_stored_counts_like_the_one_that_was_made() {
    let made = World::plain(month("99450", "99750")).estimating().calculated();
    let mut readings = month("99450", "99750");
    readings.push(estimated(end("M-1", "2026-10", "60")));
    // Also where estimating is not asked for.
    let stored = World::plain(readings.clone()).calculated();
    assert_eq!(stored.rows, made.rows);
    assert_eq!(stored.notes, made.notes);
    assert_eq!(World::plain(readings).estimating().calculated().rows, made.rows);
    // A fall of half a dial is no turning of it.
    let fell = |closing: &str| {
        World::plain(vec![end("M-1", "2026-09", "60000"), estimated(end("M-1", "2026-10", closing))]).calculated()
    };
    assert_eq!(fell("10000").told(), "M-1 10-01..11-01 -50000 estimated");
    assert_eq!(fell("9999.999").told(), "M-1 10-01..11-01 50000 estimated rolled");
    // An opening that was corrected since lies above it: the energy is still that between the two.
    let readings = vec![end("M-1", "2026-09", "120"), estimated(end("M-1", "2026-10", "110"))];
    assert_eq!(World::plain(readings).calculated().told(), "M-1 10-01..11-01 -10 estimated");
}

#[test]
fn what_was_estimated_is_given_out_to_be_stored_once() {
    let world = World::plain(month("0", "30")).estimating();
    let readings: Vec<Reading> = world.readings.iter().rev().cloned().collect();
    let prices = PriceBook::default();
    let billing =
        BillingInput { missing: MissingReadings::Estimate, ..BillingInput::new(&world.record, world.period, &readings, &prices) };
    let rows = world.calculated().rows.unwrap();
    let expected = Reading { total: total("61"), ..estimated(end("M-1", "2026-10", "61")) };
    assert_eq!(crate::estimate::to_store(&rows, &billing), std::slice::from_ref(&expected));
    let actual = VolumeRow { quality: Quality::Actual, ..rows[0].clone() };
    let part = VolumeRow { to: day("2026-10-31"), ..rows[0].clone() };
    assert!(crate::estimate::to_store(&[actual, part], &billing).is_empty());
    // What is stored is not stored again, and the next month opens with it.
    let stored: Vec<Reading> = readings.iter().cloned().chain([expected]).collect();
    assert!(crate::estimate::to_store(&rows, &BillingInput { readings: &stored, ..billing }).is_empty());
    let mut next = World::plain(stored);
    next.period = period("2026-11");
    next.readings.push(end("M-1", "2026-11", "60"));
    assert_eq!(next.calculated().told(), "M-1 11-01..12-01 -1");
}
