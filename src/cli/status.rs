//! `oblik status`: the state of the house in figures; works while the daemon is down.

use anyhow::Result;
use chrono::{DateTime, Utc};
use oblik_pipeline::{House, HouseCertificate, role};
use serde_json::json;

use crate::configuration::Setup;
use crate::{Ending, month, print};

/// Shows the certificates of the house, and why keys cannot be opened; the same for machines.
fn certificates(house: &House, now: DateTime<Utc>) -> Vec<serde_json::Value> {
    let all = house.certificates();
    let row = |one: &HouseCertificate| {
        let days = one.days_left(now);
        let whose = format!("{} {}", role(one.used_for), one.branch.as_deref().unwrap_or_default());
        let ends = one.held.not_after.format("%Y-%m-%d").to_string();
        let left = if days < 0 { "ended".to_owned() } else { days.to_string() };
        vec![whose.trim_end().to_owned(), one.held.subject.clone(), one.held.serial.clone(), ends, left]
    };
    print::table(&["certificate", "subject", "serial", "ends", "days"], &all.iter().map(row).collect::<Vec<_>>());
    for (_, _, keys) in house.issuers.keyrings() {
        for trouble in keys.troubles() {
            eprintln!("a key of the {} cannot be opened: {trouble}", keys.whose());
        }
        if keys.signer_at(now).is_none() {
            eprintln!("no key of the {} has a valid certificate: documents wait", keys.whose());
        }
    }
    let told = |one: &HouseCertificate| {
        json!({
            "role": role(one.used_for),
            "branch": one.branch,
            "subject": one.held.subject,
            "serial": one.held.serial,
            "not_after": one.held.not_after,
            "days": one.days_left(now),
        })
    };
    all.iter().map(told).collect()
}

pub async fn run(setup: &Setup) -> Result<Ending> {
    let house = setup.open().await?;
    let mut tx = house.store.read().await?;
    let (depths, sources, waiting) = (tx.depths().await?, tx.sources().await?, tx.waiting().await?);
    let mut runs = Vec::new();
    for run in tx.open_runs().await? {
        let progress = tx.run_progress(run.id).await?;
        runs.push((run, progress));
    }
    tx.roll_back().await?;
    let now = house.now();
    let age = |since: Option<DateTime<Utc>>| since.map(|since| (now - since).num_seconds().max(0));
    let rows: Vec<_> = depths
        .iter()
        .map(|depth| {
            vec![
                depth.subject.clone(),
                depth.state.clone(),
                depth.count.to_string(),
                age(depth.oldest).map(|age| format!("{age} s")).unwrap_or_default(),
            ]
        })
        .collect();
    print::table(&["what", "state", "count", "oldest"], &rows);
    let looked: Vec<_> = sources
        .iter()
        .map(|source| {
            let success = source.last_success.map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default();
            vec![source.source.clone(), success, source.last_trouble.clone().unwrap_or_default()]
        })
        .collect();
    print::table(&["source", "last success (UTC)", "trouble"], &looked);
    if !runs.is_empty() {
        month::show(&runs);
    }
    let certificates = certificates(&house, now);
    let until = waiting.oldest.map(|oldest| print::waits_until(&house.config, oldest));
    if let (Some(oldest), Some(next), Some(until)) = (waiting.oldest, waiting.next_due, until) {
        eprintln!(
            "{} acts wait for the status of certificates, the oldest since {} and until {} at most; next look {} (UTC); oblik queue list names them",
            waiting.count,
            print::minute(oldest),
            print::minute(until),
            print::minute(next)
        );
    }
    let troubles = &house.issuers.template_troubles;
    for trouble in troubles {
        eprintln!("{trouble}; oblik documents check {} tells all", trouble.path.display());
    }
    let list = crate::trust::summary(&house.config.trust)?;
    if let Some((line, _)) = &list {
        eprintln!("{line}");
    }
    if setup.json {
        print::json(&json!({
            "waiting": { "acts": waiting.count, "oldest_since": waiting.oldest, "next_look": waiting.next_due, "until": until },
            "trusted_list": list.map(|(_, list)| list),
            "store": house.store.engine_name(),
            "queues": depths.iter().map(|depth| json!({ "what": depth.subject, "state": depth.state, "count": depth.count, "oldest_age_s": age(depth.oldest) })).collect::<Vec<_>>(),
            "sources": sources.iter().map(|source| json!({ "source": source.source, "last_success": source.last_success, "trouble": source.last_trouble })).collect::<Vec<_>>(),
            "runs": runs.iter().map(|(run, progress)| month::run_told(run, progress)).collect::<Vec<_>>(),
            "templates": troubles.iter().map(crate::documents::trouble_told).collect::<Vec<_>>(),
            "certificates": certificates,
        }));
    }
    house.store.close().await;
    Ok(Ending::Done)
}
