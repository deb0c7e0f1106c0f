//! A second opinion on whole accounts: another program, in another language, does them again from the JSON of what they are made
//! from, and agrees in every volume and to the kopiyka. R-VOL-2, R-VOL-3, R-VOL-5, R-VOL-5b, R-LOSS-2, R-REACT-SUB, R-PRICE-1,
//! R-PRICE-3, R-VAT-1.

use std::io::Write;
use std::process::{Command, Stdio};

use oblik_billing::{BillingInput, PriceBook, compute};
use oblik_domain::account::{PriceChange, Relation, Terms};
use oblik_domain::bill::Bill;
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::finding::Finding;
use oblik_domain::metering::{Loss, Meter, Occasion, PointTerms, Quality, Reading, Supply, VoltageClass, Zone};
use oblik_domain::period::Period;
use oblik_domain::tariff::{PriceComponent, Tariff};
use oblik_domain::{Decimal, NaiveDate};
use serde_json::{Value, json};

use crate::money::oracle::Numbers;
use crate::money::world::tariff;
use crate::network::{ACTIVE, Case, Measured, REACTIVE, day, eic};

/// One account's month with its prices.
pub(crate) struct Whole {
    pub(crate) case: Case,
    pub(crate) tariffs: Vec<Tariff>,
}

impl Whole {
    pub(crate) fn book(&self) -> PriceBook {
        PriceBook::new(self.tariffs.clone(), self.case.parameters.clone(), Vec::new()).unwrap()
    }

    pub(crate) fn bill(&self) -> Result<Bill, Vec<Finding>> {
        let (book, mut readings) = (self.book(), self.case.readings.clone());
        readings
            .sort_by(|one, other| (&one.register, one.period, one.read_on).cmp(&(&other.register, other.period, other.read_on)));
        let input = BillingInput::new(&self.case.record, self.case.period, &readings, &book);
        compute(&BillingInput { related: &self.case.related, ..input }).map(|calculation| calculation.bill)
    }
}

const SCHEMES: [&[Zone]; 3] = [&[Zone::Total], &[Zone::Night, Zone::Day], &[Zone::Night, Zone::HalfPeak, Zone::Peak]];

fn measured(numbers: &mut Numbers, zones: &[Zone], below: u64, reactive: bool) -> Vec<Measured> {
    let mut units = |below: u64| i64::try_from(numbers.next(below)).unwrap();
    let mut measured: Vec<Measured> = zones.iter().map(|zone| (ACTIVE, *zone, units(below))).collect();
    if reactive {
        measured.push((REACTIVE, Zone::Total, units(below)));
    }
    measured
}

fn losses(numbers: &mut Numbers) -> Vec<Loss> {
    let simplified = Loss::Simplified {
        line_percent: numbers.decimal(200, 2),
        variable_percent: numbers.decimal(300, 2),
        constant_kwh: numbers.decimal(2000, 1),
    };
    let transformer = Loss::Transformer {
        rated_kva: numbers.pick(&[100, 250, 400, 630]).into(),
        no_load_kw: numbers.decimal(200, 2),
        load_kw: numbers.decimal(900, 2),
        no_load_current: numbers.decimal(400, 2),
        short_circuit_voltage: numbers.decimal(600, 2),
        share: numbers.pick(&[Decimal::ONE, Decimal::new(5, 1), Decimal::new(37, 2)]),
    };
    let line = Loss::Line {
        resistance: numbers.decimal(1000, 3),
        length: numbers.decimal(9000, 3),
        voltage: numbers.pick(&[6, 10, 35]).into(),
    };
    match numbers.next(5) {
        0 => vec![simplified],
        1 => vec![transformer],
        2 => vec![transformer, line],
        3 => vec![transformer, line, simplified],
        _ => Vec::new(),
    }
}

fn coefficient(numbers: &mut Numbers) -> Coefficient {
    Coefficient::new(numbers.pick(&[Decimal::ONE, 20.into(), 40.into(), Decimal::new(625, 1)])).unwrap()
}

