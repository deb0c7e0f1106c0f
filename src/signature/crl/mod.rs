//! Certificate revocation lists: read as received, asked about one certificate.
//!
//! Complete and delta, direct and indirect, whole and in parts (RFC 5280 §5). What a list says counts only after its
//! signature and its signer were judged; that is the path's part.

mod entries;

use chrono::{DateTime, Utc};
use oblik_domain::limits;

pub(crate) use entries::{Entries, Entry};

use crate::algorithm::sha256;
use crate::asn1::{
    self, AlgorithmId, BIT_STRING, BOOLEAN, Element, GENERALIZED_TIME, INTEGER, Malformed, OCTET_STRING, Oid, Read, SEQUENCE,
    UTC_TIME, context, context_primitive,
};
use crate::certificate::Certificate;
use crate::general_name::{ALL_REASONS, DistributionPoint, PointName};
use crate::name::Name;
use crate::oids;

/// Extensions of one list. An honest one has four.
const EXTENSIONS_MAX: usize = 32;

#[derive(Debug)]
pub(crate) struct RevocationList {
    pub der: Vec<u8>,
    pub sha256: [u8; 32],
    signed: std::ops::Range<usize>,
    pub signature: Vec<u8>,
    pub signature_algorithm: AlgorithmId,
    pub algorithms_agree: bool,
    pub issuer: Name,
    pub this_update: DateTime<Utc>,
    pub next_update: Option<DateTime<Utc>>,
    pub authority_key_id: Option<Vec<u8>>,
    /// `cRLNumber`, without leading zeros.
    number: Option<Vec<u8>>,
    /// The number of the complete list that this one continues; only delta lists have it.
    base_number: Option<Vec<u8>>,
    /// Since when certificates stay on the list although they expire (X.509 `expiredCertsOnCRL`).
    pub keeps_expired_since: Option<DateTime<Utc>>,
    scope: Scope,
    /// An unknown critical extension: whoever is named is revoked, of others it says nothing (X.509 §7.3).
    pub is_strange: bool,
    entries: Entries,
}

/// `IssuingDistributionPoint`
#[derive(Debug, Default)]
struct Scope {
    /// As received: lists of one scope have the same.
    der: Option<Vec<u8>>,
    point: Option<PointName>,
    only: Option<Only>,
    some_reasons: Option<u16>,
    is_indirect: bool,
}

/// The kind of certificates a list is limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    Users,
    Authorities,
    /// Attribute certificates, or kinds that exclude each other.
    Nothing,
}

impl RevocationList {
    pub fn of(der: &[u8]) -> Read<Self> {
        if der.len() > limits::REVOCATION_LIST_BYTES {
            return Err(Malformed("it is larger than is read"));
        }
        let whole = Element::only(der)?.tagged(SEQUENCE)?;
        let mut outer = whole.reader();
        let signed = outer.expect(SEQUENCE)?;
        let signature_algorithm = AlgorithmId::of(outer.next()?)?;
        let signature = outer.expect(BIT_STRING)?.bit_octets()?.to_vec();
        outer.finish()?;
        let signed_at = der.len() - whole.value.len();
        let value_at = signed_at + signed.raw.len() - signed.value.len();

        let mut inner = signed.reader();
        if inner.optional(INTEGER)?.map_or(Ok(1), Element::small)? != 1 {
            return Err(Malformed("a version that is not known"));
        }
        let inner_algorithm = AlgorithmId::of(inner.next()?)?;
        let issuer = Name::of(inner.next()?)?;
        let this_update = asn1::time::instant(inner.next()?)?;
        let next_update = match inner.peek() {
            Some(UTC_TIME | GENERALIZED_TIME) => Some(asn1::time::instant(inner.next()?)?),
            _ => None,
        };
        let entries = match inner.optional(SEQUENCE)? {
            Some(list) => Entries::of(list, value_at + signed.value.len() - inner.rest().len() - list.value.len())?,
            None => Entries::default(),
        };
        let extensions = inner.optional(context(0))?;
        inner.finish()?;
        let mut list = Self {
            der: der.to_vec(),
            sha256: sha256(der),
            signed: signed_at..signed_at + signed.raw.len(),
            signature,
            algorithms_agree: inner_algorithm == signature_algorithm,
            signature_algorithm,
            issuer,
            this_update,
            next_update,
            authority_key_id: None,
            number: None,
            base_number: None,
            keeps_expired_since: None,
            scope: Scope::default(),
            is_strange: entries.is_strange,
            entries,
        };
        if let Some(field) = extensions {
            let mut seen = Vec::new();
            for extension in Element::only(field.value)?.tagged(SEQUENCE)?.reader().all()? {
                let (oid, is_critical, value) = extension_parts(extension)?;
                if seen.contains(&oid) || seen.len() >= EXTENSIONS_MAX {
                    return Err(Malformed("an extension stands twice, or there are too many"));
                }
                seen.push(oid.clone());
                list.take(&oid, is_critical, value)?;
            }
        }
        list.is_strange |= list.entries.names_issuers() && !list.scope.is_indirect;
        Ok(list)
    }

