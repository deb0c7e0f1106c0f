//! What accounts were charged, type of debt by type of debt. Added only, never changed.

use chrono::{DateTime, Utc};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::InvoiceNumber;
use oblik_domain::ledger::{Charge, ChargeKind, DebtType, NewCharge};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;

use crate::master::date;
use crate::statement::{Record, statements, values};
use crate::{Result, Tx};

statements! {
    ADD = "INSERT INTO charge (contract, debt, period, kind, amount, due_on, booked_at, invoice_series, invoice_year, invoice_running) \
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING RETURNING id";
    OF_ACCOUNT = "SELECT id, contract, debt, period, kind, amount, due_on, booked_at, invoice_series, invoice_year, invoice_running FROM charge \
                  WHERE contract = $1 AND booked_at <= $2 ORDER BY id";
    OF_KIND = "SELECT id, contract, debt, period, kind, amount, due_on, booked_at, invoice_series, invoice_year, invoice_running FROM charge \
               WHERE contract = $1 AND period = $2 AND kind = $3 ORDER BY id";
}

impl Tx {
    /// Books a charge; its id, or `None` when it stands already: an opening balance is booked once for an account, debt and
    /// period, a planned payment once for its day, and an invoice or adjustment once for each debt.
    pub async fn put_charge(&mut self, charge: &NewCharge, now: DateTime<Utc>) -> Result<Option<i64>> {
        let NewCharge { contract, debt, period, kind, amount, due_on, invoice } = charge;
        let number = invoice.as_ref();
        let values = values![
            contract.as_str(),
            debt.as_str(),
            period.ordinal(),
            kind.as_str(),
            amount.0,
            due_on.to_string(),
            now.timestamp_micros(),
            number.map(|number| number.series.as_str()),
            number.map(|number| i64::from(number.year)),
            number.map(|number| i64::from(number.running)),
        ];
        let row = self.row_or_none(&ADD, values).await?;
        row.map(|mut row| row.integer()).transpose()
    }

    /// The charges of an account in the order they were booked; with `known`, those booked by then.
    pub async fn charges(&mut self, contract: &ContractNumber, known: Option<DateTime<Utc>>) -> Result<Vec<Charge>> {
        let instant = known.map_or(i64::MAX, |instant| instant.timestamp_micros());
        self.rows(&OF_ACCOUNT, values![contract.as_str(), instant]).await?.into_iter().map(read_charge).collect()
    }

    /// The charges of one kind in an account's period, such as its planned payments.
    pub async fn charges_of_kind(&mut self, contract: &ContractNumber, period: Period, kind: ChargeKind) -> Result<Vec<Charge>> {
        let values = values![contract.as_str(), period.ordinal(), kind.as_str()];
        self.rows(&OF_KIND, values).await?.into_iter().map(read_charge).collect()
    }
}

pub(crate) fn read_charge(mut row: Record) -> Result<Charge> {
    Ok(Charge {
        id: row.integer()?,
        contract: row.parsed(|text| ContractNumber::parse(text).ok())?,
        debt: row.parsed(DebtType::parse)?,
        period: row.counted(Period::from_ordinal)?,
        kind: row.parsed(ChargeKind::parse)?,
        amount: Kopiykas(row.integer()?),
        due_on: row.parsed(date)?,
        booked_at: row.instant()?,
        invoice: invoice(&mut row)?,
    })
}

fn invoice(row: &mut Record) -> Result<Option<InvoiceNumber>> {
    let (series, year, running) = (row.text_or_null()?, row.integer_or_null()?, row.integer_or_null()?);
    let year = year.and_then(|year| u16::try_from(year).ok());
    let running = running.and_then(|running| u32::try_from(running).ok());
    Ok(series.zip(year).zip(running).map(|((series, year), running)| InvoiceNumber { series, year, running }))
}
