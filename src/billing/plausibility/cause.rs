//! What may have gone wrong when a volume cannot be true: each mistake people make is undone, and what then lies within
//! the bounds is a likely cause. It is told, never applied.

use oblik_domain::Decimal;
use oblik_domain::act::{dial_end, register_name};
use oblik_domain::bill::VolumeRow;
use oblik_domain::calendar::days_after;
use oblik_domain::energy::{Kwh, RegisterTotal, volume};
use oblik_domain::metering::{EnergyKind, Quality, RegisterKey};

use super::Bounds;
use crate::BillingInput;

/// A mistake that would explain the volume.
pub(super) struct Found {
    /// `digits-swapped`, `zones-swapped`, `coefficient-missing` or `digit-missing`.
    pub cause: &'static str,
    pub register: RegisterKey,
    /// The reading that was meant; the other register of the swap; or the coefficient.
    pub likely: String,
    /// What the account's volume would be.
    volume: Kwh,
}

/// Undoes one mistake in every way it may have been made.
type Undone = fn(&BillingInput<'_>, &[&VolumeRow], Kwh) -> Vec<Found>;

/// The likeliest cause: by the order of the mistakes, and of one mistake the one that comes nearest to the average.
pub(super) fn find(billing: &BillingInput<'_>, rows: &[&VolumeRow], volume: Kwh, bounds: &Bounds) -> Option<Found> {
    // What the customer read last; an estimate has no digits to mistake.
    let end = days_after(billing.period.last_day(), 1);
    let read = |row: &&VolumeRow| row.to == end && row.quality != Quality::Estimated && !row.rolled_over;
    let rows: Vec<&VolumeRow> = rows.iter().copied().filter(read).collect();
    let expected = expected(bounds);
    let distance = |found: &Found| Decimal::from(found.volume.0).checked_sub(expected).map_or(Decimal::MAX, |gap| gap.abs());
    let mistakes: [Undone; 4] = [swapped_digits, swapped_registers, missing_coefficient, missing_digit];
    mistakes.into_iter().find_map(|undone| {
        let possible = undone(billing, &rows, volume).into_iter().filter(|found| bounds.hold(found.volume) == Some(true));
        possible.min_by_key(distance)
    })
}

fn expected(bounds: &Bounds) -> Decimal {
    let ends = [&bounds.average, &bounds.minimum, &bounds.maximum];
    ends.into_iter().flatten().next().map(super::Fraction::printed).unwrap_or_default()
}

fn active(row: &VolumeRow) -> bool {
    row.register.kind == EnergyKind::ActiveImport
}

/// The account's volume when `row` were of `other` energy.
fn with_other(account: Kwh, row: &VolumeRow, other: Kwh) -> Option<Kwh> {
    account.0.checked_sub(row.volume.0)?.checked_add(other.0).map(Kwh)
}

/// The same row with another closing reading, in the account's volume.
fn with_closing(billing: &BillingInput<'_>, row: &VolumeRow, closing: RegisterTotal, account: Kwh) -> Option<Kwh> {
    let meters = billing.record.meters.iter().filter(|meter| meter.serial == row.register.meter);
    let mut registers = meters.flat_map(|meter| &meter.registers);
    let register = registers.find(|own| own.kind == row.register.kind && own.zone == row.register.zone);
    if register.is_some_and(|register| closing.units() >= dial_end(register.digits)) {
        return None;
    }
    with_other(account, row, volume(row.opening, closing, row.coefficient)?)
}

/// Each active row with each of its other readings, as far as they could have been read.
fn with_other_readings(
    billing: &BillingInput<'_>,
    rows: &[&VolumeRow],
    account: Kwh,
    cause: &'static str,
    others: fn(&str) -> Vec<String>,
) -> Vec<Found> {
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| active(row)) {
        for text in others(&row.closing.to_string()) {
            let Some(closing) = text.parse().ok().and_then(RegisterTotal::from_units) else { continue };
            if let Some(volume) = with_closing(billing, row, closing, account) {
                found.push(Found { cause, register: row.register.clone(), likely: closing.to_string(), volume });
            }
        }
    }
    found
}

