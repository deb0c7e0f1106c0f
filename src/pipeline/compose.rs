//! An invoice as the files that leave: the machine-readable invoice, and the page that carries it, stamped and signed.

use chrono::{DateTime, TimeDelta, Utc};
use oblik_documents::{Attachment, INVOICE_ATTACHMENT, Relation, Setting, Stamp, StampPlace, Template, Typesetter};
use oblik_domain::invoice::Invoice;
use oblik_edi::InvoiceWords;
use oblik_signature::pdf::{PdfSigning, Prepared, WidgetPlace};
use oblik_signature::signing::{Signer, SigningError};
use oblik_words::invoice_xml as words;

use crate::issuing::Issuing;
use crate::station::{Trouble, report};

/// The files of one invoice.
pub(crate) struct Composed {
    /// The signed page, with `ubl` inside as [`INVOICE_ATTACHMENT`]; its signature is not put into its place yet.
    pub page: Prepared,
    /// The invoice for machines: UBL 2.1 by EN 16931, the bytes that the page carries and its signature covers.
    pub ubl: Vec<u8>,
}

/// The invoice for machines. Its lines are called what the page calls them.
pub(crate) fn invoice_xml(invoice: &Invoice, template: &Template) -> Vec<u8> {
    let invoice_words = InvoiceWords {
        line: &|line| template.text(line.kind.into()),
        zone: words::zone,
        row: words::row,
        volume: words::volume,
        zone_name: words::ZONE,
        class_name: words::CLASS,
        point_name: words::POINT,
        price_name: words::PRICE,
        factor_name: words::FACTOR,
        opening: words::OPENING,
        closing: words::CLOSING,
        coefficient: words::COEFFICIENT,
        not_taxed: words::NOT_TAXED,
        set_off: words::SET_OFF,
        nothing_charged: words::NOTHING_CHARGED,
        vat_rounding: words::VAT_ROUNDING,
    };
    oblik_edi::write_invoice(invoice, &invoice_words)
}

/// The invoice for machines and its signed page; a timestamp of up to `token_octets` fits beside the signature.
///
/// # Errors
/// What cannot be rendered or signed needs a person.
pub(crate) fn compose(
    typesetter: &Typesetter,
    issuing: &Issuing,
    invoice: &Invoice,
    now: DateTime<Utc>,
    token_octets: usize,
) -> Result<Composed, Trouble> {
    // A branch or the operator may have left the configuration since the draft was numbered: nobody signs in another's name.
    if issuing.seller.edrpou != invoice.seller.edrpou {
        let cause = format!("the configuration has no issuer with the code {} of the {}", invoice.seller.edrpou, invoice.issuer);
        return Err(Trouble::Wait { cause, due: now + WITHOUT_KEY });
    }
    let signer = issuing.signer_at(now).ok_or_else(|| no_key(issuing, now))?;
    let stamp = stamp(&signer, now);
    let ubl = invoice_xml(invoice, &issuing.template);
    let attachment = Attachment {
        name: INVOICE_ATTACHMENT,
        mime_type: "application/xml",
        description: words::ATTACHMENT_DESCRIPTION,
        relation: Relation::Alternative,
        data: &ubl,
    };
    let setting = Setting { template: &issuing.template, stamp: Some(&stamp), attachments: &[attachment] };
    let rendered = typesetter.invoice_pdf(invoice, &setting).map_err(|cause| Trouble::park(report(&cause)))?;
    let signing = PdfSigning {
        name: invoice.seller.name.clone(),
        reason: oblik_words::letters::signing_reason(&invoice.number),
        location: String::new(),
        signing_time: now,
        field_name: "supplier".to_owned(),
        customer_field: Some("customer".to_owned()),
        place: rendered.stamp.map(place),
    };
    let page = oblik_signature::pdf::prepare(&rendered.pdf, &signer, &signing, token_octets);
    Ok(Composed { page: page.map_err(|cause| unsigned(&cause, now))?, ubl })
}

/// Documents wait while no certificate is valid or no key can be reached: nothing is signed with one that ended, and nothing is
/// given up for a device that will come back.
const WITHOUT_KEY: TimeDelta = TimeDelta::minutes(2);

fn no_key(issuing: &Issuing, now: DateTime<Utc>) -> Trouble {
    let next = issuing.keys.next_after(now).unwrap_or(now + WITHOUT_KEY).min(now + WITHOUT_KEY);
    Trouble::Wait { cause: format!("no key of the {} has a valid certificate", issuing.keys.whose()), due: next }
}

/// Why there is no signature: a key that lives elsewhere is waited for, anything else needs a person.
pub(crate) fn unsigned(cause: &SigningError, now: DateTime<Utc>) -> Trouble {
    match cause {
        SigningError::Remote(_) => Trouble::Wait { cause: report(cause), due: now + WITHOUT_KEY },
        _ => Trouble::park(report(cause)),
    }
}

/// What the page says of the signature: who signs and for whom, as people know them.
fn stamp(signer: &Signer, at: DateTime<Utc>) -> Stamp {
    let holder = signer.holder();
    let organization = holder.organization.filter(|organization| *organization != holder.name);
    let name = [Some(holder.name), organization].into_iter().flatten().collect::<Vec<_>>().join(", ");
    Stamp { name, serial: signer.serial(), authority: signer.authority(), at }
}

fn place(stamp: StampPlace) -> WidgetPlace {
    let StampPlace { page, left, bottom, width, height } = stamp;
    WidgetPlace { page, left, bottom, width, height }
}
