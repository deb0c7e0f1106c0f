//! What keeps a signed PDF valid for long: validation data in the file (B-LT) and a timestamp over all of it (B-LTA),
//! EN 319 142-1 §5.4 and §6. Each is one appended revision; what was signed stays as it is.

use std::sync::Arc;

use oblik_domain::limits;

use super::append::{Appendix, references};
use super::base::{Base, refuse};
use super::field::{self, NewField};
use super::gap::{Draft, Gap};
use super::revision::load;
use super::text::{Entries, refer, reference};
use super::validation_data::ValidationData;
use crate::algorithm::Digest;
use crate::certificate::Certificate;
use crate::crl::RevocationList;
use crate::ocsp::OcspResponse;
use crate::signing::SigningError;
use crate::verdict::{Judged, Judgement};

/// What a verdict was given by.
#[derive(Default)]
struct Used {
    certificates: Vec<Arc<Certificate>>,
    lists: Vec<Arc<RevocationList>>,
    responses: Vec<Arc<OcspResponse>>,
    /// Certificates that the signatures themselves bring along.
    brought: Vec<[u8; 32]>,
}

impl Used {
    fn of(judged: &Judged) -> Self {
        let mut used = Self::default();
        judged.signatures.iter().for_each(|judgement| used.add(judgement));
        used
    }

    fn add(&mut self, one: &Judgement) {
        self.take(&one.certificates, &one.witnesses, &one.revocation_lists, &one.ocsp_responses);
        self.brought.extend(one.considered.iter().map(|each| each.sha256));
        for stamp in &one.timestamps {
            self.take(&stamp.certificates, &stamp.witnesses, &stamp.revocation_lists, &stamp.ocsp_responses);
            self.brought.extend(stamp.considered.iter().map(|each| each.sha256));
        }
    }

    fn take(
        &mut self,
        chain: &[Arc<Certificate>],
        witnesses: &[Arc<Certificate>],
        lists: &[Arc<RevocationList>],
        responses: &[Arc<OcspResponse>],
    ) {
        for one in chain.iter().chain(witnesses) {
            if !self.certificates.iter().any(|known| known.sha256 == one.sha256) {
                self.certificates.push(Arc::clone(one));
            }
        }
        for one in lists {
            if !self.lists.iter().any(|known| known.sha256 == one.sha256) {
                self.lists.push(Arc::clone(one));
            }
        }
        for one in responses {
            if !self.responses.iter().any(|known| known.sha256 == one.sha256) {
                self.responses.push(Arc::clone(one));
            }
        }
    }
}

/// `pdf` with everything that `judged`, the verdict on it, was given by and that it does not hold: certificates, revocation lists
/// and OCSP responses in its document security store. `None` when it holds all of that.
///
/// # Errors
/// [`SigningError::Pdf`] when `pdf` cannot be read.
pub fn add_validation_data(pdf: &[u8], judged: &Judged) -> Result<Option<Vec<u8>>, SigningError> {
    let revision = load(pdf, pdf.len()).map_err(|finding| refuse(finding.code.to_string()))?;
    let held = ValidationData::of(&revision).material;
    let used = Used::of(judged);
    let is_new = |one: &Arc<Certificate>| {
        !used.brought.contains(&one.sha256) && !held.certificates.iter().any(|known| known.sha256 == one.sha256)
    };
    let certificates: Vec<&[u8]> = used.certificates.iter().filter(|one| is_new(one)).map(|one| one.der.as_slice()).collect();
    let lists = used.lists.iter().filter(|one| !held.revocation_lists.iter().any(|known| known.sha256 == one.sha256));
    let lists: Vec<&[u8]> = lists.map(|one| one.der.as_slice()).collect();
    let responses = used.responses.iter().filter(|one| !held.ocsp_responses.iter().any(|known| known.sha256 == one.sha256));
    let responses: Vec<&[u8]> = responses.map(|one| one.der.as_slice()).collect();
    if certificates.is_empty() && lists.is_empty() && responses.is_empty() {
        return Ok(None);
    }

    let base = Base::read(pdf)?;
    let mut appendix = Appendix::new(&base);
    let catalog_id = appendix.catalog_id()?;
    let mut catalog = appendix.catalog()?;
    let store_id = catalog.get("DSS").and_then(reference);
    let store = catalog.get("DSS").and_then(|store| appendix.follow(store)).and_then(|store| Entries::of(&store));
    let mut store = store.unwrap_or_else(|| {
        let mut store = Entries::default();
        store.set("Type", "/DSS");
        store
    });
    for (key, all) in [("Certs", certificates), ("CRLs", lists), ("OCSPs", responses)] {
        let ids: Vec<_> = all.into_iter().map(|der| appendix.add(stream(der))).collect();
        if !ids.is_empty() {
            appendix.push(&mut store, key, &references(&ids))?;
        }
    }
    if let Some(id) = store_id {
        appendix.put(id, store.text());
    } else {
        let id = appendix.add(store.text());
        catalog.set("DSS", refer(id));
        declare(&appendix, &mut catalog);
        appendix.put(catalog_id, catalog.text());
    }
    appendix.finish(store_id.unwrap_or(catalog_id)).map(|(out, _)| Some(out))
}

