//! Status by OCSP, with OpenSSL as the responder: what it answers, and every part of an answer changed.

use oblik_domain::{DateTime, Utc};
use oblik_signature::evidence::Evidence;
use oblik_signature::{
    Judged, Policy, Signer, Trust, Wanted, WantedKind, judge_detached, ocsp_nonce_matches, ocsp_request_with_nonce,
};
use rcgen::{ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, SerialNumber};

use crate::common::{
    CONTENT, Desk, PASSED, Party, at, authority, customer, detail, extension, issued, pki, policy, rsa_key, shown,
};

const URL: &str = "http://ocsp.example.ua/";
const LIST_URL: &str = "http://example.ua/list.crl";
const ISSUER_URL: &str = "http://example.ua/authority.cer";
const UNKNOWN: &str = "INDETERMINATE TRY_LATER SIG-REVOCATION-UNKNOWN";
const REVOKED: &str = "TOTAL-FAILED REVOKED SIG-REVOKED";
const SUSPENDED: &str = "INDETERMINATE TRY_LATER SIG-SUSPENDED";

/// A root that issues to customers itself, so that one answer is all a verdict needs.
struct Town {
    desk: Desk,
    root: Party,
    customer: Party,
    now: DateTime<Utc>,
}

fn required() -> Policy {
    Policy::parse(&policy().text().replace("status = \"if-available\"", "status = \"required\"")).unwrap()
}

fn octets(tag: u8, content: &[u8]) -> Vec<u8> {
    [&[tag, u8::try_from(content.len()).unwrap()][..], content].concat()
}

/// `AuthorityInfoAccessSyntax` and `CRLDistributionPoints` of the customer.
fn addresses() -> Vec<rcgen::CustomExtension> {
    let access =
        |last: u8, url: &str| octets(0x30, &[&[6, 8, 43, 6, 1, 5, 5, 7, 48, last][..], &octets(0x86, url.as_bytes())].concat());
    let information = octets(0x30, &[access(1, URL), access(1, "ldap://x/"), access(2, ISSUER_URL)].concat());
    let point = octets(0x30, &octets(0x30, &octets(0xa0, &octets(0xa0, &octets(0x86, LIST_URL.as_bytes())))));
    vec![extension(&[1, 3, 6, 1, 5, 5, 7, 1, 1], &information, false), extension(&[2, 5, 29, 31], &point, false)]
}

fn ec() -> KeyPair {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap()
}

