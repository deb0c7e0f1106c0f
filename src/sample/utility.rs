//! The supplier's customers: what they have, what their meters show, who signs for them.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, NaiveDate, Utc};
use oblik_domain::Decimal;
use oblik_domain::account::{Account, AccountRecord, AuthorisedSigner, SelfBilling, SignerIdentity};
use oblik_domain::act::PreviousReadings;
use oblik_domain::energy::{Coefficient, RegisterTotal};
use oblik_domain::ids::{ContractNumber, MeterSerial};
use oblik_domain::invoice::Seller;
use oblik_domain::metering::{EnergyKind, Meter, Occasion, Quality, Reading, Register, RegisterKey, UsagePoint, VoltageClass};
use oblik_domain::period::{Period, kyiv_day};
use oblik_domain::tariff::{Parameter, Tariff};
use oblik_edi::{AccountEntry, FileHeader, MasterRecord, write_master_data};

use crate::authority::{Algorithm, Authority, Identity, Keys, Subject, Validity};
use crate::prices::{self, PRODUCTS, Product};
use crate::{SampleError, codes, mix, names, pick};

/// RSA keys that go round among customers.
const RSA_KEYS: usize = 3;

/// Ratios of current and voltage transformers that meters stand behind.
const COEFFICIENTS: &[u32] = &[1, 20, 30, 40, 60, 80, 120, 200];

/// A supplier's world at a moment.
pub struct Utility {
    pub now: DateTime<Utc>,
    /// The month the acts are about: the one before `now`'s.
    pub period: Period,
    /// The month before it, of which the opening readings are.
    pub opening_period: Period,
    /// Trusted by the supplier.
    pub authority: Authority,
    /// Trusted by nobody here.
    pub stranger: Authority,
    pub keys: Keys,
    /// By number, from 1.
    pub customers: Vec<Customer>,
    pub tariffs: Vec<Tariff>,
    pub parameters: Vec<Parameter>,
}

/// A customer with the key that may sign for it.
#[derive(Debug, Clone)]
pub struct Customer {
    /// From 1; the contract is 270000000 more.
    pub number: u64,
    pub record: AccountRecord,
    pub openings: Vec<Reading>,
    pub identity: Identity,
}

impl Customer {
    pub fn contract(&self) -> &ContractNumber {
        &self.record.account.contract
    }

    pub fn name(&self) -> &str {
        &self.record.account.name
    }

    /// The registered address.
    pub fn email(&self) -> &str {
        self.record.account.emails.first().map_or("", String::as_str)
    }

    pub fn opening(&self) -> PreviousReadings {
        self.openings.iter().map(|reading| (reading.register.clone(), reading.total)).collect()
    }

    /// The account as the master data tells it.
    pub fn entry(&self) -> AccountEntry {
        AccountEntry { record: self.record.clone(), openings: self.openings.clone(), history: Vec::new(), balances: Vec::new() }
    }
}

impl Utility {
    /// A world of so many customers. Customer n signs with ECDSA when n divides by three, else with RSA; has one to three
    /// points; counts in one, two or three zones; is known by person, by seal (every seventh) or by the very certificate
    /// (every eleventh).
    ///
    /// # Errors
    /// [`SampleError`] when keys or certificates cannot be made, or `now` is outside 2001 to 2199.
    pub fn new(now: DateTime<Utc>, customers: u32) -> Result<Self, SampleError> {
        let today = kyiv_day(now);
        let running = Period::of(today).ok_or(SampleError::Value("the moment"))?;
        let before = |months| Period::from_ordinal(running.ordinal() - months).ok_or(SampleError::Value("the moment"));
        let (period, opening_period) = (before(1)?, before(2)?);
        let mut keys = Keys::generate(RSA_KEYS)?;
        let long = Validity { from: years_from(today, -5)?, to: years_from(today, 15)? };
        let authority = Authority::new("Зразок ЦСК", &mut keys, long)?;
        let stranger = Authority::new("Нікому не відомий ЦСК", &mut keys, long)?;
        let from = years_from(opening_period.first_day(), -2)?;
        let mut utility = Self {
            now,
            period,
            opening_period,
            authority,
            stranger,
            keys,
            customers: Vec::new(),
            tariffs: prices::tariffs(from)?,
            parameters: prices::parameters(from),
        };
        for number in 1..=u64::from(customers) {
            let customer = utility.customer(number, from)?;
            utility.customers.push(customer);
        }
        Ok(utility)
    }

