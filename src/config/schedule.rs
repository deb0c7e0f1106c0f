//! When a source is looked at, as an administrator writes it: `30s`, `5m`, `1h`, or a cron expression.
//!
//! The cron package reads Sunday as 1 and wants seconds; every crontab has Sunday 0 or 7 and five fields. What is written
//! here means what it means in a crontab; the weekday is handed on by name, and what programs disagree on is refused.

use std::str::FromStr;
use std::time::Duration;

use chrono::DateTime;

use crate::Schedule;
use crate::keys::{Wrong, wrong};

const INSTEAD: &str =
    "write an interval (\"30s\", \"5m\", \"1h\") or cron fields: minute hour day month weekday (\"*/10 8-18 * * 1-5\")";
/// One look a day at least: what rests longer is a misprint.
const LONGEST: Duration = Duration::from_hours(24);
const DAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// Reads a schedule.
///
/// # Errors
/// What is wrong and what to write instead.
pub fn parse(text: &str) -> Result<Schedule, String> {
    schedule(text).map_err(|wrong| format!("{}; {}", wrong.what, wrong.instead))
}

pub(crate) fn schedule(text: &str) -> Result<Schedule, Wrong> {
    let text = text.trim();
    if text.len() > 200 || !text.is_ascii() {
        return wrong("this is no schedule", INSTEAD);
    }
    match text.split_ascii_whitespace().count() {
        0 => wrong("the schedule is empty", INSTEAD),
        1 => interval(text).map(Schedule::Every),
        _ => cron(text),
    }
}

/// `30s`, `5m`, `1h`.
pub(crate) fn interval(text: &str) -> Result<Duration, Wrong> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text.get(digits.len()..) {
        Some("s") => 1,
        Some("m") => 60,
        Some("h") => 3600,
        _ => return wrong(format!("\"{text}\" is no interval"), INSTEAD),
    };
    let seconds = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(unit));
    match seconds.map(Duration::from_secs) {
        Some(every) if !every.is_zero() && every <= LONGEST => Ok(every),
        Some(_) => wrong(format!("\"{text}\" is not between 1s and 24h"), INSTEAD),
        None => wrong(format!("\"{text}\" is no interval"), INSTEAD),
    }
}

fn cron(text: &str) -> Result<Schedule, Wrong> {
    let fields: Vec<&str> = text.split_ascii_whitespace().collect();
    let (second, minute, hour, day, month, weekday, year) = match *fields.as_slice() {
        [minute, hour, day, month, weekday] => ("0", minute, hour, day, month, weekday, "*"),
        [second, minute, hour, day, month, weekday] => (second, minute, hour, day, month, weekday, "*"),
        [second, minute, hour, day, month, weekday, year] => (second, minute, hour, day, month, weekday, year),
        _ => return wrong(format!("{} cron fields where 5, 6 or 7 are needed", fields.len()), INSTEAD),
    };
    let weekday = weekdays(weekday)?;
    if weekday != "*" && !matches!(day, "*" | "?") {
        return wrong(
            "a day of the month and a weekday stand together, which some programs read as \"or\" and some as \"and\"",
            "leave one of them *",
        );
    }
    let expression = format!("{second} {minute} {hour} {day} {month} {weekday} {year}");
    let Ok(schedule) = cron::Schedule::from_str(&expression) else {
        return wrong(format!("\"{text}\" is no cron expression"), INSTEAD);
    };
    // 30 February parses, and never comes.
    if schedule.after(&DateTime::UNIX_EPOCH).next().is_none() {
        return wrong(format!("\"{text}\" never comes"), "name a date that exists");
    }
    Ok(Schedule::Cron(Box::new(schedule)))
}

