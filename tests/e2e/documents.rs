//! Documents by the command line: invoices as they were issued, statements, templates, acts.

use std::path::{Path, PathBuf};

use oblik_e2e::{Engine, House, Plan, act_mail, program, wait_until, world};
use serde_json::json;

use crate::commands::text;
use crate::files::readings;
use crate::signing::{detached, judged_invoice};

/// A house where one customer was invoiced, and the number of the invoice.
fn invoiced(number: usize) -> Option<(House, String)> {
    let house = House::furnished(Plan::folders(Engine::Sqlite))?;
    let customer = world().customer(number);
    let mail = house.write("act.eml", &act_mail(customer, u64::try_from(number).unwrap(), detached(customer)));
    let told = house.run(&["--json", "ingest", text(&mail)]).good();
    let invoice = told["invoices"][0]["number"].as_str().unwrap().to_owned();
    Some((house, invoice))
}

#[test]
fn an_invoice_is_handed_out_byte_for_byte_with_its_file_for_machines() {
    let Some((house, number)) = invoiced(4) else { return };
    let contract = world().customer(4).contract().to_string();
    let list = house.run(&["--json", "invoice", "list", "--account", &contract]).good();
    let listed = &list["invoices"][0];
    assert_eq!((&listed["number"], &listed["issuer"], &listed["state"]), (&json!(number), &json!("supplier"), &json!("issued")));
    let folder = house.folder().join("handed-out");
    let told = house.run(&["--json", "invoice", "export", &number, "--out", text(&folder)]).good();
    let files = told["files"].as_array().unwrap();
    assert_eq!((&files[0]["sha256"], &files[1]["sha256"]), (&listed["pdf_sha256"], &listed["ubl_sha256"]), "{told}");
    let paths: Vec<PathBuf> = files.iter().map(|file| PathBuf::from(file["path"].as_str().unwrap())).collect();
    assert!(
        paths[0].extension().is_some_and(|ending| ending == "pdf") && paths[1].extension().is_some_and(|ending| ending == "xml")
    );
    if let Some(told) = program("sha256sum", &[text(&paths[0])], b"") {
        assert!(told.out.starts_with(files[0]["sha256"].as_str().unwrap()), "{}", told.out);
    }
    let printed = judged_invoice(&house, &std::fs::read(&paths[0]).unwrap());
    assert!(printed.is_empty() || printed.contains(&number), "{printed}");
    if let Some(told) = program("xmllint", &["--noout", text(&paths[1])], b"") {
        assert!(told.good, "{}", told.err);
    }
    assert_eq!(house.run(&["invoice", "show", &number]).code, 0);
    for wrong in ["ТЕ2020-000001", "no number"] {
        assert_eq!(house.run(&["invoice", "export", wrong, "--out", text(&folder)]).code, 2, "{wrong}");
    }
}

#[test]
fn a_statement_is_written_as_its_file_is_named() {
    let Some((house, _)) = invoiced(4) else { return };
    let contract = world().customer(4).contract().to_string();
    let written = |ending: &str| {
        let out = house.folder().join(format!("balance.{ending}"));
        let told = house.run(&["--json", "statement", &contract, "balance", "--out", text(&out)]).good();
        assert_eq!((&told["account"], &told["kind"]), (&json!(contract), &json!("balance")), "{told}");
        out
    };
    let (pdf, csv, xlsx) = (written("pdf"), written("csv"), written("xlsx"));
    if let Some(told) = program("pdftotext", &["-layout", text(&pdf), "-"], b"") {
        assert!(told.out.contains(&contract), "{}", told.out);
    }
    let table = std::fs::read_to_string(&csv).unwrap();
    assert!(table.contains(&contract) && table.lines().count() > 1, "{table}");
    let script =
        "import sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\nprint('\\n'.join(z.namelist()))";
    if let Some(told) = program("python3", &["-c", script, text(&xlsx)], b"") {
        assert!(told.good && told.out.contains("xl/workbook.xml"), "{told:?}");
    }
    let tried = |arguments: &[&str]| house.run(&[&["statement"], arguments].concat()).code;
    assert_eq!(tried(&[&contract, "balance", "--out", "balance.doc"]), 2, "no such form");
    assert_eq!(tried(&[&contract, "everything"]), 2, "no such statement");
    assert_eq!(tried(&["999999999", "balance", "--out", "x.pdf"]), 2, "no such account");
    let backwards = [&contract, "balance", "--from", "2026-02-01", "--to", "2026-01-01", "--out", "x.pdf"];
    assert_eq!(tried(&backwards), 2, "a period that ends before it begins");
    assert!(!house.folder().join("x.pdf").exists());
}

