//! Invoices of every kind, made up.

use chrono::NaiveDate;
use oblik_domain::Decimal;
use oblik_domain::account::{Account, SelfBilling};
use oblik_domain::bill::{Bill, BillLine, Correction, LineKind, VolumeRow};
use oblik_domain::energy::{Coefficient, Kwh, RegisterTotal};
use oblik_domain::ids::{ContractNumber, Edrpou, Eic, Iban, MeterSerial};
use oblik_domain::invoice::{Invoice, InvoiceNumber, IssuerRole, Seller};
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, Quality, RegisterKey, UsagePoint, VoltageClass, Zone};
use oblik_domain::money::{Kopiykas, Price, rounded};
use oblik_domain::period::Period;
use oblik_edi::InvoiceWords;

pub const WORDS: InvoiceWords<'static> = InvoiceWords {
    line: &|line| format!("Рядок {}", line.kind),
    zone: Zone::as_str,
    row: |row| {
        format!("Лічильник {}, {} {}, {} – {}", row.register.meter, row.register.kind, row.register.zone, row.from, row.to)
    },
    volume: |_| "обсяг".to_owned(),
    zone_name: "Зона",
    class_name: "Клас",
    point_name: "Точка",
    price_name: "Тариф",
    factor_name: "Множник",
    opening: "початкове",
    closing: "кінцеве",
    coefficient: "коефіцієнт",
    not_taxed: "не є базою ПДВ",
    set_off: "зараховується",
    nothing_charged: "Нарахувань немає",
    vat_rounding: "Округлення ПДВ",
};

pub fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub fn eic(number: usize) -> Eic {
    let stem = format!("62Z{:012}", 270_000_001_001 + number);
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        .chars()
        .find_map(|check| Eic::parse(&format!("{stem}{check}")).ok())
        // A code whose check character is a minus is not issued.
        .unwrap_or_else(|| eic(number + 500_000))
}

fn point(number: usize) -> UsagePoint {
    UsagePoint {
        eic: eic(number),
        contract: ContractNumber::parse("270000017").unwrap(),
        name: format!("Цех № {number}"),
        address: "м. Луцьк".to_owned(),
        voltage_class: VoltageClass::Second,
        from: day("2024-01-01"),
        to: None,
        terms: Vec::new(),
        disconnections: Vec::new(),
    }
}

/// A line whose sum is quantity × price × factor.
pub fn line(kind: LineKind, quantity: i64, price: &str) -> BillLine {
    line_of(kind, quantity, price.parse().unwrap(), None)
}

pub fn line_of(kind: LineKind, quantity: i64, price: Decimal, factor: Option<Decimal>) -> BillLine {
    let sum = rounded(Decimal::from(quantity) * price * factor.unwrap_or(Decimal::ONE), 2);
    BillLine {
        point: Some(eic(0)),
        voltage_class: Some(VoltageClass::Second),
        quantity: Some(Kwh(quantity)),
        price: Price::new(price),
        factor,
        ..sum_of(kind, Kopiykas::from_hryvnias(sum).unwrap())
    }
}

pub fn sum_of(kind: LineKind, net: Kopiykas) -> BillLine {
    BillLine::of_sum(kind, DebtType::Active, (day("2026-10-01"), day("2026-11-01")), net)
}

pub fn row(point: usize, kind: EnergyKind, zone: Zone) -> VolumeRow {
    VolumeRow {
        register: RegisterKey { point: eic(point), meter: MeterSerial::parse("01234567").unwrap(), kind, zone },
        voltage_class: VoltageClass::Second,
        opening: RegisterTotal(12_345_600),
        closing: RegisterTotal(12_657_060),
        coefficient: Coefficient::new(40.into()).unwrap(),
        volume: Kwh(12_458),
        from: day("2026-10-01"),
        to: day("2026-11-01"),
        quality: Quality::Actual,
        rolled_over: false,
    }
}

