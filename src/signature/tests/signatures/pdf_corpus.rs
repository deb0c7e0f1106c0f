//! Signed PDFs of other validators' test sets.

use oblik_domain::finding::{Code, Finding, Level};
use oblik_signature::{Judged, Trust, judge_pdf};

use crate::common::{PASSED, at, detail, files_below, policy, shown, testdata};

/// Every certificate authority's certificate found in the file: in its messages, its validation data, its streams.
pub fn anchors(pdf: &[u8]) -> Trust {
    let mut blobs: Vec<Vec<u8>> = Vec::new();
    for piece in pdf.split(|byte| *byte == b'<').skip(1) {
        if let Some(end) = piece.iter().position(|byte| *byte == b'>')
            && end > 500
            && let Ok(octets) = hex::decode(&piece[..end & !1])
        {
            blobs.push(octets);
        }
    }
    if let Ok(document) = lopdf::Document::load_mem(pdf) {
        for object in document.objects.values() {
            if let Ok(stream) = object.as_stream()
                && let Ok(content) = stream.decompressed_content_with_limit(1_000_000)
                && content.starts_with(&[0x30])
            {
                blobs.push(content);
            }
        }
    }
    let mut trust = Trust::default();
    let mut all = Vec::new();
    for blob in &blobs {
        for certificate in certificates(blob) {
            if is_authority(certificate) {
                let _ = trust.add_anchors(certificate);
            }
            all.push(certificate);
        }
    }
    if trust.anchors().next().is_none() {
        for certificate in all {
            let _ = trust.add_anchors(certificate);
        }
    }
    trust
}

fn certificates(blob: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut at = 0;
    while at + 8 < blob.len() {
        if let [0x30, 0x82, high, low, 0x30, 0x82 | 0x81, ..] = blob[at..] {
            let end = at + 4 + usize::from(u16::from_be_bytes([high, low]));
            if let Some(der) = blob.get(at..end)
                && Trust::default().add_anchors(der).is_ok()
            {
                found.push(der);
                at = end;
                continue;
            }
        }
        at += 1;
    }
    found
}

/// Whether basicConstraints, read loosely, says so.
fn is_authority(der: &[u8]) -> bool {
    let Some(at) = der.windows(5).position(|window| window == [0x06, 0x03, 0x55, 0x1d, 0x13]) else { return false };
    let constraints = &der[at..(at + 18).min(der.len())];
    constraints.windows(5).any(|window| window[0] == 0x30 && window[2..] == [0x01, 0x01, 0xff])
}

/// As the file's own certificates are trusted, at the time its last signature claims.
pub fn judge_at_its_time(pdf: &[u8]) -> Judged {
    let trust = anchors(pdf);
    let first = judge_pdf(pdf, &trust, &policy(), at("2026-11-20T00:00:00Z"));
    let last = first.signatures.iter().filter_map(|signature| signature.signing_time).max();
    match last {
        Some(time) => judge_pdf(pdf, &trust, &policy(), time + chrono::TimeDelta::minutes(10)),
        None => first,
    }
}

