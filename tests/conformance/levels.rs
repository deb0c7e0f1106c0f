//! Our own signatures at every level, judged by pyHanko, Poppler, qpdf and our own judge, whole and with every part changed.
//!
//! Timestamps are made by `openssl ts`, revocation lists by `openssl ca`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use chrono::TimeDelta;
use oblik_conformance_tests::workshop::{Workshop, pem_blocks, skip};
use oblik_signature::pdf::{PdfSigning, Prepared, WidgetPlace, add_validation_data, prepare, prepare_timestamp};
use oblik_signature::{Judged, Policy, Signer, SigningError, StampError, Trust, judge_pdf, stamp_answer, stamp_request};

use crate::case::said;
use crate::examine::tell;
use crate::pyhanko::{SIGNS, plain_pdf, python};

const JUDGES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/judge_levels.py");
const ROOM: usize = 6000;

struct Desk {
    shop: Workshop,
    trust: Trust,
}

impl Desk {
    fn open() -> Option<Self> {
        let shop = Workshop::open(&["rsa-2048", "p-256"], &tagged_pdf())?;
        // An authority of timestamps under the root, and lists of both authorities.
        shop.openssl(&["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", "tsa.key"]);
        shop.write(
            "tsa.cnf",
            b"[req]\ndistinguished_name=n\n[n]\n[x]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
              extendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n\
              [tsa]\ndefault_tsa=one\n[one]\nserial=serial\nsigner_cert=tsa.crt\nsigner_key=tsa.key\nsigner_digest=sha256\n\
              default_policy=1.2.3.4\ndigests=sha256\ness_cert_id_alg=sha256\naccuracy=secs:1\n",
        );
        shop.write("serial", b"01\n");
        shop.openssl(&[
            "req",
            "-new",
            "-utf8",
            "-key",
            "tsa.key",
            "-subj",
            "/C=UA/O=Conformance/CN=Timestamps",
            "-config",
            "tsa.cnf",
            "-out",
            "tsa.csr",
        ]);
        shop.openssl(&[
            "x509",
            "-req",
            "-days",
            "365",
            "-in",
            "tsa.csr",
            "-CA",
            "root.crt",
            "-CAkey",
            "root.key",
            "-set_serial",
            "77",
            "-extfile",
            "tsa.cnf",
            "-extensions",
            "x",
            "-out",
            "tsa.crt",
        ]);
        for authority in ["root", "authority"] {
            let configuration = format!(
                "[ca]\ndefault_ca=d\n[d]\ndatabase={authority}.index\ncrlnumber={authority}.crlnumber\ndefault_md=sha256\n\
                 default_crl_days=30\ncrl_extensions=c\n[c]\nauthorityKeyIdentifier=keyid\n"
            );
            shop.write(&format!("{authority}.ca"), configuration.as_bytes());
            shop.write(&format!("{authority}.index"), b"");
            shop.write(&format!("{authority}.crlnumber"), b"01\n");
            let (ca, certificate, key, list) =
                (format!("{authority}.ca"), format!("{authority}.crt"), format!("{authority}.key"), format!("{authority}.crl"));
            shop.openssl(&["ca", "-gencrl", "-config", &ca, "-cert", &certificate, "-keyfile", &key, "-out", &list]);
        }
        let mut trust = Trust::default();
        trust.add_anchors(&shop.read("root.crt")).expect("a root");
        Some(Self { shop, trust })
    }

    fn signer(&self, name: &str) -> Signer {
        let key = String::from_utf8(self.shop.read(&format!("{name}.key"))).expect("PEM");
        let chain = [self.shop.certificate_der(name), self.shop.certificate_der("authority")];
        Signer::new(&pem_blocks(&key).remove(0), &chain).expect("a signer")
    }

    /// What `openssl ts` answers.
    fn reply(&self, request: &[u8]) -> Vec<u8> {
        self.shop.write("query", request);
        self.shop.openssl(&["ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query", "-out", "reply"]);
        self.shop.read("reply")
    }

