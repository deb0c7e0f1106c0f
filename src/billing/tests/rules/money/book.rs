//! R-PARAM: which price or parameter holds, and what a book refuses.

use oblik_billing::{PriceBook, PriceKey};
use oblik_domain::dated::Dated;
use oblik_domain::finding::Finding;
use oblik_domain::metering::{VoltageClass, Zone};
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, ZoneHours, ZoneScheme};

use crate::money::world::{World, day, decimal, parameter, tariff};

const SUPPLY: PriceComponent = PriceComponent::Supply;

fn told(findings: &[Finding]) -> Vec<String> {
    let values = |finding: &Finding| finding.values.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>().join(" | ");
    findings.iter().map(|finding| format!("{} {}", finding.code, values(finding))).collect()
}

fn refused(tariffs: Vec<Tariff>, parameters: Vec<Parameter>) -> Vec<String> {
    told(&PriceBook::new(tariffs, parameters, Vec::new()).map(|_| ()).err().unwrap_or_default())
}

fn within(parameter: Parameter, from: &str, to: Option<&str>) -> Parameter {
    Parameter { from: day(from), to: to.map(day), ..parameter }
}

#[test]
fn the_price_that_fits_best_serves() {
    let own = |product: Option<&str>, class: Option<VoltageClass>, zone: Option<Zone>, price: &str| Tariff {
        product: product.map(str::to_owned),
        voltage_class: class,
        zone,
        ..tariff(SUPPLY, price)
    };
    let (second, night) = (Some(VoltageClass::Second), Some(Zone::Night));
    let ranked = [
        own(Some("free"), second, night, "1"),
        own(Some("free"), None, night, "2"),
        own(None, second, night, "3"),
        own(None, None, night, "4"),
        own(Some("free"), second, None, "5"),
        own(Some("free"), None, None, "6"),
        own(None, second, None, "7"),
        own(None, None, None, "8"),
    ];
    let key = PriceKey { component: SUPPLY, product: "free", class: VoltageClass::Second, zone: Zone::Night };
    for skipped in 0..=ranked.len() {
        let book = PriceBook::new(ranked[skipped..].to_vec(), Vec::new(), Vec::new()).unwrap();
        let found = book.price(key, day("2026-06-01")).map(|tariff| tariff.price.to_string());
        match found {
            Ok(price) => assert_eq!(price, (skipped + 1).to_string()),
            Err(finding) => {
                assert_eq!(skipped, ranked.len());
                assert_eq!(told(&[finding]), ["E2 supply free class 2 night | 2026-06-01 | missing"]);
            }
        }
    }
    let book = PriceBook::new(ranked.to_vec(), Vec::new(), Vec::new()).unwrap();
    for (other, price) in [
        (PriceKey { product: "other", ..key }, "3"),
        (PriceKey { class: VoltageClass::First, ..key }, "2"),
        (PriceKey { zone: Zone::Peak, ..key }, "5"),
        (PriceKey { product: "other", class: VoltageClass::First, zone: Zone::Peak, ..key }, "8"),
    ] {
        assert_eq!(book.price(other, day("2026-06-01")).unwrap().price.to_string(), price, "{other:?}");
    }
    assert!(book.price(PriceKey { component: PriceComponent::Power, ..key }, day("2026-06-01")).is_err());
}

#[test]
fn a_general_price_serves_on_days_the_better_one_does_not_hold() {
    let night = Tariff { zone: Some(Zone::Night), from: day("2026-06-10"), to: Some(day("2026-06-20")), ..tariff(SUPPLY, "2") };
    let book = PriceBook::new(vec![night, tariff(SUPPLY, "1")], Vec::new(), Vec::new()).unwrap();
    let key = PriceKey { component: SUPPLY, product: "free", class: VoltageClass::Second, zone: Zone::Night };
    for (on, price) in [("2026-06-09", "1"), ("2026-06-10", "2"), ("2026-06-19", "2"), ("2026-06-20", "1")] {
        assert_eq!(book.price(key, day(on)).unwrap().price.to_string(), price, "{on}");
    }
}

