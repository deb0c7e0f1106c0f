//! Accounts calculated a second on one core in memory, each with its whole trace.
//!
//! A three-zone account with two sub-consumers, one of three zones and one of none, is what the required figure is of. The second
//! line is of the same behind a transformer and a line and charged for reactive energy: ten registers in. The peer in the same run does the second one's sums with
//! Python's decimals and tells no reasons; its totals must be ours. Processor time of one thread on both sides.
//!
//! `cargo bench -p oblik-billing-benches`
#![allow(
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::expect_used,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "a benchmark prints ratios"
)]

use std::hint::black_box;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use oblik_billing::{BillingInput, PriceBook, compute};
use oblik_billing_benches::{Case, account, counted, period, prices};
use oblik_domain::bill::Bill;
use serde_json::{Value, json};

const ACCOUNTS: i64 = 1000;
const ROUNDS: u32 = 30;
const PEER_ROUNDS: u32 = 5;

fn main() {
    let book = prices();
    measured(Case::Plain, "three zones with two sub-consumers", &book);
    let (rate, bills) = measured(Case::Rich, "the same with losses and reactive energy", &book);
    let Some((seconds, totals)) = peer() else {
        println!("  no python3: no peer");
        return;
    };
    let ours: Vec<String> = bills.iter().map(|bill| bill.total.to_string()).collect();
    assert_eq!(ours, totals, "the peer's totals");
    let peer = f64::from(PEER_ROUNDS) * bills.len() as f64 / seconds;
    println!(
        "  peer, Python's decimals without a trace: {peer:.0} a second; ours is {:.1} times that, to the same kopiyka",
        rate / peer
    );
}

/// Accounts of a case calculated a second, and their bills.
fn measured(case: Case, name: &str, book: &PriceBook) -> (f64, Vec<Bill>) {
    let accounts: Vec<_> = (0..ACCOUNTS).map(|index| account(case, index)).collect();
    let inputs: Vec<_> = accounts.iter().map(|(record, readings)| BillingInput::new(record, period(), readings, book)).collect();
    let bills: Vec<_> = inputs.iter().map(|input| compute(input).expect("a bill").bill).collect();
    let steps: usize = bills.iter().map(|bill| bill.trace.len()).sum();
    let lines: usize = bills.iter().map(|bill| bill.lines.len()).sum();
    println!("{ACCOUNTS} accounts, {name}: {} lines and {} steps each", lines / bills.len(), steps / bills.len());

    let mut best = Duration::MAX;
    let mut all = Duration::ZERO;
    for _ in 0..ROUNDS {
        let began = thread_time();
        for input in &inputs {
            black_box(compute(black_box(input)).is_ok());
        }
        let round = thread_time().saturating_sub(began);
        best = best.min(round);
        all += round;
    }
    let rate = |time: Duration| inputs.len() as f64 / time.as_secs_f64();
    println!("  {:.0} accounts a second on one core, {:.0} in the best of {ROUNDS} rounds", rate(all / ROUNDS), rate(best));
    (rate(all / ROUNDS), bills)
}

/// Processor time of this thread so far.
fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Seconds the peer took, and its totals.
fn peer() -> Option<(f64, Vec<String>)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peer.py");
    let mut python = Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let asked = json!({ "rounds": PEER_ROUNDS, "counted": (0..ACCOUNTS).map(counted).collect::<Vec<_>>() });
    python.stdin.take()?.write_all(asked.to_string().as_bytes()).ok()?;
    let told: Value = serde_json::from_slice(&python.wait_with_output().ok()?.stdout).ok()?;
    let totals = told.get("totals")?.as_array()?.iter().map(|total| total.as_str().unwrap_or_default().to_owned());
    Some((told.get("seconds")?.as_str()?.parse().ok()?, totals.collect()))
}
