//! The card at the top: how much, until when, and the code that pays it.

use oblik_domain::invoice::Invoice;
use oblik_domain::money::Kopiykas;
use oblik_words::documents as words;

use crate::figures;
use crate::geometry::{Align, Frame, Length, pt};
use crate::paragraph::{Span, span};
use crate::payment_place;
use crate::sheet::{Kind, Mark, Sheet};
use crate::style::{BODY, CURRENCY, DUE, EYEBROW, FIGURE, GREY, SMALL, Style, TINT};
use crate::texts::Text;
use crate::typeface::{Faces, KEEP};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    ToPay,
    /// All of it was paid before, or it comes to nothing: no day, no code.
    PaidUp,
    /// What takes money off is not paid either.
    Adjustment,
}

impl Due {
    pub fn of(invoice: &Invoice) -> Self {
        match invoice.bill.total {
            total if total < Kopiykas::ZERO || (total == Kopiykas::ZERO && invoice.bill.correction.is_some()) => Self::Adjustment,
            _ if invoice.payable() <= Kopiykas::ZERO => Self::PaidUp,
            _ => Self::ToPay,
        }
    }
}

/// The card with the sum: large, with its day and the code that pays it.
pub fn place(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    const PADDING: Length = pt(18);
    const CODE: Length = pt(132);
    const MARGIN: Length = pt(10);
    const WITHOUT_CODE: Length = pt(116);
    let (template, bill) = (sheet.template, &invoice.bill);
    let (x, y, width) = (sheet.left(), sheet.y, sheet.width());
    let inner = Frame { x: x + PADDING, y: y + pt(14), width: width - CODE - MARGIN - 2 * PADDING };
    let due = Due::of(invoice);
    let card = if due == Due::ToPay { payment_place::tall(sheet, invoice, CODE) + 2 * MARGIN } else { WITHOUT_CODE };
    sheet.put(None, Mark::Box { x, y, width, height: card, radius: pt(8), colour: TINT });
    sheet.within(Kind::Section, |sheet| {
        let mut down = inner.y;
        let mut line = |sheet: &mut Sheet<'_>, spans: &[Span], gap: Length| {
            down += sheet.text(Kind::Paragraph, Frame { y: down, ..inner }, Align::Left, spans) + gap;
        };
        let (eyebrow, sum, vat) = match due {
            Due::ToPay => (Text::DueEyebrow, invoice.payable(), invoice.payable_vat()),
            Due::PaidUp => (Text::DuePaid, bill.total, bill.vat),
            Due::Adjustment => (Text::DueAdjustment, bill.total, bill.vat),
        };
        line(sheet, &[span(template.text(eyebrow), EYEBROW)], pt(1));
        line(sheet, &figure(sheet.faces, sum, inner.width), 0);
        let rate = figures::decimal(bill.vat_rate.normalize());
        if due == Due::ToPay && invoice.prepaid != Kopiykas::ZERO {
            let (total, prepaid) = (figures::money(bill.total), figures::money(invoice.prepaid));
            let prepaid = template.fill(Text::DuePrepaid, &[("total", &total), ("prepaid", &prepaid)]);
            line(sheet, &[span(prepaid, BODY)], 0);
        }
        let vat = template.fill(Text::DueVat, &[("rate", &rate), ("sum", &figures::money(vat))]);
        line(sheet, &[span(vat, BODY.coloured(GREY))], pt(6));
        match due {
            Due::ToPay => {}
            Due::PaidUp => return line(sheet, &[span(template.text(Text::DuePaidUp), SMALL)], 0),
            Due::Adjustment => return line(sheet, &[span(template.text(Text::DueNothing), SMALL)], 0),
        }
        let until = template.fill(Text::DueUntil, &[("date", &words::long_date(invoice.due_on))]);
        line(sheet, &[span(until, DUE)], pt(5));
        line(sheet, &[span(template.text(Text::DueScan), SMALL)], 0);
        payment_place::place(sheet, invoice, Frame { x: x + width - CODE - MARGIN, y: y + MARGIN, width: CODE });
    });
    sheet.y = y + card;
}

/// The sum in the largest size its width allows.
fn figure(faces: &Faces, total: Kopiykas, width: Length) -> Vec<Span> {
    let text = figures::money(total);
    let unit = format!("{KEEP}{}", words::HRYVNIA);
    let wide = |style: Style| faces.width(&text, style) + faces.width(&unit, CURRENCY);
    let mut style = FIGURE;
    while wide(style) > width && style.size > pt(12) {
        style.size -= pt(1);
    }
    vec![span(text, style), span(unit, CURRENCY)]
}
