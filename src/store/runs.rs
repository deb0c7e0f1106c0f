//! The month's run: all accounts as a queue, so that it goes on where it was broken off.

use chrono::{DateTime, Utc};
use oblik_domain::finding::{Code, Finding, Level};
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;
use oblik_domain::states::{Life as _, RunAccountEvent, RunAccountState};

use crate::lease::{after, claim};
use crate::statement::{Record, statements, values};
use crate::{Claimed, Lease, Result, StoreError, Tx};

statements! {
    BEGIN = "INSERT INTO billing_run (period, asked_by, estimates, started_at) VALUES ($1, $2, $3, $4) ON CONFLICT (period) WHERE finished_at IS NULL DO NOTHING RETURNING id";
    OPEN = "SELECT id, period, asked_by, estimates, started_at, finished_at FROM billing_run WHERE period = $1 AND finished_at IS NULL";
    ALL_OPEN = "SELECT id, period, asked_by, estimates, started_at, finished_at FROM billing_run WHERE finished_at IS NULL ORDER BY period";
    RUN = "SELECT id, period, asked_by, estimates, started_at, finished_at FROM billing_run WHERE id = $1";
    LAST = "SELECT id, period, asked_by, estimates, started_at, finished_at FROM billing_run WHERE period = $1 ORDER BY id DESC LIMIT 1";
    ADD_ACCOUNTS = "INSERT INTO run_account (run_id, contract, state, due_at) SELECT $1, contract, 'due', $2 FROM account WHERE 1 = 1 ORDER BY contract ON CONFLICT (run_id, contract) DO NOTHING",
        postgres: "INSERT INTO run_account (run_id, contract, state, due_at) SELECT $1::bigint, contract, 'due', $2::bigint FROM account ORDER BY contract ON CONFLICT (run_id, contract) DO NOTHING";
    RETRY_REFUSED = "UPDATE run_account SET state = $1, due_at = $2, findings = '[]', attempts = 0, fence = fence + 1 WHERE run_id = $3 AND state = $4";
    NEWEST = "SELECT id, period, asked_by, estimates, started_at, finished_at FROM billing_run ORDER BY id DESC LIMIT $1";
    CLAIM = claim!("run_account", "contract, run_id, (SELECT period FROM billing_run WHERE billing_run.id = run_id), (SELECT estimates FROM billing_run WHERE billing_run.id = run_id)"),
        postgres: claim!(postgres "run_account", "contract, run_id, (SELECT period FROM billing_run WHERE billing_run.id = run_id), (SELECT estimates FROM billing_run WHERE billing_run.id = run_id)");
    SETTLE = "UPDATE run_account SET state = $1, findings = $2, invoice_id = $3, due_at = $4, attempts = 0, lease_owner = NULL, lease_until = 0, fence = fence + 1 \
              WHERE id = $5 AND state = $6 AND fence = $7";
    PROGRESS = "SELECT state, COUNT(*) FROM run_account WHERE run_id = $1 GROUP BY state";
    REFUSALS = "SELECT id, contract, findings FROM run_account WHERE run_id = $1 AND state = 'refused' AND id > $2 ORDER BY id LIMIT $3";
    FINISH = "UPDATE billing_run SET finished_at = $1 WHERE id = $2 AND finished_at IS NULL AND NOT EXISTS (SELECT 1 FROM run_account WHERE run_id = $2 AND state = 'due')";
    BILLED = "SELECT contract, MIN(id) FROM invoice WHERE period = $2 AND contract IN (SELECT value FROM json_each($1)) GROUP BY contract",
        postgres: "SELECT contract, MIN(id) FROM invoice WHERE period = $2 AND contract IN (SELECT jsonb_array_elements_text($1::jsonb)) GROUP BY contract";
}

/// A run over all accounts for one period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    pub id: i64,
    pub period: Period,
    pub asked_by: String,
    /// Whether what was not read is estimated (R-EST).
    pub estimates: bool,
    pub started_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
}

