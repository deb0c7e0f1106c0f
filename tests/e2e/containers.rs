//! Containers and encrypted mail on their whole way: the act inside is billed, what is wrong is answered, `verify` judges both.

use std::time::Duration;

use oblik_e2e::{Engine, House, Letter, Plan, act_mail, act_mail_with, program, world};
use oblik_sample::Customer;
use oblik_sample::mail::File;

use crate::commands::{text, verify};
use crate::signing::{by_openssl, detached, figures, pdf, xml};

/// Writes an archive: name and file in turns, the first stored.
const ZIP: &str = "
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as archive:
    for at in range(2, len(sys.argv), 2):
        way = zipfile.ZIP_STORED if at == 2 else zipfile.ZIP_DEFLATED
        archive.write(sys.argv[at + 1], sys.argv[at], way)
";

/// A house whose key for encrypted mail is the supplier's own.
fn house() -> Option<House> {
    let house = House::furnished(Plan::folders(Engine::Sqlite))?;
    let folder = house.folder().display().to_string();
    house.configure("one", |text| {
        let keys =
            format!("pkcs12 = \"{folder}/keys/supplier.p12\"\npassphrase = \"{folder}/{}\"\n", oblik_sample::PASSPHRASE_FILE);
        format!("{text}\n\n[[decryption]]\n{keys}")
    });
    Some(house)
}

fn zip(house: &House, entries: &[(&str, &[u8])]) -> Vec<u8> {
    let out = house.write("out.zip", b"");
    let files: Vec<_> = entries.iter().map(|(_, bytes)| house.write("part", bytes)).collect();
    let mut arguments = vec!["-c", ZIP, text(&out)];
    for ((name, _), file) in entries.iter().zip(&files) {
        arguments.extend([*name, text(file)]);
    }
    let told = program("python3", &arguments, b"").expect("python3");
    assert!(told.good, "{}", told.err);
    std::fs::read(out).unwrap()
}

/// ASiC-S over one file, by python and openssl.
fn simple(house: &House, customer: &Customer, name: &str, content: &[u8]) -> Option<Vec<u8>> {
    let signature = by_openssl(house, customer, content, &["-cades"])?;
    let entries: [(&str, &[u8]); 3] =
        [("mimetype", b"application/vnd.etsi.asic-s+zip"), (name, content), ("META-INF/signature.p7s", &signature)];
    Some(zip(house, &entries))
}

/// ASiC-E over several files.
fn extended(house: &House, customer: &Customer, files: &[(&str, &[u8])]) -> Option<Vec<u8>> {
    let mut references = String::new();
    for (name, bytes) in files {
        let file = house.write("part", bytes);
        let script =
            "import sys,hashlib,base64;print(base64.b64encode(hashlib.sha256(open(sys.argv[1],'rb').read()).digest()).decode())";
        let digest = program("python3", &["-c", script, text(&file)], b"")?.out;
        references += "<DataObjectReference URI=\"";
        references += name;
        references += "\"><DigestMethod xmlns=\"http://www.w3.org/2000/09/xmldsig#\" Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>";
        references += "<DigestValue xmlns=\"http://www.w3.org/2000/09/xmldsig#\">";
        references += digest.trim();
        references += "</DigestValue></DataObjectReference>";
    }
    let manifest = format!(
        "<ASiCManifest xmlns=\"http://uri.etsi.org/02918/v1.2.1#\"><SigReference URI=\"META-INF/signature001.p7s\" \
         MimeType=\"application/x-pkcs7-signature\"/>{references}</ASiCManifest>"
    );
    let signature = by_openssl(house, customer, manifest.as_bytes(), &["-cades"])?;
    let mut entries: Vec<(&str, &[u8])> = vec![("mimetype", b"application/vnd.etsi.asic-e+zip")];
    entries.extend(files);
    entries.extend([("META-INF/ASiCManifest001.xml", manifest.as_bytes()), ("META-INF/signature001.p7s", signature.as_slice())]);
    Some(zip(house, &entries))
}

