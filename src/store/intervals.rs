//! Interval data: series as they were delivered, each piece of time held by the newest delivery of it.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, IntervalSeries};
use oblik_domain::period::{Period, kyiv_midnight};

use crate::statement::{Record, statements, values};
use crate::versions::json;
use crate::{Result, StoreError, Tx};

statements! {
    CLASHING = "SELECT id, point, kind, starts_at, minutes, amounts FROM interval_series \
                WHERE superseded_at IS NULL AND point = $1 AND kind = $2 AND starts_at < $4 AND ends_at > $3 ORDER BY starts_at";
    SUPERSEDE = "UPDATE interval_series SET superseded_at = $1 WHERE id = $2 AND superseded_at IS NULL";
    ADD = "INSERT INTO interval_series (point, kind, starts_at, ends_at, minutes, amounts, item_id, known_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    ADD_REST = "INSERT INTO interval_series (point, kind, starts_at, ends_at, minutes, amounts, item_id, known_at) \
                SELECT point, kind, $2, $3, minutes, $4, item_id, $5 FROM interval_series WHERE id = $1",
        postgres: "INSERT INTO interval_series (point, kind, starts_at, ends_at, minutes, amounts, item_id, known_at) \
                SELECT point, kind, $2::bigint, $3::bigint, minutes, $4::text, item_id, $5::bigint FROM interval_series WHERE id = $1";
    OF_POINTS = "SELECT point, kind, starts_at, minutes, amounts FROM interval_series \
                 WHERE superseded_at IS NULL AND point IN (SELECT value FROM json_each($1)) AND starts_at < $3 AND ends_at > $2 ORDER BY point, kind, starts_at",
        postgres: "SELECT point, kind, starts_at, minutes, amounts FROM interval_series \
                 WHERE superseded_at IS NULL AND point IN (SELECT jsonb_array_elements_text($1::jsonb)) AND starts_at < $3 AND ends_at > $2 ORDER BY point, kind, starts_at";
    OF_POINTS_KNOWN_AT = "SELECT point, kind, starts_at, minutes, amounts FROM interval_series \
                 WHERE known_at <= $4 AND (superseded_at IS NULL OR superseded_at > $4) AND point IN (SELECT value FROM json_each($1)) AND starts_at < $3 AND ends_at > $2 \
                 ORDER BY point, kind, starts_at",
        postgres: "SELECT point, kind, starts_at, minutes, amounts FROM interval_series \
                 WHERE known_at <= $4 AND (superseded_at IS NULL OR superseded_at > $4) AND point IN (SELECT jsonb_array_elements_text($1::jsonb)) AND starts_at < $3 AND ends_at > $2 \
                 ORDER BY point, kind, starts_at";
}

/// Where a series ends; `None` where the calendar does.
fn end(series: &IntervalSeries) -> Option<DateTime<Utc>> {
    let minutes = i64::try_from(series.values.len()).ok()?.checked_mul(i64::from(series.minutes))?;
    series.start.checked_add_signed(TimeDelta::try_minutes(minutes)?)
}

/// The whole intervals of a series within a span; `None` where there are none.
fn within(series: &IntervalSeries, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<IntervalSeries> {
    let length = TimeDelta::minutes(i64::from(series.minutes));
    let mut start = series.start;
    let mut cut = IntervalSeries { values: Vec::new(), ..series.clone() };
    for value in &series.values {
        let next = start.checked_add_signed(length)?;
        if start >= from && next <= to {
            if cut.values.is_empty() {
                cut.start = start;
            }
            cut.values.push(*value);
        }
        start = next;
    }
    (!cut.values.is_empty()).then_some(cut)
}

impl Tx {
    /// Stores a delivered series. What stood for the same time is superseded; whole intervals of it outside this time stay.
    /// An empty series changes nothing.
    ///
    /// # Errors
    /// The series ends past the calendar, or its intervals are not of 15, 30 or 60 minutes.
    pub async fn put_intervals(&mut self, series: &IntervalSeries, item: i64, now: DateTime<Utc>) -> Result<()> {
        if series.values.is_empty() {
            return Ok(());
        }
        let past = || StoreError::Meaning { statement: "put intervals", column: 0, value: series.start.to_rfc3339() };
        let ends = end(series).ok_or_else(past)?;
        let (at, point, kind) = (now.timestamp_micros(), series.point.as_str(), series.kind.as_str());
        let (from, to) = (series.start.timestamp_micros(), ends.timestamp_micros());
        for mut row in self.rows(&CLASHING, values![point, kind, from, to]).await? {
            let id = row.integer()?;
            let old = read(row)?;
            self.execute_one(&SUPERSEDE, values![at, id]).await?;
            let old_end = end(&old).ok_or_else(past)?;
            let rests = [within(&old, old.start, series.start), within(&old, ends, old_end)];
            for rest in rests.into_iter().flatten() {
                let (from, to) = (rest.start.timestamp_micros(), end(&rest).ok_or_else(past)?.timestamp_micros());
                self.execute_one(&ADD_REST, values![id, from, to, json(&rest.values)?, at]).await?;
            }
        }
        let values = values![point, kind, from, to, i64::from(series.minutes), json(&series.values)?, item, at];
        self.execute_one(&ADD, values).await
    }

    /// The series that touch a period of Europe/Kyiv, by point, kind and time.
    pub async fn intervals(&mut self, points: &[Eic], period: Period) -> Result<Vec<IntervalSeries>> {
        self.intervals_of_points(&json(&points)?, period, None).await
    }

    /// `points` is a JSON list of EIC.
    pub(crate) async fn intervals_of_points(
        &mut self,
        points: &str,
        period: Period,
        known: Option<DateTime<Utc>>,
    ) -> Result<Vec<IntervalSeries>> {
        let next = Period::from_ordinal(period.ordinal() + 1);
        let start = kyiv_midnight(period.first_day()).map_or(i64::MIN, |start| start.timestamp_micros());
        let end = next.and_then(|next| kyiv_midnight(next.first_day())).map_or(i64::MAX, |end| end.timestamp_micros());
        let rows = match known {
            None => self.rows(&OF_POINTS, values![points, start, end]).await?,
            Some(instant) => self.rows(&OF_POINTS_KNOWN_AT, values![points, start, end, instant.timestamp_micros()]).await?,
        };
        rows.into_iter().map(read).collect()
    }
}

fn read(mut row: Record) -> Result<IntervalSeries> {
    Ok(IntervalSeries {
        point: row.parsed(|text| Eic::parse(text).ok())?,
        kind: row.parsed(EnergyKind::parse)?,
        start: row.instant()?,
        minutes: row.counted(|value| u8::try_from(value).ok())?,
        values: row.parsed(|text| serde_json::from_str::<Vec<RegisterTotal>>(text).ok())?,
    })
}
