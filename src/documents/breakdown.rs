//! «Рахунок-розшифровка»: the readings and volumes of every register, under the point they belong to.

use std::collections::BTreeMap;

use oblik_domain::billing::{Bill, VolumeRow};
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, UsagePoint};
use oblik_words::{documents as words, terms};

use crate::figures;
use crate::geometry::{Align, pt};
use crate::paragraph::{Span, span};
use crate::parties::name;
use crate::sheet::Sheet;
use crate::style::{ACCENT, CELL, CELL_GREY, CELL_STRONG, HEADING, SMALL, Style};
use crate::table::{Cell, Column, Look, Row, Sizing, Table, column};

const COLUMNS: [Column; 9] = [
    column(words::METER, Align::Left, Sizing::Share(1)),
    column(words::KIND, Align::Left, Sizing::Natural),
    column(words::ZONE, Align::Left, Sizing::Natural),
    column(words::OPENING, Align::Right, Sizing::Natural),
    column(words::CLOSING, Align::Right, Sizing::Natural),
    column(words::DIFFERENCE, Align::Right, Sizing::Natural),
    column(words::COEFFICIENT, Align::Right, Sizing::Natural),
    column(words::VOLUME, Align::Right, Sizing::Natural),
    column(words::LINE_UNIT, Align::Left, Sizing::Natural),
];

pub fn place(sheet: &mut Sheet<'_>, bill: &Bill, points: &[UsagePoint]) {
    sheet.heading(2, span(words::BREAKDOWN, HEADING), pt(80));
    sheet.gap(pt(2));
    sheet.paragraph(&[span(words::BREAKDOWN_LEAD, SMALL), span(" ", SMALL), span(words::KINDS_LEGEND, SMALL)]);
    sheet.gap(pt(8));
    let points: BTreeMap<&Eic, &UsagePoint> = points.iter().map(|point| (&point.eic, point)).collect();
    let places = figures::places(bill.rows.iter().flat_map(|row| [row.opening, row.closing]));
    let mut rows = Vec::with_capacity(bill.rows.len() * 2);
    for registers in bill.rows.chunk_by(|one, next| one.register.point == next.register.point) {
        if let Some(first) = registers.first() {
            rows.push(point_row(first, points.get(&first.register.point).copied()));
        }
        let mut meter = None;
        for row in registers {
            rows.push(register_row(row, places, meter == Some(&row.register.meter)));
            meter = Some(&row.register.meter);
        }
    }
    let active = figures::volume(bill.active_volume());
    rows.push(Row {
        look: Look::Total,
        cells: vec![
            Cell::over(7, Align::Right, vec![span(words::ACTIVE_TOTAL, CELL_STRONG)]),
            Cell::new(span(active, CELL_STRONG)),
            Cell::new(span(terms::unit(EnergyKind::ActiveImport), CELL_GREY)),
        ],
    });
    Table { columns: COLUMNS.into(), rows }.place(sheet);
}

fn point_row(first: &VolumeRow, point: Option<&UsagePoint>) -> Row {
    let mut spans = vec![
        span(words::EIC, CELL_GREY),
        span(" ", CELL_GREY),
        span(first.register.point.to_string(), CELL_STRONG.coloured(ACCENT)),
    ];
    if let Some(point) = point {
        spans.extend(apart(name(&point.name), CELL_STRONG));
        spans.extend(apart(name(&point.address), CELL));
    }
    spans.extend(apart(terms::voltage_class(first.voltage_class).to_owned(), CELL_GREY));
    Row { look: Look::Band, cells: vec![Cell::over(COLUMNS.len(), Align::Left, spans)] }
}

/// A further particular after a dot.
pub fn apart(text: String, style: Style) -> [Span; 2] {
    [span(" · ", CELL_GREY), span(text, style)]
}

fn register_row(row: &VolumeRow, places: u32, same_meter: bool) -> Row {
    let key = &row.register;
    let difference = row.closing.units() - row.opening.units();
    let meter = span(key.meter.to_string(), if same_meter { CELL_GREY } else { CELL_STRONG });
    let cells = vec![
        Cell::new(meter),
        Cell::new(span(words::kind(key.kind), CELL)),
        Cell::new(span(terms::zone(key.zone), CELL)),
        Cell::new(span(figures::reading(row.opening, places), CELL)),
        Cell::new(span(figures::reading(row.closing, places), CELL)),
        Cell::new(span(figures::difference(difference, places), CELL)),
        Cell::new(span(figures::coefficient(row.coefficient), CELL)),
        Cell::new(span(figures::volume(row.volume), CELL_STRONG)),
        Cell::new(span(terms::unit(key.kind), CELL_GREY)),
    ];
    Row { look: Look::Plain, cells }
}
