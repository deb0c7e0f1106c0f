//! The ledger's station-side: what invoices and operators book, and what an account comes to.
//!
//! Nothing of allocation is stored: every answer is made anew from charges, payments and assignments by `oblik_ledger`.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use oblik_billing::PriceBook;
use oblik_domain::account::AccountRecord;
use oblik_domain::calendar::Calendar;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::Invoice;
use oblik_domain::ledger::{Charge, ChargeKind, DebtType, NewCharge, Payment};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::{Period, kyiv_day};
use oblik_ledger::{
    Accrued, Advance, AllocationOrder, Entries, Given, Instalment, Ledger, OpenCharge, PaymentReport, SanctionInput, Statement,
    accrue, instalments,
};
use oblik_store::{Result, Tx};
use serde_json::json;

use crate::House;
use crate::bill::already_billed;
use crate::confirm::Word;

/// Sanctions of a month, or what is missing to reckon them.
pub(crate) type Sanctioned = std::result::Result<Accrued, Vec<Finding>>;

/// What an account comes to.
#[derive(Debug, Clone)]
pub struct Told {
    pub statement: Statement,
    pub open: Vec<OpenCharge>,
    pub advances: Vec<Advance>,
    pub reports: Vec<PaymentReport>,
    /// The payments the reports are of, in the same order.
    pub payments: Vec<Payment>,
    /// The instant it is told for: what was booked later does not count.
    pub known_at: DateTime<Utc>,
}

/// An amount an operator books.
#[derive(Debug, Clone)]
pub struct Booking {
    pub contract: ContractNumber,
    pub debt: DebtType,
    pub period: Period,
    pub kind: ChargeKind,
    /// Negative where the customer is owed.
    pub amount: Kopiykas,
    /// The last day to pay; today unless said otherwise.
    pub due_on: Option<NaiveDate>,
}

/// What became of a period's planned payments.
#[derive(Debug)]
pub enum Planning {
    UnknownAccount,
    /// What the account's scheme asks for; `booked` counts those that did not stand yet.
    Planned {
        instalments: Vec<Instalment>,
        booked: usize,
    },
    /// The account pays for what it consumed.
    NothingToPlan,
    Refused(Finding),
}

/// Books what an invoice charges, by debt type; the planned payments of its period end with it (R-ADV). What was booked stays.
/// What is new is returned.
///
/// # Errors
/// The store failed.
pub(crate) async fn book_invoice(tx: &mut Tx, invoice: &Invoice, now: DateTime<Utc>) -> Result<Vec<Charge>> {
    let bill = &invoice.bill;
    let kind = if bill.correction.is_some() { ChargeKind::Adjustment } else { ChargeKind::Invoice };
    let mut parts: Vec<(DebtType, Kopiykas)> = bill.charges.iter().map(|charge| (charge.debt, charge.total)).collect();
    if parts.is_empty() {
        parts.push((DebtType::Active, bill.total));
    }
    let mut booked = Vec::with_capacity(parts.len());
    for (debt, amount) in parts {
        let (contract, number) = (bill.contract.clone(), Some(invoice.number.clone()));
        let (period, due_on) = (bill.period, invoice.due_on);
        let charge = NewCharge { contract, debt, period, kind, amount, due_on, invoice: number };
        let Some(id) = tx.put_charge(&charge, now).await? else { continue };
        let NewCharge { contract, invoice, .. } = charge;
        booked.push(Charge { id, contract, debt, period, kind, amount, due_on, booked_at: now, invoice });
    }
    Ok(booked)
}

/// An account's ledger with its payments, as it was known at an instant.
async fn read(
    tx: &mut Tx,
    contract: &ContractNumber,
    known_at: DateTime<Utc>,
) -> Result<std::result::Result<(Ledger, Vec<Payment>), Finding>> {
    let order = AllocationOrder::of_parameters(&tx.price_list().await?.parameters);
    let charges = tx.charges(contract, Some(known_at)).await?;
    let (payments, assignments): (Vec<_>, Vec<_>) = tx.payments_of(contract, Some(known_at)).await?.into_iter().unzip();
    let entries = Entries { contract, charges: &charges, payments: &payments, assignments: &assignments };
    Ok(Ledger::at(entries, &order, known_at).map(|ledger| (ledger, payments)))
}

/// What an account comes to from `from` to the Kyiv day of `known_at`, as it was known then; `None` for an unknown account.
///
/// # Errors
/// The store failed. Sums that do not fit are a finding.
pub async fn statement(
    house: &House,
    contract: &ContractNumber,
    from: Option<NaiveDate>,
    known_at: DateTime<Utc>,
) -> Result<Option<std::result::Result<Told, Finding>>> {
    let mut tx = house.store.read().await?;
    if tx.account_record(contract).await?.is_none() {
        return tx.roll_back().await.map(|()| None);
    }
    let ledger = read(&mut tx, contract, known_at).await?;
    tx.roll_back().await?;
    let (ledger, payments) = match ledger {
        Ok(read) => read,
        Err(finding) => return Ok(Some(Err(finding))),
    };
    let to = kyiv_day(known_at);
    let from = from.or_else(|| Period::of(to).map(Period::first_day)).unwrap_or(to);
    let calendar = &house.config.billing.calendar;
    let reports = ledger.reports(&payments);
    let of_report = |report: &PaymentReport| payments.iter().find(|payment| payment.id == report.payment).cloned();
    Ok(Some(Ok(Told {
        statement: ledger.statement(from, to, calendar),
        open: ledger.open_charges(to, calendar),
        advances: ledger.advances(to),
        payments: reports.iter().filter_map(of_report).collect(),
        reports,
        known_at,
    })))
}

