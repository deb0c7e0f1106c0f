//! One bill as the documents of those who issue it: the distribution operator's lines, and all others (RQ-F08).
//!
//! Only what is charged is divided; it adds up to the whole to the kopiyka, because each type of debt is one issuer's. Rows and
//! steps follow the lines they explain: a volume both charge by stands in both documents.

use std::collections::BTreeSet;

use oblik_domain::bill::{Bill, DebtCharge, LineKind, TraceStep};
use oblik_domain::finding::Finding;
use oblik_domain::invoice::IssuerRole;
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::EnergyKind;
use oblik_domain::money::Kopiykas;

use crate::trace::{input, step, text};
use crate::{Billed, correct};

/// The types of debt that a distribution operator charges in documents of its own.
pub const OPERATOR_DEBTS: [DebtType; 2] = [DebtType::Reactive, DebtType::Distribution];

/// What one issuer charges of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub issuer: IssuerRole,
    pub bill: Bill,
}

/// One document of a billed period.
#[derive(Debug, Clone)]
pub struct BilledPart {
    pub issuer: IssuerRole,
    pub billed: Billed,
}

/// The bill by issuer, the supplier's part first; `of_operator` are the debts that the operator invoices. A bill that one issuer
/// charges alone stays whole, and so does one from before bills named their debts.
#[must_use]
pub fn split(bill: &Bill, of_operator: &BTreeSet<DebtType>) -> Vec<Part> {
    let whole = |issuer| vec![Part { issuer, bill: bill.clone() }];
    if !charges_any(bill, IssuerRole::Operator, of_operator) {
        return whole(IssuerRole::Supplier);
    }
    if !adds_up(bill) {
        return whole(IssuerRole::Supplier);
    }
    if !charges_any(bill, IssuerRole::Supplier, of_operator) {
        return whole(IssuerRole::Operator);
    }
    let part = |issuer| Part { issuer, bill: part_of(bill, issuer, of_operator) };
    vec![part(IssuerRole::Supplier), part(IssuerRole::Operator)]
}

/// The corrections of a period by issuer: each brings that issuer's documents to its part of the re-rating (R-CORR). A debt that
/// was billed stays with whoever billed it first. Nothing is made for an issuer for whom nothing differs.
///
/// # Errors
/// As [`correct`]; [`oblik_domain::finding::Code::NothingToCorrect`] only where nothing differs at all.
pub fn correct_parts(
    documents: &[BilledPart],
    rerated: &Bill,
    of_operator: &BTreeSet<DebtType>,
    reason: &str,
) -> Result<Vec<Part>, Finding> {
    let mut of_operator = of_operator.clone();
    let mut settled = BTreeSet::new();
    for document in documents {
        for debt in document.billed.bill.charges.iter().map(|charge| charge.debt) {
            if settled.insert(debt) {
                match document.issuer {
                    IssuerRole::Operator => of_operator.insert(debt),
                    IssuerRole::Supplier => of_operator.remove(&debt),
                };
            }
        }
    }
    let is_divided = documents.iter().any(|document| document.issuer == IssuerRole::Operator)
        || charges_any(rerated, IssuerRole::Operator, &of_operator);
    if !is_divided || !adds_up(rerated) {
        let billed: Vec<Billed> = documents.iter().map(|document| document.billed.clone()).collect();
        return Ok(vec![Part { issuer: IssuerRole::Supplier, bill: correct(&billed, rerated.clone(), reason)? }]);
    }
    let (mut parts, mut nothing) = (Vec::new(), None);
    for issuer in [IssuerRole::Supplier, IssuerRole::Operator] {
        let own = documents.iter().filter(|document| document.issuer == issuer);
        let mut billed: Vec<Billed> = own.map(|document| document.billed.clone()).collect();
        if let (true, Some(first)) = (billed.is_empty(), documents.first()) {
            // What this issuer charges now for the first time corrects the document of the period that lacked it.
            billed.push(Billed { bill: emptied(&first.billed.bill), ..first.billed.clone() });
        }
        match correct(&billed, part_of(rerated, issuer, &of_operator), reason) {
            Ok(bill) => parts.push(Part { issuer, bill }),
            Err(finding) if finding.code == oblik_domain::finding::Code::NothingToCorrect => nothing = Some(finding),
            Err(finding) => return Err(finding),
        }
    }
    match nothing {
        Some(finding) if parts.is_empty() => Err(finding),
        _ => Ok(parts),
    }
}

fn is_of(issuer: IssuerRole, debt: DebtType, of_operator: &BTreeSet<DebtType>) -> bool {
    of_operator.contains(&debt) == (issuer == IssuerRole::Operator)
}

fn charges_any(bill: &Bill, issuer: IssuerRole, of_operator: &BTreeSet<DebtType>) -> bool {
    let own = |debt| is_of(issuer, debt, of_operator);
    bill.lines.iter().any(|line| own(line.debt)) || bill.charges.iter().any(|charge| own(charge.debt))
}