/// One account of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunWork {
    pub contract: ContractNumber,
    pub run: i64,
    pub period: Period,
    pub estimates: bool,
}

/// How far a run is, in accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RunProgress {
    pub due: i64,
    pub billed: i64,
    pub refused: i64,
    pub skipped: i64,
}

/// An account a run could not bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRefusal {
    pub id: i64,
    pub contract: ContractNumber,
    pub findings: Vec<Finding>,
}

/// What became of an account in a run.
#[derive(Debug, Clone)]
pub enum RunOutcome<'a> {
    /// `notes` are worth telling and stopped nothing.
    Billed {
        invoice: i64,
        notes: &'a [Finding],
    },
    Refused {
        findings: &'a [Finding],
    },
    /// It was billed before by `invoice`, or there is nothing to bill: no point of it was supplied in the period.
    Skipped {
        invoice: Option<i64>,
    },
}

impl Tx {
    /// Begins a period's run over all accounts; or goes on with the open one: accounts it refused are due again, and
    /// accounts that are new since are added. An open run keeps whether it estimates.
    pub async fn begin_run(&mut self, period: Period, asked_by: &str, estimates: bool, now: DateTime<Utc>) -> Result<Run> {
        let at = now.timestamp_micros();
        self.execute(&BEGIN, values![period.ordinal(), asked_by, i64::from(estimates), at]).await?;
        let run = self.open_run(period).await?;
        let run = run.ok_or(StoreError::Rows { statement: OPEN.name, expected: "one row", found: 0 })?;
        self.execute(&ADD_ACCOUNTS, values![run.id, at]).await?;
        self.retry_refused(run.id, now).await?;
        Ok(run)
    }

    /// Makes the accounts a run refused due again; how many.
    pub async fn retry_refused(&mut self, run: i64, now: DateTime<Utc>) -> Result<u64> {
        let from = RunAccountState::Refused;
        let to = after(run, from, RunAccountEvent::Retried)?;
        self.execute(&RETRY_REFUSED, values![to.as_str(), now.timestamp_micros(), run, from.as_str()]).await
    }

    /// The run of a period that is not finished.
    pub async fn open_run(&mut self, period: Period) -> Result<Option<Run>> {
        self.row_or_none(&OPEN, values![period.ordinal()]).await?.map(run).transpose()
    }

    /// All runs that are not finished: a daemon that starts goes on with them.
    pub async fn open_runs(&mut self) -> Result<Vec<Run>> {
        self.rows(&ALL_OPEN, values![]).await?.into_iter().map(run).collect()
    }

    /// The last run of a period, finished or not.
    pub async fn last_run(&mut self, period: Period) -> Result<Option<Run>> {
        self.row_or_none(&LAST, values![period.ordinal()]).await?.map(run).transpose()
    }

    /// The newest runs, the last first.
    pub async fn runs(&mut self, most: i64) -> Result<Vec<Run>> {
        self.rows(&NEWEST, values![most]).await?.into_iter().map(run).collect()
    }

    pub async fn run(&mut self, id: i64) -> Result<Option<Run>> {
        self.row_or_none(&RUN, values![id]).await?.map(run).transpose()
    }

    pub async fn claim_run_accounts(&mut self, lease: &Lease, most: i64) -> Result<Vec<Claimed<RunWork>>> {
        let work = |row: &mut Record| {
            Ok(RunWork {
                contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
                run: row.integer()?,
                period: row.counted(Period::from_ordinal)?,
                estimates: row.integer()? == 1,
            })
        };
        self.claim(&CLAIM, RunAccountState::Due.as_str(), (lease, most), work).await
    }

