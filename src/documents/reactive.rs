//! The block of reactive energy: every figure of its calculation, a point a row. Source: R-REACT.

use oblik_domain::bill::{Bill, ReactiveRow};
use oblik_domain::money::Kopiykas;

use crate::figures;
use crate::geometry::pt;
use crate::paragraph::{Span, span};
use crate::sheet::Sheet;
use crate::style::{CELL, CELL_STRONG, HEADING, SMALL, Style};
use crate::table::Look;
use crate::template::{Field, TableName};
use crate::texts::Text;

pub fn place(sheet: &mut Sheet<'_>, bill: &Bill) {
    if bill.reactive.is_empty() {
        return;
    }
    let template = sheet.template;
    sheet.space(pt(18));
    sheet.heading(3, span(template.text(Text::ReactiveTitle), HEADING), pt(90));
    sheet.gap(pt(2));
    sheet.paragraph(&[span(template.text(Text::ReactiveLead), SMALL)]);
    sheet.gap(pt(6));
    let mut table = template.table(TableName::Reactive);
    for row in &bill.reactive {
        table.row(|field| cell(field, row));
    }
    let title = vec![span(template.text(Text::ReactiveTotal), CELL_STRONG)];
    table.sum(Look::Total, title, |field| payment(field, &bill.reactive, CELL_STRONG));
    table.place(sheet);
}

fn cell(field: Field, row: &ReactiveRow) -> Span {
    let text = match field {
        Field::Eic => return span(row.point.to_string(), CELL_STRONG),
        Field::Active => figures::volume(row.active),
        Field::Consumed => figures::volume(row.consumed),
        Field::Generated => figures::volume(row.generated),
        Field::Equivalent => figures::decimal(row.equivalent.normalize()),
        Field::Price => figures::decimal(row.price.value().normalize()),
        Field::Tg => figures::decimal(row.tg),
        _ => return payment(field, std::slice::from_ref(row), CELL).unwrap_or_else(|| span("", CELL)),
    };
    span(text, CELL)
}

/// Пс, Пг, П1 = Пс + Пг, П2 and all of it.
fn payment(field: Field, rows: &[ReactiveRow], style: Style) -> Option<Span> {
    let of = |pick: fn(&ReactiveRow) -> Kopiykas| rows.iter().map(pick).sum::<Kopiykas>();
    let (consumed, generated, excess) =
        (of(|row| row.payment_consumed), of(|row| row.payment_generated), of(|row| row.payment_excess));
    let sum = match field {
        Field::PaymentConsumed => consumed,
        Field::PaymentGenerated => generated,
        Field::Payment => consumed + generated,
        Field::PaymentExcess => excess,
        Field::Sum => consumed + generated + excess,
        _ => return None,
    };
    Some(span(figures::money(sum), style))
}
