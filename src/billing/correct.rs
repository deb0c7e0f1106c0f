//! Corrections: a period is rated anew as a whole, and only the difference to all that was billed for it is charged.
//!
//! Never the change times a price: what was billed may have been wrong in more than one way. Source: R-CORR.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::bill::{Bill, BillLine, Correction, DebtCharge, LineKind};
use oblik_domain::energy::Kwh;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::DebtType;
use oblik_domain::money::Kopiykas;

use crate::trace::{input, step};

/// One of a bill's sums.
type Part = fn(&Bill) -> Kopiykas;

/// One document that was issued for the period.
#[derive(Debug, Clone)]
pub struct Billed {
    pub number: InvoiceNumber,
    pub issued_on: NaiveDate,
    pub bill: Bill,
}

/// The bill that brings what was billed for a period to what it comes to now.
///
/// `billed` is every document of the period, the original first. Lines are those that were billed and no longer stand, with the
/// other sign, and those that stand now and were not billed; sums and charges are exact differences, VAT too. Rows, volumes and
/// reactive blocks are those of the re-rating, because they say how it comes to be. Source: R-CORR.
///
/// # Errors
/// [`Code::NothingToCorrect`] when nothing differs, or nothing was billed; [`Code::OutOfRange`] when a sum does not fit.
pub fn correct(billed: &[Billed], rerated: Bill, reason: &str) -> Result<Bill, Finding> {
    let nothing = || Finding::error(Code::NothingToCorrect).with("contract", &rerated.contract).with("period", rerated.period);
    let Some(original) = billed.first() else { return Err(nothing()) };
    let bills = || billed.iter().map(|document| &document.bill);
    let lines = difference(bills().flat_map(|bill| &bill.lines), &rerated.lines)?;
    let charges = charges(&bills().flat_map(|bill| &bill.charges).collect::<Vec<_>>(), &rerated.charges)?;
    let billed_total = sum(bills().map(|bill| bill.total))?;
    let net = minus(rerated.net, sum(bills().map(|bill| bill.net))?)?;
    let vat = minus(rerated.vat, sum(bills().map(|bill| bill.vat))?)?;
    let total = minus(rerated.total, billed_total)?;
    if lines.is_empty() && charges.is_empty() && [net, vat, total].iter().all(|amount| *amount == Kopiykas::ZERO) {
        return Err(nothing());
    }
    let correction = Correction {
        original: original.number.clone(),
        original_date: original.issued_on,
        billed_total,
        rerated_total: rerated.total,
        reason: reason.to_owned(),
    };
    let mut trace = rerated.trace;
    let parts: [(&str, Kopiykas, Kopiykas, Part); 3] = [
        ("net", rerated.net, net, |bill| bill.net),
        ("vat", rerated.vat, vat, |bill| bill.vat),
        ("total", rerated.total, total, |bill| bill.total),
    ];
    for (what, now, differs, of) in parts {
        let so_far: Vec<String> = bills().map(|bill| format!("({})", of(bill))).collect();
        let mut told = step("R-CORR", format!("document {what}"), format!("{now} − ({})", so_far.join(" + ")), differs);
        told.inputs = vec![input("rerated", now, "step R-VAT-1")];
        told.inputs.extend(billed.iter().map(|one| input("billed", of(&one.bill), format!("invoice {}", one.number))));
        trace.push(told);
    }
    Ok(Bill { lines, net, vat, total, charges, correction: Some(correction), trace, ..rerated })
}

/// What still stands of the penalty, interest and inflation that was billed with a period: a re-rating keeps it, because it was
/// charged for other periods' debts.
#[must_use]
pub fn standing_sanctions(billed: &[Billed]) -> Vec<BillLine> {
    let mut standing = Standing::default();
    for line in billed.iter().flat_map(|document| &document.bill.lines).filter(|line| is_sanction(line.kind)) {
        standing.add(line, 1);
    }
    standing.lines(1)
}

fn is_sanction(kind: LineKind) -> bool {
    matches!(kind, LineKind::Penalty | LineKind::AnnualInterest | LineKind::Inflation)
}

/// What must be added to the lines that were billed, so that those of the re-rating stand.
fn difference<'a>(billed: impl Iterator<Item = &'a BillLine>, rerated: &'a [BillLine]) -> Result<Vec<BillLine>, Finding> {
    let mut standing = Standing::default();
    for line in billed {
        negated(line).ok_or_else(out_of_range)?;
        standing.add(line, -1);
    }
    for line in rerated {
        negated(line).ok_or_else(out_of_range)?;
        standing.add(line, 1);
    }
    let mut lines = standing.lines(-1);
    lines.extend(standing.lines(1));
    Ok(lines)
}

