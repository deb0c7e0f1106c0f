//! `oblik status`: the state of the house in figures; works while the daemon is down.

use anyhow::Result;
use serde_json::json;

use crate::configuration::Setup;
use crate::{Ending, month, print};

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
    let age = |since: Option<chrono::DateTime<chrono::Utc>>| since.map(|since| (now - since).num_seconds().max(0));
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
    let days = (house.signer.not_after() - now).num_days();
    eprintln!("the supplier's certificate ends in {days} days ({})", house.signer.not_after().format("%Y-%m-%d"));
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
            "certificates": [{ "role": "supplier", "subject": house.signer.subject(), "not_after": house.signer.not_after(), "days": days }],
        }));
    }
    house.store.close().await;
    Ok(Ending::Done)
}
