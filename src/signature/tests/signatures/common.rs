//! A small certificate authority and the programs the tests run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use oblik_domain::{DateTime, Utc};
use oblik_signature::{Judged, Policy, Signer, Trust};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SigningKey, date_time_ymd,
};

pub const CONTENT: &[u8] = "<акт>показання 000123</акт>\n".as_bytes();
pub const EDRPOU: &str = "00131512";
pub const RNOKPP: &str = "1759013776";

/// A certificate with its key.
pub struct Party {
    pub key: KeyPair,
    pub der: Vec<u8>,
    pub pem: String,
    pub params: CertificateParams,
}

impl Party {
    pub fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, &self.key)
    }
}

pub struct Pki {
    pub root: Party,
    pub intermediate: Party,
    pub rsa: Party,
    pub p256: Party,
    pub p384: Party,
    pub p521: Party,
    pub stranger_root: Party,
}

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().with_timezone(&Utc)
}

/// Inside the validity of every certificate here that is not made to be outside.
pub fn moment() -> DateTime<Utc> {
    at("2026-11-20T12:00:00Z")
}

pub fn params(common_name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "UA");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2045, 1, 1);
    params.use_authority_key_identifier_extension = true;
    params
}

pub fn authority(common_name: &str, path_length: Option<u8>) -> CertificateParams {
    let mut params = params(common_name);
    params.is_ca = IsCa::Ca(path_length.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// A customer's certificate with the codes of organisation and person in its subject.
pub fn customer(common_name: &str) -> CertificateParams {
    let mut params = params(common_name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 97]), format!("NTRUA-{EDRPOU}"));
    params.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 5]), format!("TINUA-{RNOKPP}"));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params
}

pub fn rsa_key() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).unwrap()
}

pub fn self_signed(params: CertificateParams, key: KeyPair) -> Party {
    let certificate = params.self_signed(&key).unwrap();
    Party { der: certificate.der().to_vec(), pem: certificate.pem(), key, params }
}

pub fn issued(params: CertificateParams, key: KeyPair, by: &Party) -> Party {
    issued_by(params, key, &by.issuer())
}

pub fn issued_by(params: CertificateParams, key: KeyPair, issuer: &Issuer<'_, impl SigningKey>) -> Party {
    let certificate = params.signed_by(&key, issuer).unwrap();
    Party { der: certificate.der().to_vec(), pem: certificate.pem(), key, params }
}

pub fn extension(oid: &[u64], content: &[u8], critical: bool) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content.to_vec());
    extension.set_criticality(critical);
    extension
}

pub fn pki() -> &'static Pki {
    static PKI: OnceLock<Pki> = OnceLock::new();
    PKI.get_or_init(|| {
        let root = self_signed(authority("ЦЗО випробувань", None), rsa_key());
        let intermediate = issued(authority("ЦСК випробувань", Some(0)), rsa_key(), &root);
        let party = |name: &str, key: KeyPair| issued(customer(name), key, &intermediate);
        let ec = |algorithm| KeyPair::generate_for(algorithm).unwrap();
        Pki {
            rsa: party("ТОВ Ромашка", rsa_key()),
            p256: party("ФОП Коваль", ec(&rcgen::PKCS_ECDSA_P256_SHA256)),
            p384: party("ФОП Ткач", ec(&rcgen::PKCS_ECDSA_P384_SHA384)),
            p521: party("ФОП Мельник", ec(&rcgen::PKCS_ECDSA_P521_SHA512)),
            stranger_root: self_signed(authority("Чужий центр", None), rsa_key()),
            root,
            intermediate,
        }
    })
}

pub fn trust() -> Trust {
    let mut trust = Trust::default();
    trust.add_anchors(pki().root.pem.as_bytes()).unwrap();
    trust
}

pub fn signer(party: &Party) -> Signer {
    Signer::new(&party.key.serialize_der(), &[party.der.clone(), pki().intermediate.der.clone(), pki().root.der.clone()]).unwrap()
}

/// A folder with keys and certificates for the command line.
pub struct Desk {
    pub folder: tempfile::TempDir,
}

impl Desk {
    pub fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let pki = pki();
        for (name, party) in [
            ("root", &pki.root),
            ("intermediate", &pki.intermediate),
            ("rsa", &pki.rsa),
            ("p256", &pki.p256),
            ("p384", &pki.p384),
            ("p521", &pki.p521),
        ] {
            desk.put(&format!("{name}.pem"), party.pem.as_bytes());
            desk.put(&format!("{name}.key"), party.key.serialize_pem().as_bytes());
        }
        desk.put("content", CONTENT);
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub fn get(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    /// Runs a program in the folder; its output, or panics with what it said.
    pub fn run(&self, program: &str, arguments: &[&str]) -> String {
        let (is_done, output) = self.try_run(program, arguments);
        assert!(is_done, "{program} {arguments:?}\n{output}");
        output
    }

    pub fn try_run(&self, program: &str, arguments: &[&str]) -> (bool, String) {
        let output = Command::new(program).args(arguments).current_dir(self.folder.path()).output();
        let output = output.unwrap_or_else(|error| panic!("{program} is needed by this test: {error}"));
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.success(), text)
    }

    /// `openssl cms -sign` by `party` with more arguments; the message.
    pub fn cms(&self, party: &str, more: &[&str]) -> Vec<u8> {
        let (certificate, key) = (format!("{party}.pem"), format!("{party}.key"));
        let mut arguments = vec![
            "cms",
            "-sign",
            "-binary",
            "-in",
            "content",
            "-signer",
            &certificate,
            "-inkey",
            &key,
            "-certfile",
            "intermediate.pem",
            "-out",
            "message",
        ];
        arguments.extend(more);
        if !more.contains(&"-outform") {
            arguments.extend(["-outform", "DER"]);
        }
        self.run("openssl", &arguments);
        self.get("message")
    }
}

/// Indication, sub-indication and codes of a verdict, for comparison.
pub fn shown(judged: &Judged) -> String {
    let mut codes: Vec<String> = judged
        .all_findings()
        .filter(|finding| finding.level == oblik_domain::finding::Level::Error)
        .map(|finding| finding.code.to_string())
        .collect();
    codes.dedup();
    let sub_indication = judged.sub_indication.map_or("", |sub| sub.as_str());
    format!("{} {} {}", judged.indication.as_str(), sub_indication, codes.join(",")).trim().to_owned()
}

pub fn detail(judged: &Judged) -> String {
    let lines: Vec<String> = judged.all_findings().map(|finding| format!("{} {:?}", finding.code, finding.values)).collect();
    lines.join("\n")
}

pub const PASSED: &str = "TOTAL-PASSED";

pub fn policy() -> Policy {
    Policy::embedded()
}

/// Reference files others made, when they are there.
pub fn testdata(part: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata").join(part);
    if folder.is_dir() {
        Some(folder)
    } else {
        println!("skipped: no reference files in {part}");
        None
    }
}

pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}
