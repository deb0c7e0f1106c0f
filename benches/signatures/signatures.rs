//! Verifications a second on one core, side by side with programs we did not write, in rounds that take turns.
//!
//! A CMS message over 88 kB with a chain of three certificates, all keys of one kind; and a signed PDF of 20 MB. Every message
//! has a signer's certificate of its own, as a gateway's customers have: the figure that counts is that of signers never seen, under
//! an authority seen before. The judge remembers which certificate signed which; the peers do not, so two more figures say what
//! that is worth: nothing seen before, and everything. All times are processor time of one thread.
//!
//! `cargo bench -p oblik-signature-benches`
#![allow(
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a benchmark prints ratios, and signs now"
)]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use oblik_conformance_tests::peer::{Peer, Question};
use oblik_dstu4145::{Curve, PublicKey, reversed};
use oblik_signature::pdf::PdfSigning;
use oblik_signature::{Judged, Policy, Trust, judge_detached, judge_pdf};
use oblik_signature_benches::{chain::chain, large, thread_time};
use rcgen::SignatureAlgorithm;

const CONTENT_BYTES: usize = 88_000;
const SIGNERS: usize = 200;
const ROUNDS: usize = 9;
/// pyHanko is slow: fewer verifications a round.
const PYHANKO: u32 = 10;

fn main() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut openssl = Peer::openssl(folder.path());
    let mut pyhanko = pyhanko();
    for (name, algorithm, key_sizes) in
        [("RSA-2048", &rcgen::PKCS_RSA_SHA256, 3), ("P-256", &rcgen::PKCS_ECDSA_P256_SHA256, SIGNERS)]
    {
        messages(name, algorithm, key_sizes, openssl.as_mut(), pyhanko.as_mut());
    }
    large_pdf(pyhanko.as_mut());
    dstu();
}

/// The interpreter with pyHanko that the tests use.
fn pyhanko() -> Option<Peer> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin/python");
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("pyhanko_peer.py");
    python.exists().then(|| Peer::start(Command::new(python).arg(program)))
}

/// What is verified: messages over one content, each of a signer of its own.
struct Load {
    root: Vec<u8>,
    content: Vec<u8>,
    messages: Vec<Vec<u8>>,
    policy: Policy,
    moment: chrono::DateTime<chrono::Utc>,
}

impl Load {
    fn trust(&self) -> Trust {
        let mut trust = Trust::default();
        trust.add_anchors(&self.root).expect("a root");
        trust
    }

    fn judge(&self, message: &[u8], trust: &Trust) -> Judged {
        let judged = judge_detached(&self.content, message, trust, &self.policy, self.moment);
        assert!(judged.signed.is_some(), "{judged:?}");
        judged
    }

    /// Time of one verification by the judge, on average over all messages but the first.
    fn ours(&self, seen: Seen) -> Duration {
        let trust = self.trust();
        // The authority is seen with the first message.
        let before = if seen == Seen::Everything { self.messages.len() } else { 1 };
        self.messages.iter().take(before).for_each(|message| drop(self.judge(message, &trust)));
        let strangers: Vec<Trust> = self.messages.iter().map(|_| self.trust()).collect();
        let began = thread_time();
        for (message, stranger) in self.messages.iter().zip(&strangers).skip(1) {
            std::hint::black_box(self.judge(message, if seen == Seen::Nothing { stranger } else { &trust }));
        }
        thread_time().saturating_sub(began) / u32::try_from(self.messages.len() - 1).expect("few")
    }

