//! R-PRICE-1 and R-PRICE-3: lines, and prices that change inside the period by all three schemes.

use chrono::Days;
use oblik_domain::account::{NetworkServices, PriceChange, Terms};
use oblik_domain::bill::LineKind;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, IntervalSeries, Occasion, Reading, VoltageClass, Zone};
use oblik_domain::period::kyiv_midnight;
use oblik_domain::tariff::{PriceComponent, Tariff};
use proptest::prelude::*;

use crate::money::world::{EICS, World, day, tariff};

const SUPPLY: PriceComponent = PriceComponent::Supply;

fn by(price_change: PriceChange) -> Terms {
    Terms { price_change, ..Terms::default() }
}

#[test]
fn prices_of_2026_come_to_the_kopiyka() {
    // Transmission and distribution of the second class from 1 April, UAH/MWh in the sources.
    let mut world = World::new();
    world.tariffs = [(SUPPLY, "5.5"), (PriceComponent::Transmission, "0.74291"), (PriceComponent::Distribution, "2.17657")]
        .map(|(component, price)| tariff(component, price))
        .to_vec();
    world.active(1000);
    let net: Vec<String> = world.bill().unwrap().bill.lines.iter().map(|line| line.net.to_string()).collect();
    assert_eq!(net, ["5500.00", "742.91", "2176.57"]);
}

#[test]
fn a_line_is_one_for_all_points_of_a_class() {
    let mut world = World::new();
    let second = world.add_point(VoltageClass::Second);
    let first = world.add_point(VoltageClass::First);
    world.active(3).counts(second, EnergyKind::ActiveImport, Zone::Total, 4);
    world.counts(first, EnergyKind::ActiveImport, Zone::Total, 5);
    world.tariffs.push(Tariff { voltage_class: Some(VoltageClass::First), ..tariff(PriceComponent::Distribution, "0.02") });
    assert_eq!(world.lines(LineKind::Supply), ["total 01–30 5 × 1 = 5.00", "total 01–30 7 × 1 = 7.00"]);
    assert_eq!(world.lines(LineKind::Distribution), ["total 01–30 5 × 0.02 = 0.10", "total 01–30 7 × 0.01 = 0.07"]);
}

#[test]
fn ten_thousand_and_one_over_two_halves_of_a_month() {
    let mut world = World::new();
    world.active(10_001).price_from(SUPPLY, "2026-06-16", "2");
    assert_eq!(world.lines(LineKind::Supply), ["total 01–15 5001 × 1 = 5001.00", "total 16–30 5000 × 2 = 10000.00"]);
    // Each component has changes of its own.
    assert_eq!(world.lines(LineKind::Transmission), ["total 01–30 10001 × 0.1 = 1000.10"]);
    let steps = world.bill().unwrap().bill.trace;
    let told: Vec<_> =
        steps.iter().map(|step| (&*step.rule, step.subject.as_str(), step.formula.as_str(), step.result.as_str())).collect();
    assert_eq!(
        told[1..4],
        [
            ("R-PRICE-3", "supply class 2 total", "round0(10001 × 15 / 30)", "5001"),
            ("R-PRICE-3", "supply class 2 total", "10001 − 5001", "5000"),
            ("R-PRICE-1", "supply class 2 total", "round2(5001 × 1)", "5001.00"),
        ]
    );
    let inputs: Vec<_> = steps[3].inputs.iter().map(|input| (input.value.as_str(), input.source.as_str())).collect();
    assert_eq!(inputs, [("5001", "step R-PRICE-3 2026-06-01 to 2026-06-16"), ("1", "price supply from 2020-01-01")]);
}

#[test]
fn a_price_may_change_more_than_once_and_back() {
    let mut world = World::new();
    world.active(1001).price_from(SUPPLY, "2026-06-02", "2").price_from(SUPPLY, "2026-06-12", "3");
    assert_eq!(
        world.lines(LineKind::Supply),
        ["total 01–01 33 × 1 = 33.00", "total 02–11 334 × 2 = 668.00", "total 12–30 634 × 3 = 1902.00"]
    );
    // The same price again is no change.
    let mut world = World::new();
    world.active(1001).price_from(SUPPLY, "2026-06-12", "1");
    assert_eq!(world.lines(LineKind::Supply), ["total 01–30 1001 × 1 = 1001.00"]);
    // A change on the first day of the period or of the next is none inside it.
    for edge in ["2026-06-01", "2026-07-01"] {
        let mut world = World::new();
        world.active(1001).price_from(SUPPLY, edge, "2");
        assert_eq!(world.lines(LineKind::Supply).len(), 1, "{edge}");
    }
}

#[test]
fn the_month_scheme_takes_the_prices_of_its_first_day() {
    let mut world = World::new();
    world.terms("2026-01-01", by(PriceChange::Month)).active(10_001).price_from(SUPPLY, "2026-06-02", "2");
    assert_eq!(world.lines(LineKind::Supply), ["total 01–30 10001 × 1 = 10001.00"]);
    assert!(world.bill().unwrap().bill.trace.iter().all(|step| step.rule != "R-PRICE-3"));
    // It must be known for every day nevertheless.
    world.tariffs.last_mut().unwrap().to = Some(day("2026-06-30"));
    assert_eq!(world.refusals(), ["E2 supply free class 2 total 2026-06-30 expired"]);
}

