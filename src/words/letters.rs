//! The letters Oblik writes, whole: subject and body. No subject carries personal data.
//!
//! Who may be told what is decided before one of these is called; each says to whom it may go (`threats`: reply matrix).

use oblik_domain::bill::Correction;
use oblik_domain::finding::Finding;
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::{Invoice, InvoiceNumber, IssuerRole};
use oblik_domain::money::Kopiykas;
use oblik_domain::period::{Period, kyiv_clock};
use oblik_domain::{DateTime, Utc};

use crate::body::{Body, Row, Tone};
use crate::numbers::{date, hryvnias_in_words, kwh, money, month_name};

/// Subject and body of a letter, before it has an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Used where the letter is no reply; a reply keeps its thread's subject.
    pub subject: String,
    pub body: Body,
}

/// A signed act as its receipt names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActSeen {
    pub contract: ContractNumber,
    pub period: Period,
    /// When the message reached us.
    pub received: DateTime<Utc>,
    /// SHA-256 of the signed document, lower-case hexadecimal.
    pub sha256: String,
    /// Who signed, as the certificate names them.
    pub signer: String,
    /// Serial number of the certificate, hexadecimal.
    pub serial: String,
    /// Names of attachments that were no part of what was signed and were not read.
    pub ignored: Vec<String>,
}

/// A message as a technical answer names it: nothing of any account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageSeen {
    pub received: DateTime<Utc>,
    /// SHA-256 of the message as received, lower-case hexadecimal.
    pub sha256: String,
}

pub(crate) fn closing(supplier: &str) -> Vec<String> {
    vec![
        supplier.to_owned(),
        "Цей лист створено автоматично. Якщо Вам потрібна допомога людини, напишіть або зателефонуйте постачальнику.".to_owned(),
    ]
}

pub(crate) fn receipt_rows(act: &ActSeen) -> Vec<Row> {
    let mut rows = vec![
        Row::text("Договір", act.contract.to_string()),
        Row::text("Період", month_name(act.period)),
        Row::text("Отримано", kyiv_clock(act.received)),
        Row::text("Підписувач", act.signer.clone()),
        Row::code("Серійний номер сертифіката", act.serial.clone()),
        Row::code("Контрольна сума документа (SHA-256)", act.sha256.clone()),
    ];
    if !act.ignored.is_empty() {
        rows.push(Row::text("Не прочитано, бо не підписано", act.ignored.join(", ")));
    }
    rows
}

/// Receipt of an accepted act. To a registered address of the account only.
pub fn act_accepted(act: &ActSeen, supplier: &str) -> Text {
    let body = Body::new(Tone::Accepted, "Отримано")
        .paragraph(format!("Акт надання показань за {} прийнято, електронний підпис перевірено.", month_name(act.period)))
        .table(receipt_rows(act))
        .paragraph("Рахунок надійде окремим листом, щойно його буде сформовано.")
        .footer(closing(supplier));
    Text { subject: format!("Отримано: акт за {}", month_name(act.period)), body }
}

/// Receipt of an accepted act together with the documents it led to, which are attached. To a registered address of the account
/// only.
pub fn act_invoiced(act: &ActSeen, invoices: &[&Invoice], enclosed: &[Enclosed]) -> Text {
    let month = month_name(act.period);
    let body = Body::new(Tone::Accepted, "Отримано").paragraph(format!(
        "Акт надання показань за {month} прийнято, електронний підпис перевірено. {}",
        if invoices.len() > 1 { SEVERAL_ENCLOSED } else { ONE_ENCLOSED }
    ));
    let body = with_invoices(body, invoices, enclosed).heading("Що ми отримали").table(receipt_rows(act));
    Text {
        subject: format!("Отримано: акт за {month}. Рахунок у вкладенні"), body: closed(body, invoices)
    }
}

/// The same act again: the receipt is told anew, nothing else happens. To a registered address of the account only.
pub fn act_repeated(act: &ActSeen, accepted: DateTime<Utc>, supplier: &str) -> Text {
    let body = Body::new(Tone::Accepted, "Вже прийнято")
        .paragraph(format!(
            "Цей акт за {} ми прийняли {}. Надсилати його ще раз не потрібно.",
            month_name(act.period),
            kyiv_clock(accepted)
        ))
        .table(receipt_rows(act))
        .footer(closing(supplier));
    Text { subject: format!("Вже прийнято: акт за {}", month_name(act.period)), body }
}

