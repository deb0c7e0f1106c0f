//! `oblik bill run`: a whole month, tried or for good, with its progress; `oblik bill runs`.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use oblik_billing::MissingReadings;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_pipeline::{House, begin_run, finish_runs, missing_readings, preview_run};
use oblik_store::{Run, RunProgress};
use serde_json::{Value, json};

use crate::arguments::Month;
use crate::configuration::Setup;
use crate::{Ending, print};

/// How often it is looked how far daemons are.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Refusals shown to a person; JSON has them all.
const SHOWN: usize = 40;
/// Runs listed, the newest first.
const SHOWN_RUNS: i64 = 36;

pub async fn run(setup: &Setup, what: &Month) -> Result<Ending> {
    let house = setup.open().await?;
    let ending = match what {
        Month::Runs => runs(setup, &house).await?,
        Month::Run { period, dry_run, estimate } => {
            let missing = if *estimate { MissingReadings::Estimate } else { missing_readings(&house) };
            if *dry_run { tried(setup, &house, *period, missing).await? } else { done(setup, &house, *period, missing).await? }
        }
    };
    house.store.close().await;
    Ok(ending)
}

/// Tells how far a long work is: at most once a second, and at its end.
struct Progress {
    began: DateTime<Utc>,
    told: DateTime<Utc>,
    /// What was done before we began.
    before: Option<usize>,
}

impl Progress {
    fn new(now: DateTime<Utc>) -> Self {
        Self { began: now, told: now, before: None }
    }

    fn look(&mut self, now: DateTime<Utc>, done: usize, all: usize) {
        let before = *self.before.get_or_insert(done);
        if (now - self.told).num_milliseconds() < 1000 && done < all {
            return;
        }
        self.told = now;
        let seconds = usize::try_from((now - self.began).num_seconds()).unwrap_or(0).max(1);
        let rate = done.saturating_sub(before) / seconds;
        let left = all.saturating_sub(done).checked_div(rate).filter(|left| *left > 0);
        let left = left.map(|seconds| format!(", about {seconds} s left")).unwrap_or_default();
        eprintln!("{done} of {all} accounts, {rate} a second{left}");
    }
}

async fn tried(setup: &Setup, house: &House, period: Period, missing: MissingReadings) -> Result<Ending> {
    let mut progress = Progress::new(house.now());
    let totals = preview_run(house, period, missing, &mut |done, all| progress.look(house.now(), done, all)).await?;
    eprintln!("{period}: {} would be billed, {} refused, {} skipped", totals.billed, totals.refused, totals.skipped);
    eprintln!("net {}  VAT {}  total {} UAH; nothing was stored", totals.net, totals.vat, totals.total);
    show_codes(&totals.codes);
    show_refusals(&totals.refusals);
    if setup.json {
        print::json(&json!({
            "period": period.to_string(), "state": "calculated", "accounts": totals.accounts,
            "billed": totals.billed, "refused": totals.refused, "skipped": totals.skipped,
            "net": totals.net.to_string(), "vat": totals.vat.to_string(), "total": totals.total.to_string(),
            "codes": codes(&totals.codes), "refusals": refusals(&totals.refusals),
        }));
    }
    Ok(if totals.refused == 0 { Ending::Done } else { Ending::Bad })
}