impl Town {
    /// `entry` is the customer's line in OpenSSL's index: status, expiry, revocation.
    fn new(entry: &str) -> Self {
        let desk = Desk::new();
        let root = crate::common::self_signed(authority("ЦСК міста", None), rsa_key());
        let mut params = customer("ТОВ Ромашка");
        params.serial_number = Some(SerialNumber::from(0x4711));
        params.custom_extensions = addresses();
        let customer = issued(params, ec(), &root);
        desk.put("ca.pem", root.pem.as_bytes());
        desk.put("ca.key", root.key.serialize_pem().as_bytes());
        desk.put("index", format!("{entry}\t4711\tunknown\t/CN=X\n").as_bytes());
        let now = at(desk.run("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]).trim());
        Self { desk, root, customer, now }
    }

    fn trust(&self) -> Trust {
        let mut trust = Trust::default();
        trust.add_anchors(&self.root.der).unwrap();
        trust
    }

    fn judge_by(&self, trust: &Trust, policy: &Policy, moment: DateTime<Utc>) -> Judged {
        let certificates = [self.customer.der.clone()];
        let signer = Signer::new(&self.customer.key.serialize_der(), &certificates).unwrap();
        let message = signer.sign_cms_detached(CONTENT, at("2026-11-20T10:00:00Z")).unwrap();
        judge_detached(CONTENT, &message, trust, policy, moment)
    }

    fn judge(&self, answer: &[u8]) -> Judged {
        let mut trust = self.trust();
        trust.add_ocsp_responses(answer).unwrap();
        self.judge_by(&trust, &required(), self.now + chrono_minutes(1))
    }

    fn wanted(&self) -> Vec<Wanted> {
        self.judge_by(&self.trust(), &required(), self.now).wanted
    }

    fn request(&self) -> Vec<u8> {
        let wanted = self.wanted();
        wanted.iter().find(|wanted| wanted.kind == WantedKind::OcspResponse).unwrap().request.clone()
    }

    /// OpenSSL's answer to `request`, signed by `responder`.
    fn answer_to(&self, request: &[u8], responder: Option<&Party>, more: &[&str]) -> Vec<u8> {
        self.desk.put("request", request);
        let (certificate, key) = match responder {
            Some(party) => {
                self.desk.put("responder.pem", party.pem.as_bytes());
                self.desk.put("responder.key", party.key.serialize_pem().as_bytes());
                ("responder.pem", "responder.key")
            }
            None => ("ca.pem", "ca.key"),
        };
        let mut arguments = vec!["ocsp", "-index", "index", "-CA", "ca.pem", "-rsigner", certificate, "-rkey", key];
        arguments.extend(["-reqin", "request", "-respout", "response"]);
        arguments.extend(more);
        self.desk.run("openssl", &arguments);
        self.desk.get("response")
    }

    fn answer(&self, responder: Option<&Party>, more: &[&str]) -> Vec<u8> {
        self.answer_to(&self.request(), responder, more)
    }

    fn responder(&self, change: impl FnOnce(&mut rcgen::CertificateParams)) -> Party {
        let mut params = crate::common::params("OCSP міста");
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
        params.custom_extensions = vec![extension(&[1, 3, 6, 1, 5, 5, 7, 48, 1, 5], &[5, 0], false)];
        change(&mut params);
        issued(params, ec(), &self.root)
    }
}

fn chrono_minutes(minutes: i64) -> std::time::Duration {
    std::time::Duration::from_secs(u64::try_from(minutes * 60).unwrap())
}

const GOOD: &str = "V\t450101000000Z\t";

#[test]
fn openssl_answers_good_revoked_suspended_and_unknown() {
    for (entry, expected, at) in [
        (GOOD, PASSED, None),
        ("R\t450101000000Z\t261101000000Z", REVOKED, Some("2026-11-01T00:00:00Z")),
        ("R\t450101000000Z\t261101000000Z,keyCompromise", REVOKED, Some("2026-11-01T00:00:00Z")),
        ("R\t450101000000Z\t261101000000Z,certificateHold", SUSPENDED, Some("2026-11-01T00:00:00Z")),
        // Never issued, as the extended definition of "revoked" tells it.
        ("R\t450101000000Z\t700101000000Z,certificateHold", REVOKED, Some("1970-01-01T00:00:00Z")),
    ] {
        let town = Town::new(entry);
        let judged = town.judge(&town.answer(None, &["-ndays", "1"]));
        assert_eq!(shown(&judged), expected, "{entry} {}", detail(&judged));
        let told = judged.all_findings().find(|finding| ["SIG-REVOKED", "SIG-SUSPENDED"].contains(&&*finding.code.to_string()));
        assert_eq!(told.map(|finding| finding.value("at").to_owned()), at.map(str::to_owned));
    }
    let town = Town::new(GOOD);
    town.desk.put("index", b"V\t450101000000Z\t\t99\tunknown\t/CN=Y\n");
    assert_eq!(shown(&town.judge(&town.answer(None, &["-ndays", "1"]))), UNKNOWN);
}

#[test]
fn a_responder_answers_for_its_own_authority_and_only_with_the_purpose() {
    let town = Town::new(GOOD);
    let other = crate::common::self_signed(authority("ЦСК міста", None), rsa_key());
    let mut params = crate::common::params("OCSP міста");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::OcspSigning];
    let stranger = issued(params, ec(), &other);
    for (case, responder, expected) in [
        ("delegated", town.responder(|_| ()), PASSED),
        ("by RSA", issued(town.responder(|_| ()).params.clone(), rsa_key(), &town.root), PASSED),
        ("without the purpose", town.responder(|params| params.extended_key_usages.clear()), UNKNOWN),
        (
            "of another purpose",
            town.responder(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth]),
            UNKNOWN,
        ),
        ("whose key may not sign", town.responder(|params| params.key_usages = vec![KeyUsagePurpose::KeyAgreement]), UNKNOWN),
        ("expired", town.responder(|params| params.not_after = rcgen::date_time_ymd(2026, 1, 1)), UNKNOWN),
        ("whose own status nobody knows", town.responder(|params| params.custom_extensions.clear()), UNKNOWN),
        ("of another authority with the same name", stranger, UNKNOWN),
    ] {
        for by_key in [false, true] {
            let more = ["-ndays", "1", "-resp_key_id"];
            let answer = town.answer(Some(&responder), if by_key { &more } else { &more[..2] });
            let judged = town.judge(&answer);
            assert_eq!(shown(&judged), expected, "{case} {by_key} {}", detail(&judged));
        }
    }
    // The customer himself is no responder.
    assert_eq!(shown(&town.judge(&town.answer(Some(&town.customer), &["-ndays", "1"]))), UNKNOWN);
}

