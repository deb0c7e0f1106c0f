//! `oblik evidence`: everything a verdict or an invoice rests on, in one file that any system opens.

mod dossier;
mod readme;

use std::io::{Cursor, Write as _};

use anyhow::{Context as _, Result, bail, ensure};
use oblik_domain::invoice::InvoiceNumber;
use oblik_pipeline::{House, case_of};
use serde_json::json;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::arguments::Evidence;
use crate::configuration::Setup;
use crate::{Ending, print};
use dossier::Dossier;

pub async fn run(setup: &Setup, arguments: &Evidence) -> Result<Ending> {
    let out = &arguments.out;
    ensure!(arguments.force || !out.exists(), "{} is there already; --force writes over it", out.display());
    let house = setup.open().await?;
    let dossier = of(&house, &arguments.what).await?;
    house.store.close().await;
    let bytes = zipped(&dossier)?;
    oblik_channels::files::write(out, &bytes).with_context(|| format!("write {}", out.display()))?;
    for complaint in &dossier.complaints {
        eprintln!("{complaint}");
    }
    eprintln!("{}: {} files, {} bytes", out.display(), dossier.files.len(), bytes.len());
    if setup.json {
        let files: Vec<&str> = dossier.files.keys().map(String::as_str).collect();
        print::json(&json!({ "out": out, "files": files, "complaints": dossier.complaints }));
    }
    // What could not be repeated is handed out all the same, and said.
    Ok(if dossier.complaints.is_empty() { Ending::Done } else { Ending::Bad })
}

async fn of(house: &House, what: &str) -> Result<Dossier> {
    let mut dossier = Dossier::default();
    if let Ok(act) = what.parse::<i64>() {
        let case = case_of(house, act).await?;
        let case = case.with_context(|| format!("there is no verdict on act {act}; an invoice is named by its number"))?;
        dossier.add_act(house, &case).await?;
    } else {
        let number = InvoiceNumber::parse(what)
            .with_context(|| format!("{what:?} is neither an act's id nor an invoice's number such as 2026-000001"))?;
        let mut tx = house.store.read().await?;
        let found = tx.invoice_numbered(&number.series, number.year, number.running).await?;
        let Some((invoice, act)) = found else { bail!("no invoice {what}; oblik invoice list --account shows an account's") };
        tx.roll_back().await?;
        dossier.add_invoice(house, &invoice).await?;
        if let Some(case) = match act {
            Some(act) => case_of(house, act).await?,
            None => None,
        } {
            dossier.add_act(house, &case).await?;
        }
    }
    dossier.add_readme(what);
    Ok(dossier)
}