/// What the judge says of a file, its own certificates trusted at the time its last signature claims.
enum Expected {
    Passes,
    /// Not signed, or signed with nothing but a timestamp.
    Unsigned,
    /// A finding's code with its `attack`, and why it is right.
    Refused(&'static str, &'static str, &'static str),
}

use Expected::{Passes, Refused, Unsigned};

const ENCRYPTED: Expected = Refused("PDF-FORBIDDEN", "encryption", "what an encrypted file shows depends on the password");
const HYBRID: Expected = Refused("PDF-FORBIDDEN", "hybrid-reference", "two tables for one revision: readers choose differently");
const STRICT: Expected =
    Refused("PDF-BROKEN", "", "a table leads beside its object or section: readers that repair and those that do not differ");
const LATE: Expected = Refused("SIG-EXPIRED", "", "signed by the clock of the test's day with a certificate that had expired");

/// Every file of the folder that holds a signature or does not read; the others are unsigned.
#[rustfmt::skip]
const FILES: &[(&str, Expected)] = &[
    ("dss/pdfa2u-gray.pdf", Passes),
    ("dss/protected/edition_protected_none.pdf", ENCRYPTED),
    ("dss/protected/edition_protected_signing_allowed_with_field.pdf", ENCRYPTED),
    ("dss/protected/edition_protected_signing_allowed_with_field_signed.pdf", ENCRYPTED),
    ("dss/protected/open_protected.pdf", ENCRYPTED),
    ("dss/validation/AD-RB.pdf", Refused("SIG-FORMAT", "", "PBAD.PAdES is Brazil's own form")),
    ("dss/validation/DSS-2025.pdf", Passes),
    ("dss/validation/DSS-2199.pdf", Passes),
    ("dss/validation/PAdES-LT.pdf", HYBRID),
    ("dss/validation/Signature-P-HU_MIC-3.pdf", Passes),
    ("dss/validation/Signature-P-HU_NET-2.pdf", HYBRID),
    ("dss/validation/TEST2_signed_with_zero_policy_hash.pdf", HYBRID),
    ("dss/validation/Test.signed_Certipost-2048-SHA512.extended-LTA.pdf", STRICT),
    ("dss/validation/belgian_pki_multiple_ocsps.pdf", HYBRID),
    ("dss/validation/belgian_pki_multiple_ocsps_lt.pdf", HYBRID),
    ("dss/validation/doc-firmado.pdf", Passes),
    ("dss/validation/dss-1376/DSS1376-rev_n-1.pdf", Refused("PDF-CHANGED", "", "an honest form filled in after signing: no reading act is")),
    ("dss/validation/dss-1376/DSS1376-rev_n-3.pdf", Refused("PDF-CHANGED", "", "an honest form filled in after signing: no reading act is")),
    ("dss/validation/dss-1696/Test.signed_Certipost-2048-SHA512.extended.pdf", STRICT),
    ("dss/validation/dss-2236/hide.pdf", Refused("PDF-CHANGED", "incremental-saving", "the attack itself; its revision does not even read")),
    ("dss/validation/dss-2554/fieldmdp-exclude-signed.pdf", Passes),
    ("dss/validation/dss-818/Signature-P-IT_ADO-1 (HASH_FAILURE) (ECDSA).pdf", HYBRID),
    ("dss/validation/dss-PLAIN-ECDSA/TeleSec_PKS_eIDAS_QES_CA_1-baseline-b.pdf", Refused("SIG-ATTRIBUTES", "", "a signed attribute stands twice")),
    ("dss/validation/encrypted.pdf", ENCRYPTED),
    ("dss/validation/evidence-record/Signature-P-B-7da49953-d837-4f0b-8f38-aa5aa4181e3c.pdf", Passes),
    ("dss/validation/evidence-record/Signature-P-LT-ef971596-8f2e-407d-a413-aae9cb9b8e4a.pdf", Passes),
    ("dss/validation/hello_signed_INCSAVE_signed.pdf", Refused("SIG-ALGORITHM", "", "RSA of 1024 bits")),
    ("dss/validation/modified_after_signature.pdf", HYBRID),
    ("dss/validation/pades-bes-no-certificates.pdf", Refused("SIG-NO-CERTIFICATE", "", "the signer's certificate is nowhere")),
    ("dss/validation/pades-bes.pdf", Passes),
    ("dss/validation/pades-level-b-sig-policy-invalid-digest-algo.pdf", Refused("SIG-ATTRIBUTES", "", "its signature policy is not known")),
    ("dss/validation/pades-lt-extended-dss.pdf", Passes),
    ("dss/validation/pades-ltv-from-epes.pdf", Refused("SIG-ATTRIBUTES", "", "its signature policy is not known")),
    ("dss/validation/pades-ltv-with-reason.pdf", Passes),
    ("dss/validation/pades-ocsp-sign-cert.pdf", Passes),
    ("dss/validation/pades-t-duplicated-sigtst.pdf", Passes),
    ("dss/validation/pades-tst-with-null-type.pdf", Passes),
    ("dss/validation/pades-two-sig-copied-tst.pdf", Passes),
    ("dss/validation/pdf-byterange-overlap.pdf", Refused("PDF-BYTE-RANGE", "signature-wrapping", "the attack itself")),
    ("dss/validation/pdf-double-signer-info.pdf", Refused("SIG-FORMAT", "", "two signers in one message")),
    ("dss/validation/pdf-eof.pdf", Refused("PDF-BYTE-RANGE", "signature-wrapping", "its range ends one byte behind the file")),
    ("dss/validation/pkcs7.pdf", Passes),
    ("dss/validation/siwa.pdf", Refused("PDF-BYTE-RANGE", "signature-wrapping", "the attack itself")),
    ("pyhanko/pdf/certified-with-indirect-refs-in-dir.pdf", Passes),
    ("pyhanko/pdf/coverage-anomalies/tail-uncovered.pdf", Refused("PDF-BYTE-RANGE", "signature-wrapping", "its end is not covered")),
    ("pyhanko/pdf/coverage-anomalies/weird-byterange.pdf", Refused("PDF-BYTE-RANGE", "signature-wrapping", "its range covers fifty bytes")),
    ("pyhanko/pdf/ed448-disallowed-hash.pdf", Refused("SIG-ALGORITHM", "", "Ed448 is not taken")),
    ("pyhanko/pdf/extensions-direct.pdf", LATE),
    ("pyhanko/pdf/extensions-update-direct.pdf", LATE),
    ("pyhanko/pdf/form-update-ap-indirect-sneaky-trailer.pdf", LATE),
    ("pyhanko/pdf/form-update-no-override-appearance-stream-ap-indirect-sneaky.pdf", LATE),
    ("pyhanko/pdf/form-update-no-override-appearance-stream-ap-indirect.pdf", LATE),
    ("pyhanko/pdf/form-update-original-ap-type-wrong.pdf", LATE),
    ("pyhanko/pdf/form-update-override-appearance-stream-ap-indirect.pdf", LATE),
    ("pyhanko/pdf/form-update-override-appearance-stream.pdf", LATE),
    ("pyhanko/pdf/malformed-encrypt-dict1.pdf", STRICT),
    ("pyhanko/pdf/malformed-xref-space-padded.pdf", STRICT),
    ("pyhanko/pdf/minimal-aes256-malformed-oe.pdf", ENCRYPTED),
    ("pyhanko/pdf/minimal-pubkey-rc4-envelope.pdf", ENCRYPTED),
    ("pyhanko/pdf/minimal-startxref-obo1.pdf", STRICT),
    ("pyhanko/pdf/minimal-with-field-rc4.pdf", ENCRYPTED),
    ("pyhanko/pdf/pades-lta-dss-indirect-arrs-test.pdf", Passes),
    ("pyhanko/pdf/pades-with-old-style-signing-cert-attr.pdf", Passes),
    ("pyhanko/pdf/pdf-sig-with-econtent.pdf", Refused("SIG-FORMAT", "", "the message holds content of its own")),
    ("pyhanko/pdf/signed-encrypted-pubkey-with-catalog-ref.pdf", ENCRYPTED),
];

#[test]
fn every_reference_file_is_judged_as_it_should_be() {
    let Some(folder) = testdata("pdf") else { return };
    let (mut passed, mut unsigned, mut refused) = (0, 0, 0);
    for path in files_below(&folder) {
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let judged = judge_at_its_time(&std::fs::read(&path).unwrap());
        let expected = FILES.iter().find(|(file, _)| *file == name).map_or(&Unsigned, |(_, expected)| expected);
        let told = format!("{name}: {}\n{}", shown(&judged), detail(&judged));
        match expected {
            Passes => {
                assert_eq!(shown(&judged), PASSED, "{told}");
                passed += 1;
            }
            Unsigned => {
                assert_eq!(shown(&judged), "INDETERMINATE NO_SIGNATURE SIG-MISSING", "{told}");
                unsigned += 1;
            }
            Refused(code, attack, reason) => {
                let is_told = |finding: &Finding| {
                    finding.code.as_str() == *code && finding.value("attack") == *attack && finding.level == Level::Error
                };
                assert!(judged.signed.is_none() && judged.all_findings().any(is_told), "{reason}\n{told}");
                refused += 1;
            }
        }
    }
    println!("{passed} reference files pass, {refused} are refused, {unsigned} are not signed");
    assert!(FILES.iter().all(|(file, _)| folder.join(file).is_file()), "a file of the table is gone");
}

/// What pyHanko calls a forbidden change and this judge does not: nothing that is seen changed, and each change is explained.
#[test]
fn changes_that_others_refuse_and_we_explain_are_few() {
    let Some(folder) = testdata("pdf/pyhanko/pdf") else { return };
    for (name, why) in [
        ("form-update-ap-indirect-sneaky-trailer.pdf", "the trailer names the old look of the field, which stays as it was"),
        ("form-update-no-override-appearance-stream-ap-indirect-sneaky.pdf", "the catalog names it"),
    ] {
        let judged = judge_at_its_time(&std::fs::read(folder.join(name)).unwrap());
        let changed = judged.all_findings().any(|finding| finding.code == Code::PdfChanged);
        assert!(!changed, "{name}: {why}\n{}", detail(&judged));
    }
}