    /// Charges these customers, of even numbers, for reactive energy from their contracts' first day on.
    ///
    /// # Errors
    /// [`SampleError::Value`] when the world is smaller, or its prices cannot be written.
    pub fn charge_reactive(&mut self, numbers: &[usize]) -> Result<(), SampleError> {
        for number in numbers {
            let at = number.checked_sub(1).and_then(|at| self.customers.get_mut(at));
            let record = &mut at.ok_or(SampleError::Value("the number of a customer"))?.record;
            let from = record.account.contract_date;
            crate::cases::reactive(record, from);
        }
        let from = self.tariffs.iter().map(|tariff| tariff.from).min();
        self.tariffs.extend(prices::reactive(from.ok_or(SampleError::Value("a price"))?)?);
        Ok(())
    }

    /// The customer of a number, from 1.
    ///
    /// # Errors
    /// [`SampleError::Value`] when the world is smaller.
    pub fn by_number(&self, number: usize) -> Result<&Customer, SampleError> {
        number.checked_sub(1).and_then(|at| self.customers.get(at)).ok_or(SampleError::Value("the number of a customer"))
    }

    /// Certificates of customers are valid for two years around `now`.
    ///
    /// # Errors
    /// [`SampleError::Value`] at the edge of the calendar.
    pub fn validity(&self) -> Result<Validity, SampleError> {
        let today = kyiv_day(self.now);
        Ok(Validity { from: years_from(today, -1)?, to: years_from(today, 1)? })
    }

    /// The supplier's e-seal, from the trusted authority.
    ///
    /// # Errors
    /// [`SampleError::Certificate`] when the library cannot.
    pub fn supplier(&mut self, seller: &Seller) -> Result<Identity, SampleError> {
        let subject = Subject {
            common_name: seller.name.clone(),
            organization: Some(seller.name.clone()),
            edrpou: Some(seller.edrpou.clone()),
            rnokpp: None,
            email: Some(seller.email.clone()),
        };
        let validity = self.validity()?;
        self.authority.issue(&subject, Algorithm::Rsa2048, &mut self.keys, validity)
    }

    /// Accounts, prices and parameters as `oblik import` takes them.
    pub fn master_data_xml(&self) -> Vec<u8> {
        let accounts = self.customers.iter().map(|customer| MasterRecord::Account(Box::new(customer.entry())));
        let tariffs = self.tariffs.iter().cloned().map(MasterRecord::Tariff);
        let parameters = self.parameters.iter().cloned().map(MasterRecord::Parameter);
        let records: Vec<_> = accounts.chain(tariffs).chain(parameters).collect();
        write_master_data(&self.header("master-data"), &records)
    }

    /// The header of a file that the supplier's own systems write; the name makes its message id.
    pub fn header(&self, name: &str) -> FileHeader {
        let message_id = format!("{name}-{}", self.now.format("%Y%m%d%H%M%S"));
        FileHeader { message_id, sender: "ERP".to_owned(), created_at: self.now, record_count: 0 }
    }

    fn customer(&mut self, number: u64, from: NaiveDate) -> Result<Customer, SampleError> {
        let mut record = account_record(number, from)?;
        let account = &record.account;
        let (contract, edrpou, name) = (account.contract.clone(), account.edrpou.clone(), account.name.clone());
        let rnokpp = (!number.is_multiple_of(7)).then(|| codes::rnokpp(number)).transpose()?;
        let person = pick(names::PEOPLE, number - 1)?.to_owned();
        let common_name = if rnokpp.is_some() { person } else { name.clone() };
        let subject = Subject {
            common_name,
            organization: Some(name),
            edrpou: Some(edrpou),
            rnokpp,
            email: account.emails.first().cloned(),
        };
        let algorithm = if number.is_multiple_of(3) { Algorithm::P256 } else { Algorithm::Rsa2048 };
        let validity = self.validity()?;
        let identity = self.authority.issue(&subject, algorithm, &mut self.keys, validity)?;
        let signer = AuthorisedSigner {
            contract,
            name: identity.subject.common_name.clone(),
            identity: known_by(number, &identity)?,
            basis: format!("Наказ № {number} від {}", from.format("%d.%m.%Y")),
            from,
            to: None,
        };
        record.signers.push(signer);
        let openings = openings(&record, self.opening_period);
        Ok(Customer { number, record, openings, identity })
    }

