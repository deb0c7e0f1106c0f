//! Readings on other occasions, interval series and payments: tables of good and bad records.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use common::{example, xmllint, xmllint_is_there};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::Code;
use oblik_domain::ids::{ContractNumber, Eic};
use oblik_domain::metering::{EnergyKind, IntervalSeries};
use oblik_domain::period::{Period, kyiv_midnight};
use oblik_edi::{FileHeader, Format, MeterEntry, check, read_meter_file, read_payments, write_meter_entries};

fn header() -> FileHeader {
    FileHeader {
        message_id: "1".to_owned(),
        sender: "AMR".to_owned(),
        created_at: "2026-11-01T00:00:00Z".parse().unwrap(),
        record_count: 0,
    }
}

/// Intervals of a month of Europe/Kyiv.
fn month(period: &str, minutes: u8) -> IntervalSeries {
    let period = Period::parse(period).unwrap();
    let start = kyiv_midnight(period.first_day()).unwrap();
    let end = kyiv_midnight(period.last_day().succ_opt().unwrap()).unwrap();
    let count = (end - start).num_minutes() / i64::from(minutes);
    let values = (0..count).map(|at| RegisterTotal(at * 7 % 100_000)).collect();
    IntervalSeries { point: Eic::parse("62Z2700000010017").unwrap(), kind: EnergyKind::ActiveImport, start, minutes, values }
}

#[test]
fn a_month_of_intervals_is_one_record_whatever_the_clocks_do() {
    let contract = ContractNumber::parse("270000017").unwrap();
    // Hours: 743 in March, 720 in April, 745 in October, 744 in December.
    for (period, minutes, count) in
        [("2026-03", 30, 1486), ("2026-04", 60, 720), ("2026-10", 30, 1490), ("2026-12", 30, 1488), ("2026-10", 15, 2980)]
    {
        let series = month(period, minutes);
        assert_eq!(series.values.len(), count, "{period}");
        let written = write_meter_entries(&header(), &[], &[(contract.clone(), series.clone())]);
        if xmllint_is_there() {
            assert_eq!(xmllint(Format::MeterReadings, std::slice::from_ref(&written)), [true], "{period}");
        }
        let mut read = Vec::new();
        let summary = read_meter_file(written.as_slice(), &mut |record| read.push(record.entry)).unwrap();
        assert_eq!((summary.records, summary.findings.len()), (1, 0));
        assert_eq!(read, [MeterEntry::Intervals(series)], "{period}");
    }
}

#[test]
fn a_series_of_more_values_than_a_month_has_is_refused() {
    let contract = ContractNumber::parse("270000017").unwrap();
    for (count, valid) in [(3000, true), (3001, false)] {
        let mut series = month("2026-10", 15);
        series.values = vec![RegisterTotal(1); count];
        let written = write_meter_entries(&header(), &[], &[(contract.clone(), series)]);
        assert_eq!(check(written.as_slice()).unwrap().valid, valid, "{count}");
        if xmllint_is_there() {
            assert_eq!(xmllint(Format::MeterReadings, &[written]), [valid], "{count}");
        }
    }
}

#[test]
fn the_hour_that_stands_twice_is_told_by_its_distance_from_utc() {
    for (start, utc) in
        [("2026-10-25T03:30:00+03:00", "2026-10-25T00:30:00+00:00"), ("2026-10-25T03:30:00+02:00", "2026-10-25T01:30:00+00:00")]
    {
        let changed = example(Format::MeterReadings).replace("2026-10-01T00:00:00+03:00", start);
        let mut starts = Vec::new();
        read_meter_file(changed.as_bytes(), &mut |record| {
            if let MeterEntry::Intervals(series) = record.entry {
                starts.push(series.start.to_rfc3339());
            }
        })
        .unwrap();
        assert_eq!(starts, [utc]);
    }
}

#[test]
fn a_meter_record_against_its_own_rules_is_refused_where_it_stands() {
    let example = example(Format::MeterReadings);
    let start = "<Start>2026-10-01T00:00:00+03:00<";
    let on = "<ReadOn>2026-10-16<";
    let cases = [
        (on, "<ReadOn>2026-10-01<", ""),
        (on, "<ReadOn>2026-11-01<", ""),
        (on, "<ReadOn>2026-11-02<", "is not of the period"),
        (on, "<ReadOn>2026-09-30<", "is not of the period"),
        (
            "2026-10-16</ReadOn>\n    <Value>774</Value>\n    <Quality>operator</Quality>\n    <Occasion>control<",
            "2026-12-16</ReadOn>\n    <Value>774</Value>\n    <Quality>operator</Quality>\n    <Occasion>period-end<",
            "",
        ),
        (start, "<Start>2026-10-01T00:30:00+03:00<", ""),
        (start, "<Start>2026-10-01T00:15:00+03:00<", "no interval of 30 minutes begins"),
        (start, "<Start>2026-10-01T00:00:00.5+03:00<", "no interval of 30 minutes begins"),
        (start, "<Start>2026-10-01T00:00:01+03:00<", "no interval of 30 minutes begins"),
    ];
    for (from, to, told) in cases {
        let changed = example.replace(from, to);
        assert_ne!(changed, example, "{from}");
        let report = check(changed.as_bytes()).unwrap();
        assert_eq!(report.valid, told.is_empty(), "{to}: {:?}", report.errors);
        let Some(finding) = report.errors.first() else { continue };
        assert!(finding.value("detail").contains(told) && finding.code == Code::FileRecord, "{finding:?}");
        let place = finding.place.unwrap();
        let line = changed.lines().nth(usize::try_from(place.line).unwrap() - 1).unwrap();
        assert!(line.contains(to), "{line}");
    }
}

#[test]
fn a_payment_against_its_own_rules_is_refused_where_it_stands() {
    let example = example(Format::Payments);
    // What is put in; whether the schema takes it; what is said.
    let cases = [
        ("<Amount>800<", "<Amount>0.01<", true, ""),
        ("<Amount>800<", "<Amount>999999999999.99<", true, ""),
        ("<Amount>800<", "<Amount>0<", false, "above 0"),
        ("<Amount>800<", "<Amount>-800<", false, "above 0"),
        ("<Amount>800<", "<Amount>800.001<", false, "decimals"),
        ("<Purpose>Оплата згідно рахунку<", "<Purpose><", false, "shorter"),
        ("<PayerEdrpou>00131512<", "<PayerEdrpou>0013151<", false, "Edrpou"),
        ("<PaidOn>2026-11-20</PaidOn>\n    <Payer>Мел", "<PaidOn>2026-11-31</PaidOn>\n    <Payer>Мел", false, "date"),
        ("<Reference>2026-11-20/000118<", "<Reference>2026-11-20/000117<", true, "is also that of record 1"),
    ];
    for (from, to, fits, told) in cases {
        let changed = example.replace(from, to);
        assert_ne!(changed, example, "{from}");
        if xmllint_is_there() {
            assert_eq!(xmllint(Format::Payments, &[changed.clone().into_bytes()]), [fits], "{to}");
        }
        let report = check(changed.as_bytes()).unwrap();
        assert_eq!((report.valid, report.format), (told.is_empty(), Some(Format::Payments)), "{to}: {:?}", report.errors);
        if let Some(finding) = report.errors.first() {
            assert!(finding.value("detail").contains(told) && finding.place.is_some(), "{finding:?}");
        }
    }
    let doubled = example.replace("000118", "000117");
    let mut good = 0;
    let summary = read_payments(doubled.as_bytes(), &mut |_| good += 1).unwrap();
    assert_eq!((summary.refused, good, summary.findings[0].value("record")), (1, 1, "2"));
}
