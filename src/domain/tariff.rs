//! Prices and parameters, each with the days it is valid for. Source: R-PRICE, R-PARAM.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::metering::{VoltageClass, Zone, word_enum};
use crate::money::Price;

word_enum!(
    /// What a price is for: the three parts of a modern non-household price (R-PRICE-1), reactive energy and power.
    PriceComponent {
        Supply = "supply",
        Transmission = "transmission",
        Distribution = "distribution",
        /// T of R-REACT, hryvnias a kWh.
        Reactive = "reactive",
        /// Hryvnias a kW, for exceeding declared power (R-LIM-2).
        Power = "power",
    }
);

/// One price with its validity.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tariff {
    pub component: PriceComponent,
    /// The supply product it belongs to; `None` applies to every product.
    pub product: Option<String>,
    /// `None` applies to both classes.
    pub voltage_class: Option<VoltageClass>,
    /// `None` applies to every zone that has no price of its own.
    pub zone: Option<Zone>,
    pub price: Price,
    pub from: NaiveDate,
    /// The first day it is no longer valid.
    pub to: Option<NaiveDate>,
}

/// A named figure of the calculation with its validity, such as `vat-rate` (per cent).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Parameter {
    pub name: String,
    pub value: Decimal,
    pub from: NaiveDate,
    pub to: Option<NaiveDate>,
}

/// VAT rate in per cent, a parameter (R-VAT-1).
pub const VAT_RATE: &str = "vat-rate";
/// Days to pay after the invoice is handed over (R-ADV: five at least).
pub const PAYMENT_DAYS: &str = "payment-days";

word_enum!(
    /// How many zones a day has.
    ZoneScheme { Two = "two", Three = "three" }
);

/// Which zone each hour of the day of Europe/Kyiv belongs to, in some months of the year. Source: R-PRICE-2.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ZoneHours {
    pub scheme: ZoneScheme,
    /// 1 for January.
    pub months: Vec<u8>,
    /// Twenty-four zones, from 00:00.
    pub hours: Vec<Zone>,
}
