//! A verdict in the shape `oblik verify --json` prints it.

use chrono::{DateTime, SecondsFormat, Utc};
use oblik_domain::finding::Finding;
use serde::Serialize;

use crate::verdict::{Judged, Judgement};

/// The verdict on a file.
#[derive(Debug, Clone, Serialize)]
pub struct FileReport {
    pub indication: &'static str,
    pub sub_indication: Option<&'static str>,
    pub container: &'static str,
    pub moment: String,
    pub policy_sha256: String,
    pub content_sha256: Option<String>,
    pub signatures: Vec<SignatureReport>,
    pub findings: Vec<FindingReport>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SignatureReport {
    pub format: &'static str,
    pub level: Option<&'static str>,
    pub signer: SignerReport,
    pub algorithm: String,
    pub digest: String,
    /// As the signer claims.
    pub signing_time: Option<String>,
    /// As a timestamp proves.
    pub timestamp_time: Option<String>,
    pub covers: String,
    pub indication: &'static str,
    pub sub_indication: Option<&'static str>,
    pub findings: Vec<FindingReport>,
    pub chain: Vec<ChainReport>,
}

#[derive(Debug, Clone, Serialize)]
pub struct SignerReport {
    pub name: String,
    pub subject: String,
    pub serial: String,
    pub issuer: String,
    pub edrpou: Option<String>,
    pub rnokpp: Option<String>,
    pub certificate_sha256: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct FindingReport {
    pub code: &'static str,
    pub level: &'static str,
    pub message: String,
}

#[derive(Debug, Clone, Serialize)]
pub struct ChainReport {
    pub subject: String,
    pub serial: String,
    pub sha256: String,
    pub not_before: String,
    pub not_after: String,
    pub trusted: bool,
}

/// The report on `judged`; `sentence` words a finding for people.
pub fn report(judged: &Judged, sentence: impl Fn(&Finding) -> String) -> FileReport {
    FileReport {
        indication: judged.indication.as_str(),
        sub_indication: judged.sub_indication.map(crate::SubIndication::as_str),
        container: judged.container.as_str(),
        moment: stamp(judged.moment),
        policy_sha256: hex::encode(judged.policy_sha256),
        content_sha256: judged.signed.as_ref().map(|signed| hex::encode(signed.sha256())),
        signatures: judged.signatures.iter().map(|judgement| signature(judgement, &sentence)).collect(),
        findings: findings(&judged.findings, &sentence),
    }
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn findings(findings: &[Finding], sentence: &impl Fn(&Finding) -> String) -> Vec<FindingReport> {
    let report = |finding: &Finding| FindingReport {
        code: finding.code.as_str(),
        level: finding.level.as_str(),
        message: sentence(finding),
    };
    findings.iter().map(report).collect()
}

fn signature(judgement: &Judgement, sentence: &impl Fn(&Finding) -> String) -> SignatureReport {
    let chain = judgement.chain.iter().map(|link| ChainReport {
        subject: link.subject.clone(),
        serial: link.serial.clone(),
        sha256: hex::encode(link.sha256),
        not_before: stamp(link.not_before),
        not_after: stamp(link.not_after),
        trusted: link.is_anchor,
    });
    SignatureReport {
        format: judgement.format,
        level: Some(judgement.level).filter(|level| !level.is_empty()),
        signer: SignerReport {
            name: judgement.holder.name.clone(),
            subject: judgement.subject.clone(),
            serial: judgement.serial.clone(),
            issuer: judgement.issuer.clone(),
            edrpou: judgement.holder.edrpou.as_ref().map(ToString::to_string),
            rnokpp: judgement.holder.rnokpp.as_ref().map(ToString::to_string),
            certificate_sha256: hex::encode(judgement.holder.certificate_sha256),
        },
        algorithm: judgement.algorithm.clone(),
        digest: judgement.digest.clone(),
        signing_time: judgement.signing_time.map(stamp),
        timestamp_time: None,
        covers: judgement.covers.clone(),
        indication: judgement.indication.as_str(),
        sub_indication: judgement.sub_indication.map(crate::SubIndication::as_str),
        findings: findings(&judgement.findings, sentence),
        chain: chain.collect(),
    }
}
