//! Lays out what `scripts/fuzz` begins with: a world of keys and signed files, what was truly signed in it, and seeds for every
//! target. Public test data that lies beside the tree is taken along as further seeds.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a tool of the tests"
)]

#[path = "../../../../fuzz/parts.rs"]
mod parts;
mod town;
#[path = "../../../trustlist/tests/list/world.rs"]
#[allow(dead_code, clippy::print_stdout, reason = "the tests of the list use more of it")]
mod trustlist;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use oblik_documents::Typesetter;
use oblik_dstu4145::{Hash, reversed};
use oblik_sample::mail::{Client, Draft, File};
use oblik_sample::{Customer, Utility};
use oblik_signature::{Judged, Policy, Signer, Trust, judge_asic, judge_detached, judge_enclosing, judge_pdf};

/// Larger files slow the search more than they help it.
const SEED_BYTES: u64 = 150_000;

/// Curve among all of them, key and signature with the highest octet first.
const DSTU: [(&str, u8, &str, &str); 2] = [
    (
        "m257",
        6,
        "01c473bf64649e48f4472cdb95b0d0e9d871b07bf6ebaa5ec60cae2e042f6b2dfd",
        "26c2c2fc319033ee79176217f16c6ec13bf2a6b0fa4538a1e5d00f14640053d40eb8472a0178ca998f70e2b45fc002cab45ba2ee7b23be416573821f47609d7b",
    ),
    (
        "m431",
        9,
        "3f5c654f9734bfd7c3434c3423723e0844b6a9bf045c56c3aeb6accdd7e351c33151e12d304c73f53459cd069919a97d27c94d6ba6e4",
        "31da39c0ae1a6fa61330a8979030153e9ca644668517a2bd6a8d04a44bb7eb25e06de38306a6f2570ebf83099e2532436b021c010d511fc5f3d29b3902d91336df31464a95a32a76c801f0158b2240c33d13378df25ba71e2410c1157ad7ddea57237be9cbbaef000e32c1cc",
    ),
];

fn main() {
    let home = PathBuf::from(std::env::args().nth(1).expect("fuzz_seeds FOLDER"));
    let now = DateTime::<Utc>::from(std::time::SystemTime::now()) - TimeDelta::minutes(1);
    let mut utility = Utility::new(now, 3).expect("a world");
    let seller = oblik_config::Config::embedded(&home).supplier.seller;
    let supplier = utility.supplier(&seller).expect("a supplier").signer().expect("a signer");
    let mut world = World { home, now, known: BTreeSet::new(), trust: Trust::default() };
    world.authorities(&utility);
    for customer in &utility.customers {
        world.messages(&utility, customer);
    }
    world.pdfs(&utility, &supplier);
    world.texts(&utility);
    world.programs(&utility);
    world.strangers();
    let known: Vec<&str> = world.known.iter().map(String::as_str).collect();
    // Last: its presence says that the world is whole.
    world.file("world/known", known.join("\n").as_bytes());
}

struct World {
    home: PathBuf,
    now: DateTime<Utc>,
    known: BTreeSet<String>,
    trust: Trust,
}

impl World {
    fn file(&self, name: &str, bytes: &[u8]) {
        let path = self.home.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("make a folder");
        std::fs::write(&path, bytes).unwrap_or_else(|cause| panic!("write {}: {cause}", path.display()));
    }

    fn seed(&self, targets: &[&str], name: &str, bytes: &[u8]) {
        for target in targets {
            self.file(&format!("seeds/{target}/{name}"), bytes);
        }
    }

    fn authorities(&mut self, utility: &Utility) {
        let (root, between) = (utility.authority.root_pem(), utility.authority.intermediates_pem());
        let lists = utility.authority.crls_pem(self.now).expect("revocation lists");
        self.trust.add_anchors(root.as_bytes()).expect("a root");
        self.trust.add_intermediates(between.as_bytes()).expect("authorities");
        self.file("world/moment", self.moment().timestamp().to_string().as_bytes());
        self.file("world/root.pem", root.as_bytes());
        self.file("world/intermediates.pem", between.as_bytes());
        self.seed(&["chain"], "both.pem", between.as_bytes());
        self.seed(&["crl"], "all.pem", lists.as_bytes());
        for (at, der) in pem_blocks(&format!("{root}{between}")).iter().enumerate() {
            self.seed(&["chain"], &format!("{at}.cer"), der);
        }
        for (at, der) in pem_blocks(&lists).iter().enumerate() {
            self.seed(&["crl"], &format!("{at}.crl"), der);
            self.known.insert(STANDARD.encode(der));
        }
    }

    /// Notes what a verdict proves: it must pass.
    fn proven(&mut self, judged: &Judged) {
        let signed = judged
            .signed
            .as_ref()
            .unwrap_or_else(|| panic!("a seed does not pass: {:?}", judged.all_findings().collect::<Vec<_>>()));
        self.known.insert(hex::encode(signed.sha256()));
        self.known.extend(judged.signatures.iter().flat_map(|one| &one.chain).map(|link| hex::encode(link.sha256)));
    }

