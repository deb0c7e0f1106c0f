//! Confirmations: what an operator vouched for, and whose second pair of eyes agreed. Added only, never changed.

use chrono::{DateTime, Utc};
use oblik_domain::confirmation::Confirmation;
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;

use crate::statement::{Record, statements, values};
use crate::versions::json;
use crate::{Result, Tx};

statements! {
    ADD = "INSERT INTO confirmation (contract, period, what, reason, operator, confirmed_at) VALUES ($1, $2, $3, $4, $5, $6) RETURNING id";
    APPROVE = "INSERT INTO approval (confirmation_id, operator, approved_at) SELECT id, $2, $3 FROM confirmation WHERE id = $1 AND operator <> $2 \
               ON CONFLICT (confirmation_id) DO NOTHING",
        postgres: "INSERT INTO approval (confirmation_id, operator, approved_at) SELECT id, $2::text, $3::bigint FROM confirmation WHERE id = $1 AND operator <> $2 \
               ON CONFLICT (confirmation_id) DO NOTHING";
    OF_PERIOD = "SELECT id, contract, period, what, reason, confirmation.operator, approval.operator, confirmed_at FROM confirmation \
                 LEFT JOIN approval ON confirmation_id = id AND approved_at <= $3 \
                 WHERE contract IN (SELECT value FROM json_each($1)) AND period = $2 AND confirmed_at <= $3 ORDER BY id",
        postgres: "SELECT id, contract, period, what, reason, confirmation.operator, approval.operator, confirmed_at FROM confirmation \
                 LEFT JOIN approval ON confirmation_id = id AND approved_at <= $3 \
                 WHERE contract IN (SELECT jsonb_array_elements_text($1::jsonb)) AND period = $2 AND confirmed_at <= $3 ORDER BY id";
    ONE = "SELECT id, contract, period, what, reason, confirmation.operator, approval.operator, confirmed_at FROM confirmation \
           LEFT JOIN approval ON confirmation_id = id WHERE id = $1";
    UNAPPROVED = "SELECT id, contract, period, what, reason, operator, NULL, confirmed_at FROM confirmation \
                  WHERE NOT EXISTS (SELECT 1 FROM approval WHERE confirmation_id = id) ORDER BY id LIMIT $1";
}

/// A confirmation with the number an operator approves it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredConfirmation {
    pub id: i64,
    pub confirmation: Confirmation,
}

impl Tx {
    /// Keeps a confirmation; its id. Who approves it is said later, by [`Tx::approve_confirmation`].
    pub async fn put_confirmation(&mut self, confirmation: &Confirmation) -> Result<i64> {
        let Confirmation { contract, period, what, reason, operator, confirmed_at, .. } = confirmation;
        let (period, at) = (period.ordinal(), confirmed_at.timestamp_micros());
        let values = values![contract.as_str(), period, json(what)?, reason.as_str(), operator.as_str(), at];
        self.row(&ADD, values).await?.integer()
    }

    /// Records that a second operator agrees. False when there is no such confirmation, it is approved already, or the
    /// operator is the one who gave it.
    pub async fn approve_confirmation(&mut self, id: i64, operator: &str, now: DateTime<Utc>) -> Result<bool> {
        Ok(self.execute(&APPROVE, values![id, operator, now.timestamp_micros()]).await? == 1)
    }

    /// All confirmations of an account's period, approved or not, in the order they were given.
    pub async fn confirmations(&mut self, contract: &ContractNumber, period: Period) -> Result<Vec<StoredConfirmation>> {
        self.confirmations_of(&json(&[contract])?, period, None).await
    }

    pub async fn confirmation(&mut self, id: i64) -> Result<Option<StoredConfirmation>> {
        self.row_or_none(&ONE, values![id]).await?.map(read).transpose()
    }

    /// Confirmations nobody approved yet, oldest first.
    pub async fn unapproved_confirmations(&mut self, most: i64) -> Result<Vec<StoredConfirmation>> {
        self.rows(&UNAPPROVED, values![most]).await?.into_iter().map(read).collect()
    }

    /// `contracts` is a JSON list.
    pub(crate) async fn confirmations_of(
        &mut self,
        contracts: &str,
        period: Period,
        known: Option<DateTime<Utc>>,
    ) -> Result<Vec<StoredConfirmation>> {
        let instant = known.map_or(i64::MAX, |instant| instant.timestamp_micros());
        let rows = self.rows(&OF_PERIOD, values![contracts, period.ordinal(), instant]).await?;
        rows.into_iter().map(read).collect()
    }
}

fn read(mut row: Record) -> Result<StoredConfirmation> {
    Ok(StoredConfirmation {
        id: row.integer()?,
        confirmation: Confirmation {
            contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
            period: row.counted(Period::from_ordinal)?,
            what: row.parsed(|text| serde_json::from_str(text).ok())?,
            reason: row.text()?,
            operator: row.text()?,
            approved_by: row.text_or_null()?,
            confirmed_at: row.instant()?,
        },
    })
}
