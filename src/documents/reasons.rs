//! «Чому така сума»: the calculation, step by step, so that anybody can do it again by hand.

use oblik_domain::bill::TraceStep;
use oblik_domain::invoice::Invoice;
use oblik_words::documents as words;

use crate::geometry::pt;
use crate::paragraph::{Span, span};
use crate::sheet::Sheet;
use crate::style::{CELL, CELL_GREY, CELL_STRONG, HEADING, SMALL};
use crate::table::Look;
use crate::template::{Field, TableName};
use crate::{Text, figures};

pub fn place(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let (template, bill) = (sheet.template, &invoice.bill);
    sheet.heading(2, span(template.text(Text::ReasonsTitle), HEADING), pt(80));
    sheet.gap(pt(2));
    sheet.paragraph(&[span(template.text(Text::ReasonsLead), SMALL)]);
    sheet.gap(pt(8));
    let mut table = template.table(TableName::Reasons);
    for steps in bill.trace.chunk_by(|one, next| one.rule == next.rule) {
        if let Some(first) = steps.first() {
            let rule = span(words::rule(&first.rule), CELL_STRONG);
            table.band(vec![rule, span(" ", CELL), span(first.rule.to_string(), CELL_GREY)]);
        }
        for step in steps {
            table.row(|field| shown(field, step));
        }
    }
    let sum = |field| match field {
        Field::Formula => Some(span(format!("{} + {}", figures::money(bill.net), figures::money(bill.vat)), CELL)),
        Field::Result => Some(span(figures::money(bill.total), CELL_STRONG)),
        Field::Unit => Some(span(words::HRYVNIA, CELL_GREY)),
        _ => None,
    };
    table.sum(Look::Total, vec![span(template.text(Text::ReasonsTotal), CELL_STRONG)], sum);
    table.place_as_list(sheet);
}

fn shown(field: Field, step: &TraceStep) -> Span {
    match field {
        Field::Step => span(words::step_subject(&step.rule, &step.subject), CELL),
        Field::Formula => span(figures::formula(&words::step_formula(&step.formula)), CELL),
        Field::Result => span(figures::formula(words::step_result(&step.result)), CELL_STRONG),
        Field::Unit => span(words::step_unit(&step.rule, &step.subject), CELL_GREY),
        _ => span("", CELL),
    }
}
