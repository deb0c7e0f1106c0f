//! R-PRICE-2 and R-ZONE-RECON: zone prices made with coefficients, and zones beside the single rate.

use oblik_domain::account::{Terms, ZonePrices};
use oblik_domain::bill::LineKind;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::MeterSerial;
use oblik_domain::metering::{EnergyKind, Meter, Occasion, Reading, Register, VoltageClass, Zone};
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff};

use crate::money::world::{World, day, decimal, parameter, tariff};

const ACTIVE: EnergyKind = EnergyKind::ActiveImport;

fn with_coefficients(base: &str) -> World {
    let mut world = World::new();
    world.tariffs[0] = tariff(PriceComponent::Supply, base);
    world.terms("2026-01-01", Terms { zone_prices: ZonePrices::Coefficient, ..Terms::default() });
    world
}

#[test]
fn a_zone_price_is_the_base_times_its_coefficient_to_five_decimals() {
    let mut world = with_coefficients("3.20514");
    world.counts(0, ACTIVE, Zone::Night, 1000).counts(0, ACTIVE, Zone::HalfPeak, 1000).counts(0, ACTIVE, Zone::Peak, 1000);
    // 1.121799, 3.2692428, 5.3846352
    assert_eq!(
        world.lines(LineKind::Supply),
        [
            "night 01–30 1000 × 1.1218 = 1121.80",
            "half-peak 01–30 1000 × 3.26924 = 3269.24",
            "peak 01–30 1000 × 5.38464 = 5384.64"
        ]
    );
    let steps = world.bill().unwrap().bill.trace;
    let step = steps.iter().find(|step| step.rule == "R-PRICE-2").unwrap();
    assert_eq!((step.subject.as_str(), step.formula.as_str()), ("supply class 2 night", "round5(3.20514 × 0.35)"));
    assert_eq!(step.result, "1.1218");
    assert_eq!(step.inputs[1].source, "default zone-coefficient-three-night from 2011-08-01");
    // Network services have no coefficients.
    assert_eq!(world.lines(LineKind::Transmission), ["total 01–30 3000 × 0.1 = 300.00"]);
}

#[test]
fn two_zones_have_coefficients_of_their_own() {
    let mut world = with_coefficients("2");
    world.counts(0, ACTIVE, Zone::Night, 100).counts(0, ACTIVE, Zone::Day, 100);
    assert_eq!(world.lines(LineKind::Supply), ["night 01–30 100 × 0.8 = 80.00", "day 01–30 100 × 3 = 300.00"]);
    // A night of three zones beside a night of two, and a single rate.
    let other = world.add_point(VoltageClass::Second);
    world.counts(other, ACTIVE, Zone::Night, 100).counts(other, ACTIVE, Zone::Peak, 10);
    let single = world.add_point(VoltageClass::Second);
    world.counts(single, ACTIVE, Zone::Total, 7);
    assert_eq!(
        world.lines(LineKind::Supply),
        [
            "total 01–30 7 × 2 = 14.00",
            "night 01–30 100 × 0.8 = 80.00",
            "night 01–30 100 × 0.7 = 70.00",
            "peak 01–30 10 × 3.36 = 33.60",
            "day 01–30 100 × 3 = 300.00",
        ]
    );
}

#[test]
fn a_coefficient_may_change_inside_the_period() {
    let mut world = with_coefficients("1");
    world.counts(0, ACTIVE, Zone::Night, 300);
    let given = Parameter { from: day("2026-06-11"), ..parameter("zone-coefficient-three-night", "0.5") };
    world.parameters.push(given);
    assert_eq!(world.lines(LineKind::Supply), ["night 01–10 100 × 0.35 = 35.00", "night 11–30 200 × 0.5 = 100.00"]);
}

#[test]
fn zones_without_a_price_of_their_own_share_a_line_that_is_rounded_once() {
    let mut world = World::new();
    world.tariffs[0] = tariff(PriceComponent::Supply, "0.005");
    world.counts(0, ACTIVE, Zone::Night, 1).counts(0, ACTIVE, Zone::Peak, 1).counts(0, ACTIVE, Zone::HalfPeak, 1);
    // Three times half a kopiyka is 0.015, not three times 0.01.
    assert_eq!(world.lines(LineKind::Supply), ["total 01–30 3 × 0.005 = 0.02"]);
}

