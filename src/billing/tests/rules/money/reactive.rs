//! R-REACT-2002 and R-REACT-2018, both sides of each threshold.

use oblik_domain::account::{ReactiveProfile, Terms};
use oblik_domain::bill::{Bill, LineKind};
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, PointTerms, VoltageClass, Zone};
use oblik_domain::money::Kopiykas;
use oblik_domain::tariff::{PriceComponent, Tariff};

use crate::money::world::{EICS, World, day, decimal, tariff, told};

fn power_terms(power: &str) -> PointTerms {
    PointTerms { permitted_power: Some(decimal(power)), reactive_equivalent: Some(decimal("0.0615")), ..PointTerms::default() }
}

/// Reactive energy alone: active energy costs nothing.
fn with(reactive: ReactiveProfile, active: i64, consumed: i64, generated: i64) -> World {
    let mut world = World::new();
    for tariff in &mut world.tariffs {
        tariff.price = oblik_domain::money::Price::new(decimal("0")).unwrap();
    }
    world.price(PriceComponent::Reactive, "3.20514");
    world.terms("2018-01-01", Terms { reactive, ..Terms::default() });
    world.point_terms(0, power_terms("400"));
    world.counts(0, EnergyKind::ActiveImport, Zone::Total, active);
    world.counts(0, EnergyKind::ReactiveImport, Zone::Total, consumed);
    world.counts(0, EnergyKind::ReactiveExport, Zone::Total, generated);
    world
}

fn nets(bill: &Bill) -> Vec<(LineKind, String)> {
    let reactive = bill.lines.iter().filter(|line| line.debt == DebtType::Reactive);
    reactive.map(|line| (line.kind, line.net.to_string())).collect()
}

fn rows(world: &World) -> Vec<String> {
    let bill = world.bill().unwrap().bill;
    let row = |row: &oblik_domain::bill::ReactiveRow| {
        format!("{} {} {} {} {}", row.consumed, row.tg, row.payment_consumed, row.payment_generated, row.payment_excess)
    };
    bill.reactive.iter().map(row).collect()
}

#[test]
fn the_example_of_2018_comes_to_5632_60() {
    let bill = with(ReactiveProfile::Order2018, 42_000, 21_000, 1500).bill().unwrap().bill;
    assert_eq!(
        nets(&bill),
        [
            (LineKind::ReactiveConsumed, "4139.44".to_owned()),
            (LineKind::ReactiveGenerated, "295.67".to_owned()),
            (LineKind::ReactiveExcess, "258.72".to_owned()),
        ]
    );
    assert_eq!(
        (bill.net.to_string(), bill.vat.to_string(), bill.total.to_string()),
        ("4693.83".into(), "938.77".into(), "5632.60".into())
    );
    let row = &bill.reactive[0];
    assert_eq!((row.tg, row.active.0, row.consumed.0, row.generated.0), (decimal("0.50"), 42_000, 21_000, 1500));
    assert_eq!(row.payment_consumed + row.payment_generated, Kopiykas(443_511));
    let lines: Vec<_> = bill.lines.iter().filter(|line| line.debt == DebtType::Reactive).map(told).collect();
    assert_eq!(lines[0], "total 01–30 21000 × 3.20514 = 4139.44");
    assert!(bill.lines.iter().all(|line| line.vatable));
    let steps: Vec<_> = bill.trace.iter().filter(|step| step.rule == "R-REACT-2018").collect();
    let told: Vec<_> = steps.iter().map(|step| (step.subject.as_str(), step.formula.as_str(), step.result.as_str())).collect();
    assert_eq!(
        told,
        [
            (EICS[0], "round2(21000 / 42000)", "0.50"),
            ("reactive-consumed 62Z2700000010017", "round2(21000 × 0.0615 × 3.20514)", "4139.44"),
            ("reactive-generated 62Z2700000010017", "round2(1500 × 0.0615 × 3.20514)", "295.67"),
            ("reactive-excess 62Z2700000010017", "round2(4139.44 × (0.50 − 0.25)²)", "258.72"),
        ]
    );
}

