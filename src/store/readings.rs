//! Readings: the current one of each register, period and occasion, and every one that was superseded.

use chrono::{DateTime, Utc};
use oblik_domain::act::PreviousReadings;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::metering::{EnergyKind, Occasion, Quality, Reading, RegisterKey, Zone};
use oblik_domain::period::Period;

use crate::master::date;
use crate::statement::{Record, statements, values};
use crate::{Result, Tx};

statements! {
    SUPERSEDE = "UPDATE reading SET superseded_at = $1 WHERE point = $2 AND serial = $3 AND kind = $4 AND zone = $5 AND period = $6 AND occasion = $7 AND slot = $8 \
                 AND superseded_at IS NULL";
    ADD = "INSERT INTO reading (point, serial, kind, zone, period, occasion, slot, read_on, total, quality, item_id, known_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
    STANDS = "SELECT quality FROM reading WHERE point = $1 AND serial = $2 AND kind = $3 AND zone = $4 AND period = $5 AND occasion = $6 AND slot = $7 AND superseded_at IS NULL";
    BEFORE = "SELECT point, serial, kind, zone, total FROM reading AS r \
              WHERE superseded_at IS NULL AND occasion = 'period-end' AND period < $2 AND point IN (SELECT eic FROM usage_point WHERE contract = $1) \
              AND period = (SELECT MAX(period) FROM reading AS l WHERE l.superseded_at IS NULL AND l.occasion = 'period-end' AND l.period < $2 \
                            AND l.point = r.point AND l.serial = r.serial AND l.kind = r.kind AND l.zone = r.zone)";
    AT = "SELECT point, serial, kind, zone, total FROM reading \
          WHERE superseded_at IS NULL AND occasion = 'period-end' AND period = $2 AND point IN (SELECT eic FROM usage_point WHERE contract = $1)";
    OF_PERIOD = "SELECT point, serial, kind, zone, period, read_on, total, quality, occasion, known_at FROM reading \
                 WHERE superseded_at IS NULL AND period = $2 AND point IN (SELECT eic FROM usage_point WHERE contract = $1) \
                 ORDER BY point, serial, kind, zone, read_on, occasion";
    // CROSS: SQLite keeps the order, register by register, instead of reading the whole history of a point.
    OF_POINTS = "SELECT r.point, r.serial, r.kind, r.zone, r.period, r.read_on, r.total, r.quality, r.occasion FROM register AS g \
                 CROSS JOIN reading AS r ON r.point = g.point AND r.serial = g.serial AND r.kind = g.kind AND r.zone = g.zone AND r.superseded_at IS NULL \
                 WHERE g.point IN (SELECT value FROM json_each($1)) AND r.period <= $2 AND (r.period = $2 OR r.occasion = 'period-end') \
                 AND r.period >= COALESCE((SELECT l.period FROM reading AS l WHERE l.point = g.point AND l.serial = g.serial AND l.kind = g.kind AND l.zone = g.zone \
                   AND l.superseded_at IS NULL AND l.occasion = 'period-end' AND l.period < $2 ORDER BY l.period DESC LIMIT 1 OFFSET 1), 0)",
        postgres: "SELECT r.point, r.serial, r.kind, r.zone, r.period, r.read_on, r.total, r.quality, r.occasion FROM register AS g \
                 JOIN reading AS r ON r.point = g.point AND r.serial = g.serial AND r.kind = g.kind AND r.zone = g.zone AND r.superseded_at IS NULL \
                 WHERE g.point IN (SELECT jsonb_array_elements_text($1::jsonb)) AND r.period <= $2 AND (r.period = $2 OR r.occasion = 'period-end') \
                 AND r.period >= COALESCE((SELECT l.period FROM reading AS l WHERE l.point = g.point AND l.serial = g.serial AND l.kind = g.kind AND l.zone = g.zone \
                   AND l.superseded_at IS NULL AND l.occasion = 'period-end' AND l.period < $2 ORDER BY l.period DESC LIMIT 1 OFFSET 1), 0)";
    OF_POINTS_KNOWN_AT = "SELECT point, serial, kind, zone, period, read_on, total, quality, occasion FROM ( \
                 SELECT point, serial, kind, zone, period, read_on, total, quality, occasion, \
                   ROW_NUMBER() OVER (PARTITION BY point, serial, kind, zone, CASE WHEN period = $2 THEN 1 ELSE 0 END ORDER BY period DESC) AS back FROM ( \
                   SELECT point, serial, kind, zone, period, read_on, total, quality, occasion FROM reading WHERE superseded_at IS NULL AND known_at <= $3 \
                     AND period <= $2 AND (period = $2 OR occasion = 'period-end') AND point IN (SELECT value FROM json_each($1)) UNION ALL \
                   SELECT point, serial, kind, zone, period, read_on, total, quality, occasion FROM reading WHERE superseded_at > $3 AND known_at <= $3 \
                     AND period <= $2 AND (period = $2 OR occasion = 'period-end') AND point IN (SELECT value FROM json_each($1))) AS known) AS ranked WHERE period = $2 OR back <= 2",
        postgres: "SELECT point, serial, kind, zone, period, read_on, total, quality, occasion FROM ( \
                 SELECT point, serial, kind, zone, period, read_on, total, quality, occasion, \
                   ROW_NUMBER() OVER (PARTITION BY point, serial, kind, zone, CASE WHEN period = $2 THEN 1 ELSE 0 END ORDER BY period DESC) AS back FROM ( \
                   SELECT point, serial, kind, zone, period, read_on, total, quality, occasion FROM reading WHERE superseded_at IS NULL AND known_at <= $3 \
                     AND period <= $2 AND (period = $2 OR occasion = 'period-end') AND point IN (SELECT jsonb_array_elements_text($1::jsonb)) UNION ALL \
                   SELECT point, serial, kind, zone, period, read_on, total, quality, occasion FROM reading WHERE superseded_at > $3 AND known_at <= $3 \
                     AND period <= $2 AND (period = $2 OR occasion = 'period-end') AND point IN (SELECT jsonb_array_elements_text($1::jsonb))) AS known) AS ranked WHERE period = $2 OR back <= 2";
}

