//! Corrections: what is charged is the difference between a whole re-rating and all that was billed (R-CORR).

use oblik_billing::{Billed, correct, standing_sanctions};
use oblik_domain::bill::{Bill, BillLine, DebtCharge, LineKind};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::Code;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{VoltageClass, Zone};
use oblik_domain::money::{Kopiykas, Price};
use oblik_domain::period::Period;
use oblik_domain::{Decimal, NaiveDate};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn line(kind: LineKind, zone: Zone, quantity: i64, price: &str) -> BillLine {
    let price: Decimal = price.parse().unwrap();
    BillLine {
        kind,
        debt: if kind == LineKind::ReactiveConsumed { DebtType::Reactive } else { DebtType::Active },
        point: None,
        voltage_class: Some(VoltageClass::Second),
        zone,
        from: day("2026-10-01"),
        to: day("2026-11-01"),
        quantity: Some(Kwh(quantity)),
        price: Price::new(price),
        factor: None,
        net: Kopiykas::from_hryvnias(Decimal::from(quantity) * price).unwrap(),
        vatable: true,
    }
}

/// A penalty: an amount without quantity or VAT.
fn penalty(kopiykas: i64) -> BillLine {
    BillLine {
        kind: LineKind::Penalty,
        debt: DebtType::Penalty,
        voltage_class: None,
        quantity: None,
        price: None,
        net: Kopiykas(kopiykas),
        vatable: false,
        ..line(LineKind::Supply, Zone::Total, 0, "0")
    }
}

/// A bill of these lines, VAT once on those that carry it.
fn bill(lines: &[BillLine]) -> Bill {
    let net: Kopiykas = lines.iter().map(|line| line.net).sum();
    let base: Kopiykas = lines.iter().filter(|line| line.vatable).map(|line| line.net).sum();
    let vat = Kopiykas::from_hryvnias(base.hryvnias() * Decimal::new(2, 1)).unwrap();
    Bill {
        contract: ContractNumber::parse("270000017").unwrap(),
        period: Period::parse("2026-10").unwrap(),
        rows: Vec::new(),
        losses: Vec::new(),
        fed: Vec::new(),
        volumes: Vec::new(),
        lines: lines.to_vec(),
        reactive: Vec::new(),
        zone_comparison: None,
        net,
        vat_rate: Decimal::from(20),
        vat,
        total: net + vat,
        charges: vec![DebtCharge { debt: DebtType::Active, net, vat, total: net + vat }],
        correction: None,
        trace: Vec::new(),
    }
}

fn document(running: u32, bill: Bill) -> Billed {
    let number = InvoiceNumber { series: "ОЕ".to_owned(), year: 2026, running };
    Billed { number, issued_on: day("2026-11-04"), bill }
}

fn told(bill: &Bill) -> Vec<(Zone, Option<i64>, i64)> {
    bill.lines.iter().map(|line| (line.zone, line.quantity.map(|quantity| quantity.0), line.net.0)).collect()
}

#[test]
fn a_correction_takes_back_what_differs_and_charges_what_stands_now() {
    let supply = |quantity| line(LineKind::Supply, Zone::Total, quantity, "5.00");
    let distribution = |quantity| line(LineKind::Distribution, Zone::Total, quantity, "2.17263");
    let original = document(1, bill(&[supply(2250), distribution(2250)]));
    // Only the price of distribution was wrong: its line is replaced, the supply's stays.
    let dearer = line(LineKind::Distribution, Zone::Total, 2250, "2.17657");
    let adjusted = correct(std::slice::from_ref(&original), bill(&[supply(2250), dearer.clone()]), "тариф").unwrap();
    assert_eq!(told(&adjusted), [(Zone::Total, Some(-2250), -488_842), (Zone::Total, Some(2250), 489_728)]);
    assert_eq!((adjusted.lines[0].kind, adjusted.lines[1].price), (LineKind::Distribution, dearer.price));
    // 886 net; VAT as the difference of two whole VATs: 322 945.60 − 322 768.40, not a fifth of the difference.
    assert_eq!((adjusted.net, adjusted.vat, adjusted.total), (Kopiykas(886), Kopiykas(178), Kopiykas(1064)));
    let correction = adjusted.correction.as_ref().unwrap();
    assert_eq!(
        (correction.original.running, correction.original_date, correction.reason.as_str()),
        (1, day("2026-11-04"), "тариф")
    );
    assert_eq!(correction.billed_total, original.bill.total);
    assert_eq!(correction.rerated_total, original.bill.total + Kopiykas(1064));
    let steps: Vec<_> =
        adjusted.trace.iter().map(|step| (step.rule.as_ref(), step.subject.as_str(), step.result.as_str())).collect();
    assert_eq!(
        steps,
        [("R-CORR", "document net", "8.86"), ("R-CORR", "document vat", "1.78"), ("R-CORR", "document total", "10.64")]
    );
    assert_eq!(
        adjusted.trace[2].inputs.iter().map(|input| input.source.as_str()).collect::<Vec<_>>(),
        ["step R-VAT-1", "invoice ОЕ-2026-000001"]
    );
}

