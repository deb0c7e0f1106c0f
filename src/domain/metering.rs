//! Supply points, meters, registers and readings. Names: IEC CIM (UsagePoint, Meter, Register, Reading).

use std::fmt;

use chrono::NaiveDate;

use crate::energy::{Coefficient, RegisterTotal};
use crate::ids::{ContractNumber, Eic, MeterSerial};
use crate::period::Period;

macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word that XML, JSON and the database use.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use word_enum;

word_enum!(
    /// What a register counts. The act prints СА, СР and ГР.
    EnergyKind {
        /// СА, active energy consumed, kWh.
        ActiveImport = "active-import",
        /// СР, reactive energy consumed, kvarh.
        ReactiveImport = "reactive-import",
        /// ГР, reactive energy generated, kvarh.
        ReactiveExport = "reactive-export",
    }
);

word_enum!(
    /// Time-of-day zone of a register or a price.
    Zone {
        /// One rate for the whole day.
        Total = "total",
        Night = "night",
        HalfPeak = "half-peak",
        Peak = "peak",
        /// The day of a two-zone meter.
        Day = "day",
    }
);

word_enum!(
    /// Voltage class of the distribution tariff: 1st from 27.5 kV, 2nd below (R-PRICE-1).
    VoltageClass { First = "1", Second = "2" }
);

word_enum!(
    /// How a reading came to be.
    Quality { Actual = "actual", Estimated = "estimated", Operator = "operator" }
);

/// A point where energy is handed over and measured.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct UsagePoint {
    pub eic: Eic,
    pub contract: ContractNumber,
    pub name: String,
    pub address: String,
    pub voltage_class: VoltageClass,
    pub from: NaiveDate,
    /// The first day it is no longer supplied; `None` while it is.
    pub to: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Meter {
    pub serial: MeterSerial,
    pub point: Eic,
    pub model: String,
    pub coefficient: Coefficient,
    pub installed_on: NaiveDate,
    pub removed_on: Option<NaiveDate>,
    pub registers: Vec<Register>,
}

/// One counter of a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Register {
    pub kind: EnergyKind,
    pub zone: Zone,
    /// Integer digits of the dial, 3 to 9: five digits show up to 99999.
    pub digits: u8,
}

/// Names one register in the whole house.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct RegisterKey {
    pub point: Eic,
    pub meter: MeterSerial,
    pub kind: EnergyKind,
    pub zone: Zone,
}

/// What a register showed at the end of a period.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reading {
    pub register: RegisterKey,
    pub period: Period,
    pub read_on: NaiveDate,
    pub total: RegisterTotal,
    pub quality: Quality,
}
