//! What each payment pays for, and what the account comes to: R-PAY-1 to R-PAY-3, R-SALDO, R-ADV.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where its ground is wrong")]

mod common;

use common::*;
use oblik_domain::calendar::Calendar;
use oblik_domain::finding::Code;
use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::ChargeKind::{Adjustment, Opening, Planned, WriteOff};
use oblik_domain::ledger::DebtType::{Active, Advance, Penalty, Reactive, Transit};
use oblik_domain::ledger::{Charge, PaymentIntent};
use oblik_domain::money::Kopiykas;
use oblik_ledger::{AllocationOrder, Entries, Ledger, Source};

/// September and October of active (1 and 3) and reactive energy (2 and 4), and a penalty in October (5).
fn two_months() -> Account {
    let mut account = Account::default();
    account.invoice("2026-10-03", "2026-09", &[(Active, 1_000), (Reactive, 200)]);
    account.invoice("2026-11-03", "2026-10", &[(Active, 2_000), (Reactive, 300), (Penalty, 50)]);
    account
}

/// What is stated, how much is paid, and what each charge has open then.
type Case = (PaymentIntent, i64, Vec<(i64, i64)>);

#[test]
fn what_the_payer_states_is_paid_first() {
    let october = || of_period(Some(Active), "2026-10");
    let table: Vec<Case> = vec![
        // R-PAY-1: the stated period first, then the oldest of its type.
        (october(), 1_999, vec![(1, 1_000), (2, 200), (3, 1), (4, 300), (5, 50)]),
        (october(), 2_000, vec![(1, 1_000), (2, 200), (4, 300), (5, 50)]),
        (october(), 2_001, vec![(1, 999), (2, 200), (4, 300), (5, 50)]),
        // A stated invoice, all of it, before anything else; of a named type that part first.
        (of_invoice(None, 3), 2_310, vec![(1, 1_000), (2, 200), (5, 40)]),
        (of_invoice(Some(Reactive), 3), 310, vec![(1, 1_000), (2, 200), (3, 1_990), (5, 50)]),
        (of_invoice(Some(Active), 3), 2_400, vec![(1, 950), (2, 200)]),
        // R-PAY-2: the oldest period of the type, never another type.
        (of(Reactive), 250, vec![(1, 1_000), (3, 2_000), (4, 250), (5, 50)]),
        (of(Reactive), 900, vec![(1, 1_000), (3, 2_000), (5, 50)]),
        (of(Transit), 900, vec![(1, 1_000), (2, 200), (3, 2_000), (4, 300), (5, 50)]),
        // R-PAY-3: nothing stated: active, reactive, penalty; inside each the oldest.
        (nothing(), 1_001, vec![(2, 200), (3, 1_999), (4, 300), (5, 50)]),
        (nothing(), 3_100, vec![(2, 100), (4, 300), (5, 50)]),
        (nothing(), 3_540, vec![(5, 10)]),
        // A period alone: its charges in that order, then the rest.
        (of_period(None, "2026-10"), 2_340, vec![(1, 1_000), (2, 200), (5, 10)]),
        (of_period(None, "2026-10"), 2_360, vec![(1, 990), (2, 200)]),
        (of(Advance), 1_001, vec![(2, 200), (3, 1_999), (4, 300), (5, 50)]),
    ];
    for (intent, amount, expected) in table {
        let mut account = two_months();
        account.pay("2026-11-10", amount, intent.clone());
        assert_eq!(account.open(), expected, "{amount} for {intent:?}");
    }
}

#[test]
fn a_configured_order_changes_what_an_unstated_payment_pays() {
    let mut account = two_months();
    account.order = AllocationOrder::listed(&[Penalty, Reactive]);
    account.pay("2026-11-10", 300, nothing());
    assert_eq!(account.open(), [(1, 1_000), (3, 2_000), (4, 250)]);
}

#[test]
fn surplus_waits_as_an_advance_of_its_type() {
    let mut account = two_months();
    account.pay("2026-11-10", 700, of(Reactive));
    account.pay("2026-11-10", 3_500, nothing());
    assert_eq!(account.open(), []);
    assert_eq!(account.advances(), [(Source::Payment(1), Reactive, 200), (Source::Payment(2), Advance, 450)]);
    // Later charges consume it: reactive by its own, active by what nobody named.
    account.invoice("2026-12-03", "2026-11", &[(Active, 300), (Reactive, 220)]);
    assert_eq!(account.open(), []);
    assert_eq!(account.advances(), [(Source::Payment(2), Advance, 130)]);
}

