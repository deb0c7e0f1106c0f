//! Paths: what RFC 5280 and the policy refuse, each with a finding a customer can act on.

use oblik_domain::{DateTime, Utc};
use oblik_signature::{Judged, Policy, Signer, Trust, judge_detached};
use rcgen::{
    CertificateParams, CertificateRevocationListParams, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyIdMethod,
    KeyPair, KeyUsagePurpose, NameConstraints, RevokedCertParams, SerialNumber, date_time_ymd,
};

use crate::common::{
    CONTENT, PASSED, Party, at, authority, customer, detail, extension, issued, issued_by, moment, params, pki, policy, rsa_key,
    self_signed, shown, trust,
};

const GENERAL: &str = "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE SIG-CHAIN";

/// The verdict on a signature by `party` whose message carries `chain`.
fn judge_with(party: &Party, chain: &[&Party], trust: &Trust, policy: &Policy, moment: DateTime<Utc>) -> Judged {
    let mut certificates = vec![party.der.clone()];
    certificates.extend(chain.iter().map(|link| link.der.clone()));
    let signer = Signer::new(&party.key.serialize_der(), &certificates).unwrap();
    let message = signer.sign_cms_detached(CONTENT, at("2026-11-20T10:00:00Z")).unwrap();
    judge_detached(CONTENT, &message, trust, policy, moment)
}

fn judge(party: &Party, chain: &[&Party]) -> Judged {
    judge_with(party, chain, &trust(), &policy(), moment())
}

fn ec() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

fn leaf(change: impl Fn(&mut CertificateParams)) -> Party {
    let mut params = customer("ТОВ Випробуване");
    change(&mut params);
    issued(params, ec(), &pki().intermediate)
}

fn first<'a>(judged: &'a Judged, code: &str) -> &'a oblik_domain::finding::Finding {
    judged.all_findings().find(|finding| finding.code.as_str() == code).unwrap_or_else(|| panic!("{code}: {}", detail(judged)))
}

