//! An authority with a customer, and the lists and answers it may give.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SerialNumber, SigningKey};

use crate::asn1::{BIT_STRING, BOOLEAN, ENUMERATED, GENERALIZED_TIME, INTEGER, context, context_primitive, time, write};
use crate::certificate::Certificate;
use crate::material::Material;
use crate::path::{Effort, Ground, Path, Purpose, find};
use crate::{Policy, Trust, oids};

pub const SERIAL: u64 = 0x4711;

pub fn at(text: &str) -> DateTime<Utc> {
    let text = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    DateTime::parse_from_rfc3339(&text).unwrap().to_utc()
}

pub struct Party {
    pub key: KeyPair,
    pub params: CertificateParams,
    pub certificate: Arc<Certificate>,
}

pub fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(2045, 1, 1);
    params.key_usages = vec![KeyUsagePurpose::ContentCommitment, KeyUsagePurpose::DigitalSignature];
    params
}

pub fn authority(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub fn key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

pub fn party(params: CertificateParams, by: Option<&Party>) -> Party {
    let key = key();
    let certificate = match by {
        Some(by) => params.signed_by(&key, &Issuer::from_params(&by.params, &by.key)).unwrap(),
        None => params.self_signed(&key).unwrap(),
    };
    let certificate = Arc::new(Certificate::of(certificate.der()).unwrap());
    Party { key, params, certificate }
}

pub struct World {
    pub root: Party,
    pub leaf: Party,
    pub policy: Policy,
    pub material: Material,
}

impl World {
    pub fn new(change: impl FnOnce(&mut CertificateParams)) -> Self {
        let root = party(authority("ЦСК"), None);
        let mut params = params("Підписувач");
        params.serial_number = Some(SerialNumber::from(SERIAL));
        change(&mut params);
        let leaf = party(params, Some(&root));
        let text = Policy::embedded().text().replace("status = \"if-available\"", "status = \"required\"");
        Self { root, leaf, policy: Policy::parse(&text).unwrap(), material: Material::default() }
    }

    pub fn with(mut self, list: &List) -> Self {
        self.material.add_revocation_list(&list.signed_by(&self.root));
        self
    }

    pub fn judge(&self, proven: &str, moment: &str) -> Path {
        self.judge_within(&Effort::default(), proven, moment)
    }

    pub fn judge_within(&self, effort: &Effort, proven: &str, moment: &str) -> Path {
        let mut trust = Trust::default();
        trust.add_anchors(&self.root.certificate.der).unwrap();
        let ground = Ground { trust: &trust, policy: &self.policy, moment: at(moment), proven: at(proven), effort };
        find(&self.leaf.certificate, Purpose::Signature, &self.material, ground)
    }

    /// Sub-indication and codes, for comparison.
    pub fn shown(&self, proven: &str, moment: &str) -> String {
        shown(&self.judge(proven, moment))
    }

    /// The verdict at a moment without any proof of time.
    pub fn now(&self) -> String {
        self.shown("2026-11-20", "2026-11-20")
    }
}

/// Whether `openssl verify` passes the world's customer by its lists alone, at the moment of [`World::now`].
pub fn openssl_passes(world: &World) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, label: &str, ders: &[&[u8]]| {
        let blocks = ders.iter().map(|der| {
            let text = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, der);
            let lines: Vec<&str> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
            format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
        });
        std::fs::write(folder.path().join(name), blocks.collect::<String>()).unwrap();
    };
    put("root.pem", "CERTIFICATE", &[&world.root.certificate.der]);
    put("leaf.pem", "CERTIFICATE", &[&world.leaf.certificate.der]);
    let lists: Vec<&[u8]> = world.material.revocation_lists.iter().map(|list| list.der.as_slice()).collect();
    put("lists.pem", "X509 CRL", &lists);
    let mut command = std::process::Command::new("openssl");
    command.args(["verify", "-CAfile", "root.pem", "-crl_check", "-extended_crl", "-use_deltas", "-attime"]);
    command.arg(at("2026-11-20").timestamp().to_string());
    command.args(["-CRLfile", "lists.pem", "leaf.pem"]).current_dir(folder.path());
    command.output().unwrap().status.success()
}

pub fn shown(path: &Path) -> String {
    let codes: Vec<String> = path.facts.findings.iter().map(|finding| finding.code.to_string()).collect();
    format!("{} {}", path.facts.worst.map_or("PASSED", |worst| worst.as_str()), codes.join(",")).trim().to_owned()
}

pub fn extension(oid: &const_oid::ObjectIdentifier, is_critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if is_critical { write::element(BOOLEAN, &[0xff]) } else { Vec::new() };
    write::sequence(&[&write::oid(oid), &critical, &write::octets(value)])
}

/// An extension nobody knows.
pub fn strange(is_critical: bool) -> Vec<u8> {
    extension(&const_oid::ObjectIdentifier::new_unwrap("1.2.3.4"), is_critical, &[5, 0])
}

fn ecdsa() -> Vec<u8> {
    write::sequence(&[&write::oid(&oids::ECDSA_SHA256)])
}

pub fn signed(content: &[u8], by: &Party, more: &[u8]) -> Vec<u8> {
    let signature = [&[0][..], &by.key.sign(content).unwrap()].concat();
    write::sequence(&[content, &ecdsa(), &write::element(BIT_STRING, &signature), more])
}

pub fn integer(value: u64) -> Vec<u8> {
    write::small_integer(u32::try_from(value).unwrap())
}

