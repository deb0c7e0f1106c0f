//! Active energy of closed months: for the bounds of R-PLAUS, and for what a document shows beside its own.

use chrono::{DateTime, Utc};
use oblik_domain::bill::MonthVolume;
use oblik_domain::energy::Kwh;
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;

use crate::statement::{Record, statements, values};
use crate::versions::json;
use crate::{Result, Tx};

statements! {
    STANDS = "SELECT active FROM billed_volume WHERE contract = $1 AND period = $2 AND superseded_at IS NULL";
    SUPERSEDE = "UPDATE billed_volume SET superseded_at = $1 WHERE contract = $2 AND period = $3 AND superseded_at IS NULL";
    ADD = "INSERT INTO billed_volume (contract, period, active, known_at) VALUES ($1, $2, $3, $4)";
    BEFORE = "SELECT contract, period, active FROM (SELECT contract, period, active, ROW_NUMBER() OVER (PARTITION BY contract ORDER BY period DESC) AS back FROM billed_volume \
              WHERE known_at <= $3 AND (superseded_at IS NULL OR superseded_at > $3) AND period < $2 AND contract IN (SELECT value FROM json_each($1))) AS ranked \
              WHERE back <= 24 ORDER BY contract, period",
        postgres: "SELECT contract, period, active FROM (SELECT contract, period, active, ROW_NUMBER() OVER (PARTITION BY contract ORDER BY period DESC) AS back FROM billed_volume \
              WHERE known_at <= $3 AND (superseded_at IS NULL OR superseded_at > $3) AND period < $2 AND contract IN (SELECT jsonb_array_elements_text($1::jsonb))) AS ranked \
              WHERE back <= 24 ORDER BY contract, period";
}

impl Tx {
    /// Keeps what an account was charged for in a month; what stood before is superseded. Written with the draft of an
    /// invoice, and from master data for months before the account came to us.
    pub async fn put_billed_volume(&mut self, contract: &ContractNumber, volume: &MonthVolume, now: DateTime<Utc>) -> Result<()> {
        let (period, active) = (volume.period.ordinal(), volume.active.0);
        if let Some(mut row) = self.row_or_none(&STANDS, values![contract.as_str(), period]).await? {
            if row.integer()? == active {
                return Ok(());
            }
            self.execute_one(&SUPERSEDE, values![now.timestamp_micros(), contract.as_str(), period]).await?;
        }
        self.execute_one(&ADD, values![contract.as_str(), period, active, now.timestamp_micros()]).await
    }

    /// The last closed months before `period`, oldest first, at most twenty-four.
    pub async fn history(&mut self, contract: &ContractNumber, period: Period) -> Result<Vec<MonthVolume>> {
        let all = self.history_of(&json(&[contract])?, period, None).await?;
        Ok(all.into_iter().map(|(_, volume)| volume).collect())
    }

    /// The same of a batch, account by account. `contracts` is a JSON list.
    pub(crate) async fn history_of(
        &mut self,
        contracts: &str,
        period: Period,
        known: Option<DateTime<Utc>>,
    ) -> Result<Vec<(ContractNumber, MonthVolume)>> {
        let instant = known.map_or(i64::MAX, |instant| instant.timestamp_micros());
        let rows = self.rows(&BEFORE, values![contracts, period.ordinal(), instant]).await?;
        let volume = |mut row: Record| {
            let contract = row.parsed(|text| ContractNumber::parse(text).ok())?;
            Ok((contract, MonthVolume { period: row.counted(Period::from_ordinal)?, active: Kwh(row.integer()?) }))
        };
        rows.into_iter().map(volume).collect()
    }
}
