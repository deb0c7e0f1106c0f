//! R-LIM-1 and R-LIM-2, off by default.

use oblik_domain::account::{Limit, LimitKind, LimitProfile, Terms};
use oblik_domain::bill::LineKind;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::Code;
use oblik_domain::ids::Eic;
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, IntervalSeries, PointTerms, VoltageClass, Zone};
use oblik_domain::period::{Period, kyiv_midnight};
use oblik_domain::tariff::PriceComponent;

use crate::money::world::{EICS, World, day, decimal, told};

fn limit(kind: LimitKind, amount: &str, registered_on: &str) -> Limit {
    let period = Period::parse("2026-06").unwrap();
    Limit { kind, period, amount: decimal(amount), registered_on: day(registered_on), area: None }
}

/// 1000 kWh that cost 1.11 each.
fn world(limits: &[Limit]) -> World {
    let mut world = World::new();
    world.active(1000).terms("2010-01-01", Terms { limits: LimitProfile::Law575, ..Terms::default() });
    world.record.account.limits = limits.to_vec();
    world
}

fn notes(world: &World) -> Vec<String> {
    let notes = world.bill().unwrap().notes;
    notes.iter().map(|note| format!("{} {} {}", note.code, note.value("kind"), note.value("period"))).collect()
}

fn consumption(amount: &str) -> Limit {
    limit(LimitKind::Consumption, amount, "2026-05-20")
}

#[test]
fn consumption_above_the_limit_costs_its_average_price_once_more() {
    for (amount, lines) in [
        ("1000", vec![]),
        ("1001", vec![]),
        ("999", vec!["total 01–30 1 × 1.11 = 1.11"]),
        ("700", vec!["total 01–30 300 × 1.11 = 333.00"]),
        ("0", vec!["total 01–30 1000 × 1.11 = 1110.00"]),
    ] {
        assert_eq!(world(&[consumption(amount)]).lines(LineKind::LimitConsumption), lines, "{amount}");
    }
    let world = world(&[consumption("700")]);
    let bill = world.bill().unwrap().bill;
    let line = bill.lines.last().unwrap();
    assert_eq!((line.debt, line.vatable, line.factor), (DebtType::LimitConsumption, false, Some(decimal("1"))));
    // 1110.00 with VAT, 333.00 without.
    assert_eq!(
        (bill.net.to_string(), bill.vat.to_string(), bill.total.to_string()),
        ("1443.00".into(), "222.00".into(), "1665.00".into())
    );
    let step = bill.trace.iter().find(|step| step.rule == "R-LIM-1").unwrap();
    assert_eq!(
        (step.subject.as_str(), step.formula.as_str()),
        ("limit-consumption", "round2((1000 − 700) × round4(1110.00 / 1000) × 1)")
    );
    assert_eq!(step.inputs[0].source, "limit consumption registered 2026-05-20");
}

#[test]
fn the_average_price_has_four_decimals() {
    let mut world = world(&[consumption("0")]);
    world.record.meters[0].registers.clear();
    world.readings.clear();
    // 3 + 0.30 + 0.01 (of 0.007) over 7 kWh… by prices of 0.43 and so on: 3.31 / 7 = 0.472857.
    world.active(7);
    for (tariff, price) in world.tariffs.iter_mut().zip(["0.42857", "0.04286", "0.00143"]) {
        tariff.price = oblik_domain::money::Price::new(decimal(price)).unwrap();
    }
    assert_eq!(world.lines(LineKind::LimitConsumption), ["total 01–30 7 × 0.4729 = 3.31"]);
}

#[test]
fn a_limit_counts_when_it_was_registered_four_days_before_the_end() {
    for (registered_on, is_charged) in [("2026-06-26", true), ("2026-06-27", false), ("2026-01-01", true)] {
        let world = world(&[limit(LimitKind::Consumption, "700", registered_on)]);
        assert_eq!(world.lines(LineKind::LimitConsumption).len(), usize::from(is_charged), "{registered_on}");
        let expected: &[&str] = if is_charged { &[] } else { &["BILL-NO-LIMIT consumption 2026-06"] };
        assert_eq!(notes(&world), expected, "{registered_on}");
    }
    // Of several the last counts, wherever it stands in the list.
    let (old, new) = (limit(LimitKind::Consumption, "900", "2026-05-01"), limit(LimitKind::Consumption, "800", "2026-05-02"));
    for list in [[old.clone(), new.clone()], [new, old]] {
        assert_eq!(world(&list).lines(LineKind::LimitConsumption), ["total 01–30 200 × 1.11 = 222.00"]);
    }
}

