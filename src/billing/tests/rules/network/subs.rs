//! R-VOL-5, R-VOL-5b, R-REACT-SUB, E5: what is fed through a point is taken off it.

use oblik_billing::{BillingInput, MissingReadings};
use oblik_domain::account::Relation;
use oblik_domain::bill::Bill;
use oblik_domain::dated::Dated;
use oblik_domain::metering::{Loss, PointTerms, Reading, Supply, Zone};
use oblik_domain::period::Period;
use proptest::prelude::*;

use crate::network::{ACTIVE, Case, Measured, REACTIVE, dated, day, decimal, eic, fed_through, net, of, refusals};

pub(crate) fn sub(feeder: u16) -> PointTerms {
    PointTerms { supply: Supply::SubConsumer, ..fed_through(feeder) }
}

pub(crate) fn constant(kwh: i64, terms: PointTerms) -> PointTerms {
    let (line_percent, variable_percent) = (decimal("0"), decimal("0"));
    let constant = Loss::Simplified { line_percent, variable_percent, constant_kwh: oblik_domain::Decimal::from(kwh) };
    PointTerms { losses: vec![constant], ..terms }
}

pub(crate) fn active(zones: &[(Zone, i64)]) -> Vec<Measured> {
    zones.iter().map(|(zone, volume)| (ACTIVE, *zone, *volume)).collect()
}

pub(crate) const NIGHT: Zone = Zone::Night;
const HALF: Zone = Zone::HalfPeak;
const PEAK: Zone = Zone::Peak;

/// What is taken off each zone of the main.
fn fed(main: &[(Zone, i64)], sub_zones: &[(Zone, i64)]) -> Vec<(Zone, i64)> {
    let case = Case::new("2026-09").own(1, PointTerms::default(), &active(main)).own(2, sub(1), &active(sub_zones));
    let bill = case.bill().unwrap();
    let rows: Vec<(Zone, i64)> = bill.fed.iter().map(|row| (row.zone, row.volume.0)).collect();
    let volumes = of(&bill, 1, ACTIVE);
    let taken: i64 = volumes.iter().map(|(_, _, _, fed, _)| fed).sum();
    assert_eq!(taken, rows.iter().map(|(_, volume)| volume).sum::<i64>(), "the rows of the bill are what was taken off");
    for (zone, volume) in &rows {
        assert!(volumes.iter().any(|(main, _, _, fed, _)| (main, fed) == (zone, volume)));
    }
    rows
}

#[test]
fn a_sub_consumer_is_taken_off_zone_by_zone() {
    let zones = [(NIGHT, 300), (HALF, 500), (PEAK, 200)];
    assert_eq!(fed(&zones, &[(NIGHT, 10), (HALF, 20), (PEAK, 30)]), [(NIGHT, 10), (HALF, 20), (PEAK, 30)]);
    assert_eq!(fed(&zones, &zones), zones);
    // A zone that the sub-consumer's meter does not have is not touched.
    assert_eq!(fed(&zones, &[(NIGHT, 10), (PEAK, 30)]), [(NIGHT, 10), (PEAK, 30)]);
    assert_eq!(fed(&[(Zone::Total, 100)], &[(Zone::Total, 40)]), [(Zone::Total, 40)]);
}

#[test]
fn a_sub_consumer_without_zones_is_split_by_the_mains_gross_and_the_last_zone_takes_the_rest() {
    let unzoned = |main: &[(Zone, i64)], volume| -> Vec<i64> {
        fed(main, &[(Zone::Total, volume)]).iter().map(|(_, volume)| *volume).collect()
    };
    let three = [(NIGHT, 300), (HALF, 500), (PEAK, 200)];
    for (volume, expected) in [
        (100, [30, 50, 20]),
        // 30.3, 50.5 (up), and 20 is left.
        (101, [30, 51, 20]),
        // 2.7, 4.5 (up), and 1 is left where 1.8 would be 2.
        (9, [3, 5, 1]),
        (1, [0, 1, 0]),
        (0, [0, 0, 0]),
        (1000, [300, 500, 200]),
    ] {
        assert_eq!(unzoned(&three, volume), expected, "{volume}");
    }
    assert_eq!(unzoned(&[(NIGHT, 1), (Zone::Day, 2)], 2), [1, 1], "night, day: the day takes the rest");
    // Nothing goes to a zone in which the main took nothing.
    assert_eq!(unzoned(&[(NIGHT, 500), (HALF, 500), (PEAK, 0)], 1), [1, 0, 0]);
}

