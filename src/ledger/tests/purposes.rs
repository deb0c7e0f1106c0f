//! What purposes of payment say, and whose a payment is: R-PAY-4.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where its ground is wrong")]

mod common;

use std::collections::BTreeSet;

use common::{contract, day, number, period};
use oblik_domain::Decimal;
use oblik_domain::account::{Account, SelfBilling};
use oblik_domain::bill::{Bill, DebtCharge};
use oblik_domain::ids::{ContractNumber, Edrpou, Iban};
use oblik_domain::invoice::{Invoice, InvoiceNumber, IssuerRole, Seller};
use oblik_domain::ledger::{DebtType, PaymentIntent};
use oblik_domain::money::Kopiykas;
use oblik_ledger::{KnownInvoice, Placed, Stated, Why, place, read_purpose};
use proptest::prelude::*;

fn read(text: &str) -> Stated {
    read_purpose(text, day("2026-11-20"))
}

#[test]
fn debt_types_are_known_by_their_words() {
    use DebtType::*;
    let table: &[(&str, &[DebtType])] = &[
        ("За активну електроенергію", &[Active]),
        ("ЗА АКТИВНУ Е/Е", &[Active]),
        ("за aктивнy eнepгiю", &[Active]),
        ("за активную электроэнергию", &[Active]),
        ("За реактивну енергію", &[Reactive]),
        ("перетікання РЕАКТИВНОЇ", &[Reactive]),
        ("реактивная энергия", &[Reactive]),
        ("пеня за несвоєчасну оплату", &[Penalty]),
        ("сплата пені", &[Penalty]),
        ("оплата пени по договору", &[Penalty]),
        ("опеня", &[]),
        ("3% річних", &[AnnualInterest]),
        ("3 % годовых", &[AnnualInterest]),
        ("3 відсотки", &[AnnualInterest]),
        ("3 процента", &[AnnualInterest]),
        ("13%", &[]),
        ("0,3%", &[]),
        ("0.3 %", &[]),
        ("3 шт", &[]),
        ("ПДВ 20%", &[]),
        ("інфляційні втрати", &[Inflation]),
        ("инфляционные", &[Inflation]),
        ("за перевищення ліміту споживання", &[LimitConsumption]),
        ("за перевищення договірної потужності", &[LimitPower]),
        ("превышение мощности", &[LimitPower]),
        ("потужність", &[]),
        ("послуги з розподілу", &[Distribution]),
        ("распределение", &[Distribution]),
        ("послуги з передачі", &[Transmission]),
        ("передоплата", &[]),
        ("транзит", &[Transit]),
        ("активна та реактивна", &[Active, Reactive]),
        ("за електроенергію", &[]),
    ];
    for (text, debts) in table {
        assert_eq!(read(text).debts, debts.iter().copied().collect::<BTreeSet<_>>(), "{text}");
    }
}

