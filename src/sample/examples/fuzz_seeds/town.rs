//! What OpenSSL, Python and xmlsec1 make for the search: timestamps, OCSP answers, encrypted messages, archives, a trusted list.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use chrono::{DateTime, Utc};
use oblik_signature::{Decryptor, Policy, Signer, judge_asic, judge_detached, open};

use crate::parts::{children, contents, signature_value, with_unsigned, wrapped};
use crate::{World, pem_blocks};

const CONFIGURATION: &str = "[req]\ndistinguished_name=n\n[n]\n\
    [root]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n\
    [leaf]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation,keyEncipherment,keyAgreement\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n\
    [tsa]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n\
    [ocsp]\nbasicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=OCSPSigning\nnoCheck=ignored\n\
    subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n\
    [ts]\ndefault_tsa=it\n[it]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\n\
    default_policy=1.2.3.4.5\ndigests=sha256,sha384\naccuracy=secs:1\nordering=yes\ntsa_name=yes\ness_cert_id_chain=no\n\
    ess_cert_id_alg=sha256\n";

/// `python3 -c` with arguments: archive, whether to compress, then name and file in turns.
const ZIP: &str = "import sys, zipfile\n\
    out, way, rest = sys.argv[1], sys.argv[2], sys.argv[3:]\n\
    method = zipfile.ZIP_STORED if way == 'stored' else zipfile.ZIP_DEFLATED\n\
    with zipfile.ZipFile(out, 'w') as archive:\n\
    \x20   for name, path in zip(rest[::2], rest[1::2]):\n\
    \x20       kind = zipfile.ZIP_STORED if name == 'mimetype' else method\n\
    \x20       archive.writestr(name, open(path, 'rb').read(), kind)\n";

/// A root of its own with a signer, an authority of time and a responder under it.
pub struct Town {
    folder: PathBuf,
    content: Vec<u8>,
    now: DateTime<Utc>,
}

impl Town {
    pub fn build(folder: PathBuf, content: &[u8], now: DateTime<Utc>) -> Self {
        std::fs::create_dir_all(&folder).expect("make a folder");
        let town = Self { folder, content: content.to_vec(), now };
        town.put("town.cnf", CONFIGURATION.replace("noCheck=ignored", "1.3.6.1.5.5.7.48.1.5=ASN1:NULL").as_bytes());
        town.put("content", content);
        town.put("serial", b"01\n");
        for (name, section) in [("root", "root"), ("leaf", "leaf"), ("tsa", "tsa"), ("ocsp", "ocsp"), ("rsa", "leaf")] {
            town.party(name, section);
        }
        town
    }

