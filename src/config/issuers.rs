//! `[supplier]`, `[operator]` and `[[branch]]`: who issues documents, with which numbers, key and look.
//!
//! What a branch leaves out is the supplier's; the operator is another company and leaves out its key and look only.

use std::path::PathBuf;

use oblik_domain::invoice::Seller;

use crate::keys::{Keys, Wrong, wrong};
use crate::signing_keys::signing;
use crate::{Signing, Standing, Supplier, check};

/// The distribution operator, where this house issues its documents too (RQ-F08).
#[derive(Debug, Clone)]
pub struct Operator {
    pub seller: Seller,
    pub invoice_series: String,
    /// Its own keys; the supplier's sign when absent.
    pub signing: Option<Signing>,
    /// Its template of documents; the supplier's when absent.
    pub template: Option<PathBuf>,
    /// What it bills by itself; never empty.
    pub bills: Vec<OperatorBills>,
}

/// What a distribution operator may bill by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OperatorBills {
    /// Reactive energy.
    Reactive,
    /// Distribution.
    Distribution,
}

/// A branch of the supplier (RQ-A24).
#[derive(Debug, Clone)]
pub struct Branch {
    /// As the master data of accounts names it.
    pub name: String,
    /// The supplier's requisites with what differs.
    pub seller: Seller,
    pub invoice_series: String,
    /// Its own keys; the supplier's sign when absent.
    pub signing: Option<Signing>,
    pub template: Option<PathBuf>,
}

pub(crate) fn supplier(keys: &Keys<'_>) -> Option<Supplier> {
    let seller = seller(keys);
    let invoice_series = keys.optional("invoice_series", check::series).unwrap_or_default();
    keys.finish();
    Some(Supplier { seller: seller?, standing: Standing::Real, invoice_series })
}

pub(crate) fn operator(keys: &Keys<'_>) -> Option<Operator> {
    let seller = seller(keys);
    let invoice_series = keys.required("invoice_series", "\"…\"", check::series);
    let template = keys.path("template");
    let bills = keys.list("bills", bills);
    if bills.as_ref().is_some_and(Vec::is_empty) {
        keys.refuse("bills", "the operator bills nothing", "write what it bills, or leave [operator] out");
    }
    let signing = own_signing(keys);
    keys.finish();
    let bills = if keys.has("bills") { bills? } else { vec![OperatorBills::Reactive, OperatorBills::Distribution] };
    Some(Operator { seller: seller?, invoice_series: invoice_series?, signing: signing?, template, bills })
}

pub(crate) fn branch(keys: &Keys<'_>, supplier: Option<&Supplier>) -> Option<Branch> {
    let name = keys.required("name", "\"…\"", check::line);
    let printed_name = keys.optional("printed_name", check::line);
    let edrpou = keys.optional("edrpou", check::edrpou);
    let vat_number = keys.optional("vat_number", check::vat_number);
    let address = keys.optional("address", check::line);
    let iban = keys.optional("iban", check::iban);
    let bank = keys.optional("bank", check::line);
    let phone = keys.optional("phone", check::line);
    let email = keys.optional("email", check::address);
    let licence = keys.optional("licence", check::line_or_nothing);
    let invoice_series = keys.optional("invoice_series", check::series);
    let template = keys.path("template");
    let signing = own_signing(keys);
    if keys.has("iban") != keys.has("bank") {
        keys.refuse("iban", "iban and bank stand only together", "give both: an account is of its bank");
    }
    keys.finish();
    let (name, signing, supplier) = (name?, signing?, supplier?);
    let theirs = &supplier.seller;
    let seller = Seller {
        name: printed_name.unwrap_or_else(|| theirs.name.clone()),
        edrpou: edrpou.unwrap_or_else(|| theirs.edrpou.clone()),
        vat_number: vat_number.unwrap_or_else(|| theirs.vat_number.clone()),
        address: address.unwrap_or_else(|| theirs.address.clone()),
        iban: iban.unwrap_or_else(|| theirs.iban.clone()),
        bank: bank.unwrap_or_else(|| theirs.bank.clone()),
        phone: phone.unwrap_or_else(|| theirs.phone.clone()),
        email: email.unwrap_or_else(|| theirs.email.clone()),
        licence: licence.unwrap_or_else(|| theirs.licence.clone()),
    };
    let invoice_series = invoice_series.unwrap_or_else(|| supplier.invoice_series.clone());
    Some(Branch { name, seller, invoice_series, signing, template })
}

/// What only the issuers together can have wrong. A number is unique by its series, so a series is one issuer's.
pub(crate) fn together(supplier: Option<&Keys<'_>>, operator: Option<&Keys<'_>>, branches: &[Keys<'_>]) {
    const KEY: &str = "invoice_series";
    let mut series = vec![supplier.and_then(|keys| keys.text(KEY)).unwrap_or_default()];
    let mut names: Vec<&str> = Vec::new();
    for keys in operator.into_iter().chain(branches) {
        let Some(own) = keys.text(KEY) else { continue };
        if series.contains(&own) {
            let instead = "give each issuer a series of its own: numbers are unique by it";
            keys.refuse(KEY, "another issuer has this series", instead);
        }
        series.push(own);
    }
    for keys in branches {
        let Some(name) = keys.text("name").map(str::trim) else { continue };
        if names.contains(&name) {
            keys.refuse("name", "another branch has this name", "name each branch once, as the master data does");
        }
        names.push(name);
    }
}

/// `Some(None)` when there is none.
#[expect(clippy::option_option, reason = "a table that is absent and one that is wrong are two things")]
fn own_signing(keys: &Keys<'_>) -> Option<Option<Signing>> {
    match keys.table("signing") {
        None if keys.has("signing") => None,
        None => Some(None),
        Some(keys) => signing(&keys).map(Some),
    }
}

fn bills(value: &str) -> Result<OperatorBills, Wrong> {
    match value {
        "reactive" => Ok(OperatorBills::Reactive),
        "distribution" => Ok(OperatorBills::Distribution),
        _ => wrong("this is nothing an operator bills", "write \"reactive\", \"distribution\" or both"),
    }
}

fn seller(keys: &Keys<'_>) -> Option<Seller> {
    let name = keys.required("name", "\"…\"", check::line);
    let edrpou = keys.required("edrpou", "\"12345678\"", check::edrpou);
    let vat_number = keys.required("vat_number", "\"123456789012\"", check::vat_number);
    let address = keys.required("address", "\"…\"", check::line);
    let iban = keys.required("iban", "\"UA…\"", check::iban);
    let bank = keys.required("bank", "\"…\"", check::line);
    let phone = keys.required("phone", "\"+380 …\"", check::line);
    let email = keys.required("email", "\"office@example.com.ua\"", check::address);
    let licence = keys.optional("licence", check::line_or_nothing).unwrap_or_default();
    let (name, edrpou, vat_number, address) = (name?, edrpou?, vat_number?, address?);
    let (iban, bank, phone, email) = (iban?, bank?, phone?, email?);
    Some(Seller { name, edrpou, vat_number, address, iban, bank, phone, email, licence })
}