/// Another meter takes the place of the point's only one on some day of the period.
fn replace(numbers: &mut Numbers, case: &mut Case, meter: usize) {
    let (on, period) = (numbers.day_of(case.period), case.period);
    let old = case.record.meters[meter].clone();
    let serial = oblik_domain::ids::MeterSerial::parse(&format!("{}-N", old.serial)).unwrap();
    let new = Meter { serial, coefficient: coefficient(numbers), installed_on: on, ..old.clone() };
    case.record.meters[meter].removed_on = Some(on);
    for reading in case.readings.iter_mut().filter(|one| one.register.meter == old.serial && one.period == period) {
        (reading.read_on, reading.occasion) = (on, Occasion::Removed);
    }
    for register in &new.registers {
        let start = i64::try_from(numbers.next(90_000_000)).unwrap();
        let more = i64::try_from(numbers.next(400_000)).unwrap();
        for (total, read_on, occasion) in
            [(start, on, Occasion::Installed), (start + more, period.last_day(), Occasion::PeriodEnd)]
        {
            let mut key = case.readings.iter().find(|one| one.register.meter == old.serial).unwrap().register.clone();
            (key.meter, key.kind, key.zone) = (new.serial.clone(), register.kind, register.zone);
            let (total, quality) = (RegisterTotal(total), Quality::Actual);
            case.readings.push(Reading { register: key, period, read_on, total, quality, occasion });
        }
    }
    case.record.meters.push(new);
}

/// What every register showed on one more day of the period, so that both parts make what it was.
fn control(numbers: &mut Numbers, case: &mut Case, meter: usize, on: NaiveDate) {
    let (serial, period) = (case.record.meters[meter].serial.clone(), case.period);
    let ends: Vec<Reading> =
        case.readings.iter().filter(|one| one.register.meter == serial && one.period == period).cloned().collect();
    for end in ends {
        let total = RegisterTotal(i64::try_from(numbers.next(u64::try_from(end.total.0).unwrap() + 1)).unwrap());
        case.readings.push(Reading { total, read_on: on, occasion: Occasion::Control, ..end });
    }
}

fn tariffs(numbers: &mut Numbers, change: NaiveDate) -> Vec<Tariff> {
    let mut list = Vec::new();
    for component in [PriceComponent::Supply, PriceComponent::Transmission, PriceComponent::Distribution] {
        let mut alike = vec![tariff(component, "1")];
        if numbers.one_in(2) {
            alike.push(Tariff { voltage_class: Some(VoltageClass::First), ..tariff(component, "1") });
        }
        if component == PriceComponent::Supply {
            let zones = [Zone::Night, Zone::HalfPeak, Zone::Peak, Zone::Day];
            alike.extend(zones.map(|zone| Tariff { zone: Some(zone), ..tariff(component, "1") }));
            alike.retain(|one| one.zone.is_none() || !numbers.one_in(3));
        }
        for like in alike {
            let mut priced = |from, to| {
                list.push(Tariff { from, to, price: tariff(component, &numbers.price()).price, ..like.clone() });
            };
            if like.zone == Some(Zone::Peak) {
                priced(like.from, None);
            } else {
                priced(like.from, Some(change));
                priced(change, None);
            }
        }
    }
    list
}

