//! What stopped a calculation, or is worth knowing of it: E1 to E9 of the requirements and the figures behind them.

use oblik_domain::finding::{Code, Finding};
use oblik_domain::metering::EnergyKind;

use super::values::{at, for_period, missing_registers, number, on_day, plain, quoted, range, register};
use super::{ASK_SUPPLIER, CHECK_READINGS, NOTHING_TO_DO, SIGN_AND_SEND};
use crate::numbers::decimal;
use crate::terms;

/// The title of a code that stands in no list here: a test sees that there is none.
pub(super) const UNTOLD: &str = "Розрахунок не проведено";

/// What we saw and what is to be done.
pub(super) fn sentence(finding: &Finding) -> (String, &'static str) {
    let of = |name: &str| quoted(finding.value(name));
    let value = |name: &str| finding.value(name);
    match finding.code {
        Code::VolumeImplausible => (
            format!(
                "Обсяг споживання{} {}.{}",
                kwh(value("volume")),
                bounds(finding),
                cause(value("cause"), value("meter"), &register(finding), value("likely"))
            ),
            "Перевірте показання. Якщо вони правильні, зверніться до постачальника: підтвердити обсяг може тільки він.",
        ),
        Code::ParameterMissing => (
            format!(
                "Значення параметра не знайдено: {}{}, {}.",
                terms::parameter(value("parameter")),
                on_day(value("day")),
                terms::missing_reason(value("reason"))
            ),
            ASK_SUPPLIER,
        ),
        Code::SelfBillingForbidden => (
            "Самостійний розрахунок за цим особовим рахунком не передбачено.".to_owned(),
            "Зачекайте: рахунок сформує постачальник.",
        ),
        Code::ActNotSigned => {
            (format!("Внесені показання не підтверджено підписаним актом{}.", of_registers(value("registers"))), SIGN_AND_SEND)
        }
        Code::VolumeNegative => (
            format!(
                "Від’ємна величина оплачуваного споживання{}: точка{}, {}{}.",
                unit(value("volume"), value("register")),
                of("point"),
                register(finding),
                taken_off(finding)
            ),
            "Перевірте показання свої та субспоживачів. Якщо вони правильні, зверніться до постачальника.",
        ),
        // What an act cannot tell: a reading at a replacement, or on the day something changed.
        Code::ReadingsIncomplete if !value("day").is_empty() => {
            (format!("Бракує показання{}{}.", on_day(value("day")), of_registers(value("registers"))), ASK_SUPPLIER)
        }
        Code::ReadingsIncomplete => (
            format!("Внесено не всі показання{}.", missing_registers(value("registers"))),
            "Надішліть підписаний акт з усіма показаннями.",
        ),
        Code::AlreadyBilled => (
            format!("Розрахунок{} вже проведено, рахунок{}.", for_period(value("period")), number(value("invoice"))),
            "Якщо показання потрібно виправити, зверніться до постачальника.",
        ),
        Code::OutsideWindow => (
            format!("Показання надійшли не у строк подання{}{}.", for_period(value("period")), window(finding)),
            outside(value("opens"), value("arrived")),
        ),
        Code::ReadingGoesBackwards => (
            format!(
                "Показання{} приладу{} ({}) менше за попереднє{}.",
                plain(value("current")),
                of("meter"),
                register(finding),
                plain(value("previous"))
            ),
            "Перевірте показання на приладі обліку і надішліть підписаний акт з правильними значеннями. Якщо шкала почалася з нуля, зверніться до постачальника.",
        ),
        Code::OutOfRange => (format!("Розрахункова величина{} завелика.", range(value("what"))), CHECK_READINGS),
        Code::ValidityOverlap => ("Дві умови розрахунку діють одночасно.".to_owned(), ASK_SUPPLIER),
        Code::ParameterUnusable => (
            format!(
                "Значення параметра не може бути таким: {}{}{}.",
                terms::parameter(value("parameter")),
                plain(value("value")),
                on_day(value("day"))
            ),
            ASK_SUPPLIER,
        ),
        Code::DateImpossible if !value("meter").is_empty() => (
            format!("Показання приладу{} ({}){} має неможливу дату.", of("meter"), register(finding), on_day(value("day"))),
            ASK_SUPPLIER,
        ),
        Code::DateImpossible => (format!("Дата{} неможлива.", on_day(value("day"))), ASK_SUPPLIER),
        Code::VolumeEstimated => (
            format!(
                "Обсяг визначено розрахунковим шляхом за середньодобовим споживанням{}.",
                missing_registers(value("registers"))
            ),
            "Надішліть підписаний акт з показаннями: різницю буде враховано у наступному розрахунку.",
        ),
        Code::LimitNotSet => (format!("Граничну величину{} не встановлено.", for_period(value("period"))), NOTHING_TO_DO),
        Code::NothingToCorrect => (format!("Перерахунок{} нічого не змінив.", for_period(value("period"))), NOTHING_TO_DO),
        Code::CalculationBroke => {
            (format!("Розрахунок{} перервався через помилку програми.", for_period(value("period"))), ASK_SUPPLIER)
        }
        Code::ActUnderWay => {
            (format!("Підписаний акт{} прийнято, але показання ще не зареєстровано.", for_period(value("period"))), NOTHING_TO_DO)
        }
        // No code of `of_billing!` ends here: its title would be `UNTOLD`.
        _ => (format!("{UNTOLD}."), ASK_SUPPLIER),
    }
}

fn of_registers(list: &str) -> String {
    if list.is_empty() { String::new() } else { format!(": {}", terms::registers(list)) }
}

