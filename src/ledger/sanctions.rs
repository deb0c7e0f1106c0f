//! Penalty and annual interest on what is overdue, by intervals of constant debt, rate and calendar year.
//!
//! A bill accrues the days of its own month and no others. A period is billed once, so no day is charged twice; days of a month
//! that was billed without sanctions are not charged later. Cutting at the end of a month rounds once more a month: that
//! differs by half a kopiyka an interval at most. Source: R-PEN-1, R-PEN-2, R-PEN-3.

use std::borrow::Cow;
use std::collections::BTreeMap;

use oblik_domain::account::Sanctions;
use oblik_domain::bill::{BillLine, LineKind, TraceInput, TraceStep};
use oblik_domain::calendar::days_after;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ledger::DebtType;
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_domain::{Decimal, NaiveDate};

use crate::debt::DebtDays;
use crate::inflation;

/// The value of a parameter on a day; what is missing is finding E2, as `billing`'s book of prices gives it.
pub type Lookup<'a> = &'a dyn Fn(&str, NaiveDate) -> Result<Given, Finding>;

/// A parameter's value, and where it came from: `parameter nbu-rate from 2026-10-23`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    pub value: Decimal,
    pub source: String,
}

/// NBU discount rate, per cent a year.
pub(crate) const NBU_RATE: &str = "nbu-rate";
/// How many times the NBU rate a penalty is.
pub(crate) const PENALTY_MULTIPLIER: &str = "penalty-multiplier";
/// Months a penalty runs from the first overdue day.
pub(crate) const PENALTY_CAP_MONTHS: &str = "penalty-cap-months";
/// Annual interest, per cent.
pub(crate) const ANNUAL_INTEREST: &str = "annual-interest";

/// What sanctions of one month are made from.
#[derive(Clone, Copy)]
pub struct SanctionInput<'a> {
    pub debts: &'a [DebtDays],
    pub period: Period,
    pub sanctions: Sanctions,
    pub parameters: Lookup<'a>,
}

/// Sanctions of one month: a line of each kind that came to anything, and the reason of each of its intervals.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accrued {
    pub lines: Vec<BillLine>,
    pub trace: Vec<TraceStep>,
}

/// One interval of constant debt and rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccrualRow {
    pub debt: DebtType,
    pub period: Period,
    pub from: NaiveDate,
    /// The first day after it.
    pub to: NaiveDate,
    /// What was owed on each of its days.
    pub owed: Kopiykas,
    pub amount: Kopiykas,
    pub formula: String,
    pub inputs: Vec<TraceInput>,
}

/// Sanctions for the days of one month.
///
/// # Errors
/// [`Code::ParameterMissing`] (E2) for a rate or index that does not hold on a day of debt, [`Code::ParameterUnusable`] for a
/// negative one, [`Code::OutOfRange`] for what does not fit. All are collected.
pub fn accrue(input: &SanctionInput<'_>) -> Result<Accrued, Vec<Finding>> {
    let mut findings: Vec<Finding> = Vec::new();
    let mut accrued = Accrued::default();
    let (from, to) = (input.period.first_day(), days_after(input.period.last_day(), 1));
    let kinds = [
        (input.sanctions.penalty, LineKind::Penalty, DebtType::Penalty, "R-PEN-1"),
        (input.sanctions.annual_interest, LineKind::AnnualInterest, DebtType::AnnualInterest, "R-PEN-2"),
        (input.sanctions.inflation, LineKind::Inflation, DebtType::Inflation, "R-PEN-3"),
    ];
    for (_, kind, debt, rule) in kinds.into_iter().filter(|(is_charged, ..)| *is_charged) {
        let mut sum = 0_i64;
        for one in input.debts {
            let rows = match kind {
                LineKind::Inflation => inflation::rows(one, input.period, input.parameters),
                _ => interval_rows(one, kind, (from, to), input.parameters),
            };
            match rows {
                Ok(rows) => {
                    match rows.iter().try_fold(sum, |sum, row| sum.checked_add(row.amount.0)) {
                        Some(more) => sum = more,
                        None => findings.push(Finding::error(Code::OutOfRange).with("what", kind.as_str())),
                    }
                    accrued.trace.extend(rows.into_iter().map(|row| told(row, rule)));
                }
                Err(found) => {
                    for finding in found {
                        if !findings.contains(&finding) {
                            findings.push(finding);
                        }
                    }
                }
            }
        }
        if sum != 0 {
            accrued.lines.push(BillLine::of_sum(kind, debt, (from, to), Kopiykas(sum)));
        }
    }
    if findings.is_empty() { Ok(accrued) } else { Err(findings) }
}

fn told(row: AccrualRow, rule: &'static str) -> TraceStep {
    TraceStep {
        rule: Cow::Borrowed(rule),
        subject: format!("{} {} {} {}", row.debt, row.period, row.from, row.to),
        formula: row.formula,
        result: row.amount.to_string(),
        inputs: row.inputs,
    }
}

