//! The payment code on the page, read back by zbar from what poppler draws; its links as poppler lists them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a fault in a test may panic")]

mod common;

use std::path::Path;
use std::process::Command;

use common::invoice;
use oblik_documents::{Setting, Template, Typesetter};
use oblik_domain::invoice::Invoice;
use oblik_domain::money::Kopiykas;
use tempfile::TempDir;

/// Output of a program that went well, or `None`, said aloud where it is not installed.
fn run(program: &str, arguments: &[&str], files: &[&Path]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).args(files).output() else {
        println!("skipped: {program} is not installed");
        return None;
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

fn saved(folder: &TempDir, invoice: &Invoice, template: &str) -> std::path::PathBuf {
    let template = Template::parse(template, &|_| Err(String::new())).unwrap();
    let setting = Setting { template: &template, stamp: None, attachments: &[] };
    let pdf = Typesetter::new().unwrap().invoice_pdf(invoice, &setting).unwrap().pdf;
    let path = folder.path().join("invoice.pdf");
    std::fs::write(&path, pdf).unwrap();
    path
}

/// What zbar reads from the first page at so many dots an inch.
fn scanned(folder: &TempDir, file: &Path, dots: u32) -> Option<String> {
    let stem = folder.path().join("page");
    run("pdftoppm", &["-r", &dots.to_string(), "-f", "1", "-l", "1", "-png", "-singlefile"], &[file, &stem])?;
    run("zbarimg", &["-q", "--raw"], &[&stem.with_extension("png")]).map(|text| text.trim().to_owned())
}

/// The addresses that a touch opens.
fn links(file: &Path) -> Option<Vec<String>> {
    let told = run("pdfinfo", &["-url"], &[file])?;
    Some(
        told.lines()
            .filter_map(|line| line.split_whitespace().find(|word| word.starts_with("https://")))
            .map(str::to_owned)
            .collect(),
    )
}

fn long() -> Invoice {
    let mut invoice = invoice(1, "ТОВ «Споживач»");
    invoice.seller.name = "Обласне енергопостачальне підприємство ".repeat(8);
    invoice.number.series = "Ї".repeat(200);
    invoice
}

const NEW: &str = "[payment]\nformat = \"003\"\nhost = \"https://qr.bank.gov.ua/\"\n";

#[test]
fn the_code_is_read_from_the_page_in_either_format_at_any_size() {
    let folder = TempDir::new().unwrap();
    let usual = invoice(3, "ТОВ «Споживач»");
    for (name, invoice, template, host) in [
        ("002", &usual, "", "https://bank.gov.ua/qr/"),
        ("002 in UTF-8", &usual, "[payment]\nencoding = \"utf-8\"\nline_end = \"lf\"\n", "https://bank.gov.ua/qr/"),
        ("003", &usual, NEW, "https://qr.bank.gov.ua/"),
        ("longest 002", &long(), "", "https://bank.gov.ua/qr/"),
        ("longest 003", &long(), NEW, "https://qr.bank.gov.ua/"),
    ] {
        let file = saved(&folder, invoice, template);
        let Some(linked) = links(&file) else { return };
        assert!(linked[0].starts_with(host), "{name}: {linked:?}");
        assert!(linked[0].len() <= if name.contains("003") { 507 } else { 858 }, "{name}");
        // A long code needs a finer look than the screen of a telephone gives a page.
        let sizes: &[u32] = if name.contains("long") { &[150, 200, 300] } else { &[110, 150, 220, 300] };
        for dots in sizes {
            let Some(address) = scanned(&folder, &file, *dots) else { return };
            assert_eq!(address, linked[0], "{name} at {dots} dots an inch");
        }
    }
}

#[test]
fn below_the_code_a_touch_opens_the_bank_or_our_own_page() {
    let folder = TempDir::new().unwrap();
    let mut invoice = invoice(1, "ТОВ «Споживач»");
    let text = |file: &Path| run("pdftotext", &["-l", "1", "-layout"], &[file, Path::new("-")]);
    let Some(linked) = links(&saved(&folder, &invoice, "")) else { return };
    assert_eq!((linked.len(), &linked[0]), (2, &linked[1]));

    let page = "[payment]\npage = \"https://pay.example.ua/?n={number}&s={amount}&c={contract}\"\n";
    let file = saved(&folder, &invoice, page);
    let linked = links(&file).unwrap();
    let wanted = format!("https://pay.example.ua/?n=%D0%9E%D0%95-2026-000042&s={}&c=270000017", invoice.bill.total);
    assert_eq!((linked.len(), &linked[2]), (3, &wanted));
    let told = text(&file).unwrap();
    assert!(told.contains("Відкрити в застосунку банку") && told.contains("Сплатити на сайті постачальника"), "{told}");

    let quiet = "[text.due]\nopen = \"\"\npage = \"\"\n";
    assert_eq!(links(&saved(&folder, &invoice, quiet)).unwrap().len(), 1);

    // What is paid for already is not paid again.
    invoice.prepaid = invoice.bill.total - Kopiykas(1);
    let part = links(&saved(&folder, &invoice, page)).unwrap();
    assert!(part[2].contains("&s=0.01&"), "{part:?}");
    invoice.prepaid = invoice.bill.total;
    assert!(links(&saved(&folder, &invoice, page)).unwrap().is_empty());
}

#[test]
fn a_payment_block_that_cannot_be_is_told_with_its_place() {
    let faults = |text: &str| Template::parse(text, &|_| Err(String::new())).unwrap_err();
    for (text, line, told) in [
        ("[payment]\nformat = \"004\"", 2, "payment.format is \"002\" or \"003\""),
        ("[payment]\n\nhost = \"ftp://x/\"", 3, "payment.host is an address"),
        ("[payment]\npage = \"https://a.ua/{sum}\"", 2, "no word {sum} is known here"),
        ("[payment]\ncategory = 5", 2, "payment.category is a text"),
    ] {
        let faults = faults(text);
        assert_eq!((faults.len(), faults[0].line), (1, line), "{text}: {faults:?}");
        assert!(faults[0].message.contains(told), "{}", faults[0].message);
    }
}
