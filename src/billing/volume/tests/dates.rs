//! Days on which a reading cannot have been made (`BILL-DATE`).

use super::*;

/// Each case with its findings; October 2026 of a meter with good readings at both ends, unless it says otherwise.
fn told(installed: &str, removed: Option<&str>, readings: Vec<Reading>) -> String {
    let known = vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")];
    let readings = known.into_iter().chain(readings).collect();
    World::of(vec![meter("M-1", "1", installed, removed)], readings).calculated().told()
}

const GOOD: &str = "M-1 10-01..11-01 30";

fn date(what: &str, day: &str) -> String {
    format!("BILL-DATE {what} {day} M-1 active-import/total")
}

#[test]
fn a_control_reading_lies_in_its_period() {
    let control = |day: &str| Reading { period: period("2026-10"), ..on("M-1", day, Occasion::Control, "110") };
    let outside = |day: &str| date("control reading outside the period", day);
    let told = |day: &str| told("2020-01-01", None, vec![control(day)]);
    assert_eq!(told("2026-09-30"), outside("2026-09-30"));
    assert_eq!(told("2026-10-01"), GOOD);
    assert_eq!(told("2026-10-02"), "M-1 10-01..10-02 10; M-1 10-02..11-01 20");
    assert_eq!(told("2026-10-31"), "M-1 10-01..10-31 10; M-1 10-31..11-01 20");
    assert_eq!(told("2026-11-01"), outside("2026-11-01"));
}

#[test]
fn nothing_is_read_before_its_meter_was_set_up() {
    let before = |day: &str| date("reading before the meter was set up", day);
    // The end of the month before is of the day after it.
    assert_eq!(told("2026-10-01", None, vec![]), GOOD);
    assert_eq!(told("2026-10-02", None, vec![on("M-1", "2026-10-02", Occasion::Installed, "101")]), before("2026-09-30"));
    let alone = |installed: &str, reading: Reading| {
        let set_up = on("M-1", installed, Occasion::Installed, "100");
        World::of(vec![meter("M-1", "1", installed, None)], vec![set_up, reading]).calculated().told()
    };
    let read = |day: &str| Reading { read_on: super::day(day), ..end("M-1", "2026-10", "130") };
    assert_eq!(alone("2026-10-28", read("2026-10-28")), "M-1 10-28..11-01 30");
    assert_eq!(alone("2026-10-28", read("2026-10-27")), before("2026-10-27"));
    let control = |day: &str| on("M-1", day, Occasion::Control, "100");
    assert!(alone("2026-10-28", control("2026-10-27")).starts_with(&before("2026-10-27")));
    assert!(alone("2026-10-28", control("2026-10-28")).starts_with("E6"));
    // Of a meter to come.
    let early = World::of(vec![meter("M-1", "1", "2026-11-02", None)], vec![read("2026-11-03")]).calculated().told();
    assert_eq!(early, before("2026-11-03"));
    let early = World::of(vec![meter("M-1", "1", "2026-11-01", None)], vec![read("2026-11-03")]).calculated().told();
    assert_eq!(early, "E6 62Z2700000010017");
    let early = World::of(vec![meter("M-1", "1", "2026-11-01", None)], vec![read("2026-10-31")]).calculated().told();
    assert_eq!(early, before("2026-10-31"));
}