/// An account of up to three points, its sub-consumers and its prices.
pub(crate) fn account(numbers: &mut Numbers) -> Whole {
    let period = numbers.pick(&["2026-02", "2026-03", "2026-06", "2026-10", "2026-12", "2028-02"]);
    let mut case = Case::new(period);
    let change = numbers.day_of(case.period);
    let zones = numbers.pick(&SCHEMES);
    for number in 1..=1 + u16::try_from(numbers.next(3)).unwrap() {
        let (own_zones, reactive) = (if number == 1 { zones } else { numbers.pick(&SCHEMES) }, numbers.one_in(2));
        let terms = PointTerms { losses: losses(numbers), ..PointTerms::default() };
        let measured = measured(numbers, own_zones, 3000, reactive);
        case = case.own(number, terms, &measured);
        let meter = case.record.meters.len() - 1;
        case.record.meters[meter].coefficient = coefficient(numbers);
        case.record.points.last_mut().unwrap().voltage_class = numbers.pick(VoltageClass::ALL);
        match numbers.next(4) {
            0 => replace(numbers, &mut case, meter),
            1 => control(numbers, &mut case, meter, change),
            2 => {
                let on = numbers.day_of(case.period);
                control(numbers, &mut case, meter, on);
            }
            _ => {}
        }
    }
    for number in 5..5 + u16::try_from(numbers.next(3)).unwrap() {
        let own_zones = if numbers.one_in(2) { zones } else { &[Zone::Total] };
        let fed_through = Some(eic(1));
        let terms = PointTerms { losses: losses(numbers).into_iter().take(1).collect(), fed_through, ..PointTerms::default() };
        let reactive = numbers.one_in(2);
        let measured = measured(numbers, own_zones, 300, reactive);
        case = if numbers.one_in(2) {
            case.own(number, PointTerms { supply: Supply::SubConsumer, ..terms }, &measured)
        } else {
            case.related(Relation::FedByUs, number, terms, &measured)
        };
    }
    let value = Terms { price_change: numbers.pick(PriceChange::ALL), ..Terms::default() };
    case.record.account.terms = vec![Dated { from: day("2020-01-01"), to: None, value }];
    Whole { case, tariffs: tariffs(numbers, change) }
}

fn asked(whole: &Whole) -> Value {
    let case = &whole.case;
    let related: Vec<Value> =
        case.related.iter().map(|related| json!({ "point": related.point, "meters": related.meters })).collect();
    json!({
        "record": case.record, "related": related, "tariffs": whole.tariffs, "parameters": case.parameters,
        "readings": case.readings, "period": case.period,
    })
}

fn ours(bill: Result<Bill, Vec<Finding>>) -> Value {
    let bill = match bill {
        Ok(bill) => bill,
        Err(findings) => {
            assert!(findings.iter().all(|finding| finding.code.as_str() == "E5"), "{findings:?}");
            return json!({ "refused": "E5" });
        }
    };
    let volume = |volume: &oblik_domain::bill::NetVolume| {
        let oblik_domain::bill::NetVolume { point, kind, zone, from, to, gross, losses, fed, net, .. } = volume;
        format!("{point} {kind} {zone} {from} {to} {gross} + {losses} - {fed} = {net}")
    };
    let line = |line: &oblik_domain::bill::BillLine| {
        format!("{} {} {} {}", line.kind, line.voltage_class.unwrap(), line.quantity.unwrap(), line.net)
    };
    let mut volumes: Vec<String> = bill.volumes.iter().map(volume).collect();
    let mut lines: Vec<String> = bill.lines.iter().map(line).collect();
    volumes.sort();
    lines.sort();
    json!({
        "volumes": volumes, "lines": lines, "net": bill.net.to_string(), "vat": bill.vat.to_string(),
        "total": bill.total.to_string(),
    })
}

#[test]
fn another_program_comes_to_the_same_kopiyka_for_whole_accounts() {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rules/whole/account.py");
    let python = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let Ok(mut python) = python else {
        println!("skipped: python3 is not installed");
        return;
    };
    let mut numbers = Numbers(20_261_122);
    let wholes: Vec<Whole> = (0..600).map(|_| account(&mut numbers)).collect();
    let asked: Vec<Value> = wholes.iter().map(asked).collect();
    python.stdin.take().unwrap().write_all(Value::from(asked).to_string().as_bytes()).unwrap();
    let answer = python.wait_with_output().unwrap();
    assert!(answer.status.success());
    let told: Vec<Value> = serde_json::from_slice(&answer.stdout).unwrap();
    assert_eq!(told.len(), wholes.len());
    let mut billed = 0;
    for (index, (whole, told)) in wholes.iter().zip(told).enumerate() {
        let bill = whole.bill();
        billed += usize::from(bill.is_ok());
        assert_eq!(ours(bill), told, "account {index}");
    }
    // The accounts are worth the asking.
    assert!(billed >= 300, "{billed}");
}

/// A month of the account of a number, for other tests.
pub(crate) fn whole_of(seed: u64) -> Whole {
    account(&mut Numbers(seed))
}

/// How many days the month has.
pub(crate) fn days(period: Period) -> u64 {
    u64::try_from(period.days()).unwrap()
}