#[test]
fn what_was_paid_for_stays_paid_for_when_older_debt_is_charged_later() {
    let mut account = two_months();
    account.pay("2026-11-10", 3_200, nothing());
    account.charge("2026-11-20", "2026-08", Active, Adjustment, 100);
    assert_eq!(account.open(), [(4, 300), (5, 50), (6, 100)]);
}

#[test]
fn an_advance_pays_oldest_first_and_the_earlier_payment_before_the_later() {
    let mut account = Account::default();
    account.pay("2026-09-02", 100, of(Active));
    account.pay("2026-09-01", 100, of(Active));
    account.charge("2026-10-01", "2026-09", Active, Opening, 150);
    assert_eq!(account.advances(), [(Source::Payment(1), Active, 50)]);
    let reports = account.at("2026-12-01").reports(&account.payments);
    let told: Vec<_> = reports.iter().map(|report| (report.payment, report.parts[0].amount.0, report.advance.0)).collect();
    assert_eq!(told, [(2, 100, 0), (1, 50, 50)]);
}

#[test]
fn a_credit_acts_as_money_of_its_type_and_period() {
    let mut account = two_months();
    account.charge("2026-11-05", "2026-10", Active, Adjustment, -500);
    account.charge("2026-11-05", "2026-10", Penalty, WriteOff, -80);
    assert_eq!(account.open(), [(1, 1_000), (2, 200), (3, 1_500), (4, 300)]);
    assert_eq!(account.advances(), [(Source::Credit(7), Penalty, 30)]);
    let statement = account.at("2026-12-01").statement(day("2026-11-01"), day("2026-11-30"), &Calendar::default());
    let rows: Vec<_> =
        statement.rows.iter().map(|(debt, row)| (*debt, row.opening.0, row.charged.0, row.paid.0, row.closing.0)).collect();
    assert_eq!(rows, [(Active, 1_000, 1_500, 0, 2_500), (Reactive, 200, 300, 0, 500), (Penalty, 0, -30, 0, -30)]);
    // An opening advance that is for nothing in particular pays what comes first.
    let mut account = Account::default();
    account.charge("2026-10-01", "2026-09", Advance, Opening, -1_000);
    account.invoice("2026-11-03", "2026-10", &[(Active, 700), (Reactive, 200)]);
    assert_eq!(account.advances(), [(Source::Credit(1), Advance, 100)]);
    let statement = account.at("2026-12-01").statement(day("2026-11-01"), day("2026-11-30"), &Calendar::default());
    let rows: Vec<_> =
        statement.rows.iter().map(|(debt, row)| (*debt, row.opening.0, row.charged.0, row.paid.0, row.closing.0)).collect();
    assert_eq!(rows, [(Active, 0, 700, 700, 0), (Reactive, 0, 200, 200, 0), (Advance, -1_000, 0, -900, -100)]);
}

#[test]
fn a_statement_tells_opening_charged_paid_closing_and_what_is_overdue() {
    let mut account = two_months();
    account.pay("2026-10-20", 300, of(Active));
    account.pay("2026-11-10", 250, of(Reactive));
    let ledger = account.at("2026-12-01");
    let statement = ledger.statement(day("2026-11-01"), day("2026-11-30"), &Calendar::default());
    let active = statement.rows[0].1;
    assert_eq!((active.opening.0, active.charged.0, active.paid.0, active.closing.0), (700, 2_000, 0, 2_700));
    // September is due on 23 October, a Friday; October on 23 November, a Monday.
    assert_eq!((active.overdue.0, active.overdue_days), (2_700, 38));
    let reactive = statement.rows[1].1;
    assert_eq!(
        (reactive.opening.0, reactive.paid.0, reactive.closing.0, reactive.overdue.0, reactive.overdue_days),
        (200, 250, 250, 250, 7)
    );
    let total = statement.total;
    assert_eq!((total.opening.0, total.charged.0, total.paid.0, total.closing.0), (900, 2_350, 250, 3_000));
    assert_eq!((total.overdue.0, total.overdue_days), (3_000, 38));
    // On the due date itself nothing is late; the day after it is.
    for (to, late) in [("2026-10-23", (0, 0)), ("2026-10-24", (900, 1))] {
        let statement = ledger.statement(day("2026-10-01"), day(to), &Calendar::default());
        assert_eq!((statement.total.overdue.0, statement.total.overdue_days), late, "{to}");
        assert_eq!((statement.total.opening.0, statement.total.charged.0, statement.total.paid.0), (0, 1_200, 300));
    }
    // Both ends of the range belong to it.
    let one = |from: &str, to: &str| ledger.statement(day(from), day(to), &Calendar::default()).total;
    assert_eq!(one("2026-10-20", "2026-10-20").paid.0, 300);
    assert_eq!((one("2026-10-21", "2026-11-02").paid.0, one("2026-10-21", "2026-11-02").charged.0), (0, 0));
    assert_eq!((one("2026-10-04", "2026-10-19").paid.0, one("2026-10-03", "2026-10-03").charged.0), (0, 1_200));
}

