//! A statement as CSV. Source: RFC 4180, with the separator and the decimal comma of spreadsheets here.

use csv::{QuoteStyle, Terminator, WriterBuilder};
use oblik_domain::period::kyiv_time;
use oblik_words::numbers::date;

use super::{Figure, Report, ReportTable};
use crate::DocumentError;
use crate::clean::clean;

/// Tells a spreadsheet that the bytes are UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Of a cell; a spreadsheet takes 32,767.
pub(super) const CELL_CHARS: usize = 2000;

pub(super) fn csv(report: &Report) -> Result<Vec<u8>, DocumentError> {
    let mut writer = WriterBuilder::new()
        .delimiter(b';')
        // Where a list is parted by commas, a comma inside a text would begin a cell, and a formula in it.
        .quote_style(QuoteStyle::Always)
        .terminator(Terminator::CRLF)
        .flexible(true)
        .from_writer(MARK.to_vec());
    let mut write = |cells: Vec<String>| writer.write_record(&cells).map_err(|error| DocumentError::Table(error.to_string()));
    write(vec![harmless(&report.title)])?;
    for (label, value) in report.parties.iter().chain(&report.facts) {
        write(vec![harmless(label), harmless(value)])?;
    }
    for table in &report.tables {
        write(vec![String::new()])?;
        write(vec![harmless(&table.title)])?;
        for cells in lines(table) {
            write(cells)?;
        }
    }
    writer.into_inner().map_err(|error| DocumentError::Table(error.to_string()))
}

fn lines(table: &ReportTable) -> Vec<Vec<String>> {
    let head = table.columns.iter().map(|title| harmless(title)).collect();
    let mut lines = vec![head];
    lines.extend(table.rows.iter().map(|row| row.iter().map(cell).collect()));
    if table.rows.is_empty() {
        lines.push(vec![harmless(&table.if_empty)]);
    }
    if !table.total.is_empty() {
        lines.push(table.total.iter().map(cell).collect());
    }
    lines
}

fn cell(figure: &Figure) -> String {
    match figure {
        Figure::Nothing => String::new(),
        Figure::Text(text) => harmless(text),
        Figure::Day(day) => date(*day),
        Figure::Instant(at) => kyiv_time(*at).format("%d.%m.%Y %H:%M").to_string(),
        Figure::Money(sum) => sum.to_string().replace('.', ","),
        Figure::Number(number) => number.to_string().replace('.', ","),
    }
}

/// A text on one line that no spreadsheet takes for a formula (CWE-1236).
fn harmless(text: &str) -> String {
    let text = clean(text, CELL_CHARS);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\'', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.into_owned()
    }
}
