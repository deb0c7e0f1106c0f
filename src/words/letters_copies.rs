//! Letters about signed copies of invoices, and of the threads in which customers object or ask.
//!
//! Who may be told what is decided before one of these is called; each says to whom it may go (`threats`: reply matrix).

use oblik_domain::finding::Finding;
use oblik_domain::invoice::{Invoice, Seller};
use oblik_domain::period::kyiv_clock;
use oblik_domain::{DateTime, Utc};

use crate::body::{Body, Row, Tone};
use crate::commands::OBJECTION;
use crate::letters::{MessageSeen, Text, closing};
use crate::numbers::{date, month_name};

/// A signature of the customer's as a receipt names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureSeen {
    pub signer: String,
    /// Serial number of the certificate, hexadecimal.
    pub serial: String,
    pub received: DateTime<Utc>,
}

/// A signed copy of an invoice as its receipt names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopySeen<'a> {
    pub invoice: &'a Invoice,
    pub received: DateTime<Utc>,
    /// SHA-256 of the document as issued, lower-case hexadecimal.
    pub sha256: String,
    /// All that stand on the document by now.
    pub signatures: Vec<SignatureSeen>,
    /// Names of attachments that were no part of what was signed and were not read.
    pub ignored: Vec<String>,
}

fn document_rows(invoice: &Invoice, sha256: &str) -> Vec<Row> {
    vec![
        Row::text("Документ", format!("Рахунок № {} від {}", invoice.number, date(invoice.issued_on))),
        Row::text("Договір", invoice.bill.contract.to_string()),
        Row::text("Період", month_name(invoice.bill.period)),
        Row::code("Контрольна сума документа (SHA-256)", sha256),
    ]
}

fn copy_rows(copy: &CopySeen<'_>) -> Vec<Row> {
    let mut rows = document_rows(copy.invoice, &copy.sha256);
    rows.push(Row::text("Отримано", kyiv_clock(copy.received)));
    for signature in &copy.signatures {
        rows.push(Row::text("Підписувач", signature.signer.clone()));
        rows.push(Row::code("Серійний номер сертифіката", signature.serial.clone()));
        if signature.received != copy.received {
            rows.push(Row::text("Підпис отримано", kyiv_clock(signature.received)));
        }
    }
    if !copy.ignored.is_empty() {
        rows.push(Row::text("Не прочитано, бо не підписано", copy.ignored.join(", ")));
    }
    rows
}

/// Receipt of a signed copy: it is kept and its signature holds (RQ-D04). To a registered address of the account only.
pub fn copy_received(copy: &CopySeen<'_>) -> Text {
    let number = &copy.invoice.number;
    let body = Body::new(Tone::Accepted, "Отримано")
        .paragraph(format!(
            "Рахунок № {number} з Вашим електронним підписом отримано, підпис перевірено, документ збережено за Вашим особовим рахунком."
        ))
        .table(copy_rows(copy))
        .footer(closing(&copy.invoice.seller.name));
    Text { subject: format!("Отримано: підписаний рахунок № {number}"), body }
}

/// The same signatures again: nothing else happens. To a registered address of the account only.
pub fn copy_repeated(copy: &CopySeen<'_>) -> Text {
    let number = &copy.invoice.number;
    let body = Body::new(Tone::Accepted, "Вже отримано")
        .paragraph(format!("Рахунок № {number} з цим електронним підписом ми вже отримали. Надсилати його ще раз не потрібно."))
        .table(copy_rows(copy))
        .footer(closing(&copy.invoice.seller.name));
    Text { subject: format!("Вже отримано: підписаний рахунок № {number}"), body }
}

/// Technical answer about one message with a copy that does not count; no fact of any account. To a registered address.
pub fn copy_refused(message: &MessageSeen, findings: &[Finding], supplier: &str) -> Text {
    let body = Body::new(Tone::Refused, "Підписаний рахунок не прийнято")
        .paragraph("Ми отримали Ваш лист, але не можемо прийняти його як підписаний рахунок.")
        .findings(findings)
        .paragraph(how_to_object())
        .heading("Про який лист мова")
        .table(vec![
            Row::text("Отримано", kyiv_clock(message.received)),
            Row::code("Контрольна сума листа (SHA-256)", message.sha256.clone()),
        ])
        .footer(closing(supplier));
    Text { subject: "Підписаний рахунок не прийнято".to_owned(), body }
}

