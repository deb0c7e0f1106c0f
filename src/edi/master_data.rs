//! Master data: accounts with all that belongs to them, prices and parameters.

use std::collections::BTreeSet;
use std::io::BufRead;

use oblik_domain::account::{Account, AccountRecord, AuthorisedSigner, SelfBilling, SignerIdentity};
use oblik_domain::act::dial_end;
use oblik_domain::bill::MonthVolume;
use oblik_domain::dated::Dated;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::ids::{ContractNumber, Edrpou, Eic, MeterSerial, Rnokpp};
use oblik_domain::ledger::NewCharge;
use oblik_domain::metering::{
    EnergyKind, Meter, Occasion, Quality, Reading, Register, RegisterKey, UsagePoint, VoltageClass, Zone,
};
use oblik_domain::period::Period;
use oblik_domain::tariff::{Parameter, Tariff, ZoneHours};

use crate::extract::{Extract, day, known, number, text};
use crate::faults::ReadError;
use crate::header::{FileSummary, read_records};
use crate::master_account::{extract_balances, extract_history, extract_limits, extract_terms};
use crate::master_point::{extract_coefficients, extract_disconnections, extract_point_terms, refuse_circles};
use crate::master_prices::{Validities, extract_parameter, extract_tariff, extract_zone_hours};
use crate::record::Row;
use crate::schema::MASTER_DATA;

/// One record of the file, and where it stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MasterItem {
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// Number of the record among accounts, tariffs, parameters and zone hours, from 1.
    pub record_no: u64,
    pub record: MasterRecord,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MasterRecord {
    Account(Box<AccountEntry>),
    Tariff(Tariff),
    Parameter(Parameter),
    ZoneHours(Dated<ZoneHours>),
}

/// An account and what it was taken over with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountEntry {
    pub record: AccountRecord,
    /// At most one of each register; quality [`Quality::Actual`].
    pub openings: Vec<Reading>,
    /// Closed months before, oldest first; each once.
    pub history: Vec<MonthVolume>,
    /// Kind [`oblik_domain::ledger::ChargeKind::Opening`].
    pub balances: Vec<NewCharge>,
}

/// Reads master data, handing each good record to `sink` in the order of the file. Read twice, as a meter file.
///
/// # Errors
/// As [`crate::read_meter_file`]. An account with one wrong meter is left out whole. Of two prices, parameters or zone hours
/// of one thing that hold on the same day, the second is refused.
pub fn read_master_data<R: BufRead>(input: R, sink: &mut dyn FnMut(MasterItem)) -> Result<FileSummary, ReadError> {
    let mut all = Validities::default();
    read_records(&MASTER_DATA, input, &mut |row, at, extract| extract_item(row, at.number, &mut all, extract), sink)
}

fn extract_item(row: Row<'_>, record_no: u64, all: &mut Validities, extract: &mut Extract<'_>) -> Option<MasterItem> {
    let record = match row.name() {
        "Account" => MasterRecord::Account(Box::new(extract_account(row, extract)?)),
        "Tariff" => MasterRecord::Tariff(extract_tariff(row, record_no, all, extract)?),
        "Parameter" => MasterRecord::Parameter(extract_parameter(row, record_no, all, extract)?),
        _ => MasterRecord::ZoneHours(extract_zone_hours(row, record_no, all, extract)?),
    };
    let place = row.place();
    Some(MasterItem { line: place.line, column: place.column, record_no, record })
}

fn extract_account(row: Row<'_>, extract: &mut Extract<'_>) -> Option<AccountEntry> {
    let contract = extract.child(row, "Contract", ContractNumber::parse);
    let contract_date = extract.child(row, "ContractDate", day);
    let name = extract.child(row, "Name", text);
    let edrpou = extract.child(row, "Edrpou", Edrpou::parse);
    if let (Some(edrpou), Some(at)) = (&edrpou, row.child("Edrpou"))
        && !edrpou.check_digit_holds()
    {
        extract.warn(at, format!("the check digit of ЄДРПОУ {edrpou} does not hold"));
    }
    let vat_number = extract.optional(row, "VatNumber", text);
    let address = extract.child(row, "Address", text);
    let product = extract.child(row, "Product", text);
    let self_billing = extract.child(row, "SelfBilling", text);
    let branch = extract.optional(row, "Branch", text);
    let terms = extract_terms(row, extract);
    let limits = extract_limits(row, extract);
    let history = extract_history(row, extract);
    let mut parts = Parts::default();
    // Without a contract number there is nothing to tie the rest to; the rest is still read for its faults.
    let tied = contract.clone().or_else(|| ContractNumber::parse("270000000").ok())?;
    for point in row.children("UsagePoint") {
        extract_point(point, &tied, &mut parts, extract);
    }
    refuse_circles(row, &parts.points, extract);
    let balances = extract_balances(row, &tied, extract);
    for signer in row.children("Signer") {
        parts.signers.extend(extract_signer(signer, &tied, extract));
    }
    let account = Account {
        contract: contract?,
        contract_date: contract_date?,
        name: name?,
        edrpou: edrpou?,
        vat_number: vat_number?.unwrap_or_default(),
        address: address?,
        emails: emails(row),
        product: product?,
        self_billing: if self_billing? == "allowed" { SelfBilling::Allowed } else { SelfBilling::Forbidden },
        branch: branch?,
        terms,
        limits,
    };
    let Parts { points, meters, signers, openings } = parts;
    Some(AccountEntry { record: AccountRecord { account, points, meters, signers }, openings, history, balances })
}

