//! The invoice's first page: what to pay and until when comes first, then who, how and for what.

use oblik_domain::Decimal;
use oblik_domain::bill::{BillLine, Correction, LineKind};
use oblik_domain::invoice::Invoice;
use oblik_domain::metering::Zone;
use oblik_domain::money::Kopiykas;
use oblik_words::numbers::date;
use oblik_words::{documents as words, numbers};

use crate::clean::clean;
use crate::due::Due;
use crate::emit::{About, emit};
use crate::geometry::{A4, Align, Frame, Length, pt, tenths};
use crate::paragraph::{Span, span};
use crate::parties::name;
use crate::sheet::{Kind, Mark, Sheet};
use crate::style::{
    ACCENT, BODY, CELL, CELL_GREY, CELL_STRONG, EYEBROW, GREY, HEADING, NAME, NUMBER, PARTS, SMALL, STRONG, TITLE,
};
use crate::table::Look;
use crate::template::{Field, Section, TableName};
use crate::typeface::{Faces, KEEP};
use crate::{
    DocumentError, Rendered, Setting, Template, Text, acts, breakdown, chart, due, figures, notice, parties, reasons, stamp,
    standing, zones,
};

/// Of a correction's reason as printed.
const REASON_CHARS: usize = 300;

pub fn pdf(faces: &Faces, invoice: &Invoice, setting: &Setting<'_>) -> Result<Rendered, DocumentError> {
    let template = setting.template;
    let number = name(&invoice.number.to_string());
    let numbered = template.fill(Text::InvoiceName, &[("number", &number), ("date", &date(invoice.issued_on))]);
    let customer = name(&invoice.buyer.name);
    let reserve = if setting.stamp.is_some() { stamp::RESERVE } else { 0 };
    let mut sheet = Sheet::new(faces, template, A4.reserving(reserve), format!("{numbered} · {customer}"));
    for section in template.invoice_sections() {
        place(&mut sheet, *section, invoice);
    }
    let stamp = setting.stamp.map(|stamp| sheet.on_page(0, |sheet| stamp::place(sheet, stamp)));
    let seller = name(&invoice.seller.name);
    let about = About {
        title: numbered.replace(KEEP, " "),
        author: seller.clone(),
        id: format!("invoice {} {number}", invoice.seller.edrpou),
        made_on: invoice.issued_on,
        foot: format!("{numbered} · {seller}"),
    };
    Ok(Rendered { pdf: emit(sheet, &about, setting.attachments)?, stamp })
}

/// One section, with the space above it; nothing where it does not apply.
fn place(sheet: &mut Sheet<'_>, section: Section, invoice: &Invoice) {
    match section {
        Section::Head => head(sheet, invoice),
        Section::Due => due::place(sheet, invoice),
        Section::Parties => {
            sheet.space(pt(16));
            parties::place(sheet, &invoice.seller, &invoice.buyer, Some(invoice));
        }
        Section::Charges => {
            sheet.space(pt(16));
            charges(sheet, invoice);
        }
        Section::SumInWords => sum_in_words(sheet, invoice),
        Section::Standing => standing::place(sheet, invoice),
        Section::Parts => parts(sheet, invoice),
        Section::Chart => chart::place(sheet, invoice),
        Section::Notice => notice::place(sheet, invoice),
        Section::Breakdown => breakdown::place(sheet, invoice),
        Section::ActEnergy => acts::energy(sheet, invoice),
        Section::ActNetwork => acts::network(sheet, invoice),
        Section::ActReactive => acts::reactive(sheet, invoice),
        Section::Zones => zones::place(sheet, invoice),
        Section::Reasons => {
            sheet.turn(A4);
            sheet.space(pt(22));
            reasons::place(sheet, invoice);
        }
        Section::Signature => {
            sheet.space(pt(16));
            sheet.paragraph(&[span(sheet.template.text(Text::SignatureNote), SMALL)]);
        }
    }
}

