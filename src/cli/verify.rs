//! `oblik verify`: the judge alone, without database, and without network unless the configuration names hosts.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use oblik_channels::{files, secret};
use oblik_config::Secret;
use oblik_domain::finding::Code;
use oblik_mail::{Message, Signed, signed_act};
use oblik_pipeline::{LONGEST, Online, Quest, judge_signed, open_online};
use oblik_signature::{Decryptor, Indication, Judged, Policy, Trust, judge_file, judge_unopened};

use crate::arguments::Verify;
use crate::configuration::Setup;
use crate::{Ending, print};

pub async fn run(setup: &Setup, arguments: &Verify) -> Result<Ending> {
    let bytes = read(&arguments.file)?;
    let content = arguments.content.as_deref().map(read).transpose()?;
    let policy = match &arguments.policy {
        None => Policy::embedded(),
        Some(path) => Policy::parse(&files::read_text(path).with_context(|| format!("read {}", path.display()))?)?,
    };
    let moment = arguments.at.unwrap_or_else(oblik_channels::clock::now);
    let mut trust = trust(arguments)?;
    crate::trust::add(&arguments.list, &mut trust, &policy, moment)?;
    let decryptors = decryptor(arguments)?.into_iter().collect::<Vec<_>>();
    let envelope = if content.is_none() { envelope(&bytes, &decryptors) } else { Envelope::No };
    let judge = |trust: &Trust| match &envelope {
        Envelope::Unopened => judge_unopened(trust, &policy, moment),
        Envelope::Holds(signed) => judge_signed(signed, trust, &policy, moment.into()),
        Envelope::No => judge_file(&bytes, content.as_deref(), trust, &policy, moment),
    };
    let judged = match online(setup, arguments)? {
        None => judge(&trust),
        Some(online) => Quest::new(online, &Arc::new(trust), LONGEST).judge(moment, judge).await,
    };
    let report = oblik_signature::report::report(&judged, print::sentence);
    if setup.json {
        print::json(&serde_json::to_value(&report).context("write the report")?);
    }
    tell(arguments, &judged);
    Ok(if judged.indication == Indication::TotalPassed { Ending::Done } else { Ending::Bad })
}

/// Fetching, when the configuration names hosts and nobody forbids it. A moment of the past needs what was known then, which no
/// server tells today.
fn online(setup: &Setup, arguments: &Verify) -> Result<Option<Arc<Online>>> {
    if arguments.offline || arguments.at.is_some() {
        return Ok(None);
    }
    let config = match setup.read_if_there() {
        Ok(config) => config,
        // Whoever may not read the daemon's configuration judges without it.
        Err(_) if setup.path.is_none() => None,
        Err(cause) => return Err(cause),
    };
    let Some(config) = config else { return Ok(None) };
    let online = config.trust.online.as_ref();
    Ok(online.map(|online| open_online(online, &config.state_dir).unwrap_or_else(|_| Online::without_cache(online))))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("read {}", path.display()))
}

/// The key to open what is encrypted with.
fn decryptor(arguments: &Verify) -> Result<Option<Decryptor>> {
    let Some(path) = &arguments.decrypt_with else { return Ok(None) };
    let passphrase = arguments.passphrase_file.as_ref().map(|file| secret::read(&Secret(file.clone()))).transpose()?;
    let key = Decryptor::from_pkcs12(&read(path)?, passphrase.as_deref().map_or("", String::as_str));
    key.map(Some).with_context(|| format!("open the key {}", path.display()))
}

/// Makes an encrypted file what a mail program would send.
const HEAD_OF_A_FILE: &[u8] = b"From: <file@localhost.invalid>\r\nContent-Type: application/pkcs7-mime\r\n\r\n";

/// What a file is beside one that is signed itself.
enum Envelope {
    /// A mail, or an encrypted file, with something signed in it.
    Holds(Box<Signed>),
    /// A mail that is encrypted and cannot be opened.
    Unopened,
    No,
}