/// Lower case, each once, in order.
fn emails(row: Row<'_>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let lower = row.children("Email").map(|email| email.text().to_ascii_lowercase());
    lower.filter(|email| seen.insert(email.clone())).collect()
}

/// What belongs to an account.
#[derive(Default)]
struct Parts {
    points: Vec<UsagePoint>,
    meters: Vec<Meter>,
    signers: Vec<AuthorisedSigner>,
    openings: Vec<Reading>,
}

fn extract_point(row: Row<'_>, contract: &ContractNumber, parts: &mut Parts, extract: &mut Extract<'_>) {
    let eic = extract.child(row, "Eic", Eic::parse);
    let name = extract.child(row, "Name", text);
    let address = extract.child(row, "Address", text);
    let class = extract.child(row, "VoltageClass", known(VoltageClass::parse));
    let validity = extract.validity(row);
    let terms = extract_point_terms(row, extract);
    let disconnections = extract_disconnections(row, extract);
    let (Some(eic), Some(name), Some(address), Some(voltage_class), Some((from, to))) = (eic, name, address, class, validity)
    else {
        return;
    };
    if parts.points.iter().any(|point| point.eic == eic) {
        extract.refuse(row, format!("the usage point {eic} stands twice in the account"));
        return;
    }
    for meter in row.children("Meter") {
        extract_meter(meter, &eic, parts, extract);
    }
    parts.points.push(UsagePoint {
        eic,
        contract: contract.clone(),
        name,
        address,
        voltage_class,
        from,
        to,
        terms,
        disconnections,
    });
}

fn extract_meter(row: Row<'_>, point: &Eic, parts: &mut Parts, extract: &mut Extract<'_>) {
    let serial = extract.child(row, "Serial", MeterSerial::parse);
    let model = extract.child(row, "Model", text);
    let coefficient = extract.child(row, "Coefficient", number(Coefficient::new));
    let installed_on = extract.child(row, "InstalledOn", day);
    let removed_on = extract.optional(row, "RemovedOn", day);
    let (Some(serial), Some(model), Some(coefficient), Some(installed_on), Some(removed_on)) =
        (serial, model, coefficient, installed_on, removed_on)
    else {
        return;
    };
    if removed_on.is_some_and(|removed_on| removed_on < installed_on) {
        extract.refuse(row, format!("the meter {serial} is removed before it is installed"));
    }
    if parts.meters.iter().any(|meter| meter.point == *point && meter.serial == serial) {
        extract.refuse(row, format!("the meter {serial} stands twice at the point {point}"));
        return;
    }
    let mut registers: Vec<Register> = Vec::new();
    for row in row.children("Register") {
        let Some(register) = extract_register(row, extract) else { continue };
        if registers.iter().any(|other| (other.kind, other.zone) == (register.kind, register.zone)) {
            extract.refuse(row, format!("the register {}/{} stands twice in the meter {serial}", register.kind, register.zone));
            continue;
        }
        registers.push(register);
        if let Some(opening) = row.child("Opening") {
            let key = RegisterKey { point: point.clone(), meter: serial.clone(), kind: register.kind, zone: register.zone };
            parts.openings.extend(extract_opening(opening, key, register.digits, extract));
        }
    }
    let coefficients = extract_coefficients(row, (installed_on, removed_on), extract);
    parts.meters.push(Meter {
        serial,
        point: point.clone(),
        model,
        coefficient,
        installed_on,
        removed_on,
        registers,
        coefficients,
    });
}

fn extract_register(row: Row<'_>, extract: &mut Extract<'_>) -> Option<Register> {
    let kind = extract.attribute(row, "kind", known(EnergyKind::parse));
    let zone = extract.attribute(row, "zone", known(Zone::parse));
    let digits = extract.attribute(row, "digits", str::parse);
    Some(Register { kind: kind?, zone: zone?, digits: digits? })
}

fn extract_opening(row: Row<'_>, register: RegisterKey, digits: u8, extract: &mut Extract<'_>) -> Option<Reading> {
    let period = extract.child(row, "Period", known(Period::parse));
    let read_on = extract.child(row, "ReadOn", day);
    let total = extract.child(row, "Value", number(RegisterTotal::from_units));
    let (period, read_on, total) = (period?, read_on?, total?);
    if total.units() >= dial_end(digits) {
        extract.refuse(row, format!("the opening reading {total} does not fit a dial of {digits} digits"));
    }
    Some(Reading { register, period, read_on, total, quality: Quality::Actual, occasion: Occasion::PeriodEnd })
}

fn extract_signer(row: Row<'_>, contract: &ContractNumber, extract: &mut Extract<'_>) -> Option<AuthorisedSigner> {
    let name = extract.child(row, "Name", text);
    let basis = extract.child(row, "Basis", text);
    let validity = extract.validity(row);
    let identity = extract_identity(row, extract);
    let (from, to) = validity?;
    Some(AuthorisedSigner { contract: contract.clone(), name: name?, identity: identity?, basis: basis?, from, to })
}

fn extract_identity(row: Row<'_>, extract: &mut Extract<'_>) -> Option<SignerIdentity> {
    if let Some(person) = row.child("Person") {
        let edrpou = extract.attribute(person, "edrpou", Edrpou::parse);
        let rnokpp = extract.attribute(person, "rnokpp", Rnokpp::parse);
        return Some(SignerIdentity::Person { edrpou: edrpou?, rnokpp: rnokpp? });
    }
    if let Some(seal) = row.child("Seal") {
        return Some(SignerIdentity::Seal { edrpou: extract.attribute(seal, "edrpou", Edrpou::parse)? });
    }
    extract.child(row, "Certificate", known(crate::acknowledgement::digest)).map(SignerIdentity::Certificate)
}
