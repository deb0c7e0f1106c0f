//! Points: supplied for a part of the month, several of them, sub-consumers', measured by intervals, of other accounts.

use super::*;

#[test]
fn a_point_supplied_for_a_part_of_the_month_is_measured_from_reading_to_reading() {
    let part = |from: &str, to: Option<&str>, readings: Vec<Reading>| {
        let mut world = World::plain(readings);
        (world.record.points[0].from, world.record.points[0].to) = (day(from), to.map(day));
        world.calculated().told()
    };
    let ends = || vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")];
    let with = |more: Vec<Reading>| ends().into_iter().chain(more).collect::<Vec<_>>();
    let control = |day: &str, shown: &str| on("M-1", day, Occasion::Control, shown);
    let e6 = |day: &str| format!("E6 M-1 (active-import/total) {day} control");
    // What was consumed before the supply began is another customer's.
    assert_eq!(part("2026-10-10", None, ends()), e6("2026-10-10"));
    assert_eq!(part("2026-10-10", None, with(vec![control("2026-10-10", "110")])), "M-1 10-10..11-01 20");
    assert_eq!(part("2026-10-01", None, ends()), "M-1 10-01..11-01 30");
    let gap = vec![end("M-1", "2026-08", "90"), end("M-1", "2026-10", "130")];
    assert_eq!(part("2026-10-01", None, gap.clone()), "E6 M-1 (active-import/total) 2026-09-30 period-end");
    assert_eq!(part("2026-09-01", None, gap.clone()), "M-1 10-01..11-01 40");
    let began = gap.into_iter().chain([control("2026-10-01", "100")]).collect();
    assert_eq!(part("2026-10-01", None, began), "M-1 10-01..11-01 30");
    // Nor does the setting up before the supply count, but that of its first day does.
    let set_up = |from: &str| {
        let readings = vec![on("M-1", "2026-09-20", Occasion::Installed, "100"), end("M-1", "2026-10", "130")];
        let mut world = World::of(vec![meter("M-1", "1", "2026-09-20", None)], readings);
        world.record.points[0].from = day(from);
        world.calculated().told()
    };
    assert_eq!(set_up("2026-09-20"), "M-1 10-01..11-01 30");
    assert_eq!(set_up("2026-09-21"), "E6 M-1 (active-import/total) 2026-09-30 period-end");
    assert_eq!(part("2020-01-01", Some("2026-10-21"), ends()), e6("2026-10-21"));
    assert_eq!(part("2020-01-01", Some("2026-10-21"), with(vec![control("2026-10-21", "120")])), "M-1 10-01..10-21 20");
    assert_eq!(part("2020-01-01", Some("2026-11-01"), ends()), "M-1 10-01..11-01 30");
    assert_eq!(part("2020-01-01", Some("2026-10-01"), ends()), "E6 ");
    assert_eq!(part("2026-11-01", None, ends()), "E6 ");
    // A control reading outside the supply is another customer's too.
    let both = with(vec![control("2026-10-05", "105"), control("2026-10-10", "110"), control("2026-10-21", "120")]);
    assert_eq!(part("2026-10-10", Some("2026-10-21"), both), "M-1 10-10..10-21 10");
    // Nothing is estimated in a part that ends before the month.
    let mut world = World::plain(vec![end("M-1", "2026-08", "70"), end("M-1", "2026-09", "100")]).estimating();
    world.record.points[0].to = Some(day("2026-10-21"));
    assert_eq!(world.calculated().told(), e6("2026-10-21"));
}

