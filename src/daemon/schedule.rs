//! When a source is next looked at: a pure function of the schedule and the moment.
//!
//! Cron fields are of the clock of Europe/Kyiv, whose days have 23 or 25 hours twice a year. They are therefore matched against
//! local times without a zone, and each local time is then given its instant here: one that does not exist comes at the end of
//! the gap, one that exists twice comes the first time. So each comes exactly once. A schedule of every hour keeps its pace
//! instead and also runs through the repeated hour: a mailbox must not rest for an hour because of the calendar.

use std::time::Duration;

use chrono::{DateTime, MappedLocalTime, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Europe::Kyiv;
use cron::TimeUnitSpec;
use oblik_config::Schedule;

/// An interval is lengthened by at most this part of itself.
const JITTER_PART: u32 = 10;

/// The first moment after `moment` at which `schedule` comes; the end of time when it never does again.
///
/// `jitter` is added to an interval, cut at a tenth of it, so that many sources do not knock at one instant; the caller draws
/// it. Cron fields name their instant and take no jitter.
pub fn next_after(schedule: &Schedule, moment: DateTime<Utc>, jitter: Duration) -> DateTime<Utc> {
    match schedule {
        Schedule::Every(interval) => {
            let wait = interval.saturating_add(jitter.min(*interval / JITTER_PART));
            let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
            moment.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
        }
        Schedule::Cron(fields) => next_of_cron(fields, moment).unwrap_or(DateTime::<Utc>::MAX_UTC),
    }
}

fn next_of_cron(fields: &cron::Schedule, moment: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let repeats = fields.hours().is_all();
    let local = moment.with_timezone(&Kyiv).naive_local();
    // Where the clock was just put back, local times before this one still lie ahead.
    let start = if repeats && clock_changes_near(moment) { local.checked_sub_signed(TimeDelta::hours(1))? } else { local };
    let mut again: Option<DateTime<Utc>> = None;
    // The zone of this iterator is only a carrier: what it yields is read as local time.
    for candidate in fields.after(&start.and_utc()) {
        let (first, second) = instants(candidate.naive_utc())?;
        if repeats && again.is_none() {
            again = second.filter(|second| *second > moment);
        }
        // Instants grow with local times, so nothing later in the list can come sooner.
        if first > moment {
            return Some(again.map_or(first, |again| again.min(first)));
        }
    }
    again
}

fn clock_changes_near(moment: DateTime<Utc>) -> bool {
    let offset = |hours| Kyiv.offset_from_utc_datetime(&(moment + TimeDelta::hours(hours)).naive_utc()).fix();
    offset(-2) != offset(2)
}

/// The instant of a local time, and its second one where the clock is put back.
fn instants(local: NaiveDateTime) -> Option<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    match Kyiv.from_local_datetime(&local) {
        MappedLocalTime::Single(only) => Some((only.to_utc(), None)),
        MappedLocalTime::Ambiguous(first, second) => Some((first.to_utc(), Some(second.to_utc()))),
        MappedLocalTime::None => end_of_gap(local).map(|end| (end, None)),
    }
}

