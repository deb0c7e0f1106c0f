//! An X.509 certificate as received: its parts, its extensions, and whom it names.

use chrono::{DateTime, Utc};
use oblik_domain::account::CertificateHolder;
use oblik_domain::limits;

use crate::algorithm::{PublicKey, sha256};
use crate::asn1::{
    self, AlgorithmId, BIT_STRING, BOOLEAN, Element, INTEGER, Malformed, OCTET_STRING, Oid, Read, SEQUENCE, SET, context,
    context_primitive,
};
use crate::general_name::DistributionPoint;
use crate::name::Name;
use crate::oids;

/// Bits of `KeyUsage`, RFC 5280 §4.2.1.3.
pub(crate) mod usage {
    pub const DIGITAL_SIGNATURE: u16 = 0x8000;
    pub const NON_REPUDIATION: u16 = 0x4000;
    pub const KEY_CERT_SIGN: u16 = 0x0400;
    pub const CRL_SIGN: u16 = 0x0200;
}

#[derive(Debug, Clone)]
pub(crate) struct Certificate {
    pub der: Vec<u8>,
    pub sha256: [u8; 32],
    /// What the issuer signed.
    pub signed: Vec<u8>,
    pub signature: Vec<u8>,
    pub signature_algorithm: AlgorithmId,
    /// Whether the algorithm inside the signed part is the one outside it.
    pub algorithms_agree: bool,
    pub version: u64,
    /// Content octets of the serial number.
    pub serial: Vec<u8>,
    pub issuer: Name,
    pub subject: Name,
    pub not_before: DateTime<Utc>,
    pub not_after: DateTime<Utc>,
    pub key: PublicKey,
    /// Octets of `subjectPublicKey`, by whose digest OCSP names a key.
    pub key_octets: Vec<u8>,
    pub extensions: Extensions,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Extensions {
    pub basic_constraints: Option<BasicConstraints>,
    pub key_usage: Option<u16>,
    /// Purposes, and whether the extension is critical.
    pub extended_key_usage: Option<(Vec<Oid>, bool)>,
    pub subject_key_id: Option<Vec<u8>>,
    pub authority_key_id: Option<Vec<u8>>,
    /// `NameConstraints` in DER.
    pub name_constraints: Option<Vec<u8>>,
    /// `GeneralNames` in DER.
    pub subject_alt_name: Option<Vec<u8>>,
    /// Where revocation lists are distributed.
    pub crl_points: Vec<DistributionPoint>,
    /// Where delta lists are distributed.
    pub freshest_crl: Vec<DistributionPoint>,
    /// `AuthorityInfoAccessSyntax` in DER.
    pub authority_information: Option<Vec<u8>>,
    pub policies: PolicyExtensions,
    /// Whether an OCSP responder's certificate asks not to be checked itself (`id-pkix-ocsp-nocheck`).
    pub is_not_checked: bool,
    /// `QCStatements` in DER.
    pub qc_statements: Option<Vec<u8>>,
    /// Values of the subject directory attributes: type and text.
    pub directory: Vec<(Oid, String)>,
    /// Critical extensions that Oblik does not know.
    pub unknown_critical: Vec<Oid>,
    /// Extensions that stand twice or cannot be read.
    pub faults: Vec<&'static str>,
}

/// What concerns certificate policies, each in DER.
#[derive(Debug, Clone, Default)]
pub(crate) struct PolicyExtensions {
    pub policies: Option<Vec<u8>>,
    pub mappings: Option<Vec<u8>>,
    pub constraints: Option<Vec<u8>>,
    pub inhibit_any: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct BasicConstraints {
    pub is_ca: bool,
    pub path_length: Option<u64>,
}

impl Certificate {
    pub fn of(der: &[u8]) -> Read<Self> {
        if der.len() > limits::CERTIFICATE_BYTES {
            return Err(Malformed("it is larger than is read"));
        }
        let mut outer = Element::only(der)?.tagged(SEQUENCE)?.reader();
        let signed = outer.expect(SEQUENCE)?;
        let signature_algorithm = AlgorithmId::of(outer.next()?)?;
        let signature = outer.expect(BIT_STRING)?.bit_octets()?.to_vec();
        outer.finish()?;

        let mut inner = signed.reader();
        let version = match inner.optional(context(0))? {
            Some(field) => Element::only(field.value)?.tagged(INTEGER)?.small()? + 1,
            None => 1,
        };
        let serial = inner.expect(INTEGER)?.value.to_vec();
        let inner_algorithm = AlgorithmId::of(inner.next()?)?;
        let issuer = Name::of(inner.next()?)?;
        let mut validity = inner.expect(SEQUENCE)?.reader();
        let not_before = asn1::time::instant(validity.next()?)?;
        let not_after = asn1::time::instant(validity.next()?)?;
        validity.finish()?;
        let subject = Name::of(inner.next()?)?;
        let key_info = inner.next()?;
        inner.optional(context_primitive(1))?;
        inner.optional(context_primitive(2))?;
        let extensions = match inner.optional(context(3))? {
            Some(field) => Extensions::of(Element::only(field.value)?)?,
            None => Extensions::default(),
        };
        inner.finish()?;
        Ok(Self {
            der: der.to_vec(),
            sha256: sha256(der),
            signed: signed.raw.to_vec(),
            signature,
            algorithms_agree: inner_algorithm == signature_algorithm,
            signature_algorithm,
            version,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            key: PublicKey::of(key_info)?,
            key_octets: key_octets(key_info)?,
            extensions,
        })
    }

    pub fn serial_hex(&self) -> String {
        hex::encode(&self.serial)
    }

    pub fn names_itself(&self) -> bool {
        self.issuer == self.subject
    }