#[test]
fn periods_are_known_by_figures_and_by_names_in_every_case() {
    let table: &[(&str, &[&str])] = &[
        ("за 10.2026", &["2026-10"]),
        ("за 10/2026р.", &["2026-10"]),
        ("за 9-2026", &["2026-09"]),
        ("за 2026-10.", &["2026-10"]),
        ("за 2026–10", &["2026-10"]),
        ("за 00.2026", &[]),
        ("за 13.2026", &[]),
        ("за 12.2026", &["2026-12"]),
        ("за 10.1999", &[]),
        ("за 10.2200", &[]),
        ("від 05.11.2026", &[]),
        ("від 5.11.26", &[]),
        ("від 2026-11-05", &[]),
        ("рахунок № 10/2026", &[]),
        ("дог. 10/2026", &[]),
        ("за жовтень 2026 року", &["2026-10"]),
        ("за ЖОВТЕНЬ, 2026", &["2026-10"]),
        ("у жовтні 2026", &["2026-10"]),
        ("жовтня 2025р.", &["2025-10"]),
        ("за май 2026", &["2026-05"]),
        ("за октябрь 2026 года", &["2026-10"]),
        ("5 листопада 2026 року", &[]),
        // Without a year, as of 20 November 2026: ten months back and one ahead.
        ("за жовтень", &["2026-10"]),
        ("за листопад", &["2026-11"]),
        ("за грудень", &["2026-12"]),
        ("за січень", &["2026-01"]),
        ("за жовтень 26", &["2026-10"]),
        ("за вересень-жовтень 2026", &["2026-09", "2026-10"]),
        ("має бути", &[]),
        ("лист 12", &[]),
    ];
    for (text, periods) in table {
        assert_eq!(read(text).periods, periods.iter().map(|one| period(one)).collect::<BTreeSet<_>>(), "{text}");
    }
    for (index, name) in [
        "січня",
        "лютого",
        "березня",
        "квітня",
        "травня",
        "червня",
        "липня",
        "серпня",
        "вересня",
        "жовтня",
        "листопада",
        "грудня",
    ]
    .iter()
    .enumerate()
    {
        let expected = oblik_domain::period::Period::new(2026, u8::try_from(index + 1).unwrap()).unwrap();
        assert_eq!(read(&format!("протягом {name} 2026")).periods, BTreeSet::from([expected]), "{name}");
    }
    assert_eq!(read_purpose("за грудень", day("2026-10-31")).periods, BTreeSet::from([period("2025-12")]));
}

#[test]
fn contracts_and_invoices_are_known_by_their_form() {
    let contracts: &[(&str, &[&str])] = &[
        ("дог. 270000017", &["270000017"]),
        ("дог270000017, ", &["270000017"]),
        ("договір №270000017/від 01.01.2020", &["270000017"]),
        ("270000017 і 270000018, ще раз 270000017", &["270000017", "270000018"]),
        ("280000017", &[]),
        ("27000001", &[]),
        ("2700000170", &[]),
        ("UA272700000170000000000000000", &[]),
        ("сума 270000017,50 грн", &[]),
        ("сума 270000017.50", &[]),
        ("дог. 270000017.", &["270000017"]),
    ];
    for (text, numbers) in contracts {
        let expected: BTreeSet<_> = numbers.iter().map(|one| ContractNumber::parse(one).unwrap()).collect();
        assert_eq!(read(text).contracts, expected, "{text}");
    }
    let of = |series: &str, year, running| InvoiceNumber { series: series.to_owned(), year, running };
    let invoices = [
        ("рах. № ОЕ-2026-000001 від 05.11.2026", Some(of("ОЕ", 2026, 1))),
        ("рах.№ОЕ-А2-2026-000012", Some(of("ОЕ-А2", 2026, 12))),
        ("рахунок 2026-1234567", Some(of("", 2026, 1_234_567))),
        ("№2026-000003,", Some(of("", 2026, 3))),
        ("2026-00003", None),
        ("1999-000003", None),
        ("2200-000003", None),
        ("2026-99999999999", None),
    ];
    for (text, expected) in invoices {
        let found = read(text);
        assert_eq!(found.invoices, expected.into_iter().collect(), "{text}");
        assert_eq!(found.periods, BTreeSet::new(), "{text}");
    }
}

fn invoice(series: &str) -> Invoice {
    let edrpou = Edrpou::parse("00131512").unwrap();
    Invoice {
        number: InvoiceNumber { series: series.to_owned(), year: 2026, running: 42 },
        issued_on: day("2026-11-05"),
        due_on: day("2026-11-25"),
        seller: Seller {
            name: String::new(),
            edrpou: edrpou.clone(),
            vat_number: String::new(),
            address: String::new(),
            iban: Iban::parse("UA213223130000026007233566001").unwrap(),
            bank: String::new(),
            phone: String::new(),
            email: String::new(),
            licence: String::new(),
        },
        buyer: Account {
            contract: contract(),
            contract_date: day("2020-01-01"),
            name: String::new(),
            edrpou,
            vat_number: String::new(),
            address: String::new(),
            emails: Vec::new(),
            product: String::new(),
            self_billing: SelfBilling::Allowed,
            branch: None,
            terms: Vec::new(),
            limits: Vec::new(),
        },
        points: Vec::new(),
        bill: Bill {
            contract: contract(),
            period: period("2026-10"),
            rows: Vec::new(),
            losses: Vec::new(),
            fed: Vec::new(),
            volumes: Vec::new(),
            lines: Vec::new(),
            reactive: Vec::new(),
            zone_comparison: None,
            net: Kopiykas(27_000_001_700),
            vat_rate: Decimal::from(20),
            vat: Kopiykas(27_000_001_750),
            total: Kopiykas(1),
            charges: Vec::new(),
            correction: None,
            trace: Vec::new(),
        },
        issuer: oblik_domain::invoice::IssuerRole::Supplier,
        prepaid: Kopiykas::ZERO,
        history: Vec::new(),
        standing: None,
    }
}

