//! Accounts, readings and invoices of the tests.

use oblik_domain::account::{Account, AccountRecord, SelfBilling};
use oblik_domain::bill::{Bill, Correction};
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::ids::{ContractNumber, Edrpou, Eic, Iban, MeterSerial};
use oblik_domain::invoice::{Invoice, InvoiceNumber, Seller};
use oblik_domain::metering::{
    EnergyKind, Meter, Occasion, PointTerms, Quality, Reading, Register, RegisterKey, UsagePoint, VoltageClass, Zone,
};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;

use super::*;

pub const EIC: [&str; 5] = ["62Z000000000001B", "62Z0000000000029", "62Z0000000000037", "62Z0000000000045", "62Z0000000000053"];

pub fn day(text: &str) -> chrono::NaiveDate {
    text.parse().unwrap()
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub fn month(text: &str) -> Period {
    Period::parse(text).unwrap()
}

pub fn contract(number: u32) -> ContractNumber {
    ContractNumber::parse(&format!("27{number:07}")).unwrap()
}

pub fn eic(number: usize) -> Eic {
    Eic::parse(EIC[number]).unwrap()
}

/// A point that is fed through others from days on.
pub fn point(of: u32, number: usize, fed: &[(&str, usize)]) -> UsagePoint {
    let mut terms: Vec<Dated<PointTerms>> = Vec::new();
    for (from, through) in fed {
        if let Some(last) = terms.last_mut() {
            last.to = Some(day(from));
        }
        let value = PointTerms { fed_through: Some(eic(*through)), ..PointTerms::default() };
        terms.push(Dated { from: day(from), to: None, value });
    }
    UsagePoint {
        eic: eic(number),
        contract: contract(of),
        name: "Цех".to_owned(),
        address: "м. Рівне".to_owned(),
        voltage_class: VoltageClass::Second,
        from: day("2020-01-01"),
        to: None,
        terms,
        disconnections: Vec::new(),
    }
}

pub fn meter(point: usize, serial: &str) -> Meter {
    Meter {
        serial: MeterSerial::parse(serial).unwrap(),
        point: eic(point),
        model: "NIK 2303".to_owned(),
        coefficient: Coefficient::new(40.into()).unwrap(),
        installed_on: day("2020-01-01"),
        removed_on: None,
        registers: vec![Register { kind: EnergyKind::ActiveImport, zone: Zone::Total, digits: 6 }],
        coefficients: Vec::new(),
    }
}

/// An account with these points, each with a meter `M` and its number.
pub fn record(of: u32, points: Vec<UsagePoint>) -> AccountRecord {
    let meters = points.iter().map(|point| {
        let number = EIC.iter().position(|eic| *eic == point.eic.as_str()).unwrap();
        meter(number, &format!("M{number}"))
    });
    AccountRecord {
        meters: meters.collect(),
        account: Account {
            contract: contract(of),
            contract_date: day("2020-01-01"),
            name: format!("ТОВ {of}"),
            edrpou: Edrpou::parse("00131512").unwrap(),
            vat_number: String::new(),
            address: "м. Рівне".to_owned(),
            emails: vec![format!("a{of}@example.com")],
            product: "base".to_owned(),
            self_billing: SelfBilling::Allowed,
            branch: None,
            terms: Vec::new(),
            limits: Vec::new(),
        },
        points,
        signers: Vec::new(),
    }
}

pub fn reading(point: usize, serial: &str, period: &str, total: i64) -> Reading {
    Reading {
        register: RegisterKey {
            point: eic(point),
            meter: MeterSerial::parse(serial).unwrap(),
            kind: EnergyKind::ActiveImport,
            zone: Zone::Total,
        },
        period: month(period),
        read_on: month(period).last_day(),
        total: RegisterTotal(total),
        quality: Quality::Actual,
        occasion: Occasion::PeriodEnd,
    }
}

/// An item that stands for a file; its id.
pub async fn item(store: &Store) -> i64 {
    match receive(store, &mail("file", b"a file")).await {
        Receipt::New(id) | Receipt::Duplicate(id) => id,
    }
}

pub async fn put_accounts(store: &Store, records: &[AccountRecord]) -> i64 {
    let item = item(store).await;
    let mut tx = store.begin("test").await.unwrap();
    for record in records {
        tx.put_account(record, item, now()).await.unwrap();
    }
    tx.commit().await.unwrap();
    item
}

pub fn invoice(
    record: &AccountRecord,
    period: &str,
    number: InvoiceNumber,
    total: i64,
    corrects: Option<&InvoiceNumber>,
) -> Invoice {
    let correction = corrects.map(|original| Correction {
        original: original.clone(),
        original_date: day("2026-11-02"),
        billed_total: Kopiykas(total),
        rerated_total: Kopiykas(total * 2),
        reason: "a test".to_owned(),
    });
    let vat = total / 6;
    let bill = Bill {
        contract: record.account.contract.clone(),
        period: month(period),
        rows: Vec::new(),
        losses: Vec::new(),
        fed: Vec::new(),
        volumes: Vec::new(),
        lines: Vec::new(),
        reactive: Vec::new(),
        zone_comparison: None,
        net: Kopiykas(total - vat),
        vat_rate: 20.into(),
        vat: Kopiykas(vat),
        total: Kopiykas(total),
        charges: Vec::new(),
        correction,
        trace: Vec::new(),
    };
    let seller = Seller {
        name: "ТОВ Постачальник".to_owned(),
        edrpou: Edrpou::parse("00131512").unwrap(),
        vat_number: "001315112345".to_owned(),
        address: "м. Рівне".to_owned(),
        iban: Iban::parse("UA213223130000026007233566001").unwrap(),
        bank: "банк".to_owned(),
        phone: String::new(),
        email: "bills@example.com".to_owned(),
        licence: String::new(),
    };
    Invoice {
        number,
        issued_on: day("2026-11-02"),
        due_on: day("2026-11-09"),
        seller,
        buyer: record.account.clone(),
        points: record.points.clone(),
        bill,
        issuer: oblik_domain::invoice::IssuerRole::Supplier,
        prepaid: Kopiykas::ZERO,
        history: Vec::new(),
        standing: None,
    }
}
