//! Messages, timestamps and authorities for tests, with every part open to change.

use std::sync::OnceLock;

use chrono::{DateTime, Utc};
use const_oid::ObjectIdentifier;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, RevokedCertParams, SerialNumber, SigningKey, date_time_ymd,
};

use crate::algorithm::Digest;
use crate::asn1::{BOOLEAN, Element, GENERALIZED_TIME, INTEGER, SEQUENCE, SET, context, write};
use crate::certificate::Certificate;
use crate::{Trust, oids};

/// A certificate with its key.
pub(crate) struct Party {
    pub key: KeyPair,
    pub certificate: Certificate,
    pub params: CertificateParams,
}

impl Party {
    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }

    pub fn pem(&self) -> String {
        use base64::Engine as _;
        let text = base64::engine::general_purpose::STANDARD.encode(&self.certificate.der);
        let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }
}

pub(crate) fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Years of validity from 2020 until `until`.
pub(crate) fn params(name: &str, until: i32) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params
}

pub(crate) fn stamping(name: &str, until: i32) -> CertificateParams {
    let mut params = params(name, until);
    // id-kp-timeStamping alone, critical.
    let mut usage =
        rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 37], write::sequence(&[&write::oid(&oids::KP_TIME_STAMPING)]));
    usage.set_criticality(true);
    params.custom_extensions = vec![usage];
    params
}

pub(crate) fn issued(params: CertificateParams, by: &Party) -> Party {
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = params.signed_by(&key, &by.issuer()).unwrap();
    Party { certificate: Certificate::of(certificate.der()).unwrap(), key, params }
}

pub(crate) fn root(name: &str) -> Party {
    let mut params = params(name, 2045);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    Party { certificate: Certificate::of(certificate.der()).unwrap(), key, params }
}

pub(crate) struct Pki {
    pub root: Party,
    pub signer: Party,
    /// Ends with 2026, the others' validity with 2044.
    pub short_signer: Party,
    pub second_signer: Party,
    pub tsa: Party,
    pub short_tsa: Party,
    pub second_tsa: Party,
    /// No authority of time.
    pub loose_tsa: Party,
    pub stranger: Party,
}

pub(crate) fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(|| {
        let root_party = root("root of the tests");
        let mut loose = params("loose TSA", 2045);
        loose.extended_key_usages = vec![ExtendedKeyUsagePurpose::TimeStamping, ExtendedKeyUsagePurpose::EmailProtection];
        let stranger = root("root of strangers");
        Pki {
            signer: issued(params("signer", 2045), &root_party),
            short_signer: issued(params("short signer", 2027), &root_party),
            second_signer: issued(params("second signer", 2045), &root_party),
            tsa: issued(stamping("TSA", 2045), &root_party),
            short_tsa: issued(stamping("short TSA", 2027), &root_party),
            second_tsa: issued(stamping("second TSA", 2045), &root_party),
            loose_tsa: issued(loose, &root_party),
            stranger: issued(stamping("TSA of strangers", 2045), &stranger),
            root: root_party,
        }
    })
}

pub(crate) fn trust() -> Trust {
    let mut trust = Trust::default();
    trust.add_anchors(&pki().root.certificate.der).unwrap();
    trust
}

