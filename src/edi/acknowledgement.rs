//! The machine's answer to a file: first technical, then of business. Source: the two levels of EDIFACT CONTRL and APERAK.

use std::fmt::Write;

use chrono::{DateTime, SecondsFormat};
use oblik_domain::Utc;
use oblik_domain::finding::{Code, Finding, Level, Place};

use crate::extract::{Extract, known, text};
use crate::faults::{Faults, ReadError};
use crate::record::Row;
use crate::schema::ACKNOWLEDGEMENT;
use crate::validate::{Records, validate};
use crate::writer::{Writer, token};

/// Errors listed in one acknowledgement; the rest is counted.
const ERRORS_MAX: usize = 1000;
/// Longest values of the schema, in characters.
const FILE_NAME_CHARS: usize = 255;
const MESSAGE_CHARS: usize = 1000;
const MESSAGE_ID_CHARS: usize = 64;
const CODE_CHARS: usize = 40;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckLevel {
    /// Received, well-formed, valid against its schema; or not.
    Technical,
    /// Applied, wholly, in part or not.
    Business,
}

impl AckLevel {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Technical => "technical",
            Self::Business => "business",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Technical, Self::Business].into_iter().find(|level| level.as_str() == word)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AckOutcome {
    Accepted,
    /// Some records are refused, the rest is applied.
    Partly,
    /// Nothing is applied.
    Refused,
    /// The same message was applied before.
    Duplicate,
}

impl AckOutcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Partly => "partly",
            Self::Refused => "refused",
            Self::Duplicate => "duplicate",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Accepted, Self::Partly, Self::Refused, Self::Duplicate].into_iter().find(|outcome| outcome.as_str() == word)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// As the file was received; shown, never used as a path.
    pub file_name: String,
    /// Of the bytes as received.
    pub sha256: [u8; 32],
    pub message_id: Option<String>,
    pub created_at: DateTime<Utc>,
    pub level: AckLevel,
    pub outcome: AckOutcome,
    /// Records found good (technical) or applied (business).
    pub accepted: u64,
    pub refused: u64,
    pub errors: Vec<AckError>,
    /// Errors beyond those listed.
    pub errors_omitted: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckError {
    pub code: String,
    pub place: Option<Place>,
    pub record: Option<u64>,
    pub message: String,
}

impl AckError {
    /// A finding as an acknowledgement tells it: code, place, record, and `message` for people.
    pub fn of(finding: &Finding, message: impl Into<String>) -> Self {
        let record = finding.value("record").parse().ok();
        Self { code: finding.code.as_str().to_owned(), place: finding.place, record, message: message.into() }
    }

    /// As [`Self::of`] with the finding's own detail and path in English, for machines' logs.
    pub fn plain(finding: &Finding) -> Self {
        let detail = match finding.code {
            Code::FileTooLarge => format!("more than {} {}", finding.value("limit"), finding.value("what")),
            _ => finding.value("detail").to_owned(),
        };
        let path = finding.value("path");
        Self::of(finding, if path.is_empty() { detail } else { format!("{path}: {detail}") })
    }

    /// Errors and warnings for the acknowledgement, and how many more there are: the last finding of a reading counts the rest.
    /// A warning says so in its message; a file may be accepted with it.
    pub fn list(findings: &[Finding]) -> (Vec<Self>, u64) {
        let told = |finding: &Finding| match finding.level {
            Level::Error => Some(Self::plain(finding)),
            Level::Warning => {
                let plain = Self::plain(finding);
                Some(Self { message: format!("warning: {}", plain.message), ..plain })
            }
            Level::Information => None,
        };
        let errors = findings.iter().filter_map(told).collect();
        let omitted = findings.iter().filter_map(|finding| finding.value("more").parse::<u64>().ok()).sum();
        (errors, omitted)
    }
}

