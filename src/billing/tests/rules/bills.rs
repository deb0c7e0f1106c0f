//! What holds the whole calculation together: lines, VAT, totals, and every price with its days.

use oblik_billing::{BillingInput, Calculation, PriceBook, compute};
use oblik_domain::account::AccountRecord;
use oblik_domain::bill::LineKind;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::finding::Finding;
use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::metering::{
    EnergyKind, Meter, Occasion, Quality, Reading, Register, RegisterKey, UsagePoint, VoltageClass, Zone,
};
use oblik_domain::money::Price;
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff};
use oblik_domain::{Decimal, NaiveDate};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn total(text: &str) -> RegisterTotal {
    RegisterTotal::from_units(decimal(text)).unwrap()
}

const POINT: &str = "62Z2700000010017";

/// One point with one meter of the given zones, coefficient 40, five digits.
fn record(zones: &[Zone]) -> AccountRecord {
    let contract = ContractNumber::parse("270000017").unwrap();
    let point = Eic::parse(POINT).unwrap();
    let registers = zones.iter().map(|zone| Register { kind: EnergyKind::ActiveImport, zone: *zone, digits: 5 }).collect();
    AccountRecord {
        account: crate::account(),
        points: vec![UsagePoint {
            eic: point.clone(),
            contract,
            name: "Цех".to_owned(),
            address: "м. Рівне".to_owned(),
            voltage_class: VoltageClass::Second,
            from: day("2020-01-01"),
            to: None,
            terms: Vec::new(),
            disconnections: Vec::new(),
        }],
        meters: vec![Meter {
            serial: MeterSerial::parse("M-1").unwrap(),
            point,
            model: "НІК".to_owned(),
            coefficient: Coefficient::new(decimal("40")).unwrap(),
            installed_on: day("2020-01-01"),
            removed_on: None,
            registers,
            coefficients: Vec::new(),
        }],
        signers: Vec::new(),
    }
}

fn key(zone: Zone) -> RegisterKey {
    RegisterKey {
        point: Eic::parse(POINT).unwrap(),
        meter: MeterSerial::parse("M-1").unwrap(),
        kind: EnergyKind::ActiveImport,
        zone,
    }
}

/// A reading at the end of a month.
fn reading(zone: Zone, period: &str, value: RegisterTotal) -> Reading {
    let period = Period::parse(period).unwrap();
    let (register, occasion) = (key(zone), Occasion::PeriodEnd);
    Reading { register, period, read_on: period.last_day(), total: value, quality: Quality::Actual, occasion }
}

/// October 2026 of an account whose registers showed these values before and after.
fn billed(
    record: &AccountRecord,
    readings: &[(Zone, RegisterTotal, RegisterTotal)],
    tariffs: &[Tariff],
    parameters: &[Parameter],
) -> Result<Calculation, Vec<Finding>> {
    let prices = PriceBook::new(tariffs.to_vec(), parameters.to_vec(), Vec::new())?;
    let mut known = Vec::new();
    for (zone, opening, closing) in readings {
        known.extend([reading(*zone, "2026-09", *opening), reading(*zone, "2026-10", *closing)]);
    }
    known.sort_by(|one, other| (&one.register, one.period).cmp(&(&other.register, other.period)));
    compute(&BillingInput::new(record, Period::parse("2026-10").unwrap(), &known, &prices))
}

fn tariff(component: PriceComponent, zone: Option<Zone>, price: &str) -> Tariff {
    Tariff {
        component,
        product: None,
        voltage_class: None,
        zone,
        price: Price::new(decimal(price)).unwrap(),
        from: day("2026-01-01"),
        to: None,
    }
}

fn parameter(value: &str, from: &str, to: Option<&str>) -> Parameter {
    Parameter { name: "vat-rate".to_owned(), value: decimal(value), from: day(from), to: to.map(day) }
}

