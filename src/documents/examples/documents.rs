//! Writes an invoice and an act of so many meters into a folder and says how long each took:
//! `cargo run --release -p oblik-documents --example documents -- FOLDER METERS [CUSTOMER]`.
#![allow(clippy::print_stdout, clippy::unwrap_used, clippy::indexing_slicing, reason = "a program for looking and measuring")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};
use std::time::Instant;

use oblik_documents::{ActForm, DocumentError, Typesetter};

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
    let (act, opening) = common::act(&record);
    let form = ActForm {
        seller: &invoice.seller,
        record: &record,
        act: &act,
        opening: &opening,
        number: "270000017-2026-10",
        version: 1,
        made_on: common::day("2026-11-01"),
    };
    let xml = b"<act/>".repeat(300);
    let rounds = if meters > 20 { 3 } else { 100 };
    measure(&folder.join("invoice.pdf"), rounds, || typesetter.invoice_pdf(&invoice));
    measure(&folder.join("act.pdf"), rounds, || typesetter.reading_act_pdf(&form, &xml));
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
