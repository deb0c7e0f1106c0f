//! R-VOL-5 and R-LOSS-2 where parts of the period were measured by themselves.

use chrono::Datelike;
use oblik_domain::bill::Bill;
use oblik_domain::metering::{PointTerms, Zone};

use crate::network::subs::{NIGHT, active, constant, sub};
use crate::network::{ACTIVE, Case, day, eic, refusals};

/// Each measured part of a point: zone, days, gross, losses, fed, net.
fn parts(bill: &Bill, number: u16) -> Vec<(Zone, u32, u32, i64, i64, i64, i64)> {
    let own = bill.volumes.iter().filter(|volume| volume.point == eic(number) && volume.kind == ACTIVE);
    let told = own.map(|volume| {
        let (from, to) = (volume.from.day(), volume.to.day());
        (volume.zone, from, to, volume.gross.0, volume.losses.0, volume.fed.0, volume.net.0)
    });
    told.collect()
}

#[test]
fn parts_of_the_period_that_were_measured_by_themselves_bear_losses_and_subs_by_their_own() {
    // A control reading of the main on the 11th: ten days and twenty.
    let main = |case: Case| case.control(1, ACTIVE, NIGHT, "2026-09-11", 100).control(1, ACTIVE, Zone::Day, "2026-09-11", 600);
    let zones = active(&[(NIGHT, 300), (Zone::Day, 900)]);
    let case = main(Case::new("2026-09").own(1, constant(12, PointTerms::default()), &zones));
    // Of one whole: 80 by 300 to 900 is 20 and 60, and within a zone by what each part measured.
    let unread = case.clone().own(2, sub(1), &active(&[(Zone::Total, 80)])).bill().unwrap();
    let expected = [
        (NIGHT, 1, 11, 100, 1, 7, 94),
        (NIGHT, 11, 1, 200, 2, 13, 189),
        (Zone::Day, 1, 11, 600, 6, 40, 566),
        (Zone::Day, 11, 1, 300, 3, 20, 283),
    ];
    assert_eq!(parts(&unread, 1), expected);
    assert_eq!(unread.fed.iter().map(|row| (row.zone, row.volume.0)).collect::<Vec<_>>(), [(NIGHT, 20), (Zone::Day, 60)]);
    // Read on the same day: what was taken until then is taken off until then.
    let read = case.clone().own(2, sub(1), &active(&[(Zone::Total, 80)])).control(2, ACTIVE, Zone::Total, "2026-09-11", 70);
    let fed: Vec<i64> = parts(&read.bill().unwrap(), 1).iter().map(|part| part.5).collect();
    assert_eq!(fed, [10, 4, 60, 6], "70 by 100 to 600, 10 by 200 to 300");
    // Read on another day: what lies across is shared by days. 40 of five days are the first part's; 60 of 25 days go by half
    // of what the first ten days measured (50 and 300) and all of the rest (200 and 300).
    let across = case.own(2, sub(1), &active(&[(Zone::Total, 100)])).control(2, ACTIVE, Zone::Total, "2026-09-06", 15);
    let fed: Vec<i64> = parts(&across.bill().unwrap(), 1).iter().map(|part| part.5).collect();
    assert_eq!(fed, [2 + 5, 20, 13 + 30, 30], "15 by 100 to 600; 85 by 250 to 600, then by 50 to 200 and 300 to 300");
}

#[test]
fn a_part_that_sub_consumers_bring_below_zero_is_refused_though_its_zone_is_not() {
    let case = Case::new("2026-09").own(1, PointTerms::default(), &active(&[(Zone::Total, 1000)]));
    let case = case.control(1, ACTIVE, Zone::Total, "2026-09-11", 100);
    let with = |first: i64| {
        case.clone().own(2, sub(1), &active(&[(Zone::Total, 500)])).control(2, ACTIVE, Zone::Total, "2026-09-11", first)
    };
    assert_eq!(refusals(with(100).bill()), ["good"]);
    let point = eic(1);
    assert_eq!(
        refusals(with(101).bill()),
        [format!("E5 point={point}, register=active-import/total, volume=100, fed=101, losses=0")]
    );
}

#[test]
fn a_correction_of_an_estimate_is_no_fault_of_sub_consumers_but_a_zone_below_zero_is_refused() {
    // The meter had been estimated at 50 on the 1st; on the 11th it showed 30, at the end of the month 130.
    let trued_up = |end: i64, fed: i64| {
        let mut case = Case::new("2026-09").own(1, PointTerms::default(), &active(&[(Zone::Total, end)]));
        case.readings[0].total = oblik_domain::energy::RegisterTotal(50_000);
        case.readings[0].quality = oblik_domain::metering::Quality::Estimated;
        case = case.control(1, ACTIVE, Zone::Total, "2026-09-11", 30);
        case.own(2, sub(1), &active(&[(Zone::Total, fed)])).with_input(|input| {
            oblik_billing::compute(input)
                .map(|calculation| calculation.bill.active_volume().0)
                .map_err(|found| found[0].code.as_str())
        })
    };
    assert_eq!(trued_up(130, 0), Ok(80));
    assert_eq!(trued_up(130, 80), Ok(0));
    assert_eq!(trued_up(130, 81), Err("E5"));
    assert_eq!(trued_up(50, 0), Ok(0));
    assert_eq!(trued_up(49, 0), Err("E5"));
}

#[test]
fn a_sub_consumer_of_other_days_than_the_mains_is_split_by_all_the_main_measured() {
    let zones = active(&[(NIGHT, 300), (Zone::Day, 900)]);
    let mut case = Case::new("2026-09").own(1, PointTerms::default(), &zones).own(2, sub(1), &active(&[(Zone::Total, 80)]));
    case.record.points[0].to = Some(day("2026-09-11"));
    case.record.meters[0].removed_on = Some(day("2026-09-11"));
    for reading in case.readings.iter_mut().filter(|reading| reading.register.point == eic(1) && reading.period == case.period) {
        (reading.read_on, reading.occasion) = (day("2026-09-11"), oblik_domain::metering::Occasion::Removed);
    }
    case.record.points[1].from = day("2026-09-11");
    case.record.meters[1].installed_on = day("2026-09-11");
    let opening = case.readings.iter_mut().find(|reading| reading.register.point == eic(2)).unwrap();
    (opening.read_on, opening.occasion, opening.period) =
        (day("2026-09-11"), oblik_domain::metering::Occasion::Installed, case.period);
    let fed: Vec<i64> = parts(&case.bill().unwrap(), 1).iter().map(|part| part.5).collect();
    assert_eq!(fed, [20, 60]);
}

#[test]
fn what_a_sub_consumer_loses_itself_counts_for_its_reactive_energy_too() {
    let main = [(ACTIVE, Zone::Total, 1000), (crate::network::REACTIVE, Zone::Total, 500)];
    let case = Case::new("2026-09").own(1, PointTerms::default(), &main);
    let bill = case.own(2, constant(40, sub(1)), &active(&[(Zone::Total, 100)])).bill().unwrap();
    let fed: Vec<i64> = bill.fed.iter().map(|row| row.volume.0).collect();
    assert_eq!(fed, [140, 70]);
}
