//! What inflation takes from an overdue debt, by two profiles of law. Source: R-PEN-3.
//!
//! Over months on end a debt grows by the product of their indices. A month's part is what the product grew by in it, so that
//! months billed one after another come to debt × (Π index / 100 − 1), and never below nothing where prices fell.

use std::borrow::Cow;

use oblik_domain::bill::TraceInput;
use oblik_domain::calendar::days_after;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::money::{Kopiykas, rounded};
use oblik_domain::period::Period;
use oblik_domain::{Decimal, NaiveDate};

use crate::debt::DebtDays;
use crate::sanctions::{AccrualRow, Given, Lookup, owed_input, parameter_input};

/// Index of consumer prices of a month, per cent of the month before.
const INFLATION_INDEX: &str = "inflation-index";
/// 1: the index counts for the days overdue; 0: for whole months overdue for more than half of them.
const INFLATION_PRORATED: &str = "inflation-prorated";

/// Days of one month on which the same was overdue.
struct Stretch {
    from: NaiveDate,
    days: i64,
    owed: Kopiykas,
}

/// What inflation adds to one debt in a month.
///
/// # Errors
/// [`Code::ParameterMissing`] (E2) for an index of the month or one before it in which the debt counted.
pub(crate) fn rows(debt: &DebtDays, period: Period, parameters: Lookup<'_>) -> Result<Vec<AccrualRow>, Vec<Finding>> {
    let Some(first) = Period::of(debt.first) else { return Ok(Vec::new()) };
    let mut grown = Decimal::ONE;
    let mut rows = Vec::new();
    let mut findings = Vec::new();
    for ordinal in first.ordinal()..=period.ordinal() {
        let Some(month) = Period::from_ordinal(ordinal) else { break };
        match month_rows(debt, month, &mut grown, parameters) {
            Ok(made) if month == period => rows = made,
            Ok(_) => {}
            Err(finding) => findings.push(finding),
        }
    }
    if findings.is_empty() { Ok(rows) } else { Err(findings) }
}

/// The rows of one month; `grown` is the product of the indices before it and after.
fn month_rows(debt: &DebtDays, month: Period, grown: &mut Decimal, parameters: Lookup<'_>) -> Result<Vec<AccrualRow>, Finding> {
    let all = stretches(debt, month);
    if all.is_empty() {
        return Ok(Vec::new());
    }
    let is_prorated = parameters(INFLATION_PRORATED, month.first_day())?.value != Decimal::ZERO;
    let counted = if is_prorated { all } else { more_than_half(&all, month).into_iter().collect() };
    let mut rows = Vec::new();
    for stretch in counted {
        let index = parameters(INFLATION_INDEX, month.first_day())?;
        if index.value <= Decimal::ZERO {
            let finding = Finding::error(Code::ParameterUnusable).with("parameter", INFLATION_INDEX);
            return Err(finding.with("value", index.value).with("day", month.first_day()));
        }
        let row = grow(debt, month, &stretch, &index, grown);
        rows.push(row.ok_or_else(|| Finding::error(Code::OutOfRange).with("what", "inflation"))?);
    }
    Ok(rows)
}

/// One stretch's part; `None` when it does not fit.
fn grow(debt: &DebtDays, month: Period, stretch: &Stretch, index: &Given, grown: &mut Decimal) -> Option<AccrualRow> {
    let is_whole = stretch.days == month.days();
    let rise = index.value.checked_div(Decimal::ONE_HUNDRED)?.checked_sub(Decimal::ONE)?;
    let part = rise.checked_mul(Decimal::from(stretch.days))?.checked_div(Decimal::from(month.days()))?;
    let before = *grown;
    let after = rounded(before.checked_mul(Decimal::ONE.checked_add(part)?)?, 16);
    *grown = after;
    let (low, high) = (before.max(Decimal::ONE), after.max(Decimal::ONE));
    let amount = Kopiykas::from_hryvnias(stretch.owed.hryvnias().checked_mul(high.checked_sub(low)?)?)?;
    let share = if is_whole { String::new() } else { format!(" × {} / {}", stretch.days, month.days()) };
    let formula = format!(
        "round2({} × (max(1; {before} × (1 + ({index} / 100 − 1){share})) − max(1; {before})))",
        stretch.owed,
        before = before.normalize(),
        index = index.value.normalize(),
    );
    let indices = TraceInput {
        name: Cow::Borrowed("indices-before"),
        value: before.normalize().to_string(),
        source: format!("parameter {INFLATION_INDEX} of overdue months before {month}"),
    };
    Some(AccrualRow {
        debt: debt.charge.debt,
        period: debt.charge.period,
        from: stretch.from,
        to: days_after(stretch.from, u64::try_from(stretch.days).unwrap_or(0)),
        owed: stretch.owed,
        amount,
        formula,
        inputs: vec![owed_input(debt, stretch.owed, stretch.from), parameter_input(INFLATION_INDEX, index), indices],
    })
}

/// The month's days of debt, put together where the same was owed.
fn stretches(debt: &DebtDays, month: Period) -> Vec<Stretch> {
    let mut made: Vec<Stretch> = Vec::new();
    for day in month.first_day().iter_days().take_while(|day| *day <= month.last_day()) {
        let owed = debt.on(day);
        if owed == Kopiykas::ZERO {
            continue;
        }
        match made.last_mut() {
            Some(last) if last.owed == owed && (day - last.from).num_days() == last.days => last.days += 1,
            _ => made.push(Stretch { from: day, days: 1, owed }),
        }
    }
    made
}

/// What was owed on more than half of the month's days, taken as owed for the whole of it.
fn more_than_half(all: &[Stretch], month: Period) -> Option<Stretch> {
    let mut by_debt: Vec<(Kopiykas, i64)> = all.iter().map(|stretch| (stretch.owed, stretch.days)).collect();
    by_debt.sort_unstable_by(|one, other| other.cmp(one));
    let mut days = 0;
    let owed = by_debt.into_iter().find(|(_, of_debt)| {
        days += of_debt;
        days * 2 > month.days()
    });
    owed.map(|(owed, _)| Stretch { from: month.first_day(), days: month.days(), owed })
}
