//! PDF: what Oblik signs is valid to others, and the customer's signature over it keeps both whole.

use oblik_signature::pdf::{PdfSigning, embedded_file, prepare, revision_ends, sign};
use oblik_signature::{SignedKind, SigningError, judge_file, judge_pdf};

use crate::common::{Desk, PASSED, at, detail, moment, pki, policy, shown, signer, trust};

pub const XML: &[u8] = "<акт><показ>123</показ></акт>".as_bytes();

/// A page of text, written by hand with a cross-reference table.
pub fn plain() -> Vec<u8> {
    assemble(&[
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1/MediaBox[0 0 595.2756 841.8898]>>",
        "<</Type/Page/Parent 2 0 R/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>",
        "<</Length 47>>\nstream\nBT /F1 18 Tf 50 700 Td (Readings 000123) Tj ET \nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Times-Roman>>",
        "<</Producer(test)>>",
    ])
}

/// A file of these objects, numbered from one; the first is the catalog, the last the information dictionary.
pub fn assemble(objects: &[&str]) -> Vec<u8> {
    let mut out = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f\r\n", objects.len() + 1);
    for (index, body) in objects.iter().enumerate() {
        table.extend([format!("{:010} 00000 n\r\n", out.len())]);
        out.extend(format!("{} 0 obj\n{body}\nendobj\n", index + 1).bytes());
    }
    let start = out.len();
    out.extend(table.bytes());
    out.extend(
        format!("trailer\n<</Root 1 0 R/Size {}/Info {} 0 R>>\nstartxref\n{start}\n%%EOF\n", objects.len() + 1, objects.len())
            .bytes(),
    );
    out
}

/// A document of the engine that Oblik's documents are made with, with a file attached.
fn engine() -> Vec<u8> {
    use krilla::embed::{AssociationKind, EmbeddedFile};
    let mut document = krilla::Document::new();
    let mut page = document.start_page();
    page.surface().finish();
    page.finish();
    let file = EmbeddedFile {
        path: "акт.xml".to_owned(),
        mime_type: krilla::embed::MimeType::new("application/xml"),
        description: Some("Акт".to_owned()),
        association_kind: AssociationKind::Data,
        data: XML.to_vec().into(),
        modification_date: None,
        compress: Some(true),
        location: None,
    };
    document.embed_file(file).expect("one file of that name");
    document.finish().unwrap()
}

/// The same page with its objects in object streams and a cross-reference stream.
fn compressed(desk: &Desk) -> Vec<u8> {
    desk.put("plain.pdf", &plain());
    desk.run("qpdf", &["--object-streams=generate", "plain.pdf", "compressed.pdf"]);
    desk.get("compressed.pdf")
}

/// Signed with room left in the place of the signature, as other programs leave it and Oblik does for timestamps.
pub fn roomy(pdf: &[u8], signer: &oblik_signature::Signer, signing: &PdfSigning) -> Vec<u8> {
    prepare(pdf, signer, signing, 1024).unwrap().finish(None).unwrap()
}

pub fn supplier() -> PdfSigning {
    PdfSigning {
        name: "ТОВ «Обленерго»".to_owned(),
        reason: "Акт зняття показань".to_owned(),
        location: "Київ".to_owned(),
        signing_time: at("2026-11-20T11:00:00Z"),
        field_name: "Постачальник".to_owned(),
        customer_field: Some("Споживач".to_owned()),
        place: None,
    }
}

pub fn customer() -> PdfSigning {
    PdfSigning {
        name: "ТОВ Ромашка".to_owned(),
        reason: String::new(),
        location: String::new(),
        signing_time: at("2026-11-20T11:30:00Z"),
        field_name: "Споживач".to_owned(),
        customer_field: None,
        place: None,
    }
}

