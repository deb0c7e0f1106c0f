//! The month's run as a queue.

use super::samples::*;
use super::*;

async fn three_accounts(store: &Store) -> Run {
    let records = [1, 2, 3].map(|number| record(number, vec![point(number, usize::try_from(number).unwrap(), &[])]));
    put_accounts(store, &records).await;
    let mut tx = store.begin("test").await.unwrap();
    let run = tx.begin_run(month("2026-10"), "olena", true, now()).await.unwrap();
    tx.commit().await.unwrap();
    run
}

async fn draft(tx: &mut Tx, of: u32) -> i64 {
    let number = tx.next_invoice_number("ОЕ", 2026).await.unwrap();
    let record = tx.account_record(&contract(of)).await.unwrap().unwrap();
    let invoice = invoice(&record, "2026-10", number, 600, None);
    tx.draft_invoice(&InvoiceDraft { act_id: None, companion_of: None, invoice: &invoice }, now()).await.unwrap()
}

#[test]
fn a_run_goes_on_where_it_was_broken_off() {
    on_both(|store| async move {
        let run = three_accounts(&store).await;
        assert_eq!((run.period, run.asked_by.as_str(), run.estimates, run.finished_at), (month("2026-10"), "olena", true, None));
        let mut tx = store.begin("test").await.unwrap();
        let claimed = tx.claim_run_accounts(&lease("one", now()), 2).await.unwrap();
        let work = |contract| RunWork { contract, run: run.id, period: month("2026-10"), estimates: true };
        assert_eq!(claimed.iter().map(|claim| claim.work.clone()).collect::<Vec<_>>(), [work(contract(1)), work(contract(2))]);
        let invoice = draft(&mut tx, 1).await;
        let notes = [Finding::information(Code::OutOfRange)];
        let billed = tx.settle_run_account(&claimed[0], &RunOutcome::Billed { invoice, notes: &notes }, now()).await.unwrap();
        assert_eq!(billed, RunAccountState::Billed);
        let findings = [Finding::error(Code::ReadingsIncomplete).with("register", "M2"), Finding::warning(Code::OutOfRange)];
        tx.settle_run_account(&claimed[1], &RunOutcome::Refused { findings: &findings }, now()).await.unwrap();
        assert_eq!(tx.run_progress(run.id).await.unwrap(), RunProgress { due: 1, billed: 1, refused: 1, skipped: 0 });
        assert!(!tx.finish_run(run.id, now()).await.unwrap(), "something is due");
        let refusals = tx.run_refusals(run.id, 0, 10).await.unwrap();
        assert_eq!((refusals.len(), &refusals[0].contract, refusals[0].findings.as_slice()), (1, &contract(2), &findings[..]));
        assert!(tx.run_refusals(run.id, refusals[0].id, 10).await.unwrap().is_empty());
        // Asked again, with an account that is new since: the same run, what was refused is due again, what was billed is not.
        let item = item_of(&mut tx).await;
        tx.put_account(&record(4, vec![point(4, 4, &[])]), item, now()).await.unwrap();
        let again = tx.begin_run(month("2026-10"), "petro", false, now()).await.unwrap();
        assert_eq!(again, run);
        assert_eq!(tx.run_progress(run.id).await.unwrap(), RunProgress { due: 3, billed: 1, refused: 0, skipped: 0 });
        let rest = tx.claim_run_accounts(&lease("one", now()), 10).await.unwrap();
        assert_eq!(rest.iter().map(|claim| claim.work.contract.clone()).collect::<Vec<_>>(), [2, 3, 4].map(contract));
        for claim in &rest {
            tx.settle_run_account(claim, &RunOutcome::Skipped { invoice: None }, now()).await.unwrap();
        }
        assert!(tx.finish_run(run.id, now() + TimeDelta::hours(1)).await.unwrap());
        assert!(!tx.finish_run(run.id, now() + TimeDelta::hours(2)).await.unwrap());
        assert_eq!((tx.open_run(month("2026-10")).await.unwrap(), tx.open_runs().await.unwrap()), (None, vec![]));
        let ended = tx.last_run(month("2026-10")).await.unwrap().unwrap();
        assert_eq!((ended.id, ended.finished_at), (run.id, Some(now() + TimeDelta::hours(1))));
        assert_eq!(tx.run(run.id).await.unwrap(), Some(ended));
        // Asked once more, it is another run.
        let next = tx.begin_run(month("2026-10"), "petro", false, now()).await.unwrap();
        assert!(next.id > run.id && !next.estimates);
        assert_eq!(tx.runs(1).await.unwrap(), std::slice::from_ref(&next));
        assert_eq!(tx.runs(9).await.unwrap().iter().map(|run| run.id).collect::<Vec<_>>(), [next.id, run.id]);
        tx.commit().await.unwrap();
    });
}

async fn item_of(tx: &mut Tx) -> i64 {
    let receipt = tx.receive(&mail("file", b"a file")).await.unwrap();
    match receipt {
        Receipt::New(id) | Receipt::Duplicate(id) => id,
    }
}

#[test]
fn an_account_of_a_run_belongs_to_one_daemon_at_a_time() {
    on_both(|store| async move {
        three_accounts(&store).await;
        let mut tx = store.begin("test").await.unwrap();
        let early = tx.claim_run_accounts(&lease("one", now()), 2).await.unwrap();
        let other = tx.claim_run_accounts(&lease("two", now()), 10).await.unwrap();
        assert_eq!((early.len(), other.len()), (2, 1));
        // The lease has run out; what was tried before is claimed alone.
        let late = now() + TimeDelta::seconds(61);
        assert!(tx.claim_run_accounts(&lease("two", late), 10).await.unwrap().is_empty());
        let taken = tx.claim_run_accounts(&lease("two", late), 1).await.unwrap();
        assert_eq!((taken[0].id, taken[0].attempt), (early[0].id, 2));
        let lost = tx.settle_run_account(&early[0], &RunOutcome::Refused { findings: &[] }, late).await;
        assert!(matches!(lost, Err(StoreError::LeaseLost { .. })), "{lost:?}");
        tx.settle_run_account(&taken[0], &RunOutcome::Refused { findings: &[] }, late).await.unwrap();
        let twice = tx.settle_run_account(&taken[0], &RunOutcome::Refused { findings: &[] }, late).await;
        assert!(matches!(twice, Err(StoreError::LeaseLost { .. })), "{twice:?}");
        // Given back, it is due at its time.
        let again = tx.claim_run_accounts(&lease("two", late), 1).await.unwrap();
        tx.put_back::<RunAccountState, _>(&again[0], late + TimeDelta::minutes(5)).await.unwrap();
        let left = tx.claim_run_accounts(&lease("two", late), 1).await.unwrap();
        assert!(left.iter().all(|claim| claim.id != again[0].id));
        tx.commit().await.unwrap();
    });
}

#[test]
fn a_period_has_one_open_run() {
    on_both(|store| async move {
        let run = three_accounts(&store).await;
        let mut tx = store.begin("test").await.unwrap();
        let other = tx.begin_run(month("2026-11"), "olena", false, now()).await.unwrap();
        assert_eq!(tx.open_runs().await.unwrap(), [run.clone(), other]);
        assert_eq!(tx.retry_refused(run.id, now()).await.unwrap(), 0);
        tx.commit().await.unwrap();
        let mut tx = store.begin("test").await.unwrap();
        let second = "INSERT INTO billing_run (period, asked_by, estimates, started_at) VALUES (24321, 'x', 0, 0)";
        assert_eq!(month("2026-10").ordinal(), 24321);
        assert!(tx.raw(second).await.is_err());
    });
}
