//! Good lists: every algorithm and canonicalization, what they say, and when it holds.

use chrono::TimeDelta;
use oblik_signature::{ListedFor, Policy, Trust};
use oblik_trustlist::{Expectation, Freshness, ListFault, Signers, TrustedList};

use crate::world::{EXCLUSIVE, SHA256, Signing, World, at, moment};

fn uri(name: &str) -> String {
    format!("http://www.w3.org/2001/04/xmldsig-more#{name}")
}

#[test]
fn every_algorithm_of_xmlsec1_is_read() {
    let Some(world) = World::new() else { return };
    let digests = [SHA256.to_owned(), uri("sha384"), SHA256.replace("256", "512")];
    let mut read = 0;
    for (key, family) in [("rsa", "rsa"), ("p256", "ecdsa"), ("p384", "ecdsa"), ("p521", "ecdsa")] {
        for (digest, name) in digests.iter().zip(["sha256", "sha384", "sha512"]) {
            let signing = Signing { method: uri(&format!("{family}-{name}")), digest: digest.clone(), ..Signing::by(key) };
            let list = world.sign(&world.list(), &signing).expect(name);
            assert!(world.xmlsec1(&list, key));
            let outcome = world.read(&list);
            if key == "p521" && name != "sha512" {
                // Not computed by the library, and said so.
                assert!(outcome.is_ok() || matches!(outcome, Err(ListFault::Refused(_))), "{key} {name}");
                continue;
            }
            assert!(outcome.is_ok(), "{key} {name}: {:?}", outcome.err());
            read += 1;
        }
    }
    assert_eq!(read, 10);
}

#[test]
fn every_canonicalization_of_xmlsec1_is_read() {
    let Some(world) = World::new() else { return };
    let prefixes =
        "<ec:InclusiveNamespaces xmlns:ec=\"http://www.w3.org/2001/10/xml-exc-c14n#\" PrefixList=\"ns2 #default ds\"/>";
    let methods = [EXCLUSIVE, "http://www.w3.org/TR/2001/REC-xml-c14n-20010315", "http://www.w3.org/2006/12/xml-c14n11"];
    for method in methods {
        for comments in ["", "WithComments"] {
            let c14n = match comments {
                "" => method.to_owned(),
                _ => format!("{}#{comments}", method.trim_end_matches('#')),
            };
            for root_uri in ["", "#TrustServiceStatusList-UA"] {
                for prefixes in [prefixes, ""] {
                    if !prefixes.is_empty() && method != EXCLUSIVE {
                        continue;
                    }
                    let signing = Signing { c14n: c14n.clone(), root_uri, prefixes, ..Signing::by("p256") };
                    // What is before the root is part of the document, and of no element.
                    let list = world.list().replace("?><Trust", "?><?before the root?><Trust");
                    let list = world.sign(&list, &signing).expect(&c14n);
                    assert!(world.xmlsec1(&list, "p256"));
                    assert_eq!(world.read(&list).err(), None, "{c14n} {root_uri:?} {prefixes:?}");
                }
            }
        }
    }
}

#[test]
fn a_list_says_what_it_says() {
    let Some(world) = World::new() else { return };
    let bytes = world.sign(&world.list(), &Signing::by("rsa")).unwrap();
    let list = world.read(&bytes).unwrap();
    assert_eq!((list.territory(), list.operator(), list.sequence()), ("UA", "Test ministry", 32));
    assert_eq!((list.issued_at(), list.next_update()), (at("2026-11-20T09:00:00Z"), at("2027-05-01T00:00:00Z")));
    assert!(list.signer().0.contains("Test rsa"), "{}", list.signer().0);
    let shown = |moment: &str| {
        let services = list.services_at(at(moment));
        let lines = services.map(|(provider, service, period)| {
            format!("{} | {} | {} | {}", provider.name, service.name, period.kind.as_str(), period.status.as_str())
        });
        lines.collect::<Vec<_>>()
    };
    let good = "Provider & Co | Good authority | certificates | granted".to_owned();
    let stamps = "Provider & Co | Timestamps | timestamps | granted".to_owned();
    let other = |status: &str| format!("Provider & Co | Withdrawn authority | certificates | {status}");
    for (moment, lines) in [
        ("2023-12-31T23:59:59Z", vec![]),
        ("2024-01-01T00:00:00Z", vec![other("granted")]),
        ("2025-03-01T09:59:59Z", vec![other("granted")]),
        ("2025-03-01T10:00:00Z", vec![good.clone(), other("granted"), stamps.clone()]),
        ("2026-05-31T23:59:59Z", vec![good.clone(), other("granted"), stamps.clone()]),
        ("2026-06-01T00:00:00Z", vec![good, other("withdrawn"), stamps]),
    ] {
        assert_eq!(shown(moment), lines, "{moment}");
    }
    let services = &list.providers()[0].services;
    assert_eq!(services[0].grants(), [(ListedFor::Certificates, vec![(at("2025-03-01T10:00:00Z"), None)])]);
    let until = Some(at("2026-06-01T00:00:00Z"));
    assert_eq!(services[1].grants(), [(ListedFor::Certificates, vec![(at("2024-01-01T00:00:00Z"), until)])]);
    assert_eq!(services[2].grants(), [(ListedFor::Timestamps, vec![(at("2025-03-01T10:00:00Z"), None)])]);
    assert_eq!(services[0].subject_names, ["CN=Test authority,C=UA"]);
    assert_eq!(list.add_to(&mut Trust::default(), TimeDelta::days(14)), Vec::<String>::new());
}

