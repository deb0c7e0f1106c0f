//! The end of the demo: a table a newcomer understands, paths to open, and the same as JSON.

use std::path::Path;

use chrono::TimeDelta;
use oblik_domain::invoice::IssuerRole;
use serde_json::{Value, json};

use super::gloss;
use super::outcome::{Ending, Outcome, Sent, ToSign};
use super::story::{Arrival, Story};
use crate::print;

pub fn show(dir: &Path, story: &Story, outcome: &Outcome, journal_entries: i64, took: TimeDelta) {
    eprintln!("\nWhat came by mail, and what became of it\n");
    for (number, (arrival, ending)) in (1..).zip(story.mails.iter().zip(&outcome.mails)) {
        mail(dir, number, arrival, ending);
    }
    eprintln!("What a partner's system dropped\n");
    for (arrival, ending) in story.files.iter().zip(&outcome.files) {
        file(dir, arrival, ending);
    }
    eprintln!("Acts made of what the partner read, sent to the customers to be signed\n");
    for ToSign { act, path } in &outcome.acts {
        eprintln!("     {} for {}: {}", act.contract, act.period, shown(dir, path));
    }
    eprintln!();
    let seconds = took.as_seconds_f64();
    eprintln!(
        "{} invoices issued and signed in {seconds:.1} s; the journal's chain of {journal_entries} entries holds.\n",
        outcome.invoices.len()
    );
    hints(dir, story, outcome);
}

fn mail(dir: &Path, number: u32, arrival: &Arrival, ending: &Ending) {
    eprintln!("{number:>3}  {}", arrival.what);
    eprintln!("     from {}", arrival.from);
    eprintln!("     {}: {}", ending.state.to_uppercase(), gloss::state(&ending.state));
    findings(ending);
    for (number, total, issuer) in ending.invoices.iter().filter(|_| ending.state == "invoiced") {
        let whose = if *issuer == IssuerRole::Operator { " of the distribution operator, for reactive energy" } else { "" };
        eprintln!("     invoice {number}, {} UAH{whose}", grouped(total));
    }
    match ending.letters.as_slice() {
        [] => eprintln!("     no answer"),
        letters => {
            for Sent { letter, path } in letters {
                eprintln!("     → {}: {}", letter.recipient, shown(dir, path));
            }
        }
    }
    eprintln!();
}

fn findings(ending: &Ending) {
    for finding in &ending.findings {
        let gloss = gloss::finding(finding.code);
        let english = if gloss.is_empty() { String::new() } else { format!(" ({gloss})") };
        eprintln!("     {}{english}\n       {}", finding.code, oblik_words::findings::sentence(finding).what);
    }
}

fn file(dir: &Path, arrival: &Arrival, ending: &Ending) {
    eprintln!("     {}: {}", shown(dir, &dir.join(&arrival.path)), arrival.what);
    if ending.findings.is_empty() {
        eprintln!("     ACCEPTED: the readings wait for the month's run");
    } else {
        eprintln!("     REFUSED whole: a file is applied whole or not at all");
    }
    findings(ending);
    for sent in &ending.letters {
        eprintln!("     → {}", shown(dir, &sent.path));
    }
    eprintln!();
}

fn hints(dir: &Path, story: &Story, outcome: &Outcome) {
    let invoice = outcome.invoices.first().map(|issued| issued.path.display().to_string()).unwrap_or_default();
    let billed = outcome.invoices.first().map(|issued| issued.stored.contract.to_string()).unwrap_or_default();
    let (dir, account, period) = (dir.display(), &story.read_by_partner, story.period);
    eprintln!("What to look at next");
    for (command, what) in [
        (format!("xdg-open {invoice}"), "a signed invoice; the .xml beside it says the same to machines (UBL 2.1, EN 16931)"),
        (format!("pdfsig -nocert {invoice}"), "its signature, judged by a program that is not ours"),
        (format!("oblik verify {invoice} --trust {dir}/trust/anchors --crl {dir}/trust/crls"), "and by ours"),
        (
            format!("ls {dir}/out/letters {dir}/drop/ack"),
            "what customers and the partner were told; .eml opens in any mail program",
        ),
        (format!("oblik --config {dir}/oblik.toml queue list"), "what waits for a person"),
        (
            format!("oblik --config {dir}/oblik.toml statement {billed} balance --out {dir}/out/balance.xlsx"),
            "what a customer owes, as a workbook; .pdf and .csv as well",
        ),
        (
            format!("oblik --config {dir}/oblik.toml bill --account {account} --period {period} --trace"),
            "bill readings that came by file",
        ),
        (format!("oblik --config {dir}/oblik.toml audit verify"), "walk the journal's chain"),
    ] {
        eprintln!("  {command}\n      {what}");
    }
}

fn shown(dir: &Path, path: &Path) -> String {
    path.strip_prefix(dir).unwrap_or(path).display().to_string()
}

/// `1234567.80` as `1 234 567.80`.
fn grouped(amount: &str) -> String {
    let (whole, rest) = amount.split_once('.').unwrap_or((amount, "00"));
    let count = whole.chars().count();
    let digits = whole
        .chars()
        .enumerate()
        .map(|(at, c)| if at > 0 && (count - at).is_multiple_of(3) { format!(" {c}") } else { c.to_string() });
    format!("{}.{rest}", digits.collect::<String>())
}

/// What `--json` prints: `items`, `invoices` and `letters`, as scripts know them.
pub fn json(outcome: &Outcome) -> Value {
    let endings = || outcome.mails.iter().chain(&outcome.files);
    let item = |ending: &Ending| {
        json!({
            "origin": ending.origin, "state": ending.state, "item_state": ending.item_state.as_str(),
            "findings": ending.findings.iter().map(print::finding).collect::<Vec<_>>(),
            "invoice": ending.invoices.first().filter(|_| ending.state == "invoiced").map(|(number, ..)| number),
        })
    };
    let letter = |sent: &Sent| {
        let Sent { letter, path } = sent;
        json!({
            "to": letter.recipient, "subject": letter.subject, "purpose": letter.purpose, "channel": letter.channel,
            "state": letter.state.as_str(), "path": path,
        })
    };
    let invoice = |issued: &super::outcome::Issued| {
        let stored = &issued.stored;
        json!({
            "number": stored.number.to_string(), "issuer": stored.invoice.issuer.as_str(), "account": stored.contract.as_str(), "period": stored.period.to_string(),
            "total": stored.total.to_string(), "pdf": issued.path, "xml": issued.xml,
        })
    };
    let act = |to_sign: &ToSign| {
        let act = &to_sign.act;
        json!({ "account": act.contract.as_str(), "period": act.period.to_string(), "version": act.version, "pdf": to_sign.path })
    };
    json!({
        "acts": outcome.acts.iter().map(act).collect::<Vec<_>>(),
        "items": endings().map(item).collect::<Vec<_>>(),
        "invoices": outcome.invoices.iter().map(invoice).collect::<Vec<_>>(),
        "letters": endings().flat_map(|ending| &ending.letters).map(letter).collect::<Vec<_>>(),
    })
}
