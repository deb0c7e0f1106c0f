//! What timestamps prove and what they do not, with a time-stamping authority of the tests and with that of OpenSSL.

use std::process::Command;

use chrono::{DateTime, Utc};

use crate::algorithm::Digest;
use crate::asn1::{Element, write};
use crate::forge::{self, Message, Party, Token, at, attribute, pki, stamped, with_unsigned};
use crate::verdict::TimestampKind;
use crate::{Judged, Policy, Trust, judge_enclosing, oids};

pub(super) const CONTENT: &[u8] = b"readings";

pub(super) fn policy() -> Policy {
    Policy::embedded()
}

pub(super) fn judge_at(message: &[u8], trust: &Trust, moment: &str) -> Judged {
    judge_enclosing(message, trust, &policy(), at(moment))
}

pub(super) fn judge(message: &[u8]) -> Judged {
    judge_at(message, &forge::trust(), "2026-11-20T12:00:00Z")
}

pub(super) fn shown(judged: &Judged) -> String {
    let judgement = &judged.signatures[0];
    let time = judgement.timestamp_time.map(|time| time.to_rfc3339()).unwrap_or_default();
    let sub = judged.sub_indication.map_or("", |sub| sub.as_str());
    format!("{} {sub} {} {time}", judged.indication.as_str(), judgement.level).split_whitespace().collect::<Vec<_>>().join(" ")
}

const JUNE: &str = "2026-06-01T12:00:05Z";
const PROVEN: &str = "TOTAL-PASSED B-T 2026-06-01T12:00:05+00:00";
pub(super) const UNPROVEN: &str = "TOTAL-PASSED B-B";

fn token(by: &Party, stamped: &[u8], time: &str) -> Vec<u8> {
    Token::new(by, stamped, at(time)).finish()
}

pub(super) fn plain() -> Vec<u8> {
    Message::new(&pki().signer, CONTENT).finish()
}

pub(super) fn signature_of(message: &[u8]) -> Vec<u8> {
    crate::cms::SignedData::of(message).unwrap().signers[0].signature.to_vec()
}

#[test]
fn a_token_that_passes_proves_its_time() {
    let message = stamped(&plain(), |signature| token(&pki().tsa, signature, JUNE));
    let judged = judge(&message);
    assert_eq!(shown(&judged), PROVEN, "{judged:#?}");
    let verdict = &judged.signatures[0].timestamps[0];
    assert_eq!(
        (verdict.kind, verdict.authority.as_str(), verdict.policy.as_str()),
        (TimestampKind::Signature, "CN=TSA", "1.2.3.4.5")
    );
    assert_eq!(judged.signed.unwrap().bytes(), CONTENT);
}

/// What is done to a token, with its name.
type Change<'a> = (&'a str, &'a dyn Fn(&mut Token<'static>));

