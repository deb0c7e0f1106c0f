//! Which format a file is in, and whether it holds to it.

use std::io::{self, BufRead, Read};

use oblik_domain::finding::{Code, Finding, refuses};

use crate::acknowledgement::read_ack;
use crate::faults::{Fatal, Faults, ReadError};
use crate::header::FileSummary;
use crate::lexer::{Lexer, Token};
use crate::master_data::read_master_data;
use crate::meter_readings::read_meter_file;
use crate::payments::read_payments;
use crate::reading_act::read_document;
use crate::schema::{ACKNOWLEDGEMENT, MASTER_DATA, METER_READINGS, PAYMENTS, READING_ACT, Schema};

/// How much of a file's beginning [`detect`] needs at most.
pub const DETECT_BYTES: usize = 80 * 1024;

/// The XML formats Oblik reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    ReadingAct,
    MeterReadings,
    MasterData,
    Payments,
    Acknowledgement,
}

impl Format {
    pub const ALL: [Self; 5] = [Self::ReadingAct, Self::MeterReadings, Self::MasterData, Self::Payments, Self::Acknowledgement];

    /// The name in JSON and in the store, as of its schema's file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReadingAct => "reading-act-1",
            Self::MeterReadings => "meter-readings-1",
            Self::MasterData => "master-data-1",
            Self::Payments => "payments-1",
            Self::Acknowledgement => "acknowledgement-1",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == name)
    }

    pub fn schema(self) -> &'static Schema {
        match self {
            Self::ReadingAct => &READING_ACT,
            Self::MeterReadings => &METER_READINGS,
            Self::MasterData => &MASTER_DATA,
            Self::Payments => &PAYMENTS,
            Self::Acknowledgement => &ACKNOWLEDGEMENT,
        }
    }
}

/// The format of a file by its root element and namespace, from its first [`DETECT_BYTES`].
pub fn detect(prefix: &[u8]) -> Option<Format> {
    root(prefix).ok()?.0
}

/// The format, and the root's name for a message.
fn root(prefix: &[u8]) -> Result<(Option<Format>, String), Fatal> {
    let mut lexer = Lexer::new(prefix)?;
    loop {
        match lexer.next()? {
            Token::Start { namespace, name, .. } => {
                let fits = |format: &Format| format.schema().target() == namespace && format.schema().root_name() == name;
                return Ok((Format::ALL.into_iter().find(fits), format!("<{name}> of \"{namespace}\"")));
            }
            Token::Eof => return Ok((None, String::new())),
            Token::End | Token::Text { .. } => {}
        }
    }
}

/// What a check came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckReport {
    /// No error; warnings may stand.
    pub valid: bool,
    pub format: Option<Format>,
    /// With values `detail` and `path` (where known), and place.
    pub errors: Vec<Finding>,
    /// Of files with a header.
    pub summary: Option<FileSummary>,
}

/// Checks a file against the schema of its root element, and its identifiers; needs nothing but the bytes.
///
/// # Errors
/// When the reader fails. Whatever is wrong with the file is in the report.
pub fn check<R: BufRead>(mut input: R) -> io::Result<CheckReport> {
    let mut prefix = Vec::new();
    Read::take(&mut input, u64::try_from(DETECT_BYTES).unwrap_or(u64::MAX)).read_to_end(&mut prefix)?;
    let detected = root(&prefix);
    let whole = prefix.as_slice().chain(input);
    let (format, outcome) = match detected {
        Ok((Some(format), _)) => (Some(format), read(format, whole)),
        Ok((None, root)) => {
            let detail = format!("{} is no format that is read here", root.chars().take(200).collect::<String>());
            (None, Err(ReadError::Findings(vec![Finding::error(Code::FileFormat).with("detail", detail)])))
        }
        Err(fatal) => {
            let mut faults = Faults::default();
            let added = faults.add_fatal(fatal);
            (None, added.and_then(|()| Err(ReadError::Findings(faults.into_findings()))))
        }
    };
    let (errors, summary) = match outcome {
        Ok(None) => (Vec::new(), None),
        Ok(Some(summary)) => (summary.findings.clone(), Some(summary)),
        Err(ReadError::Findings(findings)) => (findings, None),
        Err(ReadError::Io(error)) => return Err(error),
    };
    Ok(CheckReport { valid: !refuses(&errors), format, errors, summary })
}

fn read<R: BufRead>(format: Format, input: R) -> Result<Option<FileSummary>, ReadError> {
    match format {
        Format::ReadingAct => read_document(input).map(|_| None),
        Format::Acknowledgement => read_ack(input).map(|_| None),
        Format::MeterReadings => read_meter_file(input, &mut |_| {}).map(Some),
        Format::MasterData => read_master_data(input, &mut |_| {}).map(Some),
        Format::Payments => read_payments(input, &mut |_| {}).map(Some),
    }
}
