//! UTCTime and GeneralizedTime, read strictly and written as RFC 5280 wants them.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use super::{Element, GENERALIZED_TIME, Malformed, Read, UTC_TIME};

/// The instant an element names. Seconds and `Z` are required, as in RFC 5280 §4.1.2.5; a fraction of a second is dropped.
pub(crate) fn instant(element: Element<'_>) -> Read<DateTime<Utc>> {
    const WRONG: Malformed = Malformed("a time cannot be read");
    let text = std::str::from_utf8(element.value).map_err(|_| WRONG)?;
    let text = text.strip_suffix('Z').ok_or(WRONG)?;
    let (year, rest) = match element.tag {
        UTC_TIME => {
            let (year, rest) = text.split_at_checked(2).ok_or(WRONG)?;
            let year = i32::try_from(number(year)?).map_err(|_| WRONG)?;
            (if year >= 50 { 1900 + year } else { 2000 + year }, rest)
        }
        GENERALIZED_TIME => {
            let (year, rest) = text.split_at_checked(4).ok_or(WRONG)?;
            let rest = rest.split_once('.').map_or(rest, |(whole, _)| whole);
            (i32::try_from(number(year)?).map_err(|_| WRONG)?, rest)
        }
        _ => return Err(WRONG),
    };
    if rest.len() != 10 {
        return Err(WRONG);
    }
    let part = |from: usize| rest.get(from..from + 2).ok_or(WRONG).and_then(number);
    let date = NaiveDate::from_ymd_opt(year, part(0)?, part(2)?).ok_or(WRONG)?;
    let time = date.and_hms_opt(part(4)?, part(6)?, part(8)?).ok_or(WRONG)?;
    Ok(time.and_utc())
}

fn number(digits: &str) -> Read<u32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        digits.parse().map_err(|_| Malformed("a time cannot be read"))
    } else {
        Err(Malformed("a time cannot be read"))
    }
}

/// UTCTime until 2049, GeneralizedTime from 2050, whole seconds.
pub(crate) fn encode(moment: DateTime<Utc>) -> Vec<u8> {
    let (tag, text) = if (1950..2050).contains(&moment.year()) {
        (UTC_TIME, moment.format("%y%m%d%H%M%SZ").to_string())
    } else {
        (GENERALIZED_TIME, moment.format("%Y%m%d%H%M%SZ").to_string())
    };
    super::write::element(tag, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_on_both_sides_of_2050_and_never_leniently() {
        for (tag, text, expected) in [
            (UTC_TIME, "491231235959Z", Some("2049-12-31T23:59:59Z")),
            (UTC_TIME, "500101000000Z", Some("1950-01-01T00:00:00Z")),
            (GENERALIZED_TIME, "20500101000000Z", Some("2050-01-01T00:00:00Z")),
            (GENERALIZED_TIME, "20261121201500.25Z", Some("2026-11-21T20:15:00Z")),
            (UTC_TIME, "2611212015Z", None),
            (UTC_TIME, "261121201500", None),
            (UTC_TIME, "261121201500+0200", None),
            (UTC_TIME, "26112120150éZ", None),
            (GENERALIZED_TIME, "20260230000000Z", None),
            (GENERALIZED_TIME, "+0260101000000Z", None),
        ] {
            let element = Element { tag, value: text.as_bytes(), raw: &[] };
            let read = instant(element).ok().map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true));
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