/// A list of the root's from `from` until 2044, with revoked certificates.
pub(crate) fn list(from: (i32, u8, u8), until: i32, revoked: &[(&Party, (i32, u8, u8))]) -> Vec<u8> {
    let revoked = revoked.iter().map(|(party, (year, month, day))| RevokedCertParams {
        serial_number: SerialNumber::from_slice(&party.certificate.serial),
        revocation_time: date_time_ymd(*year, *month, *day),
        reason_code: None,
        invalidity_date: None,
    });
    let params = rcgen::CertificateRevocationListParams {
        this_update: date_time_ymd(from.0, from.1, from.2),
        next_update: date_time_ymd(until, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.collect(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    params.signed_by(&pki().root.issuer()).unwrap().der().to_vec()
}

pub(crate) fn attribute(oid: &ObjectIdentifier, value: Vec<u8>) -> Vec<u8> {
    write::sequence(&[&write::oid(oid), &write::set_of(vec![value])])
}

fn integer(octets: &[u8]) -> Vec<u8> {
    write::element(INTEGER, octets)
}

pub(crate) fn digest_id(digest: Digest) -> Vec<u8> {
    let oid = match digest {
        Digest::Sha1 => oids::SHA1,
        Digest::Sha384 => oids::SHA384,
        _ => oids::SHA256,
    };
    write::sequence(&[&write::oid(&oid)])
}

pub(crate) fn issuer_serial(party: &Party) -> Vec<u8> {
    let names = write::element(SEQUENCE, &write::explicit(4, &party.certificate.issuer.raw));
    write::sequence(&[&names, &integer(&party.certificate.serial)])
}

/// `signing-certificate-v2` by SHA-256.
pub(crate) fn reference(party: &Party) -> Vec<u8> {
    let inner = write::sequence(&[&write::octets(&party.certificate.sha256), &issuer_serial(party)]);
    attribute(&oids::SIGNING_CERTIFICATE_V2, write::sequence(&[&write::sequence(&[&inner])]))
}

/// A message in the making.
pub(crate) struct Message<'a> {
    pub by: &'a Party,
    pub content_type: ObjectIdentifier,
    pub content: Vec<u8>,
    /// Signed attributes; those of the digest and the type are added.
    pub attributes: Vec<Vec<u8>>,
    pub has_content_type: bool,
    pub unsigned: Vec<Vec<u8>>,
    pub certificates: Vec<Vec<u8>>,
    pub lists: Vec<Vec<u8>>,
}

impl<'a> Message<'a> {
    pub fn new(by: &'a Party, content: &[u8]) -> Self {
        Self {
            by,
            content_type: oids::DATA,
            content: content.to_vec(),
            attributes: vec![
                reference(by),
                attribute(&oids::SIGNING_TIME, crate::asn1::time::encode(at("2026-06-01T12:00:00Z"))),
            ],
            has_content_type: true,
            unsigned: Vec::new(),
            certificates: vec![by.certificate.der.clone()],
            lists: Vec::new(),
        }
    }

    /// `SignerInfo` with its signature value. ECDSA is not deterministic: each call signs anew.
    pub fn signer(&self) -> (Vec<u8>, Vec<u8>) {
        let mut attributes = self.attributes.clone();
        attributes.push(attribute(&oids::MESSAGE_DIGEST, write::octets(&Digest::Sha256.compute(&self.content).unwrap())));
        if self.has_content_type {
            attributes.push(attribute(&oids::CONTENT_TYPE, write::oid(&self.content_type)));
        }
        let set = write::set_of(attributes);
        let signature = self.by.key.sign(&set).unwrap();
        let signed = Element::only(&set).unwrap().value.to_vec();
        (self.info(&signed, &signature, &self.unsigned), signature)
    }

    fn info(&self, signed: &[u8], signature: &[u8], unsigned: &[Vec<u8>]) -> Vec<u8> {
        let identifier = write::sequence(&[&self.by.certificate.issuer.raw, &integer(&self.by.certificate.serial)]);
        let unsigned = if unsigned.is_empty() { Vec::new() } else { write::element(context(1), &unsigned.concat()) };
        write::sequence(&[
            &write::small_integer(1),
            &identifier,
            &digest_id(Digest::Sha256),
            &write::element(context(0), signed),
            &write::sequence(&[&write::oid(&oids::ECDSA_SHA256)]),
            &write::octets(signature),
            &unsigned,
        ])
    }

    pub fn wrap(&self, signers: &[Vec<u8>]) -> Vec<u8> {
        let lists = if self.lists.is_empty() { Vec::new() } else { write::element(context(1), &self.lists.concat()) };
        let content = write::explicit(0, &write::octets(&self.content));
        let data = write::sequence(&[
            &write::small_integer(3),
            &write::element(SET, &digest_id(Digest::Sha256)),
            &write::sequence(&[&write::oid(&self.content_type), &content]),
            &write::element(context(0), &self.certificates.concat()),
            &lists,
            &write::element(SET, &signers.concat()),
        ]);
        write::sequence(&[&write::oid(&oids::SIGNED_DATA), &write::explicit(0, &data)])
    }

    pub fn finish(&self) -> Vec<u8> {
        self.wrap(&[self.signer().0])
    }
}

/// `message` of one signer with more unsigned attributes, which `make` writes knowing the signer as it stands.
pub(crate) fn with_unsigned(message: &[u8], make: impl FnOnce(&crate::cms::SignedData<'_>) -> Vec<Vec<u8>>) -> Vec<u8> {
    let parsed = crate::cms::SignedData::of(message).unwrap();
    let signer = &parsed.signers[0];
    let mut unsigned: Vec<Vec<u8>> = signer.unsigned_attributes.iter().map(|attribute| attribute.raw.to_vec()).collect();
    unsigned.extend(make(&parsed));
    let info = write::element(SEQUENCE, &[signer.fields, &write::element(context(1), &unsigned.concat())].concat());
    let list = |set: Option<Element<'_>>| set.map(|set| set.raw.to_vec()).unwrap_or_default();
    let data = write::sequence(&[
        &write::small_integer(3),
        &write::element(SET, &digest_id(Digest::Sha256)),
        parsed.encapsulated,
        &list(parsed.certificate_choices),
        &list(parsed.revocation_choices),
        &write::element(SET, &info),
    ]);
    write::sequence(&[&write::oid(&oids::SIGNED_DATA), &write::explicit(0, &data)])
}

/// A timestamp in the making.
pub(crate) struct Token<'a> {
    pub by: &'a Party,
    pub version: u32,
    pub digest: Digest,
    pub imprint: Vec<u8>,
    pub time: String,
    /// `Accuracy` in seconds.
    pub accuracy: Option<u32>,
    pub critical_extension: bool,
    /// `GeneralName`
    pub authority: Option<Vec<u8>>,
    pub content_type: ObjectIdentifier,
    pub has_reference: bool,
    pub signers: usize,
    pub unsigned: Vec<Vec<u8>>,
}

impl<'a> Token<'a> {
    pub fn new(by: &'a Party, stamped: &[u8], time: DateTime<Utc>) -> Self {
        Self {
            by,
            version: 1,
            digest: Digest::Sha256,
            imprint: Digest::Sha256.compute(stamped).unwrap(),
            time: time.format("%Y%m%d%H%M%SZ").to_string(),
            accuracy: None,
            critical_extension: false,
            authority: None,
            content_type: oids::TIMESTAMP_INFO,
            has_reference: true,
            signers: 1,
            unsigned: Vec::new(),
        }
    }

    pub fn finish(&self) -> Vec<u8> {
        let accuracy = self.accuracy.map(|seconds| write::sequence(&[&write::small_integer(seconds)])).unwrap_or_default();
        let critical = write::sequence(&[
            &write::oid(&ObjectIdentifier::new_unwrap("1.2.3.4")),
            &write::element(BOOLEAN, &[0xff]),
            &write::octets(&write::null()),
        ]);
        let info = write::sequence(&[
            &write::small_integer(self.version),
            &write::oid(&ObjectIdentifier::new_unwrap("1.2.3.4.5")),
            &write::sequence(&[&digest_id(self.digest), &write::octets(&self.imprint)]),
            &write::small_integer(42),
            &write::element(GENERALIZED_TIME, self.time.as_bytes()),
            &accuracy,
            &self.authority.as_ref().map(|name| write::explicit(0, name)).unwrap_or_default(),
            &if self.critical_extension { write::explicit(1, &critical) } else { Vec::new() },
        ]);
        let mut message = Message::new(self.by, &info);
        message.content_type = self.content_type;
        message.attributes = if self.has_reference { vec![reference(self.by)] } else { Vec::new() };
        message.unsigned.clone_from(&self.unsigned);
        let signer = message.signer().0;
        message.wrap(&vec![signer; self.signers])
    }
}

/// `signature-timestamp` over the signature of `message`.
pub(crate) fn stamped(message: &[u8], make: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    with_unsigned(message, |parsed| vec![attribute(&oids::SIGNATURE_TIMESTAMP, make(parsed.signers[0].signature))])
}
