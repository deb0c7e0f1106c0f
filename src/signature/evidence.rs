//! What a verdict rests on, kept so that it can be repeated: the same document, evidence and policy give the same verdict.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::algorithm::sha256;
use crate::judge::judge_file;
use crate::policy::Policy;
use crate::trust::Trust;
use crate::verdict::Judged;

/// Certificates, lists, digests and the moment of one verdict. The documents themselves are kept by their SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    version: u32,
    pub moment: DateTime<Utc>,
    pub policy_sha256: String,
    /// The signed file, or the CMS message.
    pub document_sha256: String,
    /// The content beside a detached signature.
    pub detached_sha256: Option<String>,
    /// The CMS message itself, base64; absent where the document is a PDF, which holds its own.
    cms: Option<String>,
    anchors: Vec<String>,
    intermediates: Vec<String>,
    revocation_lists: Vec<String>,
    pub indication: String,
    pub sub_indication: Option<String>,
}

/// Why a verdict cannot be repeated.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    #[error("read evidence")]
    Syntax(#[from] serde_json::Error),
    #[error("read evidence: {0} is not base64")]
    Encoding(&'static str),
    #[error("read evidence: version {0} is not known")]
    Version(u32),
    #[error("repeat verdict: the {0} is not the one that was judged")]
    Differs(&'static str),
    #[error("repeat verdict")]
    Trust(#[from] crate::trust::TrustError),
}

impl Evidence {
    /// Evidence of `judged`, the verdict on `document` (and on `detached` content beside it).
    pub fn of(judged: &Judged, document: &[u8], detached: Option<&[u8]>) -> Self {
        let mut anchors = BTreeMap::new();
        let mut intermediates = BTreeMap::new();
        let mut lists = BTreeMap::new();
        for judgement in &judged.signatures {
            for (certificate, link) in judgement.certificates.iter().zip(&judgement.chain) {
                let to = if link.is_anchor { &mut anchors } else { &mut intermediates };
                to.insert(certificate.sha256, STANDARD.encode(&certificate.der));
            }
            lists.extend(judgement.revocation_lists.iter().map(|list| (list.sha256, STANDARD.encode(&list.der))));
        }
        let is_pdf = judged.container == crate::Container::Pdf;
        Self {
            version: 1,
            moment: judged.moment,
            policy_sha256: hex::encode(judged.policy_sha256),
            document_sha256: hex::encode(sha256(document)),
            detached_sha256: detached.map(|content| hex::encode(sha256(content))),
            cms: (!is_pdf).then(|| STANDARD.encode(document)),
            anchors: anchors.into_values().collect(),
            intermediates: intermediates.into_values().collect(),
            revocation_lists: lists.into_values().collect(),
            indication: judged.indication.as_str().to_owned(),
            sub_indication: judged.sub_indication.map(|sub| sub.as_str().to_owned()),
        }
    }

    /// JSON for the store.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// # Errors
    /// [`EvidenceError::Syntax`] and [`EvidenceError::Version`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        let evidence: Self = serde_json::from_slice(bytes)?;
        if evidence.version == 1 { Ok(evidence) } else { Err(EvidenceError::Version(evidence.version)) }
    }

    /// The CMS message that was judged, where the document is one.
    ///
    /// # Errors
    /// [`EvidenceError::Encoding`]
    pub fn cms(&self) -> Result<Option<Vec<u8>>, EvidenceError> {
        self.cms.as_deref().map(|text| STANDARD.decode(text).map_err(|_| EvidenceError::Encoding("cms"))).transpose()
    }

    /// Judges again, with the certificates and lists of then, at the moment of then.
    ///
    /// # Errors
    /// [`EvidenceError::Differs`] when document, content or policy is not the one that was judged.
    pub fn repeat(&self, document: &[u8], detached: Option<&[u8]>, policy: &Policy) -> Result<Judged, EvidenceError> {
        for (what, agrees) in [
            ("document", hex::encode(sha256(document)) == self.document_sha256),
            ("content", detached.map(|content| hex::encode(sha256(content))) == self.detached_sha256),
            ("policy", hex::encode(policy.sha256()) == self.policy_sha256),
        ] {
            if !agrees {
                return Err(EvidenceError::Differs(what));
            }
        }
        let mut trust = Trust::default();
        for der in decoded(&self.anchors, "anchor")? {
            trust.add_anchors(&der)?;
        }
        for der in decoded(&self.intermediates, "intermediate")? {
            trust.add_intermediates(&der)?;
        }
        for der in decoded(&self.revocation_lists, "revocation list")? {
            trust.add_crls(&der)?;
        }
        Ok(judge_file(document, detached, &trust, policy, self.moment))
    }
}

fn decoded(texts: &[String], what: &'static str) -> Result<Vec<Vec<u8>>, EvidenceError> {
    texts.iter().map(|text| STANDARD.decode(text).map_err(|_| EvidenceError::Encoding(what))).collect()
}
