//! A certificate authority as trust service providers run them: a root, and under it an issuing authority with RSA and one
//! with ECDSA keys, each with its revocation list.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use oblik_domain::ids::{Edrpou, Rnokpp};
use oblik_signature::Signer;
use oblik_signature::pkcs12::{self, Salts};
use rcgen::string::{Ia5String, PrintableString};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, CustomExtension,
    DistinguishedName, DnType, DnValue, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason, RevokedCertParams,
    SanType, SerialNumber, date_time_ymd,
};

use crate::{SampleError, pem};

/// What a key computes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    Rsa2048,
    P256,
}

/// Keys to hand out. RSA keys take a tenth of a second each, so a few of them go round: in a world of thousands many
/// certificates share one, which no check of signatures can tell.
pub struct Keys {
    rsa: Vec<Arc<KeyPair>>,
    handed_out: usize,
}

impl Keys {
    /// Makes the RSA keys that go round, one at least.
    ///
    /// # Errors
    /// [`SampleError::Certificate`] when the library cannot.
    pub fn generate(rsa: usize) -> Result<Self, SampleError> {
        let key = |_| KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).map(Arc::new);
        Ok(Self { rsa: (0..rsa.max(1)).map(key).collect::<Result<_, _>>()?, handed_out: 0 })
    }

    fn next(&mut self, algorithm: Algorithm) -> Result<Arc<KeyPair>, SampleError> {
        if algorithm == Algorithm::P256 {
            return Ok(Arc::new(KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256)?));
        }
        let at = self.handed_out.checked_rem(self.rsa.len()).unwrap_or_default();
        self.handed_out += 1;
        self.rsa.get(at).cloned().ok_or(SampleError::Value("an empty pool of keys"))
    }
}

/// The days a certificate is valid: from the start of the first to the start of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    pub from: NaiveDate,
    pub to: NaiveDate,
}

/// Whom a certificate is for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subject {
    pub common_name: String,
    pub organization: Option<String>,
    /// Goes into organizationIdentifier as `NTRUA-…` (EN 319 412-1 §5.1.4).
    pub edrpou: Option<Edrpou>,
    /// Goes into serialNumber as `TINUA-…`; absent in an e-seal.
    pub rnokpp: Option<Rnokpp>,
    pub email: Option<String>,
}

/// A certificate with its key.
#[derive(Clone)]
pub struct Identity {
    pub subject: Subject,
    pub validity: Validity,
    pub algorithm: Algorithm,
    key: Arc<KeyPair>,
    certificate: Vec<u8>,
    serial: SerialNumber,
    /// The issuing authority and the root.
    chain: Vec<Vec<u8>>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identity({})", self.subject.common_name)
    }
}

impl Identity {
    /// # Errors
    /// [`SampleError::Signing`] when key and certificate do not fit, which they do.
    pub fn signer(&self) -> Result<Signer, SampleError> {
        let mut certificates = vec![self.certificate.clone()];
        certificates.extend(self.chain.iter().cloned());
        Ok(Signer::new(&self.key.serialize_der(), &certificates)?)
    }

    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    pub fn certificate_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.certificate)
    }

    /// The issuing authority, then the root.
    pub fn chain_pem(&self) -> String {
        self.chain.iter().map(|der| pem::encode("CERTIFICATE", der)).collect()
    }

    /// PKCS#8.
    pub fn key_pem(&self) -> String {
        pem::encode("PRIVATE KEY", &self.key.serialize_der())
    }

    /// The key file that a customer or supplier is given; `random` is never used twice.
    ///
    /// # Errors
    /// [`SampleError::KeyFile`] when the library cannot encrypt.
    pub fn pkcs12(&self, passphrase: &str, random: &[u8; 80]) -> Result<Vec<u8>, SampleError> {
        let mut certificates = vec![self.certificate.clone()];
        certificates.extend(self.chain.iter().cloned());
        let salts = Salts::from_random(random);
        Ok(pkcs12::write(&self.key.serialize_der(), &certificates, &self.subject.common_name, passphrase, &salts)?)
    }

    /// SHA-256 of the certificate in DER.
    ///
    /// # Errors
    /// As [`Self::signer`].
    pub fn sha256(&self) -> Result<[u8; 32], SampleError> {
        Ok(self.signer()?.holder().certificate_sha256)
    }
}

/// One certificate that issues others, and what it revoked.
struct Issuing {
    params: CertificateParams,
    key: Arc<KeyPair>,
    certificate: Vec<u8>,
    revoked: Vec<(SerialNumber, DateTime<Utc>)>,
}

