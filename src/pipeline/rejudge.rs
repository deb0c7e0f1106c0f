//! A verdict repeated: from the message as received, the evidence of then and the policy of then. The record is never changed.

use chrono::{DateTime, Utc};
use oblik_mail::Signed;
use oblik_signature::evidence::{Evidence, EvidenceError};
use oblik_signature::{Judged, Moments, Policy};
use oblik_store::{ItemWork, Result, StoredAct, Verdict};

use crate::House;
use crate::house::parse;
use crate::quest::{LONGEST, Quest};
use crate::signed::{ALONE, judge_signed, parts_of, signed_of};

/// Everything the verdict on one act rests on.
#[derive(Debug, Clone)]
pub struct Case {
    pub act: i64,
    pub stored: StoredAct,
    pub item: ItemWork,
    pub verdict: Verdict,
    /// JSON.
    pub evidence: Vec<u8>,
    /// As received.
    pub message: Vec<u8>,
    /// The policy of then, when it is known.
    pub policy: Option<String>,
    /// Our document, where its signature came without it.
    pub apart: Option<Vec<u8>>,
}

/// Why a verdict cannot be repeated.
#[derive(Debug, thiserror::Error)]
pub enum Unrepeatable {
    #[error("the message no longer holds what was judged")]
    Message,
    #[error("the policy {0} is not stored and not the present one")]
    NoPolicy(String),
    #[error("the policy that is stored does not read")]
    Policy(#[from] oblik_signature::PolicyError),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
}

/// A verdict beside the one that was stored.
#[derive(Debug, Clone)]
pub struct Repeated {
    pub judged: Judged,
    /// In what they differ; empty when they are the same.
    pub differences: Vec<String>,
}

/// What is stored of an act's verdict; `None` when there is no such act or it was not judged yet.
///
/// # Errors
/// The store cannot be reached.
pub async fn case_of(house: &House, act: i64) -> Result<Option<Case>> {
    let mut tx = house.store.read().await?;
    let (Some(stored), Some(verdict)) = (tx.act(act).await?, tx.verdict(act).await?) else {
        tx.roll_back().await?;
        return Ok(None);
    };
    let item = tx.item(stored.item_id).await?;
    let (evidence, message) = (tx.blob(&verdict.evidence_sha256).await?, tx.blob(&item.blob_sha256).await?);
    let policy = tx.blob_if_there(&verdict.policy_sha256).await?.and_then(|bytes| String::from_utf8(bytes).ok());
    let apart = match tx.copy_of(act).await?.filter(|_| stored.form == ALONE) {
        Some(copy) => Some(tx.blob(&copy.sha256).await?),
        None => None,
    };
    tx.roll_back().await?;
    // Verdicts of before the text was stored.
    let known =
        [house.policy.as_ref(), &Policy::embedded()].map(|policy| (hex::encode(policy.sha256()), policy.text().to_owned()));
    let policy = policy.or_else(|| known.into_iter().find(|(sha256, _)| *sha256 == verdict.policy_sha256).map(|(_, text)| text));
    Ok(Some(Case { act, stored, item, verdict, evidence, message, policy, apart }))
}

impl Case {
    pub fn received_at(&self) -> DateTime<Utc> {
        self.item.received_at
    }

    /// What of the message was judged.
    ///
    /// # Errors
    /// [`Unrepeatable::Message`], also when it is encrypted and its key is gone.
    pub fn signed(&self, house: &House) -> std::result::Result<Signed, Unrepeatable> {
        let message = parse(&self.message, &house.decryptors).map_err(|_| Unrepeatable::Message)?;
        signed_of(&message, &self.stored.form, self.apart.as_deref()).ok_or(Unrepeatable::Message)
    }

    /// Judges again with the evidence and the policy of then, as of then.
    ///
    /// # Errors
    /// [`Unrepeatable`]
    pub fn repeat(&self, house: &House) -> std::result::Result<Repeated, Unrepeatable> {
        let text = self.policy.as_ref().ok_or_else(|| Unrepeatable::NoPolicy(self.verdict.policy_sha256.clone()))?;
        let (policy, evidence) = (Policy::parse(text)?, Evidence::from_bytes(&self.evidence)?);
        let signed = self.signed(house)?;
        let (document, detached) = parts_of(&signed);
        let judged = evidence.repeat(document, detached, &policy)?;
        Ok(Repeated { differences: self.differences(&judged), judged })
    }

    /// Judges the message with what is trusted, known and wanted today.
    ///
    /// # Errors
    /// [`Unrepeatable::Message`]
    pub async fn with_current(&self, house: &House) -> std::result::Result<Repeated, Unrepeatable> {
        let signed = self.signed(house)?;
        let now = house.now();
        let moments = Moments::new(now, self.received_at());
        let judged = match &house.online {
            None => judge_signed(&signed, &house.trust, &house.policy, moments),
            Some(online) => {
                let mut quest = Quest::new(online.clone(), &house.trust, LONGEST);
                quest.judge(now, |trust| judge_signed(&signed, trust, &house.policy, moments)).await
            }
        };
        Ok(Repeated { differences: self.differences(&judged), judged })
    }

    fn differences(&self, judged: &Judged) -> Vec<String> {
        let mut differences = Vec::new();
        let none = || "none".to_owned();
        let (was, is) = (self.verdict.indication.as_str(), judged.indication.as_str());
        if was != is {
            differences.push(format!("indication {was}, now {is}"));
        }
        let was = self.verdict.sub_indication.clone().unwrap_or_else(none);
        let is = judged.sub_indication.map_or_else(none, |sub| sub.as_str().to_owned());
        if was != is {
            differences.push(format!("sub-indication {was}, now {is}"));
        }
        let signer = &self.verdict.certificate_sha256;
        let stands = |judgement: &oblik_signature::Judgement| hex::encode(judgement.holder.certificate_sha256) == *signer;
        if !signer.is_empty() && !judged.signatures.iter().any(stands) {
            differences.push(format!("the signer's certificate {signer} is no longer found"));
        }
        differences
    }
}
