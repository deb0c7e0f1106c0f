//! What a line says of itself beyond its sum (BG-32): zone, class, point and, once for each register, its readings.

use std::fmt::Display;

use oblik_domain::bill::{BillLine, LineKind, VolumeRow};
use oblik_domain::invoice::Invoice;
use oblik_domain::metering::{EnergyKind, Zone};
use oblik_domain::money::Kopiykas;

use super::{InvoiceWords, TEXT_CHARS};
use crate::writer::{Writer, token};

/// A name with its value (BT-160, BT-161).
pub(super) struct Attribute<'a> {
    name: std::borrow::Cow<'a, str>,
    value: String,
}

impl<'a> Attribute<'a> {
    pub(super) fn of(name: impl Into<std::borrow::Cow<'a, str>>, value: impl Display) -> Self {
        Self { name: name.into(), value: value.to_string() }
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.open("cac:AdditionalItemProperty", &[]);
        writer.leaf("cbc:Name", token(&self.name, TEXT_CHARS));
        writer.leaf("cbc:Value", token(&self.value, TEXT_CHARS));
        writer.close();
    }
}

/// The attributes of each line, in the order of the lines.
///
/// A register's readings stand at the first line that charges its energy, so that a file grows with its meters and not with
/// meters times services.
pub(super) fn attributes<'a>(invoice: &'a Invoice, words: &'a InvoiceWords<'_>) -> Vec<Vec<Attribute<'a>>> {
    let lines = &invoice.bill.lines;
    let mut of_lines: Vec<_> = lines.iter().map(|line| of_line(invoice, line, words)).collect();
    for row in &invoice.bill.rows {
        // What a correction takes back has readings that stood in the document it corrects.
        let charging = lines.iter().position(|line| line.net >= Kopiykas::ZERO && is_of(row, line));
        let Some(at) = charging.or_else(|| lines.iter().position(|line| is_of(row, line))) else { continue };
        if let Some(attributes) = of_lines.get_mut(at) {
            attributes.extend(of_row(row, words));
        }
    }
    of_lines
}

fn of_line<'a>(invoice: &'a Invoice, line: &BillLine, words: &'a InvoiceWords<'_>) -> Vec<Attribute<'a>> {
    let mut attributes = Vec::new();
    let point = invoice.points.iter().find(|point| line.point.as_ref() == Some(&point.eic));
    if let Some(point) = point {
        attributes.push(Attribute::of(words.point_name, &point.name));
    }
    attributes.extend(line.voltage_class.map(|class| Attribute::of(words.class_name, class)));
    if line.kind.is_of_energy() {
        attributes.push(Attribute::of(words.zone_name, (words.zone)(line.zone)));
    }
    attributes
}

fn of_row<'a>(row: &VolumeRow, words: &InvoiceWords<'_>) -> [Attribute<'a>; 4] {
    let register = (words.row)(row);
    let named = |what: &str| format!("{register}: {what}");
    [
        Attribute::of(named(words.opening), row.opening),
        Attribute::of(named(words.closing), row.closing),
        Attribute::of(named(words.coefficient), row.coefficient),
        Attribute::of(named(&(words.volume)(row.register.kind)), row.volume),
    ]
}

/// Whether a line charges the energy of a row.
fn is_of(row: &VolumeRow, line: &BillLine) -> bool {
    let is_kind = match row.register.kind {
        EnergyKind::ActiveImport => line.kind.is_of_energy(),
        EnergyKind::ReactiveImport => line.kind == LineKind::ReactiveConsumed,
        EnergyKind::ReactiveExport => line.kind == LineKind::ReactiveGenerated,
    };
    // Rows and lines from before they had days are of the whole period.
    let has_days = line.from < line.to && row.from < row.to;
    is_kind
        && line.point.as_ref().is_none_or(|point| *point == row.register.point)
        && line.voltage_class.is_none_or(|class| class == row.voltage_class)
        && (line.zone == Zone::Total || line.zone == row.register.zone)
        && (!has_days || (line.from < row.to && row.from < line.to))
}
