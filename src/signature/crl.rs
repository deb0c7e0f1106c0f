//! Certificate revocation lists: read as received, asked about one certificate.
//!
//! Only complete lists of an authority over its own certificates are used. Delta lists, indirect lists and lists of some
//! reasons only are left aside, which makes a status unknown and never good.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::algorithm::sha256;
use crate::asn1::{
    self, AlgorithmId, BIT_STRING, BOOLEAN, ENUMERATED, Element, GENERALIZED_TIME, INTEGER, OCTET_STRING, Oid, Read, SEQUENCE,
    UTC_TIME, context, context_primitive,
};
use crate::certificate::Certificate;
use crate::name::Name;
use crate::oids;

#[derive(Debug)]
pub(crate) struct RevocationList {
    pub der: Vec<u8>,
    pub sha256: [u8; 32],
    pub signed: Vec<u8>,
    pub signature: Vec<u8>,
    pub signature_algorithm: AlgorithmId,
    pub algorithms_agree: bool,
    pub issuer: Name,
    pub this_update: DateTime<Utc>,
    pub next_update: Option<DateTime<Utc>>,
    pub authority_key_id: Option<Vec<u8>>,
    scope: Scope,
    /// By content octets of the serial number.
    revoked: HashMap<Vec<u8>, Entry>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub at: DateTime<Utc>,
    /// `reasonCode`; 6 is a suspension (certificateHold), 8 a removal from the list.
    pub reason: Option<u8>,
}

/// What the issuing distribution point and other critical extensions leave of a list's reach.
#[derive(Debug, Default)]
struct Scope {
    /// Delta, indirect, partial, for attribute certificates, or with an unknown critical extension.
    is_unusable: bool,
    users_only: bool,
    authorities_only: bool,
    /// `DistributionPointName` in DER.
    point: Option<Vec<u8>>,
}

impl RevocationList {
    pub fn of(der: &[u8]) -> Read<Self> {
        let mut outer = Element::only(der)?.tagged(SEQUENCE)?.reader();
        let signed = outer.expect(SEQUENCE)?;
        let signature_algorithm = AlgorithmId::of(outer.next()?)?;
        let signature = outer.expect(BIT_STRING)?.bit_octets()?.to_vec();
        outer.finish()?;

        let mut inner = signed.reader();
        inner.optional(INTEGER)?;
        let inner_algorithm = AlgorithmId::of(inner.next()?)?;
        let issuer = Name::of(inner.next()?)?;
        let this_update = asn1::time::instant(inner.next()?)?;
        let next_update = match inner.peek() {
            Some(UTC_TIME | GENERALIZED_TIME) => Some(asn1::time::instant(inner.next()?)?),
            _ => None,
        };
        let mut scope = Scope::default();
        let mut revoked = HashMap::new();
        if let Some(entries) = inner.optional(SEQUENCE)? {
            let mut entries = entries.reader();
            while !entries.is_empty() {
                let (serial, entry, is_strange) = entry(entries.next()?)?;
                scope.is_unusable |= is_strange;
                revoked.insert(serial, entry);
            }
        }
        let mut authority_key_id = None;
        if let Some(field) = inner.optional(context(0))? {
            for extension in Element::only(field.value)?.tagged(SEQUENCE)?.reader().all()? {
                let (oid, is_critical, value) = extension_parts(extension)?;
                if oid == oids::ISSUING_DISTRIBUTION_POINT {
                    scope.read_point(value)?;
                } else if oid == oids::AUTHORITY_KEY_IDENTIFIER {
                    let mut reader = Element::only(value)?.tagged(SEQUENCE)?.reader();
                    authority_key_id = reader.optional(context_primitive(0))?.map(|id| id.value.to_vec());
                } else if oid == oids::DELTA_CRL || (is_critical && oid != oids::CRL_NUMBER) {
                    scope.is_unusable = true;
                }
            }
        }
        inner.finish()?;
        Ok(Self {
            der: der.to_vec(),
            sha256: sha256(der),
            signed: signed.raw.to_vec(),
            signature,
            algorithms_agree: inner_algorithm == signature_algorithm,
            signature_algorithm,
            issuer,
            this_update,
            next_update,
            authority_key_id,
            scope,
            revoked,
        })
    }