/// The mail with everything in it encrypted to the supplier's certificate by openssl.
fn encrypted(house: &House, mail: &[u8], more: &[&str]) -> Option<Vec<u8>> {
    let mail = String::from_utf8(mail.to_vec()).unwrap();
    let (head, body) = mail.split_once("\r\n\r\n").unwrap();
    let mut fields: Vec<String> = Vec::new();
    for line in head.split("\r\n") {
        match fields.last_mut().filter(|_| line.starts_with([' ', '\t'])) {
            Some(last) => last.extend(["\r\n", line]),
            None => fields.push(line.to_owned()),
        }
    }
    let (inner, outer): (Vec<String>, Vec<String>) =
        fields.into_iter().partition(|field| field.to_lowercase().starts_with("content-"));
    let entity = house.write("entity", format!("{}\r\n\r\n{body}", inner.join("\r\n")).as_bytes());
    let certificate = house.write("supplier.pem", world().supplier.certificate_pem().as_bytes());
    let sealed = house.write("sealed", b"");
    let mut arguments = vec!["cms", "-encrypt", "-binary", "-in", text(&entity), "-out", text(&sealed), "-aes256", "-recip"];
    arguments.push(text(&certificate));
    arguments.extend(more);
    let told = program("openssl", &arguments, b"")?;
    assert!(told.good, "{}", told.err);
    let sealed = String::from_utf8(std::fs::read(sealed).unwrap()).unwrap().replace("\r\n", "\n").replace('\n', "\r\n");
    let outer: Vec<String> = outer.into_iter().filter(|field| !field.to_lowercase().starts_with("mime-version")).collect();
    Some(format!("{}\r\n{sealed}", outer.join("\r\n")).into_bytes())
}

