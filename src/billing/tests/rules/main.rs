//! The rules of the calculation, by subject, in one program: linking costs more than the tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where its ground is wrong")]

mod bills;
mod corrections;
mod money;
mod network;
mod plausibility;
mod rerating;
mod split;
mod whole;

use oblik_domain::account::{Account, SelfBilling};
use oblik_domain::ids::{ContractNumber, Edrpou};

/// The account all rules are tried on.
fn account() -> Account {
    Account {
        contract: ContractNumber::parse("270000017").unwrap(),
        contract_date: "2020-01-01".parse().unwrap(),
        name: "ТОВ «Млин»".to_owned(),
        edrpou: Edrpou::parse("00131512").unwrap(),
        vat_number: String::new(),
        address: "м. Рівне".to_owned(),
        emails: vec!["buh@mlyn.example".to_owned()],
        product: "free".to_owned(),
        self_billing: SelfBilling::Allowed,
        branch: None,
        terms: Vec::new(),
        limits: Vec::new(),
    }
}
