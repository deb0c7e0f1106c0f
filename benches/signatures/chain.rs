//! Keys and certificates of the figures: a root, an authority under it and many signers, all keys of one kind.

use oblik_signature::Signer;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, SignatureAlgorithm,
    date_time_ymd,
};

/// A root in DER, and signers whose messages bring their own and the authority's certificate along.
pub struct Chain {
    pub root: Vec<u8>,
    pub signers: Vec<Signer>,
}

/// So many `signers`, every one with a certificate of its own; `keys` of them go round, because RSA keys take long to make.
///
/// # Panics
/// When the library cannot.
pub fn chain(algorithm: &'static SignatureAlgorithm, keys: usize, signers: usize) -> Chain {
    let key = || KeyPair::generate_for(algorithm).expect("a key");
    let (root_key, authority_key) = (key(), key());
    let (root, authority) = (params("Root", true), params("Authority", true));
    let root_der = root.self_signed(&root_key).expect("a root").der().to_vec();
    let root_issuer = Issuer::new(root, &root_key);
    let authority_der = authority.signed_by(&authority_key, &root_issuer).expect("an authority").der().to_vec();
    let issuer = Issuer::new(authority, &authority_key);
    let keys: Vec<KeyPair> = (0..keys).map(|_| key()).collect();
    let signer = |(number, key): (usize, &KeyPair)| {
        let leaf = params(&format!("Customer {number}"), false).signed_by(key, &issuer).expect("a certificate");
        Signer::new(&key.serialize_der(), &[leaf.der().to_vec(), authority_der.clone()]).expect("a signer")
    };
    Chain { signers: keys.iter().cycle().take(signers).enumerate().map(|(at, key)| signer((at, key))).collect(), root: root_der }
}

fn params(name: &str, is_authority: bool) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CountryName, "UA");
    params.distinguished_name.push(DnType::OrganizationName, "Figures");
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2045, 1, 1);
    params.use_authority_key_identifier_extension = true;
    if is_authority {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    } else {
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    }
    params
}
