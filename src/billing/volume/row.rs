//! One row: a register between two of its readings. Source: R-VOL-1, R-VOL-2, R-EST.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::bill::{TraceInput, TraceStep, VolumeRow};
use oblik_domain::confirmation::Confirmed;
use oblik_domain::dated;
use oblik_domain::energy::{Coefficient, Kwh, RegisterTotal};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::metering::{Meter, Occasion, Quality};

use super::timeline::{Faults, Mark, Measured};
use crate::BillingInput;
use crate::trace::{input, step, text};

/// How a dial went from one reading to the next, with what it counted, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    Forward(i64),
    /// Past its end: confirmed, or by an estimate that says so itself (R-VOL-1).
    RolledOver(i64),
    /// Backwards, from an estimate that was too high (R-EST).
    TruedUp(i64),
    /// Backwards over the end that an estimate had passed and the dial had not (R-EST).
    TurnedBack(i64),
}

impl Turn {
    /// What lies between two readings, by the dial alone. `None` when the total fell and neither a confirmation nor an
    /// estimate explains it (E9).
    ///
    /// An estimate is off by less than half the dial: what differs by more passed its end. That an estimate passed it and the
    /// dial did not is believed where the end before shows it, or is an estimate itself and so may have passed it already.
    fn between(before: Option<Mark<'_>>, from: Mark<'_>, to: Mark<'_>, dial: RegisterTotal, confirmed: bool) -> Option<Self> {
        let (counted, half) = (to.total.0.checked_sub(from.total.0)?, dial.0 / 2);
        let estimated = |mark: Mark<'_>| mark.quality == Quality::Estimated;
        if counted >= 0 {
            let passed = |before: Mark<'_>| before.total.0 - from.total.0 > half || estimated(before);
            let unpassed = counted > half && estimated(from) && !estimated(to) && before.is_some_and(passed);
            return Some(if unpassed { Self::TurnedBack(counted - dial.0) } else { Self::Forward(counted) });
        }
        if confirmed || (estimated(to) && -counted > half) {
            return Some(Self::RolledOver(counted.checked_add(dial.0)?));
        }
        ((estimated(from) || estimated(to)) && -counted <= half).then_some(Self::TruedUp(counted))
    }

    pub fn thousandths(self) -> i64 {
        match self {
            Self::Forward(counted) | Self::RolledOver(counted) | Self::TruedUp(counted) | Self::TurnedBack(counted) => counted,
        }
    }

    /// `closing − opening`, as it was counted.
    fn formula(self, from: RegisterTotal, to: RegisterTotal, measured: &Measured<'_>) -> String {
        match self {
            Self::Forward(_) | Self::TruedUp(_) => text!("{to} − {from}"),
            Self::RolledOver(_) => text!("{} − {from} + {to}", measured.dial()),
            Self::TurnedBack(_) => text!("{to} − {from} − {}", measured.dial()),
        }
    }
}

/// `thousandths × coefficient`, not rounded, kWh or kvarh.
pub(crate) fn energy(thousandths: i64, coefficient: Coefficient) -> Option<Decimal> {
    Decimal::new(thousandths, 3).checked_mul(coefficient.value())
}

/// The coefficient that holds from one day to another.
///
/// Where it changes between, each day of change needs a reading of its own: the days are told (E6).
fn coefficient(measured: &Measured<'_>, from: NaiveDate, to: NaiveDate, faults: &mut Faults) -> Option<Coefficient> {
    let meter = measured.meter;
    let days = changes(meter, from, to);
    for day in &days {
        faults.missing_on(measured, *day, Occasion::Control);
    }
    days.is_empty().then(|| meter.coefficient_on(from))
}

/// The days strictly between on which the meter's coefficient changes.
pub(crate) fn changes(meter: &Meter, from: NaiveDate, to: NaiveDate) -> BTreeSet<NaiveDate> {
    let bounds = meter.coefficients.iter().flat_map(|dated| [Some(dated.from), dated.to]).flatten();
    let differs = |day: &NaiveDate| {
        let eve = day.pred_opt().unwrap_or(*day);
        meter.coefficient_on(eve) != meter.coefficient_on(*day)
    };
    bounds.filter(|day| from < *day && *day < to).filter(differs).collect()
}

/// The coefficient with its validity, for the trace.
pub(crate) fn coefficient_input(meter: &Meter, value: Coefficient, day: NaiveDate) -> TraceInput {
    let source = match meter.coefficients.iter().find(|dated| dated.covers(day)) {
        None => text!("meter from {}", meter.installed_on),
        Some(dated::Dated { from, to: None, .. }) => text!("coefficient from {from}"),
        Some(dated::Dated { from, to: Some(to), .. }) => text!("coefficient from {from} to {to}"),
    };
    input("coefficient", value, source)
}