    fn put(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.folder.join(name), bytes).unwrap_or_else(|cause| panic!("write {name}: {cause}"));
    }

    fn get(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.folder.join(name)).unwrap_or_else(|cause| panic!("read {name}: {cause}"))
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = Command::new(program).args(arguments).current_dir(&self.folder).output();
        let output = output.unwrap_or_else(|cause| panic!("{program} (scripts/install-test-tools): {cause}"));
        assert!(output.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }

    fn openssl(&self, arguments: &str) {
        self.run("openssl", &arguments.split(' ').collect::<Vec<_>>());
    }

    fn party(&self, name: &str, section: &str) {
        let kind = if name == "rsa" { "RSA -pkeyopt rsa_keygen_bits:2048" } else { "EC -pkeyopt ec_paramgen_curve:P-256" };
        self.openssl(&format!("genpkey -quiet -algorithm {kind} -out {name}.key"));
        let subject = format!("-subj /C=UA/CN=Town-{name} -config town.cnf");
        if name == "root" {
            return self.openssl(&format!("req -new -x509 -days 365 -key root.key {subject} -extensions root -out root.pem"));
        }
        self.openssl(&format!("req -new -key {name}.key {subject} -out {name}.csr"));
        let by = "-CA root.pem -CAkey root.key -CAcreateserial -days 365 -extfile town.cnf";
        self.openssl(&format!("x509 -req -in {name}.csr {by} -extensions {section} -out {name}.pem"));
    }

    fn der(&self, name: &str) -> Vec<u8> {
        pem_blocks(&String::from_utf8(self.get(name)).expect("PEM")).remove(0)
    }

    pub fn root(&self) -> Vec<u8> {
        self.get("root.pem")
    }

    /// A message by the leaf, the world's to add attributes and status to.
    pub fn message(&self, world: &mut World) -> Vec<u8> {
        let signer = Signer::new(&self.der("leaf.key"), &[self.der("leaf.pem")]).expect("a signer");
        let message = signer.sign_cms_detached(&self.content, self.now).expect("a message");
        world.proven(&judge_detached(&self.content, &message, &world.trust, &Policy::embedded(), world.moment()));
        world.file("world/town.p7s", &message);
        world.file("world/town.pem", &self.root());
        message
    }

    /// Unsigned attributes with tokens over the signature, and what such a token proves.
    pub fn timestamps(&self, world: &mut World, message: &[u8]) {
        self.put("value", signature_value(message));
        let mut both = Vec::new();
        for (at, request) in ["-sha256 -cert", "-sha384 -cert -no_nonce", "-sha256"].iter().enumerate() {
            self.openssl(&format!("ts -query -data value -out request {request}"));
            self.openssl("ts -reply -queryfile request -config town.cnf -section it -token_out -out token");
            // id-aa-signatureTimeStampToken
            let oid = b"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x09\x10\x02\x0e";
            let attribute = wrapped(0x30, &[&oid[..], &wrapped(0x31, &self.get("token"))].concat());
            both.extend_from_slice(&attribute);
            let attributes = wrapped(0xa1, &attribute);
            world.seed(&["timestamp"], &format!("{at}.attributes"), &attributes);
            let whole = with_unsigned(message, &attributes);
            world.seed(&["cms"], &format!("stamped-{at}.p7s"), &whole);
            let judged = judge_detached(&self.content, &whole, &world.trust, &Policy::embedded(), world.moment());
            world.proven(&judged);
            let token = &judged.signatures[0].timestamps[0];
            assert_eq!(token.sub_indication, if at == 2 { token.sub_indication } else { None }, "{:?}", token.findings);
            world.known.insert(format!("token {} {}", token.serial, token.time.expect("a time").timestamp()));
        }
        world.seed(&["timestamp"], "several.attributes", &wrapped(0xa1, &both));
    }

    /// Answers about the leaf; only one of them says that it is good.
    pub fn answers(&self, world: &World, message: &[u8]) {
        let serial = self.der("leaf.pem");
        let signed = children(&serial, 0)[0];
        let (start, end) = contents(&serial, children(&serial, signed)[1]);
        let serial = hex::encode_upper(&serial[start..end]);
        let serial = serial.strip_prefix("00").unwrap_or(&serial);
        self.openssl("ocsp -issuer root.pem -cert leaf.pem -reqout request -no_nonce");
        for (name, entry, options) in [
            ("good", "V\t301231235959Z\t", "-rsigner ocsp.pem -rkey ocsp.key"),
            ("revoked", "R\t301231235959Z\t251101000000Z,keyCompromise", "-rsigner ocsp.pem -rkey ocsp.key"),
            ("suspended", "R\t301231235959Z\t251101000000Z,certificateHold", "-rsigner root.pem -rkey root.key"),
            ("stranger", "V\t301231235959Z\t", "-rsigner rsa.pem -rkey rsa.key"),
            ("by-key", "V\t301231235959Z\t", "-rsigner rsa.pem -rkey rsa.key -resp_key_id"),
        ] {
            self.put("index", format!("{entry}\t{serial}\tunknown\t/CN=Town-leaf\n").as_bytes());
            self.openssl(&format!("ocsp -index index -CA root.pem {options} -reqin request -respout response -ndays 30"));
            let response = self.get("response");
            world.seed(&["ocsp"], &format!("{name}.ocsp"), &response);
            let mut trust = world.trust.clone();
            trust.add_ocsp_responses(&response).expect("an answer");
            let strict = Policy::embedded().text().replace("status = \"if-available\"", "status = \"required\"");
            let strict = Policy::parse(&strict).expect("a policy");
            let judged = judge_detached(&self.content, message, &trust, &strict, world.moment());
            assert_eq!(judged.signed.is_some(), name == "good", "{name}: {:?}", judged.all_findings().collect::<Vec<_>>());
            if name == "good" {
                world.file("world/good.ocsp", &response);
            }
        }
    }

    /// Messages to a key of RSA and to one of P-256.
    pub fn encrypted(&self, world: &World, inner: &[u8]) {
        self.put("inner", inner);
        let mut decryptors = Vec::new();
        for (name, padding) in [("rsa", "-keyopt rsa_padding_mode:oaep"), ("leaf", "")] {
            let (key, certificate) = (self.der(&format!("{name}.key")), self.der(&format!("{name}.pem")));
            world.file(&format!("world/{name}.key"), &key);
            world.file(&format!("world/{name}.cer"), &certificate);
            decryptors.push(Decryptor::new(&key, &[certificate]).expect("a key"));
            let recipients = [format!("-recip {name}.pem"), format!("-recip {name}.pem {padding}")];
            for (at, (recipient, cipher)) in recipients
                .iter()
                .flat_map(|recipient| ["-aes-128-cbc", "-aes-256-cbc", "-aes-256-gcm"].map(|cipher| (recipient, cipher)))
                .enumerate()
            {
                for (form, options) in [("der", ""), ("ber", " -stream")] {
                    let recipient = recipient.trim();
                    self.openssl(&format!(
                        "cms -encrypt -binary -in inner -outform DER{options} {cipher} -out encrypted {recipient}"
                    ));
                    let encrypted = self.get("encrypted");
                    assert_eq!(
                        open(&encrypted, &decryptors).map(|opened| opened.to_vec()),
                        Ok(inner.to_vec()),
                        "{recipient} {cipher}"
                    );
                    world.seed(&["enveloped"], &format!("{name}-{at}.{form}"), &encrypted);
                }
            }
        }
    }

    /// ASiC-S, and ASiC-E over one file and over two.
    pub fn archives(&self, world: &mut World, sign: impl Fn(&[u8]) -> Vec<u8>) {
        self.put("s", b"application/vnd.etsi.asic-s+zip");
        self.put("e", b"application/vnd.etsi.asic-e+zip");
        self.put("act.p7s", &sign(&self.content));
        self.put("other", b"a picture");
        for (form, files) in [("one", &["content"][..]), ("two", &["content", "other"])] {
            let mut references = String::new();
            for file in files {
                self.openssl(&format!("dgst -sha256 -binary -out digest {file}"));
                self.openssl("base64 -A -in digest -out digest.txt");
                let digest = String::from_utf8(self.get("digest.txt")).expect("base64");
                let _ = write!(
                    references,
                    "<asic:DataObjectReference URI=\"{file}\"><ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>\
                     <ds:DigestValue>{digest}</ds:DigestValue></asic:DataObjectReference>"
                );
            }
            let manifest = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><asic:ASiCManifest xmlns:asic=\"http://uri.etsi.org/02918/v1.2.1#\" \
                 xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"><asic:SigReference URI=\"META-INF/signature.p7s\" \
                 MimeType=\"application/x-pkcs7-signature\"/>{references}</asic:ASiCManifest>"
            );
            self.put(&format!("{form}.xml"), manifest.as_bytes());
            self.put(&format!("{form}.p7s"), &sign(manifest.as_bytes()));
        }
        let (manifest, signature) = ("META-INF/ASiCManifest.xml", "META-INF/signature.p7s");
        for (name, parts) in [
            ("s", &["mimetype", "s", "content", "content", signature, "act.p7s"][..]),
            ("e", &["mimetype", "e", "content", "content", manifest, "one.xml", signature, "one.p7s"]),
            ("two", &["mimetype", "e", "content", "content", "other", "other", manifest, "two.xml", signature, "two.p7s"]),
        ] {
            for way in ["stored", "deflated"] {
                self.run("python3", &[&["-c", ZIP, "archive", way], parts].concat());
                let archive = self.get("archive");
                let judged = judge_asic(&archive, &world.trust, &Policy::embedded(), world.moment());
                // Which of two files is the act is not told: they are listed.
                assert_eq!((judged.sub_indication, judged.signed.is_some()), (None, name != "two"));
                world.known.extend(judged.documents.iter().map(|one| hex::encode(one.sha256)));
                if name != "two" {
                    world.proven(&judged);
                }
                world.seed(&["asic"], &format!("{name}-{way}.zip"), &archive);
            }
        }
    }
}

/// Lists signed by xmlsec1, as the tests of the list sign them.
pub fn lists(world: &World) {
    use crate::trustlist::{Signing, World as Signed};
    let signed = Signed::new().expect("xmlsec1 and openssl (scripts/install-test-tools)");
    let mut pins = Vec::new();
    for key in ["rsa", "p256", "p384", "p521"] {
        let list = signed.sign(&signed.list(), &Signing::by(key)).expect("a signed list");
        let read: oblik_trustlist::TrustedList = signed.read(&list).expect("a list that is read");
        assert_eq!(read.territory(), "UA");
        world.seed(&["trusted_list"], &format!("{key}.xml"), &list);
        world.file(&format!("world/list-{key}.xml"), &list);
        pins.extend(signed.pem(key));
    }
    let inclusive = Signing { c14n: "http://www.w3.org/TR/2001/REC-xml-c14n-20010315".to_owned(), ..Signing::by("p256") };
    if let Some(list) = signed.sign(&signed.list(), &inclusive) {
        world.seed(&["trusted_list"], "inclusive.xml", &list);
        world.file("world/list-inclusive.xml", &list);
    }
    world.file("world/list-signers.pem", &pins);
}