#[test]
fn corrections_follow_one_another_and_may_come_to_nothing_at_all() {
    let of = |quantity| bill(&[line(LineKind::Supply, Zone::Total, quantity, "5.00")]);
    let mut billed = vec![document(1, of(1000))];
    for (running, quantity, lines, total) in [
        (2, 900, vec![(Zone::Total, Some(-1000), -500_000), (Zone::Total, Some(900), 450_000)], -60_000),
        (3, 950, vec![(Zone::Total, Some(-900), -450_000), (Zone::Total, Some(950), 475_000)], 30_000),
        // To zero, and back to what it was at first.
        (4, 0, vec![(Zone::Total, Some(-950), -475_000)], -570_000),
        (5, 1000, vec![(Zone::Total, Some(1000), 500_000)], 600_000),
    ] {
        let adjusted = correct(&billed, of(quantity), "показання").unwrap();
        assert_eq!((told(&adjusted), adjusted.total), (lines, Kopiykas(total)), "{running}");
        assert_eq!(adjusted.charges[0].total, adjusted.total, "{running}");
        assert_eq!(adjusted.correction.as_ref().unwrap().original.running, 1, "{running}");
        billed.push(document(running, adjusted));
    }
    assert_eq!(correct(&billed, of(1000), "").unwrap_err().code, Code::NothingToCorrect);
    assert_eq!(correct(&billed, of(999), "").unwrap().total, Kopiykas(-600));
}

#[test]
fn two_equal_lines_are_two_lines() {
    let night = line(LineKind::Supply, Zone::Night, 100, "2.00");
    let billed = [document(1, bill(&[night.clone(), night.clone()]))];
    let adjusted = correct(&billed, bill(&[night]), "двічі").unwrap();
    assert_eq!(told(&adjusted), [(Zone::Night, Some(-100), -20_000)]);
}

#[test]
fn lines_that_differ_in_one_thing_are_not_the_same_line() {
    let plain = line(LineKind::Supply, Zone::Total, 100, "2.00");
    let other_zone = BillLine { zone: Zone::Day, ..plain.clone() };
    let other_days = BillLine { to: day("2026-10-16"), ..plain.clone() };
    let other_class = BillLine { voltage_class: Some(VoltageClass::First), ..plain.clone() };
    let other_kind = BillLine { kind: LineKind::Transmission, ..plain.clone() };
    let other_factor = BillLine { factor: Some(Decimal::ONE), ..plain.clone() };
    let other_debt = BillLine { debt: DebtType::Services, ..plain.clone() };
    let untaxed = BillLine { vatable: false, ..plain.clone() };
    let point = BillLine { point: Some(oblik_domain::ids::Eic::parse("62Z2700000010017").unwrap()), ..plain.clone() };
    for other in [other_zone, other_days, other_class, other_kind, other_factor, other_debt, untaxed, point] {
        let adjusted =
            correct(&[document(1, bill(std::slice::from_ref(&plain)))], bill(std::slice::from_ref(&other)), "").unwrap();
        assert_eq!((adjusted.lines.len(), &adjusted.lines[1]), (2, &other), "{other:?}");
    }
}