fn how_to_object() -> String {
    format!(
        "Якщо Ви не погоджуєтесь з рахунком, дайте відповідь на лист з ним і почніть її словами «{OBJECTION}», далі напишіть причину."
    )
}

/// The invoice was not signed within its term; it is attached once more. To the account's registered address.
pub fn copy_awaited(invoice: &Invoice, sha256: &str, since: DateTime<Utc>) -> Text {
    let number = &invoice.number;
    let body = Body::new(Tone::Notice, "Чекаємо на підписаний рахунок")
        .paragraph(format!(
            "Рахунок № {number} ми надіслали {}. Файл з Вашим електронним підписом до нас ще не надійшов. Той самий рахунок у вкладенні.",
            kyiv_clock(since)
        ))
        .paragraph("Підпишіть файл PDF електронним підписом уповноваженої особи і надішліть його у відповідь на цей лист.")
        .paragraph(how_to_object())
        .table(document_rows(invoice, sha256))
        .footer(closing(&invoice.seller.name));
    Text { subject: format!("Нагадування: підпишіть рахунок № {number}"), body }
}

fn ticket_subject(ticket: i64) -> String {
    format!("Звернення № {ticket}")
}

fn who_answers(seller: &Seller) -> String {
    let by = [seller.phone.as_str(), seller.email.as_str()];
    let by: Vec<&str> = by.into_iter().filter(|text| !text.is_empty()).collect();
    let reach = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
    format!("Відповідь надасть працівник постачальника: {}{reach}. Щоб щось додати, дайте відповідь на цей лист.", seller.name)
}

/// What the customer wrote is kept, and a person will answer. It tells no fact of the account: to the registered address that wrote.
///
/// `disputes`: it objects to a document, which nobody is reminded to sign until that is settled.
pub fn ticket_opened(ticket: i64, message: &MessageSeen, disputes: bool, seller: &Seller) -> Text {
    let body = Body::new(Tone::Notice, format!("Звернення № {ticket} зареєстровано"))
        .paragraph("Ваш лист отримано і передано працівнику постачальника.");
    let body = if disputes {
        body.paragraph("До нашої відповіді підписувати рахунок не потрібно.")
    } else {
        body
    };
    let body = body.paragraph(who_answers(seller)).table(message_rows(message)).footer(closing(&seller.name));
    Text { subject: ticket_subject(ticket), body }
}

/// One more letter in a thread that is open. As [`ticket_opened`].
pub fn ticket_joined(ticket: i64, message: &MessageSeen, seller: &Seller) -> Text {
    let body = Body::new(Tone::Notice, format!("Додано до звернення № {ticket}"))
        .paragraph("Ваш лист отримано і додано до звернення.")
        .paragraph(who_answers(seller))
        .table(message_rows(message))
        .footer(closing(&seller.name));
    Text { subject: ticket_subject(ticket), body }
}

fn message_rows(message: &MessageSeen) -> Vec<Row> {
    vec![
        Row::text("Отримано", kyiv_clock(message.received)),
        Row::code("Контрольна сума листа (SHA-256)", message.sha256.clone()),
    ]
}

/// What a person of the supplier's answers, as typed: paragraphs are parted by an empty line. To a registered address.
pub fn ticket_reply(ticket: i64, text: &str, seller: &Seller) -> Text {
    let mut body = Body::new(Tone::Notice, format!("Відповідь на звернення № {ticket}"));
    for paragraph in text.replace("\r\n", "\n").split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty()) {
        body = body.paragraph(paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let reach: Vec<&str> = [seller.phone.as_str(), seller.email.as_str()].into_iter().filter(|text| !text.is_empty()).collect();
    let body = body.paragraph("Щоб продовжити, дайте відповідь на цей лист.").footer(vec![seller.name.clone(), reach.join(", ")]);
    Text { subject: ticket_subject(ticket), body }
}
