//! Texts of the PDF documents: headings, column titles and standing clauses.

use chrono::{Datelike, NaiveDate};
use oblik_domain::metering::{EnergyKind, VoltageClass, Zone};
use oblik_domain::period::Period;
use oblik_domain::tariff::PriceComponent;

use crate::numbers::{date, month_genitive, month_name};
use crate::terms;

pub const LANGUAGE: &str = "uk";
pub const HRYVNIA: &str = "грн";

pub const SUPPLIER: &str = "Постачальник";
pub const CUSTOMER: &str = "Споживач";
pub const EDRPOU: &str = "ЄДРПОУ";
pub const VAT_NUMBER: &str = "ІПН";
pub const ADDRESS: &str = "Адреса";
pub const CONTRACT: &str = "Договір";
pub const EIC: &str = "EIC";

/// `№ 270000017 від 01.01.2024`.
pub fn numbered_of(number: &str, day: NaiveDate) -> String {
    format!("№\u{a0}{number} від\u{a0}{}", date(day))
}

/// `4 листопада 2026 року`.
pub fn long_date(day: NaiveDate) -> String {
    match Period::of(day) {
        Some(period) => format!("{}\u{a0}{}", day.day(), month_genitive(period).replace(' ', "\u{a0}")),
        None => date(day),
    }
}

/// `Споживач: `: a label before its value.
pub fn label(name: &str) -> String {
    format!("{name}: ")
}

/// `3 з 12`.
pub fn page_of(page: usize, pages: usize) -> String {
    format!("стор. {page} з {pages}")
}

// The invoice.

pub const INVOICE_EYEBROW: &str = "РАХУНОК";
pub const TO_PAY_EYEBROW: &str = "ДО СПЛАТИ";
pub const CHARGES: &str = "Нарахування";
pub const IBAN: &str = "IBAN";
pub const BANK: &str = "Банк";
pub const PURPOSE: &str = "Призначення платежу";
pub const SUM_IN_WORDS: &str = "Усього до сплати";
pub const PARTS_OF_SUM: &str = "З чого складається сума";
pub const VAT: &str = "ПДВ";
pub const NET_TOTAL: &str = "Разом без ПДВ";
pub const GROSS_TOTAL: &str = "Усього з ПДВ";
pub const SCAN: &str = "Наведіть на QR-код камеру банківського застосунку, а на телефоні торкніться його: отримувач, сума і призначення \
    заповняться самі.";
pub const QR_DESCRIPTION: &str = "QR-код Національного банку України для оплати цього рахунку";
pub const SIGNED: &str = "Рахунок складено в електронній формі й підписано електронним підписом постачальника, який міститься в цьому файлі. \
    Роздрукований примірник є лише копією.";

pub fn invoice_title(period: Period) -> String {
    format!("Рахунок за електричну енергію за\u{a0}{} року", month_name(period).replace(' ', "\u{a0}"))
}

pub fn invoice_numbered(number: &str, day: NaiveDate) -> String {
    format!("Рахунок {}", numbered_of(number, day))
}

pub fn of_day(day: NaiveDate) -> String {
    format!("від {}", long_date(day))
}

pub fn period(period: Period) -> String {
    format!("період {} – {}", date(period.first_day()), date(period.last_day()))
}

pub fn due(day: NaiveDate) -> String {
    format!("Сплатити до {}", long_date(day))
}

/// `ПДВ 20 %`.
pub fn vat(rate: &str) -> String {
    format!("ПДВ {rate}\u{a0}%")
}

/// `у тому числі ПДВ 20 %: 1 790 788,04 грн`.
pub fn including_vat(rate: &str, grouped: &str) -> String {
    format!("у тому числі {}: {grouped}\u{a0}{HRYVNIA}", vat(rate))
}

