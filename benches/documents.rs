//! Invoice packages a second, in one warm process: with and without the signature, for 3 and for 30 meters, on one thread
//! and on two, with the peak of memory and the size of the file.
//!
//! The peer in the same run is WeasyPrint making the same invoice: `pip install weasyprint`, and its python in
//! `OBLIK_WEASYPRINT`; without it the ratio is not told.
//!
//! `cargo bench -p oblik-benches --bench documents -- 400`
#![allow(clippy::print_stdout, clippy::float_arithmetic, clippy::unwrap_used, reason = "a benchmark prints ratios")]

#[path = "../src/documents/tests/common/mod.rs"]
mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use oblik_benches::{cpu_time, forget_peak_memory, peak_memory_kb};
use oblik_documents::{Attachment, INVOICE_ATTACHMENT, Relation, Rendered, Setting, Stamp, Template, Typesetter};
use oblik_domain::invoice::Invoice;
use oblik_sample::Utility;
use oblik_signature::pdf::{PdfSigning, WidgetPlace};
use oblik_signature::signing::Signer;

const CUSTOMER: &str = "ТОВ «Споживач № 7 імені Ґалаґана та спів’їжджих»";
/// Customers of the utility whose figure this is.
const CUSTOMERS: f64 = 15_372.0;

struct Bench {
    typesetter: Typesetter,
    template: Template,
    signer: Signer,
    now: DateTime<Utc>,
}

impl Bench {
    /// The package as it leaves: with the machine-readable invoice inside and its stamp, not signed yet.
    fn render(&self, invoice: &Invoice) -> Result<Rendered> {
        let ubl = vec![b'x'; 9000];
        let stamp = Stamp {
            name: self.signer.subject(),
            serial: self.signer.serial(),
            authority: "КНЕДП «Приклад»".to_owned(),
            at: self.now,
        };
        let attachment = Attachment {
            name: INVOICE_ATTACHMENT,
            mime_type: "application/xml",
            description: "UBL 2.1",
            relation: Relation::Alternative,
            data: &ubl,
        };
        let setting = Setting { template: &self.template, stamp: Some(&stamp), attachments: &[attachment] };
        Ok(self.typesetter.invoice_pdf(invoice, &setting)?)
    }

    fn sign(&self, invoice: &Invoice, rendered: &Rendered) -> Result<Vec<u8>> {
        let signing = PdfSigning {
            name: invoice.seller.name.clone(),
            reason: invoice.number.to_string(),
            location: String::new(),
            signing_time: self.now,
            field_name: "supplier".to_owned(),
            customer_field: Some("customer".to_owned()),
            place: rendered.stamp.map(|at| WidgetPlace {
                page: at.page,
                left: at.left,
                bottom: at.bottom,
                width: at.width,
                height: at.height,
            }),
        };
        Ok(oblik_signature::pdf::sign(&rendered.pdf, &self.signer, &signing)?)
    }
}

fn main() -> Result<()> {
    let rounds: u32 = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(400);
    let now = oblik_channels::clock::now();
    let mut utility = Utility::new(now, 1)?;
    let seller = common::seller();
    let bench = Bench {
        typesetter: Typesetter::new()?,
        template: Template::embedded(),
        signer: utility.supplier(&seller)?.signer()?,
        now,
    };
    for (meters, rounds) in [(3, rounds), (30, rounds / 8 + 1)] {
        measure(&bench, meters, rounds)?;
    }
    Ok(())
}

fn measure(bench: &Bench, meters: usize, rounds: u32) -> Result<()> {
    let invoice = common::invoice(meters, CUSTOMER);
    let page = bench.render(&invoice)?;
    let signed = bench.sign(&invoice, &page)?;
    println!("{meters} meters: {} octets, {} signed; {rounds} rounds", page.pdf.len(), signed.len());
    forget_peak_memory();
    let alone = processor(rounds, || bench.render(&invoice).map(drop))?;
    let early = peak_memory_kb();
    let whole = processor(rounds, || bench.sign(&invoice, &bench.render(&invoice)?).map(drop))?;
    let late = peak_memory_kb();
    println!(
        "  one thread: {:.2} ms of processor without the signature, {:.2} ms with it; peak memory {} MB, then {} MB",
        millis(alone),
        millis(whole),
        early / 1024,
        late / 1024
    );
    let began = Instant::now();
    std::thread::scope(|scope| {
        let half = || (0..rounds).try_for_each(|_| bench.sign(&invoice, &bench.render(&invoice)?).map(drop));
        let other = scope.spawn(half);
        half()?;
        other.join().ok().context("the other thread")?
    })?;
    let rate = f64::from(2 * rounds) / began.elapsed().as_secs_f64();
    println!("  two threads: {rate:.0} packages a second; {CUSTOMERS} of them in {:.0} s", CUSTOMERS / rate);
    peer(&invoice, rounds, whole)
}

/// Processor time a round.
fn processor(rounds: u32, mut each: impl FnMut() -> Result<()>) -> Result<Duration> {
    for _ in 0..5 {
        each()?;
    }
    let began = cpu_time();
    for _ in 0..rounds {
        each()?;
    }
    Ok(cpu_time().saturating_sub(began) / rounds)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn peer(invoice: &Invoice, rounds: u32, ours: Duration) -> Result<()> {
    let Some(python) = std::env::var_os("OBLIK_WEASYPRINT") else {
        println!("  WeasyPrint: not asked; name its python in OBLIK_WEASYPRINT");
        return Ok(());
    };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/documents/peer.py");
    let mut child = Command::new(python)
        .args([script, &(rounds / 40 + 2).to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("start WeasyPrint")?;
    child.stdin.take().context("its input")?.write_all(&serde_json::to_vec(invoice)?)?;
    let told = child.wait_with_output()?;
    ensure!(told.status.success(), "WeasyPrint failed");
    let told = String::from_utf8(told.stdout)?;
    let [seconds, octets, pages, memory] = told.split_whitespace().collect::<Vec<_>>()[..] else {
        anyhow::bail!("WeasyPrint said {told:?}");
    };
    let seconds: f64 = seconds.parse()?;
    println!(
        "  WeasyPrint: {:.0} ms of processor, {octets} octets, {pages} pages, {} MB, not signed; ours takes a {:.0}th of it",
        seconds * 1000.0,
        memory.parse::<u64>()? / 1024,
        seconds / ours.as_secs_f64()
    );
    Ok(())
}
