//! `oblik statement`: an account's facts as a page, a CSV file or a workbook.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use oblik_domain::invoice::IssuerRole;
use oblik_pipeline::{Stated, StatementRequest, report};
use serde_json::json;

use crate::arguments::{Format, Statement};
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, arguments: Statement) -> Result<Ending> {
    let Statement { account, kind, from, to, format, out } = arguments;
    if let (Some(from), Some(to)) = (from, to) {
        ensure!(from <= to, "--from {from} comes after --to {to}");
    }
    let format = match (format, &out) {
        (Some(format), _) => format,
        (None, None) => Format::Pdf,
        (None, Some(path)) => by_ending(path)?,
    };
    let out = out.unwrap_or_else(|| format!("{account}-{kind}.{}", format.extension()).into());
    let house = setup.open().await?;
    let request = StatementRequest { contract: account.clone(), kind, from, to };
    let report = match report(&house, &request).await? {
        Stated::UnknownAccount => bail!("no account {account}; oblik account list shows those there are"),
        Stated::Refused(finding) => {
            eprintln!("{}: {}", finding.code, print::sentence(&finding));
            return Ok(Ending::Bad);
        }
        Stated::Report(report) => report,
    };
    let issuing = house.issuers.of(IssuerRole::Supplier, report.account.branch.as_deref());
    let bytes = match format {
        Format::Pdf => house.typesetter.report_pdf(&report, &issuing.template)?,
        Format::Csv => report.csv()?,
        Format::Xlsx => report.xlsx()?,
    };
    oblik_channels::files::write(&out, &bytes).with_context(|| format!("write {}", out.display()))?;
    let rows: usize = report.tables.iter().map(|table| table.rows.len()).sum();
    eprintln!("{}: {kind} of {account}, {rows} rows", out.display());
    if setup.json {
        print::json(&json!({ "account": account.as_str(), "kind": kind.as_str(), "file": out, "rows": rows }));
    }
    house.store.close().await;
    Ok(Ending::Done)
}

fn by_ending(path: &Path) -> Result<Format> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    let known = [Format::Pdf, Format::Csv, Format::Xlsx].into_iter().find(|known| Some(known.extension()) == ending.as_deref());
    known.with_context(|| format!("{}: say --format pdf, csv or xlsx, or name a file that ends so", path.display()))
}