fn head(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    const NUMBER_WIDTH: Length = pt(190);
    let template = sheet.template;
    let top = sheet.y;
    sheet.put(None, Mark::Box { x: 0, y: 0, width: sheet.shape.width, height: pt(5), radius: 0, colour: ACCENT });
    let (beside, below) = logo(sheet, top).map_or((0, top), |(width, height)| (width + pt(14), top + height));
    let left = Frame { x: sheet.left() + beside, y: top, width: sheet.width() - NUMBER_WIDTH - pt(16) - beside };
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
    let eyebrow = if invoice.bill.correction.is_some() { Text::CorrectionEyebrow } else { Text::InvoiceEyebrow };
    let number = template.fill(Text::InvoiceNumber, &[("number", &name(&invoice.number.to_string()))]);
    let issued = template.fill(Text::InvoiceIssued, &[("date", &words::long_date(invoice.issued_on))]);
    let right = Frame { x: sheet.right() - NUMBER_WIDTH, y: top, width: NUMBER_WIDTH };
    let mut down = top;
    for (text, style) in [(template.text(eyebrow), EYEBROW), (number, NUMBER), (issued, BODY.coloured(GREY))] {
        down += sheet.text(Kind::Paragraph, Frame { y: down, ..right }, Align::Right, &[span(text, style)]);
    }
    sheet.y = y.max(down).max(below) + pt(14);
    let month = [("month", &*words::month(invoice.bill.period))];
    match &invoice.bill.correction {
        None => sheet.heading(1, span(template.fill(Text::InvoiceTitle, &month), TITLE), pt(100)),
        Some(correction) => {
            sheet.heading(1, span(template.fill(Text::CorrectionTitle, &month), TITLE), pt(100));
            sheet.gap(pt(3));
            corrected(sheet, correction);
        }
    }
    sheet.gap(pt(10));
}

/// The template's logo in the upper left corner; its width and height. The name beside it says the same in words.
pub fn logo(sheet: &mut Sheet<'_>, y: Length) -> Option<(Length, Length)> {
    let (logo, width, height) = sheet.template.logo()?;
    sheet.put(None, Mark::Picture { x: sheet.left(), y, width, height, logo: logo.clone() });
    Some((width, height))
}

/// What a correction corrects, why, and what it is the difference of.
fn corrected(sheet: &mut Sheet<'_>, correction: &Correction) {
    let Correction { original, original_date, billed_total, rerated_total, reason } = correction;
    let template = sheet.template;
    let (reason, number, day) = (clean(reason, REASON_CHARS), original.to_string(), date(*original_date));
    let (billed, now) = (figures::money(*billed_total), figures::money(*rerated_total));
    let lines = [
        template.fill(Text::CorrectionCorrects, &[("number", &number), ("date", &day), ("reason", &reason)]),
        template.fill(Text::CorrectionDifference, &[("billed", &billed), ("now", &now)]),
    ];
    for line in lines {
        sheet.paragraph(&[span(line, BODY.coloured(GREY))]);
    }
}

pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn charges(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let (template, bill) = (sheet.template, &invoice.bill);
    sheet.heading(2, span(template.text(Text::ChargesTitle), HEADING), pt(60));
    sheet.gap(pt(4));
    let mut table = template.table(TableName::Charges);
    for (index, line) in bill.lines.iter().enumerate() {
        table.row(|field| charge(template, field, index + 1, line));
    }
    let rate = figures::decimal(bill.vat_rate.normalize());
    let sums = [
        (template.text(Text::ChargesNet), bill.net, CELL),
        (template.fill(Text::ChargesVat, &[("rate", &rate)]), bill.vat, CELL),
        (template.text(Text::ChargesGross), bill.total, CELL_STRONG),
    ];
    for (title, sum, style) in sums {
        let of = |field| (field == Field::Sum).then(|| span(figures::money(sum), style));
        table.sum(Look::Total, vec![span(title, style)], of);
    }
    table.place(sheet);
}