#[test]
fn zones_that_the_main_does_not_have_count_by_their_sum() {
    // A main without zones.
    assert_eq!(fed(&[(Zone::Total, 100)], &[(NIGHT, 10), (HALF, 20), (PEAK, 30)]), [(Zone::Total, 60)]);
    // Two zones under three: the hours of their nights differ, so the sum is split by the main's shares.
    let three = [(NIGHT, 300), (HALF, 500), (PEAK, 200)];
    assert_eq!(fed(&three, &[(NIGHT, 90), (Zone::Day, 10)]), [(NIGHT, 30), (HALF, 50), (PEAK, 20)]);
    // And three under two.
    assert_eq!(fed(&[(NIGHT, 300), (Zone::Day, 700)], &[(NIGHT, 0), (HALF, 90), (PEAK, 10)]), [(NIGHT, 30), (Zone::Day, 70)]);
}

#[test]
fn what_is_left_may_be_nothing_but_never_less() {
    let left = |main: &[(Zone, i64)], subs: &[&[(Zone, i64)]], losses: i64| {
        let mut case = Case::new("2026-09").own(1, constant(losses, PointTerms::default()), &active(main));
        for (number, zones) in subs.iter().enumerate() {
            case = case.own(2 + u16::try_from(number).unwrap(), sub(1), &active(zones));
        }
        refusals(case.bill())
    };
    let total = [(Zone::Total, 1000)];
    let e5 = |zone, volume, fed, losses| {
        format!("E5 point={}, register=active-import/{zone}, volume={volume}, fed={fed}, losses={losses}", eic(1))
    };
    assert_eq!(left(&total, &[&[(Zone::Total, 1000)]], 0), ["good"]);
    assert_eq!(left(&total, &[&[(Zone::Total, 1001)]], 0), [e5("total", 1000, 1001, 0)]);
    // Losses are the main's: with them it is left more.
    assert_eq!(left(&total, &[&[(Zone::Total, 1001)]], 1), ["good"]);
    assert_eq!(left(&total, &[&[(Zone::Total, 600)], &[(Zone::Total, 402)]], 1), [e5("total", 1000, 1002, 1)]);
    // Zones are never netted.
    let three = [(NIGHT, 100), (HALF, 500), (PEAK, 100)];
    let night_and_peak = [(NIGHT, 101), (HALF, 0), (PEAK, 102)];
    assert_eq!(left(&three, &[&night_and_peak], 0), [e5("night", 100, 101, 0), e5("peak", 100, 102, 0)]);
}

#[test]
fn reactive_energy_is_taken_off_as_active_is() {
    let main = [(ACTIVE, Zone::Total, 1000), (REACTIVE, Zone::Total, 500)];
    let with = |reactive: i64| {
        let measured = [(ACTIVE, Zone::Total, 100), (REACTIVE, Zone::Total, reactive)];
        Case::new("2026-09").own(1, PointTerms::default(), &main).own(2, sub(1), &measured)
    };
    let bill = with(500).bill().unwrap();
    assert_eq!(of(&bill, 1, REACTIVE), [(Zone::Total, 500, 0, 500, 0)]);
    assert_eq!(
        refusals(with(501).bill()),
        [format!("E5 point={}, register=reactive-import/total, volume=500, fed=501, losses=0", eic(1))]
    );
}

