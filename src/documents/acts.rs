//! The acts of a period: energy handed over, services of networks, reactive energy. One shape, a page of its own for each,
//! because each is filed by itself.
//!
//! VAT is rounded once a bill; its rows here are its exact parts, so that the acts of a bill come to the bill.

use oblik_domain::bill::{BillLine, Correction, LineKind};
use oblik_domain::invoice::{Invoice, IssuerRole};
use oblik_domain::metering::Zone;
use oblik_domain::money::Kopiykas;
use oblik_words::{documents as words, numbers, parts as names, terms};

use crate::apportion::vat_by_line;
use crate::clean::clean;
use crate::figures;
use crate::geometry::{A4, Align, Frame, Length, pt, tenths};
use crate::invoice::{line_name, sentence};
use crate::paragraph::{height, lines, span};
use crate::parties::{self, name};
use crate::sheet::{Kind, Sheet};
use crate::style::{BODY, CELL, CELL_GREY, CELL_STRONG, EYEBROW, GREY, SMALL, STRONG, TITLE};
use crate::table::Look;
use crate::template::{Field, TableName, Template};
use crate::texts::Text;

/// Of a correction's reason as printed.
const REASON_CHARS: usize = 300;

/// What one act is about.
struct Subject {
    title: Text,
    lead: Text,
    /// Stands for the names of its lines.
    line: Option<Text>,
    takes: fn(LineKind) -> bool,
}

const ENERGY: Subject = Subject {
    title: Text::ActEnergyTitle,
    lead: Text::ActEnergyLead,
    line: Some(Text::ActEnergyLine),
    takes: |kind| kind == LineKind::Supply,
};

const NETWORK: Subject = Subject {
    title: Text::ActNetworkTitle,
    lead: Text::ActNetworkLead,
    line: None,
    takes: |kind| matches!(kind, LineKind::Transmission | LineKind::Distribution),
};

const REACTIVE: Subject =
    Subject { title: Text::ActReactiveTitle, lead: Text::ActReactiveLead, line: None, takes: |kind| kind.unit() == "kvarh" };

/// The act of energy handed over.
pub fn energy(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    act(sheet, invoice, &ENERGY);
}

/// The act of transmission and distribution.
pub fn network(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    act(sheet, invoice, &NETWORK);
}

/// The act of reactive energy.
pub fn reactive(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    act(sheet, invoice, &REACTIVE);
}

/// Where the bill has lines for it. A line without VAT is a sanction: it is in the invoice alone.
fn act(sheet: &mut Sheet<'_>, invoice: &Invoice, subject: &Subject) {
    let template = sheet.template;
    let all = invoice.bill.lines.iter().zip(vat_by_line(&invoice.bill));
    let lines: Vec<(&BillLine, Kopiykas)> = all.filter(|(line, _)| line.vatable && (subject.takes)(line.kind)).collect();
    if lines.is_empty() {
        return;
    }
    sheet.begin_page_of(A4);
    head(sheet, invoice, subject.title);
    parties::place(sheet, &invoice.seller, &invoice.buyer, None);
    sheet.gap(pt(18));
    sheet.paragraph(&[span(template.fill(subject.lead, &[("month", &names::month(invoice.bill.period))]), BODY)]);
    sheet.gap(pt(6));
    let sum = table(sheet, subject, &lines);
    sheet.gap(pt(8));
    let told = sentence(&numbers::hryvnias_in_words(sum));
    sheet.paragraph(&[span(template.label(Text::ActsInWords), BODY.coloured(GREY)), span(told, STRONG)]);
    close(sheet, invoice);
}

/// Title, and to which document and contract it belongs.
pub fn head(sheet: &mut Sheet<'_>, invoice: &Invoice, title: Text) {
    let template = sheet.template;
    sheet.heading(2, span(template.text(title), TITLE.sized(tenths(155))), pt(120));
    sheet.gap(pt(4));
    let number = words::numbered_of(&name(&invoice.number.to_string()), invoice.issued_on);
    let contract = words::numbered_of(invoice.buyer.contract.as_str(), invoice.buyer.contract_date);
    let mut told = template.fill(Text::ActsHead, &[("invoice", &number), ("contract", &contract)]);
    if let Some(Correction { original, original_date, reason, .. }) = &invoice.bill.correction {
        let (number, day, reason) = (name(&original.to_string()), numbers::date(*original_date), clean(reason, REASON_CHARS));
        let corrects = template.fill(Text::CorrectionCorrects, &[("number", &number), ("date", &day), ("reason", &reason)]);
        told = format!("{told}. {corrects}");
    }
    sheet.paragraph(&[span(told, BODY.coloured(GREY))]);
    sheet.gap(pt(16));
}

