//! Seller and buyer (BG-4, BG-7).
//!
//! ЄДРПОУ stands without a scheme: no code of ISO 6523 is its register's. The VAT number has the country before it (BR-CO-09).
//! The electronic address is the mail address both write from, scheme EM.

use oblik_domain::account::Account;
use oblik_domain::ids::Edrpou;
use oblik_domain::invoice::Seller;

use super::TEXT_CHARS;
use crate::writer::{Writer, token};

/// What both parties have.
struct Party<'a> {
    name: &'a str,
    /// The seller's own number for the buyer (BT-46).
    number: Option<&'a str>,
    edrpou: &'a Edrpou,
    vat_number: &'a str,
    address: &'a str,
    email: &'a str,
    phone: &'a str,
    /// Additional legal information (BT-33).
    legal: &'a str,
}

pub(super) fn seller(writer: &mut Writer, seller: &Seller) {
    let party = Party {
        name: &seller.name,
        number: None,
        edrpou: &seller.edrpou,
        vat_number: &seller.vat_number,
        address: &seller.address,
        email: &seller.email,
        phone: &seller.phone,
        legal: &seller.licence,
    };
    write(writer, "cac:AccountingSupplierParty", &party);
}

pub(super) fn buyer(writer: &mut Writer, account: &Account) {
    let party = Party {
        name: &account.name,
        number: Some(account.contract.as_str()),
        edrpou: &account.edrpou,
        vat_number: &account.vat_number,
        address: &account.address,
        email: account.emails.first().map_or("", String::as_str),
        phone: "",
        legal: "",
    };
    write(writer, "cac:AccountingCustomerParty", &party);
}

fn write(writer: &mut Writer, role: &'static str, party: &Party<'_>) {
    writer.open(role, &[]);
    writer.open("cac:Party", &[]);
    if let Some(email) = said(party.email) {
        writer.leaf_with("cbc:EndpointID", &[("schemeID", &"EM")], email);
    }
    if let Some(number) = party.number {
        writer.open("cac:PartyIdentification", &[]);
        writer.leaf("cbc:ID", number);
        writer.close();
    }
    writer.open("cac:PostalAddress", &[]);
    writer.leaf_if("cbc:StreetName", said(party.address));
    writer.open("cac:Country", &[]);
    writer.leaf("cbc:IdentificationCode", "UA");
    writer.close();
    writer.close();
    let vat_number: String = party.vat_number.chars().filter(char::is_ascii_digit).collect();
    if !vat_number.is_empty() {
        writer.open("cac:PartyTaxScheme", &[]);
        writer.leaf("cbc:CompanyID", format_args!("UA{vat_number}"));
        tax_scheme(writer);
        writer.close();
    }
    writer.open("cac:PartyLegalEntity", &[]);
    writer.leaf("cbc:RegistrationName", token(party.name, TEXT_CHARS));
    writer.leaf("cbc:CompanyID", party.edrpou);
    writer.leaf_if("cbc:CompanyLegalForm", said(party.legal));
    writer.close();
    // The buyer's address of mail is where the document goes, not a person's.
    if party.number.is_none() {
        contact(writer, party);
    }
    writer.close();
    writer.close();
}

fn contact(writer: &mut Writer, party: &Party<'_>) {
    let (phone, email) = (said(party.phone), said(party.email));
    if phone.is_none() && email.is_none() {
        return;
    }
    writer.open("cac:Contact", &[]);
    writer.leaf_if("cbc:Telephone", phone);
    writer.leaf_if("cbc:ElectronicMail", email);
    writer.close();
}

pub(super) fn tax_scheme(writer: &mut Writer) {
    writer.open("cac:TaxScheme", &[]);
    writer.leaf("cbc:ID", "VAT");
    writer.close();
}

/// The text, unless it says nothing: the rules refuse empty elements.
fn said(text: &str) -> Option<String> {
    Some(token(text, TEXT_CHARS)).filter(|text| text != "-")
}