fn envelope(bytes: &[u8], decryptors: &[Decryptor]) -> Envelope {
    let is_file = bytes.starts_with(b"%PDF") || oblik_signature::looks_like_asic(bytes);
    if is_file || oblik_signature::looks_like_cms(bytes) {
        return Envelope::No;
    }
    let alone = oblik_signature::looks_encrypted(bytes).then(|| [HEAD_OF_A_FILE, bytes].concat());
    let opener = |cms: &[u8]| oblik_signature::open(cms, decryptors).ok().map(|plain| plain.to_vec());
    let Ok(message) = Message::parse_opening(alone.as_deref().unwrap_or(bytes), &opener) else { return Envelope::No };
    match signed_act(&message) {
        Ok(candidate) => Envelope::Holds(Box::new(candidate.signed)),
        Err(findings) if findings.iter().any(|finding| finding.code == Code::MailEncrypted) => Envelope::Unopened,
        Err(_) => Envelope::No,
    }
}

fn trust(arguments: &Verify) -> Result<Trust> {
    let mut trust = Trust::default();
    let each = |path: &Path| files::read_folder(path).with_context(|| format!("read {}", path.display()));
    for path in &arguments.trust {
        for (file, bytes) in each(path)? {
            trust.add_anchors(&bytes).with_context(|| format!("read the root in {}", file.display()))?;
        }
    }
    for (file, bytes) in arguments.intermediates.as_deref().map(each).transpose()?.unwrap_or_default() {
        trust.add_intermediates(&bytes).with_context(|| format!("read the certificate in {}", file.display()))?;
    }
    for (file, bytes) in arguments.crl.as_deref().map(each).transpose()?.unwrap_or_default() {
        trust.add_crls(&bytes).with_context(|| format!("read the revocation list in {}", file.display()))?;
    }
    for (file, bytes) in arguments.ocsp.as_deref().map(each).transpose()?.unwrap_or_default() {
        trust.add_ocsp_responses(&bytes).with_context(|| format!("read the OCSP response in {}", file.display()))?;
    }
    Ok(trust)
}

