//! Keys made here, lists by hand, signatures by xmlsec1.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use oblik_signature::Policy;
use oblik_trustlist::{Expectation, ListFault, Signers, TrustedList};
use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

pub fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn moment() -> DateTime<Utc> {
    at("2026-11-20T12:00:00Z")
}

/// Output of a program, or `None` when it failed.
fn run(program: &str, arguments: &[&str], folder: &Path) -> Option<Vec<u8>> {
    let output = Command::new(program).args(arguments).current_dir(folder).output().unwrap();
    if !output.status.success() {
        println!("{program}: {}", String::from_utf8_lossy(&output.stderr));
    }
    output.status.success().then_some(output.stdout)
}

/// For the files of one test among those that run beside it.
fn own_name() -> String {
    format!("{:?}", std::thread::current().id()).replace(['(', ')'], "-")
}

pub struct World {
    folder: tempfile::TempDir,
}

/// How a list is to be signed.
#[derive(Clone)]
pub struct Signing {
    pub key: &'static str,
    pub method: String,
    pub digest: String,
    pub c14n: String,
    /// Elements between `CanonicalizationMethod` and its end, and the same in the transforms.
    pub prefixes: &'static str,
    pub root_uri: &'static str,
}

impl Signing {
    pub fn by(key: &'static str) -> Self {
        let method = if matches!(key, "rsa" | "stranger") { RSA_SHA256.to_owned() } else { RSA_SHA256.replace("rsa-", "ecdsa-") };
        let (digest, c14n) = (SHA256.to_owned(), EXCLUSIVE.to_owned());
        Self { key, method, digest, c14n, prefixes: "", root_uri: "" }
    }
}

