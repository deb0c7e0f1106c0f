//! The invoice's first page: what to pay and until when comes first, then who, how and for what.

use oblik_domain::Decimal;
use oblik_domain::bill::{BillLine, Correction};
use oblik_domain::invoice::Invoice;
use oblik_domain::metering::Zone;
use oblik_domain::money::Kopiykas;
use oblik_words::{documents as words, numbers};

use crate::clean::clean;
use crate::emit::{About, emit};
use crate::geometry::{A4, Align, Frame, Length, pt, tenths};
use crate::paragraph::{Span, height, lines, span};
use crate::parties::name;
use crate::payment_qr::{Payment, middle, outlines, payment_address, payment_code};
use crate::sheet::{Kind, Mark, Sheet};
use crate::style::{
    ACCENT, BODY, CELL, CELL_GREY, CELL_STRONG, CURRENCY, DUE, EYEBROW, FIGURE, GREY, HEADING, INK, NAME, NUMBER, PAPER, PARTS,
    SMALL, STRONG, Style, TINT, TITLE,
};
use crate::table::{Cell, Column, Look, Row, Sizing, Table, column};
use crate::typeface::{Faces, KEEP};
use crate::{DocumentError, breakdown, figures, parties, reasons};

/// Of a correction's reason as printed.
const REASON_CHARS: usize = 300;

pub fn pdf(faces: &Faces, invoice: &Invoice) -> Result<Vec<u8>, DocumentError> {
    let number = name(&invoice.number.to_string());
    let numbered = words::invoice_numbered(&number, invoice.issued_on);
    let customer = name(&invoice.buyer.name);
    let mut sheet = Sheet::new(faces, A4, format!("{numbered} · {customer}"));
    head(&mut sheet, invoice, &number);
    due_card(&mut sheet, invoice);
    sheet.gap(pt(16));
    parties::place(&mut sheet, &invoice.seller, &invoice.buyer, Some(invoice));
    sheet.gap(pt(16));
    charges(&mut sheet, invoice);
    sheet.gap(pt(16));
    parts(&mut sheet, invoice);
    // The first page is a bill by itself; what follows it needs no page of its own to begin on.
    if sheet.pages.len() == 1 {
        sheet.begin_page();
    } else {
        sheet.gap(pt(20));
    }
    breakdown::place(&mut sheet, &invoice.bill, &invoice.points);
    sheet.gap(pt(22));
    reasons::place(&mut sheet, &invoice.bill);
    sheet.gap(pt(16));
    sheet.paragraph(&[span(words::SIGNED, SMALL)]);
    let seller = name(&invoice.seller.name);
    let about = About {
        title: numbered.replace(KEEP, " "),
        author: seller.clone(),
        id: format!("invoice {} {number}", invoice.seller.edrpou),
        made_on: invoice.issued_on,
        foot: format!("{numbered} · {seller}"),
    };
    emit(sheet, &about, None)
}

fn head(sheet: &mut Sheet<'_>, invoice: &Invoice, number: &str) {
    const NUMBER_WIDTH: Length = pt(190);
    let top = sheet.y;
    sheet.put(None, Mark::Box { x: 0, y: 0, width: sheet.shape.width, height: pt(5), radius: 0, colour: ACCENT });
    let left = Frame { x: sheet.left(), y: top, width: sheet.width() - NUMBER_WIDTH - pt(16) };
    let mut y = top;
    y += sheet.text(
        Kind::Paragraph,
        Frame { y, ..left },
        Align::Left,
        &[span(name(&invoice.seller.name), NAME.sized(tenths(125)))],
    );
    y += pt(2);
    let licence = name(&invoice.seller.licence);
    y += sheet.text(Kind::Paragraph, Frame { y, ..left }, Align::Left, &[span(licence, SMALL)]);
    let eyebrow = if invoice.bill.correction.is_some() { words::CORRECTION_EYEBROW } else { words::INVOICE_EYEBROW };
    let right = Frame { x: sheet.right() - NUMBER_WIDTH, y: top, width: NUMBER_WIDTH };
    let mut down = top;
    down += sheet.text(Kind::Paragraph, Frame { y: down, ..right }, Align::Right, &[span(eyebrow, EYEBROW)]);
    let numbered = format!("№{KEEP}{number}");
    down += sheet.text(Kind::Paragraph, Frame { y: down, ..right }, Align::Right, &[span(numbered, NUMBER)]);
    down += sheet.text(
        Kind::Paragraph,
        Frame { y: down, ..right },
        Align::Right,
        &[span(words::of_day(invoice.issued_on), BODY.coloured(GREY))],
    );
    sheet.y = y.max(down) + pt(14);
    match &invoice.bill.correction {
        None => sheet.heading(1, span(words::invoice_title(invoice.bill.period), TITLE), pt(100)),
        Some(correction) => {
            sheet.heading(1, span(words::correction_title(invoice.bill.period), TITLE), pt(100));
            sheet.gap(pt(3));
            corrected(sheet, correction);
        }
    }
    sheet.gap(pt(10));
}

