//! `oblik audit`: the journal and its chain.

use anyhow::Result;
use serde_json::{Value, json};

use crate::arguments::Audit;
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, what: Audit) -> Result<Ending> {
    let house = setup.open().await?;
    let ending = match what {
        Audit::Verify => match house.store.verify_journal().await? {
            Ok(entries) => {
                eprintln!("the journal holds: {entries} entries");
                if setup.json {
                    print::json(&json!({ "holds": true, "entries": entries }));
                }
                Ending::Done
            }
            Err(broken) => {
                eprintln!("the journal does not hold at entry {}: {}", broken.seq, broken.reason);
                if setup.json {
                    print::json(&json!({ "holds": false, "entry": broken.seq, "reason": broken.reason }));
                }
                Ending::Bad
            }
        },
        Audit::Export => {
            let mut after = 0;
            loop {
                let mut tx = house.store.read().await?;
                let page = tx.journal_after(after).await?;
                tx.roll_back().await?;
                let Some((last, _, _)) = page.last() else { break };
                after = *last;
                for (seq, entry, hash) in &page {
                    let detail: Value = serde_json::from_str(&entry.detail).unwrap_or_default();
                    println!(
                        "{}",
                        json!({ "seq": seq, "at": entry.at, "event": entry.event, "subject": entry.subject, "id": entry.subject_id, "detail": detail, "hash": hash })
                    );
                }
            }
            Ending::Done
        }
    };
    house.store.close().await;
    Ok(ending)
}