/// Whether the charges come to the bill's sums, so that parts of them do.
fn adds_up(bill: &Bill) -> bool {
    let comes_to = |of: fn(&DebtCharge) -> Kopiykas, sum: Kopiykas| {
        let added = bill.charges.iter().try_fold(0_i64, |sum, charge| sum.checked_add(of(charge).0));
        // No part of them can overflow either.
        let most = bill.charges.iter().try_fold(0_i64, |sum, charge| sum.checked_add(of(charge).0.checked_abs()?));
        added == Some(sum.0) && most.is_some()
    };
    comes_to(|one| one.net, bill.net) && comes_to(|one| one.vat, bill.vat) && comes_to(|one| one.total, bill.total)
}

/// What one issuer charges, with what it is charged by.
fn part_of(bill: &Bill, issuer: IssuerRole, of_operator: &BTreeSet<DebtType>) -> Bill {
    let is_operator = issuer == IssuerRole::Operator;
    let own = |debt| is_of(issuer, debt, of_operator);
    let charges: Vec<DebtCharge> = bill.charges.iter().filter(|charge| own(charge.debt)).cloned().collect();
    let sum = |of: fn(&DebtCharge) -> Kopiykas| charges.iter().map(of).sum::<Kopiykas>();
    let (net, vat, total) = (sum(|one| one.net), sum(|one| one.vat), sum(|one| one.total));
    let has_reactive = own(DebtType::Reactive);
    // The operator charges reactive energy by the active energy beside it; the supplier has no use for what it does not charge.
    let shows = |kind: EnergyKind| kind == EnergyKind::ActiveImport || has_reactive;
    let lines: Vec<_> = bill.lines.iter().filter(|line| own(line.debt)).cloned().collect();
    let has_distribution = lines.iter().any(|line| line.kind == LineKind::Distribution);
    let explains = |step: &&TraceStep| match family(step) {
        Family::Reactive => has_reactive,
        Family::Volume => true,
        Family::Distribution => has_distribution,
        Family::Vat => false,
        Family::Other => !is_operator,
    };
    let mut trace: Vec<TraceStep> = bill.trace.iter().filter(explains).cloned().collect();
    trace.extend(vat_step(bill, &lines, vat));
    Bill {
        contract: bill.contract.clone(),
        period: bill.period,
        rows: bill.rows.iter().filter(|row| shows(row.register.kind)).cloned().collect(),
        losses: bill.losses.iter().filter(|row| shows(row.kind)).cloned().collect(),
        fed: bill.fed.iter().filter(|row| shows(row.kind)).cloned().collect(),
        volumes: bill.volumes.iter().filter(|row| shows(row.kind)).cloned().collect(),
        lines,
        reactive: if has_reactive { bill.reactive.clone() } else { Vec::new() },
        zone_comparison: bill.zone_comparison.clone().filter(|_| !is_operator),
        net,
        vat_rate: bill.vat_rate,
        vat,
        total,
        charges,
        correction: bill.correction.clone(),
        trace,
    }
}

/// What a step explains.
enum Family {
    Reactive,
    /// How a volume came to be that lines of both may be charged by.
    Volume,
    Distribution,
    Vat,
    Other,
}

fn family(step: &TraceStep) -> Family {
    let is_of_rule = |families: &[&str]| families.iter().any(|family| step.rule.starts_with(family));
    if is_of_rule(&["R-REACT"]) || step.subject.contains(EnergyKind::ReactiveImport.as_str()) {
        return Family::Reactive;
    }
    if step.subject.contains(EnergyKind::ReactiveExport.as_str()) {
        return Family::Reactive;
    }
    if is_of_rule(&["R-VOL", "R-INT", "R-LOSS", "R-EST"]) {
        return Family::Volume;
    }
    if is_of_rule(&["R-PRICE"]) && step.subject.starts_with(LineKind::Distribution.as_str()) {
        return Family::Distribution;
    }
    if is_of_rule(&["R-VAT"]) { Family::Vat } else { Family::Other }
}

/// How the part's VAT comes of the whole's: by the rate, or, where rounding left something to it, as the rest.
fn vat_step(bill: &Bill, lines: &[oblik_domain::bill::BillLine], vat: Kopiykas) -> Option<TraceStep> {
    let whole = bill.trace.iter().find(|step| matches!(family(step), Family::Vat))?;
    let base: Kopiykas = lines.iter().filter(|line| line.vatable).map(|line| line.net).sum();
    let rate = bill.vat_rate;
    let by_rate = base.hryvnias().checked_mul(rate)?.checked_div(oblik_domain::Decimal::ONE_HUNDRED);
    if by_rate.and_then(Kopiykas::from_hryvnias) != Some(vat) {
        let mut told = step("R-VAT-1", "document", text!("{} − {}", bill.vat, bill.vat - vat), vat);
        told.inputs = vec![input("whole", bill.vat, "VAT of all documents of the bill")];
        return Some(told);
    }
    let mut told = step("R-VAT-1", "document", text!("round2({base} × {rate} / 100)"), vat);
    told.inputs = vec![input("net", base, "lines that carry VAT")];
    told.inputs.extend(whole.inputs.iter().filter(|one| one.name == "rate").cloned());
    Some(told)
}

/// The same bill with nothing charged.
fn emptied(bill: &Bill) -> Bill {
    let (net, vat, total) = (Kopiykas::ZERO, Kopiykas::ZERO, Kopiykas::ZERO);
    Bill { lines: Vec::new(), charges: Vec::new(), net, vat, total, ..bill.clone() }
}
