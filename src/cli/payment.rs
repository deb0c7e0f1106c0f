//! `oblik payment`: payments typed in, those nobody knows the account of, and whose they are.

use anyhow::{Result, bail};
use oblik_domain::ids::ContractNumber;
use oblik_domain::ledger::{NewPayment, PaymentIntent};
use oblik_pipeline::{Assigning, House, Registered, Word, assign_payment, enter_payment, unassigned};
use serde_json::{Value, json};

use crate::arguments::{Add, Payment};
use crate::configuration::Setup;
use crate::{Ending, ledger, print};

/// Payments listed at most.
const LISTED: i64 = 1000;

pub async fn run(setup: &Setup, what: Payment) -> Result<Ending> {
    let house = setup.open().await?;
    let ending = match what {
        Payment::Add(add) => added(setup, &house, add).await?,
        Payment::List { .. } => listed(setup, &house).await?,
        Payment::Assign { id, account, debt, period, reason } => {
            let intent = PaymentIntent { debt, period, invoice: None };
            let word = Word { operator: &print::operator(), reason: &reason };
            let assigning = assign_payment(&house, id, &account, &intent, word).await?;
            assigned(setup, id, &account, &assigning)?
        }
    };
    house.store.close().await;
    Ok(ending)
}

async fn added(setup: &Setup, house: &House, add: Add) -> Result<Ending> {
    let payment = NewPayment {
        source: "operator".to_owned(),
        reference: add.reference,
        amount: add.amount,
        paid_on: add.date,
        payer: add.payer,
        payer_edrpou: add.edrpou,
        purpose: add.purpose,
    };
    let (told, ending) = match enter_payment(house, &payment).await? {
        Registered::Assigned { payment, contract, intent } => {
            let what = ledger::intent(&intent);
            eprintln!("payment {payment} is {contract}'s: {}", if what.is_empty() { "for what is owed" } else { &what });
            let told = json!({
                "payment": payment, "state": "assigned", "account": contract.as_str(), "debt": intent.debt.map(oblik_domain::ledger::DebtType::as_str),
                "period": intent.period.map(|period| period.to_string()), "invoice": intent.invoice.map(|number| number.to_string()),
            });
            (told, Ending::Done)
        }
        Registered::Waits { payment, unmatched } => {
            eprintln!("payment {payment} waits for a person: {}", unmatched.why.as_str());
            eprintln!("next: oblik payment assign {payment} --account {} --reason …", candidates(&unmatched.candidates));
            let told = json!({
                "payment": payment, "state": "unassigned", "why": unmatched.why.as_str(),
                "candidates": unmatched.candidates.iter().map(ContractNumber::as_str).collect::<Vec<_>>(),
            });
            (told, Ending::Done)
        }
        Registered::Known { payment, differs } => {
            let odd = if differs { ", with another sum or day" } else { "" };
            eprintln!("this reference is known as payment {payment}{odd}; nothing was changed");
            (
                json!({ "payment": payment, "state": "known", "differs": differs }),
                if differs { Ending::Bad } else { Ending::Done },
            )
        }
        Registered::Refused(finding) => {
            eprintln!("{}: {}", finding.code, print::sentence(&finding));
            (json!({ "state": "refused", "findings": [print::finding(&finding)] }), Ending::Bad)
        }
    };
    if setup.json {
        print::json(&told);
    }
    Ok(ending)
}

fn candidates(contracts: &[ContractNumber]) -> String {
    match contracts {
        [] => "N".to_owned(),
        contracts => contracts.iter().map(ContractNumber::as_str).collect::<Vec<_>>().join(" or "),
    }
}

async fn listed(setup: &Setup, house: &House) -> Result<Ending> {
    let waiting = unassigned(house, LISTED).await?;
    if setup.json {
        let told: Value = waiting.iter().map(|(payment, unmatched)| json!({
            "payment": payment.id, "reference": payment.reference, "amount": payment.amount.to_string(), "paid_on": payment.paid_on,
            "registered_at": payment.booked_at, "payer": payment.payer, "edrpou": payment.payer_edrpou.as_ref().map(oblik_domain::ids::Edrpou::as_str),
            "purpose": payment.purpose, "why": unmatched.why.as_str(),
            "candidates": unmatched.candidates.iter().map(ContractNumber::as_str).collect::<Vec<_>>(),
        })).collect();
        print::json(&told);
        return Ok(Ending::Done);
    }
    let rows = waiting.iter().map(|(payment, unmatched)| {
        let maybe = unmatched.candidates.iter().map(ContractNumber::as_str).collect::<Vec<_>>().join(" ");
        vec![
            payment.id.to_string(),
            payment.paid_on.to_string(),
            payment.amount.to_string(),
            payment.payer.clone(),
            unmatched.why.as_str().to_owned(),
            maybe,
            payment.purpose.clone(),
        ]
    });
    print::table(&["payment", "paid on", "UAH", "payer", "why", "may be", "purpose"], &rows.collect::<Vec<_>>());
    Ok(Ending::Done)
}

fn assigned(setup: &Setup, id: i64, account: &ContractNumber, assigning: &Assigning) -> Result<Ending> {
    let state = match assigning {
        Assigning::Done => "assigned",
        Assigning::Same => "known",
        Assigning::UnknownPayment => bail!("no payment {id}"),
        Assigning::UnknownAccount => bail!("no account {account}; oblik account list shows those there are"),
    };
    eprintln!("payment {id} is {account}'s ({state})");
    if setup.json {
        print::json(&json!({ "payment": id, "state": state, "account": account.as_str() }));
    }
    Ok(Ending::Done)
}
