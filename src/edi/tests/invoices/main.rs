//! Invoices in UBL judged by CEN's rules of EN 16931, by the schemas of UBL 2.1 and by arithmetic that is not ours.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::arithmetic_side_effects,
    reason = "a fault in a test may panic"
)]

mod judge;
mod made;

use judge::{judged, schema_faults};
use made::{WORDS, bill, cases, invoice, line, line_of, sum_of};
use oblik_domain::Decimal;
use oblik_domain::bill::LineKind;
use oblik_domain::invoice::Invoice;
use oblik_domain::money::Kopiykas;
use oblik_edi::write_invoice;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::Value;

fn written(cases: &[(String, Invoice)]) -> Vec<(String, Vec<u8>)> {
    cases.iter().map(|(name, invoice)| (name.clone(), write_invoice(invoice, &WORDS))).collect()
}

fn all() -> Vec<(String, Invoice)> {
    cases().into_iter().map(|(name, invoice)| (name.to_owned(), invoice)).collect()
}

fn said<'v>(judged: &'v [Value], cases: &[(String, Invoice)], name: &str) -> &'v Value {
    &judged[cases.iter().position(|(known, _)| known == name).unwrap()]
}

fn texts(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect()
}

#[test]
fn every_kind_of_invoice_keeps_the_rules_of_en_16931() {
    let cases = all();
    let Some(judged) = judged(&written(&cases)) else { return };
    for ((name, invoice), said) in cases.iter().zip(&judged) {
        assert_eq!(texts(&said["broken"]), Vec::<&str>::new(), "{name}");
        assert_eq!(texts(&said["wrong"]), Vec::<&str>::new(), "{name}");
        assert!(said["fired"].as_u64().unwrap() > 15, "{name}: {}", said["fired"]);
        figures_are_the_bills(name, invoice, said);
    }
}

/// Another program reads the figures of the bill out of the file.
fn figures_are_the_bills(name: &str, invoice: &Invoice, said: &Value) {
    let bill = &invoice.bill;
    let is_credit = bill.total < Kopiykas::ZERO;
    let sign = if is_credit { -1 } else { 1 };
    let amount = |value: Kopiykas| Kopiykas(value.0 * sign).to_string();
    assert_eq!(said["root"], if is_credit { "CreditNote" } else { "Invoice" }, "{name}");
    let code = if is_credit {
        "381"
    } else if bill.correction.is_some() {
        "383"
    } else {
        "380"
    };
    assert_eq!((&said["type"], &said["currency"]), (&code.into(), &"UAH".into()), "{name}");
    assert_eq!(said["total"]["TaxExclusiveAmount"], amount(bill.net), "{name}");
    assert_eq!(said["vat"], amount(bill.vat), "{name}");
    assert_eq!(said["total"]["TaxInclusiveAmount"], amount(bill.total), "{name}");
    assert_eq!(said["total"]["PayableAmount"], amount(invoice.payable()), "{name}");
    assert_eq!(said["issued"], "2026-11-04", "{name}");
    assert_eq!(said["period"], serde_json::json!(["2026-10-01", "2026-10-31"]), "{name}");
    assert_eq!(said["contract"], "270000017", "{name}");
    let nets: Vec<&str> = said["lines"].as_array().unwrap().iter().map(|line| line["net"].as_str().unwrap()).collect();
    let mut wanted: Vec<String> = bill.lines.iter().map(|line| amount(line.net)).collect();
    wanted.resize(nets.len(), "0.00".to_owned());
    assert_eq!(nets, wanted, "{name}");
    let is_paid = invoice.payable() > Kopiykas::ZERO;
    assert_eq!(said["iban"].as_str(), is_paid.then_some("UA213223130000026007233566001"), "{name}");
    assert_eq!(said["due"].as_str(), (!is_credit).then_some("2026-11-20"), "{name}");
    assert_eq!(said["party"]["supplier"]["vat"], "UA412345626014", "{name}");
    assert_eq!(said["party"]["supplier"]["registration"], "41234567", "{name}");
    assert_eq!(said["party"]["customer"]["registration"], "38823282", "{name}");
}

#[test]
fn every_kind_of_invoice_is_valid_ubl() {
    let Some(faults) = schema_faults(&written(&all())) else { return };
    assert_eq!(faults, Vec::<String>::new());
}

