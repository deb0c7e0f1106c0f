//! The payments file of a bank or an accounting system.
//!
//! What a payment is for stays as the bank wrote it: purposes are understood where the ledger is, and may be said anew.

use std::collections::BTreeMap;
use std::io::BufRead;

use oblik_domain::Decimal;
use oblik_domain::ids::Edrpou;
use oblik_domain::ledger::NewPayment;
use oblik_domain::money::Kopiykas;

use crate::extract::{Extract, day, number, text};
use crate::faults::ReadError;
use crate::header::{At, FileHeader, FileSummary, read_records, write_header};
use crate::record::Row;
use crate::schema::PAYMENTS;
use crate::writer::{Writer, token};

/// One payment of the file, and where it stands in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentRecord {
    pub line: u64,
    /// In characters, from 1.
    pub column: u64,
    /// From 1.
    pub record_no: u64,
    /// Its source is the sender the header names.
    pub payment: NewPayment,
}

/// Reads a payments file, handing each good record to `sink` in the order of the file. Read twice, as a meter file.
///
/// # Errors
/// As [`crate::read_meter_file`]. A reference that stands twice in the file refuses the second.
pub fn read_payments<R: BufRead>(input: R, sink: &mut dyn FnMut(PaymentRecord)) -> Result<FileSummary, ReadError> {
    let mut references = BTreeMap::new();
    read_records(&PAYMENTS, input, &mut |row, at, extract| extract_payment(row, at, &mut references, extract), sink)
}

fn extract_payment(
    row: Row<'_>,
    at: At<'_>,
    references: &mut BTreeMap<String, u64>,
    extract: &mut Extract<'_>,
) -> Option<PaymentRecord> {
    let reference = extract.child(row, "Reference", text);
    let amount = extract.child(row, "Amount", number(kopiykas));
    let paid_on = extract.child(row, "PaidOn", day);
    let payer = extract.child(row, "Payer", text);
    let payer_edrpou = extract.optional(row, "PayerEdrpou", Edrpou::parse);
    let purpose = extract.child(row, "Purpose", text);
    let reference = reference?;
    if let Some(first) = references.get(&reference) {
        let place = row.child("Reference").unwrap_or(row);
        extract.refuse(place, format!("the reference {reference} is also that of record {first}"));
    } else {
        references.insert(reference.clone(), at.number);
    }
    let payment = NewPayment {
        source: at.sender.to_owned(),
        reference,
        amount: amount?,
        paid_on: paid_on?,
        payer: payer?,
        payer_edrpou: payer_edrpou?,
        purpose: purpose?,
    };
    let place = row.place();
    Some(PaymentRecord { line: place.line, column: place.column, record_no: at.number, payment })
}

/// Hryvnias of at most two decimals, exactly.
pub(crate) fn kopiykas(hryvnias: Decimal) -> Option<Kopiykas> {
    let exact = hryvnias.normalize();
    if exact.scale() > 2 { None } else { Kopiykas::from_hryvnias(exact) }
}

/// Writes a payments file; `header.record_count` is replaced by the true count, and the sources of the payments are not
/// written: the header's sender is the source of all.
pub fn write_payments(header: &FileHeader, payments: &[NewPayment]) -> Vec<u8> {
    let mut writer = Writer::new("Payments", PAYMENTS.target());
    write_header(&mut writer, header, payments.len());
    for payment in payments {
        writer.open("Payment", &[]);
        writer.leaf("Reference", token(&payment.reference, 64));
        writer.leaf("Amount", payment.amount);
        writer.leaf("PaidOn", payment.paid_on);
        writer.leaf("Payer", token(&payment.payer, 300));
        writer.leaf_if("PayerEdrpou", payment.payer_edrpou.as_ref());
        writer.leaf("Purpose", token(&payment.purpose, 1000));
        writer.close();
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hryvnias_are_taken_to_the_kopiyka() {
        for (text, expected) in [("0.01", Some(1)), ("1.10", Some(110)), ("1.001", None), ("-5", Some(-500))] {
            assert_eq!(kopiykas(text.parse().unwrap()).map(|amount| amount.0), expected, "{text}");
        }
    }
}
