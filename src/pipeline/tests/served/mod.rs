//! Invoices signed with everything outside real: timestamps, lists and answers of status come over HTTP by way of the
//! configuration, and what leaves is judged by Poppler, qpdf, pyHanko and our own judge by the root alone.

mod package;

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use oblik_config::Level;
use oblik_domain::states::InvoiceState;
use oblik_signature::signing::Signer;
use oblik_signature::{Judged, KeyAlgorithm, Moments, RemoteKey, RemoteKeyError, judge_pdf};
use oblik_store::StoredInvoice;
use oblik_test_servers::authority::{Authority, Issued, Manner, Told};

use super::*;
use crate::patience::{Patience, Waited};
use crate::{Keyring, Stamping};

const P256: (&str, &str) = ("EC", "ec_paramgen_curve:P-256");
const P384: (&str, &str) = ("EC", "ec_paramgen_curve:P-384");
const RSA: (&str, &str) = ("RSA", "rsa_keygen_bits:2048");
/// Where the suite of signatures keeps its programs.
const CONFORMANCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance");

/// A house whose supplier has a certificate of `authority`.
struct Served {
    world: World,
    authority: Authority,
    /// Customers whose act came.
    came: usize,
}

impl Served {
    /// With a key of `algorithm`, whose status is told as `told`.
    async fn open(level: Level, algorithm: (&str, &str), told: Told) -> Option<Self> {
        let mut world = World::beginning(oblik_channels::clock::now(), 6).await;
        let authority = Authority::start(&world.folder.path().join("authority"))?;
        let mut trust = Trust::clone(&world.house.trust);
        trust.add_anchors(&authority.read("root.crt")).unwrap();
        // The customers' own authority has nothing to do with this.
        trust.add_crls(world.lists().as_bytes()).unwrap();
        world.house.trust = Arc::new(trust);
        let mut served = Self { world, authority, came: 0 };
        served.sign_at(level, "");
        let Issued { pkcs8, certificates } = served.authority.issue("supplier", algorithm, told);
        served.sign_with(Signer::new(&pkcs8, &certificates).unwrap());
        Some(served)
    }

    /// By the configuration's own words, so that the fetching is the daemon's.
    fn sign_at(&mut self, level: Level, more: &str) {
        let (url, port) = (self.authority.url("tsp"), self.authority.port());
        let url = if level == Level::Basic { String::new() } else { format!("timestamp_url = \"{url}\"\n") };
        let signing = format!("[signing]\nlevel = \"{}\"\n{url}{more}\n", level.as_str());
        let online = format!("\n[trust.online]\nhosts = [\"127.0.0.1:{port}\"]\nallow_private = [\"127.0.0.1/32\"]\n");
        let text = oblik_config::embedded_text().replace("[signing]\n", &signing) + &online;
        let config = Config::parse(&text, self.world.folder.path()).unwrap();
        self.world.house.stamping = Arc::new(Stamping::open(&config.signature_level).unwrap());
        self.world.house.online = Some(Online::without_cache(&config.trust.online.unwrap()));
    }

    fn sign_with(&mut self, signer: Signer) {
        let mut issuers = crate::Issuers::clone(&self.world.house.issuers);
        issuers.supplier.keys = Arc::new(Keyring::of(vec![Arc::new(signer)]));
        self.world.house.issuers = Arc::new(issuers);
        // Certificates by OpenSSL begin when they are made.
        set_clock(oblik_channels::clock::now());
    }

    /// The next customer's act comes; its invoice when there is nothing more to do.
    async fn invoice(&mut self) -> StoredInvoice {
        let customer = &self.world.customers[self.came];
        self.came += 1;
        let item = self.world.take(customer, 1).await;
        run_until_idle(&self.world.house).await.unwrap();
        let mut tx = self.world.house.store.read().await.unwrap();
        let (act, _, _) = tx.act_of_item(item).await.unwrap().unwrap();
        tx.invoices_of_act(act).await.unwrap().remove(0)
    }

    /// The files of the next customer's invoice: page and UBL.
    async fn next(&mut self) -> (Vec<u8>, Vec<u8>) {
        let invoice = self.invoice().await;
        assert_eq!(invoice.state, InvoiceState::Issued);
        let mut tx = self.world.house.store.read().await.unwrap();
        let pdf = tx.blob(&invoice.pdf_sha256.unwrap()).await.unwrap();
        (pdf, tx.blob(&invoice.ubl_sha256.unwrap()).await.unwrap())
    }

