//! `oblik trust`: what a trusted list says.

use std::path::Path;

use anyhow::{Context as _, Result};
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};

use oblik_domain::limits::TRUSTED_LIST_GRACE_DAYS;
use oblik_pipeline::{read_signers, read_trusted_list};
use oblik_signature::{Policy, Trust};
use oblik_trustlist::{Entry, Expectation, Freshness, Period, Provider, TrustedList};
use serde_json::{Value, json};

use crate::arguments::{ListOption, TrustCommand};
use crate::configuration::Setup;
use crate::{Ending, print};

pub fn run(setup: &Setup, what: &TrustCommand) -> Result<Ending> {
    let TrustCommand::Show { file, list_signers, at } = what;
    let moment = at.unwrap_or_else(oblik_channels::clock::now);
    let (list, grace) = match (file, list_signers) {
        (Some(file), Some(signers)) => (read(file, signers, &Policy::embedded(), moment)?, i64::from(TRUSTED_LIST_GRACE_DAYS)),
        (file, signers) => {
            let (_, config) = setup.read()?;
            let configured = config.trust.list.context("the configuration has no [trust.list]; name FILE and --list-signers")?;
            let file = file.as_ref().unwrap_or(&configured.file);
            let signers = signers.as_ref().unwrap_or(&configured.signers);
            let policy = policy(config.trust.policy.as_deref())?;
            (read(file, signers, &policy, moment)?, i64::from(configured.grace_days))
        }
    };
    let freshness = list.freshness(moment, TimeDelta::days(grace));
    if setup.json {
        print::json(&told(&list, moment, freshness));
    } else {
        show(&list, moment, freshness);
    }
    Ok(if matches!(freshness, Freshness::Outdated { .. }) { Ending::Bad } else { Ending::Done })
}

/// The services of `--trust-list`, added to what is trusted.
pub fn add(option: &ListOption, trust: &mut Trust, policy: &Policy, moment: DateTime<Utc>) -> Result<()> {
    if let (Some(file), Some(signers)) = (&option.trust_list, &option.list_signers) {
        let list = read(file, signers, policy, moment)?;
        for reason in list.add_to(trust, TimeDelta::days(TRUSTED_LIST_GRACE_DAYS.into())) {
            eprintln!("{}: left out: {reason}", file.display());
        }
    }
    Ok(())
}

/// The configured list in one line and in JSON, for `oblik config check` and `oblik status`.
pub fn summary(config: &oblik_config::TrustPaths) -> Result<Option<(String, Value)>> {
    let Some(at) = &config.list else { return Ok(None) };
    let moment = oblik_channels::clock::now();
    let list = read(&at.file, &at.signers, &policy(config.policy.as_deref())?, moment)?;
    let granted = list.services_at(moment).filter(|(_, _, period)| is_granted(period)).count();
    let freshness = list.freshness(moment, TimeDelta::days(at.grace_days.into()));
    let line = format!("{}: {granted} services granted; {}", headline(&list), age(freshness, list.next_update()));
    let value = json!({ "territory": list.territory(), "sequence": list.sequence(), "issued_at": stamp(list.issued_at()),
        "next_update": stamp(list.next_update()), "freshness": word(freshness), "granted": granted });
    Ok(Some((line, value)))
}

fn read(file: &Path, signers: &Path, policy: &Policy, moment: DateTime<Utc>) -> Result<TrustedList> {
    let signers = read_signers(signers)?;
    Ok(read_trusted_list(file, Expectation { signers: &signers, policy, moment, known_sequence: None })?)
}

fn policy(path: Option<&Path>) -> Result<Policy> {
    let Some(path) = path else { return Ok(Policy::embedded()) };
    let text = oblik_channels::files::read_text(path).with_context(|| format!("read {}", path.display()))?;
    Ok(Policy::parse(&text)?)
}

fn is_granted(period: &Period) -> bool {
    period.status.is_granted() && period.unfit.is_none()
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn headline(list: &TrustedList) -> String {
    format!("trusted list {} {} of {}", list.territory(), list.sequence(), stamp(list.issued_at()))
}

fn age(freshness: Freshness, next_update: DateTime<Utc>) -> String {
    match freshness {
        Freshness::Fresh => format!("next update {}", stamp(next_update)),
        Freshness::Overdue { since } => format!("a newer one is due since {}", stamp(since)),
        Freshness::Outdated { since } => format!("too old to be believed: a newer one is due since {}", stamp(since)),
    }
}

fn word(freshness: Freshness) -> &'static str {
    match freshness {
        Freshness::Fresh => "fresh",
        Freshness::Overdue { .. } => "overdue",
        Freshness::Outdated { .. } => "outdated",
    }
}

fn status(period: &Period) -> String {
    match &period.unfit {
        Some(reason) => format!("{}, but {reason}", period.status.as_str()),
        None => period.status.as_str().to_owned(),
    }
}

fn show(list: &TrustedList, moment: DateTime<Utc>, freshness: Freshness) {
    let (signer, sha256) = list.signer();
    eprintln!("{}, {}", headline(list), list.operator());
    eprintln!("signed by {signer}, SHA-256 {}", hex::encode(sha256));
    eprintln!("{}", age(freshness, list.next_update()));
    let row = |(provider, service, period): (&Provider, &Entry, &Period)| {
        let kind = period.kind.as_str().to_owned();
        vec![status(period), stamp(period.from), kind, service.name.clone(), provider.name.clone()]
    };
    let mut rows: Vec<_> = list.services_at(moment).map(row).collect();
    rows.sort();
    print::table(&["status", "since", "kind", "service", "provider"], &rows);
    for reason in list.providers().iter().flat_map(|provider| &provider.left_out) {
        eprintln!("left out: {reason}");
    }
}

fn told(list: &TrustedList, moment: DateTime<Utc>, freshness: Freshness) -> Value {
    let period = |period: &Period| {
        json!({ "kind": period.kind.as_str(), "status": period.status.as_str(), "unfit": period.unfit,
            "from": stamp(period.from), "until": period.until.map(stamp) })
    };
    let service = |service: &Entry| {
        let certificates: Vec<_> = service.fingerprints().map(hex::encode).collect();
        json!({ "name": service.name, "now": service.at(moment).map(period),
            "granted": service.at(moment).is_some_and(is_granted),
            "periods": service.periods().iter().map(period).collect::<Vec<_>>(), "certificates_sha256": certificates })
    };
    let provider = |provider: &Provider| {
        json!({ "name": provider.name, "left_out": provider.left_out,
            "services": provider.services.iter().map(service).collect::<Vec<_>>() })
    };
    let (signer, sha256) = list.signer();
    json!({ "territory": list.territory(), "operator": list.operator(), "sequence": list.sequence(),
        "issued_at": stamp(list.issued_at()), "next_update": stamp(list.next_update()), "freshness": word(freshness),
        "signer": { "subject": signer, "sha256": hex::encode(sha256) }, "at": stamp(moment),
        "providers": list.providers().iter().map(provider).collect::<Vec<_>>() })
}