#[test]
fn the_zones_are_told_beside_the_single_rate() {
    let mut world = World::new();
    world.tariffs[0] = tariff(PriceComponent::Supply, "2.345");
    world.zone_price(Zone::Night, "1.1").zone_price(Zone::Peak, "4.4");
    world.counts(0, ACTIVE, Zone::Night, 101).counts(0, ACTIVE, Zone::HalfPeak, 102).counts(0, ACTIVE, Zone::Peak, 103);
    let bill = world.bill().unwrap().bill;
    // 111.10 + 453.20 + 239.19; 306 × 2.345 = 717.57.
    let told = bill.zone_comparison.unwrap();
    assert_eq!((told.by_zones.to_string(), told.by_single_rate.to_string()), ("803.49".to_owned(), "717.57".to_owned()));
    assert_eq!((told.single_rate.value(), told.volume.0), (decimal("2.345"), 306));
    let step = bill.trace.iter().find(|step| step.rule == "R-ZONE-RECON").unwrap();
    assert_eq!((step.formula.as_str(), step.result.as_str()), ("803.49 − round2(306 × 2.345)", "85.92"));
}

#[test]
fn nothing_is_compared_without_zones_or_without_one_single_rate() {
    let mut single = World::new();
    single.active(10);
    let mut shared = World::new();
    shared.counts(0, ACTIVE, Zone::Night, 1).counts(0, ACTIVE, Zone::Peak, 1);
    let mut own_only = World::new();
    own_only.tariffs.remove(0);
    own_only.zone_price(Zone::Night, "1").zone_price(Zone::Peak, "2");
    own_only.counts(0, ACTIVE, Zone::Night, 1).counts(0, ACTIVE, Zone::Peak, 1);
    let zoned = || {
        let mut world = World::new();
        world.zone_price(Zone::Night, "0.5").counts(0, ACTIVE, Zone::Night, 1).counts(0, ACTIVE, Zone::Peak, 1);
        world
    };
    let mut changed = zoned();
    changed.tariffs[0].to = Some(day("2026-06-11"));
    changed.tariffs.push(Tariff { from: day("2026-06-11"), ..tariff(PriceComponent::Supply, "3") });
    let mut of_classes = zoned();
    let first = of_classes.add_point(VoltageClass::First);
    of_classes.counts(first, ACTIVE, Zone::Total, 5);
    let one_for_both = of_classes.bill().unwrap().bill.zone_comparison.unwrap();
    assert_eq!(one_for_both.volume.0, 7);
    of_classes.tariffs.push(Tariff { voltage_class: Some(VoltageClass::First), ..tariff(PriceComponent::Supply, "9") });
    for world in [single, shared, own_only, changed, of_classes] {
        assert_eq!(world.bill().unwrap().bill.zone_comparison, None);
    }
    assert!(zoned().bill().unwrap().bill.zone_comparison.is_some());
}

#[test]
fn a_meter_of_another_scheme_brings_its_own_coefficients() {
    let mut world = with_coefficients("2");
    world.counts(0, ACTIVE, Zone::Night, 100).counts(0, ACTIVE, Zone::Day, 100);
    let changed = day("2026-06-11");
    let mut new = Meter { serial: MeterSerial::parse("M-N").unwrap(), installed_on: changed, ..world.record.meters[0].clone() };
    new.registers = [Zone::Night, Zone::Peak].map(|zone| Register { kind: ACTIVE, zone, digits: 9 }).to_vec();
    world.record.meters[0].removed_on = Some(changed);
    let period = world.period;
    for reading in world.readings.iter_mut().filter(|reading| reading.period == period) {
        (reading.read_on, reading.occasion) = (changed, Occasion::Removed);
    }
    let like = world.readings[0].clone();
    for (zone, energy) in [(Zone::Night, 50_000), (Zone::Peak, 10_000)] {
        for (total, read_on, occasion) in
            [(7, changed, Occasion::Installed), (7 + energy, period.last_day(), Occasion::PeriodEnd)]
        {
            let mut register = like.register.clone();
            (register.meter, register.zone) = (new.serial.clone(), zone);
            world.readings.push(Reading { register, period, read_on, total: RegisterTotal(total), occasion, ..like.clone() });
        }
    }
    world.record.meters.push(new);
    assert_eq!(
        world.lines(LineKind::Supply),
        [
            "night 01–30 100 × 0.8 = 80.00",
            "night 01–30 50 × 0.7 = 35.00",
            "peak 01–30 10 × 3.36 = 33.60",
            "day 01–30 100 × 3 = 300.00",
        ]
    );
}

#[test]
fn what_zones_share_is_printed_before_what_one_has_for_itself() {
    let mut world = World::new();
    world.counts(0, ACTIVE, Zone::Night, 100).counts(0, ACTIVE, Zone::HalfPeak, 10).counts(0, ACTIVE, Zone::Peak, 1);
    world.zone_price(Zone::Night, "0.5");
    assert_eq!(world.lines(LineKind::Supply), ["total 01–30 11 × 1 = 11.00", "night 01–30 100 × 0.5 = 50.00"]);
}
