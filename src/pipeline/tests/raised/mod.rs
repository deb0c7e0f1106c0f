//! Invoices at the level that is configured: with an authority that answers, one that is silent, and one that lies.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use oblik_config::{Level, WithoutTimestamp};
use oblik_domain::states::InvoiceState;
use oblik_signature::{Moments, judge_pdf};
use oblik_store::StoredInvoice;

use super::*;
use crate::{AskStamp, Stamping};

const STAMP_LISTS: &str = "http://tsa.example/root.crl";

/// An authority of timestamps by OpenSSL, in a folder of its own.
#[derive(Clone)]
struct Stamps {
    folder: PathBuf,
    is_silent: Arc<AtomicBool>,
    is_lying: Arc<AtomicBool>,
}

impl Stamps {
    /// `None` when OpenSSL is not installed.
    fn open(folder: PathBuf) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            println!("skipped: openssl is not installed");
            return None;
        }
        std::fs::create_dir_all(&folder).unwrap();
        let stamps = Self { folder, is_silent: Arc::default(), is_lying: Arc::default() };
        let configuration = format!(
            "[req]\ndistinguished_name=n\n[n]\n[root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
             subjectKeyIdentifier=hash\n[x]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
             extendedKeyUsage=critical,timeStamping\ncrlDistributionPoints=URI:{STAMP_LISTS}\nsubjectKeyIdentifier=hash\n\
             authorityKeyIdentifier=keyid\n[tsa]\ndefault_tsa=one\n[one]\nserial=serial\nsigner_cert=tsa.crt\nsigner_key=tsa.key\n\
             signer_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\ness_cert_id_alg=sha256\n[ca]\ndefault_ca=d\n[d]\n\
             database=index\ncrlnumber=number\ndefault_md=sha256\ndefault_crl_days=30\n"
        );
        for (name, text) in [("cnf", configuration.as_str()), ("serial", "01\n"), ("index", ""), ("number", "01\n")] {
            std::fs::write(stamps.folder.join(name), text).unwrap();
        }
        for key in ["root.key", "tsa.key"] {
            stamps.openssl(&["genpkey", "-quiet", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key]);
        }
        stamps.openssl(&[
            "req",
            "-new",
            "-x509",
            "-days",
            "30",
            "-key",
            "root.key",
            "-subj",
            "/CN=Stamp Root",
            "-config",
            "cnf",
            "-extensions",
            "root",
            "-out",
            "root.crt",
        ]);
        stamps.openssl(&["req", "-new", "-key", "tsa.key", "-subj", "/CN=Stamps", "-config", "cnf", "-out", "csr"]);
        stamps.openssl(&[
            "x509",
            "-req",
            "-days",
            "30",
            "-in",
            "csr",
            "-CA",
            "root.crt",
            "-CAkey",
            "root.key",
            "-set_serial",
            "7",
            "-extfile",
            "cnf",
            "-extensions",
            "x",
            "-out",
            "tsa.crt",
        ]);
        stamps.openssl(&["ca", "-gencrl", "-config", "cnf", "-cert", "root.crt", "-keyfile", "root.key", "-out", "root.crl"]);
        Some(stamps)
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.folder).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).unwrap()
    }

    fn answer(&self, request: &[u8]) -> Vec<u8> {
        std::fs::write(self.folder.join("query"), request).unwrap();
        self.openssl(&["ts", "-reply", "-config", "cnf", "-queryfile", "query", "-out", "reply"]);
        self.read("reply")
    }
}

impl AskStamp for Stamps {
    fn ask<'a>(&'a self, request: &'a [u8]) -> BoxFuture<'a, Result<Vec<u8>, String>> {
        let answer = if self.is_silent.load(Ordering::SeqCst) {
            Err("nobody answers".to_owned())
        } else if self.is_lying.load(Ordering::SeqCst) {
            // A true answer to another request.
            Ok(self.answer(&oblik_signature::stamp_request(&[7; 32], &[1, 2, 3])))
        } else {
            Ok(self.answer(request))
        };
        async move { answer }.boxed()
    }
}

/// A house whose clock is the machine's, for the authority's is.
async fn raising(level: Level, without: WithoutTimestamp) -> Option<(World, Stamps)> {
    let now = oblik_channels::clock::now();
    let mut world = World::beginning(now, 2).await;
    let stamps = Stamps::open(world.folder.path().join("stamps"))?;
    let mut trust = Trust::clone(&world.house.trust);
    trust.add_anchors(&stamps.read("root.crt")).unwrap();
    trust.add_crls(world.lists().as_bytes()).unwrap();
    world.house.trust = Arc::new(trust);
    world.table.put(LISTS, world.lists());
    world.table.put(STAMP_LISTS, stamps.read("root.crl"));
    world.house.stamping = Arc::new(Stamping::with(level, without, Some(Box::new(stamps.clone()))));
    Some((world, stamps))
}

impl World {
    async fn invoice(&self, item: i64) -> StoredInvoice {
        let mut tx = self.house.store.read().await.unwrap();
        let (act, _, _) = tx.act_of_item(item).await.unwrap().unwrap();
        tx.invoices_of_act(act).await.unwrap().remove(0)
    }

    /// The level of the issued document, by nothing but these and what the file brings along.
    async fn level(&self, invoice: &StoredInvoice, roots: &[&[u8]], lists: &[&[u8]]) -> (String, &'static str, usize) {
        let pdf = self.house.store.read().await.unwrap().blob(invoice.pdf_sha256.as_ref().unwrap()).await.unwrap();
        let mut trust = Trust::default();
        for root in roots {
            trust.add_anchors(root).unwrap();
        }
        for list in lists {
            trust.add_crls(list).unwrap();
        }
        let moment = clock() + TimeDelta::minutes(10);
        let judged = judge_pdf(&pdf, &trust, &self.house.policy, Moments::new(moment, moment));
        (judged.indication.as_str().to_owned(), judged.signatures[0].level, pdf.len())
    }