/// Two neighbouring digits changed places; the decimal comma stays.
fn swapped_digits(billing: &BillingInput<'_>, rows: &[&VolumeRow], account: Kwh) -> Vec<Found> {
    let others = |text: &str| {
        let digits: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(at, _)| at).collect();
        let pairs = digits.iter().zip(digits.iter().skip(1));
        let swapped = |(one, other): (&usize, &usize)| {
            let mut bytes = text.as_bytes().to_vec();
            bytes.swap(*one, *other);
            String::from_utf8(bytes).ok()
        };
        pairs.filter_map(swapped).filter(|other| other != text).collect()
    };
    with_other_readings(billing, rows, account, "digits-swapped", others)
}

/// A digit was left out, or one was written twice or too many.
fn missing_digit(billing: &BillingInput<'_>, rows: &[&VolumeRow], account: Kwh) -> Vec<Found> {
    let others = |text: &str| {
        let whole = text.split('.').next().unwrap_or_default().len();
        let (before, after) = text.split_at(whole);
        let mut others = Vec::new();
        for at in 0..=before.len() {
            let (left, right) = before.split_at(at);
            others.extend(('0'..='9').map(|digit| format!("{left}{digit}{right}{after}")));
            if let Some(rest) = right.get(1..).filter(|rest| !left.is_empty() || !rest.is_empty()) {
                others.push(format!("{left}{rest}{after}"));
            }
        }
        others
    };
    with_other_readings(billing, rows, account, "digit-missing", others)
}

/// Readings of two registers of one meter changed places. Zones of one kind add up to the same, so it shows here where one
/// of the two is not active energy.
fn swapped_registers(billing: &BillingInput<'_>, rows: &[&VolumeRow], account: Kwh) -> Vec<Found> {
    let mut found = Vec::new();
    for row in rows.iter().filter(|row| active(row)) {
        let beside = rows.iter().filter(|other| other.register.meter == row.register.meter && other.register != row.register);
        for other in beside {
            let Some(with_one) = with_closing(billing, row, other.closing, account) else { continue };
            // The other reading must be possible as well.
            let Some(theirs) = volume(other.opening, row.closing, other.coefficient) else { continue };
            let both = if active(other) { with_other(with_one, other, theirs) } else { Some(with_one) };
            if let Some(volume) = both {
                let likely = register_name(&other.register);
                found.push(Found { cause: "zones-swapped", register: row.register.clone(), likely, volume });
            }
        }
    }
    found
}

/// All active readings of a meter were multiplied by its coefficient before they were written down, or its coefficient
/// does not stand in the data as it should: the energy is `K` times too much or too little.
fn missing_coefficient(_: &BillingInput<'_>, rows: &[&VolumeRow], account: Kwh) -> Vec<Found> {
    type Other = fn(&VolumeRow) -> Option<Kwh>;
    let others: [Other; 3] = [
        |row| Kwh::rounded(Decimal::from(row.volume.0).checked_div(row.coefficient.value())?),
        |row| Kwh::rounded(Decimal::from(row.volume.0).checked_mul(row.coefficient.value())?),
        |row| {
            let meant = row.closing.units().checked_div(row.coefficient.value())?.round_dp(3);
            volume(row.opening, RegisterTotal::from_units(meant)?, row.coefficient)
        },
    ];
    let multiplied = |row: &&&VolumeRow| active(row) && row.coefficient.value() != Decimal::ONE;
    let mut found = Vec::new();
    for first in rows.iter().filter(multiplied) {
        let of_meter: Vec<_> = rows.iter().filter(multiplied).filter(|row| row.register.meter == first.register.meter).collect();
        if of_meter.first().is_none_or(|row| row.register != first.register) {
            continue;
        }
        for other in others {
            let volume = of_meter.iter().try_fold(account, |sum, row| with_other(sum, row, other(row)?));
            if let Some(volume) = volume {
                let likely = first.coefficient.to_string();
                found.push(Found { cause: "coefficient-missing", register: first.register.clone(), likely, volume });
            }
        }
    }
    found
}
