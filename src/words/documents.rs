//! Texts of the PDF documents: headings, column titles and standing clauses.

use chrono::{Datelike, NaiveDate};
use oblik_domain::bill::LineKind;
use oblik_domain::metering::{EnergyKind, VoltageClass, Zone};
use oblik_domain::period::Period;

use crate::numbers::{date, month_genitive, month_name};
pub use crate::steps::{loss_part, rule, step_formula, step_result, step_subject, step_unit};
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
pub const ADJUSTMENT_IN_WORDS: &str = "Усього";
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

pub const CORRECTION_EYEBROW: &str = "КОРИГУВАННЯ";
pub const ADJUSTMENT_EYEBROW: &str = "СУМА КОРИГУВАННЯ";
pub const NOTHING_TO_PAY: &str = "Сплачувати за цим документом не потрібно: на цю суму зменшено нараховане за період.";

/// Above a document that corrects an earlier one.
pub fn correction_title(period: Period) -> String {
    format!("Коригування розрахунку за електричну енергію за\u{a0}{} року", month_name(period).replace(' ', "\u{a0}"))
}

/// What a document corrects, and why.
pub fn corrects(number: &str, day: NaiveDate, reason: &str) -> String {
    format!("До рахунку {}. Причина: {reason}", numbered_of(number, day))
}

/// The sums a correction is the difference of, grouped.
pub fn rerated(billed: &str, now: &str) -> String {
    format!("Було нараховано {billed}\u{a0}{HRYVNIA}, за новим розрахунком {now}\u{a0}{HRYVNIA}; документ містить різницю.")
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
pub fn line_kind(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Supply => "Постачання електричної енергії",
        LineKind::Transmission => "Послуга з передачі",
        LineKind::Distribution => "Послуга з розподілу",
        LineKind::ReactiveConsumed => "Реактивна енергія, споживання",
        LineKind::ReactiveGenerated => "Реактивна енергія, генерація",
        LineKind::ReactiveExcess => "Реактивна енергія, надбавка за коефіцієнт потужності",
        LineKind::ReactiveDiscount => "Реактивна енергія, знижка за добове регулювання",
        LineKind::LimitConsumption => "Перевищення заявленого обсягу споживання",
        LineKind::LimitPower => "Перевищення заявленої потужності",
        LineKind::Penalty => "Пеня",
        LineKind::AnnualInterest => "Три проценти річних",
        LineKind::Inflation => "Інфляційне збільшення боргу",
    }
}

/// Short, for the legend of the sum's parts.
pub fn line_kind_short(kind: LineKind) -> &'static str {
    match kind {
        LineKind::Supply => "Постачання",
        LineKind::Transmission => "Передача",
        LineKind::Distribution => "Розподіл",
        LineKind::ReactiveConsumed | LineKind::ReactiveGenerated | LineKind::ReactiveExcess | LineKind::ReactiveDiscount => {
            "Реактивна"
        }
        LineKind::LimitConsumption | LineKind::LimitPower => "Перевищення",
        LineKind::Penalty | LineKind::AnnualInterest | LineKind::Inflation => "За прострочення",
    }
}

/// The unit of a line's quantity.
pub fn line_unit(kind: LineKind) -> &'static str {
    match kind.unit() {
        "kvarh" => terms::unit(EnergyKind::ReactiveImport),
        "kW" => "кВт",
        _ => terms::unit(EnergyKind::ActiveImport),
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

/// Of an account's own point that another is fed through.
pub const SUB_CONSUMER: &str = "субспоживач, обсяг віднімають";
pub const BY_INTERVALS: &str = "за погодинними даними";
pub const NET_VOLUME: &str = "до оплати";
pub const ESTIMATED: &str = "показання не надійшло, кінцеве визначено за середньодобовим споживанням";
pub const ROLLED_OVER: &str = "лічильник пройшов через нуль";

/// What is taken off for a sub-consumer's point.
pub fn taken_off(eic: &str) -> String {
    format!("субспоживач {eic}")
}

/// `лише з 01.10.2026 до 15.10.2026`, both days with it.
pub fn part_of_period(first: NaiveDate, last: NaiveDate) -> String {
    format!("лише з\u{a0}{} до\u{a0}{}", date(first), date(last))
}

/// A line's name with what its price is multiplied with besides.
pub fn with_factor(name: &str, factor: &str) -> String {
    format!("{name}, коефіцієнт\u{a0}{factor}")
}

/// A line's name where it carries no VAT.
pub fn without_vat(name: &str) -> String {
    format!("{name}, ПДВ не нараховують")
}

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
    fn a_date_in_words_keeps_together() {
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        assert_eq!(long_date(day), "20\u{a0}листопада\u{a0}2026\u{a0}року");
        assert_eq!(numbered_of("27", day), "№\u{a0}27 від\u{a0}20.11.2026");
    }
}
