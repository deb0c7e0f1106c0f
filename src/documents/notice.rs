//! «Інформаційне повідомлення»: how the account stands by type of debt, what was paid, and what the customer should know.

use oblik_domain::invoice::{DebtStanding, Invoice, PaymentShown, Standing};
use oblik_domain::metering::{Disconnection, UsagePoint};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::{Period, kyiv_clock, kyiv_day};
use oblik_words::{numbers, parts as names};

use crate::clean::clean;
use crate::figures;
use crate::geometry::{Align, Frame, Length, pt, tenths};
use crate::paragraph::{Span, span};
use crate::parties::name;
use crate::sheet::{Kind, Mark, Sheet};
use crate::standing::sums;
use crate::style::{ACCENT, BODY, CELL, CELL_GREY, CELL_STRONG, EYEBROW, HEADING, SMALL, Style, Weight};
use crate::table::Look;
use crate::template::{Field, TableName, Template};
use crate::texts::Text;

/// Of what somebody wrote as the reason of a disconnection.
const REASON_CHARS: usize = 160;
/// Payments and points that are ever listed.
const LISTED: usize = 60;

/// Nothing where there is nothing to tell.
pub fn place(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let template = sheet.template;
    let notices = notices(invoice, template);
    if invoice.standing.is_none() && notices.is_empty() {
        return;
    }
    sheet.space(pt(14));
    sheet.heading(2, span(template.text(Text::NoticeTitle), HEADING), pt(110));
    sheet.gap(pt(2));
    if let Some(standing) = &invoice.standing {
        let days = names::days(standing.from, standing.to);
        sheet.paragraph(&[span(template.fill(Text::NoticeLead, &[("days", &days)]), SMALL)]);
        sheet.gap(pt(6));
        debts(sheet, standing);
    }
    if !notices.is_empty() {
        sheet.gap(pt(10));
        sheet.need(pt(40));
        sheet.paragraph(&[span(template.text(Text::NoticeNotices).to_uppercase(), EYEBROW)]);
        sheet.gap(pt(3));
        for notice in notices {
            point(sheet, notice);
        }
    }
    if let Some(standing) = &invoice.standing {
        sheet.gap(pt(6));
        payments(sheet, &standing.payments);
    }
}

fn debts(sheet: &mut Sheet<'_>, standing: &Standing) {
    let template = sheet.template;
    let mut table = template.table(TableName::Debts);
    for debt in &standing.debts {
        table.row(|field| debt_cell(field, debt, CELL).unwrap_or_else(|| span(names::debt(debt.debt), CELL)));
    }
    if let (Some(first), all) = (standing.debts.first(), sums(standing)) {
        let total = DebtStanding {
            debt: first.debt,
            opening: all.opening,
            charged: all.charged,
            paid: all.paid,
            closing: all.closing,
            overdue: all.overdue,
            overdue_days: all.overdue_days,
        };
        let title = vec![span(template.text(Text::NoticeTotal), CELL_STRONG)];
        table.sum(Look::Total, title, |field| debt_cell(field, &total, CELL_STRONG));
    }
    table.place(sheet);
}

fn debt_cell(field: Field, debt: &DebtStanding, style: Style) -> Option<Span> {
    let is_overdue = debt.overdue > Kopiykas::ZERO;
    let late = |text: String| {
        if is_overdue { span(text, Style { weight: Weight::SemiBold, ..style }) } else { span("—", CELL_GREY) }
    };
    let shown = |amount: Kopiykas| span(figures::money(amount), style);
    Some(match field {
        Field::Opening => shown(debt.opening),
        Field::Charged => shown(debt.charged),
        Field::Paid => shown(debt.paid),
        Field::Closing => shown(debt.closing),
        Field::Overdue => late(figures::money(debt.overdue)),
        Field::Days => late(debt.overdue_days.to_string()),
        _ => return None,
    })
}

