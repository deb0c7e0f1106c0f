//! Whether a record of a partner's file fits what is known: the second look at a file that is good in itself.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use oblik_domain::account::AccountRecord;
use oblik_domain::act::{PreviousReadings, dial_end, register_name, required_registers};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::{ContractNumber, Eic};
use oblik_domain::metering::{EnergyKind, IntervalSeries, Meter, Occasion, Reading, Register};
use oblik_domain::period::{Period, kyiv_day};
use oblik_edi::{MasterItem, MasterRecord, MeterEntry, MeterRecord, PaymentRecord};
use oblik_store::{Result, Tx};

use crate::House;
use crate::payments::AMOUNT_MOST;

/// What is known of the account of the last record: files come grouped by account, so this is read once for each.
pub(super) struct Ground {
    /// When the file came.
    now: DateTime<Utc>,
    of: Option<(ContractNumber, Period)>,
    record: Option<AccountRecord>,
    previous: PreviousReadings,
    billed: bool,
    /// Series of the file so far by their starts, each with its end and record.
    series: BTreeMap<(Eic, EnergyKind), ByStart>,
}

/// Ends and records of series by their starts.
type ByStart = BTreeMap<DateTime<Utc>, (DateTime<Utc>, u64)>;

/// A code and what is told with it.
type Refused = (Code, String);

/// That an account is said to be a branch's that has no issuer here: the supplier itself issues its documents then (RQ-A24).
pub(super) fn examine_branch(house: &House, item: &MasterItem) -> Option<Finding> {
    let MasterRecord::Account(entry) = &item.record else { return None };
    let account = &entry.record.account;
    let branch = account.branch.as_ref().filter(|branch| !house.issuers.branches.contains_key(*branch))?;
    let detail = format!(
        "contract {} is of the branch {branch}, which the configuration does not know: the supplier itself issues its documents",
        account.contract
    );
    let finding = Finding::warning(Code::FileRecord).with("detail", detail).with("record", item.record_no);
    Some(finding.at(item.line, item.column))
}

impl Ground {
    pub(super) fn new(now: DateTime<Utc>) -> Self {
        Self { now, of: None, record: None, previous: PreviousReadings::new(), billed: false, series: BTreeMap::new() }
    }

    async fn stand_on(&mut self, tx: &mut Tx, contract: &ContractNumber, period: Period) -> Result<()> {
        if self.of.as_ref().is_some_and(|(own, at)| own == contract && *at == period) {
            return Ok(());
        }
        self.record = tx.account_record(contract).await?;
        self.previous = tx.readings_before(contract, period).await?;
        self.billed = tx.invoice_of_period(contract, period).await?.is_some();
        self.of = Some((contract.clone(), period));
        Ok(())
    }

    pub(super) async fn examine(&mut self, tx: &mut Tx, record: &MeterRecord) -> Result<Option<Finding>> {
        let refused = match &record.entry {
            MeterEntry::Reading(reading) => {
                self.stand_on(tx, &record.contract, reading.period).await?;
                self.reading(&record.contract, reading).err()
            }
            MeterEntry::Intervals(series) => self.intervals(tx, record, series).await?,
        };
        // What fell stands: the dial may have passed its end, and the calculation waits for somebody to confirm it.
        let finding = refused.map(|(code, detail)| match code {
            Code::ReadingGoesBackwards => Finding::warning(code).with("detail", detail),
            _ => Finding::error(code).with("detail", detail),
        });
        Ok(finding.map(|finding| finding.with("record", record.record_no).at(record.line, record.column)))
    }

    fn reading(&self, contract: &ContractNumber, reading: &Reading) -> std::result::Result<(), Refused> {
        let refused = |detail: String| Err((Code::FileRecord, detail));
        let today = kyiv_day(self.now);
        let Some(account) = &self.record else { return refused(format!("contract {contract} is not known")) };
        let name = || format!("{} {} {}", reading.register.point, reading.register.meter, register_name(&reading.register));
        let Some(register) = register_of(account, reading) else {
            let when =
                if reading.occasion == Occasion::PeriodEnd { reading.period.to_string() } else { reading.read_on.to_string() };
            return refused(format!("contract {contract} has no register {} in {when}", name()));
        };
        if reading.read_on > today || Period::of(today).is_some_and(|now| reading.period > now) {
            return refused(format!("the reading is of {}, which is to come", reading.read_on));
        }
        if reading.total.units() >= dial_end(register.digits) {
            return refused(format!("{} shows {} digits, the value is {}", name(), register.digits, reading.total));
        }
        if self.billed {
            return Err((Code::AlreadyBilled, format!("contract {contract} is billed for {}", reading.period)));
        }
        if let Some(previous) = self.previous.get(&reading.register).filter(|previous| reading.total < **previous) {
            let detail = format!("{} showed {previous} before, {} now", name(), reading.total);
            return Err((Code::ReadingGoesBackwards, detail));
        }
        Ok(())
    }

