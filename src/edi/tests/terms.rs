//! What master data says about the calculation: every field reads and writes back, and what a schema cannot say is refused
//! where it stands.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of tests")]

mod common;

use common::{example, xmllint, xmllint_is_there};
use oblik_domain::account::{PaymentScheme, ReactiveProfile, Terms};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ledger::{ChargeKind, DebtType};
use oblik_domain::metering::{Loss, LossSharing, Zone};
use oblik_edi::{AccountEntry, Format, MasterRecord, read_master_data, write_master_data};

fn records(document: &str) -> (Vec<MasterRecord>, Vec<Finding>) {
    let mut records = Vec::new();
    let summary = read_master_data(document.as_bytes(), &mut |item| records.push(item.record)).unwrap();
    (records, summary.findings)
}

fn account(records: &[MasterRecord]) -> &AccountEntry {
    let found = records.iter().find_map(|record| match record {
        MasterRecord::Account(entry) => Some(entry.as_ref()),
        _ => None,
    });
    found.unwrap()
}

#[test]
fn every_field_of_terms_is_read() {
    let (all, findings) = records(&example(Format::MasterData));
    assert_eq!(findings, []);
    let entry = account(&all);
    let terms = &entry.record.account.terms;
    assert_eq!(terms.len(), 2);
    assert_eq!(terms[0].value.payment, PaymentScheme::Prepayment { due_day: 25 });
    assert_eq!((terms[0].value.calculation.as_str(), terms[0].value.act_signature.as_str()), ("on-request", "not-required"));
    let now: &Terms = &terms[1].value;
    assert_eq!((terms[1].from.to_string().as_str(), terms[1].to), ("2026-07-01", None));
    assert_eq!((now.product.as_deref(), now.reactive), (Some("business-zones"), ReactiveProfile::Order2018));
    let PaymentScheme::Planned(parts) = &now.payment else { panic!("planned") };
    assert_eq!((parts.len(), parts[0].due_day, parts[1].percent.to_string()), (2, 10, "66.67".to_owned()));
    assert!(now.sanctions.penalty && now.sanctions.annual_interest && !now.sanctions.inflation);
    assert_eq!((now.window_days, now.settlement_day), (Some(3), Some(1)));
    assert_eq!((now.volume_min.unwrap().0, now.volume_max.unwrap().0), (1000, 250_000));
    let limits = &entry.record.account.limits;
    assert_eq!(
        (limits[1].kind.as_str(), limits[1].amount.to_string(), limits[1].area.as_deref()),
        ("power-morning", "250.5".to_owned(), Some("Цех"))
    );
    assert_eq!(
        entry.history.iter().map(|month| (month.period.to_string(), month.active.0)).collect::<Vec<_>>(),
        [("2026-08".to_owned(), 98_400), ("2026-09".to_owned(), 101_250)]
    );
    assert_eq!(
        (entry.balances[1].debt, entry.balances[1].kind, entry.balances[1].amount.0),
        (DebtType::Advance, ChargeKind::Opening, -20_000)
    );
    let point = &entry.record.points[0];
    let of_point = &point.terms[0].value;
    assert_eq!(of_point.fed_through.as_ref().unwrap().as_str(), "62Z2700000010033");
    assert_eq!(
        (of_point.permitted_power.unwrap().to_string(), of_point.reactive_equivalent.unwrap().to_string()),
        ("250".to_owned(), "0.0615".to_owned())
    );
    assert_eq!(
        (of_point.area.as_deref(), of_point.loss_sharing, of_point.load_hours.unwrap().to_string()),
        (Some("Цех"), LossSharing::Proportional, "300".to_owned())
    );
    assert!(
        matches!(of_point.losses.as_slice(), [Loss::Transformer { .. }, Loss::Line { .. }, Loss::Simplified { .. }]),
        "in the order of the file"
    );
    assert_eq!(point.disconnections[0].from.to_rfc3339(), "2026-03-02T07:00:00+00:00");
    assert_eq!(entry.record.meters[0].coefficients[0].value.to_string(), "20");
    let hours = all.iter().find_map(|record| if let MasterRecord::ZoneHours(hours) = record { Some(&hours.value) } else { None });
    let hours = hours.unwrap();
    assert_eq!(hours.months, [1, 11, 12]);
    let zones: Vec<Zone> = [0, 5, 6, 8, 10, 17, 21, 22, 23].map(|at: usize| hours.hours[at]).to_vec();
    let expected = [
        Zone::Night,
        Zone::Night,
        Zone::HalfPeak,
        Zone::Peak,
        Zone::HalfPeak,
        Zone::Peak,
        Zone::HalfPeak,
        Zone::HalfPeak,
        Zone::Night,
    ];
    assert_eq!(zones, expected);
}

