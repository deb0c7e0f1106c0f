//! `oblik account`: an account's record.

use anyhow::{Context as _, Result};
use oblik_domain::account::{AccountRecord, SelfBilling, SignerIdentity};
use oblik_domain::ids::ContractNumber;
use serde_json::{Value, json};

use crate::arguments::Account;
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, what: Account) -> Result<Ending> {
    let house = setup.open().await?;
    let mut tx = house.store.read().await?;
    match what {
        Account::List => {
            let contracts = tx.contracts().await?;
            if setup.json {
                print::json(&contracts.iter().map(ContractNumber::as_str).collect());
            } else {
                for contract in contracts {
                    println!("{contract}");
                }
            }
        }
        Account::Show { account } => {
            let record = tx.account_record(&account).await?;
            let record = record.with_context(|| format!("no account {account}; oblik account list shows those there are"))?;
            let acts: Vec<Value> = tx.accepted_acts(&account).await?.iter().map(|act| {
                json!({ "act": act.act_id, "period": act.period.to_string(), "revision": act.revision, "accepted_at": act.accepted_at })
            }).collect();
            let mut invoices: Vec<Value> = Vec::new();
            for invoice in tx.invoices_of(&account).await? {
                let signature = tx.signature_status(invoice.id).await?;
                let signatures: Vec<Value> = tx.countersignatures(invoice.id).await?.iter().map(|one| {
                    json!({ "signer": one.signer_name, "serial": one.signer_serial, "act": one.act_id, "received_at": one.received_at })
                }).collect();
                invoices.push(json!({ "number": invoice.number.to_string(), "issuer": invoice.invoice.issuer.as_str(), "period": invoice.period.to_string(), "net": invoice.net.to_string(), "vat": invoice.vat.to_string(), "total": invoice.total.to_string(), "state": invoice.state.as_str(), "issued_on": invoice.invoice.issued_on, "due_on": invoice.invoice.due_on, "signature": signature.as_str(), "countersignatures": signatures }));
            }
            if setup.json {
                print::json(&told(&record, &acts, &invoices));
            } else {
                show(&record, acts.len(), &invoices);
            }
        }
    }
    tx.roll_back().await?;
    house.store.close().await;
    Ok(Ending::Done)
}

fn told(record: &AccountRecord, acts: &[Value], invoices: &[Value]) -> Value {
    let account = &record.account;
    let points: Vec<_> = record.points.iter().map(|point| {
        json!({ "eic": point.eic.as_str(), "name": point.name, "address": point.address, "voltage_class": point.voltage_class.as_str(), "from": point.from, "to": point.to })
    }).collect();
    let meters: Vec<_> = record.meters.iter().map(|meter| {
        let registers: Vec<_> = meter.registers.iter().map(|register| json!({ "kind": register.kind.as_str(), "zone": register.zone.as_str(), "digits": register.digits })).collect();
        json!({ "point": meter.point.as_str(), "serial": meter.serial.as_str(), "model": meter.model, "coefficient": meter.coefficient.to_string(), "installed_on": meter.installed_on, "removed_on": meter.removed_on, "registers": registers })
    }).collect();
    let signers: Vec<_> = record.signers.iter().map(|signer| {
        let (by, edrpou, rnokpp) = match &signer.identity {
            SignerIdentity::Certificate(_) => ("certificate", None, None),
            SignerIdentity::Person { edrpou, rnokpp } => ("person", Some(edrpou.as_str()), Some(rnokpp.as_str())),
            SignerIdentity::Seal { edrpou } => ("seal", Some(edrpou.as_str()), None),
        };
        json!({ "name": signer.name, "basis": signer.basis, "by": by, "edrpou": edrpou, "rnokpp": rnokpp, "from": signer.from, "to": signer.to })
    }).collect();
    json!({
        "account": account.contract.as_str(), "contract_date": account.contract_date, "name": account.name, "edrpou": account.edrpou.as_str(),
        "vat_number": account.vat_number, "address": account.address, "emails": account.emails, "product": account.product,
        "branch": account.branch, "self_billing": account.self_billing == SelfBilling::Allowed,
        "points": points, "meters": meters, "signers": signers, "acts": acts, "invoices": invoices,
    })
}

fn show(record: &AccountRecord, acts: usize, invoices: &[Value]) {
    let account = &record.account;
    eprintln!("{}  {}  (ЄДРПОУ {})", account.contract, account.name, account.edrpou);
    eprintln!("{}\n{}", account.address, account.emails.join(", "));
    let meters: Vec<_> = record
        .meters
        .iter()
        .flat_map(|meter| {
            meter.registers.iter().map(|register| {
                vec![
                    meter.point.to_string(),
                    meter.serial.to_string(),
                    format!("{}/{}", register.kind, register.zone),
                    register.digits.to_string(),
                    meter.coefficient.to_string(),
                ]
            })
        })
        .collect();
    print::table(&["point", "meter", "register", "digits", "K"], &meters);
    let signers: Vec<_> = record
        .signers
        .iter()
        .map(|signer| {
            vec![
                signer.name.clone(),
                signer.basis.clone(),
                signer.from.to_string(),
                signer.to.map(|day| day.to_string()).unwrap_or_default(),
            ]
        })
        .collect();
    print::table(&["signer", "basis", "from", "to"], &signers);
    let text = |invoice: &Value, key: &str| invoice.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let issued: Vec<_> = invoices
        .iter()
        .map(|invoice| ["number", "period", "total", "state", "signature"].map(|key| text(invoice, key)).to_vec())
        .collect();
    print::table(&["invoice", "period", "total", "state", "signature"], &issued);
    eprintln!("{acts} acts accepted, {} invoices", invoices.len());
}