/// The day that sets a control reading apart from others of its period; readings of other occasions are the only ones.
fn slot(reading: &Reading) -> String {
    if reading.occasion == Occasion::Control { reading.read_on.to_string() } else { String::new() }
}

impl Tx {
    /// Registers a reading; one that stood for the same register, period and occasion is superseded, not erased. An
    /// estimate never supersedes what was read. Whether it stands now.
    pub async fn put_reading(&mut self, reading: &Reading, item: i64, now: DateTime<Utc>) -> Result<bool> {
        if reading.quality == Quality::Estimated
            && self.standing(reading).await?.is_some_and(|stands| stands != Quality::Estimated)
        {
            return Ok(false);
        }
        let RegisterKey { point, meter, kind, zone } = &reading.register;
        let (at, period, occasion, slot) =
            (now.timestamp_micros(), reading.period.ordinal(), reading.occasion.as_str(), slot(reading));
        let superseded =
            values![at, point.as_str(), meter.as_str(), kind.as_str(), zone.as_str(), period, occasion, slot.as_str()];
        self.execute(&SUPERSEDE, superseded).await?;
        let added = values![
            point.as_str(),
            meter.as_str(),
            kind.as_str(),
            zone.as_str(),
            period,
            occasion,
            slot,
            reading.read_on.to_string(),
            reading.total.0,
            reading.quality.as_str(),
            item,
            at,
        ];
        self.execute_one(&ADD, added).await?;
        Ok(true)
    }

    /// Registers the reading an account was taken over with, unless one stands for that register, period and occasion:
    /// importing the same master data again must not undo what happened since.
    pub async fn put_opening_reading(&mut self, reading: &Reading, item: i64, now: DateTime<Utc>) -> Result<()> {
        match self.standing(reading).await? {
            Some(_) => Ok(()),
            None => self.put_reading(reading, item, now).await.map(drop),
        }
    }

    /// The quality of the reading that stands where this one would.
    async fn standing(&mut self, reading: &Reading) -> Result<Option<Quality>> {
        let RegisterKey { point, meter, kind, zone } = &reading.register;
        let (period, occasion) = (reading.period.ordinal(), reading.occasion.as_str());
        let values = values![point.as_str(), meter.as_str(), kind.as_str(), zone.as_str(), period, occasion, slot(reading)];
        let row = self.row_or_none(&STANDS, values).await?;
        row.map(|mut row| row.parsed(Quality::parse)).transpose()
    }

    /// The last period-end reading of each of the account's registers before `period`.
    pub async fn readings_before(&mut self, contract: &ContractNumber, period: Period) -> Result<PreviousReadings> {
        let rows = self.rows(&BEFORE, values![contract.as_str(), period.ordinal()]).await?;
        rows.into_iter().map(register_total).collect()
    }

    /// The reading of each of the account's registers at the end of `period`.
    pub async fn readings_at(&mut self, contract: &ContractNumber, period: Period) -> Result<PreviousReadings> {
        let rows = self.rows(&AT, values![contract.as_str(), period.ordinal()]).await?;
        rows.into_iter().map(register_total).collect()
    }

    /// Every reading of `period` on any occasion, by register and day, with when it became known.
    pub async fn readings_of_period(
        &mut self,
        contract: &ContractNumber,
        period: Period,
    ) -> Result<Vec<(Reading, DateTime<Utc>)>> {
        let rows = self.rows(&OF_PERIOD, values![contract.as_str(), period.ordinal()]).await?;
        rows.into_iter().map(|mut row| Ok((columns(&mut row)?, row.instant()?))).collect()
    }

    /// Every reading of `period` and of each register the last two period ends before it. `points` is a JSON list of EIC.
    pub(crate) async fn readings_of_points(
        &mut self,
        points: &str,
        period: Period,
        known: Option<DateTime<Utc>>,
    ) -> Result<Vec<Reading>> {
        let rows = match known {
            None => self.rows(&OF_POINTS, values![points, period.ordinal()]).await?,
            Some(instant) => {
                self.rows(&OF_POINTS_KNOWN_AT, values![points, period.ordinal(), instant.timestamp_micros()]).await?
            }
        };
        rows.into_iter().map(reading).collect()
    }
}

fn register(row: &mut Record) -> Result<RegisterKey> {
    Ok(RegisterKey {
        point: row.parsed(|text| Eic::parse(text).ok())?,
        meter: row.parsed(|text| MeterSerial::parse(text).ok())?,
        kind: row.parsed(EnergyKind::parse)?,
        zone: row.parsed(Zone::parse)?,
    })
}

fn register_total(mut row: Record) -> Result<(RegisterKey, RegisterTotal)> {
    Ok((register(&mut row)?, RegisterTotal(row.integer()?)))
}

fn reading(mut row: Record) -> Result<Reading> {
    columns(&mut row)
}

fn columns(row: &mut Record) -> Result<Reading> {
    Ok(Reading {
        register: register(row)?,
        period: row.counted(Period::from_ordinal)?,
        read_on: row.parsed(date)?,
        total: RegisterTotal(row.integer()?),
        quality: row.parsed(Quality::parse)?,
        occasion: row.parsed(Occasion::parse)?,
    })
}