    /// What the registers of a customer show at the end of `period`: each month adds what the register's own pace is.
    pub fn totals(&self, customer: &Customer, period: Period) -> BTreeMap<RegisterKey, RegisterTotal> {
        totals(&customer.openings, self.opening_period, period)
    }
}

/// What registers show at the end of `period`, when these openings are of the end of `from`.
pub(crate) fn totals(openings: &[Reading], from: Period, period: Period) -> BTreeMap<RegisterKey, RegisterTotal> {
    let months = (period.ordinal() - from.ordinal()).max(0);
    let grown = |reading: &Reading| (reading.register.clone(), RegisterTotal(reading.total.0 + month_of(reading) * months));
    openings.iter().map(grown).collect()
}

/// What a register counts in a month, in thousandths: a pace of its own.
pub(crate) fn month_of(opening: &Reading) -> i64 {
    let seed = register_seed(&opening.register);
    let units =
        if opening.register.kind == EnergyKind::ActiveImport { 120 + mix(seed ^ 1) % 640 } else { 20 + mix(seed ^ 1) % 160 };
    let thousandths = if opening.total.0 % 1000 == 0 { 0 } else { mix(seed ^ 2) % 1000 };
    i64::try_from(units * 1000 + thousandths).unwrap_or_default()
}

/// The readings that registers were taken over with.
pub(crate) fn openings(record: &AccountRecord, period: Period) -> Vec<Reading> {
    let reading = |(register, digits): (RegisterKey, u8)| {
        // Between a tenth and four tenths of the dial.
        let end = 10_u64.pow(u32::from(digits)) * 1000;
        let shown = end / 10 + mix(register_seed(&register)) % (end * 3 / 10);
        let shown = if digits == 5 { shown / 1000 * 1000 } else { shown };
        let total = RegisterTotal(i64::try_from(shown).unwrap_or_default());
        let read_on = period.last_day();
        Reading { register, period, read_on, total, quality: Quality::Actual, occasion: Occasion::PeriodEnd }
    };
    registers(record).into_iter().map(reading).collect()
}

/// The account of a number with its points and meters, and nobody who may sign for it.
pub(crate) fn account_record(number: u64, from: NaiveDate) -> Result<AccountRecord, SampleError> {
    let seed = mix(number);
    let (company, slug) = pick(names::COMPANIES, number - 1)?;
    let round = (number - 1) / u64::try_from(names::COMPANIES.len()).unwrap_or(1);
    let (name, slug) = if round == 0 {
        (company.to_owned(), slug.to_owned())
    } else {
        (format!("{company} {}", round + 1), format!("{slug}{}", round + 1))
    };
    let (contract, edrpou) = (codes::contract(number)?, codes::edrpou(number)?);
    let product = product(number)?;
    let address = format!("{}, {}, {}", pick(names::TOWNS, seed)?, pick(names::STREETS, seed >> 8)?, 1 + seed % 120);
    let account = Account {
        contract,
        contract_date: from,
        name: name.clone(),
        vat_number: if number.is_multiple_of(4) { String::new() } else { codes::vat_number(&edrpou, number) },
        edrpou: edrpou.clone(),
        address: address.clone(),
        emails: vec![format!("energo@{slug}.example"), format!("buh@{slug}.example")],
        product: product.name.to_owned(),
        self_billing: SelfBilling::Allowed,
        branch: None,
        terms: Vec::new(),
        limits: Vec::new(),
    };
    let mut record = AccountRecord { account, points: Vec::new(), meters: Vec::new(), signers: Vec::new() };
    for point in 1..=1 + number % 3 {
        add_point(&mut record, product, number, point, &address)?;
    }
    Ok(record)
}

