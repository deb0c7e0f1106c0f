//! Acts, readings and signers as tables of cases, both sides of each boundary.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where its ground is wrong")]

use oblik_domain::account::{
    Account, AccountRecord, AuthorisedSigner, CertificateHolder, HolderKind, SelfBilling, SignerIdentity,
};
use oblik_domain::act::{ActRow, PreviousReadings, ReadingAct, examine};
use oblik_domain::energy::{Coefficient, Kwh, RegisterTotal, volume};
use oblik_domain::finding::{Code, Finding, refuses};
use oblik_domain::ids::{ContractNumber, Edrpou, Eic, MeterSerial, Rnokpp};
use oblik_domain::metering::{EnergyKind, Meter, Register, RegisterKey, UsagePoint, VoltageClass, Zone};
use oblik_domain::period::Period;
use oblik_domain::{Decimal, NaiveDate};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn total(text: &str) -> RegisterTotal {
    RegisterTotal::from_units(decimal(text)).unwrap()
}

const POINT: &str = "62Z2700000010017";

/// One point with one meter of the given zones, coefficient 40, five digits.
fn record(zones: &[Zone]) -> AccountRecord {
    let contract = ContractNumber::parse("270000017").unwrap();
    let point = Eic::parse(POINT).unwrap();
    let registers = zones.iter().map(|zone| Register { kind: EnergyKind::ActiveImport, zone: *zone, digits: 5 }).collect();
    AccountRecord {
        account: Account {
            contract: contract.clone(),
            contract_date: day("2020-01-01"),
            name: "ТОВ «Млин»".to_owned(),
            edrpou: Edrpou::parse("00131512").unwrap(),
            vat_number: String::new(),
            address: "м. Рівне".to_owned(),
            emails: vec!["buh@mlyn.example".to_owned()],
            product: "free".to_owned(),
            self_billing: SelfBilling::Allowed,
            branch: None,
            terms: Vec::new(),
            limits: Vec::new(),
        },
        points: vec![UsagePoint {
            eic: point.clone(),
            contract,
            name: "Цех".to_owned(),
            address: "м. Рівне".to_owned(),
            voltage_class: VoltageClass::Second,
            from: day("2020-01-01"),
            to: None,
            terms: Vec::new(),
            disconnections: Vec::new(),
        }],
        meters: vec![Meter {
            serial: MeterSerial::parse("M-1").unwrap(),
            point,
            model: "НІК".to_owned(),
            coefficient: Coefficient::new(decimal("40")).unwrap(),
            installed_on: day("2020-01-01"),
            removed_on: None,
            registers,
            coefficients: Vec::new(),
        }],
        signers: Vec::new(),
    }
}

fn key(zone: Zone) -> RegisterKey {
    RegisterKey {
        point: Eic::parse(POINT).unwrap(),
        meter: MeterSerial::parse("M-1").unwrap(),
        kind: EnergyKind::ActiveImport,
        zone,
    }
}

fn act(rows: &[(Zone, &str)]) -> ReadingAct {
    ReadingAct {
        contract: ContractNumber::parse("270000017").unwrap(),
        period: Period::parse("2026-10").unwrap(),
        read_on: day("2026-10-31"),
        rows: rows.iter().map(|(zone, value)| ActRow { register: key(*zone), total: total(value) }).collect(),
    }
}

fn codes(findings: &[Finding]) -> Vec<Code> {
    findings.iter().map(|finding| finding.code).collect()
}

