//! `oblik rejudge`: stored verdicts, repeated from what is stored with them.

use anyhow::{Result, bail};
use oblik_pipeline::{Case, House, Repeated, Unrepeatable, case_of};
use oblik_signature::Judged;
use serde_json::{Value, json};

use crate::arguments::Rejudge;
use crate::configuration::Setup;
use crate::{Ending, print};

/// What was asked for, counted.
#[derive(Default)]
struct Count {
    same: usize,
    different: usize,
    impossible: usize,
}

pub async fn run(setup: &Setup, arguments: &Rejudge) -> Result<Ending> {
    let house = setup.open().await?;
    let (mut told, mut count) = (Vec::new(), Count::default());
    match (arguments.act, arguments.all_since) {
        (Some(act), _) => {
            let Some(case) = case_of(&house, act).await? else {
                bail!("there is no verdict on act {act}; oblik queue list shows what waits")
            };
            told.push(one(&house, &case, arguments.with_current, &mut count).await);
        }
        (None, Some(since)) => {
            let mut after = 0;
            loop {
                let mut tx = house.store.read().await?;
                let page = tx.acts_judged_since(since, after).await?;
                tx.roll_back().await?;
                let Some(last) = page.last() else { break };
                after = *last;
                for act in page {
                    let Some(case) = case_of(&house, act).await? else { continue };
                    let value = one(&house, &case, arguments.with_current, &mut count).await;
                    // Of thousands only what is not as it was is worth a line.
                    if value.get("same") != Some(&Value::Bool(true)) || arguments.with_current || arguments.each {
                        told.push(value);
                    }
                }
            }
        }
        (None, None) => bail!("name an act, or --all-since DATE"),
    }
    house.store.close().await;
    eprintln!("{} verdicts are the same, {} differ, {} cannot be repeated", count.same, count.different, count.impossible);
    if setup.json {
        print::json(&json!({
            "same": count.same, "different": count.different, "impossible": count.impossible, "acts": told,
        }));
    }
    Ok(if count.different + count.impossible == 0 { Ending::Done } else { Ending::Bad })
}

async fn one(house: &House, case: &Case, with_current: bool, count: &mut Count) -> Value {
    let repeated = case.repeat(house);
    let mut told = json!({
        "act": case.act, "state": case.stored.state.as_str(), "received_at": case.received_at(),
        "judged_at": case.verdict.judged_at, "policy_sha256": case.verdict.policy_sha256,
        "stored": { "indication": case.verdict.indication, "sub_indication": case.verdict.sub_indication },
    });
    let same = match &repeated {
        Ok(repeated) if repeated.differences.is_empty() => {
            count.same += 1;
            true
        }
        Ok(_) => {
            count.different += 1;
            false
        }
        Err(_) => {
            count.impossible += 1;
            false
        }
    };
    let (value, why) = outcome(repeated);
    let said = if same { "the same".to_owned() } else { why.join("; ") };
    eprintln!("act {}: {} of {}: {said}", case.act, case.verdict.indication, case.verdict.judged_at.format("%Y-%m-%d %H:%M"));
    set(&mut told, "repeated", value);
    set(&mut told, "same", same.into());
    set(&mut told, "why", why.into());
    if with_current {
        let (mut value, why) = outcome(case.with_current(house).await);
        let changed = if why.is_empty() { "the same".to_owned() } else { why.join("; ") };
        eprintln!("  with today's trust and policy: {changed}");
        set(&mut value, "differences", why.into());
        set(&mut told, "current", value);
    }
    told
}

fn outcome(judged: std::result::Result<Repeated, Unrepeatable>) -> (Value, Vec<String>) {
    match judged {
        Ok(repeated) => (verdict(&repeated.judged), repeated.differences),
        Err(cause) => (Value::Null, vec![format!("{:#}", anyhow::Error::new(cause))]),
    }
}

fn verdict(judged: &Judged) -> Value {
    json!({
        "indication": judged.indication.as_str(),
        "sub_indication": judged.sub_indication.map(oblik_signature::SubIndication::as_str),
        "findings": judged.all_findings().map(|finding| finding.code.as_str()).collect::<Vec<_>>(),
    })
}

fn set(value: &mut Value, key: &str, what: Value) {
    if value.is_null() {
        *value = json!({});
    }
    if let Some(object) = value.as_object_mut() {
        object.insert(key.to_owned(), what);
    }
}