    /// Whether this list speaks of `certificate` at `moment`. Its signature is not looked at.
    pub fn reaches(&self, certificate: &Certificate, moment: DateTime<Utc>) -> bool {
        let is_authority = certificate.extensions.basic_constraints.is_some_and(|constraints| constraints.is_ca);
        !self.scope.is_unusable
            && self.algorithms_agree
            && self.issuer == certificate.issuer
            && self.this_update <= moment
            && self.next_update.is_some_and(|next| moment <= next)
            && (if is_authority { !self.scope.users_only } else { !self.scope.authorities_only })
            && self.scope.point.as_deref().is_none_or(|point| names_point(certificate, point))
    }

    pub fn entry(&self, serial: &[u8]) -> Option<Entry> {
        self.revoked.get(serial).copied()
    }
}

impl Scope {
    fn read_point(&mut self, value: &[u8]) -> Read<()> {
        let mut reader = Element::only(value)?.tagged(SEQUENCE)?.reader();
        self.point = reader.optional(context(0))?.map(|name| name.value.to_vec());
        let mut flag = |n: u8| -> Read<bool> { reader.optional(context_primitive(n))?.map_or(Ok(false), Element::boolean) };
        self.users_only = flag(1)?;
        self.authorities_only = flag(2)?;
        let some_reasons = flag(3).unwrap_or(true);
        let is_indirect = flag(4).unwrap_or(true);
        let attributes_only = flag(5).unwrap_or(true);
        self.is_unusable |= some_reasons || is_indirect || attributes_only;
        Ok(())
    }
}

/// Whether one of the certificate's distribution points has a name of `point`, compared as received.
fn names_point(certificate: &Certificate, point: &[u8]) -> bool {
    let names = |distribution_point: &[u8]| -> Vec<Vec<u8>> {
        let Ok(choice) = Element::only(distribution_point) else { return Vec::new() };
        if choice.tag != context(0) {
            return vec![distribution_point.to_vec()];
        }
        choice.reader().all().map_or_else(|_| Vec::new(), |all| all.iter().map(|name| name.raw.to_vec()).collect())
    };
    let wanted = names(point);
    let Some(points) = certificate.extensions.crl_points.as_deref() else { return false };
    let Ok(points) = Element::only(points).and_then(|list| list.reader().all()) else { return false };
    points.into_iter().any(|each| {
        let field = each.reader().optional(context(0)).ok().flatten();
        field.is_some_and(|field| names(field.value).iter().any(|name| wanted.contains(name)))
    })
}

fn extension_parts(extension: Element<'_>) -> Read<(Oid, bool, &[u8])> {
    let mut reader = extension.tagged(SEQUENCE)?.reader();
    let oid = Oid::of(reader.next()?)?;
    let is_critical = reader.optional(BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
    let value = reader.expect(OCTET_STRING)?.value;
    reader.finish()?;
    Ok((oid, is_critical, value))
}

/// Serial, entry, and whether it has a critical extension that changes the meaning of the list.
fn entry(element: Element<'_>) -> Read<(Vec<u8>, Entry, bool)> {
    let mut reader = element.tagged(SEQUENCE)?.reader();
    let serial = reader.expect(INTEGER)?.value.to_vec();
    let at = asn1::time::instant(reader.next()?)?;
    let mut reason = None;
    let mut is_strange = false;
    if let Some(list) = reader.optional(SEQUENCE)? {
        for extension in list.reader().all()? {
            let (oid, is_critical, value) = extension_parts(extension)?;
            if oid == oids::CRL_REASON {
                reason = Element::only(value)?.tagged(ENUMERATED)?.value.first().copied();
            } else {
                is_strange |= is_critical;
            }
        }
    }
    reader.finish()?;
    Ok((serial, Entry { at, reason }, is_strange))
}