/// No configuration is there, and none is needed.
#[test]
fn templates_are_printed_checked_and_tried_without_a_house() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| oblik_e2e::run(folder.path(), &[&["--json", "documents"], arguments].concat());
    let printed = run(&["template"]);
    assert_eq!(printed.code, 0);
    let (own, bad) = (folder.path().join("own.toml"), folder.path().join("bad.toml"));
    std::fs::write(&own, &printed.out).unwrap();
    std::fs::write(&bad, "[look]\naccent = \"blue\"\n").unwrap();
    assert_eq!(run(&["check", text(&own)]).good()[0]["valid"], true);
    let told = run(&["check", text(&own), text(&bad)]);
    assert_eq!((told.code, &told.json()[1]["faults"][0]["line"]), (1, &json!(2)), "{told:?}");
    assert_eq!(run(&["check", "none.toml"]).code, 2);
    let pages = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    assert_eq!(run(&["preview", "--out", "plain.pdf"]).good()["valid"], true);
    assert_eq!(run(&["preview", "--template", text(&own), "--out", "own.pdf"]).code, 0);
    assert_eq!(pages("plain.pdf"), pages("own.pdf"), "the printed template is the embedded one");
    assert_eq!(run(&["preview", "--document", "act", "--meters", "30", "--out", "act.pdf"]).code, 0);
    assert!(pages("act.pdf").starts_with(b"%PDF"));
    assert_eq!(run(&["preview", "--template", text(&bad), "--out", "bad.pdf"]).code, 1);
    assert!(!Path::new(&folder.path().join("bad.pdf")).exists());
}

#[test]
fn an_act_that_was_made_by_itself_is_listed_with_its_version() {
    let Some(house) = House::furnished(Plan::folders(Engine::Sqlite)) else { return };
    let (account, other) = (world().customer(8).contract().to_string(), world().customer(9).contract().to_string());
    let daemon = house.daemon();
    house.place("erp.xml", readings("ERP-ACT", &[8]).as_bytes());
    wait_until("the act to be sent", std::time::Duration::from_secs(40), || !house.acts_to_sign().is_empty());
    daemon.sigterm();
    let list = house.run(&["--json", "act", "list", "--account", &account]).good();
    let [act] = list.as_array().unwrap().as_slice() else { panic!("{list}") };
    assert_eq!(
        (&act["version"], &act["state"], &act["period"]),
        (&json!(1), &json!("issued"), &json!(world().month().to_string()))
    );
    assert_eq!(house.run(&["--json", "act", "list", "--account", &other]).good(), json!([]));
    let [letter] = house.acts_to_sign().try_into().unwrap_or_else(|all| panic!("{all:?}"));
    let pdf = house.folder().join("act.pdf");
    let period = world().month().to_string();
    assert_eq!(house.run(&["act", "show", "--account", &account, "--period", &period, "--out", text(&pdf)]).code, 0);
    let sent = letter.files.iter().find(|(name, _)| name.contains(".pdf")).unwrap();
    assert!(sent.1 == std::fs::read(&pdf).unwrap(), "the file that was sent");
}
