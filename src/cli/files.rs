//! `oblik import` and `oblik xml check`: partners' files.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oblik_domain::finding::Finding;
use oblik_pipeline::{House, Postman, run_until_idle, take_file};
use oblik_store::Receipt;
use serde_json::{Value, json};

use crate::arguments::Xml;
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn import(setup: &Setup, files: &[PathBuf]) -> Result<Ending> {
    let house = setup.open().await?;
    let (mut told, mut ending) = (Vec::new(), Ending::Done);
    for file in files {
        let (value, accepted) = import_one(&house, file).await?;
        told.push(value);
        if !accepted {
            ending = Ending::Bad;
        }
    }
    if setup.json {
        print::json(&json!({ "files": told }));
    }
    house.store.close().await;
    Ok(ending)
}

/// Imports one file and waits for its acknowledgement; whether it was accepted.
pub async fn import_one(house: &House, file: &Path) -> Result<(Value, bool)> {
    let path = std::path::absolute(file).with_context(|| format!("find {}", file.display()))?;
    let bytes = std::fs::read(&path).with_context(|| format!("read {}", path.display()))?;
    let folder = path.parent().unwrap_or(Path::new("/"));
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let (Receipt::New(item) | Receipt::Duplicate(item)) =
        take_file(house, &format!("cli:{}", folder.display()), &name, &bytes).await?;
    run_until_idle(house).await?;
    let postman = Postman::new(house);
    while postman.turn(house).await?.moved > 0 {}
    let mut tx = house.store.read().await?;
    let (state, findings, letters) = (tx.item_state(item).await?, tx.findings(item).await?, tx.letters_of(item).await?);
    let acknowledgement = match letters.first() {
        Some(letter) => Some((folder.join(&letter.subject), tx.blob(&letter.blob_sha256).await?)),
        None => None,
    };
    tx.roll_back().await?;
    let read = acknowledgement.as_ref().and_then(|(_, xml)| oblik_edi::read_acknowledgement(xml).ok());
    let (outcome, accepted, refused) = read.map_or(("parked", 0, 0), |read| (read.outcome.as_str(), read.accepted, read.refused));
    eprintln!("{name}: {outcome}, {accepted} records accepted, {refused} refused");
    for finding in &findings {
        eprintln!("  {}", place_and_detail(&finding.to_finding()));
    }
    let value = json!({
        "name": name, "format": oblik_edi::detect(bytes.get(..oblik_edi::DETECT_BYTES.min(bytes.len())).unwrap_or_default()).map(oblik_edi::Format::as_str),
        "state": state.as_str(), "outcome": outcome, "accepted": accepted, "rejected": refused,
        "ack": acknowledgement.map(|(path, _)| path.display().to_string()),
        "findings": findings.iter().map(|finding| file_finding(&finding.to_finding())).collect::<Vec<_>>(),
    });
    Ok((value, matches!(outcome, "accepted" | "partly" | "duplicate")))
}

fn place_and_detail(finding: &Finding) -> String {
    let place = finding.place.map(|place| format!("{}:{}: ", place.line, place.column)).unwrap_or_default();
    format!("{place}{} {}", finding.code, detail(finding))
}

fn detail(finding: &Finding) -> String {
    let path = finding.value("path");
    let detail = finding.value("detail");
    if path.is_empty() { detail.to_owned() } else { format!("{path}: {detail}") }
}

fn file_finding(finding: &Finding) -> Value {
    json!({
        "code": finding.code.as_str(), "level": finding.level.as_str(),
        "line": finding.place.map(|place| place.line), "column": finding.place.map(|place| place.column),
        "record": finding.value("record").parse::<u64>().ok(), "message": detail(finding),
    })
}

pub fn xml(what: &Xml, as_json: bool) -> Result<Ending> {
    let Xml::Check { file } = what;
    let input = std::fs::File::open(file).with_context(|| format!("read {}", file.display()))?;
    let report = oblik_edi::check(BufReader::new(input)).with_context(|| format!("read {}", file.display()))?;
    if as_json {
        let errors: Vec<_> = report.errors.iter().map(|error| {
            json!({ "line": error.place.map(|place| place.line), "column": error.place.map(|place| place.column), "path": error.value("path"), "code": error.code.as_str(), "message": error.value("detail") })
        }).collect();
        print::json(&json!({ "valid": report.valid, "format": report.format.map(oblik_edi::Format::as_str), "errors": errors }));
    }
    let format = report.format.map_or("unknown format", oblik_edi::Format::as_str);
    eprintln!("{}: {format}, {}", file.display(), if report.valid { "valid" } else { "not valid" });
    for error in &report.errors {
        eprintln!("{}:{}", file.display(), place_and_detail(error));
    }
    Ok(if report.valid { Ending::Done } else { Ending::Bad })
}
