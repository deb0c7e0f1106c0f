//! PDFs signed by pyHanko: both kinds of signature with every key, one after another, and what must not be changed in them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::TimeDelta;
use oblik_conformance_tests::workshop::{Workshop, skip};
use oblik_signature::{Judged, Policy, SignedKind, Trust, judge_pdf};

use crate::case::said;
use crate::examine::tell;

pub(crate) const SIGNS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sign_pdfs.py");

/// Key, digest as pyHanko names it, padding; then names of key and digest in the report.
const ALGORITHMS: &[(&str, &str, &str, &str, &str)] = &[
    ("rsa-2048", "sha256", "pkcs1", "RSA 2048", "SHA-256"),
    ("rsa-2048", "sha384", "pkcs1", "RSA 2048", "SHA-384"),
    ("rsa-3072", "sha512", "pkcs1", "RSA 3072", "SHA-512"),
    ("rsa-4096", "sha256", "pkcs1", "RSA 4096", "SHA-256"),
    ("rsa-2048", "sha256", "pss", "RSA 2048 PSS", "SHA-256"),
    ("rsa-3072", "sha384", "pss", "RSA 3072 PSS", "SHA-384"),
    ("p-256", "sha256", "-", "ECDSA P-256", "SHA-256"),
    ("p-384", "sha384", "-", "ECDSA P-384", "SHA-384"),
    ("p-521", "sha512", "-", "ECDSA P-521", "SHA-512"),
];

/// The interpreter that has pyHanko: the workspace's own, or the machine's.
pub(crate) fn python() -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin/python");
    let has = |program: &PathBuf| {
        Command::new(program).args(["-c", "import pyhanko.sign"]).output().is_ok_and(|output| output.status.success())
    };
    [own, PathBuf::from("python3")].into_iter().find(has)
}

