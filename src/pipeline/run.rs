//! The month's run: every account that was supplied in a period and is not billed yet becomes an invoice, or findings.
//!
//! The rows of the run are the queue: a run that was broken off goes on where it stood, several daemons share it, and an
//! account is billed once however often it is met.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_billing::MissingReadings;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::limits::ITEM_ATTEMPTS;
use oblik_domain::period::Period;
use oblik_domain::states::RunAccountState;
use oblik_store::{Claimed, Lease, Result, RunOutcome, RunWork, Tx};

use crate::House;
use crate::bill::draft_for_unbilled;
use crate::calculate::{Answered, Asked, Calculated, Question, calculate_each};
use crate::month::broke;
use crate::station::{Station, Trouble};

/// How long an act is waited for that is about to be registered.
const ACT_TAKES: TimeDelta = TimeDelta::seconds(20);

pub(crate) struct Run;

/// What one account of the run came to.
pub(crate) enum Settled {
    /// It has this invoice already (E7).
    Billed(i64),
    Calculated(Box<Answered>),
}

impl Station for Run {
    type Work = RunWork;
    type Answer = Settled;
    const NAME: &'static str = "run";

    async fn claim(&self, tx: &mut Tx, lease: &Lease, most: i64) -> Result<Vec<Claimed<RunWork>>> {
        tx.claim_run_accounts(lease, most).await
    }

    async fn ask(&self, house: &House, claimed: &[Claimed<RunWork>]) -> Result<Vec<std::result::Result<Settled, Trouble>>> {
        let mut tx = house.store.read().await?;
        let known = tx.knowledge().await?;
        let mut contracts: BTreeMap<Period, Vec<ContractNumber>> = BTreeMap::new();
        for RunWork { contract, period, .. } in claimed.iter().map(|claim| &claim.work) {
            contracts.entry(*period).or_default().push(contract.clone());
        }
        let mut billed = BTreeMap::new();
        for (period, contracts) in contracts {
            let invoices = tx.billed_accounts(&contracts, period).await?;
            billed.extend(invoices.into_iter().map(|(contract, invoice)| ((contract, period), invoice)));
        }
        let found: Vec<Option<i64>> =
            claimed.iter().map(|claim| billed.get(&(claim.work.contract.clone(), claim.work.period)).copied()).collect();
        let unbilled =
            claimed.iter().zip(&found).filter(|(_, invoice)| invoice.is_none()).map(|(claim, _)| question(&claim.work));
        let questions: Vec<Question> = unbilled.collect();
        let calculated = calculate_each(house, &mut tx, &questions).await?;
        tx.roll_back().await?;
        let mut calculated = questions.into_iter().zip(calculated);
        let answers = found.into_iter().map(|invoice| match (invoice, invoice.is_none().then(|| calculated.next()).flatten()) {
            (Some(invoice), _) => Ok(Settled::Billed(invoice)),
            (None, Some((question, answer))) => {
                answer.map(|calculated| Settled::Calculated(Box::new(Answered { question, known: known.clone(), calculated })))
            }
            (None, None) => Err(Trouble::retry("an account of the run without its answer")),
        });
        Ok(answers.collect())
    }

    async fn commit(&self, house: &House, tx: &mut Tx, claim: &Claimed<RunWork>, settled: &Settled) -> Result<()> {
        let now = house.now();
        let RunWork { contract, period, run, .. } = &claim.work;
        let answered = match settled {
            Settled::Billed(invoice) => {
                tx.settle_run_account(claim, &RunOutcome::Skipped { invoice: Some(*invoice) }, now).await?;
                return tx.finish_run(*run, now).await.map(drop);
            }
            Settled::Calculated(answered) => answered,
        };
        let calculated = answered.as_known_now(house, tx).await?;
        let under_way = [Finding::error(Code::ActUnderWay).with("contract", contract).with("period", period)];
        let outcome = match &*calculated {
            Calculated::Bill(ready) => {
                // The account's period may have been billed since we asked.
                let billed = tx.billed_accounts(std::slice::from_ref(contract), *period).await?.into_values().next();
                if billed.is_some() {
                    RunOutcome::Skipped { invoice: billed }
                } else if tx.act_under_way(contract, *period).await? {
                    // What its customer signed goes before what others read, or nobody did.
                    if claim.attempt < ITEM_ATTEMPTS {
                        return self.put_back(tx, claim, now + ACT_TAKES).await;
                    }
                    RunOutcome::Refused { findings: &under_way }
                } else {
                    let invoice = draft_for_unbilled(house, tx, ready, now).await?;
                    RunOutcome::Billed { invoice, notes: &ready.notes }
                }
            }
            Calculated::Refused(findings) => RunOutcome::Refused { findings },
            Calculated::Waits | Calculated::NotSupplied | Calculated::UnknownAccount => RunOutcome::Skipped { invoice: None },
        };
        tx.settle_run_account(claim, &outcome, now).await?;
        tx.finish_run(*run, now).await.map(drop)
    }

    /// What cannot be calculated however often it is tried is refused: a run ends.
    async fn put_back(&self, tx: &mut Tx, claim: &Claimed<RunWork>, due: DateTime<Utc>) -> Result<()> {
        if claim.attempt < ITEM_ATTEMPTS {
            return tx.put_back::<RunAccountState, _>(claim, due).await;
        }
        let findings = [broke(&claim.work.contract, claim.work.period)];
        tx.settle_run_account(claim, &RunOutcome::Refused { findings: &findings }, due).await?;
        tx.finish_run(claim.work.run, due).await.map(drop)
    }

    async fn item(&self, _: &mut Tx, _: &Claimed<RunWork>) -> Result<Option<i64>> {
        Ok(None)
    }
}

fn question(work: &RunWork) -> Question {
    let missing = if work.estimates { MissingReadings::Estimate } else { MissingReadings::Refuse };
    Question::new(&work.contract, work.period, Asked::ByRun, missing)
}