    async fn intervals(&mut self, tx: &mut Tx, record: &MeterRecord, series: &IntervalSeries) -> Result<Option<Refused>> {
        let refused = |detail: String| Ok(Some((Code::FileRecord, detail)));
        let (contract, point) = (&record.contract, &series.point);
        let Some((end, periods)) = span(series) else {
            return refused(format!("intervals from {} are past all time", series.start));
        };
        if end > self.now {
            return refused(format!("the intervals end at {end}, which is to come"));
        }
        for period in periods {
            self.stand_on(tx, contract, period).await?;
            let Some(account) = &self.record else { return refused(format!("contract {contract} is not known")) };
            if !account.points.iter().any(|own| own.eic == *point) {
                return refused(format!("contract {contract} has no point {point}"));
            }
            if self.billed {
                return Ok(Some((Code::AlreadyBilled, format!("contract {contract} is billed for {period}"))));
            }
        }
        let others = self.series.entry((point.clone(), series.kind)).or_default();
        let before = others.range(..end).next_back().filter(|(_, (ended, _))| *ended > series.start);
        if let Some((_, (_, other))) = before {
            return refused(format!("the intervals share a time with those of record {other}"));
        }
        others.insert(series.start, (end, record.record_no));
        Ok(None)
    }
}

/// The register a reading is of, as the account has it. At the end of a period it is one that must be read then; on another
/// occasion its meter stood on that day, the day it was taken down included.
fn register_of(account: &AccountRecord, reading: &Reading) -> Option<Register> {
    let key = &reading.register;
    if reading.occasion == Occasion::PeriodEnd {
        return required_registers(account, reading.period).get(key).copied();
    }
    let stood = |meter: &&Meter| {
        let until = meter.removed_on.is_none_or(|end| reading.read_on <= end);
        meter.point == key.point && meter.serial == key.meter && meter.installed_on <= reading.read_on && until
    };
    let mut registers = account.meters.iter().filter(stood).flat_map(|meter| &meter.registers);
    registers.find(|register| (register.kind, register.zone) == (key.kind, key.zone)).copied()
}

/// The end of a series, and the periods it touches.
pub(super) fn span(series: &IntervalSeries) -> Option<(DateTime<Utc>, Vec<Period>)> {
    let minutes = i64::try_from(series.values.len()).ok()?.checked_mul(i64::from(series.minutes))?;
    let end = series.start.checked_add_signed(TimeDelta::try_minutes(minutes)?)?;
    let last = end.checked_sub_signed(TimeDelta::microseconds(1))?;
    let (first, last) = (Period::of(kyiv_day(series.start))?, Period::of(kyiv_day(last))?);
    Some((end, (first.ordinal()..=last.ordinal()).filter_map(Period::from_ordinal).collect()))
}

/// A payment that was told before is told again as a warning; one that was told otherwise refuses the file.
pub(super) async fn examine_payment(tx: &mut Tx, record: &PaymentRecord, now: DateTime<Utc>) -> Result<Option<Finding>> {
    let payment = &record.payment;
    let placed = |finding: Finding, detail: String| {
        Some(finding.with("detail", detail).with("record", record.record_no).at(record.line, record.column))
    };
    if payment.paid_on > kyiv_day(now) {
        let detail = format!("the payment {} is of {}, which is to come", payment.reference, payment.paid_on);
        return Ok(placed(Finding::error(Code::FileRecord), detail));
    }
    if payment.amount > AMOUNT_MOST {
        let detail = format!("the payment {} is of {}, more than can be booked", payment.reference, payment.amount);
        return Ok(placed(Finding::error(Code::FileRecord), detail));
    }
    let Some(known) = tx.payment_of_reference(&payment.source, &payment.reference).await? else { return Ok(None) };
    let same = known.amount == payment.amount
        && known.paid_on == payment.paid_on
        && known.payer == payment.payer
        && known.payer_edrpou == payment.payer_edrpou
        && known.purpose == payment.purpose;
    let named = format!("the payment {} of {}", payment.reference, payment.source);
    Ok(if same {
        placed(Finding::warning(Code::FileDuplicate).with("message", &payment.reference), format!("{named} is booked already"))
    } else {
        placed(
            Finding::error(Code::FileRecord),
            format!("{named} was told otherwise before: {} on {}", known.amount, known.paid_on),
        )
    })
}
