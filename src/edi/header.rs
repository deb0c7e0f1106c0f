//! Files of many records: the header, the loop over the records, the sum.

use std::io::BufRead;

use chrono::{DateTime, SecondsFormat};
use oblik_domain::Utc;
use oblik_domain::finding::{Code, Finding, Place};

use crate::extract::{Extract, text};
use crate::faults::{Faults, ReadError};
use crate::record::Row;
use crate::schema::Schema;
use crate::validate::{Records, validate};
use crate::writer::Writer;

/// What a file says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileHeader {
    /// Unique with its sender; at most 64 characters of ASCII.
    pub message_id: String,
    pub sender: String,
    pub created_at: DateTime<Utc>,
    /// Records after the header. The writers put the true count here.
    pub record_count: u64,
}

/// What reading a file came to. It fits its schema; single records may still have been refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSummary {
    pub header: FileHeader,
    pub records: u64,
    /// Of them, those not handed on.
    pub refused: u64,
    /// [`Code::FileRecord`] with place and value `record`: why they were refused, and warnings. The first hundred.
    pub findings: Vec<Finding>,
}

/// Which record of which file is read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct At<'h> {
    /// From 1.
    pub number: u64,
    /// As the header names it; empty when the header could not be read.
    pub sender: &'h str,
}

/// Makes a value of a record, or says what is wrong with it.
pub(crate) type Convert<'c, T> = dyn FnMut(Row<'_>, At<'_>, &mut Extract<'_>) -> Option<T> + 'c;

/// Reads a file, handing each good record to `sink`.
///
/// # Errors
/// [`ReadError`] when the file is refused whole; records may have been handed on before, so what is done with them must
/// be undone, or the file read twice.
pub(crate) fn read_records<R: BufRead, T>(
    schema: &Schema,
    input: R,
    convert: &mut Convert<'_, T>,
    sink: &mut dyn FnMut(T),
) -> Result<FileSummary, ReadError> {
    let mut faults = Faults::default();
    let mut header: Option<FileHeader> = None;
    let mut header_place = Place { line: 1, column: 1 };
    let mut refused = 0;
    let records = validate(schema, input, Records::Children, &mut |record| {
        let Some(row) = record.root() else { return };
        let mut extract = Extract::new(&mut faults, record.number);
        let Some(number) = record.number else {
            header_place = row.place();
            header = read_header(row, &mut extract);
            return;
        };
        let at = At { number, sender: header.as_ref().map_or("", |header| header.sender.as_str()) };
        match convert(row, at, &mut extract) {
            Some(item) if !extract.refused => sink(item),
            _ => refused += 1,
        }
    })?;
    let Some(header) = header else { return Err(ReadError::Findings(faults.into_findings())) };
    if header.record_count != records {
        let detail = format!("the header announces {} records, the file has {records}", header.record_count);
        let finding = Finding::error(Code::FileRecord).with("detail", detail).at(header_place.line, header_place.column);
        return Err(ReadError::Findings(vec![finding]));
    }
    Ok(FileSummary { header, records, refused, findings: faults.into_findings() })
}

fn read_header(row: Row<'_>, extract: &mut Extract<'_>) -> Option<FileHeader> {
    let message_id = extract.child(row, "MessageId", text);
    let sender = extract.child(row, "Sender", text);
    let created_at = extract.child(row, "CreatedAt", DateTime::parse_from_rfc3339);
    let record_count = extract.child(row, "RecordCount", str::parse);
    Some(FileHeader {
        message_id: message_id?,
        sender: sender?,
        created_at: created_at?.with_timezone(&Utc),
        record_count: record_count?,
    })
}

pub(crate) fn write_header(writer: &mut Writer, header: &FileHeader, record_count: usize) {
    writer.open("Header", &[]);
    writer.leaf("MessageId", &header.message_id);
    writer.leaf("Sender", &header.sender);
    writer.leaf("CreatedAt", header.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    writer.leaf("RecordCount", record_count);
    writer.close();
}
