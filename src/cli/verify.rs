//! `oblik verify`: the judge alone, without database or network.

use std::path::Path;

use anyhow::{Context as _, Result};
use oblik_channels::files;
use oblik_mail::{Message, Signed, signed_act};
use oblik_signature::{Indication, Judged, Policy, Trust, judge_detached, judge_enclosing, judge_file, judge_pdf};

use crate::arguments::Verify;
use crate::{Ending, print};

pub fn run(arguments: &Verify, json: bool) -> Result<Ending> {
    let bytes = read(&arguments.file)?;
    let content = arguments.content.as_deref().map(read).transpose()?;
    let trust = trust(arguments)?;
    let policy = match &arguments.policy {
        None => Policy::embedded(),
        Some(path) => Policy::parse(&files::read_text(path).with_context(|| format!("read {}", path.display()))?)?,
    };
    let moment = arguments.at.unwrap_or_else(oblik_channels::clock::now);
    let judge = |bytes: &[u8], content: Option<&[u8]>| judge_file(bytes, content, &trust, &policy, moment);
    let judged = match (&content, envelope(&bytes)) {
        (None, Some(signed)) => match &signed {
            Signed::Pdf(part) => judge_pdf(&part.bytes, &trust, &policy, moment),
            Signed::Detached { content, signature } => judge_detached(&content.bytes, &signature.bytes, &trust, &policy, moment),
            Signed::Enclosing(part) | Signed::SmimeEnclosing(part) => judge_enclosing(&part.bytes, &trust, &policy, moment),
            Signed::SmimeSigned { content, signature } => judge_detached(content, signature, &trust, &policy, moment),
        },
        (content, _) => judge(&bytes, content.as_deref()),
    };
    let report = oblik_signature::report::report(&judged, print::sentence);
    if json {
        print::json(&serde_json::to_value(&report).context("write the report")?);
    }
    tell(arguments, &judged);
    Ok(if judged.indication == Indication::TotalPassed { Ending::Done } else { Ending::Bad })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("read {}", path.display()))
}

/// The signed part of a mail, when the file is one.
fn envelope(bytes: &[u8]) -> Option<Signed> {
    if bytes.starts_with(b"%PDF") || oblik_signature::looks_like_cms(bytes) {
        return None;
    }
    signed_act(&Message::parse(bytes).ok()?).ok().map(|candidate| candidate.signed)
}

fn trust(arguments: &Verify) -> Result<Trust> {
    let mut trust = Trust::default();
    let each = |path: &Path| files::read_folder(path).with_context(|| format!("read {}", path.display()));
    for path in &arguments.trust {
        for (file, bytes) in each(path)? {
            trust.add_anchors(&bytes).with_context(|| format!("read the root in {}", file.display()))?;
        }
    }
    for (file, bytes) in arguments.intermediates.as_deref().map(each).transpose()?.unwrap_or_default() {
        trust.add_intermediates(&bytes).with_context(|| format!("read the certificate in {}", file.display()))?;
    }
    for (file, bytes) in arguments.crl.as_deref().map(each).transpose()?.unwrap_or_default() {
        trust.add_crls(&bytes).with_context(|| format!("read the revocation list in {}", file.display()))?;
    }
    Ok(trust)
}

fn tell(arguments: &Verify, judged: &Judged) {
    let sub = judged.sub_indication.map(|sub| format!(" ({})", sub.as_str())).unwrap_or_default();
    eprintln!("{}: {}{sub}", arguments.file.display(), judged.indication.as_str());
    for finding in &judged.findings {
        eprintln!("  {}: {}", finding.code, print::sentence(finding));
    }
    for judgement in &judged.signatures {
        let sub = judgement.sub_indication.map(|sub| format!(" ({})", sub.as_str())).unwrap_or_default();
        eprintln!(
            "  {}: {}{sub}; {}, {}, {}",
            judgement.holder.name,
            judgement.indication.as_str(),
            judgement.format,
            judgement.algorithm,
            judgement.covers
        );
        for finding in &judgement.findings {
            eprintln!("    {}: {}", finding.code, print::sentence(finding));
        }
    }
}
