//! The payment code on the page, with the addresses that a touch opens.

use oblik_domain::invoice::Invoice;

use crate::Text;
use crate::geometry::{Align, Frame, Length, pt, tenths};
use crate::paragraph::{height, lines, span};
use crate::payment_form::Payment;
use crate::payment_qr::{middle, outlines, payment_code};
use crate::sheet::{Kind, Mark, Sheet};
use crate::style::{ACCENT, INK, PAPER, SMALL, STRONG};
use crate::typeface::KEEP;

/// Between the code and the first line below it.
const GAP: Length = pt(3);

/// How high the code is with the lines below it, in this width.
pub fn tall(sheet: &Sheet<'_>, invoice: &Invoice, width: Length) -> Length {
    let below: Length = links(sheet, invoice, String::new()).iter().map(|(text, _)| line_height(sheet, text, width)).sum();
    if below == 0 { width } else { width + GAP + below }
}

/// Places the code; `at.width` is its side. Nothing where the payee is too long for any code.
pub fn place(sheet: &mut Sheet<'_>, invoice: &Invoice, at: Frame) {
    let (seller, purpose, reference) = (&invoice.seller, invoice.payment_purpose(), invoice.number.to_string());
    let payment = Payment {
        payee: &seller.name,
        iban: &seller.iban,
        code: &seller.edrpou,
        amount: invoice.payable(),
        purpose: &purpose,
        reference: &reference,
    };
    let Some((code, address)) = payment_code(sheet.template.payment(), &payment) else { return };
    // Four modules of quiet zone around the code. Source: ISO/IEC 18004 §5.3.8.
    let unit = at.width / Length::from(code.size() + 8);
    let margin = (at.width - unit * Length::from(code.size())) / 2;
    sheet.put(None, Mark::Box { x: at.x, y: at.y, width: at.width, height: at.width, radius: pt(4), colour: PAPER });
    let described = sheet.template.text(Text::DueCode);
    sheet.within(Kind::Figure { alt: described.clone() }, |sheet| {
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
        let link = Mark::Link { x: at.x, y: at.y, width: at.width, height: at.width, address: address.clone(), alt: described };
        sheet.put(Some(leaf), link);
    });
    let mut y = at.y + at.width + GAP;
    for (text, address) in links(sheet, invoice, address) {
        y += link(sheet, &text, address, Frame { y, ..at });
    }
}

/// What stands below the code, with the address that each opens.
fn links(sheet: &Sheet<'_>, invoice: &Invoice, code: String) -> Vec<(String, String)> {
    let template = sheet.template;
    let mut links = vec![(template.text(Text::DueOpen), code)];
    links.extend(template.payment().page(invoice).map(|page| (template.text(Text::DuePage), page)));
    links.retain(|(text, _)| !text.is_empty());
    links
}

fn line_height(sheet: &Sheet<'_>, text: &str, width: Length) -> Length {
    height(&lines(sheet.faces, &[span(text.to_owned(), SMALL)], width, 2))
}

/// A text that opens an address; its height.
fn link(sheet: &mut Sheet<'_>, text: &str, address: String, at: Frame) -> Length {
    let set = lines(sheet.faces, &[span(text.to_owned(), SMALL.coloured(ACCENT))], at.width, 2);
    let tall = height(&set);
    sheet.within(Kind::Paragraph, |sheet| {
        sheet.within(Kind::Link, |sheet| {
            let leaf = sheet.leaf();
            sheet.set(Some(leaf), at, Align::Centre, &set);
            let over = sheet.leaf();
            let alt = text.replace(KEEP, " ");
            sheet.put(Some(over), Mark::Link { x: at.x, y: at.y, width: at.width, height: tall, address, alt });
        });
    });
    let mut bottom = at.y;
    for line in &set {
        bottom += line.leading();
        let x = at.x + Align::Centre.shift(at.width, line.width);
        sheet.rule(x, bottom - pt(1), line.width, tenths(4), ACCENT);
    }
    tall
}
