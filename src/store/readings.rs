//! Readings: the current one of each register and period, and every one that was superseded.

use chrono::{DateTime, Utc};
use oblik_domain::act::PreviousReadings;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::metering::{EnergyKind, Reading, RegisterKey, Zone};
use oblik_domain::period::Period;

use crate::statement::{Record, statements, values};
use crate::{Result, Tx};

statements! {
    SUPERSEDE = "UPDATE reading SET superseded_at = $1 WHERE point = $2 AND serial = $3 AND kind = $4 AND zone = $5 AND period = $6 AND superseded_at IS NULL";
    ADD = "INSERT INTO reading (point, serial, kind, zone, period, read_on, total, quality, item_id, known_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    STANDS = "SELECT total FROM reading WHERE point = $1 AND serial = $2 AND kind = $3 AND zone = $4 AND period = $5 AND superseded_at IS NULL";
    BEFORE = "SELECT point, serial, kind, zone, total FROM reading AS r \
              WHERE superseded_at IS NULL AND period < $2 AND point IN (SELECT eic FROM usage_point WHERE contract = $1) \
              AND period = (SELECT MAX(period) FROM reading AS l WHERE l.superseded_at IS NULL AND l.period < $2 \
                            AND l.point = r.point AND l.serial = r.serial AND l.kind = r.kind AND l.zone = r.zone)";
    AT = "SELECT point, serial, kind, zone, total FROM reading \
          WHERE superseded_at IS NULL AND period = $2 AND point IN (SELECT eic FROM usage_point WHERE contract = $1)";
}

impl Tx {
    /// Registers a reading; one that stood for the same register and period is superseded, not erased.
    pub async fn put_reading(&mut self, reading: &Reading, item: i64, now: DateTime<Utc>) -> Result<()> {
        let RegisterKey { point, meter, kind, zone } = &reading.register;
        let (at, period) = (now.timestamp_micros(), reading.period.ordinal());
        let superseded = values![at, point.as_str(), meter.as_str(), kind.as_str(), zone.as_str(), period];
        self.execute(&SUPERSEDE, superseded).await?;
        let added = values![
            point.as_str(),
            meter.as_str(),
            kind.as_str(),
            zone.as_str(),
            period,
            reading.read_on.to_string(),
            reading.total.0,
            reading.quality.as_str(),
            item,
            at,
        ];
        self.execute_one(&ADD, added).await
    }

    /// Registers the reading an account was taken over with, unless one stands for that register and period: importing
    /// the same master data again must not undo what happened since.
    pub async fn put_opening_reading(&mut self, reading: &Reading, item: i64, now: DateTime<Utc>) -> Result<()> {
        let RegisterKey { point, meter, kind, zone } = &reading.register;
        let values = values![point.as_str(), meter.as_str(), kind.as_str(), zone.as_str(), reading.period.ordinal()];
        match self.row_or_none(&STANDS, values).await? {
            Some(_) => Ok(()),
            None => self.put_reading(reading, item, now).await,
        }
    }

    /// The last reading of each of the account's registers before `period`.
    pub async fn readings_before(&mut self, contract: &ContractNumber, period: Period) -> Result<PreviousReadings> {
        let rows = self.rows(&BEFORE, values![contract.as_str(), period.ordinal()]).await?;
        rows.into_iter().map(register_total).collect()
    }

    /// The reading of each of the account's registers at the end of `period`.
    pub async fn readings_at(&mut self, contract: &ContractNumber, period: Period) -> Result<PreviousReadings> {
        let rows = self.rows(&AT, values![contract.as_str(), period.ordinal()]).await?;
        rows.into_iter().map(register_total).collect()
    }
}

fn register_total(mut row: Record) -> Result<(RegisterKey, RegisterTotal)> {
    let register = RegisterKey {
        point: row.parsed(|text| Eic::parse(text).ok())?,
        meter: row.parsed(|text| MeterSerial::parse(text).ok())?,
        kind: row.parsed(EnergyKind::parse)?,
        zone: row.parsed(Zone::parse)?,
    };
    Ok((register, RegisterTotal(row.integer()?)))
}