fn charge(template: &Template, field: Field, number: usize, line: &BillLine) -> Span {
    match field {
        Field::Number => span(number.to_string(), CELL_GREY),
        Field::Name => span(line_name(template, line), CELL),
        Field::Class => span(line.voltage_class.map(words::class_digit).unwrap_or_default(), CELL),
        Field::Zone if line.kind.is_of_energy() => {
            span(words::price_zone(line.zone), if line.zone == Zone::Total { CELL_GREY } else { CELL })
        }
        Field::Unit => span(line.quantity.map(|_| words::line_unit(line.kind)).unwrap_or_default(), CELL_GREY),
        Field::Quantity => span(line.quantity.map(figures::volume).unwrap_or_default(), CELL),
        Field::Price => span(line.price.map(figures::price).unwrap_or_default(), CELL),
        Field::Sum => span(figures::money(line.net), CELL),
        _ => span("", CELL),
    }
}

fn sum_in_words(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let (title, sum) = match Due::of(invoice) {
        Due::ToPay => (Text::SumPayable, invoice.payable()),
        Due::PaidUp | Due::Adjustment => (Text::SumTotal, invoice.bill.total),
    };
    sheet.space(pt(6));
    let told = sentence(&numbers::hryvnias_in_words(sum));
    sheet.paragraph(&[span(sheet.template.label(title), BODY.coloured(GREY)), span(told, STRONG)]);
}

pub fn line_name(template: &Template, line: &BillLine) -> String {
    let mut name = template.text(line.kind.into());
    // Beside a quantity and a price it is what the sum cannot be done again without.
    if let Some(factor) = line.factor.filter(|factor| line.quantity.is_some() && factor.normalize() != Decimal::ONE) {
        let factor = figures::decimal(factor.normalize());
        name = template.fill(Text::ChargesFactor, &[("name", &name), ("factor", &factor)]);
    }
    if line.vatable { name } else { template.fill(Text::ChargesWithoutVat, &[("name", &name)]) }
}

/// The part of the sum that a line belongs to.
fn part_text(kind: LineKind) -> Text {
    match kind {
        LineKind::Supply => Text::PartSupply,
        LineKind::Transmission => Text::PartTransmission,
        LineKind::Distribution => Text::PartDistribution,
        LineKind::ReactiveConsumed | LineKind::ReactiveGenerated | LineKind::ReactiveExcess | LineKind::ReactiveDiscount => {
            Text::PartReactive
        }
        LineKind::LimitConsumption | LineKind::LimitPower => Text::PartLimits,
        LineKind::Penalty | LineKind::AnnualInterest | LineKind::Inflation => Text::PartOverdue,
    }
}

/// The sum as a bar of its parts, with a legend below.
fn parts(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    let bill = &invoice.bill;
    // Parts of a difference are no parts: some are taken off.
    if bill.total <= Kopiykas::ZERO || bill.lines.iter().any(|line| line.net < Kopiykas::ZERO) {
        return;
    }
    let mut parts: Vec<(Text, Kopiykas)> = Vec::new();
    for line in &bill.lines {
        let title = part_text(line.kind);
        match parts.iter_mut().find(|(known, _)| *known == title) {
            Some((_, sum)) => *sum = *sum + line.net,
            None => parts.push((title, line.net)),
        }
    }
    parts.push((Text::PartVat, bill.vat));
    parts.retain(|(_, sum)| *sum > Kopiykas::ZERO);
    sheet.space(pt(16));
    sheet.need(pt(62));
    let template = sheet.template;
    sheet.paragraph(&[span(template.text(Text::PartsTitle).to_uppercase(), EYEBROW)]);
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
        let tall = sheet.text(Kind::Paragraph, at, Align::Left, &[span(format!("{}, {percent}", template.text(title)), SMALL)]);
        let money = span(figures::money(sum), STRONG);
        sheet.text(Kind::Paragraph, Frame { y: at.y + tall, ..at }, Align::Left, &[money]);
    }
    sheet.y = top + pt(42);
}