pub(crate) fn years_from(day: NaiveDate, years: i32) -> Result<NaiveDate, SampleError> {
    let months = Months::new(years.unsigned_abs() * 12);
    let moved = if years < 0 { day.checked_sub_months(months) } else { day.checked_add_months(months) };
    moved.ok_or(SampleError::Value("the moment"))
}

pub(crate) fn product(number: u64) -> Result<&'static Product, SampleError> {
    pick(&[&PRODUCTS[0], &PRODUCTS[1], &PRODUCTS[2]], number / 2)
}

/// Every seventh account is signed for by its seal, every eleventh by one certificate only, the rest by a person.
fn known_by(number: u64, identity: &Identity) -> Result<SignerIdentity, SampleError> {
    if number.is_multiple_of(11) {
        return Ok(SignerIdentity::Certificate(identity.sha256()?));
    }
    let edrpou = identity.subject.edrpou.clone().ok_or(SampleError::Value("a customer without ЄДРПОУ"))?;
    Ok(match identity.subject.rnokpp.clone() {
        Some(rnokpp) => SignerIdentity::Person { edrpou, rnokpp },
        None => SignerIdentity::Seal { edrpou },
    })
}

pub(crate) fn add_point(
    record: &mut AccountRecord,
    product: &Product,
    number: u64,
    point: u64,
    address: &str,
) -> Result<(), SampleError> {
    let seed = mix(number * 10 + point);
    let eic = codes::eic(number, point)?;
    let contract = record.account.contract.clone();
    let from = record.account.contract_date;
    let voltage_class = if number.is_multiple_of(5) { VoltageClass::First } else { VoltageClass::Second };
    let name = pick(names::POINTS, number * 3 + point)?.to_owned();
    let ratio = Decimal::from(pick(COEFFICIENTS, seed >> 16)?);
    let digits = if seed.is_multiple_of(2) { 5 } else { 6 };
    let active = product.zones.iter().map(|(zone, _)| Register { kind: EnergyKind::ActiveImport, zone: *zone, digits });
    let mut registers: Vec<Register> = active.collect();
    if point == 1 && number.is_multiple_of(2) {
        let reactive = [EnergyKind::ReactiveImport, EnergyKind::ReactiveExport];
        registers.extend(reactive.map(|kind| Register { kind, zone: oblik_domain::metering::Zone::Total, digits }));
    }
    record.meters.push(Meter {
        serial: MeterSerial::parse(&format!("{:08}", 10_000_000 + number * 10 + point))?,
        point: eic.clone(),
        model: pick(names::MODELS, seed >> 24)?.to_owned(),
        coefficient: Coefficient::new(ratio).ok_or(SampleError::Value("a coefficient"))?,
        installed_on: from,
        removed_on: None,
        registers,
        coefficients: Vec::new(),
    });
    record.points.push(UsagePoint {
        eic,
        contract,
        name,
        address: address.to_owned(),
        voltage_class,
        from,
        to: None,
        terms: Vec::new(),
        disconnections: Vec::new(),
    });
    Ok(())
}

/// Every register of an account with the digits of its dial, in the order of the master data.
pub fn registers(record: &AccountRecord) -> Vec<(RegisterKey, u8)> {
    let of_meter = |meter: &Meter| {
        let key = |register: &Register| {
            (
                RegisterKey { point: meter.point.clone(), meter: meter.serial.clone(), kind: register.kind, zone: register.zone },
                register.digits,
            )
        };
        meter.registers.iter().map(key).collect::<Vec<_>>()
    };
    record.meters.iter().flat_map(of_meter).collect()
}

fn register_seed(register: &RegisterKey) -> u64 {
    let name = format!("{}{}{}", register.meter, register.kind, register.zone);
    name.bytes().fold(7, |seed, byte| mix(seed ^ u64::from(byte)))
}