#[test]
fn a_file_without_any_terms_stays_valid() {
    let mut old = example(Format::MasterData);
    for name in ["Limit", "History", "Balance", "Disconnection", "CoefficientChange", "ZoneHours"] {
        while let Some(from) = old.find(&format!("<{name}>")) {
            let close = format!("</{name}>");
            let to = old.find(&close).unwrap() + close.len();
            old.replace_range(from..to, "");
        }
    }
    while let Some(from) = old.find("<Terms>") {
        let to = old.find("</Terms>").unwrap() + "</Terms>".len();
        old.replace_range(from..to, "");
    }
    let old = old.replace("<RecordCount>5", "<RecordCount>4");
    let (all, findings) = records(&old);
    assert_eq!((all.len(), findings.len()), (4, 0));
    let entry = account(&all);
    assert!(entry.record.account.terms.is_empty() && entry.history.is_empty() && entry.balances.is_empty());
    assert!(entry.record.points[0].terms.is_empty() && entry.record.meters[0].coefficients.is_empty());
}

/// What is changed in the example; what the finding says; the line it names begins with; the record at fault.
const BAD: &[(&str, &str, &str, &str, u64)] = &[
    ("<To>2026-07-01</To>", "<To>2026-07-02</To>", "2026-07-01.. share a day", "<Terms>", 1),
    ("<To>2026-07-01</To>", "", "share a day", "<Terms>", 1),
    ("<To>2026-07-01</To>", "<To>2019-01-01</To>", "does not come after", "<To>", 1),
    ("percent=\"66.67\"", "percent=\"66.6701\"", "100.0001 per cent together", "<PlannedPayments>", 1),
    ("<Sanction>annual-interest", "<Sanction>penalty", "stands twice", "<Sanction>", 1),
    ("<VolumeMin>1000<", "<VolumeMin>250001<", "is above VolumeMax", "<VolumeMin>", 1),
    (
        "<Kind>power-morning</Kind>\n      <Period>2026-10</Period>\n      <Amount>250.5</Amount>\n      <RegisteredOn>2026-09-20</RegisteredOn>\n      <Area>Цех</Area>",
        "<Kind>consumption</Kind>\n      <Period>2026-10</Period>\n      <Amount>250.5</Amount>\n      <RegisteredOn>2026-09-20</RegisteredOn>",
        "stands twice",
        "<Limit>",
        1,
    ),
    ("<Period>2026-08</Period>", "<Period>2026-09</Period>", "stands twice in the history", "<History>", 1),
    (
        "<Debt>advance</Debt>\n      <Period>2026-09</Period>\n      <DueOn>2026-09-30",
        "<Debt>active</Debt>\n      <Period>2026-09</Period>\n      <DueOn>2026-10-21",
        "stands twice",
        "<Balance>",
        1,
    ),
    ("share=\"1\"", "share=\"0\"", "not above 0 and at most 1", "<Transformer", 1),
    ("share=\"1\"", "share=\"1.000001\"", "not above 0 and at most 1", "<Transformer", 1),
    ("<LoadHours>300<", "<LoadHours>0<", "not above 0 and at most 745", "<LoadHours>", 1),
    ("<LoadHours>300<", "<LoadHours>745.1<", "not above 0 and at most 745", "<LoadHours>", 1),
    ("<FedThrough>62Z2700000010033<", "<FedThrough>62Z2700000010017<", "fed through itself, on 2026-01-01", "<UsagePoint>", 1),
    ("<FedThrough>62Z2700000010033<", "<FedThrough>62Z2700000010034<", "check character", "<FedThrough>", 1),
    (
        "<Supply>billed</Supply>\n        <FedThrough>62Z2700000010033</FedThrough>",
        "<Supply>sub-consumer</Supply>",
        "names no point",
        "<Terms>",
        1,
    ),
    ("<To>2026-03-05T12:30:00+02:00</To>", "<To>2026-03-02T09:00:00+02:00</To>", "does not come after", "<To>", 1),
    (
        "</Disconnection>",
        "</Disconnection><Disconnection><From>2026-03-05T12:29:59+02:00</From><Reason>x</Reason></Disconnection>",
        "already disconnected",
        "<Disconnection>",
        1,
    ),
    (
        "<From>2021-05-17</From>\n          <To>2023-01-01</To>",
        "<From>2020-05-17</From>\n          <To>2021-05-17</To>",
        "on no day the meter stood",
        "<CoefficientChange>",
        1,
    ),
    (
        "</CoefficientChange>",
        "</CoefficientChange><CoefficientChange><From>2022-12-31</From><Coefficient>3</Coefficient></CoefficientChange>",
        "coefficients of the meter",
        "<CoefficientChange>",
        1,
    ),
    (
        "<Component>distribution</Component>\n    <VoltageClass>2</VoltageClass>",
        "<Component>supply</Component><Product>business-fix</Product><Zone>night</Zone>",
        "shares a day with record 2",
        "<Tariff>",
        3,
    ),
    ("from=\"23\" to=\"6\"", "from=\"23\" to=\"5\"", "the hour from 5 has no zone", "<ZoneHours>", 5),
    ("from=\"23\" to=\"6\"", "from=\"22\" to=\"6\"", "the hour from 22 stands twice", "<Hours", 5),
    ("from=\"8\" to=\"10\" zone=\"peak\"", "from=\"8\" to=\"10\" zone=\"day\"", "none of a day of three zones", "<Hours", 5),
    ("<Month>12</Month>", "<Month>11</Month>", "stands twice", "<Month>", 5),
];

