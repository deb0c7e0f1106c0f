//! The invoice for machines: UBL 2.1 in the core terms of EN 16931 (ДСТУ EN 16931-1:2019), no extension and no national rule.
//!
//! What charges is an `Invoice`, what takes money off a `CreditNote` with its signs turned, because a machine books by the type
//! of the document and not by a minus. A correction holds a difference, so it is a debit note (383) or a credit note (381) that
//! names what it corrects; 384 would say that it stands in the place of the corrected one, and the difference would be all.
//! Source: EN 16931-1, CEN/TS 16931-3-2; BT and BG are its terms.

mod line;
mod party;
mod readings;

use std::fmt::Display;

use chrono::NaiveDate;
use oblik_domain::bill::{BillLine, VolumeRow};
use oblik_domain::invoice::Invoice;
use oblik_domain::metering::{EnergyKind, Zone};
use oblik_domain::money::Kopiykas;

use crate::writer::{Writer, token};
use line::Lines;

/// What the invoice says in words, all in the reader's language.
#[derive(Clone, Copy)]
pub struct InvoiceWords<'a> {
    /// Name of a line (BT-153).
    pub line: &'a dyn Fn(&BillLine) -> String,
    pub zone: fn(Zone) -> &'static str,
    /// Meter, register and days of a row: what its readings' names begin with.
    pub row: fn(&VolumeRow) -> String,
    /// The volume of a row, with its unit.
    pub volume: fn(EnergyKind) -> String,
    pub zone_name: &'static str,
    pub class_name: &'static str,
    pub point_name: &'static str,
    /// The price as printed, where the line's own is made of it.
    pub price_name: &'static str,
    pub factor_name: &'static str,
    pub opening: &'static str,
    pub closing: &'static str,
    pub coefficient: &'static str,
    /// Why a line carries no VAT (BT-120).
    pub not_taxed: &'static str,
    /// What becomes of a credit note's sum (BT-20).
    pub set_off: &'static str,
    /// The line of a document that has no other.
    pub nothing_charged: &'static str,
    /// The line of a document that changes the VAT alone.
    pub vat_rounding: &'static str,
}

/// The currency of everything (BT-5).
const CURRENCY: &str = "UAH";
const CUSTOMIZATION: &str = "urn:cen.eu:en16931:2017";
/// Longest text of one element, in characters: the standard has no bound, the files of others do.
const TEXT_CHARS: usize = 1000;

/// Whether the document charges or takes off; decides names, signs and what is said of paying.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Invoice,
    /// An invoice that names what it corrects.
    DebitNote,
    CreditNote,
}

impl Kind {
    fn of(invoice: &Invoice) -> Self {
        match (invoice.bill.total < Kopiykas::ZERO, &invoice.bill.correction) {
            (true, _) => Self::CreditNote,
            (false, Some(_)) => Self::DebitNote,
            (false, None) => Self::Invoice,
        }
    }

    /// UNTDID 1001.
    fn code(self) -> &'static str {
        match self {
            Self::Invoice => "380",
            Self::DebitNote => "383",
            Self::CreditNote => "381",
        }
    }

    /// The amount as this kind of document writes it.
    fn signed(self, amount: Kopiykas) -> Kopiykas {
        if self == Self::CreditNote { Kopiykas(amount.0.saturating_neg()) } else { amount }
    }
}

/// Writes an invoice. The same invoice gives the same bytes; characters that XML cannot hold become spaces.
///
/// Its seller must have a VAT number for the rules of EN 16931 to hold (BR-S-02).
pub fn write_invoice(invoice: &Invoice, words: &InvoiceWords<'_>) -> Vec<u8> {
    let kind = Kind::of(invoice);
    let mut writer = begin(kind);
    head(&mut writer, kind, invoice);
    references(&mut writer, invoice);
    party::seller(&mut writer, &invoice.seller);
    party::buyer(&mut writer, &invoice.buyer);
    payment(&mut writer, kind, invoice, words);
    let lines = Lines::of(invoice, kind, words);
    taxes(&mut writer, kind, invoice, &lines, words);
    totals(&mut writer, kind, invoice);
    lines.write(&mut writer);
    writer.finish()
}

fn begin(kind: Kind) -> Writer {
    let root = if kind == Kind::CreditNote { "CreditNote" } else { "Invoice" };
    let namespace = |part: &str| format!("urn:oasis:names:specification:ubl:schema:xsd:{part}-2");
    let attributes: [(&str, &dyn Display); 3] = [
        ("xmlns", &namespace(root)),
        ("xmlns:cac", &namespace("CommonAggregateComponents")),
        ("xmlns:cbc", &namespace("CommonBasicComponents")),
    ];
    Writer::with_attributes(root, &attributes)
}