/// What a correction corrects, why, and what it is the difference of.
fn corrected(sheet: &mut Sheet<'_>, correction: &Correction) {
    let Correction { original, original_date, billed_total, rerated_total, reason } = correction;
    let reason = clean(reason, REASON_CHARS);
    let lines = [
        words::corrects(&original.to_string(), *original_date, &reason),
        words::rerated(&figures::money(*billed_total), &figures::money(*rerated_total)),
    ];
    for line in lines {
        sheet.paragraph(&[span(line, BODY.coloured(GREY))]);
    }
}

/// The card with the sum: large, with its day and the code that pays it.
fn due_card(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    const PADDING: Length = pt(18);
    const CODE: Length = pt(132);
    const MARGIN: Length = pt(10);
    let bill = &invoice.bill;
    let (x, y, width) = (sheet.left(), sheet.y, sheet.width());
    let inner = Frame { x: x + PADDING, y: y + PADDING, width: width - CODE - MARGIN - 2 * PADDING };
    let card = CODE + 2 * MARGIN;
    sheet.put(None, Mark::Box { x, y, width, height: card, radius: pt(8), colour: TINT });
    sheet.within(Kind::Section, |sheet| {
        let mut down = inner.y;
        let mut line = |sheet: &mut Sheet<'_>, spans: &[Span], gap: Length| {
            down += sheet.text(Kind::Paragraph, Frame { y: down, ..inner }, Align::Left, spans) + gap;
        };
        // What takes money off is not paid: no day, no code.
        let is_paid = bill.total > Kopiykas::ZERO;
        line(sheet, &[span(if is_paid { words::TO_PAY_EYEBROW } else { words::ADJUSTMENT_EYEBROW }, EYEBROW)], pt(1));
        line(sheet, &figure(sheet.faces, bill.total, inner.width), pt(1));
        let rate = figures::decimal(bill.vat_rate.normalize());
        line(sheet, &[span(words::including_vat(&rate, &figures::money(bill.vat)), BODY.coloured(GREY))], pt(7));
        if !is_paid {
            line(sheet, &[span(words::NOTHING_TO_PAY, SMALL)], 0);
            return;
        }
        line(sheet, &[span(words::due(invoice.due_on), DUE)], pt(7));
        line(sheet, &[span(words::SCAN, SMALL)], 0);
        code(sheet, invoice, Frame { x: x + width - CODE - MARGIN, y: y + MARGIN, width: CODE });
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

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn code(sheet: &mut Sheet<'_>, invoice: &Invoice, at: Frame) {
    let seller = &invoice.seller;
    let purpose = invoice.payment_purpose();
    let payment =
        Payment { payee: &seller.name, iban: &seller.iban, code: &seller.edrpou, amount: invoice.bill.total, purpose: &purpose };
    let Some(code) = payment_code(&payment) else { return };
    // Four modules of quiet zone around the code. Source: ISO/IEC 18004 §5.3.8.
    let unit = at.width / Length::from(code.size() + 8);
    let margin = (at.width - unit * Length::from(code.size())) / 2;
    sheet.put(None, Mark::Box { x: at.x, y: at.y, width: at.width, height: at.width, radius: pt(4), colour: PAPER });
    sheet.within(Kind::Figure { alt: words::QR_DESCRIPTION }, |sheet| {
        let leaf = sheet.leaf();
        let (x, y) = (at.x + margin, at.y + margin);
        sheet.put(Some(leaf), Mark::Outlines { x, y, unit, loops: outlines(&code), colour: INK });
        let style = STRONG.sized(unit * Length::from(middle(&code)) * 96 / 100).coloured(ACCENT);
        let sign = lines(sheet.faces, &[span("₴", style)], at.width, 1);
        let y = at.y + (at.width - height(&sign)) / 2;
        sheet.set(Some(leaf), Frame { y, ..at }, Align::Centre, &sign);
    });
    // On a telephone there is no second camera to scan it with: touching it opens the same address.
    sheet.within(Kind::Link, |sheet| {
        let leaf = sheet.leaf();
        let address = payment_address(&payment);
        let mark = Mark::Link { x: at.x, y: at.y, width: at.width, height: at.width, address, alt: words::QR_DESCRIPTION };
        sheet.put(Some(leaf), mark);
    });
}

const COLUMNS: [Column; 8] = [
    column(words::ROW_NUMBER, Align::Left, Sizing::Natural),
    column(words::LINE_NAME, Align::Left, Sizing::Share(1)),
    column(words::LINE_CLASS, Align::Centre, Sizing::Natural),
    column(words::LINE_ZONE, Align::Left, Sizing::Natural),
    column(words::LINE_UNIT, Align::Left, Sizing::Natural),
    column(words::LINE_QUANTITY, Align::Right, Sizing::Natural),
    column(words::LINE_PRICE, Align::Right, Sizing::Natural),
    column(words::LINE_NET, Align::Right, Sizing::Natural),
];

fn charges(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    sheet.heading(2, span(words::CHARGES, HEADING), pt(60));
    sheet.gap(pt(4));
    let bill = &invoice.bill;
    let mut rows = Vec::new();
    for (index, line) in bill.lines.iter().enumerate() {
        let zone = if line.kind.is_of_energy() { words::price_zone(line.zone) } else { "" };
        let zone = Cell::new(span(zone, if line.zone == Zone::Total { CELL_GREY } else { CELL }));
        rows.push(Row {
            look: Look::Plain,
            cells: vec![
                Cell::new(span((index + 1).to_string(), CELL_GREY)),
                Cell::new(span(line_name(line), CELL)),
                Cell::new(span(line.voltage_class.map(words::class_digit).unwrap_or_default(), CELL)),
                zone,
                Cell::new(span(line.quantity.map(|_| words::line_unit(line.kind)).unwrap_or_default(), CELL_GREY)),
                Cell::new(span(line.quantity.map(figures::volume).unwrap_or_default(), CELL)),
                Cell::new(span(line.price.map(figures::price).unwrap_or_default(), CELL)),
                Cell::new(span(figures::money(line.net), CELL)),
            ],
        });
    }
    let rate = figures::decimal(bill.vat_rate.normalize());
    let sums = [
        (words::NET_TOTAL.to_owned(), bill.net, CELL),
        (words::vat(&rate), bill.vat, CELL),
        (words::GROSS_TOTAL.to_owned(), bill.total, CELL_STRONG),
    ];
    rows.extend(sums.map(|(title, sum, style)| Row {
        look: Look::Total,
        cells: vec![
            Cell::over(COLUMNS.len() - 1, Align::Right, vec![span(title, style)]),
            Cell::new(span(figures::money(sum), style)),
        ],
    }));
    Table { columns: COLUMNS.into(), rows }.place(sheet);
    sheet.gap(pt(6));
    let sum = sentence(&numbers::hryvnias_in_words(bill.total));
    let title = if bill.total > Kopiykas::ZERO { words::SUM_IN_WORDS } else { words::ADJUSTMENT_IN_WORDS };
    sheet.paragraph(&[span(words::label(title), BODY.coloured(GREY)), span(sum, STRONG)]);
}

fn line_name(line: &BillLine) -> String {
    let mut name = words::line_kind(line.kind).to_owned();
    // Beside a quantity and a price it is what the sum cannot be done again without.
    if let Some(factor) = line.factor.filter(|factor| line.quantity.is_some() && factor.normalize() != Decimal::ONE) {
        name = words::with_factor(&name, &figures::decimal(factor.normalize()));
    }
    if line.vatable { name } else { words::without_vat(&name) }
}

/// The sum as a bar of its parts, with a legend below.
fn parts(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let bill = &invoice.bill;
    // Parts of a difference are no parts: some are taken off.
    if bill.total <= Kopiykas::ZERO || bill.lines.iter().any(|line| line.net < Kopiykas::ZERO) {
        return;
    }
    let mut parts: Vec<(&str, Kopiykas)> = Vec::new();
    for line in &bill.lines {
        let title = words::line_kind_short(line.kind);
        match parts.iter_mut().find(|(known, _)| *known == title) {
            Some((_, sum)) => *sum = *sum + line.net,
            None => parts.push((title, line.net)),
        }
    }
    parts.push((words::VAT, bill.vat));
    parts.retain(|(_, sum)| *sum > Kopiykas::ZERO);
    sheet.need(pt(62));
    sheet.paragraph(&[span(words::PARTS_OF_SUM.to_uppercase(), EYEBROW)]);
    sheet.gap(pt(4));
    let (left, top, whole) = (sheet.left(), sheet.y, sheet.width());
    let share = |sum: Kopiykas, of: i64| {
        let (part, total) = (i128::from(sum.0) * i128::from(of), i128::from(bill.total.0));
        i64::try_from((2 * part + total) / (2 * total)).unwrap_or(0)
    };
    let legend = whole / Length::try_from(parts.len().max(4)).unwrap_or(4);
    let mut x = left;
    for (index, ((title, sum), colour)) in parts.into_iter().zip(PARTS).enumerate() {
        let width = share(sum, whole).max(pt(1)).min(left + whole - x);
        sheet.put(None, Mark::Box { x, y: top, width: (width - tenths(10)).max(tenths(5)), height: pt(9), radius: 0, colour });
        x += width;
        let column = left + legend * Length::try_from(index).unwrap_or(0);
        sheet.put(None, Mark::Box { x: column, y: top + pt(18), width: pt(7), height: pt(7), radius: pt(1), colour });
        let at = Frame { x: column + pt(11), y: top + pt(15), width: legend - pt(14) };
        let percent = format!("{},{}{KEEP}%", share(sum, 1000) / 10, share(sum, 1000) % 10);
        let tall = sheet.text(Kind::Paragraph, at, Align::Left, &[span(format!("{title}, {percent}"), SMALL)]);
        let money = span(figures::money(sum), STRONG);
        sheet.text(Kind::Paragraph, Frame { y: at.y + tall, ..at }, Align::Left, &[money]);
    }
    sheet.y = top + pt(42);
}