#[test]
fn registers_meters_and_points_are_measured_each_by_itself() {
    let second = Eic::parse(SECOND).unwrap();
    let mut world = World::plain(Vec::new());
    let register = |kind, zone| Register { kind, zone, digits: 5 };
    let kinds = [
        (EnergyKind::ActiveImport, Zone::Night),
        (EnergyKind::ActiveImport, Zone::Day),
        (EnergyKind::ReactiveImport, Zone::Total),
        (EnergyKind::ReactiveExport, Zone::Total),
    ];
    world.record.points.insert(0, point(second.as_str()));
    // The same register named twice is one.
    world.record.meters[0].registers = kinds.iter().chain(&kinds[..1]).map(|(kind, zone)| register(*kind, *zone)).collect();
    world.record.meters.push(Meter { point: second.clone(), ..meter("A-9", "10", "2020-01-01", None) });
    for (index, (kind, zone)) in kinds.iter().enumerate() {
        let of = |reading: Reading| Reading {
            register: RegisterKey { kind: *kind, zone: *zone, ..reading.register.clone() },
            ..reading
        };
        let closing = (index + 1).to_string();
        world.readings.extend([of(end("M-1", "2026-09", "0")), of(end("M-1", "2026-10", &closing))]);
    }
    let elsewhere =
        |reading: Reading| Reading { register: RegisterKey { point: second.clone(), ..reading.register.clone() }, ..reading };
    world.readings.extend([elsewhere(end("A-9", "2026-09", "0")), elsewhere(end("A-9", "2026-10", "5"))]);
    let calculated = world.calculated();
    let rows = calculated.rows.as_ref().unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.register.kind, row.register.zone, row.volume.0)).collect();
    let mut expected: Vec<_> = kinds.iter().zip(1..).map(|((kind, zone), volume)| (*kind, *zone, volume)).collect();
    expected.push((EnergyKind::ActiveImport, Zone::Total, 50));
    assert_eq!(told, expected);
    assert_eq!(gross(rows).len(), 5);

    // A sub-consumer's point is measured and not charged.
    world.record.points[0].terms = vec![Dated {
        from: day("2026-10-01"),
        to: None,
        value: PointTerms { supply: Supply::SubConsumer, ..PointTerms::default() },
    }];
    let prices = PriceBook::default();
    let billing = BillingInput::new(&world.record, world.period, &[], &prices);
    assert_eq!(world.calculated().rows.as_ref(), Ok(rows));
    let volumes = charged(&billing, rows);
    assert_eq!(volumes.iter().map(|volume| volume.net.0).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert!(volumes.iter().all(|volume| volume.point.as_str() == POINT));
}

/// The only point's terms of these days.
fn terms(world: &mut World, from: &str, to: Option<&str>, value: PointTerms) {
    world.record.points[0].terms = vec![Dated { from: day(from), to: to.map(day), value }];
}

#[test]
fn a_point_is_charged_by_its_terms_of_the_first_day_it_is_supplied() {
    for (supplied, from, to, is_charged) in [
        ("2020-01-01", "2026-10-01", None, false),
        ("2020-01-01", "2026-10-02", None, true),
        ("2020-01-01", "2026-01-01", Some("2026-10-02"), false),
        ("2020-01-01", "2026-01-01", Some("2026-10-01"), true),
        ("2026-10-10", "2026-10-10", None, false),
        ("2026-10-10", "2026-10-01", Some("2026-10-10"), true),
    ] {
        let mut world = World::plain(vec![on("M-1", "2026-10-10", Occasion::Control, "5"), end("M-1", "2026-10", "9")]);
        if supplied < "2026-10-01" {
            world.readings.push(end("M-1", "2026-09", "1"));
        }
        world.record.points[0].from = day(supplied);
        terms(&mut world, from, to, PointTerms { supply: Supply::SubConsumer, ..PointTerms::default() });
        let prices = PriceBook::default();
        let billing = BillingInput::new(&world.record, world.period, &[], &prices);
        let volumes = charged(&billing, &world.calculated().rows.unwrap());
        assert_eq!(!volumes.is_empty(), is_charged, "{supplied} {from} {to:?}");
    }
}

