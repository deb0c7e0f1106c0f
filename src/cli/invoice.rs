//! `oblik invoice`: an account's documents, one with all its figures, and its files as they were issued.

use anyhow::{Context as _, Result, bail, ensure};
use oblik_domain::invoice::InvoiceNumber;
use oblik_pipeline::hand_out;
use oblik_store::{StoredInvoice, sha256_hex};
use serde_json::{Value, json};

use crate::arguments::Invoice;
use crate::configuration::Setup;
use crate::{Ending, bill, print};

pub async fn run(setup: &Setup, what: Invoice) -> Result<Ending> {
    match what {
        Invoice::List { account } => {
            let house = setup.open().await?;
            let mut tx = house.store.read().await?;
            let known = tx.account_record(&account).await?.is_some();
            let invoices = tx.invoices_of(&account).await?;
            tx.roll_back().await?;
            house.store.close().await;
            ensure!(known, "no account {account}; oblik account list shows those there are");
            list(setup, &invoices);
        }
        Invoice::Show { number } => {
            let house = setup.open().await?;
            let mut tx = house.store.read().await?;
            let found = tx.invoice_numbered(&number.series, number.year, number.running).await?;
            tx.roll_back().await?;
            house.store.close().await;
            let Some((invoice, act)) = found else {
                bail!("no invoice {number}; oblik invoice list --account shows an account's")
            };
            show(setup, &invoice, act);
        }
        Invoice::Export { number, out } => export(setup, &number, &out).await?,
    }
    Ok(Ending::Done)
}

/// What every listing tells of an invoice.
pub fn told(stored: &StoredInvoice) -> Value {
    let invoice = &stored.invoice;
    json!({
        "number": stored.number.to_string(), "issuer": invoice.issuer.as_str(), "account": stored.contract.as_str(),
        "period": stored.period.to_string(), "state": stored.state.as_str(), "issued_on": invoice.issued_on, "due_on": invoice.due_on,
        "net": stored.net.to_string(), "vat": stored.vat.to_string(), "total": stored.total.to_string(),
        "prepaid": invoice.prepaid.to_string(), "payable": invoice.payable().to_string(),
        "corrects": invoice.bill.correction.as_ref().map(|correction| correction.original.to_string()),
        "pdf_sha256": stored.pdf_sha256, "ubl_sha256": stored.ubl_sha256,
    })
}

fn list(setup: &Setup, invoices: &[StoredInvoice]) {
    if setup.json {
        print::json(&json!({ "invoices": invoices.iter().map(told).collect::<Vec<_>>() }));
    }
    let rows: Vec<_> = invoices
        .iter()
        .map(|stored| {
            let invoice = &stored.invoice;
            let corrects = invoice.bill.correction.as_ref();
            vec![
                stored.number.to_string(),
                invoice.issuer.to_string(),
                stored.period.to_string(),
                stored.state.to_string(),
                invoice.issued_on.to_string(),
                invoice.due_on.to_string(),
                stored.total.to_string(),
                invoice.payable().to_string(),
                corrects.map(|correction| correction.original.to_string()).unwrap_or_default(),
            ]
        })
        .collect();
    print::table(&["number", "issuer", "period", "state", "issued", "due", "total", "to pay", "corrects"], &rows);
}

fn show(setup: &Setup, stored: &StoredInvoice, act: Option<i64>) {
    let invoice = &stored.invoice;
    if setup.json {
        let mut all = told(stored);
        if let Value::Object(all) = &mut all {
            all.insert("act".to_owned(), json!(act));
            all.insert("document".to_owned(), json!(invoice));
        }
        print::json(&all);
    }
    let issued = if stored.pdf_sha256.is_some() { "issued" } else { "drafted" };
    eprintln!("{} of {}, {issued} by {}, due {}", stored.number, invoice.issued_on, invoice.seller.name, invoice.due_on);
    bill::show(&invoice.bill, false);
    eprintln!("prepaid {}  to pay {} UAH", invoice.prepaid, invoice.payable());
    let Some(standing) = &invoice.standing else { return };
    let rows: Vec<_> = standing
        .debts
        .iter()
        .map(|row| {
            let sums = [row.opening, row.charged, row.paid, row.closing, row.overdue].map(|sum| sum.to_string());
            [row.debt.to_string()].into_iter().chain(sums).collect()
        })
        .collect();
    eprintln!("how the account stood from {} to {}", standing.from, standing.to);
    print::table(&["debt", "opening", "charged", "paid", "closing", "overdue"], &rows);
}

async fn export(setup: &Setup, number: &InvoiceNumber, out: &std::path::Path) -> Result<()> {
    let house = setup.open().await?;
    let handed = hand_out(&house, number, &print::operator()).await?;
    house.store.close().await;
    let Some(handed) = handed else { bail!("no invoice {number}; oblik invoice list --account shows an account's") };
    ensure!(
        !handed.files.is_empty(),
        "invoice {number} is drafted and has no document yet; the daemon makes it, oblik status says whether it runs"
    );
    std::fs::create_dir_all(out).with_context(|| format!("make {}", out.display()))?;
    let mut files = Vec::new();
    for (name, bytes) in &handed.files {
        let path = out.join(name);
        oblik_channels::files::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
        eprintln!("{}: {} bytes", path.display(), bytes.len());
        files.push(json!({ "path": path, "sha256": sha256_hex(bytes) }));
    }
    if setup.json {
        print::json(&json!({ "number": handed.invoice.number.to_string(), "files": files }));
    }
    Ok(())
}
