//! Whether readings come from an act that was signed and accepted (E4), and how far an account's readings go.

use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::metering::{EnergyKind, RegisterKey, Zone};
use oblik_domain::period::Period;

use crate::statement::{statements, values};
use crate::{Result, Tx};

statements! {
    UNSIGNED = "SELECT point, serial, kind, zone FROM reading \
                WHERE superseded_at IS NULL AND occasion = 'period-end' AND period = $2 AND point IN (SELECT eic FROM usage_point WHERE contract = $1) \
                AND NOT EXISTS (SELECT 1 FROM act JOIN accepted_act ON accepted_act.act_id = act.id WHERE act.item_id = reading.item_id) \
                ORDER BY point, serial, kind, zone";
    READ = "SELECT DISTINCT period FROM reading \
            WHERE superseded_at IS NULL AND occasion = 'period-end' AND point IN (SELECT eic FROM usage_point WHERE contract = $1) ORDER BY period DESC LIMIT 2";
    REGISTERED = "SELECT COUNT(*) FROM act JOIN accepted_act ON accepted_act.act_id = act.id JOIN item ON item.id = act.item_id \
                  WHERE accepted_act.contract = $1 AND accepted_act.period = $2 AND act.state = 'registered' AND item.state <> 'parked'";
}

impl Tx {
    /// Registers of an account whose reading at the end of `period` no accepted act states.
    pub async fn unsigned_readings(&mut self, contract: &ContractNumber, period: Period) -> Result<Vec<RegisterKey>> {
        let rows = self.rows(&UNSIGNED, values![contract.as_str(), period.ordinal()]).await?;
        let register = |mut row: crate::statement::Record| {
            Ok(RegisterKey {
                point: row.parsed(|text| Eic::parse(text).ok())?,
                meter: row.parsed(|text| MeterSerial::parse(text).ok())?,
                kind: row.parsed(EnergyKind::parse)?,
                zone: row.parsed(Zone::parse)?,
            })
        };
        rows.into_iter().map(register).collect()
    }

    /// The last periods of which an account has any reading, at most two, the latest first.
    pub async fn last_read_periods(&mut self, contract: &ContractNumber) -> Result<Vec<Period>> {
        let rows = self.rows(&READ, values![contract.as_str()]).await?;
        rows.into_iter().map(|mut row| row.counted(Period::from_ordinal)).collect()
    }

    /// Whether an accepted act of the period is about to be calculated; one that waits for a person is not.
    pub async fn act_waits_for_bill(&mut self, contract: &ContractNumber, period: Period) -> Result<bool> {
        Ok(self.row(&REGISTERED, values![contract.as_str(), period.ordinal()]).await?.integer()? > 0)
    }
}