#[test]
fn what_is_missing_or_untrusted_is_told_by_subject() {
    let pki = pki();
    let nothing = Trust::default();
    // The root is there and nobody trusts it.
    let judged = judge_with(&pki.rsa, &[&pki.intermediate], &nothing, &policy(), moment());
    assert_eq!(shown(&judged), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED");
    let finding = first(&judged, "SIG-UNTRUSTED");
    assert_eq!(
        (finding.value("subject"), finding.value("issuer"), finding.value("problem")),
        ("ЦСК випробувань", "ЦЗО випробувань", "missing")
    );
    // A root that the message brings along is no root of trust.
    let stranger = issued(customer("Чужий"), ec(), &pki.stranger_root);
    let mut with_intermediate = Trust::default();
    with_intermediate.add_anchors(&pki.root.der).unwrap();
    with_intermediate.add_intermediates(&pki.stranger_root.der).unwrap();
    let judged = judge_with(&stranger, &[], &with_intermediate, &policy(), moment());
    let finding = first(&judged, "SIG-UNTRUSTED");
    assert_eq!((finding.value("subject"), finding.value("problem")), ("Чужий центр", "untrusted"));
    // The intermediate is missing.
    let judged = judge(&pki.rsa, &[]);
    let finding = first(&judged, "SIG-UNTRUSTED");
    assert_eq!((finding.value("subject"), finding.value("issuer")), ("ТОВ Ромашка", "ЦСК випробувань"));
    // Configuration knows it.
    let mut trust = trust();
    trust.add_intermediates(pki.intermediate.pem.as_bytes()).unwrap();
    assert_eq!(shown(&judge_with(&pki.rsa, &[], &trust, &policy(), moment())), PASSED);
    // A pinned certificate needs no authority.
    let mut pinned = Trust::default();
    pinned.add_anchors(&pki.p256.der).unwrap();
    assert_eq!(shown(&judge_with(&pki.p256, &[], &pinned, &policy(), moment())), PASSED);
}

#[test]
fn a_namesake_of_the_root_or_of_an_authority_is_not_it() {
    let pki = pki();
    let false_root = self_signed(authority("ЦЗО випробувань", None), rsa_key());
    let false_authority = issued(authority("ЦСК випробувань", Some(0)), rsa_key(), &false_root);
    let forged = issued(customer("ТОВ Ромашка"), ec(), &false_authority);
    let judged = judge(&forged, &[&false_authority, &false_root, &pki.intermediate]);
    assert_eq!(judged.indication, oblik_signature::Indication::Indeterminate, "{}", detail(&judged));
    assert!(judged.signed.is_none());
    // Same names and even the same key identifiers: the signature decides.
    let mut params = authority("ЦСК випробувань", Some(0));
    params.key_identifier_method = KeyIdMethod::PreSpecified(pki.intermediate.params.key_identifier(&pki.intermediate.key));
    let twin = self_signed(params, rsa_key());
    let forged = issued(customer("ТОВ Ромашка"), ec(), &twin);
    let judged = judge(&forged, &[&pki.intermediate]);
    assert_eq!(shown(&judged), "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE SIG-CHAIN");
}

#[test]
fn validity_is_judged_at_the_moment_on_both_sides_of_its_ends() {
    let pki = pki();
    let party = leaf(|params| {
        params.not_before = date_time_ymd(2026, 11, 1);
        params.not_after = date_time_ymd(2026, 12, 1);
    });
    for (at_moment, expected) in [
        ("2026-10-31T23:59:59Z", "INDETERMINATE NOT_YET_VALID SIG-NOT-YET-VALID"),
        ("2026-11-01T00:00:00Z", PASSED),
        ("2026-12-01T00:00:00Z", PASSED),
        ("2026-12-01T00:00:01Z", "INDETERMINATE EXPIRED SIG-EXPIRED"),
    ] {
        let judged = judge_with(&party, &[&pki.intermediate], &trust(), &policy(), at(at_moment));
        assert_eq!(shown(&judged), expected, "{at_moment}");
    }
    let judged = judge_with(&party, &[&pki.intermediate], &trust(), &policy(), at("2027-01-01T00:00:00Z"));
    let finding = first(&judged, "SIG-EXPIRED");
    assert_eq!((finding.value("subject"), finding.value("until")), ("ТОВ Випробуване", "2026-12-01T00:00:00Z"));

    // An authority that has expired spoils the chain too.
    let mut params = authority("ЦСК застарілий", Some(0));
    params.not_after = date_time_ymd(2026, 1, 1);
    let expired = issued(params, rsa_key(), &pki.root);
    let judged = judge(&issued(customer("ТОВ Випробуване"), ec(), &expired), &[&expired]);
    assert_eq!(first(&judged, "SIG-EXPIRED").value("subject"), "ЦСК застарілий");
    // What the signer claims about the time must lie inside his own certificate.
    let party = leaf(|params| params.not_before = date_time_ymd(2026, 11, 20));
    assert_eq!(shown(&judge(&party, &[&pki.intermediate])), PASSED);
    let party = leaf(|params| params.not_before = date_time_ymd(2026, 11, 21));
    let judged = judge_with(&party, &[&pki.intermediate], &trust(), &policy(), at("2026-11-22T00:00:00Z"));
    assert_eq!(shown(&judged), "INDETERMINATE SIG_CONSTRAINTS_FAILURE SIG-ATTRIBUTES");
}

#[test]
fn a_certificate_must_be_for_signing_documents() {
    let pki = pki();
    let chain = [&pki.intermediate];
    for (usages, expected) in [
        (vec![], PASSED),
        (vec![KeyUsagePurpose::ContentCommitment], PASSED),
        (vec![KeyUsagePurpose::DigitalSignature], PASSED),
        (vec![KeyUsagePurpose::KeyAgreement], "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE SIG-KEY-USAGE"),
        (
            vec![KeyUsagePurpose::KeyEncipherment, KeyUsagePurpose::DataEncipherment],
            "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE SIG-KEY-USAGE",
        ),
    ] {
        let party = leaf(|params| params.key_usages.clone_from(&usages));
        assert_eq!(shown(&judge(&party, &chain)), expected, "{usages:?}");
    }
    let timestamping = leaf(|params| {
        // OID 1.3.6.1.5.5.7.3.8 alone, critical.
        params.custom_extensions = vec![extension(&[2, 5, 29, 37], &[0x30, 0x0a, 6, 8, 0x2b, 6, 1, 5, 5, 7, 3, 8], true)];
    });
    assert_eq!(shown(&judge(&timestamping, &chain)), "INDETERMINATE CHAIN_CONSTRAINTS_FAILURE SIG-KEY-USAGE");
    let told = judge(&leaf(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]), &chain);
    assert_eq!(shown(&told), PASSED);
    assert_eq!(first(&told, "SIG-KEY-USAGE").level, oblik_domain::finding::Level::Warning);
    let mail = leaf(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection]);
    assert!(judge(&mail, &chain).all_findings().all(|finding| finding.code.as_str() != "SIG-KEY-USAGE"));
}

