//! The trace of a calculation in words: what each rule says, what a step is about, its unit.
//!
//! `billing` and `ledger` name subjects in machine words; what is not known here is shown as it is.

use chrono::NaiveDate;
use oblik_domain::bill::{LineKind, LossPart};
use oblik_domain::ids::Eic;
use oblik_domain::ledger::DebtType;
use oblik_domain::metering::{EnergyKind, VoltageClass, Zone};
use oblik_domain::period::Period;

use crate::documents::{HRYVNIA, kind, line_kind, price_zone};
use crate::numbers::{date, month_name};
use crate::terms;

/// What a rule of the calculation says; nothing for a rule that has no text of its own.
pub fn rule(rule: &str) -> &'static str {
    match rule {
        "R-VOL-1" => "Лічильник пройшов через нуль: різниця = місткість шкали − початкове показання + кінцеве",
        "R-VOL-2" => "Обсяг = (кінцеве показання − початкове) × коефіцієнт, до цілої одиниці",
        "R-VOL-3" => "Обсяг за кількома проміжками чи лічильниками = сума їхніх обсягів",
        "R-VOL-5" => "Обсяг до оплати = виміряний обсяг + втрати − обсяг субспоживачів, за кожною зоною",
        "R-VOL-5b" => "Обсяг субспоживача без зонного обліку ділять за частками зон основного споживача, до цілої одиниці",
        "R-EST" => "Показання не надійшло: обсяг за середньодобовим споживанням",
        "R-INT" => "Обсяг за даними погодинного обліку, до цілої одиниці",
        "R-LOSS-1" => "Втрати, спричинені субспоживачами, ділять пропорційно споживанню",
        "R-LOSS-2" => "Втрати від місця обліку до межі балансової належності",
        "R-PLAUS" => "Обсяг порівнюють із найменшим і найбільшим можливим",
        "R-PRICE-1" => "Вартість = обсяг × ціна, до копійки",
        "R-PRICE-2" => "Ціна зони = ціна × коефіцієнт зони, до п’яти знаків",
        "R-PRICE-3" => "Ціна змінилася всередині періоду: обсяг ділять за показаннями, погодинними даними або днями",
        "R-ZONE-RECON" => "Вартість за зонами порівняно з вартістю за єдиною ціною",
        "R-REACT-2002" => "Плата за реактивну енергію за Методикою 2002 року",
        "R-REACT-2018" => "Плата за реактивну енергію за Методикою 2018 року",
        "R-REACT-SUB" => "Реактивна енергія субспоживача без її обліку = активна × tgφ",
        "R-LIM-1" => "Перевищення заявленого обсягу = (обсяг − граничний обсяг) × середня ціна, до копійки",
        "R-LIM-2" => "Перевищення заявленої потужності = (найбільша потужність − заявлена) × ціна × кратність, до копійки",
        "R-PEN-1" => "Пеня = борг × ставка / 100 × дні / днів у році, до копійки",
        "R-PEN-2" => "Річні = борг × відсоток / 100 × дні / днів у році, до копійки",
        "R-PEN-3" => "Інфляційні = борг × (добуток індексів / 100 − 1), до копійки",
        "R-ADV" => "Планові платежі = очікувана вартість × частка, до копійки",
        "R-CORR" => "Перерахунок = вартість тепер − виставлено раніше",
        "R-PARAM" => "Значення, яке діє у ці дні",
        "R-VAT-1" => "ПДВ = вартість без податку × ставка / 100, до копійки",
        _ => "",
    }
}

/// The subject of a step as `billing` and `ledger` name it, in words.
pub fn step_subject(rule: &str, subject: &str) -> String {
    let told = match rule {
        "R-VOL-1" | "R-VOL-2" | "R-EST" => register(subject),
        "R-VOL-3" | "R-VOL-5" | "R-VOL-5b" | "R-INT" | "R-LOSS-1" | "R-LOSS-2" | "R-REACT-SUB" => point(subject),
        "R-PRICE-1" | "R-PRICE-2" | "R-PRICE-3" => price(subject),
        "R-REACT-2002" | "R-REACT-2018" | "R-LIM-1" | "R-LIM-2" => line(subject).or_else(|| point(subject)),
        "R-PEN-1" | "R-PEN-2" | "R-PEN-3" => debt(subject),
        _ => None,
    };
    told.or_else(|| whole(subject)).unwrap_or_else(|| terms::registers(subject))
}

