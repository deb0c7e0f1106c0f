//! The month's run for all accounts of a utility, without documents: from readings in the database to drafted invoices.
//!
//! The world is imported first, as an administrator and a metering system would, and is told apart from the run: accounts with
//! their terms, then the readings of the period. The peer in the same run is the calculation alone, nothing stored, which tells
//! what the durable drafts cost.
//!
//! `cargo bench -p oblik-benches --bench run -- 15372`
#![allow(clippy::print_stdout, clippy::float_arithmetic, reason = "a benchmark prints ratios")]

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use oblik_benches::{cpu_time, forget_peak_memory, peak_memory_kb};
use oblik_config::Config;
use oblik_edi::read_acknowledgement;
use oblik_pipeline::{House, begin_run, missing_readings, preview_run, take_file, turn};
use oblik_sample::{Accounts, Utility, lay_out};
use oblik_store::{Receipt, RunProgress};

/// The accounts of the operator whose figure this is.
const ACCOUNTS: u32 = 15_372;

fn main() -> Result<()> {
    let accounts: u32 = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(ACCOUNTS);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(run(accounts))
}

async fn run(accounts: u32) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("oblik-bench").tempdir_in(".")?;
    let dir = std::path::absolute(folder.path())?;
    let house = open(&dir).await?;
    println!("{accounts} accounts, SQLite, synchronous=FULL, no documents");
    let world = Accounts::new(oblik_channels::clock::now(), accounts)?;
    let readings = world.readings(world.period).len();
    import(&house, "accounts", world.master_data_xml()).await?;
    import(&house, "readings", world.meter_file_xml(world.period)).await?;
    println!("  {readings} readings of {}", world.period);

    let began = Instant::now();
    let totals = preview_run(&house, world.period, missing_readings(&house), &mut |_, _| ()).await?;
    let alone = began.elapsed();
    for (contract, findings) in totals.refusals.iter().take(5) {
        println!("  {contract} refused: {findings:?}");
    }
    println!("  codes: {:?}", totals.codes);

    forget_peak_memory();
    let (began, cpu) = (Instant::now(), cpu_time());
    let progress = work(&house, &world).await?;
    let (wall, cpu) = (began.elapsed(), cpu_time().saturating_sub(cpu));
    ensure!(progress.due == 0, "{progress:?}");
    println!(
        "  run: {:.1} s wall, {:.1} s of processor; {:.0} accounts a second; peak memory {} MB; {progress:?}",
        wall.as_secs_f64(),
        cpu.as_secs_f64(),
        f64::from(accounts) / wall.as_secs_f64(),
        peak_memory_kb() / 1024
    );
    println!(
        "  peer, the calculation alone: {:.1} s; the whole run takes {:.2} times that",
        alone.as_secs_f64(),
        ratio(wall, alone)
    );
    house.store.close().await;
    Ok(())
}

fn ratio(whole: Duration, part: Duration) -> f64 {
    whole.as_secs_f64() / part.as_secs_f64()
}

async fn open(dir: &Path) -> Result<House> {
    let mut utility = Utility::new(oblik_channels::clock::now(), 0)?;
    let config = Config::embedded(dir);
    let supplier = utility.supplier(&config.supplier.seller)?;
    lay_out(dir, &utility, &supplier, "bench", &oblik_channels::clock::random_bytes::<80>()?)?;
    Ok(House::open(config).await?)
}

/// Imports a file as `oblik import` does; only what was accepted goes on.
async fn import(house: &House, name: &str, bytes: Vec<u8>) -> Result<()> {
    let (began, megabytes) = (Instant::now(), bytes.len() / 1_000_000);
    let (Receipt::New(item) | Receipt::Duplicate(item)) = take_file(house, "cli:bench", &format!("{name}.xml"), &bytes).await?;
    for station in ["classify", "register-file"] {
        while turn(house, station).await?.moved > 0 {}
    }
    let mut tx = house.store.read().await?;
    let letter = tx.letters_of(item).await?.into_iter().next().context("no acknowledgement")?;
    let acknowledgement = read_acknowledgement(&tx.blob(&letter.blob_sha256).await?);
    tx.roll_back().await?;
    let acknowledgement = acknowledgement.ok().context("the acknowledgement cannot be read")?;
    ensure!(acknowledgement.refused == 0, "{name}: {acknowledgement:?}");
    let seconds = began.elapsed().as_secs_f64();
    println!("  import of {name}: {} records, {megabytes} MB, {seconds:.1} s", acknowledgement.accepted);
    Ok(())
}

/// The station of the run until nothing is due.
async fn work(house: &House, world: &Accounts) -> Result<RunProgress> {
    let begun = begin_run(house, world.period, missing_readings(house), "bench").await?;
    while turn(house, "run").await?.moved > 0 {}
    let mut tx = house.store.read().await?;
    let progress = tx.run_progress(begun.id).await?;
    tx.roll_back().await?;
    Ok(progress)
}