impl Issuing {
    fn issuer(&self) -> Issuer<'_, &KeyPair> {
        Issuer::from_params(&self.params, self.key.as_ref())
    }
}

/// A root with its two issuing authorities.
pub struct Authority {
    root: Issuing,
    rsa: Issuing,
    ecdsa: Issuing,
    issued: u64,
    /// Where certificates say that their revocation list lies.
    lists_at: Option<String>,
    /// Where certificates say that their responder answers.
    answers_at: Option<String>,
}

impl Authority {
    /// # Errors
    /// [`SampleError::Certificate`] when the library cannot.
    pub fn new(name: &str, keys: &mut Keys, validity: Validity) -> Result<Self, SampleError> {
        let key = keys.next(Algorithm::Rsa2048)?;
        let params = ca_params(&format!("{name}, кореневий"), 1, validity, BasicConstraints::Unconstrained)?;
        let certificate = params.self_signed(key.as_ref())?.der().to_vec();
        let root = Issuing { params, key, certificate, revoked: Vec::new() };
        let issuing = |title: &str, serial, key: Arc<KeyPair>| {
            let params = ca_params(&format!("{name}, {title}"), serial, validity, BasicConstraints::Constrained(0))?;
            let certificate = params.signed_by(key.as_ref(), &root.issuer())?.der().to_vec();
            Ok::<_, SampleError>(Issuing { params, key, certificate, revoked: Vec::new() })
        };
        let rsa = issuing("RSA", 2, keys.next(Algorithm::Rsa2048)?)?;
        let ecdsa = issuing("ECDSA", 3, keys.next(Algorithm::P256)?)?;
        Ok(Self { root, rsa, ecdsa, issued: 3, lists_at: None, answers_at: None })
    }

    /// From now on certificates of persons name an address of their revocation list.
    pub fn publish_lists_at(&mut self, url: &str) {
        self.lists_at = Some(url.to_owned());
    }

    /// From now on certificates of persons name an OCSP responder at this address.
    pub fn answer_at(&mut self, url: &str) {
        self.answers_at = Some(url.to_owned());
    }

    /// The authority that issues for keys of an algorithm: its certificate and its key, in PEM, for a responder of its own.
    pub fn issuing_pem(&self, algorithm: Algorithm) -> (String, String) {
        let issuing = match algorithm {
            Algorithm::Rsa2048 => &self.rsa,
            Algorithm::P256 => &self.ecdsa,
        };
        (pem::encode("CERTIFICATE", &issuing.certificate), issuing.key.serialize_pem())
    }

    /// Issues a certificate for signing documents.
    ///
    /// # Errors
    /// [`SampleError`] when the library cannot, or the address is not ASCII.
    pub fn issue(
        &mut self,
        subject: &Subject,
        algorithm: Algorithm,
        keys: &mut Keys,
        validity: Validity,
    ) -> Result<Identity, SampleError> {
        self.issued += 1;
        let key = keys.next(algorithm)?;
        let mut params = person_params(subject, self.issued, validity)?;
        let point = |url: &String| CrlDistributionPoint { uris: vec![url.clone()] };
        params.crl_distribution_points = self.lists_at.iter().map(point).collect();
        params.custom_extensions = self.answers_at.iter().map(|url| responder(url)).collect::<Result<_, _>>()?;
        let serial = serial_number(self.issued);
        let issuing = self.issuing(algorithm);
        let certificate = params.signed_by(key.as_ref(), &issuing.issuer())?.der().to_vec();
        let chain = vec![issuing.certificate.clone(), self.root.certificate.clone()];
        Ok(Identity { subject: subject.clone(), validity, algorithm, key, certificate, serial, chain })
    }

    /// Puts a certificate on the list that the next [`Authority::crls_pem`] gives.
    pub fn revoke(&mut self, identity: &Identity, at: DateTime<Utc>) {
        let issuing = match identity.algorithm {
            Algorithm::Rsa2048 => &mut self.rsa,
            Algorithm::P256 => &mut self.ecdsa,
        };
        issuing.revoked.push((identity.serial.clone(), at));
    }

    pub fn root_pem(&self) -> String {
        pem::encode("CERTIFICATE", &self.root.certificate)
    }

    /// Both issuing authorities.
    pub fn intermediates_pem(&self) -> String {
        [&self.rsa, &self.ecdsa].map(|issuing| pem::encode("CERTIFICATE", &issuing.certificate)).concat()
    }

