//! A statement on paper: who, when, and its tables one after another; lying where a table has many columns.

use oblik_domain::period::{kyiv_day, kyiv_time};
use oblik_words::numbers::date;
use sha2::{Digest, Sha256};

use super::{Figure, Report, ReportTable};
use crate::emit::{About, emit};
use crate::geometry::{A4, A4_LYING, Align, Length, pt};
use crate::paragraph::{Span, span};
use crate::parties::{self, name};
use crate::sheet::{Mark, Sheet};
use crate::style::{ACCENT, BODY, CELL, CELL_STRONG, GREY, HEADING, SMALL, TITLE};
use crate::table::{Cell, Column, Look, Row, Sizing, Table};
use crate::typeface::{Faces, KEEP};
use crate::{DocumentError, Template, Text, figures};

/// Columns that an upright page holds.
const UPRIGHT_COLUMNS: usize = 6;

pub(super) fn pdf(faces: &Faces, report: &Report, template: &Template) -> Result<Vec<u8>, DocumentError> {
    let customer = name(&report.account.name);
    let shape = if report.tables.iter().any(|table| table.columns.len() > UPRIGHT_COLUMNS) { A4_LYING } else { A4 };
    let title = name(&report.title);
    let mut sheet = Sheet::new(faces, template, shape, format!("{title} · {customer}"));
    head(&mut sheet, report, &title);
    parties::place(&mut sheet, &report.seller, &report.account, None);
    for table in &report.tables {
        sheet.gap(pt(16));
        place(&mut sheet, table);
    }
    sheet.gap(pt(14));
    sheet.paragraph(&[span(template.text(Text::StatementNote), SMALL)]);
    let told = report.told_at.to_rfc3339();
    let about = About {
        title: format!("{title} · {customer}").replace(KEEP, " "),
        author: name(&report.seller.name),
        id: format!(
            "statement {} {} {told} {}",
            report.seller.edrpou,
            report.account.contract,
            hex::encode(Sha256::digest(title.as_bytes()))
        ),
        made_on: kyiv_day(report.told_at),
        foot: format!("{title} · {customer}"),
    };
    emit(sheet, &about, &[])
}

fn head(sheet: &mut Sheet<'_>, report: &Report, title: &str) {
    sheet.put(None, Mark::Box { x: 0, y: 0, width: sheet.shape.width, height: pt(5), radius: 0, colour: ACCENT });
    let top = sheet.y;
    if let Some((_, height)) = crate::invoice::logo(sheet, top) {
        sheet.y = top + height + pt(8);
    }
    sheet.heading(1, span(title.to_owned(), TITLE), pt(100));
    sheet.gap(pt(4));
    for (label, value) in &report.facts {
        let label = span(oblik_words::documents::label(&name(label)), BODY.coloured(GREY));
        sheet.paragraph(&[label, span(name(value), BODY)]);
    }
    sheet.gap(pt(12));
}

fn place(sheet: &mut Sheet<'_>, table: &ReportTable) {
    const COMPANY: Length = pt(60);
    sheet.heading(2, span(name(&table.title), HEADING), COMPANY);
    sheet.gap(pt(4));
    if table.rows.is_empty() {
        sheet.paragraph(&[span(name(&table.if_empty), BODY.coloured(GREY))]);
        return;
    }
    let row = |look, cells: &[Figure]| {
        let style = if look == Look::Total { CELL_STRONG } else { CELL };
        Row { look, cells: cells.iter().map(|figure| Cell::new(cell(figure, style))).collect() }
    };
    let mut rows: Vec<Row> = table.rows.iter().map(|cells| row(Look::Plain, cells)).collect();
    if !table.total.is_empty() {
        rows.push(row(Look::Total, &table.total));
    }
    Table { fields: Vec::new(), columns: columns(table), rows }.place(sheet);
}

/// Texts share the width, the longer the more; figures and days take what they need.
fn columns(table: &ReportTable) -> Vec<Column> {
    let longest = |index: usize| {
        let texts = table.rows.iter().filter_map(|row| match row.get(index) {
            Some(Figure::Text(text)) => Some(text.chars().count()),
            _ => None,
        });
        texts.max().unwrap_or(0)
    };
    let titled = table.columns.iter().enumerate();
    let columns: Vec<Column> = titled
        .map(|(index, title)| {
            let long = longest(index);
            let sizing =
                if long > WRAPPED_CHARS { Sizing::Share(i64::from(long > 2 * WRAPPED_CHARS) + 1) } else { Sizing::Natural };
            let align = if table.is_numeric(index) { Align::Right } else { Align::Left };
            Column { title: name(title), align, sizing }
        })
        .collect();
    columns
}

/// A text longer than this breaks over lines.
const WRAPPED_CHARS: usize = 24;

fn cell(figure: &Figure, style: crate::style::Style) -> Span {
    let text = match figure {
        Figure::Nothing => String::new(),
        Figure::Text(text) => name(text),
        Figure::Day(day) => date(*day),
        Figure::Instant(at) => kyiv_time(*at).format("%d.%m.%Y %H:%M").to_string(),
        Figure::Money(sum) => figures::money(*sum),
        Figure::Number(number) => figures::decimal(*number),
    };
    span(text, style)
}