#[derive(Clone)]
pub struct List {
    pub this_update: &'static str,
    pub next_update: Option<&'static str>,
    pub entries: Vec<Vec<u8>>,
    pub extensions: Vec<Vec<u8>>,
    pub is_first_version: bool,
}

/// A complete list of November 2026 with the number 10.
pub fn november() -> List {
    List {
        this_update: "2026-11-01",
        next_update: Some("2026-12-01"),
        entries: Vec::new(),
        extensions: vec![number(10)],
        is_first_version: false,
    }
}

pub fn number(number: u64) -> Vec<u8> {
    extension(&oids::CRL_NUMBER, false, &integer(number))
}

pub fn delta_of(number: u64) -> Vec<u8> {
    extension(&oids::DELTA_CRL, true, &integer(number))
}

/// `IssuingDistributionPoint` of some reasons only, bits as in `ReasonFlags`.
pub fn reasons(bits: u16) -> Vec<u8> {
    let bits = [&[0][..], &bits.to_be_bytes()].concat();
    extension(&oids::ISSUING_DISTRIBUTION_POINT, true, &write::sequence(&[&write::element(context_primitive(3), &bits)]))
}

impl List {
    pub fn of(self, this_update: &'static str, next_update: Option<&'static str>) -> Self {
        Self { this_update, next_update, ..self }
    }

    pub fn revoking(self, at: &str, reason: Option<u8>) -> Self {
        let code = reason.map(|code| extension(&oids::CRL_REASON, false, &write::element(ENUMERATED, &[code])));
        self.entry(at, &code.into_iter().collect::<Vec<_>>())
    }

    pub fn entry(mut self, since: &str, extensions: &[Vec<u8>]) -> Self {
        let list = if extensions.is_empty() { Vec::new() } else { write::sequence(&[&extensions.concat()]) };
        self.entries.push(write::sequence(&[&integer(SERIAL), &time::encode(at(since)), &list]));
        self
    }

    pub fn plus(mut self, extension: Vec<u8>) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Instead of the number a complete list has.
    pub fn numbered(mut self, extensions: &[Vec<u8>]) -> Self {
        self.extensions = extensions.to_vec();
        self
    }

    pub fn signed_by(&self, by: &Party) -> Vec<u8> {
        let entries = if self.entries.is_empty() { Vec::new() } else { write::sequence(&[&self.entries.concat()]) };
        let extensions = write::explicit(0, &write::sequence(&[&self.extensions.concat()]));
        let content = write::sequence(&[
            &if self.is_first_version { Vec::new() } else { write::element(INTEGER, &[1]) },
            &ecdsa(),
            &by.certificate.subject.raw,
            &time::encode(at(self.this_update)),
            &self.next_update.map_or_else(Vec::new, |next| time::encode(at(next))),
            &entries,
            &if self.is_first_version { Vec::new() } else { extensions },
        ]);
        signed(&content, by, &[])
    }
}

/// One `SingleResponse` in the making.
pub struct Answer {
    pub digest: const_oid::ObjectIdentifier,
    pub name: Vec<u8>,
    pub key: Vec<u8>,
    pub serial: u64,
    pub status: Vec<u8>,
    pub this_update: &'static str,
    pub extensions: Vec<u8>,
}

pub fn good() -> Vec<u8> {
    write::element(context_primitive(0), &[])
}

pub fn revoked(since: &str) -> Vec<u8> {
    write::element(context(1), &generalized(since))
}

pub fn generalized(moment: &str) -> Vec<u8> {
    write::element(GENERALIZED_TIME, at(moment).format("%Y%m%d%H%M%SZ").to_string().as_bytes())
}

impl Answer {
    pub fn of(world: &World, status: Vec<u8>) -> Self {
        Self::digested(world, status, crate::Digest::Sha1, oids::SHA1)
    }

    pub fn digested(world: &World, status: Vec<u8>, digest: crate::Digest, oid: const_oid::ObjectIdentifier) -> Self {
        Self {
            digest: oid,
            name: digest.compute(&world.root.certificate.subject.raw).unwrap(),
            key: digest.compute(&world.root.certificate.key_octets).unwrap(),
            serial: SERIAL,
            status,
            this_update: "2026-11-19T12:00:00Z",
            extensions: Vec::new(),
        }
    }

    fn der(&self) -> Vec<u8> {
        let id = write::sequence(&[
            &write::sequence(&[&write::oid(&self.digest), &write::null()]),
            &write::octets(&self.name),
            &write::octets(&self.key),
            &integer(self.serial),
        ]);
        let extensions = &self.extensions;
        let extensions = if extensions.is_empty() { Vec::new() } else { write::explicit(1, &write::sequence(&[extensions])) };
        write::sequence(&[&id, &self.status, &generalized(self.this_update), &extensions])
    }
}

/// A `BasicOCSPResponse` signed by `by`, who brings `certificate` along.
pub fn response(answers: &[Answer], by: &Party, more: &[u8]) -> Vec<u8> {
    let list: Vec<u8> = answers.iter().flat_map(Answer::der).collect();
    let extensions = if more.is_empty() { Vec::new() } else { write::explicit(1, &write::sequence(&[more])) };
    let content = write::sequence(&[
        &write::explicit(1, &by.certificate.subject.raw),
        &generalized("2026-11-19T12:00:00Z"),
        &write::sequence(&[&list]),
        &extensions,
    ]);
    signed(&content, by, &write::explicit(0, &write::sequence(&[&by.certificate.der])))
}
