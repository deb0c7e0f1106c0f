//! What an act states and is made with, its fingerprint, and its page.

use std::fmt::Write as _;

use oblik_documents::{ActForm, Typesetter};
use oblik_domain::NaiveDate;
use oblik_domain::account::AccountRecord;
use oblik_domain::act::{ActRow, PreviousReadings, ReadingAct, register_name, required_registers};
use oblik_domain::bill::Bill;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::IssuerRole;
use oblik_domain::metering::{Occasion, Reading, RegisterKey, VolumeSource};
use oblik_domain::period::Period;
use oblik_edi::{ReadingActDocument, write_reading_act_document};
use oblik_store::{Result, StoredReadingAct, Tx, sha256_hex};

use crate::issuing::Issuers;
use crate::station::{Trouble, report};

/// Everything an act is made with.
#[derive(Debug, Clone)]
pub(crate) struct Basis {
    pub record: AccountRecord,
    pub act: ReadingAct,
    pub opening: PreviousReadings,
    /// All readings of the period: the quality of what the act states, and what was read between.
    pub readings: Vec<Reading>,
    pub version: i64,
    pub bill: Option<Bill>,
}

/// A finished act.
pub(crate) struct Made {
    pub basis: Basis,
    pub stated: String,
    pub xml: Vec<u8>,
    pub pdf: Vec<u8>,
}

impl Basis {
    /// What is known of an account's period; `None` while a register that is billed by has no reading.
    pub async fn known(tx: &mut Tx, record: AccountRecord, period: Period) -> Result<Option<Self>> {
        let contract = record.account.contract.clone();
        let readings: Vec<Reading> =
            tx.readings_of_period(&contract, period).await?.into_iter().map(|(reading, _)| reading).collect();
        let required = required_registers(&record, period);
        let ends = || readings.iter().filter(|reading| reading.occasion == Occasion::PeriodEnd);
        let stated: Vec<&Reading> = ends().filter(|reading| required.contains_key(&reading.register)).collect();
        let is_stated = |register: &RegisterKey| stated.iter().any(|reading| reading.register == *register);
        let complete = required.keys().filter(|register| counts(&record, period, register)).all(is_stated);
        let Some(read_on) = stated.iter().map(|reading| reading.read_on).max().filter(|_| complete) else { return Ok(None) };
        let rows = stated.iter().map(|reading| ActRow { register: reading.register.clone(), total: reading.total }).collect();
        let act = ReadingAct { contract: contract.clone(), period, read_on, rows };
        let opening = tx.readings_before(&contract, period).await?;
        Ok(Some(Self { record, act, opening, readings, version: 1, bill: None }))
    }

    /// Names what the act states: the same readings are the same act, whoever brought them and on whatever day.
    pub fn fingerprint(&self) -> String {
        let mut text = String::new();
        let named = |register: &RegisterKey| format!("{} {} {}", register.point, register.meter, register_name(register));
        let mut rows: Vec<&ActRow> = self.act.rows.iter().collect();
        rows.sort_by(|one, other| one.register.cmp(&other.register));
        for row in rows {
            let before = self.opening.get(&row.register).map(ToString::to_string).unwrap_or_default();
            let _ = writeln!(text, "{} {before} {}", named(&row.register), row.total);
        }
        for reading in self.readings.iter().filter(|reading| reading.occasion != Occasion::PeriodEnd) {
            let _ = writeln!(text, "{} {} {} {}", named(&reading.register), reading.occasion, reading.read_on, reading.total);
        }
        sha256_hex(text.as_bytes())
    }
}

/// Whether the account is billed by this register: interval data is our own system's, and registers beside it only control it.
fn counts(record: &AccountRecord, period: Period, register: &RegisterKey) -> bool {
    let of_point = record.points.iter().find(|point| point.eic == register.point);
    of_point.is_some_and(|point| point.terms_on(period.last_day()).volume_source == VolumeSource::Registers)
}

/// Registers the account is billed by whose readings no accepted act states (E4).
pub(crate) async fn unsigned(tx: &mut Tx, record: &AccountRecord, period: Period) -> Result<Vec<RegisterKey>> {
    let required = required_registers(record, period);
    let mut unsigned = tx.unsigned_readings(&record.account.contract, period).await?;
    unsigned.retain(|register| required.contains_key(register) && counts(record, period, register));
    Ok(unsigned)
}

pub(super) fn next_version(acts: &[StoredReadingAct]) -> i64 {
    acts.iter().filter_map(|act| act.version).max().unwrap_or(0) + 1
}

/// `270000017/2026-10`: the number of an account's act; versions of it are counted.
pub fn act_number(contract: &ContractNumber, period: Period) -> String {
    format!("{contract}/{period}")
}

/// `akt-270000017-2026-10-v1.pdf`.
pub fn act_file_name(contract: &ContractNumber, period: Period, version: i64) -> String {
    format!("akt-{contract}-{period}-v{version}.pdf")
}

/// The act's page with its data inside.
pub(super) fn typeset(
    typesetter: &Typesetter,
    issuers: &Issuers,
    basis: Basis,
    reply_to: &str,
    today: NaiveDate,
) -> std::result::Result<Made, Trouble> {
    let issuing = issuers.of(IssuerRole::Supplier, basis.record.account.branch.as_deref());
    let number = act_number(&basis.act.contract, basis.act.period);
    let version = u32::try_from(basis.version).unwrap_or(u32::MAX);
    // The data names its version: a signed copy is of one version only.
    let named = oblik_edi::ActForm { number: number.clone(), version };
    let xml = write_reading_act_document(&ReadingActDocument { act: basis.act.clone(), form: Some(named) });
    let form = ActForm {
        seller: &issuing.seller,
        record: &basis.record,
        act: &basis.act,
        opening: &basis.opening,
        readings: &basis.readings,
        bill: basis.bill.as_ref(),
        number: &number,
        version,
        made_on: today,
        reply_to,
    };
    let pdf = typesetter.reading_act_pdf(&form, &issuing.template, &xml).map_err(|cause| Trouble::park(report(&cause)))?;
    let stated = basis.fingerprint();
    Ok(Made { basis, stated, xml, pdf })
}
