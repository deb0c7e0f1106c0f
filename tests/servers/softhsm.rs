//! SoftHSM2: a hardware module made of files, with tokens of one test. Its library reads where they lie from the environment, so
//! what loads it is a process of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where Debian puts the library; its packages need no other.
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

/// Tokens in a folder.
pub struct SoftHsm {
    folder: PathBuf,
}

impl SoftHsm {
    /// `None` where SoftHSM2 or OpenSC is not installed, which is said.
    pub fn in_folder(folder: &Path) -> Option<Self> {
        if !Path::new(MODULE).exists() || !Path::new("/usr/bin/pkcs11-tool").exists() {
            eprintln!("skipped: softhsm2 and opensc are not installed (scripts/install-test-tools)");
            return None;
        }
        fs::create_dir_all(folder.join("tokens")).expect("a folder of tokens");
        let text = format!(
            "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
            folder.join("tokens").display()
        );
        fs::write(folder.join("softhsm2.conf"), text).expect("write softhsm2.conf");
        Some(Self { folder: folder.to_owned() })
    }

    pub fn module() -> &'static Path {
        Path::new(MODULE)
    }

    /// The environment of whoever loads the library.
    pub fn environment(&self) -> (&'static str, PathBuf) {
        ("SOFTHSM2_CONF", self.folder.join("softhsm2.conf"))
    }

    /// Where the tokens lie.
    pub fn tokens(&self) -> PathBuf {
        self.folder.join("tokens")
    }

    pub fn add_token(&self, label: &str, pin: &str) {
        self.run("softhsm2-util", &["--init-token", "--free", "--label", label, "--so-pin", "12345678", "--pin", pin]);
    }

    /// Puts in a private key in PKCS#8 (PEM), and its certificate (DER) under the same label and identifier.
    pub fn add_key(&self, (token, pin): (&str, &str), (label, id): (&str, &str), key_pem: &str, certificate_der: Option<&[u8]>) {
        let (key, certificate) = (self.folder.join("key.pem"), self.folder.join("certificate.der"));
        fs::write(&key, key_pem).expect("write the key");
        let key = key.to_string_lossy();
        self.run("softhsm2-util", &["--import", &key, "--token", token, "--pin", pin, "--label", label, "--id", id]);
        let Some(der) = certificate_der else { return };
        fs::write(&certificate, der).expect("write the certificate");
        let certificate = certificate.to_string_lossy();
        self.run(
            "pkcs11-tool",
            &[
                "--module",
                MODULE,
                "--token-label",
                token,
                "--login",
                "--pin",
                pin,
                "--write-object",
                &certificate,
                "--type",
                "cert",
                "--label",
                label,
                "--id",
                id,
            ],
        );
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let (name, value) = self.environment();
        let output = Command::new(program).args(arguments).env(name, value).output().expect("start the program");
        let told = [output.stdout, output.stderr].concat();
        assert!(output.status.success(), "{program} {arguments:?}\n{}", String::from_utf8_lossy(&told));
    }
}