#[test]
fn each_line_is_rounded_and_vat_is_taken_once() {
    let record = record(&[Zone::Night, Zone::Day]);
    let tariffs = [
        tariff(PriceComponent::Supply, Some(Zone::Night), "2.11111"),
        tariff(PriceComponent::Supply, Some(Zone::Day), "7.77777"),
        tariff(PriceComponent::Transmission, None, "0.74291"),
        tariff(PriceComponent::Distribution, None, "2.17657"),
        // A price of the other class and of another product never serves.
        Tariff { voltage_class: Some(VoltageClass::First), ..tariff(PriceComponent::Distribution, None, "0.32951") },
        Tariff { product: Some("other".to_owned()), ..tariff(PriceComponent::Supply, None, "1") },
    ];
    let readings = [(Zone::Night, total("100"), total("101.025")), (Zone::Day, total("200"), total("203.3"))];
    let bill = billed(&record, &readings, &tariffs, &[parameter("20", "2026-01-01", None)]).unwrap().bill;
    // 1.025 × 40 = 41 kWh by night, 3.3 × 40 = 132 kWh by day.
    let lines: Vec<_> =
        bill.lines.iter().map(|line| (line.kind, line.zone, line.quantity.unwrap().0, line.net.to_string())).collect();
    assert_eq!(
        lines,
        [
            (LineKind::Supply, Zone::Night, 41, "86.56".to_owned()),
            (LineKind::Supply, Zone::Day, 132, "1026.67".to_owned()),
            (LineKind::Transmission, Zone::Total, 173, "128.52".to_owned()),
            (LineKind::Distribution, Zone::Total, 173, "376.55".to_owned()),
        ]
    );
    assert_eq!(
        (bill.net.to_string(), bill.vat.to_string(), bill.total.to_string()),
        ("1618.30".into(), "323.66".into(), "1941.96".into())
    );
    assert!(bill.trace.iter().any(|step| step.rule == "R-VAT-1"));
    assert_eq!(bill.trace.len(), 2 + 4 + 1);
}

#[test]
fn a_price_that_does_not_span_the_period_is_named_with_its_reason() {
    let record = record(&[Zone::Total]);
    let whole = |component| tariff(component, None, "1");
    let reason = |tariffs: &[Tariff], parameters: &[Parameter]| match billed(
        &record,
        &[(Zone::Total, total("1"), total("2"))],
        tariffs,
        parameters,
    ) {
        Ok(_) => "good".to_owned(),
        Err(findings) => {
            findings.iter().map(|finding| format!("{} {}", finding.code, finding.value("reason"))).collect::<Vec<_>>().join("; ")
        }
    };
    let vat = [parameter("20", "2026-10-01", Some("2026-11-01"))];
    let all = [whole(PriceComponent::Supply), whole(PriceComponent::Transmission), whole(PriceComponent::Distribution)];
    assert_eq!(reason(&all, &vat), "good");
    assert_eq!(reason(&all[..2], &vat), "E2 missing");
    for (from, to, expected) in [
        ("2026-10-01", Some("2026-11-01"), "good"),
        ("2026-10-02", None, "E2 not-yet-valid"),
        ("2026-01-01", Some("2026-10-31"), "E2 expired"),
        ("2026-01-01", Some("2026-10-01"), "E2 expired"),
        ("2026-11-01", None, "E2 not-yet-valid"),
    ] {
        assert_eq!(reason(&all, &[parameter("20", from, to)]), expected, "vat {from} {to:?}");
        let mut some = all.clone();
        some[0].from = day(from);
        some[0].to = to.map(day);
        assert_eq!(reason(&some, &vat), expected, "supply {from} {to:?}");
    }
}

proptest! {
    #[test]
    fn the_total_is_the_sum_of_what_is_printed(night in 0_i64..90_000_000, spent in 0_i64..9_000_000, price in 0_i64..2_000_000) {
        let record = record(&[Zone::Night, Zone::Day]);
        let price = Price::new(Decimal::new(price, 5)).unwrap();
        let one = |component| Tariff { price, ..tariff(component, None, "1") };
        let tariffs = [one(PriceComponent::Supply), one(PriceComponent::Transmission), one(PriceComponent::Distribution)];
        let (before, after) = (RegisterTotal(night), RegisterTotal(night + spent));
        let readings = [(Zone::Night, before, after), (Zone::Day, before, before)];
        let bill = billed(&record, &readings, &tariffs, &[parameter("20", "2026-01-01", None)]).unwrap().bill;
        prop_assert_eq!(bill.net.0, bill.lines.iter().map(|line| line.net.0).sum::<i64>());
        prop_assert_eq!(bill.total, bill.net + bill.vat);
        // VAT is within half a kopiyka of a fifth of the net.
        prop_assert!((bill.vat.0 * 10 - bill.net.0 * 2).abs() <= 5);
        prop_assert_eq!(bill.active_volume().0, bill.rows.iter().map(|row| row.volume.0).sum::<i64>());
    }
}
