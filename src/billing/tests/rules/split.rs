//! One bill as the documents of its issuers (RQ-F08).

use std::collections::BTreeSet;

use oblik_billing::{Billed, BilledPart, OPERATOR_DEBTS, Part, correct, correct_parts, split};
use oblik_domain::bill::{Bill, BillLine, DebtCharge, LineKind};
use oblik_domain::finding::Code;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::{InvoiceNumber, IssuerRole};
use oblik_domain::ledger::DebtType;
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::{Decimal, NaiveDate};
use proptest::prelude::*;

const KINDS: [(LineKind, DebtType); 6] = [
    (LineKind::Supply, DebtType::Active),
    (LineKind::Transmission, DebtType::Active),
    (LineKind::ReactiveConsumed, DebtType::Reactive),
    (LineKind::LimitConsumption, DebtType::LimitConsumption),
    (LineKind::Distribution, DebtType::Distribution),
    (LineKind::Penalty, DebtType::Penalty),
];

fn operators() -> BTreeSet<DebtType> {
    OPERATOR_DEBTS.into()
}

/// A bill of these amounts by kind, its VAT once, and by debt with the rest for the last (R-VAT-1).
fn bill(amounts: &[(usize, i64)]) -> Bill {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let line = |(kind, net): &(usize, i64)| {
        let (kind, debt) = KINDS[*kind];
        BillLine::of_sum(kind, debt, (day("2026-10-01"), day("2026-11-01")), Kopiykas(*net))
    };
    let lines: Vec<BillLine> = amounts.iter().map(line).collect();
    let vat_of = |base: Kopiykas| Kopiykas::from_hryvnias(base.hryvnias() * Decimal::new(2, 1)).unwrap();
    let base = |debt: Option<DebtType>| -> Kopiykas {
        let own = lines.iter().filter(|line| line.vatable && debt.is_none_or(|debt| line.debt == debt));
        own.map(|line| line.net).sum()
    };
    let (net, vat) = (lines.iter().map(|line| line.net).sum::<Kopiykas>(), vat_of(base(None)));
    let last = lines.iter().filter(|line| line.vatable).map(|line| line.debt).max();
    let (mut charges, mut left) = (Vec::new(), vat);
    for debt in DebtType::ALL.iter().filter(|debt| lines.iter().any(|line| line.debt == **debt)) {
        let net: Kopiykas = lines.iter().filter(|line| line.debt == *debt).map(|line| line.net).sum();
        let own = if last == Some(*debt) { left } else { vat_of(base(Some(*debt))) };
        left = left - own;
        charges.push(DebtCharge { debt: *debt, net, vat: own, total: net + own });
    }
    Bill {
        contract: ContractNumber::parse("270000017").unwrap(),
        period: Period::parse("2026-10").unwrap(),
        rows: Vec::new(),
        losses: Vec::new(),
        fed: Vec::new(),
        volumes: Vec::new(),
        lines,
        reactive: Vec::new(),
        zone_comparison: None,
        net,
        vat_rate: 20.into(),
        vat,
        total: net + vat,
        charges,
        correction: None,
        trace: Vec::new(),
    }
}

fn document(issuer: IssuerRole, running: u32, bill: Bill) -> BilledPart {
    let number = InvoiceNumber { series: issuer.to_string(), year: 2026, running };
    BilledPart { issuer, billed: Billed { number, issued_on: "2026-11-02".parse().unwrap(), bill } }
}

fn sums(bill: &Bill) -> [i64; 3] {
    [bill.net.0, bill.vat.0, bill.total.0]
}

fn added<'a>(bills: impl Iterator<Item = &'a Bill>) -> [i64; 3] {
    bills.map(sums).fold([0; 3], |sum, one| std::array::from_fn(|at| sum[at] + one[at]))
}

/// Lines told apart by all there is to them.
fn sorted<'a>(lines: impl Iterator<Item = &'a BillLine>) -> Vec<String> {
    let mut all: Vec<String> = lines.map(|line| format!("{line:?}")).collect();
    all.sort();
    all
}