/// Every part of a token that may be wrong: nothing is proven, and the signature stands as it would without it.
#[test]
fn a_token_with_any_part_wrong_proves_nothing_and_harms_nothing() {
    let pki = pki();
    let other = Token::new(&pki.signer, b"", at(JUNE)).imprint;
    let changes: &[Change<'_>] = &[
        ("imprint", &|token| token.imprint.clone_from(&other)),
        ("imprint cut short", &|token| token.imprint.truncate(20)),
        ("imprint by SHA-1", &|token| token.digest = Digest::Sha1),
        ("imprint by another digest", &|token| token.digest = Digest::Sha384),
        ("version", &|token| token.version = 2),
        ("authority for e-mail as well", &|token| token.by = &pki.loose_tsa),
        ("authority that is a signer", &|token| token.by = &pki.signer),
        ("authority nobody trusts", &|token| token.by = &pki.stranger),
        ("reference to the authority", &|token| token.has_reference = false),
        ("time before the authority", &|token| token.time = "20190601120000Z".to_owned()),
        ("time to come", &|token| token.time = "20261120120001Z".to_owned()),
        ("time without a zone", &|token| token.time = "20260601120005".to_owned()),
        ("critical extension", &|token| token.critical_extension = true),
        ("type of content", &|token| token.content_type = oids::DATA),
        ("two signers", &|token| token.signers = 2),
        ("no signer", &|token| token.signers = 0),
    ];
    let required = Policy::parse(&policy().text().replace("timestamp = \"if-present\"", "timestamp = \"required\"")).unwrap();
    for (name, change) in changes {
        let message = stamped(&plain(), |signature| {
            let mut token = Token::new(&pki.tsa, signature, at(JUNE));
            change(&mut token);
            token.finish()
        });
        let judged = judge(&message);
        assert_eq!(shown(&judged), UNPROVEN, "{name}");
        let codes: Vec<&str> = judged.all_findings().map(|finding| finding.code.as_str()).collect();
        assert!(codes.contains(&"SIG-TIMESTAMP"), "{name}: {codes:?}");
        let judged = judge_enclosing(&message, &forge::trust(), &required, at("2026-11-20T12:00:00Z"));
        assert_eq!(shown(&judged), "INDETERMINATE SIG_CONSTRAINTS_FAILURE B-B", "{name}");
    }
    let good = stamped(&plain(), |signature| token(&pki.tsa, signature, JUNE));
    let judged = judge_enclosing(&good, &forge::trust(), &required, at("2026-11-20T12:00:00Z"));
    assert_eq!(shown(&judged), PROVEN);
    // Over another signature, or with octets behind it.
    let moved = stamped(&plain(), |_| token(&pki.tsa, b"another signature", JUNE));
    assert_eq!(shown(&judge(&moved)), UNPROVEN);
    let longer = stamped(&plain(), |signature| {
        let inner = token(&pki.tsa, signature, JUNE);
        let parts = Element::only(&inner).unwrap().value;
        write::element(0x30, &[parts, &write::null()].concat())
    });
    assert_eq!(shown(&judge(&longer)), UNPROVEN);
}

#[test]
fn no_octet_of_a_token_can_be_changed_and_another_time_proven() {
    let message = plain();
    let good = token(&pki().tsa, &signature_of(&message), JUNE);
    let mut proven = 0;
    for position in 0..good.len() {
        for mask in [0x01, 0x80] {
            let mut changed = good.clone();
            changed[position] ^= mask;
            let judged = judge(&stamped(&message, |_| changed.clone()));
            let shown = shown(&judged);
            assert!(shown == UNPROVEN || shown == PROVEN, "{position}: {shown}");
            proven += usize::from(shown == PROVEN);
        }
    }
    // What is not signed and not read: versions, the list of digests, and the like.
    assert!(proven < 60, "{proven} of {} changes went unnoticed", 2 * good.len());
    println!("{proven} of {} changes are of no weight", 2 * good.len());
}

#[test]
fn accuracy_and_fractions_move_the_proof_to_the_safe_side() {
    let proof = |change: &dyn Fn(&mut Token<'static>)| -> Option<DateTime<Utc>> {
        let message = stamped(&plain(), |signature| {
            let mut token = Token::new(&pki().tsa, signature, at(JUNE));
            change(&mut token);
            token.finish()
        });
        judge(&message).signatures[0].timestamps[0].proof()
    };
    assert_eq!(proof(&|_| ()), Some(at(JUNE)));
    assert_eq!(proof(&|token| token.accuracy = Some(60)), Some(at("2026-06-01T12:01:05Z")));
    assert_eq!(proof(&|token| token.time = "20260601120005.5Z".to_owned()), Some(at("2026-06-01T12:00:06Z")));
    // A hundred years prove nothing that the moment does not.
    assert!(proof(&|token| token.accuracy = Some(3_153_600_000)).is_some_and(|at_most| at_most > at("2100-01-01T00:00:00Z")));
}

