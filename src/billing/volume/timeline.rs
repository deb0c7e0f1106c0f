//! What is known of one register in a period, in order of time: where it opens, what was read between, where it closes.
//!
//! A period-end reading counts at the end of its period, whatever day it was read on; every other at the first instant of
//! its day. A part of a month begins and ends with a reading of that very day. Source: R-VOL-1, R-VOL-3.

use crate::trace::text;
use chrono::NaiveDate;
use oblik_domain::act::register_name;
use oblik_domain::calendar::days_after;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::metering::{Meter, Occasion, Quality, Reading, Register, RegisterKey, UsagePoint};
use oblik_domain::period::Period;

/// What a register showed at an instant.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark<'a> {
    pub total: RegisterTotal,
    /// The day at whose first instant it counts.
    pub at: NaiveDate,
    pub quality: Quality,
    /// `None` for an estimate made now.
    pub reading: Option<&'a Reading>,
}

impl<'a> Mark<'a> {
    fn of(reading: &'a Reading) -> Self {
        let at = match reading.occasion {
            Occasion::PeriodEnd => days_after(reading.period.last_day(), 1),
            Occasion::Installed | Occasion::Removed | Occasion::Control => reading.read_on,
        };
        Self { total: reading.total, at, quality: reading.quality, reading: Some(reading) }
    }

    /// Where the figure comes from, for the trace.
    pub fn source(&self) -> String {
        match self.reading {
            None => "step R-EST".to_owned(),
            Some(Reading { read_on, quality, occasion: Occasion::PeriodEnd, .. }) => text!("reading {read_on} {quality}"),
            Some(Reading { read_on, quality, occasion, .. }) => text!("reading {read_on} {quality} {occasion}"),
        }
    }
}

/// A register and the part of the period it measured: while its meter stood and its point was supplied.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured<'a> {
    pub point: &'a UsagePoint,
    pub meter: &'a Meter,
    pub register: Register,
    pub period: Period,
    pub from: NaiveDate,
    pub to: NaiveDate,
}

impl Measured<'_> {
    /// The name of the register, as readings and findings have it.
    pub fn key(&self) -> RegisterKey {
        let (kind, zone) = (self.register.kind, self.register.zone);
        RegisterKey { point: self.point.eic.clone(), meter: self.meter.serial.clone(), kind, zone }
    }

    /// `METER kind/zone`, the subject of its steps.
    pub fn subject(&self) -> String {
        text!("{} {}/{}", self.meter.serial, self.register.kind, self.register.zone)
    }

    /// A finding about the register.
    pub fn finding(&self, code: Code) -> Finding {
        Finding::error(code).with("meter", &self.meter.serial).with("register", register_name(&self.key()))
    }

    /// The first total the dial cannot show.
    pub fn dial(&self) -> RegisterTotal {
        let thousandths = 10_i64.checked_pow(u32::from(self.register.digits).saturating_add(3));
        RegisterTotal(thousandths.unwrap_or(i64::MAX))
    }

    fn digits_hold(&self, total: RegisterTotal) -> bool {
        (RegisterTotal(0)..self.dial()).contains(&total)
    }

    fn lasts_to_the_end(&self) -> bool {
        self.to > self.period.last_day()
    }
}

/// What stops the account's volume, collected over its registers.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pub findings: Vec<Finding>,
    /// Registers without a reading at the end of the period: told together.
    missing: Vec<String>,
}

impl Faults {
    /// No reading at the end of the period.
    pub fn missing(&mut self, measured: &Measured<'_>) {
        self.missing.push(named(measured));
    }

    /// No meter measured the point.
    pub fn unmetered(&mut self, point: &UsagePoint) {
        self.missing.push(point.eic.to_string());
    }

    /// A reading of one day is missing; what for, by the occasion (E6).
    pub fn missing_on(&mut self, measured: &Measured<'_>, day: NaiveDate, occasion: Occasion) {
        let finding = Finding::error(Code::ReadingsIncomplete).with("registers", named(measured));
        self.findings.push(finding.with("day", day).with("occasion", occasion));
    }

