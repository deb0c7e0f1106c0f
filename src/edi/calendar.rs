//! The calendar types of XML Schema by their lexical rules. Source: XML Schema 1.0 part 2 §3.2.7, §3.2.9, §3.2.10.

/// `2026-10-31`, with or without a time zone.
pub(crate) fn is_date(text: &str) -> bool {
    let Some((text, true)) = without_zone(text) else { return false };
    day(text)
}

/// `2026-10`, with or without a time zone.
pub(crate) fn is_year_month(text: &str) -> bool {
    let Some((text, true)) = without_zone(text) else { return false };
    text.rsplit_once('-').is_some_and(|(year_text, month)| year(year_text).is_some() && two(month, 1, 12).is_some())
}

/// `2026-10-31T23:59:59.5+02:00`, with or without fraction and time zone.
pub(crate) fn is_date_time(text: &str) -> bool {
    let Some((text, true)) = without_zone(text) else { return false };
    text.split_once('T').is_some_and(|(date, time)| day(date) && is_time(time))
}

fn is_time(text: &str) -> bool {
    let (clock, fraction) = text.split_once('.').map_or((text, None), |(clock, fraction)| (clock, Some(fraction)));
    let digits = |fraction: &str| !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    if !fraction.is_none_or(digits) {
        return false;
    }
    let mut parts = clock.split(':');
    let (hour, minute, second) = (parts.next(), parts.next(), parts.next());
    let part = |text: Option<&str>, high| text.and_then(|text| two(text, 0, high));
    match (part(hour, 24), part(minute, 59), part(second, 59), parts.next()) {
        // The day's end may be written as hour 24.
        (Some(24), Some(minute), Some(second), None) => {
            minute == 0 && second == 0 && fraction.is_none_or(|fraction| fraction.bytes().all(|b| b == b'0'))
        }
        (Some(_), Some(_), Some(_), None) => true,
        _ => false,
    }
}

/// The text before a time zone, and whether the zone (if any) is one.
fn without_zone(text: &str) -> Option<(&str, bool)> {
    if let Some(before) = text.strip_suffix('Z') {
        return Some((before, true));
    }
    let zone_at = text.len().checked_sub(6).filter(|at| text.is_char_boundary(*at))?;
    let (before, zone) = text.split_at(zone_at);
    let clock = zone.strip_prefix(['+', '-']).and_then(|zone| zone.split_once(':'));
    let Some((hour, minute)) = clock else { return Some((text, true)) };
    let hour = two(hour, 0, 14);
    let minute = two(minute, 0, 59);
    Some((before, matches!((hour, minute), (Some(0..=13), Some(_)) | (Some(14), Some(0)))))
}

fn two(text: &str, low: u32, high: u32) -> Option<u32> {
    let right = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|value| right && (low..=high).contains(value))
}

/// Four digits or more, no year 0, no leading zero beyond four.
fn year(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let shaped = digits.len() >= 4 && digits.len() <= 9 && digits.bytes().all(|b| b.is_ascii_digit());
    let padded = digits.len() > 4 && digits.starts_with('0');
    text.parse().ok().filter(|year| shaped && !padded && *year != 0)
}

fn day(text: &str) -> bool {
    let Some((months, day)) = text.rsplit_once('-') else { return false };
    let Some((year_text, month)) = months.rsplit_once('-') else { return false };
    let (Some(year), Some(month)) = (year(year_text), two(month, 1, 12)) else { return false };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    two(day, 1, last).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_that_exists() {
        for good in ["2026-10-31", "2028-02-29", "2000-02-29", "2026-10-31Z", "2026-10-31+14:00", "-0004-01-01", "12026-01-01"] {
            assert!(is_date(good), "{good}");
        }
        let bad =
            ["2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-04-31", "2026-1-01", "0000-01-01", "02026-01-01"];
        for bad in
            bad.into_iter().chain(["2026-10-31+14:01", "2026-10-31+15:00", "31.10.2026", "2026-10", "", "жжжжжж", "+2026-01-01"])
        {
            assert!(!is_date(bad), "{bad}");
        }
    }

    #[test]
    fn a_moment_needs_all_its_parts() {
        for good in ["2026-10-31T00:00:00", "2026-10-31T23:59:59.999Z", "2026-10-31T24:00:00", "2026-10-31T12:00:00+02:00"] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "2026-10-31T24:00:01",
            "2026-10-31T23:60:00",
            "2026-10-31T23:59:60",
            "2026-10-31 12:00:00",
            "2026-10-31T12:00",
            "2026-10-31T12:00:00.",
            "2026-10-31T1:00:00Z",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }

    #[test]
    fn a_month_is_one_of_twelve() {
        for (text, right) in
            [("2026-10", true), ("2026-10Z", true), ("2026-00", false), ("2026-13", false), ("2026-1", false), ("2026", false)]
        {
            assert_eq!(is_year_month(text), right, "{text}");
        }
    }
}
