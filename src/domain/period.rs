//! The billing period, a calendar month, and the legal day of Europe/Kyiv.

use std::fmt;

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Europe::Kyiv;

/// A calendar month, 2000 to 2199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Period {
    year: u16,
    month: u8,
}

impl Period {
    pub fn new(year: u16, month: u8) -> Option<Self> {
        ((2000..2200).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// Reads `2026-10` (ISO 8601 and XML `gYearMonth`).
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.trim().split_once('-')?;
        if year.len() != 4 || month.len() != 2 || !text.trim().bytes().all(|b| b.is_ascii_digit() || b == b'-') {
            return None;
        }
        Self::new(year.parse().ok()?, month.parse().ok()?)
    }

    /// The month that `day` lies in.
    pub fn of(day: NaiveDate) -> Option<Self> {
        Self::new(u16::try_from(day.year()).ok()?, u8::try_from(day.month()).ok()?)
    }

    pub fn year(self) -> u16 {
        self.year
    }

    /// 1 for January.
    pub fn month(self) -> u8 {
        self.month
    }

    /// Months since January of year 0, for comparing and storing.
    pub fn ordinal(self) -> i64 {
        i64::from(self.year) * 12 + i64::from(self.month) - 1
    }

    pub fn from_ordinal(ordinal: i64) -> Option<Self> {
        let year = u16::try_from(ordinal.div_euclid(12)).ok()?;
        let month = u8::try_from(ordinal.rem_euclid(12) + 1).ok()?;
        Self::new(year, month)
    }

    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(i32::from(self.year), u32::from(self.month), 1).unwrap_or(NaiveDate::MIN)
    }

    pub fn last_day(self) -> NaiveDate {
        let first = self.first_day();
        (28..=31).rev().find_map(|day| first.with_day(day)).unwrap_or(NaiveDate::MAX)
    }

    pub fn days(self) -> i64 {
        (self.last_day() - self.first_day()).num_days() + 1
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// The day in Europe/Kyiv that `moment` falls on: receipt times and document dates are of this day (M03).
pub fn kyiv_day(moment: DateTime<Utc>) -> NaiveDate {
    moment.with_timezone(&Kyiv).date_naive()
}

/// `21.11.2026 14:05:09`, the clock of Europe/Kyiv.
pub fn kyiv_clock(moment: DateTime<Utc>) -> String {
    kyiv_time(moment).format("%d.%m.%Y %H:%M:%S").to_string()
}

/// What the clocks of Kyiv show at `moment`.
pub fn kyiv_time(moment: DateTime<Utc>) -> NaiveDateTime {
    moment.with_timezone(&Kyiv).naive_local()
}

/// The day and the clock hour, 0 to 23, of Europe/Kyiv that `moment` falls in. The hour that is repeated in autumn is one.
pub fn kyiv_hour(moment: DateTime<Utc>) -> (NaiveDate, usize) {
    let local = moment.with_timezone(&Kyiv);
    (local.date_naive(), usize::try_from(local.hour()).unwrap_or_default())
}

/// `2026-10-25 03:30+02:00`: the clock of Europe/Kyiv where the repeated hour must be told apart.
pub fn kyiv_offset_clock(moment: DateTime<Utc>) -> String {
    moment.with_timezone(&Kyiv).format("%Y-%m-%d %H:%M%:z").to_string()
}

/// Midnight in Europe/Kyiv at the start of `day`, in UTC.
pub fn kyiv_midnight(day: NaiveDate) -> Option<DateTime<Utc>> {
    let local = day.and_hms_opt(0, 0, 0)?;
    Kyiv.from_local_datetime(&local).earliest().map(|moment| moment.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_reads_only_year_dash_month() {
        assert_eq!(Period::parse("2026-10").map(|p| p.to_string()), Some("2026-10".to_owned()));
        for bad in ["2026-13", "2026-00", "2026-1", "26-10", "1999-12", "2026-10-01", "+026-10", ""] {
            assert_eq!(Period::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn months_know_their_days() {
        for (period, last, days) in [("2026-02", "2026-02-28", 28), ("2028-02", "2028-02-29", 29), ("2026-12", "2026-12-31", 31)]
        {
            let period = Period::parse(period).unwrap();
            assert_eq!((period.last_day().to_string(), period.days()), (last.to_owned(), days));
            assert_eq!(Period::from_ordinal(period.ordinal()), Some(period));
        }
    }

    #[test]
    fn the_legal_day_is_kyivs() {
        let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(kyiv_day(moment("2026-10-31T21:59:59Z")).to_string(), "2026-10-31");
        assert_eq!(kyiv_day(moment("2026-10-31T22:00:00Z")).to_string(), "2026-11-01");
        // 25 October 2026 has 25 hours: midnight is at 21:00 UTC before the change and 22:00 after.
        let midnight = |day: &str| kyiv_midnight(day.parse().unwrap()).unwrap().to_rfc3339();
        assert_eq!(midnight("2026-10-25"), "2026-10-24T21:00:00+00:00");
        assert_eq!(midnight("2026-10-26"), "2026-10-25T22:00:00+00:00");
        for (utc, hour, clock) in [
            ("2026-10-25T00:30:00Z", 3, "2026-10-25 03:30+03:00"),
            ("2026-10-25T01:30:00Z", 3, "2026-10-25 03:30+02:00"),
            ("2026-03-29T00:59:00Z", 2, "2026-03-29 02:59+02:00"),
            ("2026-03-29T01:00:00Z", 4, "2026-03-29 04:00+03:00"),
        ] {
            assert_eq!((kyiv_hour(moment(utc)).1, kyiv_offset_clock(moment(utc)).as_str()), (hour, clock));
        }
    }
}
