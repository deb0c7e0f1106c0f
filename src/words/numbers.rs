//! Numbers, sums and dates as documents and letters write them.

use chrono::NaiveDate;
use oblik_domain::energy::Kwh;
use oblik_domain::money::Kopiykas;
use oblik_domain::period::Period;

/// Between groups of three digits; a line never breaks there.
const NO_BREAK_SPACE: char = '\u{a0}';

/// Which of the three forms a counted noun takes.
#[derive(Clone, Copy)]
struct Noun {
    /// 1, 21, 101: гривня.
    one: &'static str,
    /// 2 to 4, 22: гривні.
    few: &'static str,
    /// 0, 5 to 20, 111: гривень.
    many: &'static str,
}

impl Noun {
    fn after(self, count: u64) -> &'static str {
        match (count % 100, count % 10) {
            (11..=14, _) => self.many,
            (_, 1) => self.one,
            (_, 2..=4) => self.few,
            _ => self.many,
        }
    }
}

const HRYVNIA: Noun = Noun { one: "гривня", few: "гривні", many: "гривень" };
const KOPIYKA: Noun = Noun { one: "копійка", few: "копійки", many: "копійок" };

#[derive(Clone, Copy, PartialEq)]
enum Gender {
    Feminine,
    Masculine,
}

/// Groups of three digits above the first, the greatest first.
const GROUPS: [(u64, Gender, Noun); 5] = [
    (1_000_000_000_000_000, Gender::Masculine, Noun { one: "квадрильйон", few: "квадрильйони", many: "квадрильйонів" }),
    (1_000_000_000_000, Gender::Masculine, Noun { one: "трильйон", few: "трильйони", many: "трильйонів" }),
    (1_000_000_000, Gender::Masculine, Noun { one: "мільярд", few: "мільярди", many: "мільярдів" }),
    (1_000_000, Gender::Masculine, Noun { one: "мільйон", few: "мільйони", many: "мільйонів" }),
    (1_000, Gender::Feminine, Noun { one: "тисяча", few: "тисячі", many: "тисяч" }),
];

fn hundreds(digit: u64) -> &'static str {
    match digit {
        1 => "сто",
        2 => "двісті",
        3 => "триста",
        4 => "чотириста",
        5 => "п'ятсот",
        6 => "шістсот",
        7 => "сімсот",
        8 => "вісімсот",
        9 => "дев'ятсот",
        _ => "",
    }
}

fn tens(digit: u64) -> &'static str {
    match digit {
        2 => "двадцять",
        3 => "тридцять",
        4 => "сорок",
        5 => "п'ятдесят",
        6 => "шістдесят",
        7 => "сімдесят",
        8 => "вісімдесят",
        9 => "дев'яносто",
        _ => "",
    }
}

fn below_twenty(number: u64, gender: Gender) -> &'static str {
    match (number, gender) {
        (1, Gender::Feminine) => "одна",
        (1, Gender::Masculine) => "один",
        (2, Gender::Feminine) => "дві",
        (2, Gender::Masculine) => "два",
        (3, _) => "три",
        (4, _) => "чотири",
        (5, _) => "п'ять",
        (6, _) => "шість",
        (7, _) => "сім",
        (8, _) => "вісім",
        (9, _) => "дев'ять",
        (10, _) => "десять",
        (11, _) => "одинадцять",
        (12, _) => "дванадцять",
        (13, _) => "тринадцять",
        (14, _) => "чотирнадцять",
        (15, _) => "п'ятнадцять",
        (16, _) => "шістнадцять",
        (17, _) => "сімнадцять",
        (18, _) => "вісімнадцять",
        (19, _) => "дев'ятнадцять",
        _ => "",
    }
}

fn push(text: &mut String, word: &str) {
    if !word.is_empty() {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
}

/// A number below a thousand; nothing for zero.
fn push_group(text: &mut String, number: u64, gender: Gender) {
    push(text, hundreds(number / 100 % 10));
    let rest = number % 100;
    if rest < 20 {
        push(text, below_twenty(rest, gender));
    } else {
        push(text, tens(rest / 10));
        push(text, below_twenty(rest % 10, gender));
    }
}

/// The sum in words, hryvnias spelt and kopiykas in two digits: `сто двадцять три гривні 05 копійок`.
///
/// Lower case; a negative sum begins with `мінус`.
pub fn hryvnias_in_words(amount: Kopiykas) -> String {
    let magnitude = amount.0.unsigned_abs();
    let (whole, kopiykas) = (magnitude / 100, magnitude % 100);
    let mut text = String::new();
    if amount.0 < 0 {
        push(&mut text, "мінус");
    }
    if whole == 0 {
        push(&mut text, "нуль");
    }
    let mut rest = whole;
    for (size, gender, noun) in GROUPS {
        let count = rest / size;
        if count > 0 {
            push_group(&mut text, count, gender);
            push(&mut text, noun.after(count));
        }
        rest %= size;
    }
    push_group(&mut text, rest, Gender::Feminine);
    push(&mut text, HRYVNIA.after(whole));
    push(&mut text, &format!("{kopiykas:02} {}", KOPIYKA.after(kopiykas)));
    text
}

fn month(period: Period) -> [&'static str; 2] {
    match period.month() {
        1 => ["січень", "січня"],
        2 => ["лютий", "лютого"],
        3 => ["березень", "березня"],
        4 => ["квітень", "квітня"],
        5 => ["травень", "травня"],
        6 => ["червень", "червня"],
        7 => ["липень", "липня"],
        8 => ["серпень", "серпня"],
        9 => ["вересень", "вересня"],
        10 => ["жовтень", "жовтня"],
        11 => ["листопад", "листопада"],
        _ => ["грудень", "грудня"],
    }
}

/// `жовтень 2026`, as after «за».
pub fn month_name(period: Period) -> String {
    let [nominative, _] = month(period);
    format!("{nominative} {}", period.year())
}

/// `жовтня 2026 року`, the genitive, as after «протягом».
pub fn month_genitive(period: Period) -> String {
    let [_, genitive] = month(period);
    format!("{genitive} {} року", period.year())
}

fn grouped(magnitude: u64) -> String {
    let digits = magnitude.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(NO_BREAK_SPACE);
        }
        text.push(digit);
    }
    text
}

