//! The meter file of a billing or metering system: flat readings and interval series of many contracts.

use std::io::BufRead;

use chrono::SecondsFormat;
use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::metering::{EnergyKind, IntervalSeries, Occasion, Quality, Reading, RegisterKey, Zone};
use oblik_domain::period::Period;

use crate::extract::{Extract, day, instant, known, number};
use crate::faults::ReadError;
use crate::header::{At, FileHeader, FileSummary, read_records, write_header};
use crate::record::Row;
use crate::schema::METER_READINGS;
use crate::writer::Writer;

/// One record of the file, and where it stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterRecord {
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// Number of the record among readings and series, from 1.
    pub record_no: u64,
    pub contract: ContractNumber,
    pub entry: MeterEntry,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MeterEntry {
    Reading(Reading),
    /// Its instants are absolute, so a day of 23 or 25 hours needs nothing special.
    Intervals(IntervalSeries),
}

/// Reads a meter file, handing each good record to `sink` in the order of the file.
///
/// A fault of the schema may stand at the very end, after records were handed on. So read twice: first with an empty sink
/// to learn whether the file is good, then to apply it. Memory does not grow with the file.
///
/// # Errors
/// [`ReadError::Findings`] when the file is refused whole: not XML, not its schema, or another number of records than the
/// header announces. A record with a wrong identifier is only left out, and told in [`FileSummary::findings`].
pub fn read_meter_file<R: BufRead>(input: R, sink: &mut dyn FnMut(MeterRecord)) -> Result<FileSummary, ReadError> {
    read_records(&METER_READINGS, input, &mut extract_record, sink)
}

fn extract_record(row: Row<'_>, at: At<'_>, extract: &mut Extract<'_>) -> Option<MeterRecord> {
    let contract = extract.child(row, "Contract", ContractNumber::parse);
    let entry = match row.name() {
        "Intervals" => extract_intervals(row, extract).map(MeterEntry::Intervals),
        _ => extract_reading(row, extract).map(MeterEntry::Reading),
    };
    let place = row.place();
    Some(MeterRecord { line: place.line, column: place.column, record_no: at.number, contract: contract?, entry: entry? })
}

fn extract_reading(row: Row<'_>, extract: &mut Extract<'_>) -> Option<Reading> {
    let point = extract.child(row, "Eic", Eic::parse);
    let meter = extract.child(row, "Meter", MeterSerial::parse);
    let kind = extract.child(row, "Kind", known(EnergyKind::parse));
    let zone = extract.child(row, "Zone", known(Zone::parse));
    let period = extract.child(row, "Period", known(Period::parse));
    let read_on = extract.child(row, "ReadOn", day);
    let total = extract.child(row, "Value", number(RegisterTotal::from_units));
    let quality = extract.child(row, "Quality", known(Quality::parse));
    let occasion = extract.optional(row, "Occasion", known(Occasion::parse));
    let register = RegisterKey { point: point?, meter: meter?, kind: kind?, zone: zone? };
    let (period, read_on, occasion) = (period?, read_on?, occasion?.unwrap_or_default());
    // Between months it counts from the beginning of its day, which lies in the period or is the very end of it.
    let inside = Period::of(read_on) == Some(period) || period.last_day().succ_opt() == Some(read_on);
    if occasion != Occasion::PeriodEnd && !inside {
        let at = row.child("ReadOn").unwrap_or(row);
        extract.refuse(at, format!("a reading of occasion {occasion} on {read_on} is not of the period {period}"));
    }
    Some(Reading { register, period, read_on, total: total?, quality: quality?, occasion })
}

fn extract_intervals(row: Row<'_>, extract: &mut Extract<'_>) -> Option<IntervalSeries> {
    let point = extract.child(row, "Eic", Eic::parse);
    let kind = extract.child(row, "Kind", known(EnergyKind::parse));
    let start = extract.child(row, "Start", instant);
    let minutes = extract.child(row, "Minutes", str::parse::<u8>);
    let mut values = Vec::new();
    for value in row.children("Value") {
        match number(RegisterTotal::from_units)(value.text()) {
            Ok(energy) => values.push(energy),
            Err(reason) => extract.refuse(value, reason),
        }
    }
    let (start, minutes) = (start?, minutes?);
    if start.timestamp().rem_euclid(i64::from(minutes) * 60) != 0 || start.timestamp_subsec_nanos() != 0 {
        extract.refuse(row.child("Start").unwrap_or(row), format!("no interval of {minutes} minutes begins at {start}"));
    }
    Some(IntervalSeries { point: point?, kind: kind?, start, minutes, values })
}

/// Writes a meter file of readings; `header.record_count` is replaced by the true count.
pub fn write_meter_file(header: &FileHeader, readings: &[(ContractNumber, Reading)]) -> Vec<u8> {
    write_meter_entries(header, readings, &[])
}

/// Writes a meter file of readings and interval series; `header.record_count` is replaced by the true count.
pub fn write_meter_entries(
    header: &FileHeader,
    readings: &[(ContractNumber, Reading)],
    series: &[(ContractNumber, IntervalSeries)],
) -> Vec<u8> {
    let mut writer = Writer::new("MeterReadings", METER_READINGS.target());
    write_header(&mut writer, header, readings.len() + series.len());
    for (contract, reading) in readings {
        writer.open("Reading", &[]);
        writer.leaf("Contract", contract);
        writer.leaf("Eic", &reading.register.point);
        writer.leaf("Meter", &reading.register.meter);
        writer.leaf("Kind", reading.register.kind);
        writer.leaf("Zone", reading.register.zone);
        writer.leaf("Period", reading.period);
        writer.leaf("ReadOn", reading.read_on);
        writer.leaf("Value", reading.total);
        writer.leaf("Quality", reading.quality);
        writer.leaf_if("Occasion", Some(reading.occasion).filter(|occasion| *occasion != Occasion::PeriodEnd));
        writer.close();
    }
    for (contract, series) in series {
        writer.open("Intervals", &[]);
        writer.leaf("Contract", contract);
        writer.leaf("Eic", &series.point);
        writer.leaf("Kind", series.kind);
        writer.leaf("Start", series.start.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        writer.leaf("Minutes", series.minutes);
        for value in &series.values {
            writer.leaf("Value", value);
        }
        writer.close();
    }
    writer.finish()
}