    fn messages(&mut self, utility: &Utility, customer: &Customer) {
        let (number, policy) = (customer.number, Policy::embedded());
        let xml = utility.act_xml(customer, utility.period);
        let enclosing = customer.sign_enclosing(&xml, self.now).expect("a signature");
        let detached = customer.sign_detached(&xml, self.now).expect("a signature");
        self.proven(&judge_enclosing(&enclosing, &self.trust, &policy, self.now));
        self.seed(&["cms"], &format!("{number}.p7m"), &enclosing);
        self.seed(&["cms"], &format!("{number}.p7s"), &detached);
        let pem = format!("-----BEGIN CMS-----\n{}\n-----END CMS-----\n", STANDARD.encode(&enclosing));
        self.seed(&["cms"], &format!("{number}.pem"), pem.as_bytes());
        self.seed(&["cms"], &format!("{number}.b64"), STANDARD.encode(&enclosing).as_bytes());
        let key_file = customer.identity.pkcs12("fuzz", &[number.to_le_bytes()[0]; 80]).expect("a key file");
        self.seed(&["pkcs12"], &format!("{number}.p12"), &key_file);
        self.seed(&["act_xml", "content"], &format!("{number}.xml"), &xml);
        if number == 1 {
            let key = pem_blocks(&customer.identity.key_pem()).remove(0);
            let signer = Signer::new(&key, &[customer.identity.certificate_der().to_vec()]).expect("a signer");
            let bare = signer.sign_cms_detached(&xml, self.now).expect("a signature");
            self.proven(&judge_detached(&xml, &bare, &self.trust, &policy, self.now));
            self.file("world/bare.p7s", &bare);
            self.file("world/content", &xml);
            self.seed(&["chain"], "leaf.cer", customer.identity.certificate_der());
            self.seed(&["cms"], "bare.p7s", &bare);
        }
        self.mails(utility, customer, &xml, &enclosing, &detached);
    }

    fn mails(&mut self, utility: &Utility, customer: &Customer, xml: &[u8], enclosing: &[u8], detached: &[u8]) {
        let draft = |client, files| Draft {
            client,
            from_name: customer.name(),
            from: customer.email(),
            to: oblik_sample::mail::OUR_MAILBOX,
            subject: "Акт",
            text: "Надсилаємо акт.\n> цитата",
            sent_at: self.now,
            number: customer.number,
            authserv_id: Some(oblik_sample::mail::OUR_MX),
            files,
            fields: Vec::new(),
        };
        let mut mails = Vec::new();
        for client in Client::ALL {
            mails.push(
                draft(client, vec![File::xml("акт.xml", xml.to_vec()), File::p7s("акт.xml.p7s", detached.to_vec())]).compose(),
            );
            mails.push(draft(client, vec![File::p7m("акт.xml.p7m", enclosing.to_vec())]).compose());
        }
        let signer = customer.identity.signer().expect("a signer");
        let whole = draft(Client::Thunderbird, vec![File::xml("акт.xml", xml.to_vec())]);
        mails.push(whole.smime_signed(&signer).expect("a mail"));
        mails.push(whole.smime_opaque(&signer).expect("a mail"));
        let _ = utility;
        for (at, mail) in mails.iter().enumerate() {
            self.seed(&["mail"], &format!("{}-{at}.eml", customer.number), mail);
            let message = oblik_mail::Message::parse(mail).expect("a mail");
            let policy = Policy::embedded();
            match oblik_mail::signed_act(&message).expect("an act").signed {
                oblik_mail::Signed::Detached { content, signature } => {
                    self.proven(&judge_detached(&content.bytes, &signature.bytes, &self.trust, &policy, self.now));
                }
                oblik_mail::Signed::SmimeSigned { content, signature } => {
                    self.proven(&judge_detached(&content, &signature, &self.trust, &policy, self.now));
                }
                oblik_mail::Signed::Enclosing(part) | oblik_mail::Signed::SmimeEnclosing(part) => {
                    self.proven(&judge_enclosing(&part.bytes, &self.trust, &policy, self.now));
                }
                oblik_mail::Signed::Asic(part) => {
                    self.proven(&judge_asic(&part.bytes, &self.trust, &policy, self.now));
                }
                oblik_mail::Signed::Pdf(_) => {}
            }
        }
        let report = "From: mailer-daemon@example.org\r\nTo: acts@supplier.example\r\nContent-Type: multipart/report; \
            report-type=delivery-status; boundary=b\r\n\r\n--b\r\n\r\nfailed\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
            Reporting-MTA: dns; mx.example.org\r\n\r\nFinal-Recipient: rfc822; a@example.org\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n\
            --b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@supplier.example>\r\nX-Oblik-Id: 1\r\n\r\n--b--\r\n";
        self.seed(&["mail"], "report.eml", report.as_bytes());
    }