    fn token(&self, sha256: [u8; 32]) -> Vec<u8> {
        let nonce = [0, 0x9f, 3, 4, 5, 6, 7, 8];
        stamp_answer(&self.reply(&stamp_request(&sha256, &nonce)), &sha256, &nonce).expect("a timestamp").token
    }

    fn prepared(&self, key: &str, room: usize) -> Prepared {
        let place = WidgetPlace { page: 0, left: 350_000, bottom: 60_500, width: 180_000, height: 72_000 };
        let signing = PdfSigning {
            name: "Conformance".to_owned(),
            reason: "Рахунок 1".to_owned(),
            location: String::new(),
            signing_time: self.shop.moment - TimeDelta::minutes(5),
            field_name: "supplier".to_owned(),
            customer_field: Some("customer".to_owned()),
            place: Some(place),
        };
        prepare(&self.shop.content, &self.signer(key), &signing, room).expect("a prepared signature")
    }

    /// The lists of both authorities, as fetched.
    fn knowing(&self) -> Trust {
        let mut trust = self.trust.clone();
        for authority in ["root", "authority"] {
            trust.add_crls(&self.shop.read(&format!("{authority}.crl"))).expect("a list");
        }
        trust
    }

    fn judge_by(&self, pdf: &[u8], trust: &Trust, later: TimeDelta) -> Judged {
        judge_pdf(pdf, trust, &Policy::embedded(), self.shop.moment + later)
    }

    /// By nothing but the root and what the file brings along.
    fn judge(&self, pdf: &[u8]) -> Judged {
        self.judge_by(pdf, &self.trust, TimeDelta::zero())
    }

    fn long_term(&self, pdf: &[u8]) -> Vec<u8> {
        let judged = self.judge_by(pdf, &self.knowing(), TimeDelta::zero());
        add_validation_data(pdf, &judged).expect("a file").expect("something new")
    }

    fn archived(&self, pdf: &[u8]) -> Vec<u8> {
        let prepared = prepare_timestamp(pdf, "timestamp", ROOM).expect("a place");
        let token = self.token(prepared.imprint().expect("a digest"));
        prepared.finish(&token).expect("room")
    }
}