#[test]
fn nothing_is_read_after_its_meter_was_taken_down() {
    let after = |day: &str| date("reading after the meter was taken down", day);
    let removed = on("M-1", "2026-10-20", Occasion::Removed, "120");
    let read = |day: &str| Reading { read_on: day.parse().unwrap(), ..end("M-1", "2026-10", "120") };
    let world = |removed_on: &str, readings: Vec<Reading>| {
        let readings = [end("M-1", "2026-09", "100")].into_iter().chain(readings).collect();
        World::of(vec![meter("M-1", "1", "2020-01-01", Some(removed_on))], readings).calculated().told()
    };
    assert_eq!(world("2026-10-20", vec![removed.clone(), read("2026-10-20")]), "M-1 10-01..10-20 20");
    assert_eq!(world("2026-10-20", vec![removed.clone(), read("2026-10-21")]), after("2026-10-21"));
    let control = |day: &str| on("M-1", day, Occasion::Control, "120");
    assert_eq!(world("2026-10-20", vec![removed.clone(), control("2026-10-20")]), "M-1 10-01..10-20 20");
    assert_eq!(world("2026-10-20", vec![removed.clone(), control("2026-10-21")]), after("2026-10-21"));
    // Of a meter that is gone, only what is said of this month counts.
    let gone = |month: &str| {
        let late = Reading { read_on: day("2026-10-05"), ..end("M-1", month, "120") };
        World::of(vec![meter("M-1", "1", "2020-01-01", Some("2026-09-15"))], vec![late]).calculated().told()
    };
    assert_eq!(gone("2026-10"), after("2026-10-05"));
    assert_eq!(gone("2026-09"), "E6 62Z2700000010017");
}

#[test]
fn the_readings_at_setting_up_and_taking_down_are_of_those_days() {
    let removed = |day: &str| Reading { period: period("2026-10"), ..on("M-1", day, Occasion::Removed, "120") };
    let known = [end("M-1", "2026-09", "100")];
    let world = |reading: Reading| {
        let readings = known.iter().cloned().chain([reading]).collect();
        World::of(vec![meter("M-1", "1", "2020-01-01", Some("2026-10-20"))], readings).calculated().told()
    };
    assert_eq!(world(removed("2026-10-20")), "M-1 10-01..10-20 20");
    assert_eq!(world(removed("2026-10-19")), date("reading at taking down", "2026-10-19"));
    assert_eq!(world(removed("2026-10-21")), date("reading after the meter was taken down", "2026-10-21"));
    // Of a meter that still stands.
    assert_eq!(told("2020-01-01", None, vec![removed("2026-10-20")]), date("reading at taking down", "2026-10-20"));
    let installed = |day: &str| on("M-1", day, Occasion::Installed, "100");
    let world = |reading: Reading| {
        World::of(vec![meter("M-1", "1", "2026-10-12", None)], vec![reading, end("M-1", "2026-10", "130")]).calculated().told()
    };
    assert_eq!(world(installed("2026-10-12")), "M-1 10-12..11-01 30");
    assert_eq!(world(installed("2026-10-11")), date("reading before the meter was set up", "2026-10-11"));
    assert_eq!(world(installed("2026-10-13")), date("reading at setting up", "2026-10-13"));
    assert_eq!(told("2020-01-01", None, vec![installed("2026-10-12")]), date("reading at setting up", "2026-10-12"));
}

#[test]
fn two_readings_of_one_instant_that_differ_are_told() {
    let two = |at: &str| date("two readings of one instant", at);
    for (reading, at) in [(end("M-1", "2026-10", "131"), "2026-11-01"), (end("M-1", "2026-09", "101"), "2026-10-01")] {
        assert_eq!(told("2020-01-01", None, vec![reading]), two(at));
    }
    let control = |shown: &str| on("M-1", "2026-10-16", Occasion::Control, shown);
    assert_eq!(told("2020-01-01", None, vec![control("110"), control("111")]), two("2026-10-16"));
    // The same said twice is one reading.
    let twice = vec![control("110"), control("110"), end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130")];
    assert_eq!(told("2020-01-01", None, twice), "M-1 10-01..10-16 10; M-1 10-16..11-01 20");
    // Every register that has such a day is told, and what is wrong besides.
    let mut world = World::plain(vec![end("M-1", "2026-09", "100"), end("M-1", "2026-10", "130"), control("1"), control("2")]);
    world.record.meters.push(meter("M-2", "1", "2020-01-01", None));
    world.readings.push(end("M-2", "2026-09", "100"));
    assert_eq!(world.calculated().told(), format!("{}; E6 M-2 (active-import/total)", two("2026-10-16")));
}
