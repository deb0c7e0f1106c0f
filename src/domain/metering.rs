//! Supply points, meters, registers and readings. Names: IEC CIM (UsagePoint, Meter, Register, Reading).

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use crate::dated::{self, Dated};
use crate::energy::{Coefficient, RegisterTotal};
use crate::ids::{ContractNumber, Eic, MeterSerial};
use crate::period::Period;

macro_rules! word_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        $(#[$doc])*
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

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
    #[derive(Default)]
    Quality {
        #[default]
        Actual = "actual",
        Estimated = "estimated",
        Operator = "operator",
    }
);

word_enum!(
    /// Why a register was read. What it shows between months counts at the first instant of the day of reading.
    #[derive(Default)]
    Occasion {
        /// At the end of the period, whatever day it was read on.
        #[default]
        PeriodEnd = "period-end",
        /// When the meter was set up: what it showed at the start.
        Installed = "installed",
        /// When the meter was taken down: what it showed last.
        Removed = "removed",
        /// Between, such as on the day a price or the coefficient changed.
        Control = "control",
    }
);

word_enum!(
    /// Whose energy a point measures.
    #[derive(Default)]
    Supply {
        /// The account's own: it is charged.
        #[default]
        Billed = "billed",
        /// A sub-consumer's who is no customer of ours: it is taken off the point it is fed through.
        SubConsumer = "sub-consumer",
    }
);

word_enum!(
    /// Where a point's volume comes from.
    #[derive(Default)]
    VolumeSource {
        #[default]
        Registers = "registers",
        /// Interval data; registers only control it.
        Intervals = "intervals",
    }
);

word_enum!(
    /// Who bears the losses that sub-consumers cause in a network they share (R-LOSS-1).
    #[derive(Default)]
    LossSharing {
        /// The network's owner bears all.
        #[default]
        Owner = "owner",
        /// In proportion to consumption.
        Proportional = "proportional",
    }
);

/// What holds for a point's calculation.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct PointTerms {
    pub supply: Supply,
    /// The point through which this one is fed, of the same account or of another (R-VOL-5).
    pub fed_through: Option<crate::ids::Eic>,
    pub volume_source: VolumeSource,
    /// Permitted power, kW.
    pub permitted_power: Option<Decimal>,
    /// ЕЕРП, the economic equivalent of reactive power, kW a kvar (D of R-REACT).
    pub reactive_equivalent: Option<Decimal>,
    /// «Площадка»: points of one area share their tgφ; `None` is an area of its own.
    pub area: Option<String>,
    /// tgφ where reactive energy is not measured; else the parameter `normative-tg`.
    pub normative_tg: Option<Decimal>,
    /// Between the meter and the balance boundary, in order from the meter outwards.
    pub losses: Vec<Loss>,
    pub loss_sharing: LossSharing,
    /// Hours of a month the network carries load, T_load of R-LOSS-2; `None` is as long as it is energised.
    pub load_hours: Option<Decimal>,
}

/// Where energy is lost between the meter and the balance boundary (R-LOSS-2).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    Transformer {
        /// S_n, kVA.
        rated_kva: Decimal,
        /// P₀, kW.
        no_load_kw: Decimal,
        /// P_k, kW.
        load_kw: Decimal,
        /// I₀, per cent.
        no_load_current: Decimal,
        /// U_k, per cent.
        short_circuit_voltage: Decimal,
        /// The part of the no-load losses this point bears, above 0 to 1.
        share: Decimal,
    },
    Line {
        /// r₀, Ω a km.
        resistance: Decimal,
        /// L, km.
        length: Decimal,
        /// U, kV.
        voltage: Decimal,
    },
    /// The columns of the act: per cent of consumption and a constant a month.
    Simplified {
        /// «в ЛЕП, %».
        line_percent: Decimal,
        /// «змінні, %».
        variable_percent: Decimal,
        /// «постійні Рх.х», kWh a month.
        constant_kwh: Decimal,
    },
}

/// A time a point was cut off: no energy, and no losses of an energised network.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Disconnection {
    pub from: DateTime<Utc>,
    /// `None` while it lasts.
    pub to: Option<DateTime<Utc>>,
    pub reason: String,
}

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
    /// By days; [`PointTerms::default`] where no entry holds.
    #[serde(default)]
    pub terms: Vec<Dated<PointTerms>>,
    #[serde(default)]
    pub disconnections: Vec<Disconnection>,
}

impl UsagePoint {
    /// The terms of a day.
    pub fn terms_on(&self, day: NaiveDate) -> PointTerms {
        dated::on(&self.terms, day).cloned().unwrap_or_default()
    }
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
    /// Coefficients of other transformers behind the same meter, by days; `coefficient` where no entry holds.
    #[serde(default)]
    pub coefficients: Vec<Dated<Coefficient>>,
}

impl Meter {
    /// The coefficient of a day.
    pub fn coefficient_on(&self, day: NaiveDate) -> Coefficient {
        dated::on(&self.coefficients, day).copied().unwrap_or(self.coefficient)
    }
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

/// What a register showed, at the end of a period or on another occasion in it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Reading {
    pub register: RegisterKey,
    pub period: Period,
    pub read_on: NaiveDate,
    pub total: RegisterTotal,
    pub quality: Quality,
    #[serde(default)]
    pub occasion: Occasion,
}

/// Energy of equal intervals one after another, as an AMR delivers it. No gaps: what is missing is no series.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct IntervalSeries {
    pub point: Eic,
    pub kind: EnergyKind,
    /// The start of the first interval.
    pub start: DateTime<Utc>,
    /// Length of an interval: 15, 30 or 60.
    pub minutes: u8,
    /// Energy of each interval, kWh or kvarh with three decimals, not negative.
    pub values: Vec<RegisterTotal>,
}