/// Penalty or annual interest on one debt over the days from the first to before the second, an interval a row.
///
/// # Errors
/// As [`accrue`].
pub fn interval_rows(
    debt: &DebtDays,
    kind: LineKind,
    (from, to): (NaiveDate, NaiveDate),
    parameters: Lookup<'_>,
) -> Result<Vec<AccrualRow>, Vec<Finding>> {
    let mut findings: BTreeMap<String, Finding> = BTreeMap::new();
    // The first finding of each parameter: a month without a rate is one thing to mend, not thirty.
    let mut spans: Vec<Span> = Vec::new();
    for day in debt.first.max(from).iter_days().take_while(|day| *day < to) {
        let owed = debt.on(day);
        if owed == Kopiykas::ZERO {
            continue;
        }
        match rates(debt, kind, day, parameters) {
            Ok(Some(rates)) => match spans.last_mut() {
                Some(span) if span.continues(day, owed, &rates) => span.to = days_after(day, 1),
                _ => spans.push(Span { from: day, to: days_after(day, 1), owed, rates }),
            },
            Ok(None) => break,
            Err(finding) => {
                findings.entry(finding.value("parameter").to_owned()).or_insert(finding);
            }
        }
    }
    if !findings.is_empty() {
        return Err(findings.into_values().collect());
    }
    spans.into_iter().map(|span| span.row(debt, kind)).collect::<Result<_, _>>().map_err(|finding| vec![finding])
}

/// The rates of one day; `None` once the penalty is capped.
fn rates(debt: &DebtDays, kind: LineKind, day: NaiveDate, parameters: Lookup<'_>) -> Result<Option<Vec<Rate>>, Finding> {
    let rate = |name: &'static str| {
        let given = parameters(name, day)?;
        if given.value < Decimal::ZERO {
            let finding = Finding::error(Code::ParameterUnusable).with("parameter", name);
            return Err(finding.with("value", given.value).with("day", day));
        }
        Ok(Rate { name, given })
    };
    if kind == LineKind::AnnualInterest {
        return Ok(Some(vec![rate(ANNUAL_INTEREST)?]));
    }
    let months = parameters(PENALTY_CAP_MONTHS, debt.first)?.value;
    let months = u32::try_from(months.trunc()).map_err(|_| {
        Finding::error(Code::ParameterUnusable)
            .with("parameter", PENALTY_CAP_MONTHS)
            .with("value", months)
            .with("day", debt.first)
    })?;
    if debt.first.checked_add_months(chrono::Months::new(months)).is_some_and(|end| day >= end) {
        return Ok(None);
    }
    Ok(Some(vec![rate(PENALTY_MULTIPLIER)?, rate(NBU_RATE)?]))
}

struct Rate {
    name: &'static str,
    given: Given,
}

/// Days of one debt, one rate and one calendar year.
struct Span {
    from: NaiveDate,
    to: NaiveDate,
    owed: Kopiykas,
    rates: Vec<Rate>,
}

impl Span {
    fn continues(&self, day: NaiveDate, owed: Kopiykas, rates: &[Rate]) -> bool {
        use chrono::Datelike as _;
        self.to == day && self.from.year() == day.year() && self.owed == owed && self.is_at(rates)
    }

    fn is_at(&self, rates: &[Rate]) -> bool {
        self.rates.iter().map(|rate| rate.given.value).eq(rates.iter().map(|rate| rate.given.value))
    }

    /// round2(debt × rate / 100 × days / days of the year).
    fn row(self, debt: &DebtDays, kind: LineKind) -> Result<AccrualRow, Finding> {
        let days = (self.to - self.from).num_days();
        let of_year = if self.from.leap_year() { 366 } else { 365 };
        let product = self.rates.iter().try_fold(self.owed.hryvnias(), |product, rate| product.checked_mul(rate.given.value));
        let product = product.and_then(|product| product.checked_mul(Decimal::from(days)));
        let amount = product.and_then(|product| product.checked_div(Decimal::from(of_year * 100)));
        let amount = amount.and_then(Kopiykas::from_hryvnias);
        let amount = amount.ok_or_else(|| Finding::error(Code::OutOfRange).with("what", kind.as_str()))?;
        let rate = self.rates.iter().map(|rate| rate.given.value.normalize().to_string()).collect::<Vec<_>>().join(" × ");
        let mut inputs = vec![owed_input(debt, self.owed, self.from)];
        inputs.extend(self.rates.iter().map(|rate| parameter_input(rate.name, &rate.given)));
        Ok(AccrualRow {
            debt: debt.charge.debt,
            period: debt.charge.period,
            from: self.from,
            to: self.to,
            owed: self.owed,
            amount,
            formula: format!("round2({} × {rate} / 100 × {days} / {of_year})", self.owed),
            inputs,
        })
    }
}

/// A debt, and the charge it is of.
pub(crate) fn owed_input(debt: &DebtDays, owed: Kopiykas, day: NaiveDate) -> TraceInput {
    let charge = &debt.charge;
    let document =
        charge.invoice.as_ref().map_or_else(|| format!("{} {}", charge.kind, charge.id), |number| format!("invoice {number}"));
    let source = format!("{document} due {} less payments before {}", charge.due_on, days_after(day, 1));
    TraceInput { name: Cow::Borrowed("debt"), value: owed.to_string(), source }
}

pub(crate) fn parameter_input(name: &'static str, given: &Given) -> TraceInput {
    TraceInput { name: Cow::Borrowed(name), value: given.value.normalize().to_string(), source: given.source.clone() }
}