/// A customer, how it signed, its mail, and where it is to be refused the finding's code.
type Sent = (&'static Customer, &'static str, Vec<u8>, Option<&'static str>);

fn mails(house: &House) -> Option<Vec<Sent>> {
    let customer = |number| world().customer(number);
    let mail = |number: usize, files| act_mail(customer(number), u64::try_from(number).unwrap(), files);
    let asic = |number: usize, name: &str, bytes| mail(number, vec![File::p7m(name, bytes)]);
    let act = |number| xml(customer(number));
    let form = |number| house.issue_act_pdf(customer(number));
    let signer = |number| customer(number).identity.signer().unwrap();
    let whole = |number: usize, opaque: bool| {
        let mut mail = Vec::new();
        act_mail_with(customer(number), 40, vec![File::xml("akt.xml", act(number))], |draft| {
            draft.number = u64::try_from(number).unwrap();
            mail = if opaque { draft.smime_opaque(&signer(number)) } else { draft.smime_signed(&signer(number)) }.unwrap();
        });
        mail
    };
    let two = extended(house, customer(9), &[("akt.xml", &act(9)), ("lyst.xml", &act(10))])?;
    let mut spoilt = form(11);
    spoilt.extend(b"\n% something more\n");
    Some(vec![
        (customer(1), "ASiC-S with XML", asic(1, "akt.asics", simple(house, customer(1), "акт.xml", &act(1))?), None),
        (customer(2), "ASiC-E with XML", asic(2, "akt.asice", extended(house, customer(2), &[("акт.xml", &act(2))])?), None),
        (customer(3), "ASiC-E with our form", asic(3, "akt.sce", extended(house, customer(3), &[("akt.pdf", &form(3))])?), None),
        (
            customer(4),
            "ASiC-S with a signed PDF",
            asic(4, "akt.zip", simple(house, customer(4), "akt.pdf", &pdf(house, customer(4))[0].bytes)?),
            None,
        ),
        (customer(5), "signed and encrypted", encrypted(house, &whole(5, false), &[])?, None),
        (customer(6), "opaque and encrypted", encrypted(house, &whole(6, true), &["-keyopt", "rsa_padding_mode:oaep"])?, None),
        (customer(7), "a pair, encrypted", encrypted(house, &mail(7, detached(customer(7))), &[])?, None),
        (
            customer(8),
            "ASiC-E, encrypted",
            encrypted(house, &asic(8, "akt.asice", extended(house, customer(8), &[("akt.xml", &act(8))])?), &[])?,
            None,
        ),
        (customer(9), "ASiC-E with two acts", asic(9, "akt.asice", two), Some("MAIL-SEVERAL-ACTS")),
        (
            customer(11),
            "a form with more in it",
            asic(11, "akt.asics", simple(house, customer(11), "akt.pdf", &spoilt)?),
            Some("PDF-"),
        ),
        (
            customer(12),
            "unsigned and encrypted",
            encrypted(house, &mail(12, vec![File::xml("akt.xml", act(12))]), &[])?,
            Some("MAIL-ENCRYPTED"),
        ),
    ])
}

#[test]
fn the_act_in_a_container_or_an_encrypted_mail_is_billed() {
    let Some(house) = house() else { return };
    let Some(sent) = mails(&house) else { return };
    let daemon = house.daemon();
    for (_, _, mail, _) in &sent {
        house.deliver(mail);
    }
    let letters = house.wait_letters(sent.len(), Duration::from_mins(2));
    daemon.sigterm();
    for (customer, how, _, refusal) in &sent {
        let answer: &Letter =
            letters.iter().find(|letter| letter.to == customer.email()).unwrap_or_else(|| panic!("{how}: no letter"));
        let record = house.json(&["account", "show", customer.contract().as_str()]);
        match refusal {
            None => {
                let figures = figures(&house, &xml(customer));
                assert_eq!(record["invoices"][0]["total"], figures["total"], "{how}: {}", answer.text);
            }
            Some(code) => {
                assert!(answer.text.contains(code), "{how}: {}", answer.text);
                assert_eq!(record["invoices"].as_array().map_or(0, Vec::len), 0, "{how}: {record}");
            }
        }
    }
    assert_eq!(house.run(&["audit", "verify"]).code, 0);
    proofs(&house);
}

/// Every verdict is repeated from the mail as it came, opened again with the key where it is encrypted, and handed out.
fn proofs(house: &House) {
    let ran = house.run(&["--json", "rejudge", "--all-since", "2000-01-01T00:00:00Z", "--each"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = ran.json();
    let acts = told["acts"].as_array().expect("acts");
    assert!(acts.len() >= 10, "{told}");
    for act in acts {
        let (id, out) = (act["act"].to_string(), house.folder().join(format!("proof-{}.zip", act["act"])));
        let told = house.run(&["--json", "evidence", &id, "--out", text(&out)]);
        assert_eq!(told.code, 0, "{}", told.err);
        assert_eq!(told.json()["complaints"].as_array().map(Vec::len), Some(0));
        let names = program("python3", &["-m", "zipfile", "-l", text(&out)], b"").expect("python3").out;
        assert!(names.contains("signed/") && names.contains("original/message.eml"), "{names}");
    }
}

#[test]
fn verify_judges_containers_and_opens_what_is_encrypted() {
    let Some(house) = house() else { return };
    let customer = world().customer(2);
    let Some(asic_s) = simple(&house, customer, "акт.xml", &xml(customer)) else { return };
    let asic_e = extended(&house, customer, &[("a.xml", &xml(customer)), ("b.txt", b"b")]).unwrap();
    let mail = act_mail(customer, 2, vec![File::p7m("akt.asice", asic_e.clone())]);
    for (name, bytes, kind, documents) in
        [("a.asics", asic_s, "asic-s", 1), ("a.asice", asic_e.clone(), "asic-e", 2), ("mail.eml", mail, "asic-e", 2)]
    {
        let (code, told) = verify(&house, &house.write(name, &bytes), &[]);
        assert_eq!((code, &told["indication"], &told["container"]), (0, &"TOTAL-PASSED".into(), &kind.into()), "{name}: {told}");
        assert_eq!(told["documents"].as_array().map_or(0, Vec::len), documents, "{name}: {told}");
        assert_eq!(told["content_sha256"].is_null(), documents == 2, "{name}: {told}");
    }
    let sealed = encrypted(&house, &act_mail(customer, 3, detached(customer)), &[]).unwrap();
    let file = house.write("sealed.eml", &sealed);
    let (key, passphrase) = (house.folder().join("keys/supplier.p12"), house.folder().join(oblik_sample::PASSPHRASE_FILE));
    let (code, told) = verify(&house, &file, &["--decrypt-with", text(&key), "--passphrase-file", text(&passphrase)]);
    assert_eq!((code, &told["indication"]), (0, &"TOTAL-PASSED".into()), "{told}");
    // The same of a file that was encrypted alone.
    let p7m = house.write("akt.p7m", &customer.sign_enclosing(&xml(customer), world().now).unwrap());
    let certificate = house.write("supplier.pem", world().supplier.certificate_pem().as_bytes());
    let alone = house.write("akt.p7e", b"");
    let arguments = ["cms", "-encrypt", "-binary", "-aes-256-gcm", "-outform", "DER", "-in", text(&p7m), "-out", text(&alone)];
    assert!(program("openssl", &[&arguments[..], &[text(&certificate)]].concat(), b"").unwrap().good);
    let (code_alone, told_alone) =
        verify(&house, &alone, &["--decrypt-with", text(&key), "--passphrase-file", text(&passphrase)]);
    assert_eq!((code_alone, &told_alone["indication"]), (0, &"TOTAL-PASSED".into()), "{told_alone}");
    assert_eq!(verify(&house, &alone, &[]).1["findings"][0]["code"], "MAIL-ENCRYPTED");
    let (code, told) = verify(&house, &file, &[]);
    assert_eq!((code, &told["indication"], &told["findings"][0]["code"]), (1, &"INDETERMINATE".into(), &"MAIL-ENCRYPTED".into()));
}
