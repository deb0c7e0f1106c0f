//! «Рахунок-розшифровка»: the readings and volumes of every register, under the point they belong to.

use std::collections::BTreeMap;

use oblik_domain::Decimal;
use oblik_domain::bill::{Bill, VolumeRow};
use oblik_domain::energy::Kwh;
use oblik_domain::ids::Eic;
use oblik_domain::metering::{EnergyKind, Quality, Supply, UsagePoint, VoltageClass};
use oblik_domain::period::Period;
use oblik_words::{documents as words, terms};

use crate::balance::{self, TITLE_COLUMNS};
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
    let mut shown: Vec<&Eic> = Vec::new();
    for registers in bill.rows.chunk_by(|one, next| one.register.point == next.register.point) {
        let Some(first) = registers.first() else { continue };
        let eic = &first.register.point;
        rows.push(point_row(eic, first.voltage_class, points.get(eic).copied(), bill.period));
        let mut meter = None;
        for row in registers {
            rows.push(register_row(row, places, meter == Some(&row.register.meter)));
            rows.extend(note_row(row, bill.period));
            meter = Some(&row.register.meter);
        }
        rows.extend(balance::rows(bill, eic));
        shown.push(eic);
    }
    // Points that intervals measure may have no registers.
    for volumes in bill.volumes.chunk_by(|one, next| one.point == next.point) {
        let Some(first) = volumes.first().filter(|first| !shown.contains(&&first.point)) else { continue };
        rows.push(point_row(&first.point, first.voltage_class, points.get(&first.point).copied(), bill.period));
        rows.extend(balance::rows(bill, &first.point));
    }
    let active = figures::volume(bill.active_volume());
    rows.push(Row {
        look: Look::Total,
        cells: vec![
            Cell::over(TITLE_COLUMNS, Align::Right, vec![span(words::ACTIVE_TOTAL, CELL_STRONG)]),
            Cell::new(span(active, CELL_STRONG)),
            Cell::new(span(terms::unit(EnergyKind::ActiveImport), CELL_GREY)),
        ],
    });
    Table { columns: COLUMNS.into(), rows }.place(sheet);
}

fn point_row(eic: &Eic, class: VoltageClass, point: Option<&UsagePoint>, period: Period) -> Row {
    let mut spans = vec![span(words::EIC, CELL_GREY), span(" ", CELL_GREY), span(eic.to_string(), CELL_STRONG.coloured(ACCENT))];
    if let Some(point) = point {
        spans.extend(apart(name(&point.name), CELL_STRONG));
        spans.extend(apart(name(&point.address), CELL));
    }
    spans.extend(apart(terms::voltage_class(class).to_owned(), CELL_GREY));
    if point.is_some_and(|point| point.terms_on(period.first_day()).supply == Supply::SubConsumer) {
        spans.extend(apart(words::SUB_CONSUMER.to_owned(), CELL_STRONG));
    }
    Row { look: Look::Band, cells: vec![Cell::over(COLUMNS.len(), Align::Left, spans)] }
}

/// A further particular after a dot.
pub fn apart(text: String, style: Style) -> [Span; 2] {
    [span(" · ", CELL_GREY), span(text, style)]
}

fn register_row(row: &VolumeRow, places: u32, same_meter: bool) -> Row {
    let key = &row.register;
    let difference = counted(row);
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

/// What a reader must know of a row besides its figures: a part of the period, an estimate, a dial that passed its end.
fn note_row(row: &VolumeRow, period: Period) -> Option<Row> {
    let mut notes = Vec::new();
    // Bills from before rows had days have none.
    if row.from < row.to && (row.from > period.first_day() || row.to <= period.last_day()) {
        let last = row.to.pred_opt().unwrap_or(row.to);
        notes.push(words::part_of_period(row.from, last));
    }
    if row.quality == Quality::Estimated {
        notes.push(words::ESTIMATED.to_owned());
    }
    if row.rolled_over {
        notes.push(words::ROLLED_OVER.to_owned());
    }
    let cells = vec![Cell::over(COLUMNS.len(), Align::Left, vec![span(notes.join("; "), CELL_GREY)])];
    (!notes.is_empty()).then_some(Row { look: Look::Plain, cells })
}

/// What the dial counted: the difference of the readings, and a whole dial more or less where it passed its end.
fn counted(row: &VolumeRow) -> Decimal {
    let plain = row.closing.units() - row.opening.units();
    let fits = |counted: &Decimal| {
        let energy = counted.checked_mul(row.coefficient.value());
        energy.and_then(Kwh::rounded) == Some(row.volume)
    };
    let dials = (1..=9).map(|digits| Decimal::from(10_i64.pow(digits)));
    let turned = dials.flat_map(|dial| [plain + dial, plain - dial]);
    std::iter::once(plain).chain(turned).find(fits).unwrap_or(plain)
}
