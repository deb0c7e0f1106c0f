//! What is wrong with the signed copy of an invoice.

use oblik_domain::finding::{Code, Finding};

use super::NOTHING_TO_DO;
use super::values::{at, number};

const SIGN_THE_FILE: &str = "Збережіть файл PDF з нашого листа, не відкриваючи його для друку чи редагування, підпишіть саме його і надішліть у відповідь.";

/// What we saw and what is to be done.
pub(super) fn sentence(finding: &Finding) -> (String, &'static str) {
    let invoice = number(finding.value("invoice"));
    match finding.code {
        Code::CopyNotSigned => (
            format!("Файл рахунку{invoice} повернувся без Вашого електронного підпису."),
            "Підпишіть файл PDF з нашого листа електронним підписом уповноваженої особи і надішліть його у відповідь.",
        ),
        Code::CopyOfXml => (
            "Підписано файл рахунку у форматі XML, а підписувати потрібно файл PDF.".to_owned(),
            "Підпишіть файл PDF з того самого листа і надішліть його у відповідь.",
        ),
        Code::CopyAlreadyReceived => {
            (format!("Підписаний рахунок{invoice} ми вже отримали{}.", at(finding.value("accepted"))), NOTHING_TO_DO)
        }
        _ => (
            format!(
                "Підписаний файл не містить без змін того рахунку{invoice}, який ми надіслали: його могли роздрукувати, сканувати або зберегти заново."
            ),
            SIGN_THE_FILE,
        ),
    }
}

/// A title of two to five words.
pub(super) fn short(code: Code) -> &'static str {
    match code {
        Code::CopyNotSigned => "Немає Вашого підпису",
        Code::CopyOfXml => "Підписано не той файл",
        Code::CopyAlreadyReceived => "Підписаний рахунок вже отримано",
        _ => "Рахунок змінено",
    }
}