/// The same files give the same bytes: names are sorted and no time is written.
fn zipped(dossier: &Dossier) -> Result<Vec<u8>> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in &dossier.files {
        writer.start_file(name.as_str(), options).with_context(|| format!("add {name}"))?;
        writer.write_all(bytes).with_context(|| format!("add {name}"))?;
    }
    Ok(writer.finish().context("finish the archive")?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Unpacks an archive with a program that did not write it.
    fn unpack(zip: &std::path::Path, into: &std::path::Path) {
        let unpacked = Command::new("python3").args(["-m", "zipfile", "-e"]).arg(zip).arg(into).status();
        assert!(unpacked.expect("python3 unpacks").success(), "{}", zip.display());
    }

    fn shell(line: &str, folder: &std::path::Path) -> std::process::Output {
        Command::new("sh").args(["-c", line]).current_dir(folder).output().expect("sh runs")
    }

    /// The command of the README that begins so, with its continued lines.
    fn command(readme: &str, begin: &str) -> Option<String> {
        let mut lines = readme.lines().skip_while(|line| !line.trim_start().starts_with(begin));
        let mut command = lines.next()?.trim().to_owned();
        while let Some(whole) = command.strip_suffix('\\') {
            command = format!("{whole} {}", lines.next()?.trim());
        }
        Some(command)
    }

    #[tokio::test]
    async fn every_verdict_of_the_demo_is_repeated_and_handed_out_with_what_repeats_it() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("demo");
        crate::demo::run(&dir, false).await.unwrap();
        let setup = Setup { path: Some(dir.join("oblik.toml")), json: false };
        let all = |all_since, act| crate::arguments::Rejudge { act, all_since, each: false, with_current: true };
        let since = "2000-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(crate::rejudge::run(&setup, &all(Some(since), None)).await.unwrap(), Ending::Done);
        assert!(crate::rejudge::run(&setup, &all(None, Some(9999))).await.is_err());
        let house = setup.open().await.unwrap();
        let mut tx = house.store.read().await.unwrap();
        let acts = tx.acts_judged_since(since, 0).await.unwrap();
        let invoices = tx.invoices_after(0).await.unwrap();
        tx.roll_back().await.unwrap();
        house.store.close().await;
        let (mut by_openssl, mut by_oblik) = (0, 0);
        let names = acts.iter().map(ToString::to_string).chain(invoices.iter().map(|invoice| invoice.number.to_string()));
        for (number, what) in names.enumerate() {
            let (out, into) = (dir.join(format!("{number}.zip")), dir.join(format!("proof-{number}")));
            let arguments = |force| Evidence { what: what.clone(), out: out.clone(), force };
            assert_eq!(run(&setup, &arguments(false)).await.unwrap(), Ending::Done, "{what}");
            let first = std::fs::read(&out).unwrap();
            assert!(run(&setup, &arguments(false)).await.is_err(), "a file that is there is not written over");
            run(&setup, &arguments(true)).await.unwrap();
            assert_eq!(std::fs::read(&out).unwrap(), first, "the same proof is the same file");
            unpack(&out, &into);
            let summed = shell("sha256sum -c SHA256SUMS", &into);
            assert!(summed.status.success(), "{what}: {summed:?}");
            let readme = std::fs::read_to_string(into.join("README.txt")).unwrap();
            let verdict: serde_json::Value = serde_json::from_slice(&std::fs::read(into.join("verdict.json")).unwrap()).unwrap();
            let passed = verdict["stored"]["indication"] == "TOTAL-PASSED";
            assert_eq!(verdict["same"], true, "{what}");
            if let Some(line) = command(&readme, "openssl cms").filter(|_| passed) {
                let ran = shell(&line, &into);
                assert!(ran.status.success(), "{what}: {line}: {}", String::from_utf8_lossy(&ran.stderr));
                by_openssl += 1;
            }
            // The command of the README, by the code behind it.
            let line = command(&readme, "oblik verify").expect("a command that repeats it");
            let words: Vec<&str> = line.split_whitespace().collect();
            let crate::arguments::Command::Verify(mut asked) =
                <crate::arguments::Line as clap::Parser>::parse_from(&words).command
            else {
                panic!("{line}")
            };
            asked.file = into.join(&asked.file);
            for path in asked.trust.iter_mut().chain(&mut asked.content).chain(&mut asked.intermediates) {
                *path = into.join(&*path);
            }
            for path in asked.crl.iter_mut().chain(&mut asked.ocsp).chain(&mut asked.policy) {
                *path = into.join(&*path);
            }
            let ended = crate::verify::run(&setup, &asked).await.unwrap();
            assert_eq!(ended == Ending::Done, passed, "{what}: {line}");
            by_oblik += 1;
        }
        assert!(by_openssl >= 3 && by_oblik >= 10 && !invoices.is_empty(), "{by_openssl} {by_oblik}");
    }

    #[test]
    fn a_number_is_series_year_and_running_number() {
        for (text, read) in [
            ("ОЕ-2026-000001", Some(("ОЕ", 2026, 1))),
            ("2026-000012", Some(("", 2026, 12))),
            ("А-Б-2026-7", Some(("А-Б", 2026, 7))),
            ("17", None),
            ("ОЕ-2026", None),
            ("", None),
        ] {
            let read = read.map(|(series, year, running)| InvoiceNumber { series: series.to_owned(), year, running });
            assert_eq!(InvoiceNumber::parse(text), read, "{text}");
        }
    }
}