#[test]
fn the_purpose_our_own_invoice_asks_for_reads_back() {
    for series in ["", "ОЕ", "OE", "Р-7"] {
        let invoice = invoice(series);
        let expected = Stated {
            contracts: BTreeSet::from([contract()]),
            invoices: BTreeSet::from([invoice.number.clone()]),
            debts: BTreeSet::from([DebtType::Active]),
            periods: BTreeSet::from([period("2026-10")]),
        };
        assert_eq!(read(&invoice.payment_purpose()), expected, "{}", invoice.payment_purpose());
    }
}

#[test]
fn every_issuers_purpose_reads_back_as_what_its_invoice_charges() {
    let charge = |debt, total| DebtCharge { debt, net: Kopiykas(total), vat: Kopiykas::ZERO, total: Kopiykas(total) };
    let purpose = |issuer, charges: &[(DebtType, i64)]| {
        let mut invoice = Invoice { issuer, ..invoice("ОЕ") };
        invoice.bill.charges = charges.iter().map(|(debt, total)| charge(*debt, *total)).collect();
        let stated = read(&invoice.payment_purpose());
        assert_eq!(stated.contracts, BTreeSet::from([contract()]), "{}", invoice.payment_purpose());
        assert_eq!(stated.invoices, BTreeSet::from([invoice.number.clone()]), "{}", invoice.payment_purpose());
        assert_eq!(stated.periods, BTreeSet::from([period("2026-10")]), "{}", invoice.payment_purpose());
        stated.debts.into_iter().collect::<Vec<_>>()
    };
    // One type of debt is named, whichever it is; a payment for it pays its part first and the rest of the invoice then.
    for debt in DebtType::ALL {
        let named = if matches!(debt, DebtType::Services | DebtType::Advance) { vec![] } else { vec![*debt] };
        for issuer in [IssuerRole::Supplier, IssuerRole::Operator] {
            assert_eq!(purpose(issuer, &[(*debt, 100)]), named, "{debt} of the {issuer}");
        }
    }
    let several = [(DebtType::Reactive, 100), (DebtType::Distribution, 200)];
    assert_eq!(purpose(IssuerRole::Operator, &several), []);
    assert_eq!(purpose(IssuerRole::Supplier, &[(DebtType::Penalty, 100), (DebtType::Inflation, 1)]), []);
    assert_eq!(purpose(IssuerRole::Supplier, &[(DebtType::Active, 100), (DebtType::Penalty, 1)]), [DebtType::Active]);
    // What takes off is not paid for.
    assert_eq!(purpose(IssuerRole::Operator, &[(DebtType::Reactive, -1), (DebtType::Distribution, 2)]), [DebtType::Distribution]);
}