#[test]
fn the_same_by_2002_comes_to_6521_83() {
    let bill = with(ReactiveProfile::Order2002, 42_000, 21_000, 1500).bill().unwrap().bill;
    let row = &bill.reactive[0];
    assert_eq!((row.payment_consumed + row.payment_generated).to_string(), "5026.46");
    assert_eq!(row.payment_excess.to_string(), "408.40");
    assert_eq!(bill.total.to_string(), "6521.83");
    let generated = bill.lines.iter().find(|line| line.kind == LineKind::ReactiveGenerated).unwrap();
    assert_eq!((generated.quantity.unwrap().0, generated.factor.unwrap()), (1500, decimal("0.1845")));
    assert!(bill.trace.iter().any(|step| step.formula == "round2(1500 × 3 × 0.0615 × 3.20514)"));
    assert!(bill.trace.iter().any(|step| step.formula == "round2(5026.46 × 1.3 × (0.50 − 0.25)²)" && step.result == "408.40"));
}

#[test]
fn a_discount_is_agreed_for_2002_only() {
    let mut world = with(ReactiveProfile::Order2002, 42_000, 21_000, 1500);
    world.parameter("reactive-discount", "10");
    let bill = world.bill().unwrap().bill;
    let discount = bill.lines.last().unwrap();
    // A tenth of 5026.46 + 408.40.
    assert_eq!((discount.kind, discount.net.to_string()), (LineKind::ReactiveDiscount, "-543.49".to_owned()));
    let mut world = with(ReactiveProfile::Order2018, 42_000, 21_000, 1500);
    world.parameter("reactive-discount", "10");
    assert_eq!(world.bill().unwrap().bill.net.to_string(), "4693.83");
}

#[test]
fn up_to_the_thresholds_of_2018_nothing_is_charged() {
    for (consumed, generated, power, is_charged) in [
        (1000, 0, "16.01", true),
        (999, 0, "16.01", false),
        (0, 1000, "17", true),
        (0, 999, "17", false),
        (999, 999, "17", false),
        (999, 1000, "17", true),
        (5000, 5000, "16", false),
        (5000, 5000, "15", false),
        (0, 0, "400", false),
    ] {
        let mut world = with(ReactiveProfile::Order2018, 42_000, consumed, generated);
        world.point_terms(0, power_terms(power));
        let bill = world.bill().unwrap().bill;
        assert_eq!(!nets(&bill).is_empty(), is_charged, "{consumed} {generated} {power}");
        assert_eq!(!bill.reactive.is_empty(), is_charged, "{consumed} {generated} {power}");
        // The older order has no thresholds.
        world.record.account.terms[0].value.reactive = ReactiveProfile::Order2002;
        assert_eq!(!nets(&world.bill().unwrap().bill).is_empty(), consumed + generated > 0);
    }
    // The thresholds are parameters.
    let mut world = with(ReactiveProfile::Order2018, 42_000, 1000, 0);
    world.parameter("reactive-2018-least-kvarh", "1000");
    assert_eq!(nets(&world.bill().unwrap().bill), []);
}

#[test]
fn tg_is_rounded_to_two_decimals_and_counts_between_its_threshold_and_its_cap() {
    for (active, consumed, row) in [
        // 0.25 exactly, and 0.2549 that rounds to it: no excess.
        (40_000, 10_000, "10000 0.25 1971.16 0.00 0.00"),
        (40_000, 10_196, "10196 0.25 2009.80 0.00 0.00"),
        // 0.255 rounds to 0.26: 2010.00 × 0.0001.
        (40_000, 10_200, "10200 0.26 2010.58 0.00 0.20"),
        // 2 and more count as 2: × 3.0625.
        (10_000, 20_000, "20000 2 3942.32 0.00 12073.36"),
        (10_000, 30_000, "30000 2 5913.48 0.00 18110.03"),
        (10_000, 19_900, "19900 1.99 3922.61 0.00 11876.09"),
    ] {
        assert_eq!(rows(&with(ReactiveProfile::Order2018, active, consumed, 0)), [row]);
    }
    let steps = with(ReactiveProfile::Order2018, 10_000, 30_000, 0).bill().unwrap().bill.trace;
    assert!(steps.iter().any(|step| step.formula == "2 < round2(30000 / 10000)" && step.result == "2"));
}

