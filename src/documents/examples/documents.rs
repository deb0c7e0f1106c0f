//! Writes an invoice and an act of so many meters into a folder and says how long each took:
//! `cargo run --release -p oblik-documents --example documents -- FOLDER METERS [CUSTOMER]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "a program for looking and measuring")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::time::Instant;

use oblik_documents::{ActForm, DocumentError, Setting, Template, Typesetter};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().unwrap_or_else(|| ".".to_owned()));
    let meters = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(3);
    let customer = arguments.next().unwrap_or_else(|| "ТОВ «Споживач № 7 імені Ґалаґана та спів’їжджих»".to_owned());
    let begun = Instant::now();
    let typesetter = Typesetter::new().unwrap();
    println!("typefaces: {:?}", begun.elapsed());
    let invoice = common::invoice(meters, &customer);
    let record = common::record(meters, &customer);
    let record = common::with_losses(record);
    let bill = common::bill(&record);
    let (act, opening) = common::act(&record);
    let form = ActForm {
        seller: &invoice.seller,
        record: &record,
        act: &act,
        opening: &opening,
        readings: &[],
        bill: Some(&bill),
        number: "270000017/2026-10",
        version: 1,
        made_on: common::day("2026-11-01"),
        reply_to: "oblik@energo.example",
    };
    let xml = b"<act/>".repeat(300);
    let rounds = if meters > 20 { 3 } else { 40 };
    measure(&folder.join("invoice.pdf"), rounds, || Ok(common::invoice_pdf(&typesetter, &invoice)));
    let template = Template::embedded();
    let stamp = common::rich::stamp();
    let setting = Setting { template: &template, stamp: Some(&stamp), attachments: &[] };
    let rich = common::rich::rich(meters, &customer);
    measure(&folder.join("package.pdf"), rounds, || typesetter.invoice_pdf(&rich, &setting).map(|made| made.pdf));
    let back = common::rich::corrected(meters, &customer, -120_000);
    measure(&folder.join("correction.pdf"), rounds, || typesetter.invoice_pdf(&back, &setting).map(|made| made.pdf));
    measure(&folder.join("act.pdf"), rounds, || typesetter.reading_act_pdf(&form, &Template::embedded(), &xml));
}

fn measure(path: &Path, rounds: u32, make: impl Fn() -> Result<Vec<u8>, DocumentError>) {
    let first = make().unwrap();
    let begun = Instant::now();
    for _ in 0..rounds {
        assert_eq!(make().unwrap().len(), first.len());
    }
    println!("{}: {} bytes, {:?} each", path.display(), first.len(), begun.elapsed() / rounds);
    std::fs::write(path, first).unwrap();
}
