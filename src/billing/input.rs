//! What a period's calculation is made from.

use std::cmp::Ordering;

use oblik_domain::account::{AccountRecord, RelatedPoint};
use oblik_domain::bill::{BillLine, MonthVolume, TraceStep};
use oblik_domain::confirmation::Confirmation;
use oblik_domain::ids::{Eic, MeterSerial};
use oblik_domain::metering::{IntervalSeries, Reading, RegisterKey};
use oblik_domain::period::Period;

use crate::PriceBook;

/// Everything one account's period is calculated from.
#[derive(Debug, Clone, Copy)]
pub struct BillingInput<'a> {
    pub record: &'a AccountRecord,
    pub period: Period,
    /// What is known of the registers of the account and of related points: every reading of the period, and of each
    /// register the last two period ends before it. Sorted by register, then period, then day of reading.
    pub readings: &'a [Reading],
    /// Series that touch the period.
    pub intervals: &'a [IntervalSeries],
    /// Points of other accounts that ours feed or are fed through.
    pub related: &'a [RelatedPoint],
    /// Active volumes of closed months before the period, oldest first, at most twelve.
    pub history: &'a [MonthVolume],
    pub confirmations: &'a [Confirmation],
    pub prices: &'a PriceBook,
    pub missing: MissingReadings,
    /// Distribution that the operator charges by the account's terms is calculated as a debt of its own (RQ-F08); else it is left
    /// to the operator.
    pub operator_documents: bool,
    /// Lines the ledger adds: penalty, annual interest, inflation. No VAT on them.
    pub sanctions: &'a [BillLine],
    /// How the ledger came to them.
    pub sanction_steps: &'a [TraceStep],
}

/// What is done about a register without a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingReadings {
    /// The calculation is refused (E6).
    Refuse,
    /// The volume is estimated (R-EST).
    Estimate,
}

impl<'a> BillingInput<'a> {
    /// A period of an account without relations, history or confirmations.
    pub fn new(record: &'a AccountRecord, period: Period, readings: &'a [Reading], prices: &'a PriceBook) -> Self {
        Self {
            record,
            period,
            readings,
            intervals: &[],
            related: &[],
            history: &[],
            confirmations: &[],
            prices,
            missing: MissingReadings::Refuse,
            operator_documents: false,
            sanctions: &[],
            sanction_steps: &[],
        }
    }

    /// The readings of one register, in order of time.
    pub fn readings_of(&self, register: &RegisterKey) -> &'a [Reading] {
        run(self.readings, |reading| reading.register.cmp(register))
    }

    /// The readings of all registers of one meter, register by register.
    pub fn readings_of_meter(&self, point: &Eic, meter: &MeterSerial) -> &'a [Reading] {
        run(self.readings, |reading| reading.register.point.cmp(point).then_with(|| reading.register.meter.cmp(meter)))
    }
}

/// Those of a sorted list that compare as equal.
fn run(readings: &[Reading], compare: impl Fn(&Reading) -> Ordering) -> &[Reading] {
    let start = readings.partition_point(|reading| compare(reading).is_lt());
    let rest = readings.get(start..).unwrap_or_default();
    rest.get(..rest.partition_point(|reading| compare(reading).is_eq())).unwrap_or_default()
}
