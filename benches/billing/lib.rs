//! The accounts the figures are of: three zones with two sub-consumers, and the same behind a transformer and a line with reactive
//! energy.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "only figures use it"
)]

use oblik_billing::PriceBook;
use oblik_domain::account::{Account, AccountRecord, ReactiveProfile, SelfBilling, Terms};
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::ids::{ContractNumber, Edrpou, Eic, MeterSerial};
use oblik_domain::metering::{
    EnergyKind, Loss, Meter, Occasion, PointTerms, Quality, Reading, Register, RegisterKey, Supply, UsagePoint, VoltageClass,
    Zone,
};
use oblik_domain::money::Price;
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff};
use oblik_domain::{Decimal, NaiveDate};

const MAIN: &str = "62Z2700000010017";
const ZONED: &str = "62Z2700000010025";
const UNZONED: &str = "62Z2700000010033";

/// How much there is to calculate of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// Three zones and two sub-consumers, one of three zones and one of none: what the required figure is of.
    Plain,
    /// The same behind a transformer and a line, charged for reactive energy.
    Rich,
}

/// What the registers of one account counted, in the order of [`registers`].
pub type Counted = [i64; 10];

/// The registers: three zones, reactive consumed and generated of the main; three zones and reactive of one sub-consumer;
/// one register of the other. A plain account has no reactive ones.
fn registers() -> [(&'static str, EnergyKind, Zone); 10] {
    let (active, consumed, generated) = (EnergyKind::ActiveImport, EnergyKind::ReactiveImport, EnergyKind::ReactiveExport);
    [
        (MAIN, active, Zone::Night),
        (MAIN, active, Zone::HalfPeak),
        (MAIN, active, Zone::Peak),
        (MAIN, consumed, Zone::Total),
        (MAIN, generated, Zone::Total),
        (ZONED, active, Zone::Night),
        (ZONED, active, Zone::HalfPeak),
        (ZONED, active, Zone::Peak),
        (ZONED, consumed, Zone::Total),
        (UNZONED, active, Zone::Total),
    ]
}

/// June 2026.
pub fn period() -> Period {
    Period::parse("2026-06").unwrap()
}

/// What account `index` counted, in thousandths; coefficients 40 of the main and 20 of the others.
pub fn counted(index: i64) -> Counted {
    let spread = |base: i64, step: i64| (base + (index * step) % 997) * 1000 + (index * 37) % 1000;
    let few = |base: i64| (base + index % 97) * 1000 + (index * 41) % 1000;
    [
        spread(300, 7),
        spread(500, 11),
        spread(250, 13),
        spread(525, 17),
        spread(38, 19),
        few(40),
        few(60),
        few(30),
        few(50),
        few(20),
    ]
}

/// Whether the meters of a case have a register.
fn has(case: Case, kind: EnergyKind) -> bool {
    case == Case::Rich || kind == EnergyKind::ActiveImport
}

/// One account with its readings of two period ends, in order.
pub fn account(case: Case, index: i64) -> (AccountRecord, Vec<Reading>) {
    let contract = ContractNumber::parse(&format!("27{index:07}")).unwrap();
    let points = [MAIN, ZONED, UNZONED].map(|eic| point(case, eic, &contract));
    let reactive = if case == Case::Rich { ReactiveProfile::Order2018 } else { ReactiveProfile::default() };
    let record = AccountRecord {
        account: Account {
            contract,
            contract_date: day("2020-01-01"),
            name: "Mill".to_owned(),
            edrpou: Edrpou::parse("00131512").unwrap(),
            vat_number: String::new(),
            address: "Rivne".to_owned(),
            emails: vec!["buh@mlyn.example".to_owned()],
            product: "free".to_owned(),
            self_billing: SelfBilling::Allowed,
            branch: None,
            terms: vec![always(Terms { reactive, ..Terms::default() })],
            limits: Vec::new(),
        },
        points: points.to_vec(),
        meters: [(MAIN, 40), (ZONED, 20), (UNZONED, 20)].map(|(eic, ratio)| meter(case, eic, ratio, index)).to_vec(),
        signers: Vec::new(),
    };
    let before = Period::from_ordinal(period().ordinal() - 1).unwrap();
    let mut readings = Vec::with_capacity(20);
    for ((eic, kind, zone), energy) in registers().into_iter().zip(counted(index)).filter(|((_, kind, _), _)| has(case, *kind)) {
        for (period, total) in [(before, 1_234_567), (period(), 1_234_567 + energy)] {
            let register = RegisterKey { point: Eic::parse(eic).unwrap(), meter: serial(eic, index), kind, zone };
            let (quality, occasion) = (Quality::Actual, Occasion::PeriodEnd);
            let total = RegisterTotal(total);
            readings.push(Reading { register, period, read_on: period.last_day(), total, quality, occasion });
        }
    }
    readings.sort_by(|one, other| (&one.register, one.period).cmp(&(&other.register, other.period)));
    (record, readings)
}

fn point(case: Case, eic: &str, contract: &ContractNumber) -> UsagePoint {
    let terms = if eic == MAIN && case == Case::Plain {
        PointTerms::default()
    } else if eic == MAIN {
        PointTerms {
            permitted_power: Some(decimal("400")),
            reactive_equivalent: Some(decimal("0.0615")),
            losses: vec![
                Loss::Transformer {
                    rated_kva: decimal("400"),
                    no_load_kw: decimal("0.95"),
                    load_kw: decimal("5.5"),
                    no_load_current: decimal("2.1"),
                    short_circuit_voltage: decimal("4.5"),
                    share: decimal("1"),
                },
                Loss::Line { resistance: decimal("0.588"), length: decimal("2.1"), voltage: decimal("10") },
            ],
            ..PointTerms::default()
        }
    } else {
        PointTerms { supply: Supply::SubConsumer, fed_through: Some(Eic::parse(MAIN).unwrap()), ..PointTerms::default() }
    };
    UsagePoint {
        eic: Eic::parse(eic).unwrap(),
        contract: contract.clone(),
        name: "Mill".to_owned(),
        address: "Rivne".to_owned(),
        voltage_class: VoltageClass::Second,
        from: day("2020-01-01"),
        to: None,
        terms: vec![always(terms)],
        disconnections: Vec::new(),
    }
}

fn meter(case: Case, eic: &str, ratio: i64, index: i64) -> Meter {
    let own = registers().into_iter().filter(|(point, kind, _)| *point == eic && has(case, *kind));
    Meter {
        serial: serial(eic, index),
        point: Eic::parse(eic).unwrap(),
        model: "NIK".to_owned(),
        coefficient: Coefficient::new(ratio.into()).unwrap(),
        installed_on: day("2020-01-01"),
        removed_on: None,
        registers: own.map(|(_, kind, zone)| Register { kind, zone, digits: 6 }).collect(),
        coefficients: Vec::new(),
    }
}

fn serial(eic: &str, index: i64) -> MeterSerial {
    MeterSerial::parse(&format!("{index:06}-{}", &eic[13..])).unwrap()
}

/// A price list of three products, of which the account has one, and the parameters of a utility.
pub fn prices() -> PriceBook {
    let mut tariffs = Vec::new();
    let mut add = |component, product: Option<&str>, zone, class, price: &str| {
        for (from, to) in [("2025-01-01", Some("2026-04-01")), ("2026-04-01", None)] {
            let price = Price::new(decimal(price)).unwrap();
            let (product, to) = (product.map(str::to_owned), to.map(day));
            tariffs.push(Tariff { component, product, voltage_class: class, zone, price, from: day(from), to });
        }
    };
    let supply = PriceComponent::Supply;
    for product in ["free", "green", "universal"] {
        add(supply, Some(product), None, None, "3.20514");
        for (zone, price) in [(Zone::Night, "1.1218"), (Zone::HalfPeak, "3.26924"), (Zone::Peak, "5.38464")] {
            add(supply, Some(product), Some(zone), None, price);
        }
    }
    add(PriceComponent::Transmission, None, None, None, "0.74291");
    add(PriceComponent::Distribution, None, None, Some(VoltageClass::First), "0.32951");
    add(PriceComponent::Distribution, None, None, Some(VoltageClass::Second), "2.17657");
    add(PriceComponent::Reactive, None, None, None, "3.20514");
    let parameter = |name: &str, value: &str| {
        let (from, to) = (day("2015-01-01"), None);
        Parameter { name: name.to_owned(), value: decimal(value), from, to }
    };
    PriceBook::new(tariffs, vec![parameter("vat-rate", "20"), parameter("payment-days", "10")], Vec::new()).unwrap()
}

fn always<T>(value: T) -> Dated<T> {
    Dated { from: day("2020-01-01"), to: None, value }
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}
