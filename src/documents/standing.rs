//! How the account stands, as a strip of four figures on the first page.

use oblik_domain::invoice::{Invoice, Standing};
use oblik_domain::money::Kopiykas;
use oblik_words::numbers;

use crate::figures;
use crate::geometry::{Align, Frame, Length, pt, tenths};
use crate::paragraph::span;
use crate::sheet::{Kind, Sheet};
use crate::style::{HAIRLINE, NAME, SMALL};
use crate::texts::Text;

/// Figures of the strip, and what is between them.
const CELLS: Length = 4;
const GUTTER: Length = pt(14);

/// The sums over all types of debt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sums {
    pub opening: Kopiykas,
    pub charged: Kopiykas,
    pub paid: Kopiykas,
    pub closing: Kopiykas,
    pub overdue: Kopiykas,
    pub overdue_days: u32,
}

pub fn sums(standing: &Standing) -> Sums {
    let of = |pick: fn(&oblik_domain::invoice::DebtStanding) -> Kopiykas| standing.debts.iter().map(pick).sum();
    Sums {
        opening: of(|debt| debt.opening),
        charged: of(|debt| debt.charged),
        paid: of(|debt| debt.paid),
        closing: of(|debt| debt.closing),
        overdue: of(|debt| debt.overdue),
        overdue_days: standing.debts.iter().map(|debt| debt.overdue_days).max().unwrap_or(0),
    }
}

/// What was owed, charged and paid, and what it comes to.
pub fn place(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let Some(standing) = &invoice.standing else { return };
    let template = sheet.template;
    let sums = sums(standing);
    let (from, to) = (numbers::date(standing.from), numbers::date(standing.to));
    let last = match sums.closing {
        owed if owed > Kopiykas::ZERO => Text::StandingOwed,
        Kopiykas::ZERO => Text::StandingNone,
        _ => Text::StandingAdvance,
    };
    let closing = if sums.closing < Kopiykas::ZERO { Kopiykas::ZERO - sums.closing } else { sums.closing };
    let overdue = (sums.overdue > Kopiykas::ZERO).then(|| {
        template
            .fill(Text::StandingOverdue, &[("amount", &figures::money(sums.overdue)), ("days", &sums.overdue_days.to_string())])
    });
    let cells = [
        (template.fill(Text::StandingOpening, &[("date", &from)]), sums.opening, None),
        (template.text(Text::StandingCharged), sums.charged, None),
        (template.text(Text::StandingPaid), sums.paid, None),
        (template.fill(last, &[("date", &to)]), closing, overdue),
    ];
    let width = (sheet.width() - GUTTER * (CELLS - 1)) / CELLS;
    let tall = if cells.iter().any(|(_, _, note)| note.is_some()) { pt(52) } else { pt(34) };
    sheet.space(pt(14));
    sheet.need(tall);
    let (left, top, mut lowest) = (sheet.left(), sheet.y, 0);
    for (index, (title, sum, note)) in (0..).zip(cells) {
        let at = Frame { x: left + (width + GUTTER) * index, y: top + pt(5), width };
        sheet.rule(at.x, top, width, tenths(8), HAIRLINE);
        let mut y = at.y;
        y += sheet.text(Kind::Paragraph, at, Align::Left, &[span(title, SMALL)]);
        y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &[span(figures::money(sum), NAME)]);
        if let Some(note) = note {
            y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &[span(note, SMALL)]);
        }
        lowest = lowest.max(y);
    }
    sheet.y = lowest;
}