/// `00123456 active-import/night`.
fn register(subject: &str) -> Option<String> {
    let (meter, register) = subject.rsplit_once(' ')?;
    Some(format!("Лічильник {meter}, {}", kind_and_zone(register)?))
}

/// `62Z2700000010017 active-import/night`, or without a zone, with a part of losses or `hours`, or alone.
fn point(subject: &str) -> Option<String> {
    let (eic, rest) = subject.split_once(' ').unwrap_or((subject, ""));
    if eic == "area" {
        return Some(format!("Площадка «{rest}»"));
    }
    Eic::parse(eic).ok()?;
    let of = match rest.split_once(' ') {
        Some((word, part)) => format!("{}, {}", kind(EnergyKind::parse(word)?), loss_part(LossPart::parse(part)?)),
        None if rest.is_empty() => return Some(format!("Точка {eic}")),
        None if rest == "hours" => "години під напругою".to_owned(),
        None => kind_and_zone(rest)?,
    };
    Some(format!("Точка {eic}, {of}"))
}

/// `active-import/night` or `active-import`.
fn kind_and_zone(words: &str) -> Option<String> {
    match words.split_once('/') {
        Some((word, zone)) => Some(format!("{}, {}", kind(EnergyKind::parse(word)?), terms::zone(Zone::parse(zone)?))),
        None => EnergyKind::parse(words).map(|word| kind(word).to_owned()),
    }
}

/// A part of losses, inside a sentence.
pub fn loss_part(part: LossPart) -> &'static str {
    match part {
        LossPart::TransformerNoLoad => "втрати холостого ходу трансформатора",
        LossPart::TransformerLoad => "навантажувальні втрати трансформатора",
        LossPart::Line => "втрати в лінії",
        LossPart::Variable => "змінні втрати",
        LossPart::Constant => "постійні втрати",
        LossPart::Shared => "частка втрат спільної мережі",
    }
}

/// `supply class 1 total`.
fn price(subject: &str) -> Option<String> {
    let mut words = subject.split(' ');
    let part = LineKind::parse(words.next()?)?;
    let class = words.nth(1).and_then(VoltageClass::parse)?;
    let zone = words.next().and_then(Zone::parse)?;
    Some(format!("{}, {}, {}", line_kind(part), terms::voltage_class(class), price_zone(zone)))
}

/// `reactive-consumed 62Z2700000010017`, `reactive-excess area NAME`, `limit-power`.
fn line(subject: &str) -> Option<String> {
    let (word, rest) = subject.split_once(' ').unwrap_or((subject, ""));
    let told = line_kind(LineKind::parse(word)?);
    if rest.is_empty() {
        return Some(told.to_owned());
    }
    let of = point(rest)?;
    Some(format!("{told}, {}", lower(&of)))
}

/// With a small first letter, inside a sentence.
fn lower(told: &str) -> String {
    let mut letters = told.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

/// `active 2026-05 2026-06-21 2026-07-01`: a debt of a period, from a day to before another.
fn debt(subject: &str) -> Option<String> {
    let mut words = subject.split(' ');
    let debt = DebtType::parse(words.next()?)?;
    let period = Period::parse(words.next()?)?;
    let from = words.next()?.parse::<NaiveDate>().ok()?;
    let last = words.next()?.parse::<NaiveDate>().ok()?.pred_opt()?;
    Some(format!("Борг за {}, {}, дні {} – {}", debt_type(debt), month_name(period), date(from), date(last)))
}

/// What a debt is for, after «за».
fn debt_type(debt: DebtType) -> &'static str {
    match debt {
        DebtType::Active => "активну енергію",
        DebtType::Reactive => "реактивну енергію",
        DebtType::LimitConsumption => "перевищення обсягу",
        DebtType::LimitPower => "перевищення потужності",
        DebtType::Penalty => "пеню",
        DebtType::Inflation => "інфляційні",
        DebtType::AnnualInterest => "річні",
        DebtType::Transit => "транзит",
        DebtType::Services => "послуги",
        DebtType::Advance => "аванс",
        DebtType::Distribution => "розподіл",
        DebtType::Transmission => "передачу",
    }
}

