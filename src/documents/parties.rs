//! The two blocks that say who supplies and who consumes.

use oblik_domain::account::Account;
use oblik_domain::invoice::{Invoice, Seller};
use oblik_domain::limits::LABEL_CHARS;
use oblik_words::numbers::date;

use crate::clean::clean;
use crate::due::Due;
use crate::geometry::{Align, Frame, Length, pt};
use crate::paragraph::{Span, span};
use crate::sheet::{Kind, Sheet};
use crate::style::{BODY, EYEBROW, GREY, NAME, STRONG};
use crate::{Template, Text};

/// A stranger's name or address, as long as names are ever shown.
pub fn name(text: &str) -> String {
    clean(text, LABEL_CHARS).into_owned()
}

/// Label and value on one line.
pub fn fact(template: &Template, label: Text, value: String) -> Vec<Span> {
    vec![span(template.label(label), BODY.coloured(GREY)), span(value, BODY)]
}

/// Supplier at the left, customer at the right; moves below the longer. An `invoice` adds how to pay it.
pub fn place(sheet: &mut Sheet<'_>, seller: &Seller, buyer: &Account, invoice: Option<&Invoice>) {
    const GUTTER: Length = pt(28);
    let template = sheet.template;
    let width = (sheet.width() - GUTTER) / 2;
    let top = sheet.y;
    let left = Frame { x: sheet.left(), y: top, width };
    let mut facts = supplier_facts(template, seller);
    if invoice.is_some() {
        let iban = vec![span(template.label(Text::Iban), BODY.coloured(GREY)), span(seller.iban.to_string(), STRONG)];
        facts.extend([iban, fact(template, Text::Bank, name(&seller.bank))]);
    }
    facts.extend(template.requisites().iter().map(|line| vec![span(line.clone(), BODY)]));
    let supplier = block(sheet, left, Text::Supplier, &seller.name, facts);
    let right = Frame { x: sheet.left() + width + GUTTER, ..left };
    let customer = block(sheet, right, Text::Customer, &buyer.name, customer_facts(template, buyer));
    sheet.y = top + supplier.max(customer);
    if let Some(invoice) = invoice.filter(|invoice| Due::of(invoice) == Due::ToPay) {
        sheet.gap(pt(6));
        sheet.paragraph(&fact(template, Text::Purpose, invoice.payment_purpose()));
    }
}

fn supplier_facts(template: &Template, seller: &Seller) -> Vec<Vec<Span>> {
    let reach = [seller.phone.as_str(), seller.email.as_str()].map(name);
    let reach = reach.into_iter().filter(|way| !way.is_empty()).collect::<Vec<_>>().join(" · ");
    vec![
        fact(template, Text::Edrpou, codes(template, seller.edrpou.as_str(), &seller.vat_number)),
        fact(template, Text::Address, name(&seller.address)),
        vec![span(reach, BODY)],
    ]
}

fn customer_facts(template: &Template, buyer: &Account) -> Vec<Vec<Span>> {
    let contract = [("number", buyer.contract.as_str()), ("date", &date(buyer.contract_date))];
    vec![
        fact(template, Text::Edrpou, codes(template, buyer.edrpou.as_str(), &buyer.vat_number)),
        fact(template, Text::Contract, template.fill(Text::ContractNumber, &contract)),
        fact(template, Text::Address, name(&buyer.address)),
    ]
}

/// `41234567, ІПН 412345626014`; a customer who pays no VAT has the first alone.
fn codes(template: &Template, edrpou: &str, vat_number: &str) -> String {
    if vat_number.is_empty() {
        return edrpou.to_owned();
    }
    format!("{edrpou}, {}\u{a0}{}", template.text(Text::VatNumber), clean(vat_number, 20))
}

fn block(sheet: &mut Sheet<'_>, at: Frame, role: Text, who: &str, facts: Vec<Vec<Span>>) -> Length {
    let mut y = at.y;
    let eyebrow = vec![span(sheet.template.text(role).to_uppercase(), EYEBROW)];
    y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &eyebrow) + pt(2);
    y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &[span(name(who), NAME)]) + pt(2);
    for fact in facts {
        y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &fact);
    }
    y - at.y
}