#[test]
fn what_oblik_signs_is_valid_to_others() {
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    for (form, base) in [("plain", plain()), ("compressed", compressed(&desk)), ("engine", engine())] {
        for (key, party) in [("rsa", &pki().rsa), ("p256", &pki().p256), ("p384", &pki().p384)] {
            let signed = sign(&base, &signer(party), &supplier()).unwrap();
            assert!(signed.starts_with(&base), "{form}: the original is the prefix");
            let judged = judge_file(&signed, None, &trust, &policy, moment());
            assert_eq!(shown(&judged), PASSED, "{form} {key}\n{}", detail(&judged));
            let judgement = &judged.signatures[0];
            assert_eq!(
                (judgement.format, judgement.level, judgement.signing_time),
                ("PAdES", "B-B", Some(at("2026-11-20T11:00:00Z")))
            );
            let verified = judged.signed.unwrap();
            assert_eq!((verified.bytes(), verified.kind()), (&signed[..], SignedKind::PdfRevision));

            desk.put("signed.pdf", &signed);
            let said = desk.run("pdfsig", &["signed.pdf"]);
            assert!(said.contains("Signature is Valid") && said.contains("Total document signed"), "{form} {key}\n{said}");
            assert!(!said.contains("Not total document"), "{said}");
            let (_, checked) = desk.try_run("qpdf", &["--check", "signed.pdf"]);
            assert!(checked.contains("No syntax or stream encoding errors"), "{form} {key}\n{checked}");
        }
    }
}

#[test]
fn the_same_document_is_signed_to_the_same_bytes() {
    let signer = signer(&pki().rsa);
    assert_eq!(sign(&plain(), &signer, &supplier()).unwrap(), sign(&plain(), &signer, &supplier()).unwrap());
}

#[test]
fn the_customer_fills_the_empty_field_and_both_signatures_stay_whole() {
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    for (form, base) in [("plain", plain()), ("compressed", compressed(&desk)), ("engine", engine())] {
        let issued = sign(&base, &signer(&pki().rsa), &supplier()).unwrap();
        let both = sign(&issued, &signer(&pki().p256), &customer()).unwrap();
        assert!(both.starts_with(&issued));
        let judged = judge_pdf(&both, &trust, &policy, moment());
        assert_eq!(shown(&judged), PASSED, "{form}\n{}", detail(&judged));
        assert_eq!(judged.signatures.len(), 2);
        assert!(judged.signatures[0].covers.starts_with("first "), "{}", judged.signatures[0].covers);
        assert!(judged.signatures[1].covers.starts_with("entire file"), "{}", judged.signatures[1].covers);
        assert_eq!(judged.signatures[1].holder.name, "ФОП Коваль");
        assert_eq!(judged.signed.unwrap().bytes(), both);
        // The issued document is found again among the prefixes.
        assert!(revision_ends(&both).contains(&issued.len()));

        desk.put("both.pdf", &both);
        let said = desk.run("pdfsig", &["both.pdf"]);
        assert_eq!(said.matches("Signature is Valid").count(), 2, "{form}\n{said}");
        let (_, checked) = desk.try_run("qpdf", &["--check", "both.pdf"]);
        assert!(checked.contains("No syntax or stream encoding errors"), "{form}\n{checked}");
    }
}

#[test]
fn a_signature_in_a_field_of_its_own_keeps_the_first_whole() {
    let issued = sign(&plain(), &signer(&pki().rsa), &supplier()).unwrap();
    let other = PdfSigning { field_name: "Друга особа".to_owned(), ..customer() };
    let both = sign(&issued, &signer(&pki().p384), &other).unwrap();
    let judged = judge_pdf(&both, &trust(), &policy(), moment());
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    assert_eq!(judged.signatures.len(), 2);
}

#[test]
fn a_signed_field_is_not_signed_again() {
    let issued = sign(&plain(), &signer(&pki().rsa), &supplier()).unwrap();
    assert!(matches!(sign(&issued, &signer(&pki().rsa), &supplier()), Err(SigningError::Pdf(_))));
    assert!(matches!(sign(b"%PDF-1.7 nonsense", &signer(&pki().rsa), &supplier()), Err(SigningError::Pdf(_))));
}

