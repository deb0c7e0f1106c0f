//! Files that others made, good and bad, and thousands of damaged copies: nothing panics, nothing false passes.

use std::time::Instant;

use oblik_signature::{Indication, Judged, Trust, judge_detached, judge_file, judge_pdf};
use proptest::prelude::*;

use crate::common::{CONTENT, Desk, PASSED, at, files_below, moment, pki, policy, shown, signer, testdata, trust};
use crate::pdf::{customer, plain, supplier};

fn judge(bytes: &[u8]) -> Judged {
    judge_file(bytes, None, &trust(), &policy(), moment())
}

#[test]
fn reference_files_are_judged_without_panic_and_attacks_do_not_pass() {
    let mut count = 0;
    for part in ["pdf", "cms"] {
        let Some(folder) = testdata(part) else { continue };
        for path in files_below(&folder) {
            let bytes = std::fs::read(&path).unwrap();
            let started = Instant::now();
            let judged = judge(&bytes);
            println!(
                "{:60} {:5} ms {}",
                path.strip_prefix(&folder).unwrap().display(),
                started.elapsed().as_millis(),
                shown(&judged)
            );
            // Nobody trusts their roots here.
            assert_ne!(judged.indication, Indication::TotalPassed, "{}", path.display());
            assert!(judged.signed.is_none());
            count += 1;
        }
    }
    println!("{count} reference files judged");
}

/// With every certificate of the file trusted, the attack itself must be what stops it.
#[test]
fn attacking_pdfs_fail_whoever_is_trusted() {
    let Some(folder) = testdata("pdf/dss/validation") else { return };
    for (name, expected) in [
        ("siwa.pdf", "PDF-"),
        ("pdf-byterange-overlap.pdf", "PDF-"),
        ("modified_after_signature.pdf", "PDF-"),
        ("pdf-double-signer-info.pdf", "SIG-FORMAT"),
        ("encrypted.pdf", "PDF-"),
    ] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let judged = judge_pdf(&bytes, &Trust::default(), &policy(), at("2026-11-20T00:00:00Z"));
        let codes: Vec<String> = judged.all_findings().map(|finding| finding.code.to_string()).collect();
        assert!(codes.iter().any(|code| code.starts_with(expected)), "{name}: {codes:?}");
    }
}

fn flipped(bytes: &[u8], flips: &[(usize, u8)]) -> Vec<u8> {
    let mut mutated = bytes.to_vec();
    for (at, mask) in flips {
        let at = at % mutated.len();
        mutated[at] ^= mask;
    }
    mutated
}

fn flips() -> impl Strategy<Value = Vec<(usize, u8)>> {
    prop::collection::vec((any::<usize>(), 1_u8..), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_messages_never_panic(flips in flips(), cut in 0_usize..4000, which in 0_usize..4) {
        static MESSAGES: std::sync::OnceLock<Vec<Vec<u8>>> = std::sync::OnceLock::new();
        let messages = MESSAGES.get_or_init(|| {
            let desk = Desk::new();
            vec![
                desk.cms("rsa", &["-cades"]),
                desk.cms("p256", &["-cades", "-nodetach", "-stream"]),
                desk.cms("p384", &["-md", "sha384"]),
                desk.cms("rsa", &["-keyopt", "rsa_padding_mode:pss", "-outform", "PEM"]),
            ]
        });
        let mutated = flipped(&messages[which], &flips);
        judge(&mutated);
        judge_detached(CONTENT, &mutated, &trust(), &policy(), moment());
        judge_detached(CONTENT, &mutated[..cut.min(mutated.len())], &trust(), &policy(), moment());
    }

    #[test]
    fn damaged_pdfs_never_panic_and_never_pass(flips in flips(), cut in any::<usize>(), twice in any::<bool>()) {
        static FILES: std::sync::OnceLock<[Vec<u8>; 2]> = std::sync::OnceLock::new();
        let files = FILES.get_or_init(|| {
            let one = oblik_signature::pdf::sign(&plain(), &signer(&pki().rsa), &supplier()).unwrap();
            let two = oblik_signature::pdf::sign(&one, &signer(&pki().p256), &customer()).unwrap();
            [one, two]
        });
        let file = &files[usize::from(twice)];
        let _ = oblik_signature::pdf::sign(&flipped(file, &flips), &signer(&pki().p256), &customer());
        let cut = cut % file.len();
        // Cut where an earlier revision ends, with or without its line end, it is that revision: signed, and whole.
        let is_revision = oblik_signature::pdf::revision_ends(file).into_iter().any(|end| (end - 2..=end).contains(&cut));
        prop_assert!(is_revision || judge(&file[..cut]).signed.is_none());
        // The padding after a signature is not signed; whatever else is changed must be noticed.
        let judged = judge(&flipped(file, &flips));
        if let Some(signed) = judged.signed {
            prop_assert_eq!(signed.bytes().len(), file.len());
        }
    }
}

#[test]
fn damaged_reference_files_never_panic() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 11).unwrap()
    };
    for part in ["pdf", "cms", "dstu"] {
        let Some(folder) = testdata(part) else { continue };
        for path in files_below(&folder) {
            let bytes = std::fs::read(&path).unwrap();
            if bytes.is_empty() || bytes.len() > 400_000 {
                continue;
            }
            for _ in 0..10 {
                let flips: Vec<(usize, u8)> = (0..=random() % 8).map(|_| (random(), random().to_le_bytes()[0] | 1)).collect();
                let judged = judge(&flipped(&bytes, &flips));
                assert_ne!(shown(&judged), PASSED, "{}", path.display());
            }
        }
    }
}

/// How long one verdict takes; read it with `--release -- --nocapture`.
#[test]
fn one_verdict_costs_little() {
    let (trust, policy) = (trust(), policy());
    for (name, party) in [("RSA", &pki().rsa), ("P-256", &pki().p256)] {
        let content = vec![7; 88_000];
        let message = signer(party).sign_cms_detached(&content, moment()).unwrap();
        let started = Instant::now();
        let rounds = 200;
        for _ in 0..rounds {
            assert_eq!(shown(&judge_detached(&content, &message, &trust, &policy, moment())), PASSED);
        }
        println!("{name}: {} µs a verdict", started.elapsed().as_micros() / rounds);
    }
}
