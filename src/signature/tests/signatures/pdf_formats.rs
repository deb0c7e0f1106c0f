//! Forms of signatures in PDFs: those of Adobe and of ETSI, document timestamps and validation data.

use oblik_signature::{Judged, judge_pdf};

use crate::common::{Desk, PASSED, Party, at, detail, extension, issued, params, pki, policy, rsa_key, shown, trust};
use crate::pdf::plain;
use crate::pdf_attacks::{append, object, signed};

fn judge(pdf: &[u8]) -> Judged {
    judge_pdf(pdf, &trust(), &policy(), at("2026-11-30T00:00:00Z"))
}

/// The first signature field of `pdf` signed anew: `kind` in the place of the form's name, and what `make` makes of the
/// covered bytes in the gap.
fn resigned(pdf: &[u8], kind: &str, make: impl FnOnce(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let find = |pdf: &[u8], text: &[u8]| pdf.windows(text.len()).rposition(|window| window == text).unwrap();
    let mut pdf = pdf.to_vec();
    let name = b"/SubFilter/ETSI.CAdES.detached";
    let at = find(&pdf, name);
    let kind = format!("{:width$}", format!("/SubFilter/{kind}"), width = name.len());
    assert_eq!(kind.len(), name.len());
    pdf[at..at + name.len()].copy_from_slice(kind.as_bytes());
    let gap = find(&pdf, b"/Contents<") + 9;
    let end = gap + pdf[gap..].iter().position(|byte| *byte == b'>').unwrap() + 1;
    let signature = make(&[&pdf[..gap], &pdf[end..]].concat());
    let digits = hex::encode(signature);
    assert!(digits.len() <= end - gap - 2, "{} digits in {}", digits.len(), end - gap);
    let digits = format!("<{digits:0<width$}>", width = end - gap - 2);
    pdf.splice(gap..end, digits.bytes());
    pdf
}

fn sha1(desk: &Desk, bytes: &[u8]) -> Vec<u8> {
    desk.put("covered", bytes);
    desk.run("openssl", &["dgst", "-sha1", "-binary", "-out", "digest", "covered"]);
    desk.get("digest")
}

#[test]
fn adobes_form_passes_and_its_sha1_forms_are_refused_by_name() {
    let desk = Desk::new();
    let detached = resigned(&signed(), "adbe.pkcs7.detached", |covered| {
        desk.put("content", covered);
        desk.cms("rsa", &[])
    });
    let judged = judge(&detached);
    assert_eq!((shown(&judged).as_str(), judged.signatures[0].format), (PASSED, "PDF-PKCS7"), "{}", detail(&judged));

    let with_digest = |spoil: bool| {
        resigned(&signed(), "adbe.pkcs7.sha1", |covered| {
            let mut digest = sha1(&desk, covered);
            digest[0] ^= u8::from(spoil);
            desk.put("content", &digest);
            desk.cms("rsa", &["-nodetach"])
        })
    };
    desk.put("sha1.pdf", &with_digest(false));
    assert!(desk.run("pdfsig", &["sha1.pdf"]).contains("adbe.pkcs7.sha1"), "{}", desk.run("pdfsig", &["sha1.pdf"]));
    for (spoil, expected) in [
        (false, "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"),
        (true, "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED,SIG-ALGORITHM"),
    ] {
        let judged = judge(&with_digest(spoil));
        assert_eq!(shown(&judged), expected, "{}", detail(&judged));
        assert!(detail(&judged).contains("adbe.pkcs7.sha1 (SHA-1)"), "{}", detail(&judged));
    }
    // The digest lies in the message or nowhere; the content of the detached form lies in the file or nowhere.
    for (kind, more, expected) in [
        ("adbe.pkcs7.sha1", &[][..], "TOTAL-FAILED FORMAT_FAILURE SIG-FORMAT"),
        ("adbe.pkcs7.detached", &["-nodetach"][..], "TOTAL-FAILED FORMAT_FAILURE SIG-FORMAT"),
        ("adbe.x509.rsa_sha1", &[][..], "INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"),
        ("PBAD.PAdES", &[][..], "INDETERMINATE SIG_CONSTRAINTS_FAILURE SIG-FORMAT"),
    ] {
        let pdf = resigned(&signed(), kind, |covered| {
            desk.put("content", &covered[..20]);
            desk.cms("rsa", more)
        });
        assert_eq!(shown(&judge(&pdf)), expected, "{kind}");
    }
    let judged = judge(&resigned(&signed(), "adbe.x509.rsa_sha1", |_| vec![4, 1, 1]));
    assert!(detail(&judged).contains("adbe.x509.rsa_sha1 (SHA-1)"), "{}", detail(&judged));
}

/// An authority that stamps, under the root of the tests.
fn stamper(desk: &Desk) -> Party {
    let mut params = params("Позначки часу");
    params.is_ca = rcgen::IsCa::ExplicitNoCa;
    params.key_usages = vec![rcgen::KeyUsagePurpose::DigitalSignature, rcgen::KeyUsagePurpose::ContentCommitment];
    params.custom_extensions.push(extension(
        &[2, 5, 29, 37],
        &[0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x08],
        true,
    ));
    let party = issued(params, rsa_key(), &pki().root);
    desk.put("tsa.pem", party.pem.as_bytes());
    desk.put("tsa.key", party.key.serialize_pem().as_bytes());
    desk.put("serial", b"01\n");
    let configuration = "[tsa]\ndefault_tsa=one\n[one]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\ncerts=root.pem\n\
        signer_digest=sha256\ndefault_policy=1.2.3.4\ndigests=sha256\ness_cert_id_alg=sha256\n";
    desk.put("ts.cnf", configuration.as_bytes());
    party
}

/// `openssl ts` over `bytes`; the token.
fn token(desk: &Desk, bytes: &[u8]) -> Vec<u8> {
    desk.put("stamped", bytes);
    desk.run("openssl", &["ts", "-query", "-data", "stamped", "-sha256", "-cert", "-out", "query"]);
    desk.run("openssl", &["ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-token_out", "-out", "token"]);
    desk.get("token")
}

/// `pdf` with a document timestamp in a revision of its own.
fn stamped(desk: &Desk, pdf: &[u8]) -> Vec<u8> {
    let signing =
        oblik_signature::pdf::PdfSigning { field_name: "Час".to_owned(), customer_field: None, ..crate::pdf::customer() };
    let draft = crate::pdf::roomy(pdf, &crate::common::signer(&pki().rsa), &signing);
    let at = draft.windows(10).rposition(|window| window == b"/Type/Sig/").unwrap();
    // `/Type/DocTimeStamp` may be missing; the form says what it is.
    let mut draft = draft;
    draft[at..at + 9].copy_from_slice(b"         ");
    resigned(&draft, "ETSI.RFC3161", |covered| token(desk, covered))
}

/// `pdf` with validation data: a certificate and a revocation list of the root.
fn with_data(pdf: &[u8]) -> Vec<u8> {
    let stream = |bytes: &[u8]| {
        format!("<</Length {}/Filter/ASCIIHexDecode>>\nstream\n{}>\nendstream", bytes.len() * 2 + 1, hex::encode(bytes))
    };
    let list = |party: &Party| {
        let list = rcgen::CertificateRevocationListParams {
            this_update: rcgen::date_time_ymd(2026, 11, 1),
            next_update: rcgen::date_time_ymd(2027, 11, 1),
            crl_number: 1.into(),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        list.signed_by(&party.issuer()).unwrap().der().to_vec()
    };
    let catalog = object(pdf, 1);
    let catalog = catalog.replace("/DSS 60 0 R", "");
    let catalog = format!("{}/DSS 60 0 R>>", catalog.strip_suffix(">>").unwrap());
    append(
        pdf,
        &[
            (1, &catalog),
            (60, "<</Type/DSS/Certs[61 0 R]/CRLs[62 0 R 63 0 R]/VRI<</00<</CRL[63 0 R]>>>>>>"),
            (61, &stream(&pki().intermediate.der)),
            (62, &stream(&list(&pki().root))),
            (63, &stream(&list(&pki().intermediate))),
        ],
    )
}

#[test]
fn a_document_timestamp_proves_the_time_of_what_it_covers() {
    let desk = Desk::new();
    let _ = stamper(&desk);
    let pdf = stamped(&desk, &signed());
    let judged = judge(&pdf);
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    assert_eq!(judged.signatures.len(), 1, "a timestamp is nobody's signature");
    let judgement = &judged.signatures[0];
    assert_eq!(judgement.timestamps.len(), 1);
    assert_eq!(judgement.level, "B-T");
    assert_eq!(judgement.timestamps[0].indication.as_str(), PASSED, "{:?}", judgement.timestamps[0].findings);
    assert!(judgement.timestamp_time.is_some());
    let end = judged.signed.unwrap().bytes().len();
    assert_eq!(end, signed().len(), "what is read ends with the last person's signature");
    desk.put("stamped.pdf", &pdf);
    assert!(desk.run("pdfsig", &["stamped.pdf"]).contains("Signature is Valid"));

    // With the signer's certificate expired since, the timestamp is what keeps the signature.
    let later = at("2046-01-01T00:00:00Z");
    let without = judge_pdf(&signed(), &trust(), &policy(), later);
    assert!(shown(&without).starts_with("INDETERMINATE EXPIRED"), "{}", shown(&without));
}

#[test]
fn a_timestamp_that_does_not_hold_proves_nothing_and_hides_nothing() {
    let desk = Desk::new();
    let _ = stamper(&desk);
    let pdf = stamped(&desk, &signed());
    // Its authority is not trusted: the signature stands for itself.
    let mut other = oblik_signature::Trust::default();
    other.add_anchors(pki().intermediate.pem.as_bytes()).unwrap();
    let judged = judge_pdf(&pdf, &other, &policy(), at("2026-11-30T00:00:00Z"));
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    assert_eq!((judged.signatures[0].level, judged.signatures[0].timestamp_time), ("B-B", None));
    assert_ne!(judged.signatures[0].timestamps[0].indication.as_str(), PASSED);
    // Other bytes under it: it proves nothing.
    let at_info = pdf.windows(5).rposition(|window| window == b"/Size").unwrap();
    let mut changed = pdf.clone();
    let space = changed[at_info..].iter().position(|byte| *byte == b'\n').unwrap() + at_info;
    changed[space] = b' ';
    let judged = judge(&changed);
    assert!(judged.signatures.iter().all(|one| one.timestamp_time.is_none()), "{}", detail(&judged));
    // A page that changed before it was stamped is no better than one that was not stamped.
    let attacked = append(&signed(), &[(4, "<</Length 2>>\nstream\nQ \nendstream")]);
    let judged = judge(&stamped(&desk, &attacked));
    assert!(shown(&judged).starts_with("TOTAL-FAILED FORMAT_FAILURE"), "{}", shown(&judged));
    // A file with nothing but a timestamp is not signed.
    assert_eq!(shown(&judge(&stamped(&desk, &plain()))), "INDETERMINATE NO_SIGNATURE SIG-MISSING");
    // And what comes after it must be explained as well.
    let judged = judge(&append(&pdf, &[(4, "<</Length 2>>\nstream\nQ \nendstream")]));
    assert!(judged.signed.is_none(), "{}", detail(&judged));
}

#[test]
fn the_levels_of_the_baseline_are_told() {
    let desk = Desk::new();
    let _ = stamper(&desk);
    let basic = signed();
    let timed = stamped(&desk, &basic);
    let long = with_data(&timed);
    let archived = {
        let signing =
            oblik_signature::pdf::PdfSigning {
                field_name: "Архів".to_owned(), customer_field: None, ..crate::pdf::customer()
            };
        let draft = crate::pdf::roomy(&long, &crate::common::signer(&pki().rsa), &signing);
        resigned(&draft, "ETSI.RFC3161", |covered| token(&desk, covered))
    };
    for (pdf, level) in [(&basic, "B-B"), (&timed, "B-T"), (&long, "B-LT"), (&archived, "B-LTA")] {
        let judged = judge(pdf);
        assert_eq!(shown(&judged), PASSED, "{level}\n{}", detail(&judged));
        assert_eq!(judged.signatures[0].level, level, "{}", detail(&judged));
        assert_eq!(judged.signed.unwrap().bytes(), basic);
    }
    // Whatever is changed in it, what comes out as signed is what was signed; certificates beside the signature are not.
    let gap = basic.windows(10).position(|window| window == b"/Contents<").unwrap();
    let gap = gap..gap + basic[gap..].iter().position(|byte| *byte == b'>').unwrap();
    for at in (0..archived.len()).step_by(131).filter(|at| !gap.contains(at)) {
        let mut changed = archived.clone();
        changed[at] ^= 0x01;
        if let Some(signed) = judge(&changed).signed {
            assert!(at >= basic.len() && signed.bytes() == basic, "octet {at}");
        }
    }
    // Validation data of others, or broken, or too much, changes no verdict.
    let catalog = object(&basic, 1);
    let catalog = format!("{}/DSS<</Certs[70 0 R 71 0 R 4 0 R]/OCSPs 70 0 R/VRI[1]>>>>", catalog.strip_suffix(">>").unwrap());
    let odd = append(&basic, &[(1, &catalog), (70, "<</Length 3>>\nstream\nabc\nendstream")]);
    let judged = judge(&odd);
    assert_eq!((shown(&judged).as_str(), judged.signatures[0].level), (PASSED, "B-B"), "{}", detail(&judged));
}