#[test]
fn the_earliest_token_that_passes_counts() {
    let message = plain();
    let signature = signature_of(&message);
    let tokens = vec![
        token(&pki().tsa, &signature, "2026-07-01T00:00:00Z"),
        token(&pki().second_tsa, &signature, JUNE),
        token(&pki().stranger, &signature, "2026-05-01T00:00:00Z"),
    ];
    let several =
        with_unsigned(&message, |_| tokens.iter().map(|token| attribute(&oids::SIGNATURE_TIMESTAMP, token.clone())).collect());
    assert_eq!(shown(&judge(&several)), PROVEN);
    let in_one = with_unsigned(&message, |_| {
        vec![write::sequence(&[&write::oid(&oids::SIGNATURE_TIMESTAMP), &write::set_of(tokens.clone())])]
    });
    assert_eq!(shown(&judge(&in_one)), PROVEN);
}

#[test]
fn a_signature_outlives_its_certificate_by_a_timestamp_and_a_status_of_then() {
    let pki = pki();
    let mut message = Message::new(&pki.short_signer, CONTENT);
    // A list from after the timestamp and before the certificates ended.
    message.lists = vec![forge::list((2026, 8, 1), 2027, &[])];
    let message = message.finish();
    let by = |tsa: &Party| stamped(&message, |signature| token(tsa, signature, JUNE));
    let trust = forge::trust();
    let later = "2028-01-01T00:00:00Z";
    assert_eq!(shown(&judge_at(&message, &trust, later)), "INDETERMINATE EXPIRED B-B");
    let archived = judge_at(&by(&pki.tsa), &trust, later);
    assert_eq!(shown(&archived), "TOTAL-PASSED B-LT 2026-06-01T12:00:05+00:00", "{:#?}", archived.signatures[0].findings);
    // The authority of time has ended as well: its word counts no longer.
    assert_eq!(shown(&judge_at(&by(&pki.short_tsa), &trust, later)), "INDETERMINATE EXPIRED B-B");
}

#[test]
fn revoked_before_and_after_the_proven_time_are_told_apart() {
    let pki = pki();
    let message = plain();
    let stamped = stamped(&message, |signature| token(&pki.tsa, signature, JUNE));
    let with = |day: (i32, u8, u8)| {
        let mut trust = forge::trust();
        trust.add_crls(&forge::list((2026, 11, 1), 2044, &[(&pki.signer, day)])).unwrap();
        trust
    };
    let moment = "2026-11-20T12:00:00Z";
    assert_eq!(shown(&judge_at(&stamped, &with((2026, 7, 1)), moment)), PROVEN);
    assert_eq!(shown(&judge_at(&message, &with((2026, 7, 1)), moment)), "TOTAL-FAILED REVOKED B-B");
    assert_eq!(shown(&judge_at(&stamped, &with((2026, 5, 1)), moment)), "TOTAL-FAILED REVOKED B-T 2026-06-01T12:00:05+00:00");
    // A revoked authority of time proves nothing.
    let mut trust = forge::trust();
    trust.add_crls(&forge::list((2026, 11, 1), 2044, &[(&pki.tsa, (2026, 7, 1))])).unwrap();
    assert_eq!(shown(&judge_at(&stamped, &trust, moment)), UNPROVEN);
}

#[test]
fn content_is_stamped_before_the_signature() {
    let pki = pki();
    for (time, expected) in [
        ("2026-06-01T12:00:00Z", PROVEN),
        (JUNE, PROVEN),
        ("2026-06-01T12:00:06Z", "INDETERMINATE TIMESTAMP_ORDER_FAILURE B-T 2026-06-01T12:00:05+00:00"),
    ] {
        let mut message = Message::new(&pki.signer, CONTENT);
        message.attributes.push(attribute(&oids::CONTENT_TIMESTAMP, token(&pki.second_tsa, CONTENT, time)));
        let judged = judge(&message.finish());
        assert_eq!(shown(&judged), UNPROVEN, "{time}: the content alone is no signature");
        assert!(judged.signatures[0].timestamps[0].proof().is_some());
        // Judged as of the signature's own proof, a token that says a later time contradicts it.
        let judged = judge(&stamped(&message.finish(), |signature| token(&pki.tsa, signature, JUNE)));
        assert_eq!(shown(&judged), expected, "{time}");
    }
    let mut message = Message::new(&pki.signer, CONTENT);
    message.attributes.push(attribute(&oids::CONTENT_TIMESTAMP, token(&pki.tsa, b"other content", JUNE)));
    assert_eq!(shown(&judge(&message.finish())), UNPROVEN);
}