    /// Whether `issuer` may have issued this by name and, where both say one, by key identifier.
    pub fn may_be_issued_by(&self, issuer: &Self) -> bool {
        self.issuer == issuer.subject
            && match (&self.extensions.authority_key_id, &issuer.extensions.subject_key_id) {
                (Some(authority), Some(subject)) => authority == subject,
                _ => true,
            }
    }

    pub fn allows(&self, bit: u16) -> bool {
        self.extensions.key_usage.is_none_or(|bits| bits & bit != 0)
    }

    /// Codes, name and kind of the holder; what is contradictory is absent.
    pub fn holder(&self) -> CertificateHolder {
        crate::identity::holder(self).0
    }
}

fn key_octets(info: Element<'_>) -> Read<Vec<u8>> {
    let mut reader = info.tagged(SEQUENCE)?.reader();
    reader.next()?;
    Ok(reader.next()?.bit_octets()?.to_vec())
}

impl Extensions {
    fn of(list: Element<'_>) -> Read<Self> {
        let mut extensions = Self::default();
        let mut seen: Vec<Oid> = Vec::new();
        for extension in list.tagged(SEQUENCE)?.reader().all()? {
            let mut reader = extension.tagged(SEQUENCE)?.reader();
            let oid = Oid::of(reader.next()?)?;
            let is_critical = reader.optional(BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
            let value = reader.expect(OCTET_STRING)?.value;
            reader.finish()?;
            if seen.len() >= limits::CERTIFICATE_EXTENSIONS {
                return Err(Malformed("it has more extensions than are read"));
            }
            if seen.contains(&oid) {
                extensions.faults.push("an extension stands twice");
            }
            if let Err(Malformed(fault)) = extensions.take(&oid, is_critical, value) {
                extensions.faults.push(fault);
            }
            seen.push(oid);
        }
        Ok(extensions)
    }

    fn take(&mut self, oid: &Oid, is_critical: bool, value: &[u8]) -> Read<()> {
        if *oid == oids::BASIC_CONSTRAINTS {
            self.basic_constraints = Some(basic_constraints(value)?);
        } else if *oid == oids::KEY_USAGE {
            self.key_usage = Some(Element::only(value)?.tagged(BIT_STRING)?.named_bits()?);
        } else if *oid == oids::EXTENDED_KEY_USAGE {
            let purposes = Element::only(value)?.tagged(SEQUENCE)?.reader().all()?;
            let purposes: Read<Vec<Oid>> = purposes.into_iter().map(Oid::of).collect();
            self.extended_key_usage = Some((purposes?, is_critical));
        } else if *oid == oids::SUBJECT_KEY_IDENTIFIER {
            self.subject_key_id = Some(Element::only(value)?.tagged(OCTET_STRING)?.value.to_vec());
        } else if *oid == oids::AUTHORITY_KEY_IDENTIFIER {
            let mut reader = Element::only(value)?.tagged(SEQUENCE)?.reader();
            self.authority_key_id = reader.optional(context_primitive(0))?.map(|id| id.value.to_vec());
        } else if *oid == oids::NAME_CONSTRAINTS {
            self.name_constraints = Some(value.to_vec());
        } else if *oid == oids::SUBJECT_ALT_NAME {
            self.subject_alt_name = Some(value.to_vec());
        } else if *oid == oids::CRL_DISTRIBUTION_POINTS {
            self.crl_points = DistributionPoint::all_of(value)?;
        } else if *oid == oids::FRESHEST_CRL {
            self.freshest_crl = DistributionPoint::all_of(value)?;
        } else if *oid == oids::AUTHORITY_INFORMATION {
            self.authority_information = Some(value.to_vec());
        } else if *oid == oids::CERTIFICATE_POLICIES {
            self.policies.policies = Some(value.to_vec());
        } else if *oid == oids::POLICY_MAPPINGS {
            self.policies.mappings = Some(value.to_vec());
        } else if *oid == oids::POLICY_CONSTRAINTS {
            self.policies.constraints = Some(value.to_vec());
        } else if *oid == oids::INHIBIT_ANY_POLICY {
            self.policies.inhibit_any = Some(value.to_vec());
        } else if *oid == oids::OCSP_NO_CHECK {
            self.is_not_checked = true;
        } else if *oid == oids::QC_STATEMENTS {
            self.qc_statements = Some(value.to_vec());
        } else if *oid == oids::SUBJECT_DIRECTORY_ATTRIBUTES {
            self.directory = directory(value)?;
        } else if is_critical && !IGNORED_WHEN_CRITICAL.iter().any(|known| *oid == *known) {
            self.unknown_critical.push(oid.clone());
        }
        Ok(())
    }
}

/// Known, and of no weight for the verdict: statements of qualification are told elsewhere.
const IGNORED_WHEN_CRITICAL: [const_oid::ObjectIdentifier; 2] = [oids::QC_STATEMENTS, oids::ISSUER_ALT_NAME];

fn basic_constraints(value: &[u8]) -> Read<BasicConstraints> {
    let mut reader = Element::only(value)?.tagged(SEQUENCE)?.reader();
    let is_ca = reader.optional(BOOLEAN)?.map_or(Ok(false), Element::boolean)?;
    let path_length = reader.optional(INTEGER)?.map(Element::small).transpose()?;
    reader.finish()?;
    Ok(BasicConstraints { is_ca, path_length })
}

fn directory(value: &[u8]) -> Read<Vec<(Oid, String)>> {
    let mut attributes = Vec::new();
    for attribute in Element::only(value)?.tagged(SEQUENCE)?.reader().all()? {
        let mut reader = attribute.tagged(SEQUENCE)?.reader();
        let oid = Oid::of(reader.next()?)?;
        for value in reader.expect(SET)?.reader().all()? {
            attributes.push((oid.clone(), value.text()));
        }
    }
    Ok(attributes)
}