async fn done(setup: &Setup, house: &House, period: Period, missing: MissingReadings) -> Result<Ending> {
    let run = begin_run(house, period, missing, &print::operator()).await?;
    if run.estimates != (missing == MissingReadings::Estimate) {
        eprintln!("the run that is open was begun {} estimates, and goes on so", if run.estimates { "with" } else { "without" });
    }
    let mut progress = Progress::new(house.now());
    let reached = loop {
        let turn = oblik_pipeline::turn(house, "run").await?;
        let mut tx = house.store.read().await?;
        let reached = tx.run_progress(run.id).await?;
        tx.roll_back().await?;
        progress.look(house.now(), settled(&reached), settled(&reached) + count(reached.due));
        if reached.due == 0 {
            break reached;
        }
        if turn.moved == 0 {
            // Daemons have the rest, or hold it until their claims run out.
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    finish_runs(house).await?;
    let mut tx = house.store.read().await?;
    let list = all_refusals(&mut tx, run.id).await?;
    let run = tx.run(run.id).await?.unwrap_or(run);
    tx.roll_back().await?;
    let by_code = counted(&list);
    eprintln!("{period}: {} billed, {} refused, {} skipped", reached.billed, reached.refused, reached.skipped);
    show_codes(&by_code);
    show_refusals(&list);
    if reached.billed > 0 {
        eprintln!("their documents are made and sent by the daemon; oblik status shows how many wait");
    }
    if setup.json {
        let mut told = run_told(&run, &reached);
        if let Some(object) = told.as_object_mut() {
            object.insert("codes".to_owned(), codes(&by_code));
            object.insert("refusals".to_owned(), refusals(&list));
        }
        print::json(&told);
    }
    Ok(if reached.refused == 0 { Ending::Done } else { Ending::Bad })
}

async fn all_refusals(tx: &mut oblik_store::Tx, run: i64) -> Result<Vec<(ContractNumber, Vec<Finding>)>> {
    let (mut list, mut after) = (Vec::new(), 0);
    loop {
        let page = tx.run_refusals(run, after, 500).await?;
        let Some(end) = page.last() else { return Ok(list) };
        after = end.id;
        list.extend(page.into_iter().map(|refusal| (refusal.contract, refusal.findings)));
    }
}

async fn runs(setup: &Setup, house: &House) -> Result<Ending> {
    let mut tx = house.store.read().await?;
    let mut runs = Vec::new();
    for run in tx.runs(SHOWN_RUNS).await? {
        let progress = tx.run_progress(run.id).await?;
        runs.push((run, progress));
    }
    tx.roll_back().await?;
    if runs.is_empty() {
        eprintln!("no month was run yet; oblik bill run --period YYYY-MM --dry-run tries one");
    } else {
        show(&runs);
    }
    if setup.json {
        print::json(&runs.iter().map(|(run, progress)| run_told(run, progress)).collect());
    }
    Ok(Ending::Done)
}

/// The table of runs, for `oblik bill runs` and `oblik status`.
pub fn show(runs: &[(Run, RunProgress)]) {
    let row = |(run, progress): &(Run, RunProgress)| {
        let counts = [progress.due, progress.billed, progress.refused, progress.skipped].map(|count| count.to_string());
        let times = [print::minute(run.started_at), run.finished_at.map(print::minute).unwrap_or_default()];
        [run.id.to_string(), run.period.to_string(), run.asked_by.clone()].into_iter().chain(times).chain(counts).collect()
    };
    let rows: Vec<Vec<String>> = runs.iter().map(row).collect();
    print::table(&["run", "period", "by", "begun (UTC)", "ended", "due", "billed", "refused", "skipped"], &rows);
}

/// A run as JSON has it.
pub fn run_told(run: &Run, progress: &RunProgress) -> Value {
    json!({
        "run": run.id, "period": run.period.to_string(), "state": if run.finished_at.is_some() { "finished" } else { "open" },
        "asked_by": run.asked_by, "estimates": run.estimates, "started_at": run.started_at, "finished_at": run.finished_at,
        "billed": progress.billed, "refused": progress.refused, "skipped": progress.skipped,
        "done": settled(progress), "remaining": progress.due,
    })
}

fn settled(progress: &RunProgress) -> usize {
    count(progress.billed + progress.refused + progress.skipped)
}

fn count(accounts: i64) -> usize {
    usize::try_from(accounts).unwrap_or(0)
}

fn counted(refusals: &[(ContractNumber, Vec<Finding>)]) -> BTreeMap<Code, usize> {
    let mut codes = BTreeMap::new();
    for (_, findings) in refusals {
        let of_account: std::collections::BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
        for code in of_account {
            *codes.entry(code).or_default() += 1;
        }
    }
    codes
}

fn show_codes(codes: &BTreeMap<Code, usize>) {
    let rows: Vec<_> = codes.iter().map(|(code, count)| vec![code.to_string(), count.to_string()]).collect();
    if !rows.is_empty() {
        print::table(&["code", "accounts"], &rows);
    }
}

fn show_refusals(refusals: &[(ContractNumber, Vec<Finding>)]) {
    let rows = refusals.iter().take(SHOWN).flat_map(|(contract, findings)| {
        findings.iter().map(|finding| vec![contract.to_string(), finding.code.to_string(), print::sentence(finding)])
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        print::table(&["account", "code", "why"], &rows);
    }
    if refusals.len() > SHOWN {
        eprintln!("and {} accounts more: --json tells all", refusals.len() - SHOWN);
    }
}

fn codes(codes: &BTreeMap<Code, usize>) -> Value {
    codes.iter().map(|(code, count)| (code.to_string(), Value::from(*count))).collect()
}

fn refusals(refusals: &[(ContractNumber, Vec<Finding>)]) -> Value {
    let one = |(contract, findings): &(ContractNumber, Vec<Finding>)| json!({ "account": contract.as_str(), "findings": findings.iter().map(print::finding).collect::<Vec<_>>() });
    refusals.iter().map(one).collect()
}