#[test]
fn validities_that_share_a_day_are_refused_with_both() {
    let of = |from: &str, to: Option<&str>| within(parameter("vat-rate", "20"), from, to);
    assert_eq!(
        refused(Vec::new(), vec![of("2026-04-01", None), of("2026-01-01", Some("2026-04-02"))]),
        ["BILL-OVERLAP vat-rate | 2026-01-01 – 2026-04-01 | 2026-04-01 –"]
    );
    assert_eq!(refused(Vec::new(), vec![of("2026-04-01", None), of("2026-01-01", Some("2026-04-01"))]), [""; 0]);
    let price = |from: &str, zone| Tariff { from: day(from), zone, ..tariff(SUPPLY, "1") };
    assert_eq!(
        refused(vec![price("2026-01-01", Some(Zone::Night)), price("2026-02-01", Some(Zone::Night))], Vec::new()),
        ["BILL-OVERLAP supply  night | 2026-01-01 – | 2026-02-01 –"]
    );
    // Of different zones, classes, products or components: each is one of its own.
    let first = Tariff { voltage_class: Some(VoltageClass::First), ..price("2026-01-01", None) };
    let product = Tariff { product: Some("free".to_owned()), ..price("2026-01-01", None) };
    let other = Tariff { component: PriceComponent::Transmission, ..price("2026-01-01", None) };
    let many = vec![price("2026-01-01", None), price("2026-01-01", Some(Zone::Night)), first, product, other];
    assert_eq!(refused(many, Vec::new()), [""; 0]);
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    for (name, value, is_good) in [
        ("vat-rate", "0", true),
        ("vat-rate", "-0.01", false),
        ("vat-rate", "100", true),
        ("vat-rate", "100.01", false),
        ("unknown", "-1", false),
        ("unknown", "0", true),
        ("inflation-index", "99.2", true),
        ("inflation-index", "0.992", false),
    ] {
        let expected: Vec<String> =
            if is_good { Vec::new() } else { vec![format!("BILL-PARAMETER {name} | {value} | 2000-01-01")] };
        assert_eq!(refused(Vec::new(), vec![parameter(name, value)]), expected, "{name} {value}");
    }
    assert_eq!(refused(vec![tariff(SUPPLY, "1000")], Vec::new()), [""; 0]);
    assert_eq!(refused(vec![tariff(SUPPLY, "1000.00001")], Vec::new()), ["BILL-PARAMETER supply | 1000.00001 | 2020-01-01"]);
    let dear = parameter("price-highest", "4000");
    assert_eq!(refused(vec![tariff(SUPPLY, "1000.00001")], vec![dear]), [""; 0]);
    let backwards = within(parameter("vat-rate", "20"), "2026-02-01", Some("2026-02-01"));
    assert_eq!(refused(Vec::new(), vec![backwards]), ["BILL-DATE vat-rate | 2026-02-01"]);
}

#[test]
fn zone_hours_are_whole_and_one_for_a_month() {
    let hours = |months: &[u8], count: usize, scheme| Dated {
        from: day("2026-01-01"),
        to: None,
        value: ZoneHours { scheme, months: months.to_vec(), hours: vec![Zone::Night; count] },
    };
    let refused = |list: Vec<_>| told(&PriceBook::new(Vec::new(), Vec::new(), list).map(|_| ()).err().unwrap_or_default());
    assert_eq!(refused(vec![hours(&[1, 12], 24, ZoneScheme::Two), hours(&[2], 24, ZoneScheme::Two)]), [""; 0]);
    assert_eq!(refused(vec![hours(&[1], 24, ZoneScheme::Two), hours(&[1], 24, ZoneScheme::Three)]), [""; 0]);
    assert_eq!(refused(vec![hours(&[1], 23, ZoneScheme::Two)]), ["BILL-PARAMETER zone-hours two | 23 | 2026-01-01"]);
    assert_eq!(refused(vec![hours(&[13], 24, ZoneScheme::Two)]), ["BILL-PARAMETER zone-hours two | 13 | 2026-01-01"]);
    assert_eq!(refused(vec![hours(&[0], 24, ZoneScheme::Two)]), ["BILL-PARAMETER zone-hours two | 0 | 2026-01-01"]);
    assert_eq!(
        refused(vec![hours(&[1, 2], 24, ZoneScheme::Two), hours(&[2, 3], 24, ZoneScheme::Two)]),
        ["BILL-OVERLAP zone-hours two | 2026-01-01 – | 2026-01-01 –"]
    );
    let ended = Dated { to: Some(day("2026-01-01")), ..hours(&[1], 24, ZoneScheme::Two) };
    assert_eq!(refused(vec![ended]), ["BILL-DATE zone-hours two | 2026-01-01"]);
}