#[test]
fn what_is_wrong_is_refused_by_the_judges() {
    let plain = &cases()[0].1;
    let xml = String::from_utf8(write_invoice(plain, &WORDS)).unwrap();
    let sanctions = String::from_utf8(write_invoice(&cases()[3].1, &WORDS)).unwrap();
    let total = format!("<cbc:TaxInclusiveAmount currencyID=\"UAH\">{}<", plain.bill.total);
    let wrong_total = total.replace(&plain.bill.total.to_string(), "1.00");
    let exempt = "        <cbc:TaxExemptionReason>не є базою ПДВ</cbc:TaxExemptionReason>\n";
    let broken = [
        ("BR-CO-15", xml.replace(&total, &wrong_total)),
        ("BR-CO-10", xml.replacen(&plain.bill.lines[0].net.to_string(), "1.00", 1)),
        ("BR-S-02", xml.replacen("cac:PartyTaxScheme", "cac:PartyXScheme", 2)),
        ("BR-CO-09", xml.replace(">UA41", ">41")),
        ("BR-CL-23", xml.replace("\"KWH\"", "\"КВТ\"")),
        ("BR-E-10", sanctions.replace(exempt, "")),
    ];
    let files: Vec<_> = broken.iter().map(|(rule, xml)| ((*rule).to_owned(), xml.clone().into_bytes())).collect();
    for ((rule, file), was) in files.iter().zip([&xml, &xml, &xml, &xml, &xml, &sanctions]) {
        assert_ne!(file, was.as_bytes(), "{rule}");
    }
    if let Some(judged) = judged(&files) {
        for ((rule, _), said) in files.iter().zip(&judged) {
            assert!(texts(&said["broken"]).iter().any(|told| told.starts_with(rule)), "{rule}: {}", said["broken"]);
        }
    }
    let out_of_order = xml.replace("cbc:IssueDate", "cbc:TaxPointDate");
    if let Some(faults) = schema_faults(&[("out of order".to_owned(), out_of_order.into_bytes())]) {
        assert!(!faults.is_empty());
    }
}

#[test]
fn what_takes_money_off_is_a_credit_note_that_names_what_it_corrects() {
    let cases = all();
    let Some(judged) = judged(&written(&cases)) else { return };
    let down = said(&judged, &cases, "correction down");
    assert_eq!((&down["corrects"], &down["note"]), (&"ОЕ-2026-000017".into(), &"помилкове показання".into()));
    let (lines, quantity) = (&down["lines"], |at: usize| down["lines"][at]["quantity"].as_str().unwrap().to_owned());
    assert_eq!((quantity(0), quantity(1), quantity(2)), ("12458".to_owned(), "-2458".to_owned(), "-1".to_owned()));
    assert_eq!((&lines[2]["net"], &lines[2]["price"], &lines[2]["unit"]), (&"-0.50".into(), &"0.50".into(), &"C62".into()));
    // The readings stand where energy is charged, not where it is taken back.
    assert_eq!(lines[0]["attributes"].as_array().unwrap().len() + 4, lines[1]["attributes"].as_array().unwrap().len());
    assert_eq!(down["means"], Value::Null);
    let up = said(&judged, &cases, "correction up");
    assert_eq!((&up["corrects"], &up["means"]), (&"ОЕ-2026-000017".into(), &"30".into()));
    assert_eq!(said(&judged, &cases, "true-up below zero")["corrects"], Value::Null);
}

#[test]
fn a_line_says_its_point_days_price_and_readings() {
    let cases = all();
    let Some(judged) = judged(&written(&cases)) else { return };
    let plain = said(&judged, &cases, "plain");
    assert_eq!((&plain["object"], &plain["lines"][0]["point"]), (&made::eic(0).as_str().into(), &Value::Null));
    assert_eq!(plain["purpose"], invoice(1, cases[0].1.bill.clone()).payment_purpose());
    let first = &plain["lines"][0];
    assert_eq!((&first["quantity"], &first["unit"], &first["price"]), (&"12458".into(), &"KWH".into(), &"6.39425".into()));
    assert_eq!((&first["from"], &first["last"]), (&"2026-10-01".into(), &"2026-10-31".into()));
    let register = "Лічильник 01234567, active-import total, 2026-10-01 – 2026-11-01";
    let wanted = serde_json::json!([
        ["Точка", "Цех № 0"],
        ["Клас", "2"],
        ["Зона", "total"],
        [format!("{register}: початкове"), "12345.6"],
        [format!("{register}: кінцеве"), "12657.06"],
        [format!("{register}: коефіцієнт"), "40"],
        [format!("{register}: обсяг"), "12458"],
    ]);
    assert_eq!(first["attributes"], wanted);
    assert_eq!(plain["lines"][1]["attributes"].as_array().unwrap().len(), 3);

    let several = said(&judged, &cases, "several points");
    assert_eq!(several["object"], Value::Null);
    assert_eq!(several["lines"][1]["point"], made::eic(1).as_str());
    assert_eq!(several["lines"][2]["point"], Value::Null);

    let zones = said(&judged, &cases, "zones");
    for line in zones["lines"].as_array().unwrap() {
        assert_eq!(line["attributes"].as_array().unwrap().len(), 7, "{line}");
    }
    let reactive = &said(&judged, &cases, "reactive")["lines"];
    // 6.39425 × 0.0321
    assert_eq!((&reactive[2]["unit"], &reactive[2]["price"]), (&"K3".into(), &"0.205255425".into()));
    assert!(reactive[2]["attributes"].as_array().unwrap().contains(&serde_json::json!(["Множник", "0.0321"])));
    assert!(reactive[2]["attributes"].as_array().unwrap().contains(&serde_json::json!(["Тариф", "6.39425"])));
    assert_eq!((&reactive[4]["quantity"], &reactive[4]["net"]), (&"-1".into(), &"-5.00".into()));
    let parts = &said(&judged, &cases, "rounded in parts")["lines"][0];
    assert_eq!((&parts["price"], &parts["base"]), (&"79659.54".into(), &"12458".into()));
    let sanctions = said(&judged, &cases, "sanctions");
    assert_eq!(sanctions["categories"], serde_json::json!(["S", "E"]));
    assert_eq!(sanctions["lines"][4]["unit"], "KWT");
}