/// The plain page with the tags of one paragraph, and an annotation, so that all that is extended is there already.
fn tagged_pdf() -> Vec<u8> {
    let text = String::from_utf8(plain_pdf()).expect("text");
    let objects = text
        .split("endobj\n")
        .map(str::trim_start)
        .filter(|object| object.contains(" obj\n"))
        .map(|object| object.split_once(" obj\n").map_or(String::new(), |(_, body)| body.trim_end().to_owned()));
    let mut objects: Vec<String> = objects.collect();
    objects[0] = objects[0].replace(">>", "/StructTreeRoot 6 0 R/MarkInfo<</Marked true>>/Lang(uk)>>");
    objects[2] = objects[2].replace("/Parent 2 0 R", "/Parent 2 0 R/StructParents 0");
    objects.push("<</Type/StructTreeRoot/K[7 0 R]/ParentTree<</Nums[0 8 0 R]>>/ParentTreeNextKey 1>>".to_owned());
    objects.push("<</Type/StructElem/S/Document/P 6 0 R/K[9 0 R]>>".to_owned());
    objects.push("[9 0 R]".to_owned());
    objects.push("<</Type/StructElem/S/P/P 7 0 R/Pg 3 0 R/K 0>>".to_owned());
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

fn level(judged: &Judged) -> (String, &'static str) {
    (said(judged), judged.signatures.first().map_or("", |one| one.level))
}

fn passed(level: &'static str) -> (String, &'static str) {
    ("TOTAL-PASSED".to_owned(), level)
}

fn detail(judged: &Judged) -> String {
    let stamps = judged.signatures.iter().flat_map(|one| &one.timestamps);
    let stamps: Vec<_> = stamps.map(|stamp| (stamp.kind, stamp.sub_indication, &stamp.findings)).collect();
    format!("{:?} {stamps:?}", judged.all_findings().collect::<Vec<_>>())
}

#[test]
fn our_signatures_hold_at_every_level_by_other_programs_and_no_part_of_them_can_be_changed() {
    let Some(python) = python() else { return skip("pyHanko is not installed") };
    let Some(desk) = Desk::open() else { return };
    let (mut table, mut changes) = (String::new(), 0);
    for key in ["rsa-2048", "p-256"] {
        let basic = desk.prepared(key, 0).finish(None).expect("a signature");
        let prepared = desk.prepared(key, ROOM);
        let token = desk.token(prepared.imprint());
        let stamped = prepared.finish(Some(&token)).expect("room");
        let lasting = desk.long_term(&stamped);
        let archived = desk.archived(&lasting);
        for (name, pdf) in [("B-B", &basic), ("B-T", &stamped), ("B-LT", &lasting), ("B-LTA", &archived)] {
            assert!(pdf.starts_with(&desk.shop.content), "{key} {name}: what was signed is the prefix");
            let judged = desk.judge(pdf);
            assert_eq!(level(&judged), passed(name), "{key}: {}", detail(&judged));
            changes += changed(&desk, pdf);
            let file = format!("{key}-{name}.pdf");
            desk.shop.write(&file, pdf);
            seen_by_others(desk.shop.folder(), &file);
            let _ = writeln!(table, "{file}\t{name}");
        }
        assert!(
            add_validation_data(&archived, &desk.judge_by(&archived, &desk.knowing(), TimeDelta::zero()))
                .expect("a file")
                .is_none()
        );
        // Long after the certificates, by nothing but the file and the root.
        let later = desk.judge_by(&archived, &desk.trust, TimeDelta::days(200));
        assert_eq!(level(&later), passed("B-LTA"), "{}", detail(&later));

        // The customer signs in the field that was left, by another program.
        for name in ["B-B", "B-LTA"] {
            let line = format!("{key}-{name}.pdf\t{key}-{name}-both.pdf\tp-256\tsha256\t-\tcades\tcustomer\n");
            desk.shop.run(Command::new(&python).args([SIGNS, "authority.crt"]), line.as_bytes());
            let both = desk.judge(&desk.shop.read(&format!("{key}-{name}-both.pdf")));
            assert_eq!((level(&both), both.signatures.len()), (passed(name), 2), "{}", detail(&both));
            let _ = writeln!(table, "{key}-{name}-both.pdf\t{name}");
        }
    }
    desk.shop.run(Command::new(&python).args([JUDGES, "root.crt"]), table.as_bytes());
    tell(&format!("levels: {} files, {changes} changes", table.lines().count()));
}

fn seen_by_others(folder: &Path, file: &str) {
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).current_dir(folder).output().ok()?;
        Some(String::from_utf8_lossy(&output.stdout).into_owned())
    };
    if let Some(told) = run("pdfsig", &["-nocert", file]) {
        assert!(told.contains("Signature is Valid") && !told.contains("Signature is Invalid"), "{file}\n{told}");
        // At B-LT the last revision is nobody's signature; at B-LTA the timestamp covers all.
        assert!(told.contains("Total document signed") || file.contains("-B-LT."), "{file}\n{told}");
    }
    if let Some(told) = run("qpdf", &["--check", file]) {
        assert!(told.contains("No syntax or stream encoding errors"), "{file}\n{told}");
    }
}