/// One page with a line of text, as plain as PDF can be.
pub(crate) fn plain_pdf() -> Vec<u8> {
    let text = "BT /F1 12 Tf 72 720 Td (Reading act 000123) Tj ET";
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>".to_owned(),
        format!("<</Length {}>>\nstream\n{text}\nendstream", text.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let (mut pdf, mut offsets) = ("%PDF-1.7\n".to_owned(), Vec::new());
    for (at, object) in objects.iter().enumerate() {
        offsets.push(pdf.len());
        let _ = write!(pdf, "{} 0 obj\n{object}\nendobj\n", at + 1);
    }
    let start = pdf.len();
    let _ = write!(pdf, "xref\n0 {}\n0000000000 65535 f \n", objects.len() + 1);
    for offset in offsets {
        let _ = writeln!(pdf, "{offset:010} 00000 n ");
    }
    let _ = write!(pdf, "trailer\n<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1);
    pdf.into_bytes()
}

struct Desk {
    shop: Workshop,
    root: Vec<u8>,
}

impl Desk {
    fn judge_by(&self, pdf: &[u8], root: &[u8], later: TimeDelta) -> Judged {
        let mut trust = Trust::default();
        trust.add_anchors(root).expect("a root");
        judge_pdf(pdf, &trust, &Policy::embedded(), self.shop.moment + later)
    }

    fn judge(&self, pdf: &[u8]) -> Judged {
        self.judge_by(pdf, &self.root, TimeDelta::zero())
    }
}

#[test]
fn what_pyhanko_signs_passes_and_no_part_of_it_can_be_changed() {
    let Some(python) = python() else { return skip("pyHanko is not installed") };
    let names = ["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384", "p-521"];
    let Some(shop) = Workshop::open(&names, &plain_pdf()) else { return };
    let mut table = String::new();
    for (at, (key, digest, padding, _, _)) in ALGORITHMS.iter().enumerate() {
        for kind in ["adbe", "cades"] {
            let _ = writeln!(table, "content\t{kind}-{at}.pdf\t{key}\t{digest}\t{padding}\t{kind}\tfirst");
        }
    }
    // A second signature in a revision of its own.
    let _ = writeln!(table, "cades-0.pdf\ttwice.pdf\tp-256\tsha256\t-\tcades\tsecond");
    shop.run(Command::new(python).args([SIGNS, "authority.crt"]), table.as_bytes());
    let desk = Desk { root: shop.certificate_der("root"), shop };

    let (mut faults, mut counts) = (Vec::new(), (0, 0));
    for (at, (_, _, _, algorithm, digest)) in ALGORITHMS.iter().enumerate() {
        for (kind, format) in [("adbe", "PDF-PKCS7"), ("cades", "PAdES")] {
            let name = format!("{algorithm}, {digest}, {kind}");
            let pdf = desk.shop.read(&format!("{kind}-{at}.pdf"));
            let judged = desk.judge(&pdf);
            let signed = judged.signed.as_ref().map(|signed| (signed.kind(), signed.bytes() == pdf));
            let told = judged.signatures.first().map(|one| (one.format, one.algorithm.as_str(), one.digest.as_str()));
            if said(&judged) != "TOTAL-PASSED"
                || signed != Some((SignedKind::PdfRevision, true))
                || told != Some((format, *algorithm, *digest))
            {
                faults.push(format!("{name}: {}, {told:?}: {:?}", said(&judged), judged.all_findings().collect::<Vec<_>>()));
            }
            counts.0 += 1;
            faults.extend(changed(&desk, &name, &pdf, &mut counts.1));
        }
    }
    let twice = desk.judge(&desk.shop.read("twice.pdf"));
    if said(&twice) != "TOTAL-PASSED" || twice.signatures.len() != 2 {
        faults.push(format!("two signatures: {}: {:?}", said(&twice), twice.all_findings().collect::<Vec<_>>()));
    }
    tell(&format!("pyHanko: {} files, {} changes", counts.0 + 1, counts.1));
    assert!(faults.is_empty(), "{} faults\n{}", faults.len(), faults.join("\n"));
}

/// What passes of the changed forms of `pdf`.
fn changed(desk: &Desk, name: &str, pdf: &[u8], count: &mut usize) -> Vec<String> {
    let mut faults = Vec::new();
    let mut refused = |what: &str, judged: &Judged, expected: &[&str]| {
        *count += 1;
        let says = said(judged);
        if judged.signed.is_some() || (!expected.is_empty() && !expected.contains(&says.as_str())) {
            faults.push(format!("{name}, {what}: {says} instead of {expected:?}"));
        }
    };
    let find = |text: &[u8]| pdf.windows(text.len()).position(|window| window == text).expect("a place");
    let flipped = |at: usize, bit: u8| {
        let mut pdf = pdf.to_vec();
        pdf[at] ^= bit;
        pdf
    };
    refused("a figure on the page", &desk.judge(&flipped(find(b"000123") + 5, 1)), &["HASH_FAILURE"]);
    refused("a letter of the page", &desk.judge(&flipped(find(b"Reading"), 0x20)), &["HASH_FAILURE"]);
    // The message in hexadecimal: its signature stands last, its certificates in the middle.
    let message = find(b"/Contents <") + 11;
    let length = 2 * der_length(pdf, message);
    let digit = |at: usize| {
        let mut pdf = pdf.to_vec();
        pdf[at] = if pdf[at] == b'0' { b'1' } else { b'0' };
        pdf
    };
    refused("the signature", &desk.judge(&digit(message + length - 1)), &["SIG_CRYPTO_FAILURE"]);
    for part in 1..16 {
        let at = message + length * part / 16;
        refused(&format!("digit {at} of the message"), &desk.judge(&digit(at)), &[]);
    }
    for place in (0..message).step_by(61).chain((message + length..pdf.len()).step_by(997)) {
        let judged = desk.judge(&flipped(place, 1));
        // Room after the message is covered by nothing, and a change there must not matter.
        if pdf[place] != b'0' || judged.signed.as_ref().is_none_or(|signed| signed.bytes().len() != pdf.len()) {
            refused(&format!("octet {place}"), &judged, &[]);
        }
    }
    refused("bytes after it", &desk.judge(&[pdf, b"% more\n"].concat()), &["FORMAT_FAILURE"]);
    refused("its end cut", &desk.judge(&pdf[..pdf.len() - 8]), &[]);
    refused(
        "another root",
        &desk.judge_by(pdf, &desk.shop.certificate_der("other-root"), TimeDelta::zero()),
        &["NO_CERTIFICATE_CHAIN_FOUND"],
    );
    refused("too early", &desk.judge_by(pdf, &desk.root, TimeDelta::days(-3)), &["NOT_YET_VALID"]);
    refused("too late", &desk.judge_by(pdf, &desk.root, TimeDelta::days(800)), &["EXPIRED"]);
    faults
}

/// Octets of the DER that stands in hexadecimal at `at`.
fn der_length(pdf: &[u8], at: usize) -> usize {
    let octet = |index: usize| usize::from(hex::decode(&pdf[at + 2 * index..at + 2 * index + 2]).expect("hexadecimal")[0]);
    let octets = octet(1) - 0x80;
    2 + octets + (0..octets).fold(0, |sum, index| sum << 8 | octet(2 + index))
}