/// How often each line stands, where a line and the same with the other sign take each other away.
#[derive(Default)]
struct Standing<'a> {
    counts: Vec<(BillLine, i64)>,
    at: BTreeMap<Likeness<'a>, usize>,
}

/// All that two lines share that are each other's negative.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Likeness<'a> {
    kind: &'static str,
    debt: DebtType,
    point: Option<&'a str>,
    class: Option<&'static str>,
    zone: &'static str,
    days: (NaiveDate, NaiveDate),
    price: Option<Decimal>,
    factor: Option<Decimal>,
    vatable: bool,
    quantity: Option<i64>,
    net: i64,
}

impl<'a> Standing<'a> {
    fn add(&mut self, line: &'a BillLine, times: i64) {
        let quantity = line.quantity.map(|quantity| quantity.0);
        // A line of nothing is no line.
        if line.net == Kopiykas::ZERO && quantity.unwrap_or(0) == 0 {
            return;
        }
        let is_negative = (line.net.0, quantity.unwrap_or(0)) < (0, 0);
        let turned = if is_negative { negated(line) } else { None };
        let positive = turned.unwrap_or_else(|| line.clone());
        let likeness = Likeness {
            kind: line.kind.as_str(),
            debt: line.debt,
            point: line.point.as_ref().map(oblik_domain::ids::Eic::as_str),
            class: line.voltage_class.map(oblik_domain::metering::VoltageClass::as_str),
            zone: line.zone.as_str(),
            days: (line.from, line.to),
            price: line.price.map(|price| price.value().normalize()),
            factor: line.factor.map(|factor| factor.normalize()),
            vatable: line.vatable,
            quantity: positive.quantity.map(|quantity| quantity.0),
            net: positive.net.0,
        };
        let times = if is_negative { -times } else { times };
        let at = *self.at.entry(likeness).or_insert_with(|| {
            self.counts.push((positive, 0));
            self.counts.len() - 1
        });
        if let Some((_, count)) = self.counts.get_mut(at) {
            *count += times;
        }
    }

    /// The lines that stand with this sign, as often as they do, in the order they were met.
    fn lines(&self, sign: i64) -> Vec<BillLine> {
        let mut lines = Vec::new();
        for (line, count) in self.counts.iter().filter(|(_, count)| count.signum() == sign) {
            let line = if sign < 0 { negated(line) } else { Some(line.clone()) };
            let times = usize::try_from(count.unsigned_abs()).unwrap_or(usize::MAX);
            lines.extend(line.into_iter().flat_map(|line| std::iter::repeat_n(line, times)));
        }
        lines
    }
}

/// The line with the other sign.
fn negated(line: &BillLine) -> Option<BillLine> {
    let net = Kopiykas(line.net.0.checked_neg()?);
    let quantity = match line.quantity {
        Some(quantity) => Some(Kwh(quantity.0.checked_neg()?)),
        None => None,
    };
    Some(BillLine { net, quantity, ..line.clone() })
}

/// By type of debt, without those that do not change.
fn charges(billed: &[&DebtCharge], rerated: &[DebtCharge]) -> Result<Vec<DebtCharge>, Finding> {
    let debts: BTreeSet<DebtType> = billed.iter().copied().chain(rerated).map(|charge| charge.debt).collect();
    let mut charges = Vec::new();
    for debt in debts {
        let part = |of: fn(&DebtCharge) -> Kopiykas| {
            let now = sum(rerated.iter().filter(|charge| charge.debt == debt).map(of))?;
            minus(now, sum(billed.iter().copied().filter(|charge| charge.debt == debt).map(of))?)
        };
        let charge = DebtCharge { debt, net: part(|one| one.net)?, vat: part(|one| one.vat)?, total: part(|one| one.total)? };
        if [charge.net, charge.vat, charge.total].iter().any(|amount| *amount != Kopiykas::ZERO) {
            charges.push(charge);
        }
    }
    Ok(charges)
}

fn sum(amounts: impl Iterator<Item = Kopiykas>) -> Result<Kopiykas, Finding> {
    let mut sum = 0_i64;
    for amount in amounts {
        sum = sum.checked_add(amount.0).ok_or_else(out_of_range)?;
    }
    Ok(Kopiykas(sum))
}

fn minus(now: Kopiykas, so_far: Kopiykas) -> Result<Kopiykas, Finding> {
    now.0.checked_sub(so_far.0).map(Kopiykas).ok_or_else(out_of_range)
}

fn out_of_range() -> Finding {
    Finding::error(Code::OutOfRange).with("what", "correction")
}
