//! CMS: every shape OpenSSL writes is read, every mutation is caught, and OpenSSL reads what Oblik signs.

use oblik_signature::{Indication, SignedKind, judge_detached, judge_enclosing, judge_file};

use crate::common::{CONTENT, Desk, EDRPOU, PASSED, RNOKPP, at, detail, moment, pki, policy, shown, signer, trust};

#[test]
fn every_shape_openssl_writes_passes() {
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    for (party, more, format, algorithm) in [
        ("rsa", &[][..], "CMS", "RSA 2048"),
        ("rsa", &["-cades"], "CAdES", "RSA 2048"),
        ("rsa", &["-md", "sha384"], "CMS", "RSA 2048"),
        ("rsa", &["-md", "sha512", "-keyid"], "CMS", "RSA 2048"),
        ("rsa", &["-keyopt", "rsa_padding_mode:pss"], "CMS", "RSA 2048 PSS"),
        ("rsa", &["-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:-1"], "CMS", "RSA 2048 PSS"),
        ("rsa", &["-keyopt", "rsa_padding_mode:pss", "-md", "sha512", "-cades"], "CAdES", "RSA 2048 PSS"),
        ("p256", &["-cades"], "CAdES", "ECDSA P-256"),
        ("p256", &["-md", "sha512"], "CMS", "ECDSA P-256"),
        ("p384", &["-md", "sha384"], "CMS", "ECDSA P-384"),
        ("p384", &["-md", "sha256"], "CMS", "ECDSA P-384"),
        ("p521", &["-md", "sha512"], "CMS", "ECDSA P-521"),
        ("rsa", &["-outform", "PEM"], "CMS", "RSA 2048"),
    ] {
        let message = desk.cms(party, more);
        let judged = judge_detached(CONTENT, &message, &trust, &policy, moment());
        assert_eq!(shown(&judged), PASSED, "{party} {more:?}\n{}", detail(&judged));
        let judgement = &judged.signatures[0];
        assert_eq!((judgement.format, judgement.algorithm.as_str()), (format, algorithm), "{party} {more:?}");
        assert_eq!(judgement.level, if format == "CAdES" { "B-B" } else { "" });
        assert_eq!(judged.signed.unwrap().bytes(), CONTENT);
        assert_eq!(judgement.chain.len(), 3);

        let enclosing = desk.cms(party, &[more, &["-nodetach"][..]].concat());
        let judged = judge_enclosing(&enclosing, &trust, &policy, moment());
        assert_eq!(shown(&judged), PASSED, "enclosing {party} {more:?}\n{}", detail(&judged));
        let signed = judged.signed.unwrap();
        assert_eq!((signed.bytes(), signed.kind()), (CONTENT, SignedKind::PlainContent));
    }
}

#[test]
fn streamed_messages_with_indefinite_lengths_pass() {
    let desk = Desk::new();
    let message = desk.cms("rsa", &["-nodetach", "-stream"]);
    assert_eq!(message.get(..2), Some(&[0x30, 0x80][..]), "openssl wrote no indefinite length");
    let judged = judge_file(&message, None, &trust(), &policy(), moment());
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    assert_eq!(judged.signed.unwrap().bytes(), CONTENT);

    let large: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    desk.put("content", &large);
    let judged = judge_enclosing(&desk.cms("p256", &["-nodetach", "-stream", "-cades"]), &trust(), &policy(), moment());
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));
    assert_eq!(judged.signed.unwrap().bytes(), large);
}

#[test]
fn the_signer_is_told_with_his_codes() {
    let judged = judge_detached(CONTENT, &Desk::new().cms("rsa", &[]), &trust(), &policy(), moment());
    let judgement = &judged.signatures[0];
    assert_eq!(judgement.holder.edrpou.as_ref().unwrap().as_str(), EDRPOU);
    assert_eq!(judgement.holder.rnokpp.as_ref().unwrap().as_str(), RNOKPP);
    assert_eq!(judgement.holder.name, "ТОВ Ромашка");
    assert_eq!(
        judgement.subject,
        format!("serialNumber=TINUA-{RNOKPP}, organizationIdentifier=NTRUA-{EDRPOU}, CN=ТОВ Ромашка, C=UA")
    );
    assert!(judgement.signing_time.is_some());
    assert!(judgement.chain[2].is_anchor && !judgement.chain[0].is_anchor);
}