fn sign(negative: bool) -> &'static str {
    if negative { "−" } else { "" }
}

/// A text with a great letter first.
pub fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Hryvnias with two decimals, `7 028 590,56`: no-break spaces between groups, a comma, a true minus.
pub fn money(amount: Kopiykas) -> String {
    let magnitude = amount.0.unsigned_abs();
    format!("{}{},{:02}", sign(amount.0 < 0), grouped(magnitude / 100), magnitude % 100)
}

/// Whole kilowatt-hours, `12 345`.
pub fn kwh(volume: Kwh) -> String {
    format!("{}{}", sign(volume.0 < 0), grouped(volume.0.unsigned_abs()))
}

/// `21.11.2026`.
pub fn date(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

/// A decimal as written by hand: a comma for the point, nothing else changed.
pub fn decimal(value: impl std::fmt::Display) -> String {
    value.to_string().replace('.', ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_in_words_agrees_in_gender_and_number() {
        let cases = [
            (0, "нуль гривень 00 копійок"),
            (1, "нуль гривень 01 копійка"),
            (102, "одна гривня 02 копійки"),
            (211, "дві гривні 11 копійок"),
            (400, "чотири гривні 00 копійок"),
            (500, "п'ять гривень 00 копійок"),
            (1_114, "одинадцять гривень 14 копійок"),
            (2_121, "двадцять одна гривня 21 копійка"),
            (10_000, "сто гривень 00 копійок"),
            (11_100, "сто одинадцять гривень 00 копійок"),
            (100_000, "одна тисяча гривень 00 копійок"),
            (200_200, "дві тисячі дві гривні 00 копійок"),
            (1_200_000, "дванадцять тисяч гривень 00 копійок"),
            (2_100_000, "двадцять одна тисяча гривень 00 копійок"),
            (12_345_678, "сто двадцять три тисячі чотириста п'ятдесят шість гривень 78 копійок"),
            (100_000_000, "один мільйон гривень 00 копійок"),
            (702_859_056, "сім мільйонів двадцять вісім тисяч п'ятсот дев'яносто гривень 56 копійок"),
            (200_000_000_000, "два мільярди гривень 00 копійок"),
            (500_100_101_999, "п'ять мільярдів один мільйон одна тисяча дев'ятнадцять гривень 99 копійок"),
            (-150, "мінус одна гривня 50 копійок"),
        ];
        for (kopiykas, words) in cases {
            assert_eq!(hryvnias_in_words(Kopiykas(kopiykas)), words);
        }
        assert!(hryvnias_in_words(Kopiykas(i64::MIN)).starts_with("мінус дев'яносто два квадрильйони двісті тридцять три"));
    }

    #[test]
    fn sums_and_volumes_are_grouped_by_three() {
        let cases = [
            (0, "0,00"),
            (5, "0,05"),
            (99_999, "999,99"),
            (100_000, "1\u{a0}000,00"),
            (702_859_056, "7\u{a0}028\u{a0}590,56"),
            (-702_859_056, "−7\u{a0}028\u{a0}590,56"),
        ];
        for (kopiykas, text) in cases {
            assert_eq!(money(Kopiykas(kopiykas)), text);
        }
        assert_eq!(kwh(Kwh(999)), "999");
        assert_eq!(kwh(Kwh(12_345)), "12\u{a0}345");
        assert_eq!(kwh(Kwh(-1_234_567)), "−1\u{a0}234\u{a0}567");
    }

    #[test]
    fn months_and_days_are_named() {
        let october = Period::parse("2026-10").unwrap();
        assert_eq!(month_name(october), "жовтень 2026");
        assert_eq!(month_genitive(october), "жовтня 2026 року");
        let all: Vec<_> = (1..=12).filter_map(|month| Period::new(2026, month)).map(month_name).collect();
        assert_eq!((all.len(), all[0].as_str(), all[11].as_str()), (12, "січень 2026", "грудень 2026"));
        assert_eq!(date(october.last_day()), "31.10.2026");
    }
}
