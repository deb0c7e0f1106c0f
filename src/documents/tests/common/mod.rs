//! An account of any size, its readings, its bill: made up, but made by the real calculation.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test uses its part, and a fault in made-up data may panic"
)]

pub mod rich;

use chrono::NaiveDate;
use oblik_billing::{BillingInput, PriceBook, compute};
use oblik_documents::{Setting, Template, Typesetter};
use oblik_domain::account::{Account, AccountRecord, SelfBilling};
use oblik_domain::act::{ActRow, PreviousReadings, ReadingAct};
use oblik_domain::bill::Bill;
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::ids::{ContractNumber, Edrpou, Eic, Iban, MeterSerial};
use oblik_domain::invoice::{Invoice, InvoiceNumber, Seller};
use oblik_domain::metering::{
    EnergyKind, Loss, Meter, Occasion, PointTerms, Quality, Reading, Register, RegisterKey, Supply, UsagePoint, VoltageClass,
    Zone,
};
use oblik_domain::money::Price;
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, VAT_RATE};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn seller() -> Seller {
    Seller {
        name: "ТОВ «Приклад Енергозбут»".to_owned(),
        edrpou: Edrpou::parse("41234567").unwrap(),
        vat_number: "412345626014".to_owned(),
        address: "вул. Прикладна, 12, м. Хмельницький, 29000".to_owned(),
        iban: Iban::parse("UA213223130000026007233566001").unwrap(),
        bank: "АТ «Ощадбанк»".to_owned(),
        phone: "0 800 500 123".to_owned(),
        email: "office@example.ua".to_owned(),
        licence: "Ліцензія НКРЕКП на постачання електричної енергії споживачу, постанова від 14.06.2018 № 429".to_owned(),
    }
}

/// An EIC of a metering point with its check character.
pub fn eic(number: usize) -> Eic {
    let stem = format!("62Z{number:012}");
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        .chars()
        .chain("0".chars())
        .find_map(|check| Eic::parse(&format!("{stem}{check}")).ok())
        .unwrap_or_else(|| eic(number + 500_000))
}

pub fn account(name: &str) -> Account {
    Account {
        contract: ContractNumber::parse("270000017").unwrap(),
        contract_date: day("2024-01-01"),
        name: name.to_owned(),
        edrpou: Edrpou::parse("38823282").unwrap(),
        vat_number: "388232826017".to_owned(),
        address: "вул. Соборна, 25, м. Хмельницький, 29001".to_owned(),
        emails: vec!["office@example.com".to_owned()],
        product: "універсальний".to_owned(),
        self_billing: SelfBilling::Allowed,
        branch: None,
        terms: Vec::new(),
        limits: Vec::new(),
    }
}

const PLACES: [(&str, &str); 4] = [
    ("Виробничий цех № 1, ввід 1", "вул. Заводська, 3, м. Хмельницький"),
    ("Адміністративна будівля", "вул. Соборна, 25, м. Хмельницький"),
    ("Насосна станція «Плоска»", "с. Олешин, урочище Плоске"),
    ("Склад готової продукції імені Ґалаґана", "вул. Об’їзна, 117, м. Їжакевич"),
];

/// Meters with one, two or three zones in turn; each with reactive registers too.
pub fn record(meters: usize, name: &str) -> AccountRecord {
    let account = account(name);
    let mut points = Vec::new();
    let mut standing = Vec::new();
    for index in 0..meters {
        let (place, address) = PLACES[index % PLACES.len()];
        let zones: &[Zone] = match index % 3 {
            0 => &[Zone::Night, Zone::HalfPeak, Zone::Peak],
            1 => &[Zone::Total],
            _ => &[Zone::Night, Zone::Day],
        };
        let active = zones.iter().map(|zone| Register { kind: EnergyKind::ActiveImport, zone: *zone, digits: 6 });
        let reactive = [EnergyKind::ReactiveImport, EnergyKind::ReactiveExport];
        let reactive = reactive.map(|kind| Register { kind, zone: Zone::Total, digits: 6 });
        points.push(UsagePoint {
            eic: eic(270_000_001_000 + index),
            contract: account.contract.clone(),
            name: place.to_owned(),
            address: address.to_owned(),
            voltage_class: if index % 3 == 0 { VoltageClass::First } else { VoltageClass::Second },
            from: day("2024-01-01"),
            to: None,
            terms: Vec::new(),
            disconnections: Vec::new(),
        });
        standing.push(Meter {
            serial: MeterSerial::parse(&format!("{:08}", 1_234_567 + index * 7919)).unwrap(),
            point: eic(270_000_001_000 + index),
            model: "GAMA 300".to_owned(),
            coefficient: Coefficient::new([1200.into(), 1.into(), 40.into()][index % 3]).unwrap(),
            installed_on: day("2024-01-01"),
            removed_on: None,
            registers: active.chain(reactive).collect(),
            coefficients: Vec::new(),
        });
    }
    AccountRecord { account, points, meters: standing, signers: Vec::new() }
}

