//! A folder with keys and certificates by OpenSSL, in which the makers work.

use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::{DateTime, TimeDelta, Utc};

/// Name of the key's file, its algorithm and option for `openssl genpkey`.
pub const KEYS: &[(&str, &str, &str)] = &[
    ("rsa-2048", "RSA", "rsa_keygen_bits:2048"),
    ("rsa-3072", "RSA", "rsa_keygen_bits:3072"),
    ("rsa-4096", "RSA", "rsa_keygen_bits:4096"),
    ("p-256", "EC", "ec_paramgen_curve:P-256"),
    ("p-384", "EC", "ec_paramgen_curve:P-384"),
    ("p-521", "EC", "ec_paramgen_curve:P-521"),
    ("ed25519", "ED25519", ""),
];

/// The folder; it goes with the value.
pub struct Workshop {
    folder: tempfile::TempDir,
    pub moment: DateTime<Utc>,
    pub content: Vec<u8>,
}

impl Workshop {
    /// Makes the keys of `names` (see [`KEYS`]) with certificates under root and authority; `None`, and a line that says so, when
    /// OpenSSL is not installed.
    #[expect(clippy::disallowed_methods, reason = "the makers stamp with the clock of now")]
    pub fn open(names: &[&str], content: &[u8]) -> Option<Self> {
        let folder = tempfile::Builder::new().prefix("oblik-conformance").tempdir().expect("a folder");
        if Command::new("openssl").arg("version").output().is_err() {
            skip("openssl is not installed");
            return None;
        }
        let moment = DateTime::<Utc>::from(std::time::SystemTime::now()) + TimeDelta::minutes(5);
        let shop = Self { folder, moment, content: content.to_vec() };
        shop.write("content", content);
        let keys = KEYS.iter().filter(|(name, _, _)| names.contains(name));
        let authorities = [("root", "EC", "ec_paramgen_curve:P-256"), ("authority", "RSA", "rsa_keygen_bits:2048")];
        // Large keys take seconds: all at once.
        std::thread::scope(|scope| {
            for (name, algorithm, option) in keys.copied().chain(authorities) {
                let shop = &shop;
                scope.spawn(move || shop.key(name, algorithm, option));
            }
        });
        shop.key("other-root", "EC", "ec_paramgen_curve:P-256");
        shop.certificate("root", "OpenSSL Root", None);
        shop.certificate("other-root", "OpenSSL Other Root", None);
        shop.certificate("authority", "OpenSSL Authority", Some("root"));
        for name in names {
            shop.certificate(name, &format!("Leaf {name}"), Some("authority"));
        }
        Some(shop)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|cause| panic!("read {name}: {cause}"))
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).unwrap_or_else(|cause| panic!("write {name}: {cause}"));
    }

    /// A certificate made here, in DER.
    pub fn certificate_der(&self, name: &str) -> Vec<u8> {
        let pem = String::from_utf8(self.read(&format!("{name}.crt"))).expect("PEM");
        pem_blocks(&pem).remove(0)
    }

    /// Runs `openssl` here; it must be content.
    pub fn openssl(&self, arguments: &[&str]) {
        self.run(Command::new("openssl").args(arguments), b"");
    }

    /// Runs a program here with `input`; it must be content.
    pub fn run(&self, command: &mut Command, input: &[u8]) {
        self.write("input", input);
        let stdin = std::fs::File::open(self.path("input")).expect("its input");
        let output = command.current_dir(self.folder.path()).stdin(stdin).output().expect("run a program");
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn key(&self, name: &str, algorithm: &str, option: &str) {
        let key = format!("{name}.key");
        let mut arguments = vec!["genpkey", "-quiet", "-algorithm", algorithm, "-out", &key];
        if !option.is_empty() {
            arguments.extend(["-pkeyopt", option]);
        }
        let made = Command::new("openssl").args(&arguments).current_dir(self.folder.path()).output().expect("openssl genpkey");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let arguments = ["pkey", "-in", &key, "-pubout", "-out", &format!("{name}.pub")];
        let made = Command::new("openssl").args(arguments).current_dir(self.folder.path()).output().expect("openssl pkey");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    /// A certificate for the key `name`, by itself or by `issuer`; valid from now for a year.
    fn certificate(&self, name: &str, common_name: &str, issuer: Option<&str>) {
        let is_authority = issuer.is_none_or(|issuer| issuer == "root");
        let extensions = if is_authority {
            "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
        } else {
            "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
        };
        let file = |ending: &str| format!("{name}.{ending}");
        self.write(&file("ext"), format!("[x]\n{extensions}[req]\ndistinguished_name=n\n[n]\n").as_bytes());
        let (key, certificate, extensions, subject) =
            (file("key"), file("crt"), file("ext"), format!("/C=UA/O=Conformance/CN={common_name}"));
        let mut arguments = vec!["req", "-new", "-x509", "-utf8", "-days", "365", "-key", &key, "-subj", &subject];
        arguments.extend(["-config", &extensions, "-extensions", "x", "-out", &certificate]);
        let Some(issuer) = issuer else { return self.openssl(&arguments) };
        let (issuer_key, issuer_certificate, request) = (format!("{issuer}.key"), format!("{issuer}.crt"), file("csr"));
        self.openssl(&["req", "-new", "-utf8", "-key", &key, "-subj", &subject, "-config", &extensions, "-out", &request]);
        let mut arguments =
            vec!["x509", "-req", "-days", "365", "-in", &request, "-CA", &issuer_certificate, "-CAkey", &issuer_key];
        arguments.extend(["-CAcreateserial", "-extfile", &extensions, "-extensions", "x", "-out", &certificate]);
        self.openssl(&arguments);
    }
}

/// The contents of the blocks of a PEM file.
pub fn pem_blocks(text: &str) -> Vec<Vec<u8>> {
    let mut blocks = Vec::new();
    let mut body = String::new();
    for line in text.lines() {
        if line.starts_with("-----BEGIN") {
            body.clear();
        } else if line.starts_with("-----END") {
            blocks.push(base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &body).expect("base64"));
        } else {
            body.push_str(line.trim());
        }
    }
    blocks
}

/// Says why a test does nothing.
#[allow(clippy::print_stdout, reason = "a test that skips says so")]
pub fn skip(cause: &str) {
    println!("skipped: {cause}");
}