/// BT-24, BT-1, BT-2, BT-9, BT-3, BT-22, BT-5, BG-14.
fn head(writer: &mut Writer, kind: Kind, invoice: &Invoice) {
    writer.leaf("cbc:CustomizationID", CUSTOMIZATION);
    writer.leaf("cbc:ID", token(&invoice.number.to_string(), TEXT_CHARS));
    writer.leaf("cbc:IssueDate", invoice.issued_on);
    // A credit note has no day of its own to be paid on.
    if kind == Kind::CreditNote {
        writer.leaf("cbc:CreditNoteTypeCode", kind.code());
    } else {
        writer.leaf("cbc:DueDate", invoice.due_on);
        writer.leaf("cbc:InvoiceTypeCode", kind.code());
    }
    if let Some(correction) = &invoice.bill.correction {
        writer.leaf("cbc:Note", token(&correction.reason, TEXT_CHARS));
    }
    writer.leaf("cbc:DocumentCurrencyCode", CURRENCY);
    let period = invoice.bill.period;
    days(writer, period.first_day(), period.last_day());
}

/// BG-14, BG-26; both days belong to it.
fn days(writer: &mut Writer, first: NaiveDate, last: NaiveDate) {
    writer.open("cac:InvoicePeriod", &[]);
    writer.leaf("cbc:StartDate", first);
    writer.leaf("cbc:EndDate", last);
    writer.close();
}

/// BG-3, BT-12, BT-18: what is corrected, under which contract, and for which point where it is one.
fn references(writer: &mut Writer, invoice: &Invoice) {
    if let Some(correction) = &invoice.bill.correction {
        writer.open("cac:BillingReference", &[]);
        writer.open("cac:InvoiceDocumentReference", &[]);
        writer.leaf("cbc:ID", token(&correction.original.to_string(), TEXT_CHARS));
        writer.leaf("cbc:IssueDate", correction.original_date);
        writer.close();
        writer.close();
    }
    writer.open("cac:ContractDocumentReference", &[]);
    writer.leaf("cbc:ID", &invoice.buyer.contract);
    writer.close();
    if let [point] = invoice.points.as_slice() {
        metering_point(writer, "cac:AdditionalDocumentReference", point.eic.as_str());
    }
}

/// A point by its EIC: 130 is "invoiced object" of UNTDID 1001, AVE "metering point" of UNTDID 1153.
fn metering_point(writer: &mut Writer, element: &'static str, eic: &str) {
    writer.open(element, &[]);
    writer.leaf_with("cbc:ID", &[("schemeID", &"AVE")], eic);
    writer.leaf("cbc:DocumentTypeCode", "130");
    writer.close();
}

/// BG-16, BG-17: a credit transfer (30 of UNTDID 4461) with the text that our own allocation reads back; or that nothing is paid.
fn payment(writer: &mut Writer, kind: Kind, invoice: &Invoice, words: &InvoiceWords<'_>) {
    if kind == Kind::CreditNote {
        writer.open("cac:PaymentTerms", &[]);
        writer.leaf("cbc:Note", words.set_off);
        writer.close();
    } else if invoice.payable() > Kopiykas::ZERO {
        writer.open("cac:PaymentMeans", &[]);
        writer.leaf("cbc:PaymentMeansCode", "30");
        writer.leaf("cbc:PaymentID", token(&invoice.payment_purpose(), TEXT_CHARS));
        writer.open("cac:PayeeFinancialAccount", &[]);
        writer.leaf("cbc:ID", &invoice.seller.iban);
        writer.leaf("cbc:Name", token(&invoice.seller.name, TEXT_CHARS));
        writer.close();
        writer.close();
    }
}

/// BG-23, with the VAT of the bill as it is.
fn taxes(writer: &mut Writer, kind: Kind, invoice: &Invoice, lines: &Lines<'_>, words: &InvoiceWords<'_>) {
    let bill = &invoice.bill;
    let vat = kind.signed(bill.vat);
    writer.open("cac:TaxTotal", &[]);
    amount(writer, "cbc:TaxAmount", vat);
    for (category, taxable) in lines.by_category() {
        writer.open("cac:TaxSubtotal", &[]);
        amount(writer, "cbc:TaxableAmount", taxable);
        amount(writer, "cbc:TaxAmount", if category.is_taxed() { vat } else { Kopiykas::ZERO });
        category.write(writer, "cac:TaxCategory", bill.vat_rate, Some(words.not_taxed));
        writer.close();
    }
    writer.close();
}

/// BG-22.
fn totals(writer: &mut Writer, kind: Kind, invoice: &Invoice) {
    let bill = &invoice.bill;
    let (net, total) = (kind.signed(bill.net), kind.signed(bill.total));
    writer.open("cac:LegalMonetaryTotal", &[]);
    amount(writer, "cbc:LineExtensionAmount", net);
    amount(writer, "cbc:TaxExclusiveAmount", net);
    amount(writer, "cbc:TaxInclusiveAmount", total);
    if invoice.prepaid != Kopiykas::ZERO {
        amount(writer, "cbc:PrepaidAmount", kind.signed(invoice.prepaid));
    }
    amount(writer, "cbc:PayableAmount", kind.signed(invoice.payable()));
    writer.close();
}

fn amount(writer: &mut Writer, element: &str, value: impl Display) {
    writer.leaf_with(element, &[("currencyID", &CURRENCY)], value);
}