#[test]
fn an_answer_counts_as_long_as_policy_lets_it() {
    let town = Town::new(GOOD);
    let answer = town.answer(None, &["-ndays", "3"]);
    let short = town.answer(None, &["-nmin", "30"]);
    let endless = town.answer(None, &[]);
    let hours = |hours: u64| std::time::Duration::from_secs(hours * 3600);
    for (case, answer, moment, expected) in [
        ("at once", &answer, town.now, PASSED),
        ("before it was given", &answer, town.now - hours(1), UNKNOWN),
        ("within a day", &answer, town.now + hours(23), PASSED),
        ("after a day", &answer, town.now + hours(25), UNKNOWN),
        ("after its end", &short, town.now + hours(1), UNKNOWN),
        ("without an end, within a day", &endless, town.now + hours(23), PASSED),
        ("without an end, after a day", &endless, town.now + hours(25), UNKNOWN),
    ] {
        let mut trust = town.trust();
        trust.add_ocsp_responses(answer).unwrap();
        assert_eq!(shown(&town.judge_by(&trust, &required(), moment)), expected, "{case}");
    }
}

#[test]
fn every_changed_octet_of_an_answer_makes_it_worthless() {
    let town = Town::new(GOOD);
    let answer = town.answer(Some(&town.responder(|_| ())), &["-ndays", "1", "-resp_no_certs"]);
    let mut worthless = 0;
    for position in (0..answer.len()).step_by(3) {
        let mut changed = answer.clone();
        changed[position] ^= 0x01;
        let mut trust = town.trust();
        if trust.add_ocsp_responses(&changed).is_ok() {
            assert_eq!(shown(&town.judge_by(&trust, &required(), town.now)), UNKNOWN, "octet {position}");
        }
        worthless += 1;
    }
    assert!(worthless > 80);
    for length in 0..answer.len() {
        assert!(Trust::default().add_ocsp_responses(&answer[..length]).is_err());
    }
}

#[test]
fn an_answer_about_another_certificate_says_nothing() {
    let town = Town::new(GOOD);
    let mut params = customer("ФОП Інший");
    params.serial_number = Some(SerialNumber::from(0x4712));
    params.custom_extensions = addresses();
    let other = Town { customer: issued(params, ec(), &town.root), desk: Desk::new(), root: Town::new(GOOD).root, now: town.now };
    let answer = town.answer(None, &["-ndays", "1"]);
    let mut trust = town.trust();
    trust.add_ocsp_responses(&answer).unwrap();
    assert_eq!(shown(&town.judge_by(&trust, &required(), town.now)), PASSED);
    assert_eq!(shown(&other.judge_by(&trust, &required(), town.now)), UNKNOWN);
}