#[test]
fn what_one_service_lacks_leaves_out_that_service() {
    let Some(world) = World::new() else { return };
    let good =
        "http://czo.gov.ua/TrstSvc/TrustedList/Svcstatus/granted</ServiceStatus>\n<StatusStartingTime>2025-03-01T10:00:00Z";
    let certificate = world.der_base64("authority");
    let extension = ("Critical=\"true\"><AdditionalServiceInformation>", "</AdditionalServiceInformation>");
    for (from, to, left_out, grants) in [
        (good, good.replace("10:00:00Z", "25:00:00Z"), 1, 0),
        (good, good.replace("10:00:00Z", "10:00:00"), 1, 0),
        (certificate.as_str(), "!!!".to_owned(), 1, 0),
        ("ForeSignatures", "ForeSeals".to_owned(), 0, 1),
        ("ForeSignatures", "ForWebSiteAuthentication".to_owned(), 0, 0),
        (extension.0, format!("{}<URI>x</URI>{}<Unknown/>", extension.0, extension.1), 0, 0),
        ("2024-01-01T00:00:00Z", "2026-06-01T00:00:01Z".to_owned(), 1, 1),
        ("2024-01-01T00:00:00Z", "2026-06-01T00:00:00Z".to_owned(), 0, 1),
        ("Svctype/CA/QC</Ser", "Svctype/CA/PKC</Ser".to_owned(), 0, 0),
    ] {
        let mut text = world.list().replacen(from, &to, 1);
        if from == extension.0 {
            // The known one closes before the unknown one.
            text = world.list().replacen(
                "</AdditionalServiceInformation></Extension>",
                "</AdditionalServiceInformation></Extension><Extension Critical=\"true\"><Unknown xmlns=\"http://x\"/></Extension>",
                1,
            );
        }
        assert_ne!(text, world.list(), "{from}");
        let list = world.read(&world.sign(&text, &Signing::by("p256")).unwrap()).unwrap();
        let provider = &list.providers()[0];
        assert_eq!(provider.left_out.len(), left_out, "{from} {:?}", provider.left_out);
        let first = provider.services.iter().find(|service| service.name == "Good authority");
        let ranges = first.map_or(0, |service| service.grants().iter().map(|(_, ranges)| ranges.len()).sum());
        assert_eq!(ranges, grants, "{from}");
    }
}