#[test]
fn registers_only_control_a_point_that_intervals_measure() {
    let world = |readings: Vec<Reading>| {
        let mut world = World::plain(readings).estimating();
        let intervals = PointTerms { volume_source: VolumeSource::Intervals, ..PointTerms::default() };
        terms(&mut world, "2026-10-01", None, intervals);
        world.calculated()
    };
    let read = world(vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")]);
    assert_eq!((read.told().as_str(), read.trace.len()), ("M-1 10-01..11-01 30", 1));
    // What is wrong or missing stops nothing, and nothing is estimated.
    for readings in [
        vec![],
        vec![end("M-1", "2026-08", "50"), end("M-1", "2026-09", "100")],
        vec![end("M-1", "2026-09", "100"), on("M-1", "2026-10-05", Occasion::Control, "110"), end("M-1", "2026-10", "90")],
    ] {
        let unread = world(readings);
        assert_eq!((unread.told().as_str(), unread.trace.len(), unread.notes.len()), ("", 0, 0));
    }
}

#[test]
fn a_related_point_has_rows_by_its_own_meters() {
    let world = World::plain(vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")]);
    let prices = PriceBook::default();
    let stranger = AccountRecord { points: Vec::new(), meters: Vec::new(), ..world.record.clone() };
    let billing = BillingInput::new(&stranger, world.period, &world.readings, &prices);
    let mut trace = Vec::new();
    let rows = of_point(&billing, &world.record.points[0], &world.record.meters, &mut trace).unwrap();
    assert_eq!((rows.len(), rows[0].volume.0, trace.len()), (1, 30, 1));
    let billing = BillingInput::new(&stranger, world.period, &world.readings[..1], &prices);
    let findings = of_point(&billing, &world.record.points[0], &world.record.meters, &mut trace).unwrap_err();
    assert_eq!(findings.iter().map(finding).collect::<Vec<_>>(), ["E6 M-1 (active-import/total)"]);
}

#[test]
fn registers_that_count_the_same_energy_are_refused_and_not_charged_twice() {
    let told = |zones: &[Zone]| {
        let mut world = World::plain(vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")]);
        let register = world.record.meters[0].registers[0];
        world.record.meters[0].registers = zones.iter().map(|zone| Register { zone: *zone, ..register }).collect();
        world.calculated().told()
    };
    let refused = |zones: &str| format!("BILL-PARAMETER M-1 active-import {zones} 2026-10-01");
    assert_eq!(told(&[Zone::Total]), "M-1 10-01..11-01 30");
    assert_eq!(told(&[Zone::Total, Zone::Total]), "M-1 10-01..11-01 30");
    assert_eq!(told(&[Zone::Total, Zone::Night, Zone::Day]), refused("total, night, day"));
    assert_eq!(told(&[Zone::Peak, Zone::Total]), refused("peak, total"));
    assert_eq!(told(&[Zone::Night, Zone::Day, Zone::Peak]), refused("night, day, peak"));
    assert_eq!(told(&[Zone::HalfPeak, Zone::Day]), refused("half-peak, day"));
    assert!(told(&[Zone::Night, Zone::Day]).starts_with("E6"));
    assert!(told(&[Zone::Night, Zone::HalfPeak, Zone::Peak]).starts_with("E6"));
    // Of a meter that is no more, nothing is charged.
    let mut world = World::plain(vec![end("M-2", "2026-09", "100"), end("M-2", "2026-10", "130")]);
    let old = &mut world.record.meters[0];
    old.registers.push(Register { zone: Zone::Night, ..old.registers[0] });
    old.removed_on = Some(day("2026-10-01"));
    world.record.meters.push(meter("M-2", "1", "2020-01-01", None));
    assert_eq!(world.calculated().told(), "M-2 10-01..11-01 30");
}

#[test]
fn a_point_that_no_meter_measures_is_named_and_not_charged_nothing() {
    let mut world = World::plain(vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")]);
    world.record.points.push(point("62Z2700000010025"));
    assert_eq!(world.calculated().told(), "E6 62Z2700000010025");
    let other = |installed: &str, removed: Option<&str>| {
        let mut world = World::plain(vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")]);
        world.record.points.push(point("62Z2700000010025"));
        let place = Eic::parse("62Z2700000010025").unwrap();
        world.record.meters.push(Meter { point: place, ..meter("M-2", "1", installed, removed) });
        world.calculated().told()
    };
    for (installed, removed) in [("2026-11-01", None), ("2020-01-01", Some("2026-10-01"))] {
        assert_eq!(other(installed, removed), "E6 62Z2700000010025", "{installed}");
    }
    // With a meter on one of its days it is the readings that are missing.
    assert_eq!(other("2020-01-01", Some("2026-10-02")).matches("M-2").count(), 2);
    // A meter without registers measures nothing.
    let mut world = World::plain(Vec::new());
    world.record.meters[0].registers.clear();
    assert_eq!(world.calculated().told(), "E6 62Z2700000010017");
    // Who is not supplied needs no meter.
    let mut world = World::plain(vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")]);
    world.record.points.push(UsagePoint { to: Some(day("2026-10-01")), ..point("62Z2700000010025") });
    assert_eq!(world.calculated().told(), "M-1 10-01..11-01 30");
}
