//! The calculation of one account's period, as it is stored, shown and issued: energy, money and the reason of every figure.
//!
//! Values only; `billing` makes them. Source: R-RND, R-VOL, R-PRICE, R-VAT-1.

use std::borrow::Cow;

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::energy::{Coefficient, Kwh, RegisterTotal};
use crate::ids::{ContractNumber, Eic};
use crate::invoice::InvoiceNumber;
use crate::ledger::DebtType;
use crate::metering::{EnergyKind, Quality, RegisterKey, VoltageClass, Zone, word_enum};
use crate::money::{Kopiykas, Price};
use crate::period::Period;

/// One row of the calculation of volume: a register between two of its readings.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct VolumeRow {
    pub register: RegisterKey,
    pub voltage_class: VoltageClass,
    pub opening: RegisterTotal,
    pub closing: RegisterTotal,
    pub coefficient: Coefficient,
    /// Whole kWh or kvarh (R-VOL-2). Negative only where an actual reading trues up an estimate (R-EST).
    pub volume: Kwh,
    /// The first day of the row.
    #[serde(default)]
    pub from: NaiveDate,
    /// The first day after it.
    #[serde(default)]
    pub to: NaiveDate,
    /// Of the closing reading.
    #[serde(default)]
    pub quality: Quality,
    /// The dial passed its end, confirmed (R-VOL-1).
    #[serde(default)]
    pub rolled_over: bool,
}

/// Losses between a meter and the balance boundary (R-LOSS), whole kWh or kvarh.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LossRow {
    pub point: Eic,
    pub kind: EnergyKind,
    pub part: LossPart,
    pub volume: Kwh,
}

word_enum!(
    /// Which part of the losses a row is.
    LossPart {
        TransformerNoLoad = "transformer-no-load",
        TransformerLoad = "transformer-load",
        Line = "line",
        /// «змінні» of the act's simplified form.
        Variable = "variable",
        /// «постійні» of it.
        Constant = "constant",
        /// A sub-consumer's part in the losses of the network it is fed through; in the owner's bill it is negative.
        Shared = "shared",
    }
);

/// What is taken off a point for a sub-consumer fed through it (R-VOL-5).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FedRow {
    /// The point of the main consumer.
    pub point: Eic,
    /// The sub-consumer's point.
    pub fed: Eic,
    pub kind: EnergyKind,
    /// A zone of the main's meter (R-VOL-5b).
    pub zone: Zone,
    pub volume: Kwh,
}

/// What a point is charged for in one zone: gross + losses − fed = net.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NetVolume {
    pub point: Eic,
    pub voltage_class: VoltageClass,
    pub kind: EnergyKind,
    pub zone: Zone,
    /// The first day it is of, and the first after: the period, or a part of it that was measured by itself.
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub gross: Kwh,
    pub losses: Kwh,
    pub fed: Kwh,
    pub net: Kwh,
}

word_enum!(
    /// What a line of money is for.
    LineKind {
        Supply = "supply",
        Transmission = "transmission",
        Distribution = "distribution",
        /// Пс, reactive energy consumed (R-REACT).
        ReactiveConsumed = "reactive-consumed",
        /// Пг, reactive energy generated.
        ReactiveGenerated = "reactive-generated",
        /// П2, for tgφ above the threshold.
        ReactiveExcess = "reactive-excess",
        /// П3, a discount for taking part in daily regulation; negative.
        ReactiveDiscount = "reactive-discount",
        /// Consumption above the declared volume (R-LIM-1).
        LimitConsumption = "limit-consumption",
        /// Power above the declared one (R-LIM-2).
        LimitPower = "limit-power",
        /// Пеня (R-PEN-1).
        Penalty = "penalty",
        /// 3 % річних (R-PEN-2).
        AnnualInterest = "annual-interest",
        /// Інфляційні (R-PEN-3).
        Inflation = "inflation",
    }
);

/// One line of money.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct BillLine {
    #[serde(alias = "component")]
    pub kind: LineKind,
    #[serde(default = "active")]
    pub debt: DebtType,
    /// `None` where the line is of several points.
    #[serde(default)]
    pub point: Option<Eic>,
    pub voltage_class: Option<VoltageClass>,
    /// [`Zone::Total`] where one price serves several zones.
    pub zone: Zone,
    /// The first day of the line.
    #[serde(default)]
    pub from: NaiveDate,
    /// The first day after it.
    #[serde(default)]
    pub to: NaiveDate,
    /// kWh, kvarh or kW by the line's kind; `None` where the amount follows from other lines, as the trace says.
    pub quantity: Option<Kwh>,
    /// Hryvnias a unit.
    pub price: Option<Price>,
    /// What the price is multiplied with besides, such as D of reactive energy.
    #[serde(default)]
    pub factor: Option<Decimal>,
    pub net: Kopiykas,
    /// Sanctions carry no VAT (R-VAT-1).
    #[serde(default = "vatable")]
    pub vatable: bool,
}

fn vatable() -> bool {
    true
}

