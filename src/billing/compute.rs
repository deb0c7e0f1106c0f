//! The whole calculation of one account's period, station by station: volume, losses, sub-consumers, money, VAT.

use oblik_domain::bill::Bill;
use oblik_domain::finding::{Code, Finding};

use crate::totals::{Totals, fit, totals};
use crate::{BillingInput, fed, intervals, limits, losses, plausibility, price, reactive, volume};

/// A calculation that went through, and what is worth telling of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calculation {
    pub bill: Bill,
    /// Nothing here stops the bill.
    pub notes: Vec<Finding>,
}

/// Calculates a period.
///
/// # Errors
/// Every finding that stops it, of codes E1, E2, E5, E6, E9 and `BILL-…`.
pub fn compute(input: &BillingInput<'_>) -> Result<Calculation, Vec<Finding>> {
    let mut trace = Vec::with_capacity(64);
    let mut notes = Vec::new();
    let rows = volume::rows(input, &mut notes, &mut trace)?;
    whole(rows.iter().map(|row| row.volume.0))?;
    let mut volumes = volume::charged(input, &rows);
    intervals::take_over(input, &mut volumes, &mut trace)?;
    let (losses, subs) = losses::add(input, &rows, &mut volumes, &mut notes, &mut trace)?;
    let fed = fed::take_off(input, &subs, &mut volumes, &mut trace)?;
    whole(volumes.iter().flat_map(|volume| [volume.gross.0, volume.losses.0, volume.fed.0]))?;

    // From here on what one question refuses does not keep the others from being asked.
    let mut findings = plausibility::examine(input, &rows, &volumes, &mut trace);
    let energy = told(price::energy(input, &volumes, &mut trace), &mut findings);
    let reactive = told(reactive::lines(input, &volumes, &mut trace), &mut findings);
    let priced = energy.as_ref().map_or(&[][..], |energy| &energy.lines);
    let exceeding = told(limits::lines(input, &volumes, priced, &mut notes, &mut trace), &mut findings);
    let (Some(energy), Some((reactive_lines, reactive)), Some(exceeding), true) =
        (energy, reactive, exceeding, findings.is_empty())
    else {
        return Err(with_vat(input, findings));
    };

    let mut lines = energy.lines;
    lines.extend(reactive_lines);
    lines.extend(exceeding);
    lines.extend_from_slice(input.sanctions);
    trace.extend_from_slice(input.sanction_steps);
    let Totals { net, vat_rate, vat, total, charges } = totals(input, &lines, &mut trace).map_err(|finding| vec![finding])?;
    let bill = Bill {
        contract: input.record.account.contract.clone(),
        period: input.period,
        rows,
        losses,
        fed,
        volumes,
        lines,
        reactive,
        zone_comparison: energy.zone_comparison,
        net,
        vat_rate,
        vat,
        total,
        charges,
        correction: None,
        trace,
    };
    Ok(Calculation { bill, notes })
}

/// Energy of any part of what is given can be added up where all of it can, whatever its signs.
fn whole(volumes: impl Iterator<Item = i64>) -> Result<(), Vec<Finding>> {
    let finding = || vec![Finding::error(Code::OutOfRange).with("what", "volume")];
    if fit(volumes) { Ok(()) } else { Err(finding()) }
}

/// What a question was answered with; its findings join the others.
fn told<T>(answer: Result<T, Vec<Finding>>, findings: &mut Vec<Finding>) -> Option<T> {
    answer.map_err(|found| findings.extend(found)).ok()
}

/// A refusal tells of a missing VAT rate as well.
fn with_vat(input: &BillingInput<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.extend(input.prices.parameter_of_period(oblik_domain::tariff::VAT_RATE, input.period).err());
    findings
}
