//! R-VAT-1 and the types of debt: VAT once per document, shared out so that charges are the total.

use oblik_domain::account::{ReactiveProfile, Terms};
use oblik_domain::bill::{Bill, BillLine, LineKind};
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, PointTerms, Zone};
use oblik_domain::money::Kopiykas;
use oblik_domain::tariff::{Parameter, PriceComponent};
use proptest::prelude::*;

use crate::money::world::{World, day, decimal, parameter};

/// A line of the ledger.
fn sanction(kind: LineKind, debt: DebtType, net: i64) -> BillLine {
    BillLine {
        kind,
        debt,
        point: None,
        voltage_class: None,
        zone: Zone::Total,
        from: day("2026-06-01"),
        to: day("2026-07-01"),
        quantity: None,
        price: None,
        factor: None,
        net: Kopiykas(net),
        vatable: false,
    }
}

/// Active, reactive and sanctions in one bill; prices in hundred-thousandths.
fn mixed(active: i64, reactive: i64, price: i64, penalty: i64) -> World {
    let mut world = World::new();
    let price = oblik_domain::Decimal::new(price, 5).to_string();
    for component in [PriceComponent::Supply, PriceComponent::Transmission, PriceComponent::Distribution] {
        world.tariffs.retain(|tariff| tariff.component != component);
        world.price(component, &price);
    }
    world.price(PriceComponent::Reactive, &price);
    world.terms("2026-01-01", Terms { reactive: ReactiveProfile::Order2002, ..Terms::default() });
    world.point_terms(0, PointTerms { reactive_equivalent: Some(decimal("0.0615")), ..PointTerms::default() });
    world.active(active).counts(0, EnergyKind::ReactiveImport, Zone::Total, reactive);
    world.sanctions = vec![
        sanction(LineKind::Penalty, DebtType::Penalty, penalty),
        sanction(LineKind::AnnualInterest, DebtType::AnnualInterest, 7),
        sanction(LineKind::Inflation, DebtType::Inflation, -5),
    ];
    world
}

fn charges(bill: &Bill) -> Vec<(DebtType, String, String, String)> {
    let told = |charge: &oblik_domain::bill::DebtCharge| {
        (charge.debt, charge.net.to_string(), charge.vat.to_string(), charge.total.to_string())
    };
    bill.charges.iter().map(told).collect()
}

#[test]
fn vat_is_of_the_lines_that_carry_it_and_goes_to_their_debts() {
    let bill = mixed(10_000, 5000, 320_514, 12_345).bill().unwrap().bill;
    // 3 × 32051.40; tg 0.5: 985.58 and 985.58 × 0.08125 = 80.08.
    assert_eq!(
        charges(&bill),
        [
            (DebtType::Active, "96154.20".to_owned(), "19230.84".to_owned(), "115385.04".to_owned()),
            (DebtType::Reactive, "1065.66".to_owned(), "213.13".to_owned(), "1278.79".to_owned()),
            (DebtType::Penalty, "123.45".to_owned(), "0.00".to_owned(), "123.45".to_owned()),
            (DebtType::Inflation, "-0.05".to_owned(), "0.00".to_owned(), "-0.05".to_owned()),
            (DebtType::AnnualInterest, "0.07".to_owned(), "0.00".to_owned(), "0.07".to_owned()),
        ]
    );
    assert_eq!((bill.vat.to_string(), bill.net.to_string()), ("19443.97".to_owned(), "97343.33".to_owned()));
    assert_eq!(bill.lines.iter().map(|line| line.net).sum::<Kopiykas>(), bill.net);
    let kinds: Vec<_> = bill.lines.iter().rev().take(3).map(|line| line.kind).collect();
    assert_eq!(kinds, [LineKind::Inflation, LineKind::AnnualInterest, LineKind::Penalty]);
}

#[test]
fn the_last_debt_with_vat_takes_what_rounding_leaves() {
    // Active 3 × 0.01 = 0.03, its VAT 0.006 → 0.01; reactive 0.03, VAT of both 0.012 → 0.01: nothing is left for the second.
    let mut world = mixed(1, 1, 1000, 0);
    world.point_terms(0, PointTerms { reactive_equivalent: Some(decimal("2.5")), ..PointTerms::default() });
    world.parameter("tg-threshold", "2");
    let bill = world.bill().unwrap().bill;
    let vat: Vec<_> = bill.charges.iter().map(|charge| charge.vat.0).collect();
    assert_eq!((bill.vat.0, &vat[..2]), (1, &[1, 0][..]));
}

