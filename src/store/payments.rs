//! Payments and whose they are said to be. Added only: a payment that was another's is assigned anew.

use chrono::{DateTime, Utc};
use oblik_domain::ids::{ContractNumber, Edrpou};
use oblik_domain::ledger::{Assignment, NewPayment, Payment};
use oblik_domain::money::Kopiykas;

use crate::master::date;
use crate::statement::{Record, statements, values};
use crate::versions::json;
use crate::{Result, Tx};

statements! {
    ADD = "INSERT INTO payment (source, reference, amount, paid_on, booked_at, payer, payer_edrpou, purpose) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
           ON CONFLICT (source, reference) DO NOTHING RETURNING id";
    OF_REFERENCE = "SELECT id, reference, amount, paid_on, booked_at, payer, payer_edrpou, purpose FROM payment WHERE source = $1 AND reference = $2";
    ONE = "SELECT id, reference, amount, paid_on, booked_at, payer, payer_edrpou, purpose FROM payment WHERE id = $1";
    ASSIGN = "INSERT INTO payment_assignment (payment_id, contract, intent, assigned_at, operator) VALUES ($1, $2, $3, $4, $5)";
    ASSIGNMENTS = "SELECT payment_id, contract, intent, assigned_at, operator FROM payment_assignment WHERE payment_id = $1 ORDER BY assigned_at, id";
    OF_ACCOUNT = "SELECT payment.id, reference, amount, paid_on, booked_at, payer, payer_edrpou, purpose, payment_id, contract, intent, assigned_at, operator \
                  FROM payment_assignment AS newest JOIN payment ON payment.id = payment_id WHERE contract = $1 AND assigned_at <= $2 AND booked_at <= $2 \
                  AND NOT EXISTS (SELECT 1 FROM payment_assignment AS later WHERE later.payment_id = newest.payment_id AND later.assigned_at <= $2 \
                                  AND (later.assigned_at, later.id) > (newest.assigned_at, newest.id)) ORDER BY payment.id";
    UNASSIGNED = "SELECT id, reference, amount, paid_on, booked_at, payer, payer_edrpou, purpose FROM payment \
                  WHERE NOT EXISTS (SELECT 1 FROM payment_assignment WHERE payment_id = payment.id) ORDER BY id LIMIT $1";
    COUNT_UNASSIGNED = "SELECT COUNT(*) FROM payment WHERE NOT EXISTS (SELECT 1 FROM payment_assignment WHERE payment_id = payment.id)";
}

impl Tx {
    /// Books a payment; its id, or `None` when its source told of this reference before.
    pub async fn put_payment(&mut self, payment: &NewPayment, now: DateTime<Utc>) -> Result<Option<i64>> {
        let NewPayment { source, reference, amount, paid_on, payer, payer_edrpou, purpose } = payment;
        let values = values![
            source.as_str(),
            reference.as_str(),
            amount.0,
            paid_on.to_string(),
            now.timestamp_micros(),
            payer.as_str(),
            payer_edrpou.as_ref().map(Edrpou::as_str),
            purpose.as_str(),
        ];
        let row = self.row_or_none(&ADD, values).await?;
        row.map(|mut row| row.integer()).transpose()
    }

    pub async fn payment(&mut self, id: i64) -> Result<Option<Payment>> {
        self.row_or_none(&ONE, values![id]).await?.map(|mut row| payment(&mut row)).transpose()
    }

    /// The payment a source told of by this reference.
    pub async fn payment_of_reference(&mut self, source: &str, reference: &str) -> Result<Option<Payment>> {
        self.row_or_none(&OF_REFERENCE, values![source, reference]).await?.map(|mut row| payment(&mut row)).transpose()
    }

    /// Says whose a payment is; from then on the newest counts.
    pub async fn put_assignment(&mut self, assignment: &Assignment) -> Result<()> {
        let Assignment { payment, contract, intent, assigned_at, operator } = assignment;
        let values = values![*payment, contract.as_str(), json(intent)?, assigned_at.timestamp_micros(), operator.as_deref()];
        self.execute_one(&ASSIGN, values).await
    }

    /// All that was ever said of whose a payment is, oldest first.
    pub async fn assignments(&mut self, payment: i64) -> Result<Vec<Assignment>> {
        let rows = self.rows(&ASSIGNMENTS, values![payment]).await?;
        rows.into_iter().map(|mut row| assignment(&mut row)).collect()
    }

    /// The payments of an account, each with its newest assignment, in the order they were booked; with `known`, as they
    /// were known then.
    pub async fn payments_of(
        &mut self,
        contract: &ContractNumber,
        known: Option<DateTime<Utc>>,
    ) -> Result<Vec<(Payment, Assignment)>> {
        let instant = known.map_or(i64::MAX, |instant| instant.timestamp_micros());
        let rows = self.rows(&OF_ACCOUNT, values![contract.as_str(), instant]).await?;
        rows.into_iter().map(|mut row| Ok((payment(&mut row)?, assignment(&mut row)?))).collect()
    }

    /// Payments nobody knows the account of, oldest first.
    pub async fn unassigned_payments(&mut self, most: i64) -> Result<Vec<Payment>> {
        let rows = self.rows(&UNASSIGNED, values![most]).await?;
        rows.into_iter().map(|mut row| payment(&mut row)).collect()
    }

    pub async fn count_unassigned_payments(&mut self) -> Result<i64> {
        self.row(&COUNT_UNASSIGNED, values![]).await?.integer()
    }
}

pub(crate) fn payment(row: &mut Record) -> Result<Payment> {
    Ok(Payment {
        id: row.integer()?,
        reference: row.text()?,
        amount: Kopiykas(row.integer()?),
        paid_on: row.parsed(date)?,
        booked_at: row.instant()?,
        payer: row.text()?,
        payer_edrpou: row.parsed_or_null(|text| Edrpou::parse(text).ok())?,
        purpose: row.text()?,
    })
}

pub(crate) fn assignment(row: &mut Record) -> Result<Assignment> {
    Ok(Assignment {
        payment: row.integer()?,
        contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
        intent: row.parsed(|text| serde_json::from_str(text).ok())?,
        assigned_at: row.instant()?,
        operator: row.text_or_null()?,
    })
}
