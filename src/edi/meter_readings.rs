//! The meter file of a billing or metering system: flat readings of many contracts.

use std::io::BufRead;

use oblik_domain::energy::RegisterTotal;
use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::metering::{EnergyKind, Quality, Reading, RegisterKey, Zone};
use oblik_domain::period::Period;

use crate::extract::{Extract, day, known, number};
use crate::faults::ReadError;
use crate::header::{FileHeader, FileSummary, read_records, write_header};
use crate::record::Row;
use crate::schema::METER_READINGS;
use crate::writer::Writer;

/// One reading of the file, and where it stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeterRecord {
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// Number of the record, from 1.
    pub record_no: u64,
    pub contract: ContractNumber,
    pub reading: Reading,
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
    read_records(&METER_READINGS, input, extract_reading, sink)
}

fn extract_reading(row: Row<'_>, record_no: u64, extract: &mut Extract<'_>) -> Option<MeterRecord> {
    let contract = extract.child(row, "Contract", ContractNumber::parse);
    let point = extract.child(row, "Eic", Eic::parse);
    let meter = extract.child(row, "Meter", MeterSerial::parse);
    let kind = extract.child(row, "Kind", known(EnergyKind::parse));
    let zone = extract.child(row, "Zone", known(Zone::parse));
    let period = extract.child(row, "Period", known(Period::parse));
    let read_on = extract.child(row, "ReadOn", day);
    let total = extract.child(row, "Value", number(RegisterTotal::from_units));
    let quality = extract.child(row, "Quality", known(Quality::parse));
    let register = RegisterKey { point: point?, meter: meter?, kind: kind?, zone: zone? };
    let reading = Reading { register, period: period?, read_on: read_on?, total: total?, quality: quality? };
    let place = row.place();
    Some(MeterRecord { line: place.line, column: place.column, record_no, contract: contract?, reading })
}

/// Writes a meter file; `header.record_count` is replaced by the true count.
pub fn write_meter_file(header: &FileHeader, readings: &[(ContractNumber, Reading)]) -> Vec<u8> {
    let mut writer = Writer::new("MeterReadings", METER_READINGS.target());
    write_header(&mut writer, header, readings.len());
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
        writer.close();
    }
    writer.finish()
}
