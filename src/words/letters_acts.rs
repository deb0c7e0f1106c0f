//! Letters about acts that we make and the customer signs.
//!
//! Who may be told what is decided before one of these is called; each says to whom it may go (`threats`: reply matrix).

use oblik_domain::finding::Finding;
use oblik_domain::ids::ContractNumber;
use oblik_domain::period::Period;

use crate::body::{Body, Row, Tone};
use crate::letters::{ActSeen, Text, closing, receipt_rows};
use crate::numbers::month_name;

/// An act as the letter that carries it names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActToSign {
    pub contract: ContractNumber,
    pub period: Period,
    pub version: i64,
    /// The version that counts no more.
    pub replaced: Option<i64>,
}

const HOW: [&str; 3] = [
    "1. Збережіть вкладений файл PDF і звірте показання.",
    "2. Якщо все правильно, підпишіть цей самий файл кваліфікованим електронним підписом уповноваженої особи: всередині PDF або окремим файлом підпису.",
    "3. Надішліть підписаний файл у відповідь на цей лист. Роздруковувати, сканувати чи перейменовувати його не потрібно.",
];

const OTHERWISE: &str =
    "Якщо показання на приладі обліку інші, не підписуйте акт: надішліть правильні показання або зверніться до постачальника.";

fn with_how(body: Body) -> Body {
    let body = HOW.into_iter().fold(body.heading("Як підписати"), Body::paragraph);
    body.paragraph(OTHERWISE)
}

fn act_rows(contract: &ContractNumber, period: Period, version: i64) -> Vec<Row> {
    vec![
        Row::text("Акт", format!("№ {contract}/{period}, редакція {version}")),
        Row::text("Договір", contract.to_string()),
        Row::text("Період", month_name(period)),
    ]
}

/// The act that is to be signed, attached. To a registered address of the account only.
pub fn act_to_sign(act: &ActToSign, supplier: &str) -> Text {
    let month = month_name(act.period);
    let mut body = Body::new(Tone::Notice, "Підпишіть акт надання показань").paragraph(format!(
        "Усі показання за {month} надійшли, акт складено. Він у вкладенні; після підписання ми проведемо розрахунок."
    ));
    if let Some(replaced) = act.replaced {
        body = body.paragraph(format!(
            "Показання змінилися, тому це нова редакція. Редакція {replaced} більше не діє: якщо Ви її ще не підписали, не підписуйте."
        ));
    }
    let body = with_how(body)
        .heading("Про який акт мова")
        .table(act_rows(&act.contract, act.period, act.version))
        .footer(closing(supplier));
    let subject = match act.replaced {
        None => format!("Підпишіть акт надання показань за {month}"),
        Some(_) => format!("Підпишіть нову редакцію акта надання показань за {month}"),
    };
    Text { subject, body }
}

/// The version of an act that counts, as who signed another is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CurrentAct {
    /// It waits for a signature and goes with the letter.
    Attached(i64),
    /// Its signed copy is there: nothing is left to do.
    Signed(i64),
    InTheMaking,
}

/// The signed copy of a version that counts no more. To a registered address of the account only.
pub fn void_act_refused(act: &ActSeen, findings: &[Finding], current: CurrentAct, supplier: &str) -> Text {
    let month = month_name(act.period);
    if let CurrentAct::Signed(version) = current {
        let body = Body::new(Tone::Notice, "Чинну редакцію акта вже підписано")
            .paragraph(format!(
                "Ви надіслали стару редакцію акта надання показань за {month}; вона більше не діє. Чинну редакцію {version} з Вашим підписом ми вже прийняли. Робити нічого не потрібно."
            ))
            .heading("Що ми отримали")
            .table(receipt_rows(act))
            .footer(closing(supplier));
        return Text { subject: format!("Чинну редакцію акта за {month} вже підписано"), body };
    }
    let body = Body::new(Tone::Refused, "Підписано стару редакцію акта")
        .paragraph(format!("Акт надання показань за {month} отримано, але після його складання показання змінилися."))
        .findings(findings);
    let body = match current {
        CurrentAct::Attached(version) => with_how(body.paragraph(format!("Чинна редакція {version} у вкладенні."))),
        CurrentAct::Signed(_) | CurrentAct::InTheMaking => body.paragraph("Чинна редакція надійде окремим листом."),
    };
    let body = body.heading("Що ми отримали").table(receipt_rows(act)).footer(closing(supplier));
    Text { subject: format!("Підпишіть чинну редакцію акта за {month}"), body }
}

/// A calculation was asked for, and its readings are not signed; `version` is the act that is attached for that. Without one,
/// one is being made. To a registered address of the account only.
pub fn sign_first(contract: &ContractNumber, period: Period, findings: &[Finding], version: Option<i64>, supplier: &str) -> Text {
    let month = month_name(period);
    let body = Body::new(Tone::Refused, "Розрахунок неможливий")
        .paragraph(format!("Ви просили провести розрахунок за {month}. Поки що це неможливо."))
        .findings(findings);
    let body = crate::letters_billing::with_history(body, findings);
    let (body, rows) = if let Some(version) = version {
        let body = body.paragraph(format!("Акт з останніми показаннями (редакція {version}) у вкладенні."));
        (with_how(body), act_rows(contract, period, version))
    } else {
        let body = body.paragraph("Акт з останніми показаннями ми складемо й надішлемо окремим листом. Якщо він не надійде протягом робочого дня, зверніться до постачальника.");
        (body, vec![Row::text("Договір", contract.to_string()), Row::text("Період", month.clone())])
    };
    let body = body.heading("Про що мова").table(rows).footer(closing(supplier));
    Text { subject: format!("Розрахунок неможливий: {month}"), body }
}