fn whole(subject: &str) -> Option<String> {
    let told = match subject {
        "document" => "Увесь рахунок",
        "document net" => "Увесь рахунок, без ПДВ",
        "document vat" => "Увесь рахунок, ПДВ",
        "document total" => "Увесь рахунок, з ПДВ",
        "account" => "Увесь особовий рахунок",
        _ => return None,
    };
    Some(told.to_owned())
}

/// A formula for a reader: the rounding is in the rule's own sentence.
pub fn step_formula(formula: &str) -> String {
    let mut told = formula;
    if let Some((digits, inner)) = formula.strip_prefix("round").and_then(|rest| rest.split_once('('))
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && let Some(inner) = inner.strip_suffix(')').filter(|inner| is_balanced(inner))
    {
        told = inner;
    }
    let mut out = told.to_owned();
    for digits in 0..=9 {
        out = out.replace(&format!("round{digits}("), "(");
    }
    out
}

/// Whether each bracket that opens inside closes inside.
fn is_balanced(text: &str) -> bool {
    let mut depth = 0_i32;
    for character in text.chars() {
        depth += i32::from(character == '(') - i32::from(character == ')');
        if depth < 0 {
            return false;
        }
    }
    depth == 0
}

/// A result that is no number, in words.
pub fn step_result(result: &str) -> &str {
    match result {
        "within-bounds" => "у межах",
        "confirmed" => "підтверджено",
        number => number,
    }
}

