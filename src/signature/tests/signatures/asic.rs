//! ASiC containers as Python and OpenSSL make them: those that follow the standard pass, and every change is told.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oblik_domain::finding::Code;
use oblik_signature::evidence::Evidence;
use oblik_signature::raw::{Ground, digest_of};
use oblik_signature::{Container, Digest, Judged, judge_asic, judge_file};

use crate::common::{CONTENT, Desk, PASSED, detail, moment, policy, shown, trust};

/// `python3 -c` with arguments: output, way (stored, deflated, streamed), then name and file in turns.
const ZIP: &str = r#"
import sys, zipfile
class Pipe:
    def __init__(self, out): self.out = out
    def write(self, data): return self.out.write(data)
    def flush(self): self.out.flush()
out, way, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
method = zipfile.ZIP_STORED if way == "stored" else zipfile.ZIP_DEFLATED
with open(out, "wb") as target:
    with zipfile.ZipFile(Pipe(target) if way == "streamed" else target, "w") as archive:
        for name, path in zip(rest[::2], rest[1::2]):
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name == "mimetype" else method
            info.external_attr = 0o100644 << 16
            archive.writestr(info, open(path, "rb").read())
"#;

const FORMS: [(&str, &str); 2] = [("s", "application/vnd.etsi.asic-s+zip"), ("e", "application/vnd.etsi.asic-e+zip")];

struct Maker {
    desk: Desk,
    /// Names and what they hold, in order.
    files: Vec<(String, Vec<u8>)>,
}

impl Maker {
    fn new(form: &str) -> Self {
        let media_type = FORMS.iter().find(|(name, _)| *name == form).unwrap().1;
        Self { desk: Desk::new(), files: vec![("mimetype".to_owned(), media_type.as_bytes().to_vec())] }
    }

    fn add(&mut self, name: &str, bytes: &[u8]) -> &mut Self {
        self.files.retain(|(known, _)| known != name);
        self.files.push((name.to_owned(), bytes.to_vec()));
        self
    }

    fn get(&self, name: &str) -> Vec<u8> {
        self.files.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }

    /// OpenSSL's signature over `content` as a file of the container.
    fn sign(&mut self, name: &str, content: &[u8], party: &str, more: &[&str]) -> &mut Self {
        self.desk.put("content", content);
        let message = self.desk.cms(party, more);
        self.add(name, &message)
    }