#[test]
fn a_limit_that_is_not_set_is_told_and_costs_nothing() {
    let other_month = Limit { period: Period::parse("2026-05").unwrap(), ..consumption("1") };
    let other_kind = limit(LimitKind::PowerMorning, "1", "2026-05-01");
    let world = world(&[other_month, other_kind]);
    assert_eq!(notes(&world), ["BILL-NO-LIMIT consumption 2026-06"]);
    assert_eq!(world.bill().unwrap().bill.total.to_string(), "1332.00");
}

#[test]
fn without_the_profile_no_limit_is_looked_at() {
    let mut world = world(&[consumption("1")]);
    world.record.account.terms.clear();
    assert_eq!((world.lines(LineKind::LimitConsumption).len(), notes(&world).len()), (0, 0));
}

#[test]
fn a_limit_of_an_area_bounds_its_points_only() {
    let mut world = world(&[Limit { area: Some("млин".to_owned()), ..consumption("300") }]);
    let mill = world.add_point(VoltageClass::Second);
    world.counts(mill, EnergyKind::ActiveImport, Zone::Total, 400);
    world.point_terms(mill, PointTerms { area: Some("млин".to_owned()), ..PointTerms::default() });
    assert_eq!(world.lines(LineKind::LimitConsumption), ["total 01–30 100 × 1.11 = 111.00"]);
    assert!(world.bill().unwrap().bill.trace.iter().any(|step| step.subject == "limit-consumption area млин"));
}

#[test]
fn an_excess_is_never_charged_for_the_account_and_for_its_area() {
    let area = Limit { area: Some("млин".to_owned()), ..consumption("300") };
    let refused = world(&[consumption("700"), area.clone()]).bill().unwrap_err();
    assert_eq!((refused.len(), refused[0].code, refused[0].value("what")), (1, Code::ValidityOverlap, "limit consumption"));
    // One that came too late bounds nothing.
    let late = Limit { registered_on: day("2026-06-29"), ..area };
    assert!(world(&[consumption("700"), late]).bill().is_ok());
}

#[test]
fn nothing_consumed_exceeds_nothing() {
    let mut world = world(&[consumption("0")]);
    world.record.meters[0].registers.clear();
    world.readings.clear();
    world.active(0);
    assert_eq!(world.lines(LineKind::LimitConsumption), [""; 0]);
}

/// Half-hours of June with one of 60.25 kWh at an hour of the tenth, and 1 kWh otherwise.
fn peak_at(hour: i64) -> IntervalSeries {
    let start = kyiv_midnight(day("2026-06-01")).unwrap();
    let at = usize::try_from(9 * 48 + hour * 2).unwrap();
    let mut values = vec![RegisterTotal(1000); 30 * 48];
    values[at] = RegisterTotal(60_250);
    IntervalSeries { point: Eic::parse(EICS[0]).unwrap(), kind: EnergyKind::ActiveImport, start, minutes: 30, values }
}

#[test]
fn power_above_the_declared_one_costs_twice_the_power_price() {
    let limits = [
        limit(LimitKind::PowerMorning, "100", "2026-05-01"),
        limit(LimitKind::PowerEvening, "2", "2026-05-01"),
        consumption("5000"),
    ];
    // 60.25 kWh in half an hour are 120.5 kW.
    for (hour, lines) in [(7, 0), (8, 1), (10, 1), (11, 0)] {
        let mut world = world(&limits);
        world.intervals.push(peak_at(hour));
        world.price(PriceComponent::Power, "50");
        assert_eq!(world.lines(LineKind::LimitPower).len(), lines, "{hour}");
    }
    let mut world = world(&limits);
    world.intervals.push(peak_at(9));
    assert_eq!(world.refusals(), ["E2 power free class 2 total 2026-06-30 missing"]);
    world.price(PriceComponent::Power, "50");
    let bill = world.bill().unwrap().bill;
    let line = bill.lines.last().unwrap();
    // 20.5 kW × 50 × 2.
    assert_eq!(told(line), "total 01–30 – × 50 = 2050.00");
    assert_eq!((line.debt, line.vatable, bill.vat.to_string()), (DebtType::LimitPower, false, "222.00".to_owned()));
    let step = bill.trace.iter().find(|step| step.rule == "R-LIM-2").unwrap();
    assert_eq!((step.subject.as_str(), step.formula.as_str()), ("limit-power", "round2((120.5 − 100) × 50 × 2)"));
    world.record.account.limits[0].amount = decimal("100.5");
    assert_eq!(world.lines(LineKind::LimitPower), ["total 01–30 20 × 50 = 2000.00"]);
    world.record.account.limits[0].amount = decimal("120.5");
    assert_eq!(world.lines(LineKind::LimitPower), [""; 0]);
}

#[test]
fn power_without_a_limit_is_told_where_it_is_measured() {
    let mut world = world(&[consumption("5000")]);
    world.intervals.push(peak_at(9));
    assert_eq!(notes(&world), ["BILL-NO-LIMIT power-morning 2026-06", "BILL-NO-LIMIT power-evening 2026-06"]);
}
