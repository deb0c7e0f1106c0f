//! What the lines come to: VAT once per document, and what each type of debt grows by. Source: R-VAT-1, R-RND, 2.10.

use oblik_domain::Decimal;
use oblik_domain::bill::{BillLine, DebtCharge, TraceStep};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ledger::DebtType;
use oblik_domain::money::Kopiykas;
use oblik_domain::tariff::VAT_RATE;

use crate::BillingInput;
use crate::trace::{input, step, text};

pub(crate) struct Totals {
    pub net: Kopiykas,
    pub vat_rate: Decimal,
    pub vat: Kopiykas,
    pub total: Kopiykas,
    pub charges: Vec<DebtCharge>,
}

/// VAT once per document, on the lines that carry it. The supply of a month is completed on its last day, so that day's rate is
/// the document's, also where it changed inside the month; a day without any rate is E2.
///
/// # Errors
/// [`Code::ParameterMissing`] (E2), [`Code::OutOfRange`].
pub(crate) fn totals(billing: &BillingInput<'_>, lines: &[BillLine], trace: &mut Vec<TraceStep>) -> Result<Totals, Finding> {
    let held = billing.prices.held_of_period(VAT_RATE, billing.period)?;
    let rate = held.value();
    // Parts of the lines were added up before without a check.
    if !fit(lines.iter().map(|line| line.net.0)) {
        return Err(too_much());
    }
    let net = sum(lines.iter())?;
    let base = sum(lines.iter().filter(|line| line.vatable))?;
    let vat = vat_of(base, rate)?;
    let mut told = step("R-VAT-1", "document", text!("round2({base} × {rate} / 100)"), vat);
    told.inputs = vec![input("net", base, "lines that carry VAT"), input("rate", rate, held.to_string())];
    trace.push(told);
    let total = Kopiykas(net.0.checked_add(vat.0).ok_or_else(too_much)?);
    Ok(Totals { net, vat_rate: rate, vat, total, charges: charges(lines, rate, vat)? })
}

/// By type of debt: each one's VAT rounded, the last that carries any takes what rounding leaves.
fn charges(lines: &[BillLine], rate: Decimal, vat: Kopiykas) -> Result<Vec<DebtCharge>, Finding> {
    let mut charges = Vec::new();
    let mut left = vat;
    let last = lines.iter().filter(|line| line.vatable).map(|line| line.debt).max();
    for debt in DebtType::ALL {
        let of_debt = || lines.iter().filter(|line| line.debt == *debt);
        if of_debt().next().is_none() {
            continue;
        }
        let net = sum(of_debt())?;
        let own = if last == Some(*debt) { left } else { vat_of(sum(of_debt().filter(|line| line.vatable))?, rate)? };
        left = left - own;
        let total = Kopiykas(net.0.checked_add(own.0).ok_or_else(too_much)?);
        charges.push(DebtCharge { debt: *debt, net, vat: own, total });
    }
    Ok(charges)
}

fn vat_of(net: Kopiykas, rate: Decimal) -> Result<Kopiykas, Finding> {
    let vat = net.hryvnias().checked_mul(rate).and_then(|product| product.checked_div(Decimal::ONE_HUNDRED));
    vat.and_then(Kopiykas::from_hryvnias).ok_or_else(too_much)
}

fn sum<'l>(mut lines: impl Iterator<Item = &'l BillLine>) -> Result<Kopiykas, Finding> {
    lines.try_fold(0_i64, |sum, line| sum.checked_add(line.net.0)).map(Kopiykas).ok_or_else(too_much)
}

/// Whether no sum of any of the amounts can overflow.
pub(crate) fn fit(mut amounts: impl Iterator<Item = i64>) -> bool {
    amounts.try_fold(0_i64, |sum, amount| sum.checked_add(amount.checked_abs()?)).is_some()
}

fn too_much() -> Finding {
    Finding::error(Code::OutOfRange).with("what", "total")
}
