//! The customer's account: master data as it stands at a moment.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use crate::dated::{self, Dated};
use crate::energy::Kwh;
use crate::ids::{ContractNumber, Edrpou, Rnokpp};
use crate::metering::{Meter, UsagePoint, word_enum};
use crate::period::Period;

/// A business customer's contract with the supplier.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Account {
    pub contract: ContractNumber,
    pub contract_date: NaiveDate,
    pub name: String,
    pub edrpou: Edrpou,
    /// ІПН, the VAT payer's number: 12 digits; empty when the customer pays no VAT.
    pub vat_number: String,
    pub address: String,
    /// Registered addresses, lower case; the first receives what is not a reply. Never empty.
    pub emails: Vec<String>,
    /// Which supply prices apply: the `product` of tariffs.
    pub product: String,
    pub self_billing: SelfBilling,
    /// The branch of the supplier that serves the account; `None` for the supplier itself (RQ-A24).
    #[serde(default)]
    pub branch: Option<String>,
    /// How the account is calculated, by days; [`Terms::default`] where no entry holds.
    #[serde(default)]
    pub terms: Vec<Dated<Terms>>,
    /// Declared volumes and powers.
    #[serde(default)]
    pub limits: Vec<Limit>,
}

impl Account {
    /// The terms of a day.
    pub fn terms_on(&self, day: NaiveDate) -> Terms {
        dated::on(&self.terms, day).cloned().unwrap_or_default()
    }

    /// The supply product of a day: the terms' own, else the account's.
    pub fn product_on(&self, day: NaiveDate) -> &str {
        dated::on(&self.terms, day).and_then(|terms| terms.product.as_deref()).unwrap_or(&self.product)
    }
}

/// What is agreed with the customer about the calculation.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Terms {
    /// Replaces the account's product for these days.
    pub product: Option<String>,
    pub calculation: Calculation,
    pub act_signature: ActSignature,
    pub price_change: PriceChange,
    pub zone_prices: ZonePrices,
    pub network: NetworkServices,
    pub reactive: ReactiveProfile,
    pub limits: LimitProfile,
    pub payment: PaymentScheme,
    pub sanctions: Sanctions,
    /// Working days the reading window stays open (R-WIN); else the parameter `reading-window-days`.
    pub window_days: Option<u8>,
    /// The day of the following month on which the window opens, 1 to 28; else the parameter `settlement-day`.
    pub settlement_day: Option<u8>,
    /// Monthly active energy below which E1 stops the calculation, instead of the bound from history.
    pub volume_min: Option<Kwh>,
    /// The same above.
    pub volume_max: Option<Kwh>,
}

word_enum!(
    /// Whether a registered act is calculated at once or waits for the customer's word (RQ-E01).
    #[derive(Default)]
    Calculation {
        #[default]
        Automatic = "automatic",
        OnRequest = "on-request",
    }
);

word_enum!(
    /// Whether a calculation the customer asks for needs readings from a signed act (RQ-D07, E4).
    #[derive(Default)]
    ActSignature {
        #[default]
        Required = "required",
        NotRequired = "not-required",
    }
);

word_enum!(
    /// What is done when a price changes inside the period (ПКЕЕ 6.12, R-PRICE-3).
    #[derive(Default)]
    PriceChange {
        /// By interval data or a reading on the day of change where there is one, else in proportion to days.
        #[default]
        Measured = "measured",
        /// Always in proportion to days.
        Days = "days",
        /// The whole period at the prices of its first day.
        Month = "month",
    }
);

word_enum!(
    /// Where a zone's supply price comes from (R-PRICE-2).
    #[derive(Default)]
    ZonePrices {
        /// Prices of the zones themselves; a zone without one has the price for all zones.
        #[default]
        Explicit = "explicit",
        /// The price for all zones times the zone's coefficient, to five decimals.
        Coefficient = "coefficient",
    }
);

word_enum!(
    /// Who charges for transmission and distribution (RQ-F08).
    #[derive(Default)]
    NetworkServices {
        #[default]
        Supplier = "supplier",
        /// The distribution operator, by documents of its own: no lines of these in our bill.
        Operator = "operator",
    }
);

word_enum!(
    /// By which method reactive energy is charged (R-REACT).
    #[derive(Default)]
    ReactiveProfile {
        #[default]
        None = "none",
        /// Order of 17.01.2002 № 19.
        Order2002 = "2002",
        /// Order of 06.02.2018 № 87.
        Order2018 = "2018",
    }
);

word_enum!(
    /// Whether exceeding a declared limit costs anything (R-LIM): the statutory sanction ended with 2018.
    #[derive(Default)]
    LimitProfile {
        #[default]
        None = "none",
        /// Law 575/97, art. 26, or a contract that repeats it.
        Law575 = "law-575",
    }
);