/// Sums as the bill makes them: the net of lines, VAT of what carries it.
pub fn bill(lines: Vec<BillLine>, rate: i64) -> Bill {
    let net: Kopiykas = lines.iter().map(|line| line.net).sum();
    let taxed: Kopiykas = lines.iter().filter(|line| line.vatable).map(|line| line.net).sum();
    let vat = Kopiykas::from_hryvnias(taxed.hryvnias() * Decimal::from(rate) / Decimal::ONE_HUNDRED).unwrap();
    Bill {
        contract: ContractNumber::parse("270000017").unwrap(),
        period: Period::parse("2026-10").unwrap(),
        rows: Vec::new(),
        losses: Vec::new(),
        fed: Vec::new(),
        volumes: Vec::new(),
        lines,
        reactive: Vec::new(),
        zone_comparison: None,
        net,
        vat_rate: rate.into(),
        vat,
        total: net + vat,
        charges: Vec::new(),
        correction: None,
        trace: Vec::new(),
    }
}

pub fn invoice(points: usize, bill: Bill) -> Invoice {
    Invoice {
        number: InvoiceNumber { series: "ОЕ".to_owned(), year: 2026, running: 42 },
        issued_on: day("2026-11-04"),
        due_on: day("2026-11-20"),
        seller: Seller {
            name: "ТОВ «Приклад Енергозбут»".to_owned(),
            edrpou: Edrpou::parse("41234567").unwrap(),
            vat_number: "412345626014".to_owned(),
            address: "вул. Прикладна, 12, м. Хмельницький, 29000".to_owned(),
            iban: Iban::parse("UA213223130000026007233566001").unwrap(),
            bank: "АТ «Ощадбанк»".to_owned(),
            phone: "0 800 500 123".to_owned(),
            email: "office@example.ua".to_owned(),
            licence: "Ліцензія НКРЕКП".to_owned(),
        },
        buyer: Account {
            contract: ContractNumber::parse("270000017").unwrap(),
            contract_date: day("2024-01-01"),
            name: "ТОВ «Споживач»".to_owned(),
            edrpou: Edrpou::parse("38823282").unwrap(),
            vat_number: "388232826017".to_owned(),
            address: "вул. Соборна, 25, м. Хмельницький, 29001".to_owned(),
            emails: vec!["office@example.com".to_owned()],
            product: "універсальний".to_owned(),
            self_billing: SelfBilling::Allowed,
            branch: None,
            terms: Vec::new(),
            limits: Vec::new(),
        },
        points: (0..points).map(point).collect(),
        bill,
        issuer: IssuerRole::Supplier,
        prepaid: Kopiykas::ZERO,
        history: Vec::new(),
        standing: None,
    }
}

fn energy(zone: Zone, point_number: Option<usize>, quantity: i64, price: &str) -> BillLine {
    BillLine { zone, point: point_number.map(eic), ..line(LineKind::Supply, quantity, price) }
}

fn corrected(mut bill: Bill) -> Bill {
    bill.correction = Some(Correction {
        original: InvoiceNumber { series: "ОЕ".to_owned(), year: 2026, running: 17 },
        original_date: day("2026-10-05"),
        billed_total: Kopiykas(160_000),
        rerated_total: Kopiykas(100_000),
        reason: "помилкове\nпоказання".to_owned(),
    });
    bill
}

fn plain_lines() -> Vec<BillLine> {
    vec![line(LineKind::Supply, 12_458, "6.39425"), line(LineKind::Distribution, 12_458, "1.98765")]
}

fn plain_and(extra: Vec<BillLine>) -> Bill {
    bill(plain_lines().into_iter().chain(extra).collect(), 20)
}

fn read(mut bill: Bill, rows: Vec<VolumeRow>) -> Bill {
    bill.rows = rows;
    bill
}

fn active(zone: Zone) -> VolumeRow {
    row(0, EnergyKind::ActiveImport, zone)
}

/// Every kind of invoice by its name.
pub fn cases() -> Vec<(&'static str, Invoice)> {
    charges().into_iter().chain(corrections()).chain(parties()).collect()
}

