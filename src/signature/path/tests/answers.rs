//! OCSP answers that a sound responder never gives.

use super::world::{Answer, World, authority, extension, generalized, good, november, party, response, revoked, strange};
use crate::asn1::{context_primitive, write};
use crate::oids;

const PASSED: &str = "PASSED";
const REVOKED: &str = "REVOKED SIG-REVOKED";
const SUSPENDED: &str = "TRY_LATER SIG-SUSPENDED";
const UNKNOWN: &str = "TRY_LATER SIG-REVOCATION-UNKNOWN";
const DAY: &str = "2026-11-02";

fn judged(make: impl FnOnce(&World) -> Vec<u8>) -> String {
    let mut world = World::new(|_| ());
    let der = make(&world);
    world.material.add_ocsp_response(&der);
    world.now()
}

fn answered(change: impl FnOnce(&mut Answer)) -> String {
    judged(|world| {
        let mut answer = Answer::of(world, good());
        change(&mut answer);
        response(&[answer], &world.root, &[])
    })
}

#[test]
fn an_answer_is_about_a_certificate_by_digest_name_key_and_serial_number() {
    assert_eq!(answered(|_| ()), PASSED);
    assert_eq!(answered(|answer| answer.name[0] ^= 1), UNKNOWN);
    assert_eq!(answered(|answer| answer.key[0] ^= 1), UNKNOWN);
    assert_eq!(answered(|answer| answer.serial += 1), UNKNOWN);
    assert_eq!(answered(|answer| answer.digest = oids::SHA256), UNKNOWN);
    assert_eq!(answered(|answer| answer.digest = oids::RSA), UNKNOWN);
    let sha256 = |world: &World| Answer::digested(world, good(), crate::Digest::Sha256, oids::SHA256);
    assert_eq!(judged(|world| response(&[sha256(world)], &world.root, &[])), PASSED);
    assert_eq!(judged(|world| response(&[sha256(world)], &party(authority("ЦСК"), None), &[])), UNKNOWN);
}

#[test]
fn a_response_that_contradicts_itself_says_nothing() {
    let said = |statuses: &[Vec<u8>]| {
        judged(|world| {
            let answers: Vec<Answer> = statuses.iter().map(|status| Answer::of(world, status.clone())).collect();
            response(&answers, &world.root, &[])
        })
    };
    let unknown = write::element(context_primitive(2), &[]);
    for (statuses, expected) in [
        (vec![good()], PASSED),
        (vec![good(), good()], PASSED),
        (vec![good(), revoked(DAY)], UNKNOWN),
        (vec![revoked(DAY), good()], UNKNOWN),
        (vec![revoked(DAY), revoked("2026-11-03")], UNKNOWN),
        (vec![revoked(DAY)], REVOKED),
        (vec![good(), unknown.clone()], UNKNOWN),
        (vec![unknown], UNKNOWN),
        (vec![], UNKNOWN),
    ] {
        assert_eq!(said(&statuses), expected, "{statuses:02x?}");
    }
}

#[test]
fn critical_extensions_that_are_not_known_make_an_answer_worthless() {
    for (is_critical, expected) in [(true, UNKNOWN), (false, PASSED)] {
        assert_eq!(answered(|answer| answer.extensions = strange(is_critical)), expected);
        let whole = judged(|world| response(&[Answer::of(world, good())], &world.root, &strange(is_critical)));
        assert_eq!(whole, expected);
    }
    let extended = extension(&oids::OCSP_EXTENDED_REVOKE, true, &[5, 0]);
    assert_eq!(judged(|world| response(&[Answer::of(world, good())], &world.root, &extended)), PASSED);
}

#[test]
fn an_archive_cutoff_reaches_back_and_no_further() {
    for (cutoff, expected) in [
        (None, "OUT_OF_BOUNDS_NO_POE SIG-REVOCATION-UNKNOWN"),
        (Some("2026-11-08"), PASSED),
        (Some("2026-11-09"), "OUT_OF_BOUNDS_NO_POE SIG-REVOCATION-UNKNOWN"),
    ] {
        let mut world = World::new(|params| params.not_after = rcgen::date_time_ymd(2026, 11, 8));
        let mut answer = Answer::of(&world, good());
        if let Some(cutoff) = cutoff {
            answer.extensions = extension(&oids::OCSP_ARCHIVE_CUTOFF, false, &generalized(cutoff));
        }
        let der = response(&[answer], &world.root, &[]);
        world.material.add_ocsp_response(&der);
        assert_eq!(world.shown("2026-11-05", "2026-11-20"), expected, "{cutoff:?}");
    }
}

#[test]
fn of_lists_and_answers_the_gravest_counts_then_the_fresher() {
    let both = |list: super::world::List, status: Vec<u8>| {
        let mut world = World::new(|_| ()).with(&list);
        let der = response(&[Answer::of(&world, status)], &world.root, &[]);
        world.material.add_ocsp_response(&der);
        world.now()
    };
    // The answer is of 19 November, noon.
    let newer = || november().of("2026-11-20", Some("2026-12-01"));
    for (case, list, status, expected) in [
        ("both good", november(), good(), PASSED),
        ("revoked by the list", november().revoking(DAY, None), good(), REVOKED),
        ("revoked by the answer", november(), revoked(DAY), REVOKED),
        ("held before the answer", november().revoking(DAY, Some(6)), good(), PASSED),
        ("held after the answer", newer().revoking(DAY, Some(6)), good(), SUSPENDED),
        ("ended list, good answer", november().of("2026-10-01", Some("2026-10-02")), good(), PASSED),
    ] {
        assert_eq!(both(list, status), expected, "{case}");
    }
}
