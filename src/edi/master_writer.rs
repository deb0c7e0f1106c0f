//! Writes master data, for partners' tests and the demonstration.

use std::fmt::Display;

use oblik_domain::NaiveDate;
use oblik_domain::account::{AuthorisedSigner, SelfBilling, SignerIdentity};
use oblik_domain::metering::{Meter, RegisterKey, UsagePoint};
use oblik_domain::tariff::{Parameter, Tariff};

use crate::acknowledgement::hex;
use crate::header::{FileHeader, write_header};
use crate::master_data::{AccountEntry, MasterRecord};
use crate::schema::MASTER_DATA;
use crate::terms_writer::{write_account_terms, write_coefficients, write_disconnection, write_point_terms, write_zone_hours};
use crate::writer::{Writer, token};

pub(crate) const NAME_CHARS: usize = 300;

/// Writes master data: accounts, then tariffs, parameters and zone hours, each in the given order. `header.record_count` is
/// replaced by the true count.
pub fn write_master_data(header: &FileHeader, records: &[MasterRecord]) -> Vec<u8> {
    let mut writer = Writer::new("MasterData", MASTER_DATA.target());
    write_header(&mut writer, header, records.len());
    for record in records {
        if let MasterRecord::Account(entry) = record {
            write_account(&mut writer, entry);
        }
    }
    for record in records {
        if let MasterRecord::Tariff(tariff) = record {
            write_tariff(&mut writer, tariff);
        }
    }
    for record in records {
        if let MasterRecord::Parameter(parameter) = record {
            write_parameter(&mut writer, parameter);
        }
    }
    for record in records {
        if let MasterRecord::ZoneHours(hours) = record {
            write_zone_hours(&mut writer, hours);
        }
    }
    writer.finish()
}

fn write_account(writer: &mut Writer, entry: &AccountEntry) {
    let account = &entry.record.account;
    writer.open("Account", &[]);
    writer.leaf("Contract", &account.contract);
    writer.leaf("ContractDate", account.contract_date);
    writer.leaf("Name", token(&account.name, NAME_CHARS));
    writer.leaf("Edrpou", &account.edrpou);
    writer.leaf_if("VatNumber", Some(&account.vat_number).filter(|number| !number.is_empty()));
    writer.leaf("Address", token(&account.address, NAME_CHARS));
    for email in &account.emails {
        writer.leaf("Email", email);
    }
    writer.leaf("Product", &account.product);
    writer.leaf("SelfBilling", if account.self_billing == SelfBilling::Allowed { "allowed" } else { "forbidden" });
    writer.leaf_if("Branch", account.branch.as_ref().map(|branch| token(branch, NAME_CHARS)));
    write_account_terms(writer, account, entry);
    for point in &entry.record.points {
        write_point(writer, point, entry);
    }
    for signer in &entry.record.signers {
        write_signer(writer, signer);
    }
    writer.close();
}

fn write_point(writer: &mut Writer, point: &UsagePoint, entry: &AccountEntry) {
    writer.open("UsagePoint", &[]);
    writer.leaf("Eic", &point.eic);
    writer.leaf("Name", token(&point.name, NAME_CHARS));
    writer.leaf("Address", token(&point.address, NAME_CHARS));
    writer.leaf("VoltageClass", point.voltage_class);
    write_validity(writer, point.from, point.to);
    for terms in &point.terms {
        write_point_terms(writer, terms);
    }
    for disconnection in &point.disconnections {
        write_disconnection(writer, disconnection);
    }
    for meter in entry.record.meters.iter().filter(|meter| meter.point == point.eic) {
        write_meter(writer, meter, entry);
    }
    writer.close();
}

fn write_meter(writer: &mut Writer, meter: &Meter, entry: &AccountEntry) {
    writer.open("Meter", &[]);
    writer.leaf("Serial", &meter.serial);
    writer.leaf("Model", token(&meter.model, NAME_CHARS));
    writer.leaf("Coefficient", meter.coefficient);
    writer.leaf("InstalledOn", meter.installed_on);
    writer.leaf_if("RemovedOn", meter.removed_on);
    write_coefficients(writer, meter);
    for register in &meter.registers {
        let attributes: [(&str, &dyn Display); 3] =
            [("kind", &register.kind), ("zone", &register.zone), ("digits", &register.digits)];
        let key =
            RegisterKey { point: meter.point.clone(), meter: meter.serial.clone(), kind: register.kind, zone: register.zone };
        let Some(opening) = entry.openings.iter().find(|reading| reading.register == key) else {
            writer.empty("Register", &attributes);
            continue;
        };
        writer.open("Register", &attributes);
        writer.open("Opening", &[]);
        writer.leaf("Period", opening.period);
        writer.leaf("ReadOn", opening.read_on);
        writer.leaf("Value", opening.total);
        writer.close();
        writer.close();
    }
    writer.close();
}

fn write_signer(writer: &mut Writer, signer: &AuthorisedSigner) {
    writer.open("Signer", &[]);
    writer.leaf("Name", token(&signer.name, NAME_CHARS));
    writer.leaf("Basis", token(&signer.basis, NAME_CHARS));
    write_validity(writer, signer.from, signer.to);
    match &signer.identity {
        SignerIdentity::Certificate(sha256) => writer.leaf("Certificate", hex(sha256)),
        SignerIdentity::Person { edrpou, rnokpp } => writer.empty("Person", &[("edrpou", edrpou), ("rnokpp", rnokpp)]),
        SignerIdentity::Seal { edrpou } => writer.empty("Seal", &[("edrpou", edrpou)]),
    }
    writer.close();
}

pub(crate) fn write_validity(writer: &mut Writer, from: NaiveDate, to: Option<NaiveDate>) {
    writer.leaf("From", from);
    writer.leaf_if("To", to);
}

fn write_tariff(writer: &mut Writer, tariff: &Tariff) {
    writer.open("Tariff", &[]);
    writer.leaf("Component", tariff.component);
    writer.leaf_if("Product", tariff.product.as_ref());
    writer.leaf_if("VoltageClass", tariff.voltage_class);
    writer.leaf_if("Zone", tariff.zone);
    writer.leaf("Price", tariff.price);
    write_validity(writer, tariff.from, tariff.to);
    writer.close();
}

fn write_parameter(writer: &mut Writer, parameter: &Parameter) {
    writer.open("Parameter", &[]);
    writer.leaf("Name", &parameter.name);
    writer.leaf("Value", parameter.value.normalize());
    write_validity(writer, parameter.from, parameter.to);
    writer.close();
}
