//! Days that count: working days, the reading window, due dates, and the hours a day of Europe/Kyiv has.
//!
//! Source: R-WIN, R-ADV, RQ-C03. Public holidays are working days under martial law, so they come from the configuration only.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::period::{Period, kyiv_midnight};

/// Days to pay after a document is handed over, at least. Source: R-ADV, ПРРЕЕ IV.
pub const PAYMENT_DAYS_LEAST: u64 = 5;

/// The days on which nobody works besides Saturdays and Sundays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Calendar {
    pub holidays: BTreeSet<NaiveDate>,
}

impl Calendar {
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.holidays.contains(&day)
    }

    /// `day` itself, or the first working day after it.
    pub fn working_day_from(&self, day: NaiveDate) -> NaiveDate {
        let days = day.iter_days().take(366);
        days.into_iter().find(|day| self.is_working_day(*day)).unwrap_or(day)
    }

    /// The last of `working_days` working days after `day`; `day` itself for none.
    pub fn working_days_after(&self, day: NaiveDate, working_days: u16) -> NaiveDate {
        (0..working_days).fold(day, |last, _| self.working_day_from(days_after(last, 1)))
    }

    /// When the readings of `period` are taken: from `settlement_day` of the following month, moved to a working day, for
    /// `working_days`. No working day is no window. A day the month does not have is its last.
    ///
    /// Source: R-WIN, RQ-C03.
    pub fn reading_window(&self, period: Period, settlement_day: u8, working_days: u8) -> Option<ReadingWindow> {
        let month = Period::from_ordinal(period.ordinal() + 1)?;
        let day = month.first_day().with_day(u32::from(settlement_day.max(1))).unwrap_or(month.last_day());
        let opens = self.working_day_from(day);
        let mut closes = opens;
        for _ in 1..working_days {
            closes = self.working_day_from(days_after(closes, 1));
        }
        (working_days > 0).then_some(ReadingWindow { opens, closes })
    }

    /// The last day to pay a document handed over on `day`: `days` after it, five at least, and never on a day off.
    ///
    /// Source: R-ADV.
    pub fn due_on(&self, day: NaiveDate, days: u64) -> NaiveDate {
        self.working_day_from(days_after(day, days.max(PAYMENT_DAYS_LEAST)))
    }
}

/// The days of Europe/Kyiv on which the readings of a period are taken, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadingWindow {
    pub opens: NaiveDate,
    pub closes: NaiveDate,
}

impl ReadingWindow {
    pub fn contains(&self, day: NaiveDate) -> bool {
        self.opens <= day && day <= self.closes
    }
}

/// Hours from the first instant of `from` to the first instant of `to` in Europe/Kyiv: 743 for March, 745 for October.
pub fn hours_between(from: NaiveDate, to: NaiveDate) -> i64 {
    match (kyiv_midnight(from), kyiv_midnight(to)) {
        (Some(start), Some(end)) => (end - start).num_hours(),
        _ => (to - from).num_days() * 24,
    }
}

/// `day` and so many days after it; the last day there is where the calendar ends.
pub fn days_after(day: NaiveDate, days: u64) -> NaiveDate {
    day.checked_add_days(Days::new(days)).unwrap_or(NaiveDate::MAX)
}