#[test]
fn what_a_schema_cannot_say_is_refused_where_it_stands() {
    let example = example(Format::MasterData);
    for (from, to, told, line, record) in BAD {
        let changed = example.replacen(from, to, 1);
        assert_ne!(changed, example, "{from}");
        if xmllint_is_there() {
            assert_eq!(xmllint(Format::MasterData, &[changed.clone().into_bytes()]), [true], "{to} is beyond the schema");
        }
        let (good, findings) = records(&changed);
        assert_eq!(good.len(), 4, "{to}: {findings:?}");
        let Some(finding) = findings.iter().find(|finding| finding.value("detail").contains(told)) else {
            panic!("{to}: {findings:?}");
        };
        assert_eq!((finding.code, finding.value("record")), (Code::FileRecord, record.to_string().as_str()), "{to}");
        let place = finding.place.unwrap();
        let text = changed.lines().nth(usize::try_from(place.line).unwrap() - 1).unwrap();
        let at: String = text.chars().skip(usize::try_from(place.column).unwrap() - 1).collect();
        assert!(at.starts_with(line), "{to}: {at}");
    }
}

/// What is changed in the example and stays good: the other side of each boundary.
const GOOD: &[(&str, &str)] = &[
    ("percent=\"66.67\"", "percent=\"66.6699\""),
    ("<VolumeMin>1000<", "<VolumeMin>250000<"),
    ("share=\"1\"", "share=\"0.000001\""),
    ("<LoadHours>300<", "<LoadHours>745<"),
    ("<LoadHours>300<", "<LoadHours>0.5<"),
    (
        "</Disconnection>",
        "</Disconnection><Disconnection><From>2026-03-05T12:30:00+02:00</From><Reason>x</Reason></Disconnection>",
    ),
    (
        "</CoefficientChange>",
        "</CoefficientChange><CoefficientChange><From>2023-01-01</From><Coefficient>3</Coefficient></CoefficientChange>",
    ),
    ("<From>2021-05-17</From>\n          <To>2023-01-01</To>", "<From>2020-05-17</From>\n          <To>2021-05-18</To>"),
    (
        "<Component>distribution</Component>\n    <VoltageClass>2</VoltageClass>\n    <Price>1.9</Price>\n    <From>2026-01-01",
        "<Component>supply</Component><Product>business-fix</Product><Zone>night</Zone>\n    <Price>1.9</Price>\n    <From>2027-01-01",
    ),
    ("<Component>distribution<", "<Component>power<"),
    ("from=\"21\" to=\"23\" zone=\"half-peak\"/>", "from=\"21\" to=\"23\" zone=\"half-peak\"/><!-- -->"),
];

#[test]
fn the_other_side_of_each_boundary_is_good() {
    let example = example(Format::MasterData);
    for (from, to) in GOOD {
        let changed = example.replacen(from, to, 1);
        assert_ne!(changed, example, "{from}");
        let (good, findings) = records(&changed);
        assert_eq!((good.len(), findings.len()), (5, 0), "{to}: {findings:?}");
        let header = read_master_data(changed.as_bytes(), &mut |_| {}).unwrap().header;
        let written = write_master_data(&header, &good);
        assert_eq!(records(&String::from_utf8(written).unwrap()).0, good, "{to}");
    }
}

#[test]
fn a_circle_of_points_is_refused_only_on_days_it_stands() {
    // Points of the sample operator, each fed through the next, the last through the first.
    let eics = ["62Z2700000010017", "62Z2700000010033", "62Z270000002001A"].map(|code| {
        let body = &code[..15];
        let checks = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        let found = checks.chars().map(|check| format!("{body}{check}")).find(|code| oblik_domain::ids::Eic::parse(code).is_ok());
        found.unwrap()
    });
    let point = |at: usize, from: &str, to: &str| {
        let (own, next) = (&eics[at], &eics[(at + 1) % 3]);
        format!(
            "<UsagePoint><Eic>{own}</Eic><Name>x</Name><Address>x</Address><VoltageClass>2</VoltageClass><From>2019-01-01</From><Terms><From>{from}</From>{to}<FedThrough>{next}</FedThrough></Terms></UsagePoint>"
        )
    };
    let document = example(Format::MasterData);
    let (start, end) = (document.find("<UsagePoint>").unwrap(), document.find("</UsagePoint>").unwrap() + "</UsagePoint>".len());
    for (to, circle) in [("", true), ("<To>2026-03-01</To>", false), ("<To>2026-03-02</To>", true)] {
        let points = [point(0, "2026-01-01", to), point(1, "2026-02-01", ""), point(2, "2026-03-01", "")].concat();
        let changed = format!("{}{points}{}", &document[..start], &document[end..]);
        let (_, findings) = records(&changed);
        let told = findings.iter().any(|finding| finding.value("detail").contains("fed through itself, by 2 points between"));
        assert_eq!(told, circle, "{to}: {findings:?}");
    }
}
