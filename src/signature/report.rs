//! A verdict in the shape `oblik verify --json` prints it.

use chrono::{DateTime, SecondsFormat, Utc};
use oblik_domain::account::HolderKind;
use oblik_domain::finding::Finding;
use serde::Serialize;

use crate::verdict::{ChainLink, Judged, Judgement, SignedDocument, TimestampVerdict};

/// The verdict on a file.
#[derive(Debug, Clone, Serialize)]
pub struct FileReport {
    pub indication: &'static str,
    pub sub_indication: Option<&'static str>,
    pub container: &'static str,
    pub moment: String,
    pub policy_sha256: String,
    pub content_sha256: Option<String>,
    /// Files of a container that all of its signatures cover.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<DocumentReport>,
    pub signatures: Vec<SignatureReport>,
    pub findings: Vec<FindingReport>,
}

#[derive(Debug, Clone, Serialize)]
pub struct DocumentReport {
    pub name: String,
    pub sha256: String,
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
    pub timestamps: Vec<TimestampReport>,
    /// Signatures over this one; their verdicts do not weigh on it.
    pub counter_signatures: Vec<Self>,
}

#[derive(Debug, Clone, Serialize)]
pub struct TimestampReport {
    /// `content`, `signature`, `archive` or `document`.
    pub kind: &'static str,
    pub time: Option<String>,
    pub authority: String,
    pub serial: String,
    pub policy: String,
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
    pub surname: Option<String>,
    pub given_name: Option<String>,
    pub position: Option<String>,
    pub organization: Option<String>,
    /// `signature` or `seal`, where the certificate says it.
    pub kind: Option<&'static str>,
    /// Whether its authority claims that the certificate is qualified.
    pub qualified: bool,
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
        documents: judged.documents.iter().map(document).collect(),
        signatures: judged.signatures.iter().map(|judgement| signature(judgement, &sentence)).collect(),
        findings: findings(&judged.findings, &sentence),
    }
}

fn document(document: &SignedDocument) -> DocumentReport {
    DocumentReport { name: document.name.clone(), sha256: hex::encode(document.sha256) }
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

fn chain(links: &[ChainLink]) -> Vec<ChainReport> {
    let report = |link: &ChainLink| ChainReport {
        subject: link.subject.clone(),
        serial: link.serial.clone(),
        sha256: hex::encode(link.sha256),
        not_before: stamp(link.not_before),
        not_after: stamp(link.not_after),
        trusted: link.is_anchor,
    };
    links.iter().map(report).collect()
}

fn signer(judgement: &Judgement) -> SignerReport {
    let holder = &judgement.holder;
    SignerReport {
        name: holder.name.clone(),
        subject: judgement.subject.clone(),
        serial: judgement.serial.clone(),
        issuer: judgement.issuer.clone(),
        edrpou: holder.edrpou.as_ref().map(ToString::to_string),
        rnokpp: holder.rnokpp.as_ref().map(ToString::to_string),
        surname: holder.surname.clone(),
        given_name: holder.given_name.clone(),
        position: holder.position.clone(),
        organization: holder.organization.clone(),
        kind: holder.kind.map(HolderKind::as_str),
        qualified: holder.is_qualified,
        certificate_sha256: hex::encode(holder.certificate_sha256),
    }
}

fn timestamp(verdict: &TimestampVerdict, sentence: &impl Fn(&Finding) -> String) -> TimestampReport {
    TimestampReport {
        kind: verdict.kind.as_str(),
        time: verdict.time.map(stamp),
        authority: verdict.authority.clone(),
        serial: verdict.serial.clone(),
        policy: verdict.policy.clone(),
        indication: verdict.indication.as_str(),
        sub_indication: verdict.sub_indication.map(crate::SubIndication::as_str),
        findings: findings(&verdict.findings, sentence),
        chain: chain(&verdict.chain),
    }
}

fn signature(judgement: &Judgement, sentence: &impl Fn(&Finding) -> String) -> SignatureReport {
    SignatureReport {
        format: judgement.format,
        level: Some(judgement.level).filter(|level| !level.is_empty()),
        signer: signer(judgement),
        algorithm: judgement.algorithm.clone(),
        digest: judgement.digest.clone(),
        signing_time: judgement.signing_time.map(stamp),
        timestamp_time: judgement.timestamp_time.map(stamp),
        covers: judgement.covers.clone(),
        indication: judgement.indication.as_str(),
        sub_indication: judgement.sub_indication.map(crate::SubIndication::as_str),
        findings: findings(&judgement.findings, sentence),
        chain: chain(&judgement.chain),
        timestamps: judgement.timestamps.iter().map(|verdict| timestamp(verdict, sentence)).collect(),
        counter_signatures: judgement.counter_signatures.iter().map(|one| signature(one, sentence)).collect(),
    }
}