#[test]
fn another_product_is_another_price_by_days() {
    let mut world = World::new();
    world.tariffs.push(Tariff { product: Some("green".to_owned()), ..tariff(SUPPLY, "3") });
    let green = Terms { product: Some("green".to_owned()), ..Terms::default() };
    world.active(300).terms("2026-01-01", Terms::default()).terms("2026-06-11", green);
    assert_eq!(world.lines(LineKind::Supply), ["total 01–10 100 × 1 = 100.00", "total 11–30 200 × 3 = 600.00"]);
    assert_eq!(world.lines(LineKind::Transmission), ["total 01–30 300 × 0.1 = 30.00"]);
}

#[test]
fn network_services_are_charged_on_the_days_the_supplier_charges_them() {
    let operator = || Terms { network: NetworkServices::Operator, ..Terms::default() };
    let mut world = World::new();
    world.active(300).terms("2026-01-01", operator());
    world.tariffs.truncate(1);
    assert_eq!(world.bill().unwrap().bill.lines.len(), 1);
    let mut world = World::new();
    world.active(300).terms("2026-01-01", Terms::default()).terms("2026-06-11", operator());
    assert_eq!(world.lines(LineKind::Supply), ["total 01–30 300 × 1 = 300.00"]);
    assert_eq!(world.lines(LineKind::Transmission), ["total 01–10 100 × 0.1 = 10.00"]);
    assert_eq!(world.lines(LineKind::Distribution), ["total 01–10 100 × 0.01 = 1.00"]);
}

#[test]
fn a_zone_that_gets_its_own_price_inside_the_month_leaves_the_shared_line() {
    let mut world = World::new();
    for (zone, energy) in [(Zone::Night, 300), (Zone::HalfPeak, 30), (Zone::Peak, 31)] {
        world.counts(0, EnergyKind::ActiveImport, zone, energy);
    }
    world.tariffs.push(Tariff { zone: Some(Zone::Night), from: day("2026-06-11"), ..tariff(SUPPLY, "0.5") });
    assert_eq!(
        world.lines(LineKind::Supply),
        ["night 01–10 100 × 1 = 100.00", "night 11–30 200 × 0.5 = 100.00", "total 01–30 61 × 1 = 61.00"]
    );
    assert_eq!(world.lines(LineKind::Transmission), ["total 01–30 361 × 0.1 = 36.10"]);
}

/// Half-hours of June: 0.25 kWh each before a day, 1.5 kWh from it on.
fn half_hours(change: &str) -> IntervalSeries {
    let start = kyiv_midnight(day("2026-06-01")).unwrap();
    let change = kyiv_midnight(day(change)).unwrap();
    let at = |index: i32| start + chrono::Duration::minutes(30) * index;
    let values = (0..30 * 48).map(|index| RegisterTotal(if at(index) < change { 250 } else { 1500 })).collect();
    IntervalSeries { point: Eic::parse(EICS[0]).unwrap(), kind: EnergyKind::ActiveImport, start, minutes: 30, values }
}

#[test]
fn interval_data_tells_how_the_volume_lay_over_the_days() {
    // 10 days of 12 kWh and 20 of 72 kWh.
    let mut world = World::new();
    world.intervals.push(half_hours("2026-06-11"));
    world.active(1560).price_from(SUPPLY, "2026-06-11", "2");
    assert_eq!(world.lines(LineKind::Supply), ["total 01–10 120 × 1 = 120.00", "total 11–30 1440 × 2 = 2880.00"]);
    // The other schemes do not look at it.
    world.terms("2026-01-01", by(PriceChange::Days));
    assert_eq!(world.lines(LineKind::Supply), ["total 01–10 520 × 1 = 520.00", "total 11–30 1040 × 2 = 2080.00"]);
    // A series that does not tell all of the month tells nothing.
    let mut world = World::new();
    world.intervals.push(half_hours("2026-06-11"));
    world.intervals[0].values.pop();
    world.active(1560).price_from(SUPPLY, "2026-06-11", "2");
    assert_eq!(world.lines(LineKind::Supply)[0], "total 01–10 520 × 1 = 520.00");
}

#[test]
fn interval_data_of_another_point_or_kind_divides_nothing() {
    // Two points of one kilowatt-hour each are divided as two, not one by one: halves of a month are 1 and 1, not 2 and 0.
    let mut world = World::new();
    let other = world.add_point(VoltageClass::Second);
    world.active(1).counts(other, EnergyKind::ActiveImport, Zone::Total, 1).price_from(SUPPLY, "2026-06-16", "2");
    let halves = ["total 01–15 1 × 1 = 1.00", "total 16–30 1 × 2 = 2.00"];
    assert_eq!(world.lines(LineKind::Supply), halves);
    let reactive = IntervalSeries { kind: EnergyKind::ReactiveImport, ..half_hours("2026-06-16") };
    world.intervals = vec![reactive];
    assert_eq!(world.lines(LineKind::Supply), halves);
    world.intervals = vec![IntervalSeries { point: Eic::parse(EICS[2]).unwrap(), ..half_hours("2026-06-16") }];
    assert_eq!(world.lines(LineKind::Supply), halves);
}