fn tell(arguments: &Verify, judged: &Judged) {
    let sub = judged.sub_indication.map(|sub| format!(" ({})", sub.as_str())).unwrap_or_default();
    eprintln!("{}: {}{sub}", arguments.file.display(), judged.indication.as_str());
    for finding in &judged.findings {
        eprintln!("  {}: {}", finding.code, print::sentence(finding));
    }
    for judgement in &judged.signatures {
        let sub = judgement.sub_indication.map(|sub| format!(" ({})", sub.as_str())).unwrap_or_default();
        eprintln!(
            "  {}: {}{sub}; {}, {}, {}",
            judgement.holder.name,
            judgement.indication.as_str(),
            judgement.format,
            judgement.algorithm,
            judgement.covers
        );
        if let Some(time) = judgement.timestamp_time {
            eprintln!("    existed by {} ({})", time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true), judgement.level);
        }
        for finding in &judgement.findings {
            eprintln!("    {}: {}", finding.code, print::sentence(finding));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::process::{Child, Command, Stdio};

    use clap::Parser as _;

    use super::*;

    /// A program of others that ends with the test.
    struct Program(Child);

    impl Drop for Program {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    /// An authority made by OpenSSL whose certificates name an OCSP responder at this machine.
    struct Authority {
        folder: tempfile::TempDir,
        port: u16,
    }

    impl Authority {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let made = Self { folder, port };
            let extensions = format!(
                "basicConstraints=critical,CA:false\nkeyUsage=critical,digitalSignature,nonRepudiation\n\
                 authorityInfoAccess=OCSP;URI:http://127.0.0.1:{port}/\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
            );
            made.write("person.ext", &extensions);
            made.write("act.xml", "<act/>");
            made.write("policy.toml", &Policy::embedded().text().replace("status = \"if-available\"", "status = \"required\""));
            made.write(
                "oblik.toml",
                &oblik_config::embedded_text().replace(
                    "[mail]\n",
                    &format!("[trust.online]\nhosts = [\"127.0.0.1:{port}\"]\nallow_private = [\"127.0.0.1/32\"]\n\n[mail]\n"),
                ),
            );
            for line in [
                "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 30 -subj /CN=CA -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature",
                "openssl req -new -newkey rsa:2048 -nodes -keyout person.key -out person.csr -subj /CN=Person",
                "openssl x509 -req -in person.csr -CA ca.pem -CAkey ca.key -set_serial 0x1001 -days 20 -extfile person.ext -out person.pem",
                "openssl cms -sign -binary -cades -in act.xml -signer person.pem -inkey person.key -md sha256 -outform DER -out act.p7s",
            ] {
                let words: Vec<&str> = line.split(' ').collect();
                let ran = made.command(&words).output().expect("openssl runs");
                assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
            }
            made
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn write(&self, name: &str, text: &str) {
            std::fs::write(self.path(name), text).unwrap();
        }

        fn command(&self, words: &[&str]) -> Command {
            let mut command = Command::new(words[0]);
            command.args(&words[1..]).current_dir(self.folder.path()).stdin(Stdio::null());
            command
        }

        /// OpenSSL's responder, with this line about the person's certificate in its index.
        fn responder(&self, line: &str) -> Program {
            self.write("index.txt", line);
            let port = self.port.to_string();
            let words = [
                "openssl",
                "ocsp",
                "-index",
                "index.txt",
                "-CA",
                "ca.pem",
                "-rsigner",
                "ca.pem",
                "-rkey",
                "ca.key",
                "-port",
                &port,
                "-nmin",
                "60",
            ];
            // Whoever only knocks keeps it waiting for a question: its log says when it is there.
            let log = std::fs::File::create(self.path("responder.log")).unwrap();
            let (told, heard) = (log.try_clone().unwrap(), self.path("responder.log"));
            let program = Program(self.command(&words).stdout(told).stderr(log).spawn().unwrap());
            for _ in 0..500 {
                if std::fs::read_to_string(&heard).unwrap().contains("waiting for OCSP client") {
                    return program;
                }
                std::thread::sleep(std::time::Duration::from_millis(20));
            }
            panic!("the responder does not begin");
        }

        /// What `oblik verify` says, with what it kept of earlier answers forgotten unless `keeps`.
        async fn verify(&self, more: &[&str], keeps: bool) -> Ending {
            if !keeps {
                let _ = std::fs::remove_dir_all(self.path("online"));
            }
            let at = |name: &str| self.path(name).display().to_string();
            let (file, content, trust, policy) = (at("act.p7s"), at("act.xml"), at("ca.pem"), at("policy.toml"));
            let words = ["oblik", "verify", &file, "--content", &content, "--trust", &trust, "--policy", &policy];
            let line = crate::arguments::Line::parse_from(words.iter().chain(more));
            let crate::arguments::Command::Verify(arguments) = line.command else { panic!("verify") };
            run(&Setup { path: Some(self.path("oblik.toml")), json: false }, &arguments).await.unwrap()
        }
    }

    const GOOD: &str = "V\t491231235959Z\t\t1001\tunknown\t/CN=Person\n";
    const REVOKED: &str = "R\t491231235959Z\t200101000000Z\t1001\tunknown\t/CN=Person\n";

    #[tokio::test]
    async fn a_real_responder_is_asked_and_its_word_counts() {
        let authority = Authority::new();
        assert_eq!(authority.verify(&[], false).await, Ending::Bad, "nobody answers");
        {
            let _responder = authority.responder(GOOD);
            assert_eq!(authority.verify(&["--offline"], false).await, Ending::Bad, "nobody was asked");
            assert!(!authority.path("online").exists());
            assert_eq!(authority.verify(&[], false).await, Ending::Done);
        }
        assert_eq!(authority.verify(&[], true).await, Ending::Done, "the answer was kept");
        assert_eq!(authority.verify(&["--offline"], true).await, Ending::Bad, "what was kept is not asked either");
        let responder = authority.responder(REVOKED);
        assert_eq!(authority.verify(&[], false).await, Ending::Bad);
        // What OpenSSL itself fetched is an answer from a folder.
        let url = format!("http://127.0.0.1:{}/", authority.port);
        let words = [
            "openssl",
            "ocsp",
            "-issuer",
            "ca.pem",
            "-cert",
            "person.pem",
            "-url",
            &url,
            "-CAfile",
            "ca.pem",
            "-respout",
            "good.der",
        ];
        drop(responder);
        let _responder = authority.responder(GOOD);
        assert!(authority.command(&words).output().unwrap().status.success());
        let answer = authority.path("good.der").display().to_string();
        assert_eq!(authority.verify(&["--ocsp", &answer, "--offline"], false).await, Ending::Done);
    }
}
