//! Acts a second, end to end: from a Maildir to signed invoices in the outbox, every commit durable.
//!
//! The peer in the same run is what cannot be avoided: setting and signing the documents of the same invoices on one
//! thread. The ratio tells what all the rest costs: mail, judge, examination, billing, letters and durable commits.
//!
//! `cargo bench -p oblik-benches --bench acts -- 600`
#![allow(clippy::print_stdout, clippy::float_arithmetic, reason = "a benchmark prints ratios")]

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use oblik_benches::{cpu_time, forget_peak_memory, peak_memory_kb};
use oblik_config::Config;
use oblik_documents::{Setting, Template};
use oblik_pipeline::{House, STATIONS, run_until_idle, take_file, turn};
use oblik_sample::mail::{Client, Draft, File};
use oblik_sample::{Utility, lay_out};
use oblik_signature::pdf::PdfSigning;

fn main() -> Result<()> {
    let acts: u32 = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(600);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(acts))
}

async fn run(acts: u32) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("oblik-bench").tempdir_in(".")?;
    let dir = std::path::absolute(folder.path())?;
    let house = prepare(&dir, acts).await?;
    println!("{acts} acts: PDF, XML with .p7s, .p7m by turns; RSA-2048 and P-256; SQLite, synchronous=FULL");

    forget_peak_memory();
    let (began, cpu) = (Instant::now(), cpu_time());
    work(&house, acts).await?;
    let (wall, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu));
    let letters = letters(&house).await?;
    ensure!(letters == u64::from(acts), "{letters} letters for {acts} acts");

    let (rendered, signed) = documents_alone(&house).await?;
    let rate = f64::from(acts) / wall.as_secs_f64();
    println!(
        "  {rate:.0} acts a second; {:.1} ms of processor an act; peak memory {} MB",
        millis(cpu) / f64::from(acts),
        peak_memory_kb() / 1024
    );
    let peer = millis(rendered + signed) / f64::from(acts);
    println!(
        "  peer, the documents alone on one thread: {:.1} ms an act to set and {:.1} ms to sign; the whole way takes {:.2} times that",
        millis(rendered) / f64::from(acts),
        millis(signed) / f64::from(acts),
        millis(cpu) / f64::from(acts) / peer
    );
    house.store.close().await;
    Ok(())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// A world with one signed act of every customer in the Maildir.
async fn prepare(dir: &Path, acts: u32) -> Result<House> {
    let now = oblik_channels::clock::now();
    let mut utility = Utility::new(now, acts)?;
    let config = Config::embedded(dir);
    let seller = config.supplier.seller.clone();
    let supplier = utility.supplier(&seller)?;
    lay_out(dir, &utility, &supplier, "bench", &oblik_channels::clock::random_bytes::<80>()?)?;
    let to = config.mail.from_address.clone();
    let house = House::open(config).await?;
    take_file(&house, &format!("cli:{}", dir.display()), "master.xml", &utility.master_data_xml()).await?;
    run_until_idle(&house).await?;
    for (index, customer) in utility.customers.iter().enumerate() {
        let period = utility.period;
        let xml = utility.act_xml(customer, period);
        let files = match index % 3 {
            0 => {
                let form = utility.act_pdf(&house.typesetter, &seller, customer, period)?;
                let mut tx = house.store.begin("bench").await?;
                tx.put_issued_reading_act(&form, customer.contract(), period, now).await?;
                tx.commit().await?;
                vec![File::pdf("akt.pdf", customer.sign_pdf(&form, now)?)]
            }
            1 => vec![File::p7s("akt.xml.p7s", customer.sign_detached(&xml, now)?), File::xml("akt.xml", xml)],
            _ => vec![File::p7m("akt.xml.p7m", customer.sign_enclosing(&xml, now)?)],
        };
        let draft = Draft {
            client: *Client::ALL.get(index % Client::ALL.len()).context("a client")?,
            from_name: customer.name(),
            from: customer.email(),
            to: &to,
            subject: "Акт",
            text: "Надсилаємо акт.",
            sent_at: now,
            number: customer.number,
            authserv_id: None,
            files,
            fields: Vec::new(),
        };
        std::fs::write(dir.join(format!("mail/in/new/{index:06}.bench")), draft.compose())?;
    }
    Ok(house)
}

/// The daemon's rounds: intake beside all the stations, until every act has its letter.
async fn work(house: &House, acts: u32) -> Result<()> {
    let mut stations = tokio::task::JoinSet::new();
    for name in STATIONS {
        let house = house.clone();
        stations.spawn(async move {
            loop {
                match turn(&house, name).await {
                    Ok(done) if done.moved == 0 => tokio::time::sleep(Duration::from_millis(2)).await,
                    Ok(_) => {}
                    Err(cause) => return cause,
                }
            }
        });
    }
    oblik_daemon::look_once(house).await?;
    while letters(house).await? < u64::from(acts) {
        tokio::select! {
            Some(ended) = stations.join_next() => return Err(ended?.into()),
            () = tokio::time::sleep(Duration::from_millis(20)) => {}
        }
    }
    stations.shutdown().await;
    Ok(())
}

async fn letters(house: &House) -> Result<u64> {
    let mut tx = house.store.read().await?;
    let depths = tx.depths().await?;
    tx.roll_back().await?;
    let due = depths.iter().filter(|depth| depth.subject == "letter" && depth.state == "due");
    // One of them is the acknowledgement of the master data.
    let all: u64 = due.map(|depth| u64::try_from(depth.count).unwrap_or(0)).sum();
    Ok(all.saturating_sub(1))
}

/// The peer: the documents of the same invoices made and signed on one thread, with no mail, no judge and no database.
async fn documents_alone(house: &House) -> Result<(Duration, Duration)> {
    let mut tx = house.store.read().await?;
    let template = Template::embedded();
    let setting = Setting { template: &template, stamp: None, attachments: &[] };
    let key = house.issuers.supplier.signer_at(house.now()).context("a key to sign with")?;
    let (mut after, mut rendered, mut signed) = (0, Duration::ZERO, Duration::ZERO);
    loop {
        let page = tx.invoices_after(after).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        for stored in &page {
            let cpu = Instant::now();
            let pdf = house.typesetter.invoice_pdf(&stored.invoice, &setting)?.pdf;
            let between = Instant::now();
            let signing = PdfSigning {
                name: stored.invoice.seller.name.clone(),
                reason: String::new(),
                location: String::new(),
                signing_time: house.now(),
                field_name: "supplier".to_owned(),
                customer_field: Some("customer".to_owned()),
                place: None,
            };
            oblik_signature::pdf::sign(&pdf, &key, &signing)?;
            rendered += between.duration_since(cpu);
            signed += between.elapsed();
        }
    }
    tx.roll_back().await?;
    Ok((rendered, signed))
}
