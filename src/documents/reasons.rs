//! «Чому така сума»: the calculation, step by step, so that anybody can do it again by hand.

use oblik_domain::bill::{Bill, TraceStep};
use oblik_words::documents as words;

use crate::figures;
use crate::geometry::{Align, pt};
use crate::paragraph::span;
use crate::sheet::Sheet;
use crate::style::{CELL, CELL_GREY, CELL_STRONG, HEADING, SMALL};
use crate::table::{Cell, Column, Look, Row, Sizing, Table, column};

const COLUMNS: [Column; 4] = [
    column(words::STEP, Align::Left, Sizing::Share(1)),
    column(words::FORMULA, Align::Right, Sizing::Natural),
    column(words::RESULT, Align::Right, Sizing::Natural),
    column(words::LINE_UNIT, Align::Left, Sizing::Natural),
];

pub fn place(sheet: &mut Sheet<'_>, bill: &Bill) {
    sheet.heading(2, span(words::REASONS, HEADING), pt(80));
    sheet.gap(pt(2));
    sheet.paragraph(&[span(words::REASONS_LEAD, SMALL)]);
    sheet.gap(pt(8));
    let mut rows = Vec::with_capacity(bill.trace.len() + 4);
    for steps in bill.trace.chunk_by(|one, next| one.rule == next.rule) {
        if let Some(first) = steps.first() {
            let spans =
                vec![span(words::rule(&first.rule), CELL_STRONG), span(" ", CELL), span(first.rule.to_string(), CELL_GREY)];
            rows.push(Row { look: Look::Band, cells: vec![Cell::over(COLUMNS.len(), Align::Left, spans)] });
        }
        rows.extend(steps.iter().map(step_row));
    }
    rows.push(Row {
        look: Look::Total,
        cells: vec![
            Cell::new(span(words::GROSS_TOTAL, CELL_STRONG)),
            Cell::new(span(format!("{} + {}", figures::money(bill.net), figures::money(bill.vat)), CELL)),
            Cell::new(span(figures::money(bill.total), CELL_STRONG)),
            Cell::new(span(words::HRYVNIA, CELL_GREY)),
        ],
    });
    Table { columns: COLUMNS.into(), rows }.place(sheet);
}

fn step_row(step: &TraceStep) -> Row {
    Row {
        look: Look::Plain,
        cells: vec![
            Cell::new(span(words::step_subject(&step.rule, &step.subject), CELL)),
            Cell::new(span(figures::formula(&words::step_formula(&step.formula)), CELL)),
            Cell::new(span(figures::formula(words::step_result(&step.result)), CELL_STRONG)),
            Cell::new(span(words::step_unit(&step.rule, &step.subject), CELL_GREY)),
        ],
    }
}
