//! An authority that can be asked: certificates by OpenSSL, and over HTTP their lists, the status of each (RFC 6960) and
//! timestamps (RFC 3161), each answer made by OpenSSL at the moment it is asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::http::{Asked, Reply, Server};

/// Seconds for which lists and answers hold are days here.
const DAYS: &str = "30";

/// How requests for timestamps are met.
#[derive(Debug, Clone, Default)]
pub enum Manner {
    #[default]
    Good,
    /// After so long.
    Slow(Duration),
    /// By so many octets of nothing.
    Huge(usize),
    /// By a timestamp under the name of a page.
    TimestampAsPage,
    /// By a page under the name of a timestamp.
    PageAsTimestamp,
    /// By this status.
    Status(u16),
    /// Only for who shows this (`Authorization`, RFC 7617).
    Locked(&'static str),
    /// By the true answer to another request.
    Another,
}

/// Where a certificate says that its status is had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    ByList,
    ByAnswers,
}

/// A key in PKCS#8 with its certificate and the authority's, all in DER.
#[derive(Debug, Clone)]
pub struct Issued {
    pub pkcs8: Vec<u8>,
    pub certificates: Vec<Vec<u8>>,
}

/// The authority; its server ends when it is dropped.
pub struct Authority {
    desk: Arc<Desk>,
    server: Server,
}

impl Authority {
    /// Root, issuing authority, responder and authority of timestamps; `None` where OpenSSL is not installed, which is said.
    pub fn start(folder: &Path) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            eprintln!("skipped: openssl is not installed (scripts/install-test-tools)");
            return None;
        }
        fs::create_dir_all(folder).expect("a folder of the authority");
        let desk = Arc::new(Desk { folder: folder.to_owned(), manner: Mutex::default(), turn: Mutex::default() });
        let asked = Arc::clone(&desk);
        let server = Server::start(move |request| asked.reply(request));
        let this = Self { desk, server };
        this.found();
        Some(this)
    }

    pub fn port(&self) -> u16 {
        self.server.port
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/{path}", self.port())
    }

    pub fn folder(&self) -> &Path {
        &self.desk.folder
    }

    pub fn read(&self, name: &str) -> Vec<u8> {
        self.desk.read(name)
    }

    /// From now on.
    pub fn meet(&self, manner: Manner) {
        *self.desk.manner.lock().expect("a manner") = manner;
    }

    /// What it was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        self.server.asked()
    }

    /// A key (`NAME.key` and `NAME.crt` in the folder as well) with a certificate for signatures of documents. `algorithm` as `openssl genpkey` has it, with its option.
    pub fn issue(&self, name: &str, algorithm: (&str, &str), told: Told) -> Issued {
        let says = match told {
            Told::ByList => format!("crlDistributionPoints=URI:{}", self.url("authority.crl")),
            Told::ByAnswers => format!("authorityInfoAccess=OCSP;URI:{}", self.url("ocsp")),
        };
        let usage = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,nonRepudiation";
        self.certify(name, algorithm, "authority", &format!("{usage}\n{says}"));
        let key = format!("{name}.key");
        self.desk.openssl(&["pkcs8", "-topk8", "-nocrypt", "-in", &key, "-outform", "DER", "-out", "pkcs8"]);
        Issued { pkcs8: self.read("pkcs8"), certificates: vec![self.der(name), self.der("authority")] }
    }

    fn der(&self, name: &str) -> Vec<u8> {
        let (pem, der) = (format!("{name}.crt"), format!("{name}.der"));
        self.desk.openssl(&["x509", "-in", &pem, "-outform", "DER", "-out", &der]);
        self.read(&der)
    }

    fn found(&self) {
        const EC: (&str, &str) = ("EC", "ec_paramgen_curve:P-256");
        for authority in ["root", "authority"] {
            let lists = format!(
                "[ca]\ndefault_ca=d\n[d]\ndatabase={authority}.index\ncrlnumber={authority}.number\ndefault_md=sha256\n\
                 crl_extensions=c\n[c]\nauthorityKeyIdentifier=keyid\n"
            );
            self.desk.write(&format!("{authority}.ca"), &lists);
            self.desk.write(&format!("{authority}.index"), "");
            self.desk.write(&format!("{authority}.number"), "01\n");
        }
        let stamps = "[tsa]\ndefault_tsa=one\n[one]\nserial=stamps.serial\nsigner_cert=stamps.crt\nsigner_key=stamps.key\n\
                      signer_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\ness_cert_id_alg=sha256\naccuracy=secs:1\n";
        self.desk.write("stamps.cnf", stamps);
        self.desk.write("stamps.serial", "01\n");
        let certifies = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign";
        let end = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature";
        let listed = format!("crlDistributionPoints=URI:{}", self.url("root.crl"));
        self.certify("root", EC, "root", certifies);
        self.certify("authority", EC, "root", &format!("{certifies}\n{listed}"));
        self.certify("stamps", EC, "root", &format!("{end}\nextendedKeyUsage=critical,timeStamping\n{listed}"));
        self.certify("responder", EC, "authority", &format!("{end}\nextendedKeyUsage=OCSPSigning\nnoCheck=ignored"));
    }

    /// A key and its certificate by `issuer`, in the index of which it is good.
    fn certify(&self, name: &str, (algorithm, option): (&str, &str), issuer: &str, extensions: &str) {
        let file = |ending: &str| format!("{name}.{ending}");
        let (key, request, certificate, cnf) = (file("key"), file("csr"), file("crt"), file("cnf.ext"));
        let identifiers = if name == issuer { "" } else { "authorityKeyIdentifier=keyid\n" };
        let text = format!("[req]\ndistinguished_name=n\n[n]\n[x]\n{extensions}\nsubjectKeyIdentifier=hash\n{identifiers}");
        self.desk.write(&cnf, &text);
        self.desk.openssl(&["genpkey", "-quiet", "-algorithm", algorithm, "-pkeyopt", option, "-out", &key]);
        let subject = format!("/C=UA/O=Served/CN={name}");
        let mut arguments = vec!["req", "-new", "-utf8", "-key", &key, "-subj", &subject, "-config", &cnf];
        if name == issuer {
            arguments.extend(["-x509", "-days", DAYS, "-extensions", "x", "-out", &certificate]);
            return self.desk.openssl(&arguments);
        }
        arguments.extend(["-out", &request]);
        self.desk.openssl(&arguments);
        let index = self.desk.read(&format!("{issuer}.index"));
        let serial = format!("{:04X}", 0x1000 + index.split(|octet| *octet == b'\n').count());
        let (number, by, by_key) = (format!("0x{serial}"), format!("{issuer}.crt"), format!("{issuer}.key"));
        let mut arguments = vec!["x509", "-req", "-days", DAYS, "-in", &request, "-CA", &by, "-CAkey", &by_key];
        arguments.extend(["-set_serial", &number, "-extfile", &cnf, "-extensions", "x", "-out", &certificate]);
        self.desk.openssl(&arguments);
        let line = format!("V\t491231235959Z\t\t{serial}\tunknown\t{subject}\n");
        fs::write(self.desk.folder.join(format!("{issuer}.index")), [index, line.into_bytes()].concat())
            .expect("write the index");
    }
}