    fn theirs(&self, peer: &mut Peer, rounds: u32, round: usize) -> Duration {
        let message = &self.messages[round % self.messages.len()];
        let question =
            Question { rounds, moment: self.moment.timestamp(), root: &self.root, message, content: Some(&self.content) };
        let opinion = peer.verify(question);
        assert!(opinion.is_good, "{}", opinion.reason);
        opinion.taken / rounds
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Authority,
    Everything,
}

fn messages(
    name: &str,
    algorithm: &'static SignatureAlgorithm,
    keys: usize,
    mut openssl: Option<&mut Peer>,
    mut pyhanko: Option<&mut Peer>,
) {
    let moment = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    let content: Vec<u8> = (0..CONTENT_BYTES).map(|at| b"0123456789 <act>\n"[at * 7 % 17]).collect();
    let made = chain(algorithm, keys, SIGNERS);
    let messages = made.signers.iter().map(|signer| signer.sign_cms_detached(&content, moment).expect("a message")).collect();
    let load = Load { root: made.root, content, messages, policy: Policy::embedded(), moment };
    let mut times: [Vec<Duration>; 5] = Default::default();
    for round in 0..=ROUNDS {
        let one = [
            load.ours(Seen::Authority),
            openssl.as_mut().map_or(Duration::ZERO, |peer| load.theirs(peer, 200, round)),
            pyhanko.as_mut().map_or(Duration::ZERO, |peer| load.theirs(peer, PYHANKO, round)),
            load.ours(Seen::Nothing),
            load.ours(Seen::Everything),
        ];
        // The first round warms.
        if round > 0 {
            times.iter_mut().zip(one).for_each(|(list, time)| list.push(time));
        }
    }
    let [ours, openssl, pyhanko, nothing, everything] = &times;
    println!("{name}, {SIGNERS} signers, chain of three, {} kB of content; median of {ROUNDS} rounds", CONTENT_BYTES / 1000);
    tell("signer new, authority known", ours);
    tell("signer and authority new", nothing);
    tell("signer and authority known", everything);
    compare("OpenSSL", openssl, &[("signer new", ours), ("all new", nothing)]);
    compare("pyHanko", pyhanko, &[("signer new", ours), ("all new", nothing)]);
}

fn median<T: Copy + PartialOrd>(list: &[T]) -> T {
    let mut sorted = list.to_vec();
    sorted.sort_by(|one, other| one.partial_cmp(other).expect("figures"));
    sorted[sorted.len() / 2]
}

fn tell(what: &str, times: &[Duration]) {
    let time = median(times);
    println!("  {what}: {:.1} µs, {:.0} a second", time.as_secs_f64() * 1e6, 1.0 / time.as_secs_f64());
}

fn compare(peer: &str, theirs: &[Duration], ours: &[(&str, &Vec<Duration>)]) {
    if theirs.iter().all(Duration::is_zero) {
        println!("  {peer} is not here");
        return;
    }
    tell(peer, theirs);
    for (what, ours) in ours {
        let ratios: Vec<f64> = theirs.iter().zip(*ours).map(|(one, other)| one.as_secs_f64() / other.as_secs_f64()).collect();
        println!("    {what}: {:.2} times {peer}", median(&ratios));
    }
}

/// A PDF near the limit of what is taken, signed once.
fn large_pdf(pyhanko: Option<&mut Peer>) {
    let moment = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now());
    let made = chain(&rcgen::PKCS_ECDSA_P256_SHA256, 1, 1);
    let signing = PdfSigning {
        name: "Customer".to_owned(),
        reason: String::new(),
        location: String::new(),
        signing_time: moment,
        field_name: "customer".to_owned(),
        customer_field: None,
        place: None,
    };
    let pdf = oblik_signature::pdf::sign(&large::pdf_of(20_000_000), &made.signers[0], &signing).expect("a signed PDF");
    let mut trust = Trust::default();
    trust.add_anchors(&made.root).expect("a root");
    let policy = Policy::embedded();
    let mut times = Vec::new();
    for _ in 0..=ROUNDS {
        let began = thread_time();
        let judged = judge_pdf(&pdf, &trust, &policy, moment);
        times.push(thread_time().saturating_sub(began));
        assert!(judged.signed.is_some(), "{judged:?}");
    }
    println!("PDF of {} kB, one signature: {:.0} ms", pdf.len() / 1000, median(&times[1..]).as_secs_f64() * 1e3);
    if let Some(peer) = pyhanko {
        let opinion =
            peer.verify(Question { rounds: 1, moment: moment.timestamp(), root: &made.root, message: &pdf, content: None });
        println!("  pyHanko: {:.0} ms (good: {})", opinion.taken.as_secs_f64() * 1e3, opinion.is_good);
    }
}

/// DSTU 4145 on the curve of 257 bits: the key is read and one signature verified, as for every customer.
fn dstu() {
    const BOUNCY_CASTLE: &str = "/usr/share/java/bcprov.jar";
    const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/DstuPeer.java");
    let java = |arguments: &[&str]| {
        let mut java = Command::new("java");
        java.args(["-cp", BOUNCY_CASTLE, PROGRAM]).args(arguments);
        java
    };
    let Ok(made) = java(&["make"]).output() else { return println!("DSTU 4145: Java is not here") };
    let line = String::from_utf8(made.stdout).expect("text");
    let words: Vec<Vec<u8>> = line.split_whitespace().filter_map(|word| hex::decode(word).ok()).collect();
    let [key, hash, signature] = words.as_slice() else { return println!("DSTU 4145: BouncyCastle is not here") };
    let key = reversed(key);
    let (r, s) = signature.split_at(signature.len() / 2);
    let signature = [reversed(r), reversed(s)].concat();
    let mut peer = Peer::start(&mut java(&[]));
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let began = thread_time();
        for _ in 0..1000 {
            assert!(PublicKey::of(Curve::M257, &key).is_ok_and(|key| key.verify(hash, &signature)));
        }
        let taken = thread_time().saturating_sub(began) / 1000;
        // The first round is longer: Java compiles what runs often.
        let rounds = if round == 0 { 1000 } else { 200 };
        let opinion = peer.ask(&format!("{rounds} {}", line.trim()));
        assert!(opinion.is_good);
        if round > 0 {
            ours.push(taken);
            theirs.push(opinion.taken / rounds);
        }
    }
    println!("DSTU 4145, 257 bits, a key and its signature; median of {ROUNDS} rounds");
    tell("ours", &ours);
    compare("BouncyCastle", &theirs, &[("ours", &ours)]);
}