pub const LINE_NAME: &str = "Найменування";
pub const LINE_CLASS: &str = "Клас напруги";
pub const LINE_ZONE: &str = "Зона доби";
pub const LINE_UNIT: &str = "Од.";
pub const LINE_QUANTITY: &str = "Кількість";
pub const LINE_PRICE: &str = "Ціна без ПДВ, грн";
pub const LINE_NET: &str = "Сума без ПДВ, грн";
pub const ROW_NUMBER: &str = "№";

/// What a line of money is for, as a sentence begins.
pub fn component(component: PriceComponent) -> &'static str {
    match component {
        PriceComponent::Supply => "Постачання електричної енергії",
        PriceComponent::Transmission => "Послуга з передачі",
        PriceComponent::Distribution => "Послуга з розподілу",
    }
}

/// Short, for the legend of the sum's parts.
pub fn component_short(component: PriceComponent) -> &'static str {
    match component {
        PriceComponent::Supply => "Постачання",
        PriceComponent::Transmission => "Передача",
        PriceComponent::Distribution => "Розподіл",
    }
}

pub fn class_digit(class: VoltageClass) -> &'static str {
    match class {
        VoltageClass::First => "1",
        VoltageClass::Second => "2",
    }
}

/// The zone a price is for; a price for all zones says so.
pub fn price_zone(zone: Zone) -> &'static str {
    match zone {
        Zone::Total => "усі зони",
        other => terms::zone(other),
    }
}

// Рахунок-розшифровка.

pub const BREAKDOWN: &str = "Рахунок-розшифровка";
pub const BREAKDOWN_LEAD: &str = "Показання й обсяги за кожною точкою обліку, лічильником і зоною доби.";
pub const KINDS_LEGEND: &str = "СА — активна спожита, СР — реактивна спожита, ГР — реактивна генерована. \
    Обсяг — різниця показань, помножена на розрахунковий коефіцієнт.";
pub const METER: &str = "Лічильник";
pub const KIND: &str = "Вид";
pub const ZONE: &str = "Зона";
pub const OPENING: &str = "Показання початкові";
pub const CLOSING: &str = "Показання кінцеві";
pub const DIFFERENCE: &str = "Різниця";
pub const COEFFICIENT: &str = "Розрах. коеф.";
pub const VOLUME: &str = "Обсяг";
pub const ACTIVE_TOTAL: &str = "Разом активної енергії за період";

/// СА, СР, ГР.
pub fn kind(kind: EnergyKind) -> &'static str {
    match kind {
        EnergyKind::ActiveImport => "СА",
        EnergyKind::ReactiveImport => "СР",
        EnergyKind::ReactiveExport => "ГР",
    }
}

// Чому така сума.

pub const REASONS: &str = "Чому така сума";
pub const REASONS_LEAD: &str = "Кожне число рахунка можна перерахувати: правило, дія і результат.";
pub const STEP: &str = "Що рахуємо";
pub const FORMULA: &str = "Дія";
pub const RESULT: &str = "Результат";

/// What a rule of the calculation says; nothing for a rule that has no text of its own.
pub fn rule(rule: &str) -> &'static str {
    match rule {
        "R-VOL-2" => "Обсяг = (кінцеве показання − початкове) × коефіцієнт, до цілої одиниці",
        "R-PRICE-1" => "Вартість = обсяг × ціна, до копійки",
        "R-VAT-1" => "ПДВ = вартість без податку × ставка / 100, до копійки",
        _ => "",
    }
}

/// The subject of a step as `billing` names it, in words.
pub fn step_subject(rule: &str, subject: &str) -> String {
    match rule {
        "R-VOL-2" => register_subject(subject),
        "R-PRICE-1" => price_subject(subject),
        "R-VAT-1" => Some("Увесь рахунок".to_owned()),
        _ => None,
    }
    .unwrap_or_else(|| terms::registers(subject))
}