#[test]
fn a_sub_consumer_without_a_reactive_meter_has_the_mains_tg_but_no_more_than_the_cap() {
    let reactive = |main: (i64, i64), active: i64, cap: &str| {
        let main = [(ACTIVE, Zone::Total, main.0), (REACTIVE, Zone::Total, main.1)];
        let sub = sub(1);
        let mut case = Case::new("2026-09").own(1, PointTerms::default(), &main).own(2, sub, &[(ACTIVE, Zone::Total, active)]);
        case.parameter("sub-tg-cap", cap);
        case.bill().map(|bill| {
            assert!(bill.trace.iter().any(|step| step.rule == "R-REACT-SUB"));
            of(&bill, 1, REACTIVE)[0].3
        })
    };
    for (main, active, cap, expected) in [
        ((1000, 500), 100, "0.8", 50),
        ((1000, 799), 100, "0.8", 80),
        ((1000, 794), 100, "0.8", 79),
        ((1000, 800), 100, "0.8", 80),
        ((1000, 900), 100, "0.8", 80),
        ((1000, 900), 100, "1", 90),
        ((1000, 900), 0, "0.8", 0),
        ((3, 1), 1, "0.8", 0),
        ((2, 1), 1, "0.8", 1),
        // No active energy, no tgφ.
        ((0, 900), 0, "0.8", 0),
    ] {
        assert_eq!(reactive(main, active, cap), Ok(expected), "{main:?} {active} {cap}");
    }
    assert!(reactive((1000, 500), 100, "0").is_err());
    // The main's reactive zones share it; where the main has no reactive meter there is nothing to take off.
    let zoned = [(ACTIVE, Zone::Total, 1000), (REACTIVE, NIGHT, 100), (REACTIVE, Zone::Day, 300)];
    let case = Case::new("2026-09").own(1, PointTerms::default(), &zoned).own(2, sub(1), &[(ACTIVE, Zone::Total, 100)]);
    let told: Vec<i64> = of(&case.bill().unwrap(), 1, REACTIVE).iter().map(|(_, _, _, fed, _)| *fed).collect();
    assert_eq!(told, [10, 30]);
    let unmeasured = active(&[(Zone::Total, 1000)]);
    let mut case = Case::new("2026-09").own(1, PointTerms::default(), &unmeasured).own(2, sub(1), &active(&[(Zone::Total, 1)]));
    case.parameters.retain(|parameter| parameter.name != "sub-tg-cap");
    assert_eq!(refusals(case.bill()), ["good"], "and the cap is not asked for");
}

#[test]
fn a_sub_consumer_of_a_sub_consumer_is_taken_off_its_own_feeder_only() {
    let case = Case::new("2026-09")
        .own(1, PointTerms::default(), &active(&[(Zone::Total, 1000)]))
        .own(2, fed_through(1), &active(&[(Zone::Total, 400)]))
        .own(3, sub(2), &active(&[(Zone::Total, 150)]));
    let bill = case.bill().unwrap();
    assert_eq!(of(&bill, 1, ACTIVE), [(Zone::Total, 1000, 0, 400, 600)]);
    assert_eq!(of(&bill, 2, ACTIVE), [(Zone::Total, 400, 0, 150, 250)]);
    assert_eq!(of(&bill, 3, ACTIVE), [], "a sub-consumer of another supplier is not charged here");
    assert_eq!(bill.active_volume().0, 850);
    let left = bill.trace.iter().filter(|step| step.rule == "R-VOL-5" && step.formula.contains(" + 0 − "));
    assert_eq!(left.map(|step| step.formula.as_str()).collect::<Vec<_>>(), ["1000 + 0 − 400", "400 + 0 − 150"]);
    let rows: Vec<_> = bill.fed.iter().map(|row| (row.point.clone(), row.fed.clone(), row.volume.0)).collect();
    assert_eq!(rows, [(eic(1), eic(2), 400), (eic(2), eic(3), 150)]);
}

#[test]
fn a_point_that_feeds_itself_is_refused() {
    let one = |terms: [PointTerms; 2]| {
        let [first, second] = terms;
        let zones = active(&[(Zone::Total, 100)]);
        refusals(Case::new("2026-09").own(1, first, &zones).own(2, second, &zones).bill())
    };
    let named = |point: u16, feeder: u16| {
        format!("BILL-PARAMETER parameter={} fed-through, value={}, day=2026-09-01", eic(point), eic(feeder))
    };
    assert_eq!(one([fed_through(1), PointTerms::default()]), [named(1, 1)]);
    assert_eq!(one([fed_through(2), fed_through(1)]), [named(1, 2), named(2, 1)]);
    assert_eq!(one([fed_through(2), PointTerms::default()]), ["good"]);
    // Fed through a point that nothing is known of.
    assert_eq!(one([fed_through(9), PointTerms::default()]), ["good"]);
}