    /// A day on which the reading cannot have been made (`BILL-DATE`).
    fn impossible(&mut self, measured: &Measured<'_>, what: &'static str, day: NaiveDate) {
        let finding = Finding::error(Code::DateImpossible).with("what", what).with("day", day);
        self.findings.push(finding.with("meter", &measured.meter.serial).with("register", register_name(&measured.key())));
    }

    pub fn are_none(&self) -> bool {
        self.findings.is_empty() && self.missing.is_empty()
    }

    pub fn into_findings(mut self) -> Vec<Finding> {
        if !self.missing.is_empty() {
            let registers = self.missing.join(", ");
            self.findings.push(Finding::error(Code::ReadingsIncomplete).with("registers", registers));
        }
        self.findings
    }
}

/// `METER (kind/zone)`, as lists of registers have it.
pub(super) fn named(measured: &Measured<'_>) -> String {
    text!("{} ({}/{})", measured.meter.serial, measured.register.kind, measured.register.zone)
}

/// A register in the period.
#[derive(Debug)]
pub(crate) struct Timeline<'a> {
    /// The last but one end of a period, or the setting up: what an average is made from.
    pub before: Option<Mark<'a>>,
    pub opening: Mark<'a>,
    /// Strictly between opening and closing, in order of time.
    pub between: Vec<Mark<'a>>,
    /// `None` when the period's end was not read.
    pub closing: Option<Mark<'a>>,
}

/// Why a reading cannot have been made on its day.
///
/// Of earlier periods only what the meter's own days contradict is told: they are billed.
fn impossible(reading: &Reading, meter: &Meter, period: Period) -> Option<&'static str> {
    let (now, day) = (reading.period == period, reading.read_on);
    if Mark::of(reading).at < meter.installed_on || (now && day < meter.installed_on) {
        return Some("reading before the meter was set up");
    }
    if meter.removed_on.is_some_and(|removed| day > removed) {
        return Some("reading after the meter was taken down");
    }
    let wrong = match reading.occasion {
        Occasion::PeriodEnd => None,
        Occasion::Installed => (day != meter.installed_on).then_some("reading at setting up"),
        Occasion::Removed => (Some(day) != meter.removed_on).then_some("reading at taking down"),
        Occasion::Control => (Period::of(day) != Some(period)).then_some("control reading outside the period"),
    };
    wrong.filter(|_| now)
}

/// Tells the readings of a register that its meter's days contradict; whether there are any.
pub(super) fn examine_days(measured: &Measured<'_>, readings: &[Reading], faults: &mut Faults) -> bool {
    let mut good = true;
    for reading in readings.iter().filter(|reading| reading.period <= measured.period) {
        if let Some(what) = impossible(reading, measured.meter, measured.period) {
            faults.impossible(measured, what, reading.read_on);
            good = false;
        }
    }
    good
}

/// The places a reading can have in the period.
#[derive(Default)]
struct Places<'a> {
    installed: Option<Mark<'a>>,
    removed: Option<Mark<'a>>,
    /// Ends of earlier periods: the last and the last but one.
    last: Option<Mark<'a>>,
    last_but_one: Option<Mark<'a>>,
    /// Control readings on the first day of the part, and on the first day after it.
    first_day: Option<Mark<'a>>,
    after_last_day: Option<Mark<'a>>,
    between: Vec<Mark<'a>>,
    end: Option<Mark<'a>>,
}

/// Puts a mark in its place; a second one that says something else is told.
fn put<'a>(place: &mut Option<Mark<'a>>, mark: Mark<'a>, measured: &Measured<'_>, faults: &mut Faults) {
    if place.is_some_and(|there| there.total != mark.total) {
        faults.impossible(measured, "two readings of one instant", mark.at);
    }
    *place = Some(mark);
}

