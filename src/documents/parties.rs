//! The two blocks that say who supplies and who consumes.

use chrono::NaiveDate;
use oblik_domain::account::Account;
use oblik_domain::invoice::{Invoice, Seller};
use oblik_domain::limits::LABEL_CHARS;
use oblik_words::documents as words;

use crate::clean::clean;
use crate::geometry::{Align, Frame, Length, pt};
use crate::paragraph::{Span, span};
use crate::sheet::{Kind, Sheet};
use crate::style::{BODY, EYEBROW, GREY, NAME, STRONG};

/// A stranger's name or address, as long as names are ever shown.
pub fn name(text: &str) -> String {
    clean(text, LABEL_CHARS).into_owned()
}

/// Label and value on one line.
pub fn fact(label: &str, value: String) -> Vec<Span> {
    vec![span(words::label(label), BODY.coloured(GREY)), span(value, BODY)]
}

/// Supplier at the left, customer at the right; moves below the longer. An `invoice` adds how to pay it.
pub fn place(sheet: &mut Sheet<'_>, seller: &Seller, buyer: &Account, invoice: Option<&Invoice>) {
    const GUTTER: Length = pt(28);
    let width = (sheet.width() - GUTTER) / 2;
    let top = sheet.y;
    let left = Frame { x: sheet.left(), y: top, width };
    let mut facts = supplier_facts(seller);
    if invoice.is_some() {
        let iban = vec![span(words::label(words::IBAN), BODY.coloured(GREY)), span(seller.iban.to_string(), STRONG)];
        facts.extend([iban, fact(words::BANK, name(&seller.bank))]);
    }
    let supplier = block(sheet, left, words::SUPPLIER, &seller.name, facts);
    let right = Frame { x: sheet.left() + width + GUTTER, ..left };
    let customer = block(sheet, right, words::CUSTOMER, &buyer.name, customer_facts(buyer));
    sheet.y = top + supplier.max(customer);
    if let Some(invoice) = invoice {
        sheet.gap(pt(6));
        sheet.paragraph(&fact(words::PURPOSE, invoice.payment_purpose()));
    }
}

fn supplier_facts(seller: &Seller) -> Vec<Vec<Span>> {
    let reach = [seller.phone.as_str(), seller.email.as_str()].map(name);
    let reach = reach.into_iter().filter(|way| !way.is_empty()).collect::<Vec<_>>().join(" · ");
    vec![
        fact(words::EDRPOU, codes(seller.edrpou.as_str(), &seller.vat_number)),
        fact(words::ADDRESS, name(&seller.address)),
        vec![span(reach, BODY)],
    ]
}

fn customer_facts(buyer: &Account) -> Vec<Vec<Span>> {
    vec![
        fact(words::EDRPOU, codes(buyer.edrpou.as_str(), &buyer.vat_number)),
        fact(words::CONTRACT, contract(buyer.contract.as_str(), buyer.contract_date)),
        fact(words::ADDRESS, name(&buyer.address)),
    ]
}

fn contract(number: &str, day: NaiveDate) -> String {
    words::numbered_of(number, day)
}

/// `41234567, ІПН 412345626014`; a customer who pays no VAT has the first alone.
fn codes(edrpou: &str, vat_number: &str) -> String {
    if vat_number.is_empty() {
        return edrpou.to_owned();
    }
    format!("{edrpou}, {}\u{a0}{}", words::VAT_NUMBER, clean(vat_number, 20))
}

fn block(sheet: &mut Sheet<'_>, at: Frame, role: &str, who: &str, facts: Vec<Vec<Span>>) -> Length {
    let mut y = at.y;
    let eyebrow = vec![span(role.to_uppercase(), EYEBROW)];
    y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &eyebrow) + pt(2);
    y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &[span(name(who), NAME)]) + pt(2);
    for fact in facts {
        y += sheet.text(Kind::Paragraph, Frame { y, ..at }, Align::Left, &fact);
    }
    y - at.y
}