/// Writes an acknowledgement; always valid against its schema, whatever the values hold.
pub fn write_acknowledgement(ack: &Acknowledgement) -> Vec<u8> {
    let mut writer = Writer::new("Acknowledgement", ACKNOWLEDGEMENT.target());
    writer.leaf("FileName", token(&ack.file_name, FILE_NAME_CHARS));
    writer.leaf("Sha256", hex(&ack.sha256));
    let allowed = |c: &char| c.is_ascii_alphanumeric() || "._:/-".contains(*c);
    let id = ack.message_id.as_ref().map(|id| id.chars().filter(allowed).take(MESSAGE_ID_CHARS).collect::<String>());
    writer.leaf_if("MessageId", id.filter(|id| !id.is_empty()));
    writer.leaf("CreatedAt", ack.created_at.to_rfc3339_opts(SecondsFormat::AutoSi, true));
    writer.leaf("Level", ack.level.as_str());
    writer.leaf("Outcome", ack.outcome.as_str());
    writer.leaf("Accepted", ack.accepted);
    writer.leaf("Refused", ack.refused);
    for error in ack.errors.iter().take(ERRORS_MAX) {
        write_error(&mut writer, error);
    }
    let unlisted = u64::try_from(ack.errors.len().saturating_sub(ERRORS_MAX)).unwrap_or(u64::MAX);
    let omitted = ack.errors_omitted.saturating_add(unlisted);
    writer.leaf_if("ErrorsOmitted", Some(omitted).filter(|count| *count > 0));
    writer.finish()
}

fn write_error(writer: &mut Writer, error: &AckError) {
    let code: String = error.code.chars().filter(|c| matches!(c, 'A'..='Z' | '0'..='9' | '-')).take(CODE_CHARS).collect();
    let code = if code.is_empty() { "-".to_owned() } else { code };
    let (line, column) = (error.place.map(|place| place.line), error.place.map(|place| place.column));
    let mut attributes: Vec<(&str, &dyn std::fmt::Display)> = vec![("code", &code)];
    for (name, value) in [("line", &line), ("column", &column), ("record", &error.record)] {
        if let Some(value) = value {
            attributes.push((name, value));
        }
    }
    writer.leaf_with("Error", &attributes, token(&error.message, MESSAGE_CHARS));
}

/// Reads an acknowledgement a partner answered with.
///
/// # Errors
/// Everything that is wrong, as of any file.
pub fn read_acknowledgement(xml: &[u8]) -> Result<Acknowledgement, Vec<Finding>> {
    read_ack(xml).map_err(|error| match error {
        ReadError::Findings(findings) => findings,
        ReadError::Io(error) => vec![Finding::error(Code::FileXml).with("detail", error)],
    })
}

pub(crate) fn read_ack<R: std::io::BufRead>(input: R) -> Result<Acknowledgement, ReadError> {
    let mut faults = Faults::default();
    let mut ack = None;
    validate(&ACKNOWLEDGEMENT, input, Records::Root, &mut |record| {
        let Some(row) = record.root() else { return };
        ack = extract_ack(row, &mut Extract::new(&mut faults, None));
    })?;
    ack.ok_or_else(|| ReadError::Findings(faults.into_findings()))
}

fn extract_ack(row: Row<'_>, extract: &mut Extract<'_>) -> Option<Acknowledgement> {
    let count = |text: &str| text.parse::<u64>();
    Some(Acknowledgement {
        file_name: extract.child(row, "FileName", text)?,
        sha256: extract.child(row, "Sha256", known(digest))?,
        message_id: extract.optional(row, "MessageId", text)?,
        created_at: extract.child(row, "CreatedAt", DateTime::parse_from_rfc3339)?.with_timezone(&Utc),
        level: extract.child(row, "Level", known(AckLevel::parse))?,
        outcome: extract.child(row, "Outcome", known(AckOutcome::parse))?,
        accepted: extract.child(row, "Accepted", count)?,
        refused: extract.child(row, "Refused", count)?,
        errors: row.children("Error").map(extract_error).collect(),
        errors_omitted: extract.optional(row, "ErrorsOmitted", count)?.unwrap_or(0),
    })
}

fn extract_error(row: Row<'_>) -> AckError {
    let count = |name: &str| row.attribute(name).and_then(|value| value.text().parse().ok());
    let place = count("line").zip(count("column")).map(|(line, column)| Place { line, column });
    let code = row.attribute("code").map_or_else(String::new, |code| code.text().to_owned());
    AckError { code, place, record: count("record"), message: row.text().to_owned() }
}

pub(crate) fn hex(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Reads 64 hexadecimal digits.
pub(crate) fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (index, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(digest)
}
