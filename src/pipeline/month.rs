//! The month's run as a whole: begun, looked at, or only tried.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use oblik_billing::MissingReadings;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::money::Kopiykas;
use oblik_domain::period::{Period, kyiv_day};
use oblik_store::{Result, Run};
use serde_json::json;

use crate::House;
use crate::calculate::{Asked, Calculated, Question, calculate_each};

/// Accounts tried at once: enough to keep all cores busy between two looks at the database.
const BATCH: usize = 256;

/// What the run does with an account that lacks readings, as the configuration says.
pub fn missing_readings(house: &House) -> MissingReadings {
    match house.config.billing.without_readings {
        oblik_config::WithoutReadings::Refuse => MissingReadings::Refuse,
        oblik_config::WithoutReadings::Estimate => MissingReadings::Estimate,
    }
}

/// Begins a month's run, or goes on with the one that is open. The station `run` does the work, here or in a daemon.
///
/// # Errors
/// The store failed.
pub async fn begin_run(house: &House, period: Period, missing: MissingReadings, who: &str) -> Result<Run> {
    let mut tx = house.store.begin("begin run").await?;
    let now = house.now();
    let is_new = tx.open_run(period).await?.is_none();
    let run = tx.begin_run(period, who, missing == MissingReadings::Estimate, now).await?;
    let event = if is_new { "run begun" } else { "run taken up again" };
    let detail = json!({ "who": who, "period": period.to_string(), "estimates": run.estimates });
    tx.journal(now, event, "run", run.id, &detail);
    tx.commit().await?;
    Ok(run)
}

/// Begins the run that the schedule asked for at `came`: of the month before, unless one was begun for it already, by an
/// operator or another daemon.
///
/// # Errors
/// The store failed.
pub async fn begin_scheduled_run(house: &House, came: DateTime<Utc>) -> Result<Option<Run>> {
    let Some(period) = month_before(came) else { return Ok(None) };
    let mut tx = house.store.read().await?;
    let last = tx.last_run(period).await?;
    tx.roll_back().await?;
    match last {
        Some(_) => Ok(None),
        None => begin_run(house, period, missing_readings(house), "schedule").await.map(Some),
    }
}

/// The month before the one that `moment` lies in, by the calendar of Europe/Kyiv.
fn month_before(moment: DateTime<Utc>) -> Option<Period> {
    Period::from_ordinal(Period::of(kyiv_day(moment))?.ordinal() - 1)
}

/// Ends runs of which nothing is due any more. Two daemons that settle the last accounts together each see the other's as due.
///
/// # Errors
/// The store failed.
pub async fn finish_runs(house: &House) -> Result<()> {
    let mut tx = house.store.read().await?;
    let open = tx.open_runs().await?;
    tx.roll_back().await?;
    for run in open {
        let mut tx = house.store.begin("finish run").await?;
        if tx.finish_run(run.id, house.now()).await? {
            tx.commit().await?;
        } else {
            tx.roll_back().await?;
        }
    }
    Ok(())
}

/// What a month would come to.
#[derive(Debug, Clone, Default)]
pub struct MonthTotals {
    /// Accounts looked at.
    pub accounts: usize,
    pub billed: usize,
    pub refused: usize,
    /// Billed already, or not supplied in the period.
    pub skipped: usize,
    pub net: Kopiykas,
    pub vat: Kopiykas,
    pub total: Kopiykas,
    /// How many accounts have each finding.
    pub codes: BTreeMap<Code, usize>,
    pub refusals: Vec<(ContractNumber, Vec<Finding>)>,
}

/// Calculates a month for every account; nothing is stored. `look` hears how many are done, of how many.
///
/// # Errors
/// The store failed.
pub async fn preview_run(
    house: &House,
    period: Period,
    missing: MissingReadings,
    look: &mut (dyn FnMut(usize, usize) + Send),
) -> Result<MonthTotals> {
    let mut totals = MonthTotals::default();
    let mut tx = house.store.read().await?;
    let contracts = tx.contracts().await?;
    tx.roll_back().await?;
    for batch in contracts.chunks(BATCH) {
        // A short look at a time: one that lasts would hold back the clean-up of what others write meanwhile.
        let mut tx = house.store.read().await?;
        let mut questions = Vec::with_capacity(batch.len());
        let billed = tx.billed_accounts(batch, period).await?;
        for contract in batch {
            match billed.get(contract) {
                Some(_) => totals.skip(Some(Code::AlreadyBilled)),
                None => questions.push(Question::new(contract, period, Asked::ByRun, missing)),
            }
        }
        let calculated = calculate_each(house, &mut tx, &questions).await?;
        tx.roll_back().await?;
        for (question, calculated) in questions.iter().zip(calculated) {
            totals.count(
                &question.contract,
                calculated.unwrap_or_else(|_| Calculated::Refused(vec![broke(&question.contract, period)])),
            );
        }
        look(totals.accounts, contracts.len());
    }
    Ok(totals)
}

/// That a calculation broke: ours to mend.
pub(crate) fn broke(contract: &ContractNumber, period: Period) -> Finding {
    Finding::error(Code::CalculationBroke).with("contract", contract).with("period", period)
}

impl MonthTotals {
    fn skip(&mut self, code: Option<Code>) {
        self.accounts += 1;
        self.skipped += 1;
        if let Some(code) = code {
            *self.codes.entry(code).or_default() += 1;
        }
    }

    fn note(&mut self, findings: &[Finding]) {
        let codes: BTreeSet<Code> = findings.iter().map(|finding| finding.code).collect();
        for code in codes {
            *self.codes.entry(code).or_default() += 1;
        }
    }

    fn count(&mut self, contract: &ContractNumber, calculated: Calculated) {
        match calculated {
            Calculated::Bill(ready) => {
                self.accounts += 1;
                self.billed += 1;
                self.net = self.net + ready.bill.net;
                self.vat = self.vat + ready.bill.vat;
                self.total = self.total + ready.bill.total;
                self.note(&ready.notes);
            }
            Calculated::Refused(findings) => {
                self.accounts += 1;
                self.refused += 1;
                self.note(&findings);
                self.refusals.push((contract.clone(), findings));
            }
            Calculated::Waits | Calculated::NotSupplied | Calculated::UnknownAccount => self.skip(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_of_the_month_before_by_the_calendar_of_kyiv() {
        for (moment, period) in [
            ("2026-11-04T04:00:00Z", "2026-10"),
            ("2027-01-05T00:00:00Z", "2026-12"),
            // Half past midnight in Kyiv is still the last day of the month in UTC.
            ("2026-10-31T21:59:59Z", "2026-09"),
            ("2026-10-31T22:30:00Z", "2026-10"),
        ] {
            assert_eq!(month_before(moment.parse().unwrap()), Period::parse(period), "{moment}");
        }
    }
}