/// How many changed forms of `pdf` were tried; none may pass as what it was.
fn changed(desk: &Desk, pdf: &[u8]) -> usize {
    let original = desk.judge(pdf);
    let (level, proven) = (original.signatures[0].level, original.signatures[0].timestamp_time);
    let (mut count, mut idle) = (0, 0);
    for place in (0..pdf.len()).step_by(pdf.len() / 97) {
        let mut other = pdf.to_vec();
        other[place] ^= 1;
        let judged = desk.judge(&other);
        count += 1;
        let is_same = judged.signed.is_some()
            && judged.signatures.first().is_some_and(|one| (one.level, one.timestamp_time) == (level, proven));
        let covered = original.signed.as_ref().map_or(0, |signed| signed.bytes().len());
        // What is in a store counts only by its own signature; at the last level it is under a timestamp.
        if !is_same || (place >= covered && level != "B-LTA") {
            continue;
        }
        // Around a message's signed parts stand versions, lists of digests and the zeros that fill its room.
        let is_hexadecimal = pdf[place - 12..place + 12].iter().all(u8::is_ascii_hexdigit);
        assert!(is_hexadecimal, "octet {place} of {} at {level}", pdf.len());
        idle += usize::from(pdf[place - 12..place + 12] != [b'0'; 24]);
    }
    assert!(idle <= 5, "{idle} changes in messages do not matter");
    count
}

#[test]
fn an_answer_that_is_not_to_our_request_is_no_timestamp() {
    let Some(desk) = Desk::open() else { return };
    let (sha256, nonce) = ([7; 32], [0x80, 2, 3, 4, 5, 6, 7, 8]);
    let reply = desk.reply(&stamp_request(&sha256, &nonce));
    assert!(stamp_answer(&reply, &sha256, &nonce).is_ok());
    assert_eq!(stamp_answer(&reply, &[8; 32], &nonce), Err(StampError::Imprint));
    assert_eq!(stamp_answer(&reply, &sha256, &[0x80, 2, 3, 4, 5, 6, 7, 9]), Err(StampError::Nonce));
    // An authority that knows another digest only.
    let configuration = String::from_utf8(desk.shop.read("tsa.cnf")).expect("text").replace("digests=sha256", "digests=sha512");
    desk.shop.write("tsa.cnf", configuration.as_bytes());
    let refused = stamp_answer(&desk.reply(&stamp_request(&sha256, &nonce)), &sha256, &nonce);
    assert!(matches!(&refused, Err(StampError::Refused { status: 2, said }) if said.contains("badAlg")), "{refused:?}");
    for garbage in [&b""[..], b"<html>", &reply[..reply.len() - 1], &[reply.as_slice(), b"x"].concat(), &[0x30, 3, 0x30, 1, 5]] {
        assert!(matches!(stamp_answer(garbage, &sha256, &nonce), Err(StampError::Malformed(_))));
    }
    for place in (0..reply.len()).step_by(7) {
        let mut other = reply.clone();
        other[place] ^= 0x11;
        let _ = stamp_answer(&other, &sha256, &nonce);
    }
}

#[test]
fn a_token_that_is_too_large_or_of_a_stranger_raises_nothing() {
    let Some(desk) = Desk::open() else { return };
    let prepared = desk.prepared("rsa-2048", 100);
    let token = desk.token(prepared.imprint());
    assert!(matches!(prepared.clone().finish(Some(&token)), Err(SigningError::Room(missing)) if missing > 100));
    // Of another signature's value, and of an authority that nobody trusts: the signature stands, and proves no time.
    let other = desk.token([9; 32]);
    let prepared = desk.prepared("rsa-2048", ROOM);
    let judged = desk.judge(&prepared.clone().finish(Some(&other)).expect("room"));
    assert_eq!(level(&judged), passed("B-B"), "{}", detail(&judged));
    let pdf = prepared.clone().finish(Some(&desk.token(prepared.imprint()))).expect("room");
    let mut stranger = Trust::default();
    stranger.add_anchors(&desk.shop.read("authority.crt")).expect("a root");
    let judged = desk.judge_by(&pdf, &stranger, TimeDelta::zero());
    assert_eq!(level(&judged), passed("B-B"), "{}", detail(&judged));
}