    fn take(&mut self, oid: &Oid, is_critical: bool, value: &[u8]) -> Read<()> {
        if *oid == oids::ISSUING_DISTRIBUTION_POINT {
            self.scope = Scope::of(value)?;
        } else if *oid == oids::AUTHORITY_KEY_IDENTIFIER {
            let mut reader = Element::only(value)?.tagged(SEQUENCE)?.reader();
            self.authority_key_id = reader.optional(context_primitive(0))?.map(|id| id.value.to_vec());
        } else if *oid == oids::CRL_NUMBER {
            self.number = Some(Element::only(value)?.tagged(INTEGER)?.magnitude()?.to_vec());
        } else if *oid == oids::DELTA_CRL {
            self.base_number = Some(Element::only(value)?.tagged(INTEGER)?.magnitude()?.to_vec());
        } else if *oid == oids::EXPIRED_CERTS_ON_CRL {
            self.keeps_expired_since = Some(asn1::time::instant(Element::only(value)?)?);
        } else if is_critical && *oid != oids::FRESHEST_CRL {
            self.is_strange = true;
        }
        Ok(())
    }

    pub fn signed(&self) -> &[u8] {
        self.der.get(self.signed.clone()).unwrap_or_default()
    }

    pub fn is_delta(&self) -> bool {
        self.base_number.is_some()
    }

    /// Whether this delta list continues `complete`.
    ///
    /// Source: RFC 5280 §5.2.4 and §6.3.3 (c).
    pub fn continues(&self, complete: &Self) -> bool {
        let (Some(base), Some(number)) = (&self.base_number, &complete.number) else { return false };
        self.issuer == complete.issuer
            && self.scope.der == complete.scope.der
            && self.authority_key_id == complete.authority_key_id
            && !is_below(number, base)
            && self.number.as_ref().is_some_and(|own| !is_below(own, number))
            && self.this_update >= complete.this_update
    }

    /// For which reasons this list speaks of `certificate`; none when it does not. Signature and time are not looked at.
    ///
    /// Source: RFC 5280 §6.3.3 (b).
    pub fn reasons_for(&self, certificate: &Certificate) -> u16 {
        let is_authority = certificate.extensions.basic_constraints.is_some_and(|constraints| constraints.is_ca);
        let scope = &self.scope;
        let own = if is_authority { Only::Authorities } else { Only::Users };
        if scope.only.is_some_and(|only| only != own) || !self.algorithms_agree {
            return 0;
        }
        let reasons = scope.some_reasons.unwrap_or(ALL_REASONS);
        let points = &certificate.extensions.crl_points;
        let fitting = points.iter().filter(|point| self.serves(certificate, point)).map(|point| point.reasons);
        let named = fitting.fold(0, |all, reasons| all | reasons);
        // A list of the issuer itself that is bound to no point, or to its name, may be asked whatever the certificate names.
        let names_issuer =
            |point: &PointName| point.names(&self.issuer).iter().any(|name| name.is_directory(&certificate.issuer));
        let is_general = self.issuer == certificate.issuer && scope.point.as_ref().is_none_or(names_issuer);
        reasons & if is_general { ALL_REASONS } else { named }
    }

    fn serves(&self, certificate: &Certificate, point: &DistributionPoint) -> bool {
        let is_by_its_issuer = if point.issuers.is_empty() {
            self.issuer == certificate.issuer
        } else {
            self.scope.is_indirect && point.issuers.iter().any(|issuer| issuer.is_directory(&self.issuer))
        };
        let Some(own) = self.scope.point.as_ref().filter(|_| is_by_its_issuer) else { return is_by_its_issuer };
        let wanted = match &point.name {
            Some(name) => name.names(if point.issuers.is_empty() { &certificate.issuer } else { &self.issuer }),
            None => point.issuers.clone(),
        };
        own.names(&self.issuer).iter().any(|name| wanted.contains(name))
    }

    /// What the list says of `certificate`: of several entries the one that weighs most.
    pub fn entry(&self, certificate: &Certificate) -> Option<Entry> {
        self.entries.find(&self.der, &self.issuer, certificate)
    }
}

impl Scope {
    fn of(value: &[u8]) -> Read<Self> {
        let mut reader = Element::only(value)?.tagged(SEQUENCE)?.reader();
        let point = reader.optional(context(0))?.map(|name| PointName::of(name.value)).transpose()?;
        let mut only = Vec::new();
        for (n, kind) in [(1, Only::Users), (2, Only::Authorities)] {
            let is_set = reader.optional(context_primitive(n))?.map_or(Ok(false), Element::boolean)?;
            only.extend(is_set.then_some(kind));
        }
        let some_reasons = reader.optional(context_primitive(3))?.map(Element::named_bits).transpose()?;
        let is_indirect = reader.optional(context_primitive(4))?.map_or(Ok(false), Element::boolean)?;
        let is_for_attributes = reader.optional(context_primitive(5))?.map_or(Ok(false), Element::boolean)?;
        reader.finish()?;
        only.extend(is_for_attributes.then_some(Only::Nothing));
        let only = if only.len() > 1 { Some(Only::Nothing) } else { only.pop() };
        let der = Some(value.to_vec());
        Ok(Self { der, point, only, some_reasons, is_indirect })
    }
}

/// Compares numbers without leading zeros.
fn is_below(one: &[u8], other: &[u8]) -> bool {
    (one.len(), one) < (other.len(), other)
}

fn extension_parts(extension: Element<'_>) -> Read<(Oid, bool, &[u8])> {
    let mut reader = extension.tagged(SEQUENCE)?.reader();
    let oid = Oid::of(reader.next()?)?;
    let is_critical = reader.optional(BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
    let value = reader.expect(OCTET_STRING)?.value;
    reader.finish()?;
    Ok((oid, is_critical, value))
}