    /// By the root alone, and in B-T, where the file holds no status, by the lists.
    fn judge(&self, pdf: &[u8], level: Level) -> Judged {
        let mut trust = Trust::default();
        trust.add_anchors(&self.authority.read("root.crt")).unwrap();
        if level == Level::Timestamp {
            for list in ["root.crl", "authority.crl"] {
                trust.add_crls(&self.authority.read(list)).unwrap();
            }
        }
        // Nothing tells the status of who signed at B-B.
        let policy = if level == Level::Basic { Arc::new(Policy::embedded()) } else { Arc::clone(&self.world.house.policy) };
        let moment = clock() + TimeDelta::minutes(10);
        judge_pdf(pdf, &trust, &policy, Moments::new(moment, moment))
    }

    /// What others say of a file that is written for them under `name`.
    fn show(&self, name: &str, pdf: &[u8], level: Level) {
        std::fs::write(self.authority.folder().join(name), pdf).unwrap();
        let judged = self.judge(pdf, level);
        let told = (judged.indication.as_str(), judged.signatures[0].level);
        assert_eq!(told, ("TOTAL-PASSED", level.as_str()), "{name}: {:?}", judged.all_findings().collect::<Vec<_>>());
        if let Some(told) = self.run("qpdf", &["--check", name]) {
            assert!(told.contains("No syntax or stream encoding errors"), "{name}\n{told}");
        }
        if let Some(told) = self.run("pdfsig", &["-nocert", name]) {
            assert!(told.contains("Signature is Valid") && !told.contains("Signature is Invalid"), "{name}\n{told}");
            // At B-LT the last revision, the store's, is nobody's signature.
            assert!(told.contains("Total document signed") || level == Level::LongTerm, "{name}\n{told}");
        }
    }

