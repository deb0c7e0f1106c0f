//! Customers' signatures by programs that are not ours, and judges of our own.

use std::path::{Path, PathBuf};

use oblik_e2e::{House, program, world};
use oblik_sample::Customer;
use oblik_sample::mail::File;
use serde_json::Value;

/// The customer's act of the month, in XML.
pub fn xml(customer: &Customer) -> Vec<u8> {
    world().act_xml(customer, world().month())
}

pub fn detached(customer: &Customer) -> Vec<File> {
    let xml = xml(customer);
    let signature = customer.sign_detached(&xml, world().now).unwrap();
    vec![File::xml("akt.xml", xml), File::p7s("akt.xml.p7s", signature)]
}

pub fn enclosing(customer: &Customer) -> Vec<File> {
    vec![File::p7m("akt.xml.p7m", customer.sign_enclosing(&xml(customer), world().now).unwrap())]
}

pub fn pdf(house: &House, customer: &Customer) -> Vec<File> {
    vec![File::pdf("Акт.pdf", customer.sign_pdf(&house.issue_act_pdf(customer), world().now).unwrap())]
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Signs with openssl and the customer's key; `extra` chooses the form. `None` when openssl is not installed.
pub fn by_openssl(house: &House, customer: &Customer, content: &[u8], extra: &[&str]) -> Option<Vec<u8>> {
    let identity = &customer.identity;
    let [content, certificate, key, chain] = [
        ("content", content.to_vec()),
        ("cert.pem", identity.certificate_pem().into_bytes()),
        ("key.pem", identity.key_pem().into_bytes()),
        ("chain.pem", identity.chain_pem().into_bytes()),
    ]
    .map(|(name, bytes)| house.write(name, &bytes));
    let signed = content.with_extension("cms");
    let mut arguments = vec!["cms", "-sign", "-binary", "-md", "sha256", "-outform", "DER", "-in", text(&content)];
    arguments.extend(["-signer", text(&certificate), "-inkey", text(&key), "-certfile", text(&chain), "-out", text(&signed)]);
    arguments.extend(extra);
    let told = program("openssl", &arguments, b"")?;
    assert!(told.good, "{}", told.err);
    Some(std::fs::read(signed).unwrap())
}

/// pyHanko's own program: where `scripts/install-test-tools` puts it, else the system's.
fn pyhanko() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/tools/bin/pyhanko");
    if tools.exists() { tools } else { "pyhanko".into() }
}

/// Signs a PDF with pyHanko in the field of that name, where it is installed.
pub fn by_pyhanko(house: &House, customer: &Customer, pdf: &[u8], field: &str) -> Option<Vec<u8>> {
    let identity = &customer.identity;
    let [pdf, certificate, key, chain] = [
        ("form.pdf", pdf.to_vec()),
        ("cert.pem", identity.certificate_pem().into_bytes()),
        ("key.pem", identity.key_pem().into_bytes()),
        ("chain.pem", identity.chain_pem().into_bytes()),
    ]
    .map(|(name, bytes)| house.write(name, &bytes));
    let signed = pdf.with_extension("signed.pdf");
    let arguments = ["sign", "addsig", "--field", field, "pemder", "--no-pass", "--key", text(&key), "--cert"];
    let arguments = [&arguments[..], &[text(&certificate), "--chain", text(&chain), text(&pdf), text(&signed)]].concat();
    let told = program(text(&pyhanko()), &arguments, b"")?;
    assert!(told.good, "{}", told.err);
    Some(std::fs::read(signed).unwrap())
}

/// What the month comes to by a calculation that is not ours: `net`, `vat`, `total`, `volume`.
pub fn figures(house: &House, act: &[u8]) -> Value {
    let master = house.write("master.xml", &world().master_data_xml());
    let act = house.write("act.xml", act);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bill.py");
    let told = program("python3", &[&script, &master, &act], b"").expect("python3");
    assert!(told.good, "{}", told.err);
    serde_json::from_str(&told.out).unwrap()
}

/// The supplier's signature in an invoice as poppler and openssl judge it; the text of the invoice.
pub fn judged_invoice(house: &House, pdf: &[u8]) -> String {
    let path = house.write("invoice.pdf", pdf);
    if let Some(told) = program("pdfsig", &["-nocert", text(&path)], b"") {
        assert!(told.out.contains("Signature is Valid") && told.out.contains("Total document signed"), "{}", told.out);
        assert_eq!(told.out.matches("Signature Validation:").count(), 1, "{}", told.out);
    }
    if let Some(told) = program("qpdf", &["--check", text(&path)], b"") {
        assert!(told.good, "{}{}", told.out, told.err);
    }
    chain_holds(house, &path);
    program("pdftotext", &["-layout", text(&path), "-"], b"").map(|told| told.out).unwrap_or_default()
}

fn chain_holds(house: &House, pdf: &Path) {
    let (content, cms): (PathBuf, PathBuf) = (pdf.with_extension("content"), pdf.with_extension("cms"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("pdf_signature.py");
    let told = program("python3", &[&script, pdf, &content, &cms], b"").expect("python3");
    assert_eq!(told.out.trim(), "whole", "{}", told.err);
    let root = house.folder().join("trust/anchors/root.pem");
    let arguments =
        ["cms", "-verify", "-binary", "-inform", "DER", "-purpose", "any", "-out", "/dev/null", "-CAfile", text(&root)];
    let arguments = [&arguments[..], &["-content", text(&content), "-in", text(&cms)]].concat();
    if let Some(told) = program("openssl", &arguments, b"") {
        assert!(told.good, "{}", told.err);
    }
}
