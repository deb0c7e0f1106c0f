//! Accounts by the thousand, without keys and certificates: for figures of the calculation and tests of its rules.
//!
//! Most are the customers of [`crate::Utility`]. In every fifty some have what is rare in a small world: a network of their own
//! with sub-consumers, a charge for reactive energy, planned payments. All depends on the arguments alone.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use oblik_domain::Decimal;
use oblik_domain::account::{AuthorisedSigner, SignerIdentity};
use oblik_domain::bill::MonthVolume;
use oblik_domain::dated::Dated;
use oblik_domain::energy::Kwh;
use oblik_domain::ids::{ContractNumber, Eic};
use oblik_domain::metering::{EnergyKind, Reading, Supply};
use oblik_domain::period::{Period, kyiv_day};
use oblik_domain::tariff::{Parameter, Tariff, ZoneHours};
use oblik_edi::{AccountEntry, FileHeader, MasterRecord, write_master_data, write_meter_file};

use crate::cases::{self, Case};
use crate::utility::{account_record, month_of, openings, totals, years_from};
use crate::{SampleError, codes, names, pick, prices};

/// Closed months known of each account.
const HISTORY_MONTHS: i64 = 12;

/// A supplier's accounts with their prices, at a moment.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub now: DateTime<Utc>,
    /// The month to be billed: the one before `now`'s.
    pub period: Period,
    /// The month before it, of which the opening readings are.
    pub opening_period: Period,
    /// By number, from 1.
    pub entries: Vec<AccountEntry>,
    pub tariffs: Vec<Tariff>,
    pub parameters: Vec<Parameter>,
    pub zone_hours: Vec<Dated<ZoneHours>>,
}

impl Accounts {
    /// So many accounts. Account n is customer n of [`crate::Utility`], but for the cases of every fifty.
    ///
    /// # Errors
    /// [`SampleError`] when `now` is outside 2001 to 2199, or the accounts are more than codes of theirs.
    pub fn new(now: DateTime<Utc>, accounts: u32) -> Result<Self, SampleError> {
        let running = Period::of(kyiv_day(now)).ok_or(SampleError::Value("the moment"))?;
        let before = |months| Period::from_ordinal(running.ordinal() - months).ok_or(SampleError::Value("the moment"));
        let (period, opening_period) = (before(1)?, before(2)?);
        let from = years_from(opening_period.first_day(), -2)?;
        let changed = NaiveDate::from_ymd_opt(i32::from(period.year()), 4, 1).ok_or(SampleError::Value("the moment"))?;
        let mut world = Self {
            now,
            period,
            opening_period,
            entries: Vec::new(),
            tariffs: prices::tariffs_with_a_change(from, changed)?,
            parameters: prices::all_parameters(from),
            zone_hours: prices::zone_hours(from),
        };
        for number in 1..=u64::from(accounts) {
            let entry = world.account(number, from)?;
            world.entries.push(entry);
        }
        world.add_history()?;
        Ok(world)
    }

    fn account(&self, number: u64, from: NaiveDate) -> Result<AccountEntry, SampleError> {
        let mut record = match Case::of(number) {
            Some(case) => cases::record(case, number, from, self.period)?,
            None => account_record(number, from)?,
        };
        let account = &record.account;
        record.signers.push(AuthorisedSigner {
            contract: account.contract.clone(),
            name: pick(names::PEOPLE, number)?.to_owned(),
            identity: SignerIdentity::Person { edrpou: account.edrpou.clone(), rnokpp: codes::rnokpp(number)? },
            basis: format!("Наказ № {number}"),
            from,
            to: None,
        });
        let balances = cases::balances(number, &account.contract, self.opening_period);
        let openings = openings(&record, self.opening_period);
        Ok(AccountEntry { record, openings, history: Vec::new(), balances })
    }

    /// The first account of a case; none in a world of less than fifty-one.
    pub fn case(&self, case: Case) -> Option<&AccountEntry> {
        let mut numbers = self.entries.iter().zip(1_u64..);
        numbers.find(|(_, number)| Case::of(*number) == Some(case)).map(|(entry, _)| entry)
    }

