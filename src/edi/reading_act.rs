//! The reading act as XML: the document a customer signs, or that is embedded in the PDF a customer signs.

use std::io::BufRead;

use oblik_domain::act::{ActRow, ReadingAct};
use oblik_domain::energy::RegisterTotal;
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::{ContractNumber, Eic, MeterSerial};
use oblik_domain::limits::{ACT_ROWS, ACT_XML_BYTES};
use oblik_domain::metering::{EnergyKind, RegisterKey, Zone};
use oblik_domain::period::Period;

use crate::extract::{Extract, day, known, number, text};
use crate::faults::{Faults, ReadError};
use crate::record::Row;
use crate::schema::READING_ACT;
use crate::validate::{Records, validate};
use crate::writer::Writer;

/// Names the issued form that an act was made from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActForm {
    /// At most 40 characters: letters, digits, `№ / . _ -`.
    pub number: String,
    /// From 1.
    pub version: u32,
}

/// An act and the form it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadingActDocument {
    pub act: ReadingAct,
    pub form: Option<ActForm>,
}

/// Reads an act.
///
/// # Errors
/// Everything that is wrong, each [`Code::ActXml`] with value `detail` and its place.
pub fn read_reading_act(xml: &[u8]) -> Result<ReadingAct, Vec<Finding>> {
    read_reading_act_document(xml).map(|document| document.act)
}

/// As [`read_reading_act`], with the form the act names.
pub fn read_reading_act_document(xml: &[u8]) -> Result<ReadingActDocument, Vec<Finding>> {
    if xml.len() > ACT_XML_BYTES {
        let detail = format!("the act has {} bytes, more than {ACT_XML_BYTES}", xml.len());
        return Err(vec![Finding::error(Code::ActXml).with("detail", detail)]);
    }
    read_document(xml).map_err(|error| match error {
        ReadError::Findings(findings) => findings.into_iter().map(of_act).collect(),
        ReadError::Io(error) => vec![Finding::error(Code::ActXml).with("detail", error)],
    })
}

/// A finding of a file as one of an act.
fn of_act(mut finding: Finding) -> Finding {
    if finding.code == Code::FileTooLarge {
        let detail = format!("more than {} {}", finding.value("limit"), finding.value("what"));
        finding.values.clear();
        finding = finding.with("detail", detail);
    }
    finding.code = Code::ActXml;
    finding
}

pub(crate) fn read_document<R: BufRead>(input: R) -> Result<ReadingActDocument, ReadError> {
    let mut faults = Faults::default();
    let mut document = None;
    validate(&READING_ACT, input, Records::Root, &mut |record| {
        let Some(row) = record.root() else { return };
        let mut extract = Extract::new(&mut faults, None);
        document = extract_document(row, &mut extract).filter(|_| !extract.refused);
    })?;
    document.ok_or_else(|| ReadError::Findings(faults.into_findings()))
}

fn extract_document(row: Row<'_>, extract: &mut Extract<'_>) -> Option<ReadingActDocument> {
    let contract = extract.child(row, "Contract", ContractNumber::parse);
    let period = extract.child(row, "Period", known(Period::parse));
    let read_on = extract.child(row, "ReadOn", day);
    let form = match row.child("Form") {
        Some(form) => {
            let (number, version) = (extract.attribute(form, "number", text), extract.attribute(form, "version", str::parse));
            Some(ActForm { number: number?, version: version? })
        }
        None => None,
    };
    let mut rows = Vec::new();
    for point in row.children("UsagePoint") {
        let eic = extract.attribute(point, "eic", Eic::parse);
        for meter in point.children("Meter") {
            let serial = extract.attribute(meter, "serial", MeterSerial::parse);
            for register in meter.children("Register") {
                let kind = extract.attribute(register, "kind", known(EnergyKind::parse));
                let zone = extract.attribute(register, "zone", known(Zone::parse));
                let total = number(RegisterTotal::from_units)(register.text());
                if let Err(detail) = total {
                    extract.refuse(register, detail);
                }
                let (Some(point), Some(meter), Some(kind), Some(zone), Ok(total)) = (&eic, &serial, kind, zone, total) else {
                    continue;
                };
                if rows.len() == ACT_ROWS {
                    extract.refuse(register, format!("more than {ACT_ROWS} rows"));
                    return None;
                }
                rows.push(ActRow { register: RegisterKey { point: point.clone(), meter: meter.clone(), kind, zone }, total });
            }
        }
    }
    Some(ReadingActDocument { act: ReadingAct { contract: contract?, period: period?, read_on: read_on?, rows }, form })
}

/// Writes an act in the one way Oblik writes it: rows keep their order; neighbours of one point or meter stand together.
///
/// The same act gives the same bytes, and reading them gives the same act.
pub fn write_reading_act(act: &ReadingAct) -> Vec<u8> {
    write(act, None)
}

/// As [`write_reading_act`], naming the issued form that the act is made from.
pub fn write_reading_act_document(document: &ReadingActDocument) -> Vec<u8> {
    write(&document.act, document.form.as_ref())
}

fn write(act: &ReadingAct, form: Option<&ActForm>) -> Vec<u8> {
    let mut writer = Writer::new("ReadingAct", READING_ACT.target());
    writer.leaf("Contract", &act.contract);
    writer.leaf("Period", act.period);
    writer.leaf("ReadOn", act.read_on);
    if let Some(form) = form {
        writer.empty("Form", &[("number", &form.number), ("version", &form.version)]);
    }
    for point in act.rows.chunk_by(|a, b| a.register.point == b.register.point) {
        let Some(first) = point.first() else { continue };
        writer.open("UsagePoint", &[("eic", &first.register.point)]);
        for meter in point.chunk_by(|a, b| a.register.meter == b.register.meter) {
            let Some(first) = meter.first() else { continue };
            writer.open("Meter", &[("serial", &first.register.meter)]);
            for row in meter {
                let attributes: [(&str, &dyn std::fmt::Display); 2] =
                    [("kind", &row.register.kind), ("zone", &row.register.zone)];
                writer.leaf_with("Register", &attributes, row.total);
            }
            writer.close();
        }
        writer.close();
    }
    writer.finish()
}