#[test]
fn authorities_must_be_authorities() {
    let pki = pki();
    // A customer plays authority.
    let mut params = params("ТОВ Самозванець");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyCertSign];
    params.is_ca = IsCa::ExplicitNoCa;
    let impostor = issued(params, rsa_key(), &pki.root);
    assert_eq!(shown(&judge(&issued(customer("X"), ec(), &impostor), &[&impostor])), GENERAL);
    // An authority whose key may not sign certificates.
    let mut params = authority("ЦСК без права", None);
    params.key_usages = vec![KeyUsagePurpose::CrlSign];
    let powerless = issued(params, rsa_key(), &pki.root);
    assert_eq!(shown(&judge(&issued(customer("X"), ec(), &powerless), &[&powerless])), GENERAL);
    // One more authority than the path length allows: the intermediate allows none below.
    let below = issued(authority("ЦСК нижчий", None), rsa_key(), &pki.intermediate);
    assert_eq!(shown(&judge(&issued(customer("X"), ec(), &below), &[&below, &pki.intermediate])), GENERAL);
    let wide = issued(authority("ЦСК ширший", Some(1)), rsa_key(), &pki.root);
    let below = issued(authority("ЦСК нижчий", Some(0)), rsa_key(), &wide);
    assert_eq!(shown(&judge(&issued(customer("X"), ec(), &below), &[&wide, &below])), PASSED);
}

#[test]
fn paths_are_bounded_and_loops_end() {
    let pki = pki();
    let mut links = vec![issued(authority("A1", None), rsa_key(), &pki.root)];
    for name in ["A2", "A3", "A4", "A5", "A6", "A7"] {
        let next = issued(authority(name, None), rsa_key(), links.last().unwrap());
        links.push(next);
    }
    let chain: Vec<&Party> = links.iter().collect();
    // Eight certificates: signer, A6 to A1, root.
    let good = issued(customer("X"), ec(), &links[5]);
    assert_eq!(shown(&judge(&good, &chain)), PASSED);
    let deep = issued(customer("X"), ec(), &links[6]);
    assert_eq!(shown(&judge(&deep, &chain)), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED");
    // Two authorities that issue each other.
    let (one_key, two_key) = (rsa_key(), rsa_key());
    let two_params = authority("Друга", None);
    let one = issued_by(authority("Перша", None), one_key, &Issuer::from_params(&two_params, &two_key));
    let two = issued(two_params.clone(), two_key, &one);
    let judged = judge(&issued(customer("X"), ec(), &one), &[&one, &two]);
    assert_eq!(judged.sub_indication.unwrap().as_str(), "NO_CERTIFICATE_CHAIN_FOUND");
}

#[test]
fn extensions_that_are_not_understood_matter_when_critical() {
    let chain = [&pki().intermediate];
    for (oid, critical, expected) in [
        (&[1, 2, 3, 4][..], false, PASSED),
        (&[1, 2, 3, 4], true, "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE SIG-CHAIN"),
        // Statements of a qualified certificate are critical in Ukraine.
        (&[1, 3, 6, 1, 5, 5, 7, 1, 3], true, PASSED),
        (&[2, 5, 29, 36], true, "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE SIG-CHAIN"),
    ] {
        let party = leaf(|params| params.custom_extensions = vec![extension(oid, &[0x30, 0], critical)]);
        assert_eq!(shown(&judge(&party, &chain)), expected, "{oid:?} {critical}");
    }
}

#[test]
fn names_outside_what_an_authority_may_name_are_refused() {
    let pki = pki();
    let constrained = |constraints: NameConstraints| {
        let mut params = authority("ЦСК обмежений", None);
        params.name_constraints = Some(constraints);
        issued(params, rsa_key(), &pki.root)
    };
    let mut country = rcgen::DistinguishedName::new();
    country.push(rcgen::DnType::CountryName, "UA");
    let mut other_country = rcgen::DistinguishedName::new();
    other_country.push(rcgen::DnType::CountryName, "PL");
    let within = |base: &rcgen::DistinguishedName| vec![GeneralSubtree::DirectoryName(base.clone())];
    for (permitted, excluded, expected) in [
        (within(&country), vec![], PASSED),
        (within(&other_country), vec![], GENERAL),
        (vec![], within(&country), GENERAL),
        (vec![], within(&other_country), PASSED),
        (vec![GeneralSubtree::Rfc822Name("oblenergo.ua".to_owned())], vec![], PASSED),
    ] {
        let authority = constrained(NameConstraints { permitted_subtrees: permitted, excluded_subtrees: excluded });
        assert_eq!(shown(&judge(&issued(customer("X"), ec(), &authority), &[&authority])), expected);
    }
    let mail = constrained(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::Rfc822Name("oblenergo.ua".to_owned())],
        excluded_subtrees: vec![],
    });
    for (address, expected) in [("a@oblenergo.ua", PASSED), ("a@example.com", GENERAL)] {
        let mut params = customer("X");
        params.subject_alt_names = vec![rcgen::SanType::Rfc822Name(address.try_into().unwrap())];
        assert_eq!(shown(&judge(&issued(params, ec(), &mail), &[&mail])), expected, "{address}");
    }
}