fn kwh(volume: &str) -> String {
    if volume.is_empty() { String::new() } else { format!(" {volume} кВт·год") }
}

/// Between what the volume had to lie: one end or both.
fn bounds(finding: &Finding) -> String {
    let (minimum, maximum) = (decimal(finding.value("minimum")), decimal(finding.value("maximum")));
    match (minimum.as_str(), maximum.as_str()) {
        ("", "") => "не потрапляє у дозволений діапазон".to_owned(),
        ("", maximum) => format!("більший за дозволений: найбільше {maximum} кВт·год"),
        (minimum, "") => format!("менший за дозволений: найменше {minimum} кВт·год"),
        (minimum, maximum) => format!("не потрапляє у дозволений діапазон від {minimum} до {maximum} кВт·год"),
    }
}

/// What may have gone wrong with the readings.
fn cause(cause: &str, meter: &str, register: &str, likely: &str) -> String {
    let (meter, reading) = (quoted(meter), decimal(likely));
    match cause {
        "digits-swapped" => {
            format!(" Можливо, у показанні приладу{meter} ({register}) переставлено дві сусідні цифри: тоді правильне {reading}.")
        }
        "digit-missing" => {
            format!(" Можливо, у показанні приладу{meter} ({register}) бракує цифри або є зайва: наприклад, правильне {reading}.")
        }
        "zones-swapped" => {
            let other = terms::registers(likely);
            format!(" Можливо, показання приладу{meter} переставлено місцями: {register} та {other}.")
        }
        "coefficient-missing" => {
            format!(
                " Можливо, показання приладу{meter} уже помножено на розрахунковий коефіцієнт {reading} або його не враховано."
            )
        }
        _ => String::new(),
    }
}

/// Reactive energy has a unit of its own.
fn unit(volume: &str, register: &str) -> String {
    if volume.is_empty() {
        return String::new();
    }
    let kind = register.split('/').next().and_then(EnergyKind::parse).unwrap_or(EnergyKind::ActiveImport);
    format!(" {volume} {}", terms::unit(kind))
}

/// What was taken off the point for those who are fed through it.
fn taken_off(finding: &Finding) -> String {
    let register = finding.value("register");
    match finding.value("fed") {
        "" => String::new(),
        fed => format!("; обсяг субспоживачів{}", unit(fed, register)),
    }
}

fn window(finding: &Finding) -> String {
    let day = |name: &str| at(finding.value(name));
    let open = match (finding.value("opens"), finding.value("closes")) {
        ("", _) | (_, "") => String::new(),
        (opens, closes) if opens == closes => format!(": показання приймаємо{}", day("opens")),
        _ => format!(": показання приймаємо з{} до{} включно", day("opens"), day("closes")),
    };
    match finding.value("arrived") {
        "" => open,
        _ => format!("{open}, лист надійшов{}", day("arrived")),
    }
}

/// What to do depends on the side: days as ISO 8601 writes them compare as texts.
fn outside(opens: &str, arrived: &str) -> &'static str {
    if !arrived.is_empty() && arrived < opens {
        "Надішліть підписаний акт ще раз у зазначений строк."
    } else {
        "Зверніться до постачальника: після закінчення строку прийняти показання може тільки він."
    }
}

/// A title of two to five words.
pub(super) fn short(code: Code) -> &'static str {
    match code {
        Code::VolumeImplausible => "Обсяг поза межами",
        Code::ParameterMissing => "Параметр не знайдено",
        Code::SelfBillingForbidden => "Самостійний розрахунок не передбачено",
        Code::ActNotSigned => "Показання не підписано",
        Code::VolumeNegative => "Від’ємний обсяг",
        Code::ReadingsIncomplete => "Не всі показання",
        Code::AlreadyBilled => "Розрахунок вже проведено",
        Code::OutsideWindow => "Поза строком подання",
        Code::ReadingGoesBackwards => "Показання менше за попереднє",
        Code::OutOfRange => "Завелика величина",
        Code::ValidityOverlap => "Умови суперечать одна одній",
        Code::ParameterUnusable => "Параметр непридатний",
        Code::DateImpossible => "Неможлива дата",
        Code::VolumeEstimated => "Обсяг визначено розрахунково",
        Code::LimitNotSet => "Граничну величину не встановлено",
        Code::NothingToCorrect => "Нічого виправляти",
        Code::CalculationBroke => "Розрахунок перервався",
        Code::ActUnderWay => "Акт ще не зареєстровано",
        _ => UNTOLD,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reading_that_no_act_can_tell_is_named_with_its_day() {
        let missing = Finding::error(Code::ReadingsIncomplete).with("registers", "M-1 (active-import/night)");
        let told = sentence(&missing);
        assert_eq!(told.0, "Внесено не всі показання, бракує: M-1 (СА, активна спожита, ніч).");
        let told = sentence(&missing.with("day", "2026-10-12").with("occasion", "removed"));
        assert_eq!(told, ("Бракує показання на 12.10.2026: M-1 (СА, активна спожита, ніч).".to_owned(), ASK_SUPPLIER));
        let date = Finding::error(Code::DateImpossible).with("what", "reading").with("day", "2026-10-12");
        assert_eq!(sentence(&date).0, "Дата на 12.10.2026 неможлива.");
        let told = sentence(&date.with("meter", "M-1").with("register", "active-import/night")).0;
        assert_eq!(told, "Показання приладу «M-1» (СА, активна спожита, ніч) на 12.10.2026 має неможливу дату.");
    }
}