    /// What a program says, run beside the files; `None` when it is not installed, which is said.
    fn run(&self, program: &str, arguments: &[&str]) -> Option<String> {
        let output = Command::new(program).args(arguments).current_dir(self.authority.folder()).output();
        let Ok(output) = output else {
            println!("skipped: {program} is not installed");
            return None;
        };
        Some(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }

    /// Runs a program in Python over lines of input; it must be content. What it printed.
    fn python(&self, script: &str, arguments: &[&str], lines: &str) -> Option<String> {
        let own = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/tools/bin/python3"));
        if !own.exists() {
            println!("skipped: pyHanko is not installed (scripts/install-test-tools)");
            return None;
        }
        std::fs::write(self.authority.folder().join("lines"), lines).unwrap();
        let input = std::fs::File::open(self.authority.folder().join("lines")).unwrap();
        let mut command = Command::new(own);
        command.arg(script).args(arguments).current_dir(self.authority.folder()).stdin(input);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// pyHanko judges each named file at its level by the root alone; it fetches nothing.
    fn pyhanko(&self, files: &[(&str, Level)]) {
        let lines: Vec<String> = files.iter().map(|(name, level)| format!("{name}\t{}\n", level.as_str())).collect();
        self.python(&format!("{CONFORMANCE}/judge_levels.py"), &["root.crt"], &lines.concat());
    }

    /// The customer signs a file in the field that was left free, by pyHanko; `None` where it is not installed.
    fn countersigned(&self, name: &str, made: &str) -> Option<Vec<u8>> {
        let line = format!("{name}\t{made}\tcustomer\tsha256\t-\tcades\tcustomer\n");
        self.python(&format!("{CONFORMANCE}/sign_pdfs.py"), &["authority.crt"], &line)?;
        Some(self.authority.read(made))
    }

    fn asked(&self, path: &str) -> usize {
        self.authority.asked().iter().filter(|asked| asked.path == path).count()
    }
}

#[tokio::test]
async fn an_invoice_leaves_at_each_level_with_everything_had_over_http() {
    let Some(mut served) = Served::open(Level::Timestamp, P384, Told::ByList).await else { return };
    let mut files = Vec::new();
    for (level, name, stamps) in
        [(Level::Timestamp, "stamped.pdf", 1), (Level::LongTerm, "lasting.pdf", 1), (Level::Archive, "archived.pdf", 2)]
    {
        served.sign_at(level, "");
        let before = served.asked("/tsp");
        let (pdf, _) = served.next().await;
        served.show(name, &pdf, level);
        assert_eq!(served.asked("/tsp") - before, stamps, "one of the signature, and of all in the archive: {name}");
        files.push((name, level));
    }
    assert!(served.asked("/root.crl") > 0 && served.asked("/authority.crl") > 0 && served.asked("/ocsp") == 0);
    served.pyhanko(&files);
}

#[tokio::test]
async fn an_answer_of_status_lies_in_the_file_where_the_certificate_has_no_list() {
    let Some(mut served) = Served::open(Level::LongTerm, P256, Told::ByAnswers).await else { return };
    let (pdf, _) = served.next().await;
    served.show("answered.pdf", &pdf, Level::LongTerm);
    assert_eq!((served.asked("/ocsp"), served.asked("/authority.crl")), (1, 0));
    assert!(pdf.windows(6).any(|octets| octets == b"/OCSPs"));
    served.pyhanko(&[("answered.pdf", Level::LongTerm)]);
}

#[tokio::test]
async fn what_is_no_timestamp_is_told_and_raises_nothing() {
    let Some(mut served) = Served::open(Level::Timestamp, P256, Told::ByList).await else { return };
    for (manner, told) in [
        (Manner::PageAsTimestamp, "the answer is no timestamp"),
        (Manner::Another, "the timestamp is of something else"),
        (Manner::Status(500), "127.0.0.1 answers 500"),
        (Manner::Huge(100_000), "the answer is longer than 65536 octets"),
    ] {
        served.sign_at(Level::Timestamp, "without_timestamp = \"sign\"");
        served.authority.meet(manner);
        let invoice = served.invoice().await;
        let links = served.world.house.store.read().await.unwrap().journal_links("invoice", &invoice.id.to_string()).await;
        let told_there: Vec<_> = links.unwrap().into_iter().map(|link| link.entry.detail).collect();
        assert!(told_there.iter().any(|line| line.contains("B-B") && line.contains(told)), "{told}: {told_there:?}");
    }
    // It waits where that is configured, and a timestamp under a wrong name of its kind is one all the same.
    served.sign_at(Level::Timestamp, "");
    assert_eq!(served.invoice().await.state, InvoiceState::Drafted);
    served.sign_at(Level::Timestamp, "");
    served.authority.meet(Manner::TimestampAsPage);
    let (pdf, _) = served.next().await;
    served.show("stamped.pdf", &pdf, Level::Timestamp);
}

/// A device that comes back from a call when it is told to.
struct Device {
    key: rcgen::KeyPair,
    is_hanging: Arc<AtomicBool>,
}

impl RemoteKey for Device {
    fn algorithm(&self) -> KeyAlgorithm {
        KeyAlgorithm::Rsa
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, RemoteKeyError> {
        while self.is_hanging.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
        rcgen::SigningKey::sign(&self.key, message).map_err(|cause| RemoteKeyError(cause.to_string()))
    }
}

#[tokio::test]
async fn invoices_wait_for_a_token_that_hangs_and_hold_nothing_else_up() {
    let Some(mut served) = Served::open(Level::Basic, RSA, Told::ByList).await else { return };
    let certificates = served.authority.issue("token", RSA, Told::ByList).certificates;
    let key = rcgen::KeyPair::from_pem(&String::from_utf8(served.authority.read("token.key")).unwrap()).unwrap();
    let is_hanging = Arc::new(AtomicBool::new(false));
    let device = Device { key, is_hanging: Arc::clone(&is_hanging) };
    let waited = Waited::new(device, Patience::of(Duration::from_secs(3)));
    served.sign_with(Signer::with_key(&certificates, Box::new(waited)).unwrap());
    is_hanging.store(true, Ordering::SeqCst);
    let began = std::time::Instant::now();
    for _ in 0..3 {
        assert_eq!(served.invoice().await.state, InvoiceState::Drafted);
    }
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    // It comes back: what waited is signed, and no attempt was worn out.
    is_hanging.store(false, Ordering::SeqCst);
    let mut issued = 0;
    for _ in 0..10 {
        set_clock(clock() + TimeDelta::minutes(3));
        run_until_idle(&served.world.house).await.unwrap();
        let all = served.world.house.store.read().await.unwrap().invoices_after(0).await.unwrap();
        issued = all.iter().filter(|invoice| invoice.state == InvoiceState::Issued).count();
        if issued == 3 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(issued, 3);
}