    /// Months before the period, each as large as the month its registers count in, without losses.
    fn add_history(&mut self) -> Result<(), SampleError> {
        let mut volumes: BTreeMap<Eic, Decimal> = BTreeMap::new();
        for entry in &self.entries {
            let meters: BTreeMap<_, _> = entry.record.meters.iter().map(|meter| (&meter.serial, meter.coefficient)).collect();
            for opening in entry.openings.iter().filter(|opening| opening.register.kind == EnergyKind::ActiveImport) {
                let coefficient = meters.get(&opening.register.meter).map_or(Decimal::ONE, |coefficient| coefficient.value());
                let month = Decimal::new(month_of(opening), 3).checked_mul(coefficient).ok_or(SampleError::Value("a volume"))?;
                let volume = volumes.entry(opening.register.point.clone()).or_default();
                *volume = volume.checked_add(month).ok_or(SampleError::Value("a volume"))?;
            }
        }
        let mut charged: BTreeMap<Eic, Decimal> = volumes.clone();
        for point in self.entries.iter().flat_map(|entry| &entry.record.points) {
            let Some(main) = point.terms_on(self.period.first_day()).fed_through else { continue };
            let sub = volumes.get(&point.eic).copied().unwrap_or_default();
            if let Some(volume) = charged.get_mut(&main) {
                *volume = volume.checked_sub(sub).ok_or(SampleError::Value("a volume"))?;
            }
        }
        let last = self.opening_period.ordinal();
        let months: Vec<Period> = (last + 1 - HISTORY_MONTHS..=last).filter_map(Period::from_ordinal).collect();
        for entry in &mut self.entries {
            let billed =
                entry.record.points.iter().filter(|point| point.terms_on(self.period.first_day()).supply == Supply::Billed);
            let sum = billed
                .filter_map(|point| charged.get(&point.eic))
                .try_fold(Decimal::ZERO, |sum, volume| sum.checked_add(*volume));
            let active = sum.and_then(Kwh::rounded).ok_or(SampleError::Value("a volume"))?;
            entry.history = months.iter().map(|period| MonthVolume { period: *period, active }).collect();
        }
        Ok(())
    }

    /// What every register shows at the end of a period, account by account.
    pub fn readings(&self, period: Period) -> Vec<(ContractNumber, Reading)> {
        let of_account = |entry: &AccountEntry| -> Vec<(ContractNumber, Reading)> {
            let shown = totals(&entry.openings, self.opening_period, period);
            let reading = |opening: &Reading| Reading {
                period,
                read_on: period.last_day(),
                total: shown.get(&opening.register).copied().unwrap_or(opening.total),
                ..opening.clone()
            };
            entry.openings.iter().map(|opening| (entry.record.account.contract.clone(), reading(opening))).collect()
        };
        self.entries.iter().flat_map(of_account).collect()
    }

    /// The readings of a period as a partner's file.
    pub fn meter_file_xml(&self, period: Period) -> Vec<u8> {
        write_meter_file(&self.header(&format!("readings-{period}")), &self.readings(period))
    }

    /// Accounts, prices, parameters and zone hours as `oblik import` takes them.
    pub fn master_data_xml(&self) -> Vec<u8> {
        write_master_data(&self.header("accounts"), &self.master_records())
    }

    pub fn master_records(&self) -> Vec<MasterRecord> {
        let accounts = self.entries.iter().map(|entry| MasterRecord::Account(Box::new(entry.clone())));
        let tariffs = self.tariffs.iter().cloned().map(MasterRecord::Tariff);
        let parameters = self.parameters.iter().cloned().map(MasterRecord::Parameter);
        let hours = self.zone_hours.iter().cloned().map(MasterRecord::ZoneHours);
        accounts.chain(tariffs).chain(parameters).chain(hours).collect()
    }

    fn header(&self, name: &str) -> FileHeader {
        let message_id = format!("{name}-{}", self.now.format("%Y%m%d%H%M%S"));
        FileHeader { message_id, sender: "ERP".to_owned(), created_at: self.now, record_count: 0 }
    }
}