/// No claims, what to do with the act, and places for two signatures; all of it on one page.
pub fn close(sheet: &mut Sheet<'_>, invoice: &Invoice) {
    const GUTTER: Length = pt(32);
    sheet.gap(pt(10));
    sheet.need(pt(150));
    let template = sheet.template;
    sheet.paragraph(&[span(template.text(Text::ActsNoClaims), BODY)]);
    sheet.gap(pt(3));
    sheet.paragraph(&[span(template.text(Text::ActsReturn), SMALL)]);
    sheet.gap(pt(18));
    let width = (sheet.width() - GUTTER) / 2;
    let seller = match invoice.issuer {
        IssuerRole::Supplier => Text::ActsSupplier,
        IssuerRole::Operator => Text::ActsOperator,
    };
    let (top, mut tall) = (sheet.y, 0);
    for (index, (role, who)) in
        [(seller, &invoice.seller.name), (Text::ActsCustomer, &invoice.buyer.name)].into_iter().enumerate()
    {
        let x = sheet.left() + (width + GUTTER) * Length::try_from(index).unwrap_or(0);
        tall = tall.max(signature_place(sheet, Frame { x, y: top, width }, template, role, who));
    }
    sheet.y = top + tall;
}

/// Who signs, and lines for position and name, signature and seal, and the date. Returns its height.
fn signature_place(sheet: &mut Sheet<'_>, at: Frame, template: &Template, role: Text, who: &str) -> Length {
    let role = lines(sheet.faces, &[span(template.text(role).to_uppercase(), EYEBROW)], at.width, 1);
    let who = lines(sheet.faces, &[span(name(who), STRONG)], at.width, 4);
    let y = (at.y + height(&role) + pt(2) + height(&who)).max(at.y + pt(38)) + pt(24);
    sheet.within(Kind::Paragraph, |sheet| {
        let leaf = sheet.leaf();
        sheet.set(Some(leaf), at, Align::Left, &role);
        sheet.set(Some(leaf), Frame { y: at.y + height(&role) + pt(2), ..at }, Align::Left, &who);
    });
    let places = [(Text::ActsPosition, 46), (Text::ActsSignature, 30), (Text::ActsDate, 24)];
    let mut x = at.x;
    for (_, share) in places {
        sheet.rule(x, y, at.width * share / 100 - pt(8), tenths(6), GREY);
        x += at.width * share / 100;
    }
    sheet.within(Kind::Paragraph, |sheet| {
        let leaf = sheet.leaf();
        let mut x = at.x;
        for (label, share) in places {
            let width = at.width * share / 100 - pt(8);
            let set = lines(sheet.faces, &[span(template.text(label), SMALL)], width, 2);
            sheet.set(Some(leaf), Frame { x, y: y + pt(2), width }, Align::Left, &set);
            x += at.width * share / 100;
        }
    });
    y + SMALL.leading() * 2 - at.y
}

/// Returns what the act comes to, with VAT.
fn table(sheet: &mut Sheet<'_>, subject: &Subject, lines: &[(&BillLine, Kopiykas)]) -> Kopiykas {
    let template = sheet.template;
    let mut table = template.table(TableName::ActLines);
    let (mut net, mut vat) = (Kopiykas::ZERO, Kopiykas::ZERO);
    for (number, (line, own)) in (1_usize..).zip(lines) {
        table.row(|field| match field {
            Field::Number => span(number.to_string(), CELL_GREY),
            Field::Name => span(subject.line.map_or_else(|| line_name(template, line), |text| template.text(text)), CELL),
            Field::Class => span(class_and_zone(line), CELL),
            Field::Unit => span(line.quantity.map(|_| words::line_unit(line.kind)).unwrap_or_default(), CELL_GREY),
            Field::Quantity => span(line.quantity.map(figures::volume).unwrap_or_default(), CELL),
            Field::Price => span(line.price.map(figures::price).unwrap_or_default(), CELL),
            Field::Sum => span(figures::money(line.net), CELL),
            Field::Vat => span(figures::money(*own), CELL),
            Field::Gross => span(figures::money(line.net + *own), CELL),
            _ => span("", CELL),
        });
        (net, vat) = (net + line.net, vat + *own);
    }
    let total = vec![span(template.text(Text::ActsTotal), CELL_STRONG)];
    table.sum(Look::Total, total, |field| match field {
        Field::Sum => Some(span(figures::money(net), CELL_STRONG)),
        Field::Vat => Some(span(figures::money(vat), CELL_STRONG)),
        Field::Gross => Some(span(figures::money(net + vat), CELL_STRONG)),
        _ => None,
    });
    table.place(sheet);
    net + vat
}

/// `1 клас, ніч`; what it has of both.
fn class_and_zone(line: &BillLine) -> String {
    let zone = (line.kind.is_of_energy() && line.zone != Zone::Total).then(|| terms::zone(line.zone).to_owned());
    let class = line.voltage_class.map(|class| names::class(class).to_owned());
    [class, zone].into_iter().flatten().collect::<Vec<_>>().join(", ")
}
