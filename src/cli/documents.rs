//! `oblik documents`: what a template makes of a document, and what is wrong with it, before any customer sees it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oblik_documents::{ActForm, Rendered, Setting, Stamp, Template, TemplateFault, Typesetter};
use oblik_domain::invoice::Seller;
use oblik_pipeline::{TemplateFile, TemplateTrouble, read_template_file};
use oblik_sample::Package;
use serde_json::{Value, json};

use crate::arguments::{Documents, Kind, Preview};
use crate::configuration::Setup;
use crate::{Ending, print};

pub fn run(setup: &Setup, what: &Documents) -> Result<Ending> {
    match what {
        Documents::Preview(arguments) => preview(setup, arguments),
        Documents::Template => {
            print!("{}", Template::source());
            Ok(Ending::Done)
        }
        Documents::Check { files } => check(files, setup.json),
    }
}

fn check(files: &[PathBuf], as_json: bool) -> Result<Ending> {
    let mut reports = Vec::new();
    let mut ending = Ending::Done;
    for path in files {
        let file = read(path)?;
        tell(path, &file);
        if file.faults.is_empty() {
            eprintln!("{}: good", path.display());
        } else {
            ending = Ending::Bad;
        }
        reports.push(json!({
            "file": path.display().to_string(), "valid": file.faults.is_empty(), "faults": faults_told(&file.faults),
        }));
    }
    if as_json {
        print::json(&Value::Array(reports));
    }
    Ok(ending)
}

fn preview(setup: &Setup, arguments: &Preview) -> Result<Ending> {
    // A preview is of this house's documents when there is one, its requisites and all.
    let config = if arguments.template.is_some() { setup.read_if_there().ok().flatten() } else { setup.read_if_there()? };
    let named = config.as_ref().and_then(|config| config.documents.template.clone());
    let path = arguments.template.clone().or(named);
    let file = path.as_deref().map(read).transpose()?;
    let faults = file.as_ref().map_or(&[][..], |file| file.faults.as_slice());
    if let (Some(path), Some(file)) = (&path, &file) {
        tell(path, file);
    }
    let report = |pages: Option<&Path>| {
        json!({
            "template": path.as_ref().map(|path| path.display().to_string()), "valid": faults.is_empty(),
            "faults": faults_told(faults), "out": pages.map(|out| out.display().to_string()),
        })
    };
    let sound = faults.is_empty();
    if !sound && !arguments.anyway {
        if setup.json {
            print::json(&report(None));
        }
        eprintln!("no document was made; --anyway makes it with the embedded values where something is wrong");
        return Ok(Ending::Bad);
    }
    let seller =
        config.map_or_else(|| oblik_config::Config::embedded(Path::new("/")).supplier.seller, |config| config.supplier.seller);
    let template = file.as_ref().map_or_else(Template::embedded, |file| file.template.clone());
    let pdf = render(&seller, &template, arguments)?;
    std::fs::write(&arguments.out, &pdf).with_context(|| format!("write {}", arguments.out.display()))?;
    eprintln!("{}: {} kB", arguments.out.display(), pdf.len().div_ceil(1000));
    if setup.json {
        print::json(&report(Some(&arguments.out)));
    }
    Ok(if sound { Ending::Done } else { Ending::Bad })
}

fn render(seller: &Seller, template: &Template, arguments: &Preview) -> Result<Vec<u8>> {
    let package = Package::new(seller, arguments.meters).context("make up an account")?;
    let typesetter = Typesetter::new()?;
    let invoice = match arguments.document {
        Kind::Invoice => &package.invoice,
        Kind::Correction => &package.correction,
        Kind::Act => {
            let form = ActForm {
                seller,
                record: &package.record,
                act: &package.act,
                opening: &package.opening,
                readings: &[],
                bill: Some(&package.invoice.bill),
                number: &package.act_number,
                version: 1,
                made_on: package.made_on,
                reply_to: &seller.email,
            };
            return Ok(typesetter.reading_act_pdf(&form, template, &package.act_xml)?);
        }
    };
    let at = invoice.issued_on.and_hms_opt(9, 30, 0).context("a moment of the day")?.and_utc();
    let name = seller.name.clone();
    let stamp = Stamp { name, serial: "00000000000000000000000000000000000000".to_owned(), authority: String::new(), at };
    let setting = Setting { template, stamp: Some(&stamp), attachments: &[] };
    let Rendered { pdf, .. } = typesetter.invoice_pdf(invoice, &setting)?;
    Ok(pdf)
}