/// Signed and authorised, but what the act says does not fit the account. To a registered address of the account only.
pub fn act_refused(act: &ActSeen, findings: &[Finding], supplier: &str) -> Text {
    let body = Body::new(Tone::Refused, "Акт не прийнято")
        .paragraph(format!("Акт надання показань за {} отримано, але прийняти його не можна.", month_name(act.period)))
        .findings(findings)
        .heading("Що ми отримали")
        .table(receipt_rows(act))
        .footer(closing(supplier));
    Text { subject: format!("Не прийнято: акт за {}", month_name(act.period)), body }
}

/// The act stands and is kept, its period cannot be calculated yet. To a registered address of the account only.
pub fn calculation_not_possible(act: &ActSeen, findings: &[Finding], supplier: &str) -> Text {
    let body = Body::new(Tone::Notice, "Показання збережено, розрахунок неможливий")
        .paragraph(format!(
            "Акт надання показань за {} прийнято, показання збережено. Той самий акт надсилати ще раз не потрібно. Рахунок поки що не сформовано.",
            month_name(act.period)
        ))
        .findings(findings);
    let body = crate::letters_billing::with_history(body, findings)
        .heading("Що ми отримали")
        .table(receipt_rows(act))
        .footer(closing(supplier));
    Text { subject: format!("Розрахунок неможливий: {}", month_name(act.period)), body }
}

/// Technical answer about one message: what is wrong with it, no fact of any account. To a registered address.
pub fn message_refused(message: &MessageSeen, findings: &[Finding], supplier: &str) -> Text {
    let body = Body::new(Tone::Refused, "Акт не прийнято")
        .paragraph("Ми отримали Ваш лист, але не можемо прийняти його як акт надання показань.")
        .findings(findings)
        .heading("Про який лист мова")
        .table(vec![
            Row::text("Отримано", kyiv_clock(message.received)),
            Row::code("Контрольна сума листа (SHA-256)", message.sha256.clone()),
        ])
        .footer(closing(supplier));
    Text { subject: "Акт не прийнято".to_owned(), body }
}

/// Somebody whose authority is not registered signed a document for the account. Names nothing of the document and nothing
/// of the account. To the account's registered address, never to the sender.
pub fn signer_not_authorised(message: &MessageSeen, supplier: &str) -> Text {
    let body = Body::new(Tone::Notice, "Документ не прийнято")
        .paragraph("Ми отримали документ з електронним підписом особи, повноваження якої за Вашим договором не зареєстровано.")
        .paragraph("Якщо цю особу уповноважили Ви, подайте постачальнику документ про її повноваження. Якщо ні, повідомте про це постачальника.")
        .table(vec![
            Row::text("Отримано", kyiv_clock(message.received)),
            Row::code("Контрольна сума (SHA-256)", message.sha256.clone()),
        ])
        .footer(closing(supplier));
    Text { subject: "Документ не прийнято".to_owned(), body }
}

fn invoice_rows(invoice: &Invoice) -> Vec<Row> {
    let bill = &invoice.bill;
    let is_due = invoice.payable() > Kopiykas::ZERO;
    let is_asked = bill.total > Kopiykas::ZERO || bill.correction.is_none();
    let mut rows = vec![
        Row::strong(if is_asked { "До сплати" } else { "Сума коригування" }, format!("{} грн", money(invoice.payable()))),
        Row::text("Сума словами", hryvnias_in_words(invoice.payable())),
    ];
    if invoice.prepaid > Kopiykas::ZERO {
        rows.push(Row::text("Нараховано", format!("{} грн", money(bill.total))));
        rows.push(Row::text("Сплачено раніше", format!("{} грн", money(invoice.prepaid))));
    }
    rows.push(Row::text("У тому числі ПДВ", format!("{} грн", money(if is_due { invoice.payable_vat() } else { bill.vat }))));
    if is_due {
        rows.push(Row::strong("Сплатити до", date(invoice.due_on)));
    }
    rows.extend([
        Row::text("Рахунок", format!("№ {} від {}", invoice.number, date(invoice.issued_on))),
        Row::text("Договір", bill.contract.to_string()),
    ]);
    if invoice.issuer == IssuerRole::Supplier {
        rows.push(Row::text("Спожито активної енергії", format!("{} кВт·год", kwh(bill.active_volume()))));
    }
    rows
}

fn payment_rows(invoice: &Invoice) -> Vec<Row> {
    vec![
        Row::text("Отримувач", invoice.seller.name.clone()),
        Row::text("Код ЄДРПОУ", invoice.seller.edrpou.to_string()),
        Row::code("Рахунок (IBAN)", invoice.seller.iban.to_string()),
        Row::text("Банк", invoice.seller.bank.clone()),
        Row::text("Призначення платежу", invoice.payment_purpose()),
    ]
}

