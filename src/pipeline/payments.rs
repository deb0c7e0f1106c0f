//! Payments: registered once however often they are told, given to the account their purpose names, else left for a person.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::{Assignment, NewPayment, Payment, PaymentIntent};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::kyiv_day;
use oblik_ledger::{KnownInvoice, Placed, Unmatched, place, read_purpose};
use oblik_store::{Result, Tx};
use oblik_words::payments::fold;
use serde_json::json;

use crate::House;
use crate::confirm::Word;

/// Accounts and invoices of one purpose that are looked for; who names more names too many anyway.
const NAMED_MOST: usize = 8;
/// A hundred billion hryvnias: a greater payment is a slip of the pen.
pub(crate) const AMOUNT_MOST: Kopiykas = Kopiykas(10_000_000_000_000);

/// What became of a payment that was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Registered {
    /// Its source told of this reference before. `differs`: with another sum or day.
    Known {
        payment: i64,
        differs: bool,
    },
    Assigned {
        payment: i64,
        contract: ContractNumber,
        intent: PaymentIntent,
    },
    /// Nobody can say whose it is from what it says; it waits for a person.
    Waits {
        payment: i64,
        unmatched: Unmatched,
    },
    /// The sum or the day cannot be.
    Refused(Finding),
}

/// What became of an operator's word about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Assigning {
    Done,
    /// The same was said before.
    Same,
    UnknownPayment,
    UnknownAccount,
}

/// Registers a payment in a transaction of the caller's; `series` are those of our invoices.
///
/// # Errors
/// The store failed.
pub async fn register_payment(tx: &mut Tx, payment: &NewPayment, series: &[&str], now: DateTime<Utc>) -> Result<Registered> {
    if payment.amount <= Kopiykas::ZERO || payment.amount > AMOUNT_MOST {
        return Ok(Registered::Refused(Finding::error(Code::OutOfRange).with("what", format!("payment {}", payment.amount))));
    }
    if payment.paid_on > kyiv_day(now) {
        let finding = Finding::error(Code::DateImpossible).with("what", "payment").with("day", payment.paid_on);
        return Ok(Registered::Refused(finding));
    }
    let Some(id) = tx.put_payment(payment, now).await? else {
        let known = tx.payment_of_reference(&payment.source, &payment.reference).await?;
        let (id, differs) =
            known.map_or((0, true), |known| (known.id, (known.amount, known.paid_on) != (payment.amount, payment.paid_on)));
        return Ok(Registered::Known { payment: id, differs });
    };
    let of_payer = match &payment.payer_edrpou {
        Some(edrpou) => tx.accounts_of_edrpou(edrpou).await?,
        None => Vec::new(),
    };
    let placed = placed(tx, &payment.purpose, payment.paid_on, &of_payer, series).await?;
    let outcome = match &placed {
        Placed::Assigned { contract, .. } => json!({ "contract": contract.as_str() }),
        Placed::Unmatched(unmatched) => json!({ "unmatched": unmatched.why.as_str() }),
    };
    let detail = json!({ "source": payment.source, "reference": payment.reference, "outcome": outcome });
    tx.journal(now, "payment registered", "payment", id, &detail);
    Ok(match placed {
        Placed::Assigned { contract, intent } => {
            let assignment =
                Assignment { payment: id, contract: contract.clone(), intent: intent.clone(), assigned_at: now, operator: None };
            tx.put_assignment(&assignment).await?;
            Registered::Assigned { payment: id, contract, intent }
        }
        Placed::Unmatched(unmatched) => Registered::Waits { payment: id, unmatched },
    })
}