    fn pdfs(&mut self, utility: &Utility, supplier: &Signer) {
        let typesetter = Typesetter::new().expect("typefaces");
        let seller = oblik_config::Config::embedded(&self.home).supplier.seller;
        let customer = utility.customers.first().expect("a customer");
        let form = utility.act_pdf(&typesetter, &seller, customer, utility.period).expect("a form");
        let once = customer.sign_pdf(&form, self.now).expect("a signature");
        let signing = oblik_signature::pdf::PdfSigning {
            name: seller.name.clone(),
            reason: String::new(),
            location: String::new(),
            signing_time: self.now,
            field_name: "supplier".to_owned(),
            customer_field: None,
            place: None,
        };
        let twice = oblik_signature::pdf::sign(&once, supplier, &signing).expect("a second signature");
        for (name, pdf) in [("signed-1.pdf", &once), ("signed-2.pdf", &twice)] {
            self.proven(&judge_pdf(pdf, &self.trust, &Policy::embedded(), self.now));
            self.file(&format!("world/{name}"), pdf);
            self.seed(&["pdf", "embedded"], name, pdf);
        }
        self.seed(&["pdf", "embedded"], "form.pdf", &form);
    }

    /// What other programs make.
    fn programs(&mut self, utility: &Utility) {
        let customer = utility.customers.first().expect("a customer");
        let xml = utility.act_xml(customer, utility.period);
        let town = town::Town::build(self.home.join("town"), &xml, self.now + TimeDelta::minutes(4));
        self.trust.add_anchors(&town.root()).expect("a root");
        let message = town.message(self);
        town.timestamps(self, &message);
        town.answers(self, &message);
        town.encrypted(self, &customer.sign_enclosing(&xml, self.now).expect("a signature"));
        let now = self.now;
        town.archives(self, |content| customer.sign_detached(content, now).expect("a signature"));
        town::lists(self);
        self.ukrainian();
    }

    /// A key and a signature of BouncyCastle over "abc" for two curves: curve, key, hash, signature.
    fn ukrainian(&self) {
        for (name, curve, key, signature) in DSTU {
            let octets = |text: &str| reversed(&hex::decode(text).expect("hexadecimal"));
            let parts = [&[curve][..], &octets(key), &Hash::Gost34311.of(b"abc"), &octets(signature)].concat();
            self.seed(&["dstu"], name, &parts);
            self.file(&format!("world/{name}"), &parts);
        }
    }

    /// When the search judges: later than all that programs stamp with the clock of now.
    fn moment(&self) -> DateTime<Utc> {
        self.now + TimeDelta::minutes(6)
    }

    fn texts(&self, utility: &Utility) {
        self.seed(&["policy_toml"], "policy.toml", Policy::embedded().text().as_bytes());
        self.seed(&["meter_xml"], "master.xml", &utility.master_data_xml());
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for (folder, ending, targets) in
            [("schemas", "xml", &["meter_xml", "act_xml"][..]), ("src/config", "toml", &["config_toml"])]
        {
            for path in files(&root.join(folder), &[ending]) {
                self.seed(targets, &name_of(&path), &std::fs::read(&path).expect("a file"));
            }
        }
    }

    /// Files of others, where they are at hand.
    fn strangers(&self) {
        let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/testdata");
        for (folder, endings, targets) in [
            ("cms", &["p7m", "p7s", "pkcs7"][..], &["cms"][..]),
            ("dstu", &["p7s", "p7m", "p7b", "cms"], &["cms"]),
            ("pdf", &["pdf"], &["pdf", "embedded"]),
            ("dstu", &["cer", "crt"], &["chain"]),
            ("pkits", &["crt"], &["chain"]),
            ("pkits", &["crl"], &["crl"]),
        ] {
            for path in files(&shared.join(folder), endings) {
                self.seed(targets, &name_of(&path), &std::fs::read(&path).expect("a file"));
            }
        }
    }
}

/// The contents of the blocks of a PEM file.
fn pem_blocks(text: &str) -> Vec<Vec<u8>> {
    let blocks = text.split("-----BEGIN").filter_map(|block| block.split_once("-----\n")?.1.split_once("-----END"));
    blocks.map(|(body, _)| STANDARD.decode(body.replace('\n', "")).expect("base64")).collect()
}

fn name_of(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Files below `folder` that end so and are small enough.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_small = entry.metadata().is_ok_and(|metadata| metadata.len() <= SEED_BYTES);
        if path.is_dir() {
            found.extend(files(&path, endings));
        } else if is_small && path.extension().is_some_and(|ending| endings.iter().any(|known| ending == *known)) {
            found.push(path);
        }
    }
    found
}