/// `00123456 active-import/night`.
fn register_subject(subject: &str) -> Option<String> {
    let (meter, register) = subject.rsplit_once(' ')?;
    let (kind_word, zone) = register.split_once('/')?;
    Some(format!("Лічильник {meter}, {}, {}", kind(EnergyKind::parse(kind_word)?), terms::zone(Zone::parse(zone)?)))
}

/// `supply class 1 total`.
fn price_subject(subject: &str) -> Option<String> {
    let mut words = subject.split(' ');
    let part = PriceComponent::parse(words.next()?)?;
    let class = words.nth(1).and_then(VoltageClass::parse)?;
    let zone = words.next().and_then(Zone::parse)?;
    Some(format!("{}, {}, {}", component(part), terms::voltage_class(class), price_zone(zone)))
}

/// The unit of a step's result.
pub fn step_unit(rule: &str, subject: &str) -> &'static str {
    match rule {
        "R-PRICE-1" | "R-VAT-1" => HRYVNIA,
        "R-VOL-2" if subject.contains("active-import/") && !subject.contains("reactive-") => {
            terms::unit(EnergyKind::ActiveImport)
        }
        "R-VOL-2" => terms::unit(EnergyKind::ReactiveImport),
        _ => "",
    }
}

// The reading act.

pub const ACT: &str = "Акт надання показань засобів обліку";
pub const ACT_DIGITS: &str = "Розр.";
pub const ACT_PREVIOUS: &str = "Попередні показання";
pub const ACT_CURRENT: &str = "Поточні показання";
pub const READINGS: &str = "Показання";
pub const SIGNING: &str = "Підписання";
pub const ATTACHMENT_DESCRIPTION: &str = "Дані акта для машинного оброблення";
pub const SIGN_HOW: &str = "Перевірте показання. Якщо все правильно, підпишіть цей PDF-файл кваліфікованим електронним підписом (печаткою) \
    і надішліть його у відповідь на лист, з яким він надійшов. Не змінюйте, не скануйте і не друкуйте у PDF: підпис має бути \
    на цьому самому файлі. Якщо показання інші, надішліть новий файл показань.";
pub const DATA_SHA256: &str = "SHA-256 вкладених даних (oblik-act.xml)";
pub const POSITION: &str = "посада, прізвище, ім’я";
pub const SIGNATURE: &str = "підпис, М.П.";
pub const SIGNED_ON: &str = "дата";

/// `Разом СА`.
pub fn total_of(energy: EnergyKind) -> String {
    format!("Разом {}", terms::energy_kind(energy))
}

pub fn act_numbered(number: &str, version: u32) -> String {
    format!("№\u{a0}{number}, редакція\u{a0}{version}")
}

pub fn act_period(period: Period, read_on: NaiveDate) -> String {
    format!("за період від {} до {}; показання знято {}", date(period.first_day()), date(period.last_day()), date(read_on))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_calculation_are_told_in_words() {
        let cases = [
            ("R-VOL-2", "00 123 active-import/night", "Лічильник 00 123, СА, ніч", "кВт·год"),
            ("R-VOL-2", "7 reactive-export/total", "Лічильник 7, ГР, загалом", "квар·год"),
            ("R-PRICE-1", "supply class 1 total", "Постачання електричної енергії, 1 клас напруги, усі зони", "грн"),
            ("R-VAT-1", "document", "Увесь рахунок", "грн"),
            ("R-NEW-9", "a active-import/peak", "a СА, активна спожита, пік", ""),
            ("R-PRICE-1", "something else", "something else", "грн"),
        ];
        for (rule, subject, told, unit) in cases {
            assert_eq!((step_subject(rule, subject).as_str(), step_unit(rule, subject)), (told, unit));
        }
    }

    #[test]
    fn a_date_in_words_keeps_together() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        assert_eq!(long_date(day), "20\u{a0}листопада\u{a0}2026\u{a0}року");
        assert_eq!(numbered_of("27", day), "№\u{a0}27 від\u{a0}20.11.2026");
    }
}