    /// Takes the step that an account's outcome is, and gives the claim back.
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] when another daemon has claimed it meanwhile.
    pub async fn settle_run_account(
        &mut self,
        claimed: &Claimed<RunWork>,
        outcome: &RunOutcome<'_>,
        now: DateTime<Utc>,
    ) -> Result<RunAccountState> {
        let (event, findings, invoice): (_, &[Finding], _) = match *outcome {
            RunOutcome::Billed { invoice, notes } => (RunAccountEvent::Calculated, notes, Some(invoice)),
            RunOutcome::Refused { findings } => (RunAccountEvent::CalculationRefused, findings, None),
            RunOutcome::Skipped { invoice } => (RunAccountEvent::FoundBilled, &[], invoice),
        };
        let from = RunAccountState::Due;
        let to = after(claimed.id, from, event)?;
        let (findings, at) = (written(findings), now.timestamp_micros());
        let values = values![to.as_str(), findings, invoice, at, claimed.id, from.as_str(), claimed.fence];
        match self.execute(&SETTLE, values).await? {
            1 => Ok(to),
            _ => Err(StoreError::LeaseLost { subject: RunAccountState::SUBJECT, id: claimed.id }),
        }
    }

    pub async fn run_progress(&mut self, run: i64) -> Result<RunProgress> {
        let mut progress = RunProgress::default();
        for mut row in self.rows(&PROGRESS, values![run]).await? {
            let state = row.parsed(RunAccountState::parse)?;
            let count = row.integer()?;
            match state {
                RunAccountState::Due => progress.due = count,
                RunAccountState::Billed => progress.billed = count,
                RunAccountState::Refused => progress.refused = count,
                RunAccountState::Skipped => progress.skipped = count,
            }
        }
        Ok(progress)
    }

    /// Accounts a run refused, after the one with the id `after`.
    pub async fn run_refusals(&mut self, run: i64, after: i64, most: i64) -> Result<Vec<RunRefusal>> {
        let rows = self.rows(&REFUSALS, values![run, after, most]).await?;
        let refusal = |mut row: Record| {
            Ok(RunRefusal {
                id: row.integer()?,
                contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
                findings: row.parsed(read)?,
            })
        };
        rows.into_iter().map(refusal).collect()
    }

    /// Ends a run of which nothing is due. Whether it ended now.
    pub async fn finish_run(&mut self, run: i64, now: DateTime<Utc>) -> Result<bool> {
        Ok(self.execute(&FINISH, values![now.timestamp_micros(), run]).await? == 1)
    }

    /// Which of these accounts are billed for a period, each with the id of its original invoice.
    pub async fn billed_accounts(
        &mut self,
        contracts: &[ContractNumber],
        period: Period,
    ) -> Result<std::collections::BTreeMap<ContractNumber, i64>> {
        let list = crate::versions::json(&contracts)?;
        let rows = self.rows(&BILLED, values![list, period.ordinal()]).await?;
        rows.into_iter().map(|mut row| Ok((row.parsed(|text| ContractNumber::parse(text).ok())?, row.integer()?))).collect()
    }
}

fn run(mut row: Record) -> Result<Run> {
    Ok(Run {
        id: row.integer()?,
        period: row.counted(Period::from_ordinal)?,
        asked_by: row.text()?,
        estimates: row.integer()? == 1,
        started_at: row.instant()?,
        finished_at: row.instant_or_null()?,
    })
}

/// `[[code, level, [[name, value], …]], …]`. A calculation's findings have no place in a file.
fn written(findings: &[Finding]) -> String {
    let finding = |finding: &Finding| {
        let named: Vec<_> = finding.values.iter().map(|(name, value)| serde_json::json!([name, value])).collect();
        serde_json::json!([finding.code.as_str(), finding.level.as_str(), named])
    };
    serde_json::Value::from(findings.iter().map(finding).collect::<Vec<_>>()).to_string()
}

/// Code, level and named values of a finding.
type Written = (String, String, Vec<(String, String)>);

fn read(text: &str) -> Option<Vec<Finding>> {
    let list: Vec<Written> = serde_json::from_str(text).ok()?;
    let finding = |(code, word, named): Written| {
        let level = [Level::Information, Level::Warning, Level::Error].into_iter().find(|level| level.as_str() == word);
        let finding = Finding::new(Code::parse(&code)?, level?);
        Some(named.into_iter().fold(finding, |finding, (name, value)| finding.with(name, value)))
    };
    list.into_iter().map(finding).collect()
}