#[test]
fn each_mutation_has_its_finding() {
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    let message = desk.cms("rsa", &["-cades"]);
    let judge = |content: &[u8], message: &[u8]| shown(&judge_detached(content, message, &trust, &policy, moment()));
    let replaced = |from: &[u8], to: &[u8]| {
        let at = message.windows(from.len()).position(|window| window == from).expect("the message holds what is replaced");
        let mut mutated = message.clone();
        mutated[at..at + to.len()].copy_from_slice(to);
        mutated
    };
    let changed_at_end = |back: usize| {
        let mut mutated = message.clone();
        let at = mutated.len() - back;
        mutated[at] ^= 1;
        mutated
    };

    assert_eq!(judge(CONTENT, &message), PASSED);
    // Content.
    assert_eq!(judge(b"other", &message), "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED");
    assert_eq!(judge(b"", &message), "TOTAL-FAILED HASH_FAILURE SIG-TAMPERED");
    // Signature value: it is the last thing in the message.
    assert_eq!(judge(CONTENT, &changed_at_end(1)), "TOTAL-FAILED SIG_CRYPTO_FAILURE SIG-INVALID");
    // Signing time inside the signed attributes: 26... becomes 27...
    let time = [&[0x17, 0x0d][..], &b"26"[..]].concat();
    let time_of_signing = message.windows(4).rposition(|window| window == time);
    if let Some(at) = time_of_signing {
        let mut mutated = message.clone();
        mutated[at + 3] = b'7';
        assert_eq!(judge(CONTENT, &mutated), "TOTAL-FAILED SIG_CRYPTO_FAILURE SIG-INVALID");
    }
    // The signer's name in his certificate: the reference to it and the issuer's signature both break.
    let mutated = replaced("ТОВ Ромашка".as_bytes(), "ТОВ Ромазка".as_bytes());
    assert_eq!(judge(CONTENT, &mutated), "INDETERMINATE CERTIFICATE_CHAIN_GENERAL_FAILURE SIG-ATTRIBUTES,SIG-CHAIN",);
    // messageDigest becomes another attribute.
    let mutated = replaced(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 4], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x7f]);
    assert_eq!(judge(CONTENT, &mutated), "TOTAL-FAILED FORMAT_FAILURE SIG-ATTRIBUTES,SIG-INVALID");
    // contentType becomes another attribute.
    let mutated = replaced(&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 3], &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 0x7f]);
    assert_eq!(judge(CONTENT, &mutated), "TOTAL-FAILED FORMAT_FAILURE SIG-ATTRIBUTES,SIG-INVALID");
    // Cut short, and followed by more.
    assert_eq!(judge(CONTENT, &message[..message.len() - 1]), "TOTAL-FAILED FORMAT_FAILURE SIG-FORMAT");
    assert_eq!(judge(CONTENT, &[&message[..], b"more"].concat()), "TOTAL-FAILED FORMAT_FAILURE SIG-FORMAT");
    assert_eq!(judge(CONTENT, &[&message[..], b"\r\n"].concat()), PASSED);
    assert_eq!(judge(CONTENT, b""), "TOTAL-FAILED FORMAT_FAILURE SIG-FORMAT");
}

#[test]
fn what_is_attached_wrongly_is_refused() {
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    let enclosing = desk.cms("rsa", &["-nodetach"]);
    let judged = judge_detached(CONTENT, &enclosing, &trust, &policy, moment());
    assert_eq!(shown(&judged), "TOTAL-FAILED FORMAT_FAILURE SIG-FORMAT");
    let judged = judge_enclosing(&desk.cms("rsa", &[]), &trust, &policy, moment());
    assert_eq!(shown(&judged), "INDETERMINATE SIGNED_DATA_NOT_FOUND MAIL-SIGNATURE-ALONE");
    for nothing in [&b"plain text"[..], b"", b"PK\x03\x04", b"0\x82"] {
        let judged = judge_file(nothing, None, &trust, &policy, moment());
        assert_eq!(shown(&judged), "INDETERMINATE NO_SIGNATURE SIG-MISSING");
        assert!(judged.signed.is_none());
    }
}

#[test]
fn signatures_that_policy_refuses_are_told_by_algorithm() {
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    for (more, sub_indication) in [
        (&["-md", "sha1"][..], "CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"),
        (&["-md", "md5"], "CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"),
        (&["-noattr"], "SIG_CONSTRAINTS_FAILURE SIG-ATTRIBUTES"),
    ] {
        let judged = judge_detached(CONTENT, &desk.cms("rsa", more), &trust, &policy, moment());
        assert_eq!(shown(&judged), format!("INDETERMINATE {sub_indication}"), "{more:?} {}", detail(&judged));
        assert!(judged.signed.is_none());
    }
    // The same digest, once it is out of date.
    let judged = judge_detached(CONTENT, &desk.cms("rsa", &[]), &trust, &policy, at("2036-01-01T00:00:00Z"));
    assert!(shown(&judged).starts_with("INDETERMINATE CRYPTO_CONSTRAINTS_FAILURE SIG-ALGORITHM"), "{}", shown(&judged));
}

