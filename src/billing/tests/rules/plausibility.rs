//! R-PLAUS and E1: both sides of each bound, who may override it, and what is suspected.

use oblik_billing::{BillingInput, Calculation, PriceBook, compute};
use oblik_domain::account::{AccountRecord, Terms};
use oblik_domain::bill::{MonthVolume, TraceStep};
use oblik_domain::confirmation::{Confirmation, Confirmed};
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, Kwh, RegisterTotal};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::metering::{
    EnergyKind, Meter, Occasion, Quality, Reading, Register, RegisterKey, UsagePoint, VoltageClass, Zone,
};
use oblik_domain::money::Price;
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff};
use oblik_domain::{Decimal, NaiveDate};
use proptest::prelude::*;

type Named = (EnergyKind, Zone);

const TOTAL: Named = (EnergyKind::ActiveImport, Zone::Total);
const NIGHT: Named = (EnergyKind::ActiveImport, Zone::Night);
const DAY: Named = (EnergyKind::ActiveImport, Zone::Day);
const REACTIVE: Named = (EnergyKind::ReactiveImport, Zone::Total);

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn period(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn total(text: &str) -> RegisterTotal {
    RegisterTotal::from_units(text.parse().unwrap()).unwrap()
}

/// October 2026 of one account with one meter.
struct Case {
    record: AccountRecord,
    readings: Vec<Reading>,
    history: Vec<MonthVolume>,
    confirmations: Vec<Confirmation>,
    parameters: Vec<(&'static str, &'static str)>,
}

impl Case {
    /// Registers with what they showed before and show now; the meter's coefficient; a five-digit dial.
    fn new(coefficient: &str, registers: &[(Named, &str, &str)]) -> Self {
        let contract = ContractNumber::parse("270000017").unwrap();
        let (point, serial) = (Eic::parse("62Z2700000010017").unwrap(), MeterSerial::parse("M-1").unwrap());
        let mut readings = Vec::new();
        for ((kind, zone), opening, closing) in registers {
            let register = RegisterKey { point: point.clone(), meter: serial.clone(), kind: *kind, zone: *zone };
            for (month, value) in [("2026-09", opening), ("2026-10", closing)] {
                let (period, quality) = (period(month), Quality::Actual);
                let (register, total, read_on, occasion) =
                    (register.clone(), total(value), period.last_day(), Occasion::PeriodEnd);
                readings.push(Reading { register, period, read_on, total, quality, occasion });
            }
        }
        readings.sort_by(|one, other| (&one.register, one.period).cmp(&(&other.register, other.period)));
        let account = crate::account();
        let usage_point = UsagePoint {
            eic: point.clone(),
            contract,
            name: "Цех".to_owned(),
            address: "м. Рівне".to_owned(),
            voltage_class: VoltageClass::Second,
            from: day("2020-01-01"),
            to: None,
            terms: Vec::new(),
            disconnections: Vec::new(),
        };
        let meter = Meter {
            serial,
            point,
            model: "НІК".to_owned(),
            coefficient: Coefficient::new(coefficient.parse().unwrap()).unwrap(),
            installed_on: day("2020-01-01"),
            removed_on: None,
            registers: registers.iter().map(|((kind, zone), _, _)| Register { kind: *kind, zone: *zone, digits: 5 }).collect(),
            coefficients: Vec::new(),
        };
        let parameters = vec![
            ("vat-rate", "20"),
            ("plausibility-low", "2"),
            ("plausibility-high", "4"),
            ("plausibility-months", "12"),
            ("plausibility-months-least", "3"),
        ];
        let record = AccountRecord { account, points: vec![usage_point], meters: vec![meter], signers: Vec::new() };
        Self { record, readings, history: Vec::new(), confirmations: Vec::new(), parameters }
    }

    /// One register from zero that counted so many kilowatt-hours.
    fn of(volume: i64) -> Self {
        Self::new("1", &[(TOTAL, "0", &volume.to_string())])
    }

    /// Closed months before October 2026, the last one last.
    fn after(mut self, months: &[i64]) -> Self {
        let first = period("2026-10").ordinal() - i64::try_from(months.len()).unwrap();
        let month =
            |(at, active): (i64, &i64)| MonthVolume { period: Period::from_ordinal(first + at).unwrap(), active: Kwh(*active) };
        self.history = (0..).zip(months).map(month).collect();
        self
    }

    fn bounded(mut self, minimum: Option<i64>, maximum: Option<i64>) -> Self {
        let terms = Terms { volume_min: minimum.map(Kwh), volume_max: maximum.map(Kwh), ..Terms::default() };
        self.record.account.terms.push(Dated { from: day("2026-10-31"), to: None, value: terms });
        self
    }

    fn confirmed(mut self, contract: &str, month: &str, volume: i64) -> Self {
        self.confirmations.push(Confirmation {
            contract: ContractNumber::parse(contract).unwrap(),
            period: period(month),
            what: Confirmed::Volume { volume: Kwh(volume) },
            reason: "новий цех".to_owned(),
            operator: "oksana".to_owned(),
            approved_by: None,
            confirmed_at: "2026-11-02T08:00:00Z".parse().unwrap(),
        });
        self
    }

    fn with(mut self, name: &'static str, value: Option<&'static str>) -> Self {
        self.parameters.retain(|(known, _)| *known != name);
        self.parameters.extend(value.map(|value| (name, value)));
        self
    }

    fn compute(&self) -> Result<Calculation, Vec<Finding>> {
        let tariff = |component| Tariff {
            component,
            product: None,
            voltage_class: None,
            zone: None,
            price: Price::new(Decimal::ONE).unwrap(),
            from: day("2020-01-01"),
            to: None,
        };
        let parts = [PriceComponent::Supply, PriceComponent::Transmission, PriceComponent::Distribution];
        let parameter = |(name, value): &(&str, &str)| Parameter {
            name: (*name).to_owned(),
            value: value.parse().unwrap(),
            from: day("2020-01-01"),
            to: None,
        };
        let parameters = self.parameters.iter().map(parameter).collect();
        let prices = PriceBook::new(parts.map(tariff).to_vec(), parameters, Vec::new())?;
        let input = BillingInput {
            history: &self.history,
            confirmations: &self.confirmations,
            ..BillingInput::new(&self.record, period("2026-10"), &self.readings, &prices)
        };
        compute(&input)
    }

    /// The one finding.
    fn refused(&self) -> Finding {
        let mut findings = self.compute().unwrap_err();
        assert_eq!(findings.len(), 1, "{findings:?}");
        findings.remove(0)
    }

    fn told(&self) -> Option<TraceStep> {
        let trace = self.compute().unwrap().bill.trace;
        trace.into_iter().find(|step| step.rule == "R-PLAUS")
    }
}

#[test]
fn e1_is_a_volume_below_half_or_above_four_times_the_average_and_neither_bound_itself() {
    for (volume, months, good) in [
        (500, [1000, 1000, 1000], true),
        (499, [1000, 1000, 1000], false),
        (4000, [1000, 1000, 1000], true),
        (4001, [1000, 1000, 1000], false),
        // An average of thirds is not rounded: half of 1000/3 is 166.67, four times it 1333.33.
        (167, [1000, 0, 0], true),
        (166, [1000, 0, 0], false),
        (1333, [1000, 0, 0], true),
        (1334, [1000, 0, 0], false),
        // Nothing was used and nothing is.
        (0, [0, 0, 0], true),
        (1, [0, 0, 0], false),
    ] {
        let case = Case::of(volume).after(&months);
        assert_eq!(case.compute().is_ok(), good, "{volume} {months:?}");
        if !good {
            assert_eq!(case.refused().code, Code::VolumeImplausible);
        }
    }
}

#[test]
fn e1_tells_the_bounds_and_the_months_they_are_of() {
    let finding = Case::of(20).after(&[1000, 0, 0]).refused();
    let values: Vec<_> = ["volume", "minimum", "maximum", "average", "months", "history"]
        .into_iter()
        .map(|name| finding.value(name).to_owned())
        .collect();
    assert_eq!(values, ["20", "166.67", "1333.33", "333.33", "3", "2026-07 1000, 2026-08 0, 2026-09 0"]);
}

#[test]
fn history_counts_from_three_closed_months_to_the_last_twelve() {
    let plausible = |months: &[i64]| Case::of(10).after(months).compute().is_ok();
    assert!(plausible(&[]));
    assert!(plausible(&[1000, 1000]));
    assert!(!plausible(&[1000, 1000, 1000]));
    // Thirteen months: the first no longer counts.
    let mut months = vec![1_000_000];
    months.extend([10; 12]);
    assert!(plausible(&months));
    assert!(!plausible(&months[..12]));
    // The period's own month and later ones are no history.
    let mut case = Case::of(10).after(&[1000, 1000, 1000]);
    case.history[2].period = period("2026-10");
    assert!(case.compute().is_ok());
    case.history[2].period = period("2026-08");
    assert!(case.compute().is_err());
    assert!(Case::of(10).after(&[1000, 1000]).with("plausibility-months-least", Some("2")).compute().is_err());
    assert!(
        Case::of(10)
            .after(&[1000, 10, 10])
            .with("plausibility-months-least", Some("2"))
            .with("plausibility-months", Some("2"))
            .compute()
            .is_ok()
    );
}

#[test]
fn factors_are_parameters_and_one_that_cannot_be_is_named() {
    let case = |name, value| Case::of(499).after(&[1000, 1000, 1000]).with(name, value);
    assert!(case("plausibility-low", Some("2.5")).compute().is_ok());
    assert!(Case::of(4001).after(&[1000; 3]).with("plausibility-high", Some("4.001")).compute().is_ok());
    for (name, value, code) in [
        ("plausibility-low", Some("0"), Code::ParameterUnusable),
        ("plausibility-high", Some("-4"), Code::ParameterUnusable),
        ("plausibility-months", Some("0"), Code::ParameterUnusable),
        ("plausibility-months", Some("1.5"), Code::ParameterUnusable),
        ("plausibility-months-least", Some("-1"), Code::ParameterUnusable),
    ] {
        let finding = case(name, value).refused();
        assert_eq!((finding.code, finding.value("parameter")), (code, name), "{value:?}");
    }
    // Where nothing is said, the rule's own figures count.
    for name in ["plausibility-low", "plausibility-high", "plausibility-months", "plausibility-months-least"] {
        assert_eq!(case(name, None).refused().code, Code::VolumeImplausible, "{name}");
    }
    // All that are wrong, not only the first.
    let both = case("plausibility-low", Some("0")).with("plausibility-high", Some("0"));
    assert_eq!(both.compute().unwrap_err().len(), 2);
    // The largest figures there can be are compared, and nothing overflows.
    let huge = Case::of(1).after(&[i64::MAX; 12]).with("plausibility-high", Some("1000"));
    assert_eq!(huge.refused().code, Code::VolumeImplausible);
}

#[test]
fn the_accounts_own_bounds_replace_those_of_history() {
    for (volume, minimum, maximum, good) in [
        (100, Some(100), Some(200), true),
        (99, Some(100), Some(200), false),
        (200, Some(100), Some(200), true),
        (201, Some(100), Some(200), false),
        // One of them alone leaves the other to history: 500 to 4000.
        (499, None, Some(200), false),
        (100, Some(100), None, true),
        (4001, Some(100), None, false),
    ] {
        let case = Case::of(volume).after(&[1000, 1000, 1000]).bounded(minimum, maximum);
        assert_eq!(case.compute().is_ok(), good, "{volume} {minimum:?} {maximum:?}");
    }
    // Without history they hold alone.
    assert!(Case::of(99).bounded(Some(100), None).compute().is_err());
    assert!(Case::of(99).bounded(None, Some(99)).compute().is_ok());
    let finding = Case::of(99).bounded(Some(100), None).refused();
    assert_eq!((finding.value("minimum"), finding.value("maximum"), finding.value("average")), ("100", "", ""));
    // They are those of the period's last day.
    let mut case = Case::of(99).bounded(Some(100), None);
    case.record.account.terms[0].from = day("2026-11-01");
    assert!(case.compute().is_ok());
}

#[test]
fn a_confirmation_lets_exactly_its_volume_pass() {
    let case = |contract, month, volume| Case::of(499).after(&[1000, 1000, 1000]).confirmed(contract, month, volume);
    assert!(case("270000017", "2026-10", 499).compute().is_ok());
    assert!(case("270000017", "2026-10", 498).compute().is_err());
    assert!(case("270000017", "2026-09", 499).compute().is_err());
    assert!(case("270000018", "2026-10", 499).compute().is_err());
    let told = case("270000017", "2026-10", 499).told().unwrap();
    assert_eq!(told.result, "confirmed");
    assert_eq!(told.inputs.last().unwrap().source, "confirmation 2026-11-02T08:00:00+00:00");
}

#[test]
fn what_passes_is_told_with_all_it_was_compared_with() {
    let told = Case::of(600).after(&[1000, 0, 2000]).told().unwrap();
    assert_eq!((told.subject.as_str(), told.result.as_str()), ("account", "within-bounds"));
    assert_eq!(told.formula, "3000 / 3 / 2 ≤ 600 ≤ 4 × 3000 / 3");
    let inputs: Vec<_> = told.inputs.iter().map(|input| (&*input.name, input.value.as_str(), input.source.as_str())).collect();
    assert_eq!(inputs[1], ("month", "0", "bill 2026-08"));
    assert_eq!(inputs[4], ("plausibility-high", "4", "parameter plausibility-high"));
    assert_eq!(Case::of(5).bounded(Some(5), None).told().unwrap().formula, "5 ≤ 5");
    assert_eq!(Case::of(5).bounded(None, Some(6)).told().unwrap().formula, "5 ≤ 6");
    // Nothing to compare with is no step; a confirmation nobody needs is not told.
    assert_eq!(Case::of(600).told(), None);
    let needless = Case::of(600).after(&[1000; 3]).confirmed("270000017", "2026-10", 600).told().unwrap();
    assert_eq!((needless.result.as_str(), needless.inputs.len()), ("within-bounds", 5));
}

/// Cause, register and what is likely.
fn suspected(case: &Case) -> [String; 3] {
    let finding = case.refused();
    assert_eq!(finding.code, Code::VolumeImplausible);
    ["cause", "register", "likely"].map(|name| finding.value(name).to_owned())
}

#[test]
fn likely_causes_are_worked_out_from_the_rows() {
    // About 2250 kWh a month at a coefficient of 40.
    let usual = [2200, 2250, 2300];
    for (coefficient, registers, expected) in [
        // 12401.85 written as 14201.85.
        ("40", vec![(TOTAL, "12345.6", "14201.85")], ["digits-swapped", "active-import/total", "12401.85"]),
        // 12401.85 with one digit too many, and with one missing.
        ("1", vec![(TOTAL, "345", "25595")], ["digit-missing", "active-import/total", "2595"]),
        ("1", vec![(TOTAL, "95", "234")], ["digit-missing", "active-import/total", "2345"]),
        // The coefficient is applied to what was multiplied before, or forgotten in the data.
        ("60", vec![(TOTAL, "1000", "3250")], ["coefficient-missing", "active-import/total", "60"]),
        ("0.01", vec![(TOTAL, "10000", "12250")], ["coefficient-missing", "active-import/total", "0.01"]),
        ("40", vec![(TOTAL, "100", "6250")], ["coefficient-missing", "active-import/total", "40"]),
        // The reactive register's reading stands in the active one's row.
        (
            "1",
            vec![(TOTAL, "100", "41111"), (REACTIVE, "0", "2350")],
            ["zones-swapped", "active-import/total", "reactive-import/total"],
        ),
        // Zones of one kind add up to the same: no swap of theirs explains anything.
        ("1", vec![(NIGHT, "100", "41111"), (DAY, "100", "41112")], ["", "", ""]),
        // Nothing was used: nothing is suspected.
        ("1", vec![(TOTAL, "11111", "11111")], ["", "", ""]),
    ] {
        let case = Case::new(coefficient, &registers).after(&usual);
        assert_eq!(suspected(&case), expected, "{coefficient} {registers:?}");
    }
}

#[test]
fn an_estimate_and_a_confirmed_rollover_are_suspected_of_nothing() {
    let mut case = Case::new("40", &[(TOTAL, "12345.6", "14201.85")]).after(&[2200, 2250, 2300]);
    case.readings[1].quality = Quality::Estimated;
    assert_eq!(suspected(&case)[0], "");
}

#[test]
fn what_the_dial_cannot_show_is_not_suspected() {
    // With six digits 100234 would explain it.
    let case = |digits| {
        let mut case = Case::new("1", &[(TOTAL, "99000", "99234")]).after(&[2200, 2250, 2300]);
        case.record.meters[0].registers[0].digits = digits;
        case.bounded(Some(800_000), Some(900_000))
    };
    assert_eq!(suspected(&case(5))[0], "");
    assert_eq!(suspected(&case(6))[0], "digit-missing");
}

proptest! {
    #[test]
    fn a_suspicion_always_explains_and_a_bound_always_holds(closing in 0_i64..99_999_999, months in proptest::collection::vec(0_i64..10_000_000, 3..14)) {
        let case = Case::new("40", &[(TOTAL, "0", &RegisterTotal(closing).to_string())]).after(&months);
        let last = &months[months.len().saturating_sub(12)..];
        let (sum, count) = (i128::from(last.iter().sum::<i64>()), i128::try_from(last.len()).unwrap());
        let within = |volume: i64| i128::from(volume) * count * 2 >= sum && i128::from(volume) * count <= sum * 4;
        match case.compute() {
            Ok(calculation) => prop_assert!(within(calculation.bill.active_volume().0)),
            Err(findings) => {
                prop_assert!(!within(findings[0].value("volume").parse().unwrap()));
                let likely = findings[0].value("likely");
                if findings[0].value("cause").starts_with("digit") {
                    let volume = Kwh::rounded(likely.parse::<Decimal>().unwrap() * Decimal::from(40)).unwrap();
                    prop_assert!(within(volume.0), "{likely}");
                }
            }
        }
    }
}

#[test]
fn only_registers_of_the_same_meter_and_name_are_suspected() {
    // The dial that counts is the active one's, though another of the meter is smaller.
    let mut case = Case::new("1", &[(REACTIVE, "0", "1"), (TOTAL, "95", "234")]).after(&[2200, 2250, 2300]);
    case.record.meters[0].registers[0].digits = 3;
    assert_eq!(suspected(&case), ["digit-missing", "active-import/total", "2345"]);
    // The same reading on another meter explains nothing.
    let mut case = Case::new("1", &[(TOTAL, "100", "41111"), (REACTIVE, "0", "2350")]).after(&[2200, 2250, 2300]);
    assert_eq!(suspected(&case)[0], "zones-swapped");
    let reactive = case.record.meters[0].registers.pop().unwrap();
    let serial = MeterSerial::parse("M-2").unwrap();
    let other = Meter { serial: serial.clone(), registers: vec![reactive], ..case.record.meters[0].clone() };
    case.record.meters.push(other);
    for reading in case.readings.iter_mut().filter(|reading| reading.register.kind == EnergyKind::ReactiveImport) {
        reading.register.meter = serial.clone();
    }
    assert_eq!(suspected(&case), ["digit-missing", "active-import/total", "4111"]);
}