/// The first instant after the gap that `local` lies in; gaps begin and end on whole minutes and last at most three hours.
fn end_of_gap(local: NaiveDateTime) -> Option<DateTime<Utc>> {
    let minute = local.with_second(0)?.with_nanosecond(0)?;
    let minutes = (1..=180).filter_map(|count| minute.checked_add_signed(TimeDelta::minutes(count)));
    minutes.filter_map(|time| Kyiv.from_local_datetime(&time).earliest()).map(|time| time.to_utc()).next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use oblik_config::parse_schedule;
    use proptest::prelude::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// The comings of `schedule` after `from`, up to and including `to`.
    fn comings(schedule: &str, from: &str, to: &str) -> Vec<String> {
        let (schedule, mut moment, end) = (parse_schedule(schedule).unwrap(), at(from), at(to));
        let mut list = Vec::new();
        loop {
            moment = next_after(&schedule, moment, Duration::ZERO);
            if moment > end {
                return list;
            }
            list.push(moment.format("%dT%H:%M:%S").to_string());
        }
    }

    #[test]
    fn an_interval_adds_itself_and_at_most_a_tenth() {
        let every = parse_schedule("10m").unwrap();
        for (jitter, expected) in [(0, "10:10:00"), (59, "10:10:59"), (60, "10:11:00"), (3600, "10:11:00")] {
            let next = next_after(&every, at("2026-11-21T10:00:00Z"), Duration::from_secs(jitter));
            assert_eq!(next.format("%H:%M:%S").to_string(), expected, "{jitter}");
        }
        assert_eq!(next_after(&every, DateTime::<Utc>::MAX_UTC, Duration::ZERO), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn cron_is_of_the_clock_of_kyiv_in_winter_and_summer() {
        for (schedule, from, next) in [
            ("0 9 * * *", "2026-01-15T06:59:59Z", "2026-01-15T07:00:00Z"),
            ("0 9 * * *", "2026-01-15T07:00:00Z", "2026-01-16T07:00:00Z"),
            ("0 9 * * *", "2026-07-15T05:59:59.5Z", "2026-07-15T06:00:00Z"),
            ("0 9 * * *", "2026-07-15T06:00:00Z", "2026-07-16T06:00:00Z"),
            // 1 November 2026 is a Sunday.
            ("0 0 * * 0", "2026-10-31T21:59:59Z", "2026-10-31T22:00:00Z"),
            ("0 0 1 * *", "2026-10-31T22:00:00Z", "2026-11-30T22:00:00Z"),
            ("0 9 * * 1-5", "2026-11-20T07:00:00Z", "2026-11-23T07:00:00Z"),
            ("30 0 9 * * 1", "2026-11-21T00:00:00Z", "2026-11-23T07:00:30Z"),
            ("0 0 29 2 *", "2026-11-21T00:00:00Z", "2028-02-28T22:00:00Z"),
        ] {
            assert_eq!(
                next_after(&parse_schedule(schedule).unwrap(), at(from), Duration::from_secs(9)),
                at(next),
                "{schedule} {from}"
            );
        }
    }

    #[test]
    fn a_schedule_whose_years_are_past_never_comes() {
        let past = parse_schedule("0 0 9 1 1 * 2020").unwrap();
        assert_eq!(next_after(&past, at("2026-11-21T00:00:00Z"), Duration::ZERO), DateTime::<Utc>::MAX_UTC);
    }

    #[test]
    fn a_time_that_does_not_exist_comes_once_at_the_end_of_the_gap() {
        // 28 March 2027: 03:00 becomes 04:00 at 01:00 UTC.
        let day = |schedule| comings(schedule, "2027-03-27T22:00:00Z", "2027-03-28T21:00:00Z");
        assert_eq!(day("30 3 * * *"), ["28T01:00:00"]);
        assert_eq!(day("0 3 * * *"), ["28T01:00:00"]);
        assert_eq!(day("*/20 3 * * *"), ["28T01:00:00"]);
        assert_eq!(day("0 4 * * *"), ["28T01:00:00"]);
        assert_eq!(day("59 2 * * *"), ["28T00:59:00"]);
        assert_eq!(day("30 3,4 * * *"), ["28T01:00:00", "28T01:30:00"]);
        assert_eq!(day("0 * * * *").len(), 23);
        assert_eq!(day("*/30 * * * *").len(), 46);
    }

    #[test]
    fn a_time_that_comes_twice_is_kept_once() {
        // 25 October 2026: 04:00 becomes 03:00 at 01:00 UTC, so 03:30 is 00:30 and 01:30 UTC.
        let day = |schedule| comings(schedule, "2026-10-24T21:00:00Z", "2026-10-25T22:00:00Z");
        assert_eq!(day("30 3 * * *"), ["25T00:30:00"]);
        assert_eq!(day("0 3 * * *"), ["25T00:00:00"]);
        assert_eq!(day("0 4 * * *"), ["25T02:00:00"]);
        assert_eq!(day("59 2 * * *"), ["24T23:59:00"]);
        assert_eq!(
            day("*/20 3,4 * * *"),
            ["25T00:00:00", "25T00:20:00", "25T00:40:00", "25T02:00:00", "25T02:20:00", "25T02:40:00"]
        );
        // Looked at from within the second pass, the first has been.
        assert_eq!(comings("30 3 * * *", "2026-10-25T01:10:00Z", "2026-10-26T02:00:00Z"), ["26T01:30:00"]);
    }

    #[test]
    fn a_schedule_of_every_hour_keeps_its_pace_through_the_repeated_hour() {
        let night = comings("*/30 * * * *", "2026-10-24T23:45:00Z", "2026-10-25T02:30:00Z");
        assert_eq!(night, ["25T00:00:00", "25T00:30:00", "25T01:00:00", "25T01:30:00", "25T02:00:00", "25T02:30:00"]);
        // The day has 25 hours; its last coming is the midnight after it.
        assert_eq!(comings("0 * * * *", "2026-10-24T21:00:00Z", "2026-10-25T22:00:00Z").len(), 25);
    }

    proptest! {
        #[test]
        fn the_next_moment_is_always_later(seconds in 0_i64..4_000_000_000, index in 0_usize..7) {
            let schedules = ["1s", "5m", "*/7 * * * *", "30 3 * * *", "0 0 1 * *", "*/10 0 3 * * 0", "0 12 29 2 *"];
            let schedule = parse_schedule(schedules[index]).unwrap();
            let moment = DateTime::from_timestamp(seconds, 5).unwrap();
            prop_assert!(next_after(&schedule, moment, Duration::ZERO) > moment);
        }

        // An interval of wall time never exceeds the pace by more than the rounding, even where clocks change.
        #[test]
        fn a_schedule_of_every_ten_minutes_never_rests_longer(seconds in 1_790_000_000_i64..1_810_000_000) {
            let schedule = parse_schedule("*/10 * * * *").unwrap();
            let moment = DateTime::from_timestamp(seconds, 0).unwrap();
            let next = next_after(&schedule, moment, Duration::ZERO);
            prop_assert!(next - moment <= TimeDelta::minutes(10));
        }
    }
}