#[test]
fn the_balance_at_an_instant_is_made_of_what_was_known_then() {
    let mut account = two_months();
    let id = account.pay("2026-10-20", 300, of(Active));
    account.payments[0].booked_at = noon("2026-10-25");
    account.assignments[0].assigned_at = noon("2026-10-28");
    let closing = |known: &str| account.at(known).balances(day("2026-10-31")).values().map(|sum| sum.0).sum::<i64>();
    // Paid on the 20th, learnt of on the 25th, whose it is on the 28th.
    for (known, sum) in
        [("2026-10-02", 0), ("2026-10-03", 1_200), ("2026-10-25", 1_200), ("2026-10-27", 1_200), ("2026-10-28", 900)]
    {
        assert_eq!(closing(known), sum, "{known}");
    }
    let before = account.known_at("2026-10-28T11:59:59Z".parse().unwrap());
    assert_eq!(before.balances(day("2026-10-31"))[&Active], Kopiykas(1_000));
    // Said to be for something else later: the newest counts, and what was known before stays known.
    account.assign(id, "2026-11-01", of(Reactive));
    assert_eq!(account.at("2026-10-31").balances(day("2026-10-31"))[&Active], Kopiykas(700));
    assert_eq!(account.at("2026-11-01").balances(day("2026-10-31"))[&Active], Kopiykas(1_000));
    assert_eq!(account.at("2026-11-01").balances(day("2026-10-31"))[&Reactive], Kopiykas(-100));
}

#[test]
fn a_payment_never_crosses_accounts() {
    let mut account = two_months();
    let id = account.pay("2026-10-20", 300, of(Active));
    account.charges.push(Charge { contract: ContractNumber::parse("270000018").unwrap(), ..account.charges[0].clone() });
    assert_eq!(account.at("2026-12-01").balances(day("2026-12-01"))[&Active], Kopiykas(2_700));
    account.assign(id, "2026-11-01", of(Active));
    account.assignments[1].contract = ContractNumber::parse("270000018").unwrap();
    assert_eq!(account.at("2026-12-01").balances(day("2026-12-01"))[&Active], Kopiykas(3_000));
    assert_eq!(account.at("2026-12-01").reports(&account.payments), []);
    assert_eq!(account.at("2026-10-31").reports(&account.payments).len(), 1);
}

#[test]
fn a_payment_tells_when_it_was_registered_posted_and_allocated() {
    let mut account = Account::default();
    account.pay("2026-10-20", 1_300, of(Active));
    account.payments[0].booked_at = noon("2026-10-21");
    account.assignments[0].assigned_at = noon("2026-10-22");
    account.charge("2026-10-10", "2026-09", Active, Opening, 400);
    account.invoice("2026-11-03", "2026-10", &[(Active, 800)]);
    let report = account.at("2026-12-01").reports(&account.payments).remove(0);
    assert_eq!(
        (report.registered_at, report.posted_at, report.paid_on),
        (noon("2026-10-21"), noon("2026-10-22"), day("2026-10-20"))
    );
    let parts: Vec<_> = report.parts.iter().map(|part| (part.charge, part.amount.0, part.allocated_at)).collect();
    assert_eq!(parts, [(1, 400, noon("2026-10-22")), (2, 800, noon("2026-11-03"))]);
    assert_eq!(
        (report.advance.0, report.parts[1].invoice.clone(), report.parts[1].period),
        (100, Some(number(2)), period("2026-10"))
    );
}