#[test]
fn the_worst_of_several_signers_decides() {
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    let two = desk.cms("rsa", &["-signer", "p256.pem", "-inkey", "p256.key"]);
    let judged = judge_detached(CONTENT, &two, &trust, &policy, moment());
    assert_eq!(judged.signatures.len(), 2);
    assert_eq!(shown(&judged), PASSED, "{}", detail(&judged));

    // The last signature in the message is broken: one passes, one fails, the file fails.
    let mut broken = two.clone();
    let last = broken.len() - 1;
    broken[last] ^= 1;
    let judged = judge_detached(CONTENT, &broken, &trust, &policy, moment());
    assert_eq!(judged.indication, Indication::TotalFailed);
    assert_eq!(judged.signatures.iter().filter(|each| each.indication == Indication::TotalPassed).count(), 1);
    assert!(judged.signed.is_none());
}

#[test]
fn openssl_verifies_what_oblik_signs() {
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    let signing_time = at("2026-11-20T11:59:00Z");
    for (party, name) in [(&pki().rsa, "rsa"), (&pki().p256, "p256"), (&pki().p384, "p384")] {
        let signer = signer(party);
        let message = signer.sign_cms_detached(CONTENT, signing_time).unwrap();
        desk.put("ours", &message);
        desk.run(
            "openssl",
            &[
                "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "ours", "-content", "content", "-CAfile",
                "root.pem", "-out", "out", "-purpose", "any",
            ],
        );
        let judged = judge_detached(CONTENT, &message, &trust, &policy, moment());
        assert_eq!(shown(&judged), PASSED, "{name} {}", detail(&judged));
        let judgement = &judged.signatures[0];
        assert_eq!((judgement.format, judgement.level, judgement.signing_time), ("CAdES", "B-B", Some(signing_time)));

        let message = signer.sign_cms_enclosing(CONTENT, signing_time).unwrap();
        desk.put("ours", &message);
        desk.run(
            "openssl",
            &[
                "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "ours", "-CAfile", "root.pem", "-out", "out",
                "-purpose", "any",
            ],
        );
        assert_eq!(desk.get("out"), CONTENT);
        assert_eq!(shown(&judge_file(&message, None, &trust, &policy, moment())), PASSED);
    }
    let signer = signer(&pki().rsa);
    let once = signer.sign_cms_detached(CONTENT, signing_time).unwrap();
    assert_eq!(once, signer.sign_cms_detached(CONTENT, signing_time).unwrap());
}

#[test]
fn evidence_repeats_the_verdict_and_only_for_what_was_judged() {
    use oblik_signature::evidence::Evidence;
    let desk = Desk::new();
    let (trust, policy) = (trust(), policy());
    let message = desk.cms("rsa", &["-cades"]);
    for content in [CONTENT, b"other"] {
        let judged = judge_detached(content, &message, &trust, &policy, moment());
        let evidence = Evidence::from_bytes(&Evidence::of(&judged, &message, Some(content)).to_bytes()).unwrap();
        let repeated = evidence.repeat(&message, Some(content), &policy).unwrap();
        assert_eq!(shown(&repeated), shown(&judged));
        assert_eq!(repeated.signatures[0].findings, judged.signatures[0].findings);
        assert!(evidence.repeat(&message, Some(b"third"), &policy).is_err());
        assert!(evidence.repeat(b"x", Some(content), &policy).is_err());
        assert_eq!(evidence.cms().unwrap().unwrap(), message);
    }
}

#[test]
fn the_report_has_the_shape_others_rely_on() {
    let judged = judge_detached(CONTENT, &Desk::new().cms("rsa", &["-cades"]), &trust(), &policy(), moment());
    let report = oblik_signature::report::report(&judged, |finding| finding.code.to_string());
    let json = serde_json::to_value(report).unwrap();
    assert_eq!(json["indication"], "TOTAL-PASSED");
    assert!(json["sub_indication"].is_null());
    let signature = &json["signatures"][0];
    for key in [
        "format",
        "level",
        "signer",
        "algorithm",
        "digest",
        "signing_time",
        "timestamp_time",
        "covers",
        "indication",
        "sub_indication",
        "findings",
        "chain",
    ] {
        assert!(signature.get(key).is_some(), "{key}");
    }
    assert_eq!(signature["signer"]["edrpou"], EDRPOU);
    assert_eq!(signature["signer"]["rnokpp"], RNOKPP);
    assert_eq!(signature["chain"].as_array().unwrap().len(), 3);
}