#[test]
fn another_accounts_point_is_taken_off_as_our_own_and_nothing_more_is_told_of_it() {
    let main = [(ACTIVE, NIGHT, 300), (ACTIVE, HALF, 500), (ACTIVE, PEAK, 200), (REACTIVE, Zone::Total, 500)];
    let theirs = [(ACTIVE, Zone::Total, 100), (REACTIVE, Zone::Total, 60)];
    let one = Case::new("2026-09").own(1, PointTerms::default(), &main);
    let own = one.clone().own(2, constant(7, sub(1)), &theirs).bill().unwrap();
    let related = one.related(Relation::FedByUs, 2, constant(7, fed_through(1)), &theirs);
    let bill = related.bill().unwrap();
    assert_eq!((&bill.volumes, &bill.fed, &bill.losses), (&own.volumes, &own.fed, &own.losses));
    let split: Vec<&str> = bill.trace.iter().filter(|step| step.rule == "R-VOL-5b").map(|step| step.formula.as_str()).collect();
    assert_eq!(split, ["round0(107 × 300 / 1000)", "round0(107 × 500 / 1000)", "107 − 32 − 54"]);
    assert_eq!(bill.fed[0].volume.0 + bill.fed[1].volume.0 + bill.fed[2].volume.0, 107, "its own losses flow through the main");
    // The sub-meter's rows and what it loses are told, its network is not.
    let of_them: Vec<&str> = bill
        .trace
        .iter()
        .filter(|step| step.subject.starts_with(eic(2).as_str()) || step.subject.starts_with("M-2"))
        .map(|step| step.rule.as_ref())
        .collect();
    assert_eq!(of_them, ["R-VOL-2", "R-VOL-2", "R-VOL-5"]);
    assert!(own.trace.iter().any(|step| step.rule == "R-LOSS-2" && step.subject.starts_with(eic(2).as_str())));
    // What is fed by others is no matter of ours.
    let mut elsewhere = related.clone();
    elsewhere.related[0].point.terms = dated(fed_through(8));
    assert_eq!(elsewhere.bill().unwrap().fed, []);
    elsewhere.related[0].relation = Relation::FedBeside;
    assert_eq!(elsewhere.bill().unwrap().fed, []);
}

#[test]
fn a_sub_consumer_without_a_reading_is_named() {
    let mut case = Case::new("2026-09")
        .own(1, PointTerms::default(), &active(&[(Zone::Total, 1000)]))
        .own(2, sub(1), &active(&[(Zone::Total, 1)]))
        .related(Relation::FedByUs, 3, fed_through(1), &active(&[(Zone::Total, 1)]));
    assert_eq!(refusals(case.bill()), ["good"]);
    let all = case.readings.clone();
    for number in [2, 3] {
        let period = case.period;
        let read = |reading: &&Reading| reading.register.point != eic(number) || reading.period != period;
        case.readings = all.iter().filter(read).cloned().collect();
        assert_eq!(refusals(case.bill()), [format!("E6 registers=M-{number} (active-import/total)")]);
        // Where the volume may be estimated, it is told once whose was.
        let opened = case.readings.iter().filter(|reading| reading.period < period).cloned();
        let (july, on) = (Period::parse("2026-07").unwrap(), day("2026-07-31"));
        let earlier: Vec<Reading> = opened.map(|reading| Reading { period: july, read_on: on, ..reading }).collect();
        case.readings.extend(earlier);
        let notes = case.with_input(|input| {
            let input = BillingInput { missing: MissingReadings::Estimate, ..*input };
            oblik_billing::compute(&input).map(|calculation| calculation.notes)
        });
        if number == 3 {
            // Another account's register is estimated and stored with that account: until then it is missing here.
            let codes: Vec<&str> = notes.unwrap_err().iter().map(|finding| finding.code.as_str()).collect();
            assert_eq!(codes, ["E6"]);
            let mut stored =
                all.iter().find(|reading| reading.register.point == eic(3) && reading.period == period).unwrap().clone();
            stored.quality = oblik_domain::metering::Quality::Estimated;
            case.readings.push(stored);
            let notes = case.with_input(|input| oblik_billing::compute(input).unwrap().notes);
            let told: Vec<(&str, &str)> = notes.iter().map(|note| (note.code.as_str(), note.value("registers"))).collect();
            assert_eq!(told, [("BILL-ESTIMATED", "M-3 (active-import/total)")]);
            continue;
        }
        let notes = notes.unwrap();
        let told: Vec<(&str, &str)> = notes.iter().map(|note| (note.code.as_str(), note.value("registers"))).collect();
        assert_eq!(told, [("BILL-ESTIMATED", format!("M-{number} (active-import/total)").as_str())]);
    }
}