/// The unit of a step's result.
pub fn step_unit(rule: &str, subject: &str) -> &'static str {
    let energy = || {
        let words = subject.split([' ', '/']);
        words.into_iter().find_map(EnergyKind::parse).map_or("", terms::unit)
    };
    match rule {
        "R-LOSS-2" if subject.ends_with(" hours") => "год",
        "R-VOL-1" | "R-VOL-2" | "R-VOL-3" | "R-VOL-5" | "R-VOL-5b" | "R-EST" | "R-INT" | "R-LOSS-1" | "R-LOSS-2"
        | "R-REACT-SUB" => energy(),
        "R-PRICE-2" => "грн/кВт·год",
        "R-PRICE-3" => terms::unit(EnergyKind::ActiveImport),
        "R-REACT-2002" | "R-REACT-2018" if line(subject).is_none() => energy(),
        "R-PRICE-1" | "R-VAT-1" | "R-ZONE-RECON" | "R-REACT-2002" | "R-REACT-2018" | "R-LIM-1" | "R-LIM-2" | "R-PEN-1"
        | "R-PEN-2" | "R-PEN-3" | "R-ADV" | "R-CORR" => HRYVNIA,
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_calculation_are_told_in_words() {
        let point = "62Z2700000010017";
        let cases = [
            ("R-VOL-1", "7 active-import/total", "Лічильник 7, СА, загалом", "кВт·год"),
            ("R-VOL-2", "00 123 active-import/night", "Лічильник 00 123, СА, ніч", "кВт·год"),
            ("R-VOL-2", "7 reactive-export/total", "Лічильник 7, ГР, загалом", "квар·год"),
            ("R-EST", "7 reactive-import/day", "Лічильник 7, СР, день", "квар·год"),
            ("R-VOL-3", "62Z2700000010017 active-import/peak", "Точка 62Z2700000010017, СА, пік", "кВт·год"),
            ("R-VOL-5", "62Z2700000010017 reactive-import/total", "Точка 62Z2700000010017, СР, загалом", "квар·год"),
            ("R-VOL-5b", "62Z2700000010017 active-import/half-peak", "Точка 62Z2700000010017, СА, напівпік", "кВт·год"),
            ("R-INT", "62Z2700000010017 active-import/day", "Точка 62Z2700000010017, СА, день", "кВт·год"),
            ("R-LOSS-1", "62Z2700000010017 active-import", "Точка 62Z2700000010017, СА", "кВт·год"),
            (
                "R-LOSS-2",
                "62Z2700000010017 reactive-import transformer-no-load",
                "Точка 62Z2700000010017, СР, втрати холостого ходу трансформатора",
                "квар·год",
            ),
            ("R-LOSS-2", "62Z2700000010017 hours", "Точка 62Z2700000010017, години під напругою", "год"),
            ("R-REACT-SUB", "62Z2700000010017 reactive-import", "Точка 62Z2700000010017, СР", "квар·год"),
            ("R-PLAUS", "account", "Увесь особовий рахунок", ""),
            ("R-PRICE-1", "supply class 1 total", "Постачання електричної енергії, 1 клас напруги, усі зони", "грн"),
            ("R-PRICE-2", "supply class 2 night", "Постачання електричної енергії, 2 клас напруги, ніч", "грн/кВт·год"),
            ("R-PRICE-3", "distribution class 2 total", "Послуга з розподілу, 2 клас напруги, усі зони", "кВт·год"),
            ("R-ZONE-RECON", "document", "Увесь рахунок", "грн"),
            ("R-REACT-2018", point, "Точка 62Z2700000010017", ""),
            ("R-REACT-2018", "area млин 2", "Площадка «млин 2»", ""),
            ("R-REACT-2018", "62Z2700000010017 reactive-import/total", "Точка 62Z2700000010017, СР, загалом", "квар·год"),
            (
                "R-REACT-2002",
                "reactive-consumed 62Z2700000010017",
                "Реактивна енергія, споживання, точка 62Z2700000010017",
                "грн",
            ),
            ("R-REACT-2018", "reactive-excess area млин", "Реактивна енергія, надбавка за tgφ, площадка «млин»", "грн"),
            ("R-REACT-2002", "reactive-discount", "Реактивна енергія, знижка за добове регулювання", "грн"),
            ("R-LIM-1", "limit-consumption", "Перевищення заявленого обсягу споживання", "грн"),
            ("R-LIM-2", "limit-power area цех", "Перевищення заявленої потужності, площадка «цех»", "грн"),
            (
                "R-PEN-1",
                "active 2026-05 2026-06-21 2026-07-01",
                "Борг за активну енергію, травень 2026, дні 21.06.2026 – 30.06.2026",
                "грн",
            ),
            ("R-CORR", "document vat", "Увесь рахунок, ПДВ", "грн"),
            ("R-VAT-1", "document", "Увесь рахунок", "грн"),
            ("R-NEW-9", "a active-import/peak", "a СА, активна спожита, пік", ""),
            ("R-PRICE-1", "something else", "something else", "грн"),
            ("R-VOL-5", "nobody active-import/peak", "nobody СА, активна спожита, пік", "кВт·год"),
        ];
        for (rule, subject, told, unit) in cases {
            assert_eq!((step_subject(rule, subject).as_str(), step_unit(rule, subject)), (told, unit), "{rule} {subject}");
        }
    }

    #[test]
    fn every_rule_of_the_trace_has_a_sentence() {
        for id in [
            "R-VOL-1",
            "R-VOL-2",
            "R-VOL-3",
            "R-VOL-5",
            "R-VOL-5b",
            "R-EST",
            "R-INT",
            "R-LOSS-1",
            "R-LOSS-2",
            "R-PLAUS",
            "R-PRICE-1",
            "R-PRICE-2",
            "R-PRICE-3",
            "R-ZONE-RECON",
            "R-REACT-2002",
            "R-REACT-2018",
            "R-REACT-SUB",
            "R-LIM-1",
            "R-LIM-2",
            "R-PEN-1",
            "R-PEN-2",
            "R-PEN-3",
            "R-ADV",
            "R-CORR",
            "R-PARAM",
            "R-VAT-1",
        ] {
            assert!(!rule(id).is_empty(), "{id}");
        }
        assert_eq!(rule("R-NEW-9"), "");
    }

    #[test]
    fn a_formula_is_shown_without_its_rounding() {
        let cases = [
            ("round2(12345 × 4.12)", "12345 × 4.12"),
            ("round0((12 − 10) × 40)", "(12 − 10) × 40"),
            ("round0(round0(5 × 720) × 0.5)", "(5 × 720) × 0.5"),
            ("round2((9 − 7) × round4(10 / 9) × 1)", "(9 − 7) × (10 / 9) × 1"),
            ("round0(5 + 1) − round0(5)", "(5 + 1) − (5)"),
            ("2 < round2(3 / 1)", "2 < (3 / 1)"),
            ("a × b", "a × b"),
            ("round2(a", "(a"),
            ("roundup(a)", "roundup(a)"),
        ];
        for (formula, shown) in cases {
            assert_eq!(step_formula(formula), shown);
        }
        assert_eq!((step_result("within-bounds"), step_result("12.50")), ("у межах", "12.50"));
    }
}