#[test]
fn numbers_do_not_go_back_and_a_list_ages() {
    let Some(world) = World::new() else { return };
    let bytes = world.sign(&world.list(), &Signing::by("rsa")).unwrap();
    let signers = world.signers(&["rsa"]);
    let policy = Policy::embedded();
    let base = Expectation { signers: &signers, policy: &policy, moment: moment(), known_sequence: None };
    for (known, taken) in [(Some(31), true), (Some(32), true), (Some(33), false)] {
        let read = TrustedList::read(&bytes, Expectation { known_sequence: known, ..base });
        assert_eq!(read.is_ok(), taken, "{known:?}");
    }
    for (moment, taken) in [("2026-11-19T09:00:00Z", true), ("2026-11-19T08:59:59Z", false), ("2030-01-01T00:00:00Z", true)] {
        let read = TrustedList::read(&bytes, Expectation { moment: at(moment), ..base });
        assert_eq!(read.is_ok(), taken, "{moment}");
    }
    let list = world.read(&bytes).unwrap();
    let (since, grace) = (at("2027-05-01T00:00:00Z"), TimeDelta::days(14));
    for (moment, freshness) in [
        ("2027-04-30T23:59:59Z", Freshness::Fresh),
        ("2027-05-01T00:00:00Z", Freshness::Overdue { since }),
        ("2027-05-14T23:59:59Z", Freshness::Overdue { since }),
        ("2027-05-15T00:00:00Z", Freshness::Outdated { since }),
    ] {
        assert_eq!(list.freshness(at(moment), grace), freshness, "{moment}");
    }
    let closed = world.list().replace("<dateTime>2027-05-01T00:00:00Z</dateTime>", "");
    assert_eq!(world.read(&world.sign(&closed, &Signing::by("rsa")).unwrap()), Err(ListFault::Closed));
}

#[test]
fn the_signer_must_be_configured_and_valid_when_the_list_was_issued() {
    let Some(world) = World::new() else { return };
    let bytes = world.sign(&world.list(), &Signing::by("stranger")).unwrap();
    assert!(world.xmlsec1(&bytes, "stranger"));
    let Err(ListFault::Stranger { subject, .. }) = world.read(&bytes) else { panic!("a stranger's list is read") };
    assert!(subject.contains("Test stranger"), "{subject}");
    let policy = Policy::embedded();
    let nobody = Signers::default();
    let expected = Expectation { signers: &nobody, policy: &policy, moment: moment(), known_sequence: None };
    assert!(matches!(TrustedList::read(&bytes, expected), Err(ListFault::Stranger { .. })));
    for (issued, is_valid) in [
        ("2026-01-01T00:00:00Z", true),
        ("2025-12-31T23:59:59Z", false),
        ("2027-01-01T00:00:00Z", true),
        ("2027-01-01T00:00:01Z", false),
    ] {
        let text = world.list().replace("2026-11-20T09:00:00Z", issued);
        let bytes = world.sign(&text, &Signing::by("rsa")).unwrap();
        let signers = world.signers(&["rsa"]);
        let expected =
            Expectation { signers: &signers, policy: &policy, moment: at("2027-01-02T00:00:00Z"), known_sequence: None };
        let read = TrustedList::read(&bytes, expected);
        assert_eq!(read.is_ok(), is_valid, "{issued}: {:?}", read.err());
    }
}

#[test]
fn the_policy_judges_digests_and_keys() {
    let Some(world) = World::new() else { return };
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1".to_owned();
    let with =
        |method: &str, digest: &str| Signing { method: method.to_owned(), digest: digest.to_owned(), ..Signing::by("rsa") };
    for signing in [with("http://www.w3.org/2000/09/xmldsig#rsa-sha1", SHA256), with(&uri("rsa-sha256"), &sha1)] {
        let bytes = world.sign(&world.list(), &signing).unwrap();
        assert!(matches!(world.read(&bytes), Err(ListFault::Refused(_))), "{}", signing.method);
    }
    let bytes = world.sign(&world.list(), &Signing::by("rsa")).unwrap();
    let signers = world.signers(&["rsa"]);
    for (text, taken) in [("rsa_bits_min = 2048", true), ("rsa_bits_min = 2049", false)] {
        let policy = Policy::parse(&Policy::embedded().text().replace("rsa_bits_min = 2048", text)).unwrap();
        let expected = Expectation { signers: &signers, policy: &policy, moment: moment(), known_sequence: None };
        assert_eq!(TrustedList::read(&bytes, expected).is_ok(), taken, "{text}");
    }
}

#[test]
fn marks_and_line_ends_are_not_part_of_what_is_signed() {
    let Some(world) = World::new() else { return };
    let bytes = world.sign(&world.list(), &Signing::by("rsa")).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let marked = format!("\u{FEFF}{text}");
    let windows = text.replace('\n', "\r\n");
    for same in [&text, &marked, &windows] {
        assert!(world.xmlsec1(same.as_bytes(), "rsa"));
        assert_eq!(world.read(same.as_bytes()).err(), None);
    }
    let latin = text.replace("encoding=\"utf-8\"", "encoding=\"windows-1251\"");
    assert!(matches!(world.read(latin.as_bytes()), Err(ListFault::Xml(_))));
}
