//! Letters about calculations: one that waits, one on trial, one that was asked for and cannot be made.
//!
//! Who may be told what is decided before one of these is called; each says to whom it may go (`threats`: reply matrix).

use oblik_domain::Decimal;
use oblik_domain::bill::{Bill, BillLine};
use oblik_domain::finding::{Code, Finding};
use oblik_domain::ids::ContractNumber;
use oblik_domain::invoice::Invoice;
use oblik_domain::period::{Period, kyiv_clock};

use crate::body::{Body, Row, Tone};
use crate::commands::Command;
use crate::documents::line_kind;
use crate::letters::{ActSeen, Enclosed, MessageSeen, Text, closing, receipt_rows, with_enclosed};
use crate::numbers::{date, decimal, kwh, money, month_name};
use crate::terms;

/// The act stands; its period is calculated at the customer's word. `notes` stop nothing yet. To a registered address of the
/// account only.
pub fn calculation_waits(act: &ActSeen, notes: &[Finding], supplier: &str) -> Text {
    let month = month_name(act.period);
    let body = Body::new(Tone::Notice, "Показання збережено, розрахунок чекає на Вас")
        .paragraph(format!(
            "Акт надання показань за {month} прийнято, електронний підпис перевірено. За Вашим договором розрахунок проводиться на Ваш запит."
        ))
        .paragraph(format!("Щоб отримати рахунок, надішліть лист з темою «{}».", subject(Command::Calculate, &act.contract)))
        .findings(notes)
        .heading("Що ми отримали")
        .table(receipt_rows(act))
        .footer(closing(supplier));
    Text { subject: format!("Показання за {month} збережено"), body }
}

/// How a command for a contract is written in a subject.
fn subject(command: Command, contract: &ContractNumber) -> String {
    format!("[{contract}] {}", command.spelling())
}

/// What the act would come to; nothing of it was registered. `notes` stop nothing. To a registered address of the account only.
pub fn trial_calculated(act: &ActSeen, bill: &Bill, notes: &[Finding], supplier: &str) -> Text {
    let month = month_name(act.period);
    let body = Body::new(Tone::Notice, "Попередній розрахунок")
        .paragraph(format!(
            "Ось яким був би рахунок за {month} за показаннями з Вашого акта. Акт не зареєстровано, рахунок не сформовано."
        ))
        .paragraph("Щоб подати ці показання, надішліть підписаний акт звичайним листом, без слів «попередній розрахунок».")
        .table(total_rows(bill))
        .heading("Обсяги")
        .table(
            bill.rows
                .iter()
                .map(|row| {
                    let name =
                        format!("{}, {}", row.register.meter, terms::registers(&oblik_domain::act::register_name(&row.register)));
                    let unit = terms::unit(row.register.kind);
                    Row::text(
                        &name,
                        format!(
                            "{} {unit} (було {}, стало {}, коефіцієнт {})",
                            kwh(row.volume),
                            decimal(row.opening),
                            decimal(row.closing),
                            decimal(row.coefficient)
                        ),
                    )
                })
                .collect(),
        )
        .heading("Нарахування")
        .table(bill.lines.iter().map(line_row).collect())
        .findings(notes)
        .heading("Що ми отримали")
        .table(receipt_rows(act))
        .footer(closing(supplier));
    Text { subject: format!("Попередній розрахунок за {month}"), body }
}

/// Why the act would not be accepted or calculated; nothing of it was registered. To a registered address of the account only.
pub fn trial_refused(act: &ActSeen, findings: &[Finding], supplier: &str) -> Text {
    let month = month_name(act.period);
    let body = Body::new(Tone::Refused, "Попередній розрахунок неможливий")
        .paragraph(format!("Розрахунок за {month} за показаннями з Вашого акта провести не можна. Акт не зареєстровано."))
        .findings(findings);
    let body = with_history(body, findings).heading("Що ми отримали").table(receipt_rows(act)).footer(closing(supplier));
    Text { subject: format!("Попередній розрахунок неможливий: {month}"), body }
}

/// The calculation the customer asked for cannot be made. To a registered address of the account only.
pub fn calculation_refused(contract: &ContractNumber, period: Period, findings: &[Finding], supplier: &str) -> Text {
    let month = month_name(period);
    let body = Body::new(Tone::Refused, "Розрахунок неможливий")
        .paragraph(format!("Ви просили провести розрахунок за {month}. Поки що це неможливо."))
        .findings(findings);
    let rows = vec![Row::text("Договір", contract.to_string()), Row::text("Період", month.clone())];
    let body = with_history(body, findings).heading("Про що мова").table(rows).footer(closing(supplier));
    Text { subject: format!("Розрахунок неможливий: {month}"), body }
}

/// A command that does not say, or does not rightly say, which contract it is for: the same letter for both, so that nobody
/// learns which contracts there are. To a registered address.
pub fn which_contract(message: &MessageSeen, command: Command, supplier: &str) -> Text {
    let body = Body::new(Tone::Notice, "Вкажіть номер договору")
        .paragraph("Ми отримали Ваш запит, але не змогли визначити, за яким договором його виконати.")
        .paragraph(format!(
            "Надішліть запит ще раз і вкажіть у темі листа номер свого договору в квадратних дужках, наприклад: [270000000] {}.",
            command.spelling()
        ))
        .heading("Про який лист мова")
        .table(message_rows(message))
        .footer(closing(supplier));
    Text { subject: "Вкажіть номер договору".to_owned(), body }
}

