//! The same account with all that a package can show: losses, a sub-consumer, reactive energy, zones, history, debts.

use chrono::{Duration, TimeZone, Utc};
use oblik_billing::{Billed, BillingInput, PriceBook, compute, correct};
use oblik_documents::Stamp;
use oblik_domain::account::{AccountRecord, Limit, LimitKind, ReactiveProfile, RelatedPoint, Relation, Terms};
use oblik_domain::bill::{Bill, BillLine, LineKind, MonthVolume};
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, Kwh, RegisterTotal};
use oblik_domain::ids::MeterSerial;
use oblik_domain::invoice::{DebtStanding, Invoice, InvoiceNumber, PaymentShown, Standing};
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{
    Disconnection, EnergyKind, Loss, Meter, Occasion, PointTerms, Quality, Reading, Register, RegisterKey, UsagePoint,
    VoltageClass, Zone,
};
use oblik_domain::money::{Kopiykas, Price};
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, VAT_RATE};

use super::{day, eic, invoice, period, readings, record, tariffs};

fn decimal(text: &str) -> oblik_domain::Decimal {
    text.parse().unwrap()
}

/// The record with reactive terms everywhere, and losses at the first point.
fn demanding(meters: usize, name: &str) -> AccountRecord {
    let mut record = record(meters, name);
    let terms = Terms { reactive: ReactiveProfile::Order2018, ..Terms::default() };
    record.account.terms = vec![Dated { from: day("2024-01-01"), to: None, value: terms }];
    let (period, registered_on) = (Period::parse("2026-11").unwrap(), day("2026-10-20"));
    record.account.limits = [(LimitKind::Consumption, "1250000"), (LimitKind::PowerMorning, "2100")]
        .map(|(kind, amount)| Limit { kind, period, amount: decimal(amount), registered_on, area: None })
        .to_vec();
    for (index, point) in record.points.iter_mut().enumerate() {
        let losses = if index == 0 {
            vec![Loss::Simplified {
                line_percent: decimal("0.4"),
                variable_percent: decimal("1.2"),
                constant_kwh: decimal("1460"),
            }]
        } else {
            Vec::new()
        };
        let value = PointTerms {
            permitted_power: Some(decimal("400")),
            reactive_equivalent: Some(decimal("0.0615")),
            losses,
            ..PointTerms::default()
        };
        point.terms = vec![Dated { from: day("2024-01-01"), to: None, value }];
    }
    if let Some(last) = record.points.last_mut() {
        let from = Utc.with_ymd_and_hms(2026, 11, 18, 6, 0, 0).unwrap();
        let reason = "планові роботи на лінії 10 кВ".to_owned();
        last.disconnections = vec![Disconnection { from, to: Some(from + Duration::hours(9)), reason }];
    }
    record
}

/// A point of another account, fed through our first one, and what its registers showed.
fn fed(record: &AccountRecord) -> (RelatedPoint, Vec<Reading>) {
    let (point, serial) = (eic(270_000_009_001), MeterSerial::parse("00777001").unwrap());
    let zones = [Zone::Night, Zone::HalfPeak, Zone::Peak];
    let registers = zones.map(|zone| Register { kind: EnergyKind::ActiveImport, zone, digits: 6 }).to_vec();
    let through = record.points[0].eic.clone();
    let value = PointTerms { fed_through: Some(through), ..PointTerms::default() };
    let usage = UsagePoint {
        eic: point.clone(),
        contract: oblik_domain::ids::ContractNumber::parse("270000099").unwrap(),
        name: "ФОП Сусід".to_owned(),
        address: "вул. Заводська, 3а".to_owned(),
        voltage_class: VoltageClass::Second,
        from: day("2024-01-01"),
        to: None,
        terms: vec![Dated { from: day("2024-01-01"), to: None, value }],
        disconnections: Vec::new(),
    };
    let mut known = Vec::new();
    for register in &registers {
        let key = RegisterKey { point: point.clone(), meter: serial.clone(), kind: register.kind, zone: register.zone };
        known.extend(pair(&key, RegisterTotal(1_000_000), RegisterTotal(3_412_000)));
    }
    let meter = Meter {
        serial,
        point,
        model: "НІК 2307".to_owned(),
        coefficient: Coefficient::new(1.into()).unwrap(),
        installed_on: day("2024-01-01"),
        removed_on: None,
        registers,
        coefficients: Vec::new(),
    };
    (RelatedPoint { relation: Relation::FedByUs, point: usage, meters: vec![meter] }, known)
}

/// A register's readings at both ends of the period.
fn pair(register: &RegisterKey, opening: RegisterTotal, closing: RegisterTotal) -> [Reading; 2] {
    let before = Period::from_ordinal(period().ordinal() - 1).unwrap();
    [(before, opening), (period(), closing)].map(|(period, total)| {
        let (read_on, quality, occasion) = (period.last_day(), Quality::Actual, Occasion::PeriodEnd);
        Reading { register: register.clone(), period, read_on, total, quality, occasion }
    })
}