/// An archive timestamp of version 3 by `by` over everything that stands in `message`, or over less.
fn archived(message: &[u8], by: &Party, time: &str, with_attributes: bool, change: impl Fn(Vec<u8>) -> Vec<u8>) -> Vec<u8> {
    with_unsigned(message, |parsed| {
        let signer = &parsed.signers[0];
        let digests = |set: Option<Element<'_>>| -> Vec<u8> {
            let all = set.map(|set| set.reader().all().unwrap()).unwrap_or_default();
            let digests = all.iter().map(|each| write::octets(&Digest::Sha256.compute(each.raw).unwrap()));
            write::sequence(&[&digests.collect::<Vec<_>>().concat()])
        };
        let values: Vec<Vec<u8>> = signer
            .unsigned_attributes
            .iter()
            .filter(|_| with_attributes)
            .flat_map(|one| one.values.iter().map(move |value| (one, value)))
            .map(|(one, value)| {
                let oid = write::element(crate::asn1::OID, &one.oid.0);
                write::octets(&Digest::Sha256.compute_pieces(&[&oid, value.raw]).unwrap())
            })
            .collect();
        let index = write::sequence(&[
            &forge::digest_id(Digest::Sha256),
            &digests(parsed.certificate_choices),
            &digests(parsed.revocation_choices),
            &write::sequence(&[&values.concat()]),
        ]);
        let content = Digest::Sha256.compute(parsed.content.unwrap()).unwrap();
        let stamped = [&write::oid(&oids::DATA), content.as_slice(), signer.fields, &index].concat();
        let mut token = Token::new(by, &stamped, at(time));
        token.unsigned = vec![attribute(&oids::HASH_INDEX_V3, change(index))];
        vec![attribute(&oids::ARCHIVE_TIMESTAMP_V3, token.finish())]
    })
}

#[test]
fn an_archive_timestamp_keeps_alive_what_it_covers_and_nothing_else() {
    let pki = pki();
    let mut message = Message::new(&pki.short_signer, CONTENT);
    message.lists = vec![forge::list((2026, 8, 1), 2027, &[])];
    let message = stamped(&message.finish(), |signature| token(&pki.short_tsa, signature, JUNE));
    let (trust, later) = (forge::trust(), "2028-01-01T00:00:00Z");
    assert_eq!(shown(&judge_at(&message, &trust, later)), "INDETERMINATE EXPIRED B-B");
    let whole = archived(&message, &pki.tsa, "2026-09-01T00:00:00Z", true, |index| index);
    let judged = judge_at(&whole, &trust, later);
    assert_eq!(shown(&judged), "TOTAL-PASSED B-LTA 2026-06-01T12:00:05+00:00", "{:#?}", judged.signatures[0]);
    // Without the signature's timestamp in the index the archive's own time is what is proven.
    let partly = archived(&message, &pki.tsa, "2026-09-01T00:00:00Z", false, |index| index);
    let judged = judge_at(&partly, &trust, later);
    assert_eq!(judged.signatures[0].timestamp_time, Some(at("2026-09-01T00:00:00Z")));
    // An index that was changed, that names what is not there, or that comes too late.
    let changed = archived(&message, &pki.tsa, "2026-09-01T00:00:00Z", true, |mut index| {
        let last = index.len() - 1;
        index[last] ^= 1;
        index
    });
    assert_eq!(shown(&judge_at(&changed, &trust, later)), "INDETERMINATE EXPIRED B-B");
    let late = archived(&message, &pki.tsa, "2027-06-01T00:00:00Z", true, |index| index);
    assert_eq!(judge_at(&late, &trust, later).signatures[0].level, "B-T");
    assert_ne!(judge_at(&late, &trust, later).indication, crate::Indication::TotalPassed);
    // Renewed: the older archive's authority has ended, the newer's has not.
    let twice = archived(&message, &pki.short_tsa, "2026-08-02T00:00:00Z", true, |index| index);
    assert_eq!(shown(&judge_at(&twice, &trust, later)), "INDETERMINATE EXPIRED B-B");
    let twice = archived(&twice, &pki.tsa, "2026-09-01T00:00:00Z", true, |index| index);
    assert_eq!(shown(&judge_at(&twice, &trust, later)), "TOTAL-PASSED B-LTA 2026-06-01T12:00:05+00:00");
}

