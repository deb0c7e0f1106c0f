//! R-WIN, R-ADV and the days of Europe/Kyiv, with both edges of each.
#![allow(clippy::unwrap_used, reason = "a test stops where its ground is wrong")]

use oblik_domain::account::{Account, AccountRecord, SelfBilling, Terms};
use oblik_domain::act::{outside_window, reading_window};
use oblik_domain::calendar::{Calendar, ReadingWindow, days_after, hours_between};
use oblik_domain::dated::Dated;
use oblik_domain::finding::{Code, Level};
use oblik_domain::ids::{ContractNumber, Edrpou};
use oblik_domain::period::{Period, kyiv_day, kyiv_midnight};
use oblik_domain::tariff::Parameter;
use oblik_domain::{DateTime, NaiveDate, Utc};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn calendar(holidays: &[&str]) -> Calendar {
    Calendar { holidays: holidays.iter().map(|text| day(text)).collect() }
}

fn shown(window: Option<ReadingWindow>) -> Option<(String, String)> {
    window.map(|window| (window.opens.to_string(), window.closes.to_string()))
}

#[test]
fn only_saturdays_sundays_and_configured_holidays_are_free() {
    let calendar = calendar(&["2026-11-04"]);
    for (text, working) in [
        ("2026-10-30", true),
        ("2026-10-31", false),
        ("2026-11-01", false),
        ("2026-11-02", true),
        ("2026-11-03", true),
        ("2026-11-04", false),
        ("2026-11-05", true),
        // No holiday of the law counts by itself.
        ("2026-12-25", true),
        ("2027-01-01", true),
    ] {
        assert_eq!(calendar.is_working_day(day(text)), working, "{text}");
    }
}

#[test]
fn the_window_opens_on_the_settlement_day_or_the_first_working_day_after_it() {
    for (month, settlement, days, holidays, opens, closes) in [
        // 1 November 2026 is a Sunday.
        ("2026-10", 1, 1, &[][..], "2026-11-02", "2026-11-02"),
        ("2026-10", 1, 3, &[], "2026-11-02", "2026-11-04"),
        ("2026-10", 2, 3, &[], "2026-11-02", "2026-11-04"),
        ("2026-10", 3, 3, &[], "2026-11-03", "2026-11-05"),
        // Weekends inside do not count.
        ("2026-10", 5, 3, &[], "2026-11-05", "2026-11-09"),
        ("2026-10", 7, 2, &[], "2026-11-09", "2026-11-10"),
        // Nor do holidays, at the beginning or inside.
        ("2026-10", 1, 3, &["2026-11-02", "2026-11-04"], "2026-11-03", "2026-11-06"),
        // Over the end of the year, and a day the month does not have.
        ("2026-12", 1, 2, &["2027-01-01"], "2027-01-04", "2027-01-05"),
        ("2027-01", 31, 1, &[], "2027-03-01", "2027-03-01"),
        ("2026-10", 0, 1, &[], "2026-11-02", "2026-11-02"),
    ] {
        let window = calendar(holidays).reading_window(period(month), settlement, days);
        assert_eq!(shown(window), Some((opens.to_owned(), closes.to_owned())), "{month} {settlement} {days} {holidays:?}");
    }
    assert_eq!(Calendar::default().reading_window(period("2026-10"), 1, 0), None);
}

#[test]
fn a_document_is_due_in_five_days_at_least_and_on_a_working_day() {
    // Handed over on Thursday 5 November 2026.
    for (days, holidays, due) in [
        (0, &[][..], "2026-11-10"),
        (4, &[], "2026-11-10"),
        (5, &[], "2026-11-10"),
        (6, &[], "2026-11-11"),
        (8, &[], "2026-11-13"),
        // Saturday and Sunday go on to Monday, a holiday to the day after it.
        (9, &[], "2026-11-16"),
        (10, &[], "2026-11-16"),
        (11, &[], "2026-11-16"),
        (9, &["2026-11-16"], "2026-11-17"),
        (5, &["2026-11-10"], "2026-11-11"),
    ] {
        assert_eq!(calendar(holidays).due_on(day("2026-11-05"), days), day(due), "{days} {holidays:?}");
    }
}

#[test]
fn a_day_of_kyiv_has_23_24_or_25_hours() {
    for (from, to, hours) in [
        ("2026-03-28", "2026-03-29", 24),
        ("2026-03-29", "2026-03-30", 23),
        ("2026-03-30", "2026-03-31", 24),
        ("2026-10-24", "2026-10-25", 24),
        ("2026-10-25", "2026-10-26", 25),
        ("2026-10-26", "2026-10-27", 24),
        ("2026-03-01", "2026-04-01", 743),
        ("2026-10-01", "2026-11-01", 745),
        ("2026-02-01", "2026-03-01", 672),
        ("2026-03-29", "2026-03-29", 0),
    ] {
        assert_eq!(hours_between(day(from), day(to)), hours, "{from} {to}");
    }
    // A year has as many hours as its days, whatever the clocks did.
    assert_eq!(hours_between(day("2026-01-01"), day("2027-01-01")), 365 * 24);
    // Midnights in UTC: 22:00 the evening before in winter, 21:00 in summer.
    for (of, midnight) in [
        ("2026-03-29", "2026-03-28T22:00:00Z"),
        ("2026-03-30", "2026-03-29T21:00:00Z"),
        ("2026-10-25", "2026-10-24T21:00:00Z"),
        ("2026-10-26", "2026-10-25T22:00:00Z"),
    ] {
        assert_eq!(kyiv_midnight(day(of)), Some(midnight.parse().unwrap()), "{of}");
    }
    assert_eq!(days_after(NaiveDate::MAX, 1), NaiveDate::MAX);
}