#[test]
fn the_catalogue_serves_where_nothing_is_given_for_the_day() {
    let given = within(parameter("normative-tg", "0.5"), "2026-06-10", Some("2026-06-20"));
    let book = PriceBook::new(Vec::new(), vec![given], Vec::new()).unwrap();
    for (on, value) in [("2026-06-09", "0.8"), ("2026-06-10", "0.5"), ("2026-06-19", "0.5"), ("2026-06-20", "0.8")] {
        assert_eq!(book.parameter("normative-tg", day(on)).unwrap(), decimal(value), "{on}");
    }
    let source = |on: &str| book.held("normative-tg", day(on)).unwrap().to_string();
    assert_eq!(source("2026-06-10"), "parameter normative-tg from 2026-06-10");
    assert_eq!(source("2026-06-20"), "default normative-tg from 2000-01-01");
    // What began before the catalogue knows it, and what it has no value for, must be given.
    assert_eq!(
        told(&[book.parameter("normative-tg", day("1999-12-31")).unwrap_err()])[0],
        "E2 normative-tg | 1999-12-31 | not-yet-valid"
    );
    assert_eq!(told(&[book.parameter("vat-rate", day("2026-06-01")).unwrap_err()])[0], "E2 vat-rate | 2026-06-01 | missing");
    assert_eq!(told(&[book.parameter("nobody", day("2026-06-01")).unwrap_err()])[0], "E2 nobody | 2026-06-01 | missing");
}

#[test]
fn a_parameter_holds_on_every_day_of_the_period_and_the_last_counts() {
    let period = Period::parse("2026-06").unwrap();
    let of = |name: &str, list: &[(&str, Option<&str>, &str)]| {
        let given = list.iter().map(|(from, to, value)| within(parameter(name, value), from, *to)).collect();
        let book = PriceBook::new(Vec::new(), given, Vec::new()).unwrap();
        match book.parameter_of_period(name, period) {
            Ok(value) => value.to_string(),
            Err(finding) => told(&[finding])[0].clone(),
        }
    };
    for (list, expected) in [
        (&[("2026-06-01", Some("2026-07-01"), "20")][..], "20"),
        (&[("2026-06-02", None, "20")], "E2 vat-rate | 2026-06-01 | not-yet-valid"),
        (&[("2026-01-01", Some("2026-06-30"), "20")], "E2 vat-rate | 2026-06-30 | expired"),
        (&[("2026-01-01", Some("2026-06-15"), "20"), ("2026-06-15", None, "14")], "14"),
        (&[("2026-01-01", Some("2026-06-15"), "20"), ("2026-06-16", None, "14")], "E2 vat-rate | 2026-06-15 | not-yet-valid"),
        (&[("2026-01-01", Some("2026-06-30"), "20"), ("2026-06-30", None, "14")], "14"),
        (&[("2026-01-01", Some("2026-07-01"), "20"), ("2026-07-01", None, "14")], "20"),
        (&[], "E2 vat-rate | 2026-06-01 | missing"),
    ] {
        assert_eq!(of("vat-rate", list), expected, "{list:?}");
    }
    for (list, expected) in [
        (&[][..], "0.8"),
        (&[("2026-06-30", None, "0.5")], "0.5"),
        (&[("2026-07-01", None, "0.5")], "0.8"),
        (&[("2026-01-01", Some("2026-06-30"), "0.5")], "0.8"),
        (&[("2026-01-01", Some("2026-06-10"), "0.5"), ("2026-06-20", None, "0.6")], "0.6"),
    ] {
        assert_eq!(of("normative-tg", list), expected, "{list:?}");
    }
}

#[test]
fn every_missing_price_is_told_at_once_with_the_day_it_fails() {
    let mut world = World::new();
    world.active(100);
    world.tariffs[0].to = Some(day("2026-06-20"));
    world.tariffs[1].from = day("2026-06-02");
    world.tariffs.remove(2);
    world.parameters.clear();
    assert_eq!(
        world.refusals(),
        [
            "E2 supply free class 2 total 2026-06-20 expired",
            "E2 transmission free class 2 total 2026-06-01 not-yet-valid",
            "E2 distribution free class 2 total 2026-06-01 missing",
            "E2 vat-rate 2026-06-01 missing",
        ]
    );
}
