//! `oblik ledger`: what an account owes by type of debt at any instant, and what operators book.

use anyhow::{Context as _, Result, bail};
use oblik_domain::ledger::{ChargeKind, DebtType, PaymentIntent};
use oblik_domain::money::Kopiykas;
use oblik_ledger::{PaymentReport, Source, StatementRow};
use oblik_pipeline::{Booking, House, Planning, Told, Word, book, plan, statement};
use serde_json::{Value, json};

use crate::arguments::{Amount, Book, Ledger, Show};
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, arguments: Ledger) -> Result<Ending> {
    let house = setup.open().await?;
    let ending = match (arguments.book, arguments.show) {
        (Some(Book::Opening(amount)), _) => booked(setup, &house, &amount, ChargeKind::Opening, amount.amount).await?,
        (Some(Book::WriteOff(amount)), _) => {
            if amount.amount <= Kopiykas::ZERO {
                bail!("what is written off is more than zero");
            }
            booked(setup, &house, &amount, ChargeKind::WriteOff, Kopiykas::ZERO - amount.amount).await?
        }
        (Some(Book::Plan { account, period, expected }), _) => {
            planned(setup, plan(&house, &account, period, expected, &print::operator()).await?)?
        }
        (None, Some(show)) => shown(setup, &house, &show).await?,
        (None, None) => bail!("say an account: oblik ledger 270000017"),
    };
    house.store.close().await;
    Ok(ending)
}

async fn booked(setup: &Setup, house: &House, said: &Amount, kind: ChargeKind, amount: Kopiykas) -> Result<Ending> {
    let known = house.now();
    let account = &said.account;
    statement(house, account, None, known).await?.with_context(|| unknown(account))?.ok();
    let (contract, debt, period, due_on) = (account.clone(), said.debt, said.period, said.due);
    let booking = Booking { contract, debt, period, kind, amount, due_on };
    let word = Word { operator: &print::operator(), reason: &said.reason };
    let id = book(house, &booking, word).await?;
    match id {
        Some(id) => eprintln!("{account} {period} {debt}: {kind} {amount} UAH booked as {id}"),
        None => eprintln!("{account} {period} {debt}: this stands already; nothing was booked"),
    }
    if setup.json {
        print::json(&json!({ "charge": id, "account": account.as_str(), "kind": kind.as_str(), "amount": amount.to_string() }));
    }
    Ok(if id.is_some() { Ending::Done } else { Ending::Bad })
}

fn planned(setup: &Setup, planning: Planning) -> Result<Ending> {
    match planning {
        Planning::UnknownAccount => bail!("no such account; oblik account list shows those there are"),
        Planning::NothingToPlan => {
            eprintln!("the account pays for what it consumed; nothing is planned");
            Ok(Ending::Done)
        }
        Planning::Refused(finding) => {
            eprintln!("{}: {}", finding.code, print::sentence(&finding));
            if setup.json {
                print::json(&json!({ "findings": [print::finding(&finding)] }));
            }
            Ok(Ending::Bad)
        }
        Planning::Planned { instalments, booked } => {
            let rows: Vec<_> = instalments.iter().map(|one| vec![one.due_on.to_string(), one.amount.to_string()]).collect();
            print::table(&["due", "UAH"], &rows);
            eprintln!("{booked} booked");
            if setup.json {
                let told: Vec<_> =
                    instalments.iter().map(|one| json!({ "due_on": one.due_on, "amount": one.amount.to_string() })).collect();
                print::json(&json!({ "instalments": told, "booked": booked }));
            }
            Ok(Ending::Done)
        }
    }
}

fn unknown(account: &oblik_domain::ids::ContractNumber) -> String {
    format!("no account {account}; oblik account list shows those there are")
}

async fn shown(setup: &Setup, house: &House, show: &Show) -> Result<Ending> {
    let known_at = show.at.unwrap_or_else(|| house.now());
    let told = statement(house, &show.account, show.from, known_at).await?.with_context(|| unknown(&show.account))?;
    match told {
        Err(finding) => {
            eprintln!("{}: {}", finding.code, print::sentence(&finding));
            Ok(Ending::Bad)
        }
        Ok(told) if setup.json => {
            print::json(&as_json(show, &told));
            Ok(Ending::Done)
        }
        Ok(told) => {
            print_told(show, &told);
            Ok(Ending::Done)
        }
    }
}

fn source(source: Source) -> Value {
    match source {
        Source::Credit(charge) => json!({ "charge": charge }),
        Source::Payment(payment) => json!({ "payment": payment }),
    }
}