#[test]
fn e8_is_by_the_day_of_kyiv_on_which_we_received_it() {
    let moment = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let window = ReadingWindow { opens: day("2026-11-02"), closes: day("2026-11-04") };
    // The clocks have gone back: Kyiv is two hours ahead of UTC.
    for (received, inside) in [
        ("2026-11-01T21:59:59Z", false),
        ("2026-11-01T22:00:00Z", true),
        ("2026-11-04T21:59:59Z", true),
        ("2026-11-04T22:00:00Z", false),
    ] {
        let finding = outside_window(period("2026-10"), &window, kyiv_day(moment(received)));
        assert_eq!(finding.is_none(), inside, "{received}");
    }
    // A window in summer time is three hours ahead, and one over the change has both.
    let window = ReadingWindow { opens: day("2026-10-23"), closes: day("2026-10-26") };
    for (received, inside) in [
        ("2026-10-22T20:59:59Z", false),
        ("2026-10-22T21:00:00Z", true),
        ("2026-10-26T21:59:59Z", true),
        ("2026-10-26T22:00:00Z", false),
    ] {
        assert_eq!(window.contains(kyiv_day(moment(received))), inside, "{received}");
    }
    let finding = outside_window(period("2026-09"), &window, day("2026-10-27")).unwrap();
    assert_eq!((finding.code, finding.level), (Code::OutsideWindow, Level::Error));
    let values = ["period", "opens", "closes", "arrived"].map(|name| finding.value(name).to_owned());
    assert_eq!(values, ["2026-09", "2026-10-23", "2026-10-26", "2026-10-27"]);
}

fn record(terms: Option<(&str, Option<u8>, Option<u8>)>) -> AccountRecord {
    let value = |(from, settlement_day, window_days): (&str, Option<u8>, Option<u8>)| Dated {
        from: day(from),
        to: None,
        value: Terms { settlement_day, window_days, ..Terms::default() },
    };
    let account = Account {
        contract: ContractNumber::parse("270000017").unwrap(),
        contract_date: day("2020-01-01"),
        name: "ТОВ «Млин»".to_owned(),
        edrpou: Edrpou::parse("00131512").unwrap(),
        vat_number: String::new(),
        address: "м. Рівне".to_owned(),
        emails: vec!["buh@mlyn.example".to_owned()],
        product: "free".to_owned(),
        self_billing: SelfBilling::Allowed,
        branch: None,
        terms: terms.map(value).into_iter().collect(),
        limits: Vec::new(),
    };
    AccountRecord { account, points: Vec::new(), meters: Vec::new(), signers: Vec::new() }
}

#[test]
fn the_window_is_the_accounts_else_the_parameters_else_there_is_none() {
    let parameter = |name: &str, value: i64, from: &str, to: Option<&str>| Parameter {
        name: name.to_owned(),
        value: value.into(),
        from: day(from),
        to: to.map(day),
    };
    let days = |from, to| parameter("reading-window-days", 3, from, to);
    let settlement = parameter("settlement-day", 5, "2026-10-31", None);
    let (none, november) = (None, |opens: u8, closes: u8| Some((format!("2026-11-{opens:02}"), format!("2026-11-{closes:02}"))));
    for (terms, parameters, expected) in [
        (None, vec![], none.clone()),
        (None, vec![settlement.clone()], none.clone()),
        (None, vec![days("2026-10-31", Some("2026-11-01"))], november(2, 4)),
        (None, vec![days("2026-10-01", Some("2026-10-31"))], none.clone()),
        (None, vec![days("2026-11-01", None)], none.clone()),
        (None, vec![days("2026-01-01", None), settlement.clone()], november(5, 9)),
        (Some(("2026-10-31", None, Some(1))), vec![], november(2, 2)),
        (Some(("2026-10-31", Some(10), Some(1))), vec![days("2026-01-01", None), settlement.clone()], november(10, 10)),
        (Some(("2026-10-31", Some(10), None)), vec![days("2026-01-01", None), settlement.clone()], november(10, 12)),
        (Some(("2026-10-31", Some(10), None)), vec![], none.clone()),
        // None may be agreed where all others have one; terms of another day do not count.
        (Some(("2026-10-31", None, Some(0))), vec![days("2026-01-01", None)], none.clone()),
        (Some(("2026-11-01", None, Some(1))), vec![days("2026-01-01", None)], november(2, 4)),
    ] {
        let window = reading_window(&record(terms), period("2026-10"), &parameters, &Calendar::default());
        assert_eq!(shown(window), expected, "{terms:?} {parameters:?}");
    }
}