#[test]
fn a_nonce_that_was_sent_must_come_back() {
    let town = Town::new(GOOD);
    let plain = town.request();
    let asked = ocsp_request_with_nonce(&plain, &[7; 32]).unwrap();
    let asked_otherwise = ocsp_request_with_nonce(&plain, &[8; 32]).unwrap();
    let told = town.desk.run("openssl", &["version"]);
    let answer = town.answer_to(&asked, None, &["-ndays", "1"]);
    assert!(ocsp_nonce_matches(&asked, &answer), "{told}");
    assert!(!ocsp_nonce_matches(&asked_otherwise, &answer));
    assert!(ocsp_nonce_matches(&plain, &answer));
    assert!(!ocsp_nonce_matches(&asked, &town.answer(None, &["-ndays", "1"])));
    assert!(!ocsp_nonce_matches(b"nonsense", &answer));
    assert!(!ocsp_nonce_matches(&asked, b"nonsense"));
    assert_eq!(ocsp_request_with_nonce(&asked, &[1]), None);
    assert_eq!(shown(&town.judge(&answer)), PASSED);
}

#[test]
fn what_is_wanted_is_what_the_certificate_names() {
    let town = Town::new(GOOD);
    let wanted = town.wanted();
    let kinds: Vec<_> = wanted.iter().map(|wanted| (wanted.kind, wanted.urls.join(" "), wanted.request.is_empty())).collect();
    assert_eq!(
        kinds,
        [(WantedKind::OcspResponse, URL.to_owned(), false), (WantedKind::RevocationList, LIST_URL.to_owned(), true)]
    );
    // Policy that does not ask wants nothing.
    let off = Policy::parse(&policy().text().replace("status = \"if-available\"", "status = \"off\"")).unwrap();
    assert_eq!(town.judge_by(&town.trust(), &off, town.now).wanted, []);
    assert_eq!(town.judge_by(&town.trust(), &policy(), town.now).wanted.len(), 2);
    // Of a chain that ends early the next certificate is wanted.
    let judged = town.judge_by(&crate::common::trust(), &required(), town.now);
    assert_eq!(shown(&judged), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED");
    assert_eq!(judged.wanted, [Wanted { kind: WantedKind::Certificate, urls: vec![ISSUER_URL.to_owned()], request: Vec::new() }]);
    // Ukrainian authorities hand theirs out in a bag without a signature; a bag never becomes a root.
    town.desk.run("openssl", &["crl2pkcs7", "-nocrl", "-certfile", "ca.pem", "-outform", "DER", "-out", "bag"]);
    let mut trust = crate::common::trust();
    assert_eq!(trust.add_intermediates(&town.desk.get("bag")), Ok(1));
    assert!(trust.add_anchors(&town.desk.get("bag")).is_err());
    let judged = town.judge_by(&trust, &required(), town.now);
    assert_eq!(shown(&judged), "INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND SIG-UNTRUSTED");
    assert_eq!((judged.signatures[0].chain.len(), judged.wanted.len()), (2, 0));
    // And once it is learnt, nothing is.
    let answered = town.judge(&town.answer(None, &["-ndays", "1"]));
    assert_eq!(answered.wanted, []);
    assert!(pki().root.der != town.root.der);
}

#[test]
fn evidence_keeps_the_answer_and_repeats_the_verdict() {
    let town = Town::new(GOOD);
    let answer = town.answer(Some(&town.responder(|_| ())), &["-ndays", "1"]);
    let mut trust = town.trust();
    trust.add_ocsp_responses(&answer).unwrap();
    let signer = Signer::new(&town.customer.key.serialize_der(), std::slice::from_ref(&town.customer.der)).unwrap();
    let message = signer.sign_cms_detached(CONTENT, at("2026-11-20T10:00:00Z")).unwrap();
    let judged = judge_detached(CONTENT, &message, &trust, &required(), town.now);
    assert_eq!(shown(&judged), PASSED);
    let evidence = Evidence::from_bytes(&Evidence::of(&judged, &message, Some(CONTENT)).to_bytes()).unwrap();
    assert_eq!(shown(&evidence.repeat(&message, Some(CONTENT), &required()).unwrap()), PASSED);
}
