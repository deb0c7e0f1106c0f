//! Penalty, annual interest and inflation, by hand and against a second implementation: R-PEN-1 to R-PEN-3.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where its ground is wrong")]

mod common;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use common::{Account, day, noon, of, period};
use oblik_domain::account::Sanctions;
use oblik_domain::bill::LineKind;
use oblik_domain::calendar::Calendar;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ledger::ChargeKind::{Opening, Planned};
use oblik_domain::ledger::DebtType::{self, Active, Penalty, Reactive};
use oblik_domain::money::Kopiykas;
use oblik_domain::{Decimal, NaiveDate};
use oblik_ledger::{Accrued, Given, SanctionInput, accrue, interval_rows};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// Name, value, the first day it holds; the last that began counts.
type Rates = Vec<(&'static str, String, NaiveDate)>;

fn look_up(rates: &Rates, name: &str, on: NaiveDate) -> Result<Given, Finding> {
    let held = rates.iter().rev().find(|(own, _, from)| *own == name && *from <= on);
    held.map(|(name, value, from)| Given { value: value.parse().unwrap(), source: format!("parameter {name} from {from}") })
        .ok_or_else(|| Finding::error(Code::ParameterMissing).with("parameter", name).with("day", on).with("reason", "missing"))
}

fn rates(more: &[(&'static str, &str, &str)]) -> Rates {
    let defaults = [
        ("nbu-rate", "15", "2020-01-01"),
        ("penalty-multiplier", "2", "2020-01-01"),
        ("penalty-cap-months", "6", "2020-01-01"),
        ("annual-interest", "3", "2020-01-01"),
        ("inflation-prorated", "0", "2020-01-01"),
    ];
    defaults.iter().chain(more).map(|(name, value, from)| (*name, (*value).to_owned(), day(from))).collect()
}

const ALL: Sanctions = Sanctions { penalty: true, annual_interest: true, inflation: true };
const PENALTY: Sanctions = Sanctions { penalty: true, annual_interest: false, inflation: false };
const INTEREST: Sanctions = Sanctions { penalty: false, annual_interest: true, inflation: false };
const INFLATION: Sanctions = Sanctions { penalty: false, annual_interest: false, inflation: true };

fn accrued(account: &Account, of: &str, sanctions: Sanctions, rates: &Rates) -> Result<Accrued, Vec<Finding>> {
    let debts = account.at("2199-01-01").debts(&Calendar::default());
    let parameters = |name: &str, on: NaiveDate| look_up(rates, name, on);
    accrue(&SanctionInput { debts: &debts, period: period(of), sanctions, parameters: &parameters })
}

/// What a month comes to, kopiykas, and the formulas.
fn month(account: &Account, of: &str, sanctions: Sanctions, rates: &Rates) -> (i64, Vec<String>) {
    let accrued = accrued(account, of, sanctions, rates).unwrap();
    let sum = accrued.lines.iter().map(|line| line.net.0).sum();
    (sum, accrued.trace.into_iter().map(|step| step.formula).collect())
}

/// A debt due on a day.
fn debt(due: &str, amount: i64) -> Account {
    let mut account = Account::default();
    account.charge("2024-01-01", "2023-12", Active, Opening, amount);
    account.charges[0].due_on = day(due);
    account
}

#[test]
fn penalty_runs_from_the_day_after_the_due_date_to_the_day_before_the_payment() {
    // Due on Friday 9 October 2026; 10 000.00 at twice 15 % is 8.2192 a day.
    let mut account = debt("2026-10-09", 1_000_000);
    assert_eq!(
        month(&account, "2026-10", PENALTY, &rates(&[])),
        (18_082, vec!["round2(10000.00 × 2 × 15 / 100 × 22 / 365)".to_owned()])
    );
    account.pay("2026-10-11", 1_000_000, of(Active));
    assert_eq!(
        month(&account, "2026-10", PENALTY, &rates(&[])),
        (822, vec!["round2(10000.00 × 2 × 15 / 100 × 1 / 365)".to_owned()])
    );
    account.payments[0].paid_on = day("2026-10-10");
    assert_eq!(month(&account, "2026-10", PENALTY, &rates(&[])), (0, vec![]));
    // Due on Saturday, payable on Monday the 12th.
    let account = debt("2026-10-10", 1_000_000);
    assert_eq!(month(&account, "2026-10", PENALTY, &rates(&[])).1, ["round2(10000.00 × 2 × 15 / 100 × 19 / 365)"]);
    assert_eq!(month(&account, "2026-09", PENALTY, &rates(&[])), (0, vec![]));
}

#[test]
fn a_change_of_debt_or_rate_begins_an_interval_and_each_is_rounded() {
    let mut account = debt("2026-09-30", 1_000_000);
    account.pay("2026-10-11", 400_000, of(Active));
    let rates = rates(&[("nbu-rate", "16.5", "2026-10-21"), ("nbu-rate", "17", "2026-11-01")]);
    let expected = [
        "round2(10000.00 × 2 × 15 / 100 × 10 / 365)",  // 82.19
        "round2(6000.00 × 2 × 15 / 100 × 10 / 365)",   // 49.32
        "round2(6000.00 × 2 × 16.5 / 100 × 11 / 365)", // 59.67
    ];
    assert_eq!(month(&account, "2026-10", PENALTY, &rates), (8_219 + 4_932 + 5_967, expected.map(str::to_owned).to_vec()));
    // 6000 × 34 % × 30 / 365 = 167.67
    assert_eq!(month(&account, "2026-11", PENALTY, &rates).0, 16_767);
}

#[test]
fn a_leap_year_has_366_days_and_a_new_year_begins_an_interval() {
    let account = debt("2027-12-10", 1_000_000);
    let debts = account.at("2199-01-01").debts(&Calendar::default());
    let rates = rates(&[]);
    let parameters = |name: &str, on: NaiveDate| look_up(&rates, name, on);
    let range = (day("2027-12-01"), day("2028-03-01"));
    let rows = interval_rows(&debts[0], LineKind::AnnualInterest, range, &parameters).unwrap();
    let told: Vec<_> = rows.iter().map(|row| (row.from.to_string(), row.to.to_string(), row.amount.0)).collect();
    // 10000 × 3 % × 21 / 365 = 17.26; × 60 / 366 = 49.18
    assert_eq!(
        told,
        [("2027-12-11".to_owned(), "2028-01-01".to_owned(), 1_726), ("2028-01-01".to_owned(), "2028-03-01".to_owned(), 4_918)]
    );
    assert_eq!(month(&account, "2028-02", INTEREST, &rates), (2_377, vec!["round2(10000.00 × 3 / 100 × 29 / 366)".to_owned()]));
}

#[test]
fn a_penalty_ends_after_six_months_and_interest_does_not() {
    // Overdue from Saturday 10 January 2026; the last day of the penalty is 9 July.
    let account = debt("2026-01-09", 1_000_000);
    assert_eq!(month(&account, "2026-06", PENALTY, &rates(&[])).1, ["round2(10000.00 × 2 × 15 / 100 × 30 / 365)"]);
    assert_eq!(month(&account, "2026-07", PENALTY, &rates(&[])).1, ["round2(10000.00 × 2 × 15 / 100 × 9 / 365)"]);
    assert_eq!(month(&account, "2026-08", PENALTY, &rates(&[])), (0, vec![]));
    assert_eq!(month(&account, "2026-08", INTEREST, &rates(&[])).1, ["round2(10000.00 × 3 / 100 × 31 / 365)"]);
    let longer = rates(&[("penalty-cap-months", "12", "2026-01-10")]);
    assert_eq!(month(&account, "2026-08", PENALTY, &longer).0, 25_479);
    // The cap is that of the first overdue day.
    let later = rates(&[("penalty-cap-months", "12", "2026-01-11")]);
    assert_eq!(month(&account, "2026-08", PENALTY, &later).0, 0);
}

#[test]
fn months_charged_one_after_another_charge_each_day_once() {
    let mut account = debt("2026-08-14", 1_000_000);
    account.pay("2026-10-07", 1_000_000, of(Active));
    let rates = rates(&[]);
    let days: i64 = ["2026-07", "2026-08", "2026-09", "2026-10", "2026-11"]
        .iter()
        .map(|of| accrued(&account, of, INTEREST, &rates).unwrap())
        .flat_map(|accrued| accrued.trace)
        .map(|step| step.subject.rsplit(' ').take(2).map(day).collect::<Vec<_>>())
        .map(|ends| (ends[0] - ends[1]).num_days())
        .sum();
    // 15 August to 6 October.
    assert_eq!(days, 17 + 30 + 6);
}

#[test]
fn sanctions_bear_no_sanctions_and_no_vat() {
    let mut account = debt("2026-09-30", 1_000_000);
    for debt in [Penalty, DebtType::AnnualInterest, DebtType::Inflation] {
        account.charge("2026-01-01", "2025-12", debt, Opening, 5_000_000);
    }
    account.charge("2026-01-01", "2026-10", Reactive, Opening, 100_000);
    let accrued = accrued(&account, "2026-10", ALL, &rates(&[("inflation-index", "101", "2026-01-01")])).unwrap();
    let told: Vec<_> =
        accrued.lines.iter().map(|line| (line.kind, line.debt, line.net.0, line.vatable, line.from, line.to)).collect();
    let (from, to) = (day("2026-10-01"), day("2026-11-01"));
    // Active 10 000 and reactive 1 000 over 31 days; January's charge ran out of penalty, and of nothing else.
    assert_eq!(
        told,
        [
            (LineKind::Penalty, Penalty, 25_479, false, from, to),
            (LineKind::AnnualInterest, DebtType::AnnualInterest, 2_548 + 255, false, from, to),
            // Reactive from 22 January: nine months on end by October, counted from February.
            (LineKind::Inflation, DebtType::Inflation, 10_000 + 1_083, false, from, to),
        ]
    );
    let none = Sanctions::default();
    assert_eq!(month(&account, "2026-10", none, &rates(&[])), (0, vec![]));
}

#[test]
fn a_step_tells_the_debt_and_its_rates_with_their_sources() {
    let mut account = Account::default();
    account.invoice("2026-09-05", "2026-08", &[(Active, 1_000_000)]);
    let accrued = accrued(&account, "2026-10", PENALTY, &rates(&[])).unwrap();
    let step = &accrued.trace[0];
    assert_eq!(
        (&*step.rule, step.subject.as_str(), step.result.as_str()),
        ("R-PEN-1", "active 2026-08 2026-10-01 2026-11-01", "254.79")
    );
    let inputs: Vec<_> = step.inputs.iter().map(|input| (&*input.name, input.value.as_str(), input.source.as_str())).collect();
    assert_eq!(
        inputs,
        [
            ("debt", "10000.00", "invoice ОЕ-2026-000001 due 2026-09-25 less payments before 2026-10-02"),
            ("penalty-multiplier", "2", "parameter penalty-multiplier from 2020-01-01"),
            ("nbu-rate", "15", "parameter nbu-rate from 2020-01-01"),
        ]
    );
}

#[test]
fn what_an_invoice_replaced_is_overdue_until_then() {
    let mut account = Account::default();
    account.charge("2026-10-01", "2026-10", Active, Planned, 1_000_000);
    account.charges[0].due_on = day("2026-10-15");
    account.invoice("2026-11-03", "2026-10", &[(Active, 1_000_000)]);
    assert_eq!(month(&account, "2026-10", INTEREST, &rates(&[])).1, ["round2(10000.00 × 3 / 100 × 16 / 365)"]);
    assert_eq!(
        month(&account, "2026-11", INTEREST, &rates(&[])).1,
        ["round2(10000.00 × 3 / 100 × 2 / 365)", "round2(10000.00 × 3 / 100 × 7 / 365)"]
    );
}

#[test]
fn missing_and_impossible_rates_are_told_once_each() {
    let account = debt("2026-09-30", 1_000_000);
    let missing = accrued(&account, "2026-10", ALL, &Vec::new()).unwrap_err();
    let told: Vec<_> = missing.iter().map(|finding| (finding.code, finding.value("parameter"), finding.value("day"))).collect();
    assert_eq!(
        told,
        [
            (Code::ParameterMissing, "penalty-cap-months", "2026-10-01"),
            (Code::ParameterMissing, "annual-interest", "2026-10-01"),
            (Code::ParameterMissing, "inflation-prorated", "2026-10-01"),
        ]
    );
    // The rate ends in mid-month: the first day without one is told.
    let mut ended = rates(&[]);
    ended.remove(0);
    let later = [("nbu-rate", "15".to_owned(), day("2026-10-05"))];
    let missing = accrued(&account, "2026-10", PENALTY, &ended.iter().cloned().chain(later).collect()).unwrap_err();
    assert_eq!((missing.len(), missing[0].value("parameter"), missing[0].value("day")), (1, "nbu-rate", "2026-10-01"));
    for (name, value) in [("nbu-rate", "-0.1"), ("penalty-multiplier", "-1"), ("penalty-cap-months", "-1")] {
        let refused = accrued(&account, "2026-10", PENALTY, &rates(&[(name, value, "2026-01-01")])).unwrap_err();
        assert_eq!((refused[0].code, refused[0].value("parameter")), (Code::ParameterUnusable, name));
    }
    let refused = accrued(&account, "2026-10", INFLATION, &rates(&[("inflation-index", "0", "2026-01-01")])).unwrap_err();
    assert_eq!(refused[0].code, Code::ParameterUnusable);
    let refused = accrued(&account, "2026-10", PENALTY, &rates(&[("nbu-rate", "79228162514264337593543950335", "2026-01-01")]));
    assert_eq!(refused.unwrap_err()[0].code, Code::OutOfRange);
    assert_eq!(month(&account, "2026-10", PENALTY, &rates(&[("nbu-rate", "0", "2026-01-01")])).0, 0);
    // Nothing is asked for where nothing is overdue.
    assert_eq!(month(&debt("2026-12-01", 1), "2026-10", ALL, &Vec::new()), (0, vec![]));
}

#[test]
fn inflation_counts_months_overdue_more_than_half() {
    let indices = rates(&[
        ("inflation-index", "101", "2026-01-01"),
        ("inflation-index", "102", "2026-02-01"),
        ("inflation-index", "100.5", "2026-03-01"),
        ("inflation-index", "99", "2026-04-01"),
        ("inflation-index", "103", "2026-05-01"),
    ]);
    let of = |account: &Account, months: &[&str]| {
        months.iter().map(|of| month(account, of, INFLATION, &indices).0).collect::<Vec<_>>()
    };
    let months = ["2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05"];
    // Whole months from January: 1000 × (1.01 × 1.02 × 1.005 − 1) = 35.35; April falls by 10.35, May rises by 30.75.
    let mut account = debt("2025-12-31", 100_000);
    assert_eq!(of(&account, &months), [0, 1_000, 2_020, 515, -1_035, 3_075]);
    let formula = month(&account, "2026-02", INFLATION, &indices).1;
    assert_eq!(formula, ["round2(1000.00 × (max(1; 1.01 × (1 + (102 / 100 − 1))) − max(1; 1.01)))"]);
    // Fifteen of January's 31 days do not count, sixteen do.
    assert_eq!(of(&debt("2026-01-16", 100_000), &["2026-01", "2026-02"]), [0, 2_000]);
    assert_eq!(of(&debt("2026-01-15", 100_000), &["2026-01", "2026-02"]), [1_000, 2_020]);
    // Fourteen of February's 28 are not more than half; 15 are.
    account.pay("2026-02-15", 40_000, common::of(Active));
    assert_eq!(of(&account, &["2026-02"]), [1_212]);
    account.payments[0].paid_on = day("2026-02-16");
    assert_eq!(of(&account, &["2026-02", "2026-03"]), [2_020, 309]);
    // Falling prices alone are not owed back.
    let fell = debt("2026-03-31", 100_000);
    assert_eq!(of(&fell, &["2026-04", "2026-05"]), [0, 1_970]);
}

#[test]
fn inflation_by_days_takes_the_share_of_the_month() {
    let indices = rates(&[
        ("inflation-prorated", "1", "2026-01-01"),
        ("inflation-index", "103.1", "2026-01-01"),
        ("inflation-index", "102.8", "2026-02-01"),
    ]);
    // Ten of 31 days: 1000 × 3.1 % × 10 / 31 = 10.00, then 1000 × 1.01 × 2.8 % = 28.28.
    let mut account = debt("2026-01-21", 100_000);
    let (sum, formula) = month(&account, "2026-01", INFLATION, &indices);
    assert_eq!(
        (sum, formula),
        (1_000, vec!["round2(1000.00 × (max(1; 1 × (1 + (103.1 / 100 − 1) × 10 / 31)) − max(1; 1)))".to_owned()])
    );
    assert_eq!(month(&account, "2026-02", INFLATION, &indices).0, 2_828);
    // Half paid after fourteen days: 1000 × 1.01 × 1.4 % = 14.14, 500 × 1.02414 × 1.4 % = 7.17.
    account.pay("2026-02-15", 50_000, common::of(Active));
    let accrued = accrued(&account, "2026-02", INFLATION, &indices).unwrap();
    let steps: Vec<_> = accrued.trace.iter().map(|step| (step.subject.as_str(), step.result.as_str())).collect();
    assert_eq!(steps, [("active 2023-12 2026-02-01 2026-02-15", "14.14"), ("active 2023-12 2026-02-15 2026-03-01", "7.17")]);
    assert_eq!(accrued.lines[0].net, Kopiykas(2_131));
}

/// One history for the second implementation.
#[derive(Debug, Clone)]
struct History {
    due: NaiveDate,
    amount: i64,
    payments: Vec<(NaiveDate, i64)>,
    rates: Vec<(NaiveDate, String)>,
    holidays: Vec<NaiveDate>,
    cap: u8,
    range: (NaiveDate, NaiveDate),
    interest: bool,
}

fn days(base: &'static str, most: u64) -> impl Strategy<Value = NaiveDate> {
    (0..most).prop_map(move |after| day(base) + chrono::Days::new(after))
}

fn history() -> impl Strategy<Value = History> {
    let payments = prop::collection::vec((days("2026-12-01", 700), 1_i64..400_000), 0..6);
    let rates = prop::collection::vec((days("2026-12-01", 700), 1_u32..5_000), 0..4);
    let holidays = prop::collection::vec(days("2027-01-01", 500), 0..20);
    let range = (days("2027-01-01", 600), 0_u64..500);
    (days("2027-01-01", 500), 1_i64..10_000_000, payments, rates, holidays, 0_u8..13, range, any::<bool>()).prop_map(
        |(due, amount, payments, rates, holidays, cap, (from, length), interest)| {
            let mut rates: Vec<_> =
                rates.into_iter().map(|(from, rate)| (from, Decimal::new(i64::from(rate), 2).to_string())).collect();
            rates.push((day("2020-01-01"), "14.5".to_owned()));
            rates.sort();
            rates.dedup_by_key(|(from, _)| *from);
            History { due, amount, payments, rates, holidays, cap, range: (from, from + chrono::Days::new(length)), interest }
        },
    )
}

fn ours(history: &History) -> String {
    let mut account = debt("2026-01-01", history.amount);
    account.charges[0].due_on = history.due;
    for (paid, amount) in &history.payments {
        account.pay(&paid.to_string(), *amount, of(Active));
    }
    let calendar = Calendar { holidays: history.holidays.iter().copied().collect() };
    let debts = account.known_at(noon("2199-01-01")).debts(&calendar);
    let cap = history.cap.to_string();
    let mut held = rates(&[("penalty-multiplier", "1.7", "2020-01-01"), ("penalty-cap-months", &cap, "2020-01-01")]);
    held.extend(history.rates.iter().map(|(from, rate)| ("nbu-rate", rate.clone(), *from)));
    let parameters = |name: &str, on: NaiveDate| look_up(&held, name, on);
    let kind = if history.interest { LineKind::AnnualInterest } else { LineKind::Penalty };
    let rows = interval_rows(&debts[0], kind, history.range, &parameters).unwrap();
    rows.iter().map(|row| row.amount.0.to_string()).collect::<Vec<_>>().join(" ")
}

fn as_json(history: &History) -> String {
    let list = |pairs: Vec<String>| format!("[{}]", pairs.join(","));
    let mut text = String::new();
    let _ = write!(
        text,
        r#"{{"due_on":"{}","amount":{},"payments":{},"rates":{},"holidays":{},"cap_months":{},"from":"{}","to":"{}","interest":{},"multiplier":"1.7"}}"#,
        history.due,
        history.amount,
        list(history.payments.iter().map(|(paid, amount)| format!(r#"["{paid}",{amount}]"#)).collect()),
        list(history.rates.iter().map(|(from, rate)| format!(r#"["{from}","{rate}"]"#)).collect()),
        list(history.holidays.iter().map(|day| format!(r#""{day}""#)).collect()),
        history.cap,
        history.range.0,
        history.range.1,
        history.interest,
    );
    text
}

/// Runs where there is a `python3`.
#[test]
fn penalty_and_interest_are_those_of_a_second_implementation_that_walks_the_days() {
    let mut runner = TestRunner::deterministic();
    let histories: Vec<History> = (0..1_000).map(|_| history().new_tree(&mut runner).unwrap().current()).collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
    let started = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = started else { return };
    let cases = histories.iter().map(as_json).collect::<Vec<_>>().join(",");
    python.stdin.take().unwrap().write_all(format!("[{cases}]").as_bytes()).unwrap();
    let answered = python.wait_with_output().unwrap();
    assert!(answered.status.success());
    let theirs = String::from_utf8(answered.stdout).unwrap();
    assert_eq!(theirs.lines().count(), histories.len());
    for (history, theirs) in histories.iter().zip(theirs.lines()) {
        assert_eq!(ours(history), theirs, "{history:?}");
    }
    assert!(theirs.lines().filter(|line| line.contains(' ')).count() > 200);
}

#[test]
fn an_index_nobody_knows_yet_stops_nothing_where_inflation_is_not_charged_or_nothing_is_overdue() {
    // The index of October is told on 10 November.
    let late = debt("2026-08-31", 100_000);
    let unknown = rates(&[("inflation-index", "101", "2026-08-01")]);
    let without = Rates::new();
    assert_eq!(accrued(&late, "2026-10", Sanctions::default(), &without).unwrap(), Accrued::default());
    let no_inflation = Sanctions { inflation: false, ..ALL };
    assert_eq!(accrued(&late, "2026-10", no_inflation, &rates(&[])).unwrap().lines.len(), 2);
    assert_eq!(accrued(&late, "2026-10", ALL, &rates(&[])).unwrap_err()[0].code, Code::ParameterMissing);
    assert_eq!(accrued(&late, "2026-10", ALL, &unknown).unwrap().lines.len(), 3);
    // Nothing is overdue: no parameter is asked for.
    let in_time = debt("2026-12-31", 100_000);
    assert_eq!(accrued(&in_time, "2026-10", ALL, &without).unwrap(), Accrued::default());
}

#[test]
fn sanctions_that_do_not_fit_are_a_finding() {
    let dear = rates(&[("penalty-multiplier", "3000000", "2020-01-01"), ("nbu-rate", "100", "2020-01-01")]);
    let mut account = debt("2026-08-31", 30_000_000_000_000);
    assert!(accrued(&account, "2026-10", PENALTY, &dear).is_ok());
    account.charge("2024-01-01", "2023-12", Reactive, Opening, 30_000_000_000_000);
    account.charges[1].due_on = day("2026-08-31");
    let refused = accrued(&account, "2026-10", PENALTY, &dear).map(|accrued| accrued.lines).unwrap_err();
    assert_eq!((refused[0].code, refused[0].value("what")), (Code::OutOfRange, "penalty"));
}