fn openssl(folder: &std::path::Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output().expect("openssl is needed by this test");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&text).into_owned())
}

/// OpenSSL's own authority of time, and OpenSSL's word on tokens that are made here.
#[test]
fn tokens_of_openssl_pass_and_openssl_takes_the_tokens_of_the_tests() {
    let pki = pki();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    put("tsa.pem", pki.tsa.pem().as_bytes());
    put("tsa.key", pki.tsa.key.serialize_pem().as_bytes());
    put("root.pem", pki.root.pem().as_bytes());
    put("serial", b"01\n");
    let configuration = "[tsa]\ndefault_tsa=it\n[it]\nserial=serial\nsigner_cert=tsa.pem\nsigner_key=tsa.key\nsigner_digest=sha256\n\
        default_policy=1.2.3.4.5\ndigests=sha256,sha384\naccuracy=secs:1,millisecs:500,microsecs:100\nordering=yes\ntsa_name=yes\n\
        ess_cert_id_chain=no\ness_cert_id_alg=sha256\n";
    put("ts.cnf", configuration.as_bytes());
    let run = |arguments: &[&str]| {
        let (is_done, text) = openssl(folder.path(), arguments);
        assert!(is_done, "{arguments:?}\n{text}");
    };
    let message = plain();
    put("signature", &signature_of(&message));
    for request in [&["-sha256", "-cert"][..], &["-sha384", "-cert", "-no_nonce"], &["-sha256"]] {
        run(&[&["ts", "-query", "-data", "signature", "-out", "request"][..], request].concat());
        run(&["ts", "-reply", "-queryfile", "request", "-config", "ts.cnf", "-token_out", "-out", "token"]);
        run(&[
            "ts",
            "-verify",
            "-data",
            "signature",
            "-in",
            "token",
            "-token_in",
            "-CAfile",
            "root.pem",
            "-untrusted",
            "tsa.pem",
        ]);
        let token = std::fs::read(folder.path().join("token")).unwrap();
        let mut trust = forge::trust();
        trust.add_intermediates(&pki.tsa.certificate.der).unwrap();
        let judged = judge_enclosing(&stamped(&message, |_| token.clone()), &trust, &policy(), at("2040-01-01T00:00:00Z"));
        let verdict = &judged.signatures[0].timestamps[0];
        assert!(verdict.proves.is_some() && verdict.time.is_some());
        let codes: Vec<&str> = verdict.findings.iter().map(|finding| finding.code.as_str()).collect();
        // At a moment when OpenSSL's clock has passed, only the digests' end of life is left to say.
        assert!(codes.iter().all(|code| ["SIG-ALGORITHM", "SIG-REVOCATION-UNKNOWN"].contains(code)), "{codes:?}");
        let judged = judge_enclosing(&stamped(&message, |_| token.clone()), &trust, &policy(), at("2035-12-31T00:00:00Z"));
        assert_eq!(judged.signatures[0].level, "B-T", "{request:?} {:#?}", judged.signatures[0].timestamps);
    }
    put("token", &token(&pki.tsa, &signature_of(&message), JUNE));
    let verify =
        ["ts", "-verify", "-data", "signature", "-in", "token", "-token_in", "-CAfile", "root.pem", "-untrusted", "tsa.pem"];
    run(&verify);
    put("token", &token(&pki.tsa, b"another", JUNE));
    assert!(!openssl(folder.path(), &verify).0);
    put("token", &token(&pki.loose_tsa, &signature_of(&message), JUNE));
    assert!(!openssl(folder.path(), &verify).0);
}
