//! Prices, parameters and zone hours: each row with the time it was known, so that a bill can be made again with what was
//! known when it was made first.

use chrono::{DateTime, NaiveDate, Utc};
use oblik_domain::dated::Dated;
use oblik_domain::metering::{VoltageClass, Zone};
use oblik_domain::money::Price;
use oblik_domain::tariff::{Parameter, PriceComponent, Tariff, ZoneHours, ZoneScheme};
use rust_decimal::Decimal;

use crate::master::{date, day};
use crate::statement::{Record, Statement, Value, statements, values};
use crate::{Result, Tx};

// `$1` is the instant of knowledge; the largest number there is asks for what is known now.
statements! {
    TARIFFS = "SELECT id, component, product, voltage_class, zone, price, valid_from, valid_to FROM tariff \
               WHERE known_at <= $1 AND (superseded_at IS NULL OR superseded_at > $1) ORDER BY id";
    SUPERSEDE_TARIFF = "UPDATE tariff SET superseded_at = $1 WHERE id = $2 AND superseded_at IS NULL";
    ADD_TARIFF = "INSERT INTO tariff (component, product, voltage_class, zone, price, valid_from, valid_to, known_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    PARAMETERS = "SELECT id, name, value, valid_from, valid_to FROM parameter \
                  WHERE known_at <= $1 AND (superseded_at IS NULL OR superseded_at > $1) ORDER BY id";
    SUPERSEDE_PARAMETER = "UPDATE parameter SET superseded_at = $1 WHERE id = $2 AND superseded_at IS NULL";
    ADD_PARAMETER = "INSERT INTO parameter (name, value, valid_from, valid_to, known_at) VALUES ($1, $2, $3, $4, $5)";
    ZONE_HOURS = "SELECT id, scheme, months, hours, valid_from, valid_to FROM zone_hours \
                  WHERE known_at <= $1 AND (superseded_at IS NULL OR superseded_at > $1) ORDER BY id";
    SUPERSEDE_ZONE_HOURS = "UPDATE zone_hours SET superseded_at = $1 WHERE id = $2 AND superseded_at IS NULL";
    ADD_ZONE_HOURS = "INSERT INTO zone_hours (scheme, months, hours, valid_from, valid_to, known_at) VALUES ($1, $2, $3, $4, $5, $6)";
}

/// Everything a price book is made of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceList {
    pub tariffs: Vec<Tariff>,
    pub parameters: Vec<Parameter>,
    pub zone_hours: Vec<Dated<ZoneHours>>,
}

/// One list of the three, and how its rows are read and written.
struct Kept<T> {
    all: &'static Statement,
    supersede: &'static Statement,
    add: &'static Statement,
    read: fn(&mut Record) -> Result<T>,
    write: fn(&T) -> Vec<Value>,
}

const KEPT_TARIFFS: Kept<Tariff> =
    Kept { all: &TARIFFS, supersede: &SUPERSEDE_TARIFF, add: &ADD_TARIFF, read: tariff, write: tariff_values };
const KEPT_PARAMETERS: Kept<Parameter> =
    Kept { all: &PARAMETERS, supersede: &SUPERSEDE_PARAMETER, add: &ADD_PARAMETER, read: parameter, write: parameter_values };
const KEPT_ZONE_HOURS: Kept<Dated<ZoneHours>> =
    Kept { all: &ZONE_HOURS, supersede: &SUPERSEDE_ZONE_HOURS, add: &ADD_ZONE_HOURS, read: zone_hours, write: zone_hours_values };

impl Tx {
    /// Makes these all prices there are: those no longer in the list are superseded, new ones added, the same ones stay.
    pub async fn put_tariffs(&mut self, tariffs: &[Tariff], now: DateTime<Utc>) -> Result<()> {
        self.put_list(&KEPT_TARIFFS, tariffs, now).await
    }

    /// Makes these all parameters there are.
    pub async fn put_parameters(&mut self, parameters: &[Parameter], now: DateTime<Utc>) -> Result<()> {
        self.put_list(&KEPT_PARAMETERS, parameters, now).await
    }

    /// Makes these all zone hours there are.
    pub async fn put_zone_hours(&mut self, zone_hours: &[Dated<ZoneHours>], now: DateTime<Utc>) -> Result<()> {
        self.put_list(&KEPT_ZONE_HOURS, zone_hours, now).await
    }