#[test]
fn a_discount_is_taken_back_with_the_other_sign() {
    let discount =
        BillLine { quantity: None, price: None, net: Kopiykas(-500), ..line(LineKind::ReactiveDiscount, Zone::Total, 0, "0") };
    let supply = line(LineKind::Supply, Zone::Total, 10, "1.00");
    let adjusted = correct(&[document(1, bill(&[supply.clone(), discount]))], bill(&[supply]), "").unwrap();
    assert_eq!(told(&adjusted), [(Zone::Total, None, 500)]);
}

#[test]
fn a_penalty_that_was_billed_stands_unless_it_was_taken_back() {
    let supply = line(LineKind::Supply, Zone::Total, 10, "1.00");
    let original = document(1, bill(&[supply.clone(), penalty(77)]));
    assert_eq!(standing_sanctions(std::slice::from_ref(&original)), [penalty(77)]);
    let waived = correct(std::slice::from_ref(&original), bill(&[supply]), "").unwrap();
    assert_eq!((told(&waived), waived.vat), (vec![(Zone::Total, None, -77)], Kopiykas::ZERO));
    assert_eq!(standing_sanctions(&[original, document(2, waived)]), []);
}

#[test]
fn what_was_never_billed_cannot_be_corrected() {
    let finding = correct(&[], bill(&[line(LineKind::Supply, Zone::Total, 10, "1.00")]), "").unwrap_err();
    assert_eq!(
        (finding.code, finding.value("contract"), finding.value("period")),
        (Code::NothingToCorrect, "270000017", "2026-10")
    );
}

#[test]
fn a_difference_that_does_not_fit_is_a_finding() {
    let of = |net| {
        let mut bill = bill(&[]);
        bill.net = Kopiykas(net);
        bill
    };
    assert_eq!(correct(&[document(1, of(i64::MIN))], of(1), "").unwrap_err().code, Code::OutOfRange);
    assert_eq!(correct(&[document(1, of(i64::MAX)), document(2, of(1))], of(1), "").unwrap_err().code, Code::OutOfRange);
}

fn some_lines() -> impl Strategy<Value = Vec<BillLine>> {
    let one = (0..4_usize, 0..3_usize, -300_i64..3000, 0..3_usize).prop_map(|(kind, zone, quantity, price)| {
        let kinds = [LineKind::Supply, LineKind::Transmission, LineKind::Distribution, LineKind::ReactiveConsumed];
        line(kinds[kind], [Zone::Night, Zone::Peak, Zone::Total][zone], quantity, ["0.71368", "2.17263", "5.00001"][price])
    });
    proptest::collection::vec(one, 0..6)
}

proptest! {
    // Whatever was billed and corrected before, documents together come to the last re-rating, in every sum; and after a
    // correction there is nothing left to correct.
    #[test]
    fn all_documents_together_come_to_the_last_rerating(ratings in proptest::collection::vec(some_lines(), 1..5)) {
        let mut billed = vec![document(1, bill(&ratings[0]))];
        for (running, lines) in (2..).zip(&ratings) {
            let now = bill(lines);
            match correct(&billed, now.clone(), "r") {
                Ok(adjusted) => {
                    let net: Kopiykas = adjusted.lines.iter().map(|line| line.net).sum();
                    prop_assert_eq!(net, adjusted.net);
                    prop_assert_eq!(adjusted.net + adjusted.vat, adjusted.total);
                    let charged: Kopiykas = adjusted.charges.iter().map(|charge| charge.total).sum();
                    prop_assert_eq!(charged, adjusted.total);
                    billed.push(document(running, adjusted));
                }
                Err(finding) => prop_assert_eq!(finding.code, Code::NothingToCorrect),
            }
            for part in [|bill: &Bill| bill.net, |bill: &Bill| bill.vat, |bill: &Bill| bill.total] {
                prop_assert_eq!(billed.iter().map(|one| part(&one.bill)).sum::<Kopiykas>(), part(&now));
            }
            let quantity: i64 = billed.iter().flat_map(|one| &one.bill.lines).filter_map(|line| line.quantity).map(|kwh| kwh.0).sum();
            prop_assert_eq!(quantity, lines.iter().filter_map(|line| line.quantity).map(|kwh| kwh.0).sum::<i64>());
            prop_assert_eq!(correct(&billed, now, "r").unwrap_err().code, Code::NothingToCorrect);
        }
    }
}