/// A trial without a signed act, or a command from an address that nothing proves: how to sign, no fact of any account. To a
/// registered address.
pub fn signature_needed(message: &MessageSeen, command: Command, findings: &[Finding], supplier: &str) -> Text {
    let asked = match command {
        Command::Calculate => "Щоб провести розрахунок, нам потрібен підписаний акт надання показань.",
        Command::Document => "Щоб надіслати документ, ми маємо переконатися, що його просите саме Ви.",
        Command::TrialCalculation => {
            "Щоб провести попередній розрахунок, нам потрібен підписаний акт надання показань у тому самому листі."
        }
    };
    let body = Body::new(Tone::Refused, "Потрібен підписаний акт")
        .paragraph(asked)
        .findings(findings)
        .heading("Про який лист мова")
        .table(message_rows(message))
        .footer(closing(supplier));
    Text { subject: "Потрібен підписаний акт".to_owned(), body }
}

/// Documents that were issued before, the same bytes again, attached. To a registered address of the account only.
pub fn documents_again(invoices: &[&Invoice], enclosed: &[Enclosed], supplier: &str) -> Text {
    let row = |invoice: &&Invoice| {
        let name = format!("№ {} від {}", invoice.number, date(invoice.issued_on));
        Row::text(&name, format!("за {}, {} грн", month_name(invoice.bill.period), money(invoice.bill.total)))
    };
    let body = Body::new(Tone::Accepted, "Документ у вкладенні")
        .paragraph("Надсилаємо документ, який Ви просили: той самий файл, що був виданий раніше, з тими самими підписами.")
        .table(invoices.iter().map(row).collect());
    Text {
        subject: "Документ у вкладенні".to_owned(), body: with_enclosed(body, enclosed).footer(closing(supplier))
    }
}

/// There is no such document of the sender's: the same letter for a number that does not exist and one that is another's, so that
/// nobody learns which there are. To a registered address.
pub fn document_unknown(message: &MessageSeen, supplier: &str) -> Text {
    let body = Body::new(Tone::Notice, "Документ не знайдено")
        .paragraph("Серед виданих Вам документів такого немає. Перевірте номер: його надруковано вгорі документа, наприклад 2026-000001.")
        .paragraph(format!("Надішліть лист з темою «{} 2026-000001» зі своїм номером документа.", Command::Document.spelling()))
        .heading("Про який лист мова")
        .table(message_rows(message))
        .footer(closing(supplier));
    Text { subject: "Документ не знайдено".to_owned(), body }
}

fn message_rows(message: &MessageSeen) -> Vec<Row> {
    vec![
        Row::text("Отримано", kyiv_clock(message.received)),
        Row::code("Контрольна сума листа (SHA-256)", message.sha256.clone()),
    ]
}

fn total_rows(bill: &Bill) -> Vec<Row> {
    vec![
        Row::strong("Було б до сплати", format!("{} грн", money(bill.total))),
        Row::text("У тому числі ПДВ", format!("{} грн", money(bill.vat))),
        Row::text("Спожито активної енергії", format!("{} кВт·год", kwh(bill.active_volume()))),
    ]
}

fn line_row(line: &BillLine) -> Row {
    let zone = match line.zone {
        oblik_domain::metering::Zone::Total => String::new(),
        zone => format!(", {}", terms::zone(zone)),
    };
    let name = format!("{}{zone}", line_kind(line.kind));
    let net = format!("{} грн без ПДВ", money(line.net));
    match (line.quantity, line.price) {
        (Some(quantity), Some(price)) => Row::text(&name, format!("{} × {} = {net}", kwh(quantity), decimal(price))),
        _ => Row::text(&name, net),
    }
}

/// With the months that the bounds of E1 are of, each with a bar: what stands out is seen at once.
#[must_use]
pub fn with_history(body: Body, findings: &[Finding]) -> Body {
    let implausible = findings.iter().find(|finding| finding.code == Code::VolumeImplausible);
    let Some(finding) = implausible else { return body };
    let mut months: Vec<(String, Decimal)> = Vec::new();
    for month in finding.value("history").split(", ").filter_map(|month| month.split_once(' ')) {
        if let (Some(period), Ok(volume)) = (Period::parse(month.0), month.1.parse()) {
            months.push((month_name(period), volume));
        }
    }
    let Ok(now) = finding.value("volume").parse() else { return body };
    if months.is_empty() {
        return body;
    }
    months.push(("Цей розрахунок".to_owned(), now));
    let most = months.iter().map(|(_, volume)| *volume).max().unwrap_or_default();
    let rows = months.iter().map(|(name, volume)| Row::text(name, format!("{volume} кВт·год {}", bar(*volume, most)).trim_end()));
    body.heading("Споживання за попередні місяці").table(rows.collect())
}

/// Blocks of the longest bar.
const BAR_BLOCKS: u32 = 16;

/// A bar in proportion to the largest volume; what is above zero shows.
fn bar(volume: Decimal, most: Decimal) -> String {
    let share = volume.checked_mul(Decimal::from(BAR_BLOCKS)).and_then(|blocks| blocks.checked_div(most)).unwrap_or_default();
    let blocks = usize::try_from(share.ceil()).unwrap_or_default();
    "▇".repeat(blocks)
}