pub fn readings(record: &AccountRecord) -> (PreviousReadings, PreviousReadings) {
    let (mut opening, mut closing) = (PreviousReadings::new(), PreviousReadings::new());
    for (index, meter) in record.meters.iter().enumerate() {
        for (turn, register) in meter.registers.iter().enumerate() {
            let key =
                RegisterKey { point: meter.point.clone(), meter: meter.serial.clone(), kind: register.kind, zone: register.zone };
            // No more than a dial of six digits shows.
            let number = i64::try_from((index * 37 + turn * 101) % 700).unwrap();
            opening.insert(key.clone(), RegisterTotal(12_345_600 + number * 1_370_010));
            closing.insert(key, RegisterTotal(12_345_600 + number * 1_370_010 + 311_460 + number % 97 * 1040));
        }
    }
    (opening, closing)
}

pub fn tariffs() -> Vec<Tariff> {
    let tariff = |component, class, zone, price: &str| Tariff {
        component,
        product: None,
        voltage_class: class,
        zone,
        price: Price::new(price.parse().unwrap()).unwrap(),
        from: day("2026-01-01"),
        to: None,
    };
    vec![
        tariff(PriceComponent::Supply, None, None, "6.39425"),
        tariff(PriceComponent::Supply, None, Some(Zone::Night), "4.47597"),
        tariff(PriceComponent::Supply, None, Some(Zone::Peak), "8.95195"),
        tariff(PriceComponent::Transmission, None, None, "0.68623"),
        tariff(PriceComponent::Distribution, Some(VoltageClass::First), None, "0.34121"),
        tariff(PriceComponent::Distribution, Some(VoltageClass::Second), None, "1.98765"),
    ]
}

pub fn period() -> Period {
    Period::parse("2026-10").unwrap()
}

/// The bill of an account by its own readings.
pub fn bill(record: &AccountRecord) -> Bill {
    let (opening, closing) = readings(record);
    let parameters = vec![Parameter { name: VAT_RATE.to_owned(), value: 20.into(), from: day("2026-01-01"), to: None }];
    let prices = PriceBook::new(tariffs(), parameters, Vec::new()).unwrap();
    let before = Period::from_ordinal(period().ordinal() - 1).unwrap();
    let mut known = Vec::new();
    for (period, totals) in [(before, opening), (period(), closing)] {
        for (register, total) in totals {
            let (read_on, quality, occasion) = (period.last_day(), Quality::Actual, Occasion::PeriodEnd);
            known.push(Reading { register, period, read_on, total, quality, occasion });
        }
    }
    known.sort_by(|one, other| (&one.register, one.period).cmp(&(&other.register, other.period)));
    compute(&BillingInput::new(record, period(), &known, &prices)).unwrap().bill
}

pub fn invoice(meters: usize, name: &str) -> Invoice {
    let record = record(meters, name);
    let bill = bill(&record);
    Invoice {
        number: InvoiceNumber { series: "ОЕ".to_owned(), year: 2026, running: 42 },
        issued_on: day("2026-11-04"),
        due_on: day("2026-11-20"),
        seller: seller(),
        buyer: record.account,
        points: record.points,
        bill,
        issuer: oblik_domain::invoice::IssuerRole::Supplier,
        prepaid: oblik_domain::money::Kopiykas::ZERO,
        history: Vec::new(),
        standing: None,
    }
}

/// With losses between meter and boundary, as acts agree them, and one point fed through another.
pub fn with_losses(mut record: AccountRecord) -> AccountRecord {
    let agreed = Loss::Simplified {
        line_percent: "1.2".parse().unwrap(),
        variable_percent: "2.35".parse().unwrap(),
        constant_kwh: 480.into(),
    };
    let terms = PointTerms { losses: vec![agreed], ..PointTerms::default() };
    let main = record.points[0].eic.clone();
    record.points[0].terms = vec![Dated { from: day("2024-01-01"), to: None, value: terms }];
    if let Some(sub) = record.points.get_mut(1) {
        let terms = PointTerms { supply: Supply::SubConsumer, fed_through: Some(main), ..PointTerms::default() };
        sub.terms = vec![Dated { from: day("2024-01-01"), to: None, value: terms }];
    }
    record
}

pub fn act(record: &AccountRecord) -> (ReadingAct, PreviousReadings) {
    let (opening, closing) = readings(record);
    let rows = closing.into_iter().map(|(register, total)| ActRow { register, total }).collect();
    (ReadingAct { contract: record.account.contract.clone(), period: period(), read_on: day("2026-10-31"), rows }, opening)
}

/// The invoice as the embedded template sets it, without stamp and attachments.
pub fn invoice_pdf(typesetter: &Typesetter, invoice: &Invoice) -> Vec<u8> {
    let template = Template::embedded();
    typesetter.invoice_pdf(invoice, &Setting { template: &template, stamp: None, attachments: &[] }).unwrap().pdf
}