type Rows<'a> = &'a [(Zone, &'a str)];

#[test]
fn an_act_is_examined_against_its_account() {
    let record = record(&[Zone::Night, Zone::Day]);
    let previous: PreviousReadings = [(key(Zone::Night), total("100")), (key(Zone::Day), total("200"))].into();
    let cases: &[(Rows<'_>, &[Code])] = &[
        (&[(Zone::Night, "100"), (Zone::Day, "200")], &[]),
        (&[(Zone::Night, "150.5"), (Zone::Day, "99999.999")], &[]),
        (&[(Zone::Night, "150.5"), (Zone::Day, "100000")], &[Code::ActDigits]),
        (&[(Zone::Night, "99.999"), (Zone::Day, "200")], &[Code::ReadingGoesBackwards]),
        (&[(Zone::Night, "150")], &[Code::ReadingsIncomplete]),
        (&[], &[Code::ReadingsIncomplete]),
        (&[(Zone::Night, "150"), (Zone::Night, "151"), (Zone::Day, "200")], &[Code::ActRegisterTwice]),
        (&[(Zone::Night, "150"), (Zone::Day, "200"), (Zone::Total, "1")], &[Code::ActRegisterUnknown]),
        // Everything that is wrong is told, not only the first.
        (
            &[(Zone::Night, "1"), (Zone::Total, "1")],
            &[Code::ReadingGoesBackwards, Code::ActRegisterUnknown, Code::ReadingsIncomplete],
        ),
    ];
    for (rows, expected) in cases {
        let findings = examine(&act(rows), &record, &previous, day("2026-11-02"));
        assert_eq!(codes(&findings), *expected, "{rows:?}");
        // What is missing or fell refuses the calculation, not the act: its readings stand.
        let stand = [Code::ReadingGoesBackwards, Code::ReadingsIncomplete];
        assert_eq!(refuses(&findings), expected.iter().any(|code| !stand.contains(code)), "{rows:?}");
    }
}

#[test]
fn an_act_speaks_of_a_month_that_has_begun_and_of_twelve_before_it() {
    let record = record(&[Zone::Total]);
    let rows = [(Zone::Total, "5")];
    for (today, read_on, good) in [
        ("2026-10-01", "2026-10-01", true),
        ("2026-09-30", "2026-09-30", false),
        ("2027-10-31", "2026-10-31", true),
        ("2027-11-01", "2026-10-31", false),
        ("2026-11-02", "2026-11-02", true),
        ("2026-11-02", "2026-11-03", false),
    ] {
        let act = ReadingAct { read_on: day(read_on), ..act(&rows) };
        let findings = examine(&act, &record, &PreviousReadings::new(), day(today));
        assert_eq!(findings.is_empty(), good, "{today} {read_on}: {findings:?}");
    }
}

#[test]
fn only_meters_that_stand_on_the_last_day_are_required() {
    for (installed, removed, required) in [
        ("2026-10-31", None, true),
        ("2026-11-01", None, false),
        ("2020-01-01", Some("2026-11-01"), true),
        ("2020-01-01", Some("2026-10-31"), false),
    ] {
        let mut record = record(&[Zone::Total]);
        record.meters[0].installed_on = day(installed);
        record.meters[0].removed_on = removed.map(day);
        let findings = examine(&act(&[]), &record, &PreviousReadings::new(), day("2026-11-02"));
        assert_eq!(codes(&findings) == [Code::ReadingsIncomplete], required, "{installed} {removed:?}");
    }
}

#[test]
fn the_volume_of_the_rule_book() {
    // Rule R-VOL-2's own example, and the rounding at exactly one half.
    let cases = [
        ("12345.60", "12401.85", "40", Some(2250)),
        ("0", "32.6", "60", Some(1956)),
        ("0", "27.5", "80", Some(2200)),
        ("0", "0.5", "1", Some(1)),
        ("0", "0.499", "1", Some(0)),
        ("5", "5", "40", Some(0)),
        ("5", "4.999", "40", None),
        ("0", "999999999.999", "1000000", Some(999_999_999_999_000)),
    ];
    for (opening, closing, coefficient, expected) in cases {
        let coefficient = Coefficient::new(decimal(coefficient)).unwrap();
        assert_eq!(volume(total(opening), total(closing), coefficient), expected.map(Kwh), "{opening} {closing}");
    }
}

#[test]
fn a_signer_is_known_by_number_and_day_never_by_name() {
    let edrpou = Edrpou::parse("00131512").unwrap();
    let rnokpp = Rnokpp::parse("1759013776").unwrap();
    let holder = |organisation: Option<&Edrpou>, person: Option<&Rnokpp>| CertificateHolder {
        certificate_sha256: [7; 32],
        edrpou: organisation.cloned(),
        rnokpp: person.cloned(),
        name: "Коваленко Олена".to_owned(),
        ..CertificateHolder::default()
    };
    let of_kind = |kind, holder: CertificateHolder| CertificateHolder { kind: Some(kind), ..holder };
    let signer = |identity| AuthorisedSigner {
        contract: ContractNumber::parse("270000017").unwrap(),
        name: "Коваленко Олена".to_owned(),
        identity,
        basis: "наказ № 1".to_owned(),
        from: day("2026-10-01"),
        to: Some(day("2026-11-01")),
    };
    let person = signer(SignerIdentity::Person { edrpou: edrpou.clone(), rnokpp: rnokpp.clone() });
    let seal = signer(SignerIdentity::Seal { edrpou: edrpou.clone() });
    let pinned = signer(SignerIdentity::Certificate([7; 32]));
    let other = signer(SignerIdentity::Certificate([8; 32]));
    let cases = [
        (&person, holder(Some(&edrpou), Some(&rnokpp)), true),
        (&person, holder(Some(&edrpou), None), false),
        (&person, holder(None, Some(&rnokpp)), false),
        (&person, holder(None, None), false),
        (&seal, holder(Some(&edrpou), None), true),
        (&seal, holder(Some(&edrpou), Some(&rnokpp)), false),
        (&seal, holder(None, None), false),
        (&seal, of_kind(HolderKind::Seal, holder(Some(&edrpou), None)), true),
        (&seal, of_kind(HolderKind::Signature, holder(Some(&edrpou), None)), false),
        (&pinned, holder(None, None), true),
        (&other, holder(Some(&edrpou), Some(&rnokpp)), false),
    ];
    for (signer, holder, covered) in cases {
        assert_eq!(signer.covers(&holder, day("2026-10-15")), covered, "{:?} {holder:?}", signer.identity);
    }
    let full = holder(Some(&edrpou), Some(&rnokpp));
    for (on, covered) in [("2026-09-30", false), ("2026-10-01", true), ("2026-10-31", true), ("2026-11-01", false)] {
        assert_eq!(person.covers(&full, day(on)), covered, "{on}");
    }
}

#[test]
fn a_register_shows_its_thousandths_without_trailing_zeros() {
    for (thousandths, shown) in [
        (0, "0"),
        (5, "0.005"),
        (50, "0.05"),
        (500, "0.5"),
        (1000, "1"),
        (1_010, "1.01"),
        (12_345_600, "12345.6"),
        (-1_500, "-1.5"),
    ] {
        let total = oblik_domain::energy::RegisterTotal(thousandths);
        assert_eq!((total.to_string().as_str(), total.units().to_string().as_str()), (shown, shown));
    }
}