/// The weekday field with days by name, `*` when it is every day.
fn weekdays(field: &str) -> Result<String, Wrong> {
    let mut chosen = [false; 7];
    for part in field.split(',') {
        let Some(days) = days_of(part) else {
            return wrong(
                format!("\"{part}\" is no weekday"),
                "write 0 or 7 for Sunday, 1 for Monday … 6, or SUN … SAT; a range 1-5, a list 1,3,5, a step */2",
            );
        };
        for (index, mark) in chosen.iter_mut().enumerate() {
            *mark |= days.contains(&index);
        }
    }
    if chosen.iter().all(|mark| *mark) {
        return Ok("*".to_owned());
    }
    let names = DAYS.iter().zip(chosen).filter(|(_, mark)| *mark).map(|(name, _)| *name);
    Ok(names.collect::<Vec<_>>().join(","))
}

/// Days of one part of the weekday field, Sunday 0.
fn days_of(part: &str) -> Option<Vec<usize>> {
    let (range, step) = match part.split_once('/') {
        Some((range, step)) => (range, Some(step.parse::<usize>().ok().filter(|step| (1..=7).contains(step))?)),
        None => (part, None),
    };
    let (first, last) = match (range, range.split_once('-')) {
        ("*" | "?", _) => (0, 6),
        (_, Some((first, last))) => (day(first)?, if is_sunday(last) { 7 } else { day(last)? }),
        (_, None) => (day(range)?, if step.is_some() { 6 } else { day(range)? }),
    };
    (first <= last).then(|| (first..=last).step_by(step.unwrap_or(1)).map(|day| day % 7).collect())
}

fn is_sunday(text: &str) -> bool {
    text == "7" || text.to_ascii_uppercase().starts_with("SUN")
}

fn day(text: &str) -> Option<usize> {
    if let Ok(number) = text.parse::<usize>() {
        return (number <= 7 && text.len() == 1).then_some(number % 7);
    }
    let name = text.to_ascii_uppercase();
    let full = ["SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"];
    DAYS.iter().zip(full).position(|(short, full)| name == *short || name == full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_a_number_and_a_unit_and_lasts_a_second_to_a_day() {
        for (text, seconds) in [("1s", 1), ("30s", 30), ("5m", 300), ("1h", 3600), ("24h", 86_400), (" 90s ", 90)] {
            assert!(matches!(schedule(text), Ok(Schedule::Every(every)) if every.as_secs() == seconds), "{text}");
        }
        for bad in ["0s", "25h", "86401s", "5", "m", "5 m", "-5m", "5min", "1.5h", "", " ", "99999999999999999999h", "5м"] {
            assert!(schedule(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cron_weekday_means_what_it_means_in_a_crontab() {
        for (field, days) in [
            ("0", "SUN"),
            ("7", "SUN"),
            ("1", "MON"),
            ("6", "SAT"),
            ("1-5", "MON,TUE,WED,THU,FRI"),
            ("5-7", "SUN,FRI,SAT"),
            ("SAT-SUN", "SUN,SAT"),
            ("mon,Wednesday", "MON,WED"),
            ("*/2", "SUN,TUE,THU,SAT"),
            ("1-5/2", "MON,WED,FRI"),
            ("4/1", "THU,FRI,SAT"),
            ("0-6", "*"),
            ("1-7", "*"),
            ("0-7", "*"),
            ("?", "*"),
            ("*", "*"),
        ] {
            assert_eq!(weekdays(field), Ok(days.to_owned()), "{field}");
        }
        for bad in ["8", "-1", "5-1", "MONDEI", "1-", "1/0", "1/8", "", ",", "01", "1-2-3"] {
            assert!(weekdays(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn five_six_and_seven_fields_are_cron() {
        for good in ["*/5 * * * *", "0 9 1 * *", "30 0 9 * * 1-5", "0 0 9 1 1 ? 2027", "0 9 ? JAN-MAR MON"] {
            assert!(matches!(schedule(good), Ok(Schedule::Cron(_))), "{good}");
        }
        for bad in [
            "* * * *",
            "* * * * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 32 * *",
            "* * 0 * *",
            "* * * 13 *",
            "*/0 * * * *",
            "0 9 30 2 *",
            "0 9 1 * 1",
            "0 0 0 1 1 * 1969",
            "0-99999999999 * * * *",
        ] {
            assert!(schedule(bad).is_err(), "{bad}");
        }
    }
}