#[test]
fn without_active_energy_the_normative_tg_serves() {
    // (0.8 − 0.25)² = 0.3025.
    let mut world = with(ReactiveProfile::Order2018, 0, 10_000, 0);
    assert_eq!(rows(&world), ["10000 0.8 1971.16 0.00 596.28"]);
    world.point_terms(0, PointTerms { normative_tg: Some(decimal("0.35")), ..power_terms("400") });
    assert_eq!(rows(&world), ["10000 0.35 1971.16 0.00 19.71"]);
    let step = world.bill().unwrap().bill.trace.into_iter().find(|step| step.rule == "R-REACT-2018").unwrap();
    assert_eq!(step.inputs.last().unwrap().source, "terms of the point");
}

#[test]
fn a_point_without_a_reactive_meter_is_charged_by_the_normative_tg() {
    let mut world = with(ReactiveProfile::Order2018, 1, 1, 1);
    world.record.meters[0].registers.clear();
    world.readings.clear();
    world.counts(0, EnergyKind::ActiveImport, Zone::Total, 10_001);
    // 8000.8 kvarh.
    assert_eq!(rows(&world), ["8001 0.80 1577.13 0.00 477.08"]);
    let steps = world.bill().unwrap().bill.trace;
    let step = steps.iter().find(|step| step.formula == "round0(10001 × 0.8)").unwrap();
    assert_eq!((step.subject.as_str(), step.result.as_str()), ("62Z2700000010017 reactive-import/total", "8001"));
    assert_eq!(step.inputs[1].source, "default normative-tg from 2000-01-01");
    // What stays under the threshold by that estimate is not charged: 1249 × 0.8 = 999.2, 1250 × 0.8 = 1000.
    for (active, count) in [(1249, 0), (1250, 1)] {
        let mut world = with(ReactiveProfile::Order2018, 1, 1, 1);
        world.record.meters[0].registers.clear();
        world.readings.clear();
        world.counts(0, EnergyKind::ActiveImport, Zone::Total, active);
        assert_eq!(rows(&world).len(), count, "{active}");
    }
}

/// Two points: one consumes much reactive energy, the other none to speak of.
fn two_points(area: Option<&str>) -> World {
    let mut world = with(ReactiveProfile::Order2018, 10_000, 9000, 0);
    let second = world.add_point(VoltageClass::Second);
    world.counts(second, EnergyKind::ActiveImport, Zone::Total, 30_000);
    world.counts(second, EnergyKind::ReactiveImport, Zone::Total, 3000);
    for point in 0..2 {
        world.point_terms(point, PointTerms { area: area.map(str::to_owned), ..power_terms("400") });
    }
    world
}

#[test]
fn points_of_one_area_share_their_tg() {
    // 0.90 and 0.10 apart: × 0.4225 and nothing.
    assert_eq!(rows(&two_points(None)), ["9000 0.90 1774.04 0.00 749.53", "3000 0.10 591.35 0.00 0.00"]);
    // Together 12000 / 40000 = 0.30: × 0.0025 of 2365.39 = 5.91, of which the first point's is 4.44.
    let world = two_points(Some("млин"));
    assert_eq!(rows(&world), ["9000 0.30 1774.04 0.00 4.44", "3000 0.30 591.35 0.00 1.47"]);
    let bill = world.bill().unwrap().bill;
    let excess: Vec<_> = bill.lines.iter().filter(|line| line.kind == LineKind::ReactiveExcess).collect();
    assert_eq!((excess.len(), excess[0].net, excess[0].point.clone()), (1, Kopiykas(591), None));
    assert_eq!(bill.reactive[0].active.0, 40_000);
    assert!(bill.trace.iter().any(|step| step.subject == "area млин" && step.formula == "round2(12000 / 40000)"));
}