/// What a purpose says, seen beside the accounts and invoices there are.
async fn placed(
    tx: &mut Tx,
    purpose: &str,
    paid_on: chrono::NaiveDate,
    of_payer: &[ContractNumber],
    series: &[&str],
) -> Result<Placed> {
    let stated = read_purpose(purpose, paid_on);
    let mut accounts = BTreeSet::new();
    for contract in stated.contracts.iter().take(NAMED_MOST) {
        if tx.account_record(contract).await?.is_some() {
            accounts.insert(contract.clone());
        }
    }
    let mut invoices = Vec::new();
    for typed in stated.invoices.iter().take(NAMED_MOST) {
        // The series as we write it, whatever letters it was typed in.
        let exact = series.iter().copied().find(|own| *own == typed.series);
        let own = exact.or_else(|| series.iter().copied().find(|own| fold(own) == fold(&typed.series)));
        let series = own.unwrap_or(typed.series.as_str());
        let number = InvoiceNumber { series: series.to_owned(), ..typed.clone() };
        let found = tx.invoice_numbered(&number.series, number.year, number.running).await?;
        invoices.extend(found.map(|(stored, _)| KnownInvoice { number, contract: stored.contract, period: stored.period }));
    }
    Ok(place(&stated, &accounts, &invoices, of_payer))
}

/// Registers a payment an operator types in.
///
/// # Errors
/// The store failed.
pub async fn enter_payment(house: &House, payment: &NewPayment) -> Result<Registered> {
    let mut tx = house.store.begin("payment").await?;
    let registered = register_payment(&mut tx, payment, &house.issuers.series(), house.now()).await?;
    match registered {
        Registered::Assigned { .. } | Registered::Waits { .. } => tx.commit().await?,
        Registered::Known { .. } | Registered::Refused(_) => tx.roll_back().await?,
    }
    Ok(registered)
}

/// Gives a payment to an account at an operator's word; the newest word counts.
///
/// # Errors
/// The store failed.
pub async fn assign_payment(
    house: &House,
    payment: i64,
    contract: &ContractNumber,
    intent: &PaymentIntent,
    word: Word<'_>,
) -> Result<Assigning> {
    let mut tx = house.store.begin("assign").await?;
    let assigning = assign_in(house, &mut tx, payment, (contract, intent), word).await?;
    match assigning {
        Assigning::Done => tx.commit().await?,
        _ => tx.roll_back().await?,
    }
    Ok(assigning)
}

async fn assign_in(
    house: &House,
    tx: &mut Tx,
    payment: i64,
    (contract, intent): (&ContractNumber, &PaymentIntent),
    word: Word<'_>,
) -> Result<Assigning> {
    if tx.payment(payment).await?.is_none() {
        return Ok(Assigning::UnknownPayment);
    }
    if tx.account_record(contract).await?.is_none() {
        return Ok(Assigning::UnknownAccount);
    }
    let before = tx.assignments(payment).await?;
    if before.last().is_some_and(|newest| newest.contract == *contract && newest.intent == *intent) {
        return Ok(Assigning::Same);
    }
    let now = house.now();
    let operator = Some(word.operator.to_owned());
    tx.put_assignment(&Assignment { payment, contract: contract.clone(), intent: intent.clone(), assigned_at: now, operator })
        .await?;
    let detail = json!({
        "contract": contract.as_str(), "before": before.last().map(|newest| newest.contract.as_str()),
        "debt": intent.debt.map(oblik_domain::ledger::DebtType::as_str), "period": intent.period.map(|period| period.to_string()),
        "who": word.operator, "reason": word.reason,
    });
    tx.journal(now, "payment assigned", "payment", payment, &detail);
    Ok(Assigning::Done)
}

/// Payments nobody knows the account of, oldest first, each with why and who it may be; at most so many.
///
/// # Errors
/// The store failed.
pub async fn unassigned(house: &House, most: i64) -> Result<Vec<(Payment, Unmatched)>> {
    let mut tx = house.store.read().await?;
    let series = house.issuers.series();
    let mut waiting = Vec::new();
    for payment in tx.unassigned_payments(most).await? {
        let of_payer = match &payment.payer_edrpou {
            Some(edrpou) => tx.accounts_of_edrpou(edrpou).await?,
            None => Vec::new(),
        };
        let unmatched = match placed(&mut tx, &payment.purpose, payment.paid_on, &of_payer, &series).await? {
            Placed::Unmatched(unmatched) => unmatched,
            // Its account came to us after the payment.
            Placed::Assigned { contract, .. } => {
                Unmatched { why: oblik_ledger::Why::UnknownContract, candidates: vec![contract] }
            }
        };
        waiting.push((payment, unmatched));
    }
    tx.roll_back().await?;
    Ok(waiting)
}