fn charges() -> Vec<(&'static str, Invoice)> {
    let reactive = line_of(LineKind::ReactiveConsumed, 3_517, "6.39425".parse().unwrap(), Some("0.0321".parse().unwrap()));
    let excess = BillLine { vatable: true, ..sum_of(LineKind::ReactiveExcess, Kopiykas(12_345)) };
    let discount = BillLine { net: Kopiykas(-500), ..sum_of(LineKind::ReactiveDiscount, Kopiykas::ZERO) };
    let reactive = plain_and(vec![reactive, excess, discount]);
    let sanctions = vec![
        sum_of(LineKind::Penalty, Kopiykas(1_234)),
        sum_of(LineKind::AnnualInterest, Kopiykas(56)),
        line(LineKind::LimitPower, 15, "100.5"),
    ];
    let zones = vec![
        energy(Zone::Night, Some(0), 4_001, "4.47597"),
        energy(Zone::HalfPeak, Some(0), 5_003, "6.39425"),
        energy(Zone::Peak, Some(0), 3_454, "8.95195"),
    ];
    let many = vec![
        energy(Zone::Total, Some(0), 17, "6.39425"),
        energy(Zone::Total, Some(1), 23, "6.39425"),
        energy(Zone::Total, None, 40, "0.68623"),
    ];
    // Rounded in parts, so that no price of a unit comes to it.
    let in_parts = BillLine { net: Kopiykas(7_965_954), ..line(LineKind::Supply, 12_458, "6.39425") };
    let (second, varh) = (row(1, EnergyKind::ActiveImport, Zone::Total), row(0, EnergyKind::ReactiveImport, Zone::Total));
    let all = active(Zone::Total);
    vec![
        ("plain", invoice(1, read(plain_and(vec![]), vec![all.clone()]))),
        ("zones", invoice(1, read(bill(zones, 20), [Zone::Night, Zone::HalfPeak, Zone::Peak].map(active).to_vec()))),
        ("reactive", invoice(1, read(reactive, vec![all.clone(), varh]))),
        ("sanctions", invoice(1, plain_and(sanctions.clone()))),
        ("sanctions alone", invoice(1, bill(sanctions, 20))),
        ("several points", invoice(3, read(bill(many, 20), vec![all, second]))),
        ("rounded in parts", invoice(1, bill(vec![in_parts], 20))),
        ("no lines", invoice(1, bill(Vec::new(), 20))),
        ("no rate", invoice(1, bill(plain_lines(), 0))),
    ]
}

fn corrections() -> Vec<(&'static str, Invoice)> {
    let from_to =
        |from: i64, to: i64| bill(vec![line(LineKind::Supply, -from, "6.39425"), line(LineKind::Supply, to, "6.39425")], 20);
    let mut down = from_to(12_458, 2_458);
    down.lines.push(sum_of(LineKind::Penalty, Kopiykas(50)));
    let down = read(bill(down.lines, 20), vec![active(Zone::Total)]);
    let mut vat_alone = bill(vec![sum_of(LineKind::Penalty, Kopiykas(100))], 20);
    (vat_alone.vat, vat_alone.total) = (Kopiykas(1), Kopiykas(101));
    vec![
        ("correction up", invoice(1, corrected(from_to(100, 250)))),
        ("correction down", invoice(1, corrected(down))),
        ("correction to nothing", invoice(1, corrected(from_to(100, 100)))),
        ("vat alone", invoice(1, corrected(vat_alone))),
        ("true-up below zero", invoice(1, bill(vec![line(LineKind::Supply, -31, "6.39425")], 20))),
    ]
}

fn parties() -> Vec<(&'static str, Invoice)> {
    let changed = |change: fn(&mut Invoice)| {
        let mut invoice = invoice(1, plain_and(vec![]));
        change(&mut invoice);
        invoice
    };
    vec![
        ("prepaid", changed(|invoice| invoice.prepaid = Kopiykas(1_000_000))),
        ("all prepaid", changed(|invoice| invoice.prepaid = invoice.bill.total)),
        ("no vat number", changed(|invoice| invoice.buyer.vat_number.clear())),
        ("bare", changed(bare)),
        ("hostile", changed(hostile)),
    ]
}

fn bare(invoice: &mut Invoice) {
    invoice.buyer.emails.clear();
    invoice.buyer.address.clear();
    let seller = &mut invoice.seller;
    for text in [&mut seller.email, &mut seller.phone, &mut seller.licence, &mut seller.address] {
        text.clear();
    }
}

fn hostile(invoice: &mut Invoice) {
    invoice.buyer.name = String::from("<b>&amp;\u{0}\u{1b}[2J]]>\u{fffe}\u{202e}\"'\t\r\nТОВ \u{7f}\u{85}💡");
    invoice.seller.name = String::from("\u{0}\n ");
    invoice.number.series = String::from("<!--");
    invoice.buyer.address = "А".repeat(5_000);
}