#[test]
fn a_purpose_names_the_vat_of_what_is_asked_for() {
    let purpose = |vat: i64, total: i64, prepaid: i64| {
        let mut invoice = invoice("ОЕ");
        (invoice.bill.vat, invoice.bill.total, invoice.prepaid) = (Kopiykas(vat), Kopiykas(total), Kopiykas(prepaid));
        invoice
            .payment_purpose()
            .split_once("2026, ")
            .unwrap()
            .1
            .split_once(", ")
            .unwrap()
            .1
            .split_once(", ")
            .unwrap()
            .1
            .to_owned()
    };
    assert_eq!(purpose(20_000, 120_000, 0), "у т.ч. ПДВ 20% 200,00 грн");
    assert_eq!(purpose(20_000, 120_000, 60_000), "у т.ч. ПДВ 20% 100,00 грн");
    // Half a kopiyka is one; what is left of a tax that is none is none.
    assert_eq!(purpose(20_000, 120_000, 119_997), "у т.ч. ПДВ 20% 0,01 грн");
    assert_eq!(purpose(20_000, 120_000, 119_998), "без ПДВ");
    assert_eq!(purpose(0, 5_000, 0), "без ПДВ");
    assert_eq!(
        purpose(i64::MAX / 6, i64::MAX, 1),
        format!("у т.ч. ПДВ 20% {} грн", Kopiykas(i64::MAX / 6).to_string().replace('.', ","))
    );
}

fn other() -> ContractNumber {
    ContractNumber::parse("270000018").unwrap()
}

/// A purpose, our invoices it names, and what it is for, or why nobody can say with how many candidates.
type Case<'a> = (&'a str, &'a [KnownInvoice], Result<PaymentIntent, (Why, usize)>);

#[test]
fn what_contradicts_itself_is_not_guessed() {
    let ours = |contract: ContractNumber| KnownInvoice { number: number(42), contract, period: period("2026-10") };
    let table: &[Case<'_>] = &[
        ("дог. 270000017", &[], Ok(PaymentIntent::default())),
        ("за активну за 10.2026, дог. 270000017", &[], Ok(common::of_period(Some(DebtType::Active), "2026-10"))),
        ("рах. ОЕ-2026-000042", &[ours(contract())], Ok(common::of_invoice(None, 42))),
        ("дог. 270000017 рах. oe-2026-000042", &[ours(contract())], Ok(common::of_invoice(None, 42))),
        // An invoice that is not ours says nothing.
        ("дог. 270000017 рах. 2026-000099", &[], Ok(PaymentIntent::default())),
        ("за електроенергію", &[], Err((Why::NoContract, 2))),
        ("рах. 2026-000099", &[], Err((Why::NoContract, 2))),
        ("дог. 279999999", &[], Err((Why::UnknownContract, 2))),
        ("дог. 270000017 та 270000018", &[], Err((Why::SeveralContracts, 2))),
        ("дог. 270000017, активна і пеня", &[], Err((Why::SeveralDebts, 1))),
        ("дог. 270000017 за 09.2026 і 10.2026", &[], Err((Why::SeveralPeriods, 1))),
        ("дог. 270000017 рах. 2026-000001, 2026-000002", &[], Err((Why::SeveralInvoices, 1))),
        ("дог. 270000017 рах. ОЕ-2026-000042", &[ours(other())], Err((Why::OtherAccount, 2))),
        ("рах. ОЕ-2026-000042 за 09.2026", &[ours(contract())], Err((Why::OtherPeriod, 1))),
    ];
    let accounts = BTreeSet::from([contract(), other()]);
    let of_payer = [contract(), other()];
    for (text, invoices, expected) in table {
        let stated = read(text);
        let named: BTreeSet<_> = stated.contracts.intersection(&accounts).cloned().collect();
        match (place(&stated, &named, invoices, &of_payer), expected) {
            (Placed::Assigned { contract: found, intent }, Ok(expected)) => {
                assert_eq!((found, &intent), (contract(), expected), "{text}");
            }
            (Placed::Unmatched(unmatched), Err((why, candidates))) => {
                assert_eq!((unmatched.why, unmatched.candidates.len()), (*why, *candidates), "{text}");
            }
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
}

#[test]
fn only_a_bounded_part_of_a_purpose_is_read() {
    let before = |spaces: usize| read(&format!("{}270000017", "п".repeat(spaces))).contracts.len();
    assert_eq!((before(991), before(992)), (1, 0));
    assert_eq!(read(&"1.".repeat(5_000_000)), Stated::default());
}

proptest! {
    #[test]
    fn random_purposes_never_panic(text in "[а-яіїєa-z0-9 .,/№%-]{0,200}|.{0,200}") {
        let _ = read(&text);
    }
}