    /// Prices, parameters and zone hours as they are known now.
    pub async fn price_list(&mut self) -> Result<PriceList> {
        self.price_list_known_by(i64::MAX).await
    }

    /// Prices, parameters and zone hours as they were known at an instant.
    pub async fn price_list_known_at(&mut self, instant: DateTime<Utc>) -> Result<PriceList> {
        self.price_list_known_by(instant.timestamp_micros()).await
    }

    async fn price_list_known_by(&mut self, instant: i64) -> Result<PriceList> {
        fn values<T>(rows: Vec<(i64, T)>) -> Vec<T> {
            rows.into_iter().map(|(_, value)| value).collect()
        }
        Ok(PriceList {
            tariffs: values(self.list(&KEPT_TARIFFS, instant).await?),
            parameters: values(self.list(&KEPT_PARAMETERS, instant).await?),
            zone_hours: values(self.list(&KEPT_ZONE_HOURS, instant).await?),
        })
    }

    async fn list<T>(&mut self, kept: &Kept<T>, instant: i64) -> Result<Vec<(i64, T)>> {
        let rows = self.rows(kept.all, values![instant]).await?;
        rows.into_iter().map(|mut row| Ok((row.integer()?, (kept.read)(&mut row)?))).collect()
    }

    async fn put_list<T: Clone + PartialEq>(&mut self, kept: &Kept<T>, list: &[T], now: DateTime<Utc>) -> Result<()> {
        let at = now.timestamp_micros();
        let mut new = list.to_vec();
        for (id, known) in self.list(kept, i64::MAX).await? {
            if let Some(index) = new.iter().position(|value| *value == known) {
                new.remove(index);
            } else {
                self.execute_one(kept.supersede, values![at, id]).await?;
            }
        }
        for value in &new {
            let mut values = (kept.write)(value);
            values.push(at.into());
            self.execute_one(kept.add, values).await?;
        }
        Ok(())
    }
}

fn validity(row: &mut Record) -> Result<(NaiveDate, Option<NaiveDate>)> {
    Ok((row.parsed(date)?, row.parsed_or_null(date)?))
}

fn tariff(row: &mut Record) -> Result<Tariff> {
    Ok(Tariff {
        component: row.parsed(PriceComponent::parse)?,
        product: row.text_or_null()?,
        voltage_class: row.parsed_or_null(VoltageClass::parse)?,
        zone: row.parsed_or_null(Zone::parse)?,
        price: row.parsed(|text| Price::new(text.parse().ok()?))?,
        from: row.parsed(date)?,
        to: row.parsed_or_null(date)?,
    })
}

fn tariff_values(tariff: &Tariff) -> Vec<Value> {
    values![
        tariff.component.as_str(),
        tariff.product.as_deref(),
        tariff.voltage_class.map(VoltageClass::as_str),
        tariff.zone.map(Zone::as_str),
        tariff.price.to_string(),
        tariff.from.to_string(),
        day(tariff.to),
    ]
}

fn parameter(row: &mut Record) -> Result<Parameter> {
    let (name, value) = (row.text()?, row.parsed(|text| text.parse::<Decimal>().ok())?);
    let (from, to) = validity(row)?;
    Ok(Parameter { name, value, from, to })
}

fn parameter_values(parameter: &Parameter) -> Vec<Value> {
    let Parameter { name, value, from, to } = parameter;
    values![name.as_str(), value.to_string(), from.to_string(), day(*to)]
}

fn zone_hours(row: &mut Record) -> Result<Dated<ZoneHours>> {
    let value = ZoneHours {
        scheme: row.parsed(ZoneScheme::parse)?,
        months: row.parsed(|text| serde_json::from_str(text).ok())?,
        hours: row.parsed(|text| serde_json::from_str(text).ok())?,
    };
    let (from, to) = validity(row)?;
    Ok(Dated { from, to, value })
}

fn zone_hours_values(hours: &Dated<ZoneHours>) -> Vec<Value> {
    let Dated { from, to, value: ZoneHours { scheme, months, hours } } = hours;
    let months = serde_json::Value::from(months.as_slice()).to_string();
    let hours: Vec<&str> = hours.iter().map(|zone| zone.as_str()).collect();
    values![scheme.as_str(), months, serde_json::Value::from(hours).to_string(), from.to_string(), day(*to)]
}