impl<'a> Places<'a> {
    fn of(measured: &Measured<'_>, readings: &'a [Reading], faults: &mut Faults) -> Self {
        let mut places = Self::default();
        // What was read before the supply began is another customer's.
        let begin = measured.point.from.max(measured.meter.installed_on);
        for reading in readings.iter().filter(|reading| reading.period <= measured.period) {
            let mark = Mark::of(reading);
            match reading.occasion {
                Occasion::PeriodEnd if reading.period == measured.period => put(&mut places.end, mark, measured, faults),
                Occasion::PeriodEnd if mark.at < begin => {}
                Occasion::PeriodEnd => places.end_of_earlier(mark, measured, faults),
                Occasion::Installed if mark.at == measured.meter.installed_on && mark.at >= begin => {
                    put(&mut places.installed, mark, measured, faults);
                }
                Occasion::Removed if mark.at == measured.to => put(&mut places.removed, mark, measured, faults),
                Occasion::Control if mark.at == measured.from => put(&mut places.first_day, mark, measured, faults),
                Occasion::Control if mark.at == measured.to => put(&mut places.after_last_day, mark, measured, faults),
                Occasion::Control if (measured.from..measured.to).contains(&mark.at) => places.between.push(mark),
                Occasion::Installed | Occasion::Removed | Occasion::Control => {}
            }
        }
        places.between.sort_by_key(|mark| mark.at);
        places.between.dedup_by(|later, earlier| {
            if later.at == earlier.at && later.total != earlier.total {
                faults.impossible(measured, "two readings of one instant", later.at);
            }
            later.at == earlier.at
        });
        places
    }

    fn end_of_earlier(&mut self, mark: Mark<'a>, measured: &Measured<'_>, faults: &mut Faults) {
        // They come in order of time.
        match self.last {
            Some(last) if last.at == mark.at => put(&mut self.last, mark, measured, faults),
            _ => self.last_but_one = self.last.replace(mark),
        }
    }

    /// Where the register opens. What was read last at the end of a period counts before all else but the setting up of the
    /// meter on the very day: nothing that was consumed since is lost.
    fn opening(&self, measured: &Measured<'_>) -> Option<Mark<'a>> {
        let set_up_now = self.installed.filter(|mark| mark.at == measured.from);
        set_up_now.or(self.last).or(self.installed).or(self.first_day)
    }
}

/// Puts the readings of a register in order; what is missing or cannot be is told, and then there is no timeline.
pub(super) fn timeline<'a>(measured: &Measured<'_>, readings: &'a [Reading], faults: &mut Faults) -> Option<Timeline<'a>> {
    let told = faults.findings.len();
    let good_days = examine_days(measured, readings, faults);
    let places = Places::of(measured, readings, faults);
    if !good_days {
        return None;
    }
    let opening = places.opening(measured);
    let closing = match measured.lasts_to_the_end() {
        true => places.end.or(places.removed),
        false if measured.meter.removed_on == Some(measured.to) => places.removed,
        false => places.after_last_day,
    };
    let first_day = measured.period.first_day();
    match measured.from {
        _ if opening.is_some() => {}
        // A register that nobody ever read is told once, for its end.
        from if from == first_day && closing.is_none() && measured.lasts_to_the_end() => {}
        from if from == first_day => {
            let eve = first_day.pred_opt().unwrap_or(first_day);
            faults.missing_on(measured, eve, Occasion::PeriodEnd);
        }
        from if from == measured.meter.installed_on => faults.missing_on(measured, from, Occasion::Installed),
        from => faults.missing_on(measured, from, Occasion::Control),
    }
    match closing {
        Some(_) => {}
        // With an opening it may be estimated yet.
        None if measured.lasts_to_the_end() && opening.is_some() => {}
        None if measured.lasts_to_the_end() => faults.missing(measured),
        None if measured.meter.removed_on == Some(measured.to) => faults.missing_on(measured, measured.to, Occasion::Removed),
        None => faults.missing_on(measured, measured.to, Occasion::Control),
    }
    let opening = opening?;
    for mark in [Some(opening), closing].into_iter().flatten().chain(places.between.iter().copied()) {
        if !measured.digits_hold(mark.total) {
            let finding = measured.finding(Code::ActDigits).with("total", mark.total);
            faults.findings.push(finding.with("digits", measured.register.digits));
        }
    }
    let earlier = places.last_but_one.or(places.installed);
    let before = earlier.filter(|mark| mark.at != opening.at && measured.digits_hold(mark.total));
    let good = faults.findings.len() == told;
    good.then_some(Timeline { before, opening, between: places.between, closing })
}