#[test]
fn a_point_that_is_not_charged_still_counts_in_the_tg_of_its_area() {
    let mut world = two_points(Some("млин"));
    world.record.points[1].terms[0].value.permitted_power = Some(decimal("10"));
    assert_eq!(rows(&world), ["9000 0.30 1774.04 0.00 4.44"]);
}

#[test]
fn what_a_charged_point_lacks_is_named() {
    let mut world = with(ReactiveProfile::Order2018, 42_000, 21_000, 0);
    world.point_terms(0, PointTerms::default());
    assert_eq!(
        world.refusals(),
        ["E2 permitted-power 62Z2700000010017 2026-06-30 missing", "E2 reactive-equivalent 62Z2700000010017 2026-06-30 missing"]
    );
    // The older order does not ask for the power.
    world.record.account.terms[0].value.reactive = ReactiveProfile::Order2002;
    assert_eq!(world.refusals(), ["E2 reactive-equivalent 62Z2700000010017 2026-06-30 missing"]);
    world.point_terms(0, power_terms("400"));
    world.tariffs.pop();
    assert_eq!(world.refusals(), ["E2 reactive free class 2 total 2026-06-01 missing"]);
    world.tariffs.push(Tariff { from: day("2026-06-02"), ..tariff(PriceComponent::Reactive, "3") });
    assert_eq!(world.refusals(), ["E2 reactive free class 2 total 2026-06-01 not-yet-valid"]);
    world.tariffs.push(Tariff { to: Some(day("2026-06-02")), ..tariff(PriceComponent::Reactive, "2") });
    // A price that changes inside the period: the last day's.
    assert_eq!(world.bill().unwrap().bill.reactive[0].price.to_string(), "3");
    // Nothing to charge: nothing is asked.
    let mut world = with(ReactiveProfile::Order2018, 42_000, 100, 0);
    world.point_terms(0, PointTerms::default());
    assert_eq!(rows(&world), [""; 0]);
}

#[test]
fn without_a_profile_reactive_energy_costs_nothing() {
    let bill = with(ReactiveProfile::None, 42_000, 21_000, 1500).bill().unwrap().bill;
    assert_eq!((bill.total, bill.reactive.len()), (Kopiykas::ZERO, 0));
}

#[test]
fn a_point_below_zero_in_its_terms_is_refused_and_not_paid_out() {
    let negative = |terms: PointTerms| {
        let mut world = with(ReactiveProfile::Order2018, 42_000, 21_000, 1500);
        world.point_terms(0, terms);
        world.refusals()
    };
    let day = "2026-06-30";
    let tg = PointTerms { normative_tg: Some(decimal("-0.1")), ..power_terms("400") };
    assert_eq!(negative(tg), [format!("BILL-PARAMETER {} normative-tg -0.1 {day}", EICS[0])]);
    let equivalent = PointTerms { reactive_equivalent: Some(decimal("-0.0001")), ..power_terms("400") };
    assert_eq!(negative(equivalent), [format!("BILL-PARAMETER {} reactive-equivalent -0.0001 {day}", EICS[0])]);
    // Nothing is none.
    let mut world = with(ReactiveProfile::Order2018, 42_000, 21_000, 1500);
    world.point_terms(0, PointTerms { reactive_equivalent: Some(decimal("0")), ..power_terms("400") });
    assert_eq!(world.bill().unwrap().bill.net, Kopiykas::ZERO);
}