#[test]
fn what_was_not_measured_in_any_interval_goes_by_days() {
    let mut world = World::new();
    world.intervals.push(half_hours("2026-06-11"));
    world.intervals[0].values.fill(RegisterTotal(0));
    world.active(30).price_from(SUPPLY, "2026-06-11", "2");
    assert_eq!(world.lines(LineKind::Supply), ["total 01–10 10 × 1 = 10.00", "total 11–30 20 × 2 = 40.00"]);
}

proptest! {
    #[test]
    fn energy_over_segments_is_the_volume(
        volume in 0_i64..100_000, changes in proptest::collection::btree_set(1_u64..30, 0..6), zones in 1_usize..4,
    ) {
        let mut world = World::new();
        let used = [Zone::Night, Zone::HalfPeak, Zone::Peak];
        for (index, zone) in used[..zones].iter().enumerate() {
            world.counts(0, EnergyKind::ActiveImport, *zone, volume + i64::try_from(index).unwrap());
        }
        for (index, change) in changes.iter().enumerate() {
            let on = day("2026-06-01").checked_add_days(Days::new(*change)).unwrap().to_string();
            world.price_from(SUPPLY, &on, &(index + 2).to_string());
        }
        let bill = world.bill().unwrap().bill;
        let energy = |kind| bill.lines.iter().filter(|line| line.kind == kind).map(|line| line.quantity.unwrap().0).sum::<i64>();
        for kind in [LineKind::Supply, LineKind::Transmission, LineKind::Distribution] {
            prop_assert_eq!(energy(kind), bill.active_volume().0);
        }
        prop_assert_eq!(bill.lines.iter().filter(|line| line.kind == LineKind::Supply).count(), changes.len() + 1);
        prop_assert!(bill.lines.iter().all(|line| line.quantity.unwrap().0 >= 0));
        prop_assert!(bill.lines.iter().all(|line| line.from < line.to));
    }
}

/// One point that measured 10 001 kWh in June, read besides on a day at so much; the supply's price doubles on the 16th.
fn read_besides(on: &str, units: i64, change: PriceChange) -> World {
    let mut world = World::new();
    world.terms("2026-01-01", by(change)).active(10_001).price_from(SUPPLY, "2026-06-16", "2");
    let end = world.readings.last().unwrap().clone();
    let (occasion, total) = (Occasion::Control, RegisterTotal(1_000_000 + units * 1000));
    world.readings.push(Reading { read_on: day(on), total, occasion, ..end });
    world
}

#[test]
fn a_reading_on_the_day_of_the_change_divides_the_volume_as_it_was_measured() {
    let world = read_besides("2026-06-16", 1234, PriceChange::Measured);
    assert_eq!(world.lines(LineKind::Supply), ["total 01–15 1234 × 1 = 1234.00", "total 16–30 8767 × 2 = 17534.00"]);
    // The other prices are of all the month.
    assert_eq!(world.lines(LineKind::Transmission), ["total 01–30 10001 × 0.1 = 1000.10"]);
    assert!(world.bill().unwrap().bill.trace.iter().all(|step| step.rule != "R-PRICE-3"));
    // Nothing was consumed after it, or before it.
    let world = read_besides("2026-06-16", 10_001, PriceChange::Measured);
    assert_eq!(world.lines(LineKind::Supply), ["total 01–15 10001 × 1 = 10001.00", "total 16–30 0 × 2 = 0.00"]);
    let world = read_besides("2026-06-16", 0, PriceChange::Measured);
    assert_eq!(world.lines(LineKind::Supply), ["total 01–15 0 × 1 = 0.00", "total 16–30 10001 × 2 = 20002.00"]);
    // Who is charged by days has no use for the reading.
    let world = read_besides("2026-06-16", 1234, PriceChange::Days);
    assert_eq!(world.lines(LineKind::Supply), ["total 01–15 5001 × 1 = 5001.00", "total 16–30 5000 × 2 = 10000.00"]);
}

#[test]
fn a_reading_on_another_day_leaves_the_part_of_the_change_to_be_divided_by_days() {
    // Until the 10th 900 kWh; 9 101 over the other 20 days, of which 5 have the old price.
    let world = read_besides("2026-06-11", 900, PriceChange::Measured);
    assert_eq!(world.lines(LineKind::Supply), ["total 01–15 3175 × 1 = 3175.00", "total 16–30 6826 × 2 = 13652.00"]);
    // The day before the change: one day of the old price is left.
    let world = read_besides("2026-06-15", 1200, PriceChange::Measured);
    assert_eq!(world.lines(LineKind::Supply), ["total 01–15 1750 × 1 = 1750.00", "total 16–30 8251 × 2 = 16502.00"]);
}