    /// A manifest over files that are there, its digests by OpenSSL.
    fn manifest(&mut self, name: &str, signature: &str, algorithm: (&str, &str), files: &[&str]) -> &mut Self {
        let (uri, option) = algorithm;
        let mut references = String::new();
        for file in files {
            self.desk.put("part", &self.get(file));
            let digest = if let Some(digest) = ukrainian(option) {
                digest_of(digest, &self.get(file), Ground { policy: &policy(), moment: moment() }).unwrap()
            } else {
                self.desk.run("openssl", &["dgst", option, "-binary", "-out", "digest", "part"]);
                self.desk.get("digest")
            };
            let digest = STANDARD.encode(digest);
            let start = format!("<asic:DataObjectReference URI=\"{file}\"><ds:DigestMethod Algorithm=\"{uri}\"/>");
            references.extend([&start, "<ds:DigestValue>", &digest, "</ds:DigestValue></asic:DataObjectReference>"]);
        }
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"no\"?>\n<asic:ASiCManifest \
             xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
             <asic:SigReference URI=\"{signature}\" MimeType=\"application/x-pkcs7-signature\"/>{references}</asic:ASiCManifest>"
        );
        self.add(name, text.as_bytes())
    }

    fn zip(&self, way: &str) -> Vec<u8> {
        let mut arguments = vec!["-c".to_owned(), ZIP.to_owned(), "out.zip".to_owned(), way.to_owned()];
        for (position, (name, bytes)) in self.files.iter().enumerate() {
            let path = format!("file{position}");
            self.desk.put(&path, bytes);
            arguments.extend([name.clone(), path]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        self.desk.run("python3", &arguments);
        self.desk.get("out.zip")
    }
}

/// Digests OpenSSL has not; other implementations hold them in the package that computes them.
fn ukrainian(option: &str) -> Option<Digest> {
    match option {
        "gost" => Some(Digest::Gost34311),
        "kupyna" => Some(Digest::Kupyna256),
        _ => None,
    }
}

const SHA256: (&str, &str) = ("http://www.w3.org/2001/04/xmlenc#sha256", "-sha256");
const MANIFEST: &str = "META-INF/ASiCManifest.xml";
const SIGNATURE: &str = "META-INF/signature.p7s";

/// ASiC-E over the act alone.
fn extended() -> Maker {
    let mut maker = Maker::new("e");
    maker.add("акт 1.xml", CONTENT).manifest(MANIFEST, SIGNATURE, SHA256, &["акт 1.xml"]);
    let manifest = maker.get(MANIFEST);
    maker.sign(SIGNATURE, &manifest, "p256", &["-cades"]);
    maker
}

fn simple() -> Maker {
    let mut maker = Maker::new("s");
    maker.add("акт.xml", CONTENT).sign(SIGNATURE, CONTENT, "rsa", &["-cades"]);
    maker
}

fn judge(container: &[u8]) -> Judged {
    judge_asic(container, &trust(), &policy(), moment())
}

fn passes(what: &str, container: &[u8]) -> Judged {
    let judged = judge_file(container, None, &trust(), &policy(), moment());
    assert_eq!(shown(&judged), PASSED, "{what}\n{}", detail(&judged));
    judged
}

#[test]
fn containers_that_others_write_pass() {
    for way in ["stored", "deflated", "streamed"] {
        if way == "streamed" {
            // Python streams what it does not compress without sizes before it, mimetype too.
            let mut maker = simple();
            maker.files.remove(0);
            assert_eq!(passes(way, &maker.zip(way)).signed.unwrap().bytes(), CONTENT);
            continue;
        }
        for (party, more) in [("rsa", &["-cades"][..]), ("p256", &["-cades"]), ("p384", &["-md", "sha384"]), ("p521", &[])] {
            let mut maker = Maker::new("s");
            maker.add("акт.xml", CONTENT).sign(SIGNATURE, CONTENT, party, more);
            let judged = passes(party, &maker.zip(way));
            assert_eq!((judged.container, judged.container.as_str()), (Container::AsicS, "asic-s"));
            assert_eq!(judged.signatures[0].covers, "акт.xml by META-INF/signature.p7s");
            assert_eq!(judged.signed.unwrap().bytes(), CONTENT);
        }
        let judged = passes(way, &extended().zip(way));
        assert_eq!((judged.container, judged.container.as_str()), (Container::AsicE, "asic-e"));
        assert_eq!(judged.signatures[0].covers, "акт 1.xml by META-INF/signature.p7s");
        assert_eq!(judged.signed.unwrap().bytes(), CONTENT);
    }
}

#[test]
fn archives_of_other_programs_pass() {
    for (program, arguments) in [
        // Info-ZIP: mimetype first and stored, the rest compressed and with its extra fields; Java: sizes after the data.
        ("zip", vec!["-0", "-X", "made.zip", "mimetype"]),
        ("jar", vec!["cfM", "made.zip", "akt.xml", "META-INF"]),
        ("jar", vec!["cfM0", "made.zip", "akt.xml", "META-INF/signature.p7s"]),
    ] {
        let mut maker = Maker::new("s");
        maker.add("akt.xml", CONTENT).sign(SIGNATURE, CONTENT, "p256", &["-cades"]);
        std::fs::create_dir(maker.desk.path("META-INF")).unwrap();
        for (name, bytes) in &maker.files {
            maker.desk.put(name, bytes);
        }
        maker.desk.run(program, &arguments);
        if program == "zip" {
            maker.desk.run("zip", &["-r", "made.zip", "akt.xml", "META-INF"]);
        }
        assert_eq!(passes(program, &maker.desk.get("made.zip")).signed.unwrap().bytes(), CONTENT, "{arguments:?}");
    }
}

#[test]
fn the_digests_of_a_manifest_are_judged_by_policy() {
    for (algorithm, expected) in [
        (SHA256, PASSED),
        (("http://www.w3.org/2001/04/xmldsig-more#sha384", "-sha384"), PASSED),
        (("http://www.w3.org/2001/04/xmlenc#sha512", "-sha512"), PASSED),
        (("http://www.w3.org/2000/09/xmldsig#sha1", "-sha1"), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"),
        (("http://www.w3.org/2001/04/xmldsig-more#md5", "-md5"), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"),
        (("http://www.w3.org/2001/04/xmlenc#gost34311", "gost"), PASSED),
        (("http://www.w3.org/2001/04/xmlenc#dstu7564-256", "kupyna"), PASSED),
        (("http://www.w3.org/2001/04/xmlenc#gost34311", "kupyna"), "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED"),
        (("http://www.w3.org/2001/04/xmldsig-more#gost34311", "gost"), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"),
        (("urn:unknown", "-sha256"), "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"),
    ] {
        let mut maker = Maker::new("e");
        maker.add("act.xml", CONTENT).manifest(MANIFEST, SIGNATURE, algorithm, &["act.xml"]);
        let manifest = maker.get(MANIFEST);
        maker.sign(SIGNATURE, &manifest, "rsa", &["-cades"]);
        let judged = judge(&maker.zip("deflated"));
        assert_eq!(shown(&judged), expected, "{algorithm:?}\n{}", detail(&judged));
        assert_eq!(judged.signed.is_some(), expected == PASSED);
    }
}

#[test]
fn several_files_and_several_signatures_are_told_apart() {
    let mut maker = Maker::new("e");
    maker.add("a.xml", CONTENT).add("b.pdf", b"%PDF-1.7 b").add("docs/c.txt", b"c");
    maker.manifest("META-INF/ASiCManifest1.xml", "META-INF/signature1.p7s", SHA256, &["a.xml", "b.pdf", "docs/c.txt"]);
    maker.manifest("META-INF/ASiCManifest2.xml", "META-INF/signature2.p7s", SHA256, &["a.xml", "b.pdf"]);
    for (number, party) in [("1", "rsa"), ("2", "p384")] {
        let manifest = maker.get(&format!("META-INF/ASiCManifest{number}.xml"));
        maker.sign(&format!("META-INF/signature{number}.p7s"), &manifest, party, &["-cades"]);
    }
    let judged = passes("two signatures", &maker.zip("deflated"));
    assert_eq!(judged.signatures.len(), 2);
    assert!(judged.signed.is_none(), "several files are not one document");
    let names: Vec<&str> = judged.documents.iter().map(|document| document.name.as_str()).collect();
    assert_eq!(names, ["a.xml", "b.pdf"]);
    assert_eq!(judged.signatures[0].covers, "a.xml, b.pdf, docs/c.txt by META-INF/signature1.p7s");

    // Both sign the act: it is what they both sign.
    let mut maker = extended();
    maker.manifest("META-INF/ASiCManifest002.xml", "META-INF/signature002.p7s", SHA256, &["акт 1.xml", "META-INF/signature.p7s"]);
    let manifest = maker.get("META-INF/ASiCManifest002.xml");
    maker.sign("META-INF/signature002.p7s", &manifest, "rsa", &["-cades"]);
    let judged = passes("a signature over a signature", &maker.zip("deflated"));
    assert_eq!((judged.signatures.len(), judged.signed.unwrap().bytes()), (2, CONTENT));

    // One of two signatures is wrong: nothing is signed.
    maker.sign("META-INF/signature002.p7s", b"another manifest", "rsa", &["-cades"]);
    let judged = judge(&maker.zip("deflated"));
    assert_eq!(shown(&judged), "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED", "{}", detail(&judged));
    assert!(judged.signed.is_none());
}

/// What is done, to which container, and the verdict on it.
type Change = (&'static str, fn() -> Maker, fn(&mut Maker), &'static str);

const CHANGES: [Change; 18] = [
    (
        "another act",
        simple,
        |m| {
            m.add("акт.xml", b"<act/>");
        },
        "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED",
    ),
    (
        "another act",
        extended,
        |m| {
            m.add("акт 1.xml", b"<act/>");
        },
        "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED",
    ),
    (
        "another manifest",
        extended,
        |m| {
            let text = String::from_utf8(m.get(MANIFEST)).unwrap().replace("x-pkcs7", "pkcs7");
            m.add(MANIFEST, text.as_bytes());
        },
        "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED",
    ),
    (
        "a manifest by a later hand",
        extended,
        |m| {
            m.add("акт 1.xml", b"<act/>").manifest(MANIFEST, SIGNATURE, SHA256, &["акт 1.xml"]);
        },
        "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED",
    ),
    (
        "an unsigned file",
        extended,
        |m| {
            m.add("b.xml", b"<b/>");
        },
        "INDETERMINATE SIG_CONSTRAINTS_FAILURE ASIC-UNSIGNED-FILE",
    ),
    (
        "a second file",
        simple,
        |m| {
            m.add("b.xml", b"<b/>");
        },
        "TOTAL-FAILED FORMAT_FAILURE ASIC-FORMAT",
    ),
    ("no file", simple, |m| m.files.retain(|(name, _)| name != "акт.xml"), "TOTAL-FAILED FORMAT_FAILURE ASIC-FORMAT"),
    (
        "a file that is missing",
        extended,
        |m| m.files.retain(|(name, _)| name != "акт 1.xml"),
        "INDETERMINATE SIGNED_DATA_NOT_FOUND ASIC-FORMAT",
    ),
    ("no signature", simple, |m| m.files.retain(|(name, _)| name != SIGNATURE), "INDETERMINATE NO_SIGNATURE SIG-MISSING"),
    ("no signature", extended, |m| m.files.retain(|(name, _)| name != SIGNATURE), "INDETERMINATE NO_SIGNATURE ASIC-FORMAT"),
    ("no manifest", extended, |m| m.files.retain(|(name, _)| name != MANIFEST), "TOTAL-FAILED FORMAT_FAILURE ASIC-FORMAT"),
    (
        "only a time",
        simple,
        |m| {
            m.files.retain(|(name, _)| name != SIGNATURE);
            m.add("META-INF/timestamp.tst", b"0\x03\x02\x01\x05");
        },
        "INDETERMINATE NO_SIGNATURE SIG-MISSING",
    ),
    (
        "a second signature",
        simple,
        |m| {
            m.sign("META-INF/signature2.p7s", CONTENT, "p256", &[]);
        },
        "TOTAL-FAILED FORMAT_FAILURE ASIC-FORMAT",
    ),
    (
        "a signature no manifest names",
        extended,
        |m| {
            m.sign("META-INF/signature2.p7s", CONTENT, "p256", &[]);
        },
        "TOTAL-FAILED FORMAT_FAILURE ASIC-FORMAT",
    ),
    (
        "XAdES beside it",
        extended,
        |m| {
            m.add("META-INF/signatures.xml", b"<x/>");
        },
        "INDETERMINATE SIG_CONSTRAINTS_FAILURE ASIC-XADES",
    ),
    (
        "an unknown part",
        simple,
        |m| {
            m.add("META-INF/readme.txt", b"x");
        },
        "INDETERMINATE SIG_CONSTRAINTS_FAILURE ASIC-UNSIGNED-FILE",
    ),
    (
        "a signature that is none",
        simple,
        |m| {
            m.add(SIGNATURE, b"0\x03\x02\x01\x05");
        },
        "TOTAL-FAILED FORMAT_FAILURE SIG-FORMAT",
    ),
    (
        "a signature with content of its own",
        simple,
        |m| {
            m.sign(SIGNATURE, CONTENT, "rsa", &["-nodetach"]);
        },
        "TOTAL-FAILED FORMAT_FAILURE SIG-FORMAT",
    ),
];

#[test]
fn every_part_that_is_changed_is_told() {
    for (what, make, edit, expected) in CHANGES {
        let mut maker = make();
        edit(&mut maker);
        let judged = judge(&maker.zip("deflated"));
        assert_eq!(shown(&judged), expected, "{what}\n{}", detail(&judged));
        assert!(judged.signed.is_none(), "{what}");
    }
}

#[test]
fn xades_alone_is_refused_by_name() {
    for form in ["s", "e"] {
        let mut maker = Maker::new(form);
        maker.add("акт.xml", CONTENT).add("META-INF/signatures.xml", b"<asic:XAdESSignatures/>");
        let judged = judge(&maker.zip("deflated"));
        assert_eq!(shown(&judged), "INDETERMINATE SIG_CONSTRAINTS_FAILURE ASIC-XADES", "{}", detail(&judged));
    }
}

#[test]
fn what_a_file_in_a_container_signs_itself_does_not_count() {
    let inner = simple().zip("deflated");
    let signed_cms = Desk::new().cms("rsa", &["-nodetach"]);
    for content in [inner.as_slice(), &signed_cms, b"%PDF-1.7 /ByteRange [0 1 2 3]"] {
        let mut maker = Maker::new("s");
        maker.add("file.bin", content).sign(SIGNATURE, content, "p256", &["-cades"]);
        let judged = passes("a file that is signed itself", &maker.zip("deflated"));
        assert!(judged.findings.iter().any(|finding| finding.code == Code::AsicNotJudged), "{}", detail(&judged));
        assert_eq!((judged.signatures.len(), judged.signed.unwrap().bytes()), (1, content));
    }
}

#[test]
fn evidence_of_a_container_repeats_its_verdict() {
    for maker in [simple(), extended()] {
        let container = maker.zip("deflated");
        let evidence = Evidence::of(&judge(&container), &container, None);
        let read = Evidence::from_bytes(&evidence.to_bytes()).unwrap();
        assert_eq!(shown(&read.repeat(&container, None, &policy()).unwrap()), PASSED);
        assert!(read.repeat(&maker.zip("stored"), None, &policy()).is_err());
    }
}
