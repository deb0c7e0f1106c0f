//! One account's documents of one month: what a preview of a template shows. The account has what few accounts have all at
//! once, so that every section of a document is there to be looked at.

use chrono::NaiveDate;
use oblik_billing::{Billed, BillingInput, PriceBook, compute, correct};
use oblik_domain::Decimal;
use oblik_domain::account::{AccountRecord, ReactiveProfile, Terms};
use oblik_domain::act::{ActRow, PreviousReadings, ReadingAct};
use oblik_domain::bill::{Bill, MonthVolume};
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Kwh, RegisterTotal};
use oblik_domain::invoice::{DebtStanding, Invoice, InvoiceNumber, IssuerRole, PaymentShown, Seller, Standing};
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, Loss, LossSharing, PointTerms, Quality, Reading};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;
use oblik_edi::write_reading_act;

use crate::prices::{self, PRODUCTS};
use crate::utility::{account_record, add_point, openings, totals};
use crate::{SampleError, names, pick};

const PERIOD: &str = "2026-10";
/// Months before the period that the chart shows.
const HISTORY_MONTHS: i64 = 12;
/// An account number no other sample has; its points follow.
const FIRST: u64 = 1000;

/// The documents of an account for a month, and what they are made of.
#[derive(Debug, Clone)]
pub struct Package {
    pub record: AccountRecord,
    pub invoice: Invoice,
    /// Takes money off the invoice.
    pub correction: Invoice,
    pub act: ReadingAct,
    pub act_xml: Vec<u8>,
    pub opening: PreviousReadings,
    /// The act's number.
    pub act_number: String,
    /// Day after the period, when the act was made.
    pub made_on: NaiveDate,
}

impl Package {
    /// Documents of `seller` for an account with so many meters, at least one.
    ///
    /// # Errors
    /// [`SampleError`] when the meters are more than codes of theirs.
    pub fn new(seller: &Seller, meters: u32) -> Result<Self, SampleError> {
        let period = Period::parse(PERIOD).ok_or(SampleError::Value("the month"))?;
        let before = Period::from_ordinal(period.ordinal() - 1).ok_or(SampleError::Value("the month"))?;
        let from = NaiveDate::from_ymd_opt(2024, 1, 1).ok_or(SampleError::Value("the day"))?;
        let record = record(meters.max(1), from)?;
        let opening = openings(&record, before);
        let shown = totals(&opening, before, period);
        let closing: Vec<Reading> = opening
            .iter()
            .enumerate()
            .map(|(index, reading)| Reading {
                period,
                read_on: period.last_day(),
                total: shown.get(&reading.register).copied().unwrap_or(reading.total),
                quality: if index == 4 { Quality::Estimated } else { Quality::Actual },
                ..reading.clone()
            })
            .collect();
        let bill = bill(&record, period, &opening, &closing, from)?;
        let invoice = invoice(seller, &record, bill, 42);
        let correction = correction(seller, &record, &opening, &closing, &invoice, from)?;
        let rows = shown.into_iter().map(|(register, total)| ActRow { register, total }).collect();
        let contract = record.account.contract.clone();
        let act_number = format!("{contract}-{period}");
        let act = ReadingAct { contract, period, read_on: period.last_day(), rows };
        Ok(Self {
            act_xml: write_reading_act(&act),
            opening: opening.into_iter().map(|reading| (reading.register, reading.total)).collect(),
            made_on: invoice.issued_on,
            record,
            invoice,
            correction,
            act,
            act_number,
        })
    }
}

fn record(meters: u32, from: NaiveDate) -> Result<AccountRecord, SampleError> {
    let [_, _, three] = &PRODUCTS;
    let mut record = account_record(1, from)?;
    three.name.clone_into(&mut record.account.product);
    record.account.terms =
        vec![Dated { from, to: None, value: Terms { reactive: ReactiveProfile::Order2018, ..Terms::default() } }];
    record.points.clear();
    record.meters.clear();
    for number in FIRST..FIRST + u64::from(meters) {
        let address = format!("{}, {}, {}", pick(names::TOWNS, 0)?, pick(names::STREETS, number)?, 1 + number % 90);
        add_point(&mut record, three, number, 1, &address)?;
    }
    let transformer = Loss::Transformer {
        rated_kva: Decimal::from(400),
        no_load_kw: Decimal::new(95, 2),
        load_kw: Decimal::new(55, 1),
        no_load_current: Decimal::new(21, 1),
        short_circuit_voltage: Decimal::new(45, 1),
        share: Decimal::ONE,
    };
    for (index, point) in record.points.iter_mut().enumerate() {
        let value = PointTerms {
            permitted_power: Some(Decimal::from(250)),
            reactive_equivalent: Some(Decimal::new(615, 4)),
            area: Some("1".to_owned()),
            losses: if index == 0 { vec![transformer.clone()] } else { Vec::new() },
            loss_sharing: LossSharing::Owner,
            ..PointTerms::default()
        };
        point.terms = vec![Dated { from, to: None, value }];
    }
    Ok(record)
}