    async fn journalled(&self, invoice: i64) -> Vec<String> {
        let links = self.house.store.read().await.unwrap().journal_links("invoice", &invoice.to_string()).await.unwrap();
        links.into_iter().map(|link| format!("{} {}", link.entry.event, link.entry.detail)).collect()
    }
}

#[tokio::test]
async fn an_invoice_leaves_at_the_level_that_is_configured() {
    for level in [Level::Timestamp, Level::LongTerm, Level::Archive] {
        let Some((world, stamps)) = raising(level, WithoutTimestamp::Wait).await else { return };
        let item = world.take(&world.customers[0], 1).await;
        run_until_idle(&world.house).await.unwrap();
        let invoice = world.invoice(item).await;
        assert_eq!(invoice.state, InvoiceState::Issued, "{level:?}");
        let root = world.utility.authority.root_pem();
        // At B-T the file does not hold the status that the policy of this house requires; from B-LT on it does.
        let lists = [world.lists().into_bytes(), stamps.read("root.crl")];
        let lists: &[&[u8]] = if level == Level::Timestamp { &[&lists[0], &lists[1]] } else { &[] };
        let (indication, reached, size) = world.level(&invoice, &[root.as_bytes(), &stamps.read("root.crt")], lists).await;
        assert_eq!((indication.as_str(), reached), ("TOTAL-PASSED", level.as_str()));
        assert!(size < 160_000, "{size}");
        assert!(world.journalled(invoice.id).await.iter().any(|line| line.contains(level.as_str()) && !line.contains("lacking")));
    }
}

#[tokio::test]
async fn an_invoice_waits_for_an_authority_that_is_silent_or_lies_and_no_attempt_wears_out() {
    let Some((world, stamps)) = raising(Level::Timestamp, WithoutTimestamp::Wait).await else { return };
    stamps.is_silent.store(true, Ordering::SeqCst);
    let begun = clock();
    let item = world.take(&world.customers[0], 1).await;
    for minutes in 0..30 {
        set_clock(begun + TimeDelta::minutes(minutes));
        if minutes == 15 {
            stamps.is_silent.store(false, Ordering::SeqCst);
            stamps.is_lying.store(true, Ordering::SeqCst);
        }
        run_until_idle(&world.house).await.unwrap();
        assert_eq!(world.invoice(item).await.state, InvoiceState::Drafted, "{minutes}");
    }
    // It answers, and its clock is not ours: half an hour proves nothing.
    stamps.is_lying.store(false, Ordering::SeqCst);
    set_clock(begun + TimeDelta::minutes(35));
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.invoice(item).await.state, InvoiceState::Drafted);
    let mut tx = world.house.store.read().await.unwrap();
    assert_eq!(tx.item_state(item).await.unwrap(), ItemState::Acting);
}

#[tokio::test]
async fn without_a_timestamp_an_invoice_leaves_at_the_level_it_reached_when_that_is_configured() {
    let Some((world, stamps)) = raising(Level::Archive, WithoutTimestamp::Sign).await else { return };
    stamps.is_silent.store(true, Ordering::SeqCst);
    let item = world.take(&world.customers[0], 1).await;
    run_until_idle(&world.house).await.unwrap();
    let invoice = world.invoice(item).await;
    assert_eq!(invoice.state, InvoiceState::Issued);
    let root = world.utility.authority.root_pem();
    let (_, reached, _) = world.level(&invoice, &[root.as_bytes()], &[]).await;
    assert_eq!(reached, "B-B");
    let told = world.journalled(invoice.id).await;
    assert!(told.iter().any(|line| line.contains("B-B") && line.contains("nobody answers")), "{told:?}");
    // What was issued stays as it is; the next one is raised again.
    stamps.is_silent.store(false, Ordering::SeqCst);
    let next = world.take(&world.customers[1], 2).await;
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.invoice(item).await.pdf_sha256, invoice.pdf_sha256);
    let next = world.invoice(next).await;
    assert_eq!(world.level(&next, &[root.as_bytes(), &stamps.read("root.crt")], &[]).await.1, "B-LTA");
}

#[tokio::test]
async fn a_document_our_own_judge_would_refuse_never_leaves() {
    let Some((mut world, _)) = raising(Level::LongTerm, WithoutTimestamp::Sign).await else { return };
    // The supplier's own certificate is revoked.
    let seller = world.house.config.supplier.seller.clone();
    let identity = world.utility.supplier(&seller).unwrap();
    world.utility.authority.revoke(&identity, clock() - TimeDelta::days(1));
    let mut issuers = crate::Issuers::clone(&world.house.issuers);
    issuers.supplier.keys = Arc::new(crate::Keyring::of(vec![Arc::new(identity.signer().unwrap())]));
    world.house.issuers = Arc::new(issuers);
    let mut trust = Trust::clone(&world.house.trust);
    trust.add_crls(world.lists().as_bytes()).unwrap();
    world.house.trust = Arc::new(trust);
    let item = world.take(&world.customers[0], 1).await;
    run_until_idle(&world.house).await.unwrap();
    assert_eq!(world.invoice(item).await.state, InvoiceState::Drafted);
    let mut tx = world.house.store.read().await.unwrap();
    assert_eq!(tx.item_state(item).await.unwrap(), ItemState::Parked);
}
