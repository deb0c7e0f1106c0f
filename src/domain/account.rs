//! The customer's account: master data as it stands at a moment.

use chrono::NaiveDate;

use crate::ids::{ContractNumber, Edrpou, Rnokpp};
use crate::metering::{Meter, UsagePoint};

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
}

/// Whether an act of the customer starts the calculation at once (RQ-E02, E3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum SelfBilling {
    Allowed,
    Forbidden,
}

/// A person or seal that may sign for the account (RQ-A25).
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRecord {
    pub account: Account,
    pub points: Vec<UsagePoint>,
    pub meters: Vec<Meter>,
    pub signers: Vec<AuthorisedSigner>,
}
