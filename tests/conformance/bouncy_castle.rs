//! Files by BouncyCastle, with certificates of its own making: all containers, and what OpenSSL does not write.

use std::fmt::Write as _;
use std::process::Command;

use oblik_conformance_tests::peer::Peer;
use oblik_conformance_tests::workshop::{Workshop, skip};

use crate::CONTENT;
use crate::case::{Case, Second};
use crate::examine::examine;

const MAKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/Maker.java");
/// Debian's libbcprov-java, libbcutil-java and libbcpkix-java.
const CLASSES: &str = "/usr/share/java/bcprov.jar:/usr/share/java/bcutil.jar:/usr/share/java/bcpkix.jar";

/// Key, algorithm as Java names it, and as the report names it with its digest.
const ALGORITHMS: &[(&str, &str, &str, &str)] = &[
    ("rsa-2048", "SHA256withRSA", "RSA 2048", "SHA-256"),
    ("rsa-2048", "SHA384withRSA", "RSA 2048", "SHA-384"),
    ("rsa-2048", "SHA512withRSA", "RSA 2048", "SHA-512"),
    ("rsa-3072", "SHA256withRSA", "RSA 3072", "SHA-256"),
    ("rsa-4096", "SHA512withRSA", "RSA 4096", "SHA-512"),
    ("rsa-2048", "SHA256withRSAandMGF1:32", "RSA 2048 PSS", "SHA-256"),
    ("rsa-2048", "SHA256withRSAandMGF1:0", "RSA 2048 PSS", "SHA-256"),
    ("rsa-3072", "SHA384withRSAandMGF1:20", "RSA 3072 PSS", "SHA-384"),
    ("rsa-4096", "SHA512withRSAandMGF1:64", "RSA 4096 PSS", "SHA-512"),
    ("rsa-2048", "SHA3-256withRSA", "RSA 2048", "SHA3-256"),
    ("rsa-2048", "SHA3-512withRSA", "RSA 2048", "SHA3-512"),
    ("p-256", "SHA256withECDSA", "ECDSA P-256", "SHA-256"),
    ("p-256", "SHA512withECDSA", "ECDSA P-256", "SHA-512"),
    ("p-384", "SHA256withECDSA", "ECDSA P-384", "SHA-256"),
    ("p-384", "SHA384withECDSA", "ECDSA P-384", "SHA-384"),
    ("p-521", "SHA512withECDSA", "ECDSA P-521", "SHA-512"),
    ("p-256", "SHA3-256withECDSA", "ECDSA P-256", "SHA3-256"),
    ("p-384", "SHA3-384withECDSA", "ECDSA P-384", "SHA3-384"),
    ("p-521", "SHA3-512withECDSA", "ECDSA P-521", "SHA3-512"),
    ("ed25519", "Ed25519", "Ed25519", "SHA-512"),
];

const CONTAINERS: [&str; 4] = ["detached", "enclosing", "streamed-detached", "streamed-enclosing"];

/// Ways to name the signer and to carry certificates.
const FORMS: [&str; 8] = [
    "reference",
    "key-identifier",
    "backwards",
    "cross",
    "cross,backwards",
    "cross,root,backwards",
    "root",
    "reference,backwards",
];

/// A file that is to be made.
struct Row {
    keys: &'static str,
    algorithm: &'static str,
    container: &'static str,
    options: &'static str,
    finish: Box<dyn Fn(&mut Case)>,
}

fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    for (key, algorithm, name, digest) in ALGORITHMS {
        let finish = move |case: &mut Case| {
            case.algorithms = vec![(*name).to_owned()];
            case.digests = vec![digest];
            if *name == "Ed25519" {
                // OpenSSL 3.0 ends with "invalid digest".
                case.second = Second::Mute;
            }
        };
        for container in CONTAINERS {
            rows.push(Row { keys: key, algorithm, container, options: "", finish: Box::new(finish) });
        }
    }
    for (key, algorithm, name) in [("rsa-2048", "SHA256withRSA", "RSA 2048"), ("p-256", "SHA256withECDSA", "ECDSA P-256")] {
        for options in FORMS {
            let finish = move |case: &mut Case| case.algorithms = vec![name.to_owned()];
            rows.push(Row { keys: key, algorithm, container: "detached", options, finish: Box::new(finish) });
        }
        let finish = move |case: &mut Case| {
            case.algorithms = vec![name.to_owned()];
            case.refused = Some("NO_CERTIFICATE_CHAIN_FOUND");
        };
        rows.push(Row { keys: key, algorithm, container: "enclosing", options: "only-leaf", finish: Box::new(finish) });
        let finish = move |case: &mut Case| {
            case.algorithms = vec![name.split(' ').next().expect("a family").to_owned()];
            case.refused = Some("NO_SIGNING_CERTIFICATE_FOUND");
        };
        rows.push(Row { keys: key, algorithm, container: "enclosing", options: "no-certificates", finish: Box::new(finish) });
    }
    for (key, algorithm, name, digest) in [
        ("rsa-2048", "SHA1withRSA", "RSA 2048", "SHA-1"),
        ("p-256", "SHA1withECDSA", "ECDSA P-256", "SHA-1"),
        ("rsa-2048", "MD5withRSA", "RSA 2048", "MD5"),
    ] {
        let finish = move |case: &mut Case| {
            case.algorithms = vec![name.to_owned()];
            case.digests = vec![digest];
            case.refused = Some("CRYPTO_CONSTRAINTS_FAILURE");
            case.second = Second::Differs("the policy takes neither MD5 nor SHA-1");
        };
        rows.push(Row { keys: key, algorithm, container: "detached", options: "", finish: Box::new(finish) });
    }
    let ukrainian = |case: &mut Case| {
        case.algorithms = vec!["DSTU 4145 m=257".to_owned()];
        case.digests = vec!["GOST 34.311"];
        case.second = Second::Mute;
    };
    for container in CONTAINERS {
        for options in ["", "key-identifier", "backwards"] {
            rows.push(Row { keys: "dstu", algorithm: "DSTU4145", container, options, finish: Box::new(ukrainian) });
        }
    }
    let three = |case: &mut Case| {
        case.algorithms = ["RSA 2048", "ECDSA P-384", "RSA 3072 PSS"].map(str::to_owned).to_vec();
        case.digests = vec!["SHA-256", "SHA-384", "SHA-512"];
    };
    for container in CONTAINERS {
        rows.push(Row {
            keys: "rsa-2048,p-384,rsa-3072",
            algorithm: "SHA256withRSA,SHA384withECDSA,SHA512withRSAandMGF1:64",
            container,
            options: "backwards",
            finish: Box::new(three),
        });
    }
    rows
}

#[test]
fn what_bouncy_castle_signs_passes_and_no_part_of_it_can_be_changed() {
    if !CLASSES.split(':').all(|jar| std::path::Path::new(jar).exists()) || Command::new("java").arg("-version").output().is_err()
    {
        return skip("BouncyCastle or Java is not installed");
    }
    let names = ["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521", "ed25519"];
    let Some(shop) = Workshop::open(&names, CONTENT) else { return };
    let rows = rows();
    let mut table = String::new();
    for (at, row) in rows.iter().enumerate() {
        let _ = writeln!(table, "bc-{at}\t{}\t{}\t{}\t{}", row.keys, row.algorithm, row.container, row.options);
    }
    let from = shop.moment.timestamp() - 86_400;
    let mut java = Command::new("java");
    // One start that compiles the source in memory; the small compiler of the machine is enough for a second's work.
    java.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", CLASSES, MAKER, "."]);
    java.args([from.to_string(), (from + 365 * 86_400).to_string()]);
    shop.run(&mut java, table.as_bytes());

    let (root, stranger) = (shop.read("bc-root.cer"), shop.certificate_der("root"));
    let ukrainian_root = shop.read("dstu-root.cer");
    let cases = rows.iter().enumerate().map(|(at, row)| {
        let name = format!("{} {} {} {}", row.keys, row.algorithm, row.container, row.options);
        let is_detached = row.container.ends_with("detached");
        let mut case = Case::new(&name, &shop, shop.read(&format!("bc-{at}")), is_detached, "", "SHA-256");
        case.given.anchor.clone_from(if row.keys == "dstu" { &ukrainian_root } else { &root });
        case.stranger.clone_from(&stranger);
        (row.finish)(&mut case);
        case
    });
    let mut cases: Vec<Case> = cases.collect();
    let contained = rows.iter().zip(&cases).filter(|(row, case)| row.container == "detached" && case.refused.is_none());
    let contained: Vec<Case> = contained.map(|(_, case)| case.in_container()).collect();
    cases.extend(contained);
    examine("BouncyCastle", &cases, Peer::openssl(shop.folder()));
}