/// Certificates and lists hardly compress.
fn stream(der: &[u8]) -> Vec<u8> {
    [format!("<</Length {}>>\nstream\n", der.len()).as_bytes(), der, b"\nendstream"].concat()
}

/// Names the extension of ISO 32000-1 that these entries are (EN 319 142-1 §5.4.1).
fn declare(appendix: &Appendix<'_>, catalog: &mut Entries) {
    let extensions = catalog.get("Extensions").and_then(|extensions| appendix.follow(extensions));
    let mut extensions = extensions.and_then(|extensions| Entries::of(&extensions)).unwrap_or_default();
    if extensions.get("ESIC").is_none() {
        extensions.set("ESIC", "<</BaseVersion/1.7/ExtensionLevel 5>>");
        catalog.set("Extensions", extensions.text());
    }
}

/// A PDF with a document timestamp whose token is not there yet.
#[derive(Debug, Clone)]
pub struct PreparedTimestamp {
    gap: Gap,
}

impl PreparedTimestamp {
    /// SHA-256 of the file but for the token's own place: what the timestamp is asked for.
    ///
    /// # Errors
    /// [`SigningError::Arithmetic`]
    pub fn imprint(&self) -> Result<[u8; 32], SigningError> {
        let digest = Digest::Sha256.compute_pieces(&self.gap.covered());
        digest.and_then(|digest| digest.try_into().ok()).ok_or(SigningError::Arithmetic)
    }

    /// # Errors
    /// [`SigningError::Room`] when the token is larger than what was reserved.
    pub fn finish(self, token: &[u8]) -> Result<Vec<u8>, SigningError> {
        self.gap.fill(token)
    }
}

/// `pdf` with one more revision for a timestamp over all of it, of `token_octets` at most. Its field is named after `field_name`.
///
/// # Errors
/// [`SigningError::Pdf`] when `pdf` cannot be read.
pub fn prepare_timestamp(pdf: &[u8], field_name: &str, token_octets: usize) -> Result<PreparedTimestamp, SigningError> {
    let base = Base::read(pdf)?;
    let mut appendix = Appendix::new(&base);
    let catalog_id = appendix.catalog_id()?;
    let mut catalog = appendix.catalog()?;
    let form = catalog.get("AcroForm").and_then(|form| appendix.follow(form)).and_then(|form| Entries::of(&form));
    let fields = base.signature_fields(form.as_ref())?;
    let name = (1..=limits::PDF_REVISIONS).map(|n| if n == 1 { field_name.to_owned() } else { format!("{field_name}-{n}") });
    let is_taken = |name: &String| fields.iter().any(|field| field.name == *name);
    let name = name.into_iter().find(|name| !is_taken(name)).ok_or_else(|| refuse("too many timestamps"))?;
    let id = appendix.new_id();
    let before = catalog.clone();
    field::add(&mut appendix, &mut catalog, &[NewField { name: &name, description: "", value: Some(id), place: None }])?;
    declare(&appendix, &mut catalog);
    if catalog != before {
        appendix.put(catalog_id, catalog.text());
    }
    let draft = Draft::new("/Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161", token_octets, "");
    appendix.put(id, draft.text.as_bytes());
    let (out, start) = appendix.finish(id)?;
    Ok(PreparedTimestamp { gap: Gap::new(out, start, &draft) })
}