    /// The three revocation lists, made at `now` and good for thirty days.
    ///
    /// # Errors
    /// [`SampleError::Certificate`] when the library cannot.
    pub fn crls_pem(&self, now: DateTime<Utc>) -> Result<String, SampleError> {
        let mut all = String::new();
        for issuing in [&self.root, &self.rsa, &self.ecdsa] {
            // The type of these moments belongs to a crate that nothing else here needs, so no function can name it.
            let at = |moment: DateTime<Utc>| {
                let seconds = u64::try_from(moment.timestamp()).unwrap_or_default();
                date_time_ymd(1970, 1, 1) + Duration::from_secs(seconds)
            };
            let revoked = |(serial, moment): &(SerialNumber, DateTime<Utc>)| RevokedCertParams {
                serial_number: serial.clone(),
                revocation_time: at(*moment),
                reason_code: Some(RevocationReason::KeyCompromise),
                invalidity_date: None,
            };
            let list = CertificateRevocationListParams {
                this_update: at(now - chrono::TimeDelta::hours(1)),
                next_update: at(now + chrono::TimeDelta::days(30)),
                crl_number: SerialNumber::from_slice(&[1]),
                issuing_distribution_point: None,
                revoked_certs: issuing.revoked.iter().map(revoked).collect(),
                key_identifier_method: KeyIdMethod::Sha256,
            };
            all.push_str(&pem::encode("X509 CRL", list.signed_by(&issuing.issuer())?.der()));
        }
        Ok(all)
    }

    fn issuing(&self, algorithm: Algorithm) -> &Issuing {
        match algorithm {
            Algorithm::Rsa2048 => &self.rsa,
            Algorithm::P256 => &self.ecdsa,
        }
    }
}

fn serial_number(number: u64) -> SerialNumber {
    // Eight octets with the top bit clear and the next set: one length for all.
    SerialNumber::from_slice(&(number | 0x4000_0000_0000_0000).to_be_bytes())
}

fn printable(text: &str) -> Result<DnValue, SampleError> {
    PrintableString::try_from(text).map(DnValue::PrintableString).map_err(SampleError::Certificate)
}

fn params(name: DistinguishedName, serial: u64, validity: Validity) -> Result<CertificateParams, SampleError> {
    let month_and_day = |day: NaiveDate| {
        let fits = |value: u32| u8::try_from(value).map_err(|_| SampleError::Value("a date"));
        Ok::<_, SampleError>((day.year(), fits(day.month())?, fits(day.day())?))
    };
    let mut params = CertificateParams::default();
    let (year, month, day) = month_and_day(validity.from)?;
    params.not_before = date_time_ymd(year, month, day);
    let (year, month, day) = month_and_day(validity.to)?;
    params.not_after = date_time_ymd(year, month, day);
    params.serial_number = Some(serial_number(serial));
    params.distinguished_name = name;
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn ca_params(name: &str, serial: u64, validity: Validity, reach: BasicConstraints) -> Result<CertificateParams, SampleError> {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, printable("UA")?);
    subject.push(DnType::CommonName, name);
    let mut params = params(subject, serial, validity)?;
    params.is_ca = IsCa::Ca(reach);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

/// `authorityInfoAccess` with one responder (RFC 5280 §4.2.2.1).
fn responder(url: &str) -> Result<CustomExtension, SampleError> {
    // OID id-ad-ocsp, then [6] with the address.
    let method = [0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1];
    let length = |more: usize| u8::try_from(url.len() + more).ok().filter(|length| *length < 0x80);
    let long = SampleError::Value("the address of a responder");
    let (Some(address), Some(one), Some(all)) = (length(0), length(12), length(14)) else { return Err(long) };
    let content = [&[0x30, all, 0x30, one], &method[..], &[0x86, address], url.as_bytes()].concat();
    Ok(CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 1], content))
}

fn person_params(of: &Subject, serial: u64, validity: Validity) -> Result<CertificateParams, SampleError> {
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, printable("UA")?);
    if let Some(organization) = &of.organization {
        subject.push(DnType::OrganizationName, organization.as_str());
    }
    if let Some(edrpou) = &of.edrpou {
        subject.push(DnType::from_oid(&[2, 5, 4, 97]), format!("NTRUA-{edrpou}"));
    }
    subject.push(DnType::CommonName, of.common_name.as_str());
    if let Some(rnokpp) = &of.rnokpp {
        subject.push(DnType::from_oid(&[2, 5, 4, 5]), printable(&format!("TINUA-{rnokpp}"))?);
    }
    let mut params = params(subject, serial, validity)?;
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    if let Some(email) = &of.email {
        params.subject_alt_names = vec![SanType::Rfc822Name(Ia5String::try_from(email.as_str())?)];
    }
    Ok(params)
}
