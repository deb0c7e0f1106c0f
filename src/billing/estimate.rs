//! The closing of a register that nobody read, and what is to be stored of it. Source: R-EST.
//!
//! What is estimated is the total, to three decimals; the row follows from it. So the next actual reading trues the estimate
//! up by itself: it closes a row that opens where the estimate ended, and over both months nothing is lost or charged twice.

use oblik_domain::Decimal;
use oblik_domain::bill::{TraceInput, TraceStep, VolumeRow};
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::metering::{Occasion, Quality, Reading};

use crate::trace::{input, step};
use crate::volume::{Mark, Measured, Timeline, changes, coefficient_input, energy};
use crate::{BillingInput, Calculation};

/// Energy of some days, from which an average of a day is made.
struct Basis {
    /// kWh or kvarh, not rounded.
    energy: Decimal,
    days: i64,
    inputs: Vec<TraceInput>,
}

/// What the register would show at the end of the period: its last reading and so much a day as before it.
///
/// `actual` is the energy of the part of the period that was read. `None` when there is nothing to make an average of, when it
/// would be negative, or when it would turn the dial too far: then the reading is missing.
pub(crate) fn closing<'a>(
    measured: &Measured<'_>,
    timeline: &Timeline<'a>,
    actual: Decimal,
    trace: &mut Vec<TraceStep>,
) -> Option<Mark<'a>> {
    let last = timeline.between.last().copied().unwrap_or(timeline.opening);
    let basis = match timeline.between.last() {
        Some(last) => Some(part_read(timeline.opening, *last, actual)),
        None => previous(measured, timeline),
    };
    let basis = basis.filter(|basis| !basis.energy.is_sign_negative())?;
    let coefficient = measured.meter.coefficient_on(last.at);
    let days = (measured.to - last.at).num_days();
    let dial = measured.dial();
    let added = added(&basis, days, coefficient)?;
    let shown = last.total.0.checked_add(added)?;
    let passed = shown >= dial.0;
    // Past its end by half a dial or more, what was estimated and what fell could not be told apart by the next reading.
    if passed && added >= dial.0 / 2 {
        return None;
    }
    let total = RegisterTotal(if passed { shown - dial.0 } else { shown });
    let Basis { energy, days: of_days, mut inputs } = basis;
    let mut formula = format!("round3({} + {} / {of_days} × {days} / {coefficient})", last.total, energy.normalize());
    if passed {
        formula = format!("{formula} − {dial}");
    }
    inputs.push(coefficient_input(measured.meter, coefficient, last.at));
    trace.push(TraceStep { inputs, ..step("R-EST", measured.subject(), formula, total) });
    Some(Mark { total, at: measured.to, quality: Quality::Estimated, reading: None })
}

/// `energy / days × remaining / coefficient` in thousandths; one division, so that nothing is rounded but the result.
fn added(basis: &Basis, remaining: i64, coefficient: Coefficient) -> Option<i64> {
    let energy = basis.energy.checked_mul(Decimal::from(remaining))?;
    let units = energy.checked_div(Decimal::from(basis.days).checked_mul(coefficient.value())?)?;
    RegisterTotal::rounded(units).map(|added| added.0)
}

/// The part of the period that was read.
fn part_read(opening: Mark<'_>, last: Mark<'_>, energy: Decimal) -> Basis {
    let inputs = vec![input("opening", opening.total, opening.source()), input("last", last.total, last.source())];
    Basis { energy, days: (last.at - opening.at).num_days(), inputs }
}

/// The period before, from the end of the one before that. `None` without such an end, when the total fell by what no dial
/// passing its end explains, or when the coefficient changed between, so that nobody can say how much it was.
fn previous(measured: &Measured<'_>, timeline: &Timeline<'_>) -> Option<Basis> {
    let (before, opening) = (timeline.before?, timeline.opening);
    if !changes(measured.meter, before.at, opening.at).is_empty() {
        return None;
    }
    let coefficient = measured.meter.coefficient_on(before.at);
    let (counted, dial) = (opening.total.0 - before.total.0, measured.dial());
    let counted = if -counted > dial.0 / 2 { counted + dial.0 } else { counted };
    let inputs = vec![
        input("before", before.total, before.source()),
        input("opening", opening.total, opening.source()),
        TraceInput { name: "coefficient-before".into(), ..coefficient_input(measured.meter, coefficient, before.at) },
    ];
    Some(Basis { energy: energy(counted, coefficient)?, days: (opening.at - before.at).num_days(), inputs })
}

impl Calculation {
    /// The closings this calculation estimated, to be stored as readings together with it: the next period opens with them.
    /// What is stored already is not among them.
    pub fn estimates(&self, billing: &BillingInput<'_>) -> Vec<Reading> {
        to_store(&self.bill.rows, billing)
    }
}

pub(crate) fn to_store(rows: &[VolumeRow], billing: &BillingInput<'_>) -> Vec<Reading> {
    let reading = |row: &VolumeRow| Reading {
        register: row.register.clone(),
        period: billing.period,
        read_on: billing.period.last_day(),
        total: row.closing,
        quality: Quality::Estimated,
        occasion: Occasion::PeriodEnd,
    };
    let is_known = |row: &VolumeRow| {
        let stored = billing.readings_of(&row.register).iter();
        stored.into_iter().any(|reading| reading.period == billing.period && reading.occasion == Occasion::PeriodEnd)
    };
    let at_the_end = |row: &&VolumeRow| row.quality == Quality::Estimated && row.to > billing.period.last_day();
    rows.iter().filter(at_the_end).filter(|row| !is_known(row)).map(reading).collect()
}
