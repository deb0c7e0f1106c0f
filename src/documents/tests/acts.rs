//! The form of an act as the bill of its readings fills it: losses, sub-consumers, quality, and the code that opens the reply.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "a fault in a test may panic")]

mod common;

use std::path::Path;
use std::process::Command;

use common::{act, bill, day, period, record, seller, with_losses};
use oblik_documents::{ActForm, Template, Typesetter};
use oblik_domain::account::AccountRecord;
use oblik_domain::bill::Bill;
use oblik_domain::metering::{Occasion, Quality, Reading};

/// Output of a program; a machine without it skips, aloud.
fn told(program: &str, arguments: &[&str]) -> Option<String> {
    let Ok(output) = Command::new(program).args(arguments).output() else {
        println!("skipped: {program} is not installed");
        return None;
    };
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" "))
}

fn made(record: &AccountRecord, readings: &[Reading], bill: Option<&Bill>) -> Vec<u8> {
    let (act, opening) = act(record);
    let form = ActForm {
        seller: &seller(),
        record,
        act: &act,
        opening: &opening,
        readings,
        bill,
        number: "270000017/2026-10",
        version: 3,
        made_on: day("2026-11-01"),
        reply_to: "oblik@energo.example",
    };
    Typesetter::new().unwrap().reading_act_pdf(&form, &Template::embedded(), b"<act/>").unwrap()
}

fn text(pdf: &[u8], folder: &Path) -> Option<String> {
    let file = folder.join("act.pdf");
    std::fs::write(&file, pdf).unwrap();
    told("qpdf", &["--check", file.to_str().unwrap()]);
    told("pdftotext", &["-layout", file.to_str().unwrap(), "-"])
}

#[test]
fn losses_sub_consumers_and_sums_stand_where_the_form_has_them() {
    let folder = tempfile::tempdir().unwrap();
    let record = with_losses(record(3, "ТОВ «Споживач»"));
    let bill = bill(&record);
    let Some(text) = text(&made(&record, &[], Some(&bill)), folder.path()) else { return };
    for wanted in [
        "№ 270000017/2026-10, редакція 3",
        "373 752 1 136 232 1,2 % 2,35 % 480 1 177 048 + факт.",
        "ГР загалом 6 566 157,74 565 829,64 328,10 1 200 393 720 393 720 393 720 − факт.",
        "Субспоживачі (−)",
        "62Z2700000010017 СА (1) ніч −115 −",
        "Разом СА, активна спожита, кВт·год 1 207 938",
        "ПОСТАЧАЛЬНИК",
        "СПОЖИВАЧ",
        "М.П.",
        "дата",
    ] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    for column in ["Сумарні", "Втрати в ЛЕП", "змінні", "Рх.х", "Разом", "Примітка"] {
        let words: Vec<_> = column.split(' ').collect();
        assert!(words.iter().all(|word| text.contains(word)), "{column}\n{text}");
    }
}

#[test]
fn a_column_that_says_nothing_is_left_out_and_each_reading_says_how_it_came() {
    let folder = tempfile::tempdir().unwrap();
    let mut record = record(2, "ТОВ «Споживач»");
    record.points.remove(0);
    record.meters.remove(0);
    let (act, _) = act(&record);
    let quality = [Quality::Operator, Quality::Estimated, Quality::Actual];
    let reading = |(row, quality): (&oblik_domain::act::ActRow, Quality)| Reading {
        register: row.register.clone(),
        period: period(),
        read_on: act.read_on,
        total: row.total,
        quality,
        occasion: Occasion::PeriodEnd,
    };
    let readings: Vec<_> = act.rows.iter().zip(quality).map(reading).collect();
    let Some(text) = text(&made(&record, &readings, None), folder.path()) else { return };
    for wanted in ["+ оператор", "+ розрах.", "− факт."] {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
    for unwanted in ["Сумарні", "ЛЕП", "Рх.х", "Субспоживачі"] {
        assert!(!text.contains(unwanted), "{unwanted}\n{text}");
    }
}

#[test]
fn the_code_on_the_page_opens_the_reply() {
    let folder = tempfile::tempdir().unwrap();
    let record = record(1, "ТОВ «Споживач»");
    if text(&made(&record, &[], None), folder.path()).is_none() {
        return;
    }
    let (file, stem) = (folder.path().join("act.pdf"), folder.path().join("page"));
    let drawn = told("pdftoppm", &["-r", "150", "-png", "-singlefile", file.to_str().unwrap(), stem.to_str().unwrap()]);
    let Some(address) = drawn.and_then(|_| told("zbarimg", &["-q", "--raw", stem.with_extension("png").to_str().unwrap()]))
    else {
        return;
    };
    let coded: String = "[270000017] ПОКАЗАННЯ 2026-10"
        .bytes()
        .map(|byte| match byte {
            b'-' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect();
    assert_eq!(address, format!("mailto:oblik@energo.example?subject={coded}"));
}