pub fn crl(by: &Party, revoked: &[(u64, (i32, u8, u8))], this_update: (i32, u8, u8), next_update: (i32, u8, u8)) -> Vec<u8> {
    let day = |(year, month, day): (i32, u8, u8)| date_time_ymd(year, month, day);
    let list = CertificateRevocationListParams {
        this_update: day(this_update),
        next_update: day(next_update),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked
            .iter()
            .map(|(serial, at)| RevokedCertParams {
                serial_number: SerialNumber::from(*serial),
                revocation_time: day(*at),
                reason_code: None,
                invalidity_date: None,
            })
            .collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    list.signed_by(&by.issuer()).unwrap().der().to_vec()
}

#[test]
fn revocation_lists_count_when_they_are_sound_and_of_the_day() {
    let pki = pki();
    let party = leaf(|params| params.serial_number = Some(SerialNumber::from(4711)));
    let required = Policy::parse(&policy().text().replace("status = \"if-available\"", "status = \"required\"")).unwrap();
    let root_list = crl(&pki.root, &[], (2026, 11, 1), (2026, 12, 1));
    let (begin, end) = ((2026, 11, 1), (2026, 12, 1));
    let stranger = self_signed(authority("ЦСК випробувань", Some(0)), rsa_key());
    for (case, list, when_available, when_required) in [
        ("none", None, PASSED, "INDETERMINATE TRY_LATER SIG-REVOCATION-UNKNOWN"),
        ("clean", Some(crl(&pki.intermediate, &[(1, begin)], begin, end)), PASSED, PASSED),
        (
            "revoked",
            Some(crl(&pki.intermediate, &[(4711, begin)], begin, end)),
            "TOTAL-FAILED REVOKED SIG-REVOKED",
            "TOTAL-FAILED REVOKED SIG-REVOKED",
        ),
        ("revoked later", Some(crl(&pki.intermediate, &[(4711, (2026, 11, 21))], begin, end)), PASSED, PASSED),
        (
            "stale",
            Some(crl(&pki.intermediate, &[], begin, (2026, 11, 19))),
            PASSED,
            "INDETERMINATE TRY_LATER SIG-REVOCATION-UNKNOWN",
        ),
        (
            "of the future",
            Some(crl(&pki.intermediate, &[], (2026, 11, 25), end)),
            PASSED,
            "INDETERMINATE TRY_LATER SIG-REVOCATION-UNKNOWN",
        ),
        ("forged", Some(crl(&stranger, &[], begin, end)), PASSED, "INDETERMINATE TRY_LATER SIG-REVOCATION-UNKNOWN"),
        (
            "of another authority",
            Some(crl(&pki.stranger_root, &[(4711, begin)], begin, end)),
            PASSED,
            "INDETERMINATE TRY_LATER SIG-REVOCATION-UNKNOWN",
        ),
    ] {
        let mut trust = trust();
        trust.add_crls(&root_list).unwrap();
        if let Some(list) = list {
            trust.add_crls(&list).unwrap();
        }
        let judged = judge_with(&party, &[&pki.intermediate], &trust, &policy(), moment());
        assert_eq!(shown(&judged), when_available, "{case} {}", detail(&judged));
        let judged = judge_with(&party, &[&pki.intermediate], &trust, &required, moment());
        assert_eq!(shown(&judged), when_required, "{case} required {}", detail(&judged));
    }
}

#[test]
fn a_revoked_authority_spoils_its_customers() {
    let pki = pki();
    let mut params = authority("ЦСК відкликаний", None);
    params.serial_number = Some(SerialNumber::from(99));
    let revoked = issued(params, rsa_key(), &pki.root);
    let mut trust = trust();
    trust.add_crls(&crl(&pki.root, &[(99, (2026, 11, 2))], (2026, 11, 1), (2026, 12, 1))).unwrap();
    let judged = judge_with(&issued(customer("X"), ec(), &revoked), &[&revoked], &trust, &policy(), moment());
    assert_eq!(shown(&judged), "INDETERMINATE REVOKED_CA_NO_POE SIG-REVOKED");
    let finding = first(&judged, "SIG-REVOKED");
    assert_eq!((finding.value("subject"), finding.value("at")), ("ЦСК відкликаний", "2026-11-02T00:00:00Z"));
}

#[test]
fn trust_is_read_whole_or_not_at_all() {
    let pki = pki();
    let mut trust = Trust::default();
    assert_eq!(trust.add_anchors(format!("{}\n{}", pki.root.pem, pki.stranger_root.pem).as_bytes()), Ok(2));
    assert_eq!(trust.anchors().count(), 2);
    assert_eq!(trust.add_anchors(&pki.root.der), Ok(1));
    assert_eq!(trust.anchors().count(), 2);
    assert!(trust.add_anchors(b"").is_err());
    assert!(trust.add_anchors(b"text").is_err());
    assert!(trust.add_anchors(&[&pki.root.der[..], b"x"].concat()).is_err());
    assert!(trust.add_crls(&pki.root.der).is_err());
}
