//! What holds for every history of charges and payments: R-SALDO, R-PAY.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where its ground is wrong")]

mod common;

use std::collections::BTreeMap;

use common::{Account, contract, day, number, period};
use oblik_domain::calendar::Calendar;
use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::{ChargeKind, DebtType, PaymentIntent};
use oblik_domain::money::Kopiykas;
use oblik_domain::{DateTime, NaiveDate, Utc};
use oblik_ledger::Ledger;
use proptest::prelude::*;

const DEBTS: [DebtType; 4] = [DebtType::Active, DebtType::Reactive, DebtType::Penalty, DebtType::Advance];
const PERIODS: [&str; 4] = ["2026-06", "2026-07", "2026-08", "2026-09"];

/// A day of a hundred, so that many things happen on the same one.
fn date(after: u64) -> NaiveDate {
    day("2026-06-01") + chrono::Days::new(after)
}

#[derive(Debug, Clone)]
struct Booked {
    after: u64,
    debt: usize,
    of: usize,
    kind: ChargeKind,
    amount: i64,
    invoice: u32,
}

#[derive(Debug, Clone)]
struct Paid {
    after: u64,
    /// Days until we learnt of it, and until it was assigned.
    late: (u64, u64),
    amount: i64,
    debt: Option<usize>,
    of: Option<usize>,
    invoice: Option<u32>,
}

fn charge() -> impl Strategy<Value = Booked> {
    let kind = prop_oneof![
        4 => Just(ChargeKind::Invoice),
        2 => Just(ChargeKind::Planned),
        1 => Just(ChargeKind::Adjustment),
        1 => Just(ChargeKind::Opening),
    ];
    (0_u64..100, 0_usize..4, 0_usize..4, kind, -300_i64..1_000, 1_u32..5).prop_map(|(after, debt, of, kind, amount, invoice)| {
        let amount = if matches!(kind, ChargeKind::Invoice | ChargeKind::Planned) { amount.abs() } else { amount };
        Booked { after, debt, of, kind, amount, invoice }
    })
}

fn payment() -> impl Strategy<Value = Paid> {
    let stated = (prop::option::of(0_usize..4), prop::option::of(0_usize..4), prop::option::of(1_u32..6));
    (0_u64..100, (0_u64..5, 0_u64..5), 1_i64..1_000, stated).prop_map(|(after, late, amount, (debt, of, invoice))| Paid {
        after,
        late,
        amount,
        debt,
        of,
        invoice,
    })
}

fn account(charges: &[Booked], payments: &[Paid]) -> Account {
    let mut account = Account::default();
    for one in charges {
        account.charge(&date(one.after).to_string(), PERIODS[one.of], DEBTS[one.debt], one.kind, one.amount);
        if one.kind == ChargeKind::Invoice {
            account.charges.last_mut().unwrap().invoice = Some(number(one.invoice));
        }
    }
    for one in payments {
        let intent = PaymentIntent {
            debt: one.debt.map(|debt| DEBTS[debt]),
            period: one.of.map(|of| period(PERIODS[of])),
            invoice: one.invoice.map(number),
        };
        account.pay(&date(one.after).to_string(), one.amount, intent);
        let booked = date(one.after + one.late.0);
        account.payments.last_mut().unwrap().booked_at = common::noon(&booked.to_string());
        account.assignments.last_mut().unwrap().assigned_at = common::noon(&(booked + chrono::Days::new(one.late.1)).to_string());
    }
    account
}

fn end() -> NaiveDate {
    date(200)
}

fn whole(account: &Account) -> Ledger {
    account.at("2199-01-01")
}

/// Balances that are not nothing.
fn balances(ledger: &Ledger, at: NaiveDate) -> BTreeMap<DebtType, Kopiykas> {
    ledger.balances(at).into_iter().filter(|(_, sum)| *sum != Kopiykas::ZERO).collect()
}

/// What is told of each charge at the end: id and what is open.
fn open(ledger: &Ledger) -> BTreeMap<i64, i64> {
    ledger.open_charges(end(), &Calendar::default()).into_iter().map(|open| (open.charge.id, open.open.0)).collect()
}

