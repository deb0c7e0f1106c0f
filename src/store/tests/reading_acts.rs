//! Acts that are made: one holds at a time, what is issued stays, and who is late with readings of before loses the claim.

use oblik_domain::states::{ReadingActEvent, ReadingActState};

use super::samples::*;
use super::*;

fn made(version: i64) -> MadeAct<'static> {
    MadeAct { version, stated: "same", xml: b"<act/>", pdf: b"%PDF", by: None, at: now() }
}

#[test]
fn readings_make_one_row_to_look_at_and_each_version_voids_the_one_before() {
    on_both(|store| async move {
        let item = put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        let (own, october) = (contract(1), month("2026-10"));
        for version in [1, 2] {
            let mut tx = store.begin("test").await.unwrap();
            tx.put_reading(&reading(0, "M0", "2026-10", version), item, now()).await.unwrap();
            for _ in 0..2 {
                tx.note_readings(&own, october, now()).await.unwrap();
            }
            tx.commit().await.unwrap();
            let mut tx = store.begin("test").await.unwrap();
            let claimed = tx.claim_reading_acts(&lease("one", now()), 64).await.unwrap();
            assert_eq!(claimed.len(), 1, "noted twice, looked at once");
            assert!(tx.claim_reading_acts(&lease("two", now()), 64).await.unwrap().is_empty());
            let acts = tx.reading_acts_of(&own, october).await.unwrap();
            let holding = acts.iter().find(|act| act.holds());
            assert_eq!(holding.and_then(|act| act.version), (version > 1).then_some(version - 1));
            tx.put_reading_act(&claimed[0], &made(version), holding).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut tx = store.begin("test").await.unwrap();
        let acts = tx.reading_acts(&own).await.unwrap();
        let seen: Vec<_> = acts.iter().map(|act| (act.version, act.state)).collect();
        assert_eq!(seen, [(Some(1), ReadingActState::Void), (Some(2), ReadingActState::Issued)]);
        assert_eq!(tx.readings_of_period(&own, october).await.unwrap(), [(reading(0, "M0", "2026-10", 2), now())]);
        // By hand the next one; then nobody changes it.
        tx.put_reading_act_by_hand((&own, october), &made(3), acts.last()).await.unwrap();
        let third = tx.reading_acts(&own).await.unwrap().pop().unwrap();
        tx.step_free(third.id, third.state, ReadingActEvent::SignedCopyRegistered, now()).await.unwrap();
        tx.commit().await.unwrap();
        for sql in [
            "UPDATE reading_act SET pdf_sha256 = (SELECT MAX(sha256) FROM blob WHERE sha256 <> pdf_sha256) WHERE version = 3",
            "UPDATE reading_act SET version = 9 WHERE version = 3",
            "DELETE FROM reading_act WHERE version = 1",
            "UPDATE reading_act SET state = 'issued' WHERE version = 1",
        ] {
            let mut tx = store.begin("test").await.unwrap();
            assert!(tx.raw(sql).await.is_err(), "{sql}");
            tx.roll_back().await.unwrap();
        }
    });
}

#[test]
fn a_claim_is_lost_when_readings_come_and_nothing_to_make_waits_for_the_next() {
    on_both(|store| async move {
        put_accounts(&store, &[record(1, vec![point(1, 0, &[])])]).await;
        let (own, october) = (contract(1), month("2026-10"));
        let mut tx = store.begin("test").await.unwrap();
        tx.note_readings(&own, october, now()).await.unwrap();
        for readings_came in [true, false] {
            let claimed = tx.claim_reading_acts(&lease("one", now()), 64).await.unwrap().remove(0);
            if readings_came {
                tx.note_readings(&own, october, now()).await.unwrap();
            } else {
                tx.disturb_reading_act(&own, october).await.unwrap();
            }
            assert!(tx.no_reading_act(&claimed, "signed", now()).await.is_err());
            assert!(tx.let_reading_act_wait(&claimed, now()).await.is_err());
            assert!(tx.put_reading_act(&claimed, &made(1), None).await.is_err());
            tx.roll_back().await.unwrap();
            tx = store.begin("test").await.unwrap();
            tx.note_readings(&own, october, now()).await.unwrap();
        }
        let claimed = tx.claim_reading_acts(&lease("one", now()), 1).await.unwrap().remove(0);
        tx.let_reading_act_wait(&claimed, now() + TimeDelta::seconds(5)).await.unwrap();
        assert!(tx.claim_reading_acts(&lease("one", now()), 1).await.unwrap().is_empty());
        let later = lease("one", now() + TimeDelta::seconds(5));
        let claimed = tx.claim_reading_acts(&later, 1).await.unwrap().remove(0);
        assert_eq!(claimed.attempt, 1, "waiting is no failed attempt");
        tx.no_reading_act(&claimed, "incomplete", now()).await.unwrap();
        let seen = tx.reading_acts(&own).await.unwrap();
        assert_eq!((seen.len(), seen[0].state, seen[0].reason.as_deref()), (1, ReadingActState::Unneeded, Some("incomplete")));
        // What comes next is looked at in the same row.
        tx.note_readings(&own, october, now()).await.unwrap();
        let seen = tx.reading_acts(&own).await.unwrap();
        assert_eq!((seen.len(), seen[0].state, &seen[0].reason), (1, ReadingActState::Due, &None));
        tx.roll_back().await.unwrap();
    });
}