fn row(debt: Option<DebtType>, row: &StatementRow) -> Value {
    json!({
        "debt": debt.map(DebtType::as_str), "opening": row.opening.to_string(), "charged": row.charged.to_string(), "paid": row.paid.to_string(),
        "closing": row.closing.to_string(), "overdue": row.overdue.to_string(), "overdue_days": row.overdue_days,
    })
}

fn as_json(show: &Show, told: &Told) -> Value {
    let statement = &told.statement;
    let debts: Vec<_> = statement.rows.iter().map(|(debt, of)| row(Some(*debt), of)).collect();
    let open: Vec<_> = told.open.iter().map(|open| {
        let charge = &open.charge;
        json!({
            "charge": charge.id, "debt": charge.debt.as_str(), "period": charge.period.to_string(), "kind": charge.kind.as_str(), "amount": charge.amount.to_string(),
            "open": open.open.to_string(), "due_on": charge.due_on, "overdue_days": open.overdue_days, "invoice": charge.invoice.as_ref().map(ToString::to_string),
        })
    }).collect();
    let advances: Vec<_> = told.advances.iter().map(|advance| {
        json!({ "from": source(advance.source), "debt": advance.debt.as_str(), "amount": advance.amount.to_string() })
    }).collect();
    let payments: Vec<_> =
        told.reports.iter().zip(&told.payments).map(|(report, payment)| paid(report, &payment.reference)).collect();
    json!({
        "account": show.account.as_str(), "known_at": told.known_at, "from": statement.from, "to": statement.to, "debts": debts,
        "total": row(None, &statement.total), "open": open, "advances": advances, "payments": payments,
    })
}

fn paid(report: &PaymentReport, reference: &str) -> Value {
    let parts: Vec<_> = report.parts.iter().map(|part| {
        json!({
            "charge": part.charge, "debt": part.debt.as_str(), "period": part.period.to_string(), "invoice": part.invoice.as_ref().map(ToString::to_string),
            "amount": part.amount.to_string(), "allocated_at": part.allocated_at,
        })
    }).collect();
    json!({
        "payment": report.payment, "reference": reference, "amount": report.amount.to_string(), "paid_on": report.paid_on,
        "registered_at": report.registered_at, "posted_at": report.posted_at, "paid_for": parts, "advance": report.advance.to_string(),
    })
}

fn print_told(show: &Show, told: &Told) {
    let statement = &told.statement;
    eprintln!("{}  {} to {}, as known at {} UTC", show.account, statement.from, statement.to, print::minute(told.known_at));
    let cells = |name: &str, row: &StatementRow| {
        let sums = [row.opening, row.charged, row.paid, row.closing, row.overdue].map(|sum| sum.to_string());
        let days = if row.overdue_days > 0 { row.overdue_days.to_string() } else { String::new() };
        std::iter::once(name.to_owned()).chain(sums).chain([days]).collect::<Vec<_>>()
    };
    let mut rows: Vec<_> = statement.rows.iter().map(|(debt, row)| cells(debt.as_str(), row)).collect();
    rows.push(cells("total", &statement.total));
    print::table(&["debt", "opening", "charged", "paid", "closing", "overdue", "days"], &rows);
    let open: Vec<_> = told
        .open
        .iter()
        .map(|open| {
            let charge = &open.charge;
            let invoice = charge.invoice.as_ref().map(ToString::to_string).unwrap_or_default();
            let days = if open.overdue_days > 0 { open.overdue_days.to_string() } else { String::new() };
            vec![
                charge.period.to_string(),
                charge.debt.to_string(),
                charge.kind.to_string(),
                invoice,
                charge.due_on.to_string(),
                open.open.to_string(),
                days,
            ]
        })
        .collect();
    if !open.is_empty() {
        print::table(&["period", "open", "kind", "invoice", "due", "UAH", "days late"], &open);
    }
    for advance in &told.advances {
        eprintln!("advance {} UAH of {}", advance.amount, advance.debt);
    }
    let parts = told.reports.iter().zip(&told.payments).flat_map(|(report, payment)| {
        report.parts.iter().map(|part| {
            vec![
                payment.reference.clone(),
                report.paid_on.to_string(),
                part.period.to_string(),
                part.debt.to_string(),
                part.amount.to_string(),
            ]
        })
    });
    let parts: Vec<_> = parts.collect();
    if !parts.is_empty() {
        print::table(&["payment", "paid on", "for", "debt", "UAH"], &parts);
    }
}

/// What a payment is said to be for, in few words.
pub fn intent(intent: &PaymentIntent) -> String {
    let parts = [
        intent.debt.map(|debt| debt.to_string()),
        intent.period.map(|period| period.to_string()),
        intent.invoice.as_ref().map(ToString::to_string),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