/// Why the supplier signed, as the signature's field says it.
pub fn signing_reason(number: &oblik_domain::invoice::InvoiceNumber) -> String {
    format!("Рахунок № {number}")
}

/// What lies in a letter beside its words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enclosed {
    /// Of the file.
    pub name: String,
    pub number: InvoiceNumber,
    pub kind: EnclosedKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnclosedKind {
    /// The signed page, and whose document it is.
    Page(IssuerRole),
    MachineReadable,
}

const ONE_ENCLOSED: &str = "Рахунок у вкладенні: PDF з електронним підписом постачальника.";
const SEVERAL_ENCLOSED: &str = "У вкладенні документи постачальника та оператора системи розподілу: PDF з електронними підписами. Кожен сплачується за своїми реквізитами.";

/// Each document with how to pay it, then the list of files.
fn with_invoices(mut body: Body, invoices: &[&Invoice], enclosed: &[Enclosed]) -> Body {
    for invoice in invoices {
        if invoices.len() > 1 {
            body = body.heading(whose(invoice.issuer));
        }
        body = how_to_pay(body.table(invoice_rows(invoice)), invoice, ALREADY_PAID);
    }
    with_enclosed(body, enclosed)
}

const ALREADY_PAID: &str = "Рахунок сплачено повністю: сплачувати за ним нічого не потрібно.";

/// Where there is something to pay; else why there is not.
fn how_to_pay(body: Body, invoice: &Invoice, why_not: &'static str) -> Body {
    if invoice.payable() > Kopiykas::ZERO {
        body.heading("Реквізити для оплати").table(payment_rows(invoice))
    } else {
        body.paragraph(why_not)
    }
}

/// With the list of files that lie in the letter.
pub(crate) fn with_enclosed(body: Body, enclosed: &[Enclosed]) -> Body {
    let row = |file: &Enclosed| match file.kind {
        EnclosedKind::Page(issuer) => {
            Row::text(&file.name, format!("{} № {}, PDF з електронним підписом", whose(issuer), file.number))
        }
        EnclosedKind::MachineReadable => Row::text(&file.name, format!("рахунок № {} для облікової програми, XML", file.number)),
    };
    if enclosed.is_empty() { body } else { body.heading("У вкладенні").table(enclosed.iter().map(row).collect()) }
}

fn whose(issuer: IssuerRole) -> &'static str {
    match issuer {
        IssuerRole::Supplier => "Рахунок постачальника",
        IssuerRole::Operator => "Рахунок оператора системи розподілу",
    }
}

fn closed(body: Body, invoices: &[&Invoice]) -> Body {
    body.footer(closing(invoices.first().map_or("", |invoice| &invoice.seller.name)))
}

/// The issued documents of a bill, which are attached. To a registered address of the account only.
pub fn invoice_issued(invoices: &[&Invoice], enclosed: &[Enclosed]) -> Text {
    if let Some((first, correction)) = invoices.first().and_then(|first| Some((*first, first.bill.correction.as_ref()?))) {
        return correction_issued(first, correction, invoices, enclosed);
    }
    let month = invoices.first().map(|invoice| month_name(invoice.bill.period)).unwrap_or_default();
    let body = Body::new(Tone::Accepted, format!("Рахунок за {month}"));
    let body = body.paragraph(if invoices.len() > 1 { SEVERAL_ENCLOSED } else { ONE_ENCLOSED });
    Text { subject: format!("Рахунок за {month}"), body: closed(with_invoices(body, invoices, enclosed), invoices) }
}

/// A document that corrects an earlier one; how to pay stands in it only where there is something to pay.
fn correction_issued(first: &Invoice, correction: &Correction, invoices: &[&Invoice], enclosed: &[Enclosed]) -> Text {
    let month = month_name(first.bill.period);
    let mut body = Body::new(Tone::Accepted, format!("Коригування розрахунку за {month}"))
        .paragraph(format!(
            "Розрахунок за {month} виконано заново, різницю викладено в документі у вкладенні: PDF з електронним підписом."
        ))
        .paragraph(crate::documents::corrects(&correction.original.to_string(), correction.original_date, &correction.reason));
    for invoice in invoices {
        if invoices.len() > 1 {
            body = body.heading(whose(invoice.issuer));
        }
        let why_not = if invoice.bill.total > Kopiykas::ZERO { ALREADY_PAID } else { crate::documents::NOTHING_TO_PAY };
        body = how_to_pay(body.table(invoice_rows(invoice)), invoice, why_not);
    }
    Text {
        subject: format!("Коригування розрахунку за {month}"), body: closed(with_enclosed(body, enclosed), invoices)
    }
}
