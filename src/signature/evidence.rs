//! What a verdict rests on, kept so that it can be repeated: the same document, evidence and policy give the same verdict.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::algorithm::sha256;
use crate::asic::judge_asic;
use crate::judge::{judge_detached, judge_enclosing, judge_file, looks_like_cms};
use crate::listed::{Listed, Listing};
use crate::moments::Moments;
use crate::pdf::judge_pdf;
use crate::policy::Policy;
use crate::relevant::Relevant;
use crate::trust::Trust;
use crate::verdict::{Container, Judged};

/// Certificates, lists, digests and the moment of one verdict. The documents themselves are kept by their SHA-256.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    version: u32,
    pub moment: DateTime<Utc>,
    /// By when the document provably existed; `moment` when it is absent.
    #[serde(default)]
    pub proven: Option<DateTime<Utc>>,
    pub policy_sha256: String,
    /// The signed file, or the CMS message.
    pub document_sha256: String,
    /// The content beside a detached signature.
    pub detached_sha256: Option<String>,
    /// As what the document was judged; absent in evidence of before it was told.
    #[serde(default)]
    container: Option<String>,
    /// What the signatures proved, where they passed.
    #[serde(default)]
    content_sha256: Option<String>,
    /// The CMS message itself, base64; absent where the document is a PDF or an ASiC container, which holds its own.
    cms: Option<String>,
    anchors: Vec<String>,
    #[serde(default)]
    listed: Vec<ListedCertificate>,
    intermediates: Vec<String>,
    revocation_lists: Vec<String>,
    #[serde(default)]
    ocsp_responses: Vec<String>,
    pub indication: String,
    pub sub_indication: Option<String>,
}

/// What a trusted list said of a certificate when the verdict was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct ListedCertificate {
    /// DER in base64.
    certificate: String,
    listing: Listing,
}

/// The first version kept only the certificates and lists of the paths that were found; this one keeps whatever of trust
/// could have been looked at, timestamps' paths with it, so that a verdict which did not pass is repeated as well.
const VERSION: u32 = 2;

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
        let ground = Relevant::of(judged);
        let encoded = |der: &Vec<u8>| STANDARD.encode(der);
        let holds_its_own = matches!(judged.container, Container::Pdf | Container::AsicS | Container::AsicE);
        Self {
            version: VERSION,
            moment: judged.moment,
            proven: (judged.proven != judged.moment).then_some(judged.proven),
            policy_sha256: hex::encode(judged.policy_sha256),
            document_sha256: hex::encode(sha256(document)),
            detached_sha256: detached.map(|content| hex::encode(sha256(content))),
            container: Some(judged.container.as_str().to_owned()),
            content_sha256: judged.signed.as_ref().map(|signed| hex::encode(signed.sha256())),
            cms: (!holds_its_own).then(|| STANDARD.encode(document)),
            anchors: ground.anchors.iter().map(|each| encoded(&each.der)).collect(),
            listed: ground.listed.iter().map(|each| listed(each)).collect(),
            intermediates: ground.intermediates.iter().map(|each| encoded(&each.der)).collect(),
            revocation_lists: ground.revocation_lists.iter().map(|each| encoded(&each.der)).collect(),
            ocsp_responses: ground.ocsp_responses.iter().map(|each| encoded(&each.der)).collect(),
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
        if (1..=VERSION).contains(&evidence.version) { Ok(evidence) } else { Err(EvidenceError::Version(evidence.version)) }
    }

    /// The CMS message that was judged, where the document is one.
    ///
    /// # Errors
    /// [`EvidenceError::Encoding`]
    pub fn cms(&self) -> Result<Option<Vec<u8>>, EvidenceError> {
        self.cms.as_deref().map(|text| STANDARD.decode(text).map_err(|_| EvidenceError::Encoding("cms"))).transpose()
    }

    /// Certificates, lists and answers of then in DER, each with what it is: `root`, `certificate`, `crl`, `ocsp`.
    ///
    /// # Errors
    /// [`EvidenceError::Encoding`]
    pub fn material(&self) -> Result<Vec<(&'static str, Vec<u8>)>, EvidenceError> {
        let mut all = Vec::new();
        for (kind, texts) in [
            ("root", &self.anchors),
            ("certificate", &self.intermediates),
            ("crl", &self.revocation_lists),
            ("ocsp", &self.ocsp_responses),
        ] {
            all.extend(decoded(texts, kind)?.into_iter().map(|der| (kind, der)));
        }
        Ok(all)
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
        for service in &self.listed {
            let der = STANDARD.decode(&service.certificate).map_err(|_| EvidenceError::Encoding("listed certificate"))?;
            trust.add_listed(&der, service.listing.clone())?;
        }
        for der in decoded(&self.intermediates, "intermediate")? {
            trust.add_intermediates(&der)?;
        }
        for der in decoded(&self.revocation_lists, "revocation list")? {
            trust.add_crls(&der)?;
        }
        for der in decoded(&self.ocsp_responses, "OCSP response")? {
            trust.add_ocsp_responses(&der)?;
        }
        let moments = Moments::new(self.moment, self.proven.unwrap_or(self.moment));
        // Mail may bring anything as the signature of its other part, and that was judged as a signature.
        let is_strange =
            self.cms.is_some() && !looks_like_cms(document) && self.sub_indication.as_deref() != Some("NO_SIGNATURE");
        // What something is taken for depends on what mail or people call it: that was decided then.
        let container = self.container.as_deref();
        let was = |one: Container| container == Some(one.as_str());
        if was(Container::Pdf) {
            return Ok(judge_pdf(document, &trust, policy, moments));
        }
        if was(Container::AsicS) || was(Container::AsicE) {
            return Ok(judge_asic(document, &trust, policy, moments));
        }
        Ok(match detached {
            Some(content) if is_strange => judge_detached(content, document, &trust, policy, moments),
            None if is_strange => judge_enclosing(document, &trust, policy, moments),
            _ => judge_file(document, detached, &trust, policy, moments),
        })
    }
}

fn listed(service: &Listed) -> ListedCertificate {
    ListedCertificate { certificate: STANDARD.encode(&service.certificate.der), listing: service.listing.clone() }
}

fn decoded(texts: &[String], what: &'static str) -> Result<Vec<Vec<u8>>, EvidenceError> {
    texts.iter().map(|text| STANDARD.decode(text).map_err(|_| EvidenceError::Encoding(what))).collect()
}