/// Two coefficients that hold on the same day of the part: nobody could say which counts (`BILL-OVERLAP`).
pub(super) fn overlap(meter: &Meter, from: NaiveDate, to: NaiveDate) -> Option<Finding> {
    let validity = |dated: &dated::Dated<Coefficient>| (dated.from.max(from), Some(dated.to.map_or(to, |end| end.min(to))));
    let within = || meter.coefficients.iter().filter(|dated| dated::overlap((dated.from, dated.to), (from, Some(to))));
    let pairs = within().enumerate().flat_map(|(index, one)| within().skip(index + 1).map(move |other| (one, other)));
    let (one, other) = pairs.into_iter().find(|(one, other)| dated::overlap(validity(one), validity(other)))?;
    let told = |dated: &dated::Dated<Coefficient>| match dated.to {
        Some(end) => text!("{} – {end}", dated.from),
        None => text!("{} –", dated.from),
    };
    let finding = Finding::error(Code::ValidityOverlap).with("what", text!("coefficient {}", meter.serial));
    Some(finding.with("first", told(one)).with("second", told(other)))
}

/// Two consecutive marks of a register, and the end of a period before the first.
#[derive(Clone, Copy)]
pub(super) struct Between<'a> {
    pub before: Option<Mark<'a>>,
    pub from: Mark<'a>,
    pub to: Mark<'a>,
}

/// The row between two marks with its exact energy, or the finding that stops it.
pub(super) fn row(
    billing: &BillingInput<'_>,
    measured: &Measured<'_>,
    between: Between<'_>,
    faults: &mut Faults,
    trace: &mut Vec<TraceStep>,
) -> Option<(VolumeRow, Decimal)> {
    let Between { before, from, to } = between;
    let coefficient = coefficient(measured, from.at, to.at, faults)?;
    let dial = measured.dial();
    let confirmed = confirmation(billing, measured, from.total, to.total);
    let Some(turn) = Turn::between(before, from, to, dial, confirmed.is_some()) else {
        let rollover = RegisterTotal(dial.0.saturating_sub(from.total.0).saturating_add(to.total.0));
        let finding = measured.finding(Code::ReadingGoesBackwards).with("previous", from.total).with("current", to.total);
        faults.findings.push(finding.with("rollover", rollover).with("point", &measured.point.eic));
        return None;
    };
    let exact = energy(turn.thousandths(), coefficient);
    let Some((exact, volume)) = exact.and_then(|exact| Some((exact, Kwh::rounded(exact)?))) else {
        faults.findings.push(measured.finding(Code::OutOfRange).with("what", "volume"));
        return None;
    };
    let subject = measured.subject();
    let difference = turn.formula(from.total, to.total, measured);
    let marks = || vec![input("opening", from.total, from.source()), input("closing", to.total, to.source())];
    let formula = text!("round0(({difference}) × {coefficient})");
    if !matches!(turn, Turn::Forward(_)) {
        let rule = if matches!(turn, Turn::RolledOver(_)) { "R-VOL-1" } else { "R-EST" };
        let result = Decimal::new(turn.thousandths(), 3).normalize();
        let mut inputs = marks();
        inputs.extend(confirmed);
        trace.push(TraceStep { inputs, ..step(rule, subject.clone(), difference, result) });
    }
    let mut inputs = marks();
    inputs.push(coefficient_input(measured.meter, coefficient, from.at));
    trace.push(TraceStep { inputs, ..step("R-VOL-2", subject, formula, volume) });
    let row = VolumeRow {
        register: measured.key(),
        voltage_class: measured.point.voltage_class,
        opening: from.total,
        closing: to.total,
        coefficient,
        volume,
        from: from.at.max(measured.from),
        to: to.at,
        quality: to.quality,
        rolled_over: matches!(turn, Turn::RolledOver(_)),
    };
    Some((row, exact))
}

/// Who confirmed that the dial passed its end between exactly these two totals.
fn confirmation(
    billing: &BillingInput<'_>,
    measured: &Measured<'_>,
    from: RegisterTotal,
    to: RegisterTotal,
) -> Option<TraceInput> {
    let fits = |what: &Confirmed| {
        let Confirmed::Rollover { register, opening, closing } = what else { return false };
        let same = register.point == measured.point.eic && register.meter == measured.meter.serial;
        let own = same && (register.kind, register.zone) == (measured.register.kind, measured.register.zone);
        own && (*opening, *closing) == (from, to)
    };
    let found = billing.confirmations.iter().find(|confirmation| fits(&confirmation.what))?;
    let source = text!("confirmation {} {}", found.operator, found.confirmed_at.format("%Y-%m-%d"));
    Some(input("rollover", "confirmed", source))
}