/// Penalty, annual interest and inflation that a period's bill charges for the days of that month, where the terms ask for
/// them: the lines for `BillingInput::sanctions`, and the steps for the bill's trace.
///
/// # Errors
/// The store failed. What is missing is findings (E2).
pub(crate) async fn sanction_lines(
    tx: &mut Tx,
    record: &AccountRecord,
    period: Period,
    prices: &PriceBook,
    calendar: &Calendar,
    known: Option<DateTime<Utc>>,
) -> Result<Sanctioned> {
    let sanctions = record.account.terms_on(period.last_day()).sanctions;
    if !(sanctions.penalty || sanctions.annual_interest || sanctions.inflation) {
        return Ok(Ok(Accrued::default()));
    }
    let ledger = read(tx, &record.account.contract, known.unwrap_or(DateTime::<Utc>::MAX_UTC)).await?;
    let parameters = |name: &str, day: NaiveDate| {
        let held = prices.held(name, day)?;
        Ok(Given { value: held.value(), source: held.to_string() })
    };
    Ok(match ledger {
        Ok((ledger, _)) => accrue(&SanctionInput { debts: &ledger.debts(calendar), period, sanctions, parameters: &parameters }),
        Err(finding) => Err(vec![finding]),
    })
}

/// Books an amount at an operator's word, such as a write-off: its id, or `None` when it stands already.
///
/// # Errors
/// The store failed. An account that does not exist is [`oblik_store::StoreError`].
pub async fn book(house: &House, booking: &Booking, word: Word<'_>) -> Result<Option<i64>> {
    let mut tx = house.store.begin("book").await?;
    let now = house.now();
    let Booking { contract, debt, period, kind, amount, due_on } = booking;
    let charge = NewCharge {
        contract: contract.clone(),
        debt: *debt,
        period: *period,
        kind: *kind,
        amount: *amount,
        due_on: due_on.unwrap_or_else(|| kyiv_day(now)),
        invoice: None,
    };
    let id = tx.put_charge(&charge, now).await?;
    if let Some(id) = id {
        let detail = json!({
            "contract": contract.as_str(), "kind": kind.as_str(), "debt": debt.as_str(), "period": period.to_string(),
            "amount": amount.to_string(), "who": word.operator, "reason": word.reason,
        });
        tx.journal(now, "charge booked by operator", "charge", id, &detail);
    }
    tx.commit().await?;
    Ok(id)
}

/// Books the planned payments of a period by the account's scheme; of the last bill's active energy unless a sum is given.
///
/// # Errors
/// The store failed. A period that is billed, or has no sum to plan by, is refused.
pub async fn plan(
    house: &House,
    contract: &ContractNumber,
    period: Period,
    expected: Option<Kopiykas>,
    operator: &str,
) -> Result<Planning> {
    let mut tx = house.store.begin("plan").await?;
    let planning = plan_in(house, &mut tx, (contract, period), expected, operator).await?;
    match planning {
        Planning::Planned { .. } => tx.commit().await?,
        _ => tx.roll_back().await?,
    }
    Ok(planning)
}

async fn plan_in(
    house: &House,
    tx: &mut Tx,
    (contract, period): (&ContractNumber, Period),
    expected: Option<Kopiykas>,
    operator: &str,
) -> Result<Planning> {
    let Some(record) = tx.account_record(contract).await? else { return Ok(Planning::UnknownAccount) };
    if let Some(finding) = already_billed(tx, contract, period).await? {
        return Ok(Planning::Refused(finding));
    }
    let expected = match expected {
        Some(sum) => Some(sum),
        None => last_active(tx, contract, period).await?,
    };
    let Some(expected) = expected else {
        let finding = Finding::error(Code::ParameterMissing).with("parameter", "expected-sum");
        return Ok(Planning::Refused(finding.with("day", period.first_day()).with("reason", "missing")));
    };
    let scheme = record.account.terms_on(period.first_day()).payment;
    let made = match instalments(&scheme, expected, period) {
        Ok(made) if made.is_empty() => return Ok(Planning::NothingToPlan),
        Ok(made) => made,
        Err(finding) => return Ok(Planning::Refused(finding)),
    };
    let now = house.now();
    // One charge a day: in a short month two instalments may fall on its last.
    let mut by_day: BTreeMap<NaiveDate, Kopiykas> = BTreeMap::new();
    for instalment in &made {
        let sum = by_day.entry(instalment.due_on).or_default();
        *sum = *sum + instalment.amount;
    }
    let mut booked = 0;
    for (due_on, amount) in by_day.into_iter().filter(|(_, amount)| *amount > Kopiykas::ZERO) {
        let charge = NewCharge {
            contract: contract.clone(),
            debt: DebtType::Active,
            period,
            kind: ChargeKind::Planned,
            amount,
            due_on,
            invoice: None,
        };
        booked += usize::from(tx.put_charge(&charge, now).await?.is_some());
    }
    let detail = json!({ "period": period.to_string(), "expected": expected.to_string(), "booked": booked, "who": operator });
    tx.journal(now, "payments planned", "account", contract, &detail);
    Ok(Planning::Planned { instalments: made, booked })
}

/// What the newest bill before a period charged for active energy.
async fn last_active(tx: &mut Tx, contract: &ContractNumber, period: Period) -> Result<Option<Kopiykas>> {
    let charges = tx.charges(contract, None).await?;
    let bills = charges
        .iter()
        .filter(|charge| (charge.kind, charge.debt) == (ChargeKind::Invoice, DebtType::Active) && charge.period < period);
    Ok(bills.max_by_key(|charge| (charge.period, charge.id)).map(|charge| charge.amount))
}
