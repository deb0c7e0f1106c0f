//! The document security store (`/DSS`, EN 319 142-1 §5.4.2): certificates, revocation lists and OCSP responses a PDF
//! brings along. It is no word of the signer's, and none is needed: each of them carries a signature of its own.

use std::collections::HashSet;

use lopdf::{Dictionary, Object, ObjectId};
use oblik_domain::limits;

use super::revision::Revision;
use crate::material::Material;

/// Streams of the store that are read, what one may unfold to, and all of them.
const ITEMS_MAX: usize = 200;
const ITEM_BYTES: usize = 2 * 1024 * 1024;
const STORE_BYTES: usize = 16 * 1024 * 1024;
/// Signatures with data of their own (`/VRI`).
const SIGNATURES_MAX: usize = 50;

/// What the store of `revision` holds.
#[derive(Debug, Default)]
pub(super) struct ValidationData {
    pub material: Material,
    /// Whether a status of certificates is among it.
    pub has_status: bool,
}

#[derive(Clone, Copy)]
enum Kind {
    Certificate,
    RevocationList,
    OcspResponse,
}

/// Arrays of the store, and their names under `/VRI`.
const ARRAYS: [(&[u8], &[u8], Kind); 3] =
    [(b"Certs", b"Cert", Kind::Certificate), (b"CRLs", b"CRL", Kind::RevocationList), (b"OCSPs", b"OCSP", Kind::OcspResponse)];

impl ValidationData {
    pub fn of(revision: &Revision) -> Self {
        let mut data = Self::default();
        let catalog = revision.catalog();
        let Some(Object::Dictionary(store)) = revision.entry(&catalog, b"DSS") else { return data };
        let mut reading = Reading { revision, seen: HashSet::new(), items_left: ITEMS_MAX, bytes_left: STORE_BYTES };
        for (name, _, kind) in ARRAYS {
            reading.array(store, name, kind, &mut data);
        }
        if let Some(Object::Dictionary(signatures)) = revision.entry(store, b"VRI") {
            for (_, signature) in signatures.iter().take(SIGNATURES_MAX) {
                let Some(Object::Dictionary(signature)) = revision.follow(signature) else { continue };
                for (_, name, kind) in ARRAYS {
                    reading.array(signature, name, kind, &mut data);
                }
            }
        }
        data
    }
}

struct Reading<'a> {
    revision: &'a Revision,
    seen: HashSet<ObjectId>,
    items_left: usize,
    bytes_left: usize,
}

impl Reading<'_> {
    fn array(&mut self, dictionary: &Dictionary, name: &[u8], kind: Kind, data: &mut ValidationData) {
        let items = self.revision.entry(dictionary, name).and_then(|items| items.as_array().ok());
        for item in items.into_iter().flatten().take(limits::PDF_OBJECTS) {
            let Ok(id) = item.as_reference() else { continue };
            if !self.seen.insert(id) {
                continue;
            }
            let Some(left) = self.items_left.checked_sub(1) else { return };
            self.items_left = left;
            let Some(Object::Stream(stream)) = self.revision.follow(item) else { continue };
            let Ok(der) = stream.get_plain_content_with_limit(ITEM_BYTES.min(self.bytes_left)) else { continue };
            self.bytes_left = self.bytes_left.saturating_sub(der.len());
            match kind {
                Kind::Certificate => data.material.add_certificate(&der),
                Kind::RevocationList => data.material.add_revocation_list(&der),
                Kind::OcspResponse => data.material.add_ocsp_response(&der),
            }
            data.has_status |= !matches!(kind, Kind::Certificate);
        }
    }
}
