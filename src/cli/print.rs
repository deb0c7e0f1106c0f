//! How things are told: JSON to machines, tables to people, exit codes to scripts.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_config::Faults;
use oblik_domain::finding::Finding;
use oblik_pipeline::Assembly;
use oblik_store::{StoreError, StoredFinding};
use serde_json::{Value, json};

/// Exit code of a failure worth trying again (`EX_TEMPFAIL` of sysexits).
pub const TRY_LATER: u8 = 75;
const USAGE: u8 = 2;

/// Prints a value alone on standard output.
pub fn json(value: &Value) {
    println!("{value:#}");
}

/// Until when an act that waits `since` for the status of certificates waits at most.
pub fn waits_until(config: &oblik_config::Config, since: DateTime<Utc>) -> DateTime<Utc> {
    TimeDelta::from_std(config.trust.try_later).ok().and_then(|longest| since.checked_add_signed(longest)).unwrap_or(since)
}

pub fn minute(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

/// 75 when the world may mend it, 2 when the administrator must.
pub fn exit_code(cause: &anyhow::Error) -> u8 {
    let is_store = |assembly: Option<&Assembly>| matches!(assembly, Some(Assembly::Store(_)));
    if cause.downcast_ref::<Faults>().is_some() {
        USAGE
    } else if cause.downcast_ref::<StoreError>().is_some() || is_store(cause.downcast_ref::<Assembly>()) {
        TRY_LATER
    } else {
        USAGE
    }
}

/// What a finding says, in the words its receiver reads.
pub fn sentence(finding: &Finding) -> String {
    let told = oblik_words::findings::sentence(finding);
    format!("{} {}", told.what, told.todo)
}

pub fn finding(finding: &Finding) -> Value {
    let named: serde_json::Map<String, Value> =
        finding.values.iter().map(|(name, value)| (name.to_string(), Value::from(value.as_str()))).collect();
    json!({
        "code": finding.code.as_str(),
        "level": finding.level.as_str(),
        "message": sentence(finding),
        "values": named,
        "line": finding.place.map(|place| place.line),
        "column": finding.place.map(|place| place.column),
    })
}

pub fn stored_findings(findings: &[StoredFinding]) -> Value {
    findings.iter().map(|stored| finding(&stored.to_finding())).collect()
}

/// Prints rows under heads, columns as wide as their widest cell; to standard error.
pub fn table(heads: &[&str], rows: &[Vec<String>]) {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(heads.get(column).map(|head| head.chars().count())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded =
            cells.zip(&widths).map(|(cell, width)| format!("{cell}{}", " ".repeat(width.saturating_sub(cell.chars().count()))));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    eprintln!("{}", line(&mut heads.iter().copied()));
    for row in rows {
        eprintln!("{}", line(&mut row.iter().map(String::as_str)));
    }
}

/// Who says it, for the journal: whose process this is by the system's own word. A variable of the environment is anybody's
/// to set, and four eyes must be those of two people.
pub fn operator() -> String {
    use std::os::unix::fs::MetadataExt as _;
    let own = std::fs::metadata("/proc/self").ok().map(|own| own.uid());
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    operator_of(own, &users, std::env::var("SUDO_USER").ok())
}

/// The name of a user id; of root, who became it by `sudo`.
fn operator_of(own: Option<u32>, users: &str, sudo: Option<String>) -> String {
    let Some(own) = own else { return "unknown".to_owned() };
    if let (0, Some(sudo)) = (own, sudo) {
        return sudo;
    }
    let id = own.to_string();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    });
    named.unwrap_or_else(|| format!("user {id}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_is_whose_process_it_is_and_root_is_who_became_it() {
        let users = "root:x:0:0:root:/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\nbroken\n";
        for (own, sudo, name) in [
            (Some(1000), None, "anna"),
            // Only root can have become itself.
            (Some(1000), Some("bohdan"), "anna"),
            (Some(0), None, "root"),
            (Some(0), Some("bohdan"), "bohdan"),
            (Some(1001), None, "user 1001"),
            (None, Some("bohdan"), "unknown"),
        ] {
            assert_eq!(operator_of(own, users, sudo.map(str::to_owned)), name);
        }
    }
}