impl World {
    /// `None`, and says so, where the programs are missing.
    pub fn new() -> Option<&'static Self> {
        static WORLD: OnceLock<Option<World>> = OnceLock::new();
        let world = WORLD.get_or_init(|| {
            let there = |program: &str| Command::new(program).arg("--version").output().is_ok();
            let openssl = Command::new("openssl").arg("version").output().is_ok();
            (there("xmlsec1") && openssl).then(Self::make)
        });
        if world.is_none() {
            println!("skipped: no xmlsec1 or openssl");
        }
        world.as_ref()
    }

    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kinds = [
            ("rsa", &rcgen::PKCS_RSA_SHA256),
            ("p256", &rcgen::PKCS_ECDSA_P256_SHA256),
            ("p384", &rcgen::PKCS_ECDSA_P384_SHA384),
            ("p521", &rcgen::PKCS_ECDSA_P521_SHA512),
            ("stranger", &rcgen::PKCS_RSA_SHA256),
            ("authority", &rcgen::PKCS_ECDSA_P256_SHA256),
            ("withdrawn", &rcgen::PKCS_ECDSA_P256_SHA256),
            ("tsa", &rcgen::PKCS_ECDSA_P256_SHA256),
        ];
        for (name, kind) in kinds {
            let key = KeyPair::generate_for(kind).unwrap();
            let mut params = CertificateParams::default();
            params.distinguished_name.push(DnType::CommonName, format!("Test {name}"));
            (params.not_before, params.not_after) = (date_time_ymd(2026, 1, 1), date_time_ymd(2027, 1, 1));
            std::fs::write(folder.path().join(format!("{name}.key")), key.serialize_pem()).unwrap();
            std::fs::write(folder.path().join(format!("{name}.pem")), params.self_signed(&key).unwrap().pem()).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn pem(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(&format!("{name}.pem"))).unwrap()
    }

    pub fn der_base64(&self, name: &str) -> String {
        let certificate = format!("{name}.pem");
        STANDARD.encode(run("openssl", &["x509", "-in", &certificate, "-outform", "DER"], self.folder.path()).unwrap())
    }

    fn certificate_digest(&self, key: &str) -> String {
        let file = format!("{}.der", own_name());
        std::fs::write(self.path(&file), STANDARD.decode(self.der_base64(key)).unwrap()).unwrap();
        STANDARD.encode(run("openssl", &["dgst", "-sha256", "-binary", &file], self.folder.path()).unwrap())
    }

    /// `Signature` whose digests and value are still to be filled in.
    pub fn template(&self, signing: &Signing) -> String {
        let Signing { key, method, digest, c14n, prefixes, root_uri } = signing;
        let canonicalization = |name: &str| format!("<ds:{name} Algorithm=\"{c14n}\">{prefixes}</ds:{name}>");
        format!(
            "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" Id=\"sig\"><ds:SignedInfo>{}\
             <ds:SignatureMethod Algorithm=\"{method}\"/>\
             <ds:Reference Id=\"r1\" URI=\"{root_uri}\"><ds:Transforms>\
             <ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>{}</ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue></ds:DigestValue></ds:Reference>\
             <ds:Reference Type=\"http://uri.etsi.org/01903#SignedProperties\" URI=\"#props\"><ds:Transforms>{}</ds:Transforms>\
             <ds:DigestMethod Algorithm=\"{digest}\"/><ds:DigestValue></ds:DigestValue></ds:Reference></ds:SignedInfo>\
             <ds:SignatureValue></ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate>\
             </ds:X509Data></ds:KeyInfo><ds:Object><xades:QualifyingProperties xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\" \
             Target=\"#sig\"><xades:SignedProperties Id=\"props\"><xades:SignedSignatureProperties>\
             <xades:SigningTime>2026-11-01T09:00:00Z</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>\
             <xades:CertDigest><ds:DigestMethod Algorithm=\"{SHA256}\"/><ds:DigestValue>{}</ds:DigestValue></xades:CertDigest>\
             </xades:Cert></xades:SigningCertificateV2></xades:SignedSignatureProperties></xades:SignedProperties>\
             </xades:QualifyingProperties></ds:Object></ds:Signature>",
            canonicalization("CanonicalizationMethod"),
            canonicalization("Transform"),
            canonicalization("Transform"),
            self.der_base64(key),
            self.certificate_digest(key),
        )
    }

    /// `list` with the signature of xmlsec1 at its end; `None` when xmlsec1 cannot make it.
    pub fn sign(&self, list: &str, signing: &Signing) -> Option<Vec<u8>> {
        let whole =
            list.replacen("</TrustServiceStatusList>", &format!("{}</TrustServiceStatusList>", self.template(signing)), 1);
        self.fill_in(&whole, signing.key)
    }

    pub fn fill_in(&self, whole: &str, key: &str) -> Option<Vec<u8>> {
        let (dir, name) = (self.folder.path(), own_name());
        let (template, signed) = (format!("{name}.template.xml"), format!("{name}.signed.xml"));
        std::fs::write(dir.join(&template), whole).unwrap();
        let keys = format!("{key}.key");
        let ids = ["--id-attr:Id", "SignedProperties", "--id-attr:Id", "TrustServiceStatusList"];
        let mut arguments = vec!["--sign", "--privkey-pem", &keys];
        arguments.extend(ids);
        arguments.extend(["--output", &signed, &template]);
        run("xmlsec1", &arguments, dir)?;
        std::fs::read(dir.join(signed)).ok()
    }

    /// Whether xmlsec1 takes the signature for one by `key`.
    pub fn xmlsec1(&self, list: &[u8], key: &str) -> bool {
        let (dir, name) = (self.folder.path(), own_name());
        let file = format!("{name}.verified.xml");
        std::fs::write(dir.join(&file), list).unwrap();
        let certificate = format!("{key}.pem");
        let ids = ["--id-attr:Id", "SignedProperties", "--id-attr:Id", "TrustServiceStatusList"];
        let mut arguments = vec!["--verify", "--pubkey-cert-pem", &certificate];
        arguments.extend(ids);
        arguments.push(&file);
        run("xmlsec1", &arguments, dir).is_some()
    }

    pub fn signers(&self, names: &[&str]) -> Signers {
        let mut signers = Signers::default();
        for name in names {
            signers.add(&self.pem(name)).unwrap();
        }
        signers
    }

    /// As read now, by the signers everybody here trusts.
    pub fn read(&self, list: &[u8]) -> Result<TrustedList, ListFault> {
        let signers = self.signers(&["rsa", "p256", "p384", "p521"]);
        let policy = Policy::embedded();
        let expected = Expectation { signers: &signers, policy: &policy, moment: moment(), known_sequence: None };
        TrustedList::read(list, expected)
    }

    /// A list of three services, in the form of the one that czo.gov.ua publishes.
    pub fn list(&self) -> String {
        let service = |kind: &str, name: &str, key: &str, status: &str, from: &str, rest: &str| {
            format!(
                "\t<TSPService>\n<ServiceInformation>\n<ServiceTypeIdentifier>http://czo.gov.ua/TrstSvc/Svctype/{kind}\
                 </ServiceTypeIdentifier>\n<ServiceName><Name xml:lang=\"uk\">Послуга</Name><Name xml:lang=\"en\">{name}</Name>\
                 </ServiceName>\n<ServiceDigitalIdentity><DigitalId><X509Certificate>{}</X509Certificate></DigitalId>\
                 <DigitalId><X509SubjectName>CN=Test {key},C=UA</X509SubjectName></DigitalId>\
                 <DigitalId><X509SKI>+jEisdlWjxesfkeCz+K6B1opfVE=</X509SKI></DigitalId></ServiceDigitalIdentity>\n\
                 <ServiceStatus>http://czo.gov.ua/TrstSvc/TrustedList/Svcstatus/{status}</ServiceStatus>\n\
                 <StatusStartingTime>{from}</StatusStartingTime>\n{rest}</TSPService>\n",
                self.der_base64(key)
            )
        };
        let history = "</ServiceInformation><ServiceHistory><ServiceHistoryInstance>\
             <ServiceTypeIdentifier>http://czo.gov.ua/TrstSvc/Svctype/CA/QC</ServiceTypeIdentifier>\
             <ServiceName><Name xml:lang=\"en\">Old</Name></ServiceName>\
             <ServiceDigitalIdentity><DigitalId><X509SKI>AAAA</X509SKI></DigitalId></ServiceDigitalIdentity>\
             <ServiceStatus>http://czo.gov.ua/TrstSvc/TrustedList/Svcstatus/granted</ServiceStatus>\
             <StatusStartingTime>2024-01-01T00:00:00Z</StatusStartingTime></ServiceHistoryInstance></ServiceHistory>";
        let extension = "<ServiceInformationExtensions><Extension Critical=\"true\"><AdditionalServiceInformation>\
             <URI xml:lang=\"en\">http://uri.etsi.org/TrstSvc/TrustedList/SvcInfoExt/ForeSignatures</URI>\
             </AdditionalServiceInformation></Extension></ServiceInformationExtensions></ServiceInformation>";
        let services = [
            service("CA/QC", "Good authority", "authority", "granted", "2025-03-01T10:00:00Z", extension),
            service("CA/QC", "Withdrawn authority", "withdrawn", "withdrawn", "2026-06-01T00:00:00Z", history),
            service("National-TSA/QTST", "Timestamps", "tsa", "granted", "2025-03-01T10:00:00Z", "</ServiceInformation>"),
        ];
        format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"no\" ?><TrustServiceStatusList \
             xmlns=\"http://uri.etsi.org/02231/v2#\" Id=\"TrustServiceStatusList-UA\" TSLTag=\"http://uri.etsi.org/19612/TSLTag\" \
             xmlns:ns2=\"http://www.w3.org/2000/09/xmldsig#\">\n\t<SchemeInformation>\n\
             <TSLVersionIdentifier>6</TSLVersionIdentifier><TSLSequenceNumber>32</TSLSequenceNumber>\
             <TSLType>http://uri.etsi.org/TrstSvc/TrustedList/TSLType/UAlist</TSLType>\
             <SchemeOperatorName><Name xml:lang=\"en\">Test ministry</Name></SchemeOperatorName>\
             <!-- a comment --><SchemeTerritory>UA</SchemeTerritory>\
             <ListIssueDateTime>2026-11-20T09:00:00Z</ListIssueDateTime>\
             <NextUpdate><dateTime>2027-05-01T00:00:00Z</dateTime></NextUpdate>\n</SchemeInformation>\n\
             <TrustServiceProviderList><TrustServiceProvider><TSPInformation><TSPName><Name xml:lang=\"en\">Provider &amp; Co</Name>\
             </TSPName></TSPInformation><TSPServices>\n{}</TSPServices></TrustServiceProvider></TrustServiceProviderList>\n\
             </TrustServiceStatusList>",
            services.concat()
        )
    }
}
