//! What was seen in a signed PDF, by the name of the attack it might be. An honest customer's program may have done it too:
//! no sentence says attack.

use oblik_domain::finding::{Code, Finding};

/// What we saw, a full sentence.
pub(super) fn seen(finding: &Finding) -> &'static str {
    let attack = finding.value("attack");
    match finding.code {
        Code::PdfChanged => changed(attack, finding.value("change")),
        Code::PdfByteRange => covered(attack),
        Code::PdfForbidden => forbidden(attack),
        _ => broken(attack),
    }
}

fn changed(attack: &str, change: &str) -> &'static str {
    match (attack, change) {
        ("shadow-hide", _) => "З файлу PDF після підписання прибрано те, що закривало інший вміст.",
        ("shadow-replace", _) => "У файлі PDF після підписання замінено шрифт, зображення або вигляд поля.",
        ("shadow-hide-and-replace", _) => "У файлі PDF після підписання показано вміст, якого підписувач не бачив.",
        ("evil-annotation", _) => "До підписаного файлу PDF додано примітку, якої підписувач не бачив.",
        ("sneaky-signature", _) => "У підписаному файлі PDF змінено вигляд поля підпису.",
        ("", "form-fill") => "Поля файлу PDF заповнено після підписання.",
        _ => "Файл PDF змінено після підписання.",
    }
}

fn covered(attack: &str) -> &'static str {
    match attack {
        "universal-forgery" => "Електронний підпис у файлі PDF порожній або не визначає, що ним підписано.",
        "hidden-signature" => "Електронний підпис у файлі PDF приховано.",
        "shared-signature" => "Кілька полів файлу PDF показують один електронний підпис.",
        "replaced-signature" => "Електронний підпис у файлі PDF замінено після підписання.",
        _ => "Електронний підпис охоплює не весь файл PDF.",
    }
}

fn forbidden(attack: &str) -> &'static str {
    match attack {
        "encryption" => "Файл PDF захищено паролем або зашифровано.",
        "javascript" => "У файлі PDF є сценарії.",
        "launch" => "Файл PDF запускає іншу програму.",
        "submit-form" => "Файл PDF надсилає дані за сторонньою адресою.",
        "automatic-uri" => "Файл PDF сам відкриває сторонню адресу.",
        "automatic-action" | "action" => "Файл PDF сам виконує дії, коли його відкривають.",
        "external-reference" => "Файл PDF показує вміст, який зберігається в іншому файлі.",
        "rich-media" => "У файлі PDF є звук або відео.",
        "xfa-form" | "need-appearances" => "У файлі PDF є форма, вигляд якої залежить від програми перегляду.",
        "optional-content" => "У файлі PDF є шари, які можна приховати.",
        "overlapping-annotations" => "Примітки у файлі PDF закривають одна одну.",
        "hidden-annotation" => "У файлі PDF є приховані примітки.",
        "hidden-attachment" => "До файлу PDF прикріплено прихований файл.",
        "attachment-annotation" => "До сторінки файлу PDF прикріплено інший файл.",
        "several-attachments" => "До файлу PDF прикріплено кілька файлів, а має бути один.",
        "attachment-name" => "Ім’я прикріпленого до PDF файлу неоднозначне.",
        "attachment-mismatch" => "Прикріплений до PDF файл має кілька різних варіантів.",
        "hybrid-reference" => "Файл PDF збережено у старому змішаному форматі, який різні програми читають по-різному.",
        _ => "У файлі PDF є сценарії або інший активний вміст.",
    }
}

fn broken(attack: &str) -> &'static str {
    match attack {
        "polyglot" => "У файлі PDF міститься ще один файл іншого формату.",
        "duplicate-object"
        | "duplicate-key"
        | "object-stream-redefinition"
        | "root-ambiguity"
        | "xref-mismatch"
        | "xref-loop"
        | "linearization" => "Файл PDF складено так, що різні програми читають його по-різному.",
        _ => "Файл PDF пошкоджено або передано не повністю.",
    }
}