#[test]
fn strangers_texts_are_only_texts() {
    let cases = all();
    let hostile = &cases.iter().find(|(name, _)| name == "hostile").unwrap().1;
    let xml = write_invoice(hostile, &WORDS);
    assert_eq!(xml, write_invoice(hostile, &WORDS));
    let Some(judged) = judged(&[("hostile".to_owned(), xml)]) else { return };
    assert_eq!(judged[0]["party"]["customer"]["name"], "<b>&amp; [2J]]> \u{202e}\"' ТОВ 💡");
    assert_eq!(judged[0]["party"]["supplier"]["name"], "-");
    assert_eq!(judged[0]["number"], "<!---2026-000042");
}

/// Lines of all kinds with quantities, prices and factors of any size, and sums rounded in parts.
fn random_bill() -> impl Strategy<Value = oblik_domain::bill::Bill> {
    let kind = prop::sample::select(LineKind::ALL);
    let line = (kind, -2_000_000_i64..40_000_000, 0_i64..1_500_000, prop::option::of(1_i64..20_000), -3_i64..4, 0..10_u8)
        .prop_map(|(kind, quantity, price, factor, off, how)| match how {
            0 => sum_of(kind, Kopiykas(quantity)),
            1 => sum_of(kind, Kopiykas(-quantity)),
            _ => {
                let factor = factor.map(|factor| Decimal::new(factor, 4));
                let mut line = line_of(kind, quantity, Decimal::new(price, 5), factor);
                if how == 2 {
                    line.net = line.net + Kopiykas(off);
                }
                line.vatable = kind.carries_vat();
                line
            }
        });
    (prop::collection::vec(line, 1..12), prop::sample::select(&[20_i64, 7, 14, 0][..]))
        .prop_map(|(lines, rate)| bill(lines, rate))
}

#[test]
fn random_bills_keep_the_rules_and_add_up_to_the_kopiyka() {
    let mut runner = TestRunner::deterministic();
    let cases: Vec<_> = (0..400)
        .map(|index| (format!("random {index}"), invoice(index % 3, random_bill().new_tree(&mut runner).unwrap().current())))
        .collect();
    let files = written(&cases);
    if let Some(faults) = schema_faults(&files) {
        assert_eq!(faults, Vec::<String>::new());
    }
    let Some(judged) = judged(&files) else { return };
    for ((name, invoice), said) in cases.iter().zip(&judged) {
        let shown = || format!("{name}: {:#?}", invoice.bill.lines);
        assert_eq!(texts(&said["broken"]), Vec::<&str>::new(), "{}", shown());
        assert_eq!(texts(&said["wrong"]), Vec::<&str>::new(), "{}", shown());
        figures_are_the_bills(name, invoice, said);
    }
}

#[test]
fn three_hundred_meters_are_written_in_time_and_grow_with_the_meters() {
    use oblik_domain::bill::BillLine;
    use oblik_domain::metering::{EnergyKind, Zone};
    let of = |meters: usize| {
        let lines = (0..meters).flat_map(|at| {
            [LineKind::Supply, LineKind::Transmission, LineKind::Distribution]
                .map(|kind| BillLine { point: Some(made::eic(at)), ..line(kind, 1_000, "6.39425") })
        });
        let mut bill = bill(lines.collect(), 20);
        bill.rows = (0..meters).map(|at| made::row(at, EnergyKind::ActiveImport, Zone::Total)).collect();
        invoice(meters, bill)
    };
    let (three, many) = (of(3), of(300));
    let began = std::time::Instant::now();
    let xml = write_invoice(&many, &WORDS);
    println!("300 meters: {} bytes in {:?}", xml.len(), began.elapsed());
    let small = write_invoice(&three, &WORDS);
    let began = std::time::Instant::now();
    for _ in 0..100 {
        write_invoice(&three, &WORDS);
    }
    println!("3 meters: {} bytes in {:?}", small.len(), began.elapsed() / 100);
    assert!(xml.len() < 110 * small.len(), "{} of {}", xml.len(), small.len());
    let Some(judged) = judged(&[("many".to_owned(), xml)]) else { return };
    assert_eq!((texts(&judged[0]["broken"]).len(), texts(&judged[0]["wrong"]).len()), (0, 0));
}