#[test]
fn the_rate_of_the_last_day_is_the_documents() {
    let mut world = World::new();
    world.active(1000);
    world.parameters[0].to = Some(day("2026-06-30"));
    world.parameters.push(Parameter { from: day("2026-06-30"), ..parameter("vat-rate", "14") });
    let bill = world.bill().unwrap().bill;
    assert_eq!((bill.vat_rate, bill.vat.to_string()), (decimal("14"), "155.40".to_owned()));
    let step = bill.trace.last().unwrap();
    assert_eq!(
        (&*step.rule, step.subject.as_str(), step.formula.as_str()),
        ("R-VAT-1", "document", "round2(1110.00 × 14 / 100)")
    );
    assert_eq!(step.inputs[1].source, "parameter vat-rate from 2026-06-30");
    world.parameters[1].from = day("2026-07-01");
    assert_eq!(world.refusals(), ["E2 vat-rate 2026-06-30 not-yet-valid"]);
}

#[test]
fn a_sum_that_does_not_fit_is_told() {
    let mut world = World::new();
    world.active(1);
    world.sanctions = vec![
        sanction(LineKind::Penalty, DebtType::Penalty, i64::MAX),
        sanction(LineKind::AnnualInterest, DebtType::AnnualInterest, 1),
    ];
    assert_eq!(world.refusals(), ["BILL-RANGE total"]);
}

proptest! {
    #[test]
    fn charges_are_the_total(
        active in 0_i64..900_000, reactive in 0_i64..900_000, price in 1_i64..900_000, penalty in 0_i64..900_000, rate in 0_u8..=100,
    ) {
        let mut world = mixed(active, reactive, price, penalty);
        world.parameters[0] = parameter("vat-rate", &rate.to_string());
        let bill = world.bill().unwrap().bill;
        let sum = |of: fn(&oblik_domain::bill::DebtCharge) -> Kopiykas| bill.charges.iter().map(of).sum::<Kopiykas>();
        prop_assert_eq!(sum(|charge| charge.total), bill.total);
        prop_assert_eq!(sum(|charge| charge.net), bill.net);
        prop_assert_eq!(sum(|charge| charge.vat), bill.vat);
        prop_assert!(bill.charges.iter().all(|charge| charge.total == charge.net + charge.vat));
        for charge in &bill.charges {
            let exact = oblik_domain::Decimal::new(charge.net.0, 2) * oblik_domain::Decimal::from(rate) / oblik_domain::Decimal::ONE_HUNDRED;
            let carries = matches!(charge.debt, DebtType::Active | DebtType::Reactive);
            prop_assert!(!carries || (charge.vat.hryvnias() - exact).abs() <= oblik_domain::Decimal::new(1, 2));
            prop_assert!(carries || charge.vat == Kopiykas::ZERO);
        }
    }
}

#[test]
fn what_adds_up_to_too_much_in_any_part_is_refused_whatever_its_signs() {
    let mut world = World::new();
    world.active(1);
    let net = world.bill().unwrap().bill.net.0;
    let mut told = |lines: &[i64]| {
        world.sanctions = lines.iter().map(|net| sanction(LineKind::Penalty, DebtType::Penalty, *net)).collect();
        world.bill().map(|calculation| calculation.bill.total.0).map_err(|findings| findings[0].code.as_str())
    };
    let vat = 22;
    assert_eq!(told(&[i64::MAX - net - vat]), Ok(i64::MAX));
    assert_eq!(told(&[i64::MAX - net - vat + 1]), Err("BILL-RANGE"));
    assert_eq!(told(&[i64::MAX - net, -1]), Err("BILL-RANGE"));
    assert_eq!(told(&[i64::MIN]), Err("BILL-RANGE"));
    assert_eq!(told(&[-(i64::MAX - net)]), Ok(net + vat - (i64::MAX - net)));
}