/// The debt of lines from before lines named it.
fn active() -> DebtType {
    DebtType::Active
}

impl BillLine {
    /// A line that is a sum alone, for the whole account.
    pub fn of_sum(kind: LineKind, debt: DebtType, (from, to): (NaiveDate, NaiveDate), net: Kopiykas) -> Self {
        Self {
            kind,
            debt,
            point: None,
            voltage_class: None,
            zone: Zone::Total,
            from,
            to,
            quantity: None,
            price: None,
            factor: None,
            net,
            vatable: kind.carries_vat(),
        }
    }
}

impl LineKind {
    /// Sanctions carry no VAT (R-VAT-1).
    pub fn carries_vat(self) -> bool {
        !matches!(self, Self::LimitConsumption | Self::LimitPower | Self::Penalty | Self::AnnualInterest | Self::Inflation)
    }

    /// Whether the line is a part of the price of energy, which has zones.
    pub fn is_of_energy(self) -> bool {
        matches!(self, Self::Supply | Self::Transmission | Self::Distribution)
    }

    /// The unit of the line's quantity, for JSON.
    pub fn unit(self) -> &'static str {
        match self {
            Self::ReactiveConsumed | Self::ReactiveGenerated | Self::ReactiveExcess | Self::ReactiveDiscount => "kvarh",
            Self::LimitPower => "kW",
            _ => "kWh",
        }
    }
}

/// How the reactive energy of one point was charged: everything its block of the document prints.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReactiveRow {
    pub point: Eic,
    /// WP of the area, kWh.
    pub active: Kwh,
    /// WQ of the point, kvarh.
    pub consumed: Kwh,
    /// WG of the point, kvarh.
    pub generated: Kwh,
    /// D, kW a kvar.
    pub equivalent: Decimal,
    /// T, hryvnias a kWh.
    pub price: Price,
    /// tgφ applied.
    pub tg: Decimal,
    pub payment_consumed: Kopiykas,
    pub payment_generated: Kopiykas,
    pub payment_excess: Kopiykas,
}

/// The zone amounts beside what a single rate would have come to (R-ZONE-RECON).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ZoneComparison {
    pub by_zones: Kopiykas,
    pub by_single_rate: Kopiykas,
    pub single_rate: Price,
    /// kWh of all zones.
    pub volume: Kwh,
}

/// What the bill adds to one type of debt, VAT in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct DebtCharge {
    pub debt: DebtType,
    pub net: Kopiykas,
    pub vat: Kopiykas,
    pub total: Kopiykas,
}

/// That the bill corrects an issued one: it holds the difference between a full re-rating and what was billed (R-CORR).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Correction {
    /// The document that is corrected; it stays as it was issued.
    pub original: InvoiceNumber,
    pub original_date: NaiveDate,
    /// What was billed so far for the period, with earlier corrections.
    pub billed_total: Kopiykas,
    /// What the period comes to now.
    pub rerated_total: Kopiykas,
    pub reason: String,
}

/// One step of the calculation: enough to do it again by hand.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TraceStep {
    /// Rule id, such as `R-VOL-2`.
    pub rule: Cow<'static, str>,
    pub subject: String,
    pub formula: String,
    pub result: String,
    /// What went in, and where each came from.
    #[serde(default)]
    pub inputs: Vec<TraceInput>,
}

/// One figure that went into a step.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TraceInput {
    pub name: Cow<'static, str>,
    pub value: String,
    /// `reading 2026-10-31 actual`, `price supply from 2026-04-01`, `parameter vat-rate from 2015-01-01`, `step R-VOL-2`.
    pub source: String,
}

/// The calculation of one account's period.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Bill {
    pub contract: ContractNumber,
    pub period: Period,
    pub rows: Vec<VolumeRow>,
    #[serde(default)]
    pub losses: Vec<LossRow>,
    #[serde(default)]
    pub fed: Vec<FedRow>,
    #[serde(default)]
    pub volumes: Vec<NetVolume>,
    pub lines: Vec<BillLine>,
    #[serde(default)]
    pub reactive: Vec<ReactiveRow>,
    #[serde(default)]
    pub zone_comparison: Option<ZoneComparison>,
    pub net: Kopiykas,
    /// Per cent.
    pub vat_rate: Decimal,
    pub vat: Kopiykas,
    pub total: Kopiykas,
    /// By type of debt; they add up to the total.
    #[serde(default)]
    pub charges: Vec<DebtCharge>,
    #[serde(default)]
    pub correction: Option<Correction>,
    pub trace: Vec<TraceStep>,
}

impl Bill {
    /// Active energy the account is charged for, kWh.
    pub fn active_volume(&self) -> Kwh {
        let active = self.volumes.iter().filter(|volume| volume.kind == EnergyKind::ActiveImport);
        active.map(|volume| volume.net).sum()
    }
}

/// What an account was charged for in a closed month, kWh of active energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct MonthVolume {
    pub period: Period,
    pub active: Kwh,
}