fn histories() -> impl Strategy<Value = (Vec<Booked>, Vec<Paid>)> {
    (prop::collection::vec(charge(), 0..14), prop::collection::vec(payment(), 0..12))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_always_balances((charges, payments) in histories(), from in 0_u64..110, length in 0_u64..110) {
        let account = account(&charges, &payments);
        let ledger = whole(&account);
        let statement = ledger.statement(date(from), date(from + length), &Calendar::default());
        for (debt, row) in &statement.rows {
            prop_assert_eq!(row.opening + row.charged - row.paid, row.closing, "{}", debt);
            prop_assert!(row.overdue >= Kopiykas::ZERO && (row.overdue == Kopiykas::ZERO) == (row.overdue_days == 0));
        }
        let total = statement.total;
        prop_assert_eq!(total.opening + total.charged - total.paid, total.closing);
        let paid: i64 = payments.iter().filter(|one| (from..=from + length).contains(&one.after)).map(|one| one.amount).sum();
        prop_assert_eq!(total.paid, Kopiykas(paid));
        let replaced = |one: &Booked| {
            let by = charges.iter().filter(|invoice| invoice.kind == ChargeKind::Invoice && invoice.of == one.of);
            let first = by.map(|invoice| invoice.after).min().filter(|_| one.kind == ChargeKind::Planned);
            first.is_some_and(|first| first.max(one.after) <= from + length)
        };
        let standing = charges.iter().filter(|one| one.after <= from + length && !replaced(one)).map(|one| one.amount).sum::<i64>();
        let money: i64 = payments.iter().filter(|one| one.after <= from + length).map(|one| one.amount).sum();
        prop_assert_eq!(total.closing, Kopiykas(standing - money));
    }

    #[test]
    fn what_was_allocated_and_what_waits_are_the_payments((charges, payments) in histories()) {
        let account = account(&charges, &payments);
        let ledger = whole(&account);
        let reports = ledger.reports(&account.payments);
        prop_assert_eq!(reports.len(), payments.len());
        for report in &reports {
            let parts: Kopiykas = report.parts.iter().map(|part| part.amount).sum();
            prop_assert_eq!(parts + report.advance, report.amount);
            prop_assert!(report.parts.iter().all(|part| part.amount > Kopiykas::ZERO));
        }
        // No charge is paid above its amount, and nothing waits while something of its type is open.
        let advances = ledger.advances(end());
        for charge in ledger.open_charges(end(), &Calendar::default()) {
            prop_assert!(charge.open <= charge.charge.amount);
            prop_assert!(!advances.iter().any(|advance| advance.debt == charge.charge.debt || advance.debt == DebtType::Advance));
        }
    }

    #[test]
    fn the_order_of_arrival_changes_no_sum((charges, payments) in histories(), order in any::<u64>()) {
        let one = account(&charges, &payments);
        let mut shuffled: Vec<_> = payments.iter().enumerate().collect();
        shuffled.sort_by_key(|(index, _)| order.rotate_left(u32::try_from(*index).unwrap() * 7) ^ u64::try_from(*index).unwrap());
        let payments: Vec<_> = shuffled.into_iter().map(|(_, payment)| payment.clone()).collect();
        let other = account(&charges, &payments);
        let (one, other) = (whole(&one), whole(&other));
        for at in (0..120).step_by(7) {
            prop_assert_eq!(balances(&one, date(at)), balances(&other, date(at)));
        }
        prop_assert_eq!(balances(&one, end()), balances(&other, end()));
    }

    #[test]
    fn splitting_a_payment_keeps_every_sum((charges, payments) in histories(), at in any::<prop::sample::Index>(), first in 1_i64..1_000) {
        let one = account(&charges, &payments);
        let mut split = payments.clone();
        if !split.is_empty() {
            let index = at.index(split.len());
            let half = Paid { amount: first.min(split[index].amount - 1), ..split[index].clone() };
            if half.amount > 0 {
                split[index].amount -= half.amount;
                split.push(half);
            }
        }
        let (one, other) = (whole(&one), whole(&account(&charges, &split)));
        prop_assert_eq!(balances(&one, end()), balances(&other, end()));
        prop_assert_eq!(open(&one), open(&other));
    }

    #[test]
    fn a_balance_depends_only_on_what_was_booked_by_then((charges, payments) in histories(), known in 0_u64..110) {
        let whole = account(&charges, &payments);
        let known_at: DateTime<Utc> = common::noon(&date(known).to_string());
        let mut then = whole.clone();
        then.charges.retain(|charge| charge.booked_at <= known_at);
        then.payments.retain(|payment| payment.booked_at <= known_at);
        then.assignments.retain(|assignment| assignment.assigned_at <= known_at);
        let (told, expected) = (whole.known_at(known_at), then.at("2199-01-01"));
        prop_assert_eq!(balances(&told, end()), balances(&expected, end()));
        prop_assert_eq!(open(&told), open(&expected));
        prop_assert_eq!(told.advances(end()), expected.advances(end()));
    }

    #[test]
    fn another_accounts_entries_change_nothing((charges, payments) in histories(), (theirs, paid) in histories()) {
        let ours = account(&charges, &payments);
        let mut both = ours.clone();
        let other = ContractNumber::parse("270000018").unwrap();
        prop_assert_ne!(&other, &contract());
        for (mut charge, at) in account(&theirs, &paid).charges.into_iter().zip(1_000..) {
            (charge.id, charge.contract) = (at, other.clone());
            both.charges.push(charge);
        }
        let more = account(&theirs, &paid);
        for (mut payment, mut assignment) in more.payments.into_iter().zip(more.assignments) {
            payment.id += 1_000;
            (assignment.payment, assignment.contract) = (payment.id, other.clone());
            both.payments.push(payment);
            both.assignments.push(assignment);
        }
        prop_assert_eq!(balances(&whole(&ours), end()), balances(&whole(&both), end()));
    }
}
