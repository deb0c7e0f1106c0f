//! Whether what was known when a bill was asked for is still all that is known when it is drafted.
//!
//! A bill is calculated beside the transaction that drafts it. What is calculated from is only ever added to or superseded,
//! so its newest rows tell whether anything came between.

use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;

use crate::statement::{Statement, statements, values};
use crate::{Result, Tx};

statements! {
    // NO KEY: what refers to an account is not held up.
    HOLD = "SELECT contract FROM account WHERE contract = $1",
        postgres: "SELECT contract FROM account WHERE contract = $1 FOR NO KEY UPDATE";
    NEWEST = "SELECT COALESCE((SELECT MAX(id) FROM charge), 0), COALESCE((SELECT MAX(id) FROM payment_assignment), 0), \
              COALESCE((SELECT MAX(id) FROM billed_volume), 0), COALESCE((SELECT MAX(id) FROM reading), 0), \
              COALESCE((SELECT MAX(id) FROM interval_series), 0), COALESCE((SELECT MAX(id) FROM account_version), 0), \
              COALESCE((SELECT MAX(id) FROM confirmation), 0), (SELECT COUNT(*) FROM approval), \
              COALESCE((SELECT MAX(id) FROM tariff), 0), COALESCE((SELECT MAX(superseded_at) FROM tariff), 0), \
              COALESCE((SELECT MAX(id) FROM parameter), 0), COALESCE((SELECT MAX(superseded_at) FROM parameter), 0), \
              COALESCE((SELECT MAX(id) FROM zone_hours), 0), COALESCE((SELECT MAX(superseded_at) FROM zone_hours), 0)";
    OF_ACCOUNT = "SELECT (SELECT COUNT(*) FROM charge WHERE contract = $1 AND id > $2) \
                  + (SELECT COUNT(*) FROM payment_assignment WHERE contract = $1 AND id > $3) \
                  + (SELECT COUNT(*) FROM billed_volume WHERE contract = $1 AND id > $4)";
    UNDER_WAY = "SELECT COUNT(*) FROM act JOIN signed_content ON signed_content.act_id = act.id \
                 WHERE act.state = 'verified' AND signed_content.contract = $1 AND signed_content.period = $2";
}

/// Newest rows of the three tables where each account counts its own.
const OWN: usize = 3;

/// All that was known at a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Knowledge {
    /// `None` where rows may come to light in another order than they are numbered: nothing can be told then.
    newest: Option<Vec<i64>>,
}

impl Tx {
    /// What is known now; to be asked before anything else is read.
    pub async fn knowledge(&mut self) -> Result<Knowledge> {
        if self.is_numbered_as_it_commits() {
            let newest = self.newest(&NEWEST).await?;
            return Ok(Knowledge { newest: Some(newest) });
        }
        Ok(Knowledge { newest: None })
    }

    /// Whether nothing of what an account's bill is made from can have changed since `known`.
    pub async fn is_all_known(&mut self, known: &Knowledge, contract: &ContractNumber) -> Result<bool> {
        let Some(before) = &known.newest else { return Ok(false) };
        if self.newest(&NEWEST).await?.get(OWN..) != before.get(OWN..) {
            return Ok(false);
        }
        let [charge, assignment, volume, ..] = before.as_slice() else { return Ok(false) };
        let values = values![contract.as_str(), *charge, *assignment, *volume];
        Ok(self.row(&OF_ACCOUNT, values).await?.integer()? == 0)
    }

    async fn newest(&mut self, statement: &'static Statement) -> Result<Vec<i64>> {
        let mut row = self.row(statement, values![]).await?;
        (0..14).map(|_| row.integer()).collect()
    }

    /// Holds an account until this transaction ends: whoever drafts its bill or accepts its act waits for the other.
    pub async fn hold_account(&mut self, contract: &ContractNumber) -> Result<()> {
        self.rows(&HOLD, values![contract.as_str()]).await.map(drop)
    }

    /// Whether an act of the period was verified and its readings do not stand yet.
    pub async fn act_under_way(&mut self, contract: &ContractNumber, period: Period) -> Result<bool> {
        Ok(self.row(&UNDER_WAY, values![contract.as_str(), period.ordinal()]).await?.integer()? > 0)
    }
}