/// The bill of `record`, calculated; with a penalty that the ledger would have added.
fn bill(record: &AccountRecord, more: i64) -> Bill {
    let (opening, closing) = readings(record);
    let mut known = Vec::new();
    for (register, total) in opening {
        let mut end = closing[&register];
        if register.kind == EnergyKind::ReactiveImport {
            // Enough to be charged at every coefficient.
            end = RegisterTotal(total.0 + 4_321_000);
        } else if register.kind == EnergyKind::ReactiveExport {
            end = RegisterTotal(total.0 + 87_000);
        } else {
            end = RegisterTotal(end.0 + more);
        }
        known.extend(pair(&register, total, end));
    }
    let (related, of_related) = fed(record);
    known.extend(of_related);
    known.sort_by(|one, other| (&one.register, one.period).cmp(&(&other.register, other.period)));
    let mut tariffs = tariffs();
    let price = Price::new(decimal("7.42169")).unwrap();
    let (component, from) = (PriceComponent::Reactive, day("2026-01-01"));
    tariffs.push(Tariff { component, product: None, voltage_class: None, zone: None, price, from, to: None });
    let parameters = vec![Parameter { name: VAT_RATE.to_owned(), value: 20.into(), from, to: None }];
    let prices = PriceBook::new(tariffs, parameters, Vec::new()).unwrap();
    let days = (period().first_day(), day("2026-11-01"));
    let sanctions = [BillLine::of_sum(LineKind::Penalty, DebtType::Penalty, days, Kopiykas(184_217))];
    let related = [related];
    let input = BillingInput { related: &related, sanctions: &sanctions, ..BillingInput::new(record, period(), &known, &prices) };
    compute(&input).unwrap().bill
}

/// All parts at once: what the fullest package looks like.
pub fn rich(meters: usize, name: &str) -> Invoice {
    let record = demanding(meters, name);
    let bill = bill(&record, 0);
    let months = (1..24).rev().filter_map(|back| Period::from_ordinal(period().ordinal() - back));
    let share = |month: Period| {
        Kwh(bill.active_volume().0 * (70 + i64::from(month.month()) * 17 % 41 + i64::from(month.year() % 2) * 6) / 100)
    };
    let history = months.map(|month| MonthVolume { period: month, active: share(month) }).collect();
    let mut invoice = invoice(1, name);
    invoice.prepaid = Kopiykas(bill.total.0 / 3 / 100 * 100);
    invoice.standing = Some(standing(&bill, invoice.prepaid));
    invoice.history = history;
    (invoice.buyer, invoice.points, invoice.bill) = (record.account, record.points, bill);
    invoice
}

/// As the ledger would tell it.
fn standing(bill: &Bill, prepaid: Kopiykas) -> Standing {
    let of = |debt: DebtType, opening: i64, paid: i64, overdue: i64, overdue_days| {
        let charged = bill.charges.iter().find(|charge| charge.debt == debt).map_or(Kopiykas::ZERO, |charge| charge.total);
        let closing = Kopiykas(opening + charged.0 - paid);
        DebtStanding {
            debt,
            opening: Kopiykas(opening),
            charged,
            paid: Kopiykas(paid),
            closing,
            overdue: Kopiykas(overdue),
            overdue_days,
        }
    };
    let payment = |received_on, document: &str, debt, amount| PaymentShown {
        received_on: day(received_on),
        document: document.to_owned(),
        debt,
        amount: Kopiykas(amount),
    };
    Standing {
        from: day("2026-10-01"),
        to: day("2026-11-04"),
        debts: vec![
            of(DebtType::Active, 48_123_456, prepaid.0 + 42_000_000, 6_123_456, 41),
            of(DebtType::Reactive, -120_000, 0, 0, 0),
            of(DebtType::Penalty, 0, 0, 0, 0),
        ],
        payments: vec![
            payment("2026-10-06", "1874", DebtType::Active, prepaid.0 / 2),
            payment("2026-10-15", "1902", DebtType::Active, prepaid.0 - prepaid.0 / 2),
            payment("2026-10-22", "1955", DebtType::Active, 42_000_000),
        ],
    }
}

/// The same period rated anew after a mistaken reading; money back where `more` is negative.
pub fn corrected(meters: usize, name: &str, more: i64) -> Invoice {
    let mut invoice = rich(meters, name);
    let record = demanding(meters, name);
    let number = InvoiceNumber { running: 17, ..invoice.number.clone() };
    let billed = Billed { number, issued_on: day("2026-10-31"), bill: invoice.bill.clone() };
    invoice.bill = correct(&[billed], bill(&record, more), "помилкове показання лічильника").unwrap();
    (invoice.prepaid, invoice.standing) = (Kopiykas::ZERO, None);
    invoice
}

pub fn stamp() -> Stamp {
    Stamp {
        name: "Ковальчук Олександра Миколаївна, ТОВ «Приклад Енергозбут»".to_owned(),
        serial: "58e2d9e7f900307b04000000a1b2c3d4e5f60718".to_owned(),
        authority: "КНЕДП «Приклад» АТ «Акредитований центр»".to_owned(),
        at: Utc.with_ymd_and_hms(2026, 11, 4, 8, 15, 0).unwrap(),
    }
}