/// How the customer pays (ПРРЕЕ 4.7, R-ADV).
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaymentScheme {
    /// For what was consumed.
    #[default]
    Fact,
    /// Planned payments in the period with a settlement after it.
    Planned(Vec<PlannedPart>),
    /// The whole expected sum before the period, with a settlement after it.
    Prepayment { due_day: u8 },
}

/// One planned payment: its share of the expected sum and the day of the month it is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct PlannedPart {
    pub due_day: u8,
    /// Per cent; the last part takes what rounding leaves.
    pub percent: Decimal,
}

/// What is charged on overdue debt (R-PEN). Nothing, unless the contract says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Sanctions {
    pub penalty: bool,
    pub annual_interest: bool,
    pub inflation: bool,
}

word_enum!(
    /// What a limit bounds.
    LimitKind {
        /// Active energy of a month, kWh.
        Consumption = "consumption",
        /// Power in the morning control hours, kW.
        PowerMorning = "power-morning",
        /// Power in the evening control hours, kW.
        PowerEvening = "power-evening",
    }
);

/// A volume or power the customer declared for a month (RQ-B04, R-LIM).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Limit {
    pub kind: LimitKind,
    pub period: Period,
    /// kWh or kW, not negative.
    pub amount: Decimal,
    pub registered_on: NaiveDate,
    /// The area it is for; `None` for the whole account.
    #[serde(default)]
    pub area: Option<String>,
}

/// Whether an act of the customer starts the calculation at once (RQ-E02, E3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum SelfBilling {
    Allowed,
    Forbidden,
}

/// A person or seal that may sign for the account (RQ-A25).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AuthorisedSigner {
    pub contract: ContractNumber,
    pub name: String,
    pub identity: SignerIdentity,
    /// Договір, довіреність or наказ, with its number and date.
    pub basis: String,
    pub from: NaiveDate,
    /// The first day the authority no longer holds.
    pub to: Option<NaiveDate>,
}

/// By what a certificate is recognised as the signer's. Never by a name.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum SignerIdentity {
    /// SHA-256 of the certificate's DER.
    Certificate([u8; 32]),
    /// The organisation's ЄДРПОУ and the person's РНОКПП, both in a certificate of a trusted authority.
    Person { edrpou: Edrpou, rnokpp: Rnokpp },
    /// The organisation's e-seal: a certificate with this ЄДРПОУ and no person.
    Seal { edrpou: Edrpou },
}

/// What a certificate says of its holder, read by the signature package.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CertificateHolder {
    pub certificate_sha256: [u8; 32],
    pub edrpou: Option<Edrpou>,
    pub rnokpp: Option<Rnokpp>,
    pub name: String,
    /// What the certificate is for; absent where it does not say or contradicts itself.
    pub kind: Option<HolderKind>,
    pub surname: Option<String>,
    pub given_name: Option<String>,
    pub organization: Option<String>,
    pub position: Option<String>,
    /// Whether its authority claims that it is qualified. What the authority is, trust says.
    pub is_qualified: bool,
}

/// Whether a certificate is a person's, for signatures, or an organisation's, for e-seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderKind {
    Signature,
    Seal,
}

impl HolderKind {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signature => "signature",
            Self::Seal => "seal",
        }
    }
}

impl std::fmt::Display for HolderKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl AuthorisedSigner {
    /// Whether `holder` is this signer and its authority holds on `day`.
    pub fn covers(&self, holder: &CertificateHolder, day: NaiveDate) -> bool {
        if day < self.from || self.to.is_some_and(|end| day >= end) {
            return false;
        }
        match &self.identity {
            SignerIdentity::Certificate(sha256) => *sha256 == holder.certificate_sha256,
            SignerIdentity::Person { edrpou, rnokpp } => {
                holder.edrpou.as_ref() == Some(edrpou) && holder.rnokpp.as_ref() == Some(rnokpp)
            }
            SignerIdentity::Seal { edrpou } => {
                let is_person = holder.rnokpp.is_some() || holder.kind == Some(HolderKind::Signature);
                holder.edrpou.as_ref() == Some(edrpou) && !is_person
            }
        }
    }
}

/// Everything about one account that acts are examined against and bills are made of.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct AccountRecord {
    pub account: Account,
    pub points: Vec<UsagePoint>,
    pub meters: Vec<Meter>,
    pub signers: Vec<AuthorisedSigner>,
}

/// A point of another account with its meters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedPoint {
    pub relation: Relation,
    pub point: UsagePoint,
    pub meters: Vec<Meter>,
}

/// How a point of another account is joined to ours (R-VOL-5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It is fed through one of ours.
    FedByUs,
    /// One of ours is fed through it.
    FeedsUs,
    /// It is fed through the same point as one of ours.
    FedBeside,
}
