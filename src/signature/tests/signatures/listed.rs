//! Services of a trusted list as ends of paths: granted, withdrawn, and lists that are too old.

use oblik_domain::{DateTime, Utc};
use oblik_signature::evidence::Evidence;
use oblik_signature::{Granted, ListedFor, Listing, Signer, Trust, judge_detached};

use crate::common::{CONTENT, PASSED, Party, at, authority, detail, issued, moment, pki, policy, shown};

fn judge(trust: &Trust, chain: &[&Party]) -> String {
    let pki = pki();
    let mut certificates = vec![pki.p256.der.clone()];
    certificates.extend(chain.iter().map(|link| link.der.clone()));
    let signer = Signer::new(&pki.p256.key.serialize_der(), &certificates).unwrap();
    let message = signer.sign_cms_detached(CONTENT, at("2026-11-20T10:00:00Z")).unwrap();
    let judged = judge_detached(CONTENT, &message, trust, &policy(), moment());
    // Whatever a list had to do with it, the evidence repeats the verdict without the list.
    let evidence = Evidence::of(&judged, &message, Some(CONTENT)).to_bytes();
    let again = Evidence::from_bytes(&evidence).unwrap().repeat(&message, Some(CONTENT), &policy()).unwrap();
    assert_eq!((shown(&again), detail(&again)), (shown(&judged), detail(&judged)));
    let problem = judged.all_findings().find(|finding| finding.code.as_str() == "SIG-UNTRUSTED").map(|it| it.value("problem"));
    match problem {
        Some(problem) => format!("{} {problem}", shown(&judged)),
        None if shown(&judged) == PASSED => PASSED.to_owned(),
        None => detail(&judged),
    }
}

fn listing(listed_for: ListedFor, granted: &[Granted]) -> Listing {
    Listing { listed_for, granted: granted.to_vec(), known_until: at("2027-05-01T00:00:00Z") }
}

fn listed(services: &[(&Party, Listing)]) -> Trust {
    let mut trust = Trust::default();
    for (party, listing) in services {
        trust.add_listed(&party.der, listing.clone()).unwrap();
    }
    trust
}

const WITHDRAWN: &str = "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED withdrawn";

#[test]
fn an_authority_counts_while_its_service_is_granted() {
    let authority = &pki().intermediate;
    let (moment, second): (DateTime<Utc>, _) = (moment(), chrono::TimeDelta::seconds(1));
    for (granted, verdict) in [
        (vec![(moment, None)], PASSED),
        (vec![(moment + second, None)], WITHDRAWN),
        (vec![(at("2020-01-01T00:00:00Z"), Some(moment + second))], PASSED),
        (vec![(at("2020-01-01T00:00:00Z"), Some(moment))], WITHDRAWN),
        (vec![], WITHDRAWN),
    ] {
        let trust = listed(&[(authority, listing(ListedFor::Certificates, &granted))]);
        assert_eq!(judge(&trust, &[]), verdict, "{granted:?}");
    }
}

#[test]
fn a_list_that_is_too_old_is_no_pass_and_asks_to_come_again() {
    let mut old = listing(ListedFor::Certificates, &[(at("2020-01-01T00:00:00Z"), None)]);
    old.known_until = moment();
    let trust = listed(&[(&pki().intermediate, old)]);
    assert_eq!(judge(&trust, &[]), "INDETERMINATE TRY_LATER SIG-UNTRUSTED list-outdated");
}

#[test]
fn nothing_leads_around_a_withdrawn_service() {
    let pki = pki();
    let since = (at("2020-01-01T00:00:00Z"), None);
    let withdrawn = (&pki.intermediate, listing(ListedFor::Certificates, &[]));
    let granted_root = (&pki.root, listing(ListedFor::Certificates, &[since]));
    assert_eq!(judge(&listed(std::slice::from_ref(&granted_root)), &[&pki.intermediate]), PASSED);
    assert_eq!(judge(&listed(&[withdrawn.clone(), granted_root.clone()]), &[&pki.intermediate]), WITHDRAWN);
    // The same authority's key in another certificate.
    let copy = rcgen::KeyPair::from_pem_and_sign_algo(&pki.intermediate.key.serialize_pem(), &rcgen::PKCS_RSA_SHA256).unwrap();
    let mut params = authority("ЦСК випробувань", Some(0));
    params.serial_number = Some(rcgen::SerialNumber::from(7_u64));
    let twin = issued(params, copy, &pki.root);
    assert!(twin.der != pki.intermediate.der);
    assert_eq!(judge(&listed(std::slice::from_ref(&granted_root)), &[&twin]), PASSED);
    assert_eq!(judge(&listed(&[withdrawn, granted_root]), &[&twin]), WITHDRAWN);
}

#[test]
fn a_service_counts_for_what_it_is_for_and_one_good_service_of_a_certificate_is_enough() {
    let authority = &pki().intermediate;
    let since = (at("2020-01-01T00:00:00Z"), None);
    for other in [ListedFor::Timestamps, ListedFor::StatusAnswers] {
        let trust = listed(&[(authority, listing(other, &[since]))]);
        assert_eq!(judge(&trust, &[]), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED missing");
    }
    let both = [(authority, listing(ListedFor::Certificates, &[])), (authority, listing(ListedFor::Certificates, &[since]))];
    assert_eq!(judge(&listed(&both), &[]), PASSED);
    // What the configuration itself names as root needs no list.
    let mut trust = listed(&both[..1]);
    trust.add_anchors(&authority.der).unwrap();
    assert_eq!(judge(&trust, &[]), PASSED);
}