proptest! {
    #[test]
    fn parts_add_up_to_the_whole_and_each_line_is_in_exactly_one(
        amounts in proptest::collection::vec((0_usize..6, -50_000_i64..500_000), 0..12),
    ) {
        let whole = bill(&amounts);
        let parts = split(&whole, &operators());
        prop_assert_eq!(added(parts.iter().map(|part| &part.bill)), sums(&whole));
        prop_assert_eq!(sorted(parts.iter().flat_map(|part| &part.bill.lines)), sorted(whole.lines.iter()));
        let charges: usize = parts.iter().map(|part| part.bill.charges.len()).sum();
        prop_assert_eq!(charges, whole.charges.len());
        for part in &parts {
            let own = |debt: DebtType| OPERATOR_DEBTS.contains(&debt) == (part.issuer == IssuerRole::Operator);
            prop_assert!(part.bill.lines.iter().all(|line| own(line.debt)));
            let charged: Kopiykas = part.bill.charges.iter().map(|charge| charge.total).sum();
            prop_assert_eq!((charged, part.bill.net + part.bill.vat), (part.bill.total, part.bill.total));
        }
        let issuers: BTreeSet<_> = parts.iter().map(|part| part.issuer).collect();
        prop_assert_eq!(issuers.len(), parts.len());
        // Without an operator, or without a line of it, there is one document: the whole.
        let one = vec![Part { issuer: IssuerRole::Supplier, bill: whole.clone() }];
        prop_assert_eq!(split(&whole, &BTreeSet::new()), one.clone());
        if !whole.lines.iter().any(|line| OPERATOR_DEBTS.contains(&line.debt)) {
            prop_assert_eq!(parts, one);
        }
    }

    #[test]
    fn corrections_by_issuer_add_up_to_the_correction_of_the_whole(
        first in proptest::collection::vec((0_usize..6, 0_i64..500_000), 0..8),
        second in proptest::collection::vec((0_usize..6, 0_i64..500_000), 0..8),
        third in proptest::collection::vec((0_usize..6, 0_i64..500_000), 0..8),
    ) {
        let mut documents: Vec<BilledPart> = Vec::new();
        for (round, amounts) in (1..).zip([first, second, third]) {
            let rerated = bill(&amounts);
            let parts = if documents.is_empty() {
                split(&rerated, &operators())
            } else {
                let billed: Vec<Billed> = documents.iter().map(|document| document.billed.clone()).collect();
                match (correct_parts(&documents, &rerated, &operators(), "why"), correct(&billed, rerated.clone(), "why")) {
                    (Ok(parts), Ok(whole)) => {
                        prop_assert_eq!(added(parts.iter().map(|part| &part.bill)), sums(&whole));
                        prop_assert_eq!(sorted(parts.iter().flat_map(|part| &part.bill.lines)), sorted(whole.lines.iter()));
                        parts
                    }
                    (Err(one), Err(other)) => {
                        prop_assert_eq!((one.code, other.code), (Code::NothingToCorrect, Code::NothingToCorrect));
                        continue;
                    }
                    (parts, whole) => return Err(TestCaseError::fail(format!("{parts:?} {whole:?}"))),
                }
            };
            for part in parts {
                if let Some(correction) = &part.bill.correction {
                    let own = || documents.iter().filter(|document| document.issuer == part.issuer);
                    let so_far: Kopiykas = own().map(|document| document.billed.bill.total).sum();
                    prop_assert_eq!(correction.billed_total, so_far);
                    let original = own().next().or(documents.first()).map(|document| document.billed.number.clone());
                    prop_assert_eq!(Some(correction.original.clone()), original);
                }
                documents.push(document(part.issuer, round, part.bill));
            }
            // All documents of the period come to what it comes to now.
            prop_assert_eq!(added(documents.iter().map(|document| &document.billed.bill)), sums(&rerated));
        }
    }
}

#[test]
fn a_debt_that_the_supplier_billed_is_corrected_by_the_supplier() {
    // Billed before this house issued the operator's documents.
    let first = bill(&[(0, 100_000), (2, 3_333)]);
    let documents = [document(IssuerRole::Supplier, 1, first)];
    let parts = correct_parts(&documents, &bill(&[(0, 90_000), (2, 5_555)]), &operators(), "why").unwrap();
    assert_eq!(parts.iter().map(|part| (part.issuer, part.bill.lines.len())).collect::<Vec<_>>(), [(IssuerRole::Supplier, 4)]);
    // What was never billed is its issuer's, and corrects the document that lacked it.
    let documents = [document(IssuerRole::Supplier, 1, bill(&[(0, 100_000)]))];
    let parts = correct_parts(&documents, &bill(&[(0, 100_000), (2, 5_555)]), &operators(), "why").unwrap();
    let [Part { issuer: IssuerRole::Operator, bill: added }] = &parts[..] else { panic!("{parts:?}") };
    let correction = added.correction.as_ref().unwrap();
    assert_eq!((correction.original.running, correction.billed_total, added.total), (1, Kopiykas::ZERO, Kopiykas(6_666)));
}

#[test]
fn a_bill_whose_charges_do_not_come_to_its_sums_stays_whole() {
    let mut old = bill(&[(0, 100_000), (2, 3_333)]);
    old.charges.clear();
    assert_eq!(split(&old, &operators()), [Part { issuer: IssuerRole::Supplier, bill: old.clone() }]);
    let only = bill(&[(2, 3_333)]);
    assert_eq!(split(&only, &operators()), [Part { issuer: IssuerRole::Operator, bill: only.clone() }]);
}