#[test]
fn the_periods_invoice_takes_the_place_of_its_planned_payments() {
    let mut account = Account::default();
    account.charge("2026-10-01", "2026-10", Active, Planned, 600);
    account.charge("2026-10-01", "2026-10", Active, Planned, 400);
    account.charge("2026-10-01", "2026-11", Active, Planned, 70);
    account.pay("2026-10-10", 650, of_period(Some(Active), "2026-10"));
    assert_eq!(account.open(), [(2, 350), (3, 70)]);
    account.invoice("2026-11-03", "2026-10", &[(Active, 900), (Reactive, 30)]);
    // Invoice 900 less the 650 paid on plan; the plan of November stands.
    assert_eq!(account.open(), [(3, 70), (4, 250), (5, 30)]);
    let statement = account.at("2026-12-01").statement(day("2026-11-01"), day("2026-11-30"), &Calendar::default());
    let active = statement.rows[0].1;
    assert_eq!((active.opening.0, active.charged.0, active.paid.0, active.closing.0), (420, -100, 0, 320));
    // Before the invoice the plan is what is owed, as it was known then and as it is known now.
    for known in ["2026-11-02", "2026-12-01"] {
        assert_eq!(account.at(known).balances(day("2026-11-02"))[&Active], Kopiykas(420), "{known}");
    }
    assert_eq!(account.at("2026-12-01").open_charges(day("2026-11-02"), &Calendar::default()).len(), 2);
}

#[test]
fn what_planned_payments_came_to_above_the_invoice_is_an_advance() {
    let mut account = Account::default();
    account.charge("2026-10-01", "2026-10", Active, Planned, 1_000);
    account.pay("2026-10-10", 1_000, nothing());
    assert_eq!(account.advances(), []);
    account.invoice("2026-11-03", "2026-10", &[(Active, 700)]);
    assert_eq!((account.open(), account.advances()), (vec![], vec![(Source::Payment(1), Advance, 300)]));
    // A plan that is booked when the period has its invoice asks for nothing.
    account.charge("2026-11-05", "2026-10", Active, Planned, 500);
    assert_eq!((account.open(), account.advances()), (vec![], vec![(Source::Payment(1), Advance, 300)]));
    let statement = account.at("2026-12-01").statement(day("2026-11-04"), day("2026-11-30"), &Calendar::default());
    assert_eq!((statement.total.charged.0, statement.total.closing.0), (0, -300));
}

#[test]
fn of_two_payments_of_a_day_the_one_that_states_more_keeps_its_rest() {
    for turned in [false, true] {
        let mut account = Account::default();
        account.charge("2026-10-01", "2026-09", Penalty, Opening, 39);
        let mut payments = [(1, of_invoice(Some(Penalty), 2)), (39, of(Penalty))];
        if turned {
            payments.reverse();
        }
        for (amount, intent) in payments {
            account.pay("2026-10-06", amount, intent);
        }
        account.invoice("2026-11-03", "2026-10", &[(Active, 1)]);
        assert_eq!((account.open(), account.advances()), (vec![], vec![]), "{turned}");
    }
}

#[test]
fn look_alike_letters_in_a_series_are_the_same_invoice() {
    let mut account = two_months();
    let mut intent = of_invoice(None, 3);
    intent.invoice.as_mut().unwrap().series = "oe".to_owned();
    account.pay("2026-11-10", 2_000, intent.clone());
    assert_eq!(account.open(), [(1, 1_000), (2, 200), (4, 300), (5, 50)]);
    for change in [("x", 2026, 3), ("ОЕ", 2025, 3), ("ОЕ", 2026, 4)] {
        let mut account = two_months();
        let stated = intent.invoice.as_mut().unwrap();
        (stated.series, stated.year, stated.running) = (change.0.to_owned(), change.1, change.2);
        account.pay("2026-11-10", 1_000, intent.clone());
        assert_eq!(account.open()[0], (2, 200), "{change:?}");
    }
}

#[test]
fn sums_that_do_not_fit_are_refused() {
    let mut account = Account::default();
    account.charge("2026-10-01", "2026-10", Active, Opening, i64::MAX);
    let refused = |account: &Account| {
        let (contract, order) = (contract(), AllocationOrder::default());
        let Account { charges, payments, assignments, .. } = account;
        Ledger::at(Entries { contract: &contract, charges, payments, assignments }, &order, noon("2026-12-01")).err()
    };
    assert_eq!(refused(&account), None);
    account.charge("2026-10-01", "2026-10", Active, Opening, 1);
    assert_eq!(refused(&account).unwrap().code, Code::OutOfRange);
    account.charges[1].amount = Kopiykas(i64::MIN);
    assert_eq!(refused(&account).unwrap().code, Code::OutOfRange);
}

#[test]
fn what_paid_the_plan_pays_its_invoice_before_an_older_charge_of_the_same_day() {
    let mut account = Account::default();
    account.charge("2026-10-01", "2026-10", Active, Planned, 1000);
    account.pay("2026-10-05", 1000, nothing());
    account.invoice("2026-11-03", "2026-10", &[(Active, 1000)]);
    let older = account.charge("2026-11-03", "2026-09", Active, Adjustment, 300);
    assert_eq!(account.open(), [(older, 300)]);
}