#[test]
fn a_sub_consumer_is_taken_off_only_while_it_is_fed() {
    let mut case = Case::new("2026-09").own(1, PointTerms::default(), &active(&[(Zone::Total, 1000)])).own(
        2,
        PointTerms::default(),
        &active(&[(Zone::Total, 100)]),
    );
    let mut fed = |from: &str, to: Option<&str>| {
        case.record.points[1].terms = vec![Dated { from: day(from), to: to.map(day), value: sub(1) }];
        case.bill().unwrap().fed.len()
    };
    assert_eq!(fed("2026-09-01", None), 1);
    assert_eq!(fed("2026-10-01", None), 0);
    assert_eq!(fed("2020-01-01", Some("2026-09-01")), 0);
}

fn taken(bill: &Bill) -> Vec<(Zone, i64, i64)> {
    [ACTIVE, REACTIVE].iter().flat_map(|kind| of(bill, 1, *kind)).map(|(zone, _, _, fed, net)| (zone, fed, net)).collect()
}

proptest! {
    #[test]
    fn no_order_of_sub_consumers_changes_anything_and_nothing_is_lost(
        subs in proptest::collection::vec((0_u8..4, 0_i64..400, 0_i64..400, any::<bool>(), 0_i64..20), 1..6), rotation in 0_usize..6,
    ) {
        let main = [(ACTIVE, NIGHT, 900), (ACTIVE, HALF, 1500), (ACTIVE, PEAK, 700), (REACTIVE, Zone::Total, 2000)];
        let numbered: Vec<_> = (2_u16..).zip(subs).collect();
        let build = |order: &mut dyn Iterator<Item = &(u16, (u8, i64, i64, bool, i64))>| {
            let mut case = Case::new("2026-09").own(1, constant(50, PointTerms::default()), &main);
            for (number, (zones, one, other, reactive, losses)) in order {
                let mut measured = match zones {
                    0 => active(&[(Zone::Total, *one)]),
                    1 => active(&[(NIGHT, *one), (Zone::Day, *other)]),
                    2 => active(&[(NIGHT, *one), (HALF, *other), (PEAK, 3)]),
                    _ => active(&[(HALF, *other)]),
                };
                if *reactive {
                    measured.push((REACTIVE, Zone::Total, *one));
                }
                case = if number % 2 == 0 {
                    case.own(*number, constant(*losses, sub(1)), &measured)
                } else {
                    case.related(Relation::FedByUs, *number, constant(*losses, fed_through(1)), &measured)
                };
            }
            case
        };
        let mut turned = numbered.clone();
        turned.rotate_left(rotation % numbered.len());
        let (straight, turned) = (build(&mut numbered.iter()).bill(), build(&mut turned.iter().rev()).bill());
        match (straight, turned) {
            (Ok(one), Ok(other)) => {
                prop_assert_eq!(taken(&one), taken(&other));
                prop_assert_eq!(&one.fed, &other.fed);
                let measured: i64 = numbered.iter().map(|(_, (zones, one, other, _, losses))| losses + match zones {
                    0 => *one,
                    1 => one + other,
                    2 => one + other + 3,
                    _ => *other,
                }).sum();
                prop_assert_eq!(net(&one, 1, ACTIVE), 3100 + 50 - measured);
            }
            (one, other) => {
                let (one, other) = (refusals(one), refusals(other));
                prop_assert!(one.iter().all(|refusal| refusal.starts_with("E5")));
                prop_assert_eq!(one, other);
            }
        }
    }
}