fn bill(
    record: &AccountRecord,
    period: Period,
    opening: &[Reading],
    closing: &[Reading],
    from: NaiveDate,
) -> Result<Bill, SampleError> {
    let changed = NaiveDate::from_ymd_opt(2026, 4, 1).ok_or(SampleError::Value("the day"))?;
    let tariffs = prices::tariffs_with_a_change(from, changed)?;
    let prices = PriceBook::new(tariffs, prices::all_parameters(from), prices::zone_hours(from));
    let prices = prices.map_err(|_| SampleError::Value("a price"))?;
    let mut known: Vec<Reading> = opening.iter().chain(closing).cloned().collect();
    known.sort_by(|one, other| (&one.register, one.period).cmp(&(&other.register, other.period)));
    let input = BillingInput::new(record, period, &known, &prices);
    compute(&input).map(|calculation| calculation.bill).map_err(|_| SampleError::Value("a reading"))
}

fn invoice(seller: &Seller, record: &AccountRecord, bill: Bill, running: u32) -> Invoice {
    let period = bill.period;
    let issued_on = period.last_day() + chrono::Days::new(4);
    let usual = bill.active_volume().0;
    let months = (period.ordinal() - HISTORY_MONTHS..period.ordinal()).filter_map(Period::from_ordinal);
    // Winter takes more than summer: parts of a hundred of the month's own volume.
    let of_month = |period: Period| match period.month() {
        12 | 1 | 2 => 138,
        3 | 11 => 117,
        5..=8 => 72,
        _ => 95,
    };
    let history = months.map(|period| MonthVolume { period, active: Kwh(usual / 100 * of_month(period)) });
    let history: Vec<MonthVolume> = history.collect();
    let prepaid = Kopiykas(bill.total.0 / 4);
    let standing = standing(&bill, issued_on);
    Invoice {
        number: InvoiceNumber { series: "ЗР".to_owned(), year: period.year(), running },
        issued_on,
        due_on: issued_on + chrono::Days::new(14),
        seller: seller.clone(),
        buyer: record.account.clone(),
        points: record.points.clone(),
        bill,
        issuer: IssuerRole::Supplier,
        prepaid,
        history,
        standing: Some(standing),
    }
}

/// An account that owes something from before.
fn standing(bill: &Bill, to: NaiveDate) -> Standing {
    let debt = |debt, opening: i64, charged: i64, paid: i64| DebtStanding {
        debt,
        opening: Kopiykas(opening),
        charged: Kopiykas(charged),
        paid: Kopiykas(paid),
        closing: Kopiykas(opening + charged - paid),
        overdue: Kopiykas((opening - paid).max(0)),
        overdue_days: if opening > paid { 18 } else { 0 },
    };
    let whole = bill.total.0;
    let debts = vec![debt(DebtType::Active, whole / 2, whole, whole / 4), debt(DebtType::Reactive, 0, whole / 50, 0)];
    let received_on = bill.period.first_day() + chrono::Days::new(19);
    let payment = PaymentShown { received_on, document: "1187".to_owned(), debt: DebtType::Active, amount: Kopiykas(whole / 4) };
    Standing { from: bill.period.first_day(), to, debts, payments: vec![payment] }
}

/// The first register counted a hundred units too many.
fn correction(
    seller: &Seller,
    record: &AccountRecord,
    opening: &[Reading],
    closing: &[Reading],
    invoice: &Invoice,
    from: NaiveDate,
) -> Result<Invoice, SampleError> {
    let mut closing = closing.to_vec();
    if let Some(first) = closing.iter_mut().find(|reading| reading.register.kind == EnergyKind::ActiveImport) {
        first.total = RegisterTotal(first.total.0 - 100_000);
    }
    let rerated = bill(record, invoice.bill.period, opening, &closing, from)?;
    let billed = Billed { number: invoice.number.clone(), issued_on: invoice.issued_on, bill: invoice.bill.clone() };
    let corrected =
        correct(&[billed], rerated, "помилкове показання, акт звіряння № 31").map_err(|_| SampleError::Value("a correction"))?;
    let issued_on = invoice.issued_on + chrono::Days::new(7);
    let number = InvoiceNumber { running: invoice.number.running + 1, ..invoice.number.clone() };
    Ok(Invoice {
        number,
        issued_on,
        due_on: issued_on + chrono::Days::new(14),
        seller: seller.clone(),
        bill: corrected,
        prepaid: Kopiykas::ZERO,
        history: Vec::new(),
        standing: None,
        ..invoice.clone()
    })
}

#[cfg(test)]
mod tests {
    use oblik_domain::ids::{Edrpou, Iban};

    use super::*;

    #[test]
    fn documents_of_a_month_have_what_few_accounts_have_all_at_once() {
        let seller = Seller {
            name: String::new(),
            edrpou: Edrpou::parse("41234567").unwrap(),
            vat_number: String::new(),
            address: String::new(),
            iban: Iban::parse("UA213223130000026007233566001").unwrap(),
            bank: String::new(),
            phone: String::new(),
            email: String::new(),
            licence: String::new(),
        };
        for (wanted, meters) in [(0, 1), (1, 1), (3, 3), (300, 300)] {
            let package = Package::new(&seller, wanted).unwrap();
            assert_eq!(package.record.meters.len(), meters);
            let bill = &package.invoice.bill;
            assert!(bill.total > Kopiykas::ZERO && package.correction.bill.total < Kopiykas::ZERO);
            assert!(!bill.losses.is_empty() && !bill.reactive.is_empty());
            assert_eq!(package.invoice.history.len(), 12);
            assert!(package.invoice.payable() < bill.total);
        }
    }
}
