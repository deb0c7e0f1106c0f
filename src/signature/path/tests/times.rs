//! What came before the proven time and what came after it.

use super::world::{World, extension, november};
use crate::oids;

const PASSED: &str = "PASSED";
const LATER: &str = "PASSED SIG-REVOKED-LATER";
const REVOKED: &str = "REVOKED SIG-REVOKED";
const EARLY: &str = "2026-11-05";
const UNKNOWN: &str = "TRY_LATER SIG-REVOCATION-UNKNOWN";

#[test]
fn a_revocation_counts_by_whether_it_came_before_the_proven_time() {
    let revoking = |since: &str| World::new(|_| ()).with(&november().revoking(since, Some(1)));
    for (since, proven, moment, expected) in [
        ("2026-11-05T10:00:00Z", "2026-11-05T10:00:01Z", "2026-11-20", REVOKED),
        ("2026-11-05T10:00:00Z", "2026-11-05T10:00:00Z", "2026-11-20", REVOKED),
        ("2026-11-05T10:00:00Z", "2026-11-05T09:59:59Z", "2026-11-20", LATER),
        ("2026-11-05T10:00:00Z", "2026-11-20", "2026-11-20", REVOKED),
        // Announced for a day that has not come.
        ("2026-11-21", "2026-11-20", "2026-11-20", PASSED),
    ] {
        assert_eq!(revoking(since).shown(proven, moment), expected, "{since} {proven}");
    }
    // The key was in other hands before it was reported.
    let invalid = extension(&oids::INVALIDITY_DATE, false, &super::world::generalized("2026-11-02"));
    let world = World::new(|_| ()).with(&november().entry("2026-11-05", &[invalid]));
    assert_eq!(world.shown("2026-11-03", "2026-11-20"), REVOKED);
    assert_eq!(world.shown("2026-11-01T12:00:00Z", "2026-11-20"), LATER);
}

#[test]
fn a_list_counts_when_it_stood_at_the_proven_time_or_came_later() {
    let world = World::new(|_| ()).with(&november());
    for (proven, moment, expected) in [
        ("2026-10-31T23:50:00Z", "2026-10-31T23:50:00Z", UNKNOWN),
        // Clocks may differ by five minutes.
        ("2026-10-31T23:55:00Z", "2026-10-31T23:55:00Z", PASSED),
        ("2026-12-01", "2026-12-01", PASSED),
        ("2026-12-01T00:00:01Z", "2026-12-01T00:00:01Z", UNKNOWN),
        // Proven before the list was made, or while it stood; judged long after.
        ("2026-05-01", "2030-01-01", PASSED),
        ("2026-11-15", "2030-01-01", PASSED),
        ("2027-01-01", "2030-01-01", UNKNOWN),
    ] {
        assert_eq!(world.shown(proven, moment), expected, "{proven} {moment}");
    }
}

#[test]
fn what_has_expired_since_passes_by_what_was_said_while_it_was_valid() {
    let kept = |since| extension(&oids::EXPIRED_CERTS_ON_CRL, false, &super::world::generalized(since));
    let late = || november().of("2026-11-10", Some("2026-12-10"));
    let world = |list: Option<super::world::List>| {
        let world = World::new(|params| params.not_after = rcgen::date_time_ymd(2026, 11, 8));
        match list {
            Some(list) => world.with(&list),
            None => world,
        }
    };
    for (case, list, proven, expected) in [
        ("a list of its validity", Some(november()), EARLY, PASSED),
        ("on its last second", Some(november()), "2026-11-08", PASSED),
        ("a list after its end", Some(late()), EARLY, "OUT_OF_BOUNDS_NO_POE SIG-REVOCATION-UNKNOWN"),
        ("a list that keeps the expired", Some(late().plus(kept("2026-11-08"))), EARLY, PASSED),
        ("kept too late", Some(late().plus(kept("2026-11-09"))), EARLY, "OUT_OF_BOUNDS_NO_POE SIG-REVOCATION-UNKNOWN"),
        ("nothing", None, EARLY, "OUT_OF_BOUNDS_NO_POE SIG-REVOCATION-UNKNOWN"),
        ("proven too late", Some(november()), "2026-11-09", "OUT_OF_BOUNDS_NO_POE SIG-EXPIRED"),
        ("not proven", Some(november()), "2026-11-20", "EXPIRED SIG-EXPIRED"),
        ("proven before it began", Some(november()), "2019-12-31", "NOT_YET_VALID SIG-NOT-YET-VALID,SIG-NOT-YET-VALID"),
    ] {
        assert_eq!(world(list).shown(proven, "2026-11-20"), expected, "{case}");
    }
    // Where nobody asks for a status, the proof alone is enough; where it is asked if available, not.
    let mut world = world(None);
    for (status, expected) in [("off", PASSED), ("if-available", "OUT_OF_BOUNDS_NO_POE SIG-REVOCATION-UNKNOWN")] {
        let text = crate::Policy::embedded().text().replace("\"if-available\"\n", &format!("\"{status}\"\n"));
        world.policy = crate::Policy::parse(&text).unwrap();
        assert_eq!(world.shown(EARLY, "2026-11-20"), expected, "{status}");
    }
}
