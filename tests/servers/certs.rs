//! A certificate authority of one test, and the server certificate it issued for this machine.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose};

/// Files in PEM.
#[derive(Debug, Clone)]
pub struct Certificates {
    /// What a client trusts.
    pub ca: PathBuf,
    /// The server's certificate and its issuer's.
    pub chain: PathBuf,
    pub key: PathBuf,
}

impl Certificates {
    /// For `localhost`, 127.0.0.1 and ::1.
    pub fn make(folder: &Path) -> Self {
        Self::make_for(folder, &["localhost", "127.0.0.1", "::1"])
    }

    pub fn make_for(folder: &Path, names: &[&str]) -> Self {
        fs::create_dir_all(folder).expect("a folder for certificates");
        let mut authority = CertificateParams::new(Vec::new()).expect("parameters of the authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority.distinguished_name.push(DnType::CommonName, "Oblik test authority");
        let authority_key = KeyPair::generate().expect("a key of the authority");
        let authority_certificate = authority.self_signed(&authority_key).expect("the authority's certificate");

        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut server = CertificateParams::new(names).expect("parameters of the server");
        server.distinguished_name.push(DnType::CommonName, "Oblik test server");
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        server.use_authority_key_identifier_extension = true;
        let server_key = KeyPair::generate().expect("a key of the server");
        let issuer = Issuer::new(authority, authority_key);
        let certificate = server.signed_by(&server_key, &issuer).expect("the server's certificate");

        let made = Self { ca: folder.join("ca.pem"), chain: folder.join("chain.pem"), key: folder.join("server.key") };
        fs::write(&made.ca, authority_certificate.pem()).expect("write the authority");
        fs::write(&made.chain, certificate.pem() + &authority_certificate.pem()).expect("write the chain");
        fs::write(&made.key, server_key.serialize_pem()).expect("write the key");
        made
    }
}
