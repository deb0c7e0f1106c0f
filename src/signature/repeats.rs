//! Verdicts that only evidence of all they rested on can repeat.

use chrono::{DateTime, Utc};
use rcgen::{CertificateParams, Issuer, KeyUsagePurpose, SerialNumber, SigningKey};

use crate::algorithm::Digest;
use crate::asn1::{BIT_STRING, GENERALIZED_TIME, INTEGER, context_primitive, write};
use crate::evidence::Evidence;
use crate::forge::{self, Message, Party, at, issued, params, pki};
use crate::{Container, Judged, Policy, judge_enclosing, judge_pdf, oids};

const MOMENT: &str = "2026-11-20T12:00:00Z";

fn required() -> Policy {
    Policy::parse(&Policy::embedded().text().replace("status = \"if-available\"", "status = \"required\"")).unwrap()
}

fn shown(judged: &Judged) -> (Container, &'static str, Option<&'static str>, Vec<String>) {
    let codes = judged.all_findings().map(|finding| finding.code.to_string()).collect();
    (judged.container, judged.indication.as_str(), judged.sub_indication.map(crate::SubIndication::as_str), codes)
}

/// "Good" of `about`, said by its issuer, the root of the tests.
fn good(about: &Party, moment: DateTime<Utc>) -> Vec<u8> {
    let root = &pki().root;
    let digest = |bytes: &[u8]| write::octets(&Digest::Sha1.compute(bytes).unwrap());
    let time = write::element(GENERALIZED_TIME, moment.format("%Y%m%d%H%M%SZ").to_string().as_bytes());
    let id = write::sequence(&[
        &write::sequence(&[&write::oid(&oids::SHA1)]),
        &digest(&about.certificate.issuer.raw),
        &digest(&root.certificate.key_octets),
        &write::element(INTEGER, &about.certificate.serial),
    ]);
    let answer = write::sequence(&[&id, &write::element(context_primitive(0), &[]), &time]);
    let content = write::sequence(&[&write::explicit(1, &root.certificate.subject.raw), &time, &write::sequence(&[&answer])]);
    let signature = [&[0][..], &root.key.sign(&content).unwrap()].concat();
    write::sequence(&[&content, &write::sequence(&[&write::oid(&oids::ECDSA_SHA256)]), &write::element(BIT_STRING, &signature)])
}

/// The root lets another key of its name sign lists; that this one is good is known by an answer alone.
#[test]
fn a_verdict_is_repeated_by_what_was_asked_of_those_who_signed_lists() {
    let pki = pki();
    let mut of_lists: CertificateParams = params("", 2045);
    of_lists.distinguished_name = pki.root.params.distinguished_name.clone();
    of_lists.key_usages = vec![KeyUsagePurpose::CrlSign];
    let of_lists = issued(of_lists, &pki.root);
    let list = rcgen::CertificateRevocationListParams {
        this_update: rcgen::date_time_ymd(2026, 11, 1),
        next_update: rcgen::date_time_ymd(2026, 12, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: Vec::new(),
        key_identifier_method: rcgen::KeyIdMethod::Sha256,
    };
    let list = list.signed_by(&Issuer::from_params(&of_lists.params, &of_lists.key)).unwrap();
    let message = Message::new(&pki.signer, b"readings").finish();
    let mut trust = forge::trust();
    trust.add_intermediates(&of_lists.certificate.der).unwrap();
    trust.add_crls(list.der()).unwrap();
    let judge = |trust: &crate::Trust| judge_enclosing(&message, trust, &required(), at(MOMENT));
    assert_eq!(shown(&judge(&trust)).2, Some("TRY_LATER"));
    trust.add_ocsp_responses(&good(&of_lists, at("2026-11-20T11:00:00Z"))).unwrap();
    // Of somebody else: not kept.
    trust.add_ocsp_responses(&good(&pki.stranger, at("2026-11-20T11:00:00Z"))).unwrap();
    let judged = judge(&trust);
    assert_eq!(shown(&judged).1, "TOTAL-PASSED", "{:#?}", shown(&judged));
    let evidence = Evidence::of(&judged, &message, None);
    assert_eq!(evidence.material().unwrap().iter().filter(|(kind, _)| *kind == "ocsp").count(), 1);
    let evidence = Evidence::from_bytes(&evidence.to_bytes()).unwrap();
    assert_eq!(shown(&evidence.repeat(&message, None, &required()).unwrap()), shown(&judged));
}

/// A part that mail calls a PDF is judged as one, whatever it begins with.
#[test]
fn what_was_judged_as_a_pdf_or_a_container_is_judged_as_that_again() {
    let policy = Policy::embedded();
    let trust = forge::trust();
    let pdf = b"\n%PDF-1.7\nnothing".as_slice();
    for (document, judged) in [
        (pdf, judge_pdf(pdf, &trust, &policy, at(MOMENT))),
        (pdf, crate::judge_asic(pdf, &trust, &policy, at(MOMENT))),
        (b"%PDF-1.7", crate::judge_asic(b"%PDF-1.7", &trust, &policy, at(MOMENT))),
    ] {
        let evidence = Evidence::from_bytes(&Evidence::of(&judged, document, None).to_bytes()).unwrap();
        let again = evidence.repeat(document, None, &policy).unwrap();
        assert_eq!(shown(&again), shown(&judged));
    }
}