#[test]
fn the_attached_file_is_read_from_the_signed_revision() {
    let issued = sign(&engine(), &signer(&pki().rsa), &supplier()).unwrap();
    let both = sign(&issued, &signer(&pki().p256), &customer()).unwrap();
    let verified = judge_pdf(&both, &trust(), &policy(), moment()).signed.unwrap();
    assert_eq!(embedded_file(&verified, "акт.xml").unwrap(), XML);
    assert_eq!(embedded_file(&verified, "інший.xml").unwrap_err().code.as_str(), "PDF-BROKEN");
}

#[test]
fn a_certificate_without_trust_is_told_by_name() {
    let signed = sign(&plain(), &signer(&pki().rsa), &supplier()).unwrap();
    let judged = judge_pdf(&signed, &oblik_signature::Trust::default(), &policy(), moment());
    assert_eq!(shown(&judged), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED");
    assert!(judged.signed.is_none());
}

#[test]
fn evidence_of_a_pdf_repeats_its_verdict() {
    use oblik_signature::evidence::Evidence;
    let signed = sign(&plain(), &signer(&pki().rsa), &supplier()).unwrap();
    let judged = judge_pdf(&signed, &trust(), &policy(), moment());
    let evidence = Evidence::from_bytes(&Evidence::of(&judged, &signed, None).to_bytes()).unwrap();
    assert_eq!(shown(&evidence.repeat(&signed, None, &policy()).unwrap()), PASSED);
}

/// Whether pyHanko's command is at hand; says so when not.
pub fn has_pyhanko(desk: &Desk) -> bool {
    let has = std::process::Command::new("pyhanko").arg("--version").output().is_ok_and(|output| output.status.success());
    if has {
        desk.put(
            "pyhanko.yml",
            b"logging:\n  root-level: ERROR\nvalidation-contexts:\n  test:\n    trust: root.pem\n    trust-replace: true\n",
        );
    } else {
        println!("skipped: pyhanko is not installed");
    }
    has
}

#[test]
fn pyhanko_accepts_our_signatures_and_signs_our_empty_field() {
    let desk = Desk::new();
    if !has_pyhanko(&desk) {
        return;
    }
    let (trust, policy) = (trust(), policy());
    for (form, base) in [("plain", plain()), ("compressed", compressed(&desk)), ("engine", engine())] {
        let issued = sign(&base, &signer(&pki().rsa), &supplier()).unwrap();
        desk.put("issued.pdf", &issued);
        let validate = |file: &str| {
            desk.run(
                "pyhanko",
                &["sign", "validate", "--no-strict-syntax", "--pretty-print", "--validation-context", "test", file],
            )
        };
        let said = validate("issued.pdf");
        assert!(said.contains("judged VALID"), "{form}\n{said}");
        for (field, visible) in [("Споживач", false), ("1/100,100,200,200/Нове", true)] {
            desk.run(
                "pyhanko",
                &[
                    "sign",
                    "addsig",
                    "--field",
                    field,
                    "--use-pades",
                    "pemder",
                    "--key",
                    "p256.key",
                    "--cert",
                    "p256.pem",
                    "--chain",
                    "intermediate.pem",
                    "--no-pass",
                    "issued.pdf",
                    "both.pdf",
                ],
            );
            let both = desk.get("both.pdf");
            let judged = judge_pdf(&both, &trust, &policy, at("2026-11-30T00:00:00Z"));
            assert_eq!(shown(&judged), PASSED, "{form} {field} {visible}\n{}", detail(&judged));
            assert_eq!(judged.signatures.len(), 2);
        }
        let both = sign(&issued, &signer(&pki().p256), &customer()).unwrap();
        desk.put("ours.pdf", &both);
        let said = validate("ours.pdf");
        assert_eq!(said.matches("judged VALID").count(), 2, "{form}\n{said}");
    }
}