struct Desk {
    folder: PathBuf,
    manner: Mutex<Manner>,
    /// One at a time: the answers lie in files.
    turn: Mutex<()>,
}

impl Desk {
    fn reply(&self, asked: &Asked) -> Reply {
        let body = || {
            let _turn = self.turn.lock().expect("a turn");
            match asked.path.as_str() {
                "/root.crl" => Some(("application/pkix-crl", self.list("root"))),
                "/authority.crl" => Some(("application/pkix-crl", self.list("authority"))),
                "/ocsp" => Some(("application/ocsp-response", self.status(&asked.body))),
                _ => None,
            }
        };
        if asked.path == "/tsp" {
            return self.stamp(asked);
        }
        body().map_or_else(|| Reply::of_status(404), |(kind, body)| Reply::with(kind, body))
    }

    fn stamp(&self, asked: &Asked) -> Reply {
        const KIND: &str = "application/timestamp-reply";
        let stamped = |request: &[u8]| {
            let _turn = self.turn.lock().expect("a turn");
            self.write_octets("query", request);
            self.openssl(&["ts", "-reply", "-config", "stamps.cnf", "-queryfile", "query", "-out", "reply"]);
            self.read("reply")
        };
        let is_question = asked.header("content-type") == Some("application/timestamp-query") && asked.method == "POST";
        if !is_question {
            return Reply::of_status(415);
        }
        let manner = self.manner.lock().expect("a manner").clone();
        match manner {
            Manner::Locked(wanted) if asked.header("authorization") != Some(wanted) => Reply::of_status(401),
            Manner::Good | Manner::Locked(_) => Reply::with(KIND, stamped(&asked.body)),
            Manner::Slow(pause) => {
                std::thread::sleep(pause);
                Reply::with(KIND, stamped(&asked.body))
            }
            Manner::Huge(octets) => Reply::with(KIND, vec![0; octets]),
            Manner::TimestampAsPage => Reply::with("text/html; charset=utf-8", stamped(&asked.body)),
            Manner::PageAsTimestamp => Reply::with(KIND, b"<html><body>Please sign in</body></html>".to_vec()),
            Manner::Status(status) => Reply::of_status(status),
            Manner::Another => {
                self.openssl(&["ts", "-query", "-data", "stamps.cnf", "-sha256", "-cert", "-out", "another"]);
                Reply::with(KIND, stamped(&self.read("another")))
            }
        }
    }

    fn list(&self, authority: &str) -> Vec<u8> {
        let file = |ending: &str| format!("{authority}.{ending}");
        let (cnf, certificate, key, list) = (file("ca"), file("crt"), file("key"), file("crl"));
        let mut arguments = vec!["ca", "-gencrl", "-config", &cnf, "-cert", &certificate, "-keyfile", &key];
        arguments.extend(["-crldays", DAYS, "-out", &list]);
        self.openssl(&arguments);
        self.openssl(&["crl", "-in", &list, "-outform", "DER", "-out", "list.der"]);
        self.read("list.der")
    }

    fn status(&self, request: &[u8]) -> Vec<u8> {
        self.write_octets("ocsp.query", request);
        let mut arguments = vec!["ocsp", "-index", "authority.index", "-CA", "authority.crt", "-rsigner", "responder.crt"];
        arguments.extend(["-rkey", "responder.key", "-reqin", "ocsp.query", "-respout", "ocsp.reply", "-ndays", DAYS]);
        self.openssl(&arguments);
        self.read("ocsp.reply")
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.folder.join(name)).unwrap_or_else(|cause| panic!("read {name}: {cause}"))
    }

    fn write(&self, name: &str, text: &str) {
        self.write_octets(name, text.as_bytes());
    }

    fn write_octets(&self, name: &str, octets: &[u8]) {
        fs::write(self.folder.join(name), octets).unwrap_or_else(|cause| panic!("write {name}: {cause}"));
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").args(arguments).current_dir(&self.folder).output().expect("start openssl");
        assert!(output.status.success(), "openssl {arguments:?}\n{}", String::from_utf8_lossy(&output.stderr));
    }
}