fn read(path: &Path) -> Result<TemplateFile> {
    read_template_file(path).map_err(anyhow::Error::msg).with_context(|| path.display().to_string())
}

/// Each fault with its place, its line and a caret.
fn tell(path: &Path, file: &TemplateFile) {
    for fault in &file.faults {
        eprintln!("{}:{}:{}: {}", path.display(), fault.line, fault.column, fault.message);
        eprintln!("{}", fault.shown(&file.text));
    }
}

fn faults_told(faults: &[TemplateFault]) -> Value {
    faults.iter().map(|fault| json!({ "line": fault.line, "column": fault.column, "message": fault.message })).collect()
}

/// A template that a house does not use, for machines.
pub fn trouble_told(trouble: &TemplateTrouble) -> Value {
    json!({
        "issuer": trouble.issuer, "path": trouble.path.display().to_string(), "unreadable": trouble.unreadable,
        "faults": faults_told(&trouble.faults),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview_of(folder: &Path, template: Option<&Path>, document: Kind, anyway: bool) -> (Ending, Option<Vec<u8>>) {
        let out = folder.join("out.pdf");
        let _ = std::fs::remove_file(&out);
        let arguments = Preview { template: template.map(Path::to_owned), document, meters: 2, out: out.clone(), anyway };
        // No configuration there: a preview needs none.
        let setup = Setup { path: None, json: false };
        let ending = run(&setup, &Documents::Preview(arguments)).unwrap();
        (ending, std::fs::read(out).ok())
    }

    #[test]
    fn a_preview_needs_no_database_and_tells_the_faults_of_its_template() {
        let folder = tempfile::tempdir().unwrap();
        let template = folder.path().join("template.toml");
        for document in [Kind::Invoice, Kind::Correction, Kind::Act] {
            std::fs::write(&template, "[look]\naccent = \"#1F4E9E\"\n").unwrap();
            let (ending, plain) = preview_of(folder.path(), None, document, false);
            assert!(ending == Ending::Done && plain.as_ref().is_some_and(|pdf| pdf.starts_with(b"%PDF-1.7")));
            let (ending, mine) = preview_of(folder.path(), Some(&template), document, false);
            assert!(ending == Ending::Done && mine.is_some() && mine != plain);
            std::fs::write(&template, "[look]\naccent = \"blue\"\n").unwrap();
            assert_eq!(preview_of(folder.path(), Some(&template), document, false), (Ending::Bad, None));
            // The one fault is all that differed.
            assert_eq!(preview_of(folder.path(), Some(&template), document, true), (Ending::Bad, plain));
        }
    }

    #[test]
    fn every_file_is_checked_and_one_with_faults_ends_badly() {
        let folder = tempfile::tempdir().unwrap();
        let [good, bad] = ["good.toml", "bad.toml"].map(|name| folder.path().join(name));
        std::fs::write(&good, Template::source()).unwrap();
        std::fs::write(&bad, "[look\n").unwrap();
        let setup = Setup { path: None, json: true };
        let check =
            |files: &[&PathBuf]| run(&setup, &Documents::Check { files: files.iter().map(|&file| file.clone()).collect() });
        assert_eq!(check(&[&good]).unwrap(), Ending::Done);
        assert_eq!(check(&[&good, &bad]).unwrap(), Ending::Bad);
        assert!(check(&[&folder.path().join("none.toml")]).is_err());
    }
}
