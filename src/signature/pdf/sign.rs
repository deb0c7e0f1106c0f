//! Signing a PDF: PAdES B-B (EN 319 142-1 §6) in one appended revision, and B-T when a timestamp comes in time.
//!
//! The first signature certifies: later revisions may only sign (DocMDP with P 2). It can leave an empty field for the
//! customer, which a later signature fills.

use chrono::{DateTime, Utc};

use super::append::Appendix;
use super::base::{Base, refuse};
use super::field::{self, NewField, WidgetPlace};
use super::gap::{Draft, Gap};
use super::text::{Entries, refer, string};
use crate::algorithm::sha256;
use crate::asn1::write;
use crate::oids;
use crate::signing::{Made, Signer, SigningError};

/// How a PDF is to be signed.
#[derive(Debug, Clone)]
pub struct PdfSigning {
    /// Who signs, as readers show it.
    pub name: String,
    pub reason: String,
    pub location: String,
    pub signing_time: DateTime<Utc>,
    /// An empty signature field of this name is filled; else one is made.
    pub field_name: String,
    /// Leaves an empty field of this name for the customer, unless there is one.
    pub customer_field: Option<String>,
    /// Where a new field is seen; the page shows there what is to be seen of the signature.
    pub place: Option<WidgetPlace>,
}

/// Octets of a timestamp token's attribute beside the token.
const ATTRIBUTE_OCTETS: usize = 32;

/// A signed PDF whose signature is made and not put into its place yet.
#[derive(Debug, Clone)]
pub struct Prepared {
    gap: Gap,
    made: Made,
}

impl Prepared {
    /// SHA-256 of the signature value: what a timestamp of the signature is asked for.
    pub fn imprint(&self) -> [u8; 32] {
        sha256(self.made.value())
    }

    /// The file at B-B, or with a `token` of RFC 3161 at B-T. The token is taken as it is; whether it holds the judge says.
    ///
    /// # Errors
    /// [`SigningError::Room`] when the token is larger than what was reserved.
    pub fn finish(self, token: Option<&[u8]>) -> Result<Vec<u8>, SigningError> {
        let attribute =
            |token: &[u8]| write::sequence(&[&write::oid(&oids::SIGNATURE_TIMESTAMP), &write::set_of(vec![token.to_vec()])]);
        let unsigned: Vec<Vec<u8>> = token.map(attribute).into_iter().collect();
        let message = self.made.message(None, &unsigned);
        self.gap.fill(&message)
    }
}

/// `pdf` with one more revision that signs all of it. The bytes of `pdf` are an exact prefix of what is returned, which
/// depends on the arguments alone (with RSA; ECDSA signatures are random).
///
/// # Errors
/// [`SigningError::Pdf`] when `pdf` cannot be read or the field is signed already; [`SigningError::Arithmetic`].
pub fn sign(pdf: &[u8], signer: &Signer, signing: &PdfSigning) -> Result<Vec<u8>, SigningError> {
    prepare(pdf, signer, signing, 0)?.finish(None)
}

/// As [`sign`], with room for a timestamp token of `token_octets`, which is made over the signature.
///
/// # Errors
/// As [`sign`].
pub fn prepare(pdf: &[u8], signer: &Signer, signing: &PdfSigning, token_octets: usize) -> Result<Prepared, SigningError> {
    let base = Base::read(pdf)?;
    let mut appendix = Appendix::new(&base);
    let catalog_id = appendix.catalog_id()?;
    let mut catalog = appendix.catalog()?;
    let form = catalog.get("AcroForm").and_then(|form| appendix.follow(form)).and_then(|form| Entries::of(&form));
    let fields = base.signature_fields(form.as_ref())?;
    let existing = fields.iter().find(|field| field.name == signing.field_name);
    if existing.is_some_and(|field| field.value.is_some()) {
        return Err(refuse(format!("the field {} is signed already", signing.field_name)));
    }
    let is_first = fields.iter().all(|field| field.value.is_none());
    let customer_field = signing
        .customer_field
        .as_deref()
        .filter(|name| *name != signing.field_name && !fields.iter().any(|field| field.name == *name));

    let signature_id = appendix.new_id();
    let mut new_fields = Vec::new();
    match existing {
        Some(field) => {
            let mut entries = appendix.entries(field.id).unwrap_or_default();
            entries.set("V", refer(signature_id));
            appendix.put(field.id, entries.text());
        }
        None => new_fields.push(NewField {
            name: &signing.field_name,
            description: &signing.reason,
            value: Some(signature_id),
            place: signing.place,
        }),
    }
    new_fields.extend(customer_field.map(|name| NewField { name, description: "", value: None, place: None }));
    let before = catalog.clone();
    field::add(&mut appendix, &mut catalog, &new_fields)?;
    if is_first {
        let permissions = catalog.get("Perms").and_then(|permissions| appendix.follow(permissions));
        let mut permissions = permissions.and_then(|permissions| Entries::of(&permissions)).unwrap_or_default();
        permissions.set("DocMDP", refer(signature_id));
        catalog.set("Perms", permissions.text());
    }
    if catalog != before {
        appendix.put(catalog_id, catalog.text());
    }

    let room = if token_octets > 0 { token_octets + ATTRIBUTE_OCTETS } else { 0 };
    let draft = draft(signing, is_first, signer.longest()? + room);
    appendix.put(signature_id, draft.text.as_bytes());
    let (out, start) = appendix.finish(signature_id)?;
    let gap = Gap::new(out, start, &draft);
    let made = signer.make(&gap.covered(), None)?;
    Ok(Prepared { gap, made })
}

fn draft(signing: &PdfSigning, certifies: bool, octets: usize) -> Draft {
    let stamp = signing.signing_time.format("D:%Y%m%d%H%M%S+00'00'");
    let mut tail = format!("/M({stamp})");
    for (key, value) in [("/Name", &signing.name), ("/Reason", &signing.reason), ("/Location", &signing.location)] {
        if !value.is_empty() {
            tail.extend([key, &string(value)]);
        }
    }
    if certifies {
        tail.push_str("/Reference[<</Type/SigRef/TransformMethod/DocMDP/TransformParams<</Type/TransformParams/V/1.2/P 2>>>>]");
    }
    Draft::new("/Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached", octets, &tail)
}