fn payments(sheet: &mut Sheet<'_>, payments: &[PaymentShown]) {
    let template = sheet.template;
    if payments.is_empty() {
        sheet.paragraph(&[span(template.text(Text::NoticeNoPayments), BODY)]);
        return;
    }
    sheet.need(pt(60));
    sheet.paragraph(&[span(template.text(Text::NoticePayments).to_uppercase(), EYEBROW)]);
    let mut table = template.table(TableName::Payments);
    for payment in payments.iter().rev().take(LISTED).rev() {
        table.row(|field| match field {
            Field::Date => span(numbers::date(payment.received_on), CELL),
            Field::Number => span(name(&payment.document), CELL),
            Field::Debt => span(names::debt(payment.debt), CELL),
            Field::Sum => span(figures::money(payment.amount), CELL),
            _ => span("", CELL),
        });
    }
    table.place(sheet);
}

fn notices(invoice: &Invoice, template: &Template) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(sums) = invoice.standing.as_ref().map(sums).filter(|sums| sums.overdue > Kopiykas::ZERO) {
        let (amount, days) = (figures::money(sums.overdue), sums.overdue_days.to_string());
        told.push(template.fill(Text::NoticeOfDebt, &[("amount", &amount), ("days", &days)]));
    }
    let cut = invoice.points.iter().flat_map(|point| point.disconnections.iter().map(move |cut| (point, cut)));
    told.extend(cut.filter_map(|(point, cut)| disconnection(invoice, point, cut, template)).take(LISTED));
    told.extend(limits(invoice, template));
    told.extend(Some(template.text(Text::NoticeOwn)).filter(|own| !own.trim().is_empty()));
    told
}

/// One that lies ahead of the document's day, or lasts.
fn disconnection(invoice: &Invoice, point: &UsagePoint, cut: &Disconnection, template: &Template) -> Option<String> {
    let is_ahead = kyiv_day(cut.from) > invoice.issued_on;
    let lasts = cut.to.is_none_or(|to| kyiv_day(to) > invoice.issued_on);
    if !lasts {
        return None;
    }
    let short = |moment| kyiv_clock(moment).chars().take(16).collect::<String>();
    let told = name(&point.name);
    let eic = if told.is_empty() { point.eic.to_string() } else { format!("{told} ({})", point.eic) };
    let (from, reason) = (short(cut.from), clean(&cut.reason, REASON_CHARS));
    Some(match (is_ahead, cut.to) {
        (true, Some(to)) => {
            template.fill(Text::NoticeDisconnection, &[("point", &eic), ("from", &from), ("to", &short(to)), ("reason", &reason)])
        }
        (true, None) => template.fill(Text::NoticePlanned, &[("point", &eic), ("from", &from), ("reason", &reason)]),
        _ => template.fill(Text::NoticeDisconnected, &[("point", &eic), ("from", &from), ("reason", &reason)]),
    })
}

/// What is declared for the month the document is made in.
fn limits(invoice: &Invoice, template: &Template) -> Option<String> {
    let month = Period::of(invoice.issued_on)?;
    let told: Vec<String> = invoice
        .buyer
        .limits
        .iter()
        .filter(|limit| limit.period == month && limit.area.is_none())
        .map(|limit| {
            let (what, unit) = names::limit(limit.kind);
            format!("{what} {}\u{a0}{unit}", figures::decimal(limit.amount.normalize()))
        })
        .collect();
    let limits = told.join(", ");
    (!told.is_empty()).then(|| template.fill(Text::NoticeLimits, &[("month", &names::month(month)), ("limits", &limits)]))
}

/// A paragraph with a mark before it.
fn point(sheet: &mut Sheet<'_>, text: String) {
    const INDENT: Length = pt(11);
    let words = [span(text, BODY)];
    let width = sheet.width() - INDENT;
    let tall = crate::paragraph::height(&crate::paragraph::lines(sheet.faces, &words, width, 12));
    sheet.need(tall);
    let at = Frame { x: sheet.left() + INDENT, y: sheet.y, width };
    let y = at.y + BODY.leading() / 2 - tenths(20);
    sheet.put(None, Mark::Box { x: sheet.left(), y, width: pt(4), height: pt(4), radius: pt(2), colour: ACCENT });
    sheet.y += sheet.text(Kind::Paragraph, at, Align::Left, &words) + pt(3);
}
