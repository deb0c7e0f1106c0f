//! A calculation as drafts: a document of each issuer with its number, booked, and with how the account stands by then.
//!
//! All documents of a bill are drafted in one transaction. The first carries the act; those beside it name the first.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use oblik_billing::{OPERATOR_DEBTS, Part, split};
use oblik_config::OperatorBills;
use oblik_domain::bill::MonthVolume;
use oblik_domain::calendar::Calendar;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::{DebtStanding, Invoice, InvoiceNumber, IssuerRole, PaymentShown, Standing};
use oblik_domain::ledger::{Charge, DebtType};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::{Period, kyiv_day};
use oblik_ledger::{Entries, Ledger};
use oblik_store::{InvoiceDraft, Result, Tx};
use serde_json::json;
use tracing::info;

use crate::House;
use crate::calculate::Ready;
use crate::entries::put_estimates;
use crate::ledger::book_invoice;

/// The debts that this house invoices in the distribution operator's name: none without such an issuer, all unless the
/// configuration says which.
pub(crate) fn debts_of_operator(house: &House) -> BTreeSet<DebtType> {
    if house.issuers.operator.is_none() {
        return BTreeSet::new();
    }
    let debt_of = |bills: &OperatorBills| match bills {
        OperatorBills::Reactive => DebtType::Reactive,
        OperatorBills::Distribution => DebtType::Distribution,
    };
    match &house.config.operator {
        None => OPERATOR_DEBTS.into(),
        Some(operator) => operator.bills.iter().map(debt_of).collect(),
    }
}

/// Numbers, books and stores a calculation as drafts: the id and the number of the first.
pub(crate) async fn draft(
    house: &House,
    tx: &mut Tx,
    act_id: Option<i64>,
    ready: &Ready,
    now: DateTime<Utc>,
) -> Result<(i64, InvoiceNumber)> {
    let of_operator = debts_of_operator(house);
    let divided;
    let parts = if ready.parts.is_empty() {
        divided = split(&ready.bill, &of_operator);
        divided.as_slice()
    } else {
        ready.parts.as_slice()
    };
    let mut invoices = Vec::with_capacity(parts.len());
    for part in parts {
        invoices.push(numbered(house, tx, ready, part, now).await?);
    }
    let mut booked = Vec::new();
    for invoice in &invoices {
        booked.extend(book_invoice(tx, invoice, now).await?);
    }
    show_standing(&mut invoices, &of_operator, (ready, booked), &house.config.billing.calendar, now);
    let mut first: Option<(i64, InvoiceNumber)> = None;
    for invoice in &invoices {
        let beside = first.as_ref().map(|(id, _)| *id);
        let act_id = act_id.filter(|_| beside.is_none());
        let id = tx.draft_invoice(&InvoiceDraft { act_id, companion_of: beside, invoice }, now).await?;
        let detail = json!({
            "number": invoice.number.to_string(), "contract": invoice.buyer.contract.as_str(),
            "period": invoice.bill.period.to_string(), "issuer": invoice.issuer.as_str(),
        });
        tx.journal(now, "invoice drafted", "invoice", id, &detail);
        info!(invoice.id = id, invoice.number = %invoice.number, "invoice drafted");
        first = first.or_else(|| Some((id, invoice.number.clone())));
    }
    let bill = &ready.bill;
    let volume = MonthVolume { period: bill.period, active: bill.active_volume() };
    tx.put_billed_volume(&bill.contract, &volume, now).await?;
    put_estimates(tx, &bill.contract, &ready.estimates, now).await?;
    first.ok_or(oblik_store::StoreError::Rows { statement: "documents of a bill", expected: "one at least", found: 0 })
}

/// One document of a bill with the next number of its issuer.
async fn numbered(house: &House, tx: &mut Tx, ready: &Ready, part: &Part, now: DateTime<Utc>) -> Result<Invoice> {
    let issuing = house.issuers.of(part.issuer, ready.record.account.branch.as_deref());
    let issued_on = kyiv_day(now);
    let year = Period::of(issued_on).map_or(0, Period::year);
    Ok(Invoice {
        number: tx.next_invoice_number(&issuing.invoice_series, year).await?,
        issued_on,
        due_on: ready.due_on(issued_on, &house.config.billing.calendar),
        seller: issuing.seller.clone(),
        buyer: ready.record.account.clone(),
        points: ready.record.points.clone(),
        bill: part.bill.clone(),
        issuer: part.issuer,
        prepaid: Kopiykas::ZERO,
        history: ready.history.clone(),
        standing: None,
    })
}

/// How the account stands with these documents booked, from the first day of the billed period to the day they are issued, by
/// the ledger's own statement (R-SALDO). A document of the operator tells of the debts it invoices; the supplier's tells of all that
/// none beside it tells of. Sums that do not fit are not told.
fn show_standing(
    invoices: &mut [Invoice],
    of_operator: &BTreeSet<DebtType>,
    (ready, booked): (&Ready, Vec<Charge>),
    calendar: &Calendar,
    now: DateTime<Utc>,
) {
    let contract: &ContractNumber = &ready.bill.contract;
    let charges: Vec<Charge> = ready.booked.charges.iter().cloned().chain(booked).collect();
    let (payments, assignments) = (&ready.booked.payments, &ready.booked.assignments);
    let entries = Entries { contract, charges: &charges, payments, assignments };
    let Ok(ledger) = Ledger::at(entries, &ready.order, now) else { return };
    let (from, to) = (ready.bill.period.first_day(), kyiv_day(now));
    let statement = ledger.statement(from, to, calendar);
    let open = ledger.open_charges(to, calendar);
    let paid = ledger.paid_between(from, to);
    let has_operator = invoices.iter().any(|invoice| invoice.issuer == IssuerRole::Operator);
    let has_supplier = invoices.iter().any(|invoice| invoice.issuer == IssuerRole::Supplier);
    for invoice in invoices {
        let tells = |debt: DebtType| {
            let is_operators = of_operator.contains(&debt);
            match invoice.issuer {
                IssuerRole::Operator => is_operators || !has_supplier,
                IssuerRole::Supplier => !is_operators || !has_operator,
            }
        };
        let debts = statement.rows.iter().filter(|(debt, _)| tells(*debt));
        let debts = debts.map(|(debt, row)| DebtStanding {
            debt: *debt,
            opening: row.opening,
            charged: row.charged,
            paid: row.paid,
            closing: row.closing,
            overdue: row.overdue,
            overdue_days: u32::try_from(row.overdue_days).unwrap_or(0),
        });
        let shown = paid.iter().filter(|part| tells(part.debt)).filter_map(|part| {
            let payment = payments.iter().find(|payment| payment.id == part.payment)?;
            let (received_on, document) = (payment.paid_on, payment.reference.clone());
            Some(PaymentShown { received_on, document, debt: part.debt, amount: part.amount })
        });
        invoice.standing = Some(Standing { from, to, debts: debts.collect(), payments: shown.collect() });
        let own = |charge: &Charge| charge.invoice.as_ref() == Some(&invoice.number);
        let owed: Kopiykas = charges.iter().filter(|charge| own(charge)).map(|charge| charge.amount.max(Kopiykas::ZERO)).sum();
        let left: Kopiykas = open.iter().filter(|open| own(&open.charge)).map(|open| open.open).sum();
        invoice.prepaid = (owed - left).min(invoice.bill.total).max(Kopiykas::ZERO);
    }
}
